//! What waits for the owner of a register (đề nghị cập nhật): the box of those who decide, one's own, and one proposal with what it changes.

use db::PageRequest;
use kernel::{Fault, Result};
use registry::definition::Kind;
use registry::{Command, Outcome, Proposal, ProposalBox, ProposalDetail, ProposalState, Values};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit, address};

use super::lookups::{FilesOf, Lookups};
use super::show::Show;
use super::{Side, day, days, map};
use crate::House;
use crate::registers_files::review;
use crate::told::{called, errors_of, faults_of, is_told_in_place, status_of};
use crate::words::Words;

const PATH: &str = "/can-bo/de-nghi-cap-nhat";
/// Files that are shown at a time.
const MOST_FILES: u32 = 50;
const DECIDES: Door = Door::Right("registry.approve");

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(PATH, Door::Official, list)
        .get("/can-bo/de-nghi-cap-nhat/{id}", Door::Official, show)
        .post("/can-bo/de-nghi-cap-nhat/{id}/duyet", DECIDES, approve)
        .post("/can-bo/de-nghi-cap-nhat/{id}/tu-choi", DECIDES, refuse)
        .post("/can-bo/de-nghi-cap-nhat/{id}/rut", Door::Official, withdraw)
        .post(
            "/can-bo/de-nghi-cap-nhat/{id}/lam-lai",
            Door::Right("registry.enter"),
            renew,
        )
}

/// The page of a proposal, with a word about what was done just before.
pub(super) fn page_of(proposal: Uuid, done: &str) -> String {
    address(&format!("{PATH}/{proposal}"), [("da", done)])
}

/// The box of what waits for a register.
pub(super) fn box_of(register: &str) -> String {
    address(PATH, [("hop", "waiting"), ("csdl", register)])
}

fn word(which: ProposalBox) -> &'static str {
    match which {
        ProposalBox::Waiting => "waiting",
        ProposalBox::Decided => "decided",
        ProposalBox::Mine => "mine",
    }
}

async fn list(visit: Visit<House>) -> Answer {
    let registry = &visit.state.registry;
    let decides = visit.rights().may("registry.approve");
    let which = match (visit.query("hop"), decides) {
        (Some("decided"), true) => ProposalBox::Decided,
        (Some("mine"), _) | (_, false) => ProposalBox::Mine,
        _ => ProposalBox::Waiting,
    };
    let register = visit.query("csdl").filter(|_| which != ProposalBox::Mine);
    let mut op = visit.look().await?;
    let page = registry
        .proposals(&mut op, which, register, &visit.page_request())
        .await?;
    let waiting: i64 = registry.waiting_proposals(&mut op).await?.values().sum();
    // Files that are to be imported wait in the same place; they are few, and all of them stand on the first page.
    let files = match which == ProposalBox::Waiting && visit.query("sau").is_none() {
        true => {
            registry
                .asked_imports(&mut op, &PageRequest::new(None, Some(MOST_FILES)))
                .await?
                .items
        }
        false => Vec::new(),
    };
    let mut file_rows = Vec::with_capacity(files.len());
    for file in files
        .iter()
        .filter(|file| register.is_none_or(|own| own == file.register))
    {
        let definition = registry.register(&mut op, &file.register).await?.definition;
        let moment = file.asked_at.unwrap_or(file.started_at);
        file_rows.push(json!({ "cells": [
            { "text": file.file_name, "href": review::page_of(file) }, definition.words.in_language(visit.locale.tag()),
            file.started_name, render::datetime_text(&moment.to_rfc3339()),
        ] }));
    }
    let words = Words::new(&visit, "");
    let file_columns = [
        "registers_files.import.file",
        "registers_files.import.register_column",
        "registers_files.import.review_brought",
        "registers_files.import.review_asked",
    ]
    .map(|key| json!({ "label": words.say(key, []) }));
    let items: Vec<Value> = page.items.iter().map(|one| line(&words, one)).collect();
    let columns: Vec<Value> = [
        "record",
        "register",
        "kind_column",
        "proposer",
        "proposed_at",
        "state_column",
    ]
    .iter()
    .map(|key| json!({ "label": words.say(&format!("registers_proposals.{key}"), []) }))
    .collect();
    let at = |which: &str, cursor: &str| {
        address(
            PATH,
            [("hop", which), ("csdl", register.unwrap_or_default()), ("sau", cursor)],
        )
    };
    let boxes: &[ProposalBox] = match decides {
        true => &[ProposalBox::Waiting, ProposalBox::Decided, ProposalBox::Mine],
        false => &[],
    };
    let tabs: Vec<Value> = boxes
        .iter()
        .map(|one| {
            let text = words.say(
                &format!("registers_proposals.box.{}", word(*one)),
                [("count", waiting.to_string())],
            );
            json!({ "text": text, "current": *one == which, "href": at(word(*one), "") })
        })
        .collect();
    let content = json!({
        "file_rows": file_rows, "file_columns": file_columns, "items": items, "columns": columns, "tabs": tabs, "which": word(which),
        "next": page.next.as_deref().map(|cursor| at(word(which), cursor)).unwrap_or_default(),
        "first": if visit.query("sau").is_some() { at(word(which), "") } else { String::new() },
    });
    visit.page("portal/registers/proposals.html", content).await
}

