//! Writing a declaration: the tree of its file, and the file itself. What is read, written and read again is the same.

use schema::field::{Condition, FieldKind, number};
use serde_json::{Map, Value, json};

use super::field::{Column, FieldDefinition, Kind, LinkTarget, OptionWords, Shape};
use super::{RecordDefinition, Retention, Words};

/// Longer lines are broken where that is possible.
const LINE: usize = 120;

/// In which order the keys of a mapping stand, by the key under which it stands.
fn order(parent: &str) -> &'static [&'static str] {
    match parent {
        "" => &[
            "format",
            "record",
            "vi",
            "en",
            "about",
            "sources",
            "owner",
            "enters",
            "place",
            "basis",
            "sharing",
            "update",
            "upstream",
            "readers",
            "approval",
            "retention",
            "catalogue",
            "title",
            "key",
            "list",
            "duplicates",
            "fresh",
            "fields",
            "rules",
            "shared",
        ],
        "fields" | "columns" => &[
            "field",
            "vi",
            "en",
            "help",
            "type",
            "max_length",
            "pattern",
            "min",
            "max",
            "decimals",
            "past",
            "future",
            "catalogue",
            "to",
            "most",
            "gives",
            "value",
            "columns",
            "options",
            "required",
            "unique",
            "search",
            "class",
            "unit",
            "examples",
        ],
        "rules" => &["rule", "that", "field", "level", "vi", "en"],
        "shared" => &["with", "fields", "vi", "en", "basis"],
        "options" => &["code", "vi", "en", "from", "to"],
        "duplicates" => &["same", "alike"],
        "fresh" => &["days", "by"],
        _ => &["vi", "en", "years", "forever"],
    }
}

impl RecordDefinition {
    /// The tree of its file.
    pub fn to_tree(&self) -> Value {
        tree(self)
    }

    /// Its file.
    pub fn to_yaml(&self) -> String {
        Written::new(&tree(self)).text
    }
}

/// A mapping to which only what is there is added.
#[derive(Default)]
struct Tree(Map<String, Value>);

impl Tree {
    fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// Unless there is nothing to say.
    fn maybe(self, key: &str, value: Value) -> Self {
        let nothing = match &value {
            Value::Null | Value::Bool(false) => true,
            Value::Array(items) => items.is_empty(),
            _ => false,
        };
        if nothing { self } else { self.with(key, value) }
    }

    fn words(self, words: &Words) -> Self {
        self.with("vi", words.vi.as_str()).with("en", words.en.as_str())
    }
}

fn both(words: &Words) -> Value {
    Value::Object(Tree::default().words(words).0)
}

fn tree(definition: &RecordDefinition) -> Value {
    let retention = match definition.retention {
        Retention::Years(years) => json!({ "years": years }),
        Retention::Forever => json!({ "forever": true }),
    };
    let duplicates: Vec<Value> = definition
        .duplicates
        .iter()
        .map(|way| {
            let way = Tree::default()
                .maybe("same", json!(way.same))
                .maybe("alike", json!(way.alike));
            Value::Object(way.0)
        })
        .collect();
    let fresh = definition.fresh.as_ref().map(|fresh| {
        let fresh = Tree::default().with("days", fresh.days).maybe("by", json!(fresh.by));
        Value::Object(fresh.0)
    });
    let rules: Vec<Value> = definition
        .rules
        .iter()
        .map(|rule| {
            let own = Tree::default()
                .with("rule", rule.rule.as_str())
                .with("that", rule.that.source())
                .with("field", rule.field.as_str())
                .maybe("level", if rule.warn { "warn".into() } else { Value::Null })
                .words(&rule.words);
            Value::Object(own.0)
        })
        .collect();
    let shared: Vec<Value> = definition
        .shared
        .iter()
        .map(|share| {
            let own = Tree::default()
                .with("with", json!(share.with))
                .maybe("fields", json!(share.fields))
                .words(&share.purpose)
                .maybe("basis", json!(share.basis));
            Value::Object(own.0)
        })
        .collect();
    let fields: Vec<Value> = definition.fields.iter().map(field).collect();
    let whole = Tree::default()
        .with("format", definition.format)
        .with("record", definition.record.as_str())
        .words(&definition.words)
        .with("about", both(&definition.about))
        .maybe("sources", json!(definition.sources))
        .with("owner", definition.owner.as_str())
        .maybe("enters", json!(definition.enters))
        .maybe("place", json!(definition.place))
        .maybe("basis", json!(definition.basis))
        .with("sharing", json!(definition.sharing))
        .with("update", json!(definition.update))
        .maybe("upstream", json!(definition.upstream))
        .with("readers", json!(definition.readers))
        .maybe("approval", definition.approval.into())
        .with("retention", retention)
        .maybe("catalogue", definition.catalogue.into())
        .with("title", definition.title.as_str())
        .with("key", json!(definition.key))
        .with("list", json!(definition.list))
        .maybe("duplicates", duplicates.into())
        .maybe("fresh", fresh.unwrap_or_default())
        .with("fields", fields)
        .maybe("rules", rules.into())
        .maybe("shared", shared.into());
    Value::Object(whole.0)
}

