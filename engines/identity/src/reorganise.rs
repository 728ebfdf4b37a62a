//! Reorganisation as data (sắp xếp đơn vị hành chính): a plan is read, settled against what there is, and carried out in the
//! operation of the caller, who lets the engines above bring their part along before the commit.
//!
//! What is new counts from the day of the plan; when it was written down stands in the record. A plan is carried out once.

pub(crate) mod plan;
mod read;
pub(crate) mod settle;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Days, NaiveDate, Utc};
use kernel::Result;
use op::{Entry, Event, Listed, Moved, Op, Part};
use schema::Problems;
use serde::Serialize;
use serde_json::json;

pub use plan::Plan;
pub use settle::Settled;

use crate::agencies::today;
use crate::model::AgencyLevel;
use crate::{Identity, access, error, store};
use settle::Before;

/// A reorganisation that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Reorganisation {
    /// Name of the plan.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// Number of the resolution.
    pub basis: String,
    /// The first day of what is new.
    pub on: NaiveDate,
    /// When it was written down.
    pub executed_at: DateTime<Utc>,
}

impl Identity {
    /// Reads a plan. `None` if anything is wrong, and every problem is reported with file and line.
    pub fn read_plan(&self, label: &str, source: &str, problems: &mut Problems) -> Option<Plan> {
        Plan::read(label, source, &self.config.policy.position_roles(), problems)
    }

    /// Keeps cases from being handed in until the operation ends, and waits for those that are being handed in now: an agency that
    /// somebody has just found must not end meanwhile.
    pub async fn let_nobody_in(&self, op: &mut Op) -> Result<()> {
        let permit = op
            .allow(
                "identity.reorganise",
                "province",
                access::organise(op.rights(), "identity.reorganise"),
            )
            .await?;
        store::reorganisation::be_patient(op.conn(), &permit).await?;
        store::reorganisation::have_alone(op.conn(), &permit).await
    }

    /// The agencies that are found from here on stay what they are until the operation ends.
    pub async fn agencies_stand_still(&self, op: &mut Op) -> Result<()> {
        store::reorganisation::share(op.conn()).await
    }

    /// Settles a plan against the areas, agencies and positions of the day before. `None` if anything does not fit.
    /// Fails with `identity.already_reorganised`.
    pub async fn settle_plan(
        &self,
        op: &mut Op,
        plan: &Plan,
        on: NaiveDate,
        problems: &mut Problems,
    ) -> Result<Option<Settled>> {
        op.allow(
            "identity.reorganise",
            &plan.key,
            access::organise(op.rights(), "identity.reorganise"),
        )
        .await?;
        if let Some(at) = store::reorganisation::executed_at(op.conn(), &plan.key).await? {
            return Err(error::already_reorganised(&plan.key, at));
        }
        let eve = on.checked_sub_days(Days::new(1)).unwrap_or(on);
        let before = Before {
            areas: store::area::all(op.conn(), eve).await?,
            agencies: store::agency::list(op.conn(), &crate::AgencyFilter::default(), eve).await?,
            units: store::reorganisation::units(op.conn(), eve).await?,
            positions: store::reorganisation::positions(op.conn(), eve).await?,
            areas_since: store::reorganisation::areas_since(op.conn(), on).await?,
            agencies_since: store::reorganisation::agencies_since(op.conn(), on).await?,
            offices_elsewhen: store::reorganisation::offices_elsewhen(op.conn(), eve).await?,
        };
        Ok(settle::settle(plan, on, &before, problems))
    }

