//! One's own account (tài khoản của tôi): password, second factor, devices.

use identity::{NewCodes, OwnerProof, PasswordChange, SessionRow};
use kernel::{Fault, Result};
use serde_json::{Value, json};
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};

use super::source;
use crate::House;
use crate::told::{errors_of, faults_of, is_told_in_place, status_of};
use crate::words::Words;

const ACCOUNT: &str = "/tai-khoan";
const PASSWORD: &str = "/tai-khoan/mat-khau";
pub(super) const SECOND_FACTOR: &str = "/tai-khoan/hai-lop";
const DEVICES: &str = "/tai-khoan/thiet-bi";
const LOOKS: &str = "/tai-khoan/ai-da-xem";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(ACCOUNT, Door::SignedIn, overview)
        .get(PASSWORD, Door::SignedIn, password)
        .post(PASSWORD, Door::SignedIn, change_password)
        .get(SECOND_FACTOR, Door::SignedIn, second_factor)
        .post(SECOND_FACTOR, Door::SignedIn, confirm)
        .post("/tai-khoan/hai-lop/bat-dau", Door::SignedIn, offer)
        .post("/tai-khoan/hai-lop/ma-du-phong", Door::SignedIn, renew)
        .post("/tai-khoan/hai-lop/tat", Door::SignedIn, remove)
        .get(LOOKS, Door::SignedIn, looks)
        .get(DEVICES, Door::SignedIn, devices)
        .post("/tai-khoan/thiet-bi/ket-thuc", Door::SignedIn, end_one)
        .post("/tai-khoan/thiet-bi/ket-thuc-khac", Door::SignedIn, end_others)
}

pub(super) fn not_signed_in() -> Fault {
    Fault::unauthenticated("web.sign_in_first")
}

async fn overview(visit: Visit<House>) -> Answer {
    let identity = &visit.state.identity;
    let account = visit.actor.account().ok_or_else(not_signed_in)?;
    let mut op = visit.look().await?;
    let account = identity.account(&mut op, account).await?;
    let factor = identity.second_factor(&mut op).await?;
    let sessions = identity.sessions_of(&mut op).await?;
    let offices = identity.own_positions(&mut op).await?;
    let links = visit.state.federation.links(&mut op).await?;
    let ways = identity.own_ways(&mut op).await?;
    drop(op);
    let official = visit.actor.official();
    let content = json!({
        "name": visit.actor.name(), "login": account.login, "factor": factor, "devices": sessions.len(), "offices": offices.len(),
        "providers": links.len(), "linked": links.iter().filter(|link| link.linked_at.is_some()).count(), "password": ways.password,
        "position": official.map(|official| format!("{}, {}", official.position_title, official.agency_name)),
    });
    visit.page("portal/account/overview.html", content).await
}

async fn password(visit: Visit<House>) -> Answer {
    draw_password(&visit, None).await
}

async fn draw_password(visit: &Visit<House>, fault: Option<&Fault>) -> Answer {
    let words = Words::new(visit, "");
    let content = json!({
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, password_control)),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/account/password.html", content).await
}

/// The control of a field. Names of secrets begin alike, so that none is carried into another page.
fn password_control(field: &str) -> Option<String> {
    let control = match field {
        "old" => "mat_khau",
        "password" => "mat_khau_moi",
        "again" => "mat_khau_lai",
        _ => return None,
    };
    Some(control.to_owned())
}

