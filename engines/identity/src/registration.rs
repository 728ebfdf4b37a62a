//! Registering oneself (đăng ký tài khoản), and asking to act for a business or a child: what waits for an authority (R031, R032, R033).
//!
//! Nothing of it works before an official has seen the paper. The public part gives the same answer whether the number is known or not,
//! and takes the same work.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use kernel::code::TaxNumber;
use kernel::{AccountId, Actor, AgencyId, FieldFault, PersonalNumber, PhoneNumber, Result, local_date, text};
use op::{Entry, NewJob, Op, Ops};
use serde_json::json;
use uuid::Uuid;

use crate::agencies::today;
use crate::approve::check_of;
use crate::hashing::PasswordHash;
use crate::model::{Audience, Receipt, RegistrationKind, RegistrationState, Standing};
use crate::password::PasswordContext;
use crate::people::{NewPerson, checked};
use crate::{Identity, access, error, jobs, login, password, store, throttle, token};

/// Registrations from one network within an hour: an office, a school.
const PER_NETWORK: i64 = 20;
/// Of one person from one network within a day.
const PER_SUBJECT_HERE: i64 = 3;
/// Requests of one account that wait.
const PER_ACCOUNT: i64 = 20;
/// Of these about one and the same organisation or child: those whom it concerns are asked about each.
const PER_ACCOUNT_AND_SUBJECT: i64 = 3;
/// Longest text about a paper, in characters.
const LONGEST_PAPER: usize = 300;

/// A person without an account who asks for one.
#[derive(Clone, Debug, Default)]
pub struct NewRegistration {
    /// What was given with the form, so that pressing twice is asking once; [`Identity::new_receipt`].
    pub receipt: String,
    /// A passport in place of a personal number.
    pub foreigner: bool,
    /// Personal number as typed.
    pub personal_number: String,
    /// Number of the passport as typed.
    pub passport: String,
    /// Two-letter country code of the passport.
    pub nationality: String,
    /// Full name as on the card.
    pub full_name: String,
    /// Date of birth; `None` for what is no day.
    pub birth_date: Option<NaiveDate>,
    /// Telephone as typed.
    pub phone: String,
    /// E-mail as typed.
    pub email: String,
    /// The password that is to open the account.
    pub password: String,
    /// Who is to approve; `None` where nothing was chosen.
    pub agency: Option<AgencyId>,
}

/// A signed-in person who wants to act for a business or a child.
#[derive(Clone, Debug)]
pub struct NewStanding {
    /// As what.
    pub kind: RegistrationKind,
    /// What was given with the form.
    pub receipt: String,
    /// Name of the organisation, or of the child.
    pub full_name: String,
    /// Tax number of the organisation as typed.
    pub tax_number: String,
    /// Personal number of the child as typed.
    pub personal_number: String,
    /// Date of birth of the child.
    pub birth_date: Option<NaiveDate>,
    /// For a child: parent or guardian.
    pub standing: Option<Standing>,
    /// The paper that shows it.
    pub paper: String,
    /// Who is to approve.
    pub agency: Option<AgencyId>,
}

/// What is written down.
pub(crate) struct Asked {
    pub(crate) id: Uuid,
    pub(crate) kind: RegistrationKind,
    pub(crate) person: NewPerson,
    pub(crate) passport: Option<String>,
    pub(crate) tax_number: Option<String>,
    pub(crate) login: Option<String>,
    pub(crate) password: Option<PasswordHash>,
    pub(crate) receipt: Vec<u8>,
    pub(crate) asked_by: Option<AccountId>,
    pub(crate) standing: Option<Standing>,
    pub(crate) paper: String,
    pub(crate) agency: AgencyId,
    pub(crate) network: String,
    pub(crate) asked_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

impl Identity {
    /// For a form: whoever sends it twice has asked once. It shows the state of the registration afterwards, and nothing else.
    pub fn new_receipt(&self) -> Result<String> {
        token::new()
    }

