//! JSON Schema of the records of a register, for clients and for the OpenAPI document.

use schema::field::{Condition, FieldKind};
use serde_json::{Map, Value, json};

use super::field::{FieldDefinition, Gives, Kind, OptionWords, Shape};
use super::{Column, RecordDefinition};

/// The schema of the values of a record (JSON Schema 2020-12). Words are Vietnamese, English ones stand under `x-en`.
pub fn json_schema(definition: &RecordDefinition) -> Value {
    let mut properties = Map::new();
    for field in &definition.fields {
        properties.insert(field.field.clone(), of_field(field));
    }
    let required: Vec<&str> = definition
        .fields
        .iter()
        .filter(|field| matches!(field.required, Condition::Always))
        .map(|field| field.field.as_str())
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": definition.words.vi,
        "description": definition.about.vi,
        "x-en": { "title": definition.words.en, "description": definition.about.en },
        "x-key": definition.key,
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "required": required,
    })
}

fn of_field(field: &FieldDefinition) -> Value {
    let mut value = match &field.kind {
        Kind::Plain(kind) => of_plain(kind, &field.options),
        Kind::Moment => json!({ "type": "string", "format": "date-time" }),
        Kind::Period => json!({
            "type": "object",
            "properties": { "from": { "type": "string", "format": "date" }, "to": { "type": "string", "format": "date" } },
            "required": ["from"],
        }),
        Kind::Link(_) => json!({ "type": "string", "description": "identifier or key of the record" }),
        Kind::Person => json!({ "type": "string", "pattern": "^[0-9]{12}$" }),
        Kind::Geometry(shape) => json!({ "type": "object", "x-geometry": match shape {
            Shape::Point => "Point",
            Shape::Line => "LineString",
            Shape::Polygon => "Polygon",
        } }),
        Kind::Rows { columns, most } => of_rows(columns, *most),
        Kind::Computed { gives, .. } => match gives {
            Gives::Text => json!({ "type": "string", "readOnly": true }),
            Gives::Number => json!({ "type": "number", "readOnly": true }),
            Gives::Date => json!({ "type": "string", "format": "date", "readOnly": true }),
            Gives::YesNo => json!({ "type": "boolean", "readOnly": true }),
        },
        Kind::File { most } => {
            json!({ "type": "array", "maxItems": most, "items": { "type": "string", "format": "uuid" } })
        }
    };
    value["title"] = field.words.vi.clone().into();
    value["x-en"] = field.words.en.clone().into();
    value["x-class"] = json!(field.class);
    if let Some(help) = &field.help {
        value["description"] = help.vi.clone().into();
    }
    if let Some(unit) = &field.unit {
        value["x-unit"] = unit.clone().into();
    }
    if !field.examples.is_empty() {
        value["examples"] = json!(field.examples);
    }
    value
}

fn of_rows(columns: &[Column], most: u32) -> Value {
    let mut properties = Map::new();
    for column in columns {
        let mut value = of_plain(&column.kind, &column.options);
        value["title"] = column.words.vi.clone().into();
        properties.insert(column.column.clone(), value);
    }
    let required: Vec<&str> = columns
        .iter()
        .filter(|column| column.required)
        .map(|column| column.column.as_str())
        .collect();
    json!({
        "type": "array",
        "maxItems": most,
        "items": { "type": "object", "additionalProperties": false, "properties": properties, "required": required },
    })
}

fn of_plain(kind: &FieldKind, options: &[OptionWords]) -> Value {
    let codes = || {
        let all: Vec<Value> = options
            .iter()
            .map(|option| json!({ "const": option.code, "title": option.words.vi, "x-en": option.words.en }))
            .collect();
        all
    };
    match kind {
        FieldKind::Text { max_length, .. } | FieldKind::LongText { max_length } | FieldKind::Name { max_length } => {
            json!({ "type": "string", "maxLength": max_length })
        }
        FieldKind::Date { min, max, .. } => {
            let mut value = json!({ "type": "string", "format": "date" });
            if let Some(min) = min {
                value["formatMinimum"] = min.to_string().into();
            }
            if let Some(max) = max {
                value["formatMaximum"] = max.to_string().into();
            }
            value
        }
        FieldKind::Number { min, max, decimals } => {
            let mut value = json!({ "type": if *decimals == 0 { "integer" } else { "number" } });
            if let Some(min) = min {
                value["minimum"] = schema::field::number::to_json(*min);
            }
            if let Some(max) = max {
                value["maximum"] = schema::field::number::to_json(*max);
            }
            value
        }
        FieldKind::Money { min, max } => {
            let mut value = json!({ "type": "integer", "minimum": min, "x-unit": "VND" });
            if let Some(max) = max {
                value["maximum"] = (*max).into();
            }
            value
        }
        FieldKind::Email => json!({ "type": "string", "format": "email" }),
        FieldKind::PersonalNumber => json!({ "type": "string", "pattern": "^[0-9]{12}$" }),
        FieldKind::Phone | FieldKind::TaxNumber | FieldKind::Address { .. } => json!({ "type": "string" }),
        FieldKind::Area => json!({ "type": "string", "pattern": "^[0-9]{5}$" }),
        FieldKind::Choice { .. } if kind.catalogue().is_some() => {
            json!({ "type": "string", "x-catalogue": kind.catalogue() })
        }
        FieldKind::Choice { .. } => json!({ "oneOf": codes() }),
        FieldKind::Choices { .. } => json!({ "type": "array", "uniqueItems": true, "items": { "oneOf": codes() } }),
        FieldKind::YesNo => json!({ "type": "boolean" }),
    }
}
