//! What is sealed of people and accounts, by what it is found (chỉ mục mù), and how it is sealed anew.

use chrono::NaiveDate;
use kernel::{PersonalNumber, PhoneNumber, Result};
use op::Permit;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgQueryResult;
use sqlx::{Connection, PgConnection, Postgres, Transaction};
use uuid::Uuid;
use vault::{KeyUse, Sealed, Vault, Wanted, key_of};

use crate::login;

/// What tells who somebody is beyond the name.
pub(crate) const PERSON: Sealed = Sealed("identity.person");
/// The name of an account.
pub(crate) const LOGIN: Sealed = Sealed("identity.login");

/// Something that is found by its keyed hash: the purpose, and what the hashes are about. One for the whole table, so that what is equal has
/// equal hashes.
#[derive(Clone, Copy)]
pub(crate) struct Index(pub(super) &'static str, pub(super) &'static str);

/// Personal numbers.
pub(crate) const NUMBER: Index = Index("identity.number", "person");
/// Passports; a number is one of its country.
pub(crate) const PASSPORT: Index = Index("identity.passport", "person");
/// Telephones.
pub(crate) const PHONE: Index = Index("identity.phone", "person");
/// Names of accounts, folded.
pub(crate) const FOLDED: Index = Index("identity.login", "account");
/// What was typed as a name at sign-in.
const TYPED: Index = Index("identity.attempt", "sign_in");

impl Index {
    /// The hashes under which something may be found, one a key.
    pub(crate) fn tags(self, vault: &Vault, what: &str) -> Result<Vec<Vec<u8>>> {
        vault.tags(self.0, self.1, what.as_bytes())
    }

    /// The hash under which something is found from now on: under the key that has sealed the row, so that both change together.
    pub(super) fn tag(self, vault: &Vault, sealed: &[u8], what: Option<&str>) -> Result<Option<Vec<u8>>> {
        let key = key_of(sealed)?;
        what.map(|what| vault.tag_under(key, self.0, self.1, what.as_bytes()))
            .transpose()
    }
}

/// What is kept of a name that was typed at sign-in: not the name itself, since people type their passwords there, and nothing from which a number
/// could be guessed. By the oldest key, so that a new one does not let anybody guess more often.
pub(crate) fn typed(vault: &Vault, folded: &str) -> Result<Vec<u8>> {
    let oldest = TYPED.tags(vault, folded)?.pop().unwrap_or_default();
    Ok(oldest.into_iter().skip(5).collect())
}

/// What is sealed of a person.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Details {
    pub(crate) personal_number: Option<String>,
    #[serde(default)]
    pub(crate) passport: Option<String>,
    pub(crate) birth_date: Option<NaiveDate>,
    pub(crate) sex: Option<String>,
    pub(crate) ethnicity: Option<String>,
    pub(crate) residence_detail: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) email: Option<String>,
}

/// The columns of a row in which details lie, sealed or as an older program wrote them.
#[derive(sqlx::FromRow)]
pub(crate) struct DetailsRow {
    pub(crate) id: Uuid,
    sealed: Option<Vec<u8>>,
    personal_number: Option<String>,
    birth_date: Option<NaiveDate>,
    sex: Option<String>,
    ethnicity: Option<String>,
    residence_detail: Option<String>,
    phone: Option<String>,
    email: Option<String>,
}

impl DetailsRow {
    /// Fails with `vault.sealed_broken` where what is sealed was changed, or was sealed for somebody else.
    pub(crate) fn open(self, vault: &Vault) -> Result<Details> {
        match &self.sealed {
            Some(sealed) => PERSON.open(vault, &person_row(self.id), sealed),
            None => Ok(Details {
                personal_number: self.personal_number,
                passport: None,
                birth_date: self.birth_date,
                sex: self.sex,
                ethnicity: self.ethnicity,
                residence_detail: self.residence_detail,
                phone: self.phone,
                email: self.email,
            }),
        }
    }
}

pub(crate) fn person_row(person: Uuid) -> String {
    format!("person:{person}")
}

fn account_row(account: Uuid) -> String {
    format!("account:{account}")
}

