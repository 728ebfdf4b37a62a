use chrono::{DateTime, Utc};
use identity::PersonField;
use kernel::{Actor, PersonId, Result};
use op::{Op, Permit};
use serde_json::{Value, json};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;
use vault::Vault;

use super::sealed::{LINE, REQUEST, Words, line_row, seal_request};
use crate::declaration::Term;
use crate::error;
use crate::model::{Kind, Line, Outcome, Request, State};
use crate::subject;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    number: i64,
    person: Uuid,
    account: Uuid,
    kind: String,
    details: String,
    wishes: Json<Vec<(PersonField, String)>>,
    purposes: Vec<String>,
    state: String,
    law: String,
    article: String,
    term: Json<Term>,
    received_at: DateTime<Utc>,
    acknowledge_due: Option<DateTime<Utc>>,
    due_at: DateTime<Utc>,
    acknowledged_at: Option<DateTime<Utc>>,
    third_party: bool,
    extended_at: Option<DateTime<Utc>>,
    extension_reason: Option<String>,
    ended_at: Option<DateTime<Utc>>,
    outcome: Option<String>,
    answer: Option<String>,
    ground: Option<String>,
    sealed: Option<Vec<u8>>,
}

impl Row {
    fn into_request(self, vault: &Vault) -> Result<Request> {
        let words = self.words(vault)?;
        self.with(words)
    }

    /// For lists and for what writes nothing of it: one that does not open stands there without its words.
    fn listed(self, vault: &Vault) -> Result<Request> {
        let words = self.words(vault).unwrap_or_else(|error| {
            tracing::error!(request = %self.id, %error, "a request does not open");
            Words::default()
        });
        self.with(words)
    }

    fn words(&self, vault: &Vault) -> Result<Words> {
        match &self.sealed {
            Some(sealed) => REQUEST.open(vault, &subject(self.id), sealed),
            // Written by an older program; sealed when it is next written, or by `privacy.seal`.
            None => Ok(Words {
                details: self.details.clone(),
                wishes: self.wishes.0.clone(),
                extension_reason: self.extension_reason.clone(),
                answer: self.answer.clone(),
                ground: self.ground.clone(),
            }),
        }
    }

    fn with(self, words: Words) -> Result<Request> {
        let outcome = self
            .outcome
            .map(|word| Outcome::parse(&word).ok_or_else(|| error::broken("outcome")));
        Ok(Request {
            id: self.id,
            number: self.number,
            person: self.person.into(),
            account: self.account.into(),
            kind: Kind::parse(&self.kind).ok_or_else(|| error::broken("kind"))?,
            details: words.details,
            wishes: words.wishes,
            purposes: self.purposes,
            state: State::parse(&self.state).ok_or_else(|| error::broken("state"))?,
            law: self.law,
            article: self.article,
            term: self.term.0,
            received_at: self.received_at,
            acknowledge_due: self.acknowledge_due,
            due_at: self.due_at,
            acknowledged_at: self.acknowledged_at,
            third_party: self.third_party,
            extended_at: self.extended_at,
            extension_reason: words.extension_reason,
            ended_at: self.ended_at,
            outcome: outcome.transpose()?,
            answer: words.answer,
            ground: words.ground,
        })
    }
}

fn all(vault: &Vault, rows: Vec<Row>) -> Result<Vec<Request>> {
    rows.into_iter().map(|row| row.listed(vault)).collect()
}

