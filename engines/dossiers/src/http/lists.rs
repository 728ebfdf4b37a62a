//! What an office looks through.

use chrono::NaiveDate;
use kernel::{Fault, Result, parse_date};
use web::{Answer, Doc, Door, Routes, Site, Visit};

use super::{List, engine, page_request};
use crate::Dossiers;
use crate::views::{FoundRow, InboxBox, InboxCounts, InboxFilter, InboxRow, LedgerRow, Period};

const TAG: &str = "desk";

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Dossiers> + Clone + Send + Sync + 'static,
{
    Routes::new()
        .api_get(
            "/api/v1/inbox",
            Door::Official,
            Doc::new(
                "listTasks",
                TAG,
                "Steps that wait for the official's agency and roles, most urgent first. `hop` is open, mine, all or waiting.",
            )
            .with_query(&["hop", "he-thong", "buoc", "q", "qua-han", "sau", "so"]),
            inbox,
        )
        .api_get(
            "/api/v1/inbox/counts",
            Door::Official,
            Doc::new("countTasks", TAG, "How much there is in each box."),
            counts,
        )
        .api_get(
            "/api/v1/dossier-search",
            Door::Official,
            Doc::new(
                "searchDossiers",
                TAG,
                "Dossiers of the official's agency by code, name, title or number, with or without tones.",
            )
            .with_query(&["q", "sau", "so"]),
            search,
        )
        .api_get(
            "/api/v1/ledger",
            Door::Official,
            Doc::new(
                "listLedger",
                TAG,
                "The ledger of dossiers (form 07): what the agency took in from `tu` to `den`, YYYY-MM-DD.",
            )
            .with_query(&["tu", "den", "sau", "so"]),
            ledger,
        )
        .api_download(
            "/api/v1/ledger.csv",
            Door::Official,
            Doc::new(
                "downloadLedger",
                TAG,
                "The ledger as CSV, UTF-8 with a byte order mark.",
            )
            .with_query(&["tu", "den"]),
            ledger_csv,
        )
}

/// Reads the question from the address: `hop`, `he-thong`, `buoc`, `q`, `qua-han=1`. What is unknown is left out, as a page does.
pub(crate) fn filter_of<S: AsRef<Site>>(visit: &Visit<S>) -> InboxFilter {
    InboxFilter {
        list: visit.query("hop").and_then(InboxBox::from_word).unwrap_or_default(),
        app: visit.query("he-thong").map(ToString::to_string),
        node: visit.query("buoc").map(ToString::to_string),
        q: visit.query("q").map(|text| text.chars().take(200).collect()),
        late: visit.query("qua-han") == Some("1"),
    }
}

fn period_of<S: AsRef<Site>>(visit: &Visit<S>) -> Result<Period> {
    let day = |name: &'static str| -> Result<NaiveDate> {
        let missing = || Fault::invalid("web.missing_field").field(name, "web.missing_field");
        parse_date(visit.query(name).ok_or_else(missing)?).map_err(|fault| {
            let code = fault.code;
            fault.field(name, code)
        })
    };
    Ok(Period {
        from: day("tu")?,
        to: day("den")?,
    })
}

async fn inbox<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>) -> Result<List<InboxRow>> {
    let mut op = visit.look().await?;
    let page = engine(&visit)
        .inbox(&mut op, &filter_of(&visit), &page_request(&visit))
        .await?;
    Ok(page.into())
}

async fn counts<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>) -> Result<InboxCounts> {
    let mut op = visit.look().await?;
    engine(&visit).inbox_counts(&mut op).await
}

async fn search<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>) -> Result<List<FoundRow>> {
    let question: String = visit.query("q").unwrap_or_default().chars().take(200).collect();
    let mut op = visit.op().await?;
    let page = engine(&visit).search(&mut op, &question, &page_request(&visit)).await?;
    op.commit().await?;
    Ok(page.into())
}

async fn ledger<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>) -> Result<List<LedgerRow>> {
    let Period { from, to } = period_of(&visit)?;
    let mut op = visit.op().await?;
    let page = engine(&visit).ledger(&mut op, from, to, &page_request(&visit)).await?;
    op.commit().await?;
    Ok(page.into())
}

async fn ledger_csv<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>) -> Answer {
    let Period { from, to } = period_of(&visit)?;
    let mut op = visit.op().await?;
    let bytes = engine(&visit).ledger_csv(&mut op, from, to).await?;
    op.commit().await?;
    let name = format!("so-theo-doi-{from}-{to}.csv");
    Ok(web::attachment(&name, "text/csv; charset=utf-8", bytes.into(), false))
}
