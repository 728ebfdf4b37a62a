//! Files of records: of one field of one record each, and of nobody who only names them.

use kernel::{Actor, Result};
use registry::{BulkChange, Command, Given, Merge, Outcome, Written, held};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::desk::{Desk, Officer};
use crate::town::given;

/// Plans, open to everybody but for what is sealed.
const PLAN: &str = r#"
format: 1
record: plan
vi: Đồ án
en: Plans
about: { vi: Đồ án quy hoạch., en: Town plans. }
owner: SCT
sharing: [open]
update: entry
readers: everybody
retention: { years: 10 }
title: code
key: [code]
list: [code]
fields:
  - { field: code, vi: Mã, en: Code, type: text, required: true, class: public, search: true }
  - { field: note, vi: Ghi chú, en: Note, type: text, class: public, search: true }
  - { field: shown, vi: Bản vẽ, en: Drawing, type: file, most: 2, class: public }
  - { field: secret, vi: Hồ sơ, en: Papers, type: file, most: 2, class: sensitive }
"#;

/// The same, where the owner approves.
fn approved() -> String {
    PLAN.replacen("record: plan", "record: approved_plan", 1).replacen(
        "readers: everybody",
        "readers: everybody\napproval: true",
        1,
    )
}

async fn desk() -> (Desk, Officer) {
    let desk = Desk::new().await;
    desk.town.publish(PLAN).await.unwrap();
    desk.town.publish(&approved()).await.unwrap();
    let clerk = desk.officer("SCT", "specialist").await;
    (desk, clerk)
}

impl Desk {
    /// A file that somebody has sent for a register, as a program does.
    async fn file(&self, by: &Actor, register: &str) -> String {
        let holder = held::upload_holder(register, &by.key());
        self.file_of(&holder).await
    }

    async fn file_of(&self, holder: &str) -> String {
        let mut op = self.town.op(&Actor::System("test")).await;
        let files = self.store();
        let bytes = Uuid::now_v7().as_bytes().to_vec();
        let kept = files
            .store_bytes(&mut op, "x.pdf", "application/pdf", holder, bytes)
            .await;
        op.commit().await.unwrap();
        kept.unwrap().id.to_string()
    }

    async fn holder(&self, file: &str) -> Option<String> {
        let file: Uuid = file.parse().unwrap();
        sqlx::query_scalar("SELECT holder FROM files.file WHERE id = $1")
            .bind(file)
            .fetch_optional(&self.town.scratch.pool)
            .await
            .unwrap()
    }

    async fn put(&self, by: &Actor, values: Value) -> Result<Written> {
        let mut op = self.town.op(by).await;
        let written = self.registry.add(&mut op, "plan", given(values), None).await?;
        op.commit().await?;
        Ok(written)
    }

    async fn alter(&self, by: &Actor, written: Written, values: Value) -> Result<Written> {
        let mut op = self.town.op(by).await;
        let command = Command::Change {
            from: None,
            given: given(values),
        };
        let seen = (written.id, written.version);
        let written = self.registry.change(&mut op, "plan", seen, command, "").await?;
        op.commit().await?;
        Ok(written)
    }

    async fn propose(&self, by: &Actor, values: Value) -> Result<Uuid> {
        let mut op = self.town.op(by).await;
        let command = Command::Add {
            from: None,
            given: given(values),
        };
        let done = self.registry.enter(&mut op, "approved_plan", None, command, "").await?;
        op.commit().await?;
        match done {
            Outcome::Proposed(id) => Ok(id),
            Outcome::Written(_) => panic!("it was written"),
        }
    }
}

/// The field of the one fault.
fn foreign<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    let fault = outcome.unwrap_err();
    let told: Vec<_> = fault
        .fields
        .iter()
        .map(|own| (own.field.as_str(), own.code.as_str()))
        .collect();
    assert!(matches!(told[..], [(_, "registry.field.file")]), "{fault:?}");
    fault.fields[0].field.clone()
}

