//! Who is kept out: for strangers a case does not exist, and their attempts are written down.

use std::sync::Arc;

use db::PageRequest;
use dossiers::model::SupplementKind;
use dossiers::{InboxFilter, Supply};
use kernel::{Actor, Official, StandsFor, UnitId};
use op::{Ops, Policy, Reactions};
use schema::Problems;

use crate::office::{EXTRACT, Office, ask, outcome, propose, raw};

/// The same official from the position of another, with one role of it.
fn standing_in(actor: &Actor, holder: &Actor, role: &str) -> Actor {
    let mut actor = actor.clone();
    if let Actor::Official(official) = &mut actor {
        official.roles = vec![role.into()];
        official.stands_for = Some(Box::new(StandsFor {
            person: holder.person().unwrap(),
            name: holder.name().into(),
        }));
    }
    actor
}

/// The rights of the province with one change.
fn changed(office: &Office, from: &str, to: &str) -> Ops {
    let source = include_str!("../../../../province/hau-giang/access.yaml");
    assert!(source.contains(from));
    let mut problems = Problems::new();
    let policy = Policy::read("access.yaml", &source.replacen(from, to, 1), &mut problems).unwrap();
    let clock = office.scratch.clock.clone();
    Ops::new(office.scratch.pool.clone(), clock, Reactions::new(), Arc::new(policy))
}

#[tokio::test]
async fn for_another_citizen_the_case_does_not_exist() {
    let office = Office::open().await;
    let id = office.submitted().await.id;
    let stranger = &office.people.hung;
    let day = "2026-03-05".parse().unwrap();
    let mut op = office.op(stranger).await;
    let dossiers = &office.dossiers;
    let faults = [
        dossiers.withdraw(&mut op, id, "Không cần").await.unwrap_err(),
        dossiers.rate(&mut op, id, 1, "").await.unwrap_err(),
        dossiers.supply(&mut op, id, Supply::default()).await.unwrap_err(),
        dossiers.supply_state(&mut op, id).await.unwrap_err(),
        dossiers.record_payment(&mut op, id, "copy", None).await.unwrap_err(),
        dossiers.apologise(&mut op, id, "Vì sao", day).await.unwrap_err(),
    ];
    for fault in &faults {
        assert_eq!((fault.code, fault.kind.status()), ("dossiers.dossier_not_found", 404));
    }
    drop(op);
    assert_eq!(office.refusals("dossiers.dossier_not_found").await, 6);
    assert_eq!(office.actions(id).await, ["submitted"]);
}

// shows: R024, R028
#[tokio::test]
async fn a_foreign_agency_cannot_act_and_the_attempt_is_written_down() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    let (task, version) = (office.task(id, "receive").await, office.version(id).await);
    let fault = office
        .try_act(&people.foreign_clerk, task, version, outcome("accept"))
        .await
        .unwrap_err();
    assert_eq!((fault.code, fault.kind.status()), ("dossiers.dossier_not_found", 404));
    assert_eq!(office.refusals("dossiers.dossier_not_found").await, 1);
    // A colleague without the role is told so.
    let fault = office
        .try_act(&people.specialist, task, version, outcome("accept"))
        .await
        .unwrap_err();
    assert_eq!((fault.code, fault.kind.status()), ("workflow.role_missing", 403));
    let fault = office
        .try_act(&people.lan, task, version, outcome("accept"))
        .await
        .unwrap_err();
    assert_eq!(fault.kind.status(), 404);
    // An official sees the case of the agency, and does not do what only the applicant does.
    let mut op = office.op(&people.clerk).await;
    let fault = office.dossiers.withdraw(&mut op, id, "Thay mặt").await.unwrap_err();
    assert_eq!((fault.code, fault.kind.status()), ("dossiers.applicant_only", 403));
}

