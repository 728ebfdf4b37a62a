//! How likely two records are the same thing: a score with its reasons. Pure.

use schema::field::FieldKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Values;
use super::likeness::{ALIKE, Folded, likeness, slips};
use crate::definition::{Duplicate, FieldDefinition, Kind, RecordDefinition};

/// From here on two records are likely the same.
pub(crate) const LIKELY: u8 = 75;
/// What another number of a person or business takes away.
const OTHER_NUMBER: u8 = 30;
/// What a number with one slip takes away.
const NEAR_NUMBER: u8 = 5;

/// How two records compare in one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// The same value.
    Same,
    /// A text with small slips.
    Alike,
    /// A number that differs by one digit, or by two that changed places.
    Near,
    /// Another number of a person or business.
    Differs,
}

/// Why two records are likely the same, or are not: one line a field, no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hint {
    /// The field.
    pub field: String,
    /// How it compares.
    pub likeness: Likeness,
    /// How alike, 0 to 100.
    pub score: u8,
}

/// The score of two records on the way that fits best, 0 to 100, and why; nothing where no way makes them likely the same.
pub(crate) fn judge(definition: &RecordDefinition, one: &Values, other: &Values) -> Option<(u8, Vec<Hint>)> {
    let ways = definition.duplicates.iter();
    ways.filter_map(|way| on_way(definition, way, one, other))
        .max_by_key(|(score, _)| *score)
        .filter(|(score, _)| *score >= LIKELY)
}

fn on_way(definition: &RecordDefinition, way: &Duplicate, one: &Values, other: &Values) -> Option<(u8, Vec<Hint>)> {
    let mut hints = Vec::new();
    for name in &way.same {
        let (left, right) = (one.get(name)?, other.get(name)?);
        if left != right {
            return None;
        }
        hints.push(Hint {
            field: name.clone(),
            likeness: Likeness::Same,
            score: 100,
        });
    }
    for name in &way.alike {
        let (left, right) = (one.get(name)?.as_str()?, other.get(name)?.as_str()?);
        let score = likeness(&Folded::new(left), &Folded::new(right));
        if score < ALIKE {
            return None;
        }
        hints.push(Hint {
            field: name.clone(),
            likeness: if left == right { Likeness::Same } else { Likeness::Alike },
            score,
        });
    }
    let sum: u32 = hints.iter().map(|hint| u32::from(hint.score)).sum();
    let count = u32::try_from(hints.len()).ok().filter(|count| *count > 0)?;
    let mut score = u8::try_from(sum / count).unwrap_or(100);
    for field in definition.fields.iter().filter(|field| tells_apart(field)) {
        if way.same.contains(&field.field) {
            continue;
        }
        if let Some(hint) = number(field, one, other) {
            score = match hint.likeness {
                Likeness::Same => score + (100 - score) / 2,
                Likeness::Near => score.saturating_sub(NEAR_NUMBER),
                _ => score.saturating_sub(OTHER_NUMBER),
            };
            hints.push(hint);
        }
    }
    Some((score, hints))
}

/// Numbers that one person or business has and no other.
fn tells_apart(field: &FieldDefinition) -> bool {
    field.is_personal_number() || matches!(field.kind, Kind::Plain(FieldKind::TaxNumber))
}

fn number(field: &FieldDefinition, one: &Values, other: &Values) -> Option<Hint> {
    let digits = |values: &Values| values.get(&field.field).and_then(Value::as_str).map(str::to_owned);
    let (left, right) = (digits(one)?, digits(other)?);
    let (likeness, score) = match slips(&left, &right, 1) {
        0 => (Likeness::Same, 100),
        1 => (Likeness::Near, 90),
        _ => (Likeness::Differs, 0),
    };
    Some(Hint {
        field: field.field.clone(),
        likeness,
        score,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::tests::shop;
    use serde_json::json;

    fn people() -> RecordDefinition {
        let mut shop = shop();
        shop.duplicates = vec![Duplicate {
            same: vec!["started_on".into()],
            alike: vec!["owner_name".into()],
        }];
        shop
    }

    fn values(name: &str, day: &str, number: Option<&str>) -> Values {
        let mut json = json!({ "owner_name": name, "started_on": day });
        if let Some(number) = number {
            json["owner_number"] = number.into();
        }
        json.as_object().cloned().unwrap()
    }

    #[test]
    fn the_same_day_and_an_alike_name_are_likely_one() {
        let one = values("Nguyễn Thị Hồng Đào", "2020-02-03", None);
        let (score, why) = judge(&people(), &one, &values("NGUYỄN THỊ ĐÀO", "2020-02-03", None)).unwrap();
        assert!((90..=99).contains(&score), "{score}");
        assert_eq!(why.len(), 2);
        assert_eq!(
            (why[0].field.as_str(), why[0].likeness, why[0].score),
            ("started_on", Likeness::Same, 100)
        );
        assert_eq!(
            (why[1].field.as_str(), why[1].likeness),
            ("owner_name", Likeness::Alike)
        );
        let (score, why) = judge(&people(), &one, &one).unwrap();
        assert_eq!((score, why[1].likeness), (100, Likeness::Same));
        assert_eq!(
            judge(&people(), &one, &values("Nguyễn Thị Đào", "2020-02-04", None)),
            None
        );
        assert_eq!(
            judge(&people(), &one, &values("Trần Thị Lan", "2020-02-03", None)),
            None
        );
        let mut nameless = one.clone();
        nameless.remove("owner_name");
        assert_eq!(judge(&people(), &one, &nameless), None, "what is empty is like nothing");
    }

    #[test]
    fn numbers_tell_people_apart_but_for_a_slip() {
        let with = |number: &str| values("Nguyễn Thị Đào", "2020-02-03", Some(number));
        let one = with("093190000001");
        let score = |other: &Values| judge(&people(), &one, other).map(|(score, _)| score);
        assert_eq!(score(&with("093190000001")), Some(100));
        assert_eq!(score(&with("093190000010")), Some(95), "two digits that changed places");
        assert_eq!(
            score(&with("093190012345")),
            None,
            "another person of the same name and day"
        );
        assert_eq!(score(&values("Nguyễn Thị Đào", "2020-02-03", None)), Some(100));
    }
}
