use chrono::{DateTime, NaiveDate, Utc};
use kernel::{AccountId, PersonId, PersonalNumber, Result};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;
use vault::Vault;

use super::asked::{reason, seal_reason};
use super::{person, sealed};
use crate::error;
use crate::model::{Concerned, Representation, RepresentationKind, Represented};
use crate::registration::is_of_age;
use crate::representation::NewAttorney;

/// A representation to be written down.
pub(crate) struct NewRepresentation<'a> {
    pub(crate) id: Uuid,
    pub(crate) kind: RepresentationKind,
    pub(crate) represented: PersonId,
    pub(crate) representative: PersonId,
    pub(crate) procedures: &'a [String],
    pub(crate) from: NaiveDate,
    pub(crate) to: Option<NaiveDate>,
    pub(crate) reason: &'a str,
    pub(crate) registration: Option<Uuid>,
    pub(crate) by: AccountId,
    pub(crate) at: DateTime<Utc>,
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    vault: &Vault,
    new: &NewRepresentation<'_>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO identity.representation (
             id, kind, represented, representative, procedures, valid_from, valid_to, sealed, registration, given_by, given_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(new.id)
    .bind(new.kind.as_str())
    .bind(new.represented.uuid())
    .bind(new.representative.uuid())
    .bind(new.procedures)
    .bind(new.from)
    .bind(new.to)
    .bind(seal_reason(vault, new.id, new.reason)?)
    .bind(new.registration)
    .bind(new.by.uuid())
    .bind(new.at)
    .execute(connection)
    .await
    .map_err(|e| match db::violated(&e) {
        Some("representation_once") => error::represents_already(),
        Some("representation_two") => error::attorney_unfit(),
        _ => db::fault(e),
    })?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    kind: String,
    represented: Uuid,
    represented_name: String,
    representative: Uuid,
    representative_name: String,
    procedures: Vec<String>,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    sealed: Option<Vec<u8>>,
    given_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    in_force: bool,
}

fn kind(word: &str) -> Result<RepresentationKind> {
    RepresentationKind::parse(word).ok_or_else(|| super::unknown_word("representation.kind"))
}

impl Row {
    async fn representation(
        self,
        connection: &mut PgConnection,
        vault: &Vault,
        on: NaiveDate,
    ) -> Result<Representation> {
        let kind = kind(&self.kind)?;
        let (represented, mut in_force) = (PersonId::from(self.represented), self.in_force);
        if in_force && kind == RepresentationKind::Child {
            in_force = is_child(connection, vault, represented, on).await?;
        }
        Ok(Representation {
            id: self.id,
            kind,
            represented,
            represented_name: self.represented_name,
            representative: self.representative.into(),
            representative_name: self.representative_name,
            procedures: self.procedures,
            from: self.valid_from,
            to: self.valid_to,
            reason: reason(vault, self.id, self.sealed.as_deref())?,
            given_at: self.given_at,
            ended_at: self.ended_at,
            in_force,
        })
    }
}

/// By the birth date that is written now; whose is not known is no child.
async fn is_child(connection: &mut PgConnection, vault: &Vault, id: PersonId, on: NaiveDate) -> Result<bool> {
    let details = person::details_of(connection, vault, id).await?;
    let born = details.and_then(|details| details.birth_date);
    Ok(born.is_some_and(|born| !is_of_age(born, on)))
}

/// What must hold on a day ($1 in every statement) for a representation to count: its days, nobody has ended it, and nobody acts for an account
/// that was suspended or closed. For a child [`is_child`] too.
macro_rules! in_force {
    () => {
        "(representation.ended_at IS NULL
          AND representation.valid_from <= $1
          AND (representation.valid_to IS NULL OR representation.valid_to >= $1)
          AND NOT EXISTS (SELECT FROM identity.account
                          WHERE account.person = representation.represented AND account.state <> 'active'))"
    };
}

