//! What an application asks a person for (RFC 6749, 4.1.1; OpenID Connect Core, 3.1.2.1). Pure.

use kernel::Result;

use crate::error;
use crate::model::{Client, ClientAuth, Grant};
use crate::params::Params;

/// Longest state and nonce that are carried through, in bytes.
const LONGEST: usize = 2_000;

/// What the page may ask the person, beyond what is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// Nothing at all: it is shown where nobody sees it.
    pub(crate) nothing: bool,
    /// To sign in, even if somebody is signed in.
    pub(crate) login: bool,
    /// To agree, even if that was done before.
    pub(crate) consent: bool,
}

/// The parameters that are read; of a pushed request no others are kept.
pub(crate) const READ: [&str; 14] = [
    "response_type",
    "response_mode",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "dpop_jkt",
    "id_token_hint",
    "request",
    "display",
];

/// A request that may be answered by sending the person back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) scopes: Vec<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) prompt: Prompt,
    /// Seconds since the sign-in.
    pub(crate) max_age: Option<i64>,
    pub(crate) jkt: Option<String>,
    pub(crate) hint: Option<String>,
}

/// Where an answer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Back {
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
}

impl Back {
    /// Where to send the person back to. Fails with `openid.unknown_place` and `openid.request_wrong`: nobody is sent anywhere then.
    pub(crate) fn read(params: &Params, client: &Client) -> Result<Self> {
        let redirect_uri = match (params.get("redirect_uri"), client.redirect_uris.as_slice()) {
            (Some(asked), _) if client.leads_to(asked) => asked,
            // Only OAuth without OpenID lets it out; with one place there is no doubt.
            (None, [only]) if !is_openid(params) => only,
            _ => return Err(error::unknown_place()),
        };
        Ok(Self {
            redirect_uri: redirect_uri.to_owned(),
            state: params.get("state").map(str::to_owned),
        })
    }

    /// The address with these parameters, the state, and who answers (RFC 9207).
    pub(crate) fn address(&self, issuer: &str, answer: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(answer);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", issuer);
        joined(&self.redirect_uri, &query.finish())
    }
}

/// An address with more in its query.
pub(crate) fn joined(address: &str, query: &str) -> String {
    let joint = if address.contains('?') { '&' } else { '?' };
    format!("{address}{joint}{query}")
}

fn is_openid(params: &Params) -> bool {
    params
        .get("scope")
        .is_some_and(|scopes| scopes.split(' ').any(|scope| scope == "openid"))
}

impl Request {
    /// The rest of the request. What is wrong is told to the application.
    pub(crate) fn read(params: &Params, client: &Client) -> Result<Self> {
        if params.get("request").is_some() {
            return Err(error::request_object());
        }
        if params.need("response_type")? != "code" {
            return Err(error::response_type());
        }
        if !client.may(Grant::AuthorizationCode) {
            return Err(error::grant_not_allowed());
        }
        if params.get("response_mode").is_some_and(|mode| mode != "query") {
            return Err(error::request_wrong("response_mode"));
        }
        for name in ["state", "nonce"] {
            if params.get(name).is_some_and(|value| value.len() > LONGEST) {
                return Err(error::request_wrong(name));
            }
        }
        Ok(Self {
            scopes: scopes(params.get("scope").unwrap_or_default(), client)?,
            nonce: params.get("nonce").map(str::to_owned),
            challenge: challenge(params, client)?,
            prompt: prompt(params.get("prompt"))?,
            max_age: match params.get("max_age") {
                None => None,
                Some(text) => Some(
                    text.parse()
                        .ok()
                        .filter(|age| *age >= 0)
                        .ok_or_else(|| error::request_wrong("max_age"))?,
                ),
            },
            jkt: match params.get("dpop_jkt") {
                Some(jkt) if jkt.len() != 43 => return Err(error::request_wrong("dpop_jkt")),
                jkt => jkt.map(str::to_owned),
            },
            hint: params.get("id_token_hint").map(str::to_owned),
        })
    }

    /// Whether the application wants to go on when nobody sits at the screen.
    pub(crate) fn is_offline(&self) -> bool {
        self.scopes.iter().any(|scope| scope == "offline_access")
    }
}

/// The scopes that are asked for, each once. Those of OpenID that the application may not have are left out, as Core wants it of
/// what is not understood; those of APIs are refused.
pub(crate) fn scopes(text: &str, client: &Client) -> Result<Vec<String>> {
    let mut asked: Vec<String> = Vec::new();
    for scope in text.split(' ').filter(|scope| !scope.is_empty()) {
        if asked.iter().any(|known| known == scope) {
            continue;
        }
        if client.scopes.iter().any(|own| own == scope) {
            asked.push(scope.to_owned());
        } else if !crate::model::is_of_people(scope) && !matches!(scope, "address") {
            return Err(error::scope_unknown());
        }
    }
    if asked.is_empty() {
        Err(error::scope_unknown())
    } else {
        Ok(asked)
    }
}

fn challenge(params: &Params, client: &Client) -> Result<Option<String>> {
    let method = params.get("code_challenge_method");
    let Some(challenge) = params.get("code_challenge") else {
        // Whoever keeps no secret has nothing else to show that it began what it ends.
        let missing = client.auth == ClientAuth::None || method.is_some();
        return if missing {
            Err(error::request_wrong("code_challenge"))
        } else {
            Ok(None)
        };
    };
    // The plain method shows the secret to whoever sees the address.
    if method != Some("S256") {
        return Err(error::request_wrong("code_challenge_method"));
    }
    let fits = challenge.len() == 43
        && challenge
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if fits {
        Ok(Some(challenge.to_owned()))
    } else {
        Err(error::request_wrong("code_challenge"))
    }
}

