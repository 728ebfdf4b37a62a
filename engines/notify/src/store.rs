//! All SQL of the engine.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use db::PageRequest;
use kernel::{AccountId, MessageId, Result};
use op::Permit;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;
use vault::{KeyUse, Sealed, Vault, Wanted};

use crate::{Delivery, DeliveryState, Message, MessageView};

/// What a message says of somebody.
pub(crate) const MESSAGE: Sealed = Sealed("notify.message");

/// How the row of a message is named in what is sealed there.
fn sealed_row(message: Uuid) -> String {
    format!("message:{message}")
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    id: Uuid,
    kind: String,
    params: Json<BTreeMap<String, String>>,
    sealed: Option<Vec<u8>>,
    link: String,
    created_at: DateTime<Utc>,
    read_at: Option<DateTime<Utc>>,
}

impl MessageRow {
    fn into_view(self, vault: &Vault) -> Result<MessageView> {
        Ok(MessageView {
            params: match &self.sealed {
                Some(sealed) => MESSAGE.open(vault, &sealed_row(self.id), sealed)?,
                None => self.params.0,
            },
            id: MessageId::from_uuid(self.id),
            kind: self.kind,
            link: self.link,
            created_at: self.created_at,
            read_at: self.read_at,
        })
    }
}

#[derive(sqlx::FromRow)]
struct DeliveryRow {
    state: String,
    attempts: i32,
    last_error: Option<String>,
    at: DateTime<Utc>,
}

/// `None` when the key was used before.
pub(crate) async fn insert_message(
    conn: &mut PgConnection,
    vault: &Vault,
    message: &Message,
    now: DateTime<Utc>,
) -> Result<Option<MessageId>> {
    let id = MessageId::new();
    let sealed = MESSAGE.seal(vault, &sealed_row(id.uuid()), &message.params)?;
    let new: bool = sqlx::query_scalar("SELECT notify.put($1, $2, $3, $4, $5, $6, $7)")
        .bind(id.uuid())
        .bind(message.to.uuid())
        .bind(&message.kind)
        .bind(sealed)
        .bind(&message.link)
        .bind(&message.once)
        .bind(now)
        .fetch_one(conn)
        .await
        .map_err(db::fault)?;
    Ok(new.then_some(id))
}

pub(crate) async fn page(
    conn: &mut PgConnection,
    vault: &Vault,
    account: AccountId,
    request: &PageRequest,
) -> Result<Vec<MessageView>> {
    let after: Option<(DateTime<Utc>, MessageId)> = request.after.as_deref().map(db::cursor::decode).transpose()?;
    let rows: Vec<MessageRow> = sqlx::query_as(
        "SELECT
             id,
             kind,
             params,
             sealed,
             link,
             created_at,
             read_at
         FROM notify.message
         WHERE account = $1
           AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))
         ORDER BY created_at DESC, id DESC
         LIMIT $4",
    )
    .bind(account.uuid())
    .bind(after.map(|(created_at, _)| created_at))
    .bind(after.map(|(_, id)| id.uuid()))
    .bind(request.probe())
    .fetch_all(conn)
    .await
    .map_err(db::fault)?;
    rows.into_iter().map(|row| row.into_view(vault)).collect()
}

pub(crate) async fn unread(conn: &mut PgConnection, account: AccountId) -> Result<u32> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM notify.message WHERE account = $1 AND read_at IS NULL")
        .bind(account.uuid())
        .fetch_one(conn)
        .await
        .map_err(db::fault)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

