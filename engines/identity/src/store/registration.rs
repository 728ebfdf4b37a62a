use chrono::{DateTime, Duration, NaiveDate, Utc};
use db::{Page, PageRequest};
use kernel::code::Sex;
use kernel::{AccountId, AgencyId, PersonId, PersonalNumber, PhoneNumber, Result, collation, text};
use op::Permit;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::approve::RegistrationFilter;
use crate::error;
use crate::hashing::PasswordHash;
use crate::model::{Receipt, RegistrationDetail, RegistrationKind, RegistrationRow, RegistrationState, Standing};
use crate::registration::Asked;

/// How long what was refused or has expired is kept: so long its applicant is told why at the sign-in.
const KEPT: Duration = Duration::days(30);

fn kind(word: &str) -> Result<RegistrationKind> {
    RegistrationKind::parse(word).ok_or_else(|| super::unknown_word("registration.kind"))
}

fn state(word: &str) -> Result<RegistrationState> {
    RegistrationState::parse(word).ok_or_else(|| super::unknown_word("registration.state"))
}

/// What counts against one more registration.
#[derive(sqlx::FromRow)]
pub(crate) struct Counts {
    pub(crate) of_network: i64,
    pub(crate) of_subject_here: i64,
    pub(crate) of_subject: i64,
}

pub(crate) async fn counts(
    connection: &mut PgConnection,
    subject: &str,
    network: &str,
    now: DateTime<Utc>,
) -> Result<Counts> {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM identity.registration
                  WHERE network = $2 AND asked_at > $3 AND asked_by IS NULL) AS of_network,
                (SELECT count(*) FROM identity.registration
                  WHERE subject_key = $1 AND network = $2 AND asked_at > $4) AS of_subject_here,
                (SELECT count(*) FROM identity.registration
                  WHERE subject_key = $1 AND state = 'waiting' AND asked_by IS NULL) AS of_subject",
    )
    .bind(subject)
    .bind(network)
    .bind(now - Duration::hours(1))
    .bind(now - Duration::days(1))
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// Whether people can go to this agency with their papers on the day: of a commune, and the committee itself.
pub(crate) async fn approves(connection: &mut PgConnection, agency: AgencyId, on: NaiveDate) -> Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (
             SELECT FROM identity.agency
             WHERE id = $1 AND level = 'commune' AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2))",
    )
    .bind(agency.uuid())
    .bind(on)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// The agency itself and those whose work it has taken over.
pub(crate) async fn served(connection: &mut PgConnection, agency: AgencyId) -> Result<Vec<AgencyId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "WITH RECURSIVE served AS (
             SELECT $1::uuid AS id
             UNION
             SELECT link.old FROM served JOIN identity.agency_successor AS link ON link.new = served.id AND link.home)
         SELECT id FROM served",
    )
    .bind(agency.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(ids.into_iter().map(AgencyId::from).collect())
}

/// One after the other for one account, so that each is counted.
pub(crate) async fn lock_asker(connection: &mut PgConnection, account: AccountId) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('identity.asks:' || $1, 0))")
        .bind(account.to_string())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn waiting_of(connection: &mut PgConnection, account: AccountId) -> Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM identity.registration WHERE asked_by = $1 AND state = 'waiting'")
        .bind(account.uuid())
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// Whether it was written; not when its receipt is known.
pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, new: &Asked) -> Result<bool> {
    let person = &new.person;
    let written = sqlx::query(
        "INSERT INTO identity.registration (
             id, kind, subject_key, full_name, personal_number, passport, nationality, tax_number, birth_date, phone, email,
             login_folded, password, receipt_sha256, asked_by, standing, paper, agency, network, state, asked_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 'waiting', $20, $21)",
    )
    .bind(new.id)
    .bind(new.kind.as_str())
    .bind(&new.subject_key)
    .bind(&person.full_name)
    .bind(person.personal_number.as_ref().map(PersonalNumber::as_str))
    .bind(&new.passport)
    .bind(&person.nationality)
    .bind(&new.tax_number)
    .bind(person.birth_date)
    .bind(person.phone.as_ref().map(PhoneNumber::as_str))
    .bind(&person.email)
    .bind(&new.login)
    .bind(new.password.as_ref().map(PasswordHash::as_str))
    .bind(&new.receipt)
    .bind(new.asked_by.map(AccountId::uuid))
    .bind(new.standing.map(Standing::as_str).unwrap_or_default())
    .bind(&new.paper)
    .bind(new.agency.uuid())
    .bind(&new.network)
    .bind(new.asked_at)
    .bind(new.expires_at)
    .execute(connection)
    .await;
    match written {
        Ok(_) => Ok(true),
        Err(error) if db::violated(&error) == Some("registration_receipt") => Ok(false),
        Err(error) => Err(db::fault(error)),
    }
}

