//! Where something lies, drawn by the server from its own coordinates: no tiles of others, nothing that learns what is looked at.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::numbers::{self, coordinate};
use crate::words::Words;

/// Of the drawing, in its own units.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 320.0;
const MARGIN: f64 = 28.0;
/// What lies nearer is one point of the drawing.
const NEAR: f64 = 0.2;
/// A single point stands in so much ground, in degrees: about a kilometre to each side.
const AROUND: f64 = 0.01;
const METRES_OF_DEGREE: f64 = 111_320.0;
/// Coordinates that are listed beside the drawing.
const MOST_LISTED: usize = 200;

/// Parts of a geometry: each a row of positions, longitude first.
struct Geometry {
    parts: Vec<Vec<(f64, f64)>>,
    is_point: bool,
    is_closed: bool,
}

impl Geometry {
    fn of(value: &Value) -> Option<Self> {
        let coordinates = &value["coordinates"];
        let one = |value: &Value| -> Option<(f64, f64)> { Some((value[0].as_f64()?, value[1].as_f64()?)) };
        let row =
            |value: &Value| -> Vec<(f64, f64)> { value.as_array().into_iter().flatten().filter_map(one).collect() };
        let rows =
            |value: &Value| -> Vec<Vec<(f64, f64)>> { value.as_array().into_iter().flatten().map(row).collect() };
        let (parts, is_point, is_closed) = match value["type"].as_str()? {
            "Point" => (vec![vec![one(coordinates)?]], true, false),
            "LineString" => (vec![row(coordinates)], false, false),
            "MultiLineString" => (rows(coordinates), false, false),
            "Polygon" => (rows(coordinates), false, true),
            "MultiPolygon" => {
                let parts = coordinates.as_array()?.iter().flat_map(rows).collect();
                (parts, false, true)
            }
            _ => return None,
        };
        parts.iter().any(|part: &Vec<_>| !part.is_empty()).then_some(Self {
            parts,
            is_point,
            is_closed,
        })
    }

    /// Those that somebody would count: an outline ends where it begins.
    fn corners(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.parts.iter().flat_map(|part| {
            let closes = self.is_closed && part.len() > 1 && part.first() == part.last();
            part[..part.len() - usize::from(closes)].iter().copied()
        })
    }

    fn positions(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.parts.iter().flatten().copied()
    }

    /// West, south, east, north.
    fn bounds(&self) -> (f64, f64, f64, f64) {
        let start = (f64::MAX, f64::MAX, f64::MIN, f64::MIN);
        self.positions().fold(start, |(west, south, east, north), (x, y)| {
            (west.min(x), south.min(y), east.max(x), north.max(y))
        })
    }

    /// In metres, along all parts.
    fn length(&self) -> f64 {
        let step = |pair: &[(f64, f64)]| {
            let narrow = ((pair[0].1 + pair[1].1) / 2.0).to_radians().cos();
            let (x, y) = ((pair[1].0 - pair[0].0) * narrow, pair[1].1 - pair[0].1);
            x.hypot(y) * METRES_OF_DEGREE
        };
        self.parts.iter().flat_map(|part| part.windows(2)).map(step).sum()
    }

    /// In square metres; rings that run the other way round are holes (RFC 7946).
    fn area(&self) -> f64 {
        let (_, south, _, north) = self.bounds();
        let narrow = ((south + north) / 2.0).to_radians().cos();
        let ring = |part: &Vec<(f64, f64)>| -> f64 {
            let twice: f64 = part
                .windows(2)
                .map(|pair| pair[0].0 * pair[1].1 - pair[1].0 * pair[0].1)
                .sum();
            twice / 2.0 * narrow * METRES_OF_DEGREE * METRES_OF_DEGREE
        };
        self.parts.iter().map(ring).sum::<f64>().abs()
    }
}

/// Latitude first, as people and their telephones write it.
fn pair((longitude, latitude): (f64, f64)) -> String {
    format!("{}; {}", coordinate(latitude), coordinate(longitude))
}

/// In one line of text.
pub(super) fn line(words: &Words, value: &Value) -> String {
    let Some(geometry) = Geometry::of(value) else {
        return String::new();
    };
    if geometry.is_point {
        return geometry.positions().next().map(pair).unwrap_or_default();
    }
    let count = geometry.corners().count();
    let size = match geometry.is_closed {
        true => {
            let hectares = geometry.area() / 10_000.0;
            numbers::shown(words, &json!((hectares * 100.0).round() / 100.0), Some("ha"))
        }
        false => {
            let kilometres = geometry.length() / 1_000.0;
            numbers::shown(words, &json!((kilometres * 100.0).round() / 100.0), Some("km"))
        }
    };
    let key = if geometry.is_closed {
        "registers.map.polygon"
    } else {
        "registers.map.line"
    };
    words.say(key, [("count", count.to_string()), ("size", size)])
}

