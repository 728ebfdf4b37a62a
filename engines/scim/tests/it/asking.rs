//! Finding, ordering, paging, choosing what is shown, and what the server says about itself.

use axum::http::Method;
use serde_json::{Value, json};

use crate::town::{ENTERPRISE, Town, USER, form};

async fn three(personnel: &crate::town::Asker<'_>) -> [String; 3] {
    let lan = json!({
        "displayName": "Lan 100%", "externalId": "NV-1", "emails": [{ "value": "lan@xa.example", "type": "work", "primary": true }],
        ENTERPRISE: { "department": "Tư pháp" },
    });
    let mai = json!({
        "displayName": "Mai", "active": false, "emails": [{ "value": "MAI@nha.example", "type": "home" }, { "value": "mai@xa.example", "type": "work" }],
    });
    let cuc = json!({ "name": { "familyName": "O'Hara \"x\"", "givenName": "Cúc" } });
    [
        personnel.new_user("lan", lan).await,
        personnel.new_user("mai", mai).await,
        personnel.new_user("cuc", cuc).await,
    ]
}

#[tokio::test]
async fn filters_find_what_they_say() {
    let town = Town::new().await;
    let personnel = town.personnel("Nhân sự").await;
    let [lan, _, cuc] = three(&personnel).await;
    let group = personnel.new_group("Văn phòng", &[&lan, &cuc]).await;
    let urn = format!("{ENTERPRISE}:department eq \"tư PHÁP\"");
    let core = format!("{USER}:userName eq \"lan\"");
    let by_id = format!("id eq \"{lan}\" or id eq \"{}\"", cuc.to_uppercase());
    let by_group = format!("groups.value eq \"{group}\"");
    let by_place = format!("meta.location ew \"/Users/{lan}\"");
    let whole_place = format!("meta.location eq \"https://tinh.example/scim/v2/Users/{lan}\"");
    for (filter, expected) in [
        (r#"userName eq "LAN""#, vec!["lan"]),
        (core.as_str(), vec!["lan"]),
        (r#"externalId eq "NV-1""#, vec!["lan"]),
        (r#"externalId eq "nv-1""#, vec![]),
        (urn.as_str(), vec!["lan"]),
        (by_id.as_str(), vec!["lan"]),
        (r#"displayName co "100%""#, vec!["lan"]),
        (r#"displayName co "%""#, vec!["lan"]),
        (r#"displayName co "_""#, vec![]),
        (r#"name.familyName eq "o'hara \"X\"""#, vec!["cuc"]),
        (r#"name.givenName eq "Cu\u0301c""#, vec!["cuc"]),
        (r#"userName sw "L" or userName ew "UC""#, vec!["lan", "cuc"]),
        ("active eq false", vec!["mai"]),
        ("active ne false and displayName pr", vec!["lan"]),
        ("not (displayName pr)", vec!["cuc"]),
        (r#"not (displayName eq "Mai")"#, vec!["lan", "cuc"]),
        (r#"displayName ne "Mai""#, vec!["lan", "cuc"]),
        ("displayName eq null", vec!["cuc"]),
        ("displayName ne null", vec!["lan", "mai"]),
        (r#"userName gt "lan""#, vec!["mai"]),
        (r#"userName ge "lan" and userName lt "mai""#, vec!["lan"]),
        (r#"emails eq "mai@nha.example""#, vec!["mai"]),
        (r#"emails.type eq "work""#, vec!["lan", "mai"]),
        (
            r#"emails[type eq "work" and value ew "xa.example"]"#,
            vec!["lan", "mai"],
        ),
        (r#"emails[type eq "home" and value ew "xa.example"]"#, vec![]),
        (r#"emails[not (type eq "work")]"#, vec!["mai"]),
        ("emails[primary eq true]", vec!["lan"]),
        ("emails pr", vec!["lan", "mai"]),
        ("phoneNumbers pr or name pr", vec!["cuc"]),
        (by_group.as_str(), vec!["lan", "cuc"]),
        (r#"groups.display co "văn""#, vec!["lan", "cuc"]),
        ("groups pr", vec!["lan", "cuc"]),
        (by_place.as_str(), vec!["lan"]),
        (whole_place.as_str(), vec!["lan"]),
        (
            r#"meta.resourceType eq "User" and meta.version eq "W/\"1\"""#,
            vec!["mai"],
        ),
        (
            r#"meta.created ge "2026-03-02T01:00:00Z" and meta.lastModified lt "2026-03-02T08:00:01+07:00""#,
            vec!["lan", "mai", "cuc"],
        ),
        (r#"meta.created gt "2027-01-01T00:00:00Z""#, vec![]),
        ("id pr and meta.created pr", vec!["lan", "mai", "cuc"]),
    ] {
        assert_eq!(personnel.found(&[("filter", filter)]).await, expected, "{filter}");
    }
    let of_members = form(&[(
        "filter",
        &format!("members.value eq \"{lan}\" and displayName sw \"văn\""),
    )]);
    assert_eq!(
        personnel.get(&format!("/Groups?{of_members}")).await.body["totalResults"],
        1
    );
    // Across all kinds: what one kind does not have holds nothing there.
    let search = async |filter: &str| {
        let reply = personnel
            .ask(Method::POST, "/.search", &[], json!({ "filter": filter }))
            .await;
        assert_eq!(reply.status, 200, "{filter} {reply:?}");
        reply.body["totalResults"].as_i64().unwrap()
    };
    assert_eq!(search("meta.resourceType pr").await, 4);
    assert_eq!(search(r#"userName ne "lan""#).await, 2);
    assert_eq!(search(r#"displayName eq "văn PHÒNG" or userName eq "lan""#).await, 2);
    assert_eq!(search("not (userName pr)").await, 1);
}

#[tokio::test]
async fn filters_that_mean_nothing_or_harm_are_refused() {
    let town = Town::new().await;
    let personnel = town.personnel("Nhân sự").await;
    three(&personnel).await;
    let deep = format!("{}userName pr{}", "(".repeat(5_000), ")".repeat(5_000));
    let long = vec!["userName pr"; 200].join(" or ");
    for filter in [
        r#"userName eq "x"; DROP SCHEMA scim"#,
        r#"userName eq 'x' or 1=1"#,
        r#"userName" = '' OR '1'='1"#,
        r#"doc->>'userName' eq "lan""#,
        "khongCo pr",
        r#"password eq "x""#,
        "userName",
        "active gt true",
        r#"active co "t""#,
        r#"meta.created co "2026""#,
        r#"meta.created gt "hôm qua""#,
        r#"userName eq 1"#,
        "name eq \"x\"",
        "userName[value pr]",
        "emails[emails[type pr]]",
        "emails[khac pr]",
        "emails.value[type pr]",
        ENTERPRISE,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr",
        &deep,
        &long,
    ] {
        let reply = personnel.get(&format!("/Users?{}", form(&[("filter", filter)]))).await;
        assert_eq!(reply.error(), (400, "invalidFilter"), "{filter}");
    }
    // A value is a value, whatever stands in it.
    for value in ["' OR 1=1 --", "%", "_", "\\", "$1", "\u{0}", "lan\u{0}"] {
        let filter = format!("userName eq {}", Value::String(value.to_owned()));
        let found = personnel.found(&[("filter", &filter)]).await;
        let expected: &[&str] = if value.starts_with("lan") { &["lan"] } else { &[] };
        assert_eq!(found, expected, "{value:?}");
    }
}

#[tokio::test]
async fn lists_are_ordered_and_turned_page_by_page() {
    let town = Town::new().await;
    let personnel = town.personnel("Nhân sự").await;
    three(&personnel).await;
    for number in 0..5 {
        personnel.new_user(&format!("them-{number}"), json!({})).await;
    }
    let sorted = [("sortBy", "userName"), ("sortOrder", "descending"), ("count", "3")];
    assert_eq!(personnel.found(&sorted).await, ["them-4", "them-3", "them-2"]);
    assert_eq!(
        personnel.found(&[("sortBy", "emails"), ("count", "2")]).await,
        ["lan", "mai"]
    );
    assert_eq!(
        personnel.found(&[("sortBy", "meta.created"), ("count", "1")]).await,
        ["lan"]
    );
    assert_eq!(
        personnel.found(&[("sortBy", "name.familyName"), ("count", "1")]).await,
        ["cuc"]
    );
    let page = personnel.get("/Users?startIndex=3&count=2").await;
    assert_eq!(
        (
            &page.body["totalResults"],
            &page.body["startIndex"],
            &page.body["itemsPerPage"]
        ),
        (&json!(8), &json!(3), &json!(2))
    );
    assert_eq!(page.body["Resources"][0]["userName"], "cuc");
    for (query, shown) in [
        ("count=0", 0),
        ("count=-5", 0),
        ("startIndex=-3", 8),
        ("startIndex=9", 0),
        ("startIndex=9223372036854775807", 0),
        ("count=100000", 8),
    ] {
        let reply = personnel.get(&format!("/Users?{query}")).await;
        assert_eq!(reply.body["itemsPerPage"], shown, "{query}");
    }
    for query in [
        "count=x",
        "sortBy=userName&sortOrder=up",
        "sortBy=khac",
        "sortBy=name",
        "filter=active+pr&filter=name+pr",
        "attributes=a&excludedAttributes=b",
    ] {
        assert_eq!(personnel.get(&format!("/Users?{query}")).await.status, 400, "{query}");
    }
    personnel.new_group("Nhóm", &[]).await;
    let all = json!({ "sortBy": "displayName", "startIndex": 1, "count": 3, "attributes": ["displayName"] });
    let reply = personnel.ask(Method::POST, "/.search", &[], all).await;
    let names: Vec<&str> = reply.body["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["displayName"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Lan 100%", "Mai", "Nhóm"]);
    assert_eq!(reply.body["Resources"][0].get("meta"), None);
}

#[tokio::test]
async fn the_server_says_what_it_is_and_takes_nothing_else() {
    let town = Town::new().await;
    let personnel = town.personnel("Nhân sự").await;
    let provider = personnel.get("/ServiceProviderConfig").await;
    assert_eq!(
        (
            &provider.body["patch"]["supported"],
            &provider.body["bulk"]["supported"]
        ),
        (&json!(true), &json!(false))
    );
    let schemas = personnel.get("/Schemas").await;
    for schema in schemas.body["Resources"].as_array().unwrap() {
        let id = schema["id"].as_str().unwrap();
        assert_eq!(&personnel.get(&format!("/Schemas/{id}")).await.body, schema);
    }
    let types = personnel.get("/ResourceTypes").await;
    assert_eq!(types.body["totalResults"], 2);
    assert_eq!(personnel.get("/ResourceTypes/User").await.body["endpoint"], "/Users");
    assert_eq!(personnel.get("/Schemas?filter=id+pr").await.error(), (403, ""));
    assert_eq!(personnel.get("/Me").await.error(), (501, ""));
    for path in [
        "/Schemas/khac",
        "/ResourceTypes/khac",
        "/Users/khac",
        "/khac",
        "/Users/x/y",
    ] {
        assert_eq!(personnel.get(path).await.error(), (404, ""), "{path}");
    }
    let users = "/Users/0190d3f0-0000-7000-8000-000000000000";
    for (method, path) in [
        (Method::PUT, "/Users"),
        (Method::POST, users),
        (Method::GET, "/.search"),
        (Method::DELETE, "/Groups"),
        (Method::PATCH, "/Schemas"),
    ] {
        assert_eq!(
            personnel.ask(method, path, &[], json!({})).await.error(),
            (405, ""),
            "{path}"
        );
    }
    for body in ["", "{", "[]", "null", "\"x\"", &"[".repeat(60_000)] {
        let bearer = format!("Bearer {}", personnel.token);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let reply = town
            .send(Method::POST, "/scim/v2/Users", &headers, body.to_owned())
            .await;
        assert_eq!(reply.error(), (400, "invalidSyntax"));
    }
    let large = json!({ "schemas": [USER], "userName": "lan", "x": "x".repeat(70_000) });
    assert_eq!(
        personnel.ask(Method::POST, "/Users", &[], large).await.error(),
        (413, "")
    );
    let bearer = format!("Bearer {}", personnel.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "text/plain")];
    assert_eq!(
        town.send(Method::POST, "/scim/v2/Users", &headers, "{}".into())
            .await
            .error(),
        (400, "invalidSyntax")
    );
}
