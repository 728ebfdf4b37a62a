//! What people write to the desk lies sealed: raw rows show nothing of it, what is moved does not open, and keys change meanwhile.

use chrono::TimeDelta;
use identity::PersonField;
use kernel::{Actor, Clock};
use privacy::{Kind, NewRequest, Outcome, Verdict};
use uuid::Uuid;
use vault::{Resealed, Vault};

use crate::town::Town;

const TOLD: [&str; 4] = ["0987654321", "ghi nhầm số", "Đã sửa số", "sen.moi@example.vn"];

impl Town {
    async fn rows(&self) -> String {
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT request::text FROM privacy.request UNION ALL SELECT request_line::text FROM privacy.request_line",
        )
        .fetch_all(&self.scratch.pool)
        .await
        .unwrap();
        rows.join("\n")
    }

    /// A correction that was asked for and done.
    async fn corrected(&self, sen: &Actor, officer: &Actor) -> Uuid {
        let new = NewRequest {
            kind: Kind::Correct,
            details: "Cán bộ ghi nhầm số.".into(),
            wishes: vec![
                (PersonField::Phone, "0987654321".into()),
                (PersonField::Email, "sen.moi@example.vn".into()),
            ],
            purposes: Vec::new(),
        };
        let mut op = self.op(sen).await;
        let id = self.privacy.ask(&mut op, new).await.unwrap();
        op.commit().await.unwrap();
        let verdict = Verdict {
            outcome: Outcome::Granted,
            answer: "Đã sửa số.".into(),
            ground: String::new(),
            fields: Vec::new(),
            purposes: Vec::new(),
        };
        let mut op = self.op(officer).await;
        self.privacy.answer(&mut op, id, verdict).await.unwrap();
        op.commit().await.unwrap();
        id
    }

    async fn holds(&self, sen: &Actor, id: Uuid) {
        let detail = self.see(sen, id).await;
        assert_eq!(detail.request.details, "Cán bộ ghi nhầm số.");
        assert_eq!(detail.request.answer.as_deref(), Some("Đã sửa số."));
        assert_eq!(detail.request.wishes[0].1, "0987654321");
        let answered = detail.lines.iter().find(|line| line.action == "answered").unwrap();
        assert_eq!(answered.detail["corrected"][0]["after"], "0987654321");
    }
}

// shows: R028
#[tokio::test]
async fn what_people_write_to_the_desk_is_sealed_and_keys_change() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let id = town.corrected(&sen, &officer).await;
    let rows = town.rows().await;
    assert!(TOLD.iter().all(|told| !rows.contains(told)), "{rows}");
    town.holds(&sen, id).await;
    town.scratch.clock.advance(TimeDelta::minutes(1));
    let folder = town.scratch.directory().join("keys");
    let vault = Vault::open(&folder, town.scratch.clock.now()).unwrap();
    let new = vault.add_key(town.scratch.clock.now()).unwrap();
    let resealed = town.privacy.reseal(&town.ops).await.unwrap();
    assert_eq!(
        (resealed.done, resealed.unreadable),
        (3, 0),
        "a request and its two lines"
    );
    let mut op = town.op(&Actor::System("test")).await;
    let uses = town.privacy.keys_in_use(&mut op).await.unwrap();
    assert!(uses.iter().all(|used| used.key == new), "{uses:?}");
    drop(op);
    town.holds(&sen, id).await;
    assert_eq!(town.privacy.reseal(&town.ops).await.unwrap(), Resealed::default());
}

// shows: R028
#[tokio::test]
async fn what_an_older_program_wrote_is_read_and_then_sealed_and_nothing_opens_elsewhere() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let id = town.corrected(&sen, &officer).await;
    for sql in [
        "UPDATE privacy.request SET sealed = NULL, details = 'Cán bộ ghi nhầm số.', answer = 'Đã sửa số.',
             wishes = '[[\"phone\", \"0987654321\"]]'",
        "UPDATE privacy.request_line SET sealed = NULL, detail = '{\"corrected\": [{\"after\": \"0987654321\"}]}' WHERE action = 'answered'",
    ] {
        sqlx::query(sql).execute(&town.scratch.pool).await.unwrap();
    }
    town.holds(&sen, id).await;
    let done = town.privacy.seal_plain(&town.ops).await.unwrap();
    assert_eq!((done.done, done.unreadable), (2, 0));
    let rows = town.rows().await;
    assert!(TOLD.iter().all(|told| !rows.contains(told)), "{rows}");
    town.holds(&sen, id).await;
    let other = town.ask(&sen, Kind::Restrict).await;
    sqlx::query("UPDATE privacy.request SET sealed = (SELECT sealed FROM privacy.request WHERE id = $1) WHERE id = $2")
        .bind(id)
        .bind(other)
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    let mut op = town.op(&sen).await;
    let fault = town.privacy.request(&mut op, other).await.unwrap_err();
    assert_eq!(fault.code, "vault.sealed_broken");
}

// shows: R028
#[tokio::test]
async fn a_request_that_does_not_open_hides_no_other_one_and_is_late_all_the_same() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let (sen, buoi) = (
        town.citizen("Lê Thị Sen", "sen").await,
        town.citizen("Trần Văn Bưởi", "buoi").await,
    );
    let spoilt = town.ask(&sen, Kind::Restrict).await;
    let other = town.ask(&buoi, Kind::Restrict).await;
    sqlx::query("UPDATE privacy.request SET sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20)) WHERE id = $1")
        .bind(spoilt)
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    let mut op = town.op(&officer).await;
    let first = db::PageRequest::first();
    let desk = town
        .privacy
        .desk(&mut op, privacy::DeskBox::Open, &first)
        .await
        .unwrap();
    let shown: Vec<Uuid> = desk.items.iter().map(|row| row.request.id).collect();
    assert!(shown.contains(&spoilt) && shown.contains(&other), "{shown:?}");
    drop(op);
    town.scratch.clock.advance(TimeDelta::days(30));
    let mut op = town.op(&Actor::System("test")).await;
    op.enqueue(op::NewJob::new("privacy.find_late", ())).await.unwrap();
    op.commit().await.unwrap();
    op::drain(&town.ops, &town.jobs).await.unwrap();
    let told: i64 = sqlx::query_scalar("SELECT count(*) FROM privacy.request WHERE late_told_for IS NOT NULL")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(told, 2);
}
