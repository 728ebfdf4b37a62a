//! Records by what is known of them, as the norm asks: `{"query": {"content": {…}}}`.

use kernel::Result;
use openid::Openid;
use serde_json::{Map, Value, json};
use uuid::Uuid;
use web::Site;

use super::Call;
use crate::http::short;
use crate::list::Query;
use crate::{AsOf, Record, Registry, error};

/// The identifier of a record, beside its fields; no field has that name.
pub(super) const ID: &str = "id";

/// A value as it stands in an address.
fn asked(field: &str, value: &Value) -> Result<String> {
    match value {
        Value::Null => Ok("~".to_owned()),
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Array(_) | Value::Object(_) => Err(error::bad_filter(&short(field))),
    }
}

/// What is shown of a record: its fields and its identifier.
pub(super) fn content(record: &Record) -> Value {
    let mut content = Value::Object(record.values.clone());
    content[ID] = json!(record.id);
    content
}

impl<S> Call<'_, S>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    pub(super) fn key(&self) -> String {
        self.published.definition.record.clone()
    }

    /// The records of today that have all of this, so many at the most. Of nothing no record is found: that would be all of them.
    pub(super) async fn find(&mut self, content: &Map<String, Value>, most: u32) -> Result<Vec<Record>> {
        let mut pairs = Vec::new();
        for (field, value) in content.iter().filter(|(field, _)| *field != ID) {
            if self.published.definition.field(field).is_none() {
                return Err(error::unknown_field(&short(field)));
            }
            pairs.push((field.clone(), asked(field, value)?));
        }
        let (query, _) = Query::read(&self.published.definition, &pairs)?;
        if pairs.iter().any(|(_, value)| value.trim().is_empty()) || (pairs.is_empty() && !content.contains_key(ID)) {
            return Err(error::bad_filter("query"));
        }
        let register = self.key();
        let Some(id) = content.get(ID) else {
            let page = db::PageRequest::new(None, Some(most));
            let listing = self.registry.list(&mut self.op, &register, &query, &page).await?;
            return Ok(listing.page.items);
        };
        let Some(own) = self.by_id(id.as_str().unwrap_or_default()).await? else {
            return Ok(Vec::new());
        };
        // What else is known of it must hold too.
        let fits = pairs.iter().all(|(field, value)| match own.values.get(field) {
            Some(Value::String(text)) => text == value,
            Some(other) => {
                let shown = other.to_string();
                shown == *value
            }
            None => value == "~",
        });
        Ok(if fits { vec![own] } else { Vec::new() })
    }

    /// The one record that is found.
    pub(super) async fn find_one(&mut self, content: &Map<String, Value>) -> Result<Option<Record>> {
        let mut found = self.find(content, 2).await?;
        match found.len() {
            0 | 1 => Ok(found.pop()),
            _ => Err(error::several_records()),
        }
    }

    /// The record of an address: by its identifier, or by the key of the register where that is one field.
    pub(super) async fn named(&mut self, name: &str) -> Result<Record> {
        let found = match (name.parse::<Uuid>(), self.published.definition.key.as_slice()) {
            (Ok(_), _) => self.by_id(name).await?,
            (Err(_), [key]) if self.published.definition.field(key).is_some() => {
                let content = [(key.clone(), Value::from(name))].into_iter().collect();
                self.find_one(&content).await?
            }
            (Err(_), _) => None,
        };
        found.ok_or_else(error::record_not_found)
    }

    async fn by_id(&mut self, id: &str) -> Result<Option<Record>> {
        let Ok(id) = id.parse::<Uuid>() else {
            return Ok(None);
        };
        let register = self.key();
        let found = self
            .registry
            .record(&mut self.op, &register, id, AsOf::default(), None)
            .await;
        match found {
            Ok(record) => Ok(Some(record)),
            Err(fault) if fault.code == "registry.record_not_found" => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}
