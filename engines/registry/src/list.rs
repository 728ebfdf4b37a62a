//! Lists of records: what is asked for, as it stands in an address.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use db::{Name, Page, PageRequest, cursor};
use kernel::{Actor, Fault, Result};
use op::{Entry, Op};
use serde_json::{Value, json};

use crate::definition::{FieldDefinition, Kind, RecordDefinition};
use crate::model::reading::{self, Ground};
use crate::model::{Record, Values};
use crate::published::Within;
use crate::store::{self, list::After};
use crate::{Registry, access, error};

/// More filters are no question that a person asks.
const MOST_FILTERS: usize = 20;
/// Values of one filter.
const MOST_VALUES: usize = 50;
/// The longest text that is searched for, in characters.
const LONGEST_TEXT: usize = 200;
/// Counting goes no further.
pub const COUNTED: i64 = 10_000;

/// What is asked of a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// What must hold, all of it.
    pub filters: Vec<Filter>,
    /// Words to be found, tones or not, in whatever order; the last one may be the beginning of a word, from two letters or four digits on.
    pub text: String,
    /// Sorted by; the newest first where nothing is said.
    pub order: Option<Order>,
    /// The day on which what is listed holds; today where nothing is said.
    pub as_of: Option<NaiveDate>,
    /// As it was known at this moment; now where nothing is said.
    pub known_at: Option<DateTime<Utc>>,
    /// Filters on sealed fields, as columns and hashes; made when the query is understood.
    pub(crate) tags: Vec<(Name, Vec<Vec<u8>>)>,
    /// Where records must lie to be read at all; made when the query is understood.
    pub(crate) within: Option<Within>,
}

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// The field.
    pub field: String,
    /// What must hold.
    pub condition: Condition,
}

/// What must hold of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// It is one of these.
    Equals(Vec<Value>),
    /// It lies between, both ends included.
    Between(Option<Value>, Option<Value>),
    /// It has no value.
    Empty,
}

/// By what a list is sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The field.
    pub field: String,
    /// From the end.
    pub descending: bool,
}

/// A page of a list with the fields that the reader sees.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The records.
    pub page: Page<Record>,
    /// The fields that are shown, in order.
    pub fields: Vec<String>,
}

impl Query {
    /// Reads a query from the pairs of an address: `q`, `sort` (`field` or `-field`), `as_of`, `known_at`, `<field>` (several times: any of them; `~` alone:
    /// empty), `<field>.from`, `<field>.to`. Pairs that name none of these are handed back.
    ///
    /// # Errors
    /// `registry.bad_filter` {field}, `registry.not_sortable` {field}, `registry.too_many_filters` {most}, `registry.bad_day`.
    pub fn read(definition: &RecordDefinition, pairs: &[(String, String)]) -> Result<(Self, Vec<(String, String)>)> {
        let mut query = Self::default();
        let mut others = Vec::new();
        for (name, value) in pairs {
            let value = value.trim();
            match name.as_str() {
                "q" => query.text = kernel::text::clean_line(value).chars().take(LONGEST_TEXT).collect(),
                "as_of" if value.is_empty() => {}
                "as_of" => query.as_of = Some(kernel::parse_date(value).map_err(|_| error::bad_day())?),
                "known_at" if value.is_empty() => {}
                "known_at" => query.known_at = Some(moment(value)?),
                "sort" if value.is_empty() => {}
                "sort" => query.order = Some(order(definition, value)?),
                _ => {
                    let (field, part) = match name.split_once('.') {
                        Some((field, part)) => (field, Some(part)),
                        None => (name.as_str(), None),
                    };
                    match definition.field(field) {
                        Some(known) => query.filter(known, part, value)?,
                        None => others.push((name.clone(), value.to_owned())),
                    }
                }
            }
        }
        if query.filters.len() > MOST_FILTERS {
            return Err(error::too_many_filters(MOST_FILTERS));
        }
        Ok((query, others))
    }

    /// Whether it asks for some records only, by something else than words and what they are sorted by.
    pub(crate) fn narrows(&self) -> bool {
        let sorted = self.order.as_ref().map(|order| &order.field);
        let beside = self.filters.iter().any(|filter| Some(&filter.field) != sorted);
        beside || !self.tags.is_empty() || self.within.is_some()
    }

    /// Whether it asks for what is sealed.
    pub fn asks_sealed(&self, definition: &RecordDefinition) -> bool {
        let mut fields = self.filters.iter().filter_map(|filter| definition.field(&filter.field));
        fields.any(FieldDefinition::is_sealed)
    }

