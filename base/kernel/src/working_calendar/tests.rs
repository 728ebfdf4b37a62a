use chrono::{NaiveDateTime, TimeDelta};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::local;

/// Announced days of some years around 2026, as far as the tests ask for them.
fn plan() -> CalendarPlan {
    let rests = [
        ("2023-05-01", 3, "Nghỉ lễ"),
        ("2024-09-02", 2, "Quốc khánh"),
        ("2025-01-25", 9, "Tết Âm lịch"),
        ("2025-08-30", 4, "Quốc khánh"),
        ("2026-01-01", 1, "Tết Dương lịch"),
        ("2026-02-14", 9, "Tết Âm lịch"),
        ("2026-04-27", 1, "Nghỉ bù Giỗ Tổ Hùng Vương"),
        ("2026-04-30", 2, "Nghỉ lễ"),
        ("2026-08-29", 5, "Quốc khánh"),
        ("2027-02-05", 7, "Tết Âm lịch"),
    ];
    let days = rests.into_iter().flat_map(|(first, count, name)| {
        let days = date(first).iter_days().take(count);
        days.map(move |day| (day, name.to_owned()))
    });
    CalendarPlan {
        working_hours: default_hours(),
        working_weekdays: default_weekdays(),
        days_off: days.collect(),
        make_up_days: BTreeMap::from([(date("2026-08-22"), "Làm bù ngày 31/8".to_owned())]),
        known_until: date("2026-12-31"),
    }
}

fn calendar() -> WorkingCalendar {
    WorkingCalendar::new(plan()).unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    from_local(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap())
}

fn shown(instant: DateTime<Utc>) -> String {
    local(instant).format("%Y-%m-%d %H:%M").to_string()
}

fn off(calendar: &WorkingCalendar, dates: &[&str]) {
    for text in dates {
        assert!(!calendar.is_working_day(date(text)), "{text} is off");
        assert!(calendar.day_off_name(date(text)).is_some(), "{text} has a name");
    }
}

fn worked(calendar: &WorkingCalendar, dates: &[&str]) {
    for text in dates {
        assert!(calendar.is_working_day(date(text)), "{text} is worked");
    }
}

#[test]
fn announced_days_are_off_and_have_names() {
    let calendar = calendar();
    off(&calendar, &["2026-02-16", "2026-02-20", "2026-04-27", "2026-04-30"]);
    worked(&calendar, &["2026-02-13", "2026-02-23", "2026-04-28", "2026-04-29"]);
    let name = calendar.day_off_name(date("2026-04-27"));
    assert_eq!(name, Some("Nghỉ bù Giỗ Tổ Hùng Vương"));
    assert!(
        !calendar.is_working_day(date("2026-03-07")),
        "a Saturday has no name and is off"
    );
}

#[test]
fn a_swapped_saturday_is_worked() {
    let calendar = calendar();
    off(&calendar, &["2026-08-31", "2026-09-01", "2026-09-02"]);
    worked(&calendar, &["2026-08-22", "2026-08-28", "2026-09-03"]);
    assert!(calendar.is_working_time(at("2026-08-22 08:00")));
    assert_eq!(calendar.add_working_days(date("2026-08-21"), 1), date("2026-08-22"));
}

#[test]
fn received_before_tet() {
    let calendar = calendar();
    let civil = IntakeRule::civil_status();
    let five = Deadline::WorkingDays(5);
    // In time on the last working day: five days after the holiday.
    let due = calendar.due(at("2026-02-13 15:00"), five, &civil);
    assert_eq!(
        (shown(due.counts_from), shown(due.at)),
        ("2026-02-13 15:00".into(), "2026-02-27 17:00".into())
    );
    // Half an hour late: as if received on the first working day after it.
    let due = calendar.due(at("2026-02-13 15:30"), five, &civil);
    assert_eq!(
        (shown(due.counts_from), shown(due.at)),
        ("2026-02-23 07:00".into(), "2026-03-02 17:00".into())
    );
    assert!(!due.provisional);
    // Without the rule it still counts.
    let due = calendar.due(at("2026-02-13 15:30"), five, &IntakeRule::default());
    assert_eq!(shown(due.at), "2026-02-27 17:00");
    // Sent online during the holiday.
    let due = calendar.due(at("2026-02-17 00:05"), Deadline::Immediate, &civil);
    assert_eq!(
        (shown(due.counts_from), shown(due.at)),
        ("2026-02-23 07:00".into(), "2026-02-23 17:00".into())
    );
    let due = calendar.due(at("2026-02-13 14:00"), Deadline::WorkingHours(8), &civil);
    assert_eq!(shown(due.at), "2026-02-23 14:00");
}

