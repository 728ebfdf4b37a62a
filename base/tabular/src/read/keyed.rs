//! Records with keys: JSON, JSON Lines, GeoJSON. The headings are the keys of the first records.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    io::Read,
};

use kernel::Fault;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use super::{
    Broken, Limits, Row, Rows,
    decoded::Decoded,
    elements::{Carved, Elements, Lines, json as broken_json},
};
use crate::{Cell, GEOMETRY, cell, fault};

/// How many records give the headings.
const LOOKED_AT: usize = 100;
/// So many bytes of them at most are held.
const HELD: usize = 16 << 20;

/// A record: its number, its cells by key, and how long it was.
struct Keyed {
    number: u64,
    cells: Vec<(String, Cell)>,
    length: usize,
}

pub(super) fn json(source: impl Read + Send + 'static, limits: &Limits) -> Result<Rows, Broken> {
    rows(elements(source, "records", limits, flat)?, limits)
}

pub(super) fn features(source: impl Read + Send + 'static, limits: &Limits) -> Result<Rows, Broken> {
    let mut rows = rows(elements(source, "features", limits, feature)?, limits)?;
    rows.geometry = rows.headings.iter().position(|heading| heading == GEOMETRY);
    Ok(rows)
}

pub(super) fn lines(source: impl Read + Send + 'static, limits: &Limits) -> Result<Rows, Broken> {
    let text = Decoded::new(source).map_err(|error| Broken::end(0, fault::storage(error)))?;
    let (mut lines, limits_of_lines) = (Lines::new(text), limits.clone());
    let next = move || {
        loop {
            let carved = match lines.next(limits_of_lines.row) {
                Ok(carved) => carved?,
                Err(error) => return Some(Err(Broken::end(lines.number + 1, fault::storage(error)))),
            };
            match carved {
                Carved::Element(line) if line.trim_ascii().is_empty() => {}
                carved => return Some(keyed(carved, lines.number, &limits_of_lines, flat)),
            }
        }
    };
    rows(std::iter::from_fn(next), limits)
}

/// Makes cells of one object.
type Decode = fn(&[u8], &Limits) -> Result<Vec<(String, Cell)>, Fault>;

fn elements<R: Read + Send + 'static>(
    source: R,
    key: &str,
    limits: &Limits,
    read: Decode,
) -> Result<impl Iterator<Item = Result<Keyed, Broken>> + Send + use<R>, Broken> {
    let whole = |fault: Fault| Broken::end(0, fault);
    let text = Decoded::new(source).map_err(|error| whole(fault::storage(error)))?;
    let mut elements = Elements::open(text, key).map_err(whole)?;
    let limits = limits.clone();
    let mut number = 0;
    Ok(std::iter::from_fn(move || {
        number += 1;
        match elements.next(limits.row) {
            Ok(carved) => Some(keyed(carved?, number, &limits, read)),
            Err(fault) => Some(Err(Broken::end(number, fault))),
        }
    }))
}

fn keyed(carved: Carved, number: u64, limits: &Limits, read: Decode) -> Result<Keyed, Broken> {
    let Carved::Element(text) = carved else {
        return Err(Broken::row(number, fault::row_too_long(limits.row)));
    };
    match read(&text, limits) {
        Ok(cells) => Ok(Keyed {
            number,
            cells,
            length: text.len(),
        }),
        Err(fault) => Err(Broken::row(number, fault)),
    }
}

/// Looks at the first records for their keys, then hands them and all others out.
fn rows(
    mut source: impl Iterator<Item = Result<Keyed, Broken>> + Send + 'static,
    limits: &Limits,
) -> Result<Rows, Broken> {
    let (mut headings, mut columns) = (Vec::new(), HashMap::new());
    let (mut first, mut held) = (VecDeque::new(), 0);
    while first.len() < LOOKED_AT && held < HELD {
        let Some(item) = source.next() else { break };
        let ends = matches!(&item, Err(broken) if broken.ends);
        if let Ok(keyed) = &item {
            held += keyed.length;
            for (key, _) in &keyed.cells {
                if !columns.contains_key(key) {
                    columns.insert(key.clone(), headings.len());
                    headings.push(key.clone());
                }
            }
            if headings.len() > limits.columns {
                return Err(Broken::end(keyed.number, fault::too_many_columns(limits)));
            }
        }
        first.push_back(item);
        if ends {
            break;
        }
    }
    if headings.is_empty() {
        // Nothing to say about rows without a column: the first fault, if there is one, says more.
        let fault = first.into_iter().find_map(Result::err);
        return Err(match fault {
            Some(broken) => Broken { ends: true, ..broken },
            None => Broken::end(0, Fault::invalid(fault::EMPTY)),
        });
    }
    // The geometry stands last, behind the properties.
    if let Some(index) = headings.iter().position(|heading| heading == GEOMETRY) {
        let geometry = headings.remove(index);
        headings.push(geometry);
        columns = headings
            .iter()
            .cloned()
            .enumerate()
            .map(|(index, heading)| (heading, index))
            .collect();
    }
    let rows = std::iter::from_fn(move || {
        let keyed = match first.pop_front().or_else(|| source.next())? {
            Ok(keyed) => keyed,
            Err(broken) => return Some(Err(broken)),
        };
        let mut cells = vec![Cell::Empty; columns.len()];
        for (key, cell) in keyed.cells {
            match columns.get(&key) {
                Some(index) => cells[*index] = cell,
                None => {
                    let fault = Fault::invalid(fault::UNKNOWN_KEY).with("key", key);
                    return Some(Err(Broken::row(keyed.number, fault)));
                }
            }
        }
        Some(Ok(Row {
            number: keyed.number,
            cells,
        }))
    });
    Ok(Rows::new(headings, Box::new(rows), limits))
}

