//! The hash-chained audit trail (nhật ký hệ thống, nhật ký người sử dụng; R024).

mod chain;
mod export;
mod file;
mod heads;
mod seal;
mod verify;
mod walk;

use chrono::{DateTime, Utc};
use db::{Page, PageRequest};
use kernel::{PersonId, Result};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;

pub(crate) use chain::{Content, Link, digest};
pub use export::{Exported, Stretch, export};
pub use file::verify_file;
pub use heads::{Head, Published, heads, record_heads};
pub use seal::{keep_sealing, seal, seal_with_heads};
pub use verify::{verify, verify_against};
pub use walk::{Broken, Report};

use crate::store;

/// An entry to be written with [`crate::Op::record`].
#[derive(Debug, Clone)]
pub struct Entry {
    pub(crate) action: &'static str,
    pub(crate) subject: String,
    pub(crate) purpose: String,
    pub(crate) person: Option<PersonId>,
    pub(crate) detail: Value,
}

impl Entry {
    /// What was done to what: `dossiers.submitted`, `dossier:<uuid>`.
    pub fn new(action: &'static str, subject: impl ToString) -> Self {
        Self {
            action,
            subject: subject.to_string(),
            purpose: String::new(),
            person: None,
            detail: Value::Null,
        }
    }

    /// Why personal data was read or written: a dossier or a legal basis.
    pub fn purpose(mut self, purpose: impl Into<String>) -> Self {
        self.purpose = purpose.into();
        self
    }

    /// Whose personal data was read or handled. The person can see the entry, with the name and position of the official; see [`about`].
    pub fn about(mut self, person: Option<PersonId>) -> Self {
        self.person = person;
        self
    }

    /// Facts worth keeping; never a password, never a personal number in clear.
    pub fn detail(mut self, detail: impl Serialize) -> Self {
        self.detail = serde_json::to_value(detail).unwrap_or(Value::Null);
        self
    }
}

/// Somebody has looked at a person's data, or handled it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Look {
    /// When.
    pub at: DateTime<Utc>,
    /// What was done: `dossiers.read`.
    pub action: String,
    /// For what: the code of a dossier, or words.
    pub purpose: String,
    /// Name of the official; empty where the platform did it.
    pub name: String,
    /// Position of the official at that time.
    pub position: String,
    /// Agency of the official at that time.
    pub agency: String,
}

/// Something that was done under a right for an emergency (quyền khẩn cấp).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deed {
    /// When.
    pub at: DateTime<Utc>,
    /// What: `dossiers.read`.
    pub action: String,
    /// To what: `dossier:<uuid>`.
    pub subject: String,
    /// For what: the code of a dossier, or words.
    pub purpose: String,
}

/// What whoever acts under this key has done with the mark of an emergency from one moment until before another (`None`: until now), the newest first. Whether
/// the reader may know is decided by the caller.
pub async fn under_emergency(
    connection: &mut PgConnection,
    actor: &str,
    span: (DateTime<Utc>, Option<DateTime<Utc>>),
    request: &PageRequest,
) -> Result<Page<Deed>> {
    let below: Option<i64> = request.after.as_deref().map(db::cursor::decode).transpose()?;
    let rows = store::under_emergency(connection, actor, span, below.unwrap_or(i64::MAX), request.probe()).await?;
    let page = Page::cut(rows, request, |row| row.id);
    Ok(page.map(|row| Deed {
        at: row.at,
        action: row.action,
        subject: row.subject,
        purpose: row.purpose,
    }))
}

/// How many of them there are.
pub async fn count_under_emergency(
    connection: &mut PgConnection,
    actor: &str,
    span: (DateTime<Utc>, Option<DateTime<Utc>>),
) -> Result<i64> {
    store::count_under_emergency(connection, actor, span).await
}

/// Who has looked at the data of a person, the newest first. Whether the reader may know is decided by the caller.
pub async fn about(connection: &mut PgConnection, person: PersonId, request: &PageRequest) -> Result<Page<Look>> {
    about_all(connection, &[person], request).await
}

/// The same of somebody who had more than one account: entries are never changed, so the trail tells of them under each of their numbers.
pub async fn about_all(
    connection: &mut PgConnection,
    people: &[PersonId],
    request: &PageRequest,
) -> Result<Page<Look>> {
    let below: Option<i64> = request.after.as_deref().map(db::cursor::decode).transpose()?;
    let mut rows = Vec::new();
    for person in people {
        let of_one = store::about(connection, person.uuid(), below.unwrap_or(i64::MAX), request.probe()).await?;
        rows.extend(of_one);
    }
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
    rows.truncate(usize::try_from(request.probe()).unwrap_or(usize::MAX));
    let page = Page::cut(rows, request, |row| row.id);
    Ok(page.map(|row| {
        let detail: Value = serde_json::from_str(&row.detail).unwrap_or(Value::Null);
        let by = |part: &str| detail["by"][part].as_str().unwrap_or_default().to_owned();
        Look {
            at: row.at,
            action: row.action,
            purpose: row.purpose,
            name: by("name"),
            position: by("position"),
            agency: by("agency"),
        }
    }))
}
