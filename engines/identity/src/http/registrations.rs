//! Registering oneself, and the desk of the authority that approves.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{AgencyId, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{Doc, Door, Routes, Site, Visit};

use super::{engine, ops};
use crate::{
    Approval, Approved, Awaited, Concerned, Former, Identity, NewRegistration, NewStanding, Receipt,
    RegistrationDetail, RegistrationFilter, RegistrationKind, RegistrationState, Standing,
};

/// An account that is asked for. It works when an official has seen the paper.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrationRequest {
    /// 43 letters of base64url, chosen at random by whoever asks: sent twice it is asked once. Without it there is a new one.
    #[serde(default)]
    pub receipt: Option<String>,
    /// Personal number (12 digits); not with a passport.
    #[serde(default)]
    pub personal_number: String,
    /// Number of a passport, for foreigners and visitors.
    #[serde(default)]
    pub passport: String,
    /// Two-letter country code of the passport.
    #[serde(default)]
    pub nationality: String,
    /// Full name as on the card or passport.
    pub full_name: String,
    /// Date of birth.
    pub birth_date: Option<NaiveDate>,
    /// Telephone; this or an e-mail.
    #[serde(default)]
    pub phone: String,
    /// E-mail.
    #[serde(default)]
    pub email: String,
    /// The password that is to open the account.
    pub password: String,
    /// Code of the agency of a commune to which the paper will be shown (`listAgencies`).
    #[serde(default)]
    pub agency: String,
}

/// A request to act for an organisation or a child.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandingRequest {
    /// `organisation`, `member` or `child`.
    pub kind: RegistrationKind,
    /// As for registering.
    #[serde(default)]
    pub receipt: Option<String>,
    /// Name of the organisation or child.
    pub full_name: String,
    /// Tax number of the organisation.
    #[serde(default)]
    pub tax_number: String,
    /// Personal number of the child.
    #[serde(default)]
    pub personal_number: String,
    /// Date of birth of the child.
    #[serde(default)]
    pub birth_date: Option<NaiveDate>,
    /// Parent or guardian.
    #[serde(default)]
    pub standing: Option<Standing>,
    /// The paper that shows it.
    pub paper: String,
    /// Code of the agency of a commune to which the paper will be shown (`listAgencies`).
    #[serde(default)]
    pub agency: String,
}

/// The receipt of what was asked.
#[derive(Serialize, JsonSchema)]
pub struct Asked {
    /// With this the state can be asked for.
    pub receipt: String,
}

/// What has become of it.
#[derive(Serialize, JsonSchema)]
pub struct ReceiptAnswer {
    /// What was asked for.
    pub kind: RegistrationKind,
    /// `waiting`, `approved`, `refused`, `expired`, `superseded`.
    pub state: RegistrationState,
    /// Who decides.
    pub agency_name: String,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// Until when the paper can be shown.
    pub expires_at: DateTime<Utc>,
    /// Why it was refused.
    pub reason: String,
    /// The number that its holder tells at the counter (mã đối chiếu).
    pub check: String,
}

/// A line of the desk.
#[derive(Serialize, JsonSchema)]
pub struct RegistrationInfo {
    /// Its number.
    pub id: Uuid,
    /// What is asked for.
    pub kind: RegistrationKind,
    /// Name.
    pub full_name: String,
    /// The number, all but its end hidden.
    pub number_masked: String,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// Until when it waits.
    pub expires_at: DateTime<Utc>,
    /// What has become of it.
    pub state: RegistrationState,
    /// When that was.
    pub decided_at: Option<DateTime<Utc>>,
}

/// A page of them.
#[derive(Serialize, JsonSchema)]
pub struct RegistrationPage {
    /// Those that wait longest first; of decided ones the newest first.
    pub items: Vec<RegistrationInfo>,
    /// Cursor of the next page (`?sau=`), if there is one.
    pub next: Option<String>,
}

/// All that is held against the paper.
#[derive(Serialize, JsonSchema)]
pub struct RegistrationAnswer {
    /// Its number.
    pub id: Uuid,
    /// What is asked for.
    pub kind: RegistrationKind,
    /// Name.
    pub full_name: String,
    /// Personal number.
    pub personal_number: Option<String>,
    /// Passport.
    pub passport: Option<String>,
    /// Country.
    pub nationality: String,
    /// Tax number.
    pub tax_number: Option<String>,
    /// Date of birth.
    pub birth_date: Option<NaiveDate>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// Who wants to act for them.
    pub asker_name: Option<String>,
    /// What that person is to the child.
    pub standing: Option<Standing>,
    /// The paper, as the applicant says.
    pub paper: String,
    /// What has become of it.
    pub state: RegistrationState,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// Until when it waits.
    pub expires_at: DateTime<Utc>,
    /// Why it was refused.
    pub reason: String,
    /// The platform knows the number.
    pub known: bool,
    /// Under another name or birth date.
    pub differs: bool,
    /// And it has an account.
    pub has_account: bool,
    /// How many others wait for the same number.
    pub others: i64,
    /// Whom it concerns that somebody asks to act for another.
    pub concerned: Vec<ConcernedAnswer>,
    /// For whose answers it waits; nothing where it can be decided.
    pub awaited: Option<AwaitedAnswer>,
    /// It takes two officials: somebody whom it concerns cannot be asked here, or objects.
    pub takes_two: bool,
    /// The first of them, when there was one.
    pub seen_by_name: Option<String>,
    /// When that one has seen the paper.
    pub seen_at: Option<DateTime<Utc>>,
    /// Which paper that was.
    pub seen_paper: String,
}

