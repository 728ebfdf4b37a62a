//! Registrations that wait for the authority (phê duyệt tài khoản, R033): the list of the agency, one of them beside the paper, the decision.

use chrono::{DateTime, Utc};
use identity::{Approval, Approved, Concerned, Former, RegistrationFilter};
use kernel::{Fault, Result, local};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit, address};

use super::{errors_of, faults_of, is_told_in_place, status_of};
use crate::House;
use crate::account::again;
use crate::words::Words;

const PATH: &str = "/can-bo/dang-ky";
const DOOR: Door = Door::Right("identity.registrations");
const DECIDES: Door = Door::Right("identity.decide_registration");

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(PATH, DOOR, list)
        // The number travels in the body: addresses end up in logs and histories.
        .post("/can-bo/dang-ky/tim", DOOR, find)
        .get("/can-bo/dang-ky/{id}", DOOR, show)
        .post("/can-bo/dang-ky/{id}/duyet", DECIDES, approve)
        .post("/can-bo/dang-ky/{id}/tu-choi", DECIDES, refuse)
}

async fn list(visit: Visit<House>) -> Answer {
    let decided = visit.query("hop") == Some("decided");
    draw_list(&visit, decided, None, None).await
}

async fn find(visit: Visit<House>, fields: Fields) -> Answer {
    let number = fields.filled("number").map(ToOwned::to_owned);
    let check = fields.filled("check").map(ToOwned::to_owned);
    draw_list(&visit, fields.get("hop") == Some("decided"), number, check).await
}

async fn draw_list(visit: &Visit<House>, decided: bool, number: Option<String>, check: Option<String>) -> Answer {
    let filter = RegistrationFilter { decided, number, check };
    let mut op = visit.op().await?;
    let identity = &visit.state.identity;
    let page = identity.registrations(&mut op, &filter, &visit.page_request()).await?;
    let now = op.now();
    op.commit().await?;
    let words = Words::new(visit, "");
    let items: Vec<Value> = page
        .items
        .iter()
        .map(|row| {
            json!({
                "href": format!("{PATH}/{}", row.id), "name": row.full_name, "number": row.number_masked,
                "kind": words.say(&format!("people.kind.{}", row.kind.as_str()), []), "state": row.state,
                "asked_at": row.asked_at, "expires_at": row.expires_at, "decided_at": row.decided_at,
            })
        })
        .collect();
    let which = if decided { "decided" } else { "waiting" };
    let at = |which: &str, cursor: &str| address(PATH, [("hop", which), ("sau", cursor)]);
    let tabs: Vec<Value> = ["waiting", "decided"]
        .iter()
        .map(|one| json!({ "key": one, "current": *one == which, "href": at(one, "") }))
        .collect();
    let content = json!({
        "items": items, "tabs": tabs, "which": which, "now": now, "number": filter.number.unwrap_or_default(), "check": filter.check.unwrap_or_default(),
        "next": page.next.as_deref().map(|cursor| at(which, cursor)).unwrap_or_default(),
        "first": if visit.query("sau").is_some() { at(which, "") } else { String::new() },
    });
    visit.page("portal/desk/registrations.html", content).await
}

async fn show(visit: Visit<House>) -> Answer {
    draw(&visit, &Fields::default(), None).await
}

