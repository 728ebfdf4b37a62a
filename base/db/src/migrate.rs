//! Numbered SQL files of each engine, applied once, in order, under one lock.

use sha2::{Digest, Sha256};
use sqlx::{Executor, PgPool, Row};

/// One SQL file of one engine.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// The engine, which is also the name of its PostgreSQL schema.
    pub engine: &'static str,
    /// File name, `0001_what_it_does.sql`.
    pub name: &'static str,
    /// The statements; they run in one transaction.
    pub sql: &'static str,
}

/// Embeds the files of `migrations/` of the calling crate: `db::migrations!("files", ["0001_file.sql"])`.
#[macro_export]
macro_rules! migrations {
    ($engine:literal, [$($name:literal),* $(,)?]) => {
        &[$($crate::Migration {
            engine: $engine,
            name: $name,
            sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $name)),
        }),*]
    };
}

/// What [`migrate`] did with one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The engine.
    pub engine: &'static str,
    /// The file.
    pub name: &'static str,
}

/// Why the schemas could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A file that was applied earlier has other contents now.
    #[error("migration {engine}/{name} was edited after it had been applied")]
    Edited {
        /// The engine.
        engine: String,
        /// The file.
        name: String,
    },
    /// The statements of a file failed.
    #[error("migration {engine}/{name} failed: {source}")]
    Failed {
        /// The engine.
        engine: &'static str,
        /// The file.
        name: &'static str,
        /// What the database said.
        source: sqlx::Error,
    },
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Number of the advisory lock under which schemas change; any fixed number that nothing else uses.
const LOCK: i64 = 0x6e67_6162_6179;

fn digest(sql: &str) -> Vec<u8> {
    Sha256::digest(sql.as_bytes()).to_vec()
}

/// Applies what is missing and returns it. Several programs may call it at once: one works, the others wait and find nothing to do.
pub async fn migrate(pool: &PgPool, sets: &[&[Migration]]) -> Result<Vec<Applied>, MigrateError> {
    let mut connection = pool.acquire().await?;
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(LOCK)
        .execute(&mut *connection)
        .await?;
    let outcome = apply(&mut connection, sets).await;
    sqlx::query("SELECT pg_advisory_unlock($1)")
        .bind(LOCK)
        .execute(&mut *connection)
        .await?;
    outcome
}

/// The files that [`migrate`] would apply, in order.
pub async fn pending(pool: &PgPool, sets: &[&[Migration]]) -> Result<Vec<Applied>, MigrateError> {
    let made: bool = sqlx::query_scalar("SELECT to_regclass('db.migration') IS NOT NULL")
        .fetch_one(pool)
        .await?;
    let mut missing = Vec::new();
    for migration in sets.iter().flat_map(|set| set.iter()) {
        let done: bool = made
            && sqlx::query_scalar("SELECT EXISTS (SELECT FROM db.migration WHERE engine = $1 AND name = $2)")
                .bind(migration.engine)
                .bind(migration.name)
                .fetch_one(pool)
                .await?;
        if !done {
            missing.push(Applied {
                engine: migration.engine,
                name: migration.name,
            });
        }
    }
    Ok(missing)
}

async fn apply(connection: &mut sqlx::PgConnection, sets: &[&[Migration]]) -> Result<Vec<Applied>, MigrateError> {
    connection
        .execute(
            "CREATE SCHEMA IF NOT EXISTS db;
             CREATE TABLE IF NOT EXISTS db.migration (
                 engine text NOT NULL,
                 name text NOT NULL,
                 sha256 bytea NOT NULL,
                 applied_at timestamptz NOT NULL DEFAULT now(),
                 PRIMARY KEY (engine, name)
             );",
        )
        .await?;
    let mut applied = Vec::new();
    for migration in sets.iter().flat_map(|set| set.iter()) {
        let known = sqlx::query("SELECT sha256 FROM db.migration WHERE engine = $1 AND name = $2")
            .bind(migration.engine)
            .bind(migration.name)
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(row) = known {
            if row.get::<Vec<u8>, _>(0) != digest(migration.sql) {
                return Err(MigrateError::Edited {
                    engine: migration.engine.into(),
                    name: migration.name.into(),
                });
            }
            continue;
        }
        run(connection, migration)
            .await
            .map_err(|source| MigrateError::Failed {
                engine: migration.engine,
                name: migration.name,
                source,
            })?;
        applied.push(Applied {
            engine: migration.engine,
            name: migration.name,
        });
    }
    Ok(applied)
}

async fn run(connection: &mut sqlx::PgConnection, migration: &Migration) -> Result<(), sqlx::Error> {
    use sqlx::Connection;
    let mut transaction = connection.begin().await?;
    transaction.execute(migration.sql).await?;
    sqlx::query("INSERT INTO db.migration (engine, name, sha256) VALUES ($1, $2, $3)")
        .bind(migration.engine)
        .bind(migration.name)
        .bind(digest(migration.sql))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}
