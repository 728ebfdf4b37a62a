use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{PersonalNumber, from_local};
use registry::definition::Kind;
use registry::{Values, judge, read_row};
use schema::field::FieldKind;
use serde_json::Value;

use super::words::Attribute;
use super::{Filled, Invention};
use crate::apps::Sources;

const SEED: u64 = 20_240_701;
/// So many records of each register.
const FEW: usize = 30;

type All = BTreeMap<String, Filled>;

fn now() -> DateTime<Utc> {
    let monday = NaiveDate::from_ymd_opt(2026, 11, 30).unwrap();
    from_local(monday.and_hms_opt(8, 40, 0).unwrap())
}

fn few(seed: u64, most: usize, wanted: impl Fn(&str) -> bool) -> (Invention, All) {
    let mut invention = Invention::new(&Sources::embedded(), seed, now()).unwrap();
    let mut all = BTreeMap::new();
    for register in invention.registers() {
        if wanted(&register) {
            let filled = invention.fill(&register, Some(most)).unwrap();
            all.insert(register, filled);
        }
    }
    (invention, all)
}

/// Making a few records of every register takes most of the time of all that is looked at here, so it is done once.
///
/// shows: R246, R256
#[test]
fn every_declared_register_is_filled_and_all_records_hang_together() {
    let (invention, all) = few(SEED, FEW, |_| true);
    are_accepted(&invention, &all);
    please_the_quality_page(&invention, &all);
    speak_of_the_same_people(&invention, &all);
    lead_to_what_is_there(&invention, &all);
    lie_in_the_province(&invention, &all);
}

/// A demonstration begins with a few; whoever makes more finds them as they are.
#[test]
fn the_first_records_are_the_same_however_many_are_made() {
    let wanted = |register: &str| {
        let beside = [
            "official",
            "organisation_unit",
            "job_position",
            "household",
            "poor_household",
            "student",
        ];
        register.starts_with("school") || beside.contains(&register)
    };
    let (_, few) = few(SEED, super::FEW, wanted);
    let (_, more) = self::few(SEED, 4 * super::FEW, wanted);
    let mut longer = 0;
    for (register, few) in &few {
        let more = &more[register];
        let same = few.records.len().min(more.records.len());
        assert_eq!(few.records[..same], more.records[..same], "{register}");
        assert!(same > 0, "{register}");
        longer += usize::from(more.records.len() > few.records.len());
    }
    assert!(longer > 3, "{longer}");
}

fn are_accepted(invention: &Invention, all: &All) {
    assert!(
        all.len() >= 300,
        "the systems declare {} registers without records of their own",
        all.len()
    );
    let mut short = Vec::new();
    for (register, filled) in all {
        let plan = invention.plan(register).unwrap();
        let room = filled.wanted;
        if filled.records.len() < room || room == 0 {
            short.push(format!(
                "{register}: {} of {room}: {:?}",
                filled.records.len(),
                filled.left
            ));
        }
        let mut keys = BTreeSet::new();
        for made in &filled.records {
            let read = read_row(&plan.definition, &made.fields, &invention.ground, made.from);
            assert_eq!(read.faults, [], "{register}");
            assert!(judge(&plan.definition, &made.fields, now()).is_sound(), "{register}");
            let key: Vec<String> = plan
                .definition
                .key
                .iter()
                .map(|name| read.values[name].to_string())
                .collect();
            assert!(keys.insert(key), "{register}: two records have one key");
        }
    }
    assert!(short.is_empty(), "{}", short.join("\n"));
}

/// Rules that only warn are kept as well but for a few records, as in real registers.
fn please_the_quality_page(invention: &Invention, all: &All) {
    let (mut doubtful, mut asked) = (0, 0);
    for (register, filled) in all {
        let plan = invention.plan(register).unwrap();
        if plan.definition.rules.iter().any(|rule| rule.warn) {
            asked += filled.records.len();
            let judged = filled
                .records
                .iter()
                .map(|made| judge(&plan.definition, &made.fields, now()));
            doubtful += judged.filter(|judgement| !judgement.doubtful.is_empty()).count();
        }
    }
    assert!(doubtful * 20 < asked, "{doubtful} of {asked}");
}

#[test]
fn the_same_seed_makes_the_same_records_and_another_one_others() {
    // Those in which people, links, tables and figures meet.
    let some = |register: &str| {
        matches!(
            register,
            "resident" | "household" | "land_parcel" | "traffic_accident" | "road"
        )
    };
    let one = few(1, 40, some).1;
    assert_eq!(one.len(), 5);
    assert_eq!(one, few(1, 40, some).1);
    let other = few(2, 40, some).1;
    for (register, filled) in &one {
        let same = filled
            .records
            .iter()
            .zip(&other[register].records)
            .filter(|(one, other)| one.fields == other.fields);
        assert_eq!(same.count(), 0, "{register}");
    }
}

