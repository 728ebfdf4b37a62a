//! From what was sent or typed to values that may be kept, with every fault of a record at once. Pure.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, SubsecRound, Utc};
use kernel::text::{clean_line, clean_text};
use kernel::{FieldFault, PersonalNumber};
use schema::feel::{Expression, Scope, Value as Feel};
use schema::field::{Broken, Condition, FieldKind, number, read_choices, read_text};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Values;
use crate::definition::{Column, FieldDefinition, Gives, Kind, OptionWords, RecordDefinition, Shape};

/// The most positions of a line or ring: more is no parcel but a mistake.
const MOST_POSITIONS: usize = 20_000;

/// What values are judged against.
#[derive(Debug, Clone, Default)]
pub struct Ground {
    /// The moment.
    pub now: DateTime<Utc>,
    /// Codes of wards with the days on which they mean something.
    pub areas: HashMap<String, Vec<(NaiveDate, Option<NaiveDate>)>>,
    /// Codes of the wards of today by their names in small letters; nothing where several have one name.
    pub area_names: HashMap<String, Option<String>>,
    /// Codes that the catalogues hold on the day, with their names.
    pub catalogues: BTreeMap<String, HashMap<String, String>>,
    /// The other way round, by catalogue; made when first asked. Nothing where several have one name.
    pub names: OnceLock<BTreeMap<String, HashMap<String, Option<String>>>>,
}

impl Ground {
    /// The day in Vietnam.
    pub fn today(&self) -> NaiveDate {
        kernel::local_date(self.now)
    }

    /// Whether there is such a ward on a day.
    fn has_area(&self, code: &str, day: NaiveDate) -> bool {
        self.areas.get(code).is_some_and(|all| {
            all.iter()
                .any(|(from, to)| *from <= day && to.is_none_or(|to| day <= to))
        })
    }

    /// The ward with this name, if no other has it.
    fn area_named(&self, name: &str) -> Option<&String> {
        self.area_names.get(&name.to_lowercase())?.as_ref()
    }

    /// The code of a catalogue with exactly this name, if no other has it.
    fn code_named(&self, catalogue: &str, name: &str) -> Option<&String> {
        let names = self.names.get_or_init(|| {
            let each = self.catalogues.iter();
            each.map(|(catalogue, codes)| (catalogue.clone(), by_name(codes)))
                .collect()
        });
        names.get(catalogue)?.get(name)?.as_ref()
    }
}

/// Codes by what each alone is called.
fn by_name(codes: &HashMap<String, String>) -> HashMap<String, Option<String>> {
    let mut names = HashMap::new();
    for (code, name) in codes {
        names
            .entry(clean_line(name))
            .and_modify(|known| *known = None)
            .or_insert_with(|| Some(code.clone()));
    }
    names
}

/// What reading gave.
#[derive(Debug, Default)]
pub struct Reading {
    /// What was understood. Links are as they were named: an identifier, or the key of the record.
    pub values: Values,
    /// What was not, in the order of the fields, then of the rules.
    pub faults: Vec<FieldFault>,
}

/// Reads what was given by field, for what holds from a day on: wards and choices are those of that day. A field that is not named is empty.
pub fn read(definition: &RecordDefinition, given: &Map<String, Value>, ground: &Ground, day: NaiveDate) -> Reading {
    let mut reading = Reading::default();
    let mut broken = BTreeSet::new();
    let mut known = 0;
    for field in definition.fields.iter().filter(|field| !field.is_computed()) {
        let Some(value) = given.get(&field.field) else {
            continue;
        };
        known += 1;
        match read_one(field, value, ground, day) {
            Ok(None) => {}
            Ok(Some(Value::String(text))) if tells_apart(definition, field) && strange(&text).is_some() => {
                broken.insert(field.field.as_str());
                let letter = strange(&text).map(String::from).unwrap_or_default();
                reading
                    .faults
                    .push(fault(&field.field, Broken::new("look_alike").with("letter", letter)));
            }
            Ok(Some(value)) => {
                reading.values.insert(field.field.clone(), value);
            }
            Err(why) => {
                broken.insert(field.field.as_str());
                reading.faults.push(fault(&field.field, why));
            }
        }
    }
    if known < given.len() {
        for name in given.keys() {
            let field = definition.field(name);
            if field.is_none_or(FieldDefinition::is_computed) {
                let rule = if field.is_some() { "computed" } else { "unknown" };
                reading.faults.push(fault(name, Broken::new(rule)));
            }
        }
    }
    complete(definition, &mut reading, &broken, ground);
    reading
}

