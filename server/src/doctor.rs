//! What is missing on this machine, in words.

use std::{collections::BTreeMap, path::Path, process::ExitCode};

use render::{Locale, Texts};

fn has_server() -> bool {
    let under = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .any(|entry| entry.path().join("bin/initdb").exists());
    under
        || [
            "/usr/local/bin/initdb",
            "/usr/bin/initdb",
            "/usr/local/pgsql/bin/initdb",
        ]
        .iter()
        .any(|program| Path::new(program).exists())
}

fn can_write(data: &Path) -> bool {
    let probe = data.join(".probe");
    let written = std::fs::create_dir_all(data)
        .and_then(|()| std::fs::write(&probe, b""))
        .is_ok();
    let _ = std::fs::remove_file(probe);
    written
}

/// Looks and tells; fails when something that is needed is not there.
pub(crate) fn examine(texts: &Texts, data: &Path) -> ExitCode {
    let findings = [
        ("postgresql", has_server()),
        (
            "setpriv",
            ["/usr/bin/setpriv", "/bin/setpriv"]
                .iter()
                .any(|program| Path::new(program).exists()),
        ),
        ("data", can_write(data)),
    ];
    let mut whole = true;
    for (what, there) in findings {
        whole &= there;
        let key = format!("cli.doctor_finds.{what}.{}", if there { "there" } else { "missing" });
        println!(
            "{} {}",
            if there { "✓" } else { "✗" },
            texts.get(Locale::Vi, &key, &BTreeMap::new())
        );
    }
    if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
