//! Draws the page: totals first, then one table a group.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{Place, Places, Requirement};

const NOT_YET: &str = "not yet";
/// More places than this are counted instead of named.
const NAMED: usize = 3;

const HEAD: &str = "\
# Mission

Every requirement that we read out of the province's e-government architecture 3.0, in our own short words: where it lives
in this repository and which test shows it. **This page is generated** by `cargo xtask mission` from
[requirements.csv](requirements.csv), the `requirements` of every `app.toml`, `R063` in doc comments and crate pages, and
`shows: R063` above tests; do not edit it. *stated* = said by the document, *implied* = our reading, *figure* = a reported number.

A requirement counts as *shown* when a test shows it, as *begun* when a source names it but no test does. Shown means that a
test covers it in the form that stands today; the issue that completes it may still be to come.

";

/// The whole page as Markdown.
pub fn render(requirements: &[Requirement], places: &Places) -> String {
    let mut text = HEAD.to_owned();
    let groups = groups(requirements);
    text.push_str("| Group | Requirements | Shown | Begun | Not yet |\n|---|---:|---:|---:|---:|\n");
    for (index, group) in groups.iter().enumerate() {
        let members: Vec<&Requirement> = requirements
            .iter()
            .filter(|requirement| requirement.group == *group)
            .collect();
        row_of_totals(&mut text, &format!("{}. {group}", index + 1), &members, places);
    }
    row_of_totals(&mut text, "**All**", &requirements.iter().collect::<Vec<_>>(), places);
    for (index, group) in groups.iter().enumerate() {
        let _ = writeln!(
            text,
            "\n## {}. {group}\n\n| Id | Tag | In short | Lives in | Shown by |\n|---|---|---|---|---|",
            index + 1
        );
        for requirement in requirements.iter().filter(|requirement| requirement.group == *group) {
            let place = places.get(&requirement.id).cloned().unwrap_or_default();
            let Requirement { id, tag, summary, .. } = requirement;
            let _ = writeln!(
                text,
                "| {id} | {tag} | {summary} | {} | {} |",
                named(&place.lives),
                named(&place.shown)
            );
        }
    }
    text
}

fn groups(requirements: &[Requirement]) -> Vec<&str> {
    let mut groups: Vec<&str> = Vec::new();
    for requirement in requirements {
        if !groups.contains(&requirement.group.as_str()) {
            groups.push(&requirement.group);
        }
    }
    groups
}

fn row_of_totals(text: &mut String, name: &str, members: &[&Requirement], places: &Places) {
    let place = |requirement: &&&Requirement| places.get(&requirement.id).cloned().unwrap_or_default();
    let shown = members.iter().filter(|member| !place(member).shown.is_empty()).count();
    let begun = members
        .iter()
        .filter(|member| place(member).shown.is_empty() && place(member) != Place::default())
        .count();
    let _ = writeln!(
        text,
        "| {name} | {} | {shown} | {begun} | {} |",
        members.len(),
        members.len() - shown - begun
    );
}

fn named(places: &BTreeSet<String>) -> String {
    if places.is_empty() {
        return NOT_YET.to_owned();
    }
    let mut text = places.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if places.len() > NAMED {
        let _ = write!(text, " and {} more", places.len() - NAMED);
    }
    text
}
