//! Records that are published with a register (`registry/<key>.records.csv`): the rows of a catalogue, of a table of the document.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, TimeZone as _, Utc};
use kernel::FieldFault;
use registry::definition::{Kind, LinkTarget, RecordDefinition};
use registry::{Ground, read_row};
use schema::{Position, Problems, nearest};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The heading of the first day on which a row holds.
const FROM: &str = "valid_from";
/// The heading of its last day.
const TO: &str = "valid_to";

/// Records that lie beside the declaration of a register.
#[derive(Debug, Clone, PartialEq)]
pub struct Records {
    /// SHA-256 of the file, as hex.
    pub digest: String,
    /// In the order of the file.
    pub rows: Vec<Row>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its line in the file.
    pub line: u64,
    /// By field, as it was written; what is empty is left out.
    pub fields: Map<String, Value>,
    /// The first day on which it holds.
    pub from: NaiveDate,
    /// The last day on which it holds.
    pub to: Option<NaiveDate>,
}

/// The day from which rows hold that name none.
fn usual_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2020, 1, 1).unwrap_or_default()
}

/// Takes the file apart; every row that can be read comes back.
pub(super) fn parse(label: &str, text: &str, definition: &RecordDefinition, problems: &mut Problems) -> Records {
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let mut lines = reader.records();
    let mut rows = Vec::new();
    let head = match lines.next() {
        Some(Ok(head)) => head,
        Some(Err(error)) => {
            problems.in_file(label, "compose.no_csv", error.to_string());
            return Records { digest, rows };
        }
        None => {
            problems.in_file(label, "compose.no_csv", "the file is empty");
            return Records { digest, rows };
        }
    };
    headings(label, &head, definition, problems);
    for line in lines {
        match line {
            Ok(cells) => rows.extend(row(label, &head, &cells, problems)),
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                problems.at_position(&at(label, line), "compose.no_csv", error.to_string());
            }
        }
    }
    Records { digest, rows }
}

fn at(label: &str, line: u64) -> Position {
    Position::new(label, usize::try_from(line).unwrap_or(1), 1)
}

fn headings(label: &str, head: &csv::StringRecord, definition: &RecordDefinition, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for name in head {
        if !seen.insert(name) {
            problems.in_file(label, "compose.heading", format!("the heading \"{name}\" stands twice"));
        }
        if name == FROM || name == TO || definition.field(name).is_some_and(|field| !field.is_computed()) {
            continue;
        }
        let fields = definition.fields.iter().map(|field| field.field.as_str());
        let near = nearest(name, fields).map(str::to_owned);
        let problem = problems.in_file(
            label,
            "compose.heading",
            format!("the heading \"{name}\" is no field that is entered"),
        );
        if let Some(near) = near {
            problem.hint(format!("did you mean \"{near}\"?"));
        }
    }
}

fn row(label: &str, head: &csv::StringRecord, cells: &csv::StringRecord, problems: &mut Problems) -> Option<Row> {
    let line = cells.position().map_or(1, csv::Position::line);
    let mut fields = Map::new();
    let (mut from, mut to, mut sound) = (usual_day(), None, true);
    for (name, cell) in head.iter().zip(cells) {
        if cell.trim().is_empty() {
            continue;
        }
        if name != FROM && name != TO {
            fields.insert(name.to_owned(), cell.into());
            continue;
        }
        match cell.trim().parse::<NaiveDate>() {
            Ok(day) if name == FROM => from = day,
            Ok(day) => to = Some(day),
            Err(_) => {
                sound = false;
                let message = format!("\"{name}\" is a day such as 2025-07-01, not \"{cell}\"");
                problems.at_position(&at(label, line), "compose.record", message);
            }
        }
    }
    if to.is_some_and(|to| to < from) {
        let message = "the row ends before it begins";
        problems.at_position(&at(label, line), "compose.record", message);
    }
    sound.then_some(Row { line, fields, from, to })
}

/// What rows of all systems are judged against.
#[derive(Debug, Default)]
pub(super) struct World {
    /// Wards, and the codes of catalogues with their names.
    ground: Ground,
    /// What records of other registers are found by.
    keys: BTreeMap<String, HashSet<String>>,
    /// Codes of organisations that are agencies.
    organisations: BTreeSet<String>,
}

impl World {
    /// With the wards of the province and its organisations.
    pub(super) fn new(wards: impl IntoIterator<Item = String>, organisations: BTreeSet<String>) -> Self {
        let ground = Ground {
            // A ward of whatever day: what is on which day, the platform judges.
            areas: wards
                .into_iter()
                .map(|code| (code, vec![(NaiveDate::MIN, None)]))
                .collect(),
            ..Ground::default()
        };
        Self {
            ground,
            organisations,
            ..Self::default()
        }
    }

    /// Learns what the rows of a register are found by.
    pub(super) fn learn(&mut self, definition: &RecordDefinition, records: &Records) {
        let cell = |row: &Row, field: &str| {
            let text = row.fields.get(field).and_then(Value::as_str).unwrap_or_default();
            text.trim().to_owned()
        };
        if let [key] = definition.key.as_slice() {
            let keys = records.rows.iter().map(|row| cell(row, key)).collect();
            self.keys.insert(definition.record.clone(), keys);
        }
        if definition.catalogue {
            let codes: HashMap<String, String> = records
                .rows
                .iter()
                .map(|row| (cell(row, "code"), cell(row, "name")))
                .collect();
            self.ground.catalogues.insert(definition.record.clone(), codes);
        }
    }

