//! The operations of the norm on the records of one registry.

use chrono::Days;
use db::PageRequest;
use kernel::Result;
use openid::Openid;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;
use web::{Response, Site, StatusCode, address};

use super::find::{ID, content};
use super::{BASE, Call, shown};
use crate::http::{short, text};
use crate::list::{Order, Query};
use crate::{AsOf, COUNTED, Command, Keep, Record, Registry, Spot, error};

/// Records that one request changes or enters at the most.
const MOST_ENTRIES: u32 = 100;
/// Rows that are passed over to reach a page by its number; further ones are reached by `next`.
const DEEPEST: u32 = 2_000;

/// `{"content": {…}}`.
#[derive(Deserialize)]
pub(super) struct Content {
    content: Map<String, Value>,
}

/// What is looked for.
#[derive(Deserialize)]
pub(super) struct Asked {
    query: Content,
}

/// What is written, and to what.
#[derive(Deserialize)]
pub(super) struct Written {
    query: Option<Content>,
    write: Content,
}

/// Many new records.
#[derive(Deserialize)]
pub(super) struct Entries {
    write: Vec<Content>,
}

impl<S> Call<'_, S>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    pub(super) async fn list(&mut self) -> Result<Response> {
        let query = self.asked()?;
        let number = |name: &str, usual: u32| match self.visit.query(name) {
            Some(text) => text.parse::<u32>().map_err(|_| error::bad_filter(name)),
            None => Ok(usual),
        };
        let page = number("page", 1)?.max(1);
        let size = number("pageSize", PageRequest::USUAL)?.clamp(1, PageRequest::MOST);
        let register = self.key();
        let mut after = self.visit.query("after").map(str::to_owned);
        if after.is_none() {
            let mut passed = (page - 1).saturating_mul(size);
            if passed > DEEPEST {
                return Err(error::bad_filter("page"));
            }
            while passed > 0 {
                let step = PageRequest::new(after, Some(passed.min(PageRequest::MOST)));
                passed -= step.limit;
                let listing = self.registry.list(&mut self.op, &register, &query, &step).await?;
                after = listing.page.next;
                if after.is_none() {
                    return Ok(shown(
                        StatusCode::OK,
                        &json!({ "count": 0, "previous": null, "results": [] }),
                    ));
                }
            }
        }
        let wanted = PageRequest::new(after, Some(size));
        let listing = self.registry.list(&mut self.op, &register, &query, &wanted).await?;
        let count = self.registry.count(&mut self.op, &register, &query).await?;
        let results: Vec<Value> = listing.page.items.iter().map(content).collect();
        let mut answer = json!({ "count": count.min(COUNTED), "previous": null, "results": results });
        if let Some(cursor) = &listing.page.next {
            answer["next"] = self.link(page.saturating_add(1), Some(cursor)).into();
        }
        if page > 1 && (page - 1).saturating_mul(size) <= DEEPEST {
            answer["previous"] = self.link(page - 1, None).into();
        }
        Ok(shown(StatusCode::OK, &answer))
    }

    /// This list at another page.
    fn link(&self, page: u32, cursor: Option<&str>) -> String {
        let page = page.to_string();
        let others = self
            .visit
            .queries()
            .filter(|(name, _)| !["page", "after"].contains(name));
        let own = [("page", page.as_str()), ("after", cursor.unwrap_or_default())];
        let path = format!("{BASE}/data/{}/{}", self.key(), self.visit.param("version"));
        address(&path, others.chain(own))
    }

    /// `query.<field>`, `filter` with `search`, `search` alone for words, `ordering`.
    fn asked(&self) -> Result<Query> {
        let definition = &self.published.definition;
        let (search, filter) = (self.visit.query("search"), self.visit.query("filter"));
        let mut pairs = Vec::new();
        for (name, value) in self.visit.queries() {
            match name.strip_prefix("query.") {
                Some(field) if definition.field(field).is_some() => pairs.push((field.to_owned(), value.to_owned())),
                Some(field) => return Err(error::unknown_field(&short(field))),
                None if ["search", "filter", "ordering", "page", "pageSize", "after"].contains(&name) => {}
                None => return Err(error::bad_filter(&short(name))),
            }
        }
        match (filter, search) {
            (Some(field), _) if definition.field(field).is_none() => return Err(error::unknown_field(&short(field))),
            (Some(field), Some(value)) => pairs.push((field.to_owned(), value.to_owned())),
            (None, Some(words)) => pairs.push(("q".to_owned(), words.to_owned())),
            (_, None) => {}
        }
        let (mut query, _) = Query::read(definition, &pairs)?;
        if let Some(ordering) = self.visit.query("ordering") {
            let key = definition.key.iter().find(|key| definition.field(key).is_some());
            let by = filter.or(key.map(String::as_str)).unwrap_or_default();
            let (field, descending) = match ordering {
                "ascending" => (by, false),
                "descending" => (by, true),
                _ => ordering
                    .strip_prefix('-')
                    .map_or((ordering, false), |field| (field, true)),
            };
            let sort = if descending {
                format!("-{field}")
            } else {
                field.to_owned()
            };
            let (ordered, _) = Query::read(definition, &[("sort".to_owned(), sort)])?;
            query.order = ordered.order.map(|order: Order| order);
        }
        Ok(query)
    }

    pub(super) async fn read(&mut self, asked: Asked) -> Result<Response> {
        let found = self.find(&asked.query.content, 1).await?;
        let record = found.first().ok_or_else(error::record_not_found)?;
        Ok(shown(StatusCode::OK, &json!({ "content": content(record) })))
    }

    pub(super) async fn exists(&mut self, asked: Asked) -> Result<Response> {
        let status = !self.find(&asked.query.content, 1).await?.is_empty();
        let key = if status {
            "registers_api.govstack.found"
        } else {
            "registers_api.govstack.not_found"
        };
        let answer = json!({ "status": status, "message": text(self.visit, key, &[]) });
        Ok(shown(StatusCode::OK, &json!({ "answer": answer })))
    }

    pub(super) async fn read_value(&mut self) -> Result<Response> {
        let (field, format) = self.visit.param("value").rsplit_once('.').unwrap_or_default();
        let register = self.key();
        let seen = self.registry.seen(&mut self.op, &register).await?;
        if format != "json" || !(field == ID || seen.sight.plain.contains(field)) {
            return Err(error::no_value());
        }
        let (field, name) = (field.to_owned(), self.visit.param("id").to_owned());
        let record = content(&self.named(&name).await?);
        Ok(match &record[&field] {
            Value::String(text) => shown(StatusCode::OK, &json!(text)),
            other => shown(StatusCode::OK, &json!({ "value": other })),
        })
    }

    pub(super) async fn create(&mut self, written: Written) -> Result<Response> {
        let record = self.enter(written.write.content).await?;
        Ok(shown(StatusCode::OK, &json!({ "content": content(&record) })))
    }

    /// All of them or none.
    pub(super) async fn create_entries(&mut self, entries: Entries) -> Result<Response> {
        if entries.write.len() > MOST_ENTRIES as usize {
            return Err(error::too_many_rows(MOST_ENTRIES as usize));
        }
        let mut received = Vec::with_capacity(entries.write.len());
        for entry in entries.write {
            let record = self.enter(entry.content).await?;
            received.push(json!({
                "content": content(&record), "uuid": record.id,
                "createdAt": record.recorded_at, "modifiedAt": record.recorded_at,
            }));
        }
        Ok(shown(StatusCode::CREATED, &json!({ "receive": received })))
    }

    pub(super) async fn update(&mut self, written: Written) -> Result<Response> {
        let found = self.target(&written).await?.ok_or_else(error::record_not_found)?;
        let record = self.amend(&found, written.write.content).await?;
        Ok(shown(StatusCode::OK, &json!({ "content": content(&record) })))
    }

    pub(super) async fn update_entries(&mut self, written: Written) -> Result<Response> {
        let query = written.query.ok_or_else(|| error::bad_filter("query"))?;
        let found = self.find(&query.content, MOST_ENTRIES + 1).await?;
        if found.is_empty() {
            return Err(error::record_not_found());
        }
        if found.len() > MOST_ENTRIES as usize {
            return Err(error::too_many_rows(MOST_ENTRIES as usize));
        }
        for record in &found {
            self.amend(record, written.write.content.clone()).await?;
        }
        Ok(shown(StatusCode::OK, &json!({ "updated": found.len() })))
    }

    pub(super) async fn update_or_create(&mut self, written: Written) -> Result<Response> {
        let record = match self.target(&written).await? {
            Some(found) => self.amend(&found, written.write.content).await?,
            None => self.enter(written.write.content).await?,
        };
        Ok(shown(StatusCode::OK, &json!({ "content": content(&record) })))
    }

    /// Nothing is deleted here: the record ends, yesterday where it was there before today.
    pub(super) async fn delete(&mut self) -> Result<Response> {
        let name = self.visit.param("id").to_owned();
        let record = self.named(&name).await?;
        let today = kernel::local_date(self.op.now());
        let last = match record.valid_from < today {
            true => today.checked_sub_days(Days::new(1)).ok_or_else(error::bad_day)?,
            false => today,
        };
        let register = self.key();
        let reason = text(self.visit, "registers_api.govstack.ended", &[("client", &self.client)]);
        let (seen, command) = ((record.id, record.version), Command::End { last });
        self.registry
            .change(&mut self.op, &register, seen, command, &reason)
            .await?;
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    }

    /// The record that is to be written: the one that is found, else the one with the identifier or key that is written.
    async fn target(&mut self, written: &Written) -> Result<Option<Record>> {
        let content = &written.write.content;
        if let Some(query) = &written.query {
            return self.find_one(&query.content).await;
        }
        let names: Vec<String> = match content.contains_key(ID) {
            true => vec![ID.to_owned()],
            false => self.published.definition.key.clone(),
        };
        let own: Map<String, Value> = names
            .iter()
            .filter_map(|name| Some((name.clone(), content.get(name)?.clone())))
            .collect();
        match own.len() == names.len() {
            true => self.find_one(&own).await,
            false => Err(error::bad_filter("query")),
        }
    }

    async fn enter(&mut self, given: Map<String, Value>) -> Result<Record> {
        let register = self.key();
        let written = self.registry.add(&mut self.op, &register, given, None).await?;
        self.now(written.id).await
    }

    /// Some fields of a record are otherwise from today on; the others stay.
    async fn amend(&mut self, found: &Record, mut given: Map<String, Value>) -> Result<Record> {
        if given.get(ID) == Some(&json!(found.id)) {
            given.remove(ID);
        }
        let register = self.key();
        let spot = (found.id, Spot::Day(None));
        let given = self
            .registry
            .amended(&mut self.op, &register, spot, given, Keep::All)
            .await?;
        let (seen, command) = ((found.id, found.version), Command::Change { from: None, given });
        self.registry.change(&mut self.op, &register, seen, command, "").await?;
        self.now(found.id).await
    }

    async fn now(&mut self, id: Uuid) -> Result<Record> {
        let register = self.key();
        self.registry
            .record(&mut self.op, &register, id, AsOf::default(), None)
            .await
    }
}
