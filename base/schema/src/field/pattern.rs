//! Simple patterns: no regular expressions, so that an official can read them and none can run for minutes.

use serde::{Deserialize, Serialize};

/// The shape of a text: `9` is a digit, `A` a letter A to Z (small ones become capitals), everything else stands for itself;
/// `\` before `9`, `A` or `\` takes its special meaning away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern(String);

enum Sign {
    Digit,
    Letter,
    Itself(char),
}

impl Pattern {
    /// Takes a pattern; `None` if it is empty or ends in a lone `\`.
    pub fn new(text: &str) -> Option<Self> {
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            if letter == '\\' {
                letters.next()?;
            }
        }
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The text in its canonical form, if it has the shape.
    pub fn apply(&self, text: &str) -> Option<String> {
        let mut typed = text.chars();
        let mut out = String::with_capacity(text.len());
        for sign in self.signs() {
            let letter = typed.next()?;
            out.push(match sign {
                Sign::Digit if letter.is_ascii_digit() => letter,
                Sign::Letter if letter.is_ascii_alphabetic() => letter.to_ascii_uppercase(),
                Sign::Itself(own) if own == letter => letter,
                _ => return None,
            });
        }
        typed.next().is_none().then_some(out)
    }

    /// The pattern as it was declared.
    pub fn source(&self) -> &str {
        &self.0
    }

    /// How many digits and how many letters are open.
    pub fn open(&self) -> (usize, usize) {
        let count = |wanted: fn(&Sign) -> bool| self.signs().iter().filter(|sign| wanted(sign)).count();
        (
            count(|sign| matches!(sign, Sign::Digit)),
            count(|sign| matches!(sign, Sign::Letter)),
        )
    }

    /// A text of the shape: `digit` and `letter` give what stands in the place of each open sign, by its number among its kind.
    pub fn fill(&self, mut digit: impl FnMut(usize) -> char, mut letter: impl FnMut(usize) -> char) -> String {
        let (mut digits, mut letters) = (0, 0);
        self.signs()
            .into_iter()
            .map(|sign| match sign {
                Sign::Digit => {
                    digits += 1;
                    digit(digits - 1)
                }
                Sign::Letter => {
                    letters += 1;
                    letter(letters - 1)
                }
                Sign::Itself(own) => own,
            })
            .collect()
    }

    fn signs(&self) -> Vec<Sign> {
        let mut signs = Vec::new();
        let mut letters = self.0.chars();
        while let Some(letter) = letters.next() {
            signs.push(match letter {
                '9' => Sign::Digit,
                'A' => Sign::Letter,
                '\\' => Sign::Itself(letters.next().unwrap_or('\\')),
                other => Sign::Itself(other),
            });
        }
        signs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let plate = Pattern::new("99-A9 999.99").unwrap();
        assert_eq!(plate.apply("95-b1 234.56").as_deref(), Some("95-B1 234.56"));
        assert_eq!(plate.apply("95-b1 234.5"), None);
        assert_eq!(plate.apply("95-b1 234.567"), None);
        assert_eq!(Pattern::new(r"\A9").unwrap().apply("A7").as_deref(), Some("A7"));
        assert_eq!(Pattern::new(r"\A9").unwrap().apply("B7"), None);
        assert_eq!(plate.open(), (8, 1));
        assert_eq!(plate.fill(|_| '7', |_| 'C'), "77-C7 777.77");
        let numbered = plate.fill(|nth| char::from(b'0' + nth as u8), |_| 'A');
        assert_eq!(plate.apply(&numbered).as_deref(), Some("01-A2 345.67"));
        assert!(Pattern::new("").is_none());
        assert!(Pattern::new("99\\").is_none());
    }
}
