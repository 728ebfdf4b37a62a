use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use minijinja::{Environment, Error, ErrorKind, Value};

use crate::{Locale, Params, Texts};

/// Adds the filters that templates use: `date datetime money number file_size time_left time_tone mask field_id link
/// url_part phone_link`.
pub(crate) fn add(environment: &mut Environment<'static>, locale: Locale, texts: &Arc<Texts>) {
    environment.add_filter("date", |value: &Value| {
        optional(value, |text| date_text(text).ok_or_else(|| wrong("date", text)))
    });
    environment.add_filter("datetime", |value: &Value| {
        optional(value, |text| datetime_text(text).ok_or_else(|| wrong("datetime", text)))
    });
    environment.add_filter("money", move |amount: i64| match locale {
        Locale::Vi => format!("{} đ", grouped(amount, '.')),
        Locale::En => format!("{} VND", grouped(amount, ',')),
    });
    environment.add_filter("number", move |value: &Value| number(value, locale));
    environment.add_filter("file_size", move |bytes: u64| file_size(bytes, locale));
    let words = Arc::clone(texts);
    environment.add_filter("time_left", move |due: &str, now: &str| {
        let left = instant(due)? - instant(now)?;
        Ok::<_, Error>(time_left(left.num_minutes(), locale, &words))
    });
    environment.add_filter("time_tone", |due: &str, now: &str| {
        let minutes = (instant(due)? - instant(now)?).num_minutes();
        Ok::<_, Error>(match minutes {
            ..0 => "error",
            0..1440 => "warning",
            _ => "calm",
        })
    });
    environment.add_filter("mask", |value: &Value| optional(value, |text| Ok(mask_text(text))));
    environment.add_filter("field_id", field_id);
    environment.add_filter("link", link);
    environment.add_filter("url_part", url_part);
    environment.add_filter("phone_link", |number: &str| {
        number
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '+')
            .collect::<String>()
    });
}

/// Nothing stays nothing; everything else must be a text.
fn optional(value: &Value, show: impl Fn(&str) -> Result<String, Error>) -> Result<String, Error> {
    if value.is_none() {
        return Ok(String::new());
    }
    match value.as_str() {
        Some("") => Ok(String::new()),
        Some(text) => show(text),
        None => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("{value:?} is not a text"),
        )),
    }
}

fn wrong(filter: &str, text: &str) -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        format!("{filter}: {text:?} is neither a date nor an instant"),
    )
}

fn instant(text: &str) -> Result<DateTime<Utc>, Error> {
    text.parse().map_err(|_| wrong("instant", text))
}

/// `dd/mm/yyyy` of an ISO 8601 date, or of the Vietnamese day of an RFC 3339 instant.
pub fn date_text(text: &str) -> Option<String> {
    let day = match text.parse::<NaiveDate>() {
        Ok(day) => day,
        Err(_) => kernel::local_date(text.parse().ok()?),
    };
    Some(day.format("%d/%m/%Y").to_string())
}

/// `HH:MM dd/mm/yyyy` in Vietnam of an RFC 3339 instant.
pub fn datetime_text(text: &str) -> Option<String> {
    Some(kernel::local(text.parse().ok()?).format("%H:%M %d/%m/%Y").to_string())
}

fn grouped(number: i64, mark: char) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut shown = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(mark);
        }
        shown.push(digit);
    }
    shown
}

/// `1.234.567,5` in Vietnamese, `1,234,567.5` in English. Takes an integer, or a decimal number as number or text.
fn number(value: &Value, locale: Locale) -> Result<String, Error> {
    let (group, point) = match locale {
        Locale::Vi => ('.', ','),
        Locale::En => (',', '.'),
    };
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (whole, fraction) = text
        .split_once('.')
        .map_or((text.as_str(), ""), |(whole, fraction)| (whole, fraction));
    let shown = whole
        .parse::<i64>()
        .ok()
        .filter(|_| fraction.chars().all(|c| c.is_ascii_digit()))
        .map(|number| (grouped(number, group), whole.starts_with('-') && number == 0))
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("number: {text:?} is not a number")))?;
    let fraction = fraction.trim_end_matches('0');
    let sign = if shown.1 && !fraction.is_empty() { "-" } else { "" };
    Ok(if fraction.is_empty() {
        shown.0
    } else {
        format!("{sign}{}{point}{fraction}", shown.0)
    })
}

fn file_size(bytes: u64, locale: Locale) -> String {
    if bytes < 1024 * 1024 {
        return format!("{} KB", bytes.div_ceil(1024).max(1));
    }
    let tenths = bytes * 10 / (1024 * 1024);
    let point = if locale == Locale::Vi { ',' } else { '.' };
    format!("{}{point}{} MB", tenths / 10, tenths % 10)
}

