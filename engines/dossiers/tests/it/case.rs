//! The whole way of a case, online and at the counter, and its lateness.

use dossiers::model::Status;
use forms::Channel;
use kernel::Actor;

use crate::office::{EXTRACT, Moment, Office, march, outcome, propose};

// shows: R073, R079
#[tokio::test]
async fn a_copy_goes_from_the_telephone_to_the_hand_over() {
    let office = Office::open().await;
    let people = &office.people;
    let submitted = office.submitted().await;
    let id = submitted.id;
    assert_eq!(submitted.code, "H30.29.01-260302-0001");
    assert_eq!(office.status(id).await, Status::Registered);
    assert_eq!(office.work(id).await, [("receive".to_owned(), true)]);

    office.at(march(2, 9, 0));
    let acted = office.act(&people.clerk, id, "receive", outcome("accept")).await;
    assert_eq!(
        (acted.status, acted.code.as_str()),
        (Status::Received, submitted.code.as_str())
    );
    assert_eq!(office.moment(Moment::Received, id).await, Some(march(2, 9, 0)));
    // Answered the same day: the end of the working day.
    assert_eq!(office.moment(Moment::Due, id).await, Some(march(2, 17, 0)));
    assert_eq!(office.work(id).await, [("check".to_owned(), true)]);

    let acted = office.act(&people.specialist, id, "check", propose(&EXTRACT)).await;
    assert_eq!(acted.status, Status::Processing);
    let acted = office.act(&people.leader, id, "approve", outcome("approve")).await;
    assert_eq!(
        acted.status,
        Status::Finished,
        "the result was issued in the same operation"
    );

    // 16.000 đồng for two copies are collected at return.
    let task = office.task(id, "hand_over").await;
    let version = office.version(id).await;
    let fault = office
        .try_act(&people.clerk, task, version, outcome("handed_over"))
        .await
        .unwrap_err();
    assert_eq!(
        (fault.code, fault.params["amount"].as_str()),
        ("dossiers.fees_due", "16.000 đ")
    );
    let mut op = office.op(&people.clerk).await;
    let receipt = Some("0000123".to_owned());
    office
        .dossiers
        .record_payment(&mut op, id, "copy", receipt)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let acted = office.act(&people.clerk, id, "hand_over", outcome("handed_over")).await;
    assert_eq!(acted.status, Status::Returned);

    let expected = [
        ("submitted", "Nguyễn Thị Lan", None, 1),
        ("received", "Lê Thị Cửa", Some(1), 2),
        ("advanced", "Phạm Văn Tịch", Some(2), 4),
        ("advanced", "Huỳnh Thị Duyệt", Some(4), 4),
        ("issued", "Huỳnh Thị Duyệt", Some(4), 9),
        ("paid", "Lê Thị Cửa", Some(9), 9),
        ("handed_over", "Lê Thị Cửa", Some(9), 10),
    ];
    let history = office.history(id).await;
    let lines = history
        .iter()
        .map(|(action, name, before, after)| (action.as_str(), name.as_str(), *before, *after));
    assert_eq!(lines.collect::<Vec<_>>(), expected);
    assert_eq!(office.documents(id).await, ["reception", "result"]);
    let told = [
        "dossier_submitted",
        "dossier_received",
        "result_ready",
        "result_returned",
    ];
    assert_eq!(office.told(&people.lan).await, told);
    assert!(office.work(id).await.is_empty());

    let mut op = office.op(&people.lan).await;
    office
        .dossiers
        .rate(&mut op, id, 5, "Nhanh, không phải đi lại")
        .await
        .unwrap();
    op.commit().await.unwrap();
    let mut op = office.op(&people.lan).await;
    let fault = office.dossiers.rate(&mut op, id, 4, "").await.unwrap_err();
    assert_eq!(fault.code, "dossiers.rated_already");
}

#[tokio::test]
async fn history_says_from_which_office_and_position() {
    let office = Office::open().await;
    let id = office.submitted().await.id;
    office.act(&office.people.clerk, id, "receive", outcome("accept")).await;
    let line: (String, String, String, bool) = sqlx::query_as(
        "SELECT position_title, agency_name, task, internal FROM dossiers.history WHERE dossier_id = $1 AND action = 'received'",
    )
    .bind(id.uuid())
    .fetch_one(&office.scratch.pool)
    .await
    .unwrap();
    let expected = ("Công chức clerk", "Ủy ban nhân dân phường Ngã Bảy", "receive", true);
    assert_eq!((line.0.as_str(), line.1.as_str(), line.2.as_str(), line.3), expected);
}

