//! Background work: what has been of use is removed once a day.

use chrono::Duration;
use kernel::{Actor, Result};
use op::{Job, Jobs, NewJob, Op, Ops};
use uuid::Uuid;

use crate::{Identity, error, store};

/// Kind of the daily job.
pub const SWEEP: &str = "identity.sweep";

/// Kind of the job that writes down the end of rights for emergencies; they have ended by themselves.
pub const END_EMERGENCIES: &str = "identity.end_emergencies";

/// Kind of the job that tells people that somebody asks to act for them, or beside them.
pub const TELL_CONCERNED: &str = "identity.tell_concerned";

/// Kind of the job that tells the people of an organisation that one of them acts for it no more.
pub const TELL_HOUSE: &str = "identity.tell_house";

/// Kind of the job that brings along what requests of that moment have still written under an account that was joined to another one.
pub const BRING_ALONG: &str = "identity.bring_along";

/// Registers the daily sweep, and the end of emergencies.
pub fn register(jobs: &mut Jobs, identity: &Identity) {
    let telling = identity.clone();
    jobs.within(TELL_CONCERNED, move |op, job| {
        let identity = telling.clone();
        let registration = number_in(job, "registration");
        Box::pin(async move { identity.tell_concerned(op, registration?).await })
    });
    let telling = identity.clone();
    jobs.within(TELL_HOUSE, move |op, job| {
        let identity = telling.clone();
        let representation = number_in(job, "representation");
        Box::pin(async move { identity.tell_house(op, representation?).await })
    });
    let uniting = identity.clone();
    jobs.within(BRING_ALONG, move |op, job| {
        let identity = uniting.clone();
        Box::pin(async move { identity.bring_stragglers(op, &job.payload).await })
    });
    let identity = identity.clone();
    jobs.within(END_EMERGENCIES, move |op, _| {
        let identity = identity.clone();
        Box::pin(async move { identity.end_emergencies(op).await })
    });
    jobs.within(SWEEP, |op, _| Box::pin(async move { sweep(op).await.map(|_| ()) }));
    jobs.every(Duration::days(1), SWEEP);
}

fn number_in(job: &Job, name: &str) -> Result<Uuid> {
    let number = job.payload.get(name).and_then(serde_json::Value::as_str);
    let number = number.and_then(|text| text.parse().ok());
    number.ok_or_else(|| error::malformed("payload"))
}

/// Kind of the daily job that seals what an older program has left in plain.
pub const SEAL: &str = "identity.seal";

/// Registers what seals once a day; the first turn comes when the program starts.
pub fn register_seal(jobs: &mut Jobs, identity: &Identity) {
    let identity = identity.clone();
    jobs.outside(SEAL, move |ops: &Ops, _job| {
        let identity = identity.clone();
        Box::pin(async move {
            let sealed = identity.seal_plain(ops).await?;
            if sealed.left && sealed.done > 0 {
                // Behind what others wait for.
                let mut op = ops.open(Actor::System("worker")).await?;
                op.enqueue(NewJob::new(SEAL, ())).await?;
                op.commit().await?;
            }
            Ok(())
        })
    });
    jobs.every(Duration::days(1), SEAL);
}

/// Removes old attempts, sign-ins that nobody finished, questions that nobody answered, dead sessions, forgotten devices, codes that
/// nobody used and registrations that led to nothing, and lets merges run out about which nobody has decided; returns how many rows.
pub async fn sweep(op: &mut Op) -> Result<u64> {
    let now = op.now();
    let attempts = store::attempt::sweep(op.conn(), now).await?;
    let halves = store::second_factor::sweep(op.conn(), now).await?;
    let codes = store::desk::sweep(op.conn(), now).await? + store::counter_code::sweep(op.conn(), now).await?;
    let registrations = store::registration::sweep(op.conn(), now).await? + Identity::expire_merges(op, None).await?;
    Ok(codes + registrations + attempts + halves + store::session::sweep(op.conn(), now).await?)
}
