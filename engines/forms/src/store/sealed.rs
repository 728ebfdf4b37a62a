//! What is sealed in the tables of drafts, and how it is sealed anew.

use std::collections::BTreeMap;

use kernel::Result;
use op::Permit;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;
use vault::{KeyUse, Sealed, Vault, Wanted};

use crate::model::{Answers, Draft, Raw};

/// What a draft holds of its person.
pub(crate) const DRAFT: Sealed = Sealed("forms.draft");
/// The name of an attached file.
pub(crate) const ATTACHMENT: Sealed = Sealed("forms.attachment");

/// What is sealed of a draft.
#[derive(Serialize, Deserialize)]
pub(crate) struct Typed {
    pub(crate) answers: Answers,
    pub(crate) raw: BTreeMap<String, Raw>,
    pub(crate) context: serde_json::Value,
}

/// The same, to be sealed.
#[derive(Serialize)]
struct TypedRef<'a> {
    answers: &'a Answers,
    raw: &'a BTreeMap<String, Raw>,
    context: &'a serde_json::Value,
}

/// How the row of a draft is named in what is sealed there.
pub(crate) fn draft_row(draft: Uuid) -> String {
    format!("draft:{draft}")
}

/// How the row of an attachment is named in what is sealed there.
pub(crate) fn attachment_row(draft: Uuid, file: Uuid) -> String {
    format!("draft:{draft}/file:{file}")
}

pub(crate) fn seal_draft(vault: &Vault, draft: &Draft) -> Result<Vec<u8>> {
    let typed = TypedRef {
        answers: &draft.answers,
        raw: &draft.raw,
        context: &draft.context,
    };
    DRAFT.seal(vault, &draft_row(draft.id.uuid()), &typed)
}

/// A draft that is to be sealed, or sealed anew.
#[derive(sqlx::FromRow)]
pub(crate) struct DraftText {
    pub(crate) id: Uuid,
    pub(crate) sealed: Option<Vec<u8>>,
    answers: Json<Answers>,
    raw: Json<BTreeMap<String, Raw>>,
    context: serde_json::Value,
}

impl DraftText {
    /// Under the newest key; `None` where it is that already.
    pub(crate) fn anew(&self, vault: &Vault) -> Result<Option<Vec<u8>>> {
        let row = draft_row(self.id);
        match &self.sealed {
            Some(sealed) => DRAFT.reseal(vault, &row, sealed),
            None => {
                let typed = TypedRef {
                    answers: &self.answers.0,
                    raw: &self.raw.0,
                    context: &self.context,
                };
                DRAFT.seal(vault, &row, &typed).map(Some)
            }
        }
    }
}

/// Locks the next drafts that are not sealed with this key, passing over what others hold.
pub(crate) async fn lock_drafts(connection: &mut PgConnection, wanted: Wanted, after: Uuid) -> Result<Vec<DraftText>> {
    sqlx::query_as(
        "SELECT id, sealed, answers, raw, context
         FROM forms.draft
         WHERE id > $1
           AND coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000') = $2
         ORDER BY id
         LIMIT $3
         FOR NO KEY UPDATE SKIP LOCKED",
    )
    .bind(after)
    .bind(wanted.key())
    .bind(wanted.limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Writes what was sealed; nothing of it stays in plain.
pub(crate) async fn put_drafts(
    connection: &mut PgConnection,
    _: &Permit,
    ids: &[Uuid],
    sealed: &[Vec<u8>],
) -> Result<()> {
    sqlx::query(
        "UPDATE forms.draft SET sealed = new.sealed, answers = '{}', raw = '{}', context = '{}'
         FROM unnest($1::uuid[], $2::bytea[]) AS new (id, sealed)
         WHERE draft.id = new.id",
    )
    .bind(ids)
    .bind(sealed)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The name of a file that is to be sealed, or sealed anew.
#[derive(sqlx::FromRow)]
pub(crate) struct NameText {
    pub(crate) draft: Uuid,
    pub(crate) file: Uuid,
    pub(crate) sealed: Option<Vec<u8>>,
    name: Option<String>,
}

impl NameText {
    /// Under the newest key; `None` where it is that already.
    pub(crate) fn anew(&self, vault: &Vault) -> Result<Option<Vec<u8>>> {
        let row = attachment_row(self.draft, self.file);
        match &self.sealed {
            Some(sealed) => ATTACHMENT.reseal(vault, &row, sealed),
            None => ATTACHMENT.seal(vault, &row, &self.name).map(Some),
        }
    }
}

/// Locks the next names of files that are not sealed with this key, passing over what others hold.
pub(crate) async fn lock_names(
    connection: &mut PgConnection,
    wanted: Wanted,
    after: (Uuid, Uuid),
) -> Result<Vec<NameText>> {
    sqlx::query_as(
        "SELECT draft, file, sealed, name
         FROM forms.attachment
         WHERE (draft, file) > ($1, $2)
           AND coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000') = $3
         ORDER BY draft, file
         LIMIT $4
         FOR NO KEY UPDATE SKIP LOCKED",
    )
    .bind(after.0)
    .bind(after.1)
    .bind(wanted.key())
    .bind(wanted.limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Writes the sealed names; the plain ones go.
pub(crate) async fn put_names(
    connection: &mut PgConnection,
    _: &Permit,
    (drafts, files): (&[Uuid], &[Uuid]),
    sealed: &[Vec<u8>],
) -> Result<()> {
    sqlx::query(
        "UPDATE forms.attachment SET sealed = new.sealed, name = NULL
         FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) AS new (draft, file, sealed)
         WHERE attachment.draft = new.draft AND attachment.file = new.file",
    )
    .bind(drafts)
    .bind(files)
    .bind(sealed)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// How much is sealed under each key.
pub(crate) async fn uses(connection: &mut PgConnection) -> Result<Vec<KeyUse>> {
    db::take_time(&mut *connection).await?;
    let mut all = Vec::new();
    for (column, sql) in [
        (DRAFT, vault::count_by_key!("forms.draft")),
        (ATTACHMENT, vault::count_by_key!("forms.attachment")),
    ] {
        let heads = sqlx::query_as(sql)
            .fetch_all(&mut *connection)
            .await
            .map_err(db::fault)?;
        all.extend(column.uses(heads)?);
    }
    Ok(all)
}
