//! Changes in pieces (RFC 7644, 3.5.2): pure functions from a document to the next one.

use kernel::Result;
use serde_json::{Map, Value, json};

use crate::document::{self, Document};
use crate::error;
use crate::filter::{Comparison, Filter, Target};
use crate::path::Place;
use crate::schema::{Attribute, Mutability, Resource, Schema, named};

/// The message that holds changes.
const MESSAGE: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// Most changes of one request.
const MOST: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Add,
    Remove,
    Replace,
}

/// One change.
#[derive(Debug)]
pub(crate) struct Operation {
    what: What,
    path: Option<String>,
    value: Option<Value>,
}

/// Reads a body with changes. Fails with `scim.syntax`.
pub(crate) fn read(body: &Value) -> Result<Vec<Operation>> {
    let field = |from: &Value, name: &str| {
        let fields = from.as_object()?;
        let found = fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    };
    let schemas = field(body, "schemas").unwrap_or_default();
    if !schemas
        .as_array()
        .is_some_and(|all| all.iter().any(|one| one == MESSAGE))
    {
        return Err(error::syntax("schemas"));
    }
    let Some(Value::Array(all)) = field(body, "Operations") else {
        return Err(error::syntax("Operations"));
    };
    if all.is_empty() || all.len() > MOST {
        return Err(error::syntax("Operations"));
    }
    let operation = |one: &Value| {
        let word = field(one, "op").unwrap_or_default();
        let what = match word.as_str().map(str::to_ascii_lowercase).as_deref() {
            Some("add") => What::Add,
            Some("remove") => What::Remove,
            Some("replace") => What::Replace,
            _ => return Err(error::syntax("op")),
        };
        let path = match field(one, "path") {
            None | Some(Value::Null) => None,
            Some(Value::String(path)) => Some(path),
            Some(_) => return Err(error::path()),
        };
        let value = field(one, "value").filter(|value| !value.is_null());
        Ok(Operation { what, path, value })
    };
    all.iter().map(operation).collect()
}

/// The document after these changes, one after the other. Fails with `scim.path`, `scim.no_target`, `scim.mutability`, `scim.value`,
/// `scim.filter`.
pub(crate) fn apply(resource: Resource, before: &Document, operations: &[Operation]) -> Result<Document> {
    let mut document = before.clone();
    for operation in operations {
        one(resource, &mut document, operation)?;
    }
    document::settle(resource, &document)
}

fn one(resource: Resource, document: &mut Document, operation: &Operation) -> Result<()> {
    let Some(path) = &operation.path else {
        return whole(resource, document, operation);
    };
    let target = Target::parse(path)?;
    let place = Place::find(resource, &target.name).ok_or_else(error::path)?;
    let Some(attribute) = place.attribute else {
        let schema = place.extension.ok_or_else(error::path)?;
        return extension(document, schema, operation);
    };
    let part = match (&target.part, place.part) {
        (None, part) => part,
        (Some(name), None) => Some(attribute.part(name).ok_or_else(error::path)?),
        (Some(_), Some(_)) => return Err(error::path()),
    };
    changeable(attribute)?;
    if let Some(part) = part {
        changeable(part)?;
    }
    let within = match place.extension {
        Some(schema) => inside(document, schema)?,
        None => document,
    };
    match &target.among {
        Some(filter) if attribute.several && place.part.is_none() => among(within, attribute, filter, part, operation),
        Some(_) => Err(error::path()),
        None => plain(within, attribute, part, operation),
    }
}

/// A change without a path: its value holds attributes.
fn whole(resource: Resource, document: &mut Document, operation: &Operation) -> Result<()> {
    let Some(Value::Object(values)) = &operation.value else {
        return Err(error::value("value"));
    };
    if operation.what == What::Remove {
        return Err(error::no_target());
    }
    for (name, value) in values {
        // Names may be paths; what is not known or only for reading is passed over, as in a whole resource.
        let Some(place) = Place::find(resource, name) else {
            continue;
        };
        if place
            .attribute
            .is_some_and(|one| one.mutability == Mutability::ReadOnly)
        {
            continue;
        }
        let single = Operation {
            what: operation.what,
            path: Some(name.clone()),
            value: Some(value.clone()),
        };
        one(resource, document, &single)?;
    }
    Ok(())
}

