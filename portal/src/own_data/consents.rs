//! For what one's data is used (mục đích xử lý): what the law allows, and what people consent to.

use kernel::Fault;
use serde_json::{Value, json};
use web::{Answer, Door, Fields, Routes, StatusCode, Visit};

use crate::House;
use crate::told::{errors_of, is_told_in_place, status_of};
use crate::words::Words;

pub(super) const PATH: &str = "/tai-khoan/du-lieu/dong-y";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get(PATH, Door::SignedIn, show)
        .post(PATH, Door::SignedIn, consent)
}

/// For what one's data is used: by law, and by consent, to give and to take back.
async fn show(visit: Visit<House>) -> Answer {
    draw(&visit, None).await
}

async fn draw(visit: &Visit<House>, fault: Option<&Fault>) -> Answer {
    let mut op = visit.look().await?;
    let (views, past) = visit.state.privacy.my_consents(&mut op).await?;
    drop(op);
    let words = Words::new(visit, "");
    let title = |key: &str| super::purpose(visit, &words, key);
    let purposes: Vec<Value> = views
        .iter()
        .map(|view| {
            let purpose = &view.purpose;
            let data: Vec<String> = purpose
                .data
                .iter()
                .map(|class| words.say(&format!("privacy.data.{class}"), []))
                .collect();
            json!({
                "key": purpose.key, "version": purpose.version, "title": title(&purpose.key), "basis": purpose.basis,
                "text": words.say(&format!("{}.text", purpose.text), []), "data": data.join(", "), "optional": purpose.optional, "needed": purpose.needed,
                "given_at": view.consent.as_ref().map(|consent| consent.given_at), "outdated": view.is_outdated(),
            })
        })
        .collect();
    let past: Vec<Value> = past
        .iter()
        .map(|consent| json!({ "title": title(&consent.purpose), "given_at": consent.given_at, "ended_at": consent.ended_at }))
        .collect();
    let content = json!({
        "purposes": purposes, "past": past, "back": super::PATH, "action": PATH, "object": format!("{}?loai=object", super::NEW),
        "errors": fault.map_or_else(Vec::new, |fault| errors_of(&words, fault, |_| None)),
    });
    let status = fault.map_or(StatusCode::OK, status_of);
    visit
        .page_status(status, "portal/own_data/consents.html", content)
        .await
}

async fn consent(visit: Visit<House>, fields: Fields) -> Answer {
    let purpose = fields.required("muc_dich")?;
    let gives = fields.get("tra_loi") == Some("dong_y");
    let privacy = &visit.state.privacy;
    let mut op = visit.op().await?;
    let done = if gives {
        let version = fields
            .get("phien_ban")
            .and_then(|version| version.parse().ok())
            .unwrap_or(0);
        privacy.give_consent(&mut op, purpose, version, visit.locale).await
    } else {
        privacy.end_consent(&mut op, purpose).await
    };
    match done {
        Ok(()) => {
            op.commit().await?;
            let said = if gives {
                "data_consent_given"
            } else {
                "data_consent_ended"
            };
            visit.redirect(format!("{PATH}?da={said}"))
        }
        Err(fault) if is_told_in_place(&fault) => {
            drop(op);
            draw(&visit, Some(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}
