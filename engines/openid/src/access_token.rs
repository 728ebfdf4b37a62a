//! Access tokens after they were given: what they are good for now, looking at them, taking them back.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use chrono::{DateTime, Utc};
use kernel::{Actor, Result};
use op::{Entry, Op, Ops};
use serde_json::{Value, json};
use uuid::Uuid;
use web::Method;

use crate::client_auth::moment;
use crate::config::Config;
use crate::dpop::Proof;
use crate::model::{self, Authorisation, Client, ClientAuth, End, Grant};
use crate::params::Params;
use crate::token::{ACCESS, Call, acr, token_type};
use crate::{Openid, error, secret, store};

/// The tokens that were taken back, as of a moment.
pub(crate) type Revoked = Option<(Arc<HashSet<Uuid>>, DateTime<Utc>)>;

/// An access token that holds now.
pub(crate) struct Held {
    pub(crate) claims: Value,
    /// Whose it is.
    pub(crate) client: Arc<Client>,
    /// The authorisation behind it, and who stands behind that; none for a token of an application itself.
    pub(crate) person: Option<(Authorisation, Actor)>,
}

impl Held {
    /// Whether the token goes so far, and the application still does.
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.client.scopes.iter().any(|own| own == scope)
            && self.claims["scope"]
                .as_str()
                .is_some_and(|all| all.split(' ').any(|own| own == scope))
    }
}

/// A request of a program to an API of the platform: what it shows, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The header `Authorization`.
    pub authorization: Option<&'a str>,
    /// The header `DPoP`.
    pub proof: Option<&'a str>,
    /// The header `Client-Cert`.
    pub certificate: Option<&'a str>,
    /// The method.
    pub method: &'a Method,
    /// The address asked for, without its query.
    pub path: &'a str,
}

impl Openid {
    /// Which application asks an API of the platform for itself, with nobody behind it: by an access token with this scope, and by a
    /// proof or certificate where the token is bound to one. Fails with `openid.token_wrong`, `openid.proof_wrong`, `openid.scope_missing`.
    pub async fn machine(&self, ops: &Ops, shown: Shown<'_>, scope: &str) -> Result<Arc<Client>> {
        let call = Call {
            authorization: shown.authorization,
            proof: shown.proof,
            certificate: shown.certificate,
            params: &Params::default(),
        };
        let held = self.shown(ops, &call, shown.method, shown.path).await?;
        // Whoever signs people in with that scope does not get their rights for itself.
        if held.person.is_some() || !held.has_scope(scope) || !held.client.may(Grant::ClientCredentials) {
            return Err(error::scope_missing());
        }
        Ok(held.client)
    }

    /// The token if it is ours, has not expired and was not taken back, and if whoever stands behind it still does.
    pub(crate) async fn held(&self, ops: &Ops, token: &str) -> Result<Option<Held>> {
        let now = ops.now();
        let Some(claims) = self.keys(ops).await?.read(now, ACCESS, token) else {
            return Ok(None);
        };
        let lives =
            claims["iss"] == self.config.issuer && claims["exp"].as_i64().is_some_and(|end| end > now.timestamp());
        let jti = claims["jti"].as_str().and_then(|jti| Uuid::parse_str(jti).ok());
        let (true, Some(jti)) = (lives, jti) else {
            return Ok(None);
        };
        if self.revoked(ops).await?.contains(&jti) {
            return Ok(None);
        }
        let client = claims["client_id"].as_str().unwrap_or_default();
        let Some(client) = self.working_client(ops, client).await? else {
            return Ok(None);
        };
        let Some(sid) = claims["sid"].as_str().and_then(|sid| Uuid::parse_str(sid).ok()) else {
            return Ok(Some(Held {
                claims,
                client,
                person: None,
            }));
        };
        let mut op = ops.look_for(Actor::System("openid"), Uuid::now_v7()).await?;
        let Some(found) = store::authorisation::get(op.conn(), sid).await? else {
            return Ok(None);
        };
        let Some(actor) = self.standing(&mut op, &client, &found).await? else {
            return Ok(None);
        };
        Ok(Some(Held {
            claims,
            client,
            person: Some((found, actor)),
        }))
    }

    /// The token that comes with a request to something that it opens. Fails with `openid.token_wrong`, and `openid.proof_wrong` where it is bound to a key
    /// that is not shown.
    pub(crate) async fn shown(&self, ops: &Ops, call: &Call<'_>, method: &Method, path: &str) -> Result<Held> {
        let header = call.authorization.and_then(|value| value.split_once(' '));
        let (scheme, token) = match (header, call.params.get("access_token")) {
            (Some((scheme, token)), None) => (scheme, token.trim()),
            (None, Some(token)) => ("bearer", token),
            _ => return Err(error::token_wrong()),
        };
        let held = self.held(ops, token).await?.ok_or_else(error::token_wrong)?;
        let bound = held.claims["cnf"]["jkt"].as_str();
        match (bound, scheme.to_ascii_lowercase().as_str()) {
            (None, "bearer") => match held.claims["cnf"]["x5t#S256"].as_str() {
                Some(bound) if self.certificate(call).as_deref() != Some(bound) => Err(error::token_wrong()),
                _ => Ok(held),
            },
            (Some(bound), "dpop") => {
                let text = call.proof.ok_or_else(error::proof_wrong)?;
                let proof = Proof::read(text, method, &self.address(path), Some(token), ops.now())?;
                if proof.jkt != bound {
                    return Err(error::proof_wrong());
                }
                let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
                proof.take(&mut connection, ops.now()).await?;
                Ok(held)
            }
            _ => Err(error::token_wrong()),
        }
    }

