use chrono::Duration;
use identity::{AccountState, Hashing, NewAccount, PasswordChange, PasswordContext, SignIn, Source};
use kernel::{Actor, FaultKind};

use crate::town::{HOME, PASSWORD, Town, cheap, code, engine};

// shows: R030
#[tokio::test]
async fn citizens_and_officials_sign_in_and_are_told_apart() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let (person, position) = town.official("Trần Văn Lúa", "anh.lua", &["clerk", "specialist"]).await;

    let citizen = town.enter("chi.sen").await;
    assert_eq!(citizen.actor.name(), "Lê Thị Sen");
    assert!(citizen.actor.citizen().is_some());
    assert_eq!(town.actor(&citizen.token).await, Some(citizen.actor.clone()));

    let official = town.enter("anh.lua").await;
    let seen = official.actor.official().unwrap();
    assert_eq!((seen.person, seen.position), (person, position));
    assert_eq!(seen.agency_code, "H30.29.01");
    assert_eq!(seen.agency_name, "UBND phường Ngã Bảy");
    assert_eq!(seen.roles, ["clerk", "specialist"]);
    assert!(seen.unit.is_some());
    assert!(official.expires_at < citizen.expires_at);
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_get_the_same_answer() {
    let town = Town::new().await;
    let account = town.citizen("Lê Thị Sen", "chi.sen").await;
    let closed = town.citizen("Võ Văn Đóng", "anh.dong").await;
    let mut op = town.loader().await;
    town.identity
        .set_account_state(&mut op, closed, AccountState::Closed)
        .await
        .unwrap();
    let bare = town
        .identity
        .register_person(&mut op, &identity::NewPerson::named("Không Mật Khẩu"))
        .await
        .unwrap();
    let new = NewAccount {
        person: bare,
        login: "khong.mk".into(),
        password: None,
    };
    town.identity.create_account(&mut op, &new).await.unwrap();
    op.commit().await.unwrap();

    for (login, password) in [
        ("chi.sen", "sai mật khẩu"),
        ("khong.ai.ca", PASSWORD),
        ("anh.dong", PASSWORD),
        ("khong.mk", PASSWORD),
        ("chi.sen' or '1'='1", PASSWORD),
        (&"a".repeat(5000), PASSWORD),
        ("chi.sen", &"x".repeat(100_000)),
    ] {
        let fault = town.sign_in(login, password, HOME).await.unwrap_err();
        assert_eq!(fault.code, "identity.wrong_credentials");
        assert_eq!(fault.kind, FaultKind::Unauthenticated);
        assert!(fault.params.is_empty() && fault.fields.is_empty());
    }
    assert_eq!(town.refused(" ", PASSWORD, HOME).await, "identity.required");
    assert_eq!(town.refused("chi.sen", "", HOME).await, "identity.required");
    assert_eq!(town.enter("chi.sen").await.actor.account(), Some(account));
}

#[tokio::test]
async fn only_the_right_password_learns_that_an_account_is_suspended() {
    let town = Town::new().await;
    let account = town.citizen("Lê Thị Sen", "chi.sen").await;
    let mut op = town.loader().await;
    town.identity
        .set_account_state(&mut op, account, AccountState::Suspended)
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(town.refused("chi.sen", "sai", HOME).await, "identity.wrong_credentials");
    assert_eq!(
        town.refused("chi.sen", PASSWORD, HOME).await,
        "identity.account_suspended"
    );
    let mut op = town.loader().await;
    town.identity
        .set_account_state(&mut op, account, AccountState::Active)
        .await
        .unwrap();
    op.commit().await.unwrap();
    town.enter("chi.sen").await;
}

