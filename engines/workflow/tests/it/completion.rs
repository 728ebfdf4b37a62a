//! Completing tasks: the ways through a process, actions, variables, who was faster.

use kernel::{Actor, FaultKind};
use serde_json::json;
use workflow::{Completion, InstanceState, TaskState};

use crate::office::{ONE_STOP, Office, SUBJECT, march, read};

#[tokio::test]
async fn a_case_goes_straight_through() {
    let office = Office::open().await;
    let clerk = office.official("Lê Văn Nhận", "receiving", &["clerk"]);
    let specialist = office.official("Phạm Thị Xét", "handling", &["specialist"]);
    let leader = office.official("Ngô Văn Ký", "handling", &["leader"]);
    let instance = office.start("one_stop", json!({ "fee": 8000 })).await;

    let receive = office.ready("receive").await;
    assert_eq!(
        (receive.role.as_str(), receive.agency),
        ("clerk", office.agencies["receiving"])
    );
    assert_eq!(receive.outcomes, ["accept", "refuse"]);
    // Four working hours from 08:00 with the break from 11:00 to 13:00.
    assert_eq!(receive.due_at, Some(march(2, 14, 0)));
    assert_eq!(receive.name_key, "workflow.one_stop.receive.name");

    office
        .try_complete(&clerk, &receive, Completion::new("accept").with(json!({ "papers": 3 })))
        .await
        .unwrap();
    office.complete(&specialist, "check", "propose").await;
    office.complete(&leader, "approve", "sign").await;

    let done = office.instance(instance).await;
    assert_eq!(done.state, InstanceState::Ended);
    assert_eq!(done.end_node.as_deref(), Some("granted"));
    assert_eq!(
        done.variables,
        json!({
            "fee": 8000,
            "papers": 3,
            "outcome": "sign",
            "outcomes": { "receive": "accept", "check": "propose", "approve": "sign" },
            "number": 7,
        })
    );
    let calls = office.calls.lock().unwrap().clone();
    assert_eq!(calls.len(), 1);
    assert_eq!(
        (calls[0].node.as_str(), &calls[0].with),
        ("issue", &json!({ "document": "extract" }))
    );
    assert_eq!(calls[0].agencies, office.agencies);

    assert_eq!(office.heard("workflow.task_created").len(), 3);
    let completed = office.heard("workflow.task_completed");
    assert_eq!(completed[0]["outcome"], "accept");
    assert_eq!(completed[0]["by_name"], "Lê Văn Nhận");
    let event: workflow::events::TaskEvent = serde_json::from_value(completed[2].clone()).unwrap();
    assert_eq!(
        (event.node.as_str(), event.by, event.subject.as_str()),
        ("approve", leader.account(), SUBJECT)
    );
    assert_eq!(office.heard("workflow.instance_ended")[0]["state"], "ended");
    assert_eq!(office.recorded("workflow.completed").await, 3);
    assert_eq!(office.recorded("workflow.started").await, 1);

    // What ended is closed for good, and its timers with it.
    office.scratch.clock.set(march(30, 8, 0));
    office.drain().await;
    assert_eq!(office.heard("workflow.timer_fired").len(), 0);
    let mut op = office.op(&clerk).await;
    assert_eq!(
        office
            .workflow
            .cancel(&mut op, instance, "nhầm")
            .await
            .unwrap_err()
            .code,
        "workflow.not_running"
    );
}

#[tokio::test]
async fn a_case_is_sent_back_and_comes_again() {
    let office = Office::open().await;
    let clerk = office.official("Lê Văn Nhận", "receiving", &["clerk"]);
    let specialist = office.official("Phạm Thị Xét", "handling", &["specialist"]);
    let instance = office.start("one_stop", json!(null)).await;
    for _ in 0..2 {
        office.complete(&clerk, "receive", "accept").await;
        office.complete(&specialist, "check", "send_back").await;
    }
    office.complete(&clerk, "receive", "refuse").await;
    assert_eq!(
        office.nodes(TaskState::Done).await,
        ["receive", "check", "receive", "check", "receive"]
    );
    assert_eq!(office.instance(instance).await.end_node.as_deref(), Some("refused"));
}

