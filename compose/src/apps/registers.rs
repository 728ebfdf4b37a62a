//! Registers of all systems together: each is read by itself, then it is held against the others and against the province.

use std::collections::{BTreeMap, BTreeSet};

use registry::OWN_APP;
use registry::definition::{FieldDefinition, Readers, RecordDefinition, Share};
use schema::field::Condition;
use schema::{Position, Problems, nearest};

use super::records::{self, Records, World};
use super::{Register, Sources};
use crate::province;

const FOLDER: &str = "registry/";
const DECLARATION: &str = ".record.yaml";
const RECORDS: &str = ".records.csv";
/// Rows of the document that registers name as their source (`shared.21`), with the registers that list those rows.
pub const DOCUMENT_LISTS: [(&str, &str); 2] = [("shared", "shared_database"), ("sector", "sector_database")];

/// Registers by system and key.
pub(super) type Found = BTreeMap<String, BTreeMap<String, Register>>;

/// A declaration with the files that it comes from.
struct Declared<'a> {
    app: &'a str,
    label: String,
    text: &'a str,
    definition: RecordDefinition,
    /// Label and content of the file with its records.
    records: Option<(String, Records)>,
}

impl Declared<'_> {
    /// The line on which something stands, as far as that can be told from the text.
    fn line(&self, parts: &[&str]) -> Position {
        let found = self
            .text
            .lines()
            .position(|line| parts.iter().all(|part| line.contains(part)));
        Position::new(self.label.as_str(), found.map_or(1, |line| line + 1), 1)
    }

    fn field(&self, field: &FieldDefinition, named: &str) -> Position {
        // What a field leads to stands below its key, or beside it.
        let head = format!("field: {}", field.field);
        let lines: Vec<&str> = self.text.lines().collect();
        let begins = lines.iter().position(|line| {
            let rest = line.split_once(&head).map(|(_, rest)| rest);
            rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_'))
        });
        let begins = begins.unwrap_or(0);
        let below = lines[begins..]
            .iter()
            .position(|line| line.contains(named))
            .unwrap_or(0);
        Position::new(self.label.as_str(), begins + below + 1, 1)
    }
}

/// Reads the registers of all systems with everything that is wrong with them.
pub(super) fn read(sources: &Sources, problems: &mut Problems) -> Found {
    let mut declared = Vec::new();
    for (app, files) in &sources.apps {
        for (file, text) in files {
            let (Some(name), Some(text)) = (name_of(file, DECLARATION), text) else {
                continue;
            };
            let label = format!("{app}/{file}");
            let Some(definition) = RecordDefinition::read(&label, text, problems) else {
                continue;
            };
            if definition.record != name {
                let message = format!("the file declares \"{}\" and must be named after it", definition.record);
                problems.in_file(&label, "compose.file_name", message);
            }
            let beside = format!("{FOLDER}{name}{RECORDS}");
            let records = files.get(&beside).and_then(Option::as_ref).map(|text| {
                let label = format!("{app}/{beside}");
                let records = records::parse(&label, text, &definition, problems);
                (label, records)
            });
            declared.push(Declared {
                app,
                label,
                text,
                definition,
                records,
            });
        }
        for file in files.keys() {
            let alone =
                name_of(file, RECORDS).filter(|name| !files.contains_key(&format!("{FOLDER}{name}{DECLARATION}")));
            if let Some(name) = alone {
                let message = format!("{FOLDER}{name}{DECLARATION} is missing");
                problems.in_file(&format!("{app}/{file}"), "compose.no_register", message);
            }
        }
    }
    if sources.apps.contains_key(OWN_APP) {
        let message = format!("\"{OWN_APP}\" is the key of the registers that administrators make in the browser");
        problems.in_file(&format!("{OWN_APP}/app.toml"), "compose.app_key", message);
    }
    together(&declared, problems);
    let mut found = Found::new();
    for one in declared {
        let register = Register {
            records: one.records.map(|(_, records)| records),
            definition: one.definition,
        };
        let of_app = found.entry(one.app.to_owned()).or_default();
        of_app.insert(register.definition.record.clone(), register);
    }
    found
}

/// The name of a file `registry/<name><ending>`.
fn name_of<'f>(file: &'f str, ending: &str) -> Option<&'f str> {
    let name = file.strip_prefix(FOLDER)?.strip_suffix(ending)?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

