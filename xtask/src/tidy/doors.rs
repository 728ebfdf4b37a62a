//! Doors: each outside thing (the database, the web framework, HTTP clients, waiting) is touched in few known rooms.

use super::Finding;
use crate::tree::SourceFile;

struct Door {
    rule: &'static str,
    /// Any of these in a line is a use of the door.
    signs: &'static [&'static str],
    allowed: fn(&SourceFile) -> bool,
    advice: &'static str,
}

const DOORS: &[Door] = &[
    Door {
        rule: "sql",
        signs: &["sqlx::query", "sqlx::raw_sql", "sqlx::QueryBuilder", "use sqlx::{query"],
        allowed: |file| is_store(file) || starts_with(file, &["base/db/", "base/op/", "base/testkit/"]),
        advice: "SQL lives in store.rs or below store/",
    },
    Door {
        rule: "raw-sql",
        signs: &["AssertSqlSafe"],
        allowed: |file| starts_with(file, &["base/db/", "base/testkit/"]),
        advice: "SQL text is a literal; identifiers that cannot be bound are built in base/db",
    },
    Door {
        rule: "axum",
        signs: &["axum::", "use axum", "extern crate axum"],
        allowed: |file| {
            // The simulators are sites of their own, which nobody puts on our network.
            starts_with(
                file,
                &["base/web/", "base/testkit/", "portal/", "server/", "simulators/"],
            ) || (file.path.starts_with("engines/") && (file.name() == "http.rs" || file.path.contains("/http/")))
        },
        advice: "routes live in web, an engine's http.rs, portal, server and simulators",
    },
    Door {
        rule: "http-client",
        signs: &["reqwest::", "hyper_util::client"],
        allowed: |file| {
            starts_with(
                file,
                &[
                    "engines/exchange/",
                    "engines/notify/",
                    "engines/payments/",
                    "engines/federation/",
                ],
            )
        },
        advice: "only exchange, notify, payments and federation call out",
    },
];

/// What makes a test slow on a good day and red on a bad one.
const SLEEPS: &[&str] = &["thread::sleep", "time::sleep"];

/// Uses of a door in the wrong room, sleeping tests, Rust below `apps/`.
pub fn check(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        if file.path.starts_with("apps/") && file.has_extension("rs") {
            findings.push(Finding::new(
                "apps",
                &file.path,
                0,
                "a system is declarations only; an action belongs to an engine",
            ));
        }
        // This crate names the signs themselves.
        if !file.has_extension("rs") || file.path.starts_with("xtask/") {
            continue;
        }
        for door in DOORS.iter().filter(|door| !(door.allowed)(file)) {
            for (line, text) in file.production_lines() {
                if !is_comment(text) && door.signs.iter().any(|sign| text.contains(sign)) {
                    findings.push(Finding::new(door.rule, &file.path, line, door.advice));
                }
            }
        }
        for (line, text) in file.test_lines() {
            if !is_comment(text) && SLEEPS.iter().any(|sign| text.contains(sign)) {
                let advice =
                    "a test does not sleep: advance the fake clock, drain the jobs, or wait for the event itself";
                findings.push(Finding::new("sleep", &file.path, line, advice));
            }
        }
    }
    findings
}

fn is_store(file: &SourceFile) -> bool {
    file.name() == "store.rs" || file.path.contains("/store/")
}

fn starts_with(file: &SourceFile, folders: &[&str]) -> bool {
    folders.iter().any(|folder| file.path.starts_with(folder))
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::file;

    #[track_caller]
    fn expect(path: &str, text: &str, rules: &[&str]) {
        let found: Vec<&str> = check(&[file(path, text)]).iter().map(|finding| finding.rule).collect();
        assert_eq!(found, rules, "{path}");
    }

    #[test]
    fn sql_belongs_to_the_store() {
        expect(
            "engines/files/src/open.rs",
            "let a = sqlx::query(\"select 1\");",
            &["sql"],
        );
        expect("engines/files/src/store.rs", "let a = sqlx::query(\"select 1\");", &[]);
        expect("engines/files/src/store/list.rs", "sqlx::query_as(\"select 1\")", &[]);
        expect("base/op/src/outbox.rs", "sqlx::query(\"select 1\")", &[]);
        expect("engines/files/tests/it/main.rs", "sqlx::query(\"select 1\")", &[]);
        expect("engines/files/src/open.rs", "// sqlx::query is not used here", &[]);
        expect(
            "engines/files/src/open.rs",
            "#[cfg(test)]\nmod tests {\n  sqlx::query(\"select 1\");\n}",
            &[],
        );
    }

    #[test]
    fn built_sql_is_for_the_database_crate_only() {
        expect("engines/files/src/store.rs", "AssertSqlSafe(text)", &["raw-sql"]);
        expect("base/db/src/cluster.rs", "AssertSqlSafe(text)", &[]);
    }

    #[test]
    fn routes_belong_to_http() {
        expect("engines/files/src/http.rs", "use axum::Router;", &[]);
        expect("engines/files/src/open.rs", "use axum::Router;", &["axum"]);
        expect("portal/src/home.rs", "use axum::Router;", &[]);
    }

    #[test]
    fn only_four_rooms_call_out() {
        expect("engines/dossiers/src/open.rs", "reqwest::get(url)", &["http-client"]);
        expect("engines/exchange/src/send.rs", "reqwest::get(url)", &[]);
        expect("engines/federation/src/call.rs", "use hyper_util::client::legacy", &[]);
        expect(
            "engines/identity/src/sign_in.rs",
            "use hyper_util::client::legacy",
            &["http-client"],
        );
    }

    #[test]
    fn tests_do_not_sleep() {
        expect("tests/blackbox/src/lib.rs", "std::thread::sleep(second);", &["sleep"]);
        expect("base/op/src/worker.rs", "tokio::time::sleep(pause).await;", &[]);
    }

    #[test]
    fn a_system_has_no_rust() {
        expect("apps/birth/src/lib.rs", "", &["apps"]);
    }
}
