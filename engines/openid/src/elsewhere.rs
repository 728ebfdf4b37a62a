//! Keys and certificates of applications that stand at an address of theirs (`jwks_uri`): fetched when they are needed, kept for some minutes, and looked
//! for once more when an unknown key comes, at most once a minute. Whoever makes up names of keys does not make us ask for each, and whoever registers an
//! address does not make us ask machines of the inner network.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode, header};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use kernel::{Fault, Result};
use op::Ops;
use serde_json::Value;
use tower::Service;
use url::{Host, Url};

use crate::config::Config;
use crate::model::{Client, ClientAuth, Registration};
use crate::{Openid, certificate, jose};

/// How long an application may take to tell its keys.
const PATIENCE: Duration = Duration::from_secs(5);
/// Largest set that is read, in bytes.
const LARGEST: usize = 64 << 10;

/// What a look into a set of keys has come to.
pub(crate) enum Look<T> {
    Found(T),
    /// The key is there, and it was not the one.
    Wrong,
    /// The key is not there: a newer set may have it.
    Unknown,
}

impl<T> Look<T> {
    fn found(self) -> Option<T> {
        match self {
            Self::Found(found) => Some(found),
            Self::Wrong | Self::Unknown => None,
        }
    }
}

/// What was fetched, and when it was tried.
#[derive(Clone)]
struct Kept {
    address: String,
    auth: ClientAuth,
    set: Option<(Arc<Value>, DateTime<Utc>)>,
    tried_at: DateTime<Utc>,
}

impl Kept {
    /// The set if it is not older.
    fn within(&self, age: chrono::Duration, now: DateTime<Utc>) -> Option<&Value> {
        let (set, at) = self.set.as_ref()?;
        (now - *at < age).then_some(set)
    }
}

/// One asks, the others wait for the answer.
type Gate = Arc<tokio::sync::Mutex<()>>;

/// The sets by the numbers of the applications.
#[derive(Default)]
pub(crate) struct Elsewhere {
    kept: RwLock<HashMap<String, Kept>>,
    gates: Mutex<HashMap<String, Gate>>,
}

impl Elsewhere {
    fn of(&self, client: &Client, address: &str) -> Option<Kept> {
        let all = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let kept = all.get(&client.id)?;
        (kept.address == address && kept.auth == client.auth).then(|| kept.clone())
    }

    fn keep(&self, client: &str, kept: Kept) {
        let mut all = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(client.to_owned(), kept);
    }

    fn gate(&self, client: &str) -> Gate {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.entry(client.to_owned()).or_default().clone()
    }
}

impl Openid {
    /// What `look` finds among the keys of an application, wherever they stand. Not to be called while an operation is open: it may ask the network.
    pub(crate) async fn among_keys<T>(
        &self,
        ops: &Ops,
        client: &Client,
        look: impl Fn(&Value) -> Look<T>,
    ) -> Result<Option<T>> {
        if let Some(set) = &client.jwks {
            return Ok(look(set).found());
        }
        let Some(address) = &client.jwks_uri else {
            return Ok(None);
        };
        let now = ops.now();
        let kept = self.elsewhere.of(client, address);
        if let Some(set) = kept.as_ref().and_then(|kept| kept.within(Config::KEYS_FRESH, now)) {
            match look(set) {
                Look::Found(found) => return Ok(Some(found)),
                Look::Wrong => return Ok(None),
                Look::Unknown => {}
            }
        }
        let gate = self.elsewhere.gate(&client.id).lock_owned().await;
        // Somebody else may have asked meanwhile.
        let mut kept = self.elsewhere.of(client, address);
        if kept
            .as_ref()
            .is_none_or(|kept| now - kept.tried_at >= Config::KEYS_PAUSE)
        {
            // In a task of its own: whoever asks and goes away must not spoil the one try of the minute.
            let fetch = self.clone().fetch(client.clone(), address.clone(), kept, now);
            let fetching = tokio::spawn(async move {
                fetch.await;
                drop(gate);
            });
            fetching
                .await
                .map_err(|error| Fault::internal("openid.keys_away").caused_by(error.to_string()))?;
            kept = self.elsewhere.of(client, address);
        }
        // The last ones do for an hour where the application does not answer.
        let set = kept.as_ref().and_then(|kept| kept.within(Config::KEYS_KEPT, now));
        Ok(set.and_then(|set| look(set).found()))
    }

