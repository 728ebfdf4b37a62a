//! The pages on which papers are handed in.

use std::collections::BTreeMap;

use dossiers::PaperNeed;
use files::{Accept, FileView, Kind, NewFile};
use forms::{DraftView, PageView};
use kernel::{DraftId, Fault, FaultKind, Result};
use op::Op;
use serde_json::{Value, json};
use tokio_util::io::ReaderStream;
use web::{Answer, Body, IncomingFile, Upload, Visit, attachment};

use crate::{
    House,
    questions::{Place, frame, status_for},
    words::Words,
};

/// Most bytes of one form with files: six files of the largest size that is taken, and some room.
pub(crate) const MOST_BYTES: usize = 128 << 20;

/// What is wrong with a paper, by its key, in words.
pub(crate) type Told = BTreeMap<String, Vec<String>>;

/// Draws a page of papers, with what is wrong beside each paper.
pub(crate) async fn draw(
    visit: &Visit<House>,
    mut op: Op,
    draft: &DraftView,
    view: &PageView,
    place: &Place,
    told: &Told,
) -> Answer {
    let words = Words::new(visit, &draft.app);
    let needs = needs_of(visit, &mut op, draft, view).await?;
    drop(op);
    let most_bytes = visit.state.files.limits().max_bytes;
    let papers: Vec<Value> = needs
        .iter()
        .map(|need| {
            let files: Vec<Value> = need
                .files
                .iter()
                .map(|file| json!({ "id": file.file, "name": file.name, "size": file.size, "href": format!("{}/tep/{}?xem=1", place.base, file.file) }))
                .collect();
            let mut paper = paper_context(&words, &need.paper, &need.accept, need.most_files, most_bytes, told);
            paper["required"] = json!(need.required);
            paper["full"] = json!(files.len() >= need.most_files as usize);
            paper["files"] = json!(files);
            paper["upload"] = json!(format!("{}/giay-to/{}", place.base, need.paper));
            paper
        })
        .collect();
    let errors = errors_of(told);
    let mut content = frame(&words, draft, view, place);
    content["papers"] = json!(papers);
    content["errors"] = json!(errors);
    visit
        .page_status(status_for(&errors), "portal/papers.html", content)
        .await
}

/// What a paper is called, what is taken for it, what is wrong with it.
pub(crate) fn paper_context(
    words: &Words,
    paper: &str,
    accept: &[String],
    most_files: u32,
    most_bytes: u64,
    told: &Told,
) -> Value {
    let accept = accept_of(accept);
    let limits = words.say(
        "apply.papers.limits",
        [
            ("kinds", accept.label()),
            ("size", (most_bytes >> 20).to_string()),
            ("count", most_files.to_string()),
        ],
    );
    let hint = words.maybe(&format!("papers.{paper}.hint"));
    let hint = if hint.is_empty() {
        limits
    } else {
        format!("{hint} {limits}")
    };
    let media_types: Vec<&str> = accept.kinds.iter().map(|kind| kind.media_type()).collect();
    json!({
        "field": format!("papers.{paper}"),
        "name": words.app(&format!("papers.{paper}.name")),
        "hint": hint,
        "accept": media_types.join(","),
        "many": most_files > 1,
        "most": most_bytes >> 20,
        "error": told.get(paper).map(|lines| lines.join(" ")).unwrap_or_default(),
    })
}

/// The lines of the summary of mistakes.
pub(crate) fn errors_of(told: &Told) -> Vec<Value> {
    told.iter()
        .flat_map(|(paper, lines)| {
            lines
                .iter()
                .map(move |line| json!({ "field": format!("papers.{paper}"), "text": line }))
        })
        .collect()
}

/// The papers of this page that this case may need: those that must be there, those that may, and those that are there already.
async fn needs_of(visit: &Visit<House>, op: &mut Op, draft: &DraftView, view: &PageView) -> Result<Vec<PaperNeed>> {
    let preview = visit.state.dossiers.preview(op, draft.id).await?;
    let mut needs: Vec<PaperNeed> = preview
        .papers
        .into_iter()
        .filter(|need| view.papers.contains(&need.paper))
        .filter(|need| need.required || need.optional || !need.files.is_empty())
        .collect();
    needs.sort_by_key(|need| view.papers.iter().position(|paper| *paper == need.paper));
    Ok(needs)
}

/// The papers of this page that must be there and are not.
pub(crate) async fn missing(visit: &Visit<House>, op: &mut Op, draft: &DraftView, view: &PageView) -> Result<Told> {
    let words = Words::new(visit, &draft.app);
    let needs = needs_of(visit, op, draft, view).await?;
    Ok(needs
        .into_iter()
        .filter(|need| need.required && need.files.is_empty())
        .map(|need| {
            let name = words.app(&format!("papers.{}.name", need.paper));
            let line = words.say("apply.papers.missing", [("name", name)]);
            (need.paper, vec![line])
        })
        .collect())
}

