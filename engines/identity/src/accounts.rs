//! Accounts: one a person (R032), opened by somebody who may (R033), suspended and closed with effect at once (R037).

use kernel::{AccountId, Actor, Fault, PersonId, Result, SessionId, local_date};
use op::{Entry, Event, Op, Ops, Permit};
use serde_json::json;

use crate::guess::Guess;
use crate::hashing::PasswordHash;
use crate::model::{Account, AccountState, Audience};
use crate::password::PasswordContext;
use crate::sign_in::Source;
use crate::{Identity, access, error, login, password, store};

/// An account to be opened.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The person behind it.
    pub person: PersonId,
    /// Login name, kept as written; compared without marks, case and spaces.
    pub login: String,
    /// The hashed password; without one the account cannot sign in by password.
    pub password: Option<PasswordHash>,
}

/// A wish to change one's own password.
#[derive(Clone, Copy)]
pub struct PasswordChange<'a> {
    /// The password so far.
    pub old: &'a str,
    /// The new one.
    pub new: &'a str,
    /// The session in which it is asked for; it stays open, all others end.
    pub session: SessionId,
    /// Where the wish comes from, for the limits on guessing.
    pub source: Source<'a>,
}

impl Identity {
    /// Hashes a password without looking at the rules: for loaders of synthetic people. Never call it while an
    /// operation is open. The hash may be used for several accounts of synthetic people.
    pub async fn hash_password(&self, password: &str) -> Result<PasswordHash> {
        self.hasher.hash(password).await
    }

    /// Checks the rules and hashes. Fails with `identity.password_unfit` and the reason at the field `password`.
    pub async fn hash_new_password(&self, password: &str, context: &PasswordContext<'_>) -> Result<PasswordHash> {
        password::check(password, context).map_err(error::password_unfit)?;
        self.hasher.hash(password).await
    }

    /// Opens an account. Asking again for the same person and login gives the same account and leaves its password
    /// alone. Fails with `identity.account_exists` (another login), `identity.login_taken`, `identity.login_malformed`.
    pub async fn create_account(&self, op: &mut Op, new: &NewAccount) -> Result<AccountId> {
        let subject = format!("person:{}", new.person);
        let permit = op
            .allow(
                "identity.create_account",
                &subject,
                access::organise(op.rights(), "identity.create_account"),
            )
            .await?;
        let folded = login::check(&new.login)?;
        if !store::person::exists(op.conn(), new.person).await? {
            return Err(error::person_not_found());
        }
        if let Some(id) = store::account::of_person(op.conn(), new.person).await? {
            let known = store::account::get(op.conn(), &self.vault, id).await?;
            return if known.is_some_and(|known| login::fold(&known.login) == folded) {
                Ok(id)
            } else {
                Err(error::account_exists())
            };
        }
        let id = AccountId::new();
        let now = op.now();
        store::account::insert(op.conn(), &permit, &self.vault, id, new, now).await?;
        op.record(
            Entry::new("identity.account_opened", format!("account:{id}")).detail(json!({ "person": new.person })),
        )
        .await?;
        op.emit(Event::new(
            "identity.account_opened",
            format!("account:{id}"),
            json!({ "account": id, "person": new.person }),
        ));
        Ok(id)
    }

    /// Suspends, closes or re-activates an account. Suspending and closing end its sessions at once. A closed account
    /// stays closed (`identity.account_closed`).
    pub async fn set_account_state(&self, op: &mut Op, account: AccountId, state: AccountState) -> Result<()> {
        let subject = format!("account:{account}");
        let permit = op
            .allow(
                "identity.set_account_state",
                &subject,
                access::organise(op.rights(), "identity.set_account_state"),
            )
            .await?;
        if self.turn_state(op, &permit, account, state).await? {
            let act = match state {
                AccountState::Active => "resumed",
                AccountState::Suspended => "suspended",
                AccountState::Closed => "closed",
            };
            let (by, now) = (op.actor().account(), op.now());
            store::desk::line(op.conn(), &permit, (account, act, ""), by, now).await?;
        }
        Ok(())
    }

    /// Whether the account was in another state.
    pub(crate) async fn turn_state(
        &self,
        op: &mut Op,
        permit: &Permit,
        account: AccountId,
        state: AccountState,
    ) -> Result<bool> {
        let subject = format!("account:{account}");
        let before = store::account::lock_state(op.conn(), account)
            .await?
            .ok_or_else(error::account_not_found)?;
        if before == state {
            return Ok(false);
        }
        if before == AccountState::Closed {
            return Err(error::account_closed());
        }
        if before == AccountState::Active && !op.rights().is_platform() {
            self.check_not_last(op, account).await?;
        }
        store::account::set_state(op.conn(), permit, account, state).await?;
        if state != AccountState::Active {
            self.start_anew(op, permit, account, None, "account_state").await?;
        }
        let facts = json!({ "account": account, "from": before, "to": state });
        op.record(Entry::new("identity.account_state_changed", &subject).detail(&facts))
            .await?;
        op.emit(Event::new("identity.account_state_changed", subject, facts));
        Ok(true)
    }

    /// Gives an account another login name; its owner is told. Its sessions go on. Fails with `identity.login_taken`, `identity.login_malformed`,
    /// `identity.account_closed`.
    pub async fn rename_account(&self, op: &mut Op, account: AccountId, login: &str) -> Result<()> {
        let subject = format!("account:{account}");
        let permit = op
            .allow(
                "identity.rename_account",
                &subject,
                access::organise(op.rights(), "identity.rename_account"),
            )
            .await?;
        login::check(login)?;
        let state = store::account::lock_state(op.conn(), account)
            .await?
            .ok_or_else(error::account_not_found)?;
        if state == AccountState::Closed {
            return Err(error::account_closed());
        }
        store::account::rename(op.conn(), &permit, &self.vault, account, login).await?;
        op.emit(Event::new(
            "identity.login_changed",
            &subject,
            json!({ "account": account, "name": kernel::text::clean_line(login) }),
        ));
        op.record(Entry::new("identity.login_changed", subject)).await
    }

