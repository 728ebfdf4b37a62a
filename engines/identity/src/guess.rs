//! Guesses at secrets: each takes its place in the count before it is evaluated, so guesses sent at once are counted one by one.

use kernel::{AccountId, Actor, Result};
use op::{Entry, Event, Ops};
use serde_json::json;
use uuid::Uuid;

use crate::hashing::PasswordHash;
use crate::model::AccountState;
use crate::second_factor::guesses_at;
use crate::sign_in::{Owner, Source};
use crate::{Identity, error, login, store, throttle, token};

/// So many wrong codes within an hour are news to their owner, and so many more.
const NEWS_EVERY: u32 = 5;

/// The place of a guess in the count. It counts as wrong until it is marked as right.
pub(crate) struct Place {
    pub(crate) attempt: Uuid,
    /// It came from a browser that has a device token of this account.
    pub(crate) known_device: bool,
}

/// A password that was evaluated and was right.
pub(crate) struct Guess {
    pub(crate) place: Place,
    pub(crate) owner: Owner,
    /// It was hashed at another cost than is asked for now.
    pub(crate) outdated: bool,
}

impl Identity {
    /// Counts a password, computes, and says whether it was right. A wrong one is recorded and becomes a fault.
    pub(crate) async fn evaluate(&self, ops: &Ops, login: &str, password: &str, source: Source<'_>) -> Result<Guess> {
        let folded = login::fold(login);
        let (found, registered) = {
            let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
            let found = store::account::credential(&mut connection, &self.vault, &folded).await?;
            let network = throttle::network(source.ip);
            let registered = store::registration::by_login(&mut connection, &self.vault, &folded, &network).await?;
            (found, registered)
        };
        let account = found.as_ref().map(|row| AccountId::from(row.id));
        let place = self
            .take_place(ops, &store::sealed::typed(&self.vault, &folded)?, account, source)
            .await?;

        let opens = |row: &&store::account::CredentialRow| {
            (row.state != AccountState::Closed.as_str() || row.is_merged) && !row.is_organisation
        };
        let row = found.as_ref().filter(opens);
        let stored = row
            .and_then(|row| row.password.as_deref())
            .map(PasswordHash::parse)
            .transpose()?;
        let waiting = registered
            .as_ref()
            .map(|row| PasswordHash::parse(&row.password))
            .transpose()?;
        let verdict = self.hasher.verify(password, stored.as_ref()).await?;
        if !verdict.right {
            // Somebody may have registered under this name, whether it has an account or not: one more hash is computed in any case, and what is
            // said rests on the password of the registration alone. So neither words nor time tell whether the name has an account with a password.
            let asked = self.hasher.verify(password, waiting.as_ref()).await?;
            if let Some(registered) = registered.filter(|_| asked.right) {
                self.refused(ops, None, "registration", &place, source).await?;
                return Err(self.still_waiting(&registered, ops.now()));
            }
        }
        match (row, stored) {
            (Some(row), Some(_)) if verdict.right && row.is_merged => {
                self.refused(ops, account, "joined", &place, source).await?;
                Err(self.joined(ops, row.person).await?)
            }
            (Some(row), Some(_)) if verdict.right && row.state == AccountState::Suspended.as_str() => {
                self.refused(ops, account, "suspended", &place, source).await?;
                Err(error::account_suspended())
            }
            (Some(row), Some(_)) if verdict.right => Ok(Guess {
                owner: Owner {
                    account: row.id.into(),
                    person: row.person.into(),
                    full_name: row.full_name.clone(),
                    changed_at: row.password_changed_at,
                },
                outdated: verdict.outdated,
                place,
            }),
            _ => {
                self.refused(ops, account, "wrong", &place, source).await?;
                Err(error::wrong_credentials())
            }
        }
    }

    /// What whoever has the right password of an account that was joined to another one is told: how the name of that one ends.
    async fn joined(&self, ops: &Ops, person: Uuid) -> Result<kernel::Fault> {
        let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
        let found = store::merge::joined_login(&mut connection, &self.vault, person).await?;
        Ok(found.map_or_else(error::wrong_credentials, |(_, login)| {
            error::account_joined(&crate::merge::tail_of(&login))
        }))
    }

    /// Counts a guess at a secret of an account, or of none. `secret` is what the guesses at it have in common. Fails with
    /// `identity.too_many_attempts`; then it may not be evaluated.
    pub(crate) async fn take_place(
        &self,
        ops: &Ops,
        secret: &[u8],
        account: Option<AccountId>,
        source: Source<'_>,
    ) -> Result<Place> {
        let network = throttle::network(source.ip);
        let mut op = ops.open(Actor::Anonymous).await?;
        let now = op.now();
        store::attempt::lock(op.conn(), secret).await?;
        // Only its token makes a device known. Address and name of the browser would not do: they are the same for everybody
        // in an office, and who may use up the guesses of a known device can lock its owner out.
        let device = source.device.and_then(token::digest);
        let known_device = match (&device, account) {
            (Some(device), Some(account)) => store::session::is_device_of(op.conn(), device, account).await?,
            _ => false,
        };
        let place = match device.filter(|_| known_device) {
            Some(device) => format!("device:{}", hex::encode(device)),
            None => format!("network:{network}"),
        };
        let counts = store::attempt::count(op.conn(), secret, &place, &network, now).await?;
        if let Some(limit) = throttle::reached(&self.config.guessing, known_device, &counts) {
            let facts = json!({ "reason": "too_many", "limit": limit.as_str(), "network": network, "known_device": known_device });
            op.record(Entry::new("identity.sign_in_refused", subject(account)).detail(facts))
                .await?;
            op.commit().await?;
            return Err(error::too_many_attempts(limit));
        }
        let attempt = store::attempt::insert(op.conn(), secret, &place, &network, known_device, now).await?;
        op.commit().await?;
        Ok(Place { attempt, known_device })
    }

    /// Writes down that a guess has opened nothing. The right password of a suspended account, of one that was joined to another, or of a registration
    /// that waits, was no guess.
    pub(crate) async fn refused(
        &self,
        ops: &Ops,
        account: Option<AccountId>,
        reason: &str,
        place: &Place,
        source: Source<'_>,
    ) -> Result<()> {
        let mut op = ops.open(Actor::Anonymous).await?;
        if matches!(reason, "suspended" | "registration" | "joined") {
            store::attempt::mark_right(op.conn(), place.attempt).await?;
        }
        let network = throttle::network(source.ip);
        let facts = json!({ "reason": reason, "network": network, "known_device": place.known_device });
        op.record(Entry::new("identity.sign_in_refused", subject(account)).detail(facts))
            .await?;
        if let (Some(account), "code") = (account, reason) {
            let now = op.now();
            let counts = store::attempt::count(op.conn(), &guesses_at(account), "", &network, now).await?;
            let wrong = counts.by_strangers + counts.by_known_devices;
            // Whoever guesses codes has the password: its owner has to hear of that.
            if wrong.is_multiple_of(NEWS_EVERY) {
                let facts = json!({ "account": account, "wrong": wrong });
                op.emit(Event::new("identity.codes_guessed", subject(Some(account)), facts));
            }
        }
        op.commit().await
    }
}

fn subject(account: Option<AccountId>) -> String {
    account.map_or_else(|| "account:unknown".to_owned(), |account| format!("account:{account}"))
}
