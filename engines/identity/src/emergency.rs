//! Rights for an emergency (quyền khẩn cấp, "break-glass"): taken for hours, with a reason, before the eyes of others.

use chrono::{DateTime, TimeDelta, Utc};
use db::{Page, PageRequest};
use kernel::{AccountId, Actor, AgencyId, PersonId, PositionId, Result};
use op::{Decision, Entry, Event, NewJob, Op, Permit};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::desk::reason_of;
use crate::{Identity, access, error, jobs, store};

/// Over so many days the hours of one official are counted together.
const WEEK: TimeDelta = TimeDelta::days(7);

/// Shortest reason of an emergency, in characters: a sentence.
const SHORTEST_REASON: usize = 20;

/// A right that was taken for an emergency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Emergency {
    /// Its number.
    pub id: Uuid,
    /// Who took it.
    pub account: AccountId,
    /// The person behind the account.
    pub person: PersonId,
    /// Full name.
    pub name: String,
    /// From which position.
    pub position: PositionId,
    /// Its title.
    pub title: String,
    /// The agency.
    pub agency: AgencyId,
    /// Name of the agency.
    pub agency_name: String,
    /// The role.
    pub role: String,
    /// Why.
    pub reason: String,
    /// When.
    pub taken_at: DateTime<Utc>,
    /// Until when at the longest.
    pub until: DateTime<Utc>,
    /// When it ended, once that is written down.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Emergency {
    /// Whether it counts at this moment.
    pub fn counts(&self, now: DateTime<Utc>) -> bool {
        self.ended_at.is_none() && now < self.until
    }
}

impl Identity {
    /// The roles that may be taken in an emergency, and for how many hours at the longest.
    pub fn emergency_roles(&self) -> (Vec<String>, u16) {
        (self.config.policy.emergency_roles(), self.config.emergency_hours)
    }

    /// Takes a role that is declared for emergencies, for some hours, from the position of this session. It counts from the next request on, ends
    /// by itself, and everything done meanwhile bears its mark in the audit trail.
    ///
    /// Fails with `identity.not_allowed`, `identity.emergency_role`, `identity.emergency_hours`, `identity.emergency_reason`,
    /// `identity.emergency_open` (one at a time), `identity.emergency_week` (so many hours in seven days altogether), `identity.step_up_needed`; and with what
    /// those refuse who listen to it: `oversight.report_owed`, `oversight.nobody_watches`.
    pub async fn take_emergency(&self, op: &mut Op, role: &str, hours: u16, reason: &str) -> Result<Uuid> {
        let decision = access::take_emergency(op.rights());
        let permit = op.allow("identity.take_emergency", "emergency:new", decision).await?;
        let Some(official) = op.actor().official().cloned() else {
            return Err(error::not_allowed());
        };
        if !self.config.policy.emergency_roles().iter().any(|own| own == role) {
            return Err(error::emergency_role());
        }
        if hours == 0 || hours > self.config.emergency_hours {
            return Err(error::emergency_hours(self.config.emergency_hours));
        }
        let reason = reason_of(reason)?;
        if reason.chars().count() < SHORTEST_REASON {
            return Err(error::emergency_reason(SHORTEST_REASON));
        }
        self.check_step_up(op)?;
        let now = op.now();
        let until = now + TimeDelta::hours(i64::from(hours));
        let id = Uuid::now_v7();
        self.close_over(op, &permit, Some(official.account)).await?;
        // One after the other they would be a right for good. Two at once meet at the index that lets in one.
        let most = self.config.emergency_week_hours;
        let had = store::emergency::had(op.conn(), official.account, now - WEEK).await?;
        if had + (until - now) > TimeDelta::hours(i64::from(most)) {
            return Err(error::emergency_week(most));
        }
        let new = store::emergency::NewEmergency {
            id,
            account: official.account,
            person: official.person,
            position: official.position,
            role,
            reason: &reason,
            at: now,
            until,
        };
        store::emergency::insert(op.conn(), &permit, &new).await?;
        let line = (official.account, "emergency_taken", reason.as_str());
        store::desk::line(op.conn(), &permit, line, Some(official.account), now).await?;
        // The trail has the number as its subject: there "emergency" is the mark of what is done under one.
        let facts = json!({ "role": role, "until": until, "position": official.position });
        let entry = Entry::new("identity.emergency_taken", subject(id)).purpose(&reason);
        op.record(entry.detail(facts)).await?;
        let facts = json!({ "emergency": id, "role": role, "until": until });
        op.emit(Event::new("identity.emergency_taken", subject(id), facts));
        op.enqueue(NewJob::new(jobs::END_EMERGENCIES, json!({ "emergency": id })).at(until))
            .await?;
        Ok(id)
    }

