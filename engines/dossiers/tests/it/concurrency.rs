//! Many at once: numbers without gaps or doubles, one dossier a draft, one winner a step.

use std::collections::BTreeSet;
use std::sync::Arc;

use forms::Channel;
use kernel::{Actor, DraftId};

use crate::office::{Office, march, outcome};

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
async fn what_changed_meanwhile_is_looked_at_again() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    office.act(&people.clerk, id, "receive", outcome("accept")).await;
    let (task, seen) = (office.task(id, "check").await, office.version(id).await);
    let mut op = office.op(&people.leader).await;
    let day = "2026-03-05".parse().unwrap();
    office.dossiers.apologise(&mut op, id, "Mất điện", day).await.unwrap();
    op.commit().await.unwrap();
    let fault = office
        .try_act(&people.specialist, task, seen, outcome("propose"))
        .await
        .unwrap_err();
    assert_eq!(
        (fault.code, fault.params["by"].as_str()),
        ("dossiers.changed_meanwhile", "Huỳnh Thị Duyệt")
    );
    office.act(&people.specialist, id, "check", outcome("propose")).await;
}
