//! dossiers.supplement

use chrono::{DateTime, Utc};
use forms::Raw;
use kernel::{DossierId, Result};
use op::Permit;
use sqlx::PgConnection;
use sqlx::types::Json;
use vault::Vault;

use super::sealed::{SUPPLEMENT, Typed, supplement_row};
use crate::model::SupplementItem;

/// A request for supplements.
#[derive(Debug, Clone)]
pub(crate) struct NewSupplement<'a> {
    pub(crate) dossier: DossierId,
    pub(crate) round: i32,
    pub(crate) items: &'a [SupplementItem],
    pub(crate) note: &'a str,
    pub(crate) reason: Option<&'a str>,
    pub(crate) at: DateTime<Utc>,
    pub(crate) by: &'a str,
    pub(crate) due_before: Option<DateTime<Utc>>,
}

pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, new: &NewSupplement<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO dossiers.supplement (dossier_id, round, items, note, reason, asked_at, asked_by, due_before)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(new.dossier.uuid())
    .bind(new.round)
    .bind(Json(new.items))
    .bind(new.note)
    .bind(new.reason)
    .bind(new.at)
    .bind(new.by)
    .bind(new.due_before)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// A request that is not supplied yet, with what was typed for it so far.
pub(crate) struct AwaitedRow {
    pub(crate) round: i32,
    pub(crate) items: Vec<SupplementItem>,
    pub(crate) typed: Raw,
    pub(crate) typed_note: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    round: i32,
    items: Json<Vec<SupplementItem>>,
    sealed: Option<Vec<u8>>,
    typed: Json<Raw>,
    typed_note: String,
}

/// The last request, while it is not supplied.
pub(crate) async fn awaited(
    connection: &mut PgConnection,
    vault: &Vault,
    dossier: DossierId,
) -> Result<Option<AwaitedRow>> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT round, items, sealed, typed, typed_note
           FROM dossiers.supplement
          WHERE dossier_id = $1 AND supplied_at IS NULL
          ORDER BY round DESC
          LIMIT 1",
    )
    .bind(dossier.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    let Some(row) = row else {
        return Ok(None);
    };
    let typed = match &row.sealed {
        Some(sealed) => SUPPLEMENT.open(vault, &supplement_row(dossier.uuid(), row.round), sealed)?,
        None => Typed {
            typed: row.typed.0,
            note: row.typed_note,
        },
    };
    Ok(Some(AwaitedRow {
        round: row.round,
        items: row.items.0,
        typed: typed.typed,
        typed_note: typed.note,
    }))
}

/// Keeps what was typed and is not sent yet.
pub(crate) async fn keep_typed(
    connection: &mut PgConnection,
    _: &Permit,
    vault: &Vault,
    (dossier, round): (DossierId, i32),
    typed: &Typed,
) -> Result<()> {
    let sealed = SUPPLEMENT.seal(vault, &supplement_row(dossier.uuid(), round), typed)?;
    sqlx::query(
        "UPDATE dossiers.supplement SET sealed = $3, typed = '{}', typed_note = '' WHERE dossier_id = $1 AND round = $2",
    )
    .bind(dossier.uuid())
    .bind(round)
    .bind(sealed)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// What came, and what it did to the due.
pub(crate) struct Supplied<'a> {
    pub(crate) at: DateTime<Utc>,
    pub(crate) note: &'a str,
    pub(crate) due_after: Option<DateTime<Utc>>,
    pub(crate) waited_minutes: i64,
}

pub(crate) async fn supply(
    connection: &mut PgConnection,
    _: &Permit,
    dossier: DossierId,
    round: i32,
    supplied: &Supplied<'_>,
) -> Result<()> {
    sqlx::query(
        "UPDATE dossiers.supplement
            SET supplied_at = $3, supplied_note = $4, due_after = $5, waited_minutes = $6,
                sealed = NULL, typed = '{}', typed_note = ''
          WHERE dossier_id = $1 AND round = $2",
    )
    .bind(dossier.uuid())
    .bind(round)
    .bind(supplied.at)
    .bind(supplied.note)
    .bind(supplied.due_after)
    .bind(supplied.waited_minutes)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}
