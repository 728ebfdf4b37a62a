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
            audit::seal(database.pool()).await?;
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
    if options.contains_id("file") && report.heads == 0 {
        say(texts, "no_head_compared", &[]);
    }
    Ok(if report.broken.is_empty() {
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
    let ops = house::ops(&database);
    let exported = match options.get_one::<PathBuf>("out") {
        Some(path) => {
            let beside = path.with_extension("part");
            let mut file = BufWriter::with_capacity(1 << 20, create(&beside)?);
            let exported = audit::export(&ops, stretch, &mut file).await;
            let exported = exported.map_err(|fault| told(texts, &fault))?;
            file.get_ref().sync_all()?;
            std::fs::rename(&beside, path).with_context(|| path.display().to_string())?;
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

/// The trail tells who did what: for its owner only, until the owner hands it on.
fn create(path: &Path) -> Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| path.display().to_string())
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
