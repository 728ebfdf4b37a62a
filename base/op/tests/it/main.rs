//! Operations against a real database.

mod heads;
mod seal;
mod tampering;

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use chrono::TimeDelta;
use kernel::{Actor, Fault, FaultKind};
use op::{Decision, Entry, Event, Jobs, NewJob, Reactions, drain};
use testkit::Scratch;

async fn count(scratch: &Scratch, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&scratch.pool).await.unwrap()
}

#[tokio::test]
async fn a_dropped_operation_leaves_nothing() {
    let scratch = Scratch::new(&[]).await;
    let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
    op.record(Entry::new("test.done", "thing:1")).await.unwrap();
    op.enqueue(NewJob::new("test.job", ())).await.unwrap();
    op.emit(Event::new("test.happened", "thing:1", ()));
    op.settle().await.unwrap();
    drop(op);
    assert_eq!(count(&scratch, "SELECT count(*) FROM op.audit_entry").await, 0);
    assert_eq!(count(&scratch, "SELECT count(*) FROM op.job").await, 0);
    assert_eq!(count(&scratch, "SELECT count(*) FROM op.event").await, 0);
}

#[tokio::test]
async fn reactions_run_in_the_same_transaction_and_may_raise_events() {
    let mut reactions = Reactions::new();
    reactions.on("low.happened", |op, event| {
        Box::pin(async move {
            op.emit(Event::new("high.followed", &event.subject, &event.payload));
            op.record(Entry::new("high.followed", &event.subject)).await
        })
    });
    let scratch = Scratch::with(&[], reactions).await;
    let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
    op.emit(Event::new("low.happened", "thing:7", 1));
    op.commit().await.unwrap();
    assert_eq!(
        count(
            &scratch,
            "SELECT count(*) FROM op.event WHERE kind = 'high.followed' AND subject = 'thing:7'"
        )
        .await,
        1
    );
    assert_eq!(count(&scratch, "SELECT count(*) FROM op.audit_entry").await, 1);
}

#[tokio::test]
async fn a_failing_reaction_undoes_everything() {
    let mut reactions = Reactions::new();
    reactions.on("low.happened", |_, _| {
        Box::pin(async { Err(Fault::conflict("test.no")) })
    });
    let scratch = Scratch::with(&[], reactions).await;
    let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
    op.emit(Event::new("low.happened", "thing:7", 1));
    assert_eq!(op.commit().await.unwrap_err().code, "test.no");
    assert_eq!(count(&scratch, "SELECT count(*) FROM op.event").await, 0);
}

#[tokio::test]
async fn endless_reactions_are_stopped() {
    let mut reactions = Reactions::new();
    reactions.on("loop", |op, _| {
        Box::pin(async move {
            op.emit(Event::new("loop", "x", ()));
            Ok(())
        })
    });
    let scratch = Scratch::with(&[], reactions).await;
    let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
    op.emit(Event::new("loop", "x", ()));
    assert_eq!(op.commit().await.unwrap_err().code, "op.reactions_without_end");
}

// shows: R024
#[tokio::test]
async fn a_refusal_is_kept_although_the_operation_is_undone() {
    let scratch = Scratch::new(&[]).await;
    let mut op = scratch.ops.open(Actor::Anonymous).await.unwrap();
    let refused = op
        .allow(
            "thing.read",
            "thing:9",
            Decision::Deny(Fault::not_found("thing.not_found")),
        )
        .await
        .unwrap_err();
    assert_eq!(refused.kind, FaultKind::NotFound);
    drop(op);
    assert_eq!(
        count(
            &scratch,
            "SELECT count(*) FROM op.audit_entry WHERE action = 'op.refused' AND subject = 'thing:9'"
        )
        .await,
        1
    );
}

