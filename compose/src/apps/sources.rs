//! The files of systems, from the program itself or from a folder.

use std::{collections::BTreeMap, fs, io, path::Path};

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../apps"]
struct Embedded;

/// Files by system and by path inside the system. `None` stands for a file that is not text in UTF-8.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    pub(crate) apps: BTreeMap<String, BTreeMap<String, Option<String>>>,
    /// Whether nobody asks for registers.
    pub(crate) without_registers: bool,
}

impl Sources {
    /// The systems inside the program.
    pub fn embedded() -> Self {
        let mut sources = Self::default();
        for path in Embedded::iter() {
            if let Some(file) = Embedded::get(&path) {
                sources.add(&path, file.data.into_owned());
            }
        }
        sources
    }

    /// Those with a procedure, as if they had no registers.
    pub(crate) fn procedures(mut self) -> Self {
        self.apps
            .retain(|_, files| files.contains_key("dossiers/procedure.yaml"));
        for files in self.apps.values_mut() {
            files.retain(|file, _| !file.starts_with("registry/"));
        }
        self.without_registers = true;
        self
    }

    /// The systems in a folder, one folder each. Files beside those folders belong to nobody and are passed over.
    pub fn folder(root: &Path) -> io::Result<Self> {
        let mut sources = Self::default();
        sources.collect(root, root)?;
        Ok(sources)
    }

    /// A file `<system>/<path>`. What lies beside the folders of systems is passed over.
    pub(crate) fn add(&mut self, path: &str, content: Vec<u8>) {
        if let Some((app, file)) = path.split_once('/') {
            self.apps
                .entry(app.to_owned())
                .or_default()
                .insert(file.to_owned(), String::from_utf8(content).ok());
        }
    }

    fn collect(&mut self, root: &Path, folder: &Path) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let label = path
                .strip_prefix(root)
                .unwrap_or(&path)
                .to_string_lossy()
                .replace('\\', "/");
            if path.is_dir() {
                if folder == root {
                    self.apps.entry(label).or_default();
                }
                self.collect(root, &path)?;
            } else if folder != root {
                self.add(&label, fs::read(&path)?);
            }
        }
        Ok(())
    }
}
