use kernel::{AccountId, Result};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

/// The sealed secrets of an authenticator.
#[derive(sqlx::FromRow)]
pub(crate) struct SealedRow {
    pub(crate) account: Uuid,
    pub(crate) secret: Option<Vec<u8>>,
    pub(crate) next_secret: Option<Vec<u8>>,
}

/// How many secrets of authenticators there are under each key; the first five bytes name it.
pub(crate) async fn totp_heads(connection: &mut PgConnection) -> Result<Vec<(Vec<u8>, i64)>> {
    sqlx::query_as(
        "SELECT substring(sealed FROM 1 FOR 5), count(*)
         FROM (SELECT secret FROM identity.totp UNION ALL SELECT next_secret FROM identity.totp) AS all_of_them (sealed)
         WHERE sealed IS NOT NULL
         GROUP BY 1
         ORDER BY 1",
    )
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// The same for recovery codes that were not used.
pub(crate) async fn recovery_heads(connection: &mut PgConnection) -> Result<Vec<(Vec<u8>, i64)>> {
    sqlx::query_as(
        "SELECT substring(tag FROM 1 FOR 5), count(*)
         FROM identity.recovery_code
         WHERE used_at IS NULL
         GROUP BY 1
         ORDER BY 1",
    )
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Locks the next authenticators with a secret that is not under this key, passing over what others hold.
pub(crate) async fn lock_totp_of_other_keys(
    connection: &mut PgConnection,
    key: u32,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<SealedRow>> {
    sqlx::query_as(
        "SELECT account, secret, next_secret
         FROM identity.totp
         WHERE ($1::uuid IS NULL OR account > $1)
           AND (substring(secret FROM 2 FOR 4) <> $2 OR substring(next_secret FROM 2 FOR 4) <> $2)
         ORDER BY account
         LIMIT $3
         FOR NO KEY UPDATE SKIP LOCKED",
    )
    .bind(after.map(AccountId::uuid))
    .bind(key.to_be_bytes().as_slice())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// The same secrets, sealed with another key.
pub(crate) async fn put_totp(
    connection: &mut PgConnection,
    _: &Permit,
    account: AccountId,
    secret: Option<&[u8]>,
    next_secret: Option<&[u8]>,
) -> Result<()> {
    sqlx::query("UPDATE identity.totp SET secret = $2, next_secret = $3 WHERE account = $1")
        .bind(account.uuid())
        .bind(secret)
        .bind(next_secret)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}
