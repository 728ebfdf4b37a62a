//! Everybody whom the province invents: the people of the demonstration, and their families around them. Every register takes its people from
//! here, so that one and the same person is called the same wherever they appear.

use chrono::{Datelike, Days, Months, NaiveDate};
use kernel::{Fault, Result, Sex};

use super::land::{Land, inside};
use super::words::Words;
use crate::past::dice::Dice;
use crate::province::people::invented;
use crate::province::tables::{self, DemoFile};

/// The most people of one slice: their numbers lie below each other.
const MOST: usize = 8_800;
/// The first running number of those who are not of the demonstration.
const RUNNING_FROM: usize = 10_000;
/// The oldest child that still lives at home, in years.
const OLDEST_CHILD: i32 = 25;

/// An invented person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    /// Personal number.
    pub(super) number: String,
    pub(super) name: String,
    pub(super) sex: Sex,
    pub(super) born: NaiveDate,
    pub(super) household: usize,
    pub(super) father: Option<usize>,
    pub(super) mother: Option<usize>,
    pub(super) spouse: Option<usize>,
}

impl Person {
    /// Whole years on a day.
    pub(super) fn age(&self, on: NaiveDate) -> u32 {
        on.years_since(self.born).unwrap_or_default()
    }

    pub(super) fn surname(&self) -> &str {
        self.name.split(' ').next().unwrap_or_default()
    }
}

/// People who live together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Household {
    /// The head first.
    pub(super) members: Vec<usize>,
    pub(super) ward: usize,
    pub(super) hamlet: String,
    pub(super) house: i64,
}

/// The people of one slice: scale 1 has one slice, scale 2 a second one with other people, and so on.
pub(super) struct Pool {
    pub(super) people: Vec<Person>,
    pub(super) households: Vec<Household>,
}

/// Somebody around whom a household is made.
struct Head {
    number: Option<String>,
    name: String,
    sex: Sex,
    born: NaiveDate,
    ward: usize,
    hamlet: String,
}

fn broken(reason: impl std::fmt::Display) -> Fault {
    Fault::internal("compose.table_broken").with("reason", reason)
}

impl Pool {
    /// The people of a slice, as old as they are on a day.
    pub(super) fn slice(words: &Words, land: &Land, seed: u64, slice: usize, today: NaiveDate) -> Result<Self> {
        let mut draw = Draw {
            words,
            land,
            dice: Dice::new(seed ^ (0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(slice as u64 + 1))),
            today,
            running: RUNNING_FROM + slice * MOST,
            pool: Self {
                people: Vec::new(),
                households: Vec::new(),
            },
        };
        let heads = match slice {
            0 => draw.demonstration()?,
            _ => (0..DEMONSTRATION).map(|_| draw.head()).collect(),
        };
        for head in heads {
            draw.household(head)?;
        }
        Ok(draw.pool)
    }

    pub(super) fn home(&self, person: &Person) -> &Household {
        &self.households[person.household]
    }

    /// `Số 12, ấp Lúa Vàng`.
    pub(super) fn address(&self, person: &Person) -> String {
        let home = self.home(person);
        format!("Số {}, {}", home.house, inside(&home.hamlet))
    }
}

/// As many households as the demonstration has people, in later slices.
const DEMONSTRATION: usize = 2_300;

struct Draw<'a> {
    words: &'a Words,
    land: &'a Land,
    dice: Dice,
    today: NaiveDate,
    running: usize,
    pool: Pool,
}

