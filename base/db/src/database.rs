//! A pool on the configured or the private PostgreSQL.

use std::{path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{Cluster, ClusterError, Durability};

/// Where PostgreSQL comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A private cluster inside this data directory.
    Private {
        /// The data directory.
        data_dir: PathBuf,
        /// Whether commits must reach the disk.
        durability: Durability,
    },
    /// A server that somebody else runs, as a `postgres://` address.
    Address(String),
}

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The private cluster did not start.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The address is malformed or nobody answers there.
    #[error("the configured database does not answer: {0}")]
    Connect(#[from] sqlx::Error),
}

/// The platform's database: a pool, and the private cluster where there is one. The last clone to go stops the cluster.
#[derive(Clone)]
pub struct Database {
    pool: PgPool,
    cluster: Option<Arc<Cluster>>,
}

impl Database {
    /// Opens the database with at most `connections` connections.
    pub async fn open(source: &Source, connections: u32) -> Result<Self, DatabaseError> {
        let (options, cluster) = match source {
            Source::Private { data_dir, durability } => {
                let cluster = Cluster::start(data_dir, *durability).await?;
                (cluster.options(), Some(Arc::new(cluster)))
            }
            Source::Address(address) => (PgConnectOptions::from_str(address)?.application_name("ngabay"), None),
        };
        let pool = pool(options, connections).await?;
        Ok(Self { pool, cluster })
    }

    /// The same for a command beside the program: where another process runs the private cluster, that one is used.
    pub async fn join(source: &Source, connections: u32) -> Result<Self, DatabaseError> {
        match (Self::open(source, connections).await, source) {
            (Err(DatabaseError::Cluster(ClusterError::InUse(_))), Source::Private { data_dir, .. }) => {
                let pool = pool(Cluster::options_beside(data_dir)?, connections).await?;
                Ok(Self { pool, cluster: None })
            }
            (opened, _) => opened,
        }
    }

    /// The connections.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The private cluster, if this database is one.
    pub fn cluster(&self) -> Option<&Cluster> {
        self.cluster.as_deref()
    }
}

/// Whoever asks whether the database answers is told within this time.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// Whether the database answers now, soon enough for people.
pub async fn answers(pool: &PgPool) -> bool {
    let asked = async { pool.acquire().await?.ping().await };
    matches!(tokio::time::timeout(ANSWERS_WITHIN, asked).await, Ok(Ok(())))
}

/// How long a connection may have been idle to be used without a test.
const UNTESTED: Duration = Duration::from_millis(200);

/// No statement may run for more than half a minute and no forgotten transaction may hold its locks for longer than that.
pub(crate) async fn pool(options: PgConnectOptions, connections: u32) -> Result<PgPool, sqlx::Error> {
    let options = options.options([
        ("statement_timeout", "30s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "30s"),
    ]);
    rules(connections).min_connections(1).connect_with(options).await
}

/// As many connections to the same database that cannot write: nothing that only looks at things needs a transaction on them.
pub fn reading(pool: &PgPool) -> PgPool {
    let options = pool.connect_options().as_ref().clone();
    let options = options.options([("default_transaction_read_only", "on")]);
    rules(pool.options().get_max_connections()).connect_lazy_with(options)
}

/// Lifts the limit of a statement to the end of the transaction: for what operators ask of whole tables, which takes as long as it takes.
pub async fn take_time(connection: &mut PgConnection) -> kernel::Result<()> {
    let lifted = sqlx::query("SET LOCAL statement_timeout = 0").execute(connection).await;
    lifted.map(drop).map_err(crate::fault)
}

fn rules(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        // A connection that was just used is not asked whether it lives: under load that would be a question for every answer. A
        // server that went away and came back was away for longer than this.
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move {
                if used.idle_for > UNTESTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_command_uses_the_private_cluster_that_another_program_runs() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let source = Source::Private {
            data_dir: folder.path().join("data"),
            durability: Durability::Scratch,
        };
        let serving = Database::open(&source, 2).await.unwrap();
        let again = Database::open(&source, 2).await.err();
        assert!(matches!(again, Some(DatabaseError::Cluster(ClusterError::InUse(_)))));
        sqlx::query("CREATE TABLE kept (at integer)")
            .execute(serving.pool())
            .await
            .unwrap();
        let command = Database::join(&source, 2).await.unwrap();
        assert!(command.cluster().is_none(), "it is the other one's");
        sqlx::query("SELECT at FROM kept")
            .execute(command.pool())
            .await
            .unwrap();
        drop(command);
        sqlx::query("SELECT at FROM kept")
            .execute(serving.pool())
            .await
            .unwrap();
    }
}
