//! Conditions on flows, in FEEL.

use std::collections::BTreeSet;

use schema::feel::{Expression, Scope, Type, TypeScope, Value, infer};

/// When a flow is taken. Only `true` counts as yes; `null` is no.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    expression: Expression,
}

impl Condition {
    /// Parses a condition. White space around it and one `=` before it, which some modellers write, do not count.
    pub fn parse(source: &str) -> Result<Self, String> {
        let source = source.trim();
        let source = source.strip_prefix('=').unwrap_or(source).trim_start();
        if source.is_empty() {
            return Err("it is empty".to_owned());
        }
        Expression::parse(source)
            .map(|expression| Self { expression })
            .map_err(|error| error.to_string())
    }

    /// Whether it holds; an error if the evaluation ran out of its budget.
    pub fn holds(&self, scope: &Scope) -> Result<bool, String> {
        match self.expression.explain(scope) {
            Ok(evaluation) => Ok(evaluation.value == Value::Boolean(true)),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The paths that it reads, `outcomes.check`.
    pub fn names(&self) -> BTreeSet<String> {
        self.expression.names()
    }

    /// What does not fit together in it, and whether it can be true or false at all.
    pub fn check(&self, scope: &TypeScope) -> Result<(), String> {
        match infer(&self.expression, scope) {
            Ok(Type::Boolean | Type::Any) => Ok(()),
            Ok(other) => Err(format!("it gives {other}, not true or false")),
            Err(errors) => Err(errors
                .into_iter()
                .map(|error| error.to_string())
                .collect::<Vec<_>>()
                .join("; ")),
        }
    }
}
