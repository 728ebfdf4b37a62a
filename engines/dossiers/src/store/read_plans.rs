//! The lists stay quick when there are many dossiers: with 50,000 of them and as many open tasks in twenty agencies, no list
//! reads a table from its beginning.

use kernel::{AccountId, AgencyId, DossierId, Official, PersonId, PositionId};
use sqlx::{PgConnection, Row};
use testkit::Scratch;
use uuid::Uuid;

use super::{dossier, read_lists, read_work, search};
use crate::views::{InboxBox, InboxCounts, InboxFilter};

const AGENCY: Uuid = Uuid::from_u128(0xa3);
const ACCOUNT: Uuid = Uuid::from_u128(0xacc);
const PERSON: Uuid = Uuid::from_u128(0x05);

/// Dossier `n` belongs to the agency `a0 + n mod 20` and to the person `n mod 5,000`; every seventh task of an agency is taken by
/// one official, every fifth sleeps.
async fn many() -> Scratch {
    let scratch = Scratch::new(&[crate::MIGRATIONS]).await;
    let mut connection = scratch.pool.acquire().await.unwrap();
    for statement in [
        "INSERT INTO dossiers.definition (id, app, procedure_code, version, sha256, declaration, form_version, form, refusal_reasons,
                                          in_force, published_at)
         VALUES ('00000000-0000-0000-0000-000000000001', 'demo', '2.000635', 1, repeat('0', 64), '{}', repeat('0', 64), '{}', '{}',
                 true, '2026-01-01')",
        "INSERT INTO dossiers.dossier (id, code, definition_id, app, procedure_code, title, channel, status, version,
                receiving_agency, handling_agency, agencies, receiving_code, receiving_name, owner_person, owner_name,
                submitter_name, answers, instance_id, draft_id, submitted_at, received_at, promised_at, due_at, updated_at)
         SELECT lpad(to_hex(n), 32, '0')::uuid, 'H30.' || (n % 20) || '-260302-' || lpad(n::text, 5, '0'),
                '00000000-0000-0000-0000-000000000001', 'demo', '2.000635', 'Trích lục ' || n, 'online', 4, 1,
                agency, agency, ARRAY[agency], 'H30', 'UBND', lpad(to_hex(n % 5000), 32, '0')::uuid, 'Lê Thị Sen',
                'Lê Thị Sen', '{}', agency,
                lpad(to_hex(n), 32, '0')::uuid, at, at, at + interval '3 days', at + interval '3 days', at
           FROM generate_series(1, 50000) AS n,
                LATERAL (SELECT lpad(to_hex(160 + n % 20), 32, '0')::uuid AS agency,
                                timestamptz '2026-01-01' + n * interval '1 minute' AS at) AS made",
        "INSERT INTO dossiers.holding (agency_id, dossier_id, words)
         SELECT receiving_agency, id,
                array_to_tsvector(ARRAY(SELECT right(receiving_agency::text, 6) || '/' || word
                                          FROM unnest(ARRAY['sen', 'so' || n, 'tron' || n % 100]) AS word))
           FROM dossiers.dossier, LATERAL (SELECT split_part(title, ' ', 3)::int AS n) AS made",
        "INSERT INTO dossiers.work (task_id, dossier_id, agency_id, role, node, assignee_id, assignee_name, ready, task_due_at,
                                    due_at, order_at, created_at, code, app, procedure_code, title, owner_name, status)
         SELECT id, id, receiving_agency, CASE WHEN n % 3 = 0 THEN 'clerk' ELSE 'specialist' END, 'check',
                CASE WHEN n % 7 = 0 THEN lpad(to_hex(2764 + n % 2), 32, '0')::uuid END, NULL, n % 5 > 0, due_at, due_at, due_at,
                submitted_at, code, app, procedure_code, title, owner_name, 4
           FROM (SELECT dossier.*, row_number() OVER (ORDER BY id) / 20 AS n FROM dossiers.dossier) AS dossier",
        "INSERT INTO dossiers.history (dossier_id, at, action, actor, actor_name, status_before, status_after, internal)
         SELECT id, submitted_at, 'submitted', 'citizen:x', 'Lê Thị Sen', NULL, 1, false FROM dossiers.dossier",
        "ANALYZE dossiers.dossier, dossiers.holding, dossiers.work, dossiers.history",
    ] {
        sqlx::query(statement).execute(&mut *connection).await.unwrap();
    }
    scratch
}

