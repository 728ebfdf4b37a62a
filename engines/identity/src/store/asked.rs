//! What is sealed of registrations, of powers of attorney and of codes from the counter, and how it is sealed anew.

use chrono::NaiveDate;
use kernel::Result;
use op::Permit;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;
use vault::{KeyUse, Sealed, Vault, Wanted};

use super::sealed::Index;

/// All that was typed for a registration, and said about it.
pub(crate) const REGISTRATION: Sealed = Sealed("identity.registration");
/// Why somebody acts for another, in people's words.
pub(crate) const REPRESENTATION: Sealed = Sealed("identity.representation");
/// Which paper was seen at the counter.
pub(crate) const COUNTER: Sealed = Sealed("identity.counter_code");

/// Numbers of whom registrations are about. Not the index of people: before an official has seen the paper nothing ties the two together.
pub(crate) const ABOUT: Index = Index("identity.registration", "registration");

/// What is sealed of a registration; the name too, since nobody finds it by a name.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Told {
    pub(crate) full_name: String,
    pub(crate) personal_number: Option<String>,
    pub(crate) passport: Option<String>,
    pub(crate) birth_date: Option<NaiveDate>,
    pub(crate) phone: Option<String>,
    pub(crate) email: Option<String>,
    /// Which paper shows it, as the applicant says.
    pub(crate) paper: String,
    /// Which paper the official has seen.
    pub(crate) checked_paper: String,
    /// Why it was refused.
    pub(crate) reason: String,
    /// Which paper the first of two officials has seen.
    pub(crate) seen_paper: String,
}

fn registration_row(id: Uuid) -> String {
    format!("registration:{id}")
}

pub(crate) fn told(vault: &Vault, id: Uuid, sealed: &[u8]) -> Result<Told> {
    REGISTRATION.open(vault, &registration_row(id), sealed)
}

pub(crate) fn seal_told(vault: &Vault, id: Uuid, told: &Told) -> Result<Vec<u8>> {
    REGISTRATION.seal(vault, &registration_row(id), told)
}

/// Writes another text; the number stays what it was.
pub(crate) async fn put_told(
    connection: &mut PgConnection,
    _: &Permit,
    vault: &Vault,
    id: Uuid,
    told: &Told,
) -> Result<()> {
    sqlx::query("UPDATE identity.registration SET sealed = $2 WHERE id = $1")
        .bind(id)
        .bind(seal_told(vault, id, told)?)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

fn representation_row(id: Uuid) -> String {
    format!("representation:{id}")
}

/// Nothing where nothing was said.
pub(crate) fn seal_reason(vault: &Vault, id: Uuid, reason: &str) -> Result<Option<Vec<u8>>> {
    let said = (!reason.is_empty()).then_some(reason);
    said.map(|reason| REPRESENTATION.seal(vault, &representation_row(id), &reason))
        .transpose()
}

pub(crate) fn reason(vault: &Vault, id: Uuid, sealed: Option<&[u8]>) -> Result<String> {
    let opened = sealed.map(|sealed| REPRESENTATION.open(vault, &representation_row(id), sealed));
    Ok(opened.transpose()?.unwrap_or_default())
}

pub(crate) fn seal_paper(vault: &Vault, code: Uuid, paper: &str) -> Result<Vec<u8>> {
    COUNTER.seal(vault, &format!("counter_code:{code}"), &paper)
}

/// One of the tables whose rows are sealed as a whole.
#[derive(Clone, Copy)]
pub(crate) enum Table {
    Registrations,
    Representations,
    CounterCodes,
    Merges,
}

impl Table {
    pub(crate) const ALL: [Table; 4] = [
        Table::Registrations,
        Table::Representations,
        Table::CounterCodes,
        Table::Merges,
    ];

    pub(crate) fn purpose(self) -> Sealed {
        match self {
            Table::Registrations => REGISTRATION,
            Table::Representations => REPRESENTATION,
            Table::CounterCodes => COUNTER,
            Table::Merges => super::merge::MERGE,
        }
    }

    /// What a row is sealed for.
    fn name(self, id: Uuid) -> String {
        match self {
            Table::Registrations => registration_row(id),
            Table::Representations => representation_row(id),
            Table::CounterCodes => format!("counter_code:{id}"),
            Table::Merges => super::merge::row_name(id),
        }
    }

    const fn lock(self) -> &'static str {
        match self {
            Table::Registrations => {
                "SELECT id, sealed, tax_number FROM identity.registration
                 WHERE id > $1 AND substring(sealed FROM 2 FOR 4) <> $2 ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED"
            }
            Table::Representations => {
                "SELECT id, sealed, NULL::text AS tax_number FROM identity.representation
                 WHERE id > $1 AND substring(sealed FROM 2 FOR 4) <> $2 ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED"
            }
            Table::CounterCodes => {
                "SELECT id, sealed, NULL::text AS tax_number FROM identity.counter_code
                 WHERE id > $1 AND substring(sealed FROM 2 FOR 4) <> $2 ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED"
            }
            Table::Merges => {
                "SELECT id, sealed, NULL::text AS tax_number FROM identity.merge
                 WHERE id > $1 AND substring(sealed FROM 2 FOR 4) <> $2 ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED"
            }
        }
    }

    const fn put(self) -> &'static str {
        match self {
            Table::Registrations => {
                "UPDATE identity.registration SET sealed = new.sealed, number_tag = new.tag
                 FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS new (id, sealed, tag) WHERE registration.id = new.id"
            }
            Table::Representations => {
                "UPDATE identity.representation SET sealed = new.sealed
                 FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS new (id, sealed, tag) WHERE representation.id = new.id"
            }
            Table::CounterCodes => {
                "UPDATE identity.counter_code SET sealed = new.sealed
                 FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS new (id, sealed, tag) WHERE counter_code.id = new.id"
            }
            Table::Merges => {
                "UPDATE identity.merge SET sealed = new.sealed
                 FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS new (id, sealed, tag) WHERE merge.id = new.id"
            }
        }
    }

    const fn heads(self) -> &'static str {
        match self {
            Table::Registrations => {
                "SELECT substring(sealed FROM 1 FOR 5), count(*) FROM identity.registration GROUP BY 1 ORDER BY 1"
            }
            Table::Representations => {
                "SELECT substring(sealed FROM 1 FOR 5), count(*) FROM identity.representation
                 WHERE sealed IS NOT NULL GROUP BY 1 ORDER BY 1"
            }
            Table::CounterCodes => {
                "SELECT substring(sealed FROM 1 FOR 5), count(*) FROM identity.counter_code GROUP BY 1 ORDER BY 1"
            }
            Table::Merges => {
                "SELECT substring(sealed FROM 1 FOR 5), count(*) FROM identity.merge GROUP BY 1 ORDER BY 1"
            }
        }
    }
}

