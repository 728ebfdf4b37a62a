//! What an application says about a resource, brought into one form: known attributes by their own names, clean texts, no empty values.

use kernel::{Result, text};
use serde_json::{Map, Value};

use crate::error;
use crate::schema::{Attribute, COMMON, Kind, Mutability, Resource};

/// Attributes by their names; those of an extension in one object under its URN.
pub(crate) type Document = Map<String, Value>;

/// Reads a body. What the schema does not know, and what only the server writes, is passed over (RFC 7644, 3.3 and 3.5.1).
/// Fails with `scim.syntax` and `scim.value`.
pub(crate) fn read(resource: Resource, body: &Value) -> Result<Document> {
    let body = body.as_object().ok_or_else(|| error::syntax("body"))?;
    let schemas = body.iter().find(|(name, _)| name.eq_ignore_ascii_case("schemas"));
    let core = resource.schema().urn;
    let names_core = |value: &Value| {
        value.as_array().is_some_and(|all| {
            all.iter()
                .any(|one| one.as_str().is_some_and(|one| one.eq_ignore_ascii_case(core)))
        })
    };
    if !schemas.is_some_and(|(_, value)| names_core(value)) {
        return Err(error::syntax("schemas"));
    }
    settle(resource, body)
}

/// The same without asking for `schemas`: after a change.
pub(crate) fn settle(resource: Resource, body: &Map<String, Value>) -> Result<Document> {
    let mut document = Document::new();
    let common = COMMON.iter().filter(|one| one.mutability != Mutability::ReadOnly);
    for attribute in common.chain(resource.schema().attributes) {
        take(attribute, body, &mut document)?;
    }
    for schema in resource.extensions() {
        let Some((_, value)) = body.iter().find(|(name, _)| name.eq_ignore_ascii_case(schema.urn)) else {
            continue;
        };
        if value.is_null() {
            continue;
        }
        let value = value.as_object().ok_or_else(|| error::value(schema.urn))?;
        let mut part = Map::new();
        for attribute in schema.attributes {
            take(attribute, value, &mut part)?;
        }
        if !part.is_empty() {
            document.insert(schema.urn.to_owned(), Value::Object(part));
        }
    }
    Ok(document)
}

/// Takes one attribute over.
fn take(attribute: &'static Attribute, from: &Map<String, Value>, into: &mut Document) -> Result<()> {
    if attribute.mutability == Mutability::ReadOnly {
        return Ok(());
    }
    let given = from
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(attribute.name))
        .map(|(_, value)| value);
    let value = match given {
        None | Some(Value::Null) => None,
        Some(Value::Array(items)) if attribute.several => list(attribute, items)?,
        Some(_) if attribute.several => return Err(error::value(attribute.name)),
        Some(value) => single(attribute, value)?,
    };
    match value {
        Some(value) => {
            into.insert(attribute.name.to_owned(), value);
        }
        None if attribute.required => return Err(error::value(attribute.name)),
        None => {}
    }
    Ok(())
}

fn list(attribute: &'static Attribute, items: &[Value]) -> Result<Option<Value>> {
    if items.len() > attribute.most {
        return Err(error::value(attribute.name));
    }
    let mut kept: Vec<Value> = Vec::with_capacity(items.len());
    for item in items {
        if let Some(item) = single(attribute, item)? {
            kept.push(item);
        }
    }
    // RFC 7643, 2.4: at most one is the first choice.
    if kept.iter().filter(|item| item["primary"] == true).count() > 1 {
        return Err(error::value(attribute.name));
    }
    Ok((!kept.is_empty()).then_some(Value::Array(kept)))
}

/// One value; `None` where nothing is in it. Fails with `scim.value`.
pub(crate) fn single(attribute: &'static Attribute, value: &Value) -> Result<Option<Value>> {
    let wrong = || error::value(attribute.name);
    match (attribute.kind, value) {
        (_, Value::Null) => Ok(None),
        (Kind::Text | Kind::Reference, Value::String(said)) => {
            let clean = text::clean_line(said);
            let most = if attribute.several { usize::MAX } else { attribute.most };
            if clean.chars().count() > most {
                return Err(wrong());
            }
            Ok((!clean.is_empty()).then_some(Value::String(clean)))
        }
        (Kind::Boolean, Value::Bool(truth)) => Ok(Some(Value::Bool(*truth))),
        // Widespread clients write them so.
        (Kind::Boolean, Value::String(word)) => match word.to_ascii_lowercase().as_str() {
            "true" => Ok(Some(Value::Bool(true))),
            "false" => Ok(Some(Value::Bool(false))),
            _ => Err(wrong()),
        },
        (Kind::Complex, Value::Object(parts)) => {
            let mut kept = Map::new();
            for part in attribute.parts {
                take(part, parts, &mut kept)?;
            }
            Ok((!kept.is_empty()).then_some(Value::Object(kept)))
        }
        _ => Err(wrong()),
    }
}

