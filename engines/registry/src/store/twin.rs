//! Pairs of records that are likely the same thing, and what they are found by.

use chrono::{DateTime, NaiveDate, Utc};
use db::{Name, Statement};
use kernel::{PersonId, Result};
use op::Permit;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, Row};
use uuid::Uuid;
use vault::Vault;

use super::quality::on_day;
use super::{record, table};
use crate::definition::{Duplicate, FieldDefinition, RecordDefinition};
use crate::duplicates::{Twin, TwinState};
use crate::error;
use crate::model::Hint;
use crate::model::column::{Part, columns_of, to_text};
use crate::model::likeness::Folded;

/// What is compared of a record on one way of finding duplicates.
pub(crate) struct Compared {
    pub id: Uuid,
    /// The values that must be equal, as text.
    pub same: Vec<String>,
    /// The texts that must be alike.
    pub alike: Vec<String>,
}

fn field<'d>(definition: &'d RecordDefinition, name: &str) -> Result<&'d FieldDefinition> {
    definition.field(name).ok_or_else(|| error::broken_row("field"))
}

/// Columns of values that must be equal, with whether each is a keyed hash; columns of texts.
type Columns = (Vec<(Name, bool)>, Vec<Name>);

/// The columns of a way.
fn columns(definition: &RecordDefinition, way: &Duplicate) -> Result<Columns> {
    let mut same = Vec::new();
    for name in &way.same {
        for column in columns_of(definition, field(definition, name)?)? {
            match column.part {
                Part::Value | Part::Until => same.push((column.name, false)),
                Part::Tag => same.push((column.name, true)),
                Part::Sort => {}
            }
        }
    }
    let alike = way.alike.iter().map(|name| Name::new(name.clone()));
    Ok((same, alike.collect::<Result<_>>()?))
}

fn begin(definition: &RecordDefinition, way: &Duplicate, day: NaiveDate) -> Result<Statement> {
    let (same, alike) = columns(definition, way)?;
    let mut get = Statement::new("SELECT id, ARRAY[");
    for (place, (name, tag)) in same.iter().enumerate() {
        get.text(if place > 0 { ", " } else { "" });
        match tag {
            true => get.text("encode(").name(name).text(", 'hex')"),
            // The last day of a period may be open.
            false => get.text("coalesce(").name(name).text("::text, '')"),
        };
    }
    get.text("]::text[], ARRAY[");
    for (place, name) in alike.iter().enumerate() {
        get.text(if place > 0 { ", " } else { "" }).name(name).text("::text");
    }
    get.text("]::text[] FROM records.").name(&table::now(definition)?);
    on_day(&mut get, day);
    for name in &way.same {
        let own = field(definition, name)?;
        let column = Name::new(name.clone())?;
        let column = if own.is_sealed() { column.with("__tag")? } else { column };
        get.text(" AND ").name(&column).text(" IS NOT NULL");
    }
    for name in &alike {
        get.text(" AND ").name(name).text(" IS NOT NULL");
    }
    Ok(get)
}

async fn fetch(get: Statement, connection: &mut PgConnection) -> Result<Vec<Compared>> {
    let rows = get.fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(Compared {
                id: row.try_get(0).map_err(db::fault)?,
                same: row.try_get(1).map_err(db::fault)?,
                alike: row.try_get(2).map_err(db::fault)?,
            })
        })
        .collect()
}

