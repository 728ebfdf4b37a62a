//! Registers read by programs.

use registry::Command;
use serde_json::{Value, json};

use crate::api_house::Api;
use crate::town::{given, shop};

const NUMBER: &str = "093090000001";

/// Three shops and two streets.
async fn furnished() -> (Api, registry::Written) {
    let api = Api::new().await;
    let owner = api.town.official("SCT", "specialist");
    let mut one = shop("CH-0001");
    one["owner_number"] = NUMBER.into();
    one["owner_name"] = "Nguyễn Thị Đào".into();
    one["phone"] = "0912345678".into();
    one["capital"] = 500_000_000.into();
    let first = api.town.add(&owner, "shop", one).await.unwrap();
    for (code, ward, state) in [("CH-0002", "31341", "closed"), ("CH-0003", "31318", "open")] {
        let mut more = shop(code);
        more["ward"] = ward.into();
        more["state"] = state.into();
        api.town.add(&owner, "shop", more).await.unwrap();
    }
    let builder = api.town.official("SXD", "specialist");
    for (code, name) in [("D1", "Hùng Vương"), ("D2", "Lê Lợi")] {
        let street = json!({ "code": code, "name": name, "width": 12.5, "note": "đang sửa" });
        api.town.add(&builder, "street", street).await.unwrap();
    }
    (api, first)
}

fn codes(body: &Value) -> Vec<&str> {
    let items = body["items"].as_array().unwrap();
    items
        .iter()
        .map(|one| one["values"]["code"].as_str().unwrap())
        .collect()
}

/// shows: R246, R247
#[tokio::test]
async fn everybody_sees_which_registers_there_are_and_whether_they_may_read_them() {
    let (api, _) = furnished().await;
    let list = api.get("/api/v1/registers", "").await;
    assert_eq!(list.status, 200, "{list:?}");
    let shop = &list.body["items"][0];
    assert_eq!(shop["register"], "shop");
    assert_eq!(shop["name"], "Cửa hàng");
    assert_eq!(
        shop["owner"],
        json!({ "key": "SCT", "code": "H30.03", "name": "Sở Công Thương" })
    );
    assert_eq!(shop["sharing"], json!(["default"]));
    assert_eq!((&shop["update"], &shop["fields"]), (&json!("entry"), &json!(13)));
    assert_eq!(
        (&shop["records"], &shop["readable"]),
        (&json!(3), &json!(false)),
        "how many there are is told, what they are is not"
    );
    assert_eq!(list.body["items"][1]["readable"], true);
    let mine = api.get("/api/v1/registers", &api.official("SXD", "specialist")).await;
    assert_eq!(mine.body["items"][0]["readable"], true);
    let english = api
        .ask("GET", "/api/v1/registers?q=STREET")
        .header("accept-language", "en");
    let english = english.send().await;
    assert_eq!(english.body["items"][0]["name"], "Streets");
    for (query, found) in [
        ("q=duong+pho", &["street"][..]),
        ("q=cua+hang", &["shop"]),
        ("q=h%E1%BA%A3i+c%E1%BA%A3ng", &[]),
        ("q=%2B%2B", &[]),
        ("owner=SXD", &["street"]),
        ("owner=H30.15", &["street"]),
        ("sharing=open", &["street"]),
        ("update=import&sharing=default", &[]),
        ("catalogue=false", &["shop", "street"]),
        ("app=demo", &["shop", "street"]),
        ("app=other", &[]),
    ] {
        let reply = api.get(&format!("/api/v1/registers?{query}"), "").await;
        let items = reply.body["items"]
            .as_array()
            .unwrap_or_else(|| panic!("{query}: {reply:?}"));
        let keys: Vec<&str> = items.iter().map(|one| one["register"].as_str().unwrap()).collect();
        assert_eq!(keys, found, "{query}");
    }
    let first = api.get("/api/v1/registers?limit=1", "").await;
    assert_eq!(first.body["items"][0]["register"], "shop");
    let next = first.body["next"].as_str().unwrap();
    let second = api.get(&format!("/api/v1/registers?limit=1&after={next}"), "").await;
    assert_eq!(second.body["items"][0]["register"], "street");
    assert_eq!(second.body["next"], Value::Null);
    for (query, code) in [
        ("after=zz", "db.bad_cursor"),
        ("after=7b7d", "db.bad_cursor"),
        ("sharing=secret", "registry.bad_filter"),
        ("catalogue=maybe", "registry.bad_filter"),
        ("limit=all", "registry.bad_filter"),
    ] {
        let reply = api.get(&format!("/api/v1/registers?{query}"), "").await;
        assert_eq!(reply.fault(), (422, code), "{query}");
        assert!(reply.is_problem());
    }
}

