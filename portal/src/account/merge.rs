//! A proposal to join one's account to another one (gộp tài khoản): seen, and objected to.

use kernel::Fault;
use serde_json::json;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};

use crate::House;
use crate::told::{called, errors_of, faults_of, is_told_in_place, status_of};
use crate::words::Words;

const PATH: &str = "/tai-khoan/gop";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(PATH, Door::SignedIn, show)
        .post(PATH, Door::Citizen, object)
}

async fn show(visit: Visit<House>) -> Answer {
    draw(&visit, &Fields::default(), None).await
}

async fn draw(visit: &Visit<House>, typed: &Fields, fault: Option<&Fault>) -> Answer {
    let words = Words::new(visit, "");
    let mut op = visit.look().await?;
    let found = visit.state.identity.own_merge(&mut op).await?;
    drop(op);
    let content = json!({
        "found": found, "path": PATH, "reason": typed.get("reason").unwrap_or_default(),
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, called(["reason"]))),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/account/merge.html", content).await
}

async fn object(visit: Visit<House>, fields: Fields) -> Answer {
    let mut op = visit.op().await?;
    let reason = fields.get("reason").unwrap_or_default();
    match visit.state.identity.object_to_merge(&mut op, reason).await {
        Ok(()) => {
            op.commit().await?;
            visit.redirect("/tai-khoan?da=merge_objected")
        }
        // Pressed twice, or decided meanwhile: the page says that nothing waits.
        Err(fault) if fault.code == "identity.merge_not_found" => visit.redirect(PATH),
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            draw(&visit, &fields, Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}
