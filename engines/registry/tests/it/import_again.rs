//! Imports that are cut off, done twice, done by two at once, or hold a thing twice.

use std::task::Poll;

use chrono::TimeDelta;
use kernel::Actor;
use op::NewJob;
use registry::import::{JOB, State};
use serde_json::json;
use tabular::Format;

use crate::desk::{Desk, Officer, table, texts};

/// So many streets; every hundredth is bad.
fn streets(count: usize) -> String {
    let mut file = String::from("code,name,width\n");
    for row in 1..=count {
        let width = if row % 100 == 0 { "rộng" } else { "12,5" };
        file.push_str(&format!("D{row:05},Đường số {row},\"{width}\"\n"));
    }
    file
}

/// Lets a work go so many steps far, then drops it; whether it has ended before.
async fn up_to(steps: u32, work: impl Future) -> bool {
    let mut work = std::pin::pin!(work);
    let mut left = steps;
    std::future::poll_fn(|context| {
        left -= 1;
        match (work.as_mut().poll(context), left) {
            (Poll::Ready(_), _) => Poll::Ready(true),
            (Poll::Pending, 0) => Poll::Ready(false),
            (Poll::Pending, _) => Poll::Pending,
        }
    })
    .await
}

async fn started(desk: &Desk, officer: &Officer, file: &str) -> registry::import::Import {
    let import = desk.upload(officer, "street", "d.csv", file.as_bytes()).await.unwrap();
    desk.start(officer, &import, &[]).await.unwrap();
    import
}

/// The program is killed at any moment; another goes on behind the last row that was written, and every row is there once.
#[tokio::test]
async fn after_a_crash_it_goes_on_where_it_was() {
    let desk = Desk::new().await;
    let officer = desk.officer("SXD", "specialist").await;
    let import = started(&desk, &officer, &streets(9_000)).await;
    let ops = desk.town.scratch.ops.clone();
    let mut cut = 0;
    for steps in (1..).map(|round| round * 7) {
        let jobs = Desk::jobs(&Desk::node(&desk.town));
        // Whatever it is doing then ends: its transaction is undone, its files are closed, its job stays taken.
        cut += u32::from(!up_to(steps, op::drain(&ops, &jobs)).await);
        let now = desk.look(&officer, &import).await.unwrap();
        assert_eq!(now.created + now.bad, now.rows, "rows and progress are one");
        assert_eq!(desk.count_of("street").await, i64::try_from(now.created).unwrap());
        desk.town.scratch.clock.advance(TimeDelta::minutes(6));
        if now.state.has_ended() {
            break;
        }
    }
    assert!(cut > 3, "it was cut off {cut} times");
    desk.town.scratch.clock.advance(TimeDelta::minutes(6));
    desk.drain().await;
    let import = desk.look(&officer, &import).await.unwrap();
    assert_eq!(
        (
            import.state,
            import.rows,
            import.created,
            import.changed,
            import.unchanged,
            import.bad
        ),
        (State::Done, 9_000, 8_910, 0, 0, 90)
    );
    assert_eq!(desk.count("street").await, 8_910);
    let (_, rows) = table(Format::Csv, &desk.bad_rows(&officer, &import).await.unwrap());
    assert_eq!(rows.len(), 90);
    assert_eq!(texts(&rows[0])[..2], ["D00100", "Đường số 100"]);
    // A job of before comes again: it was done.
    for from in [0, 2_000, 9_000] {
        let mut op = desk.town.op(&Actor::System("test")).await;
        op.enqueue(NewJob::new(JOB, json!({ "import": import.id, "from": from })))
            .await
            .unwrap();
        op.commit().await.unwrap();
    }
    desk.drain().await;
    assert_eq!(desk.look(&officer, &import).await.unwrap(), import);
}