    /// Carries a settled plan out: areas, agencies, units, positions, who holds them, where people live; not their sessions,
    /// which [`Identity::bring_sessions`] brings along at the end. What engines above keep for
    /// agencies is theirs to bring along, in the same operation. Fails with `identity.already_reorganised`, `identity.overlap`.
    pub async fn reorganise(&self, op: &mut Op, plan: &Plan, settled: &Settled) -> Result<Part> {
        let subject = format!("reorganisation:{}", plan.key);
        let permit = op
            .allow(
                "identity.reorganise",
                &subject,
                access::organise(op.rights(), "identity.reorganise"),
            )
            .await?;
        let (now, by, on) = (op.now(), op.actor().key(), settled.on);
        store::reorganisation::be_patient(op.conn(), &permit).await?;
        let links = &settled.position_links;
        let positions = store::reorganisation::count_positions(op.conn(), &settled.moves).await?;
        let (held, accounts) = store::reorganisation::count_holdings(op.conn(), links, on).await?;

        store::reorganisation::insert(op.conn(), &permit, plan, on, now, &by).await?;
        store::reorganisation::write_areas(op.conn(), &permit, &plan.key, settled).await?;
        store::reorganisation::end_agencies(op.conn(), &permit, &settled.moves).await?;
        for new in &settled.agencies_begin {
            store::reorganisation::begin_agency(op.conn(), &permit, new, on).await?;
        }
        store::reorganisation::begin_offices(op.conn(), &permit, settled).await?;
        let linked = store::reorganisation::write_links(op.conn(), &permit, &plan.key, settled).await?;
        let moved = store::reorganisation::move_holdings(op.conn(), &permit, links, on).await?;
        let (residences, divided) =
            store::reorganisation::move_residences(op.conn(), &permit, &settled.area_links).await?;

        for store::reorganisation::Went { person, old, new, .. } in &moved {
            let facts = json!({ "person": person, "position": new, "before": old, "from": on, "plan": plan.key });
            op.record(Entry::new("identity.position_moved", format!("person:{person}")).detail(&facts))
                .await?;
        }
        let mut part = Part::of("identity");
        let (held_now, accounts_now) = store::reorganisation::count_moved(op.conn(), &moved).await?;
        part.moved = vec![
            Moved::of("areas", count(settled.areas_end.len()), count(linked_areas(settled))),
            Moved::of("agencies", count(settled.moves.agencies.len()), count(homes(settled))),
            Moved::of("positions", positions, linked),
            Moved::of("holdings", held, held_now),
            Moved::of("accounts", accounts, accounts_now),
            residences,
        ];
        part.listed = settled.listed.clone();
        part.listed.extend(
            store::reorganisation::crowded(op.conn(), links, on)
                .await?
                .into_iter()
                .map(|(code, title, people)| Listed {
                    why: "several_lead".to_owned(),
                    what: format!("{code} {title}"),
                    detail: people.to_string(),
                }),
        );
        part.listed.extend(divided.into_iter().map(|(code, people)| Listed {
            why: "ward_divided".to_owned(),
            what: code,
            detail: people.to_string(),
        }));
        let facts = json!({
            "plan": plan.key,
            "on": on,
            "areas_ended": settled.areas_end.len(),
            "areas_begun": settled.areas_begin.len(),
            "agencies_ended": settled.moves.agencies.len(),
            "agencies_begun": settled.agencies_begin.len(),
            "holdings": held_now,
        });
        op.record(Entry::new("identity.reorganised", &subject).detail(&facts))
            .await?;
        op.emit(Event::new("identity.reorganised", subject, facts));
        Ok(part)
    }

    /// Sessions go on from the new positions. The last thing before the commit: while a session's row is held, whoever wants to sign
    /// out or choose another position waits.
    pub async fn bring_sessions(&self, op: &mut Op, plan: &Plan, settled: &Settled) -> Result<()> {
        let permit = op
            .allow(
                "identity.reorganise",
                &plan.key,
                access::organise(op.rights(), "identity.reorganise"),
            )
            .await?;
        store::reorganisation::move_sessions(op.conn(), &permit, &settled.position_links).await
    }

    /// Keeps the report of a reorganisation with its record.
    pub async fn keep_report(&self, op: &mut Op, key: &str, report: &impl Serialize) -> Result<()> {
        let permit = op
            .allow(
                "identity.reorganise",
                key,
                access::organise(op.rights(), "identity.reorganise"),
            )
            .await?;
        let report = serde_json::to_value(report).unwrap_or_default();
        store::reorganisation::set_report(op.conn(), &permit, key, &report).await
    }

    /// The reorganisations that were carried out, the oldest first.
    pub async fn reorganisations(&self, op: &mut Op) -> Result<Vec<Reorganisation>> {
        store::reorganisation::all(op.conn()).await
    }

    /// The report that was kept with a reorganisation; for the platform and administrators, because it counts what agencies do.
    pub async fn report_of(&self, op: &mut Op, key: &str) -> Result<Option<serde_json::Value>> {
        op.allow(
            "identity.report_of",
            key,
            access::organise(op.rights(), "identity.report_of"),
        )
        .await?;
        store::reorganisation::report(op.conn(), key).await
    }

    /// Whether tables that describe the province as it was must not be loaded any more.
    pub async fn is_reorganised(&self, op: &mut Op) -> Result<bool> {
        store::reorganisation::any(op.conn()).await
    }

    /// The level that does the work of this one today: itself while there is one.
    pub async fn level_in_charge(&self, op: &mut Op, level: AgencyLevel) -> Result<AgencyLevel> {
        let day = today(op);
        match store::lineage::level(op.conn(), level.as_str(), day).await? {
            None => Ok(level),
            Some(word) => AgencyLevel::parse(&word).ok_or_else(|| error::malformed("level")),
        }
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Areas that end and lead somewhere.
fn linked_areas(settled: &Settled) -> usize {
    settled
        .areas_end
        .iter()
        .filter(|ended| settled.area_links.iter().any(|link| link.old == **ended))
        .count()
}

/// Agencies that end and have a home.
fn homes(settled: &Settled) -> usize {
    let homes = settled.agency_links.iter().filter(|link| link.home);
    homes
        .map(|link| link.old)
        .collect::<std::collections::BTreeSet<_>>()
        .len()
}
