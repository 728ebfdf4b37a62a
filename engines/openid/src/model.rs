//! Applications and what they may learn. No input, no output, no clock.

use chrono::{DateTime, Utc};
use identity::Assurance;
use kernel::{AccountId, Fault, FieldFault, PersonId, PositionId, Result, SessionId, text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use crate::{certificate, elsewhere, jose};

/// How an application shows who it is at the endpoints for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// Not at all: it runs on the person's own machine and keeps no secret. PKCE is then demanded.
    None,
    /// By a secret that both know (`client_secret_basic`, `client_secret_post`).
    Secret,
    /// By a signature with a key of its own (`private_key_jwt`).
    PrivateKey,
    /// By the certificate of its connection (`self_signed_tls_client_auth`, RFC 8705); its access tokens are bound to it.
    Certificate,
}

/// For whom an application is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientAudience {
    /// Whoever has an account.
    #[default]
    Everybody,
    /// Whoever acts from a position.
    Officials,
}

/// What an application may ask the token endpoint for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// Signing people in.
    AuthorizationCode,
    /// Going on without the person at the screen.
    RefreshToken,
    /// Tokens for itself, with nobody behind them.
    ClientCredentials,
}

/// By what what an application is told of a sign-in is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SigningAlgorithm {
    /// ECDSA with P-256: small and quick.
    #[serde(rename = "ES256")]
    Es256,
    /// RSA: what every application reads, and holds where nothing is said (OpenID Connect Core, 15.1; Dynamic Client Registration, 2).
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
}

macro_rules! words {
    ($kind:ty { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $kind {
            /// The word in the database and in the protocol.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The value of a word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words!(ClientAuth { None = "none", Secret = "secret", PrivateKey = "private_key", Certificate = "certificate" });
impl SigningAlgorithm {
    /// All there are.
    pub(crate) const ALL: [Self; 2] = [Self::Es256, Self::Rs256];
}

words!(SigningAlgorithm { Es256 = "ES256", Rs256 = "RS256" });
words!(ClientAudience { Everybody = "everybody", Officials = "officials" });
words!(Grant {
    AuthorizationCode = "authorization_code",
    RefreshToken = "refresh_token",
    ClientCredentials = "client_credentials",
});

/// What of a person an application may ask for, and what each scope holds (OpenID Connect Core, 5.4; the last two are ours).
pub(crate) const SCOPES: &[(&str, &[&str])] = &[
    ("openid", &["sub"]),
    ("profile", &["name", "birthdate", "gender", "locale", "zoneinfo"]),
    ("email", &["email", "email_verified"]),
    ("phone", &["phone_number", "phone_number_verified"]),
    ("offline_access", &[]),
    ("identity_number", &["personal_number"]),
    ("position", &["position", "agency", "roles"]),
];

/// An application in the audit trail.
pub(crate) fn subject(id: &str) -> String {
    format!("client:{id}")
}

/// Whether a scope is about people; the others belong to APIs.
pub(crate) fn is_of_people(scope: &str) -> bool {
    SCOPES.iter().any(|(known, _)| *known == scope)
}

/// An application as it is registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// What people know it by.
    pub name: String,
    /// A sentence for people.
    pub description: String,
    /// How it shows who it is.
    pub auth: ClientAuth,
    /// Its public keys for [`ClientAuth::PrivateKey`], its certificates (`x5c`) for [`ClientAuth::Certificate`].
    pub jwks: Option<Value>,
    /// Where they stand instead.
    pub jwks_uri: Option<String>,
    /// By what the tokens about a sign-in and its end are signed.
    pub id_token_signed_response_alg: SigningAlgorithm,
    /// Where people may be sent back to, letter by letter.
    pub redirect_uris: Vec<String>,
    /// Where people may be sent to after signing out.
    pub post_logout_uris: Vec<String>,
    /// Where the end of a session is told (OpenID Connect Back-Channel Logout).
    pub back_channel_logout_uri: Option<String>,
    /// Where people start it, for "Ứng dụng của tôi" (R310).
    pub launch_uri: Option<String>,
    /// What it may ask for.
    pub grants: Vec<Grant>,
    /// What it may learn and reach.
    pub scopes: Vec<String>,
    /// For whom it is.
    pub audience: ClientAudience,
    /// Of the province itself: people are not asked for consent.
    pub trusted: bool,
    /// Gets tokens only that are bound to a key (RFC 9449).
    pub dpop: bool,
    /// Guards an API: may look at tokens that others have got.
    pub introspects: bool,
    /// Works.
    pub enabled: bool,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// SHA-256 of its secret.
    #[serde(skip)]
    pub(crate) secret: Option<Vec<u8>>,
}

impl Client {
    /// Whether it may ask for this.
    pub fn may(&self, grant: Grant) -> bool {
        self.grants.contains(&grant)
    }

    /// Whether people may be sent back there: letter by letter, but for the port of a program on the person's own machine
    /// (RFC 8252, 7.3).
    pub fn leads_to(&self, address: &str) -> bool {
        self.redirect_uris
            .iter()
            .any(|own| own == address || (self.auth == ClientAuth::None && same_but_port(own, address)))
    }
}

fn same_but_port(own: &str, address: &str) -> bool {
    let parts = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        let loopback = url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "[::1]"));
        (loopback && url.set_port(None).is_ok()).then(|| url.to_string())
    };
    // What is asked for must stand there as it will be used: no user, no fragment, no second spelling.
    let plain = Url::parse(address).is_ok_and(|url| {
        url.as_str() == address && url.fragment().is_none() && url.username().is_empty() && url.password().is_none()
    });
    plain && parts(own).is_some_and(|own| parts(address) == Some(own))
}

