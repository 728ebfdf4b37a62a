use chrono::{DateTime, Duration, Utc};
use kernel::{AccountId, PersonId, PositionId, Result, SessionId};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::config::Lifetime;
use crate::lifetime::Moments;
use crate::model::{Audience, SessionRow, Way};
use crate::sign_in::Source;

/// Longest part of what a browser says of itself that is kept, in characters.
const LONGEST_AGENT: usize = 200;

/// A session that was not ended, of an active account.
#[derive(sqlx::FromRow)]
pub(crate) struct LivingRow {
    id: Uuid,
    account: Uuid,
    person: Uuid,
    full_name: String,
    audience: String,
    acts_as: String,
    position: Option<Uuid>,
    last_seen_at: DateTime<Utc>,
    idle_seconds: i32,
    expires_at: DateTime<Utc>,
    second_factor_at: Option<DateTime<Utc>>,
    shown_at: DateTime<Utc>,
    way: String,
    provider: Option<String>,
    assurance: String,
    emergency_position: Option<Uuid>,
    emergency_role: Option<String>,
    emergency_until: Option<DateTime<Utc>>,
    represents: Option<Uuid>,
}

impl LivingRow {
    /// The role that its owner has taken for an emergency, with the position from which it counts, at this moment.
    pub(crate) fn emergency(&self, now: DateTime<Utc>) -> Option<(PositionId, String)> {
        let counts = self.emergency_until.is_some_and(|until| now < until);
        let taken = self.emergency_position.zip(self.emergency_role.clone());
        taken.filter(|_| counts).map(|(position, role)| (position.into(), role))
    }

    pub(crate) fn id(&self) -> SessionId {
        self.id.into()
    }

    pub(crate) fn account(&self) -> AccountId {
        self.account.into()
    }

    pub(crate) fn person(&self) -> PersonId {
        self.person.into()
    }

    pub(crate) fn full_name(&self) -> &str {
        &self.full_name
    }

    pub(crate) fn audience(&self) -> Option<Audience> {
        Audience::parse(&self.audience)
    }

    pub(crate) fn position(&self) -> Option<PositionId> {
        self.position.map(PositionId::from)
    }

    pub(crate) fn acts_from_position(&self) -> bool {
        self.acts_as == "position"
    }

    /// By which representation it acts for somebody else.
    pub(crate) fn represents(&self) -> Option<Uuid> {
        self.represents
    }

    /// When a second factor was last shown in it.
    pub(crate) fn second_factor_at(&self) -> Option<DateTime<Utc>> {
        self.second_factor_at
    }

    /// Whether a second factor was shown in it.
    pub(crate) fn has_second_factor(&self) -> bool {
        self.second_factor_at.is_some()
    }

    /// When its owner has last shown who they are.
    pub(crate) fn shown_at(&self) -> DateTime<Utc> {
        self.shown_at
    }

    /// How it was opened.
    pub(crate) fn way(&self) -> Result<Way> {
        stored_way(&self.way, self.provider.clone(), &self.assurance)
    }

    pub(crate) fn moments(&self) -> Moments {
        Moments {
            last_seen_at: self.last_seen_at,
            idle: Duration::seconds(i64::from(self.idle_seconds)),
            expires_at: self.expires_at,
        }
    }
}

#[derive(sqlx::FromRow)]
struct ListRow {
    id: Uuid,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    idle_seconds: i32,
    expires_at: DateTime<Utc>,
    ip: String,
    user_agent: String,
    second_factor_at: Option<DateTime<Utc>>,
    way: String,
    provider: Option<String>,
    assurance: String,
}

pub(super) fn stored_way(way: &str, provider: Option<String>, assurance: &str) -> Result<Way> {
    Way::stored(way, provider, assurance).ok_or_else(|| super::unknown_word("session.way"))
}

/// A session to be opened.
pub(crate) struct NewSession<'a> {
    pub(crate) id: SessionId,
    pub(crate) token: Vec<u8>,
    pub(crate) account: AccountId,
    pub(crate) audience: Audience,
    pub(crate) now: DateTime<Utc>,
    pub(crate) life: Lifetime,
    pub(crate) source: Source<'a>,
    /// When a second factor was shown.
    pub(crate) second_factor_at: Option<DateTime<Utc>>,
    /// How it is opened.
    pub(crate) way: &'a Way,
}

fn short(agent: &str) -> String {
    agent.chars().filter(|c| !c.is_control()).take(LONGEST_AGENT).collect()
}

