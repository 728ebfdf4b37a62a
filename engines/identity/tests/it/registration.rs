use chrono::Duration;
use db::PageRequest;
use identity::{NewPerson, NewRegistration, RegistrationFilter, RegistrationKind, RegistrationState, SignIn, Validity};
use kernel::{Actor, AgencyId, Fault, Result};
use uuid::Uuid;

use crate::town::{HOME, PASSWORD, Town, code, day};

const HERE: &str = "203.0.113.7";
const NUMBER: &str = "999192000017";

/// Somebody who fills in the form for the office of the ward.
pub async fn applicant(town: &Town, agency: AgencyId) -> NewRegistration {
    NewRegistration {
        receipt: town.identity.new_receipt().unwrap(),
        personal_number: NUMBER.into(),
        full_name: "Le\u{302}  Thị\u{200b} Thu Ngân".into(),
        birth_date: Some(day("1992-04-17")),
        phone: "0912 345 678".into(),
        password: PASSWORD.into(),
        agency: Some(agency),
        ..NewRegistration::default()
    }
}

async fn ask(town: &Town, new: &NewRegistration) -> Result<String, Fault> {
    town.identity.register(&town.scratch.ops, new, HERE).await
}

/// The clerk of the one-stop desk, and the agency.
async fn desk(town: &Town) -> (Actor, AgencyId) {
    let clerk = town.desk("anh.lua", &["clerk"]).await;
    let agency = clerk.agency().unwrap();
    (clerk, agency)
}

async fn waiting(town: &Town, clerk: &Actor) -> Vec<Uuid> {
    let mut op = town.op(clerk).await;
    let filter = RegistrationFilter::default();
    let page = town
        .identity
        .registrations(&mut op, &filter, &PageRequest::first())
        .await
        .unwrap();
    op.commit().await.unwrap();
    page.items.iter().map(|row| row.id).collect()
}

/// The number of the receipt, as its holder reads it out.
async fn check(town: &Town, id: Uuid) -> String {
    let digest: Vec<u8> = sqlx::query_scalar("SELECT receipt_sha256 FROM identity.registration WHERE id = $1")
        .bind(id)
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    let head: [u8; 8] = digest[..8].try_into().unwrap();
    format!("{:06}", u64::from_be_bytes(head) % 1_000_000)
}

async fn approve(town: &Town, clerk: &Actor, id: Uuid) -> Result<(), Fault> {
    let check = check(town, id).await;
    let mut op = town.op(clerk).await;
    let done = town
        .identity
        .approve_registration(&mut op, id, "Thẻ căn cước số 999192000017", &check)
        .await;
    match done {
        Ok(_) => op.commit().await,
        Err(refused) => Err(refused),
    }
}

// shows: R033
#[tokio::test]
async fn an_account_works_when_an_official_has_seen_the_paper_and_not_before() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let new = applicant(&town, agency).await;
    let receipt = ask(&town, &new).await.unwrap();
    let told = town.identity.receipt(&town.scratch.ops, &receipt).await.unwrap();
    assert_eq!(told.state, RegistrationState::Waiting);
    assert_eq!(told.agency_name, "UBND phường Ngã Bảy");

    // The right password learns what is missing, a wrong one nothing.
    let fault = town.sign_in(NUMBER, PASSWORD, HOME).await.unwrap_err();
    assert_eq!(fault.code, "identity.registration_waiting");
    assert_eq!(fault.params["agency"], "UBND phường Ngã Bảy");
    assert_eq!(
        town.refused(NUMBER, "sai mật khẩu", HOME).await,
        "identity.wrong_credentials"
    );
    assert_eq!(
        town.count("SELECT count(*) FROM identity.session WHERE audience = 'citizen'")
            .await,
        0
    );

    let ids = waiting(&town, &clerk).await;
    assert_eq!(ids.len(), 1);
    let mut op = town.op(&clerk).await;
    let shown = town.identity.registration(&mut op, ids[0]).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(shown.full_name, "Lê Thị Thu Ngân", "one form, whatever was typed");
    assert_eq!(shown.kind, RegistrationKind::Citizen);
    assert!(shown.known.is_none() && !shown.has_account && shown.others == 0);

    approve(&town, &clerk, ids[0]).await.unwrap();
    // Pressed twice.
    approve(&town, &clerk, ids[0]).await.unwrap();
    let signed = town.enter(NUMBER).await;
    assert_eq!(signed.actor.name(), "Lê Thị Thu Ngân");
    assert_eq!(waiting(&town, &clerk).await, Vec::<Uuid>::new());
    let told = town.identity.receipt(&town.scratch.ops, &receipt).await.unwrap();
    assert_eq!(told.state, RegistrationState::Approved);
    let kept = "SELECT count(*) FROM identity.registration WHERE password IS NOT NULL";
    assert_eq!(town.count(kept).await, 0, "the password is the account's alone");

    let trail = town.trail().await;
    let actions: Vec<&str> = trail.iter().map(|(action, ..)| action.as_str()).collect();
    for action in [
        "identity.registration_asked",
        "identity.registrations_listed",
        "identity.registration_read",
        "identity.registration_approved",
        "identity.account_opened",
    ] {
        assert!(actions.contains(&action), "{action}");
    }
    assert_eq!(
        actions
            .iter()
            .filter(|action| **action == "identity.account_opened")
            .count(),
        2
    );
    assert!(
        trail
            .iter()
            .all(|(_, subject, rest)| !subject.contains(NUMBER) && !rest.contains(NUMBER) && !rest.contains(PASSWORD))
    );
}

