//! What runs beside the requests until the program is told to stop.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use compose::apps::Sources;
use compose::invent::{Done, Fill};
use compose::past::{Extent, Past};
use kernel::FaultKind;
use metrics_exporter_prometheus::PrometheusHandle;
use op::{Ops, Worker};
use render::Texts;
use sqlx::PgPool;
use tokio::{sync::watch, task::JoinSet};
use web::Site;

use crate::{
    house::{self, Program},
    serve::Teller,
};

/// Pause before a task that ended by a defect is begun again.
const AGAIN: Duration = Duration::from_secs(1);
/// How often measured samples are put together and addresses that went away are forgotten.
const UPKEEP: Duration = Duration::from_secs(5);
/// After so many rounds of upkeep the jobs are counted.
const COUNT_JOBS: u32 = 12;

/// The tasks of one process.
pub(crate) struct Background {
    tasks: JoinSet<()>,
    stop: watch::Receiver<bool>,
}

impl Background {
    pub(crate) fn new(stop: watch::Receiver<bool>) -> Self {
        Self {
            tasks: JoinSet::new(),
            stop,
        }
    }

    /// Takes over what other processes save of the calendar.
    pub(crate) fn keep_calendar(&mut self, program: &Program) {
        let (ops, calendar) = (program.ops.clone(), program.engines.calendar.clone());
        self.keep("calendar", move |stop| {
            house::keep_calendar(ops.clone(), calendar.clone(), stop)
        });
    }

    /// Shows the province under the name that it has today.
    pub(crate) fn keep_name(&mut self, program: &Program, site: Site) {
        let (ops, identity) = (program.ops.clone(), program.engines.identity.clone());
        self.keep("name of the province", move |stop| {
            house::keep_name(ops.clone(), identity.clone(), site.clone(), stop)
        });
    }

    /// Carries out jobs and seals the audit trail. Late dossiers are looked for only once the past is there: a dossier whose past
    /// is half written looks late.
    pub(crate) fn work(&mut self, program: &Program, past_there: watch::Receiver<bool>) {
        let all = program.engines.jobs();
        let worker = Arc::new(Worker::new(
            program.ops.clone(),
            all.clone().without(dossiers::FIND_LATE),
        ));
        self.keep("jobs", move |stop| {
            let worker = worker.clone();
            async move { worker.run(stop).await }
        });
        let seeker = Arc::new(Worker::new(program.ops.clone(), all.only(dossiers::FIND_LATE)));
        self.keep("late dossiers", move |mut stop| {
            let (seeker, mut past_there) = (seeker.clone(), past_there.clone());
            async move {
                let there = tokio::select! {
                    there = past_there.wait_for(|there| *there) => there.is_ok(),
                    _ = stop.wait_for(|stopped| *stopped) => false,
                };
                if there {
                    seeker.run(stop).await;
                }
            }
        });
        let ops = program.ops.clone();
        self.keep("audit", move |stop| op::audit::keep_sealing(ops.clone(), stop));
    }

    /// Keeps the figures and the memory of addresses small.
    pub(crate) fn keep_up(&mut self, figures: PrometheusHandle, site: Site, pool: PgPool) {
        self.keep("upkeep", move |stop| {
            keep_up(figures.clone(), site.clone(), pool.clone(), stop)
        });
    }

    /// Writes the past of the demonstration, then a few records of each register, while people use the program already; goes on where an earlier start
    /// ended.
    pub(crate) fn write_past(
        &mut self,
        program: &Program,
        (texts, started): (Texts, Instant),
        declared: Sources,
        past_is_there: watch::Sender<bool>,
    ) -> Result<()> {
        let (ops, engines, apps) = (
            program.ops.clone(),
            program.engines_of_the_past()?,
            program.apps.clone(),
        );
        let extent = Extent::of_the_file()?;
        let identity = program.engines.identity.clone();
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let teller = Teller { texts: &texts, started };
            write_past(&teller, &Past::new(&ops, engines, &apps, extent), &ops, &stop).await;
            // Also after a failure: what people do today must be found late.
            past_is_there.send_replace(true);
            fill_registers(&teller, &mut Fill::new(&ops, identity), &declared, &stop).await;
        });
        Ok(())
    }

    /// Waits until all of them have ended.
    pub(crate) async fn ended(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// Runs a task until it ends because it was told to. One that panics is begun again and named in the log: without it the site
    /// would go on, and nobody would notice what is missing.
    fn keep<F, T>(&mut self, name: &'static str, task: F)
    where
        F: Fn(watch::Receiver<bool>) -> T + Send + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let mut stop = self.stop.clone();
        self.tasks.spawn(async move {
            loop {
                let ended = tokio::spawn(task(stop.clone())).await;
                if *stop.borrow() || stop.has_changed().is_err() {
                    return;
                }
                tracing::error!(name, ?ended, "a background task ended and is begun again");
                metrics::counter!("background_restarts", "task" => name).increment(1);
                tokio::select! {
                    () = tokio::time::sleep(AGAIN) => {}
                    _ = stop.changed() => {}
                }
            }
        });
    }
}