#[tokio::test]
async fn a_name_and_a_password_typed_on_another_keyboard_are_the_same() {
    let town = Town::new().await;
    let account = town.citizen("Nguyễn Thị Hòa", "Hòa.Nguyễn").await;
    let decomposed_name = "Ho\u{300}a.Nguye\u{302}\u{303}n";
    let decomposed_password = "bo\u{302}ng su\u{301}ng no\u{309}\u{31b} tre\u{302}n ra\u{323}ch";
    assert_ne!(decomposed_password, PASSWORD);
    for login in ["Hòa.Nguyễn", decomposed_name, "hoa.nguyen", " HOÀ.NGUYỄN "] {
        let signed = town.sign_in(login, decomposed_password, HOME).await.unwrap();
        assert_eq!(signed.actor.account(), Some(account), "{login}");
    }
    let other = town.person("Nguyễn Thị Hoà").await;
    let mut op = town.loader().await;
    let lookalike = NewAccount {
        person: other,
        login: decomposed_name.into(),
        password: None,
    };
    assert_eq!(
        code(town.identity.create_account(&mut op, &lookalike).await),
        "identity.login_taken"
    );
}

#[tokio::test]
async fn every_sign_in_and_refusal_is_in_the_trail_without_secrets() {
    let town = Town::new().await;
    let account = town.citizen("Lê Thị Sen", "093085001234").await;
    assert_eq!(
        town.refused("093085001234", "mật khẩu sai bét", HOME).await,
        "identity.wrong_credentials"
    );
    assert_eq!(
        town.refused("mật khẩu gõ nhầm ô", "x", HOME).await,
        "identity.wrong_credentials"
    );
    let signed = town.enter("093085001234").await;
    let mut op = town.op(&signed.actor).await;
    town.identity.sign_out(&mut op, signed.session).await.unwrap();
    op.commit().await.unwrap();

    let trail = town.trail().await;
    let subject = format!("account:{account}");
    let of = |action: &str| -> Vec<&str> {
        let rows = trail.iter().filter(|(name, ..)| name == action);
        rows.map(|(_, subject, _)| subject.as_str()).collect()
    };
    assert_eq!(of("identity.sign_in_refused"), [subject.as_str(), "account:unknown"]);
    assert_eq!(of("identity.signed_in"), [subject.as_str()]);
    assert_eq!(of("identity.signed_out"), [subject.as_str()]);
    assert_eq!(of("identity.account_opened"), [subject.as_str()]);
    let whole = format!("{trail:?}");
    for secret in [
        "093085001234",
        PASSWORD,
        "sai bét",
        "gõ nhầm",
        "argon2",
        &signed.token,
        &signed.device,
    ] {
        assert!(!whole.contains(secret), "{secret}");
    }
    let stored: String = sqlx::query_scalar(
        "SELECT string_agg(s::text, '') || (SELECT string_agg(d::text, '') FROM identity.device d)
             || (SELECT string_agg(a::text, '') FROM identity.sign_in_attempt a)
         FROM identity.session s",
    )
    .fetch_one(&town.scratch.pool)
    .await
    .unwrap();
    for secret in [signed.token.as_str(), &signed.device, "gõ nhầm", "093085001234"] {
        assert!(!stored.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_password_is_hashed_anew_when_the_cost_is_raised() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let mut config = cheap();
    config.hashing = Hashing {
        memory_kib: 128,
        ..config.hashing
    };
    let dearer = engine(&town.scratch, config);
    let stored = || async {
        sqlx::query_scalar::<_, String>("SELECT password FROM identity.account")
            .fetch_one(&town.scratch.pool)
            .await
            .unwrap()
    };
    assert!(stored().await.contains("m=64,"));
    let attempt = |password| SignIn {
        login: "chi.sen",
        password,
        source: HOME,
    };
    assert!(dearer.sign_in(&town.scratch.ops, attempt("sai")).await.is_err());
    assert!(stored().await.contains("m=64,"), "a wrong password changes nothing");
    // Two devices at once: both get in, although each of them renews the hash.
    let ops = &town.scratch.ops;
    let (one, other) = tokio::join!(
        dearer.sign_in(ops, attempt(PASSWORD)),
        dearer.sign_in(ops, attempt(PASSWORD))
    );
    assert!(one.is_ok() && other.is_ok());
    let renewed = stored().await;
    assert!(renewed.contains("m=128,"));
    dearer.sign_in(&town.scratch.ops, attempt(PASSWORD)).await.unwrap();
    assert_eq!(stored().await, renewed, "once is enough");
}

// shows: R032, R033
#[tokio::test]
async fn one_account_a_person_opened_by_somebody_who_may() {
    let town = Town::new().await;
    let person = town.person("Lê Thị Sen").await;
    let account = town.account(person, "chi.sen").await;
    let before = town.enter("chi.sen").await;
    // Loading again keeps the account and its password.
    let other = town.identity.hash_password("mật khẩu khác hẳn").await.unwrap();
    let mut new = NewAccount {
        person,
        login: "Chị.Sen".into(),
        password: Some(other),
    };
    let mut op = town.loader().await;
    assert_eq!(town.identity.create_account(&mut op, &new).await.unwrap(), account);
    op.commit().await.unwrap();
    town.enter("chi.sen").await;

    new.login = "sen.thu.hai".into();
    let mut op = town.loader().await;
    assert_eq!(
        code(town.identity.create_account(&mut op, &new).await),
        "identity.account_exists"
    );
    drop(op);
    let clerk = town.desk("anh.lua", &["clerk", "leader"]).await;
    for actor in [Actor::Anonymous, before.actor, clerk] {
        let mut op = town.op(&actor).await;
        assert_eq!(
            code(town.identity.create_account(&mut op, &new).await),
            "identity.not_allowed"
        );
    }
    let admin = town.desk("quan.tri.vien", &["admin"]).await;
    let mut op = town.op(&admin).await;
    let neighbour = town
        .identity
        .register_person(&mut op, &identity::NewPerson::named("Võ Thị Lành"))
        .await
        .unwrap();
    new.person = neighbour;
    town.identity.create_account(&mut op, &new).await.unwrap();
    op.commit().await.unwrap();
}

#[tokio::test]
async fn changing_the_password_asks_for_the_old_one_and_ends_other_sessions() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let (here, there) = (town.enter("chi.sen").await, town.enter("chi.sen").await);
    let change = |old, new| PasswordChange {
        old,
        new,
        session: here.session,
        source: HOME,
    };
    let ops = &town.scratch.ops;
    let wrong = town
        .identity
        .change_password(ops, &here.actor, change("sai", "con vịt qua kênh"))
        .await;
    assert_eq!(code(wrong), "identity.password_wrong");
    let unfit = town
        .identity
        .change_password(ops, &here.actor, change(PASSWORD, "matkhau123"))
        .await
        .unwrap_err();
    assert_eq!(
        (unfit.code, unfit.fields[0].code.as_str()),
        ("identity.password_unfit", "identity.password_common")
    );
    assert!(town.actor(&there.token).await.is_some());

    town.advance(Duration::minutes(1));
    let changed = town
        .identity
        .change_password(ops, &here.actor, change(PASSWORD, "con vịt qua kênh"))
        .await;
    assert!(town.actor(&changed.unwrap()).await.is_some());
    assert!(
        town.actor(&here.token).await.is_none(),
        "a copy of the token is worth nothing"
    );
    assert!(town.actor(&there.token).await.is_none());
    assert_eq!(
        town.refused("chi.sen", PASSWORD, HOME).await,
        "identity.wrong_credentials"
    );
    town.sign_in("chi.sen", "con vịt qua kênh", HOME).await.unwrap();
}

#[tokio::test]
async fn who_holds_a_position_keeps_an_officials_password() {
    let town = Town::new().await;
    town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let signed = town.enter("anh.lua").await;
    let mut op = town.op(&signed.actor).await;
    let as_citizen = town
        .identity
        .choose_position(&mut op, signed.session, None)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let change = PasswordChange {
        old: PASSWORD,
        new: "x7!pQ2#m",
        session: signed.session,
        source: Source::default(),
    };
    let fault = town
        .identity
        .change_password(&town.scratch.ops, &as_citizen, change)
        .await
        .unwrap_err();
    assert_eq!(fault.fields[0].code, "identity.password_short");
    assert_eq!(fault.fields[0].params["least"], "12");
    let context = PasswordContext {
        audience: identity::Audience::Citizen,
        login: "chi.sen",
        full_name: "Lê Thị Sen",
    };
    assert!(town.identity.hash_new_password("x7!pQ2#m", &context).await.is_ok());
}
