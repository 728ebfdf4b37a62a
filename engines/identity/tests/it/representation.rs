use chrono::{Datelike, Duration};
use db::PageRequest;
use identity::{
    AccountState, NewAttorney, NewPerson, NewStanding, RegistrationFilter, RegistrationKind, RepresentationKind,
    SignedIn, Standing,
};
use kernel::{Actor, AgencyId, Fault, Result};
use uuid::Uuid;

use crate::town::{HOME, PASSWORD, Town, code, day};

const TAX: &str = "6300000019";

/// A person of this number with an account, signed in.
async fn citizen(town: &Town, name: &str, number: &str) -> SignedIn {
    let new = NewPerson {
        personal_number: Some(number.parse().unwrap()),
        ..NewPerson::named(name)
    };
    let person = town.register(&new).await;
    town.account(person, number).await;
    town.enter(number).await
}

async fn desk(town: &Town) -> (Actor, AgencyId) {
    let clerk = town.desk("anh.lua", &["clerk"]).await;
    let agency = clerk.agency().unwrap();
    (clerk, agency)
}

fn business(town: &Town, agency: AgencyId, kind: RegistrationKind) -> NewStanding {
    NewStanding {
        kind,
        receipt: town.identity.new_receipt().unwrap(),
        full_name: "Hợp tác xã Bông Súng".into(),
        tax_number: TAX.into(),
        personal_number: String::new(),
        birth_date: None,
        standing: None,
        paper: "Giấy chứng nhận đăng ký hợp tác xã".into(),
        agency: Some(agency),
    }
}

fn child(town: &Town, agency: AgencyId) -> NewStanding {
    NewStanding {
        kind: RegistrationKind::Child,
        full_name: "Lê Văn Cua".into(),
        tax_number: String::new(),
        personal_number: "999210000028".into(),
        birth_date: Some(day("2010-05-20")),
        standing: Some(Standing::Parent),
        paper: "Giấy khai sinh số 45/2010".into(),
        ..business(town, agency, RegistrationKind::Child)
    }
}

async fn ask(town: &Town, actor: &Actor, new: &NewStanding) -> Result<Uuid, Fault> {
    let mut op = town.op(actor).await;
    let id = town.identity.ask_standing(&mut op, new, HOME.ip).await?;
    op.commit().await?;
    Ok(id)
}

async fn approve(town: &Town, clerk: &Actor, id: Uuid) -> Result<(), Fault> {
    let mut op = town.op(clerk).await;
    town.identity
        .approve_registration(&mut op, id, "Bản chính đã đối chiếu", "")
        .await?;
    op.commit().await
}

/// The first representation of this kind that the actor has been given.
async fn given(town: &Town, actor: &Actor, kind: RepresentationKind) -> Uuid {
    let mut op = town.op(actor).await;
    let actings = town.identity.actings(&mut op).await.unwrap();
    let found = actings.received.iter().find(|one| one.kind == kind);
    found.unwrap().id
}

async fn act_for(town: &Town, signed: &SignedIn, representation: Option<Uuid>) -> Result<Actor, Fault> {
    let now = town.actor(&signed.token).await.unwrap();
    let mut op = town.op(&now).await;
    let actor = town.identity.act_for(&mut op, signed.session, representation).await?;
    op.commit().await?;
    Ok(actor)
}

async fn end(town: &Town, actor: &Actor, id: Uuid) -> Result<(), Fault> {
    let mut op = town.op(actor).await;
    town.identity.end_representation(&mut op, id).await?;
    op.commit().await
}

fn attorney(town: &Town, number: &str, name: &str) -> NewAttorney {
    NewAttorney {
        number: number.into(),
        name: name.into(),
        procedures: vec!["2.000635".into()],
        from: town.today(),
        to: town.today() + Duration::days(30),
        reason: "Đi làm xa".into(),
    }
}

async fn give(town: &Town, actor: &Actor, new: &NewAttorney) -> Result<Uuid, Fault> {
    let op = town.op(actor).await;
    town.identity.give_attorney(op, new, HOME).await
}

