//! Two wards with their committees become one and a part of another; the people in them go on.

use chrono::Duration;
use identity::{Area, AreaLevel, NewPerson, NewPosition, NewUnit, Plan, Residence, Settled, Validity};
use kernel::{Actor, AgencyId, PersonId, Result};
use op::{Op, Part};
use schema::Problems;

use crate::town::{Town, agency, code, day};

const PLAN: &str = "
format: 1
key: two-become-one
title: Hai phường thành một
basis: NQ 2
date: 2025-07-01
areas:
  - { merge: ['31340', { part: '31341' }], into: { code: '31340', parent: '93', name: Phường Ngã Bảy mới } }
  - { merge: ['31343', { part: '31341' }], into: { code: '31343', parent: '93', name: Phường Hiệp Thành mới } }
agencies:
  - { merge: [H30.29.01, H30.29.02], into: { code: H30.29.01, level: province, name: UBND phường Ngã Bảy mới, area: '31340' } }
";

/// One ward takes the other one's work over, and stays what it is.
const ABOLISH: &str = "
format: 1
key: one-is-no-more
title: Một phường thôi hoạt động
basis: NQ 3
date: 2025-07-01
agencies:
  - { abolish: H30.29.02, home: H30.29.01 }
";

fn plan(town: &Town, text: &str) -> Plan {
    let mut problems = Problems::new();
    let plan = town.identity.read_plan("plan.yaml", text, &mut problems);
    plan.unwrap_or_else(|| panic!("{problems}"))
}

/// Carries the plan out as this actor.
async fn carry_out(town: &Town, actor: &Actor) -> Result<Part> {
    let plan = plan(town, PLAN);
    let mut problems = Problems::new();
    let mut op = town.op(actor).await;
    let settled = town
        .identity
        .settle_plan(&mut op, &plan, plan.on, &mut problems)
        .await?;
    let settled = settled.unwrap_or_else(|| panic!("{problems}"));
    let part = town.identity.reorganise(&mut op, &plan, &settled).await?;
    town.identity.bring_sessions(&mut op, &plan, &settled).await?;
    op.commit().await?;
    Ok(part)
}

async fn areas(town: &Town) {
    let mut op = town.loader().await;
    for (code, parent, name) in [
        ("93", None, "Tỉnh Hậu Giang"),
        ("31340", Some("93"), "Phường Ngã Bảy"),
        ("31341", Some("93"), "Phường Lái Hiếu"),
        ("31343", Some("93"), "Phường Hiệp Thành"),
    ] {
        let area = Area {
            code: code.into(),
            level: if parent.is_none() {
                AreaLevel::Province
            } else {
                AreaLevel::Ward
            },
            parent: parent.map(str::to_owned),
            name: name.into(),
            validity: Validity::since(day("2004-01-01")),
        };
        town.identity.upsert_area(&mut op, &area).await.unwrap();
    }
    op.commit().await.unwrap();
}

async fn resident(town: &Town, name: &str, ward: &str) -> PersonId {
    let home = Residence {
        ward_code: ward.into(),
        detail: "Khu vực 2".into(),
    };
    town.register(&NewPerson {
        residence: Some(home),
        ..NewPerson::named(name)
    })
    .await
}