/// shows: R247
#[tokio::test]
async fn nobody_reads_a_file_by_naming_it_in_a_record() {
    let (desk, clerk) = desk().await;
    let actor = &clerk.actor;
    let secret = desk.file(actor, "plan").await;
    let one = desk
        .put(actor, json!({ "code": "A", "secret": [secret] }))
        .await
        .unwrap();
    assert_eq!(
        desk.holder(&secret).await.unwrap(),
        held::record_holder("plan", one.id, "secret")
    );
    // In another record, in another field of the same one; a file of somebody else, of something else, of nothing.
    let colleague = desk.officer("SCT", "specialist").await;
    let others = [
        secret.clone(),
        desk.file(&colleague.actor, "plan").await,
        desk.file(actor, "shop").await,
        desk.file_of(&format!("dossier:{}", Uuid::now_v7())).await,
        Uuid::now_v7().to_string(),
    ];
    for file in &others {
        assert_eq!(
            foreign(desk.put(actor, json!({ "code": "B", "shown": [file] })).await),
            "shown"
        );
        let open = desk.alter(actor, one, json!({ "code": "A", "shown": [file], "secret": [secret] }));
        assert_eq!(foreign(open.await), "shown");
    }
    assert_eq!(
        foreign(desk.put(actor, json!({ "code": "B", "secret": [secret] })).await),
        "secret"
    );
    let correct = Command::Correct {
        period: kernel::local_date(desk.town.scratch.ops.now()),
        from: None,
        to: None,
        given: given(json!({ "code": "A", "shown": [secret] })),
    };
    let mut op = desk.town.op(actor).await;
    let corrected = desk
        .registry
        .change(&mut op, "plan", (one.id, one.version), correct, "Sửa");
    assert_eq!(foreign(corrected.await), "shown");
    drop(op);
    // One upload comes to one place.
    let own = desk.file(actor, "plan").await;
    let twice = desk
        .put(actor, json!({ "code": "B", "shown": [own], "secret": [own] }))
        .await;
    assert_eq!(foreign(twice), "secret");
    // What is there may stay, and what was brought comes to it.
    let kept = desk.alter(
        actor,
        one,
        json!({ "code": "A", "note": "x", "shown": [own], "secret": [secret] }),
    );
    let one = kept.await.unwrap();
    let back = desk.alter(
        &colleague.actor,
        one,
        json!({ "code": "A", "shown": [own], "secret": [secret] }),
    );
    back.await.unwrap();
    assert_eq!(
        desk.holder(&own).await.unwrap(),
        held::record_holder("plan", one.id, "shown")
    );
}

#[tokio::test]
async fn many_rows_bring_no_files_of_others_either() {
    let (desk, clerk) = desk().await;
    let actor = &clerk.actor;
    let secret = desk.file(actor, "plan").await;
    let one = desk
        .put(actor, json!({ "code": "A", "secret": [secret] }))
        .await
        .unwrap();
    let own = desk.file(actor, "plan").await;
    let rows = [
        json!({ "code": "A", "secret": [secret] }),
        json!({ "code": "B", "shown": [secret] }),
        json!({ "code": "C", "shown": [own] }),
        json!({ "code": "D", "shown": [own] }),
    ];
    let take = async || {
        let rows = rows.iter().zip(1..).map(|(row, number)| Given {
            number,
            fields: given(row.clone()),
            ..Given::default()
        });
        let mut op = desk.town.op(&clerk.actor).await;
        let taken = desk
            .registry
            .take_over(&mut op, "plan", rows.collect(), registry::Keep::Sealed)
            .await
            .unwrap();
        op.commit().await.unwrap();
        let bad: Vec<u64> = taken.bad.iter().map(|row| row.number).collect();
        (taken.created, taken.unchanged, bad)
    };
    assert_eq!(take().await, (1, 1, vec![2, 4]));
    assert!(desk.holder(&own).await.unwrap().ends_with("/shown"));
    // The same once more says nothing new.
    assert_eq!(take().await, (0, 2, vec![2, 4]));
    // Many records have no file in common.
    let mut op = desk.town.op(actor).await;
    let mut set = Map::new();
    set.insert("shown".into(), json!([desk.file(actor, "plan").await]));
    let change = BulkChange {
        set,
        ..BulkChange::default()
    };
    let fault = desk.registry.preview_bulk(&mut op, "plan", &change).await.unwrap_err();
    assert_eq!(fault.fields[0].code, "registry.field.not_for_many", "{fault:?}");
    // What is there stays while others of its fields change.
    let change = BulkChange {
        set: given(json!({ "note": "đã xem" })),
        ..BulkChange::default()
    };
    let preview = desk.registry.preview_bulk(&mut op, "plan", &change).await.unwrap();
    assert_eq!((preview.changed, preview.failed), (2, 0), "{preview:?}");
    assert!(one.version > 0);
}

