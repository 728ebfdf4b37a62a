//! Units, positions, and who holds them from when to when.

use chrono::NaiveDate;
use kernel::{AgencyId, PersonId, PositionId, Result, UnitId, text};
use op::{Entry, Event, Op};
use serde_json::json;

use crate::agencies::{is_code, is_word, today};
use crate::model::{HeldPosition, OfficialView, Position, Unit, Validity};
use crate::{Identity, access, error, store};

/// A unit to be written.
#[derive(Clone, Debug)]
pub struct NewUnit {
    /// Its agency.
    pub agency: AgencyId,
    /// Code inside the agency, the natural key: `one-stop`.
    pub code: String,
    /// What sort of unit: `one_stop`, `division`, `leadership`.
    pub kind: String,
    /// Name as on papers.
    pub name: String,
    /// When it exists.
    pub validity: Validity,
}

/// A position to be written.
#[derive(Clone, Debug)]
pub struct NewPosition {
    /// Its agency.
    pub agency: AgencyId,
    /// Code of its unit inside the agency, which must be there already.
    pub unit: Option<String>,
    /// Code inside the agency, the natural key: `one-stop-clerk-2`.
    pub code: String,
    /// Title as printed on papers.
    pub title: String,
    /// What it may do: roles that the policy of [`crate::Config`] declares for positions.
    pub roles: Vec<String>,
    /// When it exists.
    pub validity: Validity,
}

impl Identity {
    /// Writes a unit; the natural key is agency and code.
    pub async fn upsert_unit(&self, op: &mut Op, new: &NewUnit) -> Result<UnitId> {
        let permit = op
            .allow(
                "identity.upsert_unit",
                &format!("agency:{}", new.agency),
                access::organise(op.rights(), "identity.upsert_unit"),
            )
            .await?;
        if !is_code(&new.code) {
            return Err(error::malformed("code"));
        }
        if !is_word(&new.kind) {
            return Err(error::malformed("kind"));
        }
        let name = checked_name(&new.name, "name")?;
        check_days(new.validity)?;
        self.agency(op, new.agency).await?;
        store::office::upsert_unit(op.conn(), &permit, &NewUnit { name, ..new.clone() }).await
    }

    fn is_position_role(&self, role: &str) -> bool {
        self.config.policy.position_roles().iter().any(|own| own == role)
    }

    /// The units of an agency today, in the order in which they were written.
    pub async fn units(&self, op: &mut Op, agency: AgencyId) -> Result<Vec<Unit>> {
        let day = today(op);
        store::office::units(op.conn(), agency, day).await
    }

    /// Writes a position; the natural key is agency and code. Fails with `identity.role_unknown`, `identity.unit_not_found`.
    pub async fn upsert_position(&self, op: &mut Op, new: &NewPosition) -> Result<PositionId> {
        let permit = op
            .allow(
                "identity.upsert_position",
                &format!("agency:{}", new.agency),
                access::organise(op.rights(), "identity.upsert_position"),
            )
            .await?;
        if !is_code(&new.code) {
            return Err(error::malformed("code"));
        }
        if let Some(role) = new.roles.iter().find(|role| !self.is_position_role(role)) {
            return Err(error::role_unknown(role));
        }
        let title = checked_name(&new.title, "title")?;
        check_days(new.validity)?;
        self.agency(op, new.agency).await?;
        let unit = match &new.unit {
            None => None,
            Some(code) => Some(
                store::office::unit_by_code(op.conn(), new.agency, code)
                    .await?
                    .ok_or_else(|| error::unit_not_found(code))?,
            ),
        };
        let mut roles = new.roles.clone();
        roles.sort();
        roles.dedup();
        store::office::upsert_position(
            op.conn(),
            &permit,
            &NewPosition {
                title,
                roles,
                ..new.clone()
            },
            unit,
        )
        .await
    }

    /// A position of an agency by its code. Fails with `identity.position_not_found`.
    pub async fn position_by_code(&self, op: &mut Op, agency: AgencyId, code: &str) -> Result<PositionId> {
        store::office::position_by_code(op.conn(), agency, code)
            .await?
            .ok_or_else(|| error::position_not_found(code))
    }

    /// Gives a person a position on these days; the natural key is person, position and first day. It counts from the
    /// first day on and no longer after the last one; nobody has to sign in again. Fails with `identity.overlap`.
    pub async fn hold_position(
        &self,
        op: &mut Op,
        person: PersonId,
        position: PositionId,
        days: Validity,
    ) -> Result<()> {
        let permit = op
            .allow(
                "identity.hold_position",
                &format!("person:{person}"),
                access::organise(op.rights(), "identity.hold_position"),
            )
            .await?;
        check_days(days)?;
        // Whoever was merged into somebody meanwhile holds nothing; the one who remains does.
        let remains = store::merge::hold_remaining(op.conn(), person).await?;
        let person = remains.ok_or_else(error::person_not_found)?;
        if !store::office::position_exists(op.conn(), position).await? {
            return Err(error::position_not_found(position));
        }
        if store::office::upsert_holding(op.conn(), &permit, person, position, days).await? {
            let facts = json!({ "person": person, "position": position, "from": days.from, "to": days.to });
            op.record(Entry::new("identity.position_given", format!("person:{person}")).detail(&facts))
                .await?;
            op.emit(Event::new(
                "identity.holding_changed",
                format!("person:{person}"),
                facts,
            ));
        }
        Ok(())
    }

