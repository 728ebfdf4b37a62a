//! Whether a guess may be evaluated: a pure decision over counts.
//!
//! Strangers cannot lock an owner out of a device that the owner used before, because guesses from known devices are
//! counted apart. An owner on a new device may have to wait while strangers guess; that is the price for at most a
//! hundred evaluated guesses an hour whatever pattern the guessing has.

use std::net::IpAddr;

use crate::config::Guessing;

/// Wrong or still undecided guesses, counted from the attempts of the two windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// At this account from this source, short window.
    pub from_source: u32,
    /// At this account from all strangers, long window.
    pub by_strangers: u32,
    /// At this account from all known devices, long window.
    pub by_known_devices: u32,
    /// At any account from this network, by strangers, short window.
    pub from_network: u32,
}

/// Which limit is reached, if one is. A known device is not measured by what its network or strangers do.
pub fn reached(limits: &Guessing, known_device: bool, counts: &Counts) -> Option<Limit> {
    if counts.from_source >= limits.per_source {
        return Some(Limit::Source);
    }
    if known_device {
        return (counts.by_known_devices >= limits.per_account_known).then_some(Limit::Account);
    }
    if counts.by_strangers >= limits.per_account {
        return Some(Limit::Account);
    }
    (counts.from_network >= limits.per_network).then_some(Limit::Network)
}

/// A limit on guessing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Too many from this device or network at this account.
    Source,
    /// Too many at this account.
    Account,
    /// Too many from this network.
    Network,
}

impl Limit {
    /// Word for the audit trail.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Account => "account",
            Self::Network => "network",
        }
    }

    /// Minutes after which one more guess is certainly evaluated.
    pub fn minutes(self) -> i64 {
        match self {
            Self::Source | Self::Network => Guessing::WINDOW.num_minutes(),
            Self::Account => Guessing::LONG_WINDOW.num_minutes(),
        }
    }
}

/// The network of an address as [`web::network`] draws it.
pub fn network(ip: &str) -> String {
    match ip.trim().parse().map(web::network) {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(half)) => format!("{half}/64"),
        Err(_) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Counts = Counts {
        from_source: 0,
        by_strangers: 0,
        by_known_devices: 0,
        from_network: 0,
    };

    #[test]
    fn ten_guesses_are_evaluated_and_not_eleven() {
        let limits = Guessing::default();
        assert_eq!(
            reached(
                &limits,
                false,
                &Counts {
                    from_source: 9,
                    by_strangers: 9,
                    from_network: 9,
                    ..NONE
                }
            ),
            None
        );
        assert_eq!(
            reached(
                &limits,
                false,
                &Counts {
                    from_source: 10,
                    by_strangers: 10,
                    from_network: 10,
                    ..NONE
                }
            ),
            Some(Limit::Source)
        );
        assert_eq!(
            reached(
                &limits,
                true,
                &Counts {
                    from_source: 10,
                    by_known_devices: 10,
                    ..NONE
                }
            ),
            Some(Limit::Source)
        );
    }

    #[test]
    fn strangers_do_not_lock_a_known_device_out() {
        let limits = Guessing::default();
        let storm = Counts {
            from_source: 0,
            by_strangers: 60,
            by_known_devices: 0,
            from_network: 10_000,
        };
        assert_eq!(reached(&limits, true, &storm), None);
        assert_eq!(reached(&limits, false, &storm), Some(Limit::Account));
    }

    #[test]
    fn no_pattern_gives_more_than_a_hundred_an_hour() {
        let limits = Guessing::default();
        assert!(limits.per_account + limits.per_account_known <= 100);
        assert_eq!(
            reached(
                &limits,
                true,
                &Counts {
                    by_known_devices: 40,
                    ..NONE
                }
            ),
            Some(Limit::Account)
        );
        assert_eq!(
            reached(
                &limits,
                false,
                &Counts {
                    from_network: 100,
                    ..NONE
                }
            ),
            Some(Limit::Network)
        );
    }

    #[test]
    fn networks() {
        assert_eq!(network("203.0.113.7"), "203.0.113.7");
        assert_eq!(network("::ffff:203.0.113.7"), "203.0.113.7");
        assert_eq!(network("2001:db8:1:2:aaaa::1"), network("2001:db8:1:2:bbbb::2"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("somewhere"), "unknown");
    }
}
