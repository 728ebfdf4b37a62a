//! Applications for administrators; one's own applications and consents for everybody.

use chrono::{DateTime, Utc};
use kernel::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::{Doc, Door, Method, Routes, Site, Visit};

use crate::{
    AppLink, Client, ClientAudience, ClientAuth, ConsentView, Grant, Openid, Registered, Registration, SigningAlgorithm,
};

/// An application.
#[derive(Serialize, JsonSchema)]
pub struct ClientAnswer {
    /// `client_id`.
    pub client_id: String,
    /// What people know it by.
    pub name: String,
    /// A sentence for people.
    pub description: String,
    /// How it shows who it is.
    pub auth: ClientAuth,
    /// Its public keys (JWK set).
    pub jwks: Option<Value>,
    /// Where they stand instead.
    pub jwks_uri: Option<String>,
    /// By what the tokens about a sign-in (ID tokens) and its end are signed.
    pub id_token_signed_response_alg: SigningAlgorithm,
    /// Where people may be sent back to.
    pub redirect_uris: Vec<String>,
    /// Where people may be sent to after signing out.
    pub post_logout_uris: Vec<String>,
    /// Where the end of a session is told.
    pub back_channel_logout_uri: Option<String>,
    /// Where people start it.
    pub launch_uri: Option<String>,
    /// What it may ask for.
    pub grants: Vec<Grant>,
    /// What it may learn and reach.
    pub scopes: Vec<String>,
    /// For whom it is.
    pub audience: ClientAudience,
    /// Of the province itself: nobody is asked for consent.
    pub trusted: bool,
    /// Gets tokens only that are bound to a key.
    pub dpop: bool,
    /// May look at tokens that others have got.
    pub introspects: bool,
    /// Works.
    pub enabled: bool,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl From<Client> for ClientAnswer {
    fn from(client: Client) -> Self {
        Self {
            client_id: client.id,
            name: client.name,
            description: client.description,
            auth: client.auth,
            jwks: client.jwks,
            jwks_uri: client.jwks_uri,
            id_token_signed_response_alg: client.id_token_signed_response_alg,
            redirect_uris: client.redirect_uris,
            post_logout_uris: client.post_logout_uris,
            back_channel_logout_uri: client.back_channel_logout_uri,
            launch_uri: client.launch_uri,
            grants: client.grants,
            scopes: client.scopes,
            audience: client.audience,
            trusted: client.trusted,
            dpop: client.dpop,
            introspects: client.introspects,
            enabled: client.enabled,
            created_at: client.created_at,
        }
    }
}

/// An application with the secret that is shown only now.
#[derive(Serialize, JsonSchema)]
pub struct RegisteredAnswer {
    /// The application.
    #[serde(flatten)]
    pub client: ClientAnswer,
    /// Its new secret; missing where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// The issuer, for the settings of the application; the command line does not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

impl RegisteredAnswer {
    /// What whoever registers an application is told.
    pub fn new(registered: Registered, issuer: Option<&str>) -> Self {
        Self {
            client: registered.client.into(),
            client_secret: registered.secret,
            issuer: issuer.map(str::to_owned),
        }
    }
}

/// A page of applications.
#[derive(Serialize, JsonSchema)]
pub struct ClientPage {
    /// In the order of their names.
    pub items: Vec<ClientAnswer>,
    /// Cursor of the next page (`?sau=`), if there is one.
    pub next: Option<String>,
}

/// What is said about an application from now on.
#[derive(Deserialize, JsonSchema)]
pub struct ClientChange {
    /// All of it.
    #[serde(flatten)]
    pub registration: Registration,
    /// Whether it works.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

/// A body without fields.
#[derive(Deserialize, JsonSchema)]
pub struct Nothing {}

/// One's own applications.
#[derive(Serialize, JsonSchema)]
pub struct AppList {
    /// In the order of their names.
    pub items: Vec<AppLink>,
}

/// One's own consents.
#[derive(Serialize, JsonSchema)]
pub struct ConsentList {
    /// The newest first.
    pub items: Vec<ConsentView>,
}

/// The routes.
pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Openid> + Clone + Send + Sync + 'static,
{
    let admin = Door::Right("openid.register_client");
    let doc = |id, text| Doc::new(id, "oidc", text);
    Routes::new()
        .api_get(
            "/api/v1/oidc/clients",
            admin,
            doc("listClients", "Applications that sign people in here.").with_query(&["sau", "so"]),
            list,
        )
        .api_post(
            "/api/v1/oidc/clients",
            admin,
            doc(
                "registerClient",
                "Registers an application. Its secret is shown in the answer and never again.",
            )
            .created(),
            register,
        )
        .api_get(
            "/api/v1/oidc/clients/{id}",
            admin,
            doc("getClient", "One application."),
            get,
        )
        .api_send(
            Method::PUT,
            "/api/v1/oidc/clients/{id}",
            admin,
            doc(
                "changeClient",
                "Replaces what is said about an application, and switches it on or off.",
            ),
            change,
        )
        .api_post(
            "/api/v1/oidc/clients/{id}/secret",
            admin,
            doc(
                "renewClientSecret",
                "Gives an application a new secret; the old one is worth nothing from now on.",
            ),
            renew,
        )
        .api_post(
            "/api/v1/oidc/keys",
            admin,
            doc(
                "rotateSigningKey",
                "Makes a new key for signing by each algorithm. They sign after ten minutes; nobody notices.",
            ),
            rotate,
        )
        .api_get(
            "/api/v1/me/apps",
            Door::SignedIn,
            doc("listMyApps", "Applications that the signed-in person can start."),
            apps,
        )
        .api_get(
            "/api/v1/me/consents",
            Door::SignedIn,
            doc(
                "listMyConsents",
                "What the signed-in person has allowed applications to learn.",
            ),
            consents,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/me/consents/{client}",
            Door::SignedIn,
            doc(
                "withdrawConsent",
                "Takes a consent back; the sign-ins of the application end.",
            ),
            withdraw,
        )
}

async fn list<S>(visit: Visit<S>) -> Result<ClientPage>
where
    S: AsRef<Site> + AsRef<Openid>,
{
    let openid: &Openid = visit.state.as_ref();
    let mut op = visit.look().await?;
    let page = openid
        .clients(&mut op, &visit.page_request())
        .await?
        .map(ClientAnswer::from);
    Ok(ClientPage {
        items: page.items,
        next: page.next,
    })
}

async fn get<S>(visit: Visit<S>) -> Result<ClientAnswer>
where
    S: AsRef<Site> + AsRef<Openid>,
{
    let openid: &Openid = visit.state.as_ref();
    let mut op = visit.look().await?;
    Ok(openid.client(&mut op, visit.param("id")).await?.into())
}

async fn register<S>(visit: Visit<S>, new: Registration) -> Result<RegisteredAnswer>
where
    S: AsRef<Site> + AsRef<Openid>,
{
    let openid: &Openid = visit.state.as_ref();
    let mut op = visit.op().await?;
    let registered = openid.register_client(&mut op, new).await?;
    op.commit().await?;
    Ok(RegisteredAnswer::new(registered, Some(openid.issuer())))
}

async fn change<S>(visit: Visit<S>, new: ClientChange) -> Result<RegisteredAnswer>
where
    S: AsRef<Site> + AsRef<Openid>,
{
    let openid: &Openid = visit.state.as_ref();
    let mut op = visit.op().await?;
    let registered = openid
        .change_client(&mut op, visit.param("id"), new.registration, new.enabled)
        .await?;
    op.commit().await?;
    Ok(RegisteredAnswer::new(registered, Some(openid.issuer())))
}

async fn renew<S>(visit: Visit<S>, _: Nothing) -> Result<RegisteredAnswer>
where
    S: AsRef<Site> + AsRef<Openid>,
{
    let openid: &Openid = visit.state.as_ref();
    let mut op = visit.op().await?;
    let registered = openid.renew_secret(&mut op, visit.param("id")).await?;
    op.commit().await?;
    Ok(RegisteredAnswer::new(registered, Some(openid.issuer())))
}

/// New keys.
#[derive(Serialize, JsonSchema)]
pub struct KeyAnswer {
    /// The number (`kid`) of the one for ES256.
    pub kid: String,
    /// The number of the one for RS256.
    pub kid_rs256: String,
}

async fn rotate<S>(visit: Visit<S>, _: Nothing) -> Result<KeyAnswer>
where
    S: AsRef<Site> + AsRef<Openid>,
{
    let openid: &Openid = visit.state.as_ref();
    let mut op = visit.op().await?;
    let made = openid.rotate_key(&mut op).await?;
    op.commit().await?;
    Ok(KeyAnswer {
        kid: made.es256,
        kid_rs256: made.rs256,
    })
}

async fn apps<S>(visit: Visit<S>) -> Result<AppList>
where
    S: AsRef<Site> + AsRef<Openid>,
{
    let openid: &Openid = visit.state.as_ref();
    let mut op = visit.look().await?;
    Ok(AppList {
        items: openid.apps_of(&mut op).await?,
    })
}

async fn consents<S>(visit: Visit<S>) -> Result<ConsentList>
where
    S: AsRef<Site> + AsRef<Openid>,
{
    let openid: &Openid = visit.state.as_ref();
    let mut op = visit.look().await?;
    Ok(ConsentList {
        items: openid.consents(&mut op).await?,
    })
}

/// A consent was taken back.
#[derive(Serialize, JsonSchema)]
pub struct Withdrawn {
    /// Always true; a failure is a problem document.
    pub withdrawn: bool,
}

async fn withdraw<S>(visit: Visit<S>, _: Nothing) -> Result<Withdrawn>
where
    S: AsRef<Site> + AsRef<Openid>,
{
    let openid: &Openid = visit.state.as_ref();
    let mut op = visit.op().await?;
    openid.withdraw_consent(&mut op, visit.param("client")).await?;
    op.commit().await?;
    Ok(Withdrawn { withdrawn: true })
}
