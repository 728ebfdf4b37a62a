//! Step-up: acts that weigh ask anew who is there.

use chrono::Duration;
use identity::{Again, Config, Identity, NewCounterCode, NewPerson, SignedIn, StepUpRule};
use kernel::Result;
use serde_json::json;
use web::Identify;

use crate::passkeys::shown;
use crate::town::{HOME, PASSWORD, Town, cheap, code, engine};

fn strict(town: &Town) -> Identity {
    let config = Config {
        step_up: StepUpRule::Within(Duration::minutes(15)),
        ..cheap()
    };
    engine(&town.scratch, config)
}

/// Whether an act in this session may go on now.
async fn passes(town: &Town, engine: &Identity, signed: &SignedIn) -> bool {
    let view = engine.session(&signed.token).await.unwrap().unwrap();
    let op = town.op(&view.actor).await.shown(Some(view.shown_at));
    match engine.check_step_up(&op) {
        Ok(()) => true,
        Err(fault) => {
            assert_eq!(fault.code, "identity.step_up_needed");
            false
        }
    }
}

async fn again(town: &Town, engine: &Identity, signed: &SignedIn, what: Again<'_>) -> Result<()> {
    let ops = &town.scratch.ops;
    engine.step_up(ops, &signed.actor, signed.session, what, HOME).await
}

// shows: R379
#[tokio::test]
async fn the_password_is_enough_where_there_is_nothing_else() {
    let town = Town::new().await;
    let engine = strict(&town);
    town.citizen("Nguyễn Thị Sen", "chi.sen").await;
    let signed = town.enter("chi.sen").await;
    town.advance(Duration::minutes(14));
    assert!(passes(&town, &engine, &signed).await);
    town.advance(Duration::minutes(1));
    assert!(!passes(&town, &engine, &signed).await, "a quarter of an hour is over");
    let wrong = again(&town, &engine, &signed, Again::Password("sai mật khẩu")).await;
    assert_eq!(code(wrong), "identity.password_wrong");
    let none = again(&town, &engine, &signed, Again::Code("123456")).await;
    assert_eq!(code(none), "identity.code_wrong");
    assert!(!passes(&town, &engine, &signed).await);
    again(&town, &engine, &signed, Again::Password(PASSWORD)).await.unwrap();
    assert!(passes(&town, &engine, &signed).await);
    // Only this session.
    let other = town.enter("chi.sen").await;
    town.advance(Duration::minutes(16));
    again(&town, &engine, &signed, Again::Password(PASSWORD)).await.unwrap();
    assert!(!passes(&town, &engine, &other).await);
    // Not of somebody else's session either.
    town.citizen("Trần Văn Lúa", "anh.lua").await;
    let lua = town.enter("anh.lua").await;
    let ops = &town.scratch.ops;
    let foreign = engine
        .step_up(ops, &lua.actor, other.session, Again::Password(PASSWORD), HOME)
        .await;
    assert_eq!(code(foreign), "identity.session_not_found");
    let never = engine_never(&town);
    assert!(passes(&town, &never, &other).await);
    // What the program does by itself comes from no session.
    let op = town.loader().await;
    assert!(engine.check_step_up(&op).is_ok());
    let trail = town.trail().await;
    assert_eq!(
        trail
            .iter()
            .filter(|(action, ..)| action == "identity.stepped_up")
            .count(),
        2
    );
}

fn engine_never(town: &Town) -> Identity {
    let config = Config {
        step_up: StepUpRule::Never,
        ..cheap()
    };
    engine(&town.scratch, config)
}

