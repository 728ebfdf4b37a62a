use chrono::{DateTime, Utc};
use db::{Page, PageRequest};
use identity::HeldRole;
use kernel::{AgencyId, PersonId, Result, collation};
use op::Permit;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error;
use crate::model::{AgencyProgress, Campaign, Line, Verdict};

#[derive(sqlx::FromRow)]
struct CampaignRow {
    id: Uuid,
    quarter: String,
    opened_at: DateTime<Utc>,
    opened_by: String,
    due_at: DateTime<Utc>,
    filled_at: Option<DateTime<Utc>>,
    escalated_at: Option<DateTime<Utc>>,
    final_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    lines: i64,
    open: i64,
    ended: i64,
}

impl From<CampaignRow> for Campaign {
    fn from(row: CampaignRow) -> Self {
        Self {
            id: row.id,
            quarter: row.quarter,
            opened_at: row.opened_at,
            opened_by: row.opened_by,
            due_at: row.due_at,
            filled: row.filled_at.is_some(),
            escalated_at: row.escalated_at,
            final_at: row.final_at,
            closed_at: row.closed_at,
            lines: row.lines,
            open: row.open,
            ended: row.ended,
        }
    }
}

#[derive(sqlx::FromRow)]
struct LineRow {
    id: Uuid,
    campaign: Uuid,
    agency: Uuid,
    agency_name: String,
    person: Uuid,
    name: String,
    name_key: String,
    position: Uuid,
    title: String,
    role: String,
    privileged: bool,
    verdict: Option<String>,
    reason: String,
    answered_name: String,
    answered_at: Option<DateTime<Utc>>,
}

impl LineRow {
    fn into_line(self) -> Result<Line> {
        let verdict = match &self.verdict {
            None => None,
            Some(word) => Some(Verdict::parse(word).ok_or_else(|| error::broken("verdict"))?),
        };
        Ok(Line {
            id: self.id,
            campaign: self.campaign,
            agency: self.agency.into(),
            agency_name: self.agency_name,
            person: self.person.into(),
            name: self.name,
            position: self.position.into(),
            title: self.title,
            role: self.role,
            privileged: self.privileged,
            verdict,
            reason: self.reason,
            answered_name: self.answered_name,
            answered_at: self.answered_at,
        })
    }
}

/// The agencies in reach; `None`: all.
pub(crate) type Reach = Option<Vec<AgencyId>>;

fn ids(reach: &Reach) -> Option<Vec<Uuid>> {
    reach
        .as_ref()
        .map(|agencies| agencies.iter().map(|id| id.uuid()).collect())
}

