use std::collections::{BTreeMap, BTreeSet};

use rust_embed::RustEmbed;

use crate::{Locale, RenderFault};

/// Values for the `{name}` places of a text; the same shape as the parameters of a [`kernel::Fault`].
pub type Params = BTreeMap<String, String>;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../texts"]
struct TextFiles;

/// Tables that every engine adds to from its own file: `[errors.files]` in `files.toml` holds the keys `errors.files.…`.
const AT_THE_ROOT: [&str; 5] = ["errors", "flash", "history", "messages", "status"];

/// Every word that a person sees.
///
/// The file `texts/vi/layout.toml` holds the keys `layout.…`; tables are dots: `[nav] track = "…"` is
/// `layout.nav.track`. A text has places `{name}`. Where English needs two forms the key is a table with `one`
/// and `other`, chosen by the parameter `count`. A key ending in `_html` holds markup; its parameters are escaped.
///
/// Five tables stand at the root whichever file holds them: `errors`, `flash`, `history`, `messages`, `status`. So does a
/// table named like its file: `[identity.role]` in `identity.toml` is `identity.role`.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    words: BTreeMap<Locale, BTreeMap<String, String>>,
}

impl Texts {
    /// The texts of the repository.
    pub fn embedded() -> Result<Self, RenderFault> {
        let mut texts = Texts::default();
        for path in TextFiles::iter() {
            let Some((tag, file)) = path.split_once('/') else {
                continue;
            };
            let Ok(locale) = tag.parse::<Locale>() else { continue };
            let Some(namespace) = file.strip_suffix(".toml") else {
                continue;
            };
            let Some(content) = TextFiles::get(&path) else { continue };
            let source = std::str::from_utf8(&content.data).map_err(|error| RenderFault::Texts {
                file: path.to_string(),
                detail: error.to_string(),
            })?;
            texts.add(locale, namespace, source)?;
        }
        Ok(texts)
    }

    /// Adds the texts of one TOML source under a name space, such as `apps.household-business`. A later source wins.
    pub fn add(&mut self, locale: Locale, namespace: &str, source: &str) -> Result<(), RenderFault> {
        let file = || format!("{locale}/{namespace}");
        let table: toml::Table = toml::from_str(source).map_err(|error| RenderFault::Texts {
            file: file(),
            detail: error.to_string(),
        })?;
        let words = self.words.entry(locale).or_default();
        let not_a_text = |key| RenderFault::Texts {
            file: file(),
            detail: format!("{key} is not a text"),
        };
        for (name, value) in table {
            match value {
                toml::Value::Table(inner) if AT_THE_ROOT.contains(&name.as_str()) || name == namespace => {
                    flatten(&name, &inner, words).map_err(not_a_text)?;
                }
                other => flatten(namespace, &toml::Table::from_iter([(name, other)]), words).map_err(not_a_text)?,
            }
        }
        Ok(())
    }

    /// The text with its places filled; `None` where the language has no such key.
    pub fn find(&self, locale: Locale, key: &str, params: &Params) -> Option<String> {
        self.raw(locale, key, params)
            .map(|text| fill(text, params, |value| value.to_owned()))
    }

    /// The text with its places filled. A missing English text falls back to Vietnamese; a text that is missing
    /// altogether is logged and shown as `[key]`, so that a page still works and the gap is seen.
    pub fn get(&self, locale: Locale, key: &str, params: &Params) -> String {
        self.filled(locale, key, params, |value| value.to_owned())
    }

    /// The words of an error code (tables `[errors.…]` of any file), such as those of a [`kernel::Fault`] or its fields.
    pub fn error(&self, locale: Locale, code: &str, params: &Params) -> String {
        self.get(locale, &format!("errors.{code}"), params)
    }

    /// Whether the language has the key, or its `one`/`other` pair.
    pub fn has(&self, locale: Locale, key: &str) -> bool {
        self.words
            .get(&locale)
            .is_some_and(|words| words.contains_key(key) || words.contains_key(&format!("{key}.other")))
    }

    /// Whether the language has at least one key that begins so.
    pub fn has_prefix(&self, locale: Locale, prefix: &str) -> bool {
        self.words.get(&locale).is_some_and(|words| {
            words
                .range(prefix.to_owned()..)
                .next()
                .is_some_and(|(key, _)| key.starts_with(prefix))
        })
    }

    /// Every key of the language; an `one`/`other` pair counts as one key.
    pub fn keys(&self, locale: Locale) -> BTreeSet<String> {
        let Some(words) = self.words.get(&locale) else {
            return BTreeSet::new();
        };
        words
            .keys()
            .map(|key| {
                let stem = key
                    .strip_suffix(".one")
                    .or_else(|| key.strip_suffix(".other"))
                    .unwrap_or(key);
                stem.to_owned()
            })
            .collect()
    }

    pub(crate) fn filled(&self, locale: Locale, key: &str, params: &Params, escape: impl Fn(&str) -> String) -> String {
        if let Some(text) = self.raw(locale, key, params) {
            return fill(text, params, escape);
        }
        tracing::error!(key, %locale, "text is missing");
        match self.raw(Locale::Vi, key, params) {
            Some(text) => fill(text, params, escape),
            None => format!("[{}]", escape(key)),
        }
    }

    fn raw(&self, locale: Locale, key: &str, params: &Params) -> Option<&str> {
        let words = self.words.get(&locale)?;
        if let Some(text) = words.get(key) {
            return Some(text);
        }
        let form = match params.get("count").map(String::as_str) {
            Some("1") => "one",
            _ => "other",
        };
        words.get(&format!("{key}.{form}")).map(String::as_str)
    }
}

fn flatten(prefix: &str, table: &toml::Table, into: &mut BTreeMap<String, String>) -> Result<(), String> {
    for (name, value) in table {
        let key = format!("{prefix}.{name}");
        match value {
            toml::Value::String(text) => {
                into.insert(key, text.clone());
            }
            toml::Value::Table(inner) => flatten(&key, inner, into)?,
            _ => return Err(key),
        }
    }
    Ok(())
}

/// Fills `{name}` places in one pass, so that a value which itself holds `{…}` stays as it is.
fn fill(text: &str, params: &Params, escape: impl Fn(&str) -> String) -> String {
    let mut filled = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        filled.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        match after.find('}').map(|close| (&after[..close], &after[close + 1..])) {
            Some((name, tail)) if params.contains_key(name) => {
                filled.push_str(&escape(&params[name]));
                rest = tail;
            }
            _ => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}
