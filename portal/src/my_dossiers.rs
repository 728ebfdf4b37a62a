//! What somebody has handed in, and what they can do with it: look, take copies, withdraw, say how it was (R083, R098).

use dossiers::{
    DossierView, HistoryView,
    model::{LONGEST_WORDS, PlainStatus},
};
use forms::{SummaryPage, SummaryRow};
use kernel::{DossierId, Fault, FaultKind, FieldFault, Result};
use serde_json::{Value, json};
use web::{Answer, Door, Fields, Routes, StatusCode, Visit, address};

use crate::account::acting;
use crate::{House, papers, questions, words::Words};

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get("/ho-so-cua-toi", Door::SignedIn, list)
        .get("/ho-so-cua-toi/{id}", Door::SignedIn, show)
        .get("/ho-so-cua-toi/{id}/bien-nhan", Door::SignedIn, receipt)
        .get("/ho-so-cua-toi/{id}/rut", Door::SignedIn, ask_withdraw)
        .post("/ho-so-cua-toi/{id}/rut", Door::SignedIn, withdraw)
        .post("/ho-so-cua-toi/{id}/danh-gia", Door::SignedIn, rate)
        .post("/ho-so-cua-toi/{id}/ban-khai", Door::SignedIn, copy_of_answers)
        .get("/ho-so-cua-toi/{id}/giay-to/{file}", Door::SignedIn, paper)
        .get("/ho-so-cua-toi/{id}/van-ban/{document}", Door::SignedIn, document)
}

async fn list(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let page = visit.state.dossiers.mine(&mut op, &visit.page_request()).await?;
    // Drafts stand on the first page only.
    let first = visit.query("sau").is_none();
    let drafts = if first {
        let request = db::PageRequest::new(None, Some(db::PageRequest::MOST));
        visit.state.forms.drafts(&mut op, &request).await?.items
    } else {
        Vec::new()
    };
    drop(op);
    let drafts: Vec<Value> = drafts
        .iter()
        .map(|card| {
            let words = Words::new(&visit, &card.app);
            json!({
                "href": format!("/ho-so-nhap/{}", card.id), "title": words.app("short_name"),
                "hint": card.subject_hint, "updated_at": card.updated_at, "passed": card.passed, "pages": card.pages,
            })
        })
        .collect();
    let (mine, rest): (Vec<_>, Vec<_>) = page.items.iter().partition(|row| row.needs_me);
    let rows = |rows: &[&dossiers::MyRow]| -> Vec<Value> {
        rows.iter()
            .map(|row| {
                let words = Words::new(&visit, &row.app);
                json!({
                    "href": format!("/ho-so-cua-toi/{}", row.id), "code": row.code, "title": row.title, "service": words.app("short_name"),
                    "plain": row.plain, "due_at": row.due_at, "updated_at": row.updated_at,
                })
            })
            .collect()
    };
    let content = json!({
        "drafts": drafts, "waiting": rows(&mine), "rows": rows(&rest),
        "empty": drafts.is_empty() && page.items.is_empty(),
        "first": if first { "" } else { "/ho-so-cua-toi" },
        "next": page.next.map(|cursor| format!("/ho-so-cua-toi?sau={cursor}")).unwrap_or_default(),
    });
    visit.page("portal/my/list.html", content).await
}

async fn view(visit: &Visit<House>) -> Result<DossierView> {
    let id: DossierId = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let view = visit.state.dossiers.view(&mut op, id).await?;
    // Looking at a case is itself written down.
    op.commit().await?;
    Ok(view)
}

async fn show(visit: Visit<House>) -> Answer {
    let view = match view(&visit).await {
        // Messages of cases of others lead here: whoever may act for somebody chooses first.
        Err(fault) if fault.kind == FaultKind::NotFound && acting::may_choose(&visit).await? => {
            let back = visit.param("id").to_owned();
            return visit.redirect(address(acting::ACTING, [("ho_so", back.as_str())]));
        }
        view => view?,
    };
    let content = case_context(&visit, &view);
    visit.page("portal/my/dossier.html", content).await
}

