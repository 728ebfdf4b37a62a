//! What handlers give back.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use kernel::Fault;

/// A response, or a fault that becomes a page or a problem document.
pub type Answer = std::result::Result<Response, Fault>;

/// 303 to another address of this site.
pub fn redirect(to: &str) -> Response {
    let target = HeaderValue::from_str(&encode(to)).unwrap_or_else(|_| HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, target)]).into_response()
}

/// A body of a known type that browsers show.
pub fn bytes(media_type: &str, body: impl Into<Bytes>) -> Response {
    let media_type =
        HeaderValue::from_str(media_type).unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
    ([(header::CONTENT_TYPE, media_type)], Body::from(body.into())).into_response()
}

/// What people upload must not be able to act as a page of the portal.
const FILE_POLICY: &str =
    "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'";
/// Older browsers refuse to draw a PDF that is sandboxed; all draw it outside of the page's world anyway. It keeps every other limit: it loads
/// nothing, and only we may frame it.
const PDF_POLICY: &str = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'";

/// A file to keep (`inline` false) or to look at (`inline` true). Either way it gets no rights on this site.
pub fn attachment(name: &str, media_type: &str, body: Body, inline: bool) -> Response {
    let kind = if inline { "inline" } else { "attachment" };
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || ".-_ ".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let disposition = format!(
        "{kind}; filename=\"{plain}\"; filename*=UTF-8''{}",
        percent(name, |b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
    );
    let policy = if inline && media_type == "application/pdf" {
        PDF_POLICY
    } else {
        FILE_POLICY
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_DISPOSITION, disposition.as_str()),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "private, no-store"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    response
}

/// An address with its query; what is empty is left out.
pub fn address<'a>(path: &str, query: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let part = |text: &str| percent(text, |byte| byte.is_ascii_alphanumeric() || b"/.-_~".contains(&byte));
    let query: Vec<String> = query
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{}={}", part(name), part(value)))
        .collect();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", query.join("&"))
    }
}

fn percent(text: &str, keep: impl Fn(u8) -> bool) -> String {
    text.bytes()
        .map(|byte| {
            if keep(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// Addresses with Vietnamese letters are sent as ASCII.
fn encode(address: &str) -> String {
    percent(address, |byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_quotes_and_line_breaks_stays_a_name() {
        let response = attachment("giấy \"khai\"\r\nsinh.pdf", "application/pdf", Body::empty(), false);
        let value = response.headers()[header::CONTENT_DISPOSITION].to_str().unwrap();
        assert!(!value.contains('\n'));
        assert!(
            value.contains("filename*=UTF-8''gi%E1%BA%A5y%20%22khai%22%0D%0Asinh.pdf"),
            "{value}"
        );
    }

    #[test]
    fn addresses_leave_out_what_is_empty_and_escape_the_rest() {
        assert_eq!(address("/can-bo", [("hop", "mine"), ("q", "")]), "/can-bo?hop=mine");
        assert_eq!(
            address("/can-bo", [("q", "Lê & con"), ("ve", "/a-b")]),
            "/can-bo?q=L%C3%AA%20%26%20con&ve=/a-b"
        );
        assert_eq!(address("/can-bo", []), "/can-bo");
    }

    #[test]
    fn a_file_has_no_rights_here_and_a_pdf_to_look_at_can_be_drawn() {
        let policy = |kind: &str, inline: bool| {
            let response = attachment("a", kind, Body::empty(), inline);
            let value = &response.headers()[header::CONTENT_SECURITY_POLICY];
            value.to_str().unwrap().to_owned()
        };
        for (kind, inline) in [
            ("application/pdf", false),
            ("image/png", true),
            ("text/html", true),
            ("image/svg+xml", true),
        ] {
            assert!(
                policy(kind, inline).starts_with("sandbox; default-src 'none'"),
                "{kind}"
            );
        }
        let pdf = policy("application/pdf", true);
        assert!(
            pdf.contains("default-src 'none'") && pdf.contains("frame-ancestors 'self'"),
            "{pdf}"
        );
        assert!(!pdf.contains("sandbox") && !pdf.contains("script-src"), "{pdf}");
    }
}
