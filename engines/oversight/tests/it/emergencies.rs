//! Rights for an emergency: who is told, the report, and who looks at it (R045).

use chrono::{DateTime, Utc};
use db::PageRequest;
use oversight::ReportState;
use uuid::Uuid;

use crate::town::{Town, Who, code};

const WHY: &str = "Cháy trụ sở phường bên, cần xem hồ sơ ngay trong đêm.";
const REPORT: &str = "Đã mở hai hồ sơ để báo tin cho người nộp; không tải gì về máy.";

impl Town {
    pub async fn take(&self, who: &Who) -> Uuid {
        self.try_take(who).await.unwrap()
    }

    pub async fn try_take(&self, who: &Who) -> kernel::Result<Uuid> {
        let mut op = self.op(who).await;
        let id = self.identity.take_emergency(&mut op, "emergency_view", 2, WHY).await?;
        op.commit().await?;
        Ok(id)
    }

    pub async fn end(&self, who: &Who, id: Uuid) {
        let mut op = self.op(who).await;
        self.identity.end_emergency(&mut op, id).await.unwrap();
        op.commit().await.unwrap();
    }

    pub async fn write(&self, who: &Who, id: Uuid, text: &str) -> kernel::Result<()> {
        let mut op = self.op(who).await;
        self.oversight.write_report(&mut op, id, text).await?;
        op.commit().await
    }

    pub async fn review(&self, who: &Who, id: Uuid, accepted: bool, note: &str) -> kernel::Result<()> {
        let seen: Option<DateTime<Utc>> =
            sqlx::query_scalar("SELECT written_at FROM oversight.emergency_report WHERE emergency = $1")
                .bind(id)
                .fetch_one(&self.scratch.pool)
                .await
                .unwrap();
        let mut op = self.op(who).await;
        self.oversight
            .review_report(&mut op, (id, seen), accepted, note)
            .await?;
        op.commit().await
    }
}

// shows: R045
#[tokio::test]
async fn those_who_watch_are_told_at_once_and_somebody_else_looks_at_the_report() {
    let town = Town::new().await;
    let leader = town.official(town.ward, "Võ Văn Tràm", "anh.tram", &["leader"]).await;
    let admin = town
        .official(town.department, "Đỗ Văn Quản", "anh.quan", &["admin"])
        .await;
    let officer = town
        .official(town.department, "Mai Văn Giữ", "anh.giu", &["data_protection"])
        .await;
    let id = town.take(&leader).await;
    for watcher in [&admin, &officer] {
        assert_eq!(town.told(watcher).await, ["emergency_taken"]);
    }
    assert_eq!(town.told(&leader).await, ["emergency_report_due"]);

    assert_eq!(
        code(town.review(&admin, id, true, "").await),
        "oversight.wrong_state",
        "nothing is written"
    );
    assert_eq!(
        code(town.write(&leader, id, REPORT).await),
        "oversight.still_runs",
        "what still goes on is not reported"
    );
    town.end(&leader, id).await;
    assert_eq!(code(town.write(&leader, id, "ngắn").await), "oversight.too_short");
    assert_eq!(
        code(town.write(&admin, id, REPORT).await),
        "oversight.not_found",
        "not somebody else's"
    );
    town.write(&leader, id, REPORT).await.unwrap();
    assert_eq!(code(town.review(&leader, id, true, "").await), "oversight.not_allowed");
    assert_eq!(code(town.review(&officer, id, false, "").await), "oversight.too_short");
    town.review(&officer, id, false, "Hai hồ sơ nào?").await.unwrap();
    assert!(town.told(&leader).await.contains(&"emergency_questioned".to_owned()));
    town.write(&leader, id, &format!("{REPORT} Hồ sơ của bà Sáu và ông Bảy."))
        .await
        .unwrap();
    town.review(&officer, id, true, "").await.unwrap();
    assert_eq!(
        code(town.write(&leader, id, REPORT).await),
        "oversight.wrong_state",
        "it is accepted"
    );
    let mut op = town.op(&leader).await;
    let sheet = town
        .oversight
        .emergency(&mut op, id, &PageRequest::first())
        .await
        .unwrap();
    assert_eq!(sheet.report.state, ReportState::Accepted);
    assert!(sheet.own && !sheet.reviews && !sheet.writes);
    drop(op);
    let other = town.official(town.ward, "Lê Văn Lạ", "anh.la", &["leader"]).await;
    let mut op = town.op(&other).await;
    assert_eq!(
        code(town.oversight.emergency(&mut op, id, &PageRequest::first()).await),
        "identity.emergency_not_found"
    );
}

