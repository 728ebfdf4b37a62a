//! Acting for somebody else (đại diện, ủy quyền): for a business, a child, or by a power of attorney; and who acts for oneself.

use identity::{
    NewAttorney, NewStanding, RegistrationKind, RegistrationState, Representation, RepresentationKind, Standing,
};
use kernel::{DossierId, Fault, Result, local_date};
use op::Op;
use serde_json::{Value, json};
use web::{Answer, Door, Fields, Routes, StatusCode, Visit, address};

use super::own::not_signed_in;
use super::{again, source};
use crate::House;
use crate::desk::{day_of, systems, typed_day};
use crate::registration::{approvers, chosen};
use crate::told::{called, errors_of, faults_of, is_told_in_place, labelled, status_of};
use crate::words::Words;

/// The page of acting for others; `ho_so` says for which case it is opened.
pub(crate) const ACTING: &str = "/tai-khoan/lam-thay";
const GIVE: &str = "/tai-khoan/lam-thay/uy-quyen";
const ASK: &str = "/tai-khoan/lam-thay/de-nghi";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(ACTING, Door::SignedIn, actings)
        .post(ACTING, Door::SignedIn, choose)
        .post("/tai-khoan/lam-thay/ket-thuc", Door::SignedIn, end)
        .post("/tai-khoan/lam-thay/tra-loi", Door::SignedIn, answer)
        .get(GIVE, Door::Citizen, attorney)
        .post(GIVE, Door::Citizen, give)
        .get(ASK, Door::Citizen, standing)
        .post(ASK, Door::Citizen, ask)
}

async fn actings(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let mut actings = visit.state.identity.actings(&mut op).await?;
    if visit.query("sau").or(visit.query("so")).is_some() {
        let page = visit.state.identity.questions(&mut op, &visit.page_request()).await?;
        (actings.questions, actings.more_questions) = (page.items, page.next);
    }
    let names = procedures(&visit, &mut op).await?;
    let today = local_date(op.now());
    let now = op.now();
    drop(op);
    let words = Words::new(&visit, "");
    let acting = visit.actor.acts_for().map(|acting| acting.representation);
    // In an organisation the legal representative ends what its people may do, and another one who came later.
    let since = actings
        .received
        .iter()
        .find(|one| Some(one.id) == acting)
        .map(|one| one.given_at);
    let legal = visit.actor.acts_for().is_some_and(|acting| acting.legal);
    let ends = |one: &Representation| {
        let own = visit
            .actor
            .person()
            .is_some_and(|person| [one.represented, one.representative].contains(&person));
        let below = match one.kind {
            RepresentationKind::Member => true,
            RepresentationKind::Legal => {
                since.is_some_and(|since| since < one.given_at) && !actings.objected_to.contains(&one.id)
            }
            _ => false,
        };
        own || legal && below
    };
    let listed = |rows: &[Representation], other: fn(&Representation) -> &String| -> Vec<Value> {
        let row = |one: &Representation| {
            let scope = if one.procedures.is_empty() {
                words.say("people.acting.all", [])
            } else {
                let named = one.procedures.iter().map(|code| {
                    let known = names.iter().find(|(known, _)| known == code);
                    known.map_or_else(|| code.clone(), |(_, name)| name.clone())
                });
                named.collect::<Vec<_>>().join("; ")
            };
            let state = match one {
                _ if one.ended_at.is_some() => "ended",
                _ if one.in_force => "now",
                _ if today < one.from => "later",
                _ => "over",
            };
            json!({
                "id": one.id, "name": other(one), "kind": words.say(&format!("people.by.{}", one.kind.as_str()), []), "scope": scope,
                "from": one.from, "to": one.to, "reason": one.reason, "state": state, "now": acting == Some(one.id), "ends": ends(one),
            })
        };
        rows.iter().map(row).collect()
    };
    let asked: Vec<Value> = actings
        .asked
        .iter()
        .map(|(receipt, name)| {
            let state = match receipt.state {
                RegistrationState::Waiting if now >= receipt.expires_at => RegistrationState::Expired,
                state => state,
            };
            json!({
                "name": name, "kind": words.say(&format!("people.kind.{}", receipt.kind.as_str()), []), "state": state,
                "agency": receipt.agency_name, "until": receipt.expires_at, "reason": receipt.reason,
            })
        })
        .collect();
    let questions: Vec<Value> = actings
        .questions
        .iter()
        .map(|one| {
            let values = [("asker", one.asker_name.clone()), ("represented", one.represented_name.clone())];
            json!({
                "id": one.registration, "asker": one.asker_name, "agency": one.agency_name, "asked": one.asked_at, "until": one.expires_at,
                "agrees": one.agrees, "answer": one.answer_until, "what": words.say(&format!("people.acting.question_{}", one.kind.as_str()), values),
            })
        })
        .collect();
    let case = case_of(visit.query("ho_so"))
        .map(|id| id.to_string())
        .unwrap_or_default();
    let more = actings.more_questions.as_deref().map(|cursor| {
        let size = visit.query("so").unwrap_or_default();
        address(ACTING, [("ho_so", case.as_str()), ("so", size), ("sau", cursor)])
    });
    let content = json!({
        "case": case, "questions": questions, "more": more.unwrap_or_default(),
        "newest": if visit.query("sau").is_some() { ACTING } else { "" }, "received": listed(&actings.received, |one| &one.represented_name),
        "given": listed(&actings.given, |one| &one.representative_name), "asked": asked,
        "acting": visit.actor.acts_for().map(|acting| &acting.name), "official": visit.actor.is_official(),
        "action": ACTING, "give": GIVE, "ask": ASK,
    });
    visit.page("portal/account/acting.html", content).await
}