// shows: R032
#[tokio::test]
async fn the_form_answers_the_same_whether_the_number_is_known_or_not_and_there_is_one_account() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let person = town
        .register(&NewPerson {
            personal_number: Some(NUMBER.parse().unwrap()),
            birth_date: Some(day("1992-04-17")),
            ..NewPerson::named("Lê Thị Thu Ngân")
        })
        .await;
    town.account(person, NUMBER).await;
    let new = NewRegistration {
        password: "mật khẩu của kẻ lạ".into(),
        ..applicant(&town, agency).await
    };
    let known = ask(&town, &new).await.unwrap();
    let unknown = NewRegistration {
        receipt: town.identity.new_receipt().unwrap(),
        personal_number: "999190000033".into(),
        birth_date: Some(day("1990-02-01")),
        ..new.clone()
    };
    let unknown = ask(&town, &unknown).await.unwrap();
    let state = |receipt: String| {
        let town = &town;
        async move { town.identity.receipt(&town.scratch.ops, &receipt).await.unwrap().state }
    };
    assert_eq!(state(known).await, state(unknown).await);
    // The owner's account goes on as before, and the stranger's password opens nothing: it is told what it is told where there is no account.
    town.enter(NUMBER).await;
    for number in [NUMBER, "999190000033"] {
        assert_eq!(
            town.refused(number, "mật khẩu của kẻ lạ", HOME).await,
            "identity.registration_waiting"
        );
    }
    let id = waiting(&town, &clerk).await[0];
    assert_eq!(code(approve(&town, &clerk, id).await), "identity.account_exists");
    assert_eq!(
        town.count("SELECT count(*) FROM identity.account WHERE login_tag IS NOT NULL")
            .await,
        1
    );
}

#[tokio::test]
async fn a_known_person_without_an_account_gets_one_and_another_name_does_not() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let known = town
        .register(&NewPerson {
            personal_number: Some(NUMBER.parse().unwrap()),
            ..NewPerson::named("LÊ THỊ THU NGÂN")
        })
        .await;
    let other = NewRegistration {
        full_name: "Lê Thị Ngân".into(),
        ..applicant(&town, agency).await
    };
    ask(&town, &other).await.unwrap();
    let id = waiting(&town, &clerk).await[0];
    assert_eq!(code(approve(&town, &clerk, id).await), "identity.registration_differs");
    ask(&town, &applicant(&town, agency).await).await.unwrap();
    let id = waiting(&town, &clerk).await[1];
    approve(&town, &clerk, id).await.unwrap();
    let signed = town.enter(NUMBER).await;
    assert_eq!(signed.actor.person(), Some(known));
    let mut op = town.loader().await;
    let written = town.identity.person(&mut op, known, "").await.unwrap();
    drop(op);
    assert_eq!(written.birth_date, Some(day("1992-04-17")));
    assert!(written.phone.is_some());
    // The other one has come too late.
    let states = "SELECT count(*) FROM identity.registration WHERE state = 'superseded' AND password IS NULL";
    assert_eq!(town.count(states).await, 1);
}

