//! A whole dossier in one request.

use files::NewFile;
use kernel::{DossierId, Fault, FaultKind, FieldFault, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use web::{Doc, Door, IncomingFile, Routes, Site, Upload, Visit};

use super::engine;
use crate::{Dossiers, Submitted, Whole, WholePaper, subject};

/// The part that says everything but the files.
const PART: &str = "dossier";
/// Most bytes of a request. The store refuses files over its own limit with a better answer; this only ends what is absurd.
const LARGEST: usize = 64 << 20;
/// Most files of a request; no procedure asks for as many.
const MOST_FILES: usize = 50;

/// The part `dossier`, before the files; each file is a part named after its paper.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct WholeDossier {
    /// 8 to 100 characters that the program chose for this request. Sent again with the same content it gives the same dossier.
    pub key: String,
    /// Code of the procedure.
    pub procedure: String,
    /// Field to answer, of all pages: texts, numbers, booleans, lists of texts, objects for fields of several parts.
    pub answers: Map<String, Value>,
    /// What was declared is true, and the applicant answers for it.
    pub confirmed: bool,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Dossiers> + Clone + Send + Sync + 'static,
{
    Routes::new().api_multipart::<WholeDossier, _, _, _>(
        "/api/v1/dossiers",
        Door::Citizen,
        Doc::new(
            "submitWholeDossier",
            "dossiers",
            "Hands a dossier in at once: the part `dossier` first, then each file as a part named after its paper. All faults come together.",
        )
        .created(),
        PART,
        LARGEST,
        submit,
    )
}

/// Three moments: what may come is looked up, the files come in with no operation open, everything is written.
async fn submit<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, mut upload: Upload) -> Result<Submitted> {
    let dossiers = engine(&visit);
    let mut next = upload.next_file().await?;
    let sent: WholeDossier = upload.json(PART)?;
    let online = {
        let mut op = visit.look().await?;
        dossiers.online_by_code(&mut op, &sent.procedure).await?
    };
    let online = online.ok_or_else(|| Fault::not_found("dossiers.not_online").with("what", &sent.procedure))?;
    let mut whole = Whole {
        id: DossierId::new(),
        key: sent.key,
        online,
        answers: forms::raw_of_json(&sent.answers),
        confirmed: sent.confirmed,
        papers: Vec::new(),
        faults: Vec::new(),
    };
    while let Some(file) = next {
        dossiers.receive_paper(&mut whole, file).await?;
        next = upload.next_file().await?;
    }
    let mut op = visit.op().await?;
    let submitted = dossiers.submit_whole(&mut op, whole).await?;
    op.commit().await?;
    Ok(submitted)
}

impl Dossiers {
    /// Takes one file in. What is wrong with it is told together with everything else that is wrong.
    async fn receive_paper(&self, whole: &mut Whole, file: IncomingFile) -> Result<()> {
        let paper = file.field.clone();
        let fault = |code: &str| FieldFault::new(format!("papers.{paper}"), code);
        if whole.papers.len() + whole.faults.len() >= MOST_FILES {
            return Err(Fault::invalid("web.too_large"));
        }
        let Some(rule) = whole.online.procedure.paper(&paper) else {
            whole.faults.push(fault("dossiers.paper_unknown"));
            return Ok(());
        };
        let new = NewFile {
            name: file.name.clone(),
            purpose: &paper,
            holder: subject(whole.id),
            accept: rule.accept(),
        };
        match self.parts.files.receive(new, file.into_stream()).await {
            Ok(file) => whole.papers.push(WholePaper { paper, file }),
            Err(refused) if refused.kind == FaultKind::Invalid && refused.code != "files.interrupted" => {
                let mut told = fault(refused.code);
                told.params = refused.params;
                whole.faults.push(told);
            }
            Err(failed) => return Err(failed),
        }
        Ok(())
    }
}
