//! The one error of every verb: a kind for machines, a code that finds the words for people.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use serde::Serialize;

/// The result of a verb; the error is a [`Fault`] unless said otherwise.
pub type Result<T, E = Fault> = std::result::Result<T, E>;

/// Something that did not work.
///
/// It carries no sentence: the words live in `texts/*/errors.toml` under [`Fault::code`], with
/// [`Fault::params`] put in for `{name}`. The cause is for the log only and is never serialised,
/// since it may hold SQL or paths.
#[derive(Debug, Serialize)]
pub struct Fault {
    /// What sort of fault, hence which HTTP status.
    pub kind: FaultKind,
    /// The key of the words, dots between the parts, e.g. `dossiers.not_found`.
    pub code: &'static str,
    /// Values for the words.
    pub params: BTreeMap<String, String>,
    /// Faults of single fields of a form.
    pub fields: Vec<FieldFault>,
    #[serde(skip)]
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// A fault of one field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldFault {
    /// The name of the field as in the form or in JSON, e.g. `birth_date`.
    pub field: String,
    /// The key of the words.
    pub code: String,
    /// Values for the words.
    pub params: BTreeMap<String, String>,
}

/// What sort of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// What was sent breaks a rule; the sender can mend it (422).
    Invalid,
    /// Sign in first (401).
    Unauthenticated,
    /// Signed in, but not allowed (403).
    Forbidden,
    /// There is no such thing, or the actor must not learn that there is (404).
    NotFound,
    /// The thing has changed or is not in a state that allows this (409).
    Conflict,
    /// Too many requests (429).
    TooMany,
    /// A part of the platform or an outside system does not answer now (503).
    Unavailable,
    /// A defect of ours (500).
    Internal,
}

impl FaultKind {
    /// The HTTP status that tells this kind.
    pub const fn status(self) -> u16 {
        match self {
            FaultKind::Invalid => 422,
            FaultKind::Unauthenticated => 401,
            FaultKind::Forbidden => 403,
            FaultKind::NotFound => 404,
            FaultKind::Conflict => 409,
            FaultKind::TooMany => 429,
            FaultKind::Unavailable => 503,
            FaultKind::Internal => 500,
        }
    }
}

impl Fault {
    /// A fault of the given kind without parameters.
    pub fn new(kind: FaultKind, code: &'static str) -> Self {
        Self {
            kind,
            code,
            params: BTreeMap::new(),
            fields: Vec::new(),
            source: None,
        }
    }

    /// What was sent breaks a rule.
    pub fn invalid(code: &'static str) -> Self {
        Self::new(FaultKind::Invalid, code)
    }

    /// Sign in first.
    pub fn unauthenticated(code: &'static str) -> Self {
        Self::new(FaultKind::Unauthenticated, code)
    }

    /// Signed in, but not allowed.
    pub fn forbidden(code: &'static str) -> Self {
        Self::new(FaultKind::Forbidden, code)
    }

    /// There is no such thing.
    pub fn not_found(code: &'static str) -> Self {
        Self::new(FaultKind::NotFound, code)
    }

    /// The thing has changed or its state does not allow this.
    pub fn conflict(code: &'static str) -> Self {
        Self::new(FaultKind::Conflict, code)
    }

    /// Too many requests.
    pub fn too_many(code: &'static str) -> Self {
        Self::new(FaultKind::TooMany, code)
    }

    /// Something does not answer now.
    pub fn unavailable(code: &'static str) -> Self {
        Self::new(FaultKind::Unavailable, code)
    }

    /// A defect of ours.
    pub fn internal(code: &'static str) -> Self {
        Self::new(FaultKind::Internal, code)
    }

    /// Adds a value for the words.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.params.insert(key.to_owned(), value.to_string());
        self
    }

    /// Adds a fault of one field.
    #[must_use]
    pub fn field(self, field: impl Into<String>, code: impl Into<String>) -> Self {
        self.field_fault(FieldFault::new(field, code))
    }

    /// Adds a fault of one field that has values of its own.
    #[must_use]
    pub fn field_fault(mut self, fault: FieldFault) -> Self {
        self.fields.push(fault);
        self
    }

    /// Remembers the cause for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// Turns this fault of a single value into the fault of a field with the same words.
    pub fn into_field(self, field: impl Into<String>) -> FieldFault {
        FieldFault {
            field: field.into(),
            code: self.code.to_owned(),
            params: self.params,
        }
    }
}

impl FieldFault {
    /// A fault of one field without parameters.
    pub fn new(field: impl Into<String>, code: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code: code.into(),
            params: BTreeMap::new(),
        }
    }

    /// Adds a value for the words.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.params.insert(key.to_owned(), value.to_string());
        self
    }
}

/// For the log: the code, the parameters and the fields that failed, without the cause.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)?;
        for (key, value) in &self.params {
            write!(f, " {key}={value:?}")?;
        }
        for fault in &self.fields {
            write!(f, " [{}: {}]", fault.field, fault.code)?;
        }
        Ok(())
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_words_and_cause_apart() {
        let fault = Fault::invalid("forms.rejected")
            .with("count", 2)
            .field("name", "forms.required")
            .field_fault(FieldFault::new("age", "forms.minimum").with("minimum", 14))
            .caused_by("secret detail");
        assert_eq!(fault.kind.status(), 422);
        assert_eq!(
            fault.to_string(),
            "forms.rejected count=\"2\" [name: forms.required] [age: forms.minimum]"
        );
        assert_eq!(Error::source(&fault).unwrap().to_string(), "secret detail");
        let json = serde_json::to_string(&fault).unwrap();
        assert!(!json.contains("secret"));
        assert!(json.contains(r#""kind":"invalid""#));
    }

    #[test]
    fn fault_of_a_value_becomes_fault_of_a_field() {
        let field = Fault::invalid("kernel.date").with("value", "31/02").into_field("born");
        assert_eq!(field.field, "born");
        assert_eq!(field.code, "kernel.date");
        assert_eq!(field.params["value"], "31/02");
    }
}
