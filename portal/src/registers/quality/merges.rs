//! Records that were merged into others: what they were, and taking that back.

use kernel::{Fault, Result};
use registry::MergedRecord;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit, address};

use super::titles;
use crate::House;
use crate::registers::lookups::{FilesOf, Lookups};
use crate::registers::show::Show;
use crate::registers::{Shown, Side, days};
use crate::told::{errors_of, faults_of, is_told_in_place, status_of};

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get("/can-bo/co-so-du-lieu/{register}/da-gop", Door::Official, list)
        .get("/can-bo/co-so-du-lieu/{register}/da-gop/{record}", Door::Official, show)
        .post(
            "/can-bo/co-so-du-lieu/{register}/da-gop/{record}/hoan-lai",
            Door::Right("registry.merge"),
            undo,
        )
}

fn name(shown: &Shown, title: &str) -> String {
    match title.is_empty() {
        true => shown.words.say("registers.show.untitled", []),
        false => title.to_owned(),
    }
}

async fn list(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let shown = Shown::read(&visit, &mut op).await?;
    let asked = visit.page_request();
    let page = visit.state.registry.merges(&mut op, shown.key(), &asked).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|row| row.into).collect();
    let titles = titles(&visit, &mut op, &shown, &ids).await?;
    drop(op);
    let words = &shown.words;
    let path = format!("{}/da-gop", shown.href());
    let row = |row: &MergedRecord| {
        json!({ "cells": [
            { "text": name(&shown, &row.title), "href": format!("{path}/{}", row.record) },
            super::titled(&shown, &titles, row.into),
            render::datetime_text(&row.at.to_rfc3339()),
            row.by_name,
            row.reason,
        ] })
    };
    let rows: Vec<Value> = page.items.iter().map(row).collect();
    let column = |key: &str| json!({ "label": words.say(&format!("registers_quality.{key}"), []) });
    let at = |cursor: &str| {
        address(
            &path,
            [("sau", cursor)].into_iter().filter(|(_, value)| !value.is_empty()),
        )
    };
    let mut content = shown.head();
    content["back"] = json!(format!("{}/trung-lap", shown.href()));
    content["columns"] = json!([
        column("merged_one"),
        column("merged_into"),
        column("when"),
        column("who"),
        column("reason_given")
    ]);
    content["rows"] = json!(rows);
    content["first"] = json!(if asked.after.is_some() { at("") } else { String::new() });
    content["next"] = json!(page.next.as_deref().map(at).unwrap_or_default());
    visit.page("portal/registers/quality/merges.html", content).await
}

async fn show(visit: Visit<House>) -> Answer {
    draw(&visit, &Fields::default(), None).await
}

async fn draw(visit: &Visit<House>, typed: &Fields, fault: Option<&Fault>) -> Answer {
    let id: Uuid = visit.parse_param("record")?;
    let mut op = visit.look().await?;
    let shown = Shown::read(visit, &mut op).await?;
    let registry = &visit.state.registry;
    let (merged, past) = registry.merged_past(&mut op, shown.key(), id, None).await?;
    let definition = shown.published.definition.clone();
    let values: Vec<_> = past.iter().map(|one| &one.record.values).collect();
    let lookups = Lookups::of(visit, &mut op, &definition, &values, FilesOf::Nothing).await?;
    let into = titles(visit, &mut op, &shown, &[merged.into]).await?;
    let now = op.now();
    drop(op);
    let words = &shown.words;
    let show = Show {
        words,
        lookups: &lookups,
        side: shown.side,
    };
    let period = |one: &registry::Past| {
        let own = definition.plain().filter_map(|field| {
            let value = one.record.values.get(&field.field)?;
            Some(json!({ "key": field.words.in_language(words.language()), "value": show.line(field, value) }))
        });
        json!({
            "days": days(words, one.record.valid_from, one.record.valid_to), "recorded_at": one.record.recorded_at,
            "replaced_at": one.replaced_at, "reason": one.reason, "rows": own.collect::<Vec<_>>(),
        })
    };
    let mut content = shown.head();
    content["back"] = json!(format!("{}/da-gop", shown.href()));
    content["action"] = json!(format!("{}/da-gop/{id}/hoan-lai", shown.href()));
    content["title"] = json!(name(&shown, &merged.title));
    content["into"] = super::titled(&shown, &into, merged.into);
    content["merged"] = json!({ "at": merged.at, "by": merged.by_name, "reason": merged.reason });
    // Whatever a merge or its undoing writes would be written alone.
    let alone = !definition.approval;
    content["undo"] = json!(shown.may.merge && alone && now <= merged.undone_until);
    content["waits"] = json!(shown.may.merge && !alone);
    content["until"] = json!(merged.undone_until);
    content["past"] = json!(past.iter().map(period).collect::<Vec<_>>());
    content["typed"] = json!({ "ly_do": typed.get("ly_do").unwrap_or_default() });
    let at = |field: &str| (field == "reason").then(|| "ly_do".to_owned());
    content["errors"] = json!(fault.map_or_else(Vec::new, |fault| errors_of(words, fault, at)));
    content["faults"] = fault.map_or_else(|| json!({}), |fault| faults_of(words, fault));
    let status = fault.map_or(StatusCode::OK, status_of);
    visit
        .page_status(status, "portal/registers/quality/merged.html", content)
        .await
}

async fn undo(visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("record")?;
    let register = visit.param("register").to_owned();
    let reason = fields.get("ly_do").unwrap_or_default().to_owned();
    let done = async {
        let mut op = visit.op().await?;
        visit.state.registry.undo_merge(&mut op, &register, id, &reason).await?;
        op.commit().await
    };
    let result: Result<()> = done.await;
    match result {
        Ok(()) => {
            let record = Side::Desk.record(&register, id);
            visit.redirect(address(&record, [("da", "register_merge_undone")]))
        }
        Err(fault) if is_told_in_place(&fault) => draw(&visit, &fields, Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}
