//! op.vault_key

use kernel::Result;
use sqlx::{PgConnection, PgPool};

pub(crate) async fn vault_keys(pool: &PgPool) -> Result<Vec<(u32, Vec<u8>)>> {
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as("SELECT number, digest FROM op.vault_key ORDER BY number")
        .fetch_all(pool)
        .await
        .map_err(db::fault)?;
    let number = |number: i64| u32::try_from(number).unwrap_or_default();
    Ok(rows.into_iter().map(|(key, digest)| (number(key), digest)).collect())
}

pub(crate) async fn add_vault_keys(pool: &PgPool, keys: &[(u32, Vec<u8>)]) -> Result<()> {
    let (numbers, digests): (Vec<i64>, Vec<&[u8]>) = keys
        .iter()
        .map(|(key, digest)| (i64::from(*key), digest.as_slice()))
        .unzip();
    sqlx::query(
        "INSERT INTO op.vault_key (number, digest)
         SELECT number, digest FROM unnest($1::bigint[], $2::bytea[]) AS new (number, digest)
         ON CONFLICT (number) DO NOTHING",
    )
    .bind(numbers)
    .bind(digests)
    .execute(pool)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn remove_vault_key(connection: &mut PgConnection, number: u32) -> Result<()> {
    sqlx::query("DELETE FROM op.vault_key WHERE number = $1")
        .bind(i64::from(number))
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}
