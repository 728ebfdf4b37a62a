//! What the values of a field are like (hồ sơ dữ liệu): counted in one pass with bounded memory. Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use schema::field::{Class, FieldKind, number};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::likeness::key_of;
use crate::definition::{FieldDefinition, Gives, Kind, RecordDefinition};

/// So many different values are counted exactly.
const EXACT: usize = 1_024;
/// Beyond, they are estimated by so many registers: two in a hundred, give or take.
const BITS: u32 = 11;
/// Values that are counted one by one; where there are more, the rarer half is given up.
const COUNTED: usize = 512;
/// The most frequent that are told.
const TOLD: usize = 5;
/// Longer values are told by their beginning.
const LONGEST: usize = 60;
/// A field with fewer values has no fences.
const FEWEST: u64 = 20;

/// How many different values there are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Distinct {
    /// Their hashes.
    Exact(BTreeSet<u64>),
    /// The longest run of zeros by register (HyperLogLog).
    Estimated(Vec<u8>),
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Exact(BTreeSet::new())
    }
}

impl Distinct {
    fn add(&mut self, value: &str) {
        let hash = key_of(&[value]);
        match self {
            Self::Exact(known) => {
                known.insert(hash);
                if known.len() > EXACT {
                    let mut registers = vec![0; 1 << BITS];
                    for hash in &*known {
                        note(&mut registers, *hash);
                    }
                    *self = Self::Estimated(registers);
                }
            }
            Self::Estimated(registers) => note(registers, hash),
        }
    }

    /// How many, and whether that is exact.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate between zero and the number of records"
    )]
    pub fn count(&self) -> (u64, bool) {
        match self {
            Self::Exact(known) => (known.len() as u64, true),
            Self::Estimated(registers) => {
                let count = registers.len() as f64;
                let sum: f64 = registers.iter().map(|zeros| 2_f64.powi(-i32::from(*zeros))).sum();
                let raw = 0.7213 / (1.0 + 1.079 / count) * count * count / sum;
                let empty = registers.iter().filter(|zeros| **zeros == 0).count();
                let estimate = match empty {
                    empty if empty > 0 && raw <= 2.5 * count => count * (count / empty as f64).ln(),
                    _ => raw,
                };
                (estimate.round().max(0.0) as u64, false)
            }
        }
    }
}

fn note(registers: &mut [u8], hash: u64) {
    let place = usize::try_from(hash >> (u64::BITS - BITS)).unwrap_or_default();
    let zeros = u8::try_from((hash << BITS).leading_zeros().min(u64::BITS - BITS) + 1).unwrap_or(u8::MAX);
    if let Some(register) = registers.get_mut(place) {
        *register = (*register).max(zeros);
    }
}

/// The most frequent values: each count is short by `given_up` at the most.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Frequent {
    counts: BTreeMap<String, u64>,
    given_up: u64,
}

impl Frequent {
    fn add(&mut self, value: &str) {
        if let Some(count) = self.counts.get_mut(value) {
            *count += 1;
            return;
        }
        self.counts.insert(value.to_owned(), 1);
        if self.counts.len() > COUNTED {
            let mut all: Vec<u64> = self.counts.values().copied().collect();
            all.sort_unstable();
            let half = all.get(all.len() / 2).copied().unwrap_or(1);
            self.given_up += half;
            self.counts.retain(|_, count| {
                *count = count.saturating_sub(half);
                *count > 0
            });
        }
    }

    fn most(&self) -> Vec<FrequentValue> {
        let mut all: Vec<(&String, u64)> = self.counts.iter().map(|(value, count)| (value, *count)).collect();
        all.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
        all.into_iter()
            // What came but once, or no oftener than what was given up, is no frequent value.
            .filter(|(_, count)| *count > 1 && *count > self.given_up)
            .take(TOLD)
            .map(|(value, records)| FrequentValue {
                value: value.clone(),
                records,
                at_least: self.given_up > 0,
            })
            .collect()
    }
}

