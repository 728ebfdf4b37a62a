use std::{borrow::Cow, collections::BTreeMap};

use rust_embed::RustEmbed;

use crate::RenderFault;

/// The files that the build of `assets/` left in `assets/dist`; empty where it has not run yet.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../assets/dist"]
#[allow_missing = true]
struct Built;

/// Maps a logical name (`citizen.css`) to the hashed file (`citizen.75c575798a.css`).
#[derive(Clone, Debug, Default)]
pub struct AssetManifest {
    files: BTreeMap<String, String>,
}

impl AssetManifest {
    /// The path under which `web` serves the files.
    pub const PREFIX: &'static str = "/assets/";

    /// The manifest of the embedded build; empty where `assets/` has not been built.
    pub fn embedded() -> Result<Self, RenderFault> {
        match Built::get("manifest.json") {
            Some(file) => Self::from_json(&String::from_utf8_lossy(&file.data)),
            None => Ok(Self::default()),
        }
    }

    /// Reads a manifest: a JSON object of strings.
    pub fn from_json(json: &str) -> Result<Self, RenderFault> {
        let files = serde_json::from_str(json).map_err(|error| RenderFault::Manifest(error.to_string()))?;
        Ok(Self { files })
    }

    /// The address of a file: `/assets/citizen.75c575798a.css`. An unknown name is logged and keeps its own name.
    pub fn address(&self, name: &str) -> String {
        let file = self.files.get(name).map_or_else(
            || {
                tracing::error!(name, "asset is not in the manifest; has assets/ been built?");
                name
            },
            String::as_str,
        );
        format!("{}{file}", Self::PREFIX)
    }
}

/// One file to serve.
#[derive(Debug)]
pub struct AssetFile {
    /// Its bytes.
    pub bytes: Cow<'static, [u8]>,
    /// Its media type.
    pub media_type: &'static str,
    /// Whether the name holds a hash, so that browsers may keep it for ever.
    pub immutable: bool,
}

/// A built file by its hashed name. `sw.js` has no hash: serve it at `/sw.js` with `Cache-Control: no-cache`.
pub fn asset_file(name: &str) -> Option<AssetFile> {
    let media_type = match name.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webmanifest" => "application/manifest+json",
        _ => return None,
    };
    let file = Built::get(name)?;
    Some(AssetFile {
        bytes: file.data,
        media_type,
        immutable: name != "sw.js",
    })
}