#[derive(sqlx::FromRow)]
struct ReceiptRow {
    id: Uuid,
    kind: String,
    state: String,
    agency_name: String,
    agency_address: String,
    asked_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    reason: String,
}

impl ReceiptRow {
    fn receipt(self) -> Result<Receipt> {
        Ok(Receipt {
            id: self.id,
            kind: kind(&self.kind)?,
            state: state(&self.state)?,
            agency_name: self.agency_name,
            agency_address: self.agency_address,
            asked_at: self.asked_at,
            expires_at: self.expires_at,
            reason: self.reason,
        })
    }
}

macro_rules! receipts {
    ($tail:literal) => {
        concat!(
            "SELECT registration.id,
                    registration.kind,
                    registration.state,
                    agency.name AS agency_name,
                    agency.address AS agency_address,
                    registration.asked_at,
                    registration.expires_at,
                    registration.reason
             FROM identity.registration AS registration
             JOIN identity.agency AS agency ON agency.id = registration.agency ",
            $tail
        )
    };
}

pub(crate) async fn by_receipt(connection: &mut PgConnection, receipt: &[u8]) -> Result<Option<Receipt>> {
    let row: Option<ReceiptRow> = sqlx::query_as(receipts!("WHERE registration.receipt_sha256 = $1"))
        .bind(receipt)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    row.map(ReceiptRow::receipt).transpose()
}

/// What an account has asked for, the newest first, with the names of whom it is about.
pub(crate) async fn of_account(connection: &mut PgConnection, account: AccountId) -> Result<Vec<(Receipt, String)>> {
    let rows: Vec<ReceiptRow> = sqlx::query_as(receipts!(
        "WHERE registration.asked_by = $1 ORDER BY registration.asked_at DESC, registration.id DESC LIMIT 50"
    ))
    .bind(account.uuid())
    .fetch_all(&mut *connection)
    .await
    .map_err(db::fault)?;
    let names: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT id, full_name FROM identity.registration WHERE asked_by = $1")
            .bind(account.uuid())
            .fetch_all(connection)
            .await
            .map_err(db::fault)?;
    let name = |id: Uuid| {
        let found = names.iter().find(|(own, _)| *own == id);
        found.map(|(_, name)| name.clone()).unwrap_or_default()
    };
    rows.into_iter()
        .map(|row| {
            let name = name(row.id);
            Ok((row.receipt()?, name))
        })
        .collect()
}

/// What a sign-in needs to know of a registration.
pub(crate) struct SignInRow {
    pub(crate) password: String,
    pub(crate) state: RegistrationState,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) agency_name: String,
    pub(crate) reason: String,
}

/// The newest registration that would sign in by this name.
pub(crate) async fn by_login(connection: &mut PgConnection, login_folded: &str) -> Result<Option<SignInRow>> {
    let row: Option<(String, String, DateTime<Utc>, String, String)> = sqlx::query_as(
        "SELECT registration.password, registration.state, registration.expires_at, agency.name, registration.reason
         FROM identity.registration AS registration
         JOIN identity.agency AS agency ON agency.id = registration.agency
         WHERE registration.login_folded = $1 AND registration.password IS NOT NULL
         ORDER BY registration.asked_at DESC, registration.id DESC
         LIMIT 1",
    )
    .bind(login_folded)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(|(password, word, expires_at, agency_name, reason)| {
        Ok(SignInRow {
            password,
            state: state(&word)?,
            expires_at,
            agency_name,
            reason,
        })
    })
    .transpose()
}

