//! Reading files that others have written.

use std::io::Cursor;

use tabular::{Cell, Format, Limits, read, read_sheet};

use crate::{fails, number, open, rows, text, told};

#[test]
fn csv_is_read_with_any_mark_and_any_delimiter() {
    let said = "Mã;Họ tên\n1;An, Bình\n2;Chi\n";
    let utf16 = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        std::iter::once(0xfeff)
            .chain(said.encode_utf16())
            .flat_map(bytes)
            .collect()
    };
    for bytes in [
        said.as_bytes().to_vec(),
        format!("\u{feff}{said}").into_bytes(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        said.replace('\n', "\r\n").into_bytes(),
        said.replace('\n', "\r").into_bytes(),
        said.replace(';', "\t").into_bytes(),
        said.trim_end().as_bytes().to_vec(),
    ] {
        let rows = open(bytes.clone(), Format::Csv);
        assert_eq!(rows.headings(), ["Mã", "Họ tên"], "{bytes:?}");
        assert_eq!(told(rows), ["2: 1|An, Bình", "3: 2|Chi"], "{bytes:?}");
    }
    let rows = open("sep=;\r\na;b\r\n1,2;3,4\r\n", Format::Csv);
    assert_eq!(rows.headings(), ["a", "b"]);
    assert_eq!(told(rows), ["3: 1,2|3,4"]);
}

#[test]
fn quotes_hold_delimiters_quotes_and_lines() {
    let rows = open("a,b\n\"1,\"\"2\"\"\",\"x\r\ny\"\n\n3,4\n", Format::Csv);
    assert_eq!(told(rows), ["2: 1,\"2\"|x\ny", "4: 3|4"]);
}

