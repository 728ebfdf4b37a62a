//! Making a register in the browser (tự lập cơ sở dữ liệu): its fields are drawn, its form stands beside them as it will be, rows are tried,
//! everything that is wrong is told at once, and what is sound is put into force. Every press keeps the whole page.

mod form;
mod guess;
mod lines;
mod preview;
mod told;

use kernel::{Fault, Result};
use op::Op;
use registry::definition::{Drawn, blank};
use registry::{Draft, OWN_APP, Published};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Body, Door, Fields, Routes, StatusCode, Visit, address, attachment};

use super::{Side, known};
use crate::House;
use crate::told::{is_told_in_place, status_of};
use crate::words::Words;
use preview::Tried;

const PATH: &str = "/can-bo/tu-lap-co-so-du-lieu";
const DOOR: Door = Door::Right("registry.publish");
/// Levels whose agencies may enter.
const LEVELS: [&str; 3] = ["province", "district", "commune"];

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(PATH, DOOR, list)
        .post(PATH, DOOR, begin)
        .post("/can-bo/tu-lap-co-so-du-lieu/sua", DOOR, grow)
        .get("/can-bo/tu-lap-co-so-du-lieu/khai-bao/{register}", DOOR, declaration)
        .get("/can-bo/tu-lap-co-so-du-lieu/{id}", DOOR, show)
        .post("/can-bo/tu-lap-co-so-du-lieu/{id}", DOOR, save)
        .post("/can-bo/tu-lap-co-so-du-lieu/{id}/bo", DOOR, discard)
        .get("/can-bo/tu-lap-co-so-du-lieu/{id}/khai-bao", DOOR, download)
}

fn page_of(id: Uuid, done: &str) -> String {
    address(&format!("{PATH}/{id}"), [("da", done)])
}

async fn list(visit: Visit<House>) -> Answer {
    draw_list(&visit, &Fields::default(), None).await
}

