//! The private PostgreSQL cluster in the data directory.

mod place;
mod server;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use nix::{fcntl::Flock, sys::signal::Signal, unistd::User};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

pub use place::server_programs;
use place::{lock, make_directory, make_private, reachable, run_as, socket_directory};
use server::{Launch, Watch, as_user, supervise, wait_for_predecessor};

/// The superuser of the private cluster, and the database in it.
const OWNER: &str = "ngabay";
/// How long recovery after a crash may take before we give up waiting.
const READY_WITHIN: Duration = Duration::from_secs(300);

/// Whether commits must reach the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// For people: every commit is on the disk before the answer.
    Durable,
    /// For tests: fast, and lost with the machine.
    Scratch,
}

/// Why there is no private cluster.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No PostgreSQL server programs were found.
    #[error("no PostgreSQL server (13 or newer) found on this machine; on Debian: apt-get install postgresql-15")]
    NotInstalled,
    /// Only another version of PostgreSQL may read this data directory.
    #[error(
        "the data directory was made by PostgreSQL {0}, which is not installed; on Debian: apt-get install postgresql-{0}"
    )]
    OtherVersion(u32),
    /// Root may not run PostgreSQL, and there is no user `postgres` to run it as.
    #[error("started by root, but there is no user `postgres` to run the database as")]
    NoUser,
    /// The user `postgres` cannot enter a directory above the data directory.
    #[error("the database user cannot enter {0}; choose a data directory outside it (for example /var/lib/ngabay)")]
    Unreachable(PathBuf),
    /// Another program holds the data directory.
    #[error("the data directory {0} is in use by another running ngabay")]
    InUse(PathBuf),
    /// `initdb` failed.
    #[error("initdb failed: {0}")]
    Init(String),
    /// The server did not become ready.
    #[error("PostgreSQL did not become ready; see {0}")]
    NotReady(PathBuf),
    /// A file operation failed.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// The server answers, but not as expected.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// A running private cluster. Dropping it stops the server in an orderly way.
pub struct Cluster {
    socket: PathBuf,
    watch: Arc<Watch>,
    supervisor: Option<JoinHandle<()>>,
    _lock: Flock<fs::File>,
}

impl Cluster {
    /// Makes the cluster in `data_dir/postgres` if it is not there, starts it and waits until it answers.
    pub async fn start(data_dir: &Path, durability: Durability) -> Result<Self, ClusterError> {
        let programs = server_programs(data_dir)?;
        make_directory(data_dir)?;
        let data_dir = fs::canonicalize(data_dir).map_err(|e| ClusterError::File(data_dir.into(), e))?;
        let lock = lock(&data_dir)?;
        let user = run_as()?;
        if user.is_some() {
            reachable(&data_dir)?;
        }
        let cluster = data_dir.join("postgres");
        let socket = socket_directory(&data_dir);
        make_private(&socket, user.as_ref())?;
        if !cluster.join("PG_VERSION").exists() {
            // Made beside and renamed into place: a program that is killed while it makes a cluster leaves nothing that looks like one.
            let unfinished = data_dir.join("postgres.new");
            let _ = fs::remove_dir_all(&unfinished);
            make_private(&unfinished, user.as_ref())?;
            init(&programs, &unfinished, user.as_ref(), durability)?;
            fs::rename(&unfinished, &cluster).map_err(|e| ClusterError::File(cluster.clone(), e))?;
        }
        make_private(&cluster, user.as_ref())?;
        wait_for_predecessor(&cluster);
        let log = data_dir.join("postgres.log");
        let launch = Launch {
            program: programs.join("postgres"),
            cluster,
            socket: socket.clone(),
            log: log.clone(),
            user,
            durability,
        };
        let watch = Arc::new(Watch::default());
        let supervisor = supervise(launch, watch.clone());
        let running = Self {
            socket,
            watch,
            supervisor: Some(supervisor),
            _lock: lock,
        };
        running.ready(&log).await?;
        running.watch.was_ready.store(true, Ordering::SeqCst);
        Ok(running)
    }

    /// How to connect to the platform's database in this cluster.
    pub fn options(&self) -> PgConnectOptions {
        options(&self.socket, OWNER)
    }

    /// How to connect to the cluster of a data directory that another program runs.
    pub(crate) fn options_beside(data_dir: &Path) -> Result<PgConnectOptions, ClusterError> {
        let data_dir = fs::canonicalize(data_dir).map_err(|e| ClusterError::File(data_dir.into(), e))?;
        Ok(options(&socket_directory(&data_dir), OWNER))
    }

    /// The directory of the Unix socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Process number of the server at this moment, 0 while it is being restarted.
    pub fn process(&self) -> i32 {
        self.watch.process.load(Ordering::SeqCst)
    }

    async fn ready(&self, log: &Path) -> Result<(), ClusterError> {
        let started = Instant::now();
        loop {
            match PgConnection::connect_with(&options(&self.socket, "postgres")).await {
                Ok(mut connection) => {
                    let there: bool =
                        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'ngabay')")
                            .fetch_one(&mut connection)
                            .await?;
                    if !there {
                        sqlx::query("CREATE DATABASE ngabay").execute(&mut connection).await?;
                    }
                    return Ok(());
                }
                Err(_) if started.elapsed() < READY_WITHIN && !self.gave_up() => {
                    tokio::time::sleep(Duration::from_millis(25)).await;
                }
                Err(_) => return Err(ClusterError::NotReady(log.into())),
            }
        }
    }

    fn gave_up(&self) -> bool {
        self.supervisor.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.watch.stopping.store(true, Ordering::SeqCst);
        self.watch.interrupt();
        if let Some(supervisor) = self.supervisor.take() {
            supervisor.thread().unpark();
            let _ = supervisor.join();
        }
    }
}

fn options(socket: &Path, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket)
        .username(OWNER)
        .database(database)
        .application_name("ngabay")
}

fn init(programs: &Path, cluster: &Path, user: Option<&User>, durability: Durability) -> Result<(), ClusterError> {
    let mut command = as_user(user, Signal::SIGKILL);
    command.arg(programs.join("initdb")).arg("-D").arg(cluster).args([
        "-U",
        OWNER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
    ]);
    if durability == Durability::Scratch {
        command.arg("--no-sync");
    }
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|e| ClusterError::File(programs.join("initdb"), e))?;
    if output.status.success() {
        return Ok(());
    }
    Err(ClusterError::Init(String::from_utf8_lossy(&output.stderr).into_owned()))
}
