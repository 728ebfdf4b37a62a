//! Records: what is known now of each period of validity, and what was known before.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use db::{Name, Statement};
use kernel::{PersonId, Result};
use op::Permit;
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;
use vault::{Sealed, Vault};

use super::table;
use crate::definition::{FieldDefinition, Kind, RecordDefinition};
use crate::error;
use crate::model::column::{Part, from_text, to_text};
use crate::model::plan::{FieldColumn, IndexSort, columns, indexes};
use crate::model::{Past, Record, Values, reading};
use crate::published::Within;

/// What a record holds of people.
pub(crate) const RECORD: Sealed = Sealed("registry.record");
/// The purpose of keyed hashes.
const TAG: &str = "registry.tag";

/// How a row is named in what is sealed there.
pub(crate) fn row_name(register: &str, record: Uuid, from: NaiveDate) -> String {
    format!("{register}/{record}/{from}")
}

/// What a keyed hash is about: the same number in two registers has two hashes.
fn tag_about(register: &str, field: &str) -> String {
    format!("{register}.{field}")
}

/// The keyed hashes of a value under every key.
pub(crate) fn tags(vault: &Vault, register: &str, field: &str, value: &Value) -> Result<Vec<Vec<u8>>> {
    vault.tags(TAG, &tag_about(register, field), whole(value).as_bytes())
}

/// The keyed hash of a value under the key that has sealed its row.
pub(crate) fn tag(vault: &Vault, key: u32, register: &str, field: &str, value: &Value) -> Result<Vec<u8>> {
    vault.tag_under(key, TAG, &tag_about(register, field), whole(value).as_bytes())
}

/// What is compared of a value: its text, as PostgreSQL shows it.
pub(crate) fn whole(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A row to be written, as PostgreSQL reads it.
pub(crate) struct NewRow<'d> {
    pub definition: &'d RecordDefinition,
    pub id: Uuid,
    pub from: NaiveDate,
    pub to: Option<NaiveDate>,
    pub version: i64,
    pub at: DateTime<Utc>,
    pub by: Option<PersonId>,
}

/// The cells of the fields in the order of [`columns`], and what is sealed.
pub(crate) struct Cells {
    pub texts: Vec<Option<String>>,
    pub tags: Vec<Option<Vec<u8>>>,
    pub sealed: Option<Vec<u8>>,
    pub words: String,
}

/// Lays values out by column. A text cell and a tag cell stand side by side; of each pair one is empty.
pub(crate) fn lay_out(vault: &Vault, row: &NewRow<'_>, columns: &[FieldColumn<'_>], values: &Values) -> Result<Cells> {
    let definition = row.definition;
    let secret = reading::secret(definition, values);
    let sealed = match secret.is_empty() {
        true => None,
        false => Some(RECORD.seal(vault, &row_name(&definition.record, row.id, row.from), &secret)?),
    };
    let key = sealed.as_deref().map(vault::key_of).transpose()?;
    let mut cells = Cells {
        texts: Vec::with_capacity(columns.len()),
        tags: Vec::with_capacity(columns.len()),
        sealed: None,
        words: words(definition, values),
    };
    for (field, column) in columns {
        let value = values.get(&field.field).unwrap_or(&Value::Null);
        match (column.part, key) {
            (Part::Tag, Some(key)) if !value.is_null() => {
                let tag = tag(vault, key, &definition.record, &field.field, value)?;
                cells.tags.push(Some(tag));
                cells.texts.push(None);
            }
            (Part::Tag, _) => {
                cells.tags.push(None);
                cells.texts.push(None);
            }
            (part, _) => {
                cells.tags.push(None);
                cells.texts.push(to_text(field, part, value));
            }
        }
    }
    cells.sealed = sealed;
    Ok(cells)
}

/// The words of full text as PostgreSQL reads them: letters and digits only, so nothing needs to be escaped.
pub(crate) fn words(definition: &RecordDefinition, values: &Values) -> String {
    let mut text = String::new();
    // PostgreSQL takes no longer ones.
    for word in reading::words(definition, values)
        .iter()
        .filter(|word| word.len() <= 500)
    {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push('\'');
        text.push_str(word);
        text.push('\'');
    }
    text
}

