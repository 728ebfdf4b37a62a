//! One record, its past, and what is sealed of it.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::Result;
use op::{Entry, Op};
use serde_json::json;
use uuid::Uuid;

use crate::definition::RecordDefinition;
use crate::enter::subject;
use crate::model::{Passage, Past, Record, story};
use crate::{Registry, Seen, access, error, store};

/// Rows of the history that are shown.
const HISTORY: i64 = 200;
/// The fewest letters and digits of a purpose.
const SHORTEST_PURPOSE: usize = 5;

/// Whether something is said of what for: dots and blanks say nothing.
pub(crate) fn check_purpose(purpose: &str) -> Result<()> {
    let said = purpose.chars().filter(|letter| letter.is_alphanumeric()).count();
    match said >= SHORTEST_PURPOSE {
        true => Ok(()),
        false => Err(error::purpose_needed()),
    }
}

/// On which day, and as it was known at which moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AsOf {
    /// The day; today where nothing is said.
    pub day: Option<NaiveDate>,
    /// The moment of knowledge; now where nothing is said.
    pub known: Option<DateTime<Utc>>,
}

impl Registry {
    /// A record on a day, as it is known now or was known then. A record that was merged is the one that remains, unless it was known by itself then. Sealed fields come only with a
    /// purpose, which is recorded with whose data it was.
    ///
    /// # Errors
    /// `registry.not_found` {register}, `registry.record_not_found`, `registry.not_allowed`, `registry.purpose_needed`.
    pub async fn record(
        &self,
        op: &mut Op,
        register: &str,
        record: Uuid,
        as_of: AsOf,
        purpose: Option<&str>,
    ) -> Result<Record> {
        let seen = self.seen(op, register).await?;
        let definition = seen.published.definition.clone();
        let subject = subject(register, record);
        op.allow("registry.read", &subject, access::read(register, &seen.sight))
            .await?;
        if let Some(purpose) = purpose {
            op.allow("registry.open", &subject, access::open(op.rights(), &seen.sight))
                .await?;
            check_purpose(purpose)?;
        }
        if !seen.published.made {
            return Err(error::record_not_found());
        }
        let vault = purpose.map(|_| self.vault());
        let id = store::register::remaining(op.conn(), register, record).await?;
        let day = as_of.day.unwrap_or_else(|| kernel::local_date(op.now()));
        let found = match as_of.known {
            // What was known then was known of the record itself, whatever it was merged into later.
            Some(known) => {
                let own = store::record::as_known(op.conn(), &definition, record, (day, known), vault).await?;
                match own {
                    None if id != record => {
                        store::record::as_known(op.conn(), &definition, id, (day, known), vault).await?
                    }
                    own => own,
                }
            }
            None => {
                let periods = store::record::periods(op.conn(), &definition, id, vault, false).await?;
                periods
                    .into_iter()
                    .find(|record| record.valid_from <= day && record.valid_to.is_none_or(|to| day <= to))
            }
        };
        let mut found = found
            .filter(|found| seen.reaches(found))
            .ok_or_else(error::record_not_found)?;
        if let Some(purpose) = purpose {
            self.own_area(op, &seen, &found).await?;
            self.looked(op, &definition, &found, purpose).await?;
        }
        found.values = Self::visible(&found.values, &seen.sight, purpose.is_some());
        Ok(found)
    }

    /// Refuses what is sealed of a record that lies in the area of others, to whoever enters in their own.
    async fn own_area(&self, op: &mut Op, seen: &Seen, record: &Record) -> Result<()> {
        let enters = seen.standing == access::Standing::Enters && !seen.shared;
        match enters && !self.in_area(op, seen, std::slice::from_ref(record), None).await? {
            true => Err(error::not_allowed()),
            false => Ok(()),
        }
    }

