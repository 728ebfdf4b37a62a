//! Drafts in the JSON API. Papers are uploaded through the API of `dossiers`, which knows what a procedure accepts.

use std::collections::BTreeMap;

use kernel::{DraftId, Fault, FieldFault, PersonId, Result};
use render::Texts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::{Doc, Door, Method, Routes, Site, Visit};

use crate::model::unknown_controls;
use crate::{
    Answers, Applicant, Channel, DraftCard, DraftView, FieldView, Forms, NewDraft, OptionView, PageView, raw_of_json,
};

/// A draft to be begun.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftRequest {
    /// Key of the app.
    pub app: String,
    /// Name of the form inside it; `apply` if none is given.
    pub form: Option<String>,
    /// How it comes in; `online` for citizens, `counter` for officials if none is given.
    pub channel: Option<Channel>,
    /// For officials: the person whom it is about, as `identity` knows them.
    pub person: Option<String>,
}

/// A page of the actor's open drafts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DraftList {
    /// The drafts, the last touched first.
    pub items: Vec<DraftCard>,
    /// Cursor of the next page, for `sau`.
    pub next: Option<String>,
}

/// Answers to one page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswersRequest {
    /// Field to answer, in the shapes of the stored answers: texts, numbers, `"2026-11-23"`, codes, lists of codes, `true` and
    /// `false`, `{"ward": "31340", "detail": "ấp 1"}`, `{"province": "92", "place": "quận Ninh Kiều", "detail": "số 1"}`. A field that is left out is left unanswered.
    pub answers: BTreeMap<String, Value>,
}

/// What is wrong with one answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FaultAnswer {
    /// The field.
    pub field: String,
    /// For programs.
    pub code: String,
    /// For people, in the language of the request.
    pub message: String,
}

/// What saving a page gave. Everything is stored, also where something is wrong.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SavedAnswer {
    /// The draft afterwards.
    pub draft: DraftView,
    /// What is wrong; the page has not passed then.
    pub faults: Vec<FaultAnswer>,
    /// The page to go on with; none when all have passed.
    pub next: Option<String>,
}

/// A question with its words.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FieldAnswer {
    /// Its key.
    pub field: String,
    /// What sort of answer it takes.
    pub kind: String,
    /// Whether it must be answered now.
    pub required: bool,
    /// Its words in the language of the request.
    pub label: String,
    /// Help, if there is any.
    pub hint: Option<String>,
    /// What may be chosen.
    pub options: Vec<OptionAnswer>,
    /// What stands in it.
    pub value: Value,
    /// The most characters.
    pub max_length: Option<u32>,
    /// For `address`: a place in another province may be named too, as `{"province": "92", "place": "…", "detail": "…"}`.
    pub elsewhere: bool,
    /// The value is what is known of the applicant, not saved yet.
    pub prefilled: bool,
}

/// One thing that may be chosen, with its words.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OptionAnswer {
    /// The code.
    pub value: String,
    /// Its words in the language of the request.
    pub label: String,
}

/// One page with its words.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PageAnswer {
    /// Its key.
    pub page: String,
    /// Its title in the language of the request.
    pub title: String,
    /// Help, if there is any.
    pub hint: Option<String>,
    /// Which of the pages that apply it is, from 1.
    pub number: u32,
    /// How many pages apply.
    pub of: u32,
    /// The page before it.
    pub previous: Option<String>,
    /// The questions.
    pub fields: Vec<FieldAnswer>,
    /// Keys of the papers asked here.
    pub papers: Vec<String>,
    /// What is wrong with what was sent last.
    pub faults: Vec<FaultAnswer>,
}

/// Throwing away needs no details.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DiscardRequest {}

/// What was thrown away.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Discarded {
    /// The draft.
    pub id: String,
}