// shows: R037, R048
#[tokio::test]
async fn people_go_on_in_the_new_office_and_the_history_stays() {
    let town = Town::new().await;
    areas(&town).await;
    let (sen, here) = town.official("Lê Thị Sen", "sen.ngabay", &["clerk"]).await;
    let other = town.agency("H30.29.02", "UBND phường Lái Hiếu").await;
    let there = town.position(other, "sen-ngabay", &["clerk"]).await;
    // Sen helps out in the other ward until the end of the year; both offices become one.
    let until = Validity {
        from: day("2025-01-01"),
        to: Some(day("2025-12-31")),
    };
    town.hold(sen, there, until).await;
    let lua = town.person("Trần Văn Lúa").await;
    town.hold(lua, there, Validity::since(day("2026-02-01"))).await;
    let gone = town.person("Phạm Văn Đi").await;
    let left = Validity {
        from: day("2024-01-01"),
        to: Some(day("2025-03-31")),
    };
    town.hold(gone, there, left).await;
    resident(&town, "Ở Ngã Bảy", "31340").await;
    let divided = resident(&town, "Ở Lái Hiếu", "31341").await;
    let session = town.enter("sen.ngabay").await;

    let part = carry_out(&town, &Actor::System("province")).await.unwrap();
    for moved in &part.moved {
        assert!(moved.adds_up(), "{moved:?}");
    }
    let of = |what: &str| part.moved.iter().find(|moved| moved.what == what).unwrap().clone();
    assert_eq!(
        (of("holdings").found, of("accounts").found),
        (2, 1),
        "Sen holds one office, not two"
    );
    assert_eq!(
        (of("residences").found, of("residences").moved, of("residences").stays),
        (2, 1, 1)
    );
    let why: Vec<(&str, &str)> = part
        .listed
        .iter()
        .map(|one| (one.why.as_str(), one.what.as_str()))
        .collect();
    assert_eq!(why, [("ward_divided", "31341")]);

    // The next request of an open session acts from the new office, under the code that goes on.
    let actor = town.actor(&session.token).await.unwrap();
    let official = actor.official().unwrap();
    assert_eq!(official.agency_name, "UBND phường Ngã Bảy mới");
    assert_eq!(official.agency_code, "H30.29.01");
    assert_ne!(official.position, here);

    let mut op = town.loader().await;
    let names = |held: Vec<identity::HeldPosition>| -> Vec<String> {
        held.into_iter().map(|position| position.agency_name).collect()
    };
    let identity = &town.identity;
    let before = names(identity.positions_of(&mut op, sen, day("2025-06-30")).await.unwrap());
    assert_eq!(before, ["UBND phường Ngã Bảy", "UBND phường Lái Hiếu"]);
    let after = names(identity.positions_of(&mut op, sen, day("2025-07-01")).await.unwrap());
    assert_eq!(after, ["UBND phường Ngã Bảy mới"]);
    let later = identity.positions_of(&mut op, sen, day("2026-03-02")).await.unwrap();
    assert_eq!(later.len(), 1, "as long as the longer of both");
    assert!(
        identity
            .positions_of(&mut op, lua, day("2026-01-31"))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        names(identity.positions_of(&mut op, lua, day("2026-02-01")).await.unwrap()),
        ["UBND phường Ngã Bảy mới"]
    );
    assert!(
        identity
            .positions_of(&mut op, gone, day("2026-03-02"))
            .await
            .unwrap()
            .is_empty()
    );

    // The code means two agencies, and the old one leads to the new one.
    let old = identity
        .agency_lineage(&mut op, "H30.29.01", day("2025-06-30"))
        .await
        .unwrap();
    assert_eq!((old.agency.name.as_str(), old.in_force), ("UBND phường Ngã Bảy", true));
    assert_eq!(old.in_charge.name, "UBND phường Ngã Bảy mới");
    let ground = identity
        .same_ground(&mut op, "31341", day("2025-06-30"), day("2025-07-01"))
        .await
        .unwrap();
    assert_eq!(
        ground.iter().map(|share| share.whole).collect::<Vec<_>>(),
        [false, false]
    );
    drop(op);
    let ward: String = sqlx::query_scalar("SELECT residence_ward FROM identity.person WHERE id = $1")
        .bind(divided.uuid())
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(ward, "31341", "nobody knows in which part they live");
    let trail = town.trail().await;
    assert_eq!(
        trail
            .iter()
            .filter(|(action, ..)| action == "identity.position_moved")
            .count(),
        2
    );
    assert_eq!(
        trail
            .iter()
            .filter(|(action, ..)| action == "identity.reorganised")
            .count(),
        1
    );

    assert_eq!(
        code(carry_out(&town, &Actor::System("province")).await),
        "identity.already_reorganised"
    );
}

#[tokio::test]
async fn only_the_platform_and_administrators_reorganise() {
    let town = Town::new().await;
    areas(&town).await;
    town.agency("H30.29.02", "UBND phường Lái Hiếu").await;
    let clerk = town.desk("sen.ngabay", &["clerk"]).await;
    assert_eq!(code(carry_out(&town, &clerk).await), "identity.not_allowed");
    assert_eq!(code(carry_out(&town, &Actor::Anonymous).await), "identity.not_allowed");
    assert_eq!(town.count("SELECT count(*) FROM identity.reorganisation").await, 0);
    let admin = town.desk("quantri.ngabay", &["admin"]).await;
    carry_out(&town, &admin).await.unwrap();
    assert_eq!(
        town.count("SELECT count(*) FROM identity.agency WHERE valid_to IS NULL")
            .await,
        1
    );
}

async fn settle(town: &Town, op: &mut Op, plan: &Plan) -> std::result::Result<Settled, Problems> {
    let mut problems = Problems::new();
    let settled = town.identity.settle_plan(op, plan, plan.on, &mut problems).await;
    settled.unwrap().ok_or(problems)
}

