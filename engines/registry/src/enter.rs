//! Entering, changing, correcting and ending records.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use kernel::{Actor, Result};
use op::{Entry, Event, Op, Permit};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::access::Standing;
use crate::definition::RecordDefinition;
use crate::model::timeline::{self, Change, Period};
use crate::model::{Record, Values, reading};
use crate::published::{Published, Seen};
use crate::{Registry, access, error, events, store};

/// The longest reason, in characters.
const LONGEST_REASON: usize = 1_000;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The record.
    pub id: Uuid,
    /// Its version now.
    pub version: i64,
}

/// What is to be done to a record, by fields as they were sent or typed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Command {
    /// A new record, from a day on.
    Add {
        /// The first day; today where nothing is said.
        from: Option<NaiveDate>,
        /// By field.
        given: Map<String, Value>,
    },
    /// From a day on it is otherwise.
    Change {
        /// The first day; today where nothing is said.
        from: Option<NaiveDate>,
        /// By field; what is not named is empty.
        given: Map<String, Value>,
    },
    /// A period was recorded wrongly.
    Correct {
        /// The first day of the period.
        period: NaiveDate,
        /// The first day that is right; as before where nothing is said.
        from: Option<NaiveDate>,
        /// The last day that is right; as before where nothing is said.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "said")]
        to: Option<Option<NaiveDate>>,
        /// By field.
        given: Map<String, Value>,
    },
    /// After a day it is no more.
    End {
        /// The last day.
        last: NaiveDate,
    },
}

/// A value that is there although it is null: no last day is another thing than nothing said about it.
fn said<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<NaiveDate>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Command {
    pub(crate) fn given(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Add { given, .. } | Self::Change { given, .. } | Self::Correct { given, .. } => Some(given),
            Self::End { .. } => None,
        }
    }

    /// The first day of what is said.
    fn first_day(&self, today: NaiveDate) -> NaiveDate {
        match self {
            Self::Add { from, .. } | Self::Change { from, .. } => from.unwrap_or(today),
            Self::Correct { period, from, .. } => from.unwrap_or(*period),
            Self::End { last } => *last,
        }
    }

    fn needs_reason(&self) -> bool {
        matches!(self, Self::Correct { .. } | Self::End { .. })
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Add { .. } => "created",
            Self::Change { .. } => "changed",
            Self::Correct { .. } => "corrected",
            Self::End { .. } => "ended",
        }
    }
}

/// Something that is to be written, and the record that it is about as it is now.
pub(crate) struct ToWrite {
    pub definition: Arc<RecordDefinition>,
    /// The record and the version that whoever acts has seen; none: a new one.
    pub target: Option<(Uuid, i64)>,
    pub before: Vec<Record>,
    pub command: Command,
    pub reason: String,
}

impl ToWrite {
    /// The newest version of the record; 0 where there is none.
    pub fn version(&self) -> i64 {
        self.before.iter().map(|record| record.version).max().unwrap_or(0)
    }
}

impl Registry {
    /// Enters a new record.
    ///
    /// # Errors
    /// `registry.invalid` with a fault for each field, `registry.duplicate_key`, `registry.not_allowed`, `registry.not_found` {register},
    /// `registry.needs_approval` where the owner approves what is entered: [`Self::enter`] proposes it there.
    pub async fn add(
        &self,
        op: &mut Op,
        register: &str,
        given: Map<String, Value>,
        from: Option<NaiveDate>,
    ) -> Result<Written> {
        self.write(op, register, None, Command::Add { from, given }, "").await
    }

    /// Does something to a record whose version whoever acts has seen.
    ///
    /// # Errors
    /// `registry.changed_meanwhile` {version}, `registry.reason_needed`, those of [`Self::add`] and of the record's days: `registry.later_period`, `registry.begins_later`,
    /// `registry.no_period`, `registry.overlap`, `registry.backwards`, `registry.ended`.
    pub async fn change(
        &self,
        op: &mut Op,
        register: &str,
        (record, seen): (Uuid, i64),
        command: Command,
        reason: &str,
    ) -> Result<Written> {
        self.write(op, register, Some((record, seen)), command, reason).await
    }

    /// Whether what whoever acts writes waits for the owner. What the platform itself does never waits, what an application does always.
    pub(crate) fn waits(&self, op: &Op, definition: &RecordDefinition) -> bool {
        definition.approval && (self.application().is_some() || !matches!(op.actor(), Actor::System(_)))
    }

    async fn write(
        &self,
        op: &mut Op,
        register: &str,
        target: Option<(Uuid, i64)>,
        command: Command,
        reason: &str,
    ) -> Result<Written> {
        let (entry, permit) = self.entry(op, register, target, command, reason).await?;
        match self.waits(op, &entry.definition) {
            true => Err(error::needs_approval(register)),
            false => self.write_entry(op, &permit, &entry).await,
        }
    }

