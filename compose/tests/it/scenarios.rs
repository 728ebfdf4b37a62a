//! The scenarios of the shipped systems, played against a real database.

use compose::{apps, scenarios};

use crate::house::house;

/// Plays all scenarios of a system in one province; tells every one that went otherwise.
async fn play(app: &str) {
    let house = house().await;
    let app = house.apps.iter().find(|own| own.key == app).unwrap();
    assert!(app.scenarios.len() >= 3, "{} scenarios", app.scenarios.len());
    let mut wrong = Vec::new();
    for scenario in &app.scenarios {
        let played = scenarios::run(&house.player, &house.scratch.clock, &house.jobs, app, scenario).await;
        if let Err(fault) = played {
            wrong.push(format!("{fault} {:?}", fault.params));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let report = {
        op::audit::seal(&house.scratch.pool).await.unwrap();
        op::audit::verify(&house.scratch.pool).await.unwrap()
    };
    assert!(report.broken.is_empty(), "the audit trail holds together");
}

// shows: R063, R071, R078, R080
#[tokio::test]
async fn civil_extract_does_what_its_scenarios_say() {
    play("civil-extract").await;
}

// shows: R003, R063, R078, R080
#[tokio::test]
async fn birth_registration_does_what_its_scenarios_say() {
    play("birth-registration").await;
}

// shows: R003, R063, R078, R080, R093
#[tokio::test]
async fn household_business_does_what_its_scenarios_say() {
    play("household-business").await;
}

#[tokio::test]
async fn publishing_again_writes_nothing() {
    let house = house().await;
    let versions = |sql: &'static str| {
        let pool = house.scratch.pool.clone();
        async move { sqlx::query_scalar::<_, i64>(sql).fetch_one(&pool).await.unwrap() }
    };
    let count = "SELECT (SELECT count(*) FROM op.audit_entry) + (SELECT count(*) FROM workflow.definition)";
    let before = versions(count).await;
    let published = apps::publish(&house.player.ops, &house.player.engines, &house.apps)
        .await
        .unwrap();
    assert_eq!(versions(count).await, before);
    assert_eq!(published.len(), 3);
    assert!(published.iter().all(|one| one.version == 1));
}
