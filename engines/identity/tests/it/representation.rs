use chrono::{Datelike, Duration};
use db::PageRequest;
use identity::{
    AccountState, Approval, Approved, Former, NewAttorney, NewPerson, NewStanding, RegistrationFilter,
    RegistrationKind, RepresentationKind, SignedIn, Standing,
};
use kernel::{Actor, AgencyId, Fault, Result};
use uuid::Uuid;

use crate::town::{HOME, PASSWORD, Town, code, day};

const TAX: &str = "6300000019";

/// A person of this number with an account, signed in.
pub async fn citizen(town: &Town, name: &str, number: &str) -> SignedIn {
    let new = NewPerson {
        personal_number: Some(number.parse().unwrap()),
        ..NewPerson::named(name)
    };
    let person = town.register(&new).await;
    town.account(person, number).await;
    town.enter(number).await
}

pub async fn desk(town: &Town) -> (Actor, AgencyId) {
    let clerk = town.desk("anh.lua", &["clerk"]).await;
    let agency = clerk.agency().unwrap();
    (clerk, agency)
}

pub fn business(town: &Town, agency: AgencyId, kind: RegistrationKind) -> NewStanding {
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

pub fn child(town: &Town, agency: AgencyId) -> NewStanding {
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

pub async fn ask(town: &Town, actor: &Actor, new: &NewStanding) -> Result<Uuid, Fault> {
    let mut op = town.op(actor).await;
    let id = town.identity.ask_standing(&mut op, new, HOME.ip).await?;
    op.commit().await?;
    Ok(id)
}

pub async fn approve(town: &Town, clerk: &Actor, id: Uuid) -> Result<(), Fault> {
    let mut op = town.op(clerk).await;
    town.identity
        .approve_registration(&mut op, id, "Bản chính đã đối chiếu", "")
        .await?;
    op.commit().await
}

pub fn approval() -> Approval {
    Approval {
        paper: "Bản chính đã đối chiếu".into(),
        ..Approval::default()
    }
}

pub async fn approve_with(town: &Town, clerk: &Actor, id: Uuid, approval: &Approval) -> Result<Approved, Fault> {
    let mut op = town.op(clerk).await;
    let approved = town.identity.approve_with(&mut op, id, approval).await?;
    op.commit().await?;
    Ok(approved)
}

/// Those whom it concerns are told on a Monday, and have let their days pass.
pub async fn let_pass(town: &Town, id: Uuid) {
    town.tell_concerned(id).await;
    town.advance(Duration::days(4));
}

pub async fn say(town: &Town, actor: &Actor, id: Uuid, agrees: bool) -> Result<(), Fault> {
    let mut op = town.op(actor).await;
    town.identity.say_to_standing(&mut op, id, agrees).await?;
    op.commit().await
}

/// Who was told of what, as (event, account, name, title), in their order.
pub async fn told(town: &Town, kind: &str) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT (payload ->> 'account') || ' ' || (payload ->> 'name') || ' ' || coalesce(payload ->> 'title', '')
         FROM op.event WHERE kind = $1 ORDER BY id",
    )
    .bind(kind)
    .fetch_all(&town.scratch.pool)
    .await
    .unwrap()
}

pub async fn shown(town: &Town, clerk: &Actor, id: Uuid) -> identity::RegistrationDetail {
    let mut op = town.op(clerk).await;
    let found = town.identity.registration(&mut op, id).await.unwrap();
    op.commit().await.unwrap();
    found
}

pub async fn in_force(town: &Town, actor: &Actor) -> Vec<Uuid> {
    let mut op = town.op(actor).await;
    let actings = town.identity.actings(&mut op).await.unwrap();
    let received = actings.received.iter().filter(|one| one.in_force);
    received.map(|one| one.id).collect()
}

/// The first representation of this kind that the actor has been given.
pub async fn given(town: &Town, actor: &Actor, kind: RepresentationKind) -> Uuid {
    let mut op = town.op(actor).await;
    let actings = town.identity.actings(&mut op).await.unwrap();
    let found = actings.received.iter().find(|one| one.kind == kind);
    found.unwrap().id
}

pub async fn act_for(town: &Town, signed: &SignedIn, representation: Option<Uuid>) -> Result<Actor, Fault> {
    let now = town.actor(&signed.token).await.unwrap();
    let mut op = town.op(&now).await;
    let actor = town.identity.act_for(&mut op, signed.session, representation).await?;
    op.commit().await?;
    Ok(actor)
}

