//! Supplements: the clock stands, what was asked for comes back, and the case goes on where it stood.

use dossiers::Supply;
use dossiers::model::{Act, Status, SupplementKind};
use kernel::DossierId;

use crate::office::{EXTRACT, HUNG, Moment, Office, ask, march, outcome, propose, raw, seen};

/// A copy that was received at 08:00 and for which the specialist asks at 09:00 for a paper and an answer.
async fn asked(office: &Office) -> DossierId {
    let people = &office.people;
    let id = office.submitted().await.id;
    office.act(&people.clerk, id, "receive", outcome("accept")).await;
    office.at(march(2, 9, 0));
    let act = ask(&[(SupplementKind::Paper, "old_copy"), (SupplementKind::Answer, "copies")]);
    let acted = office.act(&people.specialist, id, "check", act).await;
    assert_eq!(acted.status, Status::Supplement);
    id
}

#[tokio::test]
async fn the_clock_stands_until_the_supplement_comes() {
    let office = Office::open().await;
    let people = &office.people;
    let id = asked(&office).await;
    assert_eq!(office.work(id).await, [("check".to_owned(), false)]);
    assert_eq!(office.documents(id).await, ["reception", "supplement"]);
    let version = office.version(id).await;
    let task = office.task(id, "check").await;
    let fault = office
        .try_act(&people.specialist, task, version, propose(&EXTRACT))
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.supplement_awaited");

    // Two working days later; the afternoon of the second day and all of the third have passed for nobody.
    office.at(march(4, 9, 0));
    let lan = &people.lan;
    let file = office.upload(lan, "upload", "old copy").await;
    let mut op = office.op(lan).await;
    office
        .dossiers
        .stage_supply_file(&mut op, id, "old_copy", &file)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let mut op = office.op(lan).await;
    let state = office.dossiers.supply_state(&mut op, id).await.unwrap();
    assert_eq!((state.round, state.items.len(), state.fields.len()), (1, 2, 1));
    assert_eq!(state.items[0].files.len(), 1);
    assert_eq!(state.fields[0].field, "copies");
    let supply = Supply {
        answers: raw(&[("copies", "3")]),
        note: "Gửi lại bản rõ".to_owned(),
    };
    office.dossiers.supply(&mut op, id, supply).await.unwrap();
    op.commit().await.unwrap();

    assert_eq!(office.status(id).await, Status::Received, "it goes on where it stood");
    assert_eq!(office.work(id).await, [("check".to_owned(), true)]);
    // Due Monday 17:00; it waited from Monday 09:00 to Wednesday 09:00, that is two working days.
    assert_eq!(office.moment(Moment::Due, id).await, Some(march(4, 17, 0)));
    let waited: i64 = office
        .one(
            "SELECT waited_minutes FROM dossiers.supplement WHERE dossier_id = $1",
            id,
        )
        .await;
    assert_eq!(waited, 16 * 60);
    let amount: i64 = office
        .one("SELECT amount FROM dossiers.fee WHERE dossier_id = $1", id)
        .await;
    assert_eq!(amount, 24_000, "the fee follows the answer");
    let paper: (String, i32) = sqlx::query_as("SELECT paper, round FROM dossiers.paper WHERE dossier_id = $1")
        .bind(id.uuid())
        .fetch_one(&office.scratch.pool)
        .await
        .unwrap();
    assert_eq!(paper, ("old_copy".to_owned(), 1));
    let mut op = office.op(lan).await;
    let kept = office.files.by_holder(&mut op, &dossiers::subject(id)).await.unwrap();
    assert!(kept.iter().any(|kept| kept.id == file.id));
    assert_eq!(
        office.actions(id).await,
        ["submitted", "received", "supplement_asked", "supplied"]
    );
    assert!(office.told(lan).await.contains(&"supplement_supplied".to_owned()));
    // A second press finds nothing that is asked for.
    let fault = office
        .dossiers
        .supply(&mut op, id, Supply::default())
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.nothing_asked");
    drop(op);

    let act = seen(propose(&EXTRACT), "old_copy", true);
    office.act(&people.specialist, id, "check", act).await;
    assert_eq!(office.status(id).await, Status::Processing);
}

