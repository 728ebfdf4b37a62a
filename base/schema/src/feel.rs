//! FEEL, the expression language of DMN 1.5: the subset that declarations may use. Typed, total and bounded: an
//! expression that parses always ends, never panics and never reads a clock of its own.

mod call;
mod evaluate;
mod function;
mod infer;
mod json;
mod lexer;
mod names;
mod operate;
mod parser;
mod print;
mod scope;
mod syntax;
mod temporal;
mod value;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use infer::{Type, TypeScope, infer};
pub use scope::Scope;
pub use value::Value;

use syntax::Expr;

/// The longest expression that is parsed, in bytes.
pub const LONGEST_EXPRESSION_BYTES: usize = 8 * 1024;
/// The deepest nesting of an expression.
pub const DEEPEST_EXPRESSION: usize = 64;
/// The steps that one evaluation may take. A step is one node of the expression; copying large values costs more.
pub const MOST_STEPS: usize = 10_000;
/// The longest list that an evaluation may build.
pub const LONGEST_LIST: usize = 10_000;

/// Why an expression cannot be parsed, does not fit its types, or ran out of its budget. Line and column count from 1 inside
/// the expression, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (line {line}, column {column} of the expression)")]
pub struct FeelError {
    /// Line inside the expression, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, in English.
    pub message: String,
}

/// Why a part of an expression became `null`, where FEEL has no other way to say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Line inside the expression, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The reason, in English.
    pub message: String,
}

/// A value with the reasons for the nulls on the way to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The result.
    pub value: Value,
    /// At most 50 notes, in the order of evaluation.
    pub notes: Vec<Note>,
}

/// A parsed expression. Equality is that of the syntax tree; `Display` prints a normal form that parses to the same tree.
#[derive(Debug, Clone)]
pub struct Expression {
    source: String,
    root: Expr,
}

impl Expression {
    /// Parses an expression.
    pub fn parse(source: &str) -> Result<Self, FeelError> {
        Ok(Self {
            source: source.to_owned(),
            root: parser::parse(source)?,
        })
    }

    /// The characters from which the expression was parsed.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The value in a scope. Whatever goes wrong is `null`, also an exhausted budget; [`explain`](Self::explain) tells why.
    pub fn evaluate(&self, scope: &Scope) -> Value {
        self.explain(scope).map_or(Value::Null, |evaluation| evaluation.value)
    }

    /// The value with notes on its nulls; an error if the budget of steps, list length or text length ran out.
    pub fn explain(&self, scope: &Scope) -> Result<Evaluation, FeelError> {
        evaluate::evaluate(&self.root, scope)
    }

    /// True only if the value is `true`: `null` counts as no.
    pub fn is_true(&self, scope: &Scope) -> bool {
        self.evaluate(scope) == Value::Boolean(true)
    }

    /// The paths (`applicant.age`) that the expression reads from its scope, without names that it binds itself. Inside a
    /// filter `list[…]` a bare name may be a key of the item or a name of the scope; it is in the set, so the set may be
    /// too large there and is never too small. [`infer`] knows the difference.
    pub fn names(&self) -> BTreeSet<String> {
        names::free(&self.root)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.root == other.root
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print::print(&self.root, f)
    }
}

impl FromStr for Expression {
    type Err = FeelError;

    fn from_str(source: &str) -> Result<Self, FeelError> {
        Self::parse(source)
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = String::deserialize(deserializer)?;
        Self::parse(&source).map_err(serde::de::Error::custom)
    }
}