    /// Everything that is wrong with a row. It is judged on its own first day and on one far away: what is said about days (an option that has
    /// ended, a date that must lie in the past) is a fault only where it is one on both. What is sound once stays so.
    fn faults(&mut self, definition: &RecordDefinition, row: &Row) -> (Map<String, Value>, Vec<FieldFault>) {
        let mut on = |now: DateTime<Utc>| {
            self.ground.now = now;
            read_row(definition, &row.fields, &self.ground, kernel::local_date(now))
        };
        let then = on(midday(row.from));
        if then.faults.is_empty() {
            return (then.values, Vec::new());
        }
        let late = on(midday(NaiveDate::from_ymd_opt(2100, 1, 1).unwrap_or_default()));
        let both = |fault: &FieldFault| {
            let same = |own: &FieldFault| own.field == fault.field && own.code == fault.code;
            late.faults.iter().any(same)
        };
        let faults = then.faults.into_iter().filter(both).collect();
        (late.values, faults)
    }
}

fn midday(day: NaiveDate) -> DateTime<Utc> {
    Utc.from_utc_datetime(&day.and_hms_opt(5, 0, 0).unwrap_or_default())
}

/// Reports every row that would not be taken over.
pub(super) fn check(
    label: &str,
    definition: &RecordDefinition,
    records: &Records,
    world: &mut World,
    problems: &mut Problems,
) {
    let mut once: BTreeMap<&str, HashSet<String>> = BTreeMap::new();
    let mut keys: HashSet<Vec<String>> = HashSet::new();
    for row in &records.rows {
        let place = at(label, row.line);
        let (values, faults) = world.faults(definition, row);
        for fault in faults {
            problems.at_position(&place, "compose.record", told(row, &fault));
        }
        let written = |field: &str| values.get(field).map(ToString::to_string).unwrap_or_default();
        let key: Vec<String> = definition.key.iter().map(|field| written(field)).collect();
        if !keys.insert(key) {
            let message = format!("another row has the same key: {}", definition.key.join(", "));
            problems.at_position(&place, "compose.record", message);
        }
        for field in &definition.fields {
            let name = field.field.as_str();
            if field.unique
                && definition.key != [name]
                && values.contains_key(name)
                && !once.entry(name).or_default().insert(written(name))
            {
                let message = format!("another row has the same \"{name}\"");
                problems.at_position(&place, "compose.record", message);
            }
            let Kind::Link(target) = &field.kind else { continue };
            let Some(named) = values.get(name).and_then(Value::as_str) else {
                continue;
            };
            let (found, of) = match target {
                LinkTarget::Agency => (world.organisations.contains(named), "organisations.csv with an agency"),
                LinkTarget::Register(to) => {
                    let keys = world.keys.get(to);
                    (
                        keys.is_some_and(|keys| keys.contains(named)),
                        "the .records.csv of that register",
                    )
                }
            };
            if !found {
                let message = format!("\"{name}\" names \"{named}\", which is not in {of}");
                problems.at_position(&place, "compose.record", message);
            }
        }
    }
}

fn told(row: &Row, fault: &FieldFault) -> String {
    let cell = row.fields.get(&fault.field).and_then(Value::as_str).unwrap_or_default();
    let why = match fault.params.get("own_en") {
        Some(own) => own.clone(),
        None => fault.code.clone(),
    };
    format!("\"{}\" is \"{cell}\": {why}", fault.field)
}

/// Registers by key with their records, so that those to which others lead come first. Fails with the keys of those that lead to each other, or to
/// themselves.
pub(super) fn ordered<'a>(
    registers: &BTreeMap<&'a str, (&'a RecordDefinition, &'a Records)>,
) -> Result<Vec<&'a str>, Vec<&'a str>> {
    let mut waits: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (key, (definition, records)) in registers {
        let used = definition.fields.iter().filter_map(|field| {
            let target = field.links_to().or_else(|| field.catalogue())?;
            let filled = records.rows.iter().any(|row| row.fields.contains_key(&field.field));
            (filled && registers.contains_key(target)).then_some(target)
        });
        waits.insert(*key, used.collect());
    }
    let mut order: Vec<&'a str> = Vec::with_capacity(registers.len());
    loop {
        let ready: Vec<&'a str> = registers
            .keys()
            .filter(|key| waits.get(**key).is_some_and(BTreeSet::is_empty))
            .copied()
            .collect();
        if ready.is_empty() {
            break;
        }
        for key in &ready {
            waits.remove(key);
        }
        for targets in waits.values_mut() {
            targets.retain(|target| !ready.contains(target));
        }
        order.extend(ready);
    }
    match waits.is_empty() {
        true => Ok(order),
        false => Err(registers
            .keys()
            .filter(|key| waits.contains_key(**key))
            .copied()
            .collect()),
    }
}
