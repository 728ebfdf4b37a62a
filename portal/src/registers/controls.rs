//! The form of a register, drawn from its declaration: a control for each field, with what was typed in it.

use std::collections::BTreeMap;

use ::files::Kind as FileKind;
use kernel::Result;
use op::Op;
use registry::Values;
use registry::definition::{Column, FieldDefinition, Kind, LinkTarget, OptionWords, Shape};
use schema::field::{Condition, FieldKind};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Fields, Visit};

use super::faults::Said;
use super::given::{Given, control};
use super::lookups::Lookups;
use super::{Shown, files, filters, links, numbers};
use crate::House;

/// More choices than this are a list to open rather than circles to press.
const MOST_CIRCLES: usize = 5;
/// Examples shown beside a control.
const EXAMPLES: usize = 2;
/// Empty lines at the end of a table.
const EMPTY_LINES: usize = 3;
/// Lines that a press adds.
const MORE_LINES: usize = 5;

/// What the form is drawn from.
pub(super) struct Controls<'a> {
    pub visit: &'a Visit<House>,
    pub shown: &'a Shown,
    /// What was typed.
    pub fields: &'a Fields,
    /// What is wrong with it.
    pub said: &'a Said,
    /// What it was understood as.
    pub given: &'a Given,
    /// The values of the record, where there is one: sealed ones stay until something is typed.
    pub before: Option<&'a Values>,
    pub lookups: &'a Lookups,
}

