//! Asking, handling, answering; and everybody who must not.

use db::PageRequest;
use identity::PersonField;
use kernel::Actor;
use privacy::{DeskBox, Kind, NewRequest, Outcome, State, Verdict};

use crate::town::Town;

fn verdict(outcome: Outcome) -> Verdict {
    Verdict {
        outcome,
        answer: "Đã làm.".into(),
        ground: String::new(),
        fields: Vec::new(),
        purposes: Vec::new(),
    }
}

fn correction(phone: &str, email: &str) -> NewRequest {
    NewRequest {
        kind: Kind::Correct,
        details: String::new(),
        wishes: vec![(PersonField::Phone, phone.into()), (PersonField::Email, email.into())],
        purposes: Vec::new(),
    }
}

// shows: R028
#[tokio::test]
async fn one_open_request_of_a_kind_and_a_double_press_is_one() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let first = town.ask(&sen, Kind::Object).await;
    assert_eq!(town.ask(&sen, Kind::Object).await, first);
    assert_eq!(town.told(&sen).await, ["privacy_received"]);
    let other = NewRequest {
        kind: Kind::Object,
        details: "Việc khác".into(),
        wishes: Vec::new(),
        purposes: Vec::new(),
    };
    let mut op = town.op(&sen).await;
    let fault = town.privacy.ask(&mut op, other.clone()).await.unwrap_err();
    assert_eq!(fault.code, "privacy.already_open");
    assert_eq!(fault.params["id"], first.to_string());
    drop(op);
    // Another kind, another person, and after a withdrawal: all are heard.
    town.ask(&sen, Kind::Restrict).await;
    let ut = town.citizen("Trần Văn Út", "ututran").await;
    town.ask(&ut, Kind::Object).await;
    for _ in 0..2 {
        let mut op = town.op(&sen).await;
        town.privacy.withdraw(&mut op, first).await.unwrap();
        op.commit().await.unwrap();
    }
    let detail = town.see(&sen, first).await;
    assert_eq!(detail.request.state, State::Withdrawn);
    assert_eq!(detail.lines.len(), 2);
    let mut op = town.op(&sen).await;
    assert_ne!(town.privacy.ask(&mut op, other).await.unwrap(), first);
}

#[tokio::test]
async fn two_presses_at_once_make_one_request() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let (one, two) = tokio::join!(town.ask(&sen, Kind::See), town.ask(&sen, Kind::See));
    assert_eq!(one, two);
}

#[tokio::test]
async fn for_others_a_request_does_not_exist() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let ut = town.citizen("Trần Văn Út", "ututran").await;
    let id = town.ask(&sen, Kind::See).await;
    let clerk = town.official(ut.person().unwrap(), ut.account().unwrap(), "Trần Văn Út", "clerk");
    for stranger in [&ut, &clerk, &Actor::Anonymous] {
        let mut op = town.op(stranger).await;
        let fault = town.privacy.request(&mut op, id).await.unwrap_err();
        assert_eq!(fault.code, "privacy.not_found");
        let mut op = town.op(stranger).await;
        assert_eq!(
            town.privacy.withdraw(&mut op, id).await.unwrap_err().code,
            "privacy.not_found"
        );
        let mut op = town.op(stranger).await;
        let fault = town.privacy.acknowledge(&mut op, id, false).await.unwrap_err();
        assert_eq!(fault.code, "privacy.not_found");
        let mut op = town.op(stranger).await;
        let fault = town.privacy.extract_for(&mut op, id).await.unwrap_err();
        assert_eq!(fault.code, "privacy.not_found");
        let mut op = town.op(stranger).await;
        let fault = town
            .privacy
            .desk(&mut op, DeskBox::Open, &PageRequest::first())
            .await
            .unwrap_err();
        assert_eq!(fault.code, "privacy.not_allowed");
    }
    assert_eq!(town.see(&sen, id).await.request.state, State::Received);
}

#[tokio::test]
async fn nobody_answers_themself() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let colleague = town.officer("Phạm Thị Bưởi", "buoi").await;
    let id = town.ask(&officer, Kind::See).await;
    assert_eq!(town.told(&officer).await, ["privacy_received"]);
    assert_eq!(town.told(&colleague).await, ["privacy_new"]);
    let mut op = town.op(&officer).await;
    let fault = town.privacy.acknowledge(&mut op, id, false).await.unwrap_err();
    assert_eq!(fault.code, "privacy.own_request");
    let mut op = town.op(&officer).await;
    let fault = town
        .privacy
        .answer(&mut op, id, verdict(Outcome::Granted))
        .await
        .unwrap_err();
    assert_eq!(fault.code, "privacy.own_request");
    town.acknowledge(&colleague, id, false).await;
}

