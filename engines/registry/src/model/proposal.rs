//! Proposals: what somebody would have written, waiting for whoever answers for the register. Pure decisions.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Record, Values};
use crate::definition::RecordDefinition;
use crate::enter::Command;

/// How far a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// Nobody has decided.
    Waiting,
    /// It was written.
    Approved,
    /// It was not.
    Refused,
    /// It was handed back to be proposed anew.
    Returned,
    /// Whoever proposed it has taken it back.
    Withdrawn,
}

impl ProposalState {
    /// The word in the database and in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Returned => "returned",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Waiting,
            Self::Approved,
            Self::Refused,
            Self::Returned,
            Self::Withdrawn,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
    }
}

/// The word of a command, as it stands in the table and in the texts.
pub(crate) fn word(command: &Command) -> &'static str {
    match command {
        Command::Add { .. } => "add",
        Command::Change { .. } => "change",
        Command::Correct { .. } => "correct",
        Command::End { .. } => "end",
    }
}

/// One field that a proposal changes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// What whoever proposed has seen; null: nothing.
    pub was: Value,
    /// What is proposed; null: nothing.
    pub proposed: Value,
    /// What it is now, where the record has changed meanwhile; null: nothing.
    pub now: Value,
}

/// The period of a record that a command is about, as far as there is one: what it changes is told against it.
pub(crate) fn touched<'r>(command: &Command, before: &'r [Record], today: NaiveDate) -> Option<&'r Record> {
    let holds = |day: NaiveDate| {
        before
            .iter()
            .find(|record| record.valid_from <= day && record.valid_to.is_none_or(|to| day <= to))
    };
    match command {
        Command::Add { .. } => None,
        Command::Change { from, .. } => holds(from.unwrap_or(today)).or(before.last()),
        Command::Correct { period, .. } => before.iter().find(|record| record.valid_from == *period),
        Command::End { .. } => before.last(),
    }
}

/// What differs, in the order of the declaration. `now` is given where the record has changed since: then what changed meanwhile is told too.
pub(crate) fn differences(
    definition: &RecordDefinition,
    was: &Values,
    proposed: &Values,
    now: Option<&Values>,
) -> Vec<FieldChange> {
    let value = |values: &Values, key: &str| values.get(key).cloned().unwrap_or(Value::Null);
    let mut changes = Vec::new();
    for field in &definition.fields {
        let key = &field.field;
        let change = FieldChange {
            field: key.clone(),
            was: value(was, key),
            proposed: value(proposed, key),
            now: now.map_or_else(|| value(was, key), |now| value(now, key)),
        };
        if change.was != change.proposed || change.was != change.now {
            changes.push(change);
        }
    }
    changes
}

/// What is proposed, brought over what holds now: what whoever proposed has changed, and everything else as it is.
pub(crate) fn brought_over(definition: &RecordDefinition, was: &Values, proposed: &Values, now: &Values) -> Values {
    let mut values = Values::new();
    for field in definition.fields.iter().filter(|field| !field.is_computed()) {
        let key = &field.field;
        let changed = was.get(key) != proposed.get(key);
        if let Some(value) = if changed { proposed.get(key) } else { now.get(key) } {
            values.insert(key.clone(), value.clone());
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::definition::tests::shop;

    fn values(json: Value) -> Values {
        json.as_object().cloned().unwrap()
    }

    #[test]
    fn only_what_somebody_changed_is_brought_over() {
        let was = values(json!({ "name": "A", "ward": "31318", "capital": 5, "large": false }));
        let proposed = values(json!({ "name": "B", "ward": "31318" }));
        let now = values(json!({ "name": "A", "ward": "31321", "capital": 7, "state": "open" }));
        let over = brought_over(&shop(), &was, &proposed, &now);
        assert_eq!(
            Value::Object(over),
            json!({ "name": "B", "ward": "31321", "state": "open" }),
            "the capital was taken away, the ward is as it is now, what is computed comes by itself"
        );
        let told: Vec<String> = differences(&shop(), &was, &proposed, Some(&now))
            .into_iter()
            .map(|change| change.field)
            .collect();
        assert_eq!(told, ["name", "ward", "state", "capital", "large"]);
        let alone = differences(&shop(), &was, &proposed, None);
        assert_eq!(alone.len(), 3);
        assert_eq!(alone[0].now, "A", "nothing has changed meanwhile");
    }

    #[test]
    fn a_command_says_which_period_it_is_about() {
        let record = |from: &str, to: Option<&str>| Record {
            id: uuid::Uuid::nil(),
            version: 1,
            valid_from: from.parse().unwrap(),
            valid_to: to.map(|to| to.parse().unwrap()),
            recorded_at: chrono::DateTime::UNIX_EPOCH,
            recorded_by: None,
            values: Values::new(),
        };
        let before = [record("2020-01-01", Some("2020-12-31")), record("2022-01-01", None)];
        let today = "2026-03-02".parse().unwrap();
        let from = |command: Command| touched(&command, &before, today).map(|record| record.valid_from.to_string());
        let day = |text: &str| text.parse().ok();
        let given = Values::new;
        assert_eq!(
            from(Command::Add {
                from: None,
                given: given()
            }),
            None
        );
        let change = |from| Command::Change { from, given: given() };
        assert_eq!(from(change(None)).unwrap(), "2022-01-01");
        assert_eq!(from(change(day("2020-05-05"))).unwrap(), "2020-01-01");
        assert_eq!(from(change(day("2021-05-05"))).unwrap(), "2022-01-01");
        let end = Command::End {
            last: "2026-03-02".parse().unwrap(),
        };
        assert_eq!(from(end).unwrap(), "2022-01-01");
    }
}
