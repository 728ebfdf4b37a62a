//! Rights for an emergency: who is told, the report, and who looks at it (R045).

use oversight::ReportState;
use uuid::Uuid;

use crate::town::{Town, Who, code};

const WHY: &str = "Cháy trụ sở phường bên, cần xem hồ sơ ngay trong đêm.";
const REPORT: &str = "Đã mở hai hồ sơ để báo tin cho người nộp; không tải gì về máy.";

impl Town {
    async fn take(&self, who: &Who) -> Uuid {
        let mut op = self.op(who).await;
        let id = self
            .identity
            .take_emergency(&mut op, "emergency_view", 2, WHY)
            .await
            .unwrap();
        op.commit().await.unwrap();
        id
    }

    async fn write(&self, who: &Who, id: Uuid, text: &str) -> kernel::Result<()> {
        let mut op = self.op(who).await;
        self.oversight.write_report(&mut op, id, text).await?;
        op.commit().await
    }

    async fn review(&self, who: &Who, id: Uuid, accepted: bool, note: &str) -> kernel::Result<()> {
        let mut op = self.op(who).await;
        self.oversight.review_report(&mut op, id, accepted, note).await?;
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
    let sheet = town.oversight.emergency(&mut op, id).await.unwrap();
    assert_eq!(sheet.report.state, ReportState::Accepted);
    assert!(sheet.own && !sheet.reviews);
    drop(op);
    let other = town.official(town.ward, "Lê Văn Lạ", "anh.la", &["leader"]).await;
    let mut op = town.op(&other).await;
    assert_eq!(
        code(town.oversight.emergency(&mut op, id).await),
        "identity.emergency_not_found"
    );
}

#[tokio::test]
async fn an_administrator_who_took_one_does_not_look_at_the_own_report() {
    let town = Town::new().await;
    let admin = town
        .official(town.department, "Đỗ Văn Quản", "anh.quan", &["admin"])
        .await;
    let id = town.take(&admin).await;
    assert_eq!(town.told(&admin).await, ["emergency_report_due"]);
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
    let id = town.take(&leader).await;
    let mut actor = town.actor(&leader).await;
    if let kernel::Actor::Official(official) = &mut actor {
        official.roles.push("emergency_view".into());
    }
    let mut op = town.ops.open(actor).await.unwrap();
    op.record(op::Entry::new("test.looked", "dossier:1")).await.unwrap();
    op.commit().await.unwrap();
    let mut op = town.op(&leader).await;
    op.record(op::Entry::new("test.looked", "dossier:2")).await.unwrap();
    op.commit().await.unwrap();
    let mut op = town.op(&leader).await;
    let sheet = town.oversight.emergency(&mut op, id).await.unwrap();
    let subjects: Vec<_> = sheet.done.iter().map(|deed| deed.subject.as_str()).collect();
    assert_eq!(subjects, ["dossier:1"], "only what bears the mark");
}
