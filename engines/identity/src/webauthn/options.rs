//! What a browser is asked for, in the form that `PublicKeyCredential.parseCreationOptionsFromJSON` and its sister read.

use kernel::AccountId;
use schemars::JsonSchema;
use serde::Serialize;

use super::{ALGORITHMS, Address, encode};

/// How long the browser waits; the challenge holds a little longer.
const TIMEOUT: u32 = 300_000;

/// For `navigator.credentials.create`. Bytes are base64url without padding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreationOptions {
    /// This site.
    pub rp: RelyingParty,
    /// The account.
    pub user: User,
    /// 32 random bytes, answered once.
    pub challenge: String,
    /// Kinds of keys, the preferred first.
    pub pub_key_cred_params: Vec<Parameter>,
    /// Milliseconds.
    pub timeout: u32,
    /// Passkeys that the account has; the same authenticator makes no second one.
    pub exclude_credentials: Vec<Descriptor>,
    /// The passkey should be found without a login name, and should ask for a finger, a face or a number.
    pub authenticator_selection: Selection,
    /// Always `none`: nobody has to say of what make the authenticator is.
    pub attestation: &'static str,
}

/// For `navigator.credentials.get`. Bytes are base64url without padding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestOptions {
    /// 32 random bytes, answered once.
    pub challenge: String,
    /// Milliseconds.
    pub timeout: u32,
    /// Host of this site.
    pub rp_id: String,
    /// The passkeys of the account; empty: any passkey of this site.
    pub allow_credentials: Vec<Descriptor>,
    /// `required` where the passkey stands alone, else `preferred`.
    pub user_verification: &'static str,
}

/// This site.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RelyingParty {
    /// Its host.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The account as the authenticator keeps it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Number of the account.
    pub id: String,
    /// Login name.
    pub name: String,
    /// Full name.
    pub display_name: String,
}

/// A kind of key.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Parameter {
    /// Always `public-key`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Number of the algorithm in COSE.
    pub alg: i64,
}

/// A passkey that there is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Descriptor {
    /// Always `public-key`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its number.
    pub id: String,
    /// How it can be reached.
    pub transports: Vec<String>,
}

/// What an authenticator should be able to do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Selection {
    /// Keeping the passkey itself.
    pub resident_key: &'static str,
    /// Asking who is there.
    pub user_verification: &'static str,
}

/// Asks for a new passkey.
pub(crate) fn creation(
    address: &Address,
    site_name: &str,
    account: AccountId,
    login: &str,
    full_name: &str,
    challenge: &[u8],
    exclude: Vec<Descriptor>,
) -> CreationOptions {
    CreationOptions {
        rp: RelyingParty {
            id: address.rp_id.clone(),
            name: site_name.to_owned(),
        },
        user: User {
            id: encode(account.uuid().as_bytes()),
            name: login.to_owned(),
            display_name: full_name.to_owned(),
        },
        challenge: encode(challenge),
        pub_key_cred_params: ALGORITHMS
            .map(|alg| Parameter {
                kind: "public-key",
                alg,
            })
            .to_vec(),
        timeout: TIMEOUT,
        exclude_credentials: exclude,
        authenticator_selection: Selection {
            resident_key: "preferred",
            user_verification: "preferred",
        },
        attestation: "none",
    }
}

/// Asks for one of these passkeys, or for any where none is named; `verified`: it must ask who is there.
pub(crate) fn request(address: &Address, challenge: &[u8], allow: Vec<Descriptor>, verified: bool) -> RequestOptions {
    RequestOptions {
        challenge: encode(challenge),
        timeout: TIMEOUT,
        rp_id: address.rp_id.clone(),
        user_verification: if verified { "required" } else { "preferred" },
        allow_credentials: allow,
    }
}

/// Names a passkey.
pub(crate) fn descriptor(credential: &[u8], transports: Vec<String>) -> Descriptor {
    Descriptor {
        kind: "public-key",
        id: encode(credential),
        transports,
    }
}
