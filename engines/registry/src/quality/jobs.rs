//! When registers are measured: each once a day, one after the other through the night, and when its owner asks.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Fault, Result};
use op::{Job, Jobs, NewJob, Op};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::{Registry, access, error, merge, store};

/// The kind of the job that plans a day.
pub(super) const DAY: &str = "registry.measure_all";
/// The kind of the job that begins to measure a register.
pub(super) const BEGIN: &str = "registry.measure";
/// The kind of the job that carries on.
pub(super) const CARRY_ON: &str = "registry.measure_on";
/// The kind of the job that leads references on to the record that remains.
pub(crate) const LEAD_ON: &str = "registry.lead_on";

/// From this hour on, in Vietnam.
const FIRST_HOUR: u32 = 1;
/// Over so many hours.
const HOURS: i64 = 4;

#[derive(Deserialize)]
struct OfRegister {
    register: String,
}

#[derive(Deserialize)]
struct OfRun {
    register: String,
    run: Uuid,
}

#[derive(Deserialize)]
struct OfRecord {
    register: String,
    record: Uuid,
}

fn payload<T: serde::de::DeserializeOwned>(job: &Job) -> Result<T> {
    serde_json::from_value(job.payload.clone()).map_err(|cause| {
        Fault::internal("registry.broken_row")
            .with("what", "job")
            .caused_by(cause)
    })
}

/// Registers what measures, and what leads references on after a merge.
pub(crate) fn register_jobs(jobs: &mut Jobs, registry: &Registry) {
    let own = registry.clone();
    jobs.within(DAY, move |op, _| {
        let registry = own.clone();
        Box::pin(async move { registry.plan_day(op).await })
    });
    jobs.every(TimeDelta::days(1), DAY);
    let own = registry.clone();
    jobs.within(BEGIN, move |op, job| {
        let registry = own.clone();
        Box::pin(async move {
            let OfRegister { register } = payload(job)?;
            registry.begin_run(op, &register).await
        })
    });
    let own = registry.clone();
    jobs.within(CARRY_ON, move |op, job| {
        let registry = own.clone();
        Box::pin(async move {
            let OfRun { register, run } = payload(job)?;
            registry.carry_on(op, &register, run).await
        })
    });
    let own = registry.clone();
    jobs.within(LEAD_ON, move |op, job| {
        let registry = own.clone();
        Box::pin(async move {
            let OfRecord { register, record } = payload(job)?;
            let permit = op
                .allow(
                    "registry.merge",
                    &crate::enter::subject(&register, record),
                    access::by_rule(op.actor()),
                )
                .await?;
            if registry.lead_on(op, &permit, &register, record, merge::AT_ONCE).await? {
                op.enqueue(NewJob::new(LEAD_ON, json!({ "register": register, "record": record })))
                    .await?;
            }
            Ok(())
        })
    });
}

/// The next moment at which the night's work begins.
fn tonight(now: DateTime<Utc>) -> DateTime<Utc> {
    let today = kernel::local_date(now);
    let at = |day: chrono::NaiveDate| day.and_hms_opt(FIRST_HOUR, 0, 0).map(kernel::from_local);
    let first = at(today).filter(|moment| *moment >= now);
    first
        .or_else(|| at(today.succ_opt()?))
        .unwrap_or(now + TimeDelta::days(1))
}

impl Registry {
    /// Gives each register that has records its moment of the night; one that was never measured begins at once.
    async fn plan_day(&self, op: &mut Op) -> Result<()> {
        op.allow("registry.measure", "registers", access::by_rule(op.actor()))
            .await?;
        let now = op.now();
        let measured = store::quality::newest(op.conn()).await?;
        let all = store::register::all(op.conn()).await?;
        let made: Vec<String> = all
            .into_iter()
            .filter(|(_, standing)| standing.made)
            .map(|(register, _)| register)
            .collect();
        let count = i64::try_from(made.len()).map_err(|_| error::broken_row("registers"))?;
        for (place, register) in (0..).zip(&made) {
            let at = match measured.contains_key(register) {
                true => tonight(now) + TimeDelta::seconds(HOURS * 3_600 * place / count.max(1)),
                false => now,
            };
            let job = NewJob::new(BEGIN, json!({ "register": register }));
            op.enqueue(job.once(format!("{BEGIN}:{register}")).at(at)).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_night_begins_at_one() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(tonight(at("2026-11-30T03:00:00Z")), at("2026-11-30T18:00:00Z"));
        assert_eq!(tonight(at("2026-11-29T17:30:00Z")), at("2026-11-29T18:00:00Z"));
        assert_eq!(tonight(at("2026-11-29T18:00:01Z")), at("2026-11-30T18:00:00Z"));
    }
}
