//! The sealer: chains entries that were committed, in batches, and records the head of each day.

use chrono::NaiveDate;
use kernel::{Fault, Result, local_date};
use sqlx::PgPool;
use tokio::{
    sync::watch,
    time::{Duration, Instant},
};

use super::{chain::link, heads};
use crate::{Ops, store};

const BATCH: i64 = 10_000;
/// How often the sealer looks whether there are entries.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often it looks far back, as long as anything is written. No statement may run for as long as this, so an entry whose number
/// was drawn before is committed or undone by then.
const LOOK_BACK_EVERY: Duration = Duration::from_secs(60);
/// How many entries before the last one sealed are looked at: numbers are drawn before the commit, so a lower one may come later.
const NEAR: i64 = 1_000;
/// Entries that lie further back than this are never sealed.
pub(super) const FAR: i64 = 100_000;

/// What the sealer remembers from one turn to the next.
#[derive(Default)]
struct Memory {
    last_entry: Option<i64>,
    changed: Option<Instant>,
    looked_back: Option<Instant>,
    /// The day whose beginning found the heads of all days before recorded.
    day: Option<NaiveDate>,
}

/// Seals until `stop` becomes true: what is new every second, and what was long in coming every minute. Records the head of each day
/// that has ended.
pub async fn keep_sealing(ops: Ops, mut stop: watch::Receiver<bool>) {
    let mut memory = Memory::default();
    while !*stop.borrow() {
        if let Err(error) = turn(&ops, &mut memory).await {
            tracing::debug!(%error, "the audit trail could not be sealed now");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn turn(ops: &Ops, memory: &mut Memory) -> Result<()> {
    let pool = ops.pool();
    // On days without entries too; where there are some, sealing does it.
    let today = local_date(ops.now());
    if memory.day != Some(today) {
        heads::record_heads(ops).await?;
        memory.day = Some(today);
    }
    let last = store::last_entry(pool).await?;
    let now = Instant::now();
    if memory.last_entry != last {
        memory.changed = Some(now);
    }
    let changed = *memory.changed.get_or_insert(now);
    let settled = memory
        .looked_back
        .is_some_and(|looked| looked > changed + LOOK_BACK_EVERY);
    if !settled
        && memory
            .looked_back
            .is_none_or(|looked| looked.elapsed() >= LOOK_BACK_EVERY)
    {
        seal_with_heads(ops).await?;
        memory.looked_back = Some(Instant::now());
    } else if memory.last_entry != last {
        seal_back_to(pool, Some(ops), NEAR).await?;
    }
    memory.last_entry = last;
    Ok::<_, Fault>(())
}

/// Chains all entries that are not chained yet and returns how many there were. Before that it records the heads of the days that have
/// ended: whoever seals first on a new day, no head holds anything of the day after its own.
pub async fn seal_with_heads(ops: &Ops) -> Result<u64> {
    seal_back_to(ops.pool(), Some(ops), FAR).await
}

/// Chains all entries that are not chained yet, and records no heads: for trails whose days do not matter. The program never does it.
pub async fn seal(pool: &PgPool) -> Result<u64> {
    seal_back_to(pool, None, FAR).await
}

async fn seal_back_to(pool: &PgPool, heads_by: Option<&Ops>, look_back: i64) -> Result<u64> {
    let mut sealed = 0;
    loop {
        let mut transaction = pool.begin().await.map_err(db::fault)?;
        let last = store::lock_last_seal(&mut transaction).await?;
        let waiting = store::unsealed(&mut transaction, look_back, BATCH).await?;
        // The clock is read after the entries, so that none of them is of a later day.
        if let (Some(ops), Some(last), false) = (heads_by, &last, waiting.is_empty()) {
            heads::record(&mut transaction, last, ops.now()).await?;
        }
        let (mut position, mut chain) = last.unwrap_or((0, Vec::new()));
        let seals: Vec<_> = waiting
            .iter()
            .map(|(entry, digest)| {
                position += 1;
                chain = link(&chain, position, *entry, digest).to_vec();
                (position, *entry, chain.clone())
            })
            .collect();
        if !seals.is_empty() {
            store::insert_seals(&mut transaction, &seals).await?;
        }
        transaction.commit().await.map_err(db::fault)?;
        sealed += seals.len() as u64;
        if (seals.len() as i64) < BATCH {
            return Ok(sealed);
        }
    }
}
