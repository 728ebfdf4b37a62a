//! [`Node`]: a value of a declaration together with the place where it was written, and readers that report
//! whatever does not fit.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime};
use rust_decimal::Decimal;

use crate::feel::Expression;
use crate::map::Map;
use crate::nearest::nearest;
use crate::problem::{Position, Problems};

/// A value of a declaration with its source position. Cheap to clone (shared), so decoders pass it by value.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

struct Inner {
    position: Position,
    content: Content,
}

/// What a node holds. Scalars keep the characters of the source, so that decimals and dates lose nothing.
pub(crate) enum Content {
    Scalar {
        source: String,
        form: Form,
    },
    List(Vec<Node>),
    /// In source order; keys are unique text scalars.
    Map(Vec<(Node, Node)>),
}

/// What the format (YAML 1.2 core schema, TOML 1) takes a scalar for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Null,
    Boolean(bool),
    Number,
    /// TOML date, time or date and time. In YAML these are text.
    Moment,
    /// `inset`: how many columns after the node's position the text itself starts (1 for a quoted scalar), where
    /// the source shows the text exactly as it is, on one line or as a literal block from the node's column on.
    Text {
        inset: Option<usize>,
    },
}

impl Node {
    pub(crate) fn new(position: Position, content: Content) -> Self {
        Self(Arc::new(Inner { position, content }))
    }

    pub(crate) fn content(&self) -> &Content {
        &self.0.content
    }

    /// Where the value starts.
    pub fn position(&self) -> &Position {
        &self.0.position
    }

    /// Where the value starts; the same as [`position`](Self::position), owned.
    pub fn pos(&self) -> Position {
        self.0.position.clone()
    }

    /// True for a mapping.
    pub fn is_map(&self) -> bool {
        matches!(self.0.content, Content::Map(_))
    }

    /// True for a list.
    pub fn is_list(&self) -> bool {
        matches!(self.0.content, Content::List(_))
    }

