//! Whether a paper with a verification code was made by this platform, and whether a file is that paper.

use futures::{StreamExt, pin_mut};
use kernel::{Fault, FaultKind, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use web::{Answer, Door, Routes, StatusCode, Upload, Visit};

use crate::{House, words::Words};

/// Papers that the platform makes are far smaller.
const MOST_BYTES: usize = 32 << 20;

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get("/kiem-chung", Door::Public, form)
        .get("/kiem-chung/{code}", Door::Public, show)
        .upload("/kiem-chung/{code}", Door::Public, MOST_BYTES, compare)
}

/// The twenty letters and digits without what people put between them. Crockford's alphabet has no O, I and L, so those are read
/// as the digits that they look like.
fn cleaned(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .take(40)
        .collect()
}

async fn form(visit: Visit<House>) -> Answer {
    match visit.query("ma").map(cleaned) {
        Some(code) if !code.is_empty() => visit.redirect(format!("/kiem-chung/{code}")),
        _ => {
            visit
                .page(
                    "portal/verify.html",
                    json!({ "code": "", "found": null, "unknown": false, "compared": null }),
                )
                .await
        }
    }
}

async fn show(visit: Visit<House>) -> Answer {
    let code = cleaned(visit.param("code"));
    draw(&visit, &code, Value::Null).await
}

async fn draw(visit: &Visit<House>, code: &str, compared: Value) -> Answer {
    let Some(found) = found(visit, code).await? else {
        let content = json!({ "code": code, "found": null, "unknown": true, "compared": null });
        return visit
            .page_status(StatusCode::NOT_FOUND, "portal/verify.html", content)
            .await;
    };
    let words = Words::new(visit, &found.app);
    let content = json!({
        "code": code, "unknown": false, "compared": compared,
        "found": {
            "kind": found.kind, "number": found.number, "agency": found.agency_name, "issued_at": found.issued_at,
            "sha256": found.sha256, "code": grouped(&found.verification_code), "dossier": found.dossier_code,
            "service": words.app("name"), "procedure": found.procedure_code,
        },
    });
    visit.page("portal/verify.html", content).await
}

async fn found(visit: &Visit<House>, code: &str) -> Result<Option<dossiers::VerifiedDocument>> {
    let mut op = visit.op().await?;
    match visit.state.dossiers.verify(&mut op, code).await {
        Ok(found) => Ok(Some(found)),
        Err(Fault {
            kind: FaultKind::NotFound | FaultKind::Invalid,
            ..
        }) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Four by four, as it is printed.
fn grouped(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    letters
        .chunks(4)
        .map(|four| four.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join("-")
}

/// Compares a file with the paper. Its bytes are counted together while they come in and kept nowhere.
async fn compare(visit: Visit<House>, mut upload: Upload) -> Answer {
    let code = cleaned(visit.param("code"));
    let Some(known) = found(&visit, &code).await? else {
        return draw(&visit, &code, Value::Null).await;
    };
    let Some(file) = upload.next_file().await? else {
        return draw(&visit, &code, json!({ "outcome": "none", "name": "" })).await;
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
    draw(&visit, &code, json!({ "outcome": outcome, "name": name })).await
}

#[cfg(test)]
mod tests {
    use super::{cleaned, grouped};

    #[test]
    fn a_code_read_from_paper_is_understood() {
        assert_eq!(cleaned("7k3m-oil0 abcd"), "7K3M0110ABCD");
        assert_eq!(grouped("ABCDEFGHJKMNPQRSTVWX"), "ABCD-EFGH-JKMN-PQRS-TVWX");
        assert_eq!(cleaned("<script>"), "SCR1PT");
    }
}
