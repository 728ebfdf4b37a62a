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
use crate::model::plan::{FieldColumn, columns};

/// Rows to be written at once, column by column, in the order of [`columns`].
#[derive(Default)]
pub(crate) struct Block {
    ids: Vec<Uuid>,
    from: Vec<NaiveDate>,
    to: Vec<Option<NaiveDate>>,
    sealed: Vec<Option<Vec<u8>>>,
    words: Vec<String>,
    texts: Vec<Vec<Option<String>>>,
    tags: Vec<Vec<Option<Vec<u8>>>>,
}

impl Block {
    pub(crate) fn new(columns: &[FieldColumn<'_>]) -> Self {
        Self {
            texts: vec![Vec::new(); columns.len()],
            tags: vec![Vec::new(); columns.len()],
            ..Self::default()
        }
    }

    /// Adds a row.
    pub(crate) fn push(
        &mut self,
        vault: &Vault,
        row: &NewRow<'_>,
        columns: &[FieldColumn<'_>],
        values: &Values,
    ) -> Result<()> {
        let cells = record::lay_out(vault, row, columns, values)?;
        self.ids.push(row.id);
        self.from.push(row.from);
        self.to.push(row.to);
        self.sealed.push(cells.sealed);
        self.words.push(cells.words);
        for (place, (text, tag)) in cells.texts.into_iter().zip(cells.tags).enumerate() {
            match columns[place].1.part {
                Part::Tag => self.tags[place].push(tag),
                _ => self.texts[place].push(text),
            }
        }
        Ok(())
    }
}

/// Writes a block of new records, each in its first version, in one statement. Not by `COPY`, which would be some faster: whoever is cut off in the midst
/// of it leaves a connection that waits for the rest.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    definition: &RecordDefinition,
    block: Block,
    (at, by): (DateTime<Utc>, Option<PersonId>),
) -> Result<()> {
    let columns = columns(definition)?;
    let mut statement = Statement::new("INSERT INTO records.");
    statement
        .name(&table::now(definition)?)
        .text(" (id, valid_from, valid_to, version, recorded_at, recorded_by, sealed, words");
    for (_, column) in &columns {
        statement.text(", ").name(&column.name);
    }
    statement
        .text(") SELECT id, valid_from, valid_to, 1, ")
        .value(at)
        .text("::timestamptz, ")
        .value(by.map(PersonId::uuid))
        .text("::uuid, sealed, words::text::tsvector");
    let names: Vec<Name> = (0..columns.len())
        .map(|place| Name::new(format!("c{place}")))
        .collect::<Result<_>>()?;
    for ((_, column), name) in columns.iter().zip(&names) {
        statement.text(", ").name(name);
        if column.part != Part::Tag {
            statement.text("::").text(column.sql);
        }
    }
    statement.text(" FROM unnest(").value(block.ids).text("::uuid[], ");
    statement.value(block.from).text("::date[], ").value(block.to);
    statement.text("::date[], ").value(block.sealed).text("::bytea[], ");
    statement.value(block.words).text("::text[]");
    for (((_, column), texts), tags) in columns.iter().zip(block.texts).zip(block.tags) {
        statement.text(", ");
        match column.part {
            Part::Tag => statement.value(tags).text("::bytea[]"),
            _ => statement.value(texts).text("::text[]"),
        };
    }
    statement.text(") AS new (id, valid_from, valid_to, sealed, words");
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

/// Days from one to another, both included, or until further notice.
pub(crate) type Days = (NaiveDate, Option<NaiveDate>);

/// Among which periods is looked.
#[derive(Clone, Copy)]
pub(crate) enum Which<'d> {
    /// Those that go on until further notice, whenever they began.
    GoingOn,
    /// Those that end, and hold on one of these days: a stretch for each that is wanted.
    Ending(&'d [Days]),
    /// All that hold on one of these days.
    During(&'d [Days]),
}

/// The records that have these values of some fields, by the place of what was wanted; the one that holds last comes last.
pub(crate) async fn holders(
    connection: &mut PgConnection,
    vault: &Vault,
    (definition, fields): (&RecordDefinition, &[&FieldDefinition]),
    wanted: &[&[String]],
    which: Which<'_>,
) -> Result<Vec<(usize, Uuid)>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    // A row for each that is wanted, or for each hash of it where something is sealed: every key of the vault may have made it.
    let mut places: Vec<i32> = Vec::new();
    let mut plain: Vec<Vec<String>> = vec![Vec::new(); fields.len()];
    let mut tags: Vec<Vec<Vec<u8>>> = vec![Vec::new(); fields.len()];
    let numbers = match fields.iter().any(|field| field.is_sealed()) {
        true => vault.numbers()?.len().max(1),
        false => 1,
    };
    for (place, values) in wanted.iter().enumerate() {
        let place = i32::try_from(place).map_err(|_| error::broken_row("place"))?;
        places.extend(std::iter::repeat_n(place, numbers));
        for (part, (field, value)) in fields.iter().zip(values.iter()).enumerate() {
            match field.is_sealed() {
                true => {
                    let mut all = record::tags(vault, &definition.record, &field.field, &Value::from(value.as_str()))?;
                    all.resize(numbers, Vec::new());
                    tags[part].extend(all);
                }
                false => plain[part].extend(std::iter::repeat_n(value.clone(), numbers)),
            }
        }
    }
    let days = match which {
        Which::GoingOn => None,
        Which::Ending(days) | Which::During(days) => Some(days),
    };
    let of_place = |place: &i32| days.and_then(|days| days.get(usize::try_from(*place).ok()?));
    let first: Vec<Option<NaiveDate>> = places.iter().map(|place| of_place(place).map(|days| days.0)).collect();
    let last: Vec<Option<NaiveDate>> = places.iter().map(|place| of_place(place)?.1).collect();
    let names: Vec<Name> = (0..fields.len())
        .map(|part| Name::new(format!("k{part}")))
        .collect::<Result<_>>()?;
    let mut get = Statement::new("WITH wanted AS (SELECT * FROM unnest(");
    get.value(places).text("::int[], ").value(first).text("::date[], ");
    get.value(last).text("::date[]");
    for (part, field) in fields.iter().enumerate() {
        get.text(", ");
        match field.is_sealed() {
            true => get.value(std::mem::take(&mut tags[part])).text("::bytea[]"),
            false => get.value(std::mem::take(&mut plain[part])).text("::text[]"),
        };
    }
    get.text(") AS each (place, first, last");
    for name in &names {
        get.text(", ").name(name);
    }
    get.text("))");
    // What goes on and what ends lie in two indexes.
    let goes_on = " WHERE own.valid_to IS NULL";
    let ends = " WHERE own.valid_to IS NOT NULL AND own.valid_to >= wanted.first";
    let began = " AND own.valid_from <= coalesce(wanted.last, 'infinity')";
    let asked: &[(&'static str, &'static str)] = match which {
        Which::GoingOn => &[(goes_on, "")],
        Which::Ending(_) => &[(ends, began)],
        Which::During(_) => &[(goes_on, began), (ends, began)],
    };
    for (nth, (narrowed, further)) in asked.iter().enumerate() {
        get.text(if nth > 0 { " UNION ALL" } else { "" })
            .text(" SELECT wanted.place, own.id, own.valid_from FROM wanted JOIN records.")
            .name(&table::now(definition)?)
            .text(" AS own ON true");
        for (field, name) in fields.iter().zip(&names) {
            let column = compared(definition, field)?;
            get.text(" AND own.").name(&column.name).text(" = wanted.").name(name);
            if column.part == Part::Value {
                get.text("::").text(column.sql);
            }
        }
        get.text(narrowed).text(further);
    }
    get.text(" ORDER BY 1, 3");
    let rows = get.fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let place: i32 = row.try_get(0).map_err(db::fault)?;
            let place = usize::try_from(place).map_err(|_| error::broken_row("place"))?;
            Ok((place, row.try_get(1).map_err(db::fault)?))
        })
        .collect()
}

