//! Signing out at the wish of an application (RP-Initiated Logout), and telling the others (Back-Channel Logout).

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, StatusCode, header};
use hyper_util::client::legacy::Client as Http;
use hyper_util::rt::TokioExecutor;
use kernel::{AccountId, Actor, Fault, Result, SessionId};
use op::{Event, Job, NewJob, Op, Ops};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::authorise::Visitor;
use crate::model::End;
use crate::params::Params;
use crate::{Openid, error, request, store};

/// Kind of the job that tells an application that a session is over.
pub(crate) const TELL: &str = "openid.back_channel_logout";
/// How long an application may take to hear it.
const PATIENCE: Duration = Duration::from_secs(5);
/// The event of a logout token.
const LOGGED_OUT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What a request to sign out comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// Where to go afterwards; nowhere if none is registered.
    pub to: Option<String>,
    /// The application shows that it is the one whose person wants to go: nobody needs to be asked.
    pub sure: bool,
    /// Name of the application, if it is known.
    pub client: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Told {
    authorisation: Uuid,
}

impl Openid {
    /// Reads a request to sign out. `query` is the query letter by letter. Nothing is done: the caller ends the session. Fails with
    /// `openid.request_wrong` and, where an address is not registered, `openid.unknown_place`.
    pub async fn farewell(&self, ops: &Ops, visitor: Visitor<'_>, query: &str) -> Result<Farewell> {
        let params = Params::parse(query)?;
        let claims = match params.get("id_token_hint") {
            // An expired one does: it only says who asks. One whose key has left says nothing.
            Some(hint) => self.keys(ops).await?.read(ops.now(), "JWT", hint),
            None => None,
        };
        let hinted = claims.as_ref().and_then(|claims| claims["aud"].as_str());
        let id = match (hinted, params.get("client_id")) {
            (Some(hinted), Some(named)) if hinted != named => return Err(error::request_wrong("client_id")),
            (hinted, named) => hinted.or(named),
        };
        let client = match id {
            Some(id) => self.working_client(ops, id).await?,
            None => None,
        };
        let to = match params.get("post_logout_redirect_uri") {
            None => None,
            Some(asked) => {
                let known = client
                    .as_ref()
                    .is_some_and(|client| client.post_logout_uris.iter().any(|own| own == asked));
                if !known {
                    return Err(error::unknown_place());
                }
                Some(with_state(asked, params.get("state")))
            }
        };
        let sid = claims.and_then(|claims| claims["sid"].as_str().and_then(|sid| Uuid::parse_str(sid).ok()));
        let sure = match (sid, visitor.session) {
            (Some(sid), Some(session)) => {
                let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
                let found = store::authorisation::get(&mut connection, sid).await?;
                found.is_some_and(|found| found.session == session)
            }
            _ => false,
        };
        Ok(Farewell {
            to,
            sure,
            client: client.map(|client| client.name.clone()),
        })
    }

    /// Sessions are over: what people were signed in to in them is too, and the applications that want to hear it are told. Who has ended them from
    /// elsewhere ends what outlives a session as well; who has a new password or second factor ends everything.
    pub(crate) async fn sessions_ended(&self, op: &mut Op, event: &Event) -> Result<()> {
        #[derive(Deserialize)]
        struct Facts {
            account: AccountId,
            sessions: Vec<SessionId>,
            reason: String,
            /// Whoever came in with what held before comes in again.
            anew: bool,
        }
        let facts: Facts = serde_json::from_value(event.payload.clone())
            .map_err(|error| Fault::internal("openid.event_broken").caused_by(error))?;
        let now = op.now();
        for authorisation in store::authorisation::listening(op.conn(), &facts.sessions).await? {
            op.enqueue(NewJob::new(TELL, Told { authorisation })).await?;
        }
        if facts.anew {
            return store::authorisation::end_everything(op.conn(), facts.account, End::AccountSecured, now).await;
        }
        let (offline, end) = match facts.reason.as_str() {
            "signed_out" => (false, End::SignedOut),
            _ => (true, End::AccountSecured),
        };
        store::authorisation::end_of_sessions(op.conn(), &facts.sessions, offline, end, now).await
    }

