//! Codes from the counter.

use chrono::{DateTime, Utc};
use kernel::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{Doc, Door, Routes, Site, Visit};

use super::{engine, ops};
use crate::{Identity, NewCounterCode, Source, Start};

/// Whom a code is for, as their paper says.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CounterCodeRequest {
    /// Personal number or passport.
    pub number: String,
    /// Full name.
    pub name: String,
    /// The paper that was seen.
    pub paper: String,
}

/// A code; it is told this once.
#[derive(Serialize, JsonSchema)]
pub struct CounterCodeAnswer {
    /// The code.
    pub code: String,
    /// The name with which the person signs in.
    pub login: String,
    /// Until when it holds.
    pub expires_at: DateTime<Utc>,
}

/// A password that is set with a code.
#[derive(Deserialize, JsonSchema)]
pub struct CounterPasswordRequest {
    /// Login name.
    pub login: String,
    /// The code.
    pub code: String,
    /// The password.
    pub password: String,
}

/// It holds from now on.
#[derive(Serialize, JsonSchema)]
pub struct PasswordSet {
    /// Always true; a failure is a problem document.
    pub set: bool,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Identity> + Clone + Send + Sync + 'static,
{
    let doc = |id, summary| Doc::new(id, "identity", summary);
    Routes::new()
        .api_post(
            "/api/v1/counter-codes",
            Door::Right("identity.issue_code"),
            doc(
                "issueCounterCode",
                "Give out a code for somebody who stands at the counter with their paper; it works once, for a quarter of an hour.",
            )
            .created(),
            issue,
        )
        .api_post(
            "/api/v1/sign-in/counter-code",
            Door::Public,
            doc("setPasswordByCode", "Set a password with a code from the counter. All sessions of the account end."),
            set,
        )
}

async fn issue<S: AsRef<Site> + AsRef<Identity>>(
    visit: Visit<S>,
    body: CounterCodeRequest,
) -> Result<CounterCodeAnswer> {
    let new = NewCounterCode {
        number: body.number,
        name: body.name,
        paper: body.paper,
    };
    let code = engine(&visit).issue_code(visit.op().await?, &new).await?;
    Ok(CounterCodeAnswer {
        code: code.code,
        login: code.login,
        expires_at: code.expires_at,
    })
}

async fn set<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: CounterPasswordRequest) -> Result<PasswordSet> {
    let ip = visit.client_ip().to_string();
    let wish = Start {
        login: &body.login,
        code: &body.code,
        password: &body.password,
        source: Source {
            device: None,
            ip: &ip,
            user_agent: visit.user_agent(),
        },
    };
    engine(&visit).set_password_by_code(ops(&visit), wish).await?;
    Ok(PasswordSet { set: true })
}
