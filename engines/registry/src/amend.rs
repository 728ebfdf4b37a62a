//! What was sent of a record in part, made whole: whoever changes three fields does not lose the others, nor what is sealed and was never
//! shown to them.

use chrono::NaiveDate;
use kernel::Result;
use op::Op;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::definition::{FieldDefinition, RecordDefinition};
use crate::enter::subject;
use crate::model::Record;
use crate::{Registry, access, error, store};

/// What is kept of the fields that were not named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Those that lie sealed: whoever has not opened them does not know what they hold. The others are empty.
    Sealed,
    /// All of them.
    All,
}

/// From where in the record's time it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// What holds on a day, or held last before it; today where nothing is said.
    Day(Option<NaiveDate>),
    /// The period that begins on this day.
    Period(NaiveDate),
}

impl Registry {
    /// What was given, and of the fields that were not named what the record holds. A field that is given as null becomes empty. For whoever may enter;
    /// to be written by [`Self::change`] in the same operation, which tells whether somebody was faster.
    ///
    /// # Errors
    /// `registry.not_found` {register}, `registry.record_not_found`, `registry.no_period`, `registry.not_allowed`.
    pub async fn amended(
        &self,
        op: &mut Op,
        register: &str,
        (record, spot): (Uuid, Spot),
        given: Map<String, Value>,
        keep: Keep,
    ) -> Result<Map<String, Value>> {
        let seen = self.seen(op, register).await?;
        let definition = seen.published.definition.clone();
        if !seen.published.made {
            return Err(error::record_not_found());
        }
        let before = store::record::periods(op.conn(), &definition, record, Some(self.vault()), false).await?;
        if before.is_empty() {
            return Err(error::record_not_found());
        }
        let today = kernel::local_date(op.now());
        let whole = own(&before, spot, today).map(|own| filled(&definition, own, given.clone(), keep));
        let in_area = self
            .in_area(op, &seen, &before, Some(whole.as_ref().unwrap_or(&given)))
            .await?;
        let decision = access::enter(op.rights(), seen.standing, in_area);
        op.allow("registry.enter", &subject(register, record), decision).await?;
        whole.ok_or_else(error::no_period)
    }
}

/// The period from which is kept.
pub(crate) fn own(before: &[Record], spot: Spot, today: NaiveDate) -> Option<&Record> {
    match spot {
        Spot::Period(from) => before.iter().find(|record| record.valid_from == from),
        Spot::Day(day) => {
            let day = day.unwrap_or(today);
            before
                .iter()
                .rev()
                .find(|record| record.valid_from <= day)
                .or(before.first())
        }
    }
}

/// Whether a field that is not named keeps what the record has.
fn is_kept(field: &FieldDefinition, keep: Keep) -> bool {
    !field.is_computed() && (keep == Keep::All || field.is_sealed())
}

/// Whether something that is kept is not named.
pub(crate) fn lacks(definition: &RecordDefinition, given: &Map<String, Value>, keep: Keep) -> bool {
    let mut kept = definition.fields.iter().filter(|field| is_kept(field, keep));
    kept.any(|field| !given.contains_key(&field.field))
}

pub(crate) fn filled(
    definition: &RecordDefinition,
    own: &Record,
    mut given: Map<String, Value>,
    keep: Keep,
) -> Map<String, Value> {
    for field in definition.fields.iter().filter(|field| is_kept(field, keep)) {
        if let (false, Some(value)) = (given.contains_key(&field.field), own.values.get(&field.field)) {
            given.insert(field.field.clone(), value.clone());
        }
    }
    given
}