/// Writes one row of what is known now.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    vault: &Vault,
    row: &NewRow<'_>,
    values: &Values,
) -> Result<()> {
    let definition = row.definition;
    let all = columns(definition)?;
    let cells = lay_out(vault, row, &all, values)?;
    let mut put = Statement::new("INSERT INTO records.");
    put.name(&table::now(definition)?)
        .text(" (id, valid_from, valid_to, version, recorded_at, recorded_by, sealed, words");
    for (_, column) in &all {
        put.text(", ").name(&column.name);
    }
    put.text(") VALUES (")
        .value(row.id)
        .text(", ")
        .value(row.from)
        .text(", ")
        .value(row.to)
        .text(", ")
        .value(row.version)
        .text(", ")
        .value(row.at)
        .text(", ")
        .value(row.by.map(PersonId::uuid))
        .text(", ")
        .value(cells.sealed)
        .text(", ")
        .value(cells.words)
        .text("::text::tsvector");
    for (((_, column), text), tag) in all.iter().zip(cells.texts).zip(cells.tags) {
        put.text(", ");
        match column.part {
            Part::Tag => put.value(tag),
            _ => put.value(text).text("::text::").text(column.sql),
        };
    }
    put.text(")");
    put.run(connection)
        .await?
        .map(drop)
        .map_err(|error| taken(definition, error))
}

/// Which field another record has already, by the index that was broken.
pub(crate) fn taken(definition: &RecordDefinition, error: sqlx::Error) -> kernel::Fault {
    let broken = db::violated(&error).map(str::to_owned);
    let index = broken.and_then(|name| {
        let all = indexes(definition).ok()?;
        all.into_iter()
            .find(|index| index.sort == IndexSort::Unique && index.name.as_str() == name)
    });
    match index.and_then(|index| index.fields.into_iter().next()) {
        Some(field) => error::duplicate_key(&field),
        None => db::fault(error),
    }
}

/// What is selected of a row: what every row has, then each plain field as text.
pub(crate) fn select(definition: &RecordDefinition, fields: &[&FieldDefinition]) -> Result<Statement> {
    let mut get = Statement::new("SELECT id, version, valid_from, valid_to, recorded_at, recorded_by, sealed");
    let _ = definition;
    for field in fields {
        let name = Name::new(field.field.clone())?;
        match &field.kind {
            Kind::Moment => {
                get.text(", to_char(")
                    .name(&name)
                    .text(" AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY-MM-DD\"T\"HH24:MI:SS\"+07:00\"')");
            }
            Kind::Period => {
                get.text(", ")
                    .name(&name)
                    .text("::text, ")
                    .name(&name.with("__to")?)
                    .text("::text");
            }
            Kind::Plain(schema::field::FieldKind::Choices { .. }) | Kind::File { .. } => {
                get.text(", to_jsonb(").name(&name).text(")::text");
            }
            _ => {
                get.text(", ").name(&name).text("::text");
            }
        }
    }
    Ok(get)
}

/// The columns before the fields.
const FIRST: usize = 7;

/// A row as it was selected, with what is sealed where a vault is given.
pub(crate) fn record(
    definition: &RecordDefinition,
    fields: &[&FieldDefinition],
    row: &PgRow,
    vault: Option<&Vault>,
) -> Result<Record> {
    let mut values = Values::new();
    let mut place = FIRST;
    for field in fields {
        let text: Option<String> = row.try_get(place).map_err(db::fault)?;
        place += 1;
        let until: Option<String> = match field.kind {
            Kind::Period => {
                place += 1;
                row.try_get(place - 1).map_err(db::fault)?
            }
            _ => None,
        };
        if let Some(text) = text {
            values.insert(field.field.clone(), from_text(field, &text, until.as_deref()));
        }
    }
    let id: Uuid = row.try_get(0).map_err(db::fault)?;
    let valid_from: NaiveDate = row.try_get(2).map_err(db::fault)?;
    let sealed: Option<Vec<u8>> = row.try_get(6).map_err(db::fault)?;
    if let (Some(vault), Some(sealed)) = (vault, sealed) {
        let secret: Values = RECORD.open(vault, &row_name(&definition.record, id, valid_from), &sealed)?;
        values.extend(secret);
    }
    Ok(Record {
        id,
        version: row.try_get(1).map_err(db::fault)?,
        valid_from,
        valid_to: row.try_get(3).map_err(db::fault)?,
        recorded_at: row.try_get(4).map_err(db::fault)?,
        recorded_by: row
            .try_get::<Option<Uuid>, _>(5)
            .map_err(db::fault)?
            .map(PersonId::from),
        values,
    })
}