pub async fn end(town: &Town, actor: &Actor, id: Uuid) -> Result<(), Fault> {
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
    town.tell_concerned(id).await;
    say(&town, &sen.actor, id, true).await.unwrap();
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
    // Nobody of the cooperative has agreed: the official says that its paper was seen.
    assert_eq!(code(approve(&town, &admin, id).await), "identity.consent_needed");
    let seen = Approval {
        seen: true,
        ..approval()
    };
    // Nor does the paper do before whoever represents it could speak.
    assert_eq!(
        code(approve_with(&town, &admin, id, &seen).await),
        "identity.concerned_waiting"
    );
    let_pass(&town, id).await;
    approve_with(&town, &admin, id, &seen).await.unwrap();
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

// shows: R032, R037
#[tokio::test]
async fn a_new_legal_representative_settles_the_former_one_who_is_told_before_and_after() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let house = business(&town, agency, RegistrationKind::Organisation);
    let sen = citizen(&town, "Lê Thị Sen", "999192000017").await;
    let id = ask(&town, &sen.actor, &house).await.unwrap();
    approve(&town, &clerk, id).await.unwrap();
    let old = given(&town, &sen.actor, RepresentationKind::Legal).await;
    act_for(&town, &sen, Some(old)).await.unwrap();

    let phu = citizen(&town, "Phạm Thị Phù", "999190000033").await;
    let anew = business(&town, agency, RegistrationKind::Organisation);
    let id = ask(&town, &phu.actor, &anew).await.unwrap();
    town.tell_concerned(id).await;
    town.tell_concerned(id).await;
    let account = sen.actor.account().unwrap();
    assert_eq!(
        told(&town, "identity.standing_asked").await,
        [format!("{account} Phạm Thị Phù Hợp tác xã Bông Súng")],
        "once"
    );
    let mut op = town.op(&sen.actor).await;
    let questions = town.identity.actings(&mut op).await.unwrap().questions;
    drop(op);
    assert_eq!(questions.len(), 1);
    assert_eq!(
        (questions[0].asker_name.as_str(), questions[0].agrees),
        ("Phạm Thị Phù", None)
    );
    // Whoever asks again and again fills nobody's box.
    let more = ask(
        &town,
        &phu.actor,
        &business(&town, agency, RegistrationKind::Organisation),
    )
    .await
    .unwrap();
    town.tell_concerned(more).await;
    assert_eq!(told(&town, "identity.standing_asked").await.len(), 1);
    let mut op = town.op(&sen.actor).await;
    assert_eq!(town.identity.actings(&mut op).await.unwrap().questions.len(), 2);
    drop(op);
    // Nor does it help to have the account of the cooperative suspended meanwhile: the former is settled all the same.
    sqlx::query("UPDATE identity.account SET state = 'suspended' WHERE person = (SELECT id FROM identity.person WHERE kind = 'organisation')")
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(code(approve(&town, &clerk, more).await), "identity.former_needed");
    sqlx::query("UPDATE identity.account SET state = 'active' WHERE state = 'suspended'")
        .execute(&town.scratch.pool)
        .await
        .unwrap();

    // She objects; the official sees it, and says about both the objection and the former.
    say(&town, &sen.actor, id, false).await.unwrap();
    let found = shown(&town, &clerk, id).await;
    assert_eq!(found.concerned.len(), 1);
    assert_eq!(
        (found.concerned[0].representation, found.concerned[0].agrees),
        (Some(old), Some(false))
    );
    assert_eq!(code(approve(&town, &clerk, id).await), "identity.standing_objected");
    let seen = Approval {
        seen: true,
        ..approval()
    };
    let refused = approve_with(&town, &clerk, id, &seen).await.unwrap_err();
    assert_eq!(refused.code, "identity.former_needed");
    assert_eq!(refused.fields[0].field, format!("former.{old}"));
    let ends = Approval {
        former: [(old, Former::Ends)].into(),
        ..seen
    };
    // Against her word it takes two.
    assert_eq!(approve_with(&town, &clerk, id, &ends).await.unwrap(), Approved::ByOne);
    assert_eq!(approve_with(&town, &clerk, id, &ends).await.unwrap(), Approved::ByOne);
    assert!(town.actor(&sen.token).await.unwrap().acts_for().is_some());
    let second = town.desk("chi.sau", &["clerk"]).await;
    assert_eq!(approve_with(&town, &second, id, &ends).await.unwrap(), Approved::Now);

    assert_eq!(
        town.actor(&sen.token).await.unwrap().acts_for(),
        None,
        "dismissed at once"
    );
    assert_eq!(
        code(act_for(&town, &sen, Some(old)).await),
        "identity.representation_not_found"
    );
    let new = given(&town, &phu.actor, RepresentationKind::Legal).await;
    act_for(&town, &phu, Some(new)).await.unwrap();
    assert_eq!(
        told(&town, "identity.representation_replaced").await,
        [format!("{account} Phạm Thị Phù Hợp tác xã Bông Súng")]
    );
    // Too late to say otherwise.
    assert_eq!(
        code(say(&town, &sen.actor, id, true).await),
        "identity.registration_decided"
    );
    let trail = town.trail().await;
    for action in ["identity.standing_answered", "identity.representation_ended"] {
        assert!(trail.iter().any(|(known, ..)| known == action), "{action}");
    }
}

