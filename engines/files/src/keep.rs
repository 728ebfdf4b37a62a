//! Keep: content to its address, rows into the operation.

use bytes::Bytes;
use futures::{Stream, stream};
use kernel::{Fault, FileId, Result};
use op::Op;

use crate::{FileView, Files, NewFile, Scan, disk::Incoming, error, name::clean_name, receive::Spooled, store};

/// An upload that passed the check and waits to be kept. Dropping it removes its bytes.
#[derive(Debug)]
pub struct Received {
    pub(crate) incoming: Incoming,
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) purpose: String,
    pub(crate) holder: String,
    pub(crate) size: u64,
    pub(crate) sha256: String,
    pub(crate) flags: Vec<String>,
    pub(crate) scan: Scan,
}

impl Received {
    /// The cleaned name with the true extension.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The media type, from the content.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// SHA-256, 64 lower-case hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}

impl Files {
    /// Keeps a received upload: visible to others when the operation commits.
    ///
    /// # Errors
    /// `files.disk_full`, `files.storage` and those of `db`.
    pub async fn keep(&self, op: &mut Op, received: Received) -> Result<FileView> {
        let now = op.now();
        // Held to the end of the operation: the sweep cannot take the content away in between.
        store::lock_shared(op.conn(), &received.sha256).await?;
        let disk = self.disk.clone();
        let sha256 = received.sha256.clone();
        let incoming = received.incoming;
        tokio::task::spawn_blocking(move || disk.settle(&incoming, &sha256, now.into()))
            .await
            .map_err(error::task)?
            .map_err(error::disk)?;
        let view = FileView {
            id: FileId::new(),
            name: received.name,
            media_type: received.media_type,
            size: received.size,
            sha256: received.sha256,
            uploaded_at: now,
            uploaded_by: op.actor().key(),
            purpose: received.purpose,
            holder: received.holder,
            scan: received.scan,
            flags: received.flags,
        };
        store::insert(op.conn(), &view).await?;
        Ok(view)
    }

    /// [`Files::receive`] and [`Files::keep`] in one. The operation stays open while the bytes come in, so use it for
    /// bytes that are at hand, and the two for uploads from outside.
    ///
    /// # Errors
    /// Those of both.
    pub async fn store<S, E>(&self, op: &mut Op, new: NewFile<'_>, bytes: S) -> Result<FileView>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let received = self.receive(new, bytes).await?;
        self.keep(op, received).await
    }

    /// Keeps what the platform itself generated: a receipt, a result. It is neither checked nor scanned nor limited in size;
    /// only the name is cleaned.
    ///
    /// # Errors
    /// `files.empty`, `files.disk_full`, `files.storage` and those of `db`.
    pub async fn store_bytes(
        &self,
        op: &mut Op,
        name: &str,
        media_type: &str,
        holder: &str,
        bytes: Vec<u8>,
    ) -> Result<FileView> {
        let content = stream::iter([Ok::<_, Fault>(Bytes::from(bytes))]);
        let Spooled { incoming, size, sha256 } = self.spool(content, u64::MAX).await?;
        let received = Received {
            incoming,
            name: clean_name(name),
            media_type: media_type.to_owned(),
            purpose: "generated".to_owned(),
            holder: holder.to_owned(),
            size,
            sha256,
            flags: Vec::new(),
            scan: Scan::Clean,
        };
        self.keep(op, received).await
    }
}