/// shows: R018
#[tokio::test]
async fn a_register_is_described_as_far_as_whoever_asks_may_know() {
    let (api, _) = furnished().await;
    let names = |body: &Value| -> Vec<String> {
        let fields = body["field_list"].as_array().unwrap();
        fields
            .iter()
            .map(|one| one["field"].as_str().unwrap().to_owned())
            .collect()
    };
    let street = api.get("/api/v1/registers/street", "").await.body;
    assert_eq!(
        names(&street),
        ["code", "name", "width"],
        "what is internal is not named"
    );
    assert_eq!(street["field_list"][2]["unit"], "m");
    assert_eq!(street["field_list"][0]["label"], "Mã");
    assert_eq!(
        (&street["title"], &street["may_enter"]),
        (&json!("name"), &json!(false))
    );
    assert_eq!(street["version"].as_str().unwrap().len(), 64);

    let hidden = api.get("/api/v1/registers/shop", "").await.body;
    assert_eq!(names(&hidden), Vec::<String>::new());
    assert_eq!(
        (&hidden["title"], &hidden["key"], &hidden["place"], &hidden["shared"]),
        (&Value::Null, &json!([]), &Value::Null, &json!([]))
    );
    let owner = api
        .get("/api/v1/registers/shop", &api.official("SCT", "specialist"))
        .await
        .body;
    assert_eq!(names(&owner).len(), 13);
    assert_eq!(owner["may_enter"], true);
    let phone = owner["field_list"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["field"] == "phone")
        .unwrap();
    assert_eq!(
        (&phone["sealed"], &phone["class"], &phone["unique"]),
        (&json!(true), &json!("personal"), &json!(true))
    );
    let state = owner["field_list"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["field"] == "state")
        .unwrap();
    assert_eq!(state["options"][1], json!({ "code": "closed", "label": "Đã đóng cửa" }));
    assert_eq!(owner["shared"][0]["fields"], json!(["code", "name", "phone"]));
    let taxes = api
        .get("/api/v1/registers/shop", &api.official("CT", "specialist"))
        .await
        .body;
    assert!(names(&taxes).contains(&"phone".to_owned()) && !names(&taxes).contains(&"owner_number".to_owned()));
    assert_eq!(taxes["may_enter"], false);
    let leader = api
        .get("/api/v1/registers/shop", &api.official("SCT", "leader"))
        .await
        .body;
    assert_eq!(leader["may_enter"], false, "a right is needed too");

    let schema = api.get("/api/v1/registers/street/schema", "").await.body;
    assert_eq!(schema["properties"].as_object().unwrap().len(), 3);
    assert_eq!(
        (&schema["x-key"], &schema["required"]),
        (&json!(["code"]), &json!(["code", "name"]))
    );
    let schema = api.get("/api/v1/registers/shop/schema", "").await.body;
    assert_eq!((&schema["properties"], &schema["required"]), (&json!({}), &json!([])));
    for path in ["", "/schema", "/openapi.json", "/records", "/changes"] {
        let reply = api.get(&format!("/api/v1/registers/nothing{path}"), "").await;
        assert_eq!(reply.fault(), (404, "registry.not_found"), "{path}");
    }
}

/// Every `$ref` of a document.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                found.push(reference.clone());
            }
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// shows: R018
#[tokio::test]
async fn each_register_has_its_openapi() {
    let (api, _) = furnished().await;
    let open = api.get("/api/v1/registers/street/openapi.json", "").await.body;
    assert_eq!(open["openapi"], "3.1.0");
    assert_eq!(open["info"]["title"], "Đường phố");
    let mut paths: Vec<&String> = open["paths"].as_object().unwrap().keys().collect();
    paths.sort();
    assert_eq!(
        paths,
        [
            "/api/v1/registers/street/changes",
            "/api/v1/registers/street/records",
            "/api/v1/registers/street/records/{id}",
            "/api/v1/registers/street/records/{id}/history",
        ],
        "visitors write nothing"
    );
    assert!(open["paths"]["/api/v1/registers/street/records"]["post"].is_null());
    let parameters = |document: &Value, path: &str| -> Vec<String> {
        let all = document["paths"][path]["get"]["parameters"].as_array().unwrap();
        all.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let street = parameters(&open, "/api/v1/registers/street/records");
    for name in ["code", "code.from", "width", "width.to", "sort", "as_of"] {
        assert!(street.contains(&name.to_owned()), "{name}");
    }
    assert!(!street.contains(&"note".to_owned()));
    assert!(!street.contains(&"q".to_owned()), "words would find what is internal");
    assert_eq!(
        open["components"]["schemas"]["Shown"]["properties"]["width"]["type"],
        "number"
    );

    let token = api.official("SCT", "specialist");
    let own = api.get("/api/v1/registers/shop/openapi.json", &token).await.body;
    assert!(own["paths"]["/api/v1/registers/shop/records:upsert"]["post"].is_object());
    let shops = parameters(&own, "/api/v1/registers/shop/records");
    assert!(shops.contains(&"owner_number".to_owned()) && !shops.contains(&"owner_number.from".to_owned()));
    let values = &own["components"]["schemas"]["Values"];
    assert_eq!(values["properties"]["capital"]["type"], json!(["integer", "null"]));
    assert_eq!(values["properties"]["code"]["type"], "string");
    assert_eq!(values["properties"]["state"]["anyOf"][0]["oneOf"][0]["const"], "open");
    for document in [&open, &own] {
        let mut found = Vec::new();
        references(document, &mut found);
        assert!(found.len() > 10);
        for reference in found {
            let place = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(place).is_some(), "{reference}");
        }
    }
}

