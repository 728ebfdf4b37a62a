//! Handing in for somebody else: what a representation reaches, and that nothing of it works when it has ended.

use chrono::Duration;
use db::PageRequest;
use dossiers::Supply;
use dossiers::model::SupplementKind;
use forms::Channel;
use identity::{NewAttorney, Source};
use kernel::{Actor, ActsFor, DossierId};
use notify::Notify;
use uuid::Uuid;

use crate::office::{self, EXTRACT, HUNG, Office, ask, outcome, raw};

const LAN: &str = "Nguyễn Thị Lan";
const HOUSE: &str = "Hợp tác xã Bông Súng";

/// Lan gives Hùng a power of attorney for these procedures.
async fn power(office: &Office, procedures: &[String]) -> Uuid {
    let people = &office.people;
    let today = kernel::local_date(office.scratch.ops.now());
    let number = {
        let mut op = office.op(&people.hung).await;
        let person = office
            .identity
            .person(&mut op, people.hung.person().unwrap(), "")
            .await
            .unwrap();
        person.personal_number.unwrap().as_str().to_owned()
    };
    let new = NewAttorney {
        number,
        name: people.hung.name().to_owned(),
        procedures: procedures.to_vec(),
        from: today,
        to: today + Duration::days(10),
        reason: "Đi làm xa".to_owned(),
    };
    let source = Source {
        device: None,
        ip: "203.0.113.7",
        user_agent: "test",
    };
    let op = office.op(&people.lan).await;
    office.identity.give_attorney(op, &new, source).await.unwrap()
}

/// Hùng, acting for Lan as his session says.
fn acting(office: &Office, representation: Uuid, procedures: &[String]) -> Actor {
    let Actor::Citizen(mut hung) = office.people.hung.clone() else {
        panic!()
    };
    hung.acts_for = Some(Box::new(ActsFor {
        representation,
        person: office.people.lan.person().unwrap(),
        name: LAN.to_owned(),
        whole: false,
        legal: false,
        procedures: procedures.to_vec(),
    }));
    Actor::Citizen(hung)
}

async fn mine(office: &Office, actor: &Actor) -> Vec<DossierId> {
    let mut op = office.op(actor).await;
    let page = office.dossiers.mine(&mut op, &PageRequest::first()).await.unwrap();
    page.items.iter().map(|row| row.id).collect()
}

/// What the second wall shows to whoever asks for everything.
async fn walled(office: &Office, actor: &Actor) -> i64 {
    let mut op = office.op(actor).await;
    sqlx::query_scalar("SELECT count(*) FROM dossiers.dossier")
        .fetch_one(op.conn())
        .await
        .unwrap()
}

async fn code(office: &Office) -> String {
    let mut op = office.op(&office.people.lan).await;
    office.dossiers.online(&mut op, EXTRACT.key).await.unwrap().code.clone()
}

