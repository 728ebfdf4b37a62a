//! `past.yaml`: what is written in the dossiers.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct PastFile {
    pub(super) children: BTreeMap<String, Vec<String>>,
    pub(super) birth_places: Vec<String>,
    /// With `{shop}` and `{owner}`.
    pub(super) shop_name: String,
    /// With `{number}` and `{street}`.
    pub(super) shop_place: String,
    pub(super) shops: Vec<Shop>,
    pub(super) family: String,
    pub(super) words: BTreeMap<String, CaseWords>,
    pub(super) apologies: Vec<String>,
    /// By score.
    pub(super) ratings: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
pub(super) struct Shop {
    pub(super) name: String,
    pub(super) line: String,
    /// Code of the line, level four of the Vietnamese system of economic sectors (VSIC 2018, 27/2018/QĐ-TTg).
    pub(super) code: String,
    pub(super) others: String,
    /// In millions of đồng, from and to.
    pub(super) capital: (i64, i64),
}

/// What people write in the cases of a system.
#[derive(Deserialize)]
pub(super) struct CaseWords {
    pub(super) propose: Vec<String>,
    pub(super) send_back: String,
    pub(super) propose_again: String,
    pub(super) propose_refusal: String,
    pub(super) refusal: Reason,
    pub(super) turned_away: Reason,
    pub(super) at_reception: Missing,
    pub(super) at_check: Missing,
    pub(super) withdrawal: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Reason {
    pub(super) reason: String,
    pub(super) note: String,
}

/// A supplement: a paper or an answer.
#[derive(Deserialize)]
pub(super) struct Missing {
    pub(super) paper: Option<String>,
    pub(super) answer: Option<String>,
    pub(super) what: String,
    /// What the applicant writes to it.
    pub(super) note: String,
}
