//! Synthetic people: staff of the agencies and citizens, the same ones for the same seed.

use chrono::{Datelike, Days, NaiveDate};
use identity::{Identity, NewPerson, Residence, Validity};
use kernel::{
    Fault, Result,
    code::{PersonalNumber, Sex},
};
use op::Op;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{
    offices::founding,
    tables::{self, DemoFile, NamesFile, OrganisationRow, PositionsFile, UnitRow},
};

/// Draws people from the tables of names.
struct Draw {
    names: NamesFile,
    wards: Vec<UnitRow>,
    random: StdRng,
    running: u32,
}

impl Draw {
    fn pick<'a>(random: &mut StdRng, from: &'a [String]) -> &'a str {
        if from.is_empty() {
            ""
        } else {
            &from[random.random_range(0..from.len())]
        }
    }

    fn surname(&mut self) -> String {
        let total: u32 = self.names.surnames.iter().map(|surname| surname.weight).sum();
        let mut at = self.random.random_range(0..total.max(1));
        for surname in &self.names.surnames {
            if at < surname.weight {
                return surname.name.clone();
            }
            at -= surname.weight;
        }
        String::new()
    }

    fn person(&mut self, youngest: NaiveDate, source: String) -> Result<NewPerson> {
        let sex = if self.random.random_bool(0.5) {
            Sex::Female
        } else {
            Sex::Male
        };
        let surname = self.surname();
        let (middle, given) = match sex {
            Sex::Female => (&self.names.middle_female, &self.names.given_female),
            Sex::Male => (&self.names.middle_male, &self.names.given_male),
        };
        let middle = Self::pick(&mut self.random, middle).to_owned();
        let given = Self::pick(&mut self.random, given).to_owned();
        let birth_date = youngest
            .checked_sub_days(Days::new(self.random.random_range(0..365 * 60)))
            .unwrap_or(youngest);
        let ward = &self.wards[self.random.random_range(0..self.wards.len())];
        let hamlets = self
            .names
            .hamlets
            .get(&ward.kind)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let detail = Self::pick(&mut self.random, hamlets).to_owned();
        self.running += 1;
        let number = self.number(birth_date, sex)?;
        Ok(NewPerson {
            personal_number: Some(number),
            birth_date: Some(birth_date),
            sex: Some(sex),
            residence: Some(Residence {
                ward_code: ward.code.clone(),
                detail,
            }),
            synthetic: true,
            source_key: Some(source),
            ..NewPerson::named(format!("{surname} {middle} {given}"))
        })
    }

    /// A well-formed number of a place that does not exist, so that it belongs to nobody.
    fn number(&self, birth_date: NaiveDate, sex: Sex) -> Result<PersonalNumber> {
        let century = if birth_date.year() < 2000 { 0 } else { 2 } + u32::from(sex == Sex::Female);
        let running = self.names.personal_number.running_from + self.running;
        let place = &self.names.personal_number.place_code;
        format!("{place}{century}{:02}{running:06}", birth_date.year() % 100).parse()
    }
}

/// An invented person and, for an official, where they work.
pub(crate) struct Invented {
    pub(crate) person: NewPerson,
    /// Code of the organisation and key of the position.
    pub(crate) post: Option<(String, String)>,
}

/// Everybody whom the tables and the seed make up: the staff of the agencies named in the demonstration, then its citizens.
/// The named accounts are not among them.
pub(crate) fn invented() -> Result<Vec<Invented>> {
    let demo: DemoFile = tables::yaml("hau-giang/demo.yaml")?;
    let positions: PositionsFile = tables::yaml("hau-giang/positions.yaml")?;
    let organisations: Vec<OrganisationRow> = tables::csv("hau-giang/organisations.csv")?;
    let wards: Vec<UnitRow> = tables::csv::<UnitRow>("hau-giang/units.csv")?
        .into_iter()
        .filter(|row| row.level == "commune")
        .collect();
    let names: NamesFile = tables::yaml("hau-giang/names.yaml")?;
    let mut draw = Draw {
        names,
        wards,
        random: StdRng::seed_from_u64(demo.seed),
        running: 0,
    };
    let youngest = NaiveDate::from_ymd_opt(2002, 12, 31).unwrap_or_default();
    let mut people = Vec::new();
    for code in demo.staffed.values().flatten() {
        let row = organisations
            .iter()
            .find(|row| &row.code == code)
            .ok_or_else(|| Fault::internal("compose.table_broken").with("reason", code))?;
        for (position, count) in positions.staffing.get(&row.kind).into_iter().flatten() {
            // The named accounts of the demonstration are counted in.
            let named = demo
                .accounts
                .iter()
                .filter(|one| one.organisation.as_deref() == Some(code) && one.position.as_deref() == Some(position))
                .count();
            for number in named as u32..*count {
                people.push(Invented {
                    person: draw.person(youngest, format!("demo.staff.{code}.{position}.{number}"))?,
                    post: Some((code.clone(), position.clone())),
                });
            }
        }
    }
    for number in 0..demo.counts.citizens {
        people.push(Invented {
            person: draw.person(youngest, format!("demo.citizen.{number}"))?,
            post: None,
        });
    }
    Ok(people)
}

/// Writes the invented people, the officials in their positions.
pub(super) async fn load(identity: &Identity, op: &mut Op) -> Result<()> {
    let organisations: Vec<OrganisationRow> = tables::csv("hau-giang/organisations.csv")?;
    for Invented { person, post } in invented()? {
        let person = identity.register_person(op, &person).await?;
        let Some((organisation, position)) = post else { continue };
        let row = organisations.iter().find(|row| row.code == organisation);
        let row = row.ok_or_else(|| Fault::internal("compose.table_broken").with("reason", &organisation))?;
        let agency = identity.agency_by_code(op, &row.agency_code).await?.id;
        let position = identity.position_by_code(op, agency, &position).await?;
        identity
            .hold_position(op, person, position, Validity::since(founding()))
            .await?;
    }
    Ok(())
}
