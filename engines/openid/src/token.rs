//! The token endpoint: codes, refresh tokens and secrets become tokens (RFC 6749, OpenID Connect Core, RFC 9068).

use std::sync::{Arc, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use identity::Assurance;
use kernel::{Actor, Result};
use op::{Entry, Op, Ops};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use web::Method;

use crate::authorise::only_for;
use crate::config::Config;
use crate::dpop::Proof;
use crate::keys::KeyRing;
use crate::model::{Authorisation, Client, ClientAuth, End, Grant, SigningAlgorithm};
use crate::params::Params;
use crate::{Openid, error, http, model, request, secret, store};

/// `typ` of access tokens (RFC 9068).
pub(crate) const ACCESS: &str = "at+jwt";

/// A request of a program to an endpoint.
pub(crate) struct Call<'a> {
    /// The header `Authorization`.
    pub(crate) authorization: Option<&'a str>,
    /// The header `DPoP`.
    pub(crate) proof: Option<&'a str>,
    /// The header `Client-Cert`.
    pub(crate) certificate: Option<&'a str>,
    pub(crate) params: &'a Params,
}

/// What a program gets.
#[derive(Debug, Serialize)]
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    pub(crate) token_type: &'static str,
    pub(crate) expires_in: i64,
    pub(crate) scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<String>,
}

/// What a token is bound to: without it, it is worth nothing.
pub(crate) enum Binding {
    /// A key, shown by a proof with each request (RFC 9449).
    Key(Proof),
    /// The certificate of the application's connections (RFC 8705).
    Certificate(String),
}

impl Binding {
    fn proof(&self) -> Option<&Proof> {
        match self {
            Self::Key(proof) => Some(proof),
            Self::Certificate(_) => None,
        }
    }

    /// The claim `cnf`.
    fn confirmation(&self) -> Value {
        match self {
            Self::Key(proof) => json!({ "jkt": proof.jkt }),
            Self::Certificate(thumbprint) => json!({ "x5t#S256": thumbprint }),
        }
    }
}

fn proof_of(binding: Option<&Binding>) -> Option<&Proof> {
    binding.and_then(Binding::proof)
}

/// How a code or refresh token was taken.
enum Taken {
    Good(Box<Authorisation>, Option<Vec<String>>),
    /// It was used before: whoever has got tokens by it loses them.
    Reused(Uuid, End),
}

impl Openid {
    /// Gives tokens. Fails with the faults of [`crate::error::oauth`].
    pub(crate) async fn token(&self, ops: &Ops, call: Call<'_>) -> Result<Tokens> {
        let client = self.authenticate(ops, &call).await?;
        let grant = call.params.need("grant_type")?;
        let grant = Grant::parse(grant).ok_or_else(error::grant_unknown)?;
        if !client.may(grant) {
            return Err(error::grant_not_allowed());
        }
        let binding = match call.proof {
            Some(text) => {
                let address = self.address(http::TOKEN);
                Some(Binding::Key(Proof::read(
                    text,
                    &Method::POST,
                    &address,
                    None,
                    ops.now(),
                )?))
            }
            None if client.dpop => return Err(error::proof_wrong()),
            None if client.auth == ClientAuth::Certificate => self.certificate(&call).map(Binding::Certificate),
            None => None,
        };
        // Before any operation: whoever holds a connection while it waits for another one may wait for ever.
        // Access tokens are signed with ES256, what is told of the sign-in as the application is registered.
        let keys = match grant {
            Grant::ClientCredentials => self.keys(ops).await?,
            Grant::AuthorizationCode | Grant::RefreshToken => {
                self.keys_for(ops, &[SigningAlgorithm::Es256, client.id_token_signed_response_alg])
                    .await?
            }
        };
        match grant {
            Grant::ClientCredentials => self.for_itself(ops, &keys, &client, call.params, binding).await,
            Grant::AuthorizationCode => self.for_code(ops, &keys, &client, call.params, binding).await,
            Grant::RefreshToken => self.for_refresh(ops, &keys, &client, call.params, binding).await,
        }
    }

    /// Tokens with nobody behind them. Nothing is written: such a token is good for minutes and is known by its signature. The audit
    /// trail has an entry an hour.
    async fn for_itself(
        &self,
        ops: &Ops,
        keys: &KeyRing,
        client: &Arc<Client>,
        params: &Params,
        binding: Option<Binding>,
    ) -> Result<Tokens> {
        let asked: Vec<String> = match params.get("scope") {
            Some(text) => request::scopes(text, client)?,
            None => client.scopes.clone(),
        };
        // What is about people needs one who agrees.
        let scopes: Vec<String> = asked.into_iter().filter(|scope| !model::is_of_people(scope)).collect();
        let now = ops.now();
        if let Some(proof) = proof_of(binding.as_ref()) {
            let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
            proof.take(&mut connection, now).await?;
        }
        self.note_machine(ops, client).await?;
        let scope = scopes.join(" ");
        let claims = self.access_claims(&client.id, &client.id, &scope, binding.as_ref(), now);
        Ok(Tokens {
            access_token: keys.sign(now, SigningAlgorithm::Es256, ACCESS, &claims)?,
            token_type: token_type(proof_of(binding.as_ref()).is_some()),
            expires_in: Config::ACCESS_TOKEN.num_seconds(),
            scope,
            id_token: None,
            refresh_token: None,
        })
    }

