//! Following a register.

use serde_json::{Value, json};

use crate::api_house::Api;
use crate::town::shop;

const SHOPS: &str = "/api/v1/registers/shop/records";
const FEED: &str = "/api/v1/registers/shop/changes";

/// Every page from a cursor on: what was told, and where it went on.
async fn follow(api: &Api, token: &str, since: &str, limit: usize) -> (Vec<(String, String)>, String) {
    let (mut told, mut since) = (Vec::new(), since.to_owned());
    loop {
        let path = format!("{FEED}?limit={limit}&since={since}");
        let page = api.get(&path, token).await;
        assert_eq!(page.status, 200, "{page:?}");
        let items = page.body["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        for item in items {
            let text = |name: &str| item[name].as_str().unwrap().to_owned();
            told.push((text("kind"), text("record")));
        }
        since = page.body["next"].as_str().unwrap().to_owned();
        if page.body["more"] == false {
            return (told, since);
        }
    }
}

#[tokio::test]
async fn whoever_follows_is_told_everything_once_and_in_order() {
    let api = Api::new().await;
    let owner = api.official("SCT", "specialist");
    let (nothing, start) = follow(&api, &owner, "", 5).await;
    assert_eq!(nothing, [], "a register without a record");
    let made = api
        .post(SHOPS, &owner, &json!({ "values": shop("CH-0001") }))
        .await
        .id();
    let rows: Vec<Value> = (10..27)
        .map(|n| json!({ "values": shop(&format!("CH-00{n}")) }))
        .collect();
    let taken = api
        .post(&format!("{SHOPS}:upsert"), &owner, &json!({ "rows": rows }))
        .await
        .body;
    let mut ids: Vec<&str> = taken["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids.len(), 17);
    // One of the stretch is changed, and ends: it was new all the same.
    api.town.scratch.clock.advance(chrono::TimeDelta::days(1));
    let change = json!({ "values": { "code": "CH-0010", "name": "Khác", "ward": "31340" }, "version": 1 });
    let path = format!("{SHOPS}/{}", ids[3]);
    let code = api.get(&path, &owner).await.body["values"]["code"].clone();
    let mut change = change;
    change["values"]["code"] = code;
    assert_eq!(
        api.ask("PUT", path.clone())
            .by(&owner)
            .body(&change)
            .send()
            .await
            .status,
        200
    );
    let end = json!({ "last": "2026-03-10", "version": 2, "reason": "Ngừng" });
    assert_eq!(api.post(&format!("{path}/end"), &owner, &end).await.status, 200);
    // A record that somebody else made while the stretch was written is told once.
    let mut expected = vec![("created".to_owned(), made)];
    expected.extend(ids.iter().map(|id| ("created".to_owned(), (*id).to_owned())));
    expected.push(("changed".to_owned(), ids[3].to_owned()));
    expected.push(("ended".to_owned(), ids[3].to_owned()));
    for limit in [1, 2, 5, 17, 18, 19, 20, 200] {
        let (told, next) = follow(&api, &owner, &start, limit).await;
        assert_eq!(told, expected, "{limit} at a time");
        let (more, _) = follow(&api, &owner, &next, limit).await;
        assert_eq!(more, [], "{limit} at a time");
    }
    // Who has read all records follows from now on.
    let (none, now) = follow(&api, &owner, "now", 5).await;
    assert_eq!(none, []);
    let later = api
        .post(SHOPS, &owner, &json!({ "values": shop("CH-0090") }))
        .await
        .id();
    assert_eq!(follow(&api, &owner, &now, 5).await.0, [("created".to_owned(), later)]);
}

#[tokio::test]
async fn a_record_that_was_entered_amid_a_stretch_is_told_once() {
    let api = Api::new().await;
    let owner = api.official("SCT", "specialist");
    let rows = |from: u32, to: u32| -> Value {
        let rows: Vec<Value> = (from..to)
            .map(|n| json!({ "values": shop(&format!("CH-{n:04}")) }))
            .collect();
        json!({ "rows": rows })
    };
    let upsert = format!("{SHOPS}:upsert");
    api.post(&upsert, &owner, &rows(1, 4)).await;
    api.town.scratch.clock.advance(chrono::TimeDelta::seconds(1));
    let between = api
        .post(SHOPS, &owner, &json!({ "values": shop("CH-0100") }))
        .await
        .id();
    // The stretch of an import that another process began before, and ended after.
    sqlx::query("UPDATE registry.change SET last = $1 WHERE last IS NOT NULL")
        .bind(uuid::Uuid::max())
        .execute(&api.town.scratch.pool)
        .await
        .unwrap();
    let (told, _) = follow(&api, &owner, "", 2).await;
    assert_eq!(told.len(), 4);
    assert_eq!(told.iter().filter(|(_, record)| *record == between).count(), 1);
}

#[tokio::test]
async fn the_feed_tells_strangers_nothing_and_forged_cursors_less() {
    let api = Api::new().await;
    let owner = api.official("SCT", "specialist");
    let rows: Vec<Value> = (1..9)
        .map(|n| json!({ "values": shop(&format!("CH-000{n}")) }))
        .collect();
    api.post(&format!("{SHOPS}:upsert"), &owner, &json!({ "rows": rows }))
        .await;
    let page = api.get(&format!("{FEED}?limit=3"), &owner).await.body;
    assert_eq!(page["more"], true);
    let within = page["next"].as_str().unwrap();
    for token in [String::new(), api.session(api.town.citizen())] {
        for since in ["", within, "now"] {
            let reply = api.get(&format!("{FEED}?since={since}"), &token).await;
            assert_eq!(reply.fault(), (404, "registry.not_found"));
        }
        // The cursor of one register opens nothing of another.
        let reply = api
            .get(&format!("/api/v1/registers/street/changes?since={within}"), &token)
            .await;
        assert!(reply.status == 200 && reply.body["items"] == json!([]), "{reply:?}");
    }
    let builder = api.town.official("SXD", "specialist");
    api.town
        .add(&builder, "street", json!({ "code": "D1", "name": "Hùng Vương" }))
        .await
        .unwrap();
    let reply = api
        .get(&format!("/api/v1/registers/street/changes?since={within}"), "")
        .await;
    assert_eq!(reply.fault(), (422, "db.bad_cursor"));
    let street = api.get("/api/v1/registers/street/changes", "").await.body;
    assert_eq!(street["items"].as_array().unwrap().len(), 1);
    assert!(street["items"][0].get("values").is_none());
    let some = uuid::Uuid::now_v7();
    for forged in [
        "zz".to_owned(),
        "5b5d".to_owned(),
        db::cursor::encode(&json!({ "x": -1, "s": 0, "r": null })),
        db::cursor::encode(&json!({ "x": 0, "s": -5, "r": null })),
        db::cursor::encode(&json!({ "x": 0, "s": 0, "r": some })),
        db::cursor::encode(&json!({ "x": "0; DROP TABLE registry.change", "s": 0, "r": null })),
        db::cursor::encode(&json!({ "x": 1e300, "s": 0, "r": null })),
    ] {
        let reply = api.get(&format!("{FEED}?since={forged}"), &owner).await;
        assert_eq!(reply.fault(), (422, "db.bad_cursor"), "{forged}");
    }
    let far = db::cursor::encode(&json!({ "x": i64::MAX, "s": i64::MAX, "r": null }));
    assert_eq!(
        api.get(&format!("{FEED}?since={far}"), &owner).await.body["items"],
        json!([])
    );
    // From within a stretch, but from before it: it is told from there, and no further than its end.
    let place: Value = db::cursor::decode(within).unwrap();
    let before = db::cursor::encode(&json!({ "x": place["x"], "s": place["s"], "r": uuid::Uuid::nil() }));
    let reply = api.get(&format!("{FEED}?since={before}"), &owner).await;
    assert_eq!(reply.body["items"].as_array().unwrap().len(), 8);
}

/// Whoever began before and ends later is told later, and by nobody passed over; what other databases do, nobody waits for.
#[tokio::test]
async fn nobody_is_passed_over_who_ends_later() {
    let api = Api::new().await;
    let owner = api.official("SCT", "specialist");
    let actor = api.town.official("SCT", "specialist");
    let given = |code: &str| crate::town::given(shop(code));
    api.post(SHOPS, &owner, &json!({ "values": shop("CH-0001") })).await;
    let (_, start) = follow(&api, &owner, "", 5).await;
    // One begins to write, another one writes and is done.
    let mut slow = api.town.op(&actor).await;
    let late = api
        .town
        .registry
        .add(&mut slow, "shop", given("CH-0002"), None)
        .await
        .unwrap();
    let early = api
        .post(SHOPS, &owner, &json!({ "values": shop("CH-0003") }))
        .await
        .id();
    let (told, next) = follow(&api, &owner, &start, 5).await;
    assert_eq!(told, [], "before it stands one that is not done");
    let (_, now) = follow(&api, &owner, "now", 5).await;
    slow.commit().await.unwrap();
    let both = [
        ("created".to_owned(), late.id.to_string()),
        ("created".to_owned(), early),
    ];
    assert_eq!(follow(&api, &owner, &next, 1).await.0, both);
    assert_eq!(
        follow(&api, &owner, &now, 1).await.0,
        both,
        "who follows from then on has missed neither"
    );
}
