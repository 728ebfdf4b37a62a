//! What sort of value a field takes, guessed from what people call it. The words stand in the texts; whoever draws sees the guess and changes it.

use super::form::TYPES;
use crate::words::Words;

/// The words by which types are guessed, the surest first.
pub(super) struct Guess {
    words: Vec<(&'static str, Vec<String>)>,
}

/// Types that are guessed, in the order in which they are tried: "ngày cấp số định danh" is a day.
const TRIED: [&str; 13] = [
    "date",
    "person",
    "tax_number",
    "phone",
    "email",
    "area",
    "money",
    "name",
    "yes_no",
    "choice",
    "file",
    "long_text",
    "number",
];

impl Guess {
    pub fn new(words: &Words) -> Self {
        let tried = TRIED.iter().filter(|kind| TYPES.contains(kind));
        let each = tried.map(|kind| {
            let said = words
                .find(&format!("registers_drawing.guess.{kind}"))
                .unwrap_or_default();
            let folded = said.split('|').map(kernel::text::fold).filter(|word| !word.is_empty());
            (*kind, folded.collect())
        });
        Self { words: each.collect() }
    }

    /// The type of what is called so.
    pub fn of(&self, label: &str) -> &'static str {
        let label = format!(" {} ", kernel::text::fold(label));
        let says = |word: &String| label.contains(&format!(" {word} "));
        let found = self.words.iter().find(|(_, words)| words.iter().any(says));
        found.map_or("text", |(kind, _)| *kind)
    }
}
