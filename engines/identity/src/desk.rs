//! Looking after the accounts of others (quản lý tài khoản, R036, R037, R045): by administrators, and by managers of the accounts of an agency.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use db::{Page, PageRequest};
use kernel::{AccountId, AgencyId, PersonId, Result, UnitId, text};
use op::{Entry, Event, Op, Permit, Scope};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::agencies::today;
use crate::model::{AccountState, HeldPosition, Passkey, SessionRow, Substitution};
use crate::{Identity, Withheld, access, error, people, recovery, store};

/// An entry code waits so long for its owner: over a weekend.
const CODE_LASTS: TimeDelta = TimeDelta::hours(72);
/// Of an official's account, whoever takes the second factor away does not give an entry code within these days, nor the other way round.
const FOUR_EYES: TimeDelta = TimeDelta::days(7);
/// Longest reason, in characters.
const LONGEST_REASON: usize = 500;
/// Shortest reason, in characters.
const SHORTEST_REASON: usize = 5;

/// Which accounts a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountFilter {
    /// Those of officials; of everybody where something is searched for.
    #[default]
    All,
    /// Whose owner holds a role that is watched more closely (tài khoản đặc quyền).
    Privileged,
    /// Officials' accounts in which nobody has come in since this moment (tài khoản không hoạt động).
    Dormant(DateTime<Utc>),
    /// Suspended ones.
    Suspended,
    /// Nobody has ever come in.
    NotStarted,
}

/// An account in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountRow {
    /// The account.
    pub id: AccountId,
    /// The person behind it.
    pub person: PersonId,
    /// Full name.
    pub name: String,
    /// Login name.
    pub login: String,
    /// The state.
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
    /// Whether a position held today or later gives a role that is watched more closely.
    pub privileged: bool,
}

/// What was done to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountLine {
    /// What: `suspended`, `resumed`, `sessions_ended`, `second_factor_reset`, `entry_code_given`, `entry_code_used` …
    pub act: String,
    /// Why.
    pub reason: String,
    /// Who; empty: the platform by itself.
    pub by_name: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Everything that whoever looks after an account sees of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountSheet {
    /// The account.
    pub row: AccountRow,
    /// The positions held today.
    pub positions: Vec<HeldPosition>,
    /// The living sessions, the newest first.
    pub sessions: Vec<SessionRow>,
    /// Since when there is an authenticator.
    pub authenticator_since: Option<DateTime<Utc>>,
    /// The passkeys.
    pub passkeys: Vec<Passkey>,
    /// Who stands in for the owner, and for whom the owner stands in.
    pub substitutions: Vec<Substitution>,
    /// The roles that were taken back from the owner.
    pub withheld: Vec<Withheld>,
    /// Until when an entry code waits.
    pub code_until: Option<DateTime<Utc>>,
    /// What was done, the newest first.
    pub lines: Vec<AccountLine>,
    /// Whether it is the reader's own: then there is nothing to do here.
    pub own: bool,
    /// Whether the reader may change it.
    pub changeable: bool,
}

/// A code by which the owner of an account sets a password; told this once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryCode {
    /// `7KQ2-M4XD-9TRA-…`.
    pub code: String,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// Whose account is looked after, as far as the decision needs it.
pub(crate) struct Looked {
    pub(crate) account: AccountId,
    pub(crate) person: PersonId,
    /// The agencies in which the owner holds a position, today or later, each with the unit of the position.
    pub(crate) offices: Vec<(AgencyId, Option<UnitId>)>,
    /// Whether one of them gives a privileged role.
    pub(crate) privileged: bool,
}

impl Identity {
    /// Accounts by name, login, personal number or telephone, in the order of names; without words those of officials. Only accounts in the
    /// actor's reach: all of them for administrators, those of officials of the agency (and below it) for its managers of accounts. Whoever is found sees it, so
    /// **the caller commits**. Fails with `identity.search_too_short`.
    pub async fn accounts(
        &self,
        op: &mut Op,
        words: &str,
        filter: AccountFilter,
        page: &PageRequest,
    ) -> Result<Page<AccountRow>> {
        self.accounts_within(op, (words, filter), None, page).await
    }

