use chrono::{DateTime, Utc};
use kernel::{AccountId, PersonId, Result};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;
use vault::Vault;

use super::sealed::{self, FOLDED, WrittenLogin};
use crate::accounts::NewAccount;
use crate::error;
use crate::hashing::PasswordHash;
use crate::login::fold;
use crate::model::{Account, AccountState};

/// What a sign-in needs to know of an account.
#[derive(sqlx::FromRow)]
pub(crate) struct CredentialRow {
    pub(crate) id: Uuid,
    login: Option<String>,
    sealed: Option<Vec<u8>>,
    pub(crate) person: Uuid,
    pub(crate) full_name: String,
    pub(crate) password: Option<String>,
    pub(crate) password_changed_at: Option<DateTime<Utc>>,
    pub(crate) state: String,
    /// The person was merged into another one: who has the right password is told where to.
    pub(crate) is_merged: bool,
    /// Nobody signs in as an organisation: its people act for it.
    pub(crate) is_organisation: bool,
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    id: Uuid,
    person: Uuid,
    login: Option<String>,
    sealed: Option<Vec<u8>>,
    state: String,
    created_at: DateTime<Utc>,
}

fn state(word: &str) -> Result<AccountState> {
    AccountState::parse(word).ok_or_else(|| super::unknown_word("account.state"))
}

pub(crate) async fn credential(
    connection: &mut PgConnection,
    vault: &Vault,
    login_folded: &str,
) -> Result<Option<CredentialRow>> {
    let rows: Vec<CredentialRow> = sqlx::query_as(
        "SELECT account.id,
                account.login,
                account.sealed,
                account.person,
                person.full_name,
                account.password,
                account.password_changed_at,
                account.state,
                person.merged_into IS NOT NULL AS is_merged,
                person.kind = 'organisation' AS is_organisation
         FROM identity.account AS account
         JOIN identity.person AS person ON person.id = account.person
         WHERE account.login_folded = $1 OR account.login_tag = ANY ($2)",
    )
    .bind(login_folded)
    .bind(FOLDED.tags(vault, login_folded)?)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let mut found = None;
    for row in rows {
        // A hash that was moved to another account lets nobody in there, and of two accounts with one name nobody guesses which.
        let own = sealed::login(vault, row.id, row.login.clone(), row.sealed.as_deref())?;
        if found.is_some() || fold(&own) != login_folded {
            return Err(super::row_broken("account", row.id));
        }
        found = Some(row);
    }
    Ok(found)
}

