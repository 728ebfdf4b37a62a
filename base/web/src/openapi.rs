//! OpenAPI 3.1, put together from the routes (R018).

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{Door, Routes, Site, routes::Kind};

/// What an integrator should know about one operation of the API.
#[derive(Debug, Clone, Copy)]
pub struct Doc {
    /// Unique name, `submitDossier`.
    pub id: &'static str,
    /// Group, usually the engine.
    pub tag: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Status of success.
    pub status: u16,
    /// Names of query parameters.
    pub query: &'static [&'static str],
    /// Names of headers.
    pub headers: &'static [&'static str],
    /// Whether it may answer 202: it waits for somebody who decides.
    pub waits: bool,
    /// The size of the largest body in bytes, where it is more than usual.
    pub body: Option<usize>,
}

impl Doc {
    /// A documented operation that answers 200.
    pub const fn new(id: &'static str, tag: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            tag,
            summary,
            status: 200,
            query: &[],
            headers: &[],
            waits: false,
            body: None,
        }
    }

    /// It answers 201.
    pub const fn created(mut self) -> Self {
        self.status = 201;
        self
    }

    /// It takes these query parameters.
    pub const fn with_query(mut self, query: &'static [&'static str]) -> Self {
        self.query = query;
        self
    }

    /// It takes these headers.
    pub const fn with_headers(mut self, headers: &'static [&'static str]) -> Self {
        self.headers = headers;
        self
    }

    /// It may answer 202: it waits for somebody who decides.
    pub const fn or_accepted(mut self) -> Self {
        self.waits = true;
        self
    }

    /// Its JSON may be so large.
    pub const fn with_body(mut self, bytes: usize) -> Self {
        self.body = Some(bytes);
        self
    }
}

type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

pub(crate) struct Operation {
    doc: Doc,
    request: Option<MakeSchema>,
    response: Option<MakeSchema>,
    raw: bool,
    /// The name of the JSON part of a `multipart/form-data` body.
    part: Option<&'static str>,
}

impl Operation {
    /// Takes and gives nothing that could be described.
    pub(crate) fn new(doc: Doc) -> Self {
        Self {
            doc,
            request: None,
            response: None,
            raw: false,
            part: None,
        }
    }

    pub(crate) fn takes<B: JsonSchema>(mut self) -> Self {
        self.request = Some(|generator| generator.subschema_for::<B>());
        self
    }

    pub(crate) fn takes_part<B: JsonSchema>(mut self, name: &'static str) -> Self {
        self.part = Some(name);
        self.takes::<B>()
    }

    pub(crate) fn takes_bytes(mut self) -> Self {
        self.raw = true;
        self
    }

    pub(crate) fn gives<T: JsonSchema>(mut self) -> Self {
        self.response = Some(|generator| generator.subschema_for::<T>());
        self
    }
}

/// The description of all API routes.
pub fn openapi<S>(routes: &Routes<S>, title: &str, version: &str) -> Value
where
    S: AsRef<Site> + Clone + Send + Sync + 'static,
{
    let mut generator = SchemaSettings::draft2020_12()
        .with(|s| s.definitions_path = "/components/schemas".into())
        .into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes.routes.iter().filter(|route| route.kind == Kind::Api) {
        let Some(operation) = &route.doc else { continue };
        let entry = paths.entry(route.path.to_string()).or_insert_with(|| json!({}));
        entry[route.method.as_str().to_lowercase()] = describe(route.path, route.door, operation, &mut generator);
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Problem".into(), problem());
    json!({
        "openapi": "3.1.0",
        "info": { "title": title, "version": version, "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" } },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "session": { "type": "http", "scheme": "bearer", "description": "Token from POST /api/v1/sessions" },
                "application": { "type": "http", "scheme": "bearer", "description": "Access token that an application has got for itself" },
            },
        },
    })
}

fn describe(path: &str, door: Door, operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let mut parameters: Vec<Value> = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    parameters.extend(
        operation
            .doc
            .query
            .iter()
            .map(|name| json!({ "name": name, "in": "query", "schema": { "type": "string" } })),
    );
    let headers = operation.doc.headers.iter();
    parameters.extend(headers.map(|name| json!({ "name": name, "in": "header", "schema": { "type": "string" } })));
    let success = match operation.response {
        Some(make) => json!({ "application/json": { "schema": make(generator) } }),
        None => json!({ "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } }),
    };
    let mut described = json!({
        "operationId": operation.doc.id,
        "tags": [operation.doc.tag],
        "summary": operation.doc.summary,
        "parameters": parameters,
        "responses": {
            operation.doc.status.to_string(): { "description": "Success", "content": success },
            "default": { "description": "Problem", "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } },
        },
    });
    if operation.doc.waits {
        let content = described["responses"][operation.doc.status.to_string()]["content"].clone();
        described["responses"]["202"] = json!({ "description": "Waits for somebody who decides", "content": content });
    }
    if door != Door::Public {
        described["security"] = match door {
            Door::Program => json!([{ "session": [] }, { "application": [] }]),
            _ => json!([{ "session": [] }]),
        };
        described["x-door"] = json!(door);
    }
    if let Some(make) = operation.request {
        let schema = make(generator);
        let content = match operation.part {
            None => json!({ "application/json": { "schema": schema } }),
            Some(part) => json!({ "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [part],
                    "properties": { part: schema },
                    "additionalProperties": { "type": "string", "format": "binary" },
                },
                "encoding": { part: { "contentType": "application/json" } },
            } }),
        };
        described["requestBody"] = json!({ "required": true, "content": content });
        if let Some(most) = operation.doc.body {
            described["requestBody"]["x-max-bytes"] = most.into();
        }
    }
    if operation.raw {
        described["requestBody"] = json!({ "required": true, "content": { "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } } });
    }
    described
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457 problem details",
        "required": ["type", "title", "status", "code"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "code": { "type": "string" },
            "request": { "type": "string" },
            "fields": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": { "field": { "type": "string" }, "code": { "type": "string" }, "title": { "type": "string" } },
                },
            },
        },
    })
}