    fn filter(&mut self, field: &FieldDefinition, part: Option<&str>, value: &str) -> Result<()> {
        let key = &field.field;
        // An empty control of a page narrows nothing.
        if value.is_empty() {
            return Ok(());
        }
        let by_number = field.is_sealed() && matches!(field.kind, Kind::Person);
        if !(field.search || by_number) {
            return Err(error::bad_filter(key));
        }
        if field.is_sealed() && (part.is_some() || value == "~") {
            return Err(error::field_sealed(key));
        }
        let read = |value: &str| understood(field, value);
        let known = self.filters.iter_mut().find(|filter| filter.field == *key);
        match (part, value) {
            (None, "~") => self.filters.push(Filter {
                field: key.clone(),
                condition: Condition::Empty,
            }),
            (None, value) => match known {
                Some(Filter {
                    condition: Condition::Equals(all),
                    ..
                }) if all.len() < MOST_VALUES => all.push(read(value)?),
                Some(_) => return Err(error::bad_filter(key)),
                None => {
                    let condition = Condition::Equals(vec![read(value)?]);
                    self.filters.push(Filter {
                        field: key.clone(),
                        condition,
                    });
                }
            },
            (Some(end @ ("from" | "to")), value) => {
                let value = Some(read(value)?);
                match known {
                    Some(Filter {
                        condition: Condition::Between(from, to),
                        ..
                    }) => *(if end == "from" { from } else { to }) = value,
                    Some(_) => return Err(error::bad_filter(key)),
                    None => {
                        let condition = match end {
                            "from" => Condition::Between(value, None),
                            _ => Condition::Between(None, value),
                        };
                        self.filters.push(Filter {
                            field: key.clone(),
                            condition,
                        });
                    }
                }
            }
            (Some(_), _) => return Err(error::bad_filter(key)),
        }
        Ok(())
    }
}

/// A moment with its offset, or a day: its end, so that everything of the day is known.
pub(crate) fn moment(text: &str) -> Result<DateTime<Utc>> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment.to_utc());
    }
    let day = kernel::parse_date(text).map_err(|_| error::bad_day())?;
    let next = day.succ_opt().and_then(|next| next.and_hms_opt(0, 0, 0));
    // As fine as the database keeps moments.
    Ok(kernel::from_local(next.ok_or_else(error::bad_day)?) - TimeDelta::microseconds(1))
}

fn order(definition: &RecordDefinition, text: &str) -> Result<Order> {
    let (field, descending) = match text.strip_prefix('-') {
        Some(field) => (field, true),
        None => (text, false),
    };
    let sortable = definition
        .field(field)
        .is_some_and(|field| field.search && !field.is_sealed() && field.is_ordered());
    match sortable {
        true => Ok(Order {
            field: field.to_owned(),
            descending,
        }),
        false => Err(error::not_sortable(field)),
    }
}

/// What is compared with a field: read as the field itself would be, but for what depends on the day: a ward or code that is no more is a
/// good question all the same.
fn understood(field: &FieldDefinition, value: &str) -> Result<Value> {
    use schema::field::FieldKind;
    let bad = || error::bad_filter(&field.field);
    match &field.kind {
        Kind::Plain(FieldKind::Area | FieldKind::Choice { .. }) => Ok(kernel::text::clean_line(value).into()),
        Kind::Plain(FieldKind::Date { .. }) | Kind::Period => {
            let day = kernel::parse_date(value).map_err(|_| bad())?;
            Ok(day.to_string().into())
        }
        Kind::Plain(FieldKind::Text { .. } | FieldKind::LongText { .. } | FieldKind::Name { .. }) => {
            Ok(kernel::text::clean_line(value).into())
        }
        Kind::Plain(FieldKind::Number { .. }) => {
            let number = schema::field::number::parse(value).ok_or_else(bad)?;
            Ok(schema::field::number::to_json(number))
        }
        Kind::Plain(FieldKind::Money { .. }) => {
            let money = kernel::Money::parse(value).map_err(|_| bad())?;
            Ok(money.dong().into())
        }
        // Whether a number can belong to somebody alive is no question here.
        Kind::Person | Kind::Plain(FieldKind::PersonalNumber) => {
            let number = kernel::PersonalNumber::parse(value).map_err(|_| bad())?;
            Ok(number.as_str().into())
        }
        Kind::Link(_) => uuid::Uuid::parse_str(value)
            .map(|id| id.to_string().into())
            .map_err(|_| bad()),
        Kind::Computed { gives, .. } => match gives {
            crate::definition::Gives::Text => Ok(value.into()),
            crate::definition::Gives::Number => schema::field::number::parse(value)
                .map(schema::field::number::to_json)
                .ok_or_else(bad),
            crate::definition::Gives::Date => kernel::parse_date(value)
                .map(|day| day.to_string().into())
                .map_err(|_| bad()),
            crate::definition::Gives::YesNo => Ok((value == "yes" || value == "true").into()),
        },
        _ => reading::read_one(field, &value.into(), &Ground::default(), NaiveDate::default())
            .ok()
            .flatten()
            .ok_or_else(bad),
    }
}

