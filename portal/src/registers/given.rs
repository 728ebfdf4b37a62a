//! From the controls of a form to what a record is given, and from what a record holds to the controls.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Result;
use op::Op;
use registry::Values;
use registry::definition::{Column, FieldDefinition, Kind, LinkTarget, RecordDefinition, Shape};
use schema::field::FieldKind;
use serde_json::{Map, Value, json};
use uuid::Uuid;
use web::{Fields, Visit};

use super::show::{Show, text};
use super::{files, links, map, numbers};
use crate::House;
use crate::words::Words;

/// Controls of fields begin so: no key of a register can be taken for another control.
const OF_FIELD: &str = "v.";

/// The control of a field.
pub(super) fn control(field: &str) -> String {
    format!("{OF_FIELD}{field}")
}

/// What a form gives.
#[derive(Default)]
pub(super) struct Given {
    /// By field, as the engine reads it.
    pub values: Map<String, Value>,
    /// What the page itself says is wrong, by field.
    pub told: Vec<(String, String)>,
    /// Records that what was typed may mean, by field.
    pub offered: BTreeMap<String, Vec<(Uuid, String)>>,
    /// For each table the rows that were filled in, by their number on the page.
    pub rows: BTreeMap<String, Vec<usize>>,
}

/// Reads a form. `before` is what the record holds, where there is one: then what is sealed stays as it is until something is typed.
pub(super) async fn read(
    visit: &Visit<House>,
    op: &mut Op,
    definition: &RecordDefinition,
    fields: &Fields,
    before: Option<&Values>,
) -> Result<Given> {
    let words = Words::new(visit, "");
    let mut given = Given::default();
    for field in definition.fields.iter().filter(|field| !field.is_computed()) {
        let name = control(&field.field);
        let value = match &field.kind {
            Kind::Link(LinkTarget::Register(register)) => {
                link(visit, op, &words, field, register, fields, &mut given).await?
            }
            Kind::File { .. } => {
                let gone: BTreeSet<&str> = fields.all("bo").collect();
                let named: Vec<&str> = fields
                    .all(&name)
                    .filter(|id| !id.is_empty() && !gone.contains(id))
                    .collect();
                let own = before.and_then(|before| before.get(&field.field));
                if files::own(visit, op, (&definition.record, &field.field), &named, own)
                    .await?
                    .is_none()
                {
                    let fault = words.code("registry.field.file", &render::Params::new());
                    given.told.push((field.field.clone(), fault));
                }
                json!(named)
            }
            Kind::Rows { columns, .. } => {
                let (rows, numbers) = rows(fields, &name, columns);
                given.rows.insert(field.field.clone(), numbers);
                rows
            }
            _ => simple(field, fields, &name),
        };
        let is_empty = value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty);
        let keeps =
            before.is_some() && field.is_sealed() && is_empty && !fields.all("xoa").any(|own| own == field.field);
        // What is not named of the sealed fields stays as it is ([`registry::Keep::Sealed`]).
        if !keeps {
            given.values.insert(field.field.clone(), value);
        }
    }
    Ok(given)
}

fn simple(field: &FieldDefinition, fields: &Fields, name: &str) -> Value {
    let typed = |name: &str| fields.get(name).unwrap_or_default().trim().to_owned();
    match &field.kind {
        Kind::Plain(FieldKind::Area) => json!(typed(&format!("{name}.ward"))),
        Kind::Plain(FieldKind::Choices { .. }) => json!(fields.all(name).collect::<Vec<_>>()),
        Kind::Period => {
            let (from, to) = (typed(&format!("{name}.from")), typed(&format!("{name}.to")));
            match from.is_empty() && to.is_empty() {
                true => Value::Null,
                false => json!({ "from": from, "to": to }),
            }
        }
        Kind::Geometry(shape @ (Shape::Line | Shape::Polygon)) => {
            let text = typed(name);
            match text.is_empty() || text.starts_with('{') {
                true => json!(text),
                false => map::typed(&text, *shape == Shape::Polygon).unwrap_or(json!(text)),
            }
        }
        _ => json!(typed(name)),
    }
}

/// A record by what was typed: what was found before and still stands there, else what the words mean.
async fn link(
    visit: &Visit<House>,
    op: &mut Op,
    words: &Words,
    field: &FieldDefinition,
    register: &str,
    fields: &Fields,
    given: &mut Given,
) -> Result<Value> {
    let name = control(&field.field);
    let typed = fields.get(&name).unwrap_or_default().trim();
    if typed.is_empty() {
        return Ok(Value::Null);
    }
    let known = fields
        .filled(&format!("{name}.id"))
        .and_then(|id| Uuid::parse_str(id).ok());
    let stands = fields.get(&format!("{name}.was")).map(str::trim) == Some(typed);
    if let (Some(id), true) = (known, stands) {
        return Ok(json!(id));
    }
    let found = links::find(visit, op, register, typed).await?;
    let value = match found.as_slice() {
        [(id, _)] => json!(id),
        [] => json!(typed),
        _ => {
            let text = words.say("registers.form.link_many", []);
            given.told.push((field.field.clone(), text));
            json!(typed)
        }
    };
    given.offered.insert(field.field.clone(), found);
    Ok(value)
}

