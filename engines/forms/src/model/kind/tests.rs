use std::collections::BTreeMap;

use kernel::from_local;
use proptest::prelude::*;
use schema::field::{Broken, Class, Condition, FieldKind, Options};
use serde_json::{Value, json};

use super::super::typed::{control_value, to_raw};
use super::super::{Ground, Raw, Ward};
use super::read_field;
use crate::definition::FieldDefinition;

fn ground() -> Ground {
    let noon = "2026-03-02T12:00:00".parse().unwrap();
    let ward = Ward {
        name: "Phường Ngã Bảy".into(),
        district: "Thành phố Ngã Bảy".into(),
    };
    Ground {
        wards: BTreeMap::from([("31340".to_owned(), ward)]),
        provinces: BTreeMap::from([("92".to_owned(), "Thành phố Cần Thơ".to_owned())]),
        ..Ground::at(from_local(noon))
    }
}

const ADDRESS: FieldKind = FieldKind::Address { within_province: false };

fn field(kind: FieldKind) -> FieldDefinition {
    FieldDefinition {
        field: "x".into(),
        kind,
        required: Condition::Never,
        class: Class::Public,
        prefill: None,
        from: Vec::new(),
    }
}

fn raw(pairs: &[(&str, &str)]) -> Raw {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), vec![(*value).to_owned()]);
    pairs.iter().map(pair).collect()
}

/// The answer, or the rule that was broken.
fn read(kind: &FieldKind, typed: &str) -> Result<Value, &'static str> {
    match read_field(&field(kind.clone()), &raw(&[("x", typed)]), &ground()) {
        Ok(value) => Ok(value.unwrap_or_default()),
        Err(why) => Err(why.rule),
    }
}

fn day() -> FieldKind {
    FieldKind::Date {
        min: None,
        max: None,
        past: false,
        future: false,
    }
}

fn kinds() -> Vec<FieldKind> {
    let own = || Options::Own(vec!["a".into(), "b".into(), "c".into()]);
    vec![
        FieldKind::Text {
            max_length: 5,
            pattern: Vec::new(),
        },
        FieldKind::LongText { max_length: 9 },
        FieldKind::Name { max_length: 20 },
        day(),
        FieldKind::Number {
            min: None,
            max: None,
            decimals: 3,
        },
        FieldKind::Money { min: 0, max: None },
        FieldKind::Phone,
        FieldKind::Email,
        FieldKind::PersonalNumber,
        FieldKind::TaxNumber,
        FieldKind::Choice { options: own() },
        FieldKind::Choice {
            options: Options::Catalogue("ethnic_groups".into()),
        },
        FieldKind::Choices { options: own() },
        FieldKind::YesNo,
        ADDRESS,
        FieldKind::Area,
    ]
}

#[test]
fn texts() {
    let text = FieldKind::Text {
        max_length: 5,
        pattern: Vec::new(),
    };
    assert_eq!(read(&text, "  ấp   1 "), Ok("ấp 1".into()));
    assert_eq!(read(&text, "   "), Ok(Value::Null));
    assert_eq!(read(&text, "ấp 123"), Err("too_long"));
    assert_eq!(
        read(&FieldKind::LongText { max_length: 9 }, "a \r\n\r\n\r\n b"),
        Ok("a\n\nb".into())
    );
}

#[test]
fn days() {
    assert_eq!(read(&day(), "5/9/1985"), Ok("1985-09-05".into()));
    let parts = |parts: &[(&str, &str)]| read_field(&field(day()), &raw(parts), &ground()).map_err(|why| why.rule);
    assert_eq!(
        parts(&[("x.day", "5"), ("x.month", " 09 "), ("x.year", "1985")]),
        Ok(Some("1985-09-05".into()))
    );
    assert_eq!(
        parts(&[("x.day", "5"), ("x.month", ""), ("x.year", "1985")]),
        Err("date_incomplete")
    );
    assert_eq!(
        parts(&[("x.day", "5"), ("x.month", "9"), ("x.year", "85")]),
        Err("date")
    );
    assert_eq!(parts(&[("x.day", ""), ("x.month", ""), ("x.year", "")]), Ok(None));
    // The day in Vietnam is 2 March 2026.
    let born = FieldKind::Date {
        min: None,
        max: None,
        past: true,
        future: false,
    };
    assert_eq!(read(&born, "2/3/2026"), Ok("2026-03-02".into()));
    assert_eq!(read(&born, "3/3/2026"), Err("not_future"));
}

