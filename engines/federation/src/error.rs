//! The faults of the engine. Their words: `errors.federation.<code>`.

use kernel::Fault;

use crate::word::Unfit;

/// No such provider is declared.
pub(crate) fn unknown_provider() -> Fault {
    Fault::not_found("federation.unknown_provider")
}

/// Whoever comes back was not sent by this browser, or too long ago, or has come back before.
pub(crate) fn expired() -> Fault {
    Fault::unauthenticated("federation.expired")
}

/// The person has stopped at the provider.
pub(crate) fn cancelled() -> Fault {
    Fault::unauthenticated("federation.cancelled")
}

/// The provider does not answer, or not in a form that can be read.
pub(crate) fn provider_away(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::unavailable("federation.provider_away").caused_by(reason)
}

/// What came back does not hold.
pub(crate) fn word_refused(why: Unfit) -> Fault {
    Fault::unauthenticated("federation.word_refused").caused_by(why.as_str())
}

/// The account at the provider is none of a person.
pub(crate) fn organisation() -> Fault {
    Fault::forbidden("federation.organisation")
}

/// The provider does not say who it is: no personal number, or no name.
pub(crate) fn nameless() -> Fault {
    Fault::forbidden("federation.nameless")
}

/// The account at the provider now has another personal number than when it was linked.
pub(crate) fn subject_differs() -> Fault {
    Fault::conflict("federation.subject_differs")
}

/// Somebody wants to link the account of somebody else.
pub(crate) fn other_person() -> Fault {
    Fault::conflict("federation.other_person")
}

/// The person is signed in at the provider since longer, and was not asked there once more.
pub(crate) fn not_shown_anew() -> Fault {
    Fault::unauthenticated("federation.not_shown_anew")
}

/// The owner has taken this way in away.
pub(crate) fn unlinked() -> Fault {
    Fault::forbidden("federation.unlinked")
}

/// Nothing else opens the account.
pub(crate) fn last_way() -> Fault {
    Fault::conflict("federation.last_way")
}

/// The account is not linked with this provider.
pub(crate) fn link_not_found() -> Fault {
    Fault::not_found("federation.link_not_found")
}

/// The actor may not do this.
pub(crate) fn not_allowed() -> Fault {
    Fault::forbidden("federation.not_allowed")
}