    /// True for an empty value, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(self.0.content, Content::Scalar { form: Form::Null, .. })
    }

    /// True for a text scalar.
    pub fn is_string(&self) -> bool {
        matches!(
            self.0.content,
            Content::Scalar {
                form: Form::Text { .. },
                ..
            }
        )
    }

    /// The text of a text scalar, without reporting anything.
    pub fn text(&self) -> Option<&str> {
        match &self.0.content {
            Content::Scalar {
                source,
                form: Form::Text { .. },
            } => Some(source),
            _ => None,
        }
    }

    /// What the node is, for messages: "a mapping", "text", "a number", …
    pub fn described(&self) -> &'static str {
        match &self.0.content {
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
            Content::Scalar { form, .. } => match form {
                Form::Null => "nothing",
                Form::Boolean(_) => "a boolean",
                Form::Number => "a number",
                Form::Moment => "a date or time",
                Form::Text { .. } => "text",
            },
        }
    }

    /// The cursor over a mapping; reports `schema.expected_mapping`.
    pub fn as_map(&self, problems: &mut Problems) -> Option<Map> {
        match Map::new(self) {
            Some(map) => Some(map),
            None => {
                self.expected("schema.expected_mapping", "a mapping", problems);
                None
            }
        }
    }

    /// The items of a list; reports `schema.expected_list` and is empty then.
    pub fn list(&self, problems: &mut Problems) -> Vec<Node> {
        match &self.0.content {
            Content::List(items) => items.clone(),
            _ => {
                let hint = matches!(
                    self.0.content,
                    Content::Scalar {
                        form: Form::Text { .. },
                        ..
                    }
                );
                let problem = self.expected("schema.expected_list", "a list", problems);
                if hint {
                    problem.hint("one item is a list too: write [item]");
                }
                Vec::new()
            }
        }
    }

    /// Reads every item of a list; items for which `read` gives `None` (and has reported why) are left out.
    pub fn each<T>(&self, problems: &mut Problems, mut read: impl FnMut(&Node, &mut Problems) -> Option<T>) -> Vec<T> {
        self.list(problems)
            .iter()
            .filter_map(|item| read(item, problems))
            .collect()
    }

    /// A list of texts.
    pub fn strings(&self, problems: &mut Problems) -> Vec<String> {
        self.each(problems, Node::string)
    }

    /// A list of identifiers, each at most once; reports `schema.duplicate_item`.
    pub fn keys(&self, problems: &mut Problems) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        for item in self.list(problems) {
            if let Some(key) = item.key(problems) {
                if keys.contains(&key) {
                    problems.at(
                        &item,
                        "schema.duplicate_item",
                        format!("\"{key}\" stands in the list twice"),
                    );
                } else {
                    keys.push(key);
                }
            }
        }
        keys
    }

    /// A text; reports `schema.expected_text`. Numbers and booleans must be quoted to be text, so that `07` never
    /// silently becomes `7` in some other reader of the same file.
    pub fn string(&self, problems: &mut Problems) -> Option<String> {
        match &self.0.content {
            Content::Scalar {
                source,
                form: Form::Text { .. },
            } => Some(source.clone()),
            Content::Scalar {
                source,
                form: Form::Number | Form::Boolean(_) | Form::Moment,
            } => {
                let hint = format!("write it in quotes: \"{source}\"");
                self.expected("schema.expected_text", "text", problems).hint(hint);
                None
            }
            _ => {
                self.expected("schema.expected_text", "text", problems);
                None
            }
        }
    }

    /// A text with something in it beside white space; reports `schema.empty_text`.
    pub fn non_empty_string(&self, problems: &mut Problems) -> Option<String> {
        let text = self.string(problems)?;
        if text.trim().is_empty() {
            problems.at(self, "schema.empty_text", "the text is empty");
            return None;
        }
        Some(text)
    }

    /// An identifier: `[a-z][a-z0-9_-]*`, at most 63 characters; reports `schema.bad_key`.
    pub fn key(&self, problems: &mut Problems) -> Option<String> {
        let text = self.string(problems)?;
        if is_key(&text) {
            return Some(text);
        }
        problems
            .at(self, "schema.bad_key", format!("\"{text}\" is not an identifier"))
            .hint("small letters a-z, digits, - and _, starting with a letter, at most 63 characters");
        None
    }

    /// `true` or `false`; reports `schema.expected_boolean`.
    pub fn boolean(&self, problems: &mut Problems) -> Option<bool> {
        if let Content::Scalar {
            form: Form::Boolean(value),
            ..
        } = self.0.content
        {
            return Some(value);
        }
        let yes_or_no = self.text().is_some_and(|text| {
            matches!(
                text.to_ascii_lowercase().as_str(),
                "yes" | "no" | "on" | "off" | "true" | "false"
            )
        });
        let problem = self.expected("schema.expected_boolean", "true or false", problems);
        if yes_or_no {
            problem.hint("write true or false, without quotes");
        }
        None
    }

    /// A whole number in decimal digits; reports `schema.expected_integer`.
    pub fn integer(&self, problems: &mut Problems) -> Option<i64> {
        if let Content::Scalar {
            source,
            form: Form::Number,
        } = &self.0.content
        {
            let digits = source.strip_prefix(['-', '+']).unwrap_or(source);
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
            if let (true, Ok(value)) = (plain, source.parse()) {
                return Some(value);
            }
        }
        self.expected("schema.expected_integer", "a whole number", problems);
        None
    }

    /// A whole number from 0 to `u32::MAX`; reports `schema.expected_integer` or `schema.out_of_range`.
    pub fn count(&self, problems: &mut Problems) -> Option<u32> {
        let value = self.integer(problems)?;
        match u32::try_from(value) {
            Ok(value) => Some(value),
            Err(_) => {
                problems.at(
                    self,
                    "schema.out_of_range",
                    format!("{value} is not between 0 and {}", u32::MAX),
                );
                None
            }
        }
    }

    /// An exact decimal, read from the characters of the source; reports `schema.expected_number`.
    pub fn decimal(&self, problems: &mut Problems) -> Option<Decimal> {
        if let Content::Scalar {
            source,
            form: Form::Number,
        } = &self.0.content
            && let Ok(value) = Decimal::from_str_exact(source.strip_prefix('+').unwrap_or(source))
        {
            return Some(value);
        }
        let number = matches!(self.0.content, Content::Scalar { form: Form::Number, .. });
        let problem = self.expected("schema.expected_number", "a decimal number", problems);
        if number {
            problem.hint("decimal digits only, at most 28 of them, no exponent");
        }
        None
    }

    /// A date `2026-07-01`; reports `schema.expected_date`.
    pub fn date(&self, problems: &mut Problems) -> Option<NaiveDate> {
        if let Some(date) = self.moment().and_then(exact_date) {
            return Some(date);
        }
        self.expected("schema.expected_date", "a date", problems)
            .hint("year-month-day that exists, such as 2026-07-01");
        None
    }

    /// A time of day `07:30` or `07:30:00`; reports `schema.expected_time`.
    pub fn time(&self, problems: &mut Problems) -> Option<NaiveTime> {
        let parse = |text: &str| {
            NaiveTime::parse_from_str(text, "%H:%M")
                .or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:%S"))
                .ok()
        };
        if let Some(time) = self.moment().and_then(parse) {
            return Some(time);
        }
        self.expected("schema.expected_time", "a time of day", problems)
            .hint("such as 07:30");
        None
    }

    /// A date and time with its offset `2026-07-01T08:00:00+07:00`; reports `schema.expected_date_time`.
    pub fn date_time(&self, problems: &mut Problems) -> Option<DateTime<FixedOffset>> {
        if let Some(moment) = self.moment().and_then(|text| DateTime::parse_from_rfc3339(text).ok()) {
            return Some(moment);
        }
        self.expected("schema.expected_date_time", "a date and time", problems)
            .hint("with the offset, such as 2026-07-01T08:00:00+07:00");
        None
    }

    /// One of the listed words; reports `schema.unknown_choice` with the nearest word or all of them.
    pub fn choice<T: Clone>(&self, choices: &[(&str, T)], problems: &mut Problems) -> Option<T> {
        let text = self.string(problems)?;
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(value.clone());
        }
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let hint = match nearest(&text, words.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("one of: {}", words.join(", ")),
        };
        problems
            .at(self, "schema.unknown_choice", format!("\"{text}\" is not allowed here"))
            .hint(hint);
        None
    }

    /// A FEEL expression: any scalar by the characters of the source, so `when: true` and `limit: 5` are expressions too.
    /// Reports `schema.bad_expression`, at the very character where the source shows it one to one.
    pub fn feel(&self, problems: &mut Problems) -> Option<Expression> {
        let Content::Scalar { source, form } = &self.0.content else {
            self.expected("schema.expected_expression", "an expression", problems);
            return None;
        };
        if source.trim().is_empty() {
            self.expected("schema.expected_expression", "an expression", problems);
            return None;
        }
        let error = match Expression::parse(source) {
            Ok(expression) => return Some(expression),
            Err(error) => error,
        };
        let mut position = self.pos();
        let message = match form {
            Form::Text { inset: Some(inset) } => {
                position.line += error.line - 1;
                position.column += inset + error.column - 1;
                error.message
            }
            _ => error.to_string(),
        };
        problems.at_position(&position, "schema.bad_expression", message);
        None
    }

    /// The whole value as JSON, to store a declaration. Numbers that JSON readers hold exactly become numbers, the
    /// others text; TOML dates become text.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.0.content {
            Content::List(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Content::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.text().unwrap_or_default().to_owned(), value.to_json()))
                    .collect(),
            ),
            Content::Scalar { source, form } => match form {
                Form::Null => Value::Null,
                Form::Boolean(value) => Value::Bool(*value),
                Form::Number => match Decimal::from_str_exact(source.strip_prefix('+').unwrap_or(source)) {
                    Ok(number) => crate::exact_json_number(number),
                    Err(_) => Value::String(source.clone()),
                },
                Form::Moment | Form::Text { .. } => Value::String(source.clone()),
            },
        }
    }

    /// The characters of any scalar that may stand for a date or time.
    fn moment(&self) -> Option<&str> {
        match &self.0.content {
            Content::Scalar {
                source,
                form: Form::Text { .. } | Form::Moment,
            } => Some(source),
            _ => None,
        }
    }

    fn expected<'p>(&self, code: &str, wanted: &str, problems: &'p mut Problems) -> &'p mut crate::Problem {
        problems.at(self, code, format!("expected {wanted}, found {}", self.described()))
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.position, self.to_json())
    }
}

/// True for `[a-z][a-z0-9_-]*` of at most 63 characters: what may name a thing in a declaration.
pub fn is_key(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= 63
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-'))
}

/// `YYYY-MM-DD` and nothing looser: four, two and two digits.
pub(crate) fn exact_date(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(place, byte)| match place {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if shaped { NaiveDate::from_str(text).ok() } else { None }
}
