//! The desk of one step: what to look at, what to decide.

use dossiers::{
    DeskView, InboxBox, InboxFilter,
    catalogue::Channel,
    definition::{ACCEPT, REFUSE, SUPPLEMENT},
    model::{LONGEST_WORDS, Status},
};
use forms::FieldView;
use kernel::{AccountId, Fault, FaultKind, Result, TaskId};
use op::Op;
use serde_json::{Value, json};
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};

use super::{errors_of, faults_of, is_told_in_place, show, status_of, typed::Typed};
use crate::{
    House,
    account::{again, offices::role_name},
    places::{Places, places_if_asked},
    questions,
    words::Words,
};

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get("/can-bo/viec/{task}", Door::Official, desk)
        .post("/can-bo/viec/{task}", Door::Official, act)
        .post("/can-bo/viec/{task}/nhan", Door::Official, claim)
        .post("/can-bo/viec/{task}/tra", Door::Official, release)
        .post("/can-bo/viec/{task}/giao", Door::Official, assign)
}

/// Which page of the desk is drawn.
#[derive(Clone, Copy, PartialEq)]
enum Sheet {
    Desk,
    Supplement,
    Refusal,
}

impl Sheet {
    /// The sheet that an outcome needs, if the desk itself is not enough.
    fn of(outcome: &str) -> Self {
        match outcome {
            SUPPLEMENT => Self::Supplement,
            REFUSE => Self::Refusal,
            _ => Self::Desk,
        }
    }

    fn template(self) -> &'static str {
        match self {
            Self::Desk => "portal/desk/work.html",
            Self::Supplement => "portal/desk/supplement.html",
            Self::Refusal => "portal/desk/refusal.html",
        }
    }
}

async fn desk(visit: Visit<House>) -> Answer {
    let sheet = Sheet::of(visit.query("chon").unwrap_or_default());
    draw(&visit, sheet, &Typed::default(), None).await
}

/// Carries out what was chosen. Supplements and refusals have a page of their own first.
async fn act(mut visit: Visit<House>, fields: Fields) -> Answer {
    let here = visit.path().to_owned();
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, &here, &fields, Some(fault)).await;
    }
    let typed = Typed::read(&fields);
    let sheet = Sheet::of(&typed.outcome);
    if sheet != Sheet::Desk && fields.get("buoc") != Some("2") {
        return draw(&visit, sheet, &typed, None).await;
    }
    let task: TaskId = visit.parse_param("task")?;
    let version = fields
        .required("version")?
        .parse()
        .map_err(|_| Fault::invalid("web.bad_form"))?;
    let mut op = visit.op().await?;
    let acted = match visit.state.dossiers.act(&mut op, task, version, typed.act()).await {
        Ok(acted) => acted,
        Err(fault) if again::is_needed(&fault) => {
            drop(op);
            return again::ask(&visit, &here, &fields, None).await;
        }
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            return match done_before(&visit, task, &typed, &fault).await? {
                Some(status) => visit.redirect(format!("/can-bo?da={}", done_word(status, &typed))),
                None => draw(&visit, sheet, &typed, Some(&fault)).await,
            };
        }
        Err(fault) => return Err(fault),
    };
    op.commit().await?;
    let accepted = typed.outcome == ACCEPT;
    let done = done_word(acted.status, &typed);
    // Whoever stands at the counter waits for the receipt, or is to pay.
    let at_counter = accepted && acted.channel == Channel::Counter;
    if acted.status == Status::Payment && accepted || at_counter {
        return visit.redirect(format!("/can-bo/ho-so/{}?da={done}", acted.dossier));
    }
    let next = if typed.next { next_task(&visit).await? } else { None };
    match next {
        Some(task) => visit.redirect(format!("/can-bo/viec/{task}?da={done}")),
        None => visit.redirect(format!("/can-bo?da={done}")),
    }
}

/// What to say of an act that is done.
fn done_word(status: Status, typed: &Typed) -> &'static str {
    let accepted = typed.outcome == ACCEPT;
    match status {
        Status::Payment if accepted => "desk_accepted_payment",
        Status::Received if accepted => "desk_accepted",
        Status::Supplement => "desk_supplement",
        Status::NotReceived | Status::Stopped => "desk_refused",
        Status::Returned => "desk_handed_over",
        _ => "desk_advanced",
    }
}

/// Pressed twice: the last act on the case is this one, by the same official and in the same words. Gives the status that came of it.
async fn done_before(visit: &Visit<House>, task: TaskId, typed: &Typed, fault: &Fault) -> Result<Option<Status>> {
    // Only a supplement that came meanwhile changes what an official has seen, never their own act.
    if fault.kind != FaultKind::Conflict || fault.code == "dossiers.changed_meanwhile" {
        return Ok(None);
    }
    let mut op = visit.op().await?;
    let view = visit.state.dossiers.work(&mut op, task).await?;
    op.commit().await?;
    let Some(official) = visit.actor.official() else {
        return Ok(None);
    };
    let last = view.dossier.history.iter().rfind(|line| line.outcome.is_some());
    let same = last.is_some_and(|line| {
        line.task.as_deref() == Some(&view.task.node)
            && line.outcome.as_deref() == Some(&typed.outcome)
            && line.note.as_deref().unwrap_or_default() == typed.note.trim()
            && line.actor_name == official.name
            && line.position_title.as_deref() == Some(&official.position_title)
            && line.agency_name.as_deref() == Some(&official.agency_name)
    });
    Ok(same.then_some(view.dossier.status))
}

