//! What people type lies sealed in the tables: raw rows show nothing of it, what is moved does not open, and keys change meanwhile.

use chrono::Duration;
use forms::holder;
use kernel::{Actor, Clock, DraftId};
use vault::{KeyUse, Resealed, Vault};

use crate::papers::{attach, stored};
use crate::town::{Town, citizen, raw};

impl Town {
    /// What the command opens, beside the program that serves.
    fn vault(&self) -> Vault {
        Vault::open(&self.scratch.directory().join("keys"), self.scratch.clock.now()).unwrap()
    }

    /// Every row of the tables of drafts, as the database shows it.
    async fn rows(&self) -> String {
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT draft::text FROM forms.draft UNION ALL SELECT attachment::text FROM forms.attachment",
        )
        .fetch_all(&self.scratch.pool)
        .await
        .unwrap();
        rows.join("\n")
    }

    async fn run(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.scratch.pool).await.unwrap();
    }

    async fn uses(&self) -> Vec<KeyUse> {
        let mut op = self.op(&Actor::System("test")).await;
        self.forms.keys_in_use(&mut op).await.unwrap()
    }

    async fn under(&self, key: u32) -> i64 {
        let uses = self.uses().await;
        uses.iter().filter(|used| used.key == key).map(|used| used.count).sum()
    }

    fn turn(&self) -> (u32, u32) {
        let [old] = self.vault().numbers().unwrap().try_into().unwrap();
        self.scratch.clock.advance(Duration::minutes(1));
        (old, self.vault().add_key(self.scratch.clock.now()).unwrap())
    }

    /// A draft with answers, something that was not understood, and a file.
    async fn telling(&self, me: &Actor) -> DraftId {
        let id = self.filled(me).await;
        let wrong = [("full_name", "Lê Văn Kín"), ("born.day", "ba mươi hai")];
        self.save(me, id, "who", &raw(wrong)).await.unwrap();
        let file = stored(self, me, &holder(id), "cccd-lê-văn-kín.png").await;
        attach(self, me, id, "proof", &file).await.unwrap();
        id
    }

    async fn holds(&self, me: &Actor, id: DraftId) {
        let view = self.see(me, id).await.unwrap();
        assert_eq!(view.answers["full_name"], "Lê Văn Kín");
        assert_eq!(view.answers["kind"], "birth");
        assert_eq!(view.context["agency"], "H30.29.01");
        assert_eq!(view.context["applicant"]["full_name"], "Nguyễn Thị Mẫu");
        assert_eq!(view.attachments[0].name, "cccd-lê-văn-kín.png");
        let page = self.page(me, id, "who").await.unwrap();
        let born = page.fields.iter().find(|field| field.field == "born").unwrap();
        assert!(born.value.to_string().contains("ba mươi hai"), "{}", born.value);
    }
}

const TOLD: [&str; 7] = ["Nguyễn", "Mẫu", "Kín", "kín", "ấp 1", "hai", "1985"];

/// The rows without identifiers, hashes and sealed bytes: among so many random digits every year stands somewhere.
fn readable(rows: &str) -> String {
    let random = |run: &str| run.len() > 12 && run.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let runs = rows.split_inclusive(|c: char| !c.is_ascii_hexdigit() && c != '-');
    runs.map(|run| {
        let end = run.trim_end_matches(|c: char| !c.is_ascii_hexdigit() && c != '-').len();
        if random(&run[..end]) { &run[end..] } else { run }
    })
    .collect()
}

// shows: R028
#[tokio::test]
async fn raw_rows_show_nothing_of_what_was_typed() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.telling(&me).await;
    let rows = town.rows().await;
    for told in TOLD {
        assert!(!readable(&rows).contains(told), "{told} in\n{rows}");
        // Nor behind the letters of bytes.
        let bytes: String = told.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(told.len() < 4 || !rows.contains(&bytes), "{told} in\n{rows}");
    }
    town.holds(&me, id).await;
    let [key] = town.vault().numbers().unwrap().try_into().unwrap();
    assert_eq!(town.under(key).await, 2, "a draft and the name of a file");
}

