//! What is sealed in tables of records, and how it is sealed anew.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use db::{Name, Statement};
use kernel::Result;
use op::Permit;
use sqlx::{PgConnection, Row};
use uuid::Uuid;
use vault::{KeyUse, Vault};

use super::record::{self, RECORD, row_name};
use super::table;
use crate::definition::RecordDefinition;
use crate::model::Values;
use crate::model::column::Part;
use crate::model::plan::columns;

/// One of the two tables of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    /// What is known now.
    Now,
    /// What was known before.
    Was,
}

impl Table {
    pub(crate) const ALL: [Self; 2] = [Self::Now, Self::Was];

    fn name(self, definition: &RecordDefinition) -> Result<Name> {
        match self {
            Self::Now => table::now(definition),
            Self::Was => table::was(definition),
        }
    }
}

/// Where a row lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlaceOf {
    pub id: Uuid,
    from: NaiveDate,
    version: i64,
    replaced_at: Option<DateTime<Utc>>,
}

/// A row that is to be sealed anew.
pub(crate) struct SealedRow {
    pub place: PlaceOf,
    sealed: Vec<u8>,
}

/// How much is sealed under each key.
pub(crate) async fn uses(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    table: Table,
) -> Result<Vec<KeyUse>> {
    let mut count = Statement::new("SELECT substring(sealed FROM 1 FOR 5), count(*) FROM records.");
    count
        .name(&table.name(definition)?)
        .text(" WHERE sealed IS NOT NULL GROUP BY 1");
    let mut heads = Vec::new();
    for row in count.fetch_all(connection).await? {
        heads.push((row.try_get(0).map_err(db::fault)?, row.try_get(1).map_err(db::fault)?));
    }
    RECORD.uses(heads)
}

/// One line a key.
pub(crate) fn summed(uses: Vec<KeyUse>) -> Vec<KeyUse> {
    let mut by_key: BTreeMap<u32, KeyUse> = BTreeMap::new();
    for used in uses {
        by_key
            .entry(used.key)
            .and_modify(|known| known.count += used.count)
            .or_insert(used);
    }
    by_key.into_values().collect()
}

/// Locks the next rows that are sealed with another key than the newest, passing over what others hold.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    table: Table,
    newest: u32,
    after: Option<&PlaceOf>,
    limit: i64,
) -> Result<Vec<SealedRow>> {
    let mut get = Statement::new("SELECT id, valid_from, version, sealed");
    if table == Table::Was {
        get.text(", replaced_at");
    }
    get.text(" FROM records.")
        .name(&table.name(definition)?)
        .text(" WHERE sealed IS NOT NULL AND substring(sealed FROM 2 FOR 4) <> ")
        .value(newest.to_be_bytes().to_vec());
    if let Some(after) = after {
        match table {
            Table::Now => get
                .text(" AND (id, valid_from) > (")
                .value(after.id)
                .text(", ")
                .value(after.from)
                .text(")"),
            Table::Was => get
                .text(" AND (id, valid_from, version, replaced_at) > (")
                .value(after.id)
                .text(", ")
                .value(after.from)
                .text(", ")
                .value(after.version)
                .text(", ")
                .value(after.replaced_at)
                .text(")"),
        };
    }
    get.text(match table {
        Table::Now => " ORDER BY id, valid_from LIMIT ",
        Table::Was => " ORDER BY id, valid_from, version, replaced_at LIMIT ",
    })
    .value(limit)
    .text(" FOR NO KEY UPDATE SKIP LOCKED");
    let rows = get.fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(SealedRow {
                place: PlaceOf {
                    id: row.try_get(0).map_err(db::fault)?,
                    from: row.try_get(1).map_err(db::fault)?,
                    version: row.try_get(2).map_err(db::fault)?,
                    replaced_at: match table {
                        Table::Now => None,
                        Table::Was => Some(row.try_get(4).map_err(db::fault)?),
                    },
                },
                sealed: row.try_get(3).map_err(db::fault)?,
            })
        })
        .collect()
}

/// What is sealed and its keyed hashes, under the newest key.
pub(crate) struct Anew {
    sealed: Vec<u8>,
    tags: Vec<(Name, Option<Vec<u8>>)>,
}

/// A row under the newest key; `None` where it is that already.
pub(crate) fn anew(vault: &Vault, definition: &RecordDefinition, row: &SealedRow) -> Result<Option<Anew>> {
    let name = row_name(&definition.record, row.place.id, row.place.from);
    let Some(sealed) = RECORD.reseal(vault, &name, &row.sealed)? else {
        return Ok(None);
    };
    let key = vault::key_of(&sealed)?;
    let values: Values = RECORD.open(vault, &name, &sealed)?;
    let mut tags = Vec::new();
    for (field, column) in columns(definition)? {
        if column.part == Part::Tag {
            let tag = values
                .get(&field.field)
                .map(|value| record::tag(vault, key, &definition.record, &field.field, value))
                .transpose()?;
            tags.push((column.name, tag));
        }
    }
    Ok(Some(Anew { sealed, tags }))
}

/// Writes a row under the newest key; not where another record has come to hold the same value under it. Keyed hashes stand in what is known now
/// alone.
pub(crate) async fn put(
    connection: &mut PgConnection,
    _: &Permit,
    definition: &RecordDefinition,
    table: Table,
    row: &SealedRow,
    anew: Anew,
) -> Result<bool> {
    let mut put = Statement::new("UPDATE records.");
    put.name(&table.name(definition)?)
        .text(" SET sealed = ")
        .value(anew.sealed);
    if table == Table::Now {
        for (column, tag) in anew.tags {
            put.text(", ").name(&column).text(" = ").value(tag);
        }
    }
    put.text(" WHERE id = ")
        .value(row.place.id)
        .text(" AND valid_from = ")
        .value(row.place.from)
        .text(" AND version = ")
        .value(row.place.version);
    if let Some(at) = row.place.replaced_at {
        put.text(" AND replaced_at = ").value(at);
    }
    match put.run(connection).await? {
        Ok(_) => Ok(true),
        Err(error) if db::violated(&error).is_some() => Ok(false),
        Err(error) => Err(db::fault(error)),
    }
}

/// The records that name a person in a field, by the keyed hashes of their number.
pub(crate) async fn naming(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    field: &str,
    hashes: &[Vec<u8>],
    limit: i64,
) -> Result<Vec<Uuid>> {
    let mut get = Statement::new("SELECT DISTINCT id FROM records.");
    get.name(&table::now(definition)?)
        .text(" WHERE ")
        .name(&Name::new(field.to_owned())?.with("__tag")?)
        .text(" = ANY (")
        .value(hashes.to_vec())
        .text(") ORDER BY id DESC LIMIT ")
        .value(limit);
    let rows = get.fetch_all(connection).await?;
    rows.iter().map(|row| row.try_get(0).map_err(db::fault)).collect()
}
