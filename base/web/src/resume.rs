//! A form that was sent after the session had ended: carried along through the sign-in and sent again by one press.

use serde::{Deserialize, Serialize};

use crate::{Fields, body::TOKEN};

/// Field of the sign-in form that carries a [`Resume`].
const FIELD: &str = "_tiep";

/// An interrupted form.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Resume {
    /// Where it was going.
    pub path: String,
    /// What it carried.
    pub fields: Vec<(String, String)>,
}

impl Resume {
    pub(crate) fn new(path: &str, fields: &Fields) -> Self {
        let fields = fields
            .iter()
            .filter(|(name, _)| *name != TOKEN)
            .map(|(n, v)| (n.to_string(), v.to_string()))
            .collect();
        Self {
            path: path.to_string(),
            fields,
        }
    }

    /// The interrupted form that a sign-in form carries, if it carries one that leads back to this site.
    pub fn from_fields(fields: &Fields) -> Option<Self> {
        let resume: Self = serde_json::from_str(fields.filled(FIELD)?).ok()?;
        is_local(&resume.path).then_some(resume)
    }

    /// The value for the hidden field of the sign-in form.
    pub fn to_field(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Whether an address leads to a page of this site and nowhere else.
pub(crate) fn is_local(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') && !path.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_addresses_are_followed() {
        assert!(is_local("/ho-so/1?trang=2"));
        for foreign in [
            "https://x.example",
            "//x.example",
            "/\\x.example",
            "javascript:1",
            "",
            "/a\nb",
        ] {
            assert!(!is_local(foreign), "{foreign}");
        }
    }
}
