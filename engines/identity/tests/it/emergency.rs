//! Rights for an emergency (R045): for hours, from one position, marked, and over by themselves.

use chrono::Duration;
use db::PageRequest;
use kernel::{Actor, Result};
use op::Jobs;

use crate::town::{Town, code};

const WHY: &str = "Cháy trụ sở phường bên, cần xem hồ sơ ngay trong đêm.";

impl Town {
    pub async fn take(&self, actor: &Actor, role: &str, hours: u16, reason: &str) -> Result<uuid::Uuid> {
        let mut op = self.op(actor).await;
        let taken = self.identity.take_emergency(&mut op, role, hours, reason).await?;
        op.commit().await?;
        Ok(taken)
    }
}

// shows: R045
#[tokio::test]
async fn a_right_for_an_emergency_counts_for_its_hours_and_marks_what_is_done() {
    let town = Town::new().await;
    town.official("Võ Văn Tràm", "anh.tram", &["leader"]).await;
    let inside = town.enter("anh.tram").await;
    let id = town.take(&inside.actor, "emergency_view", 2, WHY).await.unwrap();
    let acting = town.actor(&inside.token).await.unwrap();
    assert_eq!(acting.official().unwrap().roles, ["leader", "emergency_view"]);
    assert_eq!(
        town.scratch.ops.policy().rights_of(&acting).emergency(),
        Some("emergency_view")
    );
    let second = town.take(&acting, "emergency_accounts", 1, WHY).await;
    assert_eq!(code(second), "identity.emergency_open");

    // Everything that is done under it bears its mark.
    let mut op = town.op(&acting).await;
    town.identity.end_other_sessions(&mut op, inside.session).await.unwrap();
    op.commit().await.unwrap();
    let marked = town.trail().await;
    let (_, _, text) = marked
        .iter()
        .find(|(action, ..)| action == "identity.sessions_ended")
        .unwrap();
    assert!(text.contains("\"emergency\":\"emergency_view\""), "{text}");

    town.advance(Duration::minutes(121));
    let over = town.enter("anh.tram").await;
    assert_eq!(over.actor.official().unwrap().roles, ["leader"]);
    assert_eq!(
        town.actor(&over.token).await.unwrap().official().unwrap().roles,
        ["leader"]
    );
    let mut jobs = Jobs::new();
    identity::jobs::register(&mut jobs, &town.identity);
    op::drain(&town.scratch.ops, &jobs).await.unwrap();
    let mut op = town.op(&over.actor).await;
    let one = town.identity.emergency(&mut op, id).await.unwrap();
    assert_eq!(
        one.ended_at,
        Some(one.until),
        "over since its moment, whenever that was written down"
    );
    drop(op);
    town.take(&over.actor, "emergency_accounts", 1, WHY).await.unwrap();
}

#[tokio::test]
async fn it_is_taken_by_whoever_may_with_a_reason_and_never_for_long() {
    let town = Town::new().await;
    let leader = town.desk("anh.tram", &["leader"]).await;
    town.official("Phan Thị Mận", "chi.man", &["clerk"]).await;
    let clerk = town.enter("chi.man").await.actor;
    for (actor, role, hours, reason, expected) in [
        (&clerk, "emergency_view", 1, WHY, "identity.not_allowed"),
        (&leader, "admin", 1, WHY, "identity.emergency_role"),
        (&leader, "leader", 1, WHY, "identity.emergency_role"),
        (&leader, "", 1, WHY, "identity.emergency_role"),
        (&leader, "emergency_view", 0, WHY, "identity.emergency_hours"),
        (&leader, "emergency_view", 5, WHY, "identity.emergency_hours"),
        (&leader, "emergency_view", 1, "", "identity.required"),
        (&leader, "emergency_view", 1, "cần gấp", "identity.emergency_reason"),
    ] {
        assert_eq!(
            code(town.take(actor, role, hours, reason).await),
            expected,
            "{role} {hours}"
        );
    }
    let stale = town.scratch.ops.now() - Duration::minutes(16);
    let mut op = town.op(&leader).await.shown(Some(stale));
    let taken = town.identity.take_emergency(&mut op, "emergency_view", 1, WHY).await;
    assert_eq!(code(taken), "identity.step_up_needed");
    let mut op = town.loader().await;
    let agency = leader.agency().unwrap();
    let position = identity::NewPosition {
        agency,
        unit: None,
        code: "cua-sau".into(),
        title: "Cửa sau".into(),
        roles: vec!["emergency_view".into()],
        validity: identity::Validity::since(town.today()),
    };
    assert_eq!(
        code(town.identity.upsert_position(&mut op, &position).await),
        "identity.role_unknown",
        "no position carries it for good"
    );
}

