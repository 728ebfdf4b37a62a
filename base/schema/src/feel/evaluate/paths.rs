//! Names, paths, filters: how an expression reaches a value.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Done, Evaluator, Local, PARTS_A_STEP};
use crate::feel::syntax::{Expr, Kind, Place};
use crate::feel::{Value, operate};

impl Evaluator<'_> {
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

    pub(super) fn name(&mut self, place: Place, name: &str) -> Done {
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

    pub(super) fn path(&mut self, whole: &Expr, base: &Expr, name: &str) -> Done {
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
    pub(super) fn filter(&mut self, place: Place, base: &Expr, filter: &Expr) -> Done {
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
        if items.is_empty() {
            // Nothing to test, but an index must still be told from a condition.
            let notes = self.notes.len();
            if let Value::Number(number) = self.with_item(&Value::Null, filter)? {
                index = Some(number);
            }
            self.notes.truncate(notes);
        }
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

    fn item_at(&mut self, place: Place, items: &[Value], number: Decimal) -> Done {
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
}
