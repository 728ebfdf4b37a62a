//! Verification against the database: stretches of the chain side by side, each from the link that is stored before it.

use futures::future::try_join_all;
use kernel::{Fault, Result};
use sqlx::PgPool;
use tokio::sync::Mutex;

use super::{
    heads::Published,
    seal::FAR,
    walk::{Report, Walk},
};
use crate::store;

/// Links of one stretch.
const STRETCH: i64 = 50_000;
/// Stretches at a time: the database hands one out while another is hashed. A command has no more connections.
const AT_A_TIME: usize = 2;

/// Walks the whole chain, recomputes every hash from the stored entries and compares with the recorded heads.
pub async fn verify(pool: &PgPool) -> Result<Report> {
    verify_against(pool, &[]).await
}

/// [`verify`], compared with heads that were published too: what was cut off or written anew, with the recorded heads, by somebody who may
/// do everything in the database, is found by them alone.
pub async fn verify_against(pool: &PgPool, published: &[Published]) -> Result<Report> {
    // In this order: the chain only grows, so it reaches as far as the heads, and the entries as far as the chain.
    let recorded = store::all_heads(pool).await?;
    let mut heads: Vec<Published> = recorded.iter().cloned().map(Published::from).collect();
    heads.extend_from_slice(published);
    let last = store::last_position(pool).await?;
    let next = Mutex::new(Some(1));
    let workers = (0..AT_A_TIME).map(|_| async {
        let mut walks = Vec::new();
        while let Some((from, to)) = claim(pool, &next, last).await? {
            walks.push((from, stretch(pool, from, to, &heads).await?));
        }
        Ok::<_, Fault>(walks)
    });
    let mut walks: Vec<_> = try_join_all(workers).await?.into_iter().flatten().collect();
    walks.sort_by_key(|(from, _)| *from);
    let mut whole = Walk::new(1, Some(Vec::new()), &heads);
    for (position, entry) in store::links_before_the_first(pool).await? {
        whole.report(position, position, entry, "out_of_place");
    }
    for (from, walk) in walks {
        whole.append(from, walk);
    }
    for (one, other) in recorded.iter().zip(recorded.iter().skip(1)) {
        if one.day.succ_opt() != Some(other.day) {
            whole.report(one.position, other.position, 0, "head_removed");
        }
    }
    let below = store::last_sealed_entry(pool).await? - FAR;
    let gone = whole.gone.iter().filter(|entry| **entry <= below).count();
    for entry in store::never_sealed(pool, below, gone).await? {
        whole.report(0, 0, entry, "inserted");
    }
    let mut report = whole.end(1, &heads, None);
    report.unsealed = store::unsealed_count(pool, below).await?;
    Ok(report)
}

/// The next stretch that there is something in: who writes a link far beyond the end makes a gap, and no work.
async fn claim(pool: &PgPool, next: &Mutex<Option<i64>>, last: i64) -> Result<Option<(i64, i64)>> {
    let mut next = next.lock().await;
    let Some(wanted) = *next else { return Ok(None) };
    let found = store::first_position_from(pool, wanted).await?;
    let Some(from) = found.filter(|from| *from <= last) else {
        return Ok(None);
    };
    let to = from.saturating_add(STRETCH - 1).min(last);
    *next = to.checked_add(1);
    Ok(Some((from, to)))
}

async fn stretch(pool: &PgPool, from: i64, to: i64, heads: &[Published]) -> Result<Walk> {
    let mut walk = Walk::new(from, (from == 1).then(Vec::new), heads);
    store::each_link(pool, from - 1, to, |link| {
        if link.position < from {
            walk = Walk::new(from, Some(link.chain.to_vec()), heads);
        } else {
            walk.take(&link);
        }
        Ok(())
    })
    .await?;
    Ok(walk)
}
