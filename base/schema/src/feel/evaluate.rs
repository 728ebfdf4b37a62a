//! The evaluator: a walk over the tree with a budget.

mod loops;
mod paths;

use std::collections::BTreeMap;

use super::function::Function;
use super::operate::{self, Outcome};
use super::syntax::{Comparison, Expr, Kind, Place, Range, Test};
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
