//! What is set by variables of the environment: what needs a password or a path and is the same for every command.

use files::Limits;
use kernel::Result;
use notify::EmailConfig;

/// The mail server. Links in mails lead to the public address, if no other is set.
pub(crate) fn email(public_address: &str) -> Result<Option<EmailConfig>> {
    EmailConfig::from_variables(|name| {
        get(name).or_else(|| (name == "NGABAY_SMTP_PORTAL").then(|| public_address.to_owned()))
    })
}

/// The limits of uploads, with the virus scanner.
pub(crate) fn limits() -> Result<Limits> {
    Limits::from_variables(get)
}

fn get(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
