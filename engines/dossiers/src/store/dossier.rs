//! dossiers.dossier

use chrono::{DateTime, Utc};
use kernel::{AccountId, AgencyId, DossierId, DraftId, InstanceId, PersonId, Result, UnitId};
use op::Permit;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;
use vault::{Vault, Wanted};

use super::sealed::{CaseText, open_case, seal_case};
use super::{broken, search};
use crate::catalogue::Channel;
use crate::model::{State, Status};

/// A dossier as it lies in the table.
#[derive(Debug, Clone)]
pub(crate) struct DossierRow {
    pub(crate) id: DossierId,
    pub(crate) code: String,
    pub(crate) definition: Uuid,
    pub(crate) app: String,
    pub(crate) procedure_code: String,
    /// The field of work of its procedure, while the catalogue knows that one.
    pub(crate) field: Option<String>,
    pub(crate) title: String,
    pub(crate) channel: Channel,
    pub(crate) version: i64,
    pub(crate) receiving_agency: AgencyId,
    pub(crate) handling_agency: AgencyId,
    pub(crate) agencies: Vec<AgencyId>,
    /// The units with which open steps of it lie now.
    pub(crate) units: Vec<UnitId>,
    pub(crate) receiving_code: String,
    pub(crate) receiving_name: String,
    pub(crate) owner_person: Option<PersonId>,
    pub(crate) owner_name: String,
    pub(crate) owner_number: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) submitter_person: Option<PersonId>,
    pub(crate) submitter_account: Option<AccountId>,
    pub(crate) submitter_name: String,
    /// By which representation the submitter acted for the owner.
    pub(crate) representation: Option<Uuid>,
    pub(crate) answers: Value,
    pub(crate) result_data: Value,
    pub(crate) instance: InstanceId,
    pub(crate) draft: DraftId,
    pub(crate) submitted_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    /// Everything that changes along the case.
    pub(crate) state: State,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    code: String,
    definition_id: Uuid,
    app: String,
    procedure_code: String,
    field: Option<String>,
    title: String,
    channel: String,
    status: i16,
    version: i64,
    receiving_agency: Uuid,
    handling_agency: Uuid,
    agencies: Vec<Uuid>,
    units: Vec<Uuid>,
    receiving_code: String,
    receiving_name: String,
    owner_person: Option<Uuid>,
    owner_name: String,
    owner_number: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    submitter_person: Option<Uuid>,
    submitter_account: Option<Uuid>,
    submitter_name: String,
    representation: Option<Uuid>,
    answers: Value,
    result_data: Value,
    sealed: Option<Vec<u8>>,
    instance_id: Uuid,
    draft_id: Uuid,
    submitted_at: DateTime<Utc>,
    received_at: Option<DateTime<Utc>>,
    promised_at: Option<DateTime<Utc>>,
    due_at: Option<DateTime<Utc>>,
    waiting_since: Option<DateTime<Utc>>,
    waited_minutes: i64,
    supplied: bool,
    resume_status: Option<i16>,
    rounds: i32,
    late_at: Option<DateTime<Utc>>,
    apologised_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    returned_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
}

impl Row {
    fn dossier(mut self, vault: &Vault) -> Result<DossierRow> {
        let text = match &self.sealed {
            Some(sealed) => open_case(vault, self.id, sealed)?,
            // Written by an older program; sealed by `dossiers.seal`.
            None => CaseText {
                answers: self.answers.take(),
                result_data: self.result_data.take(),
                owner_number: self.owner_number.take(),
                phone: self.phone.take(),
                email: self.email.take(),
            },
        };
        self.with(text)
    }

    /// Without what is sealed: for what has to be done to a case whether it opens or not, and that writes nothing of it.
    fn unopened(self) -> Result<DossierRow> {
        self.with(CaseText {
            answers: Value::Null,
            result_data: Value::Null,
            owner_number: None,
            phone: None,
            email: None,
        })
    }

