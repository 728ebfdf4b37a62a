//! Taking a dossier in at the counter, or from the post: procedure, person, the same questions that citizens answer, papers,
//! a look at everything, and then the desk of the first step (R075, R080).

use dossiers::{InboxBox, InboxFilter};
use forms::{Applicant, Channel, NewDraft};
use kernel::{DossierId, DraftId, Fault, PersonalNumber, Result, TaskId};
use op::Op;
use serde_json::{Value, json};
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};

use super::{is_told_in_place, show, status_of};
use crate::{
    House,
    filling::Filling,
    questions::{self, Place},
    words::Words,
};

const PATH: &str = "/can-bo/tiep-nhan";
const CLERK: Door = Door::Right("dossiers.take_in");

/// The drafts of the counter.
const FILLING: Filling = Filling {
    path: PATH,
    door: CLERK,
    place,
    check: "portal/desk/check.html",
};

pub(super) fn routes() -> Routes<House> {
    FILLING
        .routes()
        .get(PATH, CLERK, start)
        .post("/can-bo/tiep-nhan/nguoi", CLERK, look_up)
        .post("/can-bo/tiep-nhan/bat-dau", CLERK, begin)
        .post("/can-bo/tiep-nhan/{draft}/nop", CLERK, take_in)
        .post("/can-bo/tiep-nhan/{draft}/huy", CLERK, discard)
}

/// Question pages at the counter.
fn place(draft: DraftId) -> Place {
    Place {
        base: format!("{PATH}/{draft}"),
        layout: "layouts/officer.html",
        out: PATH.to_owned(),
        done: |dossier: DossierId| format!("/can-bo/ho-so/{dossier}"),
    }
}

/// The procedures to choose from, and what was begun; with `?thu-tuc=` the question for the person.
async fn start(visit: Visit<House>) -> Answer {
    let mut op = visit.op().await?;
    let systems = show::systems(&visit, &mut op).await?;
    if let Some(app) = visit.query("thu-tuc") {
        if !systems.iter().any(|(known, _)| known == app) {
            return Err(Fault::not_found("web.not_found"));
        }
        drop(op);
        return identify(&visit, app, "", &Person::NotAsked, None).await;
    }
    let most = db::PageRequest::new(None, Some(db::PageRequest::MOST));
    let drafts = visit.state.forms.drafts(&mut op, &most).await?;
    drop(op);
    let drafts: Vec<Value> = drafts
        .items
        .iter()
        .filter(|draft| draft.channel != Channel::Online)
        .map(|draft| {
            let mut told = json!(draft);
            told["name"] = json!(Words::new(&visit, &draft.app).app("short_name"));
            told
        })
        .collect();
    let procedures: Vec<Value> = systems
        .iter()
        .map(|(app, name)| {
            let summary = Words::new(&visit, app).app("summary");
            json!({ "title": name, "text": summary, "href": format!("{PATH}?thu-tuc={app}") })
        })
        .collect();
    visit
        .page(
            "portal/desk/intake.html",
            json!({ "drafts": drafts, "procedures": procedures }),
        )
        .await
}

/// Whether the register knows who stands at the counter.
enum Person {
    NotAsked,
    Unknown,
    Known(Box<identity::Person>),
}

async fn identify(
    visit: &Visit<House>,
    app: &str,
    number: &str,
    person: &Person,
    fault: Option<&'static str>,
) -> Answer {
    let words = Words::new(visit, app);
    let row =
        |key: &str, value: String| json!({ "key": words.say(&format!("desk.identify.{key}"), []), "value": value });
    let found = match person {
        Person::Known(person) => {
            let birthday = person.birth_date.and_then(|day| render::date_text(&day.to_string()));
            let sex = person
                .sex
                .and_then(|sex| json!(sex).as_str().map(|word| format!("identity.sex.{word}")));
            vec![
                row("name", person.full_name.clone()),
                row("birth_date", birthday.unwrap_or_default()),
                row("sex", sex.map(|key| words.say(&key, [])).unwrap_or_default()),
                row(
                    "phone",
                    person.phone.as_ref().map(ToString::to_string).unwrap_or_default(),
                ),
            ]
        }
        _ => Vec::new(),
    };
    let channels = ["counter", "post"]
        .map(|channel| json!({ "value": channel, "label": words.say(&format!("desk.channel.{channel}"), []) }));
    let text = fault.map(|code| words.fault(&Fault::invalid(code)));
    let content = json!({
        "app": app, "procedure": words.app("name"), "number": number, "found": found,
        "looked": !matches!(person, Person::NotAsked), "channels": channels,
        "errors": text.iter().map(|text| json!({ "field": "personal_number", "text": text })).collect::<Vec<_>>(),
        "faults": { "personal_number": text },
    });
    let status = if fault.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    visit.page_status(status, "portal/desk/identify.html", content).await
}

