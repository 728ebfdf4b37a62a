//! People: written down once, read with a purpose that is recorded.
//!
//! Reading by an official writes an entry into the audit trail inside the same operation, so the caller must commit
//! after reading.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use db::{Page, PageRequest};
use kernel::code::Sex;
use kernel::{AccountId, Actor, PersonId, PersonalNumber, PhoneNumber, Result, text};
use op::{Entry, Op, Permit};
use serde_json::json;

use crate::model::{Contact, Person, PersonRow, Residence};
use crate::{Identity, access, error, store};

/// The purpose for which lists of people use names, as `privacy` declares it: serving people does not need it.
pub const OFFICE_LISTS: &str = "office_lists";
/// Longest full name, in characters.
const LONGEST_NAME: usize = 120;

/// A person to be written down.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// Full name as on the identity card.
    pub full_name: String,
    /// Personal number, the natural key of a person who has one.
    pub personal_number: Option<PersonalNumber>,
    /// Date of birth.
    pub birth_date: Option<NaiveDate>,
    /// Sex.
    pub sex: Option<Sex>,
    /// Code of the ethnic group.
    pub ethnicity: Option<String>,
    /// Two-letter country code; `VN` for citizens.
    pub nationality: String,
    /// Where the person lives.
    pub residence: Option<Residence>,
    /// Telephone.
    pub phone: Option<PhoneNumber>,
    /// E-mail.
    pub email: Option<String>,
    /// Invented for demonstration and tests.
    pub synthetic: bool,
    /// Key in the list from which the person is loaded: the natural key where there is no personal number.
    pub source_key: Option<String>,
}

impl NewPerson {
    /// A Vietnamese person of whom the name is known.
    pub fn named(full_name: impl Into<String>) -> Self {
        Self {
            full_name: full_name.into(),
            personal_number: None,
            birth_date: None,
            sex: None,
            ethnicity: None,
            nationality: "VN".into(),
            residence: None,
            phone: None,
            email: None,
            synthetic: false,
            source_key: None,
        }
    }
}

/// What of a person is to be another from now on; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct PersonChange {
    /// Full name as on the identity card.
    pub full_name: Option<String>,
    /// Telephone; `Some(None)`: there is none.
    pub phone: Option<Option<PhoneNumber>>,
    /// E-mail; `Some(None)`: there is none.
    pub email: Option<Option<String>>,
}

/// How often a page is filled up.
const MOST_FILLED: u32 = 5;

impl Identity {
    /// Writes down another name or other contact details of a person. Which of them is in the audit trail, what they are is not.
    /// Fails with `identity.person_not_found`, `identity.required`, `identity.malformed`.
    pub async fn change_person(
        &self,
        op: &mut Op,
        person: PersonId,
        change: &PersonChange,
        purpose: &str,
    ) -> Result<()> {
        let subject = format!("person:{person}");
        let permit = op
            .allow(
                "identity.change_person",
                &subject,
                access::organise(op.rights(), "identity.change_person"),
            )
            .await?;
        let known = store::person::get(op.conn(), &self.vault, person)
            .await?
            .ok_or_else(error::person_not_found)?;
        let wanted = checked(&NewPerson {
            phone: change.phone.clone().unwrap_or(known.phone.clone()),
            email: change.email.clone().unwrap_or(known.email.clone()),
            ..NewPerson::named(change.full_name.as_deref().unwrap_or(&known.full_name))
        })?;
        let changed: Vec<&str> = [
            ("full_name", wanted.full_name != known.full_name),
            ("phone", wanted.phone != known.phone),
            ("email", wanted.email != known.email),
        ]
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .collect();
        if changed.is_empty() {
            return Ok(());
        }
        let now = op.now();
        store::person::change(op.conn(), &permit, &self.vault, person, &wanted, now).await?;
        let entry = Entry::new("identity.person_changed", subject).detail(json!({ "changed": changed }));
        op.record(entry.purpose(purpose.trim()).about(Some(person))).await
    }

