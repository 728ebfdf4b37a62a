//! Receive: stream in, hash, count, check, scan. No transaction is open meanwhile.

use std::{error::Error, pin::pin};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use kernel::{Fault, Result};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncWriteExt, BufWriter};

use crate::{Files, NewContent, NewFile, Received, Scan, Verdict, check, disk::Incoming, error, name};

/// Bytes gathered before they are written.
const BUFFER: usize = 256 << 10;

impl Files {
    /// Takes the bytes of one upload and checks them. Nothing is visible to anybody until [`Files::keep`].
    ///
    /// The stream is read only as far as the size limit. Its own errors become `files.interrupted`, except
    /// a [`Fault`], which is passed on.
    ///
    /// # Errors
    /// The codes of the check in the README; `files.disk_full`, `files.storage`.
    pub async fn receive<S, E>(&self, new: NewFile<'_>, bytes: S) -> Result<Received>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let limits = self.limits.clone();
        let most = new.accept.max_bytes.unwrap_or(limits.max_bytes).min(limits.max_bytes);
        let spooled = self.spool(bytes, most).await?;
        let name = name::clean_name(&new.name);
        let (incoming, checked) = {
            let _turn = self
                .checking
                .acquire()
                .await
                .map_err(|e| Fault::internal("files.storage").caused_by(e))?;
            tokio::task::spawn_blocking(move || {
                let checked = check::check(spooled.incoming.path(), &name, &new.accept, &limits);
                checked.map(|checked| (spooled.incoming, checked))
            })
            .await
            .map_err(error::task)??
        };
        let scan = self.scan(&incoming, &checked.name).await?;
        Ok(Received {
            incoming,
            name: checked.name,
            media_type: checked.kind.media_type().to_owned(),
            purpose: new.purpose.to_owned(),
            holder: new.holder,
            size: spooled.size,
            sha256: spooled.sha256,
            flags: checked.flags,
            scan,
        })
    }

    /// Takes the bytes of a content that another engine reads: a table of rows. Its name, its size and what the scanner says are judged here; what
    /// it is says `judge`, who sees the cleaned name and the first bytes and gives the media type. Nothing is visible to anybody until
    /// [`Files::keep`].
    ///
    /// # Errors
    /// `files.misleading_name`, `files.empty`, `files.too_large`, `files.infected`, `files.scanner_unavailable`, `files.disk_full`, `files.storage`,
    /// and those of `judge`.
    pub async fn receive_content<S, E, J>(&self, new: NewContent<'_>, bytes: S, judge: J) -> Result<Received>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: Into<Box<dyn Error + Send + Sync>>,
        J: FnOnce(&str, &[u8]) -> Result<&'static str> + Send,
    {
        let name = name::clean_name(&new.name);
        name::refuse_misleading(&name)?;
        let spooled = self.spool(bytes, new.most_bytes).await?;
        let path = spooled.incoming.path().to_owned();
        let head = tokio::task::spawn_blocking(move || check::head(&path))
            .await
            .map_err(error::task)??;
        let media_type = judge(&name, &head)?;
        let scan = self.scan(&spooled.incoming, &name).await?;
        Ok(Received {
            incoming: spooled.incoming,
            name,
            media_type: media_type.to_owned(),
            purpose: new.purpose.to_owned(),
            holder: new.holder,
            size: spooled.size,
            sha256: spooled.sha256,
            flags: Vec::new(),
            scan,
        })
    }

    /// Writes the stream to a new incoming file. It is synced when it is kept.
    pub(crate) async fn spool<S, E>(&self, bytes: S, most: u64) -> Result<Spooled>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let disk = self.disk.clone();
        let (file, incoming) = tokio::task::spawn_blocking(move || disk.begin())
            .await
            .map_err(error::task)?
            .map_err(error::disk)?;
        // One write for a small file: each goes to another thread and back.
        let mut file = BufWriter::with_capacity(BUFFER, tokio::fs::File::from_std(file));
        let mut hasher = Sha256::new();
        let mut size: u64 = 0;
        let mut bytes = pin!(bytes);
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk.map_err(interrupted)?;
            size += chunk.len() as u64;
            if size > most {
                return Err(Fault::invalid("files.too_large").with("limit", megabytes(most)));
            }
            hasher.update(&chunk);
            file.write_all(&chunk).await.map_err(error::disk)?;
        }
        if size == 0 {
            return Err(Fault::invalid("files.empty"));
        }
        file.flush().await.map_err(error::disk)?;
        Ok(Spooled {
            incoming,
            size,
            sha256: hex::encode(hasher.finalize()),
        })
    }

    async fn scan(&self, incoming: &Incoming, name: &str) -> Result<Scan> {
        let Some(scanner) = &self.scanner else {
            return Ok(Scan::Unscanned);
        };
        match scanner.scan(incoming.path()).await {
            Ok(Verdict::Clean) => Ok(Scan::Clean),
            Ok(Verdict::Infected(virus)) => {
                tracing::warn!(virus, "an infected upload was refused");
                Err(Fault::invalid("files.infected").with("name", name))
            }
            Err(error) if self.limits.scan_required => {
                Err(Fault::unavailable("files.scanner_unavailable").caused_by(error))
            }
            Err(error) => {
                tracing::warn!(%error, "the virus scanner does not answer, a file is kept unscanned");
                Ok(Scan::Unscanned)
            }
        }
    }
}

/// Bytes on the disk that nobody has looked at yet.
pub(crate) struct Spooled {
    pub incoming: Incoming,
    pub size: u64,
    pub sha256: String,
}

/// A fault of the door (too many requests, a lost body) passes as it is.
fn interrupted(error: impl Into<Box<dyn Error + Send + Sync>>) -> Fault {
    match error.into().downcast::<Fault>() {
        Ok(fault) => *fault,
        Err(error) => Fault::invalid("files.interrupted").caused_by(error),
    }
}

/// Whole megabytes for people, at least with one decimal below ten. The comma is Vietnamese; words in
/// English read as well with it left out for whole numbers.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes * 10 / (1024 * 1024);
    if tenths.is_multiple_of(10) {
        (tenths / 10).to_string()
    } else {
        format!("{},{}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::megabytes;

    #[test]
    fn sizes_for_people() {
        assert_eq!(megabytes(20 * 1024 * 1024), "20");
        assert_eq!(megabytes(1024 * 1024 * 5 / 2), "2,5");
        assert_eq!(megabytes(1024 * 300), "0,2");
    }
}
