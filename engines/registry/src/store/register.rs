//! What is declared, and the feed of changes.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use kernel::{AgencyId, Result, text};
use op::Permit;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::definition::{Level, Readers, RecordDefinition};

/// A register as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub app: String,
    pub digest: String,
    pub owner: AgencyId,
    pub agencies: BTreeMap<String, AgencyId>,
    pub published_at: DateTime<Utc>,
    /// Whether it has tables.
    pub made: bool,
}

type StandingRow = (String, String, Uuid, Json<BTreeMap<String, Uuid>>, DateTime<Utc>, bool);

fn standing((app, digest, owner, Json(agencies), published_at, made): StandingRow) -> Standing {
    Standing {
        app,
        digest,
        owner: AgencyId::from(owner),
        agencies: agencies
            .into_iter()
            .map(|(code, id)| (code, AgencyId::from(id)))
            .collect(),
        published_at,
        made,
    }
}

/// Says that the tables are there.
pub(crate) async fn set_made(connection: &mut PgConnection, _: &Permit, register: &str) -> Result<()> {
    sqlx::query("UPDATE registry.register SET made = true WHERE register = $1")
        .bind(register)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Held to the end of the operation: two publications of one register come one after the other.
pub(crate) async fn lock(connection: &mut PgConnection, _: &Permit, register: &str) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('registry.register:' || $1, 0))")
        .bind(register)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// The same for many, in one order: who holds one waits for nobody who waits for it.
pub(crate) async fn lock_many(connection: &mut PgConnection, _: &Permit, registers: &[&str]) -> Result<()> {
    sqlx::query(
        "SELECT count(pg_advisory_xact_lock(hashtextextended('registry.register:' || register, 0)))
           FROM (SELECT register FROM unnest($1::text[]) AS wanted (register) ORDER BY register) AS ordered",
    )
    .bind(registers)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn get(connection: &mut PgConnection, register: &str) -> Result<Option<Standing>> {
    let row: Option<StandingRow> = sqlx::query_as(
        "SELECT app, digest, owner, agencies, published_at, made FROM registry.register WHERE register = $1",
    )
    .bind(register)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    Ok(row.map(standing))
}

pub(crate) async fn definition(
    connection: &mut PgConnection,
    register: &str,
    digest: &str,
) -> Result<Option<RecordDefinition>> {
    let row: Option<Json<RecordDefinition>> =
        sqlx::query_scalar("SELECT definition FROM registry.version WHERE register = $1 AND digest = $2")
            .bind(register)
            .bind(digest)
            .fetch_optional(connection)
            .await
            .map_err(db::fault)?;
    Ok(row.map(|Json(definition)| definition))
}

/// Every register in Vietnamese order.
pub(crate) async fn all(connection: &mut PgConnection) -> Result<Vec<(String, Standing)>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        register: String,
        app: String,
        digest: String,
        owner: Uuid,
        agencies: Json<BTreeMap<String, Uuid>>,
        published_at: DateTime<Utc>,
        made: bool,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT register, app, digest, owner, agencies, published_at, made
         FROM registry.register ORDER BY name_key, register",
    )
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let each = rows.into_iter().map(|row| {
        let own = (row.app, row.digest, row.owner, row.agencies, row.published_at, row.made);
        (row.register, standing(own))
    });
    Ok(each.collect())
}

/// The registers that somebody has put into force with what they declare now, in order of their keys.
pub(crate) async fn published_by(connection: &mut PgConnection, by: &str) -> Result<Vec<(String, String)>> {
    sqlx::query_as(
        "SELECT register.register, register.app
           FROM registry.register
           JOIN registry.version USING (register, digest)
          WHERE version.published_by = $1
          ORDER BY register.register",
    )
    .bind(by)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// The agencies that answered for the registers when they were published.
pub(crate) async fn owners(connection: &mut PgConnection) -> Result<Vec<(String, AgencyId)>> {
    let rows: Vec<(String, Uuid)> = sqlx::query_as("SELECT register, owner FROM registry.register ORDER BY register")
        .fetch_all(connection)
        .await
        .map_err(db::fault)?;
    Ok(rows
        .into_iter()
        .map(|(register, owner)| (register, owner.into()))
        .collect())
}

/// What is published.
pub(crate) struct Publication<'a> {
    pub app: &'a str,
    pub definition: &'a RecordDefinition,
    pub digest: &'a str,
    pub owner: AgencyId,
    pub agencies: &'a BTreeMap<String, AgencyId>,
    pub by: &'a str,
    pub at: DateTime<Utc>,
}

