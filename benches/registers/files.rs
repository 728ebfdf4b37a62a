//! Files out of a register and into one, the whole way: as many bytes a second, and what memory it takes.
//! `nice cargo bench -p registry --bench files`; `RECORDS`, `FORMATS` and `FILE_MB` (an import of a file of that size) change the run.

use std::{
    collections::BTreeMap,
    error::Error,
    fmt::Write as _,
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use db::{Database, Durability, Source};
use files::{Files, Limits};
use futures::{Stream, StreamExt, stream};
use identity::{
    AgencyLevel, Area, AreaLevel, CodeOrigin, Config, Identity, NewAccount, NewAgency, NewPerson, NewPosition, Validity,
};
use kernel::{Actor, AgencyCode, AgencyId, Official, SystemClock};
use op::{Jobs, Ops, Reactions};
use registry::{Registry, Wish, definition::RecordDefinition, import};
use render::{Locale, Texts};
use sqlx::PgPool;

/// As in the program itself.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

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
  - { field: code, vi: Mã số, en: Code, type: text, pattern: 93A99999999, required: true, class: public }
  - { field: name, vi: Tên, en: Name, type: text, required: true, class: public }
  - { field: owner, vi: Chủ hộ, en: Keeper, type: name, required: true, class: personal }
  - { field: ward, vi: Xã, en: Ward, type: area, required: true, class: public }
  - { field: address, vi: Địa chỉ, en: Address, type: text, class: internal }
  - { field: capital, vi: Vốn, en: Capital, type: money, class: public }
  - { field: staff, vi: Số lao động, en: Staff, type: number, min: 0, max: 500, class: public }
  - { field: state, vi: Trạng thái, en: State, type: choice, required: true, class: public, options: [{ code: active, vi: Đang hoạt động, en: Active }, { code: paused, vi: Tạm ngừng, en: Paused }] }
  - { field: started_on, vi: Ngày bắt đầu, en: Start, type: date, past: true, required: true, class: public }
  - { field: area, vi: Diện tích, en: Floor, type: number, decimals: 1, min: 0, class: public }
  - { field: food, vi: Kinh doanh thực phẩm, en: Food, type: yes_no, class: public }
  - { field: phone, vi: Điện thoại, en: Telephone, type: phone, class: CLASS }
"#;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}

/// Rows of a file as they are asked for, some hundred at a time.
fn rows(records: u64) -> impl Stream<Item = std::io::Result<Bytes>> + Send {
    let head = "Mã số,Tên,Chủ hộ,Xã,Địa chỉ,Vốn,Số lao động,Trạng thái,Ngày bắt đầu,Diện tích,Kinh doanh thực phẩm,Điện thoại\n";
    let pieces = (0..records.div_ceil(500)).map(move |piece| {
        let mut text = String::new();
        for n in piece * 500..((piece + 1) * 500).min(records) {
            let dice = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
            let _ = writeln!(
                text,
                "93{}{:08},Tạp hóa số {n},Nguyễn Văn Mẫu,{:05},\"Ấp {}, đường số {}\",{}.000.000,{},Đang hoạt động,{:02}/{:02}/{},\"{},{}\",{},09{:08}",
                (b'A' + (n % 26) as u8) as char,
                n / 26,
                31_300 + dice % 75,
                dice % 9,
                dice % 40,
                dice % 900,
                dice % 30,
                1 + dice % 28,
                1 + dice % 12,
                2000 + dice % 24,
                dice % 300,
                dice % 10,
                if dice.is_multiple_of(2) { "có" } else { "không" },
                n % 100_000_000,
            );
        }
        Ok(Bytes::from(text))
    });
    stream::iter(std::iter::once(Ok(Bytes::from(head))).chain(pieces))
}

/// The memory of this program now, in bytes.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// Watches the memory while something is done: how long it took, and by how much memory rose at most.
async fn watched<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<(T, Duration, f64)> {
    let (over, most) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let before = memory();
    let watcher = {
        let (over, most) = (over.clone(), most.clone());
        tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                most.fetch_max(memory(), Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
    };
    let begin = Instant::now();
    let done = work.await?;
    let took = begin.elapsed();
    over.store(true, Ordering::Relaxed);
    watcher.await?;
    let rose = most.load(Ordering::Relaxed).saturating_sub(before);
    Ok((done, took, rose as f64 / f64::from(1 << 20)))
}

struct House {
    ops: Ops,
    registry: Registry,
    agency: AgencyId,
    officer: Actor,
    texts: Arc<Texts>,
}

async fn house(pool: &PgPool, folder: &Path) -> Outcome<House> {
    let ops = Ops::new(pool.clone(), Arc::new(SystemClock), Reactions::new(), testkit::policy());
    let vault = vault::Vault::open(&folder.join("keys"), ops.now())?;
    let config = Config {
        policy: testkit::policy(),
        second_factor: identity::SecondFactorRule::Offered,
        ..Config::default()
    };
    let identity = Identity::new(pool.clone(), Arc::new(SystemClock), vault, config)?;
    let mut op = ops.open(Actor::System("bench")).await?;
    let since = Validity::since("2004-01-01".parse()?);
    let area = |code: String, level, parent: Option<&str>| Area {
        name: format!("Xã {code}"),
        code,
        level,
        parent: parent.map(str::to_owned),
        validity: since,
    };
    let province = area("93".into(), AreaLevel::Province, None);
    identity.upsert_area(&mut op, &province).await?;
    for n in 0..75 {
        let ward = area(format!("{:05}", 31_300 + n), AreaLevel::Ward, Some("93"));
        identity.upsert_area(&mut op, &ward).await?;
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
    let agency = identity.upsert_agency(&mut op, &agency).await?;
    let person = identity
        .register_person(&mut op, &NewPerson::named("Trần Văn Mẫu"))
        .await?;
    let position = NewPosition {
        agency,
        unit: None,
        code: "bench".into(),
        title: "Chuyên viên".into(),
        roles: vec!["specialist".into()],
        validity: since,
    };
    let position = identity.upsert_position(&mut op, &position).await?;
    identity.hold_position(&mut op, person, position, since).await?;
    let account = NewAccount {
        person,
        login: "bench".into(),
        password: None,
    };
    let account = identity.create_account(&mut op, &account).await?;
    op.commit().await?;
    let officer = Actor::Official(Official {
        account,
        person,
        name: "Trần Văn Mẫu".into(),
        position,
        position_title: "Chuyên viên".into(),
        agency,
        agency_code: "H30.05".into(),
        agency_name: "Sở Kế hoạch và Đầu tư".into(),
        unit: None,
        roles: vec!["specialist".into()],
        below: Vec::new(),
        stands_for: None,
    });
    let files = Files::new(folder.join("files"), Limits::default());
    Ok(House {
        ops,
        registry: Registry::new(identity).with_files(files),
        agency,
        officer,
        texts: Arc::new(Texts::embedded()?),
    })
}

impl House {
    async fn publish(&self, name: &str, class: &str) -> Outcome {
        let text = REGISTER.replace("NAME", name).replace("CLASS", class);
        let mut problems = schema::Problems::new();
        let definition = RecordDefinition::read("bench", &text, &mut problems).ok_or_else(|| problems.to_string())?;
        let mut op = self.ops.open(Actor::System("bench")).await?;
        let agencies = BTreeMap::from([("SKHDT".to_owned(), self.agency)]);
        self.registry.publish(&mut op, "bench", &definition, &agencies).await?;
        Ok(op.commit().await?)
    }

    /// Takes a file in, confirms its columns and reads it to the end.
    async fn import(&self, register: &str, records: u64) -> Outcome<import::Import> {
        let arrived = self.registry.receive_import("bench.csv", rows(records)).await?;
        let mut op = self.ops.open(self.officer.clone()).await?;
        let begun = self.registry.begin_import(&mut op, register, arrived).await?;
        let known = import::known(&self.texts);
        let said = BTreeMap::new();
        self.registry
            .start_import(&mut op, register, begun.id, (&known, &said), None)
            .await?;
        op.commit().await?;
        let mut jobs = Jobs::new();
        import::register(&mut jobs, &self.registry);
        op::drain(&self.ops, &jobs).await?;
        let mut op = self.ops.open(self.officer.clone()).await?;
        Ok(self.registry.import(&mut op, register, begun.id).await?)
    }

    /// Takes a file out and counts its bytes.
    async fn export(&self, register: &str, format: &str, purpose: &str) -> Outcome<u64> {
        let mut op = self.ops.open(self.officer.clone()).await?;
        let definition = self.registry.register(&mut op, register).await?.definition;
        let pairs = [("format", format), ("purpose", purpose)].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let wish = Wish::read(&definition, &pairs, Locale::Vi)?;
        let export = self.registry.export(&mut op, register, wish, &self.texts).await?;
        op.commit().await?;
        let mut bytes = std::pin::pin!(export.stream(self.ops.clone()));
        let mut count = 0;
        while let Some(piece) = bytes.next().await {
            count += piece?.len() as u64;
        }
        Ok(count)
    }
}

#[tokio::main]
async fn main() -> Outcome {
    // What was asked of the harness means nothing here.
    let folder = tempfile::Builder::new().prefix("ngabay-files").tempdir()?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
    let source = Source::Private {
        data_dir: folder.path().join("data"),
        durability: Durability::Durable,
    };
    let database = Database::open(&source, 8).await?;
    let pool = database.pool();
    db::migrate(
        pool,
        &[
            op::MIGRATIONS,
            files::MIGRATIONS,
            identity::MIGRATIONS,
            registry::MIGRATIONS,
        ],
    )
    .await?;
    let house = house(pool, folder.path()).await?;
    let records = setting("RECORDS", 100_000);
    for (name, class, purpose) in [
        ("open", "internal", ""),
        ("sealed", "personal", "Đo tốc độ xuất dữ liệu"),
    ] {
        house.publish(name, class).await?;
        for again in ["new", "again"] {
            let (done, took, rose) = watched(house.import(name, records)).await?;
            println!(
                "import {name:<7} {again:<6} {records:>9} rows  {:>7.2} s  {:>9.0} rows/s  +{rose:>4.0} MB  ({} created, {} unchanged, {} bad)",
                took.as_secs_f64(),
                records as f64 / took.as_secs_f64(),
                done.created,
                done.unchanged,
                done.bad
            );
        }
        let formats = std::env::var("FORMATS").unwrap_or_else(|_| "csv,xlsx,jsonl,parquet".to_owned());
        for format in formats.split(',') {
            let (bytes, took, rose) = watched(house.export(name, format, purpose)).await?;
            println!(
                "export {name:<7} {format:<8} {records:>7} rows  {:>7.2} s  {:>9.0} rows/s  +{rose:>4.0} MB  ({:.1} MB)",
                took.as_secs_f64(),
                records as f64 / took.as_secs_f64(),
                bytes as f64 / 1e6
            );
        }
    }
    let large = setting("FILE_MB", 0);
    if large > 0 {
        house.publish("large", "internal").await?;
        // A row has some 143 bytes.
        let records = large * (1 << 20) / 143;
        let (done, took, rose) = watched(house.import("large", records)).await?;
        println!(
            "import large   {:>9} MB {records:>9} rows  {:>7.1} s  {:>9.0} rows/s  +{rose:>4.0} MB  ({} created, {} bad)",
            done.file_size >> 20,
            took.as_secs_f64(),
            records as f64 / took.as_secs_f64(),
            done.created,
            done.bad
        );
    }
    Ok(())
}