// shows: R032
#[tokio::test]
async fn an_organisation_has_one_account_in_which_its_people_act() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let sen = citizen(&town, "Lê Thị Sen", "999192000017").await;
    let id = ask(
        &town,
        &sen.actor,
        &business(&town, agency, RegistrationKind::Organisation),
    )
    .await
    .unwrap();
    // Nothing works before.
    let mut op = town.op(&sen.actor).await;
    let before = town.identity.actings(&mut op).await.unwrap();
    drop(op);
    assert!(before.received.is_empty());
    assert_eq!(before.asked.len(), 1);
    approve(&town, &clerk, id).await.unwrap();
    let legal = given(&town, &sen.actor, RepresentationKind::Legal).await;
    let acting = act_for(&town, &sen, Some(legal)).await.unwrap();
    assert_eq!(acting.acts_for().unwrap().name, "Hợp tác xã Bông Súng");
    assert_eq!(acting.person(), sen.actor.person(), "who acts stays visible");
    assert_eq!(town.actor(&sen.token).await, Some(acting.clone()));
    let accounts = "SELECT count(*) FROM identity.account JOIN identity.person ON person.id = account.person
                    WHERE person.tax_number = '6300000019' AND account.password IS NULL";
    assert_eq!(town.count(accounts).await, 1);

    // One of its people, whom its legal representative can send away.
    let phu = citizen(&town, "Phạm Thị Phù", "999190000033").await;
    let id = ask(&town, &phu.actor, &business(&town, agency, RegistrationKind::Member))
        .await
        .unwrap();
    approve(&town, &clerk, id).await.unwrap();
    let member = given(&town, &phu.actor, RepresentationKind::Member).await;
    let as_member = act_for(&town, &phu, Some(member)).await.unwrap();
    assert_eq!(
        code(end(&town, &as_member, legal).await),
        "identity.representation_not_found"
    );
    end(&town, &acting, member).await.unwrap();
    assert_eq!(
        town.actor(&phu.token).await.unwrap().acts_for(),
        None,
        "from the next request on"
    );
    assert_eq!(
        code(act_for(&town, &phu, Some(member)).await),
        "identity.representation_not_found"
    );

    // Nobody signs in as an organisation, though somebody gave it a code or a password.
    let account: Uuid = sqlx::query_scalar(
        "SELECT account.id FROM identity.account JOIN identity.person ON person.id = account.person WHERE person.tax_number = '6300000019'",
    )
    .fetch_one(&town.scratch.pool)
    .await
    .unwrap();
    let admin = town.desk("chi.quan", &["admin"]).await;
    let mut op = town.op(&admin).await;
    let given = town
        .identity
        .give_entry_code(&mut op, account.into(), "mất mật khẩu")
        .await
        .unwrap();
    op.commit().await.unwrap();
    let start = identity::Start {
        login: "6300000019",
        code: &given.code,
        password: PASSWORD,
        source: HOME,
    };
    let started = town.identity.start_with_code(&town.scratch.ops, start).await;
    assert_eq!(code(started), "identity.entry_code_wrong");
    sqlx::query("UPDATE identity.account SET password = (SELECT password FROM identity.account WHERE login = 'anh.lua') WHERE id = $1")
        .bind(account)
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(
        town.refused("6300000019", PASSWORD, HOME).await,
        "identity.wrong_credentials"
    );

    // A suspended organisation is acted for by nobody.
    let mut op = town.loader().await;
    town.identity
        .set_account_state(&mut op, account.into(), AccountState::Suspended)
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(town.actor(&sen.token).await.unwrap().acts_for(), None);
}

#[tokio::test]
async fn nobody_is_a_member_of_what_is_not_registered_nor_approves_their_own() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let phu = citizen(&town, "Phạm Thị Phù", "999190000033").await;
    let id = ask(&town, &phu.actor, &business(&town, agency, RegistrationKind::Member))
        .await
        .unwrap();
    assert_eq!(code(approve(&town, &clerk, id).await), "identity.organisation_unknown");
    // The clerk as a citizen asks for a child, and approves from the desk.
    let mine = sqlx::query_as::<_, (Uuid, Uuid)>("SELECT id, person FROM identity.account WHERE login = 'anh.lua'")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    let mut as_citizen = phu.actor.clone();
    if let Actor::Citizen(citizen) = &mut as_citizen {
        (citizen.account, citizen.person) = (mine.0.into(), mine.1.into());
    }
    assert_eq!(
        code(ask(&town, &clerk, &child(&town, agency)).await),
        "identity.not_allowed",
        "not from a desk"
    );
    let id = ask(&town, &as_citizen, &child(&town, agency)).await.unwrap();
    assert_eq!(code(approve(&town, &clerk, id).await), "identity.registration_own");
    // Nor what is of the cooperative whose legal representative the clerk is.
    let legal = ask(
        &town,
        &as_citizen,
        &business(&town, agency, RegistrationKind::Organisation),
    )
    .await
    .unwrap();
    let admin = town.desk("chi.quan", &["admin"]).await;
    approve(&town, &admin, legal).await.unwrap();
    let id = ask(&town, &phu.actor, &business(&town, agency, RegistrationKind::Member))
        .await
        .unwrap();
    assert_eq!(code(approve(&town, &clerk, id).await), "identity.registration_own");
    approve(&town, &admin, id).await.unwrap();
    // A branch number and a wrong check digit.
    let mut wrong = business(&town, agency, RegistrationKind::Organisation);
    wrong.tax_number = "6300000018".into();
    let fault = ask(&town, &phu.actor, &wrong).await.unwrap_err();
    assert_eq!(fault.fields[0].code, "kernel.tax_number_check");
}

