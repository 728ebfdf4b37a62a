//! The second factor (xác thực hai lớp): an authenticator app or passkeys, and recovery codes for whoever has lost them.
//!
//! Whoever changes it shows the password once more: a session that somebody left open is not enough. Changing it ends all other
//! sessions, and the one that goes on gets another token.

use chrono::{DateTime, Duration, Utc};
use kernel::{AccountId, Actor, Result, SessionId, local_date};
use op::{Entry, Event, Op, Ops, Permit};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::config::SecondFactorRule;
use crate::guess::Guess;
use crate::model::{SecondFactor, TotpOffer};
use crate::sign_in::{Source, lock_owner};
use crate::store::second_factor::TotpRow;
use crate::{Identity, access, error, recovery, store, totp};

/// What the vault knows the secrets as. Never changed: it is part of their keys.
pub(crate) const TOTP: &str = "identity.totp";
pub(crate) const RECOVERY: &str = "identity.recovery_code";
/// How lately a second factor was shown in a session that changes one.
const FRESH: Duration = Duration::minutes(15);

/// How long a secret that is shown waits for its first code.
const OFFERED: Duration = Duration::hours(1);

/// The owner at the keyboard: the session in which something is asked for, and the password once more.
#[derive(Clone, Copy)]
pub struct OwnerProof<'a> {
    /// The password.
    pub password: &'a str,
    /// The session; it stays open when others end.
    pub session: SessionId,
    /// Where it comes from, for the limits on guessing.
    pub source: Source<'a>,
}

/// Recovery codes that were just made.
#[derive(Clone, Debug)]
pub struct NewCodes {
    /// The codes; they exist nowhere else.
    pub codes: Vec<String>,
    /// The token under which the session goes on.
    pub token: String,
}

/// What was shown as the second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Authenticator,
    /// So many are left.
    RecoveryCode {
        left: usize,
    },
    /// A code that an official has given out at the counter.
    CounterCode,
    /// After the password, or in place of it.
    Passkey {
        alone: bool,
    },
}

impl Shown {
    /// Word for the audit trail.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Authenticator => "totp",
            Self::RecoveryCode { .. } => "recovery_code",
            Self::CounterCode => "counter_code",
            Self::Passkey { alone: false } => "passkey",
            Self::Passkey { alone: true } => "passkey_alone",
        }
    }
}

impl Identity {
    /// The second factor of the actor's account.
    pub async fn second_factor(&self, op: &mut Op) -> Result<SecondFactor> {
        let account = op.actor().account().ok_or_else(error::sign_in_again)?;
        Ok(SecondFactor {
            since: store::second_factor::since(op.conn(), account).await?,
            authenticator_since: store::second_factor::authenticator_since(op.conn(), account).await?,
            passkeys: store::passkey::count(op.conn(), account).await?,
            recovery_codes_left: store::second_factor::recovery_tags(op.conn(), account).await?.len(),
            required: self.is_required(op, account).await?,
        })
    }

    /// Makes a secret for the actor's authenticator, to be shown in this session until [`Self::confirm_totp`]. What is in force stays so
    /// until then.
    pub async fn offer_totp(&self, op: &mut Op, session: SessionId) -> Result<()> {
        let (account, permit) = self.own(op, "identity.offer_totp").await?;
        let now = op.now();
        let row = store::second_factor::lock(op.conn(), account).await?;
        if row.is_some_and(|row| offered(row, session, now).is_some()) {
            return Ok(());
        }
        let sealed = self.vault.seal(TOTP, &subject(account), &totp::new_secret()?)?;
        store::second_factor::offer(op.conn(), &permit, account, session, &sealed, now).await
    }

    /// The secret that waits for its first code in this session. `issuer` is what the app shows it under.
    pub async fn offered_totp(&self, op: &mut Op, session: SessionId, issuer: &str) -> Result<Option<TotpOffer>> {
        let (account, _) = self.own(op, "identity.offered_totp").await?;
        let now = op.now();
        let row = store::second_factor::lock(op.conn(), account).await?;
        let Some(sealed) = row.and_then(|row| offered(row, session, now)) else {
            return Ok(None);
        };
        let login = store::account::get(op.conn(), &self.vault, account)
            .await?
            .ok_or_else(error::account_not_found)?
            .login;
        let secret = self.vault.unseal(TOTP, &subject(account), &sealed)?;
        Ok(Some(TotpOffer {
            secret: totp::spelled(&secret),
            address: totp::address(&secret, issuer, &login),
        }))
    }

