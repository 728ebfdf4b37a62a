//! Lists of records: filtered, sorted, page by page.

use chrono::NaiveDate;
use db::{Name, Statement};
use kernel::Result;
use serde_json::Value;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::{record, table};
use crate::definition::{FieldDefinition, Kind, RecordDefinition};
use crate::error;
use crate::list::{Condition, Filter, Query};
use crate::model::column::{Part, columns_of, has_sort_key, sort_key, to_text};
use crate::model::plan::columns;
use crate::model::{Record, reading};

/// Where a page begins: what the last row before it is sorted by, and its identifier.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct After {
    pub key: Option<String>,
    pub id: Uuid,
}

/// A row with what it is sorted by.
pub(crate) struct Listed {
    pub record: Record,
    pub after: After,
}

/// The column and its type by which a list is sorted.
struct SortBy {
    column: Name,
    sql: &'static str,
}

fn sort_by(definition: &RecordDefinition, field: &str) -> Result<SortBy> {
    let found = definition
        .field(field)
        .filter(|field| field.search && !field.is_sealed() && field.is_ordered())
        .ok_or_else(|| error::not_sortable(field))?;
    let part = if has_sort_key(found) { Part::Sort } else { Part::Value };
    let column = columns_of(definition, found)?
        .into_iter()
        .find(|column| column.part == part)
        .ok_or_else(|| error::not_sortable(field))?;
    Ok(SortBy {
        column: column.name,
        sql: column.sql,
    })
}

/// Whether PostgreSQL reads a text as this type: a cursor comes back from outside.
fn reads(sql: &str, text: &str) -> bool {
    match sql {
        "date" => text.parse::<NaiveDate>().is_ok_and(reading::is_sound),
        "numeric" => text.parse::<rust_decimal::Decimal>().is_ok(),
        "bigint" => text.parse::<i64>().is_ok(),
        "boolean" => matches!(text, "true" | "false"),
        "timestamptz" => text.len() < 40 && chrono::DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z").is_ok(),
        _ => true,
    }
}

/// One page. Two reads at most: the rows that have a value to sort by, then those that have none.
pub(crate) async fn page(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    fields: &[&FieldDefinition],
    query: &Query,
    day: NaiveDate,
    (after, limit): (Option<After>, i64),
) -> Result<Vec<Listed>> {
    let Some(order) = &query.order else {
        return by_id(connection, definition, fields, query, day, after, limit).await;
    };
    let sort = sort_by(definition, &order.field)?;
    if let Some(After { key: Some(key), .. }) = &after
        && !reads(sort.sql, key)
    {
        return Err(kernel::Fault::invalid("db.bad_cursor"));
    }
    let mut listed = Vec::new();
    if after.as_ref().is_none_or(|after| after.key.is_some()) {
        let mut get = begin(definition, fields, Some(&sort), query)?;
        conditions(&mut get, definition, query, day)?;
        get.text(" AND ").name(&sort.column).text(" IS NOT NULL");
        if let Some(After { key: Some(key), id }) = &after {
            get.text(" AND (")
                .name(&sort.column)
                .text(", id) ")
                .text(match order.descending {
                    true => "<",
                    false => ">",
                });
            get.text(" (")
                .value(key.clone())
                .text("::text::")
                .text(sort.sql)
                .text(", ")
                .value(*id)
                .text(")");
        }
        // The column, not what is shown of it under the same name: that is text.
        get.text(" ORDER BY own.")
            .name(&sort.column)
            .text(match order.descending {
                true => " DESC, id DESC LIMIT ",
                false => ", id LIMIT ",
            });
        get.value(limit);
        listed = rows(get, connection, definition, fields, true).await?;
    }
    let rest = limit - i64::try_from(listed.len()).unwrap_or(limit);
    if rest > 0 {
        let mut get = begin(definition, fields, Some(&sort), query)?;
        conditions(&mut get, definition, query, day)?;
        get.text(" AND ").name(&sort.column).text(" IS NULL");
        if let Some(After { key: None, id }) = &after {
            get.text(" AND id ")
                .text(if order.descending { "<" } else { ">" })
                .text(" ")
                .value(*id);
        }
        get.text(if order.descending {
            " ORDER BY id DESC LIMIT "
        } else {
            " ORDER BY id LIMIT "
        })
        .value(rest);
        listed.extend(rows(get, connection, definition, fields, true).await?);
    }
    Ok(listed)
}

