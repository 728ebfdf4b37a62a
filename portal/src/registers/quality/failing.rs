//! Records that are not as they should be, with links to them.

use registry::{FailingQuery, Sort};
use serde_json::{Value, json};
use web::{Answer, Door, Routes, Visit, address};

use super::{field_label, reason, titled, titles};
use crate::House;
use crate::registers::Shown;

pub(super) fn routes() -> Routes<House> {
    Routes::new().get("/can-bo/co-so-du-lieu/{register}/chua-dat", Door::Official, show)
}

async fn show(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let shown = Shown::read(&visit, &mut op).await?;
    let registry = &visit.state.registry;
    let query = FailingQuery {
        sort: visit.query("loai").and_then(Sort::parse),
        field: visit.query("truong").map(str::to_owned),
        rule: visit.query("quy-tac").map(str::to_owned),
    };
    let asked = visit.page_request();
    let page = registry.failing(&mut op, shown.key(), &query, &asked).await?;
    let ids: Vec<_> = page.items.iter().map(|row| row.record).collect();
    let titles = titles(&visit, &mut op, &shown, &ids).await?;
    drop(op);
    let words = &shown.words;
    let definition = &shown.published.definition;
    let path = format!("{}/chua-dat", shown.href());
    let row = |row: &registry::Failing| {
        json!({ "cells": [
            titled(&shown, &titles, row.record),
            reason(words, definition, &row.reason),
            field_label(words, definition, &row.reason.field),
            words.say(&format!("registers_quality.sort.{}", row.reason.sort.as_str()), []),
        ] })
    };
    let rows: Vec<Value> = page.items.iter().map(row).collect();
    let column = |key: &str| json!({ "label": words.say(&format!("registers_quality.{key}"), []) });
    let pairs = [
        ("loai", query.sort.map(Sort::as_str).unwrap_or_default()),
        ("truong", query.field.as_deref().unwrap_or_default()),
        ("quy-tac", query.rule.as_deref().unwrap_or_default()),
    ];
    let at = |cursor: &str| {
        let all = pairs.into_iter().chain([("sau", cursor)]);
        address(&path, all.filter(|(_, value)| !value.is_empty()))
    };
    let chip = |sort: Sort| {
        json!({
            "text": words.say(&format!("registers_quality.sort.{}", sort.as_str()), []),
            "href": address(&path, [("loai", sort.as_str())]), "current": query.sort == Some(sort) && query.field.is_none(),
        })
    };
    let narrowed = query.sort.is_some() || query.field.is_some() || query.rule.is_some();
    let what = registry::Reason {
        sort: query.sort.unwrap_or(Sort::Wrong),
        field: query.field.clone().unwrap_or_default(),
        rule: query.rule.clone().unwrap_or_default(),
    };
    let mut content = shown.head();
    content["back"] = json!(format!("{}/chat-luong", shown.href()));
    content["columns"] = json!([column("record"), column("reason"), column("field"), column("counts_in")]);
    content["rows"] = json!(rows);
    content["sorts"] = json!(Sort::ALL.into_iter().map(chip).collect::<Vec<_>>());
    content["all"] = json!(path);
    content["narrowed"] = json!(narrowed);
    content["reason"] = json!(query.rule.as_ref().map(|_| reason(words, definition, &what)));
    content["field"] = json!(query.field.as_ref().map(|field| field_label(words, definition, field)));
    content["first"] = json!(if asked.after.is_some() { at("") } else { String::new() });
    content["next"] = json!(page.next.as_deref().map(at).unwrap_or_default());
    visit.page("portal/registers/quality/failing.html", content).await
}
