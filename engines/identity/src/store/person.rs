use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use db::{Page, PageRequest};
use kernel::code::Sex;
use kernel::{AccountId, PersonId, PersonalNumber, PhoneNumber, Result, collation, text};
use op::Permit;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::error;
use crate::model::{Contact, Person, PersonRow, Residence};
use crate::people::{NewPerson, Question};

#[derive(sqlx::FromRow)]
struct WholeRow {
    id: Uuid,
    full_name: String,
    personal_number: Option<String>,
    birth_date: Option<NaiveDate>,
    sex: Option<String>,
    ethnicity: Option<String>,
    nationality: String,
    residence_ward: Option<String>,
    residence_detail: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    synthetic: bool,
}

impl WholeRow {
    fn into_person(self) -> Result<Person> {
        Ok(Person {
            id: self.id.into(),
            full_name: self.full_name,
            personal_number: self.personal_number.as_deref().map(PersonalNumber::parse).transpose()?,
            birth_date: self.birth_date,
            sex: self.sex.as_deref().map(sex).transpose()?,
            ethnicity: self.ethnicity,
            nationality: self.nationality,
            residence: self.residence_ward.map(|ward_code| Residence {
                ward_code,
                detail: self.residence_detail.unwrap_or_default(),
            }),
            phone: self.phone.as_deref().map(PhoneNumber::parse).transpose()?,
            email: self.email,
            synthetic: self.synthetic,
        })
    }
}

#[derive(sqlx::FromRow)]
struct ListRow {
    id: Uuid,
    full_name: String,
    name_key: String,
    personal_number: Option<String>,
    birth_date: Option<NaiveDate>,
    residence_ward: Option<String>,
}

#[derive(sqlx::FromRow)]
struct ContactRow {
    person: Uuid,
    full_name: String,
    email: Option<String>,
    phone: Option<String>,
}

fn sex(word: &str) -> Result<Sex> {
    match word {
        "male" => Ok(Sex::Male),
        "female" => Ok(Sex::Female),
        _ => Err(super::unknown_word("person.sex")),
    }
}

fn sex_word(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "male",
        Sex::Female => "female",
    }
}

pub(crate) async fn exists(connection: &mut PgConnection, id: PersonId) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM identity.person WHERE id = $1)")
        .bind(id.uuid())
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn get(connection: &mut PgConnection, id: PersonId) -> Result<Option<Person>> {
    sqlx::query_as::<_, WholeRow>(
        "SELECT id,
                full_name,
                personal_number,
                birth_date,
                sex,
                ethnicity,
                nationality,
                residence_ward,
                residence_detail,
                phone,
                email,
                synthetic
         FROM identity.person
         WHERE id = $1",
    )
    .bind(id.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?
    .map(WholeRow::into_person)
    .transpose()
}

/// The same, locked to the end of the operation.
pub(crate) async fn lock(connection: &mut PgConnection, id: PersonId) -> Result<Option<Person>> {
    sqlx::query("SELECT FROM identity.person WHERE id = $1 FOR UPDATE")
        .bind(id.uuid())
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    get(connection, id).await
}

/// The person whom the natural key of `new` means. Locked, so that two writers do not both bring it up to date.
pub(crate) async fn known(connection: &mut PgConnection, new: &NewPerson) -> Result<Option<PersonId>> {
    let mut found: Option<Uuid> = None;
    if let Some(number) = &new.personal_number {
        found = sqlx::query_scalar("SELECT id FROM identity.person WHERE personal_number = $1 FOR UPDATE")
            .bind(number.as_str())
            .fetch_optional(&mut *connection)
            .await
            .map_err(db::fault)?;
    }
    if let (None, Some(key)) = (found, &new.source_key) {
        found = sqlx::query_scalar("SELECT id FROM identity.person WHERE source_key = $1 FOR UPDATE")
            .bind(key)
            .fetch_optional(connection)
            .await
            .map_err(db::fault)?;
    }
    Ok(found.map(PersonId::from))
}

pub(crate) async fn by_number(connection: &mut PgConnection, number: &PersonalNumber) -> Result<Option<PersonId>> {
    let id: Option<Uuid> = sqlx::query_scalar("SELECT id FROM identity.person WHERE personal_number = $1")
        .bind(number.as_str())
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    Ok(id.map(PersonId::from))
}

/// Whoever writes down somebody with this number waits for the others who do, until the operation ends.
pub(crate) async fn lock_number(connection: &mut PgConnection, number: &PersonalNumber) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('identity.person:' || $1, 0))")
        .bind(number.as_str())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Each person once, in the order of their numbers.
