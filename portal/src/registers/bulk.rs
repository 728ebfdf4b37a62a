//! Changing many records at once (sửa hàng loạt): the list that was chosen, the fields and their values, what would become of it, then how far it is.

use kernel::{Fault, Result, parse_date};
use op::Op;
use registry::definition::{FieldDefinition, Kind, RecordDefinition};
use registry::{Bulk, BulkChange, BulkPreview, BulkState, Query, RecordFault, Values, settable};
use schema::field::FieldKind;
use serde_json::{Map, Value, json};
use uuid::Uuid;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit, address};

use super::controls::Controls;
use super::faults::Said;
use super::filters::{self, Pairs};
use super::given::{self, Given};
use super::lookups::{FilesOf, Lookups};
use super::show::Show;
use super::{Shown, Side, at, day};
use crate::House;
use crate::told::{called, errors_of, faults_of, is_told_in_place, status_of};
use crate::words::Words;

const PATH: &str = "/can-bo/sua-nhieu-ban-ghi";
const ENTER: Door = Door::Right("registry.enter");
const DECIDES: Door = Door::Right("registry.approve");
/// Names in addresses that no field can have: keys of fields are small letters.
const FIELD: &str = "O";
/// Pairs of the list, in the forms.
const OF_LIST: &str = "loc.";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get("/can-bo/co-so-du-lieu/{register}/sua-nhieu", ENTER, begin)
        .post("/can-bo/co-so-du-lieu/{register}/sua-nhieu", ENTER, send)
        .get(PATH, Door::Official, list)
        .get("/can-bo/sua-nhieu-ban-ghi/{id}", Door::Official, show)
        .post("/can-bo/sua-nhieu-ban-ghi/{id}/duyet", DECIDES, approve)
        .post("/can-bo/sua-nhieu-ban-ghi/{id}/tu-choi", DECIDES, refuse)
        .post("/can-bo/sua-nhieu-ban-ghi/{id}/dung", Door::Official, stop)
}

/// Where the records of a list are changed.
pub(super) fn page_for(href: &str, pairs: &Pairs) -> String {
    let pairs: Pairs = pairs.iter().filter(|(name, _)| name != "sort").cloned().collect();
    at(&format!("{href}/sua-nhieu"), &pairs)
}

/// What the page is drawn with.
struct Page {
    shown: Shown,
    /// The list that was chosen.
    pairs: Pairs,
    /// The fields that are changed.
    chosen: Vec<String>,
    fields: Fields,
    given: Given,
    said: Said,
    preview: Option<BulkPreview>,
    status: StatusCode,
}

impl Page {
    async fn read(visit: &Visit<House>, op: &mut Op, pairs: Pairs, fields: Fields) -> Result<Self> {
        let shown = Shown::read(visit, op).await?;
        if !shown.may.enter {
            return Err(Fault::forbidden("registry.not_allowed"));
        }
        let definition = &shown.published.definition;
        let named = |name: &str| definition.field(name).is_some_and(|field| settable(definition, field));
        let chosen = fields.all(FIELD).filter(|name| named(name)).map(str::to_owned);
        Ok(Self {
            chosen: chosen.collect(),
            pairs,
            fields,
            given: Given::default(),
            said: Said::default(),
            preview: None,
            status: StatusCode::OK,
            shown,
        })
    }

    fn definition(&self) -> &RecordDefinition {
        &self.shown.published.definition
    }

    fn chosen_fields(&self) -> Vec<&FieldDefinition> {
        let fields = self.definition().fields.iter();
        fields.filter(|field| self.chosen.contains(&field.field)).collect()
    }

    /// What is asked, with what cannot be read told at its control.
    fn change(&mut self) -> BulkChange {
        let set: Map<String, Value> = self
            .chosen
            .iter()
            .map(|name| (name.clone(), self.given.values.get(name).cloned().unwrap_or_default()))
            .collect();
        let typed = self.fields.filled("valid_from");
        let from = typed.and_then(|typed| parse_date(typed).ok());
        if typed.is_some() && from.is_none() {
            let words = &self.shown.words;
            let text = words.code("registry.field.date", &render::Params::new());
            self.said
                .add(words, &self.shown.published.definition, "valid_from", text);
        }
        BulkChange {
            query: self.pairs.clone(),
            set,
            from,
            reason: self.fields.get("reason").unwrap_or_default().to_owned(),
        }
    }