fn field(own: &FieldDefinition) -> Value {
    let named = Tree::default()
        .with("field", own.field.as_str())
        .words(&own.words)
        .maybe("help", own.help.as_ref().map_or(Value::Null, both));
    let required = match &own.required {
        Condition::Always => Value::Bool(true),
        Condition::Never => Value::Null,
        Condition::When(expression) => expression.source().into(),
    };
    let whole = kind(named, own)
        .maybe("required", required)
        .maybe("unique", own.unique.into())
        .maybe("search", own.search.into())
        .with("class", json!(own.class))
        .maybe("unit", json!(own.unit))
        .maybe("examples", json!(own.examples));
    Value::Object(whole.0)
}

fn kind(tree: Tree, own: &FieldDefinition) -> Tree {
    let tree = match &own.kind {
        Kind::Plain(kind) => return plain(tree, kind, &own.options),
        _ => tree.with("type", own.word()),
    };
    match &own.kind {
        Kind::Link(LinkTarget::Agency) => tree.with("to", "agency"),
        Kind::Link(LinkTarget::Register(register)) => tree.with("to", register.as_str()),
        Kind::Rows { columns, most } => tree
            .with("most", *most)
            .with("columns", columns.iter().map(column).collect::<Vec<_>>()),
        Kind::Computed { value, gives } => tree.with("gives", json!(gives)).with("value", value.source()),
        Kind::File { most } => tree.with("most", *most),
        Kind::Plain(_)
        | Kind::Moment
        | Kind::Period
        | Kind::Person
        | Kind::Geometry(Shape::Point | Shape::Line | Shape::Polygon) => tree,
    }
}

fn plain(tree: Tree, kind: &FieldKind, options: &[OptionWords]) -> Tree {
    let tree = tree.with("type", kind.word());
    let decimal = |value: &Option<rust_decimal::Decimal>| value.map_or(Value::Null, number::to_json);
    match kind {
        FieldKind::Text { max_length, pattern } => {
            let pattern = match pattern.as_slice() {
                [one] => json!(one),
                several => json!(several),
            };
            tree.with("max_length", *max_length).maybe("pattern", pattern)
        }
        FieldKind::LongText { max_length } | FieldKind::Name { max_length } => tree.with("max_length", *max_length),
        FieldKind::Date { min, max, past, future } => tree
            .maybe("min", json!(min))
            .maybe("max", json!(max))
            .maybe("past", (*past).into())
            .maybe("future", (*future).into()),
        FieldKind::Number { min, max, decimals } => tree.maybe("min", decimal(min)).maybe("max", decimal(max)).maybe(
            "decimals",
            if *decimals == 0 {
                Value::Null
            } else {
                (*decimals).into()
            },
        ),
        FieldKind::Money { min, max } => tree
            .maybe("min", if *min == 0 { Value::Null } else { (*min).into() })
            .maybe("max", json!(max)),
        FieldKind::Choice { .. } | FieldKind::Choices { .. } => match kind.catalogue() {
            Some(catalogue) => tree.with("catalogue", catalogue),
            None => tree.with("options", options.iter().map(option).collect::<Vec<_>>()),
        },
        FieldKind::Phone
        | FieldKind::Email
        | FieldKind::PersonalNumber
        | FieldKind::TaxNumber
        | FieldKind::YesNo
        | FieldKind::Address { .. }
        | FieldKind::Area => tree,
    }
}

fn option(own: &OptionWords) -> Value {
    let whole = Tree::default()
        .with("code", own.code.as_str())
        .words(&own.words)
        .maybe("from", json!(own.from))
        .maybe("to", json!(own.to));
    Value::Object(whole.0)
}

fn column(own: &Column) -> Value {
    let named = Tree::default().with("field", own.column.as_str()).words(&own.words);
    let whole = plain(named, &own.kind, &own.options).maybe("required", own.required.into());
    Value::Object(whole.0)
}

/// A file, and which part of the tree each of its lines says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// YAML.
    pub text: String,
    /// By line, from 1: the keys and places that lead to it, `fields.2.options.0`.
    paths: Vec<String>,
}

