//! Choosing what a file holds, and taking it.

use std::sync::Arc;

use kernel::Fault;
use op::Op;
use registry::definition::{Kind, RecordDefinition};
use registry::{COUNTED, Exportable, Wish};
use serde_json::{Value, json};
use web::{Answer, Door, Fields, Routes, StatusCode, Visit, address};

use super::{BASE, labels, name};
use crate::House;
use crate::account::again;
use crate::told::{errors_of, faults_of, is_told_in_place, status_of};
use crate::words::Words;

const DOOR: Door = Door::Right("registry.export");
/// What is no filter in the address of a list.
const NO_FILTERS: [&str; 6] = ["sau", "so", "da", "dang", "chu", "muc_dich"];
/// Filters are called so in the forms of this page: whatever a field is called, it is no control.
const FILTER: &str = "where.";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get("/co-so-du-lieu/{register}/xuat", DOOR, to_the_desk)
        .get("/can-bo/co-so-du-lieu/{register}/xuat", DOOR, choose)
        .get("/can-bo/co-so-du-lieu/{register}/xuat/tep", DOOR, take)
        .post("/can-bo/co-so-du-lieu/{register}/xuat/tep", DOOR, take_sealed)
}

fn path(visit: &Visit<House>) -> String {
    format!("{BASE}/{}/xuat", visit.param("register"))
}

/// Officials take files at their desk, from whichever page they come.
async fn to_the_desk(visit: Visit<House>) -> Answer {
    visit.redirect(address(&path(&visit), visit.queries()))
}

/// What was asked: the filters, then the controls.
#[derive(Default)]
struct Asked {
    filters: Vec<(String, String)>,
    format: String,
    /// Words for people; nothing where nothing is said.
    words: Option<bool>,
}

impl Asked {
    fn of<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut asked = Self::default();
        for (name, value) in pairs {
            match (name.strip_prefix(FILTER), name) {
                (Some(filter), _) => asked.filters.push((filter.to_owned(), value.to_owned())),
                (None, "dang") => value.clone_into(&mut asked.format),
                (None, "chu") => asked.words = Some(value == "yes"),
                (None, name) if NO_FILTERS.contains(&name) || name.starts_with("mat_khau") || name == "_csrf" => {}
                (None, name) => asked.filters.push((name.to_owned(), value.to_owned())),
            }
        }
        asked
    }

    fn wish(&self, visit: &Visit<House>, definition: &RecordDefinition, purpose: Option<&str>) -> Result<Wish, Fault> {
        let mut pairs: Vec<(String, String)> = self
            .filters
            .iter()
            .map(|(name, value)| (format!("{FILTER}{name}"), value.clone()))
            .collect();
        pairs.push(("format".to_owned(), self.format.clone()));
        pairs.push((
            "words".to_owned(),
            if self.words == Some(true) { "yes" } else { "no" }.to_owned(),
        ));
        pairs.extend(purpose.map(|purpose| ("purpose".to_owned(), purpose.to_owned())));
        Wish::read(definition, &pairs, visit.locale)
    }
}

async fn choose(visit: Visit<House>) -> Answer {
    let asked = Asked::of(visit.queries());
    draw(&visit, &asked, "", None).await
}

async fn draw(visit: &Visit<House>, asked: &Asked, purpose: &str, fault: Option<&Fault>) -> Answer {
    let words = Words::new(visit, "");
    let mut op = visit.look().await?;
    let definition = known(visit, &mut op).await?;
    let fields: Exportable = visit
        .state
        .registry
        .exportable(&mut op, visit.param("register"))
        .await?;
    let count = match asked.wish(visit, &definition, None) {
        Ok(wish) => {
            let registry = &visit.state.registry;
            Some(registry.count(&mut op, visit.param("register"), &wish.query).await?)
        }
        // What is wrong with the filters is said when the file is taken.
        Err(_) => None,
    };
    drop(op);
    let has_places = definition
        .fields
        .iter()
        .any(|field| matches!(field.kind, Kind::Geometry(_)) && fields.plain.contains(&field.field));
    let formats: Vec<Value> = ["xlsx", "csv", "json", "jsonl", "geojson", "parquet"]
        .into_iter()
        .filter(|format| has_places || *format != "geojson")
        .map(|format| json!({ "value": format, "label": words.say(&format!("registers_files.export.{format}"), []) }))
        .collect();
    let known = formats.iter().any(|format| format["value"] == asked.format.as_str());
    let format = if known { asked.format.as_str() } else { "xlsx" };
    let hidden: Vec<(String, &str)> = asked
        .filters
        .iter()
        .map(|(name, value)| (format!("{FILTER}{name}"), value.as_str()))
        .collect();
    let content = json!({
        "register": name(visit, &definition), "back": format!("{BASE}/{}", visit.param("register")), "path": format!("{}/tep", path(visit)),
        "formats": formats, "format": format, "words": if asked.words.unwrap_or(format == "xlsx") { "yes" } else { "no" },
        "count": count, "more": count.is_some_and(|count| count >= COUNTED),
        "filters": filters(visit, &words, &definition, asked), "hidden": hidden,
        "sealed": labels(visit, &definition, &fields.sealed), "purpose": purpose,
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, |field| (field == "purpose").then(|| "muc_dich".to_owned()))),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit
        .page_status(status, "portal/registers_files/export.html", content)
        .await
}

