//! Which column is which field: found, offered or asked, with the first rows as they would be read.

use std::collections::BTreeMap;

use kernel::{Fault, FieldFault, Result};
use registry::definition::RecordDefinition;
use registry::import::{self, Choice, Column, Match, Preview, PreviewRow, State, Target};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Fields, StatusCode, Visit};

use super::imports::path;
use super::{label, labels, name, published};
use crate::House;
use crate::told::{errors_of, status_of};
use crate::words::Words;

/// What a form says of columns: `cot.<place>` chooses, `xac_nhan.<place>` confirms what was only guessed.
fn said(definition: &RecordDefinition, fields: &Fields) -> BTreeMap<usize, Choice> {
    let mut said = BTreeMap::new();
    for (control, value) in fields.iter() {
        let place = control.strip_prefix("cot.").and_then(|place| place.parse().ok());
        if let (Some(place), Some(target)) = (place, Target::parse(definition, value)) {
            let confirmed = fields.get(&format!("xac_nhan.{place}")) == Some("true");
            said.insert(place, Choice { target, confirmed });
        }
    }
    said
}

/// Confirms what the form says and lets the work begin, or asks for that; where it stands then.
pub(super) async fn carry_out(visit: &Visit<House>, id: Uuid, fields: &Fields) -> Result<State> {
    let known = import::known(&visit.site().renderer.texts());
    let from = match fields.filled("tu_ngay") {
        None => None,
        Some(text) => {
            let day = kernel::parse_date(text);
            Some(day.map_err(|_| Fault::invalid("registry.bad_day").field("tu_ngay", "registry.bad_day"))?)
        }
    };
    let mut op = visit.op().await?;
    let definition = published(visit, &mut op).await?.definition;
    let said = said(&definition, fields);
    let register = visit.param("register");
    let import = visit
        .state
        .registry
        .start_import(&mut op, register, id, (&known, &said), from)
        .await?;
    op.commit().await?;
    Ok(import.state)
}

/// The page of the columns, with what was chosen and what is wrong.
pub(super) async fn draw(visit: &Visit<House>, id: Uuid, fields: &Fields, fault: Option<&Fault>) -> Answer {
    let words = Words::new(visit, "");
    let known = import::known(&visit.site().renderer.texts());
    let mut op = visit.look().await?;
    let definition = published(visit, &mut op).await?.definition;
    let said = said(&definition, fields);
    let preview = visit
        .state
        .registry
        .preview_import(&mut op, visit.param("register"), id, &known, &said)
        .await?;
    drop(op);
    let page = Page {
        visit,
        words: &words,
        definition: &definition,
    };
    let targets: Vec<Value> = std::iter::once(Target::Nothing)
        .chain(Target::all(&definition))
        .map(|target| json!({ "value": target.key(), "label": page.called(&target) }))
        .collect();
    let columns: Vec<Value> = preview
        .columns
        .iter()
        .enumerate()
        .map(|(place, column)| page.column(place, column, fields, fault))
        .collect();
    let import = &preview.import;
    let from = match fields.get("tu_ngay") {
        Some(typed) => typed.to_owned(),
        None => import.valid_from.to_string(),
    };
    let sheets: Vec<Value> = import
        .sheets
        .iter()
        .map(|sheet| json!({ "value": sheet, "label": sheet }))
        .collect();
    let count = ("count", preview.looked_at.to_string());
    let content = json!({
        "register": name(visit, &definition), "back": path(visit), "path": format!("{}/{id}", path(visit)),
        "lead": words.say("registers_files.import.mapping_lead", [("file", import.file_name.clone())]),
        "columns": columns, "targets": targets, "from": from,
        "sheets": if sheets.len() > 1 { sheets } else { Vec::new() },
        "sheet": if import.sheet.is_empty() { import.sheets.first().cloned().unwrap_or_default() } else { import.sheet.clone() },
        "rows": page.rows(&preview), "row_columns": page.row_columns(&preview),
        "faults": match preview.bad {
            0 => words.say("registers_files.import.faults_none", [count]),
            bad => words.say("registers_files.import.faults_some", [count, ("bad", bad.to_string())]),
        },
        "some_bad": preview.bad > 0, "waits": definition.approval, "returned": super::imports::returned(&words, import),
        "lacking": page.told("lacking", &preview.lacking), "kept": page.told("kept", &preview.kept),
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, control)),
        "from_fault": fault.and_then(|fault| fault_of(fault, "tu_ngay")).map(|fault| words.field_fault(fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit
        .page_status(status, "portal/registers_files/mapping.html", content)
        .await
}

/// The control of a fault.
fn control(field: &str) -> Option<String> {
    match field.strip_prefix("column.") {
        Some(place) => Some(format!("cot.{place}")),
        None => Some(field.to_owned()),
    }
}

fn fault_of<'f>(fault: &'f Fault, field: &str) -> Option<&'f FieldFault> {
    fault.fields.iter().find(|own| own.field == field)
}

