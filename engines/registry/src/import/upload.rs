//! A file comes in: it is kept, and its headings are read.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use files::{FileView, NewContent, Received};
use futures::Stream;
use kernel::{Actor, Fault, Official, Result};
use op::{Entry, Op};
use serde_json::json;
use tabular::Format;
use uuid::Uuid;

use super::{Import, MOST_IMPORT_BYTES, Source, State, subject};
use crate::store::import::ImportRow;
use crate::{Registry, error, store};

/// A file that has come in and is not kept yet.
pub struct Arrived {
    id: Uuid,
    format: Format,
    received: Received,
}

/// Workbooks that are opened at the same time.
pub(crate) const AT_ONCE: usize = 2;
/// How long somebody waits for their turn, a connection to the database in their hands.
pub(super) const SOON: Duration = Duration::from_secs(5);

/// What an import is called among the holders of files.
fn holder(import: Uuid) -> String {
    format!("import:{import}")
}

impl Registry {
    /// Whether whoever acts may import here: asked before a file is taken in.
    ///
    /// # Errors
    /// `registry.not_found` {register}, `registry.not_allowed`.
    pub async fn may_import(&self, op: &mut Op, register: &str) -> Result<()> {
        self.importing(op, register).await.map(drop)
    }

    /// Takes the bytes of a file. Nothing is visible to anybody until [`Self::begin_import`].
    ///
    /// # Errors
    /// `registry.import_no_table`, and those of [`files::Files::receive_content`].
    pub async fn receive_import<S, E>(&self, name: &str, bytes: S) -> Result<Arrived>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let id = Uuid::now_v7();
        let new = NewContent {
            name: name.to_owned(),
            purpose: "import",
            holder: holder(id),
            most_bytes: MOST_IMPORT_BYTES,
        };
        let mut format = None;
        let judge = |name: &str, head: &[u8]| {
            let found = Format::guess(name, head).filter(|found| *found != Format::Parquet);
            format = found;
            found
                .map(Format::media_type)
                .ok_or_else(|| Fault::invalid("registry.import_no_table").with("name", name))
        };
        let received = self.files()?.receive_content(new, bytes, judge).await?;
        let format = format.ok_or_else(|| error::broken_row("import format"))?;
        Ok(Arrived { id, format, received })
    }

    /// Keeps a file and reads its headings. The work begins with [`Self::start_import`].
    ///
    /// # Errors
    /// Those of [`Self::may_import`] and those of `tabular` about the whole file.
    pub async fn begin_import(&self, op: &mut Op, register: &str, arrived: Arrived) -> Result<Import> {
        let (seen, permit) = self.importing(op, register).await?;
        let Actor::Official(official) = op.actor().clone() else {
            return Err(error::not_allowed());
        };
        let Arrived { id, format, received } = arrived;
        let view = self.files()?.keep(op, received).await?;
        let begun = |source: Source| (source.sheets().to_vec(), source.headings().to_vec());
        let (sheets, headings) = self.begun(&view, (format, ""), SOON, begun).await?;
        let row = ImportRow {
            id,
            register: register.to_owned(),
            digest: seen.published.digest.clone(),
            file: Some(view.id.uuid()),
            file_name: view.name,
            file_size: i64::try_from(view.size).unwrap_or(i64::MAX),
            file_sha256: view.sha256,
            format: format.extension().to_owned(),
            sheets,
            headings,
            valid_from: kernel::local_date(op.now()),
            started_at: op.now(),
            state: State::Mapping.as_str().to_owned(),
            ..row_of(&official)
        };
        store::import::insert(op.conn(), &permit, &row).await?;
        op.record(
            Entry::new("registry.import_uploaded", subject(register, id)).detail(json!({
                "file": row.file_name,
                "size": row.file_size,
                "sha256": row.file_sha256,
            })),
        )
        .await?;
        Import::of(&seen.published.definition, row)
    }

    /// Opens a file, or one of its sheets, and does something with its beginning. A workbook is unpacked and partly held for it, even when nobody waits
    /// any more: only some at once, each in its turn.
    pub(super) async fn begun<T: Send + 'static>(
        &self,
        view: &FileView,
        (format, sheet): (Format, &str),
        wait: Duration,
        work: impl FnOnce(Source) -> T + Send + 'static,
    ) -> Result<T> {
        let turn = match format {
            Format::Xlsx => {
                let turn = tokio::time::timeout(wait, self.workbooks().acquire_owned()).await;
                Some(turn.map_err(|_| error::imports_busy())?)
            }
            _ => None,
        };
        let file = self.files()?.open(view).await?.into_std().await;
        let sheet = sheet.to_owned();
        blocking(move || {
            let done = Source::open(file, format, &sheet).map(work);
            drop(turn);
            done
        })
        .await
    }
}

/// A row with nothing but whose it is.
pub(crate) fn row_of(official: &Official) -> ImportRow {
    ImportRow {
        id: Uuid::nil(),
        register: String::new(),
        digest: String::new(),
        file: None,
        file_name: String::new(),
        file_size: 0,
        file_sha256: String::new(),
        format: String::new(),
        sheet: String::new(),
        sheets: Vec::new(),
        headings: Vec::new(),
        mapping: Vec::new(),
        valid_from: chrono::NaiveDate::MIN,
        agency: official.agency.uuid(),
        started_by: official.person.uuid(),
        started_name: official.name.clone(),
        account: official.account.uuid(),
        position: official.position.uuid(),
        started_at: chrono::DateTime::UNIX_EPOCH,
        state: String::new(),
        done_rows: 0,
        read_bytes: 0,
        created: 0,
        changed: 0,
        unchanged: 0,
        bad: 0,
        asked_at: None,
        decided_name: String::new(),
        decided_at: None,
        note: String::new(),
        ended_at: None,
        what: None,
    }
}

/// Reading a file blocks: it is done where nothing else waits.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(error::import_panicked)?
}