#[tokio::test]
async fn records_are_listed_filtered_sorted_and_cut() {
    let (api, _) = furnished().await;
    let token = api.official("SCT", "specialist");
    let list = async |query: &str| {
        api.get(&format!("/api/v1/registers/shop/records?{query}"), &token)
            .await
    };
    for (query, found) in [
        ("sort=code", &["CH-0001", "CH-0002", "CH-0003"][..]),
        ("sort=-code&limit=2", &["CH-0003", "CH-0002"]),
        ("state=open&sort=code", &["CH-0001", "CH-0003"]),
        ("ward=31340&ward=31341&sort=code", &["CH-0001", "CH-0002"]),
        ("capital.from=1&capital.to=500000000", &["CH-0001"]),
        ("capital=~&sort=code", &["CH-0002", "CH-0003"]),
        ("q=bay+nga&sort=code", &["CH-0001", "CH-0002", "CH-0003"]),
        (&format!("owner_number={NUMBER}"), &["CH-0001"]),
        ("as_of=2020-01-01", &[]),
        ("q=%25", &[]),
    ] {
        let reply = list(query).await;
        assert_eq!(reply.status, 200, "{query}: {reply:?}");
        assert_eq!(codes(&reply.body), found, "{query}");
    }
    let cut = list("sort=code&fields=name,code&total=true&limit=1").await.body;
    assert_eq!(cut["fields"], json!(["code", "name"]));
    assert_eq!(cut["total"], 3);
    assert_eq!(
        cut["items"][0]["values"],
        json!({ "code": "CH-0001", "name": "Tạp hóa Bảy Ngã" })
    );
    let next = cut["next"].as_str().unwrap();
    let rest = list(&format!("sort=code&limit=5&after={next}")).await.body;
    assert_eq!(codes(&rest), ["CH-0002", "CH-0003"]);
    assert!(
        rest["items"][0]["values"].get("phone").is_none(),
        "sealed fields are in no list"
    );
    for (query, code) in [
        ("nothing=1", "registry.bad_filter"),
        ("started_on.sometimes=1", "registry.bad_filter"),
        ("lease=2026-01-01", "registry.bad_filter"),
        ("sort=lease", "registry.not_sortable"),
        ("sort=owner_number", "registry.not_sortable"),
        ("owner_number.from=1", "registry.field_sealed"),
        ("as_of=yesterday", "registry.bad_day"),
        ("fields=code,phone", "registry.unknown_field"),
        ("fields=code,nothing", "registry.unknown_field"),
        ("after=zz", "db.bad_cursor"),
        ("limit=-1", "registry.bad_filter"),
    ] {
        assert_eq!(list(query).await.fault(), (422, code), "{query}");
    }
}

