//! Where the owner approves what is entered, nothing is written before two people have seen it.

use kernel::{Actor, Result};
use op::Op;
use registry::{AsOf, Command, Outcome, ProposalBox, ProposalState, Record, Written};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::town::{SHOP, Town, given, shop};

/// Shops whose owner approves, with those who enter and a share of the tax office.
async fn town() -> Town {
    let town = Town::new().await;
    town.publish(&approved()).await.unwrap();
    town
}

fn approved() -> String {
    SHOP.replacen("readers: officials", "readers: officials\napproval: true", 1)
        .replacen("record: shop", "record: licensed_shop", 1)
}

const REGISTER: &str = "licensed_shop";

fn add(code: &str) -> Command {
    Command::Add {
        from: None,
        given: given(shop(code)),
    }
}

fn change(json: Value) -> Command {
    Command::Change {
        from: None,
        given: given(json),
    }
}

async fn enter(
    town: &Town,
    actor: &Actor,
    target: Option<(Uuid, i64)>,
    command: Command,
    reason: &str,
) -> Result<Outcome> {
    let mut op = town.op(actor).await;
    let done = town.registry.enter(&mut op, REGISTER, target, command, reason).await?;
    op.commit().await?;
    Ok(done)
}

async fn propose(town: &Town, actor: &Actor, target: Option<(Uuid, i64)>, command: Command, reason: &str) -> Uuid {
    match enter(town, actor, target, command, reason).await.unwrap() {
        Outcome::Proposed(id) => id,
        Outcome::Written(_) => panic!("it was written"),
    }
}

async fn approve(town: &Town, actor: &Actor, id: Uuid) -> Result<Written> {
    let mut op = town.op(actor).await;
    let written = town.registry.approve(&mut op, id).await?;
    op.commit().await?;
    Ok(written)
}

async fn refuse(town: &Town, actor: &Actor, id: Uuid, note: &str, anew: bool) -> Result<()> {
    let mut op = town.op(actor).await;
    town.registry.refuse(&mut op, id, note, anew).await?;
    op.commit().await
}

async fn withdraw(town: &Town, actor: &Actor, id: Uuid) -> Result<()> {
    let mut op = town.op(actor).await;
    town.registry.withdraw_proposal(&mut op, id).await?;
    op.commit().await
}

async fn made(town: &Town, code: &str) -> Written {
    let id = propose(town, &town.official("TPNB", "specialist"), None, add(code), "").await;
    approve(town, &town.official("SCT", "leader"), id).await.unwrap()
}

async fn record(town: &Town, id: Uuid) -> Record {
    let mut op: Op = town.op(&town.official("SCT", "specialist")).await;
    town.registry
        .record(&mut op, REGISTER, id, AsOf::default(), None)
        .await
        .unwrap()
}

async fn box_of(town: &Town, actor: &Actor, which: ProposalBox) -> Result<Vec<Uuid>> {
    let mut op = town.op(actor).await;
    let page = db::PageRequest::first();
    let page = town.registry.proposals(&mut op, which, None, &page).await?;
    Ok(page.items.into_iter().map(|one| one.id).collect())
}

/// The same person with more roles.
fn with_roles(actor: &Actor, roles: &[&str]) -> Actor {
    let Actor::Official(mut official) = actor.clone() else {
        panic!("no official")
    };
    official.roles = roles.iter().map(|role| (*role).to_owned()).collect();
    Actor::Official(official)
}

