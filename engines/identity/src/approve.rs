//! The authority decides about registrations (phê duyệt tài khoản, R033): it holds what was typed against the paper, approves or refuses.

use db::{Page, PageRequest};
use kernel::{AccountId, AgencyId, PersonId, Result, text};
use op::{Entry, Event, Op, Permit};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::accounts::NewAccount;
use crate::agencies::today;
use crate::consent::{Approval, judge};
use crate::model::{
    AccountState, RegistrationDetail, RegistrationKind, RegistrationRow, RegistrationState, RepresentationKind,
};
use crate::registration::{is_of_age, last_day_of_childhood};
use crate::store::registration::Decided;
use crate::store::representation::NewRepresentation;
use crate::{Identity, access, error, store};

/// Fewest characters of a reason and of the name of a paper.
const SHORTEST: usize = 3;
/// Most of them.
const LONGEST: usize = 500;

/// What an approval has led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approved {
    /// It works from now on.
    Now,
    /// It takes another official, who sees the paper too.
    ByOne,
}

/// Which registrations are listed.
#[derive(Clone, Debug, Default)]
pub struct RegistrationFilter {
    /// Those that were decided, the newest first, in place of those that wait, the oldest first.
    pub decided: bool,
    /// Only of this personal number, passport or tax number, as typed.
    pub number: Option<String>,
    /// Only the one whose receipt shows this number, as typed: so it is found among those of strangers with the same number.
    pub check: Option<String>,
}

impl Identity {
    /// The registrations that the actor's agency decides about; those of agencies whose work it has taken over too. All of the province for
    /// administrators. Whose rows were shown is recorded.
    pub async fn registrations(
        &self,
        op: &mut Op,
        filter: &RegistrationFilter,
        page: &PageRequest,
    ) -> Result<Page<RegistrationRow>> {
        let action = "identity.registrations";
        let decision = access::registrations(op.rights());
        op.allow(action, "registration:list", decision).await?;
        let agencies = match (op.rights().everywhere(action), op.actor().agency()) {
            (true, _) => None,
            (false, Some(agency)) => Some(store::registration::served(op.conn(), agency).await?),
            (false, None) => Some(Vec::new()),
        };
        let filter = RegistrationFilter {
            check: filter.check.as_deref().map(digits).filter(|check| !check.is_empty()),
            ..filter.clone()
        };
        let found = store::registration::list(op.conn(), &self.vault, agencies.as_deref(), &filter, page).await?;
        let shown: Vec<Uuid> = found.items.iter().map(|row| row.id).collect();
        op.record(Entry::new("identity.registrations_listed", "registration:list").detail(json!({ "shown": shown })))
            .await?;
        Ok(found)
    }

    /// One registration with all that is held against the paper. The reading is recorded; the caller commits. Fails with
    /// `identity.registration_not_found`.
    pub async fn registration(&self, op: &mut Op, id: Uuid) -> Result<RegistrationDetail> {
        let found = store::registration::get(op.conn(), &self.vault, id).await?;
        let found = found.ok_or_else(error::registration_not_found)?;
        let agency = self.in_charge(op, found.agency).await?;
        let subject = format!("registration:{id}");
        let decision = access::see_registration(op.rights(), agency);
        op.allow("identity.registrations", &subject, decision).await?;
        op.record(
            Entry::new("identity.registration_read", &subject)
                .purpose(subject)
                .about(found.known),
        )
        .await?;
        let found = self.with_concerned(op, found).await?;
        self.tell_untold(op, &found).await?;
        Ok(found)
    }

    /// As [`Identity::approve_with`], where nothing is to be said but the paper and the number of the receipt.
    pub async fn approve_registration(&self, op: &mut Op, id: Uuid, paper: &str, check: &str) -> Result<Approved> {
        let approval = Approval {
            paper: paper.to_owned(),
            check: check.to_owned(),
            ..Approval::default()
        };
        self.approve_with(op, id, &approval).await
    }

