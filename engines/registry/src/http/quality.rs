//! How good registers are, in the JSON API: figures, reasons, profile, failing records.

use chrono::{DateTime, Utc};
use kernel::Result;
use openid::Openid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{Doc, Door, Routes, Site, Visit};

use super::read::page_request;
use super::{TAG, register};
use crate::definition::RecordDefinition;
use crate::model::{FieldProfile, Figures, Reason, ReasonCount, Sort};
use crate::{FailingQuery, Registry, error};

/// The quality of one register in the overview.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QualityCard {
    /// Its key.
    pub register: String,
    /// Its name in the language of the request.
    pub name: String,
    /// Code of the agency that answers for it, as the declaration names it.
    pub owner: String,
    /// Its newest figures; none while it was never measured.
    pub figures: Option<Figures>,
}

/// The quality of all registers, the worst first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QualityOverview {
    /// Registers that were measured.
    pub measured: usize,
    /// Records of all of them.
    pub records: u64,
    /// Fields of all of them.
    pub fields: u64,
    /// The registers.
    pub items: Vec<QualityCard>,
}

/// A reason with its words.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReasonAnswer {
    /// The reason, and how many records have it.
    #[serde(flatten)]
    pub count: ReasonCount,
    /// What it says, in the language of the request.
    pub message: String,
}

/// The quality of a register.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QualityAnswer {
    /// Its key.
    pub register: String,
    /// The newest figures first, one line a day; none while it was never measured.
    pub trend: Vec<Figures>,
    /// How many records have which reason, by fields that whoever asks may know of.
    pub reasons: Vec<ReasonAnswer>,
    /// What the values are like, by fields that whoever asks may know of.
    pub profile: Vec<FieldProfile>,
    /// Since when it is being measured, if it is.
    pub running: Option<DateTime<Utc>>,
}

/// A record that is not as it should be.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FailingAnswer {
    /// The record (UUID).
    pub record: Uuid,
    /// Why.
    #[serde(flatten)]
    pub reason: Reason,
    /// The same in words, in the language of the request.
    pub message: String,
}

/// A page of failing records.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FailingList {
    /// Those of the newest records first.
    pub items: Vec<FailingAnswer>,
    /// Cursor of the next page, for `after`.
    pub next: Option<String>,
}

/// Nothing more is to be said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureBody {}

/// That a register will be measured.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MeasureAnswer {
    /// Since when it is being measured; nothing while that waits for a worker.
    pub running: Option<DateTime<Utc>>,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid> + Clone + Send + Sync + 'static,
{
    let doc = |id, summary| Doc::new(id, TAG, summary);
    Routes::new()
        .api_get(
            "/api/v1/register-quality",
            Door::Official,
            doc(
                "getRegisterQuality",
                "How good all registers are, the worst first: correct (đúng), complete (đủ), clean (sạch), live (sống), with how many records and fields were counted.",
            ),
            overview,
        )
        .api_get(
            "/api/v1/registers/{register}/quality",
            Door::Official,
            doc(
                "getQuality",
                "How good a register is: figures of the last days, reasons, and what the values of each field are like. Of sealed fields nothing is told but how many are filled in.",
            ),
            show,
        )
        .api_post(
            "/api/v1/registers/{register}/quality/measurement",
            Door::Right("registry.measure"),
            doc(
                "measureQuality",
                "Has a register measured as soon as a worker is free. For the agency that answers for it.",
            ),
            measure,
        )
        .api_get(
            "/api/v1/registers/{register}/failing",
            Door::Official,
            doc(
                "listFailingRecords",
                "Records that are not as they should be, as the last run has found them. `sort`: wrong, rule, missing, old, outlier; `field`; `rule`.",
            )
            .with_query(&["sort", "field", "rule", "after", "limit"]),
            failing,
        )
}

