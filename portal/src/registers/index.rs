//! Every register of the province: those of one's own agency first, all others by system; found without tones (R011, R246).

use std::collections::BTreeMap;

use kernel::{Result, text};
use op::Op;
use registry::definition::{Readers, Sharing, Update};
use registry::{Overview, Published, Wanted};
use serde_json::{Value, json};
use web::{Answer, Door, Routes, Visit, address};

use super::{DESK, PUBLIC, Side, show, system};
use crate::House;
use crate::words::Words;

/// Registers of one page.
const PAGE: usize = 40;

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(PUBLIC, Door::Public, index)
        .get(DESK, Door::Official, index)
}

/// What is asked of the list of registers, as it stands in the address.
struct Asked<'v> {
    text: &'v str,
    system: &'v str,
    owner: &'v str,
    sharing: &'v str,
    update: &'v str,
    /// All of them, open or not; visitors see the open ones first.
    open: bool,
    page: usize,
}

impl<'v> Asked<'v> {
    fn of(visit: &'v Visit<House>) -> Self {
        let value = |name: &str| visit.query(name).unwrap_or_default();
        Self {
            text: value("q"),
            system: value("he-thong"),
            owner: value("co-quan"),
            sharing: value("chia-se"),
            update: value("cap-nhat"),
            open: value("mo") == "true",
            page: value("trang").parse().unwrap_or(1).max(1),
        }
    }

    /// Whether anything narrows the list.
    fn narrows(&self) -> bool {
        [self.text, self.system, self.owner, self.sharing, self.update]
            .iter()
            .any(|one| !one.is_empty())
            || self.open
    }

    /// As the engine understands it.
    fn wanted(&self) -> Wanted {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Wanted {
            text: self.text.to_owned(),
            app: some(self.system),
            sharing: serde_json::from_value(json!(self.sharing)).ok(),
            update: serde_json::from_value(json!(self.update)).ok(),
            ..Wanted::default()
        }
    }

    fn takes(&self, wanted: &Wanted, one: &Overview) -> bool {
        // A form or a way that nobody knows is of no register.
        (self.sharing.is_empty() || wanted.sharing.is_some())
            && (self.update.is_empty() || wanted.update.is_some())
            && (self.owner.is_empty() || self.owner == one.owner.id.to_string())
            && (!self.open || one.published.definition.readers == Readers::Everybody)
            && wanted.takes(&one.published)
    }

    /// The address with another system or page, everything else as it is.
    fn at(&self, base: &str, system: &str, page: usize) -> String {
        let page = if page > 1 { page.to_string() } else { String::new() };
        let pairs = [
            ("q", self.text),
            ("he-thong", system),
            ("co-quan", self.owner),
            ("chia-se", self.sharing),
            ("cap-nhat", self.update),
            ("mo", if self.open { "true" } else { "" }),
            ("trang", page.as_str()),
        ];
        address(base, pairs)
    }
}

async fn index(visit: Visit<House>) -> Answer {
    let side = Side::of(&visit);
    let words = Words::new(&visit, "");
    let asked = Asked::of(&visit);
    let mut op = visit.look().await?;
    let all = visit.state.registry.overview(&mut op).await?;
    let mut content = json!({
        "layout": side.layout(), "base": side.base(), "total": all.len(), "narrowed": asked.narrows(), "desk": side == Side::Desk,
        "asked": {
            "q": asked.text, "system": asked.system, "owner": asked.owner, "sharing": asked.sharing, "update": asked.update, "open": asked.open,
        },
    });
    content["owners"] = json!(owners(&all));
    content["sharings"] = json!(choices(
        &words,
        "sharing",
        &[json!(Sharing::Open), json!(Sharing::Default), json!(Sharing::Specific)]
    ));
    content["updates"] = json!(choices(
        &words,
        "update",
        &[
            json!(Update::Entry),
            json!(Update::Import),
            json!(Update::Exchange),
            json!(Update::Operation)
        ]
    ));
    let systems = Systems::of(&visit, &all);
    content["systems"] = json!(systems.cards(&asked, side));
    content["system_name"] = json!(systems.name(asked.system));
    if asked.narrows() {
        let wanted = asked.wanted();
        let mut found: Vec<&Overview> = all.iter().filter(|one| asked.takes(&wanted, one)).collect();
        // What is called so stands before what only speaks of it.
        let by_words = !asked.text.trim().is_empty();
        let in_name = |one: &Overview| by_words && wanted.names(&one.published);
        found.sort_by_cached_key(|one| (by_words && !in_name(one), systems.place(&one.published.app)));
        let pages = found.len().div_ceil(PAGE).max(1);
        let page = asked.page.min(pages);
        let part = &found[(page - 1) * PAGE..found.len().min(page * PAGE)];
        content["found"] = json!(found.len());
        content["groups"] = json!(match by_words {
            true => ranked(&visit, &mut op, part, &systems, in_name).await?,
            false => grouped(&visit, &mut op, part, &systems).await?,
        });
        let to = |page: usize| asked.at(side.base(), asked.system, page);
        content["previous"] = json!((page > 1).then(|| to(page - 1)));
        content["next"] = json!((page < pages).then(|| to(page + 1)));
    } else {
        let own: Vec<&Overview> = all.iter().filter(|one| one.may.own).collect();
        let enters: Vec<&Overview> = all.iter().filter(|one| one.may.enter && !one.may.own).collect();
        content["own"] = json!(filled_first(lines(&visit, &mut op, &own).await?));
        content["enters"] = json!(filled_first(lines(&visit, &mut op, &enters).await?));
    }
    drop(op);
    visit.page("portal/registers/index.html", content).await
}

