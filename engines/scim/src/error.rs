//! The faults of the engine. Their words: `errors.scim.<code>`. Programs get the form of RFC 7644 (3.12) for them: [`told`].

use kernel::{Fault, FaultKind};

/// What programs are told: the status of the answer, and the `scimType` where the norm has one.
pub(crate) fn told(fault: &Fault) -> (u16, Option<&'static str>) {
    match fault.code {
        "scim.filter" => (400, Some("invalidFilter")),
        "scim.syntax" => (400, Some("invalidSyntax")),
        "scim.path" => (400, Some("invalidPath")),
        "scim.no_target" => (400, Some("noTarget")),
        "scim.mutability" => (400, Some("mutability")),
        "scim.version" => (412, None),
        "scim.method" => (405, None),
        "scim.unsupported" => (501, None),
        "scim.too_large" => (413, None),
        "identity.login_taken" => (409, Some("uniqueness")),
        "openid.proof_wrong" => (401, None),
        _ => match fault.kind {
            FaultKind::Invalid => (400, Some("invalidValue")),
            kind => (kind.status(), None),
        },
    }
}

/// There is no such resource, or it is another's. Which of them is not told.
pub(crate) fn not_found() -> Fault {
    Fault::not_found("scim.not_found")
}

/// The address takes no such method.
pub(crate) fn method() -> Fault {
    Fault::invalid("scim.method")
}

/// What describes the server is not filtered.
pub(crate) fn not_filtered() -> Fault {
    Fault::forbidden("scim.not_filtered")
}

/// Not there.
pub(crate) fn unsupported() -> Fault {
    Fault::invalid("scim.unsupported")
}

/// The body is larger than what is read.
pub(crate) fn too_large() -> Fault {
    Fault::invalid("scim.too_large")
}

/// The body or a parameter has not the form of the norm.
pub(crate) fn syntax(what: &str) -> Fault {
    Fault::invalid("scim.syntax").with("what", what)
}

/// The filter cannot be read, is too large, or asks of an attribute what it has not.
pub(crate) fn filter() -> Fault {
    Fault::invalid("scim.filter")
}

/// The path of a change leads to no attribute.
pub(crate) fn path() -> Fault {
    Fault::invalid("scim.path")
}

/// The path of a change fits no value.
pub(crate) fn no_target() -> Fault {
    Fault::invalid("scim.no_target")
}

/// The attribute cannot be changed.
pub(crate) fn mutability(attribute: &str) -> Fault {
    Fault::invalid("scim.mutability").with("attribute", attribute)
}

/// A value is missing, has another type, is too long or there are too many.
pub(crate) fn value(attribute: &str) -> Fault {
    Fault::invalid("scim.value").with("attribute", attribute)
}

/// A member is no account that the application looks after.
pub(crate) fn member() -> Fault {
    Fault::invalid("scim.member")
}

/// The resource has changed since the application has read it.
pub(crate) fn version() -> Fault {
    Fault::conflict("scim.version")
}

/// The account acts, or will act, as an administrator: no application changes it.
pub(crate) fn administrator() -> Fault {
    Fault::forbidden("scim.administrator")
}

/// An administrator has suspended the account: no application undoes it.
pub(crate) fn held_back() -> Fault {
    Fault::forbidden("scim.held_back")
}

/// The actor may not do this.
pub(crate) fn not_allowed() -> Fault {
    Fault::forbidden("scim.not_allowed")
}

/// A group gives no position of an administrator.
pub(crate) fn position_of_administrator() -> Fault {
    Fault::forbidden("scim.position_of_administrator")
}

/// A group with so many members gives no position.
pub(crate) fn too_many_members(most: usize) -> Fault {
    Fault::conflict("scim.too_many_members").with("most", most)
}

/// The position is not there today.
pub(crate) fn position_ended() -> Fault {
    Fault::conflict("scim.position_ended")
}

/// The account is looked after by an application already, or was.
pub(crate) fn already_managed() -> Fault {
    Fault::conflict("scim.already_managed")
}

/// Only accounts of officials are handed over, and none that is closed.
pub(crate) fn no_official() -> Fault {
    Fault::conflict("scim.no_official")
}

/// Something is stored that the program cannot read.
pub(crate) fn broken(cause: impl std::fmt::Display) -> Fault {
    Fault::internal("scim.broken").caused_by(cause.to_string())
}

/// An application looks after the account: it ends it, or an administrator takes it from the application first.
pub(crate) fn looked_after() -> Fault {
    Fault::conflict("scim.looked_after")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_get_the_words_of_the_norm() {
        for (fault, expected) in [
            (filter(), (400, Some("invalidFilter"))),
            (value("emails"), (400, Some("invalidValue"))),
            (version(), (412, None)),
            (not_found(), (404, None)),
            (administrator(), (403, None)),
            (Fault::conflict("identity.login_taken"), (409, Some("uniqueness"))),
            (Fault::invalid("identity.malformed"), (400, Some("invalidValue"))),
            (Fault::unavailable("db.lost"), (503, None)),
        ] {
            assert_eq!(told(&fault), expected, "{}", fault.code);
        }
    }
}
