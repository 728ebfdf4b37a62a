//! Filling the catalogue with facts.

use std::collections::BTreeMap;

use kernel::Result;
use op::{Entry, Op};

use super::{Catalogue, FactRow, PaperRow, store};

impl Catalogue {
    /// Writes facts and names of papers; a row that is there is replaced, an official text that was imported stays. Returns how
    /// many rows were written.
    pub async fn load_facts(
        &self,
        op: &mut Op,
        facts: &[FactRow],
        papers: &BTreeMap<String, Vec<PaperRow>>,
    ) -> Result<u64> {
        let now = op.now();
        for batch in facts.chunks(500) {
            store::upsert_facts(op.conn(), batch, now).await?;
            let codes: Vec<String> = batch.iter().map(|row| row.code.clone()).collect();
            let lists: Vec<(&String, &PaperRow)> = batch
                .iter()
                .flat_map(|row| {
                    papers
                        .get(&row.code)
                        .into_iter()
                        .flatten()
                        .map(move |paper| (&row.code, paper))
                })
                .collect();
            store::replace_papers(op.conn(), &codes, &lists).await?;
        }
        op.record(
            Entry::new("dossiers.catalogue_loaded", "catalogue")
                .detail(serde_json::json!({ "procedures": facts.len() })),
        )
        .await?;
        Ok(facts.len() as u64)
    }

    /// Whether the catalogue is empty.
    pub async fn is_empty(&self, op: &mut Op) -> Result<bool> {
        store::is_empty(op.conn()).await
    }

    /// Says that no system carries a procedure out online, except for these pairs of system and procedure.
    pub(crate) async fn mark_offline(&self, op: &mut Op, serving: &[(&str, &str)]) -> Result<()> {
        store::mark_offline(op.conn(), serving).await
    }

    /// Says which system carries a procedure out online here and at which level it is received; called when a procedure is published.
    pub async fn mark_online(&self, op: &mut Op, code: &str, app: &str, level: &str) -> Result<bool> {
        store::mark_online(op.conn(), code, app, level).await
    }
}
