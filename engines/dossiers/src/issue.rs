//! The action `dossiers.issue_result` of service tasks: the result is made, status 9 (R082, R091).

use kernel::Result;
use op::{Decision, Entry, Op};
use serde_json::{Value, json};
use workflow::{ActionCall, Actions};

use crate::act::parse_subject;
use crate::case::Line;
use crate::notices::News;
use crate::{DocumentKind, Dossiers, access, store};

/// The name by which bindings call it.
pub const ISSUE_RESULT: &str = "dossiers.issue_result";

/// Offers the actions of this engine to processes. The registry is made first, then the processes from it, then the dossiers,
/// then this.
pub fn register_actions(actions: &Actions, dossiers: &Dossiers) {
    let dossiers = dossiers.clone();
    actions.register(ISSUE_RESULT, move |op: &mut Op, call: &ActionCall| {
        let dossiers = dossiers.clone();
        Box::pin(async move { dossiers.issue_result(op, call).await })
    });
}

impl Dossiers {
    async fn issue_result(&self, op: &mut Op, call: &ActionCall) -> Result<Value> {
        let id = parse_subject(&call.subject).ok_or_else(access::not_found)?;
        let mut row = self.hold(op, id).await?;
        let permit = op
            .allow("dossiers.issue_result", &call.subject, Decision::Follows)
            .await?;
        let online = self.definition(op, row.definition).await?;
        let known = self.still_entered(op, &row, &online).await?;
        if known != row.result_data {
            row.result_data = known;
            store::dossier::update_answers(op.conn(), &permit, self.vault(), &row).await?;
        }
        let before = row.state.status;
        let begun = row.state.begin_processing()?.status;
        let state = row.state.finish(op.now())?;
        self.save(op, &permit, &mut row, state).await?;
        let extra = json!({ "document": call.with.get("document"), "node": call.node });
        let document = self
            .issue_document(op, &permit, &row, DocumentKind::Result, extra)
            .await?;
        if begun != before {
            let line = Line {
                action: "begun",
                task: Some(&call.node),
                before: Some(before),
                after: Some(begun),
                ..Line::default()
            };
            self.write_line(op, &permit, &row, line).await?;
        }
        let line = Line {
            action: "issued",
            task: Some(&call.node),
            before: Some(begun),
            detail: Some(json!({ "number": document.number })),
            ..Line::default()
        };
        self.write_line(op, &permit, &row, line).await?;
        let news = News {
            kind: "result_ready",
            ..News::default()
        };
        self.tell(op, &row, news).await?;
        let detail = json!({ "number": document.number, "sha256": document.sha256 });
        op.record(
            Entry::new("dossiers.issued", &call.subject)
                .purpose(&row.code)
                .detail(detail),
        )
        .await?;
        Ok(json!({ "result_number": document.number }))
    }
}
