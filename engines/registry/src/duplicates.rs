//! Records that are likely the same thing (bản ghi trùng): looked for, shown side by side, said to be different.

mod find;

use chrono::{DateTime, Utc};
use db::{Page, PageRequest, cursor};
use kernel::{Actor, PersonId, Result};
use op::{Entry, Op};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::access::Standing;
use crate::enter::subject;
use crate::model::twins::judge;
use crate::model::{Hint, Record, Values, reading};
use crate::store::twin::Said;
use crate::{AsOf, Registry, access, error, store};

pub(crate) use find::Stretch;

/// Records that are compared with one that is entered.
const MOST_CANDIDATES: i64 = 300;
/// Likely twins that are told of one that is entered.
const MOST_TOLD: usize = 10;
/// The longest note, in characters.
const LONGEST_NOTE: usize = 500;

/// How far a pair is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TwinState {
    /// Nobody has said anything of it.
    Open,
    /// They are two things (không phải trùng).
    Different,
}

impl TwinState {
    /// The word in tables and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Different => "different",
        }
    }
}

/// Two records that are likely the same thing; `one` was entered before `other`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twin {
    /// The older record.
    pub one: Uuid,
    /// The newer one.
    pub other: Uuid,
    /// How likely, 0 to 100.
    pub score: u8,
    /// Why.
    pub why: Vec<Hint>,
    /// When it was found first.
    pub found_at: DateTime<Utc>,
    /// How far it is.
    pub state: TwinState,
    /// Whoever said that they are different.
    pub decided_by: Option<PersonId>,
    /// Their name.
    pub decided_name: String,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why.
    pub note: String,
}

/// A record that is likely the same thing as one that is being entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LikelyTwin {
    /// The record (UUID).
    pub id: Uuid,
    /// What it is called.
    pub title: String,
    /// How likely, 0 to 100.
    pub score: u8,
    /// Why.
    pub why: Vec<Hint>,
}

/// Two records side by side.
#[derive(Debug, Clone)]
pub struct Pair {
    /// What was found and said of them, if anything was.
    pub twin: Option<Twin>,
    /// The records of today, the older one first, with what the reader sees.
    pub records: [Record; 2],
    /// How many records of other registers, and of this one, refer to each.
    pub references: [i64; 2],
    /// Sealed fields that each has filled in, whether they are shown or not.
    pub sealed: [Vec<String>; 2],
}

/// The order in which a pair is kept: identifiers come in the order of time.
pub(crate) fn ordered(one: Uuid, other: Uuid) -> (Uuid, Uuid) {
    (one.min(other), one.max(other))
}

impl Registry {
    /// Records that are likely the same thing as one with these values, as they were typed or sent; the likeliest first. For whoever enters: a
    /// warning, nothing is refused. What does not read is left out of the comparison.
    ///
    /// # Errors
    /// `registry.not_found` {register}, `registry.not_allowed`.
    pub async fn likely_twins(
        &self,
        op: &mut Op,
        register: &str,
        values: &Map<String, Value>,
    ) -> Result<Vec<LikelyTwin>> {
        self.likely_twins_of(op, register, values, None).await
    }

