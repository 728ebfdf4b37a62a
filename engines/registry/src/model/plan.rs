//! What a new declaration does to a register that is there: which columns and indexes come and go, and what must hold of the records
//! so that nothing is lost. Pure.

use std::collections::{BTreeMap, BTreeSet};

use db::Name;
use kernel::Result;
use schema::field::FieldKind;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Notice;
use super::column::{ColumnOf, Part, columns_of};
use crate::definition::{FieldDefinition, Gives, Kind, RecordDefinition};

/// What publishing does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Step>,
    /// What must hold; where it does not, nothing is done.
    pub conditions: Vec<Condition>,
    /// What it opens of what is in force, or protects less: told, not refused.
    pub notices: Vec<Notice>,
}

/// One change of tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The tables of the register are made.
    Make,
    /// A column comes.
    AddColumn(String),
    /// A column goes.
    DropColumn(String),
    /// A column becomes another type.
    Retype(String),
    /// An index comes.
    AddIndex(String),
    /// An index goes.
    DropIndex(String),
    /// What follows from the values is computed anew for every record: computed fields, keys to sort by, words, keyed hashes.
    Derive,
}

/// Something that must hold of the records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// No record has a value in this field.
    Unused(String),
    /// No record has this code in this field.
    CodeUnused(String, String),
    /// There is no record at all, for this field changes how it is protected, or is sealed.
    NoRecords(String),
    /// Not more records than can be computed anew at once.
    FewRecords,
    /// No two records agree in these fields.
    Distinct(Vec<String>),
}

/// Why a declaration is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// What does not hold.
    pub condition: Condition,
    /// How many records stand against it.
    pub records: i64,
}

/// An index of the table of a register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IndexOf {
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub sort: IndexSort,
    /// The columns.
    pub columns: Vec<Name>,
    /// Columns that lie along, so that what lists filter by is compared without a look at each record.
    pub along: Vec<Name>,
    /// The fields that it is about.
    pub fields: Vec<String>,
}

/// What an index is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IndexSort {
    /// No two records that go on agree.
    Unique,
    /// The same values among what ends.
    Ending,
    /// Lists are filtered and sorted by it.
    Search,
    /// Records are found by a keyed hash.
    Tag,
    /// Full text.
    Words,
    /// Records that agree in what tells duplicates.
    Twins,
}

/// A column with the field that it belongs to.
pub(crate) type FieldColumn<'d> = (&'d FieldDefinition, ColumnOf);

/// All columns of the fields of a register.
pub(crate) fn columns(definition: &RecordDefinition) -> Result<Vec<FieldColumn<'_>>> {
    let mut all = Vec::new();
    for field in &definition.fields {
        for column in columns_of(definition, field)? {
            all.push((field, column));
        }
    }
    Ok(all)
}

/// The column by which a field is compared whole.
fn compared(definition: &RecordDefinition, field: &str) -> Result<Option<Name>> {
    let Some(field) = definition.field(field) else {
        return Ok(None);
    };
    let wanted = if field.is_sealed() { Part::Tag } else { Part::Value };
    let columns = columns_of(definition, field)?;
    Ok(columns
        .into_iter()
        .find(|column| column.part == wanted)
        .map(|column| column.name))
}

/// All indexes of a register.
pub(crate) fn indexes(definition: &RecordDefinition) -> Result<Vec<IndexOf>> {
    let mut all = Vec::new();
    let mut add = |sort: IndexSort, columns: Vec<Name>, fields: Vec<String>| -> Result<()> {
        all.push(index_of(definition, sort, columns, fields)?);
        Ok(())
    };
    let mut key = Vec::new();
    for field in &definition.key {
        key.extend(compared(definition, field)?);
    }
    add(IndexSort::Unique, key.clone(), definition.key.clone())?;
    add(IndexSort::Ending, key, definition.key.clone())?;
    for field in definition.fields.iter().filter(|field| field.unique) {
        if definition.key == [field.field.clone()] {
            continue;
        }
        let column: Vec<Name> = compared(definition, &field.field)?.into_iter().collect();
        for sort in [IndexSort::Unique, IndexSort::Ending] {
            add(sort, column.clone(), vec![field.field.clone()])?;
        }
    }
    for field in &definition.fields {
        for column in columns_of(definition, field)? {
            let fields = vec![field.field.clone()];
            match column.part {
                Part::Tag => add(IndexSort::Tag, vec![column.name], fields)?,
                Part::Sort => add(IndexSort::Search, vec![column.name], fields)?,
                Part::Value if field.search && !super::column::has_sort_key(field) => {
                    add(IndexSort::Search, vec![column.name], fields)?;
                }
                // Others point here: a record that is merged brings those along.
                Part::Value if matches!(field.kind, Kind::Link(_)) => {
                    add(IndexSort::Search, vec![column.name], fields)?;
                }
                Part::Value | Part::Until => {}
            }
        }
    }
    if definition.fields.iter().any(|field| field.is_words()) {
        add(IndexSort::Words, vec![Name::new("words")?], Vec::new())?;
    }
    for columns in ways(definition)? {
        let has =
            |index: &&IndexOf| matches!(index.sort, IndexSort::Search | IndexSort::Tag) && index.columns == columns;
        if all.iter().any(|index| has(&index)) {
            continue;
        }
        let names = columns.iter().map(|column| column.as_str().to_owned()).collect();
        all.push(index_of(definition, IndexSort::Twins, columns, names)?);
    }
    Ok(all)
}