/// The members of an object in their order, their values as they are written: numbers lose no digit.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

fn members(text: &[u8]) -> Result<Members<'_>, Fault> {
    if !text.trim_ascii_start().starts_with(b"{") {
        return Err(Fault::invalid(fault::NOT_AN_OBJECT));
    }
    let text = std::str::from_utf8(text).map_err(|_| Fault::invalid(fault::JSON))?;
    serde_json::from_str(text).map_err(broken_json)
}

/// A flat object.
fn flat(text: &[u8], limits: &Limits) -> Result<Vec<(String, Cell)>, Fault> {
    cells(members(text)?, limits)
}

/// A feature: its properties, its `id` where no property has this name, its geometry.
fn feature(text: &[u8], limits: &Limits) -> Result<Vec<(String, Cell)>, Fault> {
    let members = members(text)?.0;
    let member = |name: &str| members.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
    let mut all = match member("properties") {
        Some(properties) if properties.get() != "null" => flat(properties.get().as_bytes(), limits)?,
        _ => Vec::new(),
    };
    if let Some(id) = member("id")
        && !all.iter().any(|(key, _)| key == "id")
    {
        all.insert(0, ("id".to_owned(), value("id", id, limits)?));
    }
    if all.iter().any(|(key, _)| key == GEOMETRY) {
        return Err(Fault::invalid(fault::KEY_TWICE).with("key", GEOMETRY));
    }
    let geometry = match member("geometry") {
        Some(geometry) => value(GEOMETRY, geometry, limits)?,
        None => return Err(Fault::invalid(fault::GEOMETRY)),
    };
    if !matches!(geometry, Cell::Empty | Cell::Json(Value::Object(_))) {
        return Err(Fault::invalid(fault::GEOMETRY));
    }
    all.push((GEOMETRY.to_owned(), geometry));
    Ok(all)
}

fn cells(members: Members<'_>, limits: &Limits) -> Result<Vec<(String, Cell)>, Fault> {
    if members.0.len() > limits.columns {
        return Err(fault::too_many_columns(limits));
    }
    let mut cells: Vec<(String, Cell)> = Vec::with_capacity(members.0.len());
    let mut seen = std::collections::HashSet::new();
    for (key, raw) in members.0 {
        let key = cell::clean(&key);
        if !seen.insert(key.clone()) {
            return Err(Fault::invalid(fault::KEY_TWICE).with("key", key));
        }
        let cell = value(&key, raw, limits)?;
        cells.push((key, cell));
    }
    Ok(cells)
}

fn value(key: &str, raw: &RawValue, limits: &Limits) -> Result<Cell, Fault> {
    let text = raw.get();
    Ok(match text.as_bytes().first() {
        Some(b'"') => {
            let text: String = serde_json::from_str(text).map_err(broken_json)?;
            if text.len() > limits.cell && text.chars().count() > limits.cell {
                return Err(fault::cell_too_long(key, limits.cell));
            }
            Cell::of_text(&text)
        }
        Some(b't') => Cell::Boolean(true),
        Some(b'f') => Cell::Boolean(false),
        Some(b'n') | None => Cell::Empty,
        Some(b'[' | b'{') => Cell::Json(cell::compose(serde_json::from_str(text).map_err(broken_json)?)),
        // More digits than a decimal holds stay what they are, as text.
        Some(_) => cell::exact(text).map_or_else(|| Cell::of_text(text), Cell::Number),
    })
}
