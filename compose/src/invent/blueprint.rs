//! What a declaration asks of whoever makes records of it: worked out once, from the declaration alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use registry::definition::{FieldDefinition, Kind, LinkTarget, RecordDefinition};
use schema::field::{Condition, FieldKind};

use super::codes::Codes;
use super::roles::{self, Role};
use super::words::{Attribute, Level, Words, begins, contains};

/// What is known of a field.
pub(super) struct Plan {
    /// The label in small letters.
    pub(super) label: String,
    /// So many times in a hundred it is filled where nobody demands it.
    pub(super) percent: u32,
    /// What it holds of whom: place of the role.
    pub(super) about: Option<(usize, Attribute)>,
    /// Shapes of its codes, where it is a number of papers or things.
    pub(super) codes: Option<Codes>,
    /// Whether no two records may have the same.
    pub(super) once: bool,
    /// To which agencies it leads.
    pub(super) agency: Option<Level>,
}

/// A register, ready to be filled.
pub(super) struct Blueprint {
    pub(super) definition: Arc<RecordDefinition>,
    /// By place of the field.
    pub(super) plans: Vec<Plan>,
    /// Whom a record is about: the first is the one whom the others are seen from.
    pub(super) roles: Vec<Role>,
    /// The link from which a record takes whom it is about.
    pub(super) person_from: Option<usize>,
    /// Whether the title is the name of a person.
    pub(super) is_of_people: bool,
    /// Whether a record is a household: whom it is about is its head.
    pub(super) is_of_households: bool,
    /// Fields that rules read, by rule.
    pub(super) rules: Vec<Vec<usize>>,
    /// Whole numbers and texts that stand in rules, by rule.
    pub(super) said: Vec<(Vec<i64>, Vec<String>)>,
}

impl Blueprint {
    pub(super) fn new(definition: Arc<RecordDefinition>, words: &Words) -> Self {
        let roles = roles::of(&definition, words);
        let about = roles::attributes(&definition, &roles, words);
        let demanded = demanded(&definition);
        let plans = (definition.fields.iter().enumerate())
            .map(|(at, field)| {
                let label = field.words.vi.to_lowercase();
                let in_key = definition.key.contains(&field.field);
                let alone = in_key && definition.key.len() == 1;
                let numbered = in_key || field.unique || begins(&words.file.numbered, &label);
                let shapes = &words.file.shapes;
                let codes = match &field.kind {
                    // What has a shape of its own is no running number.
                    Kind::Plain(FieldKind::Text { pattern, .. })
                        if pattern.iter().any(|own| shapes.contains_key(own.source())) =>
                    {
                        None
                    }
                    Kind::Plain(FieldKind::Text { .. }) if numbered => {
                        Codes::of(&field.examples, alone || field.unique)
                    }
                    _ => None,
                };
                let about = about.get(&at).copied();
                let usual = percent(&definition, field, &label, demanded.contains(&field.field), words);
                Plan {
                    percent: match (about, &field.kind, roles.first()) {
                        // Whoever is named is named whole.
                        (Some(_), _, _) if usual > 50 => usual.max(96),
                        // What somebody does by themselves no business does.
                        (None, Kind::Link(LinkTarget::Register(_)), Some(role)) if role.is_known => {
                            usual.min(if usual == 100 { 100 } else { 40 })
                        }
                        _ => usual,
                    },
                    about,
                    once: alone || field.unique || (in_key && codes.as_ref().is_some_and(Codes::is_numbered)),
                    codes,
                    agency: agency(&definition, field, &label, words),
                    label,
                }
            })
            .collect();
        let place = |name: &str| definition.fields.iter().position(|field| field.field == name);
        let person_from = words
            .file
            .person_from
            .get(&definition.record)
            .and_then(|link| place(link));
        let person_from = person_from.or_else(|| {
            let stem = roles.first().map(|role| role.stem.as_str())?;
            let field = definition.field(stem)?;
            field.links_to()?;
            place(stem)
        });
        let is_of_people = definition
            .field(&definition.title)
            .is_some_and(|title| matches!(title.kind, Kind::Plain(FieldKind::Name { .. })));
        let rules: Vec<Vec<usize>> = definition
            .rules
            .iter()
            .map(|rule| {
                let names = rule.that.names();
                let roots: Vec<&str> = names.iter().filter_map(|path| path.split('.').next()).collect();
                reads(&definition, &roots)
            })
            .collect();
        let said = definition.rules.iter().map(|rule| said(rule.that.source())).collect();
        Self {
            is_of_people,
            is_of_households: roles.first().is_some_and(|role| role.stem == "head"),
            plans,
            person_from,
            rules,
            said,
            roles,
            definition,
        }
    }

