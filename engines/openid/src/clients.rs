//! Registering applications.

use std::sync::{Arc, PoisonError};

use db::{Page, PageRequest};
use kernel::{Result, text};
use op::{Entry, Op, Ops};
use serde_json::json;

use crate::config::Config;
use crate::model::{self, AppLink, Client, ClientAudience, ClientAuth, End, Registration};
use crate::{Openid, access, error, secret, store};

/// A registered application, and its secret, which is nowhere to be read again.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The application.
    pub client: Client,
    /// Its secret; none where it has keys or keeps no secret.
    pub secret: Option<String>,
}

impl Openid {
    /// Registers an application. Fails with `openid.registration` and all that is wrong by field.
    pub async fn register_client(&self, op: &mut Op, new: Registration) -> Result<Registered> {
        let permit = op
            .allow(
                "openid.register_client",
                "openid:clients",
                access::manage_clients(op.rights(), "openid.register_client"),
            )
            .await?;
        let new = self.reachable(new.checked()?)?;
        let (word, digest) = secret_for(new.auth)?;
        let id = format!(
            "{}-{}",
            stem(&new.name),
            &secret::new()?[..8].replace(['-', '_'], "0").to_lowercase()
        );
        let client = of_registration(id, new, digest, op.now());
        store::client::insert(op.conn(), &permit, &client).await?;
        op.record(
            Entry::new("openid.client_registered", model::subject(&client.id)).detail(facts(&client, word.is_some())),
        )
        .await?;
        Ok(Registered { client, secret: word })
    }

    /// Replaces what is said about an application, and switches it on or off; off ends what people are signed in to. How it shows who it is
    /// changes too: where it gets a secret by that, the secret comes back. Fails with `openid.client_not_found` and `openid.registration`.
    pub async fn change_client(&self, op: &mut Op, id: &str, new: Registration, enabled: bool) -> Result<Registered> {
        let permit = op
            .allow(
                "openid.change_client",
                &model::subject(id),
                access::manage_clients(op.rights(), "openid.change_client"),
            )
            .await?;
        let before = store::client::lock(op.conn(), id)
            .await?
            .ok_or_else(error::client_not_found)?;
        let mut new = self.reachable(new.checked()?)?;
        // Whoever was not asked keeps what its application is set to.
        new.id_token_signed_response_alg
            .get_or_insert(before.id_token_signed_response_alg);
        let was_enabled = before.enabled;
        let (word, digest) = match (new.auth, before.secret) {
            (ClientAuth::Secret, Some(kept)) => (None, Some(kept)),
            (auth, _) => secret_for(auth)?,
        };
        let mut client = of_registration(before.id, new, digest, before.created_at);
        client.enabled = enabled;
        let now = op.now();
        store::client::update(op.conn(), &permit, &client, now).await?;
        if was_enabled && !enabled {
            let ended = store::authorisation::end_of_client(op.conn(), &permit, id, End::ClientDisabled, now).await?;
            op.record(Entry::new("openid.client_switched_off", model::subject(id)).detail(json!({ "ended": ended })))
                .await?;
        }
        op.record(Entry::new("openid.client_changed", model::subject(id)).detail(facts(&client, word.is_some())))
            .await?;
        self.forget(id);
        Ok(Registered { client, secret: word })
    }

    /// Gives an application a new secret; the old one is worth nothing from now on. Fails with `openid.client_not_found` and `openid.no_secret`.
    pub async fn renew_secret(&self, op: &mut Op, id: &str) -> Result<Registered> {
        let permit = op
            .allow(
                "openid.renew_secret",
                &model::subject(id),
                access::manage_clients(op.rights(), "openid.renew_secret"),
            )
            .await?;
        let mut client = store::client::lock(op.conn(), id)
            .await?
            .ok_or_else(error::client_not_found)?;
        if client.auth != ClientAuth::Secret {
            return Err(error::no_secret());
        }
        let (word, digest) = secret_for(client.auth)?;
        client.secret = digest;
        let now = op.now();
        store::client::update(op.conn(), &permit, &client, now).await?;
        op.record(Entry::new("openid.secret_renewed", model::subject(id)))
            .await?;
        self.forget(id);
        Ok(Registered { client, secret: word })
    }

