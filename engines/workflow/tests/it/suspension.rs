//! Sleeping, waking and giving up.

use kernel::Actor;
use serde_json::json;
use workflow::{Completion, InstanceState, TaskState, events};

use crate::office::{Office, march};

async fn at_check(office: &Office) -> (kernel::InstanceId, Actor) {
    let clerk = office.official("Lê Văn Nhận", "receiving", &["clerk"]);
    let instance = office.start("one_stop", json!(null)).await;
    office.complete(&clerk, "receive", "accept").await;
    (instance, office.official("Phạm Thị Xét", "handling", &["specialist"]))
}

#[tokio::test]
async fn a_sleeping_case_keeps_the_working_time_that_is_left() {
    let office = Office::open().await;
    let (instance, specialist) = at_check(&office).await;
    let task = office.ready("check").await;
    // From Monday 08:00: the task is due at the end of Tuesday, the reminder comes after eight working hours, Tuesday 08:00.
    assert_eq!(task.due_at, Some(march(3, 17, 0)));

    // Asleep from Monday 14:00, when the reminder has four hours left (three today, one tomorrow) and the task eleven.
    office.scratch.clock.set(march(2, 14, 0));
    let mut op = office.op(&specialist).await;
    office
        .workflow
        .suspend(&mut op, instance, "chờ bổ sung giấy tờ")
        .await
        .unwrap();
    assert_eq!(
        office
            .workflow
            .suspend(&mut op, instance, "lần nữa")
            .await
            .unwrap_err()
            .code,
        "workflow.already_suspended"
    );
    op.commit().await.unwrap();
    assert_eq!(
        office.instance(instance).await.reason.as_deref(),
        Some("chờ bổ sung giấy tờ")
    );
    let sleeping = office.tasks().await.pop().unwrap();
    assert_eq!((sleeping.state, sleeping.due_at), (TaskState::Sleeping, None));
    let fault = office
        .try_complete(&specialist, &task, Completion::new("propose"))
        .await
        .unwrap_err();
    assert_eq!(fault.code, "workflow.suspended");

    // A week passes; the old job of the reminder does nothing.
    office.scratch.clock.set(march(9, 13, 0));
    assert_eq!(office.drain().await, 1);
    assert_eq!(office.heard(events::TIMER_FIRED).len(), 0);

    // The citizen brings what was missing on Monday the 9th at 13:00.
    let mut op = office.op(&office.citizen()).await;
    office.workflow.resume(&mut op, instance).await.unwrap();
    assert_eq!(
        office.workflow.resume(&mut op, instance).await.unwrap_err().code,
        "workflow.not_suspended"
    );
    op.commit().await.unwrap();
    let task = office.ready("check").await;
    // Eleven hours: four on Monday afternoon, seven on Tuesday.
    assert_eq!(task.due_at, Some(march(10, 16, 0)));
    // Four hours: the end of Monday.
    office.scratch.clock.set(march(9, 16, 59));
    assert_eq!(office.drain().await, 0);
    office.scratch.clock.set(march(9, 17, 0));
    assert_eq!(office.drain().await, 1);
    assert_eq!(office.heard(events::TIMER_FIRED).len(), 1);
    office
        .try_complete(&specialist, &task, Completion::new("propose"))
        .await
        .unwrap();
    for action in ["workflow.suspended", "workflow.resumed", "workflow.timer_fired"] {
        assert_eq!(office.recorded(action).await, 1, "{action}");
    }
}

#[tokio::test]
async fn a_case_that_was_late_stays_late() {
    let office = Office::open().await;
    let (instance, specialist) = at_check(&office).await;
    office.scratch.clock.set(march(4, 9, 0));
    let mut op = office.op(&specialist).await;
    office.workflow.suspend(&mut op, instance, "chờ").await.unwrap();
    office.workflow.resume(&mut op, instance).await.unwrap();
    op.commit().await.unwrap();
    // Due Tuesday 17:00, now Wednesday 09:00: two working hours late before and after, which is anywhere before Wednesday 07:00.
    let due = office.ready("check").await.due_at.unwrap();
    assert_eq!(
        crate::office::calendar().working_minutes_between(due, march(4, 9, 0)),
        120
    );
    // The reminder of Tuesday 08:00 had no worker to hear it; it comes now.
    assert_eq!(office.drain().await, 2, "the old job and the new one");
    assert_eq!(office.heard(events::TIMER_FIRED).len(), 1);
}

