//! Where the working calendar of the province comes from: the years in the table, and the calendar that this program reckons with.

mod keep;
mod year;

use std::sync::{Arc, PoisonError, RwLock};

use kernel::{Actor, Result, WorkingCalendar};
use op::Ops;

pub use keep::{NewDays, add_days, announce, load, remove_day, save_year, seed, years};
pub use kernel::CalendarSource;
pub use year::{DayKind, DaysOff, LONGEST_NAME, StoredYear, WorkedDay, YearDeclaration, expand};

/// A calendar that can be replaced while the program runs, when the holidays of the next year are published. Clones share it.
#[derive(Debug, Clone)]
pub struct PublishedCalendar {
    present: Arc<RwLock<Arc<WorkingCalendar>>>,
}

impl PublishedCalendar {
    /// Starts with this calendar.
    pub fn new(calendar: WorkingCalendar) -> Self {
        Self {
            present: Arc::new(RwLock::new(Arc::new(calendar))),
        }
    }

    /// Puts another calendar in its place. Moments reckoned before stay as they are.
    pub fn replace(&self, calendar: WorkingCalendar) {
        *self.present.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(calendar);
    }

    /// Takes the calendar from the table, if it holds any year; says whether it differs from the one before. To be called after
    /// [`save_year`] was committed, and once a minute by every program, because another one may have saved.
    pub async fn refresh(&self, ops: &Ops) -> Result<bool> {
        let mut op = ops.open(Actor::System("workflow")).await?;
        let Some(stored) = load(&mut op).await? else {
            return Ok(false);
        };
        let differs = *self.calendar() != stored;
        if differs {
            self.replace(stored);
        }
        Ok(differs)
    }
}

impl CalendarSource for PublishedCalendar {
    fn calendar(&self) -> Arc<WorkingCalendar> {
        self.present.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
