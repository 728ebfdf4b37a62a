//! Who asks for an account, and who may act for whom.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{AccountId, AgencyId, PersonId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

words! {
    /// What somebody asks an authority for.
    RegistrationKind {
        /// An account, by personal number (số định danh cá nhân).
        Citizen = "citizen",
        /// An account, by passport (hộ chiếu).
        Foreigner = "foreigner",
        /// The account of an organisation, by its legal representative (người đại diện theo pháp luật).
        Organisation = "organisation",
        /// To act for an organisation that has an account, as one of its people (người được ủy quyền của tổ chức).
        Member = "member",
        /// To act for one's child or ward (đại diện cho người chưa thành niên).
        Child = "child",
    }
}

impl RegistrationKind {
    /// Whether somebody without an account asks for one.
    pub const fn is_for_oneself(self) -> bool {
        matches!(self, Self::Citizen | Self::Foreigner)
    }
}

words! {
    /// What has become of it.
    RegistrationState {
        /// Nobody has decided yet.
        Waiting = "waiting",
        /// An official has seen the paper, and it works.
        Approved = "approved",
        /// An official has refused it and said why.
        Refused = "refused",
        /// Nobody came with the paper in time.
        Expired = "expired",
        /// Another registration of the same person was approved.
        Superseded = "superseded",
    }
}

words! {
    /// What somebody is to a child (Bộ luật Dân sự 2015, Điều 136).
    Standing {
        /// Father or mother (cha, mẹ).
        Parent = "parent",
        /// Guardian (người giám hộ).
        Guardian = "guardian",
    }
}

words! {
    /// What becomes of a legal representative when another one is approved.
    Former {
        /// They represent the organisation no more.
        Ends = "ends",
        /// The organisation has several.
        Stays = "stays",
    }
}

words! {
    /// By what one acts for another.
    RepresentationKind {
        /// Legal representative of an organisation.
        Legal = "legal",
        /// One of the people of an organisation.
        Member = "member",
        /// Parent or guardian of a child; it ends by itself on the eighteenth birthday.
        Child = "child",
        /// Power of attorney (giấy ủy quyền), for some days and some procedures.
        Attorney = "attorney",
    }
}

/// What whoever holds the receipt of a registration learns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The registration.
    pub id: Uuid,
    /// What was asked for.
    pub kind: RegistrationKind,
    /// What has become of it.
    pub state: RegistrationState,
    /// Who decides, by its name today.
    pub agency_name: String,
    /// Where that is.
    pub agency_address: String,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// Until when the paper can be shown.
    pub expires_at: DateTime<Utc>,
    /// Why it was refused.
    pub reason: String,
    /// The number that its holder tells at the counter.
    pub check: String,
}

/// One line of the list of an agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegistrationRow {
    /// The registration.
    pub id: Uuid,
    /// What is asked for.
    pub kind: RegistrationKind,
    /// Name of whom it is about.
    pub full_name: String,
    /// Their number, all but its last digits hidden.
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

/// A registration with all that an official holds against the paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegistrationDetail {
    /// The registration.
    pub id: Uuid,
    /// What is asked for.
    pub kind: RegistrationKind,
    /// Name as typed, in one form.
    pub full_name: String,
    /// Personal number of the applicant, or of the child.
    pub personal_number: Option<String>,
    /// Passport of the applicant.
    pub passport: Option<String>,
    /// Two-letter country code.
    pub nationality: String,
    /// Tax number of the organisation.
    pub tax_number: Option<String>,
    /// Date of birth.
    pub birth_date: Option<NaiveDate>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// Who wants to act for them.
    pub asked_by: Option<AccountId>,
    /// The name of that person.
    pub asker_name: Option<String>,
    /// The personal number of that person.
    pub asker_number: Option<String>,
    /// What that person is to the child.
    pub standing: Option<Standing>,
    /// The paper, as the applicant says.
    pub paper: String,
    /// Who decides.
    pub agency: AgencyId,
    /// What has become of it.
    pub state: RegistrationState,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// Until when it waits.
    pub expires_at: DateTime<Utc>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// Who has decided.
    pub decided_by: Option<AccountId>,
    /// The name of that official.
    pub decider_name: Option<String>,
    /// Why it was refused.
    pub reason: String,
    /// The paper that the official has seen.
    pub checked_paper: String,
    /// The person whom the platform knows under this number.
    pub known: Option<PersonId>,
    /// That person has another name or birth date.
    pub differs: bool,
    /// That person has an account.
    pub has_account: bool,
    /// How many others wait for the same number.
    pub others: i64,
    /// The official who has seen the paper first, where it takes two.
    pub seen_by: Option<AccountId>,
    /// The name of that official.
    pub seen_by_name: Option<String>,
    /// When that was.
    pub seen_at: Option<DateTime<Utc>>,
    /// The paper that this one has seen.
    pub seen_paper: String,
    /// It takes two officials: somebody whom it concerns cannot be asked here, or objects.
    pub takes_two: bool,
    /// For whose answer it waits; nothing where everybody has answered, or had the time to.
    pub awaited: Option<Awaited>,
    /// Whom it concerns to whom somebody asks to stand: who acts for them today, and a child that has an account.
    pub concerned: Vec<Concerned>,
}

/// Somebody whom it concerns that another one asks to act for an organisation or a child, and what they say to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Concerned {
    /// By what they act today; `None` for the child.
    pub representation: Option<Uuid>,
    /// Who.
    pub person: PersonId,
    /// Their account, if it can be told anything.
    pub account: Option<AccountId>,
    /// Their name.
    pub name: String,
    /// Since when they act.
    pub since: Option<NaiveDate>,
    /// When they were told.
    pub told_at: Option<DateTime<Utc>>,
    /// Whether they agree; nothing where they have said nothing.
    pub agrees: Option<bool>,
    /// When they said so.
    pub said_at: Option<DateTime<Utc>>,
}

/// A request to act for somebody waits for the answers of those whom it concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Awaited {
    /// How many have not answered.
    pub people: usize,
    /// The last day on which all of them can still answer.
    pub until: NaiveDate,
}

/// What somebody is asked about: another one asks to act for them, or beside them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// The registration.
    pub registration: Uuid,
    /// What is asked for.
    pub kind: RegistrationKind,
    /// Who asks.
    pub asker_name: String,
    /// For whom.
    pub represented_name: String,
    /// Who decides.
    pub agency_name: String,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// Until when it waits.
    pub expires_at: DateTime<Utc>,
    /// What has been said to it.
    pub agrees: Option<bool>,
    /// When one was told.
    pub told_at: DateTime<Utc>,
    /// The last day on which nobody decides without one's answer.
    pub answer_until: NaiveDate,
}

/// One acts for another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Representation {
    /// The representation.
    pub id: Uuid,
    /// By what.
    pub kind: RepresentationKind,
    /// Who is represented.
    pub represented: PersonId,
    /// Their name.
    pub represented_name: String,
    /// Who acts.
    pub representative: PersonId,
    /// Their name.
    pub representative_name: String,
    /// The codes of the procedures; none: all.
    pub procedures: Vec<String>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day, included.
    pub to: Option<NaiveDate>,
    /// Why.
    pub reason: String,
    /// When it was given.
    pub given_at: DateTime<Utc>,
    /// When it was taken back or given back.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whether it counts today.
    pub in_force: bool,
}

/// For whom one may act today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Represented {
    /// The representation.
    pub representation: Uuid,
    /// Who is represented.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// By what.
    pub kind: RepresentationKind,
    /// The codes of the procedures; none: all.
    pub procedures: Vec<String>,
}
