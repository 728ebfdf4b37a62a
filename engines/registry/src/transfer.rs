//! The JSON API of files out and in. Pages are drawn by the portal.

mod bodies;

use std::collections::BTreeMap;

use kernel::{Fault, FieldFault, Result};
use op::Op;
use uuid::Uuid;
use web::{Answer, Body, Doc, Door, Method, Routes, Site, Upload, Visit, attachment};

use crate::definition::RecordDefinition;
use crate::import::{self, Choice, Import, MOST_IMPORT_BYTES, Target};
use crate::{Registry, Wish};

pub use bodies::{
    ImportAnswer, ImportColumn, ImportDecision, ImportList, ImportReason, ImportRequest, ImportReview, ImportRowAnswer,
    ImportSheet, ImportStart, ImportStop, PreviewAnswer,
};

const TAG: &str = "registers";
const IMPORT: Door = Door::Right("registry.import");
const DECIDES: Door = Door::Right("registry.approve");
/// The part of a form that holds JSON.
const PART: &str = "import";
/// The file with what stands around it.
pub const MOST_BODY: usize = MOST_IMPORT_BYTES as usize + (1 << 20);

/// The routes of files out and in.
pub fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Registry> + Clone + Send + Sync + 'static,
{
    let doc = |id, summary| Doc::new(id, TAG, summary);
    Routes::new()
        .api_download(
            "/api/v1/registers/{register}/export",
            Door::Right("registry.export"),
            doc(
                "exportRecords",
                "All records that the filters find, as a file. With a `purpose` sealed fields too, each use of them recorded.",
            )
            .with_query(&["format", "words", "fields", "purpose", "q", "sort", "as_of"]),
            export,
        )
        .api_get(
            "/api/v1/registers/{register}/imports",
            IMPORT,
            doc("listImports", "Imports of a register, the newest first.").with_query(&["sau", "so"]),
            list,
        )
        .api_multipart::<ImportRequest, _, _, _>(
            "/api/v1/registers/{register}/imports",
            IMPORT,
            doc(
                "importRecords",
                "Takes a file in (CSV, XLSX, JSON, JSON Lines, GeoJSON) and begins to read it, unless the columns are to be confirmed first.",
            )
            .created(),
            PART,
            MOST_BODY,
            begin,
        )
        .api_get(
            "/api/v1/registers/{register}/imports/{id}",
            IMPORT,
            doc("getImport", "How far an import is."),
            show,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/registers/{register}/imports/{id}",
            IMPORT,
            doc("stopImport", "Ends an import; what was taken over stays."),
            stop,
        )
        .api_get(
            "/api/v1/registers/{register}/imports/{id}/preview",
            IMPORT,
            doc(
                "previewImport",
                "What the columns are taken for, and the first rows with what is wrong with them.",
            ),
            preview,
        )
        .api_send(
            Method::PUT,
            "/api/v1/registers/{register}/imports/{id}/sheet",
            IMPORT,
            doc("chooseImportSheet", "Reads another sheet of the workbook."),
            sheet,
        )
        .api_post(
            "/api/v1/registers/{register}/imports/{id}/start",
            IMPORT,
            doc(
                "startImport",
                "Confirms what the columns are; the work begins, or waits (`asked`) for somebody who approves what comes into the register.",
            ),
            start,
        )
        .api_get(
            "/api/v1/register-imports",
            DECIDES,
            doc("listAskedImports", "Files that wait for whoever asks to decide, the oldest first.").with_query(&["sau", "so"]),
            asked,
        )
        .api_get(
            "/api/v1/registers/{register}/imports/{id}/review",
            DECIDES,
            doc(
                "reviewImport",
                "A file that waits to be approved, with its first rows; sealed fields are left out.",
            ),
            review,
        )
        .api_post(
            "/api/v1/registers/{register}/imports/{id}/decision",
            DECIDES,
            doc(
                "decideImport",
                "Approves a file that waits, hands it back, or refuses it; the last two with a note.",
            ),
            decide,
        )
        .api_download(
            "/api/v1/registers/{register}/imports/{id}/bad-rows",
            IMPORT,
            doc(
                "getBadRows",
                "The rows that were not taken over, as they stood in the file, with the reasons; mended, it may come in again.",
            ),
            bad_rows,
        )
}