    /// Gives it back before its time: whoever took it, and administrators. Fails with `identity.emergency_not_found`.
    pub async fn end_emergency(&self, op: &mut Op, id: Uuid) -> Result<()> {
        let found = store::emergency::get(op.conn(), id).await?;
        let decision = access::end_emergency(op.rights(), found.as_ref().map(|one| one.account));
        let permit = op.allow("identity.end_emergency", &subject(id), decision).await?;
        let found = found.ok_or_else(error::emergency_not_found)?;
        let now = op.now();
        if !found.counts(now) {
            return Err(error::emergency_not_found());
        }
        let by = op.actor().account();
        if !store::emergency::end(op.conn(), &permit, id, by, now).await? {
            return Err(error::emergency_not_found());
        }
        self.ended(op, &permit, &found, by).await
    }

    /// One of them; for whoever took it, and for those who watch over them. Fails with `identity.emergency_not_found`.
    pub async fn emergency(&self, op: &mut Op, id: Uuid) -> Result<Emergency> {
        let found = store::emergency::get(op.conn(), id).await?;
        let decision = access::see_emergency(op.rights(), found.as_ref().map(|one| one.account));
        op.allow("identity.emergencies", &subject(id), decision).await?;
        found.ok_or_else(error::emergency_not_found)
    }

    /// When whoever took it took the next one: what bears the mark until then was done under this one, however late it was sent. Asked as [`Self::emergency`].
    pub async fn next_emergency(&self, op: &mut Op, one: &Emergency) -> Result<Option<DateTime<Utc>>> {
        let decision = access::see_emergency(op.rights(), Some(one.account));
        op.allow("identity.emergencies", &subject(one.id), decision).await?;
        store::emergency::next(op.conn(), one.account, one.taken_at).await
    }

    /// Those of the actor, and all where the actor watches over them; the newest first.
    pub async fn emergencies(&self, op: &mut Op, page: &PageRequest) -> Result<Page<Emergency>> {
        let whose = match op.rights().everywhere("identity.emergencies") {
            true => None,
            false => Some(op.actor().account().ok_or_else(error::sign_in_again)?),
        };
        op.allow("identity.emergencies", "emergency:all", Decision::Allow)
            .await?;
        store::emergency::page(op.conn(), whose, page).await
    }

    /// Writes down that those whose time is over have ended.
    pub(crate) async fn end_emergencies(&self, op: &mut Op) -> Result<()> {
        let permit = op
            .allow(
                "identity.end_emergencies",
                "emergency:all",
                access::change_keys(op.actor()),
            )
            .await?;
        self.close_over(op, &permit, None).await
    }

    async fn close_over(&self, op: &mut Op, permit: &Permit, account: Option<AccountId>) -> Result<()> {
        let now = op.now();
        for id in store::emergency::close_over(op.conn(), permit, account, now).await? {
            if let Some(found) = store::emergency::get(op.conn(), id).await? {
                self.ended(op, permit, &found, None).await?;
            }
        }
        Ok(())
    }

    async fn ended(&self, op: &mut Op, permit: &Permit, one: &Emergency, by: Option<AccountId>) -> Result<()> {
        let now = op.now();
        store::desk::line(op.conn(), permit, (one.account, "emergency_ended", ""), by, now).await?;
        let entry = Entry::new("identity.emergency_ended", subject(one.id));
        op.record(entry.detail(json!({ "account": one.account }))).await?;
        let facts = json!({ "emergency": one.id, "account": one.account, "role": one.role });
        op.emit(Event::new("identity.emergency_ended", subject(one.id), facts));
        Ok(())
    }
}

/// The actor with the role of an emergency that counts now, where they act from the position from which it was taken.
pub(crate) fn with_emergency(mut actor: Actor, taken: Option<(PositionId, String)>) -> Actor {
    if let (Actor::Official(official), Some((position, role))) = (&mut actor, taken)
        && official.position == position
        && official.stands_for.is_none()
        && !official.roles.contains(&role)
    {
        official.roles.push(role);
    }
    actor
}

fn subject(id: Uuid) -> String {
    format!("emergency:{id}")
}