    /// The applications in the order of their names.
    pub async fn clients(&self, op: &mut Op, page: &PageRequest) -> Result<Page<Client>> {
        op.allow(
            "openid.clients",
            "openid:clients",
            access::manage_clients(op.rights(), "openid.clients"),
        )
        .await?;
        store::client::page(op.conn(), page).await
    }

    /// One application. Fails with `openid.client_not_found`.
    pub async fn client(&self, op: &mut Op, id: &str) -> Result<Client> {
        op.allow(
            "openid.client",
            &model::subject(id),
            access::manage_clients(op.rights(), "openid.client"),
        )
        .await?;
        store::client::get(op.conn(), id)
            .await?
            .ok_or_else(error::client_not_found)
    }

    /// The applications that the actor can start (R310).
    pub async fn apps_of(&self, op: &mut Op) -> Result<Vec<AppLink>> {
        let official = op.actor().is_official();
        let audiences = if official {
            vec![ClientAudience::Everybody, ClientAudience::Officials]
        } else {
            vec![ClientAudience::Everybody]
        };
        store::client::links(op.conn(), &audiences).await
    }

    /// The application of this number if it works, at most some seconds old.
    pub(crate) async fn working_client(&self, ops: &Ops, id: &str) -> Result<Option<Arc<Client>>> {
        let now = ops.now();
        let kept = self
            .clients
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned();
        if let Some((client, read_at)) = kept
            && now - read_at < Config::FRESH
            && now >= read_at
        {
            return Ok(Some(client));
        }
        let found = {
            let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
            store::client::get(&mut connection, id).await?
        };
        let mut all = self.clients.write().unwrap_or_else(PoisonError::into_inner);
        match found.filter(|client| client.enabled) {
            Some(client) => {
                let client = Arc::new(client);
                all.insert(id.to_owned(), (client.clone(), now));
                Ok(Some(client))
            }
            None => {
                all.remove(id);
                Ok(None)
            }
        }
    }

    fn forget(&self, id: &str) {
        self.clients.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// The beginning of a number that tells an administrator whose it is.
fn stem(name: &str) -> String {
    let folded: String = text::fold(name)
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let words: Vec<&str> = folded.split('-').filter(|word| !word.is_empty()).take(4).collect();
    let stem: String = words.join("-").chars().take(32).collect();
    if stem.is_empty() { "app".to_owned() } else { stem }
}

fn secret_for(auth: ClientAuth) -> Result<(Option<String>, Option<Vec<u8>>)> {
    if auth != ClientAuth::Secret {
        return Ok((None, None));
    }
    let word = secret::new()?;
    let digest = secret::digest(&word);
    Ok((Some(word), Some(digest)))
}

fn of_registration(
    id: String,
    new: Registration,
    secret: Option<Vec<u8>>,
    created_at: chrono::DateTime<chrono::Utc>,
) -> Client {
    Client {
        id,
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
        created_at,
        secret,
    }
}

/// What the audit trail keeps of an application: all but its secret, and of its keys the digest.
fn facts(client: &Client, new_secret: bool) -> serde_json::Value {
    json!({
        "name": client.name, "auth": client.auth, "new_secret": new_secret,
        "jwks_sha256": client.jwks.as_ref().map(|set| secret::digest_text(&set.to_string())),
        "jwks_uri": client.jwks_uri, "id_token_signed_response_alg": client.id_token_signed_response_alg,
        "redirect_uris": client.redirect_uris, "post_logout_uris": client.post_logout_uris,
        "back_channel_logout_uri": client.back_channel_logout_uri, "launch_uri": client.launch_uri, "grants": client.grants,
        "scopes": client.scopes, "audience": client.audience, "trusted": client.trusted, "dpop": client.dpop,
        "introspects": client.introspects, "enabled": client.enabled,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_with_the_name() {
        assert_eq!(stem("Sổ tay cán bộ"), "so-tay-can-bo");
        assert_eq!(stem("!!!"), "app");
        assert_eq!(stem("Đất đai"), "dat-dai");
        assert!(stem(&"x".repeat(80)).len() <= 32);
    }
}
