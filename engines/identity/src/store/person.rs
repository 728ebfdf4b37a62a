use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use db::{Page, PageRequest};
use kernel::code::Sex;
use kernel::{AccountId, PersonId, PersonalNumber, PhoneNumber, Result, collation, text};
use op::Permit;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;
use vault::Vault;

use super::sealed::{self, Details, DetailsRow, Written};
use crate::error;
use crate::model::{Contact, Person, PersonRow, Residence};
use crate::people::{NewPerson, Question};

#[derive(sqlx::FromRow)]
struct WholeRow {
    full_name: String,
    nationality: String,
    residence_ward: Option<String>,
    synthetic: bool,
    #[sqlx(flatten)]
    details: DetailsRow,
}

impl WholeRow {
    fn into_person(self, vault: &Vault) -> Result<Person> {
        let id = self.details.id;
        let details = self.details.open(vault)?;
        Ok(Person {
            id: id.into(),
            full_name: self.full_name,
            personal_number: details
                .personal_number
                .as_deref()
                .map(PersonalNumber::parse)
                .transpose()?,
            birth_date: details.birth_date,
            sex: details.sex.as_deref().map(sex).transpose()?,
            ethnicity: details.ethnicity,
            nationality: self.nationality,
            residence: self.residence_ward.map(|ward_code| Residence {
                ward_code,
                detail: details.residence_detail.unwrap_or_default(),
            }),
            phone: details.phone.as_deref().map(PhoneNumber::parse).transpose()?,
            email: details.email,
            synthetic: self.synthetic,
        })
    }
}

#[derive(sqlx::FromRow)]
struct ListRow {
    full_name: String,
    name_key: String,
    residence_ward: Option<String>,
    #[sqlx(flatten)]
    details: DetailsRow,
}

#[derive(sqlx::FromRow)]
struct ContactRow {
    full_name: String,
    #[sqlx(flatten)]
    details: DetailsRow,
}

/// What is sealed of somebody who is written down.
fn details(new: &NewPerson) -> Details {
    Details {
        personal_number: new.personal_number.as_ref().map(|number| number.as_str().to_owned()),
        passport: None,
        birth_date: new.birth_date,
        sex: new.sex.map(|sex| sex_word(sex).to_owned()),
        ethnicity: new.ethnicity.clone(),
        residence_detail: new.residence.as_ref().map(|home| home.detail.clone()),
        phone: new.phone.as_ref().map(|phone| phone.as_str().to_owned()),
        email: new.email.clone(),
    }
}

fn sex(word: &str) -> Result<Sex> {
    match word {
        "male" => Ok(Sex::Male),
        "female" => Ok(Sex::Female),
        _ => Err(super::unknown_word("person.sex")),
    }
}

pub(crate) fn sex_word(sex: Sex) -> &'static str {
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

