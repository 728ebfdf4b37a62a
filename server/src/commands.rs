//! The command line.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use chrono::Duration;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use compose::apps::App;
use db::{Database, Durability, Source};
use dossiers::catalogue::{Catalogue, OfficialSource};
use identity::{SecondFactorRule, StepUpRule};
use kernel::Actor;
use render::{Locale, Texts};

use crate::{
    apps, doctor, generate,
    house::{self, LOCAL},
    keys, oidc, reorganise, scim, secrets, serve, trail,
};

/// Done, but some rows were refused, declarations have problems or the trail is broken.
pub(crate) const WITH_FINDINGS: u8 = 3;

/// Who needs a second factor, as it is written.
const OFFICIALS: &str = "officials";
const NOBODY: &str = "nobody";
/// That acts which weigh never ask anew, as it is written.
const NEVER: &str = "never";

/// The words of a command or option: Vietnamese first, English below.
pub(crate) fn words(texts: &Texts, key: &str) -> String {
    let of = |locale| texts.get(locale, &format!("cli.{key}"), &BTreeMap::new());
    format!("{}\n{}", of(Locale::Vi), of(Locale::En))
}

pub(crate) fn option(texts: &Texts, name: &'static str) -> Arg {
    Arg::new(name).long(name).help(words(texts, &format!("option.{name}")))
}

fn data(texts: &Texts) -> Arg {
    option(texts, "data")
        .value_name("DIR")
        .value_parser(value_parser!(PathBuf))
        .default_value("data")
        .env("NGABAY_DATA")
}

/// Answers for programs.
pub(crate) fn json(texts: &Texts) -> Arg {
    option(texts, "json").action(ArgAction::SetTrue)
}

fn database(texts: &Texts) -> Arg {
    option(texts, "database-url")
        .value_name("URL")
        .env("NGABAY_DATABASE_URL")
        .hide_env_values(true)
}

fn public_address(texts: &Texts) -> Arg {
    option(texts, "public-address")
        .value_name("URL")
        .env("NGABAY_PUBLIC_ADDRESS")
}

/// A command that works on the database of a data directory.
pub(crate) fn stored(texts: &Texts, name: &'static str, about: &str) -> Command {
    Command::new(name)
        .about(words(texts, about))
        .arg(data(texts))
        .arg(database(texts))
        .arg(
            option(texts, "apps")
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .env("NGABAY_APPS"),
        )
}

/// Tells the person at the terminal, beside what the command gives.
pub(crate) fn say(texts: &Texts, key: &str, params: &[(&str, String)]) {
    let params = params
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    eprintln!("{}", texts.get(Locale::Vi, &format!("cli.{key}"), &params));
}

