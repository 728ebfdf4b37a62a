//! Reading BPMN with its binding: what is accepted, and what is said about everything else.

use schema::Problems;
use workflow::{Definition, StepKind};

use crate::office::{ONE_STOP, OPINIONS, read};

/// The problem codes with their lines.
fn problems_of(process: &str, binding: &str) -> Vec<(String, usize)> {
    let xml = format!(
        "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\">\n<process id=\"p\">\n{process}\n</process>\n</definitions>"
    );
    check(&xml, &format!("format: 1\nprocess: p\n{binding}"))
}

fn check(xml: &str, yaml: &str) -> Vec<(String, usize)> {
    let mut problems = Problems::new();
    let read = Definition::read(
        "p.bpmn",
        xml,
        "p.binding.yaml",
        yaml,
        &["test.note".to_owned()],
        &mut problems,
    );
    assert_eq!(read.is_some(), problems.is_empty());
    problems
        .sorted()
        .into_iter()
        .map(|problem| (problem.code.clone(), problem.line))
        .collect()
}

const TASK: &str = "{ role: clerk, agency: receiving, outcomes: [done] }";

#[test]
fn the_examples_are_read() {
    let one_stop = read(ONE_STOP);
    assert_eq!(one_stop.key(), "one_stop");
    assert_eq!(
        one_stop.agencies().into_iter().collect::<Vec<_>>(),
        ["handling", "receiving"]
    );
    assert_eq!(
        one_stop.roles().into_iter().collect::<Vec<_>>(),
        ["clerk", "leader", "specialist"]
    );
    assert_eq!(one_stop.process().nodes.len(), 12);
    assert!(
        one_stop
            .text_keys()
            .contains("workflow.one_stop.check.outcomes.send_back")
    );
    assert!(one_stop.text_keys().contains("workflow.one_stop.remind.name"));
    assert_eq!(one_stop.sha256().len(), 64);
    assert_ne!(one_stop.sha256(), read(OPINIONS).sha256());
}

#[test]
fn the_steps_are_a_list_for_people() {
    let steps = read(ONE_STOP).steps();
    let nodes: Vec<&str> = steps.iter().map(|step| step.node.as_str()).collect();
    assert_eq!(nodes, ["receive", "check", "remind", "note", "approve", "issue"]);
    assert_eq!(steps[0].next, ["check"]);
    assert!(steps[0].may_end, "the refusal");
    assert_eq!(steps[1].next, ["receive", "approve"]);
    assert_eq!(steps[2].beside.as_deref(), Some("check"));
    assert_eq!(steps[5].kind, StepKind::Service);
    assert_eq!(steps[5].next, Vec::<String>::new());
}

/// What is wrong, the BPMN, the binding, and the problem codes with their lines.
type Case<'a> = (&'a str, String, &'a str, Vec<(&'a str, usize)>);

