use chrono::{DateTime, Utc};
use kernel::Result;
use op::Permit;
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::definition::FormDefinition;
use crate::error;

/// Held to the end of the operation: two publications of one form come one after the other.
pub(crate) async fn lock(conn: &mut PgConnection, _: &Permit, app: &str, form: &str) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('forms.definition:' || $1 || '/' || $2, 0))")
        .bind(app)
        .bind(form)
        .execute(conn)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn current_version(conn: &mut PgConnection, app: &str, form: &str) -> Result<Option<String>> {
    sqlx::query_scalar("SELECT version FROM forms.definition WHERE app = $1 AND form = $2 AND current")
        .bind(app)
        .bind(form)
        .fetch_optional(conn)
        .await
        .map_err(db::fault)
}

pub(crate) async fn body(
    conn: &mut PgConnection,
    app: &str,
    form: &str,
    version: &str,
) -> Result<Option<FormDefinition>> {
    let body: Option<serde_json::Value> =
        sqlx::query_scalar("SELECT body FROM forms.definition WHERE app = $1 AND form = $2 AND version = $3")
            .bind(app)
            .bind(form)
            .bind(version)
            .fetch_optional(conn)
            .await
            .map_err(db::fault)?;
    body.map(|body| serde_json::from_value(body).map_err(|why| error::broken("form").caused_by(why)))
        .transpose()
}

pub(crate) async fn make_current(
    conn: &mut PgConnection,
    _: &Permit,
    app: &str,
    form: &FormDefinition,
    version: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("UPDATE forms.definition SET current = false WHERE app = $1 AND form = $2 AND current")
        .bind(app)
        .bind(&form.form)
        .execute(&mut *conn)
        .await
        .map_err(db::fault)?;
    sqlx::query(
        "INSERT INTO forms.definition (app, form, version, body, published_at, current)
         VALUES ($1, $2, $3, $4, $5, true)
         ON CONFLICT (app, form, version) DO UPDATE SET current = true",
    )
    .bind(app)
    .bind(&form.form)
    .bind(version)
    .bind(Json(form))
    .bind(now)
    .execute(conn)
    .await
    .map_err(db::fault)?;
    Ok(())
}
