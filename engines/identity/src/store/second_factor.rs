use chrono::{DateTime, Utc};
use kernel::{AccountId, Result, SessionId};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::Way;

/// The authenticator of an account; secrets are sealed.
#[derive(sqlx::FromRow)]
pub(crate) struct TotpRow {
    pub(crate) secret: Option<Vec<u8>>,
    pub(crate) confirmed_at: Option<DateTime<Utc>>,
    pub(crate) last_step: i64,
    pub(crate) next_secret: Option<Vec<u8>>,
    pub(crate) next_at: Option<DateTime<Utc>>,
    pub(crate) next_session: Option<Uuid>,
}

/// A sign-in that waits for the second factor.
#[derive(sqlx::FromRow)]
pub(crate) struct HalfRow {
    pub(crate) account: Uuid,
    pub(crate) password_changed_at: Option<DateTime<Utc>>,
    pub(crate) person: Uuid,
    pub(crate) full_name: String,
    way: String,
    provider: Option<String>,
    assurance: String,
}

impl HalfRow {
    /// How it began.
    pub(crate) fn way(&self) -> Result<Way> {
        super::session::stored_way(&self.way, self.provider.clone(), &self.assurance)
    }
}

/// Since when the account has a second factor: an authenticator or a passkey.
pub(crate) async fn since(connection: &mut PgConnection, account: AccountId) -> Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar(
        "SELECT min(at) FROM (
             SELECT confirmed_at AS at FROM identity.totp WHERE account = $1
             UNION ALL
             SELECT created_at FROM identity.passkey WHERE account = $1) AS factor",
    )
    .bind(account.uuid())
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// Since when it has an authenticator.
pub(crate) async fn authenticator_since(
    connection: &mut PgConnection,
    account: AccountId,
) -> Result<Option<DateTime<Utc>>> {
    let since: Option<Option<DateTime<Utc>>> =
        sqlx::query_scalar("SELECT confirmed_at FROM identity.totp WHERE account = $1")
            .bind(account.uuid())
            .fetch_optional(connection)
            .await
            .map_err(db::fault)?;
    Ok(since.flatten())
}

