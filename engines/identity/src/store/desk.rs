use chrono::{DateTime, NaiveDate, Utc};
use db::{Page, PageRequest};
use kernel::{AccountId, AgencyId, Result, UnitId};
use op::Permit;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;
use vault::Vault;

use super::sealed::{self, FOLDED};
use crate::desk::{AccountFilter, AccountLine, AccountRow, NewLine, new_line_id};
use crate::login;
use crate::model::AccountState;
use crate::people::Question;

/// What a list is to show.
pub(crate) struct Asked<'a> {
    /// What was searched for, and how it was typed.
    pub(crate) question: Option<&'a (Question, String)>,
    pub(crate) filter: AccountFilter,
    /// The roles that are watched more closely.
    pub(crate) privileged: &'a [String],
    /// The agencies in reach; `None`: everybody.
    pub(crate) reach: Option<&'a [AgencyId]>,
    /// A unit that is in reach beside them.
    pub(crate) unit: Option<UnitId>,
    pub(crate) today: NaiveDate,
    pub(crate) vault: &'a Vault,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    person: Uuid,
    full_name: String,
    name_key: String,
    login: Option<String>,
    sealed: Option<Vec<u8>>,
    state: String,
    has_password: bool,
    second_factor: bool,
    created_at: DateTime<Utc>,
    last_sign_in_at: Option<DateTime<Utc>>,
    positions: Vec<String>,
    privileged: bool,
}

impl Row {
    fn into_row(self, vault: &Vault) -> Result<AccountRow> {
        Ok(AccountRow {
            id: self.id.into(),
            person: self.person.into(),
            name: self.full_name,
            login: sealed::login(vault, self.id, self.login, self.sealed.as_deref())?,
            state: AccountState::parse(&self.state).ok_or_else(|| super::unknown_word("account.state"))?,
            has_password: self.has_password,
            second_factor: self.second_factor,
            created_at: self.created_at,
            last_sign_in_at: self.last_sign_in_at,
            positions: self.positions,
            privileged: self.privileged,
        })
    }
}

