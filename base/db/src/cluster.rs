//! The private PostgreSQL cluster in the data directory.

use std::{
    fs,
    io::Write,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI32, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use nix::{
    fcntl::{Flock, FlockArg},
    sys::signal::{Signal, kill},
    unistd::{Pid, User, geteuid},
};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

/// The superuser of the private cluster, and the database in it.
const OWNER: &str = "ngabay";
/// Longest path of a Unix socket that Linux takes, less the file name that PostgreSQL appends.
const LONGEST_SOCKET_DIRECTORY: usize = 107 - "/.s.PGSQL.5432".len();
/// The oldest version that runs the platform.
const OLDEST: u32 = 13;
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
    stopping: Arc<AtomicBool>,
    process: Arc<AtomicI32>,
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
        for directory in [&cluster, &socket] {
            make_directory(directory)?;
            fs::set_permissions(directory, fs::Permissions::from_mode(0o700))
                .map_err(|e| ClusterError::File(directory.clone(), e))?;
            if let Some(user) = &user {
                std::os::unix::fs::chown(directory, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
                    .map_err(|e| ClusterError::File(directory.clone(), e))?;
            }
        }
        if !cluster.join("PG_VERSION").exists() {
            init(&programs, &cluster, user.as_ref(), durability)?;
        }
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
        let stopping = Arc::new(AtomicBool::new(false));
        let process = Arc::new(AtomicI32::new(0));
        let supervisor = supervise(launch, stopping.clone(), process.clone());
        let running = Self {
            socket,
            stopping,
            process,
            supervisor: Some(supervisor),
            _lock: lock,
        };
        running.ready(&log).await?;
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
        self.process.load(Ordering::SeqCst)
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
        self.stopping.store(true, Ordering::SeqCst);
        let process = self.process.load(Ordering::SeqCst);
        if process > 0 {
            // SIGINT is PostgreSQL's fast shutdown: sessions end, everything committed is kept.
            let _ = kill(Pid::from_raw(process), Signal::SIGINT);
        }
        if let Some(supervisor) = self.supervisor.take() {
            let _ = supervisor.join();
        }
    }
}

struct Launch {
    program: PathBuf,
    cluster: PathBuf,
    socket: PathBuf,
    log: PathBuf,
    user: Option<User>,
    durability: Durability,
}

impl Launch {
    /// `setpriv` asks the kernel to send the server SIGINT when the thread that started it ends, however it ends: a killed
    /// program leaves no database behind. It also changes the user, so that no unsafe code is needed here.
    fn spawn(&self) -> std::io::Result<Child> {
        let log = fs::OpenOptions::new().create(true).append(true).open(&self.log)?;
        let mut command = Command::new("setpriv");
        if let Some(user) = &self.user {
            command
                .arg(format!("--reuid={}", user.uid))
                .arg(format!("--regid={}", user.gid))
                .arg("--clear-groups");
        }
        command
            .args(["--pdeathsig", "INT", "--"])
            .arg(&self.program)
            .arg("-D")
            .arg(&self.cluster)
            .arg("-k")
            .arg(&self.socket);
        for setting in [
            "listen_addresses=",
            "unix_socket_permissions=0700",
            "max_connections=100",
            "shared_buffers=256MB",
            "random_page_cost=1.1",
            "wal_compression=on",
            "max_wal_size=2GB",
            "timezone=UTC",
            "jit=off",
            "log_timezone=UTC",
        ] {
            command.args(["-c", setting]);
        }
        if self.durability == Durability::Scratch {
            for setting in [
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "max_connections=300",
            ] {
                command.args(["-c", setting]);
            }
        }
        command
            .env_clear()
            .env("LC_ALL", "C.UTF-8")
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/")
            // Ctrl-C goes to the whole group of the terminal: the server ends when we have ended our work, and not beside us.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
    }
}

/// Keeps the server running until told to stop. The thread must live as long as the server, because the parent-death signal
/// is tied to the thread that started it.
fn supervise(launch: Launch, stopping: Arc<AtomicBool>, process: Arc<AtomicI32>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut quick_ends = 0;
        while !stopping.load(Ordering::SeqCst) {
            let started = Instant::now();
            let Ok(mut child) = launch.spawn() else { return };
            process.store(i32::try_from(child.id()).unwrap_or(0), Ordering::SeqCst);
            let ended = child.wait();
            process.store(0, Ordering::SeqCst);
            if stopping.load(Ordering::SeqCst) {
                return;
            }
            tracing::warn!(?ended, "PostgreSQL ended and is started again");
            quick_ends = if started.elapsed() < Duration::from_secs(2) {
                quick_ends + 1
            } else {
                0
            };
            if quick_ends > 20 {
                tracing::error!("PostgreSQL ends at once, again and again; giving up");
                return;
            }
            std::thread::park_timeout(Duration::from_millis(250));
        }
    })
}

fn options(socket: &Path, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket)
        .username(OWNER)
        .database(database)
        .application_name("ngabay")
}