    /// Asks for an account. Opens its own operation, because a password is computed. Gives the receipt, the same when the same form comes
    /// twice. Whether the number is known here is not looked at. Fails with `identity.unfit_registration` (one field fault each),
    /// `identity.password_unfit`, `identity.too_many_registrations`, `identity.busy`.
    pub async fn register(&self, ops: &Ops, new: &NewRegistration, ip: &str) -> Result<String> {
        let now = ops.now();
        let receipt = token::digest(&new.receipt).ok_or_else(|| error::malformed("receipt"))?;
        let mut asked = applicant(new, local_date(now))?;
        let network = throttle::network(ip);
        {
            let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
            if store::registration::by_receipt(&mut connection, &self.vault, &receipt)
                .await?
                .is_some()
            {
                return Ok(new.receipt.clone());
            }
            self.check_approver(&mut connection, asked.agency, local_date(now))
                .await?;
            let counts = store::registration::counts(&mut connection, &self.vault, &asked, &network, now).await?;
            // Never by the number alone: strangers who register with it would keep its owner out.
            if counts.of_network >= PER_NETWORK || counts.of_subject_here >= PER_SUBJECT_HERE {
                return Err(error::too_many_registrations());
            }
        }
        let context = PasswordContext {
            audience: Audience::Citizen,
            login: asked.login.as_deref().unwrap_or_default(),
            full_name: &asked.person.full_name,
        };
        asked.password = Some(self.hash_new_password(&new.password, &context).await?);
        asked.receipt = receipt;
        asked.network = network;
        asked.asked_at = now;
        asked.expires_at = now + self.config.registration_waits;
        let mut op = ops.open(Actor::Anonymous).await?;
        let subject = format!("registration:{}", asked.id);
        let permit = op
            .allow("identity.register", &subject, access::register(op.actor()))
            .await?;
        // Two presses at once: one of them is written.
        if !store::registration::insert(op.conn(), &permit, &self.vault, &asked).await? {
            return Ok(new.receipt.clone());
        }
        let facts = json!({ "kind": asked.kind, "agency": asked.agency, "network": asked.network });
        op.record(Entry::new("identity.registration_asked", subject).detail(facts))
            .await?;
        op.commit().await?;
        Ok(new.receipt.clone())
    }

    /// Asks to act for a business or a child; an official of the agency holds it against the paper. Fails with
    /// `identity.unfit_registration`, `identity.too_many_registrations`.
    pub async fn ask_standing(&self, op: &mut Op, new: &NewStanding, ip: &str) -> Result<Uuid> {
        let account = op.actor().account().ok_or_else(error::sign_in_again)?;
        let receipt = token::digest(&new.receipt).ok_or_else(|| error::malformed("receipt"))?;
        // Before anything else is held: whoever asks while their accounts become one is done first, or comes in anew.
        self.check_stands(op).await?;
        let mut asked = standing(new, today(op))?;
        let subject = format!("registration:{}", asked.id);
        let decision = access::ask_standing(op.actor());
        let permit = op.allow("identity.ask_standing", &subject, decision).await?;
        if let Some(known) = store::registration::by_receipt(op.conn(), &self.vault, &receipt).await? {
            return Ok(known.id);
        }
        let day = today(op);
        self.check_approver(op.conn(), asked.agency, day).await?;
        store::registration::lock_asker(op.conn(), account).await?;
        if store::registration::waiting_of(op.conn(), account).await? >= PER_ACCOUNT {
            return Err(error::too_many_registrations());
        }
        // Counted for known and unknown alike: it tells nothing of who is known here.
        let about = store::registration::waiting_about(op.conn(), &self.vault, account, asked.number()).await?;
        if about >= PER_ACCOUNT_AND_SUBJECT {
            return Err(error::too_many_registrations());
        }
        asked.receipt = receipt;
        asked.asked_by = Some(account);
        asked.network = throttle::network(ip);
        asked.asked_at = op.now();
        asked.expires_at = op.now() + self.config.registration_waits;
        if !store::registration::insert(op.conn(), &permit, &self.vault, &asked).await? {
            return Err(error::malformed("receipt"));
        }
        let facts = json!({ "kind": asked.kind, "agency": asked.agency });
        op.record(Entry::new("identity.registration_asked", subject).detail(facts))
            .await?;
        // By the platform, and for known and unknown alike: whoever asks does not learn who is known here.
        op.enqueue(NewJob::new(jobs::TELL_CONCERNED, json!({ "registration": asked.id })))
            .await?;
        Ok(asked.id)
    }

