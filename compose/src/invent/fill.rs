//! One value of a record, by the type of its field.

use chrono::{Datelike, NaiveDate};
use registry::definition::{FieldDefinition, Kind, LinkTarget, OptionWords};
use schema::field::{FieldKind, Options};
use serde_json::{Value, json};

use super::draft::Draft;
use super::figures::{self, Limits, round_amount};
use super::land::inside;
use super::words::{Attribute, contains, span};
use crate::past::dice::Dice;
use kernel::Sex;

impl Draft<'_> {
    /// Fills a field, if something can be put there.
    pub(super) fn fill(&mut self, at: usize, dice: &mut Dice) {
        if self.spared.contains(&at) {
            return;
        }
        if self.plan().plans[at].about.is_some() {
            let known = self.about(at).is_some();
            let own = self.of_person(at);
            let value = match (own, known) {
                (Some(value), _) => Some(value),
                // Whoever is not there has no name; telephones and addresses may be those of the thing itself.
                (None, false) if self.is_of_person_alone(at) => None,
                (None, _) => self.value(at, dice),
            };
            self.set(at, value);
            return;
        }
        let field = &self.plan().definition.fields[at];
        if let Kind::Link(LinkTarget::Register(register)) = &field.kind {
            if let Some(place) = self.linked(at, register, dice) {
                self.link(at, place);
            }
            return;
        }
        let value = self.value(at, dice);
        self.set(at, value);
    }

    fn is_of_person_alone(&self, at: usize) -> bool {
        let kind = &self.plan().definition.fields[at].kind;
        matches!(
            kind,
            Kind::Person | Kind::Plain(FieldKind::PersonalNumber | FieldKind::Name { .. })
        )
    }

    /// What a field holds of whom it is about.
    pub(super) fn of_person(&self, at: usize) -> Option<Value> {
        let (has, who) = self.about(at)?;
        let (person, pool, words) = (&who.person, self.bench.pool, &self.world().words.file);
        let field = &self.plan().definition.fields[at];
        let home = who.at.map(|_| pool.home(person));
        let ward = home.map(|home| &self.world().land.wards[home.ward]);
        let text = match has {
            Attribute::Number => Some(person.number.clone()).filter(|number| !number.is_empty()),
            Attribute::Name => Some(person.name.clone()),
            Attribute::BirthDate => Some(person.born.to_string()),
            Attribute::BirthYear => return Some(person.born.year().into()),
            Attribute::Sex => {
                let wanted = if person.sex == Sex::Female { "female" } else { "male" };
                field
                    .options
                    .iter()
                    .find(|one| one.code == wanted)
                    .map(|one| one.code.clone())
            }
            Attribute::Phone => who.at.map(|_| format!("{}{}", words.phone_prefix, &person.number[6..])),
            Attribute::Email => {
                let number = match self.plan().in_key(at) {
                    true => format!("{}", self.index + 1),
                    false => person.number.chars().skip(8).collect(),
                };
                who.at
                    .map(|_| mail(&person.name, &number, &self.world().words.names.email_domain))
            }
            Attribute::Ward => ward.map(|ward| ward.code.clone()),
            Attribute::Address => home.map(|_| pool.address(person)),
            Attribute::Hamlet => home.map(|home| home.hamlet.clone()),
            Attribute::Home => ward.map(|ward| format!("{}, {}", ward.name, inside(&ward.district_name))),
            Attribute::Ethnicity => {
                let names = &self.world().words.names.surnames;
                let known = names.iter().find(|known| known.name == person.surname());
                let group = known.and_then(|known| known.ethnic_groups.first());
                group.filter(|code| self.knows("ethnic_group", code)).cloned()
            }
            Attribute::Marital => {
                let called = match person.spouse {
                    Some(_) => &words.marital.married,
                    None => &words.marital.single,
                };
                let own = |code: &&String| field.options.iter().any(|option| option.code == **code);
                called.iter().find(own).cloned()
            }
            Attribute::Kinship => {
                let head = self.resident(home?.members[0]);
                let kin = self.kinship(&head, who)?;
                let kin = if matches!(kin, "father" | "mother") {
                    "parent"
                } else {
                    kin
                };
                let known = field.options.iter().any(|option| option.code == kin);
                known.then(|| kin.to_owned())
            }
            Attribute::Members => return Some(home?.members.len().into()),
            Attribute::Nationality if who.at.is_none() => None,
            Attribute::Nationality => Some(words.nationality.clone()).filter(|code| self.knows("country", code)),
        };
        text.map(Value::from)
    }

    fn knows(&self, catalogue: &str, code: &String) -> bool {
        self.world()
            .catalogues
            .get(catalogue)
            .is_some_and(|codes| codes.contains(code))
    }

    /// A value of the field, whatever the others hold.
    pub(super) fn value(&mut self, at: usize, dice: &mut Dice) -> Option<Value> {
        let field = &self.plan().definition.fields[at];
        match &field.kind {
            Kind::Plain(kind) => self.plain(at, kind, dice),
            Kind::Moment => {
                let day = self.day(at, None, None, false, dice);
                let time = day.and_hms_opt(dice.between(6, 18) as u32, dice.between(0, 11) as u32 * 5, 0)?;
                let moment = kernel::from_local(time).min(self.world().now);
                Some(kernel::local(moment).to_rfc3339().into())
            }
            Kind::Period => {
                let from = self.day(at, None, None, false, dice);
                let to = from.checked_add_days(chrono::Days::new(dice.between(10, 400) as u64))?;
                Some(json!({ "from": from.to_string(), "to": to.to_string() }))
            }
            Kind::Link(LinkTarget::Agency) => self.agency(at, dice).map(Value::from),
            Kind::Link(LinkTarget::Register(_)) | Kind::Computed { .. } | Kind::File { .. } => None,
            Kind::Person => {
                let role = self.plan().plans[at].about.map(|(role, _)| role)?;
                let who = self.drawn(role, dice, 0)?;
                Some(who.person.number.into()).filter(|number: &Value| number.as_str() != Some(""))
            }
            Kind::Geometry(shape) => {
                let bounds = self.world().land.wards[self.ward].bounds;
                Some(figures::geometry(dice, *shape, bounds))
            }
            Kind::Rows { columns, most } => self.rows(columns, *most, dice),
        }
    }

    fn plain(&mut self, at: usize, kind: &FieldKind, dice: &mut Dice) -> Option<Value> {
        let world = self.world();
        let field = &self.plan().definition.fields[at];
        let label = self.plan().plans[at].label.as_str();
        match kind {
            FieldKind::Text { .. } | FieldKind::LongText { .. } => self.text(at, kind, dice).map(Value::from),
            FieldKind::Name { .. } => Some(self.drawn_adult(dice)?.into()),
            FieldKind::Date { min, max, past, future } => {
                let day = self.day(at, *min, *max, *past, dice);
                Some(if *future { day.max(world.today) } else { day }.to_string().into())
            }
            FieldKind::Number { .. } => self.number(at, kind, dice),
            FieldKind::Money { min, max } => {
                let limits = Limits {
                    min: Some(*min as f64),
                    max: max.map(|max| max as f64),
                    decimals: 0,
                };
                let usual = span(&world.words.file.money, "", label);
                let amount = round_amount(limits.draw(dice, usual));
                Some(limits.fit(amount as f64))
            }
            FieldKind::Phone => {
                Some(format!("{}{:06}", world.words.file.phone_prefix, dice.between(0, 999_999)).into())
            }
            FieldKind::Email => {
                let number = self.index + 1;
                let name = self.plan().definition.record.replace('_', "-");
                Some(format!("{name}.{number}@{}", world.words.names.email_domain).into())
            }
            FieldKind::PersonalNumber => {
                let role = self.plan().plans[at].about.map(|(role, _)| role)?;
                Some(self.drawn(role, dice, 0)?.person.number.into())
            }
            FieldKind::TaxNumber => Some(tax_number(&world.words.file.tax_prefix, self.tax_place()).into()),
            FieldKind::Choice {
                options: Options::Catalogue(catalogue),
            } => self.code(at, catalogue, dice),
            FieldKind::Choice { .. } => self.option(field, at, dice),
            FieldKind::Choices { .. } => {
                let count = dice.between(1, 3);
                let mut codes: Vec<&str> = Vec::new();
                let holding: Vec<&OptionWords> = holding(&field.options, self.start);
                for _ in 0..count.min(holding.len() as i64) {
                    codes.push(dice.pick(&holding).code.as_str());
                }
                let chosen: Vec<&str> = kind
                    .own_options()
                    .iter()
                    .map(String::as_str)
                    .filter(|own| codes.contains(own))
                    .collect();
                Some(chosen.into())
            }
            FieldKind::YesNo => Some(
                dice.chance(if contains(&world.words.file.dates.rare, label) {
                    10
                } else {
                    55
                })
                .into(),
            ),
            FieldKind::Area => Some(world.land.wards[self.ward].code.clone().into()),
            FieldKind::Address { .. } => None,
        }
    }

    /// Tax numbers of one register lie beside each other.
    fn tax_place(&self) -> u64 {
        let register = self.bench.seed % 49;
        register * 100_000 + self.index as u64
    }

    /// A name that is nobody's in particular.
    fn drawn_adult(&self, dice: &mut Dice) -> Option<String> {
        let people = &self.bench.pool.people;
        for _ in 0..20 {
            let one = dice.pick(people);
            if one.age(self.world().today) >= 20 {
                return Some(one.name.clone());
            }
        }
        None
    }

    fn number(&mut self, at: usize, kind: &FieldKind, dice: &mut Dice) -> Option<Value> {
        let FieldKind::Number { min, max, decimals } = kind else {
            return None;
        };
        let limits = Limits::of(*min, *max, *decimals);
        let world = self.world();
        let (field, label) = (&self.plan().definition.fields[at], self.plan().plans[at].label.as_str());
        if limits.is_year() {
            let years = &world.words.file.years;
            let found = years
                .iter()
                .find(|entry| entry.words.is_empty() || contains(&entry.words, label));
            let year = match found.map_or(0, |entry| entry.back) {
                back if back >= 0 => {
                    (i64::from(self.start.year()) - dice.between(0, back)).min(i64::from(world.today.year()))
                }
                ahead => i64::from(self.start.year()) + dice.between(0, -ahead),
            };
            return Some(limits.fit(year as f64));
        }
        if limits.min == Some(1.0) && limits.max == Some(12.0) && label.contains("tháng") {
            return Some(self.start.month().into());
        }
        if self.plan().in_key(at) && limits.max.is_none_or(|max| max > 1000.0) {
            // Parcels and arrivals are numbered on.
            let first = limits.min.unwrap_or(1.0);
            let room = limits.max.map_or(1e9, |max| max - first + 1.0);
            return Some(limits.fit(first + self.index as f64 % room));
        }
        let unit = field.unit.as_deref().unwrap_or_default();
        let usual = span(&world.words.file.numbers, unit, label);
        Some(limits.fit(limits.draw(dice, usual)))
    }

    fn option(&self, field: &FieldDefinition, at: usize, dice: &mut Dice) -> Option<Value> {
        let holding = holding(&field.options, self.start);
        if holding.is_empty() {
            return None;
        }
        let settled = contains(&self.world().words.file.choices.first, &self.plan().plans[at].label);
        let weights: Vec<u32> = (0..holding.len() as u32)
            .map(|place| match (settled, place, self.plan().in_key(at)) {
                (_, _, true) => 1,
                (true, 0, _) => 3 * holding.len() as u32,
                (true, _, _) => 2,
                _ => holding.len() as u32 + 3 - place,
            })
            .collect();
        Some(holding[dice.weighted(&weights)].code.clone().into())
    }
}

