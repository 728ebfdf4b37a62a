//! The front page, the choice of language, and addresses whose capability does not stand yet.

use dossiers::catalogue::{Catalogue, Level, ProcedureQuery};
use render::Locale;
use serde_json::json;
use web::{Answer, Door, Routes, StatusCode, Visit};

use crate::House;

/// Fields of work on the front page.
const FIELDS_SHOWN: usize = 12;

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get("/", Door::Public, home)
        .get("/ngon-ngu/{locale}", Door::Public, language)
        .get("/tra-cuu", Door::Public, not_yet)
        .get("/ho-so-cua-toi", Door::SignedIn, not_yet)
        .get("/can-bo/tiep-nhan", Door::Official, not_yet)
        .get("/can-bo/tim", Door::Official, not_yet)
        .get("/can-bo/tra-ket-qua", Door::Official, not_yet)
        .get("/can-bo/lich-lam-viec", Door::Official, not_yet)
}

async fn home(visit: Visit<House>) -> Answer {
    let mut op = visit.op().await?;
    let total = Catalogue.count_procedures(&mut op, &ProcedureQuery::default()).await?;
    let field_count = Catalogue.fields(&mut op).await?.len();
    // What people mostly need is done at their commune.
    let fields = Catalogue.largest_fields(&mut op, Level::Commune, FIELDS_SHOWN).await?;
    drop(op);
    visit
        .page(
            "portal/home.html",
            json!({ "total": total, "fields": fields, "field_count": field_count }),
        )
        .await
}

async fn language(visit: Visit<House>) -> Answer {
    let back = visit.query("ve").unwrap_or("/").to_owned();
    let response = visit.redirect(back)?;
    let locale: Locale = visit.parse_param("locale")?;
    Ok(visit.choose_locale(locale, response))
}

/// Says plainly that this part is being built, and what can be done meanwhile.
async fn not_yet(visit: Visit<House>) -> Answer {
    visit
        .page_status(StatusCode::NOT_IMPLEMENTED, "portal/not_yet.html", json!({}))
        .await
}
