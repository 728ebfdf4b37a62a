//! The review of rights (rà soát quyền định kỳ, R035 to R037): how far it is, and the answers of heads of agencies.

use db::PageRequest;
use kernel::{AgencyId, Fault, Result};
use oversight::{Answer as LineAnswer, Campaign, Line};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Body, Door, Fields, Routes, StatusCode, Visit, address, attachment};

use super::{errors_of, faults_of, is_told_in_place, status_of};
use crate::House;
use crate::account::{again, offices::role_name};
use crate::words::Words;

const PATH: &str = "/can-bo/ra-soat-quyen";
const DOOR: Door = Door::Right("oversight.campaigns");

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(PATH, DOOR, list)
        .post(PATH, Door::Right("oversight.open_campaign"), open)
        .get("/can-bo/ra-soat-quyen/{id}", DOOR, show)
        .get(
            "/can-bo/ra-soat-quyen/{id}/tai-ve",
            Door::Right("oversight.export_review"),
            table,
        )
        .post(
            "/can-bo/ra-soat-quyen/{id}/tai-ve",
            Door::Right("oversight.export_review"),
            shown_again,
        )
        .get(
            "/can-bo/ra-soat-quyen/{id}/bao-cao.pdf",
            Door::Right("oversight.export_review"),
            paper,
        )
        .get("/can-bo/ra-soat-quyen/{id}/{agency}", DOOR, lines)
        .post(
            "/can-bo/ra-soat-quyen/{id}/{agency}",
            Door::Right("oversight.answer"),
            answer,
        )
}

fn view(one: &Campaign) -> Value {
    let state = match (one.closed_at, one.escalated_at, one.filled) {
        (Some(_), _, _) => "closed",
        (None, Some(_), _) => "escalated",
        (None, None, true) => "open",
        (None, None, false) => "filling",
    };
    let waits = one.closed_at.is_none() && one.open > 0;
    json!({
        "id": one.id, "href": format!("{PATH}/{}", one.id), "quarter": one.quarter, "opened_at": one.opened_at, "opened_by": one.opened_by,
        "due": waits.then_some(one.until()), "due_at": one.due_at, "final_at": one.final_at, "closed_at": one.closed_at, "state": state,
        "lines": one.lines, "open": one.open, "ended": one.ended, "done": one.lines - one.open,
    })
}

async fn list(visit: Visit<House>) -> Answer {
    draw_list(&visit, None).await
}

async fn draw_list(visit: &Visit<House>, fault: Option<&Fault>) -> Answer {
    let words = Words::new(visit, "");
    let mut op = visit.look().await?;
    let page = visit.state.oversight.campaigns(&mut op, &visit.page_request()).await?;
    let now = op.now();
    drop(op);
    let items: Vec<Value> = page.items.iter().map(view).collect();
    let next = page
        .next
        .map(|cursor| address(PATH, [("sau", cursor.as_str())]))
        .unwrap_or_default();
    let content = json!({
        "items": items, "next": next, "now": now, "opens": visit.rights().everywhere("oversight.open_campaign"),
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, |_| None)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/desk/reviews.html", content).await
}

async fn open(mut visit: Visit<House>, fields: Fields) -> Answer {
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, PATH, &fields, Some(fault)).await;
    }
    let mut op = visit.op().await?;
    match visit.state.oversight.open_campaign(&mut op).await {
        Ok(id) => {
            op.commit().await?;
            visit.redirect(format!("{PATH}/{id}?da=review_opened"))
        }
        Err(fault) if again::is_needed(&fault) => {
            drop(op);
            again::ask(&visit, PATH, &fields, None).await
        }
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            draw_list(&visit, Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}

async fn show(visit: Visit<House>) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let words = Words::new(&visit, "");
    let mut op = visit.look().await?;
    let (campaign, agencies) = visit.state.oversight.campaign(&mut op, id).await?;
    let now = op.now();
    drop(op);
    let columns: Vec<Value> = ["agency", "lines", "open", "kept", "ended"]
        .iter()
        .map(|column| json!({ "label": words.say(&format!("oversight.column.{column}"), []), "number": *column != "agency" }))
        .collect();
    let rows: Vec<Value> = agencies
        .iter()
        .map(|one| {
            json!({ "cells": [
                { "text": one.name, "href": format!("{PATH}/{id}/{}", one.agency) }, one.lines, one.open, one.kept, one.ended,
            ] })
        })
        .collect();
    let content = json!({
        "one": view(&campaign), "columns": columns, "rows": rows, "now": now, "back": PATH, "path": format!("{PATH}/{id}"),
        "exports": visit.rights().may("oversight.export_review"),
    });
    visit.page("portal/desk/review.html", content).await
}

async fn lines(visit: Visit<House>) -> Answer {
    let all = visit.query("hien") == Some("tat-ca");
    let page = visit.page_request();
    draw(&visit, (all, page), &Fields::default(), None).await
}

