//! The sealer.

use kernel::Actor;
use op::{Entry, audit};
use testkit::Scratch;

use crate::{count, tampering::entries};

/// Numbers are drawn before the commit: an entry may appear below others that are sealed already.
#[tokio::test]
async fn an_entry_that_commits_late_is_sealed_behind_those_that_were_faster() {
    let scratch = Scratch::new(&[]).await;
    let entry = "INSERT INTO op.audit_entry (at, actor, action, subject, purpose, request, detail, digest)
         VALUES (now(), 'system:test', 'test.slow', 'thing:0', '', gen_random_uuid(), 'null', '')";
    let mut slow = scratch.pool.begin().await.unwrap();
    sqlx::query(entry).execute(&mut *slow).await.unwrap();
    entries(&scratch, 3).await;
    slow.commit().await.unwrap();
    assert_eq!(audit::seal(&scratch.pool).await.unwrap(), 1);
    assert_eq!(audit::seal(&scratch.pool).await.unwrap(), 0);
    let order: Vec<i64> = sqlx::query_scalar("SELECT entry FROM op.audit_seal ORDER BY position")
        .fetch_all(&scratch.pool)
        .await
        .unwrap();
    assert_eq!(order, [2, 3, 4, 1]);
}

/// The sealer of a running program takes what is new without being told.
#[tokio::test]
async fn the_sealer_keeps_up_with_what_is_written() {
    let scratch = Scratch::new(&[]).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let sealer = tokio::spawn(audit::keep_sealing(scratch.ops.clone(), stopped));
    for n in 1..=3 {
        let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
        op.record(Entry::new("test.done", format!("thing:{n}"))).await.unwrap();
        op.commit().await.unwrap();
        while count(&scratch, "SELECT count(*) FROM op.audit_seal").await < n {
            tokio::task::yield_now().await;
        }
    }
    stop.send(true).unwrap();
    sealer.await.unwrap();
    assert!(audit::verify(&scratch.pool).await.unwrap().broken.is_empty());
}
