//! Which dossiers there are, at which agency, and how those of the past ended.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Result, code::Sex};

use super::Stage;
use super::answers::{self, Filled};
use super::cast::{Office, Someone};
use super::dice::Dice;
use super::tale::{Crew, Happening, Tale, Told};
use super::today;
use crate::scenarios::What;

pub(super) const EXTRACT: &str = "civil-extract";
pub(super) const BIRTH: &str = "birth-registration";
pub(super) const SHOP: &str = "household-business";

/// Something that happens at a desk.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    pub(super) at: DateTime<Utc>,
    /// The case, counted at this desk, and the step of it: together the name of the event.
    pub(super) case: usize,
    pub(super) step: usize,
    pub(super) happening: Happening,
}

/// The cases that one agency receives. Its numbers are drawn here, so its events go in order of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Desk {
    pub(super) office: String,
    /// The key of the system of each case.
    pub(super) cases: Vec<String>,
    pub(super) events: Vec<Event>,
}

/// Everything that happened.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Plan {
    pub(super) desks: Vec<Desk>,
}

impl Plan {
    /// Everybody who does something.
    pub(super) fn people(&self) -> BTreeSet<&str> {
        let events = self.desks.iter().flat_map(|desk| &desk.events);
        events
            .filter_map(|event| match &event.happening {
                Happening::Done(what) => what.by(),
                Happening::LateSought => None,
            })
            .collect()
    }

    pub(super) fn events(&self) -> usize {
        self.desks.iter().map(|desk| desk.events.len()).sum()
    }
}

/// How a dossier of the past ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    OnTime,
    Early,
    Late,
    Supplemented,
    Refused,
    Withdrawn,
}

const ENDS: [(&str, End); 6] = [
    ("on_time", End::OnTime),
    ("early", End::Early),
    ("late", End::Late),
    ("supplemented", End::Supplemented),
    ("refused", End::Refused),
    ("withdrawn", End::Withdrawn),
];

/// Puts the plan together.
pub(super) struct Planner<'a> {
    pub(super) stage: &'a Stage<'a>,
    pub(super) dice: Dice,
    desks: BTreeMap<String, Vec<(String, Told)>>,
    /// Nobody has two newborn children or two shops.
    taken: BTreeSet<(&'static str, String)>,
    shops: BTreeSet<String>,
}

/// The plan of so many dossiers: first those that stand somewhere today, then those that are over.
pub(super) fn plan(stage: &Stage<'_>, count: u32) -> Result<Plan> {
    let mut planner = Planner {
        stage,
        dice: Dice::new(stage.seed),
        desks: BTreeMap::new(),
        taken: BTreeSet::new(),
        shops: BTreeSet::new(),
    };
    today::named_people(&mut planner)?;
    today::ward(&mut planner, stage.cast.commune_of(today::WARD)?)?;
    today::city(&mut planner)?;
    let rest = (count as usize).saturating_sub(planner.count());
    let running = rest / 10;
    for number in 0..running {
        let office = &stage.cast.communes[number % stage.cast.communes.len()];
        today::elsewhere(&mut planner, office, number)?;
    }
    while planner.count() < count as usize {
        planner.over()?;
    }
    Ok(planner.finish())
}

impl<'a> Planner<'a> {
    fn count(&self) -> usize {
        self.desks.values().map(Vec::len).sum()
    }