/// Those whom it concerns have been asked, and can still answer.
#[derive(Serialize, JsonSchema)]
pub struct AwaitedAnswer {
    /// How many have not answered.
    pub people: usize,
    /// The last day on which all of them can.
    pub until: NaiveDate,
}

/// Somebody who represents the organisation or child already, or the child.
#[derive(Serialize, JsonSchema)]
pub struct ConcernedAnswer {
    /// By which representation; nothing for the child.
    pub representation: Option<Uuid>,
    /// Their name.
    pub name: String,
    /// Since when.
    pub since: Option<NaiveDate>,
    /// When they were told.
    pub told_at: Option<DateTime<Utc>>,
    /// Whether they agree; nothing where they have said nothing.
    pub agrees: Option<bool>,
}

/// Looking for one person or organisation.
#[derive(Deserialize, JsonSchema)]
pub struct SearchRequest {
    /// Personal number, passport or tax number; this or the number of a receipt.
    #[serde(default)]
    pub number: String,
    /// The number that a receipt shows (mã đối chiếu).
    #[serde(default)]
    pub check: String,
    /// Among those that were decided.
    #[serde(default)]
    pub decided: bool,
}

/// Approving.
#[derive(Deserialize, JsonSchema)]
pub struct ApprovalRequest {
    /// The paper that was seen: kind and number.
    pub paper: String,
    /// The number of the receipt, for an account.
    #[serde(default)]
    pub check: String,
    /// For each legal representative in `concerned`: `ends` or `stays`.
    #[serde(default)]
    pub former: BTreeMap<Uuid, Former>,
    /// The paper shows the will of the organisation though nobody has agreed here, or suffices though somebody objects.
    #[serde(default)]
    pub seen: bool,
}

/// Refusing.
#[derive(Deserialize, JsonSchema)]
pub struct RefusalRequest {
    /// Why; the applicant reads it.
    pub reason: String,
}

/// It was decided.
#[derive(Serialize, JsonSchema)]
pub struct Decided {
    /// Whether it was decided; not where another official has to see the paper too. A failure is a problem document.
    pub decided: bool,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Identity> + Clone + Send + Sync + 'static,
{
    let doc = |id, summary| Doc::new(id, "identity", summary);
    Routes::new()
        .api_post(
            "/api/v1/registrations",
            Door::Public,
            doc(
                "registerAccount",
                "Ask for an account; it works when an official has seen the paper. The answer is the same whether the number is known or not.",
            )
            .created(),
            register,
        )
        .api_get(
            "/api/v1/registrations/{receipt}",
            Door::Public,
            doc("getRegistrationReceipt", "What has become of a registration, by its receipt."),
            receipt,
        )
        .api_post(
            "/api/v1/me/standings",
            Door::Citizen,
            doc(
                "askToRepresent",
                "Ask to act for an organisation or a child; it works when an official has seen the paper.",
            )
            .created(),
            ask_standing,
        )
        .api_get(
            "/api/v1/registration-desk",
            Door::Right("identity.registrations"),
            doc(
                "listRegistrations",
                "The registrations about which one's agency decides: those that wait, or with `decided=1` the others.",
            )
            .with_query(&["decided", "sau", "so"]),
            list,
        )
        .api_post(
            "/api/v1/registration-desk/search",
            Door::Right("identity.registrations"),
            doc("findRegistrations", "Those of one personal number, passport or tax number. The number travels in the body."),
            find,
        )
        .api_get(
            "/api/v1/registration-desk/{id}",
            Door::Right("identity.registrations"),
            doc("getRegistration", "One registration with all that is held against the paper. The reading is recorded."),
            show,
        )
        .api_post(
            "/api/v1/registration-desk/{id}/approval",
            Door::Right("identity.decide_registration"),
            doc("approveRegistration", "Approve: the paper was seen and agrees. Not before those whom it concerns have answered or had three working days; where one of them cannot be asked or objects, two officials approve."),
            approve,
        )
        .api_post(
            "/api/v1/registration-desk/{id}/refusal",
            Door::Right("identity.decide_registration"),
            doc("refuseRegistration", "Refuse, and say why."),
            refuse,
        )
}

async fn register<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: RegistrationRequest) -> Result<Asked> {
    let new = NewRegistration {
        receipt: match body.receipt {
            Some(receipt) => receipt,
            None => engine(&visit).new_receipt()?,
        },
        foreigner: !body.passport.trim().is_empty(),
        personal_number: body.personal_number,
        passport: body.passport,
        nationality: body.nationality,
        full_name: body.full_name,
        birth_date: body.birth_date,
        phone: body.phone,
        email: body.email,
        password: body.password,
        agency: chosen(&visit, &body.agency).await?,
    };
    let ip = visit.client_ip().to_string();
    let receipt = engine(&visit).register(ops(&visit), &new, &ip).await?;
    Ok(Asked { receipt })
}

