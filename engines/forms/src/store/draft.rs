use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use db::PageRequest;
use kernel::{AccountId, DraftId, Result};
use op::Permit;
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;
use vault::Vault;

use super::sealed::{ATTACHMENT, DRAFT, Typed, attachment_row, draft_row, seal_draft};
use crate::error;
use crate::model::{Answers, Channel, Draft, Raw};

#[derive(sqlx::FromRow)]
struct DraftRow {
    id: Uuid,
    app: String,
    form: String,
    form_version: String,
    holder: String,
    channel: String,
    context: serde_json::Value,
    answers: Json<Answers>,
    raw: Json<BTreeMap<String, Raw>>,
    passed: Vec<String>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    subject: Option<String>,
    sealed: Option<Vec<u8>>,
}

impl DraftRow {
    /// Without what was typed: for whoever takes drafts away, also those that do not open.
    fn unopened(self) -> Result<Draft> {
        let typed = Typed {
            answers: Answers::new(),
            raw: BTreeMap::new(),
            context: serde_json::Value::Null,
        };
        self.with(typed)
    }

    /// For lists: one that does not open is shown without what was typed, and can be thrown away.
    fn listed(self, vault: &Vault) -> Result<Draft> {
        match self.typed(vault) {
            Ok(typed) => self.with(typed),
            Err(error) => {
                tracing::error!(draft = %self.id, %error, "a draft does not open");
                self.unopened()
            }
        }
    }

    fn into_draft(self, vault: &Vault) -> Result<Draft> {
        let typed = self.typed(vault)?;
        self.with(typed)
    }

    fn typed(&self, vault: &Vault) -> Result<Typed> {
        match &self.sealed {
            Some(sealed) => DRAFT.open(vault, &draft_row(self.id), sealed),
            // Written by an older program; sealed when it is saved next, or by `forms.seal`.
            None => Ok(Typed {
                answers: self.answers.0.clone(),
                raw: self.raw.0.clone(),
                context: self.context.clone(),
            }),
        }
    }

    fn with(self, typed: Typed) -> Result<Draft> {
        Ok(Draft {
            id: self.id.into(),
            app: self.app,
            form: self.form,
            form_version: self.form_version,
            holder: self.holder,
            channel: Channel::of_word(&self.channel).ok_or_else(|| error::broken("channel"))?,
            context: typed.context,
            answers: typed.answers,
            raw: typed.raw,
            passed: self.passed.into_iter().collect(),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            subject: self.subject,
        })
    }
}

pub(crate) async fn insert(
    conn: &mut PgConnection,
    _: &Permit,
    vault: &Vault,
    draft: &Draft,
    account: Option<AccountId>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO forms.draft (
             id,
             app,
             form,
             form_version,
             holder,
             account,
             channel,
             sealed,
             created_at,
             updated_at
         )
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
    )
    .bind(draft.id.uuid())
    .bind(&draft.app)
    .bind(&draft.form)
    .bind(&draft.form_version)
    .bind(&draft.holder)
    .bind(account.map(AccountId::uuid))
    .bind(draft.channel.as_str())
    .bind(seal_draft(vault, draft)?)
    .bind(draft.created_at)
    .execute(conn)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// What a draft begins with.
pub(crate) struct Beginning<'a> {
    pub(crate) holder: &'a str,
    pub(crate) app: &'a str,
    pub(crate) form: &'a str,
    pub(crate) channel: Channel,
    pub(crate) context: &'a serde_json::Value,
}

/// Whoever begins a draft of the same form twice at once does it one after the other.
pub(crate) async fn hold_beginning(conn: &mut PgConnection, holder: &str, form: &str) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('forms.draft:' || $1 || ':' || $2, 0))")
        .bind(holder)
        .bind(form)
        .execute(conn)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// A draft with this beginning that was begun after `since`, by the form in force, of which nothing was saved yet.
