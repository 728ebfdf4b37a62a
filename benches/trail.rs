//! The audit trail against a database that keeps its promises (`fsync` on): entries written a second, entries sealed and verified a
//! second. `nice cargo bench -p op --bench trail`; `ENTRIES`, `SECONDS`, `WRITERS` and `ROUNDS` change the run.

use std::{
    error::Error,
    fs,
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use db::{Database, Durability, Source};
use futures::{TryStreamExt, future::try_join_all};
use kernel::{Actor, SystemClock};
use op::{Entry, Ops, Reactions, audit};
use serde_json::json;
use sqlx::PgPool;
use tokio::sync::watch;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}

/// As long and as varied as what an officer's reading leaves.
fn entry(n: u64) -> Entry {
    Entry::new("dossiers.read", format!("dossier:0191f0c4-7b1e-7c3a-9d2f-{n:012x}"))
        .purpose(format!("H30.29.01-261130-{n:04}"))
        .detail(json!({ "by": { "name": "Nguyễn Thị Hồng Gấm", "position": "Công chức tư pháp", "agency": "UBND Phường I" }, "n": n }))
}

/// Runs `turn` by so many at once for some seconds; how many turns a second that were.
async fn for_a_while<F, T>(turn: F) -> Outcome<f64>
where
    F: Fn() -> T,
    T: Future<Output = Outcome>,
{
    let (writers, time) = (setting("WRITERS", 32), Duration::from_secs(setting("SECONDS", 10)));
    let (begin, done) = (Instant::now(), AtomicU64::new(0));
    let all = (0..writers).map(|_| async {
        while begin.elapsed() < time {
            turn().await?;
            done.fetch_add(1, Ordering::Relaxed);
        }
        Outcome::Ok(())
    });
    try_join_all(all).await?;
    Ok(done.into_inner() as f64 / begin.elapsed().as_secs_f64())
}

async fn write(ops: &Ops, from: u64, count: u64) -> Outcome {
    let mut op = ops.open(Actor::System("bench")).await?;
    for n in from..from + count {
        op.record(entry(n)).await?;
    }
    Ok(op.commit().await?)
}

/// What the hardware and PostgreSQL allow: the same row by one statement, in no operation.
async fn bare(ops: &Ops) -> Outcome {
    sqlx::query(
        "INSERT INTO op.audit_entry (at, actor, action, subject, purpose, request, detail, digest)
         VALUES (now(), 'system:bench', 'dossiers.read', 'dossier:0191f0c4-7b1e-7c3a-9d2f-000000000000', 'H30.29.01-261130-0001',
                 gen_random_uuid(), repeat('x', 130), sha256('x'))",
    )
    .execute(ops.pool())
    .await?;
    Ok(())
}

/// What PostgreSQL gives out by one connection: all entries and all links, and nothing done with them.
async fn copy(pool: &PgPool) -> Outcome<usize> {
    let mut connection = pool.acquire().await?;
    let mut bytes = 0;
    for table in ["op.audit_seal", "op.audit_entry"] {
        let statement = format!("COPY {table} TO STDOUT (FORMAT binary)");
        let mut stream = connection.copy_out_raw(&statement).await?;
        while let Some(piece) = stream.try_next().await? {
            bytes += piece.len();
        }
    }
    Ok(bytes)
}

#[tokio::main]
async fn main() -> Outcome {
    let folder = tempfile::tempdir()?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
    let source = Source::Private {
        data_dir: folder.path().join("data"),
        durability: Durability::Durable,
    };
    let database = Database::open(&source, 32).await?;
    let pool = database.pool();
    db::migrate(pool, &[op::MIGRATIONS]).await?;
    let ops = Ops::new(pool.clone(), Arc::new(SystemClock), Reactions::new(), Arc::default());

    println!(
        "bare statements           {:>10.0} entries/s",
        for_a_while(|| bare(&ops)).await?
    );
    // Their digests are none.
    sqlx::raw_sql("TRUNCATE op.audit_entry").execute(pool).await?;
    let (stop, stopped) = watch::channel(false);
    let sealer = tokio::spawn(audit::keep_sealing(ops.clone(), stopped));
    let next = AtomicU64::new(0);
    for each in [1, 4] {
        let rate = for_a_while(|| write(&ops, next.fetch_add(each, Ordering::Relaxed), each)).await?;
        println!(
            "written, {each} an operation    {:>10.0} entries/s, the sealer at work",
            rate * each as f64
        );
    }
    stop.send(true)?;
    sealer.await?;
    audit::seal(pool).await?;

    let count = setting("ENTRIES", 1_000_000);
    let filling = Instant::now();
    for from in (0..count).step_by(10_000) {
        write(&ops, from, 10_000).await?;
    }
    println!(
        "written, 10,000 at a time {:>10.0} entries/s",
        count as f64 / filling.elapsed().as_secs_f64()
    );
    let sealing = Instant::now();
    let sealed = audit::seal(pool).await?;
    println!(
        "sealed                    {:>10.0} entries/s",
        sealed as f64 / sealing.elapsed().as_secs_f64()
    );
    sqlx::raw_sql("VACUUM (ANALYZE)").execute(pool).await?;
    for _ in 0..setting("ROUNDS", 3) {
        let copying = Instant::now();
        let copied = copy(pool).await?;
        println!(
            "copied {copied:>9} bytes   {:>10.0} entries/s, hashed by nobody",
            sealed as f64 / copying.elapsed().as_secs_f64()
        );
        let verifying = Instant::now();
        let report = audit::verify(pool).await?;
        let took = verifying.elapsed().as_secs_f64();
        assert!(report.broken.is_empty(), "{:?}", report.broken.first());
        println!(
            "verified {:>9}        {:>10.0} entries/s",
            report.checked,
            report.checked as f64 / took
        );
    }
    let file = folder.path().join("export.jsonl");
    let exporting = Instant::now();
    let exported = {
        let mut out = std::io::BufWriter::with_capacity(1 << 20, fs::File::create(&file)?);
        audit::export(&ops, audit::Stretch::default(), &mut out).await?
    };
    println!(
        "exported                  {:>10.0} entries/s",
        exported.count as f64 / exporting.elapsed().as_secs_f64()
    );
    let reading = Instant::now();
    let report = audit::verify_file(std::io::BufReader::with_capacity(1 << 20, fs::File::open(&file)?), &[])?;
    assert!(report.broken.is_empty(), "{:?}", report.broken.first());
    println!(
        "verified in the export    {:>10.0} entries/s",
        report.checked as f64 / reading.elapsed().as_secs_f64()
    );
    Ok(())
}
