use chrono::{DateTime, NaiveDate, Utc};
use kernel::{AccountId, AgencyId, PersonId, PositionId, Result};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::withheld::{HeldRole, Withheld};

#[derive(sqlx::FromRow)]
struct HeldRow {
    person: Uuid,
    name: String,
    account: Option<Uuid>,
    position: Uuid,
    title: String,
    agency: Uuid,
    agency_name: String,
    role: String,
}

/// All roles of at most so many holdings, after the one named.
pub(crate) async fn held_roles(
    connection: &mut PgConnection,
    after: Option<(PersonId, PositionId)>,
    on: NaiveDate,
    most: u32,
) -> Result<Vec<HeldRole>> {
    let rows: Vec<HeldRow> = sqlx::query_as(
        "SELECT held.person, person.full_name AS name, account.id AS account, held.position, held.title, held.agency,
                agency.name AS agency_name, own.role
         FROM (SELECT DISTINCT holding.person, position.id AS position, position.title, position.agency, position.roles
               FROM identity.holding AS holding
               JOIN identity.position AS position ON position.id = holding.position
               WHERE daterange(holding.valid_from, holding.valid_to, '[]') @> $1
                 AND daterange(position.valid_from, position.valid_to, '[]') @> $1
                 AND ($2::uuid IS NULL OR (holding.person, position.id) > ($2, $3))
                 -- Nothing but what gives a role: a batch without any would look like the end.
                 AND EXISTS (
                     SELECT
                     FROM unnest(position.roles) AS given(role)
                     WHERE NOT EXISTS (
                         SELECT
                         FROM identity.withheld_role AS withheld
                         WHERE withheld.person = holding.person
                           AND withheld.position = position.id
                           AND withheld.role = given.role
                           AND withheld.returned_at IS NULL))
               ORDER BY holding.person, position.id
               LIMIT $4) AS held
         JOIN identity.person AS person ON person.id = held.person
         JOIN identity.agency AS agency ON agency.id = held.agency
         LEFT JOIN identity.account AS account ON account.person = held.person AND account.state <> 'closed'
         CROSS JOIN LATERAL unnest(held.roles) AS own(role)
         WHERE NOT EXISTS (
             SELECT
             FROM identity.withheld_role AS withheld
             WHERE withheld.person = held.person
               AND withheld.position = held.position
               AND withheld.role = own.role
               AND withheld.returned_at IS NULL)
         ORDER BY held.person, held.position, own.role",
    )
    .bind(on)
    .bind(after.map(|(person, _)| person.uuid()))
    .bind(after.map(|(_, position)| position.uuid()))
    .bind(i64::from(most))
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let row = |row: HeldRow| HeldRole {
        person: row.person.into(),
        name: row.name,
        account: row.account.map(AccountId::from),
        position: row.position.into(),
        title: row.title,
        agency: row.agency.into(),
        agency_name: row.agency_name,
        role: row.role,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// One taking back of a role at a time.
pub(crate) async fn lock(connection: &mut PgConnection, role: &str) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('identity.withheld_role:' || $1, 0))")
        .bind(role)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Whether somebody else who can sign in holds the role on the day: an account that nobody has started yet is no help.
pub(crate) async fn others_hold(
    connection: &mut PgConnection,
    person: PersonId,
    role: &str,
    on: NaiveDate,
) -> Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (
             SELECT
             FROM identity.position AS position
             JOIN identity.holding AS holding ON holding.position = position.id
             JOIN identity.account AS account ON account.person = holding.person AND account.state = 'active'
             WHERE $2 = ANY (position.roles)
               AND holding.person <> $1
               AND (account.password IS NOT NULL OR account.last_sign_in_at IS NOT NULL)
               AND daterange(holding.valid_from, holding.valid_to, '[]') @> $3
               AND daterange(position.valid_from, position.valid_to, '[]') @> $3
               AND NOT EXISTS (
                   SELECT
                   FROM identity.withheld_role AS withheld
                   WHERE withheld.person = holding.person
                     AND withheld.position = position.id
                     AND withheld.role = $2
                     AND withheld.returned_at IS NULL))",
    )
    .bind(person.uuid())
    .bind(role)
    .bind(on)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    (person, position, role): (PersonId, PositionId, &str),
    reason: &str,
    by: Option<AccountId>,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO identity.withheld_role (id, person, position, role, reason, by, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (person, position, role) WHERE returned_at IS NULL DO NOTHING",
    )
    .bind(Uuid::now_v7())
    .bind(person.uuid())
    .bind(position.uuid())
    .bind(role)
    .bind(reason)
    .bind(by.map(AccountId::uuid))
    .bind(at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn whose(connection: &mut PgConnection, id: Uuid) -> Result<Option<PersonId>> {
    let person: Option<Uuid> =
        sqlx::query_scalar("SELECT person FROM identity.withheld_role WHERE id = $1 AND returned_at IS NULL")
            .bind(id)
            .fetch_optional(connection)
            .await
            .map_err(db::fault)?;
    Ok(person.map(PersonId::from))
}

/// Whether it was still withheld.
pub(crate) async fn give_back(
    connection: &mut PgConnection,
    _: &Permit,
    id: Uuid,
    by: AccountId,
    at: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE identity.withheld_role SET returned_by = $2, returned_at = $3 WHERE id = $1 AND returned_at IS NULL",
    )
    .bind(id)
    .bind(by.uuid())
    .bind(at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(done.rows_affected() > 0)
}

#[derive(sqlx::FromRow)]
struct WithheldRow {
    id: Uuid,
    title: String,
    agency_name: String,
    role: String,
    reason: String,
    at: DateTime<Utc>,
}

/// What is withheld from a person.
pub(crate) async fn of_person(connection: &mut PgConnection, person: PersonId) -> Result<Vec<Withheld>> {
    let rows: Vec<WithheldRow> = sqlx::query_as(
        "SELECT withheld.id, position.title, agency.name AS agency_name, withheld.role, withheld.reason, withheld.at
         FROM identity.withheld_role AS withheld
         JOIN identity.position AS position ON position.id = withheld.position
         JOIN identity.agency AS agency ON agency.id = position.agency
         WHERE withheld.person = $1 AND withheld.returned_at IS NULL
         ORDER BY withheld.at DESC, withheld.id
         LIMIT 100",
    )
    .bind(person.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let row = |row: WithheldRow| Withheld {
        id: row.id,
        title: row.title,
        agency_name: row.agency_name,
        role: row.role,
        reason: row.reason,
        at: row.at,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// The roles that are withheld from a person in any position of an agency.
pub(crate) async fn of_person_in(
    connection: &mut PgConnection,
    person: PersonId,
    agency: AgencyId,
) -> Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT DISTINCT withheld.role
         FROM identity.withheld_role AS withheld
         JOIN identity.position AS position ON position.id = withheld.position
         WHERE withheld.person = $1 AND position.agency = $2 AND withheld.returned_at IS NULL",
    )
    .bind(person.uuid())
    .bind(agency.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// How many roles are withheld from somebody.
pub(crate) async fn count(connection: &mut PgConnection, person: PersonId) -> Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM identity.withheld_role WHERE person = $1 AND returned_at IS NULL")
        .bind(person.uuid())
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// What is withheld from one of two people who are joined is withheld from the one who remains; how many. What was given back is history.
pub(crate) async fn bring(connection: &mut PgConnection, _: &Permit, from: PersonId, into: PersonId) -> Result<u64> {
    let moved = sqlx::query(
        "UPDATE identity.withheld_role AS own SET person = $2
         WHERE own.person = $1 AND own.returned_at IS NULL
           AND NOT EXISTS (SELECT FROM identity.withheld_role AS other
                           WHERE other.person = $2 AND other.position = own.position AND other.role = own.role
                             AND other.returned_at IS NULL)",
    )
    .bind(from.uuid())
    .bind(into.uuid())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(moved.rows_affected())
}

/// What a position became by reorganisations, one after the other.
pub(crate) async fn became(connection: &mut PgConnection, position: PositionId) -> Result<Vec<PositionId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "WITH RECURSIVE became (id) AS (
             SELECT new FROM identity.position_successor WHERE old = $1
             UNION
             SELECT link.new FROM identity.position_successor AS link JOIN became ON became.id = link.old)
         SELECT id FROM became",
    )
    .bind(position.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(ids.into_iter().map(PositionId::from).collect())
}

/// What a position became keeps from its holder what the position kept.
pub(crate) async fn follow(connection: &mut PgConnection, _: &Permit, key: &str) -> Result<()> {
    sqlx::query(
        "INSERT INTO identity.withheld_role (id, person, position, role, reason, by, at)
         SELECT gen_random_uuid(), withheld.person, link.new, withheld.role, withheld.reason, withheld.by, withheld.at
         FROM identity.position_successor AS link
         JOIN identity.withheld_role AS withheld ON withheld.position = link.old AND withheld.returned_at IS NULL
         WHERE link.reorganisation = $1
         ON CONFLICT (person, position, role) WHERE returned_at IS NULL DO NOTHING",
    )
    .bind(key)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}