/// A text of a document.
pub(crate) fn text_of<'a>(document: &'a Document, name: &str) -> Option<&'a str> {
    document.get(name).and_then(Value::as_str)
}

/// The value that an application holds for the first of a list: the one that says so, else the first.
pub(crate) fn first_choice<'a>(document: &'a Document, name: &str) -> Option<&'a str> {
    let items = document.get(name)?.as_array()?;
    let chosen = items.iter().find(|item| item["primary"] == true);
    chosen.or(items.first())?["value"].as_str()
}

/// Full name of a person: as the application writes it whole, else family, middle and given name in the Vietnamese order, else the name to
/// be shown.
pub(crate) fn full_name(document: &Document) -> Option<String> {
    let name = document.get("name").and_then(Value::as_object);
    let part = |part: &str| name.and_then(|name| text_of(name, part));
    if let Some(formatted) = part("formatted") {
        return Some(formatted.to_owned());
    }
    let parts: Vec<&str> = ["familyName", "middleName", "givenName"]
        .into_iter()
        .filter_map(part)
        .collect();
    if !parts.is_empty() {
        return Some(parts.join(" "));
    }
    text_of(document, "displayName").map(str::to_owned)
}

/// The attributes in which two documents differ.
pub(crate) fn changed(before: &Document, after: &Document) -> Vec<String> {
    let mut names: Vec<String> = after
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(*value))
        .map(|(name, _)| name.clone())
        .collect();
    names.extend(before.keys().filter(|name| !after.contains_key(*name)).cloned());
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

    fn of(body: Value) -> Result<Document> {
        read(Resource::User, &body)
    }

    #[test]
    fn names_are_known_in_any_case_and_texts_are_clean() {
        let document = of(json!({
            "SCHEMAS": [CORE.to_uppercase()], "id": "mine", "meta": { "version": "1" }, "groups": [{ "value": "x" }], "password": "x",
            "username": " le\u{302}.sen ", "NAME": { "familyname": "Lê", "middleName": null, "givenName": "" }, "active": "False",
            "emails": [{ "value": "sen@example.vn", "x": 1 }, {}], "phoneNumbers": [],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user": { "department": "Tư pháp", "manager": {} },
        }))
        .unwrap();
        let expected = json!({
            "userName": "lê.sen", "name": { "familyName": "Lê" }, "active": false, "emails": [{ "value": "sen@example.vn" }],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Tư pháp" },
        });
        assert_eq!(Value::Object(document), expected);
    }

    #[test]
    fn what_has_another_form_is_refused() {
        let with = |name: &str, value: Value| {
            let mut body = json!({ "schemas": [CORE], "userName": "an" });
            body[name] = value;
            of(body).map(|_| ()).map_err(|fault| fault.code)
        };
        assert_eq!(with("displayName", json!("An")), Ok(()));
        for (name, value) in [
            ("userName", json!(null)),
            ("userName", json!("  ")),
            ("userName", json!(1)),
            ("userName", json!("x".repeat(257))),
            ("active", json!("maybe")),
            ("active", json!([true])),
            ("name", json!("An")),
            ("emails", json!({ "value": "a" })),
            ("emails", json!(["a"])),
            ("emails", json!([{ "value": {} }])),
            (
                "emails",
                json!([{ "value": "a", "primary": true }, { "value": "b", "primary": true }]),
            ),
            ("emails", Value::Array(vec![json!({ "value": "a" }); 11])),
            ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", json!("x")),
        ] {
            assert_eq!(with(name, value.clone()), Err("scim.value"), "{name} {value}");
        }
        for body in [
            json!([]),
            json!("x"),
            json!({ "userName": "an" }),
            json!({ "schemas": ["urn:x"], "userName": "an" }),
        ] {
            assert_eq!(of(body.clone()).unwrap_err().code, "scim.syntax", "{body}");
        }
    }

    #[test]
    fn the_full_name_is_written_as_vietnamese_names_are() {
        let name = |value: Value| full_name(value.as_object().unwrap());
        let parts = json!({ "familyName": "Lê", "middleName": "Thị", "givenName": "Sen" });
        assert_eq!(
            name(json!({ "name": parts, "displayName": "Sen" })).unwrap(),
            "Lê Thị Sen"
        );
        assert_eq!(
            name(json!({ "name": { "formatted": "Lê Sen", "givenName": "Sen" } })).unwrap(),
            "Lê Sen"
        );
        assert_eq!(name(json!({ "displayName": "Sen" })).unwrap(), "Sen");
        assert_eq!(name(json!({ "userName": "sen" })), None);
    }
}