    async fn draw(&self, visit: &Visit<House>, op: &mut Op) -> Answer {
        let definition = self.definition().clone();
        let words = &self.shown.words;
        let asked: Values = self
            .pairs
            .iter()
            .filter(|(name, value)| definition.field(name).is_some() && value != "~")
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        let mut values: Vec<Values> = vec![asked];
        for one in self.preview.iter().flat_map(|preview| &preview.shown) {
            for side in [true, false] {
                let each = one.changes.iter().map(|change| {
                    let value = if side { &change.was } else { &change.proposed };
                    (change.field.clone(), value.clone())
                });
                values.push(each.filter(|(_, value)| !value.is_null()).collect());
            }
        }
        let values: Vec<&Values> = values.iter().collect();
        let mut lookups = Lookups::of(visit, op, &definition, &values, FilesOf::Nothing).await?;
        for catalogue in self.chosen_fields().iter().filter_map(|field| field.catalogue()) {
            lookups.add_catalogue(visit, op, catalogue).await?;
        }
        let show = Show {
            words,
            lookups: &lookups,
            side: Side::Desk,
        };
        let controls = Controls {
            visit,
            shown: &self.shown,
            fields: &self.fields,
            said: &self.said,
            given: &self.given,
            before: None,
            lookups: &lookups,
        };
        let mut drawn = Vec::new();
        for field in self.chosen_fields() {
            drawn.extend(controls.one(op, field).await?);
        }
        let count = match Query::read(&definition, &self.pairs) {
            Ok((query, _)) => visit.state.registry.count(op, self.shown.key(), &query).await.ok(),
            Err(_) => None,
        };
        let language = words.language();
        let offered: Vec<Value> = definition
            .fields
            .iter()
            .filter(|field| settable(&definition, field))
            .map(|field| json!({ "value": field.field, "label": field.words.in_language(language) }))
            .collect();
        let hidden: Vec<Value> = self
            .pairs
            .iter()
            .map(|(name, value)| json!([format!("{OF_LIST}{name}"), value]))
            .collect();
        let typed = |name: &str| self.fields.get(name).unwrap_or_default();
        let mut content = self.shown.head();
        content["action"] = json!(format!("{}/sua-nhieu", self.shown.href()));
        content["list"] = json!(at(&self.shown.href(), &self.pairs));
        content["chips"] = json!(chips(&filters::chips(&self.shown, &self.pairs, &show)));
        content["pairs"] = json!(
            self.pairs
                .iter()
                .map(|(name, value)| json!([name, value]))
                .collect::<Vec<_>>()
        );
        content["hidden"] = json!(hidden);
        content["count"] = json!(count);
        content["offered"] = json!(offered);
        content["chosen"] = json!(self.chosen);
        content["controls"] = json!(drawn);
        content["typed"] = json!({ "valid_from": typed("valid_from"), "reason": typed("reason") });
        content["errors"] = json!(self.said.errors);
        content["faults"] = json!(self.said.by_control);
        content["preview"] = json!(
            self.preview
                .as_ref()
                .map(|preview| previewed(&show, &definition, preview))
        );
        visit
            .page_status(self.status, "portal/registers/bulk.html", content)
            .await
    }
}

/// Filters in words, as they stand: nothing is taken away here.
fn chips(chips: &[Value]) -> Vec<Value> {
    chips.iter().map(|chip| chip["text"].clone()).collect()
}

