//! The declarations of registers as they lie in the systems, and the records that come with them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use kernel::{Fault, Result};
use registry::definition::{Kind, LinkTarget, RecordDefinition};
use schema::Problems;

use crate::apps::Sources;

/// A register, and the records that its system publishes with it.
#[derive(Clone)]
pub(super) struct Declared {
    pub(super) definition: Arc<RecordDefinition>,
    /// Rows of its own by field; a register that has them is not filled.
    pub(super) own: Option<Vec<BTreeMap<String, String>>>,
}

fn broken(file: &str, why: impl ToString) -> Fault {
    Fault::internal("compose.table_broken")
        .with("file", file)
        .with("reason", why.to_string())
}

/// Reads every register of the systems. Fails with `compose.table_broken` where one has problems.
pub(super) fn read(sources: &Sources) -> Result<Vec<Declared>> {
    let mut found = Vec::new();
    for (app, files) in &sources.apps {
        for (path, content) in files {
            let Some(name) = path
                .strip_prefix("registry/")
                .and_then(|file| file.strip_suffix(".record.yaml"))
            else {
                continue;
            };
            let label = format!("{app}/{path}");
            let text = content.as_deref().ok_or_else(|| broken(&label, "no text"))?;
            let mut problems = Problems::new();
            let definition = RecordDefinition::read(&label, text, &mut problems);
            let definition = definition.filter(|_| problems.is_empty());
            let definition = definition.ok_or_else(|| broken(&label, &problems))?;
            let rows = files.get(&format!("registry/{name}.records.csv"));
            let own = match rows {
                Some(rows) => Some(own_rows(&label, rows.as_deref().unwrap_or_default())?),
                None => None,
            };
            found.push(Declared {
                definition: Arc::new(definition),
                own,
            });
        }
    }
    Ok(found)
}

fn own_rows(label: &str, text: &str) -> Result<Vec<BTreeMap<String, String>>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader
        .deserialize()
        .collect::<std::result::Result<Vec<BTreeMap<String, String>>, _>>();
    rows.map_err(|error| broken(label, error))
}

impl Declared {
    /// The records of its own that hold on a day.
    pub(super) fn rows_on(&self, day: NaiveDate) -> impl Iterator<Item = &BTreeMap<String, String>> {
        let date = |row: &BTreeMap<String, String>, name: &str| -> Option<NaiveDate> { row.get(name)?.parse().ok() };
        self.own.iter().flatten().filter(move |row| {
            date(row, "valid_from").is_none_or(|from| from <= day) && date(row, "valid_to").is_none_or(|to| day <= to)
        })
    }

    /// Codes and names, where it is a catalogue with records of its own.
    pub(super) fn codes_on(&self, day: NaiveDate) -> Option<HashMap<String, String>> {
        self.own.as_ref().filter(|_| self.definition.catalogue)?;
        let cell = |row: &BTreeMap<String, String>, name: &str| row.get(name).cloned().unwrap_or_default();
        Some(
            self.rows_on(day)
                .map(|row| (cell(row, "code"), cell(row, "name")))
                .collect(),
        )
    }
}

/// The registers to which a register leads, by links and by catalogues: with whether it must.
pub(super) fn targets(definition: &RecordDefinition) -> impl Iterator<Item = (&str, bool)> {
    definition.fields.iter().filter_map(|field| {
        let needed = field.required == schema::field::Condition::Always;
        match &field.kind {
            Kind::Link(LinkTarget::Register(register)) => Some((register.as_str(), needed)),
            _ => field.catalogue().map(|catalogue| (catalogue, needed)),
        }
    })
}

/// The registers in an order in which each comes after those to which it must lead, and as far as may be after those to which it may.
pub(super) fn in_order(declared: &BTreeMap<String, Declared>) -> Vec<String> {
    let reach: BTreeMap<&str, Vec<&str>> = declared
        .keys()
        .map(|register| (register.as_str(), reached(declared, register)))
        .collect();
    let mut order = Vec::new();
    let mut open = Vec::new();
    for register in declared.keys() {
        visit(declared, &reach, register, &mut open, &mut order);
    }
    order
}

fn reached<'d>(declared: &'d BTreeMap<String, Declared>, from: &str) -> Vec<&'d str> {
    let mut found: Vec<&str> = Vec::new();
    let mut next: Vec<&str> = declared
        .get(from)
        .map(|own| targets(&own.definition))
        .into_iter()
        .flatten()
        .map(|(to, _)| to)
        .collect();
    while let Some(register) = next.pop() {
        if found.contains(&register) {
            continue;
        }
        if let Some((key, own)) = declared.get_key_value(register) {
            found.push(key);
            next.extend(targets(&own.definition).map(|(to, _)| to));
        }
    }
    found
}

fn visit<'d>(
    declared: &'d BTreeMap<String, Declared>,
    reach: &BTreeMap<&str, Vec<&str>>,
    register: &'d str,
    open: &mut Vec<&'d str>,
    order: &mut Vec<String>,
) {
    if open.contains(&register) || order.iter().any(|done| done == register) {
        return;
    }
    open.push(register);
    for (target, needed) in declared
        .get(register)
        .map(|own| targets(&own.definition))
        .into_iter()
        .flatten()
    {
        // In a circle only what must be there comes first.
        let circle = reach.get(target).is_some_and(|back| back.contains(&register));
        if needed || !circle {
            visit(declared, reach, target, open, order);
        }
    }
    open.pop();
    if declared.contains_key(register) {
        order.push(register.to_owned());
    }
}
