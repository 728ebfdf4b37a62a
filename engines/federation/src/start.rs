//! Sending somebody to a provider.

use kernel::{AccountId, Actor, Result};
use op::Ops;

use crate::config::Config;
use crate::{Federation, secret, store};

/// What the vault knows interrupted forms as. Never changed: it is part of their keys.
pub(crate) const RESUME: &str = "federation.resume";
/// Longest interrupted form that is carried along, in bytes: anybody may begin a journey, and none may fill the disk by it.
pub const LONGEST_RESUME: usize = 32 << 10;

/// Longest address that is gone back to, in bytes.
const LONGEST_BACK: usize = 4 << 10;

/// Where a provider sends people back to.
pub(crate) fn callback_path(provider: &str) -> String {
    format!("/dang-nhap/lien-thong/{provider}/ve")
}

/// Somebody wants to sign in by a provider.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// Key of the provider.
    pub provider: &'a str,
    /// The mark of the browser, if it has one already; see [`Departure::browser`].
    pub browser: Option<&'a str>,
    /// Where the person wants to go on this site.
    pub back: &'a str,
    /// A form that the sign-in has interrupted; may be empty.
    pub resume: &'a str,
    /// What for.
    pub purpose: Purpose,
}

/// What somebody goes to a provider for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in.
    SignIn,
    /// The owner of this account wants to link it.
    Link(AccountId),
    /// The owner of this account shows once more who they are (xác thực lại): the provider is to ask anew.
    ShowAgain(AccountId),
}

/// The way to the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// Where the browser goes.
    pub address: String,
    /// What the browser keeps meanwhile in a cookie of its own, and shows when it comes back: the answer holds in it and in no other.
    pub browser: String,
}

impl Federation {
    /// Begins a journey to a provider; it is good once, for ten minutes, in this browser. Opens its own operation. Fails with
    /// `federation.unknown_provider`.
    pub async fn start(&self, ops: &Ops, start: Start<'_>) -> Result<Departure> {
        let provider = self.provider(start.provider)?;
        let state = secret::new()?;
        let known = start.browser.filter(|browser| secret::digest(browser).is_some());
        let browser = known.map_or_else(secret::new, |browser| Ok(browser.to_owned()))?;
        let (Some(state_sha256), Some(browser_sha256)) = (secret::digest(&state), secret::digest(&browser)) else {
            return Err(crate::error::expired());
        };
        let resume = match start.resume {
            "" => None,
            form if form.len() > LONGEST_RESUME => None,
            form => Some(self.vault.seal(RESUME, &journey(&state), form.as_bytes())?),
        };
        let mut op = ops.open(Actor::Anonymous).await?;
        let (linking, again) = match start.purpose {
            Purpose::SignIn => (None, None),
            Purpose::Link(account) => (Some(account.uuid()), None),
            Purpose::ShowAgain(account) => (None, Some(account.uuid())),
        };
        let new = store::journey::Journey {
            provider: provider.key.clone(),
            back: Some(start.back)
                .filter(|back| back.len() <= LONGEST_BACK)
                .unwrap_or_default()
                .to_owned(),
            resume,
            linking,
            again,
            expires_at: op.now() + Config::JOURNEY,
        };
        store::journey::insert(op.conn(), &state_sha256, &browser_sha256, &new).await?;
        op.commit().await?;

        let mut address = provider.authorize.clone();
        {
            let mut query = address.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &provider.client_id)
                .append_pair("redirect_uri", &self.callback_address(provider))
                .append_pair("scope", &provider.scope)
                .append_pair("state", &state)
                .append_pair("nonce", &secret::derived("nonce", &state, &browser));
            if again.is_some() {
                query.append_pair("prompt", "login").append_pair("max_age", "0");
            }
            if let Some(values) = &provider.acr_values {
                query.append_pair("acr_values", values);
            }
            if provider.pkce {
                let verifier = secret::derived("pkce", &state, &browser);
                query
                    .append_pair("code_challenge", &secret::challenge(&verifier))
                    .append_pair("code_challenge_method", "S256");
            }
        }
        Ok(Departure {
            address: address.into(),
            browser,
        })
    }
}

/// What a sealed form belongs to.
pub(crate) fn journey(state: &str) -> String {
    format!("journey:{}", secret::derived("resume", state, ""))
}
