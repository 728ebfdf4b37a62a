//! `ngabay province generate`: fills the registers of a demonstration with invented records.

use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{collections::BTreeMap, process::ExitCode};

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use compose::apps::Sources;
use compose::invent::{Done, Fill, LARGEST_SCALE, Order};
use db::Database;
use render::{Locale, Texts};

use crate::commands::{WITH_FINDINGS, directory, json, option, told};
use crate::house;

/// The command with its options.
pub(crate) fn command(texts: &Texts, command: Command) -> Command {
    command
        .arg(
            option(texts, "scale")
                .value_name("N")
                .value_parser(value_parser!(u64).range(1..=LARGEST_SCALE as u64))
                .default_value("1"),
        )
        .arg(option(texts, "seed").value_name("S").value_parser(value_parser!(u64)))
        .arg(register(texts))
        .arg(json(texts))
}

fn register(texts: &Texts) -> Arg {
    option(texts, "register").value_name("KEY").action(ArgAction::Append)
}

/// The declarations of a folder, or those of this program.
pub(crate) fn sources(folder: Option<&Path>) -> Result<Sources> {
    match folder {
        Some(root) => Sources::folder(root).with_context(|| root.display().to_string()),
        None => Ok(Sources::embedded()),
    }
}

/// Fills what is not filled yet, and says what came of it.
pub(crate) async fn run(texts: &Texts, options: &ArgMatches, database: &Database) -> Result<ExitCode> {
    let sources = sources(options.get_one::<PathBuf>("apps").map(PathBuf::as_path))?;
    let order = Order {
        scale: options.get_one::<u64>("scale").map_or(1, |scale| *scale as usize),
        seed: options.get_one("seed").copied(),
        registers: options.get_many("register").into_iter().flatten().cloned().collect(),
        most: None,
    };
    let ops = house::ops(database)?;
    let openid = house::openid(database, &directory(options)).await?;
    let identity = openid.identity().clone();
    let quiet = options.get_flag("json");
    let began = Instant::now();
    let watch = |done: &Done, number: usize, of: usize| {
        if !quiet {
            say(texts, "progress", done, &[("number", number), ("of", of)]);
        }
        true
    };
    let done = Fill::new(&ops, identity)
        .run(&sources, &order, &watch)
        .await
        .map_err(|fault| told(texts, &fault))?;
    let refused: usize = done.iter().map(|one| one.refused.len()).sum();
    if quiet {
        println!("{}", serde_json::to_string_pretty(&done)?);
    } else {
        report(texts, &done, began);
    }
    Ok(match refused {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(WITH_FINDINGS),
    })
}

fn say(texts: &Texts, key: &str, done: &Done, more: &[(&str, usize)]) {
    let mut params = BTreeMap::from([
        ("register".to_owned(), done.register.clone()),
        ("made".to_owned(), done.made.to_string()),
        ("created".to_owned(), done.created.to_string()),
        ("changed".to_owned(), done.changed.to_string()),
        ("unchanged".to_owned(), done.unchanged.to_string()),
        ("refused".to_owned(), done.refused.len().to_string()),
    ]);
    params.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())));
    eprintln!("{}", texts.get(Locale::Vi, &format!("cli.generated.{key}"), &params));
}

/// What was handed back and what could not be invented, then the sums.
fn report(texts: &Texts, done: &[Done], began: Instant) {
    for one in done {
        for refused in &one.refused {
            println!("{} {refused}", one.register);
        }
        for (why, count) in &one.left {
            println!("{} {count} × {why}", one.register);
        }
    }
    let sum = Done {
        made: done.iter().map(|one| one.made).sum(),
        created: done.iter().map(|one| one.created).sum(),
        changed: done.iter().map(|one| one.changed).sum(),
        unchanged: done.iter().map(|one| one.unchanged).sum(),
        ..Done::default()
    };
    let seconds = began.elapsed().as_secs().max(1) as usize;
    let registers = done
        .iter()
        .map(|one| &one.register)
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    say(texts, "sum", &sum, &[("seconds", seconds), ("registers", registers)]);
}