/// Whether somebody may act otherwise than they do now: for another, or for another one.
pub(crate) async fn may_choose(visit: &Visit<House>) -> Result<bool> {
    if visit.actor.citizen().is_none() {
        return Ok(false);
    }
    let mut op = visit.look().await?;
    let actings = visit.state.identity.actings(&mut op).await?;
    let acting = visit.actor.acts_for().map(|acting| acting.representation);
    Ok(actings
        .received
        .iter()
        .any(|one| one.in_force && Some(one.id) != acting))
}

/// The case for which the page is opened.
fn case_of(typed: Option<&str>) -> Option<DossierId> {
    typed.and_then(|typed| typed.parse().ok())
}

/// The procedures that can be handed in here: code and name.
async fn procedures(visit: &Visit<House>, op: &mut Op) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for (app, name) in systems(visit, op).await? {
        let online = visit.state.dossiers.online(op, &app).await?;
        found.push((online.code.clone(), name));
    }
    Ok(found)
}

/// For whom the session acts from now on; without a number for its owner again.
async fn choose(visit: Visit<House>, fields: Fields) -> Answer {
    let session = visit.session.ok_or_else(not_signed_in)?;
    let representation = match fields.filled("lam_thay") {
        None => None,
        Some(typed) => Some(typed.parse().map_err(|_| Fault::not_found("web.not_found"))?),
    };
    let mut op = visit.op().await?;
    let actor = visit.state.identity.act_for(&mut op, session, representation).await?;
    op.commit().await?;
    if let Some(case) = case_of(fields.get("ho_so")).filter(|_| actor.acts_for().is_some()) {
        visit.redirect(format!("/ho-so-cua-toi/{case}?da=acting_begun"))
    } else if actor.acts_for().is_some() {
        visit.redirect("/ho-so-cua-toi?da=acting_begun")
    } else {
        visit.redirect(format!("{ACTING}?da=acting_left"))
    }
}

async fn end(visit: Visit<House>, fields: Fields) -> Answer {
    let id = fields
        .required("id")?
        .parse()
        .map_err(|_| Fault::not_found("web.not_found"))?;
    let mut op = visit.op().await?;
    visit.state.identity.end_representation(&mut op, id).await?;
    op.commit().await?;
    visit.redirect(format!("{ACTING}?da=acting_ended"))
}

/// Agrees that somebody acts for one or beside one, or objects.
async fn answer(visit: Visit<House>, fields: Fields) -> Answer {
    let id = fields
        .required("id")?
        .parse()
        .map_err(|_| Fault::not_found("web.not_found"))?;
    let agrees = fields.required("dong_y")? == "1";
    let mut op = visit.op().await?;
    visit.state.identity.say_to_standing(&mut op, id, agrees).await?;
    op.commit().await?;
    let said = if agrees { "standing_agreed" } else { "standing_objected" };
    visit.redirect(format!("{ACTING}?da={said}"))
}

async fn attorney(visit: Visit<House>) -> Answer {
    draw_attorney(&visit, &Fields::default(), None).await
}

