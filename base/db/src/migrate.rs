//! Numbered SQL files of each engine, applied once, in order, under one lock.

use sha2::{Digest, Sha256};
use sqlx::{Connection, Executor, PgConnection, PgPool, Row};

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
    /// The database was brought further by a newer program: this one does not know what lies where, and would write beside it.
    #[error("the database is newer than this program: it has {engine}/{name}")]
    Newer {
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
///
/// It works on a connection of its own, without the limits of the pool: an index on a large table takes longer than any page may,
/// and so does waiting for the one who builds it. The lock goes with the connection.
pub async fn migrate(pool: &PgPool, sets: &[&[Migration]]) -> Result<Vec<Applied>, MigrateError> {
    let options = (*pool.connect_options()).clone();
    let patient = options.options([("statement_timeout", "0"), ("lock_timeout", "0")]);
    let mut connection = PgConnection::connect_with(&patient).await?;
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(LOCK)
        .execute(&mut connection)
        .await?;
    connection.execute(MAKE_WALLED).await?;
    let applied = apply(&mut connection, sets).await?;
    // Schemas from before the role was there.
    for engine in sets
        .iter()
        .filter_map(|set| set.first())
        .map(|migration| migration.engine)
    {
        let known: bool = sqlx::query_scalar("SELECT has_schema_privilege($1, $2, 'USAGE')")
            .bind(WALLED)
            .bind(engine)
            .fetch_one(&mut connection)
            .await?;
        if !known {
            grant(&mut connection, engine).await?;
        }
    }
    connection.close().await?;
    Ok(applied)
}

/// The role under which operations speak to the database: it owns nothing, so the policies of tables hold for it.
pub const WALLED: &str = "ngabay_walled";

/// Makes the role, which all databases of a server share, and lets whoever migrates become it. Since PostgreSQL 16 whoever makes a role
/// administers it, and may become it only where that is granted too.
const MAKE_WALLED: &str = "
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ngabay_walled') THEN
            CREATE ROLE ngabay_walled NOLOGIN;
        END IF;
        IF current_setting('server_version_num')::integer < 160000 THEN
            IF NOT pg_has_role(current_user, 'ngabay_walled', 'MEMBER') THEN
                GRANT ngabay_walled TO CURRENT_USER;
            END IF;
        ELSIF NOT pg_has_role(current_user, 'ngabay_walled', 'SET') THEN
            EXECUTE 'GRANT ngabay_walled TO CURRENT_USER WITH SET TRUE';
        END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$";

/// Lets the role use the tables of a schema; in the transaction that made them, so that there is no moment without.
#[expect(
    clippy::disallowed_methods,
    reason = "names of schemas cannot be bound; these are names of engines"
)]
async fn grant(connection: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    let statement = format!(
        "GRANT USAGE ON SCHEMA {schema} TO {WALLED};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {WALLED};
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {WALLED}"
    );
    connection
        .execute(sqlx::raw_sql(sqlx::AssertSqlSafe(statement)))
        .await
        .map(|_| ())
}

