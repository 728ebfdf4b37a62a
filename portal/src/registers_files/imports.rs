//! Files that were brought in, and how far each is.

use kernel::{Fault, FaultKind, Result};
use registry::import::{Import, MOST_IMPORT_BYTES, State};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Door, Fields, Routes, StatusCode, Upload, Visit, address};

use super::{BASE, mapping, name, published, review};
use crate::House;
use crate::told::{called, errors_of, faults_of, is_told_in_place, status_of};
use crate::words::Words;

const DOOR: Door = Door::Right("registry.import");
/// The control of the file.
const FILE: &str = "tep";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get("/can-bo/co-so-du-lieu/{register}/nhap", DOOR, list)
        .upload(
            "/can-bo/co-so-du-lieu/{register}/nhap",
            DOOR,
            registry::transfer::MOST_BODY,
            bring,
        )
        .get("/can-bo/co-so-du-lieu/{register}/nhap/{id}", DOOR, show)
        .post("/can-bo/co-so-du-lieu/{register}/nhap/{id}", DOOR, start)
        .post("/can-bo/co-so-du-lieu/{register}/nhap/{id}/trang-tinh", DOOR, sheet)
        .post("/can-bo/co-so-du-lieu/{register}/nhap/{id}/dung", DOOR, stop)
        .get("/can-bo/co-so-du-lieu/{register}/nhap/{id}/dong-loi", DOOR, bad_rows)
}

/// The list of imports of the register of the address.
pub(super) fn path(visit: &Visit<House>) -> String {
    format!("{BASE}/{}/nhap", visit.param("register"))
}

async fn list(visit: Visit<House>) -> Answer {
    draw_list(&visit, None).await
}

