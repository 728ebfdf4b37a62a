//! What others see of a case. Text keys and codes, never sentences; whoever draws them looks the words up.

use chrono::{DateTime, NaiveDate, Utc};
use forms::{PageView, SummaryPage};
use kernel::{AccountId, AgencyId, DossierId, FileId, Money, TaskId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::Channel;
use crate::definition::Collect;
use crate::model::{PlainStatus, Status, SupplementItem};

/// An agency as a case names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgencyRef {
    /// The agency.
    #[schemars(with = "Uuid")]
    pub id: AgencyId,
    /// Its code in the form of QĐ 20/2020/QĐ-TTg.
    pub code: String,
    /// Its name as on papers.
    pub name: String,
}

/// A case (hồ sơ) with all that its applicant, or an official at work on it, may see.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DossierView {
    /// The dossier.
    #[schemars(with = "Uuid")]
    pub id: DossierId,
    /// Its code (mã hồ sơ).
    pub code: String,
    /// The system that serves the procedure.
    pub app: String,
    /// Code of the procedure.
    pub procedure_code: String,
    /// Name of the procedure in the catalogue; its code where the catalogue has none.
    pub procedure_name: String,
    /// What it is about: the procedure's short name and the answers that tell cases apart.
    pub title: String,
    /// How it was handed in.
    pub channel: Channel,
    /// The status of the norm.
    pub status: Status,
    /// The same in plain words.
    pub plain: PlainStatus,
    /// Grows when what was handed in changes (a supplement came); an act gives it back.
    pub version: i64,
    /// The agency that receives.
    pub receiving: AgencyRef,
    /// The agency that decides.
    pub handling: AgencyRef,
    /// Whose case it is (chủ hồ sơ).
    pub owner_name: String,
    /// Their personal number.
    pub owner_number: Option<String>,
    /// Their telephone.
    pub phone: Option<String>,
    /// Their e-mail.
    pub email: Option<String>,
    /// Who handed it in (người nộp).
    pub submitter_name: String,
    /// When it was handed in.
    pub submitted_at: DateTime<Utc>,
    /// When it was taken in (ngày tiếp nhận).
    pub received_at: Option<DateTime<Utc>>,
    /// When it is due by the rules; apologies do not move it.
    pub promised_at: Option<DateTime<Utc>>,
    /// When it is due by what the applicant was told last (ngày hẹn trả).
    pub due_at: Option<DateTime<Utc>>,
    /// Whether it is late now, or was when officials were done with it.
    pub late: bool,
    /// When the agency last apologised.
    pub apologised_at: Option<DateTime<Utc>>,
    /// When officials were done with it.
    pub finished_at: Option<DateTime<Utc>>,
    /// When the result was handed over.
    pub returned_at: Option<DateTime<Utc>>,
    /// Since when the clock stands.
    pub waiting_since: Option<DateTime<Utc>>,
    /// A supplement has come and waits to be looked at.
    pub supplied: bool,
    /// The answers as people read them, pages that apply and questions that were answered.
    pub summary: Vec<SummaryPage>,
    /// What officials have entered for the result, as people read it. The applicant sees it once there is a result.
    pub result: Vec<SummaryPage>,
    /// The papers, in the order of the procedure's list.
    pub papers: Vec<PaperView>,
    /// The requests for supplements, oldest first.
    pub supplements: Vec<SupplementView>,
    /// Fees and charges.
    pub fees: Vec<FeeView>,
    /// Papers that the platform made, oldest first.
    pub documents: Vec<DocumentView>,
    /// Who did what, oldest first. An applicant does not see what officials keep among themselves.
    pub history: Vec<HistoryView>,
    /// How content the applicant was.
    pub rating: Option<RatingView>,
    /// What the reader may do now.
    pub may: May,
}

/// A file handed in as a paper (thành phần hồ sơ).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PaperView {
    /// The key of the paper.
    pub paper: String,
    /// The file.
    #[schemars(with = "Uuid")]
    pub file: FileId,
    /// Its name.
    pub file_name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub size: i64,
    /// 0 at submission, otherwise the round of the supplement with which it came.
    pub round: i32,
    /// When it came.
    pub added_at: DateTime<Utc>,
    /// A later round has put another in its place.
    pub replaced: bool,
}

/// A request for supplements (phiếu yêu cầu bổ sung, form 02).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SupplementView {
    /// From 1.
    pub round: i32,
    /// What is to be supplied.
    pub items: Vec<SupplementItem>,
    /// A word to the applicant.
    pub note: String,
    /// Why there is a second round.
    pub reason: Option<String>,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// Who asked.
    pub asked_by: String,
    /// When it came.
    pub supplied_at: Option<DateTime<Utc>>,
    /// What the applicant wrote with it.
    pub supplied_note: Option<String>,
}

