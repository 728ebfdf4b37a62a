//! What changes in a dossier, and every way in which it may change. No IO, no clock: the moment comes in.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{Deadline, Fault, FieldFault, IntakeRule, Result, WorkingCalendar, format_date, local_date};
use serde::{Deserialize, Serialize};

use super::Status;

/// The part of a dossier that changes. Every method is one lawful change and gives the state after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The status.
    pub status: Status,
    /// A supplement has come and is being checked; only while the status is 5.
    pub supplied: bool,
    /// Where a supplement leads back to: the status in which it was asked for.
    pub resume: Option<Status>,
    /// Requests for supplements so far.
    pub rounds: i32,
    /// When the agency took it in.
    pub received_at: Option<DateTime<Utc>>,
    /// When it is due by the rules alone; apologies do not move it. Punctuality is measured by it (QĐ 766/QĐ-TTg, 2.1).
    pub promised_at: Option<DateTime<Utc>>,
    /// When it is due by what the applicant was told last.
    pub due_at: Option<DateTime<Utc>>,
    /// Since when the clock stands, because a supplement or a payment is awaited.
    pub waiting_since: Option<DateTime<Utc>>,
    /// Working minutes for which the clock stood.
    pub waited_minutes: i64,
    /// When it was found late; nothing until the day that an apology named has passed too.
    pub late_at: Option<DateTime<Utc>>,
    /// When the agency last apologised.
    pub apologised_at: Option<DateTime<Utc>>,
    /// When officials were done with it: status 3, 7, 8 or 9.
    pub finished_at: Option<DateTime<Utc>>,
    /// When the result was handed over.
    pub returned_at: Option<DateTime<Utc>>,
}

impl State {
    /// A dossier that has just been handed in.
    pub const fn registered() -> Self {
        Self {
            status: Status::Registered,
            supplied: false,
            resume: None,
            rounds: 0,
            received_at: None,
            promised_at: None,
            due_at: None,
            waiting_since: None,
            waited_minutes: 0,
            late_at: None,
            apologised_at: None,
            finished_at: None,
            returned_at: None,
        }
    }

    fn to(self, status: Status) -> Result<Self> {
        let resume = if status == Status::Supplement {
            self.resume
        } else {
            None
        };
        Ok(Self {
            status: self.status.to(status)?,
            supplied: false,
            resume,
            ..self
        })
    }

    /// The agency takes the dossier in: status 2, and the promised day counts from now.
    pub fn receive(
        self,
        now: DateTime<Utc>,
        calendar: &WorkingCalendar,
        length: Deadline,
        rule: &IntakeRule,
    ) -> Result<Self> {
        self.checked_again()?;
        let due = calendar.due(now, length, rule).at;
        let received = self.to(Status::Received)?;
        Ok(Self {
            received_at: Some(now),
            promised_at: Some(due),
            due_at: Some(due),
            waiting_since: None,
            ..received
        })
    }

    /// Something is missing: status 5, and the clock stands.
    pub fn ask_supplement(self, now: DateTime<Utc>) -> Result<Self> {
        // Asked again while a supplement is being checked: nothing was promised yet, so only the round counts.
        if self.status == Status::Supplement && self.supplied {
            return Ok(Self {
                supplied: false,
                rounds: self.rounds + 1,
                ..self
            });
        }
        let asked = self.to(Status::Supplement)?;
        let waiting_since = self.received_at.map(|_| now);
        Ok(Self {
            resume: Some(self.status),
            rounds: self.rounds + 1,
            waiting_since,
            ..asked
        })
    }

    /// The supplement came. A dossier that was received goes on where it stood, its due moved by the working time that it
    /// waited; one that was not stays in 5 until the clerk has looked again.
    pub fn supply(self, now: DateTime<Utc>, calendar: &WorkingCalendar) -> Result<Self> {
        if self.status != Status::Supplement || self.supplied {
            return Err(Fault::conflict("dossiers.nothing_asked"));
        }
        match self.resume {
            Some(status @ (Status::Received | Status::Processing)) => self.go_on(now, calendar).to(status),
            _ => Ok(Self { supplied: true, ..self }),
        }
    }

    /// Somebody works on a received dossier: status 4. Nothing changes in other statuses.
    pub fn begin_processing(self) -> Result<Self> {
        if self.status == Status::Received {
            self.to(Status::Processing)
        } else {
            Ok(self)
        }
    }

