//! Records written by programs, and by attackers.

use serde_json::{Value, json};

use crate::api_house::{Api, Reply};
use crate::town::{SHOP, shop};

const SHOPS: &str = "/api/v1/registers/shop/records";

fn body(code: &str) -> Value {
    json!({ "values": shop(code) })
}

async fn put(api: &Api, token: &str, id: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
    let ask = api.ask("PUT", format!("{SHOPS}/{id}")).by(token).body(body);
    headers
        .iter()
        .fold(ask, |ask, (name, value)| ask.header(name, value))
        .send()
        .await
}

#[tokio::test]
async fn a_record_is_entered_changed_put_right_and_ended() {
    let api = Api::new().await;
    let owner = api.official("SCT", "specialist");
    let mut first = shop("CH-0001");
    first["phone"] = "0912345678".into();
    first["capital"] = 5.into();
    let made = api
        .post(SHOPS, &owner, &json!({ "values": first, "valid_from": "2020-01-01" }))
        .await;
    assert_eq!((made.status, &made.body["version"]), (201, &json!(1)), "{made:?}");
    assert_eq!(made.headers["etag"], "\"1\"");
    let id = made.id();
    let path = format!("{SHOPS}/{id}");

    // What is left out is empty, but for what is sealed: whoever changes the name has not seen the telephone.
    let renamed =
        json!({ "values": { "code": "CH-0001", "name": "Siêu thị", "ward": "31340" }, "valid_from": "2024-06-01" });
    let changed = put(&api, &owner, &id, &[("if-match", "\"1\"")], &renamed).await;
    assert_eq!(
        (changed.status, &changed.body["version"]),
        (200, &json!(2)),
        "{changed:?}"
    );
    let now = api.get(&format!("{path}?purpose=kiem+tra"), &owner).await.body;
    assert_eq!(
        (&now["values"]["name"], &now["values"]["phone"]),
        (&json!("Siêu thị"), &json!("0912345678"))
    );
    assert!(now["values"].get("capital").is_none() && now["values"].get("state").is_none());
    let then = api.get(&format!("{path}?as_of=2023-01-01"), &owner).await.body;
    assert_eq!(
        (&then["values"]["capital"], &then["valid_to"]),
        (&json!(5), &json!("2024-05-31"))
    );

    // Null is said: the telephone is gone.
    let mut no_phone = renamed.clone();
    no_phone["values"]["phone"] = Value::Null;
    no_phone["version"] = 2.into();
    assert_eq!(put(&api, &owner, &id, &[], &no_phone).await.body["version"], 3);
    let now = api.get(&format!("{path}?purpose=kiem+tra"), &owner).await.body;
    assert!(now["values"].get("phone").is_none());
    let then = api
        .get(&format!("{path}?as_of=2023-01-01&purpose=kiem+tra"), &owner)
        .await
        .body;
    assert_eq!(
        then["values"]["phone"], "0912345678",
        "of the period before it is still known"
    );

    let correction = format!("{path}/correction");
    let mut right = json!({
        "period": "2020-01-01", "values": { "code": "CH-0001", "name": "Tạp hóa", "ward": "31340" }, "version": 3,
        "valid_from": "2021-01-01", "reason": "",
    });
    assert_eq!(
        api.post(&correction, &owner, &right).await.fault(),
        (422, "registry.reason_needed")
    );
    right["reason"] = "Ghi nhầm".into();
    assert_eq!(api.post(&correction, &owner, &right).await.body["version"], 4);
    let then = api
        .get(&format!("{path}?as_of=2023-01-01&purpose=kiem+tra"), &owner)
        .await
        .body;
    assert_eq!(
        (&then["values"]["name"], &then["values"]["phone"]),
        (&json!("Tạp hóa"), &json!("0912345678"))
    );
    assert_eq!(
        (&then["valid_from"], &then["valid_to"]),
        (&json!("2021-01-01"), &json!("2024-05-31"))
    );
    // A last day that is null is none: here it would reach into what came after.
    right["period"] = "2021-01-01".into();
    right["version"] = 4.into();
    right["valid_to"] = Value::Null;
    assert_eq!(
        api.post(&correction, &owner, &right).await.fault(),
        (409, "registry.overlap")
    );
    right["period"] = "2019-01-01".into();
    assert_eq!(
        api.post(&correction, &owner, &right).await.fault(),
        (409, "registry.no_period")
    );

    let end = json!({ "last": "2026-02-28", "version": 4, "reason": "Ngừng bán" });
    let ended = api.post(&format!("{path}/end"), &owner, &end).await;
    assert_eq!((ended.status, &ended.body["version"]), (200, &json!(5)));
    assert_eq!(api.get(&path, &owner).await.fault(), (404, "registry.record_not_found"));
    let history = api.get(&format!("{path}/history"), &owner).await.body;
    assert_eq!(history["periods"].as_array().unwrap().len(), 2);
    assert!(
        history["past"]
            .as_array()
            .unwrap()
            .iter()
            .any(|past| past["reason"] == "Ghi nhầm")
    );
}