/// What is wrong with the plan, in the order in which it is told.
async fn wrong(town: &Town, text: &str) -> Vec<String> {
    let mut op = town.loader().await;
    let told = settle(town, &mut op, &plan(town, text)).await.unwrap_err();
    told.codes().into_iter().map(str::to_owned).collect()
}

async fn unit(town: &Town, agency: AgencyId, code: &str, days: Validity) {
    let unit = NewUnit {
        agency,
        code: code.into(),
        kind: "one_stop".into(),
        name: "Bộ phận mới".into(),
        validity: days,
    };
    let mut op = town.loader().await;
    town.identity.upsert_unit(&mut op, &unit).await.unwrap();
    op.commit().await.unwrap();
}

async fn position(town: &Town, agency: AgencyId, code: &str, days: Validity) {
    let position = NewPosition {
        agency,
        unit: None,
        code: code.into(),
        title: "Công chức mới".into(),
        roles: vec!["clerk".into()],
        validity: days,
    };
    let mut op = town.loader().await;
    town.identity.upsert_position(&mut op, &position).await.unwrap();
    op.commit().await.unwrap();
}

#[tokio::test]
async fn whatever_began_between_the_day_and_the_command_is_told_and_not_lost() {
    let town = Town::new().await;
    areas(&town).await;
    let ward = town.agency("H30.29.01", "UBND phường Ngã Bảy").await;
    town.agency("H30.29.02", "UBND phường Lái Hiếu").await;
    let stays = town.agency("H30.29.03", "UBND phường Hiệp Lợi").await;
    town.position(ward, "clerk", &["clerk"]).await;
    let since = Validity::since(day("2025-07-01"));
    position(&town, stays, "elsewhere", since).await;
    let mut op = town.loader().await;
    assert!(
        settle(&town, &mut op, &plan(&town, PLAN)).await.is_ok(),
        "the other ward stays"
    );
    drop(op);

    position(&town, ward, "begun-since", since).await;
    assert_eq!(wrong(&town, PLAN).await, ["identity.plan_begun_since"]);
    unit(&town, ward, "begun-since", Validity::since(day("2026-02-01"))).await;
    assert_eq!(wrong(&town, PLAN).await, ["identity.plan_begun_since"; 2]);
    // A station of the ward, and what it has.
    let mut station = agency("H30.29.01.05", "Trạm y tế");
    station.parent = Some("H30.29.01".parse().unwrap());
    station.validity = Validity::since(day("2025-09-01"));
    let mut op = town.loader().await;
    let station = town.identity.upsert_agency(&mut op, &station).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(wrong(&town, PLAN).await, ["identity.plan_begun_since"; 3]);
    position(&town, station, "nurse", Validity::since(day("2025-09-01"))).await;
    assert_eq!(wrong(&town, PLAN).await, ["identity.plan_begun_since"; 4]);
}

