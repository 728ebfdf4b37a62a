//! Names of files: cleaned when they come in, quoted when they go out.

use kernel::{Fault, Result, text};

use crate::Kind;

/// Most characters of a stored name.
const LONGEST: usize = 120;
/// An "extension" longer than this is a part of the name.
const LONGEST_EXTENSION: usize = 10;
/// The name of a file that came without one ("tệp", a file).
const NAMELESS: &str = "tep";

/// Endings that a double click runs. A file so named is refused, whatever it holds.
const RUNS: [&str; 46] = [
    "apk", "app", "bat", "chm", "class", "cmd", "com", "cpl", "deb", "dll", "dmg", "exe", "gadget", "hta", "htm",
    "html", "iso", "jar", "js", "jse", "lnk", "mht", "mhtml", "msc", "msi", "msp", "php", "pif", "pl", "ps1", "psm1",
    "py", "reg", "rpm", "scf", "scr", "sh", "svg", "svgz", "sys", "url", "vb", "vbe", "vbs", "wsf", "xhtml",
];

/// Endings that are suspect even before a harmless one, as in `hoa-don.exe.pdf`.
const RUNS_ANYWHERE: [&str; 10] = ["apk", "bat", "cmd", "exe", "hta", "jar", "lnk", "msi", "scr", "vbs"];

/// The name as it may be stored and shown: only the last part of a path, NFC, one line, no invisible
/// characters, none that file systems refuse, no leading dots, at most 120 characters with the extension kept.
pub fn clean_name(raw: &str) -> String {
    let visible = text::clean_line(raw);
    let last = visible
        .rsplit(['/', '\\'])
        .find(|part| !part.trim_matches(['.', ' ']).is_empty())
        .unwrap_or_default();
    let safe: String = last
        .chars()
        .map(|c| {
            if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') {
                '_'
            } else {
                c
            }
        })
        .collect();
    let bare = safe.trim_start_matches(['.', ' ']).trim_end_matches(['.', ' ']);
    if bare.is_empty() {
        NAMELESS.to_owned()
    } else {
        shorten(bare)
    }
}

/// Cuts the stem, not the extension.
fn shorten(name: &str) -> String {
    let length = name.chars().count();
    if length <= LONGEST {
        return name.to_owned();
    }
    let (stem, extension) = split(name);
    let tail = extension.map(|e| format!(".{e}")).unwrap_or_default();
    let room = LONGEST - tail.chars().count();
    let stem: String = stem.chars().take(room).collect();
    format!("{}{tail}", stem.trim_end_matches(['.', ' ']))
}

/// Stem and extension. What is long, empty or not letters and digits is no extension.
fn split(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once('.') {
        Some((stem, extension))
            if !stem.is_empty()
                && (1..=LONGEST_EXTENSION).contains(&extension.len())
                && extension.bytes().all(|b| b.is_ascii_alphanumeric()) =>
        {
            (stem, Some(extension))
        }
        _ => (name, None),
    }
}

/// Refuses a (cleaned) name that poses as something that runs.
pub(crate) fn refuse_misleading(name: &str) -> Result<()> {
    let endings: Vec<String> = name
        .split('.')
        .skip(1)
        .map(|part| part.trim().to_ascii_lowercase())
        .collect();
    let last_runs = endings.last().is_some_and(|last| RUNS.contains(&last.as_str()));
    let hidden = endings.iter().any(|ending| RUNS_ANYWHERE.contains(&ending.as_str()));
    if last_runs || hidden {
        Err(Fault::invalid("files.misleading_name").with("name", name))
    } else {
        Ok(())
    }
}

/// The (cleaned) name with the extension that tells the truth: another known extension is
/// replaced, a missing or unknown one is completed.
pub(crate) fn with_true_extension(name: &str, kind: Kind) -> String {
    let (stem, extension) = split(name);
    let truth = kind.extensions()[0];
    match extension {
        Some(extension) if Kind::of_extension(extension) == Some(kind) => name.to_owned(),
        Some(extension) if Kind::of_extension(extension).is_some() => shorten(&format!("{stem}.{truth}")),
        _ => shorten(&format!("{name}.{truth}")),
    }
}

/// Whether a browser may show this media type in the page's place: pictures and PDF only.
pub(crate) fn may_inline(media_type: &str) -> bool {
    [Kind::Jpeg, Kind::Png, Kind::Pdf]
        .iter()
        .any(|kind| kind.media_type() == media_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_are_neutralised() {
        assert_eq!(clean_name("../../etc/passwd"), "passwd");
        assert_eq!(clean_name(r"C:\Users\An\giấy khai sinh.pdf"), "giấy khai sinh.pdf");
        assert_eq!(clean_name(".."), "tep");
        assert_eq!(clean_name("a/.."), "a");
        assert_eq!(clean_name(".htaccess"), "htaccess");
        assert_eq!(clean_name("  \u{200b} "), "tep");
        assert_eq!(clean_name("a/b\\"), "b");
        assert_eq!(clean_name("10:30 <ảnh>.jpg."), "10_30 _ảnh_.jpg");
    }

    #[test]
    fn composed_and_visible() {
        assert_eq!(clean_name("gia\u{302}\u{301}y  to\u{31b}\u{300}.pdf"), "giấy tờ.pdf");
        assert_eq!(clean_name("anh\u{202e}gpj.exe"), "anhgpj.exe");
        assert_eq!(clean_name("a\r\nX-Header: 1\0.png"), "a X-Header_ 1.png");
    }

    #[test]
    fn long_names_keep_their_extension() {
        let cut = clean_name(&format!("{}.pdf", "ế".repeat(300)));
        assert_eq!(cut.chars().count(), 120);
        assert!(cut.ends_with("ế.pdf"));
        assert_eq!(clean_name(&"a".repeat(300)).len(), 120);
        assert_eq!(with_true_extension(&"a".repeat(120), Kind::Pdf).chars().count(), 120);
    }

    #[test]
    fn names_that_run_are_refused() {
        for name in ["a.exe", "a.pdf.exe", "a.exe.pdf", "trang.html", "x.SVG", "anhgpj.exe"] {
            assert_eq!(
                refuse_misleading(name).unwrap_err().code,
                "files.misleading_name",
                "{name}"
            );
        }
        for name in ["a.pdf", "exe", "Công ty.com.vn hợp đồng.pdf", "a.b.c.jpg"] {
            assert!(refuse_misleading(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn extensions_are_corrected() {
        assert_eq!(with_true_extension("a.jpg", Kind::Png), "a.png");
        assert_eq!(with_true_extension("a.JPEG", Kind::Jpeg), "a.JPEG");
        assert_eq!(with_true_extension("đơn.v2", Kind::Pdf), "đơn.v2.pdf");
        assert_eq!(with_true_extension("tep", Kind::Docx), "tep.docx");
    }

    #[test]
    fn pictures_and_pdf_are_shown_in_place() {
        assert!(may_inline("application/pdf") && may_inline("image/png"));
        assert!(!may_inline("text/html") && !may_inline("image/svg+xml"));
    }

    proptest! {
        #[test]
        fn any_name_becomes_a_safe_one(raw in any::<String>()) {
            let name = clean_name(&raw);
            prop_assert!((1..=120).contains(&name.chars().count()));
            prop_assert!(!name.contains(['/', '\\']) && !name.starts_with('.') && !name.chars().any(char::is_control));
            prop_assert_eq!(clean_name(&name), name.clone());
        }
    }
}