/// All plain fields.
pub(crate) fn plain(definition: &RecordDefinition) -> Vec<&FieldDefinition> {
    definition.plain().collect()
}

/// What is known now of a record: its periods in the order of days. `lock` keeps others from changing it until the operation ends.
pub(crate) async fn periods(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    id: Uuid,
    vault: Option<&Vault>,
    lock: bool,
) -> Result<Vec<Record>> {
    if lock {
        // The record, not its rows: whoever waits finds other rows in their place.
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('registry.record:' || $1 || $2::text, 0))")
            .bind(&definition.record)
            .bind(id)
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
    }
    let fields = plain(definition);
    let mut get = select(definition, &fields)?;
    get.text(" FROM records.")
        .name(&table::now(definition)?)
        .text(" WHERE id = ")
        .value(id)
        .text(" ORDER BY valid_from");
    let rows = get.fetch_all(connection).await?;
    rows.iter().map(|row| record(definition, &fields, row, vault)).collect()
}

/// What is known now of many records at once, each with its periods in the order of days.
pub(crate) async fn periods_of(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    ids: &[Uuid],
    vault: &Vault,
) -> Result<HashMap<Uuid, Vec<Record>>> {
    let mut found: HashMap<Uuid, Vec<Record>> = HashMap::new();
    if ids.is_empty() {
        return Ok(found);
    }
    let fields = plain(definition);
    let mut get = select(definition, &fields)?;
    get.text(" FROM records.")
        .name(&table::now(definition)?)
        .text(" WHERE id = ANY (")
        .value(ids.to_vec())
        .text(") ORDER BY id, valid_from");
    for row in get.fetch_all(connection).await? {
        let own = record(definition, &fields, &row, Some(vault))?;
        found.entry(own.id).or_default().push(own);
    }
    Ok(found)
}

/// Keeps others from changing these records until the operation ends, in the order of their identifiers.
pub(crate) async fn lock_many(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    ids: &[Uuid],
) -> Result<()> {
    sqlx::query(
        "SELECT pg_advisory_xact_lock(hashtextextended('registry.record:' || $1 || own.id::text, 0))
         FROM (SELECT id FROM unnest($2::uuid[]) AS wanted (id) ORDER BY id) AS own",
    )
    .bind(&definition.record)
    .bind(ids.to_vec())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Takes rows out of what is known now, and keeps them as what was known before.
pub(crate) async fn supersede(
    connection: &mut PgConnection,
    _: &Permit,
    definition: &RecordDefinition,
    id: Uuid,
    from: &[NaiveDate],
    (at, by, why): (DateTime<Utc>, Option<PersonId>, &str),
) -> Result<()> {
    if from.is_empty() {
        return Ok(());
    }
    // Keyed hashes find what is known now: they do not go along.
    let all = columns(definition)?;
    let kept = all.iter().filter(|(_, column)| column.part != Part::Tag);
    let names: Vec<&Name> = kept.map(|(_, column)| &column.name).collect();
    let mut moved = Statement::new("WITH gone AS (DELETE FROM records.");
    moved
        .name(&table::now(definition)?)
        .text(" WHERE id = ")
        .value(id)
        .text(" AND valid_from = ANY (")
        .value(from.to_vec())
        .text(") RETURNING *) INSERT INTO records.")
        .name(&table::was(definition)?)
        .text(" (id, valid_from, valid_to, version, recorded_at, recorded_by, sealed, words, replaced_at, replaced_by, replaced_why");
    for name in &names {
        moved.text(", ").name(name);
    }
    moved
        .text(") SELECT id, valid_from, valid_to, version, recorded_at, recorded_by, sealed, words, ")
        .value(at)
        .text(", ")
        .value(by.map(PersonId::uuid))
        .text(", ")
        .value(why.to_owned());
    for name in &names {
        moved.text(", ").name(name);
    }
    moved.text(" FROM gone");
    moved.execute(connection).await.map(drop)
}

/// What was known before, the newest first.
pub(crate) async fn past(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    id: Uuid,
    vault: Option<&Vault>,
    limit: i64,
) -> Result<Vec<Past>> {
    let fields = plain(definition);
    let mut get = select(definition, &fields)?;
    get.text(", replaced_at, replaced_by, replaced_why FROM records.")
        .name(&table::was(definition)?)
        .text(" WHERE id = ")
        .value(id)
        .text(" ORDER BY replaced_at DESC, version DESC, valid_from DESC LIMIT ")
        .value(limit);
    let rows = get.fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(Past {
                record: record(definition, &fields, row, vault)?,
                replaced_at: Some(row.try_get("replaced_at").map_err(db::fault)?),
                replaced_by: row
                    .try_get::<Option<Uuid>, _>("replaced_by")
                    .map_err(db::fault)?
                    .map(PersonId::from),
                reason: row.try_get("replaced_why").map_err(db::fault)?,
            })
        })
        .collect()
}

