//! Where content lies: `<root>/ab/cd/<sha256>`, and `<root>/incoming/` while it comes in.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use uuid::Uuid;

/// Papers of citizens are for the program alone: no other user of the machine reads them.
const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;

/// The folder of the store.
#[derive(Clone)]
pub(crate) struct Disk {
    root: Arc<PathBuf>,
}

impl Disk {
    pub fn new(root: PathBuf) -> Self {
        Self { root: Arc::new(root) }
    }

    fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    /// The place of a content. `sha256` is 64 hexadecimal digits.
    pub fn address(&self, sha256: &str) -> PathBuf {
        self.root.join(&sha256[..2]).join(&sha256[2..4]).join(sha256)
    }

    /// A new empty file for bytes that come in.
    pub fn begin(&self) -> io::Result<(File, Incoming)> {
        let folder = self.incoming();
        private_folder().recursive(true).create(&folder)?;
        // A folder made by an earlier program, or by hand, may still be open to everybody on the machine.
        fs::set_permissions(self.root.as_path(), fs::Permissions::from_mode(FOLDER))?;
        let path = folder.join(Uuid::new_v4().to_string());
        let file = File::options().write(true).create_new(true).mode(FILE).open(&path)?;
        Ok((file, Incoming { path }))
    }

    /// Puts an incoming file to its address for good: when this returns, it survives a power cut. Content that is there already
    /// is replaced by the same content, which mends a copy that has gone bad.
    pub fn settle(&self, incoming: &Incoming, sha256: &str, now: SystemTime) -> io::Result<()> {
        let address = self.address(sha256);
        let grown = self.make_folders(sha256)?;
        let file = File::options().write(true).open(&incoming.path)?;
        // The age of a blob without a row counts from here, by the same clock as the rows.
        file.set_modified(now)?;
        // At an address that is free the file may stand before it is synced, since no row names it yet: the syncs that follow then
        // wait for one commit of the file system together. What is there is replaced by synced bytes only.
        let free = fs::hard_link(&incoming.path, &address).is_ok();
        file.sync_all()?;
        if !free {
            fs::rename(&incoming.path, &address)?;
        }
        sync_folder(address.parent().unwrap_or(&self.root))?;
        grown.iter().try_for_each(|folder| sync_folder(folder))
    }

    /// Makes `ab/cd`. Returns the folders that got a new one, which are to be synced so that it survives a power cut.
    fn make_folders(&self, sha256: &str) -> io::Result<Vec<PathBuf>> {
        let first = self.root.join(&sha256[..2]);
        let mut grown = Vec::new();
        for folder in [first.clone(), first.join(&sha256[2..4])] {
            match private_folder().create(&folder) {
                Ok(()) => grown.push(folder.parent().unwrap_or(&self.root).to_owned()),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(grown)
    }

    /// Removes a content; one that is gone already is fine.
    pub fn remove(&self, sha256: &str) -> io::Result<()> {
        match fs::remove_file(self.address(sha256)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes unfinished uploads last written before `before`, for example by a program that was killed. Returns how many.
    pub fn drop_unfinished(&self, before: SystemTime) -> io::Result<u64> {
        let mut dropped = 0;
        for path in entries(&self.incoming())? {
            if is_older(&path, before) && fs::remove_file(&path).is_ok() {
                dropped += 1;
            }
        }
        Ok(dropped)
    }

    /// The addresses (SHA-256) of all content settled before `before`, one folder `ab/cd` at a time.
    pub fn settled_before(&self, before: SystemTime) -> io::Result<Vec<Vec<String>>> {
        let mut batches = Vec::new();
        for first in entries(&self.root)?.into_iter().filter(|path| is_hex(path, 2)) {
            for second in entries(&first)?.into_iter().filter(|path| is_hex(path, 2)) {
                let old: Vec<String> = entries(&second)?
                    .into_iter()
                    .filter(|path| is_hex(path, 64) && is_older(path, before))
                    .filter_map(|path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned))
                    .collect();
                if !old.is_empty() {
                    batches.push(old);
                }
            }
        }
        Ok(batches)
    }
}

/// A file on its way in. Dropping it removes the file, unless it was settled.
#[derive(Debug)]
pub(crate) struct Incoming {
    path: PathBuf,
}

impl Incoming {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // After settling there is nothing here any more; if removal fails, the sweep does it a day later.
        let _ = fs::remove_file(&self.path);
    }
}

fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(FOLDER);
    builder
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// What lies in a folder; a folder that does not exist is empty.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(list) => list.map(|entry| entry.map(|entry| entry.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn is_older(path: &Path, before: SystemTime) -> bool {
    fs::metadata(path)
        .and_then(|data| data.modified())
        .is_ok_and(|modified| modified < before)
}

fn is_hex(path: &Path, length: usize) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.len() == length && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}