/// What would become of the records, as the page draws it.
fn previewed(show: &Show<'_>, definition: &RecordDefinition, preview: &BulkPreview) -> Value {
    let words = show.words;
    let empty = words.say("registers_bulk.empty", []);
    let title = |title: &str| match title.is_empty() {
        true => words.say("registers_proposals.untitled", []),
        false => title.to_owned(),
    };
    let mut rows = Vec::new();
    for one in &preview.shown {
        for change in &one.changes {
            let Some(field) = definition.field(&change.field) else {
                continue;
            };
            let said = |value: &Value| match value.is_null() {
                true => empty.clone(),
                false => show.line(field, value),
            };
            let record =
                json!({ "text": title(&one.title), "href": Side::Desk.record(&definition.record, one.record) });
            let label = field.words.in_language(words.language());
            rows.push(json!({ "cells": [record, label, said(&change.was), said(&change.proposed)] }));
        }
    }
    let heads = |keys: &[&str]| -> Vec<Value> {
        keys.iter()
            .map(|key| json!({ "label": words.say(&format!("registers_bulk.{key}"), []) }))
            .collect()
    };
    json!({
        "figures": figures(words, [preview.chosen, preview.changed, preview.unchanged, preview.failed]),
        "columns": heads(&["record", "field", "was", "proposed"]), "rows": rows, "shown": preview.shown.len(), "changed": preview.changed,
        "fault_columns": heads(&["record", "why"]),
        "faults": preview.faults.iter().map(|fault| fault_row(words, definition, fault)).collect::<Vec<_>>(),
        "failed": preview.failed, "mark": preview.mark, "waits": preview.waits, "from": preview.from,
    })
}

fn figures(words: &Words, [chosen, changed, unchanged, failed]: [u64; 4]) -> Vec<Value> {
    let one = |key: &str, value: u64, tone: &str| json!({ "label": words.say(&format!("registers_bulk.figure.{key}"), []), "value": value, "tone": tone });
    vec![
        one("chosen", chosen, ""),
        one("changed", changed, "success"),
        one("unchanged", unchanged, ""),
        one("failed", failed, if failed > 0 { "error" } else { "" }),
    ]
}

fn fault_row(words: &Words, definition: &RecordDefinition, fault: &RecordFault) -> Value {
    let title = match fault.title.is_empty() {
        true => words.say("registers_proposals.untitled", []),
        false => fault.title.clone(),
    };
    let why = match fault.fields.is_empty() {
        true => words.code(&fault.code, &fault.params),
        false => {
            let lines = fault.fields.iter().map(|own| {
                let text = words.code(&own.code, &own.params);
                match definition.field(&own.field) {
                    Some(field) => format!("{}: {text}", field.words.in_language(words.language())),
                    None => text,
                }
            });
            lines.collect::<Vec<_>>().join(" ")
        }
    };
    let record = json!({ "text": title, "href": Side::Desk.record(&definition.record, fault.record) });
    json!({ "cells": [record, why] })
}

async fn begin(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let (own, pairs): (Pairs, Pairs) = filters::pairs_of(&visit)
        .into_iter()
        .partition(|(name, _)| name == FIELD);
    let pairs = pairs.into_iter().filter(|(name, _)| name != "sort").collect();
    // The form of the fields was sent: it carries one that is none.
    let sent = !own.is_empty();
    let mut page = Page::read(&visit, &mut op, pairs, Fields::new(own)).await?;
    if sent && page.chosen.is_empty() {
        let words = &page.shown.words;
        let text = words.say("registers_bulk.fields_none", []);
        page.said.add(words, &page.shown.published.definition, FIELD, text);
        page.status = StatusCode::UNPROCESSABLE_ENTITY;
    }
    page.draw(&visit, &mut op).await
}

async fn send(visit: Visit<House>, fields: Fields) -> Answer {
    let pairs: Pairs = fields
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(OF_LIST)?.to_owned(), value.to_owned())))
        .collect();
    let mut op = visit.op().await?;
    let mut page = Page::read(&visit, &mut op, pairs, fields).await?;
    let definition = page.definition().clone();
    page.given = given::read(&visit, &mut op, &definition, &page.fields, None).await?;
    for (field, text) in std::mem::take(&mut page.given.told) {
        if page.chosen.contains(&field) {
            page.said.add(&page.shown.words, &definition, &field, text);
        }
    }
    let change = page.change();
    let mark = page.fields.filled("mark").map(str::to_owned);
    let registry = &visit.state.registry;
    let register = page.shown.key().to_owned();
    if page.said.is_empty()
        && let Some(mark) = mark
    {
        match registry.ask_bulk(&mut op, &register, &change, &mark).await {
            Ok(id) => {
                op.commit().await?;
                return visit.redirect(address(&format!("{PATH}/{id}"), [("da", "bulk_asked")]));
            }
            Err(fault) if is_told_in_place(&fault) => page.tell(&fault),
            Err(fault) => return Err(fault),
        }
    }
    drop(op);
    let mut op = visit.op().await?;
    match registry.preview_bulk(&mut op, &register, &change).await {
        Ok(preview) => page.preview = Some(preview),
        Err(fault) if is_told_in_place(&fault) => page.tell(&fault),
        Err(fault) => return Err(fault),
    }
    drop(op);
    let mut op = visit.look().await?;
    page.draw(&visit, &mut op).await
}

