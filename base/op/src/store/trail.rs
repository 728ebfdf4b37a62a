//! The chain from end to end, and the heads of its days.

use chrono::{DateTime, NaiveDate, Utc};
use futures::TryStreamExt;
use kernel::{Fault, Result};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::audit::{Content, Head, Link};

/// A stretch of the chain as it was read: the links, and the entries they name, as the bytes that PostgreSQL copied.
pub(crate) struct Links {
    seals: Copied<Seal>,
    /// In the order of their numbers.
    entries: Copied<i64>,
}

/// Rows of a copy, one behind the other, without memory of its own for each: what is hashed comes as bytes and need not become values first.
struct Copied<T> {
    bytes: Vec<u8>,
    /// What is known of a row, and where it begins.
    rows: Vec<(T, usize)>,
}

impl<T> Default for Copied<T> {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            rows: Vec::new(),
        }
    }
}

#[derive(Clone, Copy)]
struct Seal {
    position: i64,
    entry: i64,
}

/// Reads the links at these positions, and their entries. As copies in PostgreSQL's binary form, and each table in the order of its own key: joined by the
/// database the rows would be sorted once more, on disk. An entry is there before its seal is, so it may be read after it.
pub(crate) async fn links(pool: &PgPool, from: i64, to: i64) -> Result<Links> {
    let mut connection = pool.acquire().await.map_err(db::fault)?;
    let seals = format!(
        "SELECT s.position, s.entry, s.chain FROM op.audit_seal s WHERE s.position BETWEEN {from} AND {to} ORDER BY s.position"
    );
    let seals = copied(&mut connection, &seals, |row| {
        Some(Seal {
            position: row.number()?,
            entry: row.number()?,
        })
    })
    .await?;
    let numbers = || seals.rows.iter().map(|(seal, _)| seal.entry);
    let Some((lowest, highest)) = numbers().min().zip(numbers().max()) else {
        return Ok(Links {
            seals,
            entries: Copied::default(),
        });
    };
    // An honest chain follows its entries closely; where one does not, they are looked for one by one.
    let scattered = highest.abs_diff(lowest) / SCATTERED > seals.rows.len() as u64 + SCATTERED;
    let which = if scattered {
        format!("e.id IN (SELECT s.entry FROM op.audit_seal s WHERE s.position BETWEEN {from} AND {to})")
    } else {
        format!("e.id BETWEEN {lowest} AND {highest}")
    };
    let entries = format!(
        "SELECT e.id, e.at, e.request, e.person, e.actor, e.action, e.subject, e.purpose, e.detail, e.digest
         FROM op.audit_entry e
         WHERE {which}
         ORDER BY e.id"
    );
    let entries = copied(&mut connection, &entries, |row| row.number()).await?;
    Ok(Links { seals, entries })
}

/// How many entries may be read for each that is wanted.
const SCATTERED: u64 = 4;

