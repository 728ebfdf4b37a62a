#![doc = include_str!("../README.md")]

mod mission;
mod tidy;
mod tree;

use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "\
cargo xtask tidy                     check the rules of the house
cargo xtask tidy --land-migrations   fix the content of all migrations from now on
cargo xtask mission                  write docs/mission.md
cargo xtask mission --check          say whether docs/mission.md is fresh";

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = tree::root();
    match words.as_slice() {
        ["tidy"] => tidy::run(&root),
        ["tidy", "--land-migrations"] => tidy::land_migrations(&root),
        ["mission"] => mission::write(&root),
        ["mission", "--check"] => mission::check(&root),
        ["--help" | "-h"] => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            eprintln!("{USAGE}");
            Ok(ExitCode::from(2))
        }
    }
}
