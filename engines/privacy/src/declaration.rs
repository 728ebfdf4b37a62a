//! What a province declares about personal data (`personal_data.yaml`): laws with their days, purposes, breaches.

mod read;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::model::Kind;

/// How sure it is that the numbers are those of the law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Read in the law itself.
    High,
    /// Read in a source that quotes it.
    Medium,
    /// Read in one source; to be checked.
    Low,
}

/// How long an answer may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    /// So many hours from the moment of the request, day and night.
    Hours(u32),
    /// So many days.
    Days {
        /// As a rule.
        days: u32,
        /// How many one extension adds; none where it may not be extended.
        extension: u32,
        /// As a rule where a third party must act too, if the law says so.
        third_party: Option<u32>,
    },
}

impl Term {
    /// Whether the time can be extended once.
    pub fn can_be_extended(&self) -> bool {
        matches!(self, Self::Days { extension, .. } if *extension > 0)
    }

    /// Whether more time is given where a third party must act.
    pub fn knows_third_party(&self) -> bool {
        matches!(
            self,
            Self::Days {
                third_party: Some(_),
                ..
            }
        )
    }
}

/// A law and its days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Law {
    /// Its key; requests keep it.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Where the deadlines stand in it.
    pub article: String,
    /// First day on which it counts.
    pub valid_from: NaiveDate,
    /// Last day; none while no end is in sight.
    pub valid_to: Option<NaiveDate>,
    /// How sure the numbers are.
    pub confidence: Confidence,
    /// Working days until a request is acknowledged, where the law asks for that.
    pub acknowledge: Option<u32>,
    /// For every kind of request.
    pub answer: BTreeMap<Kind, Term>,
    /// Hours from noticing a breach to its notice.
    pub breach_hours: u32,
    /// After how many hours officials are reminded of it.
    pub breach_warn: Vec<u32>,
    /// Where that stands.
    pub breach_article: String,
}

impl Law {
    /// Whether it counts on the day.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }
}

/// For what personal data is used (mục đích xử lý).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Purpose {
    /// Its key; consents and engines above name it.
    pub key: String,
    /// The version of its words: whoever changes what is asked gives it the next number, and people are asked anew.
    pub version: u32,
    /// Key of its words: `.title` and `.text`.
    pub text: String,
    /// By what law it is allowed.
    pub basis: String,
    /// Which classes of data are used: words below `privacy.data`.
    pub data: Vec<String>,
    /// Whether people are asked; if not, the law allows it without.
    pub optional: bool,
    /// Whether serving people needs it: neither a restriction nor an objection stops it.
    pub needed: bool,
}

/// The whole declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The laws; on no day two of them.
    pub laws: Vec<Law>,
    /// The purposes, as pages list them.
    pub purposes: Vec<Purpose>,
    /// For how many days after the answer an official may take the extract out for its person.
    pub extract_days: u32,
}

impl Declaration {
    /// The law that counts on the day.
    pub fn law_on(&self, day: NaiveDate) -> Option<&Law> {
        self.laws.iter().find(|law| law.covers(day))
    }

    /// The purpose with this key.
    pub fn purpose(&self, key: &str) -> Option<&Purpose> {
        self.purposes.iter().find(|purpose| purpose.key == key)
    }
}