/// What a record says of whom it is about, by personal number.
fn said(plan: &super::Blueprint, values: &Values, mut tell: impl FnMut(String, &'static str, String)) {
    let text = |at: usize| match values.get(&plan.definition.fields[at].field) {
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    };
    for role in 0..plan.roles.len() {
        let of = |wanted: Attribute| {
            let fields = plan
                .plans
                .iter()
                .enumerate()
                .filter(move |(_, own)| own.about == Some((role, wanted)));
            fields.filter_map(|(at, _)| text(at)).next()
        };
        let Some(number) = of(Attribute::Number) else { continue };
        let facts = [
            ("name", of(Attribute::Name)),
            ("born", of(Attribute::BirthDate)),
            ("sex", of(Attribute::Sex)),
            ("phone", of(Attribute::Phone)),
        ];
        for (what, fact) in facts {
            if let Some(fact) = fact {
                tell(number.clone(), what, fact);
            }
        }
    }
}

fn speak_of_the_same_people(invention: &Invention, all: &All) {
    let mut known: HashMap<(String, &str), (String, String)> = HashMap::new();
    let mut appear: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let today = kernel::local_date(now());
    for (register, filled) in all {
        let plan = invention.plan(register).unwrap();
        for made in &filled.records {
            said(plan, &made.fields, |number, what, fact| {
                let parsed = PersonalNumber::parse(&number).unwrap();
                assert!(parsed.is_plausible(today) && parsed.place() == "999", "{register}");
                let told = match what {
                    "born" => fact.starts_with(&parsed.birth_year().to_string()),
                    "sex" => {
                        fact == if parsed.sex() == kernel::Sex::Male {
                            "male"
                        } else {
                            "female"
                        }
                    }
                    "phone" => fact.starts_with("0300"),
                    _ => true,
                };
                assert!(
                    told,
                    "{register}: the number of {number} tells another {what} than {fact}"
                );
                appear.entry(number.clone()).or_default().insert(register.clone());
                let (first, before) = known
                    .entry((number.clone(), what))
                    .or_insert((register.clone(), fact.clone()));
                assert_eq!(*before, fact, "{what} of {number} in {first} and {register}");
            });
        }
    }
    let often = appear.values().filter(|registers| registers.len() >= 3).count();
    assert!(often >= 20, "{often} people appear in three registers or more");
}

/// The people of the demonstration are residents too, with their own numbers.
#[test]
fn the_people_of_the_demonstration_belong_to_them() {
    let mut invention = Invention::new(&Sources::embedded(), SEED, now()).unwrap();
    invention.fill("household", None).unwrap();
    let residents = invention.fill("resident", None).unwrap();
    assert!(residents.records.len() > 5_000);
    let known: HashMap<&str, &Values> = (residents.records.iter())
        .map(|made| (made.fields["personal_number"].as_str().unwrap(), &made.fields))
        .collect();
    assert_eq!(known.len(), residents.records.len());
    let ngan = known["999192000017"];
    assert_eq!(ngan["full_name"], "Lê Thị Thu Ngân");
    assert_eq!(ngan["ward"], "31340");
    for one in crate::province::people::invented().unwrap() {
        let number = one.person.personal_number.unwrap();
        assert_eq!(known[number.as_str()]["full_name"], one.person.full_name);
    }
}

fn lead_to_what_is_there(invention: &Invention, all: &All) {
    let mut led = 0;
    for (register, filled) in all {
        for made in &filled.records {
            for (field, to, place) in &made.links {
                let target = &invention.stock[to].kept[*place];
                assert_eq!(made.fields[field], target.called(), "{register}.{field}");
                led += 1;
            }
        }
        let plan = invention.plan(register).unwrap();
        // Whatever is in a ward is in one of the province.
        for field in plan
            .definition
            .fields
            .iter()
            .filter(|field| matches!(field.kind, Kind::Plain(FieldKind::Area)))
        {
            let wards = filled
                .records
                .iter()
                .filter_map(|made| made.fields.get(&field.field)?.as_str());
            assert!(
                wards.into_iter().all(|ward| invention.world.land.ward(ward).is_some()),
                "{register}"
            );
        }
    }
    assert!(led > 5_000, "{led} links");
    // The class of a pupil is one of the pupil's school.
    let students = &all["student"].records;
    let classes = &all["school_class"].records;
    let with_class = students.iter().filter_map(|student| {
        let (_, _, place) = student.links.iter().find(|(field, _, _)| field == "class")?;
        Some((&student.fields["school"], &classes[*place].fields["school"]))
    });
    let with_class: Vec<_> = with_class.collect();
    assert!(with_class.len() > 3);
    for (own, of_class) in with_class {
        assert_eq!(own, of_class);
    }
}

fn lie_in_the_province(invention: &Invention, all: &All) {
    let [west, south, east, north] = invention.world.words.file.bounds;
    let mut positions = 0;
    for filled in all.values() {
        for value in filled.records.iter().flat_map(|made| made.fields.values()) {
            let mut next: Vec<&Value> = value.get("coordinates").into_iter().collect();
            while let Some(part) = next.pop() {
                let parts = part.as_array().unwrap();
                match (parts[0].as_f64(), parts.get(1).and_then(Value::as_f64)) {
                    (Some(longitude), Some(latitude)) => {
                        assert!((west..=east).contains(&longitude) && (south..=north).contains(&latitude));
                        positions += 1;
                    }
                    _ => next.extend(parts),
                }
            }
        }
    }
    assert!(positions > 3_000, "{positions}");
}

#[test]
fn a_larger_scale_adds_and_changes_nothing() {
    let wanted = ["road", "bridge"];
    let mut once = Invention::new(&Sources::embedded(), SEED, now()).unwrap();
    let mut twice = Invention::new(&Sources::embedded(), SEED, now()).unwrap();
    let fill = |invention: &mut Invention| wanted.map(|register| invention.fill(register, None).unwrap());
    let first = fill(&mut once);
    assert_eq!(first, fill(&mut twice));
    twice.next_slice().unwrap();
    let second = fill(&mut twice);
    for (register, (one, two)) in wanted.iter().zip(first.iter().zip(&second)) {
        assert!(!two.records.is_empty());
        let key = |made: &super::Made| made.fields["code"].as_str().unwrap().to_owned();
        let keys: BTreeSet<String> = one.records.iter().chain(&two.records).map(key).collect();
        assert_eq!(keys.len(), one.records.len() + two.records.len(), "{register}");
    }
}
