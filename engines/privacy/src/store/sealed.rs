//! What is sealed of requests, and how it is sealed anew.

use identity::PersonField;
use kernel::Result;
use op::Permit;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;
use vault::{KeyUse, Sealed, Vault, Wanted};

use crate::model::Request;
use crate::subject;

/// What a person has written, and what they were answered.
pub(crate) const REQUEST: Sealed = Sealed("privacy.request");
/// What a step of a request changed.
pub(crate) const LINE: Sealed = Sealed("privacy.line");

/// What is sealed of a request.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Words {
    pub(crate) details: String,
    pub(crate) wishes: Vec<(PersonField, String)>,
    pub(crate) extension_reason: Option<String>,
    pub(crate) answer: Option<String>,
    pub(crate) ground: Option<String>,
}

impl Words {
    pub(crate) fn of(request: &Request) -> Self {
        Self {
            details: request.details.clone(),
            wishes: request.wishes.clone(),
            extension_reason: request.extension_reason.clone(),
            answer: request.answer.clone(),
            ground: request.ground.clone(),
        }
    }
}

pub(crate) fn seal_request(vault: &Vault, request: &Request) -> Result<Vec<u8>> {
    REQUEST.seal(vault, &subject(request.id), &Words::of(request))
}

/// How a line is named in what is sealed there.
pub(crate) fn line_row(request: Uuid, line: i64) -> String {
    format!("{}/line:{line}", subject(request))
}

/// A request that is to be sealed, or sealed anew.
#[derive(sqlx::FromRow)]
pub(crate) struct RequestText {
    pub(crate) id: Uuid,
    sealed: Option<Vec<u8>>,
    details: String,
    wishes: Json<Vec<(PersonField, String)>>,
    extension_reason: Option<String>,
    answer: Option<String>,
    ground: Option<String>,
}

impl RequestText {
    /// Under the newest key; `None` where it is that already.
    pub(crate) fn anew(self, vault: &Vault) -> Result<Option<Vec<u8>>> {
        let row = subject(self.id);
        match &self.sealed {
            Some(sealed) => REQUEST.reseal(vault, &row, sealed),
            None => {
                let words = Words {
                    details: self.details,
                    wishes: self.wishes.0,
                    extension_reason: self.extension_reason,
                    answer: self.answer,
                    ground: self.ground,
                };
                REQUEST.seal(vault, &row, &words).map(Some)
            }
        }
    }
}

/// Locks the next requests that are not sealed with this key, passing over what others hold.
pub(crate) async fn lock_requests(
    connection: &mut PgConnection,
    wanted: Wanted,
    after: Uuid,
) -> Result<Vec<RequestText>> {
    sqlx::query_as(
        "SELECT id, sealed, details, wishes, extension_reason, answer, ground
         FROM privacy.request
         WHERE id > $1 AND coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000') = $2
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

pub(crate) async fn put_request(connection: &mut PgConnection, _: &Permit, id: Uuid, sealed: &[u8]) -> Result<()> {
    sqlx::query(
        "UPDATE privacy.request SET
             sealed = $2, details = '', wishes = '[]', extension_reason = NULL, answer = NULL, ground = NULL
         WHERE id = $1",
    )
    .bind(id)
    .bind(sealed)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// A line that is to be sealed, or sealed anew.
#[derive(sqlx::FromRow)]
pub(crate) struct LineText {
    pub(crate) id: i64,
    request: Uuid,
    sealed: Option<Vec<u8>>,
    detail: Value,
}

impl LineText {
    /// Under the newest key; `None` where it is that already.
    pub(crate) fn anew(self, vault: &Vault) -> Result<Option<Vec<u8>>> {
        let row = line_row(self.request, self.id);
        match &self.sealed {
            Some(sealed) => LINE.reseal(vault, &row, sealed),
            None => LINE.seal(vault, &row, &self.detail).map(Some),
        }
    }
}

/// Locks the next lines that are not sealed with this key, passing over what others hold. Lines without a word stay as they are.
pub(crate) async fn lock_lines(connection: &mut PgConnection, wanted: Wanted, after: i64) -> Result<Vec<LineText>> {
    sqlx::query_as(
        "SELECT id, request, sealed, detail
         FROM privacy.request_line
         WHERE id > $1 AND coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000') = $2 AND (sealed IS NOT NULL OR detail <> '{}')
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

pub(crate) async fn put_line(connection: &mut PgConnection, _: &Permit, id: i64, sealed: &[u8]) -> Result<()> {
    sqlx::query("UPDATE privacy.request_line SET sealed = $2, detail = '{}' WHERE id = $1")
        .bind(id)
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
        (REQUEST, vault::count_by_key!("privacy.request")),
        (LINE, vault::count_by_key!("privacy.request_line")),
    ] {
        let heads = sqlx::query_as(sql)
            .fetch_all(&mut *connection)
            .await
            .map_err(db::fault)?;
        all.extend(column.uses(heads)?);
    }
    Ok(all)
}
