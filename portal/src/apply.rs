//! A citizen applies: begins, answers page by page, looks at everything once more, submits (R069 without the payment, R085).

use std::sync::Arc;

use forms::{Applicant, Channel, DraftCard, NewDraft};
use kernel::{DossierId, DraftId, Fault, Result};
use op::Op;
use serde_json::json;
use web::{Answer, Door, Fields, Routes, StatusCode, Upload, Visit};

use crate::{
    House, papers,
    questions::{self, Place},
    words::Words,
};

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get("/thu-tuc/{code}/bat-dau", Door::Citizen, ask)
        .post("/thu-tuc/{code}/bat-dau", Door::Citizen, begin)
        .get("/ho-so-nhap/{draft}", Door::Citizen, go_on)
        .get("/ho-so-nhap/{draft}/kiem-tra", Door::Citizen, check)
        .get("/ho-so-nhap/{draft}/nop", Door::Citizen, go_on)
        .post("/ho-so-nhap/{draft}/nop", Door::Citizen, submit)
        .get("/ho-so-nhap/{draft}/huy", Door::Citizen, ask_discard)
        .post("/ho-so-nhap/{draft}/huy", Door::Citizen, discard)
        .get("/ho-so-nhap/{draft}/giay-to/{paper}", Door::Citizen, paper)
        .upload(
            "/ho-so-nhap/{draft}/giay-to/{paper}",
            Door::Citizen,
            papers::MOST_BYTES,
            upload,
        )
        .post("/ho-so-nhap/{draft}/giay-to/{paper}/xoa", Door::Citizen, remove)
        .get("/ho-so-nhap/{draft}/tep/{file}", Door::Citizen, file)
        .get("/ho-so-nhap/{draft}/{page}", Door::Citizen, page)
        .post("/ho-so-nhap/{draft}/{page}", Door::Citizen, save)
}

/// Question pages of a citizen.
fn place(draft: DraftId) -> Place {
    Place {
        base: format!("/ho-so-nhap/{draft}"),
        layout: "layouts/citizen.html",
        out: "/ho-so-cua-toi".to_owned(),
        done: receipt,
    }
}

fn receipt(dossier: DossierId) -> String {
    format!("/ho-so-cua-toi/{dossier}/bien-nhan")
}

/// An open draft of the visitor for this system, the newest first.
pub(crate) async fn open_draft(visit: &Visit<House>, op: &mut Op, app: &str) -> Result<Option<DraftCard>> {
    let all = visit
        .state
        .forms
        .drafts(op, &db::PageRequest::new(None, Some(db::PageRequest::MOST)))
        .await?;
    Ok(all.items.into_iter().find(|card| card.app == app))
}

async fn ask(visit: Visit<House>) -> Answer {
    let code = visit.param("code").to_owned();
    let mut op = visit.op().await?;
    let online = online(&visit, &mut op, &code).await?;
    let open = open_draft(&visit, &mut op, &online.app).await?;
    drop(op);
    let words = Words::new(&visit, &online.app);
    let content = json!({
        "code": code, "service": words.app("name"), "pages": online.form.pages.len(),
        "open": open.map(|card| json!({ "href": place(card.id).base, "updated_at": card.updated_at, "passed": card.passed, "pages": card.pages })),
    });
    visit.page("portal/apply/begin.html", content).await
}

async fn online(visit: &Visit<House>, op: &mut Op, code: &str) -> Result<Arc<dossiers::OnlineProcedure>> {
    visit
        .state
        .dossiers
        .online_by_code(op, code)
        .await?
        .ok_or_else(|| Fault::not_found("dossiers.procedure_not_found").with("code", code))
}

/// Begins a draft. Who has one open already is asked first whether to go on with it.
async fn begin(visit: Visit<House>, fields: Fields) -> Answer {
    let code = visit.param("code").to_owned();
    let mut op = visit.op().await?;
    let online = online(&visit, &mut op, &code).await?;
    if fields.filled("moi").is_none() && open_draft(&visit, &mut op, &online.app).await?.is_some() {
        return visit.redirect(format!("/thu-tuc/{code}/bat-dau"));
    }
    let applicant = applicant(&visit, &mut op).await?;
    let new = NewDraft {
        app: online.app.clone(),
        form: online.procedure.form.clone(),
        channel: Channel::Online,
        applicant,
        context: json!({}),
    };
    let draft = visit.state.forms.start_draft(&mut op, new).await?;
    op.commit().await?;
    visit.redirect(place(draft.id).next(&draft))
}

/// What the platform knows of the visitor already, so that nobody types it again.
async fn applicant(visit: &Visit<House>, op: &mut Op) -> Result<Applicant> {
    let Some(person) = visit.actor.person() else {
        return Ok(Applicant::default());
    };
    visit.state.forms.applicant_of(op, person, "prefill").await
}

