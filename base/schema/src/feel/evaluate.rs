//! The evaluator: a walk over the tree with a budget.

use std::collections::BTreeMap;

use rust_decimal::prelude::ToPrimitive;

use super::function::Function;
use super::operate::{self, Outcome};
use super::syntax::{Binding, Comparison, Domain, Expr, Kind, Place, Range, Test};
use super::{Evaluation, FeelError, LONGEST_LIST, MOST_STEPS, Note, Scope, Value, call};

const MOST_NOTES: usize = 50;
/// So many parts of a copied value cost one step.
const PARTS_A_STEP: usize = 64;

/// Names that the expression itself brings, innermost last.
enum Local {
    /// A loop variable, or `item` of a filter.
    Name(String, Value),
    /// The keys of the item of a filter, or the entries so far of a context literal.
    Keys(BTreeMap<String, Value>),
}

struct Evaluator<'s> {
    scope: &'s Scope,
    locals: Vec<Local>,
    notes: Vec<Note>,
    steps: usize,
}

type Done<T = Value> = Result<T, FeelError>;

pub(super) fn evaluate(root: &Expr, scope: &Scope) -> Result<Evaluation, FeelError> {
    let mut evaluator = Evaluator {
        scope,
        locals: Vec::new(),
        notes: Vec::new(),
        steps: 0,
    };
    let value = evaluator.value(root)?;
    Ok(Evaluation {
        value,
        notes: evaluator.notes,
    })
}

