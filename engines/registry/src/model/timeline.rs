//! A record over time: which days what holds. Pure decisions.

use chrono::NaiveDate;
use kernel::{Fault, Result};

use super::{Values, reading};
use crate::error;

/// What holds of a record from a day to a day, both included.
#[derive(Debug, Clone, PartialEq)]
pub struct Period {
    /// The first day.
    pub from: NaiveDate,
    /// The last day; `None`: until further notice.
    pub to: Option<NaiveDate>,
    /// What holds.
    pub values: Values,
}

impl Period {
    /// Whether it holds on a day.
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }
}

/// What is done to a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// From a day on it is otherwise (biến động).
    Change {
        /// The first day.
        from: NaiveDate,
        /// The last day, where it is said. Else an end that was foreseen stays.
        to: Option<NaiveDate>,
        /// What holds then.
        values: Values,
    },
    /// It was recorded wrongly (đính chính).
    Correct {
        /// The first day of the period that was wrong.
        period: NaiveDate,
        /// The first day that is right.
        from: NaiveDate,
        /// The last day that is right.
        to: Option<NaiveDate>,
        /// What is right.
        values: Values,
    },
    /// After a day it is no more (chấm dứt).
    End {
        /// The last day.
        last: NaiveDate,
    },
}

/// What a change makes of the periods of a record, which come and go in the order of days.
pub(crate) fn decide(periods: &[Period], change: &Change) -> Result<Vec<Period>> {
    let days = match change {
        Change::Change { from, to, .. } => [Some(*from), *to],
        Change::Correct { from, to, .. } => [Some(*from), *to],
        Change::End { last } => [Some(*last), None],
    };
    if !days.into_iter().flatten().all(reading::is_sound) {
        return Err(error::bad_day());
    }
    let mut next = periods.to_vec();
    match change {
        Change::Change { from, to, values } => {
            if to.is_some_and(|to| to < *from) {
                return Err(error::backwards());
            }
            if let Some(later) = periods.iter().find(|period| period.from > *from) {
                return Err(later_than(periods, later.from, *from));
            }
            let foreseen = periods.last().and_then(|last| last.to).filter(|end| end >= from);
            let begins = Period {
                from: *from,
                to: to.or(foreseen),
                values: values.clone(),
            };
            match next.last_mut() {
                Some(last) if last.from == *from => *last = begins,
                Some(last) => {
                    let before = from.pred_opt().ok_or_else(error::bad_day)?;
                    if last.to.is_none_or(|to| to >= *from) {
                        last.to = Some(before);
                    }
                    next.push(begins);
                }
                None => next.push(begins),
            }
        }
        Change::Correct {
            period,
            from,
            to,
            values,
        } => {
            if to.is_some_and(|to| to < *from) {
                return Err(error::backwards());
            }
            let place = next
                .iter()
                .position(|own| own.from == *period)
                .ok_or_else(error::no_period)?;
            next[place] = Period {
                from: *from,
                to: *to,
                values: values.clone(),
            };
            next.sort_by_key(|period| period.from);
            if let Some(pair) = next
                .windows(2)
                .find(|pair| pair[0].to.is_none_or(|to| to >= pair[1].from))
            {
                return Err(error::overlap(pair[1].from));
            }
        }
        Change::End { last } => {
            if let Some(later) = periods.iter().find(|period| period.from > *last) {
                return Err(later_than(periods, later.from, *last));
            }
            let Some(end) = next.last_mut() else {
                return Err(error::no_period());
            };
            if end.to.is_some_and(|to| to <= *last) {
                return Err(error::ended());
            }
            end.to = Some(*last);
        }
    }
    Ok(next)
}

