//! What a system may declare here: `dossiers/procedure.yaml`, how a procedure is carried out online.

mod answers;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use files::{Accept, Kind};
use forms::definition::FormDefinition;
use kernel::{AgencyCode, Deadline, Fault, IntakeRule, Money, ProcedureCode, Result, ResultTypeCode};
use schema::feel::{Expression, Scope, Value};
use serde::{Deserialize, Serialize};

use crate::catalogue::{Channel, Level};

pub use answers::scope;

/// The newest grammar that is read.
pub const FORMAT: u32 = 1;

/// A procedure that is carried out online. Everything that names an answer was checked against the form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProcedureDefinition {
    /// Code of the procedure (mã thủ tục hành chính).
    pub code: ProcedureCode,
    /// Level of the agency that receives.
    pub level: Level,
    /// How much of it is online (R068).
    pub online: Online,
    /// Whom it serves.
    pub audience: Vec<Audience>,
    /// How it may be handed in (R070).
    pub channels: Vec<Channel>,
    /// Name of the form in the same system.
    pub form: String,
    /// Id of the process in the same system.
    pub process: String,
    /// The step whose outcome [`ACCEPT`] is the reception: status 2 and form 01.
    pub intake_task: String,
    /// The step that hands the result over: status 10.
    pub return_task: String,
    /// Which agency receives.
    pub receiving: AgencyRule,
    /// Which agency decides.
    pub handling: AgencyRule,
    /// Further agencies that the process names.
    pub agencies: BTreeMap<String, AgencyRule>,
    /// What comes late on a day.
    pub intake: IntakeRule,
    /// The deadlines; the first that applies counts.
    pub deadlines: Vec<DeadlineRule>,
    /// The papers (thành phần hồ sơ).
    pub papers: Vec<PaperRule>,
    /// The fees (phí, lệ phí).
    pub fees: Vec<FeeRule>,
    /// What officials enter at steps, for the result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FactsRule>,
    /// What comes out.
    pub result: ResultRule,
    /// Which answers say who the applicant is.
    pub applicant: ApplicantFields,
    /// Answers that stand in the title of a case, after the short name of the procedure.
    pub title: Vec<String>,
}

/// The outcome by which the clerk takes a dossier in.
pub const ACCEPT: &str = "accept";
/// The outcome that asks for supplements. It does not complete the step: the process sleeps.
pub const SUPPLEMENT: &str = "supplement";
/// The outcome that refuses.
pub const REFUSE: &str = "refuse";

/// How much of a procedure is online (mức độ dịch vụ công trực tuyến).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Online {
    /// Toàn trình.
    Full,
    /// Một phần.
    Partial,
}

/// Whom a procedure serves: the two halves of the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Công dân.
    Citizen,
    /// Doanh nghiệp, hộ kinh doanh, tổ chức.
    Business,
}

/// How an agency is found for a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgencyRule {
    /// The agency of the level for the ward in an answer: the ward's own, its district's, or that of the province.
    Area {
        /// A field of type `area`, or of type `address` within the province: it always has a ward.
        field: String,
        /// The level.
        level: Level,
    },
    /// Always this one.
    Fixed(AgencyCode),
    /// The one that `receiving` finds.
    Receiving,
}

/// A deadline (thời hạn giải quyết) and when it applies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeadlineRule {
    /// Applies where it is true; always if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Expression>,
    /// The length.
    pub length: Deadline,
}

/// A paper and when it must be there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaperRule {
    /// Its key, also in the form and in the texts.
    pub paper: String,
    /// When it must be handed in; `true` and `false` are expressions too.
    pub required: Expression,
    /// The most files, from 1.
    pub most_files: u32,
    /// The kinds of file that are taken.
    pub accept: Vec<FileKind>,
}

/// A kind of file as the declaration writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of the kinds of files")]
pub enum FileKind {
    Jpeg,
    Png,
    Pdf,
    Docx,
    Xlsx,
}

/// A fee and when it is due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeeRule {
    /// Its key, also in the texts.
    pub fee: String,
    /// The amount in whole đồng.
    pub amount: Expression,
    /// Due where it is true; always if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Expression>,
    /// When it is collected.
    pub collect: Collect,
}

/// What an official enters at a step: what the law has looked up or entered there and the result shows (số liệu ghi vào kết quả).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FactsRule {
    /// The steps at which it can be entered.
    pub tasks: Vec<String>,
    /// The outcomes with which everything that is required must be there. With others what is there is kept.
    pub outcomes: Vec<String>,
    /// The questions, over the answers of the case.
    pub form: FormDefinition,
}

/// When a fee is collected (hình thức thu).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Collect {
    /// Before work begins.
    AtIntake,
    /// When the result is handed over.
    AtReturn,
}

/// What comes out (kết quả).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultRule {
    /// Name of the document template in the same system.
    pub document: String,
    /// Code of the sort of result.
    pub kind: ResultTypeCode,
}

/// Which answers say who the applicant is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicantFields {
    /// A field of type `name` or `text`.
    pub full_name: String,
    /// A field of type `personal_number`.
    pub personal_number: Option<String>,
    /// A field of type `phone`.
    pub phone: Option<String>,
    /// A field of type `email`.
    pub email: Option<String>,
}