    /// Approves: the person is written down if nobody knows them, the account opens with the password that was typed, or the right to act
    /// for the organisation or child begins. The paper is what the official has seen, and for an account the check the number of the receipt that the
    /// person brings: whoever has the paper has not always sent this registration. Pressed twice it is done once. Never one's own. Of whoever represents the
    /// organisation already it is said whether that ends; they are told, and so is the represented.
    ///
    /// Fails with `identity.registration_not_found`, `identity.registration_own`, `identity.registration_decided`,
    /// `identity.registration_over`, `identity.paper_needed`, `identity.registration_check`, `identity.registration_differs`, `identity.account_exists`,
    /// `identity.registration_official`, `identity.organisation_unknown`, `identity.represents_already`, `identity.of_age`, `identity.former_needed`,
    /// `identity.consent_needed`, `identity.standing_objected`, `identity.member_objected`, `identity.concerned_waiting` (those whom it concerns can still
    /// answer), `identity.concerned_code` (the official has given one of them a code these days), `identity.concerned_ended`
    /// (or has struck one of them out), `identity.step_up_needed`.
    ///
    /// Where somebody whom it concerns cannot be asked here, or objects, two officials see the paper: of the first it is written down, and nothing works yet.
    pub async fn approve_with(&self, op: &mut Op, id: Uuid, approval: &Approval) -> Result<Approved> {
        let Some((row, permit)) = self.to_be_decided(op, id, RegistrationState::Approved).await? else {
            return Ok(Approved::Now);
        };
        let paper = words(&approval.paper).ok_or_else(error::paper_needed)?;
        if row.takes_two && row.seen_by.is_none_or(|first| op.actor().account() == Some(first)) {
            self.see_first(op, &permit, &row, approval, &paper).await?;
            return Ok(Approved::ByOne);
        }
        let person = if row.kind.is_for_oneself() {
            if digits(&approval.check) != check_of(&store::registration::receipt_of(op.conn(), id).await?) {
                return Err(error::registration_check());
            }
            self.open_registered(op, &permit, &row).await?
        } else {
            self.let_act(op, &permit, &row, approval).await?
        };
        let decided = Decided {
            state: RegistrationState::Approved,
            reason: "",
            paper: &paper,
            person: Some(person),
        };
        self.decide(op, &permit, &row, &decided).await?;
        if row.kind.is_for_oneself() {
            let now = op.now();
            store::registration::supersede(op.conn(), &permit, &self.vault, &row, now).await?;
        }
        let account = match row.asked_by {
            Some(account) => Some(account),
            None => store::account::of_person(op.conn(), person).await?,
        };
        self.tell_decided(op, &row, account, "identity.registration_approved", "");
        Ok(Approved::Now)
    }

    /// The first of two officials has seen the paper; all that the second one is asked is asked of the first. Pressed twice it is written once.
    async fn see_first(
        &self,
        op: &mut Op,
        permit: &Permit,
        row: &RegistrationDetail,
        approval: &Approval,
        paper: &str,
    ) -> Result<()> {
        self.check_hands(op, row).await?;
        judge(row, approval)?;
        if row.seen_by.is_some() {
            return Ok(());
        }
        let (by, now) = (op.actor().account().ok_or_else(error::not_allowed)?, op.now());
        store::registration::see(op.conn(), permit, &self.vault, row.id, (paper, by, now)).await?;
        let subject = format!("registration:{}", row.id);
        let facts = json!({ "kind": row.kind, "agency": row.agency, "said": said(row) });
        let entry = Entry::new("identity.registration_seen", &subject).purpose(subject);
        op.record(entry.about(row.known).detail(facts)).await
    }

    /// Refuses, and says why: the applicant reads the reason. Pressed twice it is done once. Never one's own. Fails with
    /// `identity.reason_needed`, `identity.step_up_needed`, and as approving does.
    pub async fn refuse_registration(&self, op: &mut Op, id: Uuid, reason: &str) -> Result<()> {
        let Some((row, permit)) = self.to_be_decided(op, id, RegistrationState::Refused).await? else {
            return Ok(());
        };
        let reason = words(reason).ok_or_else(error::reason_needed)?;
        let decided = Decided {
            state: RegistrationState::Refused,
            reason: &reason,
            paper: "",
            person: None,
        };
        self.decide(op, &permit, &row, &decided).await?;
        self.tell_decided(op, &row, row.asked_by, "identity.registration_refused", &reason);
        Ok(())
    }

