//! One's own data (dữ liệu của tôi): requests about it, and everything that is kept, to take away (R028).

mod consents;

use identity::PersonField;
use kernel::{Fault, Result};
use op::Op;
use privacy::{Detail, Extract, Kind, NewRequest, Request};
use serde_json::{Value, json};
use web::{Answer, Body, Door, Fields, Routes, StatusCode, Visit, attachment};

use crate::House;
use crate::account::again;
use crate::told::{errors_of, faults_of, is_told_in_place, status_of};
use crate::words::Words;

const PATH: &str = "/tai-khoan/du-lieu";
const NEW: &str = "/tai-khoan/du-lieu/moi";
const EXTRACT: &str = "/tai-khoan/du-lieu/trich-xuat";

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get(PATH, Door::SignedIn, list)
        .get(NEW, Door::SignedIn, new)
        .post(NEW, Door::SignedIn, ask)
        .post(EXTRACT, Door::SignedIn, extract)
        .get("/tai-khoan/du-lieu/{id}", Door::SignedIn, show)
        .post("/tai-khoan/du-lieu/{id}/bo", Door::SignedIn, lift)
        .get("/tai-khoan/du-lieu/{id}/rut", Door::SignedIn, withdrawal)
        .post("/tai-khoan/du-lieu/{id}/rut", Door::SignedIn, withdraw)
        .merge(consents::routes())
}

async fn list(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let page = visit.state.privacy.mine(&mut op, &visit.page_request()).await?;
    let now = op.now();
    drop(op);
    let words = Words::new(&visit, "");
    let rows: Vec<Value> = page
        .items
        .iter()
        .map(|request| {
            json!({
                "href": format!("{PATH}/{}", request.id), "number": request.number, "kind": kind(&words, request.kind),
                "state": request.state, "outcome": request.outcome, "due": request.next_due(), "received_at": request.received_at,
            })
        })
        .collect();
    let next = page
        .next
        .map(|cursor| format!("{PATH}?sau={cursor}"))
        .unwrap_or_default();
    let content =
        json!({ "rows": rows, "next": next, "now": now, "new": NEW, "extract": EXTRACT, "consents": consents::PATH });
    visit.page("portal/own_data/list.html", content).await
}

fn kind(words: &Words, kind: Kind) -> String {
    words.say(&format!("privacy.kind.{}", kind.as_str()), [])
}

/// What can be asked; with `loai` the questions of one kind.
async fn new(visit: Visit<House>) -> Answer {
    match visit.query("loai").and_then(Kind::parse) {
        Some(kind) => draw(&visit, kind, None, None).await,
        None => {
            let words = Words::new(&visit, "");
            let kinds: Vec<Value> = Kind::ALL
                .iter()
                .map(|one| {
                    json!({
                        "title": kind(&words, *one), "href": format!("{NEW}?loai={}", one.as_str()),
                        "text": words.say(&format!("privacy.kind_text.{}", one.as_str()), []),
                    })
                })
                .collect();
            visit
                .page("portal/own_data/kinds.html", json!({ "kinds": kinds, "back": PATH }))
                .await
        }
    }
}

/// What is written of the person now, in the fields of a correction.
async fn written(visit: &Visit<House>) -> Result<Vec<(PersonField, String)>> {
    let person = visit.actor.person().ok_or_else(not_signed_in)?;
    let mut op = visit.op().await?;
    let person = visit.state.identity.person(&mut op, person, "").await?;
    op.commit().await?;
    let mut fields = vec![
        (PersonField::FullName, person.full_name),
        (
            PersonField::BirthDate,
            person
                .birth_date
                .map(|day| day.format("%d/%m/%Y").to_string())
                .unwrap_or_default(),
        ),
        (
            PersonField::Phone,
            person.phone.map(|phone| phone.to_string()).unwrap_or_default(),
        ),
        (PersonField::Email, person.email.unwrap_or_default()),
    ];
    // A street without its ward leads nowhere.
    fields.extend(person.residence.map(|home| (PersonField::Address, home.detail)));
    Ok(fields)
}

