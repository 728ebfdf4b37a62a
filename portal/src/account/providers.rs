//! Other providers of identity (VNeID, the national portal): the way there and back, and the links of one's own account.

use federation::{Arrival, Callback, Farewell, Purpose, Refused, Start};
use identity::{Entered, SignedIn};
use kernel::{Fault, Result};
use serde_json::{Value, json};
use web::{Answer, Door, Fields, Resume, Routes, StatusCode, Visit};

use super::own::not_signed_in;
use super::{again, ask_code, enter, source};
use crate::House;
use crate::sign_on::hop;
use crate::told::status_of;
use crate::words::Words;

const LINKS: &str = "/tai-khoan/lien-ket";
/// The field of a form that goes to a provider to show once more who is there.
pub(super) const AGAIN: &str = "lai";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .post("/dang-nhap/lien-thong/{provider}", Door::Public, begin)
        .get("/dang-nhap/lien-thong/{provider}/ve", Door::Public, arrive)
        .get(LINKS, Door::SignedIn, links)
        .post(LINKS, Door::SignedIn, link)
        .post("/tai-khoan/lien-ket/go", Door::SignedIn, unlink)
}

/// To a provider, by a page of ours: browsers do not let a form end elsewhere.
async fn depart(visit: &Visit<House>, start: Start<'_>) -> Answer {
    let departure = visit.state.federation.start(&visit.site().ops, start).await?;
    let response = hop(visit, &departure.address).await?;
    Ok(visit.keep_journey(&departure.browser, response))
}

async fn begin(visit: Visit<House>, fields: Fields) -> Answer {
    let purpose = match (fields.get(AGAIN), visit.actor.account()) {
        (Some(_), Some(account)) => Purpose::ShowAgain(account),
        _ => Purpose::SignIn,
    };
    let start = Start {
        provider: visit.param("provider"),
        browser: visit.journey(),
        back: fields.get("ve").unwrap_or_default(),
        resume: fields.get("_tiep").unwrap_or_default(),
        purpose,
    };
    depart(&visit, start).await
}

/// Back from a provider.
async fn arrive(visit: Visit<House>) -> Answer {
    let ip = visit.client_ip().to_string();
    let callback = Callback {
        provider: visit.param("provider"),
        browser: visit.journey(),
        state: visit.query("state"),
        code: visit.query("code"),
        error: visit.query("error"),
        issuer: visit.query("iss"),
        account: visit.actor.account(),
        source: source(&visit, &ip),
    };
    match visit.state.federation.finish(&visit.site().ops, callback).await {
        Ok(Arrival::Entered { entered, back, resume }) => {
            let fields = carried(back, resume);
            match entered {
                Entered::In(signed) => enter(visit, &fields, *signed).await,
                Entered::Half(half) => ask_code(&visit, &fields, &half.token, None).await,
            }
        }
        Ok(Arrival::Linked { .. }) => visit.redirect(format!("{LINKS}?da=provider_linked")),
        Ok(Arrival::ShownAgain { back, resume }) => {
            let mut visit = visit;
            shown_again(&mut visit).await?;
            match Resume::from_fields(&carried(String::new(), resume)) {
                // The act that has waited, to be pressed once.
                Some(resume) => visit.resume_page(&resume).await,
                None => visit.redirect(back),
            }
        }
        Err(refused) => told(&visit, *refused).await,
    }
}

/// The session is fresh from now on.
async fn shown_again(visit: &mut Visit<House>) -> Result<()> {
    let session = visit.session.ok_or_else(not_signed_in)?;
    let mut op = visit.op().await?;
    let provider = visit.param("provider");
    visit
        .state
        .identity
        .showed_at_provider(&mut op, session, provider)
        .await?;
    op.commit().await?;
    visit.has_shown_again();
    Ok(())
}

/// What the sign-in carries along, as its form would.
fn carried(back: String, resume: String) -> Fields {
    Fields::new([("ve".to_owned(), back), ("_tiep".to_owned(), resume)])
}

