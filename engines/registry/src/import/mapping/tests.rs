use std::collections::BTreeMap;

use super::*;
use crate::definition::tests::shop;

fn known() -> Known {
    Known {
        valid_from: vec!["Hiệu lực từ".into(), "Valid from".into()],
        valid_to: vec!["Hiệu lực đến".into(), "Valid to".into()],
        own: vec!["Lý do chưa nhận".into(), "Dòng trong tệp gốc".into()],
    }
}

fn headings(all: &[&str]) -> Vec<String> {
    all.iter().map(|heading| (*heading).to_owned()).collect()
}

fn found(all: &[&str]) -> Vec<Match> {
    propose(&shop(), &headings(all), &vec![true; all.len()], &known())
}

fn field(name: &str) -> Target {
    Target::Field(name.to_owned())
}

#[test]
fn headings_are_keys_or_words_with_or_without_tones() {
    let wanted = Match::Sure(field("name"));
    for heading in ["name", "Name", "Tên", "TEN", " tên * ", "Te\u{302}n", "Tên (bắt buộc)"] {
        assert_eq!(found(&[heading]), std::slice::from_ref(&wanted), "{heading}");
    }
    assert_eq!(
        found(&["Mã", "Hiệu lực từ", "valid_to", "Ly do chua nhan"]),
        [
            Match::Sure(field("code")),
            Match::Sure(Target::ValidFrom),
            Match::Sure(Target::ValidTo),
            Match::Own
        ]
    );
}

#[test]
fn a_slip_is_offered_and_a_stranger_is_none() {
    assert_eq!(found(&["Trạng tháii"]), [Match::Near(field("state"))]);
    assert_eq!(found(&["Màu sơn"]), [Match::Unknown]);
    // What is taken already is offered to nobody.
    assert_eq!(found(&["Trạng thái", "Trạng tháii"])[1], Match::Unknown);
    assert_eq!(found(&["Tên", "name"])[1], Match::Twice(field("name")));
    let blank = propose(&shop(), &headings(&["Mã", ""]), &[true, false], &known());
    assert_eq!(blank[1], Match::Blank);
    assert_eq!(found(&["Mã", ""])[1], Match::Unknown, "something stands below it");
}

fn decided(all: &[&str], said: &[(usize, Target, bool)]) -> Result<Vec<Target>> {
    let said: BTreeMap<usize, Choice> = said
        .iter()
        .map(|(place, target, confirmed)| {
            let (target, confirmed) = (target.clone(), *confirmed);
            (*place, Choice { target, confirmed })
        })
        .collect();
    decide(&shop(), &headings(all), &found(all), &said)
}

#[test]
fn what_is_guessed_is_confirmed_first() {
    assert_eq!(decided(&["Mã", "Tên"], &[]).unwrap(), [field("code"), field("name")]);
    let fault = decided(&["Mã", "Trạng tháii", "Màu sơn"], &[]).unwrap_err();
    assert_eq!(fault.code, "registry.import_columns");
    let told: Vec<(&str, &str)> = fault
        .fields
        .iter()
        .map(|one| (one.field.as_str(), one.code.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("column.1", "registry.import.near"),
            ("column.2", "registry.import.unknown")
        ]
    );
    let said = [(1, field("state"), true), (2, Target::Nothing, true)];
    assert_eq!(
        decided(&["Mã", "Trạng tháii", "Màu sơn"], &said).unwrap(),
        [field("code"), field("state"), Target::Nothing]
    );
    // Whoever says something else has said it.
    assert!(decided(&["Mã", "Màu sơn"], &[(1, field("state"), false)]).is_ok());
}

#[test]
fn without_its_key_a_file_is_refused_and_so_is_one_that_says_a_thing_twice() {
    let fault = decided(&["Tên"], &[]).unwrap_err();
    assert_eq!(
        (fault.code, fault.params["fields"].as_str()),
        ("registry.import_no_key", "Mã")
    );
    let fault = decided(&["Mã", "Tên", "Màu"], &[(2, field("name"), true)]).unwrap_err();
    assert_eq!(fault.fields[0].code, "registry.import.same");
}

#[test]
fn targets_are_written_as_they_are_read() {
    let definition = shop();
    for target in Target::all(&definition).into_iter().chain([Target::Nothing]) {
        assert_eq!(
            Target::parse(&definition, &target.key()),
            Some(target.clone()),
            "{target:?}"
        );
    }
    for wrong in ["colour", "name.from", "id", ""] {
        assert_eq!(Target::parse(&definition, wrong), None, "{wrong}");
    }
}
