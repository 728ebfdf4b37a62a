//! What is wrong with a record as it stands today, and what that makes of a register: đúng, đủ, sạch, sống. Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Record;
use super::profile::{Fences, FieldTally};
use super::reading::{self, Ground};
use crate::definition::RecordDefinition;

/// What sort of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// A value that today's rules would not take, or a reference to what is not there (không đúng).
    Wrong,
    /// A rule across fields that is surely broken, also one that only warns (không đúng).
    Rule,
    /// Something required that is not there (không đủ).
    Missing,
    /// Nobody has looked at it for too long (không sống).
    Old,
    /// A number or day far from the others: worth a look, counted in no figure.
    Outlier,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Wrong, Self::Rule, Self::Missing, Self::Old, Self::Outlier];

    /// The word in addresses and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Rule => "rule",
            Self::Missing => "missing",
            Self::Old => "old",
            Self::Outlier => "outlier",
        }
    }

    /// The sort of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == word)
    }
}

/// One reason why a record is not as it should be. It holds no value of the record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// What sort.
    pub sort: Sort,
    /// At which field; empty where it is about the record.
    pub field: String,
    /// Which rule: the end of `registry.field.<rule>`, or the key of a rule of the declaration.
    pub rule: String,
}

impl Reason {
    pub(crate) fn new(sort: Sort, field: &str, rule: &str) -> Self {
        Self {
            sort,
            field: field.to_owned(),
            rule: rule.to_owned(),
        }
    }
}

/// What looking at one record has shown.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// Every reason.
    pub reasons: BTreeSet<Reason>,
    /// Optional fields that have a value.
    pub filled: u64,
    /// Optional fields.
    pub fillable: u64,
}

impl Looked {
    pub fn has(&self, sorts: &[Sort]) -> bool {
        self.reasons.iter().any(|reason| sorts.contains(&reason.sort))
    }
}

/// Looks at a record by today's rules: every value reads, everything required is there, no rule is broken, it is not too old. What it refers to in
/// other registers is looked up by whoever can. A day that had to lie ahead when it was entered may have passed since.
pub(crate) fn look(definition: &RecordDefinition, record: &Record, ground: &Ground) -> Looked {
    let mut looked = Looked::default();
    for field in definition.fields.iter().filter(|field| !field.is_computed()) {
        if let Some(value) = record.values.get(&field.field)
            && let Err(why) = reading::read_one(field, value, ground, ground.today())
            && why.rule != "not_past"
        {
            looked.reasons.insert(Reason::new(Sort::Wrong, &field.field, why.rule));
        }
    }
    let scope = reading::scope(definition, &record.values, ground.now);
    for field in definition.fields.iter().filter(|field| !field.is_computed()) {
        let filled = record.values.contains_key(&field.field);
        if reading::is_required(&field.required, &scope) {
            if !filled {
                looked
                    .reasons
                    .insert(Reason::new(Sort::Missing, &field.field, "required"));
            }
        } else {
            looked.fillable += 1;
            looked.filled += u64::from(filled);
        }
    }
    for rule in &definition.rules {
        if reading::breaks(&rule.that, &scope) {
            looked.reasons.insert(Reason::new(Sort::Rule, &rule.field, &rule.rule));
        }
    }
    if is_old(definition, record, ground.today()) {
        looked.reasons.insert(Reason::new(Sort::Old, "", "old"));
    }
    looked
}

/// Whether a record is older than the declaration lets it be; one whose day is not filled in is.
pub(crate) fn is_old(definition: &RecordDefinition, record: &Record, today: NaiveDate) -> bool {
    let Some(fresh) = &definition.fresh else {
        return false;
    };
    let day = match &fresh.by {
        None => Some(kernel::local_date(record.recorded_at)),
        Some(by) => record.values.get(by).and_then(Value::as_str).and_then(day_of),
    };
    let until = day.and_then(|day| day.checked_add_signed(TimeDelta::days(i64::from(fresh.days))));
    until.is_none_or(|until| until < today)
}

/// The day of a date or moment.
fn day_of(text: &str) -> Option<NaiveDate> {
    let moment = || DateTime::parse_from_rfc3339(text).map(|moment| kernel::local_date(moment.to_utc()));
    text.parse::<NaiveDate>().ok().or_else(|| moment().ok())
}

/// What was counted so far: everything that a run must carry on from where it stopped.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// Records looked at.
    pub records: u64,
    /// With something wrong or a rule broken.
    pub wrong: u64,
    /// With something missing.
    pub incomplete: u64,
    /// Too old.
    pub old: u64,
    /// Optional fields that have a value.
    pub filled: u64,
    /// Optional fields of all records.
    pub fillable: u64,
    /// How many records have each reason.
    pub reasons: Vec<(Reason, u64)>,
    /// How many failing rows were kept.
    pub kept: u64,
    /// By field.
    pub fields: BTreeMap<String, FieldTally>,
}

