//! The static check: do the names exist, do the types fit.

use std::collections::BTreeMap;
use std::fmt;

use super::function::{Function, Sort};
use super::syntax::{Arithmetic, Binding, Comparison, Domain, Expr, Kind, Place, Test};
use super::{Expression, FeelError};
use crate::nearest::nearest;

/// What the static check knows about a value. Every type includes `null`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// Not known.
    Any,
    /// True or false.
    Boolean,
    /// A decimal.
    Number,
    /// Characters.
    Text,
    /// A day.
    Date,
    /// A moment.
    DateTime,
    /// A duration of either kind.
    Duration,
    /// A list of one type.
    List(Box<Type>),
    /// A record: these keys and no others.
    Context(BTreeMap<String, Type>),
}

impl Type {
    /// A list of `item`.
    pub fn list(item: Type) -> Self {
        Type::List(Box::new(item))
    }

    /// A record of these keys.
    pub fn context<K: Into<String>>(entries: impl IntoIterator<Item = (K, Type)>) -> Self {
        Type::Context(entries.into_iter().map(|(key, kind)| (key.into(), kind)).collect())
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::Any => "anything",
            Type::Boolean => "a boolean",
            Type::Number => "a number",
            Type::Text => "a text",
            Type::Date => "a date",
            Type::DateTime => "a date and time",
            Type::Duration => "a duration",
            Type::List(_) => "a list",
            Type::Context(_) => "a context",
        })
    }
}

/// The names that an expression may read, with their types.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeScope {
    names: BTreeMap<String, Type>,
}

impl TypeScope {
    /// No names.
    pub fn new() -> Self {
        Self::default()
    }

    /// The scope with one more name.
    pub fn with(mut self, name: impl Into<String>, kind: Type) -> Self {
        self.set(name, kind);
        self
    }

    /// Sets a name.
    pub fn set(&mut self, name: impl Into<String>, kind: Type) {
        self.names.insert(name.into(), kind);
    }

    /// The type of a name.
    pub fn get(&self, name: &str) -> Option<&Type> {
        self.names.get(name)
    }
}

/// The type of an expression, or every unknown name and every pair of types that cannot work.
pub fn infer(expression: &Expression, scope: &TypeScope) -> Result<Type, Vec<FeelError>> {
    let mut check = Check {
        scope,
        locals: Vec::new(),
        errors: Vec::new(),
    };
    let kind = check.kind(&expression.root);
    if check.errors.is_empty() {
        Ok(kind)
    } else {
        Err(check.errors)
    }
}

struct Check<'s> {
    scope: &'s TypeScope,
    /// Innermost last.
    locals: Vec<(String, Type)>,
    errors: Vec<FeelError>,
}

