//! A page as it is to be drawn.

use kernel::FieldFault;
use schema::field::{FieldKind, Options};
use serde::Serialize;
use serde_json::Value;

use super::draft::Draft;
use super::walk::{Walk, walk};
use super::{Answers, Applicant, Ground, Raw, kind, prefill, progress, reading, typed};
use crate::catalogue;
use crate::definition::{FieldDefinition, FormDefinition, PageDefinition};

/// One page of a draft. Text keys are relative to the texts of the app.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PageView {
    /// Its key.
    pub page: String,
    /// `forms.<form>.<page>.title`.
    pub title_key: String,
    /// `forms.<form>.<page>.hint`; the text may be missing.
    pub hint_key: String,
    /// Which of the pages that apply it is, from 1.
    pub number: u32,
    /// How many pages apply.
    pub of: u32,
    /// The page before it, if there is one.
    pub previous: Option<String>,
    /// The questions; none on a page of papers.
    pub fields: Vec<FieldView>,
    /// The papers asked here; none on a page of questions.
    pub papers: Vec<String>,
    /// What is wrong with what was typed, in the order of the page. Empty while the page was never sent.
    pub faults: Vec<FieldFault>,
}

/// One question as it is to be drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldView {
    /// Its key: the name of the control, or the beginning of the names of its controls.
    pub field: String,
    /// [`FieldKind::word`].
    pub kind: &'static str,
    /// Whether it must be answered, with the answers that are there.
    pub required: bool,
    /// `forms.<form>.<field>.label`.
    pub label_key: String,
    /// `forms.<form>.<field>.hint`; the text may be missing.
    pub hint_key: String,
    /// What may be chosen; none for questions that are typed and for yes and no.
    pub options: Vec<OptionView>,
    /// What the controls show, `null` for nothing. A text for one control (numbers as Vietnamese people write them, `yes` or
    /// `no`), a list of codes for `choices`, `{day, month, year}` for `date` (or the one text that was sent instead),
    /// `{ward, ward_name, district, detail}` or `{province, province_name, place, detail}` for `address`, the former without
    /// `detail` for `area`. What was typed where it was not understood; then places have no names and `where` is what was chosen.
    pub value: Value,
    /// The most characters of a text.
    pub max_length: Option<u32>,
    /// For `address`: a place in another province may be named too.
    pub elsewhere: bool,
    /// The value comes from what is known of the applicant, or from what the applicant has answered, and was not saved yet.
    pub prefilled: bool,
    /// What is wrong with what was typed.
    pub fault: Option<FieldFault>,
}

/// One thing that may be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct OptionView {
    /// The code: the value of the control.
    pub value: String,
    /// Key of its words in the texts of the app, `forms.<form>.<field>.<choice>`.
    pub label_key: Option<String>,
    /// Its name in a catalogue, where it comes from one.
    pub label: Option<String>,
}

/// What a question shows.
pub(crate) struct Shown<'a> {
    pub answers: &'a Answers,
    pub raw: Option<&'a Raw>,
    pub applicant: Option<&'a Applicant>,
    pub faults: &'a [FieldFault],
}

/// The page to draw. `walk` is that of the draft, `ground` knows the wards that page and applicant name.
pub(crate) fn page_view(
    form: &FormDefinition,
    draft: &Draft,
    page: &PageDefinition,
    walk: &Walk<'_>,
    ground: &Ground,
) -> PageView {
    let at = walk
        .pages
        .iter()
        .position(|own| own.page == page.page)
        .unwrap_or_default();
    let raw = draft.raw.get(&page.page);
    let was_sent = raw.is_some() || draft.passed.contains(&page.page);
    let faults = if was_sent {
        progress::faults_of(form, draft, page, walk, ground)
    } else {
        Vec::new()
    };
    let applicant = if was_sent { None } else { draft.applicant() };
    let shown = Shown {
        answers: &walk.answers,
        raw,
        applicant: applicant.as_ref(),
        faults: &faults,
    };
    let fields = page
        .fields()
        .iter()
        .map(|field| field_view(form, field, &shown, ground))
        .collect();
    PageView {
        page: page.page.clone(),
        title_key: form.key(&format!("{}.title", page.page)),
        hint_key: form.key(&format!("{}.hint", page.page)),
        number: count(at + 1),
        of: count(walk.pages.len()),
        previous: at.checked_sub(1).map(|before| walk.pages[before].page.clone()),
        fields,
        papers: page.papers().to_vec(),
        faults,
    }
}

/// The pages that apply of a form without a draft, with the answers that are there.
pub(crate) fn pages_over(form: &FormDefinition, answers: &Answers, ground: &Ground) -> Vec<PageView> {
    let shown = Shown {
        answers,
        raw: None,
        applicant: None,
        faults: &[],
    };
    let pages = walk(form, answers, ground.now).pages;
    let view = |(at, page): (usize, &&PageDefinition)| PageView {
        page: page.page.clone(),
        title_key: form.key(&format!("{}.title", page.page)),
        hint_key: form.key(&format!("{}.hint", page.page)),
        number: count(at + 1),
        of: count(pages.len()),
        previous: None,
        fields: page
            .fields()
            .iter()
            .map(|field| field_view(form, field, &shown, ground))
            .collect(),
        papers: Vec::new(),
        faults: Vec::new(),
    };
    pages.iter().enumerate().map(view).collect()
}

/// One question.
pub(crate) fn field_view(
    form: &FormDefinition,
    field: &FieldDefinition,
    shown: &Shown<'_>,
    ground: &Ground,
) -> FieldView {
    let answer = shown.answers.get(&field.field);
    let known = shown
        .applicant
        .filter(|_| answer.is_none())
        .and_then(|applicant| prefill::value(field, applicant, ground))
        .or_else(|| {
            let mut given = field.from.iter().filter(|_| answer.is_none());
            given.find_map(|from| Some(typed::control_value(field, shown.answers.get(from)?)))
        });
    let prefilled = known.is_some();
    let value = match (shown.raw, known, answer) {
        (Some(raw), _, _) => match kind::read_field(field, raw, ground) {
            Ok(Some(value)) => typed::control_value(field, &value),
            Ok(None) => Value::Null,
            Err(_) => typed::raw_value(field, raw),
        },
        (None, Some(known), _) => known,
        (None, None, Some(answer)) => typed::control_value(field, answer),
        (None, None, None) => Value::Null,
    };
    FieldView {
        field: field.field.clone(),
        kind: field.kind.word(),
        required: reading::is_required_now(form, field, shown.answers, ground.now),
        label_key: form.key(&format!("{}.label", field.field)),
        hint_key: form.key(&format!("{}.hint", field.field)),
        options: options(form, field),
        value,
        max_length: field.kind.max_length(),
        elsewhere: field.kind.takes_elsewhere(),
        prefilled,
        fault: shown.faults.iter().find(|fault| fault.field == field.field).cloned(),
    }
}

fn options(form: &FormDefinition, field: &FieldDefinition) -> Vec<OptionView> {
    match &field.kind {
        FieldKind::Choice { options } | FieldKind::Choices { options } => match options {
            Options::Own(own) => own
                .iter()
                .map(|option| OptionView {
                    value: option.clone(),
                    label_key: Some(form.key(&format!("{}.{option}", field.field))),
                    label: None,
                })
                .collect(),
            Options::Catalogue(name) => catalogue::entries(name)
                .iter()
                .map(|(code, label)| OptionView {
                    value: (*code).to_owned(),
                    label_key: None,
                    label: Some((*label).to_owned()),
                })
                .collect(),
        },
        _ => Vec::new(),
    }
}

pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
