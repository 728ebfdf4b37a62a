//! Whom a record is about, by the names of its fields: `owner_name` and `owner_person` are one and the same.

use registry::definition::{FieldDefinition, Kind, RecordDefinition};
use schema::field::FieldKind;

use super::blueprint::About;
use super::words::{Attribute, Relation, Words};

/// Somebody whom a record is about.
pub(super) struct Role {
    /// What the fields are named after; nothing for the one whom the record is about by itself.
    pub(super) stem: String,
    /// Whether the record knows the number, not the name alone.
    pub(super) is_known: bool,
    /// Whether the record must say who it is.
    pub(super) is_needed: bool,
    pub(super) ages: [u32; 2],
    /// How they stand to another one of the record.
    pub(super) relation: Option<Relation>,
    /// The one to whom they stand so.
    pub(super) of: usize,
    pub(super) is_foreign: bool,
}

/// What a field of a person is named after.
fn stem(field: &FieldDefinition) -> Option<(String, Attribute)> {
    let name = field.field.as_str();
    let (has, endings): (Attribute, &[&str]) = match &field.kind {
        Kind::Person => (Attribute::Number, &["_person", "_number"]),
        Kind::Plain(FieldKind::PersonalNumber) => (Attribute::Number, &["_person", "_number"]),
        Kind::Plain(FieldKind::Name { .. }) => (Attribute::Name, &["_name"]),
        _ => return None,
    };
    if matches!(name, "person" | "personal_number" | "name" | "full_name") {
        return Some((String::new(), has));
    }
    // Whose number it is when a guardianship speaks of `ward_person`: nobody's second name.
    let short = endings.iter().find_map(|ending| name.strip_suffix(ending));
    let kept = name == "ward_person" || name == "ward_person_name";
    let stem = match (short, kept) {
        (_, true) => "ward_person",
        (Some(short), _) => short,
        (None, _) => name,
    };
    Some((stem.to_owned(), has))
}

/// Everybody whom a record names.
pub(super) fn of(definition: &RecordDefinition, words: &Words) -> Vec<Role> {
    let mut roles: Vec<Role> = Vec::new();
    let mut named: Vec<bool> = Vec::new();
    for field in &definition.fields {
        let Some((stem, has)) = stem(field) else { continue };
        let at = match roles.iter().position(|role| role.stem == stem) {
            Some(at) => at,
            None => {
                roles.push(role(definition, &stem, words));
                named.push(false);
                roles.len() - 1
            }
        };
        roles[at].is_known |= has == Attribute::Number;
        named[at] |= has == Attribute::Name;
        roles[at].is_needed |= field.required == schema::field::Condition::Always;
    }
    // A number without a name belongs to the first name without a number.
    let alone = |at: &usize| roles[*at].stem.is_empty() && !named[*at];
    let number = (0..roles.len()).find(alone);
    let name = (0..roles.len()).find(|at| !roles[*at].is_known);
    if let (Some(number), Some(name)) = (number, name) {
        roles[name].is_known = true;
        roles.remove(number);
    }
    // The others are seen from the one whom the record is about.
    let main = roles.iter().position(|role| role.stem.is_empty());
    let main = main
        .or_else(|| roles.iter().position(|role| role.is_known && role.relation.is_none()))
        .or_else(|| roles.iter().position(|role| role.relation.is_none()))
        .unwrap_or(0);
    if main > 0 {
        roles[..=main].rotate_right(1);
    }
    if let Some(first) = roles.first_mut() {
        first.relation = None;
        if let Some(ages) = words.file.ages.of.get(&definition.record) {
            first.ages = *ages;
        }
    }
    let stems: Vec<String> = roles.iter().map(|role| role.stem.clone()).collect();
    for role in &mut roles {
        let of = role.relation.as_ref().and_then(|relation| relation.of.as_ref());
        role.of = of.and_then(|of| stems.iter().position(|stem| stem == of)).unwrap_or(0);
    }
    roles
}

fn role(definition: &RecordDefinition, stem: &str, words: &Words) -> Role {
    let relation = words.file.relations.get(stem).cloned();
    let own = words
        .file
        .ages
        .of
        .get(&format!("{}.{stem}", definition.record))
        .copied();
    let related = relation.as_ref().and_then(|relation| relation.ages);
    Role {
        stem: stem.to_owned(),
        is_known: false,
        is_needed: false,
        ages: own.or(related).unwrap_or(words.file.ages.usual),
        relation,
        of: 0,
        is_foreign: words.file.foreigners.contains(&definition.record) || stem == "foreign",
    }
}

/// What the fields of a record hold of whom.
pub(super) fn attributes(definition: &RecordDefinition, roles: &[Role], words: &Words) -> About {
    let mut about = About::new();
    if roles.is_empty() {
        return about;
    }
    let main_is_known = roles[0].is_known;
    let from = words.file.person_from.get(&definition.record).map(String::as_str);
    let of_household = main_is_known && (roles[0].stem == "head" || from == Some("household"));
    for (at, field) in definition.fields.iter().enumerate() {
        let label = field.words.vi.to_lowercase();
        if let Some((stem, has)) = stem(field) {
            let role = roles.iter().position(|role| role.stem == stem).unwrap_or(0);
            about.insert(at, (role, has));
            continue;
        }
        let named = (roles.iter().enumerate())
            .filter(|(_, role)| !role.stem.is_empty())
            .filter(|(_, role)| {
                field
                    .field
                    .strip_prefix(role.stem.as_str())
                    .is_some_and(|rest| rest.starts_with('_'))
            })
            .max_by_key(|(_, role)| role.stem.len())
            .map(|(at, _)| at);
        let said = words
            .file
            .attributes
            .iter()
            .find(|entry| entry.label.fits(&label))
            .map(|entry| entry.has);
        let has = match &field.kind {
            Kind::Plain(FieldKind::Date { .. }) => said.filter(|has| *has == Attribute::BirthDate),
            Kind::Plain(FieldKind::Number { .. }) => said.filter(|has| match has {
                Attribute::BirthYear => true,
                Attribute::Members => of_household,
                _ => false,
            }),
            Kind::Plain(FieldKind::Phone) => Some(Attribute::Phone),
            Kind::Plain(FieldKind::Email) => Some(Attribute::Email),
            Kind::Plain(FieldKind::Area) if main_is_known || named.is_some() => Some(Attribute::Ward),
            Kind::Plain(FieldKind::Choice { .. }) => match field.catalogue() {
                Some("ethnic_group") => Some(Attribute::Ethnicity),
                Some("country") if label.contains("quốc tịch") => Some(Attribute::Nationality),
                Some(_) => None,
                None => said.filter(|has| matches!(has, Attribute::Sex | Attribute::Marital | Attribute::Kinship)),
            },
            Kind::Plain(FieldKind::Text { .. }) if main_is_known || named.is_some() => {
                said.filter(|has| matches!(has, Attribute::Address | Attribute::Hamlet | Attribute::Home))
            }
            _ => None,
        };
        if let Some(has) = has {
            about.insert(at, (named.unwrap_or(0), has));
        }
    }
    about
}
