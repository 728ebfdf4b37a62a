//! Signing out of the provider too. Its token is what it asks for then: it is kept, sealed, as long as the session lives.

use chrono::{DateTime, Duration, Utc};
use identity::Entered;
use kernel::{Actor, Result, SessionId};
use op::{Event, Op, Ops};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use crate::definition::{Provider, is_safe};
use crate::links::ProviderView;
use crate::{Federation, claims, store};

/// What the vault knows the tokens as. Never changed: it is part of their keys.
pub(crate) const TOKEN: &str = "federation.id_token";
/// What a sealed token belongs to, whichever session it is.
pub(crate) const ABOUT: &str = "farewell";

/// How to sign out of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// The provider.
    pub provider: ProviderView,
    /// Where the browser goes.
    pub address: String,
}

/// Where a provider wants people to sign out: where it says itself, if that lies with it, or where its declaration says.
pub(crate) fn address(provider: &Provider, claims: &Value) -> Option<Option<String>> {
    let told = provider
        .claims
        .logout
        .as_ref()
        .and_then(|claim| claims::told(claims, claim));
    let own = told.and_then(|text| Url::parse(&text).ok()).filter(|url| {
        is_safe(url)
            && [&provider.authorize, &provider.token]
                .iter()
                .any(|own| own.origin() == url.origin())
    });
    match own {
        Some(url) => Some(Some(url.into())),
        None => provider.logout.as_ref().map(|_| None),
    }
}

fn holder(of: &str) -> Vec<u8> {
    Sha256::digest(of.as_bytes()).to_vec()
}

fn session_holder(session: SessionId) -> Vec<u8> {
    holder(&format!("session:{session}"))
}

impl Federation {
    /// Keeps what the provider will ask for.
    pub(crate) async fn keep_farewell(
        &self,
        ops: &Ops,
        provider: &Provider,
        entered: &Entered,
        id_token: &str,
        told: Option<String>,
    ) -> Result<()> {
        let (holder, expires_at) = match entered {
            Entered::In(signed) => (session_holder(signed.session), signed.expires_at),
            Entered::Half(half) => (holder(&half.token), half.expires_at),
        };
        let sealed = self.vault.seal(TOKEN, ABOUT, id_token.as_bytes())?;
        let mut op = ops.open(Actor::System("federation")).await?;
        store::farewell::insert(op.conn(), &holder, &provider.key, &sealed, told.as_deref(), expires_at).await?;
        op.commit().await
    }

    /// A sign-in that waited for its second factor has become a session.
    pub async fn settle_farewell(
        &self,
        op: &mut Op,
        half: &str,
        session: SessionId,
        until: DateTime<Utc>,
    ) -> Result<()> {
        store::farewell::move_to(op.conn(), &holder(half), &session_holder(session), until).await
    }

    /// How to sign out of the provider that has vouched for this session, if one has and says how. Nothing changes.
    pub async fn farewell(&self, op: &mut Op, session: SessionId) -> Result<Option<Farewell>> {
        let Some(row) = store::farewell::get(op.conn(), &session_holder(session)).await? else {
            return Ok(None);
        };
        let Ok(provider) = self.provider(&row.provider) else {
            return Ok(None);
        };
        let address = match (&row.address, &provider.logout) {
            (Some(told), _) => told.clone(),
            (None, Some(declared)) => {
                let token = self.vault.unseal(TOKEN, ABOUT, &row.id_token)?;
                let mut address = declared.clone();
                address
                    .query_pairs_mut()
                    .append_pair("token_id", &String::from_utf8_lossy(&token));
                address.into()
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(Farewell {
            provider: ProviderView::of(provider),
            address,
        }))
    }

    /// Sessions are over: their tokens are of no use any more.
    pub(crate) async fn sessions_ended(&self, op: &mut Op, event: &Event) -> Result<()> {
        #[derive(Deserialize)]
        struct Facts {
            sessions: Vec<SessionId>,
        }
        let Ok(facts) = serde_json::from_value::<Facts>(event.payload.clone()) else {
            return Ok(());
        };
        let holders: Vec<Vec<u8>> = facts.sessions.into_iter().map(session_holder).collect();
        store::farewell::remove(op.conn(), &holders).await
    }

    /// Removes what has expired; returns how many rows.
    pub async fn sweep(&self, op: &mut Op) -> Result<u64> {
        let now = op.now();
        let journeys = store::journey::sweep(op.conn(), now).await?;
        // A little later than the session itself: whoever signs out at its last moment still can.
        Ok(journeys + store::farewell::sweep(op.conn(), now - Duration::hours(1)).await?)
    }
}

#[cfg(test)]
mod tests {
    use crate::definition::tests::portal;
    use serde_json::json;

    #[test]
    fn nobody_is_sent_to_sign_out_elsewhere() {
        let provider = portal();
        let told = |address: &str| super::address(&provider, &json!({ "logoutUri": address }));
        let own = "https://sso.example.vn/oidc/logout?x=1";
        assert_eq!(told(own), Some(Some(own.to_owned())));
        for foreign in [
            "https://evil.example/",
            "http://sso.example.vn/",
            "javascript:alert(1)",
            "/oidc/logout",
            "",
        ] {
            assert_eq!(told(foreign), None, "{foreign}");
        }
    }
}
