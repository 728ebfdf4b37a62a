//! The front page and the choice of language.

use dossiers::catalogue::{Catalogue, FieldCount, Level, ProcedureQuery};
use render::Locale;
use serde_json::{Value, json};
use web::{Answer, Door, Routes, Visit};

use crate::{House, words::Words};

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get("/", Door::Public, home)
        .get("/ngon-ngu/{locale}", Door::Public, language)
}

async fn home(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let total = Catalogue.count_procedures(&mut op, &ProcedureQuery::default()).await?;
    let field_count = Catalogue.fields(&mut op).await?.len();
    // What people mostly need is done at their commune.
    let at_commune = Catalogue.fields_at(&mut op, Level::Commune).await?;
    let fields: Vec<&FieldCount> = visit
        .state
        .front_page_fields
        .iter()
        .filter_map(|name| at_commune.iter().find(|own| own.field == *name))
        .collect();
    let query = ProcedureQuery {
        online_only: true,
        ..ProcedureQuery::default()
    };
    let online = Catalogue.search_procedures(&mut op, &query).await?;
    drop(op);
    let online: Vec<Value> = online
        .items
        .iter()
        .filter_map(|card| {
            let words = Words::new(&visit, card.app.as_deref()?);
            let (title, text) = (words.app("short_name"), words.maybe("summary"));
            Some(json!({ "title": title, "text": text, "href": format!("/thu-tuc/{}", card.code) }))
        })
        .collect();
    visit
        .page(
            "portal/home.html",
            json!({ "total": total, "fields": fields, "field_count": field_count, "online": online }),
        )
        .await
}

async fn language(visit: Visit<House>) -> Answer {
    let back = visit.query("ve").unwrap_or("/").to_owned();
    let response = visit.redirect(back)?;
    let locale: Locale = visit.parse_param("locale")?;
    Ok(visit.choose_locale(locale, response))
}