#[tokio::test]
async fn what_is_handed_in_for_another_is_theirs_and_reached_only_while_acting_for_them() {
    let office = Office::open().await;
    let people = &office.people;
    let own = office.submitted().await.id;
    let scope = [code(&office).await];
    let power = power(&office, &scope).await;
    let actor = acting(&office, power, &scope);
    let draft = office.extract_draft(&actor, Channel::Online).await;
    // What was begun for Lan is not found by Hùng for himself.
    let fault = office.try_submit(&people.hung, draft).await.unwrap_err();
    assert_eq!(fault.code, "forms.draft_not_found");
    let id = office.try_submit(&actor, draft).await.unwrap().id;
    let parties = "SELECT owner_person::text || ' ' || submitter_person::text || ' ' || representation::text FROM dossiers.dossier WHERE id = $1";
    let (lan, hung) = (people.lan.person().unwrap(), people.hung.person().unwrap());
    assert_eq!(office.one::<String>(parties, id).await, format!("{lan} {hung} {power}"));
    // The case says who acted, and for whom; so does the audit trail.
    let line = "SELECT actor_name || ' ' || (detail ->> 'stands_for') FROM dossiers.history WHERE dossier_id = $1 AND action = 'submitted'";
    assert_eq!(
        office.one::<String>(line, id).await,
        format!("{} {LAN}", people.hung.name())
    );
    let trail: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM op.audit_entry WHERE action = 'dossiers.submitted' AND detail::jsonb ->> 'acts_for' = $1",
    )
    .bind(lan.to_string())
    .fetch_one(&office.scratch.pool)
    .await
    .unwrap();
    assert_eq!(trail, 1);

    // Acting, Hùng sees what he has handed in and nothing else of Lan's; as himself nothing of hers.
    assert_eq!(mine(&office, &actor).await, [id]);
    assert_eq!(mine(&office, &people.hung).await, []);
    let mut lans = mine(&office, &people.lan).await;
    lans.sort();
    let mut both = vec![own, id];
    both.sort();
    assert_eq!(lans, both);
    for (who, sees) in [(&actor, 1), (&people.hung, 0), (&people.lan, 2)] {
        assert_eq!(walled(&office, who).await, sees, "{}", who.key());
    }
    let mut op = office.op(&actor).await;
    let fault = office.dossiers.withdraw(&mut op, own, "Không cần").await.unwrap_err();
    assert_eq!(fault.code, "dossiers.dossier_not_found", "her other case");
    drop(op);
    let mut op = office.op(&people.hung).await;
    let fault = office.dossiers.withdraw(&mut op, id, "Không cần").await.unwrap_err();
    assert_eq!(fault.code, "dossiers.dossier_not_found", "as himself");
    drop(op);
    // Another power of attorney is another one.
    let other = acting(&office, Uuid::now_v7(), &scope);
    assert_eq!(
        (mine(&office, &other).await.len(), walled(&office, &other).await),
        (0, 0)
    );

    // Both are told while it holds, the owner alone afterwards.
    office.act(&people.clerk, id, "receive", outcome("accept")).await;
    let told = (
        office.told(&people.lan).await.len(),
        office.told(&people.hung).await.len(),
    );
    assert!(told.1 > 0 && told.0 > told.1, "{told:?}");
    let mut op = office.op(&people.lan).await;
    office.identity.end_representation(&mut op, power).await.unwrap();
    op.commit().await.unwrap();
    let mut op = office.op(&people.lan).await;
    office.dossiers.withdraw(&mut op, id, "Không cần nữa").await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(office.told(&people.hung).await.len(), told.1);
}

#[tokio::test]
async fn a_power_of_attorney_reaches_its_procedures_and_its_giver() {
    let office = Office::open().await;
    let scope = ["1.000001".to_owned()];
    let power = power(&office, &scope).await;
    let narrow = acting(&office, power, &scope);
    let draft = office.extract_draft(&narrow, Channel::Online).await;
    let fault = office.try_submit(&narrow, draft).await.unwrap_err();
    assert_eq!((fault.code, fault.kind.status()), ("dossiers.not_represented", 403));

    // Somebody else's number in the answers.
    let Actor::Citizen(mut hung) = acting(&office, power, &[]) else {
        panic!()
    };
    if let Some(acting) = &mut hung.acts_for {
        acting.name = office.people.hung.name().to_owned();
    }
    let actor = Actor::Citizen(hung);
    let draft = office.extract_draft(&actor, Channel::Online).await;
    let fault = office.try_submit(&actor, draft).await.unwrap_err();
    assert_eq!((fault.code, fault.kind.status()), ("dossiers.other_applicant", 422));
}

// shows: R028
#[tokio::test]
async fn nobody_decides_about_somebody_for_whom_they_act() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    let (lan, clerk) = (people.lan.person().unwrap(), people.clerk.person().unwrap());
    let today = kernel::local_date(office.scratch.ops.now());
    sqlx::query(
        "INSERT INTO identity.representation (id, kind, represented, representative, valid_from, valid_to, given_by, given_at)
         VALUES ($1, 'attorney', $2, $3, $4, $4, $5, now())",
    )
    .bind(Uuid::now_v7())
    .bind(lan.uuid())
    .bind(clerk.uuid())
    .bind(today)
    .bind(people.lan.account().unwrap().uuid())
    .execute(&office.scratch.pool)
    .await
    .unwrap();
    let (task, version) = (office.task(id, "receive").await, office.version(id).await);
    let fault = office
        .try_act(&people.clerk, task, version, outcome("accept"))
        .await
        .unwrap_err();
    assert_eq!((fault.code, fault.kind.status()), ("dossiers.own_case", 403));
    // A colleague does, and so does the clerk when it has ended.
    sqlx::query("UPDATE identity.representation SET valid_from = valid_from - 2, valid_to = valid_to - 1")
        .execute(&office.scratch.pool)
        .await
        .unwrap();
    office.act(&people.clerk, id, "receive", outcome("accept")).await;
}

