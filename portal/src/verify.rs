//! Whether a paper with a verification code was made by this platform, and whether a file is that paper.

use futures::{StreamExt, pin_mut};
use kernel::{Fault, FaultKind, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use web::{Answer, Door, Routes, StatusCode, Upload, Visit};

use crate::{House, words::Words};

/// Papers that the platform makes are far smaller.
const MOST_BYTES: usize = 32 << 20;
/// What somebody typed is shown again to be corrected, so far.
const LONGEST_SHOWN: usize = 60;

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get("/kiem-chung", Door::Public, form)
        .get("/kiem-chung/{code}", Door::Public, show)
        .upload("/kiem-chung/{code}", Door::Public, MOST_BYTES, compare)
}

async fn form(visit: Visit<House>) -> Answer {
    let typed = visit.query("ma").unwrap_or_default().trim().to_owned();
    if typed.is_empty() {
        let content = json!({ "code": "", "found": null, "unknown": false, "compared": null });
        return visit.page("portal/verify.html", content).await;
    }
    match found(&visit, &typed).await? {
        Some(found) => visit.redirect(format!("/kiem-chung/{}", found.verification_code)),
        None => unknown(&visit, &typed).await,
    }
}

async fn show(visit: Visit<House>) -> Answer {
    draw(&visit, Value::Null).await
}

async fn unknown(visit: &Visit<House>, typed: &str) -> Answer {
    let shown: String = typed.chars().take(LONGEST_SHOWN).collect();
    let content = json!({ "code": shown, "found": null, "unknown": true, "compared": null });
    visit
        .page_status(StatusCode::NOT_FOUND, "portal/verify.html", content)
        .await
}

async fn draw(visit: &Visit<House>, compared: Value) -> Answer {
    let typed = visit.param("code");
    let Some(found) = found(visit, typed).await? else {
        return unknown(visit, typed).await;
    };
    let words = Words::new(visit, &found.app);
    let content = json!({
        "code": found.verification_code, "unknown": false, "compared": compared,
        "found": {
            "kind": found.kind, "number": found.number, "agency": found.agency_name, "issued_at": found.issued_at,
            "sha256": found.sha256, "code": found.spelled, "dossier": found.dossier_code,
            "service": words.app("name"), "procedure": found.procedure_code,
        },
    });
    visit.page("portal/verify.html", content).await
}

/// The paper with this code, in any spelling.
async fn found(visit: &Visit<House>, code: &str) -> Result<Option<dossiers::VerifiedDocument>> {
    let mut op = visit.look().await?;
    match visit.state.dossiers.verify(&mut op, code).await {
        Ok(found) => Ok(Some(found)),
        Err(Fault {
            kind: FaultKind::NotFound | FaultKind::Invalid,
            ..
        }) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Compares a file with the paper. Its bytes are counted together while they come in and kept nowhere.
async fn compare(visit: Visit<House>, mut upload: Upload) -> Answer {
    let Some(known) = found(&visit, visit.param("code")).await? else {
        return draw(&visit, Value::Null).await;
    };
    let Some(file) = upload.next_file().await? else {
        return draw(&visit, json!({ "outcome": "none", "name": "" })).await;
    };
    let name = file.name.clone();
    let mut hasher = Sha256::new();
    let stream = file.into_stream();
    pin_mut!(stream);
    while let Some(chunk) = stream.next().await {
        hasher.update(chunk.map_err(|error| Fault::invalid("files.interrupted").caused_by(error))?);
    }
    let same = hex::encode(hasher.finalize()) == known.sha256;
    let outcome = if same { "same" } else { "other" };
    draw(&visit, json!({ "outcome": outcome, "name": name })).await
}
