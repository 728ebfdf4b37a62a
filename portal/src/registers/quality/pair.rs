//! Two records side by side: merged into one, or said to be two things.

use std::collections::BTreeSet;

use kernel::{Fault, Result};
use registry::{Merge, Pair, TwinState};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit, address};

use super::why;
use crate::House;
use crate::registers::faults::Said;
use crate::registers::lookups::{FilesOf, Lookups};
use crate::registers::show::Show;
use crate::registers::{Shown, Side, days};
use crate::told::{faults_of, is_told_in_place, status_of};

const MERGES: Door = Door::Right("registry.merge");

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(
            "/can-bo/co-so-du-lieu/{register}/trung-lap/{one}/{other}",
            Door::Official,
            show,
        )
        .post(
            "/can-bo/co-so-du-lieu/{register}/trung-lap/{one}/{other}/mo",
            Door::Right("registry.open"),
            open,
        )
        .post(
            "/can-bo/co-so-du-lieu/{register}/trung-lap/{one}/{other}/gop",
            MERGES,
            merge,
        )
        .post(
            "/can-bo/co-so-du-lieu/{register}/trung-lap/{one}/{other}/khac-nhau",
            MERGES,
            tell_apart,
        )
        .post(
            "/can-bo/co-so-du-lieu/{register}/trung-lap/{one}/{other}/xet-lai",
            MERGES,
            take_back,
        )
}

/// What was done before the page is drawn again.
#[derive(Default)]
struct Done<'a> {
    /// For what sealed fields are opened.
    purpose: Option<&'a str>,
    /// What was typed.
    typed: Fields,
    /// Why it was refused, and which form it came from.
    fault: Option<(&'a Fault, &'static str)>,
}

fn pair_of(visit: &Visit<House>) -> Result<(Uuid, Uuid)> {
    Ok((visit.parse_param("one")?, visit.parse_param("other")?))
}

async fn show(visit: Visit<House>) -> Answer {
    draw(&visit, Done::default()).await
}

async fn draw(visit: &Visit<House>, done: Done<'_>) -> Answer {
    let ids = pair_of(visit)?;
    let mut op = match done.purpose {
        Some(_) => visit.op().await?,
        None => visit.look().await?,
    };
    let shown = Shown::read(visit, &mut op).await?;
    let registry = &visit.state.registry;
    let pair = registry.pair(&mut op, shown.key(), ids, done.purpose).await?;
    let definition = shown.published.definition.clone();
    let values = [&pair.records[0].values, &pair.records[1].values];
    let lookups = Lookups::of(visit, &mut op, &definition, &values, FilesOf::Nothing).await?;
    let (plain, sealed) = registry.fields_seen(&mut op, shown.key()).await?;
    op.commit().await?;
    let show = Show {
        words: &shown.words,
        lookups: &lookups,
        side: shown.side,
    };
    let fields: BTreeSet<&String> = plain.iter().chain(&sealed).collect();
    let mut rows = Vec::new();
    let mut choices = Vec::new();
    for field in definition.fields.iter().filter(|field| fields.contains(&field.field)) {
        let lines = line(&shown, &show, &pair, field);
        let (left, right) = (&lines[0], &lines[1]);
        // What is sealed is compared when it is open.
        let hidden = field.is_sealed() && done.purpose.is_none();
        let same = match hidden {
            true => left.is_none() && right.is_none(),
            false => pair.records[0].values.get(&field.field) == pair.records[1].values.get(&field.field),
        };
        let label = field.words.in_language(shown.words.language());
        let none = shown.words.say("layout.not_given", []);
        let text = |line: &Option<String>| line.clone().unwrap_or_else(|| none.clone());
        let compared = match (same, hidden) {
            (true, _) => "equal",
            (false, true) => "hidden",
            (false, false) => "unequal",
        };
        rows.push(json!({ "cells": [
            label, text(left), text(right), shown.words.say(&format!("registers_quality.{compared}"), []),
        ] }));
        if !same && !field.is_computed() {
            let chosen = done.typed.get(&format!("lay.{}", field.field)).map(str::to_owned);
            let first = if left.is_none() { "other" } else { "one" };
            choices.push(json!({
                "name": format!("lay.{}", field.field), "label": label, "value": chosen.unwrap_or_else(|| first.to_owned()),
                "options": [{ "value": "one", "label": text(left) }, { "value": "other", "label": text(right) }],
            }));
        }
    }
    let content = content(&shown, &pair, &done, rows, choices);
    let status = done.fault.map_or(StatusCode::OK, |(fault, _)| status_of(fault));
    visit
        .page_status(status, "portal/registers/quality/pair.html", content)
        .await
}