impl Evaluator<'_> {
    fn charge(&mut self, place: Place, steps: usize) -> Done<()> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > MOST_STEPS {
            return Err(place.error(format!("the evaluation needs more than {MOST_STEPS} steps")));
        }
        Ok(())
    }

    /// Charges for a value that was built or copied.
    fn admit(&mut self, place: Place, value: Value) -> Done {
        if let Value::List(items) = &value
            && items.len() > LONGEST_LIST
        {
            return Err(place.error(format!("a list has more than {LONGEST_LIST} items")));
        }
        self.charge(place, value.weight() / PARTS_A_STEP)?;
        Ok(value)
    }

    fn note(&mut self, place: Place, message: impl Into<String>) {
        if self.notes.len() < MOST_NOTES {
            self.notes.push(place.note(message));
        }
    }

    fn noted(&mut self, place: Place, outcome: Outcome) -> Value {
        outcome.unwrap_or_else(|reason| {
            self.note(place, reason);
            Value::Null
        })
    }

    fn value(&mut self, expr: &Expr) -> Done {
        self.charge(expr.place, 1)?;
        let place = expr.place;
        match &expr.kind {
            Kind::Null => Ok(Value::Null),
            Kind::Boolean(value) => Ok(Value::Boolean(*value)),
            Kind::Number(number) => Ok(Value::Number(*number)),
            Kind::Text(text) => self.admit(place, Value::Text(text.clone())),
            Kind::Name(name) => self.name(place, name),
            Kind::List(items) => self.list(place, items),
            Kind::Context(entries) => self.context(place, entries),
            Kind::Path(base, name) => self.path(expr, base, name),
            Kind::Filter(base, filter) => self.filter(place, base, filter),
            Kind::Negate(operand) => {
                let operand = self.value(operand)?;
                Ok(self.noted(place, operate::negate(&operand)))
            }
            Kind::Arithmetic(operator, left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                let result = self.noted(place, operate::arithmetic(*operator, &left, &right));
                self.admit(place, result)
            }
            Kind::Compare(comparison, left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                self.compare(place, *comparison, &left, &right)
            }
            Kind::And(operands) => self.connected(operands, false),
            Kind::Or(operands) => self.connected(operands, true),
            Kind::Between(value, low, high) => {
                let (value, low, high) = (self.value(value)?, self.value(low)?, self.value(high)?);
                let above = self.compare(place, Comparison::GreaterOrEqual, &value, &low)?;
                let below = self.compare(place, Comparison::LessOrEqual, &value, &high)?;
                Ok(both(above, below))
            }
            Kind::In(value, tests) => self.within(place, value, tests),
            Kind::If(condition, yes, no) => {
                let chosen = match self.value(condition)? {
                    Value::Boolean(true) => yes,
                    Value::Boolean(false) | Value::Null => no,
                    other => {
                        self.note(
                            condition.place,
                            format!("the condition is {}, not a boolean", other.described()),
                        );
                        no
                    }
                };
                self.value(chosen)
            }
            Kind::For(bindings, body) => {
                let mut results = Vec::new();
                let walked = self.walk(bindings, &mut |evaluator| {
                    let result = evaluator.value(body)?;
                    results.push(result);
                    if results.len() > LONGEST_LIST {
                        return Err(body.place.error(format!("a list has more than {LONGEST_LIST} items")));
                    }
                    Ok(true)
                })?;
                if walked {
                    self.admit(place, Value::List(results))
                } else {
                    Ok(Value::Null)
                }
            }
            Kind::Some(bindings, body) => self.quantified(bindings, body, true),
            Kind::Every(bindings, body) => self.quantified(bindings, body, false),
            Kind::Call(function, arguments) => self.call(place, *function, arguments),
        }
    }

    /// A name from the inside out.
    fn found(&self, name: &str) -> Option<&Value> {
        for local in self.locals.iter().rev() {
            match local {
                Local::Name(bound, value) if bound == name => return Some(value),
                Local::Keys(keys) => {
                    if let Some(value) = keys.get(name) {
                        return Some(value);
                    }
                }
                Local::Name(..) => {}
            }
        }
        self.scope.get(name)
    }

    /// A name or a path through contexts, without copying on the way.
    fn reached(&self, expr: &Expr) -> Option<&Value> {
        match &expr.kind {
            Kind::Name(name) => self.found(name),
            Kind::Path(base, name) => match self.reached(base)? {
                Value::Context(entries) => entries.get(name),
                _ => None,
            },
            _ => None,
        }
    }

    fn name(&mut self, place: Place, name: &str) -> Done {
        match self.found(name).map(Value::weight) {
            Some(weight) => {
                self.charge(place, weight / PARTS_A_STEP)?;
                Ok(self.found(name).cloned().unwrap_or_default())
            }
            None => {
                self.note(place, format!("there is no '{name}'"));
                Ok(Value::Null)
            }
        }
    }

    fn list(&mut self, place: Place, items: &[Expr]) -> Done {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            values.push(self.value(item)?);
        }
        self.admit(place, Value::List(values))
    }

    /// Later entries may read earlier ones.
    fn context(&mut self, place: Place, entries: &[(String, Expr)]) -> Done {
        self.locals.push(Local::Keys(BTreeMap::new()));
        for (key, expr) in entries {
            let value = self.value(expr)?;
            if let Some(Local::Keys(keys)) = self.locals.last_mut() {
                keys.insert(key.clone(), value);
            }
        }
        match self.locals.pop() {
            Some(Local::Keys(keys)) => self.admit(place, Value::Context(keys)),
            _ => Ok(Value::Null),
        }
    }

    fn path(&mut self, whole: &Expr, base: &Expr, name: &str) -> Done {
        if let Some(weight) = self.reached(whole).map(Value::weight) {
            self.charge(whole.place, weight / PARTS_A_STEP)?;
            return Ok(self.reached(whole).cloned().unwrap_or_default());
        }
        let base = self.value(base)?;
        self.member(whole.place, &base, name)
    }

    fn member(&mut self, place: Place, base: &Value, name: &str) -> Done {
        match base {
            Value::Null => Ok(Value::Null),
            Value::Context(entries) => match entries.get(name) {
                Some(value) => self.admit(place, value.clone()),
                None => {
                    self.note(place, format!("there is no '{name}'"));
                    Ok(Value::Null)
                }
            },
            // The path of a list is the list of the paths.
            Value::List(items) => {
                self.charge(place, items.len())?;
                let mut members = Vec::with_capacity(items.len());
                for item in items {
                    members.push(match item {
                        Value::List(_) => Value::Null,
                        item => self.member(place, item, name)?,
                    });
                }
                self.admit(place, Value::List(members))
            }
            other => Ok(self.noted(place, operate::property(other, name))),
        }
    }

    /// `list[2]`, `list[-1]`, `list[condition]`. What is no list counts as a list of one.
    fn filter(&mut self, place: Place, base: &Expr, filter: &Expr) -> Done {
        let items = match self.value(base)? {
            Value::List(items) => items,
            Value::Null => {
                self.note(place, "null has no items");
                return Ok(Value::Null);
            }
            single => vec![single],
        };
        let mut kept = Vec::new();
        let mut index = None;
        for item in &items {
            match self.with_item(item, filter)? {
                Value::Boolean(true) => kept.push(item.clone()),
                Value::Number(number) => {
                    index = Some(number);
                    break;
                }
                _ => {}
            }
        }
        if let Some(number) = index {
            return self.item_at(place, &items, number);
        }
        self.admit(place, Value::List(kept))
    }

    fn with_item(&mut self, item: &Value, filter: &Expr) -> Done {
        self.charge(filter.place, item.weight() / PARTS_A_STEP)?;
        let outside = self.locals.len();
        self.locals.push(Local::Name("item".to_owned(), item.clone()));
        if let Value::Context(entries) = item {
            self.locals.push(Local::Keys(entries.clone()));
        }
        let result = self.value(filter)?;
        self.locals.truncate(outside);
        Ok(result)
    }

    fn item_at(&mut self, place: Place, items: &[Value], number: rust_decimal::Decimal) -> Done {
        let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let position = match number.to_i64().filter(|_| number.is_integer()) {
            Some(index) if index > 0 => usize::try_from(index - 1).ok(),
            Some(index) if index < 0 => usize::try_from(count.saturating_add(index)).ok(),
            _ => None,
        };
        match position.and_then(|position| items.get(position)) {
            Some(item) => self.admit(place, item.clone()),
            None => {
                self.note(
                    place,
                    format!("there is no item {}: the list has {count}", number.normalize()),
                );
                Ok(Value::Null)
            }
        }
    }

    fn compare(&mut self, place: Place, comparison: Comparison, left: &Value, right: &Value) -> Done {
        self.charge(place, left.weight().min(right.weight()) / PARTS_A_STEP)?;
        Ok(self.noted(place, operate::compare(comparison, left, right)))
    }

    /// `and` (`decisive` false) or `or` (`decisive` true) with three values. Stops at the decisive one.
    fn connected(&mut self, operands: &[Expr], decisive: bool) -> Done {
        let mut unknown = false;
        for operand in operands {
            match self.value(operand)? {
                Value::Boolean(value) if value == decisive => return Ok(Value::Boolean(decisive)),
                Value::Boolean(_) => {}
                Value::Null => unknown = true,
                other => {
                    self.note(operand.place, format!("{} is not a boolean", other.described()));
                    unknown = true;
                }
            }
        }
        Ok(if unknown {
            Value::Null
        } else {
            Value::Boolean(!decisive)
        })
    }

    /// True if one test holds; else unknown if one is unknown.
    fn within(&mut self, place: Place, value: &Expr, tests: &[Test]) -> Done {
        let value = self.value(value)?;
        let mut unknown = false;
        for test in tests {
            match self.test(place, &value, test)? {
                Value::Boolean(true) => return Ok(Value::Boolean(true)),
                Value::Boolean(false) => {}
                _ => unknown = true,
            }
        }
        Ok(if unknown { Value::Null } else { Value::Boolean(false) })
    }

    fn test(&mut self, place: Place, value: &Value, test: &Test) -> Done {
        match test {
            Test::Compare(comparison, other) => {
                let other = self.value(other)?;
                self.compare(place, *comparison, value, &other)
            }
            Test::Range(range) => self.in_range(place, value, range),
            Test::Value(other) => match self.value(other)? {
                Value::List(items) if !matches!(value, Value::List(_)) => {
                    self.charge(place, items.len() / PARTS_A_STEP)?;
                    Ok(Value::Boolean(call::holds(&items, value)))
                }
                other => self.compare(place, Comparison::Equal, value, &other),
            },
        }
    }

    fn in_range(&mut self, place: Place, value: &Value, range: &Range) -> Done {
        let (low, high) = (self.value(&range.low)?, self.value(&range.high)?);
        let above = if range.includes_low {
            Comparison::GreaterOrEqual
        } else {
            Comparison::Greater
        };
        let below = if range.includes_high {
            Comparison::LessOrEqual
        } else {
            Comparison::Less
        };
        let above = self.compare(place, above, value, &low)?;
        let below = self.compare(place, below, value, &high)?;
        Ok(both(above, below))
    }

    fn quantified(&mut self, bindings: &[Binding], body: &Expr, decisive: bool) -> Done {
        let mut unknown = false;
        let mut decided = false;
        let walked = self.walk(bindings, &mut |evaluator| {
            match evaluator.value(body)? {
                Value::Boolean(value) if value == decisive => decided = true,
                Value::Boolean(_) => {}
                _ => unknown = true,
            }
            Ok(!decided)
        })?;
        Ok(match (walked, decided, unknown) {
            (false, ..) => Value::Null,
            (_, true, _) => Value::Boolean(decisive),
            (_, _, true) => Value::Null,
            _ => Value::Boolean(!decisive),
        })
    }

    /// Runs `visit` for every combination of the bindings until it says stop. False: a domain is no list.
    fn walk(&mut self, bindings: &[Binding], visit: &mut dyn FnMut(&mut Self) -> Done<bool>) -> Done<bool> {
        let mut sound = true;
        self.step_into(bindings, &mut sound, visit)?;
        Ok(sound)
    }

    /// False: stop.
    fn step_into(
        &mut self,
        bindings: &[Binding],
        sound: &mut bool,
        visit: &mut dyn FnMut(&mut Self) -> Done<bool>,
    ) -> Done<bool> {
        let Some((binding, rest)) = bindings.split_first() else {
            return visit(self);
        };
        let Some(values) = self.domain(binding)? else {
            *sound = false;
            return Ok(false);
        };
        for value in values {
            self.locals.push(Local::Name(binding.name.clone(), value));
            let go_on = self.step_into(rest, sound, visit)?;
            self.locals.pop();
            if !go_on {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn domain(&mut self, binding: &Binding) -> Done<Option<Vec<Value>>> {
        match &binding.domain {
            Domain::List(expr) => match self.value(expr)? {
                Value::List(items) => Ok(Some(items)),
                Value::Null => {
                    self.note(expr.place, format!("'{}' runs over null", binding.name));
                    Ok(None)
                }
                single => Ok(Some(vec![single])),
            },
            Domain::Steps(first, last) => {
                let place = first.place;
                let (first, last) = (self.value(first)?, self.value(last)?);
                let whole = |value: &Value| match value {
                    Value::Number(number) if number.is_integer() => number.to_i64(),
                    _ => None,
                };
                let (Some(first), Some(last)) = (whole(&first), whole(&last)) else {
                    self.note(
                        place,
                        format!(
                            "'{}' runs between {} and {}, not whole numbers",
                            binding.name,
                            first.described(),
                            last.described()
                        ),
                    );
                    return Ok(None);
                };
                let length = first.abs_diff(last);
                if length >= LONGEST_LIST as u64 {
                    return Err(place.error(format!("a loop has more than {LONGEST_LIST} rounds")));
                }
                let numbers: Vec<Value> = if first <= last {
                    (first..=last).map(Value::from).collect()
                } else {
                    (last..=first).rev().map(Value::from).collect()
                };
                self.charge(place, numbers.len() / PARTS_A_STEP)?;
                Ok(Some(numbers))
            }
        }
    }

    fn call(&mut self, place: Place, function: Function, arguments: &[Expr]) -> Done {
        let notes = self.notes.len();
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.value(argument)?);
        }
        match function {
            // Asking whether a name is there is no reason for a note.
            Function::IsDefined => self.notes.truncate(notes),
            Function::DistinctValues => return self.distinct(place, values),
            _ => {}
        }
        let weight: usize = values.iter().map(Value::weight).sum();
        self.charge(place, weight / PARTS_A_STEP)?;
        let result = self.noted(place, call::call(function, &values, self.scope));
        self.admit(place, result)
    }

    /// Compares each with each, and pays for it.
    fn distinct(&mut self, place: Place, arguments: Vec<Value>) -> Done {
        let Some(Value::List(items)) = arguments.into_iter().next() else {
            self.note(place, "'distinct values' wants a list");
            return Ok(Value::Null);
        };
        let mut kept: Vec<Value> = Vec::new();
        for item in items {
            self.charge(place, (1 + kept.len()).saturating_mul(item.weight()) / PARTS_A_STEP)?;
            if !call::holds(&kept, &item) {
                kept.push(item);
            }
        }
        self.admit(place, Value::List(kept))
    }
}

/// Three-valued `and` of two results.
fn both(left: Value, right: Value) -> Value {
    match (left, right) {
        (Value::Boolean(false), _) | (_, Value::Boolean(false)) => Value::Boolean(false),
        (Value::Boolean(true), Value::Boolean(true)) => Value::Boolean(true),
        _ => Value::Null,
    }
}