    /// The same, of these agencies only, where they are named: a list is taken no further than it may leave.
    pub async fn accounts_within(
        &self,
        op: &mut Op,
        (words, filter): (&str, AccountFilter),
        within: Option<&[AgencyId]>,
        page: &PageRequest,
    ) -> Result<Page<AccountRow>> {
        let action = "identity.accounts";
        op.allow(action, "account:search", access::look_after_some(op.rights(), action))
            .await?;
        let reach = match (op.rights().agencies_in_reach(action), within) {
            (None, within) => within.map(<[AgencyId]>::to_vec),
            (Some(reach), None) => Some(reach),
            (Some(reach), Some(within)) => Some(reach.into_iter().filter(|agency| within.contains(agency)).collect()),
        };
        let question = match text::clean_line(words) {
            words if words.is_empty() => None,
            words => Some((people::question(&words)?, words)),
        };
        let asked = store::desk::Asked {
            question: question.as_ref(),
            filter,
            privileged: &self.privileged_roles(),
            reach: reach.as_deref(),
            unit: op.rights().unit_in_reach(action).filter(|_| within.is_none()),
            today: today(op),
            vault: &self.vault,
        };
        let found = store::desk::find(op.conn(), &asked, page).await?;
        if op.rights().is_platform() {
            return Ok(found);
        }
        let reader = op.actor().person();
        for row in found.items.iter().filter(|row| Some(row.person) != reader) {
            let entry = Entry::new("identity.account_found", format!("account:{}", row.id));
            op.record(entry.about(Some(row.person))).await?;
        }
        Ok(found)
    }

    /// One account with all that is to be seen of it. The owner sees it, so **the caller commits**. Fails with `identity.account_not_found`.
    pub async fn account_sheet(&self, op: &mut Op, account: AccountId) -> Result<AccountSheet> {
        let looked = self.looked(op, account).await?;
        let subject = subject(account);
        let decision = access::see_account(op.rights(), looked.as_ref());
        op.allow("identity.see_account", &subject, decision).await?;
        let looked = looked.ok_or_else(error::account_not_found)?;
        let own = op.actor().account() == Some(account);
        let changeable = access::look_after(op.rights(), "identity.suspend_account", Some(&looked)).is_allowed();
        let (day, now) = (today(op), op.now());
        let row = store::desk::one(op.conn(), &self.vault, account, &self.privileged_roles(), day)
            .await?
            .ok_or_else(error::account_not_found)?;
        let sheet = AccountSheet {
            positions: store::office::held(op.conn(), looked.person, day).await?,
            sessions: store::session::of_account(op.conn(), account, now).await?,
            authenticator_since: store::second_factor::authenticator_since(op.conn(), account).await?,
            passkeys: store::passkey::of_account(op.conn(), account).await?,
            substitutions: store::substitution::of_person(op.conn(), looked.person, day).await?,
            withheld: store::withheld::of_person(op.conn(), looked.person).await?,
            code_until: store::desk::code_until(op.conn(), account, now).await?,
            lines: store::desk::lines(op.conn(), account).await?,
            row,
            own,
            changeable,
        };
        if !own {
            let entry = Entry::new("identity.account_read", subject);
            op.record(entry.about(Some(looked.person))).await?;
        }
        Ok(sheet)
    }

    /// Suspends an account: nobody comes in, and whoever is in is out at once. Never one's own; a privileged one by administrators alone, and never the last one of
    /// a role that a province cannot be without.
    ///
    /// Fails with `identity.last_of_role`, `identity.account_not_found`, `identity.account_privileged`, `identity.not_allowed`, `identity.required` {reason},
    /// `identity.account_closed`, `identity.step_up_needed`.
    pub async fn suspend_account(&self, op: &mut Op, account: AccountId, reason: &str) -> Result<()> {
        let action = "identity.suspend_account";
        self.turn(op, account, reason, action, AccountState::Suspended).await
    }

    /// Lets the owner of a suspended account in again. Whom somebody above has suspended, or the platform, administrators alone let in. Fails as
    /// [`Identity::suspend_account`] does, and with `identity.suspended_above`.
    pub async fn resume_account(&self, op: &mut Op, account: AccountId, reason: &str) -> Result<()> {
        let action = "identity.resume_account";
        self.turn(op, account, reason, action, AccountState::Active).await
    }

