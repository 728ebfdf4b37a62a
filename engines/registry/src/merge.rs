//! Two records that are one thing become one (gộp bản ghi): whoever remains takes over what is right, what referred to the other refers to it.

mod lead;
mod undo;

use chrono::{DateTime, TimeDelta, Utc};
use db::{Page, PageRequest, cursor};
use kernel::{PersonId, Result};
use op::{Entry, Event, NewJob, Op};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::definition::RecordDefinition;
use crate::enter::{Written, after_all, subject};
use crate::model::{Change, Past, Record, Values};
use crate::quality::LEAD_ON;
use crate::store::merge::MergedRow;
use crate::{Registry, access, error, events, store};

/// References that are led on within the operation that merges; the rest follows by a job.
pub(crate) const AT_ONCE: i64 = 200;
/// A merge is taken back within so many days.
pub const UNDONE_WITHIN_DAYS: i64 = 30;
/// The longest reason, in characters.
const LONGEST_REASON: usize = 1_000;
/// Rows of what was known of a merged record that are shown.
const HISTORY: i64 = 200;

/// What is to become of two records.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    /// The record that remains, and its version that was seen.
    pub keep: (Uuid, i64),
    /// The record that is no more, and its version that was seen.
    pub lose: (Uuid, i64),
    /// Fields whose value is taken from the record that is no more; all others stay as they are.
    pub take: Vec<String>,
    /// Values that neither has right, by field as they were typed or sent.
    pub given: Map<String, Value>,
    /// Why.
    pub reason: String,
}

/// A record that was merged into another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedRecord {
    /// The record that is no more.
    pub record: Uuid,
    /// What it was called.
    pub title: String,
    /// The record that remains.
    pub into: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<PersonId>,
    /// Their name.
    pub by_name: String,
    /// Why.
    pub reason: String,
    /// Until when it can be taken back.
    pub undone_until: DateTime<Utc>,
}

