//! What a place is called today and what it was called before, anywhere in the country (R221).

use std::collections::BTreeSet;

use identity::{AreaLevel, CatalogueArea, CatalogueEntry, CatalogueQuery, CatalogueShare};
use serde_json::{Value, json};
use web::{Answer, Door, Routes, Visit, address};

use crate::{
    House,
    organisation::{Asked, LONGEST_SHOWN, days, within},
    words::Words,
};

pub(crate) const NAMES: &str = "/dia-danh";
/// A list names so many places that one became; its page names all.
const MOST_NAMED: usize = 4;

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get(NAMES, Door::Public, search)
        .get("/dia-danh/{code}", Door::Public, show)
}

async fn search(visit: Visit<House>) -> Answer {
    let words = Words::new(&visit, "");
    let typed = visit.query("q").unwrap_or_default();
    let mut op = visit.look().await?;
    let asked = Asked::of(&visit, &op);
    // Nothing said means all days: whoever knows the old name alone finds it too.
    let on_day = visit.query("ngay").is_some() && asked.unreadable.is_none();
    let query = CatalogueQuery {
        words: typed.to_owned(),
        on: on_day.then_some(asked.day),
    };
    let found = if typed.is_empty() && !on_day {
        None
    } else {
        let identity = &visit.state.identity;
        Some(
            identity
                .search_area_catalogue(&mut op, &query, &visit.page_request())
                .await?,
        )
    };
    drop(op);
    let kept: Vec<(&str, &str)> = visit.queries().filter(|(name, _)| *name != "sau").collect();
    let at = |cursor| address(NAMES, kept.iter().copied().chain([("sau", cursor)]));
    let shown = match (&asked.unreadable, on_day) {
        (Some(typed), _) => typed.clone(),
        (None, true) => asked.day.to_string(),
        (None, false) => String::new(),
    };
    let wrong = asked
        .unreadable
        .as_ref()
        .map(|_| words.say("place_names.day_unreadable", []));
    let items = found.as_ref().map(|page| {
        let entries = page.items.iter();
        entries.map(|entry| item(&words, &asked, entry)).collect::<Vec<_>>()
    });
    let content = json!({
        "q": typed.chars().take(LONGEST_SHOWN).collect::<String>(), "typed": shown, "wrong": wrong, "items": items,
        "on_day": on_day.then_some(asked.day),
        "everywhere": address(NAMES, [("q", typed)]),
        "first": if visit.query("sau").is_some() { at("") } else { String::new() },
        "next": found.and_then(|page| page.next).as_deref().map(at).unwrap_or_default(),
    });
    visit
        .page_status(asked.status(), "portal/place_names/search.html", content)
        .await
}

/// One found area: what it is called, where, when, and what came after.
fn item(words: &Words, asked: &Asked, entry: &CatalogueEntry) -> Value {
    let mut item = place(words, asked, &entry.area);
    let names: Vec<String> = entry
        .became
        .iter()
        .take(MOST_NAMED)
        .map(|share| full_name(&share.area))
        .collect();
    let more = entry.became.len().saturating_sub(MOST_NAMED);
    let first = entry.became.first().map(|share| share.area.area.validity.from);
    item["after"] = match first {
        Some(day) => json!(words.say(
            if more > 0 {
                "place_names.after_more"
            } else {
                "place_names.after"
            },
            [
                ("day", day.format("%d/%m/%Y").to_string()),
                ("names", names.join("; ")),
                ("count", more.to_string()),
            ],
        )),
        None if entry.area.area.validity.to.is_some_and(|last| last < asked.today) => {
            json!(words.say("place_names.after_unknown", []))
        }
        None => Value::Null,
    };
    item
}

fn full_name(area: &CatalogueArea) -> String {
    match area.place.is_empty() {
        true => area.area.name.clone(),
        false => format!("{}, {}", area.area.name, area.place),
    }
}

/// An area with a link to its page on a day on which its code means it.
fn place(words: &Words, asked: &Asked, found: &CatalogueArea) -> Value {
    let area = &found.area;
    let day = within(area.validity, asked.day);
    json!({
        "name": area.name, "code": area.code, "place": found.place, "days": known_days(words, found),
        "href": asked.on(&format!("{NAMES}/{}", area.code), day),
    })
}

/// Its days; the first one only where it is known.
fn known_days(words: &Words, found: &CatalogueArea) -> String {
    match (found.from_known, found.area.validity.to) {
        (true, _) => days(words, found.area.validity),
        (false, Some(last)) => words.say("place_names.until", [("to", last.format("%d/%m/%Y").to_string())]),
        (false, None) => words.say("place_names.in_use", []),
    }
}

async fn show(visit: Visit<House>) -> Answer {
    let words = Words::new(&visit, "");
    let mut op = visit.look().await?;
    let asked = Asked::of(&visit, &op);
    let identity = &visit.state.identity;
    let found = identity
        .catalogue_lineage(&mut op, visit.param("code"), asked.day)
        .await?;
    drop(op);
    let own = &found.area.area;
    let shares = |all: &[CatalogueShare]| -> Vec<Value> { all.iter().map(|one| shared(&words, &asked, one)).collect() };
    let keys = |all: &[CatalogueShare]| -> BTreeSet<_> {
        let key = |one: &CatalogueShare| (one.area.area.code.clone(), one.area.area.validity.from);
        all.iter().map(key).collect()
    };
    let is_current = own.validity.covers(asked.today);
    let is_split = own.level == AreaLevel::Ward && found.today.iter().any(|one| !one.whole);
    let others = found
        .meanings
        .iter()
        .filter(|meaning| meaning.area.validity != own.validity);
    let content = json!({
        "asked": asked.content(&words), "name": own.name, "code": own.code, "place": found.area.place,
        "days": known_days(&words, &found.area), "in_force": found.in_force, "is_current": is_current,
        "is_ended": own.validity.to.is_some_and(|last| last < asked.today), "is_split": is_split,
        "today": shares(&found.today), "came_from": shares(&found.came_from),
        // What stands there today is told already.
        "became": if keys(&found.became) == keys(&found.today) { Vec::new() } else { shares(&found.became) },
        "others": others.map(|meaning| place(&words, &asked, meaning)).collect::<Vec<_>>(),
        "all": NAMES, "here": format!("{NAMES}/{}", own.code),
    });
    visit
        .page_status(asked.status(), "portal/place_names/place.html", content)
        .await
}

fn shared(words: &Words, asked: &Asked, share: &CatalogueShare) -> Value {
    let mut shown = place(words, asked, &share.area);
    shown["whole"] = json!(share.whole);
    shown["note"] = json!(share.note);
    shown["basis"] = json!(share.basis);
    shown
}
