//! The accounts of others, for whoever looks after them; and the start of an account by a code.

use axum::http::Method;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use kernel::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{Doc, Door, Routes, Site, Visit};

use super::account::source;
use super::{Ended, SessionInfo, engine, ops};
use crate::{AccountFilter, AccountRow, AccountState, Identity, Passkey, Start, error};

/// An account in a list.
#[derive(Serialize, JsonSchema)]
pub struct AccountInfo {
    /// Its number.
    pub id: Uuid,
    /// Full name of the owner.
    pub name: String,
    /// Login name.
    pub login: String,
    /// `active`, `suspended`, `closed`.
    pub state: AccountState,
    /// Whether it has a password.
    pub has_password: bool,
    /// Whether it has a second factor.
    pub second_factor: bool,
    /// Since when there is one.
    pub created_at: DateTime<Utc>,
    /// When somebody last came in.
    pub last_sign_in_at: Option<DateTime<Utc>>,
    /// "Title, agency" of each position held today.
    pub positions: Vec<String>,
    /// Whether it carries a role that is watched more closely.
    pub privileged: bool,
}

/// A page of them.
#[derive(Serialize, JsonSchema)]
pub struct AccountPage {
    /// In the order of names.
    pub items: Vec<AccountInfo>,
    /// Cursor of the next page (`?sau=`), if there is one.
    pub next: Option<String>,
}

/// A position of the owner.
#[derive(Serialize, JsonSchema)]
pub struct AccountPosition {
    /// Title as printed on papers.
    pub title: String,
    /// Name of the agency.
    pub agency_name: String,
    /// Roles.
    pub roles: Vec<String>,
    /// Since which day.
    pub from: NaiveDate,
    /// Until which day, included.
    pub to: Option<NaiveDate>,
}

/// What was done to an account.
#[derive(Serialize, JsonSchema)]
pub struct AccountAct {
    /// `suspended`, `resumed`, `sessions_ended`, `second_factor_reset`, `entry_code_given`, `entry_code_used` …
    pub act: String,
    /// Why.
    pub reason: String,
    /// Who; empty: the platform by itself.
    pub by_name: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A role that was taken back.
#[derive(Serialize, JsonSchema)]
pub struct WithheldRole {
    /// Its number, to give it back.
    pub id: Uuid,
    /// Title of the position.
    pub title: String,
    /// Name of the agency.
    pub agency_name: String,
    /// The role.
    pub role: String,
    /// Why; empty where a rule did it.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// One account with all that belongs to it.
#[derive(Serialize, JsonSchema)]
pub struct AccountDetail {
    /// The account.
    pub account: AccountInfo,
    /// The positions held today.
    pub positions: Vec<AccountPosition>,
    /// The living sessions, the newest first.
    pub sessions: Vec<SessionInfo>,
    /// Since when there is an authenticator.
    pub authenticator_since: Option<DateTime<Utc>>,
    /// The passkeys.
    pub passkeys: Vec<Passkey>,
    /// The roles that were taken back from the owner.
    pub withheld: Vec<WithheldRole>,
    /// Until when an entry code waits.
    pub code_until: Option<DateTime<Utc>>,
    /// What was done, the newest first.
    pub history: Vec<AccountAct>,
    /// Whether the reader may change it.
    pub changeable: bool,
}

/// Why.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonRequest {
    /// A few words; the owner of the account reads them.
    pub reason: String,
}

/// A code for the owner, told this once.
#[derive(Serialize, JsonSchema)]
pub struct EntryCodeAnswer {
    /// For the owner alone.
    pub code: String,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// A code that an administrator has given, and the password that is to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRequest {
    /// Login name.
    pub login: String,
    /// The code.
    pub code: String,
    /// The new password.
    pub password: String,
}

/// The account can be signed in to.
#[derive(Serialize, JsonSchema)]
pub struct Started {
    /// Always true; a failure is a problem document.
    pub started: bool,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Identity> + Clone + Send + Sync + 'static,
{
    let doc = |id, summary| Doc::new(id, "identity", summary);
    Routes::new()
        .api_get(
            "/api/v1/accounts",
            Door::Right("identity.accounts"),
            doc(
                "listAccounts",
                "Accounts in one's reach by name, login or number (`q`); `show`: `privileged`, `dormant` (with `days`), `suspended`, `not_started`. Whoever is found sees it.",
            )
            .with_query(&["q", "show", "days"]),
            list,
        )
        .api_get(
            "/api/v1/accounts/{id}",
            Door::Right("identity.see_account"),
            doc("getAccount", "One account with positions, sessions, second factors and what was done to it. The owner sees it."),
            show,
        )
        .api_post(
            "/api/v1/accounts/{id}/suspension",
            Door::Right("identity.suspend_account"),
            doc("suspendAccount", "Suspends an account; its sessions end. Asks for step-up."),
            suspend,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/accounts/{id}/suspension",
            Door::Right("identity.resume_account"),
            doc("resumeAccount", "Lets the owner of a suspended account in again. Asks for step-up."),
            resume,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/accounts/{id}/sessions",
            Door::Right("identity.end_sessions_of"),
            doc("endSessionsOf", "Ends all sessions of an account. Asks for step-up."),
            end_sessions,
        )
        .api_post(
            "/api/v1/accounts/{id}/entry-code",
            Door::Right("identity.give_entry_code"),
            doc(
                "giveEntryCode",
                "A code by which the owner sets a password, good once and for three days. Asks for step-up.",
            )
            .created(),
            give_code,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/accounts/{id}/entry-code",
            Door::Right("identity.give_entry_code"),
            doc("withdrawEntryCode", "Takes back a code that waits; `ended` says whether there was one. Asks for step-up."),
            withdraw_code,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/withheld-roles/{id}",
            Door::Right("identity.return_role"),
            doc("returnRole", "Gives back a role that a review has taken from one holder. Asks for step-up."),
            give_back,
        )
        .api_post(
            "/api/v1/account-start",
            Door::Public,
            doc("startAccount", "Sets the password of an account by the code that an administrator has given."),
            start,
        )
}

fn info(row: AccountRow) -> AccountInfo {
    AccountInfo {
        id: row.id.uuid(),
        name: row.name,
        login: row.login,
        state: row.state,
        has_password: row.has_password,
        second_factor: row.second_factor,
        created_at: row.created_at,
        last_sign_in_at: row.last_sign_in_at,
        positions: row.positions,
        privileged: row.privileged,
    }
}

async fn list<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>) -> Result<AccountPage> {
    let mut op = visit.op().await?;
    let filter = match visit.query("show") {
        None | Some("") => AccountFilter::All,
        Some("privileged") => AccountFilter::Privileged,
        Some("suspended") => AccountFilter::Suspended,
        Some("not_started") => AccountFilter::NotStarted,
        Some("dormant") => {
            let days = match visit.query("days") {
                Some(days) => days.parse::<u16>().map_err(|_| error::malformed("days"))?,
                None => engine(&visit).dormant_days(),
            };
            AccountFilter::Dormant(op.now() - TimeDelta::days(i64::from(days)))
        }
        Some(_) => return Err(error::malformed("show")),
    };
    let words = visit.query("q").unwrap_or_default().to_owned();
    let page = engine(&visit)
        .accounts(&mut op, &words, filter, &visit.page_request())
        .await?;
    op.commit().await?;
    Ok(AccountPage {
        next: page.next,
        items: page.items.into_iter().map(info).collect(),
    })
}

async fn show<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>) -> Result<AccountDetail> {
    let account = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let sheet = engine(&visit).account_sheet(&mut op, account).await?;
    op.commit().await?;
    let positions = sheet.positions.into_iter().map(|held| AccountPosition {
        title: held.title,
        agency_name: held.agency_name,
        roles: held.roles,
        from: held.validity.from,
        to: held.validity.to,
    });
    let history = sheet.lines.into_iter().map(|line| AccountAct {
        act: line.act,
        reason: line.reason,
        by_name: line.by_name,
        at: line.at,
    });
    let withheld = sheet.withheld.into_iter().map(|one| WithheldRole {
        id: one.id,
        title: one.title,
        agency_name: one.agency_name,
        role: one.role,
        reason: one.reason,
        at: one.at,
    });
    let current = visit.session;
    Ok(AccountDetail {
        account: info(sheet.row),
        positions: positions.collect(),
        sessions: sheet
            .sessions
            .into_iter()
            .map(|session| SessionInfo::of(session, current))
            .collect(),
        authenticator_since: sheet.authenticator_since,
        passkeys: sheet.passkeys,
        withheld: withheld.collect(),
        code_until: sheet.code_until,
        history: history.collect(),
        changeable: sheet.changeable && !sheet.own,
    })
}

