//! What a province may set. The values here are the ones that hold when nothing is said.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Duration, NaiveDate};
use kernel::working_calendar::{CalendarPlan, default_hours, default_weekdays};
use kernel::{CalendarSource, WorkingCalendar};
use op::Policy;

/// Settings of the engine.
#[derive(Clone, Debug)]
pub struct Config {
    /// Cost of one password hash.
    pub hashing: Hashing,
    /// Life of a citizen's session.
    pub citizen_session: Lifetime,
    /// Life of an official's session.
    pub official_session: Lifetime,
    /// Limits on guessing.
    pub guessing: Guessing,
    /// Who needs a second factor.
    pub second_factor: SecondFactorRule,
    /// Whether acts that weigh ask anew who is there.
    pub step_up: StepUpRule,
    /// The address of the site as people type it; passkeys hold there and nowhere else, for good.
    pub public_address: String,
    /// An official's account in which nobody has come in for so many days is dormant (tài khoản không hoạt động).
    pub dormant_days: u16,
    /// For how many hours a right for an emergency may be taken at the longest (quyền khẩn cấp).
    pub emergency_hours: u16,
    /// How long a registration waits for an official to see the paper (đăng ký tài khoản).
    pub registration_waits: Duration,
    /// How long a proposal to join two accounts is before their owners, who may object, until a second official may confirm it (thời gian chờ phản đối).
    pub merge_waits: Duration,
    /// For how many working days after they were told whoever is concerned by a request to act for somebody can answer before silence hinders no more (thời hạn
    /// lấy ý kiến người liên quan).
    pub concerned_days: u16,
    /// The working calendar by which these days are reckoned.
    pub calendar: Arc<dyn CalendarSource>,
    /// For how many hours in seven days whoever takes such rights may have them altogether.
    pub emergency_week_hours: u16,
    /// The declared rights: which roles a position may carry, and which of them reach below the own agency.
    pub policy: Arc<Policy>,
}

/// Who needs a second factor (xác thực hai lớp).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactorRule {
    /// Whoever acts from a position; without one, officials are citizens only.
    Officials,
    /// Nobody; everybody may have one.
    Offered,
}

/// Whether whoever approves, signs or exports must have shown lately who they are (xác thực lại).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepUpRule {
    /// Within so long before.
    Within(Duration),
    /// The sign-in is enough.
    Never,
}

impl StepUpRule {
    /// What holds when nothing is said: a quarter of an hour.
    pub const USUAL: Self = Self::Within(Duration::minutes(15));
}

/// Cost of Argon2id (RFC 9106).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hashing {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// Hashes computed at the same time; each holds `memory_kib`. 0: as many as the machine has cores.
    pub at_once: usize,
}

/// How long a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// Without a request.
    pub idle: Duration,
    /// At the longest, whatever happens.
    pub absolute: Duration,
}

/// Limits on guessing passwords and codes. Only guesses that are evaluated count; refused ones cost nothing and tell nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guessing {
    /// Wrong guesses at one account from one source (a known device or a network) within [`Guessing::WINDOW`].
    pub per_source: u32,
    /// Wrong guesses at one account from all strangers together within [`Guessing::LONG_WINDOW`].
    pub per_account: u32,
    /// Wrong guesses at one account from all its known devices together within [`Guessing::LONG_WINDOW`].
    pub per_account_known: u32,
    /// Wrong guesses at any accounts from one network within [`Guessing::WINDOW`].
    pub per_network: u32,
}

impl Guessing {
    /// The short window: 15 minutes.
    pub const WINDOW: Duration = Duration::minutes(15);
    /// The long window: an hour.
    pub const LONG_WINDOW: Duration = Duration::hours(1);
}

impl Default for Config {
    fn default() -> Self {
        Self {
            hashing: Hashing::default(),
            citizen_session: Lifetime {
                idle: Duration::days(7),
                absolute: Duration::days(30),
            },
            official_session: Lifetime {
                idle: Duration::minutes(60),
                absolute: Duration::hours(12),
            },
            guessing: Guessing::default(),
            second_factor: SecondFactorRule::Officials,
            step_up: StepUpRule::USUAL,
            public_address: "http://localhost".to_owned(),
            dormant_days: 90,
            emergency_hours: 4,
            registration_waits: Duration::days(30),
            merge_waits: Duration::days(3),
            concerned_days: 3,
            calendar: Arc::new(plain_weeks()),
            emergency_week_hours: 12,
            policy: Arc::default(),
        }
    }
}

/// Monday to Friday, no holidays: where no calendar of the province is at hand.
fn plain_weeks() -> WorkingCalendar {
    let plan = CalendarPlan {
        working_hours: default_hours(),
        working_weekdays: default_weekdays(),
        days_off: BTreeMap::new(),
        make_up_days: BTreeMap::new(),
        known_until: NaiveDate::MIN,
    };
    WorkingCalendar::new(plan).expect("a calendar of plain weeks")
}

impl Default for Hashing {
    /// 19 MiB, two passes, one lane: the first choice of the OWASP Password Storage Cheat Sheet.
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1,
            at_once: 0,
        }
    }
}

impl Default for Guessing {
    /// 10 in 15 minutes from one source; 60 + 40 = 100 an hour for one account in any pattern (OWASP ASVS 5, chapter 6).
    fn default() -> Self {
        Self {
            per_source: 10,
            per_account: 60,
            per_account_known: 40,
            per_network: 100,
        }
    }
}