    /// The place of a field.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.definition.fields.iter().position(|field| field.field == name)
    }

    /// Whether a field is part of the key.
    pub(super) fn in_key(&self, at: usize) -> bool {
        self.definition.key.contains(&self.definition.fields[at].field)
    }
}

/// Fields of which some rule says that they must be there under a condition.
fn demanded(definition: &RecordDefinition) -> Vec<String> {
    let asked = |field: &FieldDefinition| {
        let asked = format!("is defined({})", field.field);
        definition.rules.iter().any(|rule| rule.that.source().contains(&asked))
    };
    let fields = definition.fields.iter().filter(|field| asked(field));
    fields.map(|field| field.field.clone()).collect()
}

fn percent(definition: &RecordDefinition, field: &FieldDefinition, label: &str, demanded: bool, words: &Words) -> u32 {
    let is_date = matches!(
        field.kind,
        Kind::Plain(FieldKind::Date { .. }) | Kind::Moment | Kind::Period
    );
    let shown = field.search || definition.list.contains(&field.field);
    match (&field.required, &field.kind) {
        (_, Kind::Computed { .. } | Kind::File { .. }) => 0,
        (Condition::Always, _) => 100,
        // Whoever fills it where nobody asked for it may well say what is not so.
        (Condition::When(_), _) => 0,
        (Condition::Never, _) if is_date && contains(&words.file.dates.rare, label) => 8,
        (Condition::Never, _) if demanded && is_date => 20,
        (Condition::Never, _) if demanded => 50,
        (Condition::Never, Kind::Plain(FieldKind::LongText { .. })) => 45,
        (Condition::Never, Kind::Plain(FieldKind::Text { .. })) if contains(&words.file.dates.rare, label) => 10,
        (Condition::Never, _) if shown => 93,
        (Condition::Never, _) => 74,
    }
}

fn agency(definition: &RecordDefinition, field: &FieldDefinition, label: &str, words: &Words) -> Option<Level> {
    if !matches!(field.kind, Kind::Link(LinkTarget::Agency)) {
        return None;
    }
    let said = words.file.agencies.iter().find(|entry| {
        let by_register = entry.registers.contains(&definition.record);
        by_register || (!entry.label.is_empty() && entry.label.fits(label))
    });
    said.map(|entry| entry.to)
}

/// The entered fields behind some names: those of which a computed one is made in its place.
fn reads(definition: &RecordDefinition, names: &[&str]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut next: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut seen: Vec<String> = Vec::new();
    while let Some(name) = next.pop() {
        if seen.contains(&name) {
            continue;
        }
        let place = definition.fields.iter().position(|field| field.field == name);
        if let Some((at, field)) = place.map(|at| (at, &definition.fields[at])) {
            match &field.kind {
                Kind::Computed { value, .. } => {
                    let names = value.names();
                    next.extend(
                        names
                            .iter()
                            .filter_map(|path| path.split('.').next().map(str::to_owned)),
                    );
                }
                _ => found.push(at),
            }
        }
        seen.push(name);
    }
    found.sort_unstable();
    found
}

/// Whole numbers and texts in the source of an expression.
fn said(source: &str) -> (Vec<i64>, Vec<String>) {
    let mut numbers = Vec::new();
    let mut texts = Vec::new();
    for (place, part) in source.split('"').enumerate() {
        if place % 2 == 1 {
            texts.push(part.to_owned());
            continue;
        }
        let words = part.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '.');
        numbers.extend(words.filter_map(|word| word.parse::<i64>().ok()));
    }
    (numbers, texts)
}

/// The places of fields by what they are about.
pub(super) type About = BTreeMap<usize, (usize, Attribute)>;
