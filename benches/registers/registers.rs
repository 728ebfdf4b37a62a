//! Registers against the same cluster's own `COPY`: a file taken over with all checks, with and without bad rows, and lists of a million
//! records. `nice cargo bench -p registry --bench registers`; `RECORDS`, `CLIENTS`, `ROUNDS` and `CHUNK` change the run, `IMPORTS=0`
//! leaves out what lists do not need.

use std::{
    collections::BTreeMap,
    error::Error,
    fs::{self, File},
    io::{BufWriter, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use db::{Database, Durability, PageRequest, Source};
use futures::future::try_join_all;
use identity::{AgencyLevel, Area, AreaLevel, CodeOrigin, Config, Identity, NewAgency, Validity};
use kernel::{Actor, AgencyCode, SystemClock};
use op::{Ops, Reactions};
use registry::{Given, Query, Registry, definition::RecordDefinition};
use serde_json::{Map, Value};
use sqlx::PgPool;
use tabular::{Cell, Format, Limits};

/// As in the program itself.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// What a list is called here, what is asked for, and how many pages behind.
type Asked<'a> = (&'a str, Vec<(String, String)>, u32);

const WARDS: usize = 75;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}

/// Twelve columns of the sorts that registers are made of; `SEARCH` stands where a run wants indexes.
const REGISTER: &str = r#"
format: 1
record: NAME
vi: Hộ kinh doanh
en: Household businesses
about: { vi: Hộ kinh doanh., en: Household businesses. }
owner: SKHDT
sharing: [default]
update: import
readers: officials
retention: { years: 10 }
title: name
key: [code]
list: [code, name, ward, state]
fields:
  - { field: code, vi: Mã số, en: Code, type: text, pattern: 93A99999999, required: true, class: publicSEARCH }
  - { field: name, vi: Tên, en: Name, type: text, required: true, class: publicSEARCH }
  - { field: owner, vi: Chủ hộ, en: Keeper, type: name, required: true, class: personalSEARCH }
  - { field: ward, vi: Xã, en: Ward, type: area, required: true, class: publicSEARCH }
  - { field: address, vi: Địa chỉ, en: Address, type: text, class: internal }
  - { field: capital, vi: Vốn, en: Capital, type: money, class: publicSEARCH }
  - { field: staff, vi: Số lao động, en: Staff, type: number, min: 0, max: 500, class: public }
  - { field: state, vi: Trạng thái, en: State, type: choice, required: true, class: publicSEARCH, options: [{ code: active, vi: Đang hoạt động, en: Active }, { code: paused, vi: Tạm ngừng, en: Paused }, { code: ended, vi: Chấm dứt, en: Ended }] }
  - { field: started_on, vi: Ngày bắt đầu, en: Start, type: date, past: true, required: true, class: publicSEARCH }
  - { field: ended_on, vi: Ngày chấm dứt, en: End, type: date, class: public, required: state = "ended" }
  - { field: area, vi: Diện tích, en: Floor, type: number, decimals: 1, min: 0, class: public }
  - { field: food, vi: Kinh doanh thực phẩm, en: Food, type: yes_no, class: public }
rules:
  - { rule: order, that: ended_on = null or ended_on >= started_on, field: ended_on, vi: Ngày sai thứ tự., en: Wrong order. }
"#;

const COLUMNS: [&str; 12] = [
    "code",
    "name",
    "owner",
    "ward",
    "address",
    "capital",
    "staff",
    "state",
    "started_on",
    "ended_on",
    "area",
    "food",
];

const SURNAMES: [&str; 8] = ["Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Võ", "Đặng", "Bùi"];
const MIDDLE: [&str; 5] = ["Văn", "Thị", "Hoàng", "Ngọc", "Minh"];
const GIVEN: [&str; 10] = [
    "An", "Bình", "Châu", "Dung", "Đào", "Hạnh", "Khánh", "Lan", "Phúc", "Yến",
];
const TRADES: [&str; 6] = ["Tạp hóa", "Quán ăn", "Tiệm may", "Vật tư", "Nhà thuốc", "Cơ sở mộc"];

fn ward(n: u64) -> String {
    format!("{:05}", 31_300 + n % WARDS as u64)
}

