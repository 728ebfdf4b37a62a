//! What is sealed in the tables of cases, and how it is sealed anew.

use forms::Raw;
use kernel::{PersonalNumber, PhoneNumber, Result, text};
use op::Permit;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;
use vault::{KeyUse, Sealed, Vault, Wanted, key_of};

use super::dossier::DossierRow;

/// What a case holds of its people.
pub(crate) const CASE: Sealed = Sealed("dossiers.case");
/// What somebody has typed for a supplement.
pub(crate) const SUPPLEMENT: Sealed = Sealed("dossiers.supplement");
/// The name of a file that was handed in.
pub(crate) const PAPER: Sealed = Sealed("dossiers.paper");
/// The purpose of the keyed hashes by which numbers are found (chỉ mục mù).
const NUMBER: &str = "dossiers.number";
/// What these hashes are about: one for the whole table, so that equal numbers have equal hashes.
const HOLDING: &str = "holding";

/// What is sealed of a case.
#[derive(Serialize, Deserialize)]
pub(crate) struct CaseText {
    pub(crate) answers: Value,
    pub(crate) result_data: Value,
    pub(crate) owner_number: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) email: Option<String>,
}

/// The same, to be sealed.
#[derive(Serialize)]
struct CaseRef<'a> {
    answers: &'a Value,
    result_data: &'a Value,
    owner_number: &'a Option<String>,
    phone: &'a Option<String>,
    email: &'a Option<String>,
}

/// How the row of a case is named in what is sealed there.
pub(crate) fn case_row(dossier: Uuid) -> String {
    format!("dossier:{dossier}")
}

pub(crate) fn seal_case(vault: &Vault, row: &DossierRow) -> Result<Vec<u8>> {
    let text = CaseRef {
        answers: &row.answers,
        result_data: &row.result_data,
        owner_number: &row.owner_number,
        phone: &row.phone,
        email: &row.email,
    };
    CASE.seal(vault, &case_row(row.id.uuid()), &text)
}

pub(crate) fn open_case(vault: &Vault, dossier: Uuid, sealed: &[u8]) -> Result<CaseText> {
    CASE.open(vault, &case_row(dossier), sealed)
}

/// What is sealed of a request for supplements.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Typed {
    pub(crate) typed: Raw,
    pub(crate) note: String,
}

pub(crate) fn supplement_row(dossier: Uuid, round: i32) -> String {
    format!("dossier:{dossier}/round:{round}")
}

pub(crate) fn paper_row(paper: Uuid) -> String {
    format!("paper:{paper}")
}

/// The name of a file, wherever it lies.
pub(crate) fn file_name(vault: &Vault, paper: Uuid, plain: Option<String>, sealed: Option<&[u8]>) -> Result<String> {
    match sealed {
        Some(sealed) => PAPER.open(vault, &paper_row(paper), sealed),
        None => Ok(plain.unwrap_or_default()),
    }
}

/// A number in the one way in which it is found.
fn plain_number(number: &str) -> String {
    let person = PersonalNumber::parse(number).map(|number| number.as_str().to_owned());
    person
        .or_else(|_| PhoneNumber::parse(number).map(|number| number.as_str().to_owned()))
        .unwrap_or_else(|_| text::fold(number))
}

/// Whether a question is a number as a whole, however it is parted.
pub(crate) fn is_number(typed: &str) -> bool {
    PersonalNumber::parse(typed).is_ok() || PhoneNumber::parse(typed).is_ok()
}

/// The word that stands for a number: no letter of it can be typed.
fn word(tag: &[u8]) -> String {
    format!("#{}", hex::encode(&tag[1..17]))
}

/// The word by which a number is found from now on: under the key that has sealed the case, so that both change together.
pub(crate) fn number_word(vault: &Vault, sealed: &[u8], number: &str) -> Result<String> {
    let tag = vault.tag_under(key_of(sealed)?, NUMBER, HOLDING, plain_number(number).as_bytes())?;
    Ok(word(&tag))
}

/// The words by which a number may be found, one a key.
pub(crate) fn number_words(vault: &Vault, number: &str) -> Result<Vec<String>> {
    let tags = vault.tags(NUMBER, HOLDING, plain_number(number).as_bytes())?;
    Ok(tags.iter().map(|tag| word(tag)).collect())
}