macro_rules! select {
    ($tail:expr) => {
        concat!(
            "SELECT representation.id,
                    representation.kind,
                    representation.represented,
                    represented.full_name AS represented_name,
                    representation.representative,
                    representative.full_name AS representative_name,
                    representation.procedures,
                    representation.valid_from,
                    representation.valid_to,
                    representation.sealed,
                    representation.given_at,
                    representation.ended_at,
                    ",
            in_force!(),
            " AS in_force
             FROM identity.representation AS representation
             JOIN identity.person AS represented ON represented.id = representation.represented
             JOIN identity.person AS representative ON representative.id = representation.representative ",
            $tail
        )
    };
}

pub(crate) async fn get(
    connection: &mut PgConnection,
    vault: &Vault,
    id: Uuid,
    on: NaiveDate,
) -> Result<Option<Representation>> {
    let row: Option<Row> = sqlx::query_as(select!("WHERE representation.id = $2"))
        .bind(on)
        .bind(id)
        .fetch_optional(&mut *connection)
        .await
        .map_err(db::fault)?;
    match row {
        Some(row) => row.representation(connection, vault, on).await.map(Some),
        None => Ok(None),
    }
}

/// For whom a person acts and who acts for them, the newest first.
pub(crate) async fn of_person(
    connection: &mut PgConnection,
    vault: &Vault,
    person: PersonId,
    on: NaiveDate,
) -> Result<Vec<Representation>> {
    let rows: Vec<Row> = sqlx::query_as(select!(
        "WHERE $2 IN (representation.represented, representation.representative)
         ORDER BY representation.given_at DESC, representation.id DESC
         LIMIT 200"
    ))
    .bind(on)
    .bind(person.uuid())
    .fetch_all(&mut *connection)
    .await
    .map_err(db::fault)?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        all.push(row.representation(connection, vault, on).await?);
    }
    Ok(all)
}

/// For whom a person may act on the day, by this representation.
pub(crate) async fn in_force(
    connection: &mut PgConnection,
    vault: &Vault,
    id: Uuid,
    representative: PersonId,
    on: NaiveDate,
) -> Result<Option<Represented>> {
    let found = get(connection, vault, id, on).await?;
    let found = found.filter(|found| found.in_force && found.representative == representative);
    Ok(found.map(|found| Represented {
        representation: found.id,
        person: found.represented,
        name: found.represented_name,
        kind: found.kind,
        procedures: found.procedures,
    }))
}

/// Whether a person acts for another on the day, by whatever representation.
pub(crate) async fn represents(
    connection: &mut PgConnection,
    vault: &Vault,
    person: PersonId,
    other: PersonId,
    on: NaiveDate,
) -> Result<bool> {
    let statement = concat!(
        "SELECT DISTINCT representation.kind
         FROM identity.representation AS representation
         WHERE representation.representative = $2 AND representation.represented = $3 AND ",
        in_force!()
    );
    let kinds: Vec<String> = sqlx::query_scalar(statement)
        .bind(on)
        .bind(person.uuid())
        .bind(other.uuid())
        .fetch_all(&mut *connection)
        .await
        .map_err(db::fault)?;
    if kinds.iter().any(|kind| kind != RepresentationKind::Child.as_str()) {
        return Ok(true);
    }
    Ok(!kinds.is_empty() && is_child(connection, vault, other, on).await?)
}

/// Whether one of these acts for one of those or the other way round, on the day or later, by whatever representation that nobody has ended. Whose child has
/// come of age counts too: it is about who is close to whom.
pub(crate) async fn between(
    connection: &mut PgConnection,
    these: &[PersonId],
    those: &[PersonId],
    on: NaiveDate,
) -> Result<bool> {
    let ids = |people: &[PersonId]| people.iter().map(|person| person.uuid()).collect::<Vec<Uuid>>();
    sqlx::query_scalar(
        "SELECT EXISTS (
             SELECT FROM identity.representation
             WHERE ended_at IS NULL AND (valid_to IS NULL OR valid_to >= $3)
               AND (representative = ANY ($1) AND represented = ANY ($2) OR represented = ANY ($1) AND representative = ANY ($2)))",
    )
    .bind(ids(these))
    .bind(ids(those))
    .bind(on)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// Who represents somebody on the day for everything: legal representatives of an organisation, parents and guardians of a child; with their accounts,
