//! Files that want too much.

use std::io::{Cursor, Write};

use tabular::{Broken, Cell, Format, Kind, Limits, Rows, read};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{columns, text, told, write};

fn limited(bytes: impl Into<Vec<u8>>, format: Format, limits: &Limits) -> Result<Rows, Broken> {
    read(Cursor::new(bytes.into()), format, limits)
}

fn small() -> Limits {
    Limits {
        columns: 3,
        cell: 10,
        row: 40,
        rows: 4,
        unpacked: 1 << 20,
        ..Limits::default()
    }
}

#[test]
fn too_long_cells_and_rows_are_passed_over() {
    let (long, fits) = ("ế".repeat(11), "ế".repeat(10));
    let csv = format!("a,b,c\n1,{long},\n{fits},,\n{fits},{fits},\n2\n");
    let rows = limited(csv, Format::Csv, &small()).unwrap();
    let expected = [
        "2! tabular.cell_too_long".to_owned(),
        format!("3: {fits}||"),
        "4! tabular.row_too_long".into(),
        "5: 2||".into(),
    ];
    assert_eq!(told(rows), expected);

    let json = format!(r#"[{{"a": "{long}"}}, {{"a": "{fits}"}}, {{"a": "{fits}{fits}"}}, {{"a": 2}}]"#);
    let expected = [
        "1! tabular.row_too_long".to_owned(),
        format!("2: {fits}"),
        "3! tabular.row_too_long".into(),
        "4: 2".into(),
    ];
    assert_eq!(told(limited(json.clone(), Format::Json, &small()).unwrap()), expected);
    let wide = Limits { row: 1000, ..small() };
    let expected = [
        "1! tabular.cell_too_long".to_owned(),
        format!("2: {fits}"),
        "3! tabular.cell_too_long".into(),
        "4: 2".into(),
    ];
    assert_eq!(told(limited(json, Format::Json, &wide).unwrap()), expected);
    let lines = format!("{{\"a\": 1}}\n{{\"a\": \"{long}\"}}\n{{\"a\": 2}}");
    assert_eq!(
        told(limited(lines, Format::JsonLines, &small()).unwrap()),
        ["1: 1", "2! tabular.row_too_long", "3: 2"]
    );

    let book = write(
        Format::Xlsx,
        &columns(&[("a", Kind::Text), ("b", Kind::Text)]),
        &[
            vec![text(&long), Cell::Empty],
            vec![text(&fits), text(&fits)],
            vec![text("2"), Cell::Empty],
        ],
    );
    let expected = ["2! tabular.cell_too_long", "3! tabular.row_too_long", "4: 2|"];
    assert_eq!(told(limited(book, Format::Xlsx, &small()).unwrap()), expected);
}

#[test]
fn a_quote_that_is_never_closed_holds_no_memory() {
    let csv = format!("a,b\n1,2\n3,\"{}", "x,y\n".repeat(100_000));
    assert_eq!(
        told(limited(csv, Format::Csv, &small()).unwrap()),
        ["2: 1|2", "3! tabular.cell_too_long"]
    );
}

#[test]
fn columns_and_rows_are_counted() {
    let code = |bytes: &str, format| limited(bytes, format, &small()).map(|_| ()).unwrap_err().fault.code;
    assert_eq!(code("a,b,c,d\n", Format::Csv), "tabular.too_many_columns");
    assert_eq!(
        code(r#"[{"a":1,"b":1},{"c":1,"d":1}]"#, Format::Json),
        "tabular.too_many_columns"
    );
    let empty_ones_do_not_count = limited("a,b,c,,,\n1,2,3,,,\n", Format::Csv, &small()).unwrap();
    assert_eq!(told(empty_ones_do_not_count), ["2: 1|2|3"]);
    let heads: Vec<_> = ["a", "b", "c", "d"].map(|name| (name, Kind::Text)).into();
    let broken = limited(write(Format::Xlsx, &columns(&heads), &[]), Format::Xlsx, &small()).unwrap_err();
    assert_eq!(broken.fault.code, "tabular.too_many_columns");

    let rows = limited("a\n1\n2\n3\n4\n5\n6\n", Format::Csv, &small()).unwrap();
    assert_eq!(told(rows)[3..], ["5: 4", "6! tabular.too_many_rows ends"]);
    let exactly = limited("a\n1\n2\n3\n4\n", Format::Csv, &small()).unwrap();
    assert_eq!(told(exactly).last().unwrap(), "5: 4");
}

fn zip(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(
        name,
        SimpleFileOptions::default().compression_method(CompressionMethod::Deflated),
    )
    .unwrap();
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap().into_inner()
}

#[test]
fn bombs_are_not_unpacked() {
    let bomb = zip("xl/worksheets/sheet1.xml", &vec![b' '; 2 << 20]);
    assert!(bomb.len() < 10_000);
    let broken = limited(bomb.clone(), Format::Xlsx, &small()).unwrap_err();
    assert_eq!(broken.fault.code, "tabular.unpacks_too_large");

    // The same, but it says that it is small: both where the part begins and in the list of parts.
    let size = (2_u32 << 20).to_le_bytes();
    let mut liar = bomb;
    let places: Vec<usize> = (0..liar.len() - 4).filter(|at| liar[*at..*at + 4] == size).collect();
    assert!(!places.is_empty());
    for at in places {
        liar[at..at + 4].copy_from_slice(&100_u32.to_le_bytes());
    }
    let code = limited(liar, Format::Xlsx, &small()).unwrap_err().fault.code;
    assert!(
        ["tabular.unpacks_too_large", "tabular.workbook"].contains(&code),
        "{code}"
    );
}

/// Texts that cells share are held in memory while the workbook is open, many times larger than they are packed: they have a limit of their own.
#[test]
fn what_a_workbook_holds_has_a_limit_of_its_own() {
    let limits = Limits {
        unpacked: 8 << 20,
        held: 1 << 20,
        ..Limits::default()
    };
    let texts = "<si><t>x</t></si>".repeat(200_000);
    for name in [
        "xl/sharedStrings.xml",
        "other/SharedStrings.xml",
        "xl/worksheets/sharedStrings.xml",
    ] {
        let bomb = zip(name, texts.as_bytes());
        let broken = limited(bomb, Format::Xlsx, &limits).unwrap_err();
        assert_eq!(
            (broken.fault.code, broken.fault.params["limit"].as_str()),
            ("tabular.unpacks_too_large", "1"),
            "{name}"
        );
    }
    let sheet = limited(zip("xl/worksheets/sheet1.xml", texts.as_bytes()), Format::Xlsx, &limits);
    assert_eq!(sheet.unwrap_err().fault.code, "tabular.workbook", "read row by row");
}

#[test]
fn what_is_no_workbook_is_refused() {
    for bytes in [
        zip("a.txt", b"hello"),
        b"PK\x03\x04 cut".to_vec(),
        b"\xd0\xcf\x11\xe0".to_vec(),
    ] {
        assert_eq!(
            limited(bytes, Format::Xlsx, &small()).unwrap_err().fault.code,
            "tabular.workbook"
        );
    }
    // Cut anywhere, a workbook is refused or told to be broken, and nothing panics.
    let book = write(Format::Xlsx, &columns(&[("a", Kind::Text)]), &[vec![text("x")]]);
    for length in (0..book.len()).step_by(97) {
        assert!(limited(&book[..length], Format::Xlsx, &small()).is_err());
    }
}

#[test]
fn far_cells_cost_no_memory() {
    let sheet = |cells: &str| {
        let book = write(Format::Xlsx, &columns(&[("a", Kind::Text)]), &[]);
        let mut old = zip::ZipArchive::new(Cursor::new(book)).unwrap();
        let mut new = ZipWriter::new(Cursor::new(Vec::new()));
        for index in 0..old.len() {
            let part = old.by_index_raw(index).unwrap();
            if part.name().unwrap().contains("sheet1.xml") && !part.name().unwrap().contains("rels") {
                drop(part);
                new.start_file("xl/worksheets/sheet1.xml", SimpleFileOptions::default())
                    .unwrap();
                write!(new, r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{cells}</sheetData></worksheet>"#).unwrap();
            } else {
                new.raw_copy_file(part).unwrap();
            }
        }
        new.finish().unwrap().into_inner()
    };
    let head = r#"<row r="1"><c r="A1"><v>1</v></c></row>"#;
    let far = format!(r#"{head}<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#);
    assert_eq!(
        told(limited(sheet(&far), Format::Xlsx, &small()).unwrap()),
        ["1048576! tabular.too_many_columns"]
    );
    let back = format!(r#"{head}<row r="3"><c r="A3"><v>3</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>"#);
    assert_eq!(
        told(limited(sheet(&back), Format::Xlsx, &small()).unwrap()),
        ["3! tabular.workbook ends"]
    );
    let wrong =
        format!(r#"{head}<row r="2"><c r="A2"><v>2</v></c></row><row r="3"><c r="A3" t="s"><v>99</v></c></row>"#);
    assert_eq!(
        told(limited(sheet(&wrong), Format::Xlsx, &small()).unwrap()),
        ["2! tabular.workbook ends"]
    );
}

#[test]
fn deep_json_is_refused() {
    let deep = format!(r#"[{{"a": {}}}, {{"a": 1}}]"#, "[".repeat(10_000) + &"]".repeat(10_000));
    let limits = Limits {
        row: 1 << 20,
        ..small()
    };
    assert_eq!(
        told(limited(deep, Format::Json, &limits).unwrap()),
        ["1! tabular.json", "2: 1"]
    );
}
