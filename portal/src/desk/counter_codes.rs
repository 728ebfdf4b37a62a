//! Codes for people at the counter (mã cấp tại quầy): shown once, to be printed.

use identity::NewCounterCode;
use kernel::{Fault, FaultKind};
use serde_json::json;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};

use super::{called, errors_of, faults_of, is_told_in_place, status_of};
use crate::House;
use crate::account::again;
use crate::words::Words;

const PATH: &str = "/can-bo/ma-tai-quay";
const DOOR: Door = Door::Right("identity.issue_code");

pub(super) fn routes() -> Routes<House> {
    Routes::new().get(PATH, DOOR, form).post(PATH, DOOR, issue)
}

async fn form(visit: Visit<House>) -> Answer {
    draw(&visit, &Fields::default(), None).await
}

async fn draw(visit: &Visit<House>, fields: &Fields, fault: Option<&Fault>) -> Answer {
    let words = Words::new(visit, "");
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    let content = json!({
        "action": PATH, "typed": { "number": text("number"), "name": text("name"), "paper": text("paper") },
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, called(["number", "name", "paper"]))),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit
        .page_status(status, "portal/desk/counter_code.html", content)
        .await
}

async fn issue(mut visit: Visit<House>, fields: Fields) -> Answer {
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, PATH, &fields, Some(fault)).await;
    }
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    let new = NewCounterCode {
        number: text("number"),
        name: text("name"),
        paper: text("paper"),
    };
    match visit.state.identity.issue_code(visit.op().await?, &new).await {
        Ok(code) => {
            let content = json!({
                "code": code.code, "login": code.login, "until": code.expires_at, "name": new.name, "back": PATH,
            });
            visit.page("portal/desk/counter_code_given.html", content).await
        }
        Err(fault) if again::is_needed(&fault) => again::ask(&visit, PATH, &fields, None).await,
        Err(fault) if is_told_in_place(&fault) || fault.kind == FaultKind::TooMany => {
            draw(&visit, &fields, Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}
