//! Breaches of the protection of personal data, for the officials who work on them.

use chrono::{DateTime, NaiveTime, Utc};
use kernel::{Fault, PersonalNumber, Result, from_local, local, parse_date};
use privacy::{Facts, Incident, IncidentState, Line};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Body, Door, Fields, Routes, StatusCode, Visit, attachment};

use super::{errors_of, faults_of, is_told_in_place, status_of};
use crate::House;
use crate::told::called;
use crate::words::Words;

const PATH: &str = "/can-bo/su-co-du-lieu";
const NEW: &str = "/can-bo/su-co-du-lieu/moi";
const DOOR: Door = Door::Right("privacy.incidents");

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(PATH, DOOR, list)
        .get(NEW, DOOR, new)
        .post(NEW, DOOR, open)
        .get("/can-bo/su-co-du-lieu/{id}", DOOR, show)
        .get("/can-bo/su-co-du-lieu/{id}/thong-bao.pdf", DOOR, notice)
        .get("/can-bo/su-co-du-lieu/{id}/sua", DOOR, edit)
        .post("/can-bo/su-co-du-lieu/{id}/sua", DOOR, change)
        .post("/can-bo/su-co-du-lieu/{id}/thong-bao", DOOR, notified)
        .post("/can-bo/su-co-du-lieu/{id}/nguoi-lien-quan", DOOR, people)
        .post("/can-bo/su-co-du-lieu/{id}/ket-thuc", DOOR, close)
}

async fn list(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let page = visit.state.privacy.incidents(&mut op, &visit.page_request()).await?;
    let now = op.now();
    drop(op);
    let items: Vec<Value> = page
        .items
        .iter()
        .map(|one| {
            json!({
                "href": format!("{PATH}/{}", one.id), "number": one.number, "title": one.facts.title, "state": one.state,
                "noticed_at": one.noticed_at, "due": (one.state == IncidentState::Open).then_some(one.notify_by),
                "late": one.state == IncidentState::Open && one.notify_by < now,
            })
        })
        .collect();
    let next = page
        .next
        .map(|cursor| format!("{PATH}?sau={cursor}"))
        .unwrap_or_default();
    let content = json!({ "items": items, "next": next, "now": now, "new": NEW });
    visit.page("portal/desk/incidents.html", content).await
}

async fn new(visit: Visit<House>) -> Answer {
    let now = local(visit.site().ops.now());
    let typed = json!({
        "title": "", "what": "", "data": "", "whose": "", "affected": "", "measures": "",
        "day": now.format("%d/%m/%Y").to_string(), "time": now.format("%H:%M").to_string(),
    });
    draw_form(&visit, "", typed, None).await
}

fn typed(fields: &Fields) -> Value {
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    json!({
        "title": text("title"), "what": text("what"), "data": text("data"), "whose": text("whose"), "affected": text("affected"),
        "measures": text("measures"), "day": text("day"), "time": text("time"),
    })
}

/// The form of a new breach, or of what is known of one.
async fn draw_form(visit: &Visit<House>, id: &str, typed: Value, fault: Option<&Fault>) -> Answer {
    let words = Words::new(visit, "");
    let control = |field: &str| match field {
        "noticed_at" => Some("day".to_owned()),
        other => called(["title", "what", "data", "whose", "affected", "measures", "day", "time"])(other),
    };
    let content = json!({
        "id": id, "typed": typed, "action": if id.is_empty() { NEW.to_owned() } else { format!("{PATH}/{id}/sua") },
        "back": if id.is_empty() { PATH.to_owned() } else { format!("{PATH}/{id}") },
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, control)),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit
        .page_status(status, "portal/desk/incident_form.html", content)
        .await
}

fn facts(fields: &Fields) -> Result<Facts> {
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    let wrong = || Fault::invalid("privacy.count").field("affected", "privacy.count");
    Ok(Facts {
        title: text("title"),
        what: text("what"),
        data: text("data"),
        whose: text("whose"),
        affected: fields
            .get("affected")
            .unwrap_or_default()
            .trim()
            .parse()
            .map_err(|_| wrong())?,
        measures: text("measures"),
    })
}

fn noticed(fields: &Fields) -> Result<DateTime<Utc>> {
    let wrong = |name: &str| Fault::invalid("privacy.moment").field(name, "privacy.moment");
    let day = parse_date(fields.get("day").unwrap_or_default()).map_err(|_| wrong("day"))?;
    let time = NaiveTime::parse_from_str(fields.get("time").unwrap_or_default().trim(), "%H:%M");
    Ok(from_local(day.and_time(time.map_err(|_| wrong("time"))?)))
}

