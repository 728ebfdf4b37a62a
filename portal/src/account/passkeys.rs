//! Passkeys of one's own (khóa truy cập): made, listed, removed.

use identity::{OwnerProof, Registration};
use kernel::{Fault, Result};
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};

use super::own::not_signed_in;
use super::source;
use crate::House;
use crate::told::{errors_of, faults_of, is_told_in_place, status_of};
use crate::words::Words;

const PASSKEYS: &str = "/tai-khoan/khoa-truy-cap";
const REMOVE: &str = "/tai-khoan/khoa-truy-cap/xoa";
/// The field that carries what the browser made or showed. A secret as passwords are: it is carried into no other page.
pub(crate) const FIELD: &str = "mat_khau.khoa";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(PASSKEYS, Door::SignedIn, passkeys)
        .post(PASSKEYS, Door::SignedIn, add)
        .post("/tai-khoan/khoa-truy-cap/bat-dau", Door::SignedIn, begin)
        .get(REMOVE, Door::SignedIn, removal)
        .post(REMOVE, Door::SignedIn, remove)
}

/// What the browser gave, from the hidden field of a form.
pub(crate) fn credential<T: DeserializeOwned>(fields: &Fields, broken: &'static str) -> Result<T> {
    let json = fields.get(FIELD).unwrap_or_default();
    serde_json::from_str(json).map_err(|error| Fault::invalid(broken).caused_by(error))
}

async fn passkeys(visit: Visit<House>) -> Answer {
    draw(&visit, "", None).await
}

async fn draw(visit: &Visit<House>, name: &str, fault: Option<&Fault>) -> Answer {
    let identity = &visit.state.identity;
    let session = visit.session.ok_or_else(not_signed_in)?;
    let mut op = visit.op().await?;
    let rows = identity.passkeys(&mut op).await?;
    let factor = identity.second_factor(&mut op).await?;
    let site = &visit.site().province().name;
    let offered = identity.offered_passkey(&mut op, session, site).await?;
    drop(op);
    let words = Words::new(visit, "");
    let origin = identity.passkey_origin();
    let here = origin.and_then(host);
    let rows: Vec<_> = rows
        .iter()
        .map(|row| json!({ "passkey": row, "elsewhere": here != Some(row.address.as_str()) }))
        .collect();
    let content = json!({
        "rows": rows, "factor": factor, "origin": origin, "name": name,
        "offer": offered.map(|(name, options)| json!({ "name": name, "options": json!(options).to_string() })),
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, control)),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/account/passkeys.html", content).await
}

/// The host of an address as browsers say it.
fn host(origin: &str) -> Option<&str> {
    origin.split_once("://")?.1.split(':').next()
}

fn control(field: &str) -> Option<String> {
    match field {
        "name" => Some("ten".to_owned()),
        "password" => Some("mat_khau".to_owned()),
        _ => None,
    }
}

fn proof<'a>(visit: &'a Visit<House>, fields: &'a Fields, ip: &'a str) -> Result<OwnerProof<'a>> {
    Ok(OwnerProof {
        password: fields.get("mat_khau").unwrap_or_default(),
        session: visit.session.ok_or_else(not_signed_in)?,
        source: source(visit, ip),
    })
}

async fn begin(visit: Visit<House>, fields: Fields) -> Answer {
    let ip = visit.client_ip().to_string();
    let proof = proof(&visit, &fields, &ip)?;
    let name = fields.get("ten").unwrap_or_default();
    let identity = &visit.state.identity;
    match identity
        .offer_passkey(&visit.site().ops, &visit.actor, name, proof)
        .await
    {
        Ok(()) => visit.redirect(PASSKEYS),
        Err(fault) if is_told_in_place(&fault) => draw(&visit, name, Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}

async fn add(visit: Visit<House>, fields: Fields) -> Answer {
    let ip = visit.client_ip().to_string();
    let session = visit.session.ok_or_else(not_signed_in)?;
    let added = match credential::<Registration>(&fields, "identity.passkey_unfit") {
        Ok(made) => {
            let here = (session, source(&visit, &ip));
            let identity = &visit.state.identity;
            identity.add_passkey(&visit.site().ops, &visit.actor, &made, here).await
        }
        Err(fault) => Err(fault),
    };
    match added {
        Ok(new) if new.codes.is_empty() => {
            let response = visit.redirect(format!("{PASSKEYS}?da=passkey_added"))?;
            Ok(visit.start_session(&new.token, response))
        }
        Ok(new) => {
            let content = json!({ "codes": new.codes, "new": true });
            let response = visit.page("portal/account/recovery_codes.html", content).await?;
            Ok(visit.start_session(&new.token, response))
        }
        Err(fault) if is_told_in_place(&fault) || fault.code == "identity.passkey_expired" => {
            draw(&visit, "", Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}

async fn removal(visit: Visit<House>) -> Answer {
    let id = visit.query("khoa").and_then(|id| id.parse().ok());
    draw_removal(&visit, id, None).await
}

async fn draw_removal(visit: &Visit<House>, id: Option<Uuid>, fault: Option<&Fault>) -> Answer {
    let mut op = visit.look().await?;
    let rows = visit.state.identity.passkeys(&mut op).await?;
    drop(op);
    let row = rows.into_iter().find(|row| Some(row.id) == id);
    let row = row.ok_or_else(|| Fault::not_found("identity.passkey_not_found"))?;
    let words = Words::new(visit, "");
    let content = json!({
        "passkey": row,
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, control)),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit
        .page_status(status, "portal/account/passkey_removal.html", content)
        .await
}

async fn remove(visit: Visit<House>, fields: Fields) -> Answer {
    let ip = visit.client_ip().to_string();
    let id: Option<Uuid> = fields.get("khoa").and_then(|id| id.parse().ok());
    let proof = proof(&visit, &fields, &ip)?;
    let identity = &visit.state.identity;
    let removed = identity
        .remove_passkey(&visit.site().ops, &visit.actor, id.unwrap_or_default(), proof)
        .await;
    match removed {
        Ok(token) => {
            let mut op = visit.look().await?;
            let left = identity.second_factor(&mut op).await?.since.is_some();
            drop(op);
            let said = if left {
                "passkey_removed"
            } else {
                "second_factor_removed"
            };
            let response = visit.redirect(format!("{PASSKEYS}?da={said}"))?;
            Ok(visit.start_session(&token, response))
        }
        // Pressed twice, or gone meanwhile: it is as it should be.
        Err(fault) if fault.code == "identity.passkey_not_found" => visit.redirect(PASSKEYS),
        Err(fault) if is_told_in_place(&fault) => draw_removal(&visit, id, Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}
