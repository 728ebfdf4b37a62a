use chrono::{DateTime, Duration, NaiveDate, Utc};
use db::{Page, PageRequest};
use kernel::{AccountId, AgencyId, PersonId, PersonalNumber, Result, collation, text};
use op::Permit;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;
use vault::Vault;

use super::asked::{ABOUT, Told, put_told, seal_told, told};
use super::person::{details_of, lock_details, number_fault, put_details, sex_word};
use super::sealed::{self, Details, NUMBER, PASSPORT, Written};
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
}

pub(crate) async fn counts(
    connection: &mut PgConnection,
    vault: &Vault,
    asked: &Asked,
    network: &str,
    now: DateTime<Utc>,
) -> Result<Counts> {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM identity.registration
                  WHERE network = $3 AND asked_at > $4 AND asked_by IS NULL) AS of_network,
                (SELECT count(*) FROM identity.registration
                  WHERE number_tag = ANY ($1) AND nationality = $2 AND network = $3 AND asked_at > $5) AS of_subject_here",
    )
    .bind(ABOUT.tags(vault, asked.number())?)
    .bind(&asked.person.nationality)
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

/// How much of one account waits about one and the same organisation or child.
pub(crate) async fn waiting_about(
    connection: &mut PgConnection,
    vault: &Vault,
    account: AccountId,
    number: &str,
) -> Result<i64> {
    sqlx::query_scalar(
        "SELECT count(*) FROM identity.registration WHERE asked_by = $1 AND number_tag = ANY ($2) AND state = 'waiting'",
    )
    .bind(account.uuid())
    .bind(ABOUT.tags(vault, number)?)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// Whether it was written; not when its receipt is known.
pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, vault: &Vault, new: &Asked) -> Result<bool> {
    let person = &new.person;
    let told = Told {
        full_name: person.full_name.clone(),
        personal_number: person.personal_number.as_ref().map(|number| number.as_str().to_owned()),
        passport: new.passport.clone(),
        birth_date: person.birth_date,
        phone: person.phone.as_ref().map(|phone| phone.as_str().to_owned()),
        email: person.email.clone(),
        paper: new.paper.clone(),
        ..Told::default()
    };
    let sealed = seal_told(vault, new.id, &told)?;
    let tag = ABOUT.tag(vault, &sealed, Some(new.number()))?;
    let written = sqlx::query(
        "INSERT INTO identity.registration (
             id, kind, sealed, number_tag, nationality, tax_number, password, receipt_sha256, asked_by, standing, agency, network, state,
             asked_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'waiting', $13, $14)",
    )
    .bind(new.id)
    .bind(new.kind.as_str())
    .bind(sealed)
    .bind(tag)
    .bind(&person.nationality)
    .bind(&new.tax_number)
    .bind(new.password.as_ref().map(PasswordHash::as_str))
    .bind(&new.receipt)
    .bind(new.asked_by.map(AccountId::uuid))
    .bind(new.standing.map(Standing::as_str).unwrap_or_default())
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
    sealed: Vec<u8>,
}

impl ReceiptRow {
    /// With the name of whom it is about.
    fn receipt(self, vault: &Vault) -> Result<(Receipt, String)> {
        let told = told(vault, self.id, &self.sealed)?;
        let receipt = Receipt {
            id: self.id,
            kind: kind(&self.kind)?,
            state: state(&self.state)?,
            agency_name: self.agency_name,
            agency_address: self.agency_address,
            asked_at: self.asked_at,
            expires_at: self.expires_at,
            reason: told.reason,
            // Told to whoever brings the receipt itself.
            check: String::new(),
        };
        Ok((receipt, told.full_name))
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
                    registration.sealed
             FROM identity.registration AS registration
             JOIN identity.agency AS agency ON agency.id = registration.agency ",
            $tail
        )
    };
}

