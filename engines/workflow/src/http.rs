//! The JSON API of the working calendar. Pages are drawn by the portal; work and its steps are an API of the cases.

use axum::http::Method;
use chrono::NaiveDate;
use kernel::{Fault, Result};
use op::Op;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{Doc, Door, Routes, Site, Visit};

use crate::calendar::{self, DayKind, NewDays, StoredYear};
use crate::{CalendarSource, PublishedCalendar};

const ADMIN: Door = Door::Right("workflow.save_calendar");

/// The working calendar of the State.
#[derive(Serialize, JsonSchema)]
pub struct WorkingCalendarAnswer {
    /// The last day of which it is announced whether it is worked; later deadlines are provisional.
    pub known_until: NaiveDate,
    /// The hours of a working day.
    pub hours: Vec<HoursAnswer>,
    /// The years that are declared, the earliest first.
    pub years: Vec<StoredYear>,
}

/// Hours that are worked.
#[derive(Serialize, JsonSchema)]
pub struct HoursAnswer {
    /// From `07:00`.
    pub from: String,
    /// To `11:00`.
    pub to: String,
}

/// Days to add, all in one year.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDaysRequest {
    /// Days off, or rest days that are worked.
    pub kind: DayKind,
    /// The first day.
    pub from: NaiveDate,
    /// The last day; the first one where it is missing.
    #[serde(default)]
    pub to: Option<NaiveDate>,
    /// What the days off are called, or what the make-up days are for.
    pub name: String,
}

/// The yearly announcement has come.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnnouncementRequest {
    /// Its number, its day, who made it.
    pub notice: String,
}

/// Nothing needs to be said.
#[derive(Deserialize, JsonSchema)]
pub struct Nothing {}

/// The routes of the engine.
pub fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<PublishedCalendar> + Clone + Send + Sync + 'static,
{
    Routes::new()
        .api_get(
            "/api/v1/working-calendar",
            Door::Official,
            Doc::new(
                "getWorkingCalendar",
                "calendar",
                "Days off and make-up days of all declared years.",
            ),
            show,
        )
        .api_post(
            "/api/v1/working-calendar/days",
            ADMIN,
            Doc::new(
                "addCalendarDays",
                "calendar",
                "Adds days off or make-up days to their year.",
            )
            .created(),
            add,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/working-calendar/days/{kind}/{day}",
            ADMIN,
            Doc::new(
                "removeCalendarDay",
                "calendar",
                "Takes one day (`off` or `make_up`) out of the calendar.",
            ),
            remove,
        )
        .api_send(
            Method::PUT,
            "/api/v1/working-calendar/years/{year}/announcement",
            ADMIN,
            Doc::new(
                "announceCalendarYear",
                "calendar",
                "All days of the yearly announcement are entered: deadlines in that year are no longer provisional.",
            ),
            announce,
        )
}

async fn show<S: AsRef<Site> + AsRef<PublishedCalendar>>(visit: Visit<S>) -> Result<WorkingCalendarAnswer> {
    let mut op = visit.op().await?;
    let years = calendar::years(&mut op).await?;
    drop(op);
    let present = published(&visit).calendar();
    let hours = present.plan().working_hours.iter().map(|hours| HoursAnswer {
        from: hours.from.format("%H:%M").to_string(),
        to: hours.to.format("%H:%M").to_string(),
    });
    Ok(WorkingCalendarAnswer {
        known_until: present.known_until(),
        hours: hours.collect(),
        years,
    })
}

async fn add<S: AsRef<Site> + AsRef<PublishedCalendar>>(
    visit: Visit<S>,
    body: NewDaysRequest,
) -> Result<WorkingCalendarAnswer> {
    let new = NewDays {
        kind: body.kind,
        from: body.from,
        to: body.to.unwrap_or(body.from),
        name: body.name,
    };
    let mut op = visit.op().await?;
    calendar::add_days(&mut op, new).await?;
    changed(visit, op).await
}

async fn remove<S: AsRef<Site> + AsRef<PublishedCalendar>>(
    visit: Visit<S>,
    _: Nothing,
) -> Result<WorkingCalendarAnswer> {
    let not_found = || Fault::not_found("web.not_found");
    let kind = match visit.param("kind") {
        "off" => DayKind::Off,
        "make_up" => DayKind::MakeUp,
        _ => return Err(not_found()),
    };
    let day = visit.param("day").parse().map_err(|_| not_found())?;
    let mut op = visit.op().await?;
    calendar::remove_day(&mut op, kind, day).await?;
    changed(visit, op).await
}

async fn announce<S: AsRef<Site> + AsRef<PublishedCalendar>>(
    visit: Visit<S>,
    body: AnnouncementRequest,
) -> Result<WorkingCalendarAnswer> {
    let year = visit
        .param("year")
        .parse()
        .map_err(|_| Fault::not_found("web.not_found"))?;
    let mut op = visit.op().await?;
    calendar::announce(&mut op, year, &body.notice).await?;
    changed(visit, op).await
}

/// Commits, and reckons with the change at once.
async fn changed<S: AsRef<Site> + AsRef<PublishedCalendar>>(visit: Visit<S>, op: Op) -> Result<WorkingCalendarAnswer> {
    op.commit().await?;
    let site: &Site = visit.state.as_ref();
    published(&visit).refresh(&site.ops).await?;
    show(visit).await
}

fn published<S: AsRef<PublishedCalendar>>(visit: &Visit<S>) -> &PublishedCalendar {
    visit.state.as_ref()
}
