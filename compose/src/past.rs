//! The past of a demonstration: dossiers of the last months, played through the real verbs at moments that are over.
//!
//! A seed makes a plan: who hands in what, when, and what officials do with it. The plan is the same whenever it is made again,
//! because the moment at which the past ends is kept; a day off that an administrator enters between an interruption and the next
//! start makes another plan, and cases may then be left half done. Each step is one operation under a key of its own, so that whoever is
//! interrupted goes on where they stopped. Cases of one agency are played in order of time, the numbers of its codes and papers
//! follow from that. A case in which somebody of today was faster is left to them.

mod answers;
mod cast;
pub(crate) mod dice;
mod facts;
mod moments;
mod plan;
mod tale;
mod today;
mod words;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use kernel::{Fault, Result, WorkingCalendar};

use crate::apps::App;
use crate::province::tables::{self, DemoFile};
use cast::{Cast, Office};
use moments::Moments;
use words::{CaseWords, PastFile};

pub(crate) use write::is_half_written;
pub use write::{Past, Watch, Written};

/// How much past there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// Dossiers, those that run today among them.
    pub dossiers: u32,
    /// Days before the end of the past.
    pub within_days: u32,
}

impl Extent {
    /// As `demo.yaml` says.
    pub fn of_the_file() -> Result<Self> {
        let demo: DemoFile = tables::yaml("hau-giang/demo.yaml")?;
        Ok(Self {
            dossiers: demo.counts.past_dossiers,
            within_days: demo.past_dossiers.within_days,
        })
    }
}

/// Everything from which the plan is made.
struct Stage<'a> {
    apps: &'a [App],
    cast: Cast,
    file: PastFile,
    moments: Moments,
    /// Shares of the outcome, in percent.
    shares: BTreeMap<String, u32>,
    seed: u64,
}

fn nobody(office: &str) -> Fault {
    Fault::internal("compose.table_broken").with("reason", format!("{office}: nobody left"))
}

impl<'a> Stage<'a> {
    fn new(apps: &'a [App], calendar: Arc<WorkingCalendar>, until: DateTime<Utc>, within_days: u32) -> Result<Self> {
        let demo: DemoFile = tables::yaml("hau-giang/demo.yaml")?;
        let file: PastFile = tables::yaml("hau-giang/past.yaml")?;
        let mut online = apps.iter().filter(|app| app.procedure.is_some());
        if let Some(app) = online.find(|app| !file.words.contains_key(&app.key)) {
            return Err(Fault::internal("compose.table_broken").with("reason", &app.key));
        }
        Ok(Self {
            apps,
            cast: Cast::read()?,
            file,
            moments: Moments::new(calendar, until, within_days),
            shares: demo.past_dossiers.outcome,
            seed: demo.seed,
        })
    }

    fn app(&self, key: &str) -> Result<&'a App> {
        let found = self.apps.iter().find(|app| app.key == key);
        found.ok_or_else(|| Fault::internal("compose.table_broken").with("reason", key))
    }

    fn words(&self, app: &App) -> &CaseWords {
        // Looked at when the stage was made.
        &self.file.words[&app.key]
    }

    fn district(&self, code: &str) -> Result<&Office> {
        let found = self.cast.districts.iter().find(|office| office.code == code);
        found.ok_or_else(|| nobody(code))
    }
}
