use registry::definition::{Drawn, blank};

use super::*;
use crate::registers::draw::lines::add_fields;

fn fields(pairs: &[(&str, &str)]) -> Fields {
    Fields::new(
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    )
}

/// The controls of a page, as a browser would send them back.
fn sent(tree: &Value) -> Vec<(String, String)> {
    let drawn = controls(tree, false);
    let said = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut pairs = Vec::new();
    for (control, key) in [
        ("vi", "vi"),
        ("en", "en"),
        ("record", "record"),
        ("owner", "owner"),
        ("about.vi", "about_vi"),
        ("about.en", "about_en"),
        ("readers", "readers"),
        ("update", "update"),
        ("basis", "basis"),
        ("years", "years"),
        ("more", "more"),
    ] {
        pairs.push((control.to_owned(), said(&drawn[key])));
    }
    for key in ["enters", "sharing"] {
        for one in drawn[key].as_array().unwrap() {
            pairs.push((key.to_owned(), said(one)));
        }
    }
    for key in ["approval", "catalogue"] {
        pairs.push((key.to_owned(), said(&drawn[key])));
    }
    for one in drawn["fields"].as_array().unwrap() {
        let place = one["place"].as_u64().unwrap() as usize;
        pairs.push((control(place, "was"), said(&one["field"])));
        for key in [
            "field",
            "vi",
            "en",
            "help",
            "type",
            "class",
            "when",
            "unit",
            "examples",
            "options",
            "columns",
            "pattern",
            "max_length",
            "min",
            "max",
            "decimals",
            "catalogue",
            "to",
            "most",
            "value",
            "gives",
            "required",
            "unique",
            "search",
            "in_key",
            "in_list",
            "past",
            "future",
        ] {
            pairs.push((control(place, key), said(&one[key])));
        }
        if one["is_title"] == true {
            pairs.push(("title".to_owned(), place.to_string()));
        }
    }
    pairs
}

#[test]
fn labels_become_a_register() {
    let guess = |label: &str| match label {
        "Ngày cấp" => "date",
        "Xã, phường" => "area",
        "Người phụ trách" => "name",
        _ => "text",
    };
    let mut tree = blank("SXD");
    tree["vi"] = json!("Sổ cầu");
    add_fields(
        &mut tree,
        "Mã cầu\nTên cầu\n*Xã, phường\nNgày cấp\nNgười phụ trách\nGhi chú",
        &guess,
    );
    let pairs = sent(&tree);
    let tree = super::tree(&Fields::new(pairs), &tree);
    let drawn = Drawn::of(&tree);
    assert_eq!(drawn.problems, [], "{}", drawn.yaml);
    let definition = drawn.definition.unwrap();
    assert_eq!(definition.record, "so_cau");
    assert_eq!(
        (definition.title.as_str(), definition.key.as_slice()),
        ("ten_cau", &["ma_cau".to_owned()][..])
    );
    assert_eq!(
        definition.words.en, "Sổ cầu",
        "what nobody has said in English stands in Vietnamese"
    );
    assert_eq!(definition.fields[4].class, schema::field::Class::Personal);
}

#[test]
fn what_the_page_does_not_ask_stays() {
    let yaml = include_str!("../../../../../apps/transport/registry/bridge.record.yaml");
    let mut problems = Problems::new();
    let bridge = registry::definition::RecordDefinition::read("bridge", yaml, &mut problems).unwrap();
    assert!(problems.is_empty(), "{problems}");
    let tree = bridge.to_tree();
    let again = super::tree(&Fields::new(sent(&tree)), &tree);
    let drawn = Drawn::of(&again);
    assert_eq!(drawn.problems, [], "{}", drawn.yaml);
    assert_eq!(drawn.definition.unwrap(), bridge);
}

#[test]
fn a_field_of_another_type_loses_what_only_the_old_one_had() {
    let old = json!({ "fields": [{ "field": "x", "type": "choice", "options": [{ "code": "a", "vi": "A", "en": "A" }], "class": "public" }] });
    let typed = [
        ("f.0.was", "x"),
        ("f.0.field", "x"),
        ("f.0.vi", "X"),
        ("f.0.type", "number"),
        ("f.0.min", "1,5"),
        ("f.0.options", "A | a | A"),
    ];
    let tree = super::tree(&fields(&typed), &old);
    assert_eq!(
        tree["fields"][0],
        json!({ "field": "x", "type": "number", "class": "public", "vi": "X", "en": "X", "min": 1.5, "required": true })
    );
    let typed = [
        ("f.0.was", "x"),
        ("f.0.vi", "Loại"),
        ("f.0.type", "choice"),
        ("f.0.options", "Tốt\nHỏng nặng | hong\n"),
    ];
    let tree = super::tree(&fields(&typed), &old);
    assert_eq!(
        tree["fields"][0]["options"],
        json!([{ "code": "tot", "vi": "Tốt", "en": "Tốt" }, { "code": "hong", "vi": "Hỏng nặng", "en": "Hỏng nặng" }])
    );
    assert_eq!(
        tree["fields"][0]["field"], "loai",
        "a key is suggested where none is typed"
    );
}

