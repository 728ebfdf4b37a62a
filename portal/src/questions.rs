//! Question pages: one thing a page. The same pages serve citizens and the counter, at another address and in another frame.

use std::collections::BTreeMap;

use forms::{DraftView, FieldView, PageView, Raw};
use kernel::{DossierId, DraftId, Fault, FaultKind, FieldFault, FileId, Result};
use op::Op;
use serde_json::{Value, json};
use web::{Answer, Fields, StatusCode, Upload, Visit};

use crate::{
    House, papers,
    places::{Places, places_if_asked},
    words::Words,
};

/// More choices than this are a list to open rather than circles to press.
const MOST_CIRCLES: usize = 7;

/// Where question pages stand.
pub(crate) struct Place {
    /// Address of the draft; its pages follow as `<base>/<page>`.
    pub(crate) base: String,
    /// The frame: `layouts/citizen.html` or `layouts/officer.html`.
    pub(crate) layout: &'static str,
    /// Where the way back of the first page leads, and "later".
    pub(crate) out: String,
    /// Where somebody goes whose draft has become a dossier already.
    pub(crate) done: fn(DossierId) -> String,
}

impl Place {
    /// The page on which everything is looked at once more.
    pub(crate) fn check(&self) -> String {
        format!("{}/kiem-tra", self.base)
    }

    /// The first page that is still open, or the check.
    pub(crate) fn next(&self, draft: &DraftView) -> String {
        draft
            .next
            .as_ref()
            .map_or_else(|| self.check(), |page| format!("{}/{page}", self.base))
    }

    /// Where somebody goes instead when there is nothing to fill in any more.
    pub(crate) fn closed(&self, draft: &DraftView) -> Option<String> {
        let subject = draft.subject.as_ref()?;
        let id = subject.strip_prefix("dossier:").and_then(|id| id.parse().ok());
        Some(id.map_or_else(|| self.out.clone(), self.done))
    }
}

/// What was typed, by the names of the controls.
pub(crate) fn raw_of(fields: &Fields) -> Raw {
    let mut raw = Raw::new();
    // The district only helps to find the ward; it is no answer.
    let answers = fields
        .iter()
        .filter(|(name, _)| !name.starts_with('_') && !name.ends_with(".district"));
    for (name, value) in answers {
        raw.entry(name.to_owned()).or_default().push(value.to_owned());
    }
    raw
}

/// Draws one page of a draft.
pub(crate) async fn draw(visit: &Visit<House>, draft: DraftId, page: &str, place: &Place) -> Answer {
    let mut op = visit.op().await?;
    let draft = visit.state.forms.draft(&mut op, draft).await?;
    if let Some(elsewhere) = place.closed(&draft) {
        return visit.redirect(elsewhere);
    }
    // A page that stopped to apply (an earlier answer was changed) is no dead end.
    if draft.pages.iter().any(|state| state.page == page && !state.applies) {
        return visit.redirect(place.next(&draft));
    }
    let view = visit.state.forms.page(&mut op, draft.id, page).await?;
    if !view.papers.is_empty() {
        return papers::draw(visit, op, &draft, &view, place, &BTreeMap::new()).await;
    }
    show(visit, op, &draft, &view, place).await
}

/// Saves one page. What was typed is kept even where it is not right yet.
pub(crate) async fn save(visit: &Visit<House>, draft: DraftId, page: &str, fields: &Fields, place: &Place) -> Answer {
    let mut op = visit.op().await?;
    let before = visit.state.forms.draft(&mut op, draft).await?;
    if let Some(elsewhere) = place.closed(&before) {
        return visit.redirect(elsewhere);
    }
    let is_papers = before.pages.iter().any(|state| state.page == page && state.papers);
    if is_papers && fields.filled("de_sau").is_none() {
        let view = visit.state.forms.page(&mut op, draft, page).await?;
        let missing = papers::missing(visit, &mut op, &before, &view).await?;
        if !missing.is_empty() {
            return papers::draw(visit, op, &before, &view, place, &missing).await;
        }
    }
    let saved = visit
        .state
        .forms
        .save_page(&mut op, draft, page, &raw_of(fields))
        .await?;
    let view = if saved.faults.is_empty() {
        None
    } else {
        Some(visit.state.forms.page(&mut op, draft, page).await?)
    };
    op.commit().await?;
    match view {
        None => visit.redirect(place.next(&saved.draft)),
        Some(view) => {
            let op = visit.op().await?;
            show(visit, op, &saved.draft, &view, place).await
        }
    }
}

async fn show(visit: &Visit<House>, mut op: Op, draft: &DraftView, view: &PageView, place: &Place) -> Answer {
    let words = Words::new(visit, &draft.app);
    let places = places_if_asked(visit, &mut op, &view.fields).await?;
    drop(op);
    let fields: Vec<Value> = view
        .fields
        .iter()
        .map(|field| field_context(&words, field, &places, None))
        .collect();
    let errors = errors_of(&words, &view.faults);
    let status = status_for(&errors);
    let mut content = frame(&words, draft, view, place);
    content["fields"] = json!(fields);
    content["places"] = json!(places);
    content["errors"] = json!(errors);
    visit.page_status(status, "portal/questions.html", content).await
}