#[tokio::test]
async fn a_refusal_is_told_with_its_reason_and_what_nobody_came_for_expires() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let receipt = ask(&town, &applicant(&town, agency).await).await.unwrap();
    let id = waiting(&town, &clerk).await[0];
    let mut op = town.op(&clerk).await;
    let wordless = town.identity.refuse_registration(&mut op, id, " ").await;
    assert_eq!(code(wordless), "identity.reason_needed");
    drop(op);
    let mut op = town.op(&clerk).await;
    let paperless = town.identity.approve_registration(&mut op, id, "", "").await;
    assert_eq!(code(paperless), "identity.paper_needed");
    drop(op);
    let mut op = town.op(&clerk).await;
    town.identity
        .refuse_registration(&mut op, id, "Ngày sinh không khớp")
        .await
        .unwrap();
    op.commit().await.unwrap();
    let fault = town.sign_in(NUMBER, PASSWORD, HOME).await.unwrap_err();
    assert_eq!(fault.code, "identity.registration_refused");
    assert_eq!(fault.params["reason"], "Ngày sinh không khớp");
    assert_eq!(code(approve(&town, &clerk, id).await), "identity.registration_decided");
    let told = town.identity.receipt(&town.scratch.ops, &receipt).await.unwrap();
    assert_eq!(
        (told.state, told.reason.as_str()),
        (RegistrationState::Refused, "Ngày sinh không khớp")
    );

    town.advance(Duration::minutes(1));
    ask(&town, &applicant(&town, agency).await).await.unwrap();
    assert_eq!(
        town.refused(NUMBER, PASSWORD, HOME).await,
        "identity.registration_waiting"
    );
    town.advance(Duration::days(30));
    assert_eq!(
        town.refused(NUMBER, PASSWORD, HOME).await,
        "identity.registration_expired"
    );
    let late = waiting(&town, &clerk).await[0];
    assert_eq!(code(approve(&town, &clerk, late).await), "identity.registration_over");
    let mut op = town.loader().await;
    identity::jobs::sweep(&mut op).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(
        town.count("SELECT count(*) FROM identity.registration WHERE state = 'expired'")
            .await,
        1
    );
    town.advance(Duration::days(31));
    let mut op = town.loader().await;
    identity::jobs::sweep(&mut op).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(
        town.count("SELECT count(*) FROM identity.registration").await,
        0,
        "nothing is kept for long"
    );
    assert_eq!(town.refused(NUMBER, PASSWORD, HOME).await, "identity.wrong_credentials");
}

#[tokio::test]
async fn only_the_chosen_agency_decides_and_nobody_about_themself() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    ask(&town, &applicant(&town, agency).await).await.unwrap();
    let id = waiting(&town, &clerk).await[0];

    let other = town.agency("H30.29.02", "UBND phường khác").await;
    let position = town.position(other, "one-stop-2", &["clerk"]).await;
    let person = town.person("Phạm Văn Ruộng").await;
    town.hold(person, position, Validity::since(day("2024-01-01"))).await;
    town.account(person, "anh.ruong").await;
    let stranger = town.enter("anh.ruong").await.actor;
    assert_eq!(waiting(&town, &stranger).await, Vec::<Uuid>::new());
    assert_eq!(
        code(approve(&town, &stranger, id).await),
        "identity.registration_not_found"
    );
    let specialist = town.desk("chi.phu", &["specialist"]).await;
    assert_eq!(
        code(approve(&town, &specialist, id).await),
        "identity.registration_not_found"
    );
    let citizen = town.citizen("Lê Thị Sen", "chi.sen").await;
    let citizen = town
        .actor(&town.enter("chi.sen").await.token)
        .await
        .filter(|actor| actor.account() == Some(citizen));
    assert_eq!(
        code(approve(&town, &citizen.unwrap(), id).await),
        "identity.registration_not_found"
    );
    assert_eq!(
        code(approve(&town, &Actor::Anonymous, id).await),
        "identity.registration_not_found"
    );

    // The clerk's own number.
    let number = "999188000041";
    sqlx::query(
        "UPDATE identity.person SET sealed = NULL, number_tag = NULL, phone_tag = NULL, personal_number = $2, birth_date = '1988-01-01',
                full_name = 'Trần Văn Lúa'
         WHERE id = $1",
    )
        .bind(clerk.person().unwrap().uuid())
        .bind(number)
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    let new = NewRegistration {
        personal_number: number.into(),
        full_name: "Trần Văn Lúa".into(),
        birth_date: Some(day("1988-01-01")),
        ..applicant(&town, agency).await
    };
    ask(&town, &new).await.unwrap();
    let mine = waiting(&town, &clerk).await[1];
    assert_eq!(code(approve(&town, &clerk, mine).await), "identity.registration_own");
    // An administrator decides everywhere.
    let admin = town.desk("chi.quan", &["admin"]).await;
    approve(&town, &admin, id).await.unwrap();
}

