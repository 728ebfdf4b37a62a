//! What an entry is to the chain: bytes, as the database and an export give them, hashed without being understood.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// SHA-256.
pub(crate) type Hash = [u8; 32];

/// The contents of an entry.
pub(crate) struct Content<'a> {
    /// Microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) actor: &'a str,
    pub(crate) action: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) purpose: &'a str,
    pub(crate) request: Uuid,
    pub(crate) person: Option<Uuid>,
    pub(crate) detail: &'a str,
}

/// A link of the chain, with its entry if that is there.
pub(crate) struct Link<'a> {
    /// From 1, without gaps.
    pub(crate) position: i64,
    /// Number of the entry.
    pub(crate) entry: i64,
    /// The hash over the link before, the position, the number and the digest.
    pub(crate) chain: &'a [u8],
    /// The entry and the digest that stands beside it.
    pub(crate) content: Option<(Content<'a>, &'a [u8])>,
}

/// Hash of an entry's own contents. Every field is preceded by its length, so that no two entries share an encoding.
pub(crate) fn digest(content: &Content<'_>) -> Hash {
    let mut hasher = Sha256::new();
    for field in [
        content.at.to_be_bytes().as_slice(),
        content.actor.as_bytes(),
        content.action.as_bytes(),
        content.subject.as_bytes(),
        content.purpose.as_bytes(),
        content.request.as_bytes(),
        content.detail.as_bytes(),
    ] {
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field);
    }
    // Entries from before there was such a field keep their digest.
    if let Some(person) = content.person {
        hasher.update(person.as_bytes());
    }
    hasher.finalize().into()
}

/// The hash of a link; the first one follows nothing.
pub(crate) fn link(previous: &[u8], position: i64, entry: i64, digest: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(position.to_be_bytes());
    hasher.update(entry.to_be_bytes());
    hasher.update(digest);
    hasher.finalize().into()
}
