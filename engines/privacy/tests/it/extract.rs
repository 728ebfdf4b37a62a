//! Everything that is kept about a person.

use chrono::TimeDelta;
use privacy::{Extract, Kind, Outcome, Verdict};
use render::Locale;

use crate::town::Town;

fn part<'a>(extract: &'a Extract, engine: &str, part: &str) -> &'a op::Kept {
    let told = extract.engines.iter().find(|told| told.engine == engine).unwrap();
    told.parts.iter().find(|kept| kept.part == part).unwrap()
}

// shows: R028
#[tokio::test]
async fn the_person_takes_out_their_own_data_and_nobody_elses() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let ut = town.citizen("Trần Văn Út", "ututran").await;
    town.ask(&sen, Kind::See).await;
    town.ask(&ut, Kind::Protect).await;
    let mut op = town.op(&sen).await;
    let extract = town.privacy.extract(&mut op).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(extract.format, "ngabay-extract/1");
    assert_eq!(part(&extract, "identity", "person").items[0]["full_name"], "Lê Thị Sen");
    assert_eq!(part(&extract, "identity", "account").items[0]["login"], "sen");
    assert_eq!(part(&extract, "notify", "messages").items.len(), 1);
    assert_eq!(part(&extract, "privacy", "requests").items[0]["kind"], "see");
    let whole = serde_json::to_string(&extract).unwrap();
    assert!(
        !whole.contains("Út") && !whole.contains("ututran@example.vn"),
        "{whole}"
    );
    let recorded: i64 = sqlx::query_scalar("SELECT count(*) FROM op.audit_entry WHERE action = 'privacy.extracted'")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(recorded, 1);
    for locale in [Locale::Vi, Locale::En] {
        let pdf = town.privacy.extract_pdf(&extract, locale).await.unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
    }
}

#[tokio::test]
async fn whoever_has_not_shown_lately_who_they_are_gets_nothing() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let long_ago = town.ops.now() - TimeDelta::days(1);
    let mut op = town.op(&sen).await.shown(Some(long_ago));
    let fault = town.privacy.extract(&mut op).await.unwrap_err();
    assert_eq!(fault.code, "identity.step_up_needed");
}

#[tokio::test]
async fn an_official_takes_it_out_for_a_granted_request_only_and_the_person_learns_of_it() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let id = town.ask(&sen, Kind::Provide).await;
    let mut op = town.op(&officer).await;
    let fault = town.privacy.extract_for(&mut op, id).await.unwrap_err();
    assert_eq!(fault.code, "privacy.no_extract");
    let mut op = town.op(&officer).await;
    let verdict = Verdict {
        outcome: Outcome::Granted,
        answer: "Mời nhận bản sao.".into(),
        ground: String::new(),
        fields: Vec::new(),
        purposes: Vec::new(),
    };
    town.privacy.answer(&mut op, id, verdict).await.unwrap();
    op.commit().await.unwrap();
    let mut op = town.op(&officer).await;
    let extract = town.privacy.extract_for(&mut op, id).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(part(&extract, "identity", "person").items[0]["full_name"], "Lê Thị Sen");
    let mut op = town.op(&sen).await;
    let looks = town
        .identity
        .looks_at_me(&mut op, &db::PageRequest::first())
        .await
        .unwrap();
    let look = looks
        .items
        .iter()
        .find(|look| look.action == "privacy.extracted")
        .unwrap();
    assert_eq!(look.name, "Trần Văn Lúa");
}

#[tokio::test]
async fn a_part_that_is_too_long_is_cut_and_says_so() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    sqlx::query(
        "INSERT INTO notify.message (id, account, kind, params, link, created_at)
         SELECT gen_random_uuid(), $1, 'dossier_received', jsonb_build_object('code', repeat('x', 3000)), '/', now()
         FROM generate_series(1, 1001)",
    )
    .bind(sen.account().unwrap().uuid())
    .execute(&town.scratch.pool)
    .await
    .unwrap();
    let mut op = town.op(&sen).await;
    let extract = town.privacy.extract(&mut op).await.unwrap();
    let messages = part(&extract, "notify", "messages");
    assert_eq!((messages.items.len(), messages.more), (1000, true));
    drop(op);
    let pdf = town.privacy.extract_pdf(&extract, Locale::Vi).await.unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
}

