//! Who may do what to a task.

use kernel::{Actor, Fault, FaultKind, Official, UnitId};
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
        unit: actor.unit(),
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

/// Who leads a unit passes on what lies with its officials: nothing of another unit of the same agency, nothing that lies with the agency as a whole, and
/// nothing of another agency, whatever unit somebody claims there.
// shows: R028
#[tokio::test]
async fn who_leads_a_unit_passes_on_what_lies_with_it_and_nothing_else() {
    let office = Office::open().await;
    office.start("one_stop", json!(null)).await;
    let task = office.ready("receive").await;
    let seated =
        |name: &str, agency: &str, role: &str, unit: Option<UnitId>| match office.official(name, agency, &[role]) {
            Actor::Official(official) => Actor::Official(Official { unit, ..official }),
            actor => actor,
        };
    let (unit, other) = (Some(UnitId::new()), Some(UnitId::new()));
    let mine = seated("Lê Văn Nhận", "receiving", "clerk", unit);
    let colleague = seated("Mai Thị Nhận", "receiving", "clerk", unit);
    let next_door = seated("Võ Văn Bên", "receiving", "clerk", other);
    let head = seated("Ngô Văn Trưởng", "receiving", "unit_head", unit);
    let other_head = seated("Lý Thị Trưởng", "receiving", "unit_head", other);
    let of_no_unit = seated("Đỗ Văn Không", "receiving", "unit_head", None);
    let stranger = seated("Sai Cơ Quan", "handling", "unit_head", unit);
    let to = |actor: &Actor| Assignee {
        account: actor.account().unwrap(),
        name: actor.name().to_owned(),
        unit: actor.unit(),
    };
    let assigned = async |by: &Actor, whom: &Actor| {
        let mut op = office.op(by).await;
        match office.workflow.assign(&mut op, task.id, to(whom), None).await {
            Ok(()) => {
                op.commit().await.unwrap();
                "done"
            }
            Err(fault) => fault.code,
        }
    };
    let released = async |by: &Actor| {
        let mut op = office.op(by).await;
        match office.workflow.release(&mut op, task.id).await {
            Ok(()) => {
                op.commit().await.unwrap();
                "done"
            }
            Err(fault) => fault.code,
        }
    };

    assert_eq!(task.unit, None, "nobody has it: it lies with the agency");
    assert_eq!(assigned(&head, &colleague).await, "workflow.not_allowed");
    let mut op = office.op(&mine).await;
    office.workflow.claim(&mut op, task.id).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(office.ready("receive").await.unit, unit);
    for wrong in [&other_head, &of_no_unit] {
        assert_eq!(released(wrong).await, "workflow.not_allowed");
        assert_eq!(assigned(wrong, &next_door).await, "workflow.not_allowed");
    }
    assert_eq!(released(&stranger).await, "workflow.task_not_found");
    assert_eq!(assigned(&head, &colleague).await, "done");
    assert_eq!(office.ready("receive").await.unit, unit);
    // Given away, it is the other unit's.
    assert_eq!(assigned(&head, &next_door).await, "done");
    assert_eq!(office.ready("receive").await.unit, other);
    assert_eq!(released(&head).await, "workflow.not_allowed");
    assert_eq!(released(&other_head).await, "done");
    assert_eq!(office.ready("receive").await.unit, None);
    assert_eq!(assigned(&other_head, &next_door).await, "workflow.not_allowed");
    // Who sits in no unit has it without one.
    let alone = seated("Phan Thị Riêng", "receiving", "clerk", None);
    let mut op = office.op(&alone).await;
    office.workflow.claim(&mut op, task.id).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(
        released(&of_no_unit).await,
        "workflow.not_allowed",
        "no unit is not the same unit"
    );
}
