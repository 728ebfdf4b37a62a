//! Bringing a file in (nhập dữ liệu): it is taken in, its columns are matched, its first rows are shown with what is wrong; then it is read
//! in pieces in the background. Good rows go in, bad ones come out again.

mod bad;
mod carry;
mod cells;
mod decide;
mod forget;
mod keys;
mod look;
mod mapping;
mod preview;
mod source;
mod start;
mod upload;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{Fault, FieldFault, PersonId, Result};
use op::{Jobs, Op, Permit};
use render::{Locale, Params, Texts};
use serde::Serialize;
use serde_json::{Value, json};
use tabular::Format;
use uuid::Uuid;

use crate::definition::RecordDefinition;
use crate::published::Seen;
use crate::store::import::ImportRow;
use crate::{Registry, access, error};

pub use bad::BadRows;
pub(crate) use carry::Ahead;
#[cfg(test)]
pub(crate) use cells::value as cell_value;
pub use decide::Verdict;
pub use mapping::{Choice, Known, Match, Target, control};
pub use preview::{Column, Preview, PreviewRow};
pub use source::MOST_BYTES as MOST_IMPORT_BYTES;
pub(crate) use source::Source;
pub(crate) use upload::AT_ONCE;
pub use upload::Arrived;

/// The kind of the job that reads one piece.
pub const JOB: &str = "registry.import";
/// The kind of the job that forgets what is old.
pub const FORGET: &str = "registry.forget_imports";

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The file is there; what its columns are is to be confirmed.
    Mapping,
    /// It waits for somebody who approves it.
    Asked,
    /// It waits for its turn.
    Waiting,
    /// It is being read.
    Running,
    /// The whole file was read.
    Done,
    /// Somebody has stopped it, or whoever imports may not any more.
    Stopped,
    /// It cannot be read further.
    Broken,
    /// Whoever approves has refused it.
    Refused,
}

impl State {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mapping => "mapping",
            Self::Asked => "asked",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Broken => "broken",
            Self::Refused => "refused",
        }
    }

    fn parse(word: &str) -> Result<Self> {
        let all = [
            Self::Mapping,
            Self::Asked,
            Self::Waiting,
            Self::Running,
            Self::Done,
            Self::Stopped,
            Self::Broken,
            Self::Refused,
        ];
        all.into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| error::broken_row("import state"))
    }

    /// Whether nothing more happens to it.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Stopped | Self::Broken | Self::Refused)
    }

    /// Whether it is read, or will be.
    pub fn goes_on(self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}

/// An import.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// Its number.
    pub id: Uuid,
    /// The register.
    pub register: String,
    /// The name of the file.
    pub file_name: String,
    /// Its bytes.
    pub file_size: u64,
    /// SHA-256 of its content.
    pub file_sha256: String,
    /// Its format.
    pub format: Format,
    /// The sheet that is read, where it was named.
    pub sheet: String,
    /// The sheets of the workbook.
    pub sheets: Vec<String>,
    /// The headings.
    pub headings: Vec<String>,
    /// What the columns are, once that was said.
    pub mapping: Vec<Target>,
    /// The first day of rows that say nothing of it.
    pub valid_from: NaiveDate,
    /// Whoever has brought it.
    pub started_by: PersonId,
    /// Their name.
    pub started_name: String,
    /// When.
    pub started_at: DateTime<Utc>,
    /// How far it is.
    pub state: State,
    /// Rows that were read.
    pub rows: u64,
    /// Of a hundred, how much of the file was read; nothing where that cannot be told.
    pub percent: Option<u8>,
    /// New records.
    pub created: u64,
    /// Records that are otherwise now.
    pub changed: u64,
    /// Rows that said what was known.
    pub unchanged: u64,
    /// Rows that were handed back.
    pub bad: u64,
    /// When somebody was asked to approve it.
    pub asked_at: Option<DateTime<Utc>>,
    /// Name of whoever decided on it.
    pub decided_name: String,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was handed back or refused.
    pub note: String,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it ended before the file did.
    pub what: Option<FieldFault>,
}

