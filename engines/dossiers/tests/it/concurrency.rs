//! Many at once: numbers without gaps or doubles, one dossier a draft, one winner a step.

use std::collections::BTreeSet;
use std::sync::Arc;

use dossiers::Supply;
use dossiers::model::SupplementKind;
use forms::Channel;
use kernel::{Actor, DraftId};

use crate::office::{HOUSEHOLD, Office, ask, march, outcome, propose, raw};

// shows: R072
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirty_two_at_once_get_thirty_two_numbers_in_a_row() {
    let office = Arc::new(Office::open().await);
    let lan_and_hung = [office.people.lan.clone(), office.people.hung.clone()];
    let mut drafts: Vec<(Actor, DraftId)> = Vec::new();
    for citizen in lan_and_hung.iter().cycle().take(32) {
        let draft = office.extract_draft(citizen, Channel::Online).await;
        drafts.push((citizen.clone(), draft));
    }
    let mut running = tokio::task::JoinSet::new();
    for (citizen, draft) in drafts {
        let office = office.clone();
        running.spawn(async move { office.try_submit(&citizen, draft).await.unwrap().code });
    }
    let codes: BTreeSet<String> = running.join_all().await.into_iter().collect();
    let expected: BTreeSet<String> = (1..=32).map(|number| format!("H30.29.01-260302-{number:04}")).collect();
    assert_eq!(codes, expected);

    // The next day begins anew.
    office.at(march(3, 8, 0));
    assert_eq!(office.submitted().await.code, "H30.29.01-260303-0001");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_draft_handed_in_eight_times_is_one_dossier() {
    let office = Arc::new(Office::open().await);
    let draft = office.extract_draft(&office.people.lan, Channel::Online).await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let office = office.clone();
        running.spawn(async move { office.try_submit(&office.people.lan, draft).await.unwrap() });
    }
    let given = running.join_all().await;
    assert!(given.iter().all(|submitted| *submitted == given[0]), "{given:?}");
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM dossiers.dossier")
        .fetch_one(&office.scratch.pool)
        .await
        .unwrap();
    assert_eq!(count, 1);
    assert_eq!(office.told(&office.people.lan).await, ["dossier_submitted"]);

    // Also when nothing is remembered any more.
    sqlx::query("DELETE FROM op.outcome")
        .execute(&office.scratch.pool)
        .await
        .unwrap();
    assert_eq!(office.try_submit(&office.people.lan, draft).await.unwrap(), given[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_officials_at_once_one_wins_and_the_other_is_told() {
    let office = Arc::new(Office::open().await);
    let id = office.submitted().await.id;
    let (task, version) = (office.task(id, "receive").await, office.version(id).await);
    let mut running = tokio::task::JoinSet::new();
    for first in [true, false] {
        let office = office.clone();
        running.spawn(async move {
            let people = &office.people;
            let official = if first { &people.clerk } else { &people.second_clerk };
            office.try_act(official, task, version, outcome("accept")).await
        });
    }
    let (won, lost): (Vec<_>, Vec<_>) = running.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 1));
    let fault = lost.into_iter().next().unwrap().unwrap_err();
    assert_eq!((fault.code, fault.kind.status()), ("workflow.task_taken", 409));
    assert!(!fault.params["who"].is_empty());
    assert_eq!(office.actions(id).await, ["submitted", "received"]);
}

#[tokio::test]
async fn of_two_who_ask_for_supplements_one_asks_and_the_other_is_told() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    let (task, seen) = (office.task(id, "receive").await, office.version(id).await);
    let wish = || ask(&[(SupplementKind::Answer, "record_number")]);
    office.try_act(&people.clerk, task, seen, wish()).await.unwrap();
    // The step stays open while the supplement is awaited.
    let fault = office
        .try_act(&people.second_clerk, task, seen, wish())
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.supplement_awaited");
    assert_eq!(office.actions(id).await, ["submitted", "supplement_asked"]);
}

#[tokio::test]
async fn what_was_supplied_meanwhile_is_looked_at_first() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    let (task, seen) = (office.task(id, "receive").await, office.version(id).await);
    let wish = ask(&[(SupplementKind::Answer, "record_number")]);
    office.try_act(&people.clerk, task, seen, wish).await.unwrap();
    let mut op = office.op(&people.lan).await;
    let supply = Supply {
        answers: raw(&[("record_number", "34/1990")]),
        ..Supply::default()
    };
    office.dossiers.supply(&mut op, id, supply).await.unwrap();
    op.commit().await.unwrap();
    let fault = office
        .try_act(&people.second_clerk, task, seen, outcome("accept"))
        .await
        .unwrap_err();
    assert_eq!(
        (fault.code, fault.params["by"].as_str()),
        ("dossiers.changed_meanwhile", "Nguyễn Thị Lan")
    );
    office.act(&people.second_clerk, id, "receive", outcome("accept")).await;
}

#[tokio::test]
async fn what_others_do_at_their_own_steps_sends_nobody_back() {
    let office = Office::open().await;
    let people = &office.people;
    let draft = office.household_draft(&people.lan, Channel::Online).await;
    let id = office.try_submit(&people.lan, draft).await.unwrap().id;
    let (receive, seen) = (office.task(id, "receive").await, office.version(id).await);
    let mut op = office.op(&people.city_clerk).await;
    office
        .dossiers
        .record_payment(&mut op, id, "registration", None)
        .await
        .unwrap();
    op.commit().await.unwrap();
    office
        .try_act(&people.city_clerk, receive, seen, outcome("accept"))
        .await
        .unwrap();

    // Both look at the same moment; the ward is faster, and the office goes on with what it saw.
    let (check, place) = (office.task(id, "check").await, office.task(id, "confirm_place").await);
    office
        .try_act(&people.specialist, place, seen, outcome("confirmed"))
        .await
        .unwrap();
    office.at(march(9, 8, 0));
    dossiers_found_late(&office).await;
    office
        .try_act(&people.city_specialist, check, seen, propose(&HOUSEHOLD))
        .await
        .unwrap();
    assert_eq!(office.work(id).await, [("approve".to_owned(), true)]);
    let fault = office
        .try_act(&people.city_specialist, check, seen, propose(&HOUSEHOLD))
        .await
        .unwrap_err();
    assert_eq!(
        fault.code, "workflow.task_taken",
        "the same step a second time is another matter"
    );
}

/// What the hourly job does.
async fn dossiers_found_late(office: &Office) {
    let mut op = office.op(&Actor::System("test")).await;
    op.enqueue(op::NewJob::new("dossiers.find_late", serde_json::json!({})))
        .await
        .unwrap();
    op.commit().await.unwrap();
    op::drain(&office.ops, &office.jobs).await.unwrap();
}