/// What the official has taken comes first, then what is nobody's.
async fn next_task(visit: &Visit<House>) -> Result<Option<TaskId>> {
    let mut op = visit.op().await?;
    for list in [InboxBox::Mine, InboxBox::Open] {
        let filter = InboxFilter {
            list,
            ..InboxFilter::default()
        };
        let request = db::PageRequest::new(None, Some(1));
        let page = visit.state.dossiers.inbox(&mut op, &filter, &request).await?;
        if let Some(row) = page.items.first() {
            return Ok(Some(row.task));
        }
    }
    Ok(None)
}

async fn claim(visit: Visit<House>, _: Fields) -> Answer {
    let task: TaskId = visit.parse_param("task")?;
    let mut op = visit.op().await?;
    let done = visit.state.dossiers.claim(&mut op, task).await;
    finish(&visit, op, done, "desk_claimed").await
}

async fn release(visit: Visit<House>, _: Fields) -> Answer {
    let task: TaskId = visit.parse_param("task")?;
    let mut op = visit.op().await?;
    let done = visit.state.dossiers.release(&mut op, task).await;
    finish(&visit, op, done, "desk_released").await
}

async fn assign(visit: Visit<House>, fields: Fields) -> Answer {
    let task: TaskId = visit.parse_param("task")?;
    let Some(account) = fields.get("account").and_then(|text| text.parse::<AccountId>().ok()) else {
        let fault = Fault::invalid("desk.colleague_missing").field("account", "desk.colleague_missing");
        return draw(&visit, Sheet::Desk, &Typed::default(), Some(&fault)).await;
    };
    let mut op = visit.op().await?;
    let done = visit.state.dossiers.assign(&mut op, task, account).await;
    finish(&visit, op, done, "desk_assigned").await
}

