//! Rights for an emergency (quyền khẩn cấp, R045): taken for hours, reported, looked at by another one.

use identity::Emergency;
use kernel::{Fault, Result};
use oversight::ReportState;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit, address};

use super::{errors_of, faults_of, is_told_in_place, status_of};
use crate::House;
use crate::account::{again, offices::role_name};
use crate::told::called;
use crate::words::Words;

const PATH: &str = "/can-bo/khan-cap";
const DOOR: Door = Door::Right("identity.emergencies");

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(PATH, DOOR, list)
        .post(PATH, Door::Right("identity.take_emergency"), take)
        .get("/can-bo/khan-cap/{id}", DOOR, show)
        .post("/can-bo/khan-cap/{id}/ket-thuc", DOOR, end)
        .post(
            "/can-bo/khan-cap/{id}/bao-cao",
            Door::Right("oversight.write_report"),
            report,
        )
        .post(
            "/can-bo/khan-cap/{id}/xem-xet",
            Door::Right("oversight.review_report"),
            review,
        )
}

async fn list(visit: Visit<House>) -> Answer {
    draw_list(&visit, &Fields::default(), None).await
}

async fn draw_list(visit: &Visit<House>, typed: &Fields, fault: Option<&Fault>) -> Answer {
    let words = Words::new(visit, "");
    let mut op = visit.op().await?;
    let page = visit
        .state
        .oversight
        .emergencies(&mut op, &visit.page_request())
        .await?;
    let now = op.now();
    op.commit().await?;
    let items: Vec<Value> = page
        .items
        .iter()
        .map(|(one, report)| {
            json!({
                "href": format!("{PATH}/{}", one.id), "one": one, "role": role_name(visit, &one.role), "counts": one.counts(now),
                "state": report.state, "late": report.is_late(now), "due": matches!(report.state, ReportState::Due | ReportState::Questioned).then_some(report.due_at),
            })
        })
        .collect();
    let next = page
        .next
        .map(|cursor| address(PATH, [("sau", cursor.as_str())]))
        .unwrap_or_default();
    let (roles, hours) = visit.state.identity.emergency_roles();
    let roles: Vec<Value> = roles
        .iter()
        .map(|role| json!({ "value": role, "label": role_name(visit, role) }))
        .collect();
    let lends = visit
        .actor
        .official()
        .is_some_and(|official| official.stands_for.is_some());
    let text = |name: &str| typed.get(name).unwrap_or_default();
    let content = json!({
        "items": items, "next": next, "now": now, "roles": roles, "hours": hours,
        "takes": visit.rights().may("identity.take_emergency") && !lends,
        "typed": { "role": text("role"), "hours": typed.get("hours").unwrap_or("1"), "reason": text("reason") },
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, called(["role", "hours", "reason"]))),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/desk/emergencies.html", content).await
}

