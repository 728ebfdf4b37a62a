//! A fresh database for one test.

use std::{path::Path, sync::Arc, time::Duration};

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{Clock, FakeClock};
use op::{Ops, Policy, Reactions};
use schema::Problems;
use sqlx::{
    Connection, Executor, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::cluster;

/// Monday 2026-03-02, 08:00 in Vietnam: an ordinary working morning.
pub fn monday_morning() -> DateTime<Utc> {
    let naive = NaiveDate::from_ymd_opt(2026, 3, 2)
        .and_then(|day| day.and_hms_opt(8, 0, 0))
        .unwrap_or_default();
    kernel::from_local(naive)
}

/// The rights that the shipped province declares.
pub fn policy() -> Arc<Policy> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../province/hau-giang/access.yaml");
    let source = std::fs::read_to_string(file).expect("the declared rights");
    let mut problems = Problems::new();
    let policy = Policy::read("access.yaml", &source, &mut problems);
    Arc::new(policy.unwrap_or_else(|| panic!("{problems}")))
}

/// A database of its own, operations on it, a clock to move and a directory that goes away with the test.
pub struct Scratch {
    /// Operations with the fake clock.
    pub ops: Ops,
    /// The clock of `ops`.
    pub clock: Arc<FakeClock>,
    /// The connections.
    pub pool: PgPool,
    directory: tempfile::TempDir,
}

impl Scratch {
    /// A database with the tables of `op` and of these engines, and nobody listening to events.
    pub async fn new(sets: &[&[db::Migration]]) -> Self {
        Self::with(sets, Reactions::new()).await
    }

    /// The same with listeners.
    pub async fn with(sets: &[&[db::Migration]], reactions: Reactions) -> Self {
        let mut all: Vec<&[db::Migration]> = vec![op::MIGRATIONS];
        all.extend_from_slice(sets);
        let pool = fresh_database(&all).await;
        let clock = Arc::new(FakeClock::at(monday_morning()));
        let ops = Ops::new(pool.clone(), clock.clone() as Arc<dyn Clock>, reactions, policy());
        let directory = tempfile::tempdir().expect("a temporary directory");
        Self {
            ops,
            clock,
            pool,
            directory,
        }
    }

    /// The temporary directory.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }
}

async fn fresh_database(sets: &[&[db::Migration]]) -> PgPool {
    let options = cluster::options().await;
    let mut connection = PgConnection::connect_with(&options)
        .await
        .expect("the test cluster answers");
    sweep(&mut connection).await;
    let template = template(&mut connection, &options, sets).await;
    let unique = kernel::Id::<kernel::noun::Job>::new().to_string().replace('-', "");
    let name = format!(
        "x_{}_{}_{unique}",
        kernel::SystemClock.now().timestamp(),
        std::process::id()
    );
    run(&mut connection, format!("CREATE DATABASE {name} TEMPLATE {template}"))
        .await
        .expect("a copy of the template");
    PgPoolOptions::new()
        .max_connections(24)
        .min_connections(0)
        .acquire_timeout(Duration::from_secs(20))
        .connect_with(options.database(&name))
        .await
        .expect("the fresh database answers")
}

/// Names are made from numbers and hashes here, never from outside.
#[expect(
    clippy::disallowed_methods,
    reason = "names of databases cannot be bound; these are made here from numbers and hashes"
)]
async fn run(connection: &mut PgConnection, statement: String) -> Result<(), sqlx::Error> {
    connection.execute(sqlx::AssertSqlSafe(statement)).await.map(|_| ())
}

/// The migrated template for exactly these files; made once, then copied.
async fn template(connection: &mut PgConnection, options: &PgConnectOptions, sets: &[&[db::Migration]]) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    // A template of before the second wall lets nobody through it.
    db::WALLED.hash(&mut hasher);
    for migration in sets.iter().flat_map(|set| set.iter()) {
        (migration.engine, migration.name, migration.sql).hash(&mut hasher);
    }
    let name = format!("t_{:016x}", hasher.finish());
    sqlx::query("SELECT pg_advisory_lock(4711)")
        .execute(&mut *connection)
        .await
        .expect("the template lock");
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut *connection)
        .await
        .expect("the list of databases");
    if !there {
        let making = format!("{name}_making");
        let _ = run(connection, format!("DROP DATABASE IF EXISTS {making} WITH (FORCE)")).await;
        run(connection, format!("CREATE DATABASE {making}"))
            .await
            .expect("a template database");
        let pool = PgPoolOptions::new()
            .max_connections(2)
            .connect_with(options.clone().database(&making))
            .await
            .expect("the template");
        db::migrate(&pool, sets).await.expect("the migrations apply");
        pool.close().await;
        run(connection, format!("ALTER DATABASE {making} RENAME TO {name}"))
            .await
            .expect("the template gets its name");
    }
    sqlx::query("SELECT pg_advisory_unlock(4711)")
        .execute(&mut *connection)
        .await
        .expect("the template lock");
    name
}

/// How many databases of tests that have ended may stay. Each is some 12 MB, and a whole run makes more than a thousand: a disk that is
/// nearly full would end it. Dropping one waits for a checkpoint, so they are dropped together.
const LEFT: usize = 25;

/// Drops what earlier tests left. Databases carry the second in which they were made and the process that made them.
async fn sweep(connection: &mut PgConnection) {
    let names: Vec<String> = sqlx::query_scalar("SELECT datname FROM pg_database WHERE datname LIKE 'x\\_%'")
        .fetch_all(&mut *connection)
        .await
        .unwrap_or_default();
    let now = kernel::SystemClock.now().timestamp();
    let left: Vec<String> = names.into_iter().filter(|name| has_ended(name, now)).collect();
    if left.len() < LEFT {
        return;
    }
    let mine: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock(4712)")
        .fetch_one(&mut *connection)
        .await
        .unwrap_or(false);
    if !mine {
        return;
    }
    for name in left {
        let _ = run(connection, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    }
    let _ = sqlx::query("SELECT pg_advisory_unlock(4712)")
        .execute(&mut *connection)
        .await;
}

/// Whether nobody uses this database: its process is gone, or ten minutes have passed. Processes are only known on this machine.
fn has_ended(name: &str, now: i64) -> bool {
    let mut parts = name.split('_').skip(1);
    let made: i64 = parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
    let process: Option<u32> = parts.next().and_then(|part| part.parse().ok());
    let gone = |process: u32| cluster::is_ours() && !Path::new(&format!("/proc/{process}")).exists();
    made < now - 600 || process.is_some_and(gone)
}