/// So many columns lie along in an index.
const MOST_ALONG: usize = 8;

/// The columns that lie along in the indexes by which lists are sorted: the days on which a record holds, and what else lists are filtered by, where it is
/// short.
fn along(definition: &RecordDefinition) -> Result<Vec<Name>> {
    let mut all = vec![Name::new("valid_from")?, Name::new("valid_to")?];
    let short = |field: &&FieldDefinition| match &field.kind {
        Kind::Plain(FieldKind::Area | FieldKind::Choice { .. }) => true,
        kind => matches!(
            super::column::sql_type(kind),
            "date" | "boolean" | "bigint" | "numeric" | "uuid"
        ),
    };
    let mut searched: Vec<&FieldDefinition> = definition.plain().filter(|field| field.search).filter(short).collect();
    // Where fields stand in a declaration changes no index.
    searched.sort_by(|one, other| one.field.cmp(&other.field));
    for field in searched.into_iter().take(MOST_ALONG) {
        all.extend(compared(definition, &field.field)?);
    }
    Ok(all)
}

fn index_of(
    definition: &RecordDefinition,
    sort: IndexSort,
    columns: Vec<Name>,
    fields: Vec<String>,
) -> Result<IndexOf> {
    let searched = |name: &String| {
        definition
            .field(name)
            .is_some_and(|field| field.search && field.is_ordered())
    };
    let mut along = match sort {
        IndexSort::Search if fields.iter().all(searched) => along(definition)?,
        _ => Vec::new(),
    };
    along.retain(|column| !columns.contains(column));
    Ok(IndexOf {
        name: index_name(definition, sort, &fields, &along)?,
        sort,
        columns,
        along,
        fields,
    })
}

fn index_name(definition: &RecordDefinition, sort: IndexSort, fields: &[String], along: &[Name]) -> Result<Name> {
    let mut seed = format!("{}:{sort:?}:{}", definition.record, fields.join(","));
    for column in along {
        seed.push(',');
        seed.push_str(column.as_str());
    }
    let digest = hex::encode(Sha256::digest(seed.as_bytes()));
    Name::new(format!("i_{}", &digest[..24]))
}

/// For each way to find duplicates the columns that must be equal, each set once; without those whose values are too long for an index.
fn ways(definition: &RecordDefinition) -> Result<Vec<Vec<Name>>> {
    let mut all: Vec<Vec<Name>> = Vec::new();
    for way in &definition.duplicates {
        let mut columns = Vec::new();
        for field in way.same.iter().filter_map(|name| definition.field(name)) {
            if field.is_sealed() || fits_an_index(field) {
                columns.extend(compared(definition, &field.field)?);
            }
        }
        if !columns.is_empty() && !all.contains(&columns) {
            all.push(columns);
        }
    }
    Ok(all)
}

/// The longest plain text that an index takes, in characters.
const LONGEST_INDEXED: u32 = 500;

fn fits_an_index(field: &FieldDefinition) -> bool {
    match &field.kind {
        Kind::Plain(FieldKind::Text { max_length, .. } | FieldKind::Name { max_length }) => {
            *max_length <= LONGEST_INDEXED
        }
        Kind::Plain(FieldKind::LongText { .. }) | Kind::Computed { gives: Gives::Text, .. } => false,
        kind => !matches!(super::column::sql_type(kind), "jsonb" | "text[]" | "uuid[]"),
    }
}

