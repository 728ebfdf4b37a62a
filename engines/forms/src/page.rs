//! Looking at one page, and the wards that a decision needs.

use std::collections::BTreeSet;

use identity::AreaLevel;
use kernel::{DraftId, Fault, FaultKind, Result};
use op::Op;

use crate::definition::{FormDefinition, PageDefinition};
use crate::model::{Draft, Ground, Raw, Ward, page_view, place_codes, walk};
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
        let mut codes = place_codes(page.fields(), &draft.answers, raw);
        codes.extend(applicant_ward(&draft));
        let ground = self.ground(op, codes).await?;
        Ok(page_view(&form, &draft, page, &walk, &ground))
    }

    /// The moment, and those of these codes that are wards, or other provinces, on the day.
    pub(crate) async fn ground(&self, op: &mut Op, codes: BTreeSet<String>) -> Result<Ground> {
        let mut ground = Ground::at(op.now());
        let today = ground.today();
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
                ground.wards.insert(code, Ward { name, district });
            } else if let [province] = path.as_slice()
                && province.level == AreaLevel::Province
                // A province whose wards are known is this one: there a ward has to be chosen.
                && self.identity().divided_provinces(op, today).await?.iter().all(|own| own.code != code)
            {
                ground.provinces.insert(code, province.name.clone());
            }
        }
        Ok(ground)
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