#[tokio::test]
async fn a_correction_changes_the_person_and_the_history_keeps_both() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let mut op = town.op(&sen).await;
    let fault = town.privacy.ask(&mut op, correction("12", "sen")).await.unwrap_err();
    let fields: Vec<&str> = fault.fields.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(fields, ["phone", "email"]);
    let mut op = town.op(&sen).await;
    let id = town.privacy.ask(&mut op, correction("0987654321", "")).await.unwrap();
    op.commit().await.unwrap();
    town.acknowledge(&officer, id, false).await;

    let mut op = town.op(&officer).await;
    let partly = Verdict {
        ground: "Điều 5".into(),
        ..verdict(Outcome::Partly)
    };
    let fault = town.privacy.answer(&mut op, id, partly.clone()).await.unwrap_err();
    assert_eq!(fault.fields[0].field, "fields");
    drop(op);
    // Killed before the commit: nothing has happened.
    let mut op = town.op(&officer).await;
    town.privacy
        .answer(&mut op, id, verdict(Outcome::Granted))
        .await
        .unwrap();
    drop(op);
    assert_eq!(town.see(&sen, id).await.request.state, State::Acknowledged);

    let mut op = town.op(&officer).await;
    let partly = Verdict {
        fields: vec![PersonField::Phone],
        ..partly
    };
    let done = town.privacy.answer(&mut op, id, partly.clone()).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(done.corrected.len(), 1);
    let mut op = town.op(&sen).await;
    let person = town.identity.person(&mut op, sen.person().unwrap(), "").await.unwrap();
    assert_eq!(person.phone.unwrap().as_str(), "0987654321");
    assert_eq!(person.email.as_deref(), Some("sen@example.vn"));
    drop(op);
    let detail = town.see(&sen, id).await;
    let line = detail.lines.last().unwrap();
    assert_eq!(line.detail["corrected"][0]["before"], "0912345678");
    assert!(line.actor_name.contains("Trần Văn Lúa"), "{}", line.actor_name);
    let audit: Vec<String> = sqlx::query_scalar("SELECT detail FROM op.audit_entry")
        .fetch_all(&town.scratch.pool)
        .await
        .unwrap();
    assert!(
        audit
            .iter()
            .all(|detail| !detail.contains("0987654321") && !detail.contains("0912345678"))
    );
    // Pressed twice, or a colleague was faster.
    let mut op = town.op(&officer).await;
    let fault = town.privacy.answer(&mut op, id, partly).await.unwrap_err();
    assert_eq!(fault.code, "privacy.wrong_state");
}

#[tokio::test]
async fn a_deletion_lets_go_what_may_go_and_says_what_the_law_keeps() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let ut = town.citizen("Trần Văn Út", "ututran").await;
    let id = town.ask(&sen, Kind::Delete).await;
    let mut op = town.op(&sen).await;
    town.notify
        .set_email(&mut op, sen.account().unwrap(), false)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let mut op = town.op(&officer).await;
    let done = town
        .privacy
        .answer(&mut op, id, verdict(Outcome::Granted))
        .await
        .unwrap();
    op.commit().await.unwrap();
    let part = |engine: &str, part: &str| {
        let found = done
            .forgotten
            .iter()
            .find(|one| one.engine == engine && one.part == part);
        found.map(|one| (one.gone, one.kept)).unwrap()
    };
    assert_eq!(part("identity", "contact"), (2, false));
    assert_eq!(part("identity", "person"), (0, true));
    assert_eq!(part("notify", "preferences"), (1, false));
    assert_eq!(part("privacy", "requests"), (0, true));
    for (whose, left) in [(&sen, false), (&ut, true)] {
        let mut op = town.op(whose).await;
        let person = town
            .identity
            .person(&mut op, whose.person().unwrap(), "")
            .await
            .unwrap();
        assert_eq!((person.phone.is_some(), person.email.is_some()), (left, left));
    }
}

#[tokio::test]
async fn a_refusal_needs_its_legal_ground_and_changes_nothing() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let id = town.ask(&sen, Kind::Delete).await;
    let mut op = town.op(&officer).await;
    let fault = town
        .privacy
        .answer(&mut op, id, verdict(Outcome::Refused))
        .await
        .unwrap_err();
    assert_eq!(fault.fields[0].field, "ground");
    drop(op);
    let mut op = town.op(&officer).await;
    let refused = Verdict {
        ground: "Luật Lưu trữ".into(),
        ..verdict(Outcome::Refused)
    };
    let done = town.privacy.answer(&mut op, id, refused).await.unwrap();
    op.commit().await.unwrap();
    assert!(done.forgotten.is_empty());
    assert_eq!(town.told(&sen).await, ["privacy_received", "privacy_answered"]);
    let mut op = town.op(&sen).await;
    let looks = town.identity.looks_at_me(&mut op, &PageRequest::first()).await.unwrap();
    assert!(looks.items.iter().any(|look| look.action == "privacy.answered"));
}

#[tokio::test]
async fn the_desk_shows_what_is_late_first_page_by_page() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let ut = town.citizen("Trần Văn Út", "ututran").await;
    let early = town.ask(&sen, Kind::Delete).await;
    town.set("2026-03-10T08:00");
    let later = [town.ask(&sen, Kind::See).await, town.ask(&ut, Kind::See).await];
    let mut seen = Vec::new();
    let mut page = PageRequest::new(None, Some(1));
    loop {
        let mut op = town.op(&officer).await;
        let found = town.privacy.desk(&mut op, DeskBox::Open, &page).await.unwrap();
        seen.extend(found.items.iter().map(|row| row.request.id));
        match found.next {
            Some(next) => page = PageRequest::new(Some(next), Some(1)),
            None => break,
        }
    }
    assert_eq!(seen[0], early);
    assert_eq!(
        seen[1..].iter().copied().collect::<std::collections::BTreeSet<_>>(),
        later.into()
    );
    let mut op = town.op(&officer).await;
    let ended = town
        .privacy
        .desk(&mut op, DeskBox::Ended, &PageRequest::first())
        .await
        .unwrap();
    assert!(ended.items.is_empty());
}
