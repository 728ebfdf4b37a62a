//! The years of the working calendar: saved by administrators, taken over by the program that reckons.

use chrono::NaiveDate;
use kernel::{Actor, Deadline, FaultKind, IntakeRule};
use workflow::calendar::{self, DayKind, DaysOff, NewDays, WorkedDay, YearDeclaration};
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
        notice: String::new(),
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
    assert_eq!(
        YearDeclaration::unknown(99_999).check().unwrap_err().fields[0].code,
        "workflow.calendar_year"
    );
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

fn days(kind: DayKind, from: NaiveDate, to: NaiveDate, name: &str) -> NewDays {
    NewDays {
        kind,
        from,
        to,
        name: name.to_owned(),
    }
}

#[tokio::test]
async fn days_are_added_and_taken_out_one_by_one() {
    let office = Office::open().await;
    let admin = office.official("Quản Trị", "receiving", &["admin"]);
    let mut op = office.op(&admin).await;
    calendar::save_year(&mut op, &year()).await.unwrap();
    calendar::add_days(&mut op, days(DayKind::Off, day(4, 27), day(4, 29), " Nghỉ  bù "))
        .await
        .unwrap();
    calendar::add_days(&mut op, days(DayKind::MakeUp, day(5, 9), day(5, 9), "Làm bù 27/04"))
        .await
        .unwrap();
    calendar::remove_day(&mut op, DayKind::Off, day(4, 28)).await.unwrap();
    calendar::remove_day(&mut op, DayKind::MakeUp, day(3, 14))
        .await
        .unwrap();
    calendar::remove_day(&mut op, DayKind::MakeUp, day(3, 14))
        .await
        .unwrap();
    let stored = calendar::years(&mut op).await.unwrap().remove(0).declaration;
    let off: Vec<_> = stored
        .days_off
        .iter()
        .map(|days| (days.from, days.to, days.name.as_str()))
        .collect();
    assert_eq!(
        off,
        [
            (day(3, 3), day(3, 5), "Nghỉ lễ mẫu"),
            (day(4, 27), day(4, 27), "Nghỉ bù"),
            (day(4, 29), day(4, 29), "Nghỉ bù"),
        ]
    );
    let worked: Vec<_> = stored.make_up_days.iter().map(|worked| worked.day).collect();
    assert_eq!(worked, [day(5, 9)]);

    // What is wrong is told at what was given.
    let next_year = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap();
    for (new, field, code) in [
        (
            days(DayKind::Off, day(4, 27), day(4, 27), "Trùng"),
            "from",
            "calendar_twice",
        ),
        (
            days(DayKind::Off, day(12, 31), next_year, "Qua năm"),
            "to",
            "calendar_outside",
        ),
        (
            days(DayKind::Off, day(6, 2), day(6, 1), "Ngược"),
            "to",
            "calendar_order",
        ),
        (
            days(DayKind::MakeUp, day(6, 7), day(6, 6), "Ngược"),
            "to",
            "calendar_order",
        ),
        (
            days(DayKind::MakeUp, day(6, 1), day(6, 1), "Thứ hai"),
            "from",
            "calendar_no_rest_day",
        ),
        (days(DayKind::Off, day(6, 1), day(6, 1), " "), "name", "calendar_name"),
    ] {
        let fault = calendar::add_days(&mut op, new).await.unwrap_err();
        let told = (fault.fields[0].field.as_str(), fault.fields[0].code.as_str());
        assert_eq!(told, (field, format!("workflow.{code}").as_str()), "{fault:?}");
    }
    let stored = calendar::years(&mut op).await.unwrap().remove(0).declaration;
    assert_eq!(stored.days_off.len(), 3, "nothing of it was kept");

    let mut op = office.op(&office.official("Lãnh Đạo", "receiving", &["leader"])).await;
    let fault = calendar::remove_day(&mut op, DayKind::Off, day(3, 3))
        .await
        .unwrap_err();
    assert_eq!(fault.code, "workflow.not_allowed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_add_days_at_once_nobody_undoes_the_others() {
    let office = std::sync::Arc::new(Office::open().await);
    let mut running = tokio::task::JoinSet::new();
    for number in 1..=20 {
        let office = office.clone();
        running.spawn(async move {
            let mut op = office.op(&Actor::System("test")).await;
            let new = days(DayKind::Off, day(6, number), day(6, number), "Ngày thử");
            calendar::add_days(&mut op, new).await.unwrap();
            op.commit().await.unwrap();
        });
    }
    running.join_all().await;
    let mut op = office.op(&Actor::System("test")).await;
    let stored = calendar::years(&mut op).await.unwrap().remove(0).declaration;
    assert_eq!(stored.days_off.len(), 20);
}

#[tokio::test]
async fn the_yearly_announcement_extends_what_is_known() {
    let office = Office::open().await;
    let admin = office.official("Quản Trị", "receiving", &["admin"]);
    let mut op = office.op(&admin).await;
    calendar::save_year(&mut op, &year()).await.unwrap();
    let code = async |op: &mut op::Op, year, notice: &str| calendar::announce(op, year, notice).await.unwrap_err().code;
    assert_eq!(code(&mut op, 2027, " ").await, "workflow.calendar_notice");
    assert_eq!(code(&mut op, 2027, &"ữ".repeat(201)).await, "workflow.calendar_notice");
    assert_eq!(code(&mut op, 2027, "Thông báo 1").await, "workflow.calendar_empty");
    for year in [2027, 2028] {
        let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        calendar::add_days(&mut op, days(DayKind::Off, first, first, "Tết Dương lịch"))
            .await
            .unwrap();
    }
    assert_eq!(code(&mut op, 2028, "Thông báo 2").await, "workflow.calendar_gap");
    let known = async |op: &mut op::Op| calendar::load(op).await.unwrap().unwrap().known_until().to_string();
    assert_eq!(known(&mut op).await, "2026-12-31");
    for (year, until) in [(2027, "2027-12-31"), (2028, "2028-12-31")] {
        calendar::announce(&mut op, year, "Thông báo 12/TB-BNV").await.unwrap();
        assert_eq!(known(&mut op).await, until);
    }
    let stored = calendar::years(&mut op).await.unwrap();
    assert_eq!(stored[1].declaration.notice, "Thông báo 12/TB-BNV");
    op.commit().await.unwrap();
    let mut op = office.op(&office.citizen()).await;
    assert_eq!(code(&mut op, 2027, "Của tôi").await, "workflow.not_allowed");
}
