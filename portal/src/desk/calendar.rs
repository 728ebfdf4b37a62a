//! The working calendar of the province (lịch làm việc): days off and make-up days year by year. Administrators change it.

use chrono::{Datelike, NaiveDate};
use kernel::{Fault, local_date};
use op::Op;
use serde_json::{Value, json};
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};
use workflow::{
    CalendarSource,
    calendar::{DayKind, LONGEST_NAME, NewDays, add_days, announce, remove_day, years},
};

use super::{called, day_of, errors_of, faults_of, is_told_in_place, status_of, typed_day};
use crate::{House, words::Words};

const PATH: &str = "/can-bo/lich-lam-viec";
const ADMIN: Door = Door::Right("workflow.save_calendar");

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(PATH, Door::Official, calendar)
        .post(PATH, ADMIN, add)
        .post("/can-bo/lich-lam-viec/xoa", ADMIN, remove)
        .post("/can-bo/lich-lam-viec/cong-bo", ADMIN, announced)
}

async fn calendar(visit: Visit<House>) -> Answer {
    let year = visit.query("nam").and_then(|year| year.parse().ok());
    draw(&visit, year, nothing_typed(), None).await
}

fn nothing_typed() -> Value {
    json!({ "kind": "off", "from": {}, "to": {}, "name": "", "notice": "" })
}

async fn draw(visit: &Visit<House>, year: Option<i32>, typed: Value, fault: Option<&Fault>) -> Answer {
    let mut op = visit.op().await?;
    let this_year = local_date(op.now()).year();
    let stored = years(&mut op).await?;
    drop(op);
    let year = year.unwrap_or(this_year);
    let mut choice: Vec<i32> = stored.iter().map(|stored| stored.declaration.year).collect();
    choice.extend([this_year, this_year + 1, year]);
    choice.sort_unstable();
    choice.dedup();
    let declaration = stored
        .iter()
        .map(|stored| &stored.declaration)
        .find(|one| one.year == year);
    let mut off: Vec<(NaiveDate, &str)> = declaration
        .iter()
        .flat_map(|year| &year.days_off)
        .flat_map(|days| days.days().map(|day| (day, days.name.as_str())))
        .collect();
    off.sort_unstable();
    let mut make_up: Vec<(NaiveDate, &str)> = declaration
        .iter()
        .flat_map(|year| &year.make_up_days)
        .map(|worked| (worked.day, worked.note.as_str()))
        .collect();
    make_up.sort_unstable();
    let calendar = visit.state.calendar.calendar();
    let hours: Vec<String> = calendar
        .plan()
        .working_hours
        .iter()
        .map(|hours| format!("{}–{}", hours.from.format("%H:%M"), hours.to.format("%H:%M")))
        .collect();
    let words = Words::new(visit, "");
    let content = json!({
        "year": year, "years": choice, "off": rows(&off), "make_up": rows(&make_up), "hours": hours.join(", "),
        "known_until": calendar.known_until(), "known": declaration.is_some_and(|year| year.announced),
        "notice": declaration.map(|year| year.notice.as_str()).unwrap_or_default(), "most": LONGEST_NAME,
        "edits": visit.rights().may("workflow.save_calendar"), "typed": typed,
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, called(["kind", "from", "to", "name", "notice"]))),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/desk/calendar.html", content).await
}

fn rows(days: &[(NaiveDate, &str)]) -> Vec<Value> {
    days.iter()
        .map(|(date, name)| json!({ "date": date, "name": name, "weekday": date.weekday().num_days_from_monday() + 1 }))
        .collect()
}

/// Adds days off or make-up days.
async fn add(visit: Visit<House>, fields: Fields) -> Answer {
    let typed = json!({
        "kind": fields.get("kind").unwrap_or_default(), "from": typed_day(&fields, "from"), "to": typed_day(&fields, "to"),
        "name": fields.get("name").unwrap_or_default(), "notice": "",
    });
    let shown_year = fields.get("nam").and_then(|year| year.parse().ok());
    let new = match days_of(&fields) {
        Ok(new) => new,
        Err(fault) => return draw(&visit, shown_year, typed, Some(&fault)).await,
    };
    let mut op = visit.op().await?;
    let year = new.from.year();
    match add_days(&mut op, new).await {
        Ok(()) => saved(&visit, op, year, "desk_calendar_saved").await,
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            draw(&visit, shown_year, typed, Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}

/// The days as they were typed; where the last one is left out, it is the first.
fn days_of(fields: &Fields) -> Result<NewDays, Fault> {
    let mut wrong = Fault::invalid("workflow.calendar_bad");
    let kind = match fields.get("kind") {
        Some("off") => Some(DayKind::Off),
        Some("make_up") => Some(DayKind::MakeUp),
        _ => None,
    };
    if kind.is_none() {
        wrong = wrong.field("kind", "desk.kind_missing");
    }
    let from = day_of(fields, "from");
    if from.is_none() {
        wrong = wrong.field("from", "desk.day_unreadable");
    }
    let left_out = ["day", "month", "year"]
        .iter()
        .all(|part| fields.filled(&format!("to.{part}")).is_none());
    let to = if left_out { from } else { day_of(fields, "to") };
    if to.is_none() && !left_out {
        wrong = wrong.field("to", "desk.day_unreadable");
    }
    match (kind, from, to) {
        (Some(kind), Some(from), Some(to)) => Ok(NewDays {
            kind,
            from,
            to,
            name: fields.get("name").unwrap_or_default().to_owned(),
        }),
        _ => Err(wrong),
    }
}

/// Takes one day away.
async fn remove(visit: Visit<House>, fields: Fields) -> Answer {
    let day: NaiveDate = fields
        .required("date")?
        .parse()
        .map_err(|_| Fault::invalid("web.bad_form"))?;
    let kind = if fields.get("kind") == Some("make_up") {
        DayKind::MakeUp
    } else {
        DayKind::Off
    };
    let mut op = visit.op().await?;
    remove_day(&mut op, kind, day).await?;
    saved(&visit, op, day.year(), "desk_calendar_saved").await
}

/// The yearly announcement has come, and all its days are entered.
async fn announced(visit: Visit<House>, fields: Fields) -> Answer {
    let year: i32 = fields
        .required("nam")?
        .parse()
        .map_err(|_| Fault::invalid("web.bad_form"))?;
    let notice = fields.get("notice").unwrap_or_default();
    let mut op = visit.op().await?;
    match announce(&mut op, year, notice).await {
        Ok(()) => saved(&visit, op, year, "desk_calendar_announced").await,
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            let mut typed = nothing_typed();
            typed["notice"] = json!(notice);
            draw(&visit, Some(year), typed, Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}

async fn saved(visit: &Visit<House>, op: Op, year: i32, said: &str) -> Answer {
    op.commit().await?;
    visit.state.calendar.refresh(&visit.site().ops).await?;
    visit.redirect(format!("{PATH}?nam={year}&da={said}"))
}
