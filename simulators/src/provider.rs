//! Which provider is played, and at which addresses.

use serde_json::{Value, json};

use crate::Simulator;

/// A provider of the national side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provider {
    /// VNeID: a realm as Keycloak has it.
    Vneid,
    /// The single sign-on of the national public-service portal, as WSO2 has it.
    NationalPortal,
}

impl Provider {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Vneid, Self::NationalPortal];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vneid => "vneid",
            Self::NationalPortal => "national_portal",
        }
    }

    pub(crate) const fn authorize(self) -> &'static str {
        match self {
            Self::Vneid => "/auth",
            Self::NationalPortal => "/oauth2/authorize",
        }
    }

    pub(crate) const fn token(self) -> &'static str {
        match self {
            Self::Vneid => "/auth/realms/citizen/protocol/openid-connect/token",
            Self::NationalPortal => "/oauth2/token",
        }
    }

    pub(crate) const fn keys(self) -> &'static str {
        match self {
            Self::Vneid => "/auth/realms/citizen/protocol/openid-connect/certs",
            Self::NationalPortal => "/oauth2/jwks",
        }
    }

    pub(crate) const fn profile(self) -> &'static str {
        match self {
            Self::Vneid => "/api/idp/third-party/view-info",
            Self::NationalPortal => "/oauth2/userinfo",
        }
    }

    pub(crate) const fn logout(self) -> &'static str {
        match self {
            Self::Vneid => "/api/idp/third-party/logout",
            Self::NationalPortal => "/oidc/logout",
        }
    }

    /// The path of its issuer.
    pub(crate) const fn issuer(self) -> &'static str {
        match self {
            Self::Vneid => "/auth/realms/citizen",
            Self::NationalPortal => "/oauth2/token",
        }
    }
}

impl Simulator {
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.settings().address)
    }

    /// Where everything is, for the line that the program prints.
    pub fn addresses(&self) -> Value {
        let of = |provider: Provider| {
            json!({
                "issuer": self.address(provider.issuer()), "authorize": self.address(provider.authorize()),
                "token": self.address(provider.token()), "keys": self.address(provider.keys()),
                "profile": self.address(provider.profile()), "logout": self.address(provider.logout()),
            })
        };
        json!({
            "address": self.settings().address, "simulator": true,
            "vneid": of(Provider::Vneid), "national_portal": of(Provider::NationalPortal),
        })
    }
}
