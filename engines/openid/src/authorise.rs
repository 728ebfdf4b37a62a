//! Signing somebody in to an application: from its link to the way back.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use identity::Authentication;
use kernel::{Actor, Fault, FaultKind, Result, SessionId};
use op::{Entry, Op, Ops};
use serde_json::json;
use uuid::Uuid;

use crate::config::Config;
use crate::model::{Authorisation, Client, ClientAudience, ClientAuth};
use crate::params::Params;
use crate::request::{self, Back, Request};
use crate::{Openid, access, error, model, secret, store};

/// Parameter that we add ourselves when a person is sent to sign in once more: since when.
const AGAIN: &str = "dang_nhap_tu";
/// Purpose of its tag.
const AGAIN_PURPOSE: &str = "openid.again";
/// Longest request that is kept, in bytes.
const LONGEST_PUSHED: usize = 8 << 10;
/// How pushed requests are called.
const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";

/// Who stands before the page.
#[derive(Clone, Copy)]
pub struct Visitor<'a> {
    /// Who acts.
    pub actor: &'a Actor,
    /// In which session.
    pub session: Option<SessionId>,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Back to the application, to this address.
    Back(String),
    /// Somebody has to sign in first and then come back with this query; `again`: even who is signed in.
    SignIn {
        /// The query to come back with.
        query: String,
        /// Also who is signed in.
        again: bool,
    },
    /// The person has to agree.
    Consent(Asked),
}

/// What a person is asked to agree to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Name of the application.
    pub client: String,
    /// A sentence about it.
    pub description: String,
    /// Where the person goes back to: scheme and host.
    pub place: String,
    /// What the application will learn.
    pub scopes: Vec<String>,
}

/// A request whose way back is known.
struct Known {
    client: Arc<Client>,
    /// As the link says.
    asked: Params,
    /// As was pushed, or as the link says.
    params: Params,
    back: Back,
    /// Digest of the pushed request.
    pushed: Option<Vec<u8>>,
}

impl Openid {
    /// What to do with the link of an application. `query` is the query letter by letter. Fails where nobody may be sent back
    /// (`openid.unknown_client`, `openid.unknown_place`, `openid.request_wrong`), and with `openid.officials_only`.
    pub async fn authorise(&self, ops: &Ops, visitor: Visitor<'_>, query: &str) -> Result<Step> {
        let known = self.known(ops, query).await?;
        match self.decided(ops, visitor, &known).await {
            Err(fault) => self.told(&known, fault),
            step => step,
        }
    }

    /// The person has agreed: writes that down and gives the way back. Fails as [`Openid::authorise`].
    pub async fn consent(&self, ops: &Ops, visitor: Visitor<'_>, query: &str) -> Result<Step> {
        let known = self.known(ops, query).await?;
        let request = Request::read(&known.params, &known.client)?;
        let found = match self.signed_in(ops, visitor, &known, &request).await? {
            Ok(found) => found,
            Err(step) => return Ok(step),
        };
        let mut op = ops.open(visitor.actor.clone()).await?;
        let now = op.now();
        let permit = op
            .allow(
                "openid.consent",
                &model::subject(&known.client.id),
                access::act_for(&found.actor, found.account),
            )
            .await?;
        store::consent::give(
            op.conn(),
            &permit,
            found.account,
            &known.client.id,
            &request.scopes,
            now,
        )
        .await?;
        let facts = json!({ "scopes": request.scopes });
        op.record(Entry::new("openid.consent_given", model::subject(&known.client.id)).detail(facts))
            .await?;
        self.give_code(op, &known, request, &found).await
    }

    /// The person has not agreed.
    pub async fn deny(&self, ops: &Ops, query: &str) -> Result<Step> {
        let known = self.known(ops, query).await?;
        self.told(&known, error::denied())
    }

    /// Keeps a request that an application pushes (RFC 9126) and gives its address. Everything is checked that does not need the person.
    /// `jkt` is the thumbprint of the key that came with it (RFC 9449, 10.1).
    pub(crate) async fn push(
        &self,
        ops: &Ops,
        client: &Client,
        params: &Params,
        jkt: Option<String>,
    ) -> Result<String> {
        if params.get("request_uri").is_some() {
            return Err(error::request_wrong("request_uri"));
        }
        if params.get("client_id").is_some_and(|id| id != client.id) {
            return Err(error::request_wrong("client_id"));
        }
        Back::read(params, client)?;
        let request = Request::read(params, client)?;
        let mut query = params.query_of(&request::READ);
        match (jkt, request.jkt) {
            (Some(shown), Some(named)) if shown != named => return Err(error::request_wrong("dpop_jkt")),
            (Some(shown), None) => query = format!("{query}&dpop_jkt={shown}"),
            _ => {}
        }
        if query.len() > LONGEST_PUSHED {
            return Err(error::request_wrong("body"));
        }
        let word = secret::new()?;
        let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
        let until = ops.now() + Config::PUSHED;
        store::pushed::insert(&mut connection, &secret::digest(&word), &client.id, &query, until).await?;
        Ok(format!("{PUSHED}{word}"))
    }