/// A fee or charge (phí, lệ phí).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FeeView {
    /// Its key.
    pub fee: String,
    /// The amount in đồng.
    #[schemars(with = "i64")]
    pub amount: Money,
    /// When it is collected.
    pub collect: Collect,
    /// When it was paid.
    pub paid_at: Option<DateTime<Utc>>,
    /// Number of the receipt (số biên lai).
    pub receipt_number: Option<String>,
    /// Who collected it.
    pub collected_by: Option<String>,
}

/// What a document of the platform is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// Giấy tiếp nhận hồ sơ và hẹn trả kết quả (form 01).
    Reception,
    /// Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ (form 02).
    Supplement,
    /// Phiếu từ chối tiếp nhận giải quyết hồ sơ (form 03).
    Refusal,
    /// Phiếu xin lỗi và hẹn lại ngày trả kết quả (form 04).
    Apology,
    /// The answers, as they were handed in.
    Answers,
    /// Kết quả giải quyết.
    Result,
}

impl DocumentKind {
    /// The word in the table and in texts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reception => "reception",
            Self::Supplement => "supplement",
            Self::Refusal => "refusal",
            Self::Apology => "apology",
            Self::Answers => "answers",
            Self::Result => "result",
        }
    }

    /// The kind of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Reception,
            Self::Supplement,
            Self::Refusal,
            Self::Apology,
            Self::Answers,
            Self::Result,
        ]
        .into_iter()
        .find(|kind| kind.word() == word)
    }
}

/// A paper that the platform made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DocumentView {
    /// The document.
    pub id: Uuid,
    /// What it is.
    pub kind: DocumentKind,
    /// Its number (số, ký hiệu).
    pub number: String,
    /// The code by which anybody can check it (mã kiểm chứng), 20 characters.
    pub verification_code: String,
    /// SHA-256 of the file, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// The file.
    #[schemars(with = "Uuid")]
    pub file: FileId,
    /// The agency that issued it.
    pub agency_name: String,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// Who issued it.
    pub issued_by: String,
}

/// What anybody learns about a document from its verification code: enough to hold a paper against it, nothing about people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct VerifiedDocument {
    /// What it is.
    pub kind: DocumentKind,
    /// Its number.
    pub number: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The verification code.
    pub verification_code: String,
    /// The same as it is printed: in groups with dashes between them.
    pub spelled: String,
    /// The agency that issued it.
    pub agency_name: String,
    /// Code of the procedure.
    pub procedure_code: String,
    /// The system that serves the procedure.
    pub app: String,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// Code of the dossier.
    pub dossier_code: String,
}

/// One line of what happened (phiếu kiểm soát quá trình, form 06).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HistoryView {
    /// When.
    pub at: DateTime<Utc>,
    /// What was done, text key `history.dossiers.<action>`.
    pub action: String,
    /// Who did it.
    pub actor_name: String,
    /// In which position.
    pub position_title: Option<String>,
    /// In which agency.
    pub agency_name: Option<String>,
    /// At which step of the process.
    pub task: Option<String>,
    /// What was chosen.
    pub outcome: Option<String>,
    /// The status before.
    pub status_before: Option<Status>,
    /// The status after.
    pub status_after: Status,
    /// What was written.
    pub note: Option<String>,
    /// For officials only.
    pub internal: bool,
}

/// How content the applicant was (R098).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RatingView {
    /// 1 to 5.
    pub score: i16,
    /// In their own words; may be empty.
    pub comment: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What the reader of a case may do now. What is false here is refused by the verb as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct May {
    /// Withdraw it.
    pub withdraw: bool,
    /// Send what was asked for.
    pub supply: bool,
    /// Say how content one was.
    pub rate: bool,
    /// Apologise and name another day.
    pub apologise: bool,
    /// Record that a fee was paid.
    pub pay: bool,
}

/// A case with the step that an official is to take.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DeskView {
    /// The case.
    pub dossier: DossierView,
    /// The step.
    pub task: DeskTask,
    /// What the step enters for the result, if anything.
    pub facts: Option<DeskFacts>,
    /// Every paper that must be looked at before a decision on papers.
    pub papers_to_check: Vec<String>,
    /// Keys of the reasons for a refusal, `apps.<app>.refusal_reasons.<key>`.
    pub refusal_reasons: Vec<String>,
    /// The official leads the agency: second rounds of supplements, giving work to colleagues.
    pub leads: bool,
    /// The step is the intake: `accept` is the reception.
    pub is_intake: bool,
    /// The step hands the result over.
    pub is_return: bool,
    /// To whom the step may be given; empty for those who may not give it.
    pub colleagues: Vec<Colleague>,
}

