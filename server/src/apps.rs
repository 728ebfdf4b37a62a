//! `ngabay apps check`: the declarations by themselves. `ngabay apps plan`: what publishing their registers would do to a database.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use clap::{Arg, ArgMatches, Command, value_parser};
use compose::apps::{self, Planned, Registers};
use registry::{Condition, Difference, Left, Refusal, Step};
use render::{Locale, Texts};
use serde_json::json;

use crate::commands::{WITH_FINDINGS, beside, directory, json as as_json, say, stored, systems, told, words};
use crate::house::Program;

/// `ngabay apps` with its subcommands.
pub(crate) fn command(texts: &Texts) -> Command {
    Command::new("apps")
        .about(words(texts, "apps"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("check").about(words(texts, "check")).arg(
                Arg::new("dir")
                    .value_parser(value_parser!(PathBuf))
                    .default_value("apps")
                    .help(words(texts, "option.dir")),
            ),
        )
        .subcommand(stored(texts, "plan", "apps_plan").arg(as_json(texts)))
}

/// Carries out `apps …`.
pub(crate) async fn run(texts: &Texts, group: &ArgMatches) -> Result<ExitCode> {
    let (verb, options) = group.subcommand().context("a subcommand is required")?;
    match verb {
        "check" => check(texts, options),
        _ => plan(texts, options).await,
    }
}

fn check(texts: &Texts, options: &ArgMatches) -> Result<ExitCode> {
    let root = options.get_one::<PathBuf>("dir").context("dir has a default")?;
    let findings = apps::check(root).with_context(|| root.display().to_string())?;
    print!("{}", findings.problems);
    let count = findings.problems.len();
    let registers: usize = findings.apps.iter().map(|app| app.registers.len()).sum();
    say(
        texts,
        "checked",
        &[
            ("apps", findings.apps.len().to_string()),
            ("registers", registers.to_string()),
            ("files", findings.files.to_string()),
            ("count", count.to_string()),
        ],
    );
    Ok(exit(count > 0))
}

fn exit(with_findings: bool) -> ExitCode {
    match with_findings {
        true => ExitCode::from(WITH_FINDINGS),
        false => ExitCode::SUCCESS,
    }
}

async fn plan(texts: &Texts, options: &ArgMatches) -> Result<ExitCode> {
    let database = beside(texts, options).await?;
    let program = Program::for_command(&database, &directory(options), systems(texts, options)?).await?;
    let planned = apps::plan_registers(&program.ops, &program.engines, &program.apps).await;
    let (planned, left) = planned.map_err(|fault| told(texts, &fault))?;
    let refused = planned.iter().filter(|one| is_refused(one)).count();
    if options.get_flag("json") {
        println!("{}", serde_json::to_string_pretty(&written(&planned, &left))?);
        return Ok(exit(refused > 0));
    }
    for one in &planned {
        print(texts, one);
    }
    for one in &left {
        line(
            texts,
            "left",
            &[("register", one.register.clone()), ("app", one.app.clone())],
        );
    }
    let count = |difference| planned.iter().filter(|one| one.difference == difference).count();
    line(
        texts,
        "planned",
        &[
            ("new", count(Difference::New).to_string()),
            (
                "changed",
                (count(Difference::Empty) + count(Difference::Kept)).to_string(),
            ),
            ("refused", refused.to_string()),
            ("left", left.len().to_string()),
        ],
    );
    Ok(exit(refused > 0))
}

fn is_refused(one: &Planned) -> bool {
    let lost = one
        .rehearsal
        .as_ref()
        .is_some_and(|rehearsal| !rehearsal.refusals.is_empty());
    lost || one.no_agency.is_some()
}

fn phrase(texts: &Texts, key: &str, params: &[(&str, String)]) -> String {
    let params: BTreeMap<String, String> = params
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    texts.get(Locale::Vi, &format!("registers_apps.{key}"), &params)
}

fn line(texts: &Texts, key: &str, params: &[(&str, String)]) {
    println!("{}", phrase(texts, key, params));
}

fn print(texts: &Texts, one: &Planned) {
    let head = match (is_refused(one), one.difference) {
        (true, _) => "refused",
        (false, Difference::New) => "new",
        (false, Difference::Empty | Difference::Kept) => "changed",
        (false, Difference::None) => "same",
    };
    line(
        texts,
        head,
        &[("register", one.register.clone()), ("app", one.app.clone())],
    );
    if let Some(organisation) = &one.no_agency {
        line(texts, "no_agency", &[("organisation", organisation.clone())]);
    }
    let rehearsal = one.rehearsal.as_ref();
    for step in rehearsal.iter().flat_map(|rehearsal| &rehearsal.plan.steps) {
        if let Some((key, what)) = step_words(step) {
            line(texts, &format!("step.{key}"), &[("what", what.to_owned())]);
        }
    }
    for notice in rehearsal.iter().flat_map(|rehearsal| &rehearsal.plan.notices) {
        line(texts, "notice", &[("text", notice.said(texts, Locale::Vi))]);
    }
    for refusal in rehearsal.iter().flat_map(|rehearsal| &rehearsal.refusals) {
        let (key, what, code) = refusal_words(refusal);
        let params = [("what", what), ("code", code), ("records", refusal.records.to_string())];
        line(texts, &format!("refusal.{key}"), &params);
    }
    if one.records > 0 {
        line(texts, "records", &[("count", one.records.to_string())]);
    }
}

/// Indexes are the engine's own matter: nobody who declares a register knows their names.
fn step_words(step: &Step) -> Option<(&'static str, &str)> {
    match step {
        Step::Make => Some(("make", "")),
        Step::AddColumn(column) => Some(("add_column", column)),
        Step::DropColumn(column) => Some(("drop_column", column)),
        Step::Retype(column) => Some(("retype", column)),
        Step::Derive => Some(("derive", "")),
        Step::AddIndex(_) | Step::DropIndex(_) => None,
    }
}

fn refusal_words(refusal: &Refusal) -> (&'static str, String, String) {
    let bare = |key, what: &str| (key, what.to_owned(), String::new());
    match &refusal.condition {
        Condition::Unused(field) => bare("unused", field),
        Condition::CodeUnused(field, code) => ("code_unused", field.clone(), code.clone()),
        Condition::NoRecords(field) => bare("no_records", field),
        Condition::FewRecords => bare("few_records", ""),
        Condition::Distinct(fields) => bare("distinct", &fields.join(", ")),
    }
}

fn written(planned: &[Planned], left: &[Left]) -> serde_json::Value {
    let registers: Vec<serde_json::Value> = planned
        .iter()
        .map(|one| {
            json!({
                "app": one.app,
                "register": one.register,
                "difference": match one.difference {
                    Difference::None => "none",
                    Difference::New => "new",
                    Difference::Empty => "empty",
                    Difference::Kept => "kept",
                },
                "steps": one.rehearsal.as_ref().map(|rehearsal| &rehearsal.plan.steps),
                "refusals": one.rehearsal.as_ref().map(|rehearsal| &rehearsal.refusals),
                "no_agency": one.no_agency,
                "records": one.records,
            })
        })
        .collect();
    let left: Vec<serde_json::Value> = left
        .iter()
        .map(|one| json!({ "register": one.register, "app": one.app }))
        .collect();
    json!({ "registers": registers, "left": left })
}

/// Tells the log and the person at the terminal what became of the registers; nothing where nothing happened.
pub(crate) fn tell(texts: &Texts, done: &Registers) -> Vec<String> {
    let mut lines = Vec::new();
    for one in &done.refused {
        let why = texts.error(Locale::Vi, one.fault.code, &one.fault.params);
        tracing::warn!(
            app = one.app,
            register = one.register,
            code = one.fault.code,
            why,
            "a register was not put into force"
        );
        let params = [
            ("register", one.register.clone()),
            ("app", one.app.clone()),
            ("why", why),
        ];
        lines.push(phrase(texts, "kept_back", &params));
    }
    for one in &done.left {
        tracing::warn!(
            app = one.app,
            register = one.register,
            "a register is in force that no system declares"
        );
    }
    let mut records = 0;
    for (register, taken) in &done.taken {
        records += taken.created + taken.changed;
        for bad in &taken.bad {
            let rules: Vec<String> = bad
                .faults
                .iter()
                .map(|fault| format!("{}: {}", fault.field, fault.code))
                .collect();
            let rules = rules.join(", ");
            tracing::warn!(
                register,
                line = bad.number,
                rules,
                "a record beside a declaration was not taken over"
            );
        }
        if !taken.bad.is_empty() {
            let params = [("register", register.clone()), ("count", taken.bad.len().to_string())];
            lines.push(phrase(texts, "bad_records", &params));
        }
    }
    if done.new + done.changed > 0 || records > 0 {
        let params = [
            ("new", done.new.to_string()),
            ("changed", done.changed.to_string()),
            ("records", records.to_string()),
        ];
        lines.insert(0, phrase(texts, "in_force", &params));
    }
    lines
}
