//! What a form stands on: catalogues, areas, the moment, and what is known of the applicant.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{Sex, local_date};
use serde::{Deserialize, Serialize};

/// Where the choices of catalogues come from. Called while an operation is open: answer from memory.
pub trait Catalogues: Send + Sync {
    /// Code and words of every value that may be chosen now, in the order of the catalogue; empty if there is no such
    /// catalogue. `locale` is `vi` or `en`.
    fn options(&self, name: &str, locale: &str) -> Vec<(String, String)>;

    /// The words of one code.
    fn label(&self, name: &str, code: &str, locale: &str) -> Option<String> {
        self.options(name, locale).into_iter().find(|(own, _)| own == code).map(|(_, label)| label)
    }
}

/// Where wards come from. Called while an operation is open: answer from memory.
pub trait Areas: Send + Sync {
    /// Name of the ward with this five-digit code (mã đơn vị hành chính, Cục Thống kê) and of its district, empty where there is
    /// no district level; `None` if no such ward exists now.
    fn ward(&self, code: &str) -> Option<(String, String)>;
}

/// Everything outside the answers that a decision looks at.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// Catalogues.
    pub catalogues: &'a dyn Catalogues,
    /// Wards.
    pub areas: &'a dyn Areas,
    /// The moment of the operation.
    pub now: DateTime<Utc>,
}

impl Ground<'_> {
    /// The day in Vietnam.
    pub fn today(&self) -> NaiveDate {
        local_date(self.now)
    }
}

/// What is known of the person whom the form is about, for pre-filling. The caller takes it from the person's record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applicant {
    /// Họ, chữ đệm và tên.
    pub full_name: Option<String>,
    /// Số định danh cá nhân.
    pub personal_number: Option<String>,
    /// Ngày sinh.
    pub birth_date: Option<NaiveDate>,
    /// Giới tính.
    pub sex: Option<Sex>,
    /// Số điện thoại.
    pub phone: Option<String>,
    /// Thư điện tử.
    pub email: Option<String>,
    /// Dân tộc: a code where the field has a catalogue, words where it is a text.
    pub ethnicity: Option<String>,
    /// Quốc tịch: likewise.
    pub nationality: Option<String>,
    /// Nơi cư trú: code of the ward.
    pub ward: Option<String>,
    /// Nơi cư trú: what stands before the ward.
    pub address_detail: Option<String>,
}

/// What the procedure says of one paper (thành phần hồ sơ) with the present answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperRule {
    /// Key of the paper.
    pub key: String,
    /// Whether it must be there.
    pub required: bool,
    /// The most files that make it up.
    pub most_files: u32,
}

/// The papers that apply now: one that is not in the list is not asked for. `None` where the caller does not know the
/// procedure: then every paper of the form is shown and none is required.
pub type Papers<'a> = Option<&'a [PaperRule]>;

/// The most files of a paper where nothing is said.
const USUAL_FILES: u32 = 5;

/// The rule of one paper, if it applies.
pub(crate) fn rule_of(papers: Papers<'_>, key: &str) -> Option<PaperRule> {
    match papers {
        None => Some(PaperRule { key: key.to_owned(), required: false, most_files: USUAL_FILES }),
        Some(rules) => rules.iter().find(|rule| rule.key == key).cloned(),
    }
}
