//! A case as the pages of officials draw it: keys become words, files become addresses.

use std::collections::BTreeMap;

use dossiers::{
    DocumentKind, DossierView, HistoryView, PaperView,
    model::{SupplementItem, SupplementKind},
};
use forms::SummaryPage;
use kernel::{DossierId, Result};
use op::Op;
use serde_json::{Value, json};
use web::Visit;

use crate::{House, words::Words};

/// The case in words. `wanted` are papers that are shown even where nothing was handed in; `check` those that must be looked at.
pub(super) fn case(words: &Words, dossier: &DossierView, wanted: &[String], check: &[String]) -> Value {
    let mut shown = json!(dossier);
    let labels: BTreeMap<&str, &str> = dossier
        .summary
        .iter()
        .flat_map(|page| &page.rows)
        .map(|row| (row.field.as_str(), row.label_key.as_str()))
        .collect();
    shown["procedure"] = json!(words.app("short_name"));
    shown["summary"] = summary(words, &dossier.summary);
    shown["result"] = summary(words, &dossier.result);
    shown["papers"] = papers(words, dossier, wanted, check);
    shown["supplements"] = dossier
        .supplements
        .iter()
        .map(|round| {
            let mut told = json!(round);
            told["items"] = round.items.iter().map(|item| asked(words, item, &labels)).collect();
            told
        })
        .collect();
    shown["fees"] = dossier
        .fees
        .iter()
        .map(|fee| {
            let mut told = json!(fee);
            told["name"] = json!(words.app(&format!("fees.{}", fee.fee)));
            told
        })
        .collect();
    shown["documents"] = dossier
        .documents
        .iter()
        .map(|document| {
            json!({
                "name": words.say(&format!("desk.document.{}", document.kind.word()), []), "number": document.number,
                "issued_at": document.issued_at, "href": format!("/can-bo/ho-so/{}/van-ban/{}?xem=1", dossier.id, document.id),
            })
        })
        .collect();
    shown["history"] = dossier.history.iter().rev().map(|line| happened(words, line)).collect();
    shown
}

fn summary(words: &Words, pages: &[SummaryPage]) -> Value {
    pages
        .iter()
        .map(|page| {
            let rows: Vec<Value> = page
                .rows
                .iter()
                .map(|row| json!({ "field": row.field, "key": words.app(&row.label_key), "value": words.answer(&row.value) }))
                .collect();
            json!({ "title": words.app(&page.title_key), "rows": rows })
        })
        .collect()
}

/// Papers with their files, those that must be looked at first.
fn papers(words: &Words, dossier: &DossierView, wanted: &[String], check: &[String]) -> Value {
    let mut order: Vec<&str> = check.iter().map(String::as_str).collect();
    let others = dossier.papers.iter().map(|file| file.paper.as_str());
    for paper in others.chain(wanted.iter().map(String::as_str)) {
        if !order.contains(&paper) {
            order.push(paper);
        }
    }
    order
        .into_iter()
        .map(|paper| {
            let of = |replaced: bool| -> Vec<Value> {
                dossier
                    .papers
                    .iter()
                    .filter(|file| file.paper == paper && file.replaced == replaced)
                    .map(|file| one_file(words, dossier.id, file))
                    .collect()
            };
            json!({
                "paper": paper, "name": words.app(&format!("papers.{paper}.name")), "files": of(false), "replaced": of(true),
                "check": check.iter().any(|wanted| wanted == paper),
            })
        })
        .collect()
}

fn one_file(words: &Words, dossier: DossierId, file: &PaperView) -> Value {
    // What hides or does something is kept and read with the programs of an office, not in this page.
    let shown = match file.media_type.as_str() {
        "image/jpeg" | "image/png" => "image",
        "application/pdf" if files::harmless(&file.warnings) => "pdf",
        _ => "none",
    };
    json!({
        "warnings": file.warnings.iter().map(|flag| words.say(&format!("desk.papers.warning.{flag}"), [])).collect::<Vec<_>>(),
        "name": file.file_name, "size": file.size, "round": file.round, "replaced": file.replaced, "shown": shown,
        "href": format!("/can-bo/ho-so/{dossier}/giay-to/{}?xem=1", file.file),
    })
}

fn asked(words: &Words, item: &SupplementItem, labels: &BTreeMap<&str, &str>) -> Value {
    let name = match item.kind {
        SupplementKind::Paper => words.app(&format!("papers.{}.name", item.key)),
        // An answer that was empty when it was asked for and still is stands in no summary.
        SupplementKind::Answer => match labels.get(item.key.as_str()) {
            Some(label) => words.app(label),
            None => words.say("desk.supplements.answer", []),
        },
    };
    json!({ "name": name, "what": item.what })
}

fn happened(words: &Words, line: &HistoryView) -> Value {
    let stands_for = line
        .stands_for
        .as_ref()
        .map(|holder| words.say("portal.offices.stands_for", [("name", holder.clone())]));
    let who = [
        Some(&line.actor_name),
        line.position_title.as_ref(),
        stands_for.as_ref(),
        line.agency_name.as_ref(),
    ];
    let who: Vec<&str> = who
        .into_iter()
        .flatten()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    let chosen = line
        .task
        .as_ref()
        .zip(line.outcome.as_ref())
        .map(|(task, outcome)| outcome_words(words, task, outcome));
    let text: Vec<String> = chosen
        .into_iter()
        .chain(line.note.clone())
        .filter(|part| !part.is_empty())
        .collect();
    json!({
        "title": words.say(&format!("history.dossiers.{}", line.action), []),
        "at": line.at, "who": who.join(", "), "text": text.join(" – "),
    })
}

/// What an outcome of a step is called.
pub(super) fn outcome_words(words: &Words, node: &str, outcome: &str) -> String {
    words.app(&format!("outcomes.{node}.{outcome}"))
}

/// The last receipt (form 01) of a case, to print at the counter.
pub(super) fn receipt(dossier: &DossierView) -> Option<String> {
    let of_reception = |document: &&dossiers::DocumentView| document.kind == DocumentKind::Reception;
    let document = dossier.documents.iter().rev().find(of_reception)?;
    Some(format!("/can-bo/ho-so/{}/van-ban/{}?xem=1", dossier.id, document.id))
}

/// The systems that carry a procedure out online, with their short names in the order of the catalogue.
pub(crate) async fn systems(visit: &Visit<House>, op: &mut Op) -> Result<Vec<(String, String)>> {
    use dossiers::catalogue::{Catalogue, ProcedureQuery};
    let query = ProcedureQuery {
        online_only: true,
        page: Some(db::PageRequest::new(None, Some(db::PageRequest::MOST))),
        ..ProcedureQuery::default()
    };
    let found = Catalogue.search_procedures(op, &query).await?;
    let apps = found.items.into_iter().filter_map(|card| card.app);
    Ok(apps
        .map(|app| {
            let name = Words::new(visit, &app).app("short_name");
            (app, name)
        })
        .collect())
}