/// Something begins after the day: a change of the record, or the record itself.
fn later_than(periods: &[Period], later: NaiveDate, day: NaiveDate) -> Fault {
    match periods.iter().any(|period| period.from <= day) {
        true => error::later_period(later),
        false => error::begins_later(later),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn values(name: &str) -> Values {
        let json = json!({ "name": name });
        json.as_object().cloned().unwrap()
    }

    fn period(from: &str, to: Option<&str>, name: &str) -> Period {
        Period {
            from: day(from),
            to: to.map(day),
            values: values(name),
        }
    }

    fn change(from: &str, name: &str) -> Change {
        Change::Change {
            from: day(from),
            to: None,
            values: values(name),
        }
    }

    #[test]
    fn a_change_revives_nothing() {
        let limited = [period("2020-01-01", Some("2030-12-31"), "a")];
        let changed = decide(&limited, &change("2022-05-01", "b")).unwrap();
        assert_eq!(
            changed,
            [
                period("2020-01-01", Some("2022-04-30"), "a"),
                period("2022-05-01", Some("2030-12-31"), "b")
            ]
        );
        let same_day = decide(&limited, &change("2020-01-01", "b")).unwrap();
        assert_eq!(same_day, [period("2020-01-01", Some("2030-12-31"), "b")]);
        let said = Change::Change {
            from: day("2022-05-01"),
            to: Some(day("2022-12-31")),
            values: values("b"),
        };
        assert_eq!(
            decide(&limited, &said).unwrap()[1],
            period("2022-05-01", Some("2022-12-31"), "b")
        );
        let backwards = Change::Change {
            from: day("2022-05-01"),
            to: Some(day("2022-04-30")),
            values: values("b"),
        };
        assert_eq!(decide(&limited, &backwards).unwrap_err().code, "registry.backwards");
    }

    #[test]
    fn a_change_ends_what_was() {
        let one = [period("2020-01-01", None, "a")];
        let two = decide(&one, &change("2022-05-01", "b")).unwrap();
        assert_eq!(
            two,
            [
                period("2020-01-01", Some("2022-04-30"), "a"),
                period("2022-05-01", None, "b")
            ]
        );
        // The same day again: what was begun that day is replaced.
        let again = decide(&two, &change("2022-05-01", "c")).unwrap();
        assert_eq!(again[1], period("2022-05-01", None, "c"));
        // Before something that is known to begin later.
        assert_eq!(
            decide(&two, &change("2021-01-01", "d")).unwrap_err().code,
            "registry.later_period"
        );
        assert_eq!(
            decide(&two, &change("2019-01-01", "d")).unwrap_err().code,
            "registry.begins_later"
        );
    }

    #[test]
    fn what_has_ended_may_begin_again() {
        let ended = decide(
            &[period("2020-01-01", None, "a")],
            &Change::End {
                last: day("2021-12-31"),
            },
        )
        .unwrap();
        assert_eq!(ended, [period("2020-01-01", Some("2021-12-31"), "a")]);
        let end_again = decide(
            &ended,
            &Change::End {
                last: day("2022-12-31"),
            },
        )
        .unwrap_err();
        assert_eq!(end_again.code, "registry.ended");
        let earlier = decide(
            &ended,
            &Change::End {
                last: day("2021-06-30"),
            },
        )
        .unwrap();
        assert_eq!(earlier[0].to, Some(day("2021-06-30")));
        let begun = decide(&ended, &change("2023-01-01", "b")).unwrap();
        assert_eq!(begun.len(), 2);
        assert_eq!(begun[0], ended[0], "the gap stays a gap");
    }

    #[test]
    fn corrections_never_overlap() {
        let two = [
            period("2020-01-01", Some("2020-12-31"), "a"),
            period("2021-01-01", None, "b"),
        ];
        let correct = |period: &str, from: &str, to: Option<&str>| Change::Correct {
            period: day(period),
            from: day(from),
            to: to.map(day),
            values: values("x"),
        };
        let mended = decide(&two, &correct("2020-01-01", "2019-06-01", Some("2020-12-31"))).unwrap();
        assert_eq!(mended[0], period("2019-06-01", Some("2020-12-31"), "x"));
        for (bad, code) in [
            (correct("2020-01-01", "2020-01-01", None), "registry.overlap"),
            (
                correct("2020-01-01", "2020-01-01", Some("2021-01-01")),
                "registry.overlap",
            ),
            (
                correct("2020-01-01", "2020-02-01", Some("2020-01-01")),
                "registry.backwards",
            ),
            (correct("2020-05-05", "2020-01-01", None), "registry.no_period"),
        ] {
            assert_eq!(decide(&two, &bad).unwrap_err().code, code);
        }
    }
}
