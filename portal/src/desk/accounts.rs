//! Looking after the accounts of others (quản lý tài khoản, R036, R037, R045).

use chrono::TimeDelta;
use identity::{AccountFilter, AccountRow, AccountSheet, AccountState, EntryCode};
use kernel::{AccountId, Fault, Result};
use serde_json::{Value, json};
use web::{Answer, Body, Door, Fields, Routes, StatusCode, Visit, address, attachment};

use super::{errors_of, faults_of, is_told_in_place, status_of};
use crate::House;
use crate::account::{again, offices::role_name};
use crate::told::called;
use crate::words::Words;

const PATH: &str = "/can-bo/tai-khoan";
const DOWNLOAD: &str = "/can-bo/tai-khoan/tai-ve";
/// What can be done, in the order of the page.
const ACTS: [&str; 6] = [
    "give_entry_code",
    "withdraw_entry_code",
    "reset_second_factor",
    "end_sessions",
    "suspend",
    "resume",
];

pub(super) fn routes() -> Routes<House> {
    let door = Door::Right("identity.accounts");
    Routes::new()
        .get(PATH, door, list)
        .get(DOWNLOAD, Door::Right("oversight.export_accounts"), download)
        .post(DOWNLOAD, Door::Right("oversight.export_accounts"), shown_again)
        .post(
            "/can-bo/tai-khoan/{id}/tra-vai-tro",
            Door::Right("identity.return_role"),
            give_back,
        )
        .get("/can-bo/tai-khoan/{id}", Door::Right("identity.see_account"), show)
        .post("/can-bo/tai-khoan/{id}", Door::Right("identity.see_account"), act)
}

/// The list that `hien` names.
fn filter(visit: &Visit<House>) -> (AccountFilter, &'static str) {
    let identity = &visit.state.identity;
    match visit.query("hien") {
        Some("dac-quyen") => (AccountFilter::Privileged, "dac-quyen"),
        Some("lau-khong-dung") => {
            let since = visit.site().ops.now() - TimeDelta::days(i64::from(identity.dormant_days()));
            (AccountFilter::Dormant(since), "lau-khong-dung")
        }
        Some("tam-khoa") => (AccountFilter::Suspended, "tam-khoa"),
        Some("chua-bat-dau") => (AccountFilter::NotStarted, "chua-bat-dau"),
        _ => (AccountFilter::All, ""),
    }
}

async fn list(visit: Visit<House>) -> Answer {
    let words = Words::new(&visit, "");
    let typed = visit.query("q").unwrap_or_default().to_owned();
    let (filter, shown) = filter(&visit);
    let mut op = visit.op().await?;
    let found = visit
        .state
        .identity
        .accounts(&mut op, &typed, filter, &visit.page_request())
        .await;
    let (page, fault) = match found {
        Ok(page) => {
            op.commit().await?;
            (Some(page), None)
        }
        Err(fault) if is_told_in_place(&fault) && fault.code == "identity.search_too_short" => (None, Some(fault)),
        Err(fault) => return Err(fault),
    };
    let asked = [("q", typed.as_str()), ("hien", shown)];
    let at = |cursor: &str| address(PATH, asked.into_iter().chain([("sau", cursor)]));
    let columns: Vec<Value> = ["name", "login", "positions", "state", "last"]
        .iter()
        .map(|column| json!({ "label": words.say(&format!("desk.accounts.column.{column}"), []) }))
        .collect();
    let (items, next) = page.map_or_else(
        || (Vec::new(), String::new()),
        |page| {
            let rows = page.items.iter().map(|row| cells(&words, row)).collect();
            (rows, page.next.as_deref().map(at).unwrap_or_default())
        },
    );
    let filters: Vec<Value> = ["", "dac-quyen", "lau-khong-dung", "tam-khoa", "chua-bat-dau"]
        .iter()
        .map(|value| {
            let key = if value.is_empty() {
                "all".to_owned()
            } else {
                value.replace('-', "_")
            };
            let days = visit.state.identity.dormant_days().to_string();
            json!({ "value": value, "label": words.say(&format!("desk.accounts.show.{key}"), [("days", days)]) })
        })
        .collect();
    let content = json!({
        "csv": visit.rights().may("oversight.export_accounts").then(|| address(DOWNLOAD, asked)),
        "items": items, "columns": columns, "next": next, "typed": typed, "shown": shown, "filters": filters,
        "first": if visit.query("sau").is_some() { at("") } else { String::new() },
        "errors": fault.as_ref().map_or_else(Vec::new, |fault| errors_of(&words, fault, |_| Some("q".to_owned()))),
        "wrong": fault.as_ref().map(|fault| words.fault(fault)),
    });
    let status = fault.as_ref().map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/desk/accounts.html", content).await
}

fn cells(words: &Words, row: &AccountRow) -> Value {
    let last = row.last_sign_in_at.map_or_else(
        || words.say("desk.accounts.never", []),
        |at| render::datetime_text(&at.to_rfc3339()).unwrap_or_default(),
    );
    json!({ "cells": [
        { "text": row.name, "href": format!("{PATH}/{}", row.id) }, row.login, row.positions.join("; "), state(words, row), last,
    ] })
}