impl Page {
    fn tell(&mut self, fault: &Fault) {
        let said = Said::of(&self.shown.words, &self.shown.published.definition, fault);
        for error in said.errors {
            if !self.said.errors.contains(&error) {
                self.said.errors.push(error);
            }
        }
        self.said.by_control.extend(said.by_control);
        self.status = status_of(fault);
    }
}

async fn list(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let page = visit.state.registry.bulks(&mut op, &visit.page_request()).await?;
    let words = Words::new(&visit, "");
    let rows: Vec<Value> = page
        .items
        .iter()
        .map(|one| {
            let name = one.definition.words.in_language(words.language());
            let moment = render::datetime_text(&one.asked_at.to_rfc3339()).unwrap_or_default();
            let who = format!("{} – {}", one.asked_name, one.agency_name);
            json!({ "cells": [
                { "text": name, "href": format!("{PATH}/{}", one.id) }, who, moment, progress(&words, one), state(&words, one),
            ] })
        })
        .collect();
    let columns: Vec<Value> = ["register", "asked_by", "asked_at", "progress", "state_column"]
        .iter()
        .map(|key| json!({ "label": words.say(&format!("registers_bulk.{key}"), []) }))
        .collect();
    let content = json!({
        "rows": rows, "columns": columns,
        "next": page.next.as_deref().map(|cursor| address(PATH, [("sau", cursor)])).unwrap_or_default(),
        "first": if visit.query("sau").is_some() { PATH } else { "" },
    });
    visit.page("portal/registers/bulks.html", content).await
}

fn progress(words: &Words, one: &Bulk) -> String {
    let done = one.changed + one.unchanged + one.failed;
    words.say(
        "registers_bulk.progress_of",
        [("done", done.to_string()), ("count", one.chosen.to_string())],
    )
}

fn state(words: &Words, one: &Bulk) -> String {
    words.say(&format!("registers_bulk.state.{}", one.state.as_str()), [])
}

async fn show(visit: Visit<House>) -> Answer {
    detail(&visit, &Fields::default(), None).await
}

async fn detail(visit: &Visit<House>, typed: &Fields, fault: Option<&Fault>) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let registry = &visit.state.registry;
    let mut op = visit.look().await?;
    let one = registry.bulk(&mut op, id).await?;
    let failures = registry.bulk_failures(&mut op, id, &visit.page_request()).await?;
    let words = Words::new(visit, "");
    let definition = &one.definition;
    let set: Values = one
        .change
        .set
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let lookups = Lookups::of(visit, &mut op, definition, &[&set], FilesOf::Nothing).await?;
    let shown = Show {
        words: &words,
        lookups: &lookups,
        side: Side::Desk,
    };
    let href = format!("{PATH}/{id}");
    let register = Side::Desk.register(&definition.record);
    let at_failures = |cursor: &str| address(&href, [("sau", cursor)]);
    let columns: Vec<Value> = ["record", "why"]
        .iter()
        .map(|key| json!({ "label": words.say(&format!("registers_bulk.{key}"), []) }))
        .collect();
    let unsigned = |number: i64| u64::try_from(number).unwrap_or_default();
    let content = json!({
        "name": definition.words.in_language(words.language()), "path": href, "back": PATH, "register": register,
        "list": at(&register, &one.change.query), "standing": state(&words, &one), "tone": tone(one.state),
        "figures": figures(&words, [one.chosen, one.changed, one.unchanged, one.failed].map(unsigned)), "facts": facts(&shown, &one),
        "running": one.state == BulkState::Running, "waits": one.state == BulkState::Waiting, "mine": one.mine, "decides": one.decides,
        "failed": one.failed, "columns": columns,
        "rows": failures.items.iter().map(|fault| fault_row(&words, definition, fault)).collect::<Vec<_>>(),
        "next": failures.next.as_deref().map(at_failures).unwrap_or_default(),
        "first": if visit.query("sau").is_some() { href.clone() } else { String::new() },
        "note": typed.get("note").unwrap_or_default(),
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, called(["note"]))),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit
        .page_status(status, "portal/registers/bulk_done.html", content)
        .await
}