    /// A fee must be paid before work goes on: status 6, and the clock stands.
    pub fn demand_payment(self, now: DateTime<Utc>) -> Result<Self> {
        Ok(Self {
            waiting_since: Some(now),
            ..self.to(Status::Payment)?
        })
    }

    /// The fee was paid: status 4, the due moved by the working time that it waited.
    pub fn payment_made(self, now: DateTime<Utc>, calendar: &WorkingCalendar) -> Result<Self> {
        if self.status != Status::Payment {
            return Err(Fault::conflict("dossiers.no_payment_awaited"));
        }
        self.go_on(now, calendar).to(Status::Processing)
    }

    /// The agency refuses: status 3 at the door, 8 afterwards.
    pub fn refuse(self, now: DateTime<Utc>) -> Result<Self> {
        let status = if self.status == Status::Registered {
            Status::NotReceived
        } else {
            Status::Stopped
        };
        Ok(Self {
            finished_at: Some(now),
            waiting_since: None,
            ..self.to(status)?
        })
    }

    /// There is a result: status 9, by way of 4.
    pub fn finish(self, now: DateTime<Utc>) -> Result<Self> {
        Ok(Self {
            finished_at: Some(now),
            ..self.begin_processing()?.to(Status::Finished)?
        })
    }

    /// The result is handed over: status 10.
    pub fn hand_over(self, now: DateTime<Utc>) -> Result<Self> {
        if self.status == Status::Processing || self.status == Status::Received {
            return Err(Fault::conflict("dossiers.no_result"));
        }
        Ok(Self {
            returned_at: Some(now),
            ..self.to(Status::Returned)?
        })
    }

    /// The applicant takes the dossier back: status 7.
    pub fn withdraw(self, now: DateTime<Utc>) -> Result<Self> {
        if !self.status.is_open() {
            return Err(Fault::conflict("dossiers.not_withdrawable").with("status", self.status.number()));
        }
        Ok(Self {
            finished_at: Some(now),
            waiting_since: None,
            ..self.to(Status::Withdrawn)?
        })
    }

    /// The agency apologises and names a new day, which must be a working day after today and after the day that was told.
    pub fn apologise(self, now: DateTime<Utc>, calendar: &WorkingCalendar, new_day: NaiveDate) -> Result<Self> {
        let (Some(due), Status::Received | Status::Processing) = (self.due_at, self.status) else {
            return Err(Fault::conflict("dossiers.no_apology_now").with("status", self.status.number()));
        };
        let refused = |code| {
            let day = format_date(new_day);
            Err(Fault::invalid(code)
                .with("date", &day)
                .field_fault(FieldFault::new("new_day", code).with("date", day)))
        };
        if new_day <= local_date(now) || new_day <= local_date(due) {
            return refused("dossiers.new_due_not_later");
        }
        if !calendar.is_working_day(new_day) {
            return refused("dossiers.new_due_day_off");
        }
        Ok(Self {
            due_at: Some(calendar.closing(new_day)),
            apologised_at: Some(now),
            // The new day can pass too, and that is found like the first time.
            late_at: None,
            ..self
        })
    }

    /// The dossier as it is once its due has passed; unchanged if it is not late, or known to be.
    pub fn found_late(self, now: DateTime<Utc>) -> Self {
        if self.is_late(now) && self.late_at.is_none() {
            Self {
                late_at: Some(now),
                ..self
            }
        } else {
            self
        }
    }

    /// Whether it is open, its clock runs, and the due has passed.
    pub fn is_late(&self, now: DateTime<Utc>) -> bool {
        self.status.is_open() && self.waiting_since.is_none() && self.due_at.is_some_and(|due| due < now)
    }

    /// A dossier in which a supplement is awaited cannot be received.
    fn checked_again(&self) -> Result<()> {
        let waits = self.status == Status::Supplement && !self.supplied;
        if waits {
            Err(Fault::conflict("dossiers.supplement_awaited"))
        } else {
            Ok(())
        }
    }

    /// The clock runs again.
    fn go_on(self, now: DateTime<Utc>, calendar: &WorkingCalendar) -> Self {
        let Some(since) = self.waiting_since else { return self };
        let waited = calendar.working_minutes_between(since, now).max(0);
        let moved = |moment: Option<DateTime<Utc>>| moment.map(|moment| calendar.add_working_minutes(moment, waited));
        Self {
            waiting_since: None,
            waited_minutes: self.waited_minutes + waited,
            promised_at: moved(self.promised_at),
            due_at: moved(self.due_at),
            ..self
        }
    }
}

#[cfg(test)]
mod tests;
