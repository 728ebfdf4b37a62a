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
const THINGS: &[&str] = &[
    "db.migration",
    "dossiers.definition",
    "dossiers.number_series",
    "dossiers.procedure",
    "dossiers.procedure_paper",
    "dossiers.procedure_text",
    "files.blob",
    "forms.definition",
    "identity.agency",
    "identity.agency_code",
    "identity.agency_successor",
    "identity.area",
    "identity.area_catalogue",
    "identity.area_catalogue_successor",
    "identity.area_successor",
    "identity.level_successor",
    "identity.position",
    "identity.position_successor",
    "identity.unit",
    "notify.delivery",
    "notify.preference",
    "op.audit_head",
    "op.audit_seal",
    "op.mark",
    "op.vault_key",
    "openid.client",
    "openid.signing_key",
    "registry.change",
    "registry.failing",
    "registry.led_on",
    "registry.quality",
    "registry.register",
    "registry.version",
    "workflow.calendar_year",
    "workflow.definition",
    "workflow.timer",
    "workflow.token",
];

/// Every column of text, bytes, lists and days of all other tables.
const COLUMNS: &[(&str, &[(&str, How)])] = &[
    (
        "dossiers.document",
        &[
            ("agency_name", Thing),
            ("issued_by", Plain("what an official signs with their name")),
            ("kind", Thing),
            ("number", Thing),
            ("result_type", Thing),
            ("sha256", Thing),
            ("verification_code", Thing),
        ],
    ),
    (
        "dossiers.dossier",
        &[
            ("agencies", Thing),
            ("answers", Emptied),
            ("app", Thing),
            ("channel", Thing),
            ("code", Thing),
            ("email", Emptied),
            ("owner_name", Plain("people and cases are found by words of names")),
            ("owner_number", Emptied),
            ("phone", Emptied),
            ("procedure_code", Thing),
            ("receiving_code", Thing),
            ("receiving_name", Thing),
            ("result_data", Emptied),
            ("sealed", Sealed),
            ("submitter_name", Plain("people and cases are found by words of names")),
            ("title", Plain("people and cases are found by words of names")),
        ],
    ),
    (
        "dossiers.fee",
        &[
            ("collect", Thing),
            ("collected_by", Plain("what an official signs with their name")),
            ("fee", Thing),
            ("receipt_number", Thing),
        ],
    ),
    (
        "dossiers.history",
        &[
            ("action", Thing),
            ("actor", Thing),
            ("actor_name", Plain("what an official signs with their name")),
            ("agency_name", Thing),
            ("detail", Plain("words of officials and people about a case: open")),
            ("note", Plain("words of officials and people about a case: open")),
            ("outcome", Thing),
            ("position_title", Plain("what an official signs with their name")),
            ("task", Thing),
        ],
    ),
    (
        "dossiers.holding",
        &[("words", Plain("words of names; numbers stand as keyed hashes"))],
    ),
    (
        "dossiers.paper",
        &[
            ("added_by", Plain("people and cases are found by words of names")),
            ("file_name", Emptied),
            ("media_type", Thing),
            ("paper", Thing),
            ("sealed", Sealed),
            ("sha256", Thing),
        ],
    ),
    (
        "dossiers.rating",
        &[("comment", Plain("words of officials and people about a case: open"))],
    ),
    (
        "dossiers.supplement",
        &[
            ("asked_by", Plain("what an official signs with their name")),
            ("items", Plain("words of officials and people about a case: open")),
            ("note", Plain("words of officials and people about a case: open")),
            ("reason", Plain("words of officials and people about a case: open")),
            ("sealed", Sealed),
            (
                "supplied_note",
                Plain("words of officials and people about a case: open"),
            ),
            ("typed", Emptied),
            ("typed_note", Emptied),
        ],
    ),
    (
        "dossiers.work",
        &[
            ("app", Thing),
            ("assignee_name", Plain("what an official signs with their name")),
            ("code", Thing),
            ("folded", Plain("people and cases are found by words of names")),
            ("node", Thing),
            ("owner_name", Plain("people and cases are found by words of names")),
            ("procedure_code", Thing),
            ("role", Thing),
            ("title", Plain("people and cases are found by words of names")),
        ],
    ),
    (
        "federation.farewell",
        &[
            ("address", Thing),
            ("holder_sha256", Hash),
            ("id_token", Sealed),
            ("provider", Thing),
        ],
    ),
    (
        "federation.journey",
        &[
            ("back", Thing),
            ("browser_sha256", Hash),
            ("provider", Thing),
            ("resume", Sealed),
            ("state_sha256", Hash),
        ],
    ),
    (
        "federation.link",
        &[
            ("end_reason", Thing),
            ("provider", Thing),
            ("subject", Plain("a number that only the provider can tell")),
        ],
    ),
    (
        "files.file",
        &[
            ("holder", Thing),
            ("media_type", Thing),
            (
                "name",
                Plain("names of files as their owners call them: open, with the contents beside the database"),
            ),
            ("purpose", Thing),
            ("sha256", Thing),
            ("uploaded_by", Thing),
        ],
    ),
    (
        "forms.attachment",
        &[
            ("media_type", Thing),
            ("name", Emptied),
            ("paper", Thing),
            ("sealed", Sealed),
        ],
    ),
    (
        "forms.draft",
        &[
            ("answers", Emptied),
            ("app", Thing),
            ("channel", Thing),
            ("context", Emptied),
            ("form", Thing),
            ("form_version", Thing),
            ("holder", Thing),
            ("passed", Thing),
            ("raw", Emptied),
            ("sealed", Sealed),
            ("subject", Thing),
        ],
    ),
    (
        "identity.account",
        &[
            (
                "login",
                Plain("a name that somebody has chosen; numbers and addresses are sealed"),
            ),
            ("login_folded", Plain("as login")),
            ("login_tag", Hash),
            ("password", Hash),
            ("sealed", Sealed),
            ("state", Thing),
        ],
    ),
    (
        "identity.account_line",
        &[("act", Thing), ("reason", Plain("words of officials about their work"))],
    ),
    ("identity.counter_code", &[("code_sha256", Hash), ("sealed", Sealed)]),
    ("identity.device", &[("token_sha256", Hash)]),
    (
        "identity.emergency",
        &[
            ("reason", Plain("words of officials about their work")),
            ("role", Thing),
        ],
    ),
    ("identity.entry_code", &[("sha256", Hash)]),
    (
        "identity.half_sign_in",
        &[
            ("assurance", Thing),
            ("provider", Thing),
            ("token_sha256", Hash),
            ("way", Thing),
        ],
    ),
    ("identity.holding", &[("valid_from", Thing), ("valid_to", Thing)]),
    (
        "identity.merge",
        &[("counts", Thing), ("sealed", Sealed), ("state", Thing)],
    ),
    (
        "identity.passkey",
        &[
            ("credential", Plain("public by its nature")),
            ("name", Plain("what the owner calls a device")),
            ("public_key", Plain("public by its nature")),
            ("rp_id", Thing),
            ("transports", Thing),
        ],
    ),
    (
        "identity.passkey_challenge",
        &[
            ("challenge", Plain("random")),
            ("half_sha256", Hash),
            ("name", Plain("what the owner calls a device")),
            ("purpose", Thing),
        ],
    ),
    (
        "identity.person",
        &[
            ("birth_date", Emptied),
            ("email", Emptied),
            ("ethnicity", Emptied),
            ("full_name", Plain("people and cases are found by words of names")),
            ("kind", Thing),
            ("name_folded", Plain("people and cases are found by words of names")),
            ("name_key", Plain("people and cases are found by words of names")),
            ("nationality", Plain("one of a few")),
            ("number_tag", Hash),
            ("passport_tag", Hash),
            ("personal_number", Emptied),
            ("phone", Emptied),
            ("phone_tag", Hash),
            ("residence_detail", Emptied),
            (
                "residence_ward",
                Plain("reorganisations move people by it; one of thousands"),
            ),
            ("sealed", Sealed),
            ("sex", Emptied),
            ("source_key", Thing),
            ("tax_number", Plain("those of organisations are public")),
        ],
    ),
    ("identity.recovery_code", &[("tag", Hash)]),
    (
        "identity.registration",
        &[
            ("kind", Thing),
            ("nationality", Plain("one of a few")),
            ("network", Plain("registrations are counted by it, for a day")),
            ("number_tag", Hash),
            ("password", Hash),
            ("receipt_sha256", Hash),
            ("sealed", Sealed),
            ("standing", Thing),
            ("state", Thing),
            ("tax_number", Plain("those of organisations are public")),
        ],
    ),
    (
        "identity.reorganisation",
        &[
            ("basis", Thing),
            ("declaration", Thing),
            ("executed_by", Plain("what an official signs with their name")),
            ("key", Thing),
            ("on_day", Thing),
            ("report", Thing),
            ("title", Thing),
        ],
    ),
    (
        "identity.representation",
        &[
            ("kind", Thing),
            ("procedures", Thing),
            ("sealed", Sealed),
            ("valid_from", Thing),
            ("valid_to", Thing),
        ],
    ),
    (
        "identity.session",
        &[
            ("acts_as", Thing),
            ("assurance", Thing),
            ("audience", Thing),
            ("end_reason", Thing),
            ("ip", Plain("the owner sees where their sessions are")),
            ("provider", Thing),
            ("token_sha256", Hash),
            ("user_agent", Plain("the owner sees where their sessions are")),
            ("way", Thing),
        ],
    ),
    (
        "identity.sign_in_attempt",
        &[
            ("login_sha256", Hash),
            ("network", Plain("guesses are counted by it, for a day")),
            ("source", Plain("guesses are counted by it, for a day")),
        ],
    ),
    (
        "identity.substitution",
        &[
            ("reason", Plain("words of officials about their work")),
            ("roles", Thing),
            ("valid_from", Thing),
            ("valid_to", Thing),
        ],
    ),
    ("identity.totp", &[("next_secret", Sealed), ("secret", Sealed)]),
    (
        "identity.withheld_role",
        &[
            ("reason", Plain("words of officials about their work")),
            ("role", Thing),
        ],
    ),
    (
        "notify.message",
        &[
            ("kind", Thing),
            ("link", Thing),
            ("once", Thing),
            ("params", Emptied),
            ("sealed", Sealed),
        ],
    ),
    (
        "op.audit_entry",
        &[
            ("action", Thing),
            ("actor", Thing),
            ("detail", Plain("what was done, without what it was done with")),
            ("digest", Hash),
            (
                "purpose",
                Plain("the code of a case, or a few words of an official: open"),
            ),
            ("subject", Thing),
        ],
    ),
    (
        "op.event",
        &[
            ("actor", Thing),
            ("kind", Thing),
            ("payload", Plain("facts for listeners, without answers")),
            ("subject", Thing),
        ],
    ),
    (
        "op.job",
        &[
            ("kind", Thing),
            ("last_error", Thing),
            ("once_key", Thing),
            ("payload", Thing),
        ],
    ),
    (
        "op.outcome",
        &[("key", Thing), ("value", Plain("numbers and digests of requests"))],
    ),
    (
        "openid.authorisation",
        &[
            ("assurance", Thing),
            ("client", Thing),
            ("end_reason", Thing),
            ("nonce", Thing),
            ("scopes", Thing),
        ],
    ),
    (
        "openid.code",
        &[
            ("challenge", Thing),
            ("jkt", Thing),
            ("redirect_uri", Thing),
            ("sha256", Hash),
        ],
    ),
    (
        "openid.consent",
        &[("client", Thing), ("end_reason", Thing), ("scopes", Thing)],
    ),
    (
        "openid.pushed_request",
        &[("client", Thing), ("query", Thing), ("sha256", Hash)],
    ),
    ("openid.refresh_token", &[("jkt", Thing), ("sha256", Hash)]),
    ("openid.seen_proof", &[("sha256", Hash)]),
    (
        "oversight.campaign",
        &[
            ("opened_by", Plain("what an official signs with their name")),
            ("quarter", Thing),
        ],
    ),
    (
        "oversight.emergency_report",
        &[
            (
                "note",
                Plain("words of officials about accounts and rights of officials: open"),
            ),
            ("reviewed_by", Plain("what an official signs with their name")),
            (
                "text",
                Plain("words of officials about accounts and rights of officials: open"),
            ),
            ("verdict", Thing),
        ],
    ),
    (
        "oversight.review_line",
        &[
            ("agency_name", Thing),
            ("answered_name", Plain("what an official signs with their name")),
            ("name", Plain("officials are reviewed by name")),
            ("name_key", Plain("officials are reviewed by name")),
            (
                "reason",
                Plain("words of officials about accounts and rights of officials: open"),
            ),
            ("role", Thing),
            ("title", Thing),
            ("verdict", Thing),
        ],
    ),
    ("privacy.bound", &[("purpose", Thing)]),
    (
        "privacy.consent",
        &[
            ("end_reason", Thing),
            ("locale", Thing),
            ("purpose", Thing),
            ("words", Thing),
        ],
    ),
    (
        "privacy.incident",
        &[
            ("article", Thing),
            ("data", Plain("words of officials about a breach: open")),
            ("late_reason", Plain("words of officials about a breach: open")),
            ("measures", Plain("words of officials about a breach: open")),
            ("notified_how", Plain("words of officials about a breach: open")),
            ("state", Thing),
            ("title", Plain("words of officials about a breach: open")),
            ("warn_at", Thing),
            ("what", Plain("words of officials about a breach: open")),
            ("whose", Plain("words of officials about a breach: open")),
        ],
    ),
    (
        "privacy.incident_line",
        &[
            ("action", Thing),
            ("actor_name", Plain("what an official signs with their name")),
            ("detail", Plain("words of officials about a breach: open")),
        ],
    ),
    (
        "privacy.request",
        &[
            ("answer", Emptied),
            ("article", Thing),
            ("details", Emptied),
            ("extension_reason", Emptied),
            ("ground", Emptied),
            ("kind", Thing),
            ("law", Thing),
            ("outcome", Thing),
            ("purposes", Thing),
            ("sealed", Sealed),
            ("state", Thing),
            ("term", Thing),
            ("wishes", Emptied),
        ],
    ),
    (
        "privacy.request_line",
        &[
            ("action", Thing),
            ("actor", Thing),
            ("actor_name", Plain("what an official signs with their name")),
            ("detail", Emptied),
            ("sealed", Sealed),
        ],
    ),
    ("registry.bad_row", &[("sealed", Sealed)]),
    (
        "registry.import",
        &[
            ("decided_name", Plain("what an official signs with their name")),
            ("digest", Thing),
            ("file_name", Thing),
            ("file_sha256", Hash),
            ("format", Thing),
            ("headings", Thing),
            ("mapping", Thing),
            ("note", Plain("words of officials about their work")),
            ("register", Thing),
            ("sheet", Thing),
            ("sheets", Thing),
            ("started_name", Plain("what an official signs with their name")),
            ("state", Thing),
            ("valid_from", Thing),
            ("what", Thing),
        ],
    ),
    (
        "registry.bulk",
        &[
            ("agency_name", Thing),
            ("asked_name", Plain("what an official signs with their name")),
            ("decided_name", Plain("what an official signs with their name")),
            ("note", Plain("words of officials about their work")),
            ("register", Thing),
            ("sealed", Sealed),
            ("state", Thing),
        ],
    ),
    (
        "registry.bulk_record",
        &[
            ("fault", Plain("what is wrong with a record, without what it holds")),
            ("state", Thing),
        ],
    ),
    ("registry.draft_register", &[("name", Thing), ("tree", Thing)]),
    (
        "registry.merged",
        &[
            ("by_name", Plain("what an official signs with their name")),
            ("reason", Plain("words of officials about a record: open")),
            ("register", Thing),
        ],
    ),
    (
        "registry.profile",
        &[
            (
                "fields",
                Plain("frequent values of class public and internal, counts of all others"),
            ),
            ("register", Thing),
        ],
    ),
    (
        "registry.proposal",
        &[
            ("agency_name", Thing),
            ("decided_name", Plain("what an official signs with their name")),
            ("kind", Thing),
            ("note", Plain("words of officials about their work")),
            ("proposed_name", Plain("what an official signs with their name")),
            ("register", Thing),
            ("sealed", Sealed),
            ("state", Thing),
        ],
    ),
    (
        "registry.quality_run",
        &[
            ("register", Thing),
            (
                "state",
                Plain("values of class public and internal, hashes and counts of all others"),
            ),
        ],
    ),
    (
        "registry.twin",
        &[
            ("decided_name", Plain("what an official signs with their name")),
            ("note", Plain("words of officials about two records: open")),
            ("register", Thing),
            ("state", Thing),
            ("why", Thing),
        ],
    ),
    (
        "scim.group",
        &[
            ("client", Thing),
            ("doc", Plain("what applications call groups of officials")),
        ],
    ),
    (
        "scim.user",
        &[
            ("client", Thing),
            (
                "doc",
                Plain("contact of officials at work, as their application keeps it: open"),
            ),
        ],
    ),
    (
        "workflow.instance",
        &[
            ("agencies", Thing),
            ("end_node", Thing),
            ("reason", Plain("words of officials and people about a case: open")),
            ("state", Thing),
            ("subject", Thing),
            ("variables", Thing),
        ],
    ),
    (
        "workflow.task",
        &[
            ("assignee_name", Plain("what an official signs with their name")),
            ("completed_by_name", Plain("what an official signs with their name")),
            ("node", Thing),
            ("outcome", Thing),
            ("outcomes", Thing),
            ("role", Thing),
            ("state", Thing),
        ],
    ),
];

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
    assert_eq!(
        found, known,
        "say here how a new column is kept, or that its table holds things alone"
    );
    for (table, columns) in COLUMNS {
        for (column, how) in *columns {
            let said = !matches!(how, Plain(why) if why.is_empty());
            assert!(said, "{table}.{column} stays in plain for no reason");
        }
    }
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

