//! The faults of the engine. Their words: `errors.openid.<code>`. Programs get the words of RFC 6749 for them: [`oauth`].

use kernel::Fault;

/// What programs are told: the status of the answer, and the error of RFC 6749 (5.2), RFC 6750 (3.1), RFC 9126 or RFC 9449.
pub(crate) fn oauth(fault: &Fault) -> (u16, &'static str) {
    match fault.code {
        "openid.client_wrong" => (401, "invalid_client"),
        "openid.grant_wrong" => (400, "invalid_grant"),
        "openid.grant_not_allowed" => (400, "unauthorized_client"),
        "openid.grant_unknown" => (400, "unsupported_grant_type"),
        "openid.scope_unknown" => (400, "invalid_scope"),
        "openid.proof_wrong" => (400, "invalid_dpop_proof"),
        "openid.token_wrong" => (401, "invalid_token"),
        "openid.scope_missing" => (403, "insufficient_scope"),
        "openid.request_object" => (400, "request_not_supported"),
        "openid.request_uri" => (400, "invalid_request_uri"),
        "openid.response_type" => (400, "unsupported_response_type"),
        "openid.token_type" => (400, "unsupported_token_type"),
        "openid.sign_in_needed" => (400, "login_required"),
        "openid.consent_needed" => (400, "consent_required"),
        "openid.denied" => (400, "access_denied"),
        "web.too_many" => (429, "temporarily_unavailable"),
        _ => match fault.kind.status() {
            status @ 500.. => (status, "server_error"),
            _ => (400, "invalid_request"),
        },
    }
}

/// There is no such application, it is switched off, or it has not shown that it is the one. Which of them is not told.
pub(crate) fn client_wrong() -> Fault {
    Fault::unauthenticated("openid.client_wrong")
}

/// A code or refresh token is unknown, used, expired, or another's. Which of them is not told.
pub(crate) fn grant_wrong() -> Fault {
    Fault::invalid("openid.grant_wrong")
}

/// The application may not ask for this.
pub(crate) fn grant_not_allowed() -> Fault {
    Fault::invalid("openid.grant_not_allowed")
}

/// There is no such grant.
pub(crate) fn grant_unknown() -> Fault {
    Fault::invalid("openid.grant_unknown")
}

/// The application may not learn or reach this.
pub(crate) fn scope_unknown() -> Fault {
    Fault::invalid("openid.scope_unknown")
}

/// The token does not go as far.
pub(crate) fn scope_missing() -> Fault {
    Fault::forbidden("openid.scope_missing")
}

/// A proof of a key (RFC 9449) is missing, wrong, old, or was shown before.
pub(crate) fn proof_wrong() -> Fault {
    Fault::invalid("openid.proof_wrong")
}

/// A token is none of ours, has expired or was taken back.
pub(crate) fn token_wrong() -> Fault {
    Fault::unauthenticated("openid.token_wrong")
}

/// A parameter is missing, there twice, or has not the form that it needs.
pub(crate) fn request_wrong(parameter: &str) -> Fault {
    Fault::invalid("openid.request_wrong").with("parameter", parameter)
}

/// Requests inside tokens are not read.
pub(crate) fn request_object() -> Fault {
    Fault::invalid("openid.request_object")
}

/// No such request was pushed, or it has waited too long.
pub(crate) fn request_uri() -> Fault {
    Fault::invalid("openid.request_uri")
}

/// Only codes are given.
pub(crate) fn response_type() -> Fault {
    Fault::invalid("openid.response_type")
}

/// The page must not ask, but somebody has to sign in.
pub(crate) fn sign_in_needed() -> Fault {
    Fault::unauthenticated("openid.sign_in_needed")
}

/// The page must not ask, but somebody has to agree.
pub(crate) fn consent_needed() -> Fault {
    Fault::forbidden("openid.consent_needed")
}

/// The person has not agreed.
pub(crate) fn denied() -> Fault {
    Fault::forbidden("openid.denied")
}

/// The link of an application names no application that is known here. Nobody is sent anywhere.
pub(crate) fn unknown_client() -> Fault {
    Fault::not_found("openid.unknown_client")
}

/// The link of an application leads back to a place that is not registered. Nobody is sent there.
pub(crate) fn unknown_place() -> Fault {
    Fault::invalid("openid.unknown_place")
}

/// The application is for officials.
pub(crate) fn officials_only() -> Fault {
    Fault::forbidden("openid.officials_only")
}

/// The actor may not do this.
pub(crate) fn not_allowed() -> Fault {
    Fault::forbidden("openid.not_allowed")
}

/// There is no such application in the list.
pub(crate) fn client_not_found() -> Fault {
    Fault::not_found("openid.client_not_found")
}

/// The application has no secret.
pub(crate) fn no_secret() -> Fault {
    Fault::conflict("openid.no_secret")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_get_the_words_of_the_norms() {
        for (fault, expected) in [
            (client_wrong(), (401, "invalid_client")),
            (grant_wrong(), (400, "invalid_grant")),
            (request_wrong("state"), (400, "invalid_request")),
            (Fault::internal("db.lost"), (500, "server_error")),
            (Fault::unavailable("db.lost"), (503, "server_error")),
        ] {
            assert_eq!(oauth(&fault), expected, "{}", fault.code);
        }
    }
}
