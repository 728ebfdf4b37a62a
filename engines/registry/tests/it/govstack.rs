//! The Digital Registries API of GovStack (data API 1.3.0/1.4.0), asked as its description and its tests ask.

use serde_json::{Value, json};

use crate::api_house::{Api, Reply};
use crate::town::shop;

/// The example registry of the norm, in our grammar.
const BIRTHS: &str = r#"
format: 1
record: birth
vi: Sổ đăng ký mẫu
en: Example registry
about: { vi: Sổ mẫu của GovStack., en: The example of GovStack. }
owner: SCT
sharing: [default]
update: entry
readers: officials
retention: { years: 10 }
title: code
key: [code]
list: [code, first_name, last_name]
fields:
  - { field: code, vi: Mã, en: Code, type: text, required: true, class: public, search: true }
  - { field: first_name, vi: Tên, en: First name, type: text, class: public, search: true }
  - { field: last_name, vi: Họ, en: Last name, type: text, class: public, search: true }
  - { field: certificate, vi: Số giấy, en: Certificate, type: text, class: public, search: true }
  - { field: weight, vi: Cân nặng, en: Weight, type: number, class: internal }
  - { field: phone, vi: Điện thoại, en: Phone, type: phone, class: personal, search: true }
"#;

const CLIENT: &str = "eGovStack/GOV/90000009/digitalregistries";
const DATA: &str = "/govstack/registries/data/birth/1.0";

async fn send(api: &Api, method: &'static str, path: &str, token: &str, body: Option<Value>) -> Reply {
    let ask = api
        .ask(method, path.to_owned())
        .by(token)
        .header("information-mediator-client", CLIENT);
    match body {
        Some(body) => ask.body(&body).send().await,
        None => ask.send().await,
    }
}

fn child(code: &str, first: &str) -> Value {
    json!({ "code": code, "first_name": first, "last_name": "Smith", "certificate": format!("RR-{code}") })
}

async fn furnished() -> (Api, String) {
    let api = Api::new().await;
    api.town.publish(BIRTHS).await.unwrap();
    let owner = api.official("SCT", "specialist");
    (api, owner)
}

