//! Handing a draft in (nộp hồ sơ).

use std::collections::BTreeMap;
use std::sync::Arc;

use files::FileView;
use forms::Submission;
use identity::Person;
use kernel::{
    AccountId, DossierCode, DossierId, DraftId, Fault, FieldFault, PersonId, Result, format_date, local_date,
};
use op::{Entry, Op, Permit};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use workflow::{DefinitionKey, Start};

use crate::case::{Line, Seats};
use crate::catalogue::Channel;
use crate::definition::{ProcedureDefinition, scope};
use crate::model::State;
use crate::notices::News;
use crate::store::dossier::DossierRow;
use crate::store::paper::NewPaper;
use crate::{Dossiers, OnlineProcedure, access, store, subject};

/// A dossier that was handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Submitted {
    /// The dossier.
    #[schemars(with = "uuid::Uuid")]
    pub id: DossierId,
    /// Its code (mã hồ sơ).
    pub code: String,
}

/// Whose case it is, and who hands it in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parties {
    pub(crate) owner_person: Option<PersonId>,
    pub(crate) submitter_person: Option<PersonId>,
    pub(crate) submitter_account: Option<AccountId>,
    pub(crate) submitter_name: String,
    /// By which representation the submitter acts for the owner.
    pub(crate) representation: Option<Uuid>,
}

/// What the answers say about the applicant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Applicant {
    pub(crate) name: String,
    pub(crate) number: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) email: Option<String>,
}

/// What becomes a dossier: answers and files that were found right.
pub(crate) struct NewCase {
    pub(crate) id: DossierId,
    /// The draft that it was, or a new identifier where there was none.
    pub(crate) draft: DraftId,
    pub(crate) answers: Value,
    /// Paper and file, held by the dossier already.
    pub(crate) files: Vec<(String, FileView)>,
    pub(crate) online: Arc<OnlineProcedure>,
    pub(crate) seats: Seats,
    pub(crate) channel: Channel,
}

/// A draft that may be handed in.
pub(crate) struct Ready {
    pub(crate) submission: Submission,
    pub(crate) online: Arc<OnlineProcedure>,
    pub(crate) seats: Seats,
    pub(crate) channel: Channel,
}

impl Dossiers {
    /// Hands a draft in: everything is checked again, the process starts, the code is drawn. A second call for the same draft,
    /// from another tab or at the same moment, gives the same dossier.
    ///
    /// Fails with `dossiers.citizens_only`, `dossiers.not_confirmed`, `dossiers.channel` {channel}, `dossiers.incomplete` (one
    /// field fault each, the field is `<page>.<field>` or `papers.<paper>`), `dossiers.no_agency` {ward},
    /// `dossiers.not_online`, and those of [`forms::Forms::draft`].
    pub async fn submit(&self, op: &mut Op, draft: DraftId, confirmed: bool) -> Result<Submitted> {
        let about = format!("draft:{draft}");
        let permit = op.allow("dossiers.submit", &about, access::submit(op.actor())).await?;
        let key = format!("dossiers.submit:{draft}");
        if let Some(before) = self.handed_in_before(op, draft, &key).await? {
            return Ok(before);
        }
        let ready = self.ready(op, draft, confirmed, &[Channel::Online]).await?;
        let parties = self
            .citizen_parties(op, &ready.online, &ready.submission.answers)
            .await?;
        let row = self.hand_in(op, &permit, ready, parties, "submitted").await?;
        self.close_hand_in(op, &key, &row).await
    }

    /// The dossier that the draft has become, if it has. The holder of the draft is the only one who learns it.
    pub(crate) async fn handed_in_before(&self, op: &mut Op, draft: DraftId, key: &str) -> Result<Option<Submitted>> {
        // Asks whose draft it is before anything is said about it.
        self.parts.forms.draft(op, draft).await?;
        if let Some(before) = op.replay::<Submitted>(key).await? {
            return Ok(Some(before));
        }
        let row = store::dossier::by_draft(op.conn(), self.vault(), draft).await?;
        Ok(row.map(|row| Submitted {
            id: row.id,
            code: row.code,
        }))
    }

