//! The ward's office of the town with its people: what officials' journeys walk through.

use std::{collections::BTreeMap, ops::Deref};

use chrono::NaiveDate;
use dossiers::Submitted;
use identity::{AgencyLevel, NewPerson, Residence};
use kernel::{AccountId, Actor, PersonalNumber};
use serde_json::json;

use crate::town::{Town, agency};

pub const WARD: &str = "31340";
/// The personal number of Nguyễn Thị Lan, invented.
pub const NUMBER: &str = "093190012345";
pub const APP: &str = "civil-extract";

pub struct Office {
    town: Town,
    /// The citizen Nguyễn Thị Lan.
    pub lan: AccountId,
}

impl Deref for Office {
    type Target = Town;

    fn deref(&self) -> &Town {
        &self.town
    }
}

impl Office {
    pub async fn new() -> Self {
        let town = Town::new().await;
        compose::calendar::settle(&town.ops, &town.engines.calendar)
            .await
            .unwrap();
        let mut op = town.ops.open(Actor::System("province")).await.unwrap();
        let beside = agency(
            "H30.31.02",
            AgencyLevel::Commune,
            "Ủy ban nhân dân phường Lái Hiếu",
            "31341",
        );
        let beside = town.engines.identity.upsert_agency(&mut op, &beside).await.unwrap();
        op.commit().await.unwrap();
        for (agency, name, login, roles) in [
            (town.office, "Trần Văn Lúa", "lua", ["clerk"].as_slice()),
            (town.office, "Phan Thị Mận", "man", &["clerk"]),
            (town.office, "Lê Thị Sen", "sen", &["specialist"]),
            (town.office, "Võ Văn Tràm", "tram", &["leader"]),
            (town.office, "Đỗ Văn Quản", "quan", &["admin"]),
            (beside, "Hồ Văn Xa", "xanh", &["clerk", "specialist", "leader"]),
        ] {
            town.official_of(agency, name, login, roles).await;
        }
        let mut lan = NewPerson::named("Nguyễn Thị Lan");
        lan.personal_number = Some(PersonalNumber::parse(NUMBER).unwrap());
        lan.birth_date = NaiveDate::from_ymd_opt(1990, 5, 2);
        lan.residence = Some(Residence {
            ward_code: WARD.into(),
            detail: "Số 12, khu vực 3".into(),
        });
        let lan = town.account(&lan, "lan", None).await;
        Self { town, lan }
    }

    /// Lan's dossier for a copy of her own birth certificate, with a picture of the old one.
    pub async fn submit(&self) -> Submitted {
        let answers = [
            ("extract_kind", json!("birth_certificate")),
            ("whose", json!("mine")),
            ("registered_at", json!(WARD)),
            ("registered_year", json!(1990)),
            ("copies", json!(2)),
            ("requester_name", json!("Nguyễn Thị Lan")),
            ("requester_number", json!(NUMBER)),
            (
                "requester_residence",
                json!({ "ward": WARD, "detail": "Số 12, khu vực 3" }),
            ),
            ("phone", json!("0912345678")),
        ];
        let answers = answers.map(|(field, answer)| (field.to_owned(), answer)).into();
        let id = self
            .handed_in(self.lan, APP, &answers, &BTreeMap::from([("old_copy".to_owned(), 1)]))
            .await;
        let mut op = self.ops.open(Actor::System("test")).await.unwrap();
        let code = self.engines.dossiers.view(&mut op, id).await.unwrap().code;
        Submitted { id, code }
    }
}

/// The form as it is filled in, page by page: names of controls and what is typed.
pub const ANSWERS: &[(&str, &[(&str, &str)])] = &[
    ("kind", &[("extract_kind", "birth_certificate")]),
    ("belongs_to", &[("whose", "mine")]),
    ("place", &[("registered_at.ward", WARD)]),
    ("record", &[("registered_year", "1990")]),
    ("how_many", &[("copies", "2")]),
    (
        "requester",
        &[
            ("requester_name", "Nguyễn Thị Lan"),
            ("requester_number", NUMBER),
            ("requester_residence.ward", WARD),
            ("requester_residence.detail", "Số 12, khu vực 3"),
        ],
    ),
    ("contact", &[("phone", "0912345678")]),
];

/// What the specialist enters before the case goes to the leader.
pub const FACTS: &[(&str, &str)] = &[
    ("facts.register_number", "12/1990"),
    ("facts.register_book", "01/1990"),
    ("facts.register_date.day", "20"),
    ("facts.register_date.month", "5"),
    ("facts.register_date.year", "1990"),
    ("facts.register_name", "Nguyễn Thị Lan"),
];
