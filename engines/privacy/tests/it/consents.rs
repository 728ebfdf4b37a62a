//! Consents for declared purposes.

use privacy::Kind;
use render::Locale;

use crate::town::{DECLARATION, Town};

// shows: R028
#[tokio::test]
async fn a_consent_counts_from_its_moment_to_its_withdrawal_and_both_stay_known() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let ut = town.citizen("Trần Văn Út", "ututran").await;
    let person = sen.person().unwrap();
    let allows = async |whose, purpose: &str| {
        let mut op = town.op(&sen).await;
        town.privacy.consents(&mut op, whose, purpose).await.unwrap()
    };
    assert!(allows(person, "public_service").await);
    assert!(!allows(person, "reminders").await);
    assert!(!allows(person, "undeclared").await);
    for _ in 0..2 {
        // Pressed twice.
        let mut op = town.op(&sen).await;
        town.privacy
            .give_consent(&mut op, "reminders", 1, Locale::Vi)
            .await
            .unwrap();
        op.commit().await.unwrap();
    }
    assert!(allows(person, "reminders").await);
    assert!(!allows(person, "improvement").await);
    assert!(!allows(ut.person().unwrap(), "reminders").await);
    let mut op = town.op(&sen).await;
    let (views, past) = town.privacy.my_consents(&mut op).await.unwrap();
    assert!(past.is_empty());
    let given = views.iter().find(|view| view.purpose.key == "reminders").unwrap();
    assert!(given.consent.as_ref().unwrap().words.contains("Nhắc việc"));
    drop(op);
    town.set("2026-03-05T09:00");
    for _ in 0..2 {
        let mut op = town.op(&sen).await;
        town.privacy.end_consent(&mut op, "reminders").await.unwrap();
        op.commit().await.unwrap();
    }
    assert!(!allows(person, "reminders").await);
    let mut op = town.op(&sen).await;
    let (_, past) = town.privacy.my_consents(&mut op).await.unwrap();
    assert_eq!(past.len(), 1);
    assert!(past[0].ended_at > Some(past[0].given_at));
}

#[tokio::test]
async fn nobody_consents_to_words_they_have_not_read_or_where_nobody_is_asked() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let code = async |purpose: &str, version| {
        let mut op = town.op(&sen).await;
        let given = town.privacy.give_consent(&mut op, purpose, version, Locale::Vi).await;
        given.unwrap_err().code
    };
    assert_eq!(code("reminders", 2).await, "privacy.purpose_changed");
    assert_eq!(code("public_service", 1).await, "privacy.purpose_by_law");
    assert_eq!(code("undeclared", 1).await, "privacy.purpose_not_found");
}

#[tokio::test]
async fn words_that_change_are_asked_for_anew() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let person = sen.person().unwrap();
    let mut op = town.op(&sen).await;
    town.privacy
        .give_consent(&mut op, "reminders", 1, Locale::Vi)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let changed = DECLARATION.replace("key: reminders\n    version: 1", "key: reminders\n    version: 2");
    let newer = town.declaring(&changed);
    let mut op = town.op(&sen).await;
    assert!(!newer.consents(&mut op, person, "reminders").await.unwrap());
    let (views, _) = newer.my_consents(&mut op).await.unwrap();
    assert!(views.iter().any(|view| view.is_outdated()));
    newer.give_consent(&mut op, "reminders", 2, Locale::En).await.unwrap();
    assert!(newer.consents(&mut op, person, "reminders").await.unwrap());
    let (_, past) = newer.my_consents(&mut op).await.unwrap();
    assert_eq!(past.len(), 1);
}

#[tokio::test]
async fn a_deletion_ends_them() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let mut op = town.op(&sen).await;
    town.privacy
        .give_consent(&mut op, "reminders", 1, Locale::Vi)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let id = town.ask(&sen, Kind::Delete).await;
    let mut op = town.op(&officer).await;
    let verdict = privacy::Verdict {
        outcome: privacy::Outcome::Granted,
        answer: "Đã xóa.".into(),
        ground: String::new(),
        fields: Vec::new(),
        purposes: Vec::new(),
    };
    town.privacy.answer(&mut op, id, verdict).await.unwrap();
    assert!(
        !town
            .privacy
            .consents(&mut op, sen.person().unwrap(), "reminders")
            .await
            .unwrap()
    );
}