#[tokio::test]
async fn who_has_a_passkey_shows_it_or_a_code_and_no_password() {
    let town = Town::new().await;
    let engine = strict(&town);
    town.citizen("Nguyễn Thị Sen", "chi.sen").await;
    let mut signed = town.enter("chi.sen").await;
    let (mut phone, codes) = town.with_passkey(&engine, &mut signed, 1).await;
    town.advance(Duration::minutes(20));
    assert!(!passes(&town, &engine, &signed).await);
    let mut op = town.op(&signed.actor).await;
    let ways = engine.again_ways(&mut op).await.unwrap();
    assert_eq!((ways.password, ways.code, ways.passkey), (false, true, true));
    drop(op);
    let weak = again(&town, &engine, &signed, Again::Password(PASSWORD)).await;
    assert_eq!(code(weak), "identity.code_needed");
    assert!(!passes(&town, &engine, &signed).await);

    let mut op = town.op(&signed.actor).await;
    let options = json!(engine.step_up_question(&mut op, signed.session).await.unwrap());
    assert_eq!(options["userVerification"], "required");
    let second_page = json!(engine.step_up_question(&mut op, signed.session).await.unwrap());
    op.commit().await.unwrap();
    // Whoever only touches a key that was left in the machine has shown nothing.
    phone.verified = false;
    let touched = shown(&mut phone, &second_page);
    let weak = again(&town, &engine, &signed, Again::Passkey(&touched)).await;
    assert_eq!(code(weak), "identity.passkey_wrong");
    phone.verified = true;
    let answer = shown(&mut phone, &options);
    again(&town, &engine, &signed, Again::Passkey(&answer)).await.unwrap();
    assert!(passes(&town, &engine, &signed).await);
    let twice = again(&town, &engine, &signed, Again::Passkey(&answer)).await;
    assert_eq!(code(twice), "identity.passkey_expired");
    // An answer for the sign-in is none for this.
    let options = town.question(None).await;
    let other = shown(&mut phone, &options);
    let crossed = again(&town, &engine, &signed, Again::Passkey(&other)).await;
    assert_eq!(code(crossed), "identity.passkey_expired");

    town.advance(Duration::minutes(20));
    again(&town, &engine, &signed, Again::Code(&codes[3])).await.unwrap();
    assert!(passes(&town, &engine, &signed).await);
    let used = again(&town, &engine, &signed, Again::Code(&codes[3])).await;
    assert_eq!(code(used), "identity.code_wrong", "a recovery code is good for once");
    let told = "SELECT count(*) FROM op.event WHERE kind = 'identity.recovery_code_used'";
    assert_eq!(town.count(told).await, 1);
}

/// An official at the counter gives somebody back the way in; what weighs asks for what the owner alone has.
// shows: R379
#[tokio::test]
async fn a_code_from_the_counter_is_nothing_that_is_shown_once_more() {
    const NUMBER: &str = "999192000017";
    let town = Town::new().await;
    let engine = strict(&town);
    let clerk = town.desk("anh.lua", &["clerk"]).await;
    let new = NewPerson {
        personal_number: Some(NUMBER.parse().unwrap()),
        ..NewPerson::named("Lê Thị Sen")
    };
    let person = town.register(&new).await;
    town.account(person, NUMBER).await;
    let wanted = NewCounterCode {
        number: NUMBER.into(),
        name: "Lê Thị Sen".into(),
        paper: "Thẻ căn cước".into(),
    };
    // With a password alone, and with a second factor.
    for with_factor in [false, true] {
        let signed = if with_factor {
            town.set_up(&town.identity, NUMBER).await.signed
        } else {
            town.enter(NUMBER).await
        };
        town.advance(Duration::minutes(20));
        assert!(!passes(&town, &engine, &signed).await);
        let given = town.identity.issue_code(town.op(&clerk).await, &wanted).await.unwrap();
        let shown = again(&town, &engine, &signed, Again::Code(&given.code)).await;
        assert_eq!(code(shown), "identity.code_wrong", "{with_factor}");
        assert!(!passes(&town, &engine, &signed).await);
        // It is not used up: the person may still come in with it.
        let left: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM identity.counter_code WHERE used_at IS NULL AND revoked_at IS NULL",
        )
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
        assert_eq!(left, 1);
    }
}