pub(crate) async fn mark_all(
    conn: &mut PgConnection,
    _: &Permit,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<u32> {
    let done = sqlx::query("UPDATE notify.message SET read_at = $2 WHERE account = $1 AND read_at IS NULL")
        .bind(account.uuid())
        .bind(now)
        .execute(conn)
        .await
        .map_err(db::fault)?;
    Ok(u32::try_from(done.rows_affected()).unwrap_or(u32::MAX))
}

/// How many became read, 1 or 0; `None` when the account has no such message.
pub(crate) async fn mark_one(
    conn: &mut PgConnection,
    _: &Permit,
    account: AccountId,
    id: MessageId,
    now: DateTime<Utc>,
) -> Result<Option<u32>> {
    let read_before: Option<Option<DateTime<Utc>>> =
        sqlx::query_scalar("SELECT read_at FROM notify.message WHERE account = $1 AND id = $2 FOR UPDATE")
            .bind(account.uuid())
            .bind(id.uuid())
            .fetch_optional(&mut *conn)
            .await
            .map_err(db::fault)?;
    match read_before {
        None => Ok(None),
        Some(Some(_)) => Ok(Some(0)),
        Some(None) => {
            sqlx::query("UPDATE notify.message SET read_at = $2 WHERE id = $1")
                .bind(id.uuid())
                .bind(now)
                .execute(conn)
                .await
                .map_err(db::fault)?;
            Ok(Some(1))
        }
    }
}

pub(crate) async fn email_wanted(conn: &mut PgConnection, account: AccountId) -> Result<bool> {
    let wanted: Option<bool> =
        sqlx::query_scalar("SELECT wanted FROM notify.preference WHERE account = $1 AND channel = 'email'")
            .bind(account.uuid())
            .fetch_optional(conn)
            .await
            .map_err(db::fault)?;
    Ok(wanted.unwrap_or(true))
}

pub(crate) async fn set_email(
    conn: &mut PgConnection,
    _: &Permit,
    account: AccountId,
    wanted: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO notify.preference (account, channel, wanted, changed_at)
         VALUES ($1, 'email', $2, $3)
         ON CONFLICT (account, channel) DO UPDATE SET
             wanted = excluded.wanted,
             changed_at = excluded.changed_at",
    )
    .bind(account.uuid())
    .bind(wanted)
    .bind(now)
    .execute(conn)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn insert_delivery(conn: &mut PgConnection, message: MessageId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("INSERT INTO notify.delivery (message, channel, at) VALUES ($1, 'email', $2)")
        .bind(message.uuid())
        .bind(now)
        .execute(conn)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn delete_delivery(conn: &mut PgConnection, message: MessageId) -> Result<()> {
    sqlx::query("DELETE FROM notify.delivery WHERE message = $1 AND channel = 'email'")
        .bind(message.uuid())
        .execute(conn)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn delivery(conn: &mut PgConnection, message: MessageId) -> Result<Option<Delivery>> {
    let row: Option<DeliveryRow> = sqlx::query_as(
        "SELECT
             state,
             attempts,
             last_error,
             at
         FROM notify.delivery
         WHERE message = $1 AND channel = 'email'",
    )
    .bind(message.uuid())
    .fetch_optional(conn)
    .await
    .map_err(db::fault)?;
    Ok(row.map(|row| Delivery {
        message,
        state: DeliveryState::of_word(&row.state),
        attempts: row.attempts,
        last_error: row.last_error,
        at: row.at,
    }))
}

/// One more attempt and how it ended. What was sent stays sent.
pub(crate) async fn attempted(
    conn: &mut PgConnection,
    message: MessageId,
    state: DeliveryState,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE notify.delivery SET
             state = $2,
             attempts = attempts + 1,
             last_error = $3,
             at = $4
         WHERE message = $1 AND channel = 'email' AND state <> 'sent'",
    )
    .bind(message.uuid())
    .bind(state.as_str())
    .bind(error)
    .bind(now)
    .execute(conn)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// A message with its account, for the post.
pub(crate) async fn message(
    conn: &mut PgConnection,
    vault: &Vault,
    id: MessageId,
) -> Result<Option<(AccountId, MessageView)>> {
    let account: Option<Uuid> = sqlx::query_scalar("SELECT account FROM notify.message WHERE id = $1")
        .bind(id.uuid())
        .fetch_optional(&mut *conn)
        .await
        .map_err(db::fault)?;
    let row: Option<MessageRow> = sqlx::query_as(
        "SELECT
             id,
             kind,
             params,
             sealed,
             link,
             created_at,
             read_at
         FROM notify.message
         WHERE id = $1",
    )
    .bind(id.uuid())
    .fetch_optional(conn)
    .await
    .map_err(db::fault)?;
    account
        .zip(row)
        .map(|(account, row)| Ok((AccountId::from_uuid(account), row.into_view(vault)?)))
        .transpose()
}

/// Messages of an account as its owner reads them in an extract.
pub(crate) async fn told_messages(
    conn: &mut PgConnection,
    vault: &Vault,
    account: AccountId,
    limit: i64,
) -> Result<Vec<serde_json::Value>> {
    let rows: Vec<MessageRow> = sqlx::query_as(
        "SELECT id, kind, params, sealed, link, created_at, read_at
         FROM notify.message
         WHERE account = $1
         ORDER BY created_at DESC, id DESC
         LIMIT $2",
    )
    .bind(account.uuid())
    .bind(limit)
    .fetch_all(conn)
    .await
    .map_err(db::fault)?;
    let told = rows.into_iter().map(|row| {
        let view = row.into_view(vault)?;
        Ok(serde_json::json!({
            "kind": view.kind,
            "values": view.params,
            "sent_at": view.created_at,
            "read_at": view.read_at,
        }))
    });
    told.collect()
}

pub(crate) async fn told_preferences(conn: &mut PgConnection, account: AccountId) -> Result<Vec<serde_json::Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'channel', channel,
                    'wanted', wanted,
                    'changed_at', changed_at)
         FROM notify.preference
         WHERE account = $1
         ORDER BY channel",
    )
    .bind(account.uuid())
    .fetch_all(conn)
    .await
    .map_err(db::fault)
}