fn holding(options: &[OptionWords], day: NaiveDate) -> Vec<&OptionWords> {
    options.iter().filter(|option| option.holds_on(day)).collect()
}

/// `nguyen.van.hung.0042@…`
fn mail(name: &str, number: &str, domain: &str) -> String {
    let plain = kernel::text::fold(name).replace(' ', ".");
    format!("{plain}.{number}@{domain}")
}

/// A well-formed tax number of a province that does not exist: the check digit fits.
pub(super) fn tax_number(prefix: &str, place: u64) -> String {
    const WEIGHTS: [u64; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];
    const ROOM: u64 = 5_000_000;
    // Some numbers are not given out, since their check has two digits; of two beside each other only one of them.
    let mut tried = (0..2).filter_map(|next| {
        let digits = format!("{prefix}{:07}", place % ROOM * 2 + next);
        let sum: u64 = digits
            .bytes()
            .zip(WEIGHTS)
            .map(|(digit, weight)| u64::from(digit - b'0') * weight)
            .sum();
        let check = 10 - sum % 11;
        (check < 10).then(|| format!("{digits}{check}"))
    });
    tried.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tax_numbers_are_well_formed_and_each_is_another_one() {
        let all: std::collections::BTreeSet<String> = (0..2_000).map(|place| tax_number("99", place)).collect();
        assert_eq!(all.len(), 2_000);
        for number in all {
            kernel::TaxNumber::parse(&number).unwrap();
        }
    }
}
