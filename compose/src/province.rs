//! The province's tables, and how they reach the engines.

mod areas;
mod catalogue;
mod demo;
mod offices;
pub(crate) mod people;
pub(crate) mod tables;

use std::collections::{BTreeMap, BTreeSet};

use identity::{AgencyFilter, Identity};
use kernel::{Actor, AgencyId, Fault, FaultKind, Result};
use op::{BoxFuture, Op, Ops};

pub use demo::{DemoAccount, Password};

/// Name and help line of the province, as pages show them.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Name in Vietnamese.
    pub name: String,
    /// Telephone number for help.
    pub hotline: String,
    /// Fields of work (lĩnh vực) on the front page, in order.
    pub front_page_fields: Vec<String>,
}

/// Told before each step: its number from 1, how many there are, and the text key of what it does.
pub type Progress<'a> = &'a (dyn Fn(usize, usize, &str) + Sync);

type Load = for<'a> fn(&'a Identity, &'a mut Op) -> BoxFuture<'a, Result<()>>;

/// A part of a load.
struct Step {
    name: &'static str,
    /// The tables that it reads; none where it is done once and never again.
    files: &'static [&'static str],
    /// Whether a reorganisation takes its place.
    is_replaced_by_plans: bool,
    load: Load,
}

/// The steps of a load, in the order in which they need each other. Those that have tables bring what is there up to date.
const STEPS: [Step; 6] = [
    Step {
        name: "areas",
        files: &["hau-giang/units.csv"],
        is_replaced_by_plans: true,
        load: |identity, op| Box::pin(areas::load(identity, op)),
    },
    Step {
        name: "provinces",
        files: &["hau-giang/provinces.csv"],
        is_replaced_by_plans: true,
        load: |identity, op| Box::pin(areas::load_country(identity, op)),
    },
    Step {
        name: "national_areas",
        files: &["national/areas.csv", "national/area_changes.csv"],
        // What the country calls its areas does not depend on what this house has carried out.
        is_replaced_by_plans: false,
        load: |identity, op| Box::pin(areas::load_national(identity, op)),
    },
    Step {
        name: "organisations",
        files: &[
            "hau-giang/organisations.csv",
            "hau-giang/org_units.csv",
            "hau-giang/positions.yaml",
        ],
        is_replaced_by_plans: true,
        load: |identity, op| Box::pin(offices::load(identity, op)),
    },
    Step {
        name: "catalogue",
        files: &["procedures/procedures.csv", "procedures/procedure_papers.csv"],
        is_replaced_by_plans: false,
        load: |_, op| Box::pin(catalogue::load(op)),
    },
    Step {
        name: "people",
        // Drawn anew from other tables, the same people would get other names, and dossiers are theirs already.
        files: &[],
        is_replaced_by_plans: true,
        load: |identity, op| Box::pin(people::load(identity, op)),
    },
];

/// Loads the province: all of it the first time, later those parts whose tables this release has changed. `demo` adds synthetic
/// people; their accounts come from [`demo_accounts`].
pub async fn load(ops: &Ops, identity: &Identity, demo: bool, progress: Progress<'_>) -> Result<()> {
    let steps = &STEPS[..if demo { STEPS.len() } else { STEPS.len() - 1 }];
    for (number, step) in steps.iter().enumerate() {
        let key = format!("province.loaded.{}", step.name);
        let digest = tables::digest(step.files)?;
        let mut op = ops.open(Actor::System("province")).await?;
        let done = op.mark(&key).await?;
        if done.is_some_and(|of| of == digest || step.files.is_empty()) {
            continue;
        }
        // The tables tell of the province before it was reorganised: loading them again would bring back what is no more.
        if step.is_replaced_by_plans && identity.is_reorganised(&mut op).await? {
            continue;
        }
        progress(number + 1, steps.len(), step.name);
        (step.load)(identity, &mut op).await?;
        op.set_mark(&key, &digest).await?;
        op.commit().await?;
    }
    Ok(())
}

/// Gives the named people of the demonstration their accounts, each with the password that `password` makes for it. An account
/// that is there keeps its own.
pub async fn demo_accounts(ops: &Ops, identity: &Identity, password: Password<'_>) -> Result<Vec<DemoAccount>> {
    demo::load(ops, identity, password).await
}

/// What the pages say of the province.
pub fn frame() -> Result<Frame> {
    let file: tables::ProvinceFile = tables::yaml("hau-giang/province.yaml")?;
    Ok(Frame {
        name: file.name_vi,
        hotline: file.contact.hotline,
        front_page_fields: file.front_page_fields,
    })
}

