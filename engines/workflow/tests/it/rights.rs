//! Who may do what to a task.

use kernel::{Actor, Fault, FaultKind};
use serde_json::json;
use workflow::{Assignee, Completion};

use crate::office::Office;

fn told(fault: &Fault) -> (FaultKind, &'static str) {
    (fault.kind, fault.code)
}

#[tokio::test]
async fn who_can_complete_what() {
    let office = Office::open().await;
    office.start("one_stop", json!(null)).await;
    let task = office.ready("receive").await;
    let not_found = (FaultKind::NotFound, "workflow.task_not_found");
    let cases = [
        (
            office.official("Sai vị trí", "receiving", &["specialist", "leader", "admin"]),
            (FaultKind::Forbidden, "workflow.role_missing"),
        ),
        (
            office.official("Sai cơ quan", "handling", &["clerk", "admin"]),
            not_found,
        ),
        (office.citizen(), not_found),
        (Actor::Anonymous, not_found),
        (Actor::System("worker"), not_found),
    ];
    for (actor, expected) in &cases {
        let fault = office
            .try_complete(actor, &task, Completion::new("accept"))
            .await
            .unwrap_err();
        assert_eq!(told(&fault), *expected, "{}", actor.key());
        let mut op = office.op(actor).await;
        assert_eq!(
            told(&office.workflow.claim(&mut op, task.id).await.unwrap_err()),
            *expected,
            "{}",
            actor.key()
        );
    }
    assert_eq!(
        office.recorded("op.refused").await,
        10,
        "every refusal is in the audit trail"
    );
    assert_eq!(office.ready("receive").await, task);

    let mut op = office
        .op(&office.official("Lê Văn Nhận", "receiving", &["clerk"]))
        .await;
    let fault = office
        .workflow
        .complete(&mut op, kernel::TaskId::new(), Completion::new("accept"))
        .await
        .unwrap_err();
    assert_eq!(told(&fault), not_found, "what does not exist looks the same");
}

#[tokio::test]
async fn a_task_is_claimed_released_and_assigned() {
    let office = Office::open().await;
    office.start("one_stop", json!(null)).await;
    let task = office.ready("receive").await;
    let mine = office.official("Lê Văn Nhận", "receiving", &["clerk"]);
    let colleague = office.official("Mai Thị Nhận", "receiving", &["clerk"]);
    let leader = office.official("Ngô Văn Trưởng", "receiving", &["leader"]);
    let stranger = office.official("Sai cơ quan", "handling", &["clerk", "leader"]);
    let to = |actor: &Actor| Assignee {
        account: actor.account().unwrap(),
        name: actor.name().to_owned(),
    };

    let mut op = office.op(&leader).await;
    let fault = office.workflow.release(&mut op, task.id).await.unwrap_err();
    assert_eq!(told(&fault), (FaultKind::Conflict, "workflow.not_assigned"));
    drop(op);

    let mut op = office.op(&mine).await;
    office.workflow.claim(&mut op, task.id).await.unwrap();
    office.workflow.claim(&mut op, task.id).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(
        office.heard("workflow.task_claimed").len(),
        1,
        "taking one's own task again changes nothing"
    );

    let fault = office
        .try_complete(&colleague, &task, Completion::new("accept"))
        .await
        .unwrap_err();
    assert_eq!(told(&fault), (FaultKind::Conflict, "workflow.task_assigned"));
    assert_eq!(fault.params["who"], "Lê Văn Nhận");
    let mut op = office.op(&colleague).await;
    assert_eq!(
        office.workflow.claim(&mut op, task.id).await.unwrap_err().code,
        "workflow.task_assigned"
    );
    assert_eq!(
        office.workflow.release(&mut op, task.id).await.unwrap_err().code,
        "workflow.not_allowed"
    );
    assert_eq!(
        office
            .workflow
            .assign(&mut op, task.id, to(&colleague), None)
            .await
            .unwrap_err()
            .code,
        "workflow.not_allowed"
    );
    drop(op);
    let mut op = office.op(&stranger).await;
    assert_eq!(
        office
            .workflow
            .assign(&mut op, task.id, to(&stranger), None)
            .await
            .unwrap_err()
            .code,
        "workflow.task_not_found"
    );
    drop(op);

    let mut op = office.op(&leader).await;
    let fault = office
        .workflow
        .assign(&mut op, task.id, to(&colleague), Some(task.version))
        .await
        .unwrap_err();
    assert_eq!(fault.code, "workflow.task_changed");
    office
        .workflow
        .assign(&mut op, task.id, to(&colleague), Some(task.version + 1))
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(
        office
            .try_complete(&mine, &task, Completion::new("accept"))
            .await
            .unwrap_err()
            .code,
        "workflow.task_assigned"
    );

    // Who has a task may hand it on or give it back.
    let mut op = office.op(&colleague).await;
    office.workflow.release(&mut op, task.id).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(office.heard("workflow.task_released")[0]["assignee"], json!(null));
    office
        .try_complete(&mine, &task, Completion::new("accept"))
        .await
        .unwrap();
    for (action, count) in [
        ("workflow.claimed", 1),
        ("workflow.assigned", 1),
        ("workflow.released", 1),
    ] {
        assert_eq!(office.recorded(action).await, count, "{action}");
    }
}

#[tokio::test]
async fn only_the_platform_and_administrators_publish() {
    let office = Office::open().await;
    let definition = crate::office::read(crate::office::ONE_STOP);
    for (actor, allowed) in [
        (Actor::System("compose"), true),
        (office.official("Quản trị", "handling", &["admin"]), true),
        (office.official("Lãnh đạo", "handling", &["leader"]), false),
        (office.citizen(), false),
        (Actor::Anonymous, false),
    ] {
        let mut op = office.op(&actor).await;
        let outcome = office.workflow.publish(&mut op, "demo", &definition).await;
        assert_eq!(outcome.is_ok(), allowed, "{}", actor.key());
    }
}