/// The state in words, with what is to be noticed.
fn state(words: &Words, row: &AccountRow) -> String {
    let mut parts = vec![words.say(&format!("desk.rights.state_{}", row.state.as_str()), [])];
    if row.privileged {
        parts.push(words.say("desk.accounts.privileged", []));
    }
    if !row.has_password && row.last_sign_in_at.is_none() {
        parts.push(words.say("desk.accounts.not_started", []));
    } else if !row.second_factor && !row.positions.is_empty() {
        parts.push(words.say("desk.accounts.no_second_factor", []));
    }
    parts.join("; ")
}

/// The list as a table.
async fn download(visit: Visit<House>) -> Answer {
    let (filter, shown) = filter(&visit);
    let typed = visit.query("q").unwrap_or_default().to_owned();
    let mut op = visit.op().await?;
    let csv = match visit.state.oversight.accounts_csv(&mut op, &typed, filter).await {
        Err(fault) if again::is_needed(&fault) => {
            drop(op);
            let asked = [("q", typed), ("hien", shown.to_owned())].map(|(name, value)| (name.to_owned(), value));
            return again::ask(&visit, DOWNLOAD, &Fields::new(asked), None).await;
        }
        csv => csv?,
    };
    op.commit().await?;
    let name = format!("tai-khoan-{}.csv", kernel::local_date(visit.site().ops.now()));
    Ok(attachment(&name, "text/csv; charset=utf-8", Body::from(csv), false))
}

/// Who takes the table out of the platform has shown who they are: back to the list, whose button now gives it.
async fn shown_again(mut visit: Visit<House>, fields: Fields) -> Answer {
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, DOWNLOAD, &fields, Some(fault)).await;
    }
    let part = |name: &'static str| (name, fields.get(name).unwrap_or_default());
    visit.redirect(address(PATH, [part("q"), part("hien"), ("da", "table_shown_again")]))
}

/// A role that was taken back is given back.
async fn give_back(mut visit: Visit<House>, fields: Fields) -> Answer {
    let account: AccountId = visit.parse_param("id")?;
    let path = format!("{PATH}/{account}/tra-vai-tro");
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, &path, &fields, Some(fault)).await;
    }
    let named = fields.required("withheld")?;
    let withheld = named.parse().map_err(|_| Fault::not_found("web.not_found"))?;
    let reason = fields.get(&format!("why.{named}")).unwrap_or_default();
    let mut op = visit.op().await?;
    match visit.state.identity.return_role(&mut op, withheld, reason).await {
        Ok(()) => {
            op.commit().await?;
            visit.redirect(format!("{PATH}/{account}?da=account_role_returned"))
        }
        Err(fault) if again::is_needed(&fault) => {
            drop(op);
            again::ask(&visit, &path, &fields, None).await
        }
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            draw(&visit, &fields, Some(&fault), None).await
        }
        Err(fault) => Err(fault),
    }
}

async fn show(visit: Visit<House>) -> Answer {
    draw(&visit, &Fields::default(), None, None).await
}

async fn draw(visit: &Visit<House>, typed: &Fields, fault: Option<&Fault>, given: Option<&EntryCode>) -> Answer {
    let account: AccountId = visit.parse_param("id")?;
    let words = Words::new(visit, "");
    let mut op = visit.op().await?;
    let sheet = visit.state.identity.account_sheet(&mut op, account).await?;
    let identity = &visit.state.identity;
    let waiting = identity.merge_of(&mut op, sheet.row.person).await?;
    let joined = identity.remaining_of(&mut op, sheet.row.person).await?;
    let mergeable = visit.rights().may("identity.merge_accounts")
        && !sheet.own
        && sheet.row.state == AccountState::Active
        && sheet.positions.is_empty()
        && waiting.is_none();
    let manager = visit.state.scim.manager_of(&mut op, account).await?;
    let manager = match manager {
        Some(client) if visit.rights().everywhere("openid.client") => Some(
            visit
                .state
                .openid
                .client(&mut op, &client)
                .await
                .map_or(client, |found| found.name),
        ),
        other => other,
    };
    op.commit().await?;
    let lines: Vec<Value> = sheet
        .lines
        .iter()
        .map(|line| {
            let who = if line.by_name.is_empty() {
                words.say("desk.accounts.by_platform", [])
            } else {
                line.by_name.clone()
            };
            json!({ "title": words.say(&format!("desk.accounts.line.{}", line.act), []), "at": line.at, "who": who, "text": line.reason })
        })
        .collect();
    let positions: Vec<Value> = sheet
        .positions
        .iter()
        .map(|held| {
            let roles: Vec<String> = held.roles.iter().map(|role| role_name(visit, role)).collect();
            json!({ "cells": [held.title, held.agency_name, roles.join(", "), since(&words, held.validity)] })
        })
        .collect();
    let withheld: Vec<Value> = sheet
        .withheld
        .iter()
        .map(|one| {
            json!({ "id": one.id, "text": words.say("desk.accounts.withheld", [
                ("role", role_name(visit, &one.role)), ("title", one.title.clone()), ("agency", one.agency_name.clone()),
                ("date", kernel::local_date(one.at).format("%d/%m/%Y").to_string()),
            ]), "reason": one.reason, "why": typed.get(&format!("why.{}", one.id)).unwrap_or_default() })
        })
        .collect();
    let acts: Vec<Value> = acts(&sheet)
        .map(|act| json!({ "value": act, "label": words.say(&format!("desk.accounts.act.{act}"), []) }))
        .collect();
    let returned = typed.get("withheld");
    let columns = |names: &[&str]| -> Vec<Value> {
        let label = |name: &&str| json!({ "label": words.say(&format!("desk.accounts.part.{name}"), []) });
        names.iter().map(label).collect()
    };
    let content = json!({
        "sheet": sheet, "row": sheet.row, "state": state(&words, &sheet.row), "positions": positions, "withheld": withheld, "lines": lines, "acts": acts,
        "merge": mergeable.then(|| super::merges::path_of(account)),
        "waiting": waiting.map(|row| super::merges::page_of(row.id)),
        "joined": joined.map(|(_, remains)| remains.map(|remains| format!("{PATH}/{remains}")).unwrap_or_default()),
        "position_columns": columns(&["title", "agency", "roles", "days"]), "manager": manager, "back": PATH,
        "path": format!("{PATH}/{account}"), "rights": address("/can-bo/quyen", [("tai_khoan", sheet.row.login.as_str())]), "given": given.map(|given| json!({ "code": given.code, "until": given.expires_at })),
        "typed": { "act": typed.get("act").unwrap_or_default(), "reason": typed.get("reason").unwrap_or_default() },
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, |field| match (field, returned) {
            ("reason", Some(withheld)) => Some(format!("why.{withheld}")),
            _ => called(["act", "reason"])(field),
        })),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)), "returned": returned.unwrap_or_default(),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/desk/account.html", content).await
}

