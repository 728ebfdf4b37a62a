//! How good a register is: đúng, đủ, sạch, sống (R264, R266, R280, R281). It is measured every day and when the owner asks.

mod jobs;
mod references;
mod run;

use chrono::{DateTime, Utc};
use db::{Page, PageRequest, cursor};
use kernel::{AgencyId, Result};
use op::{Entry, NewJob, Op};
use serde_json::json;
use uuid::Uuid;

use crate::model::{FieldProfile, Figures, Reason, ReasonCount, Sort};
use crate::store::quality::{After, Wanted};
use crate::{Published, Registry, access, store};

pub(crate) use jobs::{LEAD_ON, register_jobs};

/// Days of the trend that are shown.
const TREND: i64 = 30;

/// How good a register is, as far as whoever asks sees it.
#[derive(Debug, Clone)]
pub struct Quality {
    /// The register.
    pub published: Published,
    /// The agency that answers for it today.
    pub owner: AgencyId,
    /// Whether whoever asks may have it measured now.
    pub measures: bool,
    /// Whether whoever asks may merge its records.
    pub merges: bool,
    /// The newest figures first, one line a day; none while it was never measured.
    pub trend: Vec<Figures>,
    /// How many records have which reason.
    pub reasons: Vec<ReasonCount>,
    /// What the values are like.
    pub profile: Vec<FieldProfile>,
    /// Since when it is being measured, if it is.
    pub running: Option<DateTime<Utc>>,
}

/// One line of the overview.
#[derive(Debug, Clone)]
pub struct QualityLine {
    /// The register.
    pub published: Published,
    /// Its newest figures; none while it was never measured.
    pub figures: Option<Figures>,
}

/// A record that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// The record.
    pub record: Uuid,
    /// Why.
    pub reason: Reason,
}

/// Which failing records are wanted; what is not named does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailingQuery {
    /// Of one sort.
    pub sort: Option<Sort>,
    /// At one field.
    pub field: Option<String>,
    /// By one rule.
    pub rule: Option<String>,
}

impl Registry {
    /// How good all registers are, the worst first; then those that are good, then those that were never measured or have no record.
    ///
    /// # Errors
    /// `registry.not_allowed`.
    pub async fn quality_overview(&self, op: &mut Op) -> Result<Vec<QualityLine>> {
        let all = self.registers(op).await?;
        let mut newest = store::quality::newest(op.conn()).await?;
        let mut lines: Vec<QualityLine> = all
            .into_iter()
            .map(|published| {
                let figures = newest.remove(&published.definition.record);
                QualityLine { published, figures }
            })
            .collect();
        // Sorting keeps the Vietnamese order among equals.
        lines.sort_by_key(|line| line.figures.as_ref().and_then(Figures::worst).unwrap_or(u64::MAX));
        Ok(lines)
    }

    /// How good a register is: figures, trend, reasons, profile. What is told of fields is that of those that the reader sees.
    ///
    /// # Errors
    /// `registry.not_found` {register}.
    pub async fn quality(&self, op: &mut Op, register: &str) -> Result<Quality> {
        let seen = self.seen(op, register).await?;
        op.allow(
            "registry.read",
            &format!("register:{register}"),
            access::measured(register, seen.standing, &seen.sight),
        )
        .await?;
        let trend = store::quality::trend(op.conn(), register, TREND).await?;
        let visible =
            |field: &str| field.is_empty() || seen.sight.plain.contains(field) || seen.sight.sealed.contains(field);
        let mut reasons = store::quality::reasons(op.conn(), register).await?;
        reasons.retain(|count| visible(&count.reason.field));
        reasons.sort_by_key(|count| std::cmp::Reverse(count.records));
        let mut profile = store::quality::profile(op.conn(), register).await?;
        profile.retain(|field| visible(&field.field));
        let owner = self.identity().agency_in_charge(op, seen.published.owner).await?.id;
        let own = |action| access::own(op.rights(), action, seen.standing).is_allowed();
        Ok(Quality {
            owner,
            measures: own("registry.measure"),
            merges: own("registry.merge"),
            trend,
            reasons,
            profile,
            running: store::quality::begun(op.conn(), register).await?,
            published: seen.published,
        })
    }

    /// Records that are not as they should be, those of the newest first; as the last run has found them.
    ///
    /// # Errors
    /// `registry.not_found` {register}, `db.bad_cursor`.
    pub async fn failing(
        &self,
        op: &mut Op,
        register: &str,
        query: &FailingQuery,
        page: &PageRequest,
    ) -> Result<Page<Failing>> {
        let seen = self.seen(op, register).await?;
        op.allow(
            "registry.read",
            &format!("register:{register}"),
            access::measured(register, seen.standing, &seen.sight),
        )
        .await?;
        let wanted = Wanted {
            sort: query.sort,
            field: query.field.as_deref(),
            rule: query.rule.as_deref(),
            visible: seen.sight.plain.iter().chain(&seen.sight.sealed).cloned().collect(),
        };
        let after = page.after.as_deref().map(cursor::decode).transpose()?;
        let found = store::quality::failing(op.conn(), register, &wanted, after, page.probe()).await?;
        let found = found.into_iter().map(|(record, reason)| Failing { record, reason });
        Ok(Page::cut(found.collect(), page, |row: &Failing| After {
            record: row.record,
            sort: row.reason.sort.as_str().to_owned(),
            field: row.reason.field.clone(),
            rule: row.reason.rule.clone(),
        }))
    }

    /// Has a register measured as soon as a worker is free. The owner. While it is being measured already, nothing more happens.
    ///
    /// # Errors
    /// `registry.not_found` {register}, `registry.not_allowed`.
    pub async fn measure(&self, op: &mut Op, register: &str) -> Result<()> {
        let seen = self.seen(op, register).await?;
        let subject = format!("register:{register}");
        op.allow(
            "registry.measure",
            &subject,
            access::own(op.rights(), "registry.measure", seen.standing),
        )
        .await?;
        let job = NewJob::new(jobs::BEGIN, json!({ "register": register }));
        let now = op.now();
        op.enqueue(job.once(format!("{}:{register}", jobs::BEGIN)).at(now))
            .await?;
        op.record(Entry::new("registry.measure_asked", subject)).await
    }
}