/// The rows of a table in which something stands, and their numbers on the page.
fn rows(fields: &Fields, name: &str, columns: &[Column]) -> (Value, Vec<usize>) {
    let prefix = format!("{name}.");
    let numbers: BTreeSet<usize> = fields
        .iter()
        .filter_map(|(own, _)| own.strip_prefix(&prefix)?.split_once('.')?.0.parse().ok())
        .collect();
    let mut rows = Vec::new();
    let mut kept = Vec::new();
    for number in numbers {
        let mut row = Map::new();
        for column in columns {
            let cell = format!("{name}.{number}.{}", column.column);
            let value = match column.kind {
                FieldKind::Choices { .. } => json!(fields.all(&cell).collect::<Vec<_>>()),
                _ => json!(fields.get(&cell).unwrap_or_default().trim()),
            };
            if value != "" && value != json!([]) {
                row.insert(column.column.clone(), value);
            }
        }
        if !row.is_empty() {
            rows.push(Value::Object(row));
            kept.push(number);
        }
    }
    (Value::Array(rows), kept)
}

/// The controls of a form in which each field that still says `old` says `new`; what was typed otherwise stays.
pub(super) fn take_on(
    definition: &RecordDefinition,
    fields: &Fields,
    old: &[(String, String)],
    new: &[(String, String)],
) -> Vec<(String, String)> {
    let of = |pairs: &[(String, String)], field: &str| -> Vec<(String, String)> {
        let (name, part) = (control(field), format!("{}.", control(field)));
        let own = pairs.iter().filter(|(own, _)| *own == name || own.starts_with(&part));
        own.cloned().collect()
    };
    // What the page alone needs, and what says nothing, is not compared.
    let said = |mut pairs: Vec<(String, String)>| {
        pairs.retain(|(name, value)| !value.trim().is_empty() && !name.ends_with(".district"));
        pairs.sort();
        pairs
    };
    let mut typed: Vec<(String, String)> = fields
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    for field in definition.plain() {
        let (own, before, after) = (of(&typed, &field.field), of(old, &field.field), of(new, &field.field));
        let untouched = said(own.clone()) == said(before.clone()) && !matches!(field.kind, Kind::File { .. });
        if untouched && before != after {
            typed.retain(|pair| !own.contains(pair));
            typed.extend(after);
        }
    }
    typed
}

/// What a record holds as the controls of its form.
pub(super) fn pairs(definition: &RecordDefinition, values: &Values, show: &Show<'_>) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for field in definition.plain().filter(|field| !field.is_computed()) {
        let Some(value) = values.get(&field.field) else {
            continue;
        };
        let name = control(&field.field);
        let mut put = |part: &str, value: String| pairs.push((format!("{name}{part}"), value));
        match &field.kind {
            Kind::Plain(FieldKind::Area) => put(".ward", text(value).to_owned()),
            Kind::Plain(FieldKind::Choices { .. }) | Kind::File { .. } => {
                for item in value.as_array().into_iter().flatten() {
                    put("", text(item).to_owned());
                }
            }
            Kind::Plain(kind) => put("", typed(kind, value)),
            Kind::Moment => put("", typed_moment(text(value))),
            Kind::Period => {
                put(".from", typed_day(text(&value["from"])));
                put(".to", typed_day(text(&value["to"])));
            }
            Kind::Link(LinkTarget::Agency) => put("", text(value).to_owned()),
            Kind::Link(target) => {
                let (title, _) = show.linked(target, text(value));
                put("", title.clone());
                put(".was", title);
                put(".id", text(value).to_owned());
            }
            Kind::Geometry(_) => put("", map::to_type(value)),
            Kind::Rows { columns, .. } => {
                for (number, row) in value.as_array().into_iter().flatten().enumerate() {
                    for column in columns {
                        let cell = &row[column.column.as_str()];
                        match cell.as_array() {
                            Some(items) => {
                                for item in items {
                                    put(&format!(".{number}.{}", column.column), text(item).to_owned());
                                }
                            }
                            None if cell.is_null() => {}
                            None => put(&format!(".{number}.{}", column.column), typed(&column.kind, cell)),
                        }
                    }
                }
            }
            Kind::Person | Kind::Computed { .. } => put("", text(value).to_owned()),
        }
    }
    pairs
}

/// A value as it is typed.
fn typed(kind: &FieldKind, value: &Value) -> String {
    match kind {
        FieldKind::Date { .. } => typed_day(text(value)),
        FieldKind::Number { .. } => numbers::typed(value),
        FieldKind::Money { .. } => numbers::typed_money(value),
        FieldKind::YesNo => match value.as_bool() {
            Some(yes) => yes.to_string(),
            None => String::new(),
        },
        _ => text(value).to_owned(),
    }
}

/// `30/11/2026`.
pub(super) fn typed_day(day: &str) -> String {
    render::date_text(day).unwrap_or_else(|| day.to_owned())
}

/// `30/11/2026 08:00`; a moment with seconds stays as it is, so that none get lost.
fn typed_moment(moment: &str) -> String {
    let parsed = chrono::DateTime::parse_from_rfc3339(moment).map(|moment| kernel::local(moment.to_utc()));
    match parsed {
        Ok(local) if local.format("%S").to_string() == "00" => local.format("%d/%m/%Y %H:%M").to_string(),
        _ => moment.to_owned(),
    }
}