    /// What has become of a registration, for whoever holds its receipt. Tells no name and no number.
    pub async fn receipt(&self, ops: &Ops, receipt: &str) -> Result<Receipt> {
        let digest = token::digest(receipt).ok_or_else(error::registration_not_found)?;
        let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
        let found = store::registration::by_receipt(&mut connection, &self.vault, &digest).await?;
        let mut found = found.ok_or_else(error::registration_not_found)?;
        found.check = check_of(&digest);
        if found.state == RegistrationState::Waiting && ops.now() >= found.expires_at {
            found.state = RegistrationState::Expired;
        }
        Ok(found)
    }

    /// An agency that people can go to with their papers: of a commune, with an office that approves.
    async fn check_approver(
        &self,
        connection: &mut sqlx::PgConnection,
        agency: AgencyId,
        day: NaiveDate,
    ) -> Result<()> {
        if store::registration::approves(connection, agency, day).await? {
            Ok(())
        } else {
            Err(error::unfit_registration(vec![FieldFault::new(
                "agency",
                "identity.choose_agency",
            )]))
        }
    }

    /// What is to be said to whoever has typed the right password of a registration.
    pub(crate) fn still_waiting(&self, row: &store::registration::SignInRow, now: DateTime<Utc>) -> kernel::Fault {
        match row.state {
            RegistrationState::Refused => error::registration_refused(&row.agency_name, &row.reason),
            RegistrationState::Waiting if now < row.expires_at => {
                error::registration_waiting(&row.agency_name, row.expires_at)
            }
            _ => error::registration_expired(),
        }
    }
}

/// What a person without an account has typed, checked as a whole: every field that is wrong is told at once.
fn applicant(new: &NewRegistration, today: NaiveDate) -> Result<Asked> {
    let mut wrong = Wrong::default();
    let person = wrong.person(&new.full_name, &new.phone, &new.email, &new.nationality, new.foreigner);
    let birth_date = wrong.birth(new.birth_date, today);
    let agency = wrong.agency(new.agency);
    let (number, passport) = if new.foreigner {
        (None, wrong.passport(&new.passport))
    } else {
        (wrong.number(&new.personal_number, birth_date, today), None)
    };
    if new.phone.trim().is_empty() && new.email.trim().is_empty() {
        wrong.add("phone", "identity.phone_or_email");
    }
    let folded_name = text::clean_line(&new.full_name);
    let context = PasswordContext {
        audience: Audience::Citizen,
        login: number
            .as_ref()
            .map(PersonalNumber::as_str)
            .or(passport.as_deref())
            .unwrap_or_default(),
        full_name: &folded_name,
    };
    if let Err(unfit) = password::check(&new.password, &context) {
        wrong.faults.push(unfit);
    }
    wrong.done()?;
    let (Some(person), Some(agency)) = (person, agency) else {
        return Err(error::malformed("full_name"));
    };
    let (kind, login) = match (&number, &passport) {
        (Some(number), _) => (RegistrationKind::Citizen, login::check(number.as_str())?),
        (None, Some(passport)) => (RegistrationKind::Foreigner, login::check(passport)?),
        (None, None) => return Err(error::malformed("personal_number")),
    };
    let sex = number.as_ref().map(PersonalNumber::sex);
    let person = NewPerson {
        personal_number: number,
        birth_date,
        sex,
        ..person
    };
    Ok(Asked {
        kind,
        login: Some(login),
        passport,
        ..Asked::about(person, agency)
    })
}

/// What somebody who wants to act for a business or a child has typed.
fn standing(new: &NewStanding, today: NaiveDate) -> Result<Asked> {
    let mut wrong = Wrong::default();
    let person = wrong.person(&new.full_name, "", "", "VN", false);
    let agency = wrong.agency(new.agency);
    let paper = text::clean_line(&new.paper);
    if paper.is_empty() {
        wrong.add("paper", "identity.required");
    } else if paper.chars().count() > LONGEST_PAPER {
        wrong.add("paper", "identity.malformed");
    }
    let (mut number, mut birth_date, mut tax) = (None, None, None);
    match new.kind {
        RegistrationKind::Child => {
            birth_date = wrong.birth(new.birth_date, today);
            number = wrong.number(&new.personal_number, birth_date, today);
            if birth_date.is_some_and(|born| is_of_age(born, today)) {
                wrong.add("birth_date", "identity.of_age");
            }
            if new.standing.is_none() {
                wrong.add("standing", "identity.required");
            }
        }
        RegistrationKind::Organisation | RegistrationKind::Member => match TaxNumber::parse(&new.tax_number) {
            Ok(number) => tax = Some(number.to_string()),
            Err(_) if new.tax_number.trim().is_empty() => wrong.add("tax_number", "identity.required"),
            Err(fault) => wrong.faults.push(FieldFault::new("tax_number", fault.code)),
        },
        RegistrationKind::Citizen | RegistrationKind::Foreigner => wrong.add("kind", "identity.required"),
    }
    wrong.done()?;
    let (Some(person), Some(agency)) = (person, agency) else {
        return Err(error::malformed("full_name"));
    };
    if number.is_none() && tax.is_none() {
        return Err(error::malformed("kind"));
    }
    let sex = number.as_ref().map(PersonalNumber::sex);
    let person = NewPerson {
        personal_number: number,
        birth_date,
        sex,
        ..person
    };
    Ok(Asked {
        kind: new.kind,
        tax_number: tax,
        standing: new.standing.filter(|_| new.kind == RegistrationKind::Child),
        paper,
        ..Asked::about(person, agency)
    })
}

impl Asked {
    /// By what it is found: the number of whom it is about.
    pub(crate) fn number(&self) -> &str {
        let number = self.person.personal_number.as_ref().map(PersonalNumber::as_str);
        let number = number.or(self.passport.as_deref()).or(self.tax_number.as_deref());
        number.unwrap_or_default()
    }