/// A change of a whole extension.
fn extension(document: &mut Document, schema: &'static Schema, operation: &Operation) -> Result<()> {
    if operation.what == What::Remove {
        document.remove(schema.urn);
        return Ok(());
    }
    let Some(Value::Object(values)) = &operation.value else {
        return Err(error::value(schema.urn));
    };
    let within = inside(document, schema)?;
    for (name, value) in values {
        if let Some(attribute) = named(schema.attributes, name) {
            within.insert(attribute.name.to_owned(), value.clone());
        }
    }
    Ok(())
}

/// The attributes of an extension.
fn inside<'a>(document: &'a mut Document, schema: &Schema) -> Result<&'a mut Document> {
    let part = document.entry(schema.urn).or_insert_with(|| json!({}));
    part.as_object_mut().ok_or_else(|| error::value(schema.urn))
}

fn changeable(attribute: &Attribute) -> Result<()> {
    if attribute.mutability == Mutability::ReadWrite {
        Ok(())
    } else {
        Err(error::mutability(attribute.name))
    }
}

/// A change of an attribute, or of a part of all its values.
fn plain(
    within: &mut Document,
    attribute: &'static Attribute,
    part: Option<&'static Attribute>,
    operation: &Operation,
) -> Result<()> {
    let name = attribute.name;
    match (operation.what, part, &operation.value) {
        // Widespread clients name the values that are to go.
        (What::Remove, None, Some(Value::Array(gone))) if attribute.several => {
            if let Some(Value::Array(items)) = within.get_mut(name) {
                items.retain(|item| !gone.iter().any(|one| same(one, item)));
            }
        }
        (What::Remove, None, _) => {
            within.remove(name);
        }
        (What::Remove, Some(part), _) => {
            each(within, name, |item| {
                item.remove(part.name);
            });
        }
        (_, _, None) => return Err(error::value(name)),
        (What::Add, None, Some(value)) if attribute.several => add(within, attribute, value)?,
        (What::Replace, None, Some(value)) if attribute.several => {
            within.insert(name.to_owned(), listed(value));
        }
        (_, None, Some(Value::Object(values))) if !attribute.parts.is_empty() => {
            let kept = within.entry(name).or_insert_with(|| json!({}));
            merge(attribute, kept, values)?;
        }
        (_, None, Some(value)) => {
            within.insert(name.to_owned(), value.clone());
        }
        (_, Some(part), Some(value)) => {
            if attribute.several {
                if each(within, name, |item| set(item, part, value)) == 0 {
                    return Err(error::no_target());
                }
            } else {
                let kept = within.entry(name).or_insert_with(|| json!({}));
                set(kept.as_object_mut().ok_or_else(|| error::value(name))?, part, value);
            }
        }
    }
    Ok(())
}

