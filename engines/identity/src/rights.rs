//! What somebody may do, and why: the preview of effective rights (quyền hiện có).

use kernel::{AccountId, Result};
use op::{Entry, Op, Scope};
use serde::Serialize;

use crate::agencies::today;
use crate::model::{AccountState, HeldPosition};
use crate::sign_in::actor;
use crate::{Identity, access, error, login, store};

/// An account with all that its owner may do today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldRights {
    /// The account.
    pub account: AccountId,
    /// Its login.
    pub login: String,
    /// Full name of the owner.
    pub name: String,
    /// Whether it may be used.
    pub state: AccountState,
    /// From each position, those held first, then those lent; the last is the person as a citizen.
    pub positions: Vec<PositionRights>,
}

/// What is given by one position, or by being a citizen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PositionRights {
    /// The position; none: as a citizen.
    pub position: Option<HeldPosition>,
    /// Whether a role of it is to be watched more closely.
    pub privileged: bool,
    /// What may be done.
    pub rights: Vec<RightRow>,
}

/// One action that may be done, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RightRow {
    /// The action.
    pub action: String,
    /// How far it reaches.
    pub scope: Scope,
    /// The fields of work to which it is limited; none: all.
    pub fields: Vec<String>,
    /// The role that gives it.
    pub role: String,
    /// The name of the role, Vietnamese first.
    pub role_name: [String; 2],
}

impl Identity {
    /// What the owner of an account may do today, from each position and as a citizen, and which role gives it. One's own for everybody,
    /// others' for administrators; looking at others' goes into the audit trail, so **the caller commits**.
    ///
    /// Fails with `identity.account_not_found`.
    pub async fn rights_of(&self, op: &mut Op, login: &str) -> Result<HeldRights> {
        let folded = login::fold(login);
        let found = store::account::by_login(op.conn(), &self.vault, &folded).await?;
        let account = found.as_ref().map_or_else(AccountId::new, |account| account.id);
        let subject = format!("account:{account}");
        let decision = access::see_rights(op.rights(), account);
        op.allow("identity.see_rights", &subject, decision).await?;
        let account = found.ok_or_else(error::account_not_found)?;
        let (person, name) = store::session::owner(op.conn(), account.id)
            .await?
            .unwrap_or_else(|| (account.person, account.login.clone()));
        let day = today(op);
        let mut positions = store::office::held(op.conn(), person, day).await?;
        positions.extend(self.lent(op.conn(), person, &positions, day).await?);
        let mut given = Vec::new();
        for position in positions.into_iter().map(Some).chain([None]) {
            let as_that = actor(account.id, person, &name, position.as_ref());
            let rights = self.config.policy.rights_of(&as_that);
            let mut rows: Vec<RightRow> = rights
                .all()
                .map(|(action, role, grant)| RightRow {
                    action: action.to_owned(),
                    scope: grant.scope,
                    fields: grant.fields.clone(),
                    role: role.key.clone(),
                    role_name: role.name.clone(),
                })
                .collect();
            rows.sort_by(|a, b| (&a.action, b.scope, &a.role).cmp(&(&b.action, a.scope, &b.role)));
            given.push(PositionRights {
                privileged: rights.roles().any(|role| role.privileged),
                position,
                rights: rows,
            });
        }
        if op.actor().account() != Some(account.id) {
            op.record(Entry::new("identity.rights_seen", subject)).await?;
        }
        Ok(HeldRights {
            account: account.id,
            login: account.login,
            name,
            state: account.state,
            positions: given,
        })
    }
}
