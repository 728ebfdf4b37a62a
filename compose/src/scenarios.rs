//! Scenarios of a system: who does what, and what then is true. Declared in `scenarios/<name>.yaml`, played against a real
//! database by the tests.
//!
//! ```yaml
//! format: 1
//! shows: [R078]                      # requirements that the scenario shows
//! begins: "2026-03-02 08:00"         # local time
//! people:                            # sign-in names of the demonstration
//!   mother: congdan
//!   clerk: motcua.ngabay
//! steps:
//!   - submit: { by: mother, answers: { relation: mother, … }, papers: { birth_proof: 1 } }
//!   - expect: { status: 1, inbox: { clerk: [receive] } }
//!   - wait: "2026-03-02 09:30"
//!   - act: { by: clerk, task: receive, outcome: accept }
//!   - act: { by: clerk, task: receive, outcome: accept }
//!     fails: workflow.task_taken       # the step must be turned away with this code
//! ```

mod play;
mod read;
mod run;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, NaiveDateTime};
use dossiers::definition::ProcedureDefinition;
use dossiers::model::SupplementKind;
use forms::definition::FormDefinition;
use serde_json::Value;
use workflow::Definition;

pub use play::{Case, Player};
pub use run::{run, run_part};

/// A played example.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its name, that of the file.
    pub name: String,
    /// The requirements that it shows.
    pub shows: Vec<String>,
    /// When it begins, local time.
    pub begins: NaiveDateTime,
    /// Who takes part: a name in the scenario, and the sign-in name in the demonstration.
    pub people: BTreeMap<String, String>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Where it is written, `file:line:column`.
    pub place: String,
    /// What is done or expected.
    pub what: What,
    /// The fault code with which it must be turned away.
    pub fails: Option<String>,
}

/// What is done or expected.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A citizen fills in the form, adds papers and submits.
    Submit(Submit),
    /// A clerk does so at the counter for somebody else.
    TakeIn(Submit),
    /// An official takes a step before doing it (nhận việc).
    Claim {
        /// Who.
        by: String,
        /// The step.
        task: String,
    },
    /// An official does a step of the process.
    Act(Act),
    /// The applicant supplies what was asked for.
    Supply(Supply),
    /// The applicant withdraws.
    Withdraw {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// An official apologises for a late result and names a new day.
    Apologise {
        /// Who.
        by: String,
        /// Why it is late.
        reason: String,
        /// The new day.
        new_day: NaiveDate,
    },
    /// An official records a payment.
    Pay {
        /// Who.
        by: String,
        /// The key of the fee.
        fee: String,
        /// Number of the receipt.
        receipt: Option<String>,
    },
    /// The applicant rates.
    Rate {
        /// Who.
        by: String,
        /// 1 to 5.
        score: i16,
        /// A word to it.
        comment: String,
    },
    /// Time passes until this local moment. What falls due meanwhile is done.
    Wait(NaiveDateTime),
    /// What must be true now.
    Expect(Expect),
}

impl What {
    /// Who does it; nobody waits or expects.
    pub fn by(&self) -> Option<&str> {
        match self {
            Self::Submit(Submit { by, .. })
            | Self::TakeIn(Submit { by, .. })
            | Self::Claim { by, .. }
            | Self::Act(Act { by, .. })
            | Self::Supply(Supply { by, .. })
            | Self::Withdraw { by, .. }
            | Self::Apologise { by, .. }
            | Self::Pay { by, .. }
            | Self::Rate { by, .. } => Some(by),
            Self::Wait(_) | Self::Expect(_) => None,
        }
    }
}

/// A form filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Submit {
    /// Who.
    pub by: String,
    /// Answers by field: text, number, yes or no, date, a list, or `{ ward, detail }` for an address.
    pub answers: BTreeMap<String, Value>,
    /// How many files each paper gets.
    pub papers: BTreeMap<String, u32>,
}

/// A step of the process done.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Act {
    /// Who.
    pub by: String,
    /// The step.
    pub task: String,
    /// The choice.
    pub outcome: String,
    /// A word to it.
    pub note: String,
    /// Papers that do not fit; all others are found to fit.
    pub unfit: Vec<String>,
    /// What is asked for with the outcome `supplement`.
    pub ask: Vec<Ask>,
    /// Why there is a second round of supplements.
    pub reason: String,
    /// Keys of the reasons with the outcome `refuse`.
    pub refusal_reasons: Vec<String>,
    /// What the step enters for the result, by field.
    pub facts: BTreeMap<String, Value>,
}

/// One thing that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// A paper or an answer.
    pub kind: SupplementKind,
    /// Its key.
    pub key: String,
    /// What is wrong with it.
    pub what: String,
}

/// What is supplied.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Supply {
    /// Who.
    pub by: String,
    /// Answers by field.
    pub answers: BTreeMap<String, Value>,
    /// How many files each paper gets.
    pub papers: BTreeMap<String, u32>,
    /// A word to it.
    pub note: String,
}

/// What must be true. What is not named may be anything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expect {
    /// The status, 1 to 10 (trạng thái hồ sơ).
    pub status: Option<i16>,
    /// The plain word of it.
    pub plain: Option<String>,
    /// When it is due, local time.
    pub due: Option<NaiveDateTime>,
    /// Whether it is late.
    pub late: Option<bool>,
    /// For officials: the steps of this case in their work list, in any order.
    pub inbox: BTreeMap<String, BTreeSet<String>>,
    /// For anybody: kinds of messages that must be in the box.
    pub notices: BTreeMap<String, BTreeSet<String>>,
    /// The kinds of documents that were issued so far, in any order.
    pub documents: Option<BTreeSet<String>>,
}

/// What a scenario may name.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) form: &'a FormDefinition,
    pub(crate) process: &'a Definition,
    pub(crate) procedure: &'a ProcedureDefinition,
    pub(crate) refusal_reasons: &'a BTreeSet<String>,
}
