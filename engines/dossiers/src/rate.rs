//! Saying how content one is (đánh giá mức độ hài lòng; R098).

use kernel::{DossierId, Fault, FieldFault, Result, text};
use op::{Entry, Op};
use serde_json::json;

use crate::case::Line;
use crate::{Dossiers, access, store, subject};

/// The longest comment, in characters.
const LONGEST_COMMENT: usize = 1_000;

impl Dossiers {
    /// Rates a case that is done with, once: 1 (worst) to 5 (best).
    ///
    /// Fails with `dossiers.dossier_not_found`, `dossiers.applicant_only`, `dossiers.not_rateable`, `dossiers.score`,
    /// `dossiers.comment_long` {most}, `dossiers.rated_already`.
    pub async fn rate(&self, op: &mut Op, id: DossierId, score: i16, comment: &str) -> Result<()> {
        let row = self.hold(op, id).await?;
        let about = subject(id);
        let decision = access::apply(op.actor(), &row);
        let permit = op.allow("dossiers.rate", &about, decision).await?;
        if !access::is_rateable(row.state.status) {
            return Err(Fault::conflict("dossiers.not_rateable"));
        }
        if !(1..=5).contains(&score) {
            return Err(Fault::invalid("dossiers.score").field("score", "dossiers.score"));
        }
        let comment = text::clean_text(comment);
        if comment.chars().count() > LONGEST_COMMENT {
            return Err(Fault::invalid("dossiers.comment_long")
                .with("most", LONGEST_COMMENT)
                .field_fault(FieldFault::new("comment", "dossiers.comment_long").with("most", LONGEST_COMMENT)));
        }
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
