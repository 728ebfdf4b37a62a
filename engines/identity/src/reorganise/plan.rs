//! The nouns of a plan: what is declared, before anybody has looked at what there is.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kernel::AgencyCode;
use schema::Position;

use crate::model::{AgencyLevel, CodeOrigin};

/// A reorganisation (phương án sắp xếp) as it is declared.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Name of the plan; it is carried out once.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// Number of the resolution.
    pub basis: String,
    /// The first day of what is new.
    pub on: NaiveDate,
    /// The text, kept with the record.
    pub source: String,
    /// Levels that vanish, with the level that does their work.
    pub levels: Vec<(AgencyLevel, AgencyLevel, Position)>,
    /// What happens to areas.
    pub areas: Vec<AreaStep>,
    /// What happens to agencies.
    pub agencies: Vec<AgencyStep>,
    /// Positions that go on as other ones, by code.
    pub positions: BTreeMap<String, PositionChange>,
}

/// One step for areas.
#[derive(Debug, Clone)]
pub struct AreaStep {
    /// Where it is written.
    pub at: Position,
    /// What happens.
    pub what: AreaChange,
}

/// What happens to areas.
#[derive(Debug, Clone)]
pub enum AreaChange {
    /// Several become one (nhập), some of them perhaps in part only.
    Merge {
        /// The codes; `true`: a part.
        of: Vec<(String, bool, Position)>,
        /// What they become.
        into: AreaDraft,
    },
    /// One becomes several (chia).
    Split {
        /// The code.
        of: String,
        /// What it becomes.
        into: Vec<AreaDraft>,
    },
    /// Another name, perhaps another code (đổi tên).
    Rename {
        /// The code.
        of: String,
        /// The new code, where it changes.
        code: Option<String>,
        /// The new name.
        name: String,
    },
    /// Another parent (chuyển).
    Move {
        /// The code.
        of: String,
        /// Code of the new parent.
        parent: String,
    },
    /// No more (bãi bỏ).
    Abolish {
        /// The code.
        of: String,
        /// What covers its ground; empty: what the areas below it become.
        to: Vec<(String, Position)>,
    },
    /// Made of nothing that was (lập mới).
    New(AreaDraft),
}

/// An area that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaDraft {
    /// Its code; the level follows from its length.
    pub code: String,
    /// Code of the area above.
    pub parent: Option<String>,
    /// Name with its kind: "Phường Ngã Bảy".
    pub name: String,
    /// Where it is written.
    pub at: Position,
}

/// One step for agencies.
#[derive(Debug, Clone)]
pub struct AgencyStep {
    /// Where it is written.
    pub at: Position,
    /// What happens.
    pub what: AgencyChange,
}

/// What happens to agencies.
#[derive(Debug, Clone)]
pub enum AgencyChange {
    /// Several become one.
    Merge {
        /// The codes; the first gives level and kind where they are not said.
        of: Vec<(AgencyCode, Position)>,
        /// What they become.
        into: AgencyDraft,
    },
    /// One becomes several.
    Split {
        /// The code.
        of: AgencyCode,
        /// What it becomes.
        into: Vec<AgencyDraft>,
        /// The one at which open work goes on.
        home: AgencyCode,
    },
    /// Another name, perhaps another code.
    Rename {
        /// The code.
        of: AgencyCode,
        /// The new code, where it changes.
        code: Option<AgencyCode>,
        /// The new name.
        name: String,
    },
    /// Another agency above.
    Move {
        /// The code.
        of: AgencyCode,
        /// The new code, where it changes.
        code: Option<AgencyCode>,
        /// Code of the agency above.
        parent: AgencyCode,
    },
    /// No more; its work goes on at another one, which stays or begins.
    Abolish {
        /// The code.
        of: AgencyCode,
        /// Where its work goes on.
        home: AgencyCode,
        /// Others that took a part of it.
        also: Vec<(AgencyCode, Position)>,
    },
    /// Made of nothing that was.
    New(AgencyDraft),
}

/// An agency that begins.
#[derive(Debug, Clone)]
pub struct AgencyDraft {
    /// Its code.
    pub code: AgencyCode,
    /// Where the code comes from.
    pub origin: CodeOrigin,
    /// Its name.
    pub name: String,
    /// Its level; `None`: that of the first it comes from.
    pub level: Option<AgencyLevel>,
    /// Its kind; `None`: that of the first it comes from.
    pub kind: Option<String>,
    /// The agency above.
    pub parent: Option<AgencyCode>,
    /// The area that it governs.
    pub area: Option<String>,
    /// Where it is written.
    pub at: Position,
}

/// What a position goes on as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionChange {
    /// Code in the new agency.
    pub code: String,
    /// Title and roles, where the position is new to the house.
    pub kind: Option<(String, Vec<String>)>,
}