#[tokio::test]
async fn records_are_created_read_and_found() {
    let (api, owner) = furnished().await;
    let create = format!("{DATA}/create");
    let made = send(
        &api,
        "POST",
        &create,
        &owner,
        Some(json!({ "write": { "content": child("1", "John") } })),
    )
    .await;
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(made.headers["content-type"], "application/json");
    assert_eq!(made.body["content"]["first_name"], "John");
    let id = made.body["content"]["id"].as_str().unwrap().to_owned();
    let entries = json!({ "write": [{ "content": child("2", "Alice") }, { "content": child("3", "John") }] });
    for path in [
        "/govstack/registries/data/birth/createEntries",
        &format!("{DATA}/createEntries"),
    ] {
        let reply = send(&api, "POST", path, &owner, Some(entries.clone())).await;
        if path.contains("1.0") {
            assert_eq!(reply.fault(), (400, "registry.duplicate_key"), "all of them or none");
            continue;
        }
        assert_eq!(reply.status, 201, "{reply:?}");
        let receive = reply.body["receive"].as_array().unwrap();
        assert_eq!(receive.len(), 2);
        assert!(
            receive[0]["uuid"].is_string()
                && receive[0]["createdAt"].is_string()
                && receive[0]["modifiedAt"].is_string()
        );
        assert_eq!(receive[1]["content"]["code"], "3");
    }

    let query = |content: Value| Some(json!({ "query": { "content": content } }));
    for content in [
        json!({ "code": "1" }),
        json!({ "first_name": "John", "certificate": "RR-1" }),
        child("1", "John"),
        json!({ "id": id }),
        json!({ "id": id, "first_name": "John" }),
    ] {
        let read = send(&api, "POST", &format!("{DATA}/read"), &owner, query(content.clone())).await;
        assert_eq!(
            (read.status, &read.body["content"]["code"]),
            (200, &json!("1")),
            "{content}: {read:?}"
        );
        assert_eq!(read.body["content"]["id"], id);
        let exists = send(&api, "POST", &format!("{DATA}/exists"), &owner, query(content)).await;
        assert_eq!((exists.status, &exists.body["answer"]["status"]), (200, &json!(true)));
        assert!(exists.body["answer"]["message"].as_str().unwrap().starts_with("Có"));
    }
    for content in [
        json!({ "first_name": "NotExist" }),
        json!({ "id": id, "first_name": "Alice" }),
        json!({ "id": "x" }),
    ] {
        let read = send(&api, "POST", &format!("{DATA}/read"), &owner, query(content.clone())).await;
        assert_eq!(
            (read.status, &read.body["detail"]),
            (404, &json!("no record found")),
            "{content}"
        );
        assert_eq!(read.headers["content-type"], "application/json");
        let exists = send(&api, "POST", &format!("{DATA}/exists"), &owner, query(content)).await;
        assert_eq!((exists.status, &exists.body["answer"]["status"]), (200, &json!(false)));
    }
    for (content, code) in [
        (json!({}), "registry.bad_filter"),
        (json!({ "code": "" }), "registry.bad_filter"),
        (json!({ "code": ["1"] }), "registry.bad_filter"),
        (json!({ "weight": 3 }), "registry.bad_filter"),
        (json!({ "nothing": "1" }), "registry.unknown_field"),
        (json!({ "sort": "code" }), "registry.unknown_field"),
        (json!({ "phone": null }), "registry.field_sealed"),
    ] {
        let read = send(&api, "POST", &format!("{DATA}/read"), &owner, query(content.clone())).await;
        assert_eq!(read.fault(), (400, code), "{content}");
    }
    for (file, status, value) in [
        ("first_name.json", 200, json!("John")),
        ("weight.json", 200, json!({ "value": null })),
        ("id.json", 200, json!(id)),
        ("first_name.xml", 404, Value::Null),
        ("phone.json", 404, Value::Null),
        ("nothing.json", 404, Value::Null),
        ("first_name", 404, Value::Null),
    ] {
        for path in [
            format!("{DATA}/{id}/readValue/{file}"),
            format!("{DATA}/1/read-value/{file}"),
        ] {
            let reply = send(&api, "GET", &path, &owner, None).await;
            assert_eq!(reply.status, status, "{path}: {reply:?}");
            match status {
                200 => assert_eq!(reply.body, value),
                _ => assert_eq!(reply.body["code"], "registry.no_value"),
            }
        }
    }
    let nobody = send(
        &api,
        "GET",
        &format!("{DATA}/9/readValue/first_name.json"),
        &owner,
        None,
    )
    .await;
    assert_eq!(nobody.fault(), (404, "registry.record_not_found"));
}

