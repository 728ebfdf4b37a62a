//! What an official has before them at one step of a case.

use chrono::{DateTime, Utc};
use forms::PageView;
use kernel::{AccountId, TaskId};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::DossierView;

/// A case with the step that an official is to take.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DeskView {
    /// The case.
    pub dossier: DossierView,
    /// All papers of the procedure as it was when the case began: those that a supplement may ask for.
    pub papers: Vec<String>,
    /// The step.
    pub task: DeskTask,
    /// What the step enters for the result, if anything.
    pub facts: Option<DeskFacts>,
    /// Every paper that must be looked at before a decision on papers.
    pub papers_to_check: Vec<String>,
    /// Keys of the reasons for a refusal, `apps.<app>.refusal_reasons.<key>`.
    pub refusal_reasons: Vec<String>,
    /// The official leads the agency: second rounds of supplements, giving work to colleagues.
    pub leads: bool,
    /// The step is the intake: `accept` is the reception.
    pub is_intake: bool,
    /// The step hands the result over.
    pub is_return: bool,
    /// To whom the step may be given; empty for those who may not give it.
    pub colleagues: Vec<Colleague>,
}

/// What a step enters for the result.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DeskFacts {
    /// The questions, page by page, with what was entered before or what the applicant has answered. Keys of words are relative to
    /// the texts of the system.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub pages: Vec<PageView>,
    /// The outcomes with which all of it must be there.
    pub outcomes: Vec<String>,
}

/// The step of a [`DeskView`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DeskTask {
    /// The task.
    #[schemars(with = "Uuid")]
    pub id: TaskId,
    /// The id of the step, text key `apps.<app>.steps.<node>`.
    pub node: String,
    /// The role that does it.
    pub role: String,
    /// Who has it.
    #[schemars(with = "Option<Uuid>")]
    pub assignee: Option<AccountId>,
    /// The name of who has it.
    pub assignee_name: Option<String>,
    /// The reader has it.
    pub mine: bool,
    /// What may be chosen, text keys `apps.<app>.outcomes.<node>.<outcome>`.
    pub outcomes: Vec<String>,
    /// The inner deadline.
    pub due_at: Option<DateTime<Utc>>,
    /// The reader has done a step of the case that one person does not do together with this one.
    pub separated: bool,
    /// It can be done now: it is open, and nothing is awaited.
    pub ready: bool,
    /// It was done or taken away; the page is for reading only.
    pub closed: bool,
}

/// Somebody to whom a step may be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Colleague {
    /// The account.
    #[schemars(with = "Uuid")]
    pub account: AccountId,
    /// The name.
    pub name: String,
    /// The title of the position.
    pub position_title: String,
}
