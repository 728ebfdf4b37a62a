//! OpenAPI 3.1 of one register, made from its declaration: what it holds is typed, its filters are named.

use serde_json::{Map, Value, json};

use crate::Described;
use crate::definition::{FieldDefinition, Kind};

/// The description of a register for whoever asks: fields that they may know of, and writing where they may enter.
pub(super) fn openapi(described: &Described, mut values: Value, language: &str) -> Value {
    let published = &described.card.published;
    let definition = &published.definition;
    if let Some(schema) = values.as_object_mut() {
        schema.remove("$schema");
    }
    let base = format!("/api/v1/registers/{}", definition.record);
    let mut paths = Map::new();
    let mut put = |path: String, operations: Value| paths.insert(path, operations);
    let mut records = json!({ "get": reading(
        "listRecords", "Records that hold on a day.", list_parameters(described, &values), "RecordList",
    ) });
    let mut record = json!({ "parameters": [path_id()], "get": reading(
        "getRecord",
        "A record on a day, as it is known now or was known at a moment.",
        vec![day("as_of"), known(), purpose(), fields()],
        "Record",
    ) });
    if described.enters {
        records["post"] = writing(
            "addRecord",
            "Enters a new record.",
            "NewRecord",
            (201, "Written"),
            false,
        );
        record["put"] = writing(
            "changeRecord",
            "From a day on it is otherwise.",
            "Change",
            (200, "Written"),
            true,
        );
        for (end, id, summary, body) in [
            (
                "correction",
                "correctRecord",
                "Puts right what was recorded wrongly.",
                "Correction",
            ),
            ("end", "endRecord", "After a day it is no more.", "End"),
        ] {
            let mut operation = json!({ "parameters": [path_id()] });
            operation["post"] = writing(id, summary, body, (200, "Written"), true);
            put(format!("{base}/records/{{id}}/{end}"), operation);
        }
        let summary = "Takes up to 1,000 rows over by the key of the register.";
        let upsert = writing("upsertRecords", summary, "Rows", (200, "Taken"), false);
        put(format!("{base}/records:upsert"), json!({ "post": upsert }));
    }
    put(format!("{base}/records"), records);
    put(format!("{base}/records/{{id}}"), record);
    let history = reading(
        "getRecordHistory",
        "What is and was known of a record.",
        vec![purpose(), fields()],
        "History",
    );
    put(
        format!("{base}/records/{{id}}/history"),
        json!({ "parameters": [path_id()], "get": history }),
    );
    let since = vec![query("since", json!({ "type": "string" })), limit()];
    let changes = reading(
        "listRecordChanges",
        "What has happened after a cursor.",
        since,
        "Changes",
    );
    put(format!("{base}/changes"), json!({ "get": changes }));
    if definition.approval {
        waits(&mut paths);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": definition.words.in_language(language),
            "description": definition.about.in_language(language),
            "version": published.digest,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas(values),
            "securitySchemes": {
                "session": { "type": "http", "scheme": "bearer", "description": "Token from POST /api/v1/sessions" },
                "application": { "type": "http", "scheme": "bearer", "description": "Access token that an application has got for itself" },
            },
        },
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn body(name: &str) -> Value {
    json!({ "application/json": { "schema": reference(name) } })
}

fn responses(status: u16, name: &str) -> Value {
    json!({
        status.to_string(): { "description": "Success", "content": body(name) },
        "default": { "description": "Problem", "content": { "application/problem+json": { "schema": reference("Problem") } } },
    })
}

/// Without a session or token one reads what everybody reads.
fn reading(id: &str, summary: &str, parameters: Vec<Value>, answer: &str) -> Value {
    json!({
        "operationId": id, "summary": summary, "parameters": parameters, "responses": responses(200, answer),
        "security": [{}, { "session": [] }, { "application": [] }],
    })
}

fn writing(id: &str, summary: &str, request: &str, (status, answer): (u16, &str), seen: bool) -> Value {
    let mut parameters = vec![header("Idempotency-Key")];
    if seen {
        parameters.push(header("If-Match"));
    }
    json!({
        "operationId": id, "summary": summary, "parameters": parameters, "responses": responses(status, answer),
        "requestBody": { "required": true, "content": body(request) },
        "security": [{ "session": [] }, { "application": [] }],
    })
}

/// Where the owner approves what is entered, it may wait.
fn waits(paths: &mut Map<String, Value>) {
    let operations = paths.values_mut().filter_map(Value::as_object_mut);
    for operation in operations.flat_map(|operations| operations.values_mut()) {
        let answer = ["200", "201"].map(|status| operation["responses"][status]["content"].clone());
        if let Some(content) = answer.into_iter().find(|content| *content == body("Written")) {
            operation["responses"]["202"] = json!({ "description": "Waits for the owner", "content": content });
        }
    }
}

fn query(name: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "schema": schema })
}

