//! The applicant supplies what was asked for: everything on one page.

use dossiers::{
    Supply, SupplyState,
    model::{LONGEST_WORDS, SupplementKind},
};
use files::NewFile;
use forms::Raw;
use kernel::{DossierId, Fault, FieldFault, FileId, Result};
use serde_json::{Value, json};
use web::{Answer, Door, Fields, Routes, Upload, Visit};

use crate::{
    House,
    papers::{self, Told},
    places::{Places, places_if_asked},
    questions,
    words::Words,
};

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get("/ho-so-cua-toi/{id}/bo-sung", Door::SignedIn, show)
        .upload("/ho-so-cua-toi/{id}/bo-sung", Door::SignedIn, papers::MOST_BYTES, send)
        .get("/ho-so-cua-toi/{id}/bo-sung/giay-to/{paper}", Door::SignedIn, back)
        .upload(
            "/ho-so-cua-toi/{id}/bo-sung/giay-to/{paper}",
            Door::SignedIn,
            papers::MOST_BYTES,
            upload,
        )
        .post(
            "/ho-so-cua-toi/{id}/bo-sung/giay-to/{paper}/xoa",
            Door::SignedIn,
            remove,
        )
}

/// What the page says beside what is asked.
#[derive(Default)]
struct Wrong<'a> {
    told: Told,
    fields: &'a [FieldFault],
    general: Vec<String>,
    typed: Option<&'a Raw>,
    note: &'a str,
}

fn address(id: DossierId) -> String {
    format!("/ho-so-cua-toi/{id}/bo-sung")
}

async fn back(visit: Visit<House>) -> Answer {
    visit.redirect(address(visit.parse_param("id")?))
}

async fn show(visit: Visit<House>) -> Answer {
    draw(&visit, visit.parse_param("id")?, Wrong::default()).await
}

async fn draw(visit: &Visit<House>, id: DossierId, wrong: Wrong<'_>) -> Answer {
    let mut op = visit.op().await?;
    let view = visit.state.dossiers.view(&mut op, id).await?;
    if !view.may.supply {
        op.commit().await?;
        return visit.redirect(format!("/ho-so-cua-toi/{id}"));
    }
    let state = match visit.state.dossiers.supply_state(&mut op, id).await {
        Err(fault) if is_sent(&fault) => return visit.redirect(sent(id)),
        state => state?,
    };
    let places = places_if_asked(visit, &mut op, &state.fields).await?;
    op.commit().await?;
    let words = Words::new(visit, &view.app);
    let most_bytes = visit.state.files.limits().max_bytes;
    let papers: Vec<Value> = state
        .items
        .iter()
        .filter(|asked| asked.kind == SupplementKind::Paper)
        .map(|asked| {
            let paper = &asked.key;
            let files: Vec<Value> = asked
                .files
                .iter()
                .map(|file| json!({ "id": file.id, "name": file.name, "size": file.size, "href": "" }))
                .collect();
            let mut context =
                papers::paper_context(&words, paper, &asked.accept, asked.most_files, most_bytes, &wrong.told);
            context["what"] = json!(asked.what);
            context["full"] = json!(files.len() >= asked.most_files as usize);
            context["files"] = json!(files);
            context["upload"] = json!(format!("{}/giay-to/{paper}", address(id)));
            context
        })
        .collect();
    let answers = answers_asked(&words, &state, &places, &wrong);
    let mut errors = papers::errors_of(&wrong.told);
    errors.extend(wrong.fields.iter().map(|fault| {
        let control = if fault.field == "note" {
            "loi_nhan"
        } else {
            &fault.field
        };
        json!({ "field": control, "text": words.field_fault(fault) })
    }));
    let of_note = wrong.fields.iter().find(|fault| fault.field == "note");
    errors.extend(wrong.general.iter().map(|text| json!({ "text": text })));
    let asked = view.supplements.iter().rfind(|asked| asked.supplied_at.is_none());
    let content = json!({
        "base": address(id), "back": format!("/ho-so-cua-toi/{id}"), "code": view.code, "service": words.app("name"),
        "asked_at": asked.map(|asked| asked.asked_at), "note": asked.map(|asked| asked.note.clone()),
        "papers": papers, "answers": answers, "places": places, "errors": errors,
        "typed_note": if wrong.typed.is_some() { wrong.note } else { state.note.as_str() },
        "note_error": of_note.map(|fault| words.field_fault(fault)).unwrap_or_default(), "most": LONGEST_WORDS,
    });
    visit
        .page_status(questions::status_for(&errors), "portal/my/supply.html", content)
        .await
}

