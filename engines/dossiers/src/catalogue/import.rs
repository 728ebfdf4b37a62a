//! Official texts and official lists, brought in by an administrator.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use calamine::{Data, Reader, Xlsx, open_workbook};
use flate2::read::MultiGzDecoder;
use kernel::{Fault, Result, code::ProcedureCode, text};
use op::{Entry, Op};
use serde::Serialize;
use serde_json::Value;

use super::{Catalogue, FactRow, Section, store};

/// Sections of the official text: our key, and the name of the column in published records.
pub(super) const SECTIONS: [(&str, &str); 7] = [
    ("steps", "trinh_tu_thuc_hien"),
    ("ways", "cach_thuc_thuc_hien"),
    ("papers", "thanh_phan_ho_so"),
    ("conditions", "yeu_cau_dieu_kien"),
    ("agencies", "co_quan_thuc_hien"),
    ("results", "ket_qua_xu_ly"),
    ("legal_basis", "can_cu_phap_ly"),
];
/// What published records say where there is nothing to say.
const NOTHING: &str = "Không có thông tin";
/// One record is a few kilobytes; a longer line is no record.
const LONGEST_LINE: u64 = 4 << 20;
/// A file that unpacks to more than this is not a catalogue.
const LARGEST: u64 = 512 << 20;

/// A file that can be imported.
#[derive(Debug)]
pub enum OfficialSource {
    /// One JSON record a line (`.jsonl`, `.jsonl.gz`).
    Records(Vec<(usize, String)>),
    /// An official list export (`.xlsx`): code, name, issuing agency, carrying agency, field.
    List(Vec<(usize, Vec<String>)>),
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Rows read.
    pub read: usize,
    /// Rows written.
    pub written: usize,
    /// Rows that were not written, each with its reason.
    pub refused: Vec<RefusedRow>,
}

/// A row that an import did not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedRow {
    /// Line or row of the file, from 1.
    pub line: usize,
    /// Why: `not_json`, `bad_code`, `no_name`, `unknown_procedure`, `too_long`.
    pub reason: &'static str,
    /// What stood there, shortened.
    pub found: String,
}

impl OfficialSource {
    /// Reads a file by its ending. Faults: `dossiers.import_unreadable` (not there, broken, unpacks to too much),
    /// `dossiers.import_unknown_kind`, `dossiers.import_no_header`.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        if name.ends_with(".jsonl.gz") {
            Self::records(MultiGzDecoder::new(open(path)?), path)
        } else if name.ends_with(".jsonl") {
            Self::records(open(path)?, path)
        } else if name.ends_with(".xlsx") {
            Self::list(path)
        } else {
            Err(Fault::invalid("dossiers.import_unknown_kind").with("file", path.display()))
        }
    }

    fn records(reader: impl Read, path: &Path) -> Result<Self> {
        let mut reader = BufReader::new(reader.take(LARGEST + 1));
        let mut lines = Vec::new();
        let mut total = 0;
        loop {
            let mut line = Vec::new();
            let read = reader
                .by_ref()
                .take(LONGEST_LINE)
                .read_until(b'\n', &mut line)
                .map_err(|e| unreadable(path, e))?;
            total += read as u64;
            if read == 0 {
                return Ok(Self::Records(lines));
            }
            if total > LARGEST {
                return Err(unreadable(path, std::io::Error::other("it unpacks to too much")));
            }
            let number = lines.len() + 1;
            lines.push((number, String::from_utf8_lossy(&line).trim().to_string()));
        }
    }

    fn list(path: &Path) -> Result<Self> {
        let mut book: Xlsx<_> = open_workbook(path).map_err(|e: calamine::XlsxError| unreadable(path, e))?;
        let sheet = book
            .worksheet_range_at(0)
            .ok_or_else(|| Fault::invalid("dossiers.import_no_header").with("file", path.display()))?
            .map_err(|e| unreadable(path, e))?;
        let rows: Vec<(usize, Vec<String>)> = sheet
            .rows()
            .enumerate()
            .map(|(at, cells)| (at + 1, cells.iter().map(cell_text).collect()))
            .collect();
        let header = rows
            .iter()
            .position(|(_, cells)| cells.first().is_some_and(|cell| text::fold(cell) == "ma so"))
            .ok_or_else(|| Fault::invalid("dossiers.import_no_header").with("file", path.display()))?;
        Ok(Self::List(
            rows.into_iter()
                .skip(header + 1)
                .filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()))
                .collect(),
        ))
    }
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|e| unreadable(path, e))
}

fn unreadable(path: &Path, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::invalid("dossiers.import_unreadable")
        .with("file", path.display())
        .caused_by(error)
}

fn cell_text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        other => text::clean_text(&other.to_string()).trim().to_string(),
    }
}

