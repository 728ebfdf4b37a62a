//! `ngabay keys …`: the keys of the vault are listed, changed and taken away, while other programs serve.

use std::{collections::BTreeMap, process::ExitCode};

use anyhow::Result;
use chrono::DateTime;
use clap::{ArgAction, ArgMatches, Command};
use kernel::{Actor, Clock, SystemClock};
use op::{Entry, keyring};
use render::{Locale, Texts};
use serde_json::json;
use vault::{Kept, KeyUse, Resealed, Vault};

use crate::{
    commands::{WITH_FINDINGS, beside, directory, option, say, stored, systems, told, words},
    house::{self, Program},
};

pub(crate) fn command(texts: &Texts) -> Command {
    Command::new("keys")
        .about(words(texts, "keys"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(stored(texts, "list", "keys-list").arg(option(texts, "json").action(ArgAction::SetTrue)))
        .subcommand(stored(texts, "rotate", "rotate").arg(option(texts, "retire").action(ArgAction::SetTrue)))
}

/// What all of these commands need.
struct Keyring<'a> {
    texts: &'a Texts,
    program: Program,
    vault: Vault,
}

pub(crate) async fn run(texts: &Texts, matches: &ArgMatches) -> Result<ExitCode> {
    let Some((verb, options)) = matches.subcommand() else {
        return Ok(ExitCode::from(2));
    };
    let database = beside(texts, options).await?;
    let data = directory(options);
    let keyring = Keyring {
        texts,
        program: Program::for_command(&database, &data, systems(texts, options)?).await?,
        vault: house::vault(&database, &data).await?,
    };
    match verb {
        "list" => keyring.list(options.get_flag("json")).await,
        "rotate" if options.get_flag("retire") => keyring.retire().await,
        "rotate" => keyring.rotate().await,
        _ => Ok(ExitCode::from(2)),
    }
}

impl Keyring<'_> {
    async fn uses(&self) -> Result<Vec<KeyUse>> {
        let mut op = self.program.ops.open(Actor::System("keys")).await?;
        Ok(self.program.engines.keys_in_use(&mut op).await?)
    }

    fn say(&self, key: &str, params: &[(&str, String)]) {
        say(self.texts, &format!("keyring.{key}"), params);
    }

    /// Makes a new key, unless an earlier change was not finished, and seals everything with it. Every step can be the last: the next call
    /// goes on.
    async fn rotate(&self) -> Result<ExitCode> {
        let newest = self.vault.numbers()?.pop().unwrap_or_default();
        let older = |used: &KeyUse| used.kept == Kept::Sealed && used.key < newest;
        let mut resealed = Resealed::default();
        if self.uses().await?.iter().any(older) {
            resealed = self.reseal().await?;
        }
        // Where only such secrets are left as cannot be opened, nothing was begun, and they keep nobody from a new key.
        if resealed.done > 0 {
            self.say("goes_on", &[("key", newest.to_string())]);
        } else {
            let key = self.vault.add_key(SystemClock.now())?;
            keyring::remember(&self.program.ops, &self.vault.proofs()?).await?;
            self.record(Entry::new("keys.added", format!("key:{key}"))).await?;
            self.say("made", &[("key", key.to_string())]);
            resealed = self.reseal().await?;
        }
        self.say("resealed", &[("done", resealed.done.to_string())]);
        for tags in self.uses().await?.iter().filter(|used| used.kept == Kept::Tag) {
            self.say(
                "tags",
                &[
                    ("count", tags.count.to_string()),
                    ("purpose", tags.purpose.to_owned()),
                    ("key", tags.key.to_string()),
                ],
            );
        }
        if resealed.conflicting > 0 {
            self.say("conflicting", &[("count", resealed.conflicting.to_string())]);
        }
        if resealed.unreadable > 0 {
            self.say("unreadable", &[("count", resealed.unreadable.to_string())]);
        }
        if resealed.left {
            self.say("held", &[]);
        }
        Ok(if resealed.left || resealed.unreadable + resealed.conflicting > 0 {
            ExitCode::from(WITH_FINDINGS)
        } else {
            ExitCode::SUCCESS
        })
    }

    /// Takes the keys away that nothing uses; names what keeps the others.
    async fn retire(&self) -> Result<ExitCode> {
        let mut older = self.vault.numbers()?;
        older.pop();
        if older.is_empty() {
            self.say("nothing_to_retire", &[]);
        }
        let mut kept = false;
        let uses = self.uses().await?;
        for key in older {
            let needed: Vec<&KeyUse> = uses.iter().filter(|used| used.key == key).collect();
            for used in &needed {
                self.say(
                    "in_use",
                    &[
                        ("key", key.to_string()),
                        ("count", used.count.to_string()),
                        ("purpose", used.purpose.to_owned()),
                    ],
                );
            }
            if !needed.is_empty() {
                kept = true;
                continue;
            }
            // Written down first: a key that is gone must not be missing without a word.
            match self.vault.may_remove(key, SystemClock.now()) {
                Ok(()) => {
                    let mut op = self.program.ops.open(Actor::System("keys")).await?;
                    keyring::forget(&mut op, key).await?;
                    op.record(Entry::new("keys.removed", format!("key:{key}"))).await?;
                    op.commit().await?;
                    self.vault.remove_key(key, SystemClock.now())?;
                    self.say("retired", &[("key", key.to_string())]);
                }
                Err(fault) => {
                    eprintln!("{:#}", told(self.texts, &fault));
                    kept = true;
                }
            }
        }
        Ok(if kept {
            ExitCode::from(WITH_FINDINGS)
        } else {
            ExitCode::SUCCESS
        })
    }

    async fn reseal(&self) -> Result<Resealed> {
        Ok(self.program.engines.reseal(&self.program.ops).await?)
    }

    async fn record(&self, entry: Entry) -> Result<()> {
        let mut op = self.program.ops.open(Actor::System("keys")).await?;
        op.record(entry).await?;
        Ok(op.commit().await?)
    }

    async fn list(&self, as_json: bool) -> Result<ExitCode> {
        let uses = self.uses().await?;
        let numbers = self.vault.numbers()?;
        let missing: Vec<u32> = uses
            .iter()
            .map(|used| used.key)
            .filter(|key| !numbers.contains(key))
            .collect();
        if as_json {
            let keys: Vec<_> = numbers
                .iter()
                .map(|key| {
                    let of_key: Vec<_> = uses.iter().filter(|used| used.key == *key).collect();
                    json!({ "key": key, "made_at": made_at(*key), "seals": numbers.last() == Some(key), "uses": of_key })
                })
                .collect();
            println!(
                "{}",
                serde_json::to_string_pretty(&json!({ "keys": keys, "missing": missing }))?
            );
        } else {
            for key in &numbers {
                self.print_key(*key, numbers.last() == Some(key), &uses);
            }
            for key in &missing {
                self.say("missing", &[("key", key.to_string())]);
            }
        }
        Ok(if missing.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(WITH_FINDINGS)
        })
    }

    fn print_key(&self, key: u32, newest: bool, uses: &[KeyUse]) {
        let text = |name: &str, params: &[(&str, String)]| {
            let params = params
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect();
            self.texts.get(Locale::Vi, &format!("cli.keyring.{name}"), &params)
        };
        let of_key: Vec<&KeyUse> = uses.iter().filter(|used| used.key == key).collect();
        let state = match (newest, of_key.is_empty()) {
            (true, _) => "state_newest",
            (false, false) => "state_used",
            (false, true) => "state_unused",
        };
        let state = self
            .texts
            .get(Locale::Vi, &format!("cli.keyring.{state}"), &BTreeMap::new());
        println!(
            "{}",
            text(
                "line",
                &[("key", key.to_string()), ("made_at", made_at(key)), ("state", state)]
            )
        );
        for used in of_key {
            let kept = match used.kept {
                Kept::Sealed => "kept_sealed",
                Kept::Tag => "kept_tag",
            };
            let kept = self
                .texts
                .get(Locale::Vi, &format!("cli.keyring.{kept}"), &BTreeMap::new());
            println!(
                "{}",
                text(
                    "use",
                    &[
                        ("purpose", used.purpose.to_owned()),
                        ("kept", kept),
                        ("count", used.count.to_string())
                    ]
                )
            );
        }
    }
}

fn made_at(key: u32) -> String {
    DateTime::from_timestamp(i64::from(key), 0)
        .map(|at| kernel::local(at).format("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default()
}