    fn with(self, text: CaseText) -> Result<DossierRow> {
        Ok(DossierRow {
            id: DossierId::from_uuid(self.id),
            code: self.code,
            definition: self.definition_id,
            app: self.app,
            procedure_code: self.procedure_code,
            field: self.field,
            title: self.title,
            channel: self.channel.parse().map_err(|_| broken("channel"))?,
            version: self.version,
            receiving_agency: AgencyId::from_uuid(self.receiving_agency),
            handling_agency: AgencyId::from_uuid(self.handling_agency),
            agencies: self.agencies.into_iter().map(AgencyId::from_uuid).collect(),
            units: self.units.into_iter().map(UnitId::from_uuid).collect(),
            receiving_code: self.receiving_code,
            receiving_name: self.receiving_name,
            owner_person: self.owner_person.map(PersonId::from_uuid),
            owner_name: self.owner_name,
            owner_number: text.owner_number,
            phone: text.phone,
            email: text.email,
            submitter_person: self.submitter_person.map(PersonId::from_uuid),
            submitter_account: self.submitter_account.map(AccountId::from_uuid),
            submitter_name: self.submitter_name,
            representation: self.representation,
            answers: text.answers,
            result_data: text.result_data,
            instance: InstanceId::from_uuid(self.instance_id),
            draft: DraftId::from_uuid(self.draft_id),
            submitted_at: self.submitted_at,
            updated_at: self.updated_at,
            state: State {
                status: Status::try_from(self.status)?,
                supplied: self.supplied,
                resume: self.resume_status.map(Status::try_from).transpose()?,
                rounds: self.rounds,
                received_at: self.received_at,
                promised_at: self.promised_at,
                due_at: self.due_at,
                waiting_since: self.waiting_since,
                waited_minutes: self.waited_minutes,
                late_at: self.late_at,
                apologised_at: self.apologised_at,
                finished_at: self.finished_at,
                returned_at: self.returned_at,
            },
        })
    }
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id,
                    code,
                    definition_id,
                    app,
                    procedure_code,
                    (SELECT procedure.field FROM dossiers.procedure WHERE procedure.code = procedure_code) AS field,
                    title,
                    channel,
                    status,
                    version,
                    receiving_agency,
                    handling_agency,
                    agencies,
                    ARRAY(
                        SELECT work.unit_id FROM dossiers.work WHERE work.dossier_id = dossier.id AND work.unit_id IS NOT NULL
                    ) AS units,
                    receiving_code,
                    receiving_name,
                    owner_person,
                    owner_name,
                    owner_number,
                    phone,
                    email,
                    submitter_person,
                    submitter_account,
                    submitter_name,
                    representation,
                    answers,
                    result_data,
                    sealed,
                    instance_id,
                    draft_id,
                    submitted_at,
                    received_at,
                    promised_at,
                    due_at,
                    waiting_since,
                    waited_minutes,
                    supplied,
                    resume_status,
                    rounds,
                    late_at,
                    apologised_at,
                    finished_at,
                    returned_at,
                    updated_at
               FROM dossiers.dossier ",
            $tail
        )
    };
}

/// One dossier.
pub(crate) async fn get(connection: &mut PgConnection, vault: &Vault, id: DossierId) -> Result<Option<DossierRow>> {
    sqlx::query_as::<_, Row>(select!("WHERE id = $1"))
        .bind(id.uuid())
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?
        .map(|row| row.dossier(vault))
        .transpose()
}

/// The process of a dossier.
pub(crate) async fn instance(connection: &mut PgConnection, id: DossierId) -> Result<Option<InstanceId>> {
    let found: Option<Uuid> = sqlx::query_scalar("SELECT instance_id FROM dossiers.dossier WHERE id = $1")
        .bind(id.uuid())
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    Ok(found.map(InstanceId::from_uuid))
}

/// One dossier, held to the end of the operation: whoever changes a dossier holds its row. Rows that only refer to it can be
/// written meanwhile.
pub(crate) async fn lock(connection: &mut PgConnection, vault: &Vault, id: DossierId) -> Result<Option<DossierRow>> {
    sqlx::query_as::<_, Row>(select!("WHERE id = $1 FOR NO KEY UPDATE"))
        .bind(id.uuid())
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?
        .map(|row| row.dossier(vault))
        .transpose()
}

