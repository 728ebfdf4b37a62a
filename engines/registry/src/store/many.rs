//! Many rows at once: looked up by key in one read, written as one block.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use db::{Name, Statement};
use kernel::{PersonId, Result};
use op::Permit;
use serde_json::Value;
use sqlx::{PgConnection, Row};
use uuid::Uuid;
use vault::Vault;

use super::record::{self, NewRow};
use super::table;
use crate::definition::{FieldDefinition, RecordDefinition};
use crate::error;
use crate::model::Values;
use crate::model::column::{ColumnOf, Part, columns_of};
use crate::model::plan::columns;

/// Rows to be written at once, column by column.
pub(crate) struct Block {
    columns: Vec<(String, ColumnOf)>,
    ids: Vec<Uuid>,
    from: Vec<NaiveDate>,
    to: Vec<Option<NaiveDate>>,
    version: Vec<i64>,
    at: Vec<DateTime<Utc>>,
    by: Vec<Option<Uuid>>,
    sealed: Vec<Option<Vec<u8>>>,
    words: Vec<String>,
    texts: Vec<Vec<Option<String>>>,
    tags: Vec<Vec<Option<Vec<u8>>>>,
}

impl Block {
    pub(crate) fn new(definition: &RecordDefinition) -> Result<Self> {
        let columns = columns(definition)?;
        Ok(Self {
            ids: Vec::new(),
            from: Vec::new(),
            to: Vec::new(),
            version: Vec::new(),
            at: Vec::new(),
            by: Vec::new(),
            sealed: Vec::new(),
            words: Vec::new(),
            texts: vec![Vec::new(); columns.len()],
            tags: vec![Vec::new(); columns.len()],
            columns,
        })
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, vault: &Vault, row: &NewRow<'_>, values: &Values) -> Result<()> {
        let cells = record::lay_out(vault, row, &self.columns, values)?;
        self.ids.push(row.id);
        self.from.push(row.from);
        self.to.push(row.to);
        self.version.push(row.version);
        self.at.push(row.at);
        self.by.push(row.by.map(PersonId::uuid));
        self.sealed.push(cells.sealed);
        self.words.push(cells.words);
        for (place, (text, tag)) in cells.texts.into_iter().zip(cells.tags).enumerate() {
            match self.columns[place].1.part {
                Part::Tag => self.tags[place].push(tag),
                _ => self.texts[place].push(text),
            }
        }
        Ok(())
    }
}

/// Writes a block of new rows in one statement. Not by `COPY`, which would be some faster: whoever is cut off in the midst of it leaves a
/// connection that waits for the rest.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    definition: &RecordDefinition,
    block: Block,
) -> Result<()> {
    let mut statement = Statement::new("INSERT INTO records.");
    statement
        .name(&table::now(definition)?)
        .text(" (id, valid_from, valid_to, version, recorded_at, recorded_by, sealed, words");
    for (_, column) in &block.columns {
        statement.text(", ").name(&column.name);
    }
    statement
        .text(") SELECT id, valid_from, valid_to, version, recorded_at, recorded_by, sealed, words::text::tsvector");
    let names: Vec<Name> = (0..block.columns.len())
        .map(|place| Name::new(format!("c{place}")))
        .collect::<Result<_>>()?;
    for ((_, column), name) in block.columns.iter().zip(&names) {
        statement.text(", ").name(name);
        if column.part != Part::Tag {
            statement.text("::").text(column.sql);
        }
    }
    statement.text(" FROM unnest(").value(block.ids).text("::uuid[], ");
    statement.value(block.from).text("::date[], ").value(block.to);
    statement.text("::date[], ").value(block.version).text("::bigint[], ");
    statement.value(block.at).text("::timestamptz[], ").value(block.by);
    statement.text("::uuid[], ").value(block.sealed).text("::bytea[], ");
    statement.value(block.words).text("::text[]");
    for (((_, column), texts), tags) in block.columns.iter().zip(block.texts).zip(block.tags) {
        statement.text(", ");
        match column.part {
            Part::Tag => statement.value(tags).text("::bytea[]"),
            _ => statement.value(texts).text("::text[]"),
        };
    }
    statement.text(") AS new (id, valid_from, valid_to, version, recorded_at, recorded_by, sealed, words");
    for name in &names {
        statement.text(", ").name(name);
    }
    statement.text(")");
    statement
        .run(connection)
        .await?
        .map(drop)
        .map_err(|error| record::taken(definition, error))
}

/// The column and type by which a field is compared whole.
fn compared(definition: &RecordDefinition, field: &FieldDefinition) -> Result<ColumnOf> {
    let wanted = if field.is_sealed() { Part::Tag } else { Part::Value };
    columns_of(definition, field)?
        .into_iter()
        .find(|column| column.part == wanted)
        .ok_or_else(|| error::broken_row("column"))
}