/// Whether a text of this field tells one record from another: two that look the same must be the same.
fn tells_apart(definition: &RecordDefinition, field: &FieldDefinition) -> bool {
    (field.unique || definition.key.contains(&field.field))
        && matches!(
            field.kind,
            Kind::Plain(FieldKind::Text { .. } | FieldKind::LongText { .. })
        )
}

/// The first sign that is none of ours but may look like one, or like nothing at all: Cyrillic `С`, Greek `Α`, `Ð` of Iceland for `Đ`, full width `Ａ`,
/// dashes other than that of the keyboard, marks that stand over a letter or choose its shape.
fn strange(text: &str) -> Option<char> {
    text.chars().filter(|sign| !sign.is_ascii()).find(|letter| {
        let ours = matches!(
            letter,
            '0'..='9' | 'a'..='z' | 'A'..='Z'
                | '\u{c0}'..='\u{24f}'      // Latin with marks
                | '\u{1e00}'..='\u{1eff}' // and with two
                | '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{bc}'..='\u{be}' // m², ½
        );
        !ours || matches!(letter, '\u{d0}' | '\u{f0}' | '\u{131}' | '\u{189}')
    })
}

/// The values of a record with what follows from them computed anew.
pub(crate) fn derived(definition: &RecordDefinition, values: &Values, now: DateTime<Utc>) -> Values {
    let mut values = values.clone();
    values.retain(|key, _| definition.field(key).is_some_and(|field| !field.is_computed()));
    let mut scope = scope(definition, &values, now);
    compute(definition, &mut values, &mut scope);
    values
}

pub(super) fn compute(definition: &RecordDefinition, values: &mut Values, scope: &mut Scope) {
    for field in &definition.fields {
        if let Kind::Computed { value, gives } = &field.kind {
            let computed = result(*gives, &value.evaluate(scope));
            scope.set(field.field.clone(), to_feel(field, &computed));
            if !computed.is_null() {
                values.insert(field.field.clone(), computed);
            }
        }
    }
}

/// What follows from the values: computed fields, what is missing, the rules across fields.
fn complete(definition: &RecordDefinition, reading: &mut Reading, broken: &BTreeSet<&str>, ground: &Ground) {
    let mut scope = scope(definition, &reading.values, ground.now);
    compute(definition, &mut reading.values, &mut scope);
    for field in definition.fields.iter().filter(|field| !field.is_computed()) {
        let missing = !reading.values.contains_key(&field.field) && !broken.contains(field.field.as_str());
        if missing && is_required(&field.required, &scope) {
            reading.faults.push(fault(&field.field, Broken::new("required")));
        }
    }
    for rule in definition.rules.iter().filter(|rule| !rule.warn) {
        if breaks(&rule.that, &scope) && !broken.contains(rule.field.as_str()) {
            reading.faults.push(
                FieldFault::new(&rule.field, "registry.field.rule")
                    .with("rule", &rule.rule)
                    .with("own_vi", &rule.words.vi)
                    .with("own_en", &rule.words.en),
            );
        }
    }
}

/// Whether a condition is surely false; what is not known breaks nothing.
pub(crate) fn breaks(that: &Expression, scope: &Scope) -> bool {
    that.evaluate(scope) == Feel::Boolean(false)
}

/// Whether a field must be there; unknown counts as no.
pub(crate) fn is_required(required: &Condition, scope: &Scope) -> bool {
    match required {
        Condition::Always => true,
        Condition::Never => false,
        Condition::When(expression) => expression.is_true(scope),
    }
}

/// What expressions see of a record: every field, with null where it is empty.
pub(crate) fn scope(definition: &RecordDefinition, values: &Values, now: DateTime<Utc>) -> Scope {
    let mut scope = Scope::new(now);
    for field in &definition.fields {
        let value = values.get(&field.field).unwrap_or(&Value::Null);
        scope.set(field.field.clone(), to_feel(field, value));
    }
    scope
}

fn to_feel(field: &FieldDefinition, value: &Value) -> Feel {
    let date = |value: &Value| {
        value
            .as_str()
            .and_then(|text| text.parse::<NaiveDate>().ok())
            .map_or(Feel::Null, Feel::Date)
    };
    match &field.kind {
        Kind::Plain(FieldKind::Date { .. }) | Kind::Computed { gives: Gives::Date, .. } => date(value),
        Kind::Moment => value
            .as_str()
            .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
            .map_or(Feel::Null, Feel::from),
        Kind::Period if !value.is_null() => {
            let part = |name: &str| date(value.get(name).unwrap_or(&Value::Null));
            Feel::Context([("from".to_owned(), part("from")), ("to".to_owned(), part("to"))].into())
        }
        _ => Feel::from(value),
    }
}

