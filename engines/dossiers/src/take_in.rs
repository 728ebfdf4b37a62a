//! Taking a dossier in at the counter (tiếp nhận trực tiếp, qua bưu chính): the clerk hands it in for somebody (R070, R074).

use kernel::{DraftId, Fault, PersonId, PersonalNumber, Result};
use op::Op;
use workflow::TaskState;

use crate::catalogue::Channel;
use crate::submit::{Parties, Ready, Submitted, applicant, has_number};
use crate::{Dossiers, access, store, subject};

impl Dossiers {
    /// Hands in a draft that a clerk of the receiving agency filled in for somebody, and gives the first step to that clerk.
    /// The reception itself is the act `accept` at the desk, after the papers were looked at. The person whom the clerk
    /// identified may stand in the draft's context as `person`; otherwise the personal number in the answers says who it is. Whoever was joined to
    /// another person since the draft was begun is the one who remains (R030).
    ///
    /// Fails with `dossiers.clerk_only`, `op.no_right` (another field of work), `dossiers.other_agency_receives` {agency}, and as [`Dossiers::submit`] does.
    pub async fn take_in(&self, op: &mut Op, draft: DraftId, confirmed: bool) -> Result<Submitted> {
        let about = format!("draft:{draft}");
        let key = format!("dossiers.submit:{draft}");
        if let Some(before) = self.handed_in_before(op, draft, &key).await? {
            return Ok(before);
        }
        let ready = self
            .ready(op, draft, confirmed, &[Channel::Counter, Channel::Post])
            .await?;
        let receiving = &ready.seats.receiving;
        let field = store::read::procedure_field(op.conn(), &ready.online.code).await?;
        let decision = access::take_in(op.rights(), receiving.id, &receiving.name, field.as_deref());
        let permit = op.allow("dossiers.take_in", &about, decision).await?;
        let parties = self.counter_parties(op, &ready).await?;
        let row = self.hand_in(op, &permit, ready, parties, "taken_in").await?;
        let tasks = self.parts.workflow.tasks_of(op, &subject(row.id)).await?;
        let official_can = |role: &str| op.actor().has_role(role);
        let first = tasks.iter().find(|task| {
            task.state == TaskState::Ready && task.agency == row.receiving_agency && official_can(&task.role)
        });
        if let Some(task) = first {
            self.parts.workflow.claim(op, task.id).await?;
        }
        self.close_hand_in(op, &key, &row).await
    }

    async fn counter_parties(&self, op: &mut Op, ready: &Ready) -> Result<Parties> {
        let applicant = applicant(&ready.online.procedure, &ready.submission.answers);
        let purpose = format!("draft:{}", ready.submission.draft.id);
        let identified = ready.submission.draft.context.get("person").and_then(|id| id.as_str());
        let by_number = applicant.number.as_deref().map(PersonalNumber::parse);
        let person = match (identified, by_number) {
            (Some(id), _) => {
                let id: PersonId = id.parse().map_err(|_| {
                    Fault::invalid("dossiers.person_unknown").field("person", "dossiers.person_unknown")
                })?;
                // The draft may be older than the joining of two accounts: what it becomes belongs to whoever remains.
                let id = self.parts.identity.hold_remaining(op, id).await?;
                Some(self.parts.identity.person(op, id, &purpose).await?)
            }
            (None, Some(Ok(number))) => match self.parts.identity.person_by_number(op, &number, &purpose).await? {
                Some(found) => {
                    // Joined at this moment: the other one remains.
                    let id = self.parts.identity.hold_remaining(op, found.id).await?;
                    match id == found.id {
                        true => Some(found),
                        false => Some(self.parts.identity.person(op, id, &purpose).await?),
                    }
                }
                None => None,
            },
            _ => None,
        };
        let Some(person) = person else {
            return Ok(Parties {
                submitter_name: applicant.name,
                ..Parties::default()
            });
        };
        let own = match &applicant.number {
            None => true,
            // Somebody who had two accounts goes by the old number too.
            Some(number) => has_number(&person, number) || self.parts.identity.goes_by(op, person.id, number).await?,
        };
        Ok(Parties {
            owner_person: own.then_some(person.id),
            submitter_person: Some(person.id),
            submitter_account: self.parts.identity.account_of(op, person.id).await?,
            submitter_name: person.full_name,
            representation: None,
        })
    }
}