async fn draw_list(visit: &Visit<House>, fault: Option<&Fault>) -> Answer {
    let words = Words::new(visit, "");
    let path = path(visit);
    let mut op = visit.look().await?;
    let definition = published(visit, &mut op).await?.definition;
    let page = visit
        .state
        .registry
        .imports(&mut op, visit.param("register"), &visit.page_request())
        .await?;
    drop(op);
    let say = |key: &str| words.say(&format!("registers_files.import.{key}"), []);
    let columns: Vec<Value> = [
        "file",
        "when",
        "who",
        "found.state",
        "rows",
        "created",
        "changed",
        "bad",
    ]
    .into_iter()
    .map(|column| match column {
        "found.state" => json!({ "label": words.say("registers_files.import.state_column", []) }),
        column => json!({ "label": say(column), "number": !matches!(column, "file" | "when" | "who") }),
    })
    .collect();
    let items: Vec<Value> = page
        .items
        .iter()
        .map(|import| {
            json!({ "cells": [
                { "text": import.file_name, "href": format!("{path}/{}", import.id) },
                render::datetime_text(&import.started_at.to_rfc3339()), import.started_name,
                say(&format!("state.{}", import.state.as_str())), import.rows, import.created, import.changed, import.bad,
            ] })
        })
        .collect();
    let at = |cursor: &str| address(&path, [("sau", cursor)]);
    let most = (MOST_IMPORT_BYTES >> 20).to_string();
    let content = json!({
        "register": name(visit, &definition), "back": format!("{BASE}/{}", visit.param("register")), "path": path,
        "hint": words.say("registers_files.import.file_hint", [("most", most)]), "most": MOST_IMPORT_BYTES >> 20,
        "columns": columns, "items": items, "next": page.next.as_deref().map(at).unwrap_or_default(),
        "first": if visit.query("sau").is_some() { at("") } else { String::new() },
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
        "wrong": fault.map(|fault| words.fault(fault)),
        "errors": fault.map_or_else(Vec::new, |fault| file_errors(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit
        .page_status(status, "portal/registers_files/imports.html", content)
        .await
}

/// Whatever is wrong with a file is said at its control.
fn file_errors(words: &Words, fault: &Fault) -> Vec<Value> {
    let mut errors = errors_of(words, fault, called([FILE]));
    for error in &mut errors {
        error["field"] = FILE.into();
    }
    errors
}

async fn bring(visit: Visit<House>, mut upload: Upload) -> Answer {
    match take_in(&visit, &mut upload).await {
        Ok(id) => visit.redirect(format!("{}/{id}", path(&visit))),
        Err(fault) if is_told_in_place(&fault) && fault.kind != FaultKind::Forbidden => {
            draw_list(&visit, Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}

async fn take_in(visit: &Visit<House>, upload: &mut Upload) -> Result<Uuid> {
    let (registry, register) = (&visit.state.registry, visit.param("register"));
    let mut op = visit.look().await?;
    registry.may_import(&mut op, register).await?;
    drop(op);
    let file = upload.next_file().await?.filter(|file| file.field == FILE);
    let file = file.ok_or_else(|| Fault::invalid("registry.import_no_file"))?;
    let name = file.name.clone();
    let arrived = registry.receive_import(&name, file.into_stream()).await?;
    let mut op = visit.op().await?;
    let import = registry.begin_import(&mut op, register, arrived).await?;
    op.commit().await?;
    Ok(import.id)
}

async fn show(visit: Visit<House>) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.look().await?;
    let import = visit
        .state
        .registry
        .import(&mut op, visit.param("register"), id)
        .await?;
    let definition = published(&visit, &mut op).await?.definition;
    drop(op);
    if import.state == State::Mapping {
        return mapping::draw(&visit, id, &Fields::default(), None).await;
    }
    draw(&visit, &name(&visit, &definition), &import).await
}

async fn draw(visit: &Visit<House>, register: &str, import: &Import) -> Answer {
    let words = Words::new(visit, "");
    let path = path(visit);
    let say = |key: &str| words.say(&format!("registers_files.import.{key}"), []);
    let figures: Vec<Value> = [
        ("created", import.created, "success"),
        ("changed", import.changed, ""),
        ("unchanged", import.unchanged, ""),
        ("bad", import.bad, if import.bad > 0 { "warning" } else { "" }),
    ]
    .into_iter()
    .map(|(key, value, tone)| json!({ "label": say(key), "value": value, "tone": tone }))
    .collect();
    let rows = ("rows", import.rows.to_string());
    let progress = match import.percent {
        Some(percent) if import.state.goes_on() => words.say(
            "registers_files.import.progress_percent",
            [rows, ("percent", percent.to_string())],
        ),
        _ => words.say("registers_files.import.progress", [rows]),
    };
    let at = render::datetime_text(&import.started_at.to_rfc3339()).unwrap_or_default();
    let started = words.say(
        "registers_files.import.started",
        [("name", import.started_name.clone()), ("at", at)],
    );
    let tone = match import.state {
        State::Done => "success",
        State::Broken => "error",
        State::Stopped | State::Refused => "warning",
        _ => "info",
    };
    let content = json!({
        "register": register, "back": path, "path": format!("{path}/{}", import.id), "file": import.file_name, "again": path,
        "list": format!("{BASE}/{}", visit.param("register")),
        "state": say(&format!("state.{}", import.state.as_str())), "tone": tone, "goes_on": import.state.goes_on(), "percent": import.percent,
        "progress": progress, "figures": figures, "started": started,
        "asked": import.state == State::Asked, "returned": returned(&words, import),
        "review": (visit.actor.person() != Some(import.started_by) && visit.rights().may("registry.approve"))
            .then(|| review::page_of(import)),
        "why": import.what.as_ref().map(|fault| words.field_fault(fault)),
        "bad": import.bad, "bad_lead": words.say("registers_files.import.bad_lead", [("count", import.bad.to_string())]),
    });
    visit.page("portal/registers_files/import.html", content).await
}

/// What whoever approves has said of it, where it was not approved.
pub(super) fn returned(words: &Words, import: &Import) -> Option<String> {
    let key = match import.state {
        State::Mapping => "returned",
        State::Refused => "refused_by",
        _ => return None,
    };
    let said = [("name", import.decided_name.clone()), ("note", import.note.clone())];
    (!import.note.is_empty()).then(|| words.say(&format!("registers_files.import.{key}"), said))
}

async fn start(visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    match mapping::carry_out(&visit, id, &fields).await {
        Ok(State::Asked) => visit.redirect(format!("{}/{id}?da=import_asked", path(&visit))),
        Ok(_) => visit.redirect(format!("{}/{id}?da=import_started", path(&visit))),
        Err(fault) if is_told_in_place(&fault) => mapping::draw(&visit, id, &fields, Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}

async fn sheet(visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let chosen = fields.get("trang_tinh").unwrap_or_default();
    let mut op = visit.op().await?;
    let done = visit
        .state
        .registry
        .choose_sheet(&mut op, visit.param("register"), id, chosen)
        .await;
    match done {
        Ok(_) => {
            op.commit().await?;
            visit.redirect(format!("{}/{id}?da=import_sheet", path(&visit)))
        }
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            mapping::draw(&visit, id, &fields, Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}

async fn stop(visit: Visit<House>, _: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    match visit
        .state
        .registry
        .stop_import(&mut op, visit.param("register"), id)
        .await
    {
        Ok(_) => {
            op.commit().await?;
            visit.redirect(format!("{}/{id}?da=import_stopped", path(&visit)))
        }
        // It has ended meanwhile: the page says how.
        Err(fault) if fault.kind == FaultKind::Conflict => visit.redirect(format!("{}/{id}", path(&visit))),
        Err(fault) => Err(fault),
    }
}

async fn bad_rows(visit: Visit<House>) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let register = visit.param("register").to_owned();
    registry::transfer::send_bad_rows(&visit, &visit.state.registry, &register, id).await
}
