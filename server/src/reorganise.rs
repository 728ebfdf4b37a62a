//! `ngabay province reorganise PLAN`: rehearses a plan, or carries it out.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use chrono::NaiveDate;
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, value_parser};
use compose::apps::App;
use compose::reorganise::{How, Outcome, Report, embedded, reorganise};
use db::Database;
use render::{Locale, Texts};

use crate::commands::{WITH_FINDINGS, option, told, words};
use crate::house::Program;

/// The command with its options.
pub(crate) fn command(texts: &Texts, command: Command) -> Command {
    command
        .arg(
            Arg::new("plan")
                .required(true)
                .value_name("PLAN")
                .value_parser(value_parser!(PathBuf))
                .help(words(texts, "option.plan")),
        )
        .arg(option(texts, "dry-run").action(ArgAction::SetTrue))
        .arg(option(texts, "execute").action(ArgAction::SetTrue))
        .arg(
            option(texts, "at")
                .value_name("YYYY-MM-DD")
                .value_parser(value_parser!(NaiveDate)),
        )
        .arg(option(texts, "json").action(ArgAction::SetTrue))
        .group(ArgGroup::new("how").args(["dry-run", "execute"]).required(true))
}

/// Reads the plan, lets it happen or rehearses it, and says what came of it.
pub(crate) async fn run(
    texts: &Texts,
    options: &ArgMatches,
    database: &Database,
    data: &Path,
    apps: Vec<App>,
) -> Result<ExitCode> {
    let file = options.get_one::<PathBuf>("plan").context("a plan is required")?;
    let source = source(file)?;
    let how = How {
        at: options.get_one::<NaiveDate>("at").copied(),
        execute: options.get_flag("execute"),
    };
    let program = Program::for_command(database, data, apps).await?;
    let label = file.display().to_string();
    let outcome = reorganise(&program.ops, &program.engines, &label, &source, how)
        .await
        .map_err(|fault| told(texts, &fault))?;
    let json = options.get_flag("json");
    match outcome {
        Outcome::Problems(problems) => {
            if json {
                println!(
                    "{}",
                    serde_json::to_string_pretty(&serde_json::json!({ "problems": problems }))?
                );
            } else {
                print!("{problems}");
            }
            Ok(ExitCode::from(WITH_FINDINGS))
        }
        Outcome::Done(report) => {
            if json {
                println!("{}", serde_json::to_string_pretty(&report)?);
            } else {
                print(texts, &report);
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The file, or the plan of that name inside the program.
fn source(file: &Path) -> Result<String> {
    if !file.exists()
        && let Some(inside) = file.file_name().and_then(|name| name.to_str()).and_then(embedded)
    {
        return Ok(inside);
    }
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}

fn print(texts: &Texts, report: &Report) {
    let say = |key: &str, params: &[(&str, String)]| {
        let params: BTreeMap<String, String> = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        println!("{}", texts.get(Locale::Vi, &format!("cli.reorganised.{key}"), &params));
    };
    let head = if report.executed { "executed" } else { "rehearsed" };
    let day = report.on.format("%d/%m/%Y").to_string();
    say(
        head,
        &[
            ("title", report.title.clone()),
            ("basis", report.basis.clone()),
            ("day", day),
        ],
    );
    let counts: Vec<(&str, String)> = report
        .counts
        .iter()
        .map(|(what, count)| (what.as_str(), count.to_string()))
        .collect();
    say("counts", &counts);
    for line in &report.agencies {
        println!(
            "  {:<12} → {:<8} {:>7}  {} → {}",
            line.from, line.to, line.open_cases, line.from_name, line.to_name
        );
    }
    for moved in report.parts.iter().flat_map(|part| &part.moved) {
        let what = texts.get(
            Locale::Vi,
            &format!("cli.reorganised.what.{}", moved.what),
            &BTreeMap::new(),
        );
        let figures = [("found", moved.found), ("moved", moved.moved), ("stays", moved.stays)];
        let mut params: Vec<(&str, String)> = figures.map(|(name, count)| (name, count.to_string())).to_vec();
        params.push(("what", what));
        say("moved", &params);
    }
    for listed in &report.listed {
        say(
            &format!("why.{}", listed.why),
            &[("what", listed.what.clone()), ("detail", listed.detail.clone())],
        );
    }
}
