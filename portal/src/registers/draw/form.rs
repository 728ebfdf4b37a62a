//! From the controls of a drawing to the tree of its declaration, and back. What the page does not ask stays in the tree.

use std::collections::BTreeSet;

use registry::definition::{blank, suggested_key};
use schema::{Document, Problems};
use serde_json::{Map, Value, json};
use web::Fields;

use super::lines::{self, lines};

/// Types in the order in which they are offered.
pub(super) const TYPES: [&str; 24] = [
    "text",
    "long_text",
    "number",
    "money",
    "date",
    "moment",
    "period",
    "yes_no",
    "choice",
    "choices",
    "catalogue",
    "area",
    "name",
    "person",
    "phone",
    "email",
    "tax_number",
    "link",
    "point",
    "line",
    "polygon",
    "file",
    "rows",
    "computed",
];
/// Classes of data, the open ones first.
pub(super) const CLASSES: [&str; 4] = ["public", "internal", "personal", "sensitive"];
/// Keys that are written by hand, for those who know the grammar.
const BY_HAND: [&str; 6] = ["sources", "upstream", "duplicates", "fresh", "rules", "shared"];
/// Where a text by hand waits that cannot be read: the declaration is not sound with it.
pub(super) const UNREAD: &str = "?more";
/// Columns of a list that nobody has chosen.
const FIRST_COLUMNS: usize = 6;

/// How a part of a declaration stands in its control.
#[derive(Clone, Copy)]
enum As {
    Text,
    /// A box that is ticked or not.
    Mark,
    Number,
    /// The end of a range: a number, or a day.
    End,
    /// Boxes of one name.
    Many,
    /// A list on one line.
    Commas,
    /// A list, an item a line.
    Lines,
    /// The same; one item stands without a list.
    Pattern,
    Options,
    Columns,
}

const OF_REGISTER: [(&str, As); 9] = [
    ("record", As::Text),
    ("owner", As::Text),
    ("readers", As::Text),
    ("update", As::Text),
    ("approval", As::Mark),
    ("catalogue", As::Mark),
    ("enters", As::Many),
    ("sharing", As::Many),
    ("basis", As::Commas),
];

/// With the types to which a part belongs; none: all of them.
const OF_FIELD: [(&str, As, &[&str]); 20] = [
    ("type", As::Text, &[]),
    ("class", As::Text, &[]),
    ("unique", As::Mark, &[]),
    ("search", As::Mark, &[]),
    ("unit", As::Text, &[]),
    ("examples", As::Lines, &[]),
    ("max_length", As::Number, &["text", "long_text", "name"]),
    ("pattern", As::Pattern, &["text"]),
    ("min", As::End, &["number", "money", "date"]),
    ("max", As::End, &["number", "money", "date"]),
    ("decimals", As::Number, &["number"]),
    ("past", As::Mark, &["date"]),
    ("future", As::Mark, &["date"]),
    ("options", As::Options, &["choice", "choices"]),
    ("catalogue", As::Text, &["catalogue"]),
    ("to", As::Text, &["link"]),
    ("columns", As::Columns, &["rows"]),
    ("most", As::Number, &["rows", "file"]),
    ("value", As::Text, &["computed"]),
    ("gives", As::Text, &["computed"]),
];

impl As {
    /// What a control says, as the tree says it. `was` is what stood there.
    fn read(self, fields: &Fields, name: &str, kind: &str, was: &Value) -> Value {
        let typed = text(fields, name);
        let list = |items: Vec<&str>| json!(items.into_iter().filter(|one| !one.is_empty()).collect::<Vec<_>>());
        match self {
            Self::Mark => json!(fields.get(name) == Some("true")),
            Self::Many => list(fields.all(name).collect()),
            // The page did not ask.
            _ if fields.get(name).is_none() => was.clone(),
            Self::Text => json!(typed),
            Self::Number | Self::End if typed.is_empty() => Value::Null,
            Self::End if kind == "date" => date(typed),
            Self::Number | Self::End => number(typed),
            Self::Commas => list(typed.split([',', ';', '\n']).map(str::trim).collect()),
            Self::Lines => list(lines(typed).collect()),
            Self::Pattern => match lines(typed).collect::<Vec<_>>().as_slice() {
                [one] => json!(one),
                several => json!(several),
            },
            Self::Options => lines::options(typed, was),
            Self::Columns => lines::columns(typed, was),
        }
    }