/// The rows are cut first and dressed afterwards: what stands beside an account is read for those of the page alone.
const DRESSED: &str = "SELECT found.*,
       EXISTS (SELECT FROM identity.totp WHERE totp.account = found.id AND totp.secret IS NOT NULL)
           OR EXISTS (SELECT FROM identity.passkey WHERE passkey.account = found.id) AS second_factor,
       ARRAY (SELECT position.title || ', ' || agency.name
              FROM identity.holding AS holding
              JOIN identity.position AS position ON position.id = holding.position
              JOIN identity.agency AS agency ON agency.id = position.agency
              WHERE holding.person = found.person AND daterange(holding.valid_from, holding.valid_to, '[]') @> ";
const DRESSED_TOO: &str = "
              ORDER BY holding.valid_from, holding.id) AS positions,
       EXISTS (SELECT
               FROM identity.holding AS holding
               JOIN identity.position AS position ON position.id = holding.position
               WHERE holding.person = found.person AND position.roles && ";
const FOUND: &str = "
FROM (SELECT account.id, account.person, person.full_name, person.name_key, account.login, account.sealed, account.state,
             account.password IS NOT NULL AS has_password, account.created_at, account.last_sign_in_at
      FROM identity.account AS account
      JOIN identity.person AS person ON person.id = account.person
      WHERE true";

fn begin(privileged: &[String], today: NaiveDate) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(DRESSED);
    query
        .push_bind(today)
        .push(DRESSED_TOO)
        .push_bind(privileged.to_vec())
        .push(" AND (holding.valid_to IS NULL OR holding.valid_to >= ")
        .push_bind(today)
        .push(")) AS privileged")
        .push(FOUND);
    query
}

/// Whoever holds a position today or later, all of them in these agencies and one with one of these roles, where they are named: somebody with a second
/// office elsewhere is not the one agency's alone.
fn whose_holder(
    query: &mut QueryBuilder<Postgres>,
    today: NaiveDate,
    (agencies, unit): (Option<&[AgencyId]>, Option<UnitId>),
    roles: Option<&[String]>,
) {
    query
        .push(
            " AND EXISTS (SELECT FROM identity.holding AS holding
                JOIN identity.position AS position ON position.id = holding.position
                WHERE holding.person = account.person AND (holding.valid_to IS NULL OR holding.valid_to >= ",
        )
        .push_bind(today)
        .push(")");
    if let Some(roles) = roles {
        query.push(" AND position.roles && ").push_bind(roles.to_vec());
    }
    query.push(")");
    if let Some(agencies) = agencies {
        let ids: Vec<Uuid> = agencies.iter().map(|id| id.uuid()).collect();
        query
            .push(
                " AND NOT EXISTS (SELECT FROM identity.holding AS holding
                JOIN identity.position AS position ON position.id = holding.position
                WHERE holding.person = account.person AND (holding.valid_to IS NULL OR holding.valid_to >= ",
            )
            .push_bind(today)
            .push(") AND position.agency <> ALL (")
            .push_bind(ids)
            .push(")");
        if let Some(unit) = unit {
            query
                .push(" AND position.unit IS DISTINCT FROM ")
                .push_bind(unit.uuid());
        }
        query.push(")");
    }
}

fn asked_for(query: &mut QueryBuilder<Postgres>, vault: &Vault, question: &Question, typed: &str) -> Result<()> {
    match question {
        Question::Number(number) => {
            query
                .push(" AND person.id IN (SELECT unnest(ARRAY[id, merged_into]) FROM identity.person WHERE number_tag = ANY (")
                .push_bind(sealed::of_number(vault, number)?)
                .push(") OR personal_number = ")
                .push_bind(number.as_str().to_owned())
                .push(")");
        }
        Question::Phone(phone) => {
            query
                .push(" AND (person.phone_tag = ANY (")
                .push_bind(sealed::of_phone(vault, phone)?)
                .push(") OR person.phone = ")
                .push_bind(phone.as_str().to_owned())
                .push(")");
        }
        Question::Words(words) => {
            // Two ways to find an account, each with an index of its own. Words hold letters and digits only; a login is cleaned of wildcards.
            query.push(
                " AND account.id IN (
                    SELECT own.id
                    FROM identity.person AS named
                    JOIN identity.account AS own ON own.person = named.id
                    WHERE true",
            );
            for word in words {
                query
                    .push(" AND (' ' || named.name_folded) LIKE ")
                    .push_bind(format!("% {word}%"));
            }
            let login: String = login::fold(typed)
                .chars()
                .flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c]))
                .collect();
            query
                .push(" UNION SELECT id FROM identity.account WHERE login_folded LIKE ")
                .push_bind(format!("{login}%"))
                // One that tells who it is lies sealed, and is found whole.
                .push(" UNION SELECT id FROM identity.account WHERE login_tag = ANY (")
                .push_bind(FOLDED.tags(vault, &login::fold(typed))?)
                .push("))");
        }
    }
    Ok(())
}