/// Details as they are written.
pub(crate) struct Written {
    pub(crate) sealed: Vec<u8>,
    pub(crate) number_tag: Option<Vec<u8>>,
    pub(crate) passport_tag: Option<Vec<u8>>,
    pub(crate) phone_tag: Option<Vec<u8>>,
}

impl Written {
    pub(crate) fn of(vault: &Vault, person: Uuid, details: &Details) -> Result<Self> {
        let sealed = PERSON.seal(vault, &person_row(person), details)?;
        Ok(Self {
            number_tag: NUMBER.tag(vault, &sealed, details.personal_number.as_deref())?,
            passport_tag: PASSPORT.tag(vault, &sealed, details.passport.as_deref())?,
            phone_tag: PHONE.tag(vault, &sealed, details.phone.as_deref())?,
            sealed,
        })
    }
}

/// The hashes of a number, to look for.
pub(crate) fn of_number(vault: &Vault, number: &PersonalNumber) -> Result<Vec<Vec<u8>>> {
    NUMBER.tags(vault, number.as_str())
}

/// The hashes of a telephone, to look for.
pub(crate) fn of_phone(vault: &Vault, phone: &PhoneNumber) -> Result<Vec<Vec<u8>>> {
    PHONE.tags(vault, phone.as_str())
}

/// The name of an account as it is written: as it is, or sealed and with what it is found by.
#[derive(Default)]
pub(crate) struct WrittenLogin {
    pub(crate) plain: Option<(String, String)>,
    pub(crate) sealed: Option<Vec<u8>>,
    pub(crate) tag: Option<Vec<u8>>,
}

impl WrittenLogin {
    /// A name that is a personal number, a telephone or an e-mail address is sealed; one that somebody has chosen stays.
    pub(crate) fn of(vault: &Vault, account: Uuid, name: &str) -> Result<Self> {
        let folded = login::fold(name);
        if !login::tells(&folded) {
            return Ok(Self {
                plain: Some((name.to_owned(), folded)),
                ..Self::default()
            });
        }
        Self::sealed(vault, account, name)
    }

    /// Sealed whatever it looks like: passports are not told from names that somebody has chosen.
    pub(crate) fn sealed(vault: &Vault, account: Uuid, name: &str) -> Result<Self> {
        let sealed = LOGIN.seal(vault, &account_row(account), &name)?;
        Ok(Self {
            plain: None,
            tag: FOLDED.tag(vault, &sealed, Some(&login::fold(name)))?,
            sealed: Some(sealed),
        })
    }
}

/// The name of an account, wherever it lies.
pub(crate) fn login(vault: &Vault, account: Uuid, plain: Option<String>, sealed: Option<&[u8]>) -> Result<String> {
    match sealed {
        Some(sealed) => LOGIN.open(vault, &account_row(account), sealed),
        None => Ok(plain.unwrap_or_default()),
    }
}

