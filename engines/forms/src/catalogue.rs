//! Catalogues of choices (danh mục dùng chung) that forms may name. Small and embedded: a change comes with a release.

use std::sync::LazyLock;

static ETHNIC_GROUPS: LazyLock<Vec<(&'static str, &'static str)>> =
    LazyLock::new(|| read(include_str!("../catalogues/ethnic_groups.csv")));

/// The catalogues that this release knows.
#[derive(Debug, Clone, Copy)]
pub struct Catalogues;

impl Catalogues {
    /// Their names, as in `catalogue: <name>`.
    pub const NAMES: [&str; 1] = ["ethnic_groups"];

    /// Code and Vietnamese name of every value, in the order of the catalogue; empty if there is no such catalogue. They are
    /// names of peoples and places, not sentences, so they are the same in every language of the portal.
    pub fn entries(name: &str) -> &'static [(&'static str, &'static str)] {
        entries(name)
    }

    /// The name of one code.
    pub fn label(name: &str, code: &str) -> Option<&'static str> {
        label(name, code)
    }
}

pub(crate) fn entries(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        "ethnic_groups" => &ETHNIC_GROUPS,
        _ => &[],
    }
}

pub(crate) fn label(name: &str, code: &str) -> Option<&'static str> {
    entries(name)
        .iter()
        .find(|(own, _)| *own == code)
        .map(|(_, label)| *label)
}

/// The code of a value that is given by its code or by its name.
pub(crate) fn code(name: &str, given: &str) -> Option<&'static str> {
    let folded = kernel::text::fold(given);
    entries(name)
        .iter()
        .find(|(code, label)| *code == given || kernel::text::fold(label) == folded)
        .map(|(code, _)| *code)
}

/// `code,name_vi,name_en` after a head line; no name holds a comma or a quotation mark.
fn read(csv: &'static str) -> Vec<(&'static str, &'static str)> {
    csv.lines()
        .skip(1)
        .filter_map(|line| {
            let mut cells = line.split(',');
            Some((cells.next()?.trim(), cells.next()?.trim()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_ethnic_group_is_there_once() {
        let groups = entries("ethnic_groups");
        let codes: BTreeSet<&str> = groups.iter().map(|(code, _)| *code).collect();
        let names: BTreeSet<&str> = groups.iter().map(|(_, name)| *name).collect();
        assert_eq!((groups.len(), codes.len(), names.len()), (54, 54, 54));
        assert!(groups.iter().all(|(_, name)| kernel::text::clean_line(name) == *name));
        assert_eq!(label("ethnic_groups", "05"), Some("Khmer"));
        assert_eq!(code("ethnic_groups", "kinh"), Some("01"));
        assert_eq!(code("ethnic_groups", "55"), None);
        assert!(entries("planets").is_empty());
        assert!(Catalogues::NAMES.iter().all(|name| !entries(name).is_empty()));
    }
}