async fn draw(visit: &Visit<House>, asked: Kind, typed: Option<&Fields>, fault: Option<&Fault>) -> Answer {
    let words = Words::new(visit, "");
    let fields = if asked == Kind::Correct {
        written(visit).await?
    } else {
        Vec::new()
    };
    let fields: Vec<Value> = fields
        .into_iter()
        .map(|(field, now)| {
            let value = typed.and_then(|typed| typed.get(field.as_str())).unwrap_or(&now).to_owned();
            json!({
                "name": field.as_str(), "label": words.say(&format!("privacy.field.{}", field.as_str()), []), "value": value,
            })
        })
        .collect();
    let purposes: Vec<Value> = visit
        .state
        .privacy
        .may_be_objected_to()
        .filter(|_| asked == Kind::Object)
        .map(|key| {
            let checked = typed.is_some_and(|typed| typed.all("purposes").any(|one| one == key));
            json!({ "key": key, "title": purpose(visit, &words, key), "checked": checked })
        })
        .collect();
    let control = |field: &str| (field != "wishes").then(|| field.to_owned());
    let content = json!({
        "kind": asked, "title": kind(&words, asked), "text": words.say(&format!("privacy.kind_text.{}", asked.as_str()), []),
        "action": NEW, "back": NEW, "fields": fields, "purposes": purposes, "details": typed.and_then(|typed| typed.get("details")).unwrap_or_default(),
        "optional": matches!(asked, Kind::See | Kind::Provide | Kind::Correct | Kind::Delete),
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, control)),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
        "open": fault.and_then(|fault| fault.params.get("id")).map(|id| format!("{PATH}/{id}")),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/own_data/ask.html", content).await
}