#[tokio::test]
async fn who_was_slower_is_told_and_nothing_is_lost() {
    let api = Api::new().await;
    let owner = api.official("SCT", "specialist");
    let id = api.post(SHOPS, &owner, &body("CH-0001")).await.id();
    let change = |name: &str, version: Value| json!({ "values": { "code": "CH-0001", "name": name, "ward": "31340" }, "version": version });
    assert_eq!(put(&api, &owner, &id, &[], &change("A", 1.into())).await.status, 200);
    let late = put(&api, &owner, &id, &[], &change("B", 1.into())).await;
    assert_eq!(late.fault(), (409, "registry.changed_meanwhile"));
    assert!(late.is_problem());
    for (headers, version) in [
        (&[][..], Value::Null),
        (&[("if-match", "2")], Value::Null),
        (&[("if-match", "*")], Value::Null),
        (&[("if-match", "W/\"2\"")], Value::Null),
        (&[("if-match", "\"2\""), ("if-match", "\"3\"")], Value::Null),
        (&[("if-match", "\"2\"")], 1.into()),
    ] {
        let reply = put(&api, &owner, &id, headers, &change("C", version)).await;
        assert_eq!(reply.fault(), (422, "registry.version_needed"), "{headers:?}");
    }
    let now = api.get(&format!("{SHOPS}/{id}"), &owner).await.body;
    assert_eq!((&now["values"]["name"], &now["version"]), (&json!("A"), &json!(2)));
}

/// shows: R254
#[tokio::test]
async fn nobody_writes_what_is_not_theirs_to_write() {
    let api = Api::new().await;
    let owner = api.official("SCT", "specialist");
    let id = api.post(SHOPS, &owner, &body("CH-0001")).await.id();
    let change = json!({ "values": shop("CH-0001"), "version": 1, "reason": "x" });
    let correction = json!({ "period": "2026-03-02", "values": shop("CH-0001"), "version": 1, "reason": "x" });
    let end = json!({ "last": "2026-03-02", "version": 1, "reason": "x" });
    let rows = json!({ "rows": [{ "values": shop("CH-0002") }] });
    let citizen = api.session(api.town.citizen());
    let others = [
        (api.official("SXD", "specialist"), 403),
        (api.official("CT", "specialist"), 403),
        // A district, but another one.
        (api.official("TPVT", "specialist"), 403),
        (citizen, 403),
        (String::new(), 401),
        ("of-nobody".to_owned(), 401),
    ];
    for (token, status) in &others {
        let requests = [
            ("POST", SHOPS.to_owned(), &rows["rows"][0]),
            ("PUT", format!("{SHOPS}/{id}"), &change),
            ("POST", format!("{SHOPS}/{id}/correction"), &correction),
            ("POST", format!("{SHOPS}/{id}/end"), &end),
            ("POST", format!("{SHOPS}:upsert"), &rows),
        ];
        for (method, path, body) in requests {
            let reply = api.ask(method, path.clone()).by(token).body(body).send().await;
            assert_eq!(reply.status, *status, "{path}: {reply:?}");
            assert!(reply.is_problem());
        }
    }
    // The district of the place enters, and takes nothing over in bulk.
    let here = api.official("TPNB", "specialist");
    assert_eq!(api.post(SHOPS, &here, &body("CH-0003")).await.status, 201);
    assert_eq!(
        api.post(&format!("{SHOPS}:upsert"), &here, &rows).await.fault(),
        (403, "registry.not_allowed")
    );
    let list = api.get(&format!("{SHOPS}?total=true"), &owner).await.body;
    assert_eq!(list["total"], 2);
}