/// shows: R254
#[tokio::test]
async fn what_is_entered_waits_until_the_owner_has_approved_it() {
    let town = town().await;
    let district = town.official("TPNB", "specialist");
    let (specialist, leader) = (town.official("SCT", "specialist"), town.official("SCT", "leader"));
    let mut one = shop("CH-0001");
    one["phone"] = "0912345678".into();
    let command = Command::Add {
        from: None,
        given: given(one),
    };
    let id = propose(&town, &district, None, command, "Mới khai trương").await;
    assert_eq!(town.codes(&specialist, REGISTER, &[]).await, Vec::<String>::new());
    // Whoever proposed and whoever decides see it, with what is personal; it lies sealed.
    let rows: Vec<String> = sqlx::query_scalar("SELECT to_jsonb(proposal)::text FROM registry.proposal")
        .fetch_all(&town.scratch.pool)
        .await
        .unwrap();
    assert!(!rows[0].contains("0912345678") && !rows[0].contains("khai") && !rows[0].contains("CH-0001"));
    let mut op = town.op(&leader).await;
    let detail = town.registry.proposal(&mut op, id).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(detail.proposal.title, "Tạp hóa Bảy Ngã");
    assert_eq!(detail.proposal.reason, "Mới khai trương");
    assert!(detail.decides && !detail.mine && !detail.outdated);
    let phone = detail.changes.iter().find(|change| change.field == "phone").unwrap();
    assert_eq!((&phone.was, &phone.proposed), (&Value::Null, &json!("0912345678")));
    let looked: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM op.audit_entry WHERE action = 'registry.opened' AND purpose LIKE '%: Mới khai trương'",
    )
    .fetch_one(&town.scratch.pool)
    .await
    .unwrap();
    assert_eq!(looked, 1, "that the leader has read the telephone is written down");
    let mut op = town.op(&leader).await;
    let waiting = town.registry.waiting_proposals(&mut op).await.unwrap();
    assert_eq!(waiting[REGISTER], 1);
    drop(op);
    assert_eq!(box_of(&town, &leader, ProposalBox::Waiting).await.unwrap(), [id]);
    assert_eq!(box_of(&town, &district, ProposalBox::Mine).await.unwrap(), [id]);

    let written = approve(&town, &leader, id).await.unwrap();
    assert_eq!(town.codes(&specialist, REGISTER, &[]).await, ["CH-0001"]);
    assert_eq!(record(&town, written.id).await.recorded_by, leader.person());
    assert_eq!(
        box_of(&town, &leader, ProposalBox::Waiting).await.unwrap(),
        Vec::<Uuid>::new()
    );
    assert_eq!(box_of(&town, &leader, ProposalBox::Decided).await.unwrap(), [id]);
    let mut op = town.op(&district).await;
    let own = town.registry.proposal(&mut op, id).await.unwrap();
    assert_eq!(own.proposal.state, ProposalState::Approved);
    assert_eq!((own.proposal.record, own.proposal.written), (Some(written.id), Some(1)));
    assert!(own.mine && !own.decides);
    // The owner's own people need the leader too; the platform does not.
    let by_owner = propose(&town, &specialist, None, add("CH-0002"), "").await;
    approve(&town, &leader, by_owner).await.unwrap();
    let outcome = enter(&town, &Actor::System("apps"), None, add("CH-0003"), "")
        .await
        .unwrap();
    assert!(outcome.written().is_some());
}

#[tokio::test]
async fn entering_and_changing_are_no_way_around_it() {
    let town = town().await;
    let written = made(&town, "CH-0001").await;
    for actor in [town.official("TPNB", "specialist"), town.official("SCT", "specialist")] {
        let fault = town.add(&actor, REGISTER, shop("CH-0002")).await.unwrap_err();
        assert_eq!(fault.code, "registry.needs_approval");
        for command in [
            change(shop("CH-0001")),
            Command::End {
                last: "2026-03-02".parse().unwrap(),
            },
        ] {
            let fault = town.change(&actor, REGISTER, written, command, "Vì").await.unwrap_err();
            assert_eq!(fault.code, "registry.needs_approval");
        }
    }
    assert_eq!(record(&town, written.id).await.version, 1);
    // A leader who may enter too writes nothing by themself either.
    let both = with_roles(&town.official("SCT", "leader"), &["leader", "specialist"]);
    let fault = town.add(&both, REGISTER, shop("CH-0002")).await.unwrap_err();
    assert_eq!(fault.code, "registry.needs_approval");
    // Nor do two records become one, with values that nobody has approved, by one person's word.
    let other = made(&town, "CH-0003").await;
    let merge = registry::Merge {
        keep: (written.id, written.version),
        lose: (other.id, other.version),
        take: Vec::new(),
        given: given(json!({ "name": "Tên chưa ai duyệt" })),
        reason: "Nhập hai lần".into(),
    };
    for actor in [town.official("SCT", "specialist"), both] {
        let mut op = town.op(&actor).await;
        let fault = town.registry.merge(&mut op, REGISTER, &merge).await.unwrap_err();
        assert_eq!(fault.code, "registry.needs_approval");
        let mut op = town.op(&actor).await;
        let fault = town
            .registry
            .undo_merge(&mut op, REGISTER, other.id, "Không trùng")
            .await
            .unwrap_err();
        assert_eq!(fault.code, "registry.needs_approval");
    }
    assert_eq!(record(&town, other.id).await.version, 1, "it is there as it was");
    // Where nothing is to be approved it is written at once.
    let owner = town.official("SCT", "specialist");
    let mut op = town.op(&owner).await;
    let outcome = town
        .registry
        .enter(&mut op, "shop", None, add("CH-0007"), "")
        .await
        .unwrap();
    assert!(outcome.written().is_some());
}