/// The newest records first: identifiers are in the order of time.
async fn by_id(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    fields: &[&FieldDefinition],
    query: &Query,
    day: NaiveDate,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Listed>> {
    let mut get = begin(definition, fields, None, query)?;
    conditions(&mut get, definition, query, day)?;
    if let Some(after) = after {
        get.text(" AND id < ").value(after.id);
    }
    get.text(" ORDER BY id DESC LIMIT ").value(limit);
    rows(get, connection, definition, fields, false).await
}

fn begin(
    definition: &RecordDefinition,
    fields: &[&FieldDefinition],
    sort: Option<&SortBy>,
    query: &Query,
) -> Result<Statement> {
    let mut get = record::select(definition, fields)?;
    if let Some(sort) = sort {
        get.text(", ").name(&sort.column).text("::text AS sorted_by");
    }
    get.text(" FROM ");
    source(&mut get, definition, query)?;
    Ok(get)
}

/// What is listed: what is known now, or what was known at a moment, which lies in both tables.
fn source(get: &mut Statement, definition: &RecordDefinition, query: &Query) -> Result<()> {
    let Some(known) = query.known_at else {
        get.text("records.").name(&table::now(definition)?).text(" AS own");
        return Ok(());
    };
    let all = columns(definition)?;
    for was in [false, true] {
        get.text(if was { " UNION ALL " } else { "(" });
        get.text("SELECT id, valid_from, valid_to, version, recorded_at, recorded_by, sealed, words");
        for (_, column) in &all {
            get.text(", ").name(&column.name);
        }
        get.text(" FROM records.").name(&match was {
            false => table::now(definition)?,
            true => table::was(definition)?,
        });
        get.text(" WHERE recorded_at <= ").value(known);
        if was {
            get.text(" AND replaced_at > ").value(known);
        }
    }
    get.text(") AS own");
    Ok(())
}

async fn rows(
    get: Statement,
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    fields: &[&FieldDefinition],
    sorted: bool,
) -> Result<Vec<Listed>> {
    let rows = get.fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let record = record::record(definition, fields, row, None)?;
            let key = match sorted {
                true => row.try_get("sorted_by").map_err(db::fault)?,
                false => None,
            };
            let after = After { key, id: record.id };
            Ok(Listed { record, after })
        })
        .collect()
}

/// Everything that narrows a list.
pub(crate) fn conditions(
    get: &mut Statement,
    definition: &RecordDefinition,
    query: &Query,
    day: NaiveDate,
) -> Result<()> {
    get.text(" WHERE valid_from <= ")
        .value(day)
        .text(" AND (valid_to IS NULL OR valid_to >= ")
        .value(day)
        .text(")");
    for filter in &query.filters {
        narrow(get, definition, filter)?;
    }
    if !query.tags.is_empty() {
        for (column, hashes) in &query.tags {
            get.text(" AND ")
                .name(column)
                .text(" = ANY (")
                .value(hashes.clone())
                .text(")");
        }
    }
    if let Some((column, wards)) = &query.within {
        get.text(" AND ")
            .name(column)
            .text("::text = ANY (")
            .value(wards.clone())
            .text(")");
    }
    let terms = kernel::text::search_terms(&query.text);
    if !terms.is_empty() {
        // Every word, in whatever order. The last one may still be written: beginnings of all, or of a single letter, cost ten times as much.
        let last = terms.len() - 1;
        let asked: Vec<String> = terms
            .iter()
            .enumerate()
            .map(|(place, term)| match place == last && term.chars().nth(1).is_some() {
                true => format!("'{term}':*"),
                false => format!("'{term}'"),
            })
            .collect();
        get.text(" AND words @@ ")
            .value(asked.join(" & "))
            .text("::text::tsquery");
    } else if !query.text.trim().is_empty() {
        // Signs alone are no word: nothing is found, rather than everything.
        get.text(" AND false");
    }
    Ok(())
}