async fn suspend<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: ReasonRequest) -> Result<Ended> {
    let account = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).suspend_account(&mut op, account, &body.reason).await?;
    op.commit().await?;
    Ok(Ended { ended: true })
}

async fn resume<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: ReasonRequest) -> Result<Ended> {
    let account = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).resume_account(&mut op, account, &body.reason).await?;
    op.commit().await?;
    Ok(Ended { ended: true })
}

async fn end_sessions<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: ReasonRequest) -> Result<Ended> {
    let account = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).end_sessions_of(&mut op, account, &body.reason).await?;
    op.commit().await?;
    Ok(Ended { ended: true })
}

async fn give_code<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: ReasonRequest) -> Result<EntryCodeAnswer> {
    let account = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let given = engine(&visit).give_entry_code(&mut op, account, &body.reason).await?;
    op.commit().await?;
    Ok(EntryCodeAnswer {
        code: given.code,
        expires_at: given.expires_at,
    })
}

async fn withdraw_code<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: ReasonRequest) -> Result<Ended> {
    let account = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let ended = engine(&visit)
        .withdraw_entry_code(&mut op, account, &body.reason)
        .await?;
    op.commit().await?;
    Ok(Ended { ended })
}

async fn give_back<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: ReasonRequest) -> Result<Ended> {
    let withheld: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).return_role(&mut op, withheld, &body.reason).await?;
    op.commit().await?;
    Ok(Ended { ended: true })
}

async fn start<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: StartRequest) -> Result<Started> {
    let ip = visit.client_ip().to_string();
    let start = Start {
        login: &body.login,
        code: &body.code,
        password: &body.password,
        source: source(&visit, &ip),
    };
    engine(&visit).start_with_code(ops(&visit), start).await?;
    Ok(Started { started: true })
}
