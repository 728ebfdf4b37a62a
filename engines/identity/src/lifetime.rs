//! When a session has ended by itself.

use chrono::{DateTime, Duration, Utc};

/// The moments of a session that decide.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    /// Last request that was written down.
    pub last_seen_at: DateTime<Utc>,
    /// Longest pause between two requests.
    pub idle: Duration,
    /// End whatever happens.
    pub expires_at: DateTime<Utc>,
}

/// The last request is written down at most this often, so that reading a page does not write a row. It makes a pause
/// look up to this much longer than it was, never shorter.
const WRITTEN_EVERY: Duration = Duration::seconds(30);

impl Moments {
    /// Whether the session still lives. The ends themselves are dead.
    pub fn alive(&self, now: DateTime<Utc>) -> bool {
        now < self.expires_at && now < self.last_seen_at + self.idle
    }

    /// Whether this request should be written down as the last one.
    pub fn should_write(&self, now: DateTime<Utc>) -> bool {
        now >= self.last_seen_at + WRITTEN_EVERY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends() {
        let start: DateTime<Utc> = "2026-02-13T01:00:00Z".parse().unwrap();
        let moments = Moments {
            last_seen_at: start,
            idle: Duration::minutes(60),
            expires_at: start + Duration::hours(12),
        };
        assert!(moments.alive(start + Duration::seconds(3599)));
        assert!(!moments.alive(start + Duration::minutes(60)));
        let busy = Moments {
            last_seen_at: start + Duration::minutes(11 * 60 + 50),
            ..moments
        };
        assert!(busy.alive(start + Duration::minutes(719)));
        assert!(!busy.alive(start + Duration::hours(12)));
        assert!(!moments.should_write(start + Duration::seconds(29)));
        assert!(moments.should_write(start + Duration::seconds(30)));
    }
}