/// The systems in Vietnamese order, with how many registers each has.
struct Systems {
    all: Vec<(String, String, usize)>,
}

impl Systems {
    fn of(visit: &Visit<House>, all: &[Overview]) -> Self {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for one in all {
            *counts.entry(&one.published.app).or_default() += 1;
        }
        let mut systems: Vec<(String, String, usize)> = counts
            .into_iter()
            .map(|(app, count)| (app.to_owned(), system(&Words::new(visit, app), app), count))
            .collect();
        systems.sort_by_cached_key(|(_, name, _)| text::collation_key(name));
        Self { all: systems }
    }

    fn place(&self, app: &str) -> usize {
        self.all.iter().position(|(own, ..)| own == app).unwrap_or(usize::MAX)
    }

    fn name(&self, app: &str) -> &str {
        self.all
            .iter()
            .find(|(own, ..)| own == app)
            .map_or("", |(_, name, _)| name)
    }

    fn cards(&self, asked: &Asked<'_>, side: Side) -> Vec<Value> {
        let card = |(app, name, count): &(String, String, usize)| json!({ "key": app, "name": name, "count": count, "href": asked.at(side.base(), app, 1) });
        self.all.iter().map(card).collect()
    }
}

/// The agencies that answer for registers, as choices.
fn owners(all: &[Overview]) -> Vec<Value> {
    let names: BTreeMap<String, &str> = all
        .iter()
        .map(|one| (one.owner.id.to_string(), one.owner.name.as_str()))
        .collect();
    let mut owners: Vec<(String, &str)> = names.into_iter().collect();
    owners.sort_by_cached_key(|(_, name)| text::collation_key(name));
    let each = owners
        .into_iter()
        .map(|(id, name)| json!({ "value": id, "label": name }));
    each.collect()
}

fn choices(words: &Words, table: &str, keys: &[Value]) -> Vec<Value> {
    let one = |key: &Value| {
        let label = words.say(&format!("registers.{table}.{}", show::text(key)), []);
        json!({ "value": key, "label": label })
    };
    keys.iter().map(one).collect()
}

/// What was found, system by system.
async fn grouped(visit: &Visit<House>, op: &mut Op, part: &[&Overview], systems: &Systems) -> Result<Vec<Value>> {
    let mut groups: Vec<Value> = Vec::new();
    for run in part.chunk_by(|one, next| one.published.app == next.published.app) {
        let app = run.first().map_or("", |one| one.published.app.as_str());
        let lines = lines(visit, op, run).await?;
        groups.push(json!({ "key": app, "name": systems.name(app), "items": lines }));
    }
    Ok(groups)
}

/// What was found by words: first those that are called so, then those that speak of it.
async fn ranked(
    visit: &Visit<House>,
    op: &mut Op,
    part: &[&Overview],
    systems: &Systems,
    in_name: impl Fn(&Overview) -> bool,
) -> Result<Vec<Value>> {
    let words = Words::new(visit, "");
    let mut groups = Vec::new();
    for run in part.chunk_by(|one, next| in_name(one) == in_name(next)) {
        let mut lines = lines(visit, op, run).await?;
        for (line, one) in lines.iter_mut().zip(run) {
            line["system"] = json!(systems.name(&one.published.app));
        }
        let named = run.first().is_some_and(|one| in_name(one));
        let key = if named {
            "registers.index.in_name"
        } else {
            "registers.index.in_words"
        };
        groups.push(json!({ "name": words.say(key, []), "items": lines }));
    }
    Ok(groups)
}

/// Those that have records before those that have none.
fn filled_first(mut lines: Vec<Value>) -> Vec<Value> {
    lines.sort_by_key(|line| line["count"] == 0);
    lines
}

/// Registers as the list shows them.
async fn lines(visit: &Visit<House>, op: &mut Op, all: &[&Overview]) -> Result<Vec<Value>> {
    let side = Side::of(visit);
    let words = Words::new(visit, "");
    let mut lines = Vec::with_capacity(all.len());
    let registers: Vec<&Published> = all.iter().map(|one| &one.published).collect();
    let sizes = visit.state.registry.sizes(op, &registers).await?;
    for (one, count) in all.iter().zip(sizes) {
        let definition = &one.published.definition;
        let sharing: Vec<String> = definition
            .sharing
            .iter()
            .map(|form| words.say(&format!("registers.sharing.{}", show::text(&json!(form))), []))
            .collect();
        let update = show::text(&json!(definition.update)).to_owned();
        lines.push(json!({
            "name": definition.words.in_language(words.language()), "href": side.register(&definition.record),
            "about": definition.about.in_language(words.language()), "owner": one.owner.name,
            "sharing": sharing.join(", "), "update": words.say(&format!("registers.update.{update}"), []),
            "count": count, "read": one.may.read,
        }));
    }
    Ok(lines)
}