fn line(words: &Words, one: &Proposal) -> Value {
    let title = match one.title.is_empty() {
        true => words.say("registers_proposals.untitled", []),
        false => one.title.clone(),
    };
    let name = one.definition.words.in_language(words.language());
    let moment = render::datetime_text(&one.proposed_at.to_rfc3339()).unwrap_or_default();
    json!({ "cells": [
        { "text": title, "href": format!("{PATH}/{}", one.id) }, name, kind(words, one),
        format!("{} – {}", one.proposed_name, one.agency_name), moment, state(words, one),
    ] })
}

fn kind(words: &Words, one: &Proposal) -> String {
    words.say(&format!("registers_proposals.kind.{}", one.kind), [])
}

fn state(words: &Words, one: &Proposal) -> String {
    words.say(&format!("registers_proposals.state.{}", one.state.as_str()), [])
}

async fn show(visit: Visit<House>) -> Answer {
    draw(&visit, &Fields::default(), None).await
}

async fn draw(visit: &Visit<House>, typed: &Fields, fault: Option<&Fault>) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    // Opening what is sealed is written down.
    let mut op = visit.op().await?;
    let detail = visit.state.registry.proposal(&mut op, id).await?;
    let one = &detail.proposal;
    let words = Words::new(visit, "");
    let sides: Vec<Values> = [
        side(&detail, |change| &change.was),
        side(&detail, |change| &change.proposed),
        side(&detail, |change| &change.now),
    ]
    .into();
    let values: Vec<&Values> = sides.iter().collect();
    let lookups = Lookups::of(visit, &mut op, &one.definition, &values, FilesOf::Proposal(id)).await?;
    op.commit().await?;
    let shown = Show {
        words: &words,
        lookups: &lookups,
        side: Side::Desk,
    };
    let name = one.definition.words.in_language(words.language());
    let title = match one.title.is_empty() {
        true => words.say("registers_proposals.untitled", []),
        false => one.title.clone(),
    };
    let heading = words.say(
        "registers_proposals.one",
        [("kind", kind(&words, one)), ("title", title)],
    );
    let link = |id: Option<Uuid>| id.map(|id| format!("{PATH}/{id}"));
    let content = json!({
        "heading": heading, "name": name, "standing": state(&words, one), "tone": tone(one.state), "facts": facts(&words, &detail),
        "changes": changes(&shown, &detail), "columns": columns(&words, &detail), "outdated": detail.outdated,
        "seen": detail.seen, "version": detail.version, "hidden": labels(&words, &detail), "mine": detail.mine, "decides": detail.decides,
        "waits": one.state == ProposalState::Waiting, "path": format!("{PATH}/{id}"), "back": PATH,
        "renews": detail.mine && detail.next.is_none()
            && (one.state == ProposalState::Returned || (one.state == ProposalState::Waiting && detail.outdated)),
        "record": one.record.map(|record| Side::Desk.record(&one.definition.record, record)),
        "before": link(one.follows), "next": link(detail.next), "note": typed.get("note").unwrap_or_default(),
        "pictures": pictures(&shown, &detail),
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, called(["note"]))),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit
        .page_status(status, "portal/registers/proposal.html", content)
        .await
}

fn tone(state: ProposalState) -> &'static str {
    match state {
        ProposalState::Waiting => "info",
        ProposalState::Approved => "success",
        ProposalState::Refused => "error",
        ProposalState::Returned => "warning",
        ProposalState::Withdrawn => "calm",
    }
}

/// One side of the differences, as if a record held it.
fn side(detail: &ProposalDetail, of: impl Fn(&registry::FieldChange) -> &Value) -> Values {
    let each = detail.changes.iter().filter(|change| !of(change).is_null());
    each.map(|change| (change.field.clone(), of(change).clone())).collect()
}

fn columns(words: &Words, detail: &ProposalDetail) -> Vec<Value> {
    let keys: &[&str] = match (detail.proposal.kind.as_str(), detail.outdated) {
        ("add", _) => &["field", "proposed"],
        (_, false) => &["field", "was", "proposed"],
        (_, true) => &["field", "was", "proposed", "now"],
    };
    keys.iter()
        .map(|key| json!({ "label": words.say(&format!("registers_proposals.{key}"), []) }))
        .collect()
}

