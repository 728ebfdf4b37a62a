//! The registers of the province: what they stand for, and that they come into force and stay.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use compose::apps::{self, App, Registers};
use compose::registers_page::{page, rows};
use compose::reorganise::{How, Outcome, embedded, reorganise};
use kernel::Actor;
use registry::definition::{RecordDefinition, Sharing, Update};
use registry::{Condition, Difference};
use schema::Problems;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::house::{House, house};
use crate::past::number;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The golden page, and the rows of the document behind it: none is without a register, and none is there that is not of the document.
///
/// shows: R246, R256
#[test]
fn every_database_of_the_document_is_a_register_and_the_page_says_so() {
    let apps = apps::embedded().unwrap();
    let made = page(&apps).unwrap();
    let file = root().join("docs/registers.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == made,
        "docs/registers.md is not fresh: BLESS=1 cargo nextest run -p compose registers"
    );
    let rows = rows(&apps);
    let of = |list: &str| rows.iter().filter(|row| row.source.starts_with(list)).count();
    assert_eq!((of("shared."), of("sector.")), (24, 69));
    let without: Vec<&str> = rows
        .iter()
        .filter(|row| row.registers.is_empty())
        .map(|row| row.source.as_str())
        .collect();
    assert!(without.is_empty(), "{without:?}");
    sharing(&apps);
    national(&apps);
}

/// The registers by the rows of the document that they name.
fn by_row(apps: &[App]) -> BTreeMap<&str, Vec<&RecordDefinition>> {
    let mut found: BTreeMap<&str, Vec<&RecordDefinition>> = BTreeMap::new();
    for register in apps.iter().flat_map(|app| app.registers.values()) {
        for source in &register.definition.sources {
            found.entry(source).or_default().push(&register.definition);
        }
    }
    found
}

/// What the document says of its shared databases: by row, a cell.
fn told<'a>(apps: &'a [App], cell: &str) -> BTreeMap<String, &'a str> {
    let listed = apps
        .iter()
        .find_map(|app| app.registers.get("shared_database"))
        .unwrap();
    let rows = &listed.records.as_ref().unwrap().rows;
    let cells = rows.iter().filter_map(|row| {
        let text = |field: &str| row.fields.get(field).and_then(Value::as_str);
        Some((format!("shared.{}", text("ordinal")?), text(cell)?))
    });
    cells.collect()
}

/// The forms of sharing of a row are those of its registers; some rows have two.
///
/// shows: R247
fn sharing(apps: &[App]) {
    let registers = by_row(apps);
    let mut with_two = 0;
    for (row, forms) in told(apps, "sharing_forms") {
        let own: BTreeSet<Sharing> = registers[row.as_str()]
            .iter()
            .flat_map(|definition| &definition.sharing)
            .copied()
            .collect();
        with_two += usize::from(forms.contains('|'));
        for form in forms.split('|') {
            let form = match form {
                "open" => Sharing::Open,
                "default" => Sharing::Default,
                "specific" => Sharing::Specific,
                other => panic!("{row}: {other}"),
            };
            assert!(own.contains(&form), "{row}: {form:?} of {own:?}");
        }
    }
    assert!(with_two >= 1);
}

/// Where a national database exists the province keeps its own part of it, which is not typed.
///
/// shows: R011, R250
fn national(apps: &[App]) {
    let registers = by_row(apps);
    let national = told(apps, "national_database");
    assert!(!national.is_empty());
    for row in national.keys() {
        let parts = registers[row.as_str()]
            .iter()
            .filter(|definition| definition.update == Update::Exchange && definition.upstream.is_some());
        assert!(parts.count() > 0, "{row}");
    }
}

async fn publish(house: &House, apps: &[App]) -> Registers {
    let House { player, .. } = house;
    apps::publish_registers(&player.ops, &player.engines, apps)
        .await
        .unwrap()
}

async fn codes(house: &House, catalogue: &str) -> usize {
    let mut op = house.player.ops.open(Actor::System("test")).await.unwrap();
    house
        .player
        .engines
        .registry
        .codes(&mut op, catalogue)
        .await
        .unwrap()
        .len()
}

fn count_of(apps: &[App]) -> usize {
    apps.iter().map(|app| app.registers.len()).sum()
}

/// The register of a key, to be changed.
fn declared<'a>(apps: &'a mut [App], key: &str) -> &'a mut apps::Register {
    apps.iter_mut().find_map(|app| app.registers.get_mut(key)).unwrap()
}

/// The declaration without one field, as if its file had been changed.
fn without(definition: &RecordDefinition, field: &str) -> RecordDefinition {
    let mut other = definition.clone();
    other.fields.retain(|own| own.field != field);
    other.list.retain(|own| own != field);
    other.rules.retain(|rule| rule.field != field);
    other
}