// shows: R028
#[tokio::test]
async fn what_is_copied_into_another_row_or_column_is_refused() {
    let (town, me) = (Town::new().await, citizen());
    let (mine, other) = (town.telling(&me).await, town.telling(&me).await);
    let broken = |fault: kernel::Fault| assert_eq!(fault.code, "vault.sealed_broken");
    sqlx::query(
        "UPDATE forms.draft SET sealed = (SELECT sealed FROM forms.draft WHERE id = $2), version = version + 1 WHERE id = $1",
    )
    .bind(mine.uuid())
    .bind(other.uuid())
    .execute(&town.scratch.pool)
    .await
    .unwrap();
    broken(town.see(&me, mine).await.unwrap_err());
    broken(
        town.save(&me, mine, "kind", &raw([("kind", "birth")]))
            .await
            .unwrap_err(),
    );
    town.holds(&me, other).await;
    sqlx::query("UPDATE forms.attachment SET sealed = (SELECT sealed FROM forms.draft WHERE id = $1) WHERE draft = $1")
        .bind(other.uuid())
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    broken(town.see(&me, other).await.unwrap_err());
    // What does not open can still be taken away.
    town.scratch.clock.advance(Duration::days(91));
    let mut op = town.op(&Actor::System("test")).await;
    assert_eq!(town.forms.expire(&mut op).await.unwrap(), 2);
}

#[tokio::test]
async fn the_database_takes_no_plain_text_beside_a_sealed_one() {
    let (town, me) = (Town::new().await, citizen());
    town.telling(&me).await;
    for sql in [
        "UPDATE forms.draft SET answers = '{\"full_name\": \"An\"}'",
        "UPDATE forms.draft SET context = '{\"applicant\": {}}'",
        "UPDATE forms.attachment SET name = 'an.png'",
    ] {
        let fault = sqlx::query(sql).execute(&town.scratch.pool).await.unwrap_err();
        assert!(fault.to_string().contains("_sealed"), "{fault}");
    }
}

// shows: R028
#[tokio::test]
async fn what_an_older_program_wrote_is_read_and_then_sealed() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.telling(&me).await;
    let view = town.see(&me, id).await.unwrap();
    let page = [("who", raw([("full_name", "Lê Văn Kín"), ("born.day", "ba mươi hai")]))];
    let typed = serde_json::json!(std::collections::BTreeMap::from(page));
    sqlx::query("UPDATE forms.draft SET sealed = NULL, answers = $1, raw = $2, context = $3")
        .bind(&view.answers)
        .bind(typed)
        .bind(&view.context)
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    town.run("UPDATE forms.attachment SET sealed = NULL, name = 'cccd-lê-văn-kín.png'")
        .await;
    let plain = readable(&town.rows().await);
    assert!(
        ["Nguyễn Thị Mẫu", "1985"].iter().all(|told| plain.contains(told)),
        "{plain}"
    );
    town.holds(&me, id).await;
    let done = Resealed {
        done: 2,
        unreadable: 0,
        ..Resealed::default()
    };
    assert_eq!(town.forms.seal_plain(&town.scratch.ops).await.unwrap(), done);
    let rows = town.rows().await;
    assert!(TOLD.iter().all(|told| !readable(&rows).contains(told)), "{rows}");
    town.holds(&me, id).await;
    assert_eq!(
        town.forms.seal_plain(&town.scratch.ops).await.unwrap(),
        Resealed::default()
    );
}

// shows: R028
#[tokio::test]
async fn keys_change_while_people_type() {
    let (town, me) = (Town::new().await, citizen());
    let mut drafts = Vec::new();
    for _ in 0..6 {
        drafts.push(town.telling(&me).await);
    }
    let (old, new) = town.turn();
    // Whoever saves at this moment seals with the new key already.
    town.pass(&me, drafts[0], "kind", [("kind", "birth")]).await;
    assert_eq!(town.under(new).await, 1);
    let ops = &town.scratch.ops;
    let typing = async {
        for id in &drafts {
            town.holds(&me, *id).await;
            town.pass(&me, *id, "details", [("copies", "3")]).await;
        }
    };
    let (resealed, ()) = tokio::join!(town.forms.reseal_by(ops, 1), typing);
    assert_eq!(resealed.unwrap().unreadable, 0);
    assert_eq!((town.under(old).await, town.under(new).await), (0, 12));
    for id in &drafts {
        town.holds(&me, *id).await;
        assert_eq!(town.see(&me, *id).await.unwrap().answers["copies"], 3);
    }
    assert_eq!(town.forms.reseal(ops).await.unwrap(), Resealed::default());
}