impl Written {
    /// Writes the tree of a declaration, be it sound or not; keys that the grammar does not know come last.
    pub fn new(tree: &Value) -> Self {
        let mut written = Self {
            text: String::new(),
            paths: Vec::new(),
        };
        if let Value::Object(map) = tree {
            written.map(map, "", 0, "");
        }
        written
    }

    /// The part of the tree that a line says; empty: the whole.
    pub fn path(&self, line: usize) -> &str {
        line.checked_sub(1)
            .and_then(|place| self.paths.get(place))
            .map_or("", String::as_str)
    }

    fn line(&mut self, path: &str, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        self.paths.push(path.to_owned());
    }

    fn map(&mut self, map: &Map<String, Value>, parent: &str, indent: usize, path: &str) {
        for (key, value) in sorted(map, parent) {
            let own = join(path, key);
            self.entry(key, value, indent, &own);
        }
    }

    fn entry(&mut self, key: &str, value: &Value, indent: usize, path: &str) {
        let pad = " ".repeat(indent);
        let head = format!("{pad}{}:", scalar(&Value::from(key)));
        if let Some(short) = short(value, key)
            && head.chars().count() + short.chars().count() < LINE
        {
            self.line(path, &format!("{head} {short}"));
            return;
        }
        match value {
            Value::Array(items) if !items.is_empty() => {
                self.line(path, &head);
                for (place, item) in items.iter().enumerate() {
                    self.item(item, key, indent + 2, &join(path, &place.to_string()));
                }
            }
            Value::Object(inner) if !inner.is_empty() => {
                self.line(path, &head);
                self.map(inner, key, indent + 2, path);
            }
            other => {
                let text = short(other, key).unwrap_or_else(|| scalar(other));
                self.line(path, &format!("{head} {text}"));
            }
        }
    }

    fn item(&mut self, item: &Value, parent: &str, indent: usize, path: &str) {
        let pad = " ".repeat(indent);
        let fits = |text: &String| indent + 2 + text.chars().count() < LINE;
        // Fields and rules stand on lines of their own, so that a change of one is a change of one line.
        let whole = short(item, parent).filter(|text| fits(text) && !["fields", "rules", "shared"].contains(&parent));
        match (whole, item) {
            (Some(text), _) => self.line(path, &format!("{pad}- {text}")),
            (None, Value::Object(map)) if !map.is_empty() => {
                let before = self.text.len();
                self.map(map, parent, indent + 2, path);
                // The first of its lines carries the dash.
                self.text.replace_range(before + indent..=before + indent, "-");
            }
            (None, other) => {
                let text = short(other, parent).unwrap_or_else(|| scalar(other));
                self.line(path, &format!("{pad}- {text}"));
            }
        }
    }
}

fn join(path: &str, part: &str) -> String {
    match path.is_empty() {
        true => part.to_owned(),
        false => format!("{path}.{part}"),
    }
}

fn sorted<'m>(map: &'m Map<String, Value>, parent: &str) -> Vec<(&'m str, &'m Value)> {
    let known = order(parent);
    let mut entries: Vec<(&str, &Value)> = map.iter().map(|(key, value)| (key.as_str(), value)).collect();
    entries.sort_by_key(|(key, _)| known.iter().position(|own| own == key).unwrap_or(usize::MAX));
    entries
}

/// On one line: what holds no mapping of mappings.
fn short(value: &Value, parent: &str) -> Option<String> {
    match value {
        Value::Array(items) => {
            let parts: Option<Vec<String>> = items
                .iter()
                .map(|item| match item {
                    Value::Object(_) | Value::Array(_) => None,
                    other => Some(scalar(other)),
                })
                .collect();
            parts.map(|parts| format!("[{}]", parts.join(", ")))
        }
        Value::Object(map) if map.is_empty() => Some("{}".to_owned()),
        Value::Object(map) => {
            let parts: Option<Vec<String>> = sorted(map, parent)
                .into_iter()
                .map(|(key, value)| match value {
                    Value::Object(_) => None,
                    other => short(other, key).map(|text| format!("{}: {text}", scalar(&Value::from(key)))),
                })
                .collect();
            parts.map(|parts| format!("{{ {} }}", parts.join(", ")))
        }
        other => Some(scalar(other)),
    }
}

/// A scalar: text stands bare where nobody can take it for anything else.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_bare(text) => text.clone(),
        // The escapes of JSON are those of YAML between double quotes.
        Value::String(text) => Value::from(text.as_str()).to_string(),
        other => other.to_string(),
    }
}

