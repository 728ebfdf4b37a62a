use chrono::{Duration, NaiveDate};
use identity::{NewSubstitution, StepUpRule, Validity};
use kernel::{Actor, PersonId, PositionId};
use web::Identify;

use crate::town::{Town, cheap, day, engine};

/// A leader and a clerk of one ward, the leader signed in.
struct Ward {
    town: Town,
    leader: Actor,
    position: PositionId,
    clerk: PersonId,
}

async fn ward() -> Ward {
    let town = Town::new().await;
    let (_, position) = town.official("Huỳnh Thị Duyệt", "duyet", &["leader"]).await;
    let (clerk, _) = town.official("Lê Thị Cửa", "cua", &["clerk"]).await;
    let leader = town.enter("duyet").await.actor;
    Ward {
        town,
        leader,
        position,
        clerk,
    }
}

fn lending(ward: &Ward, from: NaiveDate, to: NaiveDate) -> NewSubstitution {
    NewSubstitution {
        position: ward.position,
        substitute: ward.clerk,
        roles: vec!["leader".into()],
        from,
        to,
        reason: "Nghỉ phép".into(),
    }
}

// shows: R035, R037
#[tokio::test]
async fn whoever_stands_in_acts_in_the_place_of_the_holder_and_no_day_longer() {
    let ward = ward().await;
    let town = &ward.town;
    let clerk = town.enter("cua").await;
    let today = town.today();
    let mut op = town.op(&ward.leader).await;
    let new = lending(&ward, today, today + Duration::days(1));
    town.identity.substitute(&mut op, &new).await.unwrap();
    op.commit().await.unwrap();

    let session = town.identity.session(&clerk.token).await.unwrap().unwrap().id;
    assert!(
        !town.actor(&clerk.token).await.unwrap().has_role("leader"),
        "not until it is chosen"
    );
    let mut op = town.op(&clerk.actor).await;
    let actor = town
        .identity
        .choose_position(&mut op, session, Some(ward.position))
        .await
        .unwrap();
    op.commit().await.unwrap();
    let official = actor.official().unwrap();
    assert_eq!(official.roles, ["leader"]);
    assert_eq!(official.stands_for.as_ref().unwrap().name, "Huỳnh Thị Duyệt");
    assert_eq!(actor.name(), "Lê Thị Cửa");

    // Everything written in the place of somebody says so.
    let mut op = town.op(&actor).await;
    town.identity
        .person(&mut op, ward.leader.person().unwrap(), "H30.29.01-260302-0001")
        .await
        .unwrap();
    op.commit().await.unwrap();
    let entries = town.trail().await;
    let (_, _, detail) = entries
        .iter()
        .rev()
        .find(|(action, ..)| action == "identity.person_read")
        .unwrap();
    assert!(
        detail.contains("Huỳnh Thị Duyệt") && detail.contains("stands_for"),
        "{detail}"
    );

    // The last day counts to its end; then the session is the clerk's own again.
    town.advance(Duration::hours(24));
    let signed = town.enter("cua").await;
    let session = town.identity.session(&signed.token).await.unwrap().unwrap().id;
    let mut op = town.op(&signed.actor).await;
    town.identity
        .choose_position(&mut op, session, Some(ward.position))
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert!(town.actor(&signed.token).await.unwrap().has_role("leader"));
    let until_midnight = Duration::hours(16) - Duration::minutes(1);
    town.advance(Duration::minutes(29));
    assert!(town.actor(&signed.token).await.unwrap().has_role("leader"));
    town.advance(until_midnight);
    let late = town.enter("cua").await;
    let session = town.identity.session(&late.token).await.unwrap().unwrap().id;
    let mut op = town.op(&late.actor).await;
    let refused = town
        .identity
        .choose_position(&mut op, session, Some(ward.position))
        .await
        .unwrap_err();
    assert_eq!(refused.code, "identity.position_not_held");
}

#[tokio::test]
async fn what_was_lent_ends_when_it_is_taken_back_or_the_holder_leaves() {
    for taken_back in [true, false] {
        let ward = ward().await;
        let town = &ward.town;
        let today = town.today();
        let mut op = town.op(&ward.leader).await;
        let id = town
            .identity
            .substitute(&mut op, &lending(&ward, today, today + Duration::days(9)))
            .await
            .unwrap();
        op.commit().await.unwrap();
        let clerk = town.enter("cua").await;
        let session = town.identity.session(&clerk.token).await.unwrap().unwrap().id;
        let mut op = town.op(&clerk.actor).await;
        town.identity
            .choose_position(&mut op, session, Some(ward.position))
            .await
            .unwrap();
        op.commit().await.unwrap();
        assert!(town.actor(&clerk.token).await.unwrap().has_role("leader"));
        if taken_back {
            let stranger = town.desk("nguoi.la", &["clerk"]).await;
            let mut op = town.op(&stranger).await;
            let refused = town.identity.end_substitution(&mut op, id).await.unwrap_err();
            assert_eq!(refused.code, "identity.substitution_not_found");
            let mut op = town.op(&ward.leader).await;
            town.identity.end_substitution(&mut op, id).await.unwrap();
            op.commit().await.unwrap();
            let mut op = town.op(&ward.leader).await;
            let again = town.identity.end_substitution(&mut op, id).await.unwrap_err();
            assert_eq!(again.code, "identity.substitution_not_found");
        } else {
            let mut op = town.loader().await;
            let holder = ward.leader.person().unwrap();
            let yesterday = today - Duration::days(1);
            town.identity
                .end_holding(&mut op, holder, ward.position, yesterday)
                .await
                .unwrap();
            op.commit().await.unwrap();
        }
        let after = town.actor(&clerk.token).await.unwrap();
        assert!(!after.has_role("leader") && after.has_role("clerk"), "{taken_back}");
    }
}

