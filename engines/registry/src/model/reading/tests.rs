use serde_json::{Value, json};

use super::*;
use crate::definition::RecordDefinition;
use crate::definition::tests::shop;

fn ground() -> Ground {
    Ground {
        now: "2026-11-30T03:00:00Z".parse().unwrap(),
        areas: [
            ("31318".to_owned(), vec![("2004-01-01".parse().unwrap(), None)]),
            (
                "31321".to_owned(),
                vec![("2004-01-01".parse().unwrap(), "2025-06-30".parse().ok())],
            ),
        ]
        .into(),
        ..Ground::default()
    }
}

fn sound() -> Value {
    json!({
        "code": "CH-0001",
        "name": "Tạp hóa  Bảy Ngã",
        "ward": "31318",
        "state": "open",
    })
}

fn read_with(changes: Value) -> Reading {
    let mut given = sound();
    for (key, value) in changes.as_object().unwrap() {
        given[key] = value.clone();
    }
    read(&shop(), given.as_object().unwrap(), &ground(), ground().today())
}

fn rules(reading: &Reading) -> Vec<(String, String)> {
    reading
        .faults
        .iter()
        .map(|fault| {
            let rule = fault.code.trim_start_matches("registry.field.").to_owned();
            (fault.field.clone(), rule)
        })
        .collect()
}

#[test]
fn what_people_type_becomes_values() {
    let reading = read_with(json!({
        "state": "đã Đóng cửa",
        "ended_on": "30/4/2025",
        "started_on": "2020-01-02",
        "owner_number": "093 090 000 001",
        "phone": "0912 345 678",
        "capital": "1.500.000.000",
        "area_m2": "12,5",
        "lease": "01/01/2024 - 31/12/2026",
        "at": "9,7825; 105,4701",
        "goods": "Dụng cụ | food",
        "staff": [{ "role": "Bán hàng", "count": "2" }],
    }));
    assert_eq!(rules(&reading), [], "{:?}", reading.faults);
    let values = Value::Object(reading.values);
    assert_eq!(values["name"], "Tạp hóa Bảy Ngã");
    assert_eq!(values["state"], "closed");
    assert_eq!(values["ended_on"], "2025-04-30");
    assert_eq!(values["capital"], 1_500_000_000_i64);
    assert_eq!(values["area_m2"], 12.5);
    assert_eq!(values["lease"], json!({ "from": "2024-01-01", "to": "2026-12-31" }));
    assert_eq!(values["at"]["coordinates"], json!([105.4701, 9.7825]));
    assert_eq!(
        values["goods"],
        json!(["food", "tools"]),
        "in the order of the declaration"
    );
    assert_eq!(values["staff"], json!([{ "role": "Bán hàng", "count": 2 }]));
    assert_eq!(values["large"], true);
    assert_eq!(values["owner_number"], "093090000001");
}

#[test]
fn every_fault_of_a_record_is_told_at_once() {
    let reading = read_with(json!({
        "code": "X-1",
        "ward": "99999",
        "phone": "12",
        "capital": -1,
        "area_m2": "12,55",
        "staff": [{ "count": 2 }],
        "at": { "type": "Point", "coordinates": [200, 10] },
        "large": true,
        "nothing": "x",
    }));
    let found = rules(&reading);
    for (field, rule) in [
        ("code", "pattern"),
        ("ward", "ward"),
        ("phone", "phone"),
        ("capital", "min"),
        ("area_m2", "decimals"),
        ("staff", "rows_cell"),
        ("at", "geometry"),
        ("large", "computed"),
        ("nothing", "unknown"),
    ] {
        assert!(
            found.contains(&(field.into(), rule.into())),
            "{field} {rule}: {found:?}"
        );
    }
    assert_eq!(found.len(), 9, "{found:?}");
}

#[test]
fn what_must_be_there_and_what_must_not_be_so() {
    let reading = read_with(json!({ "state": "closed" }));
    assert_eq!(rules(&reading), [("ended_on".into(), "required".into())]);
    let reading = read_with(json!({ "name": "  " }));
    assert_eq!(rules(&reading), [("name".into(), "required".into())]);
    let reading = read_with(json!({ "started_on": "2024-02-01", "ended_on": "2024-01-31" }));
    assert_eq!(rules(&reading), [("ended_on".into(), "rule".into())]);
    assert_eq!(reading.faults[0].params["own_vi"], "Ngày đóng trước ngày mở.");
    // A choice that is no longer to be chosen.
    assert_eq!(
        rules(&read_with(json!({ "state": "paused" }))),
        [("state".into(), "option_ended".into())]
    );
    assert_eq!(
        rules(&read_with(json!({ "lease": "31/12/2026 - 01/01/2024" }))),
        [("lease".into(), "period_backwards".into())]
    );
}

