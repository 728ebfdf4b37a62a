//! How resources are shown: put together from what is kept, with the attributes that were asked for (RFC 7644, 3.9).

use chrono::{DateTime, SecondsFormat, Utc};
use kernel::Result;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::document::Document;
use crate::error;
use crate::path::Place;
use crate::schema::{Attribute, COMMON, Resource, named};

/// A resource as it is kept, with what belongs to it: the groups of a user, the members of a group.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) resource: Resource,
    pub(crate) id: Uuid,
    pub(crate) document: Document,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) changed_at: DateTime<Utc>,
    /// Number and name of each.
    pub(crate) related: Vec<(Uuid, String)>,
}

impl Kept {
    /// `meta.version` and `ETag`.
    pub(crate) fn version(&self) -> String {
        version(self.version)
    }

    /// Where it is.
    pub(crate) fn location(&self, base: &str) -> String {
        format!("{base}{}/{}", self.resource.endpoint(), self.id)
    }

    /// The whole resource.
    pub(crate) fn whole(&self, base: &str) -> Map<String, Value> {
        let mut schemas = vec![self.resource.schema().urn];
        let extensions = self.resource.extensions().iter().map(|schema| schema.urn);
        schemas.extend(extensions.filter(|urn| self.document.contains_key(*urn)));
        let mut all = Map::new();
        all.insert("schemas".into(), json!(schemas));
        all.insert("id".into(), json!(self.id));
        all.extend(self.document.clone());
        if !self.related.is_empty() {
            let (name, value) = self.related(base);
            all.insert(name.into(), value);
        }
        let moment = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
        all.insert(
            "meta".into(),
            json!({
                "resourceType": self.resource.name(), "created": moment(self.created_at), "lastModified": moment(self.changed_at),
                "location": self.location(base), "version": self.version(),
            }),
        );
        all
    }

    fn related(&self, base: &str) -> (&'static str, Value) {
        match self.resource {
            Resource::User => {
                let group = |(id, name): &(Uuid, String)| json!({ "value": id, "$ref": format!("{base}/Groups/{id}"), "display": name, "type": "direct" });
                ("groups", self.related.iter().map(group).collect())
            }
            Resource::Group => ("members", members(base, self.related.iter().map(|(id, _)| *id))),
        }
    }
}

/// Members as a group shows them.
pub(crate) fn members(base: &str, ids: impl Iterator<Item = Uuid>) -> Value {
    ids.map(|id| json!({ "value": id, "$ref": format!("{base}/Users/{id}"), "type": "User" }))
        .collect()
}

/// The version that stands for this number.
pub(crate) fn version(number: i64) -> String {
    format!("W/\"{number}\"")
}

/// Which attributes are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) enum Choice {
    /// All that are shown when nothing is said.
    #[default]
    All,
    /// These, and those that are always shown.
    Only(Vec<String>),
    /// All but these.
    But(Vec<String>),
}

impl Choice {
    /// From the two lists of a request, of which only one may be there. Fails with `scim.syntax`.
    pub(crate) fn new(only: Vec<String>, but: Vec<String>) -> Result<Self> {
        match (only.is_empty(), but.is_empty()) {
            (true, true) => Ok(Self::All),
            (false, true) => Ok(Self::Only(only)),
            (true, false) => Ok(Self::But(but)),
            (false, false) => Err(error::syntax("excludedAttributes")),
        }
    }

    /// What of the whole resource is shown.
    pub(crate) fn of(&self, resource: Resource, whole: Map<String, Value>) -> Map<String, Value> {
        let (names, only) = match self {
            Self::All => return whole,
            Self::Only(names) => (names, true),
            Self::But(names) => (names, false),
        };
        let places: Vec<Place> = names.iter().filter_map(|name| Place::find(resource, name)).collect();
        let mut shown = Map::new();
        for (name, value) in whole {
            if name == "schemas" {
                shown.insert(name, value);
                continue;
            }
            let extension = resource.extensions().iter().find(|schema| schema.urn == name);
            if let (Some(schema), Value::Object(parts)) = (extension, &value) {
                let here: Vec<&Place> = places
                    .iter()
                    .filter(|place| place.extension.is_some_and(|one| one.urn == schema.urn))
                    .collect();
                let mut kept = Map::new();
                for (name, value) in parts {
                    if let Some(attribute) = named(schema.attributes, name)
                        && let Some(value) = part_of(attribute, value.clone(), &here, only)
                    {
                        kept.insert(name.clone(), value);
                    }
                }
                if !kept.is_empty() {
                    shown.insert(name, Value::Object(kept));
                }
                continue;
            }
            let here: Vec<&Place> = places.iter().filter(|place| place.extension.is_none()).collect();
            let attribute = named(resource.schema().attributes, &name).or_else(|| named(COMMON, &name));
            if let Some(attribute) = attribute
                && let Some(value) = part_of(attribute, value, &here, only)
            {
                shown.insert(name, value);
            }
        }
        shown
    }
}

