//! Help, accessibility, privacy, and the page shown without a network.

use identity::AgencyFilter;
use serde_json::json;
use web::{Answer, Door, Routes, Visit};

use crate::House;

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get("/tro-giup", Door::Public, help)
        .get("/kha-nang-tiep-can", Door::Public, accessibility)
        .get("/quyen-rieng-tu", Door::Public, privacy)
        .get("/ngoai-tuyen", Door::Public, offline)
}

async fn help(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let filter = AgencyFilter {
        kind: Some("district".into()),
        ..AgencyFilter::default()
    };
    let agencies: Vec<String> = visit
        .state
        .identity
        .agencies(&mut op, &filter)
        .await?
        .into_iter()
        .map(|agency| agency.name)
        .collect();
    drop(op);
    visit.page("portal/help.html", json!({ "agencies": agencies })).await
}

async fn accessibility(visit: Visit<House>) -> Answer {
    visit.page("portal/accessibility.html", json!({})).await
}

async fn privacy(visit: Visit<House>) -> Answer {
    visit.page("portal/privacy.html", json!({})).await
}

async fn offline(visit: Visit<House>) -> Answer {
    visit.page("portal/offline.html", json!({})).await
}