    async fn known(&self, ops: &Ops, query: &str) -> Result<Known> {
        let asked = Params::parse(query)?;
        let id = asked.get("client_id").ok_or_else(error::unknown_client)?;
        let client = self.working_client(ops, id).await?.ok_or_else(error::unknown_client)?;
        let mut params = asked.clone();
        let mut pushed = None;
        if let Some(address) = asked.get("request_uri") {
            let word = address.strip_prefix(PUSHED).ok_or_else(error::request_uri)?;
            let digest = secret::digest(word);
            let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
            let kept = store::pushed::get(&mut connection, &digest, &client.id, ops.now()).await?;
            // Only what was pushed counts.
            params = Params::parse(&kept.ok_or_else(error::request_uri)?)?;
            pushed = Some(digest);
        }
        let back = Back::read(&params, &client)?;
        Ok(Known {
            client,
            asked,
            params,
            back,
            pushed,
        })
    }

    /// A fault that the application is told, by way of the person's browser.
    fn told(&self, known: &Known, fault: Fault) -> Result<Step> {
        let own =
            matches!(fault.kind, FaultKind::Internal | FaultKind::Unavailable) || fault.code == "openid.officials_only";
        if own {
            return Err(fault);
        }
        let (_, error) = error::oauth(&fault);
        let answer = [("error", error), ("error_description", fault.code)];
        Ok(Step::Back(known.back.address(&self.config.issuer, &answer)))
    }

    async fn decided(&self, ops: &Ops, visitor: Visitor<'_>, known: &Known) -> Result<Step> {
        let request = Request::read(&known.params, &known.client)?;
        let silent = request.prompt.nothing;
        let found = match self.signed_in(ops, visitor, known, &request).await {
            // Nobody sees the page that would say it.
            Err(fault) if silent && fault.code == "openid.officials_only" => return Err(error::denied()),
            found => found?,
        };
        let found = match found {
            Ok(found) => found,
            Err(_) if silent => return Err(error::sign_in_needed()),
            Err(step) => return Ok(step),
        };
        if request.prompt.consent || !self.may_go_on(ops, known, &request, &found).await? {
            if silent {
                return Err(error::consent_needed());
            }
            return Ok(Step::Consent(Asked {
                client: known.client.name.clone(),
                description: known.client.description.clone(),
                place: place(&known.back.redirect_uri),
                scopes: request.scopes,
            }));
        }
        let op = ops.open(visitor.actor.clone()).await?;
        self.give_code(op, known, request, &found).await
    }

    /// Whether the person need not be asked: it is the province's own application, or was allowed before. A program on the person's own machine, which any other
    /// program there could pretend to be, asks each time (RFC 8252, 8.6).
    async fn may_go_on(&self, ops: &Ops, known: &Known, request: &Request, found: &Authentication) -> Result<bool> {
        let client = &known.client;
        if client.auth == ClientAuth::None && !known.back.redirect_uri.starts_with("https:") {
            return Ok(false);
        }
        if client.trusted && !request.is_offline() {
            return Ok(true);
        }
        let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
        store::consent::covers(&mut connection, found.account, &client.id, &request.scopes).await
    }

    /// Who is signed in as this request wants it, or what has to come first.
    async fn signed_in(
        &self,
        ops: &Ops,
        visitor: Visitor<'_>,
        known: &Known,
        request: &Request,
    ) -> Result<std::result::Result<Authentication, Step>> {
        let now = ops.now();
        let Some(found) = self.authentication(ops, visitor).await? else {
            return self.sign_in(known, request, now, false).map(Err);
        };
        let asked_at = self.asked_at(known, now);
        let anew = asked_at.is_some_and(|asked_at| found.signed_in_at >= asked_at);
        let too_old = request
            .max_age
            .is_some_and(|age| (now - found.signed_in_at).num_seconds() > age);
        if (request.prompt.login || too_old) && !anew {
            return self.sign_in(known, request, now, true).map(Err);
        }
        if !self.is_hinted(ops, request, &found).await? {
            // Signing in once more has not helped: it is somebody else.
            return if anew {
                Err(error::sign_in_needed())
            } else {
                self.sign_in(known, request, now, true).map(Err)
            };
        }
        only_for(&known.client, &found.actor)?;
        Ok(Ok(found))
    }

