//! Opaque cursors: the sort key of the last row, as hex of JSON, so that it survives addresses and e-mail programs.

use kernel::{Fault, Result};
use serde::{Serialize, de::DeserializeOwned};

/// Makes a cursor from a sort key.
pub fn encode<K: Serialize>(key: &K) -> String {
    hex::encode(serde_json::to_vec(key).unwrap_or_default())
}

/// Reads a cursor back; anything that did not come from [`encode`] is an `Invalid` fault. So is a text with a NUL, which no row holds
/// and PostgreSQL does not take.
pub fn decode<K: DeserializeOwned>(cursor: &str) -> Result<K> {
    let bytes = hex::decode(cursor).map_err(|e| Fault::invalid("db.bad_cursor").caused_by(e))?;
    if bytes.windows(6).any(|part| part == br"\u0000") {
        return Err(Fault::invalid("db.bad_cursor"));
    }
    serde_json::from_slice(&bytes).map_err(|e| Fault::invalid("db.bad_cursor").caused_by(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_refusal() {
        let made = encode(&("Ngã Bảy", 7));
        assert_eq!(decode::<(String, i32)>(&made).unwrap(), ("Ngã Bảy".to_string(), 7));
        assert!(decode::<i32>("zz").is_err());
        assert!(decode::<i32>(&encode(&"text")).is_err());
        assert_eq!(decode::<String>(&encode(&"a\0b")).unwrap_err().code, "db.bad_cursor");
    }
}