impl Check<'_> {
    fn wrong(&mut self, place: Place, message: String) {
        self.errors.push(place.error(message));
    }

    fn kind(&mut self, expr: &Expr) -> Type {
        let place = expr.place;
        match &expr.kind {
            Kind::Null => Type::Any,
            Kind::Boolean(_) => Type::Boolean,
            Kind::Number(_) => Type::Number,
            Kind::Text(_) => Type::Text,
            Kind::Name(name) => self.name(place, name),
            Kind::List(items) => {
                let kinds: Vec<Type> = items.iter().map(|item| self.kind(item)).collect();
                Type::list(kinds.into_iter().reduce(common).unwrap_or(Type::Any))
            }
            Kind::Context(entries) => self.context(entries),
            Kind::Path(base, name) => {
                let base = self.kind(base);
                self.member(place, base, name)
            }
            Kind::Filter(base, filter) => self.filter(base, filter),
            Kind::Negate(operand) => match self.kind(operand) {
                kind @ (Type::Any | Type::Number | Type::Duration) => kind,
                other => {
                    self.wrong(place, format!("'-' does not work with {other}"));
                    Type::Any
                }
            },
            Kind::Arithmetic(operator, left, right) => {
                let (left, right) = (self.kind(left), self.kind(right));
                self.arithmetic(place, *operator, left, right)
            }
            Kind::Compare(comparison, left, right) => {
                let (left, right) = (self.kind(left), self.kind(right));
                self.compare(place, *comparison, &left, &right);
                Type::Boolean
            }
            Kind::And(operands) | Kind::Or(operands) => {
                for operand in operands {
                    self.boolean(operand);
                }
                Type::Boolean
            }
            Kind::Between(value, low, high) => {
                let value = self.kind(value);
                for limit in [low, high] {
                    let limit = self.kind(limit);
                    self.compare(place, Comparison::Less, &value, &limit);
                }
                Type::Boolean
            }
            Kind::In(value, tests) => {
                let value = self.kind(value);
                for test in tests {
                    self.test(place, &value, test);
                }
                Type::Boolean
            }
            Kind::If(condition, yes, no) => {
                self.boolean(condition);
                let (yes, no) = (self.kind(yes), self.kind(no));
                common(yes, no)
            }
            Kind::For(bindings, body) => Type::list(self.bound(bindings, |check| check.kind(body))),
            Kind::Some(bindings, body) | Kind::Every(bindings, body) => {
                self.bound(bindings, |check| check.boolean(body));
                Type::Boolean
            }
            Kind::Call(function, arguments) => self.call(*function, arguments),
        }
    }

    fn name(&mut self, place: Place, name: &str) -> Type {
        if let Some((_, kind)) = self.locals.iter().rev().find(|(local, _)| local == name) {
            return kind.clone();
        }
        if let Some(kind) = self.scope.get(name) {
            return kind.clone();
        }
        let known = self
            .scope
            .names
            .keys()
            .map(String::as_str)
            .chain(self.locals.iter().map(|(local, _)| local.as_str()));
        let hint = nearest(name, known)
            .map(|near| format!("; did you mean '{near}'?"))
            .unwrap_or_default();
        self.wrong(place, format!("there is no '{name}' here{hint}"));
        Type::Any
    }

    fn context(&mut self, entries: &[(String, Expr)]) -> Type {
        let outside = self.locals.len();
        let mut kinds = BTreeMap::new();
        for (key, value) in entries {
            let kind = self.kind(value);
            self.locals.push((key.clone(), kind.clone()));
            kinds.insert(key.clone(), kind);
        }
        self.locals.truncate(outside);
        Type::Context(kinds)
    }

    fn member(&mut self, place: Place, base: Type, name: &str) -> Type {
        match base {
            Type::Any => Type::Any,
            Type::List(item) => Type::list(self.member(place, *item, name)),
            Type::Context(entries) => match entries.get(name) {
                Some(kind) => kind.clone(),
                None => {
                    let hint = nearest(name, entries.keys().map(String::as_str))
                        .map(|near| format!("; did you mean '{near}'?"));
                    self.wrong(place, format!("there is no '{name}' here{}", hint.unwrap_or_default()));
                    Type::Any
                }
            },
            other => {
                let known: &[&str] = match other {
                    Type::Date => &["year", "month", "day", "weekday"],
                    Type::DateTime => &["year", "month", "day", "weekday", "hour", "minute", "second"],
                    Type::Duration => &["years", "months", "days", "hours", "minutes", "seconds"],
                    _ => &[],
                };
                if !known.contains(&name) {
                    self.wrong(place, format!("{other} has no '{name}'"));
                }
                Type::Number
            }
        }
    }

    fn filter(&mut self, base: &Expr, filter: &Expr) -> Type {
        let item = match self.kind(base) {
            Type::List(item) => *item,
            other => other,
        };
        let outside = self.locals.len();
        self.locals.push(("item".to_owned(), item.clone()));
        // Of an unknown item any bare name may be a key.
        let before = self.errors.len();
        if let Type::Context(entries) = &item {
            self.locals.extend(entries.clone());
        }
        let kind = self.kind(filter);
        if item == Type::Any {
            self.errors.truncate(before);
        }
        self.locals.truncate(outside);
        match kind {
            Type::Number => item,
            Type::Boolean => Type::list(item),
            Type::Any => Type::Any,
            other => {
                self.wrong(filter.place, format!("a filter is a number or a boolean, not {other}"));
                Type::Any
            }
        }
    }

    fn boolean(&mut self, expr: &Expr) {
        let kind = self.kind(expr);
        if !matches!(kind, Type::Any | Type::Boolean) {
            self.wrong(expr.place, format!("a boolean was expected, this is {kind}"));
        }
    }

    fn arithmetic(&mut self, place: Place, operator: Arithmetic, left: Type, right: Type) -> Type {
        use Arithmetic::{Add, Divide, Multiply, Power, Subtract};
        use Type::{Any, Date, DateTime, Duration, Number, Text};
        match (operator, &left, &right) {
            (Power, Number | Any, Number | Any) | (_, Number, Number) => Number,
            (_, Any, Any) => Any,
            (Add, Text, Text | Any) | (Add, Any, Text) => Text,
            (Add | Subtract, Duration, Duration) => Duration,
            (Add | Subtract, Date | DateTime, Duration) => left,
            (Add, Duration, Date | DateTime) => right,
            (Subtract, Date, Date) | (Subtract, DateTime, DateTime) => Duration,
            (Multiply, Duration, Number) | (Multiply, Number, Duration) | (Divide, Duration, Number) => Duration,
            (Divide, Duration, Duration) => Number,
            (_, Any, Number | Date | DateTime | Duration) | (_, Number | Date | DateTime | Duration, Any) => Any,
            _ => {
                self.wrong(
                    place,
                    format!("'{}' does not work with {left} and {right}", operator.sign()),
                );
                Any
            }
        }
    }

    fn compare(&mut self, place: Place, comparison: Comparison, left: &Type, right: &Type) {
        let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        let unordered = |kind: &Type| matches!(kind, Type::Boolean | Type::List(_) | Type::Context(_));
        if ordered && (unordered(left) || unordered(right)) {
            self.wrong(
                place,
                format!("'{}' does not work with {left} and {right}", comparison.sign()),
            );
        } else if !alike(left, right) {
            self.wrong(place, format!("{left} and {right} cannot be compared"));
        }
    }

    fn test(&mut self, place: Place, value: &Type, test: &Test) {
        match test {
            Test::Compare(comparison, other) => {
                let other = self.kind(other);
                self.compare(place, *comparison, value, &other);
            }
            Test::Range(range) => {
                for limit in [&range.low, &range.high] {
                    let limit = self.kind(limit);
                    self.compare(place, Comparison::Less, value, &limit);
                }
            }
            Test::Value(other) => match self.kind(other) {
                Type::List(item) if !matches!(value, Type::List(_)) => {
                    self.compare(place, Comparison::Equal, value, &item)
                }
                other => self.compare(place, Comparison::Equal, value, &other),
            },
        }
    }

    fn bound<T>(&mut self, bindings: &[Binding], body: impl FnOnce(&mut Self) -> T) -> T {
        let outside = self.locals.len();
        for binding in bindings {
            let kind = match &binding.domain {
                Domain::List(list) => match self.kind(list) {
                    Type::List(item) => *item,
                    other => other,
                },
                Domain::Steps(first, last) => {
                    for limit in [first, last] {
                        let kind = self.kind(limit);
                        if !alike(&kind, &Type::Number) {
                            self.wrong(limit.place, format!("a number was expected, this is {kind}"));
                        }
                    }
                    Type::Number
                }
            };
            self.locals.push((binding.name.clone(), kind));
        }
        let result = body(self);
        self.locals.truncate(outside);
        result
    }

    fn call(&mut self, function: Function, arguments: &[Expr]) -> Type {
        let before = self.errors.len();
        let mut kinds = Vec::with_capacity(arguments.len());
        for (place, argument) in arguments.iter().enumerate() {
            let kind = self.kind(argument);
            let wanted = of_sort(function.takes(place));
            if !alike(&kind, &wanted) {
                self.wrong(
                    argument.place,
                    format!("'{}' wants {wanted} here, this is {kind}", function.name()),
                );
            }
            kinds.push(kind);
        }
        match (function, kinds.as_slice()) {
            // Asking for a name that may be missing is what this function is for.
            (Function::IsDefined, _) => {
                self.errors.truncate(before);
                Type::Boolean
            }
            (Function::Abs, [kind]) => kind.clone(),
            (Function::Min | Function::Max, [Type::List(item)]) => (**item).clone(),
            (Function::Min | Function::Max, kinds) => kinds.iter().cloned().reduce(common).unwrap_or(Type::Any),
            (Function::Sum | Function::Mean, [Type::List(item)]) if **item != Type::Number => (**item).clone(),
            (Function::DistinctValues, [list @ Type::List(_)]) => list.clone(),
            (Function::Concatenate, kinds) => kinds.iter().cloned().reduce(common).unwrap_or(Type::Any),
            _ => of_sort(function.gives()),
        }
    }
}

/// May the two be the same type?
fn alike(left: &Type, right: &Type) -> bool {
    match (left, right) {
        (Type::Any, _) | (_, Type::Any) => true,
        (Type::List(left), Type::List(right)) => alike(left, right),
        (Type::Context(_), Type::Context(_)) => true,
        _ => left == right,
    }
}

/// The type of a value that is one or the other.
fn common(left: Type, right: Type) -> Type {
    if left == right { left } else { Type::Any }
}

fn of_sort(sort: Sort) -> Type {
    match sort {
        Sort::Any => Type::Any,
        Sort::Boolean => Type::Boolean,
        Sort::Number => Type::Number,
        Sort::Text => Type::Text,
        Sort::Date => Type::Date,
        Sort::DateTime => Type::DateTime,
        Sort::Duration => Type::Duration,
        Sort::List => Type::list(Type::Any),
    }
}
