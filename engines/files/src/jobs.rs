//! The sweep: what nobody refers to goes after a day.

use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Actor, Result};
use op::{Jobs, Ops};

use crate::{Files, error, store};

/// The kind of job.
const SWEEP: &str = "files.sweep";
/// How long content without a row is left alone.
const GRACE: TimeDelta = TimeDelta::days(1);
/// Contents looked at in one query.
const BATCH: i64 = 500;

/// What one sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Contents, with or without a row of their own, that no file had.
    pub contents: u64,
    /// Uploads that never ended.
    pub unfinished: u64,
}

/// Registers `files.sweep`, once a day.
pub fn register(jobs: &mut Jobs, files: &Files) {
    let files = files.clone();
    jobs.outside(SWEEP, move |ops, _job| {
        let files = files.clone();
        Box::pin(async move {
            let swept = files.sweep(ops).await?;
            tracing::info!(swept.contents, swept.unfinished, "swept the file store");
            Ok(())
        })
    });
    jobs.every(TimeDelta::days(1), SWEEP);
}

impl Files {
    /// Removes content without files, and unfinished uploads, older than a day. Content that is being stored now is left alone.
    pub async fn sweep(&self, ops: &Ops) -> Result<Swept> {
        let before = ops.now() - GRACE;
        let mut swept = Swept {
            unfinished: self.drop_unfinished(before).await?,
            contents: 0,
        };
        loop {
            let mut op = ops.open(Actor::System("files")).await?;
            let unused = store::unused(op.conn(), before, BATCH).await?;
            drop(op);
            let mut removed = 0;
            for sha256 in &unused {
                removed += u64::from(self.discard(ops, sha256, before).await?);
            }
            swept.contents += removed;
            if removed == 0 {
                break;
            }
        }
        for batch in self.settled_before(before).await? {
            let mut op = ops.open(Actor::System("files")).await?;
            let unknown = store::unknown(op.conn(), &batch).await?;
            drop(op);
            for sha256 in &unknown {
                swept.contents += u64::from(self.discard(ops, sha256, before).await?);
            }
        }
        Ok(swept)
    }

    /// Row and content of one address, under its exclusive lock.
    async fn discard(&self, ops: &Ops, sha256: &str, before: DateTime<Utc>) -> Result<bool> {
        let mut op = ops.open(Actor::System("files")).await?;
        if !store::try_lock(op.conn(), sha256).await? || !store::delete_unused(op.conn(), sha256, before).await? {
            return Ok(false);
        }
        let disk = self.disk.clone();
        let address = sha256.to_owned();
        tokio::task::spawn_blocking(move || disk.remove(&address))
            .await
            .map_err(error::task)?
            .map_err(error::disk)?;
        op.commit().await?;
        Ok(true)
    }

    async fn drop_unfinished(&self, before: DateTime<Utc>) -> Result<u64> {
        let disk = self.disk.clone();
        let before: SystemTime = before.into();
        tokio::task::spawn_blocking(move || disk.drop_unfinished(before))
            .await
            .map_err(error::task)?
            .map_err(error::disk)
    }

    async fn settled_before(&self, before: DateTime<Utc>) -> Result<Vec<Vec<String>>> {
        let disk = self.disk.clone();
        let before: SystemTime = before.into();
        tokio::task::spawn_blocking(move || disk.settled_before(before))
            .await
            .map_err(error::task)?
            .map_err(error::disk)
    }
}
