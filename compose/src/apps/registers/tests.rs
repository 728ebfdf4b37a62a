use std::collections::BTreeMap;

use schema::Problems;

use super::super::{Findings, Sources, read};

/// A register as short as it may be.
fn register(key: &str, head: &str, fields: &str) -> String {
    format!(
        "format: 1\nrecord: {key}\nvi: Sổ\nen: Book\nabout: {{ vi: Một sổ., en: A book. }}\n{head}sharing: [default]\nupdate: entry\n\
         readers: officials\nretention: {{ years: 5 }}\ntitle: name\nkey: [code]\nlist: [code, name]\nfields:\n\
         \x20 - {{ field: code, vi: Mã, en: Code, type: text, required: true, class: public }}\n\
         \x20 - {{ field: name, vi: Tên, en: Name, type: text, required: true, class: public }}\n{fields}"
    )
}

fn manifest(key: &str, engines: &str) -> String {
    format!(
        "format = 1\nkey = \"{key}\"\nversion = \"1.0.0\"\nowner = \"SNV\"\nsecurity_level = 2\nlegal_basis = []\n\
         engines = [{engines}]\nrequirements = []\n"
    )
}

const TITLES: &str = "title = \"Sổ\"\nabout = \"Các sổ.\"\n";

/// Systems with registers only, each with these files beside what every system has.
fn all(systems: &[(&str, &[(&str, String)])]) -> Findings {
    let mut sources = Sources::default();
    for (app, files) in systems {
        sources.add(&format!("{app}/app.toml"), manifest(app, "\"registry\"").into_bytes());
        for language in ["vi", "en"] {
            sources.add(&format!("{app}/texts/{language}.toml"), TITLES.as_bytes().to_vec());
        }
        for (file, text) in *files {
            sources.add(&format!("{app}/{file}"), text.as_bytes().to_vec());
        }
    }
    read::all(&sources)
}

fn lines(problems: &Problems) -> Vec<String> {
    problems
        .iter()
        .map(|problem| format!("{}:{} {}", problem.file, problem.line, problem.code))
        .collect()
}

const OWNED: &str = "owner: SNV\n";

#[test]
fn a_system_of_registers_needs_nothing_else() {
    let found = all(&[("books", &[("registry/book.record.yaml", register("book", OWNED, ""))])]);
    assert!(found.problems.is_empty(), "{}", found.problems);
    assert!(found.apps[0].registers.contains_key("book"));
    assert!(found.apps[0].procedure.is_none());
}

// shows: R012
#[test]
fn a_key_is_declared_once_in_the_province_and_both_files_are_told() {
    let twice = [("registry/book.record.yaml", register("book", OWNED, ""))];
    let found = all(&[("books", &twice), ("papers", &twice)]);
    assert_eq!(
        lines(&found.problems),
        [
            "books/registry/book.record.yaml:2 compose.register_twice",
            "papers/registry/book.record.yaml:2 compose.register_twice"
        ]
    );
    assert!(
        found
            .problems
            .to_string()
            .contains("is declared in papers/registry/book.record.yaml too")
    );
    assert!(found.apps.is_empty());
}

#[test]
fn links_lead_to_registers_of_any_system_and_choices_come_from_catalogues() {
    let reader = register(
        "reader",
        OWNED,
        "  - { field: book, vi: Sách, en: Book, type: link, to: book, class: public }\n\
         \x20 - field: shelf\n    vi: Kệ\n    en: Shelf\n    type: link\n    to: shelve\n    class: public\n\
         \x20 - { field: kind, vi: Loại, en: Kind, type: catalogue, catalogue: book, class: public }\n",
    );
    let found = all(&[
        ("books", &[("registry/book.record.yaml", register("book", OWNED, ""))]),
        (
            "readers",
            &[
                ("registry/reader.record.yaml", reader),
                ("registry/shelf.record.yaml", register("shelf", OWNED, "")),
            ],
        ),
    ]);
    assert_eq!(
        lines(&found.problems),
        [
            "readers/registry/reader.record.yaml:22 compose.no_register",
            "readers/registry/reader.record.yaml:24 compose.no_catalogue"
        ]
    );
    assert!(
        found.problems.to_string().contains("did you mean \"shelf\"?"),
        "{}",
        found.problems
    );
    assert_eq!(found.apps.len(), 1, "the other system is sound");
}

