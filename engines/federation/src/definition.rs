//! What is declared of a provider. The norms of VNeID and of the national portal are known in parts only (see the README), so whatever they do not
//! say is declared: addresses, names of claims, what a level is worth.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use identity::Assurance;
use schema::{Document, Map, Node, Problems};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Newest version of the grammar.
const NEWEST: i64 = 1;

/// Which provider it is: the claims that hold when nothing else is declared, and the words for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimSet {
    /// VNeID.
    Vneid,
    /// The single sign-on of the national public-service portal.
    NationalPortal,
}

impl ClaimSet {
    /// Its word in declarations and texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vneid => "vneid",
            Self::NationalPortal => "national_portal",
        }
    }

    fn claims(self) -> Claims {
        let own = |name: &str| name.to_owned();
        match self {
            Self::Vneid => Claims {
                number: own("preferred_username"),
                name: own("name"),
                birth: own("birthdate"),
                kind: None,
                logout: None,
            },
            Self::NationalPortal => Claims {
                number: own("SoDinhDanh"),
                name: own("HoVaTen"),
                birth: own("NgayThangNamSinh"),
                kind: Some((own("LoaiTaiKhoan"), own("1"))),
                logout: Some(own("logoutUri")),
            },
        }
    }
}

/// How the platform shows a provider who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientAuth {
    /// In the body (`client_secret_post`).
    Post,
    /// In the head (`client_secret_basic`).
    Basic,
}

/// Under which names a provider says what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) birth: String,
    /// The claim that says what sort of account it is, and its value for people.
    pub(crate) kind: Option<(String, String)>,
    /// The claim that says where to sign out.
    pub(crate) logout: Option<String>,
}

/// What a sign-in at a provider is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Levels {
    /// The claim that tells the level.
    pub(crate) claim: Option<String>,
    pub(crate) values: BTreeMap<String, Assurance>,
    /// Where the claim is not there or tells something else.
    pub(crate) otherwise: Assurance,
}

/// A word that stands in no log.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// A provider of identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its key here; links are stored under it, so it never changes.
    pub key: String,
    /// Which provider it is.
    pub set: ClaimSet,
    /// It is a simulator, and pages say so.
    pub simulator: bool,
    pub(crate) issuer: String,
    pub(crate) authorize: Url,
    pub(crate) token: Url,
    pub(crate) keys: Url,
    pub(crate) profile: Option<Url>,
    pub(crate) logout: Option<Url>,
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    pub(crate) client_auth: ClientAuth,
    pub(crate) pkce: bool,
    pub(crate) scope: String,
    pub(crate) acr_values: Option<String>,
    pub(crate) claims: Claims,
    pub(crate) levels: Levels,
}

/// Reads a declaration. `secret` gives the content of a file that it names.
pub(crate) fn read(
    label: &str,
    text: &str,
    secret: &dyn Fn(&str) -> io::Result<String>,
) -> Result<Vec<Provider>, Problems> {
    let mut problems = Problems::new();
    let mut providers = Vec::new();
    if let Some(node) = Document::yaml(label, text, &mut problems)
        && let Some(mut map) = node.as_map(&mut problems)
    {
        let format = map.required("format", &mut problems);
        if let Some(node) = format
            && node.integer(&mut problems).is_some_and(|format| format != NEWEST)
        {
            problems.at(&node, "federation.format", format!("the format is {NEWEST}"));
        }
        if let Some(list) = map.required("providers", &mut problems) {
            providers = list.each(&mut problems, |node, problems| provider(node, secret, problems));
            let mut keys: Vec<&str> = providers.iter().map(|provider| provider.key.as_str()).collect();
            keys.sort_unstable();
            if keys.windows(2).any(|pair| pair[0] == pair[1]) {
                problems.at(&list, "federation.key_twice", "two providers have one key");
            }
        }
        map.finish(&mut problems);
    }
    problems.into_result(providers)
}

