//! Pure decisions: what is asked, what was typed, what counts. No IO, no clock.

mod controls;
mod draft;
mod ground;
mod kind;
mod page;
mod prefill;
mod progress;
mod reading;
mod summary;
mod typed;
mod walk;
mod whole;

use std::collections::BTreeMap;

pub(crate) use controls::{is_typed, keep_controls, unknown_controls};
pub(crate) use draft::Draft;
pub(crate) use ground::{Ground, Ward};
pub(crate) use page::{Shown, field_view, page_view, pages_over};
pub(crate) use progress::{card, draft_view, page_faults};
pub(crate) use reading::read_fields;
pub(crate) use typed::place_codes;
pub(crate) use walk::walk;
pub(crate) use whole::read_whole;

pub use controls::raw_of_json;
pub use draft::{Attachment, Channel, DraftCard, DraftView, NewDraft, PageFault, PageState, Saved, Submission};
pub use ground::{Applicant, Residence};
pub use page::{FieldView, OptionView, PageView};
pub use summary::{Display, SummaryPage, SummaryRow, summary};
pub use walk::prune;

/// Name of a control to what was typed into it. Names are `field` or `field.part` (`birth_date.day`, `residence.ward`).
pub type Raw = BTreeMap<String, Vec<String>>;

/// Field to typed answer; a question without an answer has no key.
pub type Answers = serde_json::Map<String, serde_json::Value>;