async fn draw_attorney(visit: &Visit<House>, fields: &Fields, fault: Option<&Fault>) -> Answer {
    let mut op = visit.look().await?;
    let known = procedures(visit, &mut op).await?;
    drop(op);
    let words = Words::new(visit, "");
    let options: Vec<Value> = known
        .iter()
        .map(|(code, name)| json!({ "value": code, "label": name }))
        .collect();
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    let content = json!({
        "options": options, "action": GIVE, "back": ACTING, "acting": visit.actor.acts_for().is_some(),
        "typed": {
            "number": text("number"), "name": text("name"), "from": typed_day(fields, "from"), "to": typed_day(fields, "to"),
            "reason": text("reason"), "scope": text("scope"), "procedures": fields.all("procedures").collect::<Vec<_>>(),
        },
        "errors": fault.map_or_else(Vec::new, |fault| {
            errors_of(&words, fault, called(["number", "name", "from", "to", "reason", "scope", "procedures"]))
        }),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/account/attorney.html", content).await
}

async fn give(mut visit: Visit<House>, fields: Fields) -> Answer {
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, GIVE, &fields, Some(fault)).await;
    }
    let new = match attorney_of(&fields) {
        Ok(new) => new,
        Err(fault) => return draw_attorney(&visit, &fields, Some(&fault)).await,
    };
    let ip = visit.client_ip().to_string();
    let op = visit.op().await?;
    match visit.state.identity.give_attorney(op, &new, source(&visit, &ip)).await {
        Ok(_) => visit.redirect(format!("{ACTING}?da=attorney_given")),
        Err(fault) if again::is_needed(&fault) => again::ask(&visit, GIVE, &fields, None).await,
        Err(fault) if is_told_in_place(&fault) || fault.code == "identity.too_many_attempts" => {
            draw_attorney(&visit, &fields, Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}

fn attorney_of(fields: &Fields) -> Result<NewAttorney> {
    let mut wrong = Fault::invalid("identity.malformed");
    let (from, to) = (day_of(fields, "from"), day_of(fields, "to"));
    for (name, day) in [("from", from), ("to", to)] {
        if day.is_none() {
            wrong = wrong.field(name, "portal.offices_day");
        }
    }
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    for name in ["number", "name"] {
        if text(name).trim().is_empty() {
            wrong = wrong.field(name, "identity.required");
        }
    }
    let some = fields.get("scope") == Some("some");
    let procedures: Vec<String> = fields.all("procedures").map(str::to_owned).collect();
    if some && procedures.is_empty() {
        wrong = wrong.field("procedures", "portal.choose_procedures");
    }
    if !some && fields.get("scope") != Some("all") {
        wrong = wrong.field("scope", "portal.choose_scope");
    }
    match (from, to) {
        (Some(from), Some(to)) if wrong.fields.is_empty() => Ok(NewAttorney {
            number: text("number"),
            name: text("name"),
            procedures: if some { procedures } else { Vec::new() },
            from,
            to,
            reason: text("reason"),
        }),
        _ => Err(wrong),
    }
}

/// What is asked of an authority: `loai` says what.
async fn standing(visit: Visit<House>) -> Answer {
    let Some(kind) = visit.query("loai").and_then(asked_kind) else {
        return visit.redirect(ACTING);
    };
    let fields = Fields::new([("bien_nhan".to_owned(), visit.state.identity.new_receipt()?)]);
    draw_standing(&visit, kind, &fields, None).await
}

fn asked_kind(word: &str) -> Option<RegistrationKind> {
    RegistrationKind::parse(word).filter(|kind| !kind.is_for_oneself())
}

/// What the controls ask for.
fn labels(kind: RegistrationKind) -> [(&'static str, &'static str); 6] {
    let name = if kind == RegistrationKind::Child {
        "people.ask.child_name"
    } else {
        "people.ask.organisation_name"
    };
    [
        ("full_name", name),
        ("tax_number", "people.ask.tax_number"),
        ("personal_number", "people.ask.child_number"),
        ("birth_date", "people.register.birth"),
        ("standing", "people.ask.standing"),
        ("paper", "people.ask.paper"),
    ]
}

async fn draw_standing(visit: &Visit<House>, kind: RegistrationKind, fields: &Fields, fault: Option<&Fault>) -> Answer {
    let mut op = visit.look().await?;
    let agencies = approvers(visit, &mut op).await?;
    drop(op);
    let words = Words::new(visit, "");
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    let content = json!({
        "kind": kind, "child": kind == RegistrationKind::Child, "receipt": text("bien_nhan"), "agencies": agencies,
        "action": ASK, "back": ACTING, "title": words.say(&format!("people.ask.title_{}", kind.as_str()), []),
        "lead": words.say(&format!("people.ask.lead_{}", kind.as_str()), []),
        "typed": {
            "full_name": text("full_name"), "tax_number": text("tax_number"), "personal_number": text("personal_number"),
            "birth_date": typed_day(fields, "birth_date"), "standing": text("standing"), "paper": text("paper"),
            "agency": text("agency"),
        },
        "errors": fault.map_or_else(Vec::new, |fault| {
            let known = [
                "full_name", "tax_number", "personal_number", "birth_date", "standing", "paper", "agency",
            ];
            labelled(&words, errors_of(&words, fault, called(known)), &labels(kind))
        }),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/account/standing.html", content).await
}

async fn ask(visit: Visit<House>, fields: Fields) -> Answer {
    let Some(kind) = fields.get("loai").and_then(asked_kind) else {
        return visit.redirect(ACTING);
    };
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    let new = NewStanding {
        kind,
        receipt: text("bien_nhan"),
        full_name: text("full_name"),
        tax_number: text("tax_number"),
        personal_number: text("personal_number"),
        birth_date: day_of(&fields, "birth_date"),
        standing: fields.get("standing").and_then(Standing::parse),
        paper: text("paper"),
        agency: chosen(&fields),
    };
    let ip = visit.client_ip().to_string();
    let mut op = visit.op().await?;
    match visit.state.identity.ask_standing(&mut op, &new, &ip).await {
        Ok(_) => {
            op.commit().await?;
            visit.redirect(format!("{ACTING}?da=standing_asked"))
        }
        Err(fault) if is_told_in_place(&fault) || fault.code == "identity.too_many_registrations" => {
            drop(op);
            draw_standing(&visit, kind, &fields, Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}
