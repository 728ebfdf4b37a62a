//! The past of a record as a story: what was written when, by whom, why, and what it changed. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::PersonId;
use serde::Serialize;

use super::{Past, Record};

/// What one writing did to a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Chapter {
    /// The version that it made.
    pub version: i64,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// By whom; the platform where nobody.
    pub by: Option<PersonId>,
    /// What it was.
    pub kind: ChapterKind,
    /// Why; empty where nothing was said.
    pub reason: String,
    /// What it changed, in the order of days.
    pub passages: Vec<Passage>,
}

/// What sort of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChapterKind {
    /// The record was entered.
    Created,
    /// From a day on it is otherwise.
    Changed,
    /// A period had been recorded wrongly.
    Corrected,
    /// After a day it is no more.
    Ended,
}

/// A stretch of days, as it was held true before and as it is held true since.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// What held before; `None` where nothing did.
    pub before: Option<Record>,
    /// What holds since.
    pub after: Record,
}

impl Passage {
    /// Whether the days are others.
    pub fn moves_days(&self) -> bool {
        let days = |record: &Record| (record.valid_from, record.valid_to);
        self.before
            .as_ref()
            .is_none_or(|before| days(before) != days(&self.after))
    }
}

/// One row of the past or of what is known now.
struct Row<'r> {
    record: &'r Record,
    /// The version that replaced it, and why.
    replaced: Option<(i64, &'r str)>,
}

impl Row<'_> {
    fn holds_on(&self, day: NaiveDate) -> bool {
        self.record.valid_from <= day && self.record.valid_to.is_none_or(|to| day <= to)
    }
}

/// The chapters of a record, the newest first, from its history as [`crate::Registry::history`] gives it.
pub fn story(periods: &[Record], past: &[Past]) -> Vec<Chapter> {
    let records = || periods.iter().chain(past.iter().map(|past| &past.record));
    let written: BTreeMap<i64, &Record> = records().map(|record| (record.version, record)).collect();
    // A row was replaced by the first version after its own that was written at that moment.
    let replacing = |past: &Past| {
        let later = written.range(past.record.version + 1..);
        let mut at = later.filter(|(_, record)| Some(record.recorded_at) == past.replaced_at);
        at.next().map(|(version, _)| *version)
    };
    let rows: Vec<Row<'_>> = periods
        .iter()
        .map(|record| Row { record, replaced: None })
        .chain(past.iter().map(|past| Row {
            record: &past.record,
            replaced: replacing(past).map(|version| (version, past.reason.as_str())),
        }))
        .collect();
    let chapters = written
        .iter()
        .rev()
        .map(|(version, first)| chapter(*version, first, &rows));
    chapters.collect()
}