/// The files that [`migrate`] would apply, in order.
pub async fn pending(pool: &PgPool, sets: &[&[Migration]]) -> Result<Vec<Applied>, MigrateError> {
    let made: bool = sqlx::query_scalar("SELECT to_regclass('db.migration') IS NOT NULL")
        .fetch_one(pool)
        .await?;
    if made {
        unless_newer(&mut *pool.acquire().await?, sets).await?;
    }
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

async fn apply(connection: &mut PgConnection, sets: &[&[Migration]]) -> Result<Vec<Applied>, MigrateError> {
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
    unless_newer(connection, sets).await?;
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

/// Fails where an engine of these sets has files in the database that its set does not know.
async fn unless_newer(connection: &mut PgConnection, sets: &[&[Migration]]) -> Result<(), MigrateError> {
    let known: Vec<&Migration> = sets.iter().flat_map(|set| set.iter()).collect();
    let newer: Option<(String, String)> = sqlx::query_as(
        "SELECT engine, name FROM db.migration
          WHERE engine = ANY ($1) AND NOT EXISTS (
                SELECT FROM unnest($1::text[], $2::text[]) AS known (engine, name)
                 WHERE known.engine = migration.engine AND known.name = migration.name)
          ORDER BY applied_at, name LIMIT 1",
    )
    .bind(known.iter().map(|migration| migration.engine).collect::<Vec<_>>())
    .bind(known.iter().map(|migration| migration.name).collect::<Vec<_>>())
    .fetch_optional(connection)
    .await?;
    match newer {
        Some((engine, name)) => Err(MigrateError::Newer { engine, name }),
        None => Ok(()),
    }
}

async fn run(connection: &mut PgConnection, migration: &Migration) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    transaction.execute(migration.sql).await?;
    grant(&mut transaction, migration.engine).await?;
    sqlx::query("INSERT INTO db.migration (engine, name, sha256) VALUES ($1, $2, $3)")
        .bind(migration.engine)
        .bind(migration.name)
        .bind(digest(migration.sql))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sqlx::postgres::PgPoolOptions;
    use testkit::Scratch;

    use super::*;

    const SLOW: &[Migration] = &[Migration {
        engine: "slow",
        name: "0001_slow.sql",
        sql: "CREATE SCHEMA slow; CREATE TABLE slow.slow_one (id integer); SELECT pg_sleep(0.3);",
    }];

    /// The limits of the pool are for pages. Here they are so short that any file and any wait would break them.
    #[tokio::test]
    async fn files_take_as_long_as_they_need_and_a_second_program_waits_as_long() {
        let scratch = Scratch::new(&[]).await;
        let options = (*scratch.pool.connect_options()).clone();
        let hasty = PgPoolOptions::new()
            .connect_with(options.options([("statement_timeout", "50ms"), ("lock_timeout", "50ms")]))
            .await
            .unwrap();
        let (one, other) = tokio::join!(migrate(&hasty, &[SLOW]), migrate(&hasty, &[SLOW]));
        let applied = [one.unwrap().len(), other.unwrap().len()];
        assert_eq!(
            applied.iter().sum::<usize>(),
            1,
            "one works, the other finds nothing to do"
        );
    }

    /// What was migrated by an older program is opened to the role by the next one.
    #[tokio::test]
    async fn the_role_behind_the_wall_reaches_older_schemas() {
        const OLDER: &[Migration] = &[Migration {
            engine: "older",
            name: "0001_older.sql",
            sql: "CREATE SCHEMA older; CREATE TABLE older.one (id integer)",
        }];
        let scratch = Scratch::new(&[]).await;
        assert_eq!(migrate(&scratch.pool, &[OLDER]).await.unwrap().len(), 1);
        sqlx::raw_sql("REVOKE USAGE ON SCHEMA older FROM ngabay_walled; REVOKE ALL ON older.one FROM ngabay_walled")
            .execute(&scratch.pool)
            .await
            .unwrap();
        let behind = || async {
            let mut transaction = scratch.pool.begin().await.unwrap();
            transaction.execute("SET LOCAL ROLE ngabay_walled").await.unwrap();
            let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM older.one")
                .fetch_one(&mut *transaction)
                .await;
            count.is_ok()
        };
        assert!(!behind().await);
        assert!(migrate(&scratch.pool, &[OLDER]).await.unwrap().is_empty());
        assert!(behind().await);
    }

    /// An older program reads sealed rows as empty ones: it does not start on what a newer one has left.
    #[tokio::test]
    async fn an_older_program_does_not_start_on_a_newer_database() {
        const FIRST: Migration = Migration {
            engine: "grown",
            name: "0001_one.sql",
            sql: "CREATE SCHEMA grown; CREATE TABLE grown.one (id integer)",
        };
        const SECOND: Migration = Migration {
            engine: "grown",
            name: "0002_two.sql",
            sql: "ALTER TABLE grown.one ADD COLUMN sealed bytea",
        };
        let scratch = Scratch::new(&[]).await;
        let older: &[&[Migration]] = &[&[FIRST]];
        let newer: &[&[Migration]] = &[&[FIRST, SECOND]];
        assert_eq!(migrate(&scratch.pool, newer).await.unwrap().len(), 2);
        for refused in [
            migrate(&scratch.pool, older).await.unwrap_err(),
            pending(&scratch.pool, older).await.unwrap_err(),
        ] {
            assert!(matches!(refused, MigrateError::Newer { ref name, .. } if name == "0002_two.sql"));
        }
        // A program that has nothing of the engine has nothing to fear either.
        assert!(migrate(&scratch.pool, &[]).await.unwrap().is_empty());
        assert!(migrate(&scratch.pool, newer).await.unwrap().is_empty());
    }

    /// The lock goes with the connection: a file that fails does not keep the next attempt waiting.
    #[tokio::test]
    async fn a_failed_file_leaves_nothing_and_no_lock() {
        const BROKEN: &[Migration] = &[Migration {
            engine: "broken",
            name: "0001_broken.sql",
            sql: "CREATE TABLE broken_one (id integer); SELECT nothing_of_that_name;",
        }];
        let scratch = Scratch::new(&[]).await;
        let failed = migrate(&scratch.pool, &[BROKEN]).await.unwrap_err();
        assert!(matches!(
            failed,
            MigrateError::Failed {
                name: "0001_broken.sql",
                ..
            }
        ));
        let free: bool = tokio::time::timeout(Duration::from_secs(60), async {
            let mut other = PgConnection::connect_with(&scratch.pool.connect_options())
                .await
                .unwrap();
            sqlx::query("SELECT pg_advisory_lock($1)")
                .bind(LOCK)
                .execute(&mut other)
                .await
                .unwrap();
            sqlx::query_scalar("SELECT to_regclass('broken_one') IS NULL")
                .fetch_one(&mut other)
                .await
                .unwrap()
        })
        .await
        .expect("nobody holds the lock");
        assert!(free, "the table of the broken file is undone");
    }
}