/// As the page of a record shows it: the drawing, what it is in words, its coordinates.
pub(super) fn drawn(words: &Words, label: &str, value: &Value) -> Value {
    let Some(geometry) = Geometry::of(value) else {
        return json!({ "kind": "text", "text": "" });
    };
    let said = line(words, value);
    let count = geometry.corners().count();
    let listed: Vec<String> = match geometry.is_point {
        true => Vec::new(),
        false => geometry.corners().take(MOST_LISTED).map(pair).collect(),
    };
    let title = words.say(
        "registers.map.title",
        [("name", label.to_owned()), ("what", said.clone())],
    );
    json!({
        "kind": "map", "text": said, "svg": svg(&geometry), "title": title, "positions": listed,
        "more": count.saturating_sub(MOST_LISTED), "geo": geo(&geometry), "north": words.say("registers.map.north", []), "count": count,
    })
}

/// Its middle as an address that maps of telephones open (RFC 5870): where to look is told to nobody but the reader's own program.
fn geo(geometry: &Geometry) -> String {
    let (west, south, east, north) = geometry.bounds();
    format!("geo:{:.6},{:.6}", (south + north) / 2.0, (west + east) / 2.0)
}

/// From degrees to the drawing.
struct Scale {
    west: f64,
    north: f64,
    narrow: f64,
    factor: f64,
    left: f64,
    top: f64,
}

impl Scale {
    fn of(geometry: &Geometry) -> Self {
        let (mut west, mut south, mut east, mut north) = geometry.bounds();
        if geometry.is_point {
            (west, south, east, north) = (west - AROUND, south - AROUND, east + AROUND, north + AROUND);
        }
        let narrow = ((south + north) / 2.0).to_radians().cos().max(0.01);
        let wide = ((east - west) * narrow).max(1e-6);
        let high = (north - south).max(1e-6);
        let factor = ((WIDTH - 2.0 * MARGIN) / wide).min((HEIGHT - 2.0 * MARGIN) / high);
        Self {
            west,
            north,
            narrow,
            factor,
            left: (WIDTH - wide * factor) / 2.0,
            top: (HEIGHT - high * factor) / 2.0,
        }
    }

    fn place(&self, (longitude, latitude): (f64, f64)) -> (f64, f64) {
        let x = self.left + (longitude - self.west) * self.narrow * self.factor;
        (x, self.top + (self.north - latitude) * self.factor)
    }

    /// A round number of metres, and how long it is in the drawing.
    fn bar(&self) -> (f64, f64) {
        let unit = self.factor / METRES_OF_DEGREE;
        let most = WIDTH / 4.0 / unit;
        let ten = 10_f64.powf(most.log10().floor());
        let round = [5.0, 2.0, 1.0]
            .into_iter()
            .map(|times| times * ten)
            .find(|metres| *metres <= most);
        let metres = round.unwrap_or(ten);
        (metres, metres * unit)
    }
}

/// The drawing: numbers only, nothing that anybody typed.
fn svg(geometry: &Geometry) -> String {
    let scale = Scale::of(geometry);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" aria-hidden=\"true\" focusable=\"false\">\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" class=\"nb-map__ground\"/>"
    );
    if geometry.is_point {
        let (x, y) = scale.place(geometry.parts[0][0]);
        let _ = write!(
            svg,
            "<path class=\"nb-map__cross\" d=\"M{x:.1} 0V{HEIGHT}M0 {y:.1}H{WIDTH}\"/><circle class=\"nb-map__point\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"9\"/>"
        );
    } else {
        let mut path = String::new();
        for part in &geometry.parts {
            draw(&mut path, &scale, part, geometry.is_closed);
        }
        let class = if geometry.is_closed {
            "nb-map__shape"
        } else {
            "nb-map__line"
        };
        let _ = write!(svg, "<path class=\"{class}\" fill-rule=\"evenodd\" d=\"{path}\"/>");
    }
    let (metres, length) = scale.bar();
    let (number, unit) = match metres >= 1_000.0 {
        true => (metres / 1_000.0, "km"),
        false => (metres, "m"),
    };
    let right = 12.0 + length;
    let _ = write!(
        svg,
        "<path class=\"nb-map__bar\" d=\"M12 {y0}V{y1}H{right:.1}V{y0}\"/><text x=\"16\" y=\"{y2}\">{number} {unit}</text></svg>",
        y0 = HEIGHT - 18.0,
        y1 = HEIGHT - 12.0,
        y2 = HEIGHT - 20.0,
    );
    svg
}