/// What a step enters for the result.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DeskFacts {
    /// The questions, page by page, with what was entered before or what the applicant has answered. Keys of words are relative to
    /// the texts of the system.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub pages: Vec<PageView>,
    /// The outcomes with which all of it must be there.
    pub outcomes: Vec<String>,
}

/// The step of a [`DeskView`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DeskTask {
    /// The task.
    #[schemars(with = "Uuid")]
    pub id: TaskId,
    /// The id of the step, text key `apps.<app>.steps.<node>`.
    pub node: String,
    /// The role that does it.
    pub role: String,
    /// Who has it.
    #[schemars(with = "Option<Uuid>")]
    pub assignee: Option<AccountId>,
    /// The name of who has it.
    pub assignee_name: Option<String>,
    /// The reader has it.
    pub mine: bool,
    /// What may be chosen, text keys `apps.<app>.outcomes.<node>.<outcome>`.
    pub outcomes: Vec<String>,
    /// The inner deadline.
    pub due_at: Option<DateTime<Utc>>,
    /// It can be done now: it is open, and nothing is awaited.
    pub ready: bool,
    /// It was done or taken away; the page is for reading only.
    pub closed: bool,
}

/// Somebody to whom a step may be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Colleague {
    /// The account.
    #[schemars(with = "Uuid")]
    pub account: AccountId,
    /// The name.
    pub name: String,
    /// The title of the position.
    pub position_title: String,
}

/// Where a case stands, for anybody who has its code: no names, no title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PublicTrack {
    /// The code.
    pub code: String,
    /// The system that serves the procedure.
    pub app: String,
    /// Code of the procedure.
    pub procedure_code: String,
    /// Where it stands, in plain words.
    pub plain: PlainStatus,
    /// The status of the norm.
    pub status: Status,
    /// The agency that receives.
    pub receiving_name: String,
    /// When it was handed in.
    pub submitted_at: DateTime<Utc>,
    /// When it was taken in.
    pub received_at: Option<DateTime<Utc>>,
    /// When it is due.
    pub due_at: Option<DateTime<Utc>>,
    /// Whether it is late now, or was when officials were done with it.
    pub late: bool,
    /// The statuses that it went through, oldest first.
    pub steps: Vec<TrackStep>,
}

/// One status that a case came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TrackStep {
    /// When.
    pub at: DateTime<Utc>,
    /// In plain words.
    pub plain: PlainStatus,
    /// The status of the norm.
    pub status: Status,
}

/// Which tasks of an official's agency and roles a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InboxBox {
    /// What the official can do now: ready, and nobody's or their own.
    #[default]
    Open,
    /// What the official has taken or was given, and can do now.
    Mine,
    /// Everything that is ready, colleagues' too.
    All,
    /// What sleeps until a supplement or a payment has come.
    Waiting,
}

impl InboxBox {
    /// All boxes, in the order of the page.
    pub const ALL: [InboxBox; 4] = [Self::Open, Self::Mine, Self::All, Self::Waiting];

    /// The word in addresses and texts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Mine => "mine",
            Self::All => "all",
            Self::Waiting => "waiting",
        }
    }

    /// The box of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.word() == word)
    }
}

/// What an official looks for among the tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InboxFilter {
    /// The box.
    pub list: InboxBox,
    /// Only this system's.
    pub app: Option<String>,
    /// Only this step of the process.
    pub node: Option<String>,
    /// Words of the code, the title or the owner's name, with or without tones.
    pub q: Option<String>,
    /// Only what is late: the step or the dossier.
    pub late: bool,
}

/// One task in the inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InboxRow {
    /// The task.
    #[schemars(with = "Uuid")]
    pub task: TaskId,
    /// The dossier.
    #[schemars(with = "Uuid")]
    pub dossier: DossierId,
    /// Its code.
    pub code: String,
    /// The system that serves the procedure.
    pub app: String,
    /// What it is about.
    pub title: String,
    /// Whose it is.
    pub owner_name: String,
    /// The step.
    pub node: String,
    /// The role that does it.
    pub role: String,
    /// The name of who has it.
    pub assignee_name: Option<String>,
    /// The reader has it.
    pub mine: bool,
    /// When the step is due.
    pub task_due_at: Option<DateTime<Utc>>,
    /// When the dossier is due.
    pub due_at: Option<DateTime<Utc>>,
    /// The status of the norm.
    pub status: Status,
    /// In plain words.
    pub plain: PlainStatus,
    /// The step or the dossier is late.
    pub late: bool,
}