    /// What a token is (RFC 7662). An application sees its own tokens, one that guards an API sees all; of others it is only said that
    /// they are not active.
    pub(crate) async fn introspect(&self, ops: &Ops, call: Call<'_>) -> Result<Value> {
        let client = self.authenticate(ops, &call).await?;
        // A name that stands in every link shows nothing.
        if client.auth == ClientAuth::None {
            return Err(error::client_wrong());
        }
        let token = call.params.need("token")?;
        let nothing = json!({ "active": false });
        if token.contains('.') {
            let Some(held) = self.held(ops, token).await? else {
                return Ok(nothing);
            };
            if !client.introspects && held.claims["client_id"] != client.id.as_str() {
                return Ok(nothing);
            }
            let mut claims = held.claims;
            claims["active"] = json!(true);
            claims["token_type"] = json!(token_type(!claims["cnf"]["jkt"].is_null()));
            if let Some((found, _)) = &held.person {
                claims["acr"] = json!(acr(found.assurance));
            }
            return Ok(claims);
        }
        let mut op = ops.look_for(Actor::System("openid"), Uuid::now_v7()).await?;
        let Some((kept, found)) = self.refresh_of(&mut op, &client, token).await? else {
            return Ok(nothing);
        };
        let good = kept.used_at.is_none()
            && kept.expires_at > ops.now()
            && self.standing(&mut op, &client, &found).await?.is_some();
        if !good {
            return Ok(nothing);
        }
        Ok(json!({
            "active": true, "iss": self.config.issuer, "client_id": found.client, "sub": found.account, "sid": found.id,
            "scope": found.scopes.join(" "), "exp": kept.expires_at.timestamp(), "iat": found.created_at.timestamp(),
        }))
    }

    /// Takes a token back (RFC 7009). A refresh token takes with it everything that was given for it. What is no token, or another's, is none.
    pub(crate) async fn revoke(&self, ops: &Ops, call: Call<'_>) -> Result<()> {
        let client = self.authenticate(ops, &call).await?;
        let token = call.params.need("token")?;
        if token.contains('.') {
            let now = ops.now();
            let claims = self.keys(ops).await?.read(now, ACCESS, token).unwrap_or_default();
            let jti = claims["jti"].as_str().and_then(|jti| Uuid::parse_str(jti).ok());
            let until = claims["exp"].as_i64().and_then(moment);
            if let (Some(jti), Some(until)) = (jti, until)
                && until > now
                && claims["client_id"] == client.id.as_str()
            {
                let mut op = ops.open(Actor::System("openid")).await?;
                if !store::revoked::insert(op.conn(), jti, until).await? {
                    return Ok(());
                }
                op.record(Entry::new("openid.token_revoked", model::subject(&client.id)).detail(json!({ "jti": jti })))
                    .await?;
                op.commit().await?;
                *self.revoked.write().unwrap_or_else(PoisonError::into_inner) = None;
            }
            return Ok(());
        }
        let mut op = ops.open(Actor::System("openid")).await?;
        let now = op.now();
        if let Some((_, found)) = self.refresh_of(&mut op, &client, token).await?
            && !found.ended
        {
            store::authorisation::end(op.conn(), found.id, End::Revoked, now).await?;
            let facts = json!({ "authorisation": found.id });
            op.record(Entry::new("openid.token_revoked", model::subject(&client.id)).detail(facts))
                .await?;
            op.commit().await?;
        }
        Ok(())
    }

    /// The refresh token, if it is this application's.
    async fn refresh_of(
        &self,
        op: &mut Op,
        client: &Client,
        token: &str,
    ) -> Result<Option<(store::refresh::Refresh, Authorisation)>> {
        let Some(kept) = store::refresh::get(op.conn(), &secret::digest(token)).await? else {
            return Ok(None);
        };
        let found = store::authorisation::get(op.conn(), kept.authorisation).await?;
        Ok(found
            .filter(|found| found.client == client.id)
            .map(|found| (kept, found)))
    }

    /// The tokens that were taken back, at most some seconds old; what this process took back is in it at once.
    async fn revoked(&self, ops: &Ops) -> Result<Arc<HashSet<Uuid>>> {
        let now = ops.now();
        let kept = self.revoked.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((all, read_at)) = kept
            && now - read_at < Config::FRESH
            && now >= read_at
        {
            return Ok(all);
        }
        let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
        let all = Arc::new(store::revoked::all(&mut connection, now).await?);
        *self.revoked.write().unwrap_or_else(PoisonError::into_inner) = Some((all.clone(), now));
        Ok(all)
    }
}