fn chapter(version: i64, first: &Record, rows: &[Row<'_>]) -> Chapter {
    let is_gone = |row: &&Row<'_>| row.replaced.is_some_and(|(by, _)| by == version);
    let gone: Vec<&Row<'_>> = rows.iter().filter(is_gone).collect();
    let mut made: Vec<&Record> = rows
        .iter()
        .map(|row| row.record)
        .filter(|record| record.version == version)
        .collect();
    made.sort_by_key(|record| record.valid_from);
    let stays = |row: &&Row<'_>| row.record.version < version && row.replaced.is_none_or(|(by, _)| by > version);
    let before_it = |record: &Record| {
        let from = record.valid_from;
        let replaced = gone
            .iter()
            .find(|row| row.record.valid_from == from)
            .or_else(|| gone.iter().find(|row| row.holds_on(from)))
            .or_else(|| gone.first().filter(|_| made.len() == 1));
        let earlier = rows.iter().filter(stays).filter(|row| row.record.valid_from < from);
        let found = match replaced {
            Some(row) => Some(row.record),
            None => earlier.max_by_key(|row| row.record.valid_from).map(|row| row.record),
        };
        found.cloned()
    };
    let passages: Vec<Passage> = made
        .iter()
        .map(|record| Passage {
            before: before_it(record),
            after: (*record).clone(),
        })
        .collect();
    let reason = gone.iter().find_map(|row| row.replaced.map(|(_, why)| why));
    let reason = reason.unwrap_or_default().to_owned();
    let kind = kind(version, &passages, &reason);
    // What was only cut off because something else begins after it says nothing by itself.
    let telling = |passage: &Passage| made.len() == 1 || !is_cut(passage);
    Chapter {
        version,
        at: first.recorded_at,
        by: first.recorded_by,
        kind,
        reason,
        passages: passages.into_iter().filter(telling).collect(),
    }
}

/// The same values from the same day, to an earlier last day.
fn is_cut(passage: &Passage) -> bool {
    let after = &passage.after;
    passage.before.as_ref().is_some_and(|before| {
        before.values == after.values
            && before.valid_from == after.valid_from
            && after.valid_to.is_some()
            && before.valid_to.is_none_or(|to| after.valid_to < Some(to))
    })
}

fn kind(version: i64, passages: &[Passage], reason: &str) -> ChapterKind {
    // What begins after what was before it has ended, replaces nothing.
    let begins_after = |passage: &Passage| {
        let end = passage.before.as_ref().and_then(|before| before.valid_to);
        end.is_some_and(|end| end < passage.after.valid_from)
    };
    match passages {
        _ if version == 1 => ChapterKind::Created,
        [one] if is_cut(one) => ChapterKind::Ended,
        _ if passages.len() > 1 || reason.is_empty() => ChapterKind::Changed,
        [one] if begins_after(one) => ChapterKind::Changed,
        _ => ChapterKind::Corrected,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn moment(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn record(version: i64, days: (&str, Option<&str>), name: &str) -> Record {
        Record {
            id: Uuid::nil(),
            version,
            valid_from: days.0.parse().unwrap(),
            valid_to: days.1.map(|day| day.parse().unwrap()),
            recorded_at: moment(version),
            recorded_by: None,
            values: json!({ "name": name }).as_object().cloned().unwrap(),
        }
    }

    fn past(record: Record, by: i64, reason: &str) -> Past {
        Past {
            record,
            replaced_at: Some(moment(by)),
            replaced_by: None,
            reason: reason.into(),
        }
    }

    type Told = (i64, ChapterKind, Vec<(String, String)>);

    fn told(chapters: &[Chapter]) -> Vec<Told> {
        let name = |record: &Record| record.values["name"].as_str().unwrap_or_default().to_owned();
        chapters
            .iter()
            .map(|chapter| {
                let names = chapter.passages.iter().map(|passage| {
                    let before = passage.before.as_ref().map(name).unwrap_or_default();
                    (before, name(&passage.after))
                });
                (chapter.version, chapter.kind, names.collect())
            })
            .collect()
    }

    /// shows: R254
    #[test]
    fn every_writing_is_told_with_what_it_changed() {
        // Entered as a, from 2022 b, the beginning corrected to c, ended in 2024.
        let now = [
            record(3, ("2020-01-01", Some("2021-12-31")), "c"),
            record(4, ("2022-01-01", Some("2024-06-30")), "b"),
        ];
        let before = [
            past(record(2, ("2022-01-01", None), "b"), 4, "Đóng cửa"),
            past(record(2, ("2020-01-01", Some("2021-12-31")), "a"), 3, "Ghi nhầm"),
            past(record(1, ("2020-01-01", None), "a"), 2, ""),
        ];
        let chapters = story(&now, &before);
        let pair = |before: &str, after: &str| vec![(before.to_owned(), after.to_owned())];
        assert_eq!(
            told(&chapters),
            [
                (4, ChapterKind::Ended, pair("b", "b")),
                (3, ChapterKind::Corrected, pair("a", "c")),
                (2, ChapterKind::Changed, pair("a", "b")),
                (1, ChapterKind::Created, pair("", "a")),
            ]
        );
        let reasons: Vec<&str> = chapters.iter().map(|chapter| chapter.reason.as_str()).collect();
        assert_eq!(reasons, ["Đóng cửa", "Ghi nhầm", "", ""]);
        assert!(chapters[0].passages[0].moves_days() && !chapters[1].passages[0].moves_days());
    }

    #[test]
    fn the_same_day_again_is_a_change_and_what_has_ended_begins_again() {
        let again = story(
            &[record(2, ("2020-01-01", None), "b")],
            &[past(record(1, ("2020-01-01", None), "a"), 2, "")],
        );
        assert_eq!(again[0].kind, ChapterKind::Changed);
        let begun = story(
            &[
                record(1, ("2020-01-01", Some("2020-12-31")), "a"),
                record(2, ("2022-01-01", None), "b"),
            ],
            &[],
        );
        assert_eq!(begun[0].kind, ChapterKind::Changed);
        let before = begun[0].passages[0].before.as_ref();
        assert_eq!(before.map(|record| record.values["name"].clone()), Some(json!("a")));
        assert_eq!(begun[1].kind, ChapterKind::Created);
    }

    #[test]
    fn two_writings_at_one_moment_stay_apart() {
        let mut third = record(3, ("2020-01-01", None), "c");
        let mut second = record(2, ("2020-01-01", None), "b");
        third.recorded_at = moment(1);
        second.recorded_at = moment(1);
        let chapters = story(
            &[third],
            &[
                past(second, 1, "hai"),
                past(record(1, ("2020-01-01", None), "a"), 1, "một"),
            ],
        );
        let pair = |before: &str, after: &str| vec![(before.to_owned(), after.to_owned())];
        assert_eq!(
            told(&chapters),
            [
                (3, ChapterKind::Corrected, pair("b", "c")),
                (2, ChapterKind::Corrected, pair("a", "b")),
                (1, ChapterKind::Created, pair("", "a")),
            ]
        );
    }
}
