//! Two wards with their committees become one and a part of another; the people in them go on.

use identity::{Area, AreaLevel, NewPerson, Plan, Residence, Validity};
use kernel::{Actor, PersonId, Result};
use op::Part;
use schema::Problems;

use crate::town::{Town, code, day};

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

fn plan(town: &Town) -> Plan {
    let mut problems = Problems::new();
    let plan = town.identity.read_plan("plan.yaml", PLAN, &mut problems);
    plan.unwrap_or_else(|| panic!("{problems}"))
}

/// Carries the plan out as this actor.
async fn carry_out(town: &Town, actor: &Actor) -> Result<Part> {
    let plan = plan(town);
    let mut problems = Problems::new();
    let mut op = town.op(actor).await;
    let settled = town
        .identity
        .settle_plan(&mut op, &plan, plan.on, &mut problems)
        .await?;
    let settled = settled.unwrap_or_else(|| panic!("{problems}"));
    let part = town.identity.reorganise(&mut op, &plan, &settled).await?;
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