#[test]
fn other_deadlines() {
    let calendar = calendar();
    let rule = IntakeRule::default();
    let due = |received, deadline| shown(calendar.due(at(received), deadline, &rule).at);
    assert_eq!(due("2026-03-02 08:00", Deadline::Immediate), "2026-03-02 17:00");
    assert_eq!(due("2026-03-02 17:00", Deadline::Immediate), "2026-03-03 17:00");
    assert_eq!(due("2026-03-02 05:00", Deadline::WorkingHours(4)), "2026-03-02 11:00");
    assert_eq!(due("2026-03-02 10:00", Deadline::WorkingHours(4)), "2026-03-02 16:00");
    assert_eq!(due("2026-03-06 16:00", Deadline::WorkingHours(4)), "2026-03-09 10:00");
    // The 15th day is a Tuesday; the 5th a Saturday, hence Monday; the 30th falls on 1 April.
    assert_eq!(due("2026-03-02 08:00", Deadline::CalendarDays(15)), "2026-03-17 17:00");
    assert_eq!(due("2026-03-02 08:00", Deadline::CalendarDays(5)), "2026-03-09 17:00");
    assert_eq!(due("2026-03-02 08:00", Deadline::CalendarDays(30)), "2026-04-01 17:00");
    // Into a holiday of several days.
    assert_eq!(due("2026-04-15 08:00", Deadline::CalendarDays(15)), "2026-05-04 17:00");
}

#[test]
fn leap_years() {
    let calendar = calendar();
    assert_eq!(calendar.add_working_days(date("2024-02-28"), 1), date("2024-02-29"));
    assert_eq!(calendar.add_working_days(date("2024-02-29"), 1), date("2024-03-01"));
    assert_eq!(calendar.add_working_days(date("2028-02-28"), 2), date("2028-03-01"));
    assert_eq!(calendar.add_working_days(date("2026-02-27"), 1), date("2026-03-02"));
    let due = calendar.due(
        at("2028-02-01 08:00"),
        Deadline::CalendarDays(28),
        &IntakeRule::default(),
    );
    assert_eq!(shown(due.at), "2028-02-29 17:00");
}

#[test]
fn beyond_the_published_holidays() {
    let calendar = calendar();
    assert_eq!(calendar.known_until(), date("2026-12-31"));
    let rule = IntakeRule::default();
    assert!(
        !calendar
            .due(at("2026-12-30 08:00"), Deadline::WorkingDays(1), &rule)
            .provisional
    );
    assert!(
        calendar
            .due(at("2026-12-30 08:00"), Deadline::WorkingDays(2), &rule)
            .provisional
    );
}

#[test]
fn working_moments() {
    let calendar = calendar();
    let next = |text| shown(calendar.next_working_moment(at(text)));
    assert_eq!(next("2026-03-02 06:59"), "2026-03-02 07:00");
    assert_eq!(next("2026-03-02 09:13"), "2026-03-02 09:13");
    assert_eq!(next("2026-03-02 11:00"), "2026-03-02 13:00");
    assert_eq!(next("2026-03-06 17:00"), "2026-03-09 07:00");
    assert!(calendar.is_working_time(at("2026-03-02 07:00")));
    assert!(!calendar.is_working_time(at("2026-03-02 11:00")));
    assert!(!calendar.is_working_time(at("2026-03-07 09:00")));
    assert_eq!(
        calendar.working_minutes_between(at("2026-03-06 16:00"), at("2026-03-09 10:00")),
        240
    );
    assert_eq!(
        calendar.working_minutes_between(at("2026-03-09 10:00"), at("2026-03-06 16:00")),
        -240
    );
    assert_eq!(
        shown(calendar.add_working_minutes(at("2026-03-09 10:00"), -240)),
        "2026-03-06 16:00"
    );
    assert_eq!(calendar.working_days_between(date("2026-02-13"), date("2026-02-27")), 5);
    assert_eq!(
        calendar.working_days_between(date("2026-02-27"), date("2026-02-13")),
        -5
    );
}

#[test]
fn absurd_figures_end() {
    let calendar = calendar();
    let start = at("2026-03-02 08:00");
    for deadline in [
        Deadline::WorkingDays(u32::MAX),
        Deadline::CalendarDays(u32::MAX),
        Deadline::WorkingHours(u32::MAX),
    ] {
        let due = calendar.due(start, deadline, &IntakeRule::default());
        assert!(due.provisional && due.at > start, "{deadline:?}");
    }
    assert!(calendar.add_working_minutes(start, i64::MIN) < start);
}

