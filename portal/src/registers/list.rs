//! The records of one register: filtered, sorted, page by page, all of it in the address.

use db::PageRequest;
use kernel::{Fault, FaultKind};
use op::Op;
use registry::definition::{FieldDefinition, Readers, RecordDefinition};
use registry::{COUNTED, Listing, Order, Query, Values};
use serde_json::{Value, json};
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};

use super::filters::{self, Named, Pairs};
use super::lookups::{FilesOf, Lookups};
use super::show::{self, Show};
use super::{Shown, Side, at};
use crate::House;
use crate::told::{errors_of, status_of};

/// Rows of what was found by something sealed: it is one page.
const MOST_FOUND: u32 = 50;
/// A key up to here is not broken over two lines.
const LONGEST_CODE: usize = 24;

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get("/co-so-du-lieu/{register}", Door::Public, list)
        .get("/can-bo/co-so-du-lieu/{register}", Door::Official, list)
        .post(
            "/can-bo/co-so-du-lieu/{register}/tim",
            Door::Right("registry.open"),
            find,
        )
}

async fn list(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let shown = Shown::list(&visit, &mut op).await?;
    if !shown.may.read {
        return closed(&visit, &mut op, &shown).await;
    }
    let pairs = filters::pairs_of(&visit);
    match filters::name_links(&visit, &mut op, &shown, &pairs).await? {
        Named::Elsewhere(to) => return visit.redirect(to),
        Named::Unclear(field, choices) => {
            let told = Told::Unclear(field, choices);
            return draw(&visit, &mut op, &shown, &pairs, told, None).await;
        }
        Named::Plain => {}
    }
    if let Some(field) = filters::sealed_pair(&shown.published.definition, &pairs) {
        let fault = Fault::invalid("registry.field_sealed").with("field", &field.field);
        return draw(&visit, &mut op, &shown, &Pairs::new(), Told::Fault(fault), None).await;
    }
    let asked = ask(&visit, &mut op, &shown, &pairs, &visit.page_request()).await;
    match asked {
        Ok(found) => draw(&visit, &mut op, &shown, &pairs, Told::Nothing, Some(found)).await,
        Err(fault) if fault.kind == FaultKind::Invalid => {
            draw(&visit, &mut op, &shown, &pairs, Told::Fault(fault), None).await
        }
        Err(fault) => Err(fault),
    }
}

/// What is known of a register that whoever visits may not read: that it is there, and who answers for it (R246).
async fn closed(visit: &Visit<House>, op: &mut Op, shown: &Shown) -> Answer {
    let owner = super::agency_name(visit, op, shown.published.owner).await?;
    let mut content = shown.head();
    content["closed"] = json!(true);
    content["facts"] = json!(facts(shown, &owner));
    visit
        .page_status(StatusCode::FORBIDDEN, "portal/registers/closed.html", content)
        .await
}

/// What was found.
struct Found {
    query: Query,
    listing: Listing,
    count: i64,
}

/// What is told beside the list.
enum Told {
    Nothing,
    Fault(Fault),
    /// A record that a filter names is none, or several.
    Unclear(String, Vec<Value>),
    /// Found by something sealed: the address does not say it.
    Sealed,
}

async fn ask(
    visit: &Visit<House>,
    op: &mut Op,
    shown: &Shown,
    pairs: &Pairs,
    page: &PageRequest,
) -> Result<Found, Fault> {
    let registry = &visit.state.registry;
    let (query, _) = Query::read(&shown.published.definition, pairs)?;
    let listing = registry.list(op, shown.key(), &query, page).await?;
    let count = registry.count(op, shown.key(), &query).await?;
    Ok(Found { query, listing, count })
}

/// Finding by what is sealed: it comes in the body, and no address keeps it.
async fn find(visit: Visit<House>, fields: Fields) -> Answer {
    let mut op = visit.op().await?;
    let shown = Shown::list(&visit, &mut op).await?;
    let definition = &shown.published.definition;
    let pairs: Pairs = fields
        .iter()
        .filter_map(|(name, value)| {
            let field = definition.field(name.strip_prefix("tim.")?)?;
            (filters::is_sealed_filter(field) && !value.trim().is_empty())
                .then(|| (field.field.clone(), value.trim().to_owned()))
        })
        .collect();
    if pairs.is_empty() {
        return visit.redirect(shown.href());
    }
    let page = PageRequest::new(None, Some(MOST_FOUND));
    match ask(&visit, &mut op, &shown, &pairs, &page).await {
        Ok(found) => {
            let page = draw(&visit, &mut op, &shown, &Pairs::new(), Told::Sealed, Some(found)).await?;
            // That somebody was looked for stays written down.
            op.commit().await?;
            Ok(page)
        }
        Err(fault) if fault.kind == FaultKind::Invalid => {
            draw(&visit, &mut op, &shown, &Pairs::new(), Told::Fault(fault), None).await
        }
        Err(fault) => Err(fault),
    }
}

