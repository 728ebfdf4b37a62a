//! The chain from end to end, and the heads of its days.

use chrono::{DateTime, NaiveDate, Utc};
use futures::TryStreamExt;
use kernel::{Fault, Result};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::audit::{Content, Head, Link};

/// Hands over the links at these positions, each with its entry, in the order of the chain. As a copy in PostgreSQL's binary form: what is
/// hashed comes as bytes and need not become values first.
pub(crate) async fn each_link(
    pool: &PgPool,
    from: i64,
    to: i64,
    mut take: impl FnMut(Link<'_>) -> Result<()>,
) -> Result<()> {
    let mut connection = pool.acquire().await.map_err(db::fault)?;
    let statement = format!(
        "COPY (SELECT s.position, s.entry, s.chain, e.at, e.request, e.person, e.actor, e.action, e.subject, e.purpose, e.detail, e.digest
               FROM op.audit_seal s LEFT JOIN op.audit_entry e ON e.id = s.entry
               WHERE s.position BETWEEN {from} AND {to}
               ORDER BY s.position)
         TO STDOUT (FORMAT binary)"
    );
    let mut stream = connection.copy_out_raw(&statement).await.map_err(db::fault)?;
    // What came of a row that has not come to its end.
    let mut rest: Vec<u8> = Vec::new();
    let mut begun = false;
    while let Some(chunk) = stream.try_next().await.map_err(db::fault)? {
        let bytes: &[u8] = if rest.is_empty() {
            &chunk
        } else {
            rest.extend_from_slice(&chunk);
            &rest
        };
        let mut reader = Reader { bytes };
        if !begun {
            begun = reader.header().is_some();
        }
        let mut left = reader.bytes;
        while begun && let Some(link) = reader.link() {
            left = reader.bytes;
            take(link?)?;
        }
        rest = left.to_vec();
    }
    Ok(())
}

/// A piece of a copy. Everything gives `None` where the piece ends too early.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The signature, the flags, and as much as the extension is long.
    fn header(&mut self) -> Option<()> {
        let mut ahead = Reader { bytes: self.bytes };
        ahead.take(15)?;
        let extension = u32::from_be_bytes(ahead.array()?);
        ahead.take(extension as usize)?;
        self.bytes = ahead.bytes;
        Some(())
    }

    /// The next row; `None` also at the end of the copy.
    fn link(&mut self) -> Option<Result<Link<'a>>> {
        let fields = i16::from_be_bytes(self.array()?);
        if fields < 0 {
            return None;
        }
        let mut row = [None; 12];
        for field in row.iter_mut().take(usize::try_from(fields).ok()?) {
            let length = i32::from_be_bytes(self.array()?);
            if let Ok(length) = usize::try_from(length) {
                *field = Some(self.take(length)?);
            }
        }
        Some(link_of(row).ok_or_else(|| Fault::internal("db.broken")))
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

fn link_of<'a>(row: [Option<&'a [u8]>; 12]) -> Option<Link<'a>> {
    let [
        position,
        entry,
        chain,
        at,
        request,
        person,
        actor,
        action,
        subject,
        purpose,
        detail,
        digest,
    ] = row;
    let number = |field: Option<&'a [u8]>| Some(i64::from_be_bytes(field?.try_into().ok()?));
    let text = |field: Option<&'a [u8]>| std::str::from_utf8(field?).ok();
    // All fields but `person` are there, or the entry is not.
    let content = match digest {
        None => None,
        Some(digest) => Some((
            Content {
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
            },
            digest,
        )),
    };
    Some(Link {
        position: number(position)?,
        entry: number(entry)?,
        chain: chain?,
        content,
    })
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

/// Entries above this number that no seal covers yet.
pub(crate) async fn unsealed_count(pool: &PgPool, below: i64) -> Result<i64> {
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
