//! The private cluster, as the program lives with it.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use db::{Database, DatabaseError, Durability, Source};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sqlx::PgPool;

/// A directory that the database user may enter.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary directory");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("permissions");
    folder
}

async fn open(folder: &Path) -> Result<Database, DatabaseError> {
    let source = Source::Private {
        data_dir: folder.join("data"),
        durability: Durability::Durable,
    };
    Database::open(&source, 4).await
}

async fn answers(pool: &PgPool) -> bool {
    for _ in 0..60 {
        if db::answers(pool).await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_is_started_again_and_the_same_pool_goes_on() {
    let folder = folder();
    let database = open(folder.path()).await.expect("a cluster");
    let cluster = database.cluster().expect("a private one");
    sqlx::query("CREATE TABLE kept (at integer)")
        .execute(database.pool())
        .await
        .expect("a table");
    for signal in [Signal::SIGKILL, Signal::SIGINT, Signal::SIGKILL] {
        let server = cluster.process();
        kill(Pid::from_raw(server), signal).expect("the server takes signals");
        while cluster.process() == server {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(answers(database.pool()).await, "after {signal}");
        sqlx::query("SELECT at FROM kept")
            .execute(database.pool())
            .await
            .expect("the table");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_belongs_to_one_program_and_its_server_ends_with_it() {
    let folder = folder();
    let database = open(folder.path()).await.expect("a cluster");
    let second = open(folder.path()).await.err().expect("no second one");
    assert!(second.to_string().contains("in use"), "{second}");
    let server = database.cluster().expect("a private one").process();
    database.pool().close().await;
    drop(database);
    assert!(kill(Pid::from_raw(server), None).is_err(), "the server has ended");
    open(folder.path()).await.expect("free again");
}