fn prompt(text: Option<&str>) -> Result<Prompt> {
    let mut prompt = Prompt::default();
    let words: Vec<&str> = text
        .unwrap_or_default()
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect();
    for word in &words {
        match *word {
            "none" if words.len() == 1 => prompt.nothing = true,
            "login" | "select_account" => prompt.login = true,
            "consent" => prompt.consent = true,
            _ => return Err(error::request_wrong("prompt")),
        }
    }
    Ok(prompt)
}

/// Whether what the application shows is what it began with (RFC 7636, 4.6).
pub(crate) fn verifies(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            (43..=128).contains(&verifier.len()) && crate::secret::digest_text(verifier) == challenge
        }
        // A verifier without a challenge: somebody has taken the challenge out of the request (RFC 9700, 4.8).
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClientAudience, Registration, SigningAlgorithm};
    use chrono::DateTime;

    fn client(auth: ClientAuth) -> Client {
        let new = Registration {
            name: "Thử".into(),
            auth,
            redirect_uris: vec!["https://a.example/cb".into()],
            scopes: ["openid", "profile", "kho.doc"].map(str::to_owned).to_vec(),
            ..Registration::default()
        };
        let new = new.checked().unwrap();
        Client {
            id: "thu-00000000".into(),
            name: new.name,
            description: String::new(),
            auth,
            jwks: None,
            jwks_uri: None,
            id_token_signed_response_alg: SigningAlgorithm::Rs256,
            redirect_uris: new.redirect_uris,
            post_logout_uris: vec![],
            back_channel_logout_uri: None,
            launch_uri: None,
            grants: new.grants,
            scopes: new.scopes,
            audience: ClientAudience::Everybody,
            trusted: false,
            dpop: false,
            introspects: false,
            enabled: true,
            created_at: DateTime::UNIX_EPOCH,
            secret: None,
        }
    }

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn read(query: &str, auth: ClientAuth) -> Result<Request> {
        Request::read(&Params::parse(query).unwrap(), &client(auth))
    }

    #[test]
    fn the_example_of_rfc_7636_verifies() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(verifies(Some(CHALLENGE), Some(verifier)));
        assert!(!verifies(Some(CHALLENGE), Some(&format!("{verifier}x"))));
        assert!(!verifies(Some(CHALLENGE), None));
        assert!(!verifies(None, Some(verifier)));
        assert!(verifies(None, None));
    }

    #[test]
    fn whoever_keeps_no_secret_shows_a_challenge() {
        let query = "response_type=code&scope=openid";
        assert!(read(query, ClientAuth::Secret).unwrap().challenge.is_none());
        assert_eq!(
            read(query, ClientAuth::None).unwrap_err().params["parameter"],
            "code_challenge"
        );
        let whole = format!("{query}&code_challenge={CHALLENGE}&code_challenge_method=S256");
        assert_eq!(
            read(&whole, ClientAuth::None).unwrap().challenge.as_deref(),
            Some(CHALLENGE)
        );
        for plain in ["&code_challenge_method=plain", ""] {
            let query = format!("{query}&code_challenge={CHALLENGE}{plain}");
            assert_eq!(
                read(&query, ClientAuth::Secret).unwrap_err().params["parameter"],
                "code_challenge_method"
            );
        }
    }

    #[test]
    fn what_is_asked_for_is_what_may_be_had() {
        let code = |query: &str| read(query, ClientAuth::Secret).unwrap_err().code;
        assert_eq!(code("response_type=token&scope=openid"), "openid.response_type");
        assert_eq!(code("response_type=code+id_token&scope=openid"), "openid.response_type");
        assert_eq!(code("scope=openid"), "openid.request_wrong");
        assert_eq!(
            code("response_type=code&scope=openid&request=e30"),
            "openid.request_object"
        );
        assert_eq!(code("response_type=code&scope=openid+kho.ghi"), "openid.scope_unknown");
        assert_eq!(code("response_type=code"), "openid.scope_unknown");
        assert_eq!(
            code("response_type=code&scope=openid&prompt=none+login"),
            "openid.request_wrong"
        );
        assert_eq!(
            code("response_type=code&scope=openid&max_age=-1"),
            "openid.request_wrong"
        );
        let asked = read(
            "response_type=code&scope=openid+email+openid+kho.doc",
            ClientAuth::Secret,
        )
        .unwrap();
        assert_eq!(asked.scopes, ["openid", "kho.doc"]);
        let both = read(
            "response_type=code&scope=openid&prompt=consent+login",
            ClientAuth::Secret,
        )
        .unwrap();
        assert!(both.prompt.login && both.prompt.consent && !both.prompt.nothing);
    }

    #[test]
    fn the_way_back_is_registered() {
        let back = |query: &str| Back::read(&Params::parse(query).unwrap(), &client(ClientAuth::Secret));
        let found = back("scope=openid&state=a%26b&redirect_uri=https%3A%2F%2Fa.example%2Fcb").unwrap();
        assert_eq!(
            found.address("https://tinh.example", &[("code", "x y")]),
            "https://a.example/cb?code=x+y&state=a%26b&iss=https%3A%2F%2Ftinh.example"
        );
        assert_eq!(back("scope=openid").unwrap_err().code, "openid.unknown_place");
        assert_eq!(back("scope=kho.doc").unwrap().redirect_uri, "https://a.example/cb");
        assert_eq!(
            back("redirect_uri=https%3A%2F%2Fevil.example").unwrap_err().code,
            "openid.unknown_place"
        );
        let with_query = Back {
            redirect_uri: "https://a.example/cb?x=1".into(),
            state: None,
        };
        assert!(
            with_query
                .address("https://t", &[("code", "c")])
                .starts_with("https://a.example/cb?x=1&code=c")
        );
    }
}