/// For how long things about accounts wait, as the province declares it.
#[derive(Debug, Clone, Copy)]
pub struct AccountWaits {
    /// A registration, for its applicant to come with the paper.
    pub registration: chrono::Duration,
    /// A proposal to join two accounts, before its owners, until it may be confirmed.
    pub merge: chrono::Duration,
    /// A request to act for somebody, for the answer of whoever is concerned; in working days.
    pub concerned: u16,
}

/// How long things about accounts wait. Fails with `compose.table_broken` for no day and for more than a year; of proposals to join for so many days that nobody
/// could confirm before one runs out, of questions to whoever is concerned for more working days than a registration waits.
pub fn account_waits() -> Result<AccountWaits> {
    let file: tables::ProvinceFile = tables::yaml("hau-giang/province.yaml")?;
    let within = |what: &'static str, days: u16, most: u16| {
        let broken = || Fault::internal("compose.table_broken").with("reason", what);
        (1..=most).contains(&days).then_some(days).ok_or_else(broken)
    };
    let of = |days: u16| chrono::Duration::days(i64::from(days));
    let rules = file.accounts;
    Ok(AccountWaits {
        registration: of(within("accounts.registration_days", rules.registration_days, 366)?),
        merge: of(within("accounts.merge_days", rules.merge_days, 10)?),
        concerned: within("accounts.concerned_days", rules.concerned_days, 15)?,
    })
}

/// Sign-in names of the demonstration.
pub fn demo_names() -> Result<Vec<String>> {
    let file: tables::DemoFile = tables::yaml("hau-giang/demo.yaml")?;
    Ok(file.accounts.into_iter().map(|account| account.sign_in).collect())
}

/// Codes of all organisations.
pub(crate) fn organisation_codes() -> Result<BTreeSet<String>> {
    let rows: Vec<tables::OrganisationRow> = tables::csv("hau-giang/organisations.csv")?;
    Ok(rows.into_iter().map(|row| row.code).collect())
}

/// Names of all organisations, by their codes.
pub(crate) fn organisation_names() -> Result<BTreeMap<String, String>> {
    let rows: Vec<tables::OrganisationRow> = tables::csv("hau-giang/organisations.csv")?;
    Ok(rows.into_iter().map(|row| (row.code, row.name)).collect())
}

/// Codes of the organisations that are agencies, with the codes of those agencies.
pub(crate) fn agency_codes() -> Result<BTreeMap<String, String>> {
    offices::agency_codes()
}

/// The organisations that a register made in the browser may name: those that are agencies, in Vietnamese order.
pub(crate) fn register_organisations() -> Result<Vec<registry::Organisation>> {
    let mut names = organisation_names()?;
    let mut known: Vec<registry::Organisation> = agency_codes()?
        .into_iter()
        .map(|(code, agency)| registry::Organisation {
            name: names.remove(&code).unwrap_or_else(|| code.clone()),
            code,
            agency,
        })
        .collect();
    known.sort_by_cached_key(|own| kernel::text::collation_key(&own.name));
    Ok(known)
}

/// The agencies that do the work of organisations today, by the codes of these. An organisation without an agency is left out.
pub(crate) async fn agencies_in_charge(
    identity: &Identity,
    op: &mut Op,
    organisations: &BTreeSet<&str>,
) -> Result<BTreeMap<String, AgencyId>> {
    let codes = agency_codes()?;
    let today = identity.agencies(op, &AgencyFilter::default()).await?;
    let mut found = BTreeMap::new();
    for organisation in organisations {
        let Some(code) = codes.get(*organisation) else { continue };
        let id = match today.iter().find(|agency| agency.code.as_str() == code) {
            Some(agency) => agency.id,
            None => match identity.agency_by_code(op, code).await {
                Ok(agency) => identity.agency_in_charge(op, agency.id).await?.id,
                Err(fault) if fault.kind == FaultKind::NotFound => continue,
                Err(fault) => return Err(fault),
            },
        };
        found.insert((*organisation).to_owned(), id);
    }
    Ok(found)
}

/// Codes of the wards of the tables.
pub(crate) fn ward_codes() -> Result<Vec<String>> {
    let rows: Vec<tables::UnitRow> = tables::csv("hau-giang/units.csv")?;
    let wards = rows.into_iter().filter(|row| row.level == "commune");
    Ok(wards.map(|row| row.code).collect())
}

/// The personal number behind a sign-in name of the demonstration.
pub(crate) fn demo_number(sign_in: &str) -> Result<kernel::PersonalNumber> {
    let file: tables::DemoFile = tables::yaml("hau-giang/demo.yaml")?;
    file.accounts
        .iter()
        .find(|account| account.sign_in == sign_in)
        .ok_or_else(|| kernel::Fault::not_found("compose.person_unknown").with("name", sign_in))?
        .personal_number
        .parse()
}
