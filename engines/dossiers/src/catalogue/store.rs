//! All SQL of the catalogue.

use chrono::{DateTime, Utc};
use kernel::Result;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::{FactRow, FieldCount, PaperRow, ProcedureCard, ProcedureQuery, ProcedureView, Section};

pub(super) async fn upsert_facts(connection: &mut PgConnection, rows: &[FactRow], now: DateTime<Utc>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<Postgres>::new(
        "INSERT INTO dossiers.procedure (code, name, field, levels, kind, decision, result_codes, result_names, audiences, link,
         deadline_value, deadline_unit, fee_min, fee_max, channels, folded, loaded_at) ",
    );
    query.push_values(rows, |mut values, row| {
        values
            .push_bind(&row.code)
            .push_bind(&row.name)
            .push_bind(&row.field)
            .push_bind(&row.levels)
            .push_bind(&row.kind)
            .push_bind(&row.decision)
            .push_bind(&row.result_codes)
            .push_bind(&row.result_names)
            .push_bind(&row.audiences)
            .push_bind(&row.link)
            .push_bind(row.deadline.as_ref().map(|(value, _)| *value))
            .push_bind(row.deadline.as_ref().map(|(_, unit)| unit))
            .push_bind(row.fee.map(|(min, _)| min))
            .push_bind(row.fee.map(|(_, max)| max))
            .push_bind(&row.channels)
            .push_bind(row.folded())
            .push_bind(now);
    });
    query.push(
        " ON CONFLICT (code) DO UPDATE SET name = EXCLUDED.name, field = EXCLUDED.field, levels = EXCLUDED.levels,
          kind = EXCLUDED.kind, decision = EXCLUDED.decision, result_codes = EXCLUDED.result_codes,
          result_names = EXCLUDED.result_names, audiences = EXCLUDED.audiences, link = EXCLUDED.link,
          deadline_value = EXCLUDED.deadline_value, deadline_unit = EXCLUDED.deadline_unit, fee_min = EXCLUDED.fee_min,
          fee_max = EXCLUDED.fee_max, channels = EXCLUDED.channels, folded = EXCLUDED.folded, loaded_at = EXCLUDED.loaded_at",
    );
    query.build().execute(connection).await.map_err(db::fault)?;
    Ok(())
}

pub(super) async fn replace_papers(
    connection: &mut PgConnection,
    codes: &[String],
    papers: &[(&String, &PaperRow)],
) -> Result<()> {
    sqlx::query("DELETE FROM dossiers.procedure_paper WHERE code = ANY($1)")
        .bind(codes)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    for batch in papers.chunks(2_000) {
        let mut query = QueryBuilder::<Postgres>::new(
            "INSERT INTO dossiers.procedure_paper (code, seq, name, originals, copies, handing, has_form, conditional) ",
        );
        query.push_values(batch, |mut values, (code, paper)| {
            values
                .push_bind(*code)
                .push_bind(paper.seq)
                .push_bind(&paper.name)
                .push_bind(paper.originals)
                .push_bind(paper.copies)
                .push_bind(&paper.handing)
                .push_bind(paper.has_form)
                .push_bind(paper.conditional);
        });
        query.build().execute(&mut *connection).await.map_err(db::fault)?;
    }
    Ok(())
}

