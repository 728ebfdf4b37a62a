//! What is missing on this machine, in words.

use std::{collections::BTreeMap, path::Path, process::ExitCode};

use db::ClusterError;
use kernel::Fault;
use render::{Locale, Texts};

use crate::variables;

fn can_write(data: &Path) -> bool {
    let probe = data.join(".probe");
    let written = std::fs::create_dir_all(data)
        .and_then(|()| std::fs::write(&probe, b""))
        .is_ok();
    let _ = std::fs::remove_file(probe);
    written
}

fn params<const N: usize>(pairs: [(&str, String); N]) -> BTreeMap<String, String> {
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

/// Looks and tells; fails when something that is needed is not there. What need not be there is only told.
pub(crate) fn examine(texts: &Texts, data: &Path) -> ExitCode {
    let mut whole = true;
    let mut tell = |mark: &str, key: &str, params: &BTreeMap<String, String>| {
        whole &= mark != "✗";
        println!(
            "{mark} {}",
            texts.get(Locale::Vi, &format!("cli.doctor_finds.{key}"), params)
        );
    };
    let found = |there: bool| if there { ("✓", "there") } else { ("✗", "missing") };
    match db::server_programs(data) {
        Ok(programs) => {
            let programs = params([("programs", programs.display().to_string())]);
            tell("✓", "postgresql.there", &programs);
        }
        Err(ClusterError::OtherVersion(version)) => {
            tell(
                "✗",
                "postgresql.other_version",
                &params([("version", version.to_string())]),
            );
        }
        Err(_) => tell("✗", "postgresql.missing", &BTreeMap::new()),
    }
    let setpriv = ["/usr/bin/setpriv", "/bin/setpriv"]
        .iter()
        .any(|program| Path::new(program).exists());
    for (what, there) in [("setpriv", setpriv), ("data", can_write(data))] {
        let (mark, state) = found(there);
        tell(mark, &format!("{what}.{state}"), &BTreeMap::new());
    }
    let wrong = |fault: &Fault| params([("reason", texts.error(Locale::Vi, fault.code, &fault.params))]);
    match variables::email("http://localhost") {
        Ok(Some(config)) => tell("✓", "email.there", &params([("host", config.host)])),
        Ok(None) => tell("·", "email.missing", &BTreeMap::new()),
        Err(fault) => tell("✗", "email.wrong", &wrong(&fault)),
    }
    match variables::limits().map(|limits| limits.clamd_socket) {
        Ok(Some(socket)) => {
            let (mark, state) = found(socket.exists());
            let socket = params([("socket", socket.display().to_string())]);
            tell(
                mark,
                &format!("clamd.{}", if state == "there" { "there" } else { "away" }),
                &socket,
            );
        }
        Ok(None) => tell("·", "clamd.missing", &BTreeMap::new()),
        Err(fault) => tell("✗", "clamd.wrong", &wrong(&fault)),
    }
    if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
