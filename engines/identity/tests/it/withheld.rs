//! Roles taken back from one holder (R037).

use chrono::Duration;
use identity::Validity;
use kernel::Actor;

use crate::town::{Town, code, day};

const WHY: &str = "không còn làm việc này nữa";

// shows: R037
#[tokio::test]
async fn a_role_that_is_taken_back_ends_at_once_for_this_holder_alone() {
    let town = Town::new().await;
    let (lua, position) = town.official("Trần Văn Lúa", "anh.lua", &["clerk", "specialist"]).await;
    let second = town.person("Phan Thị Mận").await;
    town.hold(second, position, Validity::since(day("2024-01-01"))).await;
    town.account(second, "chi.man").await;
    let leader = town.desk("anh.truong", &["leader"]).await;
    let inside = town.enter("anh.lua").await;
    let mut op = town.op(&leader).await;
    let taken = town
        .identity
        .withhold_role(&mut op, (lua, position), "clerk", WHY)
        .await;
    assert!(taken.unwrap());
    let twice = town
        .identity
        .withhold_role(&mut op, (lua, position), "clerk", WHY)
        .await;
    assert!(!twice.unwrap(), "it is gone already");
    op.commit().await.unwrap();
    assert_eq!(town.actor(&inside.token).await, None, "sessions end");
    let roles = |actor: &Actor| actor.official().unwrap().roles.clone();
    assert_eq!(roles(&town.enter("anh.lua").await.actor), ["specialist"]);
    assert_eq!(roles(&town.enter("chi.man").await.actor), ["clerk", "specialist"]);
    let mut op = town.op(&leader).await;
    let clerks = town
        .identity
        .officials(&mut op, leader.agency().unwrap(), Some("clerk"))
        .await
        .unwrap();
    assert_eq!(clerks.iter().map(|one| one.person).collect::<Vec<_>>(), [second]);
    drop(op);

    let admin = town.desk("anh.quan", &["admin"]).await;
    let id: uuid::Uuid = sqlx::query_scalar("SELECT id FROM identity.withheld_role")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    let mut op = town.op(&leader).await;
    assert_eq!(
        code(town.identity.return_role(&mut op, id, WHY).await),
        "identity.not_allowed"
    );
    drop(op);
    let mut op = town.op(&admin).await;
    town.identity.return_role(&mut op, id, WHY).await.unwrap();
    assert_eq!(
        code(town.identity.return_role(&mut op, id, WHY).await),
        "identity.withheld_not_found"
    );
    drop(op);
    let mut op = town.op(&admin).await;
    town.identity.return_role(&mut op, id, WHY).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(roles(&town.enter("anh.lua").await.actor), ["clerk", "specialist"]);
}

#[tokio::test]
async fn nobody_takes_from_themself_or_beyond_their_reach_and_privileged_roles_are_administrators() {
    let town = Town::new().await;
    let (lua, position) = town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let leader = town.desk("anh.truong", &["leader"]).await;
    let (admin, office) = town.official("Đỗ Văn Quản", "anh.quan", &["admin"]).await;
    let clerk = town.enter("anh.lua").await.actor;
    let own = (leader.person().unwrap(), leader.official().unwrap().position);
    let elsewhere = town.agency("H30.31.02", "Cơ quan khác").await;
    let far = town.position(elsewhere, "far", &["clerk"]).await;
    let xa = town.person("Hồ Văn Xa").await;
    town.hold(xa, far, Validity::since(day("2024-01-01"))).await;
    for (actor, whose, role, reason, expected) in [
        (&leader, own, "leader", WHY, "identity.not_allowed"),
        (&leader, (xa, far), "clerk", WHY, "identity.not_allowed"),
        (&leader, (admin, office), "admin", WHY, "identity.account_privileged"),
        (&leader, (lua, position), "clerk", " ", "identity.required"),
        (&clerk, own, "leader", WHY, "identity.not_allowed"),
    ] {
        let mut op = town.op(actor).await;
        let taken = town.identity.withhold_role(&mut op, whose, role, reason).await;
        assert_eq!(code(taken), expected, "{role}");
    }
    let stale = town.scratch.ops.now() - Duration::minutes(16);
    let mut op = town.op(&leader).await.shown(Some(stale));
    let taken = town
        .identity
        .withhold_role(&mut op, (lua, position), "clerk", WHY)
        .await;
    assert_eq!(code(taken), "identity.step_up_needed");
    // The rule of the platform does not leave a province without an administrator.
    let mut op = town.loader().await;
    let taken = town.identity.withhold_role(&mut op, (admin, office), "admin", "").await;
    assert_eq!(code(taken), "identity.last_of_role");
    drop(op);
    town.official("Lý Thị Trị", "chi.tri", &["admin"]).await;
    let mut op = town.loader().await;
    assert!(
        town.identity
            .withhold_role(&mut op, (admin, office), "admin", "")
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn what_is_withheld_is_not_lent_either() {
    let town = Town::new().await;
    let (lua, position) = town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let (man, _) = town.official("Phan Thị Mận", "chi.man", &["specialist"]).await;
    let holder = town.enter("anh.lua").await.actor;
    let mut op = town.op(&holder).await;
    let new = identity::NewSubstitution {
        position,
        substitute: man,
        roles: vec!["clerk".into()],
        from: town.today(),
        to: town.today(),
        reason: "nghỉ phép".into(),
    };
    town.identity.substitute(&mut op, &new).await.unwrap();
    op.commit().await.unwrap();
    let leader = town.desk("anh.truong", &["leader"]).await;
    let mut op = town.op(&leader).await;
    town.identity
        .withhold_role(&mut op, (lua, position), "clerk", WHY)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let substitute = town.enter("chi.man").await;
    let mut op = town.op(&substitute.actor).await;
    let acting = town
        .identity
        .choose_position(&mut op, substitute.session, Some(position))
        .await;
    assert_eq!(
        code(acting),
        "identity.position_not_held",
        "nothing of it is left to lend"
    );
}