/// A row that is to be sealed anew.
#[derive(sqlx::FromRow)]
pub(crate) struct SealedRow {
    pub(crate) id: Uuid,
    sealed: Vec<u8>,
    tax_number: Option<String>,
}

impl SealedRow {
    /// What it holds under the newest key, and the hash by which it is found.
    pub(crate) fn anew(&self, vault: &Vault, table: Table) -> Result<(Vec<u8>, Option<Vec<u8>>)> {
        if matches!(table, Table::Registrations) {
            let told = told(vault, self.id, &self.sealed)?;
            let sealed = seal_told(vault, self.id, &told)?;
            let number = told.personal_number.or(told.passport).or(self.tax_number.clone());
            let tag = ABOUT.tag(vault, &sealed, number.as_deref())?;
            return Ok((sealed, tag));
        }
        let anew = table.purpose().reseal(vault, &table.name(self.id), &self.sealed)?;
        Ok((anew.unwrap_or_else(|| self.sealed.clone()), None))
    }
}

/// Locks the next rows that are not sealed with this key.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    table: Table,
    wanted: Wanted,
    after: Uuid,
) -> Result<Vec<SealedRow>> {
    sqlx::query_as(table.lock())
        .bind(after)
        .bind(wanted.key())
        .bind(wanted.limit)
        .fetch_all(connection)
        .await
        .map_err(db::fault)
}

/// Writes what was sealed anew.
pub(crate) async fn put(
    connection: &mut PgConnection,
    _: &Permit,
    table: Table,
    ids: &[Uuid],
    written: Vec<(Vec<u8>, Option<Vec<u8>>)>,
) -> Result<()> {
    let (sealed, tags): (Vec<_>, Vec<_>) = written.into_iter().unzip();
    sqlx::query(table.put())
        .bind(ids)
        .bind(sealed)
        .bind(tags)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// How much is sealed under each key.
pub(crate) async fn uses(connection: &mut PgConnection) -> Result<Vec<KeyUse>> {
    let mut all = Vec::new();
    for table in Table::ALL {
        let heads = sqlx::query_as(table.heads())
            .fetch_all(&mut *connection)
            .await
            .map_err(db::fault)?;
        all.extend(table.purpose().uses(heads)?);
    }
    Ok(all)
}