#[tokio::test]
async fn nobody_lends_what_is_not_theirs_to_whom_it_does_not_fit() {
    let ward = ward().await;
    let town = &ward.town;
    let today = town.today();
    let elsewhere = {
        let agency = town.agency("H30.29.02", "UBND phường Lái Hiếu").await;
        let position = town.position(agency, "xa", &["clerk"]).await;
        let person = town.person("Dương Thị Xa").await;
        town.hold(person, position, Validity::since(day("2024-01-01"))).await;
        person
    };
    let citizen = town.person("Nguyễn Thị Lan").await;
    let good = || lending(&ward, today, today + Duration::days(3));
    let own = ward.leader.person().unwrap();
    let year = Duration::days(367);
    let cases = [
        (
            NewSubstitution {
                substitute: elsewhere,
                ..good()
            },
            "identity.substitute_unfit",
        ),
        (
            NewSubstitution {
                substitute: citizen,
                ..good()
            },
            "identity.substitute_unfit",
        ),
        (
            NewSubstitution {
                substitute: own,
                ..good()
            },
            "identity.substitute_unfit",
        ),
        (
            NewSubstitution {
                roles: vec![],
                ..good()
            },
            "identity.substitute_roles",
        ),
        (
            NewSubstitution {
                roles: vec!["clerk".into()],
                ..good()
            },
            "identity.substitute_roles",
        ),
        (
            NewSubstitution {
                from: today,
                to: today - Duration::days(1),
                ..good()
            },
            "identity.days_reversed",
        ),
        (
            NewSubstitution {
                from: today - Duration::days(9),
                to: today - Duration::days(1),
                ..good()
            },
            "identity.substitute_days",
        ),
        (
            NewSubstitution {
                to: today + year,
                ..good()
            },
            "identity.substitute_days",
        ),
        (
            NewSubstitution {
                reason: "  ".into(),
                ..good()
            },
            "identity.required",
        ),
        (
            NewSubstitution {
                position: PositionId::new(),
                ..good()
            },
            "identity.position_not_held",
        ),
    ];
    for (new, code) in cases {
        let mut op = town.op(&ward.leader).await;
        assert_eq!(town.identity.substitute(&mut op, &new).await.unwrap_err().code, code);
    }
    // Twice for the same days is once too many, and what was lent is not lent on.
    let mut op = town.op(&ward.leader).await;
    town.identity.substitute(&mut op, &good()).await.unwrap();
    op.commit().await.unwrap();
    let mut op = town.op(&ward.leader).await;
    assert_eq!(
        town.identity.substitute(&mut op, &good()).await.unwrap_err().code,
        "identity.overlap"
    );
    let clerk = town.enter("cua").await;
    let session = town.identity.session(&clerk.token).await.unwrap().unwrap().id;
    let mut op = town.op(&clerk.actor).await;
    let stands_in = town
        .identity
        .choose_position(&mut op, session, Some(ward.position))
        .await
        .unwrap();
    op.commit().await.unwrap();
    let third = town.official("Võ Văn Quầy", "quay", &["specialist"]).await.0;
    let mut op = town.op(&stands_in).await;
    let on = NewSubstitution {
        substitute: third,
        ..good()
    };
    assert_eq!(
        town.identity.substitute(&mut op, &on).await.unwrap_err().code,
        "identity.position_not_held"
    );
    // Administration is never lent.
    let (_, position) = town.official("Quản Trị", "quan.tri", &["admin"]).await;
    let admin = town.enter("quan.tri").await.actor;
    let mut op = town.op(&admin).await;
    let new = NewSubstitution {
        position,
        roles: vec!["admin".into()],
        ..good()
    };
    assert_eq!(
        town.identity.substitute(&mut op, &new).await.unwrap_err().code,
        "identity.substitute_roles"
    );
}

#[tokio::test]
async fn lending_asks_who_is_there() {
    let ward = ward().await;
    let town = &ward.town;
    let strict = engine(
        &town.scratch,
        identity::Config {
            step_up: StepUpRule::USUAL,
            ..cheap()
        },
    );
    let today = town.today();
    let shown = town.scratch.ops.now() - Duration::hours(1);
    let mut op = town.op(&ward.leader).await.shown(Some(shown));
    let refused = strict
        .substitute(&mut op, &lending(&ward, today, today))
        .await
        .unwrap_err();
    assert_eq!(refused.code, "identity.step_up_needed");
}

