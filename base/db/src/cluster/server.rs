//! The process of the server: started, attended, started again.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI32, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, User},
};

use super::Durability;

/// A server that ends sooner than this did not get to work.
const QUICK: Duration = Duration::from_secs(2);
/// So often a server may end at once before the first start is given up. Back-ends of a killed predecessor may hold its shared memory
/// for some seconds.
const QUICK_ENDS: u32 = 20;
/// Pauses before the server is started again, doubled with each quick end.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// What the supervisor and the rest of the program tell each other.
#[derive(Default)]
pub(super) struct Watch {
    /// The server is to end, and not to be started again.
    pub(super) stopping: AtomicBool,
    /// Process number of the server, 0 while there is none.
    pub(super) process: AtomicI32,
    /// It answered once: from then on it is started again however often it ends.
    pub(super) was_ready: AtomicBool,
}

impl Watch {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// SIGINT is PostgreSQL's fast shutdown: sessions end, everything committed is kept.
    pub(super) fn interrupt(&self) {
        let process = self.process.load(Ordering::SeqCst);
        if process > 0 {
            let _ = kill(Pid::from_raw(process), Signal::SIGINT);
        }
    }
}

/// How the server is started.
pub(super) struct Launch {
    pub(super) program: PathBuf,
    pub(super) cluster: PathBuf,
    pub(super) socket: PathBuf,
    pub(super) log: PathBuf,
    pub(super) user: Option<User>,
    pub(super) durability: Durability,
}

impl Launch {
    fn spawn(&self) -> std::io::Result<Child> {
        let log = fs::OpenOptions::new().create(true).append(true).open(&self.log)?;
        let mut command = as_user(self.user.as_ref(), Signal::SIGINT);
        command
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
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
    }
}

/// Keeps the server running until told to stop. The thread must live as long as the server, because the parent-death signal
/// is tied to the thread that started it.
pub(super) fn supervise(launch: Launch, watch: Arc<Watch>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut quick_ends = 0;
        while !watch.is_stopping() {
            let started = Instant::now();
            let ended = launch.spawn().and_then(|child| attend(child, &watch));
            if watch.is_stopping() {
                return;
            }
            tracing::warn!(?ended, "PostgreSQL ended and is started again");
            quick_ends = if started.elapsed() < QUICK { quick_ends + 1 } else { 0 };
            if quick_ends > QUICK_ENDS && !watch.was_ready.load(Ordering::SeqCst) {
                tracing::error!("PostgreSQL ends at once, again and again; giving up");
                return;
            }
            std::thread::park_timeout(pause(quick_ends));
        }
    })
}

/// Waits until the server ends.
fn attend(mut child: Child, watch: &Watch) -> std::io::Result<ExitStatus> {
    watch
        .process
        .store(i32::try_from(child.id()).unwrap_or(0), Ordering::SeqCst);
    // Whoever told us to stop while it was being started did not know whom to tell.
    if watch.is_stopping() {
        watch.interrupt();
    }
    let ended = child.wait();
    watch.process.store(0, Ordering::SeqCst);
    ended
}

/// Soon after the first end, ever later while the server cannot start: a full disk is not emptied by haste.
fn pause(quick_ends: u32) -> Duration {
    PAUSE
        .saturating_mul(1 << quick_ends.saturating_sub(1).min(10))
        .min(LONGEST_PAUSE)
}

/// `setpriv` asks the kernel to send what it runs this signal when the thread that started it ends, however it ends: a killed program
/// leaves no database behind. It also changes the user, so that no unsafe code is needed here.
pub(super) fn as_user(user: Option<&User>, at_our_end: Signal) -> Command {
    let mut command = Command::new("setpriv");
    if let Some(user) = user {
        command
            .arg(format!("--reuid={}", user.uid))
            .arg(format!("--regid={}", user.gid))
            .arg("--clear-groups");
    }
    command
        .args(["--pdeathsig", at_our_end.as_str().trim_start_matches("SIG"), "--"])
        .env_clear()
        .env("LC_ALL", "C.UTF-8")
        .env("PATH", "/usr/bin:/bin")
        .current_dir("/")
        // Ctrl-C goes to the whole group of the terminal: the server ends when we have ended our work, and not beside us.
        .process_group(0);
    command
}

/// After `kill -9` of our predecessor its database may still be shutting down: wait until its process is gone.
pub(super) fn wait_for_predecessor(cluster: &Path) {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(60) {
        let Some(process) = predecessor(cluster) else {
            return;
        };
        let _ = kill(Pid::from_raw(process), Signal::SIGINT);
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// The process that the note in the cluster names, if it is the server of this cluster: after a crash of the machine the number
/// may be that of anything else, another PostgreSQL too. A server works in the directory of its cluster.
fn predecessor(cluster: &Path) -> Option<i32> {
    let note = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let process: i32 = note.lines().next()?.trim().parse().ok()?;
    let works_in = fs::read_link(format!("/proc/{process}/cwd")).ok()?;
    (works_in == cluster).then_some(process)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_server_of_this_cluster_is_a_predecessor() {
        let (own, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut server = Command::new("sleep").arg("60").current_dir(own.path()).spawn().unwrap();
        for cluster in [&own, &other] {
            fs::write(cluster.path().join("postmaster.pid"), format!("{}\n", server.id())).unwrap();
        }
        let own = own.path().canonicalize().unwrap();
        let found = (predecessor(&own), predecessor(other.path()));
        server.kill().unwrap();
        server.wait().unwrap();
        assert_eq!(found, (i32::try_from(server.id()).ok(), None));
        assert_eq!(predecessor(&own), None, "it has ended");
    }

    #[test]
    fn pauses_grow_with_quick_ends_up_to_a_limit() {
        assert_eq!(pause(0), PAUSE);
        assert_eq!(pause(1), PAUSE);
        assert_eq!(pause(3), PAUSE * 4);
        assert_eq!(pause(1_000), LONGEST_PAUSE);
    }
}
