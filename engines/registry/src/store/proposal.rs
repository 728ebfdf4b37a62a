//! Proposals. What they would write lies sealed in the row.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{AgencyId, PersonId, Result};
use op::Permit;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;
use vault::{Sealed, Vault};

use crate::enter::Command;
use crate::error;
use crate::model::Values;
use crate::model::proposal::ProposalState;

/// What somebody proposes.
pub(crate) const PROPOSAL: Sealed = Sealed("registry.proposal");

/// What is sealed of a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Body {
    pub command: Command,
    pub reason: String,
    /// What whoever proposed has seen of the period that is touched, and its days.
    pub was: Values,
    pub days: Option<(NaiveDate, Option<NaiveDate>)>,
    /// What is proposed, as it was understood.
    pub values: Values,
}

/// How a proposal is named in what is sealed there, and in the trail.
pub(crate) fn subject(id: Uuid) -> String {
    format!("register_proposal:{id}")
}

/// A row.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub id: Uuid,
    pub register: String,
    pub record: Option<Uuid>,
    pub kind: String,
    pub body: Body,
    pub seen: i64,
    pub agency: AgencyId,
    pub agency_name: String,
    pub proposed_by: PersonId,
    pub proposed_name: String,
    pub proposed_at: DateTime<Utc>,
    pub follows: Option<Uuid>,
    pub state: ProposalState,
    pub decided_name: String,
    pub decided_at: Option<DateTime<Utc>>,
    pub note: String,
    pub written: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Raw {
    id: Uuid,
    register: String,
    record: Option<Uuid>,
    kind: String,
    sealed: Vec<u8>,
    seen: i64,
    agency: Uuid,
    agency_name: String,
    proposed_by: Uuid,
    proposed_name: String,
    proposed_at: DateTime<Utc>,
    follows: Option<Uuid>,
    state: String,
    decided_name: String,
    decided_at: Option<DateTime<Utc>>,
    note: String,
    written: Option<i64>,
}

impl Raw {
    fn open(self, vault: &Vault) -> Result<Row> {
        Ok(Row {
            body: PROPOSAL.open(vault, &subject(self.id), &self.sealed)?,
            id: self.id,
            register: self.register,
            record: self.record,
            kind: self.kind,
            seen: self.seen,
            agency: AgencyId::from(self.agency),
            agency_name: self.agency_name,
            proposed_by: PersonId::from(self.proposed_by),
            proposed_name: self.proposed_name,
            proposed_at: self.proposed_at,
            follows: self.follows,
            state: ProposalState::parse(&self.state).ok_or_else(|| error::broken_row("state"))?,
            decided_name: self.decided_name,
            decided_at: self.decided_at,
            note: self.note,
            written: self.written,
        })
    }
}

/// Writes a new one.
pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, vault: &Vault, row: &Row) -> Result<()> {
    let sealed = PROPOSAL.seal(vault, &subject(row.id), &row.body)?;
    sqlx::query(
        "INSERT INTO registry.proposal
             (id, register, record, kind, sealed, seen, agency, agency_name, proposed_by, proposed_name, proposed_at, follows, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'waiting')",
    )
    .bind(row.id)
    .bind(&row.register)
    .bind(row.record)
    .bind(&row.kind)
    .bind(sealed)
    .bind(row.seen)
    .bind(row.agency.uuid())
    .bind(&row.agency_name)
    .bind(row.proposed_by.uuid())
    .bind(&row.proposed_name)
    .bind(row.proposed_at)
    .bind(row.follows)
    .execute(connection)
    .await
    .map_err(|fault| match db::violated(&fault) {
        Some("proposal_follows") => error::proposal_decided(ProposalState::Withdrawn),
        _ => db::fault(fault),
    })?;
    Ok(())
}

/// Two presses of one person come one after the other.
pub(crate) async fn lock_person(connection: &mut PgConnection, person: PersonId) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('registry.proposal:' || $1::text, 0))")
        .bind(person.uuid())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// What somebody has waiting for one record, or for new ones of a register.
pub(crate) async fn waiting_of(
    connection: &mut PgConnection,
    vault: &Vault,
    person: PersonId,
    register: &str,
    record: Option<Uuid>,
) -> Result<Vec<Row>> {
    let rows: Vec<Raw> = sqlx::query_as(
        "SELECT id, register, record, kind, sealed, seen, agency, agency_name, proposed_by, proposed_name, proposed_at, follows, state,
                decided_name, decided_at, note, written
         FROM registry.proposal
         WHERE proposed_by = $1 AND register = $2 AND record IS NOT DISTINCT FROM $3 AND state = 'waiting'
         ORDER BY id DESC
         LIMIT 50",
    )
    .bind(person.uuid())
    .bind(register)
    .bind(record)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter().map(|row| row.open(vault)).collect()
}

/// One, locked until the operation ends where it is to be decided.
pub(crate) async fn get(connection: &mut PgConnection, vault: &Vault, id: Uuid, lock: bool) -> Result<Option<Row>> {
    let sql = if lock {
        "SELECT id, register, record, kind, sealed, seen, agency, agency_name, proposed_by, proposed_name, proposed_at, follows, state,
                decided_name, decided_at, note, written
         FROM registry.proposal
         WHERE id = $1
         FOR UPDATE"
    } else {
        "SELECT id, register, record, kind, sealed, seen, agency, agency_name, proposed_by, proposed_name, proposed_at, follows, state,
                decided_name, decided_at, note, written
         FROM registry.proposal
         WHERE id = $1"
    };
    let row: Option<Raw> = sqlx::query_as(sql)
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    row.map(|row| row.open(vault)).transpose()
}