    /// Everything that must be right before a draft can become a dossier.
    pub(crate) async fn ready(
        &self,
        op: &mut Op,
        draft: DraftId,
        confirmed: bool,
        channels: &[Channel],
    ) -> Result<Ready> {
        let submission = self.parts.forms.submission(op, draft).await?;
        if !confirmed {
            return Err(Fault::invalid("dossiers.not_confirmed").field("confirmed", "dossiers.not_confirmed"));
        }
        let online = self
            .online_with_form(op, &submission.draft.app, &submission.draft.form_version)
            .await?;
        let channel = channel_of(submission.draft.channel);
        if !channels.contains(&channel) || !online.procedure.channels.contains(&channel) {
            return Err(Fault::invalid("dossiers.channel").with("channel", channel.key()));
        }
        let faults = faults_of(&online, &submission, op.now());
        if !faults.is_empty() {
            let fault = Fault::invalid("dossiers.incomplete");
            return Err(faults.into_iter().fold(fault, Fault::field_fault));
        }
        self.parts.identity.agencies_stand_still(op).await?;
        let seats = self.seats(op, &online.procedure, &submission.answers).await?;
        Ok(Ready {
            submission,
            online,
            seats,
            channel,
        })
    }

    /// A citizen hands in for themself, or for somebody else whom the answers name; whoever acts for another hands in for that one and
    /// nobody else, as far as the representation reaches.
    pub(crate) async fn citizen_parties(
        &self,
        op: &mut Op,
        online: &OnlineProcedure,
        answers: &Value,
    ) -> Result<Parties> {
        let Some(citizen) = op.actor().citizen().cloned() else {
            return Err(Fault::forbidden("dossiers.citizens_only"));
        };
        // Whoever hands in while their accounts become one is done first, or comes in anew.
        self.parts.identity.check_stands(op).await?;
        let number = applicant(&online.procedure, answers).number;
        if let Some(acting) = &citizen.acts_for {
            if !acting.covers(&online.code) {
                return Err(Fault::forbidden("dossiers.not_represented").with("name", &acting.name));
            }
            // An organisation has no personal number: there the answers name whoever acts for it.
            if let Some(number) = &number
                && !self.parts.identity.is_number_of(op, acting.person, number).await?
            {
                return Err(Fault::invalid("dossiers.other_applicant").with("name", &acting.name));
            }
            return Ok(Parties {
                owner_person: Some(acting.person),
                submitter_person: Some(citizen.person),
                submitter_account: Some(citizen.account),
                submitter_name: citizen.name.clone(),
                representation: Some(acting.representation),
            });
        }
        Ok(Parties {
            owner_person: self.person_with(op, Some(citizen.person), number.as_deref()).await?,
            submitter_person: Some(citizen.person),
            submitter_account: Some(citizen.account),
            submitter_name: citizen.name,
            representation: None,
        })
    }

    /// The person, if the number that the answers name is theirs or no number is named.
    pub(crate) async fn person_with(
        &self,
        op: &mut Op,
        person: Option<PersonId>,
        number: Option<&str>,
    ) -> Result<Option<PersonId>> {
        let (Some(known), Some(number)) = (person, number) else {
            return Ok(person);
        };
        let whole = self.parts.identity.person(op, known, "dossier").await?;
        // Somebody who had two accounts goes by the old number too.
        let own = has_number(&whole, number) || self.parts.identity.goes_by(op, known, number).await?;
        Ok(person.filter(|_| own))
    }

    /// Closes the draft and writes the dossier that it becomes.
    pub(crate) async fn hand_in(
        &self,
        op: &mut Op,
        permit: &Permit,
        ready: Ready,
        parties: Parties,
        action: &'static str,
    ) -> Result<DossierRow> {
        let Ready {
            submission,
            online,
            seats,
            channel,
        } = ready;
        let id = DossierId::new();
        let about = subject(id);
        self.parts.forms.close(op, submission.draft.id, &about).await?;
        let new = NewCase {
            id,
            draft: submission.draft.id,
            files: self.move_files(op, &submission, &about).await?,
            answers: submission.answers,
            online,
            seats,
            channel,
        };
        self.enter(op, permit, new, parties, action).await
    }

