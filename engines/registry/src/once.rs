//! What must be there once (khóa, trường duy nhất): no two records have it on the same day.
//!
//! What goes on until further notice is kept apart by an index. Days that end are compared here: whoever writes some keeps every other writer of
//! such values in the register waiting.

use kernel::Result;
use op::Op;
use uuid::Uuid;

use crate::definition::{FieldDefinition, RecordDefinition};
use crate::model::timeline::Period;
use crate::model::{Record, Values};
use crate::store::many::{Days, Which};
use crate::{Registry, error, store};

/// Values that a record is to have on some days.
pub(crate) struct Claim<'v> {
    /// The record; nothing where it is new.
    pub record: Option<Uuid>,
    /// The days.
    pub days: Days,
    /// The values.
    pub values: &'v Values,
}

/// The key, then each other field that must be there once.
fn once(definition: &RecordDefinition) -> Vec<Vec<&FieldDefinition>> {
    let key = definition.key.iter().filter_map(|key| definition.field(key)).collect();
    std::iter::once(key).chain(beside_key(definition)).collect()
}

/// Each field beside the key that must be there once.
pub(crate) fn beside_key(definition: &RecordDefinition) -> Vec<Vec<&FieldDefinition>> {
    let unique = definition.fields.iter().filter(|field| field.unique);
    let others = unique.filter(|field| definition.key != [field.field.clone()]);
    others.map(|field| vec![field]).collect()
}

/// What is compared of these fields; nothing where one of them is empty.
fn compared(fields: &[&FieldDefinition], values: &Values) -> Option<Vec<String>> {
    let each = fields.iter().map(|field| values.get(&field.field));
    each.map(|value| value.filter(|value| !value.is_null()).map(store::record::whole))
        .collect()
}

/// Whether a record has held the same of these fields on all of the days already.
fn held(before: &[Record], fields: &[&FieldDefinition], period: &Period) -> bool {
    before.iter().any(|own| {
        let begins = own.valid_from <= period.from;
        let lasts = own.valid_to.is_none_or(|end| period.to.is_some_and(|to| to <= end));
        begins && lasts && compared(fields, &own.values) == compared(fields, &period.values)
    })
}

impl Registry {
    /// Which of these claims another record stands against in one of these sets of fields, each with the first field of the set.
    pub(crate) async fn claimed(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        sets: &[Vec<&FieldDefinition>],
        claims: &[Claim<'_>],
    ) -> Result<Vec<(usize, String)>> {
        let mut against = Vec::new();
        for fields in sets {
            let (mut places, mut wanted, mut days) = (Vec::new(), Vec::new(), Vec::new());
            for (place, claim) in claims.iter().enumerate() {
                if let Some(values) = compared(fields, claim.values) {
                    places.push(place);
                    wanted.push(values);
                    days.push(claim.days);
                }
            }
            let wanted: Vec<&[String]> = wanted.iter().map(Vec::as_slice).collect();
            let holders = store::many::holders(
                op.conn(),
                self.vault(),
                (definition, fields),
                &wanted,
                Which::During(&days),
            )
            .await?;
            let name = fields.first().map_or("", |field| field.field.as_str());
            for (place, holder) in holders {
                let place = places[place];
                if claims[place].record != Some(holder) {
                    against.push((place, name.to_owned()));
                }
            }
        }
        Ok(against)
    }

    /// Refuses periods of a record in which another one has what must be there once. What the record has held on all of the days is its own.
    pub(crate) async fn sole(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        (id, before): (Uuid, &[Record]),
        periods: &[&Period],
    ) -> Result<()> {
        let all = once(definition);
        let own = |period: &&&Period| all.iter().all(|fields| held(before, fields, period));
        let new: Vec<&Period> = periods.iter().filter(|period| !own(period)).copied().collect();
        if new.is_empty() {
            return Ok(());
        }
        let ends = new.iter().any(|period| period.to.is_some());
        store::many::keep_apart(op.conn(), &definition.record, ends).await?;
        let claims: Vec<Claim<'_>> = new
            .iter()
            .map(|period| Claim {
                record: Some(id),
                days: (period.from, period.to),
                values: &period.values,
            })
            .collect();
        match self.claimed(op, definition, &all, &claims).await?.first() {
            Some((_, field)) => Err(error::duplicate_key(field)),
            None => Ok(()),
        }
    }
}