/// Hands over the links at these positions, each with its entry, in the order of the chain.
pub(crate) async fn each_link(
    pool: &PgPool,
    from: i64,
    to: i64,
    take: impl FnMut(Link<'_>) -> Result<()>,
) -> Result<()> {
    links(pool, from, to).await?.each(take)
}

impl Links {
    /// Hands them over in the order of the chain, each with its entry; where somebody has given one number to several entries, with each of them.
    pub(crate) fn each(&self, mut take: impl FnMut(Link<'_>) -> Result<()>) -> Result<()> {
        let broken = || Fault::internal("db.broken");
        let mut next = 0;
        for (seal, begin) in &self.seals.rows {
            let chain = self
                .seals
                .fields(*begin)
                .and_then(|[_, _, chain]| chain)
                .ok_or_else(broken)?;
            let link = |content| Link {
                position: seal.position,
                entry: seal.entry,
                chain,
                content,
            };
            next = self.entries.find(seal.entry, next);
            let first = next;
            while let Some((_, begin)) = self.entries.rows.get(next).filter(|(entry, _)| *entry == seal.entry) {
                let content = self.entries.fields(*begin).and_then(content_of).ok_or_else(broken)?;
                take(link(Some(content)))?;
                next += 1;
            }
            if next == first {
                take(link(None))?;
            }
        }
        Ok(())
    }
}

impl<T> Copied<T> {
    /// The fields of the row that begins there.
    fn fields<const N: usize>(&self, begin: usize) -> Option<[Option<&[u8]>; N]> {
        Reader {
            bytes: self.bytes.get(begin..)?,
        }
        .row()
    }
}

impl Copied<i64> {
    /// The first row of this number, or where it would be; mostly it is the one after the last one found.
    fn find(&self, number: i64, next: usize) -> usize {
        let at = |place: usize| self.rows.get(place).map(|(own, _)| *own);
        let before = next.checked_sub(1).and_then(at);
        if at(next) == Some(number) && before != Some(number) {
            return next;
        }
        self.rows.partition_point(|(own, _)| *own < number)
    }
}

/// Reads a copy to its end. `known` reads the first fields of each row.
async fn copied<T>(
    connection: &mut PgConnection,
    select: &str,
    known: fn(&mut Reader<'_>) -> Option<T>,
) -> Result<Copied<T>> {
    let statement = format!("COPY ({select}) TO STDOUT (FORMAT binary)");
    let mut stream = connection.copy_out_raw(&statement).await.map_err(db::fault)?;
    let mut copied = Copied::default();
    while let Some(piece) = stream.try_next().await.map_err(db::fault)? {
        copied.bytes.extend_from_slice(&piece);
    }
    let whole = copied.bytes.len();
    let mut reader = Reader { bytes: &copied.bytes };
    let broken = || Fault::internal("db.broken");
    reader.header().ok_or_else(broken)?;
    loop {
        let begin = whole - reader.bytes.len();
        match reader.fields().ok_or_else(broken)? {
            // The end of the copy.
            fields if fields < 0 => return Ok(copied),
            fields => {
                let mut first = Reader { bytes: reader.bytes };
                let known = known(&mut first).ok_or_else(broken)?;
                for _ in 0..fields {
                    reader.field().ok_or_else(broken)?;
                }
                copied.rows.push((known, begin));
            }
        }
    }
}

/// A piece of a copy. Everything gives `None` where the piece ends too early.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The signature, the flags, and as much as the extension is long.
    fn header(&mut self) -> Option<()> {
        self.take(15)?;
        let extension = u32::from_be_bytes(self.array()?);
        self.take(extension as usize)?;
        Some(())
    }

    /// How many fields the next row has; less than none at the end of the copy.
    fn fields(&mut self) -> Option<i16> {
        self.array().map(i16::from_be_bytes)
    }

    /// The next field, which may hold nothing.
    fn field(&mut self) -> Option<Option<&'a [u8]>> {
        let length = i32::from_be_bytes(self.array()?);
        match usize::try_from(length) {
            Ok(length) => self.take(length).map(Some),
            Err(_) => Some(None),
        }
    }

    /// The next field, a number.
    fn number(&mut self) -> Option<i64> {
        number(self.field()?)
    }

    /// A row of so many fields.
    fn row<const N: usize>(&mut self) -> Option<[Option<&'a [u8]>; N]> {
        let fields = usize::try_from(self.fields()?).ok()?;
        let mut row = [None; N];
        for field in &mut row {
            *field = self.field()?;
        }
        (fields == N).then_some(row)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
}

/// Microseconds from 1970 to 2000, from where PostgreSQL counts.
const EPOCH: i64 = 946_684_800_000_000;

fn number(field: Option<&[u8]>) -> Option<i64> {
    Some(i64::from_be_bytes(field?.try_into().ok()?))
}

/// An entry, and the digest that stands beside it.
fn content_of(row: [Option<&[u8]>; 10]) -> Option<(Content<'_>, &[u8])> {
    let [_, at, request, person, actor, action, subject, purpose, detail, digest] = row;
    fn text(field: Option<&[u8]>) -> Option<&str> {
        std::str::from_utf8(field?).ok()
    }
    let content = Content {
        at: number(at)?.wrapping_add(EPOCH),
        actor: text(actor)?,
        action: text(action)?,
        subject: text(subject)?,
        purpose: text(purpose)?,
        request: Uuid::from_slice(request?).ok()?,
        person: match person {
            Some(person) => Some(Uuid::from_slice(person).ok()?),
            None => None,
        },
        detail: text(detail)?,
    };
    Some((content, digest?))
}

/// The last position of the chain, 0 where there is none.
pub(crate) async fn last_position(pool: &PgPool) -> Result<i64> {
    sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM op.audit_seal")
        .fetch_one(pool)
        .await
        .map_err(db::fault)
}

/// The first position that is not below this one.
pub(crate) async fn first_position_from(pool: &PgPool, from: i64) -> Result<Option<i64>> {
    sqlx::query_scalar("SELECT min(position) FROM op.audit_seal WHERE position >= $1")
        .bind(from)
        .fetch_one(pool)
        .await
        .map_err(db::fault)
}

/// Positions begin with 1: links below, with their entries.
pub(crate) async fn links_before_the_first(pool: &PgPool) -> Result<Vec<(i64, i64)>> {
    sqlx::query_as("SELECT position, entry FROM op.audit_seal WHERE position < 1 ORDER BY position LIMIT 1000")
        .fetch_all(pool)
        .await
        .map_err(db::fault)
}

/// The link at this position.
pub(crate) async fn link_at(pool: &PgPool, position: i64) -> Result<Option<Vec<u8>>> {
    sqlx::query_scalar("SELECT chain FROM op.audit_seal WHERE position = $1")
        .bind(position)
        .fetch_optional(pool)
        .await
        .map_err(db::fault)
}

/// The highest number of an entry that is sealed, 0 where there is none.
pub(crate) async fn last_sealed_entry(pool: &PgPool) -> Result<i64> {
    sqlx::query_scalar("SELECT coalesce(max(entry), 0) FROM op.audit_seal")
        .fetch_one(pool)
        .await
        .map_err(db::fault)
}

/// Entries up to this number that no seal covers; `gone` of the seals there have lost their entry. They are counted first, because the
/// search takes long and finds nothing in an honest trail.
pub(crate) async fn never_sealed(pool: &PgPool, below: i64, gone: usize) -> Result<Vec<i64>> {
    let mut transaction = pool.begin().await.map_err(db::fault)?;
    sqlx::query("SET LOCAL statement_timeout = 0")
        .execute(&mut *transaction)
        .await
        .map_err(db::fault)?;
    let (entries, seals): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM op.audit_entry WHERE id <= $1),
                (SELECT count(*) FROM op.audit_seal WHERE entry <= $1)",
    )
    .bind(below)
    .fetch_one(&mut *transaction)
    .await
    .map_err(db::fault)?;
    if entries == seals - gone as i64 {
        return Ok(Vec::new());
    }
    sqlx::query_scalar(
        "SELECT e.id
         FROM op.audit_entry e
         WHERE e.id <= $1 AND NOT EXISTS (SELECT FROM op.audit_seal s WHERE s.entry = e.id)
         ORDER BY e.id
         LIMIT 1000",
    )
    .bind(below)
    .fetch_all(&mut *transaction)
    .await
    .map_err(db::fault)
}