    async fn turn(
        &self,
        op: &mut Op,
        account: AccountId,
        reason: &str,
        action: &'static str,
        to: AccountState,
    ) -> Result<()> {
        let (permit, _, reason) = self.take_in_hand(op, account, action, reason).await?;
        if to == AccountState::Active && !op.rights().everywhere(action) {
            self.check_shut_below(op, account, action).await?;
        }
        if self.turn_state(op, &permit, account, to).await? {
            let what = match to {
                AccountState::Active => "resumed",
                _ => "suspended",
            };
            self.done_to(op, &permit, account, what, &reason).await?;
        }
        Ok(())
    }

    /// Whether the account was shut by the actor, or by somebody in the actor's reach who reaches no further.
    async fn check_shut_below(&self, op: &mut Op, account: AccountId, action: &'static str) -> Result<()> {
        let by = store::desk::shut_by(op.conn(), account).await?;
        let Some(by) = by else {
            return Err(error::suspended_above());
        };
        if op.actor().account() == Some(by) {
            return Ok(());
        }
        let Some(colleague) = self.looked(op, by).await? else {
            return Err(error::suspended_above());
        };
        let day = today(op);
        let above = self.roles_with("identity.suspend_account", Scope::Province);
        let held = store::office::held_from(op.conn(), colleague.person, day).await?;
        let reaches_all = held
            .iter()
            .flat_map(|position| &position.roles)
            .any(|role| above.contains(role));
        if reaches_all || !access::reaches(op.rights(), action, &colleague) {
            return Err(error::suspended_above());
        }
        Ok(())
    }

    /// Ends all sessions of an account; gives how many. Fails as [`Identity::suspend_account`] does.
    pub async fn end_sessions_of(&self, op: &mut Op, account: AccountId, reason: &str) -> Result<usize> {
        let (permit, _, reason) = self
            .take_in_hand(op, account, "identity.end_sessions_of", reason)
            .await?;
        let now = op.now();
        let living = store::session::of_account(op.conn(), account, now).await?.len();
        self.start_anew(op, &permit, account, None, "ended_by_manager").await?;
        let facts = json!({ "ended": living, "reason": "ended_by_manager" });
        op.record(Entry::new("identity.sessions_ended", subject(account)).detail(facts))
            .await?;
        self.done_to(op, &permit, account, "sessions_ended", &reason).await?;
        Ok(living)
    }

    /// Gives a code by which the owner of an account sets a password: whoever has none yet, and whoever has lost it and has shown who they
    /// are. It is told this once, is good once and for three days, and replaces the one before; what opened the account before goes on until it is used.
    /// A second factor is still asked for. Nobody learns a password.
    ///
    /// Fails as [`Identity::suspend_account`] does, with `identity.account_suspended`, and with `identity.four_eyes` where the same
    /// official has lately taken the second factor of an official's account away.
    pub async fn give_entry_code(&self, op: &mut Op, account: AccountId, reason: &str) -> Result<EntryCode> {
        let (permit, looked, reason) = self
            .take_in_hand(op, account, "identity.give_entry_code", reason)
            .await?;
        match store::account::lock_state(op.conn(), account).await? {
            Some(AccountState::Active) => {}
            Some(AccountState::Closed) | None => return Err(error::account_closed()),
            Some(AccountState::Suspended) => return Err(error::account_suspended()),
        }
        self.check_four_eyes(op, &looked, "second_factor_reset").await?;
        let code = recovery::long()?;
        let (now, by) = (op.now(), op.actor().account());
        let expires_at = now + CODE_LASTS;
        let digest = recovery::long_digest(&code).unwrap_or_default();
        store::desk::put_code(op.conn(), &permit, account, &digest, by, (now, expires_at)).await?;
        op.record(Entry::new("identity.entry_code_given", subject(account)).detail(json!({ "until": expires_at })))
            .await?;
        self.done_to(op, &permit, account, "entry_code_given", &reason).await?;
        Ok(EntryCode { code, expires_at })
    }

