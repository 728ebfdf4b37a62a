//! Breaches: the clock, the notice, the people concerned.

use db::PageRequest;
use identity::NewPerson;
use kernel::{Actor, PersonalNumber};
use privacy::{Facts, IncidentState};

use crate::town::{Town, at};

fn facts() -> Facts {
    Facts {
        title: "Gửi nhầm danh sách".into(),
        what: "Một danh sách được gửi nhầm qua thư điện tử.".into(),
        data: "Họ tên, số điện thoại".into(),
        whose: "Người nộp hồ sơ".into(),
        affected: 12,
        measures: "Đã yêu cầu bên nhận xóa.".into(),
    }
}

async fn open(town: &Town, officer: &Actor, noticed: &str) -> uuid::Uuid {
    let mut op = town.op(officer).await;
    let id = town.privacy.open_incident(&mut op, facts(), at(noticed)).await.unwrap();
    op.commit().await.unwrap();
    id
}

// shows: R028
#[tokio::test]
async fn the_clock_runs_from_noticing_and_warns_at_its_hours_each_once() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let id = open(&town, &officer, "2026-03-02T06:00").await;
    // Pressed twice.
    assert_eq!(open(&town, &officer, "2026-03-02T06:00").await, id);
    let mut op = town.op(&officer).await;
    let (incident, _) = town.privacy.incident(&mut op, id).await.unwrap();
    assert_eq!(incident.notify_by, at("2026-03-05T06:00"));
    drop(op);
    op::begin_recurring(&town.ops, &town.jobs).await.unwrap();
    let mut expected: Vec<&str> = Vec::new();
    for (hour, told) in [
        ("2026-03-03T05:59", None),
        ("2026-03-03T08:00", Some("privacy_breach_runs")),
        ("2026-03-03T10:00", None),
        ("2026-03-04T20:00", Some("privacy_breach_runs")),
        ("2026-03-05T08:00", Some("privacy_breach_late")),
        ("2026-03-06T08:00", None),
    ] {
        town.set(hour);
        op::drain(&town.ops, &town.jobs).await.unwrap();
        expected.extend(told);
        assert_eq!(town.told(&officer).await, expected, "{hour}");
    }
}

#[tokio::test]
async fn a_program_that_slept_warns_once_of_what_is_true_now() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    open(&town, &officer, "2026-03-02T06:00").await;
    op::begin_recurring(&town.ops, &town.jobs).await.unwrap();
    town.set("2026-03-09T08:00");
    op::drain(&town.ops, &town.jobs).await.unwrap();
    assert_eq!(town.told(&officer).await, ["privacy_breach_late"]);
}

#[tokio::test]
async fn a_late_notice_needs_its_reason_and_then_the_clock_stands() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let id = open(&town, &officer, "2026-03-02T06:00").await;
    let mut op = town.op(&officer).await;
    assert_eq!(
        town.privacy.close_incident(&mut op, id).await.unwrap_err().code,
        "privacy.wrong_state"
    );
    drop(op);
    town.set("2026-03-05T06:01");
    let mut op = town.op(&officer).await;
    let fault = town.privacy.notify_authority(&mut op, id, "A05", "").await.unwrap_err();
    assert_eq!(fault.fields[0].field, "late_reason");
    drop(op);
    let mut op = town.op(&officer).await;
    town.privacy
        .notify_authority(&mut op, id, "A05, công văn số 1", "Chờ xác minh")
        .await
        .unwrap();
    op.commit().await.unwrap();
    let mut op = town.op(&officer).await;
    let fault = town
        .privacy
        .notify_authority(&mut op, id, "A05", "x")
        .await
        .unwrap_err();
    assert_eq!(fault.code, "privacy.wrong_state");
    drop(op);
    op::begin_recurring(&town.ops, &town.jobs).await.unwrap();
    op::drain(&town.ops, &town.jobs).await.unwrap();
    assert!(town.told(&officer).await.is_empty());
    for _ in 0..2 {
        let mut op = town.op(&officer).await;
        town.privacy.close_incident(&mut op, id).await.unwrap();
        op.commit().await.unwrap();
    }
    let mut op = town.op(&officer).await;
    let (incident, lines) = town.privacy.incident(&mut op, id).await.unwrap();
    assert_eq!(incident.state, IncidentState::Closed);
    let actions: Vec<&str> = lines.iter().map(|line| line.action.as_str()).collect();
    assert_eq!(actions, ["opened", "notified", "closed"]);
    let fault = town.privacy.change_incident(&mut op, id, facts()).await.unwrap_err();
    assert_eq!(fault.code, "privacy.wrong_state");
    drop(op);
    let pdf = town
        .privacy
        .incident_pdf(&incident, "Sở Thông tin và Truyền thông", town.ops.now())
        .await
        .unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
}