#[test]
fn text_is_composed_and_trimmed_everywhere() {
    let apart = "Tie\u{0302}\u{0301}ng ";
    let csv = open(format!("{apart},b\n {apart},=\n"), Format::Csv);
    assert_eq!(csv.headings()[0], "Tiếng");
    assert_eq!(told(csv), ["2: Tiếng|="]);
    let json = open(
        format!(r#"[{{"{apart}": "{apart}", "b": ["{}"]}}]"#, apart.trim()),
        Format::Json,
    );
    assert_eq!(json.headings()[0], "Tiếng");
    assert_eq!(told(json), ["1: Tiếng|[\"Tiếng\"]"]);
}

#[test]
fn ragged_rows_are_filled_up_or_told() {
    let bytes = "a,b,,\n1\n1,2,,\n1,2,,4\n,,,\n1,2,3\n1,\n";
    let rows = open(bytes, Format::Csv);
    assert_eq!(rows.headings(), ["a", "b"]);
    assert_eq!(
        told(rows),
        [
            "2: 1|",
            "3: 1|2",
            "4! tabular.too_many_cells",
            "6! tabular.too_many_cells",
            "7: 1|"
        ]
    );
}

#[test]
fn a_file_without_headings_is_empty_and_headings_may_stand_alone() {
    for format in [Format::Csv, Format::Json, Format::JsonLines, Format::GeoJson] {
        assert_eq!(fails("", format), "tabular.empty");
        assert_eq!(fails(b"\xef\xbb\xbf \n\n".to_vec(), format), "tabular.empty");
    }
    assert_eq!(fails("[]", Format::Json), "tabular.empty");
    assert_eq!(fails(",,\n", Format::Csv), "tabular.empty");
    assert_eq!(fails("", Format::Xlsx), "tabular.workbook");
    let rows = open("a,b", Format::Csv);
    assert_eq!(rows.headings(), ["a", "b"]);
    assert_eq!(told(rows), [""; 0]);
}

#[test]
fn bytes_that_are_no_text_break_their_row_only() {
    let rows = open(b"a,b\n1,\xaa\n2,3\n".to_vec(), Format::Csv);
    assert_eq!(told(rows), ["2! tabular.encoding", "3: 2|3"]);
}

#[test]
fn json_comes_as_array_or_records_and_keeps_digits() {
    let array = r#"[{"a": 0.1, "b": "x"}, {"b": true, "a": null}, {"a": 12345678901234567890.12, "b": {"c": [1]}}]"#;
    let wrapped = format!(r#"{{"total": {{"a": "]}}"}}, "records" : {array}, "more": [1]}}"#);
    let lines = "{\"a\": 0.1, \"b\": \"x\"}\n\n{\"b\": true, \"a\": null}\r\n{\"a\": 12345678901234567890.12, \"b\": {\"c\": [1]}}";
    for (bytes, format, numbers) in [
        (array.to_owned(), Format::Json, [1, 2, 3]),
        (wrapped, Format::Json, [1, 2, 3]),
        (lines.to_owned(), Format::JsonLines, [1, 3, 4]),
    ] {
        let read = rows(bytes, format);
        assert_eq!(read.iter().map(|row| row.number).collect::<Vec<_>>(), numbers);
        assert_eq!(read[0].cells, [number("0.1"), text("x")]);
        assert_eq!(read[1].cells, [Cell::Empty, Cell::Boolean(true)]);
        assert_eq!(
            read[2].cells,
            [
                number("12345678901234567890.12"),
                Cell::Json(serde_json::json!({"c": [1]}))
            ]
        );
    }
}

#[test]
fn a_broken_record_does_not_hide_the_next() {
    let json = r#"[{"a": 1}, {"a": }, 5, "x", [1], {"a": 1, "a": 2}, {"a": tru}, {"a": 2}]"#;
    assert_eq!(
        told(open(json, Format::Json)),
        [
            "1: 1",
            "2! tabular.json",
            "3! tabular.not_an_object",
            "4! tabular.not_an_object",
            "5! tabular.not_an_object",
            "6! tabular.key_twice",
            "7! tabular.json",
            "8: 2",
        ]
    );
    let lines = "{\"a\": 1}\n{\"a\"\n{\"a\": 2}\n";
    assert_eq!(
        told(open(lines, Format::JsonLines)),
        ["1: 1", "2! tabular.json", "3: 2"]
    );
    for cut in ["[{\"a\": 1}", "[{\"a\": 1},", "[{\"a\": 1}, {\"a\""] {
        assert_eq!(
            told(open(cut, Format::Json)),
            ["1: 1", "2! tabular.json_cut ends"],
            "{cut}"
        );
    }
    assert_eq!(
        told(open("[{\"a\": 1} {\"a\": 2}]", Format::Json)),
        ["1: 1", "2! tabular.json ends"]
    );
    assert_eq!(fails("{\"rows\": [], \"x\": 1}", Format::Json), "tabular.no_records");
    assert_eq!(fails("nonsense", Format::Json), "tabular.json");
    assert_eq!(fails("[5]", Format::Json), "tabular.not_an_object");
}

#[test]
fn headings_are_the_keys_of_the_first_hundred_and_later_ones_are_told() {
    let mut objects: Vec<String> = (0..100).map(|n| format!("{{\"a\": {n}}}")).collect();
    objects[99] = r#"{"b": 1}"#.to_owned();
    objects.push(r#"{"c": 1}"#.to_owned());
    objects.push(r#"{"b": 2}"#.to_owned());
    let rows = open(format!("[{}]", objects.join(",")), Format::Json);
    assert_eq!(rows.headings(), ["a", "b"]);
    let told = told(rows);
    assert_eq!(told[99..], ["100: |1", "101! tabular.unknown_key", "102: |2"]);
}

#[test]
fn features_have_their_geometry_last() {
    let bytes = r#"{"type": "FeatureCollection", "crs": {"features": [1]}, "features": [
        {"type": "Feature", "id": 7, "geometry": {"type": "Point", "coordinates": [105.75, 9.81]}, "properties": {"name": "Ngã Bảy"}},
        {"type": "Feature", "geometry": null, "properties": {"name": "Vị Thanh", "area": 1.50}},
        {"type": "Feature", "geometry": 5, "properties": null},
        {"type": "Feature", "properties": {}}
    ]}"#;
    let rows = open(bytes, Format::GeoJson);
    assert_eq!(rows.headings(), ["id", "name", "area", "geometry"]);
    assert_eq!(rows.geometry(), Some(3));
    assert_eq!(
        told(rows),
        [
            r#"1: 7|Ngã Bảy||{"type":"Point","coordinates":[105.75,9.81]}"#,
            "2: |Vị Thanh|1.50|",
            "3! tabular.geometry",
            "4! tabular.geometry",
        ]
    );
}

#[test]
fn reading_goes_on_where_it_stood() {
    let bytes: String = std::iter::once("a\n".to_owned())
        .chain((1..=9).map(|n| format!("{n},{}\n", if n == 3 { "x" } else { "" })))
        .collect();
    let mut first = open(bytes.clone(), Format::Csv);
    assert!(first.by_ref().take(4).count() == 4);
    assert_eq!(first.position(), 4);
    let mut second = open(bytes, Format::Csv);
    assert_eq!(second.skip_rows(first.position()), 4);
    assert_eq!(told(second), told(first));
    let mut short = open("a\n1\n", Format::Csv);
    assert_eq!(short.skip_rows(9), 1);
}

#[test]
fn parquet_is_not_read() {
    assert_eq!(fails("PAR1", Format::Parquet), "tabular.not_read");
}

fn book(fill: impl FnOnce(&mut rust_xlsxwriter::Workbook) -> Result<(), rust_xlsxwriter::XlsxError>) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    fill(&mut book).unwrap();
    book.save_to_buffer().unwrap()
}

#[test]
fn workbooks_of_others_are_read_by_kind_and_sheet() {
    use rust_xlsxwriter::{ExcelDateTime, Format as Style, Formula};
    let bytes = book(|book| {
        let sheet = book.add_worksheet().set_name("Ẩn")?;
        sheet.write(0, 0, "x")?;
        sheet.set_hidden(true);
        let sheet = book.add_worksheet().set_name("Danh sách")?.set_active(true);
        let date = Style::new().set_num_format("dd/mm/yyyy");
        let time = Style::new().set_num_format("hh:mm");
        let span = Style::new().set_num_format("[h]:mm");
        for (column, title) in (0..).zip(["Tên", "Ngày", "Giờ", "Tổng", "Thời gian"]) {
            sheet.write(1, column, title)?;
        }
        sheet.write(2, 0, " Vi\u{1ec7}t ")?;
        sheet.write_datetime_with_format(2, 1, ExcelDateTime::from_ymd(2026, 11, 30)?, &date)?;
        sheet.write_with_format(2, 2, 0.354_166_666_666_666_7, &time)?;
        sheet.write_formula(2, 3, Formula::new("=0.1+0.2").set_result("0.30000000000000004"))?;
        sheet.write_with_format(2, 4, 1.25, &span)?;
        // Row 4 is empty; row 5 is wrong.
        sheet.write_formula(4, 3, Formula::new("=1/0").set_result("#DIV/0!"))?;
        sheet.write(5, 9, "beyond")?;
        sheet.write(6, 0, "'=1")?;
        sheet.write(6, 3, 12)?;
        sheet.write_with_format(7, 1, -5, &date)?;
        Ok(())
    });
    let limits = Limits::default();
    let rows = open(bytes.clone(), Format::Xlsx);
    assert_eq!(rows.sheets(), ["Ẩn", "Danh sách"]);
    assert_eq!(rows.headings(), ["Tên", "Ngày", "Giờ", "Tổng", "Thời gian"]);
    assert_eq!(
        told(rows),
        [
            "3: Việt|2026-11-30|08:30:00|0.3|30:00:00",
            "5! tabular.cell_error",
            "6! tabular.too_many_cells",
            "7: =1|||12|",
            "8! tabular.date",
        ]
    );
    let hidden = read_sheet(Cursor::new(bytes.clone()), "Ẩn", &limits).unwrap();
    assert_eq!(hidden.headings(), ["x"]);
    let none = read_sheet(Cursor::new(bytes), "Khác", &limits).unwrap_err();
    assert_eq!(
        (none.fault.code, none.fault.params["sheet"].as_str()),
        ("tabular.no_sheet", "Khác")
    );
    assert_eq!(
        fails(
            book(|book| book.add_worksheet().set_name("a").map(|_| ())),
            Format::Xlsx
        ),
        "tabular.empty"
    );
}

#[test]
fn rows_of_a_workbook_may_be_dropped_in_the_middle() {
    let bytes = book(|book| {
        let sheet = book.add_worksheet();
        for row in 0..500 {
            sheet.write(row, 0, row)?;
        }
        Ok(())
    });
    let mut rows = read(Cursor::new(bytes), Format::Xlsx, &Limits::of_rows(3)).unwrap();
    assert!(rows.by_ref().take(3).all(|row| row.is_ok()));
    let last = rows.next().unwrap().unwrap_err();
    assert_eq!(
        (last.number, last.fault.code, last.ends),
        (5, "tabular.too_many_rows", true)
    );
    assert!(rows.next().is_none());
}