    /// Everything that is and was known of a record: what is known now by periods, then what was replaced, the newest first. Sealed fields under
    /// the rules of [`Self::record`].
    ///
    /// # Errors
    /// Those of [`Self::record`].
    pub async fn history(
        &self,
        op: &mut Op,
        register: &str,
        record: Uuid,
        purpose: Option<&str>,
    ) -> Result<(Vec<Record>, Vec<Past>)> {
        let seen = self.seen(op, register).await?;
        let definition = seen.published.definition.clone();
        let subject = subject(register, record);
        op.allow("registry.read", &subject, access::read(register, &seen.sight))
            .await?;
        if let Some(purpose) = purpose {
            op.allow("registry.open", &subject, access::open(op.rights(), &seen.sight))
                .await?;
            check_purpose(purpose)?;
        }
        if !seen.published.made {
            return Err(error::record_not_found());
        }
        let vault = purpose.map(|_| self.vault());
        let id = store::register::remaining(op.conn(), register, record).await?;
        let mut periods = store::record::periods(op.conn(), &definition, id, vault, false).await?;
        let newest = periods.last().filter(|newest| seen.reaches(newest));
        let newest = newest.ok_or_else(error::record_not_found)?;
        if purpose.is_some() {
            self.own_area(op, &seen, newest).await?;
        }
        let mut past = store::record::past(op.conn(), &definition, id, vault, HISTORY).await?;
        if let Some(purpose) = purpose {
            for record in periods.iter().chain(past.iter().map(|past| &past.record)) {
                self.looked(op, &definition, record, purpose).await?;
            }
        }
        for record in periods.iter_mut().chain(past.iter_mut().map(|past| &mut past.record)) {
            record.values = Self::visible(&record.values, &seen.sight, purpose.is_some());
        }
        Ok((periods, past))
    }

    /// Where the writings of a record have changed what is sealed: versions, each with the first day of what it changed. That something has changed
    /// is told to every reader, what it was to nobody.
    ///
    /// # Errors
    /// Those of [`Self::record`].
    pub async fn sealed_changes(
        &self,
        op: &mut Op,
        register: &str,
        record: Uuid,
    ) -> Result<BTreeSet<(i64, NaiveDate)>> {
        let seen = self.seen(op, register).await?;
        let definition = seen.published.definition.clone();
        op.allow(
            "registry.read",
            &subject(register, record),
            access::read(register, &seen.sight),
        )
        .await?;
        if !seen.published.made || definition.sealed().next().is_none() {
            return Ok(BTreeSet::new());
        }
        let vault = Some(self.vault());
        let id = store::register::remaining(op.conn(), register, record).await?;
        let periods = store::record::periods(op.conn(), &definition, id, vault, false).await?;
        let past = store::record::past(op.conn(), &definition, id, vault, HISTORY).await?;
        let differs = |passage: &Passage| {
            let before = passage.before.as_ref().map(|before| &before.values);
            let after = &passage.after.values;
            before.is_some_and(|before| {
                definition
                    .sealed()
                    .any(|field| before.get(&field.field) != after.get(&field.field))
            })
        };
        let mut changed = BTreeSet::new();
        for chapter in story(&periods, &past) {
            let passages = chapter.passages.iter().filter(|passage| differs(passage));
            changed.extend(passages.map(|passage| (chapter.version, passage.after.valid_from)));
        }
        Ok(changed)
    }

    /// What records of a register are called, by identifier; those that are not there are left out.
    pub async fn titles(
        &self,
        op: &mut Op,
        register: &str,
        ids: &[Uuid],
    ) -> Result<std::collections::BTreeMap<Uuid, String>> {
        let seen = self.seen(op, register).await?;
        let definition = seen.published.definition.clone();
        op.allow(
            "registry.read",
            &format!("register:{register}"),
            access::read(register, &seen.sight),
        )
        .await?;
        if !seen.published.made || !seen.sight.plain.contains(&definition.title) {
            return Ok(std::collections::BTreeMap::new());
        }
        store::record::titles(op.conn(), &definition, ids, seen.within.as_ref()).await
    }

    /// Writes down that somebody has opened what is sealed of a record, and whose data it was (R028).
    pub(crate) async fn looked(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        record: &Record,
        purpose: &str,
    ) -> Result<()> {
        let people = self.people_of(op, definition, record).await?;
        let fields: Vec<&str> = definition
            .sealed()
            .filter(|field| record.values.contains_key(&field.field))
            .map(|field| field.field.as_str())
            .collect();
        let entry = || {
            Entry::new("registry.opened", subject(&definition.record, record.id))
                .purpose(self.purpose(purpose.trim()))
                .detail(self.marked(json!({ "register": definition.record, "fields": fields })))
        };
        if people.is_empty() {
            op.record(entry()).await?;
        }
        for person in people {
            op.record(entry().about(Some(person))).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_and_blanks_are_no_purpose() {
        for nothing in ["", "xem", ".....", "     ", "⠀⠀⠀⠀⠀", "a.b.c.d.", "-----!"] {
            assert_eq!(
                check_purpose(nothing).unwrap_err().code,
                "registry.purpose_needed",
                "{nothing:?}"
            );
        }
        for said in ["Kiểm tra", "H30-12", "Xác minh 7"] {
            check_purpose(said).unwrap();
        }
    }
}