/// `/api/v1/drafts`, `/api/v1/drafts/{id}` and `/api/v1/drafts/{id}/pages/{page}`.
pub fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Forms> + Clone + Send + Sync + 'static,
{
    let doc = |id, summary| Doc::new(id, "drafts", summary);
    Routes::new()
        .api_post(
            "/api/v1/drafts",
            Door::SignedIn,
            doc("startDraft", "Begins a draft with the current version of a form.").created(),
            start,
        )
        .api_get(
            "/api/v1/drafts",
            Door::SignedIn,
            doc(
                "listDrafts",
                "Open drafts of the signed-in person, the last touched first.",
            )
            .with_query(&["sau", "so"]),
            list,
        )
        .api_get(
            "/api/v1/drafts/{id}",
            Door::SignedIn,
            doc("getDraft", "A draft with its answers and how far its pages are."),
            show,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/drafts/{id}",
            Door::SignedIn,
            doc("discardDraft", "Throws an open draft away, with its files."),
            discard,
        )
        .api_get(
            "/api/v1/drafts/{id}/pages/{page}",
            Door::SignedIn,
            doc("getDraftPage", "One page of a draft with its questions in words."),
            page,
        )
        .api_send(
            Method::PUT,
            "/api/v1/drafts/{id}/pages/{page}",
            Door::SignedIn,
            doc(
                "saveDraftPage",
                "Saves the answers to one page, also where something is wrong with them.",
            ),
            save,
        )
}

async fn start<S>(visit: Visit<S>, body: DraftRequest) -> Result<DraftView>
where
    S: AsRef<Site> + AsRef<Forms>,
{
    let forms: &Forms = visit.state.as_ref();
    let mut op = visit.op().await?;
    let official = visit.actor.is_official();
    let form = body.form.unwrap_or_else(|| "apply".to_owned());
    let person: Option<PersonId> = match body.person {
        Some(person) => Some(person.parse()?),
        None if official => None,
        None => visit.actor.person(),
    };
    let applicant = match person {
        Some(person) => {
            forms
                .applicant_of(&mut op, person, &format!("form:{}/{form}", body.app))
                .await?
        }
        None => Applicant::default(),
    };
    let usual = if official { Channel::Counter } else { Channel::Online };
    let new = NewDraft {
        app: body.app,
        form,
        channel: body.channel.unwrap_or(usual),
        applicant,
        context: Value::Null,
    };
    let draft = forms.start_draft(&mut op, new).await?;
    op.commit().await?;
    Ok(draft)
}

async fn list<S>(visit: Visit<S>) -> Result<DraftList>
where
    S: AsRef<Site> + AsRef<Forms>,
{
    let forms: &Forms = visit.state.as_ref();
    let mut op = visit.op().await?;
    let page = forms.drafts(&mut op, &visit.page_request()).await?;
    Ok(DraftList {
        items: page.items,
        next: page.next,
    })
}

async fn show<S>(visit: Visit<S>) -> Result<DraftView>
where
    S: AsRef<Site> + AsRef<Forms>,
{
    let forms: &Forms = visit.state.as_ref();
    let mut op = visit.op().await?;
    forms.draft(&mut op, id(&visit)?).await
}

async fn discard<S>(visit: Visit<S>, _: DiscardRequest) -> Result<Discarded>
where
    S: AsRef<Site> + AsRef<Forms>,
{
    let forms: &Forms = visit.state.as_ref();
    let id = id(&visit)?;
    let mut op = visit.op().await?;
    forms.discard(&mut op, id).await?;
    op.commit().await?;
    Ok(Discarded { id: id.to_string() })
}

async fn page<S>(visit: Visit<S>) -> Result<PageAnswer>
where
    S: AsRef<Site> + AsRef<Forms>,
{
    let forms: &Forms = visit.state.as_ref();
    let id = id(&visit)?;
    let mut op = visit.op().await?;
    let draft = forms.draft(&mut op, id).await?;
    let view = forms.page(&mut op, id, visit.param("page")).await?;
    let texts = visit.site().renderer.texts();
    Ok(Words::new(&visit, &texts, &draft.app).page(view))
}