fn day(name: &str) -> Value {
    query(name, json!({ "type": "string", "format": "date" }))
}

fn known() -> Value {
    query("known_at", json!({ "type": "string", "format": "date-time" }))
}

fn header(name: &str) -> Value {
    json!({ "name": name, "in": "header", "schema": { "type": "string" } })
}

fn path_id() -> Value {
    json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } })
}

fn purpose() -> Value {
    query("purpose", json!({ "type": "string", "minLength": 5 }))
}

fn fields() -> Value {
    json!({
        "name": "fields", "in": "query", "style": "form", "explode": false,
        "schema": { "type": "array", "items": { "type": "string" } },
    })
}

fn limit() -> Value {
    query("limit", json!({ "type": "integer", "minimum": 1, "maximum": 200 }))
}

/// What a list is narrowed and sorted by.
fn list_parameters(described: &Described, values: &Value) -> Vec<Value> {
    let mut all = vec![day("as_of"), known(), fields(), limit()];
    all.push(query("after", json!({ "type": "string" })));
    all.push(query("total", json!({ "type": "boolean" })));
    let every_word = described.card.published.definition.fields.iter();
    if every_word
        .filter(|field| field.is_words())
        .all(|field| described.plain.contains(&field.field))
    {
        all.push(query("q", json!({ "type": "string" })));
    }
    let searched = |field: &&FieldDefinition| field.search || matches!(field.kind, Kind::Person);
    let found: Vec<&FieldDefinition> = described.fields().filter(searched).collect();
    let sorted = found.iter().filter(|field| !field.is_sealed() && field.is_ordered());
    let orders: Vec<String> = sorted
        .flat_map(|field| [field.field.clone(), format!("-{}", field.field)])
        .collect();
    if !orders.is_empty() {
        all.push(query("sort", json!({ "enum": orders })));
    }
    for field in found {
        let own = compared(field, &values["properties"][&field.field]);
        all.push(json!({
            "name": field.field, "in": "query", "style": "form", "explode": true,
            "schema": { "type": "array", "items": own },
        }));
        if !field.is_sealed() && field.is_ordered() {
            for end in ["from", "to"] {
                all.push(query(&format!("{}.{end}", field.field), own.clone()));
            }
        }
    }
    all
}

/// What a field is compared with: a period by its first day, a link by identifier.
fn compared(field: &FieldDefinition, own: &Value) -> Value {
    match field.kind {
        Kind::Period => json!({ "type": "string", "format": "date", "title": own["title"] }),
        Kind::Link(_) => json!({ "type": "string", "format": "uuid", "title": own["title"] }),
        _ => own.clone(),
    }
}

