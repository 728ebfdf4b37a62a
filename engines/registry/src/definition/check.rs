//! What holds across the parts of one declaration.

use std::collections::BTreeSet;

use schema::feel::{Expression, Type, TypeScope, infer};
use schema::field::{Class, Condition, FieldKind};
use schema::{Node, Problems};

use super::field::{FieldDefinition, Kind};
use super::{MOST_FIELDS, MOST_LISTED, Readers, RecordDefinition, Sharing};

/// Where in the file a part stands, so that a problem names its line.
struct Places {
    root: Node,
}

impl Places {
    /// The value of a key at the top.
    fn of(&self, key: &str) -> Node {
        let mut map = self.root.as_map(&mut Problems::new());
        map.as_mut()
            .and_then(|map| map.optional(key))
            .unwrap_or_else(|| self.root.clone())
    }

    /// The item of a list at the top whose `name` is `value`.
    fn item(&self, list: &str, name: &str, value: &str) -> Node {
        let list = self.of(list);
        let quiet = &mut Problems::new();
        let found = list
            .is_list()
            .then(|| list.list(quiet))
            .into_iter()
            .flatten()
            .find(|item| {
                let named = item.as_map(quiet).and_then(|mut map| map.optional(name));
                named.is_some_and(|node| node.text() == Some(value))
            });
        found.unwrap_or(list)
    }

    fn field(&self, field: &str) -> Node {
        self.item("fields", "field", field)
    }
}

/// Adds what is wrong.
pub(super) fn check(definition: &RecordDefinition, root: &Node, problems: &mut Problems) {
    let places = Places { root: root.clone() };
    fields(definition, &places, problems);
    names(definition, &places, problems);
    sharing(definition, &places, problems);
    expressions(definition, &places, problems);
}

fn fields(definition: &RecordDefinition, places: &Places, problems: &mut Problems) {
    if definition.fields.is_empty() || definition.fields.len() > MOST_FIELDS {
        problems.at(
            &places.of("fields"),
            "registry.fields",
            format!("a register has 1 to {MOST_FIELDS} fields"),
        );
    }
    let mut seen = BTreeSet::new();
    for field in &definition.fields {
        let key = &field.field;
        if !seen.insert(key) {
            problems.at(
                &places.of("fields"),
                "registry.duplicate_field",
                format!("there is a field \"{key}\" already"),
            );
        }
        // Links are not sorted by, but asked for: the parcels of an owner.
        let found = field.is_ordered() || matches!(field.kind, Kind::Link(_));
        if field.search && !field.is_sealed() && !found {
            problems.at(
                &places.field(key),
                "registry.search",
                format!("lists cannot be sorted by a field of type {}", field.word()),
            );
        }
        // Sealed and of few values: whoever asked for each in turn would have read it.
        let few = matches!(
            field.kind,
            Kind::Plain(FieldKind::Choice { .. } | FieldKind::Choices { .. } | FieldKind::YesNo)
        ) || field.catalogue().is_some();
        if field.search && field.is_sealed() && few {
            problems.at(
                &places.field(key),
                "registry.search",
                format!("nothing sealed of type {} is asked for in lists", field.word()),
            );
        }
        if field.unique && field.is_computed() {
            problems.at(
                &places.field(key),
                "registry.unique",
                "what is computed cannot be unique",
            );
        }
        if let Kind::Rows { columns, .. } = &field.kind {
            let mut keys = BTreeSet::new();
            if columns.is_empty() || columns.iter().any(|column| !keys.insert(&column.column)) {
                problems.at(&places.field(key), "registry.columns", "a table has columns, each once");
            }
        }
    }
}

