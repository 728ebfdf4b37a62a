//! The ledger of dossiers (sổ theo dõi hồ sơ, form 07): by days, as a file, to print.

use chrono::{Datelike, NaiveDate};
use dossiers::LedgerRow;
use kernel::{Fault, local_date, parse_date};
use serde_json::{Value, json};
use web::{Answer, Body, Door, Fields, Routes, StatusCode, Visit, address, attachment};

use super::{errors_of, is_told_in_place, status_of};
use crate::{House, account::again, words::Words};

const PATH: &str = "/can-bo/so-theo-doi";
const DOWNLOAD: &str = "/can-bo/so-theo-doi/tai-ve";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(PATH, Door::Official, ledger)
        .get(DOWNLOAD, Door::Official, download)
        .post(DOWNLOAD, Door::Official, shown_again)
}

/// The days asked for; without a question this month until today.
fn period(visit: &Visit<House>, today: NaiveDate) -> Result<(NaiveDate, NaiveDate), Fault> {
    let read = |name: &str, usual: NaiveDate| match visit.query(name) {
        None => Ok(usual),
        Some(text) => {
            parse_date(text).map_err(|_| Fault::invalid("desk.day_unreadable").field(name, "desk.day_unreadable"))
        }
    };
    let from = read("tu", today.with_day(1).unwrap_or(today))?;
    let to = read("den", today)?;
    if from > to {
        return Err(Fault::invalid("desk.days_reversed").field("tu", "desk.days_reversed"));
    }
    Ok((from, to))
}

async fn ledger(visit: Visit<House>) -> Answer {
    let mut op = visit.op().await?;
    let today = local_date(op.now());
    let words = Words::new(&visit, "");
    let asked = period(&visit, today);
    let (from, to) = *asked.as_ref().unwrap_or(&(today, today));
    let found = match asked {
        Ok(_) => {
            visit
                .state
                .dossiers
                .ledger(&mut op, from, to, &visit.page_request())
                .await
        }
        Err(fault) => Err(fault),
    };
    op.commit().await?;
    let (page, fault) = match found {
        Ok(page) => (Some(page), None),
        Err(fault) if is_told_in_place(&fault) => (None, Some(fault)),
        Err(fault) => return Err(fault),
    };
    let days = [from.to_string(), to.to_string()];
    let asked = [("tu", days[0].as_str()), ("den", days[1].as_str())];
    let at = |cursor: &str| address(PATH, asked.into_iter().chain([("sau", cursor)]));
    let columns = [
        "number", "code", "title", "owner", "received", "due", "finished", "returned", "on_time",
    ];
    let columns: Vec<Value> = columns
        .iter()
        .map(|column| json!({ "label": words.say(&format!("desk.ledger.column.{column}"), []) }))
        .collect();
    let (items, next) = match page {
        Some(page) => (
            page.items.iter().map(|line| row(&words, line)).collect::<Vec<_>>(),
            page.next.as_deref().map(at).unwrap_or_default(),
        ),
        None => (Vec::new(), String::new()),
    };
    // What was typed stays in its box, also where no day can be read from it.
    let typed = |name: &str, day: NaiveDate| visit.query(name).map_or_else(|| day.to_string(), ToOwned::to_owned);
    let content = json!({
        "from": typed("tu", from), "to": typed("den", to), "wrong": fault.is_some(), "columns": columns, "items": items, "next": next,
        "first": if visit.query("sau").is_some() { at("") } else { String::new() },
        "csv": address(DOWNLOAD, asked),
        "errors": fault.as_ref().map_or_else(Vec::new, |fault| errors_of(&words, fault, control)),
    });
    let status = fault.as_ref().map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/desk/ledger.html", content).await
}

/// The control of a day: faults of the page name it as it is called here, those of the engine as it is called there.
fn control(field: &str) -> Option<String> {
    match field {
        "tu" | "from" => Some("tu".to_owned()),
        "den" | "to" => Some("den".to_owned()),
        _ => None,
    }
}

fn row(words: &Words, line: &LedgerRow) -> Value {
    let at = |moment: chrono::DateTime<chrono::Utc>| render::datetime_text(&moment.to_rfc3339()).unwrap_or_default();
    let maybe = |moment: Option<chrono::DateTime<chrono::Utc>>| moment.map(at).unwrap_or_default();
    let on_time = match line.on_time {
        Some(true) => words.say("desk.ledger.in_time", []),
        Some(false) => words.say("desk.ledger.late", []),
        None => words.say("desk.ledger.open", []),
    };
    let (title, owner) = match line.withheld {
        true => (String::new(), words.say("desk.ledger.withheld", [])),
        false => (line.title.clone(), line.owner_name.clone()),
    };
    json!({ "cells": [
        line.number.to_string(), { "text": line.code, "href": format!("/can-bo/ho-so/{}", line.id), "code": true }, title,
        owner, at(line.received_at), at(line.due_at), maybe(line.finished_at), maybe(line.returned_at), on_time,
    ] })
}

async fn download(visit: Visit<House>) -> Answer {
    let mut op = visit.op().await?;
    let (from, to) = period(&visit, local_date(op.now()))?;
    let csv = match visit.state.dossiers.ledger_csv(&mut op, from, to).await {
        Err(fault) if again::is_needed(&fault) => {
            drop(op);
            let days = [("tu", from.to_string()), ("den", to.to_string())];
            let days = Fields::new(days.map(|(name, day)| (name.to_owned(), day)));
            return again::ask(&visit, DOWNLOAD, &days, None).await;
        }
        csv => csv?,
    };
    op.commit().await?;
    let name = format!("so-theo-doi-ho-so-{from}-{to}.csv");
    Ok(attachment(&name, "text/csv; charset=utf-8", Body::from(csv), false))
}

/// Who takes the table out of the platform has shown who they are: back to the ledger, whose button now gives it.
async fn shown_again(mut visit: Visit<House>, fields: Fields) -> Answer {
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, DOWNLOAD, &fields, Some(fault)).await;
    }
    let day = |name: &'static str| (name, fields.get(name).unwrap_or_default());
    visit.redirect(address(PATH, [day("tu"), day("den"), ("da", "desk_shown_again")]))
}
