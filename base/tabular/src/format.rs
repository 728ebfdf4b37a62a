//! Which format a file has.

use serde_json::Value;

/// The formats of files that hold a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Text with a delimiter.
    Csv,
    /// A workbook of Excel 2007 and later.
    Xlsx,
    /// An array of flat objects, or `{ "records": […] }`.
    Json,
    /// A flat object a line.
    JsonLines,
    /// A `FeatureCollection` (RFC 7946).
    GeoJson,
    /// Apache Parquet: written only.
    Parquet,
}

impl Format {
    /// Every format, in the order in which a list would show them.
    pub const ALL: [Format; 6] = [
        Format::Csv,
        Format::Xlsx,
        Format::Json,
        Format::JsonLines,
        Format::GeoJson,
        Format::Parquet,
    ];

    /// The format of a file with these first bytes (a few kilobytes). The content decides; the name only where the content
    /// leaves a choice. Nothing for everything else: pictures, old `.xls`, workbooks with a password, HTML.
    pub fn guess(name: &str, first_bytes: &[u8]) -> Option<Format> {
        let extension = name
            .rsplit_once('.')
            .map(|(_, end)| end.to_ascii_lowercase())
            .unwrap_or_default();
        if first_bytes.starts_with(b"PK\x03\x04") {
            // Which of the office formats it is stands in the names of the parts, perhaps beyond the first bytes.
            let has = |part: &[u8]| first_bytes.windows(part.len()).any(|window| window == part);
            let is_other = has(b"word/") || has(b"ppt/") || has(b"opendocument");
            return (!is_other && (has(b"xl/") || matches!(extension.as_str(), "xlsx" | "xlsm")))
                .then_some(Format::Xlsx);
        }
        if first_bytes.starts_with(b"PAR1") {
            return Some(Format::Parquet);
        }
        let text = head_as_text(first_bytes)?;
        let text = text.trim_start();
        let after = |text: &str| text[1..].trim_start().chars().next();
        match text.chars().next()? {
            '<' => None,
            '[' if matches!(after(text), Some('{' | ']') | None) => Some(Format::Json),
            '{' if matches!(after(text), Some('"' | '}') | None) => Some(of_object(text, &extension)),
            _ => Some(Format::Csv),
        }
    }

    /// How the names of such files end, without the point.
    pub const fn extension(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
            Format::Json => "json",
            Format::JsonLines => "jsonl",
            Format::GeoJson => "geojson",
            Format::Parquet => "parquet",
        }
    }

    /// The media type, for the head of an answer.
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Json => "application/json",
            Format::JsonLines => "application/jsonl",
            Format::GeoJson => "application/geo+json",
            Format::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// One object, or one a line?
fn of_object(text: &str, extension: &str) -> Format {
    if let Some((first, rest)) = text.split_once('\n')
        && rest.trim_start().starts_with('{')
        && serde_json::from_str::<Value>(first).is_ok()
    {
        return Format::JsonLines;
    }
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if compact.contains(r#""type":"FeatureCollection""#) {
        return Format::GeoJson;
    }
    match extension {
        "jsonl" | "ndjson" => Format::JsonLines,
        "geojson" => Format::GeoJson,
        _ if compact.contains(r#""records":"#) => Format::Json,
        // A whole object without records is a file of one line.
        _ if serde_json::from_str::<Value>(text).is_ok() => Format::JsonLines,
        _ => Format::Json,
    }
}

/// The first bytes as text, or nothing if they are none. The last character may be cut.
fn head_as_text(bytes: &[u8]) -> Option<String> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        rest => utf8(rest),
    }?;
    let is_binary = text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{1a}'));
    (!is_binary).then_some(text)
}

fn utf8(bytes: &[u8]) -> Option<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&bytes[..error.valid_up_to()])
            .ok()
            .map(str::to_owned),
        // An old eight-bit encoding: still a table, whose rows will be told to be unreadable.
        Err(_) => (!bytes.contains(&0)).then(|| String::from_utf8_lossy(bytes).replace('\u{fffd}', "?")),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    Some(char::decode_utf16(units).map(|c| c.unwrap_or('?')).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_and_the_name_only_in_doubt() {
        let guess = Format::guess;
        assert_eq!(guess("a.txt", "mã;tên\n1;An\n".as_bytes()), Some(Format::Csv));
        assert_eq!(guess("a.json", "mã;tên\n1;An\n".as_bytes()), Some(Format::Csv));
        assert_eq!(guess("a.csv", b"\xef\xbb\xbf [ {\"a\": 1}"), Some(Format::Json));
        assert_eq!(guess("a", b"{\"records\": [{\"a\": 1}]}"), Some(Format::Json));
        assert_eq!(guess("a", b"{\"a\": 1}\n{\"a\": 2}\n"), Some(Format::JsonLines));
        assert_eq!(guess("a", b"{\"a\": 1}"), Some(Format::JsonLines));
        assert_eq!(
            guess("a", b"{\n \"type\" : \"FeatureCollection\", \"features\""),
            Some(Format::GeoJson)
        );
        assert_eq!(guess("a", b"\xff\xfea\0;\0b\0\n\0"), Some(Format::Csv));
        assert_eq!(guess("a", b"PAR1\x15\x04"), Some(Format::Parquet));
        assert_eq!(
            guess("a.xlsx", b"PK\x03\x04\x14\0[Content_Types].xml"),
            Some(Format::Xlsx)
        );
        assert_eq!(guess("a", b"PK\x03\x04\x14\0xl/workbook.xml"), Some(Format::Xlsx));
    }

    #[test]
    fn what_is_no_table_is_not_guessed() {
        for (name, bytes) in [
            ("a.xlsx", &b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0"[..]),
            ("a.xlsx", b"PK\x03\x04\x14\0word/document.xml"),
            ("a.zip", b"PK\x03\x04\x14\0a.txt"),
            ("a.csv", b"\x89PNG\r\n\x1a\n\0\0"),
            ("a.csv", b"<html>"),
            ("a.csv", b""),
        ] {
            assert_eq!(Format::guess(name, bytes), None, "{name} {bytes:?}");
        }
    }

    #[test]
    fn a_character_cut_at_the_end_does_no_harm() {
        let text = "mã;tên\n".as_bytes();
        assert_eq!(Format::guess("a", &text[..2]), Some(Format::Csv));
        // TCVN3 and the like: read on, so that each row is told.
        assert_eq!(Format::guess("a", b"m\xb8;t\xaan\n1;2\n"), Some(Format::Csv));
    }
}
