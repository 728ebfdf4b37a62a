//! The feed of changes: what has happened to the records of a register since a place in the feed. It names records and tells no values.

use chrono::{DateTime, Utc};
use db::cursor;
use kernel::{Fault, Result};
use op::Op;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::definition::RecordDefinition;
use crate::store::register::FeedLine;
use crate::{Registry, access, store};

/// From where the feed is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// Everything.
    Beginning,
    /// Nothing of what has happened: for whoever reads the records first, and then follows.
    Now,
    /// After what was told under this cursor.
    Cursor(String),
}

/// Something that has happened to a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// The record.
    pub record: Uuid,
    /// `created`, `changed`, `corrected`, `ended` or `merged`.
    pub kind: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The record that remains, where this one was merged.
    pub into: Option<Uuid>,
}

/// A page of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// What has happened, in the order in which it became known.
    pub items: Vec<Followed>,
    /// Where to go on, now or later; it holds for ever.
    pub next: String,
    /// Whether there is more already.
    pub more: bool,
}

/// A place in the feed: what was told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// The transaction.
    x: i64,
    /// The line in it.
    s: i64,
    /// The record within a line that stands for a stretch of them, as long as it is not told to its end.
    r: Option<Uuid>,
}

impl Place {
    const FIRST: Self = Self { x: 0, s: 0, r: None };

    fn after(line: &FeedLine) -> Self {
        Self {
            x: line.xact,
            s: line.seq,
            r: None,
        }
    }

    fn read(cursor: &str) -> Result<Self> {
        let place: Self = cursor::decode(cursor)?;
        match place.x >= 0 && place.s >= 0 {
            true => Ok(place),
            false => Err(bad_cursor()),
        }
    }
}

fn bad_cursor() -> Fault {
    Fault::invalid("db.bad_cursor")
}

/// A page as it fills.
struct Filling {
    items: Vec<Followed>,
    limit: usize,
    place: Place,
    more: bool,
}

impl Filling {
    fn room(&self) -> usize {
        self.limit - self.items.len()
    }
}

impl Registry {
    /// What has happened to the records of a register, at most `limit` of them. What many rows have brought at once is told record by record. For whoever
    /// reads anything of the records; else there is no such register.
    ///
    /// # Errors
    /// `registry.not_found` {register}, `db.bad_cursor`.
    pub async fn changes(&self, op: &mut Op, register: &str, since: Since, limit: u32) -> Result<Feed> {
        let seen = self.seen(op, register).await?;
        op.allow(
            "registry.read",
            &format!("register:{register}"),
            access::read(register, &seen.sight),
        )
        .await?;
        // Asked first: what is read afterwards may know more, and is told up to here.
        let open = store::register::open_since(op.conn()).await?;
        let place = match since {
            Since::Beginning => Place::FIRST,
            Since::Cursor(cursor) => Place::read(&cursor)?,
            Since::Now => Place {
                x: (open - 1).max(0),
                s: i64::MAX,
                r: None,
            },
        };
        let mut page = Filling {
            items: Vec::new(),
            limit: limit.max(1) as usize,
            place,
            more: false,
        };
        if seen.published.made {
            self.fill(op, &seen.published.definition, open, &mut page).await?;
        }
        Ok(Feed {
            items: page.items,
            next: cursor::encode(&page.place),
            more: page.more,
        })
    }

    async fn fill(&self, op: &mut Op, definition: &RecordDefinition, open: i64, page: &mut Filling) -> Result<()> {
        let register = &definition.record;
        // The rest of a stretch that did not fit the page before.
        if page.place.r.is_some() {
            let at = (page.place.x, page.place.s);
            let line = store::register::feed_line(op.conn(), register, at).await?;
            let line = line.filter(|line| line.last.is_some()).ok_or_else(bad_cursor)?;
            self.tell_line(op, definition, &line, page).await?;
        }
        if page.more {
            return Ok(());
        }
        let after = (page.place.x, page.place.s);
        let wanted = i64::try_from(page.room() + 1).unwrap_or(i64::MAX);
        for line in store::register::feed(op.conn(), register, after, (open, wanted)).await? {
            if page.room() == 0 {
                page.more = true;
                return Ok(());
            }
            self.tell_line(op, definition, &line, page).await?;
            if page.more {
                return Ok(());
            }
        }
        Ok(())
    }

    /// One line: a record, or a stretch of new ones as far as there is room.
    async fn tell_line(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        line: &FeedLine,
        page: &mut Filling,
    ) -> Result<()> {
        let Some(last) = line.last else {
            let into = match line.kind.as_str() {
                "merged" => Some(store::register::remaining(op.conn(), &definition.record, line.record).await?),
                _ => None,
            };
            page.items.push(Followed {
                record: line.record,
                kind: line.kind.clone(),
                at: line.at,
                into,
            });
            page.place = Place::after(line);
            return Ok(());
        };
        let room = page.room();
        let limit = i64::try_from(room + 1).unwrap_or(i64::MAX);
        let stretch = (page.place.r, last);
        let mut records = store::record::stretch(op.conn(), definition, stretch, (line.record, line.at), limit).await?;
        page.more = records.len() > room;
        records.truncate(room);
        page.place = Place::after(line);
        if page.more {
            page.place.r = records.last().copied();
        }
        page.items.extend(records.into_iter().map(|record| Followed {
            record,
            kind: line.kind.clone(),
            at: line.at,
            into: None,
        }));
        Ok(())
    }
}
