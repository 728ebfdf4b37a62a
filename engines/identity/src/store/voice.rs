use chrono::{DateTime, NaiveDate, Utc};
use db::{Page, PageRequest};
use kernel::{AccountId, PersonId, Result};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::{Question, RegistrationKind};

/// Somebody who is asked what they say to a registration.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) registration: Uuid,
    pub(crate) account: AccountId,
    pub(crate) represented: PersonId,
    pub(crate) asker: PersonId,
}

/// Whether they were not asked before.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    asked: Asked,
    now: DateTime<Utc>,
) -> Result<bool> {
    let written = sqlx::query(
        "INSERT INTO identity.standing_voice (registration, account, represented, asker, told_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
    )
    .bind(asked.registration)
    .bind(asked.account.uuid())
    .bind(asked.represented.uuid())
    .bind(asked.asker.uuid())
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(written.rows_affected() > 0)
}

/// Whether an account was told since then that this one asks to act for the same represented.
pub(crate) async fn told_since(connection: &mut PgConnection, asked: Asked, since: DateTime<Utc>) -> Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (
             SELECT FROM identity.standing_voice
             WHERE account = $1 AND represented = $2 AND asker = $3 AND registration <> $4 AND told_at > $5)",
    )
    .bind(asked.account.uuid())
    .bind(asked.represented.uuid())
    .bind(asked.asker.uuid())
    .bind(asked.registration)
    .bind(since)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// What somebody says: who, when they were told, whether they agree, when they said so.
#[derive(sqlx::FromRow)]
pub(crate) struct Voice {
    person: Uuid,
    pub(crate) told_at: DateTime<Utc>,
    pub(crate) agrees: Option<bool>,
    pub(crate) said_at: Option<DateTime<Utc>>,
}

impl Voice {
    /// Whose voice it is: it counts though the account was suspended since.
    pub(crate) fn person(&self) -> PersonId {
        self.person.into()
    }
}

pub(crate) async fn of_registration(connection: &mut PgConnection, registration: Uuid) -> Result<Vec<Voice>> {
    sqlx::query_as(
        "SELECT account.person, voice.told_at, voice.agrees, voice.said_at
         FROM identity.standing_voice AS voice
         JOIN identity.account AS account ON account.id = voice.account
         WHERE voice.registration = $1",
    )
    .bind(registration)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// What waits to hear from an account: the state of the registration, when it was asked whether they agree.
pub(crate) async fn waiting(
    connection: &mut PgConnection,
    registration: Uuid,
    account: AccountId,
) -> Result<Option<(String, DateTime<Utc>)>> {
    sqlx::query_as(
        "SELECT registration.state, registration.expires_at
         FROM identity.standing_voice AS voice
         JOIN identity.registration AS registration ON registration.id = voice.registration
         WHERE voice.registration = $1 AND voice.account = $2",
    )
    .bind(registration)
    .bind(account.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// Whether there is such a voice. What is said twice was said when it was said first.
pub(crate) async fn say(
    connection: &mut PgConnection,
    _: &Permit,
    registration: Uuid,
    account: AccountId,
    agrees: bool,
    now: DateTime<Utc>,
) -> Result<bool> {
    let said = sqlx::query(
        "UPDATE identity.standing_voice SET
             agrees = $3,
             said_at = CASE WHEN agrees IS DISTINCT FROM $3 THEN $4 ELSE said_at END
         WHERE registration = $1 AND account = $2",
    )
    .bind(registration)
    .bind(account.uuid())
    .bind(agrees)
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(said.rows_affected() > 0)
}

/// By which representations others act for somebody though an account has objected to the request.
pub(crate) async fn objected_to(
    connection: &mut PgConnection,
    account: AccountId,
    represented: PersonId,
) -> Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "SELECT representation.id
         FROM identity.representation AS representation
         JOIN identity.standing_voice AS voice ON voice.registration = representation.registration
         WHERE representation.represented = $2 AND voice.account = $1 AND NOT voice.agrees",
    )
    .bind(account.uuid())
    .bind(represented.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// One after the other for one account, so that each is counted.
pub(crate) async fn lock_told(connection: &mut PgConnection, account: AccountId) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('identity.told:' || $1, 0))")
        .bind(account.to_string())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Of how much an account was told since then: of each who asks for each represented once.
pub(crate) async fn told_of(connection: &mut PgConnection, account: AccountId, since: DateTime<Utc>) -> Result<i64> {
    sqlx::query_scalar(
        "SELECT count(DISTINCT (represented, asker)) FROM identity.standing_voice WHERE account = $1 AND told_at > $2",
    )
    .bind(account.uuid())
    .bind(since)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

#[derive(sqlx::FromRow)]
struct QuestionRow {
    id: Uuid,
    kind: String,
    asker_name: String,
    represented_name: String,
    agency_name: String,
    asked_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    agrees: Option<bool>,
    told_at: DateTime<Utc>,
}

/// What an account is asked about and what is not decided yet, the newest first.
pub(crate) async fn questions(
    connection: &mut PgConnection,
    account: AccountId,
    now: DateTime<Utc>,
    page: &PageRequest,
    answer_until: impl Fn(DateTime<Utc>) -> NaiveDate,
) -> Result<Page<Question>> {
    let after: Option<(DateTime<Utc>, Uuid)> = page.after.as_deref().map(db::cursor::decode).transpose()?;
    let rows: Vec<QuestionRow> = sqlx::query_as(
        "SELECT registration.id,
                registration.kind,
                asker.full_name AS asker_name,
                represented.full_name AS represented_name,
                agency.name AS agency_name,
                registration.asked_at,
                registration.expires_at,
                voice.agrees,
                voice.told_at
         FROM identity.standing_voice AS voice
         JOIN identity.registration AS registration ON registration.id = voice.registration
         JOIN identity.person AS asker ON asker.id = voice.asker
         JOIN identity.person AS represented ON represented.id = voice.represented
         JOIN identity.agency AS agency ON agency.id = registration.agency
         WHERE voice.account = $1 AND registration.state = 'waiting' AND registration.expires_at > $2
           AND ($3::timestamptz IS NULL OR (registration.asked_at, registration.id) < ($3, $4))
         ORDER BY registration.asked_at DESC, registration.id DESC
         LIMIT $5",
    )
    .bind(account.uuid())
    .bind(now)
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, id)| id))
    .bind(page.probe())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let found = Page::cut(rows, page, |row| (row.asked_at, row.id));
    let items = found
        .items
        .into_iter()
        .map(|row| {
            Ok(Question {
                registration: row.id,
                kind: RegistrationKind::parse(&row.kind).ok_or_else(|| super::unknown_word("registration.kind"))?,
                asker_name: row.asker_name,
                represented_name: row.represented_name,
                agency_name: row.agency_name,
                asked_at: row.asked_at,
                expires_at: row.expires_at,
                agrees: row.agrees,
                told_at: row.told_at,
                answer_until: answer_until(row.told_at),
            })
        })
        .collect::<Result<_>>()?;
    Ok(Page {
        items,
        next: found.next,
    })
}