// shows: R028
#[tokio::test]
async fn a_granted_extract_is_open_to_officials_for_the_declared_days_alone() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let id = town.ask(&sen, Kind::See).await;
    let mut op = town.op(&officer).await;
    let verdict = Verdict {
        outcome: Outcome::Granted,
        answer: "Mời nhận bản sao.".into(),
        ground: String::new(),
        fields: Vec::new(),
        purposes: Vec::new(),
    };
    town.privacy.answer(&mut op, id, verdict).await.unwrap();
    op.commit().await.unwrap();
    let answered = town.ops.now();
    let until = town.privacy.open_until(&town.see(&sen, id).await.request).unwrap();
    assert_eq!(until, answered + TimeDelta::days(15));
    town.scratch.clock.set(until);
    let mut op = town.op(&officer).await;
    town.privacy.extract_for(&mut op, id).await.unwrap();
    drop(op);
    town.scratch.clock.set(until + TimeDelta::seconds(1));
    let mut op = town.op(&officer).await;
    let fault = town.privacy.extract_for(&mut op, id).await.unwrap_err();
    assert_eq!(
        (fault.code, fault.params["days"].as_str()),
        ("privacy.extract_over", "15")
    );
    drop(op);
    // The person takes out their own at any time.
    let mut op = town.op(&sen).await;
    town.privacy.extract(&mut op).await.unwrap();
}

// shows: R028
#[tokio::test]
async fn deleting_and_correcting_ask_once_more_who_does_it_and_refusing_does_not() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let verdict = |outcome| Verdict {
        outcome,
        answer: "Đã làm.".into(),
        ground: "Điều 5".into(),
        fields: Vec::new(),
        purposes: Vec::new(),
    };
    let long_ago = town.ops.now() - TimeDelta::days(1);
    for kind in [Kind::Delete, Kind::Correct] {
        let id = town.ask(&sen, kind).await;
        let mut op = town.op(&officer).await.shown(Some(long_ago));
        let fault = town
            .privacy
            .answer(&mut op, id, verdict(Outcome::Granted))
            .await
            .unwrap_err();
        assert_eq!(fault.code, "identity.step_up_needed", "{kind:?}");
        drop(op);
        assert!(town.see(&sen, id).await.request.state.is_open());
        let now = town.ops.now();
        let mut op = town.op(&officer).await.shown(Some(now));
        town.privacy
            .answer(&mut op, id, verdict(Outcome::Granted))
            .await
            .unwrap();
        op.commit().await.unwrap();
        let id = town.ask(&sen, kind).await;
        let mut op = town.op(&officer).await.shown(Some(long_ago));
        town.privacy
            .answer(&mut op, id, verdict(Outcome::Refused))
            .await
            .unwrap();
        op.commit().await.unwrap();
    }
}

// shows: R028
#[tokio::test]
async fn what_stays_after_a_deletion_is_named_part_by_part() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let id = town.ask(&sen, Kind::Delete).await;
    let mut op = town.op(&officer).await;
    let verdict = Verdict {
        outcome: Outcome::Granted,
        answer: "Đã xóa.".into(),
        ground: String::new(),
        fields: Vec::new(),
        purposes: Vec::new(),
    };
    let done = town.privacy.answer(&mut op, id, verdict).await.unwrap();
    let kept: Vec<&str> = done
        .forgotten
        .iter()
        .filter(|part| part.engine == "identity" && part.kept)
        .map(|part| part.part.as_str())
        .collect();
    assert_eq!(
        kept,
        [
            "person",
            "positions",
            "representations",
            "registrations",
            "looks",
            "questions",
            "account",
            "sessions"
        ]
    );
}