impl Controls<'_> {
    /// One after the other, in the order of the declaration.
    pub async fn all(&self, op: &mut Op) -> Result<Vec<Value>> {
        let mut controls = Vec::new();
        for field in &self.shown.published.definition.fields {
            controls.extend(self.one(op, field).await?);
        }
        Ok(controls)
    }

    fn language(&self) -> &'static str {
        self.shown.words.language()
    }

    fn say(&self, key: &str) -> String {
        self.shown.words.say(key, [])
    }

    fn typed(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or_default()
    }

    /// The control of one field; none where nothing is entered.
    pub async fn one(&self, op: &mut Op, field: &FieldDefinition) -> Result<Option<Value>> {
        if field.is_computed() {
            return Ok(None);
        }
        let name = control(&field.field);
        let keeps = self.before.is_some() && field.is_sealed();
        let error = self.said.by_control.get(&name).cloned().unwrap_or_else(|| json!(""));
        let mut drawn = json!({
            "name": name, "field": field.field, "label": field.words.in_language(self.language()), "error": error,
            "required": field.required == Condition::Always && !keeps, "value": self.typed(&name),
            "unit": field.unit.as_deref().map(numbers::unit_shown), "hint": self.hint(field), "keeps": keeps,
            "cleared": self.fields.all("xoa").any(|own| own == field.field),
        });
        let set = &mut |key: &str, value: Value| drawn[key] = value;
        match &field.kind {
            Kind::Plain(FieldKind::Area) => {
                set("kind", json!("area"));
                let districts = filters::wards(self.visit, op).await?;
                let ward = self.typed(&format!("{name}.ward"));
                let district = match self.typed(&format!("{name}.district")) {
                    "" => district_of(&districts, ward),
                    typed => typed,
                };
                set("value", json!({ "district": district, "ward": ward }));
                set("districts", districts.clone());
            }
            Kind::Plain(kind) => match kind.catalogue() {
                Some(catalogue) => {
                    set("kind", json!("select"));
                    set(
                        "options",
                        json!(filters::catalogue_options(self.lookups.catalogues.get(catalogue))),
                    );
                }
                None => {
                    let required = field.required == Condition::Always && !keeps;
                    set("kind", json!(drawn_as(kind, field.options.len(), required)));
                    set("options", json!(self.options(&field.options, &name, op)));
                    set(
                        "decimals",
                        json!(matches!(kind, FieldKind::Number { decimals, .. } if *decimals > 0)),
                    );
                    set("max", json!(kind.max_length().unwrap_or(0)));
                    if matches!(kind, FieldKind::Choices { .. }) {
                        set("value", json!(self.fields.all(&name).collect::<Vec<_>>()));
                    }
                }
            },
            Kind::Moment => set("kind", json!("moment")),
            Kind::Person => set("kind", json!("person")),
            Kind::Period => {
                set("kind", json!("period"));
                set(
                    "value",
                    json!({ "from": self.typed(&format!("{name}.from")), "to": self.typed(&format!("{name}.to")) }),
                );
            }
            Kind::Link(LinkTarget::Agency) => {
                set("kind", json!("select"));
                set("options", links::agencies(self.visit, op).await?);
            }
            Kind::Link(LinkTarget::Register(register)) => {
                set("kind", json!("link"));
                set("link", self.link(op, field, register, &name).await?);
            }
            Kind::Geometry(Shape::Point) => set("kind", json!("point")),
            Kind::Geometry(_) => set("kind", json!("outline")),
            Kind::Rows { columns, most } => {
                set("kind", json!("rows"));
                set("table", self.table(columns, *most as usize, &name));
            }
            Kind::File { most } => {
                set("kind", json!("file"));
                set("file", self.file(op, field, *most, &name).await?);
            }
            Kind::Computed { .. } => return Ok(None),
        }
        Ok(Some(drawn))
    }

    /// The help of the declaration, examples, and how it is typed.
    fn hint(&self, field: &FieldDefinition) -> String {
        let mut parts = Vec::new();
        if let Some(help) = &field.help {
            parts.push(help.in_language(self.language()).to_owned());
        }
        if let Kind::Plain(FieldKind::Text { pattern, .. }) = &field.kind
            && !pattern.is_empty()
        {
            let patterns = pattern
                .iter()
                .map(|pattern| json!(pattern).as_str().unwrap_or_default().to_owned());
            let patterns = patterns.collect::<Vec<_>>().join(", ");
            parts.push(self.shown.words.say("registers.form.pattern", [("pattern", patterns)]));
        }
        let how = match &field.kind {
            Kind::Plain(FieldKind::Date { .. }) => Some("registers.form.how_date"),
            Kind::Moment => Some("registers.form.how_moment"),
            Kind::Geometry(Shape::Point) => Some("registers.form.how_point"),
            Kind::Geometry(Shape::Line) => Some("registers.form.how_line"),
            Kind::Geometry(Shape::Polygon) => Some("registers.form.how_polygon"),
            _ => None,
        };
        parts.extend(how.map(|key| self.say(key)));
        if let Kind::Link(LinkTarget::Register(_)) = &field.kind {
            parts.push(self.say("registers.form.how_link"));
        }
        if !field.examples.is_empty() && !matches!(field.kind, Kind::Link(_) | Kind::Geometry(_)) {
            let examples = field
                .examples
                .iter()
                .take(EXAMPLES)
                .cloned()
                .collect::<Vec<_>>()
                .join("; ");
            parts.push(self.shown.words.say("registers.form.example", [("example", examples)]));
        }
        if matches!(field.required, Condition::When(_)) {
            parts.push(self.say("registers.form.sometimes"));
        }
        parts.join(" ")
    }

    /// Choices of today, and the one that stands there already.
    fn options(&self, options: &[OptionWords], name: &str, op: &Op) -> Vec<Value> {
        let today = kernel::local_date(op.now());
        let chosen: Vec<&str> = self.fields.all(name).collect();
        let offered = options
            .iter()
            .filter(|option| option.holds_on(today) || chosen.contains(&option.code.as_str()));
        let each = offered.map(|option| {
            let label = option.words.in_language(self.language()).to_owned();
            let label = match option.holds_on(today) {
                true => label,
                false => self.shown.words.say("registers.form.option_ended", [("label", label)]),
            };
            json!({ "value": option.code, "label": label })
        });
        each.collect()
    }

    /// A record by its key or title: what was typed, what was found for it, or what it may mean.
    async fn link(&self, op: &mut Op, field: &FieldDefinition, register: &str, name: &str) -> Result<Value> {
        let target = super::known(self.visit.state.registry.register(op, register).await)?;
        let target_name = target.map(|target| target.definition.words.in_language(self.language()).to_owned());
        let typed = self.typed(name).trim();
        let stands = !typed.is_empty() && self.typed(&format!("{name}.was")).trim() == typed;
        let known = self.fields.filled(&format!("{name}.id")).filter(|_| stands);
        let offered: &[(Uuid, String)] = self.given.offered.get(&field.field).map_or(&[], Vec::as_slice);
        let found = match (known.and_then(|id| Uuid::parse_str(id).ok()), offered) {
            (Some(id), _) => {
                let names = super::known(self.visit.state.registry.names(op, register, &[id]).await)?;
                let title = names
                    .unwrap_or_default()
                    .remove(&id)
                    .unwrap_or_else(|| typed.to_owned());
                Some((id, title))
            }
            (None, [(id, title)]) => Some((*id, title.clone())),
            _ => None,
        };
        let side = self.shown.side;
        let one =
            |(id, title): &(Uuid, String)| json!({ "value": id, "label": title, "href": side.record(register, *id) });
        Ok(json!({
            "target": target_name, "target_href": side.register(register), "found": found.as_ref().map(one),
            "offered": if found.is_none() { offered.iter().map(one).collect::<Vec<_>>() } else { Vec::new() },
        }))
    }

    /// The lines of a table: those with something in them, and some empty ones.
    fn table(&self, columns: &[Column], most: usize, name: &str) -> Value {
        let prefix = format!("{name}.");
        let mut lines: BTreeMap<usize, ()> = BTreeMap::new();
        for (own, value) in self.fields.iter() {
            let number = own
                .strip_prefix(&prefix)
                .and_then(|rest| rest.split_once('.'))
                .and_then(|(number, _)| number.parse().ok());
            if let Some(number) = number.filter(|_| !value.trim().is_empty()) {
                lines.insert(number, ());
            }
        }
        let wanted = self.fields.all("them").any(|own| self.given_name(own) == name);
        let empty = if wanted { EMPTY_LINES + MORE_LINES } else { EMPTY_LINES };
        let mut numbers: Vec<usize> = lines.into_keys().take(most).collect();
        let next = numbers.last().map_or(0, |last| last + 1);
        numbers.extend((next..next + empty).take(most.saturating_sub(numbers.len())));
        let heads: Vec<Value> = columns
            .iter()
            .map(|column| {
                let label = column.words.in_language(self.language());
                json!({ "label": label, "required": column.required, "kind": cell_kind(&column.kind) })
            })
            .collect();
        let rows: Vec<Value> = numbers
            .iter()
            .enumerate()
            .map(|(place, number)| {
                let cells: Vec<Value> = columns
                    .iter()
                    .map(|column| self.cell(column, &format!("{name}.{number}.{}", column.column)))
                    .collect();
                json!({ "number": place + 1, "cells": cells })
            })
            .collect();
        json!({ "columns": heads, "rows": rows, "most": most, "full": numbers.len() >= most })
    }

    fn given_name(&self, field: &str) -> String {
        control(field)
    }

    fn cell(&self, column: &Column, name: &str) -> Value {
        let chosen: Vec<&str> = self.fields.all(name).collect();
        let options = column.options.iter().map(|option| {
            let label = option.words.in_language(self.language());
            json!({ "value": option.code, "label": label, "chosen": chosen.contains(&option.code.as_str()) })
        });
        let options: Vec<Value> = match column.kind {
            FieldKind::YesNo => ["true", "false"]
                .iter()
                .map(|value| {
                    let label = self.say(if *value == "true" { "layout.yes" } else { "layout.no" });
                    json!({ "value": value, "label": label, "chosen": chosen.contains(value) })
                })
                .collect(),
            _ => options.collect(),
        };
        json!({
            "name": name, "kind": cell_kind(&column.kind), "label": column.words.in_language(self.language()),
            "value": self.typed(name), "options": options,
        })
    }

    /// Files that are kept already, and whether more may come.
    async fn file(&self, op: &mut Op, field: &FieldDefinition, most: u32, name: &str) -> Result<Value> {
        let gone: Vec<&str> = self.fields.all("bo").collect();
        let named: Vec<&str> = self.fields.all(name).filter(|id| !id.is_empty()).collect();
        let own = self.before.and_then(|before| before.get(&field.field));
        let register = &self.shown.published.definition.record;
        let kept = files::own(self.visit, op, (register, &field.field), &named, own)
            .await?
            .unwrap_or_default();
        let kept: Vec<Value> = kept
            .iter()
            .map(|view| {
                let id = view.id.to_string();
                json!({ "id": id, "name": view.name, "size": view.size, "gone": gone.contains(&id.as_str()) })
            })
            .collect();
        let accept: Vec<&str> = FileKind::ALL.iter().map(|kind| kind.media_type()).collect();
        let most_bytes = self.visit.state.files.limits().max_bytes >> 20;
        let kinds = FileKind::ALL
            .iter()
            .map(|kind| kind.label())
            .collect::<Vec<_>>()
            .join(", ");
        let limits = [
            ("kinds", kinds),
            ("size", most_bytes.to_string()),
            ("count", most.to_string()),
        ];
        Ok(json!({
            "name": format!("tep.{}", field.field), "kept": kept, "many": most > 1, "accept": accept.join(","), "most": most_bytes,
            "full": kept.len() >= most as usize, "limits": self.shown.words.say("registers.form.file_limits", limits),
        }))
    }
}