pub(crate) async fn find(
    connection: &mut PgConnection,
    asked: &Asked<'_>,
    page: &PageRequest,
) -> Result<Page<AccountRow>> {
    let mut query = begin(asked.privileged, asked.today);
    if let Some((question, typed)) = asked.question {
        asked_for(&mut query, asked.vault, question, typed)?;
    }
    let roles = (asked.filter == AccountFilter::Privileged).then_some(asked.privileged);
    let officials = asked.question.is_none() && asked.filter != AccountFilter::Suspended
        || matches!(asked.filter, AccountFilter::Dormant(_));
    if officials && matches!(asked.filter, AccountFilter::Dormant(_) | AccountFilter::NotStarted) {
        // Most of all accounts are unused for long, those of officials hardly ever: in the order of names nearly all of them would be walked through to fill a
        // page. So the officials are taken first, and once.
        query
            .push(
                " AND account.person = ANY (ARRAY (SELECT holding.person FROM identity.holding AS holding
                    WHERE holding.valid_to IS NULL OR holding.valid_to >= ",
            )
            .push_bind(asked.today)
            .push("))");
    }
    if asked.reach.is_some() || roles.is_some() || officials {
        whose_holder(&mut query, asked.today, (asked.reach, asked.unit), roles);
    }
    match asked.filter {
        AccountFilter::All | AccountFilter::Privileged => {}
        AccountFilter::Suspended => {
            query.push(" AND account.state = 'suspended'");
        }
        AccountFilter::NotStarted => {
            query.push(" AND account.last_sign_in_at IS NULL AND account.state <> 'closed'");
        }
        AccountFilter::Dormant(since) => {
            query
                .push(" AND account.state = 'active' AND coalesce(account.last_sign_in_at, account.created_at) < ")
                .push_bind(since);
        }
    }
    if let Some(after) = &page.after {
        let (key, id): (String, Uuid) = db::cursor::decode(after)?;
        query
            .push(" AND (person.name_key, account.id) > (")
            .push_bind(key)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    query
        .push(" ORDER BY person.name_key, account.id LIMIT ")
        .push_bind(page.probe())
        .push(") AS found ORDER BY name_key, id");
    let rows = query
        .build_query_as::<Row>()
        .fetch_all(connection)
        .await
        .map_err(db::fault)?;
    let page = Page::cut(rows, page, |row| (row.name_key.clone(), row.id));
    Ok(Page {
        items: page
            .items
            .into_iter()
            .map(|row| row.into_row(asked.vault))
            .collect::<Result<_>>()?,
        next: page.next,
    })
}

pub(crate) async fn one(
    connection: &mut PgConnection,
    vault: &Vault,
    account: AccountId,
    privileged: &[String],
    today: NaiveDate,
) -> Result<Option<AccountRow>> {
    let mut query = begin(privileged, today);
    query
        .push(" AND account.id = ")
        .push_bind(account.uuid())
        .push(") AS found");
    let row = query
        .build_query_as::<Row>()
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    row.map(|row| row.into_row(vault)).transpose()
}

pub(crate) async fn line(
    connection: &mut PgConnection,
    _: &Permit,
    (account, act, reason): NewLine<'_>,
    by: Option<AccountId>,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("INSERT INTO identity.account_line (id, account, act, reason, by, at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(new_line_id())
        .bind(account.uuid())
        .bind(act)
        .bind(reason)
        .bind(by.map(AccountId::uuid))
        .bind(at)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn lines(connection: &mut PgConnection, account: AccountId) -> Result<Vec<AccountLine>> {
    let rows: Vec<(String, String, Option<String>, DateTime<Utc>)> = sqlx::query_as(
        "SELECT line.act, line.reason, person.full_name, line.at
         FROM identity.account_line AS line
         LEFT JOIN identity.account AS by ON by.id = line.by
         LEFT JOIN identity.person AS person ON person.id = by.person
         WHERE line.account = $1
         ORDER BY line.at DESC, line.id DESC
         LIMIT 100",
    )
    .bind(account.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let line = |(act, reason, by, at): (String, String, Option<String>, DateTime<Utc>)| AccountLine {
        act,
        reason,
        by_name: by.unwrap_or_default(),
        at,
    };
    Ok(rows.into_iter().map(line).collect())
}

/// When somebody last came in.
pub(crate) async fn came_in(connection: &mut PgConnection, account: AccountId) -> Result<Option<DateTime<Utc>>> {
    let at: Option<Option<DateTime<Utc>>> =
        sqlx::query_scalar("SELECT last_sign_in_at FROM identity.account WHERE id = $1")
            .bind(account.uuid())
            .fetch_optional(connection)
            .await
            .map_err(db::fault)?;
    Ok(at.flatten())
}

/// Whether nobody has come in since then.
pub(crate) async fn is_dormant(
    connection: &mut PgConnection,
    account: AccountId,
    since: DateTime<Utc>,
) -> Result<bool> {
    let dormant: Option<bool> =
        sqlx::query_scalar("SELECT coalesce(last_sign_in_at, created_at) < $2 FROM identity.account WHERE id = $1")
            .bind(account.uuid())
            .bind(since)
            .fetch_optional(connection)
            .await
            .map_err(db::fault)?;
    Ok(dormant.unwrap_or(false))
}

/// Whether an official has done anything to an account of another since then: a code that sets the password, the second factor taken away, suspended or let in.
pub(crate) async fn touched(
    connection: &mut PgConnection,
    account: AccountId,
    by: AccountId,
    since: DateTime<Utc>,
) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM identity.account_line WHERE account = $1 AND by = $2 AND at > $3)")
        .bind(account.uuid())
        .bind(by.uuid())
        .bind(since)
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// Whether somebody has done this to the account since then; `None`: ever.
pub(crate) async fn did(
    connection: &mut PgConnection,
    account: AccountId,
    by: AccountId,
    act: &str,
    since: Option<DateTime<Utc>>,
) -> Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (
             SELECT
             FROM identity.account_line
             WHERE account = $1 AND by = $2 AND act = $3 AND ($4::timestamptz IS NULL OR at >= $4))",
    )
    .bind(account.uuid())
    .bind(by.uuid())
    .bind(act)
    .bind(since)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// When the owner was last told that the account is dormant, since then. A warning before the account was opened again is spent.
pub(crate) async fn warned(
    connection: &mut PgConnection,
    account: AccountId,
    since: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar(
        "SELECT max(line.at)
         FROM identity.account_line AS line
         WHERE line.account = $1
           AND line.act = 'dormant_warned'
           AND line.at >= $2
           AND NOT EXISTS (
               SELECT
               FROM identity.account_line AS later
               WHERE later.account = $1 AND later.act = 'resumed' AND later.at >= line.at)",
    )
    .bind(account.uuid())
    .bind(since)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn put_code(
    connection: &mut PgConnection,
    _: &Permit,
    account: AccountId,
    sha256: &[u8],
    given_by: Option<AccountId>,
    (at, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<()> {
    sqlx::query(
        "INSERT INTO identity.entry_code (account, sha256, given_by, given_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account) DO UPDATE SET
             sha256 = excluded.sha256,
             given_by = excluded.given_by,
             given_at = excluded.given_at,
             expires_at = excluded.expires_at",
    )
    .bind(account.uuid())
    .bind(sha256)
    .bind(given_by.map(AccountId::uuid))
    .bind(at)
    .bind(until)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn code_until(
    connection: &mut PgConnection,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar("SELECT expires_at FROM identity.entry_code WHERE account = $1 AND expires_at > $2")
        .bind(account.uuid())
        .bind(now)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn code_holds(
    connection: &mut PgConnection,
    account: AccountId,
    sha256: &[u8],
    now: DateTime<Utc>,
) -> Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM identity.entry_code WHERE account = $1 AND sha256 = $2 AND expires_at > $3)",
    )
    .bind(account.uuid())
    .bind(sha256)
    .bind(now)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// Whether one was there; it is good no more.
pub(crate) async fn drop_code(connection: &mut PgConnection, _: &Permit, account: AccountId) -> Result<bool> {
    let dropped = sqlx::query("DELETE FROM identity.entry_code WHERE account = $1")
        .bind(account.uuid())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(dropped.rows_affected() > 0)
}

/// Who has last shut the account: `None` where nothing is written of it, or the platform did it.
pub(crate) async fn shut_by(connection: &mut PgConnection, account: AccountId) -> Result<Option<AccountId>> {
    let by: Option<Option<Uuid>> = sqlx::query_scalar(
        "SELECT by
         FROM identity.account_line
         WHERE account = $1 AND act IN ('suspended', 'suspended_dormant')
         ORDER BY at DESC, id DESC
         LIMIT 1",
    )
    .bind(account.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    Ok(by.flatten().map(AccountId::from))
}

/// Whether it was there; it is good no more.
pub(crate) async fn take_code(
    connection: &mut PgConnection,
    _: &Permit,
    account: AccountId,
    sha256: &[u8],
    now: DateTime<Utc>,
) -> Result<bool> {
    let taken = sqlx::query("DELETE FROM identity.entry_code WHERE account = $1 AND sha256 = $2 AND expires_at > $3")
        .bind(account.uuid())
        .bind(sha256)
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(taken.rows_affected() > 0)
}

/// Removes codes that nobody used.
pub(crate) async fn sweep(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let gone = sqlx::query("DELETE FROM identity.entry_code WHERE expires_at < $1")
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(gone.rows_affected())
}
