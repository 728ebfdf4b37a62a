//! What messages say lies sealed in the database, and its keys change while people read.

use chrono::TimeDelta;
use db::PageRequest;
use kernel::{AccountId, Actor};
use notify::{Message, Notify};
use testkit::Scratch;
use vault::Resealed;

use crate::{box_of, inbox::citizen, keys};

const REASON: &str = "Giấy chứng sinh ghi tên mẹ là Lê Thị Sen";

async fn send(scratch: &Scratch, notify: &Notify, to: AccountId) {
    let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
    let message = Message::new(to, "dossier_refused", "/ho-so-cua-toi/1").with("reason", REASON);
    notify.send(&mut op, message).await.unwrap().unwrap();
    op.commit().await.unwrap();
}

async fn said(scratch: &Scratch, notify: &Notify, to: AccountId) -> Vec<String> {
    let mut op = scratch.ops.open(citizen(to)).await.unwrap();
    let page = notify.box_page(&mut op, to, PageRequest::first()).await.unwrap();
    page.items
        .into_iter()
        .map(|view| view.params["reason"].clone())
        .collect()
}

async fn rows(scratch: &Scratch) -> Vec<(String, Option<Vec<u8>>)> {
    sqlx::query_as("SELECT to_jsonb(message) - 'sealed' #>> '{}', sealed FROM notify.message ORDER BY id")
        .fetch_all(&scratch.pool)
        .await
        .unwrap()
}

// shows: R028
#[tokio::test]
async fn a_copy_of_the_database_does_not_tell_what_people_are_told() {
    let scratch = Scratch::new(&[notify::MIGRATIONS]).await;
    let (notify, lan, other) = (box_of(&scratch), AccountId::new(), AccountId::new());
    send(&scratch, &notify, lan).await;
    send(&scratch, &notify, other).await;
    for (row, sealed) in rows(&scratch).await {
        assert!(!row.contains("Sen"), "{row}");
        let sealed = String::from_utf8_lossy(&sealed.unwrap()).into_owned();
        assert!(!sealed.contains("Sen"));
    }
    assert_eq!(said(&scratch, &notify, lan).await, [REASON]);
    // What stands in another's row opens in its own only.
    sqlx::query(
        "UPDATE notify.message SET sealed = (SELECT sealed FROM notify.message WHERE account = $1) WHERE account = $2",
    )
    .bind(lan.uuid())
    .bind(other.uuid())
    .execute(&scratch.pool)
    .await
    .unwrap();
    let mut op = scratch.ops.open(citizen(other)).await.unwrap();
    let fault = notify.box_page(&mut op, other, PageRequest::first()).await.unwrap_err();
    assert_eq!(fault.code, "vault.sealed_broken");
}

// shows: R028
#[tokio::test]
async fn what_an_older_program_wrote_is_sealed_and_keys_change_while_people_are_told() {
    let scratch = Scratch::new(&[notify::MIGRATIONS]).await;
    let (notify, lan) = (box_of(&scratch), AccountId::new());
    sqlx::query(
        "INSERT INTO notify.message (id, account, kind, params, link, created_at)
         SELECT gen_random_uuid(), $1, 'dossier_refused', jsonb_build_object('reason', $2::text), '/', now() FROM generate_series(1, 3)",
    )
    .bind(lan.uuid())
    .bind(REASON)
    .execute(&scratch.pool)
    .await
    .unwrap();
    assert_eq!(
        said(&scratch, &notify, lan).await,
        [REASON; 3],
        "read before it is sealed"
    );
    let done = |done| Resealed {
        done,
        ..Resealed::default()
    };
    assert_eq!(notify.seal_plain(&scratch.ops).await.unwrap(), done(3));
    assert_eq!(notify.seal_plain(&scratch.ops).await.unwrap(), Resealed::default());
    assert!(rows(&scratch).await.iter().all(|(row, _)| !row.contains("Sen")));

    let number = keys(&scratch).add_key(scratch.ops.now()).unwrap();
    let (resealed, ()) = tokio::join!(notify.reseal_by(&scratch.ops, 1), send(&scratch, &notify, lan));
    assert!([3, 4].contains(&resealed.unwrap().done));
    assert_eq!(notify.reseal(&scratch.ops).await.unwrap(), Resealed::default());
    assert_eq!(said(&scratch, &notify, lan).await, [REASON; 4]);
    let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
    let uses = notify.keys_in_use(&mut op).await.unwrap();
    assert_eq!(
        uses.iter().map(|one| (one.key, one.count)).collect::<Vec<_>>(),
        [(number, 4)]
    );
    drop(op);
    // Nobody but the operator: the refusal is written down.
    let noted: i64 = sqlx::query_scalar("SELECT count(*) FROM op.audit_entry WHERE action = 'notify.resealed'")
        .fetch_one(&scratch.pool)
        .await
        .unwrap();
    assert!(noted >= 4, "a batch an entry: {noted}");
}

/// A message that somebody holds keeps no other one waiting: it is passed over, said to be left, and sealed by the next call.
// shows: R028
#[tokio::test]
async fn what_somebody_holds_does_not_stop_a_change_of_keys() {
    let scratch = Scratch::new(&[notify::MIGRATIONS]).await;
    let (notify, lan) = (box_of(&scratch), AccountId::new());
    for _ in 0..3 {
        send(&scratch, &notify, lan).await;
    }
    scratch.clock.advance(TimeDelta::minutes(1));
    keys(&scratch).add_key(scratch.ops.now()).unwrap();
    let mut held = scratch.pool.begin().await.unwrap();
    sqlx::query(
        "SELECT FROM notify.message WHERE id = (SELECT id FROM notify.message ORDER BY id LIMIT 1 OFFSET 1) FOR UPDATE",
    )
    .execute(&mut *held)
    .await
    .unwrap();
    let resealed = notify.reseal_by(&scratch.ops, 1).await.unwrap();
    assert_eq!((resealed.done, resealed.left), (2, true));
    held.rollback().await.unwrap();
    let resealed = notify.reseal(&scratch.ops).await.unwrap();
    assert_eq!((resealed.done, resealed.left), (1, false));
    assert_eq!(said(&scratch, &notify, lan).await, [REASON; 3]);
}