pub(super) async fn is_empty(connection: &mut PgConnection) -> Result<bool> {
    sqlx::query_scalar("SELECT NOT EXISTS (SELECT FROM dossiers.procedure)")
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

pub(super) async fn mark_online(connection: &mut PgConnection, code: &str, app: &str, level: &str) -> Result<bool> {
    let done = sqlx::query("UPDATE dossiers.procedure SET app = $2, online_level = $3 WHERE code = $1")
        .bind(code)
        .bind(app)
        .bind(level)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(done.rows_affected() == 1)
}

/// Takes the mark from every procedure that is not one of these, each carried out by its system.
pub(super) async fn mark_offline(connection: &mut PgConnection, serving: &[(&str, &str)]) -> Result<()> {
    let (apps, codes): (Vec<&str>, Vec<&str>) = serving.iter().copied().unzip();
    sqlx::query(
        "UPDATE dossiers.procedure SET app = NULL, online_level = NULL
          WHERE app IS NOT NULL AND (app, code) NOT IN (SELECT * FROM unnest($1::text[], $2::text[]))",
    )
    .bind(apps)
    .bind(codes)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Where a row stands in the order of a search; the cursor of its pages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Place {
    score: i32,
    code: String,
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct Found {
    code: String,
    name: String,
    field: String,
    levels: Vec<String>,
    app: Option<String>,
    score: i32,
}

impl Found {
    pub(super) fn place(&self) -> Place {
        Place {
            score: self.score,
            code: self.code.clone(),
        }
    }

    pub(super) fn into_card(self) -> ProcedureCard {
        ProcedureCard {
            code: self.code,
            name: self.name,
            field: self.field,
            levels: self.levels,
            app: self.app,
        }
    }
}

/// Each word may be the beginning of a word of the name. The words come from [`kernel::text::search_terms`], letters and digits
/// only, so they cannot carry query operators.
fn prefix_query(terms: &[String]) -> String {
    terms
        .iter()
        .map(|term| format!("{term}:*"))
        .collect::<Vec<_>>()
        .join(" & ")
}

fn conditions(builder: &mut QueryBuilder<Postgres>, query: &ProcedureQuery, terms: &[String]) {
    builder.push(" WHERE true");
    if !terms.is_empty() {
        builder
            .push(" AND search @@ to_tsquery('simple', ")
            .push_bind(prefix_query(terms))
            .push(")");
    }
    if let Some(field) = &query.field {
        builder.push(" AND field = ").push_bind(field.clone());
    }
    if let Some(level) = query.level {
        builder
            .push(" AND (")
            .push_bind(level.key())
            .push(" = ANY(levels) OR online_level = ")
            .push_bind(level.key())
            .push(")");
    }
    if let Some(audience) = query.audience {
        builder
            .push(" AND ")
            .push_bind(audience.key())
            .push(" = ANY(audiences)");
    }
    if query.online_only {
        builder.push(" AND app IS NOT NULL");
    }
}

pub(super) async fn search(
    connection: &mut PgConnection,
    query: &ProcedureQuery,
    terms: &[String],
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<Found>> {
    let mut builder = QueryBuilder::<Postgres>::new("SELECT * FROM (SELECT code, name, field, levels, app, ");
    builder.push("(CASE WHEN app IS NOT NULL THEN 1000 ELSE 0 END");
    if !terms.is_empty() {
        builder
            .push(" + CASE WHEN folded LIKE '%' || ")
            .push_bind(terms.join(" "))
            .push(" || '%' THEN 500 ELSE 0 END");
        // Short names first among equals: the plain procedure before its variants with long conditions.
        builder.push(" - least(length(folded), 400)");
    }
    builder.push(")::integer AS score FROM dossiers.procedure");
    conditions(&mut builder, query, terms);
    builder.push(") AS found");
    if let Some(place) = after {
        builder
            .push(" WHERE (-score, code) > (")
            .push_bind(-i64::from(place.score))
            .push(", ")
            .push_bind(place.code.clone())
            .push(")");
    }
    builder.push(" ORDER BY -score, code LIMIT ").push_bind(limit);
    builder.build_query_as().fetch_all(connection).await.map_err(db::fault)
}

pub(super) async fn count(connection: &mut PgConnection, query: &ProcedureQuery, terms: &[String]) -> Result<i64> {
    let mut builder = QueryBuilder::<Postgres>::new("SELECT count(*) FROM dossiers.procedure");
    conditions(&mut builder, query, terms);
    builder
        .build_query_scalar()
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

pub(super) async fn fields(connection: &mut PgConnection) -> Result<Vec<FieldCount>> {
    let rows: Vec<(String, i64)> = sqlx::query_as("SELECT field, count(*) FROM dossiers.procedure GROUP BY field")
        .fetch_all(connection)
        .await
        .map_err(db::fault)?;
    Ok(rows
        .into_iter()
        .map(|(field, count)| FieldCount { field, count })
        .collect())
}

pub(super) async fn fields_at(connection: &mut PgConnection, level: &str) -> Result<Vec<FieldCount>> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT field, count(*) FROM dossiers.procedure WHERE $1 = ANY(levels) GROUP BY field")
            .bind(level)
            .fetch_all(connection)
            .await
            .map_err(db::fault)?;
    Ok(rows
        .into_iter()
        .map(|(field, count)| FieldCount { field, count })
        .collect())
}

#[derive(sqlx::FromRow)]
struct ProcedureRow {
    code: String,
    name: String,
    field: String,
    levels: Vec<String>,
    app: Option<String>,
    online_level: Option<String>,
    kind: String,
    decision: String,
    result_codes: Vec<String>,
    result_names: Vec<String>,
    audiences: Vec<String>,
    link: String,
    deadline_value: Option<i32>,
    deadline_unit: Option<String>,
    fee_min: Option<i64>,
    fee_max: Option<i64>,
    channels: Vec<String>,
}

pub(super) async fn procedure(connection: &mut PgConnection, code: &str) -> Result<Option<ProcedureView>> {
    let row = sqlx::query_as::<_, ProcedureRow>(
        "SELECT code, name, field, levels, app, online_level, kind, decision, result_codes, result_names, audiences, link,
                deadline_value, deadline_unit, fee_min, fee_max, channels
         FROM dossiers.procedure WHERE code = $1",
    )
    .bind(code)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    Ok(row.map(|row| ProcedureView {
        card: ProcedureCard {
            code: row.code,
            name: row.name,
            field: row.field,
            levels: row.levels,
            app: row.app,
        },
        online_level: row.online_level,
        kind: row.kind,
        decision: row.decision,
        result_codes: row.result_codes,
        result_names: row.result_names,
        audiences: row.audiences,
        link: row.link,
        deadline_value: row.deadline_value,
        deadline_unit: row.deadline_unit,
        fee_min: row.fee_min,
        fee_max: row.fee_max,
        channels: row.channels,
        papers: Vec::new(),
        sections: Vec::new(),
    }))
}

type PaperColumns = (i32, String, Option<i32>, Option<i32>, Option<String>, bool, bool);

pub(super) async fn papers(connection: &mut PgConnection, code: &str) -> Result<Vec<PaperRow>> {
    let rows: Vec<PaperColumns> = sqlx::query_as(
        "SELECT seq, name, originals, copies, handing, has_form, conditional
         FROM dossiers.procedure_paper WHERE code = $1 ORDER BY seq",
    )
    .bind(code)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows
        .into_iter()
        .map(
            |(seq, name, originals, copies, handing, has_form, conditional)| PaperRow {
                seq,
                name,
                originals,
                copies,
                handing,
                has_form,
                conditional,
            },
        )
        .collect())
}

pub(super) async fn sections(connection: &mut PgConnection, code: &str) -> Result<Vec<Section>> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT section, body FROM dossiers.procedure_text WHERE code = $1")
            .bind(code)
            .fetch_all(connection)
            .await
            .map_err(db::fault)?;
    let mut sections: Vec<Section> = rows
        .into_iter()
        .map(|(section, body)| Section { section, body })
        .collect();
    let place = |section: &str| super::import::SECTIONS.iter().position(|(key, _)| *key == section);
    sections.sort_by_key(|section| place(&section.section));
    Ok(sections)
}

/// Writes the official texts of one procedure; false when the catalogue has no such procedure.
pub(super) async fn replace_sections(
    connection: &mut PgConnection,
    code: &str,
    sections: &[Section],
    now: DateTime<Utc>,
) -> Result<bool> {
    let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM dossiers.procedure WHERE code = $1)")
        .bind(code)
        .fetch_one(&mut *connection)
        .await
        .map_err(db::fault)?;
    if !known {
        return Ok(false);
    }
    sqlx::query("DELETE FROM dossiers.procedure_text WHERE code = $1")
        .bind(code)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    for section in sections {
        sqlx::query("INSERT INTO dossiers.procedure_text (code, section, body, imported_at) VALUES ($1, $2, $3, $4)")
            .bind(code)
            .bind(&section.section)
            .bind(&section.body)
            .bind(now)
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
    }
    Ok(true)
}

/// Writes the facts that an official list gives (name, field, levels) and leaves all others as they are.
pub(super) async fn upsert_listed(connection: &mut PgConnection, row: &FactRow, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "INSERT INTO dossiers.procedure (code, name, field, levels, kind, decision, result_codes, result_names, audiences, link,
                                         channels, folded, loaded_at)
         VALUES ($1, $2, $3, $4, '', '', '{}', '{}', '{}', '', '{}', $5, $6)
         ON CONFLICT (code) DO UPDATE SET name = EXCLUDED.name, field = EXCLUDED.field, folded = EXCLUDED.folded,
             levels = CASE WHEN cardinality(EXCLUDED.levels) > 0 THEN EXCLUDED.levels ELSE dossiers.procedure.levels END,
             loaded_at = EXCLUDED.loaded_at",
    )
    .bind(&row.code)
    .bind(&row.name)
    .bind(&row.field)
    .bind(&row.levels)
    .bind(row.folded())
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}
