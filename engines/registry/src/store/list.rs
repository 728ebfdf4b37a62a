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

/// Where in the order a page lies.
struct Stretch<'q> {
    /// By what rows are sorted; by when they were recorded where nothing is said.
    sort: Option<&'q SortBy>,
    descending: bool,
    /// Only rows that have nothing to sort by.
    empty: bool,
    after: Option<&'q After>,
}

impl Stretch<'_> {
    /// The rows of the stretch.
    fn narrow(&self, get: &mut Statement) {
        let sign = if self.descending { " < " } else { " > " };
        match self.sort {
            Some(sort) if !self.empty => {
                get.text(" AND ").name(&sort.column).text(" IS NOT NULL");
                if let Some(After { key: Some(key), id }) = self.after {
                    get.text(" AND (").name(&sort.column).text(", id)").text(sign);
                    get.text("(").value(key.clone()).text("::text::").text(sort.sql);
                    get.text(", ").value(*id).text(")");
                }
                return;
            }
            Some(sort) => {
                get.text(" AND ").name(&sort.column).text(" IS NULL");
            }
            None => {}
        }
        if let Some(After { key: None, id }) = self.after {
            get.text(" AND id").text(sign).value(*id);
        }
    }

    /// So many, in their order. The columns of `own`, not what is shown of them under the same names: that is text.
    fn order(&self, get: &mut Statement, limit: i64) {
        let way = if self.descending { " DESC" } else { "" };
        get.text(" ORDER BY ");
        if let Some(sort) = self.sort.filter(|_| !self.empty) {
            get.text("own.").name(&sort.column).text(way).text(", ");
        }
        get.text("own.id").text(way).text(" LIMIT ").value(limit);
    }
}

/// How rows are come by.
#[derive(Clone, Copy)]
enum Way {
    /// As the database thinks best.
    Free,
    /// The next rows in the order, [`NEAR`] of them, are looked at.
    Near,
    /// What is asked for is found first, then put in order.
    Found,
}

/// Rows that are looked at one after the other before words are looked up. The database does not know that words of names stand together in the order of
/// names: left to itself it may look at a million rows for the first that has them.
const NEAR: i64 = 1_000;

/// One page. Two stretches at most: the rows that have a value to sort by, then those that have none.
pub(crate) async fn page(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    fields: &[&FieldDefinition],
    query: &Query,
    day: NaiveDate,
    (after, limit): (Option<After>, i64),
) -> Result<Vec<Listed>> {
    let after = after.as_ref();
    let key = after.and_then(|after| after.key.as_deref());
    let Some(order) = &query.order else {
        if key.is_some() {
            return Err(kernel::Fault::invalid("db.bad_cursor"));
        }
        // The newest first: identifiers are in the order of time.
        let stretch = Stretch {
            sort: None,
            descending: true,
            empty: false,
            after,
        };
        return read(connection, definition, fields, (query, day), &stretch, limit).await;
    };
    let sort = sort_by(definition, &order.field)?;
    if key.is_some_and(|key| !reads(sort.sql, key)) {
        return Err(kernel::Fault::invalid("db.bad_cursor"));
    }
    let mut stretch = Stretch {
        sort: Some(&sort),
        descending: order.descending,
        empty: false,
        after,
    };
    let mut listed = match after {
        Some(After { key: None, .. }) => Vec::new(),
        _ => read(connection, definition, fields, (query, day), &stretch, limit).await?,
    };
    let rest = limit - i64::try_from(listed.len()).unwrap_or(limit);
    if rest > 0 {
        stretch.empty = true;
        listed.extend(read(connection, definition, fields, (query, day), &stretch, rest).await?);
    }
    Ok(listed)
}

/// The rows of a stretch, so many at most.
async fn read(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    fields: &[&FieldDefinition],
    (query, day): (&Query, NaiveDate),
    stretch: &Stretch<'_>,
    limit: i64,
) -> Result<Vec<Listed>> {
    // Whoever takes thousands at a time walks through all anyway.
    let by_words = !query.text.trim().is_empty() && query.known_at.is_none() && limit * 4 <= NEAR;
    let ways: &[Way] = match (by_words, stretch.empty) {
        (false, _) => &[Way::Free],
        (true, true) => &[Way::Found],
        (true, false) => &[Way::Near, Way::Found],
    };
    let mut listed = Vec::new();
    for way in ways {
        let get = statement(definition, fields, (query, day), stretch, limit, *way)?;
        listed = rows(get, connection, definition, fields, stretch.sort.is_some()).await?;
        if i64::try_from(listed.len()).is_ok_and(|count| count == limit) {
            break;
        }
    }
    Ok(listed)
}

fn statement(
    definition: &RecordDefinition,
    fields: &[&FieldDefinition],
    (query, day): (&Query, NaiveDate),
    stretch: &Stretch<'_>,
    limit: i64,
    way: Way,
) -> Result<Statement> {
    let mut get = begin(definition, fields, stretch.sort)?;
    match way {
        // What is compared lies in the index by which rows are sorted: they are chosen there, then read.
        Way::Free if stretch.sort.is_some() && query.known_at.is_none() && query.narrows() => {
            // No field has two underscores side by side in its name.
            get.text("(SELECT id AS page__id, valid_from AS page__from FROM ");
            source(&mut get, definition, query)?;
            conditions(&mut get, definition, query, day)?;
            stretch.narrow(&mut get);
            stretch.order(&mut get, limit);
            get.text(") AS page JOIN ");
            source(&mut get, definition, query)?;
            get.text(" ON own.id = page__id AND own.valid_from = page__from");
        }
        Way::Free => {
            source(&mut get, definition, query)?;
            conditions(&mut get, definition, query, day)?;
            stretch.narrow(&mut get);
        }
        Way::Near => {
            get.text("(SELECT * FROM ");
            source(&mut get, definition, query)?;
            get.text(" WHERE true");
            stretch.narrow(&mut get);
            stretch.order(&mut get, NEAR);
            get.text(") AS own");
            conditions(&mut get, definition, query, day)?;
        }
        Way::Found => {
            get.text("(SELECT * FROM ");
            source(&mut get, definition, query)?;
            conditions(&mut get, definition, query, day)?;
            stretch.narrow(&mut get);
            // Keeps the order outside.
            get.text(" OFFSET 0) AS own");
        }
    }
    stretch.order(&mut get, limit);
    Ok(get)
}

fn begin(definition: &RecordDefinition, fields: &[&FieldDefinition], sort: Option<&SortBy>) -> Result<Statement> {
    let mut get = record::select(definition, fields)?;
    if let Some(sort) = sort {
        get.text(", ").name(&sort.column).text("::text AS sorted_by");
    }
    get.text(" FROM ");
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
        // Every word, in whatever order. The last one may still be written: beginnings of all, of a single letter or of a short number cost ten times as
        // much.
        let last = terms.len() - 1;
        let asked: Vec<String> = terms
            .iter()
            .enumerate()
            .map(|(place, term)| match place == last && may_go_on(term) {
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

/// Whether words that begin so are found, too.
fn may_go_on(term: &str) -> bool {
    let number = term.chars().all(|sign| sign.is_ascii_digit());
    term.chars().count() >= if number { 4 } else { 2 }
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
