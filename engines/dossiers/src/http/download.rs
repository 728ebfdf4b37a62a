//! Files of cases.

use files::FileView;
use kernel::{DossierId, DraftId, Fault, FileId, Result};
use tokio_util::io::ReaderStream;
use uuid::Uuid;
use web::{Answer, Body, Doc, Door, Routes, Site, Visit};

use super::{Empty, engine};
use crate::Dossiers;
use crate::views::DocumentView;

const TAG: &str = "dossiers";

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Dossiers> + Clone + Send + Sync + 'static,
{
    Routes::new()
        .api_download(
            "/api/v1/drafts/{id}/files/{file}",
            Door::SignedIn,
            Doc::new(
                "downloadDraftPaper",
                TAG,
                "A file of a draft, for whoever holds the draft.",
            ),
            draft_file,
        )
        .api_download(
            "/api/v1/dossiers/{id}/papers/{file}",
            Door::SignedIn,
            Doc::new("downloadPaper", TAG, "A file that was handed in."),
            paper,
        )
        .api_download(
            "/api/v1/dossiers/{id}/documents/{document}",
            Door::SignedIn,
            Doc::new("downloadDocument", TAG, "A document that the platform made."),
            document,
        )
        .api_post(
            "/api/v1/dossiers/{id}/documents/answers",
            Door::SignedIn,
            Doc::new(
                "makeAnswersCopy",
                TAG,
                "Makes a copy of the answers as they stand now, with a verification code; where nothing changed since the last copy, gives that one.",
            )
            .created(),
            answers,
        )
}

async fn paper<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>) -> Answer {
    let (id, file): (DossierId, FileId) = (visit.parse_param("id")?, visit.parse_param("file")?);
    let mut op = visit.op().await?;
    let view = engine(&visit).paper_file(&mut op, id, file).await?;
    op.commit().await?;
    send(engine(&visit), &view).await
}

async fn draft_file<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>) -> Answer {
    let (id, file): (DraftId, FileId) = (visit.parse_param("id")?, visit.parse_param("file")?);
    let parts = &engine(&visit).parts;
    let mut op = visit.op().await?;
    let draft = parts.forms.draft(&mut op, id).await?;
    if !draft.attachments.iter().any(|kept| kept.file == file) {
        return Err(Fault::not_found("files.not_found"));
    }
    let view = parts.files.get(&mut op, file).await?;
    op.commit().await?;
    send(engine(&visit), &view).await
}

async fn document<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>) -> Answer {
    let (id, document): (DossierId, Uuid) = (visit.parse_param("id")?, visit.parse_param("document")?);
    let mut op = visit.op().await?;
    let (_, view) = engine(&visit).document(&mut op, id, document).await?;
    op.commit().await?;
    send(engine(&visit), &view).await
}

async fn answers<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, _: Empty) -> Result<DocumentView> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let (view, _) = engine(&visit).copy_of_answers(&mut op, id).await?;
    op.commit().await?;
    Ok(view)
}

async fn send(dossiers: &Dossiers, view: &FileView) -> Answer {
    let content = dossiers.parts.files.open(view).await?;
    let body = Body::from_stream(ReaderStream::new(content));
    Ok(web::attachment(&view.name, &view.media_type, body, false))
}