/// The answers that are asked for again, as questions with what is wrong with them.
fn answers_asked(words: &Words, state: &SupplyState, places: &Places, wrong: &Wrong<'_>) -> Vec<Value> {
    state
        .fields
        .iter()
        .map(|field| {
            let asked = state
                .items
                .iter()
                .find(|asked| asked.kind == SupplementKind::Answer && asked.key == field.field);
            let mut context = questions::field_context(words, field, places, wrong.typed);
            if let Some(fault) = wrong.fields.iter().find(|fault| fault.field == field.field) {
                context["error"] = json!(words.field_fault(fault));
            }
            json!({ "field": context, "what": asked.map(|asked| asked.what.clone()) })
        })
        .collect()
}

/// Sends everything: what was typed, and files that were chosen on the page but not uploaded before.
async fn send(visit: Visit<House>, upload: Upload) -> Answer {
    let id: DossierId = visit.parse_param("id")?;
    let came = match take(&visit, id, upload).await? {
        Ok(came) => came,
        Err(elsewhere) => return visit.redirect(elsewhere),
    };
    if !came.told.is_empty() {
        return draw(
            &visit,
            id,
            Wrong {
                told: came.told,
                ..Wrong::default()
            },
        )
        .await;
    }
    let mut op = visit.op().await?;
    let supply = Supply {
        answers: came.raw.clone(),
        note: came.note.clone(),
    };
    match visit.state.dossiers.supply(&mut op, id, supply).await {
        Ok(()) => {
            op.commit().await?;
            visit.redirect(sent(id))
        }
        Err(fault) if questions::is_tellable(&fault) => {
            drop(op);
            told(&visit, id, fault, &came.raw, &came.note).await
        }
        Err(fault) => Err(fault),
    }
}

/// Draws the page with what was refused: papers beside papers, answers beside answers.
async fn told(visit: &Visit<House>, id: DossierId, fault: Fault, raw: &Raw, note: &str) -> Answer {
    let mut op = visit.op().await?;
    let view = visit.state.dossiers.view(&mut op, id).await?;
    op.commit().await?;
    // Pressed twice, it was sent already.
    if !view.may.supply && view.history.last().is_some_and(|line| line.action == "supplied") {
        return visit.redirect(sent(id));
    }
    let words = Words::new(visit, &view.app);
    let (of_papers, of_answers): (Vec<FieldFault>, Vec<FieldFault>) = fault
        .fields
        .iter()
        .cloned()
        .partition(|field| field.field.starts_with("papers."));
    let mut told = Told::new();
    for field in &of_papers {
        let paper = field.field.trim_start_matches("papers.").to_owned();
        told.entry(paper).or_default().push(words.field_fault(field));
    }
    let general = if fault.fields.is_empty() {
        vec![words.fault(&fault)]
    } else {
        Vec::new()
    };
    let wrong = Wrong {
        told,
        fields: &of_answers,
        general,
        typed: Some(raw),
        note,
    };
    draw(visit, id, wrong).await
}

/// What came with a form: the files lie ready and what was typed is kept, whatever comes next.
struct Came {
    /// Files that were not taken, by their paper.
    told: Told,
    kept: usize,
    raw: Raw,
    note: String,
}