/// What was typed for a supplement, to be sealed or sealed anew.
#[derive(sqlx::FromRow)]
pub(crate) struct TypedText {
    pub(crate) dossier_id: Uuid,
    pub(crate) round: i32,
    sealed: Option<Vec<u8>>,
    typed: Json<Raw>,
    typed_note: String,
}

impl TypedText {
    /// Under the newest key; `None` where it is that already.
    pub(crate) fn anew(&self, vault: &Vault) -> Result<Option<Vec<u8>>> {
        let row = supplement_row(self.dossier_id, self.round);
        match &self.sealed {
            Some(sealed) => SUPPLEMENT.reseal(vault, &row, sealed),
            None => {
                let typed = Typed {
                    typed: self.typed.0.clone(),
                    note: self.typed_note.clone(),
                };
                SUPPLEMENT.seal(vault, &row, &typed).map(Some)
            }
        }
    }
}

/// Locks what was typed for supplements and is not sealed with this key.
pub(crate) async fn lock_typed(
    connection: &mut PgConnection,
    wanted: Wanted,
    after: (Uuid, i32),
) -> Result<Vec<TypedText>> {
    sqlx::query_as(
        "SELECT dossier_id, round, sealed, typed, typed_note
           FROM dossiers.supplement
          WHERE (dossier_id, round) > ($1, $2)
            AND coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000') = $3
            AND (sealed IS NOT NULL OR typed <> '{}' OR typed_note <> '')
          ORDER BY dossier_id, round
          LIMIT $4
            FOR NO KEY UPDATE SKIP LOCKED",
    )
    .bind(after.0)
    .bind(after.1)
    .bind(wanted.key())
    .bind(wanted.limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn put_typed(
    connection: &mut PgConnection,
    _: &Permit,
    dossier: Uuid,
    round: i32,
    sealed: &[u8],
) -> Result<()> {
    sqlx::query(
        "UPDATE dossiers.supplement SET sealed = $3, typed = '{}', typed_note = '' WHERE dossier_id = $1 AND round = $2",
    )
    .bind(dossier)
    .bind(round)
    .bind(sealed)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The name of a file, to be sealed or sealed anew.
#[derive(sqlx::FromRow)]
pub(crate) struct NameText {
    pub(crate) id: Uuid,
    sealed: Option<Vec<u8>>,
    file_name: Option<String>,
}

impl NameText {
    /// Under the newest key; `None` where it is that already.
    pub(crate) fn anew(&self, vault: &Vault) -> Result<Option<Vec<u8>>> {
        match &self.sealed {
            Some(sealed) => PAPER.reseal(vault, &paper_row(self.id), sealed),
            None => PAPER.seal(vault, &paper_row(self.id), &self.file_name).map(Some),
        }
    }
}

/// Locks names of files that are not sealed with this key.
pub(crate) async fn lock_names(connection: &mut PgConnection, wanted: Wanted, after: Uuid) -> Result<Vec<NameText>> {
    sqlx::query_as(
        "SELECT id, sealed, file_name
           FROM dossiers.paper
          WHERE id > $1
            AND coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000') = $2
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

pub(crate) async fn put_names(
    connection: &mut PgConnection,
    _: &Permit,
    ids: &[Uuid],
    sealed: &[Vec<u8>],
) -> Result<()> {
    sqlx::query(
        "UPDATE dossiers.paper SET sealed = new.sealed, file_name = NULL
           FROM unnest($1::uuid[], $2::bytea[]) AS new (id, sealed)
          WHERE paper.id = new.id",
    )
    .bind(ids)
    .bind(sealed)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// How much is sealed under each key.
pub(crate) async fn uses(connection: &mut PgConnection) -> Result<Vec<KeyUse>> {
    db::take_time(&mut *connection).await?;
    let mut all = Vec::new();
    for (column, sql) in [
        (CASE, vault::count_by_key!("dossiers.dossier")),
        (SUPPLEMENT, vault::count_by_key!("dossiers.supplement")),
        (PAPER, vault::count_by_key!("dossiers.paper")),
    ] {
        let heads = sqlx::query_as(sql)
            .fetch_all(&mut *connection)
            .await
            .map_err(db::fault)?;
        all.extend(column.uses(heads)?);
    }
    Ok(all)
}