/// Adds the indexes that the table of a register does not have, though nothing about the declaration is new: an older program made it. What they stand
/// in place of goes.
pub(crate) fn add_missing(plan: &mut Plan, new: &RecordDefinition, there: &BTreeSet<String>) -> Result<()> {
    for index in indexes(new)? {
        let step = Step::AddIndex(index.name.as_str().to_owned());
        let added = matches!(index.sort, IndexSort::Twins | IndexSort::Ending | IndexSort::Search);
        if added && !there.contains(index.name.as_str()) && !plan.steps.contains(&step) {
            let alone = index_name(new, index.sort, &index.fields, &[])?;
            if alone != index.name && there.contains(alone.as_str()) {
                plan.steps.push(Step::DropIndex(alone.as_str().to_owned()));
            }
            plan.steps.push(step);
        }
    }
    Ok(())
}

/// The way from the declaration that is in force to a new one.
pub(crate) fn plan(old: Option<&RecordDefinition>, new: &RecordDefinition) -> Result<Plan> {
    let mut plan = Plan::default();
    let Some(old) = old else {
        plan.steps.push(Step::Make);
        return Ok(plan);
    };
    protection(old, new, &mut plan);
    options(old, new, &mut plan);
    let before = by_name(columns(old)?);
    let after = by_name(columns(new)?);
    let old_indexes = indexes(old)?;
    let new_indexes = indexes(new)?;
    for index in old_indexes.iter().filter(|index| !new_indexes.contains(index)) {
        plan.steps.push(Step::DropIndex(index.name.as_str().to_owned()));
    }
    let mut derive = derives(old) != derives(new);
    for (name, (field, column)) in &before {
        match after.get(name) {
            None => {
                if matches!(column.part, Part::Value) {
                    plan.conditions.push(Condition::Unused(field.field.clone()));
                }
                plan.steps.push(Step::DropColumn(name.clone()));
            }
            Some((_, other)) if other.sql != column.sql => {
                if !widens(column.sql, other.sql) {
                    plan.conditions.push(Condition::Unused(field.field.clone()));
                }
                plan.steps.push(Step::Retype(name.clone()));
            }
            Some(_) => {}
        }
    }
    for (name, (_, column)) in &after {
        if !before.contains_key(name) {
            derive |= matches!(column.part, Part::Sort | Part::Tag);
            plan.steps.push(Step::AddColumn(name.clone()));
        }
    }
    if derive {
        plan.conditions.push(Condition::FewRecords);
        plan.steps.push(Step::Derive);
    }
    for index in new_indexes.iter().filter(|index| !old_indexes.contains(index)) {
        if index.sort == IndexSort::Unique {
            plan.conditions.push(Condition::Distinct(index.fields.clone()));
        }
        plan.steps.push(Step::AddIndex(index.name.as_str().to_owned()));
    }
    Ok(plan)
}

