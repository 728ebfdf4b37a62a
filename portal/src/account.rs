//! Signing in and out (R038, R040), and the pages of one's own account.

pub(crate) mod acting;
pub(crate) mod again;
mod counter_code;
mod merge;
pub(crate) mod offices;
mod own;
mod passkeys;
mod providers;
mod start;

use identity::{Assertion, Entered, PasskeyStep, SecondStep, SignIn, SignedIn, Source};
use kernel::{Actor, Fault, FaultKind, Result};
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
        .post("/dang-nhap/khoa", Door::Public, passkey)
        .post("/dang-xuat", Door::SignedIn, sign_out)
        .merge(own::routes())
        .merge(passkeys::routes())
        .merge(offices::routes())
        .merge(acting::routes())
        .merge(counter_code::routes())
        .merge(merge::routes())
        .merge(providers::routes())
        .merge(start::routes())
}

async fn form(visit: Visit<House>) -> Answer {
    let back = visit.query("ve").unwrap_or("").to_owned();
    // An application may want its person to sign in once more.
    let again = visit.query("lai").is_some();
    if !matches!(visit.actor, Actor::Anonymous) && !again {
        return visit.redirect(if back.is_empty() { "/" } else { &back });
    }
    let content = json!({ "back": back, "login": "", "interrupted": false, "resume": "", "fault": null });
    visit.sign_in_page(StatusCode::OK, content).await
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
        Ok(signed) => {
            providers::settle(&visit, half, &signed).await?;
            enter(visit, &fields, signed).await
        }
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

/// A passkey, alone or after the password.
async fn passkey(visit: Visit<House>, fields: Fields) -> Answer {
    let ip = visit.client_ip().to_string();
    let half = fields.filled("mat_khau.nua");
    let signed = match passkeys::credential::<Assertion>(&fields, "identity.passkey_wrong") {
        Ok(assertion) => {
            let step = PasskeyStep {
                assertion: &assertion,
                half,
                source: source(&visit, &ip),
            };
            visit.state.identity.sign_in_with_passkey(&visit.site().ops, step).await
        }
        Err(fault) => Err(fault),
    };
    match (signed, half) {
        (Ok(signed), half) => {
            if let Some(half) = half {
                providers::settle(&visit, half, &signed).await?;
            }
            enter(visit, &fields, signed).await
        }
        // Pressed twice: the first press has opened the session.
        (Err(fault), _) if fault.code == "identity.passkey_expired" && visit.session.is_some() => {
            visit.redirect(fields.filled("ve").unwrap_or("/"))
        }
        (Err(fault), Some(half)) if fault.code.starts_with("identity.passkey_") => {
            ask_code(&visit, &fields, half, Some(fault)).await
        }
        (Err(fault), _) => ask_password(&visit, &fields, fault).await,
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
    visit.sign_in_page(status_of(&fault), content).await
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
    let passkey = {
        let mut connection = visit.site().ops.pool().acquire().await.map_err(db::fault)?;
        visit.state.identity.half_has_passkey(&mut connection, half).await?
    };
    let content = json!({
        "passkey": passkey, "back": fields.get("ve").unwrap_or(""), "half": half, "resume": resume.as_ref().map_or(String::new(), Resume::to_field),
        "fault": said, "by_recovery": by_recovery,
    });
    let status = fault.as_ref().map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/account/code.html", content).await
}

/// Goes on to where the visitor wanted to.
async fn enter(mut visit: Visit<House>, fields: &Fields, signed: SignedIn) -> Answer {
    leave_before(&visit, &signed).await?;
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

/// The session that the browser has come with would go on unseen: it ends, and what the same person was signed in to goes on in the new one.
async fn leave_before(visit: &Visit<House>, signed: &SignedIn) -> Result<()> {
    let Some(before) = visit.session else { return Ok(()) };
    let mut op = visit.op().await?;
    visit.state.openid.move_session(&mut op, before, signed.session).await?;
    op.commit().await?;
    leave(visit).await
}

/// Ends the session of the browser, if it has not ended yet.
pub(crate) async fn leave(visit: &Visit<House>) -> Result<()> {
    let Some(session) = visit.session else { return Ok(()) };
    let mut op = visit.op().await?;
    match visit.state.identity.sign_out(&mut op, session).await {
        Ok(()) => op.commit().await,
        // Pressed twice.
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(()),
        Err(fault) => Err(fault),
    }
}

async fn sign_out(visit: Visit<House>, _: Fields) -> Answer {
    let farewell = providers::farewell(&visit).await?;
    leave(&visit).await?;
    match farewell {
        Some(farewell) => providers::say_farewell(visit, &farewell).await,
        None => {
            let response = visit.redirect("/?da=sign_out")?;
            Ok(visit.end_session(response))
        }
    }
}