fn tone(state: BulkState) -> &'static str {
    match state {
        BulkState::Waiting | BulkState::Running => "info",
        BulkState::Done => "success",
        BulkState::Refused | BulkState::Stopped => "error",
        BulkState::Withdrawn => "calm",
    }
}

fn facts(show: &Show<'_>, one: &Bulk) -> Vec<Value> {
    let words = show.words;
    let mut facts = Vec::new();
    let mut fact = |key: &str, value: String| {
        if !value.is_empty() {
            facts.push(json!({ "key": words.say(&format!("registers_bulk.{key}"), []), "value": value }));
        }
    };
    let moment = |at: chrono::DateTime<chrono::Utc>| render::datetime_text(&at.to_rfc3339()).unwrap_or_default();
    let set: Vec<String> = one
        .change
        .set
        .iter()
        .filter_map(|(name, value)| {
            let field = one.definition.field(name)?;
            // What is to be set is kept as it was typed.
            let said = match (value, &field.kind) {
                (Value::Null, _) => words.say("registers_bulk.empty", []),
                (Value::String(typed), _) if typed.is_empty() => words.say("registers_bulk.empty", []),
                (Value::String(typed), Kind::Plain(FieldKind::Number { .. } | FieldKind::Money { .. })) => {
                    typed.clone()
                }
                _ => show.line(field, value),
            };
            Some(format!("{}: {said}", field.words.in_language(words.language())))
        })
        .collect();
    fact("set", set.join("; "));
    fact("from", one.change.from.map(day).unwrap_or_default());
    fact("reason", one.change.reason.clone());
    fact("asked_by", format!("{} – {}", one.asked_name, one.agency_name));
    fact("asked_at", moment(one.asked_at));
    fact("decided_by", one.decided_name.clone());
    fact("decided_at", one.decided_at.map(moment).unwrap_or_default());
    let note = match one.note.starts_with("registry.") {
        true => words.code(&one.note, &render::Params::new()),
        false => one.note.clone(),
    };
    fact("note", note);
    fact("ended_at", one.ended_at.map(moment).unwrap_or_default());
    facts
}

async fn told(visit: &Visit<House>, fields: &Fields, done: Result<()>, said: &str) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    match done {
        Ok(()) => visit.redirect(address(&format!("{PATH}/{id}"), [("da", said)])),
        Err(fault) if is_told_in_place(&fault) => detail(visit, fields, Some(&fault)).await,
        Err(fault) => Err(fault),
    }
}

async fn approve(visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let done = async {
        let mut op = visit.op().await?;
        visit.state.registry.approve_bulk(&mut op, id).await?;
        op.commit().await
    };
    let done = done.await;
    told(&visit, &fields, done, "bulk_approved").await
}

async fn refuse(visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let done = async {
        let mut op = visit.op().await?;
        let note = fields.get("note").unwrap_or_default();
        visit.state.registry.refuse_bulk(&mut op, id, note).await?;
        op.commit().await
    };
    let done = done.await;
    told(&visit, &fields, done, "bulk_refused").await
}

async fn stop(visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let done = async {
        let mut op = visit.op().await?;
        visit.state.registry.stop_bulk(&mut op, id).await?;
        op.commit().await
    };
    let done = done.await;
    told(&visit, &fields, done, "bulk_stopped").await
}