#[tokio::test]
async fn a_proposal_is_judged_at_once_and_every_fault_is_told() {
    let town = town().await;
    let written = made(&town, "CH-0001").await;
    let district = town.official("TPNB", "specialist");
    let bad = Command::Add {
        from: None,
        given: given(json!({ "code": "X", "ward": "31340", "phone": "1", "capital": -1 })),
    };
    let fault = enter(&town, &district, None, bad, "").await.unwrap_err();
    let fields: Vec<&str> = fault.fields.iter().map(|field| field.field.as_str()).collect();
    assert_eq!(fields, ["code", "phone", "capital", "name"]);
    // What only the database knows is told as well, and nothing of the attempt stays.
    let fault = enter(&town, &district, None, add("CH-0001"), "").await.unwrap_err();
    assert_eq!(fault.code, "registry.duplicate_key");
    let end = Command::End {
        last: "2020-01-01".parse().unwrap(),
    };
    let target = Some((written.id, written.version));
    let fault = enter(&town, &district, target, end.clone(), "Vì").await.unwrap_err();
    assert_eq!(fault.code, "registry.begins_later");
    let fault = enter(&town, &district, target, end, " ").await.unwrap_err();
    assert_eq!(fault.code, "registry.reason_needed");
    let fault = enter(&town, &district, Some((written.id, 7)), change(shop("CH-0001")), "")
        .await
        .unwrap_err();
    assert_eq!(fault.code, "registry.changed_meanwhile");
    let id = propose(&town, &district, None, add("CH-0009"), "").await;
    assert_eq!(town.codes(&district, REGISTER, &[]).await, ["CH-0001"], "only tried");
    // Whoever proposes outside of their area is refused as if they wrote.
    let there = town.official("TPVT", "specialist");
    let fault = enter(&town, &there, None, add("CH-0010"), "").await.unwrap_err();
    assert_eq!(fault.code, "registry.not_allowed");
    // Two proposals of one key: the second one is told when it is approved.
    let again = propose(&town, &town.official("SCT", "specialist"), None, add("CH-0009"), "").await;
    let leader = town.official("SCT", "leader");
    approve(&town, &leader, id).await.unwrap();
    assert_eq!(
        approve(&town, &leader, again).await.unwrap_err().code,
        "registry.duplicate_key"
    );
    refuse(&town, &leader, again, "Đã có rồi", false).await.unwrap();
}