/// where those are open. Whoever came first comes first. While the account of the represented is suspended nobody acts for it, and these are asked all the
/// same: they would act again when it is let in.
pub(crate) async fn decisive(
    connection: &mut PgConnection,
    vault: &Vault,
    represented: PersonId,
    on: NaiveDate,
) -> Result<Vec<Concerned>> {
    let statement = "SELECT representation.id,
                representation.representative,
                representative.full_name,
                representation.valid_from,
                account.id AS account,
                representation.kind = 'child' AS of_a_child
         FROM identity.representation AS representation
         JOIN identity.person AS representative ON representative.id = representation.representative
         LEFT JOIN identity.account AS account ON account.person = representation.representative AND account.state = 'active'
         WHERE representation.represented = $2 AND representation.kind IN ('legal', 'child') AND representation.ended_at IS NULL
           AND representation.valid_from <= $1 AND (representation.valid_to IS NULL OR representation.valid_to >= $1)
         ORDER BY representation.given_at, representation.id";
    let rows: Vec<DecisiveRow> = sqlx::query_as(statement)
        .bind(on)
        .bind(represented.uuid())
        .fetch_all(&mut *connection)
        .await
        .map_err(db::fault)?;
    let of_a_child = rows.iter().any(|row| row.of_a_child) && is_child(connection, vault, represented, on).await?;
    let counts = rows.into_iter().filter(|row| !row.of_a_child || of_a_child);
    Ok(counts.map(Concerned::from).collect())
}

#[derive(sqlx::FromRow)]
struct DecisiveRow {
    id: Uuid,
    representative: Uuid,
    full_name: String,
    valid_from: NaiveDate,
    account: Option<Uuid>,
    of_a_child: bool,
}

impl From<DecisiveRow> for Concerned {
    fn from(row: DecisiveRow) -> Self {
        Self {
            representation: Some(row.id),
            person: row.representative.into(),
            account: row.account.map(AccountId::from),
            name: row.full_name,
            since: Some(row.valid_from),
            told_at: None,
            agrees: None,
            said_at: None,
        }
    }
}

/// The open accounts of all who may act for somebody on the day in a procedure and see whatever is handed in for them: everybody but those with a
/// power of attorney.
pub(crate) async fn house(
    connection: &mut PgConnection,
    vault: &Vault,
    represented: PersonId,
    procedure: &str,
    on: NaiveDate,
) -> Result<Vec<AccountId>> {
    let statement = concat!(
        "SELECT account.id, representation.kind = 'child' AS of_a_child
         FROM identity.representation AS representation
         JOIN identity.account AS account ON account.person = representation.representative AND account.state = 'active'
         WHERE representation.represented = $2 AND representation.kind <> 'attorney'
           AND (representation.procedures = '{}' OR $3 = ANY (representation.procedures)) AND ",
        in_force!(),
        " ORDER BY representation.given_at, representation.id"
    );
    let rows: Vec<(Uuid, bool)> = sqlx::query_as(statement)
        .bind(on)
        .bind(represented.uuid())
        .bind(procedure)
        .fetch_all(&mut *connection)
        .await
        .map_err(db::fault)?;
    let of_a_child = rows.iter().any(|(_, child)| *child) && is_child(connection, vault, represented, on).await?;
    let counts = rows.into_iter().filter(|(_, child)| !*child || of_a_child);
    Ok(counts.map(|(account, _)| account.into()).collect())
}

