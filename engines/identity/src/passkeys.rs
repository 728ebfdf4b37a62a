//! Passkeys (khóa truy cập) of one's own: made, listed, removed. They count as a second factor.
//!
//! As with the authenticator, whoever changes something shows the password once more, and everybody else comes in anew.

use chrono::{DateTime, Duration, Utc};
use kernel::{AccountId, Actor, Result, SessionId, text};
use op::{Op, Ops};
use rand::TryRng;
use rand::rngs::SysRng;
use uuid::Uuid;

use crate::model::Passkey;
use crate::sign_in::Source;
use crate::store::passkey::{ChallengeRow, NewPasskey};
use crate::webauthn::options::{self, CreationOptions, Descriptor};
use crate::webauthn::{self, Address, Registration};
use crate::{Identity, NewCodes, OwnerProof, error, store};

/// As many as an account may have.
const MOST: usize = 10;
/// Longest name that an owner gives, in characters.
const LONGEST_NAME: usize = 60;
/// How long a challenge waits: a little longer than the browser.
pub(crate) const WAITS: Duration = Duration::minutes(6);
/// Ways to reach an authenticator that we know of.
const TRANSPORTS: [&str; 6] = ["usb", "nfc", "ble", "smart-card", "hybrid", "internal"];

/// What a challenge is given for; part of the database.
pub(crate) const REGISTER: &str = "register";
pub(crate) const SIGN_IN: &str = "sign_in";
pub(crate) const SECOND_FACTOR: &str = "second_factor";
pub(crate) const STEP_UP: &str = "step_up";

impl Identity {
    /// The passkeys of the actor's account, the oldest first.
    pub async fn passkeys(&self, op: &mut Op) -> Result<Vec<Passkey>> {
        let account = op.actor().account().ok_or_else(error::sign_in_again)?;
        store::passkey::of_account(op.conn(), account).await
    }

    /// The address at which passkeys are made and hold, as browsers say it; `None` where they cannot: at a number in place of a name,
    /// and without HTTPS.
    pub fn passkey_origin(&self) -> Option<&str> {
        self.address.as_ref().map(|address| address.origin.as_str())
    }