fn draw(path: &mut String, scale: &Scale, part: &[(f64, f64)], closed: bool) {
    let mut last: Option<(f64, f64)> = None;
    for (place, position) in part.iter().enumerate() {
        let (x, y) = scale.place(*position);
        let near = last.is_some_and(|(a, b)| (x - a).abs() < NEAR && (y - b).abs() < NEAR);
        if near && place + 1 < part.len() {
            continue;
        }
        let step = if last.is_none() { 'M' } else { 'L' };
        let _ = write!(path, "{step}{x:.1} {y:.1}");
        last = Some((x, y));
    }
    if closed && last.is_some() {
        path.push('Z');
    }
}

/// What was typed as a line or an outline: one position a line, latitude first; a closed outline need not say its first position again. As
/// GeoJSON where it can be read.
pub(super) fn typed(text: &str, closed: bool) -> Option<Value> {
    let mut positions = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (latitude, longitude) = line.split_once(';')?;
        let number = |text: &str| text.trim().replace(',', ".").parse::<f64>().ok();
        positions.push(json!([number(longitude)?, number(latitude)?]));
    }
    if closed {
        if positions.first() != positions.last() {
            positions.push(positions.first()?.clone());
        }
        return Some(json!({ "type": "Polygon", "coordinates": [positions] }));
    }
    Some(json!({ "type": "LineString", "coordinates": positions }))
}

/// A geometry as it is typed: a point in a line, one line or outline as a position a line, anything else as GeoJSON.
pub(super) fn to_type(value: &Value) -> String {
    let rows = match value["type"].as_str() {
        Some("Point") => {
            return Geometry::of(value)
                .and_then(|own| own.positions().next())
                .map(pair)
                .unwrap_or_default();
        }
        Some("LineString") => Geometry::of(value).map(|own| own.parts[0].clone()),
        Some("Polygon") => Geometry::of(value).filter(|own| own.parts.len() == 1).map(|own| {
            let ring = &own.parts[0];
            ring[..ring.len().saturating_sub(1)].to_vec()
        }),
        _ => None,
    };
    // What has a height, or more places than are typed, stays whole.
    let text = rows.map(|rows| rows.into_iter().map(pair).collect::<Vec<_>>().join("\n"));
    let closed = value["type"] == "Polygon";
    match text.filter(|text| typed(text, closed).as_ref() == Some(value)) {
        Some(text) => text,
        None => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_comes_back_as_it_was() {
        let outline = "9,8; 105,4\n9,8; 105,5\n9,9; 105,5";
        let polygon = typed(outline, true).unwrap();
        assert_eq!(polygon["coordinates"][0].as_array().unwrap().len(), 4);
        assert_eq!(to_type(&polygon), outline);
        let line = typed("9,8; 105,4\n9,8; 105,5", false).unwrap();
        assert_eq!(line["type"], "LineString");
        assert_eq!(to_type(&line), "9,8; 105,4\n9,8; 105,5");
        let point = json!({ "type": "Point", "coordinates": [105.4701, 9.7825] });
        assert_eq!(to_type(&point), "9,7825; 105,4701");
        assert_eq!(typed("ở đây", false), None);
        let many = json!({ "type": "MultiLineString", "coordinates": [[[105.0, 9.0], [105.1, 9.0]]] });
        assert_eq!(to_type(&many), many.to_string());
    }

    #[test]
    fn a_drawing_holds_everything_in_its_frame() {
        let square = json!({ "type": "Polygon", "coordinates": [[[105.0, 9.0], [105.01, 9.0], [105.01, 9.01], [105.0, 9.01], [105.0, 9.0]]] });
        let geometry = Geometry::of(&square).unwrap();
        let scale = Scale::of(&geometry);
        for position in geometry.positions() {
            let (x, y) = scale.place(position);
            assert!((MARGIN - 0.1..=WIDTH - MARGIN + 0.1).contains(&x), "{x}");
            assert!((MARGIN - 0.1..=HEIGHT - MARGIN + 0.1).contains(&y), "{y}");
        }
        // North is up.
        assert!(scale.place((105.0, 9.01)).1 < scale.place((105.0, 9.0)).1);
        // About 1.11 km by 1.10 km.
        assert!((geometry.area() - 1_224_000.0).abs() < 5_000.0, "{}", geometry.area());
        assert_eq!(geometry.corners().count(), 4);
        assert_eq!(geo(&geometry), "geo:9.005000,105.005000");
        let drawn = svg(&geometry);
        assert!(drawn.contains("nb-map__shape") && drawn.ends_with("</svg>"));
        assert!(Geometry::of(&json!({ "type": "Polygon", "coordinates": [] })).is_none());
    }
}
