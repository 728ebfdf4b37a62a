use chrono::Duration;
use identity::{NewPosition, Validity};
use kernel::{Actor, PersonId};

use crate::town::{Town, agency, code, day};

// shows: R035, R037
#[tokio::test]
async fn a_position_that_ends_today_gives_no_role_tomorrow() {
    let town = Town::new().await;
    let (person, position) = town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    // Ten in the evening of Monday in Vietnam: midnight comes while the session is open.
    town.advance(Duration::hours(14));
    let signed = town.enter("anh.lua").await;
    let mut op = town.loader().await;
    town.identity
        .end_holding(&mut op, person, position, town.today())
        .await
        .unwrap();
    op.commit().await.unwrap();
    town.advance(Duration::minutes(59));
    town.actor(&signed.token).await.unwrap();
    town.advance(Duration::minutes(59));
    assert!(
        town.actor(&signed.token).await.unwrap().has_role("clerk"),
        "until the end of the last day"
    );
    town.advance(Duration::minutes(2));
    let after = town.actor(&signed.token).await.unwrap();
    assert!(after.citizen().is_some() && !after.has_role("clerk"));
    assert_eq!(after.name(), "Trần Văn Lúa");
}

#[tokio::test]
async fn a_position_can_be_taken_away_at_once() {
    let town = Town::new().await;
    let (person, position) = town.official("Trần Văn Lúa", "anh.lua", &["leader"]).await;
    let (late, other) = (town.person("Lê Thị Sen").await, day("2026-03-02"));
    town.hold(late, position, Validity::since(other)).await;
    let signed = town.enter("anh.lua").await;
    let yesterday = town.today() - Duration::days(1);
    for who in [person, late] {
        let mut op = town.loader().await;
        town.identity
            .end_holding(&mut op, who, position, yesterday)
            .await
            .unwrap();
        op.commit().await.unwrap();
        let mut op = town.loader().await;
        let again = town.identity.end_holding(&mut op, who, position, yesterday).await;
        assert_eq!(code(again), "identity.holding_not_found");
        assert!(
            town.identity
                .positions_of(&mut op, who, town.today())
                .await
                .unwrap()
                .is_empty()
        );
    }
    assert!(!town.actor(&signed.token).await.unwrap().is_official());
    let mut op = town.loader().await;
    assert_eq!(
        town.identity
            .positions_of(&mut op, person, yesterday)
            .await
            .unwrap()
            .len(),
        1,
        "history stays"
    );
}

#[tokio::test]
async fn an_official_with_two_positions_acts_from_one_at_a_time() {
    let town = Town::new().await;
    let (person, first) = town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let elsewhere = town.agency("H30.29.02", "UBND phường Lái Hiếu").await;
    let second = town.position(elsewhere, "pho-chu-tich", &["leader"]).await;
    let third = town.position(elsewhere, "khac", &["admin"]).await;
    town.hold(person, second, Validity::since(day("2025-01-01"))).await;
    let signed = town.enter("anh.lua").await;
    assert_eq!(signed.actor.official().unwrap().position, first, "the one held longest");
    let choose = |position| {
        let (town, signed) = (&town, &signed);
        async move {
            let mut op = town.op(&signed.actor).await;
            let chosen = town.identity.choose_position(&mut op, signed.session, position).await;
            if chosen.is_ok() {
                op.commit().await.unwrap();
            }
            chosen
        }
    };
    let chosen = choose(Some(second)).await.unwrap();
    assert!(
        chosen.has_role("leader") && !chosen.has_role("clerk"),
        "roles do not add up"
    );
    assert_eq!(chosen.official().unwrap().agency_code, "H30.29.02");
    assert_eq!(town.actor(&signed.token).await, Some(chosen));
    assert_eq!(code(choose(Some(third)).await), "identity.position_not_held");

    let alone = choose(None).await.unwrap();
    assert!(alone.citizen().is_some());
    assert_eq!(town.actor(&signed.token).await, Some(alone));
    assert_eq!(choose(Some(second)).await.unwrap().official().unwrap().position, second);
    // The chosen one ends: the other one remains.
    let mut op = town.loader().await;
    town.identity
        .end_holding(&mut op, person, second, town.today() - Duration::days(1))
        .await
        .unwrap();
    op.commit().await.unwrap();
    let left = town.actor(&signed.token).await.unwrap();
    assert_eq!(left.official().unwrap().position, first);
}

#[tokio::test]
async fn a_session_opened_as_a_citizen_never_becomes_an_officials() {
    let town = Town::new().await;
    let agency = town.agency("H30.29.01", "UBND phường Ngã Bảy").await;
    let position = town.position(agency, "clerk-1", &["clerk"]).await;
    let person = town.person("Lê Thị Sen").await;
    town.account(person, "chi.sen").await;
    let signed = town.enter("chi.sen").await;
    town.hold(person, position, Validity::since(town.today())).await;
    let same = town.actor(&signed.token).await.unwrap();
    assert!(!same.is_official());
    let mut op = town.op(&same).await;
    let chosen = town
        .identity
        .choose_position(&mut op, signed.session, Some(position))
        .await;
    assert_eq!(code(chosen), "identity.sign_in_again");
    assert!(town.enter("chi.sen").await.actor.has_role("clerk"));
}

