//! State agencies: found by code, by area, by kind.

use chrono::NaiveDate;
use kernel::{AgencyCode, AgencyId, Result, local_date, text};
use op::Op;

use crate::model::{Agency, AgencyLevel, CodeOrigin, Validity};
use crate::{Identity, access, error, store};

/// An agency to be written.
#[derive(Clone, Debug)]
pub struct NewAgency {
    /// Its code; the natural key together with the days.
    pub code: AgencyCode,
    /// Where the code comes from.
    pub origin: CodeOrigin,
    /// Name as on papers.
    pub name: String,
    /// The level.
    pub level: AgencyLevel,
    /// What sort of agency, lower case with underscores: `peoples_committee`.
    pub kind: String,
    /// Code of the agency above, which must be there already.
    pub parent: Option<AgencyCode>,
    /// Code of the area that it governs or serves.
    pub area_code: Option<String>,
    /// Where people find it; may be empty.
    pub address: String,
    /// Telephone as printed; may be empty.
    pub phone: String,
    /// When it exists.
    pub validity: Validity,
}

/// Which agencies are wanted; everything given must hold.
#[derive(Clone, Debug, Default)]
pub struct AgencyFilter {
    /// Of this level.
    pub level: Option<AgencyLevel>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Directly under this agency.
    pub parent: Option<AgencyId>,
    /// Of exactly this area.
    pub area_code: Option<String>,
}

impl Identity {
    /// Writes an agency. The same code on overlapping days is the same agency. Fails with `identity.overlap`,
    /// `identity.agency_not_found` (the parent), `identity.required`, `identity.malformed`, `identity.days_reversed`.
    pub async fn upsert_agency(&self, op: &mut Op, new: &NewAgency) -> Result<AgencyId> {
        let permit = op
            .allow(
                "identity.upsert_agency",
                &format!("agency:{}", new.code),
                access::organise(op.rights(), "identity.upsert_agency"),
            )
            .await?;
        let new = checked(new)?;
        let parent = match &new.parent {
            None => None,
            Some(code) => Some(self.agency_by_code(op, code.as_str()).await?.id),
        };
        let known = store::agency::with_code(op.conn(), new.code.as_str(), new.validity).await?;
        match known.as_slice() {
            [] => {
                let id = AgencyId::new();
                store::agency::insert(op.conn(), &permit, id, &new, parent).await?;
                Ok(id)
            }
            [id] => {
                store::agency::update(op.conn(), &permit, *id, &new, parent).await?;
                Ok(*id)
            }
            _ => Err(error::overlap(&new.code)),
        }
    }

    /// One agency as it is today. Fails with `identity.agency_not_found`.
    pub async fn agency(&self, op: &mut Op, id: AgencyId) -> Result<Agency> {
        let today = today(op);
        store::agency::get(op.conn(), id, today)
            .await?
            .ok_or_else(|| error::agency_not_found(id))
    }

    /// The agency that has the code today, in either written form; else the one that had it last, so that a code on an
    /// old paper is still understood. Fails with `identity.agency_not_found`.
    pub async fn agency_by_code(&self, op: &mut Op, code: &str) -> Result<Agency> {
        let today = today(op);
        let missing = || error::agency_not_found(code);
        let canonical = AgencyCode::parse(code).map_err(|e| missing().caused_by(e))?;
        let id = store::agency::last_with_code(op.conn(), canonical.as_str(), today)
            .await?
            .ok_or_else(missing)?;
        self.agency(op, id).await
    }

    /// The agencies of today that fit the filter, in Vietnamese order.
    pub async fn agencies(&self, op: &mut Op, filter: &AgencyFilter) -> Result<Vec<Agency>> {
        let today = today(op);
        self.agencies_on(op, filter, today).await
    }

    /// The agencies of a day that fit the filter, with their codes of that day: the picture of the tree on that day.
    pub async fn agencies_on(&self, op: &mut Op, filter: &AgencyFilter, on: NaiveDate) -> Result<Vec<Agency>> {
        store::agency::list(op.conn(), filter, on).await
    }
}

fn checked(new: &NewAgency) -> Result<NewAgency> {
    let name = text::clean_line(&new.name);
    if name.is_empty() {
        return Err(error::required("name"));
    }
    if !is_word(&new.kind) {
        return Err(error::malformed("kind"));
    }
    if !new.validity.is_ordered() {
        return Err(error::days_reversed());
    }
    if new.parent.as_ref() == Some(&new.code) {
        return Err(error::malformed("parent"));
    }
    Ok(NewAgency {
        name,
        address: text::clean_line(&new.address),
        phone: text::clean_line(&new.phone),
        ..new.clone()
    })
}

/// Lower-case letters, digits and underscores, a letter first, 2 to 40 characters.
pub(crate) fn is_word(word: &str) -> bool {
    (2..=40).contains(&word.len())
        && word.starts_with(|c: char| c.is_ascii_lowercase())
        && word
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Lower-case letters, digits, underscores and hyphens, a letter or digit first, 1 to 60 characters.
pub(crate) fn is_code(code: &str) -> bool {
    (1..=60).contains(&code.len())
        && code.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && code
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

/// The day of the operation, as people in Vietnam count it.
pub(crate) fn today(op: &Op) -> NaiveDate {
    local_date(op.now())
}