/// How much there is in the boxes of an official.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InboxCounts {
    /// In [`InboxBox::Open`].
    pub open: i64,
    /// In [`InboxBox::Mine`].
    pub mine: i64,
    /// In [`InboxBox::All`].
    pub all: i64,
    /// In [`InboxBox::Waiting`].
    pub waiting: i64,
    /// Late ones in [`InboxBox::Open`].
    pub late: i64,
}

/// A case in the list of its applicant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MyRow {
    /// The dossier.
    #[schemars(with = "Uuid")]
    pub id: DossierId,
    /// Its code.
    pub code: String,
    /// The system that serves the procedure.
    pub app: String,
    /// What it is about.
    pub title: String,
    /// The status of the norm.
    pub status: Status,
    /// In plain words.
    pub plain: PlainStatus,
    /// When it is due.
    pub due_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// It waits for the applicant: a supplement or a payment.
    pub needs_me: bool,
}

/// A case that an official found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FoundRow {
    /// The dossier.
    #[schemars(with = "Uuid")]
    pub id: DossierId,
    /// Its code.
    pub code: String,
    /// The system that serves the procedure.
    pub app: String,
    /// What it is about.
    pub title: String,
    /// Whose it is.
    pub owner_name: String,
    /// The status of the norm.
    pub status: Status,
    /// In plain words.
    pub plain: PlainStatus,
    /// When it was handed in.
    pub submitted_at: DateTime<Utc>,
    /// When it is due.
    pub due_at: Option<DateTime<Utc>>,
    /// Whether it is late now, or was when officials were done with it.
    pub late: bool,
}

/// A line of the ledger of dossiers (sổ theo dõi hồ sơ, form 07).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LedgerRow {
    /// Running number in the period asked for, from 1.
    pub number: i64,
    /// The dossier.
    #[schemars(with = "Uuid")]
    pub id: DossierId,
    /// Its code.
    pub code: String,
    /// Whose it is.
    pub owner_name: String,
    /// Code of the procedure.
    pub procedure_code: String,
    /// The system that serves the procedure.
    pub app: String,
    /// What it is about.
    pub title: String,
    /// How it was handed in.
    pub channel: Channel,
    /// The status of the norm.
    pub status: Status,
    /// When it was handed in.
    pub submitted_at: DateTime<Utc>,
    /// When it was taken in.
    pub received_at: DateTime<Utc>,
    /// The promised day: apologies do not move it.
    pub promised_at: DateTime<Utc>,
    /// When it is due by what the applicant was told last.
    pub due_at: DateTime<Utc>,
    /// When officials were done with it.
    pub finished_at: Option<DateTime<Utc>>,
    /// When the result was handed over.
    pub returned_at: Option<DateTime<Utc>>,
    /// Whether officials were done by the promised moment; nothing while work goes on and there is still time, and for
    /// withdrawn dossiers.
    pub on_time: Option<bool>,
}

/// The period of a ledger, both days included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Period {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

/// Whether a dossier with these moments is late at `now`: the clock runs past the due, or officials were done after it.
pub(crate) fn is_late(
    status: Status,
    due_at: Option<DateTime<Utc>>,
    waiting_since: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> bool {
    if status == Status::Withdrawn {
        return false;
    }
    // While a supplement or a payment is awaited the clock stands where it stood.
    let moment = finished_at.or(waiting_since).unwrap_or(now);
    due_at.is_some_and(|due| due < moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32) -> Option<DateTime<Utc>> {
        format!("2026-03-02T{hour:02}:00:00Z").parse().ok()
    }

    #[test]
    fn lateness_stands_still_with_the_clock_and_ends_with_the_work() {
        let late = |status, due, waiting, finished, now: u32| is_late(status, due, waiting, finished, at(now).unwrap());
        assert!(!late(Status::Registered, None, None, None, 9));
        assert!(!late(Status::Processing, at(9), None, None, 9));
        assert!(late(Status::Processing, at(9), None, None, 10));
        assert!(!late(Status::Supplement, at(9), at(8), None, 20));
        assert!(late(Status::Supplement, at(9), at(10), None, 20));
        assert!(!late(Status::Returned, at(9), None, at(8), 20));
        assert!(late(Status::Finished, at(9), None, at(10), 20));
        assert!(!late(Status::Withdrawn, at(9), None, at(10), 20));
    }

    #[test]
    fn words_round_trip() {
        for list in InboxBox::ALL {
            assert_eq!(InboxBox::from_word(list.word()), Some(list));
            assert_eq!(serde_json::to_value(list).unwrap(), list.word());
        }
        for word in ["reception", "supplement", "refusal", "apology", "answers", "result"] {
            let kind = DocumentKind::from_word(word).unwrap();
            assert_eq!(serde_json::to_value(kind).unwrap(), word);
        }
        assert_eq!(DocumentKind::from_word("letter"), None);
    }
}