#[tokio::test]
async fn a_cancelled_case_is_over() {
    let office = Office::open().await;
    let (instance, specialist) = at_check(&office).await;
    let task = office.ready("check").await;
    let mut op = office.op(&office.citizen()).await;
    assert_eq!(
        office.workflow.cancel(&mut op, instance, " ").await.unwrap_err().code,
        "workflow.reason_missing"
    );
    office.workflow.cancel(&mut op, instance, "rút hồ sơ").await.unwrap();
    op.commit().await.unwrap();

    let view = office.instance(instance).await;
    assert_eq!(
        (view.state, view.reason.as_deref(), view.end_node),
        (InstanceState::Cancelled, Some("rút hồ sơ"), None)
    );
    assert_eq!(office.nodes(TaskState::Cancelled).await, ["check"]);
    let fault = office
        .try_complete(&specialist, &task, Completion::new("propose"))
        .await
        .unwrap_err();
    assert_eq!(fault.code, "workflow.task_cancelled");
    assert_eq!(office.heard(events::TASK_CANCELLED)[0]["node"], "check");
    assert_eq!(office.heard(events::INSTANCE_ENDED)[0]["state"], "cancelled");
    assert_eq!(office.recorded("workflow.cancelled").await, 1);
    office.scratch.clock.set(march(30, 8, 0));
    office.drain().await;
    assert_eq!(office.heard(events::TIMER_FIRED).len(), 0);

    let mut op = office.op(&specialist).await;
    for outcome in [
        office.workflow.cancel(&mut op, instance, "lần nữa").await,
        office.workflow.suspend(&mut op, instance, "chờ").await,
    ] {
        assert_eq!(outcome.unwrap_err().code, "workflow.not_running");
    }
    assert_eq!(
        office.workflow.resume(&mut op, instance).await.unwrap_err().code,
        "workflow.not_suspended"
    );
    let nowhere = office
        .workflow
        .cancel(&mut op, kernel::InstanceId::new(), "không có")
        .await
        .unwrap_err();
    assert_eq!(nowhere.code, "workflow.instance_not_found");
}

#[tokio::test]
async fn a_sleeping_case_can_be_cancelled() {
    let office = Office::open().await;
    let (instance, specialist) = at_check(&office).await;
    let mut op = office.op(&specialist).await;
    office.workflow.suspend(&mut op, instance, "chờ bổ sung").await.unwrap();
    office
        .workflow
        .cancel(&mut op, instance, "quá hạn bổ sung")
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(office.nodes(TaskState::Cancelled).await, ["check"]);
}

/// An engine above hears of a completion and puts the same case to sleep in the same transaction.
#[tokio::test]
async fn a_listener_may_suspend_the_case_it_hears_of() {
    let engine: std::sync::Arc<std::sync::OnceLock<workflow::Workflow>> = Default::default();
    let heard = engine.clone();
    let office = Office::with(|reactions| {
        reactions.on(events::TASK_COMPLETED, move |op, event| {
            let engine = heard.clone();
            Box::pin(async move {
                let event: events::TaskEvent = serde_json::from_value(event.payload.clone()).unwrap();
                engine.get().unwrap().suspend(op, event.instance, "chờ bổ sung").await
            })
        });
    })
    .await;
    engine.set(office.workflow.clone()).ok().unwrap();
    let (instance, _) = at_check(&office).await;
    assert_eq!(office.instance(instance).await.state, InstanceState::Suspended);
    assert_eq!(office.nodes(TaskState::Sleeping).await, ["check"]);
}
