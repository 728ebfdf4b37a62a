//! Signing in and out (R038, R040), and the pages of one's own account.

mod own;

use identity::{Entered, SecondStep, SignIn, SignedIn, Source};
use kernel::{Actor, Fault, FaultKind};
use serde_json::json;
use web::{Answer, Door, Fields, Resume, Routes, StatusCode, Visit};

use crate::House;
use crate::told::status_of;
use crate::words::Words;

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get("/dang-nhap", Door::Public, form)
        .post("/dang-nhap", Door::Public, sign_in)
        .post("/dang-nhap/ma", Door::Public, second_step)
        .post("/dang-xuat", Door::SignedIn, sign_out)
        .merge(own::routes())
}

async fn form(visit: Visit<House>) -> Answer {
    let back = visit.query("ve").unwrap_or("").to_owned();
    // An application may want its person to sign in once more.
    let again = visit.query("lai").is_some();
    if !matches!(visit.actor, Actor::Anonymous) && !again {
        return visit.redirect(if back.is_empty() { "/" } else { &back });
    }
    let content = json!({ "back": back, "login": "", "interrupted": false, "resume": "", "fault": null });
    visit.page("web/sign_in.html", content).await
}

/// Where a request comes from, for the limits on guessing.
fn source<'a>(visit: &'a Visit<House>, ip: &'a str) -> Source<'a> {
    Source {
        device: visit.device(),
        ip,
        user_agent: visit.user_agent(),
    }
}

async fn sign_in(visit: Visit<House>, fields: Fields) -> Answer {
    let ip = visit.client_ip().to_string();
    let attempt = SignIn {
        login: fields.get("ten").unwrap_or_default(),
        password: fields.get("mat_khau").unwrap_or_default(),
        source: source(&visit, &ip),
    };
    match visit.state.identity.sign_in(&visit.site().ops, attempt).await {
        Ok(Entered::In(signed)) => enter(visit, &fields, *signed).await,
        Ok(Entered::Half(half)) => ask_code(&visit, &fields, &half.token, None).await,
        Err(fault) => ask_password(&visit, &fields, fault).await,
    }
}

async fn second_step(visit: Visit<House>, fields: Fields) -> Answer {
    let ip = visit.client_ip().to_string();
    let half = fields.get("mat_khau.nua").unwrap_or_default();
    let step = SecondStep {
        half,
        code: fields
            .filled("mat_khau.du_phong")
            .or_else(|| fields.get("mat_khau.ma"))
            .unwrap_or_default(),
        source: source(&visit, &ip),
    };
    match visit.state.identity.finish_sign_in(&visit.site().ops, step).await {
        Ok(signed) => enter(visit, &fields, signed).await,
        Err(fault)
            if matches!(
                fault.code,
                "identity.code_wrong" | "identity.required" | "identity.too_many_attempts"
            ) =>
        {
            ask_code(&visit, &fields, half, Some(fault)).await
        }
        // Pressed twice: the first press has opened the session.
        Err(fault) if fault.code == "identity.sign_in_expired" && visit.session.is_some() => {
            visit.redirect(fields.filled("ve").unwrap_or("/"))
        }
        Err(fault) => ask_password(&visit, &fields, fault).await,
    }
}

/// The first page once more, with what was wrong.
async fn ask_password(visit: &Visit<House>, fields: &Fields, fault: Fault) -> Answer {
    if matches!(fault.kind, FaultKind::Internal | FaultKind::Unavailable) {
        return Err(fault);
    }
    let resume = Resume::from_fields(fields);
    let content = json!({
        "back": fields.get("ve").unwrap_or(""), "login": fields.get("ten").unwrap_or(""), "interrupted": resume.is_some(),
        "resume": resume.as_ref().map_or(String::new(), Resume::to_field), "fault": Words::new(visit, "").fault(&fault),
    });
    visit.page_status(status_of(&fault), "web/sign_in.html", content).await
}

/// The page for the second factor. It carries on what the first one carried.
async fn ask_code(visit: &Visit<House>, fields: &Fields, half: &str, fault: Option<Fault>) -> Answer {
    let resume = Resume::from_fields(fields);
    let words = Words::new(visit, "");
    let by_recovery = fields.filled("mat_khau.du_phong").is_some();
    let said = fault.as_ref().map(|fault| match fault.code {
        // There is no next one to wait for.
        "identity.code_wrong" if by_recovery => words.say("portal.code.recovery_wrong", []),
        _ => words.fault(fault),
    });
    let content = json!({
        "back": fields.get("ve").unwrap_or(""), "half": half, "resume": resume.as_ref().map_or(String::new(), Resume::to_field),
        "fault": said, "by_recovery": by_recovery,
    });
    let status = fault.as_ref().map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/account/code.html", content).await
}

/// Goes on to where the visitor wanted to.
async fn enter(mut visit: Visit<House>, fields: &Fields, signed: SignedIn) -> Answer {
    let official = signed.actor.is_official();
    let response = match Resume::from_fields(fields) {
        Some(resume) => {
            visit.become_signed_in(&signed.token, signed.actor, signed.session);
            visit.resume_page(&resume).await?
        }
        None if signed.second_factor_missing => {
            visit.redirect(format!("{}?da=second_factor_first", own::SECOND_FACTOR))?
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
