//! The hash-chained audit trail (nhật ký hệ thống, nhật ký người sử dụng; R024).

use chrono::{DateTime, Utc};
use db::{Page, PageRequest};
use kernel::{Fault, PersonId, Result};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};
use tokio::{
    sync::watch,
    time::{Duration, Instant},
};

use crate::store::{self, EntryRow};

/// An entry to be written with [`crate::Op::record`].
#[derive(Debug, Clone)]
pub struct Entry {
    pub(crate) action: &'static str,
    pub(crate) subject: String,
    pub(crate) purpose: String,
    pub(crate) person: Option<PersonId>,
    pub(crate) detail: Value,
}

impl Entry {
    /// What was done to what: `dossiers.submitted`, `dossier:<uuid>`.
    pub fn new(action: &'static str, subject: impl ToString) -> Self {
        Self {
            action,
            subject: subject.to_string(),
            purpose: String::new(),
            person: None,
            detail: Value::Null,
        }
    }

    /// Why personal data was read or written: a dossier or a legal basis.
    pub fn purpose(mut self, purpose: impl Into<String>) -> Self {
        self.purpose = purpose.into();
        self
    }

    /// Whose personal data was read or handled. The person can see the entry, with the name and position of the official; see [`about`].
    pub fn about(mut self, person: Option<PersonId>) -> Self {
        self.person = person;
        self
    }

    /// Facts worth keeping; never a password, never a personal number in clear.
    pub fn detail(mut self, detail: impl Serialize) -> Self {
        self.detail = serde_json::to_value(detail).unwrap_or(Value::Null);
        self
    }
}

/// Somebody has looked at a person's data, or handled it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Look {
    /// When.
    pub at: DateTime<Utc>,
    /// What was done: `dossiers.read`.
    pub action: String,
    /// For what: the code of a dossier, or words.
    pub purpose: String,
    /// Name of the official; empty where the platform did it.
    pub name: String,
    /// Position of the official at that time.
    pub position: String,
    /// Agency of the official at that time.
    pub agency: String,
}

/// Who has looked at the data of a person, the newest first. Whether the reader may know is decided by the caller.
pub async fn about(connection: &mut PgConnection, person: PersonId, request: &PageRequest) -> Result<Page<Look>> {
    let below: Option<i64> = request.after.as_deref().map(db::cursor::decode).transpose()?;
    let rows = store::about(connection, person.uuid(), below.unwrap_or(i64::MAX), request.probe()).await?;
    let page = Page::cut(rows, request, |row| row.id);
    Ok(page.map(|row| {
        let detail: Value = serde_json::from_str(&row.detail).unwrap_or(Value::Null);
        let by = |part: &str| detail["by"][part].as_str().unwrap_or_default().to_owned();
        Look {
            at: row.at,
            action: row.action,
            purpose: row.purpose,
            name: by("name"),
            position: by("position"),
            agency: by("agency"),
        }
    }))
}

/// What [`verify`] found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Links checked.
    pub checked: i64,
    /// Entries that wait for the sealer.
    pub unsealed: i64,
    /// The last link, as hex; publish it, and nobody can re-write what came before.
    pub head: String,
    /// The faults, in the order of the chain; empty when the trail is whole.
    pub broken: Vec<Broken>,
}

/// One fault in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Position in the chain, from 1.
    pub position: i64,
    /// Number of the entry.
    pub entry: i64,
    /// What is wrong: `changed`, `removed`, `reordered`.
    pub what: &'static str,
}

const BATCH: i64 = 10_000;

/// Hash of an entry's own contents. Every field is preceded by its length, so that no two entries share an encoding.
pub(crate) fn digest(row: &EntryRow) -> Vec<u8> {
    let mut hasher = Sha256::new();
    for field in [
        row.at.timestamp_micros().to_be_bytes().as_slice(),
        row.actor.as_bytes(),
        row.action.as_bytes(),
        row.subject.as_bytes(),
        row.purpose.as_bytes(),
        row.request.as_bytes(),
        row.detail.as_bytes(),
    ] {
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field);
    }
    // Entries from before there was such a field keep their digest.
    if let Some(person) = row.person {
        hasher.update(person.as_bytes());
    }
    hasher.finalize().to_vec()
}

fn link(previous: &[u8], position: i64, entry: i64, digest: &[u8]) -> Vec<u8> {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(position.to_be_bytes());
    hasher.update(entry.to_be_bytes());
    hasher.update(digest);
    hasher.finalize().to_vec()
}

