//! Timers by the fake clock.

use kernel::Actor;
use serde_json::json;
use workflow::events::{self, TimerEvent};
use workflow::{CalendarSource, PublishedCalendar, TaskState};

use crate::office::{Office, calendar, march};

#[tokio::test]
async fn a_reminder_comes_in_working_time_and_leaves_the_task() {
    let office = Office::open().await;
    let clerk = office.official("Lê Văn Nhận", "receiving", &["clerk"]);
    let specialist = office.official("Phạm Thị Xét", "handling", &["specialist"]);
    office.start("one_stop", json!(null)).await;
    // Accepted on Friday the 6th at 16:00: eight working hours end on Monday the 9th at 16:00.
    office.scratch.clock.set(march(6, 16, 0));
    office.complete(&clerk, "receive", "accept").await;
    office.scratch.clock.set(march(9, 15, 59));
    assert_eq!(office.drain().await, 0);
    office.scratch.clock.set(march(9, 16, 0));
    assert_eq!(office.drain().await, 1);

    let fired: TimerEvent = serde_json::from_value(office.heard(events::TIMER_FIRED).remove(0)).unwrap();
    assert_eq!(
        (fired.node.as_str(), fired.task_node.as_deref(), fired.interrupting),
        ("remind", Some("check"), false)
    );
    assert_eq!(fired.role.as_deref(), Some("specialist"));
    assert_eq!(office.calls.lock().unwrap()[0].node, "note");
    office.complete(&specialist, "check", "propose").await;
    assert_eq!(office.nodes(TaskState::Ready).await, ["approve"]);
    // Once only.
    office.scratch.clock.set(march(30, 8, 0));
    assert_eq!(office.drain().await, 0);
}

#[tokio::test]
async fn a_task_done_in_time_is_not_reminded_of() {
    let office = Office::open().await;
    let clerk = office.official("Lê Văn Nhận", "receiving", &["clerk"]);
    let specialist = office.official("Phạm Thị Xét", "handling", &["specialist"]);
    office.start("one_stop", json!(null)).await;
    office.complete(&clerk, "receive", "accept").await;
    office.complete(&specialist, "check", "send_back").await;
    // The second round has a reminder of its own, later than the first.
    office.scratch.clock.set(march(2, 10, 0));
    office.complete(&clerk, "receive", "accept").await;
    office.scratch.clock.set(march(3, 9, 0));
    assert_eq!(office.drain().await, 1, "the stale job of the first round");
    assert_eq!(office.heard(events::TIMER_FIRED).len(), 0);
    office.scratch.clock.set(march(3, 10, 0));
    assert_eq!(office.drain().await, 1);
    assert_eq!(office.heard(events::TIMER_FIRED).len(), 1);
}

#[tokio::test]
async fn an_interrupting_timer_takes_the_task_away() {
    let office = Office::open().await;
    let inside = office.official("Phạm Thị Xét", "handling", &["specialist"]);
    office.start("opinions", json!({ "amount": 1 })).await;
    office.complete(&inside, "inside", "agree").await;
    // Two working days: the end of Wednesday.
    office.scratch.clock.set(march(4, 17, 0));
    assert_eq!(office.drain().await, 1);
    assert_eq!(office.nodes(TaskState::Cancelled).await, ["outside"]);
    let cancelled = office.heard(events::TASK_CANCELLED);
    assert_eq!(
        (&cancelled[0]["node"], &cancelled[0]["by"]),
        (&json!("outside"), &json!(null))
    );
    // The join has both ways now; cooling off takes two working hours of Thursday morning.
    office.scratch.clock.set(march(5, 9, 0));
    assert_eq!(office.drain().await, 1);
    assert_eq!(office.nodes(TaskState::Ready).await, ["decide"]);
}

#[tokio::test]
async fn a_job_that_comes_twice_fires_once() {
    let office = Office::open().await;
    let clerk = office.official("Lê Văn Nhận", "receiving", &["clerk"]);
    office.start("one_stop", json!(null)).await;
    office.complete(&clerk, "receive", "accept").await;
    let timer: uuid::Uuid = sqlx::query_scalar("SELECT id FROM workflow.timer")
        .fetch_one(&office.scratch.pool)
        .await
        .unwrap();
    let mut op = office.op(&Actor::System("test")).await;
    for generation in [1, 1, 2] {
        let payload = json!({ "timer": timer, "generation": generation });
        op.enqueue(op::NewJob::new(workflow::TIMER_JOB, payload)).await.unwrap();
    }
    op.enqueue(op::NewJob::new(
        workflow::TIMER_JOB,
        json!({ "timer": uuid::Uuid::now_v7(), "generation": 1 }),
    ))
    .await
    .unwrap();
    op.commit().await.unwrap();
    office.scratch.clock.set(march(20, 8, 0));
    assert_eq!(office.drain().await, 5);
    assert_eq!(office.heard(events::TIMER_FIRED).len(), 1);
    assert_eq!(office.calls.lock().unwrap().len(), 1);
}

#[test]
fn a_published_calendar_can_be_replaced() {
    let source = PublishedCalendar::new(calendar());
    let shared = source.clone();
    let holiday =
        serde_json::from_value(json!({ "known_until": "2030-12-31", "days_off": { "2026-03-03": "ngày nghỉ mẫu" } }))
            .unwrap();
    let tuesday = chrono::NaiveDate::from_ymd_opt(2026, 3, 3).unwrap();
    assert!(shared.calendar().is_working_day(tuesday));
    source.replace(kernel::WorkingCalendar::new(holiday).unwrap());
    assert!(!shared.calendar().is_working_day(tuesday));
}