#[test]
fn every_bad_shape_has_its_code_and_line() {
    // Lines count from the file: the first line of each case is line 3; the binding begins at line 3 too.
    let plain = format!("tasks: {{ a: {TASK} }}");
    let both = format!("tasks: {{ a: {TASK}, b: {TASK} }}");
    let ends = "<sequenceFlow id='f1' sourceRef='s' targetRef='a'/><sequenceFlow id='f2' sourceRef='a' targetRef='e'/>";
    let cases: Vec<Case<'_>> = vec![
        ("sound", format!("<startEvent id='s'/><userTask id='a'/><endEvent id='e'/>{ends}"), &plain, vec![]),
        (
            "unsupported elements, all at once",
            format!("<startEvent id='s'><messageEventDefinition/></startEvent>\n<userTask id='a'><multiInstanceLoopCharacteristics/></userTask>\n<scriptTask id='x'/>\n<subProcess id='y'/>\n<endEvent id='e'><errorEventDefinition/></endEvent>{ends}"),
            &plain,
            vec![
                ("workflow.unsupported_element", 3),
                ("workflow.unsupported_element", 4),
                ("workflow.unsupported_element", 5),
                ("workflow.unsupported_element", 6),
                ("workflow.unsupported_element", 7),
            ],
        ),
        (
            "ids",
            "<startEvent/>\n<userTask id='A b'/>\n<userTask id='Big'/>\n<endEvent id='e'/>\n<endEvent id='e'/>".to_owned(),
            "",
            vec![
                ("workflow.no_outgoing", 5),
                ("workflow.start_count", 2),
                ("workflow.missing_id", 3),
                ("workflow.bad_id", 4),
                ("workflow.bad_id", 5),
                ("workflow.no_incoming", 5),
                ("workflow.task_without_binding", 5),
                ("workflow.no_incoming", 6),
                ("workflow.duplicate_id", 7),
            ],
        ),
        (
            "references",
            format!("<startEvent id='s'/><userTask id='a'/><endEvent id='e'/>{ends}\n<sequenceFlow id='f3' sourceRef='a' targetRef='nowhere'/>\n<sequenceFlow id='f4' sourceRef='a'/>\n<boundaryEvent id='t' attachedToRef='gone'><timerEventDefinition/></boundaryEvent>"),
            &plain,
            vec![
                ("workflow.unknown_reference", 4),
                ("workflow.missing_attribute", 5),
                ("workflow.no_outgoing", 6),
                ("workflow.timer_without_binding", 6),
                ("workflow.unknown_reference", 6),
            ],
        ),
        (
            "a task that splits",
            format!("<startEvent id='s'/><endEvent id='e'/>{ends}<sequenceFlow id='f3' sourceRef='a' targetRef='e'/>\n<userTask id='a'/>"),
            &plain,
            vec![("workflow.several_outgoing", 4)],
        ),
        (
            "gateway without default",
            "<startEvent id='s'/><endEvent id='e'/><sequenceFlow id='f1' sourceRef='s' targetRef='g'/>\n<exclusiveGateway id='g'/>\n<sequenceFlow id='f2' sourceRef='g' targetRef='e'><conditionExpression>outcome = \"x\"</conditionExpression></sequenceFlow>\n<sequenceFlow id='f3' sourceRef='g' targetRef='e'/>".to_owned(),
            "",
            vec![("workflow.default_missing", 4)],
        ),
        (
            "conditions",
            "<startEvent id='s'/><endEvent id='e'/><sequenceFlow id='f1' sourceRef='s' targetRef='g'/><exclusiveGateway id='g' default='d'/>\n<sequenceFlow id='d' sourceRef='g' targetRef='e'><conditionExpression>true</conditionExpression></sequenceFlow>\n<sequenceFlow id='f3' sourceRef='g' targetRef='e'/>\n<sequenceFlow id='f4' sourceRef='g' targetRef='e'><conditionExpression>outcome = </conditionExpression></sequenceFlow>\n<sequenceFlow id='f5' sourceRef='g' targetRef='e'><conditionExpression>amount &gt; 5</conditionExpression></sequenceFlow>\n<sequenceFlow id='f6' sourceRef='g' targetRef='e'><conditionExpression>outcomes.b = \"x\"</conditionExpression></sequenceFlow>\n<sequenceFlow id='f7' sourceRef='g' targetRef='e'><conditionExpression>outcome = 5</conditionExpression></sequenceFlow>".to_owned(),
            "",
            vec![
                ("workflow.default_condition", 4),
                ("workflow.condition_missing", 5),
                ("workflow.condition_syntax", 6),
                ("workflow.unknown_name", 7),
                ("workflow.unknown_name", 8),
                ("workflow.condition_type", 9),
            ],
        ),
        (
            "a condition on a task's flow",
            "<startEvent id='s'/><userTask id='a'/><endEvent id='e'/><sequenceFlow id='f1' sourceRef='s' targetRef='a'/>\n<sequenceFlow id='f2' sourceRef='a' targetRef='e'><conditionExpression>true</conditionExpression></sequenceFlow>".to_owned(),
            &plain,
            vec![("workflow.misplaced_condition", 4)],
        ),
        (
            "a timer with its length in the picture",
            format!("<startEvent id='s'/><userTask id='a'/><endEvent id='e'/>{ends}<sequenceFlow id='f3' sourceRef='t' targetRef='e'/>\n<boundaryEvent id='t' attachedToRef='a'><timerEventDefinition>\n<timeDuration>PT8H</timeDuration></timerEventDefinition></boundaryEvent>"),
            "tasks: { a: { role: clerk, agency: x, outcomes: [done] } }\ntimers: { t: { after: { working_hours: 8 } } }",
            vec![("workflow.timer_in_bpmn", 5)],
        ),
        (
            "a timer on a service",
            "<startEvent id='s'/><serviceTask id='a'/><endEvent id='e'/><sequenceFlow id='f1' sourceRef='s' targetRef='a'/><sequenceFlow id='f2' sourceRef='a' targetRef='e'/><sequenceFlow id='f3' sourceRef='t' targetRef='e'/>\n<boundaryEvent id='t' attachedToRef='a'><timerEventDefinition/></boundaryEvent>".to_owned(),
            "services: { a: { action: test.note } }\ntimers: { t: { after: { working_hours: 8 } } }",
            vec![("workflow.boundary_host", 4)],
        ),
        (
            "an island and a trap",
            format!("<startEvent id='s'/><userTask id='a'/><endEvent id='e'/>{ends}\n<userTask id='b'/><sequenceFlow id='f3' sourceRef='b' targetRef='b'/>"),
            &both,
            vec![("workflow.unreachable", 4)],
        ),
        (
            "a join that one way does not reach",
            "<startEvent id='s'/><endEvent id='e'/><sequenceFlow id='f1' sourceRef='s' targetRef='g'/><exclusiveGateway id='g' default='x'/><sequenceFlow id='x' sourceRef='g' targetRef='a'/><sequenceFlow id='y' sourceRef='g' targetRef='b'><conditionExpression>outcome = \"x\"</conditionExpression></sequenceFlow><userTask id='a'/><userTask id='b'/><sequenceFlow id='f2' sourceRef='a' targetRef='j'/><sequenceFlow id='f3' sourceRef='b' targetRef='j'/><sequenceFlow id='f4' sourceRef='j' targetRef='e'/>\n<parallelGateway id='j'/>".to_owned(),
            &both,
            vec![("workflow.join_waits_forever", 4)],
        ),
        (
            "parallel ways that meet without a join",
            "<startEvent id='s'/><endEvent id='e'/><sequenceFlow id='f1' sourceRef='s' targetRef='g'/><parallelGateway id='g'/><sequenceFlow id='x' sourceRef='g' targetRef='a'/><sequenceFlow id='y' sourceRef='g' targetRef='b'/><userTask id='a'/><sequenceFlow id='f2' sourceRef='a' targetRef='b'/><sequenceFlow id='f3' sourceRef='b' targetRef='e'/>\n<userTask id='b'/>".to_owned(),
            &both,
            vec![("workflow.unsynchronized", 4)],
        ),
        (
            "a reminder that runs into the main way",
            "<startEvent id='s'/><userTask id='a'/><endEvent id='e'/><sequenceFlow id='f1' sourceRef='s' targetRef='a'/><sequenceFlow id='f2' sourceRef='a' targetRef='b'/><sequenceFlow id='f3' sourceRef='b' targetRef='e'/><boundaryEvent id='t' attachedToRef='a' cancelActivity='false'><timerEventDefinition/></boundaryEvent><sequenceFlow id='f4' sourceRef='t' targetRef='b'/>\n<userTask id='b'/>".to_owned(),
            "tasks: { a: { role: clerk, agency: x, outcomes: [done] }, b: { role: clerk, agency: x, outcomes: [done] } }\ntimers: { t: { after: { working_hours: 8 } } }",
            vec![("workflow.side_branch_joins", 4)],
        ),
    ];
    for (name, process, binding, expected) in cases {
        let mut found = problems_of(&process, binding);
        let mut expected: Vec<(String, usize)> = expected
            .into_iter()
            .map(|(code, line)| (code.to_owned(), line))
            .collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn every_bad_binding_has_its_code_and_line() {
    let process = "<startEvent id='s'/><userTask id='a'/><serviceTask id='v'/><intermediateCatchEvent id='t'><timerEventDefinition/></intermediateCatchEvent><endEvent id='e'/><sequenceFlow id='f1' sourceRef='s' targetRef='a'/><sequenceFlow id='f2' sourceRef='a' targetRef='v'/><sequenceFlow id='f3' sourceRef='v' targetRef='t'/><sequenceFlow id='f4' sourceRef='t' targetRef='e'/>";
    let good = "tasks: { a: { role: clerk, agency: x, outcomes: [done] } }\nservices: { v: { action: test.note } }\ntimers: { t: { after: { working_days: 1 } } }";
    assert_eq!(problems_of(process, good), vec![]);
    let cases: [(&str, &str, &str, usize); 12] = [
        ("tasks: { a:", "tasks: { aa:", "workflow.unknown_task", 3),
        ("outcomes: [done]", "outcomes: []", "workflow.no_outcomes", 3),
        ("outcomes: [done]", "outcomes: [done, done]", "schema.duplicate_item", 3),
        ("role: clerk, ", "", "schema.missing_key", 3),
        ("role: clerk", "roles: clerk", "schema.unknown_key", 3),
        ("test.note", "test.nte", "workflow.unknown_action", 4),
        ("{ v: {", "{ w: {", "workflow.unknown_service", 4),
        (
            "working_days: 1",
            "working_days: 1, working_hours: 2",
            "workflow.bad_length",
            5,
        ),
        ("working_days: 1", "working_days: 0", "workflow.bad_length", 5),
        ("working_days: 1", "days: 1", "workflow.bad_length", 5),
        ("{ t: {", "{ u: {", "workflow.unknown_timer", 5),
        ("timers:", "variables: [A]\ntimers:", "schema.bad_key", 5),
    ];
    for (from, to, code, line) in cases {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good);
        let found = problems_of(process, &changed);
        assert!(found.contains(&(code.to_owned(), line)), "{to}: {found:?}");
    }
    let wrong_process = check(
        &format!(
            "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><process id='q'>{process}</process></definitions>"
        ),
        &format!("format: 1\nprocess: p\n{good}"),
    );
    assert_eq!(wrong_process, [("workflow.process_mismatch".to_owned(), 2)]);
}

