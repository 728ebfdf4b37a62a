//! The reader of `dossiers/procedure.yaml`: reports everything that is wrong at once.

mod rules;

use std::collections::BTreeMap;

use forms::definition::FormDefinition;
use kernel::{AgencyCode, IntakeRule, ProcedureCode, ResultTypeCode};
use schema::feel::{Expression, Type, TypeScope, infer};
use schema::field::{Class, FieldKind};
use schema::{Document, Map, Node, Problems, envelope};
use workflow::Definition;

use super::{ACCEPT, AgencyRule, ApplicantFields, Audience, FORMAT, Online, ProcedureDefinition, ResultRule};
use crate::catalogue::{Channel, Level};

const LEVELS: [(&str, Level); 3] = [
    ("department", Level::Department),
    ("district", Level::District),
    ("commune", Level::Commune),
];

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
            node.each(problems, |item, problems| self.title_field(item, problems))
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

    /// A title is not sealed: lists are ordered and searched by it. It holds names, and answers that are open anyway.
    fn title_field(&self, node: &Node, problems: &mut Problems) -> Option<String> {
        let name = self.field(node, |_| true, "", problems)?;
        let field = self.form.field(&name)?;
        let is_name = matches!(field.kind, FieldKind::Name { .. }) && field.class != Class::Sensitive;
        if !is_name && field.class != Class::Public {
            let message = format!("the field \"{name}\" would stand unsealed in the title of a case");
            problems
                .at(node, "dossiers.title_tells", message)
                .hint("a title may hold names and fields of the class public");
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
