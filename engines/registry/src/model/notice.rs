//! What a new declaration opens, or protects less than the one in force: nothing is lost by it, but whoever publishes must know. Pure.

use std::collections::{BTreeMap, BTreeSet};

use render::{Locale, Params, Texts};
use schema::field::Class;
use serde::Serialize;

use crate::definition::{Level, Readers, RecordDefinition, Retention, Words};

/// Something that whoever publishes is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// More people read it.
    WiderReaders {
        /// Who reads it now.
        from: Readers,
        /// Who will.
        to: Readers,
    },
    /// Agencies of more levels enter, and see all of it.
    MoreEnter {
        /// The levels that come.
        levels: Vec<Level>,
    },
    /// An agency is shown more.
    WiderShare {
        /// Its code.
        with: String,
        /// The fields that come, of those that are there.
        fields: Vec<String>,
    },
    /// A field is protected less.
    LowerClass {
        /// The field.
        field: String,
        /// What people call it.
        #[serde(skip)]
        words: Words,
        /// Its class now.
        from: Class,
        /// What it will be.
        to: Class,
    },
    /// The owner approves no more what is entered.
    ApprovalDropped,
    /// Ended records go sooner: at once, where their time is over then.
    ShorterRetention {
        /// How long they are kept now.
        from: Retention,
        /// How long they will be.
        to: Retention,
    },
}

impl Notice {
    /// What people are told.
    pub fn said(&self, texts: &Texts, locale: Locale) -> String {
        let get = |key: String, params: &Params| texts.get(locale, &key, params);
        let none = Params::new();
        let say = |key: &str, params: &[(&str, String)]| {
            let params: Params = params
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect();
            get(format!("registers_drafts.notice.{key}"), &params)
        };
        let readers = |who: &Readers| get(format!("registers.readers.{}", word(who)), &none);
        let class = |class: &Class| get(format!("registers_drafts.class.{}", word(class)), &none);
        let kept = |retention: &Retention| match retention {
            Retention::Years(years) => say("years", &[("years", years.to_string())]),
            Retention::Forever => say("forever", &[]),
        };
        match self {
            Self::WiderReaders { from, to } => say("wider_readers", &[("from", readers(from)), ("to", readers(to))]),
            Self::MoreEnter { levels } => {
                let levels = levels
                    .iter()
                    .map(|level| get(format!("registers.level.{}", word(level)), &none));
                say("more_enter", &[("levels", levels.collect::<Vec<_>>().join(", "))])
            }
            Self::WiderShare { with, fields } => {
                say("wider_share", &[("with", with.clone()), ("fields", fields.join(", "))])
            }
            Self::LowerClass { words, from, to, .. } => {
                let label = words.in_language(locale.tag()).to_owned();
                say(
                    "lower_class",
                    &[("field", label), ("from", class(from)), ("to", class(to))],
                )
            }
            Self::ApprovalDropped => say("approval_dropped", &[]),
            Self::ShorterRetention { from, to } => say("shorter_retention", &[("from", kept(from)), ("to", kept(to))]),
        }
    }
}

/// The word of the grammar.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// What a new declaration opens of what is in force.
pub(crate) fn notices(old: &RecordDefinition, new: &RecordDefinition) -> Vec<Notice> {
    let mut notices = Vec::new();
    if reach(new.readers) > reach(old.readers) {
        notices.push(Notice::WiderReaders {
            from: old.readers,
            to: new.readers,
        });
    }
    let levels: Vec<Level> = new
        .enters
        .iter()
        .filter(|level| !old.enters.contains(level))
        .copied()
        .collect();
    if !levels.is_empty() {
        notices.push(Notice::MoreEnter { levels });
    }
    let before = shown(old, old);
    for (with, fields) in shown(new, old) {
        let had = before.get(with);
        let fields: Vec<String> = fields
            .into_iter()
            .filter(|field| !had.is_some_and(|had| had.contains(field)))
            .map(str::to_owned)
            .collect();
        if !fields.is_empty() {
            let with = with.to_owned();
            notices.push(Notice::WiderShare { with, fields });
        }
    }
    for field in &old.fields {
        if let Some(other) = new.field(&field.field).filter(|other| other.class < field.class) {
            notices.push(Notice::LowerClass {
                field: field.field.clone(),
                words: other.words.clone(),
                from: field.class,
                to: other.class,
            });
        }
    }
    if old.approval && !new.approval {
        notices.push(Notice::ApprovalDropped);
    }
    if is_shorter(&old.retention, &new.retention) {
        notices.push(Notice::ShorterRetention {
            from: old.retention,
            to: new.retention,
        });
    }
    notices
}

fn reach(readers: Readers) -> u8 {
    match readers {
        Readers::Owner => 0,
        Readers::Officials => 1,
        Readers::Everybody => 2,
    }
}

fn is_shorter(old: &Retention, new: &Retention) -> bool {
    match (old, new) {
        (Retention::Years(before), Retention::Years(after)) => after < before,
        (Retention::Forever, Retention::Years(_)) => true,
        (_, Retention::Forever) => false,
    }
}

/// The fields of `known` that a declaration shows to agencies, by their codes.
fn shown<'d>(definition: &'d RecordDefinition, known: &'d RecordDefinition) -> BTreeMap<&'d str, BTreeSet<&'d str>> {
    let mut shown: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for share in &definition.shared {
        let fields = known.fields.iter().map(|field| field.field.as_str());
        let fields: Vec<&str> = fields
            .filter(|name| share.fields.is_empty() || share.fields.iter().any(|own| own == name))
            .collect();
        for with in &share.with {
            shown.entry(with).or_default().extend(&fields);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::tests::shop;

    fn told(change: impl Fn(&mut RecordDefinition)) -> Vec<Notice> {
        let old = shop();
        let mut new = old.clone();
        change(&mut new);
        let back = notices(&new, &old);
        assert_eq!(back, [], "the other way nothing is opened");
        notices(&old, &new)
    }

    #[test]
    fn what_opens_data_is_told() {
        assert_eq!(told(|_| {}), []);
        let readers = shop().readers;
        assert_ne!(readers, Readers::Everybody);
        assert_eq!(
            told(|new| new.readers = Readers::Everybody),
            [Notice::WiderReaders {
                from: readers,
                to: Readers::Everybody
            }]
        );
        assert_eq!(
            told(|new| new.enters.push(Level::Commune)),
            [Notice::MoreEnter {
                levels: vec![Level::Commune]
            }]
        );
        let classes = told(|new| {
            for field in new.fields.iter_mut().filter(|field| field.field == "capital") {
                field.class = Class::Public;
            }
        });
        assert!(
            matches!(&classes[..], [Notice::LowerClass { field, from: Class::Internal, to: Class::Public, .. }] if field == "capital"),
            "{classes:?}"
        );
        let retention = shop().retention;
        let short = told(|new| new.retention = Retention::Years(1));
        assert_eq!(
            short,
            [Notice::ShorterRetention {
                from: retention,
                to: Retention::Years(1)
            }]
        );
        let shares = told(|new| {
            for share in &mut new.shared {
                share.with.push("XYZ".into());
            }
        });
        assert!(
            matches!(&shares[..], [Notice::WiderShare { with, .. }] if with == "XYZ"),
            "{shares:?}"
        );
        let mut old = shop();
        old.approval = true;
        assert_eq!(notices(&old, &shop()), [Notice::ApprovalDropped]);
    }
}
