use chrono::{DateTime, Utc};
use kernel::{AccountId, PersonId, Result};
use op::Permit;
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::answer::Kept;
use crate::document::Document;
use crate::schema::Resource;
use crate::users::Managed;

#[derive(sqlx::FromRow)]
struct UserRow {
    id: Uuid,
    person: Uuid,
    doc: Json<Value>,
    version: i64,
    held_back: bool,
    handed_over: bool,
    created_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
}

impl UserRow {
    fn into_managed(self) -> Result<Managed> {
        Ok(Managed {
            account: self.id.into(),
            person: self.person.into(),
            held_back: self.held_back,
            handed_over: self.handed_over,
            kept: Kept {
                resource: Resource::User,
                id: self.id,
                document: super::query::document(self.doc.0)?,
                version: self.version,
                created_at: self.created_at,
                changed_at: self.changed_at,
                related: Vec::new(),
            },
        })
    }
}

/// The account of a client, locked against another change.
pub(crate) async fn lock(connection: &mut PgConnection, client: &str, id: Uuid) -> Result<Option<Managed>> {
    let row = sqlx::query_as::<_, UserRow>(
        "SELECT id, person, doc, version, held_back, handed_over, created_at, changed_at
         FROM scim.\"user\"
         WHERE id = $1 AND client = $2 AND closed_at IS NULL
         FOR UPDATE",
    )
    .bind(id)
    .bind(client)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(UserRow::into_managed).transpose()
}

/// The account, whoever looks after it, locked against another change.
pub(crate) async fn lock_of(connection: &mut PgConnection, account: AccountId) -> Result<Option<Managed>> {
    let row = sqlx::query_as::<_, UserRow>(
        "SELECT id, person, doc, version, held_back, handed_over, created_at, changed_at
         FROM scim.\"user\"
         WHERE id = $1 AND closed_at IS NULL
         FOR UPDATE",
    )
    .bind(account.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(UserRow::into_managed).transpose()
}

/// Whether an application looks after the account, or did.
pub(crate) async fn is_known(connection: &mut PgConnection, account: AccountId) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM scim.\"user\" WHERE id = $1)")
        .bind(account.uuid())
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// The client that looks after the account.
pub(crate) async fn client_of(connection: &mut PgConnection, account: AccountId) -> Result<Option<String>> {
    sqlx::query_scalar("SELECT client FROM scim.\"user\" WHERE id = $1 AND closed_at IS NULL")
        .bind(account.uuid())
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

/// The people behind those of these numbers that the client looks after.
pub(crate) async fn people(connection: &mut PgConnection, client: &str, ids: &[Uuid]) -> Result<Vec<(Uuid, PersonId)>> {
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "SELECT id, person
         FROM scim.\"user\"
         WHERE client = $1 AND id = ANY ($2) AND closed_at IS NULL
         ORDER BY id",
    )
    .bind(client)
    .bind(ids)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows.into_iter().map(|(id, person)| (id, person.into())).collect())
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    _permit: &Permit,
    client: &str,
    (account, person): (AccountId, PersonId),
    document: &Document,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO scim.\"user\" (id, client, person, doc, created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $5)",
    )
    .bind(account.uuid())
    .bind(client)
    .bind(person.uuid())
    .bind(Json(document))
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The account was its owner's before the application looked after it.
pub(crate) async fn mark_handed_over(
    connection: &mut PgConnection,
    _permit: &Permit,
    account: AccountId,
) -> Result<()> {
    sqlx::query("UPDATE scim.\"user\" SET handed_over = true WHERE id = $1")
        .bind(account.uuid())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn update(
    connection: &mut PgConnection,
    _permit: &Permit,
    id: Uuid,
    document: &Document,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("UPDATE scim.\"user\" SET doc = $2, version = version + 1, changed_at = $3 WHERE id = $1")
        .bind(id)
        .bind(Json(document))
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Notes who has suspended the account, or that it works again. What listens has no permit: it writes down what was allowed elsewhere.
pub(crate) async fn note_state(
    connection: &mut PgConnection,
    id: Uuid,
    document: &Document,
    held_back: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE scim.\"user\" SET doc = $2, held_back = $3, version = version + 1, changed_at = $4 WHERE id = $1",
    )
    .bind(id)
    .bind(Json(document))
    .bind(held_back)
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// What shows these accounts has changed: their groups.
pub(crate) async fn touch(
    connection: &mut PgConnection,
    _permit: &Permit,
    ids: &[Uuid],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("UPDATE scim.\"user\" SET version = version + 1, changed_at = $2 WHERE id = ANY ($1)")
        .bind(ids)
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// The account is closed; it leaves its groups, whose members are others then.
pub(crate) async fn close(connection: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "WITH gone AS (DELETE FROM scim.member WHERE user_id = $1 RETURNING group_id)
         UPDATE scim.\"group\" SET version = version + 1, changed_at = $2
         WHERE id IN (SELECT group_id FROM gone)",
    )
    .bind(id)
    .bind(now)
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    sqlx::query("UPDATE scim.\"user\" SET closed_at = $2, changed_at = $2, version = version + 1 WHERE id = $1")
        .bind(id)
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// What applications say of a person, as the person reads it in an extract.
pub(crate) async fn told(connection: &mut PgConnection, person: PersonId, limit: i64) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'application', client,
                    'said', doc,
                    'begun_at', created_at,
                    'changed_at', changed_at,
                    'ended_at', closed_at)
         FROM scim.\"user\"
         WHERE person = $1
         ORDER BY created_at DESC, id
         LIMIT $2",
    )
    .bind(person.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Empties what was said of accounts that nobody looks after any more; how many.
pub(crate) async fn forget_closed(connection: &mut PgConnection, _permit: &Permit, person: PersonId) -> Result<u64> {
    let done =
        sqlx::query("UPDATE scim.\"user\" SET doc = '{}' WHERE person = $1 AND closed_at IS NOT NULL AND doc <> '{}'")
            .bind(person.uuid())
            .execute(connection)
            .await
            .map_err(db::fault)?;
    Ok(done.rows_affected())
}

/// Whether an application looks after an account of the person.
pub(crate) async fn is_looked_after(connection: &mut PgConnection, person: PersonId) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM scim.\"user\" WHERE person = $1 AND closed_at IS NULL)")
        .bind(person.uuid())
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// What is written of the accounts of one person is another's from now on; how much.
pub(crate) async fn bring(connection: &mut PgConnection, _: &Permit, union: &op::Union) -> Result<u64> {
    let done = sqlx::query("UPDATE scim.\"user\" SET person = $2 WHERE person = $1")
        .bind(union.from.person.uuid())
        .bind(union.into.person.uuid())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(done.rows_affected())
}