// shows: R024
// shows: R028
#[tokio::test]
async fn after_a_refusal_the_wall_stands_as_before() {
    let scratch = Scratch::new(&[]).await;
    let mut op = scratch.ops.open(Actor::Anonymous).await.unwrap();
    let role = async |op: &mut op::Op| -> String {
        sqlx::query_scalar("SELECT current_user::text")
            .fetch_one(op.conn())
            .await
            .unwrap()
    };
    assert_eq!(role(&mut op).await, db::WALLED);
    let denied = Decision::Deny(Fault::not_found("thing.not_found"));
    op.allow("thing.read", "thing:9", denied).await.unwrap_err();
    assert_eq!(role(&mut op).await, db::WALLED);
    assert_eq!(op.commit().await.unwrap_err().code, "op.undone");
}

#[tokio::test]
async fn as_many_refusals_at_once_as_there_are_connections_are_all_kept() {
    let scratch = Scratch::new(&[]).await;
    let most = scratch.pool.options().get_max_connections() as usize;
    let all_open = Arc::new(tokio::sync::Barrier::new(most));
    let refusals = (0..most).map(|_| {
        let (ops, all_open) = (scratch.ops.clone(), all_open.clone());
        async move {
            let mut op = ops.open(Actor::Anonymous).await.unwrap();
            all_open.wait().await;
            let denied = Decision::Deny(Fault::not_found("thing.not_found"));
            op.allow("thing.read", "thing:9", denied).await.unwrap_err();
        }
    });
    futures::future::join_all(refusals).await;
    assert_eq!(
        count(
            &scratch,
            "SELECT count(*) FROM op.audit_entry WHERE action = 'op.refused'"
        )
        .await,
        most as i64
    );
}

#[tokio::test]
async fn who_only_looks_sees_what_is_there_and_changes_nothing() {
    let scratch = Scratch::new(&[]).await;
    let mut looking = scratch.ops.look_for(Actor::Anonymous, uuid::Uuid::nil()).await.unwrap();
    let count = "SELECT count(*) FROM op.outcome";
    let before: i64 = sqlx::query_scalar(count).fetch_one(looking.conn()).await.unwrap();
    let mut writing = scratch.ops.open(Actor::Anonymous).await.unwrap();
    writing.remember("key", &1).await.unwrap();
    writing.commit().await.unwrap();
    let after: i64 = sqlx::query_scalar(count).fetch_one(looking.conn()).await.unwrap();
    assert_eq!((before, after), (0, 1), "each statement sees what is there then");

    assert!(looking.remember("other", &2).await.is_err());
    let delete = sqlx::query("DELETE FROM op.outcome").execute(looking.conn()).await;
    assert!(delete.unwrap_err().to_string().contains("read-only"));
    looking.record(Entry::new("test.seen", "thing:1")).await.unwrap();
    assert!(
        looking.commit().await.is_err(),
        "what must be in the trail is not lost in silence"
    );
}

#[tokio::test]
async fn a_refusal_of_who_only_looks_is_in_the_trail() {
    let scratch = Scratch::new(&[]).await;
    let mut op = scratch.ops.look_for(Actor::Anonymous, uuid::Uuid::nil()).await.unwrap();
    let denied = Decision::Deny(Fault::not_found("thing.not_found"));
    op.allow("thing.read", "thing:9", denied).await.unwrap_err();
    assert_eq!(
        count(
            &scratch,
            "SELECT count(*) FROM op.audit_entry WHERE action = 'op.refused'"
        )
        .await,
        1
    );
}

#[tokio::test]
async fn what_was_refused_leaves_nothing_else_and_cannot_be_committed() {
    let scratch = Scratch::new(&[]).await;
    let mut op = scratch.ops.open(Actor::Anonymous).await.unwrap();
    op.enqueue(NewJob::new("thing.before", ())).await.unwrap();
    let denied = Decision::Deny(Fault::forbidden("thing.not_yours"));
    op.allow("thing.write", "thing:9", denied).await.unwrap_err();
    op.enqueue(NewJob::new("thing.after", ())).await.unwrap();
    assert_eq!(op.commit().await.unwrap_err().code, "op.undone");
    assert_eq!(count(&scratch, "SELECT count(*) FROM op.job").await, 0);
    assert_eq!(count(&scratch, "SELECT count(*) FROM op.audit_entry").await, 1);
}

