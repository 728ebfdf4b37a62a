//! The message box.

use kernel::Fault;
use notify::{MessageWords, Which};
use serde_json::json;
use web::{Answer, Door, Fields, Routes, Visit};

use crate::House;

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get("/hop-thu", Door::SignedIn, list)
        .post("/hop-thu/da-doc", Door::SignedIn, read_all)
}

async fn list(visit: Visit<House>) -> Answer {
    let account = visit
        .actor
        .account()
        .ok_or_else(|| Fault::unauthenticated("web.sign_in_first"))?;
    let mut op = visit.op().await?;
    let page = visit
        .state
        .notify
        .box_page(&mut op, account, visit.page_request())
        .await?;
    drop(op);
    let texts = visit.site().renderer.texts();
    let items: Vec<MessageWords> = page
        .items
        .into_iter()
        .map(|message| MessageWords::new(message, texts.as_ref(), visit.locale))
        .collect();
    let next = page
        .next
        .map(|cursor| format!("/hop-thu?sau={cursor}"))
        .unwrap_or_default();
    visit
        .page("portal/messages.html", json!({ "items": items, "next": next }))
        .await
}

async fn read_all(visit: Visit<House>, _: Fields) -> Answer {
    let account = visit
        .actor
        .account()
        .ok_or_else(|| Fault::unauthenticated("web.sign_in_first"))?;
    let mut op = visit.op().await?;
    visit.state.notify.mark_read(&mut op, account, Which::All).await?;
    op.commit().await?;
    visit.redirect("/hop-thu")
}
