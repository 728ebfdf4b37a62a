//! Plans against a small province: two districts, three wards, one department.

use chrono::NaiveDate;
use kernel::{AgencyCode, AgencyId, PositionId, UnitId};
use schema::Problems;

use super::plan::Plan;
use super::settle::{Before, PositionBefore, Settled, settle};
use crate::model::{Agency, AgencyLevel, Area, AreaLevel, CodeOrigin, Unit, Validity};

const HEAD: &str = "format: 1\nkey: plan\ntitle: Kế hoạch\nbasis: NQ 1\ndate: 2025-07-01\n";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn area(code: &str, parent: Option<&str>, name: &str) -> Area {
    Area {
        code: code.into(),
        level: match code.len() {
            2 => AreaLevel::Province,
            3 => AreaLevel::District,
            _ => AreaLevel::Ward,
        },
        parent: parent.map(str::to_owned),
        name: name.into(),
        validity: Validity::since(day("2004-01-01")),
    }
}

fn agency(code: &str, level: AgencyLevel, parent: Option<AgencyId>, area: Option<&str>) -> Agency {
    Agency {
        id: AgencyId::new(),
        code: AgencyCode::parse(code).unwrap(),
        old_code: None,
        code_origin: CodeOrigin::Local,
        name: format!("Cơ quan {code}"),
        level,
        kind: "committee".into(),
        parent,
        area_code: area.map(str::to_owned),
        address: format!("Số 1, {code}"),
        phone: String::new(),
        validity: Validity::since(day("2004-01-01")),
    }
}

fn before() -> Before {
    let province = agency("H30", AgencyLevel::Province, None, Some("93"));
    let district = agency("H30.31", AgencyLevel::District, Some(province.id), Some("930"));
    let ward = |code: &str, area: &str| agency(code, AgencyLevel::Commune, Some(district.id), Some(area));
    let wards = [
        ward("H30.31.01", "31318"),
        ward("H30.31.02", "31321"),
        ward("H30.31.03", "31324"),
    ];
    let department = agency("H30.05", AgencyLevel::Department, Some(province.id), None);
    let mut before = Before {
        areas: vec![
            area("93", None, "Tỉnh Cũ"),
            area("930", Some("93"), "Thành phố Cũ"),
            area("31318", Some("930"), "Phường I"),
            area("31321", Some("930"), "Phường III"),
            area("31324", Some("930"), "Phường IV"),
        ],
        agencies: vec![province, district],
        ..Before::default()
    };
    before.agencies.extend(wards);
    before.agencies.push(department);
    for agency in &before.agencies {
        let unit = Unit {
            id: UnitId::new(),
            agency: agency.id,
            code: "one_stop".into(),
            kind: "one_stop".into(),
            name: "Một cửa".into(),
            validity: Validity::since(day("2004-01-01")),
        };
        let (code, role) = match agency.level {
            AgencyLevel::District => ("district_clerk", "leader"),
            _ => ("clerk", "clerk"),
        };
        before.positions.push(PositionBefore {
            id: PositionId::new(),
            agency: agency.id,
            unit: Some(unit.id),
            code: code.into(),
            title: code.into(),
            roles: vec![role.into()],
        });
        before.units.push(unit);
    }
    before
}

fn read(text: &str) -> (Option<Plan>, Problems) {
    let mut problems = Problems::new();
    let roles = ["clerk", "leader"].map(str::to_owned);
    let plan = Plan::read("plan.yaml", &format!("{HEAD}{text}"), &roles, &mut problems);
    (plan, problems)
}

fn settled(text: &str, before: &Before) -> Result<Settled, Problems> {
    let (plan, mut problems) = read(text);
    let plan = plan.ok_or_else(|| problems.clone())?;
    settle(&plan, plan.on, before, &mut problems).ok_or(problems)
}

const TWO_LEVELS: &str = "
levels:
  - { vanishes: district, home: commune }
areas:
  - { merge: ['93'], into: { code: '92', name: Thành phố Mới } }
  - { abolish: '930' }
  - { merge: ['31318', { part: '31321' }], into: { code: '31321', parent: '92', name: Phường Mới } }
  - { merge: ['31324', { part: '31321' }], into: { code: '31324', parent: '92', name: Phường Khác } }
agencies:
  - { rename: H30, code: H13, name: Ủy ban nhân dân thành phố Mới }
  - { move: H30.05, code: H13.05, parent: H13 }
  - { merge: [H30.31.02, H30.31.01], into: { code: H13.101, parent: H13, area: '31321', name: Phường Mới } }
  - { merge: [H30.31.03], into: { code: H13.102, parent: H13, area: '31324', name: Phường Khác } }
  - { abolish: H30.31, home: H13.101, also: [H13.102] }
positions:
  district_clerk: clerk
";

