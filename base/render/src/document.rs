//! Papers as PDF: Typst templates, data as a virtual file, one fixed font, the same bytes for the same input.
//!
//! A template reads `json("/data.json")` and may import `"/letter.typ"`. Data arrives as values, never as markup, so
//! what a citizen typed cannot run. There is no disk, no package, no network and no clock inside a template.
//! Compiling takes tens of milliseconds of processor time: call it in `spawn_blocking`.

use std::collections::BTreeMap;

use chrono::Datelike;
use rust_embed::RustEmbed;
use typst::{
    World, WorldExt,
    diag::{SourceDiagnostic, Warned},
    foundations::{Bytes, Datetime, Smart},
};
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

mod world;
use world::{PaperWorld, printable};

/// Data above this size (bytes of JSON) is refused: a paper for people never needs more.
const MAX_DATA: usize = 1024 * 1024;

/// Printed in place of a character for which there is no face.
pub const UNSHOWN: char = '□';

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/templates/documents"]
struct OwnDocuments;

/// Why a paper could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DocumentFault {
    /// No template has this name.
    #[error("no document template {0}")]
    UnknownTemplate(String),
    /// The name is not a plain path such as `licence.typ`, or it is taken.
    #[error("{0:?} is not a name for a document template")]
    Name(String),
    /// The data is larger than a mebibyte.
    #[error("the data of a document has {0} bytes, above the limit")]
    DataTooLarge(usize),
    /// The template does not compile with this data.
    #[error("document template {file}, line {line}: {message}")]
    Compile {
        /// The file in which the fault lies.
        file: String,
        /// Its line, counted from one; zero where it is not known.
        line: usize,
        /// What the compiler says, hints included.
        message: String,
    },
}

impl From<DocumentFault> for kernel::Fault {
    fn from(fault: DocumentFault) -> Self {
        kernel::Fault::internal("render.document_failed").caused_by(fault)
    }
}

/// The document templates of the platform and of the declared systems.
#[derive(Clone, Debug)]
pub struct Documents {
    sources: BTreeMap<String, String>,
}

impl Documents {
    /// Takes templates as (name, source), names such as `household-business/licence.typ`. `letter.typ` of this crate is
    /// there already and may be imported as `"/letter.typ"`; a name that exists is refused.
    pub fn new(templates: impl IntoIterator<Item = (String, String)>) -> Result<Self, DocumentFault> {
        let mut sources: BTreeMap<String, String> = crate::embedded::<OwnDocuments>().into_iter().collect();
        for (name, source) in templates {
            let plain = name.ends_with(".typ")
                && name.split('/').all(|part| !part.is_empty() && part != "..")
                && !name.contains('\\');
            if !plain || sources.contains_key(&name) {
                return Err(DocumentFault::Name(name));
            }
            sources.insert(name, source);
        }
        Ok(Self { sources })
    }

    /// The names of all templates.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sources.keys().map(String::as_str)
    }

    /// Makes a PDF/A-2b. `qr_svg` is shown by templates as `image("/qr.svg")`; see [`crate::qr::svg`].
    ///
    /// What no face can show (picture signs, other scripts) is printed as [`UNSHOWN`]; controls and signs without a shape are left out.
    ///
    /// The creation date of the file is the field `date` of the data (`yyyy-mm-dd`), never the clock: the same
    /// template and data give the same bytes.
    pub fn pdf(
        &self,
        template: &str,
        data: &serde_json::Value,
        qr_svg: Option<&str>,
    ) -> Result<Vec<u8>, DocumentFault> {
        if !self.sources.contains_key(template) {
            return Err(DocumentFault::UnknownTemplate(template.to_owned()));
        }
        let json = shown(data).to_string();
        if json.len() > MAX_DATA {
            return Err(DocumentFault::DataTooLarge(json.len()));
        }
        // Memory of earlier papers must be dropped after failed compiles as well, hence a guard.
        let _evict = EvictAfter;
        let world = PaperWorld::new(&self.sources, template, json, qr_svg.map(str::to_owned))?;
        let Warned { output, warnings } = typst::compile(&world);
        for warning in warnings {
            tracing::warn!(template, message = %warning.message, "document template");
        }
        let document = output.map_err(|errors| compile_fault(&world, template, &errors))?;
        typst_pdf::pdf(&document, &options(data)).map_err(|errors| compile_fault(&world, template, &errors))
    }
}

/// The data with every text made of characters that can be printed.
fn shown(data: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match data {
        Value::String(text) => text
            .chars()
            .filter_map(|letter| match letter {
                // Places where a line may break have no shape in any font and need none.
                '\u{200b}' => Some(letter),
                '\t' | '\u{a0}' | '\u{202f}' => Some(' '),
                _ if printable(letter) => Some(letter),
                _ if letter.is_control() || shapeless(letter) => None,
                _ => Some(UNSHOWN),
            })
            .collect::<String>()
            .into(),
        Value::Array(items) => items.iter().map(shown).collect(),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), shown(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Joiners, marks of direction, choices of a variant, tags: they only change how others are shown.
fn shapeless(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{200c}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{e0000}'..='\u{e01ef}'
    )
}

fn options(data: &serde_json::Value) -> PdfOptions {
    // Without a date of its own a paper is dated by the epoch of the calendar in use: PDF/A demands some date.
    let day = data
        .get("date")
        .and_then(|date| date.as_str())
        .and_then(|date| date.get(..10)?.parse::<chrono::NaiveDate>().ok())
        .unwrap_or_default();
    let date = Datetime::from_ymd_hms(day.year(), day.month() as u8, day.day() as u8, 0, 0, 0);
    PdfOptions {
        creator: Smart::Custom(Some("Ngã Bảy".to_owned())),
        timestamp: date.map(Timestamp::new_utc),
        standards: PdfStandards::new(&[PdfStandard::A_2b]).unwrap_or_default(),
        ..PdfOptions::default()
    }
}

fn compile_fault(world: &PaperWorld, template: &str, errors: &[SourceDiagnostic]) -> DocumentFault {
    let Some(error) = errors.first() else {
        return DocumentFault::Compile {
            file: template.to_owned(),
            line: 0,
            message: "unknown".to_owned(),
        };
    };
    let place = error.span.id().and_then(|id| {
        let source = world.source(id).ok()?;
        let range = world.range(error.span)?;
        let line = source.lines().byte_to_line(range.start)? + 1;
        Some((id.get().vpath().get_without_slash().to_owned(), line))
    });
    let (file, line) = place.unwrap_or((template.to_owned(), 0));
    let mut message = error.message.to_string();
    for hint in &error.hints {
        message.push_str("; hint: ");
        message.push_str(&hint.v);
    }
    DocumentFault::Compile { file, line, message }
}

struct EvictAfter;

impl Drop for EvictAfter {
    fn drop(&mut self) {
        comemo::evict(8);
    }
}

fn bytes(text: &str) -> Bytes {
    Bytes::from_string(text.to_owned())
}
