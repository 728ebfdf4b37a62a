//! What a case holds of people lies sealed in the tables: raw rows show nothing of it, numbers are found by what stands for them, what is moved
//! does not open, and keys change meanwhile.

use chrono::Duration;
use db::PageRequest;
use forms::Channel;
use kernel::{Actor, DossierId};
use vault::{KeyUse, Resealed};

use crate::office::{LAN, Office, outcome};

impl Office {
    /// Every row of the tables of cases, as the database shows it.
    async fn rows(&self) -> String {
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT dossier::text FROM dossiers.dossier
              UNION ALL SELECT paper::text FROM dossiers.paper
              UNION ALL SELECT holding::text FROM dossiers.holding
              UNION ALL SELECT supplement::text FROM dossiers.supplement
              UNION ALL SELECT work::text FROM dossiers.work
              UNION ALL SELECT history::text FROM dossiers.history",
        )
        .fetch_all(&self.scratch.pool)
        .await
        .unwrap();
        rows.join("\n")
    }

    async fn uses(&self) -> Vec<KeyUse> {
        let mut op = self.op(&Actor::System("test")).await;
        self.dossiers.keys_in_use(&mut op).await.unwrap()
    }

    async fn under(&self, key: u32) -> i64 {
        let uses = self.uses().await;
        uses.iter().filter(|used| used.key == key).map(|used| used.count).sum()
    }

    fn turn(&self) -> (u32, u32) {
        let old = self.vault().numbers().unwrap().pop().unwrap();
        self.scratch.clock.advance(Duration::minutes(1));
        (old, self.vault().add_key(self.ops.now()).unwrap())
    }

    async fn found(&self, question: &str) -> usize {
        let mut op = self.op(&self.people.specialist).await;
        let first = PageRequest::first();
        let found = self.dossiers.search(&mut op, question, &first).await.unwrap();
        found.items.len()
    }

    /// A copy of a birth certificate that Lan has just handed in, with a file.
    async fn with_a_file(&self) -> DossierId {
        let lan = &self.people.lan;
        let draft = self.extract_draft(lan, Channel::Online).await;
        let file = self.upload(lan, &forms::holder(draft), "old copy").await;
        let mut op = self.op(lan).await;
        self.forms.attach(&mut op, draft, "old_copy", 1, &file).await.unwrap();
        op.commit().await.unwrap();
        self.try_submit(lan, draft).await.unwrap().id
    }

    async fn answered(&self, id: DossierId) -> String {
        let mut op = self.op(&self.people.lan).await;
        let view = self.dossiers.view(&mut op, id).await.unwrap();
        serde_json::to_string(&view).unwrap()
    }
}

/// Number, telephone, street and the name of a file.
const TOLD: [&str; 3] = [LAN, "0912345678", "giay.pdf"];

// shows: R028
#[tokio::test]
async fn raw_rows_show_no_number_no_answer_and_no_name_of_a_file() {
    let office = Office::open().await;
    let id = office.with_a_file().await;
    let rows = office.rows().await;
    let known = office.sealed(id).await;
    assert_eq!(known["owner_number"], LAN);
    for told in TOLD {
        assert!(!rows.contains(told), "{told} in\n{rows}");
        let bytes: String = told.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!rows.contains(&bytes), "{told} in\n{rows}");
    }
    // No answer stands in the row; the words of names do, so that an office finds its cases.
    let answers = known["answers"].as_object().unwrap();
    assert!(answers.len() > 5, "{answers:?}");
    let plain: (serde_json::Value, serde_json::Value) =
        sqlx::query_as("SELECT answers, result_data FROM dossiers.dossier")
            .fetch_one(&office.scratch.pool)
            .await
            .unwrap();
    assert_eq!(plain, (serde_json::json!({}), serde_json::json!({})));
    let view = office.answered(id).await;
    assert!(view.contains("giay.pdf"), "{view}");
    for sql in [
        "UPDATE dossiers.dossier SET answers = '{\"phone\": \"1\"}'",
        "UPDATE dossiers.dossier SET owner_number = '1'",
        "UPDATE dossiers.paper SET file_name = 'an.pdf'",
    ] {
        let fault = sqlx::query(sql).execute(&office.scratch.pool).await.unwrap_err();
        assert!(fault.to_string().contains("_sealed"), "{fault}");
    }
}

// shows: R028
#[tokio::test]
async fn numbers_are_found_as_a_whole_and_under_every_key() {
    let office = Office::open().await;
    office.submitted().await;
    let parted = format!("{} {} {}", &LAN[..3], &LAN[3..6], &LAN[6..]);
    let wrong = format!("{}9", &LAN[..11]);
    let look = async |when: &str| {
        for question in [LAN, &parted, "0912345678", "0912 345 678", &format!("lan {LAN}")] {
            assert_eq!(office.found(question).await, 1, "{question} {when}");
        }
        for question in [&LAN[..9], &wrong, "0912345679", "#"] {
            assert_eq!(office.found(question).await, 0, "{question} {when}");
        }
    };
    look("at first").await;
    office.turn();
    look("with another key beside").await;
    office.dossiers.reseal(&office.ops).await.unwrap();
    look("under the new key").await;
}

// shows: R028
#[tokio::test]
async fn what_is_copied_into_another_row_is_refused() {
    let office = Office::open().await;
    let mine = office.submitted().await.id;
    let other = office.submitted().await.id;
    sqlx::query(
        "UPDATE dossiers.dossier SET sealed = (SELECT sealed FROM dossiers.dossier WHERE id = $2) WHERE id = $1",
    )
    .bind(mine.uuid())
    .bind(other.uuid())
    .execute(&office.scratch.pool)
    .await
    .unwrap();
    let mut op = office.op(&office.people.lan).await;
    let fault = office.dossiers.view(&mut op, mine).await.unwrap_err();
    assert_eq!((fault.code, fault.kind.status()), ("vault.sealed_broken", 500));
    drop(op);
    let (task, version) = (office.task(mine, "receive").await, office.version(mine).await);
    let act = office.try_act(&office.people.clerk, task, version, outcome("accept"));
    assert_eq!(act.await.unwrap_err().code, "vault.sealed_broken");
    office.answered(other).await;
}