/// What an administrator says about an application.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Registration {
    /// What people know it by; 2 to 80 characters.
    pub name: String,
    /// A sentence for people.
    #[serde(default)]
    pub description: String,
    /// How it shows who it is; by a secret if nothing is said.
    #[serde(default = "by_secret")]
    pub auth: ClientAuth,
    /// Its public keys as a JWK set for `private_key`, or one with its certificates (`x5c`) for `certificate`.
    #[serde(default)]
    pub jwks: Option<Value>,
    /// Where these stand instead, if the application changes them itself: `https`, on a machine that the whole internet can reach.
    #[serde(default)]
    pub jwks_uri: Option<String>,
    /// By what the tokens about a sign-in (ID tokens) and its end are signed; if nothing is said, a new application gets RS256, and one that
    /// is there keeps what it has.
    #[serde(default)]
    pub id_token_signed_response_alg: Option<SigningAlgorithm>,
    /// Where people may be sent back to. `https`, or `http` on the machine itself.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where people may be sent to after signing out.
    #[serde(default)]
    pub post_logout_uris: Vec<String>,
    /// Where the end of a session is told.
    #[serde(default)]
    pub back_channel_logout_uri: Option<String>,
    /// Where people start it.
    #[serde(default)]
    pub launch_uri: Option<String>,
    /// What it may ask for; if nothing is said, signing people in where it has a redirect address, and, unless it keeps no
    /// secret, tokens for itself.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// What it may learn and reach; if nothing is said: `openid profile`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// For whom it is.
    #[serde(default)]
    pub audience: ClientAudience,
    /// Of the province itself.
    #[serde(default)]
    pub trusted: bool,
    /// Gets tokens only that are bound to a key.
    #[serde(default)]
    pub dpop: bool,
    /// May look at tokens that others have got.
    #[serde(default)]
    pub introspects: bool,
}

fn by_secret() -> ClientAuth {
    ClientAuth::Secret
}

impl Default for Registration {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            auth: by_secret(),
            jwks: None,
            jwks_uri: None,
            id_token_signed_response_alg: None,
            redirect_uris: Vec::new(),
            post_logout_uris: Vec::new(),
            back_channel_logout_uri: None,
            launch_uri: None,
            grants: Vec::new(),
            scopes: Vec::new(),
            audience: ClientAudience::default(),
            trusted: false,
            dpop: false,
            introspects: false,
        }
    }
}