/// The most failing rows that are kept of a register, and of one reason: the newest records first, since they are looked at first.
pub(crate) const MOST_KEPT: u64 = 10_000;
const MOST_OF_ONE: u64 = 2_000;

impl Tally {
    /// With the fences of the fields whose values can lie far out.
    pub fn new(definition: &RecordDefinition, mut fences: BTreeMap<String, Fences>) -> Self {
        let fields = definition.fields.iter().map(|field| {
            let tally = FieldTally::new(fences.remove(&field.field));
            (field.field.clone(), tally)
        });
        Self {
            fields: fields.collect(),
            ..Self::default()
        }
    }

    /// Counts a record; gives the reasons that are to be kept with it.
    pub fn add(&mut self, definition: &RecordDefinition, record: &Record, mut looked: Looked) -> Vec<Reason> {
        self.records += 1;
        self.filled += looked.filled;
        self.fillable += looked.fillable;
        for field in &definition.fields {
            let Some(value) = record.values.get(&field.field) else {
                continue;
            };
            if let Some(tally) = self.fields.get_mut(&field.field)
                && tally.add(field, value)
            {
                looked
                    .reasons
                    .insert(Reason::new(Sort::Outlier, &field.field, "outlier"));
            }
        }
        self.wrong += u64::from(looked.has(&[Sort::Wrong, Sort::Rule]));
        self.incomplete += u64::from(looked.has(&[Sort::Missing]));
        self.old += u64::from(looked.has(&[Sort::Old]));
        let mut kept = Vec::new();
        for reason in looked.reasons {
            let place = match self.reasons.binary_search_by(|(known, _)| known.cmp(&reason)) {
                Ok(place) => place,
                Err(place) => {
                    self.reasons.insert(place, (reason.clone(), 0));
                    place
                }
            };
            let Some((_, count)) = self.reasons.get_mut(place) else {
                continue;
            };
            *count += 1;
            if *count <= MOST_OF_ONE && self.kept < MOST_KEPT {
                self.kept += 1;
                kept.push(reason);
            }
        }
        kept
    }
}

/// How many records have a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReasonCount {
    /// The reason.
    #[serde(flatten)]
    pub reason: Reason,
    /// How many.
    pub records: u64,
}

/// The quality of a register at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// When it was measured.
    pub at: DateTime<Utc>,
    /// Records of the day.
    pub records: u64,
    /// Whose values all read by today's rules, whose references are there and which break no rule (đúng).
    pub correct: u64,
    /// That have everything required (đủ).
    pub complete: u64,
    /// That are no likely duplicate of another (sạch); nothing where the declaration says no way to tell.
    pub clean: Option<u64>,
    /// That are not too old (sống); nothing where the declaration says no age.
    pub live: Option<u64>,
    /// Optional fields of all records that have a value.
    pub filled: u64,
    /// Optional fields of all records.
    pub fillable: u64,
    /// Fields of the register.
    pub fields: u32,
    /// Whether some groups were too large to be compared whole, so that there may be more duplicates.
    pub partly: bool,
}

/// One of the four figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words of the document: đúng, đủ, sạch, sống")]
pub enum Figure {
    Correct,
    Complete,
    Clean,
    Live,
}

impl Figure {
    /// In the order in which people say them.
    pub const ALL: [Self; 4] = [Self::Correct, Self::Complete, Self::Clean, Self::Live];

    /// The word in tables and texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Complete => "complete",
            Self::Clean => "clean",
            Self::Live => "live",
        }
    }
}

/// What falls by so many thousandths from one run to the next is told.
const FALL: u64 = 10;

impl Figures {
    /// The records that count for a figure; nothing where it is not measured.
    pub fn of(&self, figure: Figure) -> Option<u64> {
        match figure {
            Figure::Correct => Some(self.correct),
            Figure::Complete => Some(self.complete),
            Figure::Clean => self.clean,
            Figure::Live => self.live,
        }
    }

    /// A figure in thousandths, rounded down: a register with one bad record of a million is not wholly good.
    pub fn share(&self, figure: Figure) -> Option<u64> {
        let of = self.of(figure)?;
        (of * 1_000).checked_div(self.records)
    }

    /// The worst figure in thousandths.
    pub fn worst(&self) -> Option<u64> {
        Figure::ALL.into_iter().filter_map(|figure| self.share(figure)).min()
    }

