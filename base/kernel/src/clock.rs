//! Time: UTC inside, Asia/Ho_Chi_Minh for people, and a clock that tests can set.

use std::sync::Mutex;

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveDateTime, SubsecRound, TimeZone, Utc};
use chrono_tz::Tz;

/// The time zone of the people who use the platform.
pub const TIME_ZONE: Tz = chrono_tz::Asia::Ho_Chi_Minh;

/// Where "now" comes from. Nothing below the server asks the operating system itself.
pub trait Clock: Send + Sync {
    /// The present instant, in whole microseconds (what PostgreSQL keeps).
    fn now(&self) -> DateTime<Utc>;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the one place where the time of the machine comes in
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

/// A clock for tests: it stands still until it is moved.
#[derive(Debug)]
pub struct FakeClock {
    now: Mutex<DateTime<Utc>>,
}

impl FakeClock {
    /// A clock that stands at the instant.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self {
            now: Mutex::new(now.trunc_subsecs(6)),
        }
    }

    /// A clock that stands at this local time in Vietnam.
    pub fn at_local(now: NaiveDateTime) -> Self {
        Self::at(from_local(now))
    }

    /// Moves the clock to the instant, also backwards.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.lock() = now.trunc_subsecs(6);
    }

    /// Moves the clock on by the span (back, if it is negative).
    pub fn advance(&self, span: Duration) {
        let mut now = self.lock();
        *now += span;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, DateTime<Utc>> {
        // A test that panicked while it held the clock leaves a valid instant behind.
        self.now.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Clock for FakeClock {
    fn now(&self) -> DateTime<Utc> {
        *self.lock()
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> DateTime<Utc> {
        (**self).now()
    }
}

/// The instant as a Vietnamese wall clock shows it.
pub fn local(instant: DateTime<Utc>) -> DateTime<Tz> {
    instant.with_timezone(&TIME_ZONE)
}

/// The date in Vietnam at the instant.
pub fn local_date(instant: DateTime<Utc>) -> NaiveDate {
    local(instant).date_naive()
}

/// The instant of a local time in Vietnam.
///
/// The zone has stood at UTC+7 since 1975. Of a local time that occurred twice in older years the
/// first is meant; one that was skipped is read as UTC+7.
pub fn from_local(wall: NaiveDateTime) -> DateTime<Utc> {
    match TIME_ZONE.from_local_datetime(&wall).earliest() {
        Some(instant) => instant.with_timezone(&Utc),
        None => (wall - FixedOffset::east_opt(7 * 3600).expect("seven hours are an offset")).and_utc(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn local_time_is_seven_hours_ahead() {
        let instant = from_local(wall("2026-02-13T00:30:00"));
        assert_eq!(instant.to_rfc3339(), "2026-02-12T17:30:00+00:00");
        assert_eq!(local_date(instant).to_string(), "2026-02-13");
        assert_eq!(local(instant).naive_local(), wall("2026-02-13T00:30:00"));
    }

    #[test]
    fn old_local_times_never_fail() {
        // Around the changes of the zone in the 20th century.
        for year in 1900..1980 {
            for month in 1..=12 {
                let date = NaiveDate::from_ymd_opt(year, month, 1).unwrap();
                for minute in 0..1440 {
                    let hours = date.and_hms_opt(minute / 60, minute % 60, 0).unwrap();
                    let back = local(from_local(hours)).naive_local();
                    assert!((back - hours).abs() <= Duration::hours(2), "{hours} {back}");
                }
            }
        }
    }

    #[test]
    fn fake_clock_moves_only_when_told() {
        let clock = FakeClock::at_local(wall("2026-02-13T15:30:00"));
        let before = clock.now();
        assert_eq!(clock.now(), before);
        clock.advance(Duration::minutes(90));
        assert_eq!(clock.now() - before, Duration::minutes(90));
        clock.set(before);
        assert_eq!(clock.now(), before);
    }

    #[test]
    fn system_clock_keeps_microseconds() {
        assert_eq!(SystemClock.now().timestamp_subsec_nanos() % 1000, 0);
    }
}