#[tokio::test]
async fn jobs_run_when_due_and_once() {
    let scratch = Scratch::new(&[]).await;
    let runs = Arc::new(AtomicU32::new(0));
    let mut jobs = Jobs::new();
    let seen = runs.clone();
    jobs.within("test.later", move |_, _| {
        seen.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(()) })
    });
    let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
    let later = op.now() + TimeDelta::hours(1);
    op.enqueue(NewJob::new("test.later", ()).at(later)).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(drain(&scratch.ops, &jobs).await.unwrap(), 0);
    scratch.clock.advance(TimeDelta::hours(1));
    assert_eq!(drain(&scratch.ops, &jobs).await.unwrap(), 1);
    assert_eq!(drain(&scratch.ops, &jobs).await.unwrap(), 0);
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_failed_job_comes_back_later_and_its_work_is_undone() {
    let scratch = Scratch::new(&[]).await;
    let runs = Arc::new(AtomicU32::new(0));
    let mut jobs = Jobs::new();
    let seen = runs.clone();
    jobs.within("test.shaky", move |op, _| {
        let nth = seen.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            op.record(Entry::new("test.worked", "thing:1")).await?;
            if nth == 0 {
                Err(Fault::unavailable("test.away"))
            } else {
                Ok(())
            }
        })
    });
    let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
    op.enqueue(NewJob::new("test.shaky", ())).await.unwrap();
    op.commit().await.unwrap();
    drain(&scratch.ops, &jobs).await.unwrap();
    assert_eq!(count(&scratch, "SELECT count(*) FROM op.audit_entry").await, 0);
    scratch.clock.advance(TimeDelta::minutes(1));
    drain(&scratch.ops, &jobs).await.unwrap();
    assert_eq!(count(&scratch, "SELECT count(*) FROM op.audit_entry").await, 1);
    assert_eq!(count(&scratch, "SELECT count(*) FROM op.job").await, 0);
}

fn shaky_every_hour(runs: &Arc<AtomicU32>, whole_from: u32) -> Jobs {
    let mut jobs = Jobs::new();
    let seen = runs.clone();
    jobs.within("test.hourly", move |_, _| {
        let nth = seen.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            if nth < whole_from {
                Err(Fault::internal("test.broken"))
            } else {
                Ok(())
            }
        })
    });
    jobs.every(TimeDelta::hours(1), "test.hourly");
    jobs
}

#[tokio::test]
async fn what_comes_back_is_begun_once_and_keeps_its_hour() {
    let scratch = Scratch::new(&[]).await;
    let runs = Arc::new(AtomicU32::new(0));
    let jobs = shaky_every_hour(&runs, 0);
    for _ in 0..3 {
        op::begin_recurring(&scratch.ops, &jobs).await.unwrap();
        drain(&scratch.ops, &jobs).await.unwrap();
    }
    assert_eq!(
        runs.load(Ordering::SeqCst),
        1,
        "a start of the program brings no turn forward"
    );
    scratch.clock.advance(TimeDelta::minutes(150));
    assert_eq!(
        drain(&scratch.ops, &jobs).await.unwrap(),
        1,
        "a turn that was missed is not made up for"
    );
    scratch.clock.advance(TimeDelta::minutes(29));
    assert_eq!(drain(&scratch.ops, &jobs).await.unwrap(), 0);
    scratch.clock.advance(TimeDelta::minutes(1));
    assert_eq!(
        drain(&scratch.ops, &jobs).await.unwrap(),
        1,
        "three hours after the first"
    );
    assert_eq!(count(&scratch, "SELECT count(*) FROM op.job").await, 1);
}

#[tokio::test]
async fn what_comes_back_never_ends_however_long_it_fails() {
    let scratch = Scratch::new(&[]).await;
    let runs = Arc::new(AtomicU32::new(0));
    let jobs = shaky_every_hour(&runs, 50);
    op::begin_recurring(&scratch.ops, &jobs).await.unwrap();
    for nth in 1..=50 {
        assert_eq!(drain(&scratch.ops, &jobs).await.unwrap(), 1, "try {nth}");
        let counts = op::job_counts(&scratch.pool).await.unwrap();
        assert_eq!((counts.waiting, counts.failing, counts.dead), (1, 1, 0));
        scratch.clock.advance(TimeDelta::hours(1));
    }
    assert_eq!(drain(&scratch.ops, &jobs).await.unwrap(), 1);
    assert_eq!(op::job_counts(&scratch.pool).await.unwrap().failing, 0);
}