#[tokio::test]
async fn everything_that_was_asked_for_must_come() {
    let office = Office::open().await;
    let people = &office.people;
    let id = asked(&office).await;
    let mut op = office.op(&people.lan).await;
    let fault = office
        .dossiers
        .supply(&mut op, id, Supply::default())
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.supply_incomplete");
    let fields: Vec<&str> = fault.fields.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(fields, ["papers.old_copy", "copies"]);
    drop(op);

    // A paper that nobody asked for, too many files, and a file of somebody else.
    let own = office.upload(&people.lan, "upload", "1").await;
    let mut op = office.op(&people.lan).await;
    let fault = office
        .dossiers
        .stage_supply_file(&mut op, id, "authorisation", &own)
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.paper_not_asked");
    drop(op);
    let foreign = office.upload(&people.hung, "upload", "2").await;
    let mut op = office.op(&people.lan).await;
    let fault = office
        .dossiers
        .stage_supply_file(&mut op, id, "old_copy", &foreign)
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.file_not_yours");
    drop(op);
    for content in ["3", "4"] {
        let file = office.upload(&people.lan, "upload", content).await;
        let mut op = office.op(&people.lan).await;
        office
            .dossiers
            .stage_supply_file(&mut op, id, "old_copy", &file)
            .await
            .unwrap();
        op.commit().await.unwrap();
    }
    let mut op = office.op(&people.lan).await;
    let fault = office
        .dossiers
        .stage_supply_file(&mut op, id, "old_copy", &own)
        .await
        .unwrap_err();
    assert_eq!(
        (fault.code, fault.params["most"].as_str()),
        ("dossiers.too_many_files", "2")
    );
}

#[tokio::test]
async fn another_number_is_another_owner() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    let owner = "SELECT owner_person FROM dossiers.dossier WHERE id = $1";
    let lan: Option<uuid::Uuid> = office.one(owner, id).await;
    assert!(lan.is_some());
    let act = ask(&[(SupplementKind::Answer, "requester_number")]);
    office.act(&people.clerk, id, "receive", act).await;
    let mut op = office.op(&people.lan).await;
    let supply = Supply {
        answers: raw(&[("requester_number", HUNG)]),
        ..Supply::default()
    };
    office.dossiers.supply(&mut op, id, supply).await.unwrap();
    op.commit().await.unwrap();
    let now: Option<uuid::Uuid> = office.one(owner, id).await;
    assert_eq!(now, None, "Lan handed in, but it is no longer hers");
    let mut op = office.op(&people.lan).await;
    office.dossiers.view(&mut op, id).await.unwrap();
}

#[tokio::test]
async fn a_supplement_before_reception_is_looked_at_before_the_reception() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    let act = ask(&[(SupplementKind::Answer, "record_number")]);
    office.act(&people.clerk, id, "receive", act).await;
    assert_eq!(office.work(id).await, [("receive".to_owned(), false)]);
    office.at(march(3, 8, 0));
    let mut op = office.op(&people.lan).await;
    let supply = Supply {
        answers: raw(&[("record_number", "34/1990")]),
        ..Supply::default()
    };
    office.dossiers.supply(&mut op, id, supply).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(office.status(id).await, Status::Supplement, "5 to 1 is not lawful");
    assert_eq!(office.work(id).await, [("receive".to_owned(), true)]);
    office.act(&people.clerk, id, "receive", outcome("accept")).await;
    assert_eq!(office.status(id).await, Status::Received);
    assert_eq!(
        office.moment(Moment::Received, id).await,
        Some(march(3, 8, 0)),
        "the promise counts from the reception"
    );

    // A second round is the leader's.
    let task = office.task(id, "check").await;
    let version = office.version(id).await;
    let act = ask(&[(SupplementKind::Answer, "copies")]);
    let fault = office
        .try_act(&people.specialist, task, version, act)
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.second_round");
}

// shows: R081
#[tokio::test]
async fn a_second_round_is_the_leaders_and_has_a_reason_of_its_own() {
    let office = Office::open().await;
    let people = &office.people;
    let id = asked(&office).await;
    supplied(&office, id, "3").await;
    office
        .act(
            &people.specialist,
            id,
            "check",
            seen(propose(&EXTRACT), "old_copy", true),
        )
        .await;

    let wish = seen(ask(&[(SupplementKind::Answer, "copies")]), "old_copy", true);
    let task = office.task(id, "approve").await;
    let version = office.version(id).await;
    let fault = office
        .try_act(&people.leader, task, version, wish.clone())
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.second_round_reason");
    let wish = Act {
        reason: "Giấy cũ và sổ khác nhau".to_owned(),
        ..wish
    };
    office.try_act(&people.leader, task, version, wish).await.unwrap();
    let (round, reason): (i32, Option<String>) = sqlx::query_as(
        "SELECT round, reason FROM dossiers.supplement WHERE dossier_id = $1 ORDER BY round DESC LIMIT 1",
    )
    .bind(id.uuid())
    .fetch_one(&office.scratch.pool)
    .await
    .unwrap();
    assert_eq!((round, reason.as_deref()), (2, Some("Giấy cũ và sổ khác nhau")));
    assert_eq!(office.documents(id).await, ["reception", "supplement", "supplement"]);

    let mut op = office.op(&people.lan).await;
    let supply = Supply {
        answers: raw(&[("copies", "1")]),
        ..Supply::default()
    };
    office.dossiers.supply(&mut op, id, supply).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(office.work(id).await, [("approve".to_owned(), true)]);
    office.act(&people.leader, id, "approve", outcome("approve")).await;
    assert_eq!(office.status(id).await, Status::Finished);
}

