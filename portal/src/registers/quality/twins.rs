//! Pairs of records that are likely one thing.

use registry::TwinState;
use serde_json::{Value, json};
use web::{Answer, Door, Routes, Visit, address};

use super::{titles, why};
use crate::House;
use crate::registers::Shown;

pub(super) fn routes() -> Routes<House> {
    Routes::new().get("/can-bo/co-so-du-lieu/{register}/trung-lap", Door::Official, show)
}

async fn show(visit: Visit<House>) -> Answer {
    let state = match visit.query("xem") {
        Some("khac-nhau") => TwinState::Different,
        _ => TwinState::Open,
    };
    let mut op = visit.look().await?;
    let shown = Shown::read(&visit, &mut op).await?;
    let registry = &visit.state.registry;
    let asked = visit.page_request();
    let page = registry.twins(&mut op, shown.key(), state, &asked).await?;
    let ids: Vec<_> = page.items.iter().flat_map(|twin| [twin.one, twin.other]).collect();
    let titles = titles(&visit, &mut op, &shown, &ids).await?;
    drop(op);
    let words = &shown.words;
    let definition = &shown.published.definition;
    let path = format!("{}/trung-lap", shown.href());
    let name = |id: &uuid::Uuid| {
        let title = titles.get(id).filter(|title| !title.is_empty());
        title
            .cloned()
            .unwrap_or_else(|| words.say("registers.show.untitled", []))
    };
    let row = |twin: &registry::Twin| {
        let both = words.say(
            "registers_quality.pair_of",
            [("one", name(&twin.one)), ("other", name(&twin.other))],
        );
        let said = match twin.decided_at {
            Some(at) => words.say(
                "registers_quality.told_apart",
                [
                    ("at", kernel::format_date(kernel::local_date(at))),
                    ("who", twin.decided_name.clone()),
                    ("note", twin.note.clone()),
                ],
            ),
            None => why(words, definition, &twin.why),
        };
        json!({ "cells": [
            { "text": both, "href": format!("{path}/{}/{}", twin.one, twin.other) }, format!("{}%", twin.score), said,
        ] })
    };
    let rows: Vec<Value> = page.items.iter().map(row).collect();
    let column = |key: &str, number: bool| json!({ "label": words.say(&format!("registers_quality.{key}"), []), "number": number });
    let shown_state = if state == TwinState::Different { "khac-nhau" } else { "" };
    let at = |cursor: &str| {
        let all = [("xem", shown_state), ("sau", cursor)];
        address(&path, all.into_iter().filter(|(_, value)| !value.is_empty()))
    };
    let mut content = shown.head();
    content["back"] = json!(format!("{}/chat-luong", shown.href()));
    content["path"] = json!(path);
    content["different"] = json!(state == TwinState::Different);
    content["has_ways"] = json!(!definition.duplicates.is_empty());
    content["columns"] = json!([
        column("pair", false),
        column("score", true),
        column(if state == TwinState::Different { "told" } else { "why" }, false),
    ]);
    content["rows"] = json!(rows);
    content["merged"] = json!(format!("{}/da-gop", shown.href()));
    content["first"] = json!(if asked.after.is_some() { at("") } else { String::new() });
    content["next"] = json!(page.next.as_deref().map(at).unwrap_or_default());
    visit.page("portal/registers/quality/twins.html", content).await
}