/// The same of an account by its number.
pub(crate) async fn credential_of(connection: &mut PgConnection, account: AccountId) -> Result<Option<CredentialRow>> {
    sqlx::query_as(
        "SELECT account.id,
                account.login,
                account.sealed,
                account.person,
                person.full_name,
                account.password,
                account.password_changed_at,
                account.state,
                person.merged_into IS NOT NULL AS is_merged,
                person.kind = 'organisation' AS is_organisation
         FROM identity.account AS account
         JOIN identity.person AS person ON person.id = account.person
         WHERE account.id = $1",
    )
    .bind(account.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// The state and the day of the password once more, locked against a change until the operation ends.
pub(crate) async fn lock_credential(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Option<(Option<DateTime<Utc>>, AccountState)>> {
    let row: Option<(Option<DateTime<Utc>>, String)> =
        sqlx::query_as("SELECT password_changed_at, state FROM identity.account WHERE id = $1 FOR UPDATE")
            .bind(id)
            .fetch_optional(connection)
            .await
            .map_err(db::fault)?;
    row.map(|(changed_at, word)| Ok((changed_at, state(&word)?)))
        .transpose()
}

pub(crate) async fn of_person(connection: &mut PgConnection, person: PersonId) -> Result<Option<AccountId>> {
    let id: Option<Uuid> = sqlx::query_scalar("SELECT id FROM identity.account WHERE person = $1")
        .bind(person.uuid())
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    Ok(id.map(AccountId::from))
}

pub(crate) async fn person_of(connection: &mut PgConnection, account: AccountId) -> Result<Option<PersonId>> {
    let id: Option<Uuid> = sqlx::query_scalar("SELECT person FROM identity.account WHERE id = $1")
        .bind(account.uuid())
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    Ok(id.map(PersonId::from))
}

/// By its login, folded.
pub(crate) async fn by_login(
    connection: &mut PgConnection,
    vault: &Vault,
    login_folded: &str,
) -> Result<Option<Account>> {
    match credential(connection, vault, login_folded).await? {
        None => Ok(None),
        Some(found) => get(connection, vault, found.id.into()).await,
    }
}

pub(crate) async fn get(connection: &mut PgConnection, vault: &Vault, id: AccountId) -> Result<Option<Account>> {
    let row = sqlx::query_as::<_, AccountRow>(
        "SELECT id, person, login, sealed, state, created_at FROM identity.account WHERE id = $1",
    )
    .bind(id.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(|row| {
        Ok(Account {
            id: row.id.into(),
            person: row.person.into(),
            login: sealed::login(vault, row.id, row.login, row.sealed.as_deref())?,
            state: state(&row.state)?,
            created_at: row.created_at,
        })
    })
    .transpose()
}

/// The name as it is written, if nobody else has it. Whoever takes the same one waits, so that one name is one account while keys change too.
async fn free(
    connection: &mut PgConnection,
    vault: &Vault,
    id: AccountId,
    login: &str,
    named_by_paper: bool,
) -> Result<WrittenLogin> {
    let folded = fold(login);
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('identity.login:' || $1, 0))")
        .bind(&folded)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    match credential(connection, vault, &folded).await? {
        Some(other) if other.id != id.uuid() => Err(error::login_taken()),
        _ if named_by_paper => WrittenLogin::sealed(vault, id.uuid(), &kernel::text::clean_line(login)),
        _ => WrittenLogin::of(vault, id.uuid(), &kernel::text::clean_line(login)),
    }
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    _permit: &Permit,
    vault: &Vault,
    id: AccountId,
    new: &NewAccount,
    named_by_paper: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    let written = free(connection, vault, id, &new.login, named_by_paper).await?;
    sqlx::query(
        "INSERT INTO identity.account (
             id, person, sealed, login_tag, login, login_folded, password, password_changed_at, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'active', $9)",
    )
    .bind(id.uuid())
    .bind(new.person.uuid())
    .bind(written.sealed)
    .bind(written.tag)
    .bind(written.plain.as_ref().map(|(name, _)| name))
    .bind(written.plain.as_ref().map(|(_, folded)| folded))
    .bind(new.password.as_ref().map(PasswordHash::as_str))
    .bind(new.password.as_ref().map(|_| now))
    .bind(now)
    .execute(connection)
    .await
    .map_err(|e| match db::violated(&e) {
        Some("account_login" | "account_login_tag") => error::login_taken(),
        Some("account_person") => error::account_exists(),
        _ => db::fault(e),
    })?;
    Ok(())
}

pub(crate) async fn lock_state(connection: &mut PgConnection, id: AccountId) -> Result<Option<AccountState>> {
    let word: Option<String> = sqlx::query_scalar("SELECT state FROM identity.account WHERE id = $1 FOR NO KEY UPDATE")
        .bind(id.uuid())
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    word.as_deref().map(state).transpose()
}

/// The account of a person, held before the person: whoever joins accounts takes both in this order too.
pub(crate) async fn hold_of(connection: &mut PgConnection, person: PersonId) -> Result<()> {
    sqlx::query("SELECT FROM identity.account WHERE person = $1 FOR KEY SHARE")
        .bind(person.uuid())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn set_state(
    connection: &mut PgConnection,
    _permit: &Permit,
    id: AccountId,
    to: AccountState,
) -> Result<()> {
    sqlx::query("UPDATE identity.account SET state = $2 WHERE id = $1")
        .bind(id.uuid())
        .bind(to.as_str())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Whether a password opens it.
pub(crate) async fn has_password(connection: &mut PgConnection, id: AccountId) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM identity.account WHERE id = $1 AND password IS NOT NULL)")
        .bind(id.uuid())
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// Somebody has come in.
pub(crate) async fn came_in(connection: &mut PgConnection, id: AccountId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE identity.account SET last_sign_in_at = $2 WHERE id = $1")
        .bind(id.uuid())
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn rename(
    connection: &mut PgConnection,
    _permit: &Permit,
    vault: &Vault,
    id: AccountId,
    login: &str,
) -> Result<()> {
    let written = free(connection, vault, id, login, false).await?;
    sqlx::query("UPDATE identity.account SET sealed = $2, login_tag = $3, login = $4, login_folded = $5 WHERE id = $1")
        .bind(id.uuid())
        .bind(written.sealed)
        .bind(written.tag)
        .bind(written.plain.as_ref().map(|(name, _)| name))
        .bind(written.plain.as_ref().map(|(_, folded)| folded))
        .execute(connection)
        .await
        .map_err(|e| match db::violated(&e) {
            Some("account_login" | "account_login_tag") => error::login_taken(),
            _ => db::fault(e),
        })?;
    Ok(())
}

/// Whether there is such an account.
pub(crate) async fn set_password(
    connection: &mut PgConnection,
    _permit: &Permit,
    id: AccountId,
    hash: &PasswordHash,
    now: DateTime<Utc>,
) -> Result<bool> {
    let written = sqlx::query("UPDATE identity.account SET password = $2, password_changed_at = $3 WHERE id = $1")
        .bind(id.uuid())
        .bind(hash.as_str())
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(written.rows_affected() > 0)
}

/// The same password at another cost: the day on which the owner set it stays.
pub(crate) async fn refresh_hash(connection: &mut PgConnection, id: Uuid, hash: &PasswordHash) -> Result<()> {
    sqlx::query("UPDATE identity.account SET password = $2 WHERE id = $1")
        .bind(id)
        .bind(hash.as_str())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}
