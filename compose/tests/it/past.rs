//! The past of the demonstration, written into a real database.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, NaiveDate, Utc};
use compose::past::{Extent, Past, Written};
use db::PageRequest;
use dossiers::{InboxBox, InboxFilter};
use kernel::{WorkingCalendar, from_local};
use workflow::CalendarSource;

use crate::house::{House, house};

/// A few more than those that stand on desks today.
pub const FEW: u32 = 52;

/// Monday morning, some weeks after Tết.
pub fn now() -> DateTime<Utc> {
    let monday = NaiveDate::from_ymd_opt(2026, 3, 9).unwrap();
    from_local(monday.and_hms_opt(8, 40, 0).unwrap())
}

/// Writes the past; `most` steps at the most, and tells how many there were.
pub async fn write(house: &House, most: usize) -> (Written, usize) {
    let extent = Extent {
        dossiers: FEW,
        within_days: 60,
    };
    let past = Past::new(&house.player.ops, house.player.engines.clone(), &house.apps, extent);
    let steps = AtomicUsize::new(0);
    let watch = |done: usize, _: usize| {
        steps.store(done, Ordering::Relaxed);
        done < most
    };
    let written = past.write(now(), &watch).await.unwrap();
    (written, steps.into_inner())
}

async fn texts(house: &House, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(&house.scratch.pool).await.unwrap()
}

pub async fn number(house: &House, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&house.scratch.pool).await.unwrap()
}

const EVERYTHING: &str = "SELECT (SELECT count(*) FROM dossiers.dossier) + (SELECT count(*) FROM dossiers.history)
     + (SELECT count(*) FROM dossiers.document) + (SELECT count(*) FROM notify.message)
     + (SELECT count(*) FROM op.audit_entry) + (SELECT count(*) FROM identity.account)";