async fn draw_list(visit: &Visit<House>, typed: &Fields, fault: Option<&str>) -> Answer {
    let registry = &visit.state.registry;
    let mut op = visit.look().await?;
    let drafts = registry.drafts(&mut op).await?;
    let registers = registry.registers(&mut op).await?;
    let words = Words::new(visit, "");
    let lines: Vec<Value> = drafts
        .iter()
        .map(|draft| {
            let name = match draft.name.is_empty() {
                true => words.say("registers_drawing.untitled", []),
                false => draft.name.clone(),
            };
            let at = render::datetime_text(&draft.changed_at.to_rfc3339()).unwrap_or_default();
            json!({ "cells": [{ "text": name, "href": format!("{PATH}/{}", draft.id) }, at] })
        })
        .collect();
    let own: Vec<Value> = registers
        .iter()
        .filter(|one| one.app == OWN_APP)
        .map(|one| {
            let key = &one.definition.record;
            json!({
                "name": one.definition.words.in_language(words.language()), "key": key, "href": Side::Desk.register(key),
                "file": format!("{PATH}/khai-bao/{key}"),
            })
        })
        .collect();
    let columns: Vec<Value> = ["name", "changed_at"]
        .iter()
        .map(|key| json!({ "label": words.say(&format!("registers_drawing.{key}"), []) }))
        .collect();
    let text = |name: &str| typed.get(name).unwrap_or_default();
    let owner = match typed.get("owner") {
        Some(owner) => owner.to_owned(),
        None => own_organisation(visit, &mut op).await?,
    };
    let content = json!({
        "path": PATH, "drafts": lines, "columns": columns, "own": own, "owners": owners(visit),
        "typed": { "vi": text("vi"), "owner": owner, "lines": text("lines") },
        "errors": fault.map_or_else(Vec::new, |text| vec![json!({ "field": "vi", "text": text })]),
        "fault": fault.unwrap_or_default(),
    });
    let status = match fault {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    visit
        .page_status(status, "portal/registers/drawings.html", content)
        .await
}

/// The organisations that may answer for a register.
fn owners(visit: &Visit<House>) -> Vec<Value> {
    let all = visit.state.registry.organisations().iter();
    all.map(|own| json!({ "value": own.code, "label": format!("{} ({})", own.name, own.code) }))
        .collect()
}

/// The organisation of whoever draws; nothing where their agency is none of those that may answer.
async fn own_organisation(visit: &Visit<House>, op: &mut Op) -> Result<String> {
    let Some(agency) = op.actor().agency() else {
        return Ok(String::new());
    };
    let code = visit.state.identity.agency(op, agency).await?.code.to_string();
    let mut all = visit.state.registry.organisations().iter();
    Ok(all
        .find(|own| own.agency == code)
        .map(|own| own.code.clone())
        .unwrap_or_default())
}

async fn begin(visit: Visit<House>, fields: Fields) -> Answer {
    let words = Words::new(&visit, "");
    if fields.filled("vi").is_none() {
        let text = words.say("registers_drawing.name_needed", []);
        return draw_list(&visit, &fields, Some(&text)).await;
    }
    let mut tree = form::begun(&fields);
    add_fields(&words, &mut tree, &fields);
    let mut op = visit.op().await?;
    let id = visit.state.registry.save_draft(&mut op, None, tree).await?;
    op.commit().await?;
    visit.redirect(page_of(id, "drawing_begun"))
}

fn add_fields(words: &Words, tree: &mut Value, fields: &Fields) {
    let guess = guess::Guess::new(words);
    let typed = fields.get("lines").unwrap_or_default();
    lines::add_fields(tree, typed, &|label| guess.of(label));
}

async fn grow(visit: Visit<House>, fields: Fields) -> Answer {
    let mut op = visit.op().await?;
    let register = fields.get("register").unwrap_or_default();
    let id = visit.state.registry.draft_of(&mut op, register).await?;
    op.commit().await?;
    visit.redirect(page_of(id, "drawing_begun"))
}

/// The page of one drawing.
#[derive(Default)]
struct Page {
    /// What was typed, where it is not kept.
    typed: Option<Value>,
    tried: Tried,
    /// What the page says before everything else.
    told: Option<String>,
    status: Option<StatusCode>,
}

impl Page {
    async fn draw(&self, visit: &Visit<House>, op: &mut Op, draft: &Draft) -> Answer {
        let registry = &visit.state.registry;
        let words = Words::new(visit, "");
        let tree = self.typed.as_ref().unwrap_or(&draft.tree);
        let drawn = registry.check_drawn(op, tree).await?;
        let standing = standing(visit, op, tree).await?;
        let path = format!("{PATH}/{}", draft.id);
        let mut content = json!({
            "path": path, "back": PATH, "drawn": form::controls(tree, standing.is_some()), "owners": owners(visit),
            "choices": choices(visit, op, &words).await?, "yaml": drawn.yaml, "told": self.told, "seen": draft.version,
            "kept": self.typed.is_none(), "errors": self.tried.said.errors, "preview": Value::Null, "rehearsal": Value::Null,
        });
        if let Some(standing) = &standing {
            content["standing"] =
                json!({ "digest": standing.digest, "href": Side::Desk.register(&standing.definition.record) });
        }
        let problems = told::problems(&words, tree, &drawn.problems);
        content["marks"] = told::by_control(&problems);
        content["problems"] = json!(problems);
        let shown = match &drawn.definition {
            Some(definition) => {
                let rehearsal = registry.rehearse(op, definition).await?;
                content["rehearsal"] = told::rehearsal(&words, definition, standing.as_ref(), &rehearsal);
                Some(definition.clone())
            }
            // What is sound of it shows its form already.
            None => Drawn::of(&form::sound_part(tree, &drawn.problems)).definition,
        };
        if let Some(definition) = shown {
            content["preview"] = self.tried.preview(visit, op, &definition).await?;
        }
        let status = self.status.unwrap_or(StatusCode::OK);
        visit
            .page_status(status, "portal/registers/drawing.html", content)
            .await
    }
}

/// The register that is in force under the key of a drawing, if it was made here.
async fn standing(visit: &Visit<House>, op: &mut Op, tree: &Value) -> Result<Option<Published>> {
    let Some(key) = tree["record"].as_str() else {
        return Ok(None);
    };
    let found = known(visit.state.registry.register(op, key).await)?;
    Ok(found.filter(|one| one.app == OWN_APP))
}

/// What may be chosen in the controls of a drawing.
async fn choices(visit: &Visit<House>, op: &mut Op, words: &Words) -> Result<Value> {
    let named = |table: &str, keys: &[&str]| -> Vec<Value> {
        keys.iter()
            .map(|key| json!({ "value": key, "label": words.say(&format!("{table}.{key}"), []) }))
            .collect()
    };
    let to_agency = words.say("registers_drawing.to_agency", []);
    let mut links = vec![json!({ "value": "agency", "label": to_agency })];
    let mut catalogues = Vec::new();
    for one in visit.state.registry.registers(op).await? {
        let name = one.definition.words.in_language(words.language());
        let option = json!({ "value": one.definition.record, "label": name });
        if one.definition.catalogue {
            catalogues.push(option.clone());
        }
        links.push(option);
    }
    Ok(json!({
        "types": named("registers_drawing.type", &form::TYPES), "classes": named("registers_drawing.class", &form::CLASSES),
        "gives": named("registers_drawing.gives", &["text", "number", "date", "yes_no"]), "levels": named("registers.level", &LEVELS),
        "sharing": named("registers.sharing", &["open", "default", "specific"]),
        "update": named("registers.update", &["entry", "import", "operation", "exchange"]),
        "readers": named("registers.readers", &["everybody", "officials", "owner"]), "links": links, "catalogues": catalogues,
    }))
}

async fn show(visit: Visit<House>) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.look().await?;
    // Whoever goes back to one that was put into force, or thrown away, finds the others and what is in force.
    let Some(draft) = known(visit.state.registry.draft(&mut op, id).await)? else {
        return visit.redirect(address(PATH, [("da", "drawing_gone")]));
    };
    Page::default().draw(&visit, &mut op, &draft).await
}