/// All texts that tell something: no codes of choices, no short words.
fn leaves(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.chars().count() >= 9 => {
            let is_code = text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            // Days of the year in which the scenarios are played stand everywhere.
            if !is_code && !text.starts_with("2026-") {
                into.insert(text.clone());
            }
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
const STILL: &[(&str, &str)] = &[
    (
        "dossiers.dossier.title",
        "the name of whom or of what a case is about, by which it is found",
    ),
    ("dossiers.work.folded", "as the title"),
    ("dossiers.work.title", "as the title"),
    (
        "dossiers.supplement.items",
        "what an official quoted when asking for more",
    ),
    (
        "dossiers.history.detail",
        "what an official quoted when asking for more",
    ),
];

// shows: R028
#[expect(
    clippy::disallowed_methods,
    reason = "names of tables cannot be bound; these are those of the database itself"
)]
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
    let mut told = told(&house).await;
    assert!(told.len() > 40, "{told:?}");
    // Somebody gets a number as the name of the account, and is told.
    let identity = &house.player.engines.identity;
    let mut op = house.player.ops.open(Actor::System("test")).await.unwrap();
    let account = identity.account_by_login(&mut op, "congdan").await.unwrap().unwrap().id;
    identity.rename_account(&mut op, account, "093177000001").await.unwrap();
    op.commit().await.unwrap();
    told.insert("093177000001".to_owned());
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
                    hits.entry(format!("{table}.{column}"))
                        .or_default()
                        .insert((*one).clone());
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
        assert!(
            uses.iter().any(|used| used.purpose == purpose && used.count > 0),
            "{purpose}"
        );
    }
}
