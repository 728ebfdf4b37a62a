//! The registers of the province as a page: what each is, who answers for it, what it holds, how it is shared and kept up to date, and which row of the
//! document it stands for (R246, R247, R250, R254, R256). It stands in the repository as `docs/registers.md`, and a test keeps it true.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use kernel::{Fault, Result};
use registry::definition::{FieldDefinition, Level, Readers, RecordDefinition, Sharing, Update};
use schema::{Problems, Texts};
use serde_json::Value;

use crate::apps::{App, DOCUMENT_LISTS, Records};
use crate::province;

/// A row of the document that describes a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As declarations name it: `shared.21`.
    pub source: String,
    /// What the document calls it.
    pub name: String,
    /// The registers that stand for it.
    pub registers: Vec<String>,
}

/// The rows of the document, as the systems list them, each with the registers that name it.
pub fn rows(apps: &[App]) -> Vec<Row> {
    let mut named: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for definition in definitions(apps) {
        for source in &definition.sources {
            named.entry(source).or_default().push(definition.record.clone());
        }
    }
    let mut rows = Vec::new();
    for (list, register) in DOCUMENT_LISTS {
        let listed = apps
            .iter()
            .find_map(|app| app.registers.get(register)?.records.as_ref());
        for row in listed.into_iter().flat_map(|records: &Records| &records.rows) {
            let cell = |field: &str| row.fields.get(field).and_then(Value::as_str).unwrap_or_default();
            let source = format!("{list}.{}", cell("ordinal"));
            rows.push(Row {
                name: cell("name").to_owned(),
                registers: named.get(source.as_str()).cloned().unwrap_or_default(),
                source,
            });
        }
    }
    rows
}

fn definitions(apps: &[App]) -> impl Iterator<Item = &RecordDefinition> {
    apps.iter()
        .flat_map(|app| app.registers.values().map(|register| &register.definition))
}

/// The page. Fails with `compose.table_broken` where the organisations cannot be read.
pub fn page(apps: &[App]) -> Result<String> {
    let mut text = String::from(HEAD);
    let with_registers: Vec<&App> = apps.iter().filter(|app| !app.registers.is_empty()).collect();
    let fields: usize = definitions(apps).map(|definition| definition.fields.len()).sum();
    line(
        &mut text,
        format!(
            "{} registers with {fields} fields in {} systems.\n",
            definitions(apps).count(),
            with_registers.len()
        ),
    );
    for app in &with_registers {
        system(&mut text, app)?;
    }
    owners(&mut text, apps)?;
    national(&mut text, apps);
    document(&mut text, apps);
    Ok(text)
}

fn line(text: &mut String, line: impl AsRef<str>) {
    // Writing into a text cannot fail.
    let _ = writeln!(text, "{}", line.as_ref());
}

/// What stands in a cell of a table.
fn cell(words: &str) -> String {
    words.replace('|', "\\|").replace('\n', " ")
}

fn system(text: &mut String, app: &App) -> Result<()> {
    let mut problems = Problems::new();
    let texts = Texts::load(&app.key, &app.texts.vi, &mut problems);
    let said = |key: &str| {
        let missing = || {
            Fault::internal("compose.app_broken")
                .with("app", &app.key)
                .with("reason", key)
        };
        texts.get(key).map(str::to_owned).ok_or_else(missing)
    };
    line(
        text,
        format!("## {} (`{}`)\n\n{}\n", said("title")?, app.key, said("about")?),
    );
    line(text, "| register | owner | fields | shared | kept up to date | rows |");
    line(text, "|---|---|---|---|---|---|");
    for register in app.registers.values() {
        row(text, &register.definition);
    }
    line(text, "");
    Ok(())
}

fn row(text: &mut String, own: &RecordDefinition) {
    let catalogue = if own.catalogue { ", catalogue" } else { "" };
    let fields: Vec<String> = own.fields.iter().map(|field| field_of(own, field)).collect();
    let sharing: Vec<&str> = own.sharing.iter().map(|form| sharing_word(*form)).collect();
    let readers = match own.readers {
        Readers::Everybody => "everybody reads",
        Readers::Officials => "officials read",
        Readers::Owner => "the owner reads",
    };
    let also: BTreeSet<&str> = own
        .shared
        .iter()
        .flat_map(|share| &share.with)
        .map(String::as_str)
        .collect();
    let also = match also.is_empty() {
        true => String::new(),
        false => format!("; some of it for {}", also.into_iter().collect::<Vec<_>>().join(", ")),
    };
    let cells = [
        format!("{} · {} · `{}`{catalogue}", own.words.vi, own.words.en, own.record),
        own.owner.clone(),
        fields.join(", "),
        format!("{}; {readers}{also}", sharing.join(", ")),
        update(own),
        own.sources.join(", "),
    ];
    line(text, format!("| {} |", cells.map(|words| cell(&words)).join(" | ")));
}

