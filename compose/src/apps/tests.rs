use super::*;

fn sources(app: &str, files: &[(&str, &str)]) -> Sources {
    let mut sources = Sources::default();
    for (file, text) in files {
        sources.add(&format!("{app}/{file}"), text.as_bytes().to_vec());
    }
    sources
}

/// The shipped system with one file changed.
fn changed(app: &str, file: &str, change: impl FnOnce(&str) -> String) -> Problems {
    let mut sources = Sources::embedded();
    sources.apps.retain(|key, _| key == app);
    let content = sources.apps.get_mut(app).and_then(|files| files.get_mut(file)).unwrap();
    let text = content.clone().unwrap();
    let other = change(&text);
    assert_ne!(text, other, "{file} holds what is changed");
    *content = Some(other);
    read::all(&sources).problems
}

// shows: R048
#[test]
fn the_shipped_systems_are_without_problems() {
    let findings = check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../apps")).unwrap();
    assert!(findings.problems.is_empty(), "{}", findings.problems);
    assert_eq!(findings.apps.len(), findings.names.len());
    let (online, registers_only): (Vec<_>, Vec<_>) = findings.apps.iter().partition(|app| app.procedure.is_some());
    let online: Vec<&str> = online.iter().map(|app| app.key.as_str()).collect();
    assert_eq!(online, ["birth-registration", "civil-extract", "household-business"]);
    assert!(registers_only.len() >= 20);
    for app in registers_only {
        assert_eq!(app.manifest.engines, [Engine::Registry], "{}", app.key);
        assert!(!app.registers.is_empty(), "{}", app.key);
        assert!(app.form().is_err() && app.process().is_err());
    }
    let both = findings
        .apps
        .iter()
        .find(|app| app.key == "household-business")
        .unwrap();
    assert!(both.registers.contains_key("household_business"));
}

#[test]
fn systems_with_a_procedure_are_read_without_registers() {
    let procedures = embedded_procedures().unwrap();
    assert_eq!(procedures.len(), 3);
    for app in procedures {
        assert!(app.form().is_ok() && app.process().is_ok());
        let procedure = app.procedure().unwrap();
        assert!(app.documents.contains_key(&procedure.result.document));
        assert!(app.registers.is_empty());
    }
}

// shows: R004
#[test]
fn all_problems_of_a_broken_system_are_told_at_once() {
    let form = "format: 1\nform: apply\npages:\n  - page: one\n    fields:\n      - { field: a, typ: text }\n";
    let manifest = "format = 1\nkey = \"other\"\nversion = \"1\"\nowner = \"XYZ\"\nsecurity_level = 9\nlegal_basis = []\n\
                    engines = [\"robots\"]\nrequirements = [\"R1\"]\nextra = 1\n";
    let mut sources = sources(
        "broken",
        &[
            ("app.toml", manifest),
            ("forms/apply.form.yaml", form),
            ("workflow/main.bpmn", "<definitions/>"),
            ("notes.txt", "x"),
        ],
    );
    sources.add("broken/picture.png", vec![0xff, 0xfe]);
    let said = read::all(&sources).problems.to_string();
    for code in [
        "schema.unknown_key",
        "compose.app_key",
        "compose.app_version",
        "compose.app_owner",
        "compose.app_security_level",
        "compose.requirement_id",
        "compose.no_binding",
        "compose.no_procedure",
        "compose.no_texts",
        "compose.unknown_kind",
        "compose.not_text",
    ] {
        assert!(said.contains(code), "{code} in {said}");
    }
    assert!(said.contains("robots"), "{said}");
    assert!(said.contains("broken/forms/apply.form.yaml:6"), "{said}");
}

#[test]
fn missing_words_are_told_in_the_language_that_lacks_them() {
    let problems = changed("civil-extract", "texts/en.toml", |text| {
        text.replace("\nhand_over = ", "\nhanded = ")
    });
    let said = problems.to_string();
    assert!(said.contains("steps.hand_over"), "{said}");
    assert!(said.contains("civil-extract/texts/en.toml"), "{said}");
    assert!(problems.codes().contains(&"compose.no_words"));
}

#[test]
fn a_document_that_is_named_must_be_there() {
    let problems = changed("civil-extract", "dossiers/procedure.yaml", |text| {
        text.replace("document: extract", "document: other")
    });
    assert!(problems.to_string().contains("documents/other.typ"), "{problems}");
}

#[test]
fn every_system_has_scenarios_of_the_three_ways_a_case_may_go() {
    for app in embedded_procedures().unwrap() {
        for name in ["happy_path", "supplement", "refusal"] {
            assert!(
                app.scenarios.iter().any(|scenario| scenario.name == name),
                "{} {name}",
                app.key
            );
        }
    }
}

#[test]
fn a_form_of_a_step_is_read_over_the_form_of_the_case_and_must_be_used() {
    let register = "forms/register.form.yaml";
    let unused = changed("birth-registration", "dossiers/procedure.yaml", |text| {
        let (before, after) = text.split_once("facts:").unwrap();
        format!("{before}{}", after.split_once("outcomes: [propose] }").unwrap().1)
    });
    assert!(unused.codes().contains(&"compose.unused_form"), "{unused}");
    let lost = changed("birth-registration", register, |text| {
        text.replace("over: apply", "over: nothing")
    });
    assert!(lost.codes().contains(&"compose.not_declared"), "{lost}");
    let other = changed("civil-extract", register, |text| {
        text.replace("extract_kind = \"death\"", "extract_kin = \"death\"")
    });
    assert!(
        other.to_string().contains("civil-extract/forms/register.form.yaml:"),
        "{other}"
    );
    let scenario = changed("birth-registration", "scenarios/happy_path.yaml", |text| {
        text.replace("register_book:", "register_bok:")
    });
    assert!(
        scenario.to_string().contains("did you mean \"register_book\"?"),
        "{scenario}"
    );
}

#[test]
fn the_agency_is_found_by_a_place_in_the_province_only() {
    let problems = changed("birth-registration", "dossiers/procedure.yaml", |text| {
        text.replace("area_field: registered_at", "area_field: requester_residence")
    });
    assert_eq!(problems.codes(), ["dossiers.wrong_field"], "{problems}");
    let sources = Sources::embedded();
    let form = sources.apps["birth-registration"]["forms/apply.form.yaml"]
        .clone()
        .unwrap();
    assert!(form.contains("field: requester_residence"));
}
