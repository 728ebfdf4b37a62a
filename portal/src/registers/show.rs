//! Values of records in words: short ones for lists and differences, whole ones for the page of a record.

use ::files::FileView;
use registry::definition::{FieldDefinition, Kind, LinkTarget, OptionWords};
use schema::field::FieldKind;
use serde_json::{Value, json};
use uuid::Uuid;

use super::lookups::Lookups;
use super::{Side, map, numbers};
use crate::words::Words;

/// A list shows so much of a text.
const LONGEST_CELL: usize = 120;
/// A list names so many of several things.
const MOST_NAMED: usize = 3;

/// How values are shown to whoever reads.
pub(super) struct Show<'a> {
    pub words: &'a Words,
    pub lookups: &'a Lookups,
    pub side: Side,
}

impl Show<'_> {
    /// A value in one line of text.
    pub fn line(&self, field: &FieldDefinition, value: &Value) -> String {
        let unit = field.unit.as_deref();
        match &field.kind {
            Kind::Plain(FieldKind::Area) => self.ward(text(value)),
            Kind::Plain(kind) => match kind.catalogue() {
                Some(catalogue) => {
                    let words = self.lookups.catalogues.get(catalogue);
                    let word = words.and_then(|words| words.get(text(value)));
                    word.cloned().unwrap_or_else(|| text(value).to_owned())
                }
                None => self.plain(kind, &field.options, unit, value),
            },
            Kind::Moment => render::datetime_text(text(value)).unwrap_or_else(|| text(value).to_owned()),
            Kind::Period => self.period(value),
            Kind::Link(target) => self.linked(target, text(value)).0,
            Kind::Person => text(value).to_owned(),
            Kind::Geometry(_) => map::line(self.words, value),
            Kind::Rows { .. } => self.counted("registers.show.rows", value),
            Kind::File { .. } => self.counted("registers.show.files", value),
            Kind::Computed { .. } => match value {
                Value::Bool(yes) => self.yes_no(*yes),
                Value::Number(_) => numbers::shown(self.words, value, unit),
                other => render::date_text(text(other)).unwrap_or_else(|| text(other).to_owned()),
            },
        }
    }

    /// A cell of a list: links lead on, long texts are cut.
    pub fn cell(&self, field: &FieldDefinition, value: &Value) -> Value {
        if let Kind::Link(target) = &field.kind {
            let (text, href) = self.linked(target, text(value));
            return json!({ "text": text, "href": href });
        }
        let line = self.line(field, value);
        let cut = match line.char_indices().nth(LONGEST_CELL) {
            Some((end, _)) => format!("{}…", line[..end].trim_end()),
            None => line,
        };
        json!(cut)
    }

    /// A value on the page of its record: `{kind, …}` as the template draws it.
    pub fn whole(&self, field: &FieldDefinition, value: &Value, file: &dyn Fn(&FileView) -> Value) -> Value {
        match &field.kind {
            Kind::Link(target) => {
                let (text, href) = self.linked(target, text(value));
                json!({ "kind": "link", "text": text, "href": href })
            }
            Kind::Plain(FieldKind::Phone) => {
                json!({ "kind": "link", "text": text(value), "href": format!("tel:{}", text(value)) })
            }
            Kind::Plain(FieldKind::Email) => {
                json!({ "kind": "link", "text": text(value), "href": format!("mailto:{}", text(value)) })
            }
            Kind::Plain(kind @ FieldKind::Choices { .. }) => {
                let codes = value.as_array().into_iter().flatten();
                let items: Vec<String> = codes.map(|code| self.plain(kind, &field.options, None, code)).collect();
                json!({ "kind": "items", "items": items })
            }
            Kind::Geometry(_) => map::drawn(self.words, field.words.in_language(self.words.language()), value),
            Kind::Rows { columns, .. } => {
                let language = self.words.language();
                let heads: Vec<Value> = columns
                    .iter()
                    .map(|column| {
                        let number = matches!(column.kind, FieldKind::Number { .. } | FieldKind::Money { .. });
                        json!({ "label": column.words.in_language(language), "number": number })
                    })
                    .collect();
                let cells = |row: &Value| -> Vec<Value> {
                    let cell = |value: &Value, place: usize| match value.is_null() {
                        true => json!(""),
                        false => json!(self.plain(&columns[place].kind, &columns[place].options, None, value)),
                    };
                    let names = columns.iter().enumerate();
                    names
                        .map(|(place, column)| cell(&row[column.column.as_str()], place))
                        .collect()
                };
                let rows: Vec<Value> = value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|row| json!({ "cells": cells(row) }))
                    .collect();
                json!({ "kind": "table", "columns": heads, "rows": rows })
            }
            Kind::File { .. } => {
                let ids = value.as_array().into_iter().flatten();
                let views = ids.filter_map(|id| self.lookups.files.get(&Uuid::parse_str(text(id)).ok()?));
                json!({ "kind": "files", "files": views.map(file).collect::<Vec<_>>() })
            }
            _ => json!({ "kind": "text", "text": self.line(field, value) }),
        }
    }

    /// The name of a ward.
    pub fn ward(&self, code: &str) -> String {
        self.lookups.wards.get(code).cloned().unwrap_or_else(|| code.to_owned())
    }

    /// What a link leads to: its name, and its address where it may be read.
    pub fn linked(&self, target: &LinkTarget, id: &str) -> (String, String) {
        let hidden = || (self.words.say("registers.show.hidden_record", []), String::new());
        let Ok(known) = Uuid::parse_str(id) else {
            return hidden();
        };
        match target {
            LinkTarget::Agency => match self.lookups.agencies.get(&known) {
                Some(agency) => (agency.name.clone(), format!("/co-quan/{}", agency.code)),
                None => hidden(),
            },
            LinkTarget::Register(register) => {
                let title = self.lookups.titles.get(register).and_then(|own| own.get(&known));
                match title {
                    Some(title) if !title.is_empty() => (title.clone(), self.side.record(register, known)),
                    Some(_) => (
                        self.words.say("registers.show.untitled", []),
                        self.side.record(register, known),
                    ),
                    None => hidden(),
                }
            }
        }
    }

    /// The words of a code; ended ones keep theirs.
    pub fn option(&self, options: &[OptionWords], code: &str) -> String {
        let own = options.iter().find(|option| option.code == code);
        own.map_or(code, |option| option.words.in_language(self.words.language()))
            .to_owned()
    }

    /// A value of a kind that a form may ask for too.
    pub fn plain(&self, kind: &FieldKind, options: &[OptionWords], unit: Option<&str>, value: &Value) -> String {
        match kind {
            FieldKind::Choice { .. } => self.option(options, text(value)),
            FieldKind::Choices { .. } if value.is_array() => {
                let codes: Vec<&Value> = value.as_array().into_iter().flatten().collect();
                let named = codes
                    .iter()
                    .take(MOST_NAMED)
                    .map(|code| self.option(options, text(code)));
                let mut names = named.collect::<Vec<_>>().join(", ");
                if codes.len() > MOST_NAMED {
                    names.push_str(", …");
                }
                names
            }
            FieldKind::Choices { .. } => self.option(options, text(value)),
            FieldKind::Date { .. } => render::date_text(text(value)).unwrap_or_else(|| text(value).to_owned()),
            FieldKind::Number { .. } => numbers::shown(self.words, value, unit),
            FieldKind::Money { .. } => numbers::money(self.words, value),
            FieldKind::YesNo => value.as_bool().map(|yes| self.yes_no(yes)).unwrap_or_default(),
            _ => match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            },
        }
    }

    fn yes_no(&self, yes: bool) -> String {
        self.words.say(if yes { "layout.yes" } else { "layout.no" }, [])
    }

    fn period(&self, value: &Value) -> String {
        let part = |name: &str| render::date_text(text(&value[name]));
        match (part("from"), part("to")) {
            (Some(from), Some(to)) => self.words.say("registers.days.from_to", [("from", from), ("to", to)]),
            (Some(from), None) => self.words.say("registers.days.since", [("from", from)]),
            _ => String::new(),
        }
    }

    fn counted(&self, key: &str, value: &Value) -> String {
        let count = value.as_array().map_or(0, Vec::len);
        self.words.say(key, [("count", count.to_string())])
    }
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Whether a column stands at the right, as numbers do.
pub(super) fn is_number(field: &FieldDefinition) -> bool {
    matches!(
        field.kind,
        Kind::Plain(FieldKind::Number { .. } | FieldKind::Money { .. })
    )
}
