//! The reader of `dossiers/procedure.yaml`: reports everything that is wrong at once.

use std::collections::{BTreeMap, BTreeSet};

use forms::definition::{FieldKind, FormDefinition};
use kernel::{AgencyCode, Deadline, IntakeRule, ProcedureCode, ResultTypeCode};
use schema::feel::{Expression, Type, TypeScope, infer};
use schema::{Document, Map, Node, Problems, envelope};
use workflow::Definition;

use super::{
    ACCEPT, AgencyRule, ApplicantFields, Audience, Collect, DeadlineRule, FORMAT, FactsRule, FeeRule, FileKind, Online,
    PaperRule, ProcedureDefinition, ResultRule,
};
use crate::catalogue::{Channel, Level};

/// The longest deadline, in hours or days.
const LONGEST: u32 = 1_000;
/// The most files of one paper.
const MOST_FILES: u32 = 50;
const LEVELS: [(&str, Level); 3] = [
    ("department", Level::Department),
    ("district", Level::District),
    ("commune", Level::Commune),
];

/// Makes a length of time from a number of its unit.
type MakeLength = fn(u32) -> Deadline;

/// The reader's view of the rest of the system.
struct Reader<'a> {
    form: &'a FormDefinition,
    steps: &'a BTreeMap<String, FormDefinition>,
    process: &'a Definition,
    scope: TypeScope,
}

impl ProcedureDefinition {
    /// Reads the characters of a `procedure.yaml` against the form and the process that it names, and against the forms of the
    /// system that officials fill in at steps (`steps`, by name); `None` if anything is wrong, and every problem is reported.
    pub fn read(
        label: &str,
        yaml: &str,
        form: &FormDefinition,
        steps: &BTreeMap<String, FormDefinition>,
        process: &Definition,
        problems: &mut Problems,
    ) -> Option<Self> {
        let mut own = Problems::new();
        let read = Document::yaml(label, yaml, &mut own).and_then(|root| {
            let map = envelope(&root, FORMAT, &mut own)?.map;
            Reader::new(form, steps, process).procedure(map, &mut own)
        });
        let sound = own.is_empty();
        problems.append(own);
        read.filter(|_| sound)
    }
}

impl<'a> Reader<'a> {
    fn new(form: &'a FormDefinition, steps: &'a BTreeMap<String, FormDefinition>, process: &'a Definition) -> Self {
        let mut scope = TypeScope::new();
        for field in form.fields() {
            scope.set(&field.field, field.kind.feel_type());
        }
        Self {
            form,
            steps,
            process,
            scope,
        }
    }

    /// Every part is read before the first missing one ends it, so that all problems come out at once.
    fn procedure(&self, mut map: Map, problems: &mut Problems) -> Option<ProcedureDefinition> {
        let code = map
            .required("code", problems)
            .and_then(|node| procedure_code(&node, problems));
        let level = map
            .required("level", problems)
            .and_then(|node| node.choice(&LEVELS, problems));
        let online = map
            .required("online", problems)
            .and_then(|node| node.choice(&[("full", Online::Full), ("partial", Online::Partial)], problems));
        let audiences = [("citizen", Audience::Citizen), ("business", Audience::Business)];
        let audience = choices(&mut map, "audience", &audiences, problems);
        let known = [Channel::Online, Channel::Counter, Channel::Post].map(|channel| (channel.key(), channel));
        let channels = choices(&mut map, "channels", &known, problems);
        let form = map
            .required("form", problems)
            .and_then(|node| self.form_name(&node, problems));
        let process = map
            .required("process", problems)
            .and_then(|node| self.process_name(&node, problems));
        let intake_task = map
            .required("intake_task", problems)
            .and_then(|node| self.intake_task(&node, problems));
        let return_task = map
            .required("return_task", problems)
            .and_then(|node| self.task(&node, problems));
        let receiving = map
            .required("receiving", problems)
            .and_then(|node| self.agency(&node, level, false, problems));
        let handling = map
            .required("handling", problems)
            .and_then(|node| self.agency(&node, level, true, problems));
        let agencies = self.agencies(&mut map, level, problems);
        let intake = map
            .optional("intake")
            .map_or(Some(IntakeRule::default()), |node| intake(&node, problems));
        let deadlines = map
            .required("deadline", problems)
            .map(|node| self.deadlines(&node, problems));
        let papers = map
            .optional("papers")
            .map_or_else(Vec::new, |node| self.papers(&node, problems));
        self.papers_agree(map.node(), &papers, problems);
        let fees = map
            .optional("fees")
            .map_or_else(Vec::new, |node| self.fees(&node, problems));
        let facts = map
            .optional("facts")
            .map_or_else(Vec::new, |node| self.facts(&node, problems));
        let result = map
            .required("result", problems)
            .and_then(|node| result(&node, problems));
        let applicant = map
            .required("applicant", problems)
            .and_then(|node| self.applicant(&node, problems));
        let title = map.optional("title").map_or_else(Vec::new, |node| {
            node.each(problems, |item, problems| self.field(item, |_| true, "", problems))
        });
        self.agencies_agree(map.node(), &agencies, problems);
        map.finish(problems);
        Some(ProcedureDefinition {
            code: code?,
            level: level?,
            online: online?,
            audience,
            channels,
            form: form?,
            process: process?,
            intake_task: intake_task?,
            return_task: return_task?,
            receiving: receiving?,
            handling: handling?,
            agencies,
            intake: intake?,
            deadlines: deadlines?,
            papers,
            fees,
            facts,
            result: result?,
            applicant: applicant?,
            title,
        })
    }

