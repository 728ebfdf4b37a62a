use super::*;
use kernel::working_calendar::CalendarPlan;
use kernel::{from_local, local};

fn calendar() -> WorkingCalendar {
    serde_json::from_value::<CalendarPlan>(serde_json::json!({
        "days_off": { "2026-03-05": "Ngày nghỉ mẫu" },
        "known_until": "2027-12-31",
    }))
    .map(|plan| WorkingCalendar::new(plan).unwrap())
    .unwrap()
}

/// A local time of March 2026; the 2nd is a Monday, the 5th a holiday.
fn at(day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    from_local(
        NaiveDate::from_ymd_opt(2026, 3, day)
            .unwrap()
            .and_hms_opt(hour, minute, 0)
            .unwrap(),
    )
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, day).unwrap()
}

fn received(now: DateTime<Utc>, length: Deadline) -> State {
    State::registered()
        .receive(now, &calendar(), length, &IntakeRule::default())
        .unwrap()
}

/// A state in each status, reached in a lawful way.
fn in_status(status: Status) -> State {
    let (now, calendar) = (at(2, 8, 0), calendar());
    let fresh = State::registered();
    let received = received(now, Deadline::WorkingDays(3));
    let processing = received.begin_processing().unwrap();
    match status {
        Status::Registered => fresh,
        Status::Received => received,
        Status::NotReceived => fresh.refuse(now).unwrap(),
        Status::Processing => processing,
        Status::Supplement => processing.ask_supplement(now).unwrap(),
        Status::Payment => received.demand_payment(now).unwrap(),
        Status::Withdrawn => fresh.withdraw(now).unwrap(),
        Status::Stopped => processing.refuse(now).unwrap(),
        Status::Finished => processing.finish(now).unwrap(),
        Status::Returned => processing.finish(now).unwrap().hand_over(now).unwrap(),
    }
    .tap(|state| assert_eq!(state.status, status, "{calendar:?}"))
}

trait Tap: Sized {
    fn tap(self, look: impl FnOnce(&Self)) -> Self {
        look(&self);
        self
    }
}
impl Tap for State {}