    /// Starts the process and writes the dossier. The number is drawn as late as can be, so that others of the same agency and
    /// day wait only for what is left.
    pub(crate) async fn enter(
        &self,
        op: &mut Op,
        permit: &Permit,
        new: NewCase,
        parties: Parties,
        action: &'static str,
    ) -> Result<DossierRow> {
        let NewCase {
            id,
            draft,
            answers,
            files,
            online,
            seats,
            channel,
        } = new;
        let now = op.now();
        let procedure = &online.procedure;
        let fees = procedure.fees_due(&scope(&online.form, &answers, now))?;
        let applicant = applicant(procedure, &answers);
        let start = Start {
            definition: DefinitionKey::new(&online.app, &procedure.process),
            subject: subject(id),
            agencies: seats.named.clone(),
            variables: Value::Null,
        };
        let instance = self.parts.workflow.start(op, start).await?;

        let today = local_date(now);
        let period = today.format("%y%m%d").to_string();
        let series = store::number::DOSSIER;
        let number = store::number::draw(op.conn(), permit, seats.receiving.id, series, &period).await?;
        let code = DossierCode::new(&seats.receiving.code, today, number)?;
        let owner_name = if applicant.name.is_empty() {
            parties.submitter_name.clone()
        } else {
            applicant.name
        };
        let row = DossierRow {
            id,
            code: code.to_string(),
            definition: online.id,
            app: online.app.clone(),
            procedure_code: online.code.clone(),
            // Nobody decides about the case while it is being written.
            field: None,
            title: title(procedure, &answers, &owner_name),
            channel,
            version: 1,
            receiving_agency: seats.receiving.id,
            handling_agency: seats.handling.id,
            agencies: seats.all(),
            units: Vec::new(),
            receiving_code: seats.receiving.code.to_string(),
            receiving_name: seats.receiving.name.clone(),
            owner_person: parties.owner_person,
            owner_name,
            owner_number: applicant.number,
            phone: applicant.phone,
            email: applicant.email,
            submitter_person: parties.submitter_person,
            submitter_account: parties.submitter_account,
            submitter_name: parties.submitter_name,
            representation: parties.representation,
            answers,
            result_data: Value::Object(serde_json::Map::new()),
            instance,
            draft,
            submitted_at: now,
            updated_at: now,
            state: State::registered(),
        };
        store::dossier::insert(op.conn(), permit, self.vault(), &row).await?;
        let by = op.actor().name().to_owned();
        for (paper, file) in &files {
            let new = NewPaper {
                dossier: id,
                paper,
                file,
                round: 0,
                at: now,
                by: &by,
            };
            store::paper::insert(op.conn(), permit, self.vault(), &new).await?;
        }
        for fee in &fees {
            store::fee::insert(op.conn(), permit, id, fee).await?;
        }
        let line = Line {
            action,
            ..Line::default()
        };
        self.write_line(op, permit, &row, line).await?;
        Ok(row)
    }

    /// The end of every hand-in: the message, the audit entry, and what a second call is told.
    pub(crate) async fn close_hand_in(&self, op: &mut Op, key: &str, row: &DossierRow) -> Result<Submitted> {
        self.announce(op, row).await?;
        let submitted = Submitted {
            id: row.id,
            code: row.code.clone(),
        };
        op.remember(key, &submitted).await?;
        Ok(submitted)
    }