#[tokio::test]
async fn an_administrator_who_took_one_does_not_look_at_the_own_report() {
    let town = Town::new().await;
    let admin = town
        .official(town.department, "Đỗ Văn Quản", "anh.quan", &["admin"])
        .await;
    assert_eq!(
        code(town.try_take(&admin).await),
        "oversight.nobody_watches",
        "before the eyes of nobody it is not taken"
    );
    town.official(town.department, "Mai Văn Giữ", "anh.giu", &["data_protection"])
        .await;
    let id = town.take(&admin).await;
    assert_eq!(town.told(&admin).await, ["emergency_report_due"]);
    town.end(&admin, id).await;
    town.write(&admin, id, REPORT).await.unwrap();
    assert_eq!(code(town.review(&admin, id, true, "").await), "oversight.own_report");
}

#[tokio::test]
async fn a_report_that_is_missing_is_told_once_by_the_working_calendar() {
    let town = Town::new().await;
    let leader = town.official(town.ward, "Võ Văn Tràm", "anh.tram", &["leader"]).await;
    let admin = town
        .official(town.department, "Đỗ Văn Quản", "anh.quan", &["admin"])
        .await;
    // On a Thursday evening: three working days later is Tuesday.
    town.set("2026-08-20T19:00");
    town.take(&leader).await;
    let late = |told: Vec<String>| told.into_iter().filter(|kind| kind == "emergency_report_late").count();
    town.set("2026-08-25T16:00");
    town.work().await;
    assert_eq!(late(town.told(&admin).await), 0);
    town.set("2026-08-25T18:00");
    town.work().await;
    town.set("2026-08-26T18:00");
    town.work().await;
    assert_eq!((late(town.told(&admin).await), late(town.told(&leader).await)), (1, 1));
}

#[tokio::test]
async fn what_was_done_under_it_stands_beside_the_report() {
    let town = Town::new().await;
    let leader = town.official(town.ward, "Võ Văn Tràm", "anh.tram", &["leader"]).await;
    town.official(town.department, "Đỗ Văn Quản", "anh.quan", &["admin"])
        .await;
    let id = town.take(&leader).await;
    let mut actor = town.actor(&leader).await;
    if let kernel::Actor::Official(official) = &mut actor {
        official.roles.push("emergency_view".into());
    }
    let mut op = town.ops.open(actor.clone()).await.unwrap();
    op.record(op::Entry::new("test.looked", "dossier:1")).await.unwrap();
    op.commit().await.unwrap();
    let mut op = town.op(&leader).await;
    op.record(op::Entry::new("test.looked", "dossier:2")).await.unwrap();
    op.commit().await.unwrap();
    let mut op = town.op(&leader).await;
    let all = PageRequest::first();
    let sheet = town.oversight.emergency(&mut op, id, &all).await.unwrap();
    let subjects: Vec<_> = sheet.done.items.iter().map(|deed| deed.subject.as_str()).collect();
    assert_eq!(subjects, ["dossier:1"], "only what bears the mark");
    drop(op);

    // What was sent before the end and came in after it is there too, the newest first, page by page; what was done under the next one is not.
    town.end(&leader, id).await;
    town.set("2026-07-06T08:10");
    for number in 3..=5 {
        let mut op = town.ops.open(actor.clone()).await.unwrap();
        op.record(op::Entry::new("test.looked", format!("dossier:{number}")))
            .await
            .unwrap();
        op.commit().await.unwrap();
    }
    town.set("2026-07-06T08:20");
    town.take(&leader).await;
    let mut op = town.ops.open(actor).await.unwrap();
    op.record(op::Entry::new("test.looked", "dossier:6")).await.unwrap();
    op.commit().await.unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let mut op = town.op(&leader).await;
        let request = PageRequest::new(after, Some(3));
        let sheet = town.oversight.emergency(&mut op, id, &request).await.unwrap();
        assert_eq!(sheet.deeds, 4);
        seen.extend(sheet.done.items.into_iter().map(|deed| deed.subject));
        after = sheet.done.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["dossier:5", "dossier:4", "dossier:3", "dossier:1"]);
}