pub(crate) async fn accounts_by_numbers(
    connection: &mut PgConnection,
    numbers: &[PersonalNumber],
) -> Result<Vec<(PersonId, Option<AccountId>)>> {
    let numbers: Vec<&str> = numbers.iter().map(PersonalNumber::as_str).collect();
    let rows: Vec<(Uuid, Option<Uuid>)> = sqlx::query_as(
        "SELECT person.id,
                account.id
         FROM identity.person AS person
         LEFT JOIN identity.account AS account ON account.person = person.id AND account.state <> 'closed'
         WHERE person.personal_number = ANY ($1)
         ORDER BY person.personal_number",
    )
    .bind(numbers)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let pair = |(person, account): (Uuid, Option<Uuid>)| (person.into(), account.map(AccountId::from));
    Ok(rows.into_iter().map(pair).collect())
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    _permit: &Permit,
    id: PersonId,
    new: &NewPerson,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO identity.person (
             id, full_name, name_folded, name_key, personal_number, birth_date, sex, ethnicity, nationality,
             residence_ward, residence_detail, phone, email, synthetic, source_key, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)",
    )
    .bind(id.uuid())
    .bind(&new.full_name)
    .bind(text::fold(&new.full_name))
    .bind(collation::name_collation_key(&new.full_name))
    .bind(new.personal_number.as_ref().map(PersonalNumber::as_str))
    .bind(new.birth_date)
    .bind(new.sex.map(sex_word))
    .bind(&new.ethnicity)
    .bind(&new.nationality)
    .bind(new.residence.as_ref().map(|home| &home.ward_code))
    .bind(new.residence.as_ref().map(|home| &home.detail))
    .bind(new.phone.as_ref().map(PhoneNumber::as_str))
    .bind(&new.email)
    .bind(new.synthetic)
    .bind(&new.source_key)
    .bind(now)
    .execute(connection)
    .await
    .map_err(number_fault)?;
    Ok(())
}

pub(crate) async fn update(
    connection: &mut PgConnection,
    _permit: &Permit,
    id: PersonId,
    new: &NewPerson,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE identity.person SET
             full_name = $2,
             name_folded = $3,
             name_key = $4,
             personal_number = coalesce($5, personal_number),
             birth_date = $6,
             sex = $7,
             ethnicity = $8,
             nationality = $9,
             residence_ward = $10,
             residence_detail = $11,
             phone = $12,
             email = $13,
             synthetic = $14,
             source_key = coalesce($15, source_key),
             updated_at = $16
         WHERE id = $1",
    )
    .bind(id.uuid())
    .bind(&new.full_name)
    .bind(text::fold(&new.full_name))
    .bind(collation::name_collation_key(&new.full_name))
    .bind(new.personal_number.as_ref().map(PersonalNumber::as_str))
    .bind(new.birth_date)
    .bind(new.sex.map(sex_word))
    .bind(&new.ethnicity)
    .bind(&new.nationality)
    .bind(new.residence.as_ref().map(|home| &home.ward_code))
    .bind(new.residence.as_ref().map(|home| &home.detail))
    .bind(new.phone.as_ref().map(PhoneNumber::as_str))
    .bind(&new.email)
    .bind(new.synthetic)
    .bind(&new.source_key)
    .bind(now)
    .execute(connection)
    .await
    .map_err(number_fault)?;
    Ok(())
}