// shows: R028
#[tokio::test]
async fn nobody_acts_on_a_dossier_of_their_own() {
    let office = Office::open().await;
    let id = office.submitted().await.id;
    let clerk = office.people.clerk.clone();
    for column in ["owner_person", "submitter_person"] {
        sqlx::query(
            "UPDATE dossiers.dossier
                SET owner_person = CASE WHEN $3 = 'owner_person' THEN $2 END,
                    submitter_person = CASE WHEN $3 = 'submitter_person' THEN $2 END
              WHERE id = $1",
        )
        .bind(id.uuid())
        .bind(clerk.person().unwrap().uuid())
        .bind(column)
        .execute(&office.scratch.pool)
        .await
        .unwrap();
        let (task, version) = (office.task(id, "receive").await, office.version(id).await);
        let fault = office
            .try_act(&clerk, task, version, outcome("accept"))
            .await
            .unwrap_err();
        assert_eq!(
            (fault.code, fault.kind.status()),
            ("dossiers.own_case", 403),
            "{column}"
        );
    }
    assert_eq!(office.refusals("dossiers.own_case").await, 2);
}

#[tokio::test]
async fn a_draft_of_somebody_else_is_not_handed_in_and_its_dossier_is_not_told() {
    let office = Office::open().await;
    let people = &office.people;
    let draft = office.extract_draft(&people.lan, forms::Channel::Online).await;
    let fault = office.try_submit(&people.hung, draft).await.unwrap_err();
    assert_eq!(fault.code, "forms.draft_not_found");
    office.try_submit(&people.lan, draft).await.unwrap();
    let fault = office.try_submit(&people.hung, draft).await.unwrap_err();
    assert_eq!(fault.code, "forms.draft_not_found");
}

#[tokio::test]
async fn steps_are_taken_given_back_and_given_to_colleagues() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    let task = office.task(id, "receive").await;
    let assignee = "SELECT assignee_name FROM dossiers.work WHERE dossier_id = $1";
    let mut op = office.op(&people.second_clerk).await;
    office.dossiers.claim(&mut op, task).await.unwrap();
    office.dossiers.claim(&mut op, task).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(
        office.one::<Option<String>>(assignee, id).await.as_deref(),
        Some("Võ Văn Quầy")
    );
    let mut op = office.op(&people.clerk).await;
    let fault = office.dossiers.claim(&mut op, task).await.unwrap_err();
    assert_eq!(fault.code, "workflow.task_assigned");
    drop(op);

    let mut op = office.op(&people.leader).await;
    let other = people.foreign_clerk.account().unwrap();
    let fault = office.dossiers.assign(&mut op, task, other).await.unwrap_err();
    assert_eq!(fault.code, "dossiers.not_a_colleague");
    drop(op);
    let mut op = office.op(&people.leader).await;
    let clerk = people.clerk.account().unwrap();
    office.dossiers.assign(&mut op, task, clerk).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(
        office.one::<Option<String>>(assignee, id).await.as_deref(),
        Some("Lê Thị Cửa")
    );
    let mut op = office.op(&people.clerk).await;
    office.dossiers.release(&mut op, task).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(office.one::<Option<String>>(assignee, id).await, None);
    assert_eq!(
        office.actions(id).await,
        ["submitted", "claimed", "assigned", "released"]
    );
}

#[tokio::test]
async fn only_the_platform_publishes_and_one_system_serves_a_procedure() {
    let office = Office::open().await;
    let mut op = office.op(&Actor::System("compose")).await;
    let online = office.dossiers.online(&mut op, "civil-extract").await.unwrap();
    let again = |app| dossiers::AppProcedure {
        app,
        procedure: &online.procedure,
        form: &online.form,
        refusal_reasons: online.refusal_reasons.clone(),
    };
    let fault = office
        .dossiers
        .publish(&mut op, again("other-extract"))
        .await
        .unwrap_err();
    assert_eq!(
        (fault.code, fault.params["app"].as_str()),
        ("dossiers.procedure_taken", "civil-extract")
    );
    drop(op);
    let mut op = office.op(&office.people.clerk).await;
    let fault = office
        .dossiers
        .publish(&mut op, again("civil-extract"))
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.not_allowed");
}