fn engine<S: AsRef<Registry>>(visit: &Visit<S>) -> &Registry {
    visit.state.as_ref()
}

async fn export<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>) -> Answer {
    let register = visit.param("register").to_owned();
    let mut op = visit.op().await?;
    let published = engine(&visit).narrowed(&mut op, &register).await?;
    let pairs: Vec<(String, String)> = visit
        .queries()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let wish = Wish::read(&published.definition, &pairs, visit.locale)?;
    send_export(&visit, engine(&visit), op, &register, wish).await
}

/// Answers with the file that is wished; also for pages. The operation is the one in which it was asked.
pub async fn send_export<S: AsRef<Site>>(
    visit: &Visit<S>,
    registry: &Registry,
    mut op: Op,
    register: &str,
    wish: Wish,
) -> Answer {
    let texts = visit.site().renderer.texts();
    let export = registry.export(&mut op, register, wish, &texts).await?;
    op.commit().await?;
    let (name, media_type) = (export.name.clone(), export.media_type());
    let body = Body::from_stream(export.stream(visit.site().ops.clone()));
    Ok(attachment(&name, media_type, body, false))
}

async fn list<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>) -> Result<ImportList> {
    let mut op = visit.look().await?;
    let page = engine(&visit)
        .imports(&mut op, visit.param("register"), &visit.page_request())
        .await?;
    let items = page.items.iter().map(|import| ImportAnswer::of(&visit, import));
    Ok(ImportList {
        items: items.collect(),
        next: page.next,
    })
}

async fn begin<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, mut upload: Upload) -> Result<ImportAnswer> {
    let register = visit.param("register").to_owned();
    let registry = engine(&visit);
    let mut op = visit.look().await?;
    registry.may_import(&mut op, &register).await?;
    drop(op);
    let file = upload.next_file().await?;
    let file = file.ok_or_else(|| Fault::invalid("web.missing_field").field("file", "web.missing_field"))?;
    let asked: ImportRequest = match upload.fields().get(PART) {
        Some(_) => upload.json(PART)?,
        None => ImportRequest::default(),
    };
    let name = file.name.clone();
    let arrived = registry.receive_import(&name, file.into_stream()).await?;
    let mut op = visit.op().await?;
    let mut import = registry.begin_import(&mut op, &register, arrived).await?;
    if let Some(sheet) = asked.sheet.as_deref().filter(|sheet| !sheet.is_empty()) {
        import = registry.choose_sheet(&mut op, &register, import.id, sheet).await?;
    }
    if asked.start {
        let definition = registry.register(&mut op, &register).await?.definition;
        let said = said(&definition, &import, &asked.columns)?;
        let known = import::known(&visit.site().renderer.texts());
        import = registry
            .start_import(&mut op, &register, import.id, (&known, &said), asked.valid_from)
            .await?;
    }
    op.commit().await?;
    Ok(ImportAnswer::of(&visit, &import))
}

/// What a program says of columns: by their headings, or by their places as `#1`.
fn said(
    definition: &RecordDefinition,
    import: &Import,
    columns: &BTreeMap<String, Option<String>>,
) -> Result<BTreeMap<usize, Choice>> {
    let mut said = BTreeMap::new();
    let mut fault = Fault::invalid("registry.import_columns");
    for (heading, target) in columns {
        let place = match heading.strip_prefix('#').and_then(|place| place.parse::<usize>().ok()) {
            Some(place) => place.checked_sub(1).filter(|place| *place < import.headings.len()),
            None => import.headings.iter().position(|own| own == heading),
        };
        let target = match target {
            None => Some(Target::Nothing),
            Some(key) => Target::parse(definition, key),
        };
        match (place, target) {
            (Some(place), Some(target)) => {
                let confirmed = true;
                said.insert(place, Choice { target, confirmed });
            }
            _ => {
                fault = fault.field_fault(
                    FieldFault::new(format!("columns.{heading}"), "registry.import.unknown").with("column", heading),
                );
            }
        }
    }
    match fault.fields.is_empty() {
        true => Ok(said),
        false => Err(fault),
    }
}