#[tokio::test]
async fn rights_are_shown_with_the_role_that_gives_them() {
    let ward = ward().await;
    let town = &ward.town;
    let mut op = town.op(&ward.leader).await;
    let own = town.identity.rights_of(&mut op, "Duyet").await.unwrap();
    assert_eq!(own.name, "Huỳnh Thị Duyệt");
    assert_eq!(own.positions.len(), 2, "the position, and as a citizen");
    let given = |action: &str| own.positions[0].rights.iter().find(|right| right.action == action);
    assert_eq!(given("dossiers.apologise").unwrap().role, "leader");
    assert!(given("dossiers.take_in").is_none());
    assert!(own.positions[1].rights.iter().all(|right| right.role != "leader"));
    let refused = town.identity.rights_of(&mut op, "cua").await.unwrap_err();
    assert_eq!(refused.code, "identity.account_not_found");
    let admin = town.desk("quan.tri", &["admin"]).await;
    let mut op = town.op(&admin).await;
    let others = town.identity.rights_of(&mut op, "cua").await.unwrap();
    op.commit().await.unwrap();
    assert!(
        others.positions[0]
            .rights
            .iter()
            .any(|right| right.action == "dossiers.take_in")
    );
    assert!(
        town.trail()
            .await
            .iter()
            .any(|(action, ..)| action == "identity.rights_seen")
    );
    let mut op = town.op(&admin).await;
    assert_eq!(
        town.identity.rights_of(&mut op, "khong.co").await.unwrap_err().code,
        "identity.account_not_found"
    );
}

// shows: R035
#[tokio::test]
async fn who_supervises_reaches_the_agencies_below_as_they_are_today() {
    let town = Town::new().await;
    let city = town.agency("H30.29", "UBND thành phố Ngã Bảy").await;
    let position = town.position(city, "theo-doi", &["supervisor"]).await;
    let person = town.person("Ngô Văn Dõi").await;
    town.hold(person, position, Validity::since(day("2024-01-01"))).await;
    town.account(person, "doi").await;
    let mut op = town.loader().await;
    let mut ward = crate::town::agency("H30.29.01", "UBND phường Ngã Bảy");
    ward.parent = Some("H30.29".parse().unwrap());
    let ward = town.identity.upsert_agency(&mut op, &ward).await.unwrap();
    op.commit().await.unwrap();
    let signed = town.enter("doi").await;
    let actor = town.actor(&signed.token).await.unwrap();
    assert_eq!(actor.official().unwrap().below, [ward]);
    let plain = town.desk("cua", &["clerk"]).await;
    assert!(
        plain.official().unwrap().below.is_empty(),
        "nobody asks for what reaches nowhere"
    );
}

/// The clerk acts from the leader's position; the session and its token.
async fn lent(ward: &Ward) -> (kernel::SessionId, String) {
    let town = &ward.town;
    let today = town.today();
    let mut op = town.op(&ward.leader).await;
    let new = lending(ward, today, today + Duration::days(9));
    town.identity.substitute(&mut op, &new).await.unwrap();
    op.commit().await.unwrap();
    let clerk = town.enter("cua").await;
    let session = town.identity.session(&clerk.token).await.unwrap().unwrap().id;
    let mut op = town.op(&clerk.actor).await;
    town.identity
        .choose_position(&mut op, session, Some(ward.position))
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert!(town.actor(&clerk.token).await.unwrap().has_role("leader"));
    (session, clerk.token)
}

// shows: R037
#[tokio::test]
async fn what_was_lent_counts_no_more_when_its_holder_is_suspended_or_the_role_is_privileged() {
    let ward = ward().await;
    let town = &ward.town;
    let (_, token) = lent(&ward).await;
    let state = async |state| {
        let mut op = town.loader().await;
        let account = ward.leader.account().unwrap();
        town.identity.set_account_state(&mut op, account, state).await.unwrap();
        op.commit().await.unwrap();
    };
    state(identity::AccountState::Suspended).await;
    assert!(!town.actor(&token).await.unwrap().has_role("leader"));
    state(identity::AccountState::Active).await;
    assert!(town.actor(&token).await.unwrap().has_role("leader"));
    // A role that the province declares to be watched later on.
    for statement in [
        "UPDATE identity.substitution SET roles = '{data_protection}'",
        "UPDATE identity.position SET roles = '{leader,data_protection}' WHERE 'leader' = ANY (roles)",
    ] {
        sqlx::query(statement).execute(&town.scratch.pool).await.unwrap();
    }
    let actor = town.actor(&token).await.unwrap();
    assert!(actor.has_role("clerk") && !actor.has_role("data_protection"));
}

#[tokio::test]
async fn applications_of_others_hear_of_no_position_that_is_lent() {
    let ward = ward().await;
    let town = &ward.town;
    let (session, _) = lent(&ward).await;
    let mut op = town.loader().await;
    let now = op.now();
    let told = town
        .identity
        .authentication(op.conn(), session, now)
        .await
        .unwrap()
        .unwrap();
    let official = told.actor.official().unwrap();
    assert_eq!(
        (official.roles.as_slice(), &official.stands_for),
        (&["clerk".to_owned()][..], &None)
    );
}
