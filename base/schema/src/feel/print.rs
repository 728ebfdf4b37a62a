//! The tree to its normal form: one space around operators, brackets only where the tree needs them.

use std::fmt::{self, Formatter, Write};

use super::syntax::{Arithmetic, Binding, Domain, Expr, Kind, Test};

pub(super) fn print(expr: &Expr, f: &mut Formatter<'_>) -> fmt::Result {
    at_least(expr, 0, f)
}

/// How strongly the node binds; the same order as in the parser.
fn strength(kind: &Kind) -> u8 {
    match kind {
        Kind::If(..) | Kind::For(..) | Kind::Some(..) | Kind::Every(..) => 0,
        Kind::Or(_) => 1,
        Kind::And(_) => 2,
        Kind::Compare(..) | Kind::Between(..) | Kind::In(..) => 3,
        Kind::Arithmetic(Arithmetic::Add | Arithmetic::Subtract, ..) => 4,
        Kind::Arithmetic(Arithmetic::Multiply | Arithmetic::Divide, ..) => 5,
        Kind::Arithmetic(Arithmetic::Power, ..) => 6,
        Kind::Negate(_) => 7,
        _ => 8,
    }
}

/// Prints with brackets if the node binds weaker than its place demands.
fn at_least(expr: &Expr, wanted: u8, f: &mut Formatter<'_>) -> fmt::Result {
    if strength(&expr.kind) >= wanted {
        return bare(expr, f);
    }
    f.write_char('(')?;
    bare(expr, f)?;
    f.write_char(')')
}

fn bare(expr: &Expr, f: &mut Formatter<'_>) -> fmt::Result {
    let own = strength(&expr.kind);
    match &expr.kind {
        Kind::Null => f.write_str("null"),
        Kind::Boolean(value) => write!(f, "{value}"),
        Kind::Number(number) => write!(f, "{number}"),
        Kind::Text(text) => quoted(text, f),
        Kind::Name(name) => f.write_str(name),
        Kind::List(items) => listed("[", items, "]", f),
        Kind::Context(entries) => context(entries, f),
        Kind::Path(base, name) => {
            at_least(base, own, f)?;
            write!(f, ".{name}")
        }
        Kind::Filter(base, filter) => {
            at_least(base, own, f)?;
            f.write_char('[')?;
            at_least(filter, 0, f)?;
            f.write_char(']')
        }
        Kind::Negate(operand) => {
            f.write_char('-')?;
            at_least(operand, own, f)
        }
        Kind::Arithmetic(operator, left, right) => {
            at_least(left, own, f)?;
            write!(f, " {} ", operator.sign())?;
            at_least(right, own + 1, f)
        }
        Kind::Compare(comparison, left, right) => {
            at_least(left, 4, f)?;
            write!(f, " {} ", comparison.sign())?;
            at_least(right, 4, f)
        }
        Kind::And(operands) => chained(operands, " and ", own, f),
        Kind::Or(operands) => chained(operands, " or ", own, f),
        Kind::Between(value, low, high) => {
            at_least(value, 4, f)?;
            f.write_str(" between ")?;
            at_least(low, 4, f)?;
            f.write_str(" and ")?;
            at_least(high, 4, f)
        }
        Kind::In(value, tests) => {
            at_least(value, 4, f)?;
            f.write_str(" in ")?;
            self::tests(tests, f)
        }
        Kind::If(condition, yes, no) => {
            f.write_str("if ")?;
            at_least(condition, 0, f)?;
            f.write_str(" then ")?;
            at_least(yes, 0, f)?;
            f.write_str(" else ")?;
            at_least(no, 0, f)
        }
        Kind::For(bindings, body) => bound("for", bindings, "return", body, f),
        Kind::Some(bindings, body) => bound("some", bindings, "satisfies", body, f),
        Kind::Every(bindings, body) => bound("every", bindings, "satisfies", body, f),
        Kind::Call(function, arguments) => {
            f.write_str(function.name())?;
            listed("(", arguments, ")", f)
        }
    }
}

fn chained(operands: &[Expr], word: &str, own: u8, f: &mut Formatter<'_>) -> fmt::Result {
    for (place, operand) in operands.iter().enumerate() {
        if place > 0 {
            f.write_str(word)?;
        }
        at_least(operand, own + 1, f)?;
    }
    Ok(())
}

fn listed(open: &str, items: &[Expr], close: &str, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str(open)?;
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            f.write_str(", ")?;
        }
        at_least(item, 0, f)?;
    }
    f.write_str(close)
}

fn context(entries: &[(String, Expr)], f: &mut Formatter<'_>) -> fmt::Result {
    f.write_char('{')?;
    for (place, (key, value)) in entries.iter().enumerate() {
        if place > 0 {
            f.write_str(", ")?;
        }
        key_of_context(key, f)?;
        f.write_str(": ")?;
        at_least(value, 0, f)?;
    }
    f.write_char('}')
}

fn tests(tests: &[Test], f: &mut Formatter<'_>) -> fmt::Result {
    if let [range @ Test::Range(_)] = tests {
        return test(range, f);
    }
    f.write_char('(')?;
    for (place, alternative) in tests.iter().enumerate() {
        if place > 0 {
            f.write_str(", ")?;
        }
        test(alternative, f)?;
    }
    f.write_char(')')
}

fn test(test: &Test, f: &mut Formatter<'_>) -> fmt::Result {
    match test {
        Test::Compare(comparison, value) => {
            write!(f, "{} ", comparison.sign())?;
            at_least(value, 4, f)
        }
        Test::Value(value) => at_least(value, 0, f),
        Test::Range(range) => {
            f.write_char(if range.includes_low { '[' } else { '(' })?;
            at_least(&range.low, 4, f)?;
            f.write_str("..")?;
            at_least(&range.high, 4, f)?;
            f.write_char(if range.includes_high { ']' } else { ')' })
        }
    }
}

fn bound(first: &str, bindings: &[Binding], before_body: &str, body: &Expr, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str(first)?;
    for (place, binding) in bindings.iter().enumerate() {
        write!(f, "{} {} in ", if place > 0 { "," } else { "" }, binding.name)?;
        match &binding.domain {
            Domain::List(list) => at_least(list, 4, f)?,
            Domain::Steps(first, last) => {
                at_least(first, 4, f)?;
                f.write_str("..")?;
                at_least(last, 4, f)?;
            }
        }
    }
    write!(f, " {before_body} ")?;
    at_least(body, 0, f)
}

/// A key of a context: bare if it reads as a name, else quoted.
pub(super) fn key_of_context(key: &str, f: &mut Formatter<'_>) -> fmt::Result {
    let mut letters = key.chars();
    let starts = letters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_');
    if starts && letters.all(|next| next.is_alphanumeric() || next == '_') {
        f.write_str(key)
    } else {
        quoted(key, f)
    }
}

/// A text literal.
pub(super) fn quoted(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for letter in text.chars() {
        match letter {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}
