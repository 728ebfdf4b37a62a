//! What an applicant does with drafts and cases.

use kernel::Result;
use web::{Doc, Door, Method, Routes, Site, Visit};

use super::{
    Changed, Confirmation, List, RatingRequest, SupplyRequest, WithdrawalRequest, changed, engine, page_request,
};
use crate::views::{DossierView, MyRow};
use crate::{Dossiers, Preview, Submitted, Supply, SupplyState};

const TAG: &str = "dossiers";

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Dossiers> + Clone + Send + Sync + 'static,
{
    Routes::new()
        .api_get(
            "/api/v1/drafts/{id}/preview",
            Door::SignedIn,
            Doc::new(
                "previewDossier",
                TAG,
                "What is still missing from a draft, what it will cost and who will receive it.",
            ),
            preview,
        )
        .api_post(
            "/api/v1/drafts/{id}/submission",
            Door::Citizen,
            Doc::new(
                "submitDossier",
                TAG,
                "Hands a draft in. Repeating it gives the same dossier.",
            )
            .created(),
            submit,
        )
        .api_get(
            "/api/v1/dossiers",
            Door::Citizen,
            Doc::new(
                "listMyDossiers",
                TAG,
                "Dossiers that the citizen owns or handed in: those that wait for them, then the rest, each newest first.",
            )
            .with_query(&["sau", "so"]),
            mine,
        )
        .api_get(
            "/api/v1/dossiers/{id}",
            Door::SignedIn,
            Doc::new(
                "getDossier",
                TAG,
                "One dossier, for its applicant and for the officials at work on it.",
            ),
            view,
        )
        .api_get(
            "/api/v1/dossiers/{id}/supplement",
            Door::SignedIn,
            Doc::new(
                "getSupplement",
                TAG,
                "What is to be supplied, and the files uploaded for it so far.",
            ),
            supply_state,
        )
        .api_post(
            "/api/v1/dossiers/{id}/supplement",
            Door::SignedIn,
            Doc::new("supplyDossier", TAG, "Sends what was asked for."),
            supply,
        )
        .api_send(
            Method::PUT,
            "/api/v1/dossiers/{id}/supplement",
            Door::SignedIn,
            Doc::new("keepSupplement", TAG, "Keeps answers and note of a supplement that is not sent yet, right or not."),
            keep_supply,
        )
        .api_post(
            "/api/v1/dossiers/{id}/withdrawal",
            Door::Citizen,
            Doc::new("withdrawDossier", TAG, "Withdraws a dossier."),
            withdraw,
        )
        .api_post(
            "/api/v1/dossiers/{id}/rating",
            Door::Citizen,
            Doc::new("rateDossier", TAG, "Says how content the applicant is, once a dossier."),
            rate,
        )
}

async fn preview<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>) -> Result<Preview> {
    let mut op = visit.op().await?;
    engine(&visit).preview(&mut op, visit.parse_param("id")?).await
}

async fn submit<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, body: Confirmation) -> Result<Submitted> {
    let draft = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let submitted = engine(&visit).submit(&mut op, draft, body.confirmed).await?;
    op.commit().await?;
    Ok(submitted)
}

async fn mine<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>) -> Result<List<MyRow>> {
    let mut op = visit.op().await?;
    let page = engine(&visit).mine(&mut op, &page_request(&visit)).await?;
    Ok(page.into())
}

async fn view<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>) -> Result<DossierView> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let view = engine(&visit).view(&mut op, id).await?;
    op.commit().await?;
    Ok(view)
}

async fn supply_state<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>) -> Result<SupplyState> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let state = engine(&visit).supply_state(&mut op, id).await?;
    op.commit().await?;
    Ok(state)
}

async fn supply<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, body: SupplyRequest) -> Result<Changed> {
    let id = visit.parse_param("id")?;
    let dossiers = engine(&visit);
    let mut op = visit.op().await?;
    let supply = Supply {
        answers: forms::raw_of_json(&body.answers),
        note: body.note,
    };
    dossiers.supply(&mut op, id, supply).await?;
    changed(dossiers, op, id).await
}

async fn keep_supply<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, body: SupplyRequest) -> Result<SupplyState> {
    let id = visit.parse_param("id")?;
    let dossiers = engine(&visit);
    let mut op = visit.op().await?;
    let typed = forms::raw_of_json(&body.answers);
    dossiers.keep_supply(&mut op, id, &typed, &body.note).await?;
    let state = dossiers.supply_state(&mut op, id).await?;
    op.commit().await?;
    Ok(state)
}

async fn withdraw<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, body: WithdrawalRequest) -> Result<Changed> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).withdraw(&mut op, id, &body.reason).await?;
    changed(engine(&visit), op, id).await
}

async fn rate<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, body: RatingRequest) -> Result<Changed> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).rate(&mut op, id, body.score, &body.comment).await?;
    changed(engine(&visit), op, id).await
}
