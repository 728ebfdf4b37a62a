//! A passkey that is shown: alone in place of name and password, after the password, or once more before something that weighs.

use kernel::{AccountId, Actor, Fault, Result, SessionId};
use op::{Entry, Event, Op, Ops};
use serde_json::json;
use sqlx::PgConnection;

use crate::model::{AccountState, Way, WayIn};
use crate::passkeys::{SECOND_FACTOR, SIGN_IN, STEP_UP, new_challenge};
use crate::second_factor::{Shown, subject};
use crate::sign_in::{Opening, Owner, SignedIn, Source, lock_owner};
use crate::store::passkey::{ChallengeRow, ShownRow};
use crate::webauthn::options::{self, RequestOptions};
use crate::webauthn::{self, Assertion};
use crate::{Identity, error, store, throttle, token};

/// A passkey for a sign-in.
#[derive(Clone, Copy)]
pub struct PasskeyStep<'a> {
    /// What the browser gave.
    pub assertion: &'a Assertion,
    /// The token of [`crate::HalfSignIn`], where the password was right already; without it the passkey stands alone.
    pub half: Option<&'a str>,
    /// Where it comes from.
    pub source: Source<'a>,
}

/// What a passkey is shown for.
#[derive(Clone, Copy)]
enum For<'a> {
    SignIn,
    Half(&'a [u8]),
    StepUp(SessionId),
}

/// A passkey whose signature was right.
pub(crate) struct ShownPasskey {
    pub(crate) owner: Owner,
    row: ShownRow,
    sign_count: u32,
}

impl Identity {
    /// Asks for a passkey: of this site, or of the account whose sign-in waits with this token. Opens its own operation. Fails with
    /// `identity.passkeys_unavailable`, `identity.sign_in_expired`, and with `identity.passkey_not_found` where the account has none.
    pub async fn passkey_question(&self, ops: &Ops, half: Option<&str>) -> Result<RequestOptions> {
        let address = self.address()?;
        let mut op = ops.open(Actor::Anonymous).await?;
        let now = op.now();
        let (challenge, allow) = match half {
            None => (new_challenge(SIGN_IN, now)?, Vec::new()),
            Some(half) => {
                let digest = token::digest(half).ok_or_else(error::sign_in_expired)?;
                let row = store::second_factor::half(op.conn(), &digest, now).await?;
                let account = row.ok_or_else(error::sign_in_expired)?.account;
                let allow = self.allowed(&mut op, account.into(), address).await?;
                if allow.is_empty() {
                    return Err(error::passkey_not_found());
                }
                let challenge = ChallengeRow {
                    account: Some(account),
                    half_sha256: Some(digest),
                    ..new_challenge(SECOND_FACTOR, now)?
                };
                (challenge, allow)
            }
        };
        store::passkey::ask(op.conn(), &challenge, now).await?;
        op.commit().await?;
        Ok(options::request(address, &challenge.challenge, allow, half.is_none()))
    }

    /// Asks whoever is signed in for a passkey of theirs. Fails with `identity.passkeys_unavailable`, `identity.passkey_not_found`.
    pub async fn step_up_question(&self, op: &mut Op, session: SessionId) -> Result<RequestOptions> {
        let address = self.address()?;
        let (account, _) = self.own(op, "identity.step_up").await?;
        self.own_session(op, session).await?;
        let allow = self.allowed(op, account, address).await?;
        if allow.is_empty() {
            return Err(error::passkey_not_found());
        }
        let now = op.now();
        let challenge = ChallengeRow {
            account: Some(account.uuid()),
            session: Some(session.uuid()),
            ..new_challenge(STEP_UP, now)?
        };
        store::passkey::ask(op.conn(), &challenge, now).await?;
        Ok(options::request(address, &challenge.challenge, allow, true))
    }

