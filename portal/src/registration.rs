//! Registering oneself (đăng ký tài khoản, R033): the form for people without an account, and what has become of it.

use identity::{AgencyFilter, AgencyLevel, NewRegistration, RegistrationState};
use kernel::{AgencyId, Fault, FaultKind, Result};
use op::Op;
use serde_json::{Value, json};
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};

use crate::House;
use crate::desk::{day_of, typed_day};
use crate::told::{errors_of, faults_of, is_told_in_place, labelled, status_of};
use crate::words::Words;

const PATH: &str = "/dang-ky";
/// Names of secrets begin alike, so that none is carried into another page.
const PASSWORD: &str = "mat_khau_moi";
const AGAIN: &str = "mat_khau_lai";

/// Whose passports are offered, by their two-letter codes (ISO 3166-1); the words stand in the texts.
const COUNTRIES: [&str; 52] = [
    "AU", "AT", "BD", "BE", "BN", "BR", "CA", "CH", "CN", "CU", "CZ", "DE", "DK", "EG", "ES", "FI", "FR", "GB", "HK",
    "HU", "ID", "IE", "IL", "IN", "IT", "JP", "KH", "KR", "LA", "LK", "MM", "MN", "MX", "MY", "NG", "NL", "NO", "NP",
    "NZ", "PH", "PK", "PL", "PT", "RU", "SE", "SG", "TH", "TR", "TW", "UA", "US", "VN",
];

/// What the controls ask for.
const LABELS: [(&str, &str); 5] = [
    ("personal_number", "people.register.number"),
    ("passport", "people.register.passport"),
    ("nationality", "people.register.nationality"),
    ("full_name", "people.register.name"),
    ("birth_date", "people.register.birth"),
];

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get(PATH, Door::Public, form)
        .post(PATH, Door::Public, register)
        .get("/dang-ky/{receipt}", Door::Public, receipt)
}

async fn form(visit: Visit<House>) -> Answer {
    if visit.session.is_some() {
        return visit.redirect("/tai-khoan");
    }
    let fields = Fields::new([
        ("loai".to_owned(), visit.query("loai").unwrap_or_default().to_owned()),
        ("bien_nhan".to_owned(), visit.state.identity.new_receipt()?),
    ]);
    draw(&visit, &fields, None).await
}

/// The committees of communes to which people can bring their papers, in the order of their names.
pub(crate) async fn approvers(visit: &Visit<House>, op: &mut Op) -> Result<Vec<Value>> {
    let filter = AgencyFilter {
        level: Some(AgencyLevel::Commune),
        ..AgencyFilter::default()
    };
    let agencies = visit.state.identity.agencies(op, &filter).await?;
    let option = |agency: &identity::Agency| json!({ "value": agency.id, "label": agency.name });
    Ok(agencies.iter().map(option).collect())
}

/// The agency that was chosen.
pub(crate) fn chosen(fields: &Fields) -> Option<AgencyId> {
    fields.filled("agency").and_then(|typed| typed.parse().ok())
}

async fn draw(visit: &Visit<House>, fields: &Fields, fault: Option<&Fault>) -> Answer {
    let mut op = visit.look().await?;
    let agencies = approvers(visit, &mut op).await?;
    drop(op);
    let words = Words::new(visit, "");
    let mut countries: Vec<(String, &str)> = COUNTRIES
        .iter()
        .map(|code| (words.say(&format!("people.country.{code}"), []), *code))
        .collect();
    countries.sort();
    let countries: Vec<Value> = countries
        .iter()
        .map(|(name, code)| json!({ "value": code, "label": name }))
        .collect();
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    let content = json!({
        "foreigner": fields.get("loai") == Some("ho-chieu"), "receipt": text("bien_nhan"), "agencies": agencies, "countries": countries,
        "typed": {
            "personal_number": text("personal_number"), "passport": text("passport"), "nationality": text("nationality"),
            "full_name": text("full_name"), "birth_date": typed_day(fields, "birth_date"), "phone": text("phone"),
            "email": text("email"), "agency": text("agency"),
        },
        "errors": fault.map_or_else(Vec::new, |fault| labelled(&words, errors_of(&words, fault, control), &LABELS)),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit
        .page_status(status, "portal/registration/form.html", content)
        .await
}

fn control(field: &str) -> Option<String> {
    match field {
        "password" => Some(PASSWORD.to_owned()),
        "again" => Some(AGAIN.to_owned()),
        "receipt" => None,
        field => Some(field.to_owned()),
    }
}

async fn register(visit: Visit<House>, fields: Fields) -> Answer {
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    if text(PASSWORD) != text(AGAIN) {
        let fault = Fault::invalid("identity.password_unfit").field("again", "portal.password_again");
        return draw(&visit, &fields, Some(&fault)).await;
    }
    let new = NewRegistration {
        receipt: text("bien_nhan"),
        foreigner: fields.get("loai") == Some("ho-chieu"),
        personal_number: text("personal_number"),
        passport: text("passport"),
        nationality: text("nationality"),
        full_name: text("full_name"),
        birth_date: day_of(&fields, "birth_date"),
        phone: text("phone"),
        email: text("email"),
        password: text(PASSWORD),
        agency: chosen(&fields),
    };
    let ip = visit.client_ip().to_string();
    match visit.state.identity.register(&visit.site().ops, &new, &ip).await {
        Ok(receipt) => visit.redirect(format!("{PATH}/{receipt}?da=registration_asked")),
        Err(fault) if is_told_in_place(&fault) || matches!(fault.kind, FaultKind::TooMany | FaultKind::Unavailable) => {
            draw(&visit, &fields, Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}

/// What has become of it, for whoever has the address.
async fn receipt(visit: Visit<House>) -> Answer {
    let identity = &visit.state.identity;
    let found = identity.receipt(&visit.site().ops, visit.param("receipt")).await?;
    let content = json!({ "found": found, "waiting": found.state == RegistrationState::Waiting });
    visit.page("portal/registration/receipt.html", content).await
}