const WRITTEN: &str = "SELECT (SELECT count(*) FROM op.audit_entry) + (SELECT count(*) FROM op.event)
    + (SELECT count(*) FROM registry.version) + (SELECT count(*) FROM registry.change)";

// shows: R254
#[tokio::test]
async fn all_registers_come_into_force_once_with_their_records_and_follow_their_agencies() {
    let house = house().await;
    let mut apps = apps::embedded().unwrap();
    let all = count_of(&apps);
    let first = publish(&house, &apps).await;
    assert_eq!((first.new, first.changed, first.unchanged), (all, 0, 0));
    let refused: Vec<_> = first
        .refused
        .iter()
        .map(|one| (&one.register, one.fault.code))
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
    let bad: Vec<_> = first.taken.iter().filter(|(_, taken)| !taken.bad.is_empty()).collect();
    assert!(bad.is_empty(), "{bad:?}");
    let with_records: usize = apps
        .iter()
        .flat_map(|app| app.registers.values())
        .filter(|register| register.records.is_some())
        .count();
    assert_eq!(first.taken.len(), with_records);
    assert_eq!(codes(&house, "ethnic_group").await, 54);

    // The same again asks and writes nothing.
    let written = number(&house, WRITTEN).await;
    let again = publish(&house, &apps).await;
    assert_eq!((again.new, again.changed, again.unchanged), (0, 0, all));
    assert!(again.taken.is_empty() && again.refused.is_empty() && again.left.is_empty());
    assert_eq!(number(&house, WRITTEN).await, written);

    // A row more in one file, a declaration with other words, one that would lose something, one that is gone.
    let catalogue = declared(&mut apps, "ethnic_group");
    let records = catalogue.records.as_mut().unwrap();
    let mut row = records.rows[0].clone();
    row.fields.insert("code".into(), "99".into());
    row.fields.insert("name".into(), "Dân tộc thử".into());
    row.fields.retain(|field, _| ["code", "name"].contains(&field.as_str()));
    records.rows.push(row);
    records.digest = hex::encode(Sha256::digest("another file"));
    let kept = declared(&mut apps, "sector_database");
    kept.definition = without(&kept.definition, "sector");
    declared(&mut apps, "road").definition.words.vi = "Đường".into();
    let gone = apps
        .iter_mut()
        .find(|app| app.registers.contains_key("bridge"))
        .unwrap();
    gone.registers.remove("bridge");
    let (planned, left) = apps::plan_registers(&house.player.ops, &house.player.engines, &apps)
        .await
        .unwrap();
    let planned: BTreeMap<&str, _> = planned.iter().map(|one| (one.register.as_str(), one)).collect();
    assert_eq!(
        planned.keys().copied().collect::<Vec<_>>(),
        ["ethnic_group", "road", "sector_database"]
    );
    assert_eq!(
        (planned["ethnic_group"].difference, planned["ethnic_group"].records),
        (Difference::None, 55)
    );
    assert_eq!(planned["road"].difference, Difference::Empty);
    let rehearsal = planned["sector_database"].rehearsal.as_ref().unwrap();
    assert_eq!(rehearsal.refusals[0].condition, Condition::Unused("sector".into()));
    assert_eq!(rehearsal.refusals[0].records, 69);
    assert_eq!(
        left.iter().map(|one| one.register.as_str()).collect::<Vec<_>>(),
        ["bridge"]
    );
    let done = publish(&house, &apps).await;
    assert_eq!((done.new, done.changed, done.unchanged), (0, 1, all - 3));
    assert_eq!(done.refused.len(), 1);
    assert_eq!(
        (done.refused[0].register.as_str(), done.refused[0].fault.code),
        ("sector_database", "registry.plan_refused")
    );
    assert_eq!(
        (done.taken["ethnic_group"].created, done.taken["ethnic_group"].unchanged),
        (1, 54)
    );
    assert_eq!(codes(&house, "ethnic_group").await, 55);
    let mut op = house.player.ops.open(Actor::System("test")).await.unwrap();
    let registry = &house.player.engines.registry;
    let old = registry.register(&mut op, "sector_database").await.unwrap();
    assert!(old.definition.field("sector").is_some(), "it stays with what it has");
    assert!(registry.register(&mut op, "bridge").await.is_ok());
    drop(op);

    follow(&house, &apps).await;
}

