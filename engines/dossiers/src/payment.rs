//! Fees and charges that are paid at the counter (thu phí, lệ phí).

use kernel::{DossierId, Fault, Result, text};
use op::{Entry, Op};
use serde_json::json;

use crate::case::Line;
use crate::definition::Collect;
use crate::model::{LONGEST_RECEIPT, Status, unpaid, within};
use crate::{Dossiers, access, store, subject};

impl Dossiers {
    /// Notes that a fee was paid. The last fee at intake lets a case that waits for it go on.
    ///
    /// Fails with `dossiers.dossier_not_found`, `dossiers.clerk_only`, `dossiers.fee_unknown` {fee}, `dossiers.fee_paid`,
    /// `dossiers.words_long` {most}, `identity.step_up_needed`, `dossiers.no_payment_awaited` where the case is over.
    pub async fn record_payment(
        &self,
        op: &mut Op,
        id: DossierId,
        fee: &str,
        receipt_number: Option<String>,
    ) -> Result<()> {
        let mut row = self.hold(op, id).await?;
        let about = subject(id);
        let decision = access::collect(op.rights(), &row);
        let permit = op.allow("dossiers.record_payment", &about, decision).await?;
        self.refuse_represented(op, "dossiers.record_payment", &row).await?;
        let fees = store::fee::of_dossier(op.conn(), id).await?;
        let due = fees
            .iter()
            .find(|known| known.fee == fee)
            .ok_or_else(|| Fault::invalid("dossiers.fee_unknown").with("fee", fee))?;
        if due.paid_at.is_some() {
            return Err(Fault::conflict("dossiers.fee_paid"));
        }
        if !row.state.status.is_open() && row.state.status != Status::Finished {
            return Err(Fault::conflict("dossiers.no_payment_awaited"));
        }
        let receipt = receipt_number
            .map(|number| text::clean_line(&number))
            .filter(|number| !number.is_empty());
        within(
            "receipt_number",
            receipt.as_deref().unwrap_or_default(),
            LONGEST_RECEIPT,
        )?;
        self.parts.identity.check_step_up(op)?;
        let (by, now) = (op.actor().name().to_owned(), op.now());
        store::fee::pay(op.conn(), &permit, id, fee, receipt.as_deref(), &by, now).await?;
        let fees = store::fee::of_dossier(op.conn(), id).await?;
        let goes_on = row.state.status == Status::Payment && unpaid(&fees, Collect::AtIntake)?.is_zero();
        let before = row.state.status;
        if goes_on {
            let state = row.state.payment_made(now, &self.calendar())?;
            self.save(op, &permit, &mut row, state).await?;
        }
        let line = Line {
            action: "paid",
            before: Some(before),
            detail: Some(json!({ "fee": fee, "receipt_number": receipt })),
            ..Line::default()
        };
        self.write_line(op, &permit, &row, line).await?;
        if goes_on {
            self.parts.workflow.resume(op, row.instance).await?;
        }
        let detail = json!({ "fee": fee, "receipt_number": receipt });
        op.record(Entry::new("dossiers.paid", about).purpose(&row.code).detail(detail))
            .await
    }
}