/// A cooperative with an account that nobody opens.
async fn cooperative(office: &Office) -> Uuid {
    let id = Uuid::now_v7();
    sqlx::query(
        "INSERT INTO identity.person (id, full_name, name_folded, name_key, nationality, kind, tax_number, created_at, updated_at)
         VALUES ($1, $2, 'hop tac xa bong sung', '\\x00', 'VN', 'organisation', '6300000019', now(), now())",
    )
    .bind(id)
    .bind(HOUSE)
    .execute(&office.scratch.pool)
    .await
    .unwrap();
    id
}

/// Somebody stands for the cooperative, as an official has approved.
async fn stand(office: &Office, house: Uuid, kind: &str, who: &Actor, procedures: &[String]) -> Uuid {
    let (registration, id) = (Uuid::now_v7(), Uuid::now_v7());
    sqlx::query(
        "INSERT INTO identity.registration (id, kind, sealed, number_tag, nationality, tax_number, receipt_sha256, asked_by, agency, network, state,
             asked_at, expires_at, decided_at, decided_by, person)
         SELECT $1, 'member', '\\x00', '\\x00', 'VN', '6300000019', sha256($1::text::bytea), $2, agency.id, '', 'approved', now(), now(), now(), $3, $4
         FROM identity.agency LIMIT 1",
    )
    .bind(registration)
    .bind(who.account().unwrap().uuid())
    .bind(office.people.clerk.account().unwrap().uuid())
    .bind(house)
    .execute(&office.scratch.pool)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO identity.representation (id, kind, represented, representative, procedures, valid_from, registration, given_by, given_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now())",
    )
    .bind(id)
    .bind(kind)
    .bind(house)
    .bind(who.person().unwrap().uuid())
    .bind(procedures)
    .bind(kernel::local_date(office.scratch.ops.now()))
    .bind(registration)
    .bind(office.people.clerk.account().unwrap().uuid())
    .execute(&office.scratch.pool)
    .await
    .unwrap();
    id
}

/// How many messages of a case an account has, and whether all of them say whose it is.
async fn heard(office: &Office, who: &Actor) -> (usize, bool) {
    let notify = Notify::new(office.identity.vault().clone());
    let mut op = office.op(who).await;
    let page = notify
        .box_page(&mut op, who.account().unwrap(), PageRequest::first())
        .await
        .unwrap();
    let of_cases: Vec<_> = page
        .items
        .iter()
        .filter(|message| message.link.starts_with("/ho-so-cua-toi/"))
        .collect();
    let named = |message: &&notify::MessageView| message.params.values().any(|value| value.contains(HOUSE));
    (of_cases.len(), !of_cases.is_empty() && of_cases.iter().all(named))
}

// shows: R032, R074
#[tokio::test]
async fn of_a_case_of_an_organisation_everybody_hears_who_may_act_for_it_now() {
    let office = Office::open().await;
    let people = &office.people;
    let house = cooperative(&office).await;
    stand(&office, house, "legal", &people.lan, &[]).await;
    let member = stand(&office, house, "member", &people.hung, &[]).await;
    stand(&office, house, "member", &people.city_clerk, &["1.000001".to_owned()]).await;
    let Actor::Citizen(mut hung) = people.hung.clone() else {
        panic!()
    };
    hung.acts_for = Some(Box::new(ActsFor {
        representation: member,
        person: house.into(),
        name: HOUSE.to_owned(),
        whole: true,
        legal: false,
        procedures: Vec::new(),
    }));
    let actor = Actor::Citizen(hung);
    let draft = office.extract_draft(&actor, Channel::Online).await;
    let id = office.try_submit(&actor, draft).await.unwrap().id;
    let first = heard(&office, &people.lan).await;
    assert!(first.0 > 0 && first.1, "{first:?}");
    assert_eq!(heard(&office, &people.hung).await, first, "each once, with the name");
    assert_eq!(
        heard(&office, &people.city_clerk).await.0,
        0,
        "not of what is out of scope"
    );

    // Whoever handed in has left: who represents the cooperative hears on.
    sqlx::query("UPDATE identity.representation SET ended_at = now(), ended_by = given_by WHERE id = $1")
        .bind(member)
        .execute(&office.scratch.pool)
        .await
        .unwrap();
    office.act(&people.clerk, id, "receive", outcome("accept")).await;
    assert!(heard(&office, &people.lan).await.0 > first.0);
    assert_eq!(heard(&office, &people.hung).await.0, first.0);
}