    /// Puts the secret that was shown into force. Opens its own operations, because hashing must not hold one open. Fails with
    /// `identity.password_wrong`, `identity.too_many_attempts`, `identity.offer_gone`, `identity.code_wrong` (at the field `code`).
    pub async fn confirm_totp(&self, ops: &Ops, actor: &Actor, code: &str, proof: OwnerProof<'_>) -> Result<NewCodes> {
        let (mut op, account, permit) = self.proven(ops, actor, "identity.confirm_totp", proof).await?;
        let now = op.now();
        let row = store::second_factor::lock(op.conn(), account).await?;
        let before = row.as_ref().and_then(|row| row.confirmed_at);
        let sealed = row.and_then(|row| offered(row, proof.session, now));
        let sealed = sealed.ok_or_else(error::offer_gone)?;
        let secret = self.vault.unseal(TOTP, &subject(account), &sealed)?;
        let step = totp::matching_step(&secret, now, 0, code).ok_or_else(error::code_unfit)?;
        store::second_factor::confirm(op.conn(), &permit, account, step, now).await?;
        let codes = self.give_recovery_codes(&mut op, &permit, account).await?;
        store::session::showed_second_factor(op.conn(), proof.session, now).await?;
        let what = if before.is_some() { "replaced" } else { "set" };
        let here = Some((proof.session, proof.source));
        let token = self.changed(&mut op, &permit, account, here, (what, "")).await?;
        op.commit().await?;
        Ok(NewCodes { codes, token })
    }

    /// Gives new recovery codes in place of the old ones. Fails as [`Self::confirm_totp`], and with `identity.no_second_factor`.
    pub async fn renew_recovery_codes(&self, ops: &Ops, actor: &Actor, proof: OwnerProof<'_>) -> Result<NewCodes> {
        let (mut op, account, permit) = self.proven(ops, actor, "identity.renew_recovery_codes", proof).await?;
        if store::second_factor::since(op.conn(), account).await?.is_none() {
            return Err(error::no_second_factor());
        }
        let codes = self.give_recovery_codes(&mut op, &permit, account).await?;
        let here = Some((proof.session, proof.source));
        let change = ("recovery_codes", "");
        let token = self.changed(&mut op, &permit, account, here, change).await?;
        op.commit().await?;
        Ok(NewCodes { codes, token })
    }

    /// Takes the authenticator away and gives the new token of the session; passkeys stay, and the recovery codes with them. Fails as
    /// [`Self::confirm_totp`], and with `identity.no_second_factor`, `identity.second_factor_required` where it is the last factor of an
    /// account that needs one.
    pub async fn remove_second_factor(&self, ops: &Ops, actor: &Actor, proof: OwnerProof<'_>) -> Result<String> {
        let (mut op, account, permit) = self.proven(ops, actor, "identity.remove_second_factor", proof).await?;
        let last = store::passkey::count(op.conn(), account).await? == 0;
        if last && self.is_required(&mut op, account).await? {
            return Err(error::second_factor_required());
        }
        lock_set(&mut op, account).await?;
        if last {
            store::second_factor::remove(op.conn(), &permit, account).await?;
        } else {
            store::second_factor::remove_authenticator(op.conn(), &permit, account).await?;
        }
        let here = Some((proof.session, proof.source));
        let what = if last { "removed" } else { "authenticator_removed" };
        let token = self.changed(&mut op, &permit, account, here, (what, "")).await?;
        op.commit().await?;
        Ok(token)
    }

