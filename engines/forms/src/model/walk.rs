//! Which pages are asked, and which answers count.

use chrono::{DateTime, Utc};
use schema::feel::{Scope, Value as Feel};
use serde_json::Value;

use super::{Answers, typed};
use crate::definition::{FormDefinition, PageDefinition};

/// The pages that apply, with the answers on them.
pub(crate) struct Walk<'f> {
    /// In the order in which they are asked.
    pub pages: Vec<&'f PageDefinition>,
    /// Answers of these pages only.
    pub answers: Answers,
}

/// Walks through the form. The condition of a page sees the answers on earlier pages that apply themselves, so an answer
/// that is no longer asked for opens no page. An unknown condition counts as no.
pub(crate) fn walk<'f>(form: &'f FormDefinition, answers: &Answers, now: DateTime<Utc>) -> Walk<'f> {
    let mut scope = given_scope(form, answers, now);
    let mut walk = Walk {
        pages: Vec::new(),
        answers: Answers::new(),
    };
    for page in &form.pages {
        if page.when.as_ref().is_some_and(|when| !when.is_true(&scope)) {
            continue;
        }
        walk.pages.push(page);
        for field in page.fields() {
            if let Some(value) = answers.get(&field.field) {
                scope.set(field.field.clone(), typed::feel(&field.kind, value));
                walk.answers.insert(field.field.clone(), value.clone());
            }
        }
    }
    walk
}

/// Every field without an answer, and what is given before the form begins.
fn given_scope(form: &FormDefinition, answers: &Answers, now: DateTime<Utc>) -> Scope {
    let mut scope = Scope::new(now);
    for field in form.fields() {
        scope.set(field.field.clone(), Feel::Null);
    }
    for field in &form.given {
        let answer = answers.get(&field.field);
        scope.set(
            field.field.clone(),
            answer.map_or(Feel::Null, |value| typed::feel(&field.kind, value)),
        );
    }
    scope
}

/// What FEEL sees of answers: every field by its name, days as days, `null` where there is no answer.
pub(crate) fn scope(form: &FormDefinition, answers: &Answers, now: DateTime<Utc>) -> Scope {
    let mut scope = given_scope(form, answers, now);
    for field in form.fields() {
        if let Some(value) = answers.get(&field.field) {
            scope.set(field.field.clone(), typed::feel(&field.kind, value));
        }
    }
    scope
}

fn object(answers: &Value) -> Answers {
    answers.as_object().cloned().unwrap_or_default()
}

/// The answers of the pages that apply; those of others are left out.
pub fn prune(form: &FormDefinition, answers: &Value, now: DateTime<Utc>) -> Value {
    Value::Object(walk(form, &object(answers), now).answers)
}
