//! The years in the table: reading, changing, and the first filling. Whoever changes them holds the calendar, so that of two who save
//! nobody undoes what the other did.

use chrono::{Datelike, NaiveDate};
use kernel::{Fault, FieldFault, Result, WorkingCalendar, text};
use op::{Entry, Op};

use super::year::{DayKind, DaysOff, LONGEST_NAME, StoredYear, WorkedDay, YearDeclaration, expand};
use crate::{access, store};

/// More days in a row than any year has.
const LONGEST_RUN: usize = 400;

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
    let decision = access::publish(op.rights(), "workflow.save_calendar");
    let permit = op.allow("workflow.save_calendar", &subject, decision).await?;
    store::calendar::lock(op.conn()).await?;
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

/// Days that become days off or, one by one, make-up days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDays {
    /// What they are.
    pub kind: DayKind,
    /// The first day.
    pub from: NaiveDate,
    /// The last day, in the same year.
    pub to: NaiveDate,
    /// What the days off are called, or what the make-up days are for.
    pub name: String,
}

/// Adds days to their year. Who may, and what has to follow, as in [`save_year`].
///
/// Fails with `workflow.calendar_bad` and the codes of [`YearDeclaration::check`] at `from`, `to` and `name`.
pub async fn add_days(op: &mut Op, new: NewDays) -> Result<()> {
    let mut year = held_year(op, new.from.year()).await?;
    let name = text::clean_line(&new.name);
    let off = DaysOff {
        from: new.from,
        to: new.to,
        name,
    };
    match new.kind {
        DayKind::Off => year.days_off.push(off),
        DayKind::MakeUp if off.from > off.to => {
            return Err(Fault::invalid("workflow.calendar_bad").field("to", "workflow.calendar_order"));
        }
        DayKind::MakeUp => {
            let worked = off.days().take(LONGEST_RUN).map(|day| WorkedDay {
                day,
                note: off.name.clone(),
            });
            year.make_up_days.extend(worked);
        }
    }
    save_year(op, &year).await.map_err(at_the_new)
}

/// Takes one day away; one that is not there is away already. Who may, and what has to follow, as in [`save_year`].
pub async fn remove_day(op: &mut Op, kind: DayKind, day: NaiveDate) -> Result<()> {
    let year = held_year(op, day.year()).await?;
    save_year(op, &year.without(kind, day)).await
}

/// Writes that the yearly announcement has come and all its days stand in the calendar: deadlines in that year are no longer
/// provisional. Who may, and what has to follow, as in [`save_year`].
///
/// Fails with `workflow.calendar_notice` {most} where the announcement is not named, `workflow.calendar_empty` {year} while the year
/// has no day off, and `workflow.calendar_gap` {year} while an earlier year is not announced.
pub async fn announce(op: &mut Op, year: i32, notice: &str) -> Result<()> {
    let mut declared = held_year(op, year).await?;
    let notice = text::clean_line(notice);
    if !(1..=LONGEST_NAME).contains(&notice.chars().count()) {
        let fault = FieldFault::new("notice", "workflow.calendar_notice").with("most", LONGEST_NAME);
        return Err(Fault::invalid("workflow.calendar_notice")
            .with("most", LONGEST_NAME)
            .field_fault(fault));
    }
    if declared.days_off.is_empty() {
        return Err(Fault::conflict("workflow.calendar_empty").with("year", year));
    }
    let announced = years(op)
        .await?
        .into_iter()
        .filter(|stored| stored.declaration.announced);
    let last = announced.map(|stored| stored.declaration.year).max();
    if let Some(next) = last.map(|last| last + 1).filter(|next| year > *next) {
        return Err(Fault::conflict("workflow.calendar_gap").with("year", next));
    }
    declared.announced = true;
    declared.notice = notice;
    save_year(op, &declared).await
}

/// The calendar held to the end of the operation, and the year in it as nobody else changes it now.
async fn held_year(op: &mut Op, year: i32) -> Result<YearDeclaration> {
    let subject = format!("calendar:{year}");
    let decision = access::publish(op.rights(), "workflow.save_calendar");
    op.allow("workflow.save_calendar", &subject, decision).await?;
    store::calendar::lock(op.conn()).await?;
    let known = store::calendar::year(op.conn(), year).await?;
    Ok(known.map_or_else(|| YearDeclaration::unknown(year), |stored| stored.declaration))
}

/// The check names the line of the year; what stood there before is sound, so here every fault is of the days that are new.
fn at_the_new(mut fault: Fault) -> Fault {
    for field in &mut fault.fields {
        let part = match field.code.as_str() {
            "workflow.calendar_name" => "name",
            "workflow.calendar_order" | "workflow.calendar_outside" => "to",
            _ => "from",
        };
        part.clone_into(&mut field.field);
    }
    fault
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
