//! What an official does with a step of the process, and what follows from it. No IO, no clock.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use kernel::{Fault, FieldFault, Money, Result, WorkingCalendar};
use schema::feel::Scope;
use serde::{Deserialize, Serialize};

use super::own_words::{LONGEST_WORDS, within};
use super::{State, Status};
use crate::definition::{ACCEPT, Collect, ProcedureDefinition, REFUSE, SUPPLEMENT};

/// The most things that one act asks for, or papers that it has looked at.
const MOST_ITEMS: usize = 100;

/// What an official does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Act {
    /// One of the outcomes of the step.
    pub outcome: String,
    /// A word to the next official, or to the applicant where the step reaches them.
    pub note: String,
    /// What the official saw of each paper.
    pub papers: Vec<PaperCheck>,
    /// What is to be supplied; only for `supplement`.
    pub items: Vec<SupplementItem>,
    /// Why there is a second round of supplements.
    pub reason: String,
    /// Keys of the reasons for a refusal, from the list of the system.
    pub refusal_reasons: Vec<String>,
    /// What the step has entered for the result, field to answer as in a form; only where the procedure asks for it.
    pub facts: serde_json::Map<String, serde_json::Value>,
}

/// An official has looked at a paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaperCheck {
    /// The paper.
    pub paper: String,
    /// Whether it is as it must be (hợp lệ; R080).
    pub fits: bool,
}

/// One thing that is to be supplied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplementItem {
    /// A paper or an answer.
    pub kind: SupplementKind,
    /// The key of the paper or of the field.
    pub key: String,
    /// What is wrong with it, in words for the applicant.
    pub what: String,
}

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SupplementKind {
    /// Giấy tờ.
    Paper,
    /// Thông tin trên tờ khai.
    Answer,
}

/// A fee of a case and whether it was paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fee {
    /// Its key.
    pub fee: String,
    /// The amount.
    pub amount: Money,
    /// When it is collected.
    pub collect: Collect,
    /// When it was paid.
    pub paid_at: Option<DateTime<Utc>>,
}

/// Everything on which the decision about an [`Act`] rests.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The state of the dossier.
    pub state: State,
    /// The id of the step.
    pub task: &'a str,
    /// Its outcomes.
    pub outcomes: &'a [String],
    /// Whether the official has the role of a leader.
    pub leads: bool,
    /// The declaration with which the dossier began.
    pub procedure: &'a ProcedureDefinition,
    /// The answers.
    pub scope: &'a Scope,
    /// The keys of the form's fields.
    pub fields: &'a BTreeSet<String>,
    /// How many files each paper has.
    pub files: &'a BTreeMap<String, u32>,
    /// The fees.
    pub fees: &'a [Fee],
    /// The reasons for a refusal that the system knows.
    pub refusal_reasons: &'a BTreeSet<String>,
}

/// What an official's act is to the dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Tiếp nhận: form 01.
    Receive,
    /// Yêu cầu bổ sung: form 02, the process sleeps and the step stays open.
    AskSupplement,
    /// Từ chối: form 03, the process ends.
    Refuse,
    /// Trả kết quả.
    HandOver,
    /// Any other step forward.
    Advance,
}

/// What follows from an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What it is.
    pub kind: StepKind,
    /// The state after it. A service task of the process may move it further.
    pub state: State,
    /// Whether the step of the process is completed with the outcome.
    pub completes: bool,
    /// Whether the process sleeps afterwards: for a supplement or a payment.
    pub sleeps: bool,
    /// The status through which the dossier passes on the way, where one act is two changes of status.
    pub by_way_of: Option<Status>,
}

/// Decides what follows from an act of an official who was let through.
///
/// Fails with `dossiers.outcome_unknown` {outcome}, `dossiers.words_long` {most}, `dossiers.items_many` {most},
/// `dossiers.supplement_awaited`, `dossiers.payment_awaited`,
/// `dossiers.papers_unchecked` (one field fault a paper), `dossiers.papers_unfit`, `dossiers.supplement_empty`,
/// `dossiers.supplement_incomplete`, `dossiers.supplement_unknown`, `dossiers.second_round`, `dossiers.second_round_reason`,
/// `dossiers.refusal_reason`, `dossiers.fees_due` {amount}, or a fault of [`State`].
pub fn decide_act(
    situation: &Situation<'_>,
    act: &Act,
    now: DateTime<Utc>,
    calendar: &WorkingCalendar,
) -> Result<Step> {
    let Situation { state, procedure, .. } = *situation;
    if !situation.outcomes.contains(&act.outcome) {
        return Err(Fault::invalid("dossiers.outcome_unknown")
            .with("outcome", &act.outcome)
            .field_fault(FieldFault::new("outcome", "dossiers.outcome_unknown").with("outcome", &act.outcome)));
    }
    nothing_awaited(&state)?;
    check_lengths(act)?;
    let step = |kind, state| Step {
        kind,
        state,
        completes: true,
        sleeps: false,
        by_way_of: None,
    };
    match act.outcome.as_str() {
        SUPPLEMENT => {
            check_supplement(situation, act)?;
            let state = state.ask_supplement(now)?;
            Ok(Step {
                completes: false,
                sleeps: true,
                ..step(StepKind::AskSupplement, state)
            })
        }
        REFUSE => {
            check_refusal(situation, act)?;
            Ok(step(StepKind::Refuse, state.refuse(now)?))
        }
        ACCEPT if situation.task == procedure.intake_task => {
            check_papers(situation, act)?;
            if let Some(unfit) = act.papers.iter().find(|check| !check.fits) {
                return Err(Fault::invalid("dossiers.papers_unfit")
                    .field(format!("papers.{}", unfit.paper), "dossiers.papers_unfit"));
            }
            let received = state.receive(now, calendar, procedure.deadline(situation.scope)?, &procedure.intake)?;
            let unpaid = unpaid(situation.fees, Collect::AtIntake)?;
            if unpaid.is_zero() {
                return Ok(step(StepKind::Receive, received));
            }
            Ok(Step {
                sleeps: true,
                by_way_of: Some(received.status),
                ..step(StepKind::Receive, received.demand_payment(now)?)
            })
        }
        _ if situation.task == procedure.return_task => {
            let unpaid = Money::total([
                unpaid(situation.fees, Collect::AtIntake)?,
                unpaid(situation.fees, Collect::AtReturn)?,
            ])?;
            if !unpaid.is_zero() {
                return Err(Fault::conflict("dossiers.fees_due").with("amount", unpaid.format_vi()));
            }
            Ok(step(StepKind::HandOver, state.hand_over(now)?))
        }
        _ => Ok(step(StepKind::Advance, state.begin_processing()?)),
    }
}