async fn finish(visit: &Visit<House>, op: Op, done: Result<()>, flash: &str) -> Answer {
    match done {
        Ok(()) => {
            op.commit().await?;
            visit.redirect(format!("/can-bo/viec/{}?da={flash}", visit.param("task")))
        }
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            draw(visit, Sheet::Desk, &Typed::default(), Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}

/// Draws a sheet of the desk with what was typed and what is wrong with it, as the case stands now.
async fn draw(visit: &Visit<House>, sheet: Sheet, typed: &Typed, fault: Option<&Fault>) -> Answer {
    let task: TaskId = visit.parse_param("task")?;
    let mut op = visit.op().await?;
    let view = visit.state.dossiers.work(&mut op, task).await?;
    let wanted = if sheet == Sheet::Supplement {
        view.papers.clone()
    } else {
        Vec::new()
    };
    let asked: Vec<FieldView> = view
        .facts
        .iter()
        .flat_map(|facts| &facts.pages)
        .flat_map(|page| page.fields.clone())
        .collect();
    let places = places_if_asked(visit, &mut op, &asked).await?;
    let now = op.now();
    // Looking at personal data is in the audit trail.
    op.commit().await?;
    let words = Words::new(visit, &view.dossier.app);
    if view.task.closed {
        return too_late(visit, &words, &view, typed, fault).await;
    }
    let may_act = visit.actor.has_role(&view.task.role) && !view.task.separated;
    let decides = may_act && view.task.ready && (view.task.mine || view.task.assignee.is_none());
    let sheet = if decides { sheet } else { Sheet::Desk };
    let changed = fault
        .filter(|fault| fault.code == "dossiers.changed_meanwhile")
        .map(|fault| words.fault(fault));
    let errors = match fault {
        Some(fault) if changed.is_none() => errors_of(&words, fault, |field| control(sheet, typed, field)),
        _ => Vec::new(),
    };
    let mut dossier = show::case(&words, &view.dossier, &wanted, &view.papers_to_check);
    if sheet == Sheet::Supplement {
        open_asked(&mut dossier, typed);
    }
    let content = json!({
        "here": format!("/can-bo/viec/{task}"), "now": now, "dossier": dossier, "task": task_of(&view),
        "step": words.app(&format!("steps.{}", view.task.node)),
        "role": role_name(visit, &view.task.role),
        "may_act": may_act, "separated": view.task.separated, "decides": decides, "waits": !view.task.ready,
        "checks": view.is_intake || view.task.outcomes.iter().any(|outcome| outcome == SUPPLEMENT),
        "collects": view.dossier.may.pay, "typed": typed, "errors": errors, "changed": changed,
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
        "most": LONGEST_WORDS, "outcomes": outcomes(&words, &view), "reasons": reasons(&words, &view),
        "enter": to_enter(&words, &view, &places, typed, fault), "places": places,
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, sheet.template(), content).await
}

/// Somebody was faster. What was typed is shown once more, to be kept or copied.
async fn too_late(
    visit: &Visit<House>,
    words: &Words,
    view: &DeskView,
    typed: &Typed,
    fault: Option<&Fault>,
) -> Answer {
    let last = view
        .dossier
        .history
        .iter()
        .rev()
        .find(|line| line.task.as_deref() == Some(&view.task.node) && line.outcome.is_some());
    let why = match (fault, last) {
        (Some(fault), _) if fault.code != "dossiers.changed_meanwhile" => words.fault(fault),
        (_, Some(line)) => {
            let outcome = line.outcome.as_deref().unwrap_or_default();
            let at = render::datetime_text(&line.at.to_rfc3339()).unwrap_or_default();
            let done = show::outcome_words(words, &view.task.node, outcome);
            words.say(
                "desk.taken.by",
                [("name", line.actor_name.clone()), ("at", at), ("outcome", done)],
            )
        }
        _ => words.say("desk.taken.over", []),
    };
    let content = json!({
        "why": why, "typed": typed.own_words(), "case": format!("/can-bo/ho-so/{}", view.dossier.id),
    });
    let status = if fault.is_some() {
        StatusCode::CONFLICT
    } else {
        StatusCode::OK
    };
    visit.page_status(status, "portal/desk/taken.html", content).await
}

/// The control of the sheet to which a fault leads.
fn control(sheet: Sheet, typed: &Typed, field: &str) -> Option<String> {
    if let (Sheet::Supplement, Some(key)) = (sheet, field.strip_prefix("items.")) {
        let of_paper = typed.ask.contains_key(&format!("paper.{key}"));
        return Some(format!("what.{}.{key}", if of_paper { "paper" } else { "answer" }));
    }
    let there = match sheet {
        Sheet::Desk => {
            field.starts_with("papers.") || field.starts_with("facts.") || matches!(field, "note" | "account")
        }
        Sheet::Supplement => field.starts_with("papers.") || matches!(field, "note" | "reason"),
        Sheet::Refusal => matches!(field, "refusal_reasons" | "note"),
    };
    there.then(|| field.to_owned())
}

/// Pages of answers on which something is asked for stand open.
fn open_asked(dossier: &mut Value, typed: &Typed) {
    let Some(pages) = dossier["summary"].as_array_mut() else {
        return;
    };
    for page in pages {
        let asked = page["rows"].as_array().is_some_and(|rows| {
            rows.iter().any(|row| {
                let key = format!("answer.{}", row["field"].as_str().unwrap_or_default());
                typed.ask.get(&key) == Some(&true) || typed.what.get(&key).is_some_and(|what| !what.trim().is_empty())
            })
        });
        page["open"] = json!(asked);
    }
}

/// The questions of the step with what is wrong with each; their controls begin with `facts.`.
fn to_enter(words: &Words, view: &DeskView, places: &Places, typed: &Typed, fault: Option<&Fault>) -> Vec<Value> {
    let overlay = Some(&typed.facts).filter(|facts| !facts.is_empty());
    let question = |field: &FieldView| {
        let mut context = questions::field_context(words, field, places, overlay);
        let name = format!("facts.{}", field.field);
        let wrong = fault.and_then(|fault| fault.fields.iter().find(|wrong| wrong.field == name));
        if let Some(wrong) = wrong {
            context["error"] = json!(words.field_fault(wrong));
        }
        context["name"] = json!(name);
        context["source"] = json!(if field.prefilled && overlay.is_none() {
            words.say("desk.facts.from_answers", [])
        } else {
            String::new()
        });
        context
    };
    let pages = view.facts.iter().flat_map(|facts| &facts.pages);
    pages
        .map(|page| {
            json!({
                "title": words.app(&page.title_key), "hint": words.maybe(&page.hint_key),
                "fields": page.fields.iter().map(&question).collect::<Vec<_>>(),
            })
        })
        .collect()
}

fn task_of(view: &DeskView) -> Value {
    let mut task = json!(view.task);
    let colleagues: Vec<Value> = view
        .colleagues
        .iter()
        .map(|colleague| json!({ "value": colleague.account, "label": format!("{}, {}", colleague.name, colleague.position_title) }))
        .collect();
    task["leads"] = json!(view.leads);
    task["colleagues"] = json!(colleagues);
    task
}

/// The buttons, the way forward first.
fn outcomes(words: &Words, view: &DeskView) -> Vec<Value> {
    view.task
        .outcomes
        .iter()
        .enumerate()
        .map(|(index, outcome)| {
            let kind = match outcome.as_str() {
                REFUSE => "warning",
                _ if index == 0 => "primary",
                _ => "secondary",
            };
            json!({ "outcome": outcome, "text": show::outcome_words(words, &view.task.node, outcome), "kind": kind })
        })
        .collect()
}

fn reasons(words: &Words, view: &DeskView) -> Vec<Value> {
    let reasons = view.refusal_reasons.iter();
    reasons
        .map(|reason| json!({ "value": reason, "label": words.app(&format!("refusal_reasons.{reason}")) }))
        .collect()
}
