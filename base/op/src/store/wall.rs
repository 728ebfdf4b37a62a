use kernel::Result;
use sqlx::{AssertSqlSafe, Executor, PgConnection, PgPool, Postgres, Transaction};

/// Begins a transaction behind the wall, in one round trip; without one for the platform.
#[expect(
    clippy::disallowed_methods,
    reason = "settings cannot be bound; they are made from numbers and words of the platform"
)]
pub(crate) async fn begin(pool: &PgPool, wall: Option<String>) -> Result<Transaction<'static, Postgres>> {
    let begun = match wall {
        None => pool.begin().await,
        Some(wall) => pool.begin_with(AssertSqlSafe(format!("BEGIN; {wall}"))).await,
    };
    begun.map_err(db::fault)
}

/// Builds the wall on a connection without a transaction, in place of the one of whoever had it before.
#[expect(
    clippy::disallowed_methods,
    reason = "settings cannot be bound; they are made from numbers and words of the platform"
)]
pub(crate) async fn build(connection: &mut PgConnection, wall: Option<String>) -> Result<()> {
    let wall = wall.unwrap_or_else(|| "RESET ROLE".to_owned());
    connection
        .execute(sqlx::raw_sql(AssertSqlSafe(wall)))
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Becomes the owner of the connection again.
pub(crate) async fn leave_role(connection: &mut PgConnection, in_transaction: bool) -> Result<()> {
    let statement = if in_transaction {
        "SET LOCAL ROLE NONE"
    } else {
        "RESET ROLE"
    };
    connection.execute(statement).await.map_err(db::fault)?;
    Ok(())
}
