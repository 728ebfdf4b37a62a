//! `for`, `some`, `every`: rounds over lists and steps.

use rust_decimal::prelude::ToPrimitive;

use super::{Done, Evaluator, Local, PARTS_A_STEP};
use crate::feel::syntax::{Binding, Domain, Expr};
use crate::feel::{LONGEST_LIST, Value};

impl Evaluator<'_> {
    pub(super) fn quantified(&mut self, bindings: &[Binding], body: &Expr, decisive: bool) -> Done {
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
    pub(super) fn walk(&mut self, bindings: &[Binding], visit: &mut dyn FnMut(&mut Self) -> Done<bool>) -> Done<bool> {
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
}
