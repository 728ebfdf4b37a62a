//! Lists that are typed a line each: choices, columns of a table, and whole fields by what people call them.

use registry::definition::suggested_key;
use serde_json::{Value, json};

use super::form::{keys, put, settle};

/// More lines make no register that somebody draws at once.
const MOST_LINES: usize = 120;

pub(super) fn lines(typed: &str) -> impl Iterator<Item = &str> {
    typed.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// The parts of a line between strokes; the first is there, be it empty.
struct Parts<'l>(Vec<&'l str>);

impl<'l> Parts<'l> {
    fn of(line: &'l str) -> Self {
        Self(line.split('|').map(str::trim).collect())
    }

    fn vi(&self) -> &'l str {
        self.0.first().copied().unwrap_or_default()
    }

    fn get(&self, place: usize) -> Option<&'l str> {
        self.0.get(place).copied().filter(|part| !part.is_empty())
    }
}

/// One choice a line: what it is called, then after strokes its code and its English name.
pub(super) fn options(typed: &str, was: &Value) -> Value {
    let mut codes: Vec<String> = Vec::new();
    let options = lines(typed).map(|line| {
        let parts = Parts::of(line);
        let vi = parts.vi();
        let code = parts.get(1).map_or_else(|| suggested_key(vi, &codes), str::to_owned);
        codes.push(code.clone());
        let mut option = json!({ "code": code, "vi": vi, "en": parts.get(2).unwrap_or(vi) });
        // Days of validity are not asked here, and stay.
        let before = was
            .as_array()
            .into_iter()
            .flatten()
            .find(|old| old["code"] == option["code"]);
        for key in ["from", "to"] {
            if let Some(day) = before.and_then(|old| old.get(key)) {
                option[key] = day.clone();
            }
        }
        option
    });
    Value::Array(options.collect())
}

/// The same the other way. A code that its name suggests is not shown, unless `with_codes`: where records have it, another name keeps it.
pub(super) fn of_options(options: &Value, with_codes: bool) -> String {
    let mut codes: Vec<String> = Vec::new();
    let one = |option: &Value| {
        let part = |key: &str| option[key].as_str().unwrap_or_default().to_owned();
        let (vi, code, en) = (part("vi"), part("code"), part("en"));
        let plain = en == vi && code == suggested_key(&vi, &codes) && !with_codes;
        codes.push(code.clone());
        match (plain, en == vi) {
            (true, _) => vi,
            (false, true) => format!("{vi} | {code}"),
            (false, false) => format!("{vi} | {code} | {en}"),
        }
    };
    let all = options.as_array().into_iter().flatten();
    all.map(one).collect::<Vec<_>>().join("\n")
}

/// One column a line: what it is called, then its type, key and English name; a star before it makes it required.
pub(super) fn columns(typed: &str, was: &Value) -> Value {
    let mut taken: Vec<String> = Vec::new();
    let columns = lines(typed).map(|line| {
        let parts = Parts::of(line.trim_start_matches('*'));
        let vi = parts.vi();
        let kind = parts.get(1).unwrap_or("text");
        let key = parts.get(2).map_or_else(|| suggested_key(vi, &taken), str::to_owned);
        taken.push(key.clone());
        let mut before = was.as_array().into_iter().flatten();
        let before = before.find(|old| old["field"] == key.as_str() && old["type"] == kind);
        let mut column = before.and_then(Value::as_object).cloned().unwrap_or_default();
        put(&mut column, "field", json!(key));
        put(&mut column, "vi", json!(vi));
        put(&mut column, "en", json!(parts.get(3).unwrap_or(vi)));
        put(&mut column, "type", json!(kind));
        put(&mut column, "required", json!(line.starts_with('*')));
        Value::Object(column)
    });
    Value::Array(columns.collect())
}

/// The same the other way.
pub(super) fn of_columns(columns: &Value) -> String {
    let one = |column: &Value| {
        let part = |key: &str| column[key].as_str().unwrap_or_default();
        let star = if column["required"] == true { "* " } else { "" };
        let line = format!("{star}{} | {} | {}", part("vi"), part("type"), part("field"));
        match part("en") == part("vi") {
            true => line,
            false => format!("{line} | {}", part("en")),
        }
    };
    let all = columns.as_array().into_iter().flatten();
    all.map(one).collect::<Vec<_>>().join("\n")
}

/// Fields from what people call them, a line each: the type is guessed from the words, what else most registers say is said. "Tình trạng: Tốt,
/// Hỏng" is a field with its choices.
pub(super) fn add_fields(tree: &mut Value, typed: &str, guess: &dyn Fn(&str) -> &'static str) {
    let Some(map) = tree.as_object_mut() else { return };
    let mut fields = map.get("fields").and_then(Value::as_array).cloned().unwrap_or_default();
    let first = fields.is_empty();
    let said = lines(typed);
    for line in said.take(MOST_LINES) {
        let label = line.trim_start_matches('*').trim();
        let (vi, choices) = match label.split_once(':') {
            Some((vi, choices)) if choices.contains([',', ';']) => (vi.trim(), choices.replace([',', ';'], "\n")),
            _ => (label.trim_end_matches(':'), String::new()),
        };
        let kind = if choices.is_empty() { guess(vi) } else { "choice" };
        let class = match kind {
            "name" | "person" | "phone" | "email" => "personal",
            _ => "internal",
        };
        let key = suggested_key(vi, &keys(&fields));
        let mut one = json!({ "field": key, "vi": vi, "en": vi, "type": kind, "class": class });
        if !choices.is_empty() {
            one["options"] = options(&choices, &Value::Null);
        }
        if line.starts_with('*') {
            one["required"] = json!(true);
        }
        if ["text", "choice", "area", "date", "name", "money", "number"].contains(&kind) {
            one["search"] = json!(true);
        }
        fields.push(one);
    }
    map.insert("fields".to_owned(), Value::Array(fields));
    settle(map, first, first);
}