/// Between which values nothing lies far out: a quarter of all lies below `first`, a quarter above `third`; what lies further beyond them
/// than one and a half times the way between both lies far out (Tukey).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fences {
    /// The quarter, the half and the three quarters, as people read them.
    pub quarters: [Value; 3],
    low: f64,
    high: f64,
}

impl Fences {
    /// From the quarters as the database gave them; nothing where there are too few values, or where half of all are the same.
    pub fn new(field: &FieldDefinition, filled: u64, quarters: [Value; 3]) -> Option<Self> {
        let first = as_number(field, &quarters[0])?;
        let third = as_number(field, &quarters[2])?;
        let way = third - first;
        (filled >= FEWEST && way > 0.0).then_some(Self {
            quarters,
            low: first - 1.5 * way,
            high: third + 1.5 * way,
        })
    }
}

/// Whether values of a field can lie far out.
pub(crate) fn has_fences(field: &FieldDefinition) -> bool {
    !hides_values(field)
        && matches!(
            &field.kind,
            Kind::Plain(FieldKind::Number { .. } | FieldKind::Money { .. } | FieldKind::Date { .. })
                | Kind::Computed {
                    gives: Gives::Number | Gives::Date,
                    ..
                }
        )
}

/// Fields whose values are never told: sealed ones, and names and wards of people.
fn hides_values(field: &FieldDefinition) -> bool {
    field.is_sealed() || matches!(field.class, Class::Personal | Class::Sensitive)
}

/// A number or day on one scale.
fn as_number(field: &FieldDefinition, value: &Value) -> Option<f64> {
    let day = |value: &Value| value.as_str()?.parse::<NaiveDate>().ok();
    match &field.kind {
        Kind::Plain(FieldKind::Date { .. }) | Kind::Computed { gives: Gives::Date, .. } => {
            day(value).map(|day| f64::from(day.num_days_from_ce()))
        }
        _ => number::from_json(value)?.to_f64(),
    }
}

/// What is counted of one field.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct FieldTally {
    filled: u64,
    distinct: Distinct,
    least: Option<Value>,
    most: Option<Value>,
    shortest: Option<u64>,
    longest: Option<u64>,
    frequent: Frequent,
    fences: Option<Fences>,
    outliers: u64,
}

impl FieldTally {
    pub fn new(fences: Option<Fences>) -> Self {
        Self {
            fences,
            ..Self::default()
        }
    }

    /// Counts a value; whether it lies far out. Of what is sealed nothing is counted but that it is there.
    pub fn add(&mut self, field: &FieldDefinition, value: &Value) -> bool {
        self.filled += 1;
        if field.is_sealed() {
            return false;
        }
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        self.distinct.add(&text);
        if hides_values(field) {
            return false;
        }
        match (&field.kind, value) {
            (Kind::Plain(FieldKind::Choices { .. }), Value::Array(codes)) => codes
                .iter()
                .filter_map(Value::as_str)
                .for_each(|code| self.frequent.add(code)),
            (Kind::Geometry(_) | Kind::Rows { .. } | Kind::File { .. } | Kind::Period | Kind::Moment, _)
            | (Kind::Plain(FieldKind::LongText { .. }), _) => {}
            _ => {
                let beginning: String = text.chars().take(LONGEST).collect();
                self.frequent.add(&beginning);
            }
        }
        if is_text(field) {
            let length = text.chars().count() as u64;
            self.shortest = Some(self.shortest.map_or(length, |known| known.min(length)));
            self.longest = Some(self.longest.map_or(length, |known| known.max(length)));
        }
        if let Some(value) = ordered(field, value) {
            if self.least.as_ref().is_none_or(|known| is_less(&value, known)) {
                self.least = Some(value.clone());
            }
            if self.most.as_ref().is_none_or(|known| is_less(known, &value)) {
                self.most = Some(value);
            }
        }
        let out = match (&self.fences, as_number(field, value)) {
            (Some(fences), Some(number)) => number < fences.low || number > fences.high,
            _ => false,
        };
        self.outliers += u64::from(out);
        out
    }

