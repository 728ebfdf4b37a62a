//! Codes from the counter (mã cấp tại quầy): for people without a smart phone, and for whoever has lost the password or the second factor. An
//! official has seen the paper, prints a code that works once for a quarter of an hour, and the person sets a password with it or shows it as
//! the second factor.

use chrono::{DateTime, Duration, Utc};
use kernel::{AccountId, Actor, Result, local_date, text};
use op::{Entry, Event, Op, Ops};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::accounts::password_changed;
use crate::model::{AccountState, Audience};
use crate::password::PasswordContext;
use crate::sign_in::Source;
use crate::store::counter_code::NewCode;
use crate::{Identity, access, error, login, password, recovery, store};

/// How long a code holds: the person is there.
const HOLDS: Duration = Duration::minutes(15);
/// Codes for one account within a day.
const PER_ACCOUNT: i64 = 3;
/// Codes that one official gives out within an hour.
const PER_OFFICIAL: i64 = 20;
/// Fewest and most characters of what is said about the paper.
const PAPER: std::ops::RangeInclusive<usize> = 3..=500;

/// Whom a code is for, as their paper says.
#[derive(Clone, Debug)]
pub struct NewCounterCode {
    /// Personal number or passport, as typed.
    pub number: String,
    /// Full name, as typed: it must be the one that is written down.
    pub name: String,
    /// The paper that was seen.
    pub paper: String,
}

/// A code that was given out; it is told this once.
#[derive(Clone, Debug)]
pub struct CounterCode {
    /// The code, in groups: `7KQ2-M4XD-9TRA`.
    pub code: String,
    /// The name with which the person signs in.
    pub login: String,
    /// Until when it holds.
    pub expires_at: DateTime<Utc>,
}

/// Setting a password with a code.
#[derive(Clone, Copy)]
pub struct CounterPassword<'a> {
    /// Login as typed.
    pub login: &'a str,
    /// The code as typed.
    pub code: &'a str,
    /// The password that is to hold.
    pub password: &'a str,
    /// Where it comes from.
    pub source: Source<'a>,
}

impl Identity {
    /// Gives a code out for somebody who stands at the counter with their paper. The one before holds no more. The person is told. Never for oneself
    /// and never for whoever holds a position: officials get their account back from an administrator.
    ///
    /// Fails with `identity.code_person` (no active account of this number and name, or one's own), `identity.code_official`, `identity.paper_needed`,
    /// `identity.code_limit`, `identity.step_up_needed`, `identity.not_allowed`.
    pub async fn issue_code(&self, op: &mut Op, new: &NewCounterCode) -> Result<CounterCode> {
        let decision = access::issue_code(op.rights());
        let permit = op.allow("identity.issue_code", "account:by_number", decision).await?;
        self.check_step_up(op)?;
        let paper = text::clean_line(&new.paper);
        if !PAPER.contains(&paper.chars().count()) {
            return Err(error::paper_needed());
        }
        let number: String = new.number.chars().filter(|c| !c.is_whitespace()).collect();
        let name = text::fold(&text::clean_line(&new.name));
        let found = store::counter_code::owner(op.conn(), &number.to_uppercase(), &name).await?;
        let Some((person, account, login)) = found.filter(|(person, ..)| op.actor().person() != Some(*person)) else {
            return Err(error::code_person());
        };
        // Held from here on: of two counters one waits.
        if store::account::lock_state(op.conn(), account).await? != Some(AccountState::Active) {
            return Err(error::code_person());
        }
        let today = local_date(op.now());
        if !store::office::held(op.conn(), person, today).await?.is_empty() {
            return Err(error::code_official());
        }
        let by = op.actor().account().ok_or_else(error::not_allowed)?;
        let now = op.now();
        let (for_account, by_official) = store::counter_code::counts(op.conn(), account, by, now).await?;
        if for_account >= PER_ACCOUNT || by_official >= PER_OFFICIAL {
            return Err(error::code_limit());
        }
        let code = recovery::one()?;
        let expires_at = now + HOLDS;
        let row = NewCode {
            account,
            digest: &digest(account, &code),
            by,
            agency: op.actor().agency(),
            paper: &paper,
            at: now,
            until: expires_at,
        };
        store::counter_code::insert(op.conn(), &permit, &row).await?;
        let subject = format!("account:{account}");
        op.record(
            Entry::new("identity.code_issued", &subject)
                .purpose(&subject)
                .about(Some(person)),
        )
        .await?;
        let agency = op.actor().official().map(|official| official.agency_name.clone());
        let told = json!({ "account": account, "name": agency.unwrap_or_default() });
        op.emit(Event::new("identity.code_issued", subject, told));
        Ok(CounterCode {
            code,
            login,
            expires_at,
        })
    }

