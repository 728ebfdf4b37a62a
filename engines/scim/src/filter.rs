//! Filters (RFC 7644, 3.4.2.2): read into a tree of bounded size, and applied to the values of one list in a change. Questions to the
//! database are made from the same tree in `store`.

use kernel::{Result, text};
use serde_json::{Map, Value};

use crate::error;
use crate::schema::{Attribute, Kind};

/// Longest filter, in bytes.
const LONGEST: usize = 4_096;
/// Deepest nesting of brackets and `not`.
const DEEPEST: usize = 16;
/// Most comparisons.
const MOST: usize = 64;

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Contains,
    Starts,
    Ends,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Comparison {
    fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "eq" => Self::Equal,
            "ne" => Self::NotEqual,
            "co" => Self::Contains,
            "sw" => Self::Starts,
            "ew" => Self::Ends,
            "gt" => Self::Greater,
            "ge" => Self::GreaterOrEqual,
            "lt" => Self::Less,
            "le" => Self::LessOrEqual,
            _ => return None,
        })
    }

    /// Whether it looks into a text.
    pub(crate) const fn looks_into(self) -> bool {
        matches!(self, Self::Contains | Self::Starts | Self::Ends)
    }
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    /// `userName eq "an"`.
    Compare(String, Comparison, Value),
    /// `emails pr`.
    Present(String),
    /// `emails[type eq "work"]`.
    Among(String, Box<Filter>),
}

impl Filter {
    /// Reads a filter. Fails with `scim.filter`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut reader = Reader::new(text)?;
        let filter = reader.either(0)?;
        reader.end()?;
        Ok(filter)
    }

    /// Whether a value of a list fits. Names are parts of the attribute. Fails with `scim.filter`.
    pub(crate) fn fits(&self, attribute: &'static Attribute, item: &Map<String, Value>) -> Result<bool> {
        Ok(match self {
            Self::And(left, right) => left.fits(attribute, item)? && right.fits(attribute, item)?,
            Self::Or(left, right) => left.fits(attribute, item)? || right.fits(attribute, item)?,
            Self::Not(inner) => !inner.fits(attribute, item)?,
            Self::Present(name) => item.contains_key(part(attribute, name)?.name),
            Self::Compare(name, comparison, wanted) => {
                let part = part(attribute, name)?;
                compare(part, *comparison, item.get(part.name), wanted)?
            }
            Self::Among(..) => return Err(error::filter()),
        })
    }
}

fn part(attribute: &'static Attribute, name: &str) -> Result<&'static Attribute> {
    attribute.part(name).ok_or_else(error::filter)
}

/// Whether a value stands to the wanted one as the filter says.
fn compare(part: &Attribute, comparison: Comparison, value: Option<&Value>, wanted: &Value) -> Result<bool> {
    let Some(wanted) = wanted_of(part, comparison, wanted)? else {
        return Ok((comparison == Comparison::Equal) == value.is_none());
    };
    let wanted = match wanted {
        Wanted::Truth(truth) => {
            let same = value.and_then(Value::as_bool) == Some(truth);
            return Ok((comparison == Comparison::Equal) == same);
        }
        Wanted::Text(text) => text,
        Wanted::Moment(_) => return Err(error::filter()),
    };
    let Some(value) = value.and_then(Value::as_str) else {
        return Ok(comparison == Comparison::NotEqual);
    };
    let folded = |text: &str| {
        if part.exact {
            text.to_owned()
        } else {
            text.to_lowercase()
        }
    };
    let (value, wanted) = (folded(value), folded(&wanted));
    Ok(match comparison {
        Comparison::Equal => value == wanted,
        Comparison::NotEqual => value != wanted,
        Comparison::Contains => value.contains(&wanted),
        Comparison::Starts => value.starts_with(&wanted),
        Comparison::Ends => value.ends_with(&wanted),
        Comparison::Greater => value > wanted,
        Comparison::GreaterOrEqual => value >= wanted,
        Comparison::Less => value < wanted,
        Comparison::LessOrEqual => value <= wanted,
    })
}

/// A value as an attribute has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wanted {
    Text(String),
    Truth(bool),
    Moment(chrono::DateTime<chrono::Utc>),
}

