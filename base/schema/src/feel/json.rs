//! Values and JSON.

use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::Value;

impl From<&Json> for Value {
    /// JSON text stays text (use `date(…)` in the expression). Numbers are taken by their digits; a number that no decimal
    /// holds is `null`.
    fn from(json: &Json) -> Self {
        match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Boolean(*value),
            Json::Number(number) => {
                let digits = number.to_string();
                let decimal = digits.parse::<Decimal>().or_else(|_| Decimal::from_scientific(&digits));
                decimal.map_or(Value::Null, Value::Number)
            }
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(items) => Value::List(items.iter().map(Value::from).collect()),
            Json::Object(entries) => {
                Value::Context(entries.iter().map(|(key, value)| (key.clone(), value.into())).collect())
            }
        }
    }
}

impl From<Json> for Value {
    fn from(json: Json) -> Self {
        Value::from(&json)
    }
}

impl From<&Value> for Json {
    /// Dates, moments and durations become their ISO 8601 text; a number that a JSON double cannot hold exactly becomes text.
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Json::Null,
            Value::Boolean(value) => Json::Bool(*value),
            Value::Number(number) => crate::exact_json_number(*number),
            Value::Text(text) => Json::String(text.clone()),
            Value::Date(_) | Value::DateTime(_) | Value::DaysAndTime(_) | Value::YearsAndMonths(_) => {
                Json::String(value.to_string())
            }
            Value::List(items) => Json::Array(items.iter().map(Json::from).collect()),
            Value::Context(entries) => {
                Json::Object(entries.iter().map(|(key, value)| (key.clone(), value.into())).collect())
            }
        }
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Json::from(&value)
    }
}