    /// The registration, locked, with the permit; `None` when the same official has decided the same before.
    async fn to_be_decided(
        &self,
        op: &mut Op,
        id: Uuid,
        wanted: RegistrationState,
    ) -> Result<Option<(RegistrationDetail, Permit)>> {
        let subject = format!("registration:{id}");
        let seen = store::registration::get(op.conn(), &self.vault, id).await?;
        let seen = seen.ok_or_else(error::registration_not_found)?;
        // Whoever decides about the same person waits here, before anything of theirs is locked; then it is read anew.
        store::registration::lock_subject(op.conn(), &seen).await?;
        let seen = store::registration::get(op.conn(), &self.vault, id).await?;
        let seen = seen.ok_or_else(error::registration_not_found)?;
        store::registration::lock_parties(op.conn(), &seen).await?;
        // What those whom it concerns have said before counts; what comes after is too late.
        store::registration::lock_voices(op.conn(), id).await?;
        store::registration::lock(op.conn(), id).await?;
        let row = store::registration::get(op.conn(), &self.vault, id).await?;
        let row = row.ok_or_else(error::registration_not_found)?;
        let agency = self.in_charge(op, row.agency).await?;
        let own = self.is_own(op, &row).await?;
        let decision = access::decide_registration(op.rights(), agency, own);
        let permit = op.allow("identity.decide_registration", &subject, decision).await?;
        self.check_step_up(op)?;
        match row.state {
            RegistrationState::Waiting if op.now() < row.expires_at => {
                Ok(Some((self.with_concerned(op, row).await?, permit)))
            }
            RegistrationState::Waiting | RegistrationState::Expired => Err(error::registration_over()),
            state if state == wanted && row.decided_by == op.actor().account() => Ok(None),
            _ => Err(error::registration_decided()),
        }
    }

    async fn decide(
        &self,
        op: &mut Op,
        permit: &Permit,
        row: &RegistrationDetail,
        decided: &Decided<'_>,
    ) -> Result<()> {
        let (by, now) = (op.actor().account(), op.now());
        store::registration::decide(op.conn(), permit, &self.vault, row.id, decided, by, now).await?;
        let action = match decided.state {
            RegistrationState::Approved => "identity.registration_approved",
            _ => "identity.registration_refused",
        };
        let facts = json!({
            "kind": row.kind, "agency": row.agency, "standing": row.standing, "said": said(row), "seen_by": row.seen_by,
        });
        let about = decided.person.or(row.known);
        let subject = format!("registration:{}", row.id);
        op.record(Entry::new(action, &subject).purpose(subject).about(about).detail(facts))
            .await
    }

    fn tell_decided(
        &self,
        op: &mut Op,
        row: &RegistrationDetail,
        account: Option<AccountId>,
        event: &'static str,
        reason: &str,
    ) {
        let Some(account) = account else { return };
        let facts = json!({
            "account": account, "what": "", "kind": row.kind, "name": row.full_name, "reason": reason,
        });
        op.emit(Event::new(event, format!("registration:{}", row.id), facts));
    }

    /// The person of a registration for oneself, with the account that opens.
    async fn open_registered(&self, op: &mut Op, permit: &Permit, row: &RegistrationDetail) -> Result<PersonId> {
        let password = store::registration::password(op.conn(), row.id).await?;
        let person = self.write_registered(op, permit, row).await?;
        if row.has_account {
            return Err(error::account_exists());
        }
        // Who holds a position, or will, gets an account from those who look after officials.
        let day = today(op);
        if !store::office::held_from(op.conn(), person, day).await?.is_empty() {
            return Err(error::registration_official());
        }
        let login = row.personal_number.as_deref().or(row.passport.as_deref());
        let login = login.unwrap_or_default();
        let new = NewAccount {
            person,
            login: self.free_login(op, login).await?,
            password,
        };
        self.open_account(op, permit, &new, true).await?;
        Ok(person)
    }

    /// The person as the platform knows them, or written down now. What is known and was not typed otherwise stays.
    async fn write_registered(&self, op: &mut Op, permit: &Permit, row: &RegistrationDetail) -> Result<PersonId> {
        let now = op.now();
        if row.differs {
            return Err(error::registration_differs());
        }
        if let Some(known) = row.known {
            store::registration::complete_person(op.conn(), permit, &self.vault, known, row, now).await?;
            return Ok(known);
        }
        let id = PersonId::new();
        store::registration::insert_person(op.conn(), permit, &self.vault, id, row, now).await?;
        let entry = Entry::new("identity.person_registered", format!("person:{id}"));
        op.record(entry.detail(json!({ "synthetic": false, "registration": row.id })))
            .await?;
        Ok(id)
    }