impl Registration {
    /// The same, cleaned and completed. Fails with `openid.registration` and all that is wrong by field.
    pub fn checked(mut self) -> Result<Self> {
        let mut wrong: Vec<FieldFault> = Vec::new();
        self.name = text::clean_line(&self.name);
        if !(2..=80).contains(&self.name.chars().count()) {
            wrong.push(FieldFault::new("name", "openid.name"));
        }
        self.description = text::clean_line(&self.description);
        if self.description.chars().count() > 300 {
            wrong.push(FieldFault::new("description", "openid.too_long"));
        }
        for (field, addresses) in [
            ("redirect_uris", &mut self.redirect_uris),
            ("post_logout_uris", &mut self.post_logout_uris),
        ] {
            addresses.retain(|address| !address.trim().is_empty());
            if addresses.len() > 20 || addresses.iter().any(|address| !is_address(address)) {
                wrong.push(FieldFault::new(field, "openid.address"));
            }
        }
        for (field, address) in [
            ("back_channel_logout_uri", &mut self.back_channel_logout_uri),
            ("launch_uri", &mut self.launch_uri),
        ] {
            *address = address.take().filter(|address| !address.trim().is_empty());
            let fits = |address: &str| is_address(address) && address.starts_with("http");
            if address.as_deref().is_some_and(|address| !fits(address)) {
                wrong.push(FieldFault::new(field, "openid.address"));
            }
        }
        if self.grants.is_empty() {
            if !self.redirect_uris.is_empty() {
                self.grants = vec![Grant::AuthorizationCode, Grant::RefreshToken];
            }
            if self.auth != ClientAuth::None {
                self.grants.push(Grant::ClientCredentials);
            }
        }
        let signs_people_in = self.grants.contains(&Grant::AuthorizationCode);
        if self.grants.is_empty()
            || (signs_people_in && self.redirect_uris.is_empty())
            || (self.auth == ClientAuth::None && self.grants.contains(&Grant::ClientCredentials))
            || (!signs_people_in && self.grants.contains(&Grant::RefreshToken))
        {
            wrong.push(FieldFault::new("grants", "openid.grants"));
        }
        if self.scopes.is_empty() && signs_people_in {
            self.scopes = ["openid", "profile"].map(str::to_owned).to_vec();
        }
        if self.scopes.len() > 50 || self.scopes.iter().any(|scope| !is_scope(scope)) {
            wrong.push(FieldFault::new("scopes", "openid.scopes"));
        }
        self.jwks_uri = self.jwks_uri.take().filter(|address| !address.trim().is_empty());
        let has_keys = matches!(self.auth, ClientAuth::PrivateKey | ClientAuth::Certificate);
        if let Some(address) = &self.jwks_uri
            && (!has_keys || self.jwks.is_some() || elsewhere::keys_address(address, true).is_none())
        {
            wrong.push(FieldFault::new("jwks_uri", "openid.jwks_uri"));
        }
        match (&self.jwks, self.auth) {
            (Some(set), ClientAuth::PrivateKey) if jose::public_keys(set).is_some() => {}
            (Some(set), ClientAuth::Certificate) if certificate::thumbprints(set).is_some() => {}
            (None, ClientAuth::None | ClientAuth::Secret) => {}
            (None, _) if self.jwks_uri.is_some() => {}
            _ => wrong.push(FieldFault::new("jwks", "openid.jwks")),
        }
        if wrong.is_empty() {
            return Ok(self);
        }
        Err(wrong
            .into_iter()
            .fold(Fault::invalid("openid.registration"), Fault::field_fault))
    }
}

/// An address that people may be sent to: absolute, encrypted, on this very machine, or of a program on the telephone; without a fragment, as
/// it will be compared.
fn is_address(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let scheme = match url.scheme() {
        "https" => true,
        "http" => local,
        // A program on a telephone, by the reversed name of its domain (RFC 8252, 7.1).
        own => own.contains('.') && url.host_str().is_none(),
    };
    scheme
        && address.len() <= 2_000
        && address.bytes().all(|byte| byte.is_ascii_graphic())
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

/// A scope as RFC 6749 writes it.
fn is_scope(scope: &str) -> bool {
    (1..=100).contains(&scope.len()) && scope.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
}

/// Somebody signed in to an application.
#[derive(Clone, Debug)]
pub(crate) struct Authorisation {
    pub(crate) id: Uuid,
    pub(crate) client: String,
    pub(crate) account: AccountId,
    pub(crate) person: PersonId,
    pub(crate) session: SessionId,
    pub(crate) position: Option<PositionId>,
    pub(crate) offline: bool,
    pub(crate) scopes: Vec<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) auth_at: DateTime<Utc>,
    pub(crate) two_factors: bool,
    /// How sure it was who signed in.
    pub(crate) assurance: Assurance,
    /// Another provider of identity has said who it is.
    pub(crate) federated: bool,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) ended: bool,
}

/// Why an authorisation has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    SignedOut,
    CodeReused,
    RefreshReused,
    Revoked,
    ConsentWithdrawn,
    ClientDisabled,
    /// The owner has changed a password or second factor, or ended the session from elsewhere.
    AccountSecured,
}

impl End {
    /// The word in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::CodeReused => "code_reused",
            Self::RefreshReused => "refresh_reused",
            Self::Revoked => "revoked",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::ClientDisabled => "client_disabled",
            Self::AccountSecured => "account_secured",
        }
    }
}

/// An application that a person has allowed to learn something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ConsentView {
    /// `client_id`.
    pub client: String,
    /// Its name.
    pub name: String,
    /// What it may learn.
    pub scopes: Vec<String>,
    /// Since when.
    pub given_at: DateTime<Utc>,
}