fn together(declared: &[Declared<'_>], problems: &mut Problems) {
    let mut by_key: BTreeMap<&str, Vec<&Declared<'_>>> = BTreeMap::new();
    for one in declared.iter() {
        by_key.entry(&one.definition.record).or_default().push(one);
    }
    for (key, all) in by_key.iter().filter(|(_, all)| all.len() > 1) {
        for one in all {
            let others: Vec<&str> = all
                .iter()
                .filter(|other| other.label != one.label)
                .map(|other| other.label.as_str())
                .collect();
            let message = format!("the register \"{key}\" is declared in {} too", others.join(", "));
            problems.at_position(&one.line(&["record:"]), "compose.register_twice", message);
        }
    }
    for one in declared.iter() {
        references(one, &by_key, problems);
        sources(one, &by_key, problems);
    }
    let Ok(organisations) = province::agency_codes() else {
        return;
    };
    for one in declared.iter() {
        agencies(one, &organisations, problems);
    }
    let codes: BTreeSet<String> = organisations.into_keys().collect();
    beside(declared, codes, problems);
}

/// Links lead to registers that are declared, choices come from catalogues.
fn references(one: &Declared<'_>, by_key: &BTreeMap<&str, Vec<&Declared<'_>>>, problems: &mut Problems) {
    for field in &one.definition.fields {
        let (named, is_catalogue) = match (field.links_to(), field.catalogue()) {
            (Some(to), _) => (to, false),
            (None, Some(catalogue)) => (catalogue, true),
            (None, None) => continue,
        };
        let place = || one.field(field, named);
        match by_key.get(named).and_then(|all| all.first()) {
            None => {
                let near = nearest(named, by_key.keys().copied()).map(str::to_owned);
                let message = format!(
                    "\"{}\" leads to the register \"{named}\", which no system declares",
                    field.field
                );
                let problem = problems.at_position(&place(), "compose.no_register", message);
                if let Some(near) = near {
                    problem.hint(format!("did you mean \"{near}\"?"));
                }
            }
            Some(other) if is_catalogue && !other.definition.catalogue => {
                let message = format!(
                    "\"{}\" takes its choices from \"{named}\", which is no catalogue",
                    field.field
                );
                problems
                    .at_position(&place(), "compose.no_catalogue", message)
                    .hint(format!("catalogue: true in {}, or type: link here", other.label));
            }
            Some(other) => out_of_reach(one, field, other, problems),
        }
    }
}

/// Whoever enters a record must be able to find the one that it leads to: the owner always, the others who enter where the link must be there.
/// What they may leave out the owner adds.
fn out_of_reach(one: &Declared<'_>, field: &FieldDefinition, to: &Declared<'_>, problems: &mut Problems) {
    let target = &to.definition;
    if field.links_to().is_none() || target.readers != Readers::Owner {
        return;
    }
    let own = &one.definition;
    let named = |share: &Share| {
        let has = |field: &String| share.fields.is_empty() || share.fields.contains(field);
        share.with.contains(&own.owner) && has(&target.title) && target.key.iter().all(has)
    };
    if own.owner != target.owner && !target.shared.iter().any(named) {
        let message = format!(
            "{} answers for this register and does not read \"{}\", to which \"{}\" leads: nobody could choose a record",
            own.owner, target.record, field.field
        );
        problems
            .at_position(&one.field(field, &target.record), "compose.link_unread", message)
            .hint(format!("share its title and key with {} in {}", own.owner, to.label));
    }
    let blind = own.enters.iter().any(|level| !target.enters.contains(level));
    if blind && matches!(field.required, Condition::Always) {
        let message = format!(
            "those who enter here (enters) do not read \"{}\", to which \"{}\" leads and which is required: they could enter nothing",
            target.record, field.field
        );
        problems
            .at_position(&one.field(field, &target.record), "compose.link_unread", message)
            .hint(format!(
                "leave out required: true here, or declare the same enters in {}",
                to.label
            ));
    }
}

/// A row of the document that is named must be there, where the systems list its rows.
fn sources(one: &Declared<'_>, by_key: &BTreeMap<&str, Vec<&Declared<'_>>>, problems: &mut Problems) {
    for source in &one.definition.sources {
        let Some((list, number)) = source.split_once('.') else {
            continue;
        };
        let register = DOCUMENT_LISTS
            .iter()
            .find(|(name, _)| *name == list)
            .map(|(_, register)| *register);
        let listed = register.and_then(|key| by_key.get(key)?.first()?.records.as_ref());
        let known = match (register, listed) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(_), Some((_, records))) => records
                .rows
                .iter()
                .any(|row| row.fields.get("ordinal").and_then(|value| value.as_str()) == Some(number)),
        };
        if !known {
            let message = format!("the document has no row \"{source}\"");
            problems.at_position(&one.line(&["sources:"]), "compose.no_source", message);
        }
    }
}

/// Whoever answers, and whoever reads more than others, is one agency of the province.
fn agencies(one: &Declared<'_>, organisations: &BTreeMap<String, String>, problems: &mut Problems) {
    let mut unknown = |code: &str, place: Position| {
        let near = nearest(code, organisations.keys().map(String::as_str)).map(str::to_owned);
        let message =
            format!("\"{code}\" is no agency: organisations.csv of the province has no such single body with a code");
        let problem = problems.at_position(&place, "compose.no_agency", message);
        if let Some(near) = near {
            problem.hint(format!("did you mean \"{near}\"?"));
        }
    };
    let owner = &one.definition.owner;
    if !organisations.contains_key(owner) {
        unknown(owner, one.line(&["owner:", owner]));
    }
    let shared = one.definition.shared.iter().flat_map(|share| &share.with);
    for code in shared.filter(|code| !organisations.contains_key(*code)) {
        unknown(code, one.line(&["with:", code]));
    }
}

/// The records beside declarations.
fn beside(declared: &[Declared<'_>], organisations: BTreeSet<String>, problems: &mut Problems) {
    let mut world = World::new(province::ward_codes().unwrap_or_default(), organisations);
    let mut with_records = BTreeMap::new();
    for one in declared.iter() {
        if let Some((_, records)) = &one.records {
            world.learn(&one.definition, records);
            with_records.insert(one.definition.record.as_str(), (&one.definition, records));
        }
    }
    for one in declared.iter() {
        if let Some((label, records)) = &one.records {
            records::check(label, &one.definition, records, &mut world, problems);
        }
    }
    if let Err(circle) = records::ordered(&with_records) {
        let message = format!(
            "these rows lead to each other, so that none can come first: {}",
            circle.join(", ")
        );
        for one in declared
            .iter()
            .filter(|one| circle.contains(&one.definition.record.as_str()))
        {
            if let Some((label, _)) = &one.records {
                problems.in_file(label, "compose.records_circle", message.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests;
