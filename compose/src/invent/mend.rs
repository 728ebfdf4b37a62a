//! Mending a record that breaks rules: the fields that a broken rule reads are nudged one by one, and the best nudge stays.

use std::cmp::Reverse;

use chrono::{Days, Months, NaiveDate};
use registry::Judgement;
use registry::definition::Kind;
use schema::field::{Condition, FieldKind};
use serde_json::Value;

use super::draft::Draft;
use super::figures::{Limits, figure};
use crate::past::dice::Dice;

/// How many nudges may be kept, one after the other.
const STEPS: usize = 12;
/// What one thing weighs that is wrong.
const BROKEN: usize = 100;
const DOUBTFUL: usize = 10;

/// A nudge: what is set to what, and how much it changes what was drawn.
struct Nudge {
    sets: Vec<(usize, Option<Value>)>,
    /// A field that is filled as if for the first time.
    fills: Option<usize>,
    cost: usize,
}

impl Nudge {
    fn one(at: usize, value: Option<Value>, cost: usize) -> Self {
        Self {
            sets: vec![(at, value)],
            fills: None,
            cost,
        }
    }
}

fn weight(judgement: &Judgement) -> usize {
    (judgement.missing.len() + judgement.broken.len()) * BROKEN + judgement.doubtful.len() * DOUBTFUL
}

impl<'b> Draft<'b> {
    /// Nudges until nothing is broken, or nothing helps. Rules that only warn are kept too, as far as that is easy.
    pub(super) fn mend(&mut self, mut judgement: Judgement, dice: &mut Dice) -> Judgement {
        for _ in 0..STEPS {
            let Some(rule) = judgement.broken.first().or(judgement.doubtful.first()).copied() else {
                break;
            };
            let before = weight(&judgement);
            let found = self
                .best(rule, before, dice)
                .or_else(|| self.others(rule, before, dice));
            match found {
                Some((draft, after)) => {
                    *self = draft;
                    judgement = after;
                }
                None => break,
            }
        }
        judgement
    }

    /// The best of the nudges of one rule, if it makes anything better.
    fn best(&self, rule: usize, before: usize, dice: &mut Dice) -> Option<(Self, Judgement)> {
        let mut best: Option<(usize, Self, Judgement)> = None;
        let mut nudges: Vec<Nudge> = Vec::new();
        for at in &self.plan().rules[rule] {
            self.nudges(*at, rule, dice, &mut nudges);
        }
        // Whatever changes least comes first; of equals chance decides, so that not everything ends alike.
        let mut order: Vec<(usize, i64, usize)> = (nudges.iter().enumerate())
            .map(|(place, nudge)| (nudge.cost, dice.between(0, 1_000), place))
            .collect();
        order.sort_unstable();
        for (cost, _, place) in order {
            let mut tried = self.clone();
            for (at, value) in &nudges[place].sets {
                tried.set(*at, value.clone());
            }
            if let Some(at) = nudges[place].fills {
                tried.fill(at, dice);
            }
            let judgement = tried.complete(dice);
            let after = weight(&judgement);
            if after < before && best.as_ref().is_none_or(|(least, _, _)| after + cost < *least) {
                let done = after == 0;
                best = Some((after + cost, tried, judgement));
                if done {
                    break;
                }
            }
        }
        best.map(|(_, draft, judgement)| (draft, judgement))
    }

    /// Other people, or other records at the end of links.
    fn others(&self, rule: usize, before: usize, dice: &mut Dice) -> Option<(Self, Judgement)> {
        let reads = &self.plan().rules[rule];
        let of_people = reads.iter().any(|at| self.plan().plans[*at].about.is_some());
        let link = reads
            .iter()
            .find(|at| self.plan().definition.fields[**at].links_to().is_some());
        for attempt in 1..24 {
            let mut tried = self.clone();
            match (of_people, link) {
                (true, _) => tried.people(dice, attempt * 17 + self.place % 13),
                (false, Some(at)) => tried.fill(*at, dice),
                (false, None) => return None,
            }
            let judgement = tried.complete(dice);
            if weight(&judgement) < before {
                return Some((tried, judgement));
            }
        }
        None
    }