    /// The same for a record that is there already: neither it nor what was said to be different from it is told.
    ///
    /// # Errors
    /// Those of [`Self::likely_twins`].
    pub async fn likely_twins_of(
        &self,
        op: &mut Op,
        register: &str,
        values: &Map<String, Value>,
        record: Option<Uuid>,
    ) -> Result<Vec<LikelyTwin>> {
        let seen = self.seen(op, register).await?;
        let definition = seen.published.definition.clone();
        // Whoever enters sees what is plain and finds what is sealed whole: nothing is told that they could not ask for.
        let enters = access::enter(op.rights(), seen.standing, seen.standing >= Standing::Enters);
        op.allow("registry.enter", &format!("register:{register}"), enters)
            .await?;
        if !seen.published.made || definition.duplicates.is_empty() {
            return Ok(Vec::new());
        }
        let ground = self.ground(op, &definition).await?;
        let mut records = [Values::new()];
        for field in definition.fields.iter().filter(|field| !field.is_computed()) {
            if let Some(value) = values.get(&field.field)
                && let Ok(Some(value)) = reading::read_one(field, value, &ground, ground.today())
            {
                records[0].insert(field.field.clone(), value);
            }
        }
        self.resolve(op, &definition, &mut records).await?;
        let values = reading::derived(&definition, &records[0], op.now());
        let day = ground.today();
        let mut candidates = Vec::new();
        for way in &definition.duplicates {
            let found =
                store::twin::candidates(op.conn(), self.vault(), &definition, way, &values, day, MOST_CANDIDATES)
                    .await?;
            candidates.extend(found);
        }
        if let Some(record) = record {
            let different = store::twin::different_from(op.conn(), register, record).await?;
            candidates.retain(|id| *id != record && !different.contains(id));
        }
        candidates.sort_unstable();
        candidates.dedup();
        let vault = self.vault();
        let opens = matches!(op.actor(), Actor::System(_)) || op.rights().may("registry.open");
        let records = store::quality::day_records(op.conn(), &definition, day, &candidates, Some(vault)).await?;
        let mut likely: Vec<LikelyTwin> = records
            .into_iter()
            .filter_map(|record| {
                let (score, mut why) = judge(&definition, &values, &record.values)?;
                // Of what is sealed whoever may not open it learns that something is alike, not what.
                why.retain(|hint| opens || definition.field(&hint.field).is_none_or(|field| !field.is_sealed()));
                Some(LikelyTwin {
                    id: record.id,
                    // That it may be there already is told; whose it is in another area is not.
                    title: match seen.reaches(&record) {
                        true => title_of(&record, &definition.title),
                        false => String::new(),
                    },
                    score,
                    why,
                })
            })
            .collect();
        likely.sort_by_key(|twin| (std::cmp::Reverse(twin.score), twin.id));
        likely.truncate(MOST_TOLD);
        Ok(likely)
    }

    /// Pairs that are likely the same thing and nobody has said anything of, or those that were said to be different; the likeliest first.
    ///
    /// # Errors
    /// `registry.not_found` {register}, `registry.not_allowed`, `db.bad_cursor`.
    pub async fn twins(&self, op: &mut Op, register: &str, state: TwinState, page: &PageRequest) -> Result<Page<Twin>> {
        let seen = self.seen(op, register).await?;
        op.allow(
            "registry.read",
            &format!("register:{register}"),
            access::compared(register, &seen.published.definition, seen.standing, &seen.sight),
        )
        .await?;
        let after = page.after.as_deref().map(cursor::decode).transpose()?;
        let found = store::twin::list(op.conn(), register, state, after, page.probe()).await?;
        Ok(Page::cut(found, page, |twin| store::twin::After {
            score: i16::from(twin.score),
            one: twin.one,
            other: twin.other,
        }))
    }

