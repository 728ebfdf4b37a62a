//! Lists of dossiers: an applicant's own, the ledger.

use chrono::{DateTime, Utc};
use kernel::{ActsFor, AgencyId, DossierId, PersonId, Result};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::broken;
use crate::model::Status;
use crate::views::{LedgerRow, MyRow, is_late};

/// Before this no list has begun: no UUID is greater.
const FIRST: Uuid = Uuid::max();

#[derive(sqlx::FromRow)]
struct Own {
    id: Uuid,
    code: String,
    app: String,
    title: String,
    status: i16,
    due_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
    /// A payment or a supplement is awaited of them.
    needs_me: bool,
}

/// Where a dossier stands in its owner's list, with whether it waits for them: the cursor of its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OwnPlace(bool, Uuid);

impl OwnPlace {
    pub(crate) fn of(row: &MyRow) -> Self {
        Self(row.needs_me, row.id.uuid())
    }
}

/// The dossiers that a person owns or handed in: those that wait for them, then the others, each newest first. Reads what the
/// person has, two ranges of two indexes.
pub(crate) async fn mine(
    connection: &mut PgConnection,
    person: PersonId,
    after: Option<OwnPlace>,
    limit: i64,
) -> Result<Vec<MyRow>> {
    let OwnPlace(needed, id) = after.unwrap_or(OwnPlace(true, FIRST));
    let rows: Vec<Own> = sqlx::query_as(
        "SELECT id, code, app, title, status, due_at, updated_at, needs_me
           FROM (SELECT *, status = 6 OR (status = 5 AND NOT supplied) AS needs_me
                   FROM dossiers.dossier
                  WHERE owner_person = $1
                  UNION ALL
                 SELECT *, status = 6 OR (status = 5 AND NOT supplied)
                   FROM dossiers.dossier
                  WHERE submitter_person = $1 AND owner_person IS DISTINCT FROM $1 AND representation IS NULL) AS own
          WHERE (needs_me, id) < ($2, $3)
          ORDER BY needs_me DESC, id DESC
          LIMIT $4",
    )
    .bind(person.uuid())
    .bind(needed)
    .bind(id)
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    own(rows)
}

/// The dossiers that were handed in for somebody, as far as the representation reaches, in the same order.
pub(crate) async fn represented(
    connection: &mut PgConnection,
    acting: &ActsFor,
    after: Option<OwnPlace>,
    limit: i64,
) -> Result<Vec<MyRow>> {
    let OwnPlace(needed, id) = after.unwrap_or(OwnPlace(true, FIRST));
    let rows: Vec<Own> = sqlx::query_as(
        "SELECT id, code, app, title, status, due_at, updated_at, needs_me
           FROM (SELECT *, status = 6 OR (status = 5 AND NOT supplied) AS needs_me
                   FROM dossiers.dossier
                  WHERE owner_person = $1
                    AND representation IS NOT NULL
                    AND (representation = $5 OR $6)
                    AND (cardinality($7::text[]) = 0 OR procedure_code = ANY ($7))) AS own
          WHERE (needs_me, id) < ($2, $3)
          ORDER BY needs_me DESC, id DESC
          LIMIT $4",
    )
    .bind(acting.person.uuid())
    .bind(needed)
    .bind(id)
    .bind(limit)
    .bind(acting.representation)
    .bind(acting.whole)
    .bind(&acting.procedures)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    own(rows)
}

fn own(rows: Vec<Own>) -> Result<Vec<MyRow>> {
    rows.into_iter()
        .map(|row| {
            let status = Status::try_from(row.status)?;
            Ok(MyRow {
                id: DossierId::from_uuid(row.id),
                code: row.code,
                app: row.app,
                title: row.title,
                status,
                plain: status.plain(),
                due_at: row.due_at,
                updated_at: row.updated_at,
                needs_me: row.needs_me,
            })
        })
        .collect()
}

/// Where a line stands in the ledger, with its running number: the cursor of its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    received_at: DateTime<Utc>,
    id: Uuid,
    number: u32,
}

impl Line {
    pub(crate) fn of(row: &LedgerRow) -> Self {
        Self {
            received_at: row.received_at,
            id: row.id.uuid(),
            number: u32::try_from(row.number).unwrap_or(u32::MAX),
        }
    }
}

#[derive(sqlx::FromRow)]
struct Entry {
    id: Uuid,
    code: String,
    owner_name: String,
    owner_person: Option<Uuid>,
    procedure_code: String,
    app: String,
    title: String,
    channel: String,
    status: i16,
    submitted_at: DateTime<Utc>,
    received_at: DateTime<Utc>,
    promised_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    waiting_since: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    returned_at: Option<DateTime<Utc>>,
}

impl Entry {
    fn line(self, number: i64, now: DateTime<Utc>) -> Result<LedgerRow> {
        let status = Status::try_from(self.status)?;
        let late = is_late(
            status,
            Some(self.promised_at),
            self.waiting_since,
            self.finished_at,
            now,
        );
        let on_time = match (status, self.finished_at) {
            (Status::Withdrawn, _) => None,
            (_, Some(_)) => Some(!late),
            (_, None) => late.then_some(false),
        };
        Ok(LedgerRow {
            number,
            id: DossierId::from_uuid(self.id),
            code: self.code,
            owner_name: self.owner_name,
            withheld: false,
            owner: self.owner_person.map(PersonId::from_uuid),
            procedure_code: self.procedure_code,
            app: self.app,
            title: self.title,
            channel: self.channel.parse().map_err(|_| broken("channel"))?,
            status,
            submitted_at: self.submitted_at,
            received_at: self.received_at,
            promised_at: self.promised_at,
            due_at: self.due_at,
            finished_at: self.finished_at,
            returned_at: self.returned_at,
            on_time,
        })
    }
}

/// Dossiers that an agency took in from `from` to before `to`, in the order of reception.
pub(crate) async fn ledger(
    connection: &mut PgConnection,
    agency: AgencyId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    after: Option<Line>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<LedgerRow>> {
    let after = after.unwrap_or(Line {
        received_at: from,
        id: Uuid::nil(),
        number: 0,
    });
    let rows: Vec<Entry> = sqlx::query_as(
        "SELECT id,
                code,
                owner_name,
                owner_person,
                procedure_code,
                app,
                title,
                channel,
                status,
                submitted_at,
                received_at,
                promised_at,
                due_at,
                waiting_since,
                finished_at,
                returned_at
           FROM dossiers.dossier
          WHERE receiving_agency = $1
            AND received_at IS NOT NULL
            AND received_at < $2
            AND (received_at, id) > ($3, $4)
          ORDER BY received_at, id
          LIMIT $5",
    )
    .bind(agency.uuid())
    .bind(to)
    .bind(after.received_at.max(from))
    .bind(after.id)
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter()
        .zip(i64::from(after.number) + 1..)
        .map(|(row, number)| row.line(number, now))
        .collect()
}