impl Catalogue {
    /// Brings a file into the catalogue. Doing it again changes nothing; bad rows are reported and the good ones kept.
    pub async fn import_official(&self, op: &mut Op, source: &OfficialSource) -> Result<ImportReport> {
        let mut report = ImportReport::default();
        match source {
            OfficialSource::Records(lines) => {
                for (line, content) in lines.iter().filter(|(_, content)| !content.is_empty()) {
                    report.read += 1;
                    let outcome = match record(content) {
                        Ok((code, sections)) => {
                            let now = op.now();
                            let known = store::replace_sections(op.conn(), &code, &sections, now).await?;
                            if known { Ok(()) } else { Err("unknown_procedure") }
                        }
                        Err(reason) => Err(reason),
                    };
                    report.note(*line, content, outcome);
                }
            }
            OfficialSource::List(rows) => {
                for (line, cells) in rows {
                    report.read += 1;
                    let outcome = match listed(cells) {
                        Ok(facts) => {
                            let now = op.now();
                            store::upsert_listed(op.conn(), &facts, now).await?;
                            Ok(())
                        }
                        Err(reason) => Err(reason),
                    };
                    report.note(*line, &cells.join(" | "), outcome);
                }
            }
        }
        let detail =
            serde_json::json!({ "read": report.read, "written": report.written, "refused": report.refused.len() });
        op.record(Entry::new("dossiers.catalogue_imported", "catalogue").detail(detail))
            .await?;
        Ok(report)
    }
}

impl ImportReport {
    fn note(&mut self, line: usize, content: &str, outcome: std::result::Result<(), &'static str>) {
        match outcome {
            Ok(()) => self.written += 1,
            Err(reason) => self.refused.push(RefusedRow {
                line,
                reason,
                found: content.chars().take(80).collect(),
            }),
        }
    }
}

fn code_of(found: &str) -> std::result::Result<String, &'static str> {
    found
        .parse::<ProcedureCode>()
        .map(|code| code.to_string())
        .map_err(|_| "bad_code")
}

fn record(line: &str) -> std::result::Result<(String, Vec<Section>), &'static str> {
    if line.len() as u64 >= LONGEST_LINE - 1 {
        return Err("too_long");
    }
    let record: Value = serde_json::from_str(line).map_err(|_| "not_json")?;
    let code = code_of(record["ma_thu_tuc"].as_str().unwrap_or_default())?;
    let sections = SECTIONS
        .iter()
        .filter_map(|(section, column)| {
            let body = text::clean_text(record[*column].as_str()?).trim().to_string();
            (!body.is_empty() && body != NOTHING).then(|| Section {
                section: (*section).to_string(),
                body,
            })
        })
        .collect();
    Ok((code, sections))
}

fn listed(cells: &[String]) -> std::result::Result<FactRow, &'static str> {
    let cell = |at: usize| text::clean_line(cells.get(at).map_or("", String::as_str));
    let code = code_of(&cell(0))?;
    let name = cell(1);
    if name.is_empty() {
        return Err("no_name");
    }
    Ok(FactRow {
        code,
        name,
        field: cell(4),
        levels: levels_of(&cell(3)),
        kind: String::new(),
        decision: String::new(),
        result_codes: Vec::new(),
        result_names: Vec::new(),
        audiences: Vec::new(),
        link: String::new(),
        deadline: None,
        fee: None,
        channels: Vec::new(),
    })
}

/// The levels that a list of agencies names; agencies that name no level say nothing.
fn levels_of(agencies: &str) -> Vec<String> {
    let folded = text::fold(agencies);
    [
        ("cap tinh", "province"),
        ("so ", "province"),
        ("cap huyen", "district"),
        ("cap xa", "commune"),
        ("bo ", "ministry"),
    ]
    .iter()
    .filter(|(words, _)| {
        folded.starts_with(words)
            || folded.contains(&format!(" {words}"))
            || folded.contains(*words) && words.starts_with("cap")
    })
    .map(|(_, level)| (*level).to_string())
    .fold(Vec::new(), |mut levels, level| {
        if !levels.contains(&level) {
            levels.push(level);
        }
        levels
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_give_their_sections_and_nothing_for_nothing() {
        let (code, sections) = record(
            r#"{"ma_thu_tuc":"1.001193","trinh_tu_thuc_hien":"Bước 1","yeu_cau_dieu_kien":"Không có thông tin","can_cu_phap_ly":""}"#,
        )
        .unwrap();
        assert_eq!(code, "1.001193");
        assert_eq!(
            sections,
            [Section {
                section: "steps".into(),
                body: "Bước 1".into()
            }]
        );
    }

    #[test]
    fn bad_records_are_named() {
        assert_eq!(record("{").unwrap_err(), "not_json");
        assert_eq!(record(r#"{"ma_thu_tuc":"x"}"#).unwrap_err(), "bad_code");
        assert_eq!(listed(&["1.001193".into(), " ".into()]).unwrap_err(), "no_name");
        assert_eq!(listed(&[]).unwrap_err(), "bad_code");
    }

    #[test]
    fn levels_are_read_from_agencies() {
        assert_eq!(levels_of("Ủy ban nhân dân cấp xã"), ["commune"]);
        assert_eq!(levels_of("Chủ tịch ủy ban nhân dân cấp tỉnh\nSở Tư Pháp"), ["province"]);
        assert_eq!(levels_of("Chủ đầu tư dự án"), Vec::<String>::new());
    }
}
