//! Requests of people about their data, for the officials who answer them.

use identity::PersonField;
use kernel::{Fault, Result};
use privacy::{DeskBox, Detail, Outcome, Request, Verdict};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit, address};

use super::{errors_of, faults_of, is_told_in_place, status_of};
use crate::House;
use crate::account::again;
use crate::own_data;
use crate::words::Words;

const PATH: &str = "/can-bo/du-lieu-ca-nhan";
const DOOR: Door = Door::Right("privacy.desk");

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(PATH, DOOR, list)
        .get("/can-bo/du-lieu-ca-nhan/{id}", DOOR, show)
        .post("/can-bo/du-lieu-ca-nhan/{id}/tiep-nhan", DOOR, acknowledge)
        .post("/can-bo/du-lieu-ca-nhan/{id}/gia-han", DOOR, extend)
        .post("/can-bo/du-lieu-ca-nhan/{id}/tra-loi", DOOR, answer)
        .post("/can-bo/du-lieu-ca-nhan/{id}/trich-xuat", DOOR, extract)
}

async fn list(visit: Visit<House>) -> Answer {
    let which = visit.query("hop").and_then(DeskBox::parse).unwrap_or(DeskBox::Open);
    let mut op = visit.look().await?;
    let page = visit.state.privacy.desk(&mut op, which, &visit.page_request()).await?;
    let now = op.now();
    drop(op);
    let words = Words::new(&visit, "");
    let items: Vec<Value> = page
        .items
        .iter()
        .map(|row| {
            let request = &row.request;
            json!({
                "href": format!("{PATH}/{}", request.id), "number": request.number, "name": row.name,
                "kind": words.say(&format!("privacy.kind.{}", request.kind.as_str()), []), "state": request.state,
                "outcome": request.outcome, "due": request.next_due(), "late": request.is_overdue(now), "ended_at": request.ended_at,
            })
        })
        .collect();
    let at = |cursor: &str| address(PATH, [("hop", which.as_str()), ("sau", cursor)]);
    let tabs: Vec<Value> = DeskBox::ALL
        .iter()
        .map(|one| {
            let href = address(PATH, [("hop", one.as_str())]);
            json!({ "key": one, "current": *one == which, "href": href })
        })
        .collect();
    let content = json!({
        "items": items, "tabs": tabs, "box": which, "now": now, "next": page.next.as_deref().map(at).unwrap_or_default(),
        "first": if visit.query("sau").is_some() { at("") } else { String::new() },
    });
    visit.page("portal/desk/data_requests.html", content).await
}

async fn show(visit: Visit<House>) -> Answer {
    draw(&visit, &Fields::default(), None).await
}

async fn read(visit: &Visit<House>) -> Result<(Detail, String, chrono::DateTime<chrono::Utc>)> {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let detail = visit.state.privacy.request(&mut op, id).await?;
    let people = [detail.request.person];
    let name = visit.state.identity.names(&mut op, &people).await?.pop_first();
    let now = op.now();
    op.commit().await?;
    Ok((detail, name.map(|(_, name)| name).unwrap_or_default(), now))
}

async fn draw(visit: &Visit<House>, typed: &Fields, fault: Option<&Fault>) -> Answer {
    let (detail, name, now) = read(visit).await?;
    let words = Words::new(visit, "");
    let request = &detail.request;
    let mut content = own_data::shown(visit, &words, &detail);
    content["name"] = json!(name);
    content["now"] = json!(now);
    content["path"] = json!(format!("{PATH}/{}", request.id));
    content["back"] = json!(PATH);
    content["mine"] = json!(visit.actor.person() == Some(request.person));
    content["can"] = can(visit, request, now);
    content["open_until"] = json!(visit.state.privacy.open_until(request));
    content["choices"] = json!(choices(visit, &words, request, typed));
    let text = |name: &str| typed.get(name).unwrap_or_default();
    content["typed"] = json!({
        "reason": text("reason"), "outcome": text("outcome"), "answer": text("answer"), "ground": text("ground"),
        "third_party": text("third_party") == "true", "fields": typed.all("fields").collect::<Vec<_>>(),
    });
    content["errors"] = json!(fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, control)));
    content["faults"] = fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault));
    let status = fault.map_or(StatusCode::OK, status_of);
    visit
        .page_status(status, "portal/desk/data_request.html", content)
        .await
}

