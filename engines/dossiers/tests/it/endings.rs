//! Cases that end without a result: refused or withdrawn.

use db::PageRequest;
use dossiers::model::{Act, Status};
use notify::Notify;

use crate::office::{EXTRACT, Moment, Office, outcome, propose};

#[tokio::test]
async fn a_refusal_has_a_reason_and_ends_the_case() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    let (task, version) = (office.task(id, "receive").await, office.version(id).await);
    let fault = office
        .try_act(&people.clerk, task, version, outcome("refuse"))
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.refusal_reason");
    let act = Act {
        refusal_reasons: vec!["not_found".to_owned()],
        note: "Xin liên hệ nơi đã đăng ký".to_owned(),
        ..outcome("refuse")
    };
    let acted = office.act(&people.clerk, id, "receive", act).await;
    assert_eq!(acted.status, Status::NotReceived);
    assert_eq!(office.documents(id).await, ["refusal"]);
    assert!(office.work(id).await.is_empty());
    assert_eq!(office.told(&people.lan).await, ["dossier_submitted", "dossier_refused"]);
    let lan = people.lan.account().unwrap();
    let mut op = office.op(&people.lan).await;
    let told = Notify::new(office.vault())
        .box_page(&mut op, lan, PageRequest::first())
        .await
        .unwrap();
    let refused = told
        .items
        .iter()
        .find(|message| message.kind == "dossier_refused")
        .unwrap();
    let reason = &refused.params["reason"];
    drop(op);
    assert!(
        reason.starts_with("Không tìm thấy"),
        "in the words of the system: {reason}"
    );
    assert!(reason.ends_with("Xin liên hệ nơi đã đăng ký"));
    // It can be rated, and no longer withdrawn.
    let mut op = office.op(&people.lan).await;
    office.dossiers.rate(&mut op, id, 2, "").await.unwrap();
    let fault = office.dossiers.withdraw(&mut op, id, "Thôi").await.unwrap_err();
    assert_eq!(fault.code, "dossiers.not_withdrawable");
}

// shows: R076
#[tokio::test]
async fn a_leader_refuses_after_reception_and_the_process_ends() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    office.act(&people.clerk, id, "receive", outcome("accept")).await;
    office
        .act(&people.specialist, id, "check", outcome("propose_refusal"))
        .await;
    let act = Act {
        refusal_reasons: vec!["wrong_information".to_owned()],
        ..outcome("refuse")
    };
    let acted = office.act(&people.leader, id, "approve", act).await;
    assert_eq!(acted.status, Status::Stopped);
    assert!(office.work(id).await.is_empty());
    assert_eq!(office.documents(id).await, ["reception", "refusal"]);
}

#[tokio::test]
async fn the_applicant_withdraws_while_the_case_is_open() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    office.act(&people.clerk, id, "receive", outcome("accept")).await;
    let mut op = office.op(&people.lan).await;
    let fault = office.dossiers.withdraw(&mut op, id, " ").await.unwrap_err();
    assert_eq!(fault.code, "dossiers.reason_missing");
    drop(op);
    let mut op = office.op(&people.lan).await;
    office.dossiers.withdraw(&mut op, id, "Không cần nữa").await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(office.status(id).await, Status::Withdrawn);
    assert!(office.work(id).await.is_empty());
    assert_eq!(office.actions(id).await, ["submitted", "received", "withdrawn"]);
    assert_eq!(office.told(&people.lan).await.last().unwrap(), "dossier_withdrawn");
    assert!(
        office.moment(Moment::Due, id).await.is_some(),
        "what was promised stays written"
    );
    let tasks = office.tasks(id).await;
    assert!(tasks.iter().all(|task| task.completed_at.is_some()));
    let last = tasks.last().unwrap().id;
    let version = office.version(id).await;
    let fault = office
        .try_act(&people.specialist, last, version, propose(&EXTRACT))
        .await
        .unwrap_err();
    assert_eq!(fault.code, "workflow.task_cancelled");
}