/// Writes a new request and gives its number; `None` where one of the kind is open. Of two at once the second waits for the first.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    vault: &Vault,
    new: &Request,
) -> Result<Option<i64>> {
    sqlx::query_scalar(
        "INSERT INTO privacy.request (
             id, person, account, kind, sealed, state, law, article, term, received_at, acknowledge_due, due_at, purposes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (person, kind) WHERE state IN ('received', 'acknowledged') AND NOT joined DO NOTHING
         RETURNING number",
    )
    .bind(new.id)
    .bind(new.person.uuid())
    .bind(new.account.uuid())
    .bind(new.kind.as_str())
    .bind(seal_request(vault, new)?)
    .bind(new.state.as_str())
    .bind(&new.law)
    .bind(&new.article)
    .bind(Json(&new.term))
    .bind(new.received_at)
    .bind(new.acknowledge_due)
    .bind(new.due_at)
    .bind(&new.purposes)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// Writes what may change of a locked request.
pub(crate) async fn update(connection: &mut PgConnection, _: &Permit, vault: &Vault, request: &Request) -> Result<()> {
    sqlx::query(
        "UPDATE privacy.request SET
             state = $2,
             due_at = $3,
             acknowledged_at = $4,
             third_party = $5,
             extended_at = $6,
             ended_at = $7,
             outcome = $8,
             sealed = $9,
             details = '',
             wishes = '[]',
             extension_reason = NULL,
             answer = NULL,
             ground = NULL
         WHERE id = $1",
    )
    .bind(request.id)
    .bind(request.state.as_str())
    .bind(request.due_at)
    .bind(request.acknowledged_at)
    .bind(request.third_party)
    .bind(request.extended_at)
    .bind(request.ended_at)
    .bind(request.outcome.map(Outcome::as_str))
    .bind(seal_request(vault, request)?)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn get(connection: &mut PgConnection, vault: &Vault, id: Uuid) -> Result<Option<Request>> {
    let row: Option<Row> = sqlx::query_as("SELECT * FROM privacy.request WHERE id = $1")
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    row.map(|row| row.into_request(vault)).transpose()
}

/// The same, locked to the end of the operation.
pub(crate) async fn lock(connection: &mut PgConnection, vault: &Vault, id: Uuid) -> Result<Option<Request>> {
    let row: Option<Row> = sqlx::query_as("SELECT * FROM privacy.request WHERE id = $1 FOR UPDATE")
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    row.map(|row| row.into_request(vault)).transpose()
}

/// The open request of a kind.
pub(crate) async fn open_of(
    connection: &mut PgConnection,
    vault: &Vault,
    person: PersonId,
    kind: Kind,
) -> Result<Option<Request>> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT *
         FROM privacy.request
         WHERE person = $1 AND kind = $2 AND state IN ('received', 'acknowledged')
         ORDER BY joined
         LIMIT 1",
    )
    .bind(person.uuid())
    .bind(kind.as_str())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(|row| row.into_request(vault)).transpose()
}

/// A person's requests, the newest first, after a place in that order.
pub(crate) async fn of_person(
    connection: &mut PgConnection,
    vault: &Vault,
    person: PersonId,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Request>> {
    let rows = sqlx::query_as(
        "SELECT *
         FROM privacy.request
         WHERE person = $1 AND ($2::timestamptz IS NULL OR (received_at, id) < ($2, $3))
         ORDER BY received_at DESC, id DESC
         LIMIT $4",
    )
    .bind(person.uuid())
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, id)| id))
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    all(vault, rows)
}

/// What waits, the earliest due first, after a place in that order.
pub(crate) async fn waiting(
    connection: &mut PgConnection,
    vault: &Vault,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Request>> {
    let rows = sqlx::query_as(
        "SELECT *
         FROM privacy.request
         WHERE next_due IS NOT NULL AND ($1::timestamptz IS NULL OR (next_due, id) > ($1, $2))
         ORDER BY next_due, id
         LIMIT $3",
    )
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, id)| id))
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    all(vault, rows)
}

/// What has ended, the latest first, after a place in that order.
pub(crate) async fn ended(
    connection: &mut PgConnection,
    vault: &Vault,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Request>> {
    let rows = sqlx::query_as(
        "SELECT *
         FROM privacy.request
         WHERE ended_at IS NOT NULL AND ($1::timestamptz IS NULL OR (ended_at, id) < ($1, $2))
         ORDER BY ended_at DESC, id DESC
         LIMIT $3",
    )
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, id)| id))
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    all(vault, rows)
}

