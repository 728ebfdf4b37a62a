//! Reading the embedded files.

use std::collections::BTreeMap;

use kernel::{Fault, Result};
use rust_embed::RustEmbed;
use schema::{Document, Problems};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../province"]
#[include = "*/*.yaml"]
#[include = "*/*.csv"]
struct Files;

fn broken(file: &str, why: impl ToString) -> Fault {
    Fault::internal("compose.table_broken")
        .with("file", file)
        .with("reason", why.to_string())
}

pub(crate) fn content(file: &str) -> Result<String> {
    let found = Files::get(file).ok_or_else(|| broken(file, "missing"))?;
    String::from_utf8(found.data.into_owned()).map_err(|error| broken(file, error))
}

/// What these files hold, in 64 hex digits.
pub(crate) fn digest(files: &[&str]) -> Result<String> {
    let mut hasher = Sha256::new();
    for file in files {
        let content = content(file)?;
        hasher.update((content.len() as u64).to_be_bytes());
        hasher.update(content);
    }
    Ok(hex::encode(hasher.finalize()))
}

/// A YAML file as a structure.
pub(crate) fn yaml<T: DeserializeOwned>(file: &str) -> Result<T> {
    let mut problems = Problems::new();
    let node = Document::yaml(file, &content(file)?, &mut problems);
    match node {
        Some(node) if problems.is_empty() => {
            serde_json::from_value(node.to_json()).map_err(|error| broken(file, error))
        }
        _ => Err(broken(file, problems)),
    }
}

/// A CSV file with a head line as rows.
pub(crate) fn csv<T: DeserializeOwned>(file: &str) -> Result<Vec<T>> {
    let content = content(file)?;
    let mut reader = csv::Reader::from_reader(content.as_bytes());
    reader
        .deserialize()
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| broken(file, error))
}

/// `province.yaml`, as far as it is read here.
#[derive(Deserialize)]
pub(crate) struct ProvinceFile {
    pub(crate) name_vi: String,
    pub(crate) contact: Contact,
    pub(crate) front_page_fields: Vec<String>,
    pub(crate) accounts: AccountRules,
}

#[derive(Deserialize)]
pub(crate) struct AccountRules {
    pub(crate) registration_days: u16,
    pub(crate) merge_days: u16,
    pub(crate) concerned_days: u16,
}

#[derive(Deserialize)]
pub(crate) struct Contact {
    pub(crate) hotline: String,
}

/// `positions.yaml`.
#[derive(Deserialize)]
pub(crate) struct PositionsFile {
    pub(crate) kinds: Vec<PositionKind>,
    pub(crate) staffing: BTreeMap<String, BTreeMap<String, u32>>,
}

#[derive(Deserialize)]
pub(crate) struct PositionKind {
    pub(crate) key: String,
    pub(crate) title_vi: String,
    pub(crate) roles: Vec<String>,
    pub(crate) organisation_kind: String,
    pub(crate) unit: String,
}

/// `demo.yaml`.
#[derive(Deserialize)]
pub(crate) struct DemoFile {
    pub(crate) seed: u64,
    pub(crate) counts: Counts,
    pub(crate) past_dossiers: PastDossiers,
    pub(crate) staffed: BTreeMap<String, Vec<String>>,
    pub(crate) accounts: Vec<Account>,
}

#[derive(Deserialize)]
pub(crate) struct Counts {
    pub(crate) citizens: u32,
    pub(crate) past_dossiers: u32,
}

#[derive(Deserialize)]
pub(crate) struct PastDossiers {
    pub(crate) within_days: u32,
    /// How they ended, in percent.
    pub(crate) outcome: BTreeMap<String, u32>,
}

#[derive(Deserialize)]
pub(crate) struct Account {
    pub(crate) sign_in: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) sex: String,
    pub(crate) born: String,
    pub(crate) personal_number: String,
    pub(crate) organisation: Option<String>,
    pub(crate) position: Option<String>,
    pub(crate) residence: Option<Residence>,
    pub(crate) email: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Residence {
    pub(crate) unit: String,
    pub(crate) hamlet: String,
}

/// `names.yaml`.
#[derive(Deserialize)]
pub(crate) struct NamesFile {
    pub(crate) surnames: Vec<Surname>,
    pub(crate) middle_female: Vec<String>,
    pub(crate) middle_male: Vec<String>,
    pub(crate) given_female: Vec<String>,
    pub(crate) given_male: Vec<String>,
    pub(crate) hamlets: BTreeMap<String, Vec<String>>,
    pub(crate) streets: Vec<String>,
    pub(crate) personal_number: NumberRule,
    pub(crate) email_domain: String,
}

#[derive(Deserialize)]
pub(crate) struct Surname {
    pub(crate) name: String,
    pub(crate) weight: u32,
    pub(crate) ethnic_groups: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct NumberRule {
    pub(crate) place_code: String,
    pub(crate) running_from: u32,
}

/// A row of `units.csv`.
#[derive(Deserialize)]
pub(crate) struct UnitRow {
    pub(crate) code: String,
    pub(crate) level: String,
    pub(crate) kind: String,
    pub(crate) parent: String,
    pub(crate) name: String,
    pub(crate) valid_from: chrono::NaiveDate,
}

/// A row of `provinces.csv`.
#[derive(Deserialize)]
pub(crate) struct ProvinceRow {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) valid_from: chrono::NaiveDate,
    pub(crate) valid_to: Option<chrono::NaiveDate>,
}

/// A row of `national/areas.csv`.
#[derive(Deserialize)]
pub(crate) struct NationalAreaRow {
    pub(crate) code: String,
    pub(crate) parent: String,
    pub(crate) name: String,
    pub(crate) valid_from: chrono::NaiveDate,
    pub(crate) valid_from_basis: String,
    pub(crate) valid_to: Option<chrono::NaiveDate>,
}

/// A row of `national/area_changes.csv`.
#[derive(Deserialize)]
pub(crate) struct NationalChangeRow {
    pub(crate) first_day: chrono::NaiveDate,
    pub(crate) old_code: String,
    pub(crate) new_code: String,
    pub(crate) share: String,
    pub(crate) note: String,
    pub(crate) basis: String,
}

/// A row of `organisations.csv`.
#[derive(Deserialize)]
pub(crate) struct OrganisationRow {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) level: String,
    pub(crate) parent: String,
    pub(crate) unit_code: String,
    pub(crate) agency_code: String,
    pub(crate) code_origin: String,
    pub(crate) real: String,
}

/// A row of `org_units.csv`.
#[derive(Deserialize)]
pub(crate) struct OrgUnitRow {
    pub(crate) key: String,
    pub(crate) organisation: String,
    pub(crate) name: String,
    pub(crate) kind: String,
}