/// A row that somebody holds keeps no other one waiting: it is passed over, said to be left, and sealed by the next call.
// shows: R028
#[tokio::test]
async fn what_somebody_holds_does_not_stop_a_change_of_keys() {
    let (town, me) = (Town::new().await, citizen());
    let mut drafts = Vec::new();
    for _ in 0..3 {
        drafts.push(town.telling(&me).await);
    }
    let (old, new) = town.turn();
    let mut held = town.scratch.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM forms.draft WHERE id = $1 FOR UPDATE")
        .bind(drafts[1].uuid())
        .execute(&mut *held)
        .await
        .unwrap();
    let resealed = town.forms.reseal_by(&town.scratch.ops, 1).await.unwrap();
    assert_eq!((resealed.done, resealed.left), (5, true));
    assert_eq!((town.under(old).await, town.under(new).await), (1, 5));
    held.rollback().await.unwrap();
    let resealed = town.forms.reseal(&town.scratch.ops).await.unwrap();
    assert_eq!((resealed.done, resealed.left), (1, false));
    assert_eq!((town.under(old).await, town.under(new).await), (0, 6));
}

/// Ended by force between two batches, and within one: the next call goes on, and what does not open stops nobody.
#[tokio::test]
async fn a_change_that_was_cut_short_is_finished_by_the_next_call() {
    let (town, me) = (Town::new().await, citizen());
    for _ in 0..3 {
        town.telling(&me).await;
    }
    let spoilt = town.telling(&me).await;
    sqlx::query("UPDATE forms.draft SET sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20)) WHERE id = $1")
        .bind(spoilt.uuid())
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    let (old, new) = town.turn();
    let mut ended_within = 0;
    for patience in (1..).step_by(5) {
        let mut work = std::pin::pin!(town.forms.reseal_by(&town.scratch.ops, 1));
        let mut polled = 0;
        let ended = std::future::poll_fn(|context| {
            polled += 1;
            match work.as_mut().poll(context) {
                std::task::Poll::Ready(done) => std::task::Poll::Ready(Some(done)),
                std::task::Poll::Pending if polled > patience => std::task::Poll::Ready(None),
                pending => pending.map(Some),
            }
        })
        .await;
        if let Some(done) = ended {
            assert_eq!(done.unwrap().unreadable, 1);
            break;
        }
        ended_within += 1;
        // In one look: what the call had sent before it was cut short may be written only now.
        assert_eq!(town.uses().await.iter().map(|used| used.count).sum::<i64>(), 8);
    }
    assert!(ended_within > 0, "{ended_within}");
    assert_eq!((town.under(old).await, town.under(new).await), (1, 7));
}

#[tokio::test]
async fn only_the_operator_changes_keys() {
    let town = Town::new().await;
    let mut op = town.op(&citizen()).await;
    let fault = op
        .allow("forms.reseal", "draft:keys", op::Decision::Allow)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, kernel::FaultKind::Forbidden);
}

// shows: R028
#[tokio::test]
async fn a_draft_that_does_not_open_stays_in_the_list_and_can_be_thrown_away() {
    let (town, me) = (Town::new().await, citizen());
    let (spoilt, other) = (town.telling(&me).await, town.telling(&me).await);
    sqlx::query("UPDATE forms.draft SET sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20)) WHERE id = $1")
        .bind(spoilt.uuid())
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    let list = async || {
        let mut op = town.op(&me).await;
        let first = db::PageRequest::first();
        let page = town.forms.drafts(&mut op, &first).await.unwrap();
        page.items.len()
    };
    assert_eq!(list().await, 2);
    let mut op = town.op(&me).await;
    town.forms.discard(&mut op, spoilt).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(list().await, 1);
    town.holds(&me, other).await;
}
