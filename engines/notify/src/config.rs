//! Settings of the mail server.

use std::fmt;

use kernel::{Fault, Result};
use serde::Deserialize;

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first byte (port 465 if none is set).
    Tls,
    /// Plain at first, then TLS or nothing (port 587 if none is set).
    #[default]
    StartTls,
    /// None; only for a relay on the same machine or inside a closed network, and never with a password (port 25 if none is set).
    None,
}

/// Section `email` of the configuration, or the variables `NGABAY_SMTP_…`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// Name of the server.
    pub host: String,
    /// Its port, if it is not the usual one.
    pub port: Option<u16>,
    /// The protection.
    #[serde(default)]
    pub security: Security,
    /// Name to sign in with.
    pub user: Option<String>,
    /// Password to sign in with.
    pub password: Option<String>,
    /// Sender: `name@example.vn` or `Tên hiển thị <name@example.vn>`.
    pub from: String,
    /// Address of the portal, put before the links: `https://dichvucong.example.vn`.
    pub portal: String,
}

impl EmailConfig {
    /// Reads `NGABAY_SMTP_HOST`, `_PORT`, `_SECURITY` (`tls`, `starttls`, `none`), `_USER`, `_PASSWORD`, `_FROM`
    /// and `_PORTAL` by `get` (usually the process's environment). Without a host there is no e-mail.
    ///
    /// # Errors
    /// `notify.mail_config` when a value is missing or malformed.
    pub fn from_variables(get: impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let value = |name: &str| get(&format!("NGABAY_SMTP_{name}")).filter(|value| !value.trim().is_empty());
        let Some(host) = value("HOST") else { return Ok(None) };
        let needed = |name: &str| value(name).ok_or_else(|| bad(format!("NGABAY_SMTP_{name}")));
        let port = value("PORT")
            .map(|port| port.parse().map_err(|_| bad("NGABAY_SMTP_PORT")))
            .transpose()?;
        let security = match value("SECURITY").as_deref() {
            Some("tls") => Security::Tls,
            Some("starttls") | None => Security::StartTls,
            Some("none") => Security::None,
            Some(_) => return Err(bad("NGABAY_SMTP_SECURITY")),
        };
        Ok(Some(Self {
            host,
            port,
            security,
            user: value("USER"),
            password: value("PASSWORD"),
            from: needed("FROM")?,
            portal: needed("PORTAL")?,
        }))
    }
}

/// Without the password.
impl fmt::Debug for EmailConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .field("user", &self.user)
            .field("password", &self.password.as_ref().map(|_| "…"))
            .field("from", &self.from)
            .field("portal", &self.portal)
            .finish()
    }
}

/// A setting that cannot work.
pub(crate) fn bad(reason: impl fmt::Display) -> Fault {
    Fault::internal("notify.mail_config").with("reason", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| {
            pairs
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn variables_are_read() {
        assert!(EmailConfig::from_variables(variables(&[])).unwrap().is_none());
        let pairs = [
            ("NGABAY_SMTP_HOST", "mail.example.vn"),
            ("NGABAY_SMTP_PASSWORD", "secret"),
            ("NGABAY_SMTP_FROM", "a@example.vn"),
            ("NGABAY_SMTP_PORTAL", "https://example.vn"),
        ];
        let config = EmailConfig::from_variables(variables(&pairs)).unwrap().unwrap();
        assert_eq!((config.security, config.port), (Security::StartTls, None));
        assert!(!format!("{config:?}").contains("secret"));
    }

    #[test]
    fn what_is_missing_or_malformed_is_named() {
        let fault = EmailConfig::from_variables(variables(&[("NGABAY_SMTP_HOST", "x")])).unwrap_err();
        assert_eq!(fault.params["reason"], "NGABAY_SMTP_FROM");
        let fault = EmailConfig::from_variables(variables(&[("NGABAY_SMTP_HOST", "x"), ("NGABAY_SMTP_PORT", "many")]))
            .unwrap_err();
        assert_eq!(fault.params["reason"], "NGABAY_SMTP_PORT");
    }
}