// shows: R028
#[tokio::test]
async fn two_people_examine_and_approve() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    office.act(&people.clerk, id, "receive", outcome("accept")).await;
    let tasks = office.tasks(id).await;
    let open = |node: &str| tasks.iter().any(|task| task.node == node);
    assert!(!open("approve"), "the specialist comes first");
    let specialist = tasks.iter().find(|task| task.role == "specialist").unwrap();
    office
        .act(&people.specialist, id, &specialist.node.clone(), propose(&EXTRACT))
        .await;
    // The same person, put into the leader's position meanwhile.
    let mut both = people.specialist.clone();
    if let Actor::Official(official) = &mut both {
        official.roles = vec!["leader".into()];
    }
    let task = office
        .tasks(id)
        .await
        .into_iter()
        .find(|task| task.role == "leader" && task.completed_at.is_none())
        .unwrap();
    let version = office.version(id).await;
    let choice = task.outcomes[0].clone();
    let fault = office
        .try_act(&both, task.id, version, outcome(&choice))
        .await
        .unwrap_err();
    assert_eq!((fault.code, fault.kind.status()), ("dossiers.duties_separated", 403));
    let mut op = office.op(&both).await;
    let desk = office.dossiers.work(&mut op, task.id).await.unwrap();
    assert!(
        desk.task.separated && desk.task.outcomes.is_empty(),
        "nothing is offered that would be refused"
    );
    drop(op);
    office
        .try_act(&people.leader, task.id, version, outcome(&choice))
        .await
        .unwrap();
}

// shows: R028
#[tokio::test]
async fn who_supervises_sees_the_cases_below_and_does_nothing_to_them() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    let ward = people.clerk.agency().unwrap();
    let supervisor = |below: Vec<kernel::AgencyId>| {
        let mut actor = people.foreign_clerk.clone();
        if let Actor::Official(official) = &mut actor {
            official.roles = vec!["supervisor".into()];
            official.below = below;
        }
        actor
    };
    let above = supervisor(vec![ward]);
    let mut op = office.op(&above).await;
    let seen = office.dossiers.view(&mut op, id).await.unwrap();
    assert!(!seen.may.apologise && !seen.may.pay && !seen.may.withdraw);
    op.commit().await.unwrap();
    let task = office.task(id, "receive").await;
    let version = office.version(id).await;
    assert_eq!(
        office
            .try_act(&above, task, version, outcome("accept"))
            .await
            .unwrap_err()
            .kind
            .status(),
        404
    );
    let beside = supervisor(Vec::new());
    let mut op = office.op(&beside).await;
    assert_eq!(
        office.dossiers.view(&mut op, id).await.unwrap_err().code,
        "dossiers.dossier_not_found"
    );
}

// shows: R028
#[tokio::test]
async fn nobody_acts_on_a_dossier_of_whoever_they_stand_in_for() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    let substitute = standing_in(&people.clerk, &people.lan, "clerk");
    let (task, version) = (office.task(id, "receive").await, office.version(id).await);
    let act = outcome("accept");
    let fault = office.try_act(&substitute, task, version, act).await.unwrap_err();
    assert_eq!((fault.code, fault.kind.status()), ("dossiers.own_case", 403));
    let mut op = office.op(&substitute).await;
    let fault = office
        .dossiers
        .record_payment(&mut op, id, "copy", None)
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.own_case");
    drop(op);
    let substitute = standing_in(&people.leader, &people.lan, "leader");
    let mut op = office.op(&substitute).await;
    let day = "2026-03-05".parse().unwrap();
    let fault = office.dossiers.apologise(&mut op, id, "Vì sao", day).await.unwrap_err();
    assert_eq!(fault.code, "dossiers.own_case");
    assert_eq!(office.refusals("dossiers.own_case").await, 3);
}