#[derive(sqlx::FromRow)]
struct ListRow {
    id: Uuid,
    kind: String,
    full_name: String,
    personal_number: Option<String>,
    passport: Option<String>,
    tax_number: Option<String>,
    asked_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    state: String,
    decided_at: Option<DateTime<Utc>>,
}

pub(crate) async fn list(
    connection: &mut PgConnection,
    agencies: Option<&[AgencyId]>,
    filter: &RegistrationFilter,
    page: &PageRequest,
) -> Result<Page<RegistrationRow>> {
    let mut query = QueryBuilder::<Postgres>::new(
        "SELECT id, kind, full_name, personal_number, passport, tax_number, asked_at, expires_at, state, decided_at
         FROM identity.registration
         WHERE ",
    );
    query.push(if filter.decided {
        "state <> 'waiting'"
    } else {
        "state = 'waiting'"
    });
    if let Some(agencies) = agencies {
        let ids: Vec<Uuid> = agencies.iter().map(|id| id.uuid()).collect();
        query.push(" AND agency = ANY (").push_bind(ids).push(")");
    }
    if let Some(number) = &filter.number {
        let number: String = number.chars().filter(|c| !c.is_whitespace()).collect();
        let number = number.to_uppercase();
        query
            .push(" AND ")
            .push_bind(number)
            .push(" IN (personal_number, passport, tax_number)");
    }
    if let Some(after) = &page.after {
        let (at, id): (DateTime<Utc>, Uuid) = db::cursor::decode(after)?;
        query.push(if filter.decided {
            " AND (decided_at, id) < ("
        } else {
            " AND (asked_at, id) > ("
        });
        query.push_bind(at).push(", ").push_bind(id).push(")");
    }
    query.push(if filter.decided {
        " ORDER BY decided_at DESC, id DESC LIMIT "
    } else {
        " ORDER BY asked_at, id LIMIT "
    });
    query.push_bind(page.probe());
    let rows = query
        .build_query_as::<ListRow>()
        .fetch_all(connection)
        .await
        .map_err(db::fault)?;
    let found = Page::cut(rows, page, |row| {
        let at = row.decided_at.filter(|_| filter.decided).unwrap_or(row.asked_at);
        (at, row.id)
    });
    let items = found.items.into_iter().map(|row| {
        let number = row.personal_number.or(row.passport).or(row.tax_number);
        Ok(RegistrationRow {
            id: row.id,
            kind: kind(&row.kind)?,
            full_name: row.full_name,
            number_masked: masked(&number.unwrap_or_default()),
            asked_at: row.asked_at,
            expires_at: row.expires_at,
            state: state(&row.state)?,
            decided_at: row.decided_at,
        })
    });
    Ok(Page {
        items: items.collect::<Result<_>>()?,
        next: found.next,
    })
}

/// All but the last four characters hidden.
fn masked(number: &str) -> String {
    let hidden = number.chars().count().saturating_sub(4);
    number
        .chars()
        .enumerate()
        .map(|(at, c)| if at < hidden { '*' } else { c })
        .collect()
}

#[derive(sqlx::FromRow)]
struct WholeRow {
    id: Uuid,
    kind: String,
    full_name: String,
    personal_number: Option<String>,
    passport: Option<String>,
    nationality: String,
    tax_number: Option<String>,
    birth_date: Option<NaiveDate>,
    phone: Option<String>,
    email: Option<String>,
    asked_by: Option<Uuid>,
    asker_name: Option<String>,
    asker_number: Option<String>,
    standing: String,
    paper: String,
    agency: Uuid,
    state: String,
    asked_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    decided_at: Option<DateTime<Utc>>,
    decided_by: Option<Uuid>,
    decider_name: Option<String>,
    reason: String,
    checked_paper: String,
    known: Option<Uuid>,
    known_name: Option<String>,
    known_birth: Option<NaiveDate>,
    has_account: bool,
    others: i64,
}

