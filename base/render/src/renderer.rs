use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, RwLock},
};

use minijinja::{AutoEscape, Environment, UndefinedBehavior, value::Serde};
use rust_embed::RustEmbed;
use serde::Serialize;

use crate::{AssetManifest, Locale, RenderFault, Texts, filters, functions};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/templates"]
struct OwnTemplates;

/// A set of templates: (name, source).
type TemplateSet = Box<dyn Fn() -> Vec<(String, String)> + Send + Sync>;

/// The templates of a `rust-embed` folder as (name, source). In a debug build the files are read from disk at each call.
pub fn embedded<T: RustEmbed>() -> Vec<(String, String)> {
    T::iter()
        .filter_map(|name| {
            let file = T::get(&name)?;
            Some((name.to_string(), String::from_utf8_lossy(&file.data).into_owned()))
        })
        .collect()
}

/// Draws pages from templates, texts and built assets. Cheap to share behind an `Arc`.
pub struct Renderer {
    sets: Vec<TemplateSet>,
    extra_texts: Vec<(Locale, String, String)>,
    assets: Arc<AssetManifest>,
    prepared: RwLock<Arc<Prepared>>,
}

/// Everything parsed, for one state of the files.
struct Prepared {
    stamp: u64,
    environments: BTreeMap<Locale, Environment<'static>>,
    texts: Arc<Texts>,
}

/// Collects what a [`Renderer`] draws with.
#[derive(Default)]
pub struct RendererBuilder {
    sets: Vec<TemplateSet>,
    extra_texts: Vec<(Locale, String, String)>,
    assets: Option<AssetManifest>,
}

impl RendererBuilder {
    /// Adds templates, usually `.templates(embedded::<PortalTemplates>)`. Called once at start, and in debug builds
    /// again before each page, so that an edited file shows at once. A name that exists already is an error.
    pub fn templates(mut self, set: impl Fn() -> Vec<(String, String)> + Send + Sync + 'static) -> Self {
        self.sets.push(Box::new(set));
        self
    }

    /// Adds texts of a declared system: name space `apps.<key>`, source is TOML.
    pub fn texts(mut self, locale: Locale, namespace: &str, source: &str) -> Self {
        self.extra_texts.push((locale, namespace.to_owned(), source.to_owned()));
        self
    }

    /// Replaces the embedded asset manifest.
    pub fn assets(mut self, manifest: AssetManifest) -> Self {
        self.assets = Some(manifest);
        self
    }

    /// Parses every template and text, so that a broken one is found at start.
    pub fn build(self) -> Result<Renderer, RenderFault> {
        let assets = match self.assets {
            Some(manifest) => manifest,
            None => AssetManifest::embedded()?,
        };
        let assets = Arc::new(assets);
        let sources = sources(&self.sets);
        let stamp = stamp(&sources);
        let prepared = prepare(stamp, sources, &self.extra_texts, &assets)?;
        Ok(Renderer {
            sets: self.sets,
            extra_texts: self.extra_texts,
            assets,
            prepared: RwLock::new(Arc::new(prepared)),
        })
    }
}

impl Renderer {
    /// Starts with the components, layouts and texts of the repository and the built assets.
    pub fn builder() -> RendererBuilder {
        RendererBuilder::default().templates(own_templates)
    }

    /// Draws a page. The context is a structure with, for templates that extend a layout, a field `page`
    /// ([`PageFrame`](crate::PageFrame)). Naming a value that does not exist is an error, except in a condition.
    pub fn page(&self, template: &str, locale: Locale, context: impl Serialize) -> Result<String, RenderFault> {
        let prepared = self.current()?;
        prepared.environments[&locale]
            .get_template(template)
            .and_then(|found| found.render(Serde(&context)))
            .map_err(|error| RenderFault::template(template, &error))
    }

    /// The texts, for words outside of templates: messages, error codes, titles.
    pub fn texts(&self) -> Arc<Texts> {
        match self.current() {
            Ok(prepared) => Arc::clone(&prepared.texts),
            Err(_) => Arc::clone(
                &self
                    .prepared
                    .read()
                    .unwrap_or_else(|poisoned| poisoned.into_inner())
                    .texts,
            ),
        }
    }

    /// Every text key that a template names literally, for completeness tests.
    pub fn text_keys(&self) -> BTreeSet<TextKey> {
        sources(&self.sets)
            .iter()
            .flat_map(|(name, source)| literal_keys(name, source))
            .collect()
    }

