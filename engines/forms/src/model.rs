//! Pure decisions: what is asked, what was typed, what counts. No IO, no clock.

mod check;
mod draft;
mod faults;
mod ground;
mod number;
mod page;
mod raw;
mod reading;
mod summary;
mod typed;
mod walk;

pub use check::{PageReading, StepFaults, answers_for, check_all, read_page};
pub use draft::{Attachment, Channel, Draft, DraftSummary};
pub use faults::fill_labels;
pub use ground::{Applicant, Areas, Catalogues, Ground, PaperRule, Papers};
pub use page::{ErrorView, FieldView, OptionView, PageBody, PageView, PaperView, StepState, StepView, page_view, step_views};
pub use raw::Raw;
pub use summary::{DisplayValue, SummaryRow, summary};
pub use typed::feel_value;
pub use walk::{Step, Walk, next_step, walk};

/// Field to typed answer; a question without an answer has no key.
pub type Answers = serde_json::Map<String, serde_json::Value>;
