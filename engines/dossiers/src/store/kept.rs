//! The cases of one person, as the person reads them in an extract.

use kernel::{PersonId, Result};
use serde_json::Value;
use sqlx::PgConnection;

use crate::model::Status;

/// What a person owns or handed in, the newest first: two ranges of two indexes. The status is told by its plain word.
pub(crate) async fn cases(connection: &mut PgConnection, person: PersonId, limit: i64) -> Result<Vec<Value>> {
    let rows: Vec<(i16, Value)> = sqlx::query_as(
        "SELECT status,
                jsonb_build_object(
                    'code', code,
                    'procedure', procedure_code,
                    'title', title,
                    'owner', owner_name,
                    'owner_number', owner_number,
                    'phone', phone,
                    'email', email,
                    'submitter', submitter_name,
                    'agency', receiving_name,
                    'answers', answers,
                    'papers', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', file_name, 'bytes', size) ORDER BY paper.id), '[]')
                                 FROM dossiers.paper AS paper
                                WHERE paper.dossier_id = own.id),
                    'submitted_at', submitted_at,
                    'due_at', due_at,
                    'finished_at', finished_at)
           FROM (SELECT * FROM dossiers.dossier WHERE owner_person = $1
                  UNION ALL
                 SELECT * FROM dossiers.dossier
                  WHERE submitter_person = $1 AND owner_person IS DISTINCT FROM $1 AND representation IS NULL) AS own
          ORDER BY id DESC
          LIMIT $2",
    )
    .bind(person.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter()
        .map(|(status, mut case)| {
            case["status"] = serde_json::json!(Status::try_from(status)?.plain());
            Ok(case)
        })
        .collect()
}