#[tokio::test]
async fn lists_are_searched_filtered_ordered_and_cut() {
    let (api, owner) = furnished().await;
    let empty = send(&api, "GET", DATA, &owner, None).await;
    assert_eq!(empty.body, json!({ "count": 0, "previous": null, "results": [] }));
    for n in 1..=7 {
        let name = if n % 2 == 0 { "Alice" } else { "John" };
        let body = json!({ "write": { "content": child(&n.to_string(), name) } });
        send(&api, "POST", &format!("{DATA}/create"), &owner, Some(body)).await;
    }
    let list = async |query: &str| send(&api, "GET", &format!("{DATA}?{query}"), &owner, None).await;
    let codes = |reply: &Reply| -> Vec<String> {
        let results = reply.body["results"].as_array().unwrap_or_else(|| panic!("{reply:?}"));
        results
            .iter()
            .map(|one| one["code"].as_str().unwrap().to_owned())
            .collect()
    };
    for (query, found) in [
        (
            "search=John&filter=first_name&ordering=descending",
            &["7", "5", "3", "1"][..],
        ),
        ("search=Alice&filter=first_name&ordering=ascending", &["2", "4", "6"]),
        ("search=alice&ordering=code", &["2", "4", "6"]),
        ("query.first_name=Alice&query.code=4", &["4"]),
        ("ordering=-code&pageSize=2", &["7", "6"]),
        ("ordering=ascending&pageSize=3&page=2", &["4", "5", "6"]),
        ("ordering=ascending&pageSize=3&page=4", &[]),
    ] {
        let reply = list(query).await;
        assert_eq!(reply.status, 200, "{query}: {reply:?}");
        let mut own = codes(&reply);
        // By one and the same name the order is that of entering, or the other way round.
        if query.contains("filter=first_name") {
            own.sort();
            let mut found: Vec<&str> = found.to_vec();
            found.sort_unstable();
            assert_eq!(own, found, "{query}");
            assert_eq!(reply.body["count"], found.len());
        } else {
            assert_eq!(own, found, "{query}");
        }
    }
    // From page to page, there and back.
    let first = list("ordering=ascending&pageSize=3").await;
    assert_eq!(
        (&first.body["count"], &first.body["previous"]),
        (&json!(7), &Value::Null)
    );
    let next = first.body["next"].as_str().unwrap().to_owned();
    let second = send(&api, "GET", &next, &owner, None).await;
    assert_eq!(codes(&second), ["4", "5", "6"]);
    let third = send(&api, "GET", second.body["next"].as_str().unwrap(), &owner, None).await;
    assert_eq!(codes(&third), ["7"]);
    assert!(third.body.get("next").is_none());
    let back = send(&api, "GET", third.body["previous"].as_str().unwrap(), &owner, None).await;
    assert_eq!(codes(&back), ["4", "5", "6"]);
    for (query, status, code) in [
        ("filter=nothing&search=1", 400, "registry.unknown_field"),
        ("query.nothing=1", 400, "registry.unknown_field"),
        ("query.weight=1", 400, "registry.bad_filter"),
        ("ordering=phone", 400, "registry.not_sortable"),
        ("page=x", 400, "registry.bad_filter"),
        ("page=4000000000&pageSize=200", 400, "registry.bad_filter"),
        ("after=zz", 400, "db.bad_cursor"),
        ("first_name=John", 400, "registry.bad_filter"),
    ] {
        assert_eq!(list(query).await.fault(), (status, code), "{query}");
    }
}