/// The register as whoever visits may know of it.
async fn known(visit: &Visit<House>, op: &mut Op) -> Result<Arc<RecordDefinition>, Fault> {
    let published = visit.state.registry.narrowed(op, visit.param("register")).await?;
    Ok(published.definition)
}

/// The filters in words, as far as they are words.
fn filters(visit: &Visit<House>, words: &Words, definition: &RecordDefinition, asked: &Asked) -> Vec<String> {
    let day = |value: &str| kernel::parse_date(value).map_or_else(|_| value.to_owned(), kernel::format_date);
    asked
        .filters
        .iter()
        .filter(|(name, value)| name != "sort" && !value.is_empty())
        .map(|(name, value)| {
            let (field, end) = match name.split_once('.') {
                Some((field, end)) => (field, end),
                None => (name.as_str(), ""),
            };
            let sign = match end {
                "from" => "≥",
                "to" => "≤",
                _ => ":",
            };
            match (name.as_str(), definition.field(field)) {
                ("as_of", _) => words.say("registers_files.export.as_of", [("day", day(value))]),
                ("q", None) => format!("“{value}”"),
                (_, None) => format!("{name}: {value}"),
                (_, Some(field)) => {
                    let option = field.options.iter().find(|option| option.code == *value);
                    let said = match option {
                        Some(option) => option.words.in_language(visit.locale.tag()),
                        None => value,
                    };
                    let label = super::label(visit, field);
                    if sign == ":" {
                        format!("{label}: {said}")
                    } else {
                        format!("{label} {sign} {said}")
                    }
                }
            }
        })
        .collect()
}

/// A file without what is sealed.
async fn take(visit: Visit<House>) -> Answer {
    let asked = Asked::of(visit.queries());
    match send(&visit, &asked, None).await {
        Err(fault) if is_told_in_place(&fault) => draw(&visit, &asked, "", Some(&fault)).await,
        answer => answer,
    }
}

/// A file with what is sealed: whoever takes it has shown who they are, and says what for.
async fn take_sealed(mut visit: Visit<House>, fields: Fields) -> Answer {
    let action = format!("{}/tep", path(&visit));
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, &action, &fields, Some(fault)).await;
    }
    let asked = Asked::of(fields.iter());
    // Without a purpose it would be another file: the engine says that one is needed.
    let purpose = fields.get("muc_dich").unwrap_or_default();
    let purpose = if purpose.trim().is_empty() { " " } else { purpose };
    match send(&visit, &asked, Some(purpose)).await {
        Err(fault) if again::is_needed(&fault) => again::ask(&visit, &action, &fields, None).await,
        Err(fault) if is_told_in_place(&fault) => draw(&visit, &asked, purpose.trim(), Some(&fault)).await,
        answer => answer,
    }
}

async fn send(visit: &Visit<House>, asked: &Asked, purpose: Option<&str>) -> Answer {
    let mut op = visit.op().await?;
    let definition = known(visit, &mut op).await?;
    let mut wish = asked.wish(visit, &definition, None)?;
    wish.purpose = purpose.map(str::to_owned);
    let register = visit.param("register").to_owned();
    registry::transfer::send_export(visit, &visit.state.registry, op, &register, wish).await
}