/// Removes the messages that were read, with what is known of their way outside.
pub(crate) async fn forget_read(conn: &mut PgConnection, _: &Permit, account: AccountId) -> Result<u64> {
    sqlx::query(
        "DELETE FROM notify.delivery
         WHERE message IN (SELECT id FROM notify.message WHERE account = $1 AND read_at IS NOT NULL)",
    )
    .bind(account.uuid())
    .execute(&mut *conn)
    .await
    .map_err(db::fault)?;
    let done = sqlx::query("DELETE FROM notify.message WHERE account = $1 AND read_at IS NOT NULL")
        .bind(account.uuid())
        .execute(conn)
        .await
        .map_err(db::fault)?;
    Ok(done.rows_affected())
}

pub(crate) async fn forget_preferences(conn: &mut PgConnection, _: &Permit, account: AccountId) -> Result<u64> {
    let done = sqlx::query("DELETE FROM notify.preference WHERE account = $1")
        .bind(account.uuid())
        .execute(conn)
        .await
        .map_err(db::fault)?;
    Ok(done.rows_affected())
}

/// A message that is to be sealed, or sealed anew.
#[derive(sqlx::FromRow)]
pub(crate) struct Told {
    pub(crate) id: Uuid,
    sealed: Option<Vec<u8>>,
    params: Json<BTreeMap<String, String>>,
}

impl Told {
    /// Under the newest key; `None` where it is that already.
    pub(crate) fn anew(&self, vault: &Vault) -> Result<Option<Vec<u8>>> {
        let row = sealed_row(self.id);
        match &self.sealed {
            Some(sealed) => MESSAGE.reseal(vault, &row, sealed),
            None => MESSAGE.seal(vault, &row, &self.params.0).map(Some),
        }
    }
}

/// Locks the next messages that are not sealed with this key, passing over what others hold.
pub(crate) async fn lock_told(conn: &mut PgConnection, wanted: Wanted, after: Uuid) -> Result<Vec<Told>> {
    sqlx::query_as(
        "SELECT id, sealed, params
         FROM notify.message
         WHERE id > $1
           AND coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000') = $2
         ORDER BY id
         LIMIT $3
         FOR NO KEY UPDATE SKIP LOCKED",
    )
    .bind(after)
    .bind(wanted.key())
    .bind(wanted.limit)
    .fetch_all(conn)
    .await
    .map_err(db::fault)
}

/// Writes what was sealed; nothing of it stays in plain.
pub(crate) async fn put_told(conn: &mut PgConnection, _: &Permit, ids: &[Uuid], sealed: &[Vec<u8>]) -> Result<()> {
    sqlx::query(
        "UPDATE notify.message SET sealed = new.sealed, params = '{}'
         FROM unnest($1::uuid[], $2::bytea[]) AS new (id, sealed)
         WHERE message.id = new.id",
    )
    .bind(ids)
    .bind(sealed)
    .execute(conn)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// How much is sealed under each key.
pub(crate) async fn uses(conn: &mut PgConnection) -> Result<Vec<KeyUse>> {
    db::take_time(&mut *conn).await?;
    let heads = sqlx::query_as(vault::count_by_key!("notify.message"))
        .fetch_all(conn)
        .await
        .map_err(db::fault)?;
    MESSAGE.uses(heads)
}

pub(crate) async fn count_messages(conn: &mut PgConnection, account: AccountId) -> Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM notify.message WHERE account = $1")
        .bind(account.uuid())
        .fetch_one(conn)
        .await
        .map_err(db::fault)
}

/// Brings the box of one account to another. What both were told once stays told twice: nothing goes.
pub(crate) async fn bring_messages(conn: &mut PgConnection, _: &Permit, [from, into]: [AccountId; 2]) -> Result<u64> {
    let done = sqlx::query(
        "UPDATE notify.message AS message SET
             account = $2,
             once = CASE
                 WHEN NOT EXISTS (SELECT FROM notify.message AS other WHERE other.account = $2 AND other.once = message.once)
                 THEN once
             END
         WHERE message.account = $1",
    )
    .bind(from.uuid())
    .bind(into.uuid())
    .execute(conn)
    .await
    .map_err(db::fault)?;
    Ok(done.rows_affected())
}

pub(crate) async fn bring_preferences(conn: &mut PgConnection, _: &Permit, [from, into]: [AccountId; 2]) -> Result<()> {
    for statement in [
        "INSERT INTO notify.preference (account, channel, wanted, changed_at)
         SELECT $2, channel, wanted, changed_at FROM notify.preference WHERE account = $1
         ON CONFLICT (account, channel) DO NOTHING",
        "DELETE FROM notify.preference WHERE account = $1 AND $2::uuid IS NOT NULL",
    ] {
        sqlx::query(statement)
            .bind(from.uuid())
            .bind(into.uuid())
            .execute(&mut *conn)
            .await
            .map_err(db::fault)?;
    }
    Ok(())
}