pub(crate) async fn put(connection: &mut PgConnection, permit: &Permit, new: &Publication<'_>) -> Result<()> {
    put_many(connection, permit, std::slice::from_ref(new)).await
}

/// The columns of [`registry.register`], a list each: many rows are written by one statement.
#[derive(Default)]
struct Columns<'a> {
    registers: Vec<&'a str>,
    definitions: Vec<Json<&'a RecordDefinition>>,
    apps: Vec<&'a str>,
    digests: Vec<&'a str>,
    owners: Vec<Uuid>,
    agencies: Vec<Json<BTreeMap<&'a str, Uuid>>>,
    readers: Vec<&'a str>,
    enters: Vec<String>,
    catalogues: Vec<bool>,
    names_vi: Vec<&'a str>,
    names_en: Vec<&'a str>,
    name_keys: Vec<String>,
    words: Vec<String>,
    at: Vec<DateTime<Utc>>,
    by: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(all: &'a [Publication<'a>]) -> Self {
        let mut columns = Self::default();
        for new in all {
            let definition = new.definition;
            let named = new.agencies.iter();
            columns.registers.push(&definition.record);
            columns.definitions.push(Json(definition));
            columns.apps.push(new.app);
            columns.digests.push(new.digest);
            columns.owners.push(new.owner.uuid());
            columns
                .agencies
                .push(Json(named.map(|(code, id)| (code.as_str(), id.uuid())).collect()));
            columns.readers.push(match definition.readers {
                Readers::Everybody => "everybody",
                Readers::Officials => "officials",
                Readers::Owner => "owner",
            });
            columns.enters.push(levels(&definition.enters));
            columns.catalogues.push(definition.catalogue);
            columns.names_vi.push(&definition.words.vi);
            columns.names_en.push(&definition.words.en);
            columns.name_keys.push(text::collation_key(&definition.words.vi));
            columns.words.push(text::fold(&format!(
                "{} {} {} {}",
                definition.words.vi, definition.words.en, definition.about.vi, definition.about.en
            )));
            columns.at.push(new.at);
            columns.by.push(new.by);
        }
        columns
    }
}

/// Levels as one text: a list of lists cannot be told apart again.
fn levels(enters: &[Level]) -> String {
    let words: Vec<&str> = enters
        .iter()
        .map(|level| match level {
            Level::Province => "province",
            Level::District => "district",
            Level::Commune => "commune",
        })
        .collect();
    words.join(",")
}

pub(crate) async fn put_many(connection: &mut PgConnection, _: &Permit, all: &[Publication<'_>]) -> Result<()> {
    let columns = Columns::of(all);
    sqlx::query(
        "INSERT INTO registry.version (register, digest, definition, published_at, published_by)
         SELECT * FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::timestamptz[], $5::text[])
         ON CONFLICT (register, digest) DO NOTHING",
    )
    .bind(&columns.registers)
    .bind(&columns.digests)
    .bind(&columns.definitions)
    .bind(&columns.at)
    .bind(&columns.by)
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    sqlx::query(
        "INSERT INTO registry.register
             (register, app, digest, owner, agencies, readers, enters, catalogue, name_vi, name_en, name_key, words, published_at)
         SELECT register, app, digest, owner, agencies, readers, string_to_array(enters, ','), catalogue, name_vi, name_en,
                name_key, words, published_at
           FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::jsonb[], $6::text[], $7::text[], $8::boolean[],
                       $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[])
                AS new (register, app, digest, owner, agencies, readers, enters, catalogue, name_vi, name_en,
                        name_key, words, published_at)
         ON CONFLICT (register) DO UPDATE SET
             app = excluded.app, digest = excluded.digest, owner = excluded.owner, agencies = excluded.agencies,
             readers = excluded.readers, enters = excluded.enters, catalogue = excluded.catalogue, name_vi = excluded.name_vi,
             name_en = excluded.name_en, name_key = excluded.name_key, words = excluded.words, published_at = excluded.published_at",
    )
    .bind(&columns.registers)
    .bind(&columns.apps)
    .bind(&columns.digests)
    .bind(&columns.owners)
    .bind(&columns.agencies)
    .bind(&columns.readers)
    .bind(&columns.enters)
    .bind(&columns.catalogues)
    .bind(&columns.names_vi)
    .bind(&columns.names_en)
    .bind(&columns.name_keys)
    .bind(&columns.words)
    .bind(&columns.at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// What has happened to a record, for those who follow a register.
pub(crate) struct Changed<'a> {
    pub register: &'a str,
    pub record: Uuid,
    pub last: Option<Uuid>,
    pub kind: &'a str,
    pub at: DateTime<Utc>,
}