/// What a computed field keeps of a result; nothing where it is of another type.
fn result(gives: Gives, value: &Feel) -> Value {
    match (gives, value) {
        (Gives::Text, Feel::Text(_)) | (Gives::Number, Feel::Number(_)) | (Gives::YesNo, Feel::Boolean(_)) => {
            Value::from(value)
        }
        (Gives::Date, Feel::Date(day)) => day.to_string().into(),
        _ => Value::Null,
    }
}

pub(crate) fn fault(field: &str, why: Broken) -> FieldFault {
    let mut fault = FieldFault::new(field, format!("registry.field.{}", why.rule));
    let params = why.params.into_iter().map(|(key, value)| (key.to_owned(), value));
    fault.params.extend(params);
    fault
}

fn refuse<T>(rule: &'static str) -> Result<T, Broken> {
    Err(Broken::new(rule))
}

/// One value, as it may be on a day; `None` where it is empty.
pub(crate) fn read_one(
    field: &FieldDefinition,
    given: &Value,
    ground: &Ground,
    day: NaiveDate,
) -> Result<Option<Value>, Broken> {
    if is_empty(given) {
        return Ok(None);
    }
    let line = || text_of(given).map(|text| clean_line(&text)).ok_or(Broken::new("shape"));
    match &field.kind {
        Kind::Plain(FieldKind::Area) => {
            let code = line()?;
            if ground.has_area(&code, day) {
                return Ok(Some(code.into()));
            }
            match ground.area_named(&code) {
                Some(code) if ground.has_area(code, day) => Ok(Some(code.as_str().into())),
                _ => refuse("ward"),
            }
        }
        Kind::Plain(kind) => match kind.catalogue() {
            Some(catalogue) => {
                let code = line()?;
                let known = ground
                    .catalogues
                    .get(catalogue)
                    .is_some_and(|codes| codes.contains_key(&code));
                if known {
                    return Ok(Some(code.into()));
                }
                match ground.code_named(catalogue, &code) {
                    Some(code) => Ok(Some(code.as_str().into())),
                    None => refuse("option"),
                }
            }
            None => plain(kind, &field.options, given, (ground.today(), day)),
        },
        Kind::Moment => moment(&line()?).map(Some),
        Kind::Period => period(given).map(Some),
        Kind::Link(_) => Ok(Some(line()?.into())),
        Kind::Person => match PersonalNumber::parse(&line()?) {
            Ok(number) if number.is_plausible(ground.today()) => Ok(Some(number.as_str().into())),
            _ => refuse("personal_number"),
        },
        Kind::Geometry(shape) => geometry(*shape, given).map(Some),
        Kind::Rows { columns, most } => rows(columns, *most, given, (ground.today(), day)).map(Some),
        Kind::Computed { .. } => Ok(None),
        Kind::File { most } => files(*most, given).map(Some),
    }
}

fn is_empty(given: &Value) -> bool {
    match given {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// What a person would have typed for it.
fn text_of(given: &Value) -> Option<Cow<'_, str>> {
    match given {
        Value::String(text) => Some(text.into()),
        Value::Number(_) => number::from_json(given).map(|number| number::format(number).into()),
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.into()),
        _ => None,
    }
}

fn plain(
    kind: &FieldKind,
    options: &[OptionWords],
    given: &Value,
    (today, day): (NaiveDate, NaiveDate),
) -> Result<Option<Value>, Broken> {
    if let FieldKind::Choices { .. } = kind {
        return choices(kind, options, given, day);
    }
    let text = text_of(given).ok_or(Broken::new("shape"))?;
    let text = match kind {
        FieldKind::LongText { .. } => clean_text(&text),
        _ => clean_line(&text),
    };
    if text.is_empty() {
        return Ok(None);
    }
    let text = match kind {
        FieldKind::Choice { .. } => code_of(options, &text, day)?,
        FieldKind::YesNo => match text.to_lowercase().as_str() {
            "true" | "có" | "co" | "x" | "1" => "yes".to_owned(),
            "false" | "không" | "khong" | "0" => "no".to_owned(),
            _ => text,
        },
        _ => text,
    };
    read_text(kind, &text, today).map(Some)
}