#[tokio::test]
async fn acting_for_a_child_ends_by_itself_on_the_eighteenth_birthday() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let sen = citizen(&town, "Lê Thị Sen", "999192000017").await;
    let mut grown = child(&town, agency);
    grown.birth_date = Some(town.today() - Duration::days(365 * 18 + 10));
    grown.personal_number = format!("9992{:02}000028", grown.birth_date.unwrap().year() % 100);
    let fault = ask(&town, &sen.actor, &grown).await.unwrap_err();
    assert!(
        fault.fields.iter().any(|field| field.code == "identity.of_age"),
        "{fault:?}"
    );

    let id = ask(&town, &sen.actor, &child(&town, agency)).await.unwrap();
    approve(&town, &clerk, id).await.unwrap();
    let representation = given(&town, &sen.actor, RepresentationKind::Child).await;
    act_for(&town, &sen, Some(representation)).await.unwrap();
    let eve = day("2028-05-19");
    town.advance(eve - town.today());
    let again = town.enter("999192000017").await;
    act_for(&town, &again, Some(representation)).await.unwrap();
    assert!(
        town.actor(&again.token).await.unwrap().acts_for().is_some(),
        "the day before"
    );
    town.advance(Duration::days(1));
    assert_eq!(
        town.actor(&again.token).await.unwrap().acts_for(),
        None,
        "on the birthday"
    );
    assert_eq!(
        code(act_for(&town, &again, Some(representation)).await),
        "identity.representation_not_found"
    );
}

#[tokio::test]
async fn a_birth_date_put_right_counts_at_once() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let sen = citizen(&town, "Lê Thị Sen", "999192000017").await;
    let id = ask(&town, &sen.actor, &child(&town, agency)).await.unwrap();
    approve(&town, &clerk, id).await.unwrap();
    let representation = given(&town, &sen.actor, RepresentationKind::Child).await;
    act_for(&town, &sen, Some(representation)).await.unwrap();
    sqlx::query(
        "UPDATE identity.person SET sealed = NULL, number_tag = NULL, birth_date = '2000-01-01' WHERE full_name = 'Lê Văn Cua'",
    )
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(town.actor(&sen.token).await.unwrap().acts_for(), None);
}

// shows: R037
#[tokio::test]
async fn a_power_of_attorney_holds_for_its_days_and_until_it_is_taken_back() {
    let town = Town::new().await;
    let sen = citizen(&town, "Lê Thị Sen", "999192000017").await;
    let phu = citizen(&town, "Phạm Thị Phù", "999190000033").await;
    for (number, name) in [
        ("999190000033", "Lê Thị Phù"),
        ("999190000041", "Phạm Thị Phù"),
        ("999192000017", "Lê Thị Sen"),
        ("mười hai", "Phạm Thị Phù"),
    ] {
        let refused = give(&town, &sen.actor, &attorney(&town, number, name)).await;
        assert_eq!(code(refused), "identity.attorney_unfit", "{number} {name}");
    }
    let mut days = attorney(&town, "999190000033", "PHẠM THỊ PHÙ");
    days.from = town.today() - Duration::days(1);
    assert_eq!(code(give(&town, &sen.actor, &days).await), "identity.attorney_days");
    (days.from, days.to) = (town.today() + Duration::days(2), town.today() + Duration::days(1));
    assert_eq!(code(give(&town, &sen.actor, &days).await), "identity.days_reversed");
    let id = give(&town, &sen.actor, &attorney(&town, "999190000033", "PHẠM THỊ PHÙ"))
        .await
        .unwrap();

    let acting = act_for(&town, &phu, Some(id)).await.unwrap();
    let scope = acting.acts_for().unwrap();
    assert!(scope.covers("2.000635") && !scope.covers("1.004884") && !scope.whole);
    // What was given is not passed on, and opens no data.
    let onward = attorney(&town, "999192000017", "Lê Thị Sen");
    assert_eq!(code(give(&town, &acting, &onward).await), "identity.not_allowed");
    let (_, agency) = desk(&town).await;
    assert_eq!(
        code(ask(&town, &acting, &child(&town, agency)).await),
        "identity.not_allowed"
    );
    let mut op = town.op(&acting).await;
    let read = town.identity.person(&mut op, sen.actor.person().unwrap(), "").await;
    assert_eq!(code(read), "identity.person_not_found");
    drop(op);

    end(&town, &sen.actor, id).await.unwrap();
    assert_eq!(
        town.actor(&phu.token).await.unwrap().acts_for(),
        None,
        "taken back at once"
    );
    assert_eq!(
        code(end(&town, &sen.actor, id).await),
        "identity.representation_not_found"
    );
    // Another one ends with its last day.
    let id = give(&town, &sen.actor, &attorney(&town, "999190000033", "Phạm Thị Phù"))
        .await
        .unwrap();
    let phu = town.enter("999190000033").await;
    act_for(&town, &phu, Some(id)).await.unwrap();
    town.advance(Duration::days(5));
    assert!(town.actor(&phu.token).await.unwrap().acts_for().is_some());
    let phu = town.enter("999190000033").await;
    act_for(&town, &phu, Some(id)).await.unwrap();
    town.advance(Duration::days(6));
    let seen = |token: String| {
        let town = &town;
        async move { town.actor(&token).await }
    };
    assert!(seen(phu.token.clone()).await.unwrap().acts_for().is_some());
    town.advance(Duration::days(20));
    let late = town.enter("999190000033").await;
    assert_eq!(
        code(act_for(&town, &late, Some(id)).await),
        "identity.representation_not_found"
    );
    let trail = town.trail().await;
    for action in [
        "identity.attorney_given",
        "identity.representation_ended",
        "identity.acting_chosen",
    ] {
        assert!(trail.iter().any(|(known, ..)| known == action), "{action}");
    }
}

