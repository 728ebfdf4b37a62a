//! What officials do with steps and cases.

use kernel::{PersonalNumber, Result, TaskId};
use web::{Doc, Door, Routes, Site, Visit};

use super::{
    ActRequest, ApologyRequest, ApplicantAnswer, ApplicantRequest, AssignRequest, Changed, Confirmation, Empty,
    PaymentRequest, changed, engine,
};
use crate::views::DeskView;
use crate::{Dossiers, Submitted};

const TAG: &str = "desk";

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Dossiers> + Clone + Send + Sync + 'static,
{
    Routes::new()
        .api_post(
            "/api/v1/drafts/{id}/intake",
            Door::Right("dossiers.take_in"),
            Doc::new(
                "takeInDossier",
                TAG,
                "Hands a draft in at the counter for somebody; the first step is the clerk's.",
            )
            .created(),
            take_in,
        )
        .api_post(
            "/api/v1/intake/person",
            Door::Right("dossiers.take_in"),
            Doc::new(
                "findApplicant",
                TAG,
                "The person at the counter by personal number, as a draft takes them over; the look-up is in the audit trail.",
            ),
            find_applicant,
        )
        .api_get(
            "/api/v1/tasks/{task}",
            Door::Official,
            Doc::new("getTask", TAG, "A step of the process with its dossier."),
            work,
        )
        .api_post(
            "/api/v1/tasks/{task}/claim",
            Door::Official,
            Doc::new("claimTask", TAG, "Takes a step that nobody has."),
            claim,
        )
        .api_post(
            "/api/v1/tasks/{task}/release",
            Door::Official,
            Doc::new("releaseTask", TAG, "Gives a step back."),
            release,
        )
        .api_post(
            "/api/v1/tasks/{task}/assignment",
            Door::Official,
            Doc::new("assignTask", TAG, "Gives a step to a colleague."),
            assign,
        )
        .api_post(
            "/api/v1/tasks/{task}/act",
            Door::Official,
            Doc::new(
                "actOnTask",
                TAG,
                "Decides a step: accept, ask for supplements, refuse, pass on, hand over.",
            ),
            act,
        )
        .api_post(
            "/api/v1/dossiers/{id}/apology",
            Door::Official,
            Doc::new("apologiseForDossier", TAG, "Apologises and names another day."),
            apologise,
        )
        .api_post(
            "/api/v1/dossiers/{id}/payments",
            Door::Official,
            Doc::new("recordPayment", TAG, "Records a fee paid at the counter.").created(),
            pay,
        )
}

async fn take_in<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, body: Confirmation) -> Result<Submitted> {
    let draft = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let submitted = engine(&visit).take_in(&mut op, draft, body.confirmed).await?;
    op.commit().await?;
    Ok(submitted)
}

/// The number travels in the body: addresses end up in logs and histories.
async fn find_applicant<S: AsRef<Site> + AsRef<Dossiers>>(
    visit: Visit<S>,
    body: ApplicantRequest,
) -> Result<ApplicantAnswer> {
    let malformed = |fault: kernel::Fault| fault.field("personal_number", "forms.field.personal_number");
    let number = PersonalNumber::parse(&body.personal_number).map_err(malformed)?;
    let mut op = visit.op().await?;
    let identity = &engine(&visit).parts.identity;
    let person = identity
        .person_by_number(&mut op, &number, &format!("intake:{}", body.app))
        .await?;
    op.commit().await?;
    Ok(ApplicantAnswer {
        person: person.as_ref().map(|person| person.id),
        applicant: person.map(forms::Applicant::from),
    })
}

async fn work<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>) -> Result<DeskView> {
    let task = visit.parse_param("task")?;
    desk(&visit, task, visit.op().await?).await
}

async fn desk<S: AsRef<Site> + AsRef<Dossiers>>(visit: &Visit<S>, task: TaskId, mut op: op::Op) -> Result<DeskView> {
    let view = engine(visit).work(&mut op, task).await?;
    op.commit().await?;
    Ok(view)
}

async fn claim<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, _: Empty) -> Result<DeskView> {
    let task = visit.parse_param("task")?;
    let mut op = visit.op().await?;
    engine(&visit).claim(&mut op, task).await?;
    desk(&visit, task, op).await
}

async fn release<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, _: Empty) -> Result<DeskView> {
    let task = visit.parse_param("task")?;
    let mut op = visit.op().await?;
    engine(&visit).release(&mut op, task).await?;
    desk(&visit, task, op).await
}

async fn assign<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, body: AssignRequest) -> Result<DeskView> {
    let task = visit.parse_param("task")?;
    let mut op = visit.op().await?;
    engine(&visit).assign(&mut op, task, body.account).await?;
    desk(&visit, task, op).await
}

async fn act<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, body: ActRequest) -> Result<Changed> {
    let task = visit.parse_param("task")?;
    let mut op = visit.op().await?;
    let acted = engine(&visit).act(&mut op, task, body.version, body.act).await?;
    changed(engine(&visit), op, acted.dossier).await
}

async fn apologise<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, body: ApologyRequest) -> Result<Changed> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit)
        .apologise(&mut op, id, &body.reason, body.new_day)
        .await?;
    changed(engine(&visit), op, id).await
}

async fn pay<S: AsRef<Site> + AsRef<Dossiers>>(visit: Visit<S>, body: PaymentRequest) -> Result<Changed> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit)
        .record_payment(&mut op, id, &body.fee, body.receipt_number)
        .await?;
    changed(engine(&visit), op, id).await
}