    /// Takes the second factor of an account, passkeys included, away whose owner has lost it and has shown who they are: by an administrator, not for
    /// themself, who says how that was shown. Ends all its sessions. Fails with `identity.no_second_factor`, `identity.purpose_needed`,
    /// `identity.account_not_found`, `identity.account_privileged`, `identity.step_up_needed`, and with `identity.four_eyes` where the same
    /// official has lately given an entry code for an official's account.
    pub async fn reset_second_factor(&self, op: &mut Op, account: AccountId, purpose: &str) -> Result<()> {
        let action = "identity.reset_second_factor";
        let looked = self.looked(op, account).await?;
        let decision = access::reset_second_factor(op.rights(), looked.as_ref(), purpose);
        op.allow(action, &subject(account), decision).await?;
        self.check_step_up(op)?;
        // An entry code that is given at this moment is seen, or waits.
        store::account::lock_state(op.conn(), account).await?;
        let looked = self.looked(op, account).await?;
        let decision = access::reset_second_factor(op.rights(), looked.as_ref(), purpose);
        let permit = op.allow(action, &subject(account), decision).await?;
        let looked = looked.ok_or_else(error::account_not_found)?;
        self.check_four_eyes(op, &looked, "entry_code_given").await?;
        if store::second_factor::since(op.conn(), account).await?.is_none() {
            return Err(error::no_second_factor());
        }
        store::second_factor::remove(op.conn(), &permit, account).await?;
        store::passkey::remove_all(op.conn(), &permit, account).await?;
        op.record(Entry::new("identity.second_factor_reset", subject(account)).purpose(purpose.trim()))
            .await?;
        self.changed(op, &permit, account, None, ("reset", "")).await?;
        let (by, now) = (op.actor().account(), op.now());
        let line = (account, "second_factor_reset", purpose.trim());
        store::desk::line(op.conn(), &permit, line, by, now).await
    }

    /// Takes a code of the account's authenticator, a recovery code or one from the counter, each once; `None` where it is neither. The caller holds the
    /// account's row.
    pub(crate) async fn shown(&self, op: &mut Op, account: AccountId, typed: &str) -> Result<Option<Shown>> {
        let own = self.shown_own(op, account, typed).await?;
        if own.is_some() {
            return Ok(own);
        }
        let Some(code) = recovery::read(typed) else {
            return Ok(None);
        };
        let taken = self.take_counter_code(op, account, &code).await?;
        Ok(taken.then_some(Shown::CounterCode))
    }

    /// The same of what the owner alone has: no code that somebody else has given out.
    pub(crate) async fn shown_own(&self, op: &mut Op, account: AccountId, typed: &str) -> Result<Option<Shown>> {
        let now = op.now();
        let row = store::second_factor::lock(op.conn(), account).await?;
        if let Some((sealed, last)) = row.and_then(|row| Some((row.secret?, row.last_step))) {
            let secret = self.vault.unseal(TOTP, &subject(account), &sealed)?;
            if let Some(step) = totp::matching_step(&secret, now, last, typed) {
                store::second_factor::took(op.conn(), account, step).await?;
                return Ok(Some(Shown::Authenticator));
            }
        }
        let Some(code) = recovery::read(typed) else {
            return Ok(None);
        };
        let tags = store::second_factor::recovery_tags(op.conn(), account).await?;
        for tag in &tags {
            if self
                .vault
                .tag_holds(RECOVERY, &subject(account), code.as_bytes(), tag)?
            {
                store::second_factor::use_recovery_code(op.conn(), account, tag, now).await?;
                return Ok(Some(Shown::RecoveryCode { left: tags.len() - 1 }));
            }
        }
        Ok(None)
    }

    /// Whether the account must keep a second factor: it acts from a position today, and the rule asks for it.
    pub(crate) async fn is_required(&self, op: &mut Op, account: AccountId) -> Result<bool> {
        if self.config.second_factor == SecondFactorRule::Offered {
            return Ok(false);
        }
        let found = store::account::get(op.conn(), &self.vault, account)
            .await?
            .ok_or_else(error::account_not_found)?;
        let today = local_date(op.now());
        Ok(!store::office::held(op.conn(), found.person, today).await?.is_empty())
    }

    /// The actor's own account.
    pub(crate) async fn own(&self, op: &mut Op, action: &'static str) -> Result<(AccountId, Permit)> {
        let account = op.actor().account().ok_or_else(error::sign_in_again)?;
        let decision = access::use_sessions_of(op.actor(), account);
        Ok((account, op.allow(action, &subject(account), decision).await?))
    }

