//! Records that people name by what they know: the key, words of the title.

use std::collections::{BTreeMap, HashMap, HashSet};

use db::PageRequest;
use kernel::{Result, text};
use op::Op;
use serde_json::Value;
use uuid::Uuid;

use crate::definition::{FieldDefinition, Kind};
use crate::model::Record;
use crate::{Query, Registry, store};

/// The longest that is looked for, in characters.
const LONGEST: usize = 200;

impl Registry {
    /// Records that whoever acts may mean by what they typed: an identifier or the key means one record; else words of its texts, at most
    /// `most`, where all of them may be read. Each with its title, as far as that may be read; those of one title with their keys, too.
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
        let key = definition.plain().filter(|field| {
            let shown = definition.key.contains(&field.field) && seen.sight.plain.contains(&field.field);
            shown && field.field != title.field && !matches!(field.kind, Kind::Link(_))
        });
        let fields: Vec<&FieldDefinition> = std::iter::once(title).chain(key).collect();
        let found = store::list::page(op.conn(), definition, &fields, &query, day, (None, limit)).await?;
        let value = |record: &Record, field: &FieldDefinition| record.values.get(&field.field).map(said);
        let mut found: Vec<(Record, String)> = found
            .into_iter()
            .map(|listed| {
                let title = value(&listed.record, title).unwrap_or_default();
                (listed.record, title)
            })
            .collect();
        // Whoever typed a whole title means it.
        let folded = text::fold(&typed);
        if found.iter().filter(|(_, title)| text::fold(title) == folded).count() == 1 {
            found.retain(|(_, title)| text::fold(title) == folded);
        }
        // Those of one name are told apart by their keys.
        let mut titles: HashMap<String, usize> = HashMap::new();
        for (_, title) in &found {
            *titles.entry(title.clone()).or_default() += 1;
        }
        let told = |(record, title): (Record, String)| {
            let key: Vec<String> = fields[1..].iter().filter_map(|field| value(&record, field)).collect();
            let alone = titles.get(&title).is_none_or(|times| *times < 2);
            match alone || key.is_empty() {
                true => (record.id, title),
                false => (record.id, format!("{title} ({})", key.join(", "))),
            }
        };
        Ok(found.into_iter().map(told).collect())
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