    /// Writes a person down, or finds the one who is there: by personal number, else by source key. The platform (a
    /// loader) brings the known person up to date; at the counter the known person stays as they are, and a number with
    /// another name or birth date is refused with `identity.personal_number_taken`.
    pub async fn register_person(&self, op: &mut Op, new: &NewPerson) -> Result<PersonId> {
        let permit = op
            .allow(
                "identity.register_person",
                "person:new",
                access::register_person(op.rights()),
            )
            .await?;
        let new = checked(new)?;
        let from_loader = matches!(op.actor(), Actor::System(_));
        if let Some([known, remains]) = store::person::known(op.conn(), &self.vault, &new).await? {
            // An old number leads to whoever remains; what is known of that one is not what the list of the old one says.
            if remains != known && from_loader {
                return Ok(remains);
            }
            if from_loader {
                let now = op.now();
                store::person::update(op.conn(), &permit, &self.vault, known, &new, now).await?;
                return Ok(known);
            }
            let person = store::person::get(op.conn(), &self.vault, known)
                .await?
                .ok_or_else(error::person_not_found)?;
            let same_birth =
                new.birth_date.is_none() || person.birth_date.is_none() || new.birth_date == person.birth_date;
            if text::fold(&person.full_name) != text::fold(&new.full_name) || !same_birth {
                return Err(error::personal_number_taken());
            }
            return Ok(remains);
        }
        let id = PersonId::new();
        let now = op.now();
        store::person::insert(op.conn(), &permit, &self.vault, id, &new, now).await?;
        op.record(
            Entry::new("identity.person_registered", format!("person:{id}"))
                .detail(json!({ "synthetic": new.synthetic })),
        )
        .await?;
        Ok(id)
    }

    /// Everything held about a person: for the person, and for an official with a purpose (a dossier code or a task),
    /// which is recorded. Fails with `identity.person_not_found`, `identity.purpose_needed`.
    pub async fn person(&self, op: &mut Op, id: PersonId, purpose: &str) -> Result<Person> {
        let subject = format!("person:{id}");
        op.allow(
            "identity.read_person",
            &subject,
            access::read_person(op.actor(), id, purpose),
        )
        .await?;
        let person = store::person::get(op.conn(), &self.vault, id)
            .await?
            .ok_or_else(error::person_not_found)?;
        if access::is_recorded(op.actor(), id) {
            op.record(
                Entry::new("identity.person_read", subject)
                    .purpose(purpose.trim())
                    .about(Some(id)),
            )
            .await?;
        }
        Ok(person)
    }

    /// The person with this personal number, under the rules of [`Identity::find_people`].
    pub async fn person_by_number(
        &self,
        op: &mut Op,
        number: &PersonalNumber,
        purpose: &str,
    ) -> Result<Option<Person>> {
        op.allow(
            "identity.search_people",
            "person:by_number",
            access::search_people(op.rights(), purpose),
        )
        .await?;
        match store::person::by_number(op.conn(), &self.vault, number).await? {
            Some(id) => self.person(op, id, purpose).await.map(Some),
            None => Ok(None),
        }
    }

    /// Finds people by words of their name (with or without tones, each word from its beginning, in any order), by
    /// personal number or by telephone. In the order of Vietnamese name lists: given name, middle names, surname. For
    /// clerks and administrators with a purpose; whose rows were shown is recorded, what was typed is not.
    /// Who has been granted that lists do not show them is found by number and telephone alone, if they have a number.
    /// Fails with `identity.search_too_short`, `identity.not_allowed`, `identity.purpose_needed`.
    pub async fn find_people(
        &self,
        op: &mut Op,
        words: &str,
        purpose: &str,
        page: &PageRequest,
    ) -> Result<Page<PersonRow>> {
        op.allow(
            "identity.search_people",
            "person:search",
            access::search_people(op.rights(), purpose),
        )
        .await?;
        let question = question(words)?;
        let mut found = self.find_shown(op, &question, page).await?;
        // A page is filled up with those who come behind the ones that it does not show, as far as that is a matter of a moment.
        for _ in 0..MOST_FILLED {
            let missing = page
                .limit
                .saturating_sub(u32::try_from(found.items.len()).unwrap_or(u32::MAX));
            if missing == 0 || found.next.is_none() {
                break;
            }
            let rest = PageRequest::new(found.next.take(), Some(missing));
            let more = self.find_shown(op, &question, &rest).await?;
            found.items.extend(more.items);
            found.next = more.next;
        }
        if op.actor().is_official() {
            let shown: Vec<PersonId> = found.items.iter().map(|row| row.id).collect();
            op.record(
                Entry::new("identity.people_searched", "person:search")
                    .purpose(purpose.trim())
                    .detail(json!({ "shown": shown })),
            )
            .await?;
            for row in &found.items {
                let entry = Entry::new("identity.person_found", format!("person:{}", row.id));
                op.record(entry.purpose(purpose.trim()).about(Some(row.id))).await?;
            }
        }
        Ok(found)
    }