// shows: R032
#[tokio::test]
async fn of_two_legal_representatives_the_first_ends_the_second_and_not_the_other_way_round() {
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
    approve(&town, &clerk, id).await.unwrap();
    let first = given(&town, &sen.actor, RepresentationKind::Legal).await;
    let phu = citizen(&town, "Phạm Thị Phù", "999190000033").await;
    let id = ask(
        &town,
        &phu.actor,
        &business(&town, agency, RegistrationKind::Organisation),
    )
    .await
    .unwrap();
    let_pass(&town, id).await;
    let both = Approval {
        former: [(first, Former::Stays)].into(),
        ..approval()
    };
    approve_with(&town, &clerk, id, &both).await.unwrap();
    assert_eq!(
        told(&town, "identity.standing_begun").await,
        [format!(
            "{} Phạm Thị Phù Hợp tác xã Bông Súng",
            sen.actor.account().unwrap()
        )]
    );
    let second = given(&town, &phu.actor, RepresentationKind::Legal).await;
    let as_second = act_for(&town, &phu, Some(second)).await.unwrap();
    assert_eq!(
        code(end(&town, &as_second, first).await),
        "identity.representation_not_found"
    );
    let as_first = act_for(&town, &sen, Some(first)).await.unwrap();
    end(&town, &as_first, second).await.unwrap();
    assert_eq!(in_force(&town, &phu.actor).await, Vec::<Uuid>::new());
    assert_eq!(in_force(&town, &sen.actor).await, [first]);
}

// shows: R032
#[tokio::test]
async fn one_of_the_people_needs_the_consent_of_the_legal_representative() {
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
    approve(&town, &clerk, id).await.unwrap();
    let legal = given(&town, &sen.actor, RepresentationKind::Legal).await;
    let phu = citizen(&town, "Phạm Thị Phù", "999190000033").await;
    let id = ask(&town, &phu.actor, &business(&town, agency, RegistrationKind::Member))
        .await
        .unwrap();
    town.tell_concerned(id).await;
    assert_eq!(code(approve(&town, &clerk, id).await), "identity.consent_needed");
    // Nobody answers in the place of another.
    let stranger = citizen(&town, "Võ Văn Lạ", "999089000050").await;
    for other in [&stranger.actor, &phu.actor, &clerk] {
        assert_eq!(
            code(say(&town, other, id, true).await),
            "identity.registration_not_found"
        );
    }
    say(&town, &sen.actor, id, false).await.unwrap();
    let seen = Approval {
        seen: true,
        ..approval()
    };
    assert_eq!(
        code(approve_with(&town, &clerk, id, &seen).await),
        "identity.member_objected",
        "a paper does not do against the will of who represents it"
    );
    // Once dismissed, her will is nobody's; the new one is asked about what waits.
    let lien = citizen(&town, "Trần Thị Liên", "999190000041").await;
    let anew = ask(
        &town,
        &lien.actor,
        &business(&town, agency, RegistrationKind::Organisation),
    )
    .await
    .unwrap();
    let ends = Approval {
        former: [(legal, Former::Ends)].into(),
        ..approval()
    };
    let_pass(&town, anew).await;
    approve_with(&town, &clerk, anew, &ends).await.unwrap();
    assert_eq!(code(approve(&town, &clerk, id).await), "identity.consent_needed");
    let jobs: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM op.job WHERE kind = 'identity.tell_concerned' AND payload ->> 'registration' = $1",
    )
    .bind(id.to_string())
    .fetch_one(&town.scratch.pool)
    .await
    .unwrap();
    assert_eq!(jobs, 1, "the new one is asked about what waits");
    town.tell_concerned(id).await;
    say(&town, &lien.actor, id, true).await.unwrap();
    approve(&town, &clerk, id).await.unwrap();
    assert_eq!(in_force(&town, &phu.actor).await.len(), 1);

    // When the member leaves, whoever represents the cooperative hears it.
    let member = given(&town, &phu.actor, RepresentationKind::Member).await;
    end(&town, &phu.actor, member).await.unwrap();
    town.work().await;
    assert_eq!(
        told(&town, "identity.house_left").await,
        [format!(
            "{} Phạm Thị Phù Hợp tác xã Bông Súng",
            lien.actor.account().unwrap()
        )]
    );
}