/// The one that was made in place of another one.
pub(crate) async fn followed_by(connection: &mut PgConnection, id: Uuid) -> Result<Option<Uuid>> {
    sqlx::query_scalar("SELECT id FROM registry.proposal WHERE follows = $1")
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

/// Which proposals are listed.
pub(crate) enum Of<'a> {
    /// Of these registers, those that wait, the oldest first.
    Waiting(&'a [String]),
    /// Of these registers, those that were decided, the newest first.
    Decided(&'a [String]),
    /// What somebody has proposed, the newest first.
    Person(PersonId),
}

/// A page.
pub(crate) async fn list(
    connection: &mut PgConnection,
    vault: &Vault,
    of: Of<'_>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Row>> {
    let query = match of {
        Of::Waiting(registers) => sqlx::query_as::<_, Raw>(
            "SELECT id, register, record, kind, sealed, seen, agency, agency_name, proposed_by, proposed_name, proposed_at, follows, state,
                    decided_name, decided_at, note, written
             FROM registry.proposal
             WHERE register = ANY ($1) AND state = 'waiting' AND ($2::uuid IS NULL OR id > $2)
             ORDER BY id
             LIMIT $3",
        )
        .bind(registers.to_vec()),
        Of::Decided(registers) => sqlx::query_as(
            "SELECT id, register, record, kind, sealed, seen, agency, agency_name, proposed_by, proposed_name, proposed_at, follows, state,
                    decided_name, decided_at, note, written
             FROM registry.proposal
             WHERE register = ANY ($1) AND state IN ('approved', 'refused', 'returned') AND ($2::uuid IS NULL OR id < $2)
             ORDER BY id DESC
             LIMIT $3",
        )
        .bind(registers.to_vec()),
        Of::Person(person) => sqlx::query_as(
            "SELECT id, register, record, kind, sealed, seen, agency, agency_name, proposed_by, proposed_name, proposed_at, follows, state,
                    decided_name, decided_at, note, written
             FROM registry.proposal
             WHERE proposed_by = $1 AND ($2::uuid IS NULL OR id < $2)
             ORDER BY id DESC
             LIMIT $3",
        )
        .bind(person.uuid()),
    };
    let rows = query
        .bind(after)
        .bind(limit)
        .fetch_all(connection)
        .await
        .map_err(db::fault)?;
    rows.into_iter().map(|row| row.open(vault)).collect()
}

/// Takes away what was proposed of these records, and what was decided before a day and led to no record. What follows one of them follows nothing.
pub(crate) async fn remove(
    connection: &mut PgConnection,
    _: &Permit,
    register: &str,
    records: &[Uuid],
    before: NaiveDate,
) -> Result<Vec<Uuid>> {
    let gone: Vec<Uuid> = sqlx::query_scalar(
        "SELECT id FROM registry.proposal
         WHERE register = $1
           AND (record = ANY ($2) OR (record IS NULL AND (decided_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date < $3))
         FOR UPDATE",
    )
    .bind(register)
    .bind(records)
    .bind(before)
    .fetch_all(&mut *connection)
    .await
    .map_err(db::fault)?;
    if gone.is_empty() {
        return Ok(gone);
    }
    sqlx::query("UPDATE registry.proposal SET follows = NULL WHERE follows = ANY ($1)")
        .bind(&gone)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    sqlx::query("DELETE FROM registry.proposal WHERE id = ANY ($1)")
        .bind(&gone)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(gone)
}

/// How many wait, by register.
pub(crate) async fn waiting(connection: &mut PgConnection, registers: &[String]) -> Result<Vec<(String, i64)>> {
    sqlx::query_as(
        "SELECT register, count(*)
         FROM registry.proposal
         WHERE register = ANY ($1) AND state = 'waiting'
         GROUP BY register
         ORDER BY register",
    )
    .bind(registers.to_vec())
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// What was decided.
pub(crate) struct Decided<'a> {
    pub state: ProposalState,
    pub by: PersonId,
    pub name: &'a str,
    pub at: DateTime<Utc>,
    pub note: &'a str,
    /// The record and its version that came of it.
    pub written: Option<(Uuid, i64)>,
}

pub(crate) async fn decide(connection: &mut PgConnection, _: &Permit, id: Uuid, decided: &Decided<'_>) -> Result<()> {
    sqlx::query(
        "UPDATE registry.proposal SET
             state = $2, decided_by = $3, decided_name = $4, decided_at = $5, note = $6,
             record = coalesce($7, record), written = $8
         WHERE id = $1",
    )
    .bind(id)
    .bind(decided.state.as_str())
    .bind(decided.by.uuid())
    .bind(decided.name)
    .bind(decided.at)
    .bind(decided.note)
    .bind(decided.written.map(|(record, _)| record))
    .bind(decided.written.map(|(_, version)| version))
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// What is written from here on is only tried.
pub(crate) async fn begin_trial(connection: &mut PgConnection) -> Result<()> {
    sqlx::query("SAVEPOINT trial")
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// What was tried stays.
pub(crate) async fn keep_trial(connection: &mut PgConnection) -> Result<()> {
    sqlx::query("RELEASE SAVEPOINT trial")
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Nothing of what was tried stays.
pub(crate) async fn end_trial(connection: &mut PgConnection) -> Result<()> {
    sqlx::query("ROLLBACK TO SAVEPOINT trial")
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}