async fn draw(
    visit: &Visit<House>,
    (all, asked): (bool, PageRequest),
    typed: &Fields,
    fault: Option<&Fault>,
) -> Answer {
    let (id, agency): (Uuid, AgencyId) = (visit.parse_param("id")?, visit.parse_param("agency")?);
    let words = Words::new(visit, "");
    let mut op = visit.op().await?;
    let (campaign, agencies) = visit.state.oversight.campaign(&mut op, id).await?;
    let page = visit.state.oversight.lines(&mut op, (id, agency), !all, &asked).await?;
    let now = op.now();
    op.commit().await?;
    let progress = agencies.iter().find(|one| one.agency == agency.uuid());
    let path = format!("{PATH}/{id}/{agency}");
    let shown = if all { "tat-ca" } else { "" };
    let at = |cursor: &str| address(&path, [("hien", shown), ("sau", cursor)]);
    let faults = fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault));
    let items: Vec<Value> = page
        .items
        .iter()
        .map(|line| line_view(visit, &words, line, &campaign, typed, &faults))
        .collect();
    let answerable = items.iter().any(|item| item["answerable"] == json!(true));
    let content = json!({
        "one": view(&campaign), "agency": progress, "items": items, "now": now, "back": format!("{PATH}/{id}"), "path": path,
        "all": all, "shown": shown, "cursor": asked.after.as_deref().unwrap_or_default(), "answerable": answerable,
        "others": address(&path, [("hien", if all { "" } else { "tat-ca" })]),
        "first": if asked.after.is_some() { at("") } else { String::new() },
        "next": page.next.as_deref().map(at).unwrap_or_default(),
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, |field| Some(field.to_owned()))),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit
        .page_status(status, "portal/desk/review_lines.html", content)
        .await
}

fn line_view(
    visit: &Visit<House>,
    words: &Words,
    line: &Line,
    campaign: &Campaign,
    typed: &Fields,
    faults: &Value,
) -> Value {
    let own = visit.actor.acts_for(line.person);
    // Privileged roles are taken back by those who may everywhere: for others the choice is to keep.
    let takes = !line.privileged || visit.rights().everywhere("identity.withhold_role");
    let verdict = line.verdict.map(oversight::Verdict::as_str);
    let said = words.say(&format!("oversight.verdict.{}", verdict.unwrap_or("open")), []);
    let field = |name: &str| typed.get(&format!("{name}.{}", line.id)).unwrap_or_default().to_owned();
    let chosen = match field("line") {
        typed if !typed.is_empty() => typed,
        _ => match verdict {
            Some("kept") => "keep".to_owned(),
            _ => String::new(),
        },
    };
    let open = matches!(verdict, None | Some("kept")) && campaign.closed_at.is_none() && campaign.filled;
    json!({
        "id": line.id, "name": line.name, "title": line.title, "role": role_name(visit, &line.role), "privileged": line.privileged,
        "said": said, "verdict": verdict, "reason": line.reason, "answered_name": line.answered_name, "answered_at": line.answered_at, "own": own, "takes": takes,
        "answerable": open && !own && visit.rights().may("oversight.answer"), "chosen": chosen, "typed": field("reason"),
        "fault": faults.get(format!("reason.{}", line.id)),
    })
}

async fn answer(mut visit: Visit<House>, fields: Fields) -> Answer {
    let (id, agency): (Uuid, Uuid) = (visit.parse_param("id")?, visit.parse_param("agency")?);
    let path = format!("{PATH}/{id}/{agency}");
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, &path, &fields, Some(fault)).await;
    }
    let done = carry_out(&visit, id, &fields).await;
    match done {
        Ok(()) => {
            let all = fields.get("hien").unwrap_or_default();
            visit.redirect(address(&path, [("hien", all), ("da", "review_answered")]))
        }
        Err(fault) if again::is_needed(&fault) => again::ask(&visit, &path, &fields, None).await,
        Err(fault) if is_told_in_place(&fault) => {
            let all = fields.get("hien") == Some("tat-ca");
            let page = PageRequest::new(fields.filled("sau").map(ToOwned::to_owned), None);
            draw(&visit, (all, page), &fields, Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}

async fn carry_out(visit: &Visit<House>, id: Uuid, fields: &Fields) -> Result<()> {
    let mut answers = Vec::new();
    for line in fields.all("lines") {
        let line: Uuid = line.parse().map_err(|_| Fault::not_found("web.not_found"))?;
        let keep = match fields.get(&format!("line.{line}")) {
            Some("keep") => true,
            Some("take") => false,
            _ => continue,
        };
        let reason = fields.get(&format!("reason.{line}")).unwrap_or_default().to_owned();
        answers.push(LineAnswer { line, keep, reason });
    }
    let mut op = visit.op().await?;
    visit.state.oversight.answer(&mut op, id, &answers).await?;
    op.commit().await
}

async fn table(visit: Visit<House>) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let csv = match visit.state.oversight.review_csv(&mut op, id).await {
        Err(fault) if again::is_needed(&fault) => {
            drop(op);
            return again::ask(&visit, &format!("{PATH}/{id}/tai-ve"), &Fields::default(), None).await;
        }
        csv => csv?,
    };
    op.commit().await?;
    let name = format!("ra-soat-quyen-{id}.csv");
    Ok(attachment(&name, "text/csv; charset=utf-8", Body::from(csv), false))
}

/// Who takes the table out of the platform has shown who they are: back to the review, whose button now gives it.
async fn shown_again(mut visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, &format!("{PATH}/{id}/tai-ve"), &fields, Some(fault)).await;
    }
    visit.redirect(format!("{PATH}/{id}?da=table_shown_again"))
}

async fn paper(visit: Visit<House>) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let pdf = match visit.state.oversight.review_pdf(&mut op, id).await {
        Err(fault) if again::is_needed(&fault) => {
            drop(op);
            return again::ask(&visit, &format!("{PATH}/{id}/tai-ve"), &Fields::default(), None).await;
        }
        pdf => pdf?,
    };
    op.commit().await?;
    let name = format!("ra-soat-quyen-{id}.pdf");
    Ok(attachment(&name, "application/pdf", Body::from(pdf), true))
}