    /// The message and the audit entry of every hand-in.
    pub(crate) async fn announce(&self, op: &mut Op, row: &DossierRow) -> Result<()> {
        let news = News {
            kind: "dossier_submitted",
            ..News::default()
        };
        self.tell(op, row, news).await?;
        let detail = serde_json::json!({
            "code": row.code,
            "procedure": row.procedure_code,
            "channel": row.channel.key(),
            "agency": row.receiving_code,
        });
        op.record(Entry::new("dossiers.submitted", subject(row.id)).detail(detail))
            .await
    }

    /// The files of the draft now belong to the dossier.
    async fn move_files(&self, op: &mut Op, submission: &Submission, about: &str) -> Result<Vec<(String, FileView)>> {
        let ids: Vec<_> = submission.files.iter().map(|attachment| attachment.file).collect();
        self.parts.files.reassign(op, &ids, about).await?;
        let mut files = Vec::with_capacity(ids.len());
        for attachment in &submission.files {
            let file = self.parts.files.get(op, attachment.file).await?;
            files.push((attachment.paper.clone(), file));
        }
        Ok(files)
    }
}

/// All that is wrong with a draft: its answers, then its papers.
pub(crate) fn faults_of(
    online: &OnlineProcedure,
    submission: &Submission,
    now: chrono::DateTime<chrono::Utc>,
) -> Vec<FieldFault> {
    let answers = submission.faults.iter().map(answer_fault);
    let scope = scope(&online.form, &submission.answers, now);
    let papers = online.procedure.check_papers(&scope, &file_counts(submission));
    answers.chain(papers).collect()
}

/// `<page>.<field>`; only the field where it belongs to no page.
pub(crate) fn answer_fault(fault: &forms::PageFault) -> FieldFault {
    let field = match fault.page.as_str() {
        "" => fault.field.clone(),
        page => format!("{page}.{}", fault.field),
    };
    FieldFault {
        field,
        code: fault.code.clone(),
        params: fault.params.clone(),
    }
}

/// How many files each paper has.
pub(crate) fn file_counts(submission: &Submission) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for attachment in &submission.files {
        *counts.entry(attachment.paper.clone()).or_default() += 1;
    }
    counts
}

pub(crate) fn channel_of(channel: forms::Channel) -> Channel {
    match channel {
        forms::Channel::Online => Channel::Online,
        forms::Channel::Counter => Channel::Counter,
        forms::Channel::Post => Channel::Post,
    }
}

/// Who the applicant is by the answers.
pub(crate) fn applicant(procedure: &ProcedureDefinition, answers: &Value) -> Applicant {
    let text = |field: &str| {
        let answer = answers.get(field).and_then(Value::as_str).map(str::trim);
        answer.filter(|answer| !answer.is_empty()).map(str::to_owned)
    };
    let fields = &procedure.applicant;
    Applicant {
        name: text(&fields.full_name).unwrap_or_default(),
        number: fields.personal_number.as_deref().and_then(text),
        phone: fields.phone.as_deref().and_then(text),
        email: fields.email.as_deref().and_then(text),
    }
}

/// What tells this case from others of the same procedure, in the words of the answers; whose it is where they say nothing.
pub(crate) fn title(procedure: &ProcedureDefinition, answers: &Value, owner_name: &str) -> String {
    let shown: Vec<String> = procedure
        .title
        .iter()
        .filter_map(|field| shown(answers.get(field)?))
        .collect();
    if shown.is_empty() {
        owner_name.to_owned()
    } else {
        shown.join(", ")
    }
}

fn shown(answer: &Value) -> Option<String> {
    let text = match answer {
        Value::String(text) => match text.parse() {
            Ok(date) => format_date(date),
            Err(_) => text.trim().to_owned(),
        },
        Value::Number(number) => number.to_string(),
        Value::Object(place) => {
            let parts = ["ward_name", "place", "province_name"];
            let parts = parts.iter().filter_map(|part| place.get(*part)?.as_str());
            parts.collect::<Vec<_>>().join(", ")
        }
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

/// Whether this is the person's number.
pub(crate) fn has_number(person: &Person, number: &str) -> bool {
    person
        .personal_number
        .as_ref()
        .is_some_and(|own| own.as_str() == number)
}
