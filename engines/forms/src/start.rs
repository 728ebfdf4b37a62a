//! Beginning a draft.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use kernel::{DraftId, Fault, Result};
use op::{Entry, Op};
use serde_json::{Value, json};

use crate::model::{Answers, Draft, draft_view};
use crate::{DraftView, Forms, NewDraft, access, error, events, store};

/// Two presses within this time are one: later somebody begins for another person.
const PRESSED_TWICE: TimeDelta = TimeDelta::minutes(1);
/// The most open drafts of a citizen: somebody who has so many has lost sight of them.
const MOST_OF_A_CITIZEN: i64 = 30;
/// The most open drafts of an official, who works for many.
const MOST_OF_AN_OFFICIAL: i64 = 300;
/// The most bytes of what the caller keeps with a draft.
const LARGEST_CONTEXT: usize = 16 * 1024;

impl Forms {
    /// The draft to which a press of "begin" leads: a new one, or the one that such a press has just begun and nobody has touched, so
    /// that two presses begin one.
    ///
    /// # Errors
    /// As [`Forms::start_draft`].
    pub async fn begin_draft(&self, op: &mut Op, new: NewDraft) -> Result<DraftView> {
        let subject = format!("form:{}/{}", new.app, new.form);
        let decision = access::begin(op.rights(), new.channel);
        op.allow("forms.start_draft", &subject, decision).await?;
        let holder = op.actor().key();
        store::draft::hold_beginning(op.conn(), &holder, &subject).await?;
        let wanted = store::draft::Beginning {
            holder: &holder,
            app: &new.app,
            form: &new.form,
            channel: new.channel,
            context: &context(&new)?,
        };
        let since = op.now() - PRESSED_TWICE;
        match store::draft::untouched_since_begun(op.conn(), self.vault(), &wanted, since).await? {
            Some(draft) => self.view(op, &draft).await,
            None => self.start_draft(op, new).await,
        }
    }

    /// Begins a draft with the current version of a form. What is known of the applicant is kept in the context under
    /// `applicant`; it is shown in fields that ask for it, and becomes an answer when the page is saved.
    ///
    /// # Errors
    /// `forms.sign_in`, `forms.channel` {channel}, `forms.clerks_only`, `forms.form_not_found`, `forms.too_many_drafts` {most},
    /// `forms.context_too_large`.
    pub async fn start_draft(&self, op: &mut Op, new: NewDraft) -> Result<DraftView> {
        let subject = format!("form:{}/{}", new.app, new.form);
        let decision = access::begin(op.rights(), new.channel);
        let permit = op.allow("forms.start_draft", &subject, decision).await?;
        let form_version = store::definition::current_version(op.conn(), &new.app, &new.form)
            .await?
            .ok_or_else(|| error::form_not_found(&new.app, &new.form))?;
        let form = self.version(op, &new.app, &new.form, &form_version).await?;
        let context = context(&new)?;
        let (holder, account) = (op.actor().key(), op.actor().account());
        let most = if op.actor().is_official() {
            MOST_OF_AN_OFFICIAL
        } else {
            MOST_OF_A_CITIZEN
        };
        if store::draft::open_of(op.conn(), &holder).await? >= most {
            return Err(Fault::conflict("forms.too_many_drafts").with("most", most));
        }
        let now = op.now();
        let draft = Draft {
            id: DraftId::new(),
            app: new.app,
            form: new.form,
            form_version,
            holder,
            channel: new.channel,
            context,
            answers: Answers::new(),
            raw: BTreeMap::new(),
            passed: BTreeSet::new(),
            version: 1,
            created_at: now,
            updated_at: now,
            subject: None,
        };
        store::draft::insert(op.conn(), &permit, self.vault(), &draft, account).await?;
        events::started(op, &draft);
        let detail = json!({ "app": draft.app, "form": draft.form, "channel": draft.channel });
        op.record(Entry::new("forms.draft_started", access::holder(draft.id)).detail(detail))
            .await?;
        Ok(draft_view(&form, &draft, Vec::new(), now))
    }
}

/// The context with the applicant in it.
fn context(new: &NewDraft) -> Result<Value> {
    let too_large = || Fault::invalid("forms.context_too_large").with("most", LARGEST_CONTEXT);
    let mut context = match &new.context {
        Value::Null => Answers::new(),
        Value::Object(context) => context.clone(),
        _ => return Err(too_large()),
    };
    let applicant =
        serde_json::to_value(&new.applicant).map_err(|error| error::broken("applicant").caused_by(error))?;
    context.insert("applicant".to_owned(), applicant);
    let context = Value::Object(context);
    if context.to_string().len() > LARGEST_CONTEXT {
        return Err(too_large());
    }
    Ok(context)
}
