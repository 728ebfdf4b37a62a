//! Calls to providers: bounded in time and size, no redirect followed, only to addresses that are declared.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode, header};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kernel::Result;
use serde_json::Value;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::definition::{ClientAuth, Provider};
use crate::error;
use crate::word::Unfit;

/// Largest answer that is read.
const LARGEST: usize = 128 << 10;

/// The line to all providers. Clones are cheap and share its connections.
#[derive(Clone)]
pub(crate) struct Line {
    http: Http<HttpsConnector<HttpConnector>, Full<Bytes>>,
    patience: Duration,
}

impl Line {
    pub(crate) fn new(patience: Duration) -> Self {
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .build();
        Self {
            http: Http::builder(TokioExecutor::new()).build(connector),
            patience,
        }
    }

    /// A document. Fails with `federation.provider_away`.
    pub(crate) async fn get(&self, address: &Url) -> Result<Value> {
        let request = Request::get(address.as_str())
            .header(header::ACCEPT, "application/json")
            .body(Full::default())
            .map_err(error::provider_away)?;
        match self.send(request).await? {
            (StatusCode::OK, body) => read(&body),
            (status, _) => Err(error::provider_away(status.to_string())),
        }
    }

    /// The tokens for a code. Fails with `federation.word_refused` where the provider does not take the code, and with `federation.provider_away`.
    pub(crate) async fn tokens(&self, provider: &Provider, fields: &[(&str, &str)]) -> Result<Value> {
        let secret = &provider.client_secret.0;
        let body = {
            let mut body = Serializer::new(String::new());
            body.extend_pairs(fields);
            if provider.client_auth == ClientAuth::Post {
                body.append_pair("client_id", &provider.client_id);
                body.append_pair("client_secret", secret);
            }
            body.finish()
        };
        let mut request = Request::post(provider.token.as_str())
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if provider.client_auth == ClientAuth::Basic {
            // RFC 6749, 2.3.1: both parts are form-encoded first.
            let part = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", part(&provider.client_id), part(secret));
            request = request.header(header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(pair)));
        }
        let request = request
            .body(Full::new(Bytes::from(body)))
            .map_err(error::provider_away)?;
        match self.send(request).await? {
            (StatusCode::OK, body) => read(&body),
            (StatusCode::BAD_REQUEST, _) => Err(error::word_refused(Unfit::Code)),
            (status, _) => Err(error::provider_away(status.to_string())),
        }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes)> {
        let whole = async {
            let answer = self.http.request(request).await.map_err(error::provider_away)?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), LARGEST).collect().await;
            Ok((status, body.map_err(error::provider_away)?.to_bytes()))
        };
        let in_time = tokio::time::timeout(self.patience, whole).await;
        in_time.map_err(|_| error::provider_away("it took too long"))?
    }
}

fn read(body: &[u8]) -> Result<Value> {
    let value: Value = serde_json::from_slice(body).map_err(error::provider_away)?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(error::provider_away("no object"))
    }
}