/// What a record has besides its fields is written by nobody from outside.
#[tokio::test]
async fn nothing_is_written_by_the_way() {
    let api = Api::new().await;
    let owner = api.official("SCT", "specialist");
    for (field, value, code) in [
        (
            "id",
            json!("018f0000-0000-7000-8000-000000000000"),
            "registry.field.unknown",
        ),
        ("version", json!(99), "registry.field.unknown"),
        (
            "recorded_by",
            json!("018f0000-0000-7000-8000-000000000000"),
            "registry.field.unknown",
        ),
        ("recorded_at", json!("2020-01-01T00:00:00Z"), "registry.field.unknown"),
        ("valid_from", json!("2020-01-01"), "registry.field.unknown"),
        ("sealed", json!("00"), "registry.field.unknown"),
        ("name__sort", json!("x"), "registry.field.unknown"),
        ("phone__tag", json!("x"), "registry.field.unknown"),
        ("large", json!(true), "registry.field.computed"),
        ("state", json!("sold"), "registry.field.option"),
        ("ward", json!("99999"), "registry.field.ward"),
    ] {
        let mut one = shop("CH-0001");
        one[field] = value;
        let reply = api.post(SHOPS, &owner, &json!({ "values": one })).await;
        assert_eq!(reply.fault(), (422, "registry.invalid"), "{field}");
        assert_eq!(
            (&reply.body["fields"][0]["field"], &reply.body["fields"][0]["code"]),
            (&json!(field), &json!(code))
        );
        assert!(
            !reply.body["fields"][0]["title"].as_str().unwrap().starts_with('['),
            "{reply:?}"
        );
    }
    let mut beside = body("CH-0001");
    beside["id"] = json!("018f0000-0000-7000-8000-000000000000");
    assert_eq!(api.post(SHOPS, &owner, &beside).await.fault(), (422, "web.bad_json"));
    for broken in [
        json!([]),
        json!({ "values": [] }),
        json!({}),
        json!({ "values": {}, "valid_from": "02/30/2026" }),
    ] {
        assert_eq!(
            api.post(SHOPS, &owner, &broken).await.fault(),
            (422, "web.bad_json"),
            "{broken}"
        );
    }
    // Two records of one key there are not.
    assert_eq!(api.post(SHOPS, &owner, &body("CH-0001")).await.status, 201);
    let twice = api.post(SHOPS, &owner, &body("CH-0001")).await;
    assert_eq!(twice.fault(), (422, "registry.duplicate_key"));
}

#[tokio::test]
async fn a_body_has_its_limits() {
    let api = Api::new().await;
    let owner = api.official("SCT", "specialist");
    let mut large = shop("CH-0001");
    large["name"] = "a".repeat(1 << 20).into();
    assert_eq!(
        api.post(SHOPS, &owner, &json!({ "values": large })).await.fault(),
        (413, "web.too_large")
    );
    let upsert = format!("{SHOPS}:upsert");
    // Two megabytes of rows are taken, nine are not.
    let wide = |rows: usize, width: usize| {
        let rows: Vec<Value> = (0..rows)
            .map(|_| json!({ "values": { "code": "x", "name": "a".repeat(width) } }))
            .collect();
        json!({ "rows": rows })
    };
    let taken = api.post(&upsert, &owner, &wide(10, 200_000)).await;
    assert_eq!((taken.status, &taken.body["refused"]), (200, &json!(10)));
    assert_eq!(
        api.post(&upsert, &owner, &wide(9, 1 << 20)).await.fault(),
        (413, "web.too_large")
    );
    let many = api.post(&upsert, &owner, &wide(1_001, 1)).await;
    assert_eq!(many.fault(), (422, "registry.too_many_rows"));
    assert_eq!(many.body["params"]["most"], "1000");
    let mut deep = "[".repeat(1_000);
    deep.push_str(&"]".repeat(1_000));
    let text = format!("{{\"values\":{{\"name\":{deep}}}}}");
    let nested = api.ask("POST", SHOPS).by(&owner).text(&text).send().await;
    assert_eq!(nested.fault(), (422, "web.bad_json"));
}