#[tokio::test]
async fn two_desks_at_once_make_one_person_and_one_account() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let admin = town.desk("chi.quan", &["admin"]).await;
    ask(&town, &applicant(&town, agency).await).await.unwrap();
    ask(&town, &applicant(&town, agency).await).await.unwrap();
    let ids = waiting(&town, &clerk).await;
    let (one, other) = tokio::join!(approve(&town, &clerk, ids[0]), approve(&town, &admin, ids[1]));
    let outcomes = [code(one), code(other)];
    assert!(outcomes.contains(&"it worked"), "{outcomes:?}");
    let people = "SELECT count(*) FROM identity.person WHERE number_tag IS NOT NULL";
    assert_eq!(town.count(people).await, 1);
    assert_eq!(
        town.count("SELECT count(*) FROM identity.account WHERE login_tag IS NOT NULL")
            .await,
        1
    );
    town.enter(NUMBER).await;
}

#[tokio::test]
async fn two_counters_at_once_write_one_person_of_one_number() {
    let town = Town::new().await;
    let (clerk, _) = desk(&town).await;
    let admin = town.desk("chi.quan", &["admin"]).await;
    let new = NewPerson {
        personal_number: Some(NUMBER.parse().unwrap()),
        ..NewPerson::named("Lê Thị Thu Ngân")
    };
    let write = |actor: Actor| {
        let (town, new) = (&town, &new);
        async move {
            let mut op = town.op(&actor).await;
            let id = town.identity.register_person(&mut op, new).await.unwrap();
            op.commit().await.unwrap();
            id
        }
    };
    let (one, other) = tokio::join!(write(clerk), write(admin));
    assert_eq!(one, other);
}

#[tokio::test]
async fn what_is_pressed_twice_is_asked_once_and_floods_are_stopped() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let new = applicant(&town, agency).await;
    let (one, other) = tokio::join!(ask(&town, &new), ask(&town, &new));
    assert_eq!(one.unwrap(), other.unwrap());
    ask(&town, &new).await.unwrap();
    assert_eq!(waiting(&town, &clerk).await.len(), 1);
    for _ in 0..2 {
        ask(&town, &applicant(&town, agency).await).await.unwrap();
    }
    let fourth = ask(&town, &applicant(&town, agency).await).await;
    assert_eq!(code(fourth), "identity.too_many_registrations");
    // A network is stopped too, whoever it asks for; another one is not.
    for n in 0..17 {
        let other = NewRegistration {
            personal_number: format!("9991920001{n:02}"),
            ..applicant(&town, agency).await
        };
        ask(&town, &other).await.unwrap();
    }
    let more = NewRegistration {
        personal_number: "999192000199".into(),
        ..applicant(&town, agency).await
    };
    assert_eq!(code(ask(&town, &more).await), "identity.too_many_registrations");
    let elsewhere = town.identity.register(&town.scratch.ops, &more, "198.51.100.4").await;
    assert!(elsewhere.is_ok());
}

#[tokio::test]
async fn everything_wrong_with_a_form_is_told_at_once() {
    let town = Town::new().await;
    let (_, agency) = desk(&town).await;
    let wrong = NewRegistration {
        personal_number: "999192000017".into(),
        full_name: " ".into(),
        birth_date: Some(day("1991-04-17")),
        phone: "12".into(),
        email: "sen".into(),
        password: "12345678".into(),
        agency: None,
        ..applicant(&town, agency).await
    };
    let fault = ask(&town, &wrong).await.unwrap_err();
    let fields: Vec<&str> = fault.fields.iter().map(|field| field.field.as_str()).collect();
    for field in ["personal_number", "full_name", "phone", "email", "password", "agency"] {
        assert!(fields.contains(&field), "{field} {fields:?}");
    }
    for (typed, why) in [
        ("", "identity.required"),
        ("12345", "kernel.personal_number"),
        ("003192000017", "identity.number_unlikely"),
        ("999191000017", "identity.number_other_year"),
    ] {
        let new = NewRegistration {
            personal_number: typed.into(),
            ..applicant(&town, agency).await
        };
        let fault = ask(&town, &new).await.unwrap_err();
        assert_eq!(fault.fields[0].code, why, "{typed}");
    }
    let department = NewRegistration {
        agency: Some(AgencyId::new()),
        ..applicant(&town, agency).await
    };
    let fault = ask(&town, &department).await.unwrap_err();
    assert_eq!(fault.fields[0].field, "agency");
    assert_eq!(town.count("SELECT count(*) FROM identity.registration").await, 0);
    // Whoever is signed in has an account.
    let mut op = town.op(&town.desk("chi.phu", &["specialist"]).await).await;
    let refused = op
        .allow(
            "identity.register",
            "registration:new",
            identity::access::register(op.actor()),
        )
        .await;
    assert!(refused.is_err());
}