/// Looks the person up. The number travels in the body: addresses end up in logs and histories.
async fn look_up(visit: Visit<House>, fields: Fields) -> Answer {
    let app = fields.required("app")?;
    let typed = fields.get("personal_number").unwrap_or_default();
    let Ok(number) = PersonalNumber::parse(typed) else {
        return identify(&visit, app, typed, &Person::NotAsked, Some("desk.number_malformed")).await;
    };
    let mut op = visit.op().await?;
    let person = find(&visit, &mut op, app, &number).await?;
    op.commit().await?;
    let person = person.map_or(Person::Unknown, |person| Person::Known(Box::new(person)));
    identify(&visit, app, number.as_str(), &person, None).await
}

async fn find(
    visit: &Visit<House>,
    op: &mut Op,
    app: &str,
    number: &PersonalNumber,
) -> Result<Option<identity::Person>> {
    let purpose = format!("intake:{app}");
    visit.state.identity.person_by_number(op, number, &purpose).await
}

/// Begins the draft: with what is known of the person, or empty.
async fn begin(visit: Visit<House>, fields: Fields) -> Answer {
    let app = fields.required("app")?;
    let channel = match fields.get("channel") {
        Some("post") => Channel::Post,
        _ => Channel::Counter,
    };
    let mut op = visit.op().await?;
    let online = visit.state.dossiers.online(&mut op, app).await?;
    let number = fields
        .filled("personal_number")
        .and_then(|number| PersonalNumber::parse(number).ok());
    let person = match &number {
        Some(number) => find(&visit, &mut op, app, number).await?,
        None => None,
    };
    let context = person
        .as_ref()
        .map_or_else(|| json!({}), |person| json!({ "person": person.id }));
    let applicant = match person {
        Some(person) => Applicant::from(person),
        None => Applicant {
            personal_number: number.map(|number| number.to_string()),
            ..Applicant::default()
        },
    };
    let new = NewDraft {
        app: app.to_owned(),
        form: online.procedure.form.clone(),
        channel,
        applicant,
        context,
    };
    let draft = visit.state.forms.begin_draft(&mut op, new).await?;
    op.commit().await?;
    visit.redirect(place(draft.id).next(&draft))
}

/// Hands the draft in for the person and goes on to the desk of the first step.
async fn take_in(visit: Visit<House>, fields: Fields) -> Answer {
    let draft: DraftId = visit.parse_param("draft")?;
    let place = place(draft);
    if fields.get("cam_doan") != Some("true") {
        let text = Words::new(&visit, "").say("desk.check.consent_missing", []);
        let mut content = questions::check_context(&visit, draft, &place, None).await?;
        content["errors"] = json!([{ "field": "cam_doan", "text": text }]);
        content["consent_error"] = json!(text);
        return visit
            .page_status(StatusCode::UNPROCESSABLE_ENTITY, FILLING.check, content)
            .await;
    }
    let mut op = visit.op().await?;
    match visit.state.dossiers.take_in(&mut op, draft, true).await {
        Ok(taken) => {
            op.commit().await?;
            match first_task(&visit, &taken.code).await? {
                Some(task) => visit.redirect(format!("/can-bo/viec/{task}?da=desk_taken_in")),
                None => visit.redirect(format!("/can-bo/ho-so/{}?da=desk_taken_in", taken.id)),
            }
        }
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            let content = questions::check_context(&visit, draft, &place, Some(&fault)).await?;
            visit.page_status(status_of(&fault), FILLING.check, content).await
        }
        Err(fault) => Err(fault),
    }
}

/// The step that the clerk has just been given.
async fn first_task(visit: &Visit<House>, code: &str) -> Result<Option<TaskId>> {
    let filter = InboxFilter {
        list: InboxBox::Mine,
        q: Some(code.to_owned()),
        ..InboxFilter::default()
    };
    let mut op = visit.op().await?;
    let page = visit
        .state
        .dossiers
        .inbox(&mut op, &filter, &db::PageRequest::first())
        .await?;
    Ok(page.items.into_iter().find(|row| row.code == code).map(|row| row.task))
}

async fn discard(visit: Visit<House>, _: Fields) -> Answer {
    let draft: DraftId = visit.parse_param("draft")?;
    let mut op = visit.op().await?;
    visit.state.forms.discard(&mut op, draft).await?;
    op.commit().await?;
    visit.redirect(format!("{PATH}?da=desk_draft_discarded"))
}
