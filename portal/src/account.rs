//! Signing in and out, and the page of the person who is signed in (R038, R040).

use identity::{SignIn, Source};
use kernel::{Actor, FaultKind};
use serde_json::json;
use web::{Answer, Door, Fields, Resume, Routes, StatusCode, Visit};

use crate::House;

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get("/dang-nhap", Door::Public, form)
        .post("/dang-nhap", Door::Public, sign_in)
        .post("/dang-xuat", Door::SignedIn, sign_out)
}

async fn form(visit: Visit<House>) -> Answer {
    let back = visit.query("ve").unwrap_or("").to_owned();
    if !matches!(visit.actor, Actor::Anonymous) {
        return visit.redirect(if back.is_empty() { "/" } else { &back });
    }
    let content = json!({ "back": back, "login": "", "interrupted": false, "resume": "", "fault": null });
    visit.page("web/sign_in.html", content).await
}

async fn sign_in(mut visit: Visit<House>, fields: Fields) -> Answer {
    let login = fields.get("ten").unwrap_or_default();
    let resume = Resume::from_fields(&fields);
    let ip = visit.client_ip().to_string();
    let source = Source {
        device: visit.device(),
        ip: &ip,
        user_agent: visit.user_agent(),
    };
    let attempt = SignIn {
        login,
        password: fields.get("mat_khau").unwrap_or_default(),
        source,
    };
    let signed = match visit.state.identity.sign_in(&visit.site().ops, attempt).await {
        Ok(signed) => signed,
        Err(fault) if matches!(fault.kind, FaultKind::Internal | FaultKind::Unavailable) => return Err(fault),
        Err(fault) => {
            let status = StatusCode::from_u16(fault.kind.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            let words = visit
                .site()
                .renderer
                .texts()
                .error(visit.locale, fault.code, &fault.params);
            let content = json!({
                "back": fields.get("ve").unwrap_or(""), "login": login, "interrupted": resume.is_some(),
                "resume": resume.as_ref().map_or(String::new(), Resume::to_field), "fault": words,
            });
            return visit.page_status(status, "web/sign_in.html", content).await;
        }
    };
    let official = signed.actor.is_official();
    let response = match &resume {
        Some(resume) => {
            visit.become_signed_in(&signed.token, signed.actor, signed.session);
            visit.resume_page(resume).await?
        }
        None => visit.redirect(fields.filled("ve").unwrap_or(if official { "/can-bo" } else { "/" }))?,
    };
    let response = visit.keep_device(&signed.device, response);
    Ok(visit.start_session(&signed.token, response))
}

async fn sign_out(visit: Visit<House>, _: Fields) -> Answer {
    if let Some(session) = visit.session {
        let mut op = visit.op().await?;
        visit.state.identity.sign_out(&mut op, session).await?;
        op.commit().await?;
    }
    let response = visit.redirect("/?da=sign_out")?;
    Ok(visit.end_session(response))
}
