use chrono::{DateTime, Utc};
use kernel::{AccountId, Result, SessionId};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error;
use crate::model::Passkey;
use crate::passkeys::REGISTER;

/// So many challenges that nobody answered go whenever a new one comes, so that they never pile up.
const FORGOTTEN_AT_ONCE: i64 = 8;

/// A passkey to be kept.
pub(crate) struct NewPasskey<'a> {
    pub(crate) id: Uuid,
    pub(crate) account: AccountId,
    pub(crate) credential: &'a [u8],
    pub(crate) public_key: &'a [u8],
    pub(crate) rp_id: &'a str,
    pub(crate) sign_count: u32,
    pub(crate) transports: &'a [String],
    pub(crate) name: &'a str,
    pub(crate) now: DateTime<Utc>,
}

/// What a browser must know of a passkey to ask for it.
#[derive(sqlx::FromRow)]
pub(crate) struct AllowedRow {
    pub(crate) credential: Vec<u8>,
    pub(crate) transports: Vec<String>,
}

/// A passkey that is shown, and whose it is.
#[derive(sqlx::FromRow)]
pub(crate) struct ShownRow {
    pub(crate) id: Uuid,
    pub(crate) public_key: Vec<u8>,
    pub(crate) account: Uuid,
    pub(crate) person: Uuid,
    pub(crate) full_name: String,
    pub(crate) state: String,
    pub(crate) password_changed_at: Option<DateTime<Utc>>,
}

/// What a challenge was given for.
#[derive(sqlx::FromRow)]
pub(crate) struct ChallengeRow {
    pub(crate) challenge: Vec<u8>,
    pub(crate) purpose: String,
    pub(crate) account: Option<Uuid>,
    pub(crate) session: Option<Uuid>,
    pub(crate) half_sha256: Option<Vec<u8>>,
    pub(crate) name: Option<String>,
    pub(crate) expires_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct ListRow {
    id: Uuid,
    name: String,
    rp_id: String,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
}

/// The passkeys of an account, the oldest first.
pub(crate) async fn of_account(connection: &mut PgConnection, account: AccountId) -> Result<Vec<Passkey>> {
    let rows: Vec<ListRow> = sqlx::query_as(
        "SELECT id, name, rp_id, created_at, last_used_at
         FROM identity.passkey
         WHERE account = $1
         ORDER BY created_at, id",
    )
    .bind(account.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let passkey = |row: ListRow| Passkey {
        id: row.id,
        name: row.name,
        address: row.rp_id,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
    };
    Ok(rows.into_iter().map(passkey).collect())
}

/// Those that hold at this address.
pub(crate) async fn allowed(connection: &mut PgConnection, account: AccountId, rp_id: &str) -> Result<Vec<AllowedRow>> {
    sqlx::query_as(
        "SELECT credential, transports FROM identity.passkey WHERE account = $1 AND rp_id = $2 ORDER BY created_at, id",
    )
    .bind(account.uuid())
    .bind(rp_id)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// How many passkeys an account has, of whatever address: what was made for another one still says that a password is not enough.
pub(crate) async fn count(connection: &mut PgConnection, account: AccountId) -> Result<usize> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM identity.passkey WHERE account = $1")
        .bind(account.uuid())
        .fetch_one(connection)
        .await
        .map_err(db::fault)?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Fails with `identity.passkey_known` where somebody has this passkey.
pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, new: &NewPasskey<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO identity.passkey (id, account, credential, public_key, rp_id, sign_count, transports, name, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(new.id)
    .bind(new.account.uuid())
    .bind(new.credential)
    .bind(new.public_key)
    .bind(new.rp_id)
    .bind(i64::from(new.sign_count))
    .bind(new.transports)
    .bind(new.name)
    .bind(new.now)
    .execute(connection)
    .await
    .map_err(|error| match db::violated(&error) {
        Some("passkey_credential") => error::passkey_known(),
        _ => db::fault(error),
    })?;
    Ok(())
}

/// Removes a passkey of this account and gives what it was called.
pub(crate) async fn remove(
    connection: &mut PgConnection,
    _: &Permit,
    account: AccountId,
    id: Uuid,
) -> Result<Option<String>> {
    sqlx::query_scalar("DELETE FROM identity.passkey WHERE account = $1 AND id = $2 RETURNING name")
        .bind(account.uuid())
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn remove_all(connection: &mut PgConnection, _: &Permit, account: AccountId) -> Result<()> {
    sqlx::query("DELETE FROM identity.passkey WHERE account = $1")
        .bind(account.uuid())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// The passkey of this number at this address, and whose it is.
pub(crate) async fn shown(connection: &mut PgConnection, credential: &[u8], rp_id: &str) -> Result<Option<ShownRow>> {
    sqlx::query_as(
        "SELECT passkey.id,
                passkey.public_key,
                passkey.account,
                account.person,
                person.full_name,
                account.state,
                account.password_changed_at
         FROM identity.passkey AS passkey
         JOIN identity.account AS account ON account.id = passkey.account
         JOIN identity.person AS person ON person.id = account.person
         WHERE passkey.credential = $1 AND passkey.rp_id = $2",
    )
    .bind(credential)
    .bind(rp_id)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// How often a passkey has signed; locked until the operation ends.
pub(crate) async fn lock_count(connection: &mut PgConnection, id: Uuid) -> Result<Option<i64>> {
    sqlx::query_scalar("SELECT sign_count FROM identity.passkey WHERE id = $1 FOR UPDATE")
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn used(connection: &mut PgConnection, id: Uuid, sign_count: u32, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE identity.passkey SET sign_count = $2, last_used_at = $3 WHERE id = $1")
        .bind(id)
        .bind(i64::from(sign_count))
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Keeps a challenge; forgets a few that nobody has answered, and what was offered in the same session before.
pub(crate) async fn ask(connection: &mut PgConnection, new: &ChallengeRow, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "DELETE FROM identity.passkey_challenge WHERE challenge IN (
             SELECT challenge FROM identity.passkey_challenge WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(now)
    .bind(FORGOTTEN_AT_ONCE)
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    // One new passkey at a time; two pages may ask for one that there is.
    if new.purpose == REGISTER {
        sqlx::query("DELETE FROM identity.passkey_challenge WHERE session = $1 AND purpose = $2 AND account = $3")
            .bind(new.session)
            .bind(&new.purpose)
            .bind(new.account)
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
    }
    sqlx::query(
        "INSERT INTO identity.passkey_challenge (challenge, purpose, account, session, half_sha256, name, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&new.challenge)
    .bind(&new.purpose)
    .bind(new.account)
    .bind(new.session)
    .bind(&new.half_sha256)
    .bind(&new.name)
    .bind(new.expires_at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Uses a challenge up and says what it was given for; nobody gets it twice.
pub(crate) async fn take(connection: &mut PgConnection, challenge: &[u8]) -> Result<Option<ChallengeRow>> {
    sqlx::query_as(
        "DELETE FROM identity.passkey_challenge
          WHERE challenge = $1
      RETURNING challenge, purpose, account, session, half_sha256, name, expires_at",
    )
    .bind(challenge)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// The passkey that waits to be made in a session.
pub(crate) async fn offered(
    connection: &mut PgConnection,
    account: AccountId,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<Option<ChallengeRow>> {
    sqlx::query_as(
        "SELECT challenge, purpose, account, session, half_sha256, name, expires_at
         FROM identity.passkey_challenge
         WHERE account = $1 AND session = $2 AND purpose = 'register' AND expires_at > $3",
    )
    .bind(account.uuid())
    .bind(session.uuid())
    .bind(now)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}
