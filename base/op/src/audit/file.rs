//! Verification of an export, without a database.

use std::io::BufRead;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{Fault, Result, local_date};

use super::{
    chain::{Content, Hash, Link},
    export::{FORMAT, First, Last, Line},
    heads::Published,
    walk::{Report, Walk},
};

/// The longest line that is read: details are small.
const LONGEST: u64 = 16 << 20;

/// Checks an export, and compares it with heads that were published: whoever may write the file anew from end to end is found by them
/// alone. All heads that lie inside are compared, whatever the first line says: no hash covers it. It only excuses heads beyond the end, of
/// days that the export says it does not reach; those, and heads before the beginning, are counted in [`Report::passed_over`]. Fails with
/// `op.export_unreadable` where it is no export.
pub fn verify_file(mut input: impl BufRead, published: &[Published]) -> Result<Report> {
    let mut line = Vec::new();
    read(&mut input, &mut line)?;
    let unreadable = || Fault::invalid("op.export_unreadable");
    let first: First = serde_json::from_slice(&line).map_err(|error| unreadable().caused_by(error))?;
    if first.format != FORMAT || first.first < 1 {
        return Err(unreadable());
    }
    let before = hex::decode(&first.before).map_err(|error| unreadable().caused_by(error))?;
    let mut walk = Walk::new(first.first, Some(before), published);
    let mut end: Option<Last> = None;
    let mut count = 0;
    while read(&mut input, &mut line)? {
        let taken = match serde_json::from_slice::<Line<'_>>(&line) {
            Ok(link) => take(&mut walk, &link).is_some(),
            Err(_) => serde_json::from_slice(&line).is_ok_and(|last| end.replace(last).is_none()),
        };
        if !taken {
            walk.take_unreadable();
        }
        count += 1;
    }
    let position = walk.next();
    let whole = end.is_some_and(|end| end.end == count - 1 && end.position == position - 1 && walk.is_at(&end.head));
    if !whole {
        walk.report(position, position, 0, "removed");
    }
    Ok(walk.end(first.first, published, covers(&first)))
}

/// The last day that the export says it reaches to the end of.
fn covers(first: &First) -> Option<NaiveDate> {
    let ended = local_date(first.exported_at).pred_opt();
    first.to.into_iter().chain(ended).min()
}

fn take(walk: &mut Walk, line: &Line<'_>) -> Option<()> {
    let chain = Digits::read(&line.chain)?;
    let digest;
    let content = match &line.content {
        None => None,
        Some(written) => {
            digest = Digits::read(&written.digest)?;
            let content = Content {
                at: moment(&written.at)?.timestamp_micros(),
                actor: &written.actor,
                action: &written.action,
                subject: &written.subject,
                purpose: &written.purpose,
                request: written.request,
                person: written.person,
                detail: &written.detail,
            };
            Some((content, digest.bytes()))
        }
    };
    walk.take(&Link {
        position: line.position,
        entry: line.entry,
        chain: chain.bytes(),
        content,
    });
    Some(())
}

/// A moment as it is written; what others write is read too.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    match DateTime::parse_from_rfc3339(text) {
        Ok(at) => Some(at.to_utc()),
        Err(_) => text.parse().ok(),
    }
}

/// What was written as hex: a hash, or, where somebody has changed it, anything.
enum Digits {
    Hash(Hash),
    Other(Vec<u8>),
}

impl Digits {
    fn read(text: &str) -> Option<Self> {
        let mut hash = Hash::default();
        match hex::decode_to_slice(text, &mut hash) {
            Ok(()) => Some(Self::Hash(hash)),
            Err(_) => hex::decode(text).ok().map(Self::Other),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Hash(hash) => hash,
            Self::Other(bytes) => bytes,
        }
    }
}

/// The next line that is not empty; false at the end.
fn read(input: &mut impl BufRead, line: &mut Vec<u8>) -> Result<bool> {
    loop {
        line.clear();
        let read = std::io::Read::take(&mut *input, LONGEST)
            .read_until(b'\n', line)
            .map_err(|error| Fault::invalid("op.export_unreadable").caused_by(error))?;
        if read == 0 || !line.trim_ascii().is_empty() {
            return Ok(read > 0);
        }
    }
}