#[tokio::test]
async fn many_rows_are_taken_over_and_each_is_told_what_became_of_it() {
    let api = Api::new().await;
    let owner = api.official("SCT", "specialist");
    let upsert = format!("{SHOPS}:upsert");
    let row = |fields: Value| json!({ "values": fields });
    let first = json!({ "rows": [row(shop("CH-0001")), row(shop("CH-0002"))] });
    let taken = api.post(&upsert, &owner, &first).await;
    assert_eq!((taken.status, &taken.body["created"]), (200, &json!(2)), "{taken:?}");
    api.town.scratch.clock.advance(chrono::TimeDelta::days(2));
    let mut other = shop("CH-0002");
    other["name"] = "Tên khác".into();
    let mut bad = shop("CH-0004");
    bad["state"] = "sold".into();
    bad["nothing"] = 1.into();
    let second =
        json!({ "rows": [row(bad), row(shop("CH-0001")), row(other), row(shop("CH-0003")), row(shop("CH-0003"))] });
    let taken = api.post(&upsert, &owner, &second).await.body;
    let told: Vec<(u64, &str)> = taken["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["row"].as_u64().unwrap(), row["result"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            (0, "refused"),
            (1, "unchanged"),
            (2, "changed"),
            (3, "created"),
            (4, "refused")
        ]
    );
    assert_eq!(
        (
            &taken["created"],
            &taken["changed"],
            &taken["unchanged"],
            &taken["refused"]
        ),
        (&json!(1), &json!(1), &json!(1), &json!(2))
    );
    assert_eq!(taken["rows"][0]["faults"][0]["field"], "state");
    assert_eq!(taken["rows"][0]["faults"][1]["code"], "registry.field.unknown");
    assert!(
        taken["rows"][0]["faults"][0]["message"]
            .as_str()
            .unwrap()
            .contains("lựa chọn")
    );
    let changed = taken["rows"][2]["id"].as_str().unwrap();
    let record = api.get(&format!("{SHOPS}/{changed}"), &owner).await.body;
    assert_eq!(
        (&record["values"]["name"], &record["valid_from"]),
        (&json!("Tên khác"), &json!("2026-03-04"))
    );
}