    /// A page of those who are found, without the ones whom lists do not show. Whoever gives their number is served; who has been granted that lists do
    /// not show them is not found by a name, unless there is no number by which to find them: they come to the counter too.
    async fn find_shown(&self, op: &mut Op, question: &Question, page: &PageRequest) -> Result<Page<PersonRow>> {
        let mut found = store::person::find(op.conn(), &self.vault, question, page).await?;
        if matches!(question, Question::Words(_)) && op.actor().is_official() {
            let listed: Vec<PersonId> = found.items.iter().map(|row| row.id).collect();
            let withheld = op.withheld(&listed, OFFICE_LISTS).await?;
            found
                .items
                .retain(|row| !withheld.contains(&row.id) || row.personal_number_masked.is_none());
            for row in found.items.iter_mut().filter(|row| withheld.contains(&row.id)) {
                row.birth_date = None;
            }
        }
        Ok(found)
    }

    /// The full names of people who appear in a list that the actor may see.
    pub async fn names(&self, op: &mut Op, people: &[PersonId]) -> Result<BTreeMap<PersonId, String>> {
        op.allow("identity.names", "person:names", access::read_names(op.actor()))
            .await?;
        store::person::names(op.conn(), people).await
    }

    /// People with these personal numbers and their accounts, if they have one: for whoever tells them that their data was concerned. Nothing
    /// else of them is read.
    pub async fn accounts_by_numbers(
        &self,
        op: &mut Op,
        numbers: &[PersonalNumber],
    ) -> Result<Vec<(PersonId, Option<AccountId>)>> {
        op.allow(
            "identity.accounts_by_numbers",
            "person:by_number",
            access::tell_people(op.rights()),
        )
        .await?;
        store::person::accounts_by_numbers(op.conn(), &self.vault, numbers).await
    }

    /// The person who has a personal number, for whoever writes into the trail whose data was looked at. Nothing else is told.
    pub async fn whose_number(&self, op: &mut Op, number: &PersonalNumber) -> Result<Option<PersonId>> {
        store::person::by_number(op.conn(), &self.vault, number).await
    }

    /// The same of many numbers at once, by number; those that nobody has are left out.
    pub async fn whose_numbers(
        &self,
        op: &mut Op,
        numbers: &[PersonalNumber],
    ) -> Result<BTreeMap<PersonalNumber, PersonId>> {
        store::person::by_numbers(op.conn(), &self.vault, numbers).await
    }

    /// The personal number of a person, for an engine that tells the person what it keeps under it; the permit is that of whoever answers people
    /// about their data.
    pub async fn number_of(&self, op: &mut Op, _: &Permit, person: PersonId) -> Result<Option<PersonalNumber>> {
        let found = store::person::get(op.conn(), &self.vault, person).await?;
        Ok(found.and_then(|person| person.personal_number))
    }

    /// How to reach the person behind an account; for the platform when it sends, and for the person.
    pub async fn contact(&self, op: &mut Op, account: AccountId) -> Result<Contact> {
        let found = store::person::contact(op.conn(), &self.vault, account)
            .await?
            .ok_or_else(error::account_not_found)?;
        op.allow(
            "identity.contact",
            &format!("account:{account}"),
            access::read_contact(op.actor(), found.person),
        )
        .await?;
        Ok(found)
    }
}

