//! Records that people name by what they know: the key, words of the title.

use std::collections::{BTreeMap, HashSet};

use db::PageRequest;
use kernel::{Result, text};
use op::Op;
use serde_json::Value;
use uuid::Uuid;

use crate::{Query, Registry, store};

/// The longest that is looked for, in characters.
const LONGEST: usize = 200;

impl Registry {
    /// Records that whoever acts may mean by what they typed: an identifier or the key means one record; else words of its texts, at most
    /// `most`, where all of them may be read. Each with its title, as far as that may be read.
    ///
    /// # Errors
    /// `registry.not_found` {register}.
    pub async fn find(&self, op: &mut Op, register: &str, typed: &str, most: u32) -> Result<Vec<(Uuid, String)>> {
        let typed: String = text::clean_line(typed).chars().take(LONGEST).collect();
        if typed.is_empty() {
            return Ok(Vec::new());
        }
        let named = self.records(op, register, &HashSet::from([typed.clone()])).await?;
        if let Some(id) = named.get(&typed) {
            let title = self.names(op, register, &[*id]).await?.remove(id);
            return Ok(vec![(*id, title.unwrap_or(typed))]);
        }
        let seen = self.seen(op, register).await?;
        let definition = &seen.published.definition;
        let query = Query {
            text: typed.clone(),
            ..Query::default()
        };
        let title = definition
            .field(&definition.title)
            .filter(|_| seen.sight.plain.contains(&definition.title));
        let (Some(title), true, Ok(query)) = (title, seen.published.made, self.asked(op, &seen, &query)) else {
            return Ok(Vec::new());
        };
        let page = PageRequest::new(None, Some(most));
        let day = kernel::local_date(op.now());
        let limit = i64::from(page.limit);
        let found = store::list::page(op.conn(), definition, &[title], &query, day, (None, limit)).await?;
        let mut found: Vec<(Uuid, String)> = found
            .into_iter()
            .map(|listed| {
                let title = listed.record.values.get(&title.field).map(said).unwrap_or_default();
                (listed.record.id, title)
            })
            .collect();
        // Whoever typed a whole title means it.
        let folded = text::fold(&typed);
        if found.iter().filter(|(_, title)| text::fold(title) == folded).count() == 1 {
            found.retain(|(_, title)| text::fold(title) == folded);
        }
        Ok(found)
    }

    /// What records of a register are called, by identifier; none where whoever acts may not read them.
    ///
    /// # Errors
    /// `registry.not_found` {register}.
    pub async fn names(&self, op: &mut Op, register: &str, ids: &[Uuid]) -> Result<BTreeMap<Uuid, String>> {
        let seen = self.seen(op, register).await?;
        let definition = &seen.published.definition;
        if ids.is_empty() || !seen.published.made || !seen.sight.plain.contains(&definition.title) {
            return Ok(BTreeMap::new());
        }
        store::record::titles(op.conn(), definition, ids, seen.within.as_ref()).await
    }
}

fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
