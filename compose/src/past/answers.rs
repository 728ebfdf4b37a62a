//! The forms as people of the province would fill them in.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use kernel::code::Sex;
use serde_json::{Value, json};

use super::cast::{Cast, Someone};
use super::dice::Dice;
use super::words::{PastFile, Shop};

/// A form filled in, and how many files each paper has.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Filled {
    pub(super) answers: BTreeMap<String, Value>,
    pub(super) papers: BTreeMap<String, u32>,
}

impl Filled {
    fn of(parts: Value) -> Self {
        let answers = match parts {
            Value::Object(map) => map.into_iter().collect(),
            _ => BTreeMap::new(),
        };
        Self {
            answers,
            papers: BTreeMap::new(),
        }
    }

    pub(super) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.answers.insert(field.to_owned(), value.into());
        self
    }

    fn paper(mut self, paper: &str, files: i64) -> Self {
        self.papers.insert(paper.to_owned(), u32::try_from(files).unwrap_or(1));
        self
    }
}

/// What every form asks of the one who applies.
fn requester(who: &Someone) -> Filled {
    Filled::of(json!({
        "requester_name": who.name,
        "requester_number": who.key(),
        "requester_residence": { "ward": who.ward, "detail": who.detail },
        "requester_birth_date": who.born.to_string(),
        "phone": who.phone(),
    }))
}

fn word(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "male",
        Sex::Female => "female",
    }
}

fn other(sex: Sex) -> Sex {
    match sex {
        Sex::Male => Sex::Female,
        Sex::Female => Sex::Male,
    }
}

fn days_before(day: NaiveDate, days: i64) -> NaiveDate {
    day.checked_sub_days(Days::new(days.unsigned_abs())).unwrap_or(day)
}

/// A copy of a paper of civil status: mostly of one's own birth or of a child's.
pub(super) fn extract(cast: &Cast, dice: &mut Dice, who: &Someone, day: NaiveDate) -> Filled {
    let form = requester(who)
        .with("registered_at", who.ward.as_str())
        .with("copies", [1, 2, 2, 3, 5][dice.weighted(&[30, 30, 20, 12, 8])]);
    let grown = who.age(day) >= 26;
    match dice.weighted(&[45, 25, 18, 12]) {
        1 if grown => {
            let age = dice.between(1, i64::from(who.age(day)) - 22);
            let born = days_before(day, age * 365 + dice.between(0, 300));
            let sex = *dice.pick(&[Sex::Female, Sex::Male]);
            let named = cast.invent(dice, sex);
            let child = format!(
                "{} {}",
                who.surname(),
                named.split_once(' ').map_or("", |(_, rest)| rest)
            );
            form.with("extract_kind", "birth_certificate")
                .with("whose", "my_child")
                .with("subject_name", child)
                .with("subject_birth_date", born.to_string())
                .with("registered_year", born.year())
        }
        2 if grown => form
            .with("extract_kind", "marriage")
            .with("whose", "mine")
            .with("spouse_name", cast.invent(dice, other(who.sex)))
            .with(
                "registered_year",
                day.year() - i32::try_from(dice.between(1, 4)).unwrap_or(1),
            ),
        3 => {
            let sex = *dice.pick(&[Sex::Female, Sex::Male]);
            let named = cast.invent(dice, sex);
            let parent = format!(
                "{} {}",
                who.surname(),
                named.split_once(' ').map_or("", |(_, rest)| rest)
            );
            form.with("extract_kind", "death")
                .with("whose", "relative")
                .with("subject_name", parent)
                .with(
                    "registered_year",
                    day.year() - i32::try_from(dice.between(1, 9)).unwrap_or(1),
                )
        }
        _ => own_birth(form, dice, who),
    }
}

fn own_birth(form: Filled, dice: &mut Dice, who: &Someone) -> Filled {
    let form = form
        .with("extract_kind", "birth_certificate")
        .with("whose", "mine")
        .with("registered_year", who.born.year());
    if dice.chance(40) {
        form.with("record_number", format!("{:02}", dice.between(1, 240)))
    } else {
        form
    }
}