// shows: R031
#[tokio::test]
async fn a_visitor_registers_with_a_passport() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let new = NewRegistration {
        foreigner: true,
        passport: "m 1234 5678".into(),
        nationality: "kr".into(),
        full_name: "Kim Minji".into(),
        birth_date: Some(day("1994-08-02")),
        email: "minji@example.com".into(),
        phone: String::new(),
        ..applicant(&town, agency).await
    };
    ask(&town, &new).await.unwrap();
    let id = waiting(&town, &clerk).await[0];
    let mut op = town.op(&clerk).await;
    let shown = town.identity.registration(&mut op, id).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(shown.passport.as_deref(), Some("M12345678"));
    assert_eq!((shown.nationality.as_str(), shown.personal_number), ("KR", None));
    approve(&town, &clerk, id).await.unwrap();
    let signed = town.enter("M1234 5678").await;
    assert_eq!(signed.actor.name(), "Kim Minji");
    // The same number of another country is another passport.
    let other = NewRegistration {
        nationality: "US".into(),
        full_name: "Ann Example".into(),
        ..new
    };
    let other = NewRegistration {
        receipt: town.identity.new_receipt().unwrap(),
        ..other
    };
    ask(&town, &other).await.unwrap();
    let id = waiting(&town, &clerk).await[0];
    approve(&town, &clerk, id).await.unwrap();
    assert_eq!(
        town.count("SELECT count(*) FROM identity.person WHERE passport_tag IS NOT NULL")
            .await,
        2
    );
    let attempt = SignIn {
        login: "M12345678",
        password: "không phải",
        source: HOME,
    };
    assert!(town.identity.sign_in(&town.scratch.ops, attempt).await.is_err());
}

#[tokio::test]
async fn the_list_goes_on_where_it_ended_and_follows_an_agency_to_its_home() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let admin = town.desk("chi.quan", &["admin"]).await;
    for n in 0..5 {
        let new = NewRegistration {
            personal_number: format!("9991920001{n:02}"),
            ..applicant(&town, agency).await
        };
        ask(&town, &new).await.unwrap();
        town.advance(Duration::seconds(1));
    }
    let all = waiting(&town, &clerk).await;
    assert_eq!(all.len(), 5);
    let mut walked = Vec::new();
    let mut next = None;
    loop {
        let mut op = town.op(&clerk).await;
        let page = PageRequest::new(next, Some(2));
        let filter = RegistrationFilter::default();
        let found = town.identity.registrations(&mut op, &filter, &page).await.unwrap();
        walked.extend(found.items.iter().map(|row| row.id));
        next = found.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(walked, all, "the oldest first, each once");
    let mut op = town.op(&clerk).await;
    let filter = RegistrationFilter {
        number: Some("9991 9200 0103".into()),
        ..RegistrationFilter::default()
    };
    let found = town
        .identity
        .registrations(&mut op, &filter, &PageRequest::first())
        .await
        .unwrap();
    assert_eq!(found.items.iter().map(|row| row.id).collect::<Vec<_>>(), [all[3]]);
    drop(op);

    // The ward is merged into another one: its registrations go on there.
    let home = town.agency("H30.29.09", "UBND phường mới").await;
    for statement in [
        "INSERT INTO identity.reorganisation (key, title, basis, on_day, declaration, executed_at, executed_by)
         VALUES ('merge', 'Sáp nhập', 'NQ', '2026-03-02', '', now(), 'system:test')",
        "UPDATE identity.agency SET valid_to = '2026-03-01' WHERE name = 'UBND phường Ngã Bảy'",
        "INSERT INTO identity.agency_successor (old, new, whole, home, reorganisation)
         SELECT old.id, new.id, true, true, 'merge' FROM identity.agency AS old, identity.agency AS new
         WHERE old.name = 'UBND phường Ngã Bảy' AND new.name = 'UBND phường mới'",
    ] {
        sqlx::query(statement).execute(&town.scratch.pool).await.unwrap();
    }
    let position = town.position(home, "moi", &["clerk"]).await;
    let person = town.person("Phạm Văn Mới").await;
    town.hold(person, position, Validity::since(day("2026-03-01"))).await;
    town.account(person, "anh.moi").await;
    let new_clerk = town.enter("anh.moi").await.actor;
    assert_eq!(waiting(&town, &new_clerk).await, all);
    approve(&town, &new_clerk, all[0]).await.unwrap();
    assert_eq!(
        code(approve(&town, &clerk, all[1]).await),
        "identity.registration_not_found"
    );
    approve(&town, &admin, all[1]).await.unwrap();
    // Nobody registers with what is no more.
    let late = ask(&town, &applicant(&town, agency).await).await;
    assert_eq!(code(late), "identity.unfit_registration");
}

