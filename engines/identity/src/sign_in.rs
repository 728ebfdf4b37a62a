//! Signing in by password, and by a code where the account has a second factor. With a passkey: `passkey_sign_in`.
//!
//! Unknown names, accounts without a password and closed accounts cost the same work and get the same words as a wrong
//! password. No operation is open while a password is computed.

use chrono::{DateTime, Duration, Utc};
use kernel::{AccountId, Actor, Citizen, Official, PersonId, Result, SessionId, local_date};
use op::{Entry, Event, Op, Ops};
use serde_json::json;
use sqlx::PgConnection;

use crate::model::{AccountState, Audience, HeldPosition, Way, WayIn};
use crate::second_factor::{self, Shown};
use crate::{Identity, browser, config, error, store, throttle, token};

/// How long a sign-in waits for the second factor: time to find the telephone.
const WAITS: Duration = Duration::minutes(5);

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

/// What the right password has led to.
#[derive(Clone, Debug)]
pub enum Entered {
    /// A session.
    In(Box<SignedIn>),
    /// The account has a second factor, which is still to be shown with [`Identity::finish_sign_in`].
    Half(HalfSignIn),
}

/// A sign-in that waits for the second factor.
#[derive(Clone, Debug)]
pub struct HalfSignIn {
    /// 32 random bytes, base64url. It opens nothing without a code.
    pub token: String,
    /// Until when it waits.
    pub expires_at: DateTime<Utc>,
}

/// The second factor for a sign-in that waits.
#[derive(Clone, Copy)]
pub struct SecondStep<'a> {
    /// The token of [`HalfSignIn`].
    pub half: &'a str,
    /// Six digits of the authenticator, or a recovery code, as typed.
    pub code: &'a str,
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
    pub expires_at: DateTime<Utc>,
    /// Holds a position, but cannot act from it before there is a second factor.
    pub second_factor_missing: bool,
}

/// Whose secret was right.
pub(crate) struct Owner {
    pub(crate) account: AccountId,
    pub(crate) person: PersonId,
    pub(crate) full_name: String,
    /// When the password was set that was shown.
    pub(crate) changed_at: Option<DateTime<Utc>>,
}

/// As whom somebody enters.
pub(crate) struct Entering {
    pub(crate) actor: Actor,
    audience: Audience,
    second_factor_missing: bool,
}

/// What a session is opened with.
pub(crate) struct Opening<'a> {
    pub(crate) owner: &'a Owner,
    pub(crate) entering: Entering,
    pub(crate) known_device: bool,
    pub(crate) hash_renewed: bool,
    pub(crate) shown: Option<Shown>,
    pub(crate) source: Source<'a>,
    pub(crate) way: Way,
}

impl Identity {
    /// Signs a person in: opens a new session with a new token, or, for an account with a second factor, lets the sign-in
    /// wait for it. Fails with `identity.required` (422), `identity.wrong_credentials` (401), `identity.account_suspended` (403, after
    /// the right password only), `identity.too_many_attempts` (429, the password was not looked at), `identity.busy` (503).
    pub async fn sign_in(&self, ops: &Ops, attempt: SignIn<'_>) -> Result<Entered> {
        if attempt.login.trim().is_empty() {
            return Err(error::required("login"));
        }
        if attempt.password.is_empty() {
            return Err(error::required("password"));
        }
        let guess = self
            .evaluate(ops, attempt.login, attempt.password, attempt.source)
            .await?;
        let renewed = if guess.outdated {
            Some(self.hasher.hash(attempt.password).await?)
        } else {
            None
        };
        let owner = &guess.owner;
        let entering = self.entering(ops, owner, false).await?;
        let mut op = ops.open(entering.actor.clone()).await?;
        lock_owner(&mut op, owner).await?;
        store::attempt::mark_right(op.conn(), guess.place.attempt).await?;
        if let Some(hash) = &renewed {
            store::account::refresh_hash(op.conn(), owner.account.uuid(), hash).await?;
        }
        if store::second_factor::since(op.conn(), owner.account).await?.is_some() {
            let way = Way::own(WayIn::Password);
            return wait(op, owner, attempt.source, &way).await.map(Entered::Half);
        }
        let opening = Opening {
            owner,
            entering,
            known_device: guess.place.known_device,
            hash_renewed: renewed.is_some(),
            shown: None,
            source: attempt.source,
            way: Way::own(WayIn::Password),
        };
        let signed = self.open_session(op, opening).await?;
        Ok(Entered::In(Box::new(signed)))
    }