#[tokio::test]
async fn an_office_that_was_closed_is_not_in_the_way_of_one_that_comes() {
    let town = Town::new().await;
    let home = town.agency("H30.29.01", "UBND phường Ngã Bảy").await;
    let ends = town.agency("H30.29.02", "UBND phường Lái Hiếu").await;
    let closed = Validity {
        from: day("2020-01-01"),
        to: Some(day("2024-12-31")),
    };
    unit(&town, home, "one-stop", closed).await;
    position(&town, home, "clerk", closed).await;
    town.position(ends, "clerk", &["clerk"]).await;
    assert_eq!(wrong(&town, ABOLISH).await, ["identity.plan_office_taken"]);

    let named = plan(&town, &format!("{ABOLISH}positions:\n  clerk: clerk-lai-hieu\n"));
    let mut op = town.loader().await;
    let settled = settle(&town, &mut op, &named)
        .await
        .unwrap_or_else(|told| panic!("{told}"));
    let part = town.identity.reorganise(&mut op, &named, &settled).await.unwrap();
    op.commit().await.unwrap();
    assert!(part.moved.iter().all(op::Moved::adds_up), "{part:?}");
    let units: Vec<String> = sqlx::query_scalar("SELECT code FROM identity.unit WHERE agency = $1 ORDER BY code")
        .bind(home.uuid())
        .fetch_all(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(units, ["one-stop", "one-stop-2"]);
}

#[tokio::test]
async fn nobody_loses_a_day_when_two_offices_become_one() {
    let town = Town::new().await;
    areas(&town).await;
    let one = town.agency("H30.29.01", "UBND phường Ngã Bảy").await;
    let other = town.agency("H30.29.02", "UBND phường Lái Hiếu").await;
    let (here, there) = (
        town.position(one, "clerk", &["clerk"]).await,
        town.position(other, "clerk", &["clerk"]).await,
    );
    let sen = town.person("Lê Thị Sen").await;
    let until = Validity {
        from: day("2025-01-01"),
        to: Some(day("2025-12-31")),
    };
    town.hold(sen, here, until).await;
    town.hold(sen, there, Validity::since(day("2026-02-01"))).await;
    let part = carry_out(&town, &Actor::System("province")).await.unwrap();
    assert!(part.moved.iter().all(op::Moved::adds_up), "{part:?}");
    let mut op = town.loader().await;
    for (on, offices) in [
        ("2025-07-01", 1),
        ("2025-12-31", 1),
        ("2026-01-15", 0),
        ("2026-02-01", 1),
    ] {
        let held = town.identity.positions_of(&mut op, sen, day(on)).await.unwrap();
        assert_eq!(held.len(), offices, "{on}");
    }
}

#[tokio::test]
async fn a_position_that_no_link_leads_on_does_not_add_up() {
    let town = Town::new().await;
    areas(&town).await;
    let ward = town.agency("H30.29.01", "UBND phường Ngã Bảy").await;
    town.agency("H30.29.02", "UBND phường Lái Hiếu").await;
    town.position(ward, "clerk", &["clerk"]).await;
    let plan = plan(&town, PLAN);
    let mut op = town.loader().await;
    let settled = settle(&town, &mut op, &plan).await.unwrap();
    // Somebody gives the ward a position while the plan is being carried out.
    position(&town, ward, "meanwhile", Validity::since(day("2025-01-01"))).await;
    let part = town.identity.reorganise(&mut op, &plan, &settled).await.unwrap();
    let positions = part.moved.iter().find(|moved| moved.what == "positions").unwrap();
    assert_eq!((positions.found, positions.moved), (2, 1));
}

#[tokio::test]
async fn a_session_is_held_last_and_no_request_waits_for_it() {
    let town = Town::new().await;
    areas(&town).await;
    let (_, here) = town.official("Lê Thị Sen", "sen.ngabay", &["clerk"]).await;
    town.agency("H30.29.02", "UBND phường Lái Hiếu").await;
    let session = town.enter("sen.ngabay").await;
    let clerk = town.actor(&session.token).await.unwrap();
    let mut op = town.op(&clerk).await;
    let chosen = town
        .identity
        .choose_position(&mut op, session.session, Some(here))
        .await;
    chosen.unwrap();
    op.commit().await.unwrap();
    let plan = plan(&town, PLAN);
    let mut op = town.loader().await;
    let settled = settle(&town, &mut op, &plan).await.unwrap();
    town.identity.reorganise(&mut op, &plan, &settled).await.unwrap();
    let free = "SELECT count(*) FROM (SELECT FROM identity.session FOR UPDATE SKIP LOCKED) AS free";
    assert_eq!(town.count(free).await, 1, "until everything else has moved");
    town.identity.bring_sessions(&mut op, &plan, &settled).await.unwrap();
    assert_eq!(town.count(free).await, 0);

    let seen = "SELECT count(*) FROM identity.session WHERE last_seen_at > created_at";
    town.advance(Duration::minutes(10));
    assert!(town.actor(&session.token).await.is_some(), "it does not wait");
    assert_eq!(town.count(seen).await, 0);
    op.commit().await.unwrap();
    let actor = town.actor(&session.token).await.unwrap();
    assert_eq!(actor.official().unwrap().agency_name, "UBND phường Ngã Bảy mới");
    assert_eq!(town.count(seen).await, 1);
}

#[tokio::test]
async fn a_role_that_was_taken_back_does_not_come_back_by_a_new_office() {
    let town = Town::new().await;
    areas(&town).await;
    town.agency("H30.29.02", "UBND phường Lái Hiếu").await;
    let (sen, here) = town
        .official("Lê Thị Sen", "sen.ngabay", &["clerk", "specialist"])
        .await;
    let mut op = town.loader().await;
    assert!(
        town.identity
            .withhold_role(&mut op, (sen, here), "clerk", "")
            .await
            .unwrap()
    );
    op.commit().await.unwrap();
    carry_out(&town, &Actor::System("province")).await.unwrap();
    let actor = town.enter("sen.ngabay").await.actor;
    let official = actor.official().unwrap();
    assert_ne!(official.position, here);
    assert_eq!(official.roles, ["specialist"]);
}
