//! Files of records: looked at where their field may be read, kept while a form is filled in, handed to the record with it.

use ::files::{Accept, FileView, NewFile};
use axum::body::BodyDataStream;
use chrono::TimeDelta;
use kernel::{Fault, FileId, Result};
use op::Op;
use registry::definition::{FieldDefinition, Kind, RecordDefinition};
use registry::{Values, held};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use web::{Answer, Body, Doc, Door, Fields, Routes, Upload, Visit, attachment};

use super::{Side, at, record, strip};
use crate::House;
use crate::papers;
use crate::words::Words;

/// Most bytes of one form with files.
pub(super) const MOST_BYTES: usize = papers::MOST_BYTES;
/// What nobody has saved after so many hours is thrown away when the same official uploads again.
const KEPT_HOURS: i64 = 24;
const TAG: &str = "registry";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get("/co-so-du-lieu/{register}/{record}/tep/{file}", Door::Public, download)
        .get(
            "/can-bo/co-so-du-lieu/{register}/{record}/tep/{file}",
            Door::Official,
            download,
        )
        .post(
            "/can-bo/co-so-du-lieu/{register}/{record}/tep",
            Door::Right("registry.open"),
            download_sealed,
        )
        .api_download(
            "/api/v1/registers/{register}/records/{record}/files/{file}",
            Door::Public,
            Doc::new(
                "getRecordFile",
                TAG,
                "A file that a field of a record names. One of a sealed field comes with a `purpose`, which is recorded.",
            )
            .with_query(&["as_of", "known_at", "purpose"]),
            api_download,
        )
        .api_upload(
            "/api/v1/registers/{register}/files",
            Door::Right("registry.enter"),
            Doc::new(
                "uploadRecordFile",
                TAG,
                "Keeps a file for a record that is written next: the raw bytes, its name as `ten`. Its identifier is what a field of type file is given.",
            )
            .with_query(&["ten"])
            .created(),
            MOST_BYTES,
            api_upload,
        )
}

/// A file as the page of its record shows it. What is sealed is asked for in a form, with the purpose.
pub(super) fn shown(view: &FileView, record: &str, look: &[(String, String)], side: Side, sealed: bool) -> Value {
    let mut look = look.to_vec();
    look.push(("xem".to_owned(), "1".to_owned()));
    let href = match (sealed, side) {
        (true, _) => at(&format!("{record}/tep"), &look),
        (false, _) => at(&format!("{record}/tep/{}", view.id), &look),
    };
    json!({ "id": view.id, "name": view.name, "size": view.size, "href": href, "post": sealed })
}

/// The file, if a field of these values names it.
async fn file_of(visit: &Visit<House>, op: &mut Op, values: &Values, file: FileId) -> Result<FileView> {
    let register = visit.state.registry.register(op, visit.param("register")).await?;
    let id = file.to_string();
    let holds = |field: &&FieldDefinition| {
        let listed = values.get(&field.field).and_then(Value::as_array);
        matches!(field.kind, Kind::File { .. }) && listed.is_some_and(|ids| ids.iter().any(|own| own == id.as_str()))
    };
    let missing = || Fault::not_found("files.not_found").with("id", file);
    let mut naming = register.definition.fields.iter().filter(holds).peekable();
    if naming.peek().is_none() {
        return Err(missing());
    }
    // Whatever a field says: nobody reads a file of something else by naming it in a record.
    let view = visit.state.files.get(op, file).await?;
    let own = naming.any(|field| held::is_of_field(&view.holder, &register.definition.record, &field.field));
    own.then_some(view).ok_or_else(missing)
}

async fn download(visit: Visit<House>) -> Answer {
    let file: FileId = visit.parse_param("file")?;
    plain(&visit, file, record::is_desk(&visit)).await
}

/// A file of a field that whoever visits reads; `inside` as it was uploaded, photographs included.
async fn plain(visit: &Visit<House>, file: FileId, inside: bool) -> Answer {
    let mut op = visit.look().await?;
    let values = record::plain_values(visit, &mut op).await?;
    let view = file_of(visit, &mut op, &values, file).await?;
    let is_photo = view.media_type.starts_with("image/");
    if inside || !is_photo {
        drop(op);
        return papers::send(visit, &view).await;
    }
    // Where and when a photograph was taken is nobody's business.
    let bytes = visit.state.files.read(&mut op, file).await?;
    let copy = strip::without_notes(&view.media_type, &bytes);
    let copy = copy.ok_or_else(|| Fault::not_found("files.not_found").with("id", file))?;
    Ok(attachment(
        &view.name,
        &view.media_type,
        Body::from(copy),
        view.may_be_shown(),
    ))
}

async fn download_sealed(visit: Visit<House>, fields: Fields) -> Answer {
    let file: FileId = fields
        .get("tep")
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| Fault::not_found("files.not_found"))?;
    sealed(&visit, file, fields.get("muc_dich").unwrap_or_default()).await
}