    /// Ends a sign-in that waits, with a code of the authenticator or a recovery code; each is taken once. Fails with
    /// `identity.required` (422), `identity.sign_in_expired` (401), `identity.code_wrong` (401), `identity.too_many_attempts` (429, the code
    /// was not looked at).
    pub async fn finish_sign_in(&self, ops: &Ops, step: SecondStep<'_>) -> Result<SignedIn> {
        // No guess: nothing was typed.
        if step.code.trim().is_empty() {
            return Err(error::required("code"));
        }
        let digest = token::digest(step.half).ok_or_else(error::sign_in_expired)?;
        let half = {
            let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
            store::second_factor::half(&mut connection, &digest, ops.now()).await?
        };
        let half = half.ok_or_else(error::sign_in_expired)?;
        let way = half.way()?;
        let owner = Owner {
            account: half.account.into(),
            person: half.person.into(),
            full_name: half.full_name,
            changed_at: half.password_changed_at,
        };
        let guesses = second_factor::guesses_at(owner.account);
        let place = self.take_place(ops, &guesses, Some(owner.account), step.source).await?;
        let entering = self.entering(ops, &owner, true).await?;
        let mut op = ops.open(entering.actor.clone()).await?;
        lock_owner(&mut op, &owner).await?;
        let Some(shown) = self.shown(&mut op, owner.account, step.code).await? else {
            drop(op);
            self.refused(ops, Some(owner.account), "code", &place, step.source)
                .await?;
            return Err(error::code_wrong());
        };
        store::attempt::mark_right(op.conn(), place.attempt).await?;
        if !store::second_factor::take_half(op.conn(), &digest).await? {
            return Err(error::sign_in_expired());
        }
        let opening = Opening {
            owner: &owner,
            entering,
            known_device: place.known_device,
            hash_renewed: false,
            shown: Some(shown),
            source: step.source,
            way,
        };
        self.open_session(op, opening).await
    }

    /// As whom the owner enters, with or without a second factor.
    pub(crate) async fn entering(&self, ops: &Ops, owner: &Owner, second_factor: bool) -> Result<Entering> {
        let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
        let held = store::office::held(&mut connection, owner.person, local_date(ops.now())).await?;
        let acts = self.acts_from_position(second_factor);
        Ok(Entering {
            actor: actor(
                owner.account,
                owner.person,
                &owner.full_name,
                held.first().filter(|_| acts),
            ),
            audience: if held.is_empty() {
                Audience::Citizen
            } else {
                Audience::Official
            },
            second_factor_missing: !held.is_empty() && !acts,
        })
    }

    /// Opens the session and commits.
    pub(crate) async fn open_session(&self, mut op: Op, opening: Opening<'_>) -> Result<SignedIn> {
        let Opening {
            owner,
            entering,
            known_device,
            hash_renewed,
            shown,
            source,
            way,
        } = opening;
        let (session_token, device) = (token::new()?, token::new()?);
        let device = match source.device {
            Some(kept) if known_device => kept.to_owned(),
            _ => device,
        };
        let now = op.now();
        let account = owner.account;
        let life = self.lifetime(entering.audience);
        let new = store::session::NewSession {
            id: SessionId::new(),
            token: token::digest(&session_token).unwrap_or_default(),
            account,
            audience: entering.audience,
            now,
            life,
            source,
            second_factor_at: shown.map(|_| now),
            way: &way,
        };
        store::session::insert(op.conn(), &new).await?;
        store::account::came_in(op.conn(), account, now).await?;
        // The first time of all is not news to its owner.
        let news = !known_device && store::session::was_entered_before(op.conn(), account, new.id).await?;
        store::session::keep_device(op.conn(), &token::digest(&device).unwrap_or_default(), account, now).await?;
        let subject = format!("account:{account}");
        let facts = json!({
            "session": new.id,
            "network": throttle::network(source.ip),
            "audience": entering.audience,
            "known_device": known_device,
            "hash_renewed": hash_renewed,
            "second_factor": shown.map(Shown::as_str),
            "provider": way.provider,
            "assurance": way.assurance,
        });
        op.record(Entry::new("identity.signed_in", &subject).detail(facts))
            .await?;
        if news {
            let facts = json!({ "account": account, "browser": browser::called(source.user_agent), "ip": source.ip });
            op.emit(Event::new("identity.new_device", &subject, facts));
        }
        if let Some(shown) = shown {
            self.tell_of(&mut op, account, shown);
        }
        op.commit().await?;
        Ok(SignedIn {
            token: session_token,
            device,
            session: new.id,
            actor: entering.actor,
            expires_at: now + life.absolute,
            second_factor_missing: entering.second_factor_missing,
        })
    }

