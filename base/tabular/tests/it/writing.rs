//! What stands in the files that are written.

use chrono::NaiveDate;
use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::Field,
};
use tabular::{Cell, Format, Heading, Kind, Writer};

use crate::{columns, number, text, write};

fn day() -> Cell {
    Cell::Date(NaiveDate::from_ymd_opt(2026, 11, 30).unwrap())
}

fn moment() -> Cell {
    Cell::Moment(
        NaiveDate::from_ymd_opt(2026, 11, 30)
            .unwrap()
            .and_hms_milli_opt(8, 30, 0, 250)
            .unwrap(),
    )
}

fn as_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn csv_is_what_spreadsheets_expect() {
    let headings = [
        Heading::new("a", "Mã", Kind::Text),
        Heading::new("b", "Tên, họ", Kind::Text),
    ];
    let rows = [
        vec![text("=1+1"), text("a\n\"b\"")],
        vec![number("-5.50"), text("-5")],
        vec![day(), moment()],
        vec![Cell::Boolean(true), Cell::Empty],
        vec![text("\t=x"), text("+84 939; 1")],
    ];
    assert_eq!(
        as_text(write(Format::Csv, &headings, &rows)),
        "\u{feff}Mã,\"Tên, họ\"\r\n'=1+1,\"a\n\"\"b\"\"\"\r\n-5.50,'-5\r\n2026-11-30,2026-11-30 08:30:00.250\r\ntrue,\r\n'=x,\"'+84 939; 1\"\r\n"
    );
}

#[test]
fn csv_is_parted_by_what_is_asked_for() {
    let headings = [Heading::new("a", "Mã", Kind::Text), Heading::new("b", "Số", Kind::Text)];
    let mut writer = Writer::parted_by(Vec::new(), Format::Csv, b';').unwrap();
    writer.headings(&headings).unwrap();
    writer.row(&[text("x;y"), text("-12,5")]).unwrap();
    let written = as_text(writer.finish().unwrap());
    assert_eq!(written, "\u{feff}Mã;Số\r\n\"x;y\";\"-12,5\"\r\n");
}

#[test]
fn json_has_every_key_and_every_digit() {
    let headings = columns(&[("a", Kind::Number), ("b \"c\"", Kind::Text)]);
    let rows = [
        vec![number("12345678901234567890.12"), moment()],
        vec![Cell::Empty, text("ế\n")],
        vec![Cell::Json(serde_json::json!([1])), Cell::Boolean(false)],
    ];
    assert_eq!(
        as_text(write(Format::Json, &headings, &rows)),
        "[\n{\"a\":12345678901234567890.12,\"b \\\"c\\\"\":\"2026-11-30T08:30:00.250\"},\n{\"a\":null,\"b \\\"c\\\"\":\"ế\\n\"},\n{\"a\":[1],\"b \\\"c\\\"\":false}\n]\n"
    );
    assert_eq!(as_text(write(Format::Json, &headings, &[])), "[\n]\n");
    assert_eq!(
        as_text(write(
            Format::JsonLines,
            &headings[..1],
            &[vec![number("1")], vec![number("2")]]
        )),
        "{\"a\":1}\n{\"a\":2}\n"
    );
}

#[test]
fn geojson_has_features_with_the_geometry_beside_the_properties() {
    let headings = columns(&[("shape", Kind::Geometry), ("a", Kind::Integer)]);
    let point = Cell::Json(serde_json::json!({"type": "Point", "coordinates": [105.5, 9.5]}));
    let mut writer = Writer::new(Vec::new(), Format::GeoJson).unwrap();
    writer.headings(&headings).unwrap();
    writer.row(&[point, number("1")]).unwrap();
    assert_eq!(
        writer.row(&[text("POINT(1 2)"), number("2")]).unwrap_err().code,
        "tabular.geometry"
    );
    writer.row(&[Cell::Empty, number("3")]).unwrap();
    assert_eq!(
        as_text(writer.finish().unwrap()),
        "{\"type\":\"FeatureCollection\",\"features\":[\n\
         {\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[105.5,9.5]},\"properties\":{\"a\":1}},\n\
         {\"type\":\"Feature\",\"geometry\":null,\"properties\":{\"a\":3}}\n]}\n"
    );
}