// shows: R032, R037
#[tokio::test]
async fn a_child_of_fourteen_with_an_account_is_asked_and_ends_it_at_once() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let own = NewPerson {
        personal_number: Some("999210000028".parse().unwrap()),
        birth_date: Some(day("2010-05-20")),
        ..NewPerson::named("Lê Văn Cua")
    };
    let person = town.register(&own).await;
    town.account(person, "999210000028").await;
    let cua = town.enter("999210000028").await;
    let sen = citizen(&town, "Lê Thị Sen", "999192000017").await;
    let id = ask(&town, &sen.actor, &child(&town, agency)).await.unwrap();
    town.tell_concerned(id).await;
    assert_eq!(
        told(&town, "identity.standing_asked").await,
        [format!("{} Lê Thị Sen Lê Văn Cua", cua.actor.account().unwrap())]
    );
    say(&town, &cua.actor, id, false).await.unwrap();
    assert_eq!(code(approve(&town, &clerk, id).await), "identity.standing_objected");
    let seen = Approval {
        seen: true,
        ..approval()
    };
    assert_eq!(approve_with(&town, &clerk, id, &seen).await.unwrap(), Approved::ByOne);
    let second = town.desk("chi.sau", &["clerk"]).await;
    assert_eq!(approve_with(&town, &second, id, &seen).await.unwrap(), Approved::Now);
    assert_eq!(told(&town, "identity.acted_for").await.len(), 1);
    let acting = given(&town, &sen.actor, RepresentationKind::Child).await;
    act_for(&town, &sen, Some(acting)).await.unwrap();
    end(&town, &cua.actor, acting).await.unwrap();
    assert_eq!(town.actor(&sen.token).await.unwrap().acts_for(), None);
    // The other parent is asked too, though not the one who asks.
    let id = ask(&town, &sen.actor, &child(&town, agency)).await.unwrap();
    assert_eq!(
        code(approve_with(&town, &clerk, id, &seen).await),
        "identity.concerned_waiting"
    );
    let_pass(&town, id).await;
    approve_with(&town, &clerk, id, &seen).await.unwrap();
    let phu = citizen(&town, "Phạm Thị Phù", "999190000033").await;
    let id = ask(&town, &phu.actor, &child(&town, agency)).await.unwrap();
    let concerned = shown(&town, &clerk, id).await.concerned;
    let names: Vec<&str> = concerned.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["Lê Thị Sen", "Lê Văn Cua"]);
}

// shows: R037
#[tokio::test]
async fn whoever_gives_a_power_of_attorney_is_told_too() {
    let town = Town::new().await;
    let sen = citizen(&town, "Lê Thị Sen", "999192000017").await;
    citizen(&town, "Phạm Thị Phù", "999190000033").await;
    give(&town, &sen.actor, &attorney(&town, "999190000033", "Phạm Thị Phù"))
        .await
        .unwrap();
    assert_eq!(
        told(&town, "identity.attorney_confirmed").await,
        [format!("{} Phạm Thị Phù ", sen.actor.account().unwrap())]
    );
}

/// Whether a statement of an actor's own writes anything.
async fn writes(town: &Town, actor: &Actor, sql: &'static str, id: Uuid) -> bool {
    let mut op = town.op(actor).await;
    let written = sqlx::query(sql).bind(id).execute(op.conn()).await;
    written.is_ok_and(|done| done.rows_affected() > 0)
}

