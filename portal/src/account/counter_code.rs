//! Setting a password with a code from the counter (mã cấp tại quầy).

use identity::Start;
use kernel::{Fault, FaultKind};
use serde_json::json;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};

use super::source;
use crate::House;
use crate::told::{errors_of, faults_of, is_told_in_place, status_of};
use crate::words::Words;

const PATH: &str = "/dang-nhap/ma-tai-quay";
/// Names of secrets begin alike, so that none is carried into another page.
const CODE: &str = "mat_khau.quay";
const PASSWORD: &str = "mat_khau_moi";
const AGAIN: &str = "mat_khau_lai";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(PATH, Door::Public, form)
        .post(PATH, Door::Public, set)
}

async fn form(visit: Visit<House>) -> Answer {
    draw(&visit, "", None).await
}

async fn draw(visit: &Visit<House>, login: &str, fault: Option<&Fault>) -> Answer {
    let words = Words::new(visit, "");
    let content = json!({
        "action": PATH, "login": login,
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, control)),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit
        .page_status(status, "portal/account/counter_code.html", content)
        .await
}

fn control(field: &str) -> Option<String> {
    let control = match field {
        "login" => "ten",
        "code" => CODE,
        "password" => PASSWORD,
        "again" => AGAIN,
        _ => return None,
    };
    Some(control.to_owned())
}

async fn set(visit: Visit<House>, fields: Fields) -> Answer {
    if visit.session.is_some() {
        return visit.redirect("/tai-khoan");
    }
    let text = |name: &str| fields.get(name).unwrap_or_default();
    let login = text("ten");
    if text(PASSWORD) != text(AGAIN) {
        let fault = Fault::invalid("identity.password_unfit").field("again", "portal.password_again");
        return draw(&visit, login, Some(&fault)).await;
    }
    let ip = visit.client_ip().to_string();
    let wish = Start {
        login,
        code: text(CODE),
        password: text(PASSWORD),
        source: source(&visit, &ip),
    };
    let identity = &visit.state.identity;
    match identity.set_password_by_code(&visit.site().ops, wish).await {
        Ok(_) => visit.redirect("/dang-nhap?da=password_by_code"),
        Err(fault) if is_told_in_place(&fault) || fault.kind == FaultKind::TooMany => {
            draw(&visit, login, Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}
