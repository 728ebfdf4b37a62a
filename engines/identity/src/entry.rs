//! Setting a password with a code, so that nobody but the owner learns it: an entry code, which whoever looks after accounts has given, or a code
//! from the counter. They differ in who gives them to whom and in how long they hold, not in what is done with them.

use kernel::{AccountId, Actor, Fault, PersonId, Result, local_date};
use op::{Decision, Entry, Op, Ops, Permit};
use sqlx::PgConnection;

use crate::accounts::password_changed;
use crate::model::{AccountState, Audience};
use crate::password::PasswordContext;
use crate::sign_in::Source;
use crate::{Identity, access, counter_code, error, login, password, recovery, store};

/// A code, and the password that is to be.
#[derive(Clone, Copy)]
pub struct Start<'a> {
    /// Login name.
    pub login: &'a str,
    /// The code, in any spelling.
    pub code: &'a str,
    /// The new password.
    pub password: &'a str,
    /// Where it comes from, for the limits on guessing.
    pub source: Source<'a>,
}

/// Who has given a code.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Giver {
    /// Whoever looks after accounts: for the first start, or to whoever has lost the password.
    Manager,
    /// A counter, to a person with their paper there; never to whoever holds a position.
    Counter,
}

impl Giver {
    fn digest(self, account: AccountId, typed: &str) -> Option<Vec<u8>> {
        match self {
            Giver::Manager => recovery::long_digest(typed),
            Giver::Counter => recovery::read(typed).map(|code| counter_code::digest(account, &code)),
        }
    }

    /// What guesses at the code of a login have in common, whether there is such an account or not.
    const fn guesses(self) -> &'static str {
        match self {
            Giver::Manager => "entry",
            Giver::Counter => "counter",
        }
    }

    fn wrong(self) -> Fault {
        match self {
            Giver::Manager => error::entry_code_wrong(),
            Giver::Counter => error::counter_code_wrong(),
        }
    }
}

impl Identity {
    /// Sets the password of an account by an entry code. All that was open ends; a second factor stays and is asked for at the sign-in that
    /// follows. Opens its own operations. Guesses count as those of a sign-in; unknown logins and wrong codes get the same answer.
    ///
    /// Fails with `identity.required`, `identity.entry_code_wrong` (at the field `code`), `identity.password_unfit`,
    /// `identity.too_many_attempts`, `identity.account_suspended`.
    pub async fn start_with_code(&self, ops: &Ops, start: Start<'_>) -> Result<AccountId> {
        self.password_by_code(ops, start, Giver::Manager).await
    }

    /// Sets the password of an account by a code from the counter, as [`Self::start_with_code`]. Not of whoever holds a position by now.
    ///
    /// Fails with `identity.required`, `identity.counter_code_wrong` (at the field `code`), `identity.password_unfit`,
    /// `identity.too_many_attempts`, `identity.account_suspended`.
    pub async fn set_password_by_code(&self, ops: &Ops, start: Start<'_>) -> Result<AccountId> {
        self.password_by_code(ops, start, Giver::Counter).await
    }

    async fn password_by_code(&self, ops: &Ops, start: Start<'_>, giver: Giver) -> Result<AccountId> {
        for (field, typed) in [
            ("login", start.login),
            ("code", start.code),
            ("password", start.password),
        ] {
            if typed.trim().is_empty() {
                return Err(error::required(field));
            }
        }
        let folded = login::fold(start.login);
        let found = {
            let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
            store::account::credential(&mut connection, &self.vault, &folded).await?
        };
        let found = found.filter(|row| !row.is_organisation);
        let account = found.as_ref().map(|row| AccountId::from(row.id));
        let guesses = store::sealed::typed(&self.vault, &format!("{}:{folded}", giver.guesses()))?;
        let place = self.take_place(ops, &guesses, account, start.source).await?;
        let (now, today) = (ops.now(), local_date(ops.now()));
        let typed = account.and_then(|account| giver.digest(account, start.code));
        let (holds, is_official) = match (account, &found, typed) {
            (Some(account), Some(row), Some(digest)) => {
                let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
                let held = store::office::held(&mut connection, row.person.into(), today).await?;
                let holds = match giver {
                    Giver::Manager => store::desk::code_holds(&mut connection, account, &digest, now).await?,
                    Giver::Counter => {
                        held.is_empty() && store::counter_code::holds(&mut connection, account, &digest, now).await?
                    }
                };
                (holds.then_some((account, row, digest)), !held.is_empty())
            }
            _ => (None, false),
        };
        let Some((account, row, digest)) = holds else {
            let reason = format!("{}_code", giver.guesses());
            self.refused(ops, account, &reason, &place, start.source).await?;
            return Err(giver.wrong());
        };
        let context = PasswordContext {
            audience: if is_official {
                Audience::Official
            } else {
                Audience::Citizen
            },
            login: start.login,
            full_name: &row.full_name,
        };
        password::check(start.password, &context).map_err(error::password_unfit)?;
        let hash = self.hasher.hash(start.password).await?;

        let mut op = ops.open(Actor::Anonymous).await?;
        let subject = format!("account:{account}");
        let permit = match giver {
            // The code is the right: whoever gave it was asked.
            Giver::Manager => op.allow("identity.use_entry_code", &subject, Decision::Follows).await?,
            Giver::Counter => {
                let decision = access::use_code(op.actor());
                op.allow("identity.use_code", &subject, decision).await?
            }
        };
        match store::account::lock_state(op.conn(), account).await? {
            Some(AccountState::Active) => {}
            _ => return Err(error::account_suspended()),
        }
        if !self
            .take_code(&mut op, &permit, giver, account, row.person.into(), &digest)
            .await?
        {
            return Err(giver.wrong());
        }
        store::attempt::mark_right(op.conn(), place.attempt).await?;
        store::account::set_password(op.conn(), &permit, account, &hash, now).await?;
        self.start_anew(&mut op, &permit, account, None, "password_changed")
            .await?;
        op.emit(password_changed(account));
        let entry = match giver {
            Giver::Manager => {
                store::desk::line(op.conn(), &permit, (account, "entry_code_used", ""), Some(account), now).await?;
                "identity.entry_code_used"
            }
            Giver::Counter => "identity.password_set_by_code",
        };
        op.record(Entry::new(entry, subject)).await?;
        op.commit().await?;
        Ok(account)
    }

    /// Takes the code, once. The caller holds the account's row.
    async fn take_code(
        &self,
        op: &mut Op,
        permit: &Permit,
        giver: Giver,
        account: AccountId,
        person: PersonId,
        digest: &[u8],
    ) -> Result<bool> {
        let now = op.now();
        match giver {
            Giver::Manager => store::desk::take_code(op.conn(), permit, account, digest, now).await,
            Giver::Counter => Ok(is_no_official(op.conn(), person, local_date(now)).await?
                && store::counter_code::take(op.conn(), account, digest, now).await?),
        }
    }
}

async fn is_no_official(connection: &mut PgConnection, person: PersonId, on: chrono::NaiveDate) -> Result<bool> {
    Ok(store::office::held(connection, person, on).await?.is_empty())
}