// shows: R028
#[tokio::test]
async fn duties_stay_separated_through_supplements_and_substitutes() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    office.act(&people.clerk, id, "receive", outcome("accept")).await;
    // One specialist asks for a supplement, and another one finishes the step.
    let act = ask(&[(SupplementKind::Answer, "copies")]);
    office.act(&people.specialist, id, "check", act).await;
    let mut op = office.op(&people.lan).await;
    let supply = Supply {
        answers: raw(&[("copies", "3")]),
        ..Supply::default()
    };
    office.dossiers.supply(&mut op, id, supply).await.unwrap();
    op.commit().await.unwrap();
    let other = standing_in(&people.second_clerk, &people.city_specialist, "specialist");
    office.act(&other, id, "check", propose(&EXTRACT)).await;
    let mut tasks = office.tasks(id).await.into_iter();
    let task = tasks.rfind(|task| task.role == "leader").unwrap();
    let version = office.version(id).await;
    let choice = task.outcomes[0].clone();
    let leading = |actor: &Actor| {
        let mut actor = actor.clone();
        if let Actor::Official(official) = &mut actor {
            official.roles = vec!["leader".into()];
        }
        actor
    };
    let excluded = [
        ("who asked", leading(&people.specialist)),
        ("who finished", leading(&people.second_clerk)),
        (
            "in whose place it was finished",
            standing_in(&people.foreign_clerk, &people.city_specialist, "leader"),
        ),
        (
            "in the place of who asked",
            standing_in(&people.leader, &people.specialist, "leader"),
        ),
    ];
    for (who, mut actor) in excluded {
        if let (Actor::Official(official), Some(ward)) = (&mut actor, people.leader.agency()) {
            official.agency = ward;
        }
        let fault = office
            .try_act(&actor, task.id, version, outcome(&choice))
            .await
            .unwrap_err();
        assert_eq!(fault.code, "dossiers.duties_separated", "{who}");
    }
    assert_eq!(office.refusals("dossiers.duties_separated").await, 4);
    office
        .try_act(&people.leader, task.id, version, outcome(&choice))
        .await
        .unwrap();
}

// shows: R028
#[tokio::test]
async fn a_right_limited_to_a_field_reaches_no_case_of_another() {
    let office = Office::open().await;
    let id = office.submitted().await.id;
    let limited = "      - { scope: agency, fields: [Đất đai], actions: [dossiers.act] }\n      - scope: agency\n        actions:\n";
    let ops = changed(
        &office,
        "      - scope: agency\n        actions:\n          - dossiers.act\n",
        limited,
    );
    let (task, version) = (office.task(id, "receive").await, office.version(id).await);
    let mut op = ops.open(office.people.clerk.clone()).await.unwrap();
    let act = outcome("accept");
    let fault = office.dossiers.act(&mut op, task, version, act).await.unwrap_err();
    assert_eq!((fault.code, fault.kind.status()), ("op.no_right", 403));
}

// shows: R028
#[tokio::test]
async fn lists_of_an_office_ask_for_the_right_too() {
    let office = Office::open().await;
    office.submitted().await;
    let page = PageRequest::first();
    let day = "2026-03-02".parse().unwrap();
    for action in ["inbox", "search", "ledger"] {
        let ops = changed(&office, &format!("          - dossiers.{action}\n"), "");
        let mut op = ops.open(office.people.clerk.clone()).await.unwrap();
        let dossiers = &office.dossiers;
        let fault = match action {
            "inbox" => dossiers
                .inbox(&mut op, &InboxFilter::default(), &page)
                .await
                .unwrap_err(),
            "search" => dossiers.search(&mut op, "Lan", &page).await.unwrap_err(),
            _ => dossiers.ledger(&mut op, day, day, &page).await.unwrap_err(),
        };
        assert_eq!(fault.code, "op.no_right", "{action}");
    }
    assert_eq!(office.refusals("op.no_right").await, 3);
}

