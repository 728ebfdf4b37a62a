//! Texts: numbers of papers, addresses, names of places and businesses, and what examples say.

use chrono::Datelike;
use registry::definition::{FieldDefinition, Kind};
use schema::field::FieldKind;

use super::codes::filled;
use super::draft::Draft;
use super::land::inside;
use super::words::{Make, contains};
use crate::past::dice::Dice;

/// The longest end of a name that is exchanged, in words.
const LONGEST_END: usize = 3;

impl Draft<'_> {
    pub(super) fn text(&mut self, at: usize, kind: &FieldKind, dice: &mut Dice) -> Option<String> {
        let field = &self.plan().definition.fields[at];
        let most = kind.max_length().unwrap_or(250) as usize;
        let patterns = match kind {
            FieldKind::Text { pattern, .. } => pattern.as_slice(),
            _ => &[],
        };
        let composed = self.composed(at, dice);
        if patterns.is_empty() {
            return composed.map(|text| text.chars().take(most).collect::<String>().trim().to_owned());
        }
        if let Some(fits) = composed.filter(|text| patterns.iter().any(|pattern| pattern.apply(text).is_some())) {
            return Some(fits);
        }
        let pattern = dice.pick(patterns);
        if let Some(shape) = self.world().words.file.shapes.get(pattern.source()) {
            return Some(self.shaped(shape, pattern, dice));
        }
        let running = self.plan().plans[at].once || self.plan().in_key(at) || field.unique;
        Some(filled(
            pattern,
            running.then_some(self.index as u64 + 1),
            self.start,
            dice,
        ))
    }

    fn composed(&mut self, at: usize, dice: &mut Dice) -> Option<String> {
        let plan = self.plan();
        let (field, own) = (&plan.definition.fields[at], &plan.plans[at]);
        let (ward, year) = (&self.world().land.wards[self.ward], self.start.year());
        if let Some(codes) = &own.codes {
            return Some(match own.once || plan.in_key(at) {
                true => codes.nth(self.index, &ward.code, year),
                false => codes.any(dice, &ward.code, year),
            });
        }
        if let Some(title) = self.title_of_link(field) {
            return Some(title);
        }
        let words = &self.world().words.file;
        let is_title = plan.definition.title == field.field;
        let make = words
            .texts
            .iter()
            .find(|entry| entry.label.fits(&own.label))
            .map(|entry| entry.make);
        match make {
            Some(Make::Home) => {
                let land = &self.world().land;
                let ward = dice.pick(&land.wards);
                return Some(format!("{}, {}", ward.name, inside(&ward.district_name)));
            }
            Some(Make::Hamlet) => return self.hamlet(dice),
            Some(Make::Address) => return self.address(dice),
            Some(Make::Name) | None => {}
        }
        if !field.examples.is_empty() {
            let own = field.examples.get(self.index);
            if let Some(own) = own.filter(|_| is_title || plan.in_key(at)) {
                return Some(own.clone());
            }
            let example = dice.pick(&field.examples);
            return Some(match make == Some(Make::Name) || is_title {
                true => self.renamed(example, dice),
                false => example.clone(),
            });
        }
        // What has a pattern is no word.
        matches!(&field.kind, Kind::Plain(FieldKind::Text { pattern, .. }) if !pattern.is_empty())
            .then_some(None)
            .unwrap_or_else(|| self.listed(&own.label, dice))
    }

    /// One of the words for a label.
    pub(super) fn listed(&self, label: &str, dice: &mut Dice) -> Option<String> {
        let lists = &self.world().words.file.lists;
        let list = lists
            .iter()
            .find(|list| list.words.is_empty() || contains(&list.words, label))?;
        Some(dice.pick(&list.of).clone())
    }

    /// Beside a link `enterprise`, `enterprise_name` is what the enterprise is called.
    fn title_of_link(&self, field: &FieldDefinition) -> Option<String> {
        let stem = field.field.strip_suffix("_name")?;
        let at = self.plan().place(stem)?;
        matches!(self.plan().definition.fields[at].kind, Kind::Link(_)).then_some(())?;
        Some(self.target(at)?.title.clone()).filter(|title| !title.is_empty())
    }

    fn hamlet(&self, dice: &mut Dice) -> Option<String> {
        let ward = &self.world().land.wards[self.ward];
        let hamlets = self.world().words.names.hamlets.get(&ward.kind)?;
        (!hamlets.is_empty()).then(|| dice.pick(hamlets).clone())
    }

    /// `Số 12 đường Bông Súng`, or a hamlet, in the ward of the record.
    fn address(&self, dice: &mut Dice) -> Option<String> {
        let ward = &self.world().land.wards[self.ward];
        let hamlet = self.hamlet(dice)?;
        let number = dice.between(1, 320);
        // Streets have names in towns; in communes one names the hamlet.
        let has_streets = ward.kind != "commune";
        Some(match (has_streets, dice.chance(60)) {
            (_, false) => format!("{hamlet}, {}", inside(&ward.name)),
            (false, true) => format!("Số {number}, {}, {}", inside(&hamlet), inside(&ward.name)),
            (true, true) => {
                let street = dice.pick(&self.world().words.names.streets);
                format!("Số {number} đường {street}, {}", inside(&ward.name))
            }
        })
    }

    /// An example with another end: `Kênh xáng Nàng Mau` becomes `Kênh xáng Lúa Vàng`.
    fn renamed(&self, example: &str, dice: &mut Dice) -> String {
        let words: Vec<&str> = example.split(' ').collect();
        let is_name = |word: &&&str| {
            let mut letters = word.chars();
            let capital = letters.next().is_some_and(char::is_uppercase);
            // `THCS` is no name, `Mau` is one; numbers at the end go with the name.
            (capital && letters.all(char::is_lowercase)) || word.chars().all(|letter| letter.is_ascii_digit())
        };
        let end = words.iter().rev().take_while(is_name).take(LONGEST_END).count();
        let end = end.min(words.len().saturating_sub(1));
        let is_number = |word: &&str| word.chars().all(|letter| letter.is_ascii_digit());
        // Foreign words and bare numbers have no end that is a name.
        if end == 0 || example.is_ascii() || words[words.len() - end..].iter().all(is_number) {
            return example.to_owned();
        }
        let head = words[..words.len() - end].join(" ");
        let small = head.to_lowercase();
        let units = &self.world().words.file.units;
        if small.ends_with(" tỉnh") || small == "tỉnh" {
            return example.to_owned();
        }
        if let Some(unit) = units
            .iter()
            .find(|unit| small == **unit || small.ends_with(&format!(" {unit}")))
        {
            return self.of_unit(&head, unit, dice).unwrap_or_else(|| example.to_owned());
        }
        let brands = &self.world().words.file.brands;
        let name = match contains(&brands.heads, &head.to_lowercase()) {
            true => format!("{} {}", dice.pick(&brands.first), dice.pick(&brands.second)),
            false => dice.pick(&self.world().words.file.places).clone(),
        };
        format!("{head} {name}")
    }

    /// `Quy hoạch chung huyện` goes on with the name of a real district.
    fn of_unit(&self, head: &str, unit: &str, dice: &mut Dice) -> Option<String> {
        let wards = &self.world().land.wards;
        let names = wards.iter().flat_map(|ward| [&ward.name, &ward.district_name]);
        let names: std::collections::BTreeSet<&str> = names
            .filter(|name| name.to_lowercase().starts_with(&format!("{unit} ")))
            .filter_map(|name| name.get(unit.len() + 1..))
            .collect();
        let names: Vec<&str> = names.into_iter().collect();
        (!names.is_empty()).then(|| format!("{head} {}", dice.pick(&names)))
    }

    /// The text of a shape with its gaps filled.
    fn shaped(&self, shape: &str, pattern: &schema::field::Pattern, dice: &mut Dice) -> String {
        let day = self.start;
        let fixed = shape.split(['{', '}']).step_by(2).map(str::len).sum::<usize>();
        let room = pattern.source().len().saturating_sub(fixed);
        let mut text = String::new();
        for (place, part) in shape.split(['{', '}']).enumerate() {
            if place % 2 == 0 {
                text.push_str(part);
                continue;
            }
            let value = match part {
                "year" => day.year().to_string(),
                "next" => (day.year() + 1).to_string(),
                "month" => format!("{:02}", day.month()),
                "quarter" => (day.month0() / 3 + 1).to_string(),
                "half" => (day.month0() / 6 + 1).to_string(),
                "week" => format!("{:02}", day.iso_week().week()),
                "hour" => format!("{:02}", dice.between(4, 20)),
                "minute" => format!("{:02}", dice.between(0, 11) * 5),
                "two" => format!("{:02}", dice.between(1, 40)),
                "three" => format!("{:03}", dice.between(1, 899)),
                _ => format!("{:0room$}", self.index + 1),
            };
            text.push_str(&value);
        }
        text
    }
}
