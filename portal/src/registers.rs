//! The registers of the province (cơ sở dữ liệu, danh mục): all of them, the records of one, one record and its past, entering
//! (R011, R012, R246–R256). Officials work in their frame; whoever visits reads what is open in that of citizens.

mod bulk;
mod controls;
mod draw;
mod ending;
mod enter;
mod faults;
mod files;
mod filters;
mod given;
mod history;
mod index;
mod links;
mod list;
mod lookups;
mod map;
mod numbers;
mod proposals;
mod quality;
mod record;
mod show;
mod strip;

use chrono::NaiveDate;
use kernel::{AgencyId, Result, parse_date};
use op::Op;
use registry::{May, Published};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Routes, Visit, address};

use crate::House;
use crate::words::Words;

const PUBLIC: &str = "/co-so-du-lieu";
const DESK: &str = "/can-bo/co-so-du-lieu";

pub(crate) fn routes() -> Routes<House> {
    index::routes()
        .merge(list::routes())
        .merge(record::routes())
        .merge(files::routes())
        .merge(enter::routes())
        .merge(ending::routes())
        .merge(quality::routes())
        .merge(proposals::routes())
        .merge(bulk::routes())
        .merge(draw::routes())
}

/// In which frame a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// That of citizens and visitors.
    Public,
    /// That of officials.
    Desk,
}

impl Side {
    fn of(visit: &Visit<House>) -> Self {
        match visit.path().starts_with(DESK) {
            true => Self::Desk,
            false => Self::Public,
        }
    }

    fn base(self) -> &'static str {
        match self {
            Self::Public => PUBLIC,
            Self::Desk => DESK,
        }
    }

    fn register(self, register: &str) -> String {
        format!("{}/{register}", self.base())
    }

    fn record(self, register: &str, record: Uuid) -> String {
        format!("{}/{register}/{record}", self.base())
    }

    fn layout(self) -> &'static str {
        match self {
            Self::Public => "layouts/citizen.html",
            Self::Desk => "layouts/officer.html",
        }
    }
}

/// A register as a page speaks of it.
struct Shown {
    published: Published,
    may: May,
    side: Side,
    words: Words,
}

impl Shown {
    /// The register of the address, as far as whoever visits reads it.
    async fn read(visit: &Visit<House>, op: &mut Op) -> Result<Self> {
        let registry = &visit.state.registry;
        let register = visit.param("register");
        let published = registry.register(op, register).await?;
        let may = registry.may(op, register, None).await?;
        let words = Words::new(visit, &published.app);
        Ok(Self {
            published,
            may,
            side: Side::of(visit),
            words,
        })
    }

    /// The register of a list, with nothing of the fields that whoever visits does not see: what is asked of those is told as of names that nobody
    /// has declared.
    async fn list(visit: &Visit<House>, op: &mut Op) -> Result<Self> {
        let mut shown = Self::read(visit, op).await?;
        shown.published = visit.state.registry.narrowed(op, visit.param("register")).await?;
        Ok(shown)
    }

    fn key(&self) -> &str {
        &self.published.definition.record
    }

    fn name(&self) -> &str {
        self.published.definition.words.in_language(self.words.language())
    }

    fn href(&self) -> String {
        self.side.register(self.key())
    }

    /// What the heads of all pages about the register say.
    fn head(&self) -> Value {
        let definition = &self.published.definition;
        json!({
            "layout": self.side.layout(), "register": self.key(), "name": self.name(), "href": self.href(), "all": self.side.base(),
            "about": definition.about.in_language(self.words.language()), "may": self.may, "system": system(&self.words, &self.published.app),
        })
    }
}

/// What a system is called; registers that were made here stand together.
fn system(words: &Words, app: &str) -> String {
    if app == registry::OWN_APP {
        return words.say("registers_drawing.system", []);
    }
    let title = words.maybe("title");
    let title = if title.is_empty() { words.maybe("name") } else { title };
    if title.is_empty() { app.to_owned() } else { title }
}

/// What an agency is called; nothing where there is none.
async fn agency_name(visit: &Visit<House>, op: &mut Op, agency: AgencyId) -> Result<String> {
    let found = visit.state.identity.agency_in_charge(op, agency).await;
    known(found.map(|agency| agency.name)).map(Option::unwrap_or_default)
}

/// Nothing where there is nothing.
fn known<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.kind == kernel::FaultKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// A day of the address; nothing where none can be read.
fn day_of(visit: &Visit<House>, name: &str) -> Option<NaiveDate> {
    visit.query(name).and_then(|typed| parse_date(typed).ok())
}

/// `dd/mm/yyyy`.
fn day(day: NaiveDate) -> String {
    kernel::format_date(day)
}

/// From a day to a day, in words.
fn days(words: &Words, from: NaiveDate, to: Option<NaiveDate>) -> String {
    match to {
        None => words.say("registers.days.since", [("from", day(from))]),
        Some(to) => words.say("registers.days.from_to", [("from", day(from)), ("to", day(to))]),
    }
}

/// An address with pairs of its query.
fn at(path: &str, pairs: &[(String, String)]) -> String {
    address(path, pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}