#[test]
fn buttons_move_fields() {
    let mut tree =
        json!({ "fields": [{ "field": "a" }, { "field": "b" }, { "field": "c" }], "key": ["a"], "list": ["a", "c"] });
    let order = |tree: &Value| -> Vec<String> {
        tree["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["field"].as_str().unwrap_or("-").to_owned())
            .collect()
    };
    act(&mut tree, "down.0");
    assert_eq!(order(&tree), ["b", "a", "c"]);
    act(&mut tree, "up.2");
    assert_eq!(order(&tree), ["b", "c", "a"]);
    act(&mut tree, "up.0");
    act(&mut tree, "down.2");
    act(&mut tree, "remove.9");
    act(&mut tree, "nonsense");
    assert_eq!(order(&tree), ["b", "c", "a"]);
    act(&mut tree, "remove.2");
    assert_eq!(
        (order(&tree), &tree["key"], &tree["list"]),
        (vec!["b".into(), "c".into()], &json!([]), &json!(["c"]))
    );
    act(&mut tree, "add");
    assert_eq!(order(&tree), ["b", "c", "-"]);
}

#[test]
fn what_is_written_by_hand_is_read_or_told() {
    let mut tree = Map::new();
    by_hand(
        "rules:\n  - { rule: a, that: x > 1, field: x, vi: A, en: A }\n",
        &mut tree,
    );
    assert_eq!(tree["rules"][0]["that"], "x > 1");
    assert!(hand_written(&Value::Object(tree.clone())).starts_with("rules:"));
    for broken in ["rules: [", "owner: X", "just text", "a: &b 1"] {
        let mut tree = Map::new();
        by_hand(broken, &mut tree);
        assert_eq!(tree[UNREAD], broken);
        assert_eq!(hand_written(&Value::Object(tree.clone())), broken);
        let drawn = Drawn::of(&Value::Object(tree));
        assert!(
            drawn.problems.iter().any(|problem| problem.path == UNREAD),
            "{:?}",
            drawn.problems
        );
    }
}

#[test]
fn choices_may_be_named_with_their_field() {
    let mut tree = begun(&fields(&[("vi", "Sổ cầu"), ("owner", "SXD")]));
    add_fields(&mut tree, "Mã\nTình trạng: Tốt; Hư hỏng\nGhi chú:", &|_| "text");
    let made = &tree["fields"];
    assert_eq!(made[1]["type"], "choice");
    assert_eq!(
        made[1]["options"],
        json!([{ "code": "tot", "vi": "Tốt", "en": "Tốt" }, { "code": "hu_hong", "vi": "Hư hỏng", "en": "Hư hỏng" }])
    );
    assert_eq!(made[2]["vi"], "Ghi chú");
    assert_eq!(Drawn::of(&tree).problems, []);
    // Codes are shown where records may have them: then another name keeps the code.
    let shown = |with_codes| controls(&tree, with_codes)["fields"][1]["options"].clone();
    assert_eq!(shown(false), "Tốt\nHư hỏng");
    assert_eq!(shown(true), "Tốt | tot\nHư hỏng | hu_hong");
}

#[test]
fn a_field_gets_its_key_with_its_name_and_keeps_it() {
    let mut tree = begun(&fields(&[("vi", "Sổ tay"), ("owner", "SXD")]));
    act(&mut tree, "add");
    let empty = super::tree(&Fields::new(sent(&tree)), &tree);
    assert_eq!(empty["fields"][0].get("field"), None);
    let with = |tree: &Value, name: &str| {
        let typed = sent(tree).into_iter().map(|(control, was)| match control.as_str() {
            "f.0.vi" => (control, name.to_owned()),
            _ => (control, was),
        });
        super::tree(&Fields::new(typed), tree)
    };
    let named = with(&empty, "Số phiếu");
    assert_eq!(named["fields"][0]["field"], "so_phieu");
    assert_eq!(
        (&named["key"], &named["title"]),
        (&json!(["so_phieu"]), &json!("so_phieu"))
    );
    assert_eq!(Drawn::of(&named).problems, []);
    let renamed = with(&named, "Số của phiếu");
    assert_eq!(renamed["fields"][0]["field"], "so_phieu");
    assert_eq!(
        renamed["fields"][0]["en"], "Số của phiếu",
        "what nobody has said in English follows"
    );
}

#[test]
fn what_is_sound_is_shown_already() {
    let mut tree = begun(&fields(&[("vi", "Sổ cầu"), ("owner", "SXD")]));
    add_fields(&mut tree, "Mã\nTên\nTình trạng", &|label| {
        if label == "Tình trạng" { "choice" } else { "text" }
    });
    let drawn = Drawn::of(&tree);
    assert!(drawn.definition.is_none());
    let part = Drawn::of(&sound_part(&tree, &drawn.problems)).definition.unwrap();
    assert_eq!(part.fields.len(), 2);
}