/// The authenticator, locked until the operation ends: no code is taken twice.
pub(crate) async fn lock(connection: &mut PgConnection, account: AccountId) -> Result<Option<TotpRow>> {
    sqlx::query_as(
        "SELECT secret, confirmed_at, last_step, next_secret, next_at, next_session
         FROM identity.totp
         WHERE account = $1
         FOR UPDATE",
    )
    .bind(account.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// Keeps a secret that is shown in a session, until a code of it is given there.
pub(crate) async fn offer(
    connection: &mut PgConnection,
    _: &Permit,
    account: AccountId,
    session: SessionId,
    sealed: &[u8],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO identity.totp (account, next_secret, next_at, next_session)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (account) DO UPDATE SET
             next_secret = excluded.next_secret,
             next_at = excluded.next_at,
             next_session = excluded.next_session",
    )
    .bind(account.uuid())
    .bind(sealed)
    .bind(now)
    .bind(session.uuid())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The secret that was shown comes into force, with the step of the code that proved it.
pub(crate) async fn confirm(
    connection: &mut PgConnection,
    _: &Permit,
    account: AccountId,
    step: i64,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE identity.totp
            SET secret = next_secret, confirmed_at = $3, last_step = $2, next_secret = NULL, next_at = NULL, next_session = NULL
          WHERE account = $1",
    )
    .bind(account.uuid())
    .bind(step)
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The code of this step was taken.
pub(crate) async fn took(connection: &mut PgConnection, account: AccountId, step: i64) -> Result<()> {
    sqlx::query("UPDATE identity.totp SET last_step = $2 WHERE account = $1")
        .bind(account.uuid())
        .bind(step)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Removes the authenticator; the recovery codes stay.
pub(crate) async fn remove_authenticator(connection: &mut PgConnection, _: &Permit, account: AccountId) -> Result<()> {
    sqlx::query("DELETE FROM identity.totp WHERE account = $1")
        .bind(account.uuid())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Removes the authenticator and the recovery codes.
pub(crate) async fn remove(connection: &mut PgConnection, _: &Permit, account: AccountId) -> Result<()> {
    for statement in [
        "DELETE FROM identity.totp WHERE account = $1",
        "DELETE FROM identity.recovery_code WHERE account = $1",
    ] {
        sqlx::query(statement)
            .bind(account.uuid())
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
    }
    Ok(())
}

/// Forgets what waits to be finished: sign-ins, questions for a passkey, and secrets that were shown.
pub(crate) async fn forget_waiting(connection: &mut PgConnection, account: AccountId) -> Result<()> {
    for statement in [
        "DELETE FROM identity.half_sign_in WHERE account = $1",
        "DELETE FROM identity.passkey_challenge WHERE account = $1",
        "DELETE FROM identity.totp WHERE account = $1 AND secret IS NULL",
        "UPDATE identity.totp SET next_secret = NULL, next_at = NULL, next_session = NULL
          WHERE account = $1 AND next_secret IS NOT NULL",
    ] {
        sqlx::query(statement)
            .bind(account.uuid())
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
    }
    Ok(())
}

/// Replaces the recovery codes of an account.
pub(crate) async fn set_recovery_codes(
    connection: &mut PgConnection,
    _: &Permit,
    account: AccountId,
    tags: &[Vec<u8>],
) -> Result<()> {
    sqlx::query("DELETE FROM identity.recovery_code WHERE account = $1")
        .bind(account.uuid())
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    sqlx::query("INSERT INTO identity.recovery_code (account, tag) SELECT $1, unnest($2::bytea[])")
        .bind(account.uuid())
        .bind(tags)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Tags of the recovery codes that were not used.
pub(crate) async fn recovery_tags(connection: &mut PgConnection, account: AccountId) -> Result<Vec<Vec<u8>>> {
    sqlx::query_scalar("SELECT tag FROM identity.recovery_code WHERE account = $1 AND used_at IS NULL")
        .bind(account.uuid())
        .fetch_all(connection)
        .await
        .map_err(db::fault)
}

/// Uses a recovery code up. The caller holds the account's row, so nobody else does it at the same moment.
pub(crate) async fn use_recovery_code(
    connection: &mut PgConnection,
    account: AccountId,
    tag: &[u8],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("UPDATE identity.recovery_code SET used_at = $3 WHERE account = $1 AND tag = $2")
        .bind(account.uuid())
        .bind(tag)
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn insert_half(
    connection: &mut PgConnection,
    token: &[u8],
    account: AccountId,
    password_changed_at: Option<DateTime<Utc>>,
    expires_at: DateTime<Utc>,
    way: &Way,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO identity.half_sign_in (token_sha256, account, password_changed_at, expires_at, way, provider, assurance)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(token)
    .bind(account.uuid())
    .bind(password_changed_at)
    .bind(expires_at)
    .bind(way.way.as_str())
    .bind(&way.provider)
    .bind(way.assurance.as_str())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The sign-in that this token waits with, and whose it is; of active accounts.
pub(crate) async fn half(connection: &mut PgConnection, token: &[u8], now: DateTime<Utc>) -> Result<Option<HalfRow>> {
    sqlx::query_as(
        "SELECT half.account, half.password_changed_at, account.person, person.full_name, half.way, half.provider, half.assurance
         FROM identity.half_sign_in AS half
         JOIN identity.account AS account ON account.id = half.account
         JOIN identity.person AS person ON person.id = account.person
         WHERE half.token_sha256 = $1 AND half.expires_at > $2 AND account.state = 'active'",
    )
    .bind(token)
    .bind(now)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// Uses a sign-in that waits up; false if somebody else was faster.
pub(crate) async fn take_half(connection: &mut PgConnection, token: &[u8]) -> Result<bool> {
    let gone = sqlx::query("DELETE FROM identity.half_sign_in WHERE token_sha256 = $1")
        .bind(token)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(gone.rows_affected() == 1)
}

/// Removes sign-ins that nobody finished, and challenges that nobody answered.
pub(crate) async fn sweep(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let mut count = 0;
    for statement in [
        "DELETE FROM identity.half_sign_in WHERE expires_at < $1",
        "DELETE FROM identity.passkey_challenge WHERE expires_at < $1",
    ] {
        let gone = sqlx::query(statement)
            .bind(now)
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
        count += gone.rows_affected();
    }
    Ok(count)
}
