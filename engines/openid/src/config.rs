//! What the operator of the platform sets, and what holds everywhere.

use chrono::Duration;

/// Settings of the engine.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address of the platform as people type it, without a slash at the end: the issuer of all tokens.
    pub issuer: String,
    /// A gateway ends the connections of applications, says in `Client-Cert` which certificate came (RFC 9440), and lets nobody else say it. Otherwise
    /// no certificate is believed.
    pub certificates: bool,
    /// Keys of applications (`jwks_uri`) may be fetched from this very machine, without TLS too. For a demonstration and for tests only: in service it would
    /// let whoever registers an application knock at what else runs here.
    pub own_machine: bool,
}

impl Config {
    /// How long an access token is good.
    pub(crate) const ACCESS_TOKEN: Duration = Duration::minutes(10);
    /// How long a token about a sign-in is good.
    pub(crate) const ID_TOKEN: Duration = Duration::minutes(10);
    /// How long somebody stays signed in to an application after the session has ended, where that was allowed.
    pub(crate) const OFFLINE: Duration = Duration::days(30);
    /// How long an authorisation code is good. At most a minute (OWASP ASVS 5, 10.4.3).
    pub(crate) const CODE: Duration = Duration::seconds(60);
    /// How long a pushed request waits for its person. Less than ten minutes (FAPI 2.0).
    pub(crate) const PUSHED: Duration = Duration::seconds(590);
    /// How far the clocks of others may be off.
    pub(crate) const SKEW: Duration = Duration::seconds(60);
    /// How long ago a proof may have been made.
    pub(crate) const PROOF: Duration = Duration::minutes(5);
    /// How long the keys of an application that stand at an address of its own are kept before they are fetched again.
    pub(crate) const KEYS_FRESH: Duration = Duration::minutes(10);
    /// How long they are used when they cannot be fetched.
    pub(crate) const KEYS_KEPT: Duration = Duration::hours(1);
    /// How often at the most they are fetched because one is unknown, or because they could not be fetched.
    pub(crate) const KEYS_PAUSE: Duration = Duration::seconds(60);
    /// How old what is kept in memory may be before it is read again; so long a change by another process stays unseen.
    pub(crate) const FRESH: Duration = Duration::seconds(2);
    /// Between the publication of a key and its first signature: others keep the list of keys for five minutes.
    pub(crate) const KEY_AHEAD: Duration = Duration::minutes(10);
    /// Between the last signature of a key and its end.
    pub(crate) const KEY_AFTER: Duration = Duration::days(1);
    /// How long a key signs before it is replaced by itself.
    pub(crate) const KEY_LIFE: Duration = Duration::days(90);

    /// The usual settings of a platform at this address.
    pub fn at(issuer: &str) -> Self {
        Self {
            issuer: issuer.trim_end_matches('/').to_owned(),
            certificates: false,
            own_machine: false,
        }
    }
}