pub(crate) async fn untouched_since_begun(
    conn: &mut PgConnection,
    vault: &Vault,
    wanted: &Beginning<'_>,
    since: DateTime<Utc>,
) -> Result<Option<Draft>> {
    let rows: Vec<DraftRow> = sqlx::query_as(
        "SELECT draft.*
         FROM forms.draft
         JOIN forms.definition AS form
           ON form.app = draft.app AND form.form = draft.form AND form.version = draft.form_version AND form.current
         WHERE draft.holder = $1
           AND draft.app = $2
           AND draft.form = $3
           AND draft.channel = $4
           AND draft.subject IS NULL
           AND draft.version = 1
           AND draft.created_at > $5
         ORDER BY draft.id DESC",
    )
    .bind(wanted.holder)
    .bind(wanted.app)
    .bind(wanted.form)
    .bind(wanted.channel.as_str())
    .bind(since)
    .fetch_all(conn)
    .await
    .map_err(db::fault)?;
    // What the caller keeps with a draft is sealed, so it is compared here; how many drafts somebody has open is bounded. One that does not open
    // keeps nobody from beginning anew.
    for row in rows {
        let draft = row.listed(vault)?;
        if draft.context == *wanted.context {
            return Ok(Some(draft));
        }
    }
    Ok(None)
}

