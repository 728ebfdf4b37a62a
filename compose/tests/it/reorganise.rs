//! The shipped plan in the demonstration province, with cases in flight.

use compose::reorganise::{How, Outcome, Report, embedded, reorganise};
use compose::scenarios::{self, Scenario, What};
use identity::AgencyFilter;
use kernel::{Actor, DossierId, Result};
use tokio::task::JoinHandle;

use crate::house::{House, house};
use crate::past::{self, inbox, number};

const PLAN: &str = "hau-giang-to-can-tho-2025-07-01.yaml";

const EXECUTE: How = How {
    at: None,
    execute: true,
};
const REHEARSE: How = How {
    at: None,
    execute: false,
};

async fn carry_out(house: &House, how: How) -> Result<Report> {
    let source = embedded(PLAN).unwrap();
    match reorganise(&house.player.ops, &house.player.engines, PLAN, &source, how).await? {
        Outcome::Done(report) => Ok(*report),
        Outcome::Problems(problems) => panic!("{problems}"),
    }
}

/// Everything that a reorganisation touches, as one digest.
async fn state(house: &House) -> String {
    let statement = "SELECT md5(concat(
        (SELECT string_agg(a::text, '' ORDER BY a::text) FROM identity.area a),
        (SELECT string_agg(a::text, '' ORDER BY a::text) FROM identity.agency a),
        (SELECT string_agg(a::text, '' ORDER BY a::text) FROM identity.agency_code a),
        (SELECT string_agg(a::text, '' ORDER BY a::text) FROM identity.position a),
        (SELECT string_agg(a::text, '' ORDER BY a::text) FROM identity.holding a),
        (SELECT string_agg(a::text, '' ORDER BY a::text) FROM identity.person a),
        (SELECT string_agg(a::text, '' ORDER BY a::text) FROM identity.reorganisation a),
        (SELECT string_agg(a::text, '' ORDER BY a::text) FROM dossiers.dossier a),
        (SELECT string_agg(a::text, '' ORDER BY a::text) FROM dossiers.work a),
        (SELECT string_agg(a::text, '' ORDER BY a::text) FROM dossiers.holding a),
        (SELECT string_agg(a::text, '' ORDER BY a::text) FROM dossiers.number_series a),
        (SELECT string_agg(a::text, '' ORDER BY a::text) FROM workflow.instance a),
        (SELECT string_agg(a::text, '' ORDER BY a::text) FROM workflow.task a),
        (SELECT count(*) FROM dossiers.history),
        (SELECT count(*) FROM op.audit_entry),
        (SELECT count(*) FROM op.event)))";
    sqlx::query_scalar(statement)
        .fetch_one(&house.scratch.pool)
        .await
        .unwrap()
}

fn moved(report: &Report, what: &str) -> (i64, i64, i64) {
    let all = report.parts.iter().flat_map(|part| &part.moved);
    let one = all.into_iter().find(|moved| moved.what == what).unwrap();
    (one.found, one.moved, one.stays)
}

macro_rules! of_ended_agencies {
    ($statement:literal) => {
        concat!(
            "WITH ended AS (SELECT id FROM identity.agency WHERE valid_to IS NOT NULL) ",
            $statement
        )
    };
}

/// What nobody of today would find.
const LEFT_BEHIND: [&str; 5] = [
    of_ended_agencies!("SELECT count(*) FROM dossiers.work JOIN ended ON id = agency_id"),
    of_ended_agencies!(
        "SELECT count(*) FROM workflow.task JOIN ended ON ended.id = agency_id WHERE state IN ('ready', 'sleeping')"
    ),
    of_ended_agencies!(
        "SELECT count(*) FROM workflow.instance, jsonb_each_text(agencies), ended
          WHERE state IN ('running', 'suspended') AND value = ended.id::text"
    ),
    of_ended_agencies!(
        "SELECT count(*) FROM dossiers.dossier JOIN ended ON ended.id IN (receiving_agency, handling_agency)
          WHERE status NOT IN (3, 7, 10)"
    ),
    "SELECT count(*) FROM identity.person p WHERE residence_ward IS NOT NULL AND NOT EXISTS (
         SELECT FROM identity.area a WHERE a.code = p.residence_ward AND a.valid_to IS NULL)",
];

