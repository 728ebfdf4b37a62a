use chrono::{DateTime, Utc};
use kernel::{AccountId, PersonId, Result};
use op::Permit;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::consents::Consent;

#[derive(sqlx::FromRow)]
struct Row {
    purpose: String,
    version: i32,
    words: String,
    given_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

/// A consent to be written.
pub(crate) struct NewConsent<'a> {
    pub(crate) id: Uuid,
    pub(crate) person: PersonId,
    pub(crate) account: AccountId,
    pub(crate) purpose: &'a str,
    pub(crate) version: u32,
    pub(crate) locale: &'a str,
    pub(crate) words: &'a str,
    pub(crate) at: DateTime<Utc>,
}

/// Whoever presses twice at once does it one after the other.
pub(crate) async fn hold(connection: &mut PgConnection, person: PersonId, purpose: &str) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('privacy.consent:' || $1::text || ':' || $2, 0))")
        .bind(person.uuid())
        .bind(purpose)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Those of these people who consent to these words of a purpose.
pub(crate) async fn consenting(
    connection: &mut PgConnection,
    people: &[PersonId],
    purpose: &str,
    version: u32,
) -> Result<Vec<PersonId>> {
    let ids: Vec<Uuid> = people.iter().map(|person| person.uuid()).collect();
    let found: Vec<Uuid> = sqlx::query_scalar(
        "SELECT person FROM privacy.consent WHERE person = ANY ($1) AND purpose = $2 AND version = $3 AND ended_at IS NULL",
    )
    .bind(ids)
    .bind(purpose)
    .bind(i64::from(version))
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(found.into_iter().map(PersonId::from).collect())
}

/// The version that a person has consented to.
pub(crate) async fn in_force(connection: &mut PgConnection, person: PersonId, purpose: &str) -> Result<Option<u32>> {
    let version: Option<i32> = sqlx::query_scalar(
        "SELECT version
         FROM privacy.consent
         WHERE person = $1 AND purpose = $2 AND ended_at IS NULL",
    )
    .bind(person.uuid())
    .bind(purpose)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    Ok(version.and_then(|version| u32::try_from(version).ok()))
}

pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, new: &NewConsent<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO privacy.consent (id, person, account, purpose, version, locale, words, given_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(new.id)
    .bind(new.person.uuid())
    .bind(new.account.uuid())
    .bind(new.purpose)
    .bind(i32::try_from(new.version).unwrap_or(i32::MAX))
    .bind(new.locale)
    .bind(new.words)
    .bind(new.at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Ends the consent to one purpose, or to all; how many there were.
pub(crate) async fn end(
    connection: &mut PgConnection,
    _: &Permit,
    person: PersonId,
    purpose: Option<&str>,
    reason: &'static str,
    now: DateTime<Utc>,
) -> Result<u64> {
    let done = sqlx::query(
        "UPDATE privacy.consent SET ended_at = $4, end_reason = $3
         WHERE person = $1 AND ($2::text IS NULL OR purpose = $2) AND ended_at IS NULL",
    )
    .bind(person.uuid())
    .bind(purpose)
    .bind(reason)
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(done.rows_affected())
}

/// A person's consents: those in force, then those of the past, each the latest first.
pub(crate) async fn of_person(connection: &mut PgConnection, person: PersonId, past: i64) -> Result<Vec<Consent>> {
    let rows: Vec<Row> = sqlx::query_as(
        "(SELECT purpose, version, words, given_at, ended_at
          FROM privacy.consent
          WHERE person = $1 AND ended_at IS NULL
          ORDER BY given_at DESC)
         UNION ALL
         (SELECT purpose, version, words, given_at, ended_at
          FROM privacy.consent
          WHERE person = $1 AND ended_at IS NOT NULL
          ORDER BY given_at DESC, id DESC
          LIMIT $2)",
    )
    .bind(person.uuid())
    .bind(past)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let consent = |row: Row| Consent {
        purpose: row.purpose,
        version: u32::try_from(row.version).unwrap_or(0),
        words: row.words,
        given_at: row.given_at,
        ended_at: row.ended_at,
    };
    Ok(rows.into_iter().map(consent).collect())
}

/// A person's consents as they read them in an extract.
pub(crate) async fn told(connection: &mut PgConnection, person: PersonId, limit: i64) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'purpose', purpose,
                    'version', version,
                    'words', words,
                    'given_at', given_at,
                    'ended_at', ended_at)
         FROM privacy.consent
         WHERE person = $1
         ORDER BY given_at DESC, id DESC
         LIMIT $2",
    )
    .bind(person.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}
