//! The catalogue of administrative procedures (R061, R065).

use dossiers::catalogue::{Audience, Catalogue, Level, http::query_of};
use serde_json::json;
use web::{Answer, Door, Routes, Visit, address};

use crate::{House, apply::open_draft, words::Words};

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get("/thu-tuc", Door::Public, list)
        .get("/thu-tuc/{code}", Door::Public, show)
}

async fn list(visit: Visit<House>) -> Answer {
    let query = query_of(&visit);
    let mut op = visit.look().await?;
    let page = Catalogue.search_procedures(&mut op, &query).await?;
    let total = Catalogue.count_procedures(&mut op, &query).await?;
    let fields = Catalogue.fields(&mut op).await?;
    drop(op);
    let kept: Vec<(&str, &str)> = visit.queries().filter(|(name, _)| *name != "sau").collect();
    let at = |cursor| address("/thu-tuc", kept.iter().copied().chain([("sau", cursor)]));
    let active = kept
        .iter()
        .filter(|(name, _)| matches!(*name, "linh-vuc" | "cap" | "doi-tuong"))
        .count();
    let levels = [Level::Commune, Level::District, Level::Province, Level::Ministry].map(Level::key);
    let content = json!({
        "q": visit.query("q").unwrap_or(""),
        "field": visit.query("linh-vuc").unwrap_or(""),
        "level": query.level.map_or("", Level::key),
        "audience": query.audience.map_or("", Audience::key),
        "fields": fields,
        "levels": levels,
        "audiences": Audience::ALL.iter().map(|audience| audience.key()).collect::<Vec<_>>(),
        "items": page.items,
        "total": total,
        "active": active,
        "first": if query.page.as_ref().is_some_and(|page| page.after.is_some()) { at("") } else { String::new() },
        "next": page.next.as_deref().map(at).unwrap_or_default(),
    });
    visit.page("portal/procedures.html", content).await
}

/// One procedure. One that can be done here begins with plain words and a button; the published facts follow.
async fn show(visit: Visit<House>) -> Answer {
    let code = visit.param("code").to_owned();
    let mut op = visit.look().await?;
    let procedure = Catalogue.procedure(&mut op, &code).await?;
    let online = match procedure.card.app {
        Some(_) => visit.state.dossiers.online_by_code(&mut op, &code).await?,
        None => None,
    };
    let open = match (&online, visit.actor.citizen()) {
        (Some(online), Some(_)) => open_draft(&visit, &mut op, &online.app).await?,
        _ => None,
    };
    drop(op);
    let start = online.map(|online| {
        let words = Words::new(&visit, &online.app);
        let begin = format!("/thu-tuc/{code}/bat-dau");
        // Whoever has to sign in first comes back to the question whether to begin.
        let href = match (&open, visit.actor.citizen()) {
            (Some(card), _) => format!("/ho-so-nhap/{}", card.id),
            (None, None) => format!("/dang-nhap?ve={begin}"),
            (None, Some(_)) => begin.clone(),
        };
        let facts: Vec<_> = ["who", "need", "time", "fee", "result", "place"]
            .iter()
            .map(|key| json!({ "key": *key, "text": words.maybe(&format!("start.{key}")) }))
            .filter(|fact| fact["text"] != "")
            .collect();
        json!({
            "name": words.app("name"), "summary": words.maybe("summary"), "facts": facts, "href": href,
            "signed_in": visit.actor.citizen().is_some(), "official": visit.actor.is_official(),
            "begin": begin, "open": open.map(|card| card.updated_at),
        })
    });
    visit
        .page(
            "portal/procedure.html",
            json!({ "procedure": procedure, "start": start }),
        )
        .await
}