async fn write_past(teller: &Teller<'_>, past: &Past<'_>, ops: &Ops, stop: &watch::Receiver<bool>) {
    let told = AtomicUsize::new(0);
    let progress = |done: usize, all: usize| {
        let tenth = done * 10 / all.max(1);
        if tenth > told.fetch_max(tenth, Ordering::Relaxed) {
            teller.say("past.progress", &[("percent", (tenth * 10).to_string())]);
        }
        !*stop.borrow()
    };
    let mut stopped = stop.clone();
    loop {
        match past.write(ops.now(), &progress).await {
            Ok(written) => {
                for case in &written.left {
                    tracing::info!(case, "a case of the past was left as it is");
                }
                if written.whole && told.load(Ordering::Relaxed) > 0 {
                    teller.say("past.done", &[]);
                }
                return;
            }
            // The database is away for a moment: each step that was done is known, so it goes on where it stopped.
            Err(error) if error.kind == FaultKind::Unavailable && !*stop.borrow() => {
                tracing::warn!(%error, "the past of the demonstration waits for the database");
                tokio::select! {
                    () = tokio::time::sleep(AGAIN) => {}
                    _ = stopped.changed() => return,
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the past of the demonstration could not be written; the next start goes on with it");
                return;
            }
        }
    }
}

async fn fill_registers(teller: &Teller<'_>, fill: &mut Fill<'_>, declared: &Sources, stop: &watch::Receiver<bool>) {
    let go_on = |_: &Done, _, _| !*stop.borrow();
    let mut stopped = stop.clone();
    loop {
        match fill.demonstrate(declared, &go_on).await {
            Ok(done) => {
                if done && !*stop.borrow() {
                    teller.say("past.registers", &[]);
                }
                return;
            }
            // The database is away for a moment.
            Err(error) if error.kind == FaultKind::Unavailable && !*stop.borrow() => {
                tracing::warn!(%error, "the registers of the demonstration wait for the database");
                tokio::select! {
                    () = tokio::time::sleep(AGAIN) => {}
                    _ = stopped.changed() => return,
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the registers of the demonstration could not be filled; the next start goes on with it");
                return;
            }
        }
    }
}

async fn keep_up(figures: PrometheusHandle, site: Site, pool: PgPool, mut stop: watch::Receiver<bool>) {
    let mut round = 0;
    while !*stop.borrow() {
        if round % COUNT_JOBS == 0
            && let Ok(jobs) = op::job_counts(&pool).await
        {
            for (state, count) in [
                ("waiting", jobs.waiting),
                ("failing", jobs.failing),
                ("dead", jobs.dead),
            ] {
                metrics::gauge!("op_jobs", "state" => state).set(count as f64);
            }
        }
        round += 1;
        figures.run_upkeep();
        site.forget_idle_addresses();
        tokio::select! {
            () = tokio::time::sleep(UPKEEP) => {}
            _ = stop.changed() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_is_begun_again_and_all_end_when_told() {
        let (stop, stopped) = watch::channel(false);
        let mut background = Background::new(stopped);
        let begun = Arc::new(AtomicU32::new(0));
        let again = Arc::new(tokio::sync::Notify::new());
        let (count, told) = (begun.clone(), again.clone());
        background.keep("broken", move |mut stop| {
            let (count, told) = (count.clone(), told.clone());
            async move {
                assert!(count.fetch_add(1, Ordering::SeqCst) > 0, "the first time it is broken");
                told.notify_one();
                let _ = stop.wait_for(|stopped| *stopped).await;
            }
        });
        again.notified().await;
        stop.send(true).unwrap();
        background.ended().await;
        assert_eq!(begun.load(Ordering::SeqCst), 2);
    }
}