#[tokio::test]
async fn it_does_not_go_along_to_another_position_and_ends_with_the_office() {
    let town = Town::new().await;
    let (person, position) = town.official("Võ Văn Tràm", "anh.tram", &["leader"]).await;
    let agency = town.agency("H30.31.02", "Cơ quan khác").await;
    let other = town.position(agency, "khac", &["specialist"]).await;
    town.hold(person, other, identity::Validity::since(crate::town::day("2024-02-01")))
        .await;
    let inside = town.enter("anh.tram").await;
    town.take(&inside.actor, "emergency_view", 4, WHY).await.unwrap();
    let mut op = town.op(&inside.actor).await;
    let acting = town
        .identity
        .choose_position(&mut op, inside.session, Some(other))
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(acting.official().unwrap().roles, ["specialist"]);
    let yesterday = town.today().pred_opt().unwrap();
    let mut op = town.loader().await;
    town.identity
        .end_holding(&mut op, person, position, yesterday)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let actor = town.actor(&inside.token).await.unwrap();
    assert_eq!(actor.official().unwrap().roles, ["specialist"]);
}

#[tokio::test]
async fn whoever_loses_the_role_that_may_take_it_loses_it_too() {
    let town = Town::new().await;
    let (person, position) = town
        .official("Võ Văn Tràm", "anh.tram", &["leader", "specialist"])
        .await;
    let inside = town.enter("anh.tram").await;
    town.take(&inside.actor, "emergency_view", 4, WHY).await.unwrap();
    let mut op = town.loader().await;
    town.identity
        .withhold_role(&mut op, (person, position), "leader", "")
        .await
        .unwrap();
    op.commit().await.unwrap();
    let again = town.enter("anh.tram").await;
    let actor = town.actor(&again.token).await.unwrap();
    assert_eq!(actor.official().unwrap().roles, ["specialist"]);
}

#[tokio::test]
async fn it_is_given_back_by_its_taker_and_seen_by_its_taker_and_those_who_watch() {
    let town = Town::new().await;
    town.official("Võ Văn Tràm", "anh.tram", &["leader"]).await;
    let inside = town.enter("anh.tram").await;
    let id = town.take(&inside.actor, "emergency_view", 4, WHY).await.unwrap();
    town.official("Lê Văn Lạ", "anh.la", &["leader"]).await;
    let stranger = town.enter("anh.la").await.actor;
    let mut op = town.op(&stranger).await;
    assert_eq!(
        code(town.identity.end_emergency(&mut op, id).await),
        "identity.emergency_not_found"
    );
    drop(op);
    let mut op = town.op(&stranger).await;
    assert_eq!(
        code(town.identity.emergency(&mut op, id).await),
        "identity.emergency_not_found"
    );
    drop(op);
    let mut op = town.op(&stranger).await;
    let seen = town.identity.emergencies(&mut op, &PageRequest::first()).await.unwrap();
    assert!(seen.items.is_empty());
    drop(op);
    let officer = town.desk("chi.dulieu", &["data_protection"]).await;
    let mut op = town.op(&officer).await;
    let seen = town.identity.emergencies(&mut op, &PageRequest::first()).await.unwrap();
    assert_eq!(seen.items.len(), 1);
    assert_eq!(
        code(town.identity.end_emergency(&mut op, id).await),
        "identity.emergency_not_found"
    );
    drop(op);
    let acting = town.actor(&inside.token).await.unwrap();
    let mut op = town.op(&acting).await;
    town.identity.end_emergency(&mut op, id).await.unwrap();
    op.commit().await.unwrap();
    let after = town.actor(&inside.token).await.unwrap();
    assert_eq!(after.official().unwrap().roles, ["leader"]);
    let mut op = town.op(&after).await;
    assert_eq!(
        code(town.identity.end_emergency(&mut op, id).await),
        "identity.emergency_not_found"
    );
}
