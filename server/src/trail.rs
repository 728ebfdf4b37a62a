//! `ngabay audit …`: the trail is checked, extracted and its daily heads are listed.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, BufWriter},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use chrono::NaiveDate;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use db::PageRequest;
use op::audit::{self, Head, Published, Report, Stretch};
use render::Texts;
use serde::Deserialize;

use crate::{
    commands::{WITH_FINDINGS, beside, option, say, stored, told, words},
    house,
};

pub(crate) fn command(texts: &Texts) -> Command {
    let json = || option(texts, "json").action(ArgAction::SetTrue);
    let day = |name| {
        option(texts, name)
            .value_name("DATE")
            .value_parser(value_parser!(NaiveDate))
    };
    let file = |name: &'static str, help: &str| {
        Arg::new(name)
            .long(name)
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help(words(texts, &format!("option.{help}")))
    };
    Command::new("audit")
        .about(words(texts, "audit"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            stored(texts, "verify", "verify")
                .arg(file("file", "export-file"))
                .arg(
                    option(texts, "head")
                        .value_name("POSITION:SEAL")
                        .action(ArgAction::Append),
                )
                .arg(file("heads", "heads"))
                .arg(json()),
        )
        .subcommand(
            stored(texts, "export", "audit-export")
                .arg(day("from"))
                .arg(day("to"))
                .arg(file("out", "out")),
        )
        .subcommand(stored(texts, "heads", "audit-heads").arg(json()))
}

pub(crate) async fn run(texts: &Texts, matches: &ArgMatches) -> Result<ExitCode> {
    match matches.subcommand() {
        Some(("verify", options)) => verify(texts, options).await,
        Some(("export", options)) => export(texts, options).await,
        Some(("heads", options)) => heads(texts, options).await,
        _ => Ok(ExitCode::from(2)),
    }
}

/// The answer of the API or of `audit heads --json`: rows alone, or a page of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum HeadFile {
    Rows(Vec<Published>),
    Page { items: Vec<Published> },
}

fn published(texts: &Texts, options: &ArgMatches) -> Result<Vec<Published>> {
    let mut published = Vec::new();
    for text in options.get_many::<String>("head").into_iter().flatten() {
        published.push(text.parse().map_err(|fault| told(texts, &fault))?);
    }
    if let Some(path) = options.get_one::<PathBuf>("heads") {
        let name = || path.display().to_string();
        let content = std::fs::read(path).with_context(name)?;
        let (HeadFile::Rows(rows) | HeadFile::Page { items: rows }) =
            serde_json::from_slice(&content).with_context(name)?;
        published.extend(rows);
    }
    Ok(published)
}

async fn verify(texts: &Texts, options: &ArgMatches) -> Result<ExitCode> {
    let published = published(texts, options)?;
    let report = match options.get_one::<PathBuf>("file") {
        Some(path) => {
            let file = File::open(path).with_context(|| path.display().to_string())?;
            let report = audit::verify_file(BufReader::with_capacity(1 << 20, file), &published);
            report.map_err(|fault| told(texts, &fault))?
        }
        None => {
            let database = beside(texts, options).await?;
            audit::seal_with_heads(&house::ops(&database)?).await?;
            audit::verify_against(database.pool(), &published).await?
        }
    };
    tell(texts, &report, options)
}

fn tell(texts: &Texts, report: &Report, options: &ArgMatches) -> Result<ExitCode> {
    if options.get_flag("json") {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        let faults = report.broken.len() as i64 + report.more;
        say(
            texts,
            "verified",
            &[
                ("checked", report.checked.to_string()),
                ("heads", report.heads.to_string()),
                ("broken", faults.to_string()),
                ("position", report.position.to_string()),
                ("head", report.head.clone()),
            ],
        );
        for broken in &report.broken {
            let to = if broken.to > broken.position {
                format!("-{}", broken.to)
            } else {
                String::new()
            };
            println!("{}{to} {} {}", broken.position, broken.entry, broken.what);
        }
        if report.more > 0 {
            say(texts, "broken_more", &[("count", report.more.to_string())]);
        }
    }
    if options.contains_id("file") {
        let of = [
            ("first", report.first.to_string()),
            ("position", report.position.to_string()),
        ];
        say(texts, "extract_stretch", &of);
        if report.heads == 0 {
            say(texts, "no_head_compared", &[]);
        }
    }
    if report.passed_over > 0 {
        say(texts, "heads_passed_over", &[("count", report.passed_over.to_string())]);
    }
    // What somebody wanted compared and was not is no success: the file itself says where it ends.
    Ok(if report.broken.is_empty() && report.passed_over == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(WITH_FINDINGS)
    })
}

