//! What all visits of one program have in common.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::HeaderMap,
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use op::Ops;
use render::{ProvinceFrame, Renderer};

use crate::{Chrome, Identify, SessionView, StatusCode, serve};

/// How long a request may take from its head to its answer: an upload of 20 MiB on a slow line included.
const LONGEST: Duration = Duration::from_secs(300);

/// Settings of the site.
#[derive(Debug, Clone)]
pub struct SiteConfig {
    /// Key for form tokens; the same on all nodes, kept in the data directory.
    pub secret: [u8; 32],
    /// Whether people reach the site by HTTPS: cookies are then `Secure` and HSTS is sent.
    pub https: bool,
    /// Whether this is the demonstration province: pages say so.
    pub demo: bool,
    /// The province as the frame of pages shows it until [`Site::rename_province`] is told another name.
    pub province: ProvinceFrame,
    /// Requests a second that one address may send on average; `None` switches the limit off. Loopback is never limited.
    pub requests_per_second: Option<NonZeroU32>,
    /// Whether `X-Real-IP` of the gateway in front is believed.
    pub behind_gateway: bool,
}

/// What all visits have in common. Clones are cheap.
#[derive(Clone)]
pub struct Site {
    /// Opens operations.
    pub ops: Ops,
    /// Draws pages.
    pub renderer: Arc<Renderer>,
    /// Settings.
    pub config: Arc<SiteConfig>,
    /// How long a request may take; then it is undone and its sender is told so.
    pub time_limit: Duration,
    pub(crate) identify: Arc<dyn Identify>,
    pub(crate) chrome: Arc<dyn Chrome>,
    /// A reorganisation gives the province another name while the program runs.
    province: Arc<RwLock<ProvinceFrame>>,
    limiter: Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>,
}

impl Site {
    /// Puts a site together.
    pub fn new(
        ops: Ops,
        renderer: Arc<Renderer>,
        identify: Arc<dyn Identify>,
        chrome: Arc<dyn Chrome>,
        config: SiteConfig,
    ) -> Self {
        let limiter = config.requests_per_second.map(|rate| {
            let burst = rate.saturating_mul(NonZeroU32::MIN.saturating_add(5));
            Arc::new(RateLimiter::keyed(Quota::per_second(rate).allow_burst(burst)))
        });
        Self {
            ops,
            renderer,
            province: Arc::new(RwLock::new(config.province.clone())),
            config: Arc::new(config),
            time_limit: LONGEST,
            identify,
            chrome,
            limiter,
        }
    }

    /// The province as pages show it today.
    pub fn province(&self) -> ProvinceFrame {
        self.province.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on the province has this name, on all clones of this site. Tells whether it had another one.
    pub fn rename_province(&self, name: &str) -> bool {
        let mut province = self.province.write().unwrap_or_else(PoisonError::into_inner);
        let new = province.name != name;
        if new {
            name.clone_into(&mut province.name);
        }
        new
    }

    /// The living session of a token, for addresses of a norm where the web itself looks at none.
    pub async fn session(&self, token: &str) -> kernel::Result<Option<SessionView>> {
        self.identify.session(token).await
    }

    /// Whether this address may send one more request now.
    pub(crate) fn within_rate(&self, from: IpAddr) -> bool {
        match &self.limiter {
            Some(limiter) if !from.to_canonical().is_loopback() => limiter.check_key(&network(from)).is_ok(),
            _ => true,
        }
    }

    /// Forgets addresses that have sent nothing for a while; called from time to time by the process.
    pub fn forget_idle_addresses(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    /// Where a request comes from: what the gateway says, if it is believed, else the other side of the connection.
    pub(crate) fn sender(&self, headers: &HeaderMap, peer: Option<&ConnectInfo<SocketAddr>>) -> IpAddr {
        let forwarded = self.config.behind_gateway.then(|| headers.get("x-real-ip")).flatten();
        forwarded
            .and_then(|ip| ip.to_str().ok()?.parse().ok())
            .or(peer.map(|ConnectInfo(address)| address.ip()))
            .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }
}

/// What one subscriber can vary at will counts as one sender: an address of IPv4, the first half (/64) of one of IPv6.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address => address,
    }
}

/// Addresses that are no routes of this crate: asked for at the rate of pages, answered with the same security headers.
pub async fn guarded(State(site): State<Site>, request: Request, next: Next) -> Response {
    let from = site.sender(request.headers(), request.extensions().get());
    let mut response = if site.within_rate(from) {
        next.run(request).await
    } else {
        StatusCode::TOO_MANY_REQUESTS.into_response()
    };
    serve::secure(&site, response.headers_mut());
    response
}

/// Lets only requests of programs on the same machine through, and none that a gateway passes on; for others there is nothing here.
pub async fn local_only(request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let local = peer.is_some_and(|ConnectInfo(address)| address.ip().to_canonical().is_loopback());
    let passed_on = ["x-real-ip", "x-forwarded-for", "forwarded", "via"];
    if local && passed_on.iter().all(|name| !request.headers().contains_key(*name)) {
        next.run(request).await
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}

impl AsRef<Site> for Site {
    fn as_ref(&self) -> &Site {
        self
    }
}
