//! The cases of one person, as the person reads them in an extract.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::{PersonId, Result};
use op::{Permit, Union};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;
use vault::Vault;

use super::sealed::{self, CaseText, open_case};
use crate::model::Status;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    own: bool,
    status: i16,
    code: String,
    procedure_code: String,
    title: String,
    owner_name: String,
    submitter_name: String,
    receiving_name: String,
    sealed: Option<Vec<u8>>,
    answers: Value,
    result_data: Value,
    owner_number: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    submitted_at: DateTime<Utc>,
    due_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

/// What a person owns or handed in, the newest first: two ranges of two indexes. The status is told by its plain word. Of what they handed in for
/// somebody else neither answers nor numbers are told: those are about the other one, who asks for them.
pub(crate) async fn cases(
    connection: &mut PgConnection,
    vault: &Vault,
    person: PersonId,
    limit: i64,
) -> Result<Vec<Value>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, coalesce(owner_person = $1, false) AS own, status, code, procedure_code, title, owner_name, submitter_name,
                receiving_name, sealed, answers, result_data, owner_number, phone, email, submitted_at, due_at, finished_at
           FROM (SELECT * FROM dossiers.dossier WHERE owner_person = $1
                  UNION ALL
                 SELECT * FROM dossiers.dossier
                  WHERE submitter_person = $1 AND owner_person IS DISTINCT FROM $1 AND representation IS NULL) AS found
          ORDER BY id DESC
          LIMIT $2",
    )
    .bind(person.uuid())
    .bind(limit)
    .fetch_all(&mut *connection)
    .await
    .map_err(db::fault)?;
    let own: Vec<Uuid> = rows.iter().filter(|row| row.own).map(|row| row.id).collect();
    let mut papers = papers(connection, vault, &own).await?;
    rows.into_iter()
        .map(|row| {
            let mut case = json!({
                "code": row.code,
                "procedure": row.procedure_code,
                "title": row.title,
                "owner": row.owner_name,
                "submitter": row.submitter_name,
                "agency": row.receiving_name,
                "submitted_at": row.submitted_at,
                "due_at": row.due_at,
                "finished_at": row.finished_at,
                "status": Status::try_from(row.status)?.plain(),
            });
            if row.own {
                let text = match &row.sealed {
                    Some(sealed) => open_case(vault, row.id, sealed)?,
                    None => CaseText {
                        answers: row.answers,
                        result_data: row.result_data,
                        owner_number: row.owner_number,
                        phone: row.phone,
                        email: row.email,
                    },
                };
                case["owner_number"] = json!(text.owner_number);
                case["phone"] = json!(text.phone);
                case["email"] = json!(text.email);
                case["answers"] = text.answers;
                case["entered"] = text.result_data;
                case["papers"] = json!(papers.remove(&row.id).unwrap_or_default());
            }
            Ok(case)
        })
        .collect()
}

/// A paper of a case: its number, the case, its name in plain or sealed, its size.
type PaperRow = (Uuid, Uuid, Option<String>, Option<Vec<u8>>, i64);

/// Names and sizes of what was handed in.
async fn papers(connection: &mut PgConnection, vault: &Vault, cases: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<Value>>> {
    let rows: Vec<PaperRow> = sqlx::query_as(
        "SELECT id, dossier_id, file_name, sealed, size FROM dossiers.paper WHERE dossier_id = ANY ($1) ORDER BY id",
    )
    .bind(cases)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let mut papers: BTreeMap<Uuid, Vec<Value>> = BTreeMap::new();
    for (id, dossier, plain, sealed, size) in rows {
        let name = sealed::file_name(vault, id, plain, sealed.as_deref())?;
        papers
            .entry(dossier)
            .or_default()
            .push(json!({ "name": name, "bytes": size }));
    }
    Ok(papers)
}

/// How many cases are a person's, or were handed in by them.
pub(crate) async fn count(connection: &mut PgConnection, union: &Union) -> Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM dossiers.dossier WHERE owner_person = $1 OR submitter_person = $1")
        .bind(union.from.person.uuid())
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// Brings the cases of one person to another; how many.
pub(crate) async fn bring(connection: &mut PgConnection, _: &Permit, union: &Union) -> Result<u64> {
    let accounts = union.accounts();
    let done = sqlx::query(
        "UPDATE dossiers.dossier SET
             owner_person = CASE WHEN owner_person = $1 THEN $2 ELSE owner_person END,
             submitter_person = CASE WHEN submitter_person = $1 THEN $2 ELSE submitter_person END,
             submitter_account = CASE WHEN submitter_account = $3 THEN $4 ELSE submitter_account END
         WHERE owner_person = $1 OR submitter_person = $1",
    )
    .bind(union.from.person.uuid())
    .bind(union.into.person.uuid())
    .bind(accounts.map(|[from, _]| from.uuid()))
    .bind(accounts.map(|[_, into]| into.uuid()))
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(done.rows_affected())
}