/// A field of both records in words; of what is sealed, that it is there.
fn line(
    shown: &Shown,
    show: &Show<'_>,
    pair: &Pair,
    field: &registry::definition::FieldDefinition,
) -> [Option<String>; 2] {
    [0, 1].map(|place| {
        let value = pair.records[place].values.get(&field.field);
        match value {
            Some(value) => Some(show.line(field, value)),
            None if pair.sealed[place].contains(&field.field) => Some(shown.words.say("registers.record.sealed", [])),
            None => None,
        }
    })
}

fn content(shown: &Shown, pair: &Pair, done: &Done<'_>, rows: Vec<Value>, choices: Vec<Value>) -> Value {
    let words = &shown.words;
    let definition = &shown.published.definition;
    let title = |place: usize| {
        let text = pair.records[place]
            .values
            .get(&definition.title)
            .and_then(Value::as_str);
        let text = text.unwrap_or_default().to_owned();
        if text.is_empty() {
            words.say("registers.show.untitled", [])
        } else {
            text
        }
    };
    let record = |place: usize| {
        let own = &pair.records[place];
        json!({
            "title": title(place), "href": shown.side.record(shown.key(), own.id), "version": own.version, "id": own.id,
            "days": days(words, own.valid_from, own.valid_to), "recorded_at": own.recorded_at,
            "references": pair.references[place],
        })
    };
    let path = format!("{}/trung-lap", shown.href());
    let mut said = Said::default();
    let mut faults = Map::new();
    if let Some((fault, _)) = done.fault {
        said = Said::of(words, definition, fault);
        faults = faults_of(words, fault).as_object().cloned().unwrap_or_default();
        for error in &mut said.errors {
            // A fault at a field of the record leads to where its value is chosen.
            let field = error["field"].as_str().unwrap_or_default().to_owned();
            if let Some(field) = field.strip_prefix("v.") {
                error["field"] = json!(format!("lay.{field}"));
            } else if let (false, Some((_, form))) = (field.is_empty(), done.fault) {
                error["field"] = json!(control(form, &field));
            }
        }
    }
    let reason_fault = |form: &str| match done.fault {
        Some((_, own)) if own == form => faults.get("reason").or_else(|| faults.get("purpose")).cloned(),
        _ => None,
    };
    let typed = |name: &str| done.typed.get(name).unwrap_or_default().to_owned();
    let keep = match typed("giu") {
        typed if typed == "other" || typed == "one" => typed,
        _ if pair.references[1] > pair.references[0] => "other".to_owned(),
        _ => "one".to_owned(),
    };
    let mut content = shown.head();
    content["waits"] = json!(definition.approval);
    content["back"] = json!(path);
    content["path"] = json!(format!("{path}/{}/{}", pair.records[0].id, pair.records[1].id));
    content["records"] = json!([record(0), record(1)]);
    content["columns"] = json!([
        { "label": words.say("registers_quality.field", []) },
        { "label": words.say("registers_quality.first", [("title", title(0))]) },
        { "label": words.say("registers_quality.second", [("title", title(1))]) },
        { "label": words.say("registers_quality.compared", []) },
    ]);
    content["rows"] = json!(rows);
    content["choices"] = json!(choices);
    content["score"] = json!(pair.twin.as_ref().filter(|twin| twin.score > 0).map(|twin| twin.score));
    content["why"] = json!(pair.twin.as_ref().map(|twin| why(words, definition, &twin.why)));
    let different = pair.twin.as_ref().filter(|twin| twin.state == TwinState::Different);
    content["different"] =
        json!(different.map(|twin| { json!({ "at": twin.decided_at, "who": twin.decided_name, "note": twin.note }) }));
    content["has_sealed"] = json!(pair.sealed.iter().any(|fields| !fields.is_empty()));
    content["opened"] = json!(done.purpose);
    content["errors"] = json!(said.errors);
    content["faults"] = json!({ "gop": reason_fault("gop"), "khac": reason_fault("khac"), "mo": reason_fault("mo") });
    content["typed"] = json!({
        "giu": keep, "ly_do": typed("ly_do"), "ghi_chu": typed("ghi_chu"), "muc_dich": typed("muc_dich"),
    });
    content
}