    fn form_name(&self, node: &Node, problems: &mut Problems) -> Option<String> {
        let name = node.key(problems)?;
        if name != self.form.form {
            problems
                .at(node, "dossiers.unknown_form", format!("there is no form \"{name}\""))
                .hint(format!("the form of this system is \"{}\"", self.form.form));
        }
        Some(name)
    }

    fn process_name(&self, node: &Node, problems: &mut Problems) -> Option<String> {
        let name = node.key(problems)?;
        if name != self.process.key() {
            problems
                .at(
                    node,
                    "dossiers.unknown_process",
                    format!("there is no process \"{name}\""),
                )
                .hint(format!("the process of this system is \"{}\"", self.process.key()));
        }
        Some(name)
    }

    fn task(&self, node: &Node, problems: &mut Problems) -> Option<String> {
        let name = node.key(problems)?;
        let tasks = &self.process.binding().tasks;
        if !tasks.contains_key(&name) {
            let known = tasks.keys().cloned().collect::<Vec<_>>().join(", ");
            problems
                .at(
                    node,
                    "dossiers.unknown_task",
                    format!("the process has no user task \"{name}\""),
                )
                .hint(format!("its user tasks: {known}"));
            return None;
        }
        Some(name)
    }

    fn intake_task(&self, node: &Node, problems: &mut Problems) -> Option<String> {
        let name = self.task(node, problems)?;
        let outcomes = &self.process.binding().tasks[&name].outcomes;
        if !outcomes.iter().any(|outcome| outcome == ACCEPT) {
            problems
                .at(
                    node,
                    "dossiers.no_accept",
                    format!("the task \"{name}\" has no outcome \"{ACCEPT}\""),
                )
                .hint("the outcome \"accept\" of this task is the reception of a dossier");
        }
        Some(name)
    }

    /// `{ area_field: x }`, `{ area_field: x, level: commune }`, `{ agency: H30.05 }` or `{ same_as: receiving }`.
    fn agency(&self, node: &Node, level: Option<Level>, derived: bool, problems: &mut Problems) -> Option<AgencyRule> {
        let mut map = node.as_map(problems)?;
        let area = map.optional("area_field");
        let own_level = map.optional("level").map(|node| node.choice(&LEVELS, problems));
        let fixed = map.optional("agency");
        let same = if derived { map.optional("same_as") } else { None };
        map.finish(problems);
        match (area, fixed, same) {
            (Some(area), None, None) => {
                let place =
                    |kind: &FieldKind| matches!(kind, FieldKind::Area | FieldKind::Address { within_province: true });
                let field = self.field(&area, place, "area, or address within: province,", problems)?;
                Some(AgencyRule::Area {
                    field,
                    level: own_level.unwrap_or(level)?,
                })
            }
            (None, Some(fixed), None) => {
                let text = fixed.non_empty_string(problems)?;
                match AgencyCode::parse(&text) {
                    Ok(code) => Some(AgencyRule::Fixed(code)),
                    Err(_) => {
                        problems.at(&fixed, "dossiers.bad_agency", format!("\"{text}\" is no agency code"));
                        None
                    }
                }
            }
            (None, None, Some(same)) => same.choice(&[("receiving", AgencyRule::Receiving)], problems),
            _ => {
                problems
                    .at(node, "dossiers.bad_agency", "an agency is found in exactly one way")
                    .hint("{ area_field: … }, { agency: H30.05 } or, after receiving, { same_as: receiving }");
                None
            }
        }
    }

