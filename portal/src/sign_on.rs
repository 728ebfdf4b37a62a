//! Signing in to applications of the province (R038, R040, R310): the pages of the OpenID provider, and what people see of it.

mod clients;

use kernel::Fault;
use openid::{Farewell, Openid, Step, Visitor};
use serde_json::{Value, json};
use web::{Answer, Door, Fields, Routes, Visit, address};

use crate::House;
use crate::account::leave;
use crate::words::Words;

/// A page of ours between a form and a foreign place: browsers do not let a form end elsewhere.
const GO_ON: &str = "/openid/tiep-tuc";
const CONSENTS: &str = "/tai-khoan/ung-dung";

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get(openid::http::AUTHORIZE, Door::Public, authorize)
        .get(GO_ON, Door::Public, go_on)
        .post("/openid/dong-y", Door::SignedIn, consent)
        .get(openid::http::LOGOUT, Door::Public, logout)
        .post("/openid/dang-xuat", Door::SignedIn, confirmed_logout)
        .get("/ung-dung", Door::SignedIn, apps)
        .get(CONSENTS, Door::SignedIn, consents)
        .post("/tai-khoan/ung-dung/rut", Door::SignedIn, withdraw)
        .merge(clients::routes())
}

fn engine(visit: &Visit<House>) -> &Openid {
    visit.state.as_ref()
}

fn visitor(visit: &Visit<House>) -> Visitor<'_> {
    Visitor {
        actor: &visit.actor,
        session: visit.session,
    }
}

/// The link of an application.
async fn authorize(visit: Visit<House>) -> Answer {
    let query = visit.raw_query();
    let step = engine(&visit)
        .authorise(&visit.site().ops, visitor(&visit), query)
        .await?;
    match step {
        Step::Back(place) => Ok(web::redirect(&place)),
        Step::SignIn { query, again } => to_sign_in(&query, again),
        Step::Consent(asked) => {
            let words = Words::new(&visit, "");
            let scopes: Vec<String> = asked
                .scopes
                .iter()
                .filter_map(|scope| scope_words(&words, scope))
                .collect();
            let content = json!({
                "client": asked.client, "description": asked.description, "place": asked.place, "scopes": scopes, "query": query,
                "offline": asked.scopes.iter().any(|scope| scope == "offline_access"),
            });
            visit.page("portal/sign_on/consent.html", content).await
        }
    }
}

fn to_sign_in(query: &str, again: bool) -> Answer {
    let back = format!("{GO_ON}?{query}");
    let again = if again { "1" } else { "" };
    Ok(web::redirect(&address("/dang-nhap", [("lai", again), ("ve", &back)])))
}

/// What a scope lets an application learn; nothing is said of what is taken for granted.
fn scope_words(words: &Words, scope: &str) -> Option<String> {
    match scope {
        "openid" | "offline_access" => None,
        _ => Some(
            words
                .find(&format!("sign_on.scope.{scope}"))
                .unwrap_or_else(|| words.say("sign_on.scope_other", [("scope", scope.to_owned())])),
        ),
    }
}

/// After signing in: on to the application.
async fn go_on(visit: Visit<House>) -> Answer {
    let place = format!("{}?{}", openid::http::AUTHORIZE, visit.raw_query());
    hop(&visit, &place).await
}

/// A page that leads on by itself, and has a link for whoever it does not.
pub(crate) async fn hop(visit: &Visit<House>, place: &str) -> Answer {
    visit.page("portal/sign_on/hop.html", json!({ "place": place })).await
}

async fn consent(visit: Visit<House>, fields: Fields) -> Answer {
    let query = fields.get("yeu_cau").unwrap_or_default();
    let ops = &visit.site().ops;
    let step = match fields.get("tra_loi") {
        Some("dong_y") => engine(&visit).consent(ops, visitor(&visit), query).await?,
        _ => engine(&visit).deny(ops, query).await?,
    };
    match step {
        Step::Back(place) => hop(&visit, &place).await,
        Step::SignIn { query, again } => to_sign_in(&query, again),
        Step::Consent(_) => Err(Fault::internal("openid.answer")),
    }
}

/// An application has signed somebody out and wants the platform to do the same.
async fn logout(visit: Visit<House>) -> Answer {
    let query = visit.raw_query();
    let farewell = engine(&visit)
        .farewell(&visit.site().ops, visitor(&visit), query)
        .await?;
    match visit.session {
        None => Ok(web::redirect(farewell.to.as_deref().unwrap_or("/"))),
        Some(_) if farewell.sure => {
            leave(&visit).await?;
            let response = web::redirect(farewell.to.as_deref().unwrap_or("/?da=sign_out"));
            Ok(visit.end_session(response))
        }
        Some(_) => {
            let content = json!({ "client": farewell.client, "query": query });
            visit.page("portal/sign_on/logout.html", content).await
        }
    }
}

async fn confirmed_logout(visit: Visit<House>, fields: Fields) -> Answer {
    let query = fields.get("yeu_cau").unwrap_or_default();
    let Farewell { to, .. } = engine(&visit)
        .farewell(&visit.site().ops, visitor(&visit), query)
        .await?;
    leave(&visit).await?;
    let response = match to {
        Some(place) => hop(&visit, &place).await?,
        None => visit.redirect("/?da=sign_out")?,
    };
    Ok(visit.end_session(response))
}

/// "Ứng dụng của tôi": every system, ours or foreign.
async fn apps(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let apps = engine(&visit).apps_of(&mut op).await?;
    drop(op);
    let content = json!({ "apps": apps, "official": visit.actor.is_official(), "admin": visit.rights().may("openid.register_client") });
    visit.page("portal/sign_on/apps.html", content).await
}

/// What applications may learn of the person.
async fn consents(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let consents = engine(&visit).consents(&mut op).await?;
    drop(op);
    let words = Words::new(&visit, "");
    let rows: Vec<Value> = consents
        .into_iter()
        .map(|consent| {
            let scopes: Vec<String> = consent
                .scopes
                .iter()
                .filter_map(|scope| scope_words(&words, scope))
                .collect();
            json!({ "client": consent.client, "name": consent.name, "given_at": consent.given_at, "scopes": scopes })
        })
        .collect();
    visit
        .page("portal/sign_on/consents.html", json!({ "rows": rows }))
        .await
}

async fn withdraw(visit: Visit<House>, fields: Fields) -> Answer {
    let client = fields.required("ung_dung")?;
    let mut op = visit.op().await?;
    engine(&visit).withdraw_consent(&mut op, client).await?;
    op.commit().await?;
    visit.redirect(format!("{CONSENTS}?da=consent_withdrawn"))
}