async fn draw(
    visit: &Visit<House>,
    op: &mut Op,
    shown: &Shown,
    pairs: &Pairs,
    told: Told,
    found: Option<Found>,
) -> Answer {
    let definition = &shown.published.definition;
    let (seen, sealed) = visit.state.registry.fields_seen(op, shown.key()).await?;
    let records = found.as_ref().map_or(&[][..], |found| &found.listing.page.items);
    // Filters name things too: their chips say them in words.
    let asked = asked_values(definition, pairs);
    let values: Vec<&Values> = records.iter().map(|record| &record.values).chain([&asked]).collect();
    let mut lookups = Lookups::of(visit, op, definition, &values, FilesOf::Nothing).await?;
    for field in definition.fields.iter().filter(|field| field.search) {
        if let Some(catalogue) = field.catalogue() {
            lookups.add_catalogue(visit, op, catalogue).await?;
        }
    }
    let show = Show {
        words: &shown.words,
        lookups: &lookups,
        side: shown.side,
    };
    let controls = filters::controls(visit, op, shown, &seen, pairs, &show).await?;
    let columns: Vec<&str> = definition
        .list
        .iter()
        .map(String::as_str)
        .filter(|name| seen.iter().any(|own| own == name))
        .collect();
    let mut content = shown.head();
    content["columns"] = json!(heads(shown, &columns, pairs, matches!(told, Told::Sealed)));
    content["rows"] = json!(rows(shown, &columns, pairs, records, &show));
    content["sorts"] = json!(match told {
        Told::Sealed => Vec::new(),
        _ => sorts(shown, &columns),
    });
    content["chips"] = json!(filters::chips(shown, pairs, &show));
    content["controls"] = json!(controls);
    content["sealed_controls"] = json!(sealed_controls(shown, &sealed));
    content["typed"] = typed(pairs);
    content["today"] = json!(kernel::local_date(op.now()));
    let as_of = found.as_ref().and_then(|found| found.query.as_of);
    content["day"] = json!(as_of.unwrap_or_else(|| kernel::local_date(op.now())));
    content["is_today"] = json!(as_of.is_none());
    content["count"] = json!(found.as_ref().map(|found| found.count));
    content["more"] = json!(found.as_ref().is_some_and(|found| found.count >= COUNTED));
    content["narrowed"] = json!(pairs.iter().any(|(name, _)| name != "sort" && name != "as_of"));
    content["plain_href"] = json!(shown.href());
    let next = found.as_ref().and_then(|found| found.listing.page.next.clone());
    let with_cursor = |cursor: String| {
        let mut pairs = pairs.clone();
        pairs.push(("sau".to_owned(), cursor));
        at(&shown.href(), &pairs)
    };
    content["next"] = json!(match told {
        Told::Sealed => None,
        _ => next.map(with_cursor),
    });
    content["first"] = json!(visit.query("sau").map(|_| at(&shown.href(), pairs)));
    content["sealed_found"] = json!(matches!(told, Told::Sealed));
    content["links"] = json!(links(shown, pairs, &told));
    content["bulk"] = json!(bulk(shown, pairs, &told, as_of.is_none()));
    content["waiting"] = json!(waiting(visit, op, shown).await?);
    let owner = super::agency_name(visit, op, shown.published.owner).await?;
    content["facts"] = json!(facts(shown, &owner));
    let open = shown.side == Side::Public && definition.readers == Readers::Everybody;
    content["programs"] = json!(open.then(|| format!("/api/v1/registers/{}", shown.key())));
    let (status, errors) = match &told {
        Told::Nothing | Told::Sealed => (StatusCode::OK, Vec::new()),
        Told::Fault(fault) => (
            status_of(fault),
            errors_of(&shown.words, &labelled(shown, fault), |_| None),
        ),
        Told::Unclear(field, choices) => {
            let key = if choices.is_empty() {
                "registers.list.link_none"
            } else {
                "registers.list.link_many"
            };
            content["unclear"] = json!(choices);
            let text = shown.words.say(key, [("label", label_of(definition, field, shown))]);
            (
                StatusCode::UNPROCESSABLE_ENTITY,
                vec![json!({ "field": field, "text": text })],
            )
        }
    };
    content["errors"] = json!(errors);
    visit.page_status(status, "portal/registers/list.html", content).await
}

