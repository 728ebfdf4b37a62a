//! What is written is what is read.

use chrono::{NaiveDate, NaiveDateTime};
use proptest::prelude::*;
use tabular::{Cell, Format, Heading, Kind};

use crate::{columns, number, open, rows, text, write};

fn day(text: &str) -> Cell {
    Cell::Date(text.parse().unwrap())
}

fn moment(text: &str) -> Cell {
    Cell::Moment(text.parse().unwrap())
}

fn cells(bytes: Vec<u8>, format: Format) -> Vec<Vec<Cell>> {
    rows(bytes, format).into_iter().map(|row| row.cells).collect()
}

#[test]
fn workbooks_keep_kinds() {
    let headings: Vec<Heading> = ["a", "b", "c", "d", "e"]
        .map(|name| Heading::new(name, format!("Cột {name}"), Kind::Text))
        .into();
    let table = vec![
        vec![
            text("=1+1"),
            number("-5.25"),
            Cell::Boolean(false),
            day("2026-11-30"),
            moment("2026-11-30T08:30:15.250"),
        ],
        vec![
            text("'=1"),
            number("123456789012345"),
            Cell::Boolean(true),
            day("1900-03-01"),
            moment("2026-11-30T00:00:00"),
        ],
        vec![
            text("_x0041_ <&> \"ế\"\n\tx"),
            number("0.000001"),
            Cell::Empty,
            day("9999-12-31"),
            moment("1999-12-31T23:59:59.999"),
        ],
        vec![Cell::Empty, number("0"), Cell::Empty, Cell::Empty, Cell::Empty],
    ];
    let bytes = write(Format::Xlsx, &headings, &table);
    let read = open(bytes.clone(), Format::Xlsx);
    assert_eq!(read.headings(), ["Cột a", "Cột b", "Cột c", "Cột d", "Cột e"]);
    assert_eq!(cells(bytes, Format::Xlsx), table);
}

#[test]
fn what_a_workbook_cannot_hold_comes_back_as_text() {
    let headings = columns(&[("a", Kind::Number), ("b", Kind::Date), ("c", Kind::Moment)]);
    let table = [vec![
        number("1234567890123456.7"),
        day("1899-05-01"),
        moment("1899-05-01T08:00:00"),
    ]];
    assert_eq!(
        cells(write(Format::Xlsx, &headings, &table), Format::Xlsx),
        [[
            text("1234567890123456.7"),
            text("01/05/1899"),
            text("01/05/1899 08:00:00")
        ]]
    );
}

#[test]
fn features_come_back() {
    let shape = Cell::Json(serde_json::json!({"type": "Point", "coordinates": [105.75, 9.81]}));
    let headings = columns(&[
        ("geometry", Kind::Geometry),
        ("name", Kind::Text),
        ("area", Kind::Number),
    ]);
    let bytes = write(
        Format::GeoJson,
        &headings,
        &[
            vec![shape.clone(), text("Ngã Bảy"), number("78.2600")],
            vec![Cell::Empty, text("="), Cell::Empty],
        ],
    );
    assert_eq!(Format::guess("", &bytes), Some(Format::GeoJson));
    assert_eq!(
        open(bytes.clone(), Format::GeoJson).headings(),
        ["name", "area", "geometry"]
    );
    assert_eq!(
        cells(bytes, Format::GeoJson),
        [
            [text("Ngã Bảy"), number("78.2600"), shape],
            [text("="), Cell::Empty, Cell::Empty]
        ]
    );
}

#[test]
fn headings_alone_come_back() {
    let headings = columns(&[("=a", Kind::Text), ("b", Kind::Text)]);
    for format in [Format::Csv, Format::Xlsx] {
        let bytes = write(format, &headings, &[]);
        assert_eq!(Format::guess("", &bytes), Some(format));
        let rows = open(bytes, format);
        assert_eq!(rows.headings(), ["=a", "b"]);
        assert_eq!(rows.count(), 0);
    }
}

fn any_text() -> impl Strategy<Value = Cell> {
    prop_oneof![
        "['=+@\\-]{0,2}[ a-c,;\"\t\n\r'=_x0-9ếẠ\u{0323}e]{0,12}".prop_map(|text| Cell::of_text(&text)),
        any::<String>().prop_map(|text| Cell::of_text(&text)),
    ]
}

fn any_cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        any_text(),
        (-999_999_999_999_999_i64..999_999_999_999_999, 0..=15_u32)
            .prop_map(|(value, scale)| Cell::Number(rust_decimal::Decimal::new(value, scale).normalize())),
        any::<bool>().prop_map(Cell::Boolean),
        (61..2_900_000_i64).prop_map(|days| Cell::Date(start() + chrono::TimeDelta::days(days))),
        (61..2_900_000_i64, 0..86_400_000_i64).prop_map(|(days, milli)| Cell::Moment(
            NaiveDateTime::from(start() + chrono::TimeDelta::days(days)) + chrono::TimeDelta::milliseconds(milli)
        )),
        Just(Cell::Empty),
    ]
}

fn start() -> NaiveDate {
    NaiveDate::from_ymd_opt(1899, 12, 30).unwrap()
}

fn table(cell: impl Strategy<Value = Cell> + Clone + 'static) -> impl Strategy<Value = Vec<Vec<Cell>>> {
    (1..5_usize).prop_flat_map(move |width| {
        let row = prop::collection::vec(cell.clone(), width);
        prop::collection::vec(
            row.prop_filter("not empty", |row| !row.iter().all(Cell::is_empty)),
            1..8,
        )
    })
}

fn heads(width: usize) -> Vec<Heading> {
    ["a", "b", "c", "d"]
        .iter()
        .take(width)
        .map(|name| Heading::new(*name, *name, Kind::Text))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn csv(table in table(any_text().boxed())) {
        let bytes = write(Format::Csv, &heads(table[0].len()), &table);
        prop_assert_eq!(cells(bytes, Format::Csv), table);
    }

    #[test]
    fn json(table in table(any_text().boxed())) {
        for format in [Format::Json, Format::JsonLines, Format::GeoJson] {
            let bytes = write(format, &heads(table[0].len()), &table);
            let mut read = cells(bytes, format);
            if format == Format::GeoJson {
                for row in &mut read {
                    prop_assert_eq!(row.pop(), Some(Cell::Empty));
                }
            }
            prop_assert_eq!(&read, &table);
        }
    }

    #[test]
    fn xlsx(table in table(any_cell().boxed())) {
        let bytes = write(Format::Xlsx, &heads(table[0].len()), &table);
        prop_assert_eq!(cells(bytes, Format::Xlsx), table);
    }

    #[test]
    fn no_file_makes_reading_panic_or_go_on_for_ever(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for format in Format::ALL {
            if let Ok(rows) = tabular::read(std::io::Cursor::new(bytes.clone()), format, &tabular::Limits::default()) {
                prop_assert!(rows.count() <= bytes.len() + 1);
            }
        }
    }

    #[test]
    fn no_text_makes_reading_panic_or_go_on_for_ever(text in "[\\[\\]{}\",:;a1\n\r\t \\\\]{0,60}") {
        for format in [Format::Csv, Format::Json, Format::JsonLines, Format::GeoJson] {
            if let Ok(rows) = tabular::read(std::io::Cursor::new(text.clone().into_bytes()), format, &tabular::Limits::default()) {
                prop_assert!(rows.count() <= text.len() + 1);
            }
        }
    }
}
