//! Numbers, amounts and places on the map.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use schema::field::number;
use serde_json::{Value, json};

use super::words::Usual;
use crate::past::dice::Dice;
use registry::definition::Shape;

/// The finest step of a draw.
const FINE: i64 = 1_000_000;
/// Metres of one degree of latitude.
const DEGREE: f64 = 111_000.0;

/// A share between nothing and all.
fn share(dice: &mut Dice) -> f64 {
    dice.between(0, FINE) as f64 / FINE as f64
}

/// A figure between two usual ones, small ones as often as large ones of another order.
pub(super) fn between(dice: &mut Dice, from: f64, to: f64) -> f64 {
    let at = share(dice);
    if from > 0.0 && to / from > 20.0 {
        return from * (to / from).powf(at);
    }
    from + (to - from) * at
}

/// The limits of a figure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) decimals: u32,
}

impl Limits {
    pub(super) fn of(min: Option<Decimal>, max: Option<Decimal>, decimals: u32) -> Self {
        Self {
            min: min.and_then(|min| min.to_f64()),
            max: max.and_then(|max| max.to_f64()),
            decimals,
        }
    }

    /// Whether it is a year, by its limits.
    pub(super) fn is_year(&self) -> bool {
        self.min.is_some_and(|min| min >= 1_700.0) && self.max.is_some_and(|max| max >= 2_050.0)
    }

    /// A figure that fits, near the usual ones.
    pub(super) fn draw(&self, dice: &mut Dice, usual: Usual) -> f64 {
        let (from, to) = match (self.min, self.max) {
            // A scale is used from end to end.
            (Some(min), Some(max)) if max - min <= 30.0 && !usual.is_meant => (min, max),
            (min, max) => (
                min.map_or(usual.from, |min| min.max(usual.from)),
                max.map_or(usual.to, |max| max.min(usual.to)),
            ),
        };
        match from <= to {
            true => between(dice, from, to),
            false => between(dice, self.min.unwrap_or(to), self.max.unwrap_or(from)),
        }
    }

    /// The figure with as many places as are kept, within the limits.
    pub(super) fn fit(&self, figure: f64) -> Value {
        let figure = self.min.map_or(figure, |min| figure.max(min));
        let figure = self.max.map_or(figure, |max| figure.min(max));
        let scale = 10_f64.powi(self.decimals as i32);
        let whole = (figure * scale).round().clamp(-9e14, 9e14);
        number::to_json(Decimal::new(whole as i64, self.decimals).normalize())
    }
}

/// An amount as people set it: with few digits that count.
pub(super) fn round_amount(amount: f64) -> i64 {
    let size = amount.abs().max(1.0).log10().floor() as i32;
    let step = 10_f64.powi((size - 2).max(0));
    ((amount / step).round() * step) as i64
}

/// A figure of a value that is kept.
pub(super) fn figure(value: &Value) -> Option<f64> {
    value.as_f64()
}

/// A geometry within bounds: west, south, east, north.
pub(super) fn geometry(dice: &mut Dice, shape: Shape, bounds: [f64; 4]) -> Value {
    let [west, south, east, north] = bounds;
    let longitude = west + (east - west) * share(dice);
    let latitude = south + (north - south) * share(dice);
    match shape {
        Shape::Point => json!({ "type": "Point", "coordinates": position(longitude, latitude) }),
        Shape::Line => {
            let mut at = (longitude, latitude);
            let (right, up) = (share(dice) - 0.5, share(dice) - 0.5);
            let mut positions = vec![position(at.0, at.1)];
            for _ in 0..dice.between(2, 5) {
                let step = between(dice, 80.0, 600.0) / DEGREE;
                at.0 = (at.0 + right * step).clamp(west, east);
                at.1 = (at.1 + up * step).clamp(south, north);
                positions.push(position(at.0, at.1));
            }
            json!({ "type": "LineString", "coordinates": positions })
        }
        Shape::Polygon => {
            let (width, height) = (between(dice, 6.0, 90.0) / DEGREE, between(dice, 8.0, 120.0) / DEGREE);
            let lean = (share(dice) - 0.5) * width * 0.4;
            let ring = [
                position(longitude, latitude),
                position(longitude + width, latitude + lean),
                position(longitude + width - lean, latitude + height),
                position(longitude - lean, latitude + height - lean),
                position(longitude, latitude),
            ];
            json!({ "type": "Polygon", "coordinates": [ring] })
        }
    }
}

/// Six places: a tenth of a metre.
fn position(longitude: f64, latitude: f64) -> [f64; 2] {
    let short = |degrees: f64| (degrees * 1e6).round() / 1e6;
    [short(longitude), short(latitude)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_to_their_limits() {
        let mut dice = Dice::new(7);
        let rate = Limits {
            min: Some(0.0),
            max: Some(100.0),
            decimals: 1,
        };
        let year = Limits {
            min: Some(1990.0),
            max: Some(2100.0),
            decimals: 0,
        };
        for _ in 0..500 {
            let drawn = rate.draw(
                &mut dice,
                Usual {
                    from: 3.0,
                    to: 4000.0,
                    is_meant: true,
                },
            );
            assert!((3.0..=100.0).contains(&drawn), "{drawn}");
            // What is usual lies outside: the limits count.
            let drawn = year.draw(
                &mut dice,
                Usual {
                    from: 1.0,
                    to: 90.0,
                    is_meant: false,
                },
            );
            assert!((1990.0..=2100.0).contains(&drawn), "{drawn}");
        }
        assert_eq!(rate.fit(33.36), json!(33.4));
        assert_eq!(rate.fit(1e9), json!(100));
        assert_eq!(round_amount(123_456_789.0), 123_000_000);
        assert_eq!(round_amount(7.0), 7);
    }

    #[test]
    fn shapes_are_closed_and_lie_where_they_should() {
        let mut dice = Dice::new(7);
        let bounds = [105.4, 9.7, 105.5, 9.8];
        for shape in [Shape::Point, Shape::Line, Shape::Polygon] {
            let drawn = geometry(&mut dice, shape, bounds);
            let text = drawn.to_string();
            assert!(text.contains("105.") && text.contains("9.7"), "{text}");
            if shape == Shape::Polygon {
                let ring = drawn["coordinates"][0].as_array().unwrap();
                assert_eq!(ring.first(), ring.last());
            }
        }
    }
}