    async fn for_code(
        &self,
        ops: &Ops,
        keys: &KeyRing,
        client: &Client,
        params: &Params,
        binding: Option<Binding>,
    ) -> Result<Tokens> {
        let digest = secret::digest(params.need("code")?);
        let mut op = ops.open(Actor::System("openid")).await?;
        let now = op.now();
        let code = store::code::lock(op.conn(), &digest)
            .await?
            .ok_or_else(error::grant_wrong)?;
        let found = store::authorisation::get(op.conn(), code.authorisation)
            .await?
            .ok_or_else(error::grant_wrong)?;
        if found.client != client.id {
            return Err(error::grant_wrong());
        }
        let taken = if code.used_at.is_some() {
            Taken::Reused(found.id, End::CodeReused)
        } else {
            let fits = code.expires_at > now
                && params
                    .get("redirect_uri")
                    .is_none_or(|address| address == code.redirect_uri)
                && (params.get("redirect_uri").is_some() || !found.scopes.iter().any(|scope| scope == "openid"))
                && request::verifies(code.challenge.as_deref(), params.get("code_verifier"))
                && (code.jkt.is_none()
                    || code.jkt.as_deref() == proof_of(binding.as_ref()).map(|proof| proof.jkt.as_str()));
            if !fits {
                return Err(error::grant_wrong());
            }
            store::code::use_up(op.conn(), &digest, now).await?;
            Taken::Good(Box::new(found), None)
        };
        self.hand_out(keys, op, client, taken, binding, true).await
    }

    async fn for_refresh(
        &self,
        ops: &Ops,
        keys: &KeyRing,
        client: &Client,
        params: &Params,
        binding: Option<Binding>,
    ) -> Result<Tokens> {
        let digest = secret::digest(params.need("refresh_token")?);
        let mut op = ops.open(Actor::System("openid")).await?;
        let now = op.now();
        let kept = store::refresh::lock(op.conn(), &digest)
            .await?
            .ok_or_else(error::grant_wrong)?;
        let found = store::authorisation::get(op.conn(), kept.authorisation)
            .await?
            .ok_or_else(error::grant_wrong)?;
        if found.client != client.id {
            return Err(error::grant_wrong());
        }
        let shown = proof_of(binding.as_ref()).map(|proof| proof.jkt.as_str());
        let taken = if kept.used_at.is_some() {
            Taken::Reused(found.id, End::RefreshReused)
        } else if kept.expires_at <= now || (kept.jkt.is_some() && kept.jkt.as_deref() != shown) {
            return Err(error::grant_wrong());
        } else {
            let narrowed = match params.get("scope") {
                None => None,
                Some(text) => {
                    let asked = request::scopes(text, client)?;
                    if !asked.iter().all(|scope| found.scopes.contains(scope)) {
                        return Err(error::scope_unknown());
                    }
                    Some(asked)
                }
            };
            store::refresh::use_up(op.conn(), &digest, now).await?;
            Taken::Good(Box::new(found), narrowed)
        };
        self.hand_out(keys, op, client, taken, binding, false).await
    }

    /// Writes and commits what was taken, and gives the tokens for it.
    async fn hand_out(
        &self,
        keys: &KeyRing,
        mut op: Op,
        client: &Client,
        taken: Taken,
        binding: Option<Binding>,
        first: bool,
    ) -> Result<Tokens> {
        let now = op.now();
        let (found, narrowed) = match taken {
            Taken::Good(found, narrowed) => (found, narrowed),
            Taken::Reused(id, end) => {
                store::authorisation::end(op.conn(), id, end, now).await?;
                let facts = json!({ "authorisation": id, "reason": end.as_str() });
                op.record(Entry::new("openid.token_stolen", model::subject(&client.id)).detail(facts))
                    .await?;
                op.commit().await?;
                tracing::warn!(client = client.id, authorisation = %id, reason = end.as_str(), "a token was used twice");
                return Err(error::grant_wrong());
            }
        };
        if let Some(proof) = proof_of(binding.as_ref()) {
            proof.take(op.conn(), now).await?;
        }
        // Rights of this moment: who has signed out or lost the account has no way on.
        if self.standing(&mut op, client, &found).await?.is_none() {
            return Err(error::grant_wrong());
        }
        if !found.offline {
            self.identity.seen(op.conn(), found.session, now).await?;
        }
        let refresh = if client.may(Grant::RefreshToken) {
            let word = secret::new()?;
            let new = store::refresh::NewRefresh {
                sha256: secret::digest(&word),
                authorisation: found.id,
                // Whoever keeps a secret shows it each time; the others show the key.
                jkt: proof_of(binding.as_ref())
                    .filter(|_| client.auth == ClientAuth::None)
                    .map(|proof| proof.jkt.as_str()),
                created_at: now,
                expires_at: found.expires_at,
            };
            store::refresh::insert(op.conn(), &new).await?;
            Some(word)
        } else {
            None
        };
        // All is signed before anything is used up: a failure here loses nobody's sign-in.
        // What was taken from the application since then is not given any more.
        let scopes = narrowed.unwrap_or_else(|| found.scopes.clone());
        let scopes: Vec<String> = scopes
            .into_iter()
            .filter(|scope| client.scopes.contains(scope))
            .collect();
        let scope = scopes.join(" ");
        let mut claims = self.access_claims(&client.id, &found.account.to_string(), &scope, binding.as_ref(), now);
        claims["sid"] = json!(found.id);
        claims["auth_time"] = json!(found.auth_at.timestamp());
        let access_token = keys.sign(now, SigningAlgorithm::Es256, ACCESS, &claims)?;
        let id_token = if scopes.iter().any(|scope| scope == "openid") {
            Some(self.id_token(keys, client, &found, &access_token, first, now)?)
        } else {
            None
        };
        op.commit().await?;
        Ok(Tokens {
            id_token,
            access_token,
            token_type: token_type(proof_of(binding.as_ref()).is_some()),
            expires_in: Config::ACCESS_TOKEN.num_seconds(),
            scope,
            refresh_token: refresh,
        })
    }

