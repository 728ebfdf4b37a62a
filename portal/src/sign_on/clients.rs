//! Applications for administrators: register, change, switch off, a new secret.

use kernel::{Fault, Result};
use openid::{Client, ClientAudience, ClientAuth, Registered, Registration, SigningAlgorithm};
use serde_json::{Value, json};
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};

use super::engine;
use crate::House;
use crate::told::{errors_of, faults_of, is_told_in_place, status_of};
use crate::words::Words;

const PATH: &str = "/can-bo/ung-dung";
const ADMIN: Door = Door::Right("openid.register_client");
/// The control of a field of a registration. What an application may ask for follows from its addresses.
fn control(field: &str) -> Option<String> {
    let control = match field {
        "grants" => "redirect_uris",
        "name"
        | "description"
        | "redirect_uris"
        | "post_logout_uris"
        | "back_channel_logout_uri"
        | "launch_uri"
        | "scopes"
        | "jwks"
        | "jwks_uri" => field,
        _ => return None,
    };
    Some(control.to_owned())
}

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(PATH, ADMIN, list)
        .get("/can-bo/ung-dung/moi", ADMIN, new)
        .post("/can-bo/ung-dung/moi", ADMIN, register)
        .get("/can-bo/ung-dung/{id}", ADMIN, edit)
        .post("/can-bo/ung-dung/{id}", ADMIN, change)
        .post("/can-bo/ung-dung/{id}/bi-mat", ADMIN, renew)
}

async fn list(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let page = engine(&visit).clients(&mut op, &visit.page_request()).await?;
    drop(op);
    let next = page
        .next
        .map(|cursor| format!("{PATH}?sau={cursor}"))
        .unwrap_or_default();
    let rows: Vec<Value> = page.items.iter().map(shown).collect();
    let content = json!({ "rows": rows, "next": next, "issuer": engine(&visit).issuer() });
    visit.page("portal/sign_on/clients.html", content).await
}

fn shown(client: &Client) -> Value {
    json!({
        "id": client.id, "name": client.name, "description": client.description, "auth": client.auth, "enabled": client.enabled,
        "audience": client.audience, "trusted": client.trusted, "dpop": client.dpop, "introspects": client.introspects,
        "redirect_uris": client.redirect_uris.join("\n"), "post_logout_uris": client.post_logout_uris.join("\n"),
        "back_channel_logout_uri": client.back_channel_logout_uri, "launch_uri": client.launch_uri,
        "scopes": client.scopes.join(" "),
        "jwks": client.jwks.as_ref().map(ToString::to_string), "jwks_uri": client.jwks_uri,
        "id_token_signed_response_alg": client.id_token_signed_response_alg,
    })
}

async fn new(visit: Visit<House>) -> Answer {
    let typed = json!({ "auth": "secret", "audience": "everybody", "scopes": "openid profile", "enabled": true, "id_token_signed_response_alg": "RS256" });
    draw(&visit, "", typed, None).await
}

async fn edit(visit: Visit<House>) -> Answer {
    let client = client(&visit).await?;
    draw(&visit, &client.id, shown(&client), None).await
}

async fn client(visit: &Visit<House>) -> Result<Client> {
    let mut op = visit.look().await?;
    engine(visit).client(&mut op, visit.param("id")).await
}

async fn draw(visit: &Visit<House>, id: &str, typed: Value, fault: Option<&Fault>) -> Answer {
    let words = Words::new(visit, "");
    let content = json!({
        "id": id, "typed": typed, "issuer": engine(visit).issuer(),
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, control)),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/sign_on/client.html", content).await
}