/// The code of a choice that was given by its code or by its words; it must hold on the day.
fn code_of(options: &[OptionWords], text: &str, day: NaiveDate) -> Result<String, Broken> {
    let own: Vec<&OptionWords> = options.iter().filter(|option| option.code == text).collect();
    if own.is_empty() {
        let folded = kernel::text::fold(text);
        let by_words = options.iter().find(|option| {
            option.holds_on(day)
                && (kernel::text::fold(&option.words.vi) == folded || kernel::text::fold(&option.words.en) == folded)
        });
        return by_words.map(|option| option.code.clone()).ok_or(Broken::new("option"));
    }
    match own.iter().any(|option| option.holds_on(day)) {
        true => Ok(text.to_owned()),
        false => refuse("option_ended"),
    }
}

fn choices(kind: &FieldKind, options: &[OptionWords], given: &Value, day: NaiveDate) -> Result<Option<Value>, Broken> {
    let typed: Vec<String> = match given {
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(clean_line).ok_or(Broken::new("shape")))
            .collect::<Result<_, _>>()?,
        Value::String(text) => text.split(['|', ';']).map(clean_line).collect(),
        _ => return refuse("shape"),
    };
    let codes: Vec<String> = typed
        .iter()
        .filter(|text| !text.is_empty())
        .map(|text| code_of(options, text, day))
        .collect::<Result<_, _>>()?;
    if codes.is_empty() {
        return Ok(None);
    }
    let own: Vec<&str> = kind.own_options().iter().map(String::as_str).collect();
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    read_choices(&own, &codes).map(Some)
}

/// Whether a day lies in the years that dates are read in ([`kernel::parse_date`]): others are slips of the hand.
pub(crate) fn is_sound(day: NaiveDate) -> bool {
    (1800..=2200).contains(&day.year())
}

/// `2026-11-30T08:00:00+07:00`, or without an offset, which is the time of Vietnam; also `30/11/2026 08:00`.
fn moment(text: &str) -> Result<Value, Broken> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        if !is_sound(moment.date_naive()) {
            return refuse("moment");
        }
        // A record tells no parts of seconds: with them it would never be what was read back.
        return Ok(kernel::local(moment.to_utc().trunc_subsecs(0)).to_rfc3339().into());
    }
    let local = [
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
        "%d/%m/%Y %H:%M",
    ]
    .iter()
    .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    .filter(|local| is_sound(local.date()))
    .ok_or(Broken::new("moment"))?;
    Ok(kernel::local(kernel::from_local(local)).to_rfc3339().into())
}

/// `{from, to}`, or `2026-01-01/2026-12-31`.
fn period(given: &Value) -> Result<Value, Broken> {
    let (from, to) = match given {
        Value::Object(parts) => {
            let part = |name: &str| parts.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            (part("from"), part("to"))
        }
        Value::String(text) => {
            let text = clean_line(text);
            match text.split_once("..").or_else(|| text.split_once(" - ")) {
                Some((from, to)) => (from.trim().to_owned(), to.trim().to_owned()),
                None => (text, String::new()),
            }
        }
        _ => return refuse("shape"),
    };
    if from.is_empty() {
        return refuse("period");
    }
    let day = |text: &str| kernel::parse_date(text).or_else(|_| refuse("period"));
    let first = day(&from)?;
    let mut value = json!({ "from": first.to_string() });
    if !to.is_empty() {
        let last = day(&to)?;
        if last < first {
            return refuse("period_backwards");
        }
        value["to"] = last.to_string().into();
    }
    Ok(value)
}

/// A geometry of GeoJSON (RFC 7946) in WGS 84; a point may be written `9,78; 105,47`.
fn geometry(shape: Shape, given: &Value) -> Result<Value, Broken> {
    let parsed;
    let given = match given {
        Value::String(text) if text.trim_start().starts_with('{') => {
            parsed = serde_json::from_str::<Value>(text).or_else(|_| refuse("geometry"))?;
            &parsed
        }
        Value::String(text) if shape == Shape::Point => {
            parsed = point_of(text).ok_or(Broken::new("geometry"))?;
            &parsed
        }
        other => other,
    };
    let kind = given.get("type").and_then(Value::as_str).unwrap_or_default();
    let coordinates = given.get("coordinates").unwrap_or(&Value::Null);
    let sound = match (shape, kind) {
        (Shape::Point, "Point") => is_position(coordinates),
        (Shape::Line, "LineString") => is_line(coordinates, 2),
        (Shape::Line, "MultiLineString") => each(coordinates, |line| is_line(line, 2)),
        (Shape::Polygon, "Polygon") => each(coordinates, is_ring),
        (Shape::Polygon, "MultiPolygon") => each(coordinates, |polygon| each(polygon, is_ring)),
        _ => false,
    };
    if !sound {
        return refuse("geometry");
    }
    Ok(json!({ "type": kind, "coordinates": coordinates }))
}