    /// What stands in the control.
    fn shown(self, value: &Value, kind: &str, with_codes: bool) -> Value {
        match self {
            Self::Mark => json!(*value == true),
            Self::Many => json!(names(value)),
            Self::Commas => json!(names(value).join(", ")),
            Self::Lines | Self::Pattern => json!(value.as_str().map_or_else(|| names(value).join("\n"), str::to_owned)),
            Self::Options => json!(lines::of_options(value, with_codes)),
            Self::Columns => json!(lines::of_columns(value)),
            Self::End if kind == "date" => json!(render::date_text(&said(value)).unwrap_or_else(|| said(value))),
            Self::Text | Self::Number | Self::End => json!(said(value)),
        }
    }
}

/// The name of a control of a field.
pub(super) fn control(place: usize, key: &str) -> String {
    format!("f.{place}.{key}")
}

fn text<'f>(fields: &'f Fields, name: &str) -> &'f str {
    fields.get(name).unwrap_or_default().trim()
}

fn or<'t>(typed: &'t str, other: &'t str) -> &'t str {
    if typed.is_empty() { other } else { typed }
}

fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Number(_) => schema::field::number::from_json(value)
            .map(schema::field::number::format)
            .unwrap_or_default(),
        other => other.to_string(),
    }
}

fn names(list: &Value) -> Vec<String> {
    let all = list.as_array().into_iter().flatten();
    all.filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

/// Puts what is said, or takes the key away where nothing is.
pub(super) fn put(map: &mut Map<String, Value>, key: &str, value: Value) {
    let nothing = match &value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    match nothing {
        true => map.remove(key),
        false => map.insert(key.to_owned(), value),
    };
}

/// A number where one was typed, else what was typed: that is told.
fn number(typed: &str) -> Value {
    match schema::field::number::parse(typed) {
        Some(number) => schema::field::number::to_json(number),
        None => json!(typed),
    }
}

/// A day as declarations write it, else what was typed.
fn date(typed: &str) -> Value {
    match kernel::parse_date(typed) {
        Ok(day) => json!(day.to_string()),
        Err(_) => json!(typed),
    }
}

/// The places of fields in a form, in their order.
fn places(fields: &Fields) -> BTreeSet<usize> {
    let place = |name: &str| name.strip_prefix("f.")?.split_once('.')?.0.parse().ok();
    fields.iter().filter_map(|(name, _)| place(name)).collect()
}

/// A new tree: what it is called, and who answers for it.
pub(super) fn begun(fields: &Fields) -> Value {
    let mut tree = blank(text(fields, "owner"));
    if let Some(map) = tree.as_object_mut() {
        called(map, fields);
    }
    tree
}

/// The tree that a form means. `old` is the tree that stands.
pub(super) fn tree(fields: &Fields, old: &Value) -> Value {
    let mut tree = old.as_object().cloned().unwrap_or_default();
    for (key, how) in OF_REGISTER {
        put(&mut tree, key, how.read(fields, key, "", &old[key]));
    }
    called(&mut tree, fields);
    if let Some(years) = fields.get("years").map(str::trim) {
        let kept = match years {
            "" => json!({ "forever": true }),
            years => json!({ "years": number(years) }),
        };
        tree.insert("retention".to_owned(), kept);
    }
    if fields.get("more").is_some() {
        by_hand(text(fields, "more"), &mut tree);
    }
    let before = old["fields"].as_array().cloned().unwrap_or_default();
    let mut drawn: Vec<Value> = Vec::new();
    let (mut key, mut list, mut title) = (Vec::new(), Vec::new(), None);
    for place in places(fields) {
        let one = field(fields, place, &before, &keys(&drawn));
        let name = one["field"].as_str().unwrap_or_default().to_owned();
        let marked = |mark: &str| !name.is_empty() && fields.get(&control(place, mark)) == Some("true");
        if marked("in_key") {
            key.push(name.clone());
        }
        if marked("in_list") {
            list.push(name.clone());
        }
        if text(fields, "title") == place.to_string() {
            title = Some(name);
        }
        drawn.push(one);
    }
    put(&mut tree, "key", in_order(&old["key"], &key));
    put(&mut tree, "list", in_order(&old["list"], &list));
    put(&mut tree, "title", json!(title));
    tree.insert("fields".to_owned(), Value::Array(drawn));
    let nobody_has = |key: &str| old[key].as_array().is_none_or(Vec::is_empty);
    settle(&mut tree, nobody_has("key"), nobody_has("list"));
    Value::Object(tree)
}

/// What the register is called and for, and its key; what nobody has said in English stands in Vietnamese.
fn called(tree: &mut Map<String, Value>, fields: &Fields) {
    let vi = text(fields, "vi");
    let en = or(text(fields, "en"), vi);
    let about = or(text(fields, "about.vi"), vi);
    let about_en = or(text(fields, "about.en"), if about == vi { en } else { about });
    put(tree, "vi", json!(vi));
    put(tree, "en", json!(en));
    put(tree, "about", json!({ "vi": about, "en": about_en }));
    if !tree.contains_key("record") && !vi.is_empty() {
        tree.insert("record".to_owned(), json!(suggested_key(vi, &[])));
    }
}

/// The keys of fields.
pub(super) fn keys(fields: &[Value]) -> Vec<String> {
    let key = |one: &Value| one["field"].as_str().map(str::to_owned);
    fields.iter().filter_map(key).collect()
}

/// Names in the order that they had; new ones come last.
fn in_order(old: &Value, marked: &[String]) -> Value {
    let mut ordered = names(old);
    ordered.retain(|name| marked.contains(name));
    for name in marked {
        if !ordered.contains(name) {
            ordered.push(name.clone());
        }
    }
    json!(ordered)
}

/// What nobody has marked yet is as in most registers: the first field tells records apart, the first text after it names them, the list
/// shows the first that lists can show. The ward that bounds who enters what is the one that was named, else the first that fits.
pub(super) fn settle(tree: &mut Map<String, Value>, key: bool, list: bool) {
    let mut fields = tree
        .get("fields")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let is = |one: &Value, kinds: &[&str]| one["type"].as_str().is_some_and(|kind| kinds.contains(&kind));
    let open = |one: &Value| matches!(one["class"].as_str(), Some("public" | "internal"));
    let named = |one: &&Value| one["field"].is_string();
    let missing = |tree: &Map<String, Value>, key: &str| tree.get(key).is_none_or(Value::is_null);
    if key && missing(tree, "key") {
        const NO_KEY: [&str; 8] = [
            "long_text",
            "choices",
            "rows",
            "file",
            "computed",
            "point",
            "line",
            "polygon",
        ];
        let first = fields
            .iter_mut()
            .find(|one| one["field"].is_string() && !is(one, &NO_KEY));
        if let Some(first) = first {
            first["required"] = json!(true);
            put(tree, "key", json!([first["field"]]));
        }
    }
    if list && missing(tree, "list") {
        const UNLISTED: [&str; 6] = ["long_text", "rows", "file", "point", "line", "polygon"];
        let shown = fields.iter().filter(named);
        let shown = shown.filter(|one| (open(one) || is(one, &["name"])) && !is(one, &UNLISTED));
        let shown: Vec<&Value> = shown.map(|one| &one["field"]).take(FIRST_COLUMNS).collect();
        put(tree, "list", json!(shown));
    }
    if missing(tree, "title") {
        let texts = fields.iter().skip(1).filter(named);
        let mut texts = texts.filter(|one| is(one, &["name"]) || is(one, &["text"]) && open(one));
        let title = texts.next().or(fields.iter().find(named));
        put(tree, "title", title.map_or(Value::Null, |one| one["field"].clone()));
    }
    let bound = !missing(tree, "enters");
    let fits = |one: &&Value| is(one, &["area"]) && open(one);
    let own = tree.get("place");
    let kept = fields.iter().filter(fits).find(|one| Some(&one["field"]) == own);
    let place = kept.or(fields.iter().find(fits)).filter(|_| bound);
    let place = place.map_or(Value::Null, |one| one["field"].clone());
    put(tree, "place", place);
    tree.insert("fields".to_owned(), Value::Array(fields));
}

fn field(fields: &Fields, place: usize, before: &[Value], taken: &[String]) -> Value {
    let typed = |key: &str| text(fields, &control(place, key));
    let vi = typed("vi");
    // A field without a name gets its key with the name.
    let key = match typed("field") {
        "" if vi.is_empty() => String::new(),
        "" => suggested_key(vi, taken),
        key => key.to_owned(),
    };
    // The field that it was, by the key that it had.
    let by = |key: &str| before.iter().find(|one| !key.is_empty() && one["field"] == key);
    let was = by(typed("was")).or(by(&key)).cloned().unwrap_or(json!({}));
    let mut one = was.as_object().cloned().unwrap_or_default();
    put(&mut one, "field", json!(key));
    put(&mut one, "vi", json!(vi));
    put(&mut one, "en", json!(or(typed("en"), vi)));
    if fields.get(&control(place, "help")).is_some() {
        let help = typed("help");
        let en = match was["help"]["vi"] == help {
            true => was["help"]["en"].clone(),
            false => json!(help),
        };
        let both = if help.is_empty() {
            Value::Null
        } else {
            json!({ "vi": help, "en": en })
        };
        put(&mut one, "help", both);
    }
    let required = match typed("when") {
        "" => As::Mark.read(fields, &control(place, "required"), "", &Value::Null),
        when => json!(when),
    };
    put(&mut one, "required", required);
    let kind = typed("type");
    for (key, how, kinds) in OF_FIELD {
        let value = match kinds.is_empty() || kinds.contains(&kind) {
            true => how.read(fields, &control(place, key), kind, &was[key]),
            false => Value::Null,
        };
        put(&mut one, key, value);
    }
    Value::Object(one)
}

/// What is written by hand: it takes the place of what was there. A text that cannot be read waits, and is told.
fn by_hand(typed: &str, tree: &mut Map<String, Value>) {
    for key in BY_HAND.iter().chain([&UNREAD]) {
        tree.remove(*key);
    }
    if typed.is_empty() {
        return;
    }
    let mut problems = Problems::new();
    let read = Document::yaml("more", typed, &mut problems).map(|node| node.to_json());
    match read {
        Some(Value::Object(own)) if problems.is_empty() && own.keys().all(|key| BY_HAND.contains(&key.as_str())) => {
            tree.extend(own);
        }
        _ => {
            tree.insert(UNREAD.to_owned(), json!(typed));
        }
    }
}

/// What is written by hand, as it stands in the control: an item a line, for forms take the spaces away with which lines begin.
fn hand_written(tree: &Value) -> String {
    if let Some(unread) = tree[UNREAD].as_str() {
        return unread.to_owned();
    }
    let mut text = Vec::new();
    for key in BY_HAND {
        match &tree[key] {
            Value::Null => {}
            Value::Array(items) if items.iter().any(Value::is_object) => {
                text.push(format!("{key}:"));
                text.extend(items.iter().map(|item| format!("- {}", flow(item))));
            }
            other => text.push(format!("{key}: {}", flow(other))),
        }
    }
    text.join("\n")
}

/// On one line.
fn flow(value: &Value) -> String {
    const FIRST: [&str; 8] = ["rule", "that", "with", "same", "days", "field", "level", "vi"];
    let joined = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_by_key(|key| FIRST.iter().position(|own| own == key).unwrap_or(FIRST.len()));
            let parts = keys.into_iter().map(|key| format!("{key}: {}", flow(&map[key])));
            format!("{{ {} }}", joined(parts.collect()))
        }
        Value::Array(items) => format!("[{}]", joined(items.iter().map(flow).collect())),
        // The escapes of JSON are those of YAML between double quotes.
        other => other.to_string(),
    }
}