/// The records that have these keys.
pub(crate) async fn by_keys(
    connection: &mut PgConnection,
    vault: &Vault,
    definition: &RecordDefinition,
    keys: &[&[String]],
    which: Which<'_>,
) -> Result<HashMap<Vec<String>, Uuid>> {
    let fields: Vec<&FieldDefinition> = definition
        .key
        .iter()
        .map(|key| definition.field(key).ok_or_else(|| error::broken_row("key")))
        .collect::<Result<_>>()?;
    let found = holders(connection, vault, (definition, &fields), keys, which).await?;
    Ok(found
        .into_iter()
        .map(|(place, id)| (keys[place].to_vec(), id))
        .collect())
}

/// Keeps writers of what must be there once apart until the operation ends ([`crate::once`]): those who write only what goes on do not wait for each
/// other.
pub(crate) async fn keep_apart(connection: &mut PgConnection, register: &str, ends: bool) -> Result<()> {
    sqlx::query(match ends {
        true => "SELECT pg_advisory_xact_lock(hashtextextended('registry.once:' || $1, 0))",
        false => "SELECT pg_advisory_xact_lock_shared(hashtextextended('registry.once:' || $1, 0))",
    })
    .bind(register)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The column and type by which a field is compared whole.
fn compared(definition: &RecordDefinition, field: &FieldDefinition) -> Result<ColumnOf> {
    let wanted = if field.is_sealed() { Part::Tag } else { Part::Value };
    columns_of(definition, field)?
        .into_iter()
        .find(|column| column.part == wanted)
        .ok_or_else(|| error::broken_row("column"))
}
