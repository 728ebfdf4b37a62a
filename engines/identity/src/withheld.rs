//! Taking a role back from one holder of a position (thu hồi quyền, R037), and giving it back.

use kernel::{AccountId, AgencyId, PersonId, PositionId, Result};
use op::{Entry, Event, Op};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::agencies::today;
use crate::desk::reason_of;
use crate::{Identity, access, error, store};

/// One role that somebody has today through one position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldRole {
    /// Who.
    pub person: PersonId,
    /// Full name.
    pub name: String,
    /// The account, if there is one that is not closed.
    pub account: Option<AccountId>,
    /// The position.
    pub position: PositionId,
    /// Its title.
    pub title: String,
    /// The agency of the position.
    pub agency: AgencyId,
    /// Its name.
    pub agency_name: String,
    /// The role.
    pub role: String,
}

/// A role that was taken back and not given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Withheld {
    /// Its number.
    pub id: Uuid,
    /// Title of the position.
    pub title: String,
    /// Name of the agency.
    pub agency_name: String,
    /// The role.
    pub role: String,
    /// Why; empty where a rule did it.
    pub reason: String,
    /// When.
    pub at: chrono::DateTime<chrono::Utc>,
}

impl Identity {
    /// Every role that anybody holds through a position today, agency by agency, after the one named: what a review goes through. For the
    /// platform alone.
    pub async fn held_roles(
        &self,
        op: &mut Op,
        after: Option<(PersonId, PositionId)>,
        most: u32,
    ) -> Result<Vec<HeldRole>> {
        op.allow("identity.held_roles", "position:all", access::change_keys(op.actor()))
            .await?;
        let day = today(op);
        store::withheld::held_roles(op.conn(), after, day, most).await
    }

    /// Takes a role back from one holder of a position; sessions end, and from the next sign-in on it counts no more. By whoever may and reaches the
    /// agency of the position, never from oneself, a privileged role by administrators; by the platform where a rule says so. A position that a reorganisation has
    /// turned into another is followed there.
    ///
    /// Gives whether it was held. Fails with `identity.not_allowed`, `identity.account_privileged`, `identity.position_not_found`, `identity.required` {reason},
    /// `identity.step_up_needed`, and with `identity.last_of_role` where nobody else who can sign in would hold a privileged role.
    pub async fn withhold_role(
        &self,
        op: &mut Op,
        (person, position): (PersonId, PositionId),
        role: &str,
        reason: &str,
    ) -> Result<bool> {
        let office = store::office::position(op.conn(), position)
            .await?
            .ok_or_else(|| error::position_not_found(position))?;
        let privileged = self.privileged_roles().iter().any(|one| one == role);
        let action = "identity.withhold_role";
        let decision = access::withhold_role(op.rights(), person, &office, privileged);
        let subject = format!("person:{person}");
        let permit = op.allow(action, &subject, decision).await?;
        let reason = match op.rights().is_platform() {
            true => String::new(),
            false => reason_of(reason)?,
        };
        self.check_step_up(op)?;
        let day = today(op);
        // Two reviewers at once would each leave the other's as the last one.
        store::withheld::lock(op.conn(), role).await?;
        let held = store::office::held(op.conn(), person, day).await?;
        let mut places = vec![position];
        places.extend(store::withheld::became(op.conn(), position).await?);
        let holds =
            |held: &&crate::HeldPosition| places.contains(&held.position) && held.roles.iter().any(|own| own == role);
        let Some(position) = held.iter().find(holds).map(|held| held.position) else {
            return Ok(false);
        };
        if privileged && !store::withheld::others_hold(op.conn(), person, role, day).await? {
            return Err(error::last_of_role(role));
        }
        let (by, now) = (op.actor().account(), op.now());
        store::withheld::insert(op.conn(), &permit, (person, position, role), &reason, by, now).await?;
        let facts = json!({ "person": person, "position": position, "role": role });
        op.record(Entry::new("identity.role_withheld", subject).detail(&facts))
            .await?;
        if let Some(account) = store::account::of_person(op.conn(), person).await? {
            self.start_anew(op, &permit, account, None, "rights_changed").await?;
            store::desk::line(op.conn(), &permit, (account, "role_withheld", &reason), by, now).await?;
            let told = json!({ "account": account, "what": "role_withheld", "reason": reason, "title": office.title });
            op.emit(Event::new("identity.looked_after", format!("account:{account}"), told));
        }
        Ok(true)
    }

    /// Gives back what was taken, with a reason, which its holder is told: administrators, not to themselves. Fails with `identity.withheld_not_found`,
    /// `identity.not_allowed`, `identity.required` {reason}, `identity.step_up_needed`.
    pub async fn return_role(&self, op: &mut Op, id: Uuid, reason: &str) -> Result<()> {
        let whose = store::withheld::whose(op.conn(), id).await?;
        let action = "identity.return_role";
        let decision = access::return_role(op.rights(), whose);
        let permit = op.allow(action, &format!("withheld_role:{id}"), decision).await?;
        let person = whose.ok_or_else(error::withheld_not_found)?;
        let reason = reason_of(reason)?;
        self.check_step_up(op)?;
        let (by, now) = (op.actor().account().ok_or_else(error::not_allowed)?, op.now());
        if !store::withheld::give_back(op.conn(), &permit, id, by, now).await? {
            return Err(error::withheld_not_found());
        }
        let entry = Entry::new("identity.role_returned", format!("person:{person}")).purpose(&reason);
        op.record(entry.detail(json!({ "withheld": id })).about(Some(person)))
            .await?;
        if let Some(account) = store::account::of_person(op.conn(), person).await? {
            self.done_to(op, &permit, account, "role_returned", &reason).await?;
        }
        Ok(())
    }
}