    /// Signs in with a passkey: alone, or as the second factor of a sign-in that waits. Fails with `identity.passkey_expired` (401),
    /// `identity.passkey_wrong` (401), `identity.passkey_cloned` (401), `identity.sign_in_expired` (401), `identity.account_suspended` (403).
    pub async fn sign_in_with_passkey(&self, ops: &Ops, step: PasskeyStep<'_>) -> Result<SignedIn> {
        let half = match step.half {
            Some(half) => Some(token::digest(half).ok_or_else(error::sign_in_expired)?),
            None => None,
        };
        let wanted = half.as_deref().map_or(For::SignIn, For::Half);
        let shown = self.check_passkey(ops, step.assertion, wanted, step.source).await?;
        let owner = &shown.owner;
        let entering = self.entering(ops, owner, true).await?;
        let mut op = ops.open(entering.actor.clone()).await?;
        // Suspended meanwhile, or another password: then all come in anew.
        lock_owner(&mut op, owner).await?;
        if let Err(fault) = self.use_passkey(&mut op, &shown).await {
            drop(op);
            return self.cloned(ops, &shown, step.source, fault).await;
        }
        let mut way = Way::own(WayIn::Passkey);
        if let Some(half) = &half {
            let now = op.now();
            let waits = store::second_factor::half(op.conn(), half, now).await?;
            way = waits.ok_or_else(error::sign_in_expired)?.way()?;
            if !store::second_factor::take_half(op.conn(), half).await? {
                return Err(error::sign_in_expired());
            }
        }
        let device = step.source.device.and_then(token::digest);
        let known_device = match device {
            Some(device) => store::session::is_device_of(op.conn(), &device, owner.account).await?,
            None => false,
        };
        let opening = Opening {
            owner,
            entering,
            known_device,
            hash_renewed: false,
            shown: Some(Shown::Passkey { alone: half.is_none() }),
            source: step.source,
            way,
        };
        self.open_session(op, opening).await
    }