/// The answer was lost on the way, and the request comes again.
#[tokio::test]
async fn a_request_that_comes_twice_is_done_once() {
    let api = Api::new().await;
    let owner = api.official("SCT", "specialist");
    let send = async |token: &str, path: &str, key: &str, body: &Value| {
        let ask = api.ask("POST", path).by(token).header("idempotency-key", key);
        ask.body(body).send().await
    };
    let first = send(&owner, SHOPS, "request-0001", &body("CH-0001")).await;
    let again = send(&owner, SHOPS, "request-0001", &body("CH-0001")).await;
    assert_eq!((again.status, again.id()), (201, first.id()));
    assert_eq!(again.headers["etag"], "\"1\"");
    // Another request under the same key is none that was answered.
    let other = send(&owner, SHOPS, "request-0001", &body("CH-0002")).await;
    assert_eq!(other.fault(), (409, "op.key_in_use"));
    let elsewhere = send(
        &owner,
        &format!("{SHOPS}:upsert"),
        "request-0001",
        &json!({ "rows": [] }),
    )
    .await;
    assert_eq!(elsewhere.fault(), (409, "op.key_in_use"));
    // Nor does anybody get the answer of somebody else.
    let colleague = api.official("SCT", "specialist");
    let theirs = send(&colleague, SHOPS, "request-0001", &body("CH-0002")).await;
    assert_eq!(theirs.status, 201);
    assert_ne!(theirs.id(), first.id());
    // What was refused is done when it comes mended.
    assert_eq!(
        send(&owner, SHOPS, "request-0002", &json!({ "values": {} }))
            .await
            .status,
        422
    );
    assert_eq!(send(&owner, SHOPS, "request-0002", &body("CH-0003")).await.status, 201);
    for key in ["short", &"k".repeat(101)] {
        assert_eq!(
            send(&owner, SHOPS, key, &body("CH-0004")).await.fault(),
            (422, "registry.request_key")
        );
    }
    let end = json!({ "last": "2026-03-02", "version": 1, "reason": "Ngừng" });
    let path = format!("{SHOPS}/{}/end", first.id());
    assert_eq!(send(&owner, &path, "request-0003", &end).await.body["version"], 2);
    assert_eq!(send(&owner, &path, "request-0003", &end).await.body["version"], 2);
    let rows = json!({ "rows": [{ "values": shop("CH-0009") }] });
    let upsert = format!("{SHOPS}:upsert");
    let taken = send(&owner, &upsert, "request-0004", &rows).await.body;
    assert_eq!(send(&owner, &upsert, "request-0004", &rows).await.body, taken);
    assert_eq!(taken["created"], 1);
}

/// Where the owner approves what is entered, officials propose, and nobody gets past it.
#[tokio::test]
async fn what_waits_for_approval_is_accepted_and_not_written() {
    let api = Api::new().await;
    let strict = SHOP.replace("readers: officials\n", "readers: officials\napproval: true\n");
    api.town.publish(&strict).await.unwrap();
    let owner = api.official("SCT", "specialist");
    let proposed = api.post(SHOPS, &owner, &body("CH-0001")).await;
    assert_eq!(proposed.status, 202, "{proposed:?}");
    assert!(proposed.body["proposal"].is_string() && proposed.body.get("id").is_none());
    assert!(proposed.headers.get("etag").is_none());
    let again = api.post(SHOPS, &owner, &body("CH-0001")).await;
    assert_eq!((again.status, &again.body), (202, &proposed.body));
    let bad = json!({ "values": { "code": "CH-0001" } });
    assert_eq!(
        api.post(SHOPS, &owner, &bad).await.fault(),
        (422, "registry.invalid"),
        "faults are told at once"
    );
    let described = api.get("/api/v1/registers/shop/openapi.json", &owner).await.body;
    let path = "/api/v1/registers/shop/records";
    assert!(described["paths"][path]["post"]["responses"]["202"].is_object());
    assert!(described["paths"][path]["get"]["responses"]["202"].is_null());
    // An application is no way around it, nor is the adapter, nor are many rows.
    let (_, app) = api
        .application("Sở", &["registry", "registry.write", "registry.agency:H30.03"])
        .await;
    let rows = json!({ "rows": [{ "values": shop("CH-0002") }] });
    for token in [&owner, &app] {
        let upsert = api.post(&format!("{SHOPS}:upsert"), token, &rows).await;
        assert_eq!(upsert.fault(), (409, "registry.needs_approval"));
        let create = json!({ "write": { "content": shop("CH-0002") } });
        let ask = api.ask("POST", "/govstack/registries/data/shop/1.0/create").by(token);
        let ask = ask.header("information-mediator-client", "a/b/c/d");
        assert_eq!(ask.body(&create).send().await.fault(), (409, "registry.needs_approval"));
    }
    assert_eq!(
        api.post(SHOPS, &app, &body("CH-0002")).await.fault(),
        (409, "registry.needs_approval")
    );
    let list = api.get(&format!("{SHOPS}?total=true"), &owner).await.body;
    assert_eq!(list["total"], 0);
}
