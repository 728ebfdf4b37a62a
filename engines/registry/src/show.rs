//! One record, its past, and what is sealed of it.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{PersonalNumber, Result};
use op::{Entry, Op};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::definition::{Kind, RecordDefinition};
use crate::enter::subject;
use crate::model::{Past, Record};
use crate::{Registry, access, error, store};

/// Rows of the history that are shown.
const HISTORY: i64 = 200;
/// The shortest purpose, in characters.
pub(crate) const SHORTEST_PURPOSE: usize = 5;

/// On which day, and as it was known at which moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AsOf {
    /// The day; today where nothing is said.
    pub day: Option<NaiveDate>,
    /// The moment of knowledge; now where nothing is said.
    pub known: Option<DateTime<Utc>>,
}

impl Registry {
    /// A record on a day, as it is known now or was known then. A record that was merged is the one that remains. Sealed fields come only with a
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
            if purpose.trim().chars().count() < SHORTEST_PURPOSE {
                return Err(error::purpose_needed());
            }
        }
        if !seen.published.made {
            return Err(error::record_not_found());
        }
        let vault = purpose.map(|_| self.vault());
        let id = store::register::remaining(op.conn(), register, record).await?;
        let day = as_of.day.unwrap_or_else(|| kernel::local_date(op.now()));
        let found = match as_of.known {
            Some(known) => store::record::as_known(op.conn(), &definition, id, (day, known), vault).await?,
            None => {
                let periods = store::record::periods(op.conn(), &definition, id, vault, false).await?;
                periods
                    .into_iter()
                    .find(|record| record.valid_from <= day && record.valid_to.is_none_or(|to| day <= to))
            }
        };
        let mut found = found.ok_or_else(error::record_not_found)?;
        if let Some(purpose) = purpose {
            self.looked(op, &definition, &found, purpose).await?;
        }
        found.values = Self::visible(&found.values, &seen.sight, purpose.is_some());
        Ok(found)
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
            if purpose.trim().chars().count() < SHORTEST_PURPOSE {
                return Err(error::purpose_needed());
            }
        }
        if !seen.published.made {
            return Err(error::record_not_found());
        }
        let vault = purpose.map(|_| self.vault());
        let id = store::register::remaining(op.conn(), register, record).await?;
        let mut periods = store::record::periods(op.conn(), &definition, id, vault, false).await?;
        if periods.is_empty() {
            return Err(error::record_not_found());
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
        store::record::titles(op.conn(), &definition, ids).await
    }

    /// Writes down that somebody has opened what is sealed of a record, and whose data it was (R028).
    pub(crate) async fn looked(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        record: &Record,
        purpose: &str,
    ) -> Result<()> {
        let mut people = Vec::new();
        for field in &definition.fields {
            let is_number = matches!(
                field.kind,
                Kind::Person | Kind::Plain(schema::field::FieldKind::PersonalNumber)
            );
            let number = record.values.get(&field.field).and_then(Value::as_str);
            if let Some(number) = number
                .filter(|_| is_number)
                .and_then(|text| PersonalNumber::parse(text).ok())
            {
                people.extend(self.identity().whose_number(op, &number).await?);
            }
        }
        people.sort();
        people.dedup();
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