/// Requests whose next due has passed and was not told yet, locked; those that somebody works on now are left for the next turn.
pub(crate) async fn late(
    connection: &mut PgConnection,
    vault: &Vault,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Request>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT *
         FROM privacy.request
         WHERE next_due < $1 AND late_told_for IS DISTINCT FROM next_due
         ORDER BY next_due, id
         LIMIT $2
         FOR UPDATE SKIP LOCKED",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    // One that does not open is late all the same, and must not stand in front of the others for ever.
    all(vault, rows)
}

pub(crate) async fn told_late(connection: &mut PgConnection, _: &Permit, id: Uuid, due: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE privacy.request SET late_told_for = $2 WHERE id = $1")
        .bind(id)
        .bind(due)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// A line of history to be written.
pub(crate) struct NewLine {
    request: Uuid,
    at: DateTime<Utc>,
    action: &'static str,
    actor: String,
    actor_name: String,
    detail: Value,
}

impl NewLine {
    /// What the actor of the operation does now.
    pub(crate) fn of(request: &Request, action: &'static str, op: &Op) -> Self {
        let actor_name = match op.actor() {
            Actor::Official(one) if one.person != request.person => {
                format!("{}, {}, {}", one.name, one.position_title, one.agency_name)
            }
            _ => String::new(),
        };
        Self {
            request: request.id,
            at: op.now(),
            action,
            actor: op.actor().key(),
            actor_name,
            detail: json!({}),
        }
    }

    /// The same with what belongs to it.
    pub(crate) fn with(self, detail: Value) -> Self {
        Self { detail, ..self }
    }
}

pub(crate) async fn tell(connection: &mut PgConnection, _: &Permit, vault: &Vault, line: &NewLine) -> Result<()> {
    // The number first: what is sealed is bound to it.
    let id: i64 = sqlx::query_scalar("SELECT nextval(pg_get_serial_sequence('privacy.request_line', 'id'))")
        .fetch_one(&mut *connection)
        .await
        .map_err(db::fault)?;
    let sealed = LINE.seal(vault, &line_row(line.request, id), &line.detail)?;
    sqlx::query(
        "INSERT INTO privacy.request_line (id, request, at, action, actor, actor_name, sealed)
         OVERRIDING SYSTEM VALUE
         VALUES ($7, $1, $2, $3, $4, $5, $6)",
    )
    .bind(line.request)
    .bind(line.at)
    .bind(line.action)
    .bind(&line.actor)
    .bind(&line.actor_name)
    .bind(sealed)
    .bind(id)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// A line as it lies: its number, when, what, by whom, in plain or sealed.
type LineRow = (i64, DateTime<Utc>, String, String, Value, Option<Vec<u8>>);

/// The history of a request, in order. It is short: a request has a handful of steps.
pub(crate) async fn lines(connection: &mut PgConnection, vault: &Vault, request: Uuid) -> Result<Vec<Line>> {
    let rows: Vec<LineRow> = sqlx::query_as(
        "SELECT id,
                at,
                action,
                actor_name,
                detail,
                sealed
         FROM privacy.request_line
         WHERE request = $1
         ORDER BY id
         LIMIT 200",
    )
    .bind(request)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter()
        .map(|(id, at, action, actor_name, plain, sealed)| {
            let detail = match &sealed {
                Some(sealed) => LINE.open(vault, &line_row(request, id), sealed)?,
                None => plain,
            };
            Ok(Line {
                at,
                action,
                actor_name,
                detail,
            })
        })
        .collect()
}

/// A person's requests as they read them in an extract.
pub(crate) async fn told(
    connection: &mut PgConnection,
    vault: &Vault,
    person: PersonId,
    limit: i64,
) -> Result<Vec<Value>> {
    let requests = of_person(connection, vault, person, None, limit).await?;
    let tell = |request: Request| {
        json!({
            "number": request.number,
            "kind": request.kind,
            "details": request.details,
            "state": request.state,
            "received_at": request.received_at,
            "due_at": request.due_at,
            "ended_at": request.ended_at,
            "outcome": request.outcome,
            "answer": request.answer,
            "ground": request.ground,
        })
    };
    Ok(requests.into_iter().map(tell).collect())
}