/// The controls of a tree, as the page draws them. Codes of choices stand there where records may have them.
pub(super) fn controls(tree: &Value, with_codes: bool) -> Value {
    let (key, list) = (names(&tree["key"]), names(&tree["list"]));
    // What stands in Vietnamese for want of English is not shown as English.
    let english = |en: &Value, vi: &Value| if en == vi { String::new() } else { said(en) };
    let about = &tree["about"];
    let field = |(place, one): (usize, &Value)| {
        let name = said(&one["field"]);
        // A field that is just added goes into the list, as long as there is room.
        let in_list = if name.is_empty() {
            list.len() < FIRST_COLUMNS
        } else {
            list.contains(&name)
        };
        let mut drawn = json!({
            "place": place, "number": place + 1, "field": name, "vi": said(&one["vi"]), "en": english(&one["en"], &one["vi"]),
            "help": said(&one["help"]["vi"]), "required": one["required"] == true, "when": one["required"].as_str().unwrap_or_default(),
            "in_key": key.contains(&name), "in_list": in_list, "is_title": !name.is_empty() && tree["title"] == name.as_str(),
        });
        let kind = one["type"].as_str().unwrap_or_default();
        for (key, how, _) in OF_FIELD {
            drawn[key] = how.shown(&one[key], kind, with_codes);
        }
        drawn
    };
    let fields = tree["fields"].as_array().into_iter().flatten();
    let mut drawn = json!({
        "vi": said(&tree["vi"]), "en": english(&tree["en"], &tree["vi"]), "about_vi": english(&about["vi"], &tree["vi"]),
        "about_en": if about["vi"] == tree["vi"] { english(&about["en"], &tree["en"]) } else { english(&about["en"], &about["vi"]) },
        "years": said(&tree["retention"]["years"]), "more": hand_written(tree), "fields": fields.enumerate().map(field).collect::<Vec<_>>(),
    });
    for (key, how) in OF_REGISTER {
        drawn[key] = how.shown(&tree[key], "", false);
    }
    drawn
}