    fn agencies(&self, map: &mut Map, level: Option<Level>, problems: &mut Problems) -> BTreeMap<String, AgencyRule> {
        let mut agencies = BTreeMap::new();
        let Some(mut entries) = map.optional("agencies").and_then(|node| node.as_map(problems)) else {
            return agencies;
        };
        for (name, node) in entries.entries() {
            let rule = self.agency(&node, level, true, problems);
            let Some(key) = name.key(problems) else { continue };
            if key == "receiving" || key == "handling" {
                problems.at(&name, "dossiers.bad_agency", format!("\"{key}\" has a key of its own"));
            }
            if let Some(rule) = rule {
                agencies.insert(key, rule);
            }
        }
        agencies
    }

    /// The process may name no agency that a case does not have.
    fn agencies_agree(&self, whole: &Node, agencies: &BTreeMap<String, AgencyRule>, problems: &mut Problems) {
        for name in self.process.agencies() {
            if !["receiving", "handling"].contains(&name) && !agencies.contains_key(name) {
                problems
                    .at(
                        whole,
                        "dossiers.agency_missing",
                        format!("the process names the agency \"{name}\""),
                    )
                    .hint("declare it under agencies");
            }
        }
    }

    /// One length, or a list of lengths of which all but the last have a condition.
    fn deadlines(&self, node: &Node, problems: &mut Problems) -> Vec<DeadlineRule> {
        if !node.is_list() {
            return length(node, problems)
                .map(|length| DeadlineRule { when: None, length })
                .into_iter()
                .collect();
        }
        let items = node.list(problems);
        if items.is_empty() {
            problems.at(node, "dossiers.bad_deadline", "a procedure needs a deadline");
        }
        let mut rules = Vec::new();
        for (place, item) in items.iter().enumerate() {
            let Some(mut map) = item.as_map(problems) else { continue };
            let when = map.optional("when").map(|node| self.condition(&node, problems));
            let length = map
                .required("length", problems)
                .and_then(|node| length(&node, problems));
            map.finish(problems);
            if when.is_none() != (place + 1 == items.len()) {
                problems.at(
                    item,
                    "dossiers.bad_deadline",
                    "every deadline but the last has a condition, the last has none",
                );
            }
            if let Some(length) = length {
                rules.push(DeadlineRule {
                    when: when.flatten(),
                    length,
                });
            }
        }
        rules
    }

    fn papers(&self, node: &Node, problems: &mut Problems) -> Vec<PaperRule> {
        let mut seen = BTreeSet::new();
        node.each(problems, |item, problems| {
            let mut map = item.as_map(problems)?;
            let paper = unique(&mut map, "paper", &mut seen, problems);
            let required = map
                .required("required", problems)
                .and_then(|node| self.condition(&node, problems));
            let most_files = map.optional("most_files").map_or(Some(1), |node| {
                let count = node.count(problems)?;
                if !(1..=MOST_FILES).contains(&count) {
                    problems.at(
                        &node,
                        "schema.out_of_range",
                        format!("{count} is not between 1 and {MOST_FILES}"),
                    );
                }
                Some(count)
            });
            let kinds = [
                ("jpeg", FileKind::Jpeg),
                ("png", FileKind::Png),
                ("pdf", FileKind::Pdf),
                ("docx", FileKind::Docx),
                ("xlsx", FileKind::Xlsx),
            ];
            let accept = choices(&mut map, "accept", &kinds, problems);
            map.finish(problems);
            Some(PaperRule {
                paper: paper?,
                required: required?,
                most_files: most_files?,
                accept,
            })
        })
    }

    /// The form asks for exactly the papers that are declared.
    fn papers_agree(&self, whole: &Node, papers: &[PaperRule], problems: &mut Problems) {
        let asked: BTreeSet<&str> = self.form.papers().collect();
        let declared: BTreeSet<&str> = papers.iter().map(|rule| rule.paper.as_str()).collect();
        for paper in asked.difference(&declared) {
            problems.at(
                whole,
                "dossiers.paper_undeclared",
                format!("the form asks for the paper \"{paper}\""),
            );
        }
        for paper in declared.difference(&asked) {
            problems.at(
                whole,
                "dossiers.paper_not_asked",
                format!("no page of the form asks for the paper \"{paper}\""),
            );
        }
    }

