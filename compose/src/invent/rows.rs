//! Tables inside records: members of the household, results of a test.

use chrono::Datelike;
use registry::definition::Column;
use schema::field::FieldKind;
use serde_json::{Map, Value};

use super::draft::{Draft, Who};
use super::figures::{Limits, round_amount};
use super::words::{contains, span};
use crate::past::dice::Dice;
use kernel::Sex;

/// The most rows that are invented where more are allowed.
const MOST: i64 = 3;

impl Draft<'_> {
    pub(super) fn rows(&mut self, columns: &[Column], most: u32, dice: &mut Dice) -> Option<Value> {
        let spoken = &self.world().words.file.rows;
        let names_people = columns.iter().any(|column| {
            let label = column.words.vi.to_lowercase();
            let named = contains(&spoken.names, &label) || spoken.exact.contains(&label);
            named || matches!(column.kind, FieldKind::Name { .. } | FieldKind::PersonalNumber)
        });
        let mut rows = Vec::new();
        if names_people {
            for who in self.companions(dice).into_iter().take(most as usize) {
                rows.push(self.row(columns, Some(&who), rows.len(), dice));
            }
        } else {
            for place in 0..dice.between(1, MOST.min(i64::from(most))) {
                rows.push(self.row(columns, None, place as usize, dice));
            }
        }
        (!rows.is_empty()).then(|| Value::Array(rows))
    }

    /// The others of the household of whom the record is about; somebody where nobody is known.
    fn companions(&self, dice: &mut Dice) -> Vec<Who> {
        let pool = self.bench.pool;
        let main = self.who.first().and_then(Option::as_ref);
        let lives = self.plan().roles.first().is_some_and(|role| role.is_known);
        if let Some(main) = main.filter(|main| lives && main.at.is_some()) {
            let members = &pool.home(&main.person).members;
            // A child is looked after by grown-ups.
            let grown = |one: usize| pool.people[one].age(self.world().today) >= 18;
            let is_child = main.at.is_some_and(|main| !grown(main));
            let others: Vec<Who> = members
                .iter()
                .filter(|one| Some(**one) != main.at && (!is_child || grown(**one)))
                .map(|one| self.resident(*one))
                .collect();
            return match others.is_empty() {
                // Whoever lives alone is a household all the same.
                true if self.plan().is_of_households => vec![main.clone()],
                _ => others,
            };
        }
        let count = dice.between(1, MOST);
        let grown = |dice: &mut Dice| {
            let found = (0..20).map(|_| dice.between(0, pool.people.len() as i64 - 1) as usize);
            let found: Vec<usize> = found.collect();
            found
                .into_iter()
                .find(|one| pool.people[*one].age(self.world().today) >= 22)
        };
        (0..count)
            .filter_map(|_| grown(dice))
            .map(|one| self.resident(one))
            .collect()
    }

    fn row(&mut self, columns: &[Column], who: Option<&Who>, place: usize, dice: &mut Dice) -> Value {
        let mut row = Map::new();
        for column in columns {
            if !column.required && !dice.chance(85) {
                continue;
            }
            if let Some(value) = self.cell(column, who, place, dice) {
                row.insert(column.column.clone(), value);
            }
        }
        Value::Object(row)
    }

    fn cell(&mut self, column: &Column, who: Option<&Who>, place: usize, dice: &mut Dice) -> Option<Value> {
        let world = self.world();
        let label = column.words.vi.to_lowercase();
        let person = who.map(|who| &who.person);
        Some(match &column.kind {
            FieldKind::Name { .. } => person?.name.clone().into(),
            FieldKind::PersonalNumber => person?.number.clone().into(),
            FieldKind::Phone => match person {
                Some(person) => format!("{}{}", world.words.file.phone_prefix, person.number.get(6..)?),
                None => format!("{}{:06}", world.words.file.phone_prefix, dice.between(0, 999_999)),
            }
            .into(),
            FieldKind::Date { .. } => match person.filter(|_| label.contains("sinh")) {
                Some(person) => person.born.to_string(),
                None => self.latest.to_string(),
            }
            .into(),
            FieldKind::Choice { .. } => {
                let sex = person.map(|person| if person.sex == Sex::Female { "female" } else { "male" });
                let kin = self.kin(who);
                let known = |code: &str| {
                    column
                        .options
                        .iter()
                        .any(|option| option.code == code)
                        .then(|| code.to_owned())
                };
                let own = sex.and_then(known).or_else(|| kin.and_then(known));
                let options: Vec<&String> = (column.options.iter())
                    .filter(|option| option.holds_on(self.start))
                    .map(|option| &option.code)
                    .collect();
                match own {
                    Some(own) => own.into(),
                    // The first row is the first option as a rule: of the sources of money none comes twice.
                    None => (*options.get(place).or(options.first())?).clone().into(),
                }
            }
            FieldKind::YesNo => dice.chance(25).into(),
            FieldKind::Number { min, max, decimals } => {
                let limits = Limits::of(*min, *max, *decimals);
                if limits.is_year() {
                    return Some(limits.fit(f64::from(self.start.year()) - dice.between(0, 9) as f64));
                }
                limits.fit(limits.draw(dice, span(&world.words.file.numbers, "", &label)))
            }
            FieldKind::Money { .. } => round_amount(super::figures::between(dice, 1e6, 9e8)).into(),
            FieldKind::Text { .. } | FieldKind::LongText { .. } => {
                let most = column.kind.max_length().unwrap_or(250) as usize;
                let of_person = who.and_then(|who| self.said(&label, who));
                let text = of_person.or_else(|| self.listed(&label, dice))?;
                text.chars().take(most).collect::<String>().into()
            }
            _ => return None,
        })
    }

    /// What a text says of somebody, by its label.
    fn said(&self, label: &str, who: &Who) -> Option<String> {
        let rows = &self.world().words.file.rows;
        if contains(&rows.names, label) || rows.exact.contains(label) {
            return Some(who.person.name.clone());
        }
        if contains(&rows.numbers, label) {
            return Some(who.person.number.clone());
        }
        if contains(&rows.kinship, label) {
            return rows.kin.get(self.kin(Some(who))?).cloned();
        }
        None
    }

    /// How somebody of the household stands to whom the record is about, as options call it.
    fn kin(&self, who: Option<&Who>) -> Option<&'static str> {
        self.kinship(self.who.first()?.as_ref()?, who?)
    }

    /// How somebody of a household stands to its head, or to another one of it.
    pub(super) fn kinship(&self, head: &Who, who: &Who) -> Option<&'static str> {
        let (own, other) = (head.at?, who.at?);
        let (head, member) = (&head.person, &who.person);
        Some(match other {
            _ if other == own => "head",
            _ if head.spouse == Some(other) => "spouse",
            _ if head.father == Some(other) => "father",
            _ if head.mother == Some(other) => "mother",
            _ if member.father == Some(own) || member.mother == Some(own) => "child",
            _ => "other",
        })
    }
}