fn provider(node: &Node, secret: &dyn Fn(&str) -> io::Result<String>, problems: &mut Problems) -> Option<Provider> {
    let mut map = node.as_map(problems)?;
    let key = map
        .required("key", problems)
        .and_then(|node| node.key(problems).map(|key| (node, key)));
    let key = key.and_then(|(node, key)| {
        // As the database has it.
        let fits = (2..=40).contains(&key.len())
            && key
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !fits {
            problems.at(&node, "federation.key", "2 to 40 small letters, digits and _");
        }
        fits.then_some(key)
    });
    let sets = [
        ("vneid", ClaimSet::Vneid),
        ("national_portal", ClaimSet::NationalPortal),
    ];
    let set = map
        .required("set", problems)
        .and_then(|node| node.choice(&sets, problems));
    let simulator = flag(&mut map, "simulator", problems, false);
    let issuer = text(&mut map, "issuer", problems);
    let [authorize, token, keys] = ["authorize", "token", "keys"].map(|name| {
        let node = map.required(name, problems)?;
        address(&node, problems)
    });
    let [profile, logout] = ["profile", "logout"].map(|name| {
        let node = map.optional(name)?;
        address(&node, problems)
    });
    let client_id = text(&mut map, "client_id", problems);
    let client_secret = map.required("client_secret_file", problems).and_then(|node| {
        let name = node.non_empty_string(problems)?;
        match secret(&name) {
            Ok(word) if !word.is_empty() => Some(Secret(word)),
            Ok(_) => {
                problems.at(&node, "federation.secret", "the file is empty");
                None
            }
            Err(error) => {
                problems.at(&node, "federation.secret", format!("the file cannot be read: {error}"));
                None
            }
        }
    });
    let ways = [("post", ClientAuth::Post), ("basic", ClientAuth::Basic)];
    let client_auth = match map.optional("client_auth") {
        Some(node) => node.choice(&ways, problems)?,
        None => ClientAuth::Post,
    };
    let pkce = flag(&mut map, "pkce", problems, true);
    let scope = map.optional("scope").and_then(|node| node.non_empty_string(problems));
    let acr_values = map
        .optional("acr_values")
        .and_then(|node| node.non_empty_string(problems));
    let claims = claims(&mut map, set, problems);
    let levels = levels(&mut map, problems);
    map.finish(problems);
    Some(Provider {
        key: key?,
        set: set?,
        simulator,
        issuer: issuer?,
        authorize: authorize?,
        token: token?,
        keys: keys?,
        profile,
        logout,
        client_id: client_id?,
        client_secret: client_secret?,
        client_auth,
        pkce,
        scope: scope.unwrap_or_else(|| "openid".to_owned()),
        acr_values,
        claims: claims?,
        levels,
    })
}

fn text(map: &mut Map, name: &str, problems: &mut Problems) -> Option<String> {
    map.required(name, problems)?.non_empty_string(problems)
}

fn flag(map: &mut Map, name: &str, problems: &mut Problems, otherwise: bool) -> bool {
    let node = map.optional(name);
    node.and_then(|node| node.boolean(problems)).unwrap_or(otherwise)
}

/// A whole address by HTTPS, or a program on this machine; nothing else is called, and no browser is sent elsewhere.
fn address(node: &Node, problems: &mut Problems) -> Option<Url> {
    let text = node.non_empty_string(problems)?;
    let url = Url::parse(&text).ok().filter(is_safe);
    if url.is_none() {
        problems.at(
            node,
            "federation.address",
            "a whole address that begins with https:// (http:// for this machine only), without a name, password or #",
        );
    }
    url
}

/// Whether an address may be called, and a browser sent there.
pub(crate) fn is_safe(url: &Url) -> bool {
    let here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => return false,
    };
    let by_tls = url.scheme() == "https" || (url.scheme() == "http" && here);
    by_tls && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
}

fn claims(map: &mut Map, set: Option<ClaimSet>, problems: &mut Problems) -> Option<Claims> {
    let node = map.optional("claims");
    let mut claims = set?.claims();
    let Some(mut own) = node.and_then(|node| node.as_map(problems)) else {
        return Some(claims);
    };
    for (name, place) in [
        ("number", &mut claims.number),
        ("name", &mut claims.name),
        ("birth", &mut claims.birth),
    ] {
        if let Some(told) = own.optional(name).and_then(|node| node.non_empty_string(problems)) {
            *place = told;
        }
    }
    if let Some(mut kind) = own.optional("kind").and_then(|node| node.as_map(problems)) {
        let pair = (text(&mut kind, "claim", problems), text(&mut kind, "citizen", problems));
        kind.finish(problems);
        if let (Some(claim), Some(citizen)) = pair {
            claims.kind = Some((claim, citizen));
        }
    }
    if let Some(told) = own.optional("logout").and_then(|node| node.non_empty_string(problems)) {
        claims.logout = Some(told);
    }
    own.finish(problems);
    Some(claims)
}

