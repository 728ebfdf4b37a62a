//! Reading and writing cookies.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::SiteConfig;

const SESSION: &str = "phien";
const VISITOR: &str = "khach";
const DEVICE: &str = "thiet_bi";
/// The mark of a browser that was sent to another provider of identity and is to come back.
const JOURNEY: &str = "lien_thong";
/// The language chosen by the visitor.
pub(crate) const LOCALE: &str = "ngon_ngu";

/// The value of a cookie of the request.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// Over HTTPS the `__Host-` prefix binds a cookie to this host and path, so that no neighbour can plant one.
fn full_name(config: &SiteConfig, name: &str) -> String {
    if config.https {
        format!("__Host-{name}")
    } else {
        name.to_string()
    }
}

pub(crate) fn session<'a>(config: &SiteConfig, headers: &'a HeaderMap) -> Option<&'a str> {
    read(headers, &full_name(config, SESSION))
}

pub(crate) fn visitor<'a>(config: &SiteConfig, headers: &'a HeaderMap) -> Option<&'a str> {
    read(headers, &full_name(config, VISITOR)).filter(|value| value.len() == 64)
}

/// The mark of a browser in which this person signed in before.
pub(crate) fn device<'a>(config: &SiteConfig, headers: &'a HeaderMap) -> Option<&'a str> {
    read(headers, &full_name(config, DEVICE)).filter(|value| !value.is_empty())
}

/// Marks this browser for half a year, so that strangers who guess elsewhere cannot lock its owner out.
pub(crate) fn keep_device(config: &SiteConfig, headers: &mut HeaderMap, mark: &str) {
    headers.append(header::SET_COOKIE, line(config, DEVICE, mark, Some(15_552_000)));
}

/// The mark of a browser that is on its way to another provider of identity.
pub(crate) fn journey<'a>(config: &SiteConfig, headers: &'a HeaderMap) -> Option<&'a str> {
    read(headers, &full_name(config, JOURNEY)).filter(|value| !value.is_empty())
}

/// Marks this browser for as long as a journey may take.
pub(crate) fn keep_journey(config: &SiteConfig, headers: &mut HeaderMap, mark: &str) {
    headers.append(header::SET_COOKIE, line(config, JOURNEY, mark, Some(600)));
}

fn line(config: &SiteConfig, name: &str, value: &str, max_age: Option<i64>) -> HeaderValue {
    let secure = if config.https { "; Secure" } else { "" };
    let age = max_age
        .map(|seconds| format!("; Max-Age={seconds}"))
        .unwrap_or_default();
    let text = format!(
        "{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}",
        full_name(config, name)
    );
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Starts a session in the browser; it ends with the browser or with the session itself.
pub(crate) fn start_session(config: &SiteConfig, headers: &mut HeaderMap, token: &str) {
    headers.append(header::SET_COOKIE, line(config, SESSION, token, None));
}

pub(crate) fn end_session(config: &SiteConfig, headers: &mut HeaderMap) {
    headers.append(header::SET_COOKIE, line(config, SESSION, "", Some(0)));
    headers.append(header::SET_COOKIE, line(config, VISITOR, "", Some(0)));
}

pub(crate) fn start_visitor(config: &SiteConfig, headers: &mut HeaderMap, token: &str) {
    headers.append(header::SET_COOKIE, line(config, VISITOR, token, None));
}

pub(crate) fn choose_locale(config: &SiteConfig, headers: &mut HeaderMap, locale: &str) {
    let secure = if config.https { "; Secure" } else { "" };
    let text = format!("{LOCALE}={locale}; Path=/; SameSite=Lax; Max-Age=31536000{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.append(header::SET_COOKIE, value);
    }
}
