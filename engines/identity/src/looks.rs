//! Who has looked at one's own data (ai đã xem dữ liệu của tôi).

use db::{Page, PageRequest};
use kernel::{PersonId, Result};
use op::{Op, audit};

use crate::{Identity, error, store};

impl Identity {
    /// Who has looked at the data of the person who asks, for what and from which position, the newest first: their record, their
    /// dossiers, the papers in them; of somebody who had two accounts under either. An entry is there as soon as what was read has been shown.
    pub async fn looks_at_me(&self, op: &mut Op, request: &PageRequest) -> Result<Page<audit::Look>> {
        let person = op.actor().person().ok_or_else(error::sign_in_again)?;
        let former = store::merge::former(op.conn(), person).await?;
        let people: Vec<PersonId> = std::iter::once(person)
            .chain(former.into_iter().map(|(one, _)| one))
            .collect();
        let page = audit::about_all(op.conn(), &people, request).await?;
        Ok(page.map(|look| audit::Look {
            purpose: words(look.purpose),
            ..look
        }))
    }
}

/// Codes of dossiers and what officials typed; the marks that programs write in their place (`intake:birth`, `dossier`) say nothing to
/// people.
fn words(purpose: String) -> String {
    let mark = purpose.contains(':') && !purpose.contains(char::is_whitespace) || purpose == "dossier";
    if mark { String::new() } else { purpose }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn people_are_told_words_and_codes_and_no_marks() {
        for kept in ["H30.29.01-260213-0001", "Xác minh: đơn số 5", "xacminh", ""] {
            assert_eq!(words(kept.to_owned()), kept);
        }
        for mark in ["intake:birth", "draft:01a2", "dossier"] {
            assert_eq!(words(mark.to_owned()), "");
        }
    }
}
