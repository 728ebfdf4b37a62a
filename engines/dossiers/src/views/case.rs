//! One case: its applicant and the officials who work on it see it so.

use chrono::{DateTime, Utc};
use forms::SummaryPage;
use kernel::{AgencyId, DossierId, FileId, Money};
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
    /// The owner has been granted that their data is used for this case alone (hạn chế xử lý); told to officials.
    pub use_restricted: bool,
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
    /// What the check noticed: the flags of [`files::FileView`].
    pub warnings: Vec<String>,
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
    /// Who holds the position, where somebody else acted from it.
    pub stands_for: Option<String>,
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
