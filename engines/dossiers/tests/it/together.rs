//! Everybody works at once: whoever takes a step, decides, withdraws, and what time brings, hold the process first and then the
//! case. Nobody waits for somebody who waits for them.

use std::sync::Arc;

use dossiers::model::Status;
use kernel::{Actor, DossierId, Fault, Result, TaskId};
use op::NewJob;
use serde_json::json;
use tokio::task::JoinSet;
use workflow::TaskState;

use crate::office::{EXTRACT, Office, hurried_extract, march, outcome, propose};

const ROUNDS: u32 = 3;
const CASES: usize = 4;

/// Cases that the specialist has to check; an hour later the leader has them by a timer, and on the next morning they are late.
async fn accepted(office: &Office) -> Vec<(DossierId, TaskId, i64)> {
    office.at(march(2, 8, 0));
    let mut cases = Vec::new();
    for _ in 0..CASES {
        let id = office.submitted().await.id;
        office.act(&office.people.clerk, id, "receive", outcome("accept")).await;
        cases.push((id, office.task(id, "check").await, office.version(id).await));
    }
    office.at(march(3, 9, 0));
    let mut op = office.op(&Actor::System("test")).await;
    op.enqueue(NewJob::new("dossiers.find_late", json!({}))).await.unwrap();
    op.commit().await.unwrap();
    cases
}

async fn takes_and_gives_back(office: &Office, task: TaskId) -> Result<()> {
    for _ in 0..3 {
        let mut op = office.ops.open(office.people.specialist.clone()).await?;
        office.dossiers.claim(&mut op, task).await?;
        op.commit().await?;
        let mut op = office.ops.open(office.people.specialist.clone()).await?;
        office.dossiers.release(&mut op, task).await?;
        op.commit().await?;
    }
    Ok(())
}

async fn withdraws(office: &Office, id: DossierId) -> Result<()> {
    let mut op = office.ops.open(office.people.lan.clone()).await?;
    office.dossiers.withdraw(&mut op, id, "Không cần nữa").await?;
    op.commit().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn steps_decisions_withdrawals_and_time_never_wait_for_each_other_in_a_circle() {
    let office = Arc::new(Office::open().await);
    office.publish(&hurried_extract(), str::to_owned).await.unwrap();
    let mut faults: Vec<Fault> = Vec::new();
    for _ in 0..ROUNDS {
        let cases = accepted(&office).await;
        let mut running: JoinSet<Result<()>> = JoinSet::new();
        for (id, task, version) in cases.clone() {
            let each = office.clone();
            running.spawn(async move { takes_and_gives_back(&each, task).await });
            let each = office.clone();
            running.spawn(async move {
                let specialist = &each.people.specialist;
                each.try_act(specialist, task, version, propose(&EXTRACT))
                    .await
                    .map(|_| ())
            });
            let each = office.clone();
            running.spawn(async move { withdraws(&each, id).await });
        }
        for _ in 0..2 {
            let each = office.clone();
            running.spawn(async move { op::drain(&each.ops, &each.jobs).await.map(|_| ()) });
        }
        faults.extend(running.join_all().await.into_iter().filter_map(Result::err));
        for (id, ..) in cases {
            assert_whole(&office, id).await;
        }
    }
    // Who comes second is told so; nobody is thrown out of a circle of locks, and no job is either.
    let thrown_out: Vec<_> = faults
        .iter()
        .filter(|fault| fault.code == "db.conflict" || fault.kind.status() >= 500)
        .collect();
    assert!(thrown_out.is_empty(), "{thrown_out:?}");
    let failed: Vec<String> = sqlx::query_scalar("SELECT last_error FROM op.job WHERE last_error IS NOT NULL")
        .fetch_all(&office.scratch.pool)
        .await
        .unwrap();
    assert!(failed.is_empty(), "{failed:?}");
    assert!(
        faults.iter().any(|fault| fault.kind.status() < 500),
        "they did get in each other's way"
    );
}

/// What the case says and what its process says is the same.
async fn assert_whole(office: &Office, id: DossierId) {
    let open: Vec<String> = office
        .tasks(id)
        .await
        .into_iter()
        .filter(|task| matches!(task.state, TaskState::Ready | TaskState::Sleeping))
        .map(|task| task.node)
        .collect();
    let listed: Vec<String> = office.work(id).await.into_iter().map(|(node, _)| node).collect();
    assert_eq!(open, listed);
    let withdrawn = office.status(id).await == Status::Withdrawn;
    assert_eq!(open.is_empty(), withdrawn, "{open:?}");
}