/// The next records of a day that have everything that a way compares.
pub(crate) async fn batch(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    way: &Duplicate,
    day: NaiveDate,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Compared>> {
    let mut get = begin(definition, way, day)?;
    if let Some(after) = after {
        get.text(" AND id > ").value(after);
    }
    get.text(" ORDER BY id LIMIT ").value(limit);
    fetch(get, connection).await
}

/// What is compared of these records.
pub(crate) async fn compared(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    way: &Duplicate,
    day: NaiveDate,
    ids: &[Uuid],
) -> Result<Vec<Compared>> {
    let mut get = begin(definition, way, day)?;
    get.text(" AND id = ANY (").value(ids.to_vec()).text(")");
    fetch(get, connection).await
}

/// Records of a day that may be the same thing as one with these values, on one way: all equal values are equal, and of the first text all
/// words but one are there.
pub(crate) async fn candidates(
    connection: &mut PgConnection,
    vault: &Vault,
    definition: &RecordDefinition,
    way: &Duplicate,
    values: &crate::model::Values,
    day: NaiveDate,
    limit: i64,
) -> Result<Vec<Uuid>> {
    let mut get = Statement::new("SELECT id FROM records.");
    get.name(&table::now(definition)?);
    on_day(&mut get, day);
    for name in &way.same {
        let own = field(definition, name)?;
        let Some(value) = values.get(name).filter(|value| !value.is_null()) else {
            return Ok(Vec::new());
        };
        for column in columns_of(definition, own)? {
            match column.part {
                Part::Tag => {
                    let hashes = record::tags(vault, &definition.record, name, value)?;
                    get.text(" AND ")
                        .name(&column.name)
                        .text(" = ANY (")
                        .value(hashes)
                        .text(")");
                }
                Part::Value | Part::Until => {
                    get.text(" AND ")
                        .name(&column.name)
                        // The last day of a period may be open; whatever else is compared is there, and found by its index.
                        .text(if column.part == Part::Until {
                            " IS NOT DISTINCT FROM "
                        } else {
                            " = "
                        })
                        .value(to_text(own, column.part, value))
                        .text("::text::")
                        .text(column.sql);
                }
                Part::Sort => {}
            }
        }
    }
    if let Some(name) = way.alike.first() {
        let text = Folded::new(values.get(name).and_then(Value::as_str).unwrap_or_default());
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let ways = text.leaving_one_out();
        // A text of one word with a slip has no word in common: it is found among equal values, or not.
        if way.same.is_empty() || ways.len() > 1 {
            // Folded words hold letters and digits only: nothing in them needs to be escaped.
            let each = ways.iter().map(|words| {
                let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
                format!("({})", quoted.join(" & "))
            });
            let asked = each.collect::<Vec<_>>().join(" | ");
            get.text(" AND words @@ ").value(asked).text("::text::tsquery");
        }
    }
    get.text(" ORDER BY id DESC LIMIT ").value(limit);
    let rows = get.fetch_all(connection).await?;
    rows.iter().map(|row| row.try_get(0).map_err(db::fault)).collect()
}

/// A pair that a run has found.
pub(crate) struct Found {
    pub one: Uuid,
    pub other: Uuid,
    pub score: u8,
    pub why: Vec<Hint>,
}

/// Keeps pairs; what was said of one before stays said.
pub(crate) async fn keep(
    connection: &mut PgConnection,
    _: &Permit,
    register: &str,
    run: Uuid,
    at: DateTime<Utc>,
    pairs: &[Found],
) -> Result<()> {
    let why: Vec<Value> = pairs
        .iter()
        .map(|pair| serde_json::to_value(&pair.why).unwrap_or_default())
        .collect();
    sqlx::query(
        "INSERT INTO registry.twin (register, one, other, score, why, found_by, found_at, state)
         SELECT $1, new.one, new.other, new.score, new.why, $2, $3, 'open'
         FROM unnest($4::uuid[], $5::uuid[], $6::smallint[], $7::jsonb[]) AS new (one, other, score, why)
         ON CONFLICT (register, one, other) DO UPDATE
             SET score = CASE WHEN twin.found_by = excluded.found_by THEN greatest(twin.score, excluded.score) ELSE excluded.score END,
                 why = CASE WHEN twin.found_by = excluded.found_by AND twin.score >= excluded.score THEN twin.why ELSE excluded.why END,
                 found_by = excluded.found_by",
    )
    .bind(register)
    .bind(run)
    .bind(at)
    .bind(pairs.iter().map(|pair| pair.one).collect::<Vec<_>>())
    .bind(pairs.iter().map(|pair| pair.other).collect::<Vec<_>>())
    .bind(pairs.iter().map(|pair| i16::from(pair.score)).collect::<Vec<_>>())
    .bind(why)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Takes open pairs away that a run has not found again; how many records are in those that stay.
pub(crate) async fn settle(connection: &mut PgConnection, _: &Permit, register: &str, run: Uuid) -> Result<u64> {
    sqlx::query("DELETE FROM registry.twin WHERE register = $1 AND state = 'open' AND found_by <> $2")
        .bind(register)
        .bind(run)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    let count: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (
             SELECT one FROM registry.twin WHERE register = $1 AND state = 'open'
             UNION
             SELECT other FROM registry.twin WHERE register = $1 AND state = 'open') AS record",
    )
    .bind(register)
    .fetch_one(connection)
    .await
    .map_err(db::fault)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

#[derive(sqlx::FromRow)]
struct TwinRow {
    one: Uuid,
    other: Uuid,
    score: i16,
    why: Json<Vec<Hint>>,
    found_at: DateTime<Utc>,
    state: String,
    decided_by: Option<Uuid>,
    decided_name: String,
    decided_at: Option<DateTime<Utc>>,
    note: String,
}

impl From<TwinRow> for Twin {
    fn from(row: TwinRow) -> Self {
        Self {
            one: row.one,
            other: row.other,
            score: u8::try_from(row.score).unwrap_or(0),
            why: row.why.0,
            found_at: row.found_at,
            state: match row.state.as_str() {
                "different" => TwinState::Different,
                _ => TwinState::Open,
            },
            decided_by: row.decided_by.map(PersonId::from),
            decided_name: row.decided_name,
            decided_at: row.decided_at,
            note: row.note,
        }
    }
}

/// Where a page of pairs begins.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct After {
    pub score: i16,
    pub one: Uuid,
    pub other: Uuid,
}

/// Pairs of a register in a state, the likeliest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    register: &str,
    state: TwinState,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Twin>> {
    let rows: Vec<TwinRow> = sqlx::query_as(
        "SELECT one, other, score, why, found_at, state, decided_by, decided_name, decided_at, note
         FROM registry.twin
         WHERE register = $1 AND state = $2
           AND ($3::smallint IS NULL OR score < $3 OR (score = $3 AND (one, other) > ($4, $5)))
         ORDER BY score DESC, one, other
         LIMIT $6",
    )
    .bind(register)
    .bind(state.as_str())
    .bind(after.as_ref().map(|after| after.score))
    .bind(after.as_ref().map(|after| after.one))
    .bind(after.as_ref().map(|after| after.other))
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows.into_iter().map(Twin::from).collect())
}