    /// The same person has signed in once more in the same browser: what was given in the old session goes on in the new one.
    pub async fn move_session(&self, op: &mut Op, from: SessionId, to: SessionId) -> Result<()> {
        let Some(account) = op.actor().account() else {
            return Ok(());
        };
        let now = op.now();
        let same = self.identity.authentication(op.conn(), to, now).await?;
        if same.is_some_and(|same| same.account == account) {
            store::authorisation::move_session(op.conn(), account, from, to).await?;
        }
        Ok(())
    }

    /// Tells one application. What fails is tried again by the queue.
    pub(crate) async fn tell(&self, ops: &Ops, job: &Job) -> Result<()> {
        let told: Told = serde_json::from_value(job.payload.clone())
            .map_err(|error| Fault::internal("openid.event_broken").caused_by(error))?;
        let found = {
            let mut op = ops.look_for(Actor::System("openid"), Uuid::now_v7()).await?;
            store::authorisation::get(op.conn(), told.authorisation).await?
        };
        let Some(found) = found else { return Ok(()) };
        let Some(client) = self.working_client(ops, &found.client).await? else {
            return Ok(());
        };
        let Some(address) = client.back_channel_logout_uri.clone() else {
            return Ok(());
        };
        let now = ops.now();
        let mut events = serde_json::Map::new();
        events.insert(LOGGED_OUT.into(), json!({}));
        let claims = json!({
            "iss": self.config.issuer, "aud": found.client, "sub": found.account, "sid": found.id, "jti": job.id,
            "iat": now.timestamp(), "exp": (now + chrono::Duration::minutes(2)).timestamp(), "events": events,
        });
        // As its ID tokens are (Back-Channel Logout 1.0, 2.4).
        let algorithm = client.id_token_signed_response_alg;
        let keys = self.keys_for(ops, &[algorithm]).await?;
        let token = keys.sign(now, algorithm, "logout+jwt", &claims)?;
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("logout_token", &token)
            .finish();
        send(&address, body).await
    }
}

fn with_state(address: &str, state: Option<&str>) -> String {
    let Some(state) = state else { return address.to_owned() };
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("state", state)
        .finish();
    request::joined(address, &query)
}

/// Posts a form. No redirect is followed, and of the answer only the status is looked at.
async fn send(address: &str, body: String) -> Result<()> {
    let away = |reason: String| {
        Fault::unavailable("openid.application_away")
            .with("address", address)
            .caused_by(reason)
    };
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_webpki_roots()
        .https_or_http()
        .enable_http1()
        .build();
    let http: Http<_, Full<Bytes>> = Http::builder(TokioExecutor::new()).build(connector);
    let request = Request::post(address)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| away(error.to_string()))?;
    let answer = tokio::time::timeout(PATIENCE, http.request(request))
        .await
        .map_err(|_| away("it took too long".into()))?
        .map_err(|error| away(error.to_string()))?;
    let status = answer.status();
    // So that the other side is not cut off while it writes; it may not write much.
    let _ = tokio::time::timeout(
        PATIENCE,
        http_body_util::Limited::new(answer.into_body(), 64 << 10).collect(),
    )
    .await;
    match status {
        StatusCode::OK | StatusCode::NO_CONTENT => Ok(()),
        // The application has understood and does not take it: asking again changes nothing.
        status if status.is_client_error() => {
            tracing::warn!(address, %status, "an application does not take the end of a session");
            Ok(())
        }
        status => Err(away(status.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_goes_along() {
        assert_eq!(with_state("https://a.example/", None), "https://a.example/");
        assert_eq!(
            with_state("https://a.example/", Some("a&b")),
            "https://a.example/?state=a%26b"
        );
        assert_eq!(
            with_state("https://a.example/?x=1", Some("s")),
            "https://a.example/?x=1&state=s"
        );
    }
}
