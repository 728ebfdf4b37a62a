//! Linking: a subject of a provider is one account, and an account one subject. Whom nobody knows gets an account.

use identity::Vouched;
use kernel::{AccountId, Actor, Result};
use op::{Entry, Event, Ops};
use serde_json::json;

use crate::definition::Provider;
use crate::finish::Said;
use crate::store::link::{End, LinkRow};
use crate::{Federation, access, error, store};

/// What is known of the subject and of the account.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// Whose account the subject is.
    of_subject: Option<AccountId>,
    /// The account that the person has or has just got.
    account: AccountId,
    /// Another subject of this provider is that account.
    has_other_subject: bool,
    /// Its owner has taken this way in away, and not given it back.
    was_unlinked: bool,
    /// The account whose owner links it now.
    linking: Option<AccountId>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    /// Nothing but note that it was used.
    Use,
    /// A new link; `replacing` the one to another subject.
    Link { replacing: bool },
}

/// Decides. The personal number has been matched before.
fn decide(known: Known) -> Result<Deed> {
    if known.linking.is_some_and(|own| own != known.account) {
        return Err(error::other_person());
    }
    match known.of_subject {
        Some(account) if account == known.account => Ok(Deed::Use),
        Some(_) => Err(error::subject_differs()),
        None if known.was_unlinked && known.linking.is_none() => Err(error::unlinked()),
        None => Ok(Deed::Link {
            replacing: known.has_other_subject,
        }),
    }
}

impl Federation {
    /// The account of whom the provider means, linked. One operation: either all of person, account and link is there, or nothing.
    pub(crate) async fn link(
        &self,
        ops: &Ops,
        provider: &Provider,
        said: &Said,
        linking: Option<AccountId>,
    ) -> Result<AccountId> {
        let mut op = ops.open(Actor::System("federation")).await?;
        let about = format!("provider:{}", provider.key);
        let permit = op.allow("federation.link", &about, access::link(op.actor())).await?;
        store::link::lock(op.conn(), &provider.key, &said.subject).await?;
        let of_subject = store::link::of_subject(op.conn(), &provider.key, &said.subject).await?;
        let vouched = Vouched {
            known: of_subject,
            ..said.vouched.clone()
        };
        let welcome = self.identity.welcome(&mut op, &vouched).await?;
        let last: Option<LinkRow> = store::link::last(op.conn(), welcome.account, &provider.key).await?;
        let deed = decide(Known {
            of_subject,
            account: welcome.account,
            has_other_subject: last.as_ref().is_some_and(|link| link.end_reason.is_none()),
            was_unlinked: last.is_some_and(|link| link.end_reason.as_deref() == Some(End::Unlinked.as_str())),
            linking,
        })?;
        let now = op.now();
        if let Deed::Link { replacing } = deed {
            if replacing {
                store::link::end(op.conn(), &permit, welcome.account, &provider.key, End::Replaced, now).await?;
            }
            store::link::insert(op.conn(), &permit, &provider.key, &said.subject, welcome.account, now).await?;
            let facts = json!({
                "account": welcome.account, "provider": provider.key, "set": provider.set, "opened": welcome.opened, "replaced": replacing,
            });
            let subject = format!("account:{}", welcome.account);
            op.record(Entry::new("federation.linked", &subject).detail(&facts))
                .await?;
            op.emit(Event::new("federation.linked", subject, facts));
        } else {
            store::link::used(op.conn(), &permit, &provider.key, &said.subject, now).await?;
        }
        op.commit().await?;
        Ok(welcome.account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_linked_with_whom() {
        let (own, other) = (AccountId::new(), AccountId::new());
        let fresh = Known {
            of_subject: None,
            account: own,
            has_other_subject: false,
            was_unlinked: false,
            linking: None,
        };
        let code = |known: Known| decide(known).map_err(|fault| fault.code);
        assert_eq!(code(fresh), Ok(Deed::Link { replacing: false }));
        let linked = Known {
            of_subject: Some(own),
            ..fresh
        };
        assert_eq!(code(linked), Ok(Deed::Use));
        // The number of the subject has become another one's.
        let moved = Known {
            of_subject: Some(other),
            ..fresh
        };
        assert_eq!(code(moved), Err("federation.subject_differs"));
        let renewed = Known {
            has_other_subject: true,
            ..fresh
        };
        assert_eq!(code(renewed), Ok(Deed::Link { replacing: true }));
        let unlinked = Known {
            was_unlinked: true,
            ..fresh
        };
        assert_eq!(code(unlinked), Err("federation.unlinked"));
        let again = Known {
            linking: Some(own),
            ..unlinked
        };
        assert_eq!(code(again), Ok(Deed::Link { replacing: false }));
        for known in [fresh, linked, unlinked] {
            let stranger = Known {
                linking: Some(other),
                ..known
            };
            assert_eq!(code(stranger), Err("federation.other_person"));
        }
    }
}
