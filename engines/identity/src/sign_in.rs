//! Signing in by password.
//!
//! Unknown names, accounts without a password and closed accounts cost the same work and get the same words as a wrong
//! password. No operation is open while a password is computed. A guess takes its place in the count before it is
//! evaluated, so guesses sent at once are counted one by one.

use kernel::{AccountId, Actor, Citizen, Official, PersonId, Result, SessionId, local_date};
use op::{Entry, Ops};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::hashing::PasswordHash;
use crate::model::{AccountState, Audience, HeldPosition};
use crate::{Identity, config, error, login, store, throttle, token};

/// Where a request to sign in comes from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Source<'a> {
    /// The device token of an earlier sign-in, kept by the browser in a long-lived cookie of its own.
    pub device: Option<&'a str>,
    /// Address of the browser.
    pub ip: &'a str,
    /// What the browser says of itself.
    pub user_agent: &'a str,
}

/// Name, password and origin.
#[derive(Clone, Copy)]
pub struct SignIn<'a> {
    /// Login name as typed.
    pub login: &'a str,
    /// Password as typed.
    pub password: &'a str,
    /// Where it comes from.
    pub source: Source<'a>,
}

/// A new session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The session token: 32 random bytes, base64url. It exists nowhere else; only its digest is stored.
    pub token: String,
    /// The device token. Kept by the browser (a year), it lets the owner in while strangers guess; it opens nothing by itself.
    pub device: String,
    /// The session.
    pub session: SessionId,
    /// Who has signed in; an official in the position held longest.
    pub actor: Actor,
    /// When the session ends at the latest.
    pub expires_at: chrono::DateTime<chrono::Utc>,
}

/// A guess that was evaluated and was right.
pub(crate) struct Guess {
    pub(crate) attempt: Uuid,
    pub(crate) person: PersonId,
    pub(crate) full_name: String,
    account: Uuid,
    changed_at: Option<chrono::DateTime<chrono::Utc>>,
    outdated: bool,
    /// It came from a browser that has a device token of this account.
    known_device: bool,
}

impl Identity {
    /// Signs a person in and opens a new session with a new token. Fails with `identity.required` (422),
    /// `identity.wrong_credentials` (401), `identity.account_suspended` (403, after the right password only),
    /// `identity.too_many_attempts` (429, the password was not looked at), `identity.busy` (503).
    pub async fn sign_in(&self, ops: &Ops, attempt: SignIn<'_>) -> Result<SignedIn> {
        if attempt.login.trim().is_empty() {
            return Err(error::required("login"));
        }
        if attempt.password.is_empty() {
            return Err(error::required("password"));
        }
        let guess = self
            .evaluate(ops, attempt.login, attempt.password, attempt.source)
            .await?;
        let known_device = guess.known_device;
        let renewed = if guess.outdated {
            Some(self.hasher.hash(attempt.password).await?)
        } else {
            None
        };

        let (session_token, device) = (token::new()?, token::new()?);
        let device = match attempt.source.device {
            Some(kept) if known_device => kept.to_owned(),
            _ => device,
        };
        let now = ops.now();
        let held = {
            let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
            store::office::held(&mut connection, guess.person, local_date(now)).await?
        };
        let account = AccountId::from(guess.account);
        let actor = actor(account, guess.person, &guess.full_name, held.first());
        let audience = if held.is_empty() {
            Audience::Citizen
        } else {
            Audience::Official
        };

        let mut op = ops.open(actor.clone()).await?;
        // The password may have been changed or the account suspended while we computed.
        let still = store::account::lock_credential(op.conn(), guess.account).await?;
        // A hash renewed at another cost is no change: two devices may sign in at once when the cost has been raised.
        if still != Some((guess.changed_at, AccountState::Active)) {
            return Err(error::wrong_credentials());
        }
        let now = op.now();
        let life = self.lifetime(audience);
        let new = store::session::NewSession {
            id: SessionId::new(),
            token: token::digest(&session_token).unwrap_or_default(),
            account,
            audience,
            now,
            life,
            source: attempt.source,
        };
        store::attempt::mark_right(op.conn(), guess.attempt).await?;
        if let Some(hash) = &renewed {
            store::account::refresh_hash(op.conn(), guess.account, hash).await?;
        }
        store::session::insert(op.conn(), &new).await?;
        store::session::keep_device(op.conn(), &token::digest(&device).unwrap_or_default(), account, now).await?;
        let facts = json!({
            "session": new.id,
            "network": throttle::network(attempt.source.ip),
            "audience": audience,
            "known_device": known_device,
            "hash_renewed": renewed.is_some(),
        });
        op.record(Entry::new("identity.signed_in", format!("account:{account}")).detail(facts))
            .await?;
        op.commit().await?;
        Ok(SignedIn {
            token: session_token,
            device,
            session: new.id,
            actor,
            expires_at: now + life.absolute,
        })
    }

