//! Everything that hangs on one dossier, for its view.

use chrono::{DateTime, Utc};
use kernel::{DossierId, FileId, Money, Result, local_date};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;
use vault::Vault;

use super::{broken, fee, sealed};
use crate::model::{Status, SupplementItem};
use crate::views::{
    DocumentKind, DocumentView, FeeView, HistoryView, PaperView, RatingView, SupplementView, TrackStep,
};

#[derive(sqlx::FromRow)]
struct PaperRow {
    id: Uuid,
    paper: String,
    file_id: Uuid,
    file_name: Option<String>,
    sealed: Option<Vec<u8>>,
    media_type: String,
    size: i64,
    round: i32,
    added_at: DateTime<Utc>,
    replaced: bool,
}

/// All files that were handed in, oldest first. What their checks noticed is known to `files`.
pub(crate) async fn papers(connection: &mut PgConnection, vault: &Vault, dossier: DossierId) -> Result<Vec<PaperView>> {
    let rows: Vec<PaperRow> = sqlx::query_as(
        "SELECT id,
                paper,
                file_id,
                file_name,
                sealed,
                media_type,
                size,
                round,
                added_at,
                replaced_at IS NOT NULL AS replaced
           FROM dossiers.paper
          WHERE dossier_id = $1
          ORDER BY id",
    )
    .bind(dossier.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let view = |row: PaperRow| {
        Ok(PaperView {
            paper: row.paper,
            file: FileId::from_uuid(row.file_id),
            file_name: sealed::file_name(vault, row.id, row.file_name, row.sealed.as_deref())?,
            media_type: row.media_type,
            size: row.size,
            round: row.round,
            added_at: row.added_at,
            replaced: row.replaced,
            warnings: Vec::new(),
        })
    };
    rows.into_iter().map(view).collect()
}

#[derive(sqlx::FromRow)]
struct SupplementRow {
    round: i32,
    items: Json<Vec<SupplementItem>>,
    note: String,
    reason: Option<String>,
    asked_at: DateTime<Utc>,
    asked_by: String,
    supplied_at: Option<DateTime<Utc>>,
    supplied_note: Option<String>,
}

/// The requests for supplements, oldest first.
pub(crate) async fn supplements(connection: &mut PgConnection, dossier: DossierId) -> Result<Vec<SupplementView>> {
    let rows: Vec<SupplementRow> = sqlx::query_as(
        "SELECT round,
                items,
                note,
                reason,
                asked_at,
                asked_by,
                supplied_at,
                supplied_note
           FROM dossiers.supplement
          WHERE dossier_id = $1
          ORDER BY round",
    )
    .bind(dossier.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let view = |row: SupplementRow| SupplementView {
        round: row.round,
        items: row.items.0,
        note: row.note,
        reason: row.reason,
        asked_at: row.asked_at,
        asked_by: row.asked_by,
        supplied_at: row.supplied_at,
        supplied_note: row.supplied_note,
    };
    Ok(rows.into_iter().map(view).collect())
}

#[derive(sqlx::FromRow)]
struct FeeRow {
    fee: String,
    amount: i64,
    collect: String,
    paid_at: Option<DateTime<Utc>>,
    receipt_number: Option<String>,
    collected_by: Option<String>,
}

/// The fees, by their keys.
pub(crate) async fn fees(connection: &mut PgConnection, dossier: DossierId) -> Result<Vec<FeeView>> {
    let rows: Vec<FeeRow> = sqlx::query_as(
        "SELECT fee,
                amount,
                collect,
                paid_at,
                receipt_number,
                collected_by
           FROM dossiers.fee
          WHERE dossier_id = $1
          ORDER BY fee",
    )
    .bind(dossier.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter()
        .map(|row| {
            Ok(FeeView {
                collect: fee::of_word(&row.collect)?,
                fee: row.fee,
                amount: Money::from_dong(row.amount),
                paid_at: row.paid_at,
                receipt_number: row.receipt_number,
                collected_by: row.collected_by,
            })
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct DocumentRow {
    id: Uuid,
    kind: String,
    number: String,
    verification_code: String,
    sha256: String,
    file_id: Uuid,
    agency_name: String,
    issued_at: DateTime<Utc>,
    issued_by: String,
}

/// What the platform made for it, oldest first.
pub(crate) async fn documents(connection: &mut PgConnection, dossier: DossierId) -> Result<Vec<DocumentView>> {
    let rows: Vec<DocumentRow> = sqlx::query_as(
        "SELECT id,
                kind,
                number,
                verification_code,
                sha256,
                file_id,
                agency_name,
                issued_at,
                issued_by
           FROM dossiers.document
          WHERE dossier_id = $1
          ORDER BY id",
    )
    .bind(dossier.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter()
        .map(|row| {
            Ok(DocumentView {
                id: row.id,
                kind: DocumentKind::from_word(&row.kind).ok_or_else(|| broken("document"))?,
                number: row.number,
                verification_code: row.verification_code,
                sha256: row.sha256,
                file: FileId::from_uuid(row.file_id),
                agency_name: row.agency_name,
                issued_at: row.issued_at,
                issued_by: row.issued_by,
            })
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct HistoryRow {
    at: DateTime<Utc>,
    action: String,
    actor_name: String,
    position_title: Option<String>,
    stands_for: Option<String>,
    agency_name: Option<String>,
    task: Option<String>,
    outcome: Option<String>,
    status_before: Option<i16>,
    status_after: i16,
    note: Option<String>,
    internal: bool,
}

/// What happened, oldest first. Without `with_internal`, what officials keep among themselves is left out; of such a row that
/// moved the case to another status, who did it and when stays, and neither the note nor what was chosen.
pub(crate) async fn history(
    connection: &mut PgConnection,
    dossier: DossierId,
    with_internal: bool,
) -> Result<Vec<HistoryView>> {
    let rows: Vec<HistoryRow> = sqlx::query_as(
        "SELECT at,
                action,
                actor_name,
                position_title,
                detail ->> 'stands_for' AS stands_for,
                agency_name,
                task,
                outcome,
                status_before,
                status_after,
                note,
                internal
           FROM dossiers.history
          WHERE dossier_id = $1 AND ($2 OR NOT internal OR status_before IS DISTINCT FROM status_after)
          ORDER BY id",
    )
    .bind(dossier.uuid())
    .bind(with_internal)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter()
        .map(|row| {
            let open = with_internal || !row.internal;
            Ok(HistoryView {
                at: row.at,
                action: row.action,
                actor_name: row.actor_name,
                position_title: row.position_title,
                stands_for: row.stands_for,
                agency_name: row.agency_name,
                task: row.task,
                outcome: row.outcome.filter(|_| open),
                status_before: row.status_before.map(Status::try_from).transpose()?,
                status_after: Status::try_from(row.status_after)?,
                note: row.note.filter(|_| open),
                internal: row.internal,
            })
        })
        .collect()
}

/// The statuses that it came to, oldest first: moments and numbers alone.
pub(crate) async fn track_steps(connection: &mut PgConnection, dossier: DossierId) -> Result<Vec<TrackStep>> {
    let rows: Vec<(DateTime<Utc>, i16)> = sqlx::query_as(
        "SELECT at, status_after
           FROM dossiers.history
          WHERE dossier_id = $1 AND status_before IS DISTINCT FROM status_after
          ORDER BY id",
    )
    .bind(dossier.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter()
        .map(|(at, number)| {
            let status = Status::try_from(number)?;
            Ok(TrackStep {
                on: local_date(at),
                plain: status.plain(),
                status,
            })
        })
        .collect()
}

/// How content the applicant was.
pub(crate) async fn rating(connection: &mut PgConnection, dossier: DossierId) -> Result<Option<RatingView>> {
    let row: Option<(i16, String, DateTime<Utc>)> =
        sqlx::query_as("SELECT score, comment, at FROM dossiers.rating WHERE dossier_id = $1")
            .bind(dossier.uuid())
            .fetch_optional(connection)
            .await
            .map_err(db::fault)?;
    Ok(row.map(|(score, comment, at)| RatingView { score, comment, at }))
}

/// Field of work of a procedure in the catalogue.
pub(crate) async fn procedure_field(connection: &mut PgConnection, code: &str) -> Result<Option<String>> {
    sqlx::query_scalar("SELECT field FROM dossiers.procedure WHERE code = $1")
        .bind(code)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

/// Name of a procedure in the catalogue.
pub(crate) async fn procedure_name(connection: &mut PgConnection, code: &str) -> Result<Option<String>> {
    sqlx::query_scalar("SELECT name FROM dossiers.procedure WHERE code = $1")
        .bind(code)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}
