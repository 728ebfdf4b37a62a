#![doc = include_str!("../README.md")]

// Reading order: nouns (model), pure rules (login, password, throttle, lifetime, access), then the verbs one file each,
// then the store and the edges (http, jobs).
pub mod access;
mod accounts;
mod agencies;
mod approve;
mod areas;
pub mod browser;
mod catalogue;
mod config;
mod consent;
mod correct;
mod counter_code;
mod desk;
mod emergency;
mod entry;
mod error;
mod guess;
mod hashing;
pub mod http;
pub mod jobs;
mod keeper;
mod keys;
mod lifetime;
mod lineage;
pub mod login;
mod looks;
mod merge;
mod model;
mod offices;
mod passkey_sign_in;
mod passkeys;
pub mod password;
mod people;
mod recovery;
mod registration;
mod reorganise;
mod representation;
mod rights;
mod second_factor;
mod sessions;
mod sign_in;
mod step_up;
mod store;
mod substitutes;
mod throttle;
mod token;
mod totp;
mod vouched;
mod webauthn;
mod withheld;

use std::sync::Arc;

use kernel::{Clock, Result};
use sqlx::PgPool;
use vault::Vault;

pub use access::ACTIONS;
pub use accounts::{NewAccount, PasswordChange};
pub use agencies::{AgencyFilter, NewAgency};
pub use approve::{Approved, RegistrationFilter};
pub use catalogue::{
    CatalogueArea, CatalogueChange, CatalogueEntry, CatalogueLineage, CatalogueQuery, CatalogueShare, NationalList,
};
pub use config::{Config, Guessing, Hashing, Lifetime, SecondFactorRule, StepUpRule};
pub use consent::Approval;
pub use correct::{Corrected, check_correction};
pub use counter_code::{CounterCode, NewCounterCode};
pub use desk::{AccountFilter, AccountLine, AccountRow, AccountSheet, EntryCode};
pub use emergency::Emergency;
pub use entry::Start;
pub use hashing::PasswordHash;
pub use lineage::{AgencyLineage, AgencyShare, AreaLineage, AreaShare};
pub use merge::{MergePreview, NewMerge, Objection, OwnMerge};
pub use model::{
    Account, AccountState, Agency, AgencyLevel, Area, AreaLevel, Assurance, Audience, Authentication, Awaited,
    CodeOrigin, Concerned, Contact, Former, HeldPosition, MergeRow, MergeSide, MergeState, OfficialView, Passkey,
    Person, PersonField, PersonRow, Position, Question, Receipt, RegistrationDetail, RegistrationKind, RegistrationRow,
    RegistrationState, Representation, RepresentationKind, Represented, Residence, SecondFactor, SessionRow, Standing,
    Substitution, TotpOffer, Unit, Validity, Way, WayIn,
};
pub use offices::{NewPosition, NewUnit};
pub use passkey_sign_in::PasskeyStep;
pub use password::PasswordContext;
pub use people::{NewPerson, OFFICE_LISTS, PersonChange};
pub use registration::{NewRegistration, NewStanding};
pub use reorganise::{Plan, Reorganisation, Settled};
pub use representation::{Actings, Heard, NewAttorney};
pub use rights::{HeldRights, PositionRights, RightRow};
pub use second_factor::{NewCodes, OwnerProof};
pub use sign_in::{Entered, HalfSignIn, SecondStep, SignIn, SignedIn, Source};
pub use step_up::{Again, AgainWays};
pub use substitutes::NewSubstitution;
pub use vouched::{OwnWays, Vouched, VouchedEntry, Welcome};
pub use webauthn::options::{CreationOptions, RequestOptions};
pub use webauthn::{Assertion, AssertionResponse, Registration, RegistrationResponse};
pub use withheld::{HeldRole, Withheld};

/// The tables of the engine.
pub const MIGRATIONS: &[db::Migration] = db::migrations!(
    "identity",
    [
        "0001_identity.sql",
        "0002_area.sql",
        "0003_agency.sql",
        "0004_person.sql",
        "0005_account.sql",
        "0006_session_network.sql",
        "0007_second_factor.sql",
        "0008_passkey.sql",
        "0009_session_shown.sql",
        "0010_reorganisation.sql",
        "0011_way_in.sql",
        "0012_substitution.sql",
        "0013_registration.sql",
        "0014_representation.sql",
        "0015_account_desk.sql",
        "0016_withheld_and_emergency.sql",
        "0017_sealed.sql",
        "0018_keys.sql",
        "0019_merge.sql",
        "0020_standing_voice.sql",
        "0021_wall_by_command.sql",
        "0022_two_see_the_paper.sql",
        "0023_area_catalogue.sql"
    ]
);

/// The façade: people, agencies, positions, accounts, sessions. Clones are cheap and share the places for hashing.
#[derive(Clone)]
pub struct Identity {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    vault: Vault,
    config: Arc<Config>,
    hasher: hashing::Hasher,
    /// Where passkeys hold, if they can.
    address: Option<webauthn::Address>,
}

impl Identity {
    /// The engine on this database. The pool and the clock serve [`web::Identify`], which comes before any operation;
    /// everything else works in the operation that the caller opens. The vault keeps the secrets of second factors. Computes one password hash. Fails with
    /// `identity.hashing_cost` where the configured cost is none that Argon2 knows.
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>, vault: Vault, config: Config) -> Result<Self> {
        let hasher = hashing::Hasher::new(config.hashing)?;
        Ok(Self {
            pool,
            clock,
            vault,
            address: webauthn::Address::of(&config.public_address),
            config: Arc::new(config),
            hasher,
        })
    }

    /// The keys under which this engine seals, and those above it that keep personal data: one program has one folder of keys.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }
}

impl AsRef<Identity> for Identity {
    fn as_ref(&self) -> &Identity {
        self
    }
}
