use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::field::Options;

fn today() -> NaiveDate {
    "2026-03-02".parse().unwrap()
}

/// The value, or the rule that was broken.
fn read(kind: &FieldKind, typed: &str) -> Result<Value, &'static str> {
    read_text(kind, typed, today()).map_err(|why| why.rule)
}

fn any_day() -> FieldKind {
    FieldKind::Date {
        min: None,
        max: None,
        past: false,
        future: false,
    }
}

#[test]
fn texts() {
    let text = FieldKind::Text {
        max_length: 5,
        pattern: Vec::new(),
    };
    assert_eq!(read(&text, "ấp 1"), Ok("ấp 1".into()));
    assert_eq!(read(&text, "ấp 123"), Err("too_long"));
    let plate = FieldKind::Text {
        max_length: 20,
        pattern: vec![Pattern::new("99A-999.99").unwrap()],
    };
    assert_eq!(read(&plate, "95a-123.45"), Ok("95A-123.45".into()));
    assert_eq!(read(&plate, "95A-12345"), Err("pattern"));
    assert_eq!(
        read(&FieldKind::LongText { max_length: 9 }, "a\n\nb"),
        Ok("a\n\nb".into())
    );
    let name = FieldKind::Name { max_length: 20 };
    for good in ["Ơ", "Nguyễn Văn An", "H'Hen Niê", "Jean-Luc", "Lê T. B"] {
        assert_eq!(read(&name, good), Ok(good.into()), "{good}");
    }
    for bad in ["An 2", "-", "<b>", "An@"] {
        assert_eq!(read(&name, bad), Err("name"), "{bad}");
    }
}

#[test]
fn days() {
    assert_eq!(read(&any_day(), "5/9/1985"), Ok("1985-09-05".into()));
    assert_eq!(read(&any_day(), "31/02/2020"), Err("date"));
    let bound = |past, future| FieldKind::Date {
        min: "2026-01-01".parse().ok(),
        max: "2026-12-31".parse().ok(),
        past,
        future,
    };
    // The day is 2 March 2026.
    for (kind, typed, result) in [
        (bound(true, false), "2/3/2026", Ok("2026-03-02")),
        (bound(true, false), "3/3/2026", Err("not_future")),
        (bound(false, true), "2/3/2026", Ok("2026-03-02")),
        (bound(false, true), "1/3/2026", Err("not_past")),
        (bound(false, false), "31/12/2025", Err("date_from")),
        (bound(false, false), "1/1/2027", Err("date_to")),
    ] {
        assert_eq!(read(&kind, typed), result.map(Value::from), "{typed}");
    }
}

#[test]
fn numbers() {
    let number = |decimals| FieldKind::Number {
        min: Some((-5).into()),
        max: Some(2_000.into()),
        decimals,
    };
    for (decimals, typed, result) in [
        (0, "1.500", Ok(json!(1500))),
        (0, "1,5", Err("whole_number")),
        (0, "1,0", Ok(json!(1))),
        (1, "1,5", Ok(json!(1.5))),
        (1, "1,55", Err("decimals")),
        (0, "hai", Err("number")),
        (0, "-6", Err("min")),
        (0, "2001", Err("max")),
    ] {
        assert_eq!(read(&number(decimals), typed), result, "{typed}");
    }
    assert_eq!(
        read_text(&number(0), "9999", today()),
        Err(Broken::new("max").with("max", "2000"))
    );
    let money = FieldKind::Money {
        min: 1_000,
        max: Some(1_000_000),
    };
    assert_eq!(read(&money, "8.000 đ"), Ok(json!(8_000)));
    assert_eq!(read(&money, "8.00"), Err("money"));
    assert_eq!(read(&money, "0"), Err("min"));
    assert_eq!(read(&money, "1000001"), Err("max"));
}

#[test]
fn codes_of_the_state() {
    assert_eq!(read(&FieldKind::Phone, "+84 912.345.678"), Ok("0912345678".into()));
    assert_eq!(read(&FieldKind::Phone, "113"), Err("phone"));
    assert_eq!(read(&FieldKind::Email, "mau@vidu.vn"), Ok("mau@vidu.vn".into()));
    for bad in [
        "mau",
        "mau@vidu",
        "@vidu.vn",
        "a b@vidu.vn",
        "a@b@c.vn",
        "a@vidu..vn",
        "a@vidu.vn.",
    ] {
        assert_eq!(read(&FieldKind::Email, bad), Err("email"), "{bad}");
    }
    assert_eq!(
        read(&FieldKind::PersonalNumber, "093 185 001 234"),
        Ok("093185001234".into())
    );
    // Not yet born, no such province, too short.
    for bad in ["093227001234", "003085001234", "362123456"] {
        assert_eq!(read(&FieldKind::PersonalNumber, bad), Err("personal_number"), "{bad}");
    }
    assert_eq!(
        read(&FieldKind::TaxNumber, "0100109106 001"),
        Ok("0100109106-001".into())
    );
    assert_eq!(read(&FieldKind::TaxNumber, "0100109107"), Err("tax_number_check"));
    assert_eq!(read(&FieldKind::TaxNumber, "12"), Err("tax_number"));
}

#[test]
fn choices() {
    let own = || Options::Own(vec!["a".into(), "b".into(), "c".into()]);
    let one = FieldKind::Choice { options: own() };
    assert_eq!((read(&one, "b"), read(&one, "d")), (Ok("b".into()), Err("option")));
    let several = FieldKind::Choices { options: own() };
    assert_eq!(
        (read(&several, "b"), read(&several, "d")),
        (Ok(json!(["b"])), Err("option"))
    );
    let all = ["a", "b", "c"];
    assert_eq!(read_choices(&all, &["c", "a", "c"]), Ok(json!(["a", "c"])));
    assert_eq!(read_choices(&all, &["a", "d"]), Err(Broken::new("option")));
    assert_eq!(read(&FieldKind::YesNo, "yes"), Ok(true.into()));
    assert_eq!(read(&FieldKind::YesNo, "no"), Ok(false.into()));
    assert_eq!(read(&FieldKind::YesNo, "on"), Err("yes_no"));
}

#[test]
fn what_needs_more_than_the_day_is_refused() {
    let catalogue = || Options::Catalogue("ethnic_groups".into());
    for (kind, typed, rule) in [
        (FieldKind::Choice { options: catalogue() }, "05", "option"),
        (FieldKind::Choices { options: catalogue() }, "05", "option"),
        (FieldKind::Area, "31340", "ward"),
        (FieldKind::Address { within_province: true }, "31340", "ward"),
    ] {
        assert_eq!(read(&kind, typed), Err(rule), "{kind:?}");
    }
}

#[test]
fn every_rule_is_listed() {
    let source = include_str!("../text.rs");
    let mut broken: BTreeSet<&str> = ["broken(\"", "broken_with(\""]
        .iter()
        .flat_map(|call| source.split(call).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .collect();
    // Given as pairs.
    broken.extend(["date_from", "date_to", "min", "max"]);
    assert_eq!(broken, BTreeSet::from(RULES));
}