pub(crate) async fn tell(connection: &mut PgConnection, _: &Permit, changed: &Changed<'_>) -> Result<()> {
    sqlx::query("INSERT INTO registry.change (register, record, last, kind, at) VALUES ($1, $2, $3, $4, $5)")
        .bind(changed.register)
        .bind(changed.record)
        .bind(changed.last)
        .bind(changed.kind)
        .bind(changed.at)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// One line of the feed.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct FeedLine {
    pub xact: i64,
    pub seq: i64,
    pub record: Uuid,
    pub last: Option<Uuid>,
    pub kind: String,
    pub at: DateTime<Utc>,
}

/// What has happened to a register after a line. Only what was written by transactions before `open`, see [`open_since`]: a later look finds nothing
/// that comes before what was seen.
pub(crate) async fn feed(
    connection: &mut PgConnection,
    register: &str,
    (xact, seq): (i64, i64),
    (open, limit): (i64, i64),
) -> Result<Vec<FeedLine>> {
    sqlx::query_as(
        "SELECT xact::text::bigint AS xact, seq, record, last, kind, at
         FROM registry.change
         WHERE register = $1 AND (xact, seq) > ($2::text::xid8, $3) AND xact < $4::text::xid8
         ORDER BY change.xact, change.seq
         LIMIT $5",
    )
    .bind(register)
    .bind(xact.to_string())
    .bind(seq)
    .bind(open.to_string())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// One line of the feed of a register.
pub(crate) async fn feed_line(
    connection: &mut PgConnection,
    register: &str,
    (xact, seq): (i64, i64),
) -> Result<Option<FeedLine>> {
    let row: Option<(Uuid, Option<Uuid>, String, DateTime<Utc>)> = sqlx::query_as(
        "SELECT record, last, kind, at
         FROM registry.change
         WHERE register = $1 AND seq = $2 AND xact = $3::text::xid8",
    )
    .bind(register)
    .bind(seq)
    .bind(xact.to_string())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    Ok(row.map(|(record, last, kind, at)| FeedLine {
        xact,
        seq,
        record,
        last,
        kind,
        at,
    }))
}

/// The first transaction of this database that may still be open: what is told later comes from it or from one after it. Those of other databases of the
/// cluster, which the snapshot knows too, write nothing here; one of which nobody says whose it is counts as our own.
pub(crate) async fn open_since(connection: &mut PgConnection) -> Result<i64> {
    sqlx::query_scalar(
        "SELECT coalesce(
             (SELECT running
              FROM pg_snapshot_xip(pg_current_snapshot()) AS running
              WHERE NOT EXISTS (
                  SELECT FROM pg_stat_activity AS other
                  WHERE other.backend_xid = running::xid
                    AND other.datid <> (SELECT oid FROM pg_database WHERE datname = current_database()))
              ORDER BY running
              LIMIT 1),
             pg_snapshot_xmax(pg_current_snapshot()))::text::bigint",
    )
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// Where records that were merged have gone to, by identifier; those that were not are left out.
pub(crate) async fn remaining_of(
    connection: &mut PgConnection,
    register: &str,
    records: &[Uuid],
) -> Result<HashMap<Uuid, Uuid>> {
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "WITH RECURSIVE way AS (
             SELECT asked, asked AS record, 0 AS step FROM unnest($2::uuid[]) AS asked
             UNION ALL
             SELECT way.asked, merged.into_record, way.step + 1
             FROM way JOIN registry.merged ON merged.register = $1 AND merged.record = way.record
             WHERE way.step < 100
         )
         SELECT DISTINCT ON (asked) asked, record FROM way WHERE step > 0 ORDER BY asked, step DESC",
    )
    .bind(register)
    .bind(records)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows.into_iter().collect())
}

/// The record into which one was merged, and so on to the one that remains; itself where it was not.
pub(crate) async fn remaining(connection: &mut PgConnection, register: &str, record: Uuid) -> Result<Uuid> {
    sqlx::query_scalar(
        "WITH RECURSIVE way AS (
             SELECT $2::uuid AS record, 0 AS step
             UNION ALL
             SELECT merged.into_record, way.step + 1
             FROM way JOIN registry.merged ON merged.register = $1 AND merged.record = way.record
             WHERE way.step < 100
         )
         SELECT record FROM way ORDER BY step DESC LIMIT 1",
    )
    .bind(register)
    .bind(record)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}