async fn export(texts: &Texts, options: &ArgMatches) -> Result<ExitCode> {
    let database = beside(texts, options).await?;
    let stretch = Stretch {
        from: options.get_one("from").copied(),
        to: options.get_one("to").copied(),
    };
    let ops = house::ops(&database)?;
    let exported = match options.get_one::<PathBuf>("out") {
        Some(path) => {
            let beside = Beside::create(path)?;
            let mut file = BufWriter::with_capacity(1 << 20, &beside.file);
            let exported = audit::export(&ops, stretch, &mut file).await;
            let exported = exported.map_err(|fault| told(texts, &fault))?;
            drop(file);
            beside.put_in_place()?;
            exported
        }
        None => {
            let mut out = BufWriter::with_capacity(1 << 20, io::stdout());
            let exported = audit::export(&ops, stretch, &mut out).await;
            exported.map_err(|fault| told(texts, &fault))?
        }
    };
    say(
        texts,
        "exported",
        &[
            ("count", exported.count.to_string()),
            ("head", format!("{}:{}", exported.position, exported.head)),
        ],
    );
    Ok(ExitCode::SUCCESS)
}

/// A file that takes the place of another when it is whole, and is gone where it never was. The trail tells who did what: it is for its
/// owner only, until the owner hands it on.
struct Beside<'a> {
    file: File,
    path: PathBuf,
    place: &'a Path,
}

impl<'a> Beside<'a> {
    /// Under a name that nobody else has.
    fn create(place: &'a Path) -> Result<Self> {
        let path = place.with_file_name(format!(".{:016x}.part", rand::random::<u64>()));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| path.display().to_string())?;
        Ok(Self { file, path, place })
    }

    fn put_in_place(self) -> Result<()> {
        self.file.sync_all()?;
        std::fs::rename(&self.path, self.place).with_context(|| self.place.display().to_string())
    }
}

impl Drop for Beside<'_> {
    /// Finds nothing where it is in its place.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn heads(texts: &Texts, options: &ArgMatches) -> Result<ExitCode> {
    let database = beside(texts, options).await?;
    let mut connection = database.pool().acquire().await?;
    let mut all: Vec<Head> = Vec::new();
    let mut after = None;
    loop {
        let page = audit::heads(&mut connection, &PageRequest::new(after, Some(PageRequest::MOST))).await?;
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if options.get_flag("json") {
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        for head in &all {
            println!("{} {}:{}", head.day, head.position, head.head);
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        io::Write,
        os::unix::fs::PermissionsExt,
    };

    use super::*;

    #[test]
    fn an_extract_takes_its_place_whole_for_its_owner_alone_and_touches_no_neighbour() {
        let folder = std::env::temp_dir().join(format!("extract-{:016x}", rand::random::<u64>()));
        fs::create_dir(&folder).unwrap();
        let (place, neighbour) = (folder.join("trail.jsonl"), folder.join("trail.part"));
        for path in [&place, &neighbour] {
            fs::write(path, "before").unwrap();
            fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
        }
        let content = |path: &Path| {
            let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
            (fs::read_to_string(path).unwrap(), mode)
        };
        let unchanged = ("before".to_owned(), 0o644);
        let count = || fs::read_dir(&folder).unwrap().count();

        let mut cut_short = Beside::create(&place).unwrap();
        cut_short.file.write_all(b"half").unwrap();
        assert_eq!(content(&cut_short.path).1, 0o600);
        drop(cut_short);
        assert_eq!((content(&place), count()), (unchanged.clone(), 2));

        let mut whole = Beside::create(&place).unwrap();
        whole.file.write_all(b"after").unwrap();
        whole.put_in_place().unwrap();
        assert_eq!(content(&place), ("after".to_owned(), 0o600));
        assert_eq!((content(&neighbour), count()), (unchanged, 2));

        let no_place = folder.join("trail.jsonl/inside");
        assert!(Beside::create(&no_place).is_err());
        fs::remove_dir_all(folder).unwrap();
    }

    /// An extract of nothing, which says that it begins behind the fourth link and ends before a day of which somebody has the head.
    #[tokio::test]
    async fn heads_that_an_extract_does_not_reach_are_no_success() {
        let folder = std::env::temp_dir().join(format!("extract-{:016x}", rand::random::<u64>()));
        fs::create_dir(&folder).unwrap();
        let (file, heads) = (folder.join("trail.jsonl"), folder.join("heads.json"));
        let link = "ab".repeat(32);
        fs::write(
            &file,
            format!(
                r#"{{"format":"ngabay-audit/1","from":null,"to":"2026-03-02","exported_at":"2026-03-05T00:00:00Z","first":5,"before":"{link}"}}
{{"end":0,"position":4,"head":"{link}"}}"#
            ),
        )
        .unwrap();
        let texts = Texts::embedded().unwrap();
        for (kept, expected) in [
            (
                format!(r#"{{"position":4,"head":"{link}","day":"2026-03-02"}}"#),
                ExitCode::SUCCESS,
            ),
            (
                format!(r#"{{"position":9,"head":"{link}","day":"2026-03-03"}}"#),
                ExitCode::from(WITH_FINDINGS),
            ),
            (
                format!(r#"{{"position":3,"head":"{link}","day":"2026-03-01"}}"#),
                ExitCode::from(WITH_FINDINGS),
            ),
        ] {
            fs::write(&heads, format!("[{kept}]")).unwrap();
            let words = [
                "audit",
                "verify",
                "--file",
                file.to_str().unwrap(),
                "--heads",
                heads.to_str().unwrap(),
            ];
            let matches = command(&texts).try_get_matches_from(words).unwrap();
            assert_eq!(run(&texts, &matches).await.unwrap(), expected, "{kept}");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