#[test]
fn a_link_leads_to_what_whoever_enters_may_read() {
    let shelf = |more: &str| register("shelf", OWNED, "").replace("readers: officials", "readers: owner") + more;
    let book = |enters: &str, required: &str| {
        register(
            "book",
            &format!("owner: SCT\n{enters}"),
            &format!("  - {{ field: shelf, vi: Kệ, en: Shelf, type: link, to: shelf{required}, class: public }}\n"),
        )
    };
    let told = |book: String, shelf: String| {
        let found = all(&[(
            "books",
            &[
                ("registry/book.record.yaml", book),
                ("registry/shelf.record.yaml", shelf),
            ],
        )]);
        let codes: Vec<_> = found.problems.iter().map(|problem| problem.code.to_owned()).collect();
        (codes.len(), codes.iter().all(|code| code == "compose.link_unread"))
    };
    let shared = "shared:\n  - { with: [SCT], fields: [code, name], vi: Kệ, en: Shelf }\n";
    let half = "shared:\n  - { with: [SCT], fields: [code], vi: Kệ, en: Shelf }\n";
    let communes = "enters: [commune]\n";
    assert_eq!(told(book("", ""), shelf("")), (1, true), "the owner cannot choose");
    assert_eq!(told(book("", ""), shelf(half)), (1, true), "nor without its name");
    assert_eq!(told(book("", ", required: true"), shelf(shared)), (0, true));
    assert_eq!(told(book(communes, ""), shelf(shared)), (0, true), "the owner adds it");
    assert_eq!(told(book(communes, ", required: true"), shelf(shared)), (1, true));
    let entered = shelf(shared).replace(OWNED, &format!("{OWNED}{communes}"));
    assert_eq!(told(book(communes, ", required: true"), entered), (0, true));
    assert_eq!(told(book("", ""), register("shelf", OWNED, "")), (0, true));
}

// shows: R254
#[test]
fn whoever_answers_and_whoever_shares_is_one_agency_of_the_province() {
    let shared = "shared:\n  - with: [CT, UBNDX, NOBODY]\n    vi: Thuế\n    en: Taxes\n";
    let book = register("book", "owner: UBNDH\n", "") + shared;
    let found = all(&[("books", &[("registry/book.record.yaml", book)])]);
    let told = lines(&found.problems);
    assert_eq!(
        told.len(),
        3,
        "a collective is no agency, nor is whoever is not there: {}",
        found.problems
    );
    assert!(told[0].ends_with("book.record.yaml:6 compose.no_agency"), "{told:?}");
    let said = found.problems.to_string();
    assert!(said.contains("\"UBNDH\"") && said.contains("\"UBNDX\"") && said.contains("\"NOBODY\""));
}