/// Whether there is such a draft, in sight or not.
pub(crate) async fn is_there(connection: &mut PgConnection, id: DraftId) -> Result<bool> {
    sqlx::query_scalar("SELECT forms.is_there($1)")
        .bind(id.uuid())
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn get(conn: &mut PgConnection, vault: &Vault, id: DraftId) -> Result<Option<Draft>> {
    let row: Option<DraftRow> = sqlx::query_as("SELECT * FROM forms.draft WHERE id = $1")
        .bind(id.uuid())
        .fetch_optional(conn)
        .await
        .map_err(db::fault)?;
    row.map(|row| row.into_draft(vault)).transpose()
}

/// The same, locked to the end of the operation.
pub(crate) async fn lock(conn: &mut PgConnection, vault: &Vault, id: DraftId) -> Result<Option<Draft>> {
    let row: Option<DraftRow> = sqlx::query_as("SELECT * FROM forms.draft WHERE id = $1 FOR UPDATE")
        .bind(id.uuid())
        .fetch_optional(conn)
        .await
        .map_err(db::fault)?;
    row.map(|row| row.into_draft(vault)).transpose()
}

/// The same, not opened: for whoever throws it away.
pub(crate) async fn lock_unopened(conn: &mut PgConnection, id: DraftId) -> Result<Option<Draft>> {
    let row: Option<DraftRow> = sqlx::query_as("SELECT * FROM forms.draft WHERE id = $1 FOR UPDATE")
        .bind(id.uuid())
        .fetch_optional(conn)
        .await
        .map_err(db::fault)?;
    row.map(DraftRow::unopened).transpose()
}

/// Writes what may change of a locked draft.
pub(crate) async fn write(conn: &mut PgConnection, _: &Permit, vault: &Vault, draft: &Draft) -> Result<()> {
    let passed: Vec<&str> = draft.passed.iter().map(String::as_str).collect();
    sqlx::query(
        "UPDATE forms.draft SET
             sealed = $2,
             answers = '{}',
             raw = '{}',
             context = '{}',
             passed = $3,
             version = $4,
             updated_at = $5,
             subject = $6
         WHERE id = $1",
    )
    .bind(draft.id.uuid())
    .bind(seal_draft(vault, draft)?)
    .bind(passed)
    .bind(draft.version)
    .bind(draft.updated_at)
    .bind(&draft.subject)
    .execute(conn)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Its attachments go with it.
pub(crate) async fn delete(conn: &mut PgConnection, _: &Permit, id: DraftId) -> Result<()> {
    sqlx::query("DELETE FROM forms.draft WHERE id = $1")
        .bind(id.uuid())
        .execute(conn)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn open_of(conn: &mut PgConnection, holder: &str) -> Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM forms.draft WHERE holder = $1 AND subject IS NULL")
        .bind(holder)
        .fetch_one(conn)
        .await
        .map_err(db::fault)
}

/// Open drafts of a holder, the last touched first, with one more row than wanted.
pub(crate) async fn open_page(
    conn: &mut PgConnection,
    vault: &Vault,
    holder: &str,
    request: &PageRequest,
) -> Result<Vec<Draft>> {
    let after: Option<(DateTime<Utc>, DraftId)> = request.after.as_deref().map(db::cursor::decode).transpose()?;
    let rows: Vec<DraftRow> = sqlx::query_as(
        "SELECT *
         FROM forms.draft
         WHERE holder = $1
           AND subject IS NULL
           AND ($2::timestamptz IS NULL OR (updated_at, id) < ($2, $3))
         ORDER BY updated_at DESC, id DESC
         LIMIT $4",
    )
    .bind(holder)
    .bind(after.map(|(updated_at, _)| updated_at))
    .bind(after.map(|(_, id)| id.uuid()))
    .bind(request.probe())
    .fetch_all(conn)
    .await
    .map_err(db::fault)?;
    rows.into_iter().map(|row| row.listed(vault)).collect()
}

/// Drafts that were last touched before the moment, locked and not opened; those that somebody touches now are left alone.
pub(crate) async fn untouched(conn: &mut PgConnection, before: DateTime<Utc>, most: i64) -> Result<Vec<Draft>> {
    let rows: Vec<DraftRow> = sqlx::query_as(
        "SELECT *
         FROM forms.draft
         WHERE updated_at < $1
         ORDER BY updated_at
         LIMIT $2
         FOR UPDATE SKIP LOCKED",
    )
    .bind(before)
    .bind(most)
    .fetch_all(conn)
    .await
    .map_err(db::fault)?;
    rows.into_iter().map(DraftRow::unopened).collect()
}

/// A draft as it is told in an extract, and under which representation it is filled in.
pub(crate) type Told = (Option<Uuid>, serde_json::Value);

/// Open drafts of a holder as they read them in an extract, those too that they fill in for somebody else, the last touched first.
pub(crate) async fn told(conn: &mut PgConnection, vault: &Vault, holder: &str, limit: i64) -> Result<Vec<Told>> {
    let rows: Vec<DraftRow> = sqlx::query_as(
        "SELECT *
         FROM forms.draft
         WHERE (holder = $1 OR holder LIKE $1 || ':%') AND subject IS NULL
         ORDER BY updated_at DESC, id DESC
         LIMIT $2",
    )
    .bind(holder)
    .bind(limit)
    .fetch_all(&mut *conn)
    .await
    .map_err(db::fault)?;
    told_rows(conn, vault, rows).await
}

/// Open drafts that others fill in under these representations, the last touched first.
pub(crate) async fn told_under(
    conn: &mut PgConnection,
    vault: &Vault,
    representations: &[Uuid],
    limit: i64,
) -> Result<Vec<Told>> {
    let rows: Vec<DraftRow> = sqlx::query_as(
        "SELECT *
         FROM forms.draft
         WHERE holder LIKE 'citizen:%' AND split_part(holder, ':', 3) = ANY ($1) AND subject IS NULL
         ORDER BY updated_at DESC, id DESC
         LIMIT $2",
    )
    .bind(texts_of(representations))
    .bind(limit)
    .fetch_all(&mut *conn)
    .await
    .map_err(db::fault)?;
    told_rows(conn, vault, rows).await
}

fn texts_of(ids: &[Uuid]) -> Vec<String> {
    ids.iter().map(Uuid::to_string).collect()
}

async fn told_rows(conn: &mut PgConnection, vault: &Vault, rows: Vec<DraftRow>) -> Result<Vec<Told>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut files = files_of(conn, vault, &ids).await?;
    let tell = |row: DraftRow| {
        let files = files.remove(&row.id).unwrap_or_default();
        let representation = row.holder.split(':').nth(2).and_then(|id| id.parse().ok());
        let draft = row.into_draft(vault)?;
        Ok((
            representation,
            json!({
                "system": draft.app,
                "form": draft.form,
                "answers": draft.answers,
                "files": files,
                "begun_at": draft.created_at,
                "changed_at": draft.updated_at,
            }),
        ))
    };
    rows.into_iter().map(tell).collect()
}

/// A file of a draft: its number, the draft, its name in plain or sealed, its size.
type FileRow = (Uuid, Uuid, Option<String>, Option<Vec<u8>>, i64);

/// Names and sizes of the files of drafts.
async fn files_of(
    conn: &mut PgConnection,
    vault: &Vault,
    drafts: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<serde_json::Value>>> {
    let rows: Vec<FileRow> = sqlx::query_as(
        "SELECT draft, file, name, sealed, size FROM forms.attachment WHERE draft = ANY ($1) ORDER BY file",
    )
    .bind(drafts)
    .fetch_all(conn)
    .await
    .map_err(db::fault)?;
    let mut files: BTreeMap<Uuid, Vec<serde_json::Value>> = BTreeMap::new();
    for (draft, file, plain, sealed, size) in rows {
        let name: Option<String> = match &sealed {
            Some(sealed) => Some(ATTACHMENT.open(vault, &attachment_row(draft, file), sealed)?),
            None => plain,
        };
        files
            .entry(draft)
            .or_default()
            .push(json!({ "name": name, "bytes": size }));
    }
    Ok(files)
}

/// All open drafts that others fill in under these representations, locked and not opened.
pub(crate) async fn lock_open_under(conn: &mut PgConnection, representations: &[Uuid]) -> Result<Vec<Draft>> {
    let rows: Vec<DraftRow> = sqlx::query_as(
        "SELECT * FROM forms.draft
         WHERE holder LIKE 'citizen:%' AND split_part(holder, ':', 3) = ANY ($1) AND subject IS NULL ORDER BY id FOR UPDATE",
    )
    .bind(texts_of(representations))
    .fetch_all(conn)
    .await
    .map_err(db::fault)?;
    rows.into_iter().map(DraftRow::unopened).collect()
}

/// All open drafts of a holder, locked and not opened. How many somebody may have open is bounded.
pub(crate) async fn lock_open(conn: &mut PgConnection, holder: &str) -> Result<Vec<Draft>> {
    let rows: Vec<DraftRow> =
        sqlx::query_as("SELECT * FROM forms.draft WHERE (holder = $1 OR holder LIKE $1 || ':%') AND subject IS NULL ORDER BY id FOR UPDATE")
            .bind(holder)
            .fetch_all(conn)
            .await
            .map_err(db::fault)?;
    rows.into_iter().map(DraftRow::unopened).collect()
}

/// How many open drafts a citizen has, for themself and for others.
pub(crate) async fn count_of_citizen(conn: &mut PgConnection, account: AccountId) -> Result<i64> {
    let holder = format!("citizen:{account}");
    sqlx::query_scalar(
        "SELECT count(*) FROM forms.draft WHERE (holder = $1 OR holder LIKE $1 || ':%') AND subject IS NULL",
    )
    .bind(holder)
    .fetch_one(conn)
    .await
    .map_err(db::fault)
}

/// Brings the drafts of one citizen to another, those that have become something too; how many are open.
pub(crate) async fn bring(conn: &mut PgConnection, _: &Permit, [from, into]: [AccountId; 2]) -> Result<u64> {
    let moved: Vec<bool> = sqlx::query_scalar(
        "UPDATE forms.draft SET holder = $2 || substr(holder, length($1) + 1), account = $3
         WHERE holder = $1 OR holder LIKE $1 || ':%'
         RETURNING subject IS NULL",
    )
    .bind(format!("citizen:{from}"))
    .bind(format!("citizen:{into}"))
    .bind(into.uuid())
    .fetch_all(conn)
    .await
    .map_err(db::fault)?;
    let open = moved.into_iter().filter(|open| *open).count();
    Ok(u64::try_from(open).unwrap_or(0))
}
