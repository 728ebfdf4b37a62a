//! Two accounts of one person become one (gộp tài khoản, R030, R032): one official proposes with the paper in hand, another one confirms.

use identity::{MergePreview, MergeRow, MergeSide, MergeState, NewMerge};
use kernel::{AccountId, Fault, Result};
use op::United;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit, address};

use super::{called, errors_of, faults_of, is_told_in_place, status_of};
use crate::House;
use crate::account::again;
use crate::words::Words;

const PATH: &str = "/can-bo/gop-tai-khoan";
const DOOR: Door = Door::Right("identity.merge_accounts");

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get("/can-bo/tai-khoan/{id}/gop", DOOR, form)
        // The number travels in the body: addresses end up in logs and histories.
        .post("/can-bo/tai-khoan/{id}/gop", DOOR, propose)
        .get(PATH, DOOR, list)
        .get("/can-bo/gop-tai-khoan/{id}", DOOR, show)
        .post("/can-bo/gop-tai-khoan/{id}/xac-nhan", DOOR, confirm)
        .post("/can-bo/gop-tai-khoan/{id}/dung", DOOR, stop)
}

/// Where an account is proposed.
pub(super) fn path_of(account: AccountId) -> String {
    format!("/can-bo/tai-khoan/{account}/gop")
}

/// The page of a proposal.
pub(super) fn page_of(merge: Uuid) -> String {
    format!("{PATH}/{merge}")
}

async fn form(visit: Visit<House>) -> Answer {
    draw_form(&visit, &Fields::default(), None).await
}