impl Draw<'_> {
    /// The people of the demonstration: its named accounts, staff and citizens.
    fn demonstration(&mut self) -> Result<Vec<Head>> {
        let mut heads = Vec::new();
        let demo: DemoFile = tables::yaml("hau-giang/demo.yaml")?;
        for row in demo.accounts {
            let home = row
                .residence
                .and_then(|home| Some((self.land.ward(&home.unit)?, home.hamlet)));
            let (ward, hamlet) = home.unwrap_or_else(|| self.place());
            heads.push(Head {
                number: Some(row.personal_number),
                name: row.name,
                sex: if row.sex == "female" { Sex::Female } else { Sex::Male },
                born: row.born.parse().map_err(|_| broken(&row.born))?,
                ward,
                hamlet,
            });
        }
        for one in invented()? {
            let person = one.person;
            let (Some(number), Some(born), Some(sex)) = (person.personal_number, person.birth_date, person.sex) else {
                continue;
            };
            let home = person
                .residence
                .and_then(|home| Some((self.land.ward(&home.ward_code)?, home.detail)));
            let (ward, hamlet) = home.unwrap_or_else(|| self.place());
            heads.push(Head {
                number: Some(number.as_str().to_owned()),
                name: person.full_name,
                sex,
                born,
                ward,
                hamlet,
            });
        }
        Ok(heads)
    }

    fn head(&mut self) -> Head {
        let sex = self.sex();
        let born = self.years_before(self.today, 23, 84);
        let (ward, hamlet) = self.place();
        let surname = self.surname();
        Head {
            number: None,
            name: self.name(&surname, sex),
            sex,
            born,
            ward,
            hamlet,
        }
    }

    fn sex(&mut self) -> Sex {
        if self.dice.chance(50) { Sex::Female } else { Sex::Male }
    }

    fn place(&mut self) -> (usize, String) {
        let ward = self.dice.between(0, self.land.wards.len() as i64 - 1) as usize;
        let hamlets = self.words.names.hamlets.get(&self.land.wards[ward].kind);
        let hamlet = hamlets
            .filter(|all| !all.is_empty())
            .map(|all| self.dice.pick(all).clone());
        (ward, hamlet.unwrap_or_default())
    }

    fn surname(&mut self) -> String {
        let weights: Vec<u32> = self.words.names.surnames.iter().map(|surname| surname.weight).collect();
        self.words.names.surnames[self.dice.weighted(&weights)].name.clone()
    }

    fn name(&mut self, surname: &str, sex: Sex) -> String {
        let names = &self.words.names;
        let (middle, given) = match sex {
            Sex::Female => (&names.middle_female, &names.given_female),
            Sex::Male => (&names.middle_male, &names.given_male),
        };
        let middle = self.dice.pick(middle);
        format!("{surname} {middle} {}", self.dice.pick(given))
    }

    /// A day on which somebody was born who is between so many years old on a day.
    fn years_before(&mut self, day: NaiveDate, least: i64, most: i64) -> NaiveDate {
        let months = self.dice.between(least * 12, most * 12) as u32;
        let born = day.checked_sub_months(Months::new(months)).unwrap_or(day);
        let days = self.dice.between(0, 27) as u64;
        born.checked_sub_days(Days::new(days)).unwrap_or(born)
    }

    fn add(&mut self, person: Person) -> usize {
        let at = self.pool.people.len();
        self.pool.households[person.household].members.push(at);
        self.pool.people.push(person);
        at
    }

    fn relative(&mut self, household: usize, surname: Option<&str>, sex: Sex, born: NaiveDate) -> Result<usize> {
        let surname = match surname {
            Some(surname) => surname.to_owned(),
            None => self.surname(),
        };
        let person = Person {
            number: self.number(born, sex)?,
            name: self.name(&surname, sex),
            sex,
            born,
            household,
            father: None,
            mother: None,
            spouse: None,
        };
        Ok(self.add(person))
    }

    /// A well-formed number of a place that does not exist, so that it belongs to nobody.
    fn number(&mut self, born: NaiveDate, sex: Sex) -> Result<String> {
        let rule = &self.words.names.personal_number;
        let century = (born.year() - 1900).div_euclid(100) * 2 + i32::from(sex == Sex::Female);
        let running = rule.running_from as usize + self.running;
        self.running += 1;
        let number = format!("{}{century}{:02}{running:06}", rule.place_code, born.year() % 100);
        match number.len() {
            12 => Ok(number),
            _ => Err(broken("personal_number")),
        }
    }

    fn household(&mut self, head: Head) -> Result<()> {
        let household = self.pool.households.len();
        let house = self.dice.between(1, 420);
        self.pool.households.push(Household {
            members: Vec::new(),
            ward: head.ward,
            hamlet: head.hamlet,
            house,
        });
        let age = i64::from(self.today.years_since(head.born).unwrap_or_default());
        let number = match head.number {
            Some(number) => number,
            None => self.number(head.born, head.sex)?,
        };
        let first = self.add(Person {
            number,
            name: head.name,
            sex: head.sex,
            born: head.born,
            household,
            father: None,
            mother: None,
            spouse: None,
        });
        let surname = self.pool.people[first].surname().to_owned();
        let married = match age {
            ..25 => 30,
            25..70 => 82,
            _ => 45,
        };
        let spouse = match self.dice.chance(married) && self.has_room() {
            true => Some(self.marry(first, age)?),
            false => None,
        };
        let alone = spouse.is_none() && self.dice.chance(80);
        if !alone {
            self.children(household, first, spouse)?;
        }
        if (25..55).contains(&age) && self.dice.chance(18) && self.has_room() {
            let sex = self.sex();
            let born = self.years_before(head.born, 20, 34);
            let own = (sex == Sex::Male).then_some(surname.as_str());
            let parent = self.relative(household, own, sex, born)?;
            match sex {
                Sex::Male => self.pool.people[first].father = Some(parent),
                Sex::Female => self.pool.people[first].mother = Some(parent),
            }
        }
        Ok(())
    }

    fn has_room(&self) -> bool {
        // A household has a dozen people at the most.
        self.pool.people.len() + 12 < MOST
    }

    fn marry(&mut self, first: usize, age: i64) -> Result<usize> {
        let (sex, household) = match self.pool.people[first].sex {
            Sex::Female => (Sex::Male, self.pool.people[first].household),
            Sex::Male => (Sex::Female, self.pool.people[first].household),
        };
        let born = self.years_before(self.today, (age - 5).max(20), (age + 4).max(22));
        let spouse = self.relative(household, None, sex, born)?;
        self.pool.people[first].spouse = Some(spouse);
        self.pool.people[spouse].spouse = Some(first);
        Ok(spouse)
    }

    fn children(&mut self, household: usize, first: usize, spouse: Option<usize>) -> Result<()> {
        let parents: Vec<usize> = [Some(first), spouse].into_iter().flatten().collect();
        let of = |sex: Sex, people: &[Person]| parents.iter().copied().find(|at| people[*at].sex == sex);
        let (father, mother) = (of(Sex::Male, &self.pool.people), of(Sex::Female, &self.pool.people));
        let older = mother.or(father).map(|at| self.pool.people[at].born);
        let Some(older) = older else { return Ok(()) };
        let by = father.unwrap_or(first);
        let surname = self.pool.people[by].surname().to_owned();
        let mut born = older.checked_add_months(Months::new(self.dice.between(246, 360) as u32));
        for _ in 0..self.dice.between(0, 3) {
            let Some(day) = born.filter(|day| *day < self.today) else {
                return Ok(());
            };
            if self.today.year() - day.year() <= OLDEST_CHILD && self.has_room() {
                let sex = self.sex();
                let child = self.relative(household, Some(&surname), sex, day)?;
                self.pool.people[child].father = father;
                self.pool.people[child].mother = mother;
            }
            let months = Months::new(self.dice.between(14, 60) as u32);
            let days = Days::new(self.dice.between(0, 27) as u64);
            born = day
                .checked_add_months(months)
                .and_then(|day| day.checked_add_days(days));
        }
        Ok(())
    }
}