    /// Takes back an entry code that waits; gives whether there was one. By whoever might give one. Fails as [`Identity::suspend_account`] does.
    pub async fn withdraw_entry_code(&self, op: &mut Op, account: AccountId, reason: &str) -> Result<bool> {
        let (permit, _, reason) = self
            .take_in_hand(op, account, "identity.give_entry_code", reason)
            .await?;
        let there = store::desk::drop_code(op.conn(), &permit, account).await?;
        if there {
            op.record(Entry::new("identity.entry_code_withdrawn", subject(account)))
                .await?;
            self.done_to(op, &permit, account, "entry_code_withdrawn", &reason)
                .await?;
        }
        Ok(there)
    }

    /// Whether the same official has not done the other of two things that together would open an account of the desk: within these days, and since its owner
    /// has last come in, whichever is longer. Whoever takes the factor away and waits has not got a second pair of eyes. The caller holds the account's row.
    pub(crate) async fn check_four_eyes(&self, op: &mut Op, looked: &Looked, other: &str) -> Result<()> {
        let Some(by) = op.actor().account().filter(|_| !looked.offices.is_empty()) else {
            return Ok(());
        };
        let lately = op.now() - FOUR_EYES;
        let came = store::desk::came_in(op.conn(), looked.account).await?;
        let since = came.map(|at| at.min(lately));
        if store::desk::did(op.conn(), looked.account, by, other, since).await? {
            return Err(error::four_eyes());
        }
        Ok(())
    }

    /// Nobody shuts out the last one who can sign in with a role that a province cannot be without: a privileged one that reaches everywhere (administrators,
    /// data protection). The operator at the machine can. Fails with `identity.last_of_role`.
    pub(crate) async fn check_not_last(&self, op: &mut Op, account: AccountId) -> Result<()> {
        let Some(found) = store::account::get(op.conn(), &self.vault, account).await? else {
            return Ok(());
        };
        let day = today(op);
        let held = store::office::held(op.conn(), found.person, day).await?;
        // In one order: two who shut each other out at once wait for one another, and the second one finds out.
        let roles: BTreeSet<String> = held.into_iter().flat_map(|position| position.roles).collect();
        for role in roles.iter().filter(|role| self.is_needed(role)) {
            store::withheld::lock(op.conn(), role).await?;
            if !store::withheld::others_hold(op.conn(), found.person, role, day).await? {
                return Err(error::last_of_role(role));
            }
        }
        Ok(())
    }

    fn is_needed(&self, role: &str) -> bool {
        let found = self.config.policy.role(role);
        found.is_some_and(|role| {
            let everywhere = |grant: &op::rights::Grant| grant.scope == Scope::Province;
            role.privileged && role.grants.values().flatten().any(everywhere)
        })
    }

    /// Asks whether the actor may do this to the account, now, and reads the reason. The account's row is held afterwards: what was done to it
    /// before is seen, and nothing else is done meanwhile.
    pub(crate) async fn take_in_hand(
        &self,
        op: &mut Op,
        account: AccountId,
        action: &'static str,
        reason: &str,
    ) -> Result<(Permit, Looked, String)> {
        let looked = self.looked(op, account).await?;
        let decision = access::look_after(op.rights(), action, looked.as_ref());
        op.allow(action, &subject(account), decision).await?;
        let reason = reason_of(reason)?;
        self.check_step_up(op)?;
        // Whoever may not at all holds nobody up; whoever may is asked once more of what stands there by now.
        store::account::lock_state(op.conn(), account).await?;
        let looked = self.looked(op, account).await?;
        let decision = access::look_after(op.rights(), action, looked.as_ref());
        let permit = op.allow(action, &subject(account), decision).await?;
        let looked = looked.ok_or_else(error::account_not_found)?;
        Ok((permit, looked, reason))
    }

    /// Writes down what was done to an account and lets its owner know.
    pub(crate) async fn done_to(
        &self,
        op: &mut Op,
        permit: &Permit,
        account: AccountId,
        act: &'static str,
        reason: &str,
    ) -> Result<()> {
        let (by, now) = (op.actor().account(), op.now());
        store::desk::line(op.conn(), permit, (account, act, reason), by, now).await?;
        let told = json!({ "account": account, "what": act, "reason": reason });
        op.emit(Event::new("identity.looked_after", subject(account), told));
        Ok(())
    }