#[tokio::test]
async fn a_position_of_the_future_or_of_a_closed_agency_gives_nothing() {
    let town = Town::new().await;
    let (person, _) = town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let signed = town.enter("anh.lua").await;
    let mut op = town.loader().await;
    let mut closing = agency("H30.29.01", "UBND phường Ngã Bảy");
    closing.validity.to = Some(town.today() - Duration::days(1));
    town.identity.upsert_agency(&mut op, &closing).await.unwrap();
    let next = town
        .identity
        .upsert_agency(&mut op, &agency("H30.29.03", "UBND phường Hiệp Thành"))
        .await
        .unwrap();
    op.commit().await.unwrap();
    let position = town.position(next, "clerk-1", &["clerk"]).await;
    town.hold(person, position, Validity::since(town.today() + Duration::days(1)))
        .await;
    assert!(!town.actor(&signed.token).await.unwrap().is_official());
    town.advance(Duration::hours(16));
    let tomorrow = town.enter("anh.lua").await;
    assert_eq!(tomorrow.actor.official().unwrap().position, position);
}

#[tokio::test]
async fn officials_of_an_agency_by_role() {
    let town = Town::new().await;
    let agency = town.agency("H30.29.01", "UBND phường Ngã Bảy").await;
    for (name, login, roles) in [
        ("Trần Văn Út", "ut", &["clerk", "specialist"][..]),
        ("Nguyễn Thị Ánh", "anh", &["clerk"]),
        ("Lê Văn Bảy", "bay", &["leader"]),
    ] {
        let position = town.position(agency, login, roles).await;
        let person = town.person(name).await;
        town.hold(person, position, Validity::since(day("2024-01-01"))).await;
        town.account(person, &format!("nguoi.{login}")).await;
    }
    let asker = town.enter("nguoi.bay").await.actor;
    let mut op = town.op(&asker).await;
    let names = |rows: Vec<identity::OfficialView>| rows.into_iter().map(|row| row.name).collect::<Vec<_>>();
    let clerks = town.identity.officials(&mut op, agency, Some("clerk")).await.unwrap();
    assert!(clerks.iter().all(|row| row.account.is_some()));
    assert_eq!(names(clerks), ["Nguyễn Thị Ánh", "Trần Văn Út"]);
    assert_eq!(
        names(town.identity.officials(&mut op, agency, None).await.unwrap()).len(),
        3
    );
    assert!(
        town.identity
            .officials(&mut op, agency, Some("admin"))
            .await
            .unwrap()
            .is_empty()
    );
    drop(op);
    let mut op = town.op(&Actor::Anonymous).await;
    assert_eq!(
        code(town.identity.officials(&mut op, agency, None).await),
        "identity.not_allowed"
    );
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let town = Town::new().await;
    let agency = town.agency("H30.29.01", "UBND phường Ngã Bảy").await;
    let position = town.position(agency, "clerk-1", &["clerk"]).await;
    assert_eq!(
        town.position(agency, "clerk-1", &["clerk", "specialist"]).await,
        position,
        "the same code, the same position"
    );
    let person = town.person("Lê Thị Sen").await;
    let new = |roles: &[&str], unit: Option<&str>| NewPosition {
        agency,
        unit: unit.map(str::to_owned),
        code: "clerk-2".into(),
        title: "Công chức".into(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        validity: Validity::since(day("2024-01-01")),
    };
    let mut op = town.loader().await;
    assert_eq!(
        code(town.identity.upsert_position(&mut op, &new(&["clark"], None)).await),
        "identity.role_unknown"
    );
    assert_eq!(
        code(town.identity.upsert_position(&mut op, &new(&[], Some("no-unit"))).await),
        "identity.unit_not_found"
    );
    let reversed = Validity {
        from: day("2025-01-02"),
        to: Some(day("2025-01-01")),
    };
    let since = Validity::since(day("2025-01-01"));
    assert_eq!(
        code(town.identity.hold_position(&mut op, person, position, reversed).await),
        "identity.days_reversed"
    );
    let nobody = PersonId::new();
    assert_eq!(
        code(town.identity.hold_position(&mut op, nobody, position, since).await),
        "identity.person_not_found"
    );
    for _ in 0..2 {
        town.identity
            .hold_position(&mut op, person, position, since)
            .await
            .unwrap();
    }
    op.commit().await.unwrap();
    assert_eq!(town.count("SELECT count(*) FROM identity.holding").await, 1);
    let given = town
        .trail()
        .await
        .into_iter()
        .filter(|(action, ..)| action == "identity.position_given");
    assert_eq!(given.count(), 1, "loading again is no news");
    let mut op = town.loader().await;
    let overlapping = Validity::since(day("2025-06-01"));
    assert_eq!(
        code(
            town.identity
                .hold_position(&mut op, person, position, overlapping)
                .await
        ),
        "identity.overlap"
    );
    drop(op);
    let clerk = town.desk("anh.lua", &["clerk", "leader"]).await;
    let mut op = town.op(&clerk).await;
    assert_eq!(
        code(town.identity.hold_position(&mut op, person, position, since).await),
        "identity.not_allowed"
    );
}
