//! What the engine keeps about one person, as the person reads it.

use chrono::{DateTime, Utc};
use kernel::{AccountId, PersonId, Result};
use op::Permit;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;
use vault::Vault;

use super::asked::{Told, put_told, reason, told};
use super::sealed::Details;

pub(crate) async fn person(connection: &mut PgConnection, vault: &Vault, person: PersonId) -> Result<Vec<Value>> {
    let Some(known) = super::person::get(connection, vault, person).await? else {
        return Ok(Vec::new());
    };
    let passport = super::person::details_of(connection, vault, person)
        .await?
        .and_then(|details| details.passport);
    let (written_at, changed_at): (DateTime<Utc>, DateTime<Utc>) =
        sqlx::query_as("SELECT created_at, updated_at FROM identity.person WHERE id = $1")
            .bind(person.uuid())
            .fetch_one(connection)
            .await
            .map_err(db::fault)?;
    Ok(vec![json!({
        "full_name": known.full_name,
        "personal_number": known.personal_number,
        "passport": passport,
        "birth_date": known.birth_date,
        "sex": known.sex,
        "ethnicity": known.ethnicity,
        "nationality": known.nationality,
        "residence_ward": known.residence.as_ref().map(|home| &home.ward_code),
        "residence_detail": known.residence.as_ref().map(|home| &home.detail),
        "phone": known.phone,
        "email": known.email,
        "written_at": written_at,
        "changed_at": changed_at,
    })])
}

pub(crate) async fn account(connection: &mut PgConnection, vault: &Vault, account: AccountId) -> Result<Vec<Value>> {
    let Some(known) = super::account::get(connection, vault, account).await? else {
        return Ok(Vec::new());
    };
    let password_changed_at: Option<DateTime<Utc>> =
        sqlx::query_scalar("SELECT password_changed_at FROM identity.account WHERE id = $1")
            .bind(account.uuid())
            .fetch_one(connection)
            .await
            .map_err(db::fault)?;
    Ok(vec![json!({
        "login": known.login,
        "state": known.state.as_str(),
        "opened_at": known.created_at,
        "password_changed_at": password_changed_at,
    })])
}

pub(crate) async fn positions(connection: &mut PgConnection, person: PersonId, limit: i64) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'title', position.title,
                    'agency', agency.name,
                    'from', holding.valid_from,
                    'to', holding.valid_to)
         FROM identity.holding AS holding
         JOIN identity.position AS position ON position.id = holding.position
         JOIN identity.agency AS agency ON agency.id = position.agency
         WHERE holding.person = $1
         ORDER BY holding.valid_from DESC, holding.id
         LIMIT $2",
    )
    .bind(person.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn sessions(connection: &mut PgConnection, account: AccountId, limit: i64) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'opened_at', created_at,
                    'last_seen_at', last_seen_at,
                    'ended_at', ended_at,
                    'ip', ip,
                    'browser', user_agent)
         FROM identity.session
         WHERE account = $1
         ORDER BY created_at DESC, id
         LIMIT $2",
    )
    .bind(account.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Who acts for whom.
pub(crate) async fn representations(
    connection: &mut PgConnection,
    vault: &Vault,
    person: PersonId,
    limit: i64,
) -> Result<Vec<Value>> {
    let rows: Vec<(Uuid, Option<Vec<u8>>, Value)> = sqlx::query_as(
        "SELECT representation.id,
                representation.sealed,
                jsonb_build_object(
                    'kind', representation.kind,
                    'represented', represented.full_name,
                    'representative', representative.full_name,
                    'procedures', representation.procedures,
                    'from', representation.valid_from,
                    'to', representation.valid_to,
                    'given_at', representation.given_at,
                    'ended_at', representation.ended_at)
         FROM identity.representation AS representation
         JOIN identity.person AS represented ON represented.id = representation.represented
         JOIN identity.person AS representative ON representative.id = representation.representative
         WHERE $1 IN (representation.represented, representation.representative)
         ORDER BY representation.given_at DESC, representation.id
         LIMIT $2",
    )
    .bind(person.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter()
        .map(|(id, sealed, mut row)| {
            row["reason"] = json!(reason(vault, id, sealed.as_deref())?);
            Ok(row)
        })
        .collect()
}

/// What the person has asked an authority for.
pub(crate) async fn registrations(
    connection: &mut PgConnection,
    vault: &Vault,
    person: PersonId,
    account: Option<AccountId>,
    limit: i64,
) -> Result<Vec<Value>> {
    let rows: Vec<(Uuid, Vec<u8>, Value)> = sqlx::query_as(
        "SELECT registration.id,
                registration.sealed,
                jsonb_build_object(
                    'kind', registration.kind,
                    'agency', agency.name,
                    'sent_at', registration.asked_at,
                    'state', registration.state,
                    'finished_at', registration.decided_at)
         FROM identity.registration AS registration
         JOIN identity.agency AS agency ON agency.id = registration.agency
         WHERE registration.asked_by = $2
            OR registration.person = $1 AND registration.asked_by IS NULL
         ORDER BY registration.asked_at DESC, registration.id
         LIMIT $3",
    )
    .bind(person.uuid())
    .bind(account.map(AccountId::uuid))
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter()
        .map(|(id, sealed, mut row)| {
            let told = told(vault, id, &sealed)?;
            row["full_name"] = json!(told.full_name);
            row["phone"] = json!(told.phone);
            row["email"] = json!(told.email);
            Ok(row)
        })
        .collect()
}

/// What the person was asked about: somebody wanted to act for them or beside them, and what they have said to it.
pub(crate) async fn questions(connection: &mut PgConnection, account: AccountId, limit: i64) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'kind', registration.kind,
                    'name', asker.full_name,
                    'represented', represented.full_name,
                    'sent_at', voice.told_at,
                    'answer', voice.agrees)
         FROM identity.standing_voice AS voice
         JOIN identity.registration AS registration ON registration.id = voice.registration
         JOIN identity.person AS asker ON asker.id = voice.asker
         JOIN identity.person AS represented ON represented.id = voice.represented
         WHERE voice.account = $1
         ORDER BY voice.told_at DESC, voice.registration
         LIMIT $2",
    )
    .bind(account.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Telephone and e-mail go from what the person has asked for themself too.
async fn clear_asked(connection: &mut PgConnection, permit: &Permit, vault: &Vault, person: PersonId) -> Result<()> {
    let rows: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
        "SELECT id, sealed FROM identity.registration WHERE person = $1 AND asked_by IS NULL ORDER BY id FOR UPDATE",
    )
    .bind(person.uuid())
    .fetch_all(&mut *connection)
    .await
    .map_err(db::fault)?;
    for (id, sealed) in rows {
        let known = told(vault, id, &sealed)?;
        if known.phone.is_some() || known.email.is_some() {
            let cleared = Told {
                phone: None,
                email: None,
                ..known
            };
            put_told(connection, permit, vault, id, &cleared).await?;
        }
    }
    Ok(())
}