impl Registry {
    /// A page of the records that hold on a day, with the fields that whoever asks sees; sealed ones never. That something sealed was asked for is
    /// written down: whoever asks for it commits ([`Query::asks_sealed`]).
    ///
    /// # Errors
    /// `registry.not_found` {register}, those of [`Query::read`], `registry.field_sealed` {field}, `db.bad_cursor`.
    pub async fn list(&self, op: &mut Op, register: &str, query: &Query, page: &PageRequest) -> Result<Listing> {
        let seen = self.seen(op, register).await?;
        op.allow(
            "registry.read",
            &format!("register:{register}"),
            access::read(register, &seen.sight),
        )
        .await?;
        let definition = &seen.published.definition;
        let query = self.asked(op, &seen, query)?;
        let fields: Vec<&FieldDefinition> = definition
            .plain()
            .filter(|field| seen.sight.plain.contains(&field.field))
            .collect();
        let shown = fields.iter().map(|field| field.field.clone()).collect();
        if !seen.published.made {
            let page = Page {
                items: Vec::new(),
                next: None,
            };
            return Ok(Listing { page, fields: shown });
        }
        if !query.tags.is_empty() {
            let columns: Vec<&str> = query.tags.iter().map(|(column, _)| column.as_str()).collect();
            let detail = self.marked(json!({ "columns": columns }));
            op.record(Entry::new("registry.sought", format!("register:{register}")).detail(detail))
                .await?;
        }
        let day = query.as_of.unwrap_or_else(|| kernel::local_date(op.now()));
        let after: Option<After> = page.after.as_deref().map(cursor::decode).transpose()?;
        let listed = store::list::page(op.conn(), definition, &fields, &query, day, (after, page.probe())).await?;
        let cut = Page::cut(listed, page, |listed| listed.after.clone());
        Ok(Listing {
            page: cut.map(|listed| listed.record),
            fields: shown,
        })
    }

    /// How many records a query finds, counted to [`COUNTED`].
    ///
    /// # Errors
    /// Those of [`Self::list`].
    pub async fn count(&self, op: &mut Op, register: &str, query: &Query) -> Result<i64> {
        let seen = self.seen(op, register).await?;
        op.allow(
            "registry.read",
            &format!("register:{register}"),
            access::read(register, &seen.sight),
        )
        .await?;
        let query = self.asked(op, &seen, query)?;
        if !seen.published.made {
            return Ok(0);
        }
        let day = query.as_of.unwrap_or_else(|| kernel::local_date(op.now()));
        store::list::count(op.conn(), &seen.published.definition, &query, day, COUNTED).await
    }

    /// The query with what the reader may not ask refused, and what is sealed asked by hashes.
    pub(crate) fn asked(&self, op: &Op, seen: &crate::Seen, query: &Query) -> Result<Query> {
        let definition = &seen.published.definition;
        let mut asked = query.clone();
        asked.filters.clear();
        for filter in &query.filters {
            let field = definition
                .field(&filter.field)
                .ok_or_else(|| error::bad_filter(&filter.field))?;
            if !field.is_sealed() {
                if !seen.sight.plain.contains(&filter.field) {
                    return Err(error::bad_filter(&filter.field));
                }
                asked.filters.push(filter.clone());
                continue;
            }
            // Whoever may not open what is sealed does not learn it by asking for it; and no hash is kept of what was.
            let opens = matches!(op.actor(), Actor::System(_)) || op.rights().may("registry.open");
            if !opens || !seen.sight.sealed.contains(&filter.field) {
                return Err(error::bad_filter(&filter.field));
            }
            if query.known_at.is_some() {
                return Err(error::field_sealed(&filter.field));
            }
            let Condition::Equals(wanted) = &filter.condition else {
                return Err(error::field_sealed(&filter.field));
            };
            let mut hashes = Vec::new();
            for value in wanted {
                hashes.extend(store::record::tags(
                    self.vault(),
                    &definition.record,
                    &filter.field,
                    value,
                )?);
            }
            asked
                .tags
                .push((Name::new(filter.field.clone())?.with("__tag")?, hashes));
        }
        asked.within.clone_from(&seen.within);
        let hidden = |order: &Order| !seen.sight.plain.contains(&order.field);
        if let Some(order) = asked.order.as_ref().filter(|order| hidden(order)) {
            return Err(error::not_sortable(&order.field));
        }
        // Words are found in all plain texts: whoever sees only some of them would learn what the others say.
        let every_word = definition
            .fields
            .iter()
            .filter(|field| field.is_words())
            .all(|field| seen.sight.plain.contains(&field.field));
        if !asked.text.is_empty() && !every_word {
            return Err(Fault::invalid("registry.bad_filter").with("field", "q"));
        }
        Ok(asked)
    }

    /// What of values whoever asks sees.
    pub(crate) fn visible(values: &Values, sight: &access::Sight, sealed: bool) -> Values {
        values
            .iter()
            .filter(|(key, _)| sight.plain.contains(*key) || (sealed && sight.sealed.contains(*key)))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was recorded in the last second of a day is known at its end.
    #[test]
    fn a_day_ends_with_its_last_moment() {
        let end = moment("2026-03-02").unwrap();
        let late = DateTime::parse_from_rfc3339("2026-03-02T23:59:59.999999+07:00").unwrap();
        assert_eq!(end, late.to_utc());
        assert_eq!(moment("2026-03-02T10:00:00+07:00").unwrap().timestamp() % 3_600, 0);
    }
}
