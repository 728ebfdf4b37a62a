//! The filters of a list: a control for each field that lists are filtered by, and the chips of those in force.

use kernel::Result;
use op::Op;
use registry::definition::{FieldDefinition, Gives, Kind, LinkTarget, RecordDefinition};
use schema::field::FieldKind;
use serde_json::{Value, json};
use uuid::Uuid;
use web::Visit;

use super::show::Show;
use super::{Shown, at, links};
use crate::House;
use crate::words::Words;

/// What stands in the address of a list, but for the place of the page in it.
pub(super) type Pairs = Vec<(String, String)>;

/// The address of a list without what only says where in it one is.
pub(super) fn pairs_of(visit: &Visit<House>) -> Pairs {
    visit
        .queries()
        .filter(|(name, _)| !matches!(*name, "sau" | "so" | "da"))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

/// The field that a pair narrows.
fn field_of<'d>(definition: &'d RecordDefinition, name: &str) -> Option<&'d FieldDefinition> {
    definition.field(name.split('.').next().unwrap_or_default())
}

/// Whether a list is filtered by a field in its address: what is sealed is never written there.
fn is_filter(field: &FieldDefinition) -> bool {
    field.search && !field.is_sealed()
}

/// Whether a sealed field is found whole.
pub(super) fn is_sealed_filter(field: &FieldDefinition) -> bool {
    field.is_sealed() && (field.search || matches!(field.kind, Kind::Person))
}

/// Pairs that name a sealed field: they have no place in an address.
pub(super) fn sealed_pair<'d>(definition: &'d RecordDefinition, pairs: &Pairs) -> Option<&'d FieldDefinition> {
    let mut fields = pairs.iter().filter_map(|(name, _)| field_of(definition, name));
    fields.find(|field| field.is_sealed())
}

/// What became of what was typed for a record.
pub(super) enum Named {
    /// Every link is an identifier.
    Plain,
    /// Now it is: the address with the identifier.
    Elsewhere(String),
    /// One could not be found, or is many: what to say of the field.
    Unclear(String, Vec<Value>),
}

/// Records that filters name by their key or title become identifiers.
pub(super) async fn name_links(visit: &Visit<House>, op: &mut Op, shown: &Shown, pairs: &Pairs) -> Result<Named> {
    let definition = &shown.published.definition;
    for (place, (name, value)) in pairs.iter().enumerate() {
        let Some(target) = field_of(definition, name)
            .filter(|field| is_filter(field))
            .and_then(FieldDefinition::links_to)
        else {
            continue;
        };
        if Uuid::parse_str(value).is_ok() || value == "~" {
            continue;
        }
        let found = links::find(visit, op, target, value).await?;
        let to = |id: &Uuid| {
            let mut pairs = pairs.clone();
            pairs[place].1 = id.to_string();
            at(&shown.href(), &pairs)
        };
        return Ok(match found.as_slice() {
            [(id, _)] => Named::Elsewhere(to(id)),
            many => {
                let choices = many.iter().map(|(id, title)| json!({ "text": title, "href": to(id) }));
                Named::Unclear(name.clone(), choices.collect())
            }
        });
    }
    Ok(Named::Plain)
}

/// The controls of the panel, in the order of the fields.
pub(super) async fn controls(
    visit: &Visit<House>,
    op: &mut Op,
    shown: &Shown,
    seen: &[String],
    pairs: &Pairs,
    show: &Show<'_>,
) -> Result<Vec<Value>> {
    let definition = &shown.published.definition;
    let words = &shown.words;
    let mut controls = Vec::new();
    for field in definition
        .fields
        .iter()
        .filter(|field| is_filter(field) && seen.contains(&field.field))
    {
        let name = &field.field;
        let typed = |name: &str| pairs.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value);
        let mut control = json!({
            "name": name, "label": label(words, field), "value": typed(name),
            "from": typed(&format!("{name}.from")), "to": typed(&format!("{name}.to")),
        });
        control["kind"] = json!(kind(field));
        match &field.kind {
            Kind::Link(LinkTarget::Agency) => control["options"] = links::agencies(visit, op).await?,
            Kind::Link(LinkTarget::Register(_)) if Uuid::parse_str(typed(name)).is_ok() => {
                // Chosen already: its chip says what it is, and takes it away.
                control["kind"] = json!("kept");
                control["text"] = json!(show.line(field, &json!(typed(name))));
            }
            Kind::Link(LinkTarget::Register(_)) => {}
            Kind::Plain(FieldKind::Area) => control["options"] = wards(visit, op).await?,
            Kind::Plain(kind) => match kind.catalogue() {
                Some(catalogue) => {
                    let known = show.lookups.catalogues.get(catalogue);
                    control["options"] = json!(catalogue_options(known));
                }
                None => {
                    let language = words.language();
                    let each = field
                        .options
                        .iter()
                        .map(|option| json!({ "value": option.code, "label": option.words.in_language(language) }));
                    control["options"] = json!(each.collect::<Vec<_>>());
                }
            },
            _ => {}
        }
        controls.push(control);
    }
    Ok(controls)
}

/// The words of a catalogue as choices, in Vietnamese order.
pub(super) fn catalogue_options(known: Option<&std::collections::HashMap<String, String>>) -> Vec<Value> {
    let mut each: Vec<(&String, &String)> = known.into_iter().flatten().collect();
    each.sort_by_cached_key(|(code, name)| (kernel::text::collation_key(name), (*code).clone()));
    each.into_iter()
        .map(|(code, name)| json!({ "value": code, "label": name }))
        .collect()
}