/// What a filter wants of an attribute; `None` for `null`. Fails with `scim.filter` where the attribute has no such values or cannot be
/// compared so.
pub(crate) fn wanted_of(attribute: &Attribute, comparison: Comparison, wanted: &Value) -> Result<Option<Wanted>> {
    let sameness = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    Ok(Some(match (attribute.kind, wanted) {
        (_, Value::Null) if sameness => return Ok(None),
        (Kind::Boolean, Value::Bool(truth)) if sameness => Wanted::Truth(*truth),
        (Kind::Text | Kind::Reference, Value::String(text)) => Wanted::Text(text::clean_line(text)),
        (Kind::Moment, Value::String(text)) if !comparison.looks_into() => {
            let moment = chrono::DateTime::parse_from_rfc3339(text).map_err(|_| error::filter())?;
            Wanted::Moment(moment.to_utc())
        }
        _ => return Err(error::filter()),
    }))
}

/// Where a change goes (RFC 7644, figure 7): a name, or the values of a list that fit, and a part of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) among: Option<Filter>,
    pub(crate) part: Option<String>,
}

impl Target {
    /// Reads a path. Fails with `scim.path`, and `scim.filter` for what stands between the brackets.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut reader = Reader::new(text).map_err(|_| error::path())?;
        let name = reader.word().ok_or_else(error::path)?.to_owned();
        let mut target = Self {
            name,
            among: None,
            part: None,
        };
        if reader.takes('[') {
            target.among = Some(reader.either(0)?);
            if !reader.takes(']') {
                return Err(error::filter());
            }
            if let Some(rest) = reader.rest.strip_prefix('.') {
                reader.rest = rest;
                target.part = Some(reader.word().ok_or_else(error::path)?.to_owned());
            }
        }
        reader.end().map_err(|_| error::path())?;
        Ok(target)
    }
}