/// How many ways to reach the person have gone.
pub(crate) async fn clear_contact(
    connection: &mut PgConnection,
    permit: &Permit,
    vault: &Vault,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<u64> {
    clear_asked(connection, permit, vault, person).await?;
    let Some(known) = super::person::lock_details(connection, vault, person).await? else {
        return Ok(0);
    };
    let ways = [&known.phone, &known.email].into_iter().flatten().count();
    if ways == 0 {
        return Ok(0);
    }
    let cleared = Details {
        phone: None,
        email: None,
        ..known
    };
    super::person::put_details(connection, permit, vault, person, &cleared).await?;
    sqlx::query("UPDATE identity.person SET updated_at = $2 WHERE id = $1")
        .bind(person.uuid())
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(u64::try_from(ways).unwrap_or(0))
}

pub(crate) async fn forget_devices(connection: &mut PgConnection, _: &Permit, account: AccountId) -> Result<u64> {
    let done = sqlx::query("DELETE FROM identity.device WHERE account = $1")
        .bind(account.uuid())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(done.rows_affected())
}

/// What was done to an account by those who look after it.
pub(crate) async fn acts(connection: &mut PgConnection, account: AccountId, limit: i64) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object('action', act, 'reason', reason, 'at', at)
         FROM identity.account_line
         WHERE account = $1
         ORDER BY at DESC, id DESC
         LIMIT $2",
    )
    .bind(account.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Roles that were taken back.
pub(crate) async fn withheld(connection: &mut PgConnection, person: PersonId, limit: i64) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'title', position.title,
                    'role', withheld.role,
                    'reason', withheld.reason,
                    'at', withheld.at,
                    'ended_at', withheld.returned_at)
         FROM identity.withheld_role AS withheld
         JOIN identity.position AS position ON position.id = withheld.position
         WHERE withheld.person = $1
         ORDER BY withheld.at DESC, withheld.id
         LIMIT $2",
    )
    .bind(person.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Rights taken for emergencies.
pub(crate) async fn emergencies(connection: &mut PgConnection, account: AccountId, limit: i64) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object('role', role, 'reason', reason, 'begun_at', taken_at, 'ended_at', coalesce(ended_at, until))
         FROM identity.emergency
         WHERE account = $1
         ORDER BY taken_at DESC, id DESC
         LIMIT $2",
    )
    .bind(account.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}
