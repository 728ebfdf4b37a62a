//! Lateness as time goes on: found again after an apology whose day has passed too, and nobody's decision is sent back for it.

use kernel::{Actor, DossierId};
use op::NewJob;
use serde_json::json;

use crate::office::{Moment, Office, march, outcome};

/// What the hourly search does.
async fn look_for_late(office: &Office) {
    let mut op = office.op(&Actor::System("test")).await;
    op.enqueue(NewJob::new("dossiers.find_late", json!({}))).await.unwrap();
    op.commit().await.unwrap();
    op::drain(&office.ops, &office.jobs).await.unwrap();
}

async fn accepted(office: &Office) -> DossierId {
    let id = office.submitted().await.id;
    office.act(&office.people.clerk, id, "receive", outcome("accept")).await;
    id
}

#[tokio::test]
async fn a_day_that_an_apology_named_can_pass_too() {
    let office = Office::open().await;
    let people = &office.people;
    let id = accepted(&office).await;
    office.at(march(3, 8, 0));
    look_for_late(&office).await;
    let mut op = office.op(&people.leader).await;
    let day = "2026-03-05".parse().unwrap();
    office.dossiers.apologise(&mut op, id, "Mất điện", day).await.unwrap();
    op.commit().await.unwrap();
    look_for_late(&office).await;
    assert_eq!(office.moment(Moment::Late, id).await, None, "there is a new day");

    office.at(march(6, 8, 0));
    look_for_late(&office).await;
    look_for_late(&office).await;
    assert_eq!(office.moment(Moment::Late, id).await, Some(march(6, 8, 0)));
    assert_eq!(
        office.actions(id).await,
        ["submitted", "received", "late", "apologised", "late"]
    );
    assert_eq!(office.told(&people.specialist).await, ["task_overdue", "task_overdue"]);
}

#[tokio::test]
async fn lateness_and_a_payment_send_nobodys_decision_back() {
    let office = Office::open().await;
    let people = &office.people;
    let id = accepted(&office).await;
    let (task, seen) = (office.task(id, "check").await, office.version(id).await);
    let mut op = office.op(&people.clerk).await;
    office.dossiers.record_payment(&mut op, id, "copy", None).await.unwrap();
    op.commit().await.unwrap();
    office.at(march(3, 8, 0));
    look_for_late(&office).await;
    assert_eq!(office.moment(Moment::Late, id).await, Some(march(3, 8, 0)));
    office
        .try_act(&people.specialist, task, seen, outcome("propose_refusal"))
        .await
        .unwrap();
    assert_eq!(
        office.actions(id).await,
        ["submitted", "received", "paid", "late", "advanced"]
    );
}

#[tokio::test]
async fn a_case_that_does_not_open_is_late_all_the_same() {
    let office = Office::open().await;
    let id = accepted(&office).await;
    sqlx::query("UPDATE dossiers.dossier SET sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20)) WHERE id = $1")
        .bind(id.uuid())
        .execute(&office.scratch.pool)
        .await
        .unwrap();
    office.at(march(3, 8, 0));
    look_for_late(&office).await;
    assert_eq!(office.moment(Moment::Late, id).await, Some(march(3, 8, 0)));
    assert_eq!(office.told(&office.people.specialist).await, ["task_overdue"]);
}