fn by_name(columns: Vec<FieldColumn<'_>>) -> BTreeMap<String, FieldColumn<'_>> {
    columns
        .into_iter()
        .map(|(field, column)| (column.name.as_str().to_owned(), (field, column)))
        .collect()
}

/// Whether every value of one type is one of the other.
fn widens(from: &str, to: &str) -> bool {
    matches!(
        (from, to),
        ("bigint" | "numeric" | "date" | "boolean" | "uuid", "text") | ("bigint", "numeric")
    )
}

/// What is kept beside the values because it follows from them.
fn derives(definition: &RecordDefinition) -> Vec<String> {
    let computed = definition.fields.iter().filter_map(|field| match &field.kind {
        Kind::Computed { value, .. } => Some(format!("{}={}", field.field, value.source())),
        _ => None,
    });
    let words = definition.fields.iter().filter(|field| field.is_words());
    // A name is sorted by its last word: a text that becomes a name is sorted anew.
    let sorted = definition
        .fields
        .iter()
        .filter(|field| super::column::has_sort_key(field));
    computed
        .chain(words.map(|field| format!("words {}", field.field)))
        .chain(sorted.map(|field| format!("sort {} {}", field.field, field.word())))
        .collect()
}

fn protection(old: &RecordDefinition, new: &RecordDefinition, plan: &mut Plan) {
    for field in &old.fields {
        match new.field(&field.field) {
            Some(other) if other.is_sealed() != field.is_sealed() => {
                plan.conditions.push(Condition::NoRecords(field.field.clone()));
            }
            // Another kind of value in what is sealed cannot be told from outside.
            Some(other) if field.is_sealed() && other.word() != field.word() => {
                plan.conditions.push(Condition::NoRecords(field.field.clone()));
            }
            None if field.is_sealed() => plan.conditions.push(Condition::NoRecords(field.field.clone())),
            _ => {}
        }
    }
}

fn options(old: &RecordDefinition, new: &RecordDefinition, plan: &mut Plan) {
    for field in &old.fields {
        let Some(other) = new.field(&field.field) else {
            continue;
        };
        if other.word() != field.word() {
            continue;
        }
        for option in &field.options {
            if other.options.iter().all(|own| own.code != option.code) {
                plan.conditions.push(match field.is_sealed() {
                    true => Condition::NoRecords(field.field.clone()),
                    false => Condition::CodeUnused(field.field.clone(), option.code.clone()),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::tests::{SHOP, shop};

    fn changed(from: &str, to: &str) -> Plan {
        assert!(SHOP.contains(from), "{from}");
        let text = SHOP.replacen(from, to, 1);
        let mut problems = schema::Problems::new();
        let new = RecordDefinition::read("shop", &text, &mut problems).unwrap_or_else(|| panic!("{problems}"));
        plan(Some(&shop()), &new).unwrap()
    }

    #[test]
    fn nothing_changes_nothing() {
        assert_eq!(changed("Cửa hàng", "Cửa hàng"), Plan::default());
        assert_eq!(
            changed("vi: Cửa hàng", "vi: Cửa hiệu"),
            Plan::default(),
            "words are no column"
        );
        assert_eq!(plan(None, &shop()).unwrap().steps, [Step::Make]);
    }

    /// Lists are chosen from an index: it has what they are narrowed by, where that is short.
    #[test]
    fn what_is_filtered_by_lies_along_in_what_is_sorted_by() {
        let all = indexes(&shop()).unwrap();
        let along = |field: &str| -> Vec<String> {
            let own = all
                .iter()
                .find(|index| index.sort == IndexSort::Search && index.fields == [field]);
            own.unwrap().along.iter().map(|name| name.as_str().to_owned()).collect()
        };
        let by_name = along("name");
        assert_eq!(by_name[..2], ["valid_from", "valid_to"]);
        assert!(by_name.contains(&"ward".to_owned()) && !by_name.contains(&"code".to_owned()));
        assert!(!along("ward").contains(&"ward".to_owned()));
        assert!(
            all.iter()
                .filter(|index| index.sort != IndexSort::Search)
                .all(|index| index.along.is_empty())
        );
    }

    #[test]
    fn what_would_lose_something_has_a_condition() {
        let gone = changed(
            "  - { field: at, vi: Vị trí, en: Position, type: point, class: public }\n",
            "",
        );
        assert_eq!(gone.steps, [Step::DropColumn("at".into())]);
        assert_eq!(gone.conditions, [Condition::Unused("at".into())]);
        let code = changed(
            "      - { code: paused, vi: Tạm nghỉ, en: Paused, to: 2020-12-31 }\n",
            "",
        );
        assert_eq!(
            code.conditions,
            [Condition::CodeUnused("state".into(), "paused".into())]
        );
        let opened = changed("type: phone, class: personal", "type: phone, class: internal");
        assert!(opened.conditions.contains(&Condition::NoRecords("phone".into())));
        let key = changed("key: [code]", "key: [code, ward]");
        assert_eq!(
            key.conditions,
            [Condition::Distinct(vec!["code".into(), "ward".into()])]
        );
        let narrow = changed("type: number, decimals: 1, min: 0, unit: m2", "type: date");
        assert!(
            narrow.conditions.contains(&Condition::Unused("area_m2".into())),
            "{narrow:?}"
        );
    }

    #[test]
    fn what_loses_nothing_is_done() {
        let more = changed(
            "  - { field: at, vi",
            "  - { field: note, vi: Ghi chú, en: Note, type: date, class: public, search: true }\n  - { field: at, vi",
        );
        assert_eq!(more.conditions, []);
        let is_index = |step: &&Step| matches!(step, Step::AddIndex(_) | Step::DropIndex(_));
        let others: Vec<&Step> = more.steps.iter().filter(|step| !is_index(step)).collect();
        assert_eq!(others, [&Step::AddColumn("note".into())]);
        // What lists may be filtered by from now on lies along in every index that they are sorted by: made anew, and one more.
        let count = |wanted: fn(&Step) -> bool| more.steps.iter().filter(|step| wanted(step)).count();
        let dropped = count(|step| matches!(step, Step::DropIndex(_)));
        assert!(dropped > 3);
        assert_eq!(count(|step| matches!(step, Step::AddIndex(_))), dropped + 1);
        let wider = changed(
            "type: money, class: internal, search: true",
            "type: number, class: internal, search: true",
        );
        assert_eq!(wider.conditions, []);
        assert_eq!(wider.steps, [Step::Retype("capital".into())]);
        // Sorting by a text needs keys for the records that are there.
        let sorted = changed(
            "type: name, class: personal }",
            "type: name, class: personal, search: true }",
        );
        assert!(sorted.steps.contains(&Step::Derive));
        assert_eq!(sorted.conditions, [Condition::FewRecords]);
    }

    #[test]
    fn what_tells_duplicates_is_found_by_an_index() {
        let with = |ways: &str| {
            let text = SHOP.replacen("duplicates:\n", &format!("duplicates:\n{ways}"), 1);
            let mut problems = schema::Problems::new();
            RecordDefinition::read("shop", &text, &mut problems).unwrap_or_else(|| panic!("{problems}"))
        };
        let twins = |definition: &RecordDefinition| -> Vec<Vec<String>> {
            let all = indexes(definition).unwrap();
            let twins = all.into_iter().filter(|index| index.sort == IndexSort::Twins);
            twins.map(|index| index.fields).collect()
        };
        let one = with("  - { same: [started_on, ward], alike: [name] }\n  - { same: [started_on, ward] }\n");
        assert_eq!(twins(&one), [["started_on", "ward"]], "each once");
        assert_eq!(
            twins(&with("  - { same: [ward] }\n")),
            Vec::<Vec<String>>::new(),
            "lists have it already"
        );
        assert_eq!(twins(&with("  - { alike: [name] }\n")), Vec::<Vec<String>>::new());
        // The way from a declaration without to one with it, and back.
        let there = plan(Some(&shop()), &one).unwrap();
        let name = indexes(&one).unwrap().pop().unwrap().name.as_str().to_owned();
        assert_eq!(
            (there.steps, there.conditions),
            (vec![Step::AddIndex(name.clone())], vec![])
        );
        assert_eq!(
            plan(Some(&one), &shop()).unwrap().steps,
            [Step::DropIndex(name.clone())]
        );
        // A table that an older program has made gets it though the declaration is the same.
        let all: BTreeSet<String> = indexes(&one)
            .unwrap()
            .iter()
            .map(|index| index.name.to_string())
            .collect();
        let mut older = all.clone();
        older.remove(&name);
        let mut same = plan(Some(&one), &one).unwrap();
        add_missing(&mut same, &one, &older).unwrap();
        assert_eq!(same.steps, [Step::AddIndex(name.clone())]);
        let mut same = Plan::default();
        add_missing(&mut same, &one, &all).unwrap();
        assert_eq!(same, Plan::default());
        // Where nothing lay along, the same with what lies along stands in its place.
        let by_name = indexes(&one).unwrap();
        let by_name = by_name
            .iter()
            .find(|index| index.sort == IndexSort::Search && index.fields == ["name"]);
        let new = by_name.unwrap().name.to_string();
        let alone = index_name(&one, IndexSort::Search, &["name".to_owned()], &[])
            .unwrap()
            .to_string();
        let older: BTreeSet<String> = all
            .into_iter()
            .map(|name| if name == new { alone.clone() } else { name })
            .collect();
        let mut same = Plan::default();
        add_missing(&mut same, &one, &older).unwrap();
        assert_eq!(same.steps, [Step::DropIndex(alone), Step::AddIndex(new)]);
    }

    /// Whatever the keys are: every name stays within what PostgreSQL keeps.
    #[test]
    fn names_stay_short() {
        let long = "k".repeat(40);
        let text = SHOP
            .replace("capital", &long)
            .replacen("record: shop", &format!("record: {}", "r".repeat(40)), 1);
        let mut problems = schema::Problems::new();
        let new = RecordDefinition::read("shop", &text, &mut problems).unwrap_or_else(|| panic!("{problems}"));
        assert!(columns(&new).unwrap().len() > 10);
        let indexes = indexes(&new).unwrap();
        let names: std::collections::BTreeSet<_> = indexes.iter().map(|index| &index.name).collect();
        assert_eq!(names.len(), indexes.len());
    }
}
