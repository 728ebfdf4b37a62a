//! Apologising for lateness and naming a new day (phiếu xin lỗi và hẹn lại ngày trả kết quả, form 04).

use chrono::NaiveDate;
use kernel::{DossierId, Result};
use op::{Entry, Op};
use serde_json::json;

use crate::case::Line;
use crate::notices::News;
use crate::withdraw::given;
use crate::{DocumentKind, Dossiers, access, subject};

impl Dossiers {
    /// The agency apologises. The day by which punctuality is measured stays.
    ///
    /// Fails with `dossiers.dossier_not_found`, `dossiers.leader_only`, `dossiers.reason_missing`, `dossiers.words_long` {most},
    /// `identity.step_up_needed`, `dossiers.no_apology_now`, `dossiers.new_due_not_later` {date}, `dossiers.new_due_day_off` {date}.
    pub async fn apologise(&self, op: &mut Op, id: DossierId, reason: &str, new_day: NaiveDate) -> Result<()> {
        let mut row = self.hold(op, id).await?;
        let about = subject(id);
        let decision = access::apologise(op.rights(), &row);
        let permit = op.allow("dossiers.apologise", &about, decision).await?;
        self.refuse_represented(op, "dossiers.apologise", &row).await?;
        let reason = given(reason)?;
        self.parts.identity.check_step_up(op)?;
        let due_before = row.state.due_at;
        let state = row.state.apologise(op.now(), &self.calendar(), new_day)?;
        self.save(op, &permit, &mut row, state).await?;
        let line = Line {
            action: "apologised",
            before: Some(row.state.status),
            note: Some(&reason),
            detail: Some(json!({ "due_before": due_before, "due_after": row.state.due_at })),
            ..Line::default()
        };
        self.write_line(op, &permit, &row, line).await?;
        let occasion = new_day.to_string();
        let news = News {
            kind: "dossier_late",
            occasion: &occasion,
            due: row.state.due_at,
            reason: &reason,
        };
        self.tell(op, &row, news).await?;
        let extra = json!({ "reason": reason, "due_before": due_before });
        self.issue_document(op, &permit, &row, DocumentKind::Apology, extra)
            .await?;
        let detail = json!({ "new_day": new_day });
        op.record(
            Entry::new("dossiers.apologised", about)
                .purpose(&row.code)
                .detail(detail),
        )
        .await
    }
}