    fn about(person: NewPerson, agency: AgencyId) -> Self {
        Self {
            id: Uuid::now_v7(),
            kind: RegistrationKind::Citizen,
            person,
            passport: None,
            tax_number: None,
            login: None,
            password: None,
            receipt: Vec::new(),
            asked_by: None,
            standing: None,
            paper: String::new(),
            agency,
            network: String::new(),
            asked_at: DateTime::UNIX_EPOCH,
            expires_at: DateTime::UNIX_EPOCH,
        }
    }
}

/// Who is born on the day has the age of eighteen from that day of the year on (người thành niên, Bộ luật Dân sự 2015, Điều 20). Who is
/// born on 29 February is of age on 28 February of a year without that day.
pub(crate) fn is_of_age(born: NaiveDate, on: NaiveDate) -> bool {
    has_years(born, 18, on)
}

/// Whether somebody has so many years on the day.
pub(crate) fn has_years(born: NaiveDate, least: i32, on: NaiveDate) -> bool {
    let years = on.year() - born.year();
    let passed = (on.month(), on.day()) >= (born.month(), born.day())
        || (born.month(), born.day()) == (2, 29) && (on.month(), on.day()) >= (2, 28) && !on.leap_year();
    years > least || years == least && passed
}

/// The last day on which somebody born on this day is a child.
pub(crate) fn last_day_of_childhood(born: NaiveDate) -> Option<NaiveDate> {
    let (year, month, day) = (born.year() + 18, born.month(), born.day());
    let birthday = NaiveDate::from_ymd_opt(year, month, day).or_else(|| NaiveDate::from_ymd_opt(year, 2, 28))?;
    birthday.pred_opt()
}

/// The fields in the order in which forms ask for them: so they are told.
const ASKED: [&str; 13] = [
    "kind",
    "passport",
    "nationality",
    "tax_number",
    "personal_number",
    "full_name",
    "birth_date",
    "standing",
    "phone",
    "email",
    "paper",
    "agency",
    "password",
];

/// All that is wrong with a form.
#[derive(Default)]
struct Wrong {
    faults: Vec<FieldFault>,
}

impl Wrong {
    fn add(&mut self, field: &str, code: &'static str) {
        self.faults.push(FieldFault::new(field, code));
    }