pub(crate) async fn get(connection: &mut PgConnection, vault: &Vault, id: PersonId) -> Result<Option<Person>> {
    sqlx::query_as::<_, WholeRow>(
        "SELECT id,
                full_name,
                sealed,
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
    .map(|row| row.into_person(vault))
    .transpose()
}

/// The same, locked to the end of the operation.
pub(crate) async fn lock(connection: &mut PgConnection, vault: &Vault, id: PersonId) -> Result<Option<Person>> {
    sqlx::query("SELECT FROM identity.person WHERE id = $1 FOR UPDATE")
        .bind(id.uuid())
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    get(connection, vault, id).await
}

/// The person whom the natural key of `new` means, and who remains of them where they were merged into somebody. Locked, so that two writers do not both bring it up to date; whoever writes down the same number
/// waits, so that one number is one person while keys change too.
pub(crate) async fn known(
    connection: &mut PgConnection,
    vault: &Vault,
    new: &NewPerson,
) -> Result<Option<[PersonId; 2]>> {
    let mut found: Option<Uuid> = None;
    if let Some(number) = &new.personal_number {
        lock_number(connection, number).await?;
        let rows = sqlx::query_as(
            "SELECT id, sealed, personal_number, birth_date, sex, ethnicity, residence_detail, phone, email
             FROM identity.person
             WHERE personal_number = $1 OR number_tag = ANY ($2)
             FOR UPDATE",
        )
        .bind(number.as_str())
        .bind(sealed::of_number(vault, number)?)
        .fetch_all(&mut *connection)
        .await
        .map_err(db::fault)?;
        found = only(vault, number, rows)?;
    }
    if let (None, Some(key)) = (found, &new.source_key) {
        found = sqlx::query_scalar("SELECT id FROM identity.person WHERE source_key = $1 FOR UPDATE")
            .bind(key)
            .fetch_optional(&mut *connection)
            .await
            .map_err(db::fault)?;
    }
    let Some(known) = found.map(PersonId::from) else {
        return Ok(None);
    };
    Ok(Some([known, super::merge::remaining(connection, known).await?]))
}

/// Who remains of the person with this number.
pub(crate) async fn by_number(
    connection: &mut PgConnection,
    vault: &Vault,
    number: &PersonalNumber,
) -> Result<Option<PersonId>> {
    let rows = sqlx::query_as(
        "SELECT id, sealed, personal_number, birth_date, sex, ethnicity, residence_detail, phone, email
         FROM identity.person
         WHERE personal_number = $1 OR number_tag = ANY ($2)",
    )
    .bind(number.as_str())
    .bind(sealed::of_number(vault, number)?)
    .fetch_all(&mut *connection)
    .await
    .map_err(db::fault)?;
    match only(vault, number, rows)?.map(PersonId::from) {
        Some(known) => super::merge::remaining(connection, known).await.map(Some),
        None => Ok(None),
    }
}

/// The same of many numbers.
pub(crate) async fn by_numbers(
    connection: &mut PgConnection,
    vault: &Vault,
    numbers: &[PersonalNumber],
) -> Result<BTreeMap<PersonalNumber, PersonId>> {
    let mut found = BTreeMap::new();
    if numbers.is_empty() {
        return Ok(found);
    }
    let mut tags = Vec::new();
    for number in numbers {
        tags.extend(sealed::of_number(vault, number)?);
    }
    let rows: Vec<DetailsRow> = sqlx::query_as(
        "SELECT id, sealed, personal_number, birth_date, sex, ethnicity, residence_detail, phone, email
         FROM identity.person
         WHERE personal_number = ANY ($1) OR number_tag = ANY ($2)",
    )
    .bind(numbers.iter().map(PersonalNumber::as_str).collect::<Vec<_>>())
    .bind(tags)
    .fetch_all(&mut *connection)
    .await
    .map_err(db::fault)?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let remaining = super::merge::all_remaining(connection, &ids).await?;
    for row in rows {
        let id = row.id;
        let known = row.open(vault)?.personal_number;
        let number = numbers.iter().find(|number| known.as_deref() == Some(number.as_str()));
        let remains = remaining.get(&id).copied().unwrap_or(id);
        let Some(number) = number else {
            return Err(super::row_broken("person", id));
        };
        if found.insert(number.clone(), PersonId::from(remains)).is_some() {
            return Err(super::row_broken("person", id));
        }
    }
    Ok(found)
}

/// The one who has this number, as the row itself says: a hash that was moved there finds nobody else. Fails with `identity.row_broken`.
fn only(vault: &Vault, number: &PersonalNumber, rows: Vec<DetailsRow>) -> Result<Option<Uuid>> {
    let mut found = None;
    for row in rows {
        let id = row.id;
        let details = row.open(vault)?;
        if found.is_some() || details.personal_number.as_deref() != Some(number.as_str()) {
            return Err(super::row_broken("person", id));
        }
        found = Some(id);
    }
    Ok(found)
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

/// Each person once.
pub(crate) async fn accounts_by_numbers(
    connection: &mut PgConnection,
    vault: &Vault,
    numbers: &[PersonalNumber],
) -> Result<Vec<(PersonId, Option<AccountId>)>> {
    let mut tags = Vec::new();
    for number in numbers {
        tags.extend(sealed::of_number(vault, number)?);
    }
    let numbers: Vec<&str> = numbers.iter().map(PersonalNumber::as_str).collect();
    let rows: Vec<(Uuid, Option<Uuid>)> = sqlx::query_as(
        "SELECT DISTINCT person.id,
                account.id
         FROM identity.person AS numbered
         JOIN identity.person AS person ON person.id = coalesce(numbered.merged_into, numbered.id)
         LEFT JOIN identity.account AS account ON account.person = person.id AND account.state <> 'closed'
         WHERE numbered.personal_number = ANY ($1) OR numbered.number_tag = ANY ($2)
         ORDER BY person.id",
    )
    .bind(numbers)
    .bind(tags)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let pair = |(person, account): (Uuid, Option<Uuid>)| (person.into(), account.map(AccountId::from));
    Ok(rows.into_iter().map(pair).collect())
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    _permit: &Permit,
    vault: &Vault,
    id: PersonId,
    new: &NewPerson,
    now: DateTime<Utc>,
) -> Result<()> {
    let written = Written::of(vault, id.uuid(), &details(new))?;
    sqlx::query(
        "INSERT INTO identity.person (
             id, full_name, name_folded, name_key, sealed, number_tag, phone_tag, nationality, residence_ward, synthetic, source_key,
             created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)",
    )
    .bind(id.uuid())
    .bind(&new.full_name)
    .bind(text::fold(&new.full_name))
    .bind(collation::name_collation_key(&new.full_name))
    .bind(written.sealed)
    .bind(written.number_tag)
    .bind(written.phone_tag)
    .bind(&new.nationality)
    .bind(new.residence.as_ref().map(|home| &home.ward_code))
    .bind(new.synthetic)
    .bind(&new.source_key)
    .bind(now)
    .execute(connection)
    .await
    .map_err(number_fault)?;
    Ok(())
}

/// Everything anew, but for a number or passport that is known and not given.
pub(crate) async fn update(
    connection: &mut PgConnection,
    _permit: &Permit,
    vault: &Vault,
    id: PersonId,
    new: &NewPerson,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut anew = details(new);
    if anew.personal_number.is_none() {
        let known = lock_details(connection, vault, id).await?;
        (anew.personal_number, anew.passport) =
            known.map_or((None, None), |known| (known.personal_number, known.passport));
    }
    let written = Written::of(vault, id.uuid(), &anew)?;
    sqlx::query(
        "UPDATE identity.person SET
             full_name = $2,
             name_folded = $3,
             name_key = $4,
             sealed = $5,
             number_tag = $6,
             phone_tag = $7,
             passport_tag = $13,
             personal_number = NULL,
             birth_date = NULL,
             sex = NULL,
             ethnicity = NULL,
             residence_detail = NULL,
             phone = NULL,
             email = NULL,
             nationality = $8,
             residence_ward = $9,
             synthetic = $10,
             source_key = coalesce($11, source_key),
             updated_at = $12
         WHERE id = $1",
    )
    .bind(id.uuid())
    .bind(&new.full_name)
    .bind(text::fold(&new.full_name))
    .bind(collation::name_collation_key(&new.full_name))
    .bind(written.sealed)
    .bind(written.number_tag)
    .bind(written.phone_tag)
    .bind(&new.nationality)
    .bind(new.residence.as_ref().map(|home| &home.ward_code))
    .bind(new.synthetic)
    .bind(&new.source_key)
    .bind(now)
    .bind(written.passport_tag)
    .execute(connection)
    .await
    .map_err(number_fault)?;
    Ok(())
}

/// What is sealed of a person.
pub(crate) async fn details_of(connection: &mut PgConnection, vault: &Vault, id: PersonId) -> Result<Option<Details>> {
    let row: Option<DetailsRow> = sqlx::query_as(
        "SELECT id, sealed, personal_number, birth_date, sex, ethnicity, residence_detail, phone, email
         FROM identity.person
         WHERE id = $1",
    )
    .bind(id.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(|row| row.open(vault)).transpose()
}

/// The same, locked to the end of the operation.
pub(crate) async fn lock_details(
    connection: &mut PgConnection,
    vault: &Vault,
    id: PersonId,
) -> Result<Option<Details>> {
    let row: Option<DetailsRow> = sqlx::query_as(
        "SELECT id, sealed, personal_number, birth_date, sex, ethnicity, residence_detail, phone, email
         FROM identity.person
         WHERE id = $1
         FOR UPDATE",
    )
    .bind(id.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(|row| row.open(vault)).transpose()
}

/// Writes other details of a person.
pub(crate) async fn put_details(
    connection: &mut PgConnection,
    permit: &Permit,
    vault: &Vault,
    id: PersonId,
    details: &Details,
) -> Result<()> {
    let written = Written::of(vault, id.uuid(), details)?;
    match sealed::put_people(connection, permit, &[id.uuid()], &[written]).await? {
        true => Ok(()),
        false => Err(error::personal_number_taken()),
    }
}

/// Name and contact details; all else stays.
pub(crate) async fn change(
    connection: &mut PgConnection,
    permit: &Permit,
    vault: &Vault,
    id: PersonId,
    to: &NewPerson,
    now: DateTime<Utc>,
) -> Result<()> {
    let anew = details(to);
    let known = lock_details(connection, vault, id)
        .await?
        .ok_or_else(error::person_not_found)?;
    let changed = Details {
        phone: anew.phone,
        email: anew.email,
        ..known
    };
    put_details(connection, permit, vault, id, &changed).await?;
    sqlx::query(
        "UPDATE identity.person SET
             full_name = $2,
             name_folded = $3,
             name_key = $4,
             updated_at = $5
         WHERE id = $1",
    )
    .bind(id.uuid())
    .bind(&to.full_name)
    .bind(text::fold(&to.full_name))
    .bind(collation::name_collation_key(&to.full_name))
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) fn number_fault(error: sqlx::Error) -> kernel::Fault {
    match db::violated(&error) {
        Some("person_number" | "person_number_tag" | "person_passport_tag" | "person_tax_number" | "person_source") => {
            error::personal_number_taken()
        }
        _ => db::fault(error),
    }
}

pub(crate) async fn find(
    connection: &mut PgConnection,
    vault: &Vault,
    question: &Question,
    page: &PageRequest,
) -> Result<Page<PersonRow>> {
    let mut query = QueryBuilder::<Postgres>::new(
        "SELECT id, full_name, name_key, sealed, personal_number, birth_date, sex, ethnicity, residence_ward, residence_detail, phone, email
         FROM identity.person
         WHERE kind = 'human' AND merged_into IS NULL",
    );
    match question {
        Question::Number(number) => {
            query
                .push(" AND id IN (SELECT coalesce(merged_into, id) FROM identity.person WHERE personal_number = ")
                .push_bind(number.as_str().to_owned())
                .push(" OR number_tag = ANY (")
                .push_bind(sealed::of_number(vault, number)?)
                .push("))");
        }
        Question::Phone(phone) => {
            query
                .push(" AND (phone = ")
                .push_bind(phone.as_str().to_owned())
                .push(" OR phone_tag = ANY (")
                .push_bind(sealed::of_phone(vault, phone)?)
                .push("))");
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
        .fetch_all(&mut *connection)
        .await
        .map_err(db::fault)?;
    let cut = Page::cut(rows, page, |row| (row.name_key.clone(), row.details.id));
    // Somebody who was found by an old number has another one now.
    let renumbered = match question {
        Question::Number(number) if !cut.items.is_empty() => by_old_number(connection, vault, number).await?,
        _ => None,
    };
    let person = |row: ListRow| {
        let id = row.details.id;
        // One that does not open must not take the others away: the name is known, and looking at the person says what is wrong.
        let opened = row
            .details
            .open(vault)
            .inspect_err(|error| tracing::error!(person = %id, %error, "what is known of somebody does not open"));
        let unopened = opened.is_err();
        let details = opened.unwrap_or_default();
        let asked = match question {
            Question::Number(number) => {
                details.personal_number.as_deref() == Some(number.as_str()) || renumbered == Some(id)
            }
            Question::Phone(phone) => details.phone.as_deref() == Some(phone.as_str()),
            Question::Words(_) => true,
        };
        if !asked && !unopened {
            return Err(super::row_broken("person", id));
        }
        Ok(PersonRow {
            id: id.into(),
            full_name: row.full_name,
            personal_number_masked: details
                .personal_number
                .and_then(|n| PersonalNumber::parse(&n).ok())
                .map(|n| n.masked()),
            birth_date: details.birth_date,
            ward_code: row.residence_ward,
        })
    };
    Ok(Page {
        items: cut.items.into_iter().map(person).collect::<Result<_>>()?,
        next: cut.next,
    })
}

/// Who remains of somebody who was merged and had this number.
async fn by_old_number(connection: &mut PgConnection, vault: &Vault, number: &PersonalNumber) -> Result<Option<Uuid>> {
    let rows: Vec<DetailsRow> = sqlx::query_as(
        "SELECT id, sealed, personal_number, birth_date, sex, ethnicity, residence_detail, phone, email
         FROM identity.person
         WHERE (personal_number = $1 OR number_tag = ANY ($2)) AND merged_into IS NOT NULL",
    )
    .bind(number.as_str())
    .bind(sealed::of_number(vault, number)?)
    .fetch_all(&mut *connection)
    .await
    .map_err(db::fault)?;
    match only(vault, number, rows)? {
        Some(old) => Ok(Some(super::merge::remaining(connection, old.into()).await?.uuid())),
        None => Ok(None),
    }
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

pub(crate) async fn contact(
    connection: &mut PgConnection,
    vault: &Vault,
    account: AccountId,
) -> Result<Option<Contact>> {
    let row = sqlx::query_as::<_, ContactRow>(
        "SELECT person.id, person.full_name, person.sealed, person.personal_number, person.birth_date, person.sex, person.ethnicity,
                person.residence_detail, person.phone, person.email
         FROM identity.account AS account
         JOIN identity.person AS person ON person.id = account.person
         WHERE account.id = $1",
    )
    .bind(account.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(|row| {
        let person = row.details.id;
        let details = row.details.open(vault)?;
        Ok(Contact {
            person: person.into(),
            name: row.full_name,
            email: details.email,
            phone: details.phone.as_deref().map(PhoneNumber::parse).transpose()?,
        })
    })
    .transpose()
}
