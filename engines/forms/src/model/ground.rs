//! What an answer is judged against: the moment, the wards, and what is known of the applicant.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use identity::Person;
use kernel::{Sex, local_date};
use serde::{Deserialize, Serialize};

/// A ward (xã, phường, thị trấn) as it is called on the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ward {
    /// Its name.
    pub name: String,
    /// Name of its district, empty where there is no district level.
    pub district: String,
}

/// Everything outside the answers that a decision looks at.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    /// The moment of the operation.
    pub now: DateTime<Utc>,
    /// The wards that exist on the day, of those that were named.
    pub wards: BTreeMap<String, Ward>,
    /// The other provinces of the day with their names, of those that were named.
    pub provinces: BTreeMap<String, String>,
}

impl Ground {
    /// The moment alone.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self {
            now,
            wards: BTreeMap::new(),
            provinces: BTreeMap::new(),
        }
    }

    /// The day in Vietnam.
    pub fn today(&self) -> NaiveDate {
        local_date(self.now)
    }
}

/// What is known of the person whom the form is about, for pre-filling. Everything may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Applicant {
    /// Họ, chữ đệm và tên.
    pub full_name: Option<String>,
    /// Số định danh cá nhân.
    pub personal_number: Option<String>,
    /// Ngày sinh.
    pub birth_date: Option<NaiveDate>,
    /// Giới tính.
    pub sex: Option<Sex>,
    /// Số điện thoại.
    pub phone: Option<String>,
    /// Thư điện tử.
    pub email: Option<String>,
    /// Nơi cư trú.
    pub residence: Option<Residence>,
    /// Dân tộc: code of the catalogue `ethnic_groups`, or the name of the group.
    pub ethnicity: Option<String>,
    /// Quốc tịch: two-letter code of ISO 3166-1.
    pub nationality: Option<String>,
}

/// Where the applicant lives (nơi cư trú).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Residence {
    /// Five-digit code of the ward (mã đơn vị hành chính, Cục Thống kê).
    pub ward: String,
    /// What stands before the ward: số nhà, đường, ấp, khu vực.
    pub detail: String,
}

impl From<Person> for Applicant {
    fn from(person: Person) -> Self {
        Self {
            full_name: Some(person.full_name),
            personal_number: person.personal_number.map(String::from),
            birth_date: person.birth_date,
            sex: person.sex,
            phone: person.phone.map(String::from),
            email: person.email,
            residence: person.residence.map(|home| Residence {
                ward: home.ward_code,
                detail: home.detail,
            }),
            ethnicity: person.ethnicity,
            nationality: Some(person.nationality),
        }
    }
}
