//! For what a person's data is not used (hạn chế xử lý, phản đối xử lý): granted requests that the platform heeds. Engines ask
//! [`op::Op::withheld`] before everything that serving people does not need: exports, lists, counting, messages that are not about a case (R028).

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{AccountId, PersonId, Result};
use op::{Bounds, Entry, Op};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::handle::Verdict;
use crate::model::{Kind, Outcome, Request};
use crate::store::request::NewLine;
use crate::{Privacy, access, error, store, subject};

/// Something for which a person's data is not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Bound {
    /// The purpose; none: everything that serving the person does not need.
    pub purpose: Option<String>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When the person took it back.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Privacy {
    /// Takes back what came of a granted restriction or objection: the person, at any time, with effect at once. A second time nothing
    /// happens.
    ///
    /// # Errors
    /// `privacy.not_found`.
    pub async fn lift(&self, op: &mut Op, id: Uuid) -> Result<()> {
        let request = self.locked(op, id).await?;
        let permit = op
            .allow("privacy.withdraw", &subject(id), access::withdraw(op.actor(), &request))
            .await?;
        let now = op.now();
        if store::bound::end(op.conn(), &permit, id, now).await? == 0 {
            return Ok(());
        }
        let line = NewLine::of(&request, "lifted", op);
        store::request::tell(op.conn(), &permit, self.vault(), &line).await?;
        self.tell_officials(op, &request, "privacy_lifted", "").await?;
        op.record(Entry::new("privacy.lifted", subject(id)).purpose(request.number.to_string()))
            .await
    }

    /// The purposes for which nothing is done without the person's leave, or against their objection.
    pub fn may_be_objected_to(&self) -> impl Iterator<Item = &str> {
        let purposes = self.parts.declaration.purposes.iter();
        purposes
            .filter(|purpose| !purpose.needed)
            .map(|purpose| purpose.key.as_str())
    }

    /// Purposes that were named, each once and in the order of the declaration. Fails with `privacy.purpose_not_found` where one is not declared, or
    /// is what serving people needs.
    pub(crate) fn objected(&self, named: &[String]) -> Result<Vec<String>> {
        if named
            .iter()
            .any(|name| !self.may_be_objected_to().any(|known| known == name))
        {
            return Err(error::purpose_not_found());
        }
        let known = self.may_be_objected_to();
        Ok(known
            .filter(|known| named.iter().any(|name| name == known))
            .map(str::to_owned)
            .collect())
    }

    /// For what the data is not used once the request is answered; empty where the answer binds nothing.
    pub(crate) fn bound_by(&self, request: &Request, verdict: &Verdict) -> Result<Vec<String>> {
        let asked: Vec<String> = match request.kind {
            Kind::Restrict => vec![String::new()],
            Kind::Object if request.purposes.is_empty() => self.may_be_objected_to().map(str::to_owned).collect(),
            Kind::Object => request.purposes.clone(),
            _ => return Ok(Vec::new()),
        };
        if verdict.outcome == Outcome::Granted {
            return Ok(asked);
        }
        let named = self.objected(&verdict.purposes)?;
        let granted: Vec<String> = named
            .into_iter()
            .filter(|name| request.kind == Kind::Restrict || asked.contains(name))
            .collect();
        if granted.is_empty() {
            return Err(error::choose());
        }
        Ok(granted)
    }
}

#[async_trait]
impl Bounds for Privacy {
    async fn withheld(&self, op: &mut Op, people: &[PersonId], purpose: &str) -> Result<BTreeSet<PersonId>> {
        let Some(purpose) = self.parts.declaration.purpose(purpose) else {
            return Ok(people.iter().copied().collect());
        };
        if purpose.needed {
            return Ok(BTreeSet::new());
        }
        let mut withheld: BTreeSet<PersonId> = store::bound::bound(op.conn(), people, &purpose.key)
            .await?
            .into_iter()
            .collect();
        if purpose.optional {
            let consenting = store::consent::consenting(op.conn(), people, &purpose.key, purpose.version).await?;
            withheld.extend(people.iter().filter(|person| !consenting.contains(person)));
        }
        Ok(withheld)
    }

    async fn is_restricted(&self, op: &mut Op, person: PersonId) -> Result<bool> {
        Ok(!store::bound::bound(op.conn(), &[person], "").await?.is_empty())
    }

    async fn person_of(&self, op: &mut Op, account: AccountId) -> Result<Option<PersonId>> {
        self.parts.identity.person_of(op, account).await
    }
}

/// Names this engine as the one that keeps what people have asked.
pub fn register_bounds(reactions: &mut op::Reactions, privacy: &Privacy) {
    reactions.bound_by(privacy.clone());
}
