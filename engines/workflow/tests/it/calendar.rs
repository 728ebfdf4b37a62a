//! The years of the working calendar: saved by administrators, taken over by the program that reckons.

use chrono::NaiveDate;
use kernel::{Actor, Deadline, FaultKind, IntakeRule};
use workflow::calendar::{self, DaysOff, WorkedDay, YearDeclaration};
use workflow::{CalendarSource, PublishedCalendar};

use crate::office::{Office, march};

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap()
}

/// 2026 with a rest from the 3rd to the 5th of March and Saturday the 14th worked instead.
fn year() -> YearDeclaration {
    YearDeclaration {
        year: 2026,
        announced: true,
        days_off: vec![DaysOff {
            from: day(3, 3),
            to: day(3, 5),
            name: "Nghỉ lễ mẫu".to_owned(),
        }],
        make_up_days: vec![WorkedDay {
            day: day(3, 14),
            note: "Làm bù ngày nghỉ lễ mẫu".to_owned(),
        }],
    }
}

#[tokio::test]
async fn a_saved_year_is_reckoned_with_after_the_refresh() {
    let office = Office::open().await;
    let published = PublishedCalendar::new(crate::office::calendar());
    assert!(
        !published.refresh(&office.scratch.ops).await.unwrap(),
        "an empty table changes nothing"
    );
    let due = |days| {
        let calendar = published.calendar();
        kernel::local_date(
            calendar
                .due(march(2, 8, 0), Deadline::WorkingDays(days), &IntakeRule::default())
                .at,
        )
    };
    assert_eq!(due(1), day(3, 3));

    let admin = office.official("Quản Trị", "receiving", &["admin"]);
    let mut op = office.op(&admin).await;
    calendar::save_year(&mut op, &year()).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(due(1), day(3, 3), "until the refresh nothing changes");
    assert!(published.refresh(&office.scratch.ops).await.unwrap());
    assert!(!published.refresh(&office.scratch.ops).await.unwrap());
    assert_eq!(due(1), day(3, 6), "the days off are not counted");
    assert_eq!(due(7), day(3, 14), "the Saturday that is worked counts");
    assert_eq!(published.calendar().known_until(), day(12, 31));

    let mut op = office.op(&admin).await;
    let stored = calendar::years(&mut op).await.unwrap();
    assert_eq!((stored.len(), &stored[0].declaration), (1, &year()));
    assert_eq!(stored[0].updated_by, admin.key());
    assert_eq!(office.recorded("workflow.calendar_saved").await, 1);
}

#[tokio::test]
async fn only_the_platform_and_administrators_save() {
    let office = Office::open().await;
    for actor in [
        office.citizen(),
        Actor::Anonymous,
        office.official("Lãnh Đạo", "receiving", &["leader", "clerk"]),
    ] {
        let mut op = office.op(&actor).await;
        let fault = calendar::save_year(&mut op, &year()).await.unwrap_err();
        assert_eq!((fault.kind, fault.code), (FaultKind::Forbidden, "workflow.not_allowed"));
    }
    assert_eq!(office.recorded("op.refused").await, 3);
}

#[tokio::test]
async fn everything_wrong_is_told_at_its_line() {
    let office = Office::open().await;
    let mut wrong = year();
    wrong.days_off.push(DaysOff {
        from: day(3, 5),
        to: day(3, 4),
        name: " ".to_owned(),
    });
    wrong.days_off.push(DaysOff {
        from: day(3, 5),
        to: day(3, 6),
        name: "Trùng".to_owned(),
    });
    wrong.days_off.push(DaysOff {
        from: day(12, 31),
        to: NaiveDate::from_ymd_opt(2027, 1, 1).unwrap(),
        name: "Qua năm".to_owned(),
    });
    wrong.make_up_days.push(WorkedDay {
        day: day(3, 16),
        note: "Thứ hai".to_owned(),
    });
    wrong.make_up_days.push(WorkedDay {
        day: day(3, 14),
        note: "Hai lần".to_owned(),
    });
    let mut op = office.op(&Actor::System("test")).await;
    let fault = calendar::save_year(&mut op, &wrong).await.unwrap_err();
    assert_eq!((fault.kind, fault.code), (FaultKind::Invalid, "workflow.calendar_bad"));
    let told: Vec<_> = fault
        .fields
        .iter()
        .map(|fault| (fault.field.as_str(), fault.code.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("days_off.1", "workflow.calendar_name"),
            ("days_off.1", "workflow.calendar_order"),
            ("days_off.2", "workflow.calendar_twice"),
            ("days_off.3", "workflow.calendar_outside"),
            ("make_up_days.1", "workflow.calendar_no_rest_day"),
            ("make_up_days.2", "workflow.calendar_twice"),
        ]
    );
    let absurd = YearDeclaration {
        year: 99_999,
        announced: false,
        days_off: Vec::new(),
        make_up_days: Vec::new(),
    };
    assert_eq!(absurd.check().unwrap_err().fields[0].code, "workflow.calendar_year");
    assert!(calendar::load(&mut op).await.unwrap().is_none(), "nothing was saved");
}

#[tokio::test]
async fn the_seed_never_overwrites() {
    let office = Office::open().await;
    let mut op = office.op(&Actor::System("compose")).await;
    assert!(calendar::seed(&mut op, &[year()]).await.unwrap());
    let mut changed = year();
    changed.days_off.clear();
    calendar::save_year(&mut op, &changed).await.unwrap();
    assert!(!calendar::seed(&mut op, &[year()]).await.unwrap());
    assert_eq!(calendar::years(&mut op).await.unwrap()[0].declaration, changed);
}