/// A fee that is due for one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeDue {
    /// Its key.
    pub fee: String,
    /// The amount, more than nothing.
    pub amount: Money,
    /// When it is collected.
    pub collect: Collect,
}

impl ProcedureDefinition {
    /// The deadline of a case with these answers. The last rule has no condition, so there always is one.
    pub fn deadline(&self, scope: &Scope) -> Result<Deadline> {
        let applies = |rule: &&DeadlineRule| rule.when.as_ref().is_none_or(|when| when.is_true(scope));
        self.deadlines
            .iter()
            .find(applies)
            .map(|rule| rule.length)
            .ok_or_else(|| Fault::internal("dossiers.broken_definition").with("what", "deadline"))
    }

    /// The fees of a case with these answers. An amount of nothing is no fee; an amount that is no whole number of đồng, or
    /// negative, is a defect of the declaration: `dossiers.broken_definition`.
    pub fn fees_due(&self, scope: &Scope) -> Result<Vec<FeeDue>> {
        let mut due = Vec::new();
        for rule in &self.fees {
            if !rule.when.as_ref().is_none_or(|when| when.is_true(scope)) {
                continue;
            }
            let amount = dong(&rule.amount.evaluate(scope))
                .ok_or_else(|| Fault::internal("dossiers.broken_definition").with("what", &rule.fee))?;
            if !amount.is_zero() {
                due.push(FeeDue {
                    fee: rule.fee.clone(),
                    amount,
                    collect: rule.collect,
                });
            }
        }
        Ok(due)
    }

    /// What an official enters at a step, if anything.
    pub fn facts_at(&self, task: &str) -> Option<&FactsRule> {
        self.facts.iter().find(|rule| rule.tasks.iter().any(|own| own == task))
    }

    /// The rule of a paper.
    pub fn paper(&self, paper: &str) -> Option<&PaperRule> {
        self.papers.iter().find(|rule| rule.paper == paper)
    }

    /// What is wrong with the papers of a case: one fault of the field `papers.<paper>` each, all at once. `files` says how
    /// many files each paper has.
    ///
    /// Codes: `dossiers.paper_missing`, `dossiers.too_many_files` {most}, `dossiers.paper_unknown`.
    pub fn check_papers(&self, scope: &Scope, files: &BTreeMap<String, u32>) -> Vec<kernel::FieldFault> {
        let fault = |paper: &str, code: &str| kernel::FieldFault::new(format!("papers.{paper}"), code);
        let mut faults = Vec::new();
        for rule in &self.papers {
            let count = files.get(&rule.paper).copied().unwrap_or_default();
            if count == 0 && rule.required.is_true(scope) {
                faults.push(fault(&rule.paper, "dossiers.paper_missing"));
            }
            if count > rule.most_files {
                faults.push(fault(&rule.paper, "dossiers.too_many_files").with("most", rule.most_files));
            }
        }
        let unknown = files.keys().filter(|paper| self.paper(paper).is_none());
        faults.extend(unknown.map(|paper| fault(paper, "dossiers.paper_unknown")));
        faults
    }

    /// The papers that an official must have looked at: those handed in, and those that must be.
    pub fn papers_to_check(&self, scope: &Scope, files: &BTreeMap<String, u32>) -> BTreeSet<String> {
        let counts =
            |rule: &&PaperRule| files.get(&rule.paper).is_some_and(|count| *count > 0) || rule.required.is_true(scope);
        self.papers
            .iter()
            .filter(counts)
            .map(|rule| rule.paper.clone())
            .collect()
    }

    /// The text keys, relative to the texts of the system, that must be there in both languages.
    pub fn text_keys(&self) -> Vec<String> {
        let fixed = ["name", "short_name", "summary"].map(str::to_owned);
        let papers = self.papers.iter().map(|rule| format!("papers.{}.name", rule.paper));
        let fees = self.fees.iter().map(|rule| format!("fees.{}", rule.fee));
        fixed.into_iter().chain(papers).chain(fees).collect()
    }
}

impl PaperRule {
    /// What an upload for this paper may be.
    pub fn accept(&self) -> Accept {
        Accept::kinds(self.accept.iter().map(|kind| Kind::from(*kind)).collect::<Vec<_>>())
    }
}

impl From<FileKind> for Kind {
    fn from(kind: FileKind) -> Kind {
        match kind {
            FileKind::Jpeg => Kind::Jpeg,
            FileKind::Png => Kind::Png,
            FileKind::Pdf => Kind::Pdf,
            FileKind::Docx => Kind::Docx,
            FileKind::Xlsx => Kind::Xlsx,
        }
    }
}

/// A whole, not negative number of đồng.
fn dong(value: &Value) -> Option<Money> {
    let Value::Number(number) = value else { return None };
    let whole = number.is_integer() && !number.is_sign_negative();
    i64::try_from(*number).ok().filter(|_| whole).map(Money::from_dong)
}

#[cfg(test)]
pub(crate) mod tests;