fn changes(show: &Show<'_>, detail: &ProposalDetail) -> Vec<Value> {
    let empty = show.words.say("registers_proposals.empty", []);
    detail
        .changes
        .iter()
        .filter_map(|change| {
            let field = detail.proposal.definition.field(&change.field)?;
            let said = |value: &Value| match value.is_null() {
                true => empty.clone(),
                false => show.line(field, value),
            };
            let label = field.words.in_language(show.words.language()).to_owned();
            let cells = match (detail.proposal.kind.as_str(), detail.outdated) {
                ("add", _) => vec![label, said(&change.proposed)],
                (_, false) => vec![label, said(&change.was), said(&change.proposed)],
                (_, true) => vec![label, said(&change.was), said(&change.proposed), said(&change.now)],
            };
            Some(json!({ "cells": cells }))
        })
        .collect()
}

/// Where what is proposed lies, drawn.
fn pictures(show: &Show<'_>, detail: &ProposalDetail) -> Vec<Value> {
    let language = show.words.language();
    let each = detail.changes.iter().filter_map(|change| {
        let field = detail.proposal.definition.field(&change.field)?;
        if change.proposed.is_null() || !matches!(field.kind, Kind::Geometry(_)) {
            return None;
        }
        let label = field.words.in_language(language);
        let mut drawn = map::drawn(show.words, label, &change.proposed);
        drawn["label"] = json!(label);
        // What cannot be drawn has been said in the table.
        (drawn["kind"] == "map").then_some(drawn)
    });
    each.collect()
}

/// The labels of fields that the reader may not open.
fn labels(words: &Words, detail: &ProposalDetail) -> Option<String> {
    let fields = detail
        .hidden
        .iter()
        .filter_map(|name| detail.proposal.definition.field(name));
    let labels: Vec<&str> = fields.map(|field| field.words.in_language(words.language())).collect();
    (!labels.is_empty()).then(|| labels.join(", "))
}

fn facts(words: &Words, detail: &ProposalDetail) -> Vec<Value> {
    let one = &detail.proposal;
    let mut facts = Vec::new();
    let mut fact = |key: &str, value: String| {
        if !value.is_empty() {
            facts.push(json!({ "key": words.say(&format!("registers_proposals.{key}"), []), "value": value }));
        }
    };
    let moment = |at: chrono::DateTime<chrono::Utc>| render::datetime_text(&at.to_rfc3339()).unwrap_or_default();
    let first =
        |from: &Option<chrono::NaiveDate>| from.map_or_else(|| words.say("registers_proposals.from_approval", []), day);
    match &detail.command {
        Command::Add { from, .. } | Command::Change { from, .. } => fact("from_day", first(from)),
        Command::Correct { from, to, .. } => {
            let own = detail.days;
            let from = from.or(own.map(|(from, _)| from));
            let to = to.unwrap_or(own.and_then(|(_, to)| to));
            fact("days", from.map(|from| days(words, from, to)).unwrap_or_default());
        }
        Command::End { last } => fact("last_day", day(*last)),
    }
    fact("reason", one.reason.clone());
    fact("proposer", one.proposed_name.clone());
    fact("agency", one.agency_name.clone());
    fact("proposed_at", moment(one.proposed_at));
    fact("decided_by", one.decided_name.clone());
    fact("decided_at", one.decided_at.map(moment).unwrap_or_default());
    fact("note", one.note.clone());
    facts
}

/// What was done, or the page once more with why not. Pressed twice: the page shows what became of it.
async fn told(visit: &Visit<House>, fields: &Fields, done: Result<()>, said: &str) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    match done {
        Ok(()) => visit.redirect(page_of(id, said)),
        Err(fault) if is_told_in_place(&fault) => draw(visit, fields, Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}

async fn approve(visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let done = async {
        let mut op = visit.op().await?;
        visit.state.registry.approve(&mut op, id).await?;
        op.commit().await
    };
    let done = done.await;
    told(&visit, &fields, done, "proposal_approved").await
}

async fn refuse(visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let anew = fields.get("anew") == Some("true");
    let done = async {
        let mut op = visit.op().await?;
        let note = fields.get("note").unwrap_or_default();
        visit.state.registry.refuse(&mut op, id, note, anew).await?;
        op.commit().await
    };
    let done = done.await;
    let said = if anew { "proposal_returned" } else { "proposal_refused" };
    told(&visit, &fields, done, said).await
}

async fn withdraw(visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let done = async {
        let mut op = visit.op().await?;
        visit.state.registry.withdraw_proposal(&mut op, id).await?;
        op.commit().await
    };
    let done = done.await;
    told(&visit, &fields, done, "proposal_withdrawn").await
}

async fn renew(visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let done = async {
        let mut op = visit.op().await?;
        let outcome = visit.state.registry.renew_proposal(&mut op, id, Map::new()).await?;
        op.commit().await?;
        Ok(outcome)
    };
    let done: Result<Outcome> = done.await;
    match done {
        Ok(Outcome::Proposed(next)) => visit.redirect(page_of(next, "proposal_sent")),
        Ok(Outcome::Written(_)) => visit.redirect(page_of(id, "proposal_approved")),
        Err(fault) if is_told_in_place(&fault) => draw(&visit, &fields, Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}
