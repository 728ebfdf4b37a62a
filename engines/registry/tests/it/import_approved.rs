//! Files that are brought into a register whose owner approves: one brings, another decides.

use kernel::{Actor, Result};
use registry::import::{Import, State, Verdict};
use uuid::Uuid;

use crate::desk::{Desk, Officer};
use crate::town::SHOP;

const FILE: &str = "\
Mã;Tên;Xã;Trạng thái;Vốn;Điện thoại;Ghi chú
CH-0001;Tạp hóa Bảy Ngã;31340;Đang bán;1.500.000;0912345678;của ông Tư
CH-0002;Tiệm vải;99999;closed;;;
";

struct Shops {
    desk: Desk,
    clerk: Officer,
    leader: Officer,
}

/// The shops, of which everything that is entered is approved.
async fn shops() -> Shops {
    let desk = Desk::new().await;
    let text = SHOP.replacen("readers: officials", "readers: officials\napproval: true", 1);
    desk.town.publish(&text).await.unwrap();
    let clerk = desk.officer("SCT", "specialist").await;
    let leader = desk.officer("SCT", "leader").await;
    Shops { desk, clerk, leader }
}

impl Shops {
    async fn asked(&self) -> Import {
        let import = self
            .desk
            .upload(&self.clerk, "shop", "shops.csv", FILE.as_bytes())
            .await
            .unwrap();
        let asked = self.desk.start(&self.clerk, &import, &[(6, "-")]).await.unwrap();
        assert_eq!(asked.state, State::Asked);
        asked
    }

    async fn decide(&self, actor: &Actor, id: Uuid, verdict: Verdict, note: &str) -> Result<Import> {
        let mut op = self.desk.town.op(actor).await;
        let import = self
            .desk
            .registry
            .decide_import(&mut op, "shop", id, verdict, note)
            .await?;
        op.commit().await?;
        Ok(import)
    }

    async fn codes(&self) -> Vec<String> {
        self.desk.town.codes(&self.clerk.actor, "shop", &[]).await
    }

    async fn waiting(&self, actor: &Actor) -> Result<Vec<Uuid>> {
        let mut op = self.desk.town.op(actor).await;
        let page = self
            .desk
            .registry
            .asked_imports(&mut op, &db::PageRequest::first())
            .await?;
        Ok(page.items.into_iter().map(|import| import.id).collect())
    }
}

/// shows: R011, R254
#[tokio::test]
async fn a_file_waits_until_somebody_else_has_approved_it() {
    let shops = shops().await;
    let (desk, clerk, leader) = (&shops.desk, &shops.clerk, &shops.leader);
    let asked = shops.asked().await;
    desk.drain().await;
    assert_eq!(shops.codes().await, Vec::<String>::new(), "nothing is read before");
    assert_eq!(shops.waiting(&leader.actor).await.unwrap(), [asked.id]);
    assert_eq!(
        shops.waiting(&clerk.actor).await.unwrap_err().code,
        "registry.not_allowed"
    );
    let elsewhere = desk.officer("SXD", "leader").await;
    assert_eq!(shops.waiting(&elsewhere.actor).await.unwrap(), Vec::<Uuid>::new());
    // Whoever approves sees what it would bring, and nothing that is sealed or not read.
    let known = registry::import::known(&desk.texts);
    let mut op = desk.town.op(&leader.actor).await;
    let (import, preview) = desk
        .registry
        .review_import(&mut op, "shop", asked.id, &known)
        .await
        .unwrap();
    drop(op);
    let preview = preview.unwrap();
    assert_eq!((import.state, preview.looked_at, preview.bad), (State::Asked, 2, 1));
    assert_eq!(preview.rows[0].cells[..2], ["CH-0001", "Tạp hóa Bảy Ngã"]);
    let seen = format!("{preview:?}");
    assert!(!seen.contains("0912345678") && !seen.contains("ông Tư"), "{seen}");
    // Nobody decides on their own, whatever else they may; others do not know of it.
    let Actor::Official(mut both) = clerk.actor.clone() else {
        unreachable!()
    };
    both.roles.push("leader".into());
    let both = Actor::Official(both);
    let own = shops.decide(&both, asked.id, Verdict::Approved, "").await.unwrap_err();
    assert_eq!(own.code, "registry.own_proposal");
    for stranger in [&elsewhere.actor, &desk.officer("SCT", "specialist").await.actor] {
        let fault = shops
            .decide(stranger, asked.id, Verdict::Approved, "")
            .await
            .unwrap_err();
        assert_eq!(fault.code, "registry.import_not_found");
    }
    shops
        .decide(&leader.actor, asked.id, Verdict::Approved, "")
        .await
        .unwrap();
    let twice = shops
        .decide(&leader.actor, asked.id, Verdict::Approved, "")
        .await
        .unwrap_err();
    assert_eq!(twice.code, "registry.import_state");
    desk.drain().await;
    let done = desk.look(clerk, &asked).await.unwrap();
    assert_eq!((done.state, done.created, done.bad), (State::Done, 1, 1));
    let listed = desk.town.list(&clerk.actor, "shop", &[]).await.unwrap();
    assert_eq!(
        listed[0].recorded_by,
        Some(clerk.person),
        "under the name of whoever brought it"
    );
    let kinds: Vec<String> =
        sqlx::query_scalar("SELECT kind FROM op.event WHERE kind LIKE 'registry.import\\_%' ORDER BY kind")
            .fetch_all(&desk.town.scratch.pool)
            .await
            .unwrap();
    assert_eq!(kinds, ["registry.import_asked", "registry.import_decided"]);
    // The database refuses what a verb might forget.
    let forged = sqlx::query("UPDATE registry.import SET decided_by = started_by")
        .execute(&desk.town.scratch.pool)
        .await;
    assert!(forged.unwrap_err().to_string().contains("import_four_eyes"));
}