#[tokio::test]
async fn records_are_updated_and_end_and_are_never_deleted() {
    let (api, owner) = furnished().await;
    let write =
        |query: Value, write: Value| Some(json!({ "query": { "content": query }, "write": { "content": write } }));
    let mut first = child("1", "John");
    first["phone"] = "0912345678".into();
    send(
        &api,
        "POST",
        &format!("{DATA}/create"),
        &owner,
        Some(json!({ "write": { "content": first } })),
    )
    .await;
    for (code, name) in [("2", "Alina"), ("3", "Alina")] {
        let body = write(json!({ "code": code }), child(code, name));
        let reply = send(&api, "POST", &format!("{DATA}/update-or-create"), &owner, body).await;
        assert_eq!(
            (reply.status, &reply.body["content"]["first_name"]),
            (200, &json!(name)),
            "{reply:?}"
        );
    }
    api.town.scratch.clock.advance(chrono::TimeDelta::days(10));
    // What is not named stays, what is sealed too.
    let body = write(
        json!({ "code": "1", "last_name": "Smith" }),
        json!({ "first_name": "Jack" }),
    );
    let updated = send(&api, "PUT", &format!("{DATA}/update"), &owner, body).await;
    assert_eq!(updated.status, 200, "{updated:?}");
    assert_eq!(
        (
            &updated.body["content"]["first_name"],
            &updated.body["content"]["certificate"]
        ),
        (&json!("Jack"), &json!("RR-1"))
    );
    let id = updated.body["content"]["id"].as_str().unwrap().to_owned();
    let record = api
        .get(
            &format!("/api/v1/registers/birth/records/{id}?purpose=kiem+tra"),
            &owner,
        )
        .await
        .body;
    assert_eq!(record["values"]["phone"], "0912345678");
    let before = api
        .get(
            &format!("/api/v1/registers/birth/records/{id}?as_of=2026-03-05"),
            &owner,
        )
        .await
        .body;
    assert_eq!(before["values"]["first_name"], "John", "what was before stays known");
    // By the key that is written, where nothing is asked.
    let body = json!({ "write": { "content": { "code": "1", "last_name": "Brown" } } });
    let updated = send(&api, "POST", &format!("{DATA}/updateOrCreate"), &owner, Some(body)).await;
    assert_eq!(
        (&updated.body["content"]["last_name"], &updated.body["content"]["id"]),
        (&json!("Brown"), &json!(id))
    );

    let body = write(json!({ "first_name": "Alina" }), json!({ "first_name": "Olga" }));
    let many = send(&api, "PUT", &format!("{DATA}/update"), &owner, body.clone()).await;
    assert_eq!(many.fault(), (409, "registry.several_records"));
    for path in [format!("{DATA}/update-entries"), format!("{DATA}/updateEntries")] {
        let reply = send(&api, "PUT", &path, &owner, body.clone()).await;
        match path.contains('-') {
            true => assert_eq!((reply.status, &reply.body["updated"]), (200, &json!(2)), "{reply:?}"),
            false => assert_eq!(
                reply.fault(),
                (404, "registry.record_not_found"),
                "there is none of that name now"
            ),
        }
    }
    for (method, verb, body, status, code) in [
        (
            "PUT",
            "update",
            json!({ "write": { "content": { "first_name": "x" } } }),
            400,
            "registry.bad_filter",
        ),
        (
            "PUT",
            "updateEntries",
            json!({ "write": { "content": { "first_name": "x" } } }),
            400,
            "registry.bad_filter",
        ),
        (
            "PUT",
            "updateEntries",
            json!({ "query": { "content": {} }, "write": { "content": { "first_name": "x" } } }),
            400,
            "registry.bad_filter",
        ),
        (
            "PUT",
            "update",
            json!({ "query": { "content": { "code": "1" } }, "write": { "content": { "id": "x", "version": 9 } } }),
            400,
            "registry.invalid",
        ),
        (
            "POST",
            "create",
            json!({ "write": { "content": {} } }),
            400,
            "registry.invalid",
        ),
        ("POST", "create", json!({ "write": [] }), 400, "web.bad_json"),
        (
            "POST",
            "create",
            json!({ "write": { "content": { "code": "a".repeat(70_000) } } }),
            413,
            "web.too_large",
        ),
    ] {
        let reply = send(&api, method, &format!("{DATA}/{verb}"), &owner, Some(body)).await;
        assert_eq!(reply.fault(), (status, code), "{verb}: {reply:?}");
        assert!(reply.body["detail"].is_string());
    }

    // What began today ends with today; what began before ended yesterday.
    let read = Some(json!({ "query": { "content": { "code": "2" } } }));
    assert_eq!(
        send(&api, "DELETE", &format!("{DATA}/2/delete"), &owner, None)
            .await
            .status,
        204
    );
    assert_eq!(
        send(&api, "POST", &format!("{DATA}/read"), &owner, read.clone())
            .await
            .status,
        200
    );
    api.town.scratch.clock.advance(chrono::TimeDelta::days(1));
    assert_eq!(
        send(&api, "POST", &format!("{DATA}/read"), &owner, read).await.status,
        404
    );
    let gone = send(&api, "DELETE", &format!("{DATA}/1/delete"), &owner, None).await;
    assert_eq!(gone.status, 204, "{gone:?}");
    let read = Some(json!({ "query": { "content": { "code": "1" } } }));
    assert_eq!(
        send(&api, "POST", &format!("{DATA}/read"), &owner, read).await.status,
        404
    );
    assert_eq!(
        send(&api, "DELETE", &format!("{DATA}/{id}/delete"), &owner, None)
            .await
            .status,
        404
    );
    let history = api
        .get(&format!("/api/v1/registers/birth/records/{id}/history"), &owner)
        .await
        .body;
    let reasons: Vec<&str> = history["past"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|past| past["reason"].as_str())
        .collect();
    assert!(reasons.iter().any(|reason| reason.contains(CLIENT)), "{reasons:?}");
}

