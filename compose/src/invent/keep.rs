//! What is kept of a record that was made.

use registry::Values;
use registry::definition::{Kind, LinkTarget};
use schema::field::{Condition, FieldKind};
use serde_json::Value;

use super::Made;
use super::draft::Draft;
use super::stock::Kept;

/// As much of a record as others need who link to it.
pub(super) fn kept(draft: &Draft<'_>, read: &Values) -> Kept {
    let definition = &draft.plan().definition;
    let text = |name: &String| match read.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let mut linked = Vec::new();
    for (part, name) in definition.key.iter().enumerate() {
        let link = draft
            .plan()
            .place(name)
            .and_then(|at| Some((at, *draft.links.get(&at)?)));
        if let Some((at, place)) = link
            && let Some(register) = definition.fields[at].links_to()
        {
            linked.push((part, register.to_owned(), place));
        }
    }
    // To what it must lead it belongs: a class to its school.
    let belongs = |at: usize| definition.fields[at].required == Condition::Always;
    let leads = |(at, place): (&usize, &usize)| {
        let register = definition.fields[*at].links_to().filter(|_| belongs(*at))?;
        Some((register.to_owned(), *place))
    };
    let mut leads: Vec<(String, usize)> = draft.links.iter().filter_map(leads).collect();
    leads.sort_unstable();
    let main = draft.who.first().and_then(Option::as_ref).and_then(|who| who.at);
    let known = draft.plan().roles.first().is_some_and(|role| role.is_known) || draft.plan().person_from.is_some();
    let person = main.filter(|_| known);
    Kept {
        key: definition.key.iter().map(text).collect(),
        linked,
        title: text(&definition.title),
        ward: has_ward(draft).then_some(draft.ward),
        person,
        leads,
        household: person
            .filter(|_| draft.plan().is_of_households)
            .map(|person| draft.bench.pool.people[person].household),
    }
}

/// Whether a record says in which ward it is.
fn has_ward(draft: &Draft<'_>) -> bool {
    let fields = &draft.plan().definition.fields;
    fields
        .iter()
        .any(|field| matches!(field.kind, Kind::Plain(FieldKind::Area)))
}

pub(super) fn made(draft: Draft<'_>) -> Made {
    let definition = &draft.plan().definition;
    let mut links: Vec<(String, String, usize)> = Vec::new();
    for (at, place) in &draft.links {
        let field = &definition.fields[*at];
        if let Kind::Link(LinkTarget::Register(register)) = &field.kind
            && draft.values.contains_key(&field.field)
        {
            links.push((field.field.clone(), register.clone(), *place));
        }
    }
    links.sort_unstable();
    Made {
        links,
        from: draft.start,
        fields: draft.values,
    }
}