async fn propose(mut visit: Visit<House>, fields: Fields) -> Answer {
    let account: AccountId = visit.parse_param("id")?;
    if fields.get("step") == Some("look") {
        return draw_form(&visit, &fields, None).await;
    }
    let path = path_of(account);
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, &path, &fields, Some(fault)).await;
    }
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    let new = NewMerge {
        number: text("number"),
        paper: text("paper"),
        differs: fields.get("differs") == Some("true"),
        why: text("why"),
    };
    let op = visit.op().await?;
    match visit.state.identity.propose_merge(op, account, &new).await {
        Ok(id) => visit.redirect(format!("{}?da=merge_proposed", page_of(id))),
        Err(fault) if again::is_needed(&fault) => again::ask(&visit, &path, &fields, None).await,
        Err(fault) if is_told_here(&fault) => draw_form(&visit, &fields, Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}

/// Too many guesses at numbers are told on the page as well: nothing typed is lost.
fn is_told_here(fault: &Fault) -> bool {
    is_told_in_place(fault) || fault.code == "identity.too_many_attempts"
}

/// The number, and when one was typed that means somebody the two side by side with what is asked.
async fn draw_form(visit: &Visit<House>, typed: &Fields, fault: Option<&Fault>) -> Answer {
    let account: AccountId = visit.parse_param("id")?;
    let words = Words::new(visit, "");
    let identity = &visit.state.identity;
    let mut op = visit.op().await?;
    let sheet = identity.account_sheet(&mut op, account).await?;
    op.commit().await?;
    let (mut preview, mut unfit) = (None, None);
    if let Some(number) = typed.get("number") {
        let op = visit.op().await?;
        match identity.merge_preview(op, account, number).await {
            Ok(found) => preview = Some(found),
            Err(fault) if is_told_here(&fault) => unfit = Some(fault),
            Err(fault) => return Err(fault),
        }
    }
    let fault = fault.or(unfit.as_ref());
    let text = |name: &str| typed.get(name).unwrap_or_default().to_owned();
    let content = json!({
        "name": sheet.row.name, "path": path_of(account), "back": format!("/can-bo/tai-khoan/{account}"),
        "preview": preview.as_ref().map(|preview| side_by_side(&words, preview)),
        "typed": {
            "number": text("number"), "paper": text("paper"), "differs": typed.get("differs") == Some("true"), "why": text("why"),
        },
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, called(["number", "paper", "differs", "why"]))),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/desk/merge_form.html", content).await
}

/// Both in a table, and what would follow.
fn side_by_side(words: &Words, preview: &MergePreview) -> Value {
    let label = |key: &str| words.say(&format!("merge.{key}"), []);
    let cell = |key: &str, of: &dyn Fn(&MergeSide) -> String| json!({ "cells": [label(key), of(&preview.from), of(&preview.into)] });
    let moment = |at: Option<chrono::DateTime<chrono::Utc>>| {
        at.and_then(|at| render::datetime_text(&at.to_rfc3339()))
            .unwrap_or_default()
    };
    let country = |side: &MergeSide| {
        let known = words.find(&format!("people.country.{}", side.nationality));
        known.unwrap_or_else(|| side.nationality.clone())
    };
    let state = |side: &MergeSide| match side.state {
        Some(state) => words.say(&format!("desk.rights.state_{}", state.as_str()), []),
        None => label("no_account"),
    };
    let rows = vec![
        cell("name", &|side| side.name.clone()),
        cell("birth_date", &|side| {
            let day = side.birth_date.and_then(|day| render::date_text(&day.to_string()));
            day.unwrap_or_default()
        }),
        cell("number_row", &|side| side.number_masked.clone()),
        cell("nationality", &country),
        cell("login", &|side| side.login.clone()),
        cell("state", &state),
        cell("created", &|side| moment(side.created_at)),
        cell("last", &|side| match (side.account, side.last_sign_in_at) {
            (Some(_), None) => words.say("desk.accounts.never", []),
            (_, at) => moment(at),
        }),
    ];
    let columns: Vec<Value> = ["row", "from", "into"]
        .iter()
        .map(|key| json!({ "label": label(key) }))
        .collect();
    let objections: Vec<String> = preview
        .objections
        .iter()
        .map(|one| {
            words.say(
                "merge.objected",
                [("at", moment(Some(one.at))), ("reason", one.reason.clone())],
            )
        })
        .collect();
    json!({
        "columns": columns, "rows": rows, "differs": preview.differs, "counts": counted(words, &preview.counts), "objections": objections,
        "untold": !preview.into.told,
    })
}

fn counted(words: &Words, counts: &[United]) -> Vec<String> {
    let line = |one: &United| {
        words.say(
            &format!("merge.what.{}_{}", one.engine, one.what),
            [("count", one.count.to_string())],
        )
    };
    counts.iter().map(line).collect()
}

async fn list(visit: Visit<House>) -> Answer {
    let decided = visit.query("hop") == Some("decided");
    let mut op = visit.op().await?;
    let page = visit
        .state
        .identity
        .merges(&mut op, decided, &visit.page_request())
        .await?;
    let now = op.now();
    op.commit().await?;
    let words = Words::new(&visit, "");
    let items: Vec<Value> = page.items.iter().map(|row| line(&words, row, now)).collect();
    let columns: Vec<Value> = ["list_title", "paper", "proposer", "state"]
        .iter()
        .map(|key| json!({ "label": words.say(&format!("merge.{key}"), []) }))
        .collect();
    let which = if decided { "decided" } else { "waiting" };
    let at = |which: &str, cursor: &str| address(PATH, [("hop", which), ("sau", cursor)]);
    let tabs: Vec<Value> = ["waiting", "decided"]
        .iter()
        .map(|one| json!({ "key": one, "current": *one == which, "href": at(one, "") }))
        .collect();
    let content = json!({
        "items": items, "columns": columns, "tabs": tabs, "which": which,
        "next": page.next.as_deref().map(|cursor| at(which, cursor)).unwrap_or_default(),
        "first": if visit.query("sau").is_some() { at(which, "") } else { String::new() },
    });
    visit.page("portal/desk/merges.html", content).await
}

fn line(words: &Words, row: &MergeRow, now: chrono::DateTime<chrono::Utc>) -> Value {
    let name = words.say(
        "merge.one",
        [("from", row.from_name.clone()), ("into", row.into_name.clone())],
    );
    json!({ "cells": [{ "text": name, "href": page_of(row.id) }, row.paper, row.proposer_name, standing(words, row, now)] })
}

/// How it stands; one that nobody has swept away yet has run out all the same.
fn standing(words: &Words, row: &MergeRow, now: chrono::DateTime<chrono::Utc>) -> String {
    let state = match row.state {
        MergeState::Proposed if now >= row.expires_at => MergeState::Expired,
        state => state,
    };
    let said = words.say(&format!("merge.standing.{}", state.as_str()), []);
    if state != MergeState::Proposed {
        return said;
    }
    let date = kernel::local_date(row.expires_at).format("%d/%m/%Y").to_string();
    format!("{said}, {}", words.say("merge.until", [("date", date)]))
}

async fn show(visit: Visit<House>) -> Answer {
    draw(&visit, &Fields::default(), None).await
}

async fn draw(visit: &Visit<House>, typed: &Fields, fault: Option<&Fault>) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let (row, found) = visit.state.identity.merge(&mut op, id).await?;
    let now = op.now();
    op.commit().await?;
    let words = Words::new(visit, "");
    let waits = row.state == MergeState::Proposed && now < row.expires_at;
    let own = visit.actor.account() == Some(row.proposed_by);
    let from = visit.state.identity.confirmable_from(&row);
    let early = (now < from).then(|| {
        let from = render::datetime_text(&from.to_rfc3339()).unwrap_or_default();
        words.say("merge.early", [("from", from)])
    });
    let (preview, hindered) = match found {
        Some(Ok(preview)) => (Some(side_by_side(&words, &preview)), None),
        Some(Err(fault)) => (None, Some(words.say("merge.hindered", [("why", words.fault(&fault))]))),
        None => (None, None),
    };
    let one = [("from", row.from_name.clone()), ("into", row.into_name.clone())];
    let content = json!({
        "title": words.say("merge.one", one), "row": row, "standing": standing(&words, &row, now), "path": page_of(id), "back": PATH,
        "preview": preview, "hindered": hindered, "waits": waits, "own": own, "early": early, "counts": counted(&words, &row.counts),
        "reason": typed.get("reason").unwrap_or_default(),
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, called(["reason"]))),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/desk/merge.html", content).await
}

async fn told(visit: &Visit<House>, fields: &Fields, done: Result<()>, (step, said): (&str, &str)) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    match done {
        Ok(()) => visit.redirect(format!("{}?da={said}", page_of(id))),
        Err(fault) if again::is_needed(&fault) => {
            again::ask(visit, &format!("{}/{step}", page_of(id)), fields, None).await
        }
        Err(fault) if is_told_in_place(&fault) => draw(visit, fields, Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}

async fn confirm(mut visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, &format!("{}/xac-nhan", page_of(id)), &fields, Some(fault)).await;
    }
    let done = async {
        let mut op = visit.op().await?;
        visit.state.identity.confirm_merge(&mut op, id).await?;
        op.commit().await
    };
    let done = done.await;
    told(&visit, &fields, done, ("xac-nhan", "merge_done")).await
}

async fn stop(mut visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, &format!("{}/dung", page_of(id)), &fields, Some(fault)).await;
    }
    let done = async {
        let mut op = visit.op().await?;
        let reason = fields.get("reason").unwrap_or_default();
        visit.state.identity.refuse_merge(&mut op, id, reason).await?;
        op.commit().await
    };
    let done = done.await;
    told(&visit, &fields, done, ("dung", "merge_refused")).await
}
