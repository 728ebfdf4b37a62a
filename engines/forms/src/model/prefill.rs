//! What may stand in a field before the person types.

use kernel::Sex;
use schema::field::FieldKind;
use serde_json::{Value, json};

use super::{Applicant, Ground, Raw, kind, typed};
use crate::catalogue;
use crate::definition::{FieldDefinition, Prefill};

/// What the controls show of what is known; `None` where nothing is known or what is known would not pass.
pub(crate) fn value(field: &FieldDefinition, applicant: &Applicant, ground: &Ground) -> Option<Value> {
    let source = field.prefill?;
    if source == Prefill::Residence {
        return residence(field, applicant, ground);
    }
    let known = match source {
        Prefill::FullName => applicant.full_name.clone(),
        Prefill::PersonalNumber => applicant.personal_number.clone(),
        Prefill::BirthDate => applicant.birth_date.map(|date| date.to_string()),
        Prefill::Sex => applicant.sex.map(|sex| match sex {
            Sex::Male => "male".to_owned(),
            Sex::Female => "female".to_owned(),
        }),
        Prefill::Phone => applicant.phone.clone(),
        Prefill::Email => applicant.email.clone(),
        Prefill::Ethnicity => applicant.ethnicity.clone().map(|group| ethnicity(field, group)),
        Prefill::Nationality => applicant.nationality.clone(),
        Prefill::Residence => None,
    }?;
    let raw = Raw::from([(field.field.clone(), vec![known])]);
    let read = kind::read_field(field, &raw, ground).ok()??;
    Some(typed::control_value(field, &read))
}

/// The code for a field with the catalogue, the name of the group for a text.
fn ethnicity(field: &FieldDefinition, given: String) -> String {
    let found = match field.kind.catalogue() {
        Some(name) => catalogue::code(name, &given),
        None => catalogue::label("ethnic_groups", &given),
    };
    found.map_or(given, str::to_owned)
}

/// The ward, if it is one today, and what stands before it, which may be unknown.
fn residence(field: &FieldDefinition, applicant: &Applicant, ground: &Ground) -> Option<Value> {
    let home = applicant.residence.as_ref()?;
    let ward = ground.wards.get(&home.ward)?;
    let mut value = json!({ "ward": home.ward, "ward_name": ward.name, "district": ward.district });
    if matches!(field.kind, FieldKind::Address { .. }) {
        value["detail"] = kernel::text::clean_line(&home.detail).into();
    }
    Some(value)
}
