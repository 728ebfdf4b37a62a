//! What the engine keeps about one person, as the person reads it.

use chrono::{DateTime, Utc};
use kernel::{AccountId, PersonId, Result};
use op::Permit;
use serde_json::Value;
use sqlx::PgConnection;

pub(crate) async fn person(connection: &mut PgConnection, person: PersonId) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'full_name', full_name,
                    'personal_number', personal_number,
                    'passport', passport,
                    'birth_date', birth_date,
                    'sex', sex,
                    'ethnicity', ethnicity,
                    'nationality', nationality,
                    'residence_ward', residence_ward,
                    'residence_detail', residence_detail,
                    'phone', phone,
                    'email', email,
                    'written_at', created_at,
                    'changed_at', updated_at)
         FROM identity.person
         WHERE id = $1",
    )
    .bind(person.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn account(connection: &mut PgConnection, account: AccountId) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'login', login,
                    'state', state,
                    'opened_at', created_at,
                    'password_changed_at', password_changed_at)
         FROM identity.account
         WHERE id = $1",
    )
    .bind(account.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn positions(connection: &mut PgConnection, person: PersonId, limit: i64) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'title', position.title,
                    'agency', agency.name,
                    'from', holding.valid_from,
                    'to', holding.valid_to)
         FROM identity.holding AS holding
         JOIN identity.position AS position ON position.id = holding.position
         JOIN identity.agency AS agency ON agency.id = position.agency
         WHERE holding.person = $1
         ORDER BY holding.valid_from DESC, holding.id
         LIMIT $2",
    )
    .bind(person.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn sessions(connection: &mut PgConnection, account: AccountId, limit: i64) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'opened_at', created_at,
                    'last_seen_at', last_seen_at,
                    'ended_at', ended_at,
                    'ip', ip,
                    'browser', user_agent)
         FROM identity.session
         WHERE account = $1
         ORDER BY created_at DESC, id
         LIMIT $2",
    )
    .bind(account.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Who acts for whom.
pub(crate) async fn representations(connection: &mut PgConnection, person: PersonId, limit: i64) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'kind', representation.kind,
                    'represented', represented.full_name,
                    'representative', representative.full_name,
                    'procedures', representation.procedures,
                    'from', representation.valid_from,
                    'to', representation.valid_to,
                    'given_at', representation.given_at,
                    'ended_at', representation.ended_at)
         FROM identity.representation AS representation
         JOIN identity.person AS represented ON represented.id = representation.represented
         JOIN identity.person AS representative ON representative.id = representation.representative
         WHERE $1 IN (representation.represented, representation.representative)
         ORDER BY representation.given_at DESC, representation.id
         LIMIT $2",
    )
    .bind(person.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// What the person has asked an authority for.
pub(crate) async fn registrations(
    connection: &mut PgConnection,
    person: PersonId,
    account: Option<AccountId>,
    limit: i64,
) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'kind', registration.kind,
                    'full_name', registration.full_name,
                    'phone', registration.phone,
                    'email', registration.email,
                    'agency', agency.name,
                    'sent_at', registration.asked_at,
                    'state', registration.state,
                    'finished_at', registration.decided_at)
         FROM identity.registration AS registration
         JOIN identity.agency AS agency ON agency.id = registration.agency
         WHERE registration.asked_by = $2
            OR registration.person = $1 AND registration.asked_by IS NULL
         ORDER BY registration.asked_at DESC, registration.id
         LIMIT $3",
    )
    .bind(person.uuid())
    .bind(account.map(AccountId::uuid))
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// How many ways to reach the person have gone.
pub(crate) async fn clear_contact(
    connection: &mut PgConnection,
    _: &Permit,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<u64> {
    let gone: Option<i32> = sqlx::query_scalar(
        "WITH asked AS (
             UPDATE identity.registration SET phone = NULL, email = NULL
             WHERE person = $1 AND asked_by IS NULL AND num_nonnulls(phone, email) > 0
         ),
         before AS (
             SELECT id, num_nonnulls(phone, email) AS ways FROM identity.person WHERE id = $1 FOR UPDATE
         )
         UPDATE identity.person AS person SET phone = NULL, email = NULL, updated_at = $2
         FROM before
         WHERE person.id = before.id AND before.ways > 0
         RETURNING before.ways",
    )
    .bind(person.uuid())
    .bind(now)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    Ok(gone.map_or(0, |ways| u64::try_from(ways).unwrap_or(0)))
}

pub(crate) async fn forget_devices(connection: &mut PgConnection, _: &Permit, account: AccountId) -> Result<u64> {
    let done = sqlx::query("DELETE FROM identity.device WHERE account = $1")
        .bind(account.uuid())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(done.rows_affected())
}
