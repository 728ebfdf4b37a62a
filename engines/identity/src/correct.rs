//! What is written about a person is put right at their request (quyền chỉnh sửa dữ liệu cá nhân).

use kernel::{PersonId, PhoneNumber, Result, parse_date, text};
use op::{Entry, Op};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::model::{Person, PersonField, Residence};
use crate::people::{NewPerson, checked};
use crate::{Identity, access, error, store};

/// What stood in a field and what stands there now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Corrected {
    /// The field.
    pub field: PersonField,
    /// What stood there; empty for nothing.
    pub before: String,
    /// What stands there now; empty for nothing.
    pub after: String,
}

/// A value as it would be written, or the fault at the field. Nothing typed clears telephone, e-mail and address; a name and a day of
/// birth cannot be cleared.
pub fn check_correction(field: PersonField, typed: &str) -> Result<String> {
    let typed = text::clean_line(typed);
    let mut person = NewPerson {
        residence: Some(Residence {
            ward_code: "00000".to_owned(),
            detail: String::new(),
        }),
        ..NewPerson::named("An")
    };
    put(&mut person, field, &typed)?;
    let person = checked(&person)?;
    Ok(shown(&person, field))
}

impl Identity {
    /// Puts fields of a person right, and gives what has changed. For whoever answers people about their data, never about themself.
    ///
    /// # Errors
    /// `identity.not_allowed`, `identity.person_not_found`, `identity.malformed` and `identity.required` at the field.
    pub async fn correct_person(
        &self,
        op: &mut Op,
        person: PersonId,
        wishes: &[(PersonField, String)],
        purpose: &str,
    ) -> Result<Vec<Corrected>> {
        let subject = format!("person:{person}");
        let decision = access::correct_person(op.rights(), person);
        let permit = op.allow("identity.correct_person", &subject, decision).await?;
        let before = store::person::lock(op.conn(), &self.vault, person)
            .await?
            .ok_or_else(error::person_not_found)?;
        let before = written(before);
        let mut after = before.clone();
        for (field, value) in wishes {
            put(&mut after, *field, value)?;
        }
        let after = checked(&after)?;
        let changed: Vec<Corrected> = wishes
            .iter()
            .map(|(field, _)| Corrected {
                field: *field,
                before: shown(&before, *field),
                after: shown(&after, *field),
            })
            .filter(|change| change.before != change.after)
            .collect();
        if changed.is_empty() {
            return Ok(changed);
        }
        let now = op.now();
        store::person::update(op.conn(), &permit, &self.vault, person, &after, now).await?;
        let fields: Vec<PersonField> = changed.iter().map(|change| change.field).collect();
        op.record(
            Entry::new("identity.person_corrected", subject)
                .purpose(purpose)
                .about(Some(person))
                .detail(json!({ "fields": fields })),
        )
        .await?;
        Ok(changed)
    }
}

fn written(person: Person) -> NewPerson {
    NewPerson {
        full_name: person.full_name,
        personal_number: person.personal_number,
        birth_date: person.birth_date,
        sex: person.sex,
        ethnicity: person.ethnicity,
        nationality: person.nationality,
        residence: person.residence,
        phone: person.phone,
        email: person.email,
        synthetic: person.synthetic,
        source_key: None,
    }
}

fn put(person: &mut NewPerson, field: PersonField, value: &str) -> Result<()> {
    let filled = Some(value.trim()).filter(|value| !value.is_empty());
    match field {
        PersonField::FullName => value.clone_into(&mut person.full_name),
        PersonField::BirthDate => {
            let day = filled.ok_or_else(|| error::required("birth_date"))?;
            person.birth_date = Some(parse_date(day).map_err(|_| error::malformed("birth_date"))?);
        }
        PersonField::Phone => {
            let number = filled.map(PhoneNumber::parse).transpose();
            person.phone = number.map_err(|_| error::malformed("phone"))?;
        }
        PersonField::Email => person.email = filled.map(ToOwned::to_owned),
        PersonField::Address => match &mut person.residence {
            Some(home) => value.clone_into(&mut home.detail),
            // A street without its ward leads nowhere.
            None => return Err(error::malformed("address")),
        },
    }
    Ok(())
}

fn shown(person: &NewPerson, field: PersonField) -> String {
    match field {
        PersonField::FullName => person.full_name.clone(),
        PersonField::BirthDate => person.birth_date.map(|day| day.to_string()).unwrap_or_default(),
        PersonField::Phone => person
            .phone
            .as_ref()
            .map(|phone| phone.as_str().to_owned())
            .unwrap_or_default(),
        PersonField::Email => person.email.clone().unwrap_or_default(),
        PersonField::Address => person
            .residence
            .as_ref()
            .map(|home| home.detail.clone())
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_written_in_one_form_or_refused_at_its_field() {
        let ok = |field, typed| check_correction(field, typed).unwrap();
        assert_eq!(ok(PersonField::FullName, "  Le\u{302}  Thị Sen "), "Lê Thị Sen");
        assert_eq!(ok(PersonField::BirthDate, "1992-04-17"), "1992-04-17");
        assert_eq!(ok(PersonField::Phone, ""), "");
        assert_eq!(ok(PersonField::Email, " sen@example.vn"), "sen@example.vn");
        assert_eq!(ok(PersonField::Address, "ấp 1"), "ấp 1");
        for (field, typed, name) in [
            (PersonField::FullName, "", "full_name"),
            (PersonField::BirthDate, "", "birth_date"),
            (PersonField::BirthDate, "31/02/1990", "birth_date"),
            (PersonField::Phone, "12", "phone"),
            (PersonField::Email, "sen", "email"),
        ] {
            let fault = check_correction(field, typed).unwrap_err();
            assert_eq!(fault.fields[0].field, name, "{typed}");
        }
    }
}