async fn change_password(visit: Visit<House>, fields: Fields) -> Answer {
    let new = fields.get("mat_khau_moi").unwrap_or_default();
    if new != fields.get("mat_khau_lai").unwrap_or_default() {
        let fault = Fault::invalid("identity.password_unfit").field("again", "portal.password_again");
        return draw_password(&visit, Some(&fault)).await;
    }
    let ip = visit.client_ip().to_string();
    let change = PasswordChange {
        old: fields.get("mat_khau").unwrap_or_default(),
        new,
        session: visit.session.ok_or_else(not_signed_in)?,
        source: source(&visit, &ip),
    };
    let identity = &visit.state.identity;
    match identity.change_password(&visit.site().ops, &visit.actor, change).await {
        Ok(token) => {
            let response = visit.redirect(format!("{ACCOUNT}?da=password_changed"))?;
            Ok(visit.start_session(&token, response))
        }
        // The engine calls the password that was shown `password`, as everywhere; here that is the old one.
        Err(fault) if matches!(fault.code, "identity.password_wrong" | "identity.required") => {
            let fault = Fault::invalid(fault.code).field("old", fault.code);
            draw_password(&visit, Some(&fault)).await
        }
        Err(fault) if is_told_in_place(&fault) => draw_password(&visit, Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}

/// Which of the forms of the page for the second factor was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Confirm,
    Renew,
    Remove,
}

impl Form {
    const fn word(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Renew => "renew",
            Self::Remove => "remove",
        }
    }

    /// The control for the password; each form has its own.
    fn password(self) -> String {
        format!("mat_khau.{}", self.word())
    }
}

async fn second_factor(visit: Visit<House>) -> Answer {
    draw_second_factor(&visit, None).await
}

async fn draw_second_factor(visit: &Visit<House>, wrong: Option<(Form, &Fault)>) -> Answer {
    let identity = &visit.state.identity;
    let session = visit.session.ok_or_else(not_signed_in)?;
    // An operation of its own: the offer is read under its lock.
    let mut op = visit.op().await?;
    let factor = identity.second_factor(&mut op).await?;
    let offer = identity
        .offered_totp(&mut op, session, &visit.site().province().name)
        .await?;
    drop(op);
    let words = Words::new(visit, "");
    let control = |form: Form| {
        move |field: &str| match field {
            "code" => Some("mat_khau.ma".to_owned()),
            "password" => Some(form.password()),
            _ => None,
        }
    };
    let content = json!({
        "factor": factor, "offer": offer,
        "errors": wrong.map_or_else(Vec::new, |(form, fault)| errors_of(&words, fault, control(form))),
        "faults": wrong.map_or_else(|| json!({}), |(form, fault)| json!({ form.word(): faults_of(&words, fault) })),
    });
    let status = wrong.map_or(StatusCode::OK, |(_, fault)| status_of(fault));
    visit
        .page_status(status, "portal/account/second_factor.html", content)
        .await
}

async fn offer(visit: Visit<House>, _: Fields) -> Answer {
    let session = visit.session.ok_or_else(not_signed_in)?;
    let mut op = visit.op().await?;
    visit.state.identity.offer_totp(&mut op, session).await?;
    op.commit().await?;
    visit.redirect(SECOND_FACTOR)
}

fn proof<'a>(visit: &'a Visit<House>, fields: &'a Fields, form: Form, ip: &'a str) -> Result<OwnerProof<'a>> {
    Ok(OwnerProof {
        password: fields.get(&form.password()).unwrap_or_default(),
        session: visit.session.ok_or_else(not_signed_in)?,
        source: source(visit, ip),
    })
}

async fn confirm(visit: Visit<House>, fields: Fields) -> Answer {
    let ip = visit.client_ip().to_string();
    let proof = proof(&visit, &fields, Form::Confirm, &ip)?;
    let code = fields.get("mat_khau.ma").unwrap_or_default();
    let identity = &visit.state.identity;
    let codes = identity
        .confirm_totp(&visit.site().ops, &visit.actor, code, proof)
        .await;
    show_codes(&visit, Form::Confirm, codes).await
}

async fn renew(visit: Visit<House>, fields: Fields) -> Answer {
    let ip = visit.client_ip().to_string();
    let proof = proof(&visit, &fields, Form::Renew, &ip)?;
    let identity = &visit.state.identity;
    let codes = identity
        .renew_recovery_codes(&visit.site().ops, &visit.actor, proof)
        .await;
    show_codes(&visit, Form::Renew, codes).await
}