/// The first steps of a scenario: until the counter has taken the case in.
fn first_half(scenario: &Scenario) -> usize {
    let accepted = |what: &What| matches!(what, What::Act(act) if act.outcome == "accept");
    scenario.steps.iter().position(|step| accepted(&step.what)).unwrap() + 1
}

// shows: R048
#[tokio::test]
async fn a_province_is_reorganised_and_its_officials_go_on_with_their_cases() {
    let house = house().await;
    let House {
        player,
        scratch,
        jobs,
        apps,
        ..
    } = &house;
    scratch.clock.set(past::now());
    let (written, _) = past::write(&house, usize::MAX).await;
    assert!(written.whole);
    let mut halves = Vec::new();
    for app in apps {
        let scenario = app.scenarios.iter().find(|one| one.name == "happy_path").unwrap();
        let half = first_half(scenario);
        scratch.clock.set(kernel::from_local(scenario.begins));
        let steps = &scenario.steps[..half];
        let dossier = scenarios::run_part(player, &scratch.clock, jobs, app, scenario, steps, None)
            .await
            .unwrap();
        halves.push((app, scenario, half, dossier));
    }
    scratch.clock.set(past::now());

    // Rehearsed: everything is told, and nothing is other than before.
    let before = state(&house).await;
    let rehearsal = carry_out(&house, REHEARSE).await.unwrap();
    assert_eq!(state(&house).await, before, "a rehearsal writes nothing");
    assert!(!rehearsal.executed);

    let open = "SELECT count(*) FROM dossiers.dossier WHERE status NOT IN (3, 7, 10)";
    let steps = "SELECT count(*) FROM dossiers.work";
    let tasks = "SELECT count(*) FROM workflow.task WHERE state IN ('ready', 'sleeping')";
    let hands = "SELECT count(*) FROM identity.holding WHERE valid_to IS NULL";
    let counts = [
        number(&house, open).await,
        number(&house, steps).await,
        number(&house, tasks).await,
    ];
    let held = number(&house, hands).await;
    let of_lai_hieu = inbox(&house, "tuphap.laihieu").await;
    let of_nga_bay = inbox(&house, "tuphap.ngabay").await;

    let report = carry_out(&house, EXECUTE).await.unwrap();
    assert_eq!(report.parts, rehearsal.parts, "the rehearsal told what would be");
    assert_eq!(report.counts["areas_ended"], 75 + 8 + 3);
    assert_eq!(report.counts["areas_begun"], 28 + 1);
    assert_eq!(report.agencies.len(), report.counts["agencies_ended"]);
    assert_eq!(
        number(&house, "SELECT count(*) FROM identity.agency WHERE valid_to IS NULL").await,
        report.counts["agencies_begun"] as i64,
        "every agency of the old province found a new home"
    );

    // Nothing was lost.
    assert_eq!(
        [
            moved(&report, "open_cases").1,
            moved(&report, "open_steps").1,
            moved(&report, "tasks").1
        ],
        counts
    );
    let listed: i64 = report.agencies.iter().map(|line| line.open_cases).sum();
    assert_eq!(listed, counts[0], "every open case stands in the list of its agency");
    assert_eq!(
        number(&house, hands).await,
        held,
        "everybody who held a position holds one"
    );
    assert_eq!(moved(&report, "holdings").1, held);
    for left in LEFT_BEHIND {
        assert_eq!(number(&house, left).await, 0, "{left}");
    }

    // Whoever waits for a decision is told, once, where it will come from.
    op::drain(&player.ops, jobs).await.unwrap();
    let waiting = "SELECT count(DISTINCT (dossier.id, submitter_account)) FROM dossiers.dossier
                     JOIN dossiers.history ON dossier_id = dossier.id AND action = 'moved'
                    WHERE submitter_account IS NOT NULL";
    let told = "SELECT count(*) FROM notify.message WHERE kind = 'dossier_moved'";
    assert_eq!(number(&house, told).await, number(&house, waiting).await);
    assert!(number(&house, told).await > 0);

    // The next morning: two wards are one office, and its people see what both had.
    assert!(of_lai_hieu >= 1 && of_nga_bay >= 1);
    let together = inbox(&house, "tuphap.laihieu").await;
    assert!(
        together >= of_lai_hieu + of_nga_bay,
        "{together} of {of_lai_hieu} and {of_nga_bay}"
    );
    assert!(
        inbox(&house, "tuphap.ngabay").await > of_nga_bay,
        "beside what each of them has taken"
    );
    for (app, scenario, half, dossier) in halves {
        scratch.clock.set(past::now());
        let steps: Vec<_> = scenario.steps[half..]
            .iter()
            .filter(|step| !matches!(&step.what, What::Wait(until) if kernel::from_local(*until) < past::now()))
            .filter(|step| !matches!(&step.what, What::Expect(expect) if expect.status != Some(10)))
            .cloned()
            .map(|mut step| {
                if let What::Expect(expect) = &mut step.what {
                    // Of one office after the plan are more than were before it; punctuality is another test's.
                    expect.inbox.clear();
                    expect.late = None;
                    expect.due = None;
                }
                step
            })
            .collect();
        let end = scenarios::run_part(player, &scratch.clock, jobs, app, scenario, &steps, dossier).await;
        let end: Option<DossierId> = end.unwrap_or_else(|fault| panic!("{}: {fault} {:?}", app.key, fault.params));
        assert_eq!(end, dossier);
        let status: i16 = sqlx::query_scalar("SELECT status FROM dossiers.dossier WHERE id = $1")
            .bind(dossier.unwrap().uuid())
            .fetch_one(&scratch.pool)
            .await
            .unwrap();
        assert_eq!(status, 10, "{}", app.key);
    }

    // A procedure of the level that vanished is handed in at the one that does its work, under the new code.
    let app = apps.iter().find(|app| app.key == "household-business").unwrap();
    let scenario = app.scenarios.iter().find(|one| one.name == "happy_path").unwrap();
    let steps = &scenario.steps[..1];
    let new = scenarios::run_part(player, &scratch.clock, jobs, app, scenario, steps, None)
        .await
        .unwrap_or_else(|fault| panic!("{fault} {:?}", fault.params));
    let code: String = sqlx::query_scalar("SELECT code FROM dossiers.dossier WHERE id = $1")
        .bind(new.unwrap().uuid())
        .fetch_one(&scratch.pool)
        .await
        .unwrap();
    assert!(code.starts_with("H13.104-"), "{code}");

    // What was stays: who held what, and the codes of old cases.
    let history = "SELECT count(*) FROM identity.holding WHERE valid_to = '2025-06-30'";
    assert_eq!(number(&house, history).await, held);
    assert!(
        number(
            &house,
            "SELECT count(*) FROM dossiers.dossier WHERE code LIKE 'H30.32.01-%'"
        )
        .await
            > 0
    );
    assert!(number(&house, "SELECT count(*) FROM dossiers.history WHERE action = 'moved'").await >= counts[0]);
    assert_eq!(
        number(
            &house,
            "SELECT count(*) FROM op.audit_entry WHERE action = 'identity.reorganised'"
        )
        .await,
        1
    );
    op::audit::seal(&scratch.pool).await.unwrap();
    assert!(op::audit::verify(&scratch.pool).await.unwrap().broken.is_empty());

    codes_resolve(&house).await;

    // Once, and a release whose tables tell of the old province does not bring it back.
    let again = carry_out(&house, EXECUTE).await.unwrap_err();
    assert_eq!(again.code, "identity.already_reorganised");
    assert_eq!(
        carry_out(&house, REHEARSE).await.unwrap_err().code,
        "identity.already_reorganised"
    );
    sqlx::query("UPDATE op.mark SET value = 'older' WHERE key LIKE 'province.loaded.%'")
        .execute(&scratch.pool)
        .await
        .unwrap();
    let areas = "SELECT count(*) FROM identity.area WHERE valid_to IS NULL AND level = 'ward'";
    compose::province::load(&player.ops, &player.engines.identity, true, &|_, _, _| {})
        .await
        .unwrap();
    assert_eq!(number(&house, areas).await, 28);
}

