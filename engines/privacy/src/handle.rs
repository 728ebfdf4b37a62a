//! What officials do with a request: acknowledge, extend once, answer.

use identity::{Corrected, PersonField};
use kernel::Result;
use op::{Entry, Event, Forgotten, Op, Permit, Whom};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ask::written;
use crate::model::{self, Kind, Outcome, Request, State};
use crate::store::request::NewLine;
use crate::{Privacy, access, error, store, subject};

/// An answer to be given.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// All, a part or nothing.
    pub outcome: Outcome,
    /// The answer, in words.
    pub answer: String,
    /// The legal ground, where not all is granted.
    pub ground: String,
    /// Of a correction granted in part: the fields that are put right. Granted wholly, all that was asked are.
    pub fields: Vec<PersonField>,
    /// Of a restriction or an objection granted in part: for what the data is not used. Granted wholly, all that was asked.
    pub purposes: Vec<String>,
}

/// What an answer has changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// Fields that were put right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrected: Vec<Corrected>,
    /// What has gone, and what the law keeps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forgotten: Vec<Forgotten>,
    /// For what the data is not used from now on; the empty word: for nothing that serving the person does not need.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bound: Vec<String>,
}

impl Privacy {
    /// Tells the person that the request is being worked on. Where a third party must act too, the law may give more time. A second time
    /// nothing happens.
    ///
    /// # Errors
    /// `privacy.not_found`, `privacy.own_request`, `privacy.wrong_state`.
    pub async fn acknowledge(&self, op: &mut Op, id: Uuid, third_party: bool) -> Result<()> {
        let request = self.locked(op, id).await?;
        let permit = self.handled(op, &request, "privacy.acknowledge").await?;
        match request.state {
            State::Received => {}
            State::Acknowledged if request.third_party == third_party => return Ok(()),
            _ => return Err(error::wrong_state()),
        }
        let third_party = third_party && request.term.knows_third_party();
        let calendar = self.parts.calendar.calendar();
        let request = Request {
            state: State::Acknowledged,
            acknowledged_at: Some(op.now()),
            third_party,
            due_at: model::due(&request.term, &calendar, request.received_at, third_party, false),
            ..request
        };
        let detail = json!({ "third_party": third_party, "due": request.due_at });
        self.write(op, &permit, &request, "acknowledged", detail).await?;
        self.tell_person(op, &request, "privacy_acknowledged").await
    }

    /// Extends the time once, with a reason that the person is told.
    ///
    /// # Errors
    /// As [`Privacy::acknowledge`]; `privacy.cannot_extend` where it was extended before or the law knows no extension,
    /// `privacy.required` and `privacy.too_long` at `reason`.
    pub async fn extend(&self, op: &mut Op, id: Uuid, reason: &str) -> Result<()> {
        let request = self.locked(op, id).await?;
        let permit = self.handled(op, &request, "privacy.extend").await?;
        let reason = written("reason", reason, true)?;
        if request.state == State::Acknowledged && request.extension_reason.as_ref() == Some(&reason) {
            return Ok(());
        }
        if request.state != State::Acknowledged {
            return Err(error::wrong_state());
        }
        if request.extended_at.is_some() || !request.term.can_be_extended() {
            return Err(error::cannot_extend());
        }
        let calendar = self.parts.calendar.calendar();
        let before = request.due_at;
        let request = Request {
            extended_at: Some(op.now()),
            extension_reason: Some(reason),
            due_at: model::due(&request.term, &calendar, request.received_at, request.third_party, true),
            ..request
        };
        let detail = json!({ "before": before, "due": request.due_at, "reason": request.extension_reason });
        self.write(op, &permit, &request, "extended", detail).await?;
        self.tell_person(op, &request, "privacy_extended").await
    }

