//! Somebody for whom another provider of identity vouches (VNeID, the single sign-on of the national portal). Whether its word is genuine has been
//! checked by the engine that calls; here it is matched with the one person and the one account, and opens a session.

use chrono::NaiveDate;
use kernel::{AccountId, PersonId, PersonalNumber, Result, SessionId, text};
use op::{Op, Ops};
use serde::Serialize;

use crate::accounts::NewAccount;
use crate::model::{AccountState, Way};
use crate::people::NewPerson;
use crate::sign_in::{Entered, Opening, Owner, Source, lock_owner, wait};
use crate::{Identity, access, error, login, sessions, store, token};

/// Who a provider says that somebody is.
#[derive(Clone, Debug)]
pub struct Vouched {
    /// Personal number.
    pub personal_number: PersonalNumber,
    /// Full name.
    pub full_name: String,
    /// Date of birth, where the provider tells it.
    pub birth_date: Option<NaiveDate>,
    /// The provider is a simulator: so is the person.
    pub synthetic: bool,
    /// The account that this provider has vouched for before. People change their names, and the provider knows first.
    pub known: Option<AccountId>,
}

/// The account of somebody vouched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// The account.
    pub account: AccountId,
    /// The person behind it.
    pub person: PersonId,
    /// It was opened for this; otherwise the person had it before.
    pub opened: bool,
}

/// A sign-in on the word of a provider.
#[derive(Clone, Debug)]
pub struct VouchedEntry<'a> {
    /// Whose sign-in.
    pub account: AccountId,
    /// Which provider, and how sure it is.
    pub way: Way,
    /// Where it comes from.
    pub source: Source<'a>,
}

/// What opens an account without any other provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OwnWays {
    /// It has a password.
    pub password: bool,
    /// It has a passkey.
    pub passkey: bool,
}

impl OwnWays {
    /// Whether there is any.
    pub fn any(self) -> bool {
        self.password || self.passkey
    }
}

impl Identity {
    /// Finds the one person of this number and their one account, or writes down and opens what is missing. Nothing of a person who is known is
    /// changed. Fails with `identity.person_differs` where the province knows another name or birth date under the number, with
    /// `identity.person_is_real` where a simulator vouches for somebody who is no person of the demonstration, and with
    /// `identity.account_suspended`, `identity.account_closed`. Whoever asks at the same time waits, and gets the same.
    pub async fn welcome(&self, op: &mut Op, vouched: &Vouched) -> Result<Welcome> {
        op.allow("identity.welcome", "person:vouched", access::vouch(op.actor()))
            .await?;
        store::person::lock_number(op.conn(), &vouched.personal_number).await?;
        let found = match store::person::by_number(op.conn(), &self.vault, &vouched.personal_number).await? {
            None => None,
            Some(id) => store::person::get(op.conn(), &self.vault, id).await?,
        };
        if vouched.synthetic && found.as_ref().is_some_and(|person| !person.synthetic) {
            return Err(error::person_is_real());
        }
        let person = match found {
            Some(person) if is_same(&person.full_name, person.birth_date, vouched) => person.id,
            Some(person) => {
                let own = store::account::of_person(op.conn(), person.id).await?;
                if own.is_none_or(|account| Some(account) != vouched.known) {
                    return Err(error::person_differs());
                }
                person.id
            }
            None => {
                let new = NewPerson {
                    personal_number: Some(vouched.personal_number.clone()),
                    birth_date: vouched.birth_date,
                    synthetic: vouched.synthetic,
                    ..NewPerson::named(vouched.full_name.clone())
                };
                self.register_person(op, &new).await?
            }
        };
        if let Some(account) = store::account::of_person(op.conn(), person).await? {
            return match store::account::lock_state(op.conn(), account).await? {
                Some(AccountState::Active) => Ok(Welcome {
                    account,
                    person,
                    opened: false,
                }),
                Some(AccountState::Suspended) => Err(error::account_suspended()),
                _ => Err(error::account_closed()),
            };
        }
        let new = NewAccount {
            person,
            login: self.free_login(op, vouched.personal_number.as_str()).await?,
            password: None,
        };
        let account = self.create_account(op, &new).await?;
        Ok(Welcome {
            account,
            person,
            opened: true,
        })
    }

    /// The number of a person or organisation, as people are told to use it; somebody may have taken it as a name before.
    pub(crate) async fn free_login(&self, op: &mut Op, number: &str) -> Result<String> {
        if store::account::credential(op.conn(), &self.vault, &login::fold(number))
            .await?
            .is_none()
        {
            return Ok(number.to_owned());
        }
        let tail: String = token::new()?
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(6)
            .collect();
        Ok(format!("{number}-{}", tail.to_ascii_lowercase()))
    }