/// An attribute, as far as it is wanted.
fn part_of(attribute: &Attribute, value: Value, places: &[&Place], only: bool) -> Option<Value> {
    let here: Vec<&&Place> = places
        .iter()
        .filter(|place| place.attribute.is_none_or(|one| one.name == attribute.name))
        .collect();
    let whole = here.iter().any(|place| place.part.is_none());
    if attribute.always || (only && whole) || (!only && here.is_empty()) {
        return Some(value);
    }
    if here.is_empty() || whole {
        return None;
    }
    let wanted = |name: &str| {
        here.iter()
            .any(|place| place.part.is_some_and(|part| part.name == name))
            == only
    };
    let cut = |value: Value| match value {
        Value::Object(parts) => {
            let kept: Map<String, Value> = parts.into_iter().filter(|(name, _)| wanted(name)).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        other => Some(other),
    };
    match value {
        Value::Array(items) => {
            let kept: Vec<Value> = items.into_iter().filter_map(cut).collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        value => cut(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(choice: Choice) -> Value {
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let document = json!({
            "userName": "an", "name": { "familyName": "Lê", "givenName": "An" },
            "emails": [{ "value": "an@xa.example", "type": "work" }], enterprise: { "department": "Tư pháp", "division": "1" },
        });
        let kept = Kept {
            resource: Resource::User,
            id: Uuid::nil(),
            document: document.as_object().unwrap().clone(),
            version: 3,
            created_at: DateTime::UNIX_EPOCH,
            changed_at: DateTime::UNIX_EPOCH,
            related: vec![(Uuid::nil(), "Nhóm".into())],
        };
        Value::Object(choice.of(Resource::User, kept.whole("https://x/scim/v2")))
    }

    fn names(value: &Value) -> Vec<&str> {
        value.as_object().unwrap().keys().map(String::as_str).collect()
    }

    #[test]
    fn everything_is_shown_when_nothing_is_asked() {
        let all = shown(Choice::All);
        assert_eq!(all["meta"]["version"], "W/\"3\"");
        assert_eq!(
            all["meta"]["location"],
            "https://x/scim/v2/Users/00000000-0000-0000-0000-000000000000"
        );
        assert_eq!(all["schemas"].as_array().unwrap().len(), 2);
        assert_eq!(all["groups"][0]["display"], "Nhóm");
    }

    #[test]
    fn what_is_asked_for_is_shown_and_the_number_always() {
        let only = |names: &[&str]| shown(Choice::Only(names.iter().map(|name| (*name).to_owned()).collect()));
        assert_eq!(
            names(&only(&["USERNAME", "password", "khac"])),
            ["schemas", "id", "userName"]
        );
        let some = only(&["name.givenName", "emails.value", "meta.version"]);
        assert_eq!(some["name"], json!({ "givenName": "An" }));
        assert_eq!(some["emails"], json!([{ "value": "an@xa.example" }]));
        assert_eq!(some["meta"], json!({ "version": "W/\"3\"" }));
        let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        assert_eq!(only(&[urn])[urn]["division"], "1");
        assert_eq!(
            only(&[&format!("{urn}:department")])[urn],
            json!({ "department": "Tư pháp" })
        );
        assert_eq!(only(&["userName"]).get(urn), None);
    }

    #[test]
    fn what_is_left_out_is_not_shown() {
        let but = |names: &[&str]| shown(Choice::But(names.iter().map(|name| (*name).to_owned()).collect()));
        let some = but(&["id", "schemas", "emails", "name.familyName", "groups", "meta"]);
        assert_eq!(some["name"], json!({ "givenName": "An" }));
        assert!(some.get("id").is_some() && some.get("schemas").is_some());
        for gone in ["emails", "groups", "meta"] {
            assert_eq!(some.get(gone), None, "{gone}");
        }
        assert!(Choice::new(vec!["a".into()], vec!["b".into()]).is_err());
    }
}
