//! Step-up (xác thực lại): who approves, signs or exports has shown lately who they are.

use kernel::{Actor, Result, SessionId};
use op::{Entry, Op, Ops};
use serde_json::json;

use crate::sign_in::Source;
use crate::webauthn::Assertion;
use crate::{Identity, StepUpRule, error, second_factor, store};

/// What is shown once more.
#[derive(Clone, Copy)]
pub enum Again<'a> {
    /// The password; only of accounts without a second factor.
    Password(&'a str),
    /// A code of the authenticator, or a recovery code.
    Code(&'a str),
    /// A passkey.
    Passkey(&'a Assertion),
}

/// What the owner of a session can show once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct AgainWays {
    /// The password: there is one, and no second factor.
    pub password: bool,
    /// A code: of the authenticator, or a recovery code.
    pub code: bool,
    /// A passkey that holds at this address.
    pub passkey: bool,
}

impl Identity {
    /// Lets an act go on that weighs. Fails with `identity.step_up_needed` (403) where it comes from a session in which nobody has shown lately
    /// who they are. What the program does by itself comes from no session.
    pub fn check_step_up(&self, op: &Op) -> Result<()> {
        let StepUpRule::Within(span) = self.config.step_up else {
            return Ok(());
        };
        match op.shown_at() {
            Some(at) if op.now() - at >= span => Err(error::step_up_needed(span)),
            _ => Ok(()),
        }
    }

    /// What the actor can show once more.
    pub async fn again_ways(&self, op: &mut Op) -> Result<AgainWays> {
        let account = op.actor().account().ok_or_else(error::sign_in_again)?;
        let factor = store::second_factor::since(op.conn(), account).await?.is_some();
        let passkey = match &self.address {
            Some(address) => !self.allowed(op, account, address).await?.is_empty(),
            None => false,
        };
        let password = store::account::has_password(op.conn(), account).await?;
        Ok(AgainWays {
            password: password && !factor,
            code: factor,
            passkey,
        })
    }

    /// The owner shows once more who they are; the session is fresh from then on. Opens its own operations. Fails with `identity.required`,
    /// `identity.password_wrong`, `identity.code_wrong` (at the field `code`), `identity.passkey_wrong`, `identity.passkey_expired`,
    /// `identity.too_many_attempts`, and with `identity.code_needed` where a password is not enough.
    pub async fn step_up(
        &self,
        ops: &Ops,
        actor: &Actor,
        session: SessionId,
        again: Again<'_>,
        source: Source<'_>,
    ) -> Result<()> {
        let (mut op, how) = match again {
            Again::Password(password) => {
                let guess = self.own_password(ops, actor, password, source).await?;
                let action = "identity.step_up";
                let (mut op, account, _) = self.open_proven(ops, actor, action, guess, session).await?;
                if store::second_factor::since(op.conn(), account).await?.is_some() {
                    return Err(error::code_needed());
                }
                (op, "password")
            }
            Again::Code(code) => self.own_code(ops, actor, session, code, source).await?,
            Again::Passkey(assertion) => {
                let op = self.own_passkey(ops, actor, assertion, (session, source)).await?;
                (op, "passkey")
            }
        };
        let now = op.now();
        if how == "password" {
            store::session::showed_again(op.conn(), session, now).await?;
        } else {
            store::session::showed_second_factor(op.conn(), session, now).await?;
        }
        let row = self.own_session(&mut op, session).await?;
        let facts = json!({ "session": session, "shown": how });
        op.record(Entry::new("identity.stepped_up", second_factor::subject(row.account())).detail(facts))
            .await?;
        op.commit().await
    }

    /// The owner has just shown at a provider that their account is linked with who they are: an engine that has checked its word says so. Fails with
    /// `identity.code_needed` where the account has a second factor: the word of a provider is a first one, as a password is.
    pub async fn showed_at_provider(&self, op: &mut Op, session: SessionId, provider: &str) -> Result<()> {
        let (account, _) = self.own(op, "identity.step_up").await?;
        store::account::lock_state(op.conn(), account).await?;
        if store::second_factor::since(op.conn(), account).await?.is_some() {
            return Err(error::code_needed());
        }
        self.own_session(op, session).await?;
        let now = op.now();
        store::session::showed_again(op.conn(), session, now).await?;
        let facts = json!({ "session": session, "shown": "provider", "provider": provider });
        op.record(Entry::new("identity.stepped_up", second_factor::subject(account)).detail(facts))
            .await
    }

    /// A code of whoever is signed in, taken once; none from the counter: that gives somebody back the way in, and an official who gives it out would
    /// stand beside every act that it lets go on. Guesses at it count as those of a sign-in.
    async fn own_code(
        &self,
        ops: &Ops,
        actor: &Actor,
        session: SessionId,
        code: &str,
        source: Source<'_>,
    ) -> Result<(Op, &'static str)> {
        if code.trim().is_empty() {
            return Err(error::required("code"));
        }
        let account = actor.account().ok_or_else(error::sign_in_again)?;
        let place = self
            .take_place(ops, &second_factor::guesses_at(account), Some(account), source)
            .await?;
        let mut op = ops.open(actor.clone()).await?;
        self.own(&mut op, "identity.step_up").await?;
        store::account::lock_state(op.conn(), account).await?;
        self.own_session(&mut op, session).await?;
        let Some(shown) = self.shown_own(&mut op, account, code).await? else {
            drop(op);
            self.refused(ops, Some(account), "code", &place, source).await?;
            return Err(error::code_unfit());
        };
        store::attempt::mark_right(op.conn(), place.attempt).await?;
        self.tell_of(&mut op, account, shown);
        Ok((op, shown.as_str()))
    }
}