impl Registry {
    /// Makes one record of two. The one that remains is corrected to the values that were chosen; everything that is known of the other goes into
    /// the past, with the reason; references to it lead to the one that remains. The owner.
    ///
    /// # Errors
    /// `registry.not_found` {register}, `registry.not_allowed`, `registry.needs_approval` {register}, `registry.record_not_found`, `registry.merge_itself`, `registry.reason_needed`,
    /// `registry.changed_meanwhile` {version}, `registry.merge_unknown_field` {field}, `registry.invalid` with a fault for each field,
    /// `registry.duplicate_key`, `registry.merge_clash` {register, record}.
    pub async fn merge(&self, op: &mut Op, register: &str, merge: &Merge) -> Result<Written> {
        let seen = self.seen(op, register).await?;
        let definition = seen.published.definition.clone();
        let ((keep, keep_seen), (lose, lose_seen)) = (merge.keep, merge.lose);
        let permit = op
            .allow(
                "registry.merge",
                &subject(register, keep),
                access::own(op.rights(), "registry.merge", seen.standing),
            )
            .await?;
        if self.waits(op, &definition) {
            return Err(error::needs_approval(register));
        }
        if keep == lose {
            return Err(error::merge_itself());
        }
        if !seen.published.made {
            return Err(error::record_not_found());
        }
        let reason: String = kernel::text::clean_line(&merge.reason)
            .chars()
            .take(LONGEST_REASON)
            .collect();
        if reason.is_empty() {
            return Err(error::reason_needed());
        }
        // Always in the same order, so that two who merge the same pair do not wait for each other.
        let mut before = Vec::new();
        for id in [keep.min(lose), keep.max(lose)] {
            let periods = store::record::periods(op.conn(), &definition, id, Some(self.vault()), true).await?;
            before.push((id, periods));
        }
        let of = |id: Uuid| -> Result<&Vec<Record>> {
            let found = before.iter().find(|(own, _)| *own == id).map(|(_, periods)| periods);
            found
                .filter(|periods| !periods.is_empty())
                .ok_or_else(error::record_not_found)
        };
        let (keep_before, lose_before) = (of(keep)?, of(lose)?);
        let newest = |periods: &[Record]| periods.iter().map(|record| record.version).max().unwrap_or(0);
        let version = newest(keep_before);
        for (known, now) in [(keep_seen, version), (lose_seen, newest(lose_before))] {
            if known != now {
                return Err(error::changed_meanwhile(now));
            }
        }
        let today = kernel::local_date(op.now());
        let own = in_force(keep_before, today).ok_or_else(error::record_not_found)?;
        let other = in_force(lose_before, today).ok_or_else(error::record_not_found)?;
        let chosen = chosen(&definition, (keep, &own.values), (lose, &other.values), merge)?;
        let both = [(keep, keep_before.as_slice()), (lose, lose_before.as_slice())];
        let values = self.judged(op, &definition, &chosen, own.valid_from, &both).await?;
        let changed = values != own.values;
        let written = Written {
            id: keep,
            version: if changed { version + 1 } else { version },
        };
        let at = after_all(keep_before, after_all(lose_before, op.now()));
        let by = op.actor().person();
        let days: Vec<_> = lose_before.iter().map(|record| record.valid_from).collect();
        store::record::supersede(op.conn(), &permit, &definition, lose, &days, (at, by, &reason)).await?;
        let by_name = op.actor().official().map(|official| official.name.clone());
        let row = MergedRow {
            record: lose,
            into_record: keep,
            into_version: written.version,
            changed,
            at,
            by_person: by.map(PersonId::uuid),
            by_name: by_name.unwrap_or_default(),
            reason: reason.clone(),
        };
        store::merge::put(op.conn(), &permit, register, &row).await?;
        if changed {
            self.lead_files(op, &definition, (lose, keep), &values).await?;
            let change = Change::Correct {
                period: own.valid_from,
                from: own.valid_from,
                to: own.valid_to,
                values,
            };
            self.put(op, &permit, &definition, written, (keep_before, at), &change, &reason)
                .await?;
            self.tell(op, &permit, register, keep, "corrected", &reason).await?;
        }
        self.still_in_force(op, &definition).await?;
        store::twin::drop_of(op.conn(), &permit, register, lose).await?;
        self.tell(op, &permit, register, lose, "merged", &reason).await?;
        op.emit(Event::new(
            events::MERGED,
            subject(register, lose),
            json!({ "register": register, "record": lose, "into": keep }),
        ));
        op.record(Entry::new("registry.merged", subject(register, lose)).detail(json!({
            "into": keep,
            "taken": merge.take,
            "reason": reason,
        })))
        .await?;
        // What refers to it lies in registers of others as well, whose owners are nobody who acts here.
        op.beyond_the_wall(&permit).await?;
        if self.lead_on(op, &permit, register, lose, AT_ONCE).await? {
            op.enqueue(NewJob::new(LEAD_ON, json!({ "register": register, "record": lose })))
                .await?;
        }
        Ok(written)
    }

    /// The records of a register that were merged into others, the newest first.
    ///
    /// # Errors
    /// `registry.not_found` {register}, `db.bad_cursor`.
    pub async fn merges(&self, op: &mut Op, register: &str, page: &PageRequest) -> Result<Page<MergedRecord>> {
        let seen = self.seen(op, register).await?;
        let definition = seen.published.definition.clone();
        op.allow(
            "registry.read",
            &format!("register:{register}"),
            access::measured(register, seen.standing, &seen.sight),
        )
        .await?;
        let after = page.after.as_deref().map(cursor::decode).transpose()?;
        let rows = store::merge::list(op.conn(), register, after, page.probe()).await?;
        let cut = Page::cut(rows, page, |row| (row.at, row.record));
        let ids: Vec<Uuid> = cut.items.iter().map(|row| row.record).collect();
        let titled = seen.published.made && seen.sight.plain.contains(&definition.title);
        let mut titles = match titled && !ids.is_empty() {
            true => store::merge::titles(op.conn(), &definition, &ids).await?,
            false => std::collections::BTreeMap::new(),
        };
        Ok(cut.map(|row| MergedRecord {
            title: titles.remove(&row.record).unwrap_or_default(),
            record: row.record,
            into: row.into_record,
            at: row.at,
            by: row.by_person.map(PersonId::from),
            by_name: row.by_name,
            reason: row.reason,
            undone_until: row.at + TimeDelta::days(UNDONE_WITHIN_DAYS),
        }))
    }