/// How a field of a kind that a form may ask for too is drawn.
fn drawn_as(kind: &FieldKind, options: usize, required: bool) -> &'static str {
    match kind {
        FieldKind::LongText { .. } => "long_text",
        FieldKind::Name { .. } => "name",
        FieldKind::Date { .. } => "date",
        FieldKind::Number { .. } => "number",
        FieldKind::Money { .. } => "money",
        FieldKind::Phone => "phone",
        FieldKind::Email => "email",
        FieldKind::PersonalNumber => "person",
        FieldKind::TaxNumber => "tax_number",
        // A circle that was pressed cannot be taken back: what may be left out is a list.
        FieldKind::Choice { .. } if required && options <= MOST_CIRCLES => "radios",
        FieldKind::Choice { .. } => "select",
        FieldKind::Choices { .. } => "checkboxes",
        FieldKind::YesNo if required => "yes_no",
        FieldKind::YesNo => "yes_no_or_nothing",
        _ => "text",
    }
}

/// The district in which a ward lies: a record names the ward alone.
fn district_of<'d>(districts: &'d Value, ward: &str) -> &'d str {
    let mut all = districts.as_array().into_iter().flatten();
    let found = all.find(|district| {
        let mut wards = district["wards"].as_array().into_iter().flatten();
        wards.any(|own| own["code"] == ward)
    });
    found.and_then(|district| district["code"].as_str()).unwrap_or_default()
}

/// How a cell of a table is drawn.
fn cell_kind(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Choice { .. } | FieldKind::YesNo => "select",
        FieldKind::Choices { .. } => "many",
        FieldKind::Number { .. } | FieldKind::Money { .. } => "number",
        FieldKind::Date { .. } => "date",
        _ => "text",
    }
}