/// Reads a filter from left to right.
struct Reader<'a> {
    rest: &'a str,
    comparisons: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Result<Self> {
        if text.len() > LONGEST {
            return Err(error::filter());
        }
        Ok(Self {
            rest: text,
            comparisons: 0,
        })
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn end(&mut self) -> Result<()> {
        self.skip();
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(error::filter())
        }
    }

    fn takes(&mut self, sign: char) -> bool {
        self.skip();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> Option<&'a str> {
        self.skip();
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '_' | '-' | '$')))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// Takes a word if it is this one.
    fn says(&mut self, word: &str) -> bool {
        let before = self.rest;
        if self.word().is_some_and(|found| found.eq_ignore_ascii_case(word)) {
            return true;
        }
        self.rest = before;
        false
    }

    fn either(&mut self, depth: usize) -> Result<Filter> {
        let mut left = self.both(depth)?;
        while self.says("or") {
            left = Filter::Or(Box::new(left), Box::new(self.both(depth)?));
        }
        Ok(left)
    }

    fn both(&mut self, depth: usize) -> Result<Filter> {
        let mut left = self.single(depth)?;
        while self.says("and") {
            left = Filter::And(Box::new(left), Box::new(self.single(depth)?));
        }
        Ok(left)
    }

    fn single(&mut self, depth: usize) -> Result<Filter> {
        if depth > DEEPEST {
            return Err(error::filter());
        }
        if self.takes('(') {
            return self.closed(depth, ')');
        }
        let before = self.rest;
        if self.says("not") && self.takes('(') {
            return Ok(Filter::Not(Box::new(self.closed(depth, ')')?)));
        }
        self.rest = before;
        let name = self.word().ok_or_else(error::filter)?.to_owned();
        if self.takes('[') {
            return Ok(Filter::Among(name, Box::new(self.closed(depth, ']')?)));
        }
        self.comparisons += 1;
        if self.comparisons > MOST {
            return Err(error::filter());
        }
        let how = self.word().ok_or_else(error::filter)?;
        if how.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present(name));
        }
        let how = Comparison::parse(how).ok_or_else(error::filter)?;
        Ok(Filter::Compare(name, how, self.value()?))
    }

    fn closed(&mut self, depth: usize, sign: char) -> Result<Filter> {
        let inner = self.either(depth + 1)?;
        if self.takes(sign) {
            Ok(inner)
        } else {
            Err(error::filter())
        }
    }

    /// A text, number, truth or nothing, as JSON writes them.
    fn value(&mut self) -> Result<Value> {
        self.skip();
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) if !value.is_array() && !value.is_object() => {
                let taken = values.byte_offset();
                self.rest = self.rest.get(taken..).unwrap_or_default();
                Ok(value)
            }
            _ => Err(error::filter()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Resource, named};
    use serde_json::json;

    fn shown(filter: &Filter) -> String {
        match filter {
            Filter::And(left, right) => format!("({} & {})", shown(left), shown(right)),
            Filter::Or(left, right) => format!("({} | {})", shown(left), shown(right)),
            Filter::Not(inner) => format!("!{}", shown(inner)),
            Filter::Present(name) => format!("{name}?"),
            Filter::Compare(name, how, value) => format!("{name} {how:?} {value}"),
            Filter::Among(name, inner) => format!("{name}[{}]", shown(inner)),
        }
    }

    #[test]
    fn the_examples_of_the_norm_are_read() {
        for (text, expected) in [
            (r#"userName eq "bjensen""#, r#"userName Equal "bjensen""#),
            (
                r#"name.familyName co "O'Malley""#,
                r#"name.familyName Contains "O'Malley""#,
            ),
            (
                r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#,
                r#"urn:ietf:params:scim:schemas:core:2.0:User:userName Starts "J""#,
            ),
            ("title pr", "title?"),
            (
                r#"title pr and userType eq "Employee" or a pr"#,
                r#"((title? & userType Equal "Employee") | a?)"#,
            ),
            (r#"a pr or b pr and c pr"#, "(a? | (b? & c?))"),
            (
                r#"userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#,
                r#"(userType NotEqual "Employee" & !(emails Contains "example.com" | emails.value Contains "example.org"))"#,
            ),
            (
                r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp"]"#,
                r#"(emails[(type Equal "work" & value Contains "@example.com")] | ims[type Equal "xmpp"])"#,
            ),
            (r#"NOT(a PR) AND b EQ true"#, "(!a? & b Equal true)"),
            (r#"a eq "x\"] or (b pr""#, r#"a Equal "x\"] or (b pr""#),
            ("not pr", "not?"),
        ] {
            assert_eq!(shown(&Filter::parse(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused_and_so_is_what_is_endless() {
        let deep = format!("{}a pr{}", "(".repeat(40), ")".repeat(40));
        let nots = format!("{}a pr{}", "not (".repeat(40), ")".repeat(40));
        let wide = vec!["a pr"; 65].join(" or ");
        let long = format!("a eq \"{}\"", "x".repeat(5_000));
        for text in [
            "",
            "a",
            "a eq",
            "a eq x",
            "a == 1",
            "a eq \"x",
            "a eq [1]",
            "a eq {}",
            "(a pr",
            "a pr)",
            "a[b pr",
            "a pr b pr",
            "a pr; DROP TABLE x",
            "a eq \"x\" or",
            "'a' eq \"x\"",
            &deep,
            &nots,
            &wide,
            &long,
        ] {
            assert_eq!(Filter::parse(text).unwrap_err().code, "scim.filter", "{text}");
        }
        assert!(Filter::parse(&vec!["a pr"; 64].join(" or ")).is_ok());
    }

    #[test]
    fn values_of_a_list_are_chosen() {
        let emails = named(Resource::User.schema().attributes, "emails").unwrap();
        let item = json!({ "value": "An@example.vn", "type": "work", "primary": true });
        let fits = |text: &str| Filter::parse(text).unwrap().fits(emails, item.as_object().unwrap());
        for text in [
            r#"type eq "WORK" and value ew ".vn""#,
            r#"value co "n@ex" and value sw "an""#,
            "primary eq true and primary ne false and type ne null",
            r#"not (value eq "x") and value ge "a" and value lt "b""#,
        ] {
            assert!(fits(text).unwrap(), "{text}");
        }
        assert!(!fits(r#"type eq "home" or value pr and primary eq false"#).unwrap());
        for text in [
            "primary gt true",
            "primary co \"t\"",
            "type eq 1",
            "khac pr",
            "value[type pr]",
            r#"value eq true"#,
        ] {
            assert_eq!(fits(text).unwrap_err().code, "scim.filter", "{text}");
        }
    }

    #[test]
    fn paths_of_changes() {
        let read = |text: &str| Target::parse(text).map(|target| (target.name, target.among.is_some(), target.part));
        assert_eq!(
            read("name.familyName").unwrap(),
            ("name.familyName".into(), false, None)
        );
        assert_eq!(
            read(r#"members[value eq "1"]"#).unwrap(),
            ("members".into(), true, None)
        );
        assert_eq!(
            read(r#"emails[type eq "a]b"].value"#).unwrap(),
            ("emails".into(), true, Some("value".into()))
        );
        for text in [
            "",
            "[a pr]",
            "a b",
            "a[b pr].",
            "a[b pr]c",
            "a[b pr] .c d",
            "a[b pr",
            "a[]",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