/// Keeps what is drawn, and does what the button says. A second press of the same finds everything done and changes nothing.
async fn save(visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let registry = &visit.state.registry;
    let act = fields.filled("do").unwrap_or("save");
    let words = Words::new(&visit, "");
    let mut op = visit.op().await?;
    let Some(draft) = known(registry.draft(&mut op, id).await)? else {
        return save_anew(&visit, op, &fields, act).await;
    };
    let mut tree = form::tree(&fields, &draft.tree);
    match act {
        "lines" => add_fields(&words, &mut tree, &fields),
        act => form::act(&mut tree, act),
    }
    if tree != draft.tree {
        let seen = fields.get("seen").unwrap_or_default();
        match registry.save_draft(&mut op, Some((id, seen)), tree.clone()).await {
            Err(fault) if fault.code == "registry.draft_changed" => {
                let at = render::datetime_text(&draft.changed_at.to_rfc3339()).unwrap_or_default();
                let page = Page {
                    typed: Some(tree),
                    tried: Tried::typed(&fields),
                    told: Some(words.say("registers_drawing.changed_elsewhere", [("at", at)])),
                    status: Some(StatusCode::CONFLICT),
                };
                return page.draw(&visit, &mut op, &draft).await;
            }
            done => done?,
        };
    }
    op.commit().await?;
    match act {
        "publish" => publish(visit, id, &fields).await,
        "try" => attempt(visit, id, fields).await,
        _ if Tried::is_typed(&fields) => {
            // What was typed to be tried stays where it is.
            let mut op = visit.look().await?;
            let draft = registry.draft(&mut op, id).await?;
            let page = Page {
                tried: Tried::typed(&fields),
                ..Page::default()
            };
            page.draw(&visit, &mut op, &draft).await
        }
        _ => visit.redirect(format!("{}#{}", page_of(id, "drawing_saved"), spot(act, &tree))),
    }
}

/// The part of the page where a press was.
fn spot(act: &str, tree: &Value) -> String {
    let fields = tree["fields"].as_array().map_or(0, Vec::len);
    let place = act.split_once('.').and_then(|(_, place)| place.parse::<usize>().ok());
    let place = match (act.split('.').next(), place) {
        (Some("up"), Some(place)) => Some(place.saturating_sub(1)),
        (Some("down"), Some(place)) => Some(place + 1),
        (_, Some(place)) => Some(place),
        (Some("add" | "lines"), _) => Some(fields),
        _ => None,
    };
    match place {
        Some(place) if fields > 0 => format!("o-{}", place.min(fields - 1) + 1),
        Some(_) => "cac-o".to_owned(),
        None => "ket-qua".to_owned(),
    }
}