/// The digest of the receipt of a registration.
pub(crate) async fn receipt_of(connection: &mut PgConnection, id: Uuid) -> Result<Vec<u8>> {
    sqlx::query_scalar("SELECT receipt_sha256 FROM identity.registration WHERE id = $1")
        .bind(id)
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn by_receipt(
    connection: &mut PgConnection,
    vault: &Vault,
    receipt: &[u8],
) -> Result<Option<Receipt>> {
    let row: Option<ReceiptRow> = sqlx::query_as(receipts!("WHERE registration.receipt_sha256 = $1"))
        .bind(receipt)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    row.map(|row| Ok(row.receipt(vault)?.0)).transpose()
}

/// What an account has asked for, the newest first, with the names of whom it is about.
pub(crate) async fn of_account(
    connection: &mut PgConnection,
    vault: &Vault,
    account: AccountId,
) -> Result<Vec<(Receipt, String)>> {
    let rows: Vec<ReceiptRow> = sqlx::query_as(receipts!(
        "WHERE registration.asked_by = $1 ORDER BY registration.asked_at DESC, registration.id DESC LIMIT 50"
    ))
    .bind(account.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter().map(|row| row.receipt(vault)).collect()
}

/// What a sign-in needs to know of a registration.
pub(crate) struct SignInRow {
    pub(crate) password: String,
    pub(crate) state: RegistrationState,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) agency_name: String,
    pub(crate) reason: String,
}

/// A registration as a sign-in meets it: its number, what is sealed of it, the hash of the password, state, end of waiting, agency.
type MetRow = (Uuid, Vec<u8>, String, String, DateTime<Utc>, String);

/// The registration that would sign in by this name, its number or its passport: the newest that came from this network, else the newest of all.
/// Strangers may have registered with the same number.
pub(crate) async fn by_login(
    connection: &mut PgConnection,
    vault: &Vault,
    login_folded: &str,
    network: &str,
) -> Result<Option<SignInRow>> {
    let row: Option<MetRow> = sqlx::query_as(
        "SELECT registration.id, registration.sealed, registration.password, registration.state, registration.expires_at, agency.name
         FROM identity.registration AS registration
         JOIN identity.agency AS agency ON agency.id = registration.agency
         WHERE registration.number_tag = ANY ($1) AND registration.password IS NOT NULL
         ORDER BY registration.network = $2 DESC, registration.asked_at DESC, registration.id DESC
         LIMIT 1",
    )
    .bind(ABOUT.tags(vault, &login_folded.to_uppercase())?)
    .bind(network)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(|(id, sealed, password, word, expires_at, agency_name)| {
        Ok(SignInRow {
            password,
            state: state(&word)?,
            expires_at,
            agency_name,
            reason: told(vault, id, &sealed)?.reason,
        })
    })
    .transpose()
}

#[derive(sqlx::FromRow)]
struct ListRow {
    id: Uuid,
    kind: String,
    sealed: Vec<u8>,
    tax_number: Option<String>,
    asked_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    state: String,
    decided_at: Option<DateTime<Utc>>,
}

pub(crate) async fn list(
    connection: &mut PgConnection,
    vault: &Vault,
    agencies: Option<&[AgencyId]>,
    filter: &RegistrationFilter,
    page: &PageRequest,
) -> Result<Page<RegistrationRow>> {
    let mut query = QueryBuilder::<Postgres>::new(
        "SELECT id, kind, sealed, tax_number, asked_at, expires_at, state, decided_at
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
        let tags = ABOUT.tags(vault, &number.to_uppercase())?;
        query.push(" AND number_tag = ANY (").push_bind(tags).push(")");
    }
    if let Some(check) = &filter.check {
        // As `approve::check_of`: the first eight bytes as a number, its last six digits.
        query
            .push(
                " AND lpad(((('x' || left(encode(receipt_sha256, 'hex'), 8))::bit(32)::bigint::numeric * 4294967296
                    + ('x' || substr(encode(receipt_sha256, 'hex'), 9, 8))::bit(32)::bigint) % 1000000)::text, 6, '0') = ",
            )
            .push_bind(check);
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
        let told = told(vault, row.id, &row.sealed)?;
        let number = told.personal_number.or(told.passport).or(row.tax_number);
        Ok(RegistrationRow {
            id: row.id,
            kind: kind(&row.kind)?,
            full_name: told.full_name,
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
    sealed: Vec<u8>,
    nationality: String,
    tax_number: Option<String>,
    asked_by: Option<Uuid>,
    asker: Option<Uuid>,
    asker_name: Option<String>,
    standing: String,
    agency: Uuid,
    state: String,
    asked_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    decided_at: Option<DateTime<Utc>>,
    decided_by: Option<Uuid>,
    decider_name: Option<String>,
    seen_by: Option<Uuid>,
    seen_at: Option<DateTime<Utc>>,
    seen_by_name: Option<String>,
}

pub(crate) async fn get(connection: &mut PgConnection, vault: &Vault, id: Uuid) -> Result<Option<RegistrationDetail>> {
    let row: Option<WholeRow> = sqlx::query_as(
        "SELECT registration.id,
                registration.kind,
                registration.sealed,
                registration.nationality,
                registration.tax_number,
                registration.asked_by,
                asker.id AS asker,
                asker.full_name AS asker_name,
                registration.standing,
                registration.agency,
                registration.state,
                registration.asked_at,
                registration.expires_at,
                registration.decided_at,
                registration.decided_by,
                decider.full_name AS decider_name,
                registration.seen_by,
                registration.seen_at,
                seer.full_name AS seen_by_name
         FROM identity.registration AS registration
         LEFT JOIN identity.account AS asking ON asking.id = registration.asked_by
         LEFT JOIN identity.person AS asker ON asker.id = asking.person
         LEFT JOIN identity.account AS deciding ON deciding.id = registration.decided_by
         LEFT JOIN identity.person AS decider ON decider.id = deciding.person
         LEFT JOIN identity.account AS seeing ON seeing.id = registration.seen_by
         LEFT JOIN identity.person AS seer ON seer.id = seeing.person
         WHERE registration.id = $1",
    )
    .bind(id)
    .fetch_optional(&mut *connection)
    .await
    .map_err(db::fault)?;
    let Some(row) = row else { return Ok(None) };
    let told = told(vault, row.id, &row.sealed)?;
    let asker = match row.asker {
        Some(asker) => details_of(connection, vault, asker.into()).await?,
        None => None,
    };
    let known = known(connection, vault, &told, &row.nationality, row.tax_number.as_deref()).await?;
    let number = told.personal_number.as_deref().or(told.passport.as_deref());
    let number = number.or(row.tax_number.as_deref()).unwrap_or_default();
    let others = sqlx::query_scalar(
        "SELECT count(*) FROM identity.registration
         WHERE number_tag = ANY ($1) AND nationality = $2 AND kind = $3 AND state = 'waiting' AND id <> $4",
    )
    .bind(ABOUT.tags(vault, number)?)
    .bind(&row.nationality)
    .bind(&row.kind)
    .bind(row.id)
    .fetch_one(connection)
    .await
    .map_err(db::fault)?;
    let same = |known: &Known| {
        let same_birth = known.birth_date.is_none() || told.birth_date.is_none() || known.birth_date == told.birth_date;
        same_birth && text::fold(&known.full_name) == text::fold(&told.full_name)
    };
    Ok(Some(RegistrationDetail {
        id: row.id,
        kind: kind(&row.kind)?,
        differs: known.as_ref().is_some_and(|known| !same(known)),
        known: known.as_ref().map(|known| known.id.into()),
        has_account: known.is_some_and(|known| known.has_account),
        full_name: told.full_name,
        personal_number: told.personal_number,
        passport: told.passport,
        nationality: row.nationality,
        tax_number: row.tax_number,
        birth_date: told.birth_date,
        phone: told.phone,
        email: told.email,
        asked_by: row.asked_by.map(AccountId::from),
        asker_name: row.asker_name,
        asker_number: asker.and_then(|asker| asker.personal_number),
        standing: Standing::parse(&row.standing),
        paper: told.paper,
        agency: row.agency.into(),
        state: state(&row.state)?,
        asked_at: row.asked_at,
        expires_at: row.expires_at,
        decided_at: row.decided_at,
        decided_by: row.decided_by.map(AccountId::from),
        decider_name: row.decider_name,
        reason: told.reason,
        checked_paper: told.checked_paper,
        seen_by: row.seen_by.map(AccountId::from),
        seen_by_name: row.seen_by_name,
        seen_at: row.seen_at,
        seen_paper: told.seen_paper,
        takes_two: false,
        awaited: None,
        others,
        concerned: Vec::new(),
    }))
}

/// Whom the platform knows under the number of a registration: of an old number the one who remains.
struct Known {
    id: Uuid,
    full_name: String,
    birth_date: Option<NaiveDate>,
    has_account: bool,
}

async fn known(
    connection: &mut PgConnection,
    vault: &Vault,
    told: &Told,
    nationality: &str,
    tax_number: Option<&str>,
) -> Result<Option<Known>> {
    let tags = |index: sealed::Index, number: &Option<String>| match number {
        Some(number) => index.tags(vault, number),
        None => Ok(Vec::new()),
    };
    let row: Option<(Uuid, String, bool)> = sqlx::query_as(
        "SELECT person.id, person.full_name, EXISTS (SELECT FROM identity.account WHERE account.person = person.id)
         FROM identity.person AS numbered
         JOIN identity.person AS person ON person.id = coalesce(numbered.merged_into, numbered.id)
         WHERE numbered.personal_number = $1 OR numbered.number_tag = ANY ($2)
            OR numbered.passport_tag = ANY ($3) AND numbered.nationality = $4
            OR numbered.tax_number = $5
         LIMIT 1",
    )
    .bind(&told.personal_number)
    .bind(tags(NUMBER, &told.personal_number)?)
    .bind(tags(PASSPORT, &told.passport)?)
    .bind(nationality)
    .bind(tax_number)
    .fetch_optional(&mut *connection)
    .await
    .map_err(db::fault)?;
    let Some((id, full_name, has_account)) = row else {
        return Ok(None);
    };
    let details = details_of(connection, vault, id.into()).await?;
    Ok(Some(Known {
        id,
        full_name,
        birth_date: details.and_then(|details| details.birth_date),
        has_account,
    }))
}

/// What waits to act for the same organisation or child.
pub(crate) async fn waiting_for(
    connection: &mut PgConnection,
    vault: &Vault,
    row: &RegistrationDetail,
) -> Result<Vec<Uuid>> {
    let number = row.personal_number.as_ref().or(row.tax_number.as_ref());
    sqlx::query_scalar(
        "SELECT id FROM identity.registration
         WHERE number_tag = ANY ($1) AND asked_by IS NOT NULL AND state = 'waiting' AND id <> $2
         ORDER BY asked_at LIMIT 200",
    )
    .bind(ABOUT.tags(vault, number.map_or("", String::as_str))?)
    .bind(row.id)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Whoever decides and whoever is concerned and answers wait for each other: what was said before counts, and what comes after is too late. Behind the wall
/// those who are asked cannot lock the row.
pub(crate) async fn lock_voices(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('identity.voices:' || $1, 0))")
        .bind(id.to_string())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Whoever has asked and whom it is about, before the registration itself: where accounts are joined the order is the same (accounts, people, registrations).
pub(crate) async fn lock_parties(connection: &mut PgConnection, row: &RegistrationDetail) -> Result<()> {
    let asker: Option<Uuid> = sqlx::query_scalar("SELECT person FROM identity.account WHERE id = $1 FOR NO KEY UPDATE")
        .bind(row.asked_by.map(AccountId::uuid))
        .fetch_optional(&mut *connection)
        .await
        .map_err(db::fault)?;
    let people: Vec<Uuid> = asker.into_iter().chain(row.known.map(PersonId::uuid)).collect();
    sqlx::query("SELECT FROM identity.person WHERE id = ANY ($1) ORDER BY id FOR UPDATE")
        .bind(people)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn lock(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query("SELECT FROM identity.registration WHERE id = $1 FOR UPDATE")
        .bind(id)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Whoever writes down the same person waits until this operation ends: by number as everywhere, else by passport or tax number.
pub(crate) async fn lock_subject(connection: &mut PgConnection, row: &RegistrationDetail) -> Result<()> {
    if let Some(number) = &row.personal_number {
        return super::person::lock_number(connection, &PersonalNumber::parse(number)?).await;
    }
    let other = row.passport.as_ref().or(row.tax_number.as_ref());
    let word = format!("{}:{}", row.nationality, other.map_or("", String::as_str));
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('identity.person:' || $1, 0))")
        .bind(word)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// The password that was typed.
pub(crate) async fn password(connection: &mut PgConnection, id: Uuid) -> Result<Option<PasswordHash>> {
    let password: Option<String> = sqlx::query_scalar("SELECT password FROM identity.registration WHERE id = $1")
        .bind(id)
        .fetch_one(connection)
        .await
        .map_err(db::fault)?;
    password.as_deref().map(PasswordHash::parse).transpose()
}

/// Writes the person of a registration down.
pub(crate) async fn insert_person(
    connection: &mut PgConnection,
    _: &Permit,
    vault: &Vault,
    person: PersonId,
    row: &RegistrationDetail,
    now: DateTime<Utc>,
) -> Result<()> {
    let number = row.personal_number.as_deref().map(PersonalNumber::parse).transpose()?;
    let details = Details {
        personal_number: row.personal_number.clone(),
        passport: row.passport.clone(),
        birth_date: row.birth_date,
        sex: number.map(|number| sex_word(number.sex()).to_owned()),
        phone: row.phone.clone(),
        email: row.email.clone(),
        ..Details::default()
    };
    let written = Written::of(vault, person.uuid(), &details)?;
    sqlx::query(
        "INSERT INTO identity.person (
             id, full_name, name_folded, name_key, sealed, number_tag, passport_tag, phone_tag, nationality, kind, tax_number, created_at,
             updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $10::text IS NULL THEN 'human' ELSE 'organisation' END, $10, $11, $11)",
    )
    .bind(person.uuid())
    .bind(&row.full_name)
    .bind(text::fold(&row.full_name))
    .bind(collation::name_collation_key(&row.full_name))
    .bind(written.sealed)
    .bind(written.number_tag)
    .bind(written.passport_tag)
    .bind(written.phone_tag)
    .bind(&row.nationality)
    .bind(&row.tax_number)
    .bind(now)
    .execute(connection)
    .await
    .map_err(number_fault)?;
    Ok(())
}

/// What of a known person is missing comes from the registration that was held against the paper.
pub(crate) async fn complete_person(
    connection: &mut PgConnection,
    permit: &Permit,
    vault: &Vault,
    person: PersonId,
    row: &RegistrationDetail,
    now: DateTime<Utc>,
) -> Result<()> {
    let known = lock_details(connection, vault, person)
        .await?
        .ok_or_else(error::person_not_found)?;
    if known.birth_date.is_some() && known.phone.is_some() && known.email.is_some() {
        return Ok(());
    }
    let whole = Details {
        birth_date: known.birth_date.or(row.birth_date),
        phone: known.phone.or_else(|| row.phone.clone()),
        email: known.email.or_else(|| row.email.clone()),
        ..known
    };
    put_details(connection, permit, vault, person, &whole).await?;
    sqlx::query("UPDATE identity.person SET updated_at = $2 WHERE id = $1")
        .bind(person.uuid())
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
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
    permit: &Permit,
    vault: &Vault,
    id: Uuid,
    decided: &Decided<'_>,
    by: Option<AccountId>,
    now: DateTime<Utc>,
) -> Result<()> {
    let sealed: Vec<u8> = sqlx::query_scalar(
        "UPDATE identity.registration SET
             state = $2,
             person = $3,
             decided_by = $4,
             decided_at = $5,
             seen_by = nullif(seen_by, $4),
             seen_at = CASE WHEN seen_by IS DISTINCT FROM $4 THEN seen_at END,
             password = CASE $2 WHEN 'refused' THEN password END
         WHERE id = $1
         RETURNING sealed",
    )
    .bind(id)
    .bind(decided.state.as_str())
    .bind(decided.person.map(PersonId::uuid))
    .bind(by.map(AccountId::uuid))
    .bind(now)
    .fetch_one(&mut *connection)
    .await
    .map_err(db::fault)?;
    let told = Told {
        reason: decided.reason.to_owned(),
        checked_paper: decided.paper.to_owned(),
        ..told(vault, id, &sealed)?
    };
    put_told(connection, permit, vault, id, &told).await
}

/// The first of two officials has seen the paper.
pub(crate) async fn see(
    connection: &mut PgConnection,
    permit: &Permit,
    vault: &Vault,
    id: Uuid,
    (paper, by, now): (&str, AccountId, DateTime<Utc>),
) -> Result<()> {
    let sealed: Vec<u8> = sqlx::query_scalar(
        "UPDATE identity.registration SET seen_by = $2, seen_at = $3 WHERE id = $1 RETURNING sealed",
    )
    .bind(id)
    .bind(by.uuid())
    .bind(now)
    .fetch_one(&mut *connection)
    .await
    .map_err(db::fault)?;
    let told = Told {
        seen_paper: paper.to_owned(),
        ..told(vault, id, &sealed)?
    };
    put_told(connection, permit, vault, id, &told).await
}

/// Others that wait for the same number to get an account have come too late.
pub(crate) async fn supersede(
    connection: &mut PgConnection,
    _: &Permit,
    vault: &Vault,
    approved: &RegistrationDetail,
    now: DateTime<Utc>,
) -> Result<()> {
    let number = approved.personal_number.as_ref().or(approved.passport.as_ref());
    sqlx::query(
        "UPDATE identity.registration SET state = 'superseded', decided_at = $5, password = NULL
         WHERE number_tag = ANY ($1) AND nationality = $2 AND kind = $3 AND state = 'waiting' AND id <> $4",
    )
    .bind(ABOUT.tags(vault, number.map_or("", String::as_str))?)
    .bind(&approved.nationality)
    .bind(approved.kind.as_str())
    .bind(approved.id)
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Ends what nobody came for, forgets from where things were asked when that is counted no more, and removes what led to nothing a month ago.
pub(crate) async fn sweep(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let expired = sqlx::query(
        "UPDATE identity.registration SET state = 'expired', decided_at = expires_at
         WHERE state = 'waiting' AND expires_at <= $1",
    )
    .bind(now)
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    let forgotten = sqlx::query("UPDATE identity.registration SET network = '' WHERE network <> '' AND asked_at < $1")
        .bind(now - Duration::days(1))
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
    Ok(expired.rows_affected() + forgotten.rows_affected() + removed.rows_affected())
}
