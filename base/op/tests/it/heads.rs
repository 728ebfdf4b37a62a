//! The head of each day.

use chrono::{Days, NaiveDate, TimeDelta};
use db::PageRequest;
use kernel::local_date;
use op::audit::{self, Head, Published};
use testkit::Scratch;

use crate::tampering::entries;

async fn heads(scratch: &Scratch) -> Vec<Head> {
    let mut op = scratch.ops.open(kernel::Actor::System("test")).await.unwrap();
    audit::heads(op.conn(), &PageRequest::first()).await.unwrap().items
}

fn monday() -> NaiveDate {
    local_date(testkit::monday_morning())
}

#[tokio::test]
async fn each_day_that_has_ended_gets_the_head_that_the_chain_had_then() {
    let scratch = Scratch::new(&[]).await;
    assert_eq!(audit::record_heads(&scratch.ops).await.unwrap(), 0, "nothing is sealed");
    entries(&scratch, 2).await;
    assert_eq!(
        audit::record_heads(&scratch.ops).await.unwrap(),
        0,
        "there was nothing yesterday"
    );
    let two = audit::verify(&scratch.pool).await.unwrap().head;
    scratch.clock.advance(TimeDelta::hours(16)); // midnight in Vietnam
    assert_eq!(audit::record_heads(&scratch.ops).await.unwrap(), 1);
    assert_eq!(audit::record_heads(&scratch.ops).await.unwrap(), 0, "once a day");
    entries(&scratch, 1).await;
    let three = audit::verify(&scratch.pool).await.unwrap().head;
    // The program rests for two days.
    scratch.clock.advance(TimeDelta::days(3));
    assert_eq!(audit::record_heads(&scratch.ops).await.unwrap(), 3);
    let found: Vec<(NaiveDate, i64, String)> = heads(&scratch)
        .await
        .into_iter()
        .map(|head| (head.day, head.position, head.head))
        .collect();
    let day = |n| monday() + Days::new(n);
    let expected = [(3, 3, &three), (2, 3, &three), (1, 3, &three), (0, 2, &two)];
    assert_eq!(
        found,
        expected.map(|(n, position, head)| (day(n), position, head.clone()))
    );
    let report = audit::verify(&scratch.pool).await.unwrap();
    assert_eq!((report.heads, report.broken), (4, vec![]));
}

/// The running sealer does it by itself, before it seals what belongs to the new day.
#[tokio::test]
async fn the_sealer_records_the_head_when_the_day_has_ended() {
    let scratch = Scratch::new(&[]).await;
    entries(&scratch, 1).await;
    scratch.clock.advance(TimeDelta::days(1));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let sealer = tokio::spawn(audit::keep_sealing(scratch.ops.clone(), stopped));
    while heads(&scratch).await.is_empty() {
        tokio::task::yield_now().await;
    }
    stop.send(true).unwrap();
    sealer.await.unwrap();
    assert_eq!(heads(&scratch).await[0].day, monday());
}

/// A command may be faster than the sealer on a new day: whoever seals, the head of the day before holds nothing of the new one.
#[tokio::test]
async fn whoever_seals_first_on_a_new_day_records_the_head_of_the_day_before() {
    for by_export in [true, false] {
        let scratch = Scratch::new(&[]).await;
        entries(&scratch, 2).await;
        scratch.clock.advance(TimeDelta::days(1));
        if by_export {
            audit::export(&scratch.ops, audit::Stretch::default(), &mut Vec::new())
                .await
                .unwrap();
        } else {
            let mut op = scratch.ops.open(kernel::Actor::System("test")).await.unwrap();
            op.record(op::Entry::new("test.done", "thing:2")).await.unwrap();
            op.commit().await.unwrap();
            assert_eq!(audit::seal_with_heads(&scratch.ops).await.unwrap(), 1);
        }
        assert_eq!(audit::record_heads(&scratch.ops).await.unwrap(), 0, "it is there");
        let found = heads(&scratch).await;
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].day, found[0].position), (monday(), 2));
        let report = audit::verify(&scratch.pool).await.unwrap();
        assert_eq!((report.checked, report.heads, report.broken), (3, 1, vec![]));
    }
}

#[tokio::test]
async fn recorded_heads_find_what_was_cut_off_and_are_missed_when_they_go() {
    for (tampering, expected) in [
        (
            "DELETE FROM op.audit_entry WHERE id > 3; DELETE FROM op.audit_seal WHERE position > 3",
            (4, 6, "removed"),
        ),
        (
            "UPDATE op.audit_head SET chain = sha256('x') WHERE position = 4",
            (3, 4, "rewritten"),
        ),
        ("DELETE FROM op.audit_head WHERE position = 4", (2, 6, "head_removed")),
    ] {
        let scratch = Scratch::new(&[]).await;
        for _ in 0..3 {
            entries(&scratch, 2).await;
            scratch.clock.advance(TimeDelta::days(1));
            assert_eq!(audit::record_heads(&scratch.ops).await.unwrap(), 1);
        }
        sqlx::raw_sql(tampering).execute(&scratch.pool).await.unwrap();
        let report = audit::verify(&scratch.pool).await.unwrap();
        let found = report
            .broken
            .first()
            .map(|broken| (broken.position, broken.to, broken.what));
        assert_eq!(found, Some(expected), "{tampering}");
    }
}

#[test]
fn a_published_head_is_read_as_it_is_printed() {
    let hex = "0Af".repeat(21) + "b";
    let read: Published = format!(" 12:{hex} ").parse().unwrap();
    assert_eq!((read.position, read.head), (12, hex.to_lowercase()));
    for wrong in [
        "",
        "12",
        "0:",
        "x:00",
        &format!("0:{hex}"),
        &format!("1:{hex}0"),
        &format!("1:{}", "g".repeat(64)),
    ] {
        assert_eq!(
            wrong.parse::<Published>().unwrap_err().code,
            "op.head_unreadable",
            "{wrong}"
        );
    }
}
