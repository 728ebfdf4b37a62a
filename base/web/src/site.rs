//! What all visits of one program have in common.

use std::{net::IpAddr, num::NonZeroU32, sync::Arc};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use op::Ops;
use render::{ProvinceFrame, Renderer};

use crate::{Chrome, Identify};

/// Settings of the site.
#[derive(Debug, Clone)]
pub struct SiteConfig {
    /// Key for form tokens; the same on all nodes, kept in the data directory.
    pub secret: [u8; 32],
    /// Whether people reach the site by HTTPS: cookies are then `Secure` and HSTS is sent.
    pub https: bool,
    /// Whether this is the demonstration province: pages say so.
    pub demo: bool,
    /// The province as the frame of pages shows it.
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
    pub(crate) identify: Arc<dyn Identify>,
    pub(crate) chrome: Arc<dyn Chrome>,
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
            config: Arc::new(config),
            identify,
            chrome,
            limiter,
        }
    }

    /// Whether this address may send one more request now.
    pub(crate) fn within_rate(&self, from: IpAddr) -> bool {
        match &self.limiter {
            Some(limiter) if !from.is_loopback() => {
                if limiter.len() > 100_000 {
                    limiter.retain_recent();
                }
                limiter.check_key(&from).is_ok()
            }
            _ => true,
        }
    }
}

impl AsRef<Site> for Site {
    fn as_ref(&self) -> &Site {
        self
    }
}