    async fn authentication(&self, ops: &Ops, visitor: Visitor<'_>) -> Result<Option<Authentication>> {
        let Some(session) = visitor.session else {
            return Ok(None);
        };
        let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
        self.identity.authentication(&mut connection, session, ops.now()).await
    }

    /// To the sign-in, and back with the same request; a pushed one is named as it was. Where it matters since when somebody is signed in, it comes back with a mark that says
    /// when that was asked, for this request, which nobody else can make.
    fn sign_in(&self, known: &Known, request: &Request, now: DateTime<Utc>, again: bool) -> Result<Step> {
        let mut query = known.asked.query_without(&[AGAIN]);
        if again || request.prompt.login || request.max_age.is_some() {
            let at = now.timestamp_micros().to_string();
            let tag = self.vault.tag(AGAIN_PURPOSE, &about(known), at.as_bytes())?;
            query = format!("{query}&{AGAIN}={at}.{}", hex::encode(tag));
        }
        Ok(Step::SignIn { query, again })
    }

    /// When this request last asked to sign in.
    fn asked_at(&self, known: &Known, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let (at, tag) = known.asked.get(AGAIN)?.split_once('.')?;
        let tag = hex::decode(tag).ok()?;
        let right = self
            .vault
            .tag_holds(AGAIN_PURPOSE, &about(known), at.as_bytes(), &tag)
            .ok()?;
        let at = DateTime::<Utc>::from_timestamp_micros(at.parse().ok()?)?;
        (right && now - at <= Config::PUSHED).then_some(at)
    }

    /// Whether the person is the one that the application speaks of. A hint whose key has left says nothing of anybody.
    async fn is_hinted(&self, ops: &Ops, request: &Request, found: &Authentication) -> Result<bool> {
        let Some(hint) = &request.hint else { return Ok(true) };
        let claims = self.keys(ops).await?.read(ops.now(), "JWT", hint);
        Ok(claims.is_some_and(|claims| claims["sub"].as_str() == Some(&found.account.to_string())))
    }

    /// Writes the authorisation and its code, commits, and gives the way back.
    async fn give_code(&self, mut op: Op, known: &Known, request: Request, found: &Authentication) -> Result<Step> {
        let now = op.now();
        let permit = op
            .allow(
                "openid.authorise",
                &model::subject(&known.client.id),
                access::act_for(op.actor(), found.account),
            )
            .await?;
        if let Some(pushed) = &known.pushed
            && !store::pushed::take(op.conn(), pushed).await?
        {
            return Err(error::request_uri());
        }
        let offline = request.is_offline();
        let new = Authorisation {
            id: Uuid::now_v7(),
            client: known.client.id.clone(),
            account: found.account,
            person: found.person,
            session: found.session,
            position: found.actor.official().map(|official| official.position),
            offline,
            nonce: request.nonce,
            auth_at: found.signed_in_at,
            two_factors: found.two_factors,
            assurance: found.assurance(),
            federated: found.way.provider.is_some(),
            created_at: now,
            expires_at: if offline {
                now + Config::OFFLINE
            } else {
                found.expires_at
            },
            scopes: request.scopes,
            ended: false,
        };
        store::authorisation::insert(op.conn(), &permit, &new).await?;
        let word = secret::new()?;
        let code = store::code::NewCode {
            sha256: secret::digest(&word),
            authorisation: new.id,
            redirect_uri: &known.back.redirect_uri,
            challenge: request.challenge.as_deref(),
            jkt: request.jkt.as_deref(),
            expires_at: now + Config::CODE,
        };
        store::code::insert(op.conn(), &permit, &code).await?;
        let facts = json!({ "authorisation": new.id, "scopes": new.scopes, "offline": offline });
        op.record(Entry::new("openid.signed_in_to", model::subject(&known.client.id)).detail(facts))
            .await?;
        op.commit().await?;
        Ok(Step::Back(known.back.address(&self.config.issuer, &[("code", &word)])))
    }
}

/// What a mark belongs to: the application and this very request.
fn about(known: &Known) -> String {
    let request = secret::digest_text(&known.asked.query_without(&[AGAIN]));
    format!("{}:{request}", known.client.id)
}

/// Fails with `openid.officials_only`.
pub(crate) fn only_for(client: &Client, actor: &Actor) -> Result<()> {
    if client.audience == ClientAudience::Officials && !actor.is_official() {
        return Err(error::officials_only());
    }
    Ok(())
}

/// Scheme and host of an address, as people can compare it.
fn place(address: &str) -> String {
    url::Url::parse(address)
        .ok()
        .and_then(|url| url.host_str().map(|host| format!("{}://{host}", url.scheme())))
        .unwrap_or_else(|| address.split(':').next().unwrap_or_default().to_owned())
}
