//! The inbox: `dossiers.work` alone, one range of one index.

use chrono::{DateTime, Utc};
use kernel::{DossierId, Official, Result, TaskId};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::model::Status;
use crate::views::{InboxBox, InboxCounts, InboxFilter, InboxRow};

/// Where a task stands in the order of the inbox: the cursor of its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place(DateTime<Utc>, Uuid);

/// A row and its place.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) place: Place,
    pub(crate) row: InboxRow,
}

#[derive(sqlx::FromRow)]
struct Row {
    task_id: Uuid,
    dossier_id: Uuid,
    code: String,
    app: String,
    title: String,
    owner_name: String,
    node: String,
    role: String,
    assignee_id: Option<Uuid>,
    assignee_name: Option<String>,
    ready: bool,
    task_due_at: Option<DateTime<Utc>>,
    due_at: Option<DateTime<Utc>>,
    order_at: DateTime<Utc>,
    status: i16,
}

impl Row {
    fn placed(self, reader: &Official, now: DateTime<Utc>) -> Result<Placed> {
        let status = Status::try_from(self.status)?;
        let past = |due: Option<DateTime<Utc>>| due.is_some_and(|due| due < now);
        Ok(Placed {
            place: Place(self.order_at, self.task_id),
            row: InboxRow {
                task: TaskId::from_uuid(self.task_id),
                dossier: DossierId::from_uuid(self.dossier_id),
                code: self.code,
                app: self.app,
                title: self.title,
                owner_name: self.owner_name,
                node: self.node,
                role: self.role,
                assignee_name: self.assignee_name,
                mine: self.assignee_id == Some(reader.account.uuid()),
                // While something is awaited the clock stands: nothing gets late.
                late: self.ready && (past(self.task_due_at) || past(self.due_at)),
                task_due_at: self.task_due_at,
                due_at: self.due_at,
                status,
                plain: status.plain(),
            },
        })
    }
}

/// The words of a list, each of them somewhere in code, title or name. They come from [`kernel::text::search_terms`]: letters
/// and digits only, so that none of them is a pattern.
fn with_terms(query: &mut QueryBuilder<Postgres>, terms: &[String]) {
    for term in terms {
        query.push(" AND folded LIKE ").push_bind(format!("%{term}%"));
    }
}

/// The question for a page of a box, after `beginning` (nothing, or `EXPLAIN `).
pub(crate) fn select(
    beginning: &'static str,
    reader: &Official,
    filter: &InboxFilter,
    terms: &[String],
    after: Option<Place>,
    limit: i64,
    now: DateTime<Utc>,
) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(beginning);
    query
        .push(
            "SELECT task_id,
                    dossier_id,
                    code,
                    app,
                    title,
                    owner_name,
                    node,
                    role,
                    assignee_id,
                    assignee_name,
                    ready,
                    task_due_at,
                    due_at,
                    order_at,
                    status
               FROM dossiers.work
              WHERE agency_id = ",
        )
        .push_bind(reader.agency.uuid())
        .push(" AND role = ANY (")
        .push_bind(reader.roles.clone())
        .push(")");
    match filter.list {
        InboxBox::Open => {
            query
                .push(" AND ready AND (assignee_id IS NULL OR assignee_id = ")
                .push_bind(reader.account.uuid())
                .push(")");
        }
        InboxBox::Mine => {
            query
                .push(" AND ready AND assignee_id = ")
                .push_bind(reader.account.uuid());
        }
        InboxBox::All => {
            query.push(" AND ready");
        }
        InboxBox::Waiting => {
            query.push(" AND NOT ready");
        }
    }
    if let Some(app) = &filter.app {
        query.push(" AND app = ").push_bind(app.clone());
    }
    if let Some(node) = &filter.node {
        query.push(" AND node = ").push_bind(node.clone());
    }
    if filter.late {
        late(&mut query, now);
    }
    with_terms(&mut query, terms);
    if let Some(Place(order_at, task)) = after {
        query
            .push(" AND (order_at, task_id) > (")
            .push_bind(order_at)
            .push(", ")
            .push_bind(task)
            .push(")");
    }
    query.push(" ORDER BY order_at, task_id LIMIT ").push_bind(limit);
    query
}

/// Late rows are at the front of the order: `order_at` is the nearer of both dues.
fn late(query: &mut QueryBuilder<Postgres>, now: DateTime<Utc>) {
    query
        .push(" AND ready AND order_at < ")
        .push_bind(now)
        .push(" AND least(task_due_at, due_at) < ")
        .push_bind(now);
}

/// One page of a box, the most urgent first.
pub(crate) async fn inbox(
    connection: &mut PgConnection,
    reader: &Official,
    filter: &InboxFilter,
    terms: &[String],
    after: Option<Place>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Placed>> {
    let rows: Vec<Row> = select("", reader, filter, terms, after, limit, now)
        .build_query_as()
        .fetch_all(connection)
        .await
        .map_err(db::fault)?;
    rows.into_iter().map(|row| row.placed(reader, now)).collect()
}

/// How much there is in the boxes, each counted up to [`InboxCounts::MOST`] from its most urgent: ranges of three indexes.
pub(crate) async fn counts(
    connection: &mut PgConnection,
    reader: &Official,
    now: DateTime<Utc>,
) -> Result<InboxCounts> {
    let (open, mine, all, late, waiting): (i64, i64, i64, i64, i64) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE assignee_id IS NULL OR assignee_id = $3),
                (SELECT count(*) FROM dossiers.work WHERE assignee_id = $3 AND agency_id = $1 AND role = ANY ($2) AND ready),
                count(*),
                count(*) FILTER (WHERE (assignee_id IS NULL OR assignee_id = $3) AND least(task_due_at, due_at) < $4),
                (SELECT count(*)
                   FROM (SELECT FROM dossiers.work WHERE agency_id = $1 AND role = ANY ($2) AND NOT ready LIMIT $5) AS asleep)
           FROM (SELECT assignee_id, task_due_at, due_at
                   FROM dossiers.work
                  WHERE agency_id = $1 AND role = ANY ($2) AND ready
                  ORDER BY order_at
                  LIMIT $5) AS nearest",
    )
    .bind(reader.agency.uuid())
    .bind(&reader.roles)
    .bind(reader.account.uuid())
    .bind(now)
    .bind(InboxCounts::MOST)
    .fetch_one(connection)
    .await
    .map_err(db::fault)?;
    Ok(InboxCounts {
        open,
        mine,
        all,
        waiting,
        late,
    })
}