/// The tree on any day, and every old code.
async fn codes_resolve(house: &House) {
    let identity = &house.player.engines.identity;
    let mut op = house.player.ops.open(Actor::Anonymous).await.unwrap();
    let (eve, day): (chrono::NaiveDate, chrono::NaiveDate) =
        ("2025-06-30".parse().unwrap(), "2025-07-01".parse().unwrap());
    assert_eq!(identity.wards_of(&mut op, "93", eve).await.unwrap().len(), 75);
    assert_eq!(identity.wards_of(&mut op, "92", day).await.unwrap().len(), 28);
    assert_eq!(identity.areas(&mut op, Some("93"), eve).await.unwrap().len(), 8);
    assert!(identity.areas(&mut op, Some("93"), day).await.unwrap().is_empty());

    // One code, two meanings.
    assert_eq!(identity.area(&mut op, "31321", eve).await.unwrap().name, "Phường III");
    assert_eq!(
        identity.area(&mut op, "31321", day).await.unwrap().name,
        "Phường Vị Thanh"
    );
    let ground = |shares: Vec<identity::AreaShare>| -> Vec<(String, bool)> {
        shares.into_iter().map(|share| (share.area.code, share.whole)).collect()
    };
    let then = identity.same_ground(&mut op, "31318", eve, day).await.unwrap();
    assert_eq!(ground(then), [("31321".to_owned(), true)]);
    let back = identity.same_ground(&mut op, "31340", day, eve).await.unwrap();
    assert_eq!(
        ground(back),
        ["31343", "31341", "31340"].map(|code| (code.to_owned(), true)),
        "Hiệp Thành, Lái Hiếu, Ngã Bảy"
    );
    let city = identity.area_lineage(&mut op, "931", day).await.unwrap();
    assert!(!city.in_force);
    let covers: Vec<&str> = city.today.iter().map(|share| share.area.name.as_str()).collect();
    assert_eq!(covers, ["Phường Đại Thành", "Phường Ngã Bảy"]);
    for code in sqlx::query_scalar::<_, String>("SELECT code FROM identity.area WHERE valid_to = '2025-06-30'")
        .fetch_all(&house.scratch.pool)
        .await
        .unwrap()
    {
        assert!(
            !identity.same_ground(&mut op, &code, eve, day).await.unwrap().is_empty(),
            "{code}"
        );
    }

    // Agencies in both forms of their codes.
    for code in ["H30.32.02", "000.02.32.H30"] {
        let old = identity.agency_lineage(&mut op, code, day).await.unwrap();
        assert!(!old.in_force);
        assert_eq!(old.agency.name, "Ủy ban nhân dân phường Lái Hiếu");
        assert_eq!(old.in_charge.name, "Ủy ban nhân dân phường Ngã Bảy");
        assert_eq!(old.in_charge.old_code.as_deref(), Some("000.00.104.H13"));
    }
    let district = identity.agency_lineage(&mut op, "H30.32", day).await.unwrap();
    let became: Vec<(&str, bool)> = district
        .became
        .iter()
        .map(|share| (share.agency.code.as_str(), share.home))
        .collect();
    assert_eq!(became, [("H13.104", true), ("H13.115", false)]);
    let tree = identity
        .agencies_on(&mut op, &AgencyFilter::default(), eve)
        .await
        .unwrap();
    assert!(tree.iter().all(|agency| agency.code.level_one() != "H13"));
    assert_eq!(identity.reorganisations(&mut op).await.unwrap().len(), 1);
}