pub(crate) async fn get(connection: &mut PgConnection, id: Uuid) -> Result<Option<RegistrationDetail>> {
    let row: Option<WholeRow> = sqlx::query_as(
        "SELECT registration.id,
                registration.kind,
                registration.full_name,
                registration.personal_number,
                registration.passport,
                registration.nationality,
                registration.tax_number,
                registration.birth_date,
                registration.phone,
                registration.email,
                registration.asked_by,
                asker.full_name AS asker_name,
                asker.personal_number AS asker_number,
                registration.standing,
                registration.paper,
                registration.agency,
                registration.state,
                registration.asked_at,
                registration.expires_at,
                registration.decided_at,
                registration.decided_by,
                decider.full_name AS decider_name,
                registration.reason,
                registration.checked_paper,
                known.id AS known,
                known.full_name AS known_name,
                known.birth_date AS known_birth,
                EXISTS (SELECT FROM identity.account WHERE account.person = known.id) AS has_account,
                (SELECT count(*) FROM identity.registration AS other
                  WHERE other.subject_key = registration.subject_key AND other.kind = registration.kind
                    AND other.state = 'waiting' AND other.id <> registration.id) AS others
         FROM identity.registration AS registration
         LEFT JOIN identity.account AS asking ON asking.id = registration.asked_by
         LEFT JOIN identity.person AS asker ON asker.id = asking.person
         LEFT JOIN identity.account AS deciding ON deciding.id = registration.decided_by
         LEFT JOIN identity.person AS decider ON decider.id = deciding.person
         LEFT JOIN identity.person AS known
                ON known.personal_number = registration.personal_number
                OR known.passport = registration.passport AND known.nationality = registration.nationality
                OR known.tax_number = registration.tax_number
         WHERE registration.id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(|row| {
        let same_birth = match (row.known_birth, row.birth_date) {
            (Some(known), Some(told)) => known == told,
            _ => true,
        };
        let same_name = row
            .known_name
            .as_deref()
            .is_none_or(|known| text::fold(known) == text::fold(&row.full_name));
        Ok(RegistrationDetail {
            id: row.id,
            kind: kind(&row.kind)?,
            full_name: row.full_name,
            personal_number: row.personal_number,
            passport: row.passport,
            nationality: row.nationality,
            tax_number: row.tax_number,
            birth_date: row.birth_date,
            phone: row.phone,
            email: row.email,
            asked_by: row.asked_by.map(AccountId::from),
            asker_name: row.asker_name,
            asker_number: row.asker_number,
            standing: Standing::parse(&row.standing),
            paper: row.paper,
            agency: row.agency.into(),
            state: state(&row.state)?,
            asked_at: row.asked_at,
            expires_at: row.expires_at,
            decided_at: row.decided_at,
            decided_by: row.decided_by.map(AccountId::from),
            decider_name: row.decider_name,
            reason: row.reason,
            checked_paper: row.checked_paper,
            differs: row.known.is_some() && !(same_name && same_birth),
            known: row.known.map(PersonId::from),
            has_account: row.has_account,
            others: row.others,
        })
    })
    .transpose()
}

pub(crate) async fn lock(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query("SELECT FROM identity.registration WHERE id = $1 FOR UPDATE")
        .bind(id)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Whoever writes down the same person waits until this operation ends: by number as everywhere, else by the subject.
pub(crate) async fn lock_subject(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query(
        "SELECT pg_advisory_xact_lock(hashtextextended('identity.person:' || coalesce(personal_number, subject_key), 0))
         FROM identity.registration WHERE id = $1",
    )
    .bind(id)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The login that was wanted, and the password.
pub(crate) async fn wanted(connection: &mut PgConnection, id: Uuid) -> Result<(Option<String>, Option<PasswordHash>)> {
    let (login, password): (Option<String>, Option<String>) =
        sqlx::query_as("SELECT coalesce(personal_number, passport), password FROM identity.registration WHERE id = $1")
            .bind(id)
            .fetch_one(connection)
            .await
            .map_err(db::fault)?;
    Ok((login, password.as_deref().map(PasswordHash::parse).transpose()?))
}

fn taken(error: sqlx::Error) -> kernel::Fault {
    match db::violated(&error) {
        Some("person_number" | "person_passport" | "person_tax_number") => error::personal_number_taken(),
        _ => db::fault(error),
    }
}

/// Writes the person of a registration down.
pub(crate) async fn insert_person(
    connection: &mut PgConnection,
    _: &Permit,
    person: PersonId,
    registration: Uuid,
    now: DateTime<Utc>,
) -> Result<()> {
    let (name, number): (String, Option<String>) =
        sqlx::query_as("SELECT full_name, personal_number FROM identity.registration WHERE id = $1")
            .bind(registration)
            .fetch_one(&mut *connection)
            .await
            .map_err(db::fault)?;
    let sex = number
        .and_then(|number| PersonalNumber::parse(&number).ok())
        .map(|number| match number.sex() {
            Sex::Male => "male",
            Sex::Female => "female",
        });
    sqlx::query(
        "INSERT INTO identity.person (
             id, full_name, name_folded, name_key, personal_number, birth_date, sex, nationality, phone, email, kind, passport,
             tax_number, created_at, updated_at)
         SELECT $1, full_name, $3, $4, personal_number, birth_date, $5, nationality, phone, email,
                CASE WHEN tax_number IS NULL THEN 'human' ELSE 'organisation' END, passport, tax_number, $6, $6
         FROM identity.registration WHERE id = $2",
    )
    .bind(person.uuid())
    .bind(registration)
    .bind(text::fold(&name))
    .bind(collation::name_collation_key(&name))
    .bind(sex)
    .bind(now)
    .execute(connection)
    .await
    .map_err(taken)?;
    Ok(())
}

/// What of a known person is missing comes from the registration that was held against the paper.
pub(crate) async fn complete_person(
    connection: &mut PgConnection,
    _: &Permit,
    person: PersonId,
    registration: Uuid,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE identity.person SET
             birth_date = coalesce(person.birth_date, registration.birth_date),
             phone = coalesce(person.phone, registration.phone),
             email = coalesce(person.email, registration.email),
             updated_at = $3
         FROM identity.registration AS registration
         WHERE person.id = $1 AND registration.id = $2
           AND num_nulls(person.birth_date, person.phone, person.email) > 0",
    )
    .bind(person.uuid())
    .bind(registration)
    .bind(now)
    .execute(connection)
    .await
    .map_err(taken)?;
    Ok(())
}

/// How it ends.
pub(crate) struct Decided<'a> {
    pub(crate) state: RegistrationState,
    pub(crate) reason: &'a str,
    pub(crate) paper: &'a str,
    pub(crate) person: Option<PersonId>,
}

