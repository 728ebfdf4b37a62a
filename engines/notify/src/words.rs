//! Where words come from.

use std::collections::BTreeMap;

use render::Locale;

/// Turns a key and values into words. [`render::Texts`] does; so does any closure of this shape.
pub trait Words: Send + Sync {
    /// The words of a key in a language.
    fn text(&self, locale: Locale, key: &str, params: &BTreeMap<String, String>) -> String;
}

impl<F> Words for F
where
    F: Fn(Locale, &str, &BTreeMap<String, String>) -> String + Send + Sync,
{
    fn text(&self, locale: Locale, key: &str, params: &BTreeMap<String, String>) -> String {
        self(locale, key, params)
    }
}

impl Words for render::Texts {
    fn text(&self, locale: Locale, key: &str, params: &BTreeMap<String, String>) -> String {
        self.get(locale, key, params)
    }
}