fn narrow(get: &mut Statement, definition: &RecordDefinition, filter: &Filter) -> Result<()> {
    let field = definition
        .field(&filter.field)
        .filter(|field| field.search && !field.is_sealed())
        .ok_or_else(|| error::bad_filter(&filter.field))?;
    let own = columns_of(definition, field)?;
    let value = own.first().ok_or_else(|| error::bad_filter(&filter.field))?;
    let sorted = has_sort_key(field);
    let column = own
        .iter()
        .find(|column| sorted && column.part == Part::Sort)
        .unwrap_or(value);
    let period = matches!(field.kind, Kind::Period);
    let text = |given: &Value| -> Result<String> {
        // A period is asked for by days.
        let text = match period {
            true => given.as_str().map(str::to_owned),
            false => to_text(field, Part::Value, given),
        };
        let text = text.ok_or_else(|| error::bad_filter(&filter.field))?;
        Ok(if sorted { sort_key(field, &text) } else { text })
    };
    let compare = |get: &mut Statement, sign: &'static str, given: &Value| -> Result<()> {
        get.text(" AND ")
            .name(&column.name)
            .text(sign)
            .value(text(given)?)
            .text("::text::")
            .text(column.sql);
        Ok(())
    };
    match &filter.condition {
        // It holds on one of the days.
        Condition::Equals(all) if period => {
            let until = own.iter().find(|column| column.part == Part::Until);
            let until = until.ok_or_else(|| error::bad_filter(&filter.field))?;
            let days: Vec<String> = all.iter().map(&text).collect::<Result<_>>()?;
            get.text(" AND EXISTS (SELECT FROM unnest(")
                .value(days)
                .text("::text[]::date[]) AS asked (day) WHERE ")
                .name(&value.name)
                .text(" <= asked.day AND (")
                .name(&until.name)
                .text(" IS NULL OR ")
                .name(&until.name)
                .text(" >= asked.day))");
        }
        Condition::Equals(all) => {
            let wanted: Vec<String> = all.iter().map(&text).collect::<Result<_>>()?;
            match wanted.as_slice() {
                [one] => {
                    get.text(" AND ")
                        .name(&column.name)
                        .text(" = ")
                        .value(one.clone())
                        .text("::text::")
                        .text(column.sql);
                }
                _ => {
                    get.text(" AND ")
                        .name(&column.name)
                        .text(" = ANY (")
                        .value(wanted.clone())
                        .text("::text[]::")
                        .text(column.sql)
                        .text("[])");
                }
            }
            if sorted {
                // Keys to sort by may be cut, and are the same for letters that only look alike.
                let whole: Vec<String> = all
                    .iter()
                    .filter_map(|given| to_text(field, Part::Value, given))
                    .collect();
                get.text(" AND ")
                    .name(&value.name)
                    .text(" = ANY (")
                    .value(whole)
                    .text(")");
            }
        }
        Condition::Between(from, to) => {
            if let Some(from) = from {
                compare(get, " >= ", from)?;
            }
            if let Some(to) = to {
                compare(get, " <= ", to)?;
            }
        }
        Condition::Empty => {
            get.text(" AND ").name(&column.name).text(" IS NULL");
        }
    }
    Ok(())
}

/// How many records a query finds, no further than so many.
pub(crate) async fn count(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    query: &Query,
    day: NaiveDate,
    most: i64,
) -> Result<i64> {
    let mut get = Statement::new("SELECT count(*) FROM (SELECT 1 FROM ");
    source(&mut get, definition, query)?;
    conditions(&mut get, definition, query, day)?;
    get.text(" LIMIT ").value(most).text(") AS found");
    let row = get.fetch_optional(connection).await?;
    row.map_or(Ok(0), |row| row.try_get(0).map_err(db::fault))
}
