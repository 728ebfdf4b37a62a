//! Proposals to join one's account to another one (gộp tài khoản): seen, and objected to, one or all.

use identity::OwnMerge;
use kernel::Fault;
use serde_json::{Value, json};
use uuid::Uuid;
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
    let found = visit.state.identity.own_merges(&mut op).await?;
    drop(op);
    let content = json!({
        "found": found, "path": PATH, "which": which(&words, &found), "chosen": typed.get("merge").unwrap_or_default(),
        "reason": typed.get("reason").unwrap_or_default(),
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, called(["reason"]))),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/account/merge.html", content).await
}

/// What there is to object to, where more than one waits: all of them, or one.
fn which(words: &Words, found: &[OwnMerge]) -> Vec<Value> {
    let all = json!({ "value": "", "label": words.say("merge.mine.all", []) });
    let one = |own: &OwnMerge| {
        let at = render::datetime_text(&own.proposed_at.to_rfc3339()).unwrap_or_default();
        let label = words.say("merge.mine.one", [("other", own.other.clone()), ("at", at)]);
        json!({ "value": own.id, "label": label })
    };
    std::iter::once(all).chain(found.iter().map(one)).collect()
}

async fn object(visit: Visit<House>, fields: Fields) -> Answer {
    let mut op = visit.op().await?;
    let reason = fields.get("reason").unwrap_or_default();
    let Ok(merge) = fields.filled("merge").map(str::parse::<Uuid>).transpose() else {
        return visit.redirect(PATH);
    };
    match visit.state.identity.object_to_merge(&mut op, merge, reason).await {
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
