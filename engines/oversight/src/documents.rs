//! The paper of this engine: what a review has come to.

use kernel::{Fault, Result, local_date};
use op::{Entry, Op};
use render::{Locale, Params};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::model::{Line, Verdict, moment_words};
use crate::review::{reach, subject};
use crate::{Oversight, access, error, store};

/// Roles that ended, on one paper; the table has all of them.
const MOST_ENDED: usize = 200;
/// Lines in one look.
const BATCH: i64 = 500;

/// The typst templates, as `oversight/<kind>.typ`.
pub fn templates() -> Vec<(String, String)> {
    [("review", include_str!("../documents/review.typ"))]
        .map(|(name, source)| (format!("oversight/{name}.typ"), source.to_owned()))
        .into()
}

impl Oversight {
    /// What a review has come to in the reader's reach, as PDF in Vietnamese. It follows no official form, and says so. Everybody named in it sees it, so
    /// **the caller commits**.
    ///
    /// # Errors
    /// `oversight.not_found`, `identity.step_up_needed`, `render.document_failed`.
    pub async fn review_pdf(&self, op: &mut Op, id: Uuid) -> Result<Vec<u8>> {
        let action = "oversight.export_review";
        op.allow(action, &subject(id), access::some(op.rights(), action))
            .await?;
        self.parts.identity.check_step_up(op)?;
        let reach = reach(op.rights(), action);
        let campaign = store::review::campaign(op.conn(), &reach, id)
            .await?
            .ok_or_else(error::not_found)?;
        let agencies = store::review::progress(op.conn(), &reach, id).await?;
        let mut ended: Vec<Line> = Vec::new();
        let mut after = None;
        while ended.len() < MOST_ENDED {
            let lines = store::review::all_lines(op.conn(), id, &reach, after, BATCH, false).await?;
            let Some(last) = lines.last() else { break };
            after = Some(last.id);
            let over = lines
                .into_iter()
                .filter(|line| matches!(line.verdict, Some(Verdict::TakenBack | Verdict::Ended | Verdict::Gone)));
            ended.extend(over);
        }
        ended.truncate(MOST_ENDED);
        self.leaves(op, &campaign.quarter, id, ended.iter().map(|line| line.person))
            .await?;
        let facts = json!({ "lines": ended.len(), "as": "pdf" });
        op.record(Entry::new("oversight.review_exported", subject(id)).detail(facts))
            .await?;
        let ended: Vec<String> = ended
            .iter()
            .map(|line| {
                let role = self.role_name(&line.role);
                format!(
                    "{}, {}, {}: {role}. {}",
                    line.name, line.title, line.agency_name, line.reason
                )
            })
            .collect();
        let texts = self.parts.renderer.texts();
        let say = |key: &str| texts.get(Locale::Vi, &format!("oversight.paper.{key}"), &Params::new());
        let rows = [
            ("opened", moment_words(campaign.opened_at)),
            ("due", moment_words(campaign.due_at)),
            ("closed", campaign.closed_at.map(moment_words).unwrap_or_default()),
        ];
        let rows: Vec<Value> = rows
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| json!({ "label": say(key), "value": value }))
            .collect();
        let agencies: Vec<Value> = agencies
            .iter()
            .map(|one| {
                json!({
                    "name": one.name, "lines": one.lines.to_string(), "kept": one.kept.to_string(), "ended": one.ended.to_string(),
                    "open": one.open.to_string(),
                })
            })
            .collect();
        let agency = op.actor().official().map(|one| one.agency_name.clone());
        let columns: Vec<String> = ["agency", "lines", "kept", "taken", "left"].map(&say).into();
        let data = json!({
            "agency": agency.unwrap_or_default(), "date": local_date(op.now()).to_string(), "name": campaign.quarter, "rows": rows,
            "agencies": agencies, "ended": ended,
            "words": { "title": say("title"), "columns": columns, "ended": say("ended"), "unofficial": say("unofficial") },
        });
        let documents = self.parts.documents.clone();
        tokio::task::spawn_blocking(move || documents.pdf("oversight/review.typ", &data, None))
            .await
            .map_err(|error| Fault::internal("render.document_failed").caused_by(error))?
            .map_err(Fault::from)
    }
}