/// The whole command line.
pub(crate) fn command(texts: &Texts) -> Command {
    let about = |key: &str| words(texts, key);
    let stored = |name| stored(texts, name, name);
    Command::new("ngabay")
        .about(about("about"))
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(about("variables"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            stored("serve")
                .after_help(about("variables"))
                .arg(
                    option(texts, "listen")
                        .value_name("ADDR")
                        .value_parser(value_parser!(std::net::SocketAddr))
                        .default_value("127.0.0.1:8080"),
                )
                .arg(option(texts, "demo").action(ArgAction::SetTrue))
                .arg(
                    option(texts, "https")
                        .action(ArgAction::SetTrue)
                        .requires("behind-gateway"),
                )
                .arg(option(texts, "behind-gateway").action(ArgAction::SetTrue))
                .arg(
                    option(texts, "client-certificates")
                        .action(ArgAction::SetTrue)
                        .requires("behind-gateway"),
                )
                .arg(
                    option(texts, "second-factor")
                        .value_name("WHO")
                        .value_parser([OFFICIALS, NOBODY])
                        .env("NGABAY_SECOND_FACTOR"),
                )
                .arg(
                    option(texts, "step-up")
                        .value_name("MINUTES")
                        .value_parser(step_up_rule)
                        .env("NGABAY_STEP_UP"),
                )
                .arg(
                    option(texts, "federation")
                        .value_name("FILE")
                        .value_parser(value_parser!(PathBuf))
                        .env("NGABAY_FEDERATION"),
                )
                .arg(option(texts, "no-worker").action(ArgAction::SetTrue))
                .arg(option(texts, "no-history").action(ArgAction::SetTrue))
                .arg(public_address(texts)),
        )
        .subcommand(stored("worker").arg(public_address(texts)))
        .subcommand(stored("migrate"))
        .subcommand(apps::command(texts))
        .subcommand(
            Command::new("province")
                .about(about("province"))
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(
                    stored("import-procedures").arg(
                        Arg::new("file")
                            .required(true)
                            .value_parser(value_parser!(PathBuf))
                            .help(words(texts, "option.file")),
                    ),
                )
                .subcommand(reorganise::command(texts, stored("reorganise")))
                .subcommand(generate::command(texts, stored("generate"))),
        )
        .subcommand(
            Command::new("demo")
                .about(about("demo"))
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(
                    Command::new("accounts")
                        .about(about("accounts"))
                        .arg(data(texts))
                        .arg(option(texts, "json").action(ArgAction::SetTrue)),
                ),
        )
        .subcommand(Command::new("doctor").about(about("doctor")).arg(data(texts)))
        .subcommand(oidc::command(texts))
        .subcommand(scim::command(texts))
        .subcommand(trail::command(texts))
        .subcommand(keys::command(texts))
}

/// Where the options say that the database is.
pub(crate) fn source(matches: &ArgMatches) -> Source {
    match matches.get_one::<String>("database-url") {
        Some(address) => Source::Address(address.clone()),
        None => Source::Private {
            data_dir: directory(matches),
            durability: Durability::Durable,
        },
    }
}

pub(crate) fn directory(matches: &ArgMatches) -> PathBuf {
    matches
        .get_one::<PathBuf>("data")
        .cloned()
        .unwrap_or_else(|| "data".into())
}

/// The database beside the program that serves from it, or by itself; only at the version of this program.
pub(crate) async fn beside(texts: &Texts, matches: &ArgMatches) -> Result<Database> {
    let database = Database::join(&source(matches), house::FEW_CONNECTIONS).await?;
    let missing = db::pending(database.pool(), &house::migrations()).await?;
    if !missing.is_empty() {
        let count = BTreeMap::from([("count".to_owned(), missing.len().to_string())]);
        anyhow::bail!("{}", texts.get(Locale::Vi, "cli.not_migrated", &count));
    }
    Ok(database)
}

/// The systems inside the program, or those of a folder in their place.
pub(crate) fn systems(texts: &Texts, matches: &ArgMatches) -> Result<Vec<App>> {
    let found = match matches.get_one::<PathBuf>("apps") {
        Some(root) => compose::apps::of_folder(root),
        None => compose::apps::embedded(),
    };
    found.map_err(|fault| told(texts, &fault))
}

async fn migrated(matches: &ArgMatches) -> Result<Database> {
    let database = Database::open(&source(matches), house::CONNECTIONS).await?;
    db::migrate(database.pool(), &house::migrations()).await?;
    Ok(database)
}

/// Who needs a second factor: officials, unless it is the demonstration, where nobody has set one up.
fn second_factor(options: &ArgMatches) -> SecondFactorRule {
    match options.get_one::<String>("second-factor").map(String::as_str) {
        Some(OFFICIALS) => SecondFactorRule::Officials,
        Some(_) => SecondFactorRule::Offered,
        None if options.get_flag("demo") => SecondFactorRule::Offered,
        None => SecondFactorRule::Officials,
    }
}

/// How often acts that weigh ask anew: minutes, or `never`.
fn step_up_rule(text: &str) -> std::result::Result<StepUpRule, String> {
    if text == NEVER {
        return Ok(StepUpRule::Never);
    }
    let minutes = text.parse().ok().filter(|minutes| (1..=24 * 60).contains(minutes));
    minutes
        .map(|minutes| StepUpRule::Within(Duration::minutes(minutes)))
        .ok_or_else(|| format!("1..=1440, {NEVER}"))
}

/// A demonstration never asks anew, unless it is told to.
fn step_up(options: &ArgMatches) -> StepUpRule {
    let usual = if options.get_flag("demo") {
        StepUpRule::Never
    } else {
        StepUpRule::USUAL
    };
    options.get_one("step-up").copied().unwrap_or(usual)
}

/// Carries out what was asked for.
pub(crate) async fn run(texts: &Texts, matches: &ArgMatches) -> Result<ExitCode> {
    let say = |key: &str, params: &[(&str, String)]| say(texts, key, params);
    match matches.subcommand() {
        Some(("serve", options)) => {
            let settings = serve::Settings {
                source: source(options),
                data: directory(options),
                apps: systems(texts, options)?,
                apps_folder: options.get_one::<PathBuf>("apps").cloned(),
                listen: *options.get_one("listen").context("listen has a default")?,
                demo: options.get_flag("demo"),
                https: options.get_flag("https"),
                behind_gateway: options.get_flag("behind-gateway"),
                client_certificates: options.get_flag("client-certificates"),
                worker: !options.get_flag("no-worker"),
                second_factor: second_factor(options),
                step_up: step_up(options),
                federation: options.get_one::<PathBuf>("federation").cloned(),
                history: !options.get_flag("no-history"),
                public_address: options.get_one::<String>("public-address").cloned(),
            };
            serve::serve(texts, settings).await?;
        }
        Some(("worker", options)) => {
            let database = migrated(options).await?;
            let address = options.get_one::<String>("public-address").map(String::as_str);
            serve::work(
                &database,
                &directory(options),
                systems(texts, options)?,
                address.unwrap_or(LOCAL),
            )
            .await?;
        }
        Some(("migrate", options)) => {
            let database = Database::open(&source(options), house::CONNECTIONS).await?;
            let applied = db::migrate(database.pool(), &house::migrations()).await?;
            say("migrated", &[("count", applied.len().to_string())]);
            let program = house::Program::for_command(&database, &directory(options), systems(texts, options)?).await?;
            compose::province::load(&program.ops, &program.engines.identity, false, &|_, _, _| {}).await?;
            program.settle().await?;
            let (published, registers) = program.publish().await?;
            say("published", &[("count", published.to_string())]);
            for line in apps::tell(texts, &registers) {
                eprintln!("{line}");
            }
        }
        Some(("province", group)) => {
            let (name, options) = group.subcommand().context("a subcommand is required")?;
            if name == "reorganise" {
                let database = beside(texts, options).await?;
                return reorganise::run(texts, options, &database, &directory(options), systems(texts, options)?).await;
            }
            if name == "generate" {
                let database = beside(texts, options).await?;
                return generate::run(texts, options, &database).await;
            }
            let file = options.get_one::<PathBuf>("file").context("a file is required")?;
            let official = OfficialSource::open(file).map_err(|fault| told(texts, &fault))?;
            let database = beside(texts, options).await?;
            let ops = house::ops(&database)?;
            let mut op = ops.open(Actor::System("province")).await?;
            let report = Catalogue
                .import_official(&mut op, &official)
                .await
                .map_err(|fault| told(texts, &fault))?;
            op.commit().await?;
            for row in &report.refused {
                eprintln!("{}:{}: {} {}", file.display(), row.line, row.reason, row.found);
            }
            say(
                "imported",
                &[
                    ("read", report.read.to_string()),
                    ("written", report.written.to_string()),
                    ("refused", report.refused.len().to_string()),
                ],
            );
            if !report.refused.is_empty() {
                return Ok(ExitCode::from(WITH_FINDINGS));
            }
        }
        Some(("apps", group)) => return apps::run(texts, group).await,
        Some(("demo", group)) => {
            let (_, options) = group.subcommand().context("a subcommand is required")?;
            let accounts = secrets::accounts(&directory(options))?;
            if options.get_flag("json") {
                println!("{}", serde_json::to_string_pretty(&accounts)?);
            } else {
                for account in &accounts {
                    println!(
                        "{:<12} {:<22} {:<18} {}",
                        account.role, account.name, account.password, account.agency
                    );
                }
            }
        }
        Some(("doctor", options)) => return Ok(doctor::examine(texts, &directory(options))),
        Some(("oidc", group)) => oidc::run(texts, group).await?,
        Some(("scim", group)) => scim::run(texts, group).await?,
        Some(("audit", group)) => return trail::run(texts, group).await,
        Some(("keys", group)) => return keys::run(texts, group).await,
        _ => return Ok(ExitCode::from(2)),
    }
    Ok(ExitCode::SUCCESS)
}

/// A fault in words.
pub(crate) fn told(texts: &Texts, fault: &kernel::Fault) -> anyhow::Error {
    anyhow::anyhow!("{}", texts.error(Locale::Vi, fault.code, &fault.params))
}
