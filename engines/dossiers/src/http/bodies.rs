//! What is sent and what comes back.

use chrono::NaiveDate;
use forms::Applicant;
use kernel::{AccountId, DossierId, PersonId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::model::{Act, PlainStatus, Status};

/// Nothing needs to be said.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Empty {}

/// The declaration of the one who hands in.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Confirmation {
    /// What was declared is true, and the applicant answers for it.
    pub confirmed: bool,
}

/// Who stands at the counter.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicantRequest {
    /// Key of the system for which somebody comes.
    pub app: String,
    /// Their personal number (số định danh cá nhân).
    pub personal_number: String,
}

/// Who was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ApplicantAnswer {
    /// The person, for a draft; none where nobody has the number.
    #[schemars(with = "Option<Uuid>")]
    pub person: Option<PersonId>,
    /// What is known of them.
    #[schemars(with = "Option<Value>")]
    pub applicant: Option<Applicant>,
}

/// An official's act on a step.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ActRequest {
    /// The version of the dossier that the official saw: while nothing new is handed in it stays the same.
    pub version: i64,
    /// The act.
    pub act: Act,
}

/// To whom a step is given.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AssignRequest {
    /// The account of a colleague with the role of the step.
    #[schemars(with = "Uuid")]
    pub account: AccountId,
}

/// What was asked for. The files uploaded for it go with it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SupplyRequest {
    /// Field to answer, of the fields asked for: texts, numbers, booleans, lists of texts, objects for fields of several parts.
    pub answers: Map<String, Value>,
    /// A word to the official.
    pub note: String,
}

/// The applicant wants it back.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct WithdrawalRequest {
    /// Why.
    pub reason: String,
}

/// The agency is late and says so.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ApologyRequest {
    /// Why.
    pub reason: String,
    /// The new day, a working day later than the one promised.
    pub new_day: NaiveDate,
}

/// A fee was paid.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct PaymentRequest {
    /// Key of the fee.
    pub fee: String,
    /// Number of the receipt (số biên lai).
    pub receipt_number: Option<String>,
}

/// How content the applicant is.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RatingRequest {
    /// 1 to 5.
    pub score: i16,
    /// In their own words.
    #[serde(default)]
    pub comment: String,
}

/// How a case stands after a change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Changed {
    /// The dossier.
    #[schemars(with = "Uuid")]
    pub id: DossierId,
    /// Its code.
    pub code: String,
    /// The status of the norm.
    pub status: Status,
    /// In plain words.
    pub plain: PlainStatus,
    /// Its version: grows when something is handed in.
    pub version: i64,
}