/// The fees collected at this moment that are not paid.
pub fn unpaid(fees: &[Fee], collect: Collect) -> Result<Money> {
    let open = fees
        .iter()
        .filter(|fee| fee.collect == collect && fee.paid_at.is_none());
    Money::total(open.map(|fee| fee.amount))
}

/// The steps sleep while the applicant has to do something; this says it in words of the dossier.
fn nothing_awaited(state: &State) -> Result<()> {
    match state.status {
        Status::Supplement if !state.supplied => Err(Fault::conflict("dossiers.supplement_awaited")),
        Status::Payment => Err(Fault::conflict("dossiers.payment_awaited")),
        _ => Ok(()),
    }
}

/// What reaches people and papers has an end.
fn check_lengths(act: &Act) -> Result<()> {
    within("note", &act.note, LONGEST_WORDS)?;
    within("reason", &act.reason, LONGEST_WORDS)?;
    for item in &act.items {
        within(&format!("items.{}", item.key), &item.what, LONGEST_WORDS)?;
    }
    for (field, count) in [("items", act.items.len()), ("papers", act.papers.len())] {
        if count > MOST_ITEMS {
            let fault = FieldFault::new(field, "dossiers.items_many").with("most", MOST_ITEMS);
            return Err(Fault::invalid("dossiers.items_many")
                .with("most", MOST_ITEMS)
                .field_fault(fault));
        }
    }
    Ok(())
}

/// Every paper was looked at, so that what is missing comes out at once and not one by one.
fn check_papers(situation: &Situation<'_>, act: &Act) -> Result<()> {
    let seen: BTreeSet<&str> = act.papers.iter().map(|check| check.paper.as_str()).collect();
    let wanted = situation.procedure.papers_to_check(situation.scope, situation.files);
    let unseen = wanted.iter().filter(|paper| !seen.contains(paper.as_str()));
    let fault = unseen.fold(Fault::invalid("dossiers.papers_unchecked"), |fault, paper| {
        fault.field(format!("papers.{paper}"), "dossiers.paper_unchecked")
    });
    if fault.fields.is_empty() { Ok(()) } else { Err(fault) }
}

/// Everything at once; a second round is the leader's and has a reason of its own.
fn check_supplement(situation: &Situation<'_>, act: &Act) -> Result<()> {
    check_papers(situation, act)?;
    let mut fault = Fault::invalid("dossiers.supplement_empty");
    if act.items.is_empty() {
        return Err(fault.field("items", "dossiers.supplement_empty"));
    }
    let known = |item: &SupplementItem| match item.kind {
        SupplementKind::Paper => situation.procedure.paper(&item.key).is_some(),
        SupplementKind::Answer => situation.fields.contains(&item.key),
    };
    let mut asked_for = BTreeSet::new();
    for item in &act.items {
        if !known(item) {
            return Err(Fault::invalid("dossiers.supplement_unknown").with("key", &item.key));
        }
        if !asked_for.insert((item.kind == SupplementKind::Paper, &item.key)) {
            return Err(Fault::invalid("dossiers.supplement_doubled").with("key", &item.key));
        }
        if item.what.trim().is_empty() {
            fault = fault.field(format!("items.{}", item.key), "dossiers.supplement_empty");
        }
    }
    if !fault.fields.is_empty() {
        return Err(fault);
    }
    let asked = |paper: &str| {
        act.items
            .iter()
            .any(|item| item.kind == SupplementKind::Paper && item.key == paper)
    };
    let forgotten = act.papers.iter().filter(|check| !check.fits && !asked(&check.paper));
    let fault = forgotten.fold(Fault::invalid("dossiers.supplement_incomplete"), |fault, check| {
        fault.field(format!("papers.{}", check.paper), "dossiers.supplement_incomplete")
    });
    if !fault.fields.is_empty() {
        return Err(fault);
    }
    if situation.state.rounds > 0 {
        if !situation.leads {
            return Err(Fault::forbidden("dossiers.second_round"));
        }
        if act.reason.trim().is_empty() {
            return Err(Fault::invalid("dossiers.second_round_reason").field("reason", "dossiers.second_round_reason"));
        }
    }
    Ok(())
}

/// At least one reason of the system's list, or one in own words.
fn check_refusal(situation: &Situation<'_>, act: &Act) -> Result<()> {
    let unknown = act
        .refusal_reasons
        .iter()
        .any(|reason| !situation.refusal_reasons.contains(reason));
    if unknown || (act.refusal_reasons.is_empty() && act.note.trim().is_empty()) {
        return Err(Fault::invalid("dossiers.refusal_reason").field("refusal_reasons", "dossiers.refusal_reason"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
