//! Where a dossier stands, for whoever has its code: no sign-in, no names (R083).

use kernel::{Fault, FaultKind};
use serde_json::{Value, json};
use web::{Answer, Door, Routes, StatusCode, Visit};

use crate::{House, words::Words};

pub(crate) fn routes() -> Routes<House> {
    Routes::new().get("/tra-cuu", Door::Public, track)
}

/// As it is printed: capital letters, no blanks.
fn cleaned(code: &str) -> String {
    code.chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_uppercase)
        .map(|c| if matches!(c, '–' | '—' | '‑') { '-' } else { c })
        .take(60)
        .collect()
}

async fn track(visit: Visit<House>) -> Answer {
    let Some(asked) = visit.query("ma") else {
        return visit
            .page(
                "portal/track.html",
                json!({ "code": "", "found": null, "unknown": false }),
            )
            .await;
    };
    let code = cleaned(asked);
    let mut op = visit.look().await?;
    let found = match visit.state.dossiers.track(&mut op, &code).await {
        Ok(found) => found,
        Err(Fault {
            kind: FaultKind::NotFound | FaultKind::Invalid,
            ..
        }) => {
            drop(op);
            let content = json!({ "code": code, "found": null, "unknown": true });
            return visit
                .page_status(StatusCode::NOT_FOUND, "portal/track.html", content)
                .await;
        }
        Err(fault) => return Err(fault),
    };
    drop(op);
    let words = Words::new(&visit, &found.app);
    let mut steps: Vec<Value> = found
        .steps
        .iter()
        .map(|step| {
            let plain = serde_json::to_value(step.plain).unwrap_or_default();
            let plain = plain.as_str().unwrap_or_default();
            json!({ "title": words.say(&format!("status.plain.{plain}"), []), "on": step.on, "now": false })
        })
        .collect();
    // Finished and handed over are one plain word: it is said once.
    steps.dedup_by(|later, earlier| later["title"] == earlier["title"]);
    steps.reverse();
    if let Some(first) = steps.first_mut() {
        first["now"] = json!(true);
    }
    let content = json!({
        "code": code, "unknown": false,
        "found": {
            "code": found.code, "service": words.app("name"), "procedure": found.procedure_code, "plain": found.plain,
            "receiving": found.receiving_name, "submitted_on": found.submitted_on, "received_on": found.received_on,
            "due_on": found.due_on, "late": found.late, "steps": steps,
        },
    });
    visit.page("portal/track.html", content).await
}

#[cfg(test)]
mod tests {
    use super::cleaned;

    #[test]
    fn a_code_typed_from_paper_is_understood() {
        assert_eq!(cleaned(" h30.31 –261123-0001 "), "H30.31-261123-0001");
        assert_eq!(cleaned(&"x".repeat(500)).len(), 60);
    }
}