#[test]
fn rows_beside_a_declaration_are_held_against_it_all_at_once() {
    let shelf = register("shelf", &format!("{OWNED}catalogue: true\n"), "");
    let book = register(
        "book",
        OWNED,
        "  - { field: pages, vi: Số trang, en: Pages, type: number, min: 1, class: public }\n\
         \x20 - { field: shelf, vi: Kệ, en: Shelf, type: catalogue, catalogue: shelf, class: public }\n\
         \x20 - { field: ward, vi: Xã, en: Ward, type: area, class: public }\n\
         \x20 - { field: agency, vi: Cơ quan, en: Agency, type: link, to: agency, class: public }\n\
         \x20 - { field: isbn, vi: ISBN, en: ISBN, type: text, unique: true, class: public }\n",
    );
    let rows = "code,name,pages,shelf,ward,agency,isbn,valid_from,valid_to\n\
                a,Một,10,x,31340,SNV,1,2021-01-01,2021-12-31\n\
                b,Hai,0,y,99999,UBNDX,1,,\n\
                b,,3,x,,,,tomorrow,\n\
                c,Bốn,3,x,,,,2021-02-01,2021-01-01\n\
                a,Năm,,,,,,,\n\
                too,few\n";
    let found = all(&[(
        "books",
        &[
            ("registry/book.record.yaml", book.clone()),
            ("registry/book.records.csv", rows.to_owned()),
            ("registry/shelf.record.yaml", shelf.clone()),
            ("registry/shelf.records.csv", "code,name\nx,Kệ X\n".to_owned()),
        ],
    )]);
    let mut by_line: BTreeMap<usize, usize> = BTreeMap::new();
    for problem in found.problems.iter() {
        assert_eq!(problem.file, "books/registry/book.records.csv");
        *by_line.entry(problem.line).or_default() += 1;
    }
    // Pages, shelf, ward, agency and number of the second; the day of the third; the days of the fourth; the key of the fifth; the sixth.
    assert_eq!(
        by_line,
        BTreeMap::from([(3, 5), (4, 1), (5, 1), (6, 1), (7, 1)]),
        "{}",
        found.problems
    );
    let heading = all(&[(
        "books",
        &[
            ("registry/shelf.record.yaml", shelf),
            ("registry/shelf.records.csv", "code,nam,code\nx,y,z\n".to_owned()),
            ("registry/lost.records.csv", "code\n1\n".to_owned()),
        ],
    )]);
    let said = heading.problems.to_string();
    for part in [
        "the heading \"nam\" is no field",
        "did you mean \"name\"?",
        "the heading \"code\" stands twice",
        "registry/lost.record.yaml is missing",
        "\"name\" is \"\": registry.field.required",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

/// What is said about days is judged as it was then, and as it will be: what is sound stays so, whatever day it is.
#[test]
fn rows_stay_sound_when_time_goes_on() {
    let book = register(
        "book",
        OWNED,
        "  - { field: printed, vi: Ngày in, en: Printed on, type: date, past: true, class: public }\n\
         \x20 - field: state\n    vi: Loại\n    en: State\n    type: choice\n    class: public\n\
         \x20   options: [{ code: old, vi: Cũ, en: Old, to: 2021-06-30 }, { code: new, vi: Mới, en: New, from: 2025-07-01 }]\n",
    );
    let rows = "code,name,printed,state\na,Một,2024-05-05,old\nb,Hai,2026-05-05,new\n";
    let found = all(&[(
        "books",
        &[
            ("registry/book.record.yaml", book),
            ("registry/book.records.csv", rows.to_owned()),
        ],
    )]);
    assert!(found.problems.is_empty(), "{}", found.problems);
}

#[test]
fn rows_that_lead_to_each_other_are_told() {
    let to = |key: &str, other: &str| {
        let link = format!("  - {{ field: next, vi: Tiếp, en: Next, type: link, to: {other}, class: public }}\n");
        register(key, OWNED, &link)
    };
    let found = all(&[(
        "books",
        &[
            ("registry/left.record.yaml", to("left", "right")),
            ("registry/left.records.csv", "code,name,next\na,A,b\n".to_owned()),
            ("registry/right.record.yaml", to("right", "left")),
            ("registry/right.records.csv", "code,name,next\nb,B,a\n".to_owned()),
        ],
    )]);
    assert_eq!(
        lines(&found.problems),
        [
            "books/registry/left.records.csv:1 compose.records_circle",
            "books/registry/right.records.csv:1 compose.records_circle"
        ]
    );
}

#[test]
fn engines_and_files_belong_together() {
    let mut sources = Sources::default();
    for language in ["vi", "en"] {
        sources.add(&format!("books/texts/{language}.toml"), TITLES.as_bytes().to_vec());
    }
    sources.add("books/app.toml", manifest("books", "\"registry\"").into_bytes());
    sources.add("books/forms/apply.form.yaml", b"format: 1\n".to_vec());
    let found = read::all(&sources);
    let mut codes: Vec<&str> = found.problems.codes();
    codes.sort_unstable();
    assert_eq!(
        codes,
        ["compose.engine_not_named", "compose.no_register"],
        "{}",
        found.problems
    );
    sources.add("books/app.toml", manifest("books", "").into_bytes());
    assert!(read::all(&sources).problems.codes().contains(&"compose.no_engine"));
    let own = all(&[(
        registry::OWN_APP,
        &[("registry/book.record.yaml", register("book", OWNED, ""))],
    )]);
    assert_eq!(own.problems.codes(), ["compose.app_key"]);
    let other_name = all(&[("books", &[("registry/tome.record.yaml", register("book", OWNED, ""))])]);
    assert_eq!(other_name.problems.codes(), ["compose.file_name"]);
}

#[test]
fn rows_of_the_document_that_are_named_are_there() {
    let list = register(
        "shared_database",
        OWNED,
        "  - { field: ordinal, vi: Số, en: Number, type: number, class: public }\n",
    );
    let book = register(
        "book",
        &format!("{OWNED}sources: [shared.1, shared.2, other.1, brm]\n"),
        "",
    );
    let found = all(&[(
        "books",
        &[
            ("registry/shared_database.record.yaml", list),
            (
                "registry/shared_database.records.csv",
                "code,name,ordinal\na,A,1\n".to_owned(),
            ),
            ("registry/book.record.yaml", book),
        ],
    )]);
    assert_eq!(
        found.problems.codes(),
        ["compose.no_source", "compose.no_source"],
        "{}",
        found.problems
    );
    let said = found.problems.to_string();
    assert!(said.contains("\"shared.2\"") && said.contains("\"other.1\""));
}