/// A change of those values of a list that fit.
fn among(
    within: &mut Document,
    attribute: &'static Attribute,
    filter: &Filter,
    part: Option<&'static Attribute>,
    operation: &Operation,
) -> Result<()> {
    let name = attribute.name;
    let mut items = match within.remove(name) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    let mut fitting = Vec::new();
    for (at, item) in items.iter().enumerate() {
        if let Some(item) = item.as_object()
            && filter.fits(attribute, item)?
        {
            fitting.push(at);
        }
    }
    if fitting.is_empty() {
        // Whoever adds the address of a sort that is not there yet means a new one of that sort.
        let new = match (operation.what, filter) {
            (What::Add, Filter::Compare(sort, Comparison::Equal, wanted)) => {
                attribute.part(sort).map(|sort| (sort, json!({ sort.name: wanted })))
            }
            _ => None,
        };
        let (sort, new) = new.ok_or_else(error::no_target)?;
        if part.is_some_and(|part| part.name == sort.name) {
            return Err(error::no_target());
        }
        fitting.push(items.len());
        items.push(new);
    }
    match (operation.what, part, &operation.value) {
        (What::Remove, None, _) => {
            let mut at = 0;
            items.retain(|_| {
                at += 1;
                !fitting.contains(&(at - 1))
            });
        }
        (What::Remove, Some(part), _) => {
            for item in chosen(&mut items, &fitting) {
                item.remove(part.name);
            }
        }
        (_, Some(part), Some(value)) => {
            for item in chosen(&mut items, &fitting) {
                set(item, part, value);
            }
        }
        (_, None, Some(Value::Object(values))) => {
            for at in &fitting {
                if let Some(item) = items.get_mut(*at) {
                    merge(attribute, item, values)?;
                }
            }
        }
        _ => return Err(error::value(name)),
    }
    if let Some(first) = fitting
        .iter()
        .copied()
        .find(|at| items.get(*at).is_some_and(|item| item["primary"] == true))
        && operation.what != What::Remove
    {
        only_first(&mut items, first);
    }
    within.insert(name.to_owned(), Value::Array(items));
    Ok(())
}

fn chosen<'a>(items: &'a mut [Value], fitting: &'a [usize]) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    items
        .iter_mut()
        .enumerate()
        .filter(|(at, _)| fitting.contains(at))
        .filter_map(|(_, item)| item.as_object_mut())
}

/// Puts values beside those that are there; what is there already is not there twice.
fn add(within: &mut Document, attribute: &'static Attribute, value: &Value) -> Result<()> {
    let kept = within.entry(attribute.name).or_insert_with(|| json!([]));
    let items = kept.as_array_mut().ok_or_else(|| error::value(attribute.name))?;
    let Value::Array(new) = listed(value) else {
        return Ok(());
    };
    for one in new {
        let Some(one) = document::single(attribute, &one)? else {
            continue;
        };
        if items
            .iter()
            .any(|item| *item == one || (attribute.part("$ref").is_some() && same(&one, item)))
        {
            continue;
        }
        let leads = one["primary"] == true;
        items.push(one);
        if leads {
            let last = items.len() - 1;
            only_first(items, last);
        }
    }
    Ok(())
}

/// RFC 7644, 3.5.2: whoever makes one the first choice takes that from the others.
fn only_first(items: &mut [Value], first: usize) {
    for (at, item) in items.iter_mut().enumerate() {
        if at != first && item["primary"] == true {
            item["primary"] = json!(false);
        }
    }
}

/// Whether two values of a list mean the same thing.
fn same(one: &Value, other: &Value) -> bool {
    one == other || (one["value"].is_string() && one["value"] == other["value"])
}

fn listed(value: &Value) -> Value {
    match value {
        Value::Array(_) => value.clone(),
        value => json!([value]),
    }
}

fn merge(attribute: &Attribute, kept: &mut Value, values: &Map<String, Value>) -> Result<()> {
    let kept = kept.as_object_mut().ok_or_else(|| error::value(attribute.name))?;
    for (name, value) in values {
        if let Some(part) = attribute
            .part(name)
            .filter(|part| part.mutability != Mutability::ReadOnly)
        {
            if part.mutability == Mutability::Immutable && kept.get(part.name).is_some_and(|known| known != value) {
                return Err(error::mutability(part.name));
            }
            kept.insert(part.name.to_owned(), value.clone());
        }
    }
    Ok(())
}

fn set(item: &mut Map<String, Value>, part: &Attribute, value: &Value) {
    item.insert(part.name.to_owned(), value.clone());
}

/// Does it to each value of a list, or to the one value; returns to how many.
fn each(within: &mut Document, name: &str, change: impl Fn(&mut Map<String, Value>)) -> usize {
    match within.get_mut(name) {
        Some(Value::Array(items)) => {
            let objects = items.iter_mut().filter_map(Value::as_object_mut);
            objects.map(change).count()
        }
        Some(Value::Object(item)) => {
            change(item);
            1
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