#[tokio::test]
async fn names_and_numbers_of_attorneys_are_not_guessed() {
    let town = Town::new().await;
    let sen = citizen(&town, "Lê Thị Sen", "999192000017").await;
    citizen(&town, "Phạm Thị Phù", "999190000033").await;
    for _ in 0..10 {
        let guess = attorney(&town, "999190000033", "Ai Đó");
        assert_eq!(code(give(&town, &sen.actor, &guess).await), "identity.attorney_unfit");
    }
    let right = attorney(&town, "999190000033", "Phạm Thị Phù");
    assert_eq!(
        code(give(&town, &sen.actor, &right).await),
        "identity.too_many_attempts"
    );
    town.advance(Duration::minutes(16));
    give(&town, &sen.actor, &right).await.unwrap();
}

#[tokio::test]
async fn strangers_neither_use_nor_end_nor_see_what_was_given() {
    let town = Town::new().await;
    let sen = citizen(&town, "Lê Thị Sen", "999192000017").await;
    let phu = citizen(&town, "Phạm Thị Phù", "999190000033").await;
    let stranger = citizen(&town, "Võ Văn Lạ", "999089000050").await;
    let id = give(&town, &sen.actor, &attorney(&town, "999190000033", "Phạm Thị Phù"))
        .await
        .unwrap();
    assert_eq!(
        code(act_for(&town, &stranger, Some(id)).await),
        "identity.representation_not_found"
    );
    assert_eq!(
        code(end(&town, &stranger.actor, id).await),
        "identity.representation_not_found"
    );
    // The represented does not act for themself, and nobody chooses in the session of another.
    assert_eq!(
        code(act_for(&town, &sen, Some(id)).await),
        "identity.representation_not_found"
    );
    let mut op = town.op(&stranger.actor).await;
    let other = town.identity.act_for(&mut op, phu.session, Some(id)).await;
    assert_eq!(code(other), "identity.session_not_found");
    // The second wall: whoever asks for everything sees their own.
    for (actor, sees) in [
        (&stranger.actor, 0i64),
        (&sen.actor, 1),
        (&phu.actor, 1),
        (&Actor::Anonymous, 0),
    ] {
        let mut op = town.op(actor).await;
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM identity.representation")
            .fetch_one(op.conn())
            .await
            .unwrap();
        assert_eq!(count, sees, "{}", actor.name());
    }
    let (clerk, agency) = desk(&town).await;
    ask(&town, &sen.actor, &child(&town, agency)).await.unwrap();
    for (actor, sees) in [
        (&stranger.actor, 0i64),
        (&sen.actor, 1),
        (&Actor::Anonymous, 0),
        (&clerk, 1),
    ] {
        let mut op = town.op(actor).await;
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM identity.registration")
            .fetch_one(op.conn())
            .await
            .unwrap();
        assert_eq!(count, sees, "{}", actor.name());
    }
    let mut op = town.op(&clerk).await;
    let filter = RegistrationFilter::default();
    let page = town
        .identity
        .registrations(&mut op, &filter, &PageRequest::first())
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1);
    assert!(page.items[0].number_masked.starts_with("********"));
}