/// What was held true at a moment of a record on a day.
pub(crate) async fn as_known(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    id: Uuid,
    (day, at): (NaiveDate, DateTime<Utc>),
    vault: Option<&Vault>,
) -> Result<Option<Record>> {
    let fields = plain(definition);
    for was in [false, true] {
        let mut get = select(definition, &fields)?;
        get.text(" FROM records.").name(&match was {
            false => table::now(definition)?,
            true => table::was(definition)?,
        });
        get.text(" WHERE id = ")
            .value(id)
            .text(" AND valid_from <= ")
            .value(day)
            .text(" AND (valid_to IS NULL OR valid_to >= ")
            .value(day)
            .text(") AND recorded_at <= ")
            .value(at);
        if was {
            get.text(" AND replaced_at > ").value(at);
        }
        get.text(" ORDER BY recorded_at DESC LIMIT 1");
        if let Some(row) = get.fetch_optional(connection).await? {
            return record(definition, &fields, &row, vault).map(Some);
        }
    }
    Ok(None)
}

/// Which of these identifiers are records that have not ended before a day.
pub(crate) async fn there(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    ids: &[Uuid],
    day: NaiveDate,
) -> Result<Vec<Uuid>> {
    let mut get = Statement::new("SELECT DISTINCT id FROM records.");
    get.name(&table::now(definition)?)
        .text(" WHERE id = ANY (")
        .value(ids.to_vec())
        .text(") AND (valid_to IS NULL OR valid_to >= ")
        .value(day)
        .text(")");
    let rows = get.fetch_all(connection).await?;
    rows.iter().map(|row| row.try_get(0).map_err(db::fault)).collect()
}

/// The next records of a stretch that were new at a moment, in the order of their identifiers, the first after one.
pub(crate) async fn stretch(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    (after, last): (Option<Uuid>, Uuid),
    (first, at): (Uuid, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Uuid>> {
    let mut get = Statement::new("");
    for (table, before) in [(table::now(definition)?, "("), (table::was(definition)?, " UNION (")] {
        get.text(before)
            .text("SELECT id FROM records.")
            .name(&table)
            .text(" WHERE id >= ")
            .value(after.unwrap_or(first))
            .text(" AND id <= ")
            .value(last)
            .text(" AND version = 1 AND recorded_at = ")
            .value(at);
        if let Some(after) = after {
            get.text(" AND id <> ").value(after);
        }
        get.text(" ORDER BY id LIMIT ").value(limit).text(")");
    }
    get.text(" ORDER BY id LIMIT ").value(limit);
    let rows = get.fetch_all(connection).await?;
    rows.iter().map(|row| row.try_get(0).map_err(db::fault)).collect()
}

/// What records are called, by their identifiers, of those that lie where they may be read.
pub(crate) async fn titles(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    ids: &[Uuid],
    within: Option<&Within>,
) -> Result<BTreeMap<Uuid, String>> {
    let mut get = Statement::new("SELECT DISTINCT ON (id) id, ");
    get.name(&Name::new(definition.title.clone())?)
        .text("::text FROM records.")
        .name(&table::now(definition)?)
        .text(" WHERE id = ANY (")
        .value(ids.to_vec())
        .text(")");
    if let Some((place, wards)) = within {
        get.text(" AND ")
            .name(place)
            .text(" = ANY (")
            .value(wards.clone())
            .text(")");
    }
    get.text(" ORDER BY id, valid_from DESC");
    let rows = get.fetch_all(connection).await?;
    let mut titles = BTreeMap::new();
    for row in rows {
        let title: Option<String> = row.try_get(1).map_err(db::fault)?;
        titles.insert(row.try_get(0).map_err(db::fault)?, title.unwrap_or_default());
    }
    Ok(titles)
}

/// The codes of a catalogue on a day, with their names.
pub(crate) async fn codes(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    day: NaiveDate,
) -> Result<Vec<(String, String)>> {
    let mut get = Statement::new("SELECT code, name FROM records.");
    get.name(&table::now(definition)?)
        .text(" WHERE valid_from <= ")
        .value(day)
        .text(" AND (valid_to IS NULL OR valid_to >= ")
        .value(day)
        .text(") ORDER BY code");
    let rows = get.fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0).map_err(db::fault)?, row.try_get(1).map_err(db::fault)?)))
        .collect()
}