fn time_left(minutes: i64, locale: Locale, texts: &Texts) -> String {
    let amount = minutes.unsigned_abs();
    let (unit, count) = match amount {
        0..60 => ("minutes", amount.max(1)),
        60..1440 => ("hours", amount / 60),
        _ => ("days", amount / 1440),
    };
    let way = if minutes < 0 { "late" } else { "left" };
    texts.get(
        locale,
        &format!("layout.time.{unit}_{way}"),
        &Params::from([("count".into(), count.to_string())]),
    )
}

/// Hides a personal value: a mail address keeps its first letter and its domain, everything else its last three
/// characters. A value of four characters or fewer is hidden whole.
pub fn mask_text(text: &str) -> String {
    if let Some((name, domain)) = text.split_once('@') {
        return format!(
            "{}•••@{domain}",
            name.chars().next().map(String::from).unwrap_or_default()
        );
    }
    let length = text.chars().count();
    let kept = if length > 4 { 3 } else { 0 };
    text.chars()
        .enumerate()
        .map(|(index, c)| if index + kept < length { '•' } else { c })
        .collect()
}

/// The id of the control of a field: `owner.birth_date` → `f-owner-birth_date`.
fn field_id(name: &str) -> String {
    let safe = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' });
    std::iter::once("f-".to_owned()).chain(safe.map(String::from)).collect()
}

/// Lets only harmless addresses into `href`, `src` and `action`: our own paths, web addresses, telephone, mail.
fn link(address: &str) -> String {
    let own = (address.starts_with('/') && !address.starts_with("//") && !address.starts_with("/\\"))
        || address.starts_with(['#', '?']);
    let known = ["https://", "http://", "tel:", "mailto:", "geo:"]
        .iter()
        .any(|scheme| address.starts_with(scheme));
    if own || known || address.is_empty() {
        return address.to_owned();
    }
    tracing::warn!("an address of an unknown scheme was not drawn");
    "#".to_owned()
}

/// Percent-encodes a value for a query (RFC 3986 unreserved characters stay).
fn url_part(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_vietnamese_days() {
        assert_eq!(date_text("2026-11-23").as_deref(), Some("23/11/2026"));
        // 17:30 UTC is already the next day in Vietnam.
        assert_eq!(date_text("2026-11-23T17:30:00Z").as_deref(), Some("24/11/2026"));
        assert_eq!(
            datetime_text("2026-11-23T17:30:00Z").as_deref(),
            Some("00:30 24/11/2026")
        );
        assert_eq!(date_text("23.11.2026"), None);
    }

    #[test]
    fn numbers_follow_the_language() {
        let shown = |value: &str, locale| number(&Value::from(value), locale).unwrap();
        assert_eq!(shown("1234567.50", Locale::Vi), "1.234.567,5");
        assert_eq!(shown("1234567.50", Locale::En), "1,234,567.5");
        assert_eq!(shown("-0.5", Locale::Vi), "-0,5");
        assert_eq!(shown("-1234", Locale::Vi), "-1.234");
        assert_eq!(shown("100", Locale::Vi), "100");
        assert!(number(&Value::from("1e9x"), Locale::Vi).is_err());
        assert_eq!(file_size(300 * 1024, Locale::Vi), "300 KB");
        assert_eq!(file_size(1, Locale::Vi), "1 KB");
        assert_eq!(file_size(3_300_000, Locale::Vi), "3,1 MB");
    }

    #[test]
    fn masks_keep_the_end_only() {
        assert_eq!(mask_text("093123456789"), "•••••••••789");
        assert_eq!(mask_text("an.nguyen@example.vn"), "a•••@example.vn");
        assert_eq!(mask_text("1234"), "••••");
    }

    #[test]
    fn only_harmless_addresses_become_links() {
        assert_eq!(link("/thu-tuc?trang=2"), "/thu-tuc?trang=2");
        assert_eq!(link("javascript:alert(1)"), "#");
        assert_eq!(link("JaVaScRiPt:alert(1)"), "#");
        assert_eq!(link("//evil.example"), "#");
        assert_eq!(link("/\\evil.example"), "#");
        assert_eq!(link("data:text/html,x"), "#");
    }

    #[test]
    fn ids_and_query_parts_hold_no_markup() {
        assert_eq!(field_id("owner.birth_date"), "f-owner-birth_date");
        assert_eq!(field_id("a\"><b"), "f-a---b");
        assert_eq!(url_part("/thu-tuc?q=hộ"), "%2Fthu-tuc%3Fq%3Dh%E1%BB%99");
    }

    #[test]
    fn time_left_is_said_in_the_largest_unit() {
        let texts = Texts::embedded().unwrap();
        assert_eq!(time_left(3 * 1440 + 5, Locale::Vi, &texts), "Còn 3 ngày");
        assert_eq!(time_left(119, Locale::En, &texts), "1 hour left");
        assert_eq!(time_left(-2881, Locale::En, &texts), "2 days late");
        assert_eq!(time_left(0, Locale::Vi, &texts), "Còn 1 phút");
    }
}
