//! The cluster that all test programs of a checkout share.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    fcntl::{Flock, FlockArg},
    unistd::{User, geteuid},
};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

/// Runs the server and looks every five seconds whether tests still use it. When they have not for 15 minutes it is stopped and its
/// databases, some gigabytes after a whole run, are removed; nobody starts it meanwhile, they wait for the lock.
const KEEPER: &str = r#"
"$1" -D "$2" -k "$3" -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
  -c max_connections=400 -c shared_buffers=256MB -c timezone=UTC -c autovacuum=off -c jit=off >>"$2/server.log" 2>&1 &
server=$!
while kill -0 "$server" 2>/dev/null; do
  sleep 5
  [ -n "$(find "$3/used" -mmin -15 2>/dev/null)" ] && continue
  exec 9<"$4" && flock 9
  if [ -z "$(find "$3/used" -mmin -15 2>/dev/null)" ]; then
    kill -INT "$server"
    wait "$server"
    rm -rf -- "$2"/*
  fi
  exec 9<&-
done
"#;

const OTHER_CLUSTER: &str = "NGABAY_TEST_DATABASE";

/// Whether the cluster is the one that this machine's tests start for themselves, not one that was named to them.
pub(crate) fn is_ours() -> bool {
    std::env::var_os(OTHER_CLUSTER).is_none()
}

/// How to connect to the test cluster's maintenance database, starting the cluster if nobody has.
pub(crate) async fn options() -> PgConnectOptions {
    if let Ok(address) = std::env::var(OTHER_CLUSTER) {
        return address.parse().expect("NGABAY_TEST_DATABASE is a postgres:// address");
    }
    let home = home();
    let socket = home.join("s");
    let options = PgConnectOptions::new_without_pgpass()
        .socket(&socket)
        .username("test")
        .database("postgres");
    touch(&socket.join("used"));
    if PgConnection::connect_with(&options).await.is_ok() {
        return options;
    }
    let lock = fs::File::create(home.join("lock")).expect("the lock file of the test cluster");
    let _lock = tokio::task::spawn_blocking(move || Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, e)| e))
        .await
        .expect("the lock thread")
        .expect("the lock of the test cluster");
    if PgConnection::connect_with(&options).await.is_err() {
        start(&home, &socket);
    }
    let started = Instant::now();
    while PgConnection::connect_with(&options).await.is_err() {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "the test cluster did not start; see {}",
            home.display()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    options
}

/// A short path, because the path of a Unix socket may have 107 bytes; one a checkout and user.
fn home() -> PathBuf {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    env!("CARGO_MANIFEST_DIR").hash(&mut hasher);
    let home = std::env::temp_dir().join(format!("ngabay-test-{}-{:08x}", geteuid(), hasher.finish() as u32));
    fs::create_dir_all(home.join("s")).expect("the directory of the test cluster");
    home
}

fn touch(path: &Path) {
    let _ = fs::write(path, b"");
}

fn programs() -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .expect("PostgreSQL is installed (make test installs it)")
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    found.sort();
    found.pop().expect("PostgreSQL server programs").1
}

fn start(home: &Path, socket: &Path) {
    let programs = programs();
    let cluster = home.join("d");
    let user = geteuid()
        .is_root()
        .then(|| User::from_name("postgres").ok().flatten().expect("the user postgres"));
    fs::create_dir_all(&cluster).expect("the cluster directory");
    for directory in [&cluster, &socket.to_path_buf()] {
        fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).expect("permissions");
        if let Some(user) = &user {
            std::os::unix::fs::chown(directory, Some(user.uid.as_raw()), Some(user.gid.as_raw())).expect("ownership");
        }
    }
    let as_user = |program: &Path| {
        let mut command = Command::new("setpriv");
        if let Some(user) = &user {
            command
                .arg(format!("--reuid={}", user.uid))
                .arg(format!("--regid={}", user.gid))
                .arg("--clear-groups");
        }
        command
            .arg("--")
            .arg(program)
            .current_dir("/")
            .env_clear()
            .env("LC_ALL", "C.UTF-8")
            .env("PATH", "/usr/bin:/bin");
        command
    };
    if !cluster.join("PG_VERSION").exists() {
        let made = as_user(&programs.join("initdb"))
            .arg("-D")
            .arg(&cluster)
            .args([
                "-U",
                "test",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ])
            .stdin(Stdio::null())
            .output()
            .expect("initdb runs");
        assert!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );
    }
    // A session of its own and a parent that ends at once, so that the cluster outlives the test program that happened to start it.
    as_user(Path::new("/usr/bin/setsid"))
        .args(["--fork", "/bin/sh", "-c", KEEPER, "keeper"])
        .arg(programs.join("postgres"))
        .arg(&cluster)
        .arg(socket)
        .arg(home.join("lock"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the keeper of the test cluster");
}
