//! Systems made of declarations: read with all their problems, put into force, and shown with their words.

mod manifest;
mod publish;
mod publish_registers;
mod read;
mod records;
mod registers;
mod sources;
mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
};

use dossiers::definition::ProcedureDefinition;
use forms::definition::FormDefinition;
use kernel::{Fault, Result};
use registry::definition::RecordDefinition;
use render::{Locale, RendererBuilder};
use schema::Problems;
use workflow::Definition;

use crate::scenarios::Scenario;

pub(crate) use manifest::is_requirement;
pub use manifest::{Engine, Manifest};
pub use publish::{Published, publish};
pub use publish_registers::{Planned, Refused, Registers, plan_registers, publish_registers};
pub use records::{Records, Row};
pub use registers::DOCUMENT_LISTS;
pub use sources::Sources;

/// A system whose declarations are without problems.
#[derive(Debug, Clone)]
pub struct App {
    /// Its key, the name of its folder.
    pub key: String,
    /// `app.toml`.
    pub manifest: Manifest,
    /// `forms/<name>.form.yaml` by name.
    pub forms: BTreeMap<String, FormDefinition>,
    /// `workflow/<name>.bpmn` with its binding, by name.
    pub processes: BTreeMap<String, Definition>,
    /// `dossiers/procedure.yaml`; none where the system has registers only.
    pub procedure: Option<ProcedureDefinition>,
    /// Keys of the reasons for a refusal (form 03), from its texts.
    pub refusal_reasons: BTreeSet<String>,
    /// The words as they were written.
    pub texts: Words,
    /// `documents/<name>.typ` by name.
    pub documents: BTreeMap<String, String>,
    /// `scenarios/<name>.yaml`, in order of their names.
    pub scenarios: Vec<Scenario>,
    /// `registry/<key>.record.yaml` by key, with the records beside them.
    pub registers: BTreeMap<String, Register>,
}

/// A register that a system declares.
#[derive(Debug, Clone)]
pub struct Register {
    /// `registry/<key>.record.yaml`.
    pub definition: RecordDefinition,
    /// `registry/<key>.records.csv`: what is published with it.
    pub records: Option<Records>,
}

/// The files of words of a system, in TOML.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// `texts/vi.toml`.
    pub vi: String,
    /// `texts/en.toml`.
    pub en: String,
}

/// What was looked at, and what is wrong.
#[derive(Debug, Default)]
pub struct Findings {
    /// Keys of the systems found, sound or not.
    pub names: Vec<String>,
    /// The systems without problems.
    pub apps: Vec<App>,
    /// Files read.
    pub files: usize,
    /// Everything that is wrong.
    pub problems: Problems,
}

impl App {
    /// The procedure, where the system must have one.
    pub fn procedure(&self) -> Result<&ProcedureDefinition> {
        self.procedure.as_ref().ok_or_else(|| broken(&self.key, "procedure"))
    }

    /// The form that the procedure names.
    pub fn form(&self) -> Result<&FormDefinition> {
        let name = &self.procedure()?.form;
        self.forms.get(name).ok_or_else(|| broken(&self.key, name))
    }

    /// The process that the procedure names.
    pub fn process(&self) -> Result<&Definition> {
        let name = &self.procedure()?.process;
        self.processes.get(name).ok_or_else(|| broken(&self.key, name))
    }
}

fn broken(app: &str, what: impl std::fmt::Display) -> Fault {
    Fault::internal("compose.app_broken")
        .with("app", app)
        .with("reason", what)
}

fn all_broken(reason: impl std::fmt::Display) -> Fault {
    Fault::internal("compose.apps_broken").with("reason", reason)
}

/// Checks every system below a folder such as `apps/`.
pub fn check(root: &Path) -> io::Result<Findings> {
    Ok(read::all(&Sources::folder(root)?))
}

/// The systems that the program carries with it. A program whose own systems have problems does not start:
/// `compose.apps_broken` with all of them.
pub fn embedded() -> Result<Vec<App>> {
    sound(&Sources::embedded())
}

/// The systems with a procedure that the program carries, without their registers: quick to read, for whoever needs no register.
pub fn embedded_procedures() -> Result<Vec<App>> {
    sound(&Sources::embedded().procedures())
}

/// The systems of a folder in their place, under the same condition; a folder that cannot be read is `compose.apps_broken` too.
pub fn of_folder(root: &Path) -> Result<Vec<App>> {
    let sources = Sources::folder(root).map_err(|error| all_broken(format!("{}: {error}", root.display())))?;
    sound(&sources)
}

fn sound(sources: &Sources) -> Result<Vec<App>> {
    let findings = read::all(sources);
    if findings.problems.is_empty() {
        Ok(findings.apps)
    } else {
        Err(all_broken(&findings.problems))
    }
}

/// Adds the words of the systems to a renderer, each under `apps.<key>`.
pub fn texts(mut builder: RendererBuilder, apps: &[App]) -> RendererBuilder {
    for app in apps {
        let namespace = format!("apps.{}", app.key);
        builder = builder
            .texts(Locale::Vi, &namespace, &app.texts.vi)
            .texts(Locale::En, &namespace, &app.texts.en);
    }
    builder
}

/// The document templates of the systems, named `<key>/<name>.typ`.
pub fn documents(apps: &[App]) -> Vec<(String, String)> {
    apps.iter()
        .flat_map(|app| {
            app.documents
                .iter()
                .map(|(name, source)| (format!("{}/{name}.typ", app.key), source.clone()))
        })
        .collect()
}

#[cfg(test)]
mod tests;
