//! Registers asked by applications for themselves.

use serde_json::json;

use crate::api_house::Api;
use crate::town::shop;

const SHOPS: &str = "/api/v1/registers/shop/records";

/// shows: R028, R247
#[tokio::test]
async fn an_application_reads_what_its_agency_reads_under_its_own_name() {
    let api = Api::new().await;
    let owner = api.official("SCT", "specialist");
    let mut one = shop("CH-0001");
    one["phone"] = "0912345678".into();
    one["owner_number"] = "093090000001".into();
    let id = api.post(SHOPS, &owner, &json!({ "values": one })).await.id();
    let path = format!("{SHOPS}/{id}");
    let (taxes, token) = api
        .application("Quản lý thuế", &["registry", "registry.agency:H30.26"])
        .await;

    let seen = api.get(&path, &token).await;
    assert_eq!(
        (seen.status, &seen.body["values"]["code"]),
        (200, &json!("CH-0001")),
        "{seen:?}"
    );
    assert!(seen.body["values"].get("phone").is_none());
    let opened = api.get(&format!("{path}?purpose=Doi+chieu+to+khai"), &token).await.body;
    assert_eq!(opened["values"]["phone"], "0912345678");
    assert!(
        opened["values"].get("owner_number").is_none(),
        "that is shared with nobody"
    );
    let (purpose, client): (String, String) = sqlx::query_as(
        "SELECT purpose, detail::jsonb ->> 'client' FROM op.audit_entry WHERE action = 'registry.opened'",
    )
    .fetch_one(&api.town.scratch.pool)
    .await
    .unwrap();
    assert_eq!(
        (purpose.as_str(), client),
        ("Quản lý thuế: Doi chieu to khai", taxes.client.id.clone())
    );
    let list = api.get("/api/v1/registers", &token).await.body;
    assert!(list["items"][0]["readable"] == true && list["items"][0]["register"] == "shop");
    assert_eq!(
        api.get("/api/v1/registers/shop/changes", &token).await.body["items"][0]["record"],
        id
    );

    // Reading is all that it may: the token does not go further, nor does the application.
    let refused = api.post(SHOPS, &token, &json!({ "values": shop("CH-0002") })).await;
    assert_eq!(refused.fault(), (403, "openid.scope_missing"));
    // At other addresses it is nobody.
    let strange = api.get("/api/v1/oidc/clients", &token).await;
    assert_eq!(strange.status, 401);
}