/// Whoever owes a report takes nothing else; what was questioned is owed anew, with a day of its own, and missed like any other.
// shows: R045
#[tokio::test]
async fn whoever_owes_a_report_takes_no_other_right() {
    let town = Town::new().await;
    let leader = town.official(town.ward, "Võ Văn Tràm", "anh.tram", &["leader"]).await;
    let admin = town
        .official(town.department, "Đỗ Văn Quản", "anh.quan", &["admin"])
        .await;
    let id = town.take(&leader).await;
    town.end(&leader, id).await;
    town.set("2026-07-10T08:00");
    assert_eq!(
        code(town.try_take(&leader).await),
        "oversight.report_owed",
        "it is late"
    );
    town.write(&leader, id, REPORT).await.unwrap();
    town.review(&admin, id, false, "Hai hồ sơ nào?").await.unwrap();
    assert_eq!(
        code(town.try_take(&leader).await),
        "oversight.report_owed",
        "it is questioned"
    );
    let late = |told: Vec<String>| told.into_iter().filter(|kind| kind == "emergency_report_late").count();
    let before = late(town.told(&admin).await);
    town.set("2026-07-14T08:00");
    town.work().await;
    assert_eq!(late(town.told(&admin).await), before, "three working days anew");
    town.set("2026-07-15T18:00");
    town.work().await;
    assert_eq!(late(town.told(&admin).await), before + 1);
    town.write(&leader, id, &format!("{REPORT} Của bà Sáu và ông Bảy."))
        .await
        .unwrap();
    town.take(&leader).await;
    // Each text stands in the trail, whatever replaced it.
    let texts: i64 = sqlx::query_scalar(
        "SELECT count(DISTINCT detail::jsonb ->> 'text') FROM op.audit_entry WHERE action = 'oversight.report_written'",
    )
    .fetch_one(&town.scratch.pool)
    .await
    .unwrap();
    assert_eq!(texts, 2);
}

#[tokio::test]
async fn a_reviewer_says_something_only_of_the_text_they_have_seen() {
    let town = Town::new().await;
    let leader = town.official(town.ward, "Võ Văn Tràm", "anh.tram", &["leader"]).await;
    let admin = town
        .official(town.department, "Đỗ Văn Quản", "anh.quan", &["admin"])
        .await;
    let id = town.take(&leader).await;
    town.end(&leader, id).await;
    town.write(&leader, id, REPORT).await.unwrap();
    let mut op = town.op(&admin).await;
    let sheet = town
        .oversight
        .emergency(&mut op, id, &PageRequest::first())
        .await
        .unwrap();
    op.commit().await.unwrap();
    town.set("2026-07-06T08:30");
    town.write(&leader, id, &format!("{REPORT} Và xóa ba hồ sơ."))
        .await
        .unwrap();
    for seen in [sheet.report.written_at, None] {
        let mut op = town.op(&admin).await;
        let done = town.oversight.review_report(&mut op, (id, seen), true, "").await;
        assert_eq!(code(done), "oversight.wrong_state");
    }
    // Whoever took the right sees who has looked.
    let looks: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM op.audit_entry WHERE action = 'oversight.emergency_read' AND person = $1",
    )
    .bind(leader.person.uuid())
    .fetch_one(&town.scratch.pool)
    .await
    .unwrap();
    assert_eq!(looks, 1);
}