/// What a button of the page does to the fields.
pub(super) fn act(tree: &mut Value, act: &str) {
    let (what, place) = act.split_once('.').unwrap_or((act, ""));
    let place = place.parse::<usize>().ok();
    let Some(fields) = tree["fields"].as_array_mut() else {
        return;
    };
    match (what, place) {
        ("add", _) => fields.push(json!({ "type": "text", "search": true, "class": "internal" })),
        ("up", Some(place)) if place > 0 && place < fields.len() => fields.swap(place - 1, place),
        ("down", Some(place)) if place + 1 < fields.len() => fields.swap(place, place + 1),
        ("remove", Some(place)) if place < fields.len() => {
            let gone = fields.remove(place);
            for key in ["key", "list"] {
                if let Some(names) = tree[key].as_array_mut() {
                    names.retain(|name| *name != gone["field"]);
                }
            }
            if let Some(map) = tree.as_object_mut() {
                if map.get("title") == gone.get("field") {
                    map.remove("title");
                }
                settle(map, false, false);
            }
        }
        _ => {}
    }
}

/// The part of a tree in which nothing is wrong, so that its form can be shown already: fields with problems are left out.
pub(super) fn sound_part(tree: &Value, problems: &[registry::definition::DrawnProblem]) -> Value {
    let place = |path: &str| path.strip_prefix("fields.")?.split('.').next()?.parse::<usize>().ok();
    let wrong: BTreeSet<usize> = problems.iter().filter_map(|one| place(&one.path)).collect();
    let fields = tree["fields"].as_array().into_iter().flatten().enumerate();
    let fields = fields.filter(|(place, _)| !wrong.contains(place));
    let mut map = tree.as_object().cloned().unwrap_or_default();
    map.insert(
        "fields".to_owned(),
        json!(fields.map(|(_, one)| one).collect::<Vec<_>>()),
    );
    for key in BY_HAND.iter().chain(&[UNREAD, "enters", "key", "list", "title"]) {
        map.remove(*key);
    }
    settle(&mut map, true, true);
    Value::Object(map)
}

#[cfg(test)]
mod tests;