/// The golden table: what each command makes of each status; 0 is a refusal.
#[test]
fn what_each_command_makes_of_each_status() {
    let (now, calendar) = (at(3, 9, 0), calendar());
    type Command = Box<dyn Fn(State) -> Result<State>>;
    let of = |calendar: &WorkingCalendar| calendar.clone();
    let (a, b, c, d) = (of(&calendar), of(&calendar), of(&calendar), of(&calendar));
    let table: [(&str, Command, [i16; 10]); 10] = [
        (
            "receive",
            Box::new(move |s| s.receive(now, &a, Deadline::WorkingDays(1), &IntakeRule::default())),
            [2, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ),
        (
            "ask_supplement",
            Box::new(move |s| s.ask_supplement(now)),
            [5, 5, 0, 5, 0, 0, 0, 0, 0, 0],
        ),
        (
            "supply",
            Box::new(move |s| s.supply(now, &b)),
            [0, 0, 0, 0, 4, 0, 0, 0, 0, 0],
        ),
        (
            "begin_processing",
            Box::new(|s| s.begin_processing()),
            [1, 4, 3, 4, 5, 6, 7, 8, 9, 10],
        ),
        (
            "demand_payment",
            Box::new(move |s| s.demand_payment(now)),
            [0, 6, 0, 6, 0, 0, 0, 0, 0, 0],
        ),
        (
            "payment_made",
            Box::new(move |s| s.payment_made(now, &c)),
            [0, 0, 0, 0, 0, 4, 0, 0, 0, 0],
        ),
        (
            "refuse",
            Box::new(move |s| s.refuse(now)),
            [3, 8, 0, 8, 8, 8, 0, 0, 0, 0],
        ),
        (
            "finish",
            Box::new(move |s| s.finish(now)),
            [0, 9, 0, 9, 0, 0, 0, 0, 0, 0],
        ),
        (
            "hand_over",
            Box::new(move |s| s.hand_over(now)),
            [0, 0, 0, 0, 0, 0, 0, 10, 10, 0],
        ),
        (
            "apologise",
            Box::new(move |s| s.apologise(now, &d, day(20))),
            [0, 2, 0, 4, 0, 0, 0, 0, 0, 0],
        ),
    ];
    for (name, command, expected) in &table {
        for (status, expected) in Status::ALL.into_iter().zip(expected) {
            let made = command(in_status(status)).map_or(0, |state| state.status.number());
            assert_eq!(made, *expected, "{name} in {status:?}");
        }
    }
    for status in Status::ALL {
        let may = matches!(status.number(), 1 | 2 | 4 | 5 | 6);
        assert_eq!(in_status(status).withdraw(now).is_ok(), may, "withdraw in {status:?}");
    }
}

/// (received on day, at, length) → due.
#[test]
fn the_promised_day_by_length_and_hour() {
    let late = IntakeRule::civil_status();
    let table = [
        ((2, 8, 0), Deadline::WorkingDays(1), IntakeRule::default(), at(3, 17, 0)),
        ((2, 15, 0), Deadline::WorkingDays(1), late, at(3, 17, 0)),
        ((2, 15, 1), Deadline::WorkingDays(1), late, at(4, 17, 0)),
        ((4, 9, 0), Deadline::WorkingDays(1), IntakeRule::default(), at(6, 17, 0)),
        ((6, 9, 0), Deadline::WorkingDays(1), IntakeRule::default(), at(9, 17, 0)),
        (
            (7, 9, 0),
            Deadline::WorkingHours(4),
            IntakeRule::default(),
            at(9, 11, 0),
        ),
        (
            (2, 10, 0),
            Deadline::WorkingHours(4),
            IntakeRule::default(),
            at(2, 16, 0),
        ),
        (
            (2, 8, 0),
            Deadline::CalendarDays(5),
            IntakeRule::default(),
            at(9, 17, 0),
        ),
        ((2, 8, 0), Deadline::Immediate, IntakeRule::default(), at(2, 17, 0)),
    ];
    for ((day, hour, minute), length, rule, due) in table {
        let now = at(day, hour, minute);
        let state = State::registered().receive(now, &calendar(), length, &rule).unwrap();
        assert_eq!(state.due_at, Some(due), "{length:?} from {}", local(now));
        assert_eq!(state.promised_at, state.due_at);
        assert_eq!(state.received_at, Some(now));
    }
}

#[test]
fn a_supplement_moves_the_due_by_the_working_time_that_it_took() {
    let state = received(at(2, 8, 0), Deadline::WorkingDays(2))
        .begin_processing()
        .unwrap();
    assert_eq!(state.due_at, Some(at(4, 17, 0)));
    let waiting = state.ask_supplement(at(3, 9, 0)).unwrap();
    assert_eq!(
        (waiting.status, waiting.rounds, waiting.waiting_since),
        (Status::Supplement, 1, Some(at(3, 9, 0)))
    );
    // Tuesday 09:00 to Wednesday 10:00 is 2 + 4 hours of Tuesday and 3 of Wednesday; the 5th is a holiday, so the due goes to the 9th.
    let on = waiting.supply(at(4, 10, 0), &calendar()).unwrap();
    assert_eq!(
        (on.status, on.waited_minutes, on.waiting_since),
        (Status::Processing, 9 * 60, None)
    );
    assert_eq!(on.due_at, Some(at(9, 8, 0)));
    assert_eq!(on.promised_at, on.due_at);
    // At night and at the weekend the clock stands anyway.
    let night = state
        .ask_supplement(at(3, 17, 0))
        .unwrap()
        .supply(at(4, 7, 0), &calendar())
        .unwrap();
    assert_eq!((night.due_at, night.waited_minutes), (state.due_at, 0));
}

#[test]
fn a_supplement_asked_before_reception_is_checked_again_and_promises_nothing() {
    let waiting = State::registered().ask_supplement(at(2, 8, 0)).unwrap();
    assert_eq!(
        (waiting.resume, waiting.waiting_since),
        (Some(Status::Registered), None)
    );
    let early = waiting.receive(
        at(2, 9, 0),
        &calendar(),
        Deadline::WorkingDays(1),
        &IntakeRule::default(),
    );
    assert_eq!(early.unwrap_err().code, "dossiers.supplement_awaited");
    let supplied = waiting.supply(at(3, 9, 0), &calendar()).unwrap();
    assert_eq!((supplied.status, supplied.supplied), (Status::Supplement, true));
    assert_eq!(
        supplied.supply(at(3, 9, 0), &calendar()).unwrap_err().code,
        "dossiers.nothing_asked"
    );
    let received = supplied
        .receive(
            at(3, 10, 0),
            &calendar(),
            Deadline::WorkingDays(1),
            &IntakeRule::default(),
        )
        .unwrap();
    assert_eq!(
        (received.status, received.supplied, received.resume),
        (Status::Received, false, None)
    );
    assert_eq!(received.due_at, Some(at(4, 17, 0)));
    let again = supplied.ask_supplement(at(3, 10, 0)).unwrap();
    assert_eq!(
        (again.status, again.rounds, again.supplied, again.resume),
        (Status::Supplement, 2, false, Some(Status::Registered))
    );
    assert_eq!(supplied.refuse(at(3, 10, 0)).unwrap().status, Status::Stopped);
}

#[test]
fn a_payment_stops_the_clock_too() {
    let waiting = received(at(2, 8, 0), Deadline::WorkingDays(1))
        .demand_payment(at(2, 8, 0))
        .unwrap();
    let paid = waiting.payment_made(at(2, 10, 0), &calendar()).unwrap();
    assert_eq!(
        (paid.status, paid.waited_minutes, paid.due_at),
        (Status::Processing, 120, Some(at(4, 9, 0)))
    );
}

#[test]
fn an_apology_needs_a_later_working_day_that_can_pass_too() {
    let state = received(at(2, 8, 0), Deadline::WorkingDays(1))
        .begin_processing()
        .unwrap();
    let now = at(4, 8, 0);
    let late = state.found_late(now);
    assert_eq!(late.late_at, Some(now));
    let refusal = |new_day| late.apologise(now, &calendar(), new_day).unwrap_err().code;
    assert_eq!(refusal(day(4)), "dossiers.new_due_not_later");
    assert_eq!(refusal(day(2)), "dossiers.new_due_not_later");
    assert_eq!(refusal(day(5)), "dossiers.new_due_day_off");
    assert_eq!(refusal(day(7)), "dossiers.new_due_day_off");
    let field = &late.apologise(now, &calendar(), day(7)).unwrap_err().fields[0];
    assert_eq!(
        (field.field.as_str(), field.params["date"].as_str()),
        ("new_day", "07/03/2026")
    );
    let told = late.apologise(now, &calendar(), day(6)).unwrap();
    assert_eq!(
        (told.due_at, told.promised_at, told.late_at),
        (Some(at(6, 17, 0)), Some(at(3, 17, 0)), None),
        "punctuality is measured by what was promised first"
    );
    assert!(!told.is_late(now));
    assert_eq!(told.found_late(at(9, 8, 0)).late_at, Some(at(9, 8, 0)));
    // Before the due the new day must lie after the told one as well.
    assert_eq!(
        state.apologise(at(2, 9, 0), &calendar(), day(3)).unwrap_err().code,
        "dossiers.new_due_not_later"
    );
}

/// (status, minutes after the due) → late?
#[test]
fn what_is_late() {
    let table = [
        (Status::Received, 1, true),
        (Status::Processing, 1, true),
        (Status::Processing, 0, false),
        (Status::Processing, -1, false),
        (Status::Supplement, 600, false),
        (Status::Payment, 600, false),
        (Status::Registered, 600, false),
        (Status::Finished, 600, false),
        (Status::Withdrawn, 600, false),
    ];
    for (status, minutes, late) in table {
        let state = in_status(status);
        let now = state.due_at.unwrap_or(at(5, 17, 0)) + chrono::TimeDelta::minutes(minutes);
        assert_eq!(state.is_late(now), late, "{status:?} {minutes} minutes after");
        assert_eq!(state.found_late(now).late_at.is_some(), late);
    }
    let once = in_status(Status::Processing).found_late(at(9, 8, 0));
    assert_eq!(once.found_late(at(10, 8, 0)).late_at, Some(at(9, 8, 0)));
}

#[test]
fn a_result_comes_before_its_hand_over() {
    let processing = in_status(Status::Processing);
    assert_eq!(
        processing.hand_over(at(3, 8, 0)).unwrap_err().code,
        "dossiers.no_result"
    );
    let done = processing.finish(at(3, 8, 0)).unwrap();
    assert_eq!(done.finished_at, Some(at(3, 8, 0)));
    assert_eq!(done.hand_over(at(4, 8, 0)).unwrap().returned_at, Some(at(4, 8, 0)));
}