    /// Counts the guess, computes, and says whether it was right. A wrong one is recorded and becomes a fault.
    pub(crate) async fn evaluate(&self, ops: &Ops, login: &str, password: &str, source: Source<'_>) -> Result<Guess> {
        let folded = login::fold(login);
        let digest = login::digest(&folded);
        let network = throttle::network(source.ip);

        let mut op = ops.open(Actor::Anonymous).await?;
        let now = op.now();
        store::attempt::lock(op.conn(), &digest).await?;
        let found = store::account::credential(op.conn(), &folded).await?;
        let account = found.as_ref().map_or(Uuid::nil(), |row| row.id);
        let subject = if found.is_some() {
            format!("account:{account}")
        } else {
            "account:unknown".to_owned()
        };
        let device = source.device.and_then(token::digest);
        let device = device.filter(|_| found.is_some());
        // Only its token makes a device known. Address and name of the browser would not do: they are the same for everybody
        // in an office, and who may use up the guesses of a known device can lock its owner out.
        let known_device =
            store::session::is_device_of(op.conn(), device.as_deref().unwrap_or_default(), account).await?;
        let device = device.filter(|_| known_device);
        let place = match &device {
            Some(device) => format!("device:{}", hex::encode(device)),
            None => format!("network:{network}"),
        };
        let counts = store::attempt::count(op.conn(), &digest, &place, &network, now).await?;
        if let Some(limit) = throttle::reached(&self.config.guessing, known_device, &counts) {
            let facts = json!({ "reason": "too_many", "limit": limit.as_str(), "network": network, "known_device": known_device });
            op.record(Entry::new("identity.sign_in_refused", subject).detail(facts))
                .await?;
            op.commit().await?;
            return Err(error::too_many_attempts(limit));
        }
        let attempt = store::attempt::insert(op.conn(), &digest, &place, &network, known_device, now).await?;
        op.commit().await?;

        let row = found.as_ref().filter(|row| row.state != AccountState::Closed.as_str());
        let stored = row
            .and_then(|row| row.password.as_deref())
            .map(PasswordHash::parse)
            .transpose()?;
        let verdict = self.hasher.verify(password, stored.as_ref()).await?;
        let refusal = match (row, stored) {
            (Some(row), Some(_)) if verdict.right && row.state == AccountState::Suspended.as_str() => {
                ("suspended", error::account_suspended())
            }
            (Some(row), Some(_)) if verdict.right => {
                let guess = Guess {
                    attempt,
                    person: row.person.into(),
                    full_name: row.full_name.clone(),
                    account: row.id,
                    changed_at: row.password_changed_at,
                    outdated: verdict.outdated,
                    known_device,
                };
                return Ok(guess);
            }
            _ => ("wrong", error::wrong_credentials()),
        };
        let (reason, fault) = refusal;
        let mut op = ops.open(Actor::Anonymous).await?;
        if reason == "suspended" {
            store::attempt::mark_right(op.conn(), attempt).await?;
        }
        let facts = json!({ "reason": reason, "network": network, "known_device": known_device });
        op.record(Entry::new("identity.sign_in_refused", subject).detail(facts))
            .await?;
        op.commit().await?;
        Err(fault)
    }

    /// How long a session of this audience lives.
    pub(crate) fn lifetime(&self, audience: Audience) -> config::Lifetime {
        match audience {
            Audience::Citizen => self.config.citizen_session,
            Audience::Official => self.config.official_session,
        }
    }

    /// The actor of an account as of now; used where there is no session, as in tests and commands of the console.
    pub async fn actor_of(
        &self,
        connection: &mut PgConnection,
        account: AccountId,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<Actor> {
        let (person, name) = store::session::owner(connection, account)
            .await?
            .ok_or_else(error::account_not_found)?;
        let held = store::office::held(connection, person, local_date(now)).await?;
        Ok(actor(account, person, &name, held.first()))
    }
}

/// The person in the position, or the person alone.
pub(crate) fn actor(account: AccountId, person: PersonId, name: &str, position: Option<&HeldPosition>) -> Actor {
    match position {
        None => Actor::Citizen(Citizen {
            account,
            person,
            name: name.to_owned(),
        }),
        Some(held) => Actor::Official(Official {
            account,
            person,
            name: name.to_owned(),
            position: held.position,
            position_title: held.title.clone(),
            agency: held.agency,
            agency_code: held.agency_code.clone(),
            agency_name: held.agency_name.clone(),
            unit: held.unit,
            roles: held.roles.clone(),
        }),
    }
}
