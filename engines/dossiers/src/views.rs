//! What others see of a case. Text keys and codes, never sentences; whoever draws them looks the words up.

mod case;
mod desk;
mod lists;
mod public;

use chrono::{DateTime, Utc};

pub use case::*;
pub use desk::*;
pub use lists::*;
pub use public::*;

use crate::model::Status;

/// Whether a dossier with these moments is late at `now`: the clock runs past the due, or officials were done after it.
pub(crate) fn is_late(
    status: Status,
    due_at: Option<DateTime<Utc>>,
    waiting_since: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> bool {
    if status == Status::Withdrawn {
        return false;
    }
    // While a supplement or a payment is awaited the clock stands where it stood.
    let moment = finished_at.or(waiting_since).unwrap_or(now);
    due_at.is_some_and(|due| due < moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32) -> Option<DateTime<Utc>> {
        format!("2026-03-02T{hour:02}:00:00Z").parse().ok()
    }

    #[test]
    fn lateness_stands_still_with_the_clock_and_ends_with_the_work() {
        let late = |status, due, waiting, finished, now: u32| is_late(status, due, waiting, finished, at(now).unwrap());
        assert!(!late(Status::Registered, None, None, None, 9));
        assert!(!late(Status::Processing, at(9), None, None, 9));
        assert!(late(Status::Processing, at(9), None, None, 10));
        assert!(!late(Status::Supplement, at(9), at(8), None, 20));
        assert!(late(Status::Supplement, at(9), at(10), None, 20));
        assert!(!late(Status::Returned, at(9), None, at(8), 20));
        assert!(late(Status::Finished, at(9), None, at(10), 20));
        assert!(!late(Status::Withdrawn, at(9), None, at(10), 20));
    }

    #[test]
    fn words_round_trip() {
        for list in InboxBox::ALL {
            assert_eq!(InboxBox::from_word(list.word()), Some(list));
            assert_eq!(serde_json::to_value(list).unwrap(), list.word());
        }
        for word in ["reception", "supplement", "refusal", "apology", "answers", "result"] {
            let kind = DocumentKind::from_word(word).unwrap();
            assert_eq!(serde_json::to_value(kind).unwrap(), word);
        }
        assert_eq!(DocumentKind::from_word("letter"), None);
    }
}