fn since(words: &Words, days: identity::Validity) -> String {
    let from = words.say(
        "desk.rights.since",
        [("date", days.from.format("%d/%m/%Y").to_string())],
    );
    match days.to {
        None => from,
        Some(to) => {
            let until = words.say("desk.rights.until", [("date", to.format("%d/%m/%Y").to_string())]);
            format!("{from} {until}")
        }
    }
}

/// What can be done to it now.
fn acts(sheet: &AccountSheet) -> impl Iterator<Item = &'static str> + use<> {
    let changeable = sheet.changeable && !sheet.own;
    let (state, sessions, factor) = (sheet.row.state, sheet.sessions.len(), sheet.row.second_factor);
    let code = sheet.code_until.is_some();
    ACTS.into_iter().filter(move |act| {
        changeable
            && match *act {
                "resume" => state == AccountState::Suspended,
                "withdraw_entry_code" => code,
                "end_sessions" => sessions > 0,
                "reset_second_factor" => factor && state != AccountState::Closed,
                _ => state == AccountState::Active,
            }
    })
}

async fn act(mut visit: Visit<House>, fields: Fields) -> Answer {
    let account: AccountId = visit.parse_param("id")?;
    let path = format!("{PATH}/{account}");
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, &path, &fields, Some(fault)).await;
    }
    match carry_out(&visit, account, &fields).await {
        Ok(Done::Code(code)) => draw(&visit, &Fields::default(), None, Some(&code)).await,
        Ok(Done::Said(said)) => visit.redirect(format!("{path}?da=account_{said}")),
        Err(fault) if again::is_needed(&fault) => again::ask(&visit, &path, &fields, None).await,
        Err(fault) if is_told_in_place(&fault) => draw(&visit, &fields, Some(&fault), None).await,
        Err(fault) => Err(fault),
    }
}

/// What was done.
enum Done {
    /// The page goes on and says so.
    Said(&'static str),
    /// A code, which is shown this once.
    Code(EntryCode),
}

async fn carry_out(visit: &Visit<House>, account: AccountId, fields: &Fields) -> Result<Done> {
    let identity = &visit.state.identity;
    let reason = fields.get("reason").unwrap_or_default();
    let mut op = visit.op().await?;
    let done = match fields.get("act").unwrap_or_default() {
        "suspend" => {
            identity.suspend_account(&mut op, account, reason).await?;
            Done::Said("suspended")
        }
        "resume" => {
            identity.resume_account(&mut op, account, reason).await?;
            Done::Said("resumed")
        }
        "end_sessions" => {
            identity.end_sessions_of(&mut op, account, reason).await?;
            Done::Said("sessions_ended")
        }
        "reset_second_factor" => {
            identity.reset_second_factor(&mut op, account, reason).await?;
            Done::Said("second_factor_reset")
        }
        "withdraw_entry_code" => {
            identity.withdraw_entry_code(&mut op, account, reason).await?;
            Done::Said("entry_code_withdrawn")
        }
        "give_entry_code" => Done::Code(identity.give_entry_code(&mut op, account, reason).await?),
        _ => return Err(Fault::invalid("desk.choose_act").field("act", "desk.choose_act")),
    };
    op.commit().await?;
    Ok(done)
}
