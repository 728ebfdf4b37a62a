use chrono::{DateTime, Duration, Utc};
use kernel::{AccountId, AgencyId, PersonId, Result};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;
use vault::Vault;

use super::asked::seal_paper;
use super::sealed::{self, NUMBER, PASSPORT};

/// How long it is kept that there was one.
const KEPT: Duration = Duration::days(90);

/// A code that was given out.
pub(crate) struct NewCode<'a> {
    pub(crate) account: AccountId,
    pub(crate) digest: &'a [u8],
    pub(crate) by: AccountId,
    pub(crate) agency: Option<AgencyId>,
    pub(crate) paper: &'a str,
    pub(crate) at: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
}

/// A person, the account, and its login in plain or sealed.
type OwnerRow = (Uuid, Uuid, Option<String>, Option<Vec<u8>>);

/// The person of this number and name, an old number included, with their account and its login.
pub(crate) async fn owner(
    connection: &mut PgConnection,
    vault: &Vault,
    number: &str,
    name_folded: &str,
) -> Result<Option<(PersonId, AccountId, String)>> {
    let row: Option<OwnerRow> = sqlx::query_as(
        "SELECT person.id, account.id, account.login, account.sealed
         FROM identity.person AS numbered
         JOIN identity.person AS person ON person.id = coalesce(numbered.merged_into, numbered.id)
         JOIN identity.account AS account ON account.person = person.id
         WHERE (numbered.personal_number = $1 OR numbered.number_tag = ANY ($3) OR numbered.passport_tag = ANY ($4))
           AND $2 IN (person.name_folded, numbered.name_folded) AND person.kind = 'human' AND account.state = 'active'
         LIMIT 1",
    )
    .bind(number)
    .bind(name_folded)
    .bind(NUMBER.tags(vault, number)?)
    .bind(PASSPORT.tags(vault, number)?)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(|(person, account, plain, sealed)| {
        let login = sealed::login(vault, account, plain, sealed.as_deref())?;
        Ok((person.into(), account.into(), login))
    })
    .transpose()
}

/// How many were given out for the account within a day, and by the official within an hour.
pub(crate) async fn counts(
    connection: &mut PgConnection,
    account: AccountId,
    by: AccountId,
    now: DateTime<Utc>,
) -> Result<(i64, i64)> {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM identity.counter_code WHERE account = $1 AND issued_at > $3),
                (SELECT count(*) FROM identity.counter_code WHERE issued_by = $2 AND issued_at > $4)",
    )
    .bind(account.uuid())
    .bind(by.uuid())
    .bind(now - Duration::days(1))
    .bind(now - Duration::hours(1))
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// Whether one that this official has given for the account was used since.
pub(crate) async fn used_of(
    connection: &mut PgConnection,
    account: AccountId,
    by: AccountId,
    since: DateTime<Utc>,
) -> Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM identity.counter_code WHERE account = $1 AND issued_by = $2 AND used_at > $3)",
    )
    .bind(account.uuid())
    .bind(by.uuid())
    .bind(since)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// What was given out and not used is worth nothing any more: the owner has secured the account.
pub(crate) async fn revoke(
    connection: &mut PgConnection,
    _: &Permit,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE identity.counter_code SET revoked_at = $2
         WHERE account = $1 AND used_at IS NULL AND revoked_at IS NULL",
    )
    .bind(account.uuid())
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Gives one out; the one before is worth nothing any more. The caller holds the account's row.
pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, vault: &Vault, new: &NewCode<'_>) -> Result<()> {
    let id = Uuid::now_v7();
    sqlx::query(
        "UPDATE identity.counter_code SET revoked_at = $2
         WHERE account = $1 AND used_at IS NULL AND revoked_at IS NULL",
    )
    .bind(new.account.uuid())
    .bind(new.at)
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    sqlx::query(
        "INSERT INTO identity.counter_code (id, account, code_sha256, issued_by, agency, sealed, issued_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(id)
    .bind(new.account.uuid())
    .bind(new.digest)
    .bind(new.by.uuid())
    .bind(new.agency.map(AgencyId::uuid))
    .bind(seal_paper(vault, id, new.paper)?)
    .bind(new.at)
    .bind(new.until)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Whether it is this one.
pub(crate) async fn holds(
    connection: &mut PgConnection,
    account: AccountId,
    digest: &[u8],
    now: DateTime<Utc>,
) -> Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (
             SELECT FROM identity.counter_code
             WHERE account = $1 AND code_sha256 = $2 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $3)",
    )
    .bind(account.uuid())
    .bind(digest)
    .bind(now)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// Whether it was this one; it is used up then. The caller holds the account's row.
pub(crate) async fn take(
    connection: &mut PgConnection,
    account: AccountId,
    digest: &[u8],
    now: DateTime<Utc>,
) -> Result<bool> {
    let taken = sqlx::query(
        "UPDATE identity.counter_code SET used_at = $3
         WHERE account = $1 AND code_sha256 = $2 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $3",
    )
    .bind(account.uuid())
    .bind(digest)
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(taken.rows_affected() > 0)
}

pub(crate) async fn sweep(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let removed = sqlx::query("DELETE FROM identity.counter_code WHERE issued_at < $1")
        .bind(now - KEPT)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(removed.rows_affected())
}
