//! From which position one acts (vị trí công tác), and letting a colleague stand in for some days (ủy quyền, thay thế).

use identity::{HeldPosition, NewSubstitution, Substitution};
use kernel::{Fault, Result, local_date};
use op::Op;
use serde_json::{Value, json};
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};

use super::again;
use super::own::not_signed_in;
use crate::House;
use crate::desk::{day_of, typed_day};
use crate::told::{called, errors_of, faults_of, is_told_in_place, status_of};
use crate::words::Words;

const OFFICES: &str = "/tai-khoan/vi-tri";
const LEND: &str = "/tai-khoan/vi-tri/uy-quyen";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(OFFICES, Door::SignedIn, offices)
        .post(OFFICES, Door::SignedIn, choose)
        .post(LEND, Door::Official, lend)
        .post("/tai-khoan/vi-tri/ket-thuc", Door::SignedIn, end)
}

async fn offices(visit: Visit<House>) -> Answer {
    draw(&visit, json!({ "from": {}, "to": {} }), None).await
}

async fn draw(visit: &Visit<House>, typed: Value, fault: Option<&Fault>) -> Answer {
    let mut op = visit.look().await?;
    let identity = &visit.state.identity;
    let positions = identity.own_positions(&mut op).await?;
    let substitutions = identity.substitutions(&mut op).await?;
    let colleagues = colleagues(visit, &mut op, &positions).await?;
    let today = local_date(op.now());
    drop(op);
    let words = Words::new(visit, "");
    let now = visit.actor.official();
    let rows: Vec<_> = positions
        .iter()
        .map(|own| {
            let roles: Vec<_> = own.roles.iter().map(|role| role_name(visit, role)).collect();
            json!({ "position": own, "roles": roles, "now": now.is_some_and(|now| now.position == own.position) })
        })
        .collect();
    let person = visit.actor.person();
    let (given, received): (Vec<&Substitution>, Vec<&Substitution>) =
        substitutions.iter().partition(|one| Some(one.holder) == person);
    let listed = |rows: Vec<&Substitution>| -> Vec<Value> {
        let state = |one: &Substitution| match (one.ended_at, today) {
            (Some(_), _) => "ended",
            (None, today) if today > one.to => "over",
            (None, today) if today < one.from => "later",
            _ => "now",
        };
        let row = |one: &&Substitution| {
            let roles: Vec<_> = one.roles.iter().map(|role| role_name(visit, role)).collect();
            json!({ "one": one, "state": state(one), "roles": roles })
        };
        rows.iter().map(row).collect()
    };
    let lendable = now.filter(|now| now.stands_for.is_none()).map(|now| {
        let policy = visit.site().ops.policy();
        let plain = |role: &&String| policy.role(role).is_some_and(|role| !role.privileged);
        let roles = now.roles.iter().filter(plain);
        let options: Vec<_> = roles
            .map(|role| json!({ "value": role, "label": role_name(visit, role) }))
            .collect();
        json!({ "position": now.position, "title": now.position_title, "agency": now.agency_name, "roles": options })
    });
    let content = json!({
        "rows": rows, "as_citizen": now.is_none(), "given": listed(given), "received": listed(received),
        "lendable": lendable, "colleagues": colleagues, "typed": typed,
        "errors": fault.map_or_else(Vec::new, |fault| {
            errors_of(&words, fault, called(["substitute", "roles", "from", "to", "reason"]))
        }),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/account/offices.html", content).await
}

/// Who may stand in: the officials of one's agency who hold another position.
async fn colleagues(visit: &Visit<House>, op: &mut Op, positions: &[HeldPosition]) -> Result<Vec<Value>> {
    let Some(now) = visit.actor.official().filter(|now| now.stands_for.is_none()) else {
        return Ok(Vec::new());
    };
    if positions.is_empty() {
        return Ok(Vec::new());
    }
    let officials = visit.state.identity.officials(op, now.agency, None).await?;
    let others = officials
        .iter()
        .filter(|other| other.account.is_some() && other.person != now.person && other.position != now.position);
    Ok(others
        .map(|other| json!({ "value": other.person, "label": format!("{} – {}", other.name, other.title) }))
        .collect())
}

/// The name of a role in the reader's language.
pub(crate) fn role_name(visit: &Visit<House>, role: &str) -> String {
    let language = usize::from(visit.locale == render::Locale::En);
    let found = visit.site().ops.policy().role(role);
    found.map_or_else(|| role.to_owned(), |role| role.name[language].clone())
}

async fn choose(visit: Visit<House>, fields: Fields) -> Answer {
    let session = visit.session.ok_or_else(not_signed_in)?;
    let position = match fields.filled("vi_tri") {
        None => None,
        Some(typed) => Some(typed.parse().map_err(|_| Fault::not_found("web.not_found"))?),
    };
    let mut op = visit.op().await?;
    let actor = visit.state.identity.choose_position(&mut op, session, position).await?;
    op.commit().await?;
    let to = if actor.is_official() { "/can-bo" } else { OFFICES };
    visit.redirect(format!("{to}?da=position_chosen"))
}

async fn lend(mut visit: Visit<House>, fields: Fields) -> Answer {
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, LEND, &fields, Some(fault)).await;
    }
    let typed = json!({
        "substitute": fields.get("substitute").unwrap_or_default(), "roles": fields.all("roles").collect::<Vec<_>>(),
        "from": typed_day(&fields, "from"), "to": typed_day(&fields, "to"), "reason": fields.get("reason").unwrap_or_default(),
    });
    let new = match new_of(&visit, &fields) {
        Ok(new) => new,
        Err(fault) => return draw(&visit, typed, Some(&fault)).await,
    };
    let mut op = visit.op().await?;
    match visit.state.identity.substitute(&mut op, &new).await {
        Ok(_) => {
            op.commit().await?;
            visit.redirect(format!("{OFFICES}?da=substitution_given"))
        }
        Err(fault) if again::is_needed(&fault) => {
            drop(op);
            again::ask(&visit, LEND, &fields, None).await
        }
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            draw(&visit, typed, Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}

fn new_of(visit: &Visit<House>, fields: &Fields) -> Result<NewSubstitution> {
    let mut wrong = Fault::invalid("identity.malformed");
    let substitute = fields.filled("substitute").and_then(|typed| typed.parse().ok());
    if substitute.is_none() {
        wrong = wrong.field("substitute", "portal.offices_choose");
    }
    let (from, to) = (day_of(fields, "from"), day_of(fields, "to"));
    for (name, day) in [("from", from), ("to", to)] {
        if day.is_none() {
            wrong = wrong.field(name, "portal.offices_day");
        }
    }
    match (substitute, from, to, visit.actor.official()) {
        (Some(substitute), Some(from), Some(to), Some(official)) => Ok(NewSubstitution {
            position: official.position,
            substitute,
            roles: fields.all("roles").map(str::to_owned).collect(),
            from,
            to,
            reason: fields.get("reason").unwrap_or_default().to_owned(),
        }),
        _ => Err(wrong),
    }
}

async fn end(visit: Visit<House>, fields: Fields) -> Answer {
    let id = fields
        .required("id")?
        .parse()
        .map_err(|_| Fault::not_found("web.not_found"))?;
    let mut op = visit.op().await?;
    visit.state.identity.end_substitution(&mut op, id).await?;
    op.commit().await?;
    visit.redirect(format!("{OFFICES}?da=substitution_ended"))
}