async fn rows(town: &Town) -> String {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT registration::text FROM identity.registration UNION ALL SELECT representation::text FROM identity.representation
         UNION ALL SELECT counter_code::text FROM identity.counter_code UNION ALL SELECT person::text FROM identity.person
         UNION ALL SELECT account::text FROM identity.account UNION ALL SELECT sign_in_attempt::text FROM identity.sign_in_attempt",
    )
    .fetch_all(&town.scratch.pool)
    .await
    .unwrap();
    rows.join("\n")
}

async fn under(town: &Town, key: u32) -> i64 {
    let mut op = town.op(&Actor::System("test")).await;
    let uses = town.identity.keys_in_use(&mut op).await.unwrap();
    uses.iter()
        .filter(|used| used.key == key && used.purpose.starts_with("identity."))
        .map(|used| used.count)
        .sum()
}

// shows: R028
#[tokio::test]
async fn what_was_typed_for_an_account_lies_sealed_and_keys_change_while_it_waits() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let new = applicant(&town, agency).await;
    let receipt = ask(&town, &new).await.unwrap();
    let foreigner = NewRegistration {
        receipt: town.identity.new_receipt().unwrap(),
        foreigner: true,
        personal_number: String::new(),
        passport: "C01X00T47".into(),
        nationality: "DE".into(),
        full_name: "Erika Mustermann".into(),
        email: "erika@example.de".into(),
        ..new.clone()
    };
    ask(&town, &foreigner).await.unwrap();
    assert_eq!(
        town.sign_in(NUMBER, PASSWORD, HOME).await.unwrap_err().code,
        "identity.registration_waiting"
    );
    let told = [
        NUMBER,
        "0912345678",
        "1992-04-17",
        "Thu Ngân",
        "C01X00T47",
        "c01x00t47",
        "Erika",
        "erika@",
        "căn cước",
    ];
    let shows_nothing = |rows: String| {
        for told in told {
            assert!(!rows.contains(told), "{told} in\n{rows}");
            let bytes: String = told.bytes().map(|byte| format!("{byte:02x}")).collect();
            assert!(!rows.contains(&bytes), "{told} in\n{rows}");
        }
    };
    shows_nothing(rows(&town).await);
    let tried = sqlx::query_scalar::<_, bool>(
        "SELECT EXISTS (SELECT FROM identity.registration WHERE number_tag LIKE '%' || sha256($1::bytea) || '%'::bytea)",
    )
    .bind(NUMBER.as_bytes())
    .fetch_one(&town.scratch.pool)
    .await
    .unwrap();
    assert!(!tried);

    // A new key comes: everybody is found under either, and the same form once more is one registration.
    let (old, newest) = town.turn().await;
    assert_eq!(ask(&town, &new).await.unwrap(), receipt);
    let again = NewRegistration {
        receipt: town.identity.new_receipt().unwrap(),
        ..new.clone()
    };
    ask(&town, &again).await.unwrap();
    let found = |number: &'static str| {
        let (town, clerk) = (&town, &clerk);
        async move {
            let mut op = town.op(clerk).await;
            let filter = RegistrationFilter {
                number: Some(number.into()),
                ..RegistrationFilter::default()
            };
            let first = PageRequest::first();
            town.identity
                .registrations(&mut op, &filter, &first)
                .await
                .unwrap()
                .items
        }
    };
    let both = found("999 192 000 017").await;
    assert_eq!(both.len(), 2, "one under each key");
    assert_eq!(both[0].full_name, "Lê Thị Thu Ngân");
    assert_eq!(found("c01x00t47").await.len(), 1);
    assert_eq!(
        town.sign_in("C01X00T47", PASSWORD, HOME).await.unwrap_err().code,
        "identity.registration_waiting"
    );
    let mut op = town.op(&clerk).await;
    assert_eq!(town.identity.registration(&mut op, both[0].id).await.unwrap().others, 1);
    drop(op);
    assert!(under(&town, old).await > 0 && under(&town, newest).await > 0);
    let resealed = town.identity.reseal_by(&town.scratch.ops, 1).await.unwrap();
    assert!(resealed.done > 0 && resealed.unreadable == 0, "{resealed:?}");
    assert_eq!(under(&town, old).await, 0);
    assert_eq!(found(NUMBER).await.len(), 2);

    // Approved, the one of the same number is too late, whatever key it was written under; and nothing shows what it was.
    for row in [&both[0], &found("C01X00T47").await[0]] {
        approve(&town, &clerk, row.id).await.unwrap();
    }
    assert_eq!(waiting(&town, &clerk).await, Vec::<Uuid>::new());
    town.enter(NUMBER).await;
    town.enter("c01x00t47").await;
    let after = rows(&town).await;
    assert!(after.contains("Thu Ngân"), "people are found by their names");
    for told in [
        NUMBER,
        "0912345678",
        "1992-04-17",
        "C01X00T47",
        "c01x00t47",
        "erika@",
        "căn cước",
    ] {
        assert!(!after.contains(told), "{told} in\n{after}");
    }
    let (old, _) = town.turn().await;
    town.identity.reseal(&town.scratch.ops).await.unwrap();
    assert_eq!(under(&town, old).await, 0);
    town.enter("C01X00T47").await;

    // What is copied into another registration does not open there.
    sqlx::query(
        "UPDATE identity.registration SET sealed = (SELECT sealed FROM identity.registration WHERE id = $1) WHERE id <> $1",
    )
    .bind(both[0].id)
    .execute(&town.scratch.pool)
    .await
    .unwrap();
    let mut op = town.op(&clerk).await;
    let fault = town.identity.registration(&mut op, both[1].id).await.unwrap_err();
    assert_eq!(fault.code, "vault.sealed_broken");
}

