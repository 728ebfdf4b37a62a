//! A citizen applies: begins, answers page by page, looks at everything once more, submits (R069 without the payment, R085).

use std::sync::Arc;

use forms::{Applicant, Channel, DraftCard, NewDraft};
use kernel::{DossierId, DraftId, Fault, Result};
use op::Op;
use serde_json::json;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};

use crate::{
    House,
    filling::Filling,
    questions::{self, Place},
    words::Words,
};

/// A citizen's drafts.
const FILLING: Filling = Filling {
    path: "/ho-so-nhap",
    door: Door::Citizen,
    place,
    check: "portal/apply/check.html",
};

pub(crate) fn routes() -> Routes<House> {
    FILLING
        .routes()
        .get("/thu-tuc/{code}/bat-dau", Door::Citizen, ask)
        .post("/thu-tuc/{code}/bat-dau", Door::Citizen, begin)
        .get("/ho-so-nhap/{draft}/nop", Door::Citizen, |visit| FILLING.go_on(visit))
        .post("/ho-so-nhap/{draft}/nop", Door::Citizen, submit)
        .get("/ho-so-nhap/{draft}/huy", Door::Citizen, ask_discard)
        .post("/ho-so-nhap/{draft}/huy", Door::Citizen, discard)
}

/// Question pages of a citizen.
fn place(draft: DraftId) -> Place {
    Place {
        base: format!("{}/{draft}", FILLING.path),
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

/// Begins a draft. Who has one open already, with something in it, is asked first whether to go on with it.
async fn begin(visit: Visit<House>, fields: Fields) -> Answer {
    let code = visit.param("code").to_owned();
    let mut op = visit.op().await?;
    let online = online(&visit, &mut op, &code).await?;
    let open = open_draft(&visit, &mut op, &online.app).await?;
    if fields.filled("moi").is_none() && open.is_some_and(|open| open.touched) {
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
    let draft = visit.state.forms.begin_draft(&mut op, new).await?;
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
            .page_status(StatusCode::UNPROCESSABLE_ENTITY, FILLING.check, content)
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
            visit.page_status(status, FILLING.check, content).await
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