/// How many entries above this number no seal covers yet; `gone` of the seals there have lost their entry. Counted first, as in [`never_sealed`].
pub(crate) async fn unsealed_count(pool: &PgPool, below: i64, gone: usize) -> Result<i64> {
    let (entries, seals): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM op.audit_entry WHERE id > $1),
                (SELECT count(*) FROM op.audit_seal WHERE entry > $1)",
    )
    .bind(below)
    .fetch_one(pool)
    .await
    .map_err(db::fault)?;
    if entries == seals - gone as i64 {
        return Ok(0);
    }
    sqlx::query_scalar(
        "SELECT count(*)
         FROM op.audit_entry e
         WHERE e.id > $1 AND NOT EXISTS (SELECT FROM op.audit_seal s WHERE s.entry = e.id AND s.entry > $1)",
    )
    .bind(below)
    .fetch_one(pool)
    .await
    .map_err(db::fault)
}

/// The stretch of the chain that holds all entries between these moments.
pub(crate) async fn stretch_between(
    pool: &PgPool,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
) -> Result<Option<(i64, i64)>> {
    let mut transaction = pool.begin().await.map_err(db::fault)?;
    sqlx::query("SET LOCAL statement_timeout = 0")
        .execute(&mut *transaction)
        .await
        .map_err(db::fault)?;
    let (first, last): (Option<i64>, Option<i64>) = sqlx::query_as(
        "SELECT min(s.position), max(s.position)
         FROM op.audit_seal s
         JOIN op.audit_entry e ON e.id = s.entry
         WHERE ($1::timestamptz IS NULL OR e.at >= $1) AND ($2::timestamptz IS NULL OR e.at < $2)",
    )
    .bind(from)
    .bind(until)
    .fetch_one(&mut *transaction)
    .await
    .map_err(db::fault)?;
    Ok(first.zip(last))
}

/// When the first entry of the chain was made.
pub(crate) async fn first_sealed_at(connection: &mut PgConnection) -> Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar(
        "SELECT e.at
         FROM op.audit_seal s
         JOIN op.audit_entry e ON e.id = s.entry
         ORDER BY s.position
         LIMIT 1",
    )
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn last_head_day(connection: &mut PgConnection) -> Result<Option<NaiveDate>> {
    sqlx::query_scalar("SELECT max(day) FROM op.audit_head")
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// The same head for each of these days.
pub(crate) async fn insert_heads(
    connection: &mut PgConnection,
    from: NaiveDate,
    to: NaiveDate,
    position: i64,
    chain: &[u8],
    now: DateTime<Utc>,
) -> Result<u64> {
    let done = sqlx::query(
        "INSERT INTO op.audit_head (day, position, chain, recorded_at)
         SELECT day, $3, $4, $5
         FROM generate_series($1::timestamp, $2::timestamp, '1 day') AS day",
    )
    .bind(from)
    .bind(to)
    .bind(position)
    .bind(chain)
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(done.rows_affected())
}

/// Recorded heads before this day, the newest first.
pub(crate) async fn heads(connection: &mut PgConnection, before: Option<NaiveDate>, limit: i64) -> Result<Vec<Head>> {
    sqlx::query_as(
        "SELECT day, position, encode(chain, 'hex') AS head, recorded_at
         FROM op.audit_head
         WHERE $1::date IS NULL OR day < $1
         ORDER BY day DESC
         LIMIT $2",
    )
    .bind(before)
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// All recorded heads, the oldest first.
pub(crate) async fn all_heads(pool: &PgPool) -> Result<Vec<Head>> {
    sqlx::query_as(
        "SELECT day, position, encode(chain, 'hex') AS head, recorded_at
         FROM op.audit_head
         ORDER BY day",
    )
    .fetch_all(pool)
    .await
    .map_err(db::fault)
}
