//! Saying how content one is (đánh giá mức độ hài lòng; R098).

use kernel::{DossierId, Fault, Result, text};
use op::{Entry, Op};
use serde_json::json;

use crate::case::Line;
use crate::model::{LONGEST_WORDS, within};
use crate::{Dossiers, access, store, subject};

impl Dossiers {
    /// Rates a case that is done with, once: 1 (worst) to 5 (best).
    ///
    /// Fails with `dossiers.dossier_not_found`, `dossiers.applicant_only`, `dossiers.not_rateable`, `dossiers.score`,
    /// `dossiers.words_long` {most}, `dossiers.rated_already`.
    pub async fn rate(&self, op: &mut Op, id: DossierId, score: i16, comment: &str) -> Result<()> {
        let row = self.hold(op, id).await?;
        let about = subject(id);
        let decision = access::apply(op.rights(), &row);
        let permit = op.allow("dossiers.rate", &about, decision).await?;
        if !access::is_rateable(row.state.status) {
            return Err(Fault::conflict("dossiers.not_rateable"));
        }
        if !(1..=5).contains(&score) {
            return Err(Fault::invalid("dossiers.score").field("score", "dossiers.score"));
        }
        let comment = text::clean_text(comment);
        within("comment", &comment, LONGEST_WORDS)?;
        let now = op.now();
        if !store::rating::insert(op.conn(), &permit, id, score, &comment, now).await? {
            return Err(Fault::conflict("dossiers.rated_already"));
        }
        let line = Line {
            action: "rated",
            before: Some(row.state.status),
            detail: Some(json!({ "score": score })),
            ..Line::default()
        };
        self.write_line(op, &permit, &row, line).await?;
        op.record(Entry::new("dossiers.rated", about).detail(json!({ "score": score })))
            .await
    }
}
