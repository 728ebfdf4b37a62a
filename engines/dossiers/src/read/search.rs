//! Finding a case in an office.

use db::{Page, PageRequest};
use kernel::{DossierCode, Result};
use op::{Entry, Op};
use serde_json::json;

use super::{inbox::terms, official};
use crate::Dossiers;
use crate::store::sealed::is_number;
use crate::store::search::{Question, search};
use crate::views::FoundRow;

impl Dossiers {
    /// The dossiers that the official's agency holds or held and in which every word occurs: code, title, name, number; with or
    /// without tones, newest first. A question without words finds nothing. The trail keeps which dossiers were shown, not the words:
    /// the caller commits. Fails with `dossiers.not_allowed` for others.
    pub async fn search(&self, op: &mut Op, question: &str, request: &PageRequest) -> Result<Page<FoundRow>> {
        let reader = official(op, "dossiers.search", "search").await?;
        let typed: String = question.split_whitespace().collect();
        let question = match (DossierCode::parse(&typed), terms(question)) {
            (Ok(code), _) => Question::of_code(reader.agency, &code),
            (Err(_), terms) if terms.is_empty() => {
                return Ok(Page {
                    items: Vec::new(),
                    next: None,
                });
            }
            // A number is found as a whole, however it was parted.
            (Err(_), _) if is_number(&typed) => Question::of_words(self.vault(), reader.agency, &[digits(&typed)])?,
            (Err(_), terms) => Question::of_words(self.vault(), reader.agency, &terms)?,
        };
        let after = request.after.as_deref().map(db::cursor::decode).transpose()?;
        let now = op.now();
        let rows = search(op.conn(), &question, after, request.probe(), now).await?;
        let page = Page::cut(rows, request, |row| row.id.uuid());
        let shown: Vec<_> = page.items.iter().map(|row| row.id).collect();
        let entry = Entry::new("dossiers.searched", format!("agency:{}", reader.agency));
        op.record(entry.detail(json!({ "shown": shown }))).await?;
        Ok(page)
    }
}

fn digits(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_digit).collect()
}