/// Whether there is such a case, in sight or not.
pub(crate) async fn is_there(connection: &mut PgConnection, id: DossierId) -> Result<bool> {
    sqlx::query_scalar("SELECT dossiers.is_there($1)")
        .bind(id.uuid())
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// The dossier with this code.
pub(crate) async fn by_code(connection: &mut PgConnection, vault: &Vault, code: &str) -> Result<Option<DossierRow>> {
    sqlx::query_as::<_, Row>(select!("WHERE code = $1"))
        .bind(code)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?
        .map(|row| row.dossier(vault))
        .transpose()
}

/// The dossier that came of this draft.
pub(crate) async fn by_draft(
    connection: &mut PgConnection,
    vault: &Vault,
    draft: DraftId,
) -> Result<Option<DossierRow>> {
    sqlx::query_as::<_, Row>(select!("WHERE draft_id = $1"))
        .bind(draft.uuid())
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?
        .map(|row| row.dossier(vault))
        .transpose()
}

fn uuids(agencies: &[AgencyId]) -> Vec<Uuid> {
    agencies.iter().map(|agency| agency.uuid()).collect()
}

/// Writes a new dossier, and for each of its agencies what [`super::search`] finds it by.
pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, vault: &Vault, row: &DossierRow) -> Result<()> {
    let sealed = seal_case(vault, row)?;
    let words = search::words(vault, &sealed, row)?;
    sqlx::query(
        "WITH holding AS (
             INSERT INTO dossiers.holding (agency_id, dossier_id, words)
             SELECT agency, $1, array_to_tsvector(ARRAY(SELECT right(agency::text, 6) || '/' || word FROM unnest($21::text[]) AS word))
               FROM unnest($12::uuid[]) AS agency
         )
         INSERT INTO dossiers.dossier (
                id, code, definition_id, app, procedure_code, title, channel, status, version, receiving_agency,
                handling_agency, agencies, receiving_code, receiving_name, owner_person, owner_name,
                submitter_person, submitter_account, submitter_name, sealed, instance_id, draft_id, submitted_at, updated_at,
                representation)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $22, $23, $24, $25, $26)",
    )
    .bind(row.id.uuid())
    .bind(&row.code)
    .bind(row.definition)
    .bind(&row.app)
    .bind(&row.procedure_code)
    .bind(&row.title)
    .bind(row.channel.key())
    .bind(row.state.status.number())
    .bind(row.version)
    .bind(row.receiving_agency.uuid())
    .bind(row.handling_agency.uuid())
    .bind(uuids(&row.agencies))
    .bind(&row.receiving_code)
    .bind(&row.receiving_name)
    .bind(row.owner_person.map(PersonId::uuid))
    .bind(&row.owner_name)
    .bind(row.submitter_person.map(PersonId::uuid))
    .bind(row.submitter_account.map(AccountId::uuid))
    .bind(&row.submitter_name)
    .bind(sealed)
    .bind(words)
    .bind(row.instance.uuid())
    .bind(row.draft.uuid())
    .bind(row.submitted_at)
    .bind(row.updated_at)
    .bind(row.representation)
    .execute(connection)
    .await
    .map_err(|error| match db::violated(&error) {
        Some("dossier_draft" | "dossier_code") => {
            kernel::Fault::conflict("op.key_in_use").with("key", &row.code)
        }
        _ => db::fault(error),
    })?;
    Ok(())
}

