//! The reading verbs, and those that change only rows.

use chrono::{DateTime, Utc};
use kernel::{Fault, FileId, Result};
use op::Op;
use sha2::{Digest, Sha256};
use tokio::{fs::File, io::AsyncReadExt};

use crate::{FileView, Files, Scan, error, store};

impl Files {
    /// One file.
    ///
    /// # Errors
    /// `files.not_found`.
    pub async fn get(&self, op: &mut Op, id: FileId) -> Result<FileView> {
        store::file(op.conn(), id).await?.ok_or_else(|| missing(id))
    }

    /// The files of a holder, oldest first.
    pub async fn by_holder(&self, op: &mut Op, holder: &str) -> Result<Vec<FileView>> {
        store::files_of(op.conn(), holder).await
    }

    /// Opens the content for reading from its beginning. Needs no operation, so it can be sent slowly.
    ///
    /// # Errors
    /// `files.lost` when the content is not on the disk, `files.corrupted` when its length is not the recorded one,
    /// `files.infected`.
    pub async fn open(&self, view: &FileView) -> Result<File> {
        if view.scan == Scan::Infected {
            return Err(Fault::forbidden("files.infected").with("name", &view.name));
        }
        let file = File::open(self.disk.address(&view.sha256))
            .await
            .map_err(|e| match e.kind() {
                std::io::ErrorKind::NotFound => broken("files.lost", view).caused_by(e),
                _ => error::disk(e),
            })?;
        let length = file.metadata().await.map_err(error::disk)?.len();
        if length != view.size {
            return Err(broken("files.corrupted", view));
        }
        Ok(file)
    }

    /// The whole content in memory, its hash compared.
    ///
    /// # Errors
    /// Those of [`Files::get`] and [`Files::open`].
    pub async fn read(&self, op: &mut Op, id: FileId) -> Result<Vec<u8>> {
        let view = self.get(op, id).await?;
        let mut bytes = Vec::new();
        self.open(&view)
            .await?
            .read_to_end(&mut bytes)
            .await
            .map_err(error::disk)?;
        if hex::encode(Sha256::digest(&bytes)) != view.sha256 {
            return Err(broken("files.corrupted", &view));
        }
        Ok(bytes)
    }

    /// Compares the content's hash with the recorded one, without holding it in memory.
    ///
    /// # Errors
    /// Those of [`Files::get`] and [`Files::open`].
    pub async fn verify(&self, op: &mut Op, id: FileId) -> Result<()> {
        let view = self.get(op, id).await?;
        let mut file = self.open(&view).await?;
        let mut hasher = Sha256::new();
        let mut part = vec![0; 64 * 1024];
        loop {
            let took = file.read(&mut part).await.map_err(error::disk)?;
            if took == 0 {
                break;
            }
            hasher.update(&part[..took]);
        }
        if hex::encode(hasher.finalize()) != view.sha256 {
            return Err(broken("files.corrupted", &view));
        }
        Ok(())
    }

    /// Gives files to another holder, for example from a draft to the dossier made of it.
    ///
    /// # Errors
    /// `files.not_found` when one of them does not exist; then none may be taken as moved: drop the operation.
    pub async fn reassign(&self, op: &mut Op, ids: &[FileId], holder: &str) -> Result<()> {
        for id in ids {
            if !store::reassign(op.conn(), *id, holder).await? {
                return Err(missing(*id));
            }
        }
        Ok(())
    }

    /// Removes a file. Its content goes with the sweep, a day later, if no other file has it.
    ///
    /// # Errors
    /// `files.not_found`.
    pub async fn remove(&self, op: &mut Op, id: FileId) -> Result<()> {
        let now = op.now();
        if store::remove(op.conn(), id, now).await? {
            Ok(())
        } else {
            Err(missing(id))
        }
    }

    /// Removes what holders whose names begin so have left lying since before a moment: what waited for something that never came. Their number.
    pub async fn remove_left(&self, op: &mut Op, holders: &str, before: DateTime<Utc>) -> Result<u64> {
        let now = op.now();
        store::remove_left(op.conn(), holders, before, now).await
    }
}

fn missing(id: FileId) -> Fault {
    Fault::not_found("files.not_found").with("id", id)
}

/// A defect of the store: somebody must look, so it is logged with the address.
fn broken(code: &'static str, view: &FileView) -> Fault {
    tracing::error!(code, file = %view.id, sha256 = view.sha256, "stored content is not what was recorded");
    Fault::internal(code).with("name", &view.name)
}
