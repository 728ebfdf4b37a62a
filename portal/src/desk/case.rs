//! One case for officials of an agency that holds or held it: to read, to collect fees, to apologise.

use dossiers::model::LONGEST_WORDS;
use kernel::{DossierId, Fault, FileId, Result};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};

use super::{called, day_of, errors_of, faults_of, is_told_in_place, show, status_of, typed_day};
use crate::{House, account::again, papers, words::Words};

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get("/can-bo/ho-so/{id}", Door::Official, case)
        .get("/can-bo/ho-so/{id}/giay-to/{file}", Door::Official, paper)
        .get("/can-bo/ho-so/{id}/van-ban/{document}", Door::Official, document)
        .post("/can-bo/ho-so/{id}/thu-phi", Door::Official, pay)
        .post("/can-bo/ho-so/{id}/xin-loi", Door::Official, apologise)
}

async fn case(visit: Visit<House>) -> Answer {
    let none = json!({ "reason": "", "new_day": {} });
    draw(&visit, none, None).await
}

async fn draw(visit: &Visit<House>, typed: Value, fault: Option<&Fault>) -> Answer {
    let id: DossierId = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let view = visit.state.dossiers.view(&mut op, id).await?;
    let now = op.now();
    op.commit().await?;
    let words = Words::new(visit, &view.app);
    let content = json!({
        "here": format!("/can-bo/ho-so/{id}"), "now": now, "dossier": show::case(&words, &view, &[], &[]),
        "receipt": show::receipt(&view), "typed": typed, "most": LONGEST_WORDS,
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, called(["reason", "new_day"]))),
        "faults": fault.map_or_else(|| json!({}), |fault| faults_of(&words, fault)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit.page_status(status, "portal/desk/case.html", content).await
}

async fn paper(visit: Visit<House>) -> Answer {
    let (id, file): (DossierId, FileId) = (visit.parse_param("id")?, visit.parse_param("file")?);
    let mut op = visit.op().await?;
    let file = visit.state.dossiers.paper_file(&mut op, id, file).await?;
    op.commit().await?;
    papers::send(&visit, &file).await
}

async fn document(visit: Visit<House>) -> Answer {
    let (id, document): (DossierId, Uuid) = (visit.parse_param("id")?, visit.parse_param("document")?);
    let mut op = visit.op().await?;
    let (_, file) = visit.state.dossiers.document(&mut op, id, document).await?;
    op.commit().await?;
    papers::send(&visit, &file).await
}

/// Records that a fee was paid at the counter.
async fn pay(mut visit: Visit<House>, fields: Fields) -> Answer {
    let here = visit.path().to_owned();
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, &here, &fields, Some(fault)).await;
    }
    let id: DossierId = visit.parse_param("id")?;
    let fee = fields.required("fee")?;
    let receipt = fields.filled(&format!("receipt_number.{fee}")).map(ToOwned::to_owned);
    let mut op = visit.op().await?;
    match visit
        .state
        .dossiers
        .record_payment(&mut op, id, fee, receipt.clone())
        .await
    {
        Ok(_) => op.commit().await?,
        Err(fault) if again::is_needed(&fault) => {
            drop(op);
            return again::ask(&visit, &here, &fields, None).await;
        }
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            if fault.code != "dossiers.fee_paid" || !is_noted(&visit, id, fee, receipt).await? {
                return draw(&visit, json!({ "reason": "", "new_day": {} }), Some(&fault)).await;
            }
        }
        Err(fault) => return Err(fault),
    }
    let back = fields
        .filled("ve")
        .filter(|back| back.starts_with("/can-bo/") && !back.contains('?'));
    let back = back.map_or_else(|| format!("/can-bo/ho-so/{id}"), ToOwned::to_owned);
    visit.redirect(format!("{back}?da=desk_paid"))
}

/// Pressed twice, the payment with this receipt is noted already.
async fn is_noted(visit: &Visit<House>, id: DossierId, fee: &str, receipt: Option<String>) -> Result<bool> {
    let mut op = visit.op().await?;
    let view = visit.state.dossiers.view(&mut op, id).await?;
    op.commit().await?;
    Ok(view
        .fees
        .iter()
        .any(|known| known.fee == fee && known.receipt_number == receipt))
}

/// Apologises for lateness and names another day (phiếu xin lỗi và hẹn lại ngày trả kết quả, form 04).
async fn apologise(mut visit: Visit<House>, fields: Fields) -> Answer {
    let here = visit.path().to_owned();
    if let Err(fault) = again::take(&mut visit, &fields).await {
        return again::ask(&visit, &here, &fields, Some(fault)).await;
    }
    let id: DossierId = visit.parse_param("id")?;
    let reason = fields.get("reason").unwrap_or_default().trim().to_owned();
    let typed = json!({ "reason": reason, "new_day": typed_day(&fields, "new_day") });
    let mut wrong = Fault::invalid("desk.apology_incomplete");
    if reason.is_empty() {
        wrong = wrong.field("reason", "desk.reason_missing");
    }
    let day = day_of(&fields, "new_day");
    if day.is_none() {
        wrong = wrong.field("new_day", "desk.day_unreadable");
    }
    let Some(day) = day.filter(|_| wrong.fields.is_empty()) else {
        return draw(&visit, typed, Some(&wrong)).await;
    };
    let mut op = visit.op().await?;
    match visit.state.dossiers.apologise(&mut op, id, &reason, day).await {
        Ok(_) => op.commit().await?,
        Err(fault) if again::is_needed(&fault) => {
            drop(op);
            return again::ask(&visit, &here, &fields, None).await;
        }
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            return draw(&visit, typed, Some(&fault)).await;
        }
        Err(fault) => return Err(fault),
    }
    visit.redirect(format!("/can-bo/ho-so/{id}?da=desk_apologised"))
}