fn id<S: AsRef<Site>>(visit: &Visit<S>) -> Result<Uuid> {
    visit.parse_param("id")
}

async fn show<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>) -> Result<ImportAnswer> {
    let mut op = visit.look().await?;
    let import = engine(&visit)
        .import(&mut op, visit.param("register"), id(&visit)?)
        .await?;
    Ok(ImportAnswer::of(&visit, &import))
}

async fn stop<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, _: ImportStop) -> Result<ImportAnswer> {
    let mut op = visit.op().await?;
    let import = engine(&visit)
        .stop_import(&mut op, visit.param("register"), id(&visit)?)
        .await?;
    op.commit().await?;
    Ok(ImportAnswer::of(&visit, &import))
}

async fn preview<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>) -> Result<PreviewAnswer> {
    let known = import::known(&visit.site().renderer.texts());
    let mut op = visit.look().await?;
    let preview = engine(&visit)
        .preview_import(&mut op, visit.param("register"), id(&visit)?, &known, &BTreeMap::new())
        .await?;
    Ok(PreviewAnswer::of(&visit, &preview))
}

async fn sheet<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, body: ImportSheet) -> Result<ImportAnswer> {
    let mut op = visit.op().await?;
    let import = engine(&visit)
        .choose_sheet(&mut op, visit.param("register"), id(&visit)?, &body.sheet)
        .await?;
    op.commit().await?;
    Ok(ImportAnswer::of(&visit, &import))
}

async fn start<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, body: ImportStart) -> Result<ImportAnswer> {
    let (register, id) = (visit.param("register"), id(&visit)?);
    let registry = engine(&visit);
    let known = import::known(&visit.site().renderer.texts());
    let mut op = visit.op().await?;
    let definition = registry.register(&mut op, register).await?.definition;
    let import = registry.import(&mut op, register, id).await?;
    let said = said(&definition, &import, &body.columns)?;
    let import = registry
        .start_import(&mut op, register, id, (&known, &said), body.valid_from)
        .await?;
    op.commit().await?;
    Ok(ImportAnswer::of(&visit, &import))
}

async fn asked<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>) -> Result<ImportList> {
    let mut op = visit.look().await?;
    let page = engine(&visit).asked_imports(&mut op, &visit.page_request()).await?;
    let items = page.items.iter().map(|import| ImportAnswer::of(&visit, import));
    Ok(ImportList {
        items: items.collect(),
        next: page.next,
    })
}

async fn review<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>) -> Result<ImportReview> {
    let known = import::known(&visit.site().renderer.texts());
    let mut op = visit.look().await?;
    let (import, preview) = engine(&visit)
        .review_import(&mut op, visit.param("register"), id(&visit)?, &known)
        .await?;
    Ok(ImportReview {
        import: ImportAnswer::of(&visit, &import),
        preview: preview.map(|preview| PreviewAnswer::of(&visit, &preview)),
    })
}

async fn decide<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, body: ImportDecision) -> Result<ImportAnswer> {
    let mut op = visit.op().await?;
    let import = engine(&visit)
        .decide_import(&mut op, visit.param("register"), id(&visit)?, body.verdict, &body.note)
        .await?;
    op.commit().await?;
    Ok(ImportAnswer::of(&visit, &import))
}

async fn bad_rows<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>) -> Answer {
    let (register, id) = (visit.param("register").to_owned(), id(&visit)?);
    send_bad_rows(&visit, engine(&visit), &register, id).await
}

/// Answers with the rows of an import that were handed back; also for pages.
pub async fn send_bad_rows<S: AsRef<Site>>(visit: &Visit<S>, registry: &Registry, register: &str, id: Uuid) -> Answer {
    let texts = visit.site().renderer.texts();
    let mut op = visit.op().await?;
    let rows = registry.bad_rows(&mut op, register, id, (texts, visit.locale)).await?;
    op.commit().await?;
    let (name, media_type) = (rows.name.clone(), rows.media_type());
    let body = Body::from_stream(rows.stream(visit.site().ops.clone()));
    Ok(attachment(&name, media_type, body, false))
}