/// What is told of a hidden field is what is told of a name that nobody has declared, whatever is asked of it.
#[tokio::test]
async fn a_hidden_field_is_told_like_a_name_of_nobody() {
    let (api, _) = furnished().await;
    let open = crate::town::STREET.replacen("record: street", "record: lane", 1).replacen(
        "  - { field: note,",
        "  - { field: phone, vi: Điện thoại, en: Phone, type: phone, class: personal, search: true }\n  - { field: note,",
        1,
    );
    api.town.publish(&open).await.unwrap();
    let builder = api.town.official("SXD", "specialist");
    let lane = json!({ "code": "D1", "name": "Hùng Vương", "phone": "0912345678" });
    let id = api.town.add(&builder, "lane", lane).await.unwrap().id;
    let client = "eGovStack/GOV/90000009/digitalregistries";
    let data = "/govstack/registries/data/lane/1.0";
    for way in [
        "/api/v1/registers/lane/records?NAME=1",
        "/api/v1/registers/lane/records?NAME=~",
        "/api/v1/registers/lane/records?NAME.from=1",
        "/api/v1/registers/lane/records?sort=-NAME",
        "/api/v1/registers/lane/records?fields=NAME",
        "/api/v1/registers/lane/export?format=csv&NAME.from=1",
        "/api/v1/registers/lane/export?format=csv&fields=NAME",
        "/govstack/registries/data/lane/1.0?query.NAME=1",
        "/govstack/registries/data/lane/1.0?filter=NAME",
        "/govstack/registries/data/lane/1.0?filter=NAME&search=1",
        "/govstack/registries/data/lane/1.0?ordering=NAME",
    ] {
        let told = async |name: &str| {
            let ask = api.ask("GET", way.replace("NAME", name));
            let reply = ask.header("information-mediator-client", client).send().await;
            assert_ne!(reply.status, 200, "{way}");
            let mut body = reply.body;
            body.as_object_mut().unwrap().remove("instance");
            body.as_object_mut().unwrap().remove("request");
            (reply.status, body.to_string().replace(name, "NAME"))
        };
        let nobody = told("zzz").await;
        for hidden in ["phone", "note"] {
            assert_eq!(told(hidden).await, nobody, "{way} {hidden}");
        }
    }
    for hidden in ["phone", "note", "zzz"] {
        for what in ["read", "exists"] {
            let ask = api.ask("POST", format!("{data}/{what}"));
            let query = json!({ "query": { "content": { "id": id, hidden: null } } });
            let reply = ask
                .header("information-mediator-client", client)
                .body(&query)
                .send()
                .await;
            assert_eq!(reply.fault(), (400, "registry.unknown_field"), "{hidden} {reply:?}");
        }
    }
}

/// What is hidden is not there: neither shown nor asked for, neither by name nor by order.
#[tokio::test]
async fn strangers_learn_nothing_of_what_is_hidden() {
    let (api, shop) = furnished().await;
    let citizen = api.session(api.town.citizen());
    for token in ["", citizen.as_str()] {
        let list = api.get("/api/v1/registers/street/records?sort=code", token).await.body;
        assert_eq!(codes(&list), ["D1", "D2"]);
        assert_eq!(list["fields"], json!(["code", "name", "width"]));
        assert!(!list.to_string().contains("đang sửa"));
        for (query, code) in [
            ("fields=note", "registry.unknown_field"),
            ("note=x", "registry.bad_filter"),
            ("sort=note", "registry.not_sortable"),
            ("q=dang", "registry.bad_filter"),
        ] {
            let reply = api
                .get(&format!("/api/v1/registers/street/records?{query}"), token)
                .await;
            assert_eq!(reply.fault(), (422, code), "{query}");
        }
        let id = list["items"][0]["id"].as_str().unwrap();
        let one = api.get(&format!("/api/v1/registers/street/records/{id}"), token).await;
        assert_eq!(
            one.body["values"],
            json!({ "code": "D1", "name": "Hùng Vương", "width": 12.5 })
        );
        let path = format!("/api/v1/registers/street/records/{id}?fields=note");
        assert_eq!(api.get(&path, token).await.fault(), (422, "registry.unknown_field"));
        for path in [
            "/api/v1/registers/shop/records".to_owned(),
            format!("/api/v1/registers/shop/records/{}", shop.id),
            format!("/api/v1/registers/shop/records/{}/history", shop.id),
            "/api/v1/registers/shop/changes".to_owned(),
        ] {
            assert_eq!(
                api.get(&path, token).await.fault(),
                (404, "registry.not_found"),
                "{path}"
            );
        }
        let path = format!("/api/v1/registers/street/records/{id}?purpose=xem+cho+biet");
        assert_eq!(api.get(&path, token).await.fault(), (403, "registry.not_allowed"));
    }
    let other = api.official("SXD", "specialist");
    let path = format!("/api/v1/registers/shop/records/{}", shop.id);
    let seen = api.get(&path, &other).await.body;
    assert_eq!(seen["values"]["owner_name"], "Nguyễn Thị Đào");
    assert!(!seen.to_string().contains(NUMBER) && !seen.to_string().contains("0912345678"));
    let opened = api.get(&format!("{path}?purpose=xem+cho+biet"), &other).await;
    assert_eq!(opened.fault(), (403, "registry.not_allowed"));
    let guess = api
        .get(&format!("/api/v1/registers/shop/records?owner_number={NUMBER}"), &other)
        .await;
    assert_eq!(guess.fault(), (422, "registry.bad_filter"));
    // A session that is none, or has ended, is told so: its owner believes to be somebody.
    let stale = api.get("/api/v1/registers/street/records", "session-of-nobody").await;
    assert_eq!(stale.fault(), (401, "openid.token_wrong"));
}