    /// What is told of it.
    pub fn told(&self, field: &FieldDefinition) -> FieldProfile {
        let (distinct, exact) = self.distinct.count();
        let sealed = field.is_sealed();
        FieldProfile {
            field: field.field.clone(),
            filled: self.filled,
            sealed,
            // There are no more different values than values.
            distinct: (!sealed).then(|| distinct.min(self.filled)),
            distinct_exact: exact,
            least: self.least.clone(),
            most: self.most.clone(),
            shortest: self.shortest,
            longest: self.longest,
            quarters: self
                .fences
                .as_ref()
                .map(|fences| fences.quarters.to_vec())
                .unwrap_or_default(),
            outliers: self.fences.as_ref().map(|_| self.outliers),
            frequent: self.frequent.most(),
        }
    }
}

fn is_text(field: &FieldDefinition) -> bool {
    matches!(
        &field.kind,
        Kind::Plain(FieldKind::Text { .. } | FieldKind::LongText { .. }) | Kind::Computed { gives: Gives::Text, .. }
    )
}

/// What a value is compared by, where there is a least and a most.
fn ordered(field: &FieldDefinition, value: &Value) -> Option<Value> {
    match &field.kind {
        Kind::Plain(FieldKind::Number { .. } | FieldKind::Money { .. } | FieldKind::Date { .. })
        | Kind::Moment
        | Kind::Computed {
            gives: Gives::Number | Gives::Date,
            ..
        } => Some(value.clone()),
        Kind::Period => value.get("from").cloned(),
        _ => None,
    }
}

/// Numbers by their size, days and moments by their digits: they are written in one way.
fn is_less(one: &Value, other: &Value) -> bool {
    let number = |value: &Value| -> Option<Decimal> { number::from_json(value) };
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one < other,
        _ => matches!((number(one), number(other)), (Some(one), Some(other)) if one < other),
    }
}

/// What the values of a field are like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FieldProfile {
    /// The field.
    pub field: String,
    /// Records that have a value.
    pub filled: u64,
    /// Whether it is sealed, so that nothing else is told.
    pub sealed: bool,
    /// Different values.
    pub distinct: Option<u64>,
    /// Whether they were counted exactly; else they are estimated to two in a hundred.
    pub distinct_exact: bool,
    /// The least number, or the first day.
    pub least: Option<Value>,
    /// The greatest number, or the last day.
    pub most: Option<Value>,
    /// Characters of the shortest text.
    pub shortest: Option<u64>,
    /// Characters of the longest text.
    pub longest: Option<u64>,
    /// What a quarter, the half and three quarters of the values lie below; none where there are few, or most are the same.
    pub quarters: Vec<Value>,
    /// Values further below the first quarter or above the third than one and a half times the way between them.
    pub outliers: Option<u64>,
    /// The values that come oftenest, of class public and internal.
    pub frequent: Vec<FrequentValue>,
}

/// A value that comes often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FrequentValue {
    /// The value; a long one by its beginning.
    pub value: String,
    /// How many records have it.
    pub records: u64,
    /// Whether it may be some more: there were too many different values to count each.
    pub at_least: bool,
}

