#![doc = include_str!("../README.md")]

mod apps;
mod background;
mod commands;
mod doctor;
mod generate;
mod house;
mod keys;
mod listen;
mod oidc;
mod reorganise;
mod scim;
mod secrets;
mod serve;
mod signals;
mod trail;
mod variables;

use std::process::ExitCode;

/// Pages are made of many small pieces of text: a fifth of the time that one took went into asking for memory.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn,ngabay=info".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    let texts = match render::Texts::embedded() {
        Ok(texts) => texts,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let matches = commands::command(&texts).get_matches();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(commands::run(&texts, &matches)) {
        Ok(code) => code,
        Err(error) => {
            match error.downcast_ref::<kernel::Fault>() {
                Some(fault) => eprintln!("{}", texts.error(render::Locale::Vi, fault.code, &fault.params)),
                None => eprintln!("{error:#}"),
            }
            ExitCode::FAILURE
        }
    }
}