pub(super) struct Page<'a> {
    pub visit: &'a Visit<House>,
    pub words: &'a Words,
    pub definition: &'a RecordDefinition,
}

impl Page<'_> {
    /// What a target is called.
    pub(super) fn called(&self, target: &Target) -> String {
        let field = |name: &str| match self.definition.field(name) {
            Some(field) => label(self.visit, field),
            None => name.to_owned(),
        };
        let say = |key: &str| self.words.say(&format!("registers_files.{key}"), []);
        let part = |key: &str, name: &str| {
            self.words
                .say(&format!("registers_files.import.{key}"), [("label", field(name))])
        };
        match target {
            Target::Field(name) => field(name),
            Target::From(name) => part("period_from", name),
            Target::To(name) => part("period_to", name),
            Target::ValidFrom => say("column.valid_from"),
            Target::ValidTo => say("column.valid_to"),
            Target::Nothing => say("import.not_read"),
        }
    }

    fn column(&self, place: usize, column: &Column, fields: &Fields, fault: Option<&Fault>) -> Value {
        let named = match &column.found {
            Match::Near(target) | Match::Twice(target) => self.called(target),
            _ => String::new(),
        };
        let target = ("target", named);
        let found = self.words.say(
            &format!("registers_files.import.found.{}", column.found.word()),
            [target.clone()],
        );
        let confirm = match &column.found {
            Match::Near(_) => self.words.say("registers_files.import.confirm_near", [target]),
            Match::Unknown | Match::Twice(_) => self.words.say("registers_files.import.confirm_unknown", []),
            _ => String::new(),
        };
        let own = fault.and_then(|fault| fault_of(fault, &import::control(place)));
        json!({
            "name": format!("cot.{place}"), "confirm_name": format!("xac_nhan.{place}"),
            "heading": if column.heading.is_empty() { format!("({})", place + 1) } else { column.heading.clone() },
            "found": found, "sure": column.found.is_sure(), "confirm": confirm,
            "confirmed": fields.get(&format!("xac_nhan.{place}")) == Some("true"),
            "target": column.target.key(), "examples": column.examples, "filled": column.filled, "faulty": column.faulty,
            "fault": own.map(|fault| self.words.field_fault(fault)),
        })
    }

    pub(super) fn row_columns(&self, preview: &Preview) -> Vec<Value> {
        let say = |key: &str| self.words.say(&format!("registers_files.import.{key}"), []);
        let first = [json!({ "label": say("row") }), json!({ "label": say("wrong") })];
        let headings = preview.columns.iter().map(|column| json!({ "label": column.heading }));
        first.into_iter().chain(headings).collect()
    }

    pub(super) fn rows(&self, preview: &Preview) -> Vec<Value> {
        let row = |row: &PreviewRow| {
            let wrong: Vec<String> = row.faults.iter().map(|fault| self.reason(fault)).collect();
            let mut cells = vec![json!(row.number.to_string()), json!(wrong.join(" "))];
            cells.extend(row.cells.iter().map(|cell| json!(cell)));
            cells.resize(preview.columns.len() + 2, json!(""));
            json!({ "cells": cells })
        };
        preview.rows.iter().map(row).collect()
    }

    fn reason(&self, fault: &FieldFault) -> String {
        let said = self.words.field_fault(fault);
        match self.definition.field(&fault.field) {
            Some(field) => format!("{}: {said}", label(self.visit, field)),
            None => said,
        }
    }

    /// A sentence about fields; none where there are none.
    pub(super) fn told(&self, key: &str, fields: &[String]) -> String {
        if fields.is_empty() {
            return String::new();
        }
        let named = labels(self.visit, self.definition, fields);
        self.words
            .say(&format!("registers_files.import.{key}"), [("fields", named)])
    }
}
