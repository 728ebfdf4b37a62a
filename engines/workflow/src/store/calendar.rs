//! workflow.calendar_year

use chrono::{DateTime, Utc};
use kernel::Result;
use op::Permit;
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::calendar::{StoredYear, YearDeclaration};

#[derive(sqlx::FromRow)]
struct Row {
    declaration: serde_json::Value,
    updated_at: DateTime<Utc>,
    updated_by: String,
}

impl Row {
    fn read(self) -> Result<StoredYear> {
        let declaration = serde_json::from_value(self.declaration)
            .map_err(|error| super::broken("calendar_year").caused_by(error))?;
        Ok(StoredYear {
            declaration,
            updated_at: self.updated_at,
            updated_by: self.updated_by,
        })
    }
}

pub(crate) async fn years(connection: &mut PgConnection) -> Result<Vec<StoredYear>> {
    sqlx::query_as::<_, Row>("SELECT declaration, updated_at, updated_by FROM workflow.calendar_year ORDER BY year")
        .fetch_all(connection)
        .await
        .map_err(db::fault)?
        .into_iter()
        .map(Row::read)
        .collect()
}

pub(crate) async fn year(connection: &mut PgConnection, year: i32) -> Result<Option<StoredYear>> {
    sqlx::query_as::<_, Row>(
        "SELECT declaration, updated_at, updated_by
           FROM workflow.calendar_year
          WHERE year = $1
            FOR UPDATE",
    )
    .bind(year)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?
    .map(Row::read)
    .transpose()
}

pub(crate) async fn any(connection: &mut PgConnection) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM workflow.calendar_year)")
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// Whoever changes the calendar does it after everybody who has begun to.
pub(crate) async fn lock(connection: &mut PgConnection) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('workflow.calendar_year', 0))")
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn save(
    connection: &mut PgConnection,
    _: &Permit,
    declaration: &YearDeclaration,
    at: DateTime<Utc>,
    by: &str,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO workflow.calendar_year (year, declaration, updated_at, updated_by)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (year) DO UPDATE
            SET declaration = excluded.declaration,
                updated_at = excluded.updated_at,
                updated_by = excluded.updated_by",
    )
    .bind(declaration.year)
    .bind(Json(declaration))
    .bind(at)
    .bind(by)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}
