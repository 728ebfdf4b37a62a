//! What anybody may know.

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::DocumentKind;
use crate::model::{PlainStatus, Status};

/// What anybody learns about a document from its verification code: enough to hold a paper against it, nothing about people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct VerifiedDocument {
    /// What it is.
    pub kind: DocumentKind,
    /// Its number.
    pub number: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The verification code.
    pub verification_code: String,
    /// The same as it is printed: in groups with dashes between them.
    pub spelled: String,
    /// The agency that issued it.
    pub agency_name: String,
    /// Code of the procedure.
    pub procedure_code: String,
    /// The system that serves the procedure.
    pub app: String,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// Code of the dossier.
    pub dossier_code: String,
}

/// Where a case stands, for anybody who has its code: no names, no title, and days instead of moments. Codes can be guessed, they
/// count the dossiers of an agency and day (R072): whoever saw somebody at a counter at a certain hour must not find
/// the dossier by that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PublicTrack {
    /// The code.
    pub code: String,
    /// The system that serves the procedure.
    pub app: String,
    /// Code of the procedure.
    pub procedure_code: String,
    /// Where it stands, in plain words.
    pub plain: PlainStatus,
    /// The status of the norm.
    pub status: Status,
    /// The agency that receives.
    pub receiving_name: String,
    /// The day on which it was handed in.
    pub submitted_on: NaiveDate,
    /// The day on which it was taken in.
    pub received_on: Option<NaiveDate>,
    /// The day on which it is due.
    pub due_on: Option<NaiveDate>,
    /// Whether it is late now, or was when officials were done with it.
    pub late: bool,
    /// The statuses that it went through, oldest first.
    pub steps: Vec<TrackStep>,
}

/// One status that a case came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TrackStep {
    /// The day.
    pub on: NaiveDate,
    /// In plain words.
    pub plain: PlainStatus,
    /// The status of the norm.
    pub status: Status,
}
