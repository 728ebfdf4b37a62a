//! The catalogue of procedures.

use std::collections::BTreeMap;

use dossiers::catalogue::{Catalogue, FactRow, PaperRow};
use kernel::Result;
use op::Op;
use serde::Deserialize;

use super::tables;

#[derive(Deserialize)]
struct ProcedureRow {
    code: String,
    name: String,
    field: String,
    levels: String,
    kind: String,
    decision: String,
    result_codes: String,
    result_names: String,
    audiences: String,
    link: String,
    deadline_value: Option<i32>,
    deadline_unit: String,
    fee_min: Option<i64>,
    fee_max: Option<i64>,
    channels: String,
}

#[derive(Deserialize)]
struct PaperLine {
    code: String,
    seq: i32,
    name: String,
    originals: Option<i32>,
    copies: Option<i32>,
    handing: String,
    has_form: String,
    conditional: String,
}

fn list(text: &str, separator: char) -> Vec<String> {
    text.split(separator)
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Writes the facts of all procedures and the names of their papers.
pub(super) async fn load(op: &mut Op) -> Result<()> {
    let mut papers: BTreeMap<String, Vec<PaperRow>> = BTreeMap::new();
    for line in tables::csv::<PaperLine>("procedures/procedure_papers.csv")? {
        papers.entry(line.code).or_default().push(PaperRow {
            seq: line.seq,
            name: line.name,
            originals: line.originals,
            copies: line.copies,
            handing: Some(line.handing).filter(|handing| !handing.is_empty()),
            has_form: line.has_form == "yes",
            conditional: line.conditional == "yes",
        });
    }
    let facts: Vec<FactRow> = tables::csv::<ProcedureRow>("procedures/procedures.csv")?
        .into_iter()
        .map(fact)
        .collect();
    Catalogue.load_facts(op, &facts, &papers).await?;
    Ok(())
}

fn fact(row: ProcedureRow) -> FactRow {
    FactRow {
        code: row.code,
        name: row.name,
        field: row.field,
        levels: list(&row.levels, ';'),
        kind: row.kind,
        decision: row.decision,
        result_codes: list(&row.result_codes, ';'),
        result_names: list(&row.result_names, '|'),
        audiences: list(&row.audiences, ';'),
        link: row.link,
        deadline: row.deadline_value.map(|value| (value, row.deadline_unit)),
        fee: row.fee_min.zip(row.fee_max),
        channels: list(&row.channels, ';'),
    }
}
