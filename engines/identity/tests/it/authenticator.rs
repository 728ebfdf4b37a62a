//! An authenticator in software: makes a passkey and signs with it, or does what it is told wrongly.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub const ORIGIN: &str = "http://localhost";

enum Key {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A passkey, and how its device behaves.
pub struct Authenticator {
    key: Key,
    pub id: Vec<u8>,
    /// Of the account for which it was made.
    pub user: Vec<u8>,
    pub origin: String,
    pub site: String,
    pub count: u32,
    pub present: bool,
    pub verified: bool,
}

pub fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

impl Authenticator {
    pub fn p256(id: u8) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self::with(Key::P256(pair), id)
    }

    pub fn ed25519(id: u8) -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::with(Key::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap()), id)
    }

    fn with(key: Key, id: u8) -> Self {
        Self {
            key,
            id: vec![id; 32],
            user: Vec::new(),
            origin: ORIGIN.to_owned(),
            site: "localhost".to_owned(),
            count: 0,
            present: true,
            verified: true,
        }
    }

    /// The public key in COSE.
    pub fn cose(&self) -> Vec<u8> {
        match &self.key {
            Key::P256(pair) => {
                let point = pair.public_key().as_ref();
                let mut key = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
                key.extend(&point[1..33]);
                key.extend([0x22, 0x58, 0x20]);
                key.extend(&point[33..]);
                key
            }
            Key::Ed25519(pair) => {
                let mut key = vec![0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20];
                key.extend(pair.public_key().as_ref());
                key
            }
        }
    }

    fn client(&self, kind: &str, challenge: &str) -> Vec<u8> {
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let flags = flags | u8::from(self.present) | u8::from(self.verified) << 2;
        let mut data = Sha256::digest(self.site.as_bytes()).to_vec();
        data.push(flags);
        data.extend(self.count.to_be_bytes());
        data
    }

    /// What `navigator.credentials.create` gives.
    pub fn make(&mut self, options: &Value) -> Value {
        self.user = bytes(options["user"]["id"].as_str().unwrap());
        let mut data = self.data(1 << 6);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        data.extend(self.cose());
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt\x64none\x67attStmt\xa0\x68authData\x58");
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        let client = self.client("webauthn.create", options["challenge"].as_str().unwrap());
        json!({ "id": text(&self.id), "response": {
            "clientDataJSON": text(&client), "attestationObject": text(&object), "transports": ["internal", "telepathy"],
        } })
    }

    /// What `navigator.credentials.get` gives. Counts on, as most devices do.
    pub fn show(&mut self, options: &Value) -> Value {
        self.count += 1;
        self.sign(options)
    }

    /// The same without counting.
    pub fn sign(&self, options: &Value) -> Value {
        let client = self.client("webauthn.get", options["challenge"].as_str().unwrap());
        let data = self.data(0);
        let message = [data.as_slice(), Sha256::digest(&client).as_slice()].concat();
        let signature = match &self.key {
            Key::P256(pair) => pair.sign(&SystemRandom::new(), &message).unwrap().as_ref().to_vec(),
            Key::Ed25519(pair) => pair.sign(&message).as_ref().to_vec(),
        };
        json!({ "id": text(&self.id), "response": {
            "clientDataJSON": text(&client), "authenticatorData": text(&data), "signature": text(&signature),
            "userHandle": text(&self.user),
        } })
    }
}
