//! The trail for somebody outside: a stretch of the chain as JSON Lines, which can be checked without a database.

use std::{borrow::Cow, io::Write};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, SecondsFormat, Utc};
use kernel::{Actor, Fault, Result, from_local};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entry, chain::Link, seal_with_heads};
use crate::{Ops, store};

/// What the first line calls the form of the others.
pub(super) const FORMAT: &str = "ngabay-audit/1";
/// Links that are read at a time.
const STRETCH: i64 = 20_000;

/// Which days of the trail are wanted (in Vietnam); all where neither is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Stretch {
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Links.
    pub count: i64,
    /// Position of the last one.
    pub position: i64,
    /// The last one, as hex.
    pub head: String,
}

/// The first line.
#[derive(Serialize, Deserialize)]
pub(super) struct First {
    pub(super) format: String,
    /// The days that were asked for.
    pub(super) from: Option<NaiveDate>,
    pub(super) to: Option<NaiveDate>,
    pub(super) exported_at: DateTime<Utc>,
    /// Position of the first link, and the link before it.
    pub(super) first: i64,
    pub(super) before: String,
}

/// A line for each link; without the entry where that is gone.
#[derive(Serialize, Deserialize)]
pub(super) struct Line<'a> {
    pub(super) position: i64,
    pub(super) entry: i64,
    #[serde(borrow)]
    pub(super) content: Option<Written<'a>>,
    #[serde(borrow)]
    pub(super) chain: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Written<'a> {
    #[serde(borrow)]
    pub(super) at: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) actor: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) action: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) subject: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) purpose: Cow<'a, str>,
    pub(super) request: Uuid,
    pub(super) person: Option<Uuid>,
    /// JSON, as the text that was hashed.
    #[serde(borrow)]
    pub(super) detail: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) digest: Cow<'a, str>,
}

/// The last line: without it the file was cut off.
#[derive(Serialize, Deserialize)]
pub(super) struct Last {
    pub(super) end: i64,
    pub(super) position: i64,
    pub(super) head: String,
}

/// Writes the stretch of the chain that holds all entries of these days, with what was sealed between them: a chain has no gaps. That it
/// was handed out is in the trail, and in the stretch itself where it reaches to the end. Fails with `op.export_unwritable` {reason}.
pub async fn export(ops: &Ops, stretch: Stretch, out: &mut (impl Write + Send)) -> Result<Exported> {
    let mut op = ops.open(Actor::System("audit")).await?;
    op.record(Entry::new("op.trail_exported", "audit_trail").detail(stretch))
        .await?;
    let now = op.now();
    op.commit().await?;
    let pool = ops.pool();
    seal_with_heads(ops).await?;
    let midnight = |day: Option<NaiveDate>| day.map(|day| from_local(day.and_time(NaiveTime::MIN)));
    let until = stretch.to.and_then(|day| day.checked_add_days(Days::new(1)));
    let (first, last) = match stretch {
        Stretch { from: None, to: None } => (1, store::last_position(pool).await?),
        _ => store::stretch_between(pool, midnight(stretch.from), midnight(until))
            .await?
            .unwrap_or((1, 0)),
    };
    let before = store::link_at(pool, first - 1).await?.unwrap_or_default();
    let mut exported = Exported {
        count: 0,
        position: first - 1,
        head: hex::encode(&before),
    };
    let begin = First {
        format: FORMAT.to_owned(),
        from: stretch.from,
        to: stretch.to,
        exported_at: now,
        first,
        before: exported.head.clone(),
    };
    write(out, &begin)?;
    let mut from = Some(first).filter(|from| *from <= last);
    while let Some(begin) = from {
        let to = last.min(begin.saturating_add(STRETCH - 1));
        store::each_link(pool, begin, to, |link| {
            exported.count += 1;
            exported.position = link.position;
            let line = line_of(&link);
            write(out, &line)?;
            exported.head = line.chain.into_owned();
            Ok(())
        })
        .await?;
        // Over a gap, if there is one.
        from = match to.checked_add(1) {
            Some(next) => store::first_position_from(pool, next)
                .await?
                .filter(|next| *next <= last),
            None => None,
        };
    }
    let end = Last {
        end: exported.count,
        position: exported.position,
        head: exported.head.clone(),
    };
    write(out, &end)?;
    out.flush().map_err(unwritable)?;
    Ok(exported)
}

fn line_of<'a>(link: &Link<'a>) -> Line<'a> {
    let content = link.content.as_ref().map(|(content, digest)| Written {
        at: DateTime::from_timestamp_micros(content.at)
            .map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true))
            .unwrap_or_default()
            .into(),
        actor: content.actor.into(),
        action: content.action.into(),
        subject: content.subject.into(),
        purpose: content.purpose.into(),
        request: content.request,
        person: content.person,
        detail: content.detail.into(),
        digest: hex::encode(digest).into(),
    });
    Line {
        position: link.position,
        entry: link.entry,
        content,
        chain: hex::encode(link.chain).into(),
    }
}

fn write(out: &mut impl Write, line: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *out, line).map_err(|error| unwritable(error.into()))?;
    out.write_all(b"\n").map_err(unwritable)
}

fn unwritable(error: std::io::Error) -> Fault {
    Fault::invalid("op.export_unwritable").with("reason", error.to_string())
}
