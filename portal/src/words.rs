//! What pages say about a case: words of the declared system, faults and answers as a person reads them.

use std::sync::Arc;

use forms::Display;
use kernel::{Fault, FieldFault, Money};
use render::{Locale, Params, Texts};
use web::Visit;

use crate::House;

/// The words of one declared system in the language of a visit.
pub(crate) struct Words {
    texts: Arc<Texts>,
    locale: Locale,
    app: String,
}

impl Words {
    /// The words of this system for this visitor.
    pub(crate) fn new(visit: &Visit<House>, app: &str) -> Self {
        Self {
            texts: visit.site().renderer.texts(),
            locale: visit.locale,
            app: app.to_owned(),
        }
    }

    /// The language of the visit, as declarations name it.
    pub(crate) fn language(&self) -> &'static str {
        self.locale.tag()
    }

    /// A text that the system must have; the key is relative to its texts.
    pub(crate) fn app(&self, key: &str) -> String {
        self.texts.get(self.locale, &self.key(key), &Params::new())
    }

    /// A text that the system may have.
    pub(crate) fn maybe(&self, key: &str) -> String {
        let key = self.key(key);
        let none = Params::new();
        self.texts
            .find(self.locale, &key, &none)
            .or_else(|| self.texts.find(Locale::Vi, &key, &none))
            .unwrap_or_default()
    }

    /// A text of the platform.
    pub(crate) fn say<const N: usize>(&self, key: &str, params: [(&str, String); N]) -> String {
        let params = params.map(|(name, value)| (name.to_owned(), value));
        self.texts.get(self.locale, key, &Params::from(params))
    }

    /// A text that the platform may have.
    pub(crate) fn find(&self, key: &str) -> Option<String> {
        self.texts.find(self.locale, key, &Params::new())
    }

    /// The words of a fault.
    pub(crate) fn fault(&self, fault: &Fault) -> String {
        self.texts.error(self.locale, fault.code, &fault.params)
    }

    /// The words of a fault of one field: those that the system has for this field and rule, else the general ones.
    pub(crate) fn field_fault(&self, fault: &FieldFault) -> String {
        self.code(&fault.code, &fault.params)
    }

    /// The same from its parts. `own_key` and `label_key` are keys of the system's texts.
    pub(crate) fn code(&self, code: &str, params: &Params) -> String {
        let mut params = params.clone();
        if let Some(label) = params.get("label_key").map(|key| self.maybe(key)) {
            params.insert("label".to_owned(), label);
        }
        let own = params.get("own_key").map(|key| self.key(key));
        own.and_then(|key| self.texts.find(self.locale, &key, &params))
            .unwrap_or_else(|| self.texts.error(self.locale, code, &params))
    }

    /// An answer as it is read back to people.
    pub(crate) fn answer(&self, answer: &Display) -> String {
        match answer {
            Display::Text(text) | Display::Number(text) => text.clone(),
            Display::Key(key) => self.app(key),
            Display::Keys(keys) => keys.iter().map(|key| self.app(key)).collect::<Vec<_>>().join(", "),
            Display::Date(day) => render::date_text(day).unwrap_or_else(|| day.clone()),
            Display::Money(dong) => {
                let money = Money::from_dong(*dong);
                match self.locale {
                    Locale::Vi => money.format_vi(),
                    Locale::En => money.format_en(),
                }
            }
            Display::YesNo(yes) => self.say(if *yes { "layout.yes" } else { "layout.no" }, []),
        }
    }

    /// `apps.<app>.<key>`.
    fn key(&self, key: &str) -> String {
        format!("apps.{}.{key}", self.app)
    }
}