#[tokio::test]
async fn nobody_decides_on_what_they_have_proposed_and_no_stranger_on_anything() {
    let town = town().await;
    let proposer = with_roles(&town.official("SCT", "specialist"), &["specialist", "leader"]);
    let id = propose(&town, &proposer, None, add("CH-0001"), "").await;
    let own = approve(&town, &proposer, id).await.unwrap_err();
    assert_eq!(own.code, "registry.own_proposal");
    let own = refuse(&town, &proposer, id, "Không", false).await.unwrap_err();
    assert_eq!(own.code, "registry.own_proposal");
    for stranger in [
        town.official("TPNB", "leader"),
        town.official("SXD", "leader"),
        town.official("TPNB", "specialist"),
        town.official("SCT", "specialist"),
        town.official("SCT", "clerk"),
        town.citizen(),
        Actor::Anonymous,
        Actor::System("worker"),
    ] {
        for fault in [
            approve(&town, &stranger, id).await.map(drop).unwrap_err(),
            refuse(&town, &stranger, id, "Không", false).await.unwrap_err(),
            withdraw(&town, &stranger, id).await.unwrap_err(),
        ] {
            assert_eq!(fault.code, "registry.proposal_not_found", "{}", stranger.key());
        }
        let mut op = town.op(&stranger).await;
        let fault = town
            .registry
            .renew_proposal(&mut op, id, given(json!({})))
            .await
            .unwrap_err();
        assert_eq!(fault.code, "registry.proposal_not_found");
        if matches!(stranger, Actor::System(_)) {
            continue;
        }
        let mut op = town.op(&stranger).await;
        let fault = town.registry.proposal(&mut op, id).await.unwrap_err();
        assert_eq!(fault.code, "registry.proposal_not_found");
        // The second wall: those of another agency see no row, whatever a verb forgets.
        let mut op = town.op(&stranger).await;
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM registry.proposal")
            .fetch_one(op.conn())
            .await
            .unwrap();
        let inside = stranger.agency() == Some(town.agencies["SCT"]);
        assert_eq!(rows, i64::from(inside), "{}", stranger.key());
    }
    // Of another agency's leader the box is empty; whoever leads nowhere has none.
    let other = town.official("SXD", "leader");
    assert_eq!(
        box_of(&town, &other, ProposalBox::Waiting).await.unwrap(),
        Vec::<Uuid>::new()
    );
    let fault = box_of(&town, &town.official("SCT", "specialist"), ProposalBox::Waiting)
        .await
        .unwrap_err();
    assert_eq!(fault.code, "registry.not_allowed");
    // The database itself takes no decision of one person on their own proposal.
    let forged = sqlx::query(
        "UPDATE registry.proposal SET state = 'approved', decided_by = proposed_by, decided_at = now(), written = 1 WHERE id = $1",
    )
    .bind(id)
    .execute(&town.scratch.pool)
    .await
    .unwrap_err();
    assert!(forged.to_string().contains("proposal_four_eyes"), "{forged}");
    assert_eq!(town.codes(&proposer, REGISTER, &[]).await, Vec::<String>::new());
    let leader = town.official("SCT", "leader");
    approve(&town, &leader, id).await.unwrap();
}

#[tokio::test]
async fn a_decision_is_made_once() {
    let town = town().await;
    let district = town.official("TPNB", "specialist");
    let leader = town.official("SCT", "leader");
    let id = propose(&town, &district, None, add("CH-0001"), "").await;
    // The same form sent twice is one proposal.
    assert_eq!(propose(&town, &district, None, add("CH-0001"), "").await, id);
    // Pressed twice at once.
    let deputy = town.official("SCT", "leader");
    let (one, other) = tokio::join!(approve(&town, &leader, id), approve(&town, &deputy, id));
    assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|ok| **ok).count(), 1);
    let fault = [one.err(), other.err()].into_iter().flatten().next().unwrap();
    assert_eq!(
        (fault.code, fault.params["state"].as_str()),
        ("registry.proposal_decided", "approved")
    );
    // Sent once more later.
    for fault in [
        approve(&town, &leader, id).await.map(drop).unwrap_err(),
        refuse(&town, &leader, id, "Thôi", false).await.unwrap_err(),
        withdraw(&town, &district, id).await.unwrap_err(),
    ] {
        assert_eq!(fault.code, "registry.proposal_decided");
    }
    assert_eq!(town.codes(&leader, REGISTER, &[]).await, ["CH-0001"]);
    let id = propose(&town, &district, None, add("CH-0002"), "").await;
    let (refused, withdrawn) = tokio::join!(refuse(&town, &leader, id, "Sai", false), withdraw(&town, &district, id));
    assert_eq!([refused.is_ok(), withdrawn.is_ok()].iter().filter(|ok| **ok).count(), 1);
    assert_eq!(
        approve(&town, &leader, id).await.unwrap_err().code,
        "registry.proposal_decided"
    );
    let no_note = propose(&town, &district, None, add("CH-0003"), "").await;
    let fault = refuse(&town, &leader, no_note, "  ", true).await.unwrap_err();
    assert_eq!(fault.code, "registry.note_needed");
    withdraw(&town, &district, no_note).await.unwrap();
    assert_eq!(town.codes(&leader, REGISTER, &[]).await, ["CH-0001"]);
}

