//! What a passkey (khóa truy cập) has to show: the checks of Web Authentication, level 3, §7.1 and §7.2. Pure: no database, no clock.
//!
//! We ask for no attestation, so nothing is believed about the make of an authenticator, and what it says of it is not looked at.

mod cbor;
mod key;
pub(crate) mod options;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use key::{ALGORITHMS, Key};

/// Longest number of a credential, after the standard.
const LONGEST_ID: usize = 1023;
/// Longest public key that is kept: RSA of 4096 bits is half of it.
const LONGEST_KEY: usize = 1024;
const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const MAY_BE_BACKED_UP: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

/// The address for which passkeys are made. They hold there and nowhere else, for good: who changes it makes all passkeys worthless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// As browsers say it: `https://dichvucong.haugiang.gov.vn`.
    pub(crate) origin: String,
    /// The host alone.
    pub(crate) rp_id: String,
}

impl Address {
    /// The address of a site. A loopback number is read as `localhost`. `None` where browsers make no passkeys: at other numbers in
    /// place of a name, and without HTTPS.
    pub(crate) fn of(site: &str) -> Option<Self> {
        let (scheme, rest) = site.trim().split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let authority = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port.parse::<u16>().ok()?)),
            _ => (authority.as_str(), None),
        };
        let number = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        let host = match number {
            Ok(number) if number.is_loopback() => "localhost",
            Ok(_) => return None,
            Err(_) => host,
        };
        let fits = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c));
        let usual = match scheme.as_str() {
            "https" => 443,
            "http" if host == "localhost" || host.ends_with(".localhost") => 80,
            _ => return None,
        };
        let port = port.filter(|port| *port != usual);
        fits.then(|| Self {
            origin: port.map_or_else(
                || format!("{scheme}://{host}"),
                |port| format!("{scheme}://{host}:{port}"),
            ),
            rp_id: host.to_owned(),
        })
    }
}

/// A new passkey as a browser sends it (`PublicKeyCredential.toJSON()` after `navigator.credentials.create`).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Registration {
    /// What the authenticator made.
    pub response: RegistrationResponse,
}

/// See [`Registration`]. Bytes are base64url without padding.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationResponse {
    /// What the browser says of the ceremony.
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: String,
    /// What the authenticator says, in CBOR.
    pub attestation_object: String,
    /// How it can be reached: `internal`, `hybrid`, `usb`.
    #[serde(default)]
    pub transports: Vec<String>,
}

/// A passkey that is shown, as a browser sends it (`PublicKeyCredential.toJSON()` after `navigator.credentials.get`).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Assertion {
    /// Number of the credential, base64url without padding.
    pub id: String,
    /// What the authenticator signed.
    pub response: AssertionResponse,
}

/// See [`Assertion`]. Bytes are base64url without padding.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssertionResponse {
    /// What the browser says of the ceremony.
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: String,
    /// What the authenticator says.
    pub authenticator_data: String,
    /// Over both.
    pub signature: String,
    /// Whose passkey it is, as the authenticator remembers.
    #[serde(default)]
    pub user_handle: Option<String>,
}

/// Why something was not accepted; the word goes into the audit trail, never to whoever tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Malformed,
    OtherCeremony,
    OtherChallenge,
    OtherOrigin,
    OtherSite,
    NobodyThere,
    NotVerified,
    Algorithm,
    Signature,
}

impl Refusal {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::OtherCeremony => "other_ceremony",
            Self::OtherChallenge => "other_challenge",
            Self::OtherOrigin => "other_origin",
            Self::OtherSite => "other_site",
            Self::NobodyThere => "nobody_there",
            Self::NotVerified => "not_verified",
            Self::Algorithm => "algorithm",
            Self::Signature => "signature",
        }
    }
}

/// A credential that was made for this site.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) credential: Vec<u8>,
    pub(crate) public_key: Vec<u8>,
    pub(crate) sign_count: u32,
}

/// The part of the client's data that is looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    #[serde(default)]
    top_origin: Option<String>,
}

/// What an authenticator says of itself.
struct AuthenticatorData<'a> {
    site: &'a [u8],
    flags: u8,
    sign_count: u32,
    /// Number and key of a new credential.
    made: Option<(&'a [u8], &'a [u8])>,
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Refusal> {
    // Some clients pad.
    URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|_| Refusal::Malformed)
}

/// The challenge that an answer says it answers; by it the ceremony is found.
pub(crate) fn challenge(client_data_json: &str) -> Result<Vec<u8>, Refusal> {
    let json = decode(client_data_json)?;
    let said: ClientData = serde_json::from_slice(&json).map_err(|_| Refusal::Malformed)?;
    decode(&said.challenge)
}

