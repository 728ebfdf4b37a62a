//! When things happen: officials in working time, citizens whenever they have time.

use std::sync::Arc;

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Timelike, Utc, Weekday};
use kernel::{WorkingCalendar, from_local, local, local_date};

use super::dice::Dice;

/// The span of the past.
pub(super) struct Moments {
    pub(super) calendar: Arc<WorkingCalendar>,
    /// Nothing happens later.
    pub(super) until: DateTime<Utc>,
    /// The last day of which all working time has passed.
    pub(super) last_day: NaiveDate,
    within_days: u32,
}

fn at(day: NaiveDate, hour: i64, minute: i64, second: i64) -> DateTime<Utc> {
    from_local(day.and_time(chrono::NaiveTime::MIN)) + TimeDelta::seconds(hour * 3600 + minute * 60 + second)
}

impl Moments {
    pub(super) fn new(calendar: Arc<WorkingCalendar>, until: DateTime<Utc>, within_days: u32) -> Self {
        let mut last_day = local_date(until);
        while !calendar.is_working_day(last_day) || calendar.closing(last_day) > until {
            last_day = last_day.pred_opt().unwrap_or_default();
        }
        Self {
            calendar,
            until,
            last_day,
            within_days,
        }
    }

    pub(super) fn first_day(&self) -> NaiveDate {
        let back = Days::new(u64::from(self.within_days));
        self.last_day.checked_sub_days(back).unwrap_or(self.last_day)
    }

    /// The working day so many working days before the last one.
    pub(super) fn days_before(&self, count: i64) -> NaiveDate {
        self.calendar.add_working_days(self.last_day, -count)
    }

    /// A working day so far back in the whole span, in percent.
    pub(super) fn share_back(&self, percent: u32) -> NaiveDate {
        let back = Days::new(u64::from(self.within_days * percent / 100));
        let day = self.last_day.checked_sub_days(back).unwrap_or(self.last_day);
        self.calendar.working_day_from(day)
    }

    /// The moment of working time after so many minutes of it, some seconds early so that it looks like life.
    pub(super) fn office(&self, dice: &mut Dice, from: DateTime<Utc>, (least, most): (i64, i64)) -> DateTime<Utc> {
        let minutes = dice.between(least, most).max(1);
        let begun = self.calendar.next_working_moment(from);
        let full = self.calendar.add_working_minutes(begun, minutes);
        let earlier = full - TimeDelta::seconds(dice.between(1, 59));
        if self.calendar.is_working_time(earlier) {
            earlier
        } else {
            full
        }
    }

    /// A day on which dossiers come: more on Mondays, few online on days off, more of late.
    pub(super) fn day(&self, dice: &mut Dice, online: bool) -> NaiveDate {
        // The last day has its own stories.
        let days: Vec<NaiveDate> = self
            .first_day()
            .iter_days()
            .take_while(|day| *day < self.last_day)
            .filter(|day| online || self.calendar.is_working_day(*day))
            .collect();
        let weights: Vec<u32> = days
            .iter()
            .enumerate()
            .map(|(number, day)| {
                let of_week = match day.weekday() {
                    Weekday::Mon => 130,
                    Weekday::Tue => 110,
                    Weekday::Fri => 85,
                    _ => 100,
                };
                let worked = if self.calendar.is_working_day(*day) { 100 } else { 30 };
                let of_late = 70 + 60 * number as u32 / days.len() as u32;
                of_week * worked * of_late / 1_000
            })
            .collect();
        days.get(dice.weighted(&weights)).copied().unwrap_or(self.last_day)
    }

    /// When a citizen sits down at a telephone.
    pub(super) fn online(&self, dice: &mut Dice, day: NaiveDate) -> DateTime<Utc> {
        let hours = [
            (5, 6, 5),
            (7, 10, 30),
            (11, 12, 15),
            (13, 16, 20),
            (17, 18, 8),
            (19, 22, 22),
        ];
        let weights: Vec<u32> = hours.iter().map(|(_, _, weight)| *weight).collect();
        let (first, last, _) = hours[dice.weighted(&weights)];
        at(day, dice.between(first, last), dice.between(0, 59), dice.between(0, 59))
    }

    /// When somebody comes to the counter: most of them early.
    pub(super) fn counter(&self, dice: &mut Dice, day: NaiveDate) -> DateTime<Utc> {
        let hour = [7, 8, 9, 10, 13, 14, 15][dice.weighted(&[20, 25, 20, 10, 10, 10, 5])];
        at(day, hour, dice.between(3, 40), dice.between(0, 59))
    }

    /// The evening after the last day, or what of it has passed; its last half hour of work when nothing has.
    pub(super) fn last_evening(&self, dice: &mut Dice) -> DateTime<Utc> {
        let closing = self.calendar.closing(self.last_day);
        let most = (self.until - closing).num_minutes().min(300) - 1;
        if most < 30 {
            return closing - TimeDelta::seconds(dice.between(60, 30 * 60));
        }
        closing + TimeDelta::seconds(dice.between(10 * 60, most * 60))
    }

    /// The full hour at which a dossier is found late.
    pub(super) fn found_late(&self, due: DateTime<Utc>) -> DateTime<Utc> {
        let due = local(due);
        let into = i64::from(due.minute()) * 60 + i64::from(due.second());
        due.with_timezone(&Utc) + TimeDelta::seconds(3600 - into)
    }

    pub(super) fn clock(&self, day: NaiveDate, hour: i64, minute: i64, dice: &mut Dice) -> DateTime<Utc> {
        at(day, hour, minute, dice.between(0, 59))
    }
}