/// The process of a reorganisation that waits for a row or a lock that its statement names. Asked outside of every operation: inside
/// one the server shows the same picture again and again.
async fn waiting<T>(house: &House, running: &JoinHandle<T>, what: &str) -> i32 {
    let statement = "SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND strpos(query, $1) > 0 AND pid <> pg_backend_pid()";
    loop {
        let pid = sqlx::query_scalar(statement).bind(what);
        if let Some(pid) = pid.fetch_optional(&house.scratch.pool).await.unwrap() {
            return pid;
        }
        assert!(!running.is_finished(), "it waits for {what}");
        tokio::task::yield_now().await;
    }
}

fn begin(house: &House, how: How) -> JoinHandle<Result<Outcome>> {
    let (ops, engines) = (house.player.ops.clone(), house.player.engines.clone());
    let source = embedded(PLAN).unwrap();
    tokio::spawn(async move { reorganise(&ops, &engines, PLAN, &source, how).await })
}

#[tokio::test]
async fn work_that_ends_beside_a_reorganisation_is_not_missed() {
    let house = house().await;
    let House {
        player, scratch, apps, ..
    } = &house;
    let app = apps.iter().find(|app| app.key == "birth-registration").unwrap();
    let scenario = app.scenarios.iter().find(|one| one.name == "happy_path").unwrap();
    let steps = &scenario.steps[..first_half(scenario)];
    scenarios::run_part(player, &scratch.clock, &house.jobs, app, scenario, steps, None)
        .await
        .unwrap();

    // An official finishes what is open, and the reorganisation comes while nothing of it can be seen yet.
    for (table, statements) in [
        (
            "workflow.instance",
            [
                "UPDATE workflow.instance SET state = 'cancelled', ended_at = now(), suspended_at = NULL
                  WHERE state IN ('running', 'suspended')",
                "UPDATE workflow.task SET state = 'cancelled', completed_at = now() WHERE state IN ('ready', 'sleeping')",
            ],
        ),
        (
            "dossiers.dossier",
            [
                "UPDATE dossiers.dossier SET status = 10, resume_status = NULL, waiting_since = NULL,
                        finished_at = coalesce(finished_at, now()), returned_at = now() WHERE status <> 10",
                "DELETE FROM dossiers.work",
            ],
        ),
    ] {
        let mut official = scratch.pool.begin().await.unwrap();
        for statement in statements {
            let done = sqlx::query(statement).execute(&mut *official).await.unwrap();
            assert!(done.rows_affected() > 0, "{statement}");
        }
        let running = begin(&house, REHEARSE);
        waiting(&house, &running, table).await;
        official.commit().await.unwrap();
        let outcome = running.await.unwrap();
        let outcome = outcome.unwrap_or_else(|fault| panic!("{table}: {fault} {:?}", fault.params));
        assert!(matches!(outcome, Outcome::Done(_)), "{table}");
    }

    // A rehearsal lets nobody hand in meanwhile either: it tells what would be.
    let mut citizen = player.ops.open(Actor::Anonymous).await.unwrap();
    player
        .engines
        .identity
        .agencies_stand_still(&mut citizen)
        .await
        .unwrap();
    let running = begin(&house, REHEARSE);
    waiting(&house, &running, "pg_advisory_xact_lock").await;
    drop(citizen);
    assert!(running.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_reorganisation_that_is_killed_halfway_did_not_happen() {
    let house = house().await;
    let House {
        player, scratch, apps, ..
    } = &house;
    let app = apps.iter().find(|app| app.key == "birth-registration").unwrap();
    let scenario = app.scenarios.iter().find(|one| one.name == "happy_path").unwrap();
    let steps = &scenario.steps[..first_half(scenario)];
    scenarios::run_part(player, &scratch.clock, &house.jobs, app, scenario, steps, None)
        .await
        .unwrap();
    let before = state(&house).await;

    // An official holds a case: the reorganisation has written half of what it writes, and waits.
    let mut official = scratch.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM dossiers.dossier FOR UPDATE")
        .execute(&mut *official)
        .await
        .unwrap();
    let running = begin(&house, EXECUTE);
    let pid = waiting(&house, &running, "dossiers.dossier").await;
    sqlx::query("SELECT pg_terminate_backend($1)")
        .bind(pid)
        .execute(&mut *official)
        .await
        .unwrap();
    assert!(running.await.unwrap().is_err());
    official.rollback().await.unwrap();
    assert_eq!(state(&house).await, before, "all of it was undone");

    let report = carry_out(&house, EXECUTE).await.unwrap();
    assert!(report.executed, "and it can be done again");
}

#[tokio::test]
async fn what_begins_later_is_only_rehearsed() {
    let house = house().await;
    let later = How {
        at: Some("2030-01-01".parse().unwrap()),
        execute: true,
    };
    assert_eq!(
        carry_out(&house, later).await.unwrap_err().code,
        "compose.plan_too_early"
    );
    let rehearsed = carry_out(
        &house,
        How {
            execute: false,
            ..later
        },
    )
    .await
    .unwrap();
    assert_eq!(rehearsed.on.to_string(), "2030-01-01");
    let today = How {
        at: Some("2026-03-02".parse().unwrap()),
        execute: true,
    };
    assert!(carry_out(&house, today).await.unwrap().executed);
    let eve = "SELECT count(*) FROM identity.agency WHERE valid_to = '2026-03-01'";
    assert!(number(&house, eve).await > 100);
}