    fn nudges(&self, at: usize, rule: usize, dice: &mut Dice, nudges: &mut Vec<Nudge>) {
        let field = &self.plan().definition.fields[at];
        let of_person = self.plan().plans[at].about.is_some();
        let present = self.has(at);
        if present && field.required == Condition::Never && !self.plan().in_key(at) {
            nudges.push(Nudge::one(at, None, 6));
        }
        if !present {
            nudges.push(Nudge {
                sets: Vec::new(),
                fills: Some(at),
                cost: 1,
            });
        }
        if of_person || self.plan().in_key(at) && self.plan().plans[at].once {
            return;
        }
        let mut put = |value: Value, cost: usize| nudges.push(Nudge::one(at, Some(value), cost));
        match &field.kind {
            Kind::Plain(kind) => match kind {
                FieldKind::Choice { .. } => {
                    let codes = match field.catalogue() {
                        Some(catalogue) => self.world().catalogues.get(catalogue).cloned().unwrap_or_default(),
                        None => kind.own_options().to_vec(),
                    };
                    let holding = |code: &&String| {
                        let option = field.options.iter().find(|option| option.code == **code);
                        option.is_none_or(|option| option.holds_on(self.start))
                    };
                    codes
                        .iter()
                        .filter(holding)
                        .take(40)
                        .for_each(|code| put(code.clone().into(), 3));
                }
                FieldKind::Choices { .. } => self.nudge_choices(at, rule, kind, &mut put),
                FieldKind::YesNo => [true, false].into_iter().for_each(|yes| put(yes.into(), 3)),
                FieldKind::Number { min, max, decimals } => {
                    self.nudge_number(at, rule, Limits::of(*min, *max, *decimals), dice, nudges);
                }
                FieldKind::Money { min, max } => {
                    let limits = Limits {
                        min: Some(*min as f64),
                        max: max.map(|max| max as f64),
                        decimals: 0,
                    };
                    self.nudge_number(at, rule, limits, dice, nudges);
                }
                FieldKind::Date { min, max, past, .. } => {
                    self.nudge_date(at, rule, (*min, *max, *past), dice, nudges);
                }
                FieldKind::Text { pattern, .. } => {
                    for other in self.plan().rules[rule].iter().filter(|other| **other != at) {
                        let Some(text) = self.get(*other).and_then(Value::as_str) else {
                            continue;
                        };
                        let begins = text.rsplit_once(['.', '-', '/']).map(|(begins, _)| begins);
                        for part in [Some(text), begins].into_iter().flatten() {
                            if pattern.is_empty() || pattern.iter().any(|own| own.apply(part).is_some()) {
                                put(part.into(), 3);
                            }
                        }
                    }
                    self.nudge_again(at, 6, 2, dice, nudges);
                }
                _ => self.nudge_again(at, 6, 2, dice, nudges),
            },
            Kind::Link(_) | Kind::Computed { .. } | Kind::File { .. } => {}
            _ => self.nudge_again(at, 4, 2, dice, nudges),
        }
    }

    /// What would be drawn another time.
    fn nudge_again(&self, at: usize, times: usize, cost: usize, dice: &mut Dice, nudges: &mut Vec<Nudge>) {
        for _ in 0..times {
            let mut again = self.clone();
            let value = again.value(at, dice);
            if value.is_some() {
                nudges.push(Nudge::one(at, value, cost));
            }
        }
    }

    fn nudge_choices(&self, at: usize, rule: usize, kind: &FieldKind, put: &mut impl FnMut(Value, usize)) {
        let chosen: Vec<&str> = self
            .get(at)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let own: Vec<&str> = kind.own_options().iter().map(String::as_str).collect();
        let said = &self.plan().said[rule].1;
        for text in said.iter().filter(|text| own.contains(&text.as_str())) {
            let with: Vec<&str> = own
                .iter()
                .copied()
                .filter(|code| chosen.contains(code) || code == text)
                .collect();
            let without: Vec<&str> = chosen.iter().copied().filter(|code| code != text).collect();
            put(with.into(), 2);
            if !without.is_empty() {
                put(without.into(), 2);
            }
        }
        own.iter().for_each(|code| put(vec![*code].into(), 4));
    }