const LEVELS: [(&str, Assurance); 3] = [
    ("low", Assurance::Low),
    ("substantial", Assurance::Substantial),
    ("high", Assurance::High),
];

/// Without a declaration a sign-in is worth the least: nobody has said that it is worth more.
fn levels(map: &mut Map, problems: &mut Problems) -> Levels {
    let mut levels = Levels {
        claim: None,
        values: BTreeMap::new(),
        otherwise: Assurance::Low,
    };
    let Some(mut own) = map.optional("assurance").and_then(|node| node.as_map(problems)) else {
        return levels;
    };
    levels.claim = own.optional("claim").and_then(|node| node.non_empty_string(problems));
    if let Some(mut values) = own.optional("values").and_then(|node| node.as_map(problems)) {
        for (value, level) in values.entries() {
            let pair = (value.string(problems), level.choice(&LEVELS, problems));
            if let (Some(value), Some(level)) = pair {
                levels.values.insert(value, level);
            }
        }
        values.finish(problems);
    }
    if let Some(level) = own
        .optional("otherwise")
        .and_then(|node| node.choice(&LEVELS, problems))
    {
        levels.otherwise = level;
    }
    own.finish(problems);
    levels
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const PORTAL: &str = "format: 1
providers:
  - key: dvcqg
    set: national_portal
    issuer: https://sso.example.vn
    authorize: https://sso.example.vn/oauth2/authorize
    token: https://sso.example.vn/oauth2/token
    keys: https://sso.example.vn/oauth2/jwks
    client_id: tinh
    client_secret_file: dvcqg.secret
    acr_values: LoA1
    assurance: { claim: acr, values: { LoA1: low, LoA2: substantial } }
";

    pub(crate) fn portal() -> Provider {
        read("p.yaml", PORTAL, &|_| Ok("bí-mật".into())).unwrap().remove(0)
    }

    fn codes(text: &str) -> Vec<String> {
        let problems = read("p.yaml", text, &|_| Ok("word".into())).unwrap_err();
        problems.codes().iter().map(|code| (*code).to_owned()).collect()
    }

    #[test]
    fn a_declaration_says_what_the_norms_do_not() {
        let provider = portal();
        assert_eq!(provider.claims.number, "SoDinhDanh");
        assert_eq!(provider.claims.kind, Some(("LoaiTaiKhoan".into(), "1".into())));
        assert_eq!(provider.levels.values["LoA2"], Assurance::Substantial);
        assert_eq!(provider.levels.otherwise, Assurance::Low);
        assert!(provider.pkce && !provider.simulator);
        assert!(!format!("{provider:?}").contains("bí-mật"), "a secret in a log");
    }

    #[test]
    fn addresses_go_by_tls_or_stay_on_this_machine() {
        for (address, fits) in [
            ("https://sso.example.vn/auth", true),
            ("http://127.0.0.1:8090/auth", true),
            ("http://localhost/auth", true),
            ("http://sso.example.vn/auth", false),
            ("http://127.0.0.1.example.vn/", false),
            ("https://a:b@sso.example.vn/", false),
            ("https://sso.example.vn/#x", false),
            ("javascript:alert(1)", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(Url::parse(address).is_ok_and(|url| is_safe(&url)), fits, "{address}");
        }
    }

    #[test]
    fn every_problem_is_told() {
        assert_eq!(
            codes(&PORTAL.replace("https://sso.example.vn/oauth2/token", "http://sso.example.vn/t")),
            ["federation.address"]
        );
        assert!(
            !codes(&PORTAL.replace("acr_values", "acr_value")).is_empty(),
            "unknown key"
        );
        assert!(!codes(&PORTAL.replace("LoA2: substantial", "LoA2: enormous")).is_empty());
        assert!(!codes("format: 2\nproviders: []\n").is_empty());
        let twice = format!("{PORTAL}{}", PORTAL.split_once("providers:\n").unwrap().1);
        assert_eq!(codes(&twice), ["federation.key_twice"]);
    }
}