fn is_bare(text: &str) -> bool {
    const WORDS: [&str; 10] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan"];
    text.starts_with(char::is_alphabetic)
        && !text.ends_with(' ')
        && !text.contains("  ")
        && text
            .chars()
            .all(|letter| letter.is_alphanumeric() || " _-./()".contains(letter))
        && !WORDS.contains(&text.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use schema::Problems;

    use super::*;
    use crate::definition::tests::{SHOP, shop};

    fn read(text: &str) -> RecordDefinition {
        let mut problems = Problems::new();
        let read = RecordDefinition::read("x.record.yaml", text, &mut problems);
        assert!(problems.is_empty(), "{problems}\n{text}");
        read.expect("a register")
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let written = shop().to_yaml();
        assert_eq!(read(&written), shop(), "{written}");
        assert_eq!(read(&written).to_yaml(), written, "written once more it is the same");
        assert!(written.starts_with("format: 1\nrecord: shop\nvi: Cửa hàng\nen: Shops\nabout: { vi: "));
        assert!(written.contains("\n  - field: code\n    vi: Mã\n"), "{written}");
        assert!(written.contains("required: \"state = \\\"closed\\\"\"\n"), "{written}");
        assert!(written.lines().all(|line| line.chars().count() < 300));
    }

    #[test]
    fn every_kind_of_field_is_written() {
        let more = "  - { field: m, vi: M, en: M, type: moment, class: public }
  - { field: li, vi: L, en: L, type: line, class: public }
  - { field: po, vi: P, en: P, type: polygon, class: public }
  - { field: li2, vi: L, en: L, type: link, to: agency, class: public }
  - { field: li3, vi: L, en: L, type: link, to: street, class: public, search: true }
  - { field: fi, vi: F, en: F, type: file, most: 3, class: public }
  - { field: lt, vi: T, en: T, type: long_text, max_length: 9, class: public, help: { vi: \"A: b #c\", en: \"- d\" } }
  - { field: em, vi: E, en: E, type: email, class: public, examples: [a@b.vn, 12.50, \"no\"] }
  - { field: tn, vi: T, en: T, type: tax_number, class: public, unique: true }
  - { field: pn, vi: P, en: P, type: personal_number, class: sensitive }
  - { field: yn, vi: Y, en: Y, type: yes_no, class: public }
  - { field: ca, vi: C, en: C, type: catalogue, catalogue: country, class: public }
  - { field: nu, vi: N, en: N, type: number, min: -1.5, max: 100000.25, decimals: 2, unit: m2, class: public }
  - { field: mo, vi: M, en: M, type: money, min: 1000, max: 9000000000, class: public }
  - { field: da, vi: D, en: D, type: date, min: 2020-01-01, max: 2030-12-31, class: public }
  - { field: df, vi: D, en: D, type: date, future: true, class: public }
  - { field: tx, vi: T, en: T, type: text, pattern: [99-AA, \"\\\\99\"], class: public }
rules:
";
        let text = SHOP.replacen("rules:\n", more, 1);
        let definition = read(&text);
        let written = definition.to_yaml();
        assert_eq!(read(&written), definition, "{written}");
    }

    #[test]
    fn texts_that_look_like_something_else_stay_texts() {
        for text in [
            "Có: không",
            "# ghi chú",
            "yes",
            "No",
            "12",
            "1.5",
            "2026-01-01",
            "- một",
            "a,b",
            "[x]",
            "{y}",
            "'z'",
            "\"q\"",
            "a\nb",
            "a\\b",
            "~",
            "null",
            "*a",
            "&a",
            "!a",
            "|",
            ">",
            "%x",
            "@x",
            "`x",
            "x ",
            "x: y",
            "59/2020/QH14",
            "Thửa đất (số 1)",
        ] {
            let tree = json!({ "vi": text, "list": [text], "about": { "vi": text } });
            let written = Written::new(&tree).text;
            let mut problems = Problems::new();
            let node = schema::Document::yaml("x", &written, &mut problems).unwrap();
            assert!(problems.is_empty(), "{problems}\n{written}");
            assert_eq!(node.to_json(), tree, "{written}");
        }
    }

    #[test]
    fn every_line_says_what_it_is_about() {
        let tree = json!({
            "record": "x",
            "fields": [
                { "field": "a", "vi": "A" },
                { "field": "b", "options": [{ "code": "c", "vi": "C".repeat(200) }] },
            ],
        });
        let written = Written::new(&tree);
        let paths: Vec<&str> = (1..=written.text.lines().count())
            .map(|line| written.path(line))
            .collect();
        assert_eq!(
            paths,
            [
                "record",
                "fields",
                "fields.0.field",
                "fields.0.vi",
                "fields.1.field",
                "fields.1.options",
                "fields.1.options.0.code",
                "fields.1.options.0.vi",
            ],
            "{}",
            written.text
        );
        assert_eq!(written.path(0), "");
        assert_eq!(written.path(99), "");
    }
}