    /// Asks for the keys and keeps what came; a failure is kept too, beside what was there.
    async fn fetch(self, client: Client, address: String, before: Option<Kept>, now: DateTime<Utc>) {
        let mut kept = Kept {
            address,
            auth: client.auth,
            set: before.and_then(|before| before.set),
            tried_at: now,
        };
        self.elsewhere.keep(&client.id, kept.clone());
        match asked(&kept.address, self.config.own_machine).await {
            Ok(set) => match usable(&set, client.auth) {
                Some(set) => {
                    kept.set = Some((Arc::new(set), now));
                    self.elsewhere.keep(&client.id, kept);
                }
                None => tracing::warn!(client = client.id, "no key of an application can be used"),
            },
            Err(reason) => tracing::warn!(client = client.id, reason, "an application does not tell its keys"),
        }
    }

    /// A registration whose keys can be asked for. Fails with `openid.registration`.
    pub(crate) fn reachable(&self, new: Registration) -> Result<Registration> {
        match &new.jwks_uri {
            Some(address) if keys_address(address, self.config.own_machine).is_none() => {
                Err(Fault::invalid("openid.registration").field("jwks_uri", "openid.jwks_uri"))
            }
            _ => Ok(new),
        }
    }
}

/// What of a set can be used: others may have keys in it that are for something else.
fn usable(set: &Value, auth: ClientAuth) -> Option<Value> {
    match auth {
        ClientAuth::PrivateKey => jose::usable(set),
        ClientAuth::Certificate => certificate::usable(set),
        ClientAuth::None | ClientAuth::Secret => None,
    }
}

/// The address of a set of keys: encrypted, and no machine of an inner network by its number. `own_machine`: this very machine is one too. What a name
/// stands for is looked at when it is asked: [`Resolver`].
pub(crate) fn keys_address(text: &str, own_machine: bool) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let (here, far) = match url.host()? {
        Host::Ipv4(address) => (address.is_loopback(), is_public(IpAddr::V4(address))),
        Host::Ipv6(address) => (address.is_loopback(), is_public(IpAddr::V6(address))),
        Host::Domain(name) => {
            let here = name.trim_end_matches('.') == "localhost" || name.trim_end_matches('.').ends_with(".localhost");
            (here, !here)
        }
    };
    let here = here && own_machine;
    let scheme = match url.scheme() {
        "https" => here || far,
        "http" => here,
        _ => false,
    };
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    (scheme && plain && text.len() <= 2_000).then_some(url)
}

/// Whether an address is one of the whole internet (the registries of IANA for special purposes, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network, private, loopback, many things to come, and whole groups.
        (0 | 10 | 127 | 224..=255, _, _) => true,
        // Behind the translation of providers; the link; private.
        (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Protocols, examples, the old way to version 6, measurements.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Of the one block that is given out; without what holds an address of version 4 in it, protocols and examples.
    (0x2000..=0x3fff).contains(&a)
        && !matches!(
            (a, b),
            (0x2001, 0..=0x01ff) | (0x2001, 0x0db8) | (0x2002, _) | (0x3fff, 0..=0x0fff)
        )
}

/// Looks names up and gives only what may be asked. The connection goes to the very address that was looked at, so a name that stands for another one a
/// moment later changes nothing.
#[derive(Clone)]
struct Resolver {
    own_machine: bool,
}

type Found = std::vec::IntoIter<SocketAddr>;

impl Service<Name> for Resolver {
    type Response = Found;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Found>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let own_machine = self.own_machine;
        Box::pin(async move {
            let all = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let fits: Vec<SocketAddr> = all.filter(|address| may_be_asked(address.ip(), own_machine)).collect();
            if fits.is_empty() {
                return Err(io::Error::other("the name stands for no address of the internet"));
            }
            Ok(fits.into_iter())
        })
    }
}

fn may_be_asked(address: IpAddr, own_machine: bool) -> bool {
    is_public(address) || (own_machine && address.is_loopback())
}