#[test]
fn parquet_has_typed_columns() {
    let headings = columns(&[
        ("text", Kind::Text),
        ("integer", Kind::Integer),
        ("double", Kind::Number),
        ("money", Kind::Decimal { scale: 2 }),
        ("yes", Kind::Boolean),
        ("day", Kind::Date),
        ("moment", Kind::Moment),
        ("json", Kind::Json),
    ]);
    let full = vec![
        text("Ngã Bảy"),
        number("-7"),
        number("0.1"),
        number("-1234.5"),
        Cell::Boolean(true),
        day(),
        moment(),
        Cell::Json(serde_json::json!({"a": 1})),
    ];
    let mut writer = Writer::new(Vec::new(), Format::Parquet).unwrap();
    writer.headings(&headings).unwrap();
    writer.row(&full).unwrap();
    writer.row(&vec![Cell::Empty; 8]).unwrap();
    for (index, wrong) in [
        (1, number("1.5")),
        (1, text("1")),
        (3, number("1.234")),
        (4, text("true")),
        (5, moment()),
        (6, day()),
    ] {
        let mut row = full.clone();
        row[index] = wrong;
        let fault = writer.row(&row).unwrap_err();
        assert_eq!(
            (fault.code, &fault.params["column"]),
            ("tabular.kind", &headings[index].name)
        );
    }
    // More than one group.
    for _ in 0..20_000 {
        writer.row(&full).unwrap();
    }
    let bytes = writer.finish().unwrap();
    assert_eq!(&bytes[..4], b"PAR1");

    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    assert_eq!(reader.num_row_groups(), 2);
    assert_eq!(reader.metadata().file_metadata().num_rows(), 20_002);
    let mut rows = reader.get_row_iter(None).unwrap();
    let row = rows.next().unwrap().unwrap();
    let fields: Vec<Field> = row.get_column_iter().map(|(_, field)| field.clone()).collect();
    assert_eq!(fields[0], Field::Str("Ngã Bảy".into()));
    assert_eq!(fields[1], Field::Long(-7));
    assert_eq!(fields[2], Field::Double(0.1));
    let Field::Decimal(money) = &fields[3] else {
        panic!("{:?}", fields[3])
    };
    assert_eq!(
        (money.scale(), i128::from_be_bytes(money.data().try_into().unwrap())),
        (2, -123_450)
    );
    assert_eq!(fields[4], Field::Bool(true));
    assert_eq!(fields[5], Field::Date(20_787));
    assert_eq!(fields[6], Field::TimestampMicros(1_796_027_400_250_000));
    assert_eq!(fields[7], Field::Str(r#"{"a":1}"#.into()));
    let row = rows.next().unwrap().unwrap();
    assert!(row.get_column_iter().all(|(_, field)| *field == Field::Null));
    assert_eq!(rows.count(), 20_000);
}

#[test]
fn a_parquet_file_may_have_no_rows() {
    let bytes = write(Format::Parquet, &columns(&[("a", Kind::Text)]), &[]);
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
}

#[test]
fn a_workbook_refuses_what_no_cell_holds() {
    let mut writer = Writer::new(Vec::new(), Format::Xlsx).unwrap();
    writer
        .headings(&columns(&[("a", Kind::Text), ("b", Kind::Text)]))
        .unwrap();
    let fault = writer.row(&[text("first"), text(&"x".repeat(32_768))]).unwrap_err();
    assert_eq!(
        (fault.code, fault.params["column"].as_str()),
        ("tabular.cell_too_long", "b")
    );
    writer.row(&[text("second"), text(&"x".repeat(32_767))]).unwrap();
    let rows = crate::rows(writer.finish().unwrap(), Format::Xlsx);
    assert_eq!((rows.len(), rows[0].number, &rows[0].cells[0]), (1, 2, &text("second")));
}

#[test]
fn a_writer_is_used_in_order() {
    for format in Format::ALL {
        let mut writer = Writer::new(Vec::new(), format).unwrap();
        assert_eq!(writer.row(&[]).unwrap_err().code, "tabular.writer");
        assert_eq!(writer.headings(&[]).unwrap_err().code, "tabular.writer");
        let twice = columns(&[("a", Kind::Text), ("a", Kind::Text)]);
        assert_eq!(writer.headings(&twice).unwrap_err().code, "tabular.writer");
        writer.headings(&twice[..1]).unwrap();
        assert_eq!(writer.headings(&twice[..1]).unwrap_err().code, "tabular.writer");
        assert_eq!(
            writer.row(&[Cell::Empty, Cell::Empty]).unwrap_err().code,
            "tabular.writer"
        );
        writer.finish().unwrap();
        assert!(Writer::new(Vec::new(), format).unwrap().finish().is_err());
    }
}

#[test]
fn a_medium_that_fails_is_told() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for format in Format::ALL {
        let mut writer = Writer::new(Full, format).unwrap();
        let written = writer
            .headings(&columns(&[("a", Kind::Text)]))
            .and_then(|()| writer.row(&[text("x")]))
            .and_then(|()| writer.finish().map(|_| ()));
        assert_eq!(written.unwrap_err().code, "tabular.storage", "{format:?}");
    }
}
