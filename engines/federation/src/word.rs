//! The word of a provider: whether the claims of an ID token hold (OpenID Connect Core, 3.1.3.7). Pure: the clock comes in.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::config::Config;
use crate::definition::Provider;

/// Longest subject.
const LONGEST_SUBJECT: usize = 255;

/// Why a word does not hold; for the audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    Malformed,
    Algorithm,
    UnknownKey,
    Signature,
    Issuer,
    Audience,
    Expired,
    Future,
    Nonce,
    Subject,
    /// What the provider says beside the token is about somebody else.
    Profile,
    /// The provider does not know the code that came back.
    Code,
}

impl Unfit {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::Future => "future",
            Self::Nonce => "nonce",
            Self::Subject => "subject",
            Self::Profile => "profile",
            Self::Code => "code",
        }
    }
}

/// Whether the claims are about the sign-in that was asked for; gives whom the provider means.
pub(crate) fn check(provider: &Provider, claims: &Value, nonce: &str, now: DateTime<Utc>) -> Result<String, Unfit> {
    if claims["iss"].as_str() != Some(&provider.issuer) {
        return Err(Unfit::Issuer);
    }
    if !is_for(provider, claims) {
        return Err(Unfit::Audience);
    }
    let moment = |name: &str| claims[name].as_f64().map(|seconds| seconds as i64);
    let (now, skew) = (now.timestamp(), Config::SKEW.num_seconds());
    if moment("exp").is_none_or(|end| end + skew <= now) {
        return Err(Unfit::Expired);
    }
    let made = moment("iat").ok_or(Unfit::Malformed)?;
    if made + Config::TOKEN_AGE.num_seconds() + skew < now {
        return Err(Unfit::Expired);
    }
    if made - skew > now || moment("nbf").is_some_and(|begin| begin - skew > now) {
        return Err(Unfit::Future);
    }
    if claims["nonce"].as_str() != Some(nonce) {
        return Err(Unfit::Nonce);
    }
    let subject = claims["sub"].as_str().unwrap_or_default();
    if subject.is_empty() || subject.len() > LONGEST_SUBJECT || subject.chars().any(char::is_control) {
        return Err(Unfit::Subject);
    }
    Ok(subject.to_owned())
}

/// Whether the person has shown at the provider who they are since this moment (`auth_time`); what is not said has not happened.
pub(crate) fn shown_since(claims: &Value, begun: DateTime<Utc>) -> bool {
    let at = claims["auth_time"].as_f64().map(|seconds| seconds as i64);
    at.is_some_and(|at| at + Config::SKEW.num_seconds() >= begun.timestamp())
}

/// Whether we are the audience; where there are others too, it was given to us.
fn is_for(provider: &Provider, claims: &Value) -> bool {
    let us = |value: &Value| value.as_str() == Some(&provider.client_id);
    let authorised = claims.get("azp").is_none_or(us);
    match &claims["aud"] {
        Value::Array(all) => all.iter().any(us) && authorised && (all.len() == 1 || claims.get("azp").is_some()),
        one => us(one) && authorised,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::tests::portal;
    use serde_json::json;

    fn now() -> DateTime<Utc> {
        "2026-03-02T01:00:00Z".parse().unwrap()
    }

    fn good() -> Value {
        let at = now().timestamp();
        json!({ "iss": "https://sso.example.vn", "aud": "tinh", "sub": "s-1", "nonce": "n-1", "iat": at, "exp": at + 300 })
    }

    #[track_caller]
    fn with(name: &str, value: Value, expected: Result<&str, Unfit>) {
        let mut claims = good();
        claims[name] = value.clone();
        let found = check(&portal(), &claims, "n-1", now());
        assert_eq!(found.as_deref(), expected.as_deref(), "{name} {value}");
    }

    #[test]
    fn who_has_shown_it_before_has_not_shown_it_again() {
        let at = now().timestamp();
        for (told, holds) in [
            (json!(at), true),
            (json!(at + 30), true),
            (json!(at - 60), true),
            (json!(at - 61), false),
            (Value::Null, false),
            (json!("2026"), false),
        ] {
            assert_eq!(shown_since(&json!({ "auth_time": told }), now()), holds, "{told}");
        }
    }

    #[test]
    fn every_claim_is_looked_at() {
        let at = now().timestamp();
        assert_eq!(check(&portal(), &good(), "n-1", now()).as_deref(), Ok("s-1"));
        with("iss", json!("https://sso.example.vn/"), Err(Unfit::Issuer));
        with("iss", Value::Null, Err(Unfit::Issuer));
        with("aud", json!("other"), Err(Unfit::Audience));
        with("aud", json!(["tinh"]), Ok("s-1"));
        with("aud", json!(["tinh", "other"]), Err(Unfit::Audience));
        with("aud", json!([]), Err(Unfit::Audience));
        with("azp", json!("other"), Err(Unfit::Audience));
        with("exp", json!(at - 59), Ok("s-1"));
        with("exp", json!(at - 60), Err(Unfit::Expired));
        with("exp", Value::Null, Err(Unfit::Expired));
        with("iat", json!(at + 60), Ok("s-1"));
        with("iat", json!(at + 61), Err(Unfit::Future));
        with("iat", json!(at - 661), Err(Unfit::Expired));
        with("iat", Value::Null, Err(Unfit::Malformed));
        with("nbf", json!(at + 61), Err(Unfit::Future));
        with("nonce", json!("n-2"), Err(Unfit::Nonce));
        with("nonce", Value::Null, Err(Unfit::Nonce));
        with("sub", json!(""), Err(Unfit::Subject));
        with("sub", json!("a".repeat(256)), Err(Unfit::Subject));
        with("sub", json!("a\u{0}b"), Err(Unfit::Subject));
    }
}