/// The page of a paper.
pub(crate) async fn address(visit: &Visit<House>, draft: &DraftView, paper: &str, place: &Place) -> Result<String> {
    let mut op = visit.op().await?;
    let form = visit
        .state
        .forms
        .version(&mut op, &draft.app, &draft.form, &draft.form_version)
        .await?;
    let page = form
        .pages
        .iter()
        .find(|page| page.papers().iter().any(|known| known == paper))
        .ok_or_else(|| Fault::not_found("dossiers.paper_unknown"))?;
    Ok(format!("{}/{}#f-papers-{paper}", place.base, page.page))
}

pub(crate) async fn upload(
    visit: &Visit<House>,
    draft: DraftId,
    paper: &str,
    mut upload: Upload,
    place: &Place,
) -> Answer {
    let mut op = visit.op().await?;
    let view = visit.state.forms.draft(&mut op, draft).await?;
    if let Some(elsewhere) = place.closed(&view) {
        return visit.redirect(elsewhere);
    }
    let preview = visit.state.dossiers.preview(&mut op, draft).await?;
    // No transaction is open while bytes come in over a slow line.
    drop(op);
    let need = preview
        .papers
        .iter()
        .find(|need| need.paper == paper)
        .ok_or_else(|| Fault::not_found("dossiers.paper_unknown"))?;
    let words = Words::new(visit, &view.app);
    let mut lines = Vec::new();
    let mut kept = 0;
    while let Some(incoming) = next_file(&mut upload, &lines).await? {
        let name = files::clean_name(&incoming.name);
        let new = NewFile {
            name: incoming.name.clone(),
            purpose: "paper",
            holder: format!("draft:{draft}"),
            accept: accept_of(&need.accept),
        };
        let received = visit.state.files.receive(new, incoming.into_stream()).await;
        let outcome = match received {
            Ok(received) => keep(visit, draft, paper, need.most_files, received).await,
            Err(fault) => Err(fault),
        };
        match outcome {
            Ok(()) => kept += 1,
            Err(fault) => lines.push(told_of(&words, &name, fault)?),
        }
    }
    if kept == 0 && lines.is_empty() {
        lines.push(words.say("apply.papers.none_chosen", []));
    }
    if lines.is_empty() {
        return visit.redirect(address(visit, &view, paper, place).await?);
    }
    let page = address(visit, &view, paper, place).await?;
    let page = page.trim_start_matches(&place.base).trim_start_matches('/');
    let page = page.split('#').next().unwrap_or_default().to_owned();
    let mut op = visit.op().await?;
    let draft = visit.state.forms.draft(&mut op, draft).await?;
    let view = visit.state.forms.page(&mut op, draft.id, &page).await?;
    let told = Told::from([(paper.to_owned(), lines)]);
    draw(visit, op, &draft, &view, place, &told).await
}

/// The next file of a form. Where one was too large, and with it the whole form, nothing can be read behind it: that it was too large is
/// told already.
pub(crate) async fn next_file(upload: &mut Upload, told: &[String]) -> Result<Option<IncomingFile>> {
    match upload.next_file().await {
        Err(fault) if fault.code == "web.too_large" && !told.is_empty() => Ok(None),
        next => next,
    }
}

async fn keep(
    visit: &Visit<House>,
    draft: DraftId,
    paper: &str,
    most_files: u32,
    received: files::Received,
) -> Result<()> {
    let mut op = visit.op().await?;
    let forms = &visit.state.forms;
    // Pressed twice, it is there already.
    let before = forms.attached_before(&mut op, draft, paper, &received).await?;
    if before.is_some() {
        return Ok(());
    }
    let file = visit.state.files.keep(&mut op, received).await?;
    forms.attach(&mut op, draft, paper, most_files, &file).await?;
    op.commit().await
}

/// What to say about a file that was not taken: its name first, since several may have been sent. Defects are not told here.
pub(crate) fn told_of(words: &Words, name: &str, fault: Fault) -> Result<String> {
    match fault.kind {
        FaultKind::Internal | FaultKind::NotFound | FaultKind::Unauthenticated => Err(fault),
        _ => {
            let reason = words.fault(&fault);
            Ok(words.say("apply.papers.refused", [("name", name.to_owned()), ("reason", reason)]))
        }
    }
}

/// What a paper takes, from the words of its declaration.
pub(crate) fn accept_of(kinds: &[String]) -> Accept {
    Accept::kinds(
        kinds
            .iter()
            .filter_map(|word| Kind::of_extension(word))
            .collect::<Vec<_>>(),
    )
}

/// Sends the content of a file; `?xem=1` asks to look at it, which is granted where it is safe.
pub(crate) async fn send(visit: &Visit<House>, file: &FileView) -> Answer {
    let content = visit.state.files.open(file).await?;
    let inline = visit.query("xem").is_some() && file.may_be_shown();
    let body = Body::from_stream(ReaderStream::new(content));
    Ok(attachment(&file.name, &file.media_type, body, inline))
}