/// A case as its applicant sees it.
fn case_context(visit: &Visit<House>, view: &DossierView) -> Value {
    let words = Words::new(visit, &view.app);
    let base = format!("/ho-so-cua-toi/{}", view.id);
    let told = |pages: &[SummaryPage]| -> Vec<Value> {
        let rows = |page: &SummaryPage| -> Vec<Value> {
            let row = |row: &SummaryRow| json!({ "key": words.app(&row.label_key), "value": words.answer(&row.value) });
            page.rows.iter().map(row).collect()
        };
        let page = |page: &SummaryPage| json!({ "title": words.app(&page.title_key), "rows": rows(page) });
        pages.iter().map(page).collect()
    };
    let papers: Vec<Value> = view
        .papers
        .iter()
        .map(|paper| {
            json!({
                "name": words.app(&format!("papers.{}.name", paper.paper)), "file_name": paper.file_name, "size": paper.size,
                "round": paper.round, "replaced": paper.replaced, "href": format!("{base}/giay-to/{}", paper.file),
            })
        })
        .collect();
    let documents: Vec<Value> = view
        .documents
        .iter()
        .map(|document| {
            json!({
                "kind": document.kind, "number": document.number, "issued_at": document.issued_at, "agency": document.agency_name,
                "code": document.verification_code, "href": format!("{base}/van-ban/{}", document.id),
            })
        })
        .collect();
    let fees: Vec<Value> = view
        .fees
        .iter()
        .map(|fee| {
            json!({
                "name": words.app(&format!("fees.{}", fee.fee)), "amount": fee.amount.dong(), "collect": fee.collect,
                "paid_at": fee.paid_at, "receipt": fee.receipt_number,
            })
        })
        .collect();
    let asked = view.supplements.iter().rfind(|asked| asked.supplied_at.is_none());
    json!({
        "base": base, "code": view.code, "service": words.app("name"), "title": view.title, "plain": view.plain,
        "receiving": view.receiving.name, "handling": view.handling.name, "same_agency": view.receiving.id == view.handling.id,
        "owner": view.owner_name, "submitted_at": view.submitted_at, "received_at": view.received_at, "due_at": view.due_at,
        "late": view.late, "apologised_at": view.apologised_at, "finished_at": view.finished_at, "returned_at": view.returned_at,
        "open": view.finished_at.is_none(), "waits": view.waiting_since.is_some(),
        "asked": asked.map(|asked| json!({ "note": asked.note, "count": asked.items.len(), "asked_at": asked.asked_at })),
        "sections": told(&view.summary), "result": told(&view.result), "papers": papers, "documents": documents, "fees": fees,
        "history": history(&words, &view.history, view.plain),
        "may": { "withdraw": view.may.withdraw, "supply": view.may.supply, "rate": view.may.rate },
        "rating": view.rating, "code_url": format!("/tra-cuu?ma={}", view.code), "most": LONGEST_WORDS,
        "score_error": "", "comment_error": "", "comment": "", "errors": [],
    })
}

/// What happened, the newest first, without what officials write to each other.
fn history(words: &Words, rows: &[HistoryView], now: PlainStatus) -> Vec<Value> {
    let shown = rows.iter().filter(|row| row.action != "claimed");
    let mut entries: Vec<Value> = shown
        .map(|row| {
            let said = row.note.as_deref().filter(|_| !row.internal).unwrap_or_default();
            let who = row.agency_name.as_deref().unwrap_or(&row.actor_name);
            json!({ "title": words.say(&format!("history.dossiers.{}", row.action), []), "at": row.at, "who": who, "text": said, "now": false })
        })
        .collect();
    entries.reverse();
    let over = matches!(now, PlainStatus::Done | PlainStatus::Refused | PlainStatus::Withdrawn);
    if let Some(first) = entries.first_mut().filter(|_| !over) {
        first["now"] = json!(true);
    }
    entries
}

/// The page after the submission: drawn from the case, so that looking at it again does nothing twice.
async fn receipt(visit: Visit<House>) -> Answer {
    let view = view(&visit).await?;
    let words = Words::new(&visit, &view.app);
    let tracking = format!(
        "{}/tra-cuu?ma={}",
        visit.state.dossiers.public_address().trim_end_matches('/'),
        view.code
    );
    let content = json!({
        "base": format!("/ho-so-cua-toi/{}", view.id), "code": view.code, "service": words.app("name"), "title": view.title,
        "receiving": view.receiving.name, "submitted_at": view.submitted_at, "received": view.received_at.is_some(),
        "tracking": tracking, "phone": view.phone, "email": view.email,
        "fees": view.fees.iter().filter(|fee| fee.paid_at.is_none()).map(|fee| json!({
            "name": words.app(&format!("fees.{}", fee.fee)), "amount": fee.amount.dong(), "collect": fee.collect,
        })).collect::<Vec<_>>(),
        "time": words.maybe("start.time"),
    });
    visit.page("portal/my/receipt.html", content).await
}

async fn ask_withdraw(visit: Visit<House>) -> Answer {
    let view = view(&visit).await?;
    withdrawal(&visit, &view, "", "").await
}