// shows: R028
#[tokio::test]
async fn behind_the_wall_nobody_writes_what_is_not_theirs_to_write() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let sen = citizen(&town, "Lê Thị Sen", "999192000017").await;
    let phu = citizen(&town, "Phạm Thị Phù", "999190000033").await;
    let stranger = citizen(&town, "Võ Văn Lạ", "999089000050").await;
    let power = give(&town, &sen.actor, &attorney(&town, "999190000033", "Phạm Thị Phù"))
        .await
        .unwrap();
    let as_phu = act_for(&town, &phu, Some(power)).await.unwrap();
    let waiting = ask(&town, &sen.actor, &child(&town, agency)).await.unwrap();

    // Nobody gives themself a power of attorney of another, in whatever name; nor one who acts for the giver.
    let steal = "INSERT INTO identity.representation (id, kind, represented, representative, valid_from, valid_to, given_by, given_at)
                 SELECT gen_random_uuid(), 'attorney', represented, representative, valid_from, valid_to + 1, given_by, given_at
                 FROM identity.representation WHERE id = $1";
    let forge = "INSERT INTO identity.representation (id, kind, represented, representative, valid_from, valid_to, given_by, given_at)
                 SELECT gen_random_uuid(), 'attorney', represented, representative, valid_from, valid_to + 1,
                        current_setting('ngabay.account')::uuid, given_at
                 FROM identity.representation WHERE id = $1";
    for sql in [steal, forge] {
        for actor in [&phu.actor, &as_phu, &stranger.actor, &clerk, &Actor::Anonymous] {
            assert!(!writes(&town, actor, sql, power).await, "{} {sql}", actor.key());
        }
    }
    // An official writes none for whom nobody has asked, nor for themself.
    let hand = "INSERT INTO identity.representation (id, kind, represented, representative, valid_from, registration, given_by, given_at)
                SELECT gen_random_uuid(), 'legal', person.id, current_setting('ngabay.person')::uuid, current_date, asked.id,
                       current_setting('ngabay.account')::uuid, now()
                FROM identity.registration AS asked, identity.person AS person
                WHERE asked.id = $1 AND person.full_name = 'Võ Văn Lạ'";
    for actor in [&clerk, &sen.actor, &stranger.actor] {
        assert!(!writes(&town, actor, hand, waiting).await, "{}", actor.key());
    }
    // Strangers change nothing; the two parties end, and nothing else; what has ended does not begin again.
    let longer = "UPDATE identity.representation SET valid_to = valid_to + 1000 WHERE id = $1";
    let finish = "UPDATE identity.representation SET ended_at = now(), ended_by = current_setting('ngabay.account')::uuid WHERE id = $1";
    for actor in [&sen.actor, &phu.actor, &as_phu, &stranger.actor, &clerk] {
        assert!(!writes(&town, actor, longer, power).await, "{}", actor.key());
    }
    for (actor, may) in [(&stranger.actor, false), (&phu.actor, true), (&sen.actor, true)] {
        assert_eq!(writes(&town, actor, finish, power).await, may, "{}", actor.key());
    }
    end(&town, &sen.actor, power).await.unwrap();
    let again = "UPDATE identity.representation SET ended_at = NULL, ended_by = NULL WHERE id = $1";
    for actor in [&sen.actor, &phu.actor, &clerk] {
        assert!(!writes(&town, actor, again, power).await, "{}", actor.key());
    }
    assert!(
        !writes(
            &town,
            &sen.actor,
            "DELETE FROM identity.representation WHERE id = $1",
            power
        )
        .await
    );

    // Registrations: whoever has asked sees it and changes nothing; nobody asks in the name of another, or decided.
    let decide = "UPDATE identity.registration SET state = 'superseded', decided_at = now() WHERE id = $1";
    for (actor, may) in [
        (&sen.actor, false),
        (&stranger.actor, false),
        (&Actor::Anonymous, false),
        (&clerk, true),
    ] {
        assert_eq!(writes(&town, actor, decide, waiting).await, may, "{}", actor.key());
    }
    let ask_as = "INSERT INTO identity.registration (id, kind, sealed, number_tag, nationality, receipt_sha256, asked_by, standing, agency, network,
                         state, asked_at, expires_at)
                  SELECT gen_random_uuid(), kind, sealed, number_tag, nationality, sha256(random()::text::bytea), asked_by, standing, agency, network,
                         state, asked_at, expires_at FROM identity.registration WHERE id = $1";
    for (actor, may) in [(&sen.actor, true), (&clerk, false)] {
        assert_eq!(writes(&town, actor, ask_as, waiting).await, may, "{}", actor.key());
    }
    // Voices: the platform asks, each says their own.
    let voice =
        "INSERT INTO identity.standing_voice (registration, account, represented, asker, told_at, agrees, said_at)
                 VALUES ($1, current_setting('ngabay.account')::uuid, current_setting('ngabay.person')::uuid,
                         current_setting('ngabay.person')::uuid, now(), true, now())";
    for actor in [&sen.actor, &stranger.actor, &clerk] {
        assert!(!writes(&town, actor, voice, waiting).await, "{}", actor.key());
    }
}