/// What is taken for an emergency opens cases of others: neither one's own, nor that of whom one stands in for.
// shows: R045
#[tokio::test]
async fn a_right_for_an_emergency_does_not_open_ones_own_dossier() {
    let office = Office::open().await;
    let people = &office.people;
    let id = office.submitted().await.id;
    let taken = |mut actor: Actor| {
        if let Actor::Official(official) = &mut actor {
            official.roles.push("emergency_view".into());
        }
        actor
    };
    let mut op = office.op(&taken(people.leader.clone())).await;
    office.dossiers.view(&mut op, id).await.unwrap();
    drop(op);
    let own = taken(standing_in(&people.leader, &people.lan, "leader"));
    let mut op = office.op(&own).await;
    assert_eq!(
        office.dossiers.view(&mut op, id).await.unwrap_err().code,
        "dossiers.own_case"
    );
    assert_eq!(office.refusals("dossiers.own_case").await, 1);
}

/// Where the right of officials ends at their unit, a case is in reach while one of its steps lies with that unit: not for another unit of the same
/// agency, not for whoever sits in none, and not by the lists of the whole agency.
// shows: R028
#[tokio::test]
async fn a_right_in_the_unit_opens_cases_whose_step_lies_there() {
    let office = Office::open().await;
    let id = office.submitted().await.id;
    let task = office.task(id, "receive").await;
    let (unit, other) = (Some(UnitId::new()), Some(UnitId::new()));
    let seated = |actor: &Actor, unit: Option<UnitId>| match actor.clone() {
        Actor::Official(official) => Actor::Official(Official { unit, ..official }),
        actor => actor,
    };
    let mine = seated(&office.people.clerk, unit);
    let colleague = seated(&office.people.second_clerk, unit);
    let next_door = seated(&office.people.second_clerk, other);
    let nowhere = seated(&office.people.second_clerk, None);
    let stranger = seated(&office.people.foreign_clerk, unit);
    let declared = "name_en: Official in any position\n    grants:\n      - scope: ";
    let ops = changed(&office, &format!("{declared}agency"), &format!("{declared}unit"));
    let seen = async |actor: &Actor| {
        let mut op = ops.open(actor.clone()).await.unwrap();
        office
            .dossiers
            .view(&mut op, id)
            .await
            .map_or_else(|fault| fault.code, |_| "seen")
    };
    let hidden = "dossiers.dossier_not_found";
    assert_eq!(
        seen(&mine).await,
        hidden,
        "nobody has the step: it lies with the agency"
    );
    let mut op = office.op(&mine).await;
    office.dossiers.claim(&mut op, task).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(seen(&mine).await, "seen");
    assert_eq!(seen(&colleague).await, "seen");
    assert_eq!(seen(&next_door).await, hidden);
    assert_eq!(seen(&nowhere).await, hidden);
    assert_eq!(seen(&stranger).await, hidden, "behind the wall of its agency");
    let version = office.version(id).await;
    for (actor, expected) in [
        (&colleague, "workflow.task_assigned"),
        (&next_door, "op.no_right"),
        (&nowhere, "op.no_right"),
    ] {
        let mut op = ops.open(actor.clone()).await.unwrap();
        let fault = office
            .dossiers
            .act(&mut op, task, version, outcome("accept"))
            .await
            .unwrap_err();
        assert_eq!(fault.code, expected, "{}", actor.key());
    }
    let mut op = ops.open(mine.clone()).await.unwrap();
    let listed = office
        .dossiers
        .search(&mut op, "Lan", &PageRequest::first())
        .await
        .unwrap_err();
    assert_eq!(listed.code, "dossiers.not_allowed", "what is listed is the agency's");
    drop(op);
    let mut op = office.op(&mine).await;
    office.dossiers.release(&mut op, task).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(seen(&mine).await, hidden, "given back, it lies with the agency again");
}
