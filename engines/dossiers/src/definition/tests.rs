use super::*;
use chrono::{DateTime, NaiveTime, Utc};
use forms::definition::FormDefinition;
use schema::Problems;
use serde_json::json;

pub(crate) const FORM: &str = "
format: 1
form: apply
pages:
  - page: who
    fields:
      - { field: full_name, type: name, required: true, class: personal }
      - { field: number, type: personal_number, required: true, class: personal }
      - { field: phone, type: phone, required: true, class: personal }
  - page: what
    fields:
      - { field: copies, type: number, required: true, class: internal, min: 0, max: 20 }
      - { field: born, type: date, required: true, class: personal }
      - { field: ward, type: area, required: true, class: internal }
  - page: papers
    papers: [proof, authority]
";

pub(crate) const PROCESS: &str = r#"<?xml version="1.0"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
  <process id="main" isExecutable="true">
    <startEvent id="start"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="receive"/>
    <userTask id="receive"/>
    <sequenceFlow id="f2" sourceRef="receive" targetRef="check"/>
    <userTask id="check"/>
    <sequenceFlow id="f3" sourceRef="check" targetRef="hand_over"/>
    <userTask id="hand_over"/>
    <sequenceFlow id="f4" sourceRef="hand_over" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>"#;

pub(crate) const BINDING: &str = "
format: 1
process: main
tasks:
  receive: { role: clerk, agency: receiving, outcomes: [accept, supplement, refuse] }
  check: { role: specialist, agency: handling, outcomes: [propose, supplement, refuse] }
  hand_over: { role: clerk, agency: receiving, outcomes: [handed_over] }
";

pub(crate) const PROCEDURE: &str = r#"
format: 1
code: "2.000635"
level: commune
online: full
audience: [citizen]
channels: [online, counter]
form: apply
process: main
intake_task: receive
return_task: hand_over
receiving: { area_field: ward }
handling: { same_as: receiving }
intake: { late_after: "15:00" }
deadline:
  - { when: copies > 10, length: { working_days: 3 } }
  - { length: { working_days: 1 } }
papers:
  - { paper: proof, required: copies > 0, most_files: 2, accept: [jpeg, pdf] }
  - { paper: authority, required: false, accept: [pdf] }
fees:
  - { fee: copy, amount: 8000 * copies, when: copies > 0, collect: at_return }
  - { fee: old, amount: "1000", when: born < date("2000-01-01"), collect: at_intake }
result: { document: extract, type: KQ.G15.000342 }
applicant: { full_name: full_name, personal_number: number, phone: phone }
title: [full_name]
"#;

pub(crate) fn form() -> FormDefinition {
    let mut problems = Problems::new();
    let form = FormDefinition::read("forms/apply.form.yaml", FORM, &mut problems);
    form.unwrap_or_else(|| panic!("{problems}"))
}

fn process() -> workflow::Definition {
    let mut problems = Problems::new();
    let process = workflow::Definition::read("main.bpmn", PROCESS, "main.binding.yaml", BINDING, &[], &mut problems);
    process.unwrap_or_else(|| panic!("{problems}"))
}

pub(crate) fn procedure() -> ProcedureDefinition {
    let mut problems = Problems::new();
    let read = ProcedureDefinition::read(
        "procedure.yaml",
        PROCEDURE,
        &form(),
        &BTreeMap::new(),
        &process(),
        &mut problems,
    );
    read.unwrap_or_else(|| panic!("{problems}"))
}

/// The problems of the declaration with one piece of text exchanged.
fn problems_with(from: &str, to: &str) -> Vec<String> {
    assert!(PROCEDURE.contains(from), "{from}");
    let mut problems = Problems::new();
    let text = PROCEDURE.replace(from, to);
    let read = ProcedureDefinition::read(
        "procedure.yaml",
        &text,
        &form(),
        &BTreeMap::new(),
        &process(),
        &mut problems,
    );
    assert_eq!(
        read.is_none(),
        !problems.is_empty(),
        "nothing sound comes with a problem: {problems}"
    );
    problems.codes().iter().map(|code| (*code).to_owned()).collect()
}

fn answers(copies: u32, born: &str) -> Scope {
    scope(
        &form(),
        &json!({ "copies": copies, "born": born }),
        DateTime::<Utc>::UNIX_EPOCH,
    )
}

#[test]
fn a_sound_declaration_is_read_and_survives_storage() {
    let read = procedure();
    assert_eq!(read.code.as_str(), "2.000635");
    assert_eq!(
        read.receiving,
        AgencyRule::Area {
            field: "ward".into(),
            level: Level::Commune
        }
    );
    assert_eq!(read.handling, AgencyRule::Receiving);
    assert_eq!(read.intake.late_after, NaiveTime::from_hms_opt(15, 0, 0));
    assert_eq!(read.papers[1].most_files, 1);
    assert_eq!(read.papers[0].accept().label(), "JPG, PDF");
    let stored = serde_json::to_value(&read).unwrap();
    assert_eq!(serde_json::from_value::<ProcedureDefinition>(stored).unwrap(), read);
}