/// One pair.
pub(crate) async fn get(
    connection: &mut PgConnection,
    register: &str,
    (one, other): (Uuid, Uuid),
) -> Result<Option<Twin>> {
    let row: Option<TwinRow> = sqlx::query_as(
        "SELECT one, other, score, why, found_at, state, decided_by, decided_name, decided_at, note
         FROM registry.twin WHERE register = $1 AND one = $2 AND other = $3",
    )
    .bind(register)
    .bind(one)
    .bind(other)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    Ok(row.map(Twin::from))
}

/// Which of these records were said to be something else than one record.
pub(crate) async fn different_from(connection: &mut PgConnection, register: &str, record: Uuid) -> Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "SELECT CASE WHEN one = $2 THEN other ELSE one END
         FROM registry.twin WHERE register = $1 AND state = 'different' AND (one = $2 OR other = $2)",
    )
    .bind(register)
    .bind(record)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// What is said of a pair.
pub(crate) struct Said<'a> {
    pub state: TwinState,
    pub by: Option<PersonId>,
    pub name: &'a str,
    pub at: DateTime<Utc>,
    pub note: &'a str,
}

/// Says of a pair that it is none, or takes that back; a pair that no run has found is remembered just so.
pub(crate) async fn say(
    connection: &mut PgConnection,
    _: &Permit,
    register: &str,
    (one, other): (Uuid, Uuid),
    said: &Said<'_>,
) -> Result<()> {
    let decided = said.state == TwinState::Different;
    sqlx::query(
        "INSERT INTO registry.twin
             (register, one, other, score, why, found_by, found_at, state, decided_by, decided_name, decided_at, note)
         VALUES ($1, $2, $3, 0, '[]', $2, $7, $4, $5, $6, $8, $9)
         ON CONFLICT (register, one, other) DO UPDATE
             SET state = excluded.state, decided_by = excluded.decided_by, decided_name = excluded.decided_name,
                 decided_at = excluded.decided_at, note = excluded.note",
    )
    .bind(register)
    .bind(one)
    .bind(other)
    .bind(said.state.as_str())
    .bind(said.by.filter(|_| decided).map(PersonId::uuid))
    .bind(if decided { said.name } else { "" })
    .bind(said.at)
    .bind(decided.then_some(said.at))
    .bind(if decided { said.note } else { "" })
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Takes away every pair of a record that is no more.
pub(crate) async fn drop_of(connection: &mut PgConnection, _: &Permit, register: &str, record: Uuid) -> Result<()> {
    sqlx::query("DELETE FROM registry.twin WHERE register = $1 AND (one = $2 OR other = $2)")
        .bind(register)
        .bind(record)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}