/// The control of a form at which a fault stands.
fn control(form: &str, field: &str) -> &'static str {
    match (form, field) {
        ("gop", "reason") => "ly_do",
        ("khac", "reason") => "ghi_chu",
        ("mo", _) => "muc_dich",
        _ => "",
    }
}

async fn open(visit: Visit<House>, fields: Fields) -> Answer {
    let purpose = fields.get("muc_dich").unwrap_or_default().to_owned();
    let done = Done {
        purpose: Some(&purpose),
        typed: fields.clone(),
        fault: None,
    };
    match draw(&visit, done).await {
        Err(fault) if is_told_in_place(&fault) => {
            let done = Done {
                purpose: None,
                typed: fields,
                fault: Some((&fault, "mo")),
            };
            draw(&visit, done).await
        }
        answer => answer,
    }
}

async fn merge(visit: Visit<House>, fields: Fields) -> Answer {
    let (one, other) = pair_of(&visit)?;
    let register = visit.param("register").to_owned();
    let keep_other = fields.get("giu") == Some("other");
    let version = |name: &str| fields.get(name).and_then(|version| version.parse().ok()).unwrap_or(-1);
    let (one, other) = ((one, version("ban_mot")), (other, version("ban_hai")));
    let (keep, lose) = if keep_other { (other, one) } else { (one, other) };
    let taken = if keep_other { "one" } else { "other" };
    let chosen = fields.iter().filter_map(|(name, _)| {
        let field = name.strip_prefix("lay.")?;
        (fields.get(name) == Some(taken)).then(|| field.to_owned())
    });
    let merge = Merge {
        keep,
        lose,
        take: chosen.collect(),
        given: Map::new(),
        reason: fields.get("ly_do").unwrap_or_default().to_owned(),
    };
    let done = async {
        let mut op = visit.op().await?;
        visit.state.registry.merge(&mut op, &register, &merge).await?;
        op.commit().await
    };
    let result: Result<()> = done.await;
    match result {
        Ok(()) => {
            let record = Side::Desk.record(&register, keep.0);
            visit.redirect(address(&record, [("da", "register_merged")]))
        }
        Err(fault) => refused(&visit, fields, fault, "gop").await,
    }
}

/// Draws the page again with why it was refused; what is gone is told on a page of its own.
async fn refused(visit: &Visit<House>, typed: Fields, fault: Fault, form: &'static str) -> Answer {
    if !is_told_in_place(&fault) {
        return Err(fault);
    }
    let done = Done {
        purpose: None,
        typed,
        fault: Some((&fault, form)),
    };
    draw(visit, done).await
}

async fn tell_apart(visit: Visit<House>, fields: Fields) -> Answer {
    let pair = pair_of(&visit)?;
    let register = visit.param("register").to_owned();
    let note = fields.get("ghi_chu").unwrap_or_default().to_owned();
    let done = async {
        let mut op = visit.op().await?;
        visit.state.registry.tell_apart(&mut op, &register, pair, &note).await?;
        op.commit().await
    };
    let result: Result<()> = done.await;
    match result {
        Ok(()) => back(&visit, &register, "register_told_apart"),
        Err(fault) => refused(&visit, fields, fault, "khac").await,
    }
}

async fn take_back(visit: Visit<House>, fields: Fields) -> Answer {
    let pair = pair_of(&visit)?;
    let register = visit.param("register").to_owned();
    let done = async {
        let mut op = visit.op().await?;
        visit.state.registry.take_apart_back(&mut op, &register, pair).await?;
        op.commit().await
    };
    let result: Result<()> = done.await;
    match result {
        Ok(()) => back(&visit, &register, "register_apart_back"),
        Err(fault) => refused(&visit, fields, fault, "khac").await,
    }
}

fn back(visit: &Visit<House>, register: &str, told: &str) -> Answer {
    let path = format!("{}/trung-lap", Side::Desk.register(register));
    visit.redirect(address(&path, [("da", told)]))
}
