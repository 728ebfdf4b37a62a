use serde_json::json;

use super::*;
use crate::definition::tests::{shop, thing};

fn field(kind: &str) -> FieldDefinition {
    let yaml = format!(
        "format: 1\nrecord: thing\nvi: Vật\nen: Things\nabout: {{ vi: A., en: A. }}\nowner: SCT\nsharing: [open]\nupdate: import\nreaders: officials\n\
         retention: {{ forever: true }}\ntitle: code\nkey: [code]\nlist: [code]\nfields:\n\
         - {{ field: code, vi: Mã, en: Code, type: text, required: true, class: public }}\n\
         - {{ field: it, vi: Nó, en: It, type: {kind}, class: personal }}\n"
    );
    thing(&yaml).field("it").unwrap().clone()
}

fn number(text: &str) -> Cell {
    Cell::Number(text.parse().unwrap())
}

#[test]
fn a_spreadsheet_takes_nothing_away() {
    for (kind, cell, expected) in [
        ("text", number("123"), json!("123")),
        ("text", number("1234567.50"), json!("1234567.5")),
        ("number, decimals: 1", number("1234.5"), json!(1234.5)),
        ("money", number("1500000"), json!(1_500_000)),
        // Zeros before a number come back where it is known how many digits there are.
        ("personal_number", number("93090000001"), json!("093090000001")),
        ("phone", number("912345678"), json!("0912345678")),
        ("tax_number", number("312345678"), json!("0312345678")),
        ("area", number("1234"), json!("01234")),
        ("date", Cell::Date("2026-11-30".parse().unwrap()), json!("2026-11-30")),
        (
            "date",
            Cell::Moment("2026-11-30T00:00:00".parse().unwrap()),
            json!("2026-11-30"),
        ),
        ("text", Cell::Date("2026-11-30".parse().unwrap()), json!("30/11/2026")),
        (
            "moment",
            Cell::Moment("2026-11-30T08:30:00".parse().unwrap()),
            json!("2026-11-30T08:30:00"),
        ),
        ("yes_no", Cell::Boolean(true), json!(true)),
        ("text", Cell::Empty, json!(null)),
    ] {
        assert_eq!(value(&field(kind), &cell), expected, "{kind} {cell:?}");
    }
}

#[test]
fn a_row_has_its_own_days() {
    let definition = shop();
    let targets = [
        Target::Field("code".into()),
        Target::ValidFrom,
        Target::ValidTo,
        Target::Nothing,
    ];
    let text = |text: &str| Cell::of_text(text);
    let today: NaiveDate = "2026-03-02".parse().unwrap();
    let row = [text("CH-0001"), text("01/02/2020"), text(""), text("=1+1")];
    let own = given(&definition, &targets, (7, &row), today).unwrap();
    assert_eq!((own.number, own.from, own.to), (7, "2020-02-01".parse().ok(), None));
    assert_eq!(json!(own.fields), json!({ "code": "CH-0001" }));
    let row = [text("CH-0001"), text(""), text("32/01/2020"), text("")];
    let faults = given(&definition, &targets, (7, &row), today).unwrap_err();
    assert_eq!(
        (faults[0].field.as_str(), faults[0].code.as_str()),
        ("valid_to", "registry.field.date")
    );
}

#[test]
fn what_is_kept_comes_back() {
    for cell in [
        Cell::Empty,
        Cell::Text("=1+1".into()),
        number("0.10"),
        Cell::Boolean(false),
        Cell::Date("2026-11-30".parse().unwrap()),
        Cell::Moment("2026-11-30T08:30:00".parse().unwrap()),
        Cell::Json(json!({ "n": "5" })),
    ] {
        assert_eq!(given_back(&kept(&cell)), cell);
    }
}
