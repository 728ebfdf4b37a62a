//! The quality of all registers, the worst first.

use std::collections::BTreeMap;

use registry::Figure;
use serde_json::{Value, json};
use web::{Answer, Door, Routes, Visit, address};

use super::{OVERVIEW, count, share, tone};
use crate::House;
use crate::registers::Side;
use crate::words::Words;

/// Registers of one page.
const PAGE: usize = 50;

pub(super) fn routes() -> Routes<House> {
    Routes::new().get(OVERVIEW, Door::Official, show)
}

async fn show(visit: Visit<House>) -> Answer {
    let words = Words::new(&visit, "");
    let registry = &visit.state.registry;
    let mut op = visit.look().await?;
    let own = visit.actor.agency();
    let mut lines = registry.quality_overview(&mut op).await?;
    let only_own = visit.query("cua") == Some("toi");
    if only_own {
        lines.retain(|line| Some(line.published.owner) == own);
    }
    let registers = lines.len();
    lines.retain(|line| line.figures.is_some());
    let mut owners = BTreeMap::new();
    let at = visit.query("trang").and_then(|page| page.parse::<usize>().ok());
    let at = at.unwrap_or(1).max(1);
    let shown: Vec<_> = lines.iter().skip((at - 1) * PAGE).take(PAGE).collect();
    let mut rows: Vec<Value> = Vec::new();
    for line in &shown {
        let Some(figures) = &line.figures else { continue };
        let definition = &line.published.definition;
        let owner = line.published.owner;
        if let std::collections::btree_map::Entry::Vacant(place) = owners.entry(owner) {
            place.insert(crate::registers::agency_name(&visit, &mut op, owner).await?);
        }
        let mut cells = vec![
            json!({
                "text": definition.words.in_language(words.language()),
                "href": format!("{}/chat-luong", Side::Desk.register(&definition.record)),
            }),
            json!(owners.get(&owner)),
            json!(count(&words, figures.records)),
        ];
        cells.extend(Figure::ALL.iter().map(|figure| json!(share(&words, figures, *figure))));
        rows.push(json!({ "cells": cells }));
    }
    drop(op);
    let column = |key: &str, number: bool| json!({ "label": words.say(&format!("registers_quality.{key}"), []), "number": number });
    let mut columns = vec![
        column("register", false),
        column("owner", false),
        column("records", true),
    ];
    columns.extend(
        Figure::ALL
            .iter()
            .map(|figure| column(&format!("figure.{}", figure.as_str()), true)),
    );
    let measured: Vec<_> = lines.iter().filter_map(|line| line.figures.as_ref()).collect();
    let mean = |figure: Figure| {
        let of: Vec<_> = measured.iter().filter(|own| own.of(figure).is_some()).collect();
        let (good, all) = of.iter().fold((0, 0), |(good, all), own| {
            (good + own.of(figure).unwrap_or_default(), all + own.records)
        });
        (all > 0).then(|| (good * 1_000) / all)
    };
    let figures: Vec<Value> = Figure::ALL
        .into_iter()
        .filter_map(|figure| {
            let share = mean(figure)?;
            Some(json!({
                "label": words.say(&format!("registers_quality.figure.{}", figure.as_str()), []),
                "value": super::percent(&words, share), "tone": tone(share),
            }))
        })
        .collect();
    let page = |number: usize| {
        let number = number.to_string();
        let pairs = [("cua", if only_own { "toi" } else { "" }), ("trang", number.as_str())];
        address(OVERVIEW, pairs.into_iter().filter(|(_, value)| !value.is_empty()))
    };
    let content = json!({
        "figures": figures, "columns": columns, "rows": rows, "only_own": only_own, "path": OVERVIEW,
        "registers": count(&words, registers as u64), "measured": count(&words, measured.len() as u64),
        "records": count(&words, measured.iter().map(|own| own.records).sum()),
        "fields": count(&words, measured.iter().map(|own| u64::from(own.fields)).sum()),
        "previous": if at > 1 { page(at - 1) } else { String::new() },
        "next": if at * PAGE < lines.len() { page(at + 1) } else { String::new() },
    });
    visit.page("portal/registers/quality/overview.html", content).await
}
