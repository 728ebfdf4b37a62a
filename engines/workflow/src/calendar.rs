//! Where the working calendar of the province comes from.

use std::sync::{Arc, PoisonError, RwLock};

use kernel::WorkingCalendar;

/// Gives the calendar by which deadlines and timers are reckoned now. Dossiers reckon with the same source.
pub trait CalendarSource: Send + Sync {
    /// The present calendar.
    fn calendar(&self) -> Arc<WorkingCalendar>;
}

/// A calendar that never changes.
impl CalendarSource for WorkingCalendar {
    fn calendar(&self) -> Arc<WorkingCalendar> {
        Arc::new(self.clone())
    }
}

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
}

impl CalendarSource for PublishedCalendar {
    fn calendar(&self) -> Arc<WorkingCalendar> {
        self.present.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