/// Two programs carry one import on together, and a second file with the same keys is read meanwhile: every key is there once.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_import_at_once() {
    let desk = Desk::new().await;
    let officer = desk.officer("SXD", "specialist").await;
    let one = started(&desk, &officer, &streets(6_000)).await;
    let other = started(&desk, &officer, &streets(5_000)).await;
    let drains = (0..3).map(|_| {
        let ops = desk.town.scratch.ops.clone();
        let jobs = Desk::jobs(&Desk::node(&desk.town));
        tokio::spawn(async move { op::drain(&ops, &jobs).await.unwrap() })
    });
    for drain in drains.collect::<Vec<_>>() {
        drain.await.unwrap();
    }
    // A piece that met another's keys waits a little and comes again.
    for _ in 0..20 {
        desk.town.scratch.clock.advance(TimeDelta::minutes(10));
        desk.drain().await;
    }
    let one = desk.look(&officer, &one).await.unwrap();
    let other = desk.look(&officer, &other).await.unwrap();
    assert_eq!((one.state, one.rows, one.bad), (State::Done, 6_000, 60));
    assert_eq!((other.state, other.rows, other.bad), (State::Done, 5_000, 50));
    assert_eq!(one.created + other.created, 5_940);
    assert_eq!(one.unchanged + other.unchanged, 4_950);
    assert_eq!(
        (desk.count("street").await, desk.count("street__was").await),
        (5_940, 0)
    );
}

/// Fields without a column keep what records have; what stands in an empty cell of a column is emptied.
#[tokio::test]
async fn a_file_of_two_columns_empties_no_other() {
    let desk = Desk::new().await;
    let officer = desk.officer("SCT", "specialist").await;
    let first = "Mã,Tên,Xã,Vốn,Điện thoại,Trạng thái\nCH-0001,A,31340,5000000,0912345678,open\n";
    desk.bring(&officer, "shop", "a.csv", first.as_bytes()).await;
    let second = "Mã,Tên,Trạng thái\nCH-0001,B,\nCH-0002,C,open\n";
    let import = desk.bring(&officer, "shop", "b.csv", second.as_bytes()).await;
    assert_eq!(
        (import.created, import.changed, import.bad),
        (0, 1, 1),
        "a new shop needs its ward"
    );
    let listed = desk.town.list(&officer.actor, "shop", &[]).await.unwrap();
    let mut op = desk.town.op(&officer.actor).await;
    let record = desk
        .registry
        .record(&mut op, "shop", listed[0].id, Default::default(), Some("Kiểm tra"))
        .await
        .unwrap();
    assert_eq!(
        json!(record.values),
        json!({ "code": "CH-0001", "name": "B", "ward": "31340", "capital": 5_000_000, "large": false, "phone": "0912345678" })
    );
    let import = desk
        .bring(&officer, "shop", "b.csv", "Mã,Tên\nCH-0001,B\n".as_bytes())
        .await;
    assert_eq!(import.unchanged, 1);
}

/// A key stands in a file once for each day: the second row is handed back, however far behind the first it stands.
#[tokio::test]
async fn the_same_row_twice_is_told() {
    let desk = Desk::new().await;
    let officer = desk.officer("SXD", "specialist").await;
    let mut file = streets(4_500);
    file.push_str("D00001,Đường khác,1\n");
    let import = started(&desk, &officer, &file).await;
    desk.drain().await;
    let import = desk.look(&officer, &import).await.unwrap();
    assert_eq!((import.created, import.changed, import.bad), (4_455, 0, 46));
    let (_, rows) = table(Format::Csv, &desk.bad_rows(&officer, &import).await.unwrap());
    assert_eq!(texts(rows.last().unwrap())[1], "Đường khác");
    // Other days of one record are no repetition: they are its past.
    let past = "code,name,Hiệu lực từ\nX1,Cũ,01/01/2010\nX1,Mới,01/01/2020\nX2,Một,2015-05-05\nX1,Mới nữa,01/01/2020\n";
    let import = desk.bring(&officer, "street", "p.csv", past.as_bytes()).await;
    assert_eq!((import.created, import.changed, import.bad), (2, 1, 1));
    let name = async |day: &str| {
        let found = desk
            .town
            .list(&officer.actor, "street", &[("code", "X1"), ("as_of", day)])
            .await
            .unwrap();
        found
            .first()
            .map(|record| record.values["name"].as_str().unwrap().to_owned())
    };
    assert_eq!(name("2015-01-01").await.as_deref(), Some("Cũ"));
    assert_eq!(name("2026-01-01").await.as_deref(), Some("Mới"));
    assert_eq!(name("2009-01-01").await, None);
}