/// The password of what was approved is the account's now; of what was refused it stays a while, so that its applicant is told why.
pub(crate) async fn decide(
    connection: &mut PgConnection,
    _: &Permit,
    id: Uuid,
    decided: &Decided<'_>,
    by: Option<AccountId>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE identity.registration SET
             state = $2,
             reason = $3,
             checked_paper = $4,
             person = $5,
             decided_by = $6,
             decided_at = $7,
             password = CASE $2 WHEN 'refused' THEN password END
         WHERE id = $1",
    )
    .bind(id)
    .bind(decided.state.as_str())
    .bind(decided.reason)
    .bind(decided.paper)
    .bind(decided.person.map(PersonId::uuid))
    .bind(by.map(AccountId::uuid))
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Others that wait for the same number to get an account have come too late.
pub(crate) async fn supersede(
    connection: &mut PgConnection,
    _: &Permit,
    approved: Uuid,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE identity.registration AS other SET state = 'superseded', decided_at = $2, password = NULL
         FROM identity.registration AS one
         WHERE one.id = $1 AND other.subject_key = one.subject_key AND other.kind = one.kind
           AND other.state = 'waiting' AND other.id <> one.id",
    )
    .bind(approved)
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Ends what nobody came for, and removes what led to nothing a month ago.
pub(crate) async fn sweep(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let expired = sqlx::query(
        "UPDATE identity.registration SET state = 'expired', decided_at = expires_at
         WHERE state = 'waiting' AND expires_at <= $1",
    )
    .bind(now)
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    let removed = sqlx::query(
        "DELETE FROM identity.registration
         WHERE state IN ('refused', 'expired', 'superseded') AND decided_at < $1",
    )
    .bind(now - KEPT)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(expired.rows_affected() + removed.rows_affected())
}