    /// How long a session of this audience lives.
    pub(crate) fn lifetime(&self, audience: Audience) -> config::Lifetime {
        match audience {
            Audience::Citizen => self.config.citizen_session,
            Audience::Official => self.config.official_session,
        }
    }

    /// The actor with the agencies below, where a right reaches that far.
    pub(crate) async fn with_reach(
        &self,
        connection: &mut PgConnection,
        mut actor: Actor,
        today: chrono::NaiveDate,
    ) -> Result<Actor> {
        if let Actor::Official(official) = &mut actor
            && self.config.policy.reaches_below(&official.roles)
        {
            official.below = store::agency::below(connection, official.agency, today).await?;
        }
        Ok(actor)
    }

    /// Whether a session with or without a second factor acts from a position.
    pub(crate) fn acts_from_position(&self, second_factor: bool) -> bool {
        second_factor || self.config.second_factor == config::SecondFactorRule::Offered
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
        let today = local_date(now);
        let held = store::office::held(connection, person, today).await?;
        let actor = actor(account, person, &name, held.first());
        self.with_reach(connection, actor, today).await
    }

    /// The actor of an account from one position as of now, for what they have asked the program to do for them; `None` where they act from
    /// it no longer, or the account is closed.
    pub async fn actor_from(
        &self,
        connection: &mut PgConnection,
        account: AccountId,
        position: kernel::PositionId,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<Option<Actor>> {
        let Some((person, name)) = store::session::owner(connection, account).await? else {
            return Ok(None);
        };
        let today = local_date(now);
        let mut held = store::office::held(connection, person, today).await?;
        held.extend(self.lent(connection, person, &held, today).await?);
        let Some(own) = held.iter().find(|own| own.position == position) else {
            return Ok(None);
        };
        let actor = actor(account, person, &name, Some(own));
        self.with_reach(connection, actor, today).await.map(Some)
    }
}

/// The password may have been changed or the account suspended while we computed or waited.
pub(crate) async fn lock_owner(op: &mut Op, owner: &Owner) -> Result<()> {
    let still = store::account::lock_credential(op.conn(), owner.account.uuid()).await?;
    // A hash renewed at another cost is no change: two devices may sign in at once when the cost has been raised.
    if still == Some((owner.changed_at, AccountState::Active)) {
        Ok(())
    } else {
        Err(error::wrong_credentials())
    }
}

/// Lets the sign-in wait for the second factor, and commits.
pub(crate) async fn wait(mut op: Op, owner: &Owner, source: Source<'_>, way: &Way) -> Result<HalfSignIn> {
    let half = HalfSignIn {
        token: token::new()?,
        expires_at: op.now() + WAITS,
    };
    let digest = token::digest(&half.token).unwrap_or_default();
    store::second_factor::insert_half(
        op.conn(),
        &digest,
        owner.account,
        owner.changed_at,
        half.expires_at,
        way,
    )
    .await?;
    let facts = json!({ "network": throttle::network(source.ip), "provider": way.provider });
    op.record(Entry::new("identity.password_shown", format!("account:{}", owner.account)).detail(facts))
        .await?;
    op.commit().await?;
    Ok(half)
}

/// The person in the position, or the person alone.
pub(crate) fn actor(account: AccountId, person: PersonId, name: &str, position: Option<&HeldPosition>) -> Actor {
    match position {
        None => Actor::Citizen(Citizen {
            account,
            person,
            name: name.to_owned(),
            acts_for: None,
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
            below: Vec::new(),
            stands_for: held.stands_for.clone().map(Box::new),
        }),
    }
}