/// Says on the page from which the person left what was wrong, with all the other ways.
async fn told(visit: &Visit<House>, refused: Refused) -> Answer {
    let Refused {
        fault,
        back,
        resume,
        linking,
        again,
    } = refused;
    // The page was loaded once more: the first time has opened the session.
    if fault.code == "federation.expired" && visit.session.is_some() && !linking {
        return visit.redirect("/");
    }
    if linking && visit.session.is_some() {
        return draw(visit, Some(&fault)).await;
    }
    // The act waits still.
    if again
        && visit.session.is_some()
        && let Some(resume) = Resume::from_fields(&carried(String::new(), resume.clone()))
    {
        return again::ask(visit, &resume.path, &Fields::new(resume.fields), Some(fault)).await;
    }
    if fault.code == "federation.unknown_provider" {
        return Err(fault);
    }
    let resume = Resume::from_fields(&carried(String::new(), resume));
    let content = json!({
        "back": back, "login": "", "interrupted": resume.is_some(), "resume": resume.as_ref().map_or(String::new(), Resume::to_field),
        "fault": Words::new(visit, "").fault(&fault),
    });
    visit.sign_in_page(status_of(&fault), content).await
}

async fn links(visit: Visit<House>) -> Answer {
    draw(&visit, None).await
}

async fn draw(visit: &Visit<House>, fault: Option<&Fault>) -> Answer {
    let mut op = visit.look().await?;
    let links = visit.state.federation.links(&mut op).await?;
    let ways = visit.state.identity.own_ways(&mut op).await?;
    drop(op);
    let linked = links.iter().filter(|link| link.linked_at.is_some()).count();
    let rows: Vec<Value> = links
        .iter()
        .map(|link| {
            json!({
                "key": link.provider.key, "name": link.provider.set, "simulator": link.provider.simulator,
                "linked_at": link.linked_at, "last_used_at": link.last_used_at,
            })
        })
        .collect();
    let content = json!({
        "rows": rows, "last": linked < 2 && !ways.any(), "password": ways.password,
        "fault": fault.map(|fault| Words::new(visit, "").fault(fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit
        .page_status(status, "portal/account/providers.html", content)
        .await
}

async fn link(visit: Visit<House>, fields: Fields) -> Answer {
    let account = visit.actor.account().ok_or_else(not_signed_in)?;
    let start = Start {
        provider: fields.required("noi")?,
        browser: visit.journey(),
        back: LINKS,
        resume: "",
        purpose: Purpose::Link(account),
    };
    depart(&visit, start).await
}

async fn unlink(visit: Visit<House>, fields: Fields) -> Answer {
    let provider = fields.required("noi")?;
    let mut op = visit.op().await?;
    match visit.state.federation.unlink(&mut op, provider, visit.session).await {
        Ok(()) => op.commit().await?,
        // Pressed twice: it is as it should be.
        Err(fault) if fault.code == "federation.link_not_found" => {}
        Err(fault) if fault.code == "federation.last_way" => {
            drop(op);
            return draw(&visit, Some(&fault)).await;
        }
        Err(fault) => return Err(fault),
    }
    visit.redirect(format!("{LINKS}?da=provider_unlinked"))
}

/// A sign-in that waited for its second factor has become a session.
pub(super) async fn settle(visit: &Visit<House>, half: &str, signed: &SignedIn) -> Result<()> {
    let mut op = visit.op().await?;
    let federation = &visit.state.federation;
    federation
        .settle_farewell(&mut op, half, signed.session, signed.expires_at)
        .await?;
    op.commit().await
}

/// How to leave the provider that has opened this session, if one has.
pub(super) async fn farewell(visit: &Visit<House>) -> Result<Option<Farewell>> {
    let Some(session) = visit.session else { return Ok(None) };
    let mut op = visit.look().await?;
    visit.state.federation.farewell(&mut op, session).await
}

/// Signed out here; the provider is another matter, and the person's own choice.
pub(super) async fn say_farewell(mut visit: Visit<House>, farewell: &Farewell) -> Answer {
    visit.become_nobody();
    let content = json!({
        "name": farewell.provider.set, "simulator": farewell.provider.simulator, "address": farewell.address,
    });
    let response = visit.page("portal/account/farewell.html", content).await?;
    Ok(visit.end_session(response))
}