    /// Two records side by side, with what was found and said of them. Sealed fields come only with a purpose, as in [`Self::record`].
    ///
    /// # Errors
    /// Those of [`Self::record`].
    pub async fn pair(
        &self,
        op: &mut Op,
        register: &str,
        (one, other): (Uuid, Uuid),
        purpose: Option<&str>,
    ) -> Result<Pair> {
        let (one, other) = ordered(one, other);
        let seen = self.seen(op, register).await?;
        let definition = seen.published.definition.clone();
        op.allow(
            "registry.read",
            &format!("register:{register}"),
            access::compared(register, &seen.published.definition, seen.standing, &seen.sight),
        )
        .await?;
        if one == other || !seen.published.made {
            return Err(error::record_not_found());
        }
        let day = kernel::local_date(op.now());
        let vault = self.vault();
        let whole = store::quality::day_records(op.conn(), &definition, day, &[one, other], Some(vault)).await?;
        let mut records = Vec::new();
        let mut sealed = Vec::new();
        for id in [one, other] {
            let own = whole.iter().find(|record| record.id == id && seen.reaches(record));
            let own = own.ok_or_else(error::record_not_found)?;
            let known = definition
                .sealed()
                .filter(|field| seen.sight.sealed.contains(&field.field));
            let filled = known.map(|field| field.field.clone());
            sealed.push(filled.filter(|field| own.values.contains_key(field)).collect());
            records.push(match purpose {
                // By the verb that writes down who has looked.
                Some(_) => self.record(op, register, id, AsOf::default(), purpose).await?,
                None => Record {
                    values: Self::visible(&own.values, &seen.sight, false),
                    ..own.clone()
                },
            });
        }
        let twin = store::twin::get(op.conn(), register, (one, other)).await?;
        let references = [
            self.references(op, register, one).await?,
            self.references(op, register, other).await?,
        ];
        let broken = |_| error::record_not_found();
        Ok(Pair {
            twin,
            records: <[Record; 2]>::try_from(records).map_err(broken)?,
            references,
            sealed: <[Vec<String>; 2]>::try_from(sealed).map_err(|_| error::record_not_found())?,
        })
    }

    /// Says that two records are two things (không phải trùng); no run brings the pair again. The owner.
    ///
    /// # Errors
    /// `registry.not_found` {register}, `registry.not_allowed`, `registry.record_not_found`, `registry.reason_needed`.
    pub async fn tell_apart(&self, op: &mut Op, register: &str, (one, other): (Uuid, Uuid), note: &str) -> Result<()> {
        self.say_of_pair(op, register, (one, other), TwinState::Different, note)
            .await
    }

    /// Takes back that two records are two things.
    ///
    /// # Errors
    /// Those of [`Self::tell_apart`].
    pub async fn take_apart_back(&self, op: &mut Op, register: &str, pair: (Uuid, Uuid)) -> Result<()> {
        self.say_of_pair(op, register, pair, TwinState::Open, "").await
    }

    async fn say_of_pair(
        &self,
        op: &mut Op,
        register: &str,
        (one, other): (Uuid, Uuid),
        state: TwinState,
        note: &str,
    ) -> Result<()> {
        let (one, other) = ordered(one, other);
        let seen = self.seen(op, register).await?;
        let definition = seen.published.definition.clone();
        let permit = op
            .allow(
                "registry.merge",
                &subject(register, one),
                access::own(op.rights(), "registry.merge", seen.standing),
            )
            .await?;
        let note: String = kernel::text::clean_line(note).chars().take(LONGEST_NOTE).collect();
        let known = store::twin::get(op.conn(), register, (one, other)).await?;
        if known.is_none() {
            if !seen.published.made || one == other {
                return Err(error::record_not_found());
            }
            let there = store::quality::known(op.conn(), &definition, &[one, other]).await?;
            if there.len() < 2 {
                return Err(error::record_not_found());
            }
        }
        if note.is_empty() && state == TwinState::Different {
            return Err(error::reason_needed());
        }
        if known.as_ref().is_some_and(|twin| twin.state == state) || (known.is_none() && state == TwinState::Open) {
            return Ok(());
        }
        let name = op.actor().official().map(|official| official.name.clone());
        let said = Said {
            state,
            by: op.actor().person(),
            name: name.as_deref().unwrap_or_default(),
            at: op.now(),
            note: &note,
        };
        store::twin::say(op.conn(), &permit, register, (one, other), &said).await?;
        op.record(Entry::new("registry.twin_told", subject(register, one)).detail(json!({
            "other": other,
            "state": state.as_str(),
            "note": note,
        })))
        .await
    }
}

/// What a record is called.
pub(crate) fn title_of(record: &Record, title: &str) -> String {
    match record.values.get(title) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}