/// How often the sealer looks whether there are entries.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often it looks far back, as long as anything is written. No statement may run for as long as this, so an entry whose number
/// was drawn before is committed or undone by then.
const LOOK_BACK_EVERY: Duration = Duration::from_secs(60);
/// How many entries before the last one sealed are looked at: numbers are drawn before the commit, so a lower one may come later.
const NEAR: i64 = 1_000;
const FAR: i64 = 100_000;

/// Seals until `stop` becomes true: what is new every second, and what was long in coming every minute.
pub async fn keep_sealing(pool: PgPool, mut stop: watch::Receiver<bool>) {
    let mut seen = None;
    let mut changed = Instant::now();
    let mut looked_back: Option<Instant> = None;
    while !*stop.borrow() {
        let turn = async {
            let last = store::last_entry(&pool).await?;
            if seen != last {
                changed = Instant::now();
            }
            let settled = looked_back.is_some_and(|looked| looked > changed + LOOK_BACK_EVERY);
            if !settled && looked_back.is_none_or(|looked| looked.elapsed() >= LOOK_BACK_EVERY) {
                seal(&pool).await?;
                looked_back = Some(Instant::now());
            } else if seen != last {
                seal_back_to(&pool, NEAR).await?;
            }
            seen = last;
            Ok::<_, Fault>(())
        };
        if let Err(error) = turn.await {
            tracing::debug!(%error, "the audit trail could not be sealed now");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Chains all entries that are not chained yet and returns how many there were.
pub async fn seal(pool: &PgPool) -> Result<u64> {
    seal_back_to(pool, FAR).await
}

async fn seal_back_to(pool: &PgPool, look_back: i64) -> Result<u64> {
    let mut sealed = 0;
    loop {
        let mut transaction = pool.begin().await.map_err(db::fault)?;
        let (mut position, mut chain) = store::lock_last_seal(&mut transaction)
            .await?
            .unwrap_or((0, Vec::new()));
        let waiting = store::unsealed(&mut transaction, look_back, BATCH).await?;
        let seals: Vec<_> = waiting
            .iter()
            .map(|(entry, digest)| {
                position += 1;
                chain = link(&chain, position, *entry, digest);
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

/// Walks the whole chain and recomputes every hash from the stored entries.
pub async fn verify(pool: &PgPool) -> Result<Report> {
    let mut report = Report {
        checked: 0,
        unsealed: store::unsealed_count(pool).await?,
        head: String::new(),
        broken: Vec::new(),
    };
    let mut chain: Vec<u8> = Vec::new();
    let mut expected = 1;
    loop {
        let links = store::links(pool, expected - 1, BATCH).await?;
        let Some(last) = links.last() else { break };
        let end = last.position;
        for found in &links {
            for gap in expected..found.position {
                report.broken.push(Broken {
                    position: gap,
                    entry: 0,
                    what: "removed",
                });
            }
            let digest = match found.entry_row() {
                None => {
                    report.broken.push(Broken {
                        position: found.position,
                        entry: found.entry,
                        what: "removed",
                    });
                    None
                }
                Some(row) => {
                    let own = digest(&row);
                    if own != row.digest {
                        report.broken.push(Broken {
                            position: found.position,
                            entry: found.entry,
                            what: "changed",
                        });
                    }
                    Some(own)
                }
            };
            let whole = digest.is_some_and(|digest| link(&chain, found.position, found.entry, &digest) == found.chain);
            let blamed = report
                .broken
                .last()
                .is_some_and(|broken| broken.position == found.position);
            if !whole && !blamed {
                report.broken.push(Broken {
                    position: found.position,
                    entry: found.entry,
                    what: "reordered",
                });
            }
            // The stored link goes on, so that one fault is reported once and not for every entry after it.
            chain.clone_from(&found.chain);
            expected = found.position + 1;
            report.checked += 1;
        }
        if links.len() < BATCH as usize {
            expected = end + 1;
            if store::links(pool, end, 1).await?.is_empty() {
                break;
            }
        }
    }
    report.head = hex::encode(&chain);
    Ok(report)
}

impl store::LinkRow {
    fn entry_row(&self) -> Option<EntryRow> {
        Some(EntryRow {
            at: self.at?,
            actor: self.actor.clone()?,
            action: self.action.clone()?,
            subject: self.subject.clone()?,
            purpose: self.purpose.clone()?,
            request: self.request?,
            person: self.person,
            detail: self.detail.clone()?,
            digest: self.digest.clone()?,
        })
    }
}