// shows: R070, R071, R074
#[tokio::test]
async fn a_clerk_takes_in_at_the_counter_for_somebody_and_has_the_first_step() {
    let office = Office::open().await;
    let people = &office.people;
    let draft = office.extract_draft(&people.clerk, Channel::Counter).await;
    let mut op = office.op(&people.clerk).await;
    let taken = office.dossiers.take_in(&mut op, draft, true).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(office.status(taken.id).await, Status::Registered);
    assert_eq!(office.actions(taken.id).await, ["taken_in"]);
    let row: (Option<uuid::Uuid>, Option<uuid::Uuid>, String, String) = sqlx::query_as(
        "SELECT owner_person, submitter_account, submitter_name, channel FROM dossiers.dossier WHERE id = $1",
    )
    .bind(taken.id.uuid())
    .fetch_one(&office.scratch.pool)
    .await
    .unwrap();
    assert_eq!(row.0, people.hung.person().map(kernel::PersonId::uuid));
    assert_eq!(row.1, people.hung.account().map(kernel::AccountId::uuid));
    assert_eq!((row.2.as_str(), row.3.as_str()), ("Trần Văn Hùng", "counter"));
    // Whose case it is has an account, so it hears of it.
    assert_eq!(office.told(&people.hung).await, ["dossier_submitted"]);

    // The first step is that clerk's, not the other's.
    let assignee: Option<String> = office
        .one(
            "SELECT assignee_name FROM dossiers.work WHERE dossier_id = $1",
            taken.id,
        )
        .await;
    assert_eq!(assignee.as_deref(), Some("Lê Thị Cửa"));
    let task = office.task(taken.id, "receive").await;
    let version = office.version(taken.id).await;
    let fault = office
        .try_act(&people.second_clerk, task, version, outcome("accept"))
        .await
        .unwrap_err();
    assert_eq!(
        (fault.code, fault.params["who"].as_str()),
        ("workflow.task_assigned", "Lê Thị Cửa")
    );
    office.act(&people.clerk, taken.id, "receive", outcome("accept")).await;
    assert_eq!(office.status(taken.id).await, Status::Received);
}

// shows: R070
#[tokio::test]
async fn what_comes_by_post_is_taken_in_as_such() {
    let office = Office::open().await;
    let people = &office.people;
    let draft = office.extract_draft(&people.clerk, Channel::Post).await;
    let mut op = office.op(&people.clerk).await;
    let taken = office.dossiers.take_in(&mut op, draft, true).await.unwrap();
    op.commit().await.unwrap();
    let (channel, owner): (String, String) =
        sqlx::query_as("SELECT channel, owner_name FROM dossiers.dossier WHERE id = $1")
            .bind(taken.id.uuid())
            .fetch_one(&office.scratch.pool)
            .await
            .unwrap();
    assert_eq!((channel.as_str(), owner.as_str()), ("post", "Trần Văn Hùng"));
    office.act(&people.clerk, taken.id, "receive", outcome("accept")).await;
    assert_eq!(office.documents(taken.id).await, ["reception"]);
    let mut op = office.op(&people.hung).await;
    let view = office.dossiers.view(&mut op, taken.id).await.unwrap();
    assert_eq!(view.channel, dossiers::catalogue::Channel::Post);
    op.commit().await.unwrap();

    // A citizen hands in online only, and a procedure that takes nothing by post refuses it.
    let draft = office.extract_draft(&people.lan, Channel::Online).await;
    office.try_submit(&people.lan, draft).await.unwrap();
    let no_post =
        |procedure: &str| procedure.replace("channels: [online, counter, post]", "channels: [online, counter]");
    office.publish(&EXTRACT, no_post).await.unwrap();
    let draft = office.extract_draft(&people.clerk, Channel::Post).await;
    let mut op = office.op(&people.clerk).await;
    let fault = office.dossiers.take_in(&mut op, draft, true).await.unwrap_err();
    assert_eq!(
        (fault.code, fault.params["channel"].as_str()),
        ("dossiers.channel", "post")
    );
}

#[tokio::test]
async fn the_counter_takes_in_only_what_its_agency_receives_and_only_by_clerks() {
    let office = Office::open().await;
    let people = &office.people;
    let draft = office.extract_draft(&people.foreign_clerk, Channel::Counter).await;
    let mut op = office.op(&people.foreign_clerk).await;
    let fault = office.dossiers.take_in(&mut op, draft, true).await.unwrap_err();
    assert_eq!(fault.code, "dossiers.other_agency_receives");
    assert_eq!(fault.params["agency"], "Ủy ban nhân dân phường Ngã Bảy");

    // A citizen's draft is not for the counter, and nobody else's either.
    let draft = office.extract_draft(&people.lan, Channel::Online).await;
    let mut op = office.op(&people.clerk).await;
    let fault = office.dossiers.take_in(&mut op, draft, true).await.unwrap_err();
    assert_eq!(fault.code, "forms.draft_not_found");
    let mut op = office.op(&people.clerk).await;
    let fault = office.dossiers.submit(&mut op, draft, true).await.unwrap_err();
    assert_eq!(fault.code, "dossiers.citizens_only");
}