/// Where the programs are that can run the cluster of this data directory: those of the version that made it, the newest if it is
/// still to be made. PostgreSQL does not read the files of another version.
pub fn server_programs(data_dir: &Path) -> Result<PathBuf, ClusterError> {
    let made_by = fs::read_to_string(data_dir.join("postgres/PG_VERSION"))
        .ok()
        .and_then(|version| version.trim().parse().ok());
    choose(installed(), made_by)
}

fn choose(mut installed: Vec<(u32, PathBuf)>, made_by: Option<u32>) -> Result<PathBuf, ClusterError> {
    installed.retain(|(version, _)| *version >= OLDEST);
    installed.sort();
    match made_by {
        Some(wanted) => installed
            .into_iter()
            .find(|(version, _)| *version == wanted)
            .ok_or(ClusterError::OtherVersion(wanted)),
        None => installed.pop().ok_or(ClusterError::NotInstalled),
    }
    .map(|(_, programs)| programs)
}

/// The directories of server programs on this machine, with their versions.
fn installed() -> Vec<(u32, PathBuf)> {
    let of_debian = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"));
    of_debian
        .chain(["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"].map(PathBuf::from))
        .filter(|bin| bin.join("initdb").exists())
        .filter_map(|bin| Some((version(&bin)?, bin)))
        .collect()
}

/// The major version of the server in this directory, which it tells as `postgres (PostgreSQL) 15.8 (…)`.
fn version(bin: &Path) -> Option<u32> {
    let told = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let number = told.split_whitespace().nth(2)?;
    number
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .and_then(|major| major.parse().ok())
}

fn run_as() -> Result<Option<User>, ClusterError> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    match User::from_name("postgres") {
        Ok(Some(user)) => Ok(Some(user)),
        _ => Err(ClusterError::NoUser),
    }
}

fn make_directory(path: &Path) -> Result<(), ClusterError> {
    fs::create_dir_all(path).map_err(|e| ClusterError::File(path.into(), e))
}

fn lock(data_dir: &Path) -> Result<Flock<fs::File>, ClusterError> {
    let path = data_dir.join("ngabay.lock");
    let mut file = fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|e| ClusterError::File(path.clone(), e))?;
    let _ = writeln!(file, "{}", std::process::id());
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| ClusterError::InUse(data_dir.into()))
}

/// Every directory above the data directory must let the database user pass.
fn reachable(data_dir: &Path) -> Result<(), ClusterError> {
    for directory in data_dir.ancestors() {
        let mode = fs::metadata(directory)
            .map_err(|e| ClusterError::File(directory.into(), e))?
            .mode();
        if mode & 0o001 == 0 {
            return Err(ClusterError::Unreachable(directory.into()));
        }
    }
    Ok(())
}

/// Beside the cluster where the path is short enough for a socket, otherwise under the system's directory for sockets.
fn socket_directory(data_dir: &Path) -> PathBuf {
    let near = data_dir.join("socket");
    if near.as_os_str().len() <= LONGEST_SOCKET_DIRECTORY {
        return near;
    }
    use sha2::{Digest, Sha256};
    let name = hex::encode(&Sha256::digest(data_dir.as_os_str().as_encoded_bytes())[..8]);
    std::env::temp_dir().join(format!("ngabay-{name}"))
}

fn init(programs: &Path, cluster: &Path, user: Option<&User>, durability: Durability) -> Result<(), ClusterError> {
    let mut command = Command::new(programs.join("initdb"));
    command
        .arg("-D")
        .arg(cluster)
        .args(["-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]);
    if durability == Durability::Scratch {
        command.arg("--no-sync");
    }
    if let Some(user) = user {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    let output = command
        .env_clear()
        .env("LC_ALL", "C.UTF-8")
        .env("PATH", "/usr/bin:/bin")
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .map_err(|e| ClusterError::File(programs.join("initdb"), e))?;
    if output.status.success() {
        return Ok(());
    }
    // A half-made cluster would be taken for a whole one next time.
    let _ = fs::remove_dir_all(cluster);
    Err(ClusterError::Init(String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// After `kill -9` of our predecessor its database may still be shutting down: wait until its process is gone.
fn wait_for_predecessor(cluster: &Path) {
    let note = cluster.join("postmaster.pid");
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(60) {
        let Some(process) = fs::read_to_string(&note)
            .ok()
            .and_then(|text| text.lines().next()?.trim().parse::<i32>().ok())
        else {
            return;
        };
        let alive =
            fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|name| name.trim().starts_with("postgres"));
        if !alive {
            return;
        }
        let _ = kill(Pid::from_raw(process), Signal::SIGINT);
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_run_by_the_version_that_made_it() {
        let both = || vec![(17, PathBuf::from("/17")), (15, PathBuf::from("/15"))];
        assert_eq!(
            choose(both(), None).unwrap(),
            Path::new("/17"),
            "the newest for a new one"
        );
        assert_eq!(choose(both(), Some(15)).unwrap(), Path::new("/15"));
        assert!(matches!(choose(both(), Some(14)), Err(ClusterError::OtherVersion(14))));
        let too_old = vec![(12, PathBuf::from("/12"))];
        assert!(matches!(choose(too_old, None), Err(ClusterError::NotInstalled)));
    }
}