async fn open(visit: Visit<House>, fields: Fields) -> Answer {
    let mut op = visit.op().await?;
    let opened = match facts(&fields).and_then(|facts| Ok((facts, noticed(&fields)?))) {
        Ok((facts, at)) => visit.state.privacy.open_incident(&mut op, facts, at).await,
        Err(fault) => Err(fault),
    };
    match opened {
        Ok(id) => {
            op.commit().await?;
            visit.redirect(format!("{PATH}/{id}?da=data_incident_opened"))
        }
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            draw_form(&visit, "", typed(&fields), Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}

async fn read(visit: &Visit<House>) -> Result<(Incident, Vec<Line>, DateTime<Utc>)> {
    let mut op = visit.look().await?;
    let (incident, lines) = visit.state.privacy.incident(&mut op, visit.parse_param("id")?).await?;
    Ok((incident, lines, op.now()))
}

async fn edit(visit: Visit<House>) -> Answer {
    let (incident, _, _) = read(&visit).await?;
    let known = json!(incident.facts);
    draw_form(&visit, &incident.id.to_string(), known, None).await
}

async fn change(visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let changed = match facts(&fields) {
        Ok(facts) => visit.state.privacy.change_incident(&mut op, id, facts).await,
        Err(fault) => Err(fault),
    };
    match changed {
        Ok(()) => {
            op.commit().await?;
            visit.redirect(format!("{PATH}/{id}?da=data_incident_changed"))
        }
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            draw_form(&visit, &id.to_string(), typed(&fields), Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}

async fn show(visit: Visit<House>) -> Answer {
    draw(&visit, &Fields::default(), None).await
}

async fn draw(visit: &Visit<House>, typed: &Fields, fault: Option<&Fault>) -> Answer {
    let (incident, lines, now) = read(visit).await?;
    let words = Words::new(visit, "");
    let lines: Vec<Value> = lines
        .iter()
        .rev()
        .map(|line| {
            json!({
                "title": words.say(&format!("privacy.incident.line.{}", line.action), []), "at": line.at, "who": line.actor_name,
                "text": line_words(&words, line),
            })
        })
        .collect();
    let text = |name: &str| typed.get(name).unwrap_or_default();
    let is_open = incident.state == IncidentState::Open;
    let content = json!({
        "incident": incident, "facts": incident.facts, "lines": lines, "now": now, "back": PATH,
        "path": format!("{PATH}/{}", incident.id), "is_open": is_open, "late": is_open && incident.notify_by < now,
        "typed": { "how": text("how"), "late_reason": text("late_reason"), "people": text("people") },
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, called(["how", "late_reason", "people"]))),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/desk/incident.html", content).await
}

fn line_words(words: &Words, line: &Line) -> String {
    let late = line.detail["late"].as_bool().unwrap_or_default();
    match line.action.as_str() {
        "notified" | "warned" if late => words.say("privacy.incident.was_late", []),
        "people_told" => {
            let count = |name: &str| line.detail[name].as_u64().unwrap_or_default();
            // What earlier versions counted apart is one number here.
            let numbers = count("numbers") + count("reached") + count("without_account") + count("unknown");
            words.say("privacy.incident.told", [("numbers", numbers.to_string())])
        }
        _ => String::new(),
    }
}

/// Goes back to the breach, or draws it with what was wrong and all that was typed.
async fn told(visit: &Visit<House>, fields: &Fields, done: Result<()>, said: &str) -> Answer {
    match done {
        Ok(()) => visit.redirect(format!("{PATH}/{}?da={said}", visit.param("id"))),
        Err(fault) if is_told_in_place(&fault) => draw(visit, fields, Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}

async fn notified(visit: Visit<House>, fields: Fields) -> Answer {
    let id = visit.parse_param("id")?;
    let text = |name: &str| fields.get(name).unwrap_or_default();
    let done = async {
        let mut op = visit.op().await?;
        let privacy = &visit.state.privacy;
        privacy
            .notify_authority(&mut op, id, text("how"), text("late_reason"))
            .await?;
        op.commit().await
    };
    let done = done.await;
    told(&visit, &fields, done, "data_incident_notified").await
}

async fn people(visit: Visit<House>, fields: Fields) -> Answer {
    let id = visit.parse_param("id")?;
    let done = async {
        let typed = fields.get("people").unwrap_or_default();
        let numbers: std::result::Result<Vec<PersonalNumber>, Fault> = typed
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(PersonalNumber::parse)
            .collect();
        let wrong = |_| Fault::invalid("privacy.numbers").field("people", "privacy.numbers");
        let numbers = numbers.map_err(wrong)?;
        let mut op = visit.op().await?;
        visit.state.privacy.tell_people(&mut op, id, &numbers).await?;
        op.commit().await
    };
    let done = done.await;
    told(&visit, &fields, done, "data_incident_told").await
}

async fn close(visit: Visit<House>, fields: Fields) -> Answer {
    let id = visit.parse_param("id")?;
    let done = async {
        let mut op = visit.op().await?;
        visit.state.privacy.close_incident(&mut op, id).await?;
        op.commit().await
    };
    let done = done.await;
    told(&visit, &fields, done, "data_incident_closed").await
}

/// The notice to the authority, to print and to send.
async fn notice(visit: Visit<House>) -> Answer {
    let (incident, _, now) = read(&visit).await?;
    let agency = visit
        .actor
        .official()
        .map(|one| one.agency_name.clone())
        .unwrap_or_default();
    let pdf = visit.state.privacy.incident_pdf(&incident, &agency, now).await?;
    let name = format!("thong-bao-vi-pham-{}.pdf", incident.number);
    Ok(attachment(&name, "application/pdf", Body::from(pdf), true))
}