/// The drawing is gone: put into force by the press before, or thrown away in another window. What was typed is kept in a new one.
async fn save_anew(visit: &Visit<House>, mut op: Op, fields: &Fields, act: &str) -> Answer {
    let registry = &visit.state.registry;
    let typed = form::tree(fields, &blank(""));
    let standing = standing(visit, &mut op, &typed).await?;
    let tree = match &standing {
        Some(standing) => form::tree(fields, &standing.definition.to_tree()),
        None => typed,
    };
    if let Some(standing) = standing
        && Drawn::of(&tree)
            .definition
            .is_some_and(|drawn| drawn.digest() == standing.digest)
    {
        let done = if act == "publish" {
            "drawing_published"
        } else {
            "drawing_in_force"
        };
        let to = Side::Desk.register(&standing.definition.record);
        return visit.redirect(address(&to, [("da", done)]));
    }
    let id = registry.save_draft(&mut op, None, tree).await?;
    op.commit().await?;
    visit.redirect(page_of(id, "drawing_again"))
}

/// Tries a row: it is read as the register would read it, and nothing is kept.
async fn attempt(visit: Visit<House>, id: Uuid, fields: Fields) -> Answer {
    let registry = &visit.state.registry;
    let mut op = visit.look().await?;
    let draft = registry.draft(&mut op, id).await?;
    let drawn = registry.check_drawn(&mut op, &draft.tree).await?;
    let mut page = Page::default();
    match &drawn.definition {
        None => page.tried = Tried::typed(&fields),
        Some(definition) => {
            page.tried = Tried::judged(&visit, &mut op, definition, fields).await?;
            page.status = (!page.tried.said.is_empty()).then_some(StatusCode::UNPROCESSABLE_ENTITY);
        }
    }
    page.draw(&visit, &mut op, &draft).await
}

/// Puts the drawing into force as it was just kept, unless something else has come into force since the page was drawn.
async fn publish(visit: Visit<House>, id: Uuid, fields: &Fields) -> Answer {
    let registry = &visit.state.registry;
    let words = Words::new(&visit, "");
    let mut op = visit.op().await?;
    let Some(draft) = known(registry.draft(&mut op, id).await)? else {
        return save_anew(&visit, op, fields, "publish").await;
    };
    let standing = standing(&visit, &mut op, &draft.tree).await?;
    let in_force = standing.as_ref().map_or("", |one| one.digest.as_str());
    let mut page = Page::default();
    if in_force == fields.get("standing").unwrap_or_default() {
        let published = async {
            let (register, _) = registry.publish_draft(&mut op, id, &draft.version).await?;
            op.commit().await?;
            Ok::<_, Fault>(register)
        };
        match published.await {
            Ok(register) => {
                return visit.redirect(address(&Side::Desk.register(&register), [("da", "drawing_published")]));
            }
            // The page tells each problem in its place.
            Err(fault) if is_told_in_place(&fault) => {
                page.status = Some(status_of(&fault));
                page.told = Some(words.fault(&fault));
            }
            Err(fault) => return Err(fault),
        }
    } else {
        page.status = Some(StatusCode::CONFLICT);
        page.told = Some(words.say("registers_drawing.published_elsewhere", []));
    }
    let mut op = visit.look().await?;
    page.draw(&visit, &mut op, &draft).await
}

async fn discard(visit: Visit<House>, _: Fields) -> Answer {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    // Thrown away twice is thrown away.
    known(visit.state.registry.discard_draft(&mut op, id).await)?;
    op.commit().await?;
    visit.redirect(address(PATH, [("da", "drawing_discarded")]))
}

async fn download(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let draft = visit.state.registry.draft(&mut op, visit.parse_param("id")?).await?;
    let name = draft.tree["record"].as_str().filter(|name| !name.is_empty());
    Ok(file(name.unwrap_or("register"), Drawn::of(&draft.tree).yaml))
}

async fn declaration(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let published = visit.state.registry.register(&mut op, visit.param("register")).await?;
    if published.app != OWN_APP {
        return Err(Fault::not_found("web.not_found"));
    }
    Ok(file(&published.definition.record, published.definition.to_yaml()))
}

fn file(name: &str, yaml: String) -> web::Response {
    attachment(
        &format!("{name}.record.yaml"),
        "application/yaml",
        Body::from(yaml),
        false,
    )
}
