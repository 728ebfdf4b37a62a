//! Asking, and taking it back.

use identity::{PersonField, check_correction};
use kernel::{Fault, Result, local_date, text};
use op::{Entry, Event, Op};
use serde_json::json;
use uuid::Uuid;

use crate::model::{self, Kind, Request, State};
use crate::store::request::NewLine;
use crate::{Privacy, access, error, store, subject};

/// Longest text that somebody writes here, in characters.
pub(crate) const LONGEST: usize = 2000;

/// A request to be made.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// What is asked.
    pub kind: Kind,
    /// In the person's words; needed where the kind says nothing by itself.
    pub details: String,
    /// Of a correction: the fields and what is to stand there.
    pub wishes: Vec<(PersonField, String)>,
    /// Of an objection: the purposes; none named: all to which one can object.
    pub purposes: Vec<String>,
}

impl Privacy {
    /// Makes a request; the law of the day says until when it is answered. The same request once more, pressed twice or sent again,
    /// gives the one that is open.
    ///
    /// # Errors
    /// `privacy.already_open` {id, number} where another one of the kind is open; `privacy.required`, `privacy.too_long`,
    /// `privacy.nothing_to_correct` and the faults of [`check_correction`] at their fields; `privacy.sign_in`.
    pub async fn ask(&self, op: &mut Op, new: NewRequest) -> Result<Uuid> {
        let permit = op
            .allow("privacy.ask", "data_request:new", access::own(op.actor()))
            .await?;
        let (person, account) = (op.actor().person(), op.actor().account());
        let (person, account) = person.zip(account).ok_or_else(error::sign_in)?;
        let (details, wishes) = checked(&new)?;
        let purposes = match new.kind {
            Kind::Object => self.objected(&new.purposes)?,
            _ => Vec::new(),
        };
        let now = op.now();
        let law = self
            .parts
            .declaration
            .law_on(local_date(now))
            .ok_or_else(error::no_law)?;
        let term = *law.answer.get(&new.kind).ok_or_else(error::no_law)?;
        let calendar = self.parts.calendar.calendar();
        let (acknowledge_due, due_at) = model::dues(law, &term, &calendar, now);
        let request = Request {
            id: Uuid::now_v7(),
            number: 0,
            person,
            account,
            kind: new.kind,
            details,
            wishes,
            purposes,
            state: State::Received,
            law: law.key.clone(),
            article: law.article.clone(),
            term,
            received_at: now,
            acknowledge_due,
            due_at,
            acknowledged_at: None,
            third_party: false,
            extended_at: None,
            extension_reason: None,
            ended_at: None,
            outcome: None,
            answer: None,
            ground: None,
        };
        let Some(number) = store::request::insert(op.conn(), &permit, self.vault(), &request).await? else {
            return match store::request::open_of(op.conn(), self.vault(), person, new.kind).await? {
                Some(open)
                    if open.details == request.details
                        && open.wishes == request.wishes
                        && open.purposes == request.purposes =>
                {
                    Ok(open.id)
                }
                Some(open) => Err(error::already_open(open.id, open.number)),
                // It has ended between two statements: whoever asks once more is heard.
                None => Err(error::wrong_state()),
            };
        };
        let request = Request { number, ..request };
        let line = NewLine::of(&request, "received", op);
        store::request::tell(op.conn(), &permit, self.vault(), &line).await?;
        self.tell_person(op, &request, "privacy_received").await?;
        self.tell_officials(op, &request, "privacy_new", "").await?;
        let facts = json!({ "kind": request.kind, "law": request.law, "due": request.due_at });
        op.record(Entry::new("privacy.requested", subject(request.id)).detail(&facts))
            .await?;
        op.emit(Event::new("privacy.requested", subject(request.id), facts));
        Ok(request.id)
    }

    /// Takes an open request back. A second time nothing happens.
    ///
    /// # Errors
    /// `privacy.not_found`, `privacy.wrong_state` where it was answered meanwhile.
    pub async fn withdraw(&self, op: &mut Op, id: Uuid) -> Result<()> {
        let request = self.locked(op, id).await?;
        let permit = op
            .allow("privacy.withdraw", &subject(id), access::withdraw(op.actor(), &request))
            .await?;
        match request.state {
            State::Withdrawn => return Ok(()),
            State::Answered => return Err(error::wrong_state()),
            State::Received | State::Acknowledged => {}
        }
        let now = op.now();
        let request = Request {
            state: State::Withdrawn,
            ended_at: Some(now),
            ..request
        };
        store::request::update(op.conn(), &permit, self.vault(), &request).await?;
        let line = NewLine::of(&request, "withdrawn", op);
        store::request::tell(op.conn(), &permit, self.vault(), &line).await?;
        self.tell_officials(op, &request, "privacy_withdrawn", "").await?;
        op.record(Entry::new("privacy.withdrawn", subject(id))).await
    }

    /// A request held to the end of the operation.
    pub(crate) async fn locked(&self, op: &mut Op, id: Uuid) -> Result<Request> {
        store::request::lock(op.conn(), self.vault(), id)
            .await?
            .ok_or_else(error::not_found)
    }
}

/// A text of one or more lines, within its bounds.
pub(crate) fn written(field: &str, typed: &str, needed: bool) -> Result<String> {
    let typed = text::clean_text(typed).trim().to_owned();
    if needed && typed.is_empty() {
        return Err(error::required(field));
    }
    if typed.chars().count() > LONGEST {
        return Err(error::too_long(field, LONGEST));
    }
    Ok(typed)
}

fn checked(new: &NewRequest) -> Result<(String, Vec<(PersonField, String)>)> {
    // To see, to have a copy, to be forgotten: the kind says what is meant. A correction says it in its fields.
    let speaks = matches!(new.kind, Kind::See | Kind::Provide | Kind::Delete | Kind::Correct);
    let details = written("details", &new.details, !speaks)?;
    if new.kind != Kind::Correct {
        return Ok((details, Vec::new()));
    }
    if new.wishes.is_empty() && details.is_empty() {
        return Err(error::nothing_to_correct());
    }
    let mut wishes = Vec::with_capacity(new.wishes.len());
    let mut faults = Fault::invalid("privacy.wishes");
    for (field, typed) in &new.wishes {
        match check_correction(*field, typed) {
            Ok(value) => wishes.push((*field, value)),
            Err(fault) => faults.fields.extend(fault.fields),
        }
    }
    if faults.fields.is_empty() {
        Ok((details, wishes))
    } else {
        Err(faults)
    }
}