async fn ask(visit: Visit<House>, fields: Fields) -> Answer {
    let Some(asked) = fields.get("loai").and_then(Kind::parse) else {
        return visit.redirect(NEW);
    };
    let mut wishes = Vec::new();
    if asked == Kind::Correct {
        for (field, now) in written(&visit).await? {
            // Only what differs is asked for.
            let typed = fields.get(field.as_str()).map(str::trim).filter(|typed| *typed != now);
            wishes.extend(typed.map(|typed| (field, typed.to_owned())));
        }
    }
    let new = NewRequest {
        kind: asked,
        details: fields.get("details").unwrap_or_default().to_owned(),
        wishes,
        purposes: fields.all("purposes").map(str::to_owned).collect(),
    };
    let mut op = visit.op().await?;
    match visit.state.privacy.ask(&mut op, new).await {
        Ok(id) => {
            op.commit().await?;
            visit.redirect(format!("{PATH}/{id}?da=data_asked"))
        }
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            draw(&visit, asked, Some(&fields), Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}

/// The person's own request. An official who handles requests sees those of others at the desk.
async fn own(visit: &Visit<House>, op: &mut Op) -> Result<Detail> {
    let detail = visit.state.privacy.request(op, visit.parse_param("id")?).await?;
    if visit.actor.person() == Some(detail.request.person) {
        Ok(detail)
    } else {
        Err(Fault::not_found("privacy.not_found"))
    }
}

async fn show(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let detail = own(&visit, &mut op).await?;
    let now = op.now();
    drop(op);
    let words = Words::new(&visit, "");
    let mut content = shown(&visit, &words, &detail);
    content["can_lift"] = json!(detail.bounds.iter().any(|bound| bound.ended_at.is_none()));
    content["now"] = json!(now);
    content["back"] = json!(PATH);
    content["extract"] = json!(EXTRACT);
    visit.page("portal/own_data/request.html", content).await
}

/// What a purpose is called.
pub(crate) fn purpose(visit: &Visit<House>, words: &Words, key: &str) -> String {
    let declared = visit.state.privacy.declaration().purpose(key);
    declared.map_or_else(
        || key.to_owned(),
        |purpose| words.say(&format!("{}.title", purpose.text), []),
    )
}

/// For what the data is not used since the answer, and since when.
fn bounds(visit: &Visit<House>, words: &Words, detail: &Detail) -> Vec<Value> {
    let at = |moment: chrono::DateTime<chrono::Utc>| render::datetime_text(&moment.to_rfc3339()).unwrap_or_default();
    detail
        .bounds
        .iter()
        .map(|bound| {
            let name = match &bound.purpose {
                Some(key) => purpose(visit, words, key),
                None => words.say("privacy.bound.all", []),
            };
            let said = match bound.ended_at {
                Some(ended) => words.say("privacy.bound.ended", [("from", at(bound.since)), ("to", at(ended))]),
                None => words.say("privacy.bound.since", [("from", at(bound.since))]),
            };
            json!({ "key": name, "value": said })
        })
        .collect()
}

/// What both sides see of a request.
pub(crate) fn shown(visit: &Visit<House>, words: &Words, detail: &Detail) -> Value {
    let request = &detail.request;
    let field = |field: PersonField| words.say(&format!("privacy.field.{}", field.as_str()), []);
    let wishes: Vec<Value> = request
        .wishes
        .iter()
        .map(|(name, value)| json!({ "key": field(*name), "value": day_words(*name, value), "name": name.as_str() }))
        .collect();
    let lines: Vec<Value> = detail
        .lines
        .iter()
        .rev()
        .enumerate()
        .map(|(index, line)| {
            json!({
                "title": words.say(&format!("privacy.line.{}", line.action), []), "at": line.at, "who": line.actor_name,
                "text": line_words(words, &line.action, &line.detail), "now": index == 0 && request.state.is_open(),
            })
        })
        .collect();
    json!({
        "id": request.id, "number": request.number, "title": kind(words, request.kind), "kind": request.kind, "details": request.details,
        "state": request.state, "is_open": request.state.is_open(), "article": request.article, "received_at": request.received_at,
        "due": request.next_due(), "acknowledge_due": request.acknowledge_due, "due_at": request.due_at, "outcome": request.outcome,
        "answer": request.answer, "ground": request.ground, "wishes": wishes, "lines": lines,
        "purposes": request.purposes.iter().map(|key| purpose(visit, words, key)).collect::<Vec<_>>(),
        "bounds": bounds(visit, words, detail),
        "forgotten": forgotten(words, detail), "corrected": corrected(words, detail), "recorded": is_recorded(request),
    })
}

fn day_words(field: PersonField, value: &str) -> String {
    let day = (field == PersonField::BirthDate)
        .then(|| render::date_text(value))
        .flatten();
    day.unwrap_or_else(|| value.to_owned())
}

/// Decisions that people carry out: the page says so.
fn is_recorded(request: &Request) -> bool {
    matches!(request.kind, Kind::WithdrawConsent | Kind::Protect)
}

fn line_words(words: &Words, action: &str, detail: &Value) -> String {
    let at = |name: &str| {
        detail[name]
            .as_str()
            .and_then(render::datetime_text)
            .unwrap_or_default()
    };
    match action {
        "acknowledged" => words.say("privacy.line_text.acknowledged", [("due", at("due"))]),
        "extended" => {
            let reason = detail["reason"].as_str().unwrap_or_default().to_owned();
            words.say("privacy.line_text.extended", [("due", at("due")), ("reason", reason)])
        }
        "late" => words.say("privacy.line_text.late", [("due", at("due"))]),
        "answered" => detail["outcome"]
            .as_str()
            .map(|outcome| words.say(&format!("privacy.outcome.{outcome}"), []))
            .unwrap_or_default(),
        _ => String::new(),
    }
}

/// The line of the answer, with what it has done.
fn done(detail: &Detail) -> Option<&Value> {
    let answered = detail.lines.iter().rfind(|line| line.action == "answered");
    answered.map(|line| &line.detail)
}

fn forgotten(words: &Words, detail: &Detail) -> Vec<Value> {
    let parts = done(detail).and_then(|done| done["forgotten"].as_array());
    parts
        .into_iter()
        .flatten()
        .map(|part| {
            let name = |key: &str| part[key].as_str().unwrap_or_default().to_owned();
            let (engine, title) = (name("engine"), name("part"));
            let said = if part["kept"].as_bool().unwrap_or_default() {
                words.say("privacy.kept_by_law", [])
            } else {
                words.say(
                    "privacy.gone",
                    [("count", part["gone"].as_u64().unwrap_or_default().to_string())],
                )
            };
            json!({ "key": words.say(&format!("privacy.extract.part.{engine}_{title}"), []), "value": said })
        })
        .collect()
}

fn corrected(words: &Words, detail: &Detail) -> Vec<Value> {
    let changes = done(detail).and_then(|done| done["corrected"].as_array());
    changes
        .into_iter()
        .flatten()
        .map(|change| {
            let text = |key: &str| change[key].as_str().unwrap_or_default().to_owned();
            let field = PersonField::parse(&text("field"));
            let value = |key: &str| field.map_or_else(|| text(key), |field| day_words(field, &text(key)));
            let (before, after) = (value("before"), value("after"));
            json!({
                "key": words.say(&format!("privacy.field.{}", text("field")), []),
                "value": words.say("privacy.changed", [("before", or_nothing(words, before)), ("after", or_nothing(words, after))]),
            })
        })
        .collect()
}

fn or_nothing(words: &Words, value: String) -> String {
    if value.is_empty() {
        words.say("layout.not_given", [])
    } else {
        value
    }
}

/// Takes back what came of a granted restriction or objection.
async fn lift(visit: Visit<House>, _: Fields) -> Answer {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    visit.state.privacy.lift(&mut op, id).await?;
    op.commit().await?;
    visit.redirect(format!("{PATH}/{id}?da=data_lifted"))
}

async fn withdrawal(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let detail = own(&visit, &mut op).await?;
    drop(op);
    let words = Words::new(&visit, "");
    let back = format!("{PATH}/{}", detail.request.id);
    if !detail.request.state.is_open() {
        return visit.redirect(back);
    }
    let content = json!({
        "number": detail.request.number, "kind": kind(&words, detail.request.kind), "back": back, "action": format!("{back}/rut"),
    });
    visit.page("portal/own_data/withdraw.html", content).await
}

async fn withdraw(visit: Visit<House>, _: Fields) -> Answer {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    visit.state.privacy.withdraw(&mut op, id).await?;
    op.commit().await?;
    visit.redirect(format!("{PATH}/{id}?da=data_withdrawn"))
}

/// Everything that is kept, as a file. Whoever has not shown lately who they are shows it, and then presses again.
async fn extract(mut visit: Visit<House>, fields: Fields) -> Answer {
    let shows = fields.iter().any(|(name, _)| name.starts_with("mat_khau"));
    if shows {
        return match again::take(&mut visit, &fields).await {
            Ok(()) => visit.redirect(format!("{PATH}?da=data_shown_again")),
            Err(fault) => again::ask(&visit, EXTRACT, &fields, Some(fault)).await,
        };
    }
    let mut op = visit.op().await?;
    match visit.state.privacy.extract(&mut op).await {
        Ok(extract) => {
            op.commit().await?;
            file(&visit, &extract, fields.get("dang").unwrap_or_default()).await
        }
        Err(fault) if again::is_needed(&fault) => {
            drop(op);
            again::ask(&visit, EXTRACT, &fields, None).await
        }
        Err(fault) => Err(fault),
    }
}

/// The extract as the file that was asked for.
pub(crate) async fn file(visit: &Visit<House>, extract: &Extract, wanted: &str) -> Answer {
    let day = kernel::local_date(extract.made_at);
    if wanted == "json" {
        let body = serde_json::to_vec_pretty(extract).map_err(|e| Fault::internal("web.broken_page").caused_by(e))?;
        let name = format!("du-lieu-cua-toi-{day}.json");
        return Ok(attachment(&name, "application/json", Body::from(body), false));
    }
    let pdf = visit.state.privacy.extract_pdf(extract, visit.locale).await?;
    let name = format!("du-lieu-cua-toi-{day}.pdf");
    Ok(attachment(&name, "application/pdf", Body::from(pdf), false))
}

fn not_signed_in() -> Fault {
    Fault::unauthenticated("web.sign_in_first")
}