// shows: R069
#[tokio::test]
async fn nothing_is_handed_in_unconfirmed_or_incomplete() {
    let office = Office::open().await;
    let lan = &office.people.lan;
    let draft = office.extract_draft(lan, Channel::Online).await;
    let mut op = office.op(lan).await;
    let fault = office.dossiers.submit(&mut op, draft, false).await.unwrap_err();
    assert_eq!(fault.code, "dossiers.not_confirmed");
    drop(op);

    // For somebody else a power of attorney is needed, and who it is.
    let mut op = office.op(lan).await;
    let typed = crate::office::raw(&[("whose", "other")]);
    office
        .forms
        .save_page(&mut op, draft, "belongs_to", &typed)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let mut op = office.op(lan).await;
    let preview = office.dossiers.preview(&mut op, draft).await.unwrap();
    assert!(!preview.ready);
    assert!(
        preview
            .papers
            .iter()
            .any(|paper| paper.paper == "authorisation" && paper.required)
    );
    assert_eq!(preview.receiving.unwrap().code, "H30.29.01");
    assert_eq!(preview.fees[0].amount.dong(), 16_000);
    let fault = office.dossiers.submit(&mut op, draft, true).await.unwrap_err();
    assert_eq!(fault.code, "dossiers.incomplete");
    let fields: Vec<&str> = fault.fields.iter().map(|fault| fault.field.as_str()).collect();
    assert!(fields.contains(&"papers.authorisation"), "{fields:?}");
    assert!(fields.iter().any(|field| field.starts_with("subject.")), "{fields:?}");
    let none: i64 = sqlx::query_scalar("SELECT count(*) FROM dossiers.number_series")
        .fetch_one(&office.scratch.pool)
        .await
        .unwrap();
    assert_eq!(none, 0, "a number is drawn for a dossier only");
}

#[tokio::test]
async fn lateness_is_found_once_and_an_apology_moves_what_was_told() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    office.act(&people.clerk, id, "receive", outcome("accept")).await;
    let promised = office.moment(Moment::Promised, id).await;
    for _ in 0..2 {
        op::begin_recurring(&office.ops, &office.jobs).await.unwrap();
    }
    op::drain(&office.ops, &office.jobs).await.unwrap();
    assert_eq!(office.moment(Moment::Late, id).await, None);

    office.at(march(3, 8, 30));
    op::drain(&office.ops, &office.jobs).await.unwrap();
    assert_eq!(office.moment(Moment::Late, id).await, Some(march(3, 8, 30)));
    office.at(march(3, 10, 30));
    op::drain(&office.ops, &office.jobs).await.unwrap();
    assert_eq!(office.actions(id).await, ["submitted", "received", "late"]);
    assert_eq!(office.told(&people.specialist).await, ["task_overdue"]);
    assert_eq!(office.told(&people.leader).await, ["task_overdue_leader"]);

    let mut op = office.op(&people.specialist).await;
    let day = "2026-03-05".parse().unwrap();
    let fault = office
        .dossiers
        .apologise(&mut op, id, "Mất điện", day)
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.leader_only");
    // A refused operation still holds the row until it is dropped.
    drop(op);
    let mut op = office.op(&people.leader).await;
    let fault = office.dossiers.apologise(&mut op, id, "  ", day).await.unwrap_err();
    assert_eq!(fault.code, "dossiers.reason_missing");
    drop(op);
    let mut op = office.op(&people.leader).await;
    office
        .dossiers
        .apologise(&mut op, id, "Mất điện cả ngày", day)
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(office.moment(Moment::Due, id).await, Some(march(5, 17, 0)));
    assert_eq!(
        office.moment(Moment::Promised, id).await,
        promised,
        "punctuality is measured by the first promise"
    );
    assert_eq!(office.documents(id).await, ["reception", "apology"]);
    assert_eq!(office.told(&people.lan).await.last().unwrap(), "dossier_late");
}

#[tokio::test]
async fn a_new_version_of_the_procedure_leaves_dossiers_as_they_began() {
    let office = Office::open().await;
    let before = office.submitted().await.id;
    let same = office.publish(&EXTRACT, str::to_owned).await.unwrap();
    assert_eq!(same, 1, "the same content is the same version");
    let dearer = |text: &str| text.replace("8000 * copies", "9000 * copies");
    assert_eq!(office.publish(&EXTRACT, dearer).await.unwrap(), 2);
    let after = office.submitted().await.id;
    let sql = "SELECT amount FROM dossiers.fee WHERE dossier_id = $1";
    assert_eq!(office.one::<i64>(sql, before).await, 16_000);
    assert_eq!(office.one::<i64>(sql, after).await, 18_000);
    assert_eq!(office.publish(&EXTRACT, str::to_owned).await.unwrap(), 1);
    let mut op = office.op(&Actor::Anonymous).await;
    let online = office.dossiers.online(&mut op, "civil-extract").await.unwrap();
    assert_eq!((online.version, online.code.as_str()), (1, "2.000635"));
    assert!(
        office
            .dossiers
            .online_by_code(&mut op, "9.999999")
            .await
            .unwrap()
            .is_none()
    );
}