    /// Ends a person's hold on a position after `last_day`; yesterday takes it away at once (R037), and a hold that would
    /// begin later is taken back. Fails with `identity.holding_not_found`.
    pub async fn end_holding(
        &self,
        op: &mut Op,
        person: PersonId,
        position: PositionId,
        last_day: NaiveDate,
    ) -> Result<()> {
        let permit = op
            .allow(
                "identity.end_holding",
                &format!("person:{person}"),
                access::organise(op.rights(), "identity.end_holding"),
            )
            .await?;
        if !store::office::end_holding(op.conn(), &permit, person, position, last_day).await? {
            return Err(error::holding_not_found());
        }
        let facts = json!({ "person": person, "position": position, "to": last_day });
        op.record(Entry::new("identity.position_ended", format!("person:{person}")).detail(&facts))
            .await?;
        op.emit(Event::new(
            "identity.holding_changed",
            format!("person:{person}"),
            facts,
        ));
        Ok(())
    }

    /// The positions that a person holds on the day, the one held longest first.
    pub async fn positions_of(&self, op: &mut Op, person: PersonId, on: NaiveDate) -> Result<Vec<HeldPosition>> {
        op.allow(
            "identity.positions_of",
            &format!("person:{person}"),
            access::read_names(op.actor()),
        )
        .await?;
        store::office::held(op.conn(), person, on).await
    }

    /// The positions from which the actor may act today: those held, then those lent by colleagues.
    pub async fn own_positions(&self, op: &mut Op) -> Result<Vec<HeldPosition>> {
        let Some(person) = op.actor().person() else {
            return Ok(Vec::new());
        };
        let day = today(op);
        let mut positions = store::office::held(op.conn(), person, day).await?;
        positions.extend(self.lent(op.conn(), person, &positions, day).await?);
        Ok(positions)
    }

    /// The positions that a person holds on the day or will hold later, each once.
    pub async fn positions_from(&self, op: &mut Op, person: PersonId, from: NaiveDate) -> Result<Vec<Position>> {
        op.allow(
            "identity.positions_from",
            &format!("person:{person}"),
            access::read_names(op.actor()),
        )
        .await?;
        store::office::held_from(op.conn(), person, from).await
    }

    /// A position. Fails with `identity.position_not_found`.
    pub async fn position(&self, op: &mut Op, id: PositionId) -> Result<Position> {
        op.allow(
            "identity.position",
            &format!("position:{id}"),
            access::read_names(op.actor()),
        )
        .await?;
        store::office::position(op.conn(), id)
            .await?
            .ok_or_else(|| error::position_not_found(id))
    }

    /// The officials of all agencies today whose position carries the role, at most `most`.
    pub async fn officials_with(&self, op: &mut Op, role: &str, most: u32) -> Result<Vec<OfficialView>> {
        op.allow("identity.officials", "agency:all", access::read_names(op.actor()))
            .await?;
        let day = today(op);
        store::office::officials_with(op.conn(), role, day, most).await
    }

    /// The officials of all agencies today to whom the action is given in the whole province, each once, at most `most` of a role.
    pub async fn officials_who_may(&self, op: &mut Op, action: &str, most: u32) -> Result<Vec<OfficialView>> {
        let mut all: Vec<OfficialView> = Vec::new();
        for role in op.rights().roles_given(action) {
            for official in self.officials_with(op, &role, most).await? {
                if !all.iter().any(|known| known.person == official.person) {
                    all.push(official);
                }
            }
        }
        Ok(all)
    }

    /// The officials of an agency today whose position carries the role (every position if none is given), in the order of
    /// Vietnamese name lists.
    pub async fn officials(&self, op: &mut Op, agency: AgencyId, role: Option<&str>) -> Result<Vec<OfficialView>> {
        op.allow(
            "identity.officials",
            &format!("agency:{agency}"),
            access::read_names(op.actor()),
        )
        .await?;
        let day = today(op);
        store::office::officials(op.conn(), agency, role, day).await
    }
}

fn checked_name(name: &str, field: &str) -> Result<String> {
    let name = text::clean_line(name);
    if name.is_empty() {
        Err(error::required(field))
    } else {
        Ok(name)
    }
}

fn check_days(days: Validity) -> Result<()> {
    if days.is_ordered() {
        Ok(())
    } else {
        Err(error::days_reversed())
    }
}