#[test]
fn a_province_loses_a_level_and_nothing_else() {
    let before = before();
    let settled = settled(TWO_LEVELS, &before).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!((settled.areas_end.len(), settled.areas_begin.len()), (5, 3));
    let became = |code: &str| -> Vec<(&str, bool)> {
        let links = settled.area_links.iter().filter(|link| link.old.0 == code);
        links.map(|link| (link.new.0.as_str(), link.whole)).collect()
    };
    assert_eq!(became("31318"), [("31321", true)]);
    assert_eq!(
        became("31321"),
        [("31321", false), ("31324", false)],
        "the same code means two areas"
    );
    assert_eq!(
        became("930"),
        [("31321", false), ("31324", false)],
        "what its wards became"
    );
    assert_eq!(became("93"), [("92", true)]);

    let homes: Vec<(&str, &str)> = settled
        .moves
        .agencies
        .iter()
        .map(|one| (one.from_code.as_str(), one.to_code.as_str()))
        .collect();
    assert_eq!(
        homes,
        [
            ("H30", "H13"),
            ("H30.05", "H13.05"),
            ("H30.31.02", "H13.101"),
            ("H30.31.01", "H13.101"),
            ("H30.31.03", "H13.102"),
            ("H30.31", "H13.101")
        ]
    );
    let place = |code: &str| {
        settled
            .agencies_begin
            .iter()
            .position(|new| new.code.as_str() == code)
            .unwrap()
    };
    assert!(
        place("H13") < place("H13.05") && place("H13") < place("H13.101"),
        "those above come first"
    );
    assert_eq!(
        settled.agencies_begin[place("H13")].area.as_deref(),
        Some("92"),
        "its area became another one"
    );
    assert_eq!(settled.agencies_begin[place("H13.101")].level, AgencyLevel::Commune);
    assert_eq!(settled.agencies_begin[place("H13.101")].address, "Số 1, H30.31.02");

    // Six positions of six agencies; the clerks of what becomes one are one position.
    assert_eq!((settled.position_links.len(), settled.positions_begin.len()), (6, 4));
    assert_eq!(settled.units_begin.len(), 4);
    let listed: Vec<&str> = settled.listed.iter().map(|one| one.why.as_str()).collect();
    assert_eq!(listed, ["roles_differ"], "a leader of the district would be a clerk");
}

#[test]
fn a_split_says_where_open_work_goes_on() {
    let before = before();
    let text = "
agencies:
  - split: H30.05
    into:
      - { code: H30.06, parent: H30, name: Một }
      - { code: H30.07, parent: H30, name: Hai }
    home: H30.07
  - { new: { code: H30.08, parent: H30, level: department, kind: office, name: Ba } }
";
    let settled = settled(text, &before).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(settled.moves.agencies[0].to_code, "H30.07");
    let links: Vec<(bool, bool)> = settled
        .agency_links
        .iter()
        .map(|link| (link.whole, link.home))
        .collect();
    assert_eq!(links, [(false, true), (false, false)]);
    assert_eq!(settled.agencies_begin.len(), 3);
    assert!(settled.areas_end.is_empty());
}

#[test]
fn every_mistake_is_told_at_once_with_its_line() {
    let (plan, problems) = read("areas:\n  - { merge: [31318], into: { code: '9', name: ' ' } }\n  - { burn: '93' }\n");
    assert!(plan.is_none());
    let told: Vec<(usize, &str)> = problems
        .sorted()
        .iter()
        .map(|one| (one.line, one.code.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (7, "schema.expected_text"),
            (7, "identity.plan_area_code"),
            (7, "schema.empty_text"),
            (8, "identity.plan_step"),
        ]
    );
}

#[test]
fn a_plan_that_does_not_fit_what_there_is_says_why() {
    let before = before();
    let codes = |text: &str| -> Vec<String> {
        match settled(text, &before) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.codes().into_iter().map(str::to_owned).collect(),
        }
    };
    let fits = TWO_LEVELS;
    assert!(codes(fits).is_empty());
    for (from, to, expected) in [
        (
            "'31318', ",
            "'31319', ",
            vec!["identity.plan_left_behind", "identity.plan_area_unknown"],
        ),
        ("['31324', {", "['31324', '31318', {", vec!["identity.plan_ended_twice"]),
        (
            ", { part: '31321' }], into: { code: '31324'",
            "], into: { code: '31324'",
            vec!["identity.plan_rest"],
        ),
        (
            "code: '31324', parent: '92'",
            "code: '31324', parent: '91'",
            vec!["identity.plan_parent_unknown"],
        ),
        (
            "[H30.31.03]",
            "[H30.31.09]",
            vec!["identity.plan_agency_unknown", "identity.plan_left_behind"],
        ),
        (
            "[H30.31.03]",
            "[H30.31.03, H30.31.02]",
            vec!["identity.plan_ended_twice"],
        ),
        ("home: H13.101", "home: H13.109", vec!["identity.plan_agency_unknown"]),
        (
            "code: H13.102, parent: H13",
            "code: H13.102",
            vec!["identity.plan_parent"],
        ),
        ("area: '31324'", "area: '31399'", vec!["identity.plan_area_unknown"]),
        (
            "code: H13.102,",
            "code: H13.101,",
            vec!["identity.plan_begins_twice", "identity.plan_agency_unknown"],
        ),
    ] {
        assert!(fits.contains(from), "{from}");
        let mut found = codes(&fits.replacen(from, to, 1));
        let mut expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        found.sort();
        found.dedup();
        expected.sort();
        assert_eq!(found, expected, "{from} → {to}");
    }
    let missing = fits.replacen("  - { move: H30.05, code: H13.05, parent: H13 }\n", "", 1);
    assert_eq!(
        codes(&missing),
        ["identity.plan_left_behind"],
        "nobody stays under an agency that ends"
    );
}

#[test]
fn a_code_goes_on_with_the_work_that_was_done_under_it() {
    let before = before();
    let codes = |text: &str| -> Vec<String> {
        match settled(text, &before) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.codes().into_iter().map(str::to_owned).collect(),
        }
    };
    let split = "
agencies:
  - split: H30.05
    into:
      - { code: H30.05, parent: H30, name: Một }
      - { code: H30.07, parent: H30, name: Hai }
    home: H30.05
";
    assert!(codes(split).is_empty());
    let elsewhere = split.replace("home: H30.05", "home: H30.07");
    assert_eq!(codes(&elsewhere), ["identity.plan_code_reused"]);
    let other = "
agencies:
  - { abolish: H30.05, home: H30 }
  - { new: { code: H30.05, parent: H30, level: department, kind: office, name: Khác } }
";
    assert_eq!(codes(other), ["identity.plan_code_reused"]);
}
