use chrono::{DateTime, Utc};
use kernel::{AccountId, PersonId, Result};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::accounts::NewAccount;
use crate::error;
use crate::hashing::PasswordHash;
use crate::model::{Account, AccountState};

/// What a sign-in needs to know of an account.
#[derive(sqlx::FromRow)]
pub(crate) struct CredentialRow {
    pub(crate) id: Uuid,
    pub(crate) person: Uuid,
    pub(crate) full_name: String,
    pub(crate) password: Option<String>,
    pub(crate) password_changed_at: Option<DateTime<Utc>>,
    pub(crate) state: String,
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    id: Uuid,
    person: Uuid,
    login: String,
    state: String,
    created_at: DateTime<Utc>,
}

fn state(word: &str) -> Result<AccountState> {
    AccountState::parse(word).ok_or_else(|| super::unknown_word("account.state"))
}

pub(crate) async fn credential(connection: &mut PgConnection, login_folded: &str) -> Result<Option<CredentialRow>> {
    sqlx::query_as(
        "SELECT account.id,
                account.person,
                person.full_name,
                account.password,
                account.password_changed_at,
                account.state
         FROM identity.account AS account
         JOIN identity.person AS person ON person.id = account.person
         WHERE account.login_folded = $1",
    )
    .bind(login_folded)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// The same of an account by its number.
pub(crate) async fn credential_of(connection: &mut PgConnection, account: AccountId) -> Result<Option<CredentialRow>> {
    sqlx::query_as(
        "SELECT account.id,
                account.person,
                person.full_name,
                account.password,
                account.password_changed_at,
                account.state
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

pub(crate) async fn of_person(connection: &mut PgConnection, person: PersonId) -> Result<Option<(AccountId, String)>> {
    let row: Option<(Uuid, String)> = sqlx::query_as("SELECT id, login_folded FROM identity.account WHERE person = $1")
        .bind(person.uuid())
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    Ok(row.map(|(id, login)| (id.into(), login)))
}

/// By its login, folded.
pub(crate) async fn by_login(connection: &mut PgConnection, login_folded: &str) -> Result<Option<Account>> {
    let id: Option<Uuid> = sqlx::query_scalar("SELECT id FROM identity.account WHERE login_folded = $1")
        .bind(login_folded)
        .fetch_optional(&mut *connection)
        .await
        .map_err(db::fault)?;
    match id {
        None => Ok(None),
        Some(id) => get(connection, id.into()).await,
    }
}

pub(crate) async fn get(connection: &mut PgConnection, id: AccountId) -> Result<Option<Account>> {
    let row = sqlx::query_as::<_, AccountRow>(
        "SELECT id, person, login, state, created_at FROM identity.account WHERE id = $1",
    )
    .bind(id.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(|row| {
        Ok(Account {
            id: row.id.into(),
            person: row.person.into(),
            login: row.login,
            state: state(&row.state)?,
            created_at: row.created_at,
        })
    })
    .transpose()
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    _permit: &Permit,
    id: AccountId,
    new: &NewAccount,
    login_folded: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO identity.account (id, person, login, login_folded, password, password_changed_at, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'active', $7)",
    )
    .bind(id.uuid())
    .bind(new.person.uuid())
    .bind(kernel::text::clean_line(&new.login))
    .bind(login_folded)
    .bind(new.password.as_ref().map(PasswordHash::as_str))
    .bind(new.password.as_ref().map(|_| now))
    .bind(now)
    .execute(connection)
    .await
    .map_err(|e| match db::violated(&e) {
        Some("account_login") => error::login_taken(),
        Some("account_person") => error::account_exists(),
        _ => db::fault(e),
    })?;
    Ok(())
}

pub(crate) async fn lock_state(connection: &mut PgConnection, id: AccountId) -> Result<Option<AccountState>> {
    let word: Option<String> = sqlx::query_scalar("SELECT state FROM identity.account WHERE id = $1 FOR UPDATE")
        .bind(id.uuid())
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    word.as_deref().map(state).transpose()
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
    id: AccountId,
    login: &str,
    login_folded: &str,
) -> Result<()> {
    sqlx::query("UPDATE identity.account SET login = $2, login_folded = $3 WHERE id = $1")
        .bind(id.uuid())
        .bind(kernel::text::clean_line(login))
        .bind(login_folded)
        .execute(connection)
        .await
        .map_err(|e| match db::violated(&e) {
            Some("account_login") => error::login_taken(),
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