async fn take(mut visit: Visit<House>, fields: Fields) -> Answer {
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, PATH, &fields, Some(fault)).await;
    }
    let taken = async {
        let hours = fields.get("hours").unwrap_or_default().trim().parse().unwrap_or(0);
        let text = |name: &str| fields.get(name).unwrap_or_default();
        let mut op = visit.op().await?;
        let id = visit
            .state
            .identity
            .take_emergency(&mut op, text("role"), hours, text("reason"))
            .await?;
        op.commit().await?;
        Ok::<Uuid, Fault>(id)
    };
    match taken.await {
        Ok(id) => visit.redirect(format!("{PATH}/{id}?da=emergency_taken")),
        Err(fault) if again::is_needed(&fault) => again::ask(&visit, PATH, &fields, None).await,
        Err(fault) if is_told_in_place(&fault) => draw_list(&visit, &fields, Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}

async fn show(visit: Visit<House>) -> Answer {
    draw(&visit, &Fields::default(), None).await
}

async fn draw(visit: &Visit<House>, typed: &Fields, fault: Option<&Fault>) -> Answer {
    let words = Words::new(visit, "");
    let mut op = visit.op().await?;
    let sheet = visit
        .state
        .oversight
        .emergency(&mut op, visit.parse_param("id")?, &visit.page_request())
        .await?;
    let now = op.now();
    op.commit().await?;
    let (one, report) = (&sheet.emergency, &sheet.report);
    let deeds: Vec<Value> = sheet
        .done
        .items
        .iter()
        .map(|deed| {
            let at = render::datetime_text(&deed.at.to_rfc3339()).unwrap_or_default();
            let known = words.find(&format!("portal.looks.action.{}", deed.action.replace('.', "_")));
            let said = known.unwrap_or_else(|| words.say("oversight.deed.other", []));
            json!({ "cells": [at, said, deed.purpose] })
        })
        .collect();
    let columns: Vec<Value> = ["at", "what", "whom"]
        .iter()
        .map(|column| json!({ "label": words.say(&format!("oversight.deed.{column}"), []) }))
        .collect();
    let path = format!("{PATH}/{}", one.id);
    let next = sheet
        .done
        .next
        .as_deref()
        .map(|cursor| address(&path, [("sau", cursor)]));
    let content = json!({
        "next": next.unwrap_or_default(), "first": if visit.query("sau").is_some() { path.as_str() } else { "" },
        "count": words.say("oversight.deed.count", [("count", sheet.deeds.to_string())]),
        "seen": report.written_at.map(|at| at.to_rfc3339()).unwrap_or_default(),
        "one": one, "role": role_name(visit, &one.role), "report": report, "counts": one.counts(now), "now": now, "back": PATH,
        "path": path, "deeds": deeds, "columns": columns, "late": report.is_late(now),
        "writes": sheet.writes, "own": sheet.own, "reviews": sheet.reviews && report.state == ReportState::Written,
        "ends": one.counts(now) && may_end(visit, one), "state": report.state,
        "typed": { "text": typed.get("text").unwrap_or(&report.text), "note": typed.get("note").unwrap_or_default(), "verdict": typed.get("verdict").unwrap_or_default() },
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, called(["text", "note", "verdict"]))),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/desk/emergency.html", content).await
}

fn may_end(visit: &Visit<House>, one: &Emergency) -> bool {
    visit.actor.account() == Some(one.account) || visit.rights().everywhere("identity.end_emergency")
}

async fn end(visit: Visit<House>, _: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    match visit.state.identity.end_emergency(&mut op, id).await {
        Ok(()) => op.commit().await?,
        // Pressed twice, or over by itself: who may see it is told so, others find nothing.
        Err(fault) if fault.code == "identity.emergency_not_found" => drop(op),
        Err(fault) => return Err(fault),
    }
    visit.redirect(format!("{PATH}/{id}?da=emergency_ended"))
}

/// Goes back to the page, or draws it with what was wrong and all that was typed.
async fn told(visit: &Visit<House>, fields: &Fields, done: Result<()>, said: &str) -> Answer {
    match done {
        Ok(()) => visit.redirect(format!("{PATH}/{}?da={said}", visit.param("id"))),
        Err(fault) if is_told_in_place(&fault) => draw(visit, fields, Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}

async fn report(visit: Visit<House>, fields: Fields) -> Answer {
    let id = visit.parse_param("id")?;
    let done = async {
        let mut op = visit.op().await?;
        let text = fields.get("text").unwrap_or_default();
        visit.state.oversight.write_report(&mut op, id, text).await?;
        op.commit().await
    };
    let done = done.await;
    told(&visit, &fields, done, "emergency_reported").await
}

async fn review(mut visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let path = format!("{PATH}/{id}/xem-xet");
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, &path, &fields, Some(fault)).await;
    }
    let done = async {
        let accepted = match fields.get("verdict") {
            Some("accepted") => true,
            Some("questioned") => false,
            _ => return Err(Fault::invalid("desk.choose_act").field("verdict", "desk.choose_act")),
        };
        let mut op = visit.op().await?;
        let note = fields.get("note").unwrap_or_default();
        let seen = fields.get("seen").and_then(|seen| seen.parse().ok());
        visit
            .state
            .oversight
            .review_report(&mut op, (id, seen), accepted, note)
            .await?;
        op.commit().await
    };
    match done.await {
        Err(fault) if again::is_needed(&fault) => again::ask(&visit, &path, &fields, None).await,
        done => told(&visit, &fields, done, "emergency_reviewed").await,
    }
}
