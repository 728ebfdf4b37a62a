#![doc = include_str!("../README.md")]

// Reading order: what a file is (model, name), what is let in (check, scan), where content lies
// (disk), then the verbs.
mod check;
mod clamd;
mod config;
mod disk;
mod error;
mod jobs;
mod keep;
mod model;
mod name;
mod read;
mod receive;
mod scan;
mod store;

use std::{path::PathBuf, sync::Arc};

pub use clamd::Clamd;
pub use config::Limits;
pub use jobs::{Swept, register};
pub use keep::Received;
pub use model::{Accept, FileView, Kind, NewContent, NewFile, Scan, harmless};
pub use name::clean_name;
pub use scan::{ScanError, Scanner, Verdict};

/// The schema `files`.
pub const MIGRATIONS: &[db::Migration] = db::migrations!("files", ["0001_blob.sql", "0002_file.sql"]);

/// The file store. Cheap to clone; every clone works on the same folder.
#[derive(Clone)]
pub struct Files {
    disk: disk::Disk,
    limits: Arc<Limits>,
    scanner: Option<Arc<dyn Scanner>>,
    /// Decoding a photograph may take hundreds of megabytes for a moment: only a few at a time.
    checking: Arc<tokio::sync::Semaphore>,
}

impl Files {
    /// A store in the folder `root` (made when first needed). Without [`Files::with_scanner`] nothing is scanned
    /// for viruses, unless `limits.clamd_socket` is set.
    pub fn new(root: PathBuf, limits: Limits) -> Self {
        let scanner = limits
            .clamd_socket
            .clone()
            .map(|socket| Arc::new(Clamd::new(socket)) as Arc<dyn Scanner>);
        Self {
            disk: disk::Disk::new(root),
            checking: Arc::new(tokio::sync::Semaphore::new(limits.checks_at_once.max(1))),
            limits: Arc::new(limits),
            scanner,
        }
    }

    /// The same store with another virus scanner.
    #[must_use]
    pub fn with_scanner(mut self, scanner: Arc<dyn Scanner>) -> Self {
        self.scanner = Some(scanner);
        self
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}