/// One row. One of `bad` has a ward that is not there.
fn row(n: u64, bad: u64) -> String {
    // Spread, but the same in every run.
    let dice = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    let pick = |list: &[&'static str], shift: u32| list[((dice >> shift) % list.len() as u64) as usize];
    let place = if bad > 0 && n.is_multiple_of(bad) {
        "99999".to_owned()
    } else {
        ward(dice)
    };
    let ended = dice.is_multiple_of(11);
    format!(
        "93{}{:08},{} {} {},{} {} {},{place},Ấp {} đường số {},{},{},{},{}-{:02}-{:02},{},{}.{},{}\n",
        (b'A' + (n % 26) as u8) as char,
        n / 26,
        pick(&TRADES, 3),
        pick(&GIVEN, 7),
        dice % 5_000,
        pick(&SURNAMES, 11),
        pick(&MIDDLE, 14),
        pick(&GIVEN, 17),
        dice % 9,
        dice % 40,
        dice % 2_000_000 * 1_000,
        dice % 30,
        if ended {
            "ended"
        } else {
            ["active", "paused"][(dice % 2) as usize]
        },
        2000 + dice % 24,
        1 + dice % 12,
        1 + dice % 28,
        if ended { "2025-06-30" } else { "" },
        dice % 300,
        dice % 10,
        if dice.is_multiple_of(2) { "true" } else { "false" },
    )
}

fn file(folder: &Path, name: &str, records: u64, bad: u64) -> Outcome<PathBuf> {
    let path = folder.join(name);
    let mut out = BufWriter::new(File::create(&path)?);
    writeln!(out, "{}", COLUMNS.join(","))?;
    for n in 0..records {
        out.write_all(row(n, bad).as_bytes())?;
    }
    out.flush()?;
    Ok(path)
}

/// What the peer's table has beside the columns of the file.
const KEYS: &str = "ALTER TABLE bare ADD id uuid NOT NULL DEFAULT gen_random_uuid(), ADD valid_from date NOT NULL DEFAULT current_date,
     ADD PRIMARY KEY (id, valid_from), ADD UNIQUE (code);";
const WORDS: &str = "ALTER TABLE bare ADD words tsvector GENERATED ALWAYS AS
         (to_tsvector('simple', code || ' ' || name || ' ' || owner || ' ' || coalesce(address, ''))) STORED;
     CREATE INDEX ON bare USING gin (words);";

/// What the cluster takes: the same file by its own `COPY`, into a table without an index, or with some of those that every register has.
async fn copy(pool: &PgPool, path: &Path, also: &[&'static str]) -> Outcome<Duration> {
    sqlx::raw_sql(
        "DROP TABLE IF EXISTS bare;
         CREATE TABLE bare (code text, name text, owner text, ward text, address text, capital bigint, staff numeric, state text,
             started_on date, ended_on date, area numeric, food boolean)",
    )
    .execute(pool)
    .await?;
    for more in also {
        sqlx::raw_sql(*more).execute(pool).await?;
    }
    let mut connection = pool.acquire().await?;
    // The pool gives no statement so long.
    sqlx::raw_sql("SET statement_timeout = 0")
        .execute(&mut *connection)
        .await?;
    let begin = Instant::now();
    let columns = COLUMNS.join(", ");
    let mut into = connection
        .copy_in_raw(&format!("COPY bare ({columns}) FROM STDIN (FORMAT csv, HEADER)"))
        .await?;
    into.read_from(tokio::fs::File::open(path).await?).await?;
    into.finish().await?;
    let took = begin.elapsed();
    sqlx::raw_sql("RESET statement_timeout")
        .execute(&mut *connection)
        .await?;
    Ok(took)
}

struct House {
    ops: Ops,
    registry: Registry,
    agencies: BTreeMap<String, kernel::AgencyId>,
}

async fn house(pool: &PgPool, folder: &Path) -> Outcome<House> {
    let ops = Ops::new(pool.clone(), Arc::new(SystemClock), Reactions::new(), testkit::policy());
    let vault = vault::Vault::open(&folder.join("keys"), ops.now())?;
    let identity = Identity::new(pool.clone(), Arc::new(SystemClock), vault, Config::default())?;
    let mut op = ops.open(Actor::System("bench")).await?;
    let since = Validity::since("2004-01-01".parse()?);
    let area = |code: String, level, parent: Option<&str>| Area {
        name: format!("Xã {code}"),
        code,
        level,
        parent: parent.map(str::to_owned),
        validity: since,
    };
    identity
        .upsert_area(&mut op, &area("93".into(), AreaLevel::Province, None))
        .await?;
    for n in 0..WARDS {
        identity
            .upsert_area(&mut op, &area(ward(n as u64), AreaLevel::Ward, Some("93")))
            .await?;
    }
    let agency = NewAgency {
        code: AgencyCode::parse("H30.05")?,
        origin: CodeOrigin::Local,
        name: "Sở Kế hoạch và Đầu tư".into(),
        level: AgencyLevel::Province,
        kind: "department".into(),
        parent: None,
        area_code: None,
        address: String::new(),
        phone: String::new(),
        validity: since,
    };
    let id = identity.upsert_agency(&mut op, &agency).await?;
    op.commit().await?;
    Ok(House {
        ops,
        registry: Registry::new(identity),
        agencies: BTreeMap::from([("SKHDT".to_owned(), id)]),
    })
}

impl House {
    async fn publish(&self, name: &str, search: bool) -> Outcome {
        let text = REGISTER
            .replace("NAME", name)
            .replace("SEARCH", if search { ", search: true" } else { "" });
        let mut problems = schema::Problems::new();
        let definition = RecordDefinition::read("bench", &text, &mut problems).ok_or_else(|| problems.to_string())?;
        let mut op = self.ops.open(Actor::System("bench")).await?;
        self.registry
            .publish(&mut op, "bench", &definition, &self.agencies)
            .await?;
        Ok(op.commit().await?)
    }

    /// Reads the file and takes it over chunk by chunk, each chunk one operation, the next one read meanwhile.
    async fn import(&self, name: &str, path: &Path) -> Outcome<(Duration, registry::Taken)> {
        let chunk = usize::try_from(setting("CHUNK", 10_000))?;
        let begin = Instant::now();
        let rows = tabular::read(File::open(path)?, Format::Csv, &Limits::of_rows(100_000_000))?;
        let (send, mut receive) = tokio::sync::mpsc::channel::<Vec<Given>>(2);
        let reader = tokio::task::spawn_blocking(move || {
            let headings = rows.headings().to_vec();
            let mut all = Vec::with_capacity(chunk);
            for row in rows.flatten() {
                let mut fields = Map::new();
                for (heading, cell) in headings.iter().zip(row.cells) {
                    if let Cell::Text(text) = cell {
                        fields.insert(heading.clone(), Value::String(text));
                    }
                }
                all.push(Given {
                    number: row.number,
                    fields,
                    from: None,
                    to: None,
                });
                if all.len() == chunk && send.blocking_send(std::mem::take(&mut all)).is_err() {
                    return;
                }
            }
            let _ = send.blocking_send(all);
        });
        let mut whole = registry::Taken::default();
        while let Some(rows) = receive.recv().await {
            let mut op = self.ops.open(Actor::System("bench")).await?;
            let taken = self
                .registry
                .take_over(&mut op, name, rows, registry::Keep::Sealed)
                .await?;
            op.commit().await?;
            whole.created += taken.created;
            whole.changed += taken.changed;
            whole.unchanged += taken.unchanged;
            whole.bad.extend(taken.bad);
        }
        reader.await?;
        Ok((begin.elapsed(), whole))
    }

    /// So many people, who look at what they got for 0.2 to 0.6 seconds, then as many programs without pause, each asking the next of these lists: how
    /// long the answers took.
    async fn lists(&self, name: &str, asked: &[Asked<'_>]) -> Outcome {
        let mut op = self.ops.look_for(Actor::System("bench"), uuid::Uuid::now_v7()).await?;
        let definition = self.registry.register(&mut op, name).await?.definition;
        drop(op);
        for (what, pairs, deep) in asked {
            let (query, _) = Query::read(&definition, pairs)?;
            let after = self.deep(name, &query, *deep).await?;
            let people = self.asked(name, &query, &after, true).await?;
            let programs = self.asked(name, &query, &after, false).await?;
            println!("{what:<34} people: {people}; programs: {programs}");
        }
        Ok(())
    }

    /// One list asked by all clients as often as there are rounds, or until half a minute is over.
    async fn asked(&self, name: &str, query: &Query, after: &Option<String>, pause: bool) -> Outcome<String> {
        let clients = setting("CLIENTS", 50);
        let rounds = setting("ROUNDS", 20);
        let begin = Instant::now();
        let all = (0..clients).map(|client| async move {
            let mut times = Vec::new();
            for round in 0..rounds {
                if pause {
                    // Spread, but the same in every run.
                    let dice = (client * rounds + round).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
                    tokio::time::sleep(Duration::from_millis(200 + dice % 400)).await;
                }
                if begin.elapsed() > Duration::from_secs(30) {
                    break;
                }
                let asked = Instant::now();
                let mut op = self.ops.look_for(Actor::System("bench"), uuid::Uuid::now_v7()).await?;
                let page = PageRequest::new(after.clone(), Some(25));
                let listing = self.registry.list(&mut op, name, query, &page).await?;
                drop(op);
                if listing.page.items.is_empty() {
                    return Err(format!("nothing was found by {query:?}").into());
                }
                times.push(asked.elapsed());
            }
            Outcome::Ok(times)
        });
        let mut times: Vec<Duration> = try_join_all(all).await?.into_iter().flatten().collect();
        let whole = begin.elapsed();
        times.sort();
        let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
        Ok(format!(
            "p50 {:>6.1} ms p99 {:>6.1} ms {:>5.0}/s",
            at(50),
            at(99),
            times.len() as f64 / whole.as_secs_f64()
        ))
    }

    /// The cursor of a page far behind.
    async fn deep(&self, name: &str, query: &Query, pages: u32) -> Outcome<Option<String>> {
        let mut after = None;
        for _ in 0..pages.div_ceil(8) {
            let mut op = self.ops.look_for(Actor::System("bench"), uuid::Uuid::now_v7()).await?;
            let page = PageRequest::new(after, Some(200));
            after = self.registry.list(&mut op, name, query, &page).await?.page.next;
        }
        Ok(after)
    }
}

#[tokio::main]
async fn main() -> Outcome {
    let folder = tempfile::tempdir()?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
    let source = Source::Private {
        data_dir: folder.path().join("data"),
        durability: Durability::Durable,
    };
    let database = Database::open(&source, 16).await?;
    let pool = database.pool();
    db::migrate(pool, &[op::MIGRATIONS, identity::MIGRATIONS, registry::MIGRATIONS]).await?;
    let house = house(pool, folder.path()).await?;
    let records = setting("RECORDS", 1_000_000);
    let good = file(folder.path(), "good.csv", records, 0)?;
    let mixed = file(folder.path(), "mixed.csv", records, 100)?;
    println!("{records} records, {} MB", fs::metadata(&good)?.len() / 1_000_000);
    let all = setting("IMPORTS", 1) > 0;
    let rate = |time: Duration| records as f64 / time.as_secs_f64();
    let copied = copy(pool, &good, &[]).await?;
    let keyed = copy(pool, &good, &[KEYS]).await?;
    let worded = copy(pool, &good, &[KEYS, WORDS]).await?;
    for (name, time) in [
        ("COPY alone", copied),
        ("COPY with the same keys", keyed),
        ("COPY with keys and words", worded),
    ] {
        println!(
            "{name:<29} {:>8.2} s  {:>9.0} records/s",
            time.as_secs_f64(),
            rate(time)
        );
    }
    for (name, search, path) in [
        ("plain_good", false, &good),
        ("plain_mixed", false, &mixed),
        ("searched_good", true, &good),
    ] {
        if !(search || all) {
            continue;
        }
        house.publish(name, search).await?;
        let (time, taken) = house.import(name, path).await?;
        println!(
            "{name:<29} {:>8.2} s  {:>9.0} records/s  {:.2} of COPY, {:.2} with keys, {:.2} with words  ({} created, {} bad)",
            time.as_secs_f64(),
            rate(time),
            copied.as_secs_f64() / time.as_secs_f64(),
            keyed.as_secs_f64() / time.as_secs_f64(),
            worded.as_secs_f64() / time.as_secs_f64(),
            taken.created,
            taken.bad.len()
        );
    }
    if all {
        let (time, taken) = house.import("plain_good", &good).await?;
        println!(
            "{:<29} {:>8.2} s  {:>9.0} records/s  ({} unchanged)",
            "the same file again",
            time.as_secs_f64(),
            rate(time),
            taken.unchanged
        );
    }
    sqlx::raw_sql("VACUUM ANALYZE").execute(pool).await?;
    let pairs = |all: &[(&str, &str)]| -> Vec<(String, String)> {
        all.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    let name = row(records / 2, 0).split(',').nth(1).unwrap_or_default().to_owned();
    let asked = [
        ("the newest", pairs(&[]), 0),
        ("a ward, the newest", pairs(&[("ward", "31310")]), 0),
        ("a ward, by name", pairs(&[("ward", "31310"), ("sort", "name")]), 0),
        (
            "a ward and a state, by capital",
            pairs(&[("ward", "31310"), ("state", "paused"), ("sort", "-capital")]),
            0,
        ),
        ("by code, page 1", pairs(&[("sort", "code")]), 0),
        ("by code, page 10,000", pairs(&[("sort", "code")]), 10_000),
        ("by keeper", pairs(&[("sort", "owner")]), 0),
        (
            "by day of beginning, a year",
            pairs(&[
                ("sort", "started_on"),
                ("started_on.from", "2015-01-01"),
                ("started_on.to", "2015-12-31"),
            ]),
            0,
        ),
        (
            "a capital between",
            pairs(&[
                ("capital.from", "500000000"),
                ("capital.to", "501000000"),
                ("sort", "capital"),
            ]),
            0,
        ),
        ("one code", pairs(&[("code", "93A00000100")]), 0),
        ("words: the name of one", pairs(&[("q", name.as_str())]), 0),
        ("words: a frequent one", pairs(&[("q", "nguyen")]), 0),
        ("words: two, by name", pairs(&[("q", "tiem yen"), ("sort", "name")]), 0),
    ];
    house.lists("searched_good", &asked).await
}