// shows: R037
#[tokio::test]
async fn whoever_supplies_for_another_names_no_other_owner() {
    let office = Office::open().await;
    let people = &office.people;
    let power = power(&office, &[]).await;
    let actor = acting(&office, power, &[]);
    let draft = office.extract_draft(&actor, Channel::Online).await;
    let id = office.try_submit(&actor, draft).await.unwrap().id;
    let act = ask(&[(SupplementKind::Answer, "requester_number")]);
    office.act(&people.clerk, id, "receive", act).await;
    let with = |number: &str| Supply {
        answers: raw(&[("requester_number", number)]),
        ..Supply::default()
    };
    // Neither whoever acts, nor the owner themself.
    for who in [&actor, &people.lan] {
        let mut op = office.op(who).await;
        let fault = office.dossiers.supply(&mut op, id, with(HUNG)).await.unwrap_err();
        assert_eq!(fault.code, "dossiers.other_applicant", "{}", who.key());
        assert_eq!(fault.params["name"], LAN);
    }
    let mut op = office.op(&people.lan).await;
    office.dossiers.supply(&mut op, id, with(office::LAN)).await.unwrap();
    op.commit().await.unwrap();
    let owner: Option<Uuid> = office
        .one("SELECT owner_person FROM dossiers.dossier WHERE id = $1", id)
        .await;
    assert_eq!(owner, Some(people.lan.person().unwrap().uuid()));
}

// shows: R028
#[tokio::test]
async fn what_is_begun_for_another_is_told_to_both_of_them() {
    let office = Office::open().await;
    let people = &office.people;
    let power = power(&office, &[]).await;
    let actor = acting(&office, power, &[]);
    office.extract_draft(&actor, Channel::Online).await;
    let mut op = office.op(&Actor::System("test")).await;
    let permit = op
        .allow("privacy.extract", "person:test", op::Decision::Follows)
        .await
        .unwrap();
    let whom = |actor: &Actor| op::Whom {
        person: actor.person().unwrap(),
        account: actor.account(),
    };
    let (lan, hung) = (whom(&people.lan), whom(&people.hung));
    let part = |told: &[op::Kept], name: &str| told.iter().find(|kept| kept.part == name).unwrap().items.clone();
    let told = op::Keeper::tell(&office.forms, &mut op, &permit, &lan, 10)
        .await
        .unwrap();
    assert!(part(&told, "drafts").is_empty());
    let about = part(&told, "drafts_by_others");
    assert_eq!(
        (about.len(), &about[0]["representative"]),
        (1, &people.hung.name().into())
    );
    assert_eq!(about[0]["answers"]["requester_name"], LAN);
    let told = op::Keeper::tell(&office.forms, &mut op, &permit, &hung, 10)
        .await
        .unwrap();
    assert!(part(&told, "drafts_by_others").is_empty());
    let own = part(&told, "drafts");
    assert_eq!((own.len(), &own[0]["represented"]), (1, &LAN.into()));
    assert_eq!(own[0]["answers"]["requester_name"], LAN);
    drop(op);

    // When it has ended, what was typed about her is hers to read.
    let mut op = office.op(&people.lan).await;
    office.identity.end_representation(&mut op, power).await.unwrap();
    op.commit().await.unwrap();
    let mut op = office.op(&Actor::System("test")).await;
    let permit = op
        .allow("privacy.extract", "person:test", op::Decision::Follows)
        .await
        .unwrap();
    let told = op::Keeper::tell(&office.forms, &mut op, &permit, &hung, 10)
        .await
        .unwrap();
    let own = part(&told, "drafts");
    assert!(own.len() == 1 && own[0].get("answers").is_none(), "{own:?}");
    let told = op::Keeper::tell(&office.forms, &mut op, &permit, &lan, 10)
        .await
        .unwrap();
    assert_eq!(part(&told, "drafts_by_others")[0]["answers"]["requester_name"], LAN);
    // And hers to have forgotten.
    op::Keeper::forget(&office.forms, &mut op, &permit, &lan).await.unwrap();
    let told = op::Keeper::tell(&office.forms, &mut op, &permit, &hung, 10)
        .await
        .unwrap();
    assert!(part(&told, "drafts").is_empty());
}
