//! Dates as Vietnamese people write them.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use crate::{Fault, Result, local};

/// Reads `13/02/2026`, `13/2/2026`, `13-2-2026`, `13.2.2026` (day first) or `2026-02-13`.
///
/// Fails with `kernel.date` for anything else, for days that do not exist, and for years outside
/// 1800 to 2200, which are slips of the finger.
pub fn parse_date(text: &str) -> Result<NaiveDate> {
    let line = crate::text::clean_line(text);
    read(&line)
        .filter(|date| (1800..=2200).contains(&date.year()))
        .ok_or_else(|| Fault::invalid("kernel.date").with("value", &line))
}

fn read(line: &str) -> Option<NaiveDate> {
    let separator = line.chars().find(|c| matches!(c, '/' | '-' | '.'))?;
    let parts: Vec<&str> = line.split(separator).collect();
    let &[first, month, last] = &parts[..] else {
        return None;
    };
    let number = |text: &str, widths: &[usize]| -> Option<u32> {
        (widths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()))
            .then(|| text.parse().ok())
            .flatten()
    };
    let (day, year) = if first.len() == 4 && separator == '-' {
        (last, first)
    } else {
        (first, last)
    };
    NaiveDate::from_ymd_opt(
        number(year, &[4])?.try_into().ok()?,
        number(month, &[1, 2])?,
        number(day, &[1, 2])?,
    )
}

/// Writes `13/02/2026`.
pub fn format_date(date: NaiveDate) -> String {
    date.format("%d/%m/%Y").to_string()
}

/// Writes an instant by the clock in Vietnam: `15:30 13/02/2026`.
pub fn format_local(instant: DateTime<Utc>) -> String {
    local(instant).format("%H:%M %d/%m/%Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for text in ["13/02/2026", "13/2/2026", " 13-02-2026 ", "13.2.2026", "2026-02-13"] {
            assert_eq!(parse_date(text).unwrap().to_string(), "2026-02-13", "{text}");
        }
        assert_eq!(parse_date("29/02/2028").unwrap().to_string(), "2028-02-29");
    }

    #[test]
    fn refuses() {
        for text in [
            "",
            "29/02/2026",
            "31/04/2026",
            "13/02/26",
            "02/13/2026",
            "2026/02/13",
            "13/02-2026",
            "13 02 2026",
            "1/1/0200",
            "+1/2/2026",
            "13/02/20260",
        ] {
            assert_eq!(parse_date(text).unwrap_err().code, "kernel.date", "{text}");
        }
    }

    #[test]
    fn writes_local_time() {
        let instant = "2026-02-12T17:30:00Z".parse().unwrap();
        assert_eq!(format_local(instant), "00:30 13/02/2026");
    }

    proptest! {
        #[test]
        fn what_is_written_can_be_read(days in 0i64..140_000) {
            let date = NaiveDate::from_ymd_opt(1800, 1, 1).unwrap() + chrono::Duration::days(days);
            prop_assert_eq!(parse_date(&format_date(date)).unwrap(), date);
            prop_assert_eq!(parse_date(&date.to_string()).unwrap(), date);
        }
    }
}
