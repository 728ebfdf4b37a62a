//! The walk along the chain: the same for the database and for an export.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;

use super::chain::{self, Hash, Link};
use super::heads::Published;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Links checked.
    pub checked: i64,
    /// Entries that wait for the sealer.
    pub unsealed: i64,
    /// Recorded and published heads that the chain was compared with and that it holds.
    pub heads: i64,
    /// Heads that were given and that nothing could be compared with: they lie before the first link of an export, or beyond its end
    /// on days that it says it does not reach.
    pub passed_over: i64,
    /// Position of the first link that was to be checked.
    pub first: i64,
    /// Position of the last link.
    pub position: i64,
    /// The last link, as hex; publish it, and nobody can re-write what came before.
    pub head: String,
    /// The faults, in the order of the chain; empty when the trail is whole.
    pub broken: Vec<Broken>,
    /// How many more faults there are than the first thousand.
    pub more: i64,
}

/// One fault in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Position in the chain, from 1; 0 where it is not known.
    pub position: i64,
    /// The last position of the fault, where it is more than one.
    pub to: i64,
    /// Number of the entry; 0 where it is not known.
    pub entry: i64,
    /// What is wrong: `changed`; `removed`; `out_of_place` (whole by itself, but not what was sealed here: re-ordered, put in or written
    /// anew); `inserted` (below others that were sealed long before); `rewritten` (the chain holds, but is not the one whose head was
    /// recorded or published; the change lies between the last head that holds and this one); `head_removed` (no head is recorded of a
    /// day between these positions).
    pub what: &'static str,
}

/// Faults that are told one by one.
const MOST_TOLD: usize = 1_000;

/// Checks links one after the other, from a link that is known or taken for granted.
pub(super) struct Walk {
    /// The link before; `None` where it is not known, because it is gone.
    before: Option<Vec<u8>>,
    next: i64,
    checked: i64,
    /// Entries that are gone, by their number.
    pub(super) gone: Vec<i64>,
    broken: Vec<Broken>,
    more: i64,
    heads: BTreeSet<i64>,
    seen: BTreeMap<i64, Vec<u8>>,
}

impl Walk {
    /// A walk that begins at `first`, behind the link `before`. The links at the positions of `heads` are kept for [`Walk::end`].
    pub(super) fn new(first: i64, before: Option<Vec<u8>>, heads: &[Published]) -> Self {
        let heads: BTreeSet<i64> = heads.iter().map(|head| head.position).collect();
        let seen = before
            .iter()
            .filter(|_| heads.contains(&(first - 1)))
            .map(|chain| (first - 1, chain.clone()))
            .collect();
        Self {
            before,
            next: first,
            checked: 0,
            gone: Vec::new(),
            broken: Vec::new(),
            more: 0,
            heads,
            seen,
        }
    }

    /// The position that has to come.
    pub(super) fn next(&self) -> i64 {
        self.next
    }

    /// Whether the last link is this one.
    pub(super) fn is_at(&self, head: &str) -> bool {
        self.before.as_ref().is_some_and(|link| hex::encode(link) == head)
    }

    pub(super) fn report(&mut self, position: i64, to: i64, entry: i64, what: &'static str) {
        if self.broken.len() < MOST_TOLD {
            self.broken.push(Broken {
                position,
                to,
                entry,
                what,
            });
        } else {
            self.more += 1;
        }
    }

    /// Checks one link. Each fault is told once: the stored link goes on, so that not everything after it is wrong too.
    pub(super) fn take(&mut self, found: &Link<'_>) {
        let position = found.position;
        let fault = |what| Some((position, what));
        if position > self.next {
            self.report(self.next, position - 1, 0, "removed");
            self.before = None;
        }
        let wrong = if position < self.next {
            fault("out_of_place")
        } else if let Some((content, kept)) = &found.content {
            let own = chain::digest(content);
            if own != *kept {
                fault("changed")
            } else if !self.follows(found, &own) {
                fault("out_of_place")
            } else {
                None
            }
        } else {
            self.gone.push(found.entry);
            fault("removed")
        };
        if let Some((position, what)) = wrong {
            self.report(position, position, found.entry, what);
        }
        self.keep(position, found.chain);
        self.checked += 1;
    }

    /// Something stands where a link should be, and cannot be read.
    pub(super) fn take_unreadable(&mut self) {
        self.report(self.next, self.next, 0, "changed");
        self.before = None;
        self.next += 1;
    }

    fn follows(&self, found: &Link<'_>, own: &Hash) -> bool {
        // What follows a removed link cannot be compared with it; that one is told already.
        self.before
            .as_ref()
            .is_none_or(|before| chain::link(before, found.position, found.entry, own) == *found.chain)
    }

    fn keep(&mut self, position: i64, link: &[u8]) {
        let before = self.before.get_or_insert_default();
        before.clear();
        before.extend_from_slice(link);
        self.next = position.saturating_add(1);
        if self.heads.contains(&position) {
            self.seen.insert(position, link.to_vec());
        }
    }

    /// Goes on with what another walk has found from this position on.
    pub(super) fn append(&mut self, from: i64, mut other: Self) {
        if from > self.next {
            self.report(self.next, from - 1, 0, "removed");
        }
        self.before = other.before;
        self.next = other.next;
        self.checked += other.checked;
        self.gone.append(&mut other.gone);
        self.seen.append(&mut other.seen);
        self.more += other.more;
        for broken in other.broken {
            self.report(broken.position, broken.to, broken.entry, broken.what);
        }
    }

    /// Compares with the heads: `first` is where the walk began. Heads beyond the end are missed, but for those of days after `reaches`.
    pub(super) fn end(mut self, first: i64, heads: &[Published], reaches: Option<NaiveDate>) -> Report {
        let last = self.next - 1;
        let mut sorted: Vec<&Published> = heads.iter().collect();
        sorted.sort_by_key(|head| head.position);
        let (mut held, mut holding, mut passed_over) = (first - 1, 0, 0);
        let unreached = |head: &Published| reaches.is_some_and(|reaches| head.day.is_some_and(|day| day > reaches));
        let mut beyond: Option<i64> = None;
        for head in sorted {
            match self.seen.get(&head.position) {
                Some(link) if hex::encode(link).eq_ignore_ascii_case(&head.head) => {
                    held = head.position;
                    holding += 1;
                }
                Some(_) => self.report(held + 1, head.position, 0, "rewritten"),
                None if head.position > last && unreached(head) => passed_over += 1,
                None if head.position > last => beyond = Some(head.position),
                None if head.position < first => passed_over += 1,
                // In a gap that is told already.
                None => {}
            }
        }
        if let Some(position) = beyond {
            self.report(last + 1, position, 0, "removed");
        }
        Report {
            checked: self.checked,
            unsealed: 0,
            heads: holding,
            passed_over,
            first,
            position: last,
            head: hex::encode(self.before.unwrap_or_default()),
            broken: self.broken,
            more: self.more,
        }
    }
}