/// An application as its users see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AppLink {
    /// Its name.
    pub name: String,
    /// A sentence.
    pub description: String,
    /// Where it starts.
    pub address: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Registration {
        Registration {
            name: "Sổ tay cán bộ".into(),
            redirect_uris: vec!["https://so-tay.example.vn/ve".into()],
            ..Registration::default()
        }
    }

    fn fields(registration: Registration) -> Vec<String> {
        let fault = registration.checked().unwrap_err();
        assert_eq!(fault.code, "openid.registration");
        fault.fields.iter().map(|field| field.field.clone()).collect()
    }

    #[test]
    fn what_is_not_said_is_completed() {
        let checked = whole().checked().unwrap();
        assert_eq!(checked.scopes, ["openid", "profile"]);
        assert_eq!(
            checked.grants,
            [Grant::AuthorizationCode, Grant::RefreshToken, Grant::ClientCredentials]
        );
        let public = Registration {
            auth: ClientAuth::None,
            ..whole()
        }
        .checked()
        .unwrap();
        assert_eq!(public.grants, [Grant::AuthorizationCode, Grant::RefreshToken]);
        let machine = Registration {
            redirect_uris: vec![],
            scopes: vec!["scim".into()],
            ..whole()
        };
        assert_eq!(machine.checked().unwrap().grants, [Grant::ClientCredentials]);
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let wrong = Registration {
            name: " ".into(),
            redirect_uris: vec!["http://elsewhere.example/".into()],
            launch_uri: Some("javascript:alert(1)".into()),
            scopes: vec!["two words".into()],
            jwks: Some(serde_json::json!({ "keys": [] })),
            ..Registration::default()
        };
        assert_eq!(fields(wrong), ["name", "redirect_uris", "launch_uri", "scopes", "jwks"]);
        let hidden = Registration {
            auth: ClientAuth::None,
            grants: vec![Grant::ClientCredentials],
            ..whole()
        };
        assert_eq!(fields(hidden), ["grants"]);
        assert_eq!(
            fields(Registration {
                redirect_uris: vec![],
                auth: ClientAuth::None,
                ..whole()
            }),
            ["grants"]
        );
        assert_eq!(
            fields(Registration {
                auth: ClientAuth::PrivateKey,
                ..whole()
            }),
            ["jwks"]
        );
    }

    #[test]
    fn addresses() {
        for good in [
            "https://a.example/cb?x=1",
            "http://localhost:3000/",
            "http://127.0.0.1/cb",
            "vn.example.app:/cb",
        ] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "/cb",
            "http://a.example/",
            "https://a.example/#x",
            "https://u:p@a.example/",
            "javascript:1",
            "data:text/html,x",
            "https://a.example/ x",
            "https://a.example/é",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn people_go_back_to_registered_places_only() {
        let client = |auth, address: &str| {
            let mut client = client_of(Registration {
                redirect_uris: vec![address.into()],
                ..whole()
            });
            client.auth = auth;
            client
        };
        let web = client(ClientAuth::Secret, "https://a.example/cb");
        assert!(web.leads_to("https://a.example/cb"));
        for other in [
            "https://a.example/cb/",
            "https://a.example/cb?x=1",
            "https://a.example:443/cb",
            "https://A.example/cb",
            "https://a.example/CB",
            "https://a.example/x/../cb",
            "https://a.example.evil/cb",
        ] {
            assert!(!web.leads_to(other), "{other}");
        }
        let native = client(ClientAuth::None, "http://127.0.0.1/cb");
        assert!(native.leads_to("http://127.0.0.1:51234/cb"));
        assert!(!native.leads_to("http://127.0.0.1:51234/other"));
        assert!(!native.leads_to("http://127.0.0.1@evil.example/cb"));
        assert!(!native.leads_to("http://user@127.0.0.1:1/cb"));
        assert!(!client(ClientAuth::Secret, "http://127.0.0.1/cb").leads_to("http://127.0.0.1:51234/cb"));
    }

    fn client_of(new: Registration) -> Client {
        Client {
            id: "khach-hang-1".into(),
            name: new.name,
            description: new.description,
            auth: new.auth,
            jwks: new.jwks,
            jwks_uri: new.jwks_uri,
            id_token_signed_response_alg: new.id_token_signed_response_alg.unwrap_or_default(),
            redirect_uris: new.redirect_uris,
            post_logout_uris: new.post_logout_uris,
            back_channel_logout_uri: new.back_channel_logout_uri,
            launch_uri: new.launch_uri,
            grants: new.grants,
            scopes: new.scopes,
            audience: new.audience,
            trusted: new.trusted,
            dpop: new.dpop,
            introspects: new.introspects,
            enabled: true,
            created_at: DateTime::UNIX_EPOCH,
            secret: None,
        }
    }
}