// shows: R032
#[tokio::test]
async fn two_desks_at_once_make_one_person_while_keys_change() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let admin = town.desk("chi.quan", &["admin"]).await;
    ask(&town, &applicant(&town, agency).await).await.unwrap();
    town.turn().await;
    ask(&town, &applicant(&town, agency).await).await.unwrap();
    let ids = waiting(&town, &clerk).await;
    let (one, other) = tokio::join!(approve(&town, &clerk, ids[1]), approve(&town, &admin, ids[0]));
    let outcomes = [code(one), code(other)];
    assert!(
        outcomes.contains(&"it worked") && outcomes.contains(&"identity.registration_decided"),
        "{outcomes:?}"
    );
    assert_eq!(
        town.count("SELECT count(*) FROM identity.person WHERE number_tag IS NOT NULL")
            .await,
        1
    );
}

// shows: R033
#[tokio::test]
async fn whoever_brings_the_paper_brings_the_receipt_too() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    // Somebody else has registered with the number, name and date of birth of the one who stands at the counter.
    ask(&town, &applicant(&town, agency).await).await.unwrap();
    let foreign = waiting(&town, &clerk).await[0];
    let own = ask(&town, &applicant(&town, agency).await).await.unwrap();
    let told = town.identity.receipt(&town.scratch.ops, &own).await.unwrap();
    assert_eq!(told.check.len(), 6);
    for typed in [told.check.as_str(), "", "000000"] {
        let mut op = town.op(&clerk).await;
        let paper = "Thẻ căn cước số 999192000017";
        let refused = town.identity.approve_registration(&mut op, foreign, paper, typed).await;
        assert_eq!(code(refused), "identity.registration_check", "{typed}");
    }
    let all = waiting(&town, &clerk).await;
    let right = all.into_iter().find(|id| *id != foreign).unwrap();
    let mut op = town.op(&clerk).await;
    let spaced = format!(" {} {} ", &told.check[..3], &told.check[3..]);
    let paper = "Thẻ căn cước số 999192000017";
    town.identity
        .approve_registration(&mut op, right, paper, &spaced)
        .await
        .unwrap();
    op.commit().await.unwrap();
}

// shows: R033
#[tokio::test]
async fn whoever_holds_a_position_gets_no_account_by_registering() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let new = applicant(&town, agency).await;
    ask(&town, &new).await.unwrap();
    let id = waiting(&town, &clerk).await[0];
    let known = town
        .register(&identity::NewPerson {
            personal_number: Some(kernel::PersonalNumber::parse(NUMBER).unwrap()),
            birth_date: new.birth_date,
            ..identity::NewPerson::named(&new.full_name)
        })
        .await;
    let position = town.position(agency, "lanh-dao-moi", &["leader"]).await;
    let tomorrow = identity::Validity::since(town.today() + chrono::Duration::days(1));
    town.hold(known, position, tomorrow).await;
    assert_eq!(code(approve(&town, &clerk, id).await), "identity.registration_official");
}