    /// A tale of its own chance, so that one more or less elsewhere does not change it.
    pub(super) fn tale(&mut self, app: &str, who: &'a Someone, filled: Filled, crew: Crew) -> Result<Tale<'a>> {
        let seed = u64::try_from(self.dice.between(0, i64::MAX)).unwrap_or_default();
        let app = self.stage.app(app)?;
        Ok(Tale::new(self.stage, Dice::new(seed), app, who, crew, filled))
    }

    pub(super) fn keep(&mut self, office: &str, tale: Tale<'a>) {
        let app = tale.app.key.clone();
        self.desks.entry(office.to_owned()).or_default().push((app, tale.end()));
    }

    /// The officials of a commune.
    pub(super) fn commune(&mut self, office: &str) -> Result<Crew> {
        let cast = &self.stage.cast;
        Ok(Crew {
            clerk: cast.official(&mut self.dice, office, &["commune_clerk"])?.key(),
            specialist: cast.official(&mut self.dice, office, &["commune_justice"])?.key(),
            leader: cast
                .official(&mut self.dice, office, &["commune_chair", "commune_vice_chair"])?
                .key(),
            ward: String::new(),
        })
    }

    /// The officials of a district, and the one of the commune in which the shop is.
    pub(super) fn district(&mut self, office: &str, commune: &str) -> Result<Crew> {
        let cast = &self.stage.cast;
        Ok(Crew {
            clerk: cast.official(&mut self.dice, office, &["district_clerk"])?.key(),
            specialist: cast.official(&mut self.dice, office, &["district_finance"])?.key(),
            leader: cast.official(&mut self.dice, office, &["district_finance_head"])?.key(),
            ward: cast.official(&mut self.dice, commune, &["commune_justice"])?.key(),
        })
    }

    /// Somebody of the ward; for a birth of the right age, and nobody twice.
    pub(super) fn resident(&mut self, app: &'static str, ward: &str, on: chrono::NaiveDate) -> Option<&'a Someone> {
        let fits = |one: &&Someone| {
            let most = if one.sex == Sex::Female { 41 } else { 48 };
            let age = one.age(on);
            let old_enough = app != BIRTH || (20..=most).contains(&age);
            old_enough && (app == EXTRACT || !self.taken.contains(&(app, one.key())))
        };
        let there: Vec<&'a Someone> = self.stage.cast.residents(ward).into_iter().filter(fits).collect();
        if there.is_empty() {
            return None;
        }
        let one = *self.dice.pick(&there);
        self.taken.insert((app, one.key()));
        Some(one)
    }

    /// A case of civil status in a commune, by somebody who lives there: a copy where nobody is left for a birth.
    pub(super) fn civil(&mut self, app: &'static str, office: &Office, on: chrono::NaiveDate) -> Result<Tale<'a>> {
        let (app, who) = match self.resident(app, &office.unit, on) {
            Some(who) => (app, who),
            None => {
                let who = self.resident(EXTRACT, &office.unit, on);
                (EXTRACT, who.ok_or_else(|| super::nobody(&office.code))?)
            }
        };
        let stage = self.stage;
        let filled = if app == BIRTH {
            answers::birth(&stage.cast, &stage.file, &mut self.dice, who, on)
        } else {
            answers::extract(&stage.cast, &mut self.dice, who, on)
        };
        let crew = self.commune(&office.code)?;
        self.tale(app, who, filled, crew)
    }

    /// A shop in the district, in a ward that has staff.
    pub(super) fn shop(&mut self, district: &Office, on: chrono::NaiveDate) -> Result<Tale<'a>> {
        let communes: Vec<&Office> = self
            .stage
            .cast
            .communes
            .iter()
            .filter(|commune| commune.parent == district.code)
            .collect();
        let commune = *self.dice.pick(&communes);
        let who = self.resident(SHOP, &commune.unit, on);
        let who = who.ok_or_else(|| super::nobody(&district.code))?;
        self.shop_of(who, district, commune)
    }

    pub(super) fn shop_of(&mut self, who: &'a Someone, district: &Office, commune: &Office) -> Result<Tale<'a>> {
        let stage = self.stage;
        let given: Vec<&str> = who.name.split(' ').rev().take(2).collect();
        let given = given.into_iter().rev().collect::<Vec<_>>().join(" ");
        let shop = self.dice.pick(&stage.file.shops);
        let plain = stage
            .file
            .shop_name
            .replace("{shop}", &shop.name)
            .replace("{owner}", &given);
        let mut name = plain.clone();
        let mut number = 2;
        while !self.shops.insert(name.clone()) {
            name = format!("{plain} {number}");
            number += 1;
        }
        let filled = answers::shop(&stage.cast, &stage.file, &mut self.dice, who, (shop, name));
        let crew = self.district(&district.code, &commune.code)?;
        self.tale(SHOP, who, filled, crew)
    }

    /// One more dossier of the past that is over.
    fn over(&mut self) -> Result<()> {
        let stage = self.stage;
        let online = self.dice.chance(60);
        let shares: Vec<u32> = ENDS
            .iter()
            .map(|(name, _)| stage.shares.get(*name).copied().unwrap_or_default())
            .collect();
        let end = ENDS[self.dice.weighted(&shares)].1;
        // Who withdraws does it from the own account.
        let online = online || end == End::Withdrawn;
        let day = stage.moments.day(&mut self.dice, online);
        let at = if online {
            stage.moments.online(&mut self.dice, day)
        } else {
            stage.moments.counter(&mut self.dice, day)
        };
        let (office, mut tale) = if self.dice.chance(25) {
            let weights: Vec<u32> = (stage.cast.districts.iter())
                .map(|office| if office.code == today::CITY { 3 } else { 1 })
                .collect();
            let office = &stage.cast.districts[self.dice.weighted(&weights)];
            (office, self.shop(office, day)?)
        } else {
            let weights: Vec<u32> = (stage.cast.communes.iter())
                .map(|office| if office.unit == today::WARD { 4 } else { 1 })
                .collect();
            let office = &stage.cast.communes[self.dice.weighted(&weights)];
            let app = if self.dice.chance(40) { BIRTH } else { EXTRACT };
            (office, self.civil(app, office, day)?)
        };
        tale.online = online;
        go(&mut tale, at, end)?;
        self.keep(&office.code, tale);
        Ok(())
    }

    fn finish(self) -> Plan {
        let first = [today::WARD_OFFICE, today::CITY];
        let place = |office: &String| first.iter().position(|known| known == office).unwrap_or(first.len());
        let mut offices: Vec<String> = self.desks.keys().cloned().collect();
        offices.sort_by_key(place);
        let mut told = self.desks;
        let desks = offices.into_iter().map(|office| {
            let cases = told.remove(&office).unwrap_or_default();
            desk(office, cases)
        });
        Plan { desks: desks.collect() }
    }
}

/// All events of an agency in order of time, its receipts numbered.
fn desk(office: String, told: Vec<(String, Told)>) -> Desk {
    let mut desk = Desk {
        office,
        ..Desk::default()
    };
    for (case, (app, events)) in told.into_iter().enumerate() {
        desk.cases.push(app);
        for (step, (at, happening)) in events.into_iter().enumerate() {
            desk.events.push(Event {
                at,
                case,
                step,
                happening,
            });
        }
    }
    desk.events.sort_by_key(|event| (event.at, event.case, event.step));
    let mut receipts = 0;
    for event in &mut desk.events {
        if let Happening::Done(what) = &mut event.happening
            && let What::Pay { receipt, .. } = &mut **what
        {
            receipts += 1;
            *receipt = Some(format!("BL-{receipts:04}"));
        }
    }
    desk
}

/// From the hand-in to the end.
fn go(tale: &mut Tale<'_>, at: DateTime<Utc>, end: End) -> Result<()> {
    let shop = tale.app.key == SHOP;
    let words = tale.stage.words(tale.app);
    let reception = if tale.online { (10, 150) } else { (4, 14) };
    let at_reception = end == End::Supplemented && (tale.online && tale.dice.chance(60));
    let missing = at_reception
        .then_some(&words.at_reception)
        .filter(|missing| fits(tale, missing));
    tale.hand_in(at, missing.and_then(|missing| missing.answer.as_deref()));
    if end == End::Withdrawn && tale.dice.chance(50) {
        tale.withdraw((5, 60));
        return Ok(());
    }
    if end == End::Refused && tale.online && tale.dice.chance(50) {
        tale.refuse(reception, "receive", &words.turned_away);
        return Ok(());
    }
    if let Some(missing) = missing {
        tale.ask(reception, "receive", missing);
        let hours = tale.dice.between(2, 50);
        let brought = tale.now() + TimeDelta::hours(hours);
        tale.supply(brought, missing);
    }
    let paid = !shop || tale.dice.chance(70);
    if shop && paid {
        tale.pay(reception, "registration");
    }
    tale.accept(if shop && paid { (2, 9) } else { reception })?;
    if !paid {
        tale.wait();
        tale.pay((60, 600), "registration");
    }
    if end == End::Withdrawn {
        tale.withdraw((5, 25));
        return Ok(());
    }
    let left = tale.left();
    let of = |least: i64, most: i64| (left * least / 100, left * most / 100);
    if shop {
        tale.confirm(of(8, 20));
    }
    if tale.dice.chance(30) {
        tale.claim(of(2, 8), "check");
    }
    if end == End::Supplemented && missing.is_none() {
        tale.ask(of(5, 15), "check", &words.at_check);
        let hours = tale.dice.between(3, 60);
        let brought = tale.now() + TimeDelta::hours(hours);
        tale.supply(brought, &words.at_check);
    }
    if end == End::Refused {
        tale.propose_refusal(of(10, 30));
        tale.refuse(of(10, 30), "approve", &words.refusal);
        return Ok(());
    }
    let note = tale.dice.pick(&words.propose).clone();
    let (check, decide) = if end == End::Early {
        (of(3, 12), of(3, 12))
    } else {
        (of(10, 25), of(10, 25))
    };
    tale.propose(check, "check", &note);
    if tale.dice.chance(4) && end == End::OnTime {
        tale.send_back(of(3, 8));
        tale.propose(of(3, 8), if shop { "revise" } else { "check" }, &words.propose_again);
    }
    if end == End::Late {
        tale.becomes_late();
        if tale.dice.chance(70) {
            tale.apologise(2);
        }
        tale.approve((60, 460));
    } else {
        tale.approve(decide);
    }
    tale.hand_over(if tale.online { (30, 480) } else { (10, 240) });
    if tale.online && tale.dice.chance(45) {
        tale.rate();
    }
    Ok(())
}

/// A paper can only be found unfit where it was handed in.
fn fits(tale: &Tale<'_>, missing: &super::words::Missing) -> bool {
    missing.paper.as_ref().is_none_or(|paper| tale.has_paper(paper))
}