    /// What was known of a record before it was merged, the newest first: its own past, which [`Self::history`] of the one that remains does not
    /// hold. Sealed fields under the rules of [`Self::record`].
    ///
    /// # Errors
    /// Those of [`Self::record`], and `registry.merge_not_found`.
    pub async fn merged_past(
        &self,
        op: &mut Op,
        register: &str,
        lost: Uuid,
        purpose: Option<&str>,
    ) -> Result<(MergedRecord, Vec<Past>)> {
        let seen = self.seen(op, register).await?;
        let definition = seen.published.definition.clone();
        let subject = subject(register, lost);
        op.allow(
            "registry.read",
            &subject,
            access::measured(register, seen.standing, &seen.sight),
        )
        .await?;
        if let Some(purpose) = purpose {
            op.allow("registry.open", &subject, access::open(op.rights(), &seen.sight))
                .await?;
            crate::show::check_purpose(purpose)?;
        }
        let row = store::merge::find(op.conn(), register, lost)
            .await?
            .ok_or_else(error::merge_not_found)?;
        let vault = purpose.map(|_| self.vault());
        let mut past = store::record::past(op.conn(), &definition, lost, vault, HISTORY).await?;
        let title = past
            .first()
            .filter(|_| seen.sight.plain.contains(&definition.title))
            .map(|past| crate::duplicates::title_of(&past.record, &definition.title));
        for one in &mut past {
            if let Some(purpose) = purpose {
                self.looked(op, &definition, &one.record, purpose).await?;
            }
            one.record.values = Self::visible(&one.record.values, &seen.sight, purpose.is_some());
        }
        let merged = MergedRecord {
            record: row.record,
            title: title.unwrap_or_default(),
            into: row.into_record,
            at: row.at,
            by: row.by_person.map(PersonId::from),
            by_name: row.by_name,
            reason: row.reason,
            undone_until: row.at + TimeDelta::days(UNDONE_WITHIN_DAYS),
        };
        Ok((merged, past))
    }
}

/// The period that holds on a day; the last one where none does.
fn in_force(periods: &[Record], day: chrono::NaiveDate) -> Option<&Record> {
    let holds = |record: &&Record| record.valid_from <= day && record.valid_to.is_none_or(|to| day <= to);
    periods.iter().find(holds).or_else(|| periods.last())
}

/// The values that the record that remains is to have, as they are judged like what is typed. A reference of one to the other would become one to
/// itself, and goes.
fn chosen(
    definition: &RecordDefinition,
    (keep, own): (Uuid, &Values),
    (lose, other): (Uuid, &Values),
    merge: &Merge,
) -> Result<Values> {
    let mut values = own.clone();
    for name in merge.take.iter().chain(merge.given.keys()) {
        let entered = definition.field(name).is_some_and(|field| !field.is_computed());
        if !entered {
            return Err(error::merge_unknown_field(name));
        }
    }
    for name in &merge.take {
        match other.get(name) {
            Some(value) => values.insert(name.clone(), value.clone()),
            None => values.remove(name),
        };
    }
    values.extend(merge.given.clone());
    let both = [keep.to_string(), lose.to_string()];
    values.retain(|name, value| {
        let Some(field) = definition.field(name).filter(|field| !field.is_computed()) else {
            return false;
        };
        let own = field.links_to() == Some(definition.record.as_str());
        !(own && value.as_str().is_some_and(|id| both.iter().any(|one| one == id)))
    });
    Ok(values)
}