/// A reason in words: those of the rule where the declaration has some, else the general ones.
pub(super) fn words<S: AsRef<Site>>(visit: &Visit<S>, definition: &RecordDefinition, reason: &Reason) -> String {
    let language = visit.locale.tag();
    let texts = visit.site().renderer.texts();
    let none = std::collections::BTreeMap::new();
    match reason.sort {
        Sort::Rule => definition
            .rules
            .iter()
            .find(|rule| rule.rule == reason.rule)
            .map(|rule| rule.words.in_language(language).to_owned())
            .unwrap_or_default(),
        Sort::Wrong | Sort::Missing => {
            texts.get(visit.locale, &format!("registers_quality.rule.{}", reason.rule), &none)
        }
        Sort::Old | Sort::Outlier => texts.get(
            visit.locale,
            &format!("registers_quality.sort_one.{}", reason.sort.as_str()),
            &none,
        ),
    }
}

async fn overview<S>(visit: Visit<S>) -> Result<QualityOverview>
where
    S: AsRef<Site> + AsRef<Registry>,
{
    let registry: &Registry = visit.state.as_ref();
    let mut op = visit.look().await?;
    let lines = registry.quality_overview(&mut op).await?;
    let measured: Vec<&Figures> = lines.iter().filter_map(|line| line.figures.as_ref()).collect();
    Ok(QualityOverview {
        measured: measured.len(),
        records: measured.iter().map(|figures| figures.records).sum(),
        fields: measured.iter().map(|figures| u64::from(figures.fields)).sum(),
        items: lines
            .iter()
            .map(|line| {
                let definition = &line.published.definition;
                QualityCard {
                    register: definition.record.clone(),
                    name: definition.words.in_language(visit.locale.tag()).to_owned(),
                    owner: definition.owner.clone(),
                    figures: line.figures.clone(),
                }
            })
            .collect(),
    })
}

async fn show<S>(visit: Visit<S>) -> Result<QualityAnswer>
where
    S: AsRef<Site> + AsRef<Registry>,
{
    let registry: &Registry = visit.state.as_ref();
    let mut op = visit.look().await?;
    let quality = registry.quality(&mut op, &register(&visit)).await?;
    let definition = &quality.published.definition;
    let reason = |count: ReasonCount| ReasonAnswer {
        message: words(&visit, definition, &count.reason),
        count,
    };
    Ok(QualityAnswer {
        register: definition.record.clone(),
        trend: quality.trend,
        reasons: quality.reasons.into_iter().map(reason).collect(),
        profile: quality.profile,
        running: quality.running,
    })
}

async fn measure<S>(visit: Visit<S>, _: MeasureBody) -> Result<MeasureAnswer>
where
    S: AsRef<Site> + AsRef<Registry>,
{
    let registry: &Registry = visit.state.as_ref();
    let mut op = visit.op().await?;
    registry.measure(&mut op, &register(&visit)).await?;
    let running = registry.quality(&mut op, &register(&visit)).await?.running;
    op.commit().await?;
    Ok(MeasureAnswer { running })
}

async fn failing<S>(visit: Visit<S>) -> Result<FailingList>
where
    S: AsRef<Site> + AsRef<Registry>,
{
    let registry: &Registry = visit.state.as_ref();
    let sort = |word: &str| Sort::parse(word).ok_or_else(|| error::bad_filter("sort"));
    let query = FailingQuery {
        sort: visit.query("sort").map(sort).transpose()?,
        field: visit.query("field").map(str::to_owned),
        rule: visit.query("rule").map(str::to_owned),
    };
    let mut op = visit.look().await?;
    let page = registry
        .failing(&mut op, &register(&visit), &query, &page_request(&visit)?)
        .await?;
    let definition = registry.register(&mut op, &register(&visit)).await?.definition;
    Ok(FailingList {
        items: page
            .items
            .into_iter()
            .map(|row| FailingAnswer {
                message: words(&visit, &definition, &row.reason),
                record: row.record,
                reason: row.reason,
            })
            .collect(),
        next: page.next,
    })
}