/// shows: R028
#[tokio::test]
async fn what_is_sealed_comes_for_a_purpose_that_is_written_down() {
    let (api, shop) = furnished().await;
    let token = api.official("SCT", "specialist");
    let path = format!("/api/v1/registers/shop/records/{}", shop.id);
    let closed = api.get(&path, &token).await;
    assert!(closed.body["values"].get("phone").is_none());
    assert_eq!(closed.headers["etag"], "\"1\"");
    assert_eq!(closed.body["version"], 1);
    assert_eq!(
        api.get(&format!("{path}?purpose=x"), &token).await.fault(),
        (422, "registry.purpose_needed")
    );
    let open = api
        .get(&format!("{path}?purpose=Ho+so+H30.03-0001&fields=phone"), &token)
        .await;
    assert_eq!(open.body["values"], json!({ "phone": "0912345678" }));
    let looked: Vec<String> = sqlx::query_scalar("SELECT purpose FROM op.audit_entry WHERE action = 'registry.opened'")
        .fetch_all(&api.town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(looked, ["Ho so H30.03-0001"]);
    assert_eq!(
        api.get(&format!("{path}?fields=phone"), &token).await.fault(),
        (422, "registry.unknown_field"),
        "without a purpose there is no such field"
    );
    let nonsense = api.get("/api/v1/registers/shop/records/nonsense", &token).await;
    assert_eq!(nonsense.fault(), (404, "registry.record_not_found"));
}

#[tokio::test]
async fn the_past_of_a_record_is_told_without_what_officials_write_to_each_other() {
    let (api, _) = furnished().await;
    let builder = api.town.official("SXD", "specialist");
    let made = api
        .town
        .add_from(
            &builder,
            "street",
            json!({ "code": "D3", "name": "Nguyễn Huệ", "note": "x" }),
            Some("2020-01-01"),
        )
        .await
        .unwrap();
    let before = api.town.scratch.ops.now().to_rfc3339();
    api.town.scratch.clock.advance(chrono::TimeDelta::seconds(3600));
    let command = Command::Correct {
        period: "2020-01-01".parse().unwrap(),
        from: None,
        to: None,
        given: given(json!({ "code": "D3", "name": "Nguyễn Trãi" })),
    };
    api.town
        .change(&builder, "street", made, command, "Ông A báo nhầm")
        .await
        .unwrap();
    let path = format!("/api/v1/registers/street/records/{}", made.id);
    let public = api.get(&format!("{path}/history"), "").await.body;
    assert_eq!(public["periods"][0]["values"]["name"], "Nguyễn Trãi");
    assert_eq!(
        public["past"][0]["record"]["values"],
        json!({ "code": "D3", "name": "Nguyễn Huệ" })
    );
    assert!(public["past"][0].get("reason").is_none());
    let inside = api
        .get(&format!("{path}/history?fields=note"), &api.session(builder))
        .await
        .body;
    assert_eq!(inside["past"][0]["reason"], "Ông A báo nhầm");
    assert_eq!(inside["past"][0]["record"]["values"], json!({ "note": "x" }));
    let known = before.replace('+', "%2B");
    let then = api
        .get(&format!("{path}?known_at={known}&as_of=2021-05-01"), "")
        .await
        .body;
    assert_eq!(then["values"]["name"], "Nguyễn Huệ");
    let by_space = api
        .get(&format!("{path}?known_at={before}&as_of=2021-05-01"), "")
        .await
        .body;
    assert_eq!(
        by_space["values"]["name"], "Nguyễn Huệ",
        "a plus sign is a space to many"
    );
    for known in [&known, &before] {
        let list = api
            .get(
                &format!("/api/v1/registers/street/records?code=D3&known_at={known}"),
                "",
            )
            .await
            .body;
        assert_eq!(list["items"][0]["values"]["name"], "Nguyễn Huệ");
    }
    for query in ["as_of=2019-12-31", "known_at=2019-01-01T00:00:00Z"] {
        let reply = api.get(&format!("{path}?{query}"), "").await;
        assert_eq!(reply.fault(), (404, "registry.record_not_found"), "{query}");
    }
    assert_eq!(
        api.get(&format!("{path}?known_at=then"), "").await.fault(),
        (422, "registry.bad_day")
    );
}