/// Checks a new credential.
pub(crate) fn registered(address: &Address, challenge: &[u8], new: &RegistrationResponse) -> Result<Made, Refusal> {
    let client = decode(&new.client_data_json)?;
    said_here(address, challenge, "webauthn.create", &client)?;
    let object = decode(&new.attestation_object)?;
    let (object, rest) = cbor::read(&object).ok_or(Refusal::Malformed)?;
    let data = object.called("authData").and_then(cbor::Value::bytes);
    let data = data.filter(|_| rest.is_empty()).ok_or(Refusal::Malformed)?;
    let data = authenticator_data(data)?;
    at_this_site(address, &data)?;
    let (credential, public_key) = data.made.ok_or(Refusal::Malformed)?;
    Key::read(public_key).ok_or(Refusal::Algorithm)?;
    Ok(Made {
        credential: credential.to_vec(),
        public_key: public_key.to_vec(),
        sign_count: data.sign_count,
    })
}

/// Checks a credential that is shown; `verified`: the authenticator must have asked for a finger, a face or a number. Gives its counter.
pub(crate) fn shown(
    address: &Address,
    challenge: &[u8],
    public_key: &[u8],
    verified: bool,
    answer: &AssertionResponse,
) -> Result<u32, Refusal> {
    let client = decode(&answer.client_data_json)?;
    said_here(address, challenge, "webauthn.get", &client)?;
    let said = decode(&answer.authenticator_data)?;
    let data = authenticator_data(&said)?;
    at_this_site(address, &data)?;
    if verified && data.flags & USER_VERIFIED == 0 {
        return Err(Refusal::NotVerified);
    }
    let signature = decode(&answer.signature)?;
    let message = [said.as_slice(), Sha256::digest(&client).as_slice()].concat();
    let key = Key::read(public_key).ok_or(Refusal::Algorithm)?;
    if !key.has_signed(&message, &signature) {
        return Err(Refusal::Signature);
    }
    Ok(data.sign_count)
}

/// Whether a counter may follow another one. Passkeys that several devices share do not count: both are zero.
pub(crate) const fn goes_on(before: i64, now: u32) -> bool {
    (before == 0 && now == 0) || (now as i64) > before
}

/// A browser has asked for this, on a page of this site and not inside another one.
fn said_here(address: &Address, challenge: &[u8], kind: &str, json: &[u8]) -> Result<(), Refusal> {
    let said: ClientData = serde_json::from_slice(json).map_err(|_| Refusal::Malformed)?;
    if said.kind != kind {
        return Err(Refusal::OtherCeremony);
    }
    if decode(&said.challenge)? != challenge {
        return Err(Refusal::OtherChallenge);
    }
    if said.origin != address.origin || said.cross_origin || said.top_origin.is_some() {
        return Err(Refusal::OtherOrigin);
    }
    Ok(())
}

fn at_this_site(address: &Address, data: &AuthenticatorData<'_>) -> Result<(), Refusal> {
    if data.site != Sha256::digest(address.rp_id.as_bytes()).as_slice() {
        return Err(Refusal::OtherSite);
    }
    if data.flags & USER_PRESENT == 0 {
        return Err(Refusal::NobodyThere);
    }
    Ok(())
}

fn authenticator_data(bytes: &[u8]) -> Result<AuthenticatorData<'_>, Refusal> {
    read_data(bytes).ok_or(Refusal::Malformed)
}

fn read_data(bytes: &[u8]) -> Option<AuthenticatorData<'_>> {
    let (site, rest) = bytes.split_at_checked(32)?;
    let (flags, rest) = rest.split_first()?;
    let (count, mut rest) = rest.split_first_chunk::<4>()?;
    let mut made = None;
    // What is backed up can be backed up (§6.1).
    if flags & (MAY_BE_BACKED_UP | BACKED_UP) == BACKED_UP {
        return None;
    }
    if flags & HAS_CREDENTIAL != 0 {
        // Sixteen bytes name the make.
        let (_, behind) = rest.split_at_checked(16)?;
        let (length, behind) = behind.split_first_chunk::<2>()?;
        let (credential, behind) = behind.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let (_, after) = cbor::read(behind)?;
        let key = &behind[..behind.len() - after.len()];
        if !(16..=LONGEST_ID).contains(&credential.len()) || key.len() > LONGEST_KEY {
            return None;
        }
        made = Some((credential, key));
        rest = after;
    }
    if flags & HAS_EXTENSIONS != 0 {
        (_, rest) = cbor::read(rest)?;
    }
    rest.is_empty().then_some(AuthenticatorData {
        site,
        flags: *flags,
        sign_count: u32::from_be_bytes(*count),
        made,
    })
}

#[cfg(test)]
mod tests;