/// What both kinds of page say around their questions.
pub(crate) fn frame(words: &Words, draft: &DraftView, view: &PageView, place: &Place) -> Value {
    let back = view
        .previous
        .as_ref()
        .map_or_else(|| place.out.clone(), |page| format!("{}/{page}", place.base));
    json!({
        "layout": place.layout, "base": place.base, "out": place.out, "back": back,
        "page_key": view.page, "number": view.number, "of": view.of,
        "service": words.app("short_name"),
        "title": words.app(&view.title_key),
        "hint": words.maybe(&view.hint_key),
        "all_passed": draft.next.is_none(), "check": place.check(),
    })
}

/// 422 for a page that is drawn again because something is wrong.
pub(crate) fn status_for(errors: &[Value]) -> StatusCode {
    if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

/// All that is wrong, in the order of the questions.
pub(crate) fn errors_of(words: &Words, faults: &[FieldFault]) -> Vec<Value> {
    faults
        .iter()
        .map(|fault| json!({ "field": fault.field, "text": words.field_fault(fault) }))
        .collect()
}

/// One question for the template. `typed` overlays what has just been sent and was not kept.
pub(crate) fn field_context(words: &Words, field: &FieldView, places: &Places, typed: Option<&Raw>) -> Value {
    let mut options: Vec<Value> = field
        .options
        .iter()
        .map(|option| {
            let label = match (&option.label, &option.label_key) {
                (Some(label), _) => label.clone(),
                (None, Some(key)) => words.app(key),
                (None, None) => option.value.clone(),
            };
            json!({ "value": option.value, "label": label })
        })
        .collect();
    if field.kind == "yes_no" {
        options = vec![
            json!({ "value": "yes", "label": words.say("layout.yes", []) }),
            json!({ "value": "no", "label": words.say("layout.no", []) }),
        ];
    }
    let kind = match field.kind {
        "yes_no" => "choice",
        "choice" if options.len() > MOST_CIRCLES => "catalogue",
        kind => kind,
    };
    let value = match typed {
        Some(raw) => typed_value(field, raw, places),
        None => shown_value(field, places),
    };
    json!({
        "name": field.field,
        "kind": kind,
        "label": words.app(&field.label_key),
        "hint": words.maybe(&field.hint_key),
        "required": field.required,
        "options": options,
        "value": value,
        "max": field.max_length.unwrap_or_default(),
        "elsewhere": field.elsewhere,
        "prefilled": field.prefilled && typed.is_none(),
        "error": field.fault.as_ref().map(|fault| words.field_fault(fault)).unwrap_or_default(),
    })
}

/// The value as the controls take it.
fn shown_value(field: &FieldView, places: &Places) -> Value {
    match (field.kind, &field.value) {
        (_, Value::Null) => json!(""),
        ("area" | "address", Value::Object(place)) => {
            let text = |key: &str| place.get(key).and_then(Value::as_str).unwrap_or_default();
            places.shown(text)
        }
        // A date that came as one text is shown as it came.
        ("date", Value::String(text)) => json!({ "day": text, "month": "", "year": "" }),
        (_, value) => value.clone(),
    }
}

/// What has just been typed into the controls of a field.
fn typed_value(field: &FieldView, raw: &Raw, places: &Places) -> Value {
    let first = |name: &str| {
        raw.get(name)
            .and_then(|values| values.first())
            .cloned()
            .unwrap_or_default()
    };
    let part = |part: &str| first(&format!("{}.{part}", field.field));
    match field.kind {
        "date" => json!({ "day": part("day"), "month": part("month"), "year": part("year") }),
        "address" | "area" => places.shown(part),
        "choices" => json!(raw.get(&field.field).cloned().unwrap_or_default()),
        _ => json!(first(&field.field)),
    }
}

/// Takes files for one paper, several at once. Those that are fit are kept even where others are not.
pub(crate) async fn upload(visit: &Visit<House>, draft: DraftId, paper: &str, upload: Upload, place: &Place) -> Answer {
    papers::upload(visit, draft, paper, upload, place).await
}

/// Takes a file of a paper away.
pub(crate) async fn remove(
    visit: &Visit<House>,
    draft: DraftId,
    paper: &str,
    fields: &Fields,
    place: &Place,
) -> Answer {
    let file: FileId = fields
        .required("tep")?
        .parse()
        .map_err(|_| Fault::not_found("files.not_found"))?;
    let mut op = visit.op().await?;
    let view = visit.state.forms.draft(&mut op, draft).await?;
    if let Some(elsewhere) = place.closed(&view) {
        return visit.redirect(elsewhere);
    }
    // Pressed twice, it is gone already: that is what was wanted.
    if view.attachments.iter().any(|kept| kept.file == file) {
        visit.state.forms.detach(&mut op, draft, file).await?;
        op.commit().await?;
    }
    visit.redirect(papers::address(visit, &view, paper, place).await?)
}

/// Shows or hands out a file of a draft.
pub(crate) async fn download(visit: &Visit<House>, draft: DraftId, file: FileId) -> Answer {
    let mut op = visit.op().await?;
    let view = visit.state.forms.draft(&mut op, draft).await?;
    if !view.attachments.iter().any(|kept| kept.file == file) {
        return Err(Fault::not_found("files.not_found"));
    }
    let file = visit.state.files.get(&mut op, file).await?;
    op.commit().await?;
    papers::send(visit, &file).await
}

/// Everything that the check page shows: answers, papers, fees, agency, what is missing. `fault` is that of a submission that
/// was refused.
pub(crate) async fn check_context(
    visit: &Visit<House>,
    draft: DraftId,
    place: &Place,
    fault: Option<&Fault>,
) -> Result<Value> {
    let mut op = visit.op().await?;
    let preview = visit.state.dossiers.preview(&mut op, draft).await?;
    drop(op);
    let draft = &preview.draft;
    let words = Words::new(visit, &draft.app);
    let page_of_paper = draft
        .pages
        .iter()
        .find(|state| state.papers && state.applies)
        .map(|state| state.page.clone());
    let sections: Vec<Value> = preview
        .summary
        .iter()
        .map(|page| {
            let rows: Vec<Value> = page
                .rows
                .iter()
                .map(|row| {
                    json!({
                        "key": words.app(&row.label_key), "value": words.answer(&row.value),
                        "href": format!("{}/{}#{}", place.base, page.page, anchor(&row.field)),
                        "action": words.say("apply.check.change", []),
                    })
                })
                .collect();
            json!({ "page": page.page, "title": words.app(&page.title_key), "rows": rows, "href": format!("{}/{}", place.base, page.page) })
        })
        .collect();
    let of_papers = preview.paper_faults.iter().map(|fault| {
        let paper = fault.field.trim_start_matches("papers.");
        let page = page_of_paper.as_deref().unwrap_or_default();
        let (what, mark) = (words.app(&format!("papers.{paper}.name")), anchor(&fault.field));
        json!({ "what": what, "text": words.field_fault(fault), "href": format!("{}/{page}#{mark}", place.base) })
    });
    let missing: Vec<Value> = preview
        .faults
        .iter()
        .map(|fault| {
            let page = &fault.page;
            let what = match fault.params.get("label_key") {
                Some(key) => words.maybe(key),
                None => words.app(&format!("forms.{}.{page}.title", draft.form)),
            };
            let mark = if fault.field.is_empty() {
                String::new()
            } else {
                format!("#{}", anchor(&fault.field))
            };
            let text = words.code(&fault.code, &fault.params);
            json!({ "what": what, "text": text, "href": format!("{}/{page}{mark}", place.base) })
        })
        .chain(of_papers)
        .collect();
    let papers: Vec<Value> = preview
        .papers
        .iter()
        .filter(|need| need.required || !need.files.is_empty())
        .map(|need| {
            let files: Vec<Value> = need
                .files
                .iter()
                .map(|file| json!({ "name": file.name, "size": file.size, "href": format!("{}/tep/{}", place.base, file.file) }))
                .collect();
            let lacks = need.required && need.files.is_empty();
            json!({ "paper": need.paper, "name": words.app(&format!("papers.{}.name", need.paper)), "files": files, "lacks": lacks })
        })
        .collect();
    let fees: Vec<Value> = preview
        .fees
        .iter()
        .map(|fee| {
            let collect = serde_json::to_value(fee.collect).unwrap_or_default();
            json!({ "name": words.app(&format!("fees.{}", fee.fee)), "amount": fee.amount.dong(), "collect": collect })
        })
        .collect();
    // What is wrong in detail stands in `missing` already, each with its link.
    let errors: Vec<Value> = fault
        .map(|fault| json!({ "text": words.fault(fault) }))
        .into_iter()
        .collect();
    Ok(json!({
        "layout": place.layout, "base": place.base, "out": place.out,
        "service": words.app("name"),
        "sections": sections, "missing": missing, "papers": papers, "fees": fees,
        "receiving": preview.receiving.as_ref().map(|agency| agency.name.clone()),
        "papers_href": page_of_paper.map(|page| format!("{}/{page}", place.base)),
        "ready": preview.ready,
        "errors": errors,
        "consent_error": "",
    }))
}

/// The id of the control of a field, as the filter `field_id` makes it.
pub(crate) fn anchor(field: &str) -> String {
    let safe = field
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' });
    format!("f-{}", safe.collect::<String>())
}

/// Whether a fault can be told on the page where it happened, rather than on a page of its own.
pub(crate) fn is_tellable(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Invalid | FaultKind::Conflict)
}