    fn nudge_number(&self, at: usize, rule: usize, limits: Limits, dice: &mut Dice, nudges: &mut Vec<Nudge>) {
        let own = self.get(at).and_then(figure);
        let mut put = |figure: f64, cost: usize| {
            nudges.push(Nudge::one(at, Some(limits.fit(figure)), cost));
        };
        let others: Vec<(usize, f64)> = (self.plan().rules[rule].iter())
            .filter(|other| **other != at)
            .filter_map(|other| Some((*other, figure(self.get(*other)?)?)))
            .collect();
        let sum: f64 = others.iter().map(|(_, value)| value).sum();
        put(sum, 3);
        for (_, value) in &others {
            put(*value, 4);
            put(value * dice.between(35, 97) as f64 / 100.0, 1);
            put(value * dice.between(104, 190) as f64 / 100.0, 2);
            put(value + 1.0, 3);
            put((value * 2.0 - sum).max(0.0), 3);
            put((value * 2.0 - sum).max(0.0) * dice.between(50, 99) as f64 / 100.0, 3);
            put(*value - 1.0, 4);
        }
        // Counts and sums of tables, and lengths of lists.
        for other in &self.plan().rules[rule] {
            if let Some(rows) = self.get(*other).and_then(Value::as_array) {
                put(rows.len() as f64, 3);
                let mut sums: std::collections::BTreeMap<&str, f64> = std::collections::BTreeMap::new();
                for (column, value) in rows.iter().filter_map(Value::as_object).flatten() {
                    *sums.entry(column).or_default() += figure(value).unwrap_or_default();
                }
                sums.values().for_each(|sum| put(*sum, 2));
                sums.values().for_each(|sum| put(sum * 1.2 + 1.0, 2));
            }
        }
        for said in &self.plan().said[rule].0 {
            let said = *said as f64;
            put(said, 3);
            put(said + 1.0, 4);
            put(said - 1.0, 4);
            put(said * dice.between(105, 180) as f64 / 100.0, 2);
            put(said * dice.between(30, 95) as f64 / 100.0, 2);
        }
        put(0.0, 5);
        for (other, value) in &others {
            let kinds = [at, *other].map(|place| self.plan().definition.fields[place].word());
            if let Some(own) = own.filter(|_| kinds[0] == kinds[1]) {
                let swapped = vec![(at, Some(limits.fit(*value))), (*other, Some(limits.fit(own)))];
                nudges.push(Nudge {
                    sets: swapped,
                    fills: None,
                    cost: 0,
                });
            }
        }
        self.nudge_again(at, 3, 2, dice, nudges);
    }

    fn nudge_date(
        &self,
        at: usize,
        rule: usize,
        (min, max, past): (Option<NaiveDate>, Option<NaiveDate>, bool),
        dice: &mut Dice,
        nudges: &mut Vec<Nudge>,
    ) {
        let today = self.world().today;
        let ahead = self.may_lie_ahead(at);
        let mut put = |day: Option<NaiveDate>, cost: usize| {
            let Some(day) = day else { return };
            let day = if past || !ahead { day.min(today) } else { day };
            let day = min.map_or(day, |min| day.max(min));
            let day = max.map_or(day, |max| day.min(max));
            nudges.push(Nudge::one(at, Some(day.to_string().into()), cost));
        };
        let day = |value: &Value| {
            value
                .as_str()
                .and_then(|text| text.get(..10))
                .and_then(|text| text.parse::<NaiveDate>().ok())
        };
        let others: Vec<NaiveDate> = (self.plan().rules[rule].iter())
            .filter(|other| **other != at)
            .filter_map(|other| self.get(*other))
            .filter_map(|value| match value {
                Value::Number(year) => NaiveDate::from_ymd_opt(i32::try_from(year.as_i64()?).ok()?, 7, 1),
                other => day(other),
            })
            .chain([today])
            .collect();
        for other in others {
            put(Some(other), 4);
            for (least, most, cost) in [(1, 25, 1), (26, 330, 2), (331, 1_400, 3)] {
                let days = Days::new(dice.between(least, most) as u64);
                put(other.checked_add_days(days), cost);
                put(other.checked_sub_days(days), cost);
            }
            // Ages: durations of whole years or months in the rule.
            for said in self.plan().durations(rule) {
                let days = Days::new(dice.between(5, 900) as u64);
                put(
                    other
                        .checked_add_months(Months::new(said))
                        .and_then(|day| day.checked_add_days(days)),
                    2,
                );
                put(
                    other
                        .checked_add_months(Months::new(said))
                        .and_then(|day| day.checked_sub_days(days)),
                    2,
                );
                put(
                    other
                        .checked_sub_months(Months::new(said))
                        .and_then(|day| day.checked_sub_days(days)),
                    2,
                );
            }
        }
        self.nudge_again(at, 2, 2, dice, nudges);
    }
}

impl super::blueprint::Blueprint {
    /// Durations such as `P20Y` and `P6M` in a rule, in months.
    fn durations(&self, rule: usize) -> Vec<u32> {
        let texts = self.said[rule].1.iter();
        let months = texts.filter_map(|text| {
            let text = text.strip_prefix('P')?;
            match (text.strip_suffix('Y'), text.strip_suffix('M')) {
                (Some(years), _) => years.parse::<u32>().ok().map(|years| years * 12),
                (_, Some(months)) => months.parse().ok(),
                _ => None,
            }
        });
        let mut all: Vec<u32> = months.collect();
        all.sort_unstable_by_key(|months| Reverse(*months));
        all
    }
}