#[test]
fn json_forms() {
    for (deadline, text) in [
        (Deadline::WorkingHours(4), r#"{"working_hours":4}"#),
        (Deadline::WorkingDays(5), r#"{"working_days":5}"#),
        (Deadline::CalendarDays(30), r#"{"calendar_days":30}"#),
        (Deadline::Immediate, r#""immediate""#),
    ] {
        assert_eq!(serde_json::to_string(&deadline).unwrap(), text);
        assert_eq!(serde_json::from_str::<Deadline>(text).unwrap(), deadline);
    }
    assert_eq!(
        serde_json::from_str::<IntakeRule>(r#"{"late_after":"15:00"}"#).unwrap(),
        IntakeRule::civil_status()
    );
    let calendar = calendar();
    let text = serde_json::to_string(&calendar).unwrap();
    assert_eq!(serde_json::from_str::<WorkingCalendar>(&text).unwrap(), calendar);
}

#[test]
fn a_plan_that_is_none_is_refused() {
    let fault = |change: fn(&mut CalendarPlan)| {
        let mut plan = plan();
        change(&mut plan);
        WorkingCalendar::new(plan).unwrap_err().code
    };
    assert_eq!(fault(|plan| plan.working_hours.clear()), "kernel.calendar_hours");
    assert_eq!(fault(|plan| plan.working_hours.reverse()), "kernel.calendar_hours");
    assert_eq!(fault(|plan| plan.working_weekdays.clear()), "kernel.calendar_week");
    let both =
        json!({"days_off": {"2026-03-02": "a"}, "make_up_days": {"2026-03-02": "b"}, "known_until": "2026-12-31"});
    assert!(
        serde_json::from_value::<WorkingCalendar>(both)
            .unwrap_err()
            .to_string()
            .contains("kernel.calendar_conflict")
    );
}

fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    // Any second from 2023 to 2028.
    (0i64..6 * 365 * 86_400).prop_map(|seconds| at("2023-01-01 00:00") + TimeDelta::seconds(seconds))
}

fn deadlines() -> impl Strategy<Value = Deadline> {
    prop_oneof![
        (0u32..200).prop_map(Deadline::WorkingHours),
        (0u32..60).prop_map(Deadline::WorkingDays),
        (0u32..120).prop_map(Deadline::CalendarDays),
        Just(Deadline::Immediate),
    ]
}

fn rules() -> impl Strategy<Value = IntakeRule> {
    prop_oneof![Just(IntakeRule::default()), Just(IntakeRule::civil_status())]
}

proptest! {
    #[test]
    fn due_is_in_the_future_and_never_on_a_day_off(received in instants(), deadline in deadlines(), rule in rules()) {
        let calendar = calendar();
        let due = calendar.due(received, deadline, &rule);
        prop_assert!(calendar.is_working_day(local_date(due.at)));
        prop_assert!(calendar.is_working_time(due.counts_from));
        prop_assert!(received <= due.counts_from && due.counts_from <= due.at);
        prop_assert_eq!(due.provisional, local_date(due.at) > calendar.known_until());
        // It ends in working time or with the last second of it.
        prop_assert!(calendar.is_working_time(due.at) || calendar.is_working_time(due.at - TimeDelta::seconds(1)));
    }

    #[test]
    fn later_received_is_never_due_earlier(a in instants(), b in instants(), deadline in deadlines(), rule in rules()) {
        let calendar = calendar();
        let due = |received| calendar.due(received, deadline, &rule).at;
        prop_assert!(due(a.min(b)) <= due(a.max(b)));
    }

    #[test]
    fn a_longer_deadline_is_never_due_earlier(received in instants(), a in 0u32..300, b in 0u32..300, rule in rules()) {
        let calendar = calendar();
        for deadline in [Deadline::WorkingHours, Deadline::WorkingDays, Deadline::CalendarDays] {
            let due = |count| calendar.due(received, deadline(count), &rule).at;
            prop_assert!(due(a.min(b)) <= due(a.max(b)));
        }
    }

    #[test]
    fn between_undoes_add(start in instants(), minutes in -20_000i64..20_000) {
        let calendar = calendar();
        let end = calendar.add_working_minutes(start, minutes);
        prop_assert_eq!(calendar.working_minutes_between(start, end), minutes);
        prop_assert_eq!(end.cmp(&start), minutes.cmp(&0));
    }

    #[test]
    fn working_days_undo_themselves(days in 0i64..2000, count in -300i64..300) {
        let calendar = calendar();
        let start = calendar.working_day_from(date("2023-01-01") + TimeDelta::days(days));
        let end = calendar.add_working_days(start, count);
        prop_assert!(calendar.is_working_day(end));
        prop_assert_eq!(calendar.working_days_between(start, end), count);
        prop_assert_eq!(calendar.add_working_days(end, -count), start);
    }
}