/// The birth of a child some days or weeks ago, told by its mother or father.
pub(super) fn birth(cast: &Cast, file: &PastFile, dice: &mut Dice, who: &Someone, day: NaiveDate) -> Filled {
    let alone = who.sex == Sex::Female && dice.chance(12);
    let spouse = cast.invent(dice, other(who.sex));
    let spouse_surname = spouse.split(' ').next().unwrap_or_default();
    let surname = if alone || who.sex == Sex::Male {
        who.surname()
    } else {
        spouse_surname
    };
    let sex = *dice.pick(&[Sex::Female, Sex::Male]);
    let names = file.children.get(word(sex)).map(Vec::as_slice).unwrap_or_default();
    let born = days_before(day, dice.between(4, 50));
    let at_home = dice.chance(8);
    let ethnic_group = cast.ethnic_group(who.surname());
    let mut form = requester(who)
        .with("relation", if who.sex == Sex::Female { "mother" } else { "father" })
        .with("parents", if alone { "mother_only" } else { "married" })
        .with("child_name", format!("{surname} {}", dice.pick(names)))
        .with("child_birth_date", born.to_string())
        .with("child_sex", word(sex))
        .with("child_ethnicity", cast.ethnic_group(surname))
        .with("child_home_town", cast.place(&who.ward))
        .with("requester_ethnicity", ethnic_group)
        .with("registered_at", who.ward.as_str())
        .with("copies", [0, 1, 2, 3][dice.weighted(&[35, 25, 25, 15])]);
    form = if at_home {
        form.with("birth_place_kind", "elsewhere")
            .with("birth_address", json!({ "ward": who.ward, "detail": who.detail }))
            .paper("birth_statement", 1)
    } else {
        form.with("birth_place_kind", "facility")
            .with(
                "birth_address",
                json!({ "ward": who.ward, "detail": dice.pick(&file.birth_places) }),
            )
            .paper("birth_proof", dice.between(1, 2))
    };
    if alone {
        return form;
    }
    let parent = if who.sex == Sex::Female { "father" } else { "mother" };
    let older = days_before(who.born, dice.between(-900, 900).max(0));
    form.with(&format!("{parent}_name"), spouse.as_str())
        .with(&format!("{parent}_birth_date"), older.to_string())
        .with(&format!("{parent}_ethnicity"), cast.ethnic_group(spouse_surname))
        .with(
            &format!("{parent}_residence"),
            json!({ "ward": who.ward, "detail": who.detail }),
        )
}

/// A shop of one's own, or of a family.
pub(super) fn shop(
    cast: &Cast,
    file: &PastFile,
    dice: &mut Dice,
    who: &Someone,
    (shop, name): (&Shop, String),
) -> Filled {
    let million = 1_000_000;
    let number = dice.between(2, 240).to_string();
    let place = file
        .shop_place
        .replace("{number}", &number)
        .replace("{street}", cast.street(dice));
    let capital = dice.between(shop.capital.0 / 5, shop.capital.1 / 5) * 5 * million;
    let mut form = requester(who)
        .with("acting", "myself")
        .with("business_name", name)
        .with("shop_ward", who.ward.as_str())
        .with("shop_detail", place)
        .with("main_line", shop.line.as_str())
        // Not asked of the applicant: the office finds the code of the line.
        .with("main_line_code", shop.code.as_str())
        .with("capital", capital)
        .with("workers", dice.between(1, 5));
    if !shop.others.is_empty() {
        form = form.with("other_lines", shop.others.as_str());
    }
    if dice.chance(20) {
        let spouse = cast.invent(dice, other(who.sex));
        let members = file.family.replace("{owner}", &who.name).replace("{other}", &spouse);
        return form
            .with("founders", "family")
            .with("members", members)
            .paper("family_authority", 1);
    }
    form.with("founders", "individual")
}
