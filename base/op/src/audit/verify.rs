//! Verification against the database: stretches of the chain side by side, each from the link that is stored before it.

use std::sync::Arc;

use kernel::{Fault, Result};
use sqlx::PgPool;
use tokio::{
    sync::Mutex,
    task::{JoinError, JoinHandle, JoinSet},
};

use super::{
    heads::Published,
    seal::FAR,
    walk::{Report, Walk},
};
use crate::store;

/// Links of one stretch: some megabytes, which are read, then hashed.
const STRETCH: i64 = 20_000;
/// Readers at a time, each with a connection; while one's stretch is hashed it reads the next. The database works for each on a processor of its own.
const FEWEST_READERS: usize = 2;
const MOST_READERS: usize = 8;

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
    let heads: Arc<[Published]> = heads.into();
    let next = Arc::new(Mutex::new(Some(1)));
    let processors = std::thread::available_parallelism().map_or(FEWEST_READERS, usize::from);
    let connections = pool.options().get_max_connections() as usize;
    let mut readers = JoinSet::new();
    for _ in 0..processors.clamp(FEWEST_READERS, MOST_READERS).min(connections) {
        let (pool, next, heads) = (pool.clone(), Arc::clone(&next), Arc::clone(&heads));
        readers.spawn(async move { walk_stretches(&pool, &next, last, &heads).await });
    }
    let mut walks = Vec::new();
    while let Some(walked) = readers.join_next().await {
        walks.append(&mut walked.map_err(ended)??);
    }
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
    let lately_gone = whole.gone.len() - gone;
    let mut report = whole.end(1, &heads, None);
    report.unsealed = store::unsealed_count(pool, below, lately_gone).await?;
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

/// One stretch after the other, as long as there is one; with where each begins.
async fn walk_stretches(
    pool: &PgPool,
    next: &Mutex<Option<i64>>,
    last: i64,
    heads: &Arc<[Published]>,
) -> Result<Vec<(i64, Walk)>> {
    let mut walks = Vec::new();
    let mut hashed: Option<JoinHandle<Result<(i64, Walk)>>> = None;
    while let Some((from, to)) = claim(pool, next, last).await? {
        let links = store::links(pool, from - 1, to).await?;
        if let Some(before) = hashed.take() {
            walks.push(before.await.map_err(ended)??);
        }
        let heads = Arc::clone(heads);
        hashed = Some(tokio::task::spawn_blocking(move || stretch(&links, from, &heads)));
    }
    if let Some(before) = hashed {
        walks.push(before.await.map_err(ended)??);
    }
    Ok(walks)
}

fn stretch(links: &store::Links, from: i64, heads: &[Published]) -> Result<(i64, Walk)> {
    let mut walk = Walk::new(from, (from == 1).then(Vec::new), heads);
    links.each(|link| {
        if link.position < from {
            walk = Walk::new(from, Some(link.chain.to_vec()), heads);
        } else {
            walk.take(&link);
        }
        Ok(())
    })?;
    Ok((from, walk))
}

fn ended(error: JoinError) -> Fault {
    Fault::internal("op.job_panicked").caused_by(error)
}