#[tokio::test]
async fn an_application_writes_what_its_agency_writes_and_only_with_the_scope() {
    let api = Api::new().await;
    let (app, token) = api
        .application("Một cửa", &["registry", "registry.write", "registry.agency:H30.29"])
        .await;
    let made = api.post(SHOPS, &token, &json!({ "values": shop("CH-0001") })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let client: String =
        sqlx::query_scalar("SELECT detail::jsonb ->> 'client' FROM op.audit_entry WHERE action = 'registry.written'")
            .fetch_one(&api.town.scratch.pool)
            .await
            .unwrap();
    assert_eq!(client, app.client.id);
    let change = json!({ "values": { "code": "CH-0001", "name": "Khác", "ward": "31341" }, "version": 1 });
    let path = format!("{SHOPS}/{}", made.id());
    assert_eq!(
        api.ask("PUT", path.clone())
            .by(&token)
            .body(&change)
            .send()
            .await
            .status,
        200
    );
    // In its own area, in its own register, and no further.
    let mut elsewhere = shop("CH-0002");
    elsewhere["ward"] = "31318".into();
    assert_eq!(
        api.post(SHOPS, &token, &json!({ "values": elsewhere })).await.fault(),
        (403, "registry.not_allowed")
    );
    let rows = json!({ "rows": [{ "values": shop("CH-0003") }] });
    assert_eq!(
        api.post(&format!("{SHOPS}:upsert"), &token, &rows).await.fault(),
        (403, "registry.not_allowed")
    );
    let street = json!({ "values": { "code": "D1", "name": "Hùng Vương" } });
    let reply = api.post("/api/v1/registers/street/records", &token, &street).await;
    assert_eq!(reply.fault(), (403, "registry.not_allowed"));
    // A token that asks for less is good for less.
    let narrow = api.token(&app, "registry").await;
    assert_eq!(api.get(&path, &narrow).await.status, 200);
    let refused = api.post(SHOPS, &narrow, &json!({ "values": shop("CH-0004") })).await;
    assert_eq!(refused.fault(), (403, "openid.scope_missing"));

    let (_, owner) = api
        .application("Sở", &["registry.write", "registry.agency:H30.03"])
        .await;
    let taken = api.post(&format!("{SHOPS}:upsert"), &owner, &rows).await;
    assert_eq!((taken.status, &taken.body["created"]), (200, &json!(1)), "{taken:?}");
    assert_eq!(api.get(SHOPS, &owner).await.fault(), (403, "openid.scope_missing"));
}

#[tokio::test]
async fn an_application_of_no_agency_is_a_visitor() {
    let api = Api::new().await;
    let builder = api.town.official("SXD", "specialist");
    let street = json!({ "code": "D1", "name": "Hùng Vương", "note": "x" });
    let made = api.town.add(&builder, "street", street).await.unwrap();
    let owner = api.official("SCT", "specialist");
    api.post(SHOPS, &owner, &json!({ "values": shop("CH-0001") })).await;
    let (_, token) = api.application("Bản đồ", &["registry", "registry.write"]).await;
    let path = format!("/api/v1/registers/street/records/{}", made.id);
    let seen = api.get(&path, &token).await.body;
    assert_eq!(seen["values"], json!({ "code": "D1", "name": "Hùng Vương" }));
    assert!(api.get(&format!("{path}/history"), &token).await.body["past"] == json!([]));
    assert_eq!(api.get(SHOPS, &token).await.fault(), (404, "registry.not_found"));
    assert_eq!(
        api.get(&format!("{path}?purpose=xem+cho+biet"), &token).await.fault(),
        (403, "registry.not_allowed")
    );
    for register in ["shop", "street"] {
        let path = format!("/api/v1/registers/{register}/records");
        let reply = api.post(&path, &token, &json!({ "values": shop("CH-0009") })).await;
        assert_eq!(reply.fault(), (403, "registry.not_allowed"));
    }
}

#[tokio::test]
async fn a_token_that_is_not_good_opens_nothing() {
    let api = Api::new().await;
    let (_, stranger) = api.application("Nhân sự", &["scim"]).await;
    assert_eq!(
        api.get("/api/v1/registers", &stranger).await.fault(),
        (403, "openid.scope_missing")
    );
    for (name, scope) in [
        ("Không có", "registry.agency:H30.99"),
        ("Không phải", "registry.agency:x"),
    ] {
        let (_, token) = api.application(name, &["registry", scope]).await;
        assert_eq!(
            api.get("/api/v1/registers", &token).await.fault(),
            (403, "registry.application_agency")
        );
    }
    let scopes = ["registry", "registry.agency:H30.03", "registry.agency:H30.26"];
    let (_, two) = api.application("Hai nơi", &scopes).await;
    assert_eq!(
        api.get("/api/v1/registers", &two).await.fault(),
        (403, "registry.application_agency")
    );
    let (app, token) = api.application("Thuế", &["registry", "registry.agency:H30.26"]).await;
    assert_eq!(api.get("/api/v1/registers", &token).await.status, 200);
    let forged = format!("{}x", &token[..token.len() - 1]);
    for bad in [forged.as_str(), "a.b.c", "x"] {
        assert_eq!(
            api.get("/api/v1/registers", bad).await.fault(),
            (401, "openid.token_wrong"),
            "{bad}"
        );
    }
    // In ten minutes it is good no more.
    api.town.scratch.clock.advance(chrono::TimeDelta::minutes(11));
    assert_eq!(
        api.get("/api/v1/registers", &token).await.fault(),
        (401, "openid.token_wrong")
    );
    let fresh = api.token(&app, "").await;
    assert_eq!(api.get("/api/v1/registers", &fresh).await.status, 200);
}
