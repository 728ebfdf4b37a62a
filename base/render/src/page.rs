use serde::Serialize;

use crate::Locale;

/// What every layout needs to know: the value `page` of the template context.
///
/// ```
/// # use render::*;
/// let page = PageFrame {
///     locale: Locale::Vi,
///     title: Some("Tra cứu hồ sơ".into()),
///     user: PageUser::default(),
///     unread: 0,
///     csrf: "token".into(),
///     path: "/tra-cuu".into(),
///     province: ProvinceFrame { name: "Tỉnh Hậu Giang".into(), hotline: "1022".into(), emblem: None },
///     flash: None,
///     demo: true,
/// };
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct PageFrame {
    /// The language of the page.
    pub locale: Locale,
    /// The title; a template may set it by the block `title` instead.
    pub title: Option<String>,
    /// Who reads.
    pub user: PageUser,
    /// Unread messages in the reader's box.
    pub unread: u32,
    /// The token against forged requests; forms post it as `_csrf`.
    pub csrf: String,
    /// The path of the page, with its query: for the mark in the navigation and the way back of the language link.
    pub path: String,
    /// Whose portal this is.
    pub province: ProvinceFrame,
    /// A message from the request before.
    pub flash: Option<Flash>,
    /// Whether this is a demonstration; a banner says so.
    pub demo: bool,
}

/// Who reads the page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PageUser {
    /// Whether somebody is signed in.
    pub signed_in: bool,
    /// As what.
    pub kind: UserKind,
    /// The person's full name.
    pub name: String,
    /// For whom the person acts; empty: for themself.
    pub acts_for: String,
    /// The official's agency.
    pub agency_name: String,
    /// The official's position (chức vụ).
    pub position_title: String,
    /// The actions that the official may do, `engine.verb`: the frame offers only what leads somewhere.
    pub may: Vec<String>,
}

/// As what somebody is signed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UserKind {
    /// Not signed in.
    #[default]
    None,
    /// A citizen or the representative of an organisation.
    Citizen,
    /// A cadre, civil servant or public employee.
    Official,
}

/// The province as the shell shows it.
#[derive(Clone, Debug, Serialize)]
pub struct ProvinceFrame {
    /// Its name, such as `Tỉnh Hậu Giang`.
    pub name: String,
    /// The telephone number for help; empty where there is none.
    pub hotline: String,
    /// The logical name of an emblem in `assets/`; without one the seven canals are drawn.
    pub emblem: Option<String>,
}

/// A message that a page shows once, above its heading.
#[derive(Clone, Debug, Serialize)]
pub struct Flash {
    /// Its tone.
    pub kind: FlashKind,
    /// Its words, in the reader's language.
    pub text: String,
}

/// The tone of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FlashKind {
    /// Something to know.
    Info,
    /// Something was done.
    Success,
    /// Something to mind.
    Warning,
    /// Something was not done.
    Error,
}
