//! Words and values as papers show them. Papers are Vietnamese whatever the reader's language is.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use forms::{Display, SummaryPage};
use kernel::{Deadline, Money, format_date, local};
use render::{Locale, Params, Renderer, Texts};
use serde_json::{Map, Value, json};

/// A run without a space that is longer than this may be broken.
const LONG_RUN: usize = 24;

/// The Vietnamese texts, for one system.
pub(super) struct Words {
    texts: Arc<Texts>,
    app: String,
}

impl Words {
    pub(super) fn new(renderer: &Renderer, app: &str) -> Self {
        Self {
            texts: renderer.texts(),
            app: app.to_owned(),
        }
    }

    /// A text of the platform with its places filled.
    pub(super) fn text(&self, key: &str, params: &Params) -> String {
        self.texts.get(Locale::Vi, key, params)
    }

    /// The same without places.
    pub(super) fn plain(&self, key: &str) -> String {
        self.text(key, &Params::new())
    }

    /// A text of the system; the key itself where it has none.
    pub(super) fn app(&self, key: &str) -> String {
        self.find(&format!("apps.{}.{key}", self.app), &Params::new())
            .unwrap_or_else(|| key.to_owned())
    }

    /// A text with its places filled, if there is one.
    pub(super) fn find(&self, key: &str, params: &Params) -> Option<String> {
        self.texts.find(Locale::Vi, key, params)
    }

    /// All texts below a key as one object, tables in it as objects: `documents.reception` gives `{"title": …}`.
    pub(super) fn below(&self, prefix: &str, params: &Params) -> Value {
        let start = format!("{prefix}.");
        let mut all = Map::new();
        for key in self.texts.keys(Locale::Vi) {
            let Some(rest) = key.strip_prefix(&start) else { continue };
            let mut parts: Vec<&str> = rest.split('.').collect();
            let Some(last) = parts.pop() else { continue };
            let mut table = Some(&mut all);
            for part in parts {
                table = table.and_then(|table| table.entry(part).or_insert_with(|| json!({})).as_object_mut());
            }
            if let Some(table) = table {
                table.insert(last.to_owned(), self.text(&key, params).into());
            }
        }
        Value::Object(all)
    }

    pub(super) fn date(&self, date: NaiveDate) -> String {
        let params = Params::from([("date".to_owned(), format_date(date))]);
        self.text("documents.frame.date", &params)
    }

    pub(super) fn moment(&self, at: DateTime<Utc>) -> String {
        let at = local(at);
        let params = Params::from([
            ("hour".to_owned(), at.format("%H").to_string()),
            ("minute".to_owned(), at.format("%M").to_string()),
            ("date".to_owned(), format_date(at.date_naive())),
        ]);
        self.text("documents.frame.moment", &params)
    }

    pub(super) fn money(&self, money: Money) -> String {
        let shown = money.format_vi();
        let amount = shown.trim_end_matches(|c: char| !c.is_ascii_digit());
        let params = Params::from([("amount".to_owned(), amount.to_owned())]);
        self.text("documents.frame.money", &params)
    }

    pub(super) fn length(&self, length: Deadline) -> String {
        let (word, count) = match length {
            Deadline::Immediate => ("immediate", 0),
            Deadline::WorkingHours(count) => ("working_hours", count),
            Deadline::WorkingDays(count) => ("working_days", count),
            Deadline::CalendarDays(count) => ("calendar_days", count),
        };
        let params = Params::from([("count".to_owned(), count.to_string())]);
        self.text(&format!("documents.frame.{word}"), &params)
    }

    /// An answer as it is printed.
    pub(super) fn answer(&self, value: &Display) -> String {
        match value {
            Display::Text(text) | Display::Number(text) => soft(text),
            Display::Key(key) => self.app(key),
            Display::Keys(keys) => keys.iter().map(|key| self.app(key)).collect::<Vec<_>>().join("; "),
            Display::Date(date) => date.parse().map_or_else(|_| date.clone(), |date| self.date(date)),
            Display::Money(dong) => self.money(Money::from_dong(*dong)),
            Display::YesNo(true) => self.plain("documents.frame.yes"),
            Display::YesNo(false) => self.plain("documents.frame.no"),
        }
    }

    /// The answered form: `[{title, rows: [{field, label, value}]}]`.
    pub(super) fn summary(&self, pages: &[SummaryPage]) -> Value {
        let page = |page: &SummaryPage| {
            let rows = page.rows.iter().map(|row| {
                json!({ "field": row.field, "label": self.app(&row.label_key), "value": self.answer(&row.value) })
            });
            json!({ "title": self.app(&page.title_key), "rows": rows.collect::<Vec<_>>() })
        };
        pages.iter().map(page).collect()
    }

    /// The answers by field, as they are printed.
    pub(super) fn shown(&self, pages: &[SummaryPage]) -> Value {
        let rows = pages.iter().flat_map(|page| &page.rows);
        Value::Object(
            rows.map(|row| (row.field.clone(), self.answer(&row.value).into()))
                .collect(),
        )
    }

    /// The name of a place as the line of place and date has it: without the sort of area, unless a number is all that
    /// would be left.
    pub(super) fn place(&self, area: &str) -> String {
        let prefixes = self.plain("documents.frame.area_prefixes");
        let proper = prefixes
            .split('|')
            .filter_map(|prefix| area.strip_prefix(prefix)?.strip_prefix(' '))
            .find(|rest| rest.chars().any(char::is_lowercase));
        proper.unwrap_or(area).to_owned()
    }
}

/// Text in which long runs without a space may be broken, so that nothing reaches over the edge of the paper.
pub(super) fn soft(text: &str) -> String {
    let mut broken = String::with_capacity(text.len());
    let mut run = 0;
    for c in text.chars() {
        run = if c.is_whitespace() { 0 } else { run + 1 };
        if run > LONG_RUN {
            broken.push('\u{200b}');
            run = 1;
        }
        broken.push(c);
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_may_be_broken_and_nothing_else_changes() {
        assert_eq!(soft("Nguyễn Thị Hường\nấp Mỹ Hưng"), "Nguyễn Thị Hường\nấp Mỹ Hưng");
        let long = "x".repeat(100);
        let broken = soft(&long);
        assert_eq!(broken.replace('\u{200b}', ""), long);
        assert_eq!(broken.matches('\u{200b}').count(), 4);
    }
}