async fn draw(visit: &Visit<House>, typed: &Fields, fault: Option<&Fault>) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let found = visit.state.identity.registration(&mut op, id).await?;
    let now = op.now();
    op.commit().await?;
    let words = Words::new(visit, "");
    let mut rows = Vec::new();
    let mut row = |key: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            rows.push(json!({ "key": words.say(&format!("people.desk.{key}"), []), "value": value }));
        }
    };
    let country = |code: &str| {
        let known = words.find(&format!("people.country.{code}"));
        known.unwrap_or_else(|| code.to_owned())
    };
    row("name", Some(found.full_name.clone()));
    row("number", found.personal_number.clone());
    row("passport", found.passport.clone());
    row(
        "nationality",
        found.passport.as_ref().map(|_| country(&found.nationality)),
    );
    row("tax_number", found.tax_number.clone());
    row(
        "birth_date",
        found.birth_date.and_then(|day| render::date_text(&day.to_string())),
    );
    row("phone", found.phone.clone());
    row("email", found.email.clone());
    row("asker", found.asker_name.clone());
    row("asker_number", found.asker_number.clone());
    row(
        "standing",
        found
            .standing
            .map(|standing| words.say(&format!("people.standing.{}", standing.as_str()), [])),
    );
    row("paper", Some(found.paper.clone()));
    let control = |id: Uuid| format!("former.{id}");
    let mut controls = vec![
        "paper".to_owned(),
        "check".to_owned(),
        "reason".to_owned(),
        "seen".to_owned(),
    ];
    let formers = found.concerned.iter().filter_map(|one| one.representation);
    controls.extend(formers.map(control));
    let said = |one: &Concerned| {
        let at = |at: Option<DateTime<Utc>>| {
            at.map(|at| local(at).format("%H:%M %d/%m/%Y").to_string())
                .unwrap_or_default()
        };
        let (key, at) = match (one.agrees, one.told_at) {
            (Some(true), _) => ("said_yes", at(one.said_at)),
            (Some(false), _) => ("said_no", at(one.said_at)),
            (None, Some(told)) => ("said_none", at(Some(told))),
            (None, None) => ("said_untold", String::new()),
        };
        words.say(&format!("people.desk.{key}"), [("at", at)])
    };
    let concerned: Vec<Value> = found
        .concerned
        .iter()
        .map(|one| {
            let from = one.since.and_then(|day| render::date_text(&day.to_string()));
            let standing = match from {
                Some(from) => words.say("people.desk.concerned_since", [("from", from)]),
                None => words.say("people.desk.concerned_self", []),
            };
            let name = one.representation.map(control);
            let chosen = name.as_deref().and_then(|name| typed.get(name)).unwrap_or_default();
            json!({
                "name": one.name, "said": format!("{standing}; {}", said(one)), "objects": one.agrees == Some(false), "control": name,
                "typed": chosen,
            })
        })
        .collect();
    let objected = found.concerned.iter().any(|one| one.agrees == Some(false));
    let member = found.kind == identity::RegistrationKind::Member;
    let agreed = found.concerned.iter().any(|one| one.agrees == Some(true));
    // What the official has to say beside the paper: that the organisation wants it, or that an objection does not hinder.
    let seen = match (member, objected, agreed) {
        (true, false, false) => "seen_member",
        (false, true, _) => "seen_objected",
        _ => "",
    };
    let own = visit.actor.person().is_some()
        && (found.known == visit.actor.person() || found.asked_by.is_some() && found.asked_by == visit.actor.account());
    let waits = found.state == identity::RegistrationState::Waiting && now < found.expires_at;
    let until = found
        .awaited
        .and_then(|awaited| render::date_text(&awaited.until.to_string()));
    let first = found.seen_by.is_some() && found.seen_by == visit.actor.account();
    let content = json!({
        "found": found, "rows": rows, "path": format!("{PATH}/{id}"), "back": PATH, "own": own, "now": now, "waits": waits,
        "concerned": concerned, "seen": seen, "hindered": member && objected,
        // Nobody is approved while those whom it concerns can still answer, nor by one official where it takes two.
        "awaited": until.map(|until| json!({ "count": found.awaited.map_or(0, |awaited| awaited.people), "until": until })), "first": first,
        "can": waits && !own && visit.rights().may("identity.decide_registration"),
        "kind": words.say(&format!("people.kind.{}", found.kind.as_str()), []),
        "typed": {
            "paper": typed.get("paper").unwrap_or_default(), "check": typed.get("check").unwrap_or_default(), "reason": typed.get("reason").unwrap_or_default(),
            "seen": typed.get("seen").is_some(),
        },
        "errors": fault.map_or_else(Vec::new, |fault| {
            errors_of(&words, fault, |field| controls.iter().find(|control| *control == field).cloned())
        }),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit
        .page_status(status, "portal/desk/registration.html", content)
        .await
}

async fn told(visit: &Visit<House>, fields: &Fields, done: Result<&str>, path: &str) -> Answer {
    match done {
        Ok(said) => visit.redirect(format!("{PATH}?da={said}")),
        Err(fault) if again::is_needed(&fault) => again::ask(visit, path, fields, None).await,
        Err(fault) if is_told_in_place(&fault) => draw(visit, fields, Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}

fn approval(fields: &Fields) -> Approval {
    let former = fields
        .iter()
        .filter_map(|(name, word)| Some((name.strip_prefix("former.")?.parse().ok()?, Former::parse(word)?)));
    Approval {
        paper: fields.get("paper").unwrap_or_default().to_owned(),
        check: fields.get("check").unwrap_or_default().to_owned(),
        former: former.collect(),
        seen: fields.get("seen").is_some(),
    }
}

async fn approve(mut visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let path = format!("{PATH}/{id}/duyet");
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, &path, &fields, Some(fault)).await;
    }
    let done = async {
        let mut op = visit.op().await?;
        let identity = &visit.state.identity;
        let approved = identity.approve_with(&mut op, id, &approval(&fields)).await?;
        op.commit().await?;
        Ok(match approved {
            Approved::Now => "registration_approved",
            Approved::ByOne => "registration_seen",
        })
    };
    let done = done.await;
    told(&visit, &fields, done, &path).await
}

async fn refuse(mut visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let path = format!("{PATH}/{id}/tu-choi");
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, &path, &fields, Some(fault)).await;
    }
    let done = async {
        let mut op = visit.op().await?;
        let reason = fields.get("reason").unwrap_or_default();
        visit.state.identity.refuse_registration(&mut op, id, reason).await?;
        op.commit().await?;
        Ok("registration_refused")
    };
    let done = done.await;
    told(&visit, &fields, done, &path).await
}
