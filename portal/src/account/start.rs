//! Starting an account with a code that an administrator has given (nhận tài khoản, R036).

use identity::Start;
use kernel::Fault;
use serde_json::json;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};

use super::source;
use crate::House;
use crate::told::{errors_of, faults_of, is_told_in_place, status_of};
use crate::words::Words;

const START: &str = "/dang-nhap/bat-dau";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(START, Door::Public, form)
        .post(START, Door::Public, start)
}

async fn form(visit: Visit<House>) -> Answer {
    draw(&visit, &Fields::default(), None).await
}

async fn draw(visit: &Visit<House>, typed: &Fields, fault: Option<&Fault>) -> Answer {
    let words = Words::new(visit, "");
    let content = json!({
        "login": typed.get("ten").unwrap_or_default(),
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, control)),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/account/start.html", content).await
}

/// The control of a field. Names of secrets begin alike, so that none is carried into another page.
fn control(field: &str) -> Option<String> {
    let control = match field {
        "login" => "ten",
        "code" => "mat_khau.ma",
        "password" => "mat_khau_moi",
        "again" => "mat_khau_lai",
        _ => return None,
    };
    Some(control.to_owned())
}

async fn start(visit: Visit<House>, fields: Fields) -> Answer {
    let password = fields.get("mat_khau_moi").unwrap_or_default();
    if password != fields.get("mat_khau_lai").unwrap_or_default() {
        let fault = Fault::invalid("identity.password_unfit").field("again", "portal.password_again");
        return draw(&visit, &fields, Some(&fault)).await;
    }
    let ip = visit.client_ip().to_string();
    let start = Start {
        login: fields.get("ten").unwrap_or_default(),
        code: fields.get("mat_khau.ma").unwrap_or_default(),
        password,
        source: source(&visit, &ip),
    };
    match visit.state.identity.start_with_code(&visit.site().ops, start).await {
        Ok(_) => visit.redirect("/dang-nhap?lai=1&da=account_started"),
        Err(fault) if is_told_in_place(&fault) || fault.code == "identity.too_many_attempts" => {
            draw(&visit, &fields, Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}
