//! How far a draft is: what has passed, what is wrong, what comes next.

use chrono::{DateTime, Utc};
use kernel::FieldFault;
use schema::field::{Broken, FieldKind};
use serde_json::Value;

use super::draft::{Attachment, Draft, DraftCard, DraftView, PageFault, PageState};
use super::page::count;
use super::walk::{Walk, walk};
use super::{Answers, Ground, Raw, Ward, reading, typed};
use crate::definition::{FormDefinition, PageDefinition};

/// What is wrong with a page: with what was typed if it was not understood, else with the stored answers by the rules of today.
pub(crate) fn faults_of(
    form: &FormDefinition,
    draft: &Draft,
    page: &PageDefinition,
    walk: &Walk<'_>,
    ground: &Ground,
) -> Vec<FieldFault> {
    let stored;
    let raw = match draft.raw.get(&page.page) {
        Some(raw) => raw,
        None => {
            let mut again = Raw::new();
            for field in page.fields() {
                if let Some(value) = walk.answers.get(&field.field) {
                    typed::to_raw(field, value, &mut again);
                }
            }
            stored = again;
            &stored
        }
    };
    reading::read_fields(form, page.fields(), &page.checks, raw, &walk.answers, ground).faults
}

/// Whether a page was sent and nothing is wrong with it. That wards still exist is asked at the end only.
fn has_passed(form: &FormDefinition, draft: &Draft, page: &PageDefinition, walk: &Walk<'_>, ground: &Ground) -> bool {
    draft.passed.contains(&page.page)
        && !draft.raw.contains_key(&page.page)
        && faults_of(form, draft, page, walk, ground).is_empty()
}

fn states(form: &FormDefinition, draft: &Draft, walk: &Walk<'_>, now: DateTime<Utc>) -> Vec<PageState> {
    let ground = typed::answered_places(form, &walk.answers, now);
    form.pages
        .iter()
        .map(|page| {
            let applies = walk.pages.iter().any(|own| own.page == page.page);
            PageState {
                page: page.page.clone(),
                applies,
                passed: applies && has_passed(form, draft, page, walk, &ground),
                papers: !page.papers().is_empty(),
            }
        })
        .collect()
}

/// What the holder sees.
pub(crate) fn draft_view(
    form: &FormDefinition,
    draft: &Draft,
    attachments: Vec<Attachment>,
    now: DateTime<Utc>,
) -> DraftView {
    let walk = walk(form, &draft.answers, now);
    let pages = states(form, draft, &walk, now);
    let passed = pages.iter().filter(|page| page.passed);
    DraftView {
        id: draft.id,
        app: draft.app.clone(),
        form: draft.form.clone(),
        form_version: draft.form_version.clone(),
        channel: draft.channel,
        context: draft.context.clone(),
        passed: passed.map(|page| page.page.clone()).collect(),
        version: draft.version,
        created_at: draft.created_at,
        updated_at: draft.updated_at,
        subject: draft.subject.clone(),
        attachments,
        next: pages
            .iter()
            .find(|page| page.applies && !page.passed)
            .map(|page| page.page.clone()),
        answers: Value::Object(walk.answers),
        pages,
    }
}

/// What stands in a list.
pub(crate) fn card(form: &FormDefinition, draft: &Draft, now: DateTime<Utc>) -> DraftCard {
    let walk = walk(form, &draft.answers, now);
    let states = states(form, draft, &walk, now);
    let hint = walk
        .pages
        .iter()
        .flat_map(|page| page.fields())
        .filter(|field| matches!(field.kind, FieldKind::Name { .. }))
        .find_map(|field| walk.answers.get(&field.field)?.as_str());
    DraftCard {
        id: draft.id,
        app: draft.app.clone(),
        form: draft.form.clone(),
        channel: draft.channel,
        updated_at: draft.updated_at,
        touched: draft.version > 1,
        subject_hint: hint.map(str::to_owned),
        passed: count(states.iter().filter(|page| page.passed).count()),
        pages: count(walk.pages.len()),
    }
}

/// Everything that is wrong with a draft, against the wards of today.
pub(crate) fn page_faults(form: &FormDefinition, draft: &Draft, ground: &Ground) -> Vec<PageFault> {
    let walk = walk(form, &draft.answers, ground.now);
    let mut all = Vec::new();
    for page in &walk.pages {
        let mut faults = faults_of(form, draft, page, &walk, ground);
        faults.extend(renamed_places(form, page, &walk.answers, ground, &faults));
        if faults.is_empty() && !has_passed(form, draft, page, &walk, ground) {
            faults.push(FieldFault::new("", "forms.page_unseen"));
        }
        all.extend(faults.into_iter().map(|fault| PageFault {
            page: page.page.clone(),
            field: fault.field,
            code: fault.code,
            params: fault.params,
        }));
    }
    all
}

/// Codes have been used again with another meaning: an answer given under the old one must be given again.
fn renamed_places(
    form: &FormDefinition,
    page: &PageDefinition,
    answers: &Answers,
    ground: &Ground,
    faults: &[FieldFault],
) -> Vec<FieldFault> {
    let renamed = |value: &Value| {
        let part = |part: &str| value.get(part).and_then(Value::as_str).unwrap_or_default();
        let other_province = ground
            .provinces
            .get(part("province"))
            .is_some_and(|name| *name != part("province_name"));
        let named = Ward {
            name: part("ward_name").to_owned(),
            district: part("district").to_owned(),
        };
        let other_ward = ground.wards.get(part("ward")).is_some_and(|ward| *ward != named);
        match (other_ward, other_province) {
            (true, _) => Some("ward"),
            (_, true) => Some("province"),
            _ => None,
        }
    };
    page.fields()
        .iter()
        .filter(|field| matches!(field.kind, FieldKind::Address { .. } | FieldKind::Area))
        .filter(|field| !faults.iter().any(|fault| fault.field == field.field))
        .filter_map(|field| Some((field, renamed(answers.get(&field.field)?)?)))
        .map(|(field, rule)| reading::fault(form, field, Broken::new(rule)))
        .collect()
}
