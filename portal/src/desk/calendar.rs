//! The working calendar of the province (lịch làm việc): days off and make-up days year by year. Administrators change it.

use chrono::{Datelike, NaiveDate};
use kernel::{Fault, Result, local_date};
use op::Op;
use serde_json::{Value, json};
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};
use workflow::{
    CalendarSource,
    calendar::{DaysOff, WorkedDay, YearDeclaration, save_year, years},
};

use super::{called, day_of, errors_of, faults_of, is_told_in_place, status_of, typed_day};
use crate::{House, words::Words};

const PATH: &str = "/can-bo/lich-lam-viec";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(PATH, Door::Official, calendar)
        .post(PATH, Door::Role("admin"), add)
        .post("/can-bo/lich-lam-viec/xoa", Door::Role("admin"), remove)
}

async fn calendar(visit: Visit<House>) -> Answer {
    let none = json!({ "kind": "off", "date": {}, "note": "" });
    draw(
        &visit,
        visit.query("nam").and_then(|year| year.parse().ok()),
        none,
        None,
    )
    .await
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
        "edits": visit.actor.has_role("admin"), "typed": typed,
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, called(["kind", "date", "note"]))),
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

/// Adds a day off or a make-up day.
async fn add(visit: Visit<House>, fields: Fields) -> Answer {
    let typed = json!({
        "kind": fields.get("kind").unwrap_or_default(), "date": typed_day(&fields, "date"), "note": fields.get("note").unwrap_or_default(),
    });
    let shown_year = fields.get("nam").and_then(|year| year.parse().ok());
    let Some(day) = day_of(&fields, "date") else {
        let fault = Fault::invalid("desk.day_unreadable").field("date", "desk.day_unreadable");
        return draw(&visit, shown_year, typed, Some(&fault)).await;
    };
    let make_up = match fields.get("kind") {
        Some("off") => false,
        Some("make_up") => true,
        _ => {
            let fault = Fault::invalid("desk.kind_missing").field("kind", "desk.kind_missing");
            return draw(&visit, shown_year, typed, Some(&fault)).await;
        }
    };
    let note = fields.get("note").unwrap_or_default().trim().to_owned();
    if note.is_empty() {
        let fault = Fault::invalid("desk.note_missing").field("note", "desk.note_missing");
        return draw(&visit, shown_year, typed, Some(&fault)).await;
    }
    let mut op = visit.op().await?;
    let mut year = year_of(&mut op, day.year()).await?;
    if make_up {
        year.make_up_days.push(WorkedDay { day, note });
    } else {
        year.days_off.push(DaysOff {
            from: day,
            to: day,
            name: note,
        });
    }
    match save_year(&mut op, &year).await {
        Ok(()) => saved(&visit, op, day.year()).await,
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            draw(&visit, shown_year, typed, Some(&at_the_day(fault))).await
        }
        Err(fault) => Err(fault),
    }
}

/// The engine names the line of the year; here every fault is of the one day that was typed.
fn at_the_day(mut fault: Fault) -> Fault {
    for field in &mut fault.fields {
        field.field = if field.code.ends_with("calendar_name") {
            "note"
        } else {
            "date"
        }
        .to_owned();
    }
    fault
}

/// Takes one day away. A day inside a longer rest leaves the days before and after it.
async fn remove(visit: Visit<House>, fields: Fields) -> Answer {
    let day: NaiveDate = fields
        .required("date")?
        .parse()
        .map_err(|_| Fault::invalid("web.bad_form"))?;
    let mut op = visit.op().await?;
    let mut year = year_of(&mut op, day.year()).await?;
    if fields.get("kind") == Some("make_up") {
        year.make_up_days.retain(|worked| worked.day != day);
    } else {
        year.days_off = year.days_off.into_iter().flat_map(|days| without(days, day)).collect();
    }
    save_year(&mut op, &year).await?;
    saved(&visit, op, day.year()).await
}

fn without(days: DaysOff, day: NaiveDate) -> Vec<DaysOff> {
    if day < days.from || day > days.to {
        return vec![days];
    }
    let part = |from: Option<NaiveDate>, to: Option<NaiveDate>| {
        let (from, to) = (from?, to?);
        (from <= to).then(|| DaysOff {
            from,
            to,
            name: days.name.clone(),
        })
    };
    let before = part(Some(days.from), day.pred_opt());
    let after = part(day.succ_opt(), Some(days.to));
    before.into_iter().chain(after).collect()
}

async fn year_of(op: &mut Op, year: i32) -> Result<YearDeclaration> {
    let known = years(op)
        .await?
        .into_iter()
        .find(|stored| stored.declaration.year == year);
    Ok(known.map_or_else(
        || YearDeclaration {
            year,
            announced: false,
            days_off: Vec::new(),
            make_up_days: Vec::new(),
        },
        |stored| stored.declaration,
    ))
}

async fn saved(visit: &Visit<House>, op: Op, year: i32) -> Answer {
    op.commit().await?;
    visit.state.calendar.refresh(&visit.site().ops).await?;
    visit.redirect(format!("{PATH}?nam={year}&da=desk_calendar_saved"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 2, day).unwrap()
    }

    #[test]
    fn a_day_inside_a_rest_leaves_what_lies_around_it() {
        let rest = |from, to| DaysOff {
            from: day(from),
            to: day(to),
            name: "Tết".into(),
        };
        assert_eq!(without(rest(14, 22), day(18)), [rest(14, 17), rest(19, 22)]);
        assert_eq!(without(rest(14, 22), day(14)), [rest(15, 22)]);
        assert_eq!(without(rest(14, 14), day(14)), []);
        assert_eq!(without(rest(14, 15), day(20)), [rest(14, 15)]);
    }
}