    /// Who stands behind an authorisation now, with the rights of this moment; `None` when it has ended, by whatever of the reasons there are.
    pub(crate) async fn standing(&self, op: &mut Op, client: &Client, found: &Authorisation) -> Result<Option<Actor>> {
        let now = op.now();
        if found.ended || found.expires_at <= now {
            return Ok(None);
        }
        let in_session = self.identity.authentication(op.conn(), found.session, now).await?;
        let actor = match in_session {
            Some(authentication) => Some(authentication.actor),
            None if found.offline => {
                let identity = &self.identity;
                identity
                    .standing(op.conn(), found.account, found.position, found.two_factors, now)
                    .await?
            }
            None => None,
        };
        // Who has lost the office has lost what is for officials.
        Ok(actor.filter(|actor| only_for(client, actor).is_ok()))
    }

    fn access_claims(
        &self,
        client: &str,
        sub: &str,
        scope: &str,
        binding: Option<&Binding>,
        now: DateTime<Utc>,
    ) -> Value {
        let issuer = &self.config.issuer;
        let mut claims = json!({
            "iss": issuer, "aud": issuer, "sub": sub, "client_id": client, "scope": scope, "jti": Uuid::now_v7(),
            "iat": now.timestamp(), "exp": (now + Config::ACCESS_TOKEN).timestamp(),
        });
        if let Some(binding) = binding {
            claims["cnf"] = binding.confirmation();
        }
        claims
    }

    fn id_token(
        &self,
        keys: &KeyRing,
        client: &Client,
        found: &Authorisation,
        access_token: &str,
        first: bool,
        now: DateTime<Utc>,
    ) -> Result<String> {
        let half = &Sha256::digest(access_token.as_bytes())[..16];
        let mut claims = json!({
            "iss": self.config.issuer, "aud": client.id, "sub": found.account, "sid": found.id,
            "iat": now.timestamp(), "exp": (now + Config::ID_TOKEN).timestamp(), "auth_time": found.auth_at.timestamp(),
            "acr": acr(found.assurance), "amr": amr(found),
            "at_hash": URL_SAFE_NO_PAD.encode(half),
        });
        if let Some(nonce) = found.nonce.as_ref().filter(|_| first) {
            claims["nonce"] = json!(nonce);
        }
        keys.sign(now, client.id_token_signed_response_alg, "JWT", &claims)
    }

    /// One entry an hour and process says that an application has got tokens for itself.
    async fn note_machine(&self, ops: &Ops, client: &Client) -> Result<()> {
        let hour = ops.now().timestamp() / 3_600;
        let noted = |id: &str| self.noted.lock().unwrap_or_else(PoisonError::into_inner).get(id) == Some(&hour);
        if noted(&client.id) {
            return Ok(());
        }
        let mut op = ops.open(Actor::System("openid")).await?;
        op.record(Entry::new("openid.machine_signed_in", model::subject(&client.id)))
            .await?;
        op.commit().await?;
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.insert(client.id.clone(), hour);
        Ok(())
    }
}

/// How sure it is who has signed in.
pub(crate) const fn acr(assurance: Assurance) -> &'static str {
    match assurance {
        Assurance::Low => "urn:ngabay:acr:1",
        Assurance::Substantial => "urn:ngabay:acr:2",
        Assurance::High => "urn:ngabay:acr:3",
    }
}

/// By what means (RFC 8176, and a word of our own where another provider has said who it is).
fn amr(found: &Authorisation) -> Vec<&'static str> {
    match (found.federated, found.two_factors) {
        (true, true) => vec!["federated", "mfa"],
        (true, false) => vec!["federated"],
        (false, true) => vec!["mfa"],
        (false, false) => vec!["pwd"],
    }
}

/// How a token is brought: one that is bound to a key comes with a proof of it.
pub(crate) const fn token_type(with_proof: bool) -> &'static str {
    if with_proof { "DPoP" } else { "Bearer" }
}