#[tokio::test]
async fn a_single_job_is_put_aside_after_twenty_failures_and_counted() {
    let scratch = Scratch::new(&[]).await;
    let runs = Arc::new(AtomicU32::new(0));
    let jobs = shaky_every_hour(&runs, 50);
    let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
    op.enqueue(NewJob::new("test.hourly", ())).await.unwrap();
    op.commit().await.unwrap();
    for _ in 0..20 {
        assert_eq!(drain(&scratch.ops, &jobs).await.unwrap(), 1);
        scratch.clock.advance(TimeDelta::hours(1));
    }
    assert_eq!(drain(&scratch.ops, &jobs).await.unwrap(), 0);
    let counts = op::job_counts(&scratch.pool).await.unwrap();
    assert_eq!((counts.waiting, counts.failing, counts.dead), (0, 0, 1));
}

#[tokio::test]
async fn a_job_that_panics_is_a_failed_job_and_the_next_one_is_done() {
    let scratch = Scratch::new(&[]).await;
    let mut jobs = Jobs::new();
    jobs.within("test.panics", |_, job| {
        Box::pin(async move {
            assert!(job.attempts > 100, "this job is broken");
            Ok(())
        })
    });
    jobs.within("test.sound", |op, _| {
        Box::pin(async move { op.record(Entry::new("test.worked", "thing:1")).await })
    });
    let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
    op.enqueue(NewJob::new("test.panics", ())).await.unwrap();
    op.enqueue(NewJob::new("test.sound", ())).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(drain(&scratch.ops, &jobs).await.unwrap(), 2);
    assert_eq!(count(&scratch, "SELECT count(*) FROM op.audit_entry").await, 1);
    assert_eq!(
        count(
            &scratch,
            "SELECT count(*) FROM op.job WHERE last_error = 'op.job_panicked'"
        )
        .await,
        1
    );
}

#[tokio::test]
async fn outcomes_are_forgotten_after_thirty_days_and_marks_are_not() {
    let scratch = Scratch::new(&[]).await;
    let mut jobs = Jobs::new();
    op::register(&mut jobs);
    op::begin_recurring(&scratch.ops, &jobs).await.unwrap();
    let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
    assert_eq!(op.mark("loaded").await.unwrap(), None);
    op.set_mark("loaded", "first").await.unwrap();
    op.set_mark("loaded", "second").await.unwrap();
    op.remember("request", &7).await.unwrap();
    op.commit().await.unwrap();
    scratch.clock.advance(TimeDelta::days(29));
    drain(&scratch.ops, &jobs).await.unwrap();
    let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
    assert_eq!(op.replay::<i32>("request").await.unwrap(), Some(7));
    drop(op);
    scratch.clock.advance(TimeDelta::days(2));
    drain(&scratch.ops, &jobs).await.unwrap();
    let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
    assert_eq!(op.replay::<i32>("request").await.unwrap(), None);
    assert_eq!(op.mark("loaded").await.unwrap().as_deref(), Some("second"));
}

#[tokio::test]
async fn the_same_key_is_carried_out_once_even_at_the_same_time() {
    let scratch = Scratch::new(&[]).await;
    let carried = Arc::new(AtomicU32::new(0));
    let one = |ops: op::Ops, carried: Arc<AtomicU32>| async move {
        let mut op = ops.open(Actor::System("test")).await.unwrap();
        if let Some(before) = op.replay::<u32>("key").await.unwrap() {
            return before;
        }
        let mine = carried.fetch_add(1, Ordering::SeqCst) + 1;
        op.remember("key", &mine).await.unwrap();
        op.commit().await.unwrap();
        mine
    };
    let all = futures::future::join_all((0..8).map(|_| one(scratch.ops.clone(), carried.clone()))).await;
    assert!(all.iter().all(|outcome| *outcome == 1), "{all:?}");
}
