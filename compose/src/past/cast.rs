//! Who takes part: the invented people, where they live and where they work.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kernel::{
    Fault, Result,
    code::{PersonalNumber, Sex},
};

use super::dice::Dice;
use crate::province::people::invented;
use crate::province::tables::{self, DemoFile, NamesFile, OrganisationRow, UnitRow};

/// Telephone numbers beginning so were given to no operator, so they are nobody's.
const PHONE: &str = "0300";

/// Somebody who takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Someone {
    pub(super) number: PersonalNumber,
    pub(super) name: String,
    pub(super) sex: Sex,
    pub(super) born: NaiveDate,
    pub(super) ward: String,
    pub(super) detail: String,
}

impl Someone {
    /// The number by which this person is called in the plan.
    pub(super) fn key(&self) -> String {
        self.number.as_str().to_owned()
    }

    pub(super) fn phone(&self) -> String {
        format!("{PHONE}{}", &self.number.as_str()[6..])
    }

    pub(super) fn surname(&self) -> &str {
        self.name.split(' ').next().unwrap_or_default()
    }

    /// Whole years on the day.
    pub(super) fn age(&self, on: NaiveDate) -> u32 {
        on.years_since(self.born).unwrap_or_default()
    }
}

/// An agency that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Office {
    pub(super) code: String,
    pub(super) unit: String,
    pub(super) parent: String,
}

/// Everybody, and the agencies that have staff.
pub(super) struct Cast {
    people: Vec<Someone>,
    named: BTreeMap<String, usize>,
    /// By organisation and position.
    posts: BTreeMap<(String, String), Vec<usize>>,
    /// By ward, without officials.
    residents: BTreeMap<String, Vec<usize>>,
    pub(super) communes: Vec<Office>,
    /// Those in which a commune has staff.
    pub(super) districts: Vec<Office>,
    units: BTreeMap<String, UnitRow>,
    names: NamesFile,
}

fn broken(reason: impl std::fmt::Display) -> Fault {
    Fault::internal("compose.table_broken").with("reason", reason)
}

impl Cast {
    pub(super) fn read() -> Result<Self> {
        let demo: DemoFile = tables::yaml("hau-giang/demo.yaml")?;
        let organisations: Vec<OrganisationRow> = tables::csv("hau-giang/organisations.csv")?;
        let offices = |level: &str| -> Result<Vec<Office>> {
            let codes = demo.staffed.get(level).ok_or_else(|| broken(level))?;
            let row = |code: &String| organisations.iter().find(|row| &row.code == code);
            let office = |code: &String| {
                let row = row(code).ok_or_else(|| broken(code))?;
                Ok(Office {
                    code: row.code.clone(),
                    unit: row.unit_code.clone(),
                    parent: row.parent.clone(),
                })
            };
            codes.iter().map(office).collect()
        };
        let communes = offices("communes")?;
        let mut districts = offices("districts")?;
        districts.retain(|district| communes.iter().any(|commune| commune.parent == district.code));
        let mut cast = Self {
            people: Vec::new(),
            named: BTreeMap::new(),
            posts: BTreeMap::new(),
            residents: BTreeMap::new(),
            communes,
            districts,
            units: tables::csv::<UnitRow>("hau-giang/units.csv")?
                .into_iter()
                .map(|row| (row.code.clone(), row))
                .collect(),
            names: tables::yaml("hau-giang/names.yaml")?,
        };
        cast.name_accounts(demo)?;
        for one in invented()? {
            let (Some(number), Some(born), Some(sex), Some(home)) = (
                one.person.personal_number,
                one.person.birth_date,
                one.person.sex,
                one.person.residence,
            ) else {
                continue;
            };
            let someone = Someone {
                number,
                name: one.person.full_name,
                sex,
                born,
                ward: home.ward_code,
                detail: home.detail,
            };
            cast.add(someone, one.post);
        }
        Ok(cast)
    }