#[tokio::test]
async fn files_follow_records_that_become_one_and_two_again() {
    let (desk, clerk) = desk().await;
    let actor = &clerk.actor;
    let (mine, theirs) = (desk.file(actor, "plan").await, desk.file(actor, "plan").await);
    let keep = desk.put(actor, json!({ "code": "A", "secret": [mine] })).await.unwrap();
    let lose = desk
        .put(actor, json!({ "code": "B", "secret": [theirs] }))
        .await
        .unwrap();
    let mut merge = Merge {
        keep: (keep.id, keep.version),
        lose: (lose.id, lose.version),
        take: vec!["secret".into()],
        given: given(json!({ "shown": [theirs] })),
        reason: "Nhập hai lần".into(),
    };
    let mut op = desk.town.op(actor).await;
    assert_eq!(foreign(desk.registry.merge(&mut op, "plan", &merge).await), "shown");
    drop(op);
    merge.given.clear();
    let mut op = desk.town.op(actor).await;
    desk.registry.merge(&mut op, "plan", &merge).await.unwrap();
    op.commit().await.unwrap();
    let of = |record: Written| held::record_holder("plan", record.id, "secret");
    assert_eq!(desk.holder(&theirs).await.unwrap(), of(keep));
    let mut op = desk.town.op(actor).await;
    desk.registry
        .undo_merge(&mut op, "plan", lose.id, "Là hai đồ án")
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(desk.holder(&theirs).await.unwrap(), of(lose));
    assert_eq!(desk.holder(&mine).await.unwrap(), of(keep));
}

/// Whoever decides, on whatever way: files of a proposal come to the record, wait for another try, or go.
#[tokio::test]
async fn files_of_proposals_go_where_the_proposal_goes() {
    let (desk, clerk) = desk().await;
    let leader = desk.officer("SCT", "leader").await;
    let actor = &clerk.actor;
    let file = desk.file(actor, "approved_plan").await;
    let values = json!({ "code": "A", "secret": [file] });
    let id = desk.propose(actor, values.clone()).await.unwrap();
    assert_eq!(desk.holder(&file).await.unwrap(), held::proposal_holder(id));
    assert_eq!(desk.propose(actor, values).await.unwrap(), id, "the same once more");
    assert_eq!(
        foreign(desk.propose(actor, json!({ "code": "B", "shown": [file] })).await),
        "shown"
    );
    // Handed back, it waits; proposed anew, it goes along.
    let mut op = desk.town.op(&leader.actor).await;
    desk.registry.refuse(&mut op, id, "Xem lại mã", true).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(desk.holder(&file).await.unwrap(), held::proposal_holder(id));
    let mut op = desk.town.op(actor).await;
    let edits = given(json!({ "code": "A1" }));
    let Outcome::Proposed(next) = desk.registry.renew_proposal(&mut op, id, edits).await.unwrap() else {
        panic!("it was written");
    };
    op.commit().await.unwrap();
    assert_eq!(desk.holder(&file).await.unwrap(), held::proposal_holder(next));
    let mut op = desk.town.op(&leader.actor).await;
    let written = desk.registry.approve(&mut op, next).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(
        desk.holder(&file).await.unwrap(),
        held::record_holder("approved_plan", written.id, "secret")
    );
    // Refused or taken back, nobody keeps it.
    for (code, taken_back) in [("C", true), ("D", false)] {
        let file = desk.file(actor, "approved_plan").await;
        let id = desk
            .propose(actor, json!({ "code": code, "secret": [file] }))
            .await
            .unwrap();
        match taken_back {
            true => {
                let mut op = desk.town.op(actor).await;
                desk.registry.withdraw_proposal(&mut op, id).await.unwrap();
                op.commit().await.unwrap();
            }
            false => {
                let mut op = desk.town.op(&leader.actor).await;
                desk.registry.refuse(&mut op, id, "Không đúng", false).await.unwrap();
                op.commit().await.unwrap();
            }
        }
        assert_eq!(desk.holder(&file).await, None, "{code}");
    }
}