// shows: R028
#[tokio::test]
async fn what_an_older_program_wrote_is_read_and_then_sealed() {
    let office = Office::open().await;
    let id = office.with_a_file().await;
    let known = office.sealed(id).await;
    let view = office.answered(id).await;
    sqlx::query(
        "UPDATE dossiers.dossier
            SET sealed = NULL, answers = $1, result_data = $2, owner_number = $3, phone = '0912345678', email = $4",
    )
    .bind(&known["answers"])
    .bind(&known["result_data"])
    .bind(LAN)
    .bind(known["email"].as_str())
    .execute(&office.scratch.pool)
    .await
    .unwrap();
    for sql in [
        "UPDATE dossiers.paper SET sealed = NULL, file_name = 'giay.pdf'",
        "UPDATE dossiers.holding
            SET words = array_to_tsvector(tsvector_to_array(words) || (right(agency_id::text, 6) || '/0912345678'))",
    ] {
        sqlx::query(sql).execute(&office.scratch.pool).await.unwrap();
    }
    assert!(office.rows().await.contains("0912345678"));
    assert_eq!(office.answered(id).await, view);
    assert_eq!(office.found("0912345678").await, 1);
    let done = office.dossiers.seal_plain(&office.ops).await.unwrap();
    assert_eq!((done.done >= 2, done.unreadable), (true, 0));
    let rows = office.rows().await;
    assert!(TOLD.iter().all(|told| !rows.contains(told)), "{rows}");
    assert_eq!(office.sealed(id).await, known);
    assert_eq!(office.answered(id).await, view);
    assert_eq!(office.found("0912345678").await, 1);
    let again = office.dossiers.seal_plain(&office.ops).await.unwrap();
    assert_eq!(again, Resealed::default());
}

// shows: R028
#[tokio::test]
async fn keys_change_while_an_office_works() {
    let office = Office::open().await;
    let mut cases = Vec::new();
    for _ in 0..4 {
        cases.push(office.submitted().await.id);
    }
    let (old, new) = office.turn();
    let before = office.under(old).await;
    let work = async {
        for id in &cases {
            office
                .act(&office.people.clerk, *id, "receive", outcome("accept"))
                .await;
            office.answered(*id).await;
        }
    };
    let (resealed, ()) = tokio::join!(office.dossiers.reseal_by(&office.ops, 1), work);
    assert_eq!(resealed.unwrap().unreadable, 0);
    assert_eq!((office.under(old).await, office.under(new).await), (0, before));
    for id in &cases {
        office.answered(*id).await;
    }
    assert_eq!(office.found(LAN).await, 4);
}

/// Ended by force between two batches, and within one: the next call goes on, and what does not open stops nobody.
#[tokio::test]
async fn a_change_that_was_cut_short_is_finished_by_the_next_call() {
    let office = Office::open().await;
    for _ in 0..2 {
        office.submitted().await;
    }
    let spoilt = office.submitted().await.id;
    sqlx::query("UPDATE dossiers.dossier SET sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20)) WHERE id = $1")
        .bind(spoilt.uuid())
        .execute(&office.scratch.pool)
        .await
        .unwrap();
    let (old, new) = office.turn();
    let all = office.under(old).await;
    let mut ended_within = 0;
    for patience in (1..).step_by(5) {
        let mut work = std::pin::pin!(office.dossiers.reseal_by(&office.ops, 1));
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
        assert_eq!(office.uses().await.iter().map(|used| used.count).sum::<i64>(), all);
    }
    assert!(ended_within > 0, "{ended_within}");
    assert_eq!((office.under(old).await, office.under(new).await), (1, all - 1));
}

// shows: R028
#[tokio::test]
async fn an_extract_tells_answers_and_contact_of_ones_own_cases_only() {
    let office = Office::open().await;
    let own = office.with_a_file().await;
    let other = office.submitted().await.id;
    // Handed in by Lan for somebody else.
    sqlx::query("UPDATE dossiers.dossier SET owner_person = NULL WHERE id = $1")
        .bind(other.uuid())
        .execute(&office.scratch.pool)
        .await
        .unwrap();
    let lan = &office.people.lan;
    let mut op = office.op(&Actor::System("test")).await;
    let permit = op
        .allow("privacy.extract", "person:test", op::Decision::Follows)
        .await
        .unwrap();
    let whom = op::Whom {
        person: lan.person().unwrap(),
        account: lan.account(),
    };
    let told = op::Keeper::tell(&office.dossiers, &mut op, &permit, &whom, 10)
        .await
        .unwrap();
    let [of_other, of_own] = told[0].items.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(of_own["owner_number"], LAN);
    assert_eq!(of_own["answers"], office.sealed(own).await["answers"]);
    assert_eq!(of_own["papers"][0]["name"], "giay.pdf");
    assert_eq!(of_other["status"], "submitted");
    for told in ["owner_number", "phone", "email", "answers", "entered", "papers"] {
        assert!(of_other.get(told).is_none(), "{told}");
    }
    // Who was only named in a case is told nothing of it.
    let hung = op::Whom {
        person: office.people.hung.person().unwrap(),
        account: office.people.hung.account(),
    };
    let told = op::Keeper::tell(&office.dossiers, &mut op, &permit, &hung, 10)
        .await
        .unwrap();
    assert!(told[0].items.is_empty());
}
