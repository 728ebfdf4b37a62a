//! Nouns of the engine: areas, agencies, positions, people, accounts, sessions.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::code::Sex;
use kernel::{
    AccountId, Actor, AgencyCode, AgencyId, PersonId, PersonalNumber, PhoneNumber, PositionId, SessionId, StandsFor,
    UnitId,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An enumeration whose values are words in the database and in JSON.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum $name {
            $($(#[$value_doc])* #[serde(rename = $word)] $value),+
        }

        impl $name {
            /// The word in the database and in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word),+ }
            }

            /// Reads the word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$value),)+ _ => None }
            }
        }
    };
}

mod merge;
mod standing;

pub use merge::{MergeRow, MergeSide, MergeState};
pub use standing::{
    Awaited, Concerned, Former, Question, Receipt, RegistrationDetail, RegistrationKind, RegistrationRow,
    RegistrationState, Representation, RepresentationKind, Represented, Standing,
};

words! {
    /// The level of an administrative area (đơn vị hành chính).
    AreaLevel {
        /// Tỉnh, thành phố trực thuộc trung ương.
        Province = "province",
        /// Huyện, quận, thị xã, thành phố thuộc tỉnh; none since 2025-07-01.
        District = "district",
        /// Xã, phường, thị trấn, đặc khu.
        Ward = "ward",
    }
}

words! {
    /// The level of an agency.
    AgencyLevel {
        /// UBND tỉnh and the like.
        Province = "province",
        /// Sở, ban, ngành.
        Department = "department",
        /// UBND huyện and its offices.
        District = "district",
        /// UBND xã, phường, thị trấn.
        Commune = "commune",
    }
}

words! {
    /// Where an agency's code comes from.
    CodeOrigin {
        /// Published by a decision of the competent authority.
        Official = "official",
        /// Given by the platform because no published code is known.
        Local = "local",
    }
}

words! {
    /// The state of an account (trạng thái tài khoản).
    AccountState {
        /// May sign in.
        Active = "active",
        /// May not sign in for now (tạm khóa).
        Suspended = "suspended",
        /// Will not sign in again (đã đóng).
        Closed = "closed",
    }
}

words! {
    /// For whom a session was opened. It fixes the life of the session and never changes.
    Audience {
        /// Somebody without a position.
        Citizen = "citizen",
        /// Somebody who held a position at that moment.
        Official = "official",
    }
}

words! {
    /// How sure it is who somebody is (mức bảo đảm danh tính).
    Assurance {
        /// One thing was shown: a password, or the word of a provider of whom no more is declared.
        Low = "low",
        /// Two factors were shown, or a provider vouches for as much.
        Substantial = "substantial",
        /// A provider vouches that the person has shown who they are by a means that nobody else can use.
        High = "high",
    }
}

impl Assurance {
    /// From 1; a higher level does for everything that a lower one does for.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Low => 1,
            Self::Substantial => 2,
            Self::High => 3,
        }
    }

    /// The level of a session: that of its way in, and two factors are worth `Substantial` whichever way it was.
    pub fn of(way_in: Self, two_factors: bool) -> Self {
        if two_factors && way_in == Self::Low {
            Self::Substantial
        } else {
            way_in
        }
    }
}

words! {
    /// What a session was opened with, before any second factor.
    WayIn {
        /// Name and password.
        Password = "password",
        /// A passkey alone.
        Passkey = "passkey",
        /// The word of another provider of identity.
        Provider = "provider",
    }
}

/// How a session was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Way {
    /// What it was opened with.
    pub way: WayIn,
    /// Key of the provider that has vouched for its owner.
    pub provider: Option<String>,
    /// How sure the provider is; `Low` for ways of our own, see [`Assurance::of`].
    pub assurance: Assurance,
}

impl Way {
    /// A way in of the platform itself.
    pub(crate) const fn own(way: WayIn) -> Self {
        Self {
            way,
            provider: None,
            assurance: Assurance::Low,
        }
    }

    /// From the words in the database.
    pub(crate) fn stored(way: &str, provider: Option<String>, assurance: &str) -> Option<Self> {
        Some(Self {
            way: WayIn::parse(way)?,
            provider,
            assurance: Assurance::parse(assurance)?,
        })
    }
}

words! {
    /// What of a person is put right at their request. The personal number is the natural key and stays.
    PersonField {
        /// Họ tên.
        FullName = "full_name",
        /// Ngày sinh.
        BirthDate = "birth_date",
        /// Số điện thoại.
        Phone = "phone",
        /// Thư điện tử.
        Email = "email",
        /// House number, street, hamlet.
        Address = "address",
    }
}

/// The days on which something is valid: both included, no last day while no end is in sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Validity {
    /// First day.
    pub from: NaiveDate,
    /// Last day, included.
    pub to: Option<NaiveDate>,
}

impl Validity {
    /// From the day on.
    pub const fn since(from: NaiveDate) -> Self {
        Self { from, to: None }
    }