/// The recovery codes are shown in the answer itself: they are nowhere to be read again.
async fn show_codes(visit: &Visit<House>, form: Form, codes: Result<NewCodes>) -> Answer {
    match codes {
        Ok(new) => {
            let content = json!({ "codes": new.codes, "new": form == Form::Confirm });
            let response = visit.page("portal/account/recovery_codes.html", content).await?;
            Ok(visit.start_session(&new.token, response))
        }
        Err(fault) if is_told_in_place(&fault) => draw_second_factor(visit, Some((form, &fault))).await,
        Err(fault) => Err(fault),
    }
}

async fn remove(visit: Visit<House>, fields: Fields) -> Answer {
    let ip = visit.client_ip().to_string();
    let proof = proof(&visit, &fields, Form::Remove, &ip)?;
    let identity = &visit.state.identity;
    match identity
        .remove_second_factor(&visit.site().ops, &visit.actor, proof)
        .await
    {
        Ok(token) => {
            let mut op = visit.look().await?;
            let left = identity.second_factor(&mut op).await?.since.is_some();
            drop(op);
            let said = if left {
                "authenticator_removed"
            } else {
                "second_factor_removed"
            };
            let response = visit.redirect(format!("{ACCOUNT}?da={said}"))?;
            Ok(visit.start_session(&token, response))
        }
        Err(fault) if is_told_in_place(&fault) => draw_second_factor(&visit, Some((Form::Remove, &fault))).await,
        Err(fault) => Err(fault),
    }
}

/// Who has looked at one's own data.
async fn looks(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let page = visit.state.identity.looks_at_me(&mut op, &visit.page_request()).await?;
    drop(op);
    let next = page
        .next
        .map(|cursor| format!("{LOOKS}?sau={cursor}"))
        .unwrap_or_default();
    let words = Words::new(&visit, "");
    let rows: Vec<Value> = page
        .items
        .into_iter()
        .map(|look| {
            let action = words.find(&format!("portal.looks.action.{}", look.action.replace('.', "_")));
            let action = action.unwrap_or_else(|| words.say("portal.looks.other", []));
            json!({ "at": look.at, "action": action, "purpose": look.purpose, "name": look.name, "position": look.position, "agency": look.agency })
        })
        .collect();
    visit
        .page("portal/account/looks.html", json!({ "rows": rows, "next": next }))
        .await
}

async fn devices(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let sessions = visit.state.identity.sessions_of(&mut op).await?;
    drop(op);
    let rows: Vec<Value> = sessions.iter().map(|row| device(&visit, row)).collect();
    visit.page("portal/account/devices.html", json!({ "rows": rows })).await
}

fn device(visit: &Visit<House>, row: &SessionRow) -> Value {
    let (browser, system) = identity::browser::known(&row.user_agent);
    let providers = visit.state.federation.providers();
    let provider = providers.iter().find(|own| Some(&own.key) == row.way.provider.as_ref());
    json!({
        "id": row.id, "current": visit.session == Some(row.id), "created_at": row.created_at, "last_seen_at": row.last_seen_at,
        "ip": row.ip, "browser": browser, "system": system, "agent": row.user_agent,
        "way": row.way.way, "provider": provider.map(|own| own.set), "two_factors": row.two_factors, "assurance": row.assurance(),
    })
}

async fn end_one(visit: Visit<House>, fields: Fields) -> Answer {
    let session = fields.get("phien").and_then(|id| id.parse().ok());
    let session = session.ok_or_else(|| Fault::not_found("identity.session_not_found"))?;
    let mut op = visit.op().await?;
    match visit.state.identity.end_session(&mut op, session).await {
        Ok(()) => op.commit().await?,
        // Pressed twice, or ended meanwhile: it is as it should be.
        Err(fault) if fault.code == "identity.session_not_found" => {}
        Err(fault) => return Err(fault),
    }
    visit.redirect(format!("{DEVICES}?da=session_ended"))
}

async fn end_others(visit: Visit<House>, _: Fields) -> Answer {
    let session = visit.session.ok_or_else(not_signed_in)?;
    let mut op = visit.op().await?;
    visit.state.identity.end_other_sessions(&mut op, session).await?;
    op.commit().await?;
    visit.redirect(format!("{DEVICES}?da=sessions_ended"))
}