/// Letters that look the same are the same: what comes from another keyboard does not make a second key.
#[test]
fn letters_are_composed() {
    let nfd = "To\u{0302}m";
    let reading = read_with(json!({ "name": nfd }));
    assert_eq!(reading.values["name"], "Tôm");
}

#[test]
fn words_and_halves() {
    let shop: RecordDefinition = shop();
    let reading = read_with(json!({ "phone": "0912345678", "owner_name": "Nguyễn Thị Đào" }));
    assert!(reading.faults.is_empty());
    let found = words(&shop, &reading.values);
    assert!(found.contains("dao") && found.contains("bay") && found.contains("0001"));
    assert!(
        !found.iter().any(|word| word.contains("0912")),
        "what is sealed is no word"
    );
    let sealed = secret(&shop, &reading.values);
    assert_eq!(sealed.keys().collect::<Vec<_>>(), ["phone"]);
}

#[test]
fn geometries() {
    let ring = json!([[105.0, 9.7], [105.1, 9.7], [105.1, 9.8], [105.0, 9.7]]);
    for (shape, given, sound) in [
        (
            Shape::Polygon,
            json!({ "type": "Polygon", "coordinates": [ring] }),
            true,
        ),
        (
            Shape::Polygon,
            json!({ "type": "Polygon", "coordinates": [[[105.0, 9.7], [105.1, 9.7], [105.1, 9.8]]] }),
            false,
        ),
        (
            Shape::Line,
            json!({ "type": "LineString", "coordinates": [[105.0, 9.7], [105.1, 9.7]] }),
            true,
        ),
        (
            Shape::Line,
            json!({ "type": "LineString", "coordinates": [[105.0, 9.7]] }),
            false,
        ),
        (
            Shape::Point,
            json!({ "type": "LineString", "coordinates": [[105.0, 9.7], [105.1, 9.7]] }),
            false,
        ),
        (Shape::Point, json!("9.78,105.47"), true),
        (Shape::Point, json!("somewhere"), false),
        (
            Shape::Point,
            json!({ "type": "Point", "coordinates": [105.0, 9.7, "x"] }),
            false,
        ),
    ] {
        assert_eq!(geometry(shape, &given).is_ok(), sound, "{given}");
    }
}

/// A ward that is no more, and a choice that is no longer to be chosen, are right on their days.
#[test]
fn each_day_has_its_wards_and_choices() {
    let on = |day: &str| {
        let mut given = sound();
        given["ward"] = "31321".into();
        given["state"] = "paused".into();
        let reading = read(&shop(), given.as_object().unwrap(), &ground(), day.parse().unwrap());
        rules(&reading).into_iter().map(|(_, rule)| rule).collect::<Vec<_>>()
    };
    assert_eq!(on("2020-06-01"), Vec::<String>::new());
    assert_eq!(on("2024-06-01"), ["option_ended"]);
    assert_eq!(on("2025-07-01"), ["ward", "option_ended"]);
    assert_eq!(on("2003-12-31"), ["ward"]);
}

/// Codes of catalogues and wards are known by what they are called too, where no other is called so.
#[test]
fn codes_are_known_by_their_names() {
    let mut ground = ground();
    let names = [("a", "Lúa nước"), ("b", "Cây lâu năm"), ("c", "Cây lâu năm")];
    ground.catalogues.insert(
        "land_use".to_owned(),
        names.map(|(code, name)| (code.to_owned(), name.to_owned())).into(),
    );
    assert_eq!(ground.code_named("land_use", "Lúa nước").unwrap(), "a");
    assert_eq!(ground.code_named("land_use", "Cây lâu năm"), None, "two are called so");
    assert_eq!(ground.code_named("land_use", "Lúa"), None);
    assert_eq!(ground.code_named("roads", "Lúa nước"), None);
    ground
        .area_names
        .insert("phường i".to_owned(), Some("31318".to_owned()));
    ground.area_names.insert("xã tân bình".to_owned(), None);
    let ward = |name: &str| {
        let given = json!({ "code": "CH-0001", "name": "A", "ward": name, "state": "open" });
        let read = read(&shop(), given.as_object().unwrap(), &ground, ground.today());
        read.values.get("ward").cloned()
    };
    assert_eq!(ward("Phường I"), Some(json!("31318")));
    assert_eq!(ward("xã Tân Bình"), None);
}

/// What tells one record from another looks like nothing else.
#[test]
fn keys_hold_no_letters_that_only_look_like_ours() {
    for strange in ["\u{421}", "\u{391}", "\u{ff21}", "\u{d0}", "\u{661}", "\u{1d400}"] {
        assert!(super::strange(&format!("D1{strange}")).is_some(), "{strange}");
    }
    for ours in ["D1", "Đường 3/2", "Hẻm số 12-A", "ấp Mỹ Thuận", "m²", "ƯỚC"] {
        assert_eq!(super::strange(ours), None, "{ours}");
    }
}