/// The set at an address, or why there is none. No redirect is followed.
async fn asked(address: &str, own_machine: bool) -> std::result::Result<Value, String> {
    let url = keys_address(address, own_machine).ok_or("the address may not be asked")?;
    let mut tcp = HttpConnector::new_with_resolver(Resolver { own_machine });
    tcp.enforce_http(false);
    let connector = hyper_rustls::HttpsConnectorBuilder::new().with_webpki_roots();
    // What is not encrypted has been refused above, but for this machine.
    let connector = connector.https_or_http().enable_http1().wrap_connector(tcp);
    let http: Http<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>> = Http::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build(connector);
    let request = Request::get(url.as_str())
        .header(header::ACCEPT, "application/jwk-set+json, application/json")
        .body(Full::default())
        .map_err(|error| error.to_string())?;
    let whole = async {
        let answer = http.request(request).await.map_err(|error| format!("{error:?}"))?;
        if answer.status() != StatusCode::OK {
            return Err(answer.status().to_string());
        }
        let body = Limited::new(answer.into_body(), LARGEST).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    };
    tokio::time::timeout(PATIENCE, whole)
        .await
        .map_err(|_| "it took too long")?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_internet_is_asked() {
        for text in [
            "https://app.example.vn/jwks",
            "https://app.example.vn:8443/jwks?x=1",
            "https://8.8.8.8/jwks",
            "https://[2606:4700::1111]/jwks",
        ] {
            assert!(keys_address(text, false).is_some(), "{text}");
        }
        for text in [
            "http://app.example.vn/jwks",
            "ftp://app.example.vn/jwks",
            "file:///etc/passwd",
            "https://a:b@app.example.vn/jwks",
            "https://app.example.vn/jwks#x",
            "https://localhost/jwks",
            "https://localhost./jwks",
            "https://x.localhost/jwks",
            "https://127.0.0.1/jwks",
            // The same in other spellings.
            "https://2130706433/jwks",
            "https://0x7f.1/jwks",
            "https://0177.0.0.1/jwks",
            "https://127.1/jwks",
            "https://0/jwks",
            "https://10.0.0.8/jwks",
            "https://100.64.0.1/jwks",
            "https://172.16.5.5/jwks",
            "https://192.168.1.1/jwks",
            "https://169.254.169.254/latest/meta-data",
            "https://224.0.0.1/jwks",
            "https://255.255.255.255/jwks",
            "https://[::1]/jwks",
            "https://[::]/jwks",
            "https://[::ffff:127.0.0.1]/jwks",
            "https://[::ffff:8.8.8.8]/jwks",
            "https://[fe80::1]/jwks",
            "https://[fd00::1]/jwks",
            "https://[fc00::1]/jwks",
            "https://[ff02::1]/jwks",
            "https://[64:ff9b::a00:1]/jwks",
            "https://[2002:7f00:1::]/jwks",
            "https://[2001:0:4136:e378::]/jwks",
            "https://[2001:db8::1]/jwks",
            "not an address",
            "",
        ] {
            assert!(keys_address(text, false).is_none(), "{text}");
        }
        for text in [
            "http://127.0.0.1:8090/jwks",
            "http://localhost:1/jwks",
            "https://[::1]/jwks",
        ] {
            assert!(keys_address(text, true).is_some(), "{text}");
        }
        for text in [
            "http://10.0.0.8/jwks",
            "https://10.0.0.8/jwks",
            "http://app.example.vn/jwks",
        ] {
            assert!(keys_address(text, true).is_none(), "{text}");
        }
        assert!(keys_address(&format!("https://a.example/{}", "x".repeat(2_000)), false).is_none());
    }

    #[tokio::test]
    async fn a_name_that_stands_for_this_machine_is_not_asked() {
        // Any name may be made to stand for an inner machine; this one does everywhere.
        let name = || "localhost".parse::<Name>().unwrap();
        assert!(Resolver { own_machine: false }.call(name()).await.is_err());
        let here = Resolver { own_machine: true }.call(name()).await.unwrap();
        assert!(here.into_iter().all(|address| address.ip().is_loopback()));
        for (address, fits) in [
            ("8.8.8.8", true),
            ("10.1.1.1", false),
            ("127.0.0.1", false),
            ("::1", false),
        ] {
            assert_eq!(may_be_asked(address.parse().unwrap(), false), fits, "{address}");
        }
    }
}