    /// Whether it is valid on the day.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.from <= day && self.to.is_none_or(|last| day <= last)
    }

    /// Whether the last day does not lie before the first.
    pub fn is_ordered(&self) -> bool {
        self.to.is_none_or(|last| self.from <= last)
    }
}

/// An administrative area with its code of the General Statistics Office (Cục Thống kê).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Area {
    /// Two digits for a province, three for a district, five for a ward. It means this area on the days of `validity` only.
    pub code: String,
    /// The level.
    pub level: AreaLevel,
    /// Code of the area one level up; none for a province.
    pub parent: Option<String>,
    /// Full name: "Phường Ngã Bảy".
    pub name: String,
    /// When the code means this area.
    pub validity: Validity,
}

/// A state agency (cơ quan nhà nước).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Agency {
    /// The agency, whatever its code is.
    pub id: AgencyId,
    /// Code in the form of QĐ 20/2020/QĐ-TTg.
    pub code: AgencyCode,
    /// The same code in the form of QCVN 102:2016/BTTTT, where that form has room for it.
    pub old_code: Option<String>,
    /// Where the code comes from.
    pub code_origin: CodeOrigin,
    /// Name as on papers.
    pub name: String,
    /// The level.
    pub level: AgencyLevel,
    /// What sort of agency, a word of the province's declarations: `peoples_committee`, `justice`.
    pub kind: String,
    /// The agency above.
    pub parent: Option<AgencyId>,
    /// Code of the area that it governs or serves.
    pub area_code: Option<String>,
    /// Where people find it.
    pub address: String,
    /// Telephone, as printed.
    pub phone: String,
    /// When it exists.
    pub validity: Validity,
}

/// A division inside an agency (phòng, ban, bộ phận một cửa).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unit {
    /// The unit.
    pub id: UnitId,
    /// Its agency.
    pub agency: AgencyId,
    /// Code inside the agency: `one-stop`.
    pub code: String,
    /// What sort of unit: `one_stop`, `division`, `leadership`.
    pub kind: String,
    /// Name as on papers.
    pub name: String,
    /// When it exists.
    pub validity: Validity,
}

/// A position of an agency, whoever holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Position {
    /// The position.
    pub id: PositionId,
    /// Its agency.
    pub agency: AgencyId,
    /// Its unit inside the agency.
    pub unit: Option<UnitId>,
    /// Code inside the agency.
    pub code: String,
    /// Title as printed on papers.
    pub title: String,
    /// What it may do.
    pub roles: Vec<String>,
    /// When it exists.
    pub validity: Validity,
}

/// A position held by a person on a day, with all that an actor needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldPosition {
    /// The position.
    pub position: PositionId,
    /// Its code inside the agency.
    pub code: String,
    /// Title as printed on papers.
    pub title: String,
    /// What the position may do.
    pub roles: Vec<String>,
    /// The agency.
    pub agency: AgencyId,
    /// The agency's code on that day.
    pub agency_code: String,
    /// The agency's name.
    pub agency_name: String,
    /// The unit inside the agency.
    pub unit: Option<UnitId>,
    /// When the person holds it.
    pub validity: Validity,
    /// Who holds it, where it is lent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands_for: Option<StandsFor>,
}

/// A position lent to a colleague (ủy quyền, thay thế).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Substitution {
    /// The substitution.
    pub id: Uuid,
    /// The position.
    pub position: PositionId,
    /// Its title.
    pub title: String,
    /// The name of its agency.
    pub agency_name: String,
    /// Who holds it and has lent it.
    pub holder: PersonId,
    /// Full name of the holder.
    pub holder_name: String,
    /// Who may act from it.
    pub substitute: PersonId,
    /// Full name of the substitute.
    pub substitute_name: String,
    /// The roles that went along.
    pub roles: Vec<String>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day, included.
    pub to: NaiveDate,
    /// Why.
    pub reason: String,
    /// When it was given.
    pub given_at: DateTime<Utc>,
    /// When it was taken back or given back before its last day.
    pub ended_at: Option<DateTime<Utc>>,
}

/// An official as others in the administration see them: name and office, nothing private.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfficialView {
    /// The account; none for an official who has not been given one.
    pub account: Option<AccountId>,
    /// The person.
    pub person: PersonId,
    /// Full name.
    pub name: String,
    /// The position.
    pub position: PositionId,
    /// Its title.
    pub title: String,
    /// What the position may do.
    pub roles: Vec<String>,
    /// The unit.
    pub unit: Option<UnitId>,
}

/// Where a person lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Residence {
    /// Code of the ward.
    pub ward_code: String,
    /// House number, street, hamlet.
    pub detail: String,
}

/// A human being, with everything the platform holds about them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// The person.
    pub id: PersonId,
    /// Full name as on the identity card.
    pub full_name: String,
    /// Personal identification number (số định danh cá nhân).
    pub personal_number: Option<PersonalNumber>,
    /// Date of birth.
    pub birth_date: Option<NaiveDate>,
    /// Sex.
    pub sex: Option<Sex>,
    /// Code of the ethnic group (dân tộc).
    pub ethnicity: Option<String>,
    /// Two-letter code of the country, ISO 3166-1.
    pub nationality: String,
    /// Where the person lives.
    pub residence: Option<Residence>,
    /// Telephone.
    pub phone: Option<PhoneNumber>,
    /// E-mail.
    pub email: Option<String>,
    /// Invented for demonstration and tests.
    pub synthetic: bool,
}

