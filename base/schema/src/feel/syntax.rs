//! The syntax tree.

use rust_decimal::Decimal;

use super::function::Function;
use super::{FeelError, Note};

/// Line and column inside the expression, from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub line: usize,
    pub column: usize,
}

impl Place {
    pub fn error(self, message: impl Into<String>) -> FeelError {
        FeelError {
            line: self.line,
            column: self.column,
            message: message.into(),
        }
    }

    pub fn note(self, message: impl Into<String>) -> Note {
        Note {
            line: self.line,
            column: self.column,
            message: message.into(),
        }
    }
}

/// A node of the tree. Equality looks at the shape only, not at places.
#[derive(Debug, Clone)]
pub(super) struct Expr {
    pub place: Place,
    /// Levels below and including this node.
    pub depth: usize,
    pub kind: Kind,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Null,
    Boolean(bool),
    Number(Decimal),
    Text(String),
    Name(String),
    List(Vec<Expr>),
    Context(Vec<(String, Expr)>),
    Path(Box<Expr>, String),
    Filter(Box<Expr>, Box<Expr>),
    Negate(Box<Expr>),
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Between(Box<Expr>, Box<Expr>, Box<Expr>),
    In(Box<Expr>, Vec<Test>),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    For(Vec<Binding>, Box<Expr>),
    Some(Vec<Binding>, Box<Expr>),
    Every(Vec<Binding>, Box<Expr>),
    Call(Function, Vec<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// One alternative on the right of `in`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    Compare(Comparison, Expr),
    Range(Range),
    /// A list: one of its items. Anything else: equal to it.
    Value(Expr),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Range {
    pub includes_low: bool,
    pub low: Expr,
    pub high: Expr,
    pub includes_high: bool,
}

/// `name in domain` of a loop.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Binding {
    pub name: String,
    pub domain: Domain,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Domain {
    List(Expr),
    /// `first..last`, whole numbers, up or down.
    Steps(Expr, Expr),
}

impl Kind {
    /// Calls `visit` with every direct part.
    pub fn each_part<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        match self {
            Kind::Null | Kind::Boolean(_) | Kind::Number(_) | Kind::Text(_) | Kind::Name(_) => {}
            Kind::List(parts) | Kind::And(parts) | Kind::Or(parts) | Kind::Call(_, parts) => {
                parts.iter().for_each(visit)
            }
            Kind::Context(entries) => entries.iter().for_each(|(_, part)| visit(part)),
            Kind::Path(part, _) | Kind::Negate(part) => visit(part),
            Kind::Filter(left, right) | Kind::Arithmetic(_, left, right) | Kind::Compare(_, left, right) => {
                visit(left);
                visit(right);
            }
            Kind::Between(first, second, third) | Kind::If(first, second, third) => {
                visit(first);
                visit(second);
                visit(third);
            }
            Kind::In(value, tests) => {
                visit(value);
                for test in tests {
                    match test {
                        Test::Compare(_, part) | Test::Value(part) => visit(part),
                        Test::Range(range) => {
                            visit(&range.low);
                            visit(&range.high);
                        }
                    }
                }
            }
            Kind::For(bindings, body) | Kind::Some(bindings, body) | Kind::Every(bindings, body) => {
                for binding in bindings {
                    match &binding.domain {
                        Domain::List(part) => visit(part),
                        Domain::Steps(first, last) => {
                            visit(first);
                            visit(last);
                        }
                    }
                }
                visit(body);
            }
        }
    }
}

impl Comparison {
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }
}

impl Arithmetic {
    pub fn sign(self) -> &'static str {
        match self {
            Arithmetic::Add => "+",
            Arithmetic::Subtract => "-",
            Arithmetic::Multiply => "*",
            Arithmetic::Divide => "/",
            Arithmetic::Power => "**",
        }
    }
}

/// Words that cannot be names.
pub(super) const KEYWORDS: [&str; 15] = [
    "and",
    "between",
    "else",
    "every",
    "false",
    "for",
    "if",
    "in",
    "null",
    "or",
    "return",
    "satisfies",
    "some",
    "then",
    "true",
];