/// A fault that names a field by its key names it by its label.
fn labelled(shown: &Shown, fault: &Fault) -> Fault {
    let told = fault
        .params
        .get("field")
        .map(|name| label_of(&shown.published.definition, name, shown));
    let again = Fault::invalid(fault.code);
    let params = fault.params.iter().filter(|(name, _)| *name != "field");
    let again = params.fold(again, |again, (name, value)| again.with(name, value));
    match told {
        Some(label) => again.with("field", label),
        None => again,
    }
}

fn label_of(definition: &RecordDefinition, name: &str, shown: &Shown) -> String {
    let field = definition.field(name);
    field.map_or_else(
        || match name {
            "q" => shown.words.say("registers.list.search", []),
            other => other.to_owned(),
        },
        |field| field.words.in_language(shown.words.language()).to_owned(),
    )
}

/// Codes and identifiers of the address, as if a record held them.
fn asked_values(definition: &RecordDefinition, pairs: &Pairs) -> Values {
    pairs
        .iter()
        .filter(|(name, value)| definition.field(name).is_some() && value != "~")
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect()
}

/// What was typed beside the filters.
fn typed(pairs: &Pairs) -> Value {
    let value = |name: &str| {
        pairs
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    };
    json!({
        "q": value("q").unwrap_or_default(), "sort": value("sort").unwrap_or_default(),
        "as_of": value("as_of").unwrap_or_default(),
    })
}

/// The heads of the table: following one sorts, following it again sorts from the end.
fn heads(shown: &Shown, columns: &[&str], pairs: &Pairs, still: bool) -> Vec<Value> {
    let definition = &shown.published.definition;
    let sorted = pairs
        .iter()
        .find(|(name, _)| name == "sort")
        .map(|(_, value)| value.as_str())
        .unwrap_or_default();
    let order = Order {
        field: sorted.trim_start_matches('-').to_owned(),
        descending: sorted.starts_with('-'),
    };
    let fields = columns.iter().filter_map(|name| definition.field(name));
    fields
        .map(|field| {
            let mut head = json!({ "label": filters::label(&shown.words, field), "number": show::is_number(field) });
            if sorts_by(field) && !still {
                let own = order.field == field.field;
                let next = if own && !order.descending {
                    format!("-{}", field.field)
                } else {
                    field.field.clone()
                };
                let mut to: Pairs = pairs.iter().filter(|(name, _)| name != "sort").cloned().collect();
                to.push(("sort".to_owned(), next));
                head["href"] = json!(at(&shown.href(), &to));
                if own {
                    head["sort"] = json!(if order.descending { "descending" } else { "ascending" });
                }
            }
            head
        })
        .collect()
}

/// Whether a list is sorted by a field.
fn sorts_by(field: &FieldDefinition) -> bool {
    field.search && !field.is_sealed() && field.is_ordered()
}

/// The same orders as choices: a phone shows no heads.
fn sorts(shown: &Shown, columns: &[&str]) -> Vec<Value> {
    let definition = &shown.published.definition;
    let words = &shown.words;
    let fields = columns.iter().filter_map(|name| definition.field(name));
    let each = fields.filter(|field| sorts_by(field)).flat_map(|field| {
        let label = filters::label(words, field);
        let up = words.say("registers.list.sort_up", [("label", label.clone())]);
        let down = words.say("registers.list.sort_down", [("label", label)]);
        [
            json!({ "value": field.field, "label": up }),
            json!({ "value": format!("-{}", field.field), "label": down }),
        ]
    });
    let each: Vec<Value> = each.collect();
    match each.is_empty() {
        true => each,
        false => {
            let newest = json!({ "value": "", "label": words.say("registers.list.sort_newest", []) });
            std::iter::once(newest).chain(each).collect()
        }
    }
}

fn rows(shown: &Shown, columns: &[&str], pairs: &Pairs, records: &[registry::Record], show: &Show<'_>) -> Vec<Value> {
    let definition = &shown.published.definition;
    let day: Pairs = pairs.iter().filter(|(name, _)| name == "as_of").cloned().collect();
    let row = |record: &registry::Record| {
        let href = at(&shown.side.record(shown.key(), record.id), &day);
        let cells = columns.iter().enumerate().filter_map(|(place, name)| {
            let field = definition.field(name)?;
            let value = record.values.get(*name);
            if place > 0 {
                let cell = value.map_or(json!(""), |value| show.cell(field, value));
                let whole = definition.key.contains(&field.field) && cell.as_str().is_some_and(is_code);
                return Some(if whole {
                    json!({ "text": cell, "whole": true })
                } else {
                    cell
                });
            }
            // The first cell names the row and leads to it.
            let text = value.map(|value| show.line(field, value)).unwrap_or_default();
            let title = record.values.get(&definition.title).map(show::text).unwrap_or_default();
            let text = [text.as_str(), title]
                .into_iter()
                .find(|text| !text.is_empty())
                .map(str::to_owned);
            let text = text.unwrap_or_else(|| shown.words.say("registers.show.untitled", []));
            let whole = definition.key.contains(&field.field) && is_code(&text);
            Some(json!({ "text": text, "href": href, "whole": whole }))
        });
        json!({ "cells": cells.collect::<Vec<_>>() })
    };
    records.iter().map(row).collect()
}

