//! What is wrong with a drawing, and what putting it into force would do, in words.

use registry::definition::{DrawnProblem, FieldDefinition, RecordDefinition};
use registry::{Condition, Published, Rehearsal, Step};
use serde_json::{Map, Value, json};

use super::form::{UNREAD, control};
use crate::words::Words;

/// Every problem with the control to which it leads: `{field, text, said}`; `text` names the place, `said` stands at it.
pub(super) fn problems(words: &Words, tree: &Value, problems: &[DrawnProblem]) -> Vec<Value> {
    let mut told: Vec<Value> = Vec::new();
    let mut twice = twice(tree).into_iter();
    for problem in problems {
        let path = match problem.code.as_str() {
            "registry.duplicate_field" => twice.next().map(|place| format!("fields.{place}.field")),
            _ => of_field(tree, problem),
        };
        let path = path.as_deref().unwrap_or(&problem.path);
        if follows_name(tree, path) {
            continue;
        }
        let (field, at) = place(words, tree, path);
        let key = format!("registers_drawing.problem.{}", problem.code.replace('.', "_"));
        let said = words.find(&key).unwrap_or_else(|| {
            words.say(
                "registers_drawing.problem.other",
                [("message", problem.message.clone())],
            )
        });
        let text = match at.is_empty() {
            true => said.clone(),
            false => format!("{at}: {said}"),
        };
        let line = json!({ "field": field, "text": sentence(&text), "said": sentence(&said) });
        // One thing may be told by several rules in the same words.
        if !told.contains(&line) {
            told.push(line);
        }
    }
    told
}

/// The part of a field at which a problem stands that the file tells elsewhere: with the whole field, or where the field is named.
fn of_field(tree: &Value, problem: &DrawnProblem) -> Option<String> {
    let named = problem.message.split('"').nth(1);
    let parts: Vec<&str> = problem.path.split('.').collect();
    let part = match problem.code.as_str() {
        "schema.missing_key" => match parts.as_slice() {
            ["fields", place, _] => return Some(format!("fields.{place}.{}", named?)),
            ["fields", ..] => return None,
            _ => return named.map(str::to_owned),
        },
        "registry.person_class" | "registry.open_person" | "registry.computed_class" => "class",
        "registry.search" => "search",
        "registry.unique" => "unique",
        "registry.columns" => "columns",
        "registry.key_field" => "in_key",
        "registry.list" => "in_list",
        "registry.title" => "is_title",
        _ => return None,
    };
    if let ["fields", place, ..] = parts.as_slice() {
        return Some(format!("fields.{place}.{part}"));
    }
    let named = named?;
    let place = tree["fields"]
        .as_array()?
        .iter()
        .position(|one| one["field"] == named)?;
    Some(format!("fields.{place}.{part}"))
}

/// Whether something is missing only because what it is made from is: the name, which is told.
fn follows_name(tree: &Value, path: &str) -> bool {
    let parts: Vec<&str> = path.split('.').collect();
    let unnamed = |part: &Value| part["vi"].as_str().is_none_or(str::is_empty);
    match parts.as_slice() {
        ["fields", place, "en" | "field"] => {
            let place = place.parse::<usize>().unwrap_or_default();
            unnamed(&tree["fields"][place]) && tree["fields"][place].get("field").is_none_or(|_| parts[2] == "en")
        }
        ["en"] | ["about", ..] => unnamed(tree),
        ["record"] => unnamed(tree) && tree.get("record").is_none(),
        _ => false,
    }
}

/// The places of fields whose keys stand before.
fn twice(tree: &Value) -> Vec<usize> {
    let keys: Vec<&Value> = tree["fields"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| &one["field"])
        .collect();
    let again = (0..keys.len()).filter(|place| keys[..*place].contains(&keys[*place]));
    again.collect()
}

/// With a large letter at its beginning.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// The same by control, for the controls themselves.
pub(super) fn by_control(problems: &[Value]) -> Value {
    let mut marks = Map::new();
    for problem in problems {
        let (Some(field), Some(text)) = (problem["field"].as_str(), problem["said"].as_str()) else {
            continue;
        };
        let before = marks.get(field).and_then(Value::as_str);
        let whole = before.map_or_else(|| text.to_owned(), |before| format!("{before} {text}"));
        marks.insert(field.to_owned(), json!(whole));
    }
    Value::Object(marks)
}

