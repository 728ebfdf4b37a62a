//! Taking a dossier back (rút hồ sơ).

use kernel::{DossierId, Fault, Result, text};
use op::{Entry, Op};

use crate::case::Line;
use crate::model::{LONGEST_WORDS, within};
use crate::notices::News;
use crate::{Dossiers, access, subject};

impl Dossiers {
    /// The applicant takes the dossier back; the process ends.
    ///
    /// Fails with `dossiers.dossier_not_found`, `dossiers.applicant_only`, `dossiers.reason_missing`, `dossiers.words_long` {most},
    /// `dossiers.not_withdrawable` {status}.
    pub async fn withdraw(&self, op: &mut Op, id: DossierId, reason: &str) -> Result<()> {
        let mut row = self.hold(op, id).await?;
        let about = subject(id);
        let decision = access::apply(op.rights(), &row);
        let permit = op.allow("dossiers.withdraw", &about, decision).await?;
        let reason = given(reason)?;
        let before = row.state.status;
        let state = row.state.withdraw(op.now())?;
        self.save(op, &permit, &mut row, state).await?;
        let line = Line {
            action: "withdrawn",
            before: Some(before),
            note: Some(&reason),
            ..Line::default()
        };
        self.write_line(op, &permit, &row, line).await?;
        self.end_process(op, &row, "withdrawn").await?;
        let news = News {
            kind: "dossier_withdrawn",
            ..News::default()
        };
        self.tell(op, &row, news).await?;
        op.record(Entry::new("dossiers.withdrawn", about).purpose(&row.code))
            .await
    }
}

/// A reason in words. Fails with `dossiers.reason_missing` and `dossiers.words_long` {most}.
pub(crate) fn given(reason: &str) -> Result<String> {
    let reason = text::clean_text(reason);
    if reason.is_empty() {
        return Err(Fault::invalid("dossiers.reason_missing").field("reason", "dossiers.reason_missing"));
    }
    within("reason", &reason, LONGEST_WORDS)?;
    Ok(reason)
}
