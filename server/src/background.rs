//! What runs beside the requests until the program is told to stop.

use std::{sync::Arc, time::Duration};

use metrics_exporter_prometheus::PrometheusHandle;
use op::Worker;
use sqlx::PgPool;
use tokio::{sync::watch, task::JoinSet};
use web::Site;

use crate::house::{self, Program};

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

    /// Carries out jobs and seals the audit trail.
    pub(crate) fn work(&mut self, program: &Program, pool: &PgPool) {
        let worker = Arc::new(Worker::new(program.ops.clone(), program.engines.jobs()));
        self.keep("jobs", move |stop| {
            let worker = worker.clone();
            async move { worker.run(stop).await }
        });
        let pool = pool.clone();
        self.keep("audit", move |stop| op::audit::keep_sealing(pool.clone(), stop));
    }

    /// Keeps the figures and the memory of addresses small.
    pub(crate) fn keep_up(&mut self, figures: PrometheusHandle, site: Site, pool: PgPool) {
        self.keep("upkeep", move |stop| {
            keep_up(figures.clone(), site.clone(), pool.clone(), stop)
        });
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