fn point_of(text: &str) -> Option<Value> {
    // Latitude first, as people and their telephones write it.
    let (latitude, longitude) = text.split_once(';').or_else(|| text.split_once(", ")).or_else(|| {
        // `9.78,105.47`: one comma and points in the numbers.
        text.split_once(',').filter(|_| text.contains('.'))
    })?;
    let number = |text: &str| text.trim().replace(',', ".").parse::<f64>().ok();
    Some(json!({ "type": "Point", "coordinates": [number(longitude)?, number(latitude)?] }))
}

fn each(value: &Value, sound: impl Fn(&Value) -> bool) -> bool {
    value
        .as_array()
        .is_some_and(|items| !items.is_empty() && items.len() <= MOST_POSITIONS && items.iter().all(sound))
}

fn is_line(value: &Value, least: usize) -> bool {
    each(value, is_position) && value.as_array().is_some_and(|items| items.len() >= least)
}

fn is_ring(value: &Value) -> bool {
    is_line(value, 4) && value.as_array().is_some_and(|items| items.first() == items.last())
}

fn is_position(value: &Value) -> bool {
    let Some(parts) = value.as_array() else { return false };
    let number = |place: usize| parts.get(place).and_then(Value::as_f64);
    (2..=3).contains(&parts.len())
        && number(0).is_some_and(|longitude| (-180.0..=180.0).contains(&longitude))
        && number(1).is_some_and(|latitude| (-90.0..=90.0).contains(&latitude))
        && (parts.len() == 2 || number(2).is_some())
}

fn rows(columns: &[Column], most: u32, given: &Value, days: (NaiveDate, NaiveDate)) -> Result<Value, Broken> {
    let parsed;
    let items = match given {
        Value::Array(items) => items,
        Value::String(text) => {
            parsed = serde_json::from_str::<Vec<Value>>(text).or_else(|_| refuse("rows"))?;
            &parsed
        }
        _ => return refuse("rows"),
    };
    if items.len() > most as usize {
        return Err(Broken::new("rows_most").with("most", most));
    }
    let mut read = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        let Some(cells) = item.as_object() else {
            return refuse("rows");
        };
        let mut row = Map::new();
        for column in columns {
            let cell = cells.get(&column.column).unwrap_or(&Value::Null);
            let value = match is_empty(cell) {
                true => None,
                false => plain(&column.kind, &column.options, cell, days).map_err(|why| {
                    Broken::new("rows_cell")
                        .with("row", place + 1)
                        .with("column", &column.column)
                        .with("rule", why.rule)
                })?,
            };
            match value {
                Some(value) => {
                    row.insert(column.column.clone(), value);
                }
                None if column.required => {
                    return Err(Broken::new("rows_cell")
                        .with("row", place + 1)
                        .with("column", &column.column)
                        .with("rule", "required"));
                }
                None => {}
            }
        }
        if cells
            .keys()
            .any(|key| !columns.iter().any(|column| column.column == *key))
        {
            return refuse("rows");
        }
        if !row.is_empty() {
            read.push(Value::Object(row));
        }
    }
    Ok(Value::Array(read))
}

fn files(most: u32, given: &Value) -> Result<Value, Broken> {
    let ids: Vec<&str> = match given {
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().ok_or(Broken::new("shape")))
            .collect::<Result<_, _>>()?,
        Value::String(text) => text.split('|').map(str::trim).collect(),
        _ => return refuse("shape"),
    };
    if ids.len() > most as usize {
        return Err(Broken::new("files_most").with("most", most));
    }
    if ids.iter().any(|id| Uuid::parse_str(id).is_err()) {
        return refuse("file");
    }
    Ok(ids.into())
}

/// The folded words of a record by which full text finds it, each once, sorted as PostgreSQL keeps them.
pub(crate) fn words(definition: &RecordDefinition, values: &Values) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for field in definition.fields.iter().filter(|field| field.is_words()) {
        if let Some(text) = values.get(&field.field).and_then(Value::as_str) {
            words.extend(kernel::text::search_terms(text));
        }
    }
    words
}

/// The values that lie sealed.
pub(crate) fn secret(definition: &RecordDefinition, values: &Values) -> Values {
    definition
        .sealed()
        .filter_map(|field| Some((field.field.clone(), values.get(&field.field)?.clone())))
        .collect()
}

#[cfg(test)]
mod tests;