/// Lan sends what `asked` asks for.
async fn supplied(office: &Office, id: DossierId, copies: &str) {
    let lan = &office.people.lan;
    let file = office.upload(lan, "upload", "old copy").await;
    let mut op = office.op(lan).await;
    office
        .dossiers
        .stage_supply_file(&mut op, id, "old_copy", &file)
        .await
        .unwrap();
    let supply = Supply {
        answers: raw(&[("copies", copies)]),
        ..Supply::default()
    };
    office.dossiers.supply(&mut op, id, supply).await.unwrap();
    op.commit().await.unwrap();
}

#[tokio::test]
async fn what_waits_to_be_sent_is_kept_and_can_be_taken_away() {
    let office = Office::open().await;
    let lan = &office.people.lan;
    let id = asked(&office).await;
    let file = office.upload(lan, "upload", "old copy").await;
    let mut op = office.op(lan).await;
    let dossiers = &office.dossiers;
    dossiers
        .stage_supply_file(&mut op, id, "old_copy", &file)
        .await
        .unwrap();
    // Right or not, for a field that was asked for or not: what counts is kept, what nobody asked for is not.
    let typed = raw(&[("copies", "ba"), ("phone", "0999")]);
    dossiers.keep_supply(&mut op, id, &typed, " Gửi sau ").await.unwrap();
    op.commit().await.unwrap();

    let mut op = office.op(lan).await;
    let state = dossiers.supply_state(&mut op, id).await.unwrap();
    assert_eq!(
        (state.fields[0].value.as_str(), state.note.as_str()),
        (Some("ba"), "Gửi sau")
    );
    let sealed: Vec<u8> = office
        .one("SELECT sealed FROM dossiers.supplement WHERE dossier_id = $1", id)
        .await;
    let kept: serde_json::Value = vault::Sealed("dossiers.supplement")
        .open(&office.vault(), &format!("dossier:{id}/round:1"), &sealed)
        .unwrap();
    assert_eq!(kept["typed"], serde_json::json!({ "copies": ["ba"] }));
    assert_eq!(office.sealed(id).await["answers"]["copies"], 2, "nothing was handed in");

    // A file of another paper, of another case or of nobody is not taken away by this door.
    let loose = office.upload(lan, "upload", "loose").await;
    for (paper, file, code) in [
        ("old_copy", loose.id, "files.not_found"),
        ("authorisation", file.id, "dossiers.paper_not_asked"),
    ] {
        let fault = dossiers
            .unstage_supply_file(&mut op, id, paper, file)
            .await
            .unwrap_err();
        assert_eq!(fault.code, code, "{paper}");
    }
    drop(op);
    let mut op = office.op(&office.people.hung).await;
    let fault = dossiers
        .unstage_supply_file(&mut op, id, "old_copy", file.id)
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.dossier_not_found");
    drop(op);

    let mut op = office.op(lan).await;
    dossiers
        .unstage_supply_file(&mut op, id, "old_copy", file.id)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let mut op = office.op(lan).await;
    let state = dossiers.supply_state(&mut op, id).await.unwrap();
    assert!(state.items[0].files.is_empty());
    let fault = dossiers
        .unstage_supply_file(&mut op, id, "old_copy", file.id)
        .await
        .unwrap_err();
    assert_eq!(fault.code, "files.not_found", "it is gone already");
    drop(op);

    supplied(&office, id, "3").await;
    let kept: (serde_json::Value, String, Option<Vec<u8>>) =
        sqlx::query_as("SELECT typed, typed_note, sealed FROM dossiers.supplement WHERE dossier_id = $1")
            .bind(id.uuid())
            .fetch_one(&office.scratch.pool)
            .await
            .unwrap();
    assert_eq!(
        kept,
        (serde_json::json!({}), String::new(), None),
        "what was sent is kept in one place"
    );
}