/// The profile of all fields, in the order of the declaration.
pub(crate) fn told(definition: &RecordDefinition, tallies: &BTreeMap<String, FieldTally>) -> Vec<FieldProfile> {
    let each = definition.fields.iter();
    each.filter_map(|field| Some(tallies.get(&field.field)?.told(field)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::tests::shop;
    use serde_json::json;

    fn counted(field: &str, fences: Option<Fences>, values: impl IntoIterator<Item = Value>) -> FieldProfile {
        let shop = shop();
        let field = shop.field(field).unwrap();
        let mut tally = FieldTally::new(fences);
        for value in values {
            tally.add(field, &value);
        }
        // A run stops and carries on: nothing is lost on the way.
        let stored = serde_json::to_string(&tally).unwrap();
        let tally: FieldTally = serde_json::from_str(&stored).unwrap();
        tally.told(field)
    }

    #[test]
    fn few_values_are_counted_exactly_and_many_are_estimated() {
        let few = counted(
            "name",
            None,
            (0..1_000).map(|number| json!(format!("Cửa hàng {}", number % 7))),
        );
        assert_eq!((few.filled, few.distinct, few.distinct_exact), (1_000, Some(7), true));
        assert_eq!(few.frequent[0].records, 143);
        assert!(!few.frequent[0].at_least);
        assert_eq!((few.shortest, few.longest), (Some(10), Some(10)));
        for many in [5_000_u64, 40_000] {
            let told = counted(
                "name",
                None,
                (0..many).map(|number| json!(format!("Cửa hàng {number}"))),
            );
            let estimate = told.distinct.unwrap();
            assert!(!told.distinct_exact);
            assert!(estimate.abs_diff(many) < many / 15, "{estimate} of {many}");
            assert_eq!(told.frequent, [], "what comes but once is not frequent");
        }
    }

    #[test]
    fn a_frequent_value_is_found_among_many() {
        let values = (0..20_000).map(|number| match number % 4 {
            0 => json!("Tạp hóa"),
            _ => json!(format!("Cửa hàng {number}")),
        });
        let told = counted("name", None, values);
        assert_eq!(told.frequent[0].value, "Tạp hóa");
        assert!(told.frequent[0].at_least);
        assert!(
            (4_900..=5_000).contains(&told.frequent[0].records),
            "{:?}",
            told.frequent
        );
    }

    #[test]
    fn numbers_and_days_have_ends_and_outliers() {
        let shop = shop();
        let quarters = [json!(10), json!(20), json!(30)];
        let fences = Fences::new(shop.field("capital").unwrap(), 100, quarters.clone());
        let told = counted("capital", fences, [5, 60, 61, -20, -21, 15].map(|number| json!(number)));
        assert_eq!((told.least, told.most), (Some(json!(-21)), Some(json!(61))));
        assert_eq!(told.outliers, Some(2), "beyond, not on the fence");
        assert_eq!(told.quarters, quarters);
        let days = ["2020-01-01", "2019-12-31", "2024-02-29"].map(|day| json!(day));
        let told = counted("started_on", None, days);
        assert_eq!(
            (told.least, told.most),
            (Some(json!("2019-12-31")), Some(json!("2024-02-29")))
        );
        assert_eq!(told.outliers, None);
        let dates = [json!("2020-01-01"), json!("2021-01-01"), json!("2022-01-01")];
        assert!(Fences::new(shop.field("started_on").unwrap(), 100, dates).is_some());
        let same = [json!(1), json!(1), json!(1)];
        assert_eq!(Fences::new(shop.field("capital").unwrap(), 100, same), None);
        assert_eq!(Fences::new(shop.field("capital").unwrap(), 19, quarters), None);
    }

    #[test]
    fn values_of_people_are_not_told() {
        let phones = counted("phone", None, [json!("0912345678"), json!("0912345678")]);
        assert_eq!((phones.filled, phones.distinct, phones.sealed), (2, None, true));
        let names = counted("owner_name", None, [json!("Nguyễn Thị Đào"), json!("Nguyễn Thị Đào")]);
        assert_eq!((names.filled, names.distinct), (2, Some(1)));
        assert_eq!(names.frequent, []);
    }

    #[test]
    fn choices_are_counted_each() {
        let told = counted("goods", None, [json!(["food", "tools"]), json!(["food"])]);
        assert_eq!(
            told.frequent,
            [FrequentValue {
                value: "food".into(),
                records: 2,
                at_least: false
            }]
        );
    }
}