/// Takes in what came; where nothing is asked for any more, the address to which that leads.
async fn take(visit: &Visit<House>, id: DossierId, mut upload: Upload) -> Result<std::result::Result<Came, String>> {
    let mut op = visit.op().await?;
    let view = visit.state.dossiers.view(&mut op, id).await?;
    if !view.may.supply {
        op.commit().await?;
        // Pressed twice, it was sent already.
        let supplied = view.history.last().is_some_and(|line| line.action == "supplied");
        return Ok(Err(if supplied {
            sent(id)
        } else {
            format!("/ho-so-cua-toi/{id}")
        }));
    }
    let state = match visit.state.dossiers.supply_state(&mut op, id).await {
        Err(fault) if is_sent(&fault) => return Ok(Err(sent(id))),
        state => state?,
    };
    // No transaction is open while bytes come in over a slow line.
    op.commit().await?;
    let words = Words::new(visit, &view.app);
    let (mut told, mut kept) = (Told::new(), 0);
    while let Some(incoming) =
        papers::next_file(&mut upload, &told.values().flatten().cloned().collect::<Vec<_>>()).await?
    {
        let paper = incoming.field.trim_start_matches("papers.").to_owned();
        let asked = state
            .items
            .iter()
            .find(|asked| asked.kind == SupplementKind::Paper && asked.key == paper)
            .ok_or_else(|| Fault::not_found("dossiers.paper_not_asked"))?;
        let name = files::clean_name(&incoming.name);
        let new = NewFile {
            name: incoming.name.clone(),
            purpose: "paper",
            holder: format!("dossier:{id}:supply"),
            accept: papers::accept_of(&asked.accept),
        };
        let outcome = match visit.state.files.receive(new, incoming.into_stream()).await {
            Ok(received) => stage(visit, id, &paper, received).await,
            Err(fault) => Err(fault),
        };
        match outcome {
            Ok(()) => kept += 1,
            Err(fault) => told
                .entry(paper)
                .or_default()
                .push(papers::told_of(&words, &name, fault)?),
        }
    }
    match keep(visit, id, upload.fields()).await {
        Ok((raw, note)) => Ok(Ok(Came { told, kept, raw, note })),
        Err(fault) if is_sent(&fault) => Ok(Err(sent(id))),
        Err(fault) => Err(fault),
    }
}

/// Another press was faster: it held the case while this one waited, and everything is sent.
fn is_sent(fault: &Fault) -> bool {
    fault.code == "dossiers.nothing_asked"
}

fn sent(id: DossierId) -> String {
    format!("/ho-so-cua-toi/{id}?da=supplied")
}

/// Keeps what was typed: no upload, no mistake and no ended session takes it away.
async fn keep(visit: &Visit<House>, id: DossierId, fields: &Fields) -> Result<(Raw, String)> {
    let raw = questions::raw_of(fields);
    let note = fields.filled("loi_nhan").unwrap_or_default().to_owned();
    let mut op = visit.op().await?;
    visit.state.dossiers.keep_supply(&mut op, id, &raw, &note).await?;
    op.commit().await?;
    Ok((raw, note))
}

async fn upload(visit: Visit<House>, upload: Upload) -> Answer {
    let id: DossierId = visit.parse_param("id")?;
    let paper = visit.param("paper").to_owned();
    let mut came = match take(&visit, id, upload).await? {
        Ok(came) => came,
        Err(elsewhere) => return visit.redirect(elsewhere),
    };
    if came.kept == 0 && came.told.is_empty() {
        let line = Words::new(&visit, "").say("apply.papers.none_chosen", []);
        came.told.insert(paper.clone(), vec![line]);
    }
    if came.told.is_empty() {
        return visit.redirect(format!("{}#f-papers-{paper}", address(id)));
    }
    draw(
        &visit,
        id,
        Wrong {
            told: came.told,
            ..Wrong::default()
        },
    )
    .await
}

async fn stage(visit: &Visit<House>, id: DossierId, paper: &str, received: files::Received) -> Result<()> {
    let mut op = visit.op().await?;
    let dossiers = &visit.state.dossiers;
    // Pressed twice, it is there already.
    let before = dossiers.staged_before(&mut op, id, paper, &received).await?;
    if before.is_some() {
        return Ok(());
    }
    let file = visit.state.files.keep(&mut op, received).await?;
    dossiers.stage_supply_file(&mut op, id, paper, &file).await?;
    op.commit().await
}

async fn remove(visit: Visit<House>, fields: Fields) -> Answer {
    let id: DossierId = visit.parse_param("id")?;
    let file: FileId = fields
        .required("tep")?
        .parse()
        .map_err(|_| Fault::not_found("files.not_found"))?;
    keep(&visit, id, &fields).await?;
    let mut op = visit.op().await?;
    match visit
        .state
        .dossiers
        .unstage_supply_file(&mut op, id, visit.param("paper"), file)
        .await
    {
        Ok(()) => op.commit().await?,
        // Pressed twice, it is gone already: that is what was wanted.
        Err(fault) if fault.code == "files.not_found" => drop(op),
        Err(fault) => return Err(fault),
    }
    visit.redirect(format!("{}#f-papers-{}", address(id), visit.param("paper")))
}
