//! What is wished of a file: which records, which fields, in which format.

use kernel::{Fault, Result};
use op::Op;
use render::Locale;
use tabular::Format;

use crate::definition::RecordDefinition;
use crate::list::Query;
use crate::{Registry, access, error};

/// What is wished of a file.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Its format.
    pub format: Format,
    /// Which records, in which order.
    pub query: Query,
    /// Which fields; none: all that the reader sees.
    pub fields: Vec<String>,
    /// Words for people in place of codes.
    pub words: bool,
    /// What sealed fields are opened for; without it they are left out.
    pub purpose: Option<String>,
    /// The language of headings and words.
    pub locale: Locale,
}

/// The format with this word, if files are made of it.
pub fn format_of(word: &str) -> Result<Format> {
    Format::ALL
        .into_iter()
        .find(|format| format.extension() == word)
        .ok_or_else(|| Fault::invalid("registry.no_format").with("format", word))
}

impl Wish {
    /// Reads a wish from the pairs of an address: `format` (csv, xlsx, json, jsonl, geojson, parquet), `words=yes`, `fields` (with commas), `purpose`
    /// (opens sealed fields), and the filters of [`Query::read`]. A field that is called like one of these is filtered by as
    /// `where.<field>`. What is none of them is refused: a slip in a filter must not give everything.
    ///
    /// # Errors
    /// `registry.no_format` {format}, `registry.bad_filter` {field}, and those of [`Query::read`].
    pub fn read(definition: &RecordDefinition, pairs: &[(String, String)], locale: Locale) -> Result<Self> {
        let mut wish = Self {
            format: Format::Csv,
            query: Query::default(),
            fields: Vec::new(),
            words: false,
            purpose: None,
            locale,
        };
        let mut filters = Vec::new();
        for (name, value) in pairs {
            let filled = !value.trim().is_empty();
            match name.as_str() {
                "format" if filled => wish.format = format_of(value.trim())?,
                "words" => wish.words = matches!(value.trim(), "yes" | "true" | "1"),
                "purpose" if filled => wish.purpose = Some(kernel::text::clean_line(value)),
                "fields" => {
                    let each = value.split(',').map(str::trim).filter(|field| !field.is_empty());
                    wish.fields = each.map(str::to_owned).collect();
                }
                "format" | "purpose" => {}
                _ => {
                    let name = name.strip_prefix("where.").unwrap_or(name);
                    filters.push((name.to_owned(), value.clone()));
                }
            }
        }
        let (query, others) = Query::read(definition, &filters)?;
        if let Some((name, _)) = others.first() {
            return Err(error::bad_filter(name));
        }
        wish.query = query;
        Ok(wish)
    }
}

/// What of a register somebody may take out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exportable {
    /// Fields without a purpose.
    pub plain: Vec<String>,
    /// Fields for a purpose; none where whoever asks opens nothing.
    pub sealed: Vec<String>,
}

impl Registry {
    /// Which fields whoever asks may take out as a file.
    ///
    /// # Errors
    /// `registry.not_found` {register}.
    pub async fn exportable(&self, op: &mut Op, register: &str) -> Result<Exportable> {
        let seen = self.seen(op, register).await?;
        op.allow(
            "registry.export",
            &format!("register:{register}"),
            access::read(register, &seen.sight),
        )
        .await?;
        let opens = access::open(op.rights(), &seen.sight).is_allowed();
        let mut fields = Exportable::default();
        for field in &seen.published.definition.fields {
            if seen.sight.plain.contains(&field.field) {
                fields.plain.push(field.field.clone());
            } else if opens && seen.sight.sealed.contains(&field.field) {
                fields.sealed.push(field.field.clone());
            }
        }
        Ok(fields)
    }
}
