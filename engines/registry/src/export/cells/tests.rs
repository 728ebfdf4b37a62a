use serde_json::json;

use super::*;
use crate::definition::tests::thing;

const YAML: &str = "
format: 1
record: thing
vi: Vật
en: Things
about: { vi: A., en: A. }
owner: SCT
sharing: [open]
update: import
readers: everybody
retention: { forever: true }
title: code
key: [code]
list: [code]
fields:
  - { field: code, vi: Mã, en: Code, type: text, required: true, class: public }
  - { field: size, vi: Diện tích, en: Size, type: number, decimals: 2, unit: m2, class: public }
  - { field: price, vi: Giá, en: Price, type: money, class: public }
  - { field: sound, vi: Tốt, en: Sound, type: yes_no, class: public }
  - { field: state, vi: Trạng thái, en: State, type: choice, class: public, options: [{ code: a, vi: Mở, en: Open }, { code: b, vi: Đóng, en: Closed }] }
  - { field: goods, vi: Hàng, en: Goods, type: choices, class: public, options: [{ code: a, vi: Gạo, en: Rice }, { code: b, vi: Cá, en: Fish }] }
  - { field: lease, vi: Thuê, en: Lease, type: period, class: public }
  - { field: seen_at, vi: Lúc, en: Seen at, type: moment, class: public }
  - { field: place, vi: Chỗ, en: Place, type: point, class: public }
";

fn lookup(format: Format, words: bool) -> Lookup {
    Lookup {
        format,
        words,
        yes: "Có".into(),
        no: "Không".into(),
        too_long: "quá dài".into(),
        ..Lookup::default()
    }
}

fn made(field: &str, value: Value, lookup: &Lookup) -> Cell {
    cell(thing(YAML).field(field).unwrap(), &value, lookup)
}

/// What was written is read again: by people in a sheet, by programs in JSON.
#[test]
fn values_are_written_as_they_are_read() {
    let sheet = lookup(Format::Csv, false);
    let json_ = lookup(Format::JsonLines, false);
    let point = json!({ "type": "Point", "coordinates": [105.4701, 9.7825] });
    let lease = json!({ "from": "2026-01-01", "to": "2026-12-31" });
    for (field, value, in_sheet) in [
        ("size", json!(12.5), Cell::Number("12.5".parse().unwrap())),
        ("price", json!(1_500_000), Cell::Number(1_500_000.into())),
        ("sound", json!(true), Cell::Boolean(true)),
        ("state", json!("a"), Cell::Text("a".into())),
        ("goods", json!(["a", "b"]), Cell::Text("a|b".into())),
        ("lease", lease.clone(), Cell::Text("01/01/2026 - 31/12/2026".into())),
        (
            "lease",
            json!({ "from": "2026-01-01" }),
            Cell::Text("01/01/2026".into()),
        ),
        ("place", point.clone(), Cell::Text("9.7825; 105.4701".into())),
        (
            "seen_at",
            json!("2026-11-30T08:00:00+07:00"),
            Cell::Moment("2026-11-30T08:00:00".parse().unwrap()),
        ),
        ("code", Value::Null, Cell::Empty),
    ] {
        let made = made(field, value.clone(), &sheet);
        assert_eq!(made, in_sheet, "{field}");
        let definition = thing(YAML);
        let own = definition.field(field).unwrap();
        let given = crate::import::cell_value(own, &made);
        let day = "2026-11-30".parse().unwrap();
        let again = crate::model::reading::read_one(own, &given, &Default::default(), day);
        assert_eq!(again.unwrap(), (!value.is_null()).then_some(value), "{field}");
    }
    assert_eq!(made("goods", json!(["b"]), &json_), Cell::Json(json!(["b"])));
    assert_eq!(made("lease", lease.clone(), &json_), Cell::Json(lease));
    assert_eq!(made("place", point.clone(), &json_), Cell::Json(point));
}

/// Text has no kinds of cells: people read what they would write, and it is read again.
#[test]
fn text_for_people_is_written_as_people_write() {
    let people = lookup(Format::Csv, true);
    for (field, value, text) in [
        ("size", json!(12.5), "12,5"),
        ("size", json!(-0.5), "-0,5"),
        ("seen_at", json!("2026-11-30T08:00:00+07:00"), "30/11/2026 08:00"),
    ] {
        assert_eq!(made(field, value, &people), Cell::Text(text.into()), "{field}");
    }
    assert_eq!(made("price", json!(1_500_000), &people), Cell::Number(1_500_000.into()));
    let first = "2026-03-01".parse().unwrap();
    assert_eq!(day(first, &people), Cell::Text("01/03/2026".into()));
    assert_eq!(day(first, &lookup(Format::Xlsx, true)), Cell::Date(first));
}

#[test]
fn words_take_the_place_of_codes() {
    let mut words = lookup(Format::Xlsx, true);
    assert_eq!(made("state", json!("b"), &words), Cell::Text("Đóng".into()));
    assert_eq!(made("goods", json!(["a", "b"]), &words), Cell::Text("Gạo; Cá".into()));
    assert_eq!(made("sound", json!(false), &words), Cell::Text("Không".into()));
    words.language = "en";
    assert_eq!(made("state", json!("b"), &words), Cell::Text("Closed".into()));
    let definition = thing(YAML);
    let column = Column::Field(Box::new(definition.field("size").unwrap().clone()));
    let head = heading(&column, &words);
    assert_eq!((head.name.as_str(), head.title.as_str()), ("size", "Size (m2)"));
    assert_eq!(head.kind, Cells::Decimal { scale: 2 });
}

#[test]
fn what_no_cell_of_a_workbook_holds_is_said() {
    let long: String = "ấ".repeat(32_768);
    assert_eq!(
        made("code", json!(long), &lookup(Format::Xlsx, false)),
        Cell::Text("quá dài".into())
    );
    assert_eq!(made("code", json!(long), &lookup(Format::Csv, false)), Cell::Text(long));
}