    fn fees(&self, node: &Node, problems: &mut Problems) -> Vec<FeeRule> {
        let mut seen = BTreeSet::new();
        node.each(problems, |item, problems| {
            let mut map = item.as_map(problems)?;
            let fee = unique(&mut map, "fee", &mut seen, problems);
            let amount = map
                .required("amount", problems)
                .and_then(|node| self.expression(&node, &Type::Number, "a number", problems));
            let when = map.optional("when").map(|node| self.condition(&node, problems));
            let moments = [("at_intake", Collect::AtIntake), ("at_return", Collect::AtReturn)];
            let collect = map
                .required("collect", problems)
                .and_then(|node| node.choice(&moments, problems));
            map.finish(problems);
            Some(FeeRule {
                fee: fee?,
                amount: amount?,
                when: when.flatten(),
                collect: collect?,
            })
        })
    }

    /// `- { tasks: [check], form: register, outcomes: [propose] }`
    fn facts(&self, node: &Node, problems: &mut Problems) -> Vec<FactsRule> {
        let mut seen = BTreeSet::new();
        node.each(problems, |item, problems| {
            let mut map = item.as_map(problems)?;
            let tasks = map.required("tasks", problems).map(|node| {
                node.each(problems, |item, problems| {
                    let task = self.task(item, problems)?;
                    if !seen.insert(task.clone()) {
                        problems.at(item, "schema.duplicate_item", format!("\"{task}\" is declared twice"));
                    }
                    Some(task)
                })
            });
            let form = map
                .required("form", problems)
                .and_then(|node| self.step_form(&node, problems));
            let outcomes = map.required("outcomes", problems).map(|node| {
                node.each(problems, |item, problems| {
                    self.outcome(item, tasks.as_deref()?, problems)
                })
            });
            map.finish(problems);
            Some(FactsRule {
                tasks: tasks?,
                outcomes: outcomes?,
                form: form?,
            })
        })
    }

    fn step_form(&self, node: &Node, problems: &mut Problems) -> Option<FormDefinition> {
        let name = node.key(problems)?;
        let form = self.steps.get(&name).cloned();
        if form.is_none() {
            problems
                .at(
                    node,
                    "dossiers.unknown_form",
                    format!("there is no form \"{name}\" for a step"),
                )
                .hint(format!("forms/{name}.form.yaml must say over: {}", self.form.form));
        }
        form
    }

    fn outcome(&self, node: &Node, tasks: &[String], problems: &mut Problems) -> Option<String> {
        let name = node.key(problems)?;
        let declared = &self.process.binding().tasks;
        let without = tasks
            .iter()
            .find(|task| declared.get(*task).is_some_and(|task| !task.outcomes.contains(&name)));
        if let Some(task) = without {
            let message = format!("the task \"{task}\" has no outcome \"{name}\"");
            problems.at(node, "dossiers.unknown_outcome", message);
        }
        Some(name)
    }

    fn applicant(&self, node: &Node, problems: &mut Problems) -> Option<ApplicantFields> {
        let mut map = node.as_map(problems)?;
        let is_name = |kind: &FieldKind| matches!(kind, FieldKind::Name { .. } | FieldKind::Text { .. });
        let full_name = map
            .required("full_name", problems)
            .and_then(|node| self.field(&node, is_name, "name", problems));
        let mut optional = |key: &str, word: &str, fits: fn(&FieldKind) -> bool| {
            map.optional(key)
                .and_then(|node| self.field(&node, fits, word, problems))
        };
        let personal_number = optional("personal_number", "personal_number", |kind| {
            matches!(kind, FieldKind::PersonalNumber)
        });
        let phone = optional("phone", "phone", |kind| matches!(kind, FieldKind::Phone));
        let email = optional("email", "email", |kind| matches!(kind, FieldKind::Email));
        map.finish(problems);
        Some(ApplicantFields {
            full_name: full_name?,
            personal_number,
            phone,
            email,
        })
    }

    /// The name of a field of the form of the right type.
    fn field(
        &self,
        node: &Node,
        fits: impl Fn(&FieldKind) -> bool,
        word: &str,
        problems: &mut Problems,
    ) -> Option<String> {
        let name = node.key(problems)?;
        let Some(field) = self.form.field(&name) else {
            let known: Vec<&str> = self.form.fields().map(|field| field.field.as_str()).collect();
            let problem = problems.at(
                node,
                "dossiers.unknown_field",
                format!("the form has no field \"{name}\""),
            );
            if let Some(near) = schema::nearest(&name, known) {
                problem.hint(format!("did you mean \"{near}\"?"));
            }
            return None;
        };
        if !fits(&field.kind) {
            let message = format!(
                "the field \"{name}\" is of type {}, {word} is needed",
                field.kind.word()
            );
            problems.at(node, "dossiers.wrong_field", message);
        }
        Some(name)
    }