#[tokio::test]
async fn what_has_changed_meanwhile_is_shown_and_not_overwritten() {
    let town = town().await;
    let written = made(&town, "CH-0001").await;
    let (district, owner) = (town.official("TPNB", "specialist"), town.official("SCT", "specialist"));
    let leader = town.official("SCT", "leader");
    let target = Some((written.id, written.version));
    let with = |edits: Value| {
        let mut one = shop("CH-0001");
        for (key, value) in edits.as_object().unwrap() {
            one[key] = value.clone();
        }
        change(one)
    };
    let slow = propose(
        &town,
        &district,
        target,
        with(json!({ "name": "Bảy Ngã 2", "capital": 5 })),
        "",
    )
    .await;
    let fast = propose(&town, &owner, target, with(json!({ "state": "closed" })), "").await;
    approve(&town, &leader, fast).await.unwrap();
    let fault = approve(&town, &leader, slow).await.unwrap_err();
    assert_eq!(
        (fault.code, fault.params["version"].as_str()),
        ("registry.changed_meanwhile", "2")
    );
    let mut op = town.op(&leader).await;
    let detail = town.registry.proposal(&mut op, slow).await.unwrap();
    assert!(detail.outdated && detail.decides);
    assert_eq!((detail.seen, detail.version), (1, 2));
    let told: Vec<(&str, &Value, &Value, &Value)> = detail
        .changes
        .iter()
        .map(|change| (change.field.as_str(), &change.was, &change.proposed, &change.now))
        .collect();
    assert!(
        told.contains(&("state", &json!("open"), &json!("open"), &json!("closed"))),
        "{told:?}"
    );
    assert!(
        told.contains(&("capital", &Value::Null, &json!(5), &Value::Null)),
        "{told:?}"
    );
    drop(op);
    // Asked anew: what the proposer changed comes over what is there now, and nothing else.
    refuse(&town, &leader, slow, "Cửa hàng vừa đóng, hãy xem lại", true)
        .await
        .unwrap();
    let renew = async |edits: Value| {
        let mut op = town.op(&district).await;
        let outcome = town.registry.renew_proposal(&mut op, slow, given(edits)).await.unwrap();
        op.commit().await.unwrap();
        outcome
    };
    let Outcome::Proposed(anew) = renew(json!({ "name": "Bảy Ngã Mới" })).await else {
        panic!("it was written")
    };
    assert_eq!(renew(json!({})).await, Outcome::Proposed(anew), "pressed twice");
    let written = approve(&town, &leader, anew).await.unwrap();
    assert_eq!(written.version, 3);
    let values = record(&town, written.id).await.values;
    assert_eq!(values["state"], "closed", "what the other one wrote stays");
    assert_eq!(
        (&values["name"], &values["capital"]),
        (&json!("Bảy Ngã Mới"), &json!(5))
    );
    let mut op = town.op(&district).await;
    let old = town.registry.proposal(&mut op, slow).await.unwrap();
    assert_eq!((old.proposal.state, old.next), (ProposalState::Returned, Some(anew)));
}

/// Between proposing and approving everything may change: the declaration, the day, the record's end.
#[tokio::test]
async fn it_is_carried_out_as_of_now() {
    let town = town().await;
    let written = made(&town, "CH-0001").await;
    let district = town.official("TPNB", "specialist");
    let leader = town.official("SCT", "leader");
    let id = propose(&town, &district, None, add("CH-0002"), "").await;
    town.scratch.clock.advance(chrono::TimeDelta::days(3));
    let stricter = approved().replacen(
        "class: internal, search: true",
        "class: internal, required: true, search: true",
        1,
    );
    town.publish(&stricter).await.unwrap();
    let fault = approve(&town, &leader, id).await.unwrap_err();
    assert_eq!(
        (fault.code, fault.fields[0].field.as_str()),
        ("registry.invalid", "capital")
    );
    town.publish(&approved()).await.unwrap();
    let two = approve(&town, &leader, id).await.unwrap();
    assert_eq!(record(&town, two.id).await.valid_from.to_string(), "2026-03-05");
    // What has ended while a correction waited.
    let target = Some((written.id, written.version));
    let correct = Command::Correct {
        period: record(&town, written.id).await.valid_from,
        from: None,
        to: None,
        given: given(shop("CH-0001")),
    };
    let id = propose(&town, &district, target, correct, "Ghi nhầm").await;
    let end = Command::End {
        last: "2026-03-05".parse().unwrap(),
    };
    let ends = propose(&town, &district, target, end, "Đóng cửa").await;
    approve(&town, &leader, ends).await.unwrap();
    assert_eq!(
        approve(&town, &leader, id).await.unwrap_err().code,
        "registry.changed_meanwhile"
    );
    // A register that asks for no approval any more keeps what waits, to be decided.
    town.publish(&approved().replacen("approval: true\n", "", 1))
        .await
        .unwrap();
    refuse(&town, &leader, id, "Đã đóng cửa", false).await.unwrap();
    town.add(&district, REGISTER, shop("CH-0005")).await.unwrap();
}

