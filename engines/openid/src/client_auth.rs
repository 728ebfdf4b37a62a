//! Whether a program at the endpoints is the application that it says it is (RFC 6749, 2.3; RFC 7523).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::Jwk;
use kernel::Result;
use op::Ops;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use subtle::ConstantTimeEq;

use crate::config::Config;
use crate::elsewhere::Look;
use crate::model::{Client, ClientAuth};
use crate::token::Call;
use crate::{Openid, certificate, error, jose, secret, store};

/// `client_assertion_type` of a token that the application has signed.
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a token of an application says.
#[derive(Deserialize)]
struct Assertion {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    iat: Option<i64>,
    jti: String,
}

/// One or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Openid {
    /// The application that asks. Fails with `openid.client_wrong`, whatever was wrong.
    pub(crate) async fn authenticate(&self, ops: &Ops, call: &Call<'_>) -> Result<Arc<Client>> {
        let params = call.params;
        let named = params.get("client_id");
        let basic = call
            .authorization
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
        let posted = params.get("client_secret");
        let assertion = params.get("client_assertion");
        // One way, and no second one that might win elsewhere.
        match (basic, posted, assertion) {
            (Some((_, word)), None, None) => {
                let (id, word) = basic_pair(word).ok_or_else(error::client_wrong)?;
                if named.is_some_and(|named| named != id) {
                    return Err(error::client_wrong());
                }
                self.by_secret(ops, &id, &word).await
            }
            (None, Some(word), None) => self.by_secret(ops, named.ok_or_else(error::client_wrong)?, word).await,
            (None, None, Some(token)) if params.get("client_assertion_type") == Some(ASSERTION) => {
                self.by_assertion(ops, named, token).await
            }
            (None, None, None) => {
                let client = self.working_client(ops, named.ok_or_else(error::client_wrong)?).await?;
                let client = client.ok_or_else(error::client_wrong)?;
                let fits = match client.auth {
                    ClientAuth::None => true,
                    ClientAuth::Certificate => self.is_certificate_of(ops, &client, call).await?,
                    ClientAuth::Secret | ClientAuth::PrivateKey => false,
                };
                if fits { Ok(client) } else { Err(error::client_wrong()) }
            }
            _ => Err(error::client_wrong()),
        }
    }

    /// The thumbprint of the certificate with which a program came, as the gateway says.
    pub(crate) fn certificate(&self, call: &Call<'_>) -> Option<String> {
        call.certificate
            .filter(|_| self.config.certificates)
            .and_then(certificate::shown)
    }

    async fn is_certificate_of(&self, ops: &Ops, client: &Client, call: &Call<'_>) -> Result<bool> {
        let Some(shown) = self.certificate(call) else {
            return Ok(false);
        };
        let look = |set: &Value| match certificate::thumbprints(set) {
            Some(known) if known.contains(&shown) => Look::Found(()),
            _ => Look::Unknown,
        };
        Ok(self.among_keys(ops, client, look).await?.is_some())
    }

    async fn by_secret(&self, ops: &Ops, id: &str, word: &str) -> Result<Arc<Client>> {
        let client = self.working_client(ops, id).await?.ok_or_else(error::client_wrong)?;
        let kept = client.secret.as_deref().unwrap_or_default();
        let right: bool = secret::digest(word).ct_eq(kept).into();
        if right && client.auth == ClientAuth::Secret {
            Ok(client)
        } else {
            Err(error::client_wrong())
        }
    }

    async fn by_assertion(&self, ops: &Ops, named: Option<&str>, token: &str) -> Result<Arc<Client>> {
        // Whose keys to take is in the token; that it was signed with them is what proves it.
        let claimed = claimed_issuer(token).ok_or_else(error::client_wrong)?;
        if named.is_some_and(|named| named != claimed) {
            return Err(error::client_wrong());
        }
        let client = self.working_client(ops, &claimed).await?;
        let client = client
            .filter(|client| client.auth == ClientAuth::PrivateKey)
            .ok_or_else(error::client_wrong)?;
        let said = self.among_keys(ops, &client, |set| signed_by(token, set)).await?;
        let said: Assertion = said.ok_or_else(error::client_wrong)?;
        let now = ops.now();
        if !self.holds(&said, &client.id, now) {
            return Err(error::client_wrong());
        }
        let proof = secret::digest(&format!("assertion\0{}\0{}", client.id, said.jti));
        let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
        let until = moment(said.exp).unwrap_or(now) + Config::SKEW;
        if store::proof::is_new(&mut connection, &proof, until).await? {
            Ok(client)
        } else {
            Err(error::client_wrong())
        }
    }

    fn holds(&self, said: &Assertion, client: &str, now: DateTime<Utc>) -> bool {
        let for_us = |audience: &String| {
            let issuer = &self.config.issuer;
            audience == issuer
                || audience
                    .strip_prefix(issuer.as_str())
                    .is_some_and(crate::http::is_endpoint)
        };
        let for_us = match &said.aud {
            Audience::One(one) => for_us(one),
            Audience::Several(several) => several.iter().any(for_us),
        };
        let skew = Config::SKEW.num_seconds();
        let at = now.timestamp();
        for_us
            && said.iss == client
            && said.sub == client
            && !said.jti.is_empty()
            && said.exp + skew > at
            && said.exp <= at + 3_600
            && said.nbf.is_none_or(|from| from <= at + skew)
            && said.iat.is_none_or(|from| from <= at + skew)
    }
}

/// What a token says, if one of these keys has signed it.
fn signed_by<T: DeserializeOwned>(token: &str, set: &Value) -> Look<T> {
    let Some(head) = jose::header(token) else {
        return Look::Wrong;
    };
    let Some(keys) = jose::public_keys(set) else {
        return Look::Unknown;
    };
    let kid = head.kid;
    let fits = |key: &&Jwk| kid.is_none() || key.common.key_id.is_none() || key.common.key_id == kid;
    let said = keys.keys.iter().filter(fits).find_map(|key| jose::read(token, key));
    match said {
        Some(said) => Look::Found(said),
        None if kid.is_some() && keys.keys.iter().any(|key| key.common.key_id == kid) => Look::Wrong,
        None => Look::Unknown,
    }
}

pub(crate) fn moment(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0)
}

/// Name and password of HTTP Basic; both are form-encoded first (RFC 6749, 2.3.1).
fn basic_pair(word: &str) -> Option<(String, String)> {
    let bytes = STANDARD.decode(word.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    let plain = |part: &str| {
        // A pair without a sign of equality is a name alone.
        let mut pairs = url::form_urlencoded::parse(part.as_bytes());
        match (pairs.next(), pairs.next()) {
            (Some((name, value)), None) if value.is_empty() => Some(name.into_owned()),
            _ => None,
        }
    };
    Some((plain(id)?, plain(secret)?))
}

fn claimed_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        sub: String,
    }
    jose::header(token)?;
    jsonwebtoken::dangerous::insecure_decode_claims::<Claimed>(token)
        .ok()
        .map(|claimed| claimed.sub)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_is_decoded_once() {
        let encode = |text: &str| STANDARD.encode(text);
        assert_eq!(
            basic_pair(&encode("app-1:s%2Bcret")),
            Some(("app-1".into(), "s+cret".into()))
        );
        assert_eq!(
            basic_pair(&encode("app-1:a_B-9")),
            Some(("app-1".into(), "a_B-9".into()))
        );
        for wrong in [
            encode("app"),
            "***".into(),
            encode("a&b:c"),
            encode("a:b&c"),
            encode(""),
        ] {
            assert_eq!(basic_pair(&wrong), None, "{wrong}");
        }
    }
}