    /// Looks at the password, and opens the operation of an owner who has shown it.
    pub(crate) async fn proven(
        &self,
        ops: &Ops,
        actor: &Actor,
        action: &'static str,
        proof: OwnerProof<'_>,
    ) -> Result<(Op, AccountId, Permit)> {
        let guess = self.own_password(ops, actor, proof.password, proof.source).await?;
        let (mut op, account, permit) = self.open_proven(ops, actor, action, guess, proof.session).await?;
        // The password alone changes no factor: the session has shown one lately, where there is one.
        if store::second_factor::since(op.conn(), account).await?.is_some() {
            let shown = self.own_session(&mut op, proof.session).await?.second_factor_at();
            if shown.is_none_or(|at| op.now() - at >= FRESH) {
                return Err(error::sign_in_again());
            }
        }
        Ok((op, account, permit))
    }

    /// Opens the operation of an owner who has just shown the password in this session.
    pub(crate) async fn open_proven(
        &self,
        ops: &Ops,
        actor: &Actor,
        action: &'static str,
        guess: Guess,
        session: SessionId,
    ) -> Result<(Op, AccountId, Permit)> {
        let mut op = ops.open(actor.clone()).await?;
        let (account, permit) = self.own(&mut op, action).await?;
        lock_owner(&mut op, &guess.owner).await?;
        store::attempt::mark_right(op.conn(), guess.place.attempt).await?;
        self.own_session(&mut op, session).await?;
        Ok((op, account, permit))
    }

    /// A recovery code that was taken is news to its owner.
    pub(crate) fn tell_of(&self, op: &mut Op, account: AccountId, shown: Shown) {
        if let Shown::RecoveryCode { left } = shown {
            let facts = json!({ "account": account, "left": left });
            op.emit(Event::new("identity.recovery_code_used", subject(account), facts));
        }
    }

    /// Lets everybody come in anew, writes the change down and tells it: what was done, and what a passkey is called. Gives the new token
    /// of the session that goes on.
    pub(crate) async fn changed(
        &self,
        op: &mut Op,
        permit: &Permit,
        account: AccountId,
        here: Option<(SessionId, Source<'_>)>,
        (what, name): (&str, &str),
    ) -> Result<String> {
        let token = self
            .start_anew(op, permit, account, here, "second_factor_changed")
            .await?;
        let told = json!({ "account": account, "what": what, "name": name });
        op.emit(Event::new("identity.second_factor_changed", subject(account), told));
        let facts = json!({ "account": account, "what": what });
        op.record(Entry::new("identity.second_factor_changed", subject(account)).detail(facts))
            .await?;
        Ok(token.unwrap_or_default())
    }

    pub(crate) async fn give_recovery_codes(
        &self,
        op: &mut Op,
        permit: &Permit,
        account: AccountId,
    ) -> Result<Vec<String>> {
        let codes = recovery::new()?;
        let tag = |code: &String| {
            let letters = recovery::read(code).unwrap_or_default();
            self.vault.tag(RECOVERY, &subject(account), letters.as_bytes())
        };
        let tags = codes.iter().map(tag).collect::<Result<Vec<_>>>()?;
        store::second_factor::set_recovery_codes(op.conn(), permit, account, &tags).await?;
        Ok(codes)
    }
}

/// What guesses at the codes of an account have in common. No login name gives the same: those are folded, and have no zero in them.
pub(crate) fn guesses_at(account: AccountId) -> Vec<u8> {
    Sha256::new()
        .chain_update(b"code\0")
        .chain_update(account.uuid().as_bytes())
        .finalize()
        .to_vec()
}

pub(crate) fn subject(account: AccountId) -> String {
    format!("account:{account}")
}

/// The sealed secret that is shown in this session and waits for its first code.
fn offered(row: TotpRow, session: SessionId, now: DateTime<Utc>) -> Option<Vec<u8>> {
    let here = row.next_session == Some(session.uuid()) && row.next_at.is_some_and(|at| at + OFFERED > now);
    row.next_secret.filter(|_| here)
}

/// Locks the authenticator, which has to be in force.
async fn lock_set(op: &mut Op, account: AccountId) -> Result<()> {
    let row = store::second_factor::lock(op.conn(), account).await?;
    row.and_then(|row| row.secret)
        .map(|_| ())
        .ok_or_else(error::no_second_factor)
}