    fn name_accounts(&mut self, demo: DemoFile) -> Result<()> {
        for row in demo.accounts {
            let home = row.residence.map(|home| (home.unit, home.hamlet)).unwrap_or_default();
            let someone = Someone {
                number: row.personal_number.parse()?,
                name: row.name,
                sex: if row.sex == "female" { Sex::Female } else { Sex::Male },
                born: row.born.parse().map_err(|_| broken(&row.born))?,
                ward: home.0,
                detail: home.1,
            };
            self.named.insert(row.sign_in, self.people.len());
            match row.organisation.zip(row.position) {
                Some(post) => self.add(someone, Some(post)),
                // Their dossiers are told one by one, so nobody else's story falls on them.
                None => self.people.push(someone),
            }
        }
        Ok(())
    }

    fn add(&mut self, someone: Someone, post: Option<(String, String)>) {
        let at = self.people.len();
        match post {
            Some(post) => self.posts.entry(post).or_default().push(at),
            None => self.residents.entry(someone.ward.clone()).or_default().push(at),
        }
        self.people.push(someone);
    }

    pub(super) fn named(&self, sign_in: &str) -> Result<&Someone> {
        let at = self.named.get(sign_in).ok_or_else(|| broken(sign_in))?;
        Ok(&self.people[*at])
    }

    pub(super) fn sign_ins(&self) -> impl Iterator<Item = (&str, &Someone)> {
        self.named.iter().map(|(name, at)| (name.as_str(), &self.people[*at]))
    }

    /// All officials.
    pub(super) fn officials(&self) -> impl Iterator<Item = &Someone> {
        self.posts.values().flatten().map(|at| &self.people[*at])
    }

    pub(super) fn residents(&self, ward: &str) -> Vec<&Someone> {
        let there = self.residents.get(ward).into_iter().flatten();
        there.map(|at| &self.people[*at]).collect()
    }

    /// One of those who hold one of the positions.
    pub(super) fn official(&self, dice: &mut Dice, office: &str, positions: &[&str]) -> Result<&Someone> {
        let mut there = Vec::new();
        for position in positions {
            let post = (office.to_owned(), (*position).to_owned());
            there.extend(self.posts.get(&post).into_iter().flatten().copied());
        }
        if there.is_empty() {
            return Err(broken(format!("{office}: {}", positions.join(", "))));
        }
        Ok(&self.people[*dice.pick(&there)])
    }

    pub(super) fn commune_of(&self, ward: &str) -> Result<&Office> {
        let found = self.communes.iter().find(|office| office.unit == ward);
        found.ok_or_else(|| broken(ward))
    }

    /// `phường Ngã Bảy, thành phố Ngã Bảy, tỉnh Hậu Giang`.
    pub(super) fn place(&self, ward: &str) -> String {
        let mut parts = Vec::new();
        let mut next = self.units.get(ward);
        while let Some(unit) = next {
            let mut letters = unit.name.chars();
            let first: String = letters.next().into_iter().flat_map(char::to_lowercase).collect();
            parts.push(format!("{first}{}", letters.as_str()));
            next = self.units.get(&unit.parent);
        }
        parts.join(", ")
    }

    pub(super) fn street(&self, dice: &mut Dice) -> &str {
        dice.pick(self.names.streets.as_slice()).as_str()
    }

    /// A name that is nobody's in particular.
    pub(super) fn invent(&self, dice: &mut Dice, sex: Sex) -> String {
        let weights: Vec<u32> = self.names.surnames.iter().map(|surname| surname.weight).collect();
        let surname = self.names.surnames[dice.weighted(&weights)].name.clone();
        let (middle, given) = match sex {
            Sex::Female => (&self.names.middle_female, &self.names.given_female),
            Sex::Male => (&self.names.middle_male, &self.names.given_male),
        };
        let middle = dice.pick(middle).clone();
        format!("{surname} {middle} {}", dice.pick(given))
    }

    /// The ethnic group that goes with a surname.
    pub(super) fn ethnic_group(&self, surname: &str) -> String {
        let known = self.names.surnames.iter().find(|known| known.name == surname);
        let group = known.and_then(|known| known.ethnic_groups.first());
        group.cloned().unwrap_or_else(|| "01".to_owned())
    }
}
