use chrono::{DateTime, Utc};
use kernel::{PersonId, PositionId, Result};
use op::Permit;
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::answer::Kept;
use crate::document::Document;
use crate::groups::{GroupView, Membership, Set};
use crate::schema::Resource;

#[derive(sqlx::FromRow)]
struct GroupRow {
    id: Uuid,
    client: String,
    doc: Json<Value>,
    position: Option<Uuid>,
    version: i64,
    created_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct ViewRow {
    id: Uuid,
    client: String,
    name: String,
    members: i64,
    position: Option<Uuid>,
}

impl GroupRow {
    fn into_set(self) -> Result<Set> {
        Ok(Set {
            client: self.client,
            position: self.position.map(PositionId::from),
            kept: Kept {
                resource: Resource::Group,
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

/// The group of a client, or of whatever client where none is named, locked against another change.
pub(crate) async fn lock(connection: &mut PgConnection, client: Option<&str>, id: Uuid) -> Result<Option<Set>> {
    let row = sqlx::query_as::<_, GroupRow>(
        "SELECT id, client, doc, position, version, created_at, changed_at
         FROM scim.\"group\"
         WHERE id = $1 AND ($2::text IS NULL OR client = $2) AND closed_at IS NULL
         FOR UPDATE",
    )
    .bind(id)
    .bind(client)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(GroupRow::into_set).transpose()
}

/// Whose the group is.
pub(crate) async fn client_of(connection: &mut PgConnection, id: Uuid) -> Result<Option<String>> {
    sqlx::query_scalar("SELECT client FROM scim.\"group\" WHERE id = $1 AND closed_at IS NULL")
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

/// All groups for the administrator, those of one client together.
pub(crate) async fn all(connection: &mut PgConnection) -> Result<Vec<GroupView>> {
    let rows = sqlx::query_as::<_, ViewRow>(
        "SELECT found.id,
                found.client,
                found.doc ->> 'displayName' AS name,
                (SELECT count(*) FROM scim.member AS member WHERE member.group_id = found.id) AS members,
                found.position
         FROM scim.\"group\" AS found
         WHERE found.closed_at IS NULL
         ORDER BY found.client, found.created_at, found.id",
    )
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let view = |row: ViewRow| GroupView {
        id: row.id,
        client: row.client,
        name: row.name,
        members: row.members,
        position: row.position.map(PositionId::from),
    };
    Ok(rows.into_iter().map(view).collect())
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    _permit: &Permit,
    client: &str,
    id: Uuid,
    document: &Document,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO scim.\"group\" (id, client, doc, created_at, changed_at)
         VALUES ($1, $2, $3, $4, $4)",
    )
    .bind(id)
    .bind(client)
    .bind(Json(document))
    .bind(now)
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
    sqlx::query("UPDATE scim.\"group\" SET doc = $2, version = version + 1, changed_at = $3 WHERE id = $1")
        .bind(id)
        .bind(Json(document))
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn close(connection: &mut PgConnection, _permit: &Permit, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("DELETE FROM scim.member WHERE group_id = $1")
        .bind(id)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    sqlx::query(
        "UPDATE scim.\"group\" SET closed_at = $2, changed_at = $2, position = NULL, version = version + 1 WHERE id = $1",
    )
    .bind(id)
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn map(
    connection: &mut PgConnection,
    _permit: &Permit,
    id: Uuid,
    position: Option<PositionId>,
) -> Result<()> {
    sqlx::query("UPDATE scim.\"group\" SET position = $2 WHERE id = $1")
        .bind(id)
        .bind(position.map(PositionId::uuid))
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// The members of a group, in a fixed order.
pub(crate) async fn members(connection: &mut PgConnection, id: Uuid) -> Result<Vec<Membership>> {
    let rows: Vec<(Uuid, Uuid, bool)> = sqlx::query_as(
        "SELECT member.user_id, managed.person, member.gives
         FROM scim.member AS member
         JOIN scim.\"user\" AS managed ON managed.id = member.user_id
         WHERE member.group_id = $1
         ORDER BY member.user_id",
    )
    .bind(id)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let membership = |(user, person, gives): (Uuid, Uuid, bool)| Membership {
        user,
        person: PersonId::from(person),
        gives,
    };
    Ok(rows.into_iter().map(membership).collect())
}

/// Somebody belongs to a group; said again, only whether it gives the position changes.
pub(crate) async fn put_member(
    connection: &mut PgConnection,
    _permit: &Permit,
    group: Uuid,
    user: Uuid,
    gives: bool,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO scim.member (group_id, user_id, gives)
         VALUES ($1, $2, $3)
         ON CONFLICT (group_id, user_id) DO UPDATE SET gives = excluded.gives",
    )
    .bind(group)
    .bind(user)
    .bind(gives)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn remove_member(
    connection: &mut PgConnection,
    _permit: &Permit,
    group: Uuid,
    user: Uuid,
) -> Result<()> {
    sqlx::query("DELETE FROM scim.member WHERE group_id = $1 AND user_id = $2")
        .bind(group)
        .bind(user)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Another group through which the same person has the same position.
pub(crate) async fn beside(
    connection: &mut PgConnection,
    user: Uuid,
    group: Uuid,
    position: PositionId,
) -> Result<Option<Uuid>> {
    sqlx::query_scalar(
        "SELECT member.group_id
         FROM scim.member AS member
         JOIN scim.\"group\" AS other ON other.id = member.group_id
         WHERE member.user_id = $1 AND member.group_id <> $2 AND other.position = $3
         ORDER BY member.group_id
         LIMIT 1",
    )
    .bind(user)
    .bind(group)
    .bind(position.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}