    pub(crate) async fn looked(&self, op: &mut Op, account: AccountId) -> Result<Option<Looked>> {
        let Some(found) = store::account::get(op.conn(), &self.vault, account).await? else {
            return Ok(None);
        };
        let day = today(op);
        let held = store::office::held_from(op.conn(), found.person, day).await?;
        let privileged = self.privileged_roles();
        Ok(Some(Looked {
            account,
            person: found.person,
            privileged: held
                .iter()
                .flat_map(|position| &position.roles)
                .any(|role| privileged.contains(role)),
            offices: held
                .into_iter()
                .map(|position| (position.agency, position.unit))
                .collect(),
        }))
    }

    /// The roles of positions that may do this at least so far.
    pub fn roles_with(&self, action: &str, scope: Scope) -> Vec<String> {
        let policy = &self.config.policy;
        let gives = |role: &&op::rights::Role| {
            let grants = role.grants.get(action).map_or(&[][..], Vec::as_slice);
            !role.emergency && grants.iter().any(|grant| grant.scope >= scope)
        };
        let standing = |role: &&op::rights::Role| !op::rights::STANDING.contains(&role.key.as_str());
        let roles = policy.roles().filter(gives).filter(standing);
        roles.map(|role| role.key.clone()).collect()
    }

    /// What a role is called, Vietnamese first.
    pub fn role_name(&self, role: &str) -> Option<[String; 2]> {
        self.config.policy.role(role).map(|role| role.name.clone())
    }

    /// When the owner of an account was last told that it is dormant, since then and since it was last opened again. For the platform alone.
    pub async fn warned_of_dormancy(
        &self,
        op: &mut Op,
        account: AccountId,
        since: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>> {
        self.by_the_platform(op, account).await?;
        store::desk::warned(op.conn(), account, since).await
    }

    /// Writes down that the owner of a dormant account was told. For the platform alone.
    pub async fn warn_of_dormancy(&self, op: &mut Op, account: AccountId) -> Result<()> {
        let permit = self.by_the_platform(op, account).await?;
        let now = op.now();
        store::desk::line(op.conn(), &permit, (account, "dormant_warned", ""), None, now).await?;
        op.record(Entry::new("identity.dormant_warned", subject(account))).await
    }

    /// Suspends an account whose owner was told and in which nobody has come in since then. For the platform alone. Gives whether it was suspended: not where the
    /// owner has come in meanwhile. Fails with `identity.last_of_role` where nobody else could sign in with a role that a province cannot be without.
    pub async fn suspend_dormant(&self, op: &mut Op, account: AccountId, since: DateTime<Utc>) -> Result<bool> {
        let permit = self.by_the_platform(op, account).await?;
        // The list was read before: whoever comes in at this moment keeps the account.
        store::account::lock_state(op.conn(), account).await?;
        if !store::desk::is_dormant(op.conn(), account, since).await? {
            return Ok(false);
        }
        self.check_not_last(op, account).await?;
        let turned = self.turn_state(op, &permit, account, AccountState::Suspended).await?;
        if turned {
            self.done_to(op, &permit, account, "suspended_dormant", "").await?;
        }
        Ok(turned)
    }

    async fn by_the_platform(&self, op: &mut Op, account: AccountId) -> Result<Permit> {
        let decision = access::change_keys(op.actor());
        op.allow("identity.suspend_dormant", &subject(account), decision).await
    }

    /// After how many days without a sign-in an official's account is dormant.
    pub fn dormant_days(&self) -> u16 {
        self.config.dormant_days
    }

    /// The roles that are watched more closely.
    pub fn privileged_roles(&self) -> Vec<String> {
        let roles = self.config.policy.roles().filter(|role| role.privileged);
        roles.map(|role| role.key.clone()).collect()
    }
}

/// A reason as it is kept. Fails with `identity.required` and `identity.malformed` at the field `reason`.
pub(crate) fn reason_of(typed: &str) -> Result<String> {
    let reason = text::clean_line(typed);
    match reason.chars().count() {
        0..SHORTEST_REASON => Err(error::required("reason")),
        SHORTEST_REASON..=LONGEST_REASON => Ok(reason),
        _ => Err(error::malformed("reason")),
    }
}

/// A line of the history, as it is to be written.
pub(crate) type NewLine<'a> = (AccountId, &'a str, &'a str);

pub(crate) fn new_line_id() -> Uuid {
    Uuid::now_v7()
}

fn subject(account: AccountId) -> String {
    format!("account:{account}")
}