    /// Sets a password with a code from the counter; all sessions end, and a second factor is still asked for at the sign-in. Opens its own operations.
    /// Unknown names, names without a code and wrong codes take the same work and get the same answer.
    ///
    /// Fails with `identity.required`, `identity.counter_code_wrong` (at the field `code`), `identity.password_unfit`, `identity.too_many_attempts`.
    pub async fn set_password_by_code(&self, ops: &Ops, wish: CounterPassword<'_>) -> Result<()> {
        for (field, typed) in [("login", wish.login), ("code", wish.code), ("password", wish.password)] {
            if typed.trim().is_empty() {
                return Err(error::required(field));
            }
        }
        let mut context = PasswordContext {
            audience: Audience::Citizen,
            login: wish.login,
            full_name: "",
        };
        password::check(wish.password, &context).map_err(error::password_unfit)?;
        let folded = login::fold(wish.login);
        let found = {
            let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
            store::account::credential(&mut connection, &folded).await?
        };
        let account = found.as_ref().map(|row| AccountId::from(row.id));
        let guesses = login::digest(&format!("counter:{folded}"));
        let place = self.take_place(ops, &guesses, account, wish.source).await?;
        let hash = self.hasher.hash(wish.password).await?;
        let mut op = ops.open(Actor::Anonymous).await?;
        let decision = access::use_code(op.actor());
        let subject = account.map_or_else(|| "account:unknown".to_owned(), |account| format!("account:{account}"));
        let permit = op.allow("identity.use_code", &subject, decision).await?;
        if let (Some(account), Some(row)) = (account, &found)
            && self.takes_code(&mut op, account, row.person.into(), wish.code).await?
        {
            context.full_name = &row.full_name;
            password::check(wish.password, &context).map_err(error::password_unfit)?;
            store::attempt::mark_right(op.conn(), place.attempt).await?;
            let now = op.now();
            store::account::set_password(op.conn(), &permit, account, &hash, now).await?;
            self.start_anew(&mut op, &permit, account, None, "password_changed")
                .await?;
            op.emit(password_changed(account));
            op.record(Entry::new("identity.password_set_by_code", subject)).await?;
            return op.commit().await;
        }
        drop(op);
        self.refused(ops, account, "counter_code", &place, wish.source).await?;
        Err(error::counter_code_wrong())
    }

    /// Takes a code of an active account of somebody without a position, once.
    async fn takes_code(&self, op: &mut Op, account: AccountId, person: kernel::PersonId, typed: &str) -> Result<bool> {
        let active = store::account::lock_state(op.conn(), account).await? == Some(AccountState::Active);
        let today = local_date(op.now());
        let held = store::office::held(op.conn(), person, today).await?;
        Ok(active && held.is_empty() && self.take_counter_code(op, account, typed).await?)
    }

    /// Takes a code from the counter in place of a second factor, once. The caller holds the account's row.
    pub(crate) async fn take_counter_code(&self, op: &mut Op, account: AccountId, typed: &str) -> Result<bool> {
        let Some(code) = recovery::read(typed) else {
            return Ok(false);
        };
        let now = op.now();
        store::counter_code::take(op.conn(), account, &digest(account, &code), now).await
    }
}

/// Of the letters alone, for this account alone.
fn digest(account: AccountId, code: &str) -> Vec<u8> {
    let letters: String = code.chars().filter(|c| *c != '-').collect();
    Sha256::digest(format!("{account}:{letters}")).to_vec()
}
