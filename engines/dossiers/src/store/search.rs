//! Search of an office: `dossiers.holding`, one row a dossier and an agency that holds or held it, with the words by which the
//! agency finds it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use kernel::{AgencyId, DossierCode, DossierId, Result, text};
use sqlx::PgConnection;
use uuid::Uuid;
use vault::Vault;

use super::dossier::DossierRow;
use super::sealed::{number_word, number_words};
use crate::model::Status;
use crate::views::{FoundRow, is_late};

/// Most words of one dossier that are kept for search.
const MOST_WORDS: usize = 200;
/// Fewer digits are no number of a person or telephone.
const SHORTEST_NUMBER: usize = 9;

/// The words by which a case is found: those of its title, people and code without tones, the whole code, and of its numbers what stands for them
/// (chỉ mục mù): keyed hashes, which are found by the whole number alone and tell nobody without the key which number it is. Each lies in the index behind the last six digits of the agency, as in [`lexeme`].
pub(super) fn words(vault: &Vault, sealed: &[u8], row: &DossierRow) -> Result<Vec<String>> {
    let people = [&row.title, &row.owner_name, &row.submitter_name, &row.code];
    let mut words: BTreeSet<String> = people
        .into_iter()
        .flat_map(|text| text::search_terms(text))
        .take(MOST_WORDS)
        .chain([text::fold(&row.code)])
        .collect();
    for number in [&row.owner_number, &row.phone].into_iter().flatten() {
        words.insert(number_word(vault, sealed, number)?);
    }
    Ok(words.into_iter().collect())
}

/// The agency stands in front of the word, so that the index holds for each agency a list of its own of a frequent word. Six digits
/// do not tell agencies apart for certain: every question asks for the agency as well.
fn lexeme(agency: AgencyId, word: &str) -> String {
    let digits = agency.to_string();
    format!("'{}/{word}'", &digits[digits.len() - 6..])
}

/// A word, or where it may be a number what stands for that under any key.
fn one_of(vault: &Vault, agency: AgencyId, term: &str) -> Result<String> {
    let begins = format!("{}:*", lexeme(agency, term));
    let is_number = term.len() >= SHORTEST_NUMBER && term.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        return Ok(begins);
    }
    let hashes = number_words(vault, term)?;
    let either: Vec<String> = hashes.iter().map(|word| lexeme(agency, word)).chain([begins]).collect();
    Ok(format!("({})", either.join(" | ")))
}

/// A question to the index.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    agency: AgencyId,
    tsquery: String,
}

impl Question {
    /// Each word begins a word of the dossier. The words come from [`kernel::text::search_terms`], letters and digits only, so that
    /// none of them is an operator.
    pub(crate) fn of_words(vault: &Vault, agency: AgencyId, terms: &[String]) -> Result<Self> {
        let parts: Vec<String> = terms
            .iter()
            .map(|term| one_of(vault, agency, term))
            .collect::<Result<_>>()?;
        Ok(Self {
            agency,
            tsquery: parts.join(" & "),
        })
    }

    /// The dossier with this code: its parts are in too many others.
    pub(crate) fn of_code(agency: AgencyId, code: &DossierCode) -> Self {
        Self {
            agency,
            tsquery: lexeme(agency, &text::fold(code.as_str())),
        }
    }
}

#[derive(sqlx::FromRow)]
struct Found {
    id: Uuid,
    code: String,
    app: String,
    title: String,
    owner_name: String,
    status: i16,
    submitted_at: DateTime<Utc>,
    due_at: Option<DateTime<Utc>>,
    waiting_since: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

/// Dossiers that answer a question, newest first, after the dossier `after`.
///
/// What many dossiers answer is found among the newest thousand of the agency, one range of the key. Only where these do not fill
/// the page the index of words is asked, and it then has little to give. Both are said outright, because a planner that guesses
/// wrong for a word would read the table to its end.
pub(crate) async fn search(
    connection: &mut PgConnection,
    question: &Question,
    after: Option<Uuid>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<FoundRow>> {
    let rows: Vec<Found> = sqlx::query_as(
        "WITH near AS MATERIALIZED (
             SELECT dossier_id
               FROM (SELECT dossier_id, words
                       FROM dossiers.holding
                      WHERE agency_id = $1 AND dossier_id < $3
                      ORDER BY dossier_id DESC
                      LIMIT 1000) AS newest
              WHERE words @@ $2::tsquery
              ORDER BY dossier_id DESC
              LIMIT $4
         ), matching AS MATERIALIZED (
             SELECT agency_id, dossier_id
               FROM dossiers.holding
              WHERE (SELECT count(*) FROM near) < $4 AND words @@ $2::tsquery
         ), far AS (
             SELECT dossier_id
               FROM matching
              WHERE agency_id = $1
                AND dossier_id < (SELECT dossier_id
                                    FROM dossiers.holding
                                   WHERE agency_id = $1 AND dossier_id < $3
                                   ORDER BY dossier_id DESC
                                  OFFSET 999
                                   LIMIT 1)
         )
         SELECT id, code, app, title, owner_name, status, submitted_at, due_at, waiting_since, finished_at
           FROM (SELECT dossier_id FROM near UNION ALL SELECT dossier_id FROM far ORDER BY dossier_id DESC LIMIT $4) AS found
           JOIN dossiers.dossier ON dossier.id = found.dossier_id
          ORDER BY id DESC",
    )
    .bind(question.agency.uuid())
    .bind(&question.tsquery)
    .bind(after.unwrap_or(Uuid::max()))
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter()
        .map(|row| {
            let status = Status::try_from(row.status)?;
            Ok(FoundRow {
                id: DossierId::from_uuid(row.id),
                code: row.code,
                app: row.app,
                title: row.title,
                owner_name: row.owner_name,
                status,
                plain: status.plain(),
                submitted_at: row.submitted_at,
                due_at: row.due_at,
                late: is_late(status, row.due_at, row.waiting_since, row.finished_at, now),
            })
        })
        .collect()
}