/// `None` where the quarter has one.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    (quarter, opened_by): (&str, &str),
    now: DateTime<Utc>,
    due_at: DateTime<Utc>,
) -> Result<Option<Uuid>> {
    sqlx::query_scalar(
        "INSERT INTO oversight.campaign (id, quarter, opened_at, opened_by, due_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (quarter) DO NOTHING
         RETURNING id",
    )
    .bind(Uuid::now_v7())
    .bind(quarter)
    .bind(now)
    .bind(opened_by)
    .bind(due_at)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn insert_lines(
    connection: &mut PgConnection,
    _: &Permit,
    campaign: Uuid,
    roles: &[HeldRole],
    privileged: &[String],
) -> Result<()> {
    let text = |part: fn(&HeldRole) -> &str| -> Vec<String> { roles.iter().map(|one| part(one).to_owned()).collect() };
    sqlx::query(
        "INSERT INTO oversight.review_line (id, campaign, agency, agency_name, person, name, name_key, position, title, role, privileged)
         SELECT row.id, $2, row.agency, row.agency_name, row.person, row.name, row.name_key, row.position, row.title, row.role,
                row.role = ANY ($11)
         FROM unnest($1::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::uuid[], $9::text[], $10::text[])
             AS row(id, agency, agency_name, person, name, name_key, position, title, role)
         ON CONFLICT (campaign, person, position, role) DO NOTHING",
    )
    .bind(roles.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind(campaign)
    .bind(roles.iter().map(|one| one.agency.uuid()).collect::<Vec<_>>())
    .bind(text(|one| &one.agency_name))
    .bind(roles.iter().map(|one| one.person.uuid()).collect::<Vec<_>>())
    .bind(text(|one| &one.name))
    .bind(roles.iter().map(|one| collation::name_collation_key(&one.name)).collect::<Vec<_>>())
    .bind(roles.iter().map(|one| one.position.uuid()).collect::<Vec<_>>())
    .bind(text(|one| &one.title))
    .bind(text(|one| &one.role))
    .bind(privileged)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn filled(connection: &mut PgConnection, _: &Permit, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE oversight.campaign SET filled_at = $2 WHERE id = $1")
        .bind(id)
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

macro_rules! campaigns {
    ($tail:literal) => {
        concat!(
            "SELECT campaign.id, campaign.quarter, campaign.opened_at, campaign.opened_by, campaign.due_at, campaign.filled_at,
                    campaign.escalated_at, campaign.final_at, campaign.closed_at, counts.lines, counts.open, counts.ended
             FROM oversight.campaign AS campaign
             CROSS JOIN LATERAL (
                 SELECT count(*) AS lines,
                        count(*) FILTER (WHERE line.verdict IS NULL) AS open,
                        count(*) FILTER (WHERE line.verdict IN ('taken_back', 'ended', 'gone')) AS ended
                 FROM oversight.review_line AS line
                 WHERE line.campaign = campaign.id AND ($1::uuid[] IS NULL OR line.agency = ANY ($1))) AS counts ",
            $tail
        )
    };
}

pub(crate) async fn campaign(connection: &mut PgConnection, reach: &Reach, id: Uuid) -> Result<Option<Campaign>> {
    let row: Option<CampaignRow> = sqlx::query_as(campaigns!("WHERE campaign.id = $2"))
        .bind(ids(reach))
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    Ok(row.map(Campaign::from))
}

pub(crate) async fn campaigns(
    connection: &mut PgConnection,
    reach: &Reach,
    request: &PageRequest,
) -> Result<Page<Campaign>> {
    let after: Option<String> = request.after.as_deref().map(db::cursor::decode).transpose()?;
    let rows: Vec<CampaignRow> = sqlx::query_as(campaigns!(
        "WHERE $2::text IS NULL OR campaign.quarter < $2 ORDER BY campaign.quarter DESC LIMIT $3"
    ))
    .bind(ids(reach))
    .bind(after)
    .bind(request.probe())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(Page::cut(rows, request, |row| row.quarter.clone()).map(Campaign::from))
}

/// Locked against others who settle or answer at the same time.
pub(crate) async fn lock(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query("SELECT FROM oversight.campaign WHERE id = $1 FOR UPDATE")
        .bind(id)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn progress(connection: &mut PgConnection, reach: &Reach, id: Uuid) -> Result<Vec<AgencyProgress>> {
    let rows: Vec<(Uuid, String, i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT agency, max(agency_name), count(*),
                count(*) FILTER (WHERE verdict IS NULL),
                count(*) FILTER (WHERE verdict IN ('kept', 'left')),
                count(*) FILTER (WHERE verdict IN ('taken_back', 'ended', 'gone'))
         FROM oversight.review_line
         WHERE campaign = $1 AND ($2::uuid[] IS NULL OR agency = ANY ($2))
         GROUP BY agency
         ORDER BY count(*) FILTER (WHERE verdict IS NULL) DESC, max(agency_name), agency",
    )
    .bind(id)
    .bind(ids(reach))
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let row = |(agency, name, lines, open, kept, ended)| AgencyProgress {
        agency,
        name,
        lines,
        open,
        kept,
        ended,
    };
    Ok(rows.into_iter().map(row).collect())
}

pub(crate) async fn lines(
    connection: &mut PgConnection,
    (campaign, agency): (Uuid, Uuid),
    only_open: bool,
    request: &PageRequest,
) -> Result<Page<Line>> {
    let after: Option<(String, Uuid)> = request.after.as_deref().map(db::cursor::decode).transpose()?;
    let rows: Vec<LineRow> = sqlx::query_as(
        "SELECT id, campaign, agency, agency_name, person, name, name_key, position, title, role, privileged, verdict, reason,
                answered_name, answered_at
         FROM oversight.review_line
         WHERE campaign = $1
           AND agency = $2
           AND (NOT $3 OR verdict IS NULL)
           AND ($4::text IS NULL OR (name_key, id) > ($4, $5))
         ORDER BY name_key, id
         LIMIT $6",
    )
    .bind(campaign)
    .bind(agency)
    .bind(only_open)
    .bind(after.as_ref().map(|(key, _)| key))
    .bind(after.as_ref().map(|(_, id)| *id))
    .bind(request.probe())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let page = Page::cut(rows, request, |row| (row.name_key.clone(), row.id));
    Ok(Page {
        items: page.items.into_iter().map(LineRow::into_line).collect::<Result<_>>()?,
        next: page.next,
    })
}

/// All lines in reach, agency by agency, after the one named.
pub(crate) async fn all_lines(
    connection: &mut PgConnection,
    campaign: Uuid,
    reach: &Reach,
    after: Option<Uuid>,
    most: i64,
    only_open: bool,
) -> Result<Vec<Line>> {
    let rows: Vec<LineRow> = sqlx::query_as(
        "SELECT id, campaign, agency, agency_name, person, name, name_key, position, title, role, privileged, verdict, reason,
                answered_name, answered_at
         FROM oversight.review_line
         WHERE campaign = $1
           AND ($2::uuid[] IS NULL OR agency = ANY ($2))
           AND ($3::uuid IS NULL OR id > $3)
           AND (NOT $4 OR verdict IS NULL)
         ORDER BY id
         LIMIT $5",
    )
    .bind(campaign)
    .bind(ids(reach))
    .bind(after)
    .bind(only_open)
    .bind(most)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter().map(LineRow::into_line).collect()
}

pub(crate) async fn lock_line(connection: &mut PgConnection, id: Uuid) -> Result<Option<Line>> {
    let row: Option<LineRow> = sqlx::query_as(
        "SELECT id, campaign, agency, agency_name, person, name, name_key, position, title, role, privileged, verdict, reason,
                answered_name, answered_at
         FROM oversight.review_line
         WHERE id = $1
         FOR UPDATE",
    )
    .bind(id)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(LineRow::into_line).transpose()
}

pub(crate) async fn answer(
    connection: &mut PgConnection,
    _: &Permit,
    line: Uuid,
    (verdict, reason): (Verdict, &str),
    (by, name): (Option<PersonId>, &str),
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE oversight.review_line
         SET verdict = $2, reason = $3, answered_by = $4, answered_name = $5, answered_at = $6
         WHERE id = $1",
    )
    .bind(line)
    .bind(verdict.as_str())
    .bind(reason)
    .bind(by.map(PersonId::uuid))
    .bind(name)
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The campaigns that have not ended, locked.
pub(crate) async fn running(connection: &mut PgConnection) -> Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "SELECT id FROM oversight.campaign
         WHERE closed_at IS NULL
         ORDER BY opened_at
         FOR UPDATE",
    )
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn escalate(
    connection: &mut PgConnection,
    _: &Permit,
    id: Uuid,
    now: DateTime<Utc>,
    final_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE oversight.campaign SET escalated_at = $2, final_at = $3 WHERE id = $1 AND escalated_at IS NULL",
    )
    .bind(id)
    .bind(now)
    .bind(final_at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn close(connection: &mut PgConnection, _: &Permit, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE oversight.campaign SET closed_at = $2 WHERE id = $1 AND closed_at IS NULL")
        .bind(id)
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// What reviews said of the roles of a person, as the person reads it.
pub(crate) async fn told(connection: &mut PgConnection, person: PersonId, limit: i64) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'title', line.title,
                    'agency', line.agency_name,
                    'role', line.role,
                    'outcome', line.verdict,
                    'reason', line.reason,
                    'at', coalesce(line.answered_at, campaign.opened_at))
         FROM oversight.review_line AS line
         JOIN oversight.campaign AS campaign ON campaign.id = line.campaign
         WHERE line.person = $1
         ORDER BY line.id DESC
         LIMIT $2",
    )
    .bind(person.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}