/// The wards of today by district.
pub(super) async fn wards(visit: &Visit<House>, op: &mut Op) -> Result<Value> {
    let districts = crate::places::districts(visit, op).await?;
    Ok(json!(districts))
}

/// How a filter is drawn.
fn kind(field: &FieldDefinition) -> &'static str {
    match &field.kind {
        Kind::Plain(FieldKind::Area) => "area",
        Kind::Plain(FieldKind::Choice { .. } | FieldKind::Choices { .. }) | Kind::Link(LinkTarget::Agency) => "select",
        Kind::Plain(FieldKind::YesNo)
        | Kind::Computed {
            gives: Gives::YesNo, ..
        } => "yes_no",
        Kind::Plain(FieldKind::Date { .. }) | Kind::Period | Kind::Computed { gives: Gives::Date, .. } => "days",
        Kind::Plain(FieldKind::Number { .. } | FieldKind::Money { .. })
        | Kind::Computed {
            gives: Gives::Number, ..
        } => "numbers",
        Kind::Moment => "moments",
        Kind::Link(LinkTarget::Register(_)) => "link",
        _ => "text",
    }
}

/// A label with its unit.
pub(super) fn label(words: &Words, field: &FieldDefinition) -> String {
    let label = field.words.in_language(words.language());
    match &field.unit {
        Some(unit) => format!("{label} ({})", super::numbers::unit_shown(unit)),
        None => label.to_owned(),
    }
}

/// The filters in force, each with the address without it.
pub(super) fn chips(shown: &Shown, pairs: &Pairs, show: &Show<'_>) -> Vec<Value> {
    let definition = &shown.published.definition;
    let words = &shown.words;
    let without = |gone: &dyn Fn(&str) -> bool| {
        let rest: Pairs = pairs.iter().filter(|(name, _)| !gone(name)).cloned().collect();
        at(&shown.href(), &rest)
    };
    let typed = |name: &str| {
        pairs
            .iter()
            .find(|(own, value)| own == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    };
    let mut chips = Vec::new();
    if let Some(text) = typed("q") {
        let said = words.say("registers.list.chip_text", [("text", text.to_owned())]);
        chips.push(json!({ "text": said, "href": without(&|name| name == "q") }));
    }
    for field in definition.fields.iter().filter(|field| is_filter(field)) {
        let name = &field.field;
        let own = |other: &str| other.split('.').next() == Some(name.as_str());
        let said = |value: &str| said(field, value, show);
        let label = field.words.in_language(words.language());
        let equals: Vec<String> = pairs
            .iter()
            .filter(|(own, value)| own == name && !value.is_empty())
            .map(|(_, value)| match value.as_str() {
                "~" => words.say("registers.list.chip_empty", []),
                value => said(value),
            })
            .collect();
        let (from, to) = (typed(&format!("{name}.from")), typed(&format!("{name}.to")));
        let what = match (equals.is_empty(), from, to) {
            (false, ..) => equals.join(", "),
            (_, Some(from), Some(to)) => {
                words.say("registers.list.chip_between", [("from", said(from)), ("to", said(to))])
            }
            (_, Some(from), None) => words.say("registers.list.chip_from", [("from", said(from))]),
            (_, None, Some(to)) => words.say("registers.list.chip_to", [("to", said(to))]),
            (_, None, None) => continue,
        };
        chips.push(json!({ "text": format!("{label}: {what}"), "href": without(&own) }));
    }
    if let Some(day) = typed("as_of").and_then(|day| kernel::parse_date(day).ok()) {
        let said = words.say("registers.list.chip_day", [("day", super::day(day))]);
        chips.push(json!({ "text": said, "href": without(&|name| name == "as_of") }));
    }
    if let Some(moment) = typed("known_at").and_then(render::datetime_text) {
        let said = words.say("registers.list.chip_known", [("at", moment)]);
        chips.push(json!({ "text": said, "href": without(&|name| name == "known_at") }));
    }
    chips
}

/// A value of the address in words.
fn said(field: &FieldDefinition, value: &str, show: &Show<'_>) -> String {
    let day = || kernel::parse_date(value).map_or_else(|_| value.to_owned(), super::day);
    match &field.kind {
        Kind::Plain(FieldKind::Date { .. }) | Kind::Period | Kind::Computed { gives: Gives::Date, .. } => day(),
        Kind::Moment => {
            let moment = chrono::NaiveDateTime::parse_from_str(value, "%Y-%m-%dT%H:%M");
            moment.map_or_else(
                |_| value.to_owned(),
                |moment| moment.format("%H:%M %d/%m/%Y").to_string(),
            )
        }
        Kind::Plain(FieldKind::Number { .. }) => {
            let number = schema::field::number::parse(value).map(schema::field::number::to_json);
            number.map_or_else(|| value.to_owned(), |number| show.line(field, &number))
        }
        Kind::Plain(FieldKind::Money { .. }) => {
            let money = kernel::Money::parse(value);
            money.map_or_else(|_| value.to_owned(), |money| show.line(field, &json!(money.dong())))
        }
        Kind::Plain(FieldKind::YesNo)
        | Kind::Computed {
            gives: Gives::YesNo, ..
        } => {
            let yes = matches!(value, "yes" | "true");
            show.words.say(if yes { "layout.yes" } else { "layout.no" }, [])
        }
        _ => show.line(field, &json!(value)),
    }
}
