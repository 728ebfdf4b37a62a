//! The ledger of dossiers (sổ theo dõi hồ sơ, form 07).

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use db::{Page, PageRequest};
use kernel::{Fault, FieldFault, PersonId, Result, from_local};
use op::{Entry, Op};
use serde_json::json;

use super::official;
use crate::store::read_lists::{Line, ledger};
use crate::views::LedgerRow;
use crate::{Dossiers, OFFICE_LISTS};

/// The longest period, in days: a year.
const LONGEST: i64 = 366;

impl Dossiers {
    /// What the official's agency took in on these days, both included, in the order of reception. The running number counts
    /// from the beginning of the period. The trail keeps who read which days: the caller commits.
    ///
    /// Fails with `dossiers.not_allowed` for others than officials, `dossiers.period` where the days are the wrong way round or
    /// more than a year apart.
    pub async fn ledger(
        &self,
        op: &mut Op,
        from: NaiveDate,
        to: NaiveDate,
        request: &PageRequest,
    ) -> Result<Page<LedgerRow>> {
        let reader = official(op, "dossiers.ledger", "ledger").await?;
        let moments = moments(from, to)?;
        let after = request.after.as_deref().map(db::cursor::decode).transpose()?;
        let now = op.now();
        let mut rows = ledger(op.conn(), reader.agency, moments, after, request.probe(), now).await?;
        withhold(op, &mut rows).await?;
        let entry = Entry::new("dossiers.ledger_read", format!("agency:{}", reader.agency));
        op.record(entry.detail(json!({ "from": from, "to": to, "lines": rows.len() })))
            .await?;
        Ok(Page::cut(rows, request, Line::of))
    }
}

/// Takes the names of those out of lines who have been granted that lists do not show them. The lines stay: the ledger counts every case.
pub(super) async fn withhold(op: &mut Op, rows: &mut [LedgerRow]) -> Result<()> {
    let people: Vec<PersonId> = rows.iter().filter_map(|row| row.owner).collect();
    let withheld = op.withheld(&people, OFFICE_LISTS).await?;
    for row in rows {
        if row.owner.is_some_and(|owner| withheld.contains(&owner)) {
            row.withheld = true;
            row.owner_name.clear();
            row.title.clear();
        }
    }
    Ok(())
}

/// From the first moment of one day to the first moment after the other.
pub(super) fn moments(from: NaiveDate, to: NaiveDate) -> Result<(DateTime<Utc>, DateTime<Utc>)> {
    let days = (to - from).num_days();
    let next = to.checked_add_days(Days::new(1));
    match next {
        Some(next) if (0..=LONGEST).contains(&days) => {
            let begins = |day: NaiveDate| from_local(day.and_time(NaiveTime::MIN));
            Ok((begins(from), begins(next)))
        }
        _ => Err(Fault::invalid("dossiers.period")
            .with("days", LONGEST)
            .field_fault(FieldFault::new("to", "dossiers.period").with("days", LONGEST))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_has_both_its_days_in_local_time() {
        let (from, to) = moments(day("2026-03-02"), day("2026-03-02")).unwrap();
        assert_eq!(from.to_rfc3339(), "2026-03-01T17:00:00+00:00");
        assert_eq!(to.to_rfc3339(), "2026-03-02T17:00:00+00:00");
    }

    #[test]
    fn a_period_is_ordered_and_at_most_a_year() {
        for (from, to) in [("2026-03-02", "2026-03-01"), ("2025-01-01", "2026-01-03")] {
            let fault = moments(day(from), day(to)).unwrap_err();
            assert_eq!((fault.code, fault.fields.len()), ("dossiers.period", 1));
        }
        assert!(moments(day("2025-01-01"), day("2026-01-02")).is_ok());
        assert!(moments(NaiveDate::MAX, NaiveDate::MAX).is_err());
    }
}