    /// What somebody is allowed to enter, with the record as it is; nobody else changes it until the operation ends.
    pub(crate) async fn entry(
        &self,
        op: &mut Op,
        register: &str,
        target: Option<(Uuid, i64)>,
        command: Command,
        reason: &str,
    ) -> Result<(ToWrite, Permit)> {
        let seen = self.seen(op, register).await?;
        let entry = self.to_write(op, &seen.published, target, command, reason).await?;
        let in_area = self.in_area(op, &seen, &entry.before, entry.command.given()).await?;
        let subject = match target {
            Some((record, _)) => subject(register, record),
            None => format!("register:{register}"),
        };
        let decision = access::enter(op.rights(), seen.standing, in_area);
        let permit = op.allow("registry.enter", &subject, decision).await?;
        Ok((entry, permit))
    }

    /// A command with the record that it is about, locked.
    pub(crate) async fn to_write(
        &self,
        op: &mut Op,
        published: &Published,
        target: Option<(Uuid, i64)>,
        command: Command,
        reason: &str,
    ) -> Result<ToWrite> {
        let definition = published.definition.clone();
        let before = match target {
            Some((record, _)) if published.made && !matches!(command, Command::Add { .. }) => {
                store::record::periods(op.conn(), &definition, record, Some(self.vault()), true).await?
            }
            _ => Vec::new(),
        };
        if before.is_empty() && !(target.is_none() && matches!(command, Command::Add { .. })) {
            return Err(error::record_not_found());
        }
        Ok(ToWrite {
            definition,
            target,
            before,
            command,
            reason: kernel::text::clean_line(reason).chars().take(LONGEST_REASON).collect(),
        })
    }

    /// What a command makes of a record, with every fault at once; nothing is written.
    pub(crate) async fn decided(&self, op: &mut Op, entry: &ToWrite) -> Result<Change> {
        if entry.reason.is_empty() && entry.command.needs_reason() {
            return Err(error::reason_needed());
        }
        let version = entry.version();
        if let Some((_, known)) = entry.target
            && known != version
        {
            return Err(error::changed_meanwhile(version));
        }
        let today = kernel::local_date(op.now());
        let values = match entry.command.given() {
            Some(given) => {
                let own: Vec<(Uuid, &[Record])> = entry.target.iter().map(|(id, _)| (*id, &*entry.before)).collect();
                let day = entry.command.first_day(today);
                self.judged(op, &entry.definition, given, day, &own).await?
            }
            None => Values::new(),
        };
        change_of(&entry.command, values, &entry.before, today)
    }

    /// Writes what was allowed.
    pub(crate) async fn write_entry(&self, op: &mut Op, permit: &Permit, entry: &ToWrite) -> Result<Written> {
        let change = self.decided(op, entry).await?;
        let register = &entry.definition.record;
        if entry.target.is_none() {
            self.make(op, permit, register).await?;
        }
        let written = Written {
            id: entry.target.map_or_else(|| new_id(op), |(record, _)| record),
            version: entry.version() + 1,
        };
        self.put(
            op,
            permit,
            &entry.definition,
            written,
            (&entry.before, after_all(&entry.before, op.now())),
            &change,
            &entry.reason,
        )
        .await?;
        self.still_in_force(op, &entry.definition).await?;
        self.tell(op, permit, register, written.id, entry.command.kind(), &entry.reason)
            .await?;
        Ok(written)
    }

    /// Values that may be kept from a day on: read, with links resolved; every fault at once. Files of these records may stay where they are.
    pub(crate) async fn judged(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        given: &Map<String, Value>,
        day: NaiveDate,
        own: &[(Uuid, &[Record])],
    ) -> Result<Values> {
        let ground = self.ground(op, definition).await?;
        let mut read = reading::read(definition, given, &ground, day);
        let mut records = [std::mem::take(&mut read.values)];
        let unresolved = self.resolve(op, definition, &mut records).await?;
        let [values] = records;
        let mut faults = read.faults;
        faults.extend(unresolved.into_values().flatten());
        let met = &mut HashSet::new();
        faults.extend(self.foreign_files(op, definition, own, &values, met).await?);
        match faults.is_empty() {
            true => Ok(values),
            false => Err(error::invalid(faults)),
        }
    }