/// What must be true of every past, however often its writing was begun.
async fn is_true(house: &House) {
    assert_eq!(
        number(house, "SELECT count(*) FROM dossiers.dossier").await,
        i64::from(FEW)
    );
    let statuses = texts(house, "SELECT DISTINCT status::text FROM dossiers.dossier").await;
    let all: BTreeSet<String> = (1..=10).map(|status| status.to_string()).collect();
    assert_eq!(statuses.into_iter().collect::<BTreeSet<_>>(), all);

    // Codes and papers are numbered without gaps, in order of time.
    let series = "SELECT count(*) FROM (
            SELECT code, submitted_at, lag(submitted_at) OVER w AS before,
                   right(code, 4)::int AS number, row_number() OVER w AS expected,
                   to_char(submitted_at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYMMDD') AS day
            FROM dossiers.dossier
            WINDOW w AS (PARTITION BY regexp_replace(code, '-[0-9]+$', '') ORDER BY code)
        ) one WHERE number <> expected OR submitted_at < before OR code NOT LIKE '%-' || day || '-%'";
    assert_eq!(number(house, series).await, 0);
    let papers = "SELECT count(*) FROM dossiers.number_series s
        WHERE series = 'document' AND last <> (
            SELECT count(*) FROM dossiers.document d
            WHERE d.agency_id = s.agency_id
              AND to_char(d.issued_at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY') = s.period)";
    assert_eq!(number(house, papers).await, 0);
    assert_eq!(
        number(house, "SELECT count(*) FROM notify.delivery").await,
        0,
        "nobody gets an e-mail"
    );

    op::audit::seal(&house.scratch.pool).await.unwrap();
    let report = op::audit::verify(&house.scratch.pool).await.unwrap();
    assert!(
        report.broken.is_empty() && report.unsealed == 0,
        "the audit trail holds together"
    );
}

/// What a person with an account has open now.
pub async fn inbox(house: &House, sign_in: &str) -> usize {
    let account: sqlx::types::Uuid = sqlx::query_scalar("SELECT id FROM identity.account WHERE login = $1")
        .bind(sign_in)
        .fetch_one(&house.scratch.pool)
        .await
        .unwrap();
    let actor = house.player.actor(kernel::AccountId::from_uuid(account)).await.unwrap();
    let mut op = house.player.ops.open(actor).await.unwrap();
    let filter = InboxFilter {
        list: InboxBox::Open,
        ..InboxFilter::default()
    };
    let page = PageRequest::new(None, Some(PageRequest::MOST));
    let rows = house
        .player
        .engines
        .dossiers
        .inbox(&mut op, &filter, &page)
        .await
        .unwrap();
    rows.items.len()
}

#[tokio::test]
async fn a_past_that_was_interrupted_goes_on_and_everything_in_it_happened_as_it_could() {
    let house = house().await;
    house.scratch.clock.set(now());
    // Interrupted twice; whoever goes on makes the same plan and does no step again.
    for most in [61, 130] {
        let (part, steps) = write(&house, most).await;
        assert!(!part.whole && part.left.is_empty() && steps == most, "{:#?}", part.left);
    }
    let (written, steps) = write(&house, usize::MAX).await;
    assert!(written.whole && written.left.is_empty(), "{:#?}", written.left);
    let played = "SELECT count(*) FROM op.mark WHERE key ~ '^demo[.]past[.][^.]+[.][0-9]+[.]'";
    assert_eq!(number(&house, played).await, i64::try_from(steps).unwrap());
    is_true(&house).await;

    for official in [
        "motcua.ngabay",
        "tuphap.ngabay",
        "tuphap2.ngabay",
        "chutich.ngabay",
        "motcua.tpngabay",
        "taichinh.tpngabay",
        "truongphong.tpngabay",
        "tuphap.laihieu",
    ] {
        assert!(inbox(&house, official).await >= 1, "{official} has something to do");
    }
    let own = "SELECT count(DISTINCT d.status) FROM dossiers.dossier d
        JOIN identity.account a ON a.id = d.submitter_account WHERE a.login = 'congdan'";
    assert!(
        number(&house, own).await >= 5,
        "the citizen has dossiers in many states"
    );
    let late = "SELECT count(*) FROM dossiers.dossier WHERE late_at IS NOT NULL AND status IN (2, 4)";
    assert!(number(&house, late).await >= 1);

    // Officials act in working time; nothing happens after the end, and the platform itself looks at full hours.
    let acts: Vec<DateTime<Utc>> = sqlx::query_scalar("SELECT at FROM op.audit_entry WHERE actor LIKE 'official:%'")
        .fetch_all(&house.scratch.pool)
        .await
        .unwrap();
    let calendar: std::sync::Arc<WorkingCalendar> = house.player.engines.calendar.calendar();
    let odd: Vec<_> = acts
        .iter()
        .filter(|at| !calendar.is_working_time(**at) || **at > now())
        .collect();
    assert!(odd.is_empty(), "{odd:?}");

    let before = number(&house, EVERYTHING).await;
    let (again, steps) = write(&house, usize::MAX).await;
    assert!(again.whole && steps == 0, "a second start has nothing to do");
    assert_eq!(number(&house, EVERYTHING).await, before);
}

#[tokio::test]
async fn a_case_in_which_somebody_was_faster_is_left_to_them() {
    let house = house().await;
    let (_, steps) = write(&house, 1).await;
    assert_eq!(steps, 1);
    let case: sqlx::types::Uuid = sqlx::query_scalar("SELECT id FROM dossiers.dossier")
        .fetch_one(&house.scratch.pool)
        .await
        .unwrap();
    let case = kernel::DossierId::from_uuid(case);
    let owner: sqlx::types::Uuid = sqlx::query_scalar("SELECT submitter_account FROM dossiers.dossier")
        .fetch_one(&house.scratch.pool)
        .await
        .unwrap();
    let owner = house.player.actor(kernel::AccountId::from_uuid(owner)).await.unwrap();
    let mut op = house.player.ops.open(owner).await.unwrap();
    house
        .player
        .engines
        .dossiers
        .withdraw(&mut op, case, "Tôi đổi ý.")
        .await
        .unwrap();
    op.commit().await.unwrap();

    let (written, _) = write(&house, usize::MAX).await;
    assert!(written.whole);
    assert_eq!(written.left.len(), 1, "{:#?}", written.left);
    assert_eq!(
        number(&house, "SELECT count(*) FROM dossiers.dossier").await,
        i64::from(FEW)
    );
}
