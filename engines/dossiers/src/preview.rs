//! The check page (kiểm tra lại trước khi nộp): what is still missing, what it will cost, who will receive it. Writes nothing.

use forms::{Attachment, DraftView, PageFault, SummaryPage};
use kernel::{DraftId, FieldFault, Result};
use op::Op;
use serde::Serialize;

use crate::definition::{FeeDue, FileKind, PaperRule, scope};
use crate::submit::file_counts;
use crate::{AgencyRef, Dossiers};

/// A draft just before it is handed in.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Preview {
    /// The draft.
    pub draft: DraftView,
    /// What was answered.
    pub summary: Vec<SummaryPage>,
    /// What is wrong with the answers, page by page.
    pub faults: Vec<PageFault>,
    /// What is wrong with the papers; the field is `papers.<paper>`.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub paper_faults: Vec<FieldFault>,
    /// The papers of the procedure.
    pub papers: Vec<PaperNeed>,
    /// The fees with these answers.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub fees: Vec<FeeDue>,
    /// Who will receive it; `None` while the answers do not say.
    pub receiving: Option<AgencyRef>,
    /// Whether it may be handed in now.
    pub ready: bool,
}

/// A paper and what there is of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PaperNeed {
    /// Its key.
    pub paper: String,
    /// Whether it must be there with these answers.
    pub required: bool,
    /// Whether it may be added in any case, though it need not be there.
    pub optional: bool,
    /// The most files.
    pub most_files: u32,
    /// The kinds of file as people are told: `JPG`, `PDF`.
    pub accept: Vec<String>,
    /// The files.
    pub files: Vec<Attachment>,
}

impl Dossiers {
    /// Everything that the check page shows. For the holder of the draft. Fails as [`forms::Forms::draft`] does, and with
    /// `dossiers.not_online`.
    pub async fn preview(&self, op: &mut Op, draft: DraftId) -> Result<Preview> {
        let submission = self.parts.forms.submission(op, draft).await?;
        let online = self
            .online_with_form(op, &submission.draft.app, &submission.draft.form_version)
            .await?;
        let scope = scope(&online.form, &submission.answers, op.now());
        let counts = file_counts(&submission);
        let paper_faults = online.procedure.check_papers(&scope, &counts);
        let papers = online
            .procedure
            .papers
            .iter()
            .map(|rule| PaperNeed {
                paper: rule.paper.clone(),
                required: rule.required.is_true(&scope),
                // A condition that is not met means: not this case. `false` means: whoever has it may add it.
                optional: rule.required.source().trim() == "false",
                most_files: rule.most_files,
                accept: accepted(rule),
                files: files_of(&submission.files, &rule.paper),
            })
            .collect();
        // While amounts are not answered there is nothing to reckon with; the page shows no fee then.
        let fees = online.procedure.fees_due(&scope).unwrap_or_default();
        let receiving = match self.seats(op, &online.procedure, &submission.answers).await {
            Ok(seats) => Some(AgencyRef {
                id: seats.receiving.id,
                code: seats.receiving.code.to_string(),
                name: seats.receiving.name,
            }),
            Err(fault) if fault.code == "dossiers.no_agency" => None,
            Err(fault) => return Err(fault),
        };
        let summary = forms::summary(&submission.form, &submission.answers);
        let ready = submission.faults.is_empty() && paper_faults.is_empty() && receiving.is_some();
        Ok(Preview {
            draft: submission.draft,
            summary,
            faults: submission.faults,
            paper_faults,
            papers,
            fees,
            receiving,
            ready,
        })
    }
}

/// The kinds of file as people are told.
pub(crate) fn accepted(rule: &PaperRule) -> Vec<String> {
    let label = |kind: &FileKind| files::Kind::from(*kind).label();
    rule.accept.iter().map(label).collect()
}

fn files_of(files: &[Attachment], paper: &str) -> Vec<Attachment> {
    files.iter().filter(|file| file.paper == paper).cloned().collect()
}