/// Owners and readers go where their agencies go, and the next start does not bring the old ones back.
async fn follow(house: &House, apps: &[App]) {
    let owners = "SELECT count(*) FROM registry.register JOIN identity.agency ON id = owner WHERE valid_to IS NULL";
    let readers = "SELECT count(*) FROM registry.register, jsonb_each_text(agencies) AS named
                     JOIN identity.agency ON id = named.value::uuid WHERE valid_to IS NOT NULL";
    let all = number(house, "SELECT count(*) FROM registry.register").await;
    assert_eq!(number(house, owners).await, all);
    house.scratch.clock.set(crate::past::now());
    let plan = "hau-giang-to-can-tho-2025-07-01.yaml";
    let how = How {
        at: None,
        execute: true,
    };
    let source = embedded(plan).unwrap();
    let House { player, .. } = house;
    let done = reorganise(&player.ops, &player.engines, plan, &source, how)
        .await
        .unwrap();
    let report = match done {
        Outcome::Done(report) => report,
        Outcome::Problems(problems) => panic!("{problems}"),
    };
    let moved = report.parts.iter().flat_map(|part| &part.moved);
    let registers: Vec<_> = moved.filter(|moved| moved.what == "registers").collect();
    assert_eq!(
        (registers[0].found, registers[0].moved, registers[0].stays),
        (all, all, 0)
    );
    assert_eq!((number(house, owners).await, number(house, readers).await), (all, 0));
    let again = publish(house, apps).await;
    assert_eq!((again.new, again.changed), (0, 0));
    assert_eq!((number(house, owners).await, number(house, readers).await), (all, 0));
    let transport = "SELECT count(*) FROM registry.register JOIN identity.agency ON id = owner
                      WHERE register = 'road' AND name = 'Sở Xây dựng thành phố Cần Thơ'";
    assert_eq!(number(house, transport).await, 1);
}

/// A declaration that names an organisation which this database does not have as an agency keeps nobody from starting.
#[tokio::test]
async fn a_register_of_nobody_is_told_and_the_others_are_in_force() {
    let house = house().await;
    let mut apps = apps::embedded().unwrap();
    apps.retain(|app| ["catalogues", "culture"].contains(&app.key.as_str()));
    let all = count_of(&apps);
    let spoilt = "UPDATE identity.agency_code SET code = 'H30.99' WHERE code = 'H30.14'";
    sqlx::query(spoilt).execute(&house.scratch.pool).await.unwrap();
    let of_culture = apps.iter().find(|app| app.key == "culture").unwrap().registers.len();
    let done = publish(&house, &apps).await;
    assert_eq!(done.refused.len(), of_culture);
    assert!(done.refused.iter().all(|one| one.fault.code == "compose.no_agency"));
    assert_eq!(done.new, all - of_culture);
}

/// A declaration that was published is told from another by its content alone; what is written in the shipped files is read back as it was.
#[test]
fn shipped_declarations_are_read_back_as_they_were() {
    for app in apps::embedded().unwrap() {
        for register in app.registers.values() {
            let definition = &register.definition;
            let text = serde_json::to_string(definition).unwrap();
            let back: RecordDefinition = serde_json::from_str(&text).unwrap();
            assert_eq!(back.digest(), definition.digest(), "{}", definition.record);
        }
    }
    let mut problems = Problems::new();
    assert!(RecordDefinition::read("empty", "", &mut problems).is_none());
}

/// Rows that were not sound are tried again at every start, and what cannot be taken over at all keeps nobody from starting.
#[tokio::test]
async fn records_that_are_not_taken_over_are_told_and_tried_again() {
    let house = house().await;
    let mut apps = apps::embedded().unwrap();
    apps.retain(|app| app.registers.contains_key("ethnic_group"));
    apps[0].registers.retain(|key, _| key == "ethnic_group");
    let rows = &mut declared(&mut apps, "ethnic_group").records.as_mut().unwrap().rows;
    let name = rows[0].fields.remove("name").unwrap();
    for created in [53, 0] {
        let done = publish(&house, &apps).await;
        let taken = &done.taken["ethnic_group"];
        assert_eq!((taken.created, taken.bad.len()), (created, 1));
    }
    sqlx::query("ALTER TABLE records.ethnic_group RENAME TO elsewhere")
        .execute(&house.scratch.pool)
        .await
        .unwrap();
    let done = publish(&house, &apps).await;
    let refused: Vec<&str> = done.refused.iter().map(|one| one.register.as_str()).collect();
    assert_eq!((refused, done.taken.len()), (vec!["ethnic_group"], 0));
    sqlx::query("ALTER TABLE records.elsewhere RENAME TO ethnic_group")
        .execute(&house.scratch.pool)
        .await
        .unwrap();
    let rows = &mut declared(&mut apps, "ethnic_group").records.as_mut().unwrap().rows;
    rows[0].fields.insert("name".into(), name);
    let done = publish(&house, &apps).await;
    assert_eq!(done.taken["ethnic_group"].created, 1);
    assert!(publish(&house, &apps).await.taken.is_empty());
}