#[tokio::test]
async fn the_people_concerned_are_told_once_each_and_the_others_are_counted() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let sen = town.citizen_numbered("Lê Thị Sen", "sen", "999192000017").await;
    let mut op = town.ops.open(Actor::System("province")).await.unwrap();
    let without = NewPerson {
        personal_number: Some("999068000102".parse().unwrap()),
        ..NewPerson::named("Trần Văn Út")
    };
    town.identity.register_person(&mut op, &without).await.unwrap();
    op.commit().await.unwrap();
    let id = open(&town, &officer, "2026-03-02T06:00").await;
    let numbers: Vec<PersonalNumber> = ["999192000017", "999068000102", "999085000097", "999192000017"]
        .iter()
        .map(|number| number.parse().unwrap())
        .collect();
    let mut op = town.op(&officer).await;
    let told = town.privacy.tell_people(&mut op, id, &numbers).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(told.numbers, 3, "each once");
    let mut op = town.op(&officer).await;
    let told = town.privacy.tell_people(&mut op, id, &numbers).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(told.numbers, 3);
    // Somebody with an account, somebody without one, nobody: the answer, the page and the history are the same.
    let (_, before) = town.privacy.incident(&mut town.op(&officer).await, id).await.unwrap();
    for number in &numbers[..3] {
        let mut op = town.op(&officer).await;
        let told = town
            .privacy
            .tell_people(&mut op, id, std::slice::from_ref(number))
            .await
            .unwrap();
        assert_eq!(serde_json::to_string(&told).unwrap(), r#"{"numbers":1}"#);
        let (incident, lines) = town.privacy.incident(&mut op, id).await.unwrap();
        assert_eq!((incident.told, lines.len()), (7, before.len() + 1));
        assert_eq!(lines.last().unwrap().detail, serde_json::json!({ "numbers": 1 }));
    }
    assert_eq!(town.told(&sen).await, ["privacy_breach"]);
    let mut op = town.op(&officer).await;
    let fault = town.privacy.tell_people(&mut op, id, &[]).await.unwrap_err();
    assert_eq!(fault.code, "privacy.people");
    drop(op);
    let audit: Vec<String> = sqlx::query_scalar("SELECT detail || subject || purpose FROM op.audit_entry")
        .fetch_all(&town.scratch.pool)
        .await
        .unwrap();
    assert!(
        audit
            .iter()
            .all(|line| !line.contains("999192000017") && !line.contains("Gửi nhầm"))
    );
}

#[tokio::test]
async fn nobody_else_learns_of_a_breach_or_opens_one() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let id = open(&town, &officer, "2026-03-02T06:00").await;
    let clerk = town.official(sen.person().unwrap(), sen.account().unwrap(), "Lê Thị Sen", "clerk");
    for stranger in [&sen, &clerk, &Actor::Anonymous] {
        let mut op = town.op(stranger).await;
        assert_eq!(
            town.privacy.incident(&mut op, id).await.unwrap_err().code,
            "privacy.not_allowed"
        );
        let mut op = town.op(stranger).await;
        let fault = town
            .privacy
            .incidents(&mut op, &PageRequest::first())
            .await
            .unwrap_err();
        assert_eq!(fault.code, "privacy.not_allowed");
        let mut op = town.op(stranger).await;
        let fault = town
            .privacy
            .open_incident(&mut op, facts(), at("2026-03-02T06:00"))
            .await
            .unwrap_err();
        assert_eq!(fault.code, "privacy.not_allowed");
        let number = ["999192000017".parse().unwrap()];
        let mut op = town.op(stranger).await;
        assert!(town.identity.accounts_by_numbers(&mut op, &number).await.is_err());
    }
    let mut op = town.op(&officer).await;
    let fault = town
        .privacy
        .open_incident(&mut op, facts(), at("2026-03-02T09:00"))
        .await
        .unwrap_err();
    assert_eq!(fault.fields[0].field, "noticed_at");
}