/// The agency of a code; none where none was said.
async fn chosen<S: AsRef<Site> + AsRef<Identity>>(visit: &Visit<S>, code: &str) -> Result<Option<AgencyId>> {
    if code.trim().is_empty() {
        return Ok(None);
    }
    let mut op = visit.look().await?;
    Ok(Some(engine(visit).agency_by_code(&mut op, code.trim()).await?.id))
}

async fn receipt<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>) -> Result<ReceiptAnswer> {
    let found: Receipt = engine(&visit).receipt(ops(&visit), visit.param("receipt")).await?;
    Ok(ReceiptAnswer {
        kind: found.kind,
        state: found.state,
        agency_name: found.agency_name,
        asked_at: found.asked_at,
        expires_at: found.expires_at,
        reason: found.reason,
        check: found.check,
    })
}

async fn ask_standing<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: StandingRequest) -> Result<Asked> {
    let new = NewStanding {
        kind: body.kind,
        receipt: match body.receipt {
            Some(receipt) => receipt,
            None => engine(&visit).new_receipt()?,
        },
        full_name: body.full_name,
        tax_number: body.tax_number,
        personal_number: body.personal_number,
        birth_date: body.birth_date,
        standing: body.standing,
        paper: body.paper,
        agency: chosen(&visit, &body.agency).await?,
    };
    let ip = visit.client_ip().to_string();
    let mut op = visit.op().await?;
    engine(&visit).ask_standing(&mut op, &new, &ip).await?;
    op.commit().await?;
    Ok(Asked { receipt: new.receipt })
}

async fn list<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>) -> Result<RegistrationPage> {
    let filter = RegistrationFilter {
        decided: visit.query("decided").is_some(),
        number: None,
        check: None,
    };
    found(&visit, &filter).await
}

async fn find<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: SearchRequest) -> Result<RegistrationPage> {
    let filter = RegistrationFilter {
        decided: body.decided,
        number: Some(body.number).filter(|number| !number.trim().is_empty()),
        check: Some(body.check).filter(|check| !check.trim().is_empty()),
    };
    found(&visit, &filter).await
}

async fn found<S: AsRef<Site> + AsRef<Identity>>(
    visit: &Visit<S>,
    filter: &RegistrationFilter,
) -> Result<RegistrationPage> {
    let mut op = visit.op().await?;
    let page = engine(visit)
        .registrations(&mut op, filter, &visit.page_request())
        .await?;
    op.commit().await?;
    let items = page.items.into_iter().map(|row| RegistrationInfo {
        id: row.id,
        kind: row.kind,
        full_name: row.full_name,
        number_masked: row.number_masked,
        asked_at: row.asked_at,
        expires_at: row.expires_at,
        state: row.state,
        decided_at: row.decided_at,
    });
    Ok(RegistrationPage {
        items: items.collect(),
        next: page.next,
    })
}

async fn show<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>) -> Result<RegistrationAnswer> {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let found: RegistrationDetail = engine(&visit).registration(&mut op, id).await?;
    op.commit().await?;
    Ok(RegistrationAnswer {
        id: found.id,
        kind: found.kind,
        full_name: found.full_name,
        personal_number: found.personal_number,
        passport: found.passport,
        nationality: found.nationality,
        tax_number: found.tax_number,
        birth_date: found.birth_date,
        phone: found.phone,
        email: found.email,
        asker_name: found.asker_name,
        standing: found.standing,
        paper: found.paper,
        state: found.state,
        asked_at: found.asked_at,
        expires_at: found.expires_at,
        reason: found.reason,
        known: found.known.is_some(),
        differs: found.differs,
        has_account: found.has_account,
        others: found.others,
        concerned: found.concerned.into_iter().map(concerned).collect(),
        awaited: found
            .awaited
            .map(|Awaited { people, until }| AwaitedAnswer { people, until }),
        takes_two: found.takes_two,
        seen_by_name: found.seen_by_name,
        seen_at: found.seen_at,
        seen_paper: found.seen_paper,
    })
}

fn concerned(one: Concerned) -> ConcernedAnswer {
    ConcernedAnswer {
        representation: one.representation,
        name: one.name,
        since: one.since,
        told_at: one.told_at,
        agrees: one.agrees,
    }
}

async fn approve<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: ApprovalRequest) -> Result<Decided> {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let approval = Approval {
        paper: body.paper,
        check: body.check,
        former: body.former,
        seen: body.seen,
    };
    let approved = engine(&visit).approve_with(&mut op, id, &approval).await?;
    op.commit().await?;
    Ok(Decided {
        decided: approved == Approved::Now,
    })
}

async fn refuse<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: RefusalRequest) -> Result<Decided> {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).refuse_registration(&mut op, id, &body.reason).await?;
    op.commit().await?;
    Ok(Decided { decided: true })
}