/// For what the use of data can be stopped, where the answer is not the whole of it.
fn choices(visit: &Visit<House>, words: &Words, request: &Request, typed: &Fields) -> Vec<Value> {
    use privacy::Kind;
    let offered = |key: &&str| match request.kind {
        Kind::Restrict => true,
        Kind::Object => request.purposes.is_empty() || request.purposes.iter().any(|one| one == key),
        _ => false,
    };
    let purposes = visit.state.privacy.may_be_objected_to().filter(offered);
    purposes
        .map(|key| {
            let checked = typed.all("purposes").any(|one| one == key);
            json!({ "key": key, "title": own_data::purpose(visit, words, key), "checked": checked })
        })
        .collect()
}

/// What can be done with it now.
fn can(visit: &Visit<House>, request: &Request, now: chrono::DateTime<chrono::Utc>) -> Value {
    use privacy::{Kind, State};
    let open_until = visit.state.privacy.open_until(request);
    let granted = matches!(request.outcome, Some(Outcome::Granted | Outcome::Partly));
    json!({
        "acknowledge": request.state == State::Received,
        "third_party": request.term.knows_third_party(),
        "extend": request.state == State::Acknowledged && request.extended_at.is_none() && request.term.can_be_extended(),
        "answer": request.state.is_open(),
        "extract": granted && matches!(request.kind, Kind::See | Kind::Provide) && open_until.is_some_and(|until| until >= now),
    })
}

fn control(field: &str) -> Option<String> {
    // Faults of a correction name fields of the person; the page asks which of them are put right.
    let known = matches!(
        field,
        "reason" | "outcome" | "answer" | "ground" | "fields" | "purposes"
    );
    Some(if known { field.to_owned() } else { "fields".to_owned() })
}

/// Goes back to the request, or draws it with what was wrong and all that was typed.
async fn told(visit: &Visit<House>, fields: &Fields, done: Result<()>, said: &str) -> Answer {
    match done {
        Ok(()) => visit.redirect(format!("{PATH}/{}?da={said}", visit.param("id"))),
        Err(fault) if is_told_in_place(&fault) => draw(visit, fields, Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}

async fn acknowledge(visit: Visit<House>, fields: Fields) -> Answer {
    let id = visit.parse_param("id")?;
    let third_party = fields.get("third_party") == Some("true");
    let done = async {
        let mut op = visit.op().await?;
        visit.state.privacy.acknowledge(&mut op, id, third_party).await?;
        op.commit().await
    };
    let done = done.await;
    told(&visit, &fields, done, "data_acknowledged").await
}

async fn extend(visit: Visit<House>, fields: Fields) -> Answer {
    let id = visit.parse_param("id")?;
    let reason = fields.get("reason").unwrap_or_default();
    let done = async {
        let mut op = visit.op().await?;
        visit.state.privacy.extend(&mut op, id, reason).await?;
        op.commit().await
    };
    let done = done.await;
    told(&visit, &fields, done, "data_extended").await
}

async fn answer(mut visit: Visit<House>, fields: Fields) -> Answer {
    let here = visit.path().to_owned();
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, &here, &fields, Some(fault)).await;
    }
    let id = visit.parse_param("id")?;
    let done = async {
        let outcome = fields.get("outcome").and_then(Outcome::parse);
        let verdict = Verdict {
            outcome: outcome.ok_or_else(|| Fault::invalid("privacy.required").field("outcome", "privacy.required"))?,
            answer: fields.get("answer").unwrap_or_default().to_owned(),
            ground: fields.get("ground").unwrap_or_default().to_owned(),
            fields: fields.all("fields").filter_map(PersonField::parse).collect(),
            purposes: fields.all("purposes").map(str::to_owned).collect(),
        };
        let mut op = visit.op().await?;
        visit.state.privacy.answer(&mut op, id, verdict).await?;
        op.commit().await
    };
    match done.await {
        Err(fault) if again::is_needed(&fault) => again::ask(&visit, &here, &fields, None).await,
        done => told(&visit, &fields, done, "data_answered").await,
    }
}

/// The extract for somebody who cannot download it.
async fn extract(mut visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let here = format!("{PATH}/{id}");
    let action = format!("{here}/trich-xuat");
    if fields.iter().any(|(name, _)| name.starts_with("mat_khau")) {
        return match again::take(&mut visit, &fields).await {
            Ok(()) => visit.redirect(format!("{here}?da=data_shown_again")),
            Err(fault) => again::ask(&visit, &action, &fields, Some(fault)).await,
        };
    }
    let mut op = visit.op().await?;
    match visit.state.privacy.extract_for(&mut op, id).await {
        Ok(extract) => {
            op.commit().await?;
            own_data::file(&visit, &extract, fields.get("dang").unwrap_or_default()).await
        }
        Err(fault) if again::is_needed(&fault) => {
            drop(op);
            again::ask(&visit, &action, &fields, None).await
        }
        Err(fault) => Err(fault),
    }
}