/// Locks the next people whose details are not sealed with this key, passing over what others hold.
pub(crate) async fn lock_people(connection: &mut PgConnection, wanted: Wanted, after: Uuid) -> Result<Vec<DetailsRow>> {
    sqlx::query_as(
        "SELECT id, sealed, personal_number, birth_date, sex, ethnicity, residence_detail, phone, email
         FROM identity.person
         WHERE id > $1 AND coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000') = $2
         ORDER BY id
         LIMIT $3
         FOR NO KEY UPDATE SKIP LOCKED",
    )
    .bind(after)
    .bind(wanted.key())
    .bind(wanted.limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// What came of an attempt; false, with nothing written, where another row is found by the same.
async fn unless_taken(
    attempt: Transaction<'_, Postgres>,
    done: sqlx::Result<PgQueryResult>,
    index: &str,
) -> Result<bool> {
    match done {
        Ok(_) => attempt.commit().await.map(|()| true).map_err(db::fault),
        Err(error) if db::violated(&error) == Some(index) => {
            attempt.rollback().await.map(|()| false).map_err(db::fault)
        }
        Err(error) => Err(db::fault(error)),
    }
}

/// Writes what was sealed; nothing of it stays in plain. False, with nothing written, where one of the numbers is that of another row too.
pub(crate) async fn put_people(
    connection: &mut PgConnection,
    _: &Permit,
    ids: &[Uuid],
    written: &[Written],
) -> Result<bool> {
    let (mut sealed, mut numbers, mut passports, mut phones) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for one in written {
        sealed.push(one.sealed.as_slice());
        numbers.push(one.number_tag.as_deref());
        passports.push(one.passport_tag.as_deref());
        phones.push(one.phone_tag.as_deref());
    }
    let mut attempt = connection.begin().await.map_err(db::fault)?;
    let done = sqlx::query(
        "UPDATE identity.person SET
             sealed = new.sealed, number_tag = new.number_tag, passport_tag = new.passport_tag, phone_tag = new.phone_tag,
             personal_number = NULL, birth_date = NULL, sex = NULL, ethnicity = NULL, residence_detail = NULL, phone = NULL, email = NULL
         FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[])
              AS new (id, sealed, number_tag, passport_tag, phone_tag)
         WHERE person.id = new.id",
    )
    .bind(ids)
    .bind(sealed)
    .bind(numbers)
    .bind(passports)
    .bind(phones)
    .execute(&mut *attempt)
    .await;
    unless_taken(attempt, done, "person_number_tag").await
}

/// The name of an account that is to be sealed, or sealed anew.
#[derive(sqlx::FromRow)]
pub(crate) struct LoginRow {
    pub(crate) id: Uuid,
    login: Option<String>,
    sealed: Option<Vec<u8>>,
}

impl LoginRow {
    pub(crate) fn anew(&self, vault: &Vault) -> Result<WrittenLogin> {
        let name = login(vault, self.id, self.login.clone(), self.sealed.as_deref())?;
        WrittenLogin::sealed(vault, self.id, &name)
    }
}

/// Locks the next accounts whose names are not sealed with this key, passing over what others hold.
pub(crate) async fn lock_logins(connection: &mut PgConnection, wanted: Wanted, after: Uuid) -> Result<Vec<LoginRow>> {
    sqlx::query_as(
        "SELECT id, login, sealed
         FROM identity.account
         WHERE id > $1 AND coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000') = $2
           AND (sealed IS NOT NULL OR login_folded ~ '[0-9]{9}|@')
         ORDER BY id
         LIMIT $3
         FOR NO KEY UPDATE SKIP LOCKED",
    )
    .bind(after)
    .bind(wanted.key())
    .bind(wanted.limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Writes the sealed names; the plain ones go. False, with nothing written, where one of them is that of another row too.
pub(crate) async fn put_logins(
    connection: &mut PgConnection,
    _: &Permit,
    ids: &[Uuid],
    written: &[WrittenLogin],
) -> Result<bool> {
    let each = written.iter().map(|one| (one.sealed.as_deref(), one.tag.as_deref()));
    let (sealed, tags): (Vec<_>, Vec<_>) = each.unzip();
    let mut attempt = connection.begin().await.map_err(db::fault)?;
    let done = sqlx::query(
        "UPDATE identity.account SET sealed = new.sealed, login_tag = new.tag, login = NULL, login_folded = NULL
         FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS new (id, sealed, tag)
         WHERE account.id = new.id",
    )
    .bind(ids)
    .bind(sealed)
    .bind(tags)
    .execute(&mut *attempt)
    .await;
    unless_taken(attempt, done, "account_login_tag").await
}

/// How much is sealed under each key.
pub(crate) async fn uses(connection: &mut PgConnection) -> Result<Vec<KeyUse>> {
    db::take_time(&mut *connection).await?;
    let mut all = Vec::new();
    for (column, sql) in [
        (PERSON, vault::count_by_key!("identity.person")),
        (LOGIN, vault::count_by_key!("identity.account")),
    ] {
        let heads = sqlx::query_as(sql)
            .fetch_all(&mut *connection)
            .await
            .map_err(db::fault)?;
        all.extend(column.uses(heads)?);
    }
    all.extend(super::asked::uses(connection).await?);
    Ok(all)
}