#[test]
fn choices_and_places() {
    let [.., catalogue, several, yes_no, address, area] = &kinds()[..] else {
        panic!("kinds");
    };
    assert_eq!(read(catalogue, "05"), Ok("05".into()));
    assert_eq!(read(catalogue, "55"), Err("option"));
    let many = Raw::from([("x".to_owned(), vec!["c".to_owned(), "a".to_owned(), "c".to_owned()])]);
    assert_eq!(
        read_field(&field(several.clone()), &many, &ground()),
        Ok(Some(json!(["a", "c"])))
    );
    assert_eq!(read(several, "d"), Err("option"));
    assert_eq!(read(yes_no, "yes"), Ok(true.into()));
    assert_eq!(read(yes_no, "on"), Err("yes_no"));
    assert_eq!(
        read(area, "31340"),
        Ok(json!({ "ward": "31340", "ward_name": "Phường Ngã Bảy", "district": "Thành phố Ngã Bảy" }))
    );
    assert_eq!(read(area, "931"), Err("ward"));
    let place = |ward: &str, detail: &str| {
        read_field(
            &field(address.clone()),
            &raw(&[("x.ward", ward), ("x.detail", detail)]),
            &ground(),
        )
        .map_err(|why| why.rule)
    };
    assert_eq!(place("", " "), Ok(None));
    assert_eq!(place("31340", ""), Err("detail_missing"));
    assert_eq!(place("", "ấp 1"), Err("ward_missing"));
    assert_eq!(place("31999", "ấp 1"), Err("ward"));
    assert_eq!(place("31340", &"x".repeat(251)), Err("too_long"));
    assert!(place("31340", &"ệ".repeat(250)).is_ok_and(|value| value.is_some()));
}

#[test]
fn a_place_in_another_province_is_a_province_of_the_list_and_words() {
    let read = |kind: &FieldKind, typed: &[(&str, &str)]| {
        read_field(&field(kind.clone()), &raw(typed), &ground()).map_err(|why| why.rule)
    };
    let (outside, words) = (
        ("x.where", "outside"),
        [("x.place", " quận  Ninh Kiều "), ("x.detail", "Bệnh viện Phụ sản")],
    );
    let in_can_tho = json!({
        "province": "92", "province_name": "Thành phố Cần Thơ", "place": "quận Ninh Kiều", "detail": "Bệnh viện Phụ sản"
    });
    let [place, detail] = words;
    let given = [outside, ("x.province", "92"), place, detail];
    assert_eq!(read(&ADDRESS, &given), Ok(Some(in_can_tho.clone())));
    // Programs need not say which of both it is; a ward that was left over from before does not count.
    assert_eq!(read(&ADDRESS, &given[1..]), Ok(Some(in_can_tho.clone())));
    assert_eq!(
        read(&ADDRESS, &[given.as_slice(), &[("x.ward", "31340")]].concat()),
        Ok(Some(in_can_tho.clone()))
    );
    assert_eq!(read(&ADDRESS, &[outside]), Ok(None));
    assert_eq!(read(&ADDRESS, &[outside, place, detail]), Err("province_missing"));
    assert_eq!(
        read(&ADDRESS, &[outside, ("x.province", "92"), detail]),
        Err("place_missing")
    );
    assert_eq!(
        read(&ADDRESS, &[outside, ("x.province", "92"), place]),
        Err("detail_missing")
    );
    assert_eq!(
        read(&ADDRESS, &[outside, ("x.province", "93"), place, detail]),
        Err("province")
    );
    let long = "x".repeat(201);
    assert_eq!(
        read(&ADDRESS, &[outside, ("x.province", "92"), ("x.place", &long), detail]),
        Err("too_long")
    );

    // Neither half is thrown away where it is not clear which was meant.
    let inside = ("x.where", "inside");
    assert_eq!(
        read(&ADDRESS, &[inside, ("x.province", "92"), place, detail]),
        Err("where")
    );
    assert_eq!(
        read(&ADDRESS, &[("x.ward", "31340"), ("x.province", "92"), detail]),
        Err("where")
    );
    let here = [inside, ("x.ward", "31340"), ("x.province", "92"), detail];
    assert_eq!(
        read(&ADDRESS, &here).unwrap().unwrap()["ward_name"],
        json!("Phường Ngã Bảy")
    );

    // Where an agency is found by the ward there is no other half.
    let only_here = FieldKind::Address { within_province: true };
    assert_eq!(read(&only_here, &given), Err("ward_missing"));
    assert!(!only_here.rules().contains(&"province") && ADDRESS.rules().contains(&"province"));

    let mut again = Raw::new();
    to_raw(&field(ADDRESS), &in_can_tho, &mut again);
    assert_eq!(read_field(&field(ADDRESS), &again, &ground()), Ok(Some(in_can_tho)));
}

proptest! {
    /// Whatever is typed: no panic, only rules that the kind announces, and what was read is read the same again, both as it
    /// is stored and as controls show it.
    #[test]
    fn answers_are_read_the_same_twice(typed in "\\PC{0,30}|[0-9 .,/-]{1,14}|[abc]|yes|no|31340", detail in "\\PC{0,12}") {
        for kind in kinds() {
            let field = field(kind.clone());
            let first = raw(&[("x", &typed), ("x.ward", &typed), ("x.detail", &detail)]);
            match read_field(&field, &first, &ground()) {
                Ok(None) => {}
                Ok(Some(value)) => {
                    let mut again = Raw::new();
                    to_raw(&field, &value, &mut again);
                    prop_assert_eq!(read_field(&field, &again, &ground()), Ok(Some(value.clone())));
                    if let Value::String(shown) = control_value(&field, &value) {
                        prop_assert_eq!(read_field(&field, &raw(&[("x", &shown)]), &ground()), Ok(Some(value)));
                    }
                }
                Err(Broken { rule, .. }) => {
                    let mut rules = kind.rules();
                    // Limits are announced where the definition has them; a smallest amount of money always is.
                    rules.extend(["decimals", "ward"]);
                    prop_assert!(rules.contains(&rule), "{:?} {}", kind, rule);
                }
            }
        }
    }
}