async fn save<S>(visit: Visit<S>, body: AnswersRequest) -> Result<SavedAnswer>
where
    S: AsRef<Site> + AsRef<Forms>,
{
    let forms: &Forms = visit.state.as_ref();
    let (id, page) = (id(&visit)?, visit.param("page"));
    let mut op = visit.op().await?;
    let draft = forms.draft(&mut op, id).await?;
    let form = forms
        .version(&mut op, &draft.app, &draft.form, &draft.form_version)
        .await?;
    let raw = raw_of_json(&body.answers.into_iter().collect::<Answers>());
    // A program that sends what nobody asked for has misunderstood the form; a browser may send its own extras.
    if let Some(definition) = form.page(page) {
        let unknown = unknown_controls(definition.fields(), &raw);
        if !unknown.is_empty() {
            let fault = Fault::invalid("forms.unknown_fields");
            return Err(unknown
                .into_iter()
                .take(20)
                .fold(fault, |fault, name| fault.field(short(name), "forms.field.unknown")));
        }
    }
    let saved = forms.save_page(&mut op, id, page, &raw).await?;
    op.commit().await?;
    let texts = visit.site().renderer.texts();
    let words = Words::new(&visit, &texts, &saved.draft.app);
    Ok(SavedAnswer {
        faults: words.faults(&saved.faults),
        draft: saved.draft,
        next: saved.next,
    })
}

fn short(name: &str) -> String {
    name.chars().take(60).collect()
}

fn id<S: AsRef<Site>>(visit: &Visit<S>) -> Result<DraftId> {
    visit.parse_param("id")
}

/// The words of one app in the language of the request.
struct Words<'a> {
    texts: &'a Texts,
    locale: render::Locale,
    app: &'a str,
}

impl<'a> Words<'a> {
    fn new<S>(visit: &Visit<S>, texts: &'a Texts, app: &'a str) -> Self {
        Self {
            texts,
            locale: visit.locale,
            app,
        }
    }

    fn maybe(&self, key: &str, params: &BTreeMap<String, String>) -> Option<String> {
        self.texts
            .find(self.locale, &format!("apps.{}.{key}", self.app), params)
    }

    fn must(&self, key: &str) -> String {
        self.texts
            .get(self.locale, &format!("apps.{}.{key}", self.app), &BTreeMap::new())
    }

    fn faults(&self, faults: &[FieldFault]) -> Vec<FaultAnswer> {
        faults.iter().map(|fault| self.fault(fault)).collect()
    }

    /// The app's own words for the rule or the check if it has any, else those of this engine.
    fn fault(&self, fault: &FieldFault) -> FaultAnswer {
        let own = fault
            .params
            .get("own_key")
            .and_then(|key| self.maybe(key, &fault.params));
        FaultAnswer {
            field: fault.field.clone(),
            message: own.unwrap_or_else(|| self.texts.error(self.locale, &fault.code, &fault.params)),
            code: fault.code.clone(),
        }
    }

    fn option(&self, option: OptionView) -> OptionAnswer {
        let label = match (option.label, option.label_key) {
            (Some(label), _) => label,
            (None, Some(key)) => self.must(&key),
            (None, None) => option.value.clone(),
        };
        OptionAnswer {
            value: option.value,
            label,
        }
    }

    fn field(&self, field: FieldView) -> FieldAnswer {
        FieldAnswer {
            label: self.must(&field.label_key),
            hint: self.maybe(&field.hint_key, &BTreeMap::new()),
            field: field.field,
            kind: field.kind.to_owned(),
            required: field.required,
            options: field.options.into_iter().map(|option| self.option(option)).collect(),
            value: field.value,
            max_length: field.max_length,
            elsewhere: field.elsewhere,
            prefilled: field.prefilled,
        }
    }

    fn page(&self, view: PageView) -> PageAnswer {
        PageAnswer {
            title: self.must(&view.title_key),
            hint: self.maybe(&view.hint_key, &BTreeMap::new()),
            page: view.page,
            number: view.number,
            of: view.of,
            previous: view.previous,
            fields: view.fields.into_iter().map(|field| self.field(field)).collect(),
            papers: view.papers,
            faults: self.faults(&view.faults),
        }
    }
}
