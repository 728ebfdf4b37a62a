//! The end of a record: after a day it is no more, and why.

use kernel::{Fault, Result, local_date, parse_date};
use registry::{Command, Record};
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};

use super::enter::{Kept, before, mark};
use super::faults::Said;
use super::record::Known;
use super::{Shown, day, days, show};
use crate::House;
use crate::told::{is_told_in_place, status_of};

const ENTER: Door = Door::Right("registry.enter");
const DONE: &str = "register_ended";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get("/can-bo/co-so-du-lieu/{register}/{record}/ket-thuc", ENTER, begin)
        .post("/can-bo/co-so-du-lieu/{register}/{record}/ket-thuc", ENTER, end)
}

async fn begin(visit: Visit<House>) -> Answer {
    let today = local_date(visit.site().ops.now());
    let pairs = [
        ("last".to_owned(), day(today)),
        ("once".to_owned(), Uuid::now_v7().to_string()),
    ];
    draw(&visit, &Fields::new(pairs), None).await
}

async fn draw(visit: &Visit<House>, typed: &Fields, fault: Option<&Fault>) -> Answer {
    let id: Uuid = visit.parse_param("record")?;
    let mut op = visit.look().await?;
    let shown = Shown::read(visit, &mut op).await?;
    let known = Known::read(visit, &mut op, shown.key(), id).await?;
    let last: Option<&Record> = known.periods.last();
    if !visit.state.registry.may(&mut op, shown.key(), last).await?.enter {
        return Err(Fault::forbidden("registry.not_allowed"));
    }
    let definition = &shown.published.definition;
    let said = match fault {
        Some(fault) if fault.code == "registry.changed_meanwhile" => {
            let mut said = Said::default();
            said.errors
                .push(json!({ "field": "", "text": shown.words.say("registers.form.meanwhile_end", []) }));
            said
        }
        // Faults about the day stand at the day.
        Some(fault)
            if matches!(
                fault.code,
                "registry.later_period" | "registry.begins_later" | "registry.ended" | "registry.backwards"
            ) =>
        {
            let mut said = Said::default();
            said.add(&shown.words, definition, "last", shown.words.fault(fault));
            said
        }
        Some(fault) => Said::of(&shown.words, definition, fault),
        None => Said::default(),
    };
    let record = shown.side.record(shown.key(), id);
    let title = last.and_then(|last| last.values.get(&definition.title)).map(show::text);
    let text = |name: &str| typed.get(name).unwrap_or_default();
    let mut content = shown.head();
    content["title"] = json!(title.unwrap_or_default());
    content["back"] = json!(record);
    content["action"] = json!(format!("{record}/ket-thuc"));
    content["days"] = json!(last.map(|last| days(&shown.words, last.valid_from, last.valid_to)));
    content["errors"] = json!(said.errors);
    content["waits"] = json!(definition.approval);
    content["faults"] = json!(said.by_control);
    // Whoever presses again has seen what others did meanwhile.
    content["typed"] =
        json!({ "last": text("last"), "reason": text("reason"), "once": text("once"), "version": known.version() });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/registers/end.html", content).await
}

async fn end(visit: Visit<House>, fields: Fields) -> Answer {
    let id: Uuid = visit.parse_param("record")?;
    let register = visit.param("register").to_owned();
    let mark = mark(&visit, &fields);
    let done = async {
        let typed = fields.get("last").unwrap_or_default();
        let wrong = |_| Fault::invalid("registry.bad_day").field("last", "registry.field.date");
        let command = Command::End {
            last: parse_date(typed).map_err(wrong)?,
        };
        let seen = fields
            .get("version")
            .and_then(|version| version.parse().ok())
            .unwrap_or(-1);
        let reason = fields.get("reason").unwrap_or_default();
        let mut op = visit.op().await?;
        let registry = &visit.state.registry;
        let outcome = registry
            .enter(&mut op, &register, Some((id, seen)), command, reason)
            .await?;
        let kept = Kept::new(outcome, &fields);
        let to = kept.page(&register, DONE);
        if let Some(mark) = &mark {
            op.claim(mark, &kept).await?;
        }
        op.commit().await?;
        Ok(to)
    };
    let result: Result<String> = done.await;
    let fault = match result {
        Ok(to) => return visit.redirect(to),
        Err(fault) => fault,
    };
    // Pressed twice: it has ended as it was to, or waits to.
    match before(&visit, mark.as_ref()).await? {
        Some(kept) => visit.redirect(kept.page(&register, DONE)),
        None if is_told_in_place(&fault) => draw(&visit, &fields, Some(&fault)).await,
        None => Err(fault),
    }
}