/// One row of a list of people: enough to tell two of the same name apart, no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRow {
    /// The person.
    pub id: PersonId,
    /// Full name.
    pub full_name: String,
    /// Personal number, all but its last four digits hidden.
    pub personal_number_masked: Option<String>,
    /// Date of birth.
    pub birth_date: Option<NaiveDate>,
    /// Code of the ward of residence.
    pub ward_code: Option<String>,
}

/// How the platform reaches a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The person.
    pub person: PersonId,
    /// Full name.
    pub name: String,
    /// E-mail.
    pub email: Option<String>,
    /// Telephone.
    pub phone: Option<PhoneNumber>,
}

/// An account, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The account.
    pub id: AccountId,
    /// The person behind it.
    pub person: PersonId,
    /// Login name as it was given.
    pub login: String,
    /// The state.
    pub state: AccountState,
    /// Since when there is one.
    pub created_at: DateTime<Utc>,
}

/// A session as its owner sees it in the list of devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionRow {
    /// The session.
    pub id: SessionId,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Last request, to the minute.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// Address at sign-in.
    pub ip: String,
    /// Browser at sign-in.
    pub user_agent: String,
    /// How it was opened.
    pub way: Way,
    /// A second factor was shown in it.
    pub two_factors: bool,
}

impl SessionRow {
    /// How sure it is who has opened it.
    pub fn assurance(&self) -> Assurance {
        Assurance::of(self.way.assurance, self.two_factors)
    }
}

/// How somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// The session.
    pub session: SessionId,
    /// The account.
    pub account: AccountId,
    /// The person behind it.
    pub person: PersonId,
    /// Who acts, with the rights of this moment.
    pub actor: Actor,
    /// When the owner has last shown in it who they are.
    pub signed_in_at: DateTime<Utc>,
    /// A second factor was shown.
    pub two_factors: bool,
    /// How the session was opened.
    pub way: Way,
    /// When the session ends at the latest.
    pub expires_at: DateTime<Utc>,
}

impl Authentication {
    /// How sure it is who is signed in.
    pub fn assurance(&self) -> Assurance {
        Assurance::of(self.way.assurance, self.two_factors)
    }
}

/// The second factor of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SecondFactor {
    /// Since when there is one; `None`: the password alone opens the account.
    pub since: Option<DateTime<Utc>>,
    /// Since when there is an authenticator.
    pub authenticator_since: Option<DateTime<Utc>>,
    /// How many passkeys there are.
    pub passkeys: usize,
    /// Recovery codes that were not used.
    pub recovery_codes_left: usize,
    /// Whether the account must have one, because it acts from a position.
    pub required: bool,
}

/// A passkey (khóa truy cập) of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Passkey {
    /// Its number here.
    pub id: uuid::Uuid,
    /// What the owner calls it: "Điện thoại của tôi".
    pub name: String,
    /// The host for which it was made, and at which alone it holds.
    pub address: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was shown last.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A secret to be taken in by an authenticator app.
#[derive(Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct TotpOffer {
    /// The secret in letters, in groups of four, for typing.
    pub secret: String,
    /// `otpauth://…`, for a QR code.
    pub address: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_day_is_included() {
        let term = Validity {
            from: day("2024-01-01"),
            to: Some(day("2025-06-30")),
        };
        assert!(term.covers(day("2024-01-01")));
        assert!(term.covers(day("2025-06-30")));
        assert!(!term.covers(day("2025-07-01")));
        assert!(!term.covers(day("2023-12-31")));
        assert!(Validity::since(day("2025-07-01")).covers(day("2999-01-01")));
        assert!(
            !Validity {
                from: day("2025-01-02"),
                to: Some(day("2025-01-01"))
            }
            .is_ordered()
        );
    }

    #[test]
    fn words_round_trip() {
        for level in [
            AgencyLevel::Province,
            AgencyLevel::Department,
            AgencyLevel::District,
            AgencyLevel::Commune,
        ] {
            assert_eq!(AgencyLevel::parse(level.as_str()), Some(level));
            assert_eq!(serde_json::to_value(level).unwrap(), level.as_str());
        }
        assert_eq!(AccountState::parse("frozen"), None);
    }

    #[test]
    fn two_factors_raise_a_low_way_in_and_lower_none() {
        use Assurance::{High, Low, Substantial};
        let table = [
            (Low, false, Low),
            (Low, true, Substantial),
            (Substantial, false, Substantial),
            (Substantial, true, Substantial),
            (High, false, High),
            (High, true, High),
        ];
        for (way_in, two_factors, level) in table {
            assert_eq!(Assurance::of(way_in, two_factors), level, "{way_in:?} {two_factors}");
        }
        assert!(Low.rank() < Substantial.rank() && Substantial.rank() < High.rank());
    }
}