#[tokio::test]
async fn a_proposal_copied_into_another_row_does_not_open() {
    let town = town().await;
    let district = town.official("TPNB", "specialist");
    propose(&town, &district, None, add("CH-0001"), "").await;
    let other = propose(&town, &district, None, add("CH-0002"), "").await;
    sqlx::query(
        "UPDATE registry.proposal SET sealed = (SELECT sealed FROM registry.proposal WHERE id <> $1) WHERE id = $1",
    )
    .bind(other)
    .execute(&town.scratch.pool)
    .await
    .unwrap();
    let fault = approve(&town, &town.official("SCT", "leader"), other)
        .await
        .unwrap_err();
    assert_eq!(fault.code, "vault.sealed_broken");
}

#[tokio::test]
async fn what_happens_is_told_to_engines_above_and_to_the_trail() {
    let town = town().await;
    let district = town.official("TPNB", "specialist");
    let leader = town.official("SCT", "leader");
    let one = propose(&town, &district, None, add("CH-0001"), "").await;
    approve(&town, &leader, one).await.unwrap();
    let two = propose(&town, &district, None, add("CH-0002"), "").await;
    refuse(&town, &leader, two, "Trùng tên", false).await.unwrap();
    let events: Vec<(String, Value)> = sqlx::query_as(
        "SELECT kind, payload FROM op.event WHERE kind LIKE 'registry.propos%' OR kind = 'registry.record_changed' ORDER BY id",
    )
    .fetch_all(&town.scratch.pool)
    .await
    .unwrap();
    let kinds: Vec<&str> = events.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "registry.proposed",
            "registry.record_changed",
            "registry.proposal_decided",
            "registry.proposed",
            "registry.proposal_decided"
        ]
    );
    assert_eq!(events[2].1["state"], "approved");
    assert_eq!(events[2].1["person"], json!(district.person()));
    assert_eq!(events[4].1["state"], "refused");
    let entries: Vec<(String, String)> = sqlx::query_as(
        "SELECT action, actor FROM op.audit_entry WHERE action IN ('registry.proposed', 'registry.proposal_decided') ORDER BY id",
    )
    .fetch_all(&town.scratch.pool)
    .await
    .unwrap();
    let actions: Vec<&str> = entries.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions.len(), 4);
    assert_eq!(
        (entries[0].1.clone(), entries[1].1.clone()),
        (district.key(), leader.key())
    );
}

/// What was proposed of a record goes with it; what led to no record goes after the same time.
#[tokio::test]
async fn proposals_are_kept_no_longer_than_their_record() {
    let town = town().await;
    let (district, leader) = (town.official("TPNB", "specialist"), town.official("SCT", "leader"));
    let made = made(&town, "CH-0001").await;
    let refused = propose(&town, &district, None, add("CH-0002"), "").await;
    refuse(&town, &leader, refused, "Không đúng", false).await.unwrap();
    let end = Command::End {
        last: "2026-03-02".parse().unwrap(),
    };
    let seen = (made.id, made.version);
    let id = propose(&town, &district, Some(seen), end, "Đóng cửa").await;
    approve(&town, &leader, id).await.unwrap();
    let left = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM registry.proposal")
            .fetch_one(&town.scratch.pool)
            .await
            .unwrap()
    };
    let expire = async || {
        let mut op = town.op(&Actor::System("retention")).await;
        town.registry.expire(&mut op).await.unwrap();
        op.commit().await.unwrap();
    };
    expire().await;
    assert_eq!(left().await, 3);
    town.scratch.clock.advance(chrono::TimeDelta::days(4_000));
    expire().await;
    assert_eq!(left().await, 0);
}