    /// The applicant may act for the organisation or the child from today on.
    async fn let_act(
        &self,
        op: &mut Op,
        permit: &Permit,
        row: &RegistrationDetail,
        approval: &Approval,
    ) -> Result<PersonId> {
        let account = row.asked_by.ok_or_else(error::registration_not_found)?;
        if store::account::lock_state(op.conn(), account).await? != Some(AccountState::Active) {
            return Err(error::account_suspended());
        }
        let asker = store::account::get(op.conn(), &self.vault, account).await?;
        let asker = asker.ok_or_else(error::account_not_found)?.person;
        let day = today(op);
        let mut last = None;
        let kind = match row.kind {
            RegistrationKind::Child => {
                let born = row.birth_date.ok_or_else(|| error::malformed("birth_date"))?;
                if is_of_age(born, day) {
                    return Err(error::of_age());
                }
                last = last_day_of_childhood(born);
                RepresentationKind::Child
            }
            RegistrationKind::Member => {
                if !row.has_account || row.known.is_none() {
                    return Err(error::organisation_unknown());
                }
                RepresentationKind::Member
            }
            _ => RepresentationKind::Legal,
        };
        self.check_hands(op, row).await?;
        judge(row, approval)?;
        let person = self.write_registered(op, permit, row).await?;
        if kind == RepresentationKind::Legal && !row.has_account {
            // Nobody signs in as an organisation: its people act for it.
            let new = NewAccount {
                person,
                login: self
                    .free_login(op, row.tax_number.as_deref().unwrap_or_default())
                    .await?,
                password: None,
            };
            self.open_account(op, permit, &new, false).await?;
        }
        let new = NewRepresentation {
            id: Uuid::now_v7(),
            kind,
            represented: person,
            representative: asker,
            procedures: &[],
            from: day,
            to: last,
            reason: &row.paper,
            registration: Some(row.id),
            by: op.actor().account().ok_or_else(error::not_allowed)?,
            at: op.now(),
        };
        store::representation::insert(op.conn(), permit, &self.vault, &new).await?;
        self.settle_concerned(op, permit, row, approval).await?;
        Ok(person)
    }

    /// Whether it is about the official or somebody for whom they act, or the official has asked for it, or somebody for whom they act, or who acts for them.
    async fn is_own(&self, op: &mut Op, row: &RegistrationDetail) -> Result<bool> {
        let Some(person) = op.actor().person() else {
            return Ok(false);
        };
        if row.asked_by.is_some() && row.asked_by == op.actor().account() {
            return Ok(true);
        }
        if let Some(known) = row.known
            && (person == known || self.represents(op, person, known).await?)
        {
            return Ok(true);
        }
        let Some(asker) = row.asked_by else { return Ok(false) };
        let Some(asker) = store::account::person_of(op.conn(), asker).await? else {
            return Ok(false);
        };
        Ok(self.represents(op, person, asker).await? || self.represents(op, asker, person).await?)
    }

    async fn in_charge(&self, op: &mut Op, agency: AgencyId) -> Result<AgencyId> {
        let day = today(op);
        store::lineage::in_charge(op.conn(), agency, day).await
    }
}

/// What those whom it concerns have said, for the trail.
fn said(row: &RegistrationDetail) -> Vec<Value> {
    let said = row.concerned.iter();
    said.map(|one| json!({ "person": one.person, "agrees": one.agrees }))
        .collect()
}

/// The number that a receipt shows and that its holder tells at the counter (mã đối chiếu): six digits that only the receipt leads to.
pub(crate) fn check_of(receipt_sha256: &[u8]) -> String {
    let head = receipt_sha256.iter().take(8);
    let number = head.fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    format!("{:06}", number % 1_000_000)
}

fn digits(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_digit).collect()
}

fn words(typed: &str) -> Option<String> {
    let typed = text::clean_line(typed);
    (SHORTEST..=LONGEST).contains(&typed.chars().count()).then_some(typed)
}
