//! The province's declaration about personal data, checked when the program is put together.

use kernel::{Fault, Result};
use privacy::Declaration;
use schema::Problems;

use crate::province::tables;

const FILE: &str = "hau-giang/personal_data.yaml";

/// What the province declares. Fails with `compose.table_broken`, which names every problem.
pub fn declaration() -> Result<Declaration> {
    let mut problems = Problems::new();
    let read = Declaration::read(FILE, &tables::content(FILE)?, &mut problems);
    read.ok_or_else(|| {
        Fault::internal("compose.table_broken")
            .with("file", FILE)
            .with("reason", problems.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use privacy::{Kind, Term};

    #[test]
    fn the_provinces_laws_follow_each_other_without_a_gap() {
        let declared = declaration().unwrap();
        let on = |day: &str| declared.law_on(day.parse().unwrap()).map(|law| law.key.as_str());
        assert_eq!(on("2025-12-31"), Some("decree_13_2023"));
        assert_eq!(on("2026-01-01"), Some("law_91_2025"));
        assert_eq!(on("2023-06-30"), None);
        let law = declared.law_on("2026-03-02".parse().unwrap()).unwrap();
        assert_eq!((law.acknowledge, law.breach_hours), (Some(2), 72));
        let delete = Term::Days {
            days: 20,
            extension: 20,
            third_party: Some(30),
        };
        assert_eq!(law.answer[&Kind::Delete], delete);
    }

    #[test]
    fn every_purpose_and_class_of_data_has_words_in_both_languages() {
        let texts = render::Texts::embedded().unwrap();
        let declared = declaration().unwrap();
        assert!(declared.purposes.len() > 1);
        for purpose in &declared.purposes {
            let of_purpose = ["title", "text"].map(|part| format!("{}.{part}", purpose.text));
            let of_data = purpose.data.iter().map(|class| format!("privacy.data.{class}"));
            for key in of_purpose.into_iter().chain(of_data) {
                for locale in [render::Locale::Vi, render::Locale::En] {
                    assert!(texts.has(locale, &key), "{locale} {key}");
                }
            }
        }
    }
}
