//! Looking at one page, and the wards that a decision needs.

use std::collections::{BTreeMap, BTreeSet};

use identity::AreaLevel;
use kernel::{DraftId, Fault, FaultKind, Result, local_date};
use op::Op;

use crate::definition::{FormDefinition, PageDefinition};
use crate::model::{Draft, Ground, Raw, Ward, page_view, walk, ward_codes};
use crate::{Forms, PageView};

impl Forms {
    /// One page of an open draft, to be drawn: with what was answered, with what was typed where it was not understood, or
    /// with what is known of the applicant.
    ///
    /// # Errors
    /// `forms.draft_not_found`, `forms.draft_closed` {subject}, `forms.page_not_found` {page}, `forms.page_skipped` {page}.
    pub async fn page(&self, op: &mut Op, id: DraftId, page: &str) -> Result<PageView> {
        let (_, draft) = self.own(op, id, "forms.read_draft").await?;
        crate::draft::open(&draft)?;
        let form = self.form_of(op, &draft).await?;
        let walk = walk(&form, &draft.answers, op.now());
        let page = applying(&form, &walk.pages, page)?;
        let none = Raw::new();
        let raw = draft.raw.get(&page.page).unwrap_or(&none);
        let mut codes = ward_codes(page.fields(), &draft.answers, raw);
        codes.extend(applicant_ward(&draft));
        let ground = self.ground(op, codes).await?;
        Ok(page_view(&form, &draft, page, &walk, &ground))
    }

    /// The moment, and those of these codes that are wards on the day.
    pub(crate) async fn ground(&self, op: &mut Op, codes: BTreeSet<String>) -> Result<Ground> {
        let now = op.now();
        let today = local_date(now);
        let mut wards = BTreeMap::new();
        for code in codes {
            let path = match self.identity().area_path(op, &code, today).await {
                Ok(path) => path,
                Err(fault) if fault.kind == FaultKind::NotFound || fault.code == "identity.area_not_found" => continue,
                Err(fault) => return Err(fault),
            };
            let name_of = |level: AreaLevel| {
                path.iter()
                    .find(|area| area.level == level)
                    .map(|area| area.name.clone())
            };
            if let Some(name) = name_of(AreaLevel::Ward) {
                let district = name_of(AreaLevel::District).unwrap_or_default();
                wards.insert(code, Ward { name, district });
            }
        }
        Ok(Ground { now, wards })
    }
}

fn applicant_ward(draft: &Draft) -> Option<String> {
    let ward = draft.applicant()?.residence?.ward;
    (ward.len() == 5).then_some(ward)
}

/// The page, if it is asked with the answers that are there.
pub(crate) fn applying<'f>(
    form: &'f FormDefinition,
    pages: &[&'f PageDefinition],
    key: &str,
) -> Result<&'f PageDefinition> {
    let page = form
        .page(key)
        .ok_or_else(|| Fault::not_found("forms.page_not_found").with("page", key))?;
    if pages.iter().any(|own| own.page == key) {
        Ok(page)
    } else {
        Err(Fault::conflict("forms.page_skipped").with("page", key))
    }
}
