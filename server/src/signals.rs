//! SIGINT and SIGTERM.

use std::time::Duration;

use anyhow::Result;
use tokio::{signal::unix, sync::watch};

/// How long an orderly end may take before it is cut short.
const ORDERLY: Duration = Duration::from_secs(10);

/// What has been signalled so far.
#[derive(Clone)]
pub(crate) struct Signals {
    count: watch::Receiver<u32>,
    stop: watch::Receiver<bool>,
}

impl Signals {
    /// Listens from now on, for every signal and not for the first one only.
    pub(crate) fn listen() -> Result<Self> {
        let (counting, count) = watch::channel(0);
        let (stopping, stop) = watch::channel(false);
        let mut interrupt = unix::signal(unix::SignalKind::interrupt())?;
        let mut terminate = unix::signal(unix::SignalKind::terminate())?;
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                counting.send_modify(|count| *count += 1);
                stopping.send_replace(true);
            }
        });
        Ok(Self { count, stop })
    }

    /// Becomes true with the first signal.
    pub(crate) fn stop(&self) -> watch::Receiver<bool> {
        self.stop.clone()
    }

    /// The outcome of `work`, or none where a signal came first; what was begun is then undone.
    pub(crate) async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.after(1) => None,
        }
    }

    /// Does `work` to its end. After the first signal it has some seconds; the second one ends it at once. Whether it ended by itself.
    pub(crate) async fn in_order(&self, work: impl Future<Output = ()>) -> bool {
        let cut_short = async {
            self.after(1).await;
            tokio::select! {
                () = tokio::time::sleep(ORDERLY) => {}
                () = self.after(2) => {}
            }
        };
        tokio::select! {
            () = work => true,
            () = cut_short => false,
        }
    }

    async fn after(&self, signals: u32) {
        let mut count = self.count.clone();
        if count.wait_for(|count| *count >= signals).await.is_err() {
            // Nobody listens any more: no signal will come.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signals() -> (watch::Sender<u32>, Signals) {
        let (counting, count) = watch::channel(0);
        let (_, stop) = watch::channel(false);
        (counting, Signals { count, stop })
    }

    #[tokio::test]
    async fn a_start_ends_with_the_first_signal() {
        let (counting, signals) = signals();
        assert_eq!(signals.unless_stopped(async { 7 }).await, Some(7));
        counting.send_replace(1);
        assert_eq!(signals.unless_stopped(std::future::pending::<i32>()).await, None);
    }

    #[tokio::test]
    async fn an_orderly_end_is_cut_short_by_the_second_signal() {
        let (counting, signals) = signals();
        assert!(signals.in_order(async {}).await);
        counting.send_replace(2);
        assert!(!signals.in_order(std::future::pending()).await);
    }
}