async fn withdrawal(visit: &Visit<House>, view: &DossierView, reason: &str, error: &str) -> Answer {
    let base = format!("/ho-so-cua-toi/{}", view.id);
    if !view.may.withdraw {
        return visit.redirect(base);
    }
    let words = Words::new(visit, &view.app);
    let errors: Vec<Value> = (!error.is_empty())
        .then(|| json!({ "field": "ly_do", "text": error }))
        .into_iter()
        .collect();
    let content = json!({
        "base": base, "code": view.code, "service": words.app("name"), "reason": reason, "error": error, "errors": errors, "most": LONGEST_WORDS,
        "paid": view.fees.iter().any(|fee| fee.paid_at.is_some()),
    });
    visit
        .page_status(questions::status_for(&errors), "portal/my/withdraw.html", content)
        .await
}

async fn withdraw(visit: Visit<House>, fields: Fields) -> Answer {
    let id: DossierId = visit.parse_param("id")?;
    let reason = fields.filled("ly_do").unwrap_or_default();
    let mut op = visit.op().await?;
    match visit.state.dossiers.withdraw(&mut op, id, reason).await {
        Ok(()) => op.commit().await?,
        Err(fault) if !fault.fields.is_empty() => {
            drop(op);
            let view = view(&visit).await?;
            let words = Words::new(&visit, &view.app);
            let error = match fault.code {
                "dossiers.reason_missing" => words.say("apply.withdraw.reason_missing", []),
                _ => words.field_fault(&fault.fields[0]),
            };
            return withdrawal(&visit, &view, reason, &error).await;
        }
        // Pressed twice, it is withdrawn already; decided meanwhile, the page of the case says so.
        Err(fault) if fault.kind == FaultKind::Conflict => {
            drop(op);
            let withdrawn = view(&visit).await?.plain == PlainStatus::Withdrawn;
            let said = if withdrawn { "?da=withdrawn" } else { "" };
            return visit.redirect(format!("/ho-so-cua-toi/{id}{said}"));
        }
        Err(fault) => return Err(fault),
    }
    visit.redirect(format!("/ho-so-cua-toi/{id}?da=withdrawn"))
}

async fn rate(visit: Visit<House>, fields: Fields) -> Answer {
    let id: DossierId = visit.parse_param("id")?;
    let comment = fields.filled("y_kien").unwrap_or_default();
    // Nothing chosen is told by the engine as any other number that is no mark.
    let score = fields.filled("diem").and_then(|score| score.parse().ok()).unwrap_or(0);
    let mut op = visit.op().await?;
    match visit.state.dossiers.rate(&mut op, id, score, comment).await {
        Ok(()) => op.commit().await?,
        Err(fault) if !fault.fields.is_empty() => {
            drop(op);
            return rating_refused(&visit, &fault.fields[0], comment).await;
        }
        // Pressed twice, or rated in another tab: the page of the case shows the rating that stands.
        Err(fault) if fault.code == "dossiers.rated_already" => {
            drop(op);
            return visit.redirect(format!("/ho-so-cua-toi/{id}"));
        }
        Err(fault) => return Err(fault),
    }
    visit.redirect(format!("/ho-so-cua-toi/{id}?da=rated"))
}

async fn rating_refused(visit: &Visit<House>, fault: &FieldFault, comment: &str) -> Answer {
    let view = view(visit).await?;
    let words = Words::new(visit, &view.app);
    let mut content = case_context(visit, &view);
    let (control, error, text) = match fault.field.as_str() {
        "score" => ("diem", "score_error", words.say("apply.rating.score_missing", [])),
        _ => ("y_kien", "comment_error", words.field_fault(fault)),
    };
    content["errors"] = json!([{ "field": control, "text": text }]);
    content[error] = json!(text);
    content["comment"] = json!(comment);
    visit
        .page_status(StatusCode::UNPROCESSABLE_ENTITY, "portal/my/dossier.html", content)
        .await
}

/// The form as it was answered, to keep. It is drawn when first asked for, hence no `GET`; then it stands among the papers of the case.
/// A download in answer to the form would leave the page standing with its button pressed.
async fn copy_of_answers(visit: Visit<House>, _: Fields) -> Answer {
    let id: DossierId = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    visit.state.dossiers.copy_of_answers(&mut op, id).await?;
    op.commit().await?;
    visit.redirect(format!("/ho-so-cua-toi/{id}?da=copy_made"))
}

async fn paper(visit: Visit<House>) -> Answer {
    let id: DossierId = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let file = visit
        .state
        .dossiers
        .paper_file(&mut op, id, visit.parse_param("file")?)
        .await?;
    op.commit().await?;
    papers::send(&visit, &file).await
}

async fn document(visit: Visit<House>) -> Answer {
    let id: DossierId = visit.parse_param("id")?;
    let document = visit
        .param("document")
        .parse()
        .map_err(|_| Fault::not_found("web.not_found"))?;
    let mut op = visit.op().await?;
    let (_, file) = visit.state.dossiers.document(&mut op, id, document).await?;
    op.commit().await?;
    papers::send(&visit, &file).await
}
