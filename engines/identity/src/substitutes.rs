//! Standing in for somebody (ủy quyền, thay thế): a colleague acts from a position that another holds, for some days.

use chrono::{NaiveDate, TimeDelta};
use kernel::{PersonId, PositionId, Result, text};
use op::{Entry, Event, Op};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::agencies::today;
use crate::model::{HeldPosition, Substitution};
use crate::{Identity, access, error, store};

/// Nobody stands in for longer than a year: then the position has another holder.
const LONGEST: TimeDelta = TimeDelta::days(366);
/// Longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// A position to be given to a colleague for some days.
#[derive(Clone, Debug)]
pub struct NewSubstitution {
    /// The position, which the giver holds today.
    pub position: PositionId,
    /// Who is to act from it.
    pub substitute: PersonId,
    /// The roles of the position that go along.
    pub roles: Vec<String>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day, included.
    pub to: NaiveDate,
    /// Why, as it stands in the decision.
    pub reason: String,
}

impl Identity {
    /// Lets a colleague of the same agency act from a position that the actor holds. Both stay visible in everything that is done.
    ///
    /// Fails with `identity.position_not_held`, `identity.substitute_unfit` (nobody of the agency, oneself, somebody who holds the
    /// position anyway), `identity.substitute_roles` (none, or one that the position has not, or a privileged one, or one
    /// that was taken back from the substitute in this agency),
    /// `identity.days_reversed`, `identity.substitute_days` (in the past, longer than a year, longer than the holding),
    /// `identity.required` {reason}, `identity.overlap`, `identity.step_up_needed`.
    pub async fn substitute(&self, op: &mut Op, new: &NewSubstitution) -> Result<Uuid> {
        let giver = op.actor().person();
        let subject = format!("position:{}", new.position);
        let decision = access::give_own_position(op.actor());
        let permit = op.allow("identity.substitute", &subject, decision).await?;
        let (Some(holder), Some(given_by)) = (giver, op.actor().account()) else {
            return Err(error::not_allowed());
        };
        self.check_step_up(op)?;
        let day = today(op);
        let held = store::office::held(op.conn(), holder, day).await?;
        let position = held
            .iter()
            .find(|own| own.position == new.position)
            .ok_or_else(error::position_not_held)?;
        self.check_substitution(op, position, new, day).await?;
        let id = Uuid::now_v7();
        let reason = text::clean_line(&new.reason);
        let row = Substitution {
            id,
            position: new.position,
            title: position.title.clone(),
            agency_name: position.agency_name.clone(),
            holder,
            holder_name: op.actor().name().to_owned(),
            substitute: new.substitute,
            substitute_name: String::new(),
            roles: new.roles.clone(),
            from: new.from,
            to: new.to,
            reason,
            given_at: op.now(),
            ended_at: None,
        };
        store::substitution::insert(op.conn(), &permit, &row, given_by).await?;
        let facts = json!({
            "substitution": id, "position": new.position, "substitute": new.substitute, "roles": new.roles,
            "from": new.from, "to": new.to,
        });
        op.record(Entry::new("identity.substitution_given", subject).detail(&facts))
            .await?;
        let account = store::account::of_person(op.conn(), new.substitute).await?;
        if let Some(account) = account {
            let told = json!({ "account": account, "holder": row.holder_name, "title": row.title, "from": new.from, "to": new.to });
            op.emit(Event::new(
                "identity.substitution_given",
                format!("substitution:{id}"),
                told,
            ));
        }
        Ok(id)
    }

    async fn check_substitution(
        &self,
        op: &mut Op,
        position: &HeldPosition,
        new: &NewSubstitution,
        day: NaiveDate,
    ) -> Result<()> {
        let unfit = new
            .roles
            .iter()
            .any(|role| !position.roles.contains(role) || self.config.policy.is_privileged(role));
        if new.roles.is_empty() || unfit {
            return Err(error::substitute_roles());
        }
        // What was taken back from somebody does not come back to them by another's hand.
        let withheld = store::withheld::of_person_in(op.conn(), new.substitute, position.agency).await?;
        if new.roles.iter().any(|role| withheld.contains(role)) {
            return Err(error::substitute_roles());
        }
        if new.to < new.from {
            return Err(error::days_reversed());
        }
        let beyond = position.validity.to.is_some_and(|last| new.to > last);
        if new.to < day || new.to - new.from > LONGEST || beyond {
            return Err(error::substitute_days());
        }
        let reason = text::clean_line(&new.reason);
        if reason.is_empty() {
            return Err(error::required("reason"));
        }
        if reason.chars().count() > LONGEST_REASON {
            return Err(error::malformed("reason"));
        }
        let theirs = store::office::held(op.conn(), new.substitute, day).await?;
        let colleague = theirs.iter().any(|own| own.agency == position.agency);
        let holds_it = theirs.iter().any(|own| own.position == position.position);
        if !colleague || holds_it || op.actor().person() == Some(new.substitute) {
            return Err(error::substitute_unfit());
        }
        Ok(())
    }

    /// Takes a position back that was given, or gives one back; from the next request on it counts no more. Fails with
    /// `identity.substitution_not_found` where there is none of the actor's, or it has ended.
    pub async fn end_substitution(&self, op: &mut Op, id: Uuid) -> Result<()> {
        let found = store::substitution::get(op.conn(), id).await?;
        let parties = found.as_ref().map(|row| [row.holder, row.substitute]);
        let subject = format!("substitution:{id}");
        let decision = access::end_substitution(op.rights(), parties);
        let permit = op.allow("identity.end_substitution", &subject, decision).await?;
        let by = op.actor().account().ok_or_else(error::not_allowed)?;
        let now = op.now();
        if !store::substitution::end(op.conn(), &permit, id, by, now).await? {
            return Err(error::substitution_not_found());
        }
        op.record(Entry::new("identity.substitution_ended", subject)).await
    }

    /// What the actor has given to colleagues and was given by them, the newest first; what has ended for a year included.
    pub async fn substitutions(&self, op: &mut Op) -> Result<Vec<Substitution>> {
        let Some(person) = op.actor().person() else {
            return Ok(Vec::new());
        };
        let since = today(op) - LONGEST;
        store::substitution::of_person(op.conn(), person, since).await
    }
}

impl Identity {
    /// The positions that are lent to a person on the day, without the roles that have become privileged since: while the holder holds them, and the person is of the same agency. `own` is what
    /// the person holds.
    pub(crate) async fn lent(
        &self,
        connection: &mut PgConnection,
        person: PersonId,
        own: &[HeldPosition],
        on: NaiveDate,
    ) -> Result<Vec<HeldPosition>> {
        if own.is_empty() {
            return Ok(Vec::new());
        }
        let mut lent = Vec::new();
        for (position, holder, roles) in store::substitution::lent(connection, person, on).await? {
            let theirs = store::office::held(connection, holder.person, on).await?;
            let found = theirs.into_iter().find(|held| held.position == position);
            let Some(mut held) = found.filter(|held| own.iter().any(|own| own.agency == held.agency)) else {
                continue;
            };
            // Taken back meanwhile from whoever stands in: it is not theirs by way of another either.
            let withheld = store::withheld::of_person_in(connection, person, held.agency).await?;
            let goes = |role: &String| {
                roles.contains(role) && !withheld.contains(role) && !self.config.policy.is_privileged(role)
            };
            held.roles.retain(goes);
            if held.roles.is_empty() {
                continue;
            }
            held.stands_for = Some(holder);
            lent.push(held);
        }
        Ok(lent)
    }
}