/// What a search asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// All these folded words.
    Words(Vec<String>),
    /// This personal number.
    Number(PersonalNumber),
    /// This telephone number.
    Phone(PhoneNumber),
}

pub(crate) fn question(typed: &str) -> Result<Question> {
    if let Ok(number) = PersonalNumber::parse(typed) {
        return Ok(Question::Number(number));
    }
    if let Ok(phone) = PhoneNumber::parse(typed) {
        return Ok(Question::Phone(phone));
    }
    let words: Vec<String> = text::search_terms(typed).into_iter().take(8).collect();
    if words.iter().map(String::len).sum::<usize>() < 2 {
        return Err(error::search_too_short());
    }
    Ok(Question::Words(words))
}

pub(crate) fn checked(new: &NewPerson) -> Result<NewPerson> {
    let full_name = text::clean_line(&new.full_name);
    if full_name.is_empty() {
        return Err(error::required("full_name"));
    }
    if full_name.chars().count() > LONGEST_NAME || !full_name.chars().any(char::is_alphabetic) {
        return Err(error::malformed("full_name"));
    }
    let is_country = new.nationality.len() == 2 && new.nationality.bytes().all(|b| b.is_ascii_uppercase());
    if !is_country {
        return Err(error::malformed("nationality"));
    }
    let filled = |value: &Option<String>| value.as_deref().map(text::clean_line).filter(|value| !value.is_empty());
    let email = filled(&new.email);
    if email.as_deref().is_some_and(|email| !is_email(email)) {
        return Err(error::malformed("email"));
    }
    let residence = new.residence.as_ref().map(|home| Residence {
        ward_code: home.ward_code.trim().to_owned(),
        detail: text::clean_line(&home.detail),
    });
    Ok(NewPerson {
        full_name,
        email,
        residence,
        ethnicity: filled(&new.ethnicity),
        source_key: filled(&new.source_key),
        ..new.clone()
    })
}

/// One sign `@` between two texts without spaces, a dot in the second. More would refuse addresses that work.
fn is_email(email: &str) -> bool {
    email.len() <= 254
        && !email.contains(char::is_whitespace)
        && email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && domain.contains('.')
                && !domain.contains('@')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions() {
        let words = |words: &[&str]| Question::Words(words.iter().map(|w| (*w).to_owned()).collect());
        assert_eq!(question("Nguyễn  An").unwrap(), words(&["nguyen", "an"]));
        assert_eq!(question("Y Ế").unwrap(), words(&["y", "e"]));
        assert!(matches!(question("093 085 001 234").unwrap(), Question::Number(_)));
        assert!(matches!(question("0912.345.678").unwrap(), Question::Phone(_)));
        for typed in ["", "a", " % ", "…"] {
            assert_eq!(
                question(typed).unwrap_err().code,
                "identity.search_too_short",
                "{typed}"
            );
        }
    }

    #[test]
    fn what_is_written_down_is_clean() {
        let new = NewPerson {
            email: Some(" sen@example.vn ".into()),
            ethnicity: Some(" ".into()),
            ..NewPerson::named("  Le\u{302}  Thị\u{200b} Sen ")
        };
        let clean = checked(&new).unwrap();
        assert_eq!(clean.full_name, "Lê Thị Sen");
        assert_eq!(clean.email.as_deref(), Some("sen@example.vn"));
        assert_eq!(clean.ethnicity, None);
        let field = |new: NewPerson| checked(&new).unwrap_err().fields[0].field.clone();
        assert_eq!(field(NewPerson::named(" ")), "full_name");
        assert_eq!(field(NewPerson::named("12345")), "full_name");
        assert_eq!(field(NewPerson::named("a".repeat(121))), "full_name");
        assert_eq!(
            field(NewPerson {
                nationality: "Việt Nam".into(),
                ..NewPerson::named("An")
            }),
            "nationality"
        );
        for email in [
            "sen",
            "sen@",
            "@example.vn",
            "sen@vn",
            "sen@a@example.vn",
            "s en@example.vn",
        ] {
            assert_eq!(
                field(NewPerson {
                    email: Some(email.into()),
                    ..NewPerson::named("An")
                }),
                "email",
                "{email}"
            );
        }
    }
}
