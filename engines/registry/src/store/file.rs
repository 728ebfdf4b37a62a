//! What files of records hold and are compared with: rows of many records at once, with what is sealed of them.

use std::collections::HashMap;

use chrono::NaiveDate;
use db::Statement;
use kernel::Result;
use sqlx::{PgConnection, Row};
use uuid::Uuid;
use vault::Vault;

use super::{record, table};
use crate::definition::RecordDefinition;
use crate::model::Values;

/// What is sealed of rows of records, by identifier and first day.
pub(crate) async fn sealed(
    connection: &mut PgConnection,
    vault: &Vault,
    definition: &RecordDefinition,
    rows: &[(Uuid, NaiveDate)],
) -> Result<HashMap<(Uuid, NaiveDate), Values>> {
    let (ids, days): (Vec<Uuid>, Vec<NaiveDate>) = rows.iter().copied().unzip();
    let mut get = Statement::new("SELECT own.id, own.valid_from, own.sealed FROM unnest(");
    get.value(ids)
        .text("::uuid[], ")
        .value(days)
        .text("::date[]) AS wanted (id, valid_from) JOIN records.")
        .name(&table::now(definition)?)
        .text(" AS own USING (id, valid_from) WHERE own.sealed IS NOT NULL");
    let mut found = HashMap::new();
    for row in get.fetch_all(connection).await? {
        let id: Uuid = row.try_get(0).map_err(db::fault)?;
        let from: NaiveDate = row.try_get(1).map_err(db::fault)?;
        let sealed: Vec<u8> = row.try_get(2).map_err(db::fault)?;
        let name = record::row_name(&definition.record, id, from);
        found.insert((id, from), record::RECORD.open(vault, &name, &sealed)?);
    }
    Ok(found)
}

/// The keys of records, by identifier, where the key is one plain field.
pub(crate) async fn keys_of(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    field: &str,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, String>> {
    let mut get = Statement::new("SELECT DISTINCT ON (id) id, ");
    get.name(&db::Name::new(field.to_owned())?)
        .text("::text FROM records.")
        .name(&table::now(definition)?)
        .text(" WHERE id = ANY (")
        .value(ids.to_vec())
        .text(") ORDER BY id, valid_from DESC");
    let mut found = HashMap::new();
    for row in get.fetch_all(connection).await? {
        let key: Option<String> = row.try_get(1).map_err(db::fault)?;
        if let Some(key) = key {
            found.insert(row.try_get(0).map_err(db::fault)?, key);
        }
    }
    Ok(found)
}