    /// The keys that templates name and a language lacks: `vi layout.nav.track (layouts/citizen.html)`.
    pub fn missing_texts(&self) -> Vec<String> {
        let texts = self.texts();
        let mut missing = Vec::new();
        for key in self.text_keys() {
            for locale in Locale::ALL {
                let known = if key.prefix {
                    texts.has_prefix(locale, &key.key)
                } else {
                    texts.has(locale, &key.key)
                };
                if !known {
                    missing.push(format!("{locale} {} ({})", key.key, key.template));
                }
            }
        }
        missing
    }

    /// The parsed state; in debug builds made anew when a file changed.
    fn current(&self) -> Result<Arc<Prepared>, RenderFault> {
        let known = Arc::clone(&self.prepared.read().unwrap_or_else(|poisoned| poisoned.into_inner()));
        if !cfg!(debug_assertions) {
            return Ok(known);
        }
        let sources = sources(&self.sets);
        let stamp = stamp(&sources);
        if stamp == known.stamp {
            return Ok(known);
        }
        let fresh = Arc::new(prepare(stamp, sources, &self.extra_texts, &self.assets)?);
        *self.prepared.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = Arc::clone(&fresh);
        Ok(fresh)
    }
}

/// The folder also holds the documents, which are not pages.
fn own_templates() -> Vec<(String, String)> {
    embedded::<OwnTemplates>()
        .into_iter()
        .filter(|(name, _)| name.ends_with(".html"))
        .collect()
}

fn sources(sets: &[TemplateSet]) -> Vec<(String, String)> {
    sets.iter().flat_map(|set| set()).collect()
}

fn stamp(sources: &[(String, String)]) -> u64 {
    let mut hasher = DefaultHasher::new();
    sources.hash(&mut hasher);
    hasher.finish()
}

fn prepare(
    stamp: u64,
    sources: Vec<(String, String)>,
    extra: &[(Locale, String, String)],
    assets: &Arc<AssetManifest>,
) -> Result<Prepared, RenderFault> {
    let mut names = BTreeSet::new();
    if let Some((twice, _)) = sources.iter().find(|(name, _)| !names.insert(name.as_str())) {
        return Err(RenderFault::TwiceRegistered(twice.clone()));
    }
    let mut texts = Texts::embedded()?;
    for (locale, namespace, source) in extra {
        texts.add(*locale, namespace, source)?;
    }
    let texts = Arc::new(texts);
    let mut environments = BTreeMap::new();
    for locale in Locale::ALL {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        // Printing or iterating something undefined is an error; asking whether it is there is not.
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_formatter(functions::write_value);
        functions::add(&mut environment, locale, &texts, assets);
        filters::add(&mut environment, locale, &texts);
        for (name, source) in &sources {
            environment
                .add_template_owned(name.clone(), source.clone())
                .map_err(|error| RenderFault::template(name, &error))?;
        }
        environments.insert(locale, environment);
    }
    Ok(Prepared {
        stamp,
        environments,
        texts,
    })
}

/// A text key found in a template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextKey {
    /// The key, or its beginning.
    pub key: String,
    /// Whether the template appends something: `t("layout.state." ~ status)`.
    pub prefix: bool,
    /// The template.
    pub template: String,
}

fn literal_keys(template: &str, source: &str) -> Vec<TextKey> {
    let mut keys = Vec::new();
    for (at, call) in source.match_indices("t(\"") {
        // `t` must stand alone: not the end of `print(` or `post(`.
        let alone = source[..at]
            .chars()
            .next_back()
            .is_none_or(|c| !c.is_alphanumeric() && c != '_');
        let rest = &source[at + call.len()..];
        let Some(end) = rest.find('"') else { continue };
        if alone {
            keys.push(TextKey {
                key: rest[..end].to_owned(),
                prefix: rest[end + 1..].trim_start().starts_with('~'),
                template: template.to_owned(),
            });
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_literal_keys_and_beginnings() {
        let keys = literal_keys("x", r#"{{ t("a.b", n=1) }} {{ print("no") }} {{ t("a.c." ~ kind) }}"#);
        let found: Vec<_> = keys.iter().map(|key| (key.key.as_str(), key.prefix)).collect();
        assert_eq!(found, [("a.b", false), ("a.c.", true)]);
    }
}
