use chrono::{DateTime, Utc};
use kernel::{AccountId, Result};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

/// Why a link is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Unlinked,
    Replaced,
}

impl End {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unlinked => "unlinked",
            Self::Replaced => "replaced",
        }
    }
}

#[derive(Debug, sqlx::FromRow)]
pub(crate) struct LinkRow {
    pub(crate) provider: String,
    pub(crate) linked_at: DateTime<Utc>,
    pub(crate) last_used_at: DateTime<Utc>,
    pub(crate) end_reason: Option<String>,
}

/// Two who come back as the same subject at once go one after the other.
pub(crate) async fn lock(connection: &mut PgConnection, provider: &str, subject: &str) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('federation.link:' || $1 || ' ' || $2, 0))")
        .bind(provider)
        .bind(subject)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Of two ways in that are taken away at once the second finds that it is the last.
pub(crate) async fn lock_account(connection: &mut PgConnection, account: AccountId) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('federation.account:' || $1::text, 0))")
        .bind(account.uuid())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn of_subject(
    connection: &mut PgConnection,
    provider: &str,
    subject: &str,
) -> Result<Option<AccountId>> {
    let account: Option<Uuid> = sqlx::query_scalar(
        "SELECT account FROM federation.link WHERE provider = $1 AND subject = $2 AND ended_at IS NULL",
    )
    .bind(provider)
    .bind(subject)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    Ok(account.map(AccountId::from))
}

/// The living link of the account with this provider, or the one that ended last.
pub(crate) async fn last(connection: &mut PgConnection, account: AccountId, provider: &str) -> Result<Option<LinkRow>> {
    sqlx::query_as(
        "SELECT provider, linked_at, last_used_at, end_reason
         FROM federation.link
         WHERE account = $1 AND provider = $2
         ORDER BY (ended_at IS NULL) DESC, ended_at DESC, id DESC
         LIMIT 1",
    )
    .bind(account.uuid())
    .bind(provider)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// The living links.
pub(crate) async fn of_account(connection: &mut PgConnection, account: AccountId) -> Result<Vec<LinkRow>> {
    sqlx::query_as(
        "SELECT provider, linked_at, last_used_at, end_reason
         FROM federation.link
         WHERE account = $1 AND ended_at IS NULL
         ORDER BY linked_at, id",
    )
    .bind(account.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    _permit: &Permit,
    provider: &str,
    subject: &str,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO federation.link (id, provider, subject, account, linked_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $5)",
    )
    .bind(Uuid::now_v7())
    .bind(provider)
    .bind(subject)
    .bind(account.uuid())
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn used(
    connection: &mut PgConnection,
    _permit: &Permit,
    provider: &str,
    subject: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE federation.link SET last_used_at = greatest(last_used_at, $3)
         WHERE provider = $1 AND subject = $2 AND ended_at IS NULL",
    )
    .bind(provider)
    .bind(subject)
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn end(
    connection: &mut PgConnection,
    _permit: &Permit,
    account: AccountId,
    provider: &str,
    why: End,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE federation.link SET ended_at = $3, end_reason = $4
         WHERE account = $1 AND provider = $2 AND ended_at IS NULL",
    )
    .bind(account.uuid())
    .bind(provider)
    .bind(now)
    .bind(why.as_str())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// All links of an account as their owner reads them in an extract, the latest first.
pub(crate) async fn told(
    connection: &mut PgConnection,
    account: AccountId,
    limit: i64,
) -> Result<Vec<serde_json::Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'provider', provider,
                    'subject', subject,
                    'linked_at', linked_at,
                    'last_used_at', last_used_at,
                    'ended_at', ended_at)
         FROM federation.link
         WHERE account = $1
         ORDER BY linked_at DESC, id DESC
         LIMIT $2",
    )
    .bind(account.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Removes the links that have ended, and with `living` those in force; how many.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    _permit: &Permit,
    account: AccountId,
    living: bool,
) -> Result<u64> {
    let done = sqlx::query("DELETE FROM federation.link WHERE account = $1 AND (ended_at IS NOT NULL OR $2)")
        .bind(account.uuid())
        .bind(living)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(done.rows_affected())
}

/// How many links an account has and had.
pub(crate) async fn count(connection: &mut PgConnection, account: AccountId) -> Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM federation.link WHERE account = $1")
        .bind(account.uuid())
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// Brings the links of one account to another, which keeps its own in force; how many. What the owner of that one has undone last does not come back: it
/// ends as undone, and nobody links it again but the owner.
pub(crate) async fn bring(
    connection: &mut PgConnection,
    _permit: &Permit,
    [from, into]: [AccountId; 2],
    now: DateTime<Utc>,
) -> Result<u64> {
    for statement in [
        "UPDATE federation.link AS link SET ended_at = $3, end_reason = 'replaced'
         WHERE link.account = $1 AND link.ended_at IS NULL
           AND EXISTS (SELECT FROM federation.link AS other
                       WHERE other.account = $2 AND other.provider = link.provider AND other.ended_at IS NULL)",
        "UPDATE federation.link AS link SET ended_at = $3, end_reason = 'unlinked'
         WHERE link.account = $1 AND link.ended_at IS NULL
           AND (SELECT other.end_reason FROM federation.link AS other
                WHERE other.account = $2 AND other.provider = link.provider
                ORDER BY other.ended_at DESC, other.id DESC LIMIT 1) = 'unlinked'",
    ] {
        sqlx::query(statement)
            .bind(from.uuid())
            .bind(into.uuid())
            .bind(now)
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
    }
    let done = sqlx::query("UPDATE federation.link SET account = $2 WHERE account = $1")
        .bind(from.uuid())
        .bind(into.uuid())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(done.rows_affected())
}