fn vault(scratch: &Scratch) -> vault::Vault {
    vault::Vault::open(&scratch.directory().join("keys"), testkit::monday_morning()).unwrap()
}

fn reader() -> Official {
    Official {
        account: AccountId::from_uuid(ACCOUNT),
        person: PersonId::new(),
        name: "Trần Văn Lúa".into(),
        position: PositionId::new(),
        position_title: "Công chức".into(),
        agency: AgencyId::from_uuid(AGENCY),
        agency_code: "H30.3".into(),
        agency_name: "UBND".into(),
        unit: None,
        roles: vec!["clerk".into(), "specialist".into()],
        below: Vec::new(),
        stands_for: None,
    }
}

async fn plan(connection: &mut PgConnection, filter: &InboxFilter, terms: &[String]) -> String {
    let now = testkit::monday_morning();
    let mut query = read_work::select("EXPLAIN ", &reader(), filter, terms, None, 26, now);
    let lines = query.build().fetch_all(connection).await.unwrap();
    lines
        .iter()
        .map(|line| line.get::<String, _>(0))
        .collect::<Vec<_>>()
        .join("\n")
}

/// How often each table was read from its beginning, and how often by an index, in this database so far.
async fn scans(connection: &mut PgConnection, table: &str) -> (i64, i64) {
    sqlx::query("SELECT pg_stat_force_next_flush()")
        .execute(&mut *connection)
        .await
        .unwrap();
    sqlx::query_as("SELECT seq_scan, idx_scan FROM pg_stat_user_tables WHERE schemaname = 'dossiers' AND relname = $1")
        .bind(table)
        .fetch_one(connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn every_box_of_the_inbox_is_one_range_of_one_index() {
    let scratch = many().await;
    let mut connection = scratch.pool.acquire().await.unwrap();
    let boxes = [
        (InboxBox::Open, "work_inbox"),
        (InboxBox::All, "work_inbox"),
        (InboxBox::Waiting, "work_waiting"),
        (InboxBox::Mine, "work_"),
    ];
    for (list, index) in boxes {
        for late in [false, true] {
            let filter = InboxFilter {
                list,
                late,
                ..InboxFilter::default()
            };
            let plan = plan(&mut connection, &filter, &[]).await;
            assert!(!plan.contains("Seq Scan"), "{list:?} {late}\n{plan}");
            if !late {
                assert!(plan.contains(index) && !plan.contains("Sort"), "{list:?}\n{plan}");
            }
        }
    }
    let words = ["trich".to_owned(), "777".to_owned()];
    let searched = plan(&mut connection, &InboxFilter::default(), &words).await;
    assert!(!searched.contains("Seq Scan"), "{searched}");
}

#[tokio::test]
async fn the_lists_of_dossiers_and_the_public_track_use_indexes() {
    let scratch = many().await;
    let mut connection = scratch.pool.acquire().await.unwrap();
    let now = testkit::monday_morning();
    let agency = AgencyId::from_uuid(AGENCY);
    let (read_before, found_before) = scans(&mut connection, "dossier").await;

    let (history_before, _) = scans(&mut connection, "history").await;
    let (holding_before, _) = scans(&mut connection, "holding").await;

    let row = dossier::by_code(&mut connection, &vault(&scratch), "H30.3-260302-00043")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.id, DossierId::from_uuid(Uuid::from_u128(43)));
    let steps = super::read::track_steps(&mut connection, row.id).await.unwrap();
    assert_eq!(steps.len(), 1);
    let mine = read_lists::mine(&mut connection, PersonId::from_uuid(PERSON), None, 26)
        .await
        .unwrap();
    assert_eq!(mine.len(), 10, "one in five thousand of fifty thousand");
    let words = search::Question::of_words(&vault(&scratch), agency, &["so43".to_owned()]).unwrap();
    let found = search::search(&mut connection, &words, None, 500, now).await.unwrap();
    assert!(found.iter().any(|row| row.code == "H30.3-260302-00043"));
    let period = (now - chrono::Duration::days(60), now - chrono::Duration::days(58));
    let ledger = read_lists::ledger(&mut connection, agency, period, None, 26, now)
        .await
        .unwrap();
    assert_eq!((ledger.len(), ledger[25].number), (26, 26));

    let (read_after, found_after) = scans(&mut connection, "dossier").await;
    assert_eq!(
        read_after, read_before,
        "no list reads the table of dossiers from its beginning"
    );
    assert!(found_after >= found_before + 5);
    assert_eq!(
        scans(&mut connection, "history").await.0,
        history_before,
        "nor the history"
    );
    assert_eq!(
        scans(&mut connection, "holding").await.0,
        holding_before,
        "nor the words"
    );
}

#[tokio::test]
async fn a_search_goes_on_from_the_newest_to_the_oldest_without_gap_or_double() {
    let scratch = many().await;
    let mut connection = scratch.pool.acquire().await.unwrap();
    let now = testkit::monday_morning();
    // One in five of this agency's 2,500, the newest thousand and the others.
    let words = ["sen".to_owned(), "tron3".to_owned()];
    let question = search::Question::of_words(&vault(&scratch), AgencyId::from_uuid(AGENCY), &words).unwrap();
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let rows = search::search(&mut connection, &question, after, 70, now)
            .await
            .unwrap();
        after = rows.last().map(|row| row.id.uuid());
        found.extend(rows.iter().map(|row| row.id.uuid()));
        if rows.len() < 70 {
            break;
        }
    }
    let expected: Vec<Uuid> = (0..500).rev().map(|n| Uuid::from_u128(n * 100 + 3)).collect();
    assert_eq!(found, expected);
    let foreign =
        search::Question::of_words(&vault(&scratch), AgencyId::from_uuid(Uuid::from_u128(0xa4)), &words).unwrap();
    assert!(
        search::search(&mut connection, &foreign, None, 70, now)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn counts_read_ranges_up_to_their_end() {
    let scratch = many().await;
    let mut connection = scratch.pool.acquire().await.unwrap();
    let before = scans(&mut connection, "work").await;
    let counts = read_work::counts(&mut connection, &reader(), testkit::monday_morning())
        .await
        .unwrap();
    assert_eq!(counts.all, InboxCounts::MOST, "of some two thousand");
    assert!(counts.mine > 0 && counts.open > 0 && counts.open < counts.all);
    assert!(counts.waiting > 0 && counts.waiting <= InboxCounts::MOST);
    assert_eq!(scans(&mut connection, "work").await.0, before.0);
}

#[tokio::test]
async fn the_search_for_late_dossiers_reads_those_that_are_overdue_alone() {
    let scratch = many().await;
    let mut connection = scratch.pool.acquire().await.unwrap();
    let now = testkit::monday_morning();
    sqlx::query("UPDATE dossiers.dossier SET status = 9, finished_at = due_at WHERE code NOT LIKE '%7'")
        .execute(&mut *connection)
        .await
        .unwrap();
    let (read_before, found_before) = scans(&mut connection, "dossier").await;
    let found = dossier::overdue(&mut connection, now, 100).await.unwrap();
    assert_eq!(found.len(), 100);
    assert!(found.iter().all(|row| row.code.ends_with('7')));
    assert!(found.is_sorted_by_key(|row| row.state.due_at));
    let (read_after, found_after) = scans(&mut connection, "dossier").await;
    assert_eq!(read_after, read_before, "the table is not read from its beginning");
    assert!(found_after > found_before);
}