/// The records that have these keys: until further notice, or from a day on.
pub(crate) async fn by_keys(
    connection: &mut PgConnection,
    vault: &Vault,
    definition: &RecordDefinition,
    keys: &[&[String]],
    from: Option<NaiveDate>,
) -> Result<HashMap<Vec<String>, Uuid>> {
    let mut found = HashMap::new();
    if keys.is_empty() {
        return Ok(found);
    }
    let mut wanted = Statement::new("SELECT wanted.place, own.id FROM unnest(");
    // A row for each key, or for each hash of a key where something of it is sealed: every key of the vault may have made it.
    let mut places: Vec<i32> = Vec::new();
    let mut plain: Vec<Vec<String>> = vec![Vec::new(); definition.key.len()];
    let mut tags: Vec<Vec<Vec<u8>>> = vec![Vec::new(); definition.key.len()];
    let fields: Vec<&FieldDefinition> = definition
        .key
        .iter()
        .map(|key| definition.field(key).ok_or_else(|| error::broken_row("key")))
        .collect::<Result<_>>()?;
    let numbers = match fields.iter().any(|field| field.is_sealed()) {
        true => vault.numbers()?.len().max(1),
        false => 1,
    };
    for (place, key) in keys.iter().enumerate() {
        for number in 0..numbers {
            places.push(i32::try_from(place).map_err(|_| error::broken_row("place"))?);
            for (part, (field, value)) in fields.iter().zip(key.iter()).enumerate() {
                if field.is_sealed() {
                    let all = record::tags(vault, &definition.record, &field.field, &Value::from(value.as_str()))?;
                    tags[part].push(all.into_iter().nth(number).unwrap_or_default());
                } else {
                    plain[part].push(value.clone());
                }
            }
        }
    }
    wanted.value(places).text("::int[]");
    for (part, field) in fields.iter().enumerate() {
        wanted.text(", ");
        match field.is_sealed() {
            true => wanted.value(std::mem::take(&mut tags[part])).text("::bytea[]"),
            false => wanted.value(std::mem::take(&mut plain[part])).text("::text[]"),
        };
    }
    wanted.text(") AS wanted (place");
    for field in &fields {
        wanted.text(", ").name(&Name::new(field.field.clone())?);
    }
    wanted
        .text(") JOIN records.")
        .name(&table::now(definition)?)
        .text(" AS own ON true");
    for field in &fields {
        let column = compared(definition, field)?;
        wanted
            .text(" AND own.")
            .name(&column.name)
            .text(" = wanted.")
            .name(&Name::new(field.field.clone())?);
        if column.part == Part::Value {
            wanted.text("::").text(column.sql);
        }
    }
    match from {
        None => wanted.text(" WHERE own.valid_to IS NULL"),
        Some(day) => wanted.text(" WHERE own.valid_from = ").value(day),
    };
    for row in wanted.fetch_all(connection).await? {
        let place: i32 = row.try_get(0).map_err(db::fault)?;
        let key = usize::try_from(place).ok().and_then(|place| keys.get(place));
        if let Some(key) = key {
            found.insert(key.to_vec(), row.try_get(1).map_err(db::fault)?);
        }
    }
    Ok(found)
}

/// Which records have these values of a field, of those that go on.
pub(crate) async fn owners(
    connection: &mut PgConnection,
    vault: &Vault,
    definition: &RecordDefinition,
    field: &FieldDefinition,
    values: &[&Value],
) -> Result<HashMap<String, Uuid>> {
    let mut owners = HashMap::new();
    if values.is_empty() {
        return Ok(owners);
    }
    let column = compared(definition, field)?;
    let mut by_hash: HashMap<Vec<u8>, String> = HashMap::new();
    let mut get = Statement::new("SELECT own.");
    get.name(&column.name);
    if column.part == Part::Value {
        get.text("::text");
    }
    get.text(", own.id FROM records.")
        .name(&table::now(definition)?)
        .text(" AS own WHERE own.valid_to IS NULL AND own.")
        .name(&column.name)
        .text(" = ANY (");
    if column.part == Part::Tag {
        for value in values {
            for hash in record::tags(vault, &definition.record, &field.field, value)? {
                by_hash.insert(hash, record::whole(value));
            }
        }
        get.value(by_hash.keys().cloned().collect::<Vec<_>>()).text(")");
    } else {
        let texts: Vec<String> = values.iter().map(|value| record::whole(value)).collect();
        get.value(texts).text("::text[]::").text(column.sql).text("[])");
    }
    for row in get.fetch_all(connection).await? {
        let id: Uuid = row.try_get(1).map_err(db::fault)?;
        if column.part == Part::Tag {
            let hash: Vec<u8> = row.try_get(0).map_err(db::fault)?;
            owners.extend(by_hash.get(&hash).map(|value| (value.clone(), id)));
        } else {
            owners.insert(row.try_get(0).map_err(db::fault)?, id);
        }
    }
    Ok(owners)
}