fn field_of(own: &RecordDefinition, field: &FieldDefinition) -> String {
    let label = match own.key.contains(&field.field) {
        true => format!("**{}**", field.words.vi),
        false => field.words.vi.clone(),
    };
    match field.is_sealed() {
        true => format!("{label} ●"),
        false => label,
    }
}

fn sharing_word(form: Sharing) -> &'static str {
    match form {
        Sharing::Open => "open",
        Sharing::Default => "default",
        Sharing::Specific => "specific",
    }
}

fn update(own: &RecordDefinition) -> String {
    let way = match own.update {
        Update::Entry => "entered".to_owned(),
        Update::Import => "imported".to_owned(),
        Update::Exchange => format!("from {}", own.upstream.as_deref().unwrap_or_default()),
        Update::Operation => "grows from another system".to_owned(),
    };
    let levels: Vec<&str> = own
        .enters
        .iter()
        .map(|level| match level {
            Level::Province => "province",
            Level::District => "district",
            Level::Commune => "commune",
        })
        .collect();
    match levels.is_empty() {
        true => way,
        false => format!("{way} by {}", levels.join(", ")),
    }
}

/// Who answers for how much.
fn owners(text: &mut String, apps: &[App]) -> Result<()> {
    let names = province::organisation_names()?;
    let mut owned: BTreeMap<&str, usize> = BTreeMap::new();
    for definition in definitions(apps) {
        *owned.entry(&definition.owner).or_default() += 1;
    }
    line(text, "## Owners\n\n| code | organisation | registers |\n|---|---|---|");
    for (code, count) in owned {
        let name = names.get(code).map_or("", String::as_str);
        line(text, format!("| {code} | {} | {count} |", cell(name)));
    }
    line(text, "");
    Ok(())
}

/// What is the provincial part of a national database, and is not typed anew.
fn national(text: &mut String, apps: &[App]) {
    let mut parts: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for definition in definitions(apps) {
        if let Some(upstream) = &definition.upstream {
            parts
                .entry(upstream)
                .or_default()
                .push(format!("`{}`", definition.record));
        }
    }
    line(
        text,
        "## Provincial parts of national databases and systems\n\n| national | registers |\n|---|---|",
    );
    for (upstream, registers) in parts {
        line(text, format!("| {} | {} |", cell(upstream), registers.join(", ")));
    }
    line(text, "");
}

fn document(text: &mut String, apps: &[App]) {
    let rows = rows(apps);
    line(
        text,
        "## Rows of the document\n\n| row | database | registers |\n|---|---|---|",
    );
    for row in &rows {
        let registers: Vec<String> = row.registers.iter().map(|key| format!("`{key}`")).collect();
        line(
            text,
            format!("| {} | {} | {} |", row.source, cell(&row.name), registers.join(", ")),
        );
    }
    let without: Vec<&Row> = rows.iter().filter(|row| row.registers.is_empty()).collect();
    line(text, "\n## Rows for which there is no register\n");
    if without.is_empty() {
        line(text, "None.");
    }
    for row in without {
        line(text, format!("- {} {}", row.source, row.name));
    }
}

const HEAD: &str = "# The registers of the province

Made from `apps/*/registry`; a test fails when it is not fresh (`BLESS=1 cargo nextest run -p compose registers` writes it anew). How a
department adds one of its own: [adding a register](adding-a-register.md). What the words of a declaration mean:
[the engine](../engines/registry/README.md).

Rows are those of the document: *shared.N* of its 24 shared databases, *sector.N* of its 69 sector databases; other words name
a table of it. Of the fields the bold ones tell one record from another; ● is sealed in its row, because it is about people. Sharing is
that of decree 47/2020/NĐ-CP: *open*, *default*, *specific*; whoever may read more has a purpose and a legal basis in the declaration. Owners are codes of
`province/hau-giang/organisations.csv`.

";