impl Import {
    fn of(definition: &RecordDefinition, row: ImportRow) -> Result<Self> {
        let format = crate::export::format_of(&row.format).map_err(|_| error::broken_row("import format"))?;
        let state = State::parse(&row.state)?;
        let size = row.file_size.unsigned_abs();
        // A workbook is read here and there: how far tells nothing.
        let percent = match (state, format) {
            (State::Done, _) => Some(100),
            (_, Format::Xlsx) => None,
            _ => u8::try_from((row.read_bytes.unsigned_abs() * 100 / size.max(1)).min(99)).ok(),
        };
        Ok(Self {
            id: row.id,
            register: row.register,
            file_name: row.file_name,
            file_size: size,
            file_sha256: row.file_sha256,
            format,
            sheet: row.sheet,
            sheets: row.sheets,
            headings: row.headings,
            mapping: targets(definition, &row.mapping),
            valid_from: row.valid_from,
            started_by: PersonId::from(row.started_by),
            started_name: row.started_name,
            started_at: row.started_at,
            state,
            rows: row.done_rows.unsigned_abs(),
            percent,
            created: row.created.unsigned_abs(),
            changed: row.changed.unsigned_abs(),
            unchanged: row.unchanged.unsigned_abs(),
            bad: row.bad.unsigned_abs(),
            asked_at: row.asked_at,
            decided_name: row.decided_name,
            decided_at: row.decided_at,
            note: row.note,
            ended_at: row.ended_at,
            what: row.what.as_ref().and_then(|what| fault_of(&what.0)),
        })
    }
}

/// Targets as they were kept. What the register has no more is not read.
fn targets(definition: &RecordDefinition, keys: &[String]) -> Vec<Target> {
    keys.iter()
        .map(|key| Target::parse(definition, key).unwrap_or(Target::Nothing))
        .collect()
}

/// A fault, for keeping.
fn keep_fault(field: &str, code: &str, params: &Params) -> Value {
    json!({ "field": field, "code": code, "params": params })
}

/// A fault that was kept.
fn fault_of(kept: &Value) -> Option<FieldFault> {
    let text = |key: &str| kept.get(key).and_then(Value::as_str);
    let mut fault = FieldFault::new(text("field")?, text("code")?);
    for (key, value) in kept.get("params").and_then(Value::as_object)? {
        fault.params.insert(key.clone(), value.as_str()?.to_owned());
    }
    Some(fault)
}

/// The subject of audit entries: `import:<register>/<id>`.
fn subject(register: &str, import: Uuid) -> String {
    format!("import:{register}/{import}")
}

/// Headings that are no fields, as texts call them in both languages.
pub fn known(texts: &Texts) -> Known {
    let both = |key: &str| {
        [Locale::Vi, Locale::En]
            .map(|locale| texts.get(locale, &format!("registers_files.column.{key}"), &Params::new()))
            .to_vec()
    };
    Known {
        valid_from: both("valid_from"),
        valid_to: both("valid_to"),
        own: [both("row"), both("reasons")].concat(),
    }
}

impl Registry {
    /// What whoever imports sees of a register; others are refused.
    async fn importing(&self, op: &mut Op, register: &str) -> Result<(Seen, Permit)> {
        let seen = self.seen(op, register).await?;
        let permit = op
            .allow(
                "registry.import",
                &format!("register:{register}"),
                access::own(op.rights(), "registry.import", seen.standing),
            )
            .await?;
        Ok((seen, permit))
    }

    fn files(&self) -> Result<&files::Files> {
        self.file_store().ok_or_else(|| Fault::internal("registry.no_files"))
    }
}

/// Registers the work on imports.
pub fn register(jobs: &mut Jobs, registry: &Registry) {
    let carrier = registry.clone();
    jobs.outside(JOB, move |ops, job| {
        let registry = carrier.clone();
        Box::pin(async move { registry.carry(ops, job).await })
    });
    let forgetter = registry.clone();
    jobs.outside(FORGET, move |ops, _| {
        let registry = forgetter.clone();
        Box::pin(async move { registry.forget_imports(ops).await })
    });
    jobs.every(chrono::TimeDelta::days(1), FORGET);
}
