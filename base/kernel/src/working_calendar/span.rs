//! Spans of working time in minutes.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::{FIRST_DAY, LAST_DAY, WorkingCalendar};
use crate::{from_local, local};

/// More working minutes than there are between the years 1 and 9999.
const MOST_MINUTES: i64 = 10_000 * 366 * 24 * 60;

impl WorkingCalendar {
    /// The instant when so many working minutes have passed; when they had yet to pass, if negative.
    ///
    /// Zero gives the instant itself. A span that ends with an interval ends at its end: four hours
    /// from 07:00 is 11:00, not 13:00. Counting stops in the years 1 and 9999.
    pub fn add_working_minutes(&self, instant: DateTime<Utc>, minutes: i64) -> DateTime<Utc> {
        let wall = local(instant).naive_local();
        let rest = TimeDelta::minutes(minutes.clamp(-MOST_MINUTES, MOST_MINUTES));
        match minutes {
            0 => instant,
            1.. => from_local(self.forwards(wall, rest)),
            _ => from_local(self.backwards(wall, -rest)),
        }
    }

    fn forwards(&self, wall: NaiveDateTime, mut rest: TimeDelta) -> NaiveDateTime {
        let mut reached = wall;
        for date in wall.date().iter_days().take_while(|date| *date <= LAST_DAY) {
            if !self.is_working_day(date) {
                continue;
            }
            for hours in &self.plan().working_hours {
                let (from, to) = (date.and_time(hours.from).max(wall), date.and_time(hours.to));
                if from >= to {
                    continue;
                }
                if rest <= to - from {
                    return from + rest;
                }
                rest -= to - from;
                reached = to;
            }
        }
        reached
    }

    fn backwards(&self, wall: NaiveDateTime, mut rest: TimeDelta) -> NaiveDateTime {
        let mut reached = wall;
        let days = wall.date().iter_days().rev();
        for date in days.take_while(|date| *date >= FIRST_DAY) {
            if !self.is_working_day(date) {
                continue;
            }
            for hours in self.plan().working_hours.iter().rev() {
                let (from, to) = (date.and_time(hours.from), date.and_time(hours.to).min(wall));
                if from >= to {
                    continue;
                }
                if rest <= to - from {
                    return to - rest;
                }
                rest -= to - from;
                reached = from;
            }
        }
        reached
    }

    /// How many whole working minutes lie between the instants; negative if `to` is earlier.
    pub fn working_minutes_between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
        let (earlier, later) = (local(from.min(to)).naive_local(), local(from.max(to)).naive_local());
        let mut total = TimeDelta::zero();
        let days = earlier.date().iter_days().take_while(|date| *date <= later.date());
        for date in days.filter(|date| self.is_working_day(*date)) {
            for hours in &self.plan().working_hours {
                let begin = date.and_time(hours.from).max(earlier);
                let end = date.and_time(hours.to).min(later);
                total += (end - begin).max(TimeDelta::zero());
            }
        }
        if from <= to {
            total.num_minutes()
        } else {
            -total.num_minutes()
        }
    }
}