#[tokio::test]
async fn whoever_has_no_right_here_has_none_there() {
    let (api, owner) = furnished().await;
    let create = json!({ "write": { "content": child("1", "John") } });
    send(&api, "POST", &format!("{DATA}/create"), &owner, Some(create.clone())).await;
    let read = json!({ "query": { "content": { "code": "1" } } });
    let other = api.official("SXD", "specialist");
    let citizen = api.session(api.town.citizen());
    for (token, reading, writing) in [
        (other.as_str(), 200, 403),
        (citizen.as_str(), 404, 403),
        ("", 404, 401),
        ("nonsense", 401, 401),
    ] {
        let reply = send(&api, "POST", &format!("{DATA}/read"), token, Some(read.clone())).await;
        assert_eq!(reply.status, reading, "{token}: {reply:?}");
        for (method, path, body) in [
            ("POST", "create", create.clone()),
            (
                "PUT",
                "update",
                json!({ "query": { "content": { "code": "1" } }, "write": { "content": { "first_name": "x" } } }),
            ),
            ("DELETE", "1/delete", Value::Null),
        ] {
            let reply = send(&api, method, &format!("{DATA}/{path}"), token, Some(body)).await;
            // The same whether there is what they would change or not.
            assert_eq!(reply.status, writing, "{token} {path}: {reply:?}");
        }
    }
    let (_, application) = api
        .application("GovStack", &["registry", "registry.write", "registry.agency:H30.03"])
        .await;
    let made = send(
        &api,
        "POST",
        &format!("{DATA}/create"),
        &application,
        Some(json!({ "write": { "content": child("2", "Eva") } })),
    )
    .await;
    assert_eq!(
        (made.status, &made.body["content"]["first_name"]),
        (200, &json!("Eva")),
        "{made:?}"
    );
    // The registry, its version, and who speaks.
    for (path, status, code) in [
        ("/govstack/registries/data/nothing/1.0/read", 404, "registry.not_found"),
        (
            "/govstack/registries/data/birth/2.0/read",
            404,
            "registry.version_unknown",
        ),
        (
            "/govstack/registries/data/birth/00000000/read",
            404,
            "registry.version_unknown",
        ),
    ] {
        assert_eq!(
            send(&api, "POST", path, &owner, Some(read.clone())).await.fault(),
            (status, code),
            "{path}"
        );
    }
    let version = api.get("/api/v1/registers/birth", &owner).await.body["version"]
        .as_str()
        .unwrap()[..12]
        .to_owned();
    let path = format!("/govstack/registries/data/birth/{version}/read");
    assert_eq!(send(&api, "POST", &path, &owner, Some(read.clone())).await.status, 200);
    let silent = api.ask("POST", path).by(&owner).body(&read).send().await;
    assert_eq!(silent.fault(), (400, "registry.mediator_client"));
    // Sealed fields are in no answer.
    let mut secret = shop("CH-0001");
    secret["phone"] = "0912345678".into();
    let made = send(
        &api,
        "POST",
        "/govstack/registries/data/shop/1/create",
        &owner,
        Some(json!({ "write": { "content": secret } })),
    )
    .await;
    assert_eq!(made.status, 200, "{made:?}");
    assert!(!made.body.to_string().contains("0912345678"));
}