#[tokio::test]
async fn a_file_is_handed_back_mended_and_refused() {
    let shops = shops().await;
    let (desk, clerk, leader) = (&shops.desk, &shops.clerk, &shops.leader);
    let asked = shops.asked().await;
    let blank = shops
        .decide(&leader.actor, asked.id, Verdict::Returned, " ")
        .await
        .unwrap_err();
    assert_eq!(blank.code, "registry.note_needed");
    shops
        .decide(&leader.actor, asked.id, Verdict::Returned, "Thiếu cột ngày mở")
        .await
        .unwrap();
    let back = desk.look(clerk, &asked).await.unwrap();
    assert_eq!((back.state, back.note.as_str()), (State::Mapping, "Thiếu cột ngày mở"));
    // It stays for three days from then on, however long ago it was brought.
    let again = desk.start(clerk, &back, &[(6, "-")]).await.unwrap();
    assert_eq!(
        (again.state, again.note.as_str(), again.decided_at),
        (State::Asked, "", None)
    );
    shops
        .decide(&leader.actor, asked.id, Verdict::Refused, "Không phải của phường ta")
        .await
        .unwrap();
    desk.drain().await;
    let refused = desk.look(clerk, &asked).await.unwrap();
    assert_eq!(refused.state, State::Refused);
    assert!(refused.ended_at.is_some() && refused.state.has_ended());
    let file: Option<Uuid> = sqlx::query_scalar("SELECT file FROM registry.import")
        .fetch_one(&desk.town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(file, None, "the file is let go");
    assert_eq!(shops.codes().await, Vec::<String>::new());
    let late = shops
        .decide(&leader.actor, asked.id, Verdict::Approved, "")
        .await
        .unwrap_err();
    assert_eq!(late.code, "registry.import_state");
}

#[tokio::test]
async fn what_was_declared_anew_meanwhile_is_not_approved() {
    let shops = shops().await;
    let asked = shops.asked().await;
    let text = SHOP
        .replacen("readers: officials", "readers: officials\napproval: true", 1)
        .replacen("vi: Cửa hàng", "vi: Cửa hiệu", 1);
    shops.desk.town.publish(&text).await.unwrap();
    let fault = shops
        .decide(&shops.leader.actor, asked.id, Verdict::Approved, "")
        .await
        .unwrap_err();
    assert_eq!(fault.code, "registry.import_declaration");
    shops
        .decide(&shops.leader.actor, asked.id, Verdict::Returned, "Chọn lại cột")
        .await
        .unwrap();
    // Taken back by whoever brought it.
    let mut op = shops.desk.town.op(&shops.clerk.actor).await;
    let stopped = shops
        .desk
        .registry
        .stop_import(&mut op, "shop", asked.id)
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(stopped.state, State::Stopped);
}