    fn done(mut self) -> Result<()> {
        let place = |fault: &FieldFault| ASKED.iter().position(|field| *field == fault.field);
        self.faults.sort_by_key(place);
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(error::unfit_registration(self.faults))
        }
    }

    /// Name, contact and country, in one form.
    fn person(
        &mut self,
        name: &str,
        phone: &str,
        email: &str,
        nationality: &str,
        foreigner: bool,
    ) -> Option<NewPerson> {
        let before = self.faults.len();
        let number = Some(phone.trim())
            .filter(|typed| !typed.is_empty())
            .map(PhoneNumber::parse);
        let phone = number.transpose().unwrap_or_else(|_| {
            self.add("phone", "identity.malformed");
            None
        });
        let nationality = if foreigner {
            nationality.trim().to_uppercase()
        } else {
            "VN".to_owned()
        };
        let email = Some(email.to_owned());
        // Each by itself: the first that is wrong does not hide the others.
        for part in [
            NewPerson::named(name),
            NewPerson {
                email: email.clone(),
                ..NewPerson::named("An")
            },
            NewPerson {
                nationality: nationality.clone(),
                ..NewPerson::named("An")
            },
        ] {
            if let Err(fault) = checked(&part) {
                self.faults.extend(fault.fields);
            }
        }
        if self.faults.len() > before {
            return None;
        }
        checked(&NewPerson {
            email,
            phone,
            nationality,
            ..NewPerson::named(name)
        })
        .ok()
    }

    fn birth(&mut self, born: Option<NaiveDate>, today: NaiveDate) -> Option<NaiveDate> {
        match born {
            None => self.add("birth_date", "identity.required"),
            Some(day) if day > today || today.year() - day.year() > 130 => {
                self.add("birth_date", "identity.malformed");
            }
            Some(day) => return Some(day),
        }
        None
    }

    fn agency(&mut self, agency: Option<AgencyId>) -> Option<AgencyId> {
        if agency.is_none() {
            self.add("agency", "identity.choose_agency");
        }
        agency
    }

    /// The number must be one that somebody born then can have (Nghị định 137/2015/NĐ-CP, Điều 13).
    fn number(&mut self, typed: &str, born: Option<NaiveDate>, today: NaiveDate) -> Option<PersonalNumber> {
        match PersonalNumber::parse(typed) {
            Err(fault) => {
                let code = if typed.trim().is_empty() {
                    "identity.required"
                } else {
                    fault.code
                };
                self.add("personal_number", code);
                None
            }
            Ok(number) if !number.is_plausible(today) => {
                self.add("personal_number", "identity.number_unlikely");
                None
            }
            Ok(number) if born.is_some_and(|born| born.year() != number.birth_year()) => {
                self.add("personal_number", "identity.number_other_year");
                None
            }
            Ok(number) => Some(number),
        }
    }

    fn passport(&mut self, typed: &str) -> Option<String> {
        let number: String = typed
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .flat_map(char::to_uppercase)
            .collect();
        let fits = (5..=20).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            && number.bytes().any(|b| b.is_ascii_digit())
            // Twelve digits are a personal number.
            && PersonalNumber::parse(&number).is_err();
        if fits {
            return Some(number);
        }
        let code = if number.is_empty() {
            "identity.required"
        } else {
            "identity.passport"
        };
        self.add("passport", code);
        None
    }
}