async fn register(visit: Visit<House>, fields: Fields) -> Answer {
    let mut op = visit.op().await?;
    let registered = match registration(&fields) {
        Ok(new) => engine(&visit).register_client(&mut op, new).await,
        Err(fault) => Err(fault),
    };
    match registered {
        Ok(registered) => {
            op.commit().await?;
            told(&visit, registered).await
        }
        Err(fault) if is_told_in_place(&fault) => draw(&visit, "", typed(&fields), Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}

async fn change(visit: Visit<House>, fields: Fields) -> Answer {
    let before = client(&visit).await?;
    let mut op = visit.op().await?;
    let enabled = fields.get("enabled") == Some("true");
    let changed = match registration(&fields) {
        // What the page does not ask stays.
        Ok(new) => {
            let alike = new.auth == before.auth && new.redirect_uris.is_empty() == before.redirect_uris.is_empty();
            let grants = if alike { before.grants } else { Vec::new() };
            let new = Registration { grants, ..new };
            engine(&visit).change_client(&mut op, &before.id, new, enabled).await
        }
        Err(fault) => Err(fault),
    };
    match changed {
        Ok(registered) if registered.secret.is_some() => {
            op.commit().await?;
            told(&visit, registered).await
        }
        Ok(_) => {
            op.commit().await?;
            visit.redirect(format!("{PATH}?da=client_changed"))
        }
        Err(fault) if is_told_in_place(&fault) => draw(&visit, &before.id, typed(&fields), Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}

async fn renew(visit: Visit<House>, _: Fields) -> Answer {
    let mut op = visit.op().await?;
    let registered = engine(&visit).renew_secret(&mut op, visit.param("id")).await?;
    op.commit().await?;
    told(&visit, registered).await
}

/// The page with the secret, which is shown in the answer itself and never again.
async fn told(visit: &Visit<House>, registered: Registered) -> Answer {
    let content = json!({
        "client": shown(&registered.client), "secret": registered.secret, "issuer": engine(visit).issuer(),
    });
    visit.page("portal/sign_on/registered.html", content).await
}

fn typed(fields: &Fields) -> Value {
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    let ticked = |name: &str| fields.get(name) == Some("true");
    json!({
        "name": text("name"), "description": text("description"), "auth": text("auth"), "audience": text("audience"),
        "redirect_uris": text("redirect_uris"), "post_logout_uris": text("post_logout_uris"),
        "back_channel_logout_uri": text("back_channel_logout_uri"), "launch_uri": text("launch_uri"), "scopes": text("scopes"),
        "jwks": text("jwks"), "jwks_uri": text("jwks_uri"), "id_token_signed_response_alg": text("id_token_signed_response_alg"),
        "trusted": ticked("trusted"), "dpop": ticked("dpop"), "introspects": ticked("introspects"),
        "enabled": ticked("enabled"),
    })
}

fn registration(fields: &Fields) -> Result<Registration> {
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    let filled = |name: &str| fields.filled(name).map(ToOwned::to_owned);
    let lines = |name: &str| text(name).split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>();
    let ticked = |name: &str| fields.get(name) == Some("true");
    let jwks = match fields.filled("jwks") {
        None => None,
        // Certificates are typed as tools write them.
        Some(typed) => Some(
            serde_json::from_str(typed)
                .ok()
                .or_else(|| openid::jwks_of_certificates(typed))
                .ok_or_else(|| Fault::invalid("openid.registration").field("jwks", "openid.jwks"))?,
        ),
    };
    Ok(Registration {
        name: text("name"),
        description: text("description"),
        auth: fields
            .get("auth")
            .and_then(ClientAuth::parse)
            .unwrap_or(ClientAuth::Secret),
        jwks,
        jwks_uri: filled("jwks_uri"),
        id_token_signed_response_alg: fields
            .get("id_token_signed_response_alg")
            .and_then(SigningAlgorithm::parse),
        redirect_uris: lines("redirect_uris"),
        post_logout_uris: lines("post_logout_uris"),
        back_channel_logout_uri: filled("back_channel_logout_uri"),
        launch_uri: filled("launch_uri"),
        grants: Vec::new(),
        scopes: lines("scopes"),
        audience: fields
            .get("audience")
            .and_then(ClientAudience::parse)
            .unwrap_or_default(),
        trusted: ticked("trusted"),
        dpop: ticked("dpop"),
        introspects: ticked("introspects"),
    })
}