#[test]
fn broken_files_are_told_and_never_panic() {
    let yaml = "format: 1\nprocess: p";
    let model = "xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'";
    let deep = format!(
        "<definitions {model}>{}{}</definitions>",
        "<process>".repeat(40),
        "</process>".repeat(40)
    );
    let large = " ".repeat(1024 * 1024 + 1);
    let cases: Vec<(String, &str)> = vec![
        (String::new(), "workflow.bpmn_syntax"),
        ("no xml".to_owned(), "workflow.bpmn_syntax"),
        ("<definitions".to_owned(), "workflow.bpmn_syntax"),
        (
            "<definitions><process></definitions>".to_owned(),
            "workflow.bpmn_syntax",
        ),
        ("<definitions>".to_owned(), "workflow.bpmn_syntax"),
        (
            format!("<definitions {model}>&evil;</definitions>"),
            "workflow.bpmn_syntax",
        ),
        (
            "<!DOCTYPE x [<!ENTITY a 'b'>]><definitions/>".to_owned(),
            "workflow.bpmn_doctype",
        ),
        ("<definitions/>".to_owned(), "workflow.bpmn_root"),
        (format!("<process {model}/>"), "workflow.bpmn_root"),
        (format!("<definitions {model}/>"), "workflow.bpmn_no_process"),
        (
            format!("<definitions {model}><process id='p'/><process id='q'/></definitions>"),
            "workflow.bpmn_several_processes",
        ),
        (deep, "workflow.bpmn_too_deep"),
        (large, "workflow.bpmn_too_large"),
    ];
    for (xml, code) in cases {
        let found = check(&xml, yaml);
        assert!(found.iter().any(|(own, _)| own == code), "{code}: {found:?}");
    }
    // Cut anywhere and with any byte knocked out, a file is refused or read, but never a panic.
    let (xml, yaml) = OPINIONS;
    for cut in (0..xml.trim_end().len()).filter(|cut| xml.is_char_boundary(*cut)) {
        let mut problems = Problems::new();
        Definition::read("p", &xml[..cut], "y", yaml, &[], &mut problems);
        assert!(!problems.is_empty());
    }
    for (place, character) in xml.char_indices().step_by(3) {
        let changed = format!("{}{}", &xml[..place], &xml[place + character.len_utf8()..]);
        Definition::read("p", &changed, "y", yaml, &[], &mut Problems::new());
    }
}