/// What names a field must name one that fits.
fn names(definition: &RecordDefinition, places: &Places, problems: &mut Problems) {
    let mut known = |name: &str, at: &str| {
        let found = definition.field(name);
        if found.is_none() {
            problems.at(
                &places.of(at),
                "registry.no_field",
                format!("there is no field \"{name}\""),
            );
        }
        found
    };
    let title = known(&definition.title, "title");
    let keys: Vec<_> = definition.key.iter().filter_map(|name| known(name, "key")).collect();
    let list: Vec<_> = definition.list.iter().filter_map(|name| known(name, "list")).collect();
    let place = definition.place.as_deref().and_then(|name| known(name, "place"));
    let by = definition.fresh.as_ref().and_then(|fresh| fresh.by.as_deref());
    let by = by.and_then(|name| known(name, "fresh"));
    let mut ways = Vec::new();
    for way in &definition.duplicates {
        ways.extend(
            way.same
                .iter()
                .filter_map(|name| known(name, "duplicates").map(|field| (field, false))),
        );
        ways.extend(
            way.alike
                .iter()
                .filter_map(|name| known(name, "duplicates").map(|field| (field, true))),
        );
    }
    for rule in &definition.rules {
        known(&rule.field, "rules");
    }
    for share in &definition.shared {
        for name in &share.fields {
            known(name, "shared");
        }
    }
    if let Some(title) = title
        && (title.is_sealed() || !is_short(title))
    {
        problems
            .at(
                &places.of("title"),
                "registry.title",
                format!(
                    "\"{}\" cannot name a record: it is sealed, or no line of text",
                    title.field
                ),
            )
            .hint("a plain field of type text, name, choice, date, number or computed");
    }
    for field in list {
        if field.is_sealed() || matches!(field.kind, Kind::Rows { .. } | Kind::Geometry(_) | Kind::File { .. }) {
            problems.at(
                &places.of("list"),
                "registry.list",
                format!(
                    "\"{}\" cannot stand in the list: it is sealed, or too large",
                    field.field
                ),
            );
        }
    }
    if definition.list.is_empty() || definition.list.len() > MOST_LISTED {
        problems.at(
            &places.of("list"),
            "registry.list",
            format!("a list has 1 to {MOST_LISTED} columns"),
        );
    }
    if definition.key.is_empty() {
        problems.at(&places.of("key"), "registry.no_key", "names no field");
    }
    for field in keys {
        let fits = !field.is_computed() && (field.is_ordered() || matches!(field.kind, Kind::Link(_) | Kind::Person));
        if !fits || !matches!(field.required, Condition::Always) {
            problems
                .at(
                    &places.of("key"),
                    "registry.key_field",
                    format!("\"{}\" cannot be part of the key", field.field),
                )
                .hint("a key is entered, required, and one value");
        }
    }
    if let Some(place) = place
        && (!matches!(place.kind, Kind::Plain(FieldKind::Area)) || place.is_sealed())
    {
        problems.at(
            &places.of("place"),
            "registry.place",
            "the place is a field of type area that is not sealed",
        );
    }
    if let Some(by) = by
        && !matches!(by.kind, Kind::Plain(FieldKind::Date { .. }) | Kind::Moment)
    {
        problems.at(
            &places.of("fresh"),
            "registry.fresh",
            "freshness goes by a field of type date or moment",
        );
    }
    for (field, alike) in ways {
        if alike && !field.is_words() {
            problems.at(
                &places.of("duplicates"),
                "registry.alike",
                format!(
                    "\"{}\" is no text that can be nearly equal, or it is sealed",
                    field.field
                ),
            );
        }
    }
    if definition.catalogue {
        for name in ["code", "name"] {
            let fits = definition
                .field(name)
                .is_some_and(|field| matches!(field.kind, Kind::Plain(FieldKind::Text { .. })) && !field.is_sealed());
            if !fits {
                problems.at(
                    &places.of("catalogue"),
                    "registry.catalogue",
                    format!("a catalogue has a field \"{name}\" of type text"),
                );
            }
        }
    }
}