    /// Brings the periods of a record from what they are to what they become, at a moment of [`after_all`].
    #[expect(clippy::too_many_arguments, reason = "one write, said in one place")]
    pub(crate) async fn put(
        &self,
        op: &mut Op,
        permit: &Permit,
        definition: &RecordDefinition,
        written: Written,
        (before, at): (&[Record], DateTime<Utc>),
        change: &Change,
        reason: &str,
    ) -> Result<()> {
        let periods: Vec<Period> = before
            .iter()
            .map(|record| Period {
                from: record.valid_from,
                to: record.valid_to,
                values: record.values.clone(),
            })
            .collect();
        let after = timeline::decide(&periods, change)?;
        let gone: Vec<NaiveDate> = periods
            .iter()
            .filter(|period| !after.contains(period))
            .map(|period| period.from)
            .collect();
        let new: Vec<&Period> = after.iter().filter(|period| !periods.contains(period)).collect();
        self.sole(op, definition, (written.id, before), &new).await?;
        let by = op.actor().person();
        store::record::supersede(op.conn(), permit, definition, written.id, &gone, (at, by, reason)).await?;
        for period in new {
            let row = store::record::NewRow {
                definition,
                id: written.id,
                from: period.from,
                to: period.to,
                version: written.version,
                at,
                by,
            };
            store::record::insert(op.conn(), permit, self.vault(), &row, &period.values).await?;
            self.keep_files(op, definition, (written.id, before), &period.values)
                .await?;
        }
        Ok(())
    }

    /// Tells what was done: those who follow the register, engines above, the trail.
    pub(crate) async fn tell(
        &self,
        op: &mut Op,
        permit: &Permit,
        register: &str,
        record: Uuid,
        kind: &'static str,
        reason: &str,
    ) -> Result<()> {
        let at = op.now();
        let changed = store::register::Changed {
            register,
            record,
            last: None,
            kind,
            at,
        };
        store::register::tell(op.conn(), permit, &changed).await?;
        op.emit(Event::new(
            events::RECORD_CHANGED,
            subject(register, record),
            json!({ "register": register, "record": record, "kind": kind }),
        ));
        let detail = self.marked(json!({ "kind": kind, "reason": reason }));
        op.record(Entry::new("registry.written", subject(register, record)).detail(detail))
            .await
    }

    /// Whether everything that is written lies in the area of the agency that writes.
    pub(crate) async fn in_area(
        &self,
        op: &mut Op,
        seen: &Seen,
        before: &[Record],
        given: Option<&Map<String, Value>>,
    ) -> Result<bool> {
        if seen.standing != Standing::Enters {
            return Ok(seen.standing == Standing::Owner);
        }
        let Some(desk) = self.desk(op).await? else {
            return Ok(false);
        };
        let Some(place) = &seen.published.definition.place else {
            return Ok(true);
        };
        let own = self.identity().agency(op, desk.agency).await?.area_code;
        let Some(own) = own else {
            // An agency of the whole province.
            return Ok(desk.level == crate::definition::Level::Province);
        };
        // What lies nowhere is the owner's alone.
        let lies = |record: &Record| record.values.get(place)?.as_str().map(str::to_owned);
        let Some(mut wards) = before.iter().map(lies).collect::<Option<Vec<String>>>() else {
            return Ok(false);
        };
        let named = given.map(|given| {
            let ward = given.get(place).and_then(Value::as_str);
            ward.filter(|ward| !ward.trim().is_empty())
        });
        match named {
            Some(Some(ward)) => wards.push(ward.trim().to_owned()),
            // Whoever leaves out what must be there is told so with everything else, and writes nothing; else what lies nowhere is not theirs.
            Some(None) => {
                let field = seen.published.definition.field(place);
                if !field.is_some_and(|field| matches!(field.required, schema::field::Condition::Always)) {
                    return Ok(false);
                }
            }
            None => {}
        }
        let today = kernel::local_date(op.now());
        for ward in wards {
            let path = match self.identity().area_path(op, &ward, today).await {
                Ok(path) => path,
                Err(fault) if fault.kind == kernel::FaultKind::NotFound => return Ok(false),
                Err(fault) => return Err(fault),
            };
            if !path.iter().any(|area| area.code == own) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The subject of audit entries: `record:<register>/<id>`.
pub(crate) fn subject(register: &str, record: Uuid) -> String {
    format!("record:{register}/{record}")
}

/// The moment of writing: after everything that is known of the record. Whoever has waited for it began earlier than what they have waited for.
pub(crate) fn after_all(before: &[Record], now: DateTime<Utc>) -> DateTime<Utc> {
    let newest = before.iter().map(|record| record.recorded_at).max();
    newest.map_or(now, |newest| now.max(newest + TimeDelta::microseconds(1)))
}

/// Identifiers come in the order of time.
pub(crate) fn new_id(_: &Op) -> Uuid {
    Uuid::now_v7()
}

pub(crate) fn change_of(command: &Command, values: Values, before: &[Record], today: NaiveDate) -> Result<Change> {
    Ok(match command {
        Command::Add { from, .. } | Command::Change { from, .. } => Change::Change {
            from: from.unwrap_or(today),
            to: None,
            values,
        },
        Command::Correct { period, from, to, .. } => {
            let own = before
                .iter()
                .find(|record| record.valid_from == *period)
                .ok_or_else(error::no_period)?;
            Change::Correct {
                period: *period,
                from: from.unwrap_or(own.valid_from),
                to: to.unwrap_or(own.valid_to),
                values,
            }
        }
        Command::End { last } => Change::End { last: *last },
    })
}
