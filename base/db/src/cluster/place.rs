//! Where a cluster stands: its directories, the programs of the machine, the user that runs it.

use std::{
    fs,
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
};

use nix::{
    fcntl::{Flock, FlockArg},
    unistd::{User, geteuid},
};

use super::ClusterError;

/// Longest path of a Unix socket that Linux takes, less the file name that PostgreSQL appends.
const LONGEST_SOCKET_DIRECTORY: usize = 107 - "/.s.PGSQL.5432".len();

/// The oldest version that runs the platform.
const OLDEST: u32 = 13;

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

pub(super) fn run_as() -> Result<Option<User>, ClusterError> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    match User::from_name("postgres") {
        Ok(Some(user)) => Ok(Some(user)),
        _ => Err(ClusterError::NoUser),
    }
}

pub(super) fn make_directory(path: &Path) -> Result<(), ClusterError> {
    fs::create_dir_all(path).map_err(|e| ClusterError::File(path.into(), e))
}

pub(super) fn lock(data_dir: &Path) -> Result<Flock<fs::File>, ClusterError> {
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
pub(super) fn reachable(data_dir: &Path) -> Result<(), ClusterError> {
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
pub(super) fn socket_directory(data_dir: &Path) -> PathBuf {
    let near = data_dir.join("socket");
    if near.as_os_str().len() <= LONGEST_SOCKET_DIRECTORY {
        return near;
    }
    use sha2::{Digest, Sha256};
    let name = hex::encode(&Sha256::digest(data_dir.as_os_str().as_encoded_bytes())[..8]);
    std::env::temp_dir().join(format!("ngabay-{name}"))
}

/// A directory that only the database user may enter.
pub(super) fn make_private(directory: &Path, user: Option<&User>) -> Result<(), ClusterError> {
    let file = |e| ClusterError::File(directory.into(), e);
    make_directory(directory)?;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).map_err(file)?;
    match user {
        Some(user) => {
            std::os::unix::fs::chown(directory, Some(user.uid.as_raw()), Some(user.gid.as_raw())).map_err(file)
        }
        None => Ok(()),
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
