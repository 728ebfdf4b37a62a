//! Registers out into a file, in from a file (xuất dữ liệu, nhập dữ liệu; R011, R028, R254).

mod exports;
mod imports;
mod mapping;
pub(crate) mod review;

use kernel::Result;
use op::Op;
use registry::Published;
use registry::definition::{FieldDefinition, RecordDefinition};
use web::{Routes, Visit};

use crate::House;

/// Where officials have the registers.
const BASE: &str = "/can-bo/co-so-du-lieu";

pub(crate) fn routes() -> Routes<House> {
    exports::routes().merge(imports::routes()).merge(review::routes())
}

/// The register that the address names.
async fn published(visit: &Visit<House>, op: &mut Op) -> Result<Published> {
    visit.state.registry.register(op, visit.param("register")).await
}

/// What the register is called.
fn name(visit: &Visit<House>, definition: &RecordDefinition) -> String {
    definition.words.in_language(visit.locale.tag()).to_owned()
}

/// What a field is called.
fn label(visit: &Visit<House>, field: &FieldDefinition) -> String {
    field.words.in_language(visit.locale.tag()).to_owned()
}

/// What several fields are called.
fn labels(visit: &Visit<House>, definition: &RecordDefinition, fields: &[String]) -> String {
    let each = fields.iter().filter_map(|field| definition.field(field));
    each.map(|field| label(visit, field)).collect::<Vec<_>>().join(", ")
}