fn schemas(values: Value) -> Value {
    let date = json!({ "type": "string", "format": "date" });
    let maybe_date = json!({ "type": ["string", "null"], "format": "date" });
    let moment = json!({ "type": "string", "format": "date-time" });
    let uuid = json!({ "type": "string", "format": "uuid" });
    let version = json!({ "type": "integer", "description": "The version that was seen, unless If-Match names it" });
    let mut all = json!({
        "Values": sent(&values),
        "NewRecord": object(&[("values", reference("Values")), ("valid_from", maybe_date.clone())], &["values"]),
        "Change": object(&[
            ("values", reference("Values")), ("valid_from", maybe_date.clone()), ("version", version.clone()),
            ("reason", json!({ "type": "string" })),
        ], &["values"]),
        "Correction": object(&[
            ("period", date.clone()), ("values", reference("Values")), ("valid_from", maybe_date.clone()),
            ("valid_to", maybe_date.clone()), ("version", version.clone()), ("reason", json!({ "type": "string" })),
        ], &["period", "values", "reason"]),
        "End": object(
            &[("last", date.clone()), ("version", version), ("reason", json!({ "type": "string" }))],
            &["last", "reason"],
        ),
        "Rows": object(&[("rows", json!({ "type": "array", "maxItems": super::MOST_ROWS, "items": object(&[
            ("values", reference("Values")), ("valid_from", maybe_date.clone()), ("valid_to", maybe_date.clone()),
        ], &["values"]) }))], &["rows"]),
        "Written": object(&[
            ("id", uuid.clone()), ("version", json!({ "type": "integer" })), ("proposal", uuid.clone()),
        ], &[]),
        "Problem": object(&[
            ("type", json!({ "type": "string" })), ("title", json!({ "type": "string" })),
            ("status", json!({ "type": "integer" })), ("code", json!({ "type": "string" })),
            ("fields", list_of("Fault")),
        ], &["type", "title", "status", "code"]),
        "Fault": object(&[
            ("field", json!({ "type": "string" })), ("code", json!({ "type": "string" })),
            ("title", json!({ "type": "string" })), ("message", json!({ "type": "string" })),
        ], &["field", "code"]),
    });
    // What is shown is a part of what may be there: nothing of it is required, and a reader knows no rules.
    let mut shown = values;
    if let Some(schema) = shown.as_object_mut() {
        schema.remove("required");
    }
    all["Shown"] = shown;
    all["Record"] = object(
        &[
            ("id", uuid.clone()),
            ("version", json!({ "type": "integer" })),
            ("valid_from", date),
            ("valid_to", maybe_date),
            ("recorded_at", moment.clone()),
            ("values", reference("Shown")),
        ],
        &["id", "version", "valid_from", "recorded_at", "values"],
    );
    let next = json!({ "type": ["string", "null"] });
    all["RecordList"] = object(
        &[
            ("items", list_of("Record")),
            ("next", next),
            ("fields", texts()),
            ("total", json!({ "type": "integer" })),
        ],
        &["items", "fields"],
    );
    let past = [
        ("record", reference("Record")),
        (
            "replaced_at",
            json!({ "type": ["string", "null"], "format": "date-time" }),
        ),
        ("reason", json!({ "type": "string" })),
    ];
    all["Past"] = object(&past, &["record"]);
    all["History"] = object(
        &[("periods", list_of("Record")), ("past", list_of("Past"))],
        &["periods", "past"],
    );
    let change = [
        ("record", uuid.clone()),
        (
            "kind",
            json!({ "enum": ["created", "changed", "corrected", "ended", "merged"] }),
        ),
        ("at", moment),
        ("into", uuid.clone()),
    ];
    all["ChangeOf"] = object(&change, &["record", "kind", "at"]);
    let feed = [
        ("items", list_of("ChangeOf")),
        ("next", json!({ "type": "string" })),
        ("more", json!({ "type": "boolean" })),
    ];
    all["Changes"] = object(&feed, &["items", "next", "more"]);
    let row = [
        ("row", json!({ "type": "integer" })),
        (
            "result",
            json!({ "enum": ["created", "changed", "unchanged", "refused"] }),
        ),
        ("id", uuid),
        ("faults", list_of("Fault")),
    ];
    all["TakenRow"] = object(&row, &["row", "result"]);
    let count = || json!({ "type": "integer" });
    let taken = [
        ("created", count()),
        ("changed", count()),
        ("unchanged", count()),
        ("refused", count()),
        ("rows", list_of("TakenRow")),
    ];
    all["Taken"] = object(&taken, &["created", "changed", "unchanged", "refused", "rows"]);
    all
}

/// What is sent: a field that need not be there may be sent as null, which empties it.
fn sent(values: &Value) -> Value {
    let mut sent = values.clone();
    let required = values["required"].as_array().cloned().unwrap_or_default();
    let fields = sent["properties"].as_object_mut().into_iter().flatten();
    for (_, field) in fields.filter(|(name, _)| !required.contains(&Value::from(name.as_str()))) {
        match field.get("type").cloned() {
            Some(Value::String(kind)) => field["type"] = json!([kind, "null"]),
            _ => *field = json!({ "anyOf": [field.take(), { "type": "null" }] }),
        }
    }
    sent
}

fn object(properties: &[(&str, Value)], required: &[&str]) -> Value {
    let properties: Map<String, Value> = properties
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn list_of(name: &str) -> Value {
    json!({ "type": "array", "items": reference(name) })
}

fn texts() -> Value {
    json!({ "type": "array", "items": { "type": "string" } })
}
