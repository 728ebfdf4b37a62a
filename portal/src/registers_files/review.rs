//! A file that waits to be approved, as those who approve see it: what it is, how its columns are read, its first rows.

use kernel::{Fault, Result};
use registry::import::{self, Import, Preview, State, Verdict};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit, address};

use super::{BASE, mapping, name, published};
use crate::House;
use crate::told::{called, errors_of, faults_of, is_told_in_place, status_of};
use crate::words::Words;

const DECIDES: Door = Door::Right("registry.approve");
/// Where everything stands that waits to be approved.
const BOX: &str = "/can-bo/de-nghi-cap-nhat";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get("/can-bo/co-so-du-lieu/{register}/nhap/{id}/duyet", DECIDES, show)
        .post("/can-bo/co-so-du-lieu/{register}/nhap/{id}/duyet", DECIDES, decide)
}

/// The page on which a file is decided.
pub(crate) fn page_of(import: &Import) -> String {
    format!("{BASE}/{}/nhap/{}/duyet", import.register, import.id)
}

async fn show(visit: Visit<House>) -> Answer {
    draw(&visit, &Fields::default(), None).await
}

async fn draw(visit: &Visit<House>, typed: &Fields, fault: Option<&Fault>) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let words = Words::new(visit, "");
    let known = import::known(&visit.site().renderer.texts());
    let mut op = visit.look().await?;
    let definition = published(visit, &mut op).await?.definition;
    let (import, preview) = visit
        .state
        .registry
        .review_import(&mut op, visit.param("register"), id, &known)
        .await?;
    drop(op);
    let say = |key: &str| words.say(&format!("registers_files.import.{key}"), []);
    let waits = import.state == State::Asked;
    let mine = visit.actor.person() == Some(import.started_by);
    let page = mapping::Page {
        visit,
        words: &words,
        definition: &definition,
    };
    let columns: Vec<Value> = import
        .headings
        .iter()
        .zip(&import.mapping)
        .map(|(heading, target)| json!({ "cells": [heading, page.called(target)] }))
        .collect();
    let content = json!({
        "register": name(visit, &definition), "back": BOX, "path": page_of(&import), "file": import.file_name,
        "state": say(&format!("state.{}", import.state.as_str())), "facts": facts(&words, &import),
        "columns": columns, "column_heads": [{ "label": say("column") }, { "label": say("target") }],
        "preview": preview.as_ref().map(|preview| looked(&words, &page, preview)),
        "waits": waits, "mine": mine, "decides": waits && !mine, "note": typed.get("note").unwrap_or_default(),
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, called(["note"]))),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit
        .page_status(status, "portal/registers_files/review.html", content)
        .await
}

fn facts(words: &Words, import: &Import) -> Vec<Value> {
    let moment = |at: chrono::DateTime<chrono::Utc>| render::datetime_text(&at.to_rfc3339()).unwrap_or_default();
    let size = ("size", import.file_size.to_string());
    let decided = match import.decided_at {
        Some(at) => format!("{}, {}", import.decided_name, moment(at)),
        None => String::new(),
    };
    let facts = [
        ("review_file", import.file_name.clone()),
        (
            "review_size",
            words.say("registers_files.import.review_size_of", [size]),
        ),
        ("review_hash", import.file_sha256.clone()),
        ("sheet", import.sheet.clone()),
        ("review_brought", import.started_name.clone()),
        ("review_asked", import.asked_at.map(moment).unwrap_or_default()),
        ("valid_from", kernel::format_date(import.valid_from)),
        ("review_decided", decided),
        ("review_note_fact", import.note.clone()),
    ];
    let told = facts.into_iter().filter(|(_, value)| !value.is_empty());
    told.map(|(key, value)| json!({ "key": words.say(&format!("registers_files.import.{key}"), []), "value": value }))
        .collect()
}

/// What the first rows would become.
fn looked(words: &Words, page: &mapping::Page<'_>, preview: &Preview) -> Value {
    let count = ("count", preview.looked_at.to_string());
    json!({
        "rows": page.rows(preview), "columns": page.row_columns(preview), "some_bad": preview.bad > 0,
        "faults": match preview.bad {
            0 => words.say("registers_files.import.faults_none", [count]),
            bad => words.say("registers_files.import.faults_some", [count, ("bad", bad.to_string())]),
        },
        "lacking": page.told("lacking", &preview.lacking), "kept": page.told("kept", &preview.kept),
    })
}

async fn decide(visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let (verdict, said) = match fields.get("quyet_dinh") {
        Some("duyet") => (Verdict::Approved, "import_approved"),
        Some("tra-lai") => (Verdict::Returned, "import_returned"),
        _ => (Verdict::Refused, "import_refused"),
    };
    let done = async {
        let mut op = visit.op().await?;
        let note = fields.get("note").unwrap_or_default();
        visit
            .state
            .registry
            .decide_import(&mut op, visit.param("register"), id, verdict, note)
            .await?;
        op.commit().await
    };
    let done: Result<()> = done.await;
    match done {
        Ok(()) => visit.redirect(address(BOX, [("da", said)])),
        Err(fault) if is_told_in_place(&fault) => draw(&visit, &fields, Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}
