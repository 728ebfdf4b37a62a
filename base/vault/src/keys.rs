//! The folder of keys: `<number>.key`, 32 bytes each.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Error, ErrorKind, Result, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use ring::rand::{SecureRandom, SystemRandom};

/// Bytes of a key.
pub(crate) const LENGTH: usize = 32;
/// A key that is being made for so long is made by nobody any more: its program was killed. No longer than a key has to be settled before it
/// is taken away, so that no copy of it is left then.
const ABANDONED: TimeDelta = TimeDelta::minutes(10);

/// Bytes of the name under which a key is made.
const NAME: usize = 8;

/// A folder that has changed a moment ago may change once more within the same tick of its clock.
const TICK: Duration = Duration::from_secs(2);

/// All keys of a folder, by number.
pub(crate) struct Keys {
    newest: u32,
    all: BTreeMap<u32, [u8; LENGTH]>,
    /// When the folder had last changed as it was read; unknown where that was too short a while before.
    changed: Option<SystemTime>,
}

impl Keys {
    /// `None` where there is no key at all.
    fn new(all: BTreeMap<u32, [u8; LENGTH]>, changed: Option<SystemTime>) -> Option<Self> {
        let newest = *all.last_key_value()?.0;
        Some(Self { newest, all, changed })
    }

    /// Whether these are the keys of the folder still: no name came to it or went since.
    pub(crate) fn hold(&self, folder: &Path) -> bool {
        self.changed.is_some() && self.changed == changed(folder)
    }

    pub(crate) fn newest(&self) -> (u32, [u8; LENGTH]) {
        (self.newest, self.all[&self.newest])
    }

    pub(crate) fn numbers(&self) -> Vec<u32> {
        self.all.keys().copied().collect()
    }

    pub(crate) fn get(&self, number: u32) -> Option<[u8; LENGTH]> {
        self.all.get(&number).copied()
    }
}

/// Reads the folder; makes it and the first key where there is none. Keys are numbered by the second in which they were made: the newest has
/// the highest number, and a key that is made in place of a lost one is never taken for it.
pub(crate) fn read_or_make(folder: &Path, now: DateTime<Utc>) -> Result<Keys> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    if let Some(keys) = read(folder)? {
        // A folder that only can be read is good enough to start with; taking a key away is not possible there either.
        let _ = remove_abandoned(folder, now);
        return Ok(keys);
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    make(folder, second(now)?)?;
    read(folder)?.ok_or_else(|| Error::from(ErrorKind::NotFound))
}

/// Makes a key that is newer than all others, also where the clock was set back meanwhile; gives its number. Two programs that do it in the
/// same second make one.
pub(crate) fn add(folder: &Path, newest: u32, now: DateTime<Utc>) -> Result<u32> {
    let number = second(now)?.max(newest.checked_add(1).ok_or_else(|| Error::other("no number is left"))?);
    make(folder, number)?;
    Ok(number)
}

/// Takes a key away for good, with the copies that were left where its making was cut short.
pub(crate) fn remove(folder: &Path, number: u32, now: DateTime<Utc>) -> Result<()> {
    remove_abandoned(folder, now)?;
    fs::remove_file(folder.join(format!("{number}.key")))?;
    File::open(folder)?.sync_all()
}

/// Removes what [`make`] has left beside where its program was killed: each is a whole key.
fn remove_abandoned(folder: &Path, now: DateTime<Utc>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let made_here = |stem: &str| stem.len() == 2 * NAME && stem.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !name
            .to_str()
            .and_then(|name| name.strip_suffix(".new"))
            .is_some_and(made_here)
        {
            continue;
        }
        let removed = entry.metadata().and_then(|metadata| {
            let since: DateTime<Utc> = metadata.modified()?.into();
            if now - since < ABANDONED {
                return Ok(());
            }
            fs::remove_file(entry.path())
        });
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn second(now: DateTime<Utc>) -> Result<u32> {
    u32::try_from(now.timestamp()).map_err(Error::other)
}

fn changed(folder: &Path) -> Option<SystemTime> {
    fs::metadata(folder).and_then(|metadata| metadata.modified()).ok()
}

/// The same, where the next change is sure to show.
#[expect(
    clippy::disallowed_methods,
    reason = "compared with the clock of the file system, which nobody injects"
)]
fn settled(folder: &Path) -> Option<SystemTime> {
    let now = SystemTime::now();
    changed(folder).filter(|changed| now.duration_since(*changed).is_ok_and(|age| age > TICK))
}

/// The keys that are there, if there is one.
pub(crate) fn read(folder: &Path) -> Result<Option<Keys>> {
    let changed = settled(folder);
    let mut keys = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "key") {
            continue;
        }
        let unfit = || Error::new(ErrorKind::InvalidData, format!("{} is not a key", path.display()));
        let stem = path.file_stem().and_then(|stem| stem.to_str()).ok_or_else(unfit)?;
        // Written in one way only: `01.key` does not stand for another file.
        let number: u32 = stem.parse().map_err(|_| unfit())?;
        if number.to_string() != stem {
            return Err(unfit());
        }
        let key = match fs::read(&path) {
            // Taken away since the folder was listed. A name that is still there and leads nowhere is a fault.
            Err(error) if error.kind() == ErrorKind::NotFound && is_gone(&path) => continue,
            key => key?,
        };
        keys.insert(number, key.try_into().map_err(|_| unfit())?);
    }
    Ok(Keys::new(keys, changed))
}

fn is_gone(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// Makes the key of this second, unless somebody else does at the same moment. Written and synced beside and then linked into place: nobody ever
/// reads half a key, and no key is replaced.
fn make(folder: &Path, number: u32) -> Result<()> {
    let (mut key, mut name) = ([0; LENGTH], [0; NAME]);
    for part in [key.as_mut_slice(), &mut name] {
        SystemRandom::new()
            .fill(part)
            .map_err(|error| Error::other(error.to_string()))?;
    }
    let beside = folder.join(format!("{}.new", hex::encode(name)));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(&key)?;
    file.sync_all()?;
    let made = fs::hard_link(&beside, folder.join(format!("{number}.key")));
    fs::remove_file(&beside)?;
    match made {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    File::open(folder)?.sync_all()?;
    if let Some(parent) = folder.parent() {
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}
