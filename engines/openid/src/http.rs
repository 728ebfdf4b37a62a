//! The endpoints for programs, and the JSON API for administrators. Pages are drawn by the portal.

mod clients;
mod endpoints;

use web::{Method, Routes, Site};

use crate::Openid;

pub use clients::{AppList, ClientAnswer, ClientChange, ClientPage, ConsentList, RegisteredAnswer};

/// Where people go.
pub const AUTHORIZE: &str = "/openid/authorize";
/// Where people sign out.
pub const LOGOUT: &str = "/openid/logout";
pub(crate) const TOKEN: &str = "/openid/token";
pub(crate) const USERINFO: &str = "/openid/userinfo";
const PAR: &str = "/openid/par";
const INTROSPECT: &str = "/openid/introspect";
const REVOKE: &str = "/openid/revoke";
const JWKS: &str = "/openid/jwks";
const DISCOVERY: &str = "/.well-known/openid-configuration";
/// The same by its name in OAuth (RFC 8414).
const OAUTH_DISCOVERY: &str = "/.well-known/oauth-authorization-server";

/// Whether a path is one at which applications show who they are.
pub(crate) fn is_endpoint(path: &str) -> bool {
    [TOKEN, PAR, INTROSPECT, REVOKE].contains(&path)
}

/// The routes of the engine.
pub fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Openid> + Clone + Send + Sync + 'static,
{
    let mut routes = Routes::new()
        .protocol(Method::GET, DISCOVERY, endpoints::discovery)
        .protocol(Method::GET, OAUTH_DISCOVERY, endpoints::discovery)
        .protocol(Method::GET, JWKS, endpoints::jwks)
        .protocol(Method::POST, TOKEN, endpoints::token)
        .protocol(Method::GET, USERINFO, endpoints::userinfo)
        .protocol(Method::POST, USERINFO, endpoints::userinfo)
        .protocol(Method::POST, PAR, endpoints::push)
        .protocol(Method::POST, INTROSPECT, endpoints::introspect)
        .protocol(Method::POST, REVOKE, endpoints::revoke)
        .protocol(Method::POST, AUTHORIZE, endpoints::authorize_by_form)
        .protocol(Method::POST, LOGOUT, endpoints::logout_by_form);
    // Applications that run in a browser ask first.
    for path in [TOKEN, USERINFO, REVOKE, PAR] {
        routes = routes.protocol(Method::OPTIONS, path, endpoints::preflight);
    }
    routes.merge(clients::routes())
}