/// The account of somebody who signs in as themself, if it is open. Nobody opens that of an organisation.
pub(crate) async fn own_account(connection: &mut PgConnection, person: PersonId) -> Result<Option<AccountId>> {
    let id: Option<Uuid> = sqlx::query_scalar(
        "SELECT account.id
         FROM identity.account AS account
         JOIN identity.person AS person ON person.id = account.person
         WHERE account.person = $1 AND account.state = 'active' AND person.kind = 'human'",
    )
    .bind(person.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    Ok(id.map(AccountId::from))
}

/// Whether somebody is an organisation.
pub(crate) async fn is_organisation(connection: &mut PgConnection, person: PersonId) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM identity.person WHERE id = $1 AND kind = 'organisation')")
        .bind(person.uuid())
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// The same power of attorney, if it was given and has not been ended.
pub(crate) async fn same(
    connection: &mut PgConnection,
    represented: PersonId,
    representative: PersonId,
    new: &NewAttorney,
) -> Result<Option<Uuid>> {
    sqlx::query_scalar(
        "SELECT id FROM identity.representation
         WHERE represented = $1 AND representative = $2 AND kind = 'attorney' AND ended_at IS NULL
           AND valid_from = $3 AND valid_to = $4 AND procedures = $5
         LIMIT 1",
    )
    .bind(represented.uuid())
    .bind(representative.uuid())
    .bind(new.from)
    .bind(new.to)
    .bind(&new.procedures)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// Whether it was still open.
pub(crate) async fn end(
    connection: &mut PgConnection,
    _: &Permit,
    id: Uuid,
    by: AccountId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let ended = sqlx::query(
        "UPDATE identity.representation SET ended_at = $3, ended_by = $2 WHERE id = $1 AND ended_at IS NULL",
    )
    .bind(id)
    .bind(by.uuid())
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(ended.rows_affected() > 0)
}

/// Whose representation of somebody an official has ended since then, other than by approving another one at that moment.
pub(crate) async fn struck_out(
    connection: &mut PgConnection,
    represented: PersonId,
    by: AccountId,
    since: DateTime<Utc>,
) -> Result<Option<String>> {
    sqlx::query_scalar(
        "SELECT person.full_name
         FROM identity.representation AS own
         JOIN identity.person AS person ON person.id = own.representative
         WHERE own.represented = $1 AND own.kind IN ('legal', 'child') AND own.ended_by = $2 AND own.ended_at > $3
           AND NOT EXISTS (SELECT FROM identity.representation AS next
                           WHERE next.represented = own.represented AND next.given_by = own.ended_by AND next.given_at = own.ended_at)
         LIMIT 1",
    )
    .bind(represented.uuid())
    .bind(by.uuid())
    .bind(since)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// Who has ended it.
pub(crate) async fn ended_by(connection: &mut PgConnection, id: Uuid) -> Result<Option<AccountId>> {
    let by: Option<Uuid> = sqlx::query_scalar("SELECT ended_by FROM identity.representation WHERE id = $1")
        .bind(id)
        .fetch_one(connection)
        .await
        .map_err(db::fault)?;
    Ok(by.map(AccountId::from))
}

/// The person of this number and name with an active account, with the name, if there is exactly that one.
pub(crate) async fn attorney(
    connection: &mut PgConnection,
    vault: &Vault,
    number: &PersonalNumber,
    name_folded: &str,
) -> Result<Option<(PersonId, AccountId, String)>> {
    let row: Option<(Uuid, Uuid, String)> = sqlx::query_as(
        "SELECT person.id, account.id, person.full_name
         FROM identity.person AS numbered
         JOIN identity.person AS person ON person.id = coalesce(numbered.merged_into, numbered.id)
         JOIN identity.account AS account ON account.person = person.id
         WHERE (numbered.personal_number = $1 OR numbered.number_tag = ANY ($3))
           AND $2 IN (person.name_folded, numbered.name_folded) AND person.kind = 'human' AND account.state = 'active'",
    )
    .bind(number.as_str())
    .bind(name_folded)
    .bind(sealed::of_number(vault, number)?)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    Ok(row.map(|(person, account, name)| (person.into(), account.into(), name)))
}

/// The session acts for somebody from now on, or for its owner again.
pub(crate) async fn choose(connection: &mut PgConnection, session: Uuid, represents: Option<Uuid>) -> Result<()> {
    sqlx::query(
        "UPDATE identity.session SET
             represents = $2,
             position = CASE WHEN $2::uuid IS NULL THEN position END,
             acts_as = CASE WHEN $2::uuid IS NULL THEN acts_as ELSE 'person' END
         WHERE id = $1",
    )
    .bind(session)
    .bind(represents)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}