    /// The figures that have fallen by a hundredth or more since another run.
    pub(crate) fn fallen_since(&self, before: &Self) -> Vec<Figure> {
        Figure::ALL
            .into_iter()
            .filter(|figure| match (self.share(*figure), before.share(*figure)) {
                (Some(now), Some(then)) => now + FALL <= then,
                _ => false,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::tests::shop;
    use serde_json::json;

    fn record(values: Value) -> Record {
        Record {
            id: uuid::Uuid::nil(),
            version: 1,
            valid_from: "2024-01-01".parse().unwrap(),
            valid_to: None,
            recorded_at: "2026-01-01T01:00:00Z".parse().unwrap(),
            recorded_by: None,
            values: values.as_object().cloned().unwrap(),
        }
    }

    fn ground() -> Ground {
        Ground {
            now: "2026-11-30T01:00:00Z".parse().unwrap(),
            areas: [("31340".to_owned(), vec![("2004-01-01".parse().unwrap(), None)])].into(),
            ..Ground::default()
        }
    }

    fn reasons(values: Value) -> Vec<(Sort, String, String)> {
        let looked = look(&shop(), &record(values), &ground());
        looked
            .reasons
            .into_iter()
            .map(|reason| (reason.sort, reason.field, reason.rule))
            .collect()
    }

    fn good() -> Value {
        json!({ "code": "CH-0001", "name": "Bảy Ngã", "ward": "31340", "state": "open", "checked_on": "2026-11-01", "area_m2": 12.5 })
    }

    #[test]
    fn a_good_record_has_no_reason() {
        assert_eq!(reasons(good()), []);
        let looked = look(&shop(), &record(good()), &ground());
        assert_eq!((looked.filled, looked.fillable), (2, 12));
    }

    #[test]
    fn every_reason_is_told_at_once() {
        let bad = json!({
            "code": "CH-1", "ward": "99999", "state": "paused", "phone": "12", "owner_number": "1",
            "started_on": "2026-05-02", "ended_on": "2026-05-01", "goods": ["drink"], "checked_on": "2025-11-29",
        });
        let expected = [
            (Sort::Wrong, "code", "pattern"),
            (Sort::Wrong, "goods", "option"),
            (Sort::Wrong, "owner_number", "personal_number"),
            (Sort::Wrong, "phone", "phone"),
            (Sort::Wrong, "state", "option_ended"),
            (Sort::Wrong, "ward", "ward"),
            (Sort::Rule, "area_m2", "known_floor"),
            (Sort::Rule, "ended_on", "ends_after_start"),
            (Sort::Missing, "name", "required"),
            (Sort::Old, "", "old"),
        ];
        let told = reasons(bad);
        let told: Vec<(Sort, &str, &str)> = told
            .iter()
            .map(|(sort, field, rule)| (*sort, field.as_str(), rule.as_str()))
            .collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_required_now_and_then_is_asked_by_the_record() {
        let mut closed = good();
        closed["state"] = "closed".into();
        assert_eq!(
            reasons(closed),
            [(Sort::Missing, "ended_on".to_owned(), "required".to_owned())]
        );
    }

    #[test]
    fn age_counts_from_the_declared_day() {
        let definition = shop();
        let on = |day: Value| {
            let mut one = good();
            one["checked_on"] = day;
            if one["checked_on"].is_null() {
                one.as_object_mut().unwrap().remove("checked_on");
            }
            is_old(&definition, &record(one), "2026-11-30".parse().unwrap())
        };
        assert!(!on(json!("2025-11-30")));
        assert!(on(json!("2025-11-29")));
        assert!(
            on(Value::Null),
            "a day that nobody has filled in says that nobody has looked"
        );
        let mut by_record = shop();
        by_record.fresh.as_mut().unwrap().by = None;
        assert!(!is_old(&by_record, &record(good()), "2027-01-01".parse().unwrap()));
        assert!(is_old(&by_record, &record(good()), "2027-01-02".parse().unwrap()));
    }

    #[test]
    fn shares_never_round_up_and_falls_are_told() {
        let figures = |correct: u64, clean: Option<u64>| Figures {
            at: "2026-11-30T01:00:00Z".parse().unwrap(),
            records: 1_000_000,
            correct,
            complete: 1_000_000,
            clean,
            live: None,
            filled: 0,
            fillable: 0,
            fields: 3,
            partly: false,
        };
        let good = figures(999_999, Some(1_000_000));
        assert_eq!(good.share(Figure::Correct), Some(999));
        assert_eq!(good.share(Figure::Live), None);
        assert_eq!(good.worst(), Some(999));
        let worse = figures(989_999, Some(995_000));
        assert_eq!(worse.fallen_since(&good), [Figure::Correct]);
        assert_eq!(figures(989_999, None).fallen_since(&good), [Figure::Correct]);
        assert_eq!(good.fallen_since(&worse), []);
    }

    /// One frequent reason does not crowd the others out, and nothing grows without bound.
    #[test]
    fn failing_rows_are_bounded_and_counted_whole() {
        let definition = shop();
        let mut tally = Tally::new(&definition, BTreeMap::new());
        let mut kept = 0;
        for _ in 0..3_000 {
            let record =
                record(json!({ "code": "CH-0001", "name": "A", "ward": "31340", "state": "open", "area_m2": 1 }));
            let looked = look(&definition, &record, &ground());
            kept += tally.add(&definition, &record, looked).len();
        }
        assert_eq!(kept, usize::try_from(MOST_OF_ONE).unwrap());
        assert_eq!(tally.reasons, [(Reason::new(Sort::Old, "", "old"), 3_000)]);
        assert_eq!((tally.records, tally.wrong, tally.old), (3_000, 0, 3_000));
    }
}
