//! Changes of many records at once. Pure decisions.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Values;
use crate::definition::{FieldDefinition, Kind, RecordDefinition};

/// How far a change of many records is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkState {
    /// The owner has not decided.
    Waiting,
    /// It is being carried out.
    Running,
    /// It is done, but for what is listed.
    Done,
    /// The owner has refused it.
    Refused,
    /// Whoever asked has taken it back.
    Withdrawn,
    /// It was stopped on the way; what was changed stays changed.
    Stopped,
}

impl BulkState {
    /// The word in the database and in the texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Stopped => "stopped",
        }
    }

    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Waiting,
            Self::Running,
            Self::Done,
            Self::Refused,
            Self::Withdrawn,
            Self::Stopped,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
    }
}

/// Whether a field can be set to one value for many records: not what is computed, what tells records apart, what is sealed, or files, each of which is of
/// one record.
pub fn settable(definition: &RecordDefinition, field: &FieldDefinition) -> bool {
    let is_file = matches!(field.kind, Kind::File { .. });
    !(field.is_computed() || field.unique || field.is_sealed() || is_file || definition.key.contains(&field.field))
}

/// What a record is to be: as it is, with what is set.
pub(crate) fn with_set(definition: &RecordDefinition, own: &Values, set: &Map<String, Value>) -> Map<String, Value> {
    let mut given: Map<String, Value> = own
        .iter()
        .filter(|(key, _)| definition.field(key).is_some_and(|field| !field.is_computed()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for (key, value) in set {
        given.insert(key.clone(), value.clone());
    }
    given
}

/// By what it is known again whether somebody still asks for what they have seen: the records with their versions, and what is set.
pub(crate) fn mark(digest: &str, chosen: &[(Uuid, i64)], set: &Map<String, Value>, from: NaiveDate) -> String {
    let mut hash = Sha256::new();
    hash.update(digest);
    for (record, version) in chosen {
        hash.update(record.as_bytes());
        hash.update(version.to_be_bytes());
    }
    let mut set: Vec<(&String, String)> = set.iter().map(|(key, value)| (key, value.to_string())).collect();
    set.sort();
    for (key, value) in set {
        hash.update(key);
        hash.update([0]);
        hash.update(value);
        hash.update([0]);
    }
    hash.update(from.to_string());
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::definition::tests::shop;

    #[test]
    fn only_what_may_be_the_same_for_many_is_set() {
        let shop = shop();
        let fits: Vec<&str> = shop
            .fields
            .iter()
            .filter(|field| settable(&shop, field))
            .map(|field| field.field.as_str())
            .collect();
        for not in ["code", "owner_number", "phone", "large"] {
            assert!(!fits.contains(&not), "{not}");
        }
        assert!(fits.contains(&"state") && fits.contains(&"owner_name"));
    }

    #[test]
    fn everything_else_of_a_record_stays() {
        let own = json!({ "code": "CH-1", "phone": "0912345678", "state": "open", "large": true });
        let set = json!({ "state": "closed", "ended_on": null });
        let given = with_set(&shop(), own.as_object().unwrap(), set.as_object().unwrap());
        assert_eq!(
            Value::Object(given),
            json!({ "code": "CH-1", "phone": "0912345678", "state": "closed", "ended_on": null })
        );
    }

    #[test]
    fn another_choice_has_another_mark() {
        let day = "2026-03-02".parse().unwrap();
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let set = |json: Value| json.as_object().cloned().unwrap();
        let one = mark("d", &[(a, 1), (b, 1)], &set(json!({ "x": 1, "y": 2 })), day);
        assert_eq!(one, mark("d", &[(a, 1), (b, 1)], &set(json!({ "y": 2, "x": 1 })), day));
        for other in [
            mark("d", &[(a, 1), (b, 2)], &set(json!({ "x": 1, "y": 2 })), day),
            mark("d", &[(a, 1)], &set(json!({ "x": 1, "y": 2 })), day),
            mark("d", &[(a, 1), (b, 1)], &set(json!({ "x": 1 })), day),
            mark("e", &[(a, 1), (b, 1)], &set(json!({ "x": 1, "y": 2 })), day),
        ] {
            assert_ne!(one, other);
        }
    }
}
