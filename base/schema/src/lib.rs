#![doc = include_str!("../README.md")]

mod document;
mod envelope;
pub mod feel;
pub mod field;
mod map;
mod nearest;
mod node;
mod problem;
mod texts;

pub use document::{DEEPEST_NESTING, Document, LARGEST_FILE_BYTES};
pub use envelope::{Envelope, FileName, envelope};
pub use map::Map;
pub use nearest::nearest;
pub use node::{Node, is_key};
pub use problem::{Position, Problem, Problems};
pub use texts::{PlaceholderError, Text, Texts, fill, placeholders};

use rust_decimal::Decimal;

/// A decimal as JSON: a number if a reader with double precision gets exactly the same decimal back, else its text.
pub(crate) fn exact_json_number(number: Decimal) -> serde_json::Value {
    let number = number.normalize();
    if let Ok(whole) = i64::try_from(number)
        && number.is_integer()
    {
        return whole.into();
    }
    let text = number.to_string();
    let double: Option<f64> = text.parse().ok();
    match double.and_then(serde_json::Number::from_f64) {
        Some(json) if json.to_string().parse::<Decimal>().is_ok_and(|back| back == number) => json.into(),
        _ => text.into(),
    }
}