/// Whoever has left their position imports nothing more; what was taken over stays, and it is said why it ended.
#[tokio::test]
async fn an_import_ends_with_the_position_of_whoever_started_it() {
    let desk = Desk::new().await;
    let officer = desk.officer("SXD", "specialist").await;
    let import = started(&desk, &officer, &streets(100)).await;
    desk.town.scratch.clock.advance(TimeDelta::days(1));
    let mut op = desk.town.op(&Actor::System("province")).await;
    let held = desk
        .town
        .identity
        .positions_of(&mut op, officer.person, "2026-03-03".parse().unwrap())
        .await
        .unwrap();
    desk.town
        .identity
        .end_holding(&mut op, officer.person, held[0].position, "2026-03-02".parse().unwrap())
        .await
        .unwrap();
    op.commit().await.unwrap();
    desk.drain().await;
    let colleague = desk.officer("SXD", "specialist").await;
    let import = desk.look(&colleague, &import).await.unwrap();
    assert_eq!((import.state, import.rows), (State::Stopped, 0));
    assert_eq!(import.what.unwrap().code, "registry.not_allowed");
}

#[tokio::test]
async fn an_import_is_stopped_by_hand_or_by_a_new_declaration() {
    let desk = Desk::new().await;
    let officer = desk.officer("SXD", "specialist").await;
    let import = started(&desk, &officer, &streets(100)).await;
    let mut op = desk.town.op(&officer.actor).await;
    let stopped = desk.registry.stop_import(&mut op, "street", import.id).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(stopped.state, State::Stopped);
    desk.drain().await;
    assert_eq!(desk.look(&officer, &import).await.unwrap().rows, 0);
    let mut op = desk.town.op(&officer.actor).await;
    let again = desk
        .registry
        .stop_import(&mut op, "street", import.id)
        .await
        .unwrap_err();
    assert_eq!(again.code, "registry.import_state");
    drop(op);

    let import = started(&desk, &officer, &streets(100)).await;
    desk.town
        .publish(&crate::town::STREET.replace("en: Width", "en: Breadth"))
        .await
        .unwrap();
    desk.drain().await;
    let import = desk.look(&officer, &import).await.unwrap();
    assert_eq!((import.state, import.rows), (State::Broken, 0));
    assert_eq!(import.what.unwrap().code, "registry.import_declaration");
}

/// Rows that cannot be read, and a file that ends in the middle: what stands before is taken over, and it is said where it ended.
#[tokio::test]
async fn what_cannot_be_read_is_told_with_its_row() {
    let desk = Desk::new().await;
    let officer = desk.officer("SXD", "specialist").await;
    let file = "code,name\nD1,Một\nD2,Hai,thừa\nD3,Ba\n";
    let import = desk.bring(&officer, "street", "d.csv", file.as_bytes()).await;
    assert_eq!((import.state, import.created, import.bad), (State::Done, 2, 1));
    let cut = r#"[{"code": "E1", "name": "Một"}, {"code": "E2", "na"#;
    let import = desk.bring(&officer, "street", "d.json", cut.as_bytes()).await;
    assert_eq!((import.state, import.created, import.bad), (State::Broken, 1, 1));
    assert_eq!(import.what.unwrap().code, "tabular.json_cut");
}

/// A file that nobody has confirmed goes after days, rows that nobody has mended after months.
#[tokio::test]
async fn what_is_old_is_forgotten() {
    let desk = Desk::new().await;
    let officer = desk.officer("SXD", "specialist").await;
    let waiting = desk
        .upload(&officer, "street", "d.csv", streets(5).as_bytes())
        .await
        .unwrap();
    let done = started(&desk, &officer, &streets(100)).await;
    desk.drain().await;
    desk.town.scratch.clock.advance(TimeDelta::days(4));
    let forget = async || {
        let mut op = desk.town.op(&Actor::System("test")).await;
        op.enqueue(NewJob::new(registry::import::FORGET, ())).await.unwrap();
        op.commit().await.unwrap();
        desk.drain().await;
    };
    forget().await;
    let waiting = desk.look(&officer, &waiting).await.unwrap();
    assert_eq!(waiting.what.unwrap().code, "registry.import_left");
    assert!(desk.bad_rows(&officer, &done).await.is_ok());
    desk.town.scratch.clock.advance(TimeDelta::days(90));
    forget().await;
    assert_eq!(
        desk.bad_rows(&officer, &done).await.unwrap_err().code,
        "registry.import_no_bad_rows"
    );
}
