//! Files of papers: to a draft, and to a supplement.

use axum::body::BodyDataStream;
use files::{Accept, FileView, NewFile};
use kernel::{DossierId, DraftId, Fault, FileId, Result};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;
use web::{Doc, Door, Method, Routes, Site, Visit};

use super::{Empty, engine};
use crate::definition::PaperRule;
use crate::{Dossiers, subject};

const TAG: &str = "dossiers";

/// Most bytes of a request. The store refuses files over its own limit with a better answer; this only ends what is absurd.
const LARGEST: usize = 64 << 20;

/// A stored file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Uploaded {
    /// The file.
    #[schemars(with = "Uuid")]
    pub file: FileId,
    /// The paper that it stands for.
    pub paper: String,
    /// Its cleaned name.
    pub name: String,
    /// Its media type, from the content.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// A file was taken out.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Removed {
    /// Always true; a failure is a problem document.
    pub removed: bool,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Dossiers> + Clone + Send + Sync + 'static,
{
    Routes::new()
        .api_upload(
            "/api/v1/drafts/{id}/papers/{paper}",
            Door::SignedIn,
            Doc::new(
                "uploadPaper",
                TAG,
                "Uploads a file for a paper of a draft: the raw bytes, its name as `ten`.",
            )
            .with_query(&["ten"])
            .created(),
            LARGEST,
            to_draft,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/drafts/{id}/papers/{paper}/{file}",
            Door::SignedIn,
            Doc::new("removePaper", TAG, "Takes a file out of a draft."),
            from_draft,
        )
        .api_upload(
            "/api/v1/dossiers/{id}/supplement/papers/{paper}",
            Door::SignedIn,
            Doc::new(
                "uploadSupplement",
                TAG,
                "Uploads a file for a paper that was asked for: the raw bytes, its name as `ten`.",
            )
            .with_query(&["ten"])
            .created(),
            LARGEST,
            to_supplement,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/dossiers/{id}/supplement/papers/{paper}/{file}",
            Door::SignedIn,
            Doc::new(
                "removeSupplement",
                TAG,
                "Takes a file out of a supplement that was not sent.",
            ),
            from_supplement,
        )
}

/// Three moments: what may come is looked up, the bytes come in with no operation open, the file is kept.
async fn to_draft<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, bytes: BodyDataStream) -> Result<Uploaded> {
    let draft: DraftId = visit.parse_param("id")?;
    let paper = visit.param("paper").to_owned();
    let dossiers = engine(&visit);
    let rule = {
        let mut op = visit.op().await?;
        dossiers.paper_rule_of_draft(&mut op, draft, &paper).await?
    };
    let new = new_file(&visit, &paper, forms::holder(draft), rule.accept());
    let received = dossiers.parts.files.receive(new, bytes).await?;
    let mut op = visit.op().await?;
    let forms = &dossiers.parts.forms;
    if let Some(before) = forms.attached_before(&mut op, draft, &paper, &received).await? {
        return Ok(uploaded(paper, before));
    }
    let file = dossiers.parts.files.keep(&mut op, received).await?;
    forms.attach(&mut op, draft, &paper, rule.most_files, &file).await?;
    op.commit().await?;
    Ok(uploaded(paper, file))
}

async fn from_draft<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, _: Empty) -> Result<Removed> {
    let (draft, file) = (visit.parse_param("id")?, visit.parse_param("file")?);
    let mut op = visit.op().await?;
    engine(&visit).parts.forms.detach(&mut op, draft, file).await?;
    op.commit().await?;
    Ok(Removed { removed: true })
}

async fn to_supplement<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, bytes: BodyDataStream) -> Result<Uploaded> {
    let id: DossierId = visit.parse_param("id")?;
    let paper = visit.param("paper").to_owned();
    let dossiers = engine(&visit);
    let rule = {
        let mut op = visit.op().await?;
        dossiers.paper_rule_of_supplement(&mut op, id, &paper).await?
    };
    let new = new_file(&visit, &paper, format!("{}:supply", subject(id)), rule.accept());
    let received = dossiers.parts.files.receive(new, bytes).await?;
    let mut op = visit.op().await?;
    if let Some(before) = dossiers.staged_before(&mut op, id, &paper, &received).await? {
        return Ok(uploaded(paper, before));
    }
    let file = dossiers.parts.files.keep(&mut op, received).await?;
    dossiers.stage_supply_file(&mut op, id, &paper, &file).await?;
    op.commit().await?;
    Ok(uploaded(paper, file))
}

async fn from_supplement<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, _: Empty) -> Result<Removed> {
    let (id, file) = (visit.parse_param("id")?, visit.parse_param("file")?);
    let mut op = visit.op().await?;
    engine(&visit)
        .unstage_supply_file(&mut op, id, visit.param("paper"), file)
        .await?;
    op.commit().await?;
    Ok(Removed { removed: true })
}

fn new_file<'a, S: AsRef<Site>>(visit: &Visit<S>, paper: &'a str, holder: String, accept: Accept) -> NewFile<'a> {
    NewFile {
        name: visit.query("ten").unwrap_or_default().to_owned(),
        purpose: paper,
        holder,
        accept,
    }
}

fn uploaded(paper: String, file: FileView) -> Uploaded {
    Uploaded {
        file: file.id,
        paper,
        name: file.name,
        media_type: file.media_type,
        size: file.size,
        sha256: file.sha256,
    }
}

impl Dossiers {
    /// What a paper of a draft may be. Fails as [`forms::Forms::draft`] does for those who do not hold the draft, and with
    /// `dossiers.paper_unknown`.
    async fn paper_rule_of_draft(&self, op: &mut op::Op, draft: DraftId, paper: &str) -> Result<PaperRule> {
        let draft = self.parts.forms.draft(op, draft).await?;
        let online = self.online_with_form(op, &draft.app, &draft.form_version).await?;
        online.procedure.paper(paper).cloned().ok_or_else(paper_unknown)
    }

    /// What a paper that was asked for may be. Fails as [`Dossiers::supply_state`] does, and with `dossiers.paper_unknown` for
    /// papers that nobody asked for.
    async fn paper_rule_of_supplement(&self, op: &mut op::Op, id: DossierId, paper: &str) -> Result<PaperRule> {
        let state = self.supply_state(op, id).await?;
        if !state.items.iter().any(|item| item.key == paper) {
            return Err(paper_unknown());
        }
        let row = self.readable(op, id, "dossiers.view").await?;
        let online = self.definition(op, row.definition).await?;
        online.procedure.paper(paper).cloned().ok_or_else(paper_unknown)
    }
}

fn paper_unknown() -> Fault {
    Fault::invalid("dossiers.paper_unknown").field("paper", "dossiers.paper_unknown")
}