/// The control of a part of the tree, and what people call the part.
fn place(words: &Words, tree: &Value, path: &str) -> (String, String) {
    let parts: Vec<&str> = path.split('.').collect();
    let say = |key: &str| words.find(&format!("registers_drawing.part.{key}")).unwrap_or_default();
    match parts.as_slice() {
        ["fields", place, rest @ ..] => {
            let place: usize = place.parse().unwrap_or_default();
            let label = tree["fields"][place]["vi"].as_str().unwrap_or_default();
            let field = words.say(
                "registers_drawing.field_of",
                [("number", (place + 1).to_string()), ("label", label.to_owned())],
            );
            let key = match rest.first() {
                Some(&("help" | "options" | "columns")) => rest[0],
                Some(key) => key,
                None => "vi",
            };
            let part = say(key);
            let at = if part.is_empty() {
                field
            } else {
                format!("{field}, {part}")
            };
            (control(place, key), at)
        }
        ["about", "en"] => ("about.en".to_owned(), say("about")),
        ["about", ..] => ("about.vi".to_owned(), say("about")),
        ["retention", ..] => ("years".to_owned(), say("retention")),
        ["duplicates" | "fresh" | "rules" | "shared" | "sources" | "upstream", ..] | [UNREAD, ..] => {
            ("more".to_owned(), say("more"))
        }
        // These are marked at the fields.
        [key @ ("title" | "key" | "list" | "place" | "fields")] | [key @ ("key" | "list"), _] => {
            ("fields".to_owned(), say(key))
        }
        [""] | [] => (String::new(), String::new()),
        [key, ..] => ((*key).to_owned(), say(key)),
    }
}

/// What putting a declaration into force would do: what is new of it, what goes, what changes, and why it is refused.
pub(super) fn rehearsal(
    words: &Words,
    definition: &RecordDefinition,
    standing: Option<&Published>,
    rehearsal: &Rehearsal,
) -> Value {
    let old = standing.map(|standing| &*standing.definition);
    let label = |name: &str| {
        let field = definition.field(name).or(old.and_then(|old| old.field(name)));
        field.map_or_else(
            || name.to_owned(),
            |field| field.words.in_language(words.language()).to_owned(),
        )
    };
    let refusals: Vec<String> = rehearsal
        .refusals
        .iter()
        .map(|refusal| {
            let (key, field, code) = match &refusal.condition {
                Condition::Unused(field) => ("unused", label(field), String::new()),
                Condition::CodeUnused(field, code) => ("code_unused", label(field), code.clone()),
                Condition::NoRecords(field) => ("no_records", label(field), String::new()),
                Condition::FewRecords => ("few_records", String::new(), String::new()),
                Condition::Distinct(fields) => {
                    let labels: Vec<String> = fields.iter().map(|field| label(field)).collect();
                    ("distinct", labels.join(", "), String::new())
                }
            };
            words.say(
                &format!("registers_drawing.refusal.{key}"),
                [("field", field), ("code", code), ("count", refusal.records.to_string())],
            )
        })
        .collect();
    let mut steps = steps(words, definition, old, &label);
    if rehearsal.plan.steps.contains(&Step::Derive) {
        steps.push(words.say("registers_drawing.step.derive", []));
    }
    json!({ "steps": steps, "refusals": refusals, "in_force": rehearsal.in_force })
}

fn steps(
    words: &Words,
    definition: &RecordDefinition,
    old: Option<&RecordDefinition>,
    label: &dyn Fn(&str) -> String,
) -> Vec<String> {
    let Some(old) = old else {
        let count = definition.fields.len().to_string();
        return vec![words.say("registers_drawing.step.make", [("count", count)])];
    };
    let own = &definition.fields;
    let new = own.iter().filter(|field| old.field(&field.field).is_none());
    let gone = old
        .fields
        .iter()
        .filter(|field| definition.field(&field.field).is_none());
    let changed = own
        .iter()
        .filter(|field| old.field(&field.field).is_some_and(|old| old != *field));
    let names = |fields: Vec<&FieldDefinition>| fields.iter().map(|field| label(&field.field)).collect::<Vec<_>>();
    let mut steps = Vec::new();
    for (key, fields) in [
        ("add", names(new.collect())),
        ("drop", names(gone.collect())),
        ("change", names(changed.collect())),
    ] {
        if !fields.is_empty() {
            steps.push(words.say(
                &format!("registers_drawing.step.{key}"),
                [("fields", fields.join(", "))],
            ));
        }
    }
    let fields_alone = RecordDefinition {
        fields: own.clone(),
        ..old.clone()
    };
    if fields_alone != *definition {
        steps.push(words.say("registers_drawing.step.rest", []));
    }
    if *old == *definition {
        steps.push(words.say("registers_drawing.step.none", []));
    }
    steps
}