// shows: R033
#[tokio::test]
async fn strangers_who_register_with_a_number_do_not_keep_its_owner_out() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    for n in 0..50 {
        let new = NewRegistration {
            password: format!("mật khẩu của kẻ lạ {n}"),
            ..applicant(&town, agency).await
        };
        let from = format!("198.51.{n}.7");
        town.identity.register(&town.scratch.ops, &new, &from).await.unwrap();
        town.advance(Duration::seconds(1));
    }
    // The owner registers, also after them all, and comes with the receipt.
    let own = ask(&town, &applicant(&town, agency).await).await.unwrap();
    town.advance(Duration::seconds(1));
    let late = NewRegistration {
        password: "mật khẩu của kẻ lạ cuối".into(),
        ..applicant(&town, agency).await
    };
    town.identity
        .register(&town.scratch.ops, &late, "198.51.200.7")
        .await
        .unwrap();
    assert_eq!(
        town.refused(NUMBER, PASSWORD, HOME).await,
        "identity.registration_waiting",
        "from the own network"
    );
    let told = town.identity.receipt(&town.scratch.ops, &own).await.unwrap();
    let find = |number: Option<&'static str>, check: String| {
        let (town, clerk) = (&town, &clerk);
        async move {
            let mut op = town.op(clerk).await;
            let filter = RegistrationFilter {
                number: number.map(str::to_owned),
                check: Some(check),
                ..RegistrationFilter::default()
            };
            let first = PageRequest::first();
            let page = town.identity.registrations(&mut op, &filter, &first).await.unwrap();
            op.commit().await.unwrap();
            page.items.iter().map(|row| row.id).collect::<Vec<_>>()
        }
    };
    let spaced = format!(" {} {} ", &told.check[..3], &told.check[3..]);
    let found = find(Some(NUMBER), spaced.clone()).await;
    assert_eq!(found, [told.id], "among fifty-two");
    assert!(find(None, spaced).await.contains(&told.id));
    assert_eq!(find(Some("999190000033"), told.check.clone()).await, Vec::<Uuid>::new());
    let mut op = town.op(&clerk).await;
    let paper = "Thẻ căn cước số 999192000017";
    town.identity
        .approve_registration(&mut op, told.id, paper, &told.check)
        .await
        .unwrap();
    op.commit().await.unwrap();
    town.enter(NUMBER).await;
    assert_eq!(waiting(&town, &clerk).await, Vec::<Uuid>::new());
    assert_eq!(
        town.refused(NUMBER, "mật khẩu của kẻ lạ 3", HOME).await,
        "identity.wrong_credentials"
    );
}

// shows: R027, R033
#[tokio::test]
async fn the_sign_in_does_not_tell_by_a_registration_whether_a_number_has_an_account() {
    let town = Town::new().await;
    let (_, agency) = desk(&town).await;
    let person = town
        .register(&NewPerson {
            personal_number: Some(NUMBER.parse().unwrap()),
            ..NewPerson::named("Lê Thị Thu Ngân")
        })
        .await;
    town.account(person, NUMBER).await;
    let theirs = "mật khẩu của kẻ lạ";
    for (number, born) in [(NUMBER, "1992-04-17"), ("999190000033", "1990-02-01")] {
        let new = NewRegistration {
            personal_number: number.into(),
            birth_date: Some(day(born)),
            password: theirs.into(),
            ..applicant(&town, agency).await
        };
        ask(&town, &new).await.unwrap();
        // The password of the registration itself is told that it waits, with an account behind the number and without.
        let told = town.sign_in(number, theirs, HOME).await.unwrap_err();
        assert_eq!(
            (told.code, told.params["agency"].as_str()),
            ("identity.registration_waiting", "UBND phường Ngã Bảy")
        );
        for wrong in ["sai mật khẩu", "mật khẩu của kẻ lạ hơn"] {
            assert_eq!(town.refused(number, wrong, HOME).await, "identity.wrong_credentials");
        }
    }
    assert_eq!(
        town.refused("999190000041", "sai mật khẩu", HOME).await,
        "identity.wrong_credentials"
    );
    town.enter(NUMBER).await;
}