    /// Opens a session on the word of a provider, or lets the sign-in wait where the account has a second factor: the word of a provider is a first
    /// factor, as a password is. Opens its own operations. Fails with `identity.account_suspended`, `identity.account_closed`.
    pub async fn enter_vouched(&self, ops: &Ops, entry: VouchedEntry<'_>) -> Result<Entered> {
        let (owner, known_device) = {
            let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
            let row = store::account::credential_of(&mut connection, entry.account).await?;
            let row = row.ok_or_else(error::account_not_found)?;
            match AccountState::parse(&row.state) {
                Some(AccountState::Active) => {}
                Some(AccountState::Suspended) => return Err(error::account_suspended()),
                _ => return Err(error::account_closed()),
            }
            let owner = Owner {
                account: row.id.into(),
                person: row.person.into(),
                full_name: row.full_name,
                changed_at: row.password_changed_at,
            };
            let known = match entry.source.device.and_then(token::digest) {
                Some(device) => store::session::is_device_of(&mut connection, &device, owner.account).await?,
                None => false,
            };
            (owner, known)
        };
        let entering = self.entering(ops, &owner, false).await?;
        let mut op = ops.open(entering.actor.clone()).await?;
        lock_owner(&mut op, &owner).await?;
        if store::second_factor::since(op.conn(), owner.account).await?.is_some() {
            return wait(op, &owner, entry.source, &entry.way).await.map(Entered::Half);
        }
        let opening = Opening {
            owner: &owner,
            entering,
            known_device,
            hash_renewed: false,
            shown: None,
            source: entry.source,
            way: entry.way,
        };
        let signed = self.open_session(op, opening).await?;
        Ok(Entered::In(Box::new(signed)))
    }

    /// What opens the actor's account without any other provider.
    pub async fn own_ways(&self, op: &mut Op) -> Result<OwnWays> {
        let account = op.actor().account().ok_or_else(error::sign_in_again)?;
        self.ways_of(op, account).await
    }

    /// The same of an account, for the engine that may take a way in away.
    pub async fn ways_of(&self, op: &mut Op, account: AccountId) -> Result<OwnWays> {
        let row = store::account::credential_of(op.conn(), account).await?;
        let row = row.ok_or_else(error::account_not_found)?;
        let passkey = match &self.address {
            Some(address) => !store::passkey::allowed(op.conn(), account, &address.rp_id)
                .await?
                .is_empty(),
            None => false,
        };
        Ok(OwnWays {
            password: row.password.is_some(),
            passkey,
        })
    }

    /// The actor trusts a provider no more: the sessions that it has vouched for end, all but the one in which this is said.
    pub async fn end_sessions_of_provider(&self, op: &mut Op, provider: &str, keep: Option<SessionId>) -> Result<()> {
        let (account, permit) = self.own(op, "identity.end_sessions").await?;
        let now = op.now();
        let ended = store::session::end_of_provider(op.conn(), &permit, account, provider, keep, now).await?;
        sessions::tell_ended(op, account, &ended, "ended_elsewhere", false);
        Ok(())
    }
}

/// Names are compared as at the counter: without marks and case. A date that one side does not know contradicts nothing.
fn is_same(name: &str, born: Option<NaiveDate>, vouched: &Vouched) -> bool {
    let same_birth = match (born, vouched.birth_date) {
        (Some(known), Some(told)) => known == told,
        _ => true,
    };
    text::fold(name) == text::fold(&vouched.full_name) && same_birth
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_known_by_name_and_birth_date() {
        let vouched = |name: &str, born: Option<&str>| Vouched {
            personal_number: PersonalNumber::parse("999192000017").unwrap(),
            full_name: name.to_owned(),
            birth_date: born.map(|day| day.parse().unwrap()),
            synthetic: true,
            known: None,
        };
        let born: Option<NaiveDate> = Some("1992-04-17".parse().unwrap());
        let name = "Lê Thị Thu Ngân";
        // Capitals, and letters typed in parts.
        for told in ["LÊ THỊ THU NGÂN", "Le\u{302} Thi\u{323} Thu Nga\u{302}n"] {
            assert!(is_same(name, born, &vouched(told, Some("1992-04-17"))), "{told}");
        }
        assert!(is_same(name, None, &vouched(name, Some("1992-04-17"))));
        assert!(is_same(name, born, &vouched(name, None)));
        assert!(!is_same(name, born, &vouched(name, Some("1992-04-18"))));
        assert!(!is_same(name, born, &vouched("Lê Thị Thu", Some("1992-04-17"))));
    }
}
