#![doc = include_str!("../README.md")]

// Reading order: who and what (id, actor), what went wrong (fault), when (clock,
// working_calendar), how much (money), then words (text, collation) and codes.
mod actor;
mod clock;
pub mod code;
pub mod collation;
mod fault;
mod id;
mod money;
pub mod text;
pub mod working_calendar;

pub use actor::{Actor, ActsFor, Citizen, Official, StandsFor};
pub use clock::{Clock, FakeClock, SystemClock, TIME_ZONE, from_local, local, local_date};
pub use code::{AgencyCode, DossierCode, PersonalNumber, PhoneNumber, ProcedureCode, ResultTypeCode, Sex, TaxNumber};
pub use code::{format_date, format_local, parse_date};
pub use fault::{Fault, FaultKind, FieldFault, Result};
pub use id::noun;
pub use id::{
    AccountId, AgencyId, DossierId, DraftId, FileId, Id, InstanceId, JobId, MessageId, OrganisationId, PaperId,
    PersonId, PositionId, SessionId, TaskId, UnitId,
};
pub use money::Money;
pub use working_calendar::{CalendarSource, Deadline, Due, IntakeRule, WorkingCalendar};