    /// Answers a request, and does what was granted: a correction changes the person, a deletion lets go what may go. One operation: a
    /// program that dies in between has done nothing.
    ///
    /// # Errors
    /// As [`Privacy::acknowledge`]; `privacy.required` at `answer`, at `ground` where not all is granted, and at `fields` where a
    /// correction is granted in part and corrects nothing; `identity.step_up_needed` where something is deleted or corrected.
    pub async fn answer(&self, op: &mut Op, id: Uuid, verdict: Verdict) -> Result<Answered> {
        let request = self.locked(op, id).await?;
        let permit = self.handled(op, &request, "privacy.answer").await?;
        if !request.state.is_open() {
            return Err(error::wrong_state());
        }
        let answer = written("answer", &verdict.answer, true)?;
        // What cannot be undone, or changes who somebody is, asks once more who does it.
        if matches!(request.kind, Kind::Delete | Kind::Correct) && verdict.outcome != Outcome::Refused {
            self.parts.identity.check_step_up(op)?;
        }
        let ground = written("ground", &verdict.ground, verdict.outcome != Outcome::Granted)?;
        let done = self.carry_out(op, &permit, &request, &verdict).await?;
        let now = op.now();
        let request = Request {
            state: State::Answered,
            acknowledged_at: request.acknowledged_at.or(Some(now)),
            ended_at: Some(now),
            outcome: Some(verdict.outcome),
            answer: Some(answer),
            ground: Some(ground).filter(|ground| !ground.is_empty()),
            ..request
        };
        let mut detail = json!(done);
        detail["outcome"] = json!(verdict.outcome);
        self.write(op, &permit, &request, "answered", detail).await?;
        self.tell_person(op, &request, "privacy_answered").await?;
        op.emit(Event::new(
            "privacy.answered",
            subject(id),
            json!({ "person": request.person, "kind": request.kind, "outcome": request.outcome }),
        ));
        Ok(done)
    }

    /// What the answer really does. Protection is a decision that people carry out.
    async fn carry_out(&self, op: &mut Op, permit: &Permit, request: &Request, verdict: &Verdict) -> Result<Answered> {
        let mut done = Answered::default();
        if verdict.outcome == Outcome::Refused {
            return Ok(done);
        }
        match request.kind {
            Kind::Correct => {
                let partly = verdict.outcome == Outcome::Partly;
                let wishes: Vec<_> = request
                    .wishes
                    .iter()
                    .filter(|(field, _)| !partly || verdict.fields.contains(field))
                    .cloned()
                    .collect();
                if partly && wishes.is_empty() && !request.wishes.is_empty() {
                    return Err(error::required("fields"));
                }
                let purpose = subject(request.id);
                done.corrected = self
                    .parts
                    .identity
                    .correct_person(op, request.person, &wishes, &purpose)
                    .await?;
            }
            Kind::Delete => {
                let whom = Whom {
                    person: request.person,
                    account: Some(request.account),
                };
                // What others keep about the person is in nobody's reach but the person's.
                op.beyond_the_wall(permit).await?;
                done.forgotten = self.parts.keepers.forget(op, permit, &whom).await?;
            }
            Kind::Restrict | Kind::Object => {
                done.bound = self.bound_by(request, verdict)?;
                let now = op.now();
                store::bound::insert(op.conn(), permit, request, &done.bound, now).await?;
            }
            _ => {}
        }
        Ok(done)
    }

    async fn handled(&self, op: &mut Op, request: &Request, action: &'static str) -> Result<Permit> {
        let decision = access::handle(op.rights(), action, request);
        op.allow(action, &subject(request.id), decision).await
    }

    /// The row, its line of history and the audit entry, which hold nothing personal.
    async fn write(
        &self,
        op: &mut Op,
        permit: &Permit,
        request: &Request,
        action: &'static str,
        detail: Value,
    ) -> Result<()> {
        store::request::update(op.conn(), permit, self.vault(), request).await?;
        let line = NewLine::of(request, action, op).with(detail);
        store::request::tell(op.conn(), permit, self.vault(), &line).await?;
        let entry = match action {
            "acknowledged" => "privacy.acknowledged",
            "extended" => "privacy.extended",
            _ => "privacy.answered",
        };
        let facts = json!({ "kind": request.kind, "due": request.due_at, "outcome": request.outcome });
        op.record(
            Entry::new(entry, subject(request.id))
                .purpose(request.number.to_string())
                .about(Some(request.person))
                .detail(facts),
        )
        .await
    }
}