    /// Begins a new passkey: the owner has named it and shown the password. It is made in this session until [`Self::add_passkey`].
    /// Opens its own operations. Fails with `identity.passkeys_unavailable`, `identity.passkey_name`, `identity.passkeys_full`,
    /// `identity.password_wrong`, `identity.too_many_attempts`.
    pub async fn offer_passkey(&self, ops: &Ops, actor: &Actor, name: &str, proof: OwnerProof<'_>) -> Result<()> {
        self.address()?;
        let name = text::clean_line(name);
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            return Err(error::passkey_name(LONGEST_NAME));
        }
        let (mut op, account, _) = self.proven(ops, actor, "identity.offer_passkey", proof).await?;
        if store::passkey::count(op.conn(), account).await? >= MOST {
            return Err(error::passkeys_full(MOST));
        }
        let now = op.now();
        let challenge = ChallengeRow {
            account: Some(account.uuid()),
            session: Some(proof.session.uuid()),
            name: Some(name),
            ..new_challenge(REGISTER, now)?
        };
        store::passkey::ask(op.conn(), &challenge, now).await?;
        op.commit().await
    }

    /// What the browser is to make, where a passkey waits in this session, and what the owner calls it. `site` is what the authenticator
    /// shows it under.
    pub async fn offered_passkey(
        &self,
        op: &mut Op,
        session: SessionId,
        site: &str,
    ) -> Result<Option<(String, CreationOptions)>> {
        let Some(address) = &self.address else { return Ok(None) };
        let (account, _) = self.own(op, "identity.offered_passkey").await?;
        let now = op.now();
        let Some(row) = store::passkey::offered(op.conn(), account, session, now).await? else {
            return Ok(None);
        };
        let login = store::account::get(op.conn(), &self.vault, account)
            .await?
            .ok_or_else(error::account_not_found)?
            .login;
        let exclude = self.allowed(op, account, address).await?;
        let full_name = op.actor().name().to_owned();
        let asked = options::creation(address, site, account, &login, &full_name, &row.challenge, exclude);
        Ok(Some((row.name.unwrap_or_default(), asked)))
    }

    /// Keeps the passkey that the browser has made. All other sessions end, and this one goes on under another token; with the first second
    /// factor come recovery codes. Fails with `identity.passkey_expired`, `identity.passkey_unfit`, `identity.passkey_known`.
    pub async fn add_passkey(
        &self,
        ops: &Ops,
        actor: &Actor,
        new: &Registration,
        here: (SessionId, Source<'_>),
    ) -> Result<NewCodes> {
        let address = self.address()?;
        let (session, source) = here;
        let challenge = webauthn::challenge(&new.response.client_data_json).map_err(error::passkey_unfit)?;
        let mut op = ops.open(actor.clone()).await?;
        let (account, permit) = self.own(&mut op, "identity.add_passkey").await?;
        // One change of factors at a time.
        store::account::lock_state(op.conn(), account).await?;
        self.own_session(&mut op, session).await?;
        let now = op.now();
        let asked = store::passkey::take(op.conn(), &challenge).await?.filter(|row| {
            row.purpose == REGISTER
                && row.account == Some(account.uuid())
                && row.session == Some(session.uuid())
                && row.expires_at > now
        });
        let asked = asked.ok_or_else(error::passkey_expired)?;
        let made = webauthn::registered(address, &challenge, &new.response).map_err(error::passkey_unfit)?;
        if store::passkey::count(op.conn(), account).await? >= MOST {
            return Err(error::passkeys_full(MOST));
        }
        let name = asked.name.unwrap_or_default();
        let transports: Vec<String> = TRANSPORTS
            .map(str::to_owned)
            .into_iter()
            .filter(|way| new.response.transports.contains(way))
            .collect();
        let passkey = NewPasskey {
            id: Uuid::now_v7(),
            account,
            credential: &made.credential,
            public_key: &made.public_key,
            rp_id: &address.rp_id,
            sign_count: made.sign_count,
            transports: &transports,
            name: &name,
            now,
        };
        store::passkey::insert(op.conn(), &permit, &passkey).await?;
        let codes = if store::second_factor::recovery_tags(op.conn(), account)
            .await?
            .is_empty()
        {
            self.give_recovery_codes(&mut op, &permit, account).await?
        } else {
            Vec::new()
        };
        store::session::showed_second_factor(op.conn(), session, now).await?;
        let change = ("passkey_added", name.as_str());
        let token = self
            .changed(&mut op, &permit, account, Some((session, source)), change)
            .await?;
        op.commit().await?;
        Ok(NewCodes { codes, token })
    }

    /// Removes a passkey and gives the new token of the session. Fails with `identity.passkey_not_found`, `identity.password_wrong`,
    /// `identity.too_many_attempts`, and with `identity.second_factor_required` where it is the last factor of an account that needs one.
    pub async fn remove_passkey(&self, ops: &Ops, actor: &Actor, id: Uuid, proof: OwnerProof<'_>) -> Result<String> {
        let (mut op, account, permit) = self.proven(ops, actor, "identity.remove_passkey", proof).await?;
        let name = store::passkey::remove(op.conn(), &permit, account, id).await?;
        let name = name.ok_or_else(error::passkey_not_found)?;
        let last = store::second_factor::since(op.conn(), account).await?.is_none();
        if last {
            if self.is_required(&mut op, account).await? {
                return Err(error::second_factor_required());
            }
            store::second_factor::remove(op.conn(), &permit, account).await?;
        }
        let here = Some((proof.session, proof.source));
        // With the last one the password alone opens the account: that is the news.
        let what = if last { "removed" } else { "passkey_removed" };
        let token = self
            .changed(&mut op, &permit, account, here, (what, name.as_str()))
            .await?;
        op.commit().await?;
        Ok(token)
    }

    pub(crate) fn address(&self) -> Result<&Address> {
        self.address.as_ref().ok_or_else(error::passkeys_unavailable)
    }

    /// The passkeys of an account that hold here.
    pub(crate) async fn allowed(&self, op: &mut Op, account: AccountId, address: &Address) -> Result<Vec<Descriptor>> {
        let rows = store::passkey::allowed(op.conn(), account, &address.rp_id).await?;
        let named = |row: store::passkey::AllowedRow| options::descriptor(&row.credential, row.transports);
        Ok(rows.into_iter().map(named).collect())
    }
}

/// A challenge for anybody; whose it is is added.
pub(crate) fn new_challenge(purpose: &str, now: DateTime<Utc>) -> Result<ChallengeRow> {
    let mut challenge = vec![0; 32];
    SysRng.try_fill_bytes(&mut challenge).map_err(error::no_randomness)?;
    Ok(ChallengeRow {
        challenge,
        purpose: purpose.to_owned(),
        account: None,
        session: None,
        half_sha256: None,
        name: None,
        expires_at: now + WAITS,
    })
}