    /// The account that signs in with this name, if there is one; for those who manage accounts.
    pub async fn account_by_login(&self, op: &mut Op, login: &str) -> Result<Option<Account>> {
        op.allow(
            "identity.account_by_login",
            "account:by_login",
            access::organise(op.rights(), "identity.account_by_login"),
        )
        .await?;
        match store::account::credential(op.conn(), &self.vault, &login::fold(login)).await? {
            Some(found) => store::account::get(op.conn(), &self.vault, found.id.into()).await,
            None => Ok(None),
        }
    }

    /// Gives an account a new password: by an administrator, or by a loader. Ends all its sessions. Fails with `identity.account_not_found`,
    /// `identity.step_up_needed`.
    pub async fn reset_password(&self, op: &mut Op, account: AccountId, hash: &PasswordHash) -> Result<()> {
        let subject = format!("account:{account}");
        let permit = op
            .allow(
                "identity.reset_password",
                &subject,
                access::organise(op.rights(), "identity.reset_password"),
            )
            .await?;
        self.check_step_up(op)?;
        let now = op.now();
        if !store::account::set_password(op.conn(), &permit, account, hash, now).await? {
            return Err(error::account_not_found());
        }
        self.start_anew(op, &permit, account, None, "password_changed").await?;
        op.emit(password_changed(account));
        op.record(Entry::new("identity.password_reset", subject)).await
    }

    /// Changes one's own password and gives the new token of the session; all other sessions end. Opens its own operations, because
    /// hashing must not hold one open. Fails with `identity.password_wrong`, `identity.too_many_attempts`, `identity.password_unfit`.
    pub async fn change_password(&self, ops: &Ops, actor: &Actor, change: PasswordChange<'_>) -> Result<String> {
        let account = actor.account().ok_or_else(error::sign_in_again)?;
        let mut op = ops.open(actor.clone()).await?;
        let found = store::account::get(op.conn(), &self.vault, account)
            .await?
            .ok_or_else(error::account_not_found)?;
        // Who holds a position keeps an official's password, also while acting as a citizen.
        let today = local_date(op.now());
        let held = store::office::held(op.conn(), found.person, today).await?;
        drop(op);
        let audience = if held.is_empty() {
            Audience::Citizen
        } else {
            Audience::Official
        };
        let context = PasswordContext {
            audience,
            login: &found.login,
            full_name: actor.name(),
        };
        password::check(change.new, &context).map_err(error::password_unfit)?;
        let guess = self.own_password(ops, actor, change.old, change.source).await?;
        let hash = self.hasher.hash(change.new).await?;
        let action = "identity.change_password";
        let (mut op, account, permit) = self.open_proven(ops, actor, action, guess, change.session).await?;
        let now = op.now();
        store::account::set_password(op.conn(), &permit, account, &hash, now).await?;
        let here = Some((change.session, change.source));
        let token = self
            .start_anew(&mut op, &permit, account, here, "password_changed")
            .await?;
        op.emit(password_changed(account));
        op.record(Entry::new("identity.password_changed", format!("account:{account}")))
            .await?;
        op.commit().await?;
        token.ok_or_else(error::session_not_found)
    }

    /// Looks at the password of whoever is signed in. Fails with `identity.required`, `identity.password_wrong`, `identity.too_many_attempts`.
    pub(crate) async fn own_password(
        &self,
        ops: &Ops,
        actor: &Actor,
        password: &str,
        source: Source<'_>,
    ) -> Result<Guess> {
        let account = actor.account().ok_or_else(error::sign_in_again)?;
        // No guess: nothing was typed.
        if password.is_empty() {
            return Err(error::required("password"));
        }
        let found = {
            let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
            store::account::get(&mut connection, &self.vault, account).await?
        };
        let login = found.ok_or_else(error::account_not_found)?.login;
        let wrong = |fault: Fault| match fault.code {
            "identity.wrong_credentials" => error::password_wrong(),
            _ => fault,
        };
        self.evaluate(ops, &login, password, source).await.map_err(wrong)
    }

    /// The account of a person, if there is one; for officials and the platform, and the person.
    pub async fn account_of(&self, op: &mut Op, person: PersonId) -> Result<Option<AccountId>> {
        op.allow(
            "identity.account_of",
            &format!("person:{person}"),
            access::read_account_number(op.actor(), person),
        )
        .await?;
        store::account::of_person(op.conn(), person).await
    }

    /// Whose account it is, and nothing else of them: for engines that ask what its owner has wished.
    pub async fn person_of(&self, op: &mut Op, account: AccountId) -> Result<Option<PersonId>> {
        store::account::person_of(op.conn(), account).await
    }

    /// An account without its secrets; for its owner and those who manage accounts. Fails with `identity.account_not_found`.
    pub async fn account(&self, op: &mut Op, id: AccountId) -> Result<Account> {
        let decision = if op.actor().account() == Some(id) {
            op::Decision::Allow
        } else {
            access::organise(op.rights(), "identity.account")
        };
        op.allow("identity.account", &format!("account:{id}"), decision).await?;
        store::account::get(op.conn(), &self.vault, id)
            .await?
            .ok_or_else(error::account_not_found)
    }
}

fn password_changed(account: AccountId) -> Event {
    let facts = json!({ "account": account });
    Event::new("identity.password_changed", format!("account:{account}"), facts)
}