pub(crate) async fn insert(connection: &mut PgConnection, new: &NewSession<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO identity.session (
             id, token_sha256, account, audience, acts_as, created_at, last_seen_at, idle_seconds, expires_at, ip, user_agent,
             second_factor_at, shown_at, way, provider, assurance)
         VALUES ($1, $2, $3, $4, CASE $4 WHEN 'official' THEN 'position' ELSE 'person' END, $5, $5, $6, $7, $8, $9, $10, $5, $11, $12, $13)",
    )
    .bind(new.id.uuid())
    .bind(&new.token)
    .bind(new.account.uuid())
    .bind(new.audience.as_str())
    .bind(new.now)
    .bind(i32::try_from(new.life.idle.num_seconds()).unwrap_or(i32::MAX))
    .bind(new.now + new.life.absolute)
    .bind(short(new.source.ip))
    .bind(short(new.source.user_agent))
    .bind(new.second_factor_at)
    .bind(new.way.way.as_str())
    .bind(&new.way.provider)
    .bind(new.way.assurance.as_str())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn living(connection: &mut PgConnection, token: &[u8]) -> Result<Option<LivingRow>> {
    sqlx::query_as(
        "SELECT session.id,
                session.account,
                account.person,
                person.full_name,
                session.audience,
                session.acts_as,
                session.position,
                session.last_seen_at,
                session.idle_seconds,
                session.expires_at,
                session.second_factor_at,
                session.shown_at,
                session.way,
                session.provider,
                session.assurance,
                emergency.position AS emergency_position,
                emergency.role AS emergency_role,
                emergency.until AS emergency_until,
                session.represents
         FROM identity.session AS session
         JOIN identity.account AS account ON account.id = session.account
         JOIN identity.person AS person ON person.id = account.person
         LEFT JOIN identity.emergency AS emergency ON emergency.account = session.account AND emergency.ended_at IS NULL
         WHERE session.token_sha256 = $1 AND session.ended_at IS NULL AND account.state = 'active'",
    )
    .bind(token)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// The session of a token, living or not.
pub(crate) async fn by_token(connection: &mut PgConnection, token: &[u8]) -> Result<Option<SessionId>> {
    let id: Option<Uuid> = sqlx::query_scalar("SELECT id FROM identity.session WHERE token_sha256 = $1")
        .bind(token)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    Ok(id.map(SessionId::from))
}

pub(crate) async fn living_by_id(connection: &mut PgConnection, id: SessionId) -> Result<Option<LivingRow>> {
    sqlx::query_as(
        "SELECT session.id,
                session.account,
                account.person,
                person.full_name,
                session.audience,
                session.acts_as,
                session.position,
                session.last_seen_at,
                session.idle_seconds,
                session.expires_at,
                session.second_factor_at,
                session.shown_at,
                session.way,
                session.provider,
                session.assurance,
                emergency.position AS emergency_position,
                emergency.role AS emergency_role,
                emergency.until AS emergency_until,
                session.represents
         FROM identity.session AS session
         JOIN identity.account AS account ON account.id = session.account
         JOIN identity.person AS person ON person.id = account.person
         LEFT JOIN identity.emergency AS emergency ON emergency.account = session.account AND emergency.ended_at IS NULL
         WHERE session.id = $1 AND session.ended_at IS NULL AND account.state = 'active'",
    )
    .bind(id.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// Requests at the same time write once; a later moment is never overwritten by an earlier one. While somebody else changes the session
/// nothing is written: a request does not wait for that, and the next one comes soon.
pub(crate) async fn touch(connection: &mut PgConnection, id: SessionId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "UPDATE identity.session SET last_seen_at = $2
         WHERE id IN (SELECT id FROM identity.session
                       WHERE id = $1 AND last_seen_at < $2
                         FOR NO KEY UPDATE SKIP LOCKED)",
    )
    .bind(id.uuid())
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn choose(connection: &mut PgConnection, id: SessionId, position: Option<PositionId>) -> Result<()> {
    sqlx::query(
        "UPDATE identity.session SET
             position = $2,
             represents = NULL,
             acts_as = CASE WHEN $2::uuid IS NULL THEN 'person' ELSE 'position' END
         WHERE id = $1",
    )
    .bind(id.uuid())
    .bind(position.map(PositionId::uuid))
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn end(
    connection: &mut PgConnection,
    id: SessionId,
    reason: &'static str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("UPDATE identity.session SET ended_at = $3, end_reason = $2 WHERE id = $1 AND ended_at IS NULL")
        .bind(id.uuid())
        .bind(reason)
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Ends the sessions of an account, all but one if one is to be kept; returns which.
pub(crate) async fn end_all(
    connection: &mut PgConnection,
    _permit: &Permit,
    account: AccountId,
    keep: Option<SessionId>,
    reason: &'static str,
    now: DateTime<Utc>,
) -> Result<Vec<SessionId>> {
    let ended: Vec<Uuid> = sqlx::query_scalar(
        "UPDATE identity.session SET ended_at = $4, end_reason = $3
         WHERE account = $1 AND ended_at IS NULL AND id IS DISTINCT FROM $2
         RETURNING id",
    )
    .bind(account.uuid())
    .bind(keep.map(SessionId::uuid))
    .bind(reason)
    .bind(now)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(ended.into_iter().map(SessionId::from).collect())
}

pub(crate) async fn of_account(
    connection: &mut PgConnection,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<Vec<SessionRow>> {
    let rows: Vec<ListRow> = sqlx::query_as(
        "SELECT id, created_at, last_seen_at, idle_seconds, expires_at, ip, user_agent, second_factor_at, way, provider,
                assurance
         FROM identity.session
         WHERE account = $1 AND ended_at IS NULL AND expires_at > $2
         ORDER BY created_at DESC, id DESC
         LIMIT 200",
    )
    .bind(account.uuid())
    .bind(now)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter()
        .filter(|row| row.last_seen_at + Duration::seconds(i64::from(row.idle_seconds)) > now)
        .map(|row| {
            Ok(SessionRow {
                id: row.id.into(),
                created_at: row.created_at,
                last_seen_at: row.last_seen_at,
                expires_at: row.expires_at,
                ip: row.ip,
                user_agent: row.user_agent,
                way: stored_way(&row.way, row.provider, &row.assurance)?,
                two_factors: row.second_factor_at.is_some(),
            })
        })
        .collect()
}

/// Ends the sessions of an account that a provider has vouched for, all but one if one is to be kept; returns which.
pub(crate) async fn end_of_provider(
    connection: &mut PgConnection,
    _permit: &Permit,
    account: AccountId,
    provider: &str,
    keep: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<Vec<SessionId>> {
    let ended: Vec<Uuid> = sqlx::query_scalar(
        "UPDATE identity.session SET ended_at = $4, end_reason = 'ended_elsewhere'
         WHERE account = $1 AND provider = $2 AND ended_at IS NULL AND id IS DISTINCT FROM $3
         RETURNING id",
    )
    .bind(account.uuid())
    .bind(provider)
    .bind(keep.map(SessionId::uuid))
    .bind(now)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(ended.into_iter().map(SessionId::from).collect())
}

pub(crate) async fn owner(connection: &mut PgConnection, account: AccountId) -> Result<Option<(PersonId, String)>> {
    let row: Option<(Uuid, String)> = sqlx::query_as(
        "SELECT person.id, person.full_name
         FROM identity.account AS account
         JOIN identity.person AS person ON person.id = account.person
         WHERE account.id = $1 AND account.state = 'active'",
    )
    .bind(account.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    Ok(row.map(|(person, name)| (person.into(), name)))
}

pub(crate) async fn keep_device(
    connection: &mut PgConnection,
    token: &[u8],
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO identity.device (token_sha256, account, created_at, last_used_at)
         VALUES ($1, $2, $3, $3)
         ON CONFLICT (token_sha256) DO UPDATE SET last_used_at = excluded.last_used_at
         WHERE identity.device.account = excluded.account",
    )
    .bind(token)
    .bind(account.uuid())
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn is_device_of(connection: &mut PgConnection, token: &[u8], account: AccountId) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM identity.device WHERE token_sha256 = $1 AND account = $2)")
        .bind(token)
        .bind(account.uuid())
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// Whether the account was entered before, in another session. Browsers are forgotten when something changes, sessions are not.
pub(crate) async fn was_entered_before(
    connection: &mut PgConnection,
    account: AccountId,
    now: SessionId,
) -> Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM identity.session WHERE account = $1 AND id <> $2)
             OR EXISTS (SELECT FROM identity.device WHERE account = $1)",
    )
    .bind(account.uuid())
    .bind(now.uuid())
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// The session goes on under another token.
pub(crate) async fn renew_token(connection: &mut PgConnection, id: SessionId, token: &[u8]) -> Result<()> {
    sqlx::query("UPDATE identity.session SET token_sha256 = $2 WHERE id = $1")
        .bind(id.uuid())
        .bind(token)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Browsers in which the account was opened are strangers again, all but one.
pub(crate) async fn forget_devices(
    connection: &mut PgConnection,
    _permit: &Permit,
    account: AccountId,
    keep: Option<&[u8]>,
) -> Result<()> {
    sqlx::query("DELETE FROM identity.device WHERE account = $1 AND token_sha256 IS DISTINCT FROM $2")
        .bind(account.uuid())
        .bind(keep)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// A second factor was shown in this session.
pub(crate) async fn showed_second_factor(
    connection: &mut PgConnection,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("UPDATE identity.session SET second_factor_at = $2, shown_at = $2 WHERE id = $1")
        .bind(id.uuid())
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// The password was shown once more in this session, and the account asks for nothing else.
pub(crate) async fn showed_again(connection: &mut PgConnection, id: SessionId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE identity.session SET shown_at = $2 WHERE id = $1")
        .bind(id.uuid())
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Removes sessions that ended three months ago and devices unused for 400 days.
pub(crate) async fn sweep(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let sessions = sqlx::query("DELETE FROM identity.session WHERE expires_at < $1")
        .bind(now - Duration::days(90))
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    let devices = sqlx::query("DELETE FROM identity.device WHERE last_used_at < $1")
        .bind(now - Duration::days(400))
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(sessions.rows_affected() + devices.rows_affected())
}