/// Whether a key is short and one word, so that it stands in one piece.
fn is_code(text: &str) -> bool {
    text.chars().count() <= LONGEST_CODE && !text.contains(char::is_whitespace)
}

/// What is sealed and found whole: asked in a form of its own.
fn sealed_controls(shown: &Shown, sealed: &[String]) -> Vec<Value> {
    if shown.side != Side::Desk || !shown.may.open {
        return Vec::new();
    }
    let fields = shown.published.definition.fields.iter();
    let found = fields.filter(|field| filters::is_sealed_filter(field) && sealed.contains(&field.field));
    found
        .map(|field| {
            let language = shown.words.language();
            let options = field
                .options
                .iter()
                .map(|option| json!({ "value": option.code, "label": option.words.in_language(language) }));
            json!({
                "name": format!("tim.{}", field.field), "label": field.words.in_language(language),
                "options": options.collect::<Vec<_>>(),
            })
        })
        .collect()
}

/// What else can be done with the register: taking the list away as a file with the filters in force, bringing a file in, how good it is.
fn links(shown: &Shown, pairs: &Pairs, told: &Told) -> Vec<Value> {
    let may = &shown.may;
    let offered = [
        (
            may.export && !matches!(told, Told::Sealed),
            "export",
            at(&format!("{}/xuat", shown.href()), pairs),
        ),
        (may.import, "import", format!("{}/nhap", shown.href())),
        (true, "quality", format!("{}/chat-luong", shown.href())),
    ];
    let offered = offered.into_iter().filter(|(may, ..)| *may && shown.side == Side::Desk);
    offered
        .map(|(_, what, href)| json!({ "text": shown.words.say(&format!("registers.list.{what}"), []), "href": href }))
        .collect()
}

/// Where the records of the list are changed all at once: those of today, found by what stands in the address.
fn bulk(shown: &Shown, pairs: &Pairs, told: &Told, today: bool) -> Option<String> {
    let offered = shown.side == Side::Desk && shown.may.enter && today && matches!(told, Told::Nothing);
    offered.then(|| super::bulk::page_for(&shown.href(), pairs))
}

/// What waits for whoever decides on proposals for the register.
async fn waiting(visit: &Visit<House>, op: &mut Op, shown: &Shown) -> Result<Option<Value>, Fault> {
    if shown.side != Side::Desk || !shown.may.approve {
        return Ok(None);
    }
    let waiting = visit.state.registry.waiting_proposals(op).await?;
    let count = waiting.get(shown.key()).copied().unwrap_or_default();
    Ok((count > 0).then(|| json!({ "count": count, "href": super::proposals::box_of(shown.key()) })))
}

/// Who answers for the register, and how it is kept (R247, R254).
pub(super) fn facts(shown: &Shown, owner: &str) -> Vec<Value> {
    let definition = &shown.published.definition;
    let words = &shown.words;
    let say = |key: &str| words.say(key, []);
    let keyed = |table: &str, value: Value| say(&format!("registers.{table}.{}", show::text(&value)));
    let sharing: Vec<String> = definition
        .sharing
        .iter()
        .map(|form| keyed("sharing", json!(form)))
        .collect();
    let enters: Vec<String> = definition
        .enters
        .iter()
        .map(|level| keyed("level", json!(level)))
        .collect();
    let update = keyed("update", json!(definition.update));
    let update = match &definition.upstream {
        Some(upstream) => words.say(
            "registers.facts.upstream",
            [("update", update), ("upstream", upstream.clone())],
        ),
        None => update,
    };
    let mut facts = vec![
        ("registers.facts.owner", owner.to_owned()),
        ("registers.facts.enters", enters.join(", ")),
        ("registers.facts.sharing", sharing.join(", ")),
        ("registers.facts.update", update),
        ("registers.facts.readers", keyed("readers", json!(definition.readers))),
        ("registers.facts.basis", definition.basis.join(", ")),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    facts
        .into_iter()
        .map(|(key, value)| json!({ "key": say(key), "value": value }))
        .collect()
}
