//! Nouns of the catalogue.

use std::str::FromStr;

use db::PageRequest;
use kernel::text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Writes an enum whose members are known by a key in tables and addresses.
macro_rules! keyed {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $member:ident = $key:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $key)] $member),+ }

        impl $name {
            /// Every member, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$member),+];

            /// The key in tables, addresses and texts.
            pub fn key(self) -> &'static str {
                match self { $(Self::$member => $key),+ }
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(key: &str) -> Result<Self, String> {
                match key { $($key => Ok(Self::$member),)+ _ => Err(key.to_string()) }
            }
        }
    };
}

keyed! {
    /// Level of the agency that carries a procedure out (cấp thực hiện).
    Level {
        /// Bộ, cơ quan trung ương.
        Ministry = "ministry",
        /// Cấp tỉnh.
        Province = "province",
        /// Sở, ban, ngành.
        Department = "department",
        /// Cấp huyện; no longer in records made after 2025-07-01.
        District = "district",
        /// Cấp xã.
        Commune = "commune",
        /// Cơ quan khác.
        Other = "other",
    }
}

keyed! {
    /// Who may use a procedure (đối tượng thực hiện).
    Audience {
        /// Công dân Việt Nam.
        Citizen = "citizen",
        /// Người Việt Nam định cư ở nước ngoài.
        VietnameseAbroad = "vietnamese_abroad",
        /// Người nước ngoài.
        Foreigner = "foreigner",
        /// Cán bộ, công chức, viên chức.
        Official = "official",
        /// Doanh nghiệp.
        Enterprise = "enterprise",
        /// Doanh nghiệp Việt Nam.
        EnterpriseVietnamese = "enterprise_vietnamese",
        /// Doanh nghiệp có vốn đầu tư nước ngoài.
        EnterpriseForeignInvested = "enterprise_foreign_invested",
        /// Hợp tác xã.
        Cooperative = "cooperative",
        /// Tổ chức (không bao gồm doanh nghiệp, HTX).
        Organisation = "organisation",
        /// Tổ chức nước ngoài.
        OrganisationForeign = "organisation_foreign",
    }
}

keyed! {
    /// How a dossier may be handed in (cách thức thực hiện; R070).
    Channel {
        /// Trực tuyến.
        Online = "online",
        /// Trực tiếp.
        Counter = "counter",
        /// Bưu chính công ích.
        Post = "post",
    }
}

keyed! {
    /// Unit of a published deadline (thời hạn giải quyết).
    DeadlineUnit {
        /// Ngày làm việc.
        WorkingDay = "working_day",
        /// Ngày.
        Day = "day",
        /// Giờ.
        Hour = "hour",
        /// Tháng.
        Month = "month",
    }
}

/// Facts about one procedure, as the province's table gives them.
#[derive(Debug, Clone, PartialEq)]
pub struct FactRow {
    /// Mã thủ tục hành chính, `1.001193`.
    pub code: String,
    /// Tên thủ tục.
    pub name: String,
    /// Lĩnh vực.
    pub field: String,
    /// Cấp thực hiện.
    pub levels: Vec<String>,
    /// Loại thủ tục: `detailed_by_law`, `not_delegated_to_locality`, `other` or empty.
    pub kind: String,
    /// Số quyết định công bố.
    pub decision: String,
    /// Mã loại kết quả.
    pub result_codes: Vec<String>,
    /// Tên kết quả, aligned with the codes where it is known.
    pub result_names: Vec<String>,
    /// Đối tượng thực hiện.
    pub audiences: Vec<String>,
    /// The record on the National Public Service Portal.
    pub link: String,
    /// Published deadline, where it could be read reliably.
    pub deadline: Option<(i32, String)>,
    /// Lowest and highest published fee in đồng; `None` means unknown, not free.
    pub fee: Option<(i64, i64)>,
    /// Cách thức thực hiện.
    pub channels: Vec<String>,
}

impl FactRow {
    /// What search looks at.
    pub(crate) fn folded(&self) -> String {
        text::search_terms(&format!("{} {} {}", self.name, self.field, self.code)).join(" ")
    }
}

/// The name of one paper that a procedure asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaperRow {
    /// Number within the procedure, from 1.
    pub seq: i32,
    /// Tên giấy tờ.
    pub name: String,
    /// Bản chính.
    pub originals: Option<i32>,
    /// Bản sao.
    pub copies: Option<i32>,
    /// `submit` (nộp), `present` (xuất trình) or unknown.
    pub handing: Option<String>,
    /// Whether a form is prescribed for it.
    pub has_form: bool,
    /// Whether it is asked for in some cases only.
    pub conditional: bool,
}

/// What is looked for in the catalogue. Everything empty lists all.
#[derive(Debug, Clone, Default)]
pub struct ProcedureQuery {
    /// Words of the name, the field or the code, with or without tones.
    pub text: Option<String>,
    /// Lĩnh vực, exactly.
    pub field: Option<String>,
    /// Cấp thực hiện.
    pub level: Option<Level>,
    /// Đối tượng.
    pub audience: Option<Audience>,
    /// Only those that can be done online here.
    pub online_only: bool,
    /// Part of the list.
    pub page: Option<PageRequest>,
}

/// A procedure in a list.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ProcedureCard {
    /// Mã thủ tục.
    pub code: String,
    /// Tên thủ tục.
    pub name: String,
    /// Lĩnh vực.
    pub field: String,
    /// Cấp thực hiện.
    pub levels: Vec<String>,
    /// The system that carries it out online here, if one does.
    pub app: Option<String>,
}

/// Everything known about a procedure.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ProcedureView {
    /// What a list shows.
    #[serde(flatten)]
    pub card: ProcedureCard,
    /// Level at which this province receives it, where it is online.
    pub online_level: Option<String>,
    /// Loại thủ tục.
    pub kind: String,
    /// Số quyết định công bố.
    pub decision: String,
    /// Mã loại kết quả.
    pub result_codes: Vec<String>,
    /// Tên kết quả.
    pub result_names: Vec<String>,
    /// Đối tượng thực hiện.
    pub audiences: Vec<String>,
    /// The record on the national portal.
    pub link: String,
    /// Length of the published deadline.
    pub deadline_value: Option<i32>,
    /// Its unit.
    pub deadline_unit: Option<String>,
    /// Lowest published fee in đồng.
    pub fee_min: Option<i64>,
    /// Highest published fee in đồng.
    pub fee_max: Option<i64>,
    /// Cách thức thực hiện.
    pub channels: Vec<String>,
    /// Thành phần hồ sơ, as far as the names could be read.
    pub papers: Vec<PaperRow>,
    /// Official texts, where imported.
    pub sections: Vec<Section>,
}

/// One part of the official text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Section {
    /// `steps`, `ways`, `papers`, `conditions`, `legal_basis`, `agencies`, `results`.
    pub section: String,
    /// The text.
    pub body: String,
}

/// A field of work and how many procedures it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FieldCount {
    /// Lĩnh vực.
    pub field: String,
    /// Số thủ tục.
    pub count: i64,
}
