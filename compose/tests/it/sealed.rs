//! What a stolen copy of the database shows of people (mã hóa dữ liệu cá nhân khi lưu trữ): nothing but what stands here with its reason.

use std::collections::{BTreeMap, BTreeSet};

use compose::scenarios;
use kernel::Actor;
use serde_json::Value;
use testkit::Scratch;
use uuid::Uuid;
use vault::Vault;

use crate::house::{House, house};

/// How a column is kept.
#[derive(Clone, Copy, PartialEq, Debug)]
enum How {
    /// Under a key of the vault.
    Sealed,
    /// A keyed hash, or a hash of something that nobody can guess.
    Hash,
    /// Empty but for what an older program wrote and the daily job has not sealed yet.
    Emptied,
    /// Numbers, words of the program, days and names of things: nothing that tells about somebody.
    Thing,
    /// As it is, for this reason.
    Plain(&'static str),
}
use How::{Emptied, Hash, Plain, Sealed, Thing};

/// Tables that hold nothing of people but numbers of rows.
const THINGS: &[&str] = &[];

/// Every column of text, bytes, lists and days of all other tables.
const COLUMNS: &[(&str, &[(&str, How)])] = &[];

async fn columns(scratch: &Scratch) -> BTreeMap<String, BTreeSet<String>> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_schema || '.' || table_name, column_name
         FROM information_schema.columns
         JOIN information_schema.tables USING (table_schema, table_name)
         WHERE table_type = 'BASE TABLE'
           AND table_schema NOT IN ('pg_catalog', 'information_schema', 'public')
           AND data_type IN ('text', 'character varying', 'jsonb', 'json', 'bytea', 'ARRAY', 'date', 'tsvector', 'inet')",
    )
    .fetch_all(&scratch.pool)
    .await
    .unwrap();
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (table, column) in rows {
        tables.entry(table).or_default().insert(column);
    }
    tables
}

// shows: R028
#[tokio::test]
async fn every_column_says_how_it_is_kept() {
    let scratch = Scratch::new(compose::MIGRATIONS).await;
    let mut found = columns(&scratch).await;
    found.retain(|table, _| !THINGS.contains(&table.as_str()));
    let known: BTreeMap<String, BTreeSet<String>> = COLUMNS
        .iter()
        .map(|(table, columns)| {
            let names = columns.iter().map(|(column, _)| (*column).to_owned());
            ((*table).to_owned(), names.collect())
        })
        .collect();
    for (table, columns) in &found {
        let empty = BTreeSet::new();
        let listed = known.get(table).unwrap_or(&empty);
        let missing: Vec<_> = columns.difference(listed).collect();
        if !missing.is_empty() {
            println!("MISSING {table} {missing:?}");
        }
    }
    assert_eq!(found, known, "say here how a new column is kept, or that its table holds things alone");
}

/// What the cases of the scenarios and the people of the demonstration have told, but for the names by which people are found.
async fn told(house: &House) -> BTreeSet<String> {
    let pool = &house.scratch.pool;
    let vault = Vault::open(&house.scratch.directory().join("keys"), house.player.ops.now()).unwrap();
    let mut told = BTreeSet::new();
    let cases: Vec<(Uuid, Vec<u8>)> = sqlx::query_as("SELECT id, sealed FROM dossiers.dossier")
        .fetch_all(pool)
        .await
        .unwrap();
    for (id, sealed) in cases {
        let case: Value = vault::Sealed("dossiers.case")
            .open(&vault, &format!("dossier:{id}"), &sealed)
            .unwrap();
        leaves(&case, &mut told);
    }
    let people: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
        "SELECT person.id, person.sealed FROM identity.person JOIN identity.account ON account.person = person.id",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    for (id, sealed) in people {
        let person: Value = vault::Sealed("identity.person")
            .open(&vault, &format!("person:{id}"), &sealed)
            .unwrap();
        leaves(&person, &mut told);
    }
    told
}

/// All texts that tell something: no codes of choices, no single words.
fn leaves(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.chars().count() >= 9 && !text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') => {
            into.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| leaves(item, into)),
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, _)| !["ward_name", "district", "province_name"].contains(&key.as_str()))
            .for_each(|(_, field)| leaves(field, into)),
        _ => {}
    }
}

/// Where what people told may stand in plain, and why.
const STILL: &[(&str, &str)] = &[];

// shows: R028
#[tokio::test]
async fn a_copy_of_the_database_shows_nothing_of_what_people_told() {
    let house = house().await;
    for app in &house.apps {
        for scenario in &app.scenarios {
            // Some of them belong to other days; what they have told so far is enough.
            let _ = scenarios::run(&house.player, &house.scratch.clock, &house.jobs, app, scenario).await;
        }
    }
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT full_name FROM identity.person UNION SELECT owner_name FROM dossiers.dossier UNION SELECT submitter_name FROM dossiers.dossier
         UNION SELECT name FROM identity.area",
    )
    .fetch_all(&house.scratch.pool)
    .await
    .unwrap();
    let told = told(&house).await;
    assert!(told.len() > 40, "{told:?}");
    let told: Vec<&String> = told.iter().filter(|text| !names.contains(text)).collect();
    let mut hits: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for table in columns(&house.scratch).await.keys() {
        let sql = format!("SELECT to_jsonb(row) FROM {table} AS row");
        let rows: Vec<Value> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_all(&house.scratch.pool)
            .await
            .unwrap();
        for (column, value) in rows.iter().filter_map(Value::as_object).flatten() {
            let text = value.to_string();
            for one in &told {
                if text.contains(one.as_str()) {
                    hits.entry(format!("{table}.{column}")).or_default().insert((*one).clone());
                }
            }
        }
    }
    hits.retain(|column, _| !STILL.iter().any(|(known, _)| known == column));
    assert!(hits.is_empty(), "{hits:#?}");
    // And in the right hands everything is there.
    let mut op = house.player.ops.open(Actor::System("test")).await.unwrap();
    let uses = house.player.engines.keys_in_use(&mut op).await.unwrap();
    for purpose in ["dossiers.case", "forms.draft", "identity.person"] {
        assert!(uses.iter().any(|used| used.purpose == purpose && used.count > 0), "{purpose}");
    }
}
