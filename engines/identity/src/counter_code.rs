//! Codes from the counter (mã cấp tại quầy): for people without a smart phone, and for whoever has lost the password or the second factor. An
//! official has seen the paper, prints a code that works once for a quarter of an hour, and the person sets a password with it (`entry`) or shows
//! it as the second factor.

use chrono::{DateTime, Duration, Utc};
use kernel::{AccountId, Result, local_date, text};
use op::{Entry, Event, Op};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::model::AccountState;
use crate::store::counter_code::NewCode;
use crate::{Identity, access, error, recovery, store, throttle};

/// How long a code holds: the person is there.
const HOLDS: Duration = Duration::minutes(15);
/// After a code was used, the next one for the same account comes from another official for so long.
const FOUR_EYES: Duration = Duration::days(7);
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

impl Identity {
    /// Gives a code out for somebody who stands at the counter with their paper. The one before holds no more. The person is told. Never for oneself
    /// and never for whoever holds a position: officials get their account back from an administrator. Ends the operation itself: a number and name that
    /// belong to nobody are counted like a wrong password, so that no official tries out who has an account.
    ///
    /// Fails with `identity.code_person` (no active account of this number and name, or one's own), `identity.code_official`, `identity.paper_needed`, `identity.four_eyes` (the same official has given a code that was used these days),
    /// `identity.code_limit`, `identity.too_many_attempts`, `identity.step_up_needed`, `identity.not_allowed`.
    pub async fn issue_code(&self, mut op: Op, new: &NewCounterCode) -> Result<CounterCode> {
        let decision = access::issue_code(op.rights());
        let permit = op.allow("identity.issue_code", "account:by_number", decision).await?;
        self.check_step_up(&op)?;
        let by = op.actor().account().ok_or_else(error::not_allowed)?;
        let paper = text::clean_line(&new.paper);
        if !PAPER.contains(&paper.chars().count()) {
            return Err(error::paper_needed());
        }
        // What the misses of this official have in common; no device and no network is called so.
        let counter = format!("counter:{by}");
        let misses = Sha256::digest(&counter).to_vec();
        store::attempt::lock(op.conn(), &misses).await?;
        let now = op.now();
        let counts = store::attempt::count(op.conn(), &misses, &counter, &counter, now).await?;
        if let Some(limit) = throttle::reached(&self.config.guessing, false, &counts) {
            return Err(error::too_many_attempts(limit));
        }
        let number: String = new.number.chars().filter(|c| !c.is_whitespace()).collect();
        let name = text::fold(&text::clean_line(&new.name));
        let found = store::counter_code::owner(op.conn(), &self.vault, &number.to_uppercase(), &name).await?;
        let Some((person, account, login)) = found.filter(|(person, ..)| op.actor().person() != Some(*person)) else {
            store::attempt::insert(op.conn(), &misses, &counter, &counter, false, now).await?;
            op.record(Entry::new("identity.code_missed", format!("account:{by}")))
                .await?;
            op.commit().await?;
            return Err(error::code_person());
        };
        // Held from here on: of two counters one waits.
        if store::account::lock_state(op.conn(), account).await? != Some(AccountState::Active) {
            return Err(error::code_person());
        }
        let today = local_date(now);
        if !store::office::held_from(op.conn(), person, today).await?.is_empty() {
            return Err(error::code_official());
        }
        // One official alone does not give both a password and a second factor.
        if store::counter_code::used_of(op.conn(), account, by, now - FOUR_EYES).await? {
            return Err(error::four_eyes());
        }
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
        store::counter_code::insert(op.conn(), &permit, &self.vault, &row).await?;
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
        op.commit().await?;
        Ok(CounterCode {
            code,
            login,
            expires_at,
        })
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
pub(crate) fn digest(account: AccountId, code: &str) -> Vec<u8> {
    let letters: String = code.chars().filter(|c| *c != '-').collect();
    Sha256::digest(format!("{account}:{letters}")).to_vec()
}
