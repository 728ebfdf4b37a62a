//! How the values of a field lie in columns: as text that PostgreSQL reads, with the type that it becomes.

use db::Name;
use kernel::Result;
use schema::field::{FieldKind, number};
use serde_json::Value;

use crate::definition::{FieldDefinition, Gives, Kind, RecordDefinition};

/// One column of a register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnOf {
    /// Its name.
    pub name: Name,
    /// Its type, as it is written after `::`.
    pub sql: &'static str,
    /// What lies in it.
    pub part: Part,
}

/// What part of a field lies in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The value, or the first day of a period.
    Value,
    /// The last day of a period.
    Until,
    /// What it is sorted by.
    Sort,
    /// A keyed hash of what is sealed.
    Tag,
}

/// The type of the column of a plain field.
pub(crate) fn sql_type(kind: &Kind) -> &'static str {
    match kind {
        Kind::Plain(FieldKind::Date { .. }) | Kind::Period => "date",
        Kind::Plain(FieldKind::Number { .. }) => "numeric",
        Kind::Plain(FieldKind::Money { .. }) => "bigint",
        Kind::Plain(FieldKind::YesNo) => "boolean",
        Kind::Plain(FieldKind::Choices { .. }) => "text[]",
        Kind::Plain(_) | Kind::Person => "text",
        Kind::Moment => "timestamptz",
        Kind::Link(_) => "uuid",
        Kind::Geometry(_) | Kind::Rows { .. } => "jsonb",
        Kind::Computed { gives, .. } => match gives {
            Gives::Text => "text",
            Gives::Number => "numeric",
            Gives::Date => "date",
            Gives::YesNo => "boolean",
        },
        Kind::File { .. } => "uuid[]",
    }
}

/// Whether lists are sorted by a key of its own: Vietnamese letters do not stand in the order of their codes.
pub(crate) fn has_sort_key(field: &FieldDefinition) -> bool {
    field.search
        && !field.is_sealed()
        && matches!(
            &field.kind,
            Kind::Plain(FieldKind::Text { .. } | FieldKind::LongText { .. } | FieldKind::Name { .. })
                | Kind::Computed { gives: Gives::Text, .. }
        )
}

/// The columns of one field, in order.
pub(crate) fn columns_of(definition: &RecordDefinition, field: &FieldDefinition) -> Result<Vec<ColumnOf>> {
    let name = Name::new(field.field.clone())?;
    if field.is_sealed() {
        let tagged = definition.tagged().any(|own| own.field == field.field);
        return tagged
            .then(|| {
                Ok(ColumnOf {
                    name: name.with("__tag")?,
                    sql: "bytea",
                    part: Part::Tag,
                })
            })
            .into_iter()
            .collect();
    }
    let mut columns = vec![ColumnOf {
        name: name.clone(),
        sql: sql_type(&field.kind),
        part: Part::Value,
    }];
    if matches!(field.kind, Kind::Period) {
        columns.push(ColumnOf {
            name: name.with("__to")?,
            sql: "date",
            part: Part::Until,
        });
    }
    if has_sort_key(field) {
        columns.push(ColumnOf {
            name: name.with("__sort")?,
            sql: "text",
            part: Part::Sort,
        });
    }
    Ok(columns)
}

/// What stands in a column of a plain field, as PostgreSQL reads it.
pub(crate) fn to_text(field: &FieldDefinition, part: Part, value: &Value) -> Option<String> {
    match (part, &field.kind) {
        (Part::Until, _) => value.get("to").and_then(Value::as_str).map(str::to_owned),
        (Part::Sort, _) => value.as_str().map(|text| sort_key(field, text)),
        (Part::Tag, _) => None,
        (Part::Value, Kind::Period) => value.get("from").and_then(Value::as_str).map(str::to_owned),
        (Part::Value, Kind::Geometry(_) | Kind::Rows { .. }) => (!value.is_null()).then(|| value.to_string()),
        (Part::Value, Kind::Plain(FieldKind::Choices { .. }) | Kind::File { .. }) => {
            let items: Vec<&str> = value.as_array()?.iter().filter_map(Value::as_str).collect();
            // Codes and identifiers: nothing in them needs to be escaped but by quotes.
            Some(format!(
                "{{{}}}",
                items
                    .iter()
                    .map(|item| format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\"")))
                    .collect::<Vec<_>>()
                    .join(",")
            ))
        }
        (Part::Value, _) => match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            Value::Bool(yes) => Some(yes.to_string()),
            Value::Number(_) => number::from_json(value).map(|number| number.to_string()),
            other => Some(other.to_string()),
        },
    }
}

/// The most characters of a key to sort by: an index takes no longer ones, and nobody sorts by what comes after.
const LONGEST_SORT_KEY: usize = 200;

/// What a text is sorted by: a name by its last word, anything else from its beginning.
pub(crate) fn sort_key(field: &FieldDefinition, text: &str) -> String {
    let key = match &field.kind {
        Kind::Plain(FieldKind::Name { .. }) => kernel::text::name_collation_key(text),
        _ => kernel::text::collation_key(text),
    };
    match key.char_indices().nth(LONGEST_SORT_KEY) {
        Some((end, _)) => key[..end].to_owned(),
        None => key,
    }
}

/// The value of a plain field from what PostgreSQL shows of its columns.
pub(crate) fn from_text(field: &FieldDefinition, text: &str, until: Option<&str>) -> Value {
    match &field.kind {
        Kind::Period => {
            let mut value = serde_json::json!({ "from": text });
            if let Some(until) = until {
                value["to"] = until.into();
            }
            value
        }
        Kind::Geometry(_) | Kind::Rows { .. } | Kind::Plain(FieldKind::Choices { .. }) | Kind::File { .. } => {
            serde_json::from_str(text).unwrap_or(Value::Null)
        }
        Kind::Plain(FieldKind::Number { .. })
        | Kind::Computed {
            gives: Gives::Number, ..
        } => text.parse().map_or(Value::Null, number::to_json),
        Kind::Plain(FieldKind::Money { .. }) => text.parse::<i64>().map_or(Value::Null, Value::from),
        Kind::Plain(FieldKind::YesNo)
        | Kind::Computed {
            gives: Gives::YesNo, ..
        } => Value::Bool(text == "true"),
        _ => text.into(),
    }
}