fn is_short(field: &FieldDefinition) -> bool {
    match &field.kind {
        Kind::Plain(kind) => !matches!(
            kind,
            FieldKind::LongText { .. } | FieldKind::Choices { .. } | FieldKind::YesNo
        ),
        Kind::Moment | Kind::Computed { .. } => true,
        _ => false,
    }
}

fn sharing(definition: &RecordDefinition, places: &Places, problems: &mut Problems) {
    if definition.sharing.is_empty() {
        problems.at(&places.of("sharing"), "registry.sharing", "names no form of sharing");
    }
    if definition.readers == Readers::Everybody && !definition.sharing.contains(&Sharing::Open) {
        problems
            .at(
                &places.of("readers"),
                "registry.readers",
                "everybody reads only what is open data",
            )
            .hint("sharing: [open], or readers: officials");
    }
    if definition.readers == Readers::Everybody
        && let Some(field) = definition
            .fields
            .iter()
            .find(|field| field.class == Class::Personal && !field.is_sealed())
    {
        problems
            .at(
                &places.field(&field.field),
                "registry.open_person",
                format!("everybody would read \"{}\", which is personal data", field.field),
            )
            .hint("readers: officials");
    }
    for share in &definition.shared {
        if share.with.is_empty() {
            problems.at(&places.of("shared"), "registry.shared", "names no agency: with");
        }
    }
}

fn expressions(definition: &RecordDefinition, places: &Places, problems: &mut Problems) {
    let mut scope = TypeScope::new();
    for field in definition.fields.iter().filter(|field| !field.is_computed()) {
        scope.set(field.field.clone(), field.feel_type());
    }
    for field in &definition.fields {
        if let Condition::When(condition) = &field.required {
            must_give(condition, &scope, &Type::Boolean, &places.field(&field.field), problems);
        }
    }
    // What is computed may read what was computed before it.
    for field in &definition.fields {
        let Kind::Computed { value, gives } = &field.kind else {
            continue;
        };
        let place = places.field(&field.field);
        must_give(value, &scope, &gives.feel_type(), &place, problems);
        let strictest = read_fields(definition, value)
            .map(|read| read.class)
            .max()
            .unwrap_or(Class::Public);
        let sealed = read_fields(definition, value).any(FieldDefinition::is_sealed);
        if sealed && field.class < strictest {
            problems
                .at(
                    &place,
                    "registry.computed_class",
                    "what is computed from personal data is personal data",
                )
                .hint("give it the strictest class of what it reads");
        }
        scope.set(field.field.clone(), gives.feel_type());
    }
    let mut rules = BTreeSet::new();
    for rule in &definition.rules {
        let place = places.item("rules", "rule", &rule.rule);
        if !rules.insert(&rule.rule) {
            problems.at(
                &place,
                "registry.duplicate_rule",
                format!("there is a rule \"{}\" already", rule.rule),
            );
        }
        must_give(&rule.that, &scope, &Type::Boolean, &place, problems);
    }
}

/// The fields that an expression reads.
fn read_fields<'d>(
    definition: &'d RecordDefinition,
    expression: &Expression,
) -> impl Iterator<Item = &'d FieldDefinition> + use<'d> {
    let roots: Vec<String> = expression
        .names()
        .iter()
        .map(|path| path.split('.').next().unwrap_or_default().to_owned())
        .collect();
    definition
        .fields
        .iter()
        .filter(move |field| roots.contains(&field.field))
}

fn must_give(expression: &Expression, scope: &TypeScope, wanted: &Type, place: &Node, problems: &mut Problems) {
    match infer(expression, scope) {
        Ok(given) if given == *wanted || given == Type::Any => {}
        Ok(given) => {
            problems.at(
                place,
                "registry.expression",
                format!("\"{}\" gives {given}, not {wanted}", expression.source()),
            );
        }
        Err(errors) => {
            for error in errors {
                problems.at(
                    place,
                    "registry.expression",
                    format!("\"{}\": {error}", expression.source()),
                );
            }
        }
    }
}
