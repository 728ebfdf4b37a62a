//! The years in the table: reading, saving, and the first filling.

use kernel::{Result, WorkingCalendar};
use op::{Entry, Op};

use super::year::{StoredYear, YearDeclaration, expand};
use crate::{access, store};

/// The calendar that the table holds; `None` while it is empty.
pub async fn load(op: &mut Op) -> Result<Option<WorkingCalendar>> {
    let stored = years(op).await?;
    expand(stored.iter().map(|year| &year.declaration))
}

/// Every year in the table, the earliest first.
pub async fn years(op: &mut Op) -> Result<Vec<StoredYear>> {
    store::calendar::years(op.conn()).await
}

/// Saves a year in the place of what stood there. For the platform and for administrators. Call
/// [`super::PublishedCalendar::refresh`] after the commit. Deadlines that were reckoned before stay as they are.
///
/// Fails with `workflow.not_allowed` and `workflow.calendar_bad`, see [`YearDeclaration::check`].
pub async fn save_year(op: &mut Op, declaration: &YearDeclaration) -> Result<()> {
    let subject = format!("calendar:{}", declaration.year);
    let decision = access::publish(op.actor());
    let permit = op.allow("workflow.save_calendar", &subject, decision).await?;
    declaration.check()?;
    let before = store::calendar::year(op.conn(), declaration.year).await?;
    if before.as_ref().is_some_and(|before| &before.declaration == declaration) {
        return Ok(());
    }
    let (at, by) = (op.now(), op.actor().key());
    store::calendar::save(op.conn(), &permit, declaration, at, &by).await?;
    let detail = serde_json::json!({ "before": before.map(|before| before.declaration), "after": declaration });
    op.record(Entry::new("workflow.calendar_saved", subject).detail(detail))
        .await
}

/// Fills an empty table; says whether it was empty. What an administrator has saved is never overwritten.
pub async fn seed(op: &mut Op, declarations: &[YearDeclaration]) -> Result<bool> {
    store::calendar::lock(op.conn()).await?;
    if store::calendar::any(op.conn()).await? {
        return Ok(false);
    }
    for declaration in declarations {
        save_year(op, declaration).await?;
    }
    Ok(true)
}
