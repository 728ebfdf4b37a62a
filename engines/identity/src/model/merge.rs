//! Two accounts of one person that become one (gộp tài khoản).

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{AccountId, PersonId};
use op::United;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::AccountState;

words! {
    /// How a merge stands.
    MergeState {
        /// One official has proposed it, another one has to confirm.
        Proposed = "proposed",
        /// The two are one.
        Done = "done",
        /// Another official has refused.
        Refused = "refused",
        /// Nobody has decided in time.
        Expired = "expired",
    }
}

/// A merge with what was said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MergeRow {
    /// The merge.
    pub id: Uuid,
    /// Who is to be no more one of their own.
    pub from_person: PersonId,
    /// The account that closes.
    pub from_account: AccountId,
    /// Name of that one.
    pub from_name: String,
    /// Who remains.
    pub into_person: PersonId,
    /// Their account; none: the other account becomes theirs.
    pub into_account: Option<AccountId>,
    /// Name of that one.
    pub into_name: String,
    /// Name or birth date are not the same.
    pub differs: bool,
    /// The paper that whoever proposes has seen.
    pub paper: String,
    /// Why name or birth date differ.
    pub why: String,
    /// Why it was refused.
    pub reason: String,
    /// Who proposes.
    pub proposed_by: AccountId,
    /// Name of that official.
    pub proposer_name: String,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// Until when it waits.
    pub expires_at: DateTime<Utc>,
    /// How it stands.
    pub state: MergeState,
    /// Who has decided.
    pub decided_by: Option<AccountId>,
    /// Name of that official.
    pub decider_name: String,
    /// When it was decided, or ran out.
    pub decided_at: Option<DateTime<Utc>>,
    /// What has followed, when it is done.
    pub counts: Vec<United>,
}

/// One of the two, side by side with the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MergeSide {
    /// The person.
    pub person: PersonId,
    /// The account, if there is one.
    pub account: Option<AccountId>,
    /// Full name.
    pub name: String,
    /// Date of birth.
    pub birth_date: Option<NaiveDate>,
    /// Personal number or passport, its last letters alone.
    pub number_masked: String,
    /// Two-letter country code.
    pub nationality: String,
    /// The name of the account, its last letters alone where it tells who it is.
    pub login: String,
    /// The state of the account.
    pub state: Option<AccountState>,
    /// The platform can tell them: they have a box, or an e-mail address is kept.
    pub told: bool,
    /// Since when there is an account.
    pub created_at: Option<DateTime<Utc>>,
    /// When somebody last came in.
    pub last_sign_in_at: Option<DateTime<Utc>>,
}