    fn condition(&self, node: &Node, problems: &mut Problems) -> Option<Expression> {
        self.expression(node, &Type::Boolean, "true or false", problems)
    }

    fn expression(&self, node: &Node, wanted: &Type, words: &str, problems: &mut Problems) -> Option<Expression> {
        let expression = node.feel(problems)?;
        match infer(&expression, &self.scope) {
            Ok(found) if found == *wanted || found == Type::Any => {}
            Ok(found) => {
                problems.at(
                    node,
                    "dossiers.bad_expression",
                    format!("this gives {found}, {words} is needed"),
                );
            }
            Err(errors) => {
                for error in errors {
                    problems.at(node, "dossiers.bad_expression", error.to_string());
                }
            }
        }
        Some(expression)
    }
}

/// A key that no other entry of the list has.
fn unique(map: &mut Map, key: &str, seen: &mut BTreeSet<String>, problems: &mut Problems) -> Option<String> {
    let node = map.required(key, problems)?;
    let name = node.key(problems)?;
    if !seen.insert(name.clone()) {
        problems.at(&node, "schema.duplicate_item", format!("\"{name}\" is declared twice"));
    }
    Some(name)
}

/// A list of words with at least one of them.
fn choices<T: Clone>(map: &mut Map, key: &str, known: &[(&str, T)], problems: &mut Problems) -> Vec<T> {
    let Some(node) = map.required(key, problems) else {
        return Vec::new();
    };
    let found = node.each(problems, |item, problems| item.choice(known, problems));
    if found.is_empty() && node.is_list() && node.list(problems).is_empty() {
        problems.at(
            &node,
            "dossiers.empty_list",
            format!("\"{key}\" needs at least one entry"),
        );
    }
    found
}

fn procedure_code(node: &Node, problems: &mut Problems) -> Option<ProcedureCode> {
    let text = node.non_empty_string(problems)?;
    let code = ProcedureCode::parse(&text).ok();
    if code.is_none() {
        problems
            .at(node, "dossiers.bad_code", format!("\"{text}\" is no procedure code"))
            .hint("such as \"1.001193\"");
    }
    code
}

fn intake(node: &Node, problems: &mut Problems) -> Option<IntakeRule> {
    let mut map = node.as_map(problems)?;
    let late_after = map.optional("late_after").map(|node| node.time(problems));
    map.finish(problems);
    match late_after {
        Some(None) => None,
        said => Some(IntakeRule {
            late_after: said.flatten(),
        }),
    }
}

/// `immediate`, or a mapping with exactly one unit.
fn length(node: &Node, problems: &mut Problems) -> Option<Deadline> {
    if node.text() == Some("immediate") {
        return Some(Deadline::Immediate);
    }
    let mut map = node.as_map(problems)?;
    let units: [(&str, MakeLength); 3] = [
        ("working_hours", Deadline::WorkingHours),
        ("working_days", Deadline::WorkingDays),
        ("calendar_days", Deadline::CalendarDays),
    ];
    let said: Vec<(Node, MakeLength)> = units
        .iter()
        .filter_map(|(key, make)| map.optional(key).map(|node| (node, *make)))
        .collect();
    map.finish(problems);
    let [(count, make)] = said.as_slice() else {
        problems
            .at(
                node,
                "dossiers.bad_deadline",
                "a deadline has exactly one of working_hours, working_days and calendar_days",
            )
            .hint("such as { working_days: 3 }, or the word immediate");
        return None;
    };
    let number = count.count(problems)?;
    if !(1..=LONGEST).contains(&number) {
        problems.at(
            count,
            "dossiers.bad_deadline",
            format!("{number} is not between 1 and {LONGEST}"),
        );
        return None;
    }
    Some(make(number))
}

fn result(node: &Node, problems: &mut Problems) -> Option<ResultRule> {
    let mut map = node.as_map(problems)?;
    let document = map.required("document", problems).and_then(|node| node.key(problems));
    let kind = map.required("type", problems).and_then(|node| {
        let text = node.non_empty_string(problems)?;
        let code = ResultTypeCode::parse(&text).ok();
        if code.is_none() {
            problems
                .at(&node, "dossiers.bad_code", format!("\"{text}\" is no code of a result"))
                .hint("such as KQ.G15.000031");
        }
        code
    });
    map.finish(problems);
    Some(ResultRule {
        document: document?,
        kind: kind?,
    })
}