    /// A passkey of whoever is signed in, shown once more in this session.
    pub(crate) async fn own_passkey(
        &self,
        ops: &Ops,
        actor: &Actor,
        assertion: &Assertion,
        here: (SessionId, Source<'_>),
    ) -> Result<Op> {
        let (session, source) = here;
        let shown = self.check_passkey(ops, assertion, For::StepUp(session), source).await?;
        let mut op = ops.open(actor.clone()).await?;
        lock_owner(&mut op, &shown.owner).await?;
        let row = self.own_session(&mut op, session).await?;
        if row.account() != shown.owner.account {
            return Err(error::passkey_wrong());
        }
        if let Err(fault) = self.use_passkey(&mut op, &shown).await {
            drop(op);
            return self.cloned(ops, &shown, source, fault).await;
        }
        Ok(op)
    }

    /// Uses the challenge up, looks whose passkey it is, and verifies. What is wrong is recorded and becomes a fault.
    async fn check_passkey(
        &self,
        ops: &Ops,
        assertion: &Assertion,
        wanted: For<'_>,
        source: Source<'_>,
    ) -> Result<ShownPasskey> {
        let address = self.address()?;
        let broken = |_| error::passkey_wrong();
        let challenge = webauthn::challenge(&assertion.response.client_data_json).map_err(broken)?;
        let credential = webauthn::decode(&assertion.id).map_err(broken)?;
        let mut op = ops.open(Actor::Anonymous).await?;
        let now = op.now();
        // Gone whatever comes of it: a challenge is answered once.
        let asked = store::passkey::take(op.conn(), &challenge).await?;
        let found = store::passkey::shown(op.conn(), &credential, &address.rp_id).await?;
        let asked = asked.filter(|row| row.expires_at > now && is_for(row, wanted));
        let Some(asked) = asked else {
            op.commit().await?;
            return Err(error::passkey_expired());
        };
        let alone = matches!(wanted, For::SignIn);
        // Beside the password presence is enough; here nothing else says who is there.
        let verified = matches!(wanted, For::SignIn | For::StepUp(_));
        let verdict = match &found {
            None => Err("unknown"),
            Some(row) => whose(row, &asked, assertion, alone).and_then(|()| {
                webauthn::shown(address, &challenge, &row.public_key, verified, &assertion.response)
                    .map_err(webauthn::Refusal::as_str)
            }),
        };
        let account = found.as_ref().map(|row| AccountId::from(row.account));
        let state = found.as_ref().map(|row| row.state.as_str());
        let refused = match verdict {
            Err(reason) => Some((reason, error::passkey_wrong())),
            Ok(_) if state == Some(AccountState::Suspended.as_str()) => Some(("suspended", error::account_suspended())),
            Ok(_) if state != Some(AccountState::Active.as_str()) => Some(("closed", error::passkey_wrong())),
            Ok(_) => None,
        };
        if let Some((reason, fault)) = refused {
            let facts = json!({ "reason": "passkey", "why": reason, "network": throttle::network(source.ip) });
            let about = account.map_or_else(|| "account:unknown".to_owned(), subject);
            op.record(Entry::new("identity.sign_in_refused", about).detail(facts))
                .await?;
            op.commit().await?;
            return Err(fault);
        }
        op.commit().await?;
        let (Some(row), Ok(sign_count)) = (found, verdict) else {
            return Err(error::passkey_wrong());
        };
        let owner = Owner {
            account: row.account.into(),
            person: row.person.into(),
            full_name: row.full_name.clone(),
            changed_at: row.password_changed_at,
        };
        Ok(ShownPasskey { owner, row, sign_count })
    }

    /// Counts the signature. Fails where a passkey has gone meanwhile, or counts backwards: then there are two of it.
    async fn use_passkey(&self, op: &mut Op, shown: &ShownPasskey) -> Result<()> {
        let before = store::passkey::lock_count(op.conn(), shown.row.id).await?;
        let before = before.ok_or_else(error::passkey_wrong)?;
        if !webauthn::goes_on(before, shown.sign_count) {
            return Err(error::passkey_cloned());
        }
        let now = op.now();
        store::passkey::used(op.conn(), shown.row.id, shown.sign_count, now).await
    }

    /// Writes down and tells the owner that somebody has a copy of a passkey.
    async fn cloned<T>(&self, ops: &Ops, shown: &ShownPasskey, source: Source<'_>, fault: Fault) -> Result<T> {
        if fault.code == "identity.passkey_cloned" {
            let account = shown.owner.account;
            let mut op = ops.open(Actor::Anonymous).await?;
            let facts = json!({ "reason": "passkey", "why": "counter", "network": throttle::network(source.ip) });
            op.record(Entry::new("identity.sign_in_refused", subject(account)).detail(facts))
                .await?;
            let facts = json!({ "account": account, "ip": source.ip });
            op.emit(Event::new("identity.passkey_cloned", subject(account), facts));
            op.commit().await?;
        }
        Err(fault)
    }

    /// Whether the account of a sign-in that waits has a passkey that holds here.
    pub async fn half_has_passkey(&self, connection: &mut PgConnection, half: &str) -> Result<bool> {
        let (Some(address), Some(digest)) = (&self.address, token::digest(half)) else {
            return Ok(false);
        };
        let now = self.clock.now();
        let Some(row) = store::second_factor::half(connection, &digest, now).await? else {
            return Ok(false);
        };
        let allowed = store::passkey::allowed(connection, row.account.into(), &address.rp_id).await?;
        Ok(!allowed.is_empty())
    }
}

/// Whether a challenge was given for this.
fn is_for(row: &ChallengeRow, wanted: For<'_>) -> bool {
    match wanted {
        For::SignIn => row.purpose == SIGN_IN,
        For::Half(half) => row.purpose == SECOND_FACTOR && row.half_sha256.as_deref() == Some(half),
        For::StepUp(session) => row.purpose == STEP_UP && row.session == Some(session.uuid()),
    }
}

/// Whether a passkey belongs to whom the challenge was given; alone it has to say itself whose it is.
fn whose(row: &ShownRow, asked: &ChallengeRow, assertion: &Assertion, alone: bool) -> Result<(), &'static str> {
    let handle = assertion
        .response
        .user_handle
        .as_deref()
        .filter(|handle| !handle.is_empty());
    let handle = handle.map(webauthn::decode).transpose().map_err(|_| "malformed")?;
    match handle {
        Some(handle) if handle != row.account.as_bytes() => Err("other_person"),
        None if alone => Err("other_person"),
        _ if asked.account.is_some_and(|account| account != row.account) => Err("other_person"),
        _ => Ok(()),
    }
}