#[tokio::test]
async fn a_join_waits_for_both_and_conditions_read_both() {
    let office = Office::open().await;
    let inside = office.official("Phạm Thị Xét", "handling", &["specialist"]);
    let outside = office.official("Đỗ Văn Hỏi", "asked", &["specialist"]);
    office.start("opinions", json!({ "amount": 500 })).await;
    assert_eq!(office.nodes(TaskState::Ready).await.len(), 2);
    office.complete(&inside, "inside", "agree").await;
    assert_eq!(office.nodes(TaskState::Ready).await, ["outside"]);
    // The last choice is "object", but the condition asks for the choice inside.
    office.complete(&outside, "outside", "object").await;
    assert_eq!(office.nodes(TaskState::Ready).await, Vec::<String>::new());
    office.scratch.clock.set(march(2, 10, 0));
    assert_eq!(office.drain().await, 1, "the cooling-off timer");
    assert_eq!(office.nodes(TaskState::Ready).await, ["decide"]);
}

#[tokio::test]
async fn the_default_flow_is_taken_and_a_terminate_event_ends_all() {
    let office = Office::open().await;
    let inside = office.official("Phạm Thị Xét", "handling", &["specialist"]);
    let outside = office.official("Đỗ Văn Hỏi", "asked", &["specialist"]);
    let instance = office.start("opinions", json!({ "amount": 5000 })).await;
    office.complete(&outside, "outside", "agree").await;
    office.complete(&inside, "inside", "agree").await;
    let ended = office.instance(instance).await;
    assert_eq!(
        (ended.state, ended.end_node.as_deref()),
        (InstanceState::Ended, Some("Event_stop"))
    );
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM workflow.token")
        .fetch_one(&office.scratch.pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_failing_action_undoes_the_completion() {
    let office = Office::open().await;
    let clerk = office.official("Lê Văn Nhận", "receiving", &["clerk"]);
    let specialist = office.official("Phạm Thị Xét", "handling", &["specialist"]);
    let leader = office.official("Ngô Văn Ký", "handling", &["leader"]);
    office.start("one_stop", json!({ "fail": true })).await;
    office.complete(&clerk, "receive", "accept").await;
    office.complete(&specialist, "check", "propose").await;
    let approve = office.ready("approve").await;
    let fault = office
        .try_complete(&leader, &approve, Completion::new("sign"))
        .await
        .unwrap_err();
    assert_eq!(fault.code, "test.no_number_left");
    assert_eq!(office.ready("approve").await, approve);
    // Mended with the same choice.
    office
        .try_complete(
            &leader,
            &approve,
            Completion::new("sign").with(json!({ "fail": false })),
        )
        .await
        .unwrap();
    assert_eq!(office.nodes(TaskState::Ready).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_officials_exactly_one_wins() {
    let office = Office::open().await;
    let first = office.official("Lê Văn Nhận", "receiving", &["clerk"]);
    let second = office.official("Mai Thị Nhận", "receiving", &["clerk"]);
    office.start("one_stop", json!(null)).await;
    let specialist = office.official("Phạm Thị Xét", "handling", &["specialist"]);
    for _ in 0..5 {
        let task = office.ready("receive").await;
        let expecting = || Completion::new("accept").expecting(task.version);
        let (one, two) = tokio::join!(
            office.try_complete(&first, &task, expecting()),
            office.try_complete(&second, &task, expecting())
        );
        let (lost, winner) = match (one, two) {
            (Ok(()), Err(fault)) => (fault, &first),
            (Err(fault), Ok(())) => (fault, &second),
            (one, two) => panic!("exactly one wins: {one:?} {two:?}"),
        };
        assert_eq!((lost.kind, lost.code), (FaultKind::Conflict, "workflow.task_taken"));
        assert_eq!(lost.params["who"], winner.name());
        assert_eq!(lost.params["when"], "08:00 02/03/2026");
        assert_eq!(office.nodes(TaskState::Ready).await, ["check"]);
        office.complete(&specialist, "check", "send_back").await;
    }
    assert_eq!(office.recorded("workflow.completed").await, 10);
}

#[tokio::test]
async fn bad_choices_and_old_pages_are_refused() {
    let office = Office::open().await;
    let clerk = office.official("Lê Văn Nhận", "receiving", &["clerk"]);
    office.start("one_stop", json!(null)).await;
    let task = office.ready("receive").await;
    let try_with = async |completion: Completion| office.try_complete(&clerk, &task, completion).await.unwrap_err();

    let unknown = try_with(Completion::new("approve")).await;
    assert_eq!(
        (unknown.kind, unknown.code),
        (FaultKind::Invalid, "workflow.outcome_unknown")
    );
    assert_eq!(unknown.fields[0].field, "outcome");
    assert_eq!(
        try_with(Completion::new("accept").with(json!([1]))).await.code,
        "workflow.variables_bad"
    );
    assert_eq!(
        try_with(Completion::new("accept").with(json!({ "x": "y".repeat(300_000) })))
            .await
            .code,
        "workflow.variables_bad"
    );

    let mut op = office.op(&clerk).await;
    office.workflow.claim(&mut op, task.id).await.unwrap();
    op.commit().await.unwrap();
    let old = try_with(Completion::new("accept").expecting(task.version)).await;
    assert_eq!((old.kind, old.code), (FaultKind::Conflict, "workflow.task_changed"));
    let seen = office.ready("receive").await;
    assert_eq!(seen.version, task.version + 1);
    office
        .try_complete(&clerk, &seen, Completion::new("accept").expecting(seen.version))
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_needed_at_the_start_is_asked_for() {
    let office = Office::open().await;
    let mut op = office.op(&office.citizen()).await;
    let start = |process: &str, subject: &str, without: &str| workflow::Start {
        definition: workflow::DefinitionKey::new("demo", process),
        subject: subject.to_owned(),
        agencies: office
            .agencies
            .clone()
            .into_iter()
            .filter(|(name, _)| name != without)
            .collect(),
        variables: json!(null),
    };
    let fault = office
        .workflow
        .start(&mut op, start("nothing", SUBJECT, ""))
        .await
        .unwrap_err();
    assert_eq!(
        (fault.kind, fault.code),
        (FaultKind::NotFound, "workflow.definition_not_found")
    );
    assert_eq!(
        office
            .workflow
            .start(&mut op, start("one_stop", " ", ""))
            .await
            .unwrap_err()
            .code,
        "workflow.subject_missing"
    );
    let fault = office
        .workflow
        .start(&mut op, start("one_stop", SUBJECT, "handling"))
        .await
        .unwrap_err();
    assert_eq!(
        (fault.code, fault.params["name"].as_str()),
        ("workflow.agency_missing", "handling")
    );
    // An agency that only another process needs may be left out.
    office
        .workflow
        .start(&mut op, start("one_stop", SUBJECT, "asked"))
        .await
        .unwrap();
}

#[tokio::test]
async fn running_cases_keep_their_version() {
    let office = Office::open().await;
    let platform = Actor::System("compose");
    let old = office.start("one_stop", json!(null)).await;
    let two = read((
        ONE_STOP.0,
        &ONE_STOP
            .1
            .replace("outcomes: [accept, refuse]", "outcomes: [accept, refuse, pass_on]"),
    ));

    let mut op = office.op(&platform).await;
    let published = office.workflow.publish(&mut op, "demo", &two).await.unwrap();
    assert_eq!((published.version, published.new), (2, true));
    let again = office.workflow.publish(&mut op, "demo", &two).await.unwrap();
    assert_eq!((again.id, again.new), (published.id, false));
    let elsewhere = office.workflow.publish(&mut op, "other", &two).await.unwrap();
    assert_eq!((elsewhere.version, elsewhere.new), (1, true));
    op.commit().await.unwrap();

    let new = office.start("one_stop", json!(null)).await;
    let outcomes: Vec<usize> = office.tasks().await.iter().map(|task| task.outcomes.len()).collect();
    assert_eq!(outcomes, [2, 3]);
    assert_eq!(office.instance(old).await.definition_version, 1);
    assert_eq!(office.instance(new).await.definition_version, 2);

    // Back to the first content: no third version.
    let mut op = office.op(&platform).await;
    let back = office.workflow.publish(&mut op, "demo", &read(ONE_STOP)).await.unwrap();
    assert_eq!((back.version, back.new), (1, false));
    op.commit().await.unwrap();
    let newest = office.start("one_stop", json!(null)).await;
    assert_eq!(office.instance(newest).await.definition_version, 1);
}

#[tokio::test]
async fn an_action_that_nobody_registered_stops_the_completion() {
    let office = Office::open().await;
    let clerk = office.official("Lê Văn Nhận", "receiving", &["clerk"]);
    office.start("one_stop", json!(null)).await;
    office.complete(&clerk, "receive", "accept").await;
    let specialist = office.official("Phạm Thị Xét", "handling", &["specialist"]);
    office.complete(&specialist, "check", "propose").await;
    let approve = office.ready("approve").await;
    let bare = workflow::Workflow::new(workflow::Actions::new(), std::sync::Arc::new(crate::office::calendar()));
    let mut op = office.op(&office.official("Ngô Văn Ký", "handling", &["leader"])).await;
    let fault = bare
        .complete(&mut op, approve.id, Completion::new("sign"))
        .await
        .unwrap_err();
    assert_eq!(
        (fault.kind, fault.code),
        (FaultKind::Internal, "workflow.action_failed")
    );
}