/// Name and contact details; all else stays.
pub(crate) async fn change(
    connection: &mut PgConnection,
    _permit: &Permit,
    id: PersonId,
    to: &NewPerson,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE identity.person SET
             full_name = $2,
             name_folded = $3,
             name_key = $4,
             phone = $5,
             email = $6,
             updated_at = $7
         WHERE id = $1",
    )
    .bind(id.uuid())
    .bind(&to.full_name)
    .bind(text::fold(&to.full_name))
    .bind(collation::name_collation_key(&to.full_name))
    .bind(to.phone.as_ref().map(PhoneNumber::as_str))
    .bind(&to.email)
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

fn number_fault(error: sqlx::Error) -> kernel::Fault {
    match db::violated(&error) {
        Some("person_number" | "person_source") => error::personal_number_taken(),
        _ => db::fault(error),
    }
}

pub(crate) async fn find(
    connection: &mut PgConnection,
    question: &Question,
    page: &PageRequest,
) -> Result<Page<PersonRow>> {
    let mut query = QueryBuilder::<Postgres>::new(
        "SELECT id, full_name, name_key, personal_number, birth_date, residence_ward
         FROM identity.person
         WHERE kind = 'human'",
    );
    match question {
        Question::Number(number) => {
            query
                .push(" AND personal_number = ")
                .push_bind(number.as_str().to_owned());
        }
        Question::Phone(phone) => {
            query.push(" AND phone = ").push_bind(phone.as_str().to_owned());
        }
        Question::Words(words) => {
            // Words hold letters and digits only, so nothing in them is a wildcard.
            for word in words {
                query
                    .push(" AND (' ' || name_folded) LIKE ")
                    .push_bind(format!("% {word}%"));
            }
        }
    }
    if let Some(after) = &page.after {
        let (key, id): (String, Uuid) = db::cursor::decode(after)?;
        query
            .push(" AND (name_key, id) > (")
            .push_bind(key)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    query.push(" ORDER BY name_key, id LIMIT ").push_bind(page.probe());
    let rows = query
        .build_query_as::<ListRow>()
        .fetch_all(connection)
        .await
        .map_err(db::fault)?;
    Ok(
        Page::cut(rows, page, |row| (row.name_key.clone(), row.id)).map(|row| PersonRow {
            id: row.id.into(),
            full_name: row.full_name,
            personal_number_masked: row
                .personal_number
                .and_then(|n| PersonalNumber::parse(&n).ok())
                .map(|n| n.masked()),
            birth_date: row.birth_date,
            ward_code: row.residence_ward,
        }),
    )
}

pub(crate) async fn names(connection: &mut PgConnection, people: &[PersonId]) -> Result<BTreeMap<PersonId, String>> {
    let ids: Vec<Uuid> = people.iter().map(|id| id.uuid()).collect();
    let rows: Vec<(Uuid, String)> = sqlx::query_as("SELECT id, full_name FROM identity.person WHERE id = ANY ($1)")
        .bind(ids)
        .fetch_all(connection)
        .await
        .map_err(db::fault)?;
    Ok(rows.into_iter().map(|(id, name)| (id.into(), name)).collect())
}

pub(crate) async fn contact(connection: &mut PgConnection, account: AccountId) -> Result<Option<Contact>> {
    let row = sqlx::query_as::<_, ContactRow>(
        "SELECT person.id AS person, person.full_name, person.email, person.phone
         FROM identity.account AS account
         JOIN identity.person AS person ON person.id = account.person
         WHERE account.id = $1",
    )
    .bind(account.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(|row| {
        Ok(Contact {
            person: row.person.into(),
            name: row.full_name,
            email: row.email,
            phone: row.phone.as_deref().map(PhoneNumber::parse).transpose()?,
        })
    })
    .transpose()
}