/// Writes the state; the rows of open work follow in [`super::work::follow`].
pub(crate) async fn update(
    connection: &mut PgConnection,
    _: &Permit,
    id: DossierId,
    state: &State,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE dossiers.dossier
            SET status = $2,
                received_at = $3,
                promised_at = $4,
                due_at = $5,
                waiting_since = $6,
                waited_minutes = $7,
                supplied = $8,
                resume_status = $9,
                rounds = $10,
                late_at = $11,
                apologised_at = $12,
                finished_at = $13,
                returned_at = $14,
                updated_at = $15
          WHERE id = $1",
    )
    .bind(id.uuid())
    .bind(state.status.number())
    .bind(state.received_at)
    .bind(state.promised_at)
    .bind(state.due_at)
    .bind(state.waiting_since)
    .bind(state.waited_minutes)
    .bind(state.supplied)
    .bind(state.resume.map(Status::number))
    .bind(state.rounds)
    .bind(state.late_at)
    .bind(state.apologised_at)
    .bind(state.finished_at)
    .bind(state.returned_at)
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// What was handed in has changed: whoever decides has to look again.
pub(crate) async fn renew(connection: &mut PgConnection, _: &Permit, id: DossierId) -> Result<i64> {
    sqlx::query_scalar("UPDATE dossiers.dossier SET version = version + 1 WHERE id = $1 RETURNING version")
        .bind(id.uuid())
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// Replaces what is sealed of the case, and what is searched for and shown because of it.
pub(crate) async fn update_answers(
    connection: &mut PgConnection,
    _: &Permit,
    vault: &Vault,
    row: &DossierRow,
) -> Result<()> {
    let sealed = seal_case(vault, row)?;
    let words = search::words(vault, &sealed, row)?;
    sqlx::query(
        "WITH holding AS (
             UPDATE dossiers.holding
                SET words = array_to_tsvector(ARRAY(SELECT right(agency_id::text, 6) || '/' || word FROM unnest($5::text[]) AS word))
              WHERE agency_id = ANY ($6) AND dossier_id = $1
         )
         UPDATE dossiers.dossier
            SET sealed = $2,
                answers = '{}',
                result_data = '{}',
                owner_number = NULL,
                phone = NULL,
                email = NULL,
                title = $3,
                owner_name = $4,
                owner_person = $7
          WHERE id = $1",
    )
    .bind(row.id.uuid())
    .bind(sealed)
    .bind(&row.title)
    .bind(&row.owner_name)
    .bind(words)
    .bind(uuids(&row.agencies))
    .bind(row.owner_person.map(PersonId::uuid))
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Writes when a dossier was found late. Nothing that somebody decides on changes, so the version stays.
pub(crate) async fn found_late(
    connection: &mut PgConnection,
    _: &Permit,
    id: DossierId,
    late_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query("UPDATE dossiers.dossier SET late_at = $2 WHERE id = $1")
        .bind(id.uuid())
        .bind(late_at)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Locks the next cases that are not sealed with this key, passing over what others hold. One that does not open comes with the fault.
pub(crate) async fn lock_sealed_otherwise(
    connection: &mut PgConnection,
    vault: &Vault,
    wanted: Wanted,
    after: DossierId,
) -> Result<Vec<(DossierId, Result<DossierRow>)>> {
    let rows = sqlx::query_as::<_, Row>(select!(
        "WHERE id > $1 AND coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000') = $2
         ORDER BY id
         LIMIT $3
           FOR NO KEY UPDATE SKIP LOCKED"
    ))
    .bind(after.uuid())
    .bind(wanted.key())
    .bind(wanted.limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let each = rows.into_iter();
    Ok(each
        .map(|row| (DossierId::from_uuid(row.id), row.dossier(vault)))
        .collect())
}

/// Dossiers whose due has passed while their clock ran and that nobody has found late, locked and not opened; those that somebody works on
/// at this moment are passed over.
pub(crate) async fn overdue(connection: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<Vec<DossierRow>> {
    let rows = sqlx::query_as::<_, Row>(select!(
        "WHERE finished_at IS NULL AND late_at IS NULL AND waiting_since IS NULL AND due_at < $1
         ORDER BY due_at
         LIMIT $2
           FOR NO KEY UPDATE SKIP LOCKED"
    ))
    .bind(now)
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    // Not opened: one that does not open is late all the same, and must not stand in front of the others for ever.
    rows.into_iter().map(Row::unopened).collect()
}