/// (text, what stands there instead) → codes of all problems.
#[test]
fn what_is_wrong_is_told() {
    let table: [(&str, &str, &[&str]); 26] = [
        ("\"2.000635\"", "\"2.00063\"", &["dossiers.bad_code"]),
        ("level: commune", "level: village", &["schema.unknown_choice"]),
        ("online: full", "online: fully", &["schema.unknown_choice"]),
        ("[citizen]", "[]", &["dossiers.empty_list"]),
        ("[online, counter]", "[online, fax]", &["schema.unknown_choice"]),
        ("form: apply", "form: other", &["dossiers.unknown_form"]),
        ("process: main", "process: other", &["dossiers.unknown_process"]),
        ("intake_task: receive", "intake_task: check", &["dossiers.no_accept"]),
        (
            "return_task: hand_over",
            "return_task: hand",
            &["dossiers.unknown_task"],
        ),
        (
            "{ area_field: ward }",
            "{ area_field: wards }",
            &["dossiers.unknown_field"],
        ),
        (
            "{ area_field: ward }",
            "{ area_field: phone }",
            &["dossiers.wrong_field"],
        ),
        (
            "{ area_field: ward }",
            "{ same_as: receiving }",
            &["schema.unknown_key", "dossiers.bad_agency"],
        ),
        ("{ same_as: receiving }", "{ agency: 19 }", &["schema.expected_text"]),
        ("{ same_as: receiving }", "{ agency: X }", &["dossiers.bad_agency"]),
        ("{ working_days: 1 }", "{ working_days: 0 }", &["dossiers.bad_deadline"]),
        (
            "{ working_days: 1 }",
            "{ working_days: 1, working_hours: 1 }",
            &["dossiers.bad_deadline"],
        ),
        ("when: copies > 10, ", "", &["dossiers.bad_deadline"]),
        ("copies > 10", "copy > 10", &["dossiers.bad_expression"]),
        ("copies > 10", "copies + 10", &["dossiers.bad_expression"]),
        (
            "required: copies > 0",
            "required: copies >",
            &["schema.bad_expression", "dossiers.paper_undeclared"],
        ),
        (
            "paper: authority",
            "paper: other",
            &["dossiers.paper_undeclared", "dossiers.paper_not_asked"],
        ),
        ("most_files: 2", "most_files: 0", &["schema.out_of_range"]),
        (
            "amount: 8000 * copies",
            "amount: full_name",
            &["dossiers.bad_expression"],
        ),
        ("fee: old", "fee: copy", &["schema.duplicate_item"]),
        (
            "title: [full_name]",
            "title: [full_nam]\nextra: 1",
            &["dossiers.unknown_field", "schema.unknown_key"],
        ),
        (
            "title: [full_name]",
            "title: [full_name, number]",
            &["dossiers.title_tells"],
        ),
    ];
    for (from, to, expected) in table {
        let mut found = problems_with(from, to);
        let mut expected: Vec<String> = expected.iter().map(|code| (*code).to_owned()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{from} → {to}");
    }
}

#[test]
fn all_problems_come_at_once() {
    let mut problems = Problems::new();
    let text = PROCEDURE
        .replace("level: commune", "level: village")
        .replace("intake_task: receive", "intake_task: nobody")
        .replace("phone: phone", "phone: born");
    assert!(
        ProcedureDefinition::read(
            "procedure.yaml",
            &text,
            &form(),
            &BTreeMap::new(),
            &process(),
            &mut problems
        )
        .is_none()
    );
    assert_eq!(
        problems.codes(),
        ["schema.unknown_choice", "dossiers.unknown_task", "dossiers.wrong_field"]
    );
}

#[test]
fn an_agency_that_only_the_process_knows_is_a_problem() {
    let mut problems = Problems::new();
    let binding = BINDING.replace("agency: handling", "agency: commune");
    let process = workflow::Definition::read("m.bpmn", PROCESS, "m.yaml", &binding, &[], &mut problems).unwrap();
    assert!(
        ProcedureDefinition::read(
            "procedure.yaml",
            PROCEDURE,
            &form(),
            &BTreeMap::new(),
            &process,
            &mut problems
        )
        .is_none()
    );
    assert_eq!(problems.codes(), ["dossiers.agency_missing"]);
    let text = format!("{PROCEDURE}agencies:\n  commune: {{ area_field: ward, level: district }}\n");
    let mut problems = Problems::new();
    let read = ProcedureDefinition::read(
        "procedure.yaml",
        &text,
        &form(),
        &BTreeMap::new(),
        &process,
        &mut problems,
    );
    let rule = read.unwrap_or_else(|| panic!("{problems}")).agencies.remove("commune");
    assert_eq!(
        rule,
        Some(AgencyRule::Area {
            field: "ward".into(),
            level: Level::District
        })
    );
}

const REGISTER: &str = "
format: 1
form: register
over: apply
pages:
  - page: entry
    fields:
      - { field: register_name, type: name, from: full_name, required: true, class: personal }
  - page: many
    when: copies > 10
    fields:
      - { field: shelf, type: text, required: true, class: internal }
";

#[test]
fn what_a_step_enters_is_declared_over_the_answers() {
    let mut problems = Problems::new();
    let register = FormDefinition::read_over("forms/register.form.yaml", REGISTER, &form(), &mut problems);
    let steps = BTreeMap::from([("register".to_owned(), register.unwrap_or_else(|| panic!("{problems}")))]);
    let read = |facts: &str| {
        let mut problems = Problems::new();
        let text = format!("{PROCEDURE}facts:\n  - {facts}\n");
        let read = ProcedureDefinition::read("procedure.yaml", &text, &form(), &steps, &process(), &mut problems);
        let codes: Vec<String> = problems.iter().map(|problem| problem.code.to_owned()).collect();
        (read, codes)
    };
    let (sound, codes) = read("{ tasks: [check], form: register, outcomes: [propose] }");
    assert_eq!(codes, Vec::<String>::new());
    let sound = sound.unwrap();
    let stored = serde_json::to_value(&sound).unwrap();
    assert_eq!(serde_json::from_value::<ProcedureDefinition>(stored).unwrap(), sound);
    assert!(sound.facts_at("receive").is_none());
    assert_eq!(sound.facts_at("check").unwrap().form.form, "register");

    for (facts, expected) in [
        (
            "{ tasks: [chek], form: register, outcomes: [propose] }",
            "dossiers.unknown_task",
        ),
        (
            "{ tasks: [check, check], form: register, outcomes: [propose] }",
            "schema.duplicate_item",
        ),
        (
            "{ tasks: [check], form: apply, outcomes: [propose] }",
            "dossiers.unknown_form",
        ),
        (
            "{ tasks: [check], form: register, outcomes: [handed_over] }",
            "dossiers.unknown_outcome",
        ),
    ] {
        let (read, codes) = read(facts);
        assert!(read.is_none(), "{facts}");
        assert_eq!(codes, [expected], "{facts}");
    }
}

#[test]
fn the_first_deadline_that_applies_counts() {
    assert_eq!(
        procedure().deadline(&answers(11, "1990-01-01")).unwrap(),
        Deadline::WorkingDays(3)
    );
    assert_eq!(
        procedure().deadline(&answers(10, "1990-01-01")).unwrap(),
        Deadline::WorkingDays(1)
    );
}

/// Copies, day of birth, and the fees that are due.
type FeeCase = (u32, &'static str, &'static [(&'static str, i64)]);

#[test]
fn fees_follow_from_the_answers() {
    let table: [FeeCase; 4] = [
        (0, "2001-01-01", &[]),
        (3, "2001-01-01", &[("copy", 24_000)]),
        (3, "1999-12-31", &[("copy", 24_000), ("old", 1_000)]),
        (0, "1999-12-31", &[("old", 1_000)]),
    ];
    for (copies, born, expected) in table {
        let due = procedure().fees_due(&answers(copies, born)).unwrap();
        let due: Vec<(&str, i64)> = due.iter().map(|due| (due.fee.as_str(), due.amount.dong())).collect();
        assert_eq!(due, expected, "{copies} {born}");
    }
}

#[test]
fn an_amount_that_is_no_money_is_a_defect_and_not_a_present() {
    for amount in ["copies / 3", "0 - copies", "null"] {
        let mut broken = procedure();
        broken.fees[0].amount = amount.parse().unwrap();
        let fault = broken.fees_due(&answers(1, "2001-01-01")).unwrap_err();
        assert_eq!(
            (fault.code, fault.params["what"].as_str()),
            ("dossiers.broken_definition", "copy"),
            "{amount}"
        );
    }
}

#[test]
fn papers_are_missing_too_many_or_unknown() {
    let files = |papers: &[(&str, u32)]| papers.iter().map(|(paper, n)| ((*paper).to_owned(), *n)).collect();
    let check = |copies, papers: &[(&str, u32)]| -> Vec<String> {
        let faults = procedure().check_papers(&answers(copies, "2001-01-01"), &files(papers));
        faults
            .into_iter()
            .map(|fault| format!("{} {}", fault.field, fault.code))
            .collect()
    };
    assert_eq!(check(0, &[]), Vec::<String>::new());
    assert_eq!(check(1, &[]), ["papers.proof dossiers.paper_missing"]);
    assert_eq!(check(1, &[("proof", 0)]), ["papers.proof dossiers.paper_missing"]);
    assert_eq!(check(1, &[("proof", 2), ("authority", 1)]), Vec::<String>::new());
    assert_eq!(
        check(1, &[("proof", 3), ("authority", 2), ("letter", 1)]),
        [
            "papers.proof dossiers.too_many_files",
            "papers.authority dossiers.too_many_files",
            "papers.letter dossiers.paper_unknown",
        ]
    );
}