/// Rows computed anew at a time.
const BATCH: i64 = 1_000;

/// The next rows of what is known now, with what is sealed of them.
pub(crate) async fn batch(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    after: Option<(Uuid, NaiveDate)>,
    vault: &Vault,
) -> Result<Vec<Record>> {
    let fields = plain(definition);
    let mut get = select(definition, &fields)?;
    get.text(" FROM records.").name(&table::now(definition)?);
    if let Some((id, from)) = after {
        get.text(" WHERE (id, valid_from) > (")
            .value(id)
            .text(", ")
            .value(from)
            .text(")");
    }
    get.text(" ORDER BY id, valid_from LIMIT ").value(BATCH);
    let rows = get.fetch_all(connection).await?;
    rows.iter()
        .map(|row| record(definition, &fields, row, Some(vault)))
        .collect()
}

/// Writes what follows from the values of a row that stays as it is.
pub(crate) async fn rewrite(
    connection: &mut PgConnection,
    _: &Permit,
    vault: &Vault,
    definition: &RecordDefinition,
    record: &Record,
    values: &Values,
) -> Result<()> {
    let row = NewRow {
        definition,
        id: record.id,
        from: record.valid_from,
        to: record.valid_to,
        version: record.version,
        at: record.recorded_at,
        by: record.recorded_by,
    };
    let all = columns(definition)?;
    let cells = lay_out(vault, &row, &all, values)?;
    let mut put = Statement::new("UPDATE records.");
    put.name(&table::now(definition)?)
        .text(" SET sealed = ")
        .value(cells.sealed)
        .text(", words = ")
        .value(cells.words)
        .text("::text::tsvector");
    for (((_, column), text), tag) in all.iter().zip(cells.texts).zip(cells.tags) {
        put.text(", ").name(&column.name).text(" = ");
        match column.part {
            Part::Tag => put.value(tag),
            _ => put.value(text).text("::text::").text(column.sql),
        };
    }
    put.text(" WHERE id = ")
        .value(record.id)
        .text(" AND valid_from = ")
        .value(record.valid_from)
        .text(" AND version = ")
        .value(record.version);
    put.execute(connection).await.map(drop)
}

/// Records of which everything has ended before a day, and was recorded before it: an end that somebody writes far back takes nothing away at once.
pub(crate) async fn ended_before(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    day: NaiveDate,
    limit: i64,
) -> Result<Vec<Uuid>> {
    let table = table::now(definition)?;
    let mut get = Statement::new("SELECT DISTINCT own.id FROM records.");
    get.name(&table)
        .text(" AS own WHERE own.valid_to < ")
        .value(day)
        .text(" AND NOT EXISTS (SELECT FROM records.")
        .name(&table)
        .text(" AS later WHERE later.id = own.id AND (later.valid_to IS NULL OR later.valid_to >= ")
        .value(day)
        .text(" OR later.recorded_at >= ")
        .value(day)
        .text(")) ORDER BY own.id LIMIT ")
        .value(limit);
    let rows = get.fetch_all(connection).await?;
    rows.iter().map(|row| row.try_get(0).map_err(db::fault)).collect()
}

/// Takes records away, with what was known of them before.
pub(crate) async fn remove(
    connection: &mut PgConnection,
    _: &Permit,
    definition: &RecordDefinition,
    ids: &[Uuid],
) -> Result<()> {
    for table in [table::now(definition)?, table::was(definition)?] {
        let mut gone = Statement::new("DELETE FROM records.");
        gone.name(&table)
            .text(" WHERE id = ANY (")
            .value(ids.to_vec())
            .text(")");
        gone.execute(&mut *connection).await?;
    }
    Ok(())
}