/// A file of a sealed field, for a purpose.
async fn sealed(visit: &Visit<House>, file: FileId, purpose: &str) -> Answer {
    let values = record::values(visit, purpose).await?;
    let mut op = visit.look().await?;
    let view = file_of(visit, &mut op, &values, file).await?;
    drop(op);
    papers::send(visit, &view).await
}

/// Who holds files while the form of a register is filled in.
fn waiting(visit: &Visit<House>, register: &str) -> String {
    held::form_holder(register, &visit.actor.key())
}

/// A file that was kept.
#[derive(Serialize, JsonSchema)]
struct KeptFile {
    /// What a field of type file is given.
    id: String,
    name: String,
    media_type: String,
    /// In bytes.
    size: u64,
}

async fn api_upload(visit: Visit<House>, bytes: BodyDataStream) -> Result<KeptFile> {
    let mut op = visit.look().await?;
    let register = visit.param("register").to_owned();
    if !visit.state.registry.may(&mut op, &register, None).await?.enter {
        return Err(Fault::forbidden("registry.not_allowed"));
    }
    // No connection is held while bytes come in over a slow line.
    drop(op);
    let new = NewFile {
        name: visit.query("ten").unwrap_or_default().to_owned(),
        purpose: "record",
        holder: held::upload_holder(&register, &visit.actor.key()),
        accept: Accept::documents(),
    };
    let received = visit.state.files.receive(new, bytes).await?;
    let mut op = visit.op().await?;
    let kept = visit.state.files.keep(&mut op, received).await?;
    op.commit().await?;
    Ok(KeptFile {
        id: kept.id.to_string(),
        name: kept.name,
        media_type: kept.media_type,
        size: kept.size,
    })
}

async fn api_download(visit: Visit<House>) -> Answer {
    let file: FileId = visit.parse_param("file")?;
    match visit.query("purpose") {
        Some(purpose) => sealed(&visit, file, purpose).await,
        None => plain(&visit, file, visit.actor.is_official()).await,
    }
}

/// What came with a form.
#[derive(Default)]
pub(super) struct Came {
    /// What was typed, and the files that came: each as if it had been kept before.
    pub pairs: Vec<(String, String)>,
    /// What is wrong with those that were not taken, by their field.
    pub told: Vec<(String, String)>,
}

/// Takes files in; what was typed beside them is kept, whatever comes of them.
pub(super) async fn take(visit: &Visit<House>, definition: &RecordDefinition, mut upload: Upload) -> Result<Came> {
    let words = Words::new(visit, "");
    let holder = waiting(visit, &definition.record);
    let mut came = Came::default();
    let mut files = Vec::new();
    loop {
        let lines: Vec<String> = came.told.iter().map(|(_, line)| line.clone()).collect();
        let Some(incoming) = papers::next_file(&mut upload, &lines).await? else {
            break;
        };
        let name = ::files::clean_name(&incoming.name);
        let field = incoming.field.strip_prefix("tep.").unwrap_or_default().to_owned();
        let asked = definition
            .field(&field)
            .filter(|field| matches!(field.kind, Kind::File { .. }));
        if asked.is_none() {
            continue;
        }
        let new = NewFile {
            name: incoming.name.clone(),
            purpose: "record",
            holder: holder.clone(),
            accept: Accept::documents(),
        };
        match visit.state.files.receive(new, incoming.into_stream()).await {
            Ok(received) => files.push((field, received)),
            Err(fault) => came.told.push((field, papers::told_of(&words, &name, fault)?)),
        }
    }
    came.pairs = upload
        .fields()
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    if files.is_empty() {
        return Ok(came);
    }
    let mut op = visit.op().await?;
    let old = op.now() - TimeDelta::hours(KEPT_HOURS);
    for left in visit.state.files.by_holder(&mut op, &holder).await? {
        if left.uploaded_at < old {
            visit.state.files.remove(&mut op, left.id).await?;
        }
    }
    for (field, received) in files {
        let kept = visit.state.files.keep(&mut op, received).await?;
        came.pairs.push((format!("v.{field}"), kept.id.to_string()));
    }
    op.commit().await?;
    Ok(came)
}

/// Files that a form names: those that the record has already, and those that wait for this form. Of any others nothing is taken over, so that
/// nobody reads a file by naming it.
pub(super) async fn own(
    visit: &Visit<House>,
    op: &mut Op,
    (register, field): (&str, &str),
    named: &[&str],
    before: Option<&Value>,
) -> Result<Option<Vec<FileView>>> {
    let has = |id: &str| {
        before
            .and_then(Value::as_array)
            .is_some_and(|ids| ids.iter().any(|own| own == id))
    };
    let holder = waiting(visit, register);
    let mut own = Vec::new();
    for id in named {
        let Ok(file) = id.parse::<FileId>() else {
            return Ok(None);
        };
        match super::known(visit.state.files.get(op, file).await)? {
            Some(view) if view.holder == holder => own.push(view),
            Some(view) if has(id) && held::is_of_field(&view.holder, register, field) => own.push(view),
            _ => return Ok(None),
        }
    }
    Ok(Some(own))
}