async fn go_on(visit: Visit<House>) -> Answer {
    let draft: DraftId = visit.parse_param("draft")?;
    let mut op = visit.op().await?;
    let view = visit.state.forms.draft(&mut op, draft).await?;
    let place = place(draft);
    let to = place.closed(&view).unwrap_or_else(|| place.next(&view));
    visit.redirect(to)
}

async fn page(visit: Visit<House>) -> Answer {
    let draft: DraftId = visit.parse_param("draft")?;
    questions::draw(&visit, draft, visit.param("page"), &place(draft)).await
}

async fn save(visit: Visit<House>, fields: Fields) -> Answer {
    let draft: DraftId = visit.parse_param("draft")?;
    questions::save(&visit, draft, visit.param("page"), &fields, &place(draft)).await
}

async fn paper(visit: Visit<House>) -> Answer {
    let draft: DraftId = visit.parse_param("draft")?;
    let mut op = visit.op().await?;
    let view = visit.state.forms.draft(&mut op, draft).await?;
    drop(op);
    let to = papers::address(&visit, &view, visit.param("paper"), &place(draft)).await?;
    visit.redirect(to)
}

async fn upload(visit: Visit<House>, upload: Upload) -> Answer {
    let draft: DraftId = visit.parse_param("draft")?;
    questions::upload(&visit, draft, visit.param("paper"), upload, &place(draft)).await
}

async fn remove(visit: Visit<House>, fields: Fields) -> Answer {
    let draft: DraftId = visit.parse_param("draft")?;
    questions::remove(&visit, draft, visit.param("paper"), &fields, &place(draft)).await
}

async fn file(visit: Visit<House>) -> Answer {
    let draft: DraftId = visit.parse_param("draft")?;
    questions::download(&visit, draft, visit.parse_param("file")?).await
}

async fn check(visit: Visit<House>) -> Answer {
    let draft: DraftId = visit.parse_param("draft")?;
    let place = place(draft);
    let mut op = visit.op().await?;
    let view = visit.state.forms.draft(&mut op, draft).await?;
    drop(op);
    if let Some(elsewhere) = place.closed(&view) {
        return visit.redirect(elsewhere);
    }
    let content = questions::check_context(&visit, draft, &place, None).await?;
    visit.page("portal/apply/check.html", content).await
}

/// Submits. A second press finds the dossier of the first one.
async fn submit(visit: Visit<House>, fields: Fields) -> Answer {
    let draft: DraftId = visit.parse_param("draft")?;
    let place = place(draft);
    if fields.get("cam_doan") != Some("true") {
        let mut op = visit.op().await?;
        let view = visit.state.forms.draft(&mut op, draft).await?;
        drop(op);
        if let Some(elsewhere) = place.closed(&view) {
            return visit.redirect(elsewhere);
        }
        let words = Words::new(&visit, &view.app);
        let text = words.say("apply.check.consent_missing", []);
        let mut content = questions::check_context(&visit, draft, &place, None).await?;
        content["errors"] = json!([{ "field": "cam_doan", "text": text }]);
        content["consent_error"] = json!(text);
        return visit
            .page_status(StatusCode::UNPROCESSABLE_ENTITY, "portal/apply/check.html", content)
            .await;
    }
    let mut op = visit.op().await?;
    match visit.state.dossiers.submit(&mut op, draft, true).await {
        Ok(submitted) => {
            op.commit().await?;
            visit.redirect(receipt(submitted.id))
        }
        Err(fault) if questions::is_tellable(&fault) => {
            drop(op);
            let content = questions::check_context(&visit, draft, &place, Some(&fault)).await?;
            let status = StatusCode::from_u16(fault.kind.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            visit.page_status(status, "portal/apply/check.html", content).await
        }
        Err(fault) => Err(fault),
    }
}

async fn ask_discard(visit: Visit<House>) -> Answer {
    let draft: DraftId = visit.parse_param("draft")?;
    let place = place(draft);
    let mut op = visit.op().await?;
    let view = visit.state.forms.draft(&mut op, draft).await?;
    drop(op);
    if let Some(elsewhere) = place.closed(&view) {
        return visit.redirect(elsewhere);
    }
    let words = Words::new(&visit, &view.app);
    let content = json!({
        "base": place.base, "service": words.app("name"), "updated_at": view.updated_at, "files": view.attachments.len(),
    });
    visit.page("portal/apply/discard.html", content).await
}

async fn discard(visit: Visit<House>, _: Fields) -> Answer {
    let draft: DraftId = visit.parse_param("draft")?;
    let mut op = visit.op().await?;
    visit.state.forms.discard(&mut op, draft).await?;
    op.commit().await?;
    visit.redirect("/ho-so-cua-toi?da=draft_discarded")
}
