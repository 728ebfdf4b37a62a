//! `<name>.binding.yaml`: who does the tasks of a process, what they may choose, which actions are called, how long timers wait.

use std::collections::BTreeMap;

use kernel::Deadline;
use schema::{Document, Map, Node, Position, Problems, envelope};
use serde_json::Value;

/// The newest grammar of the binding file.
pub const FORMAT: u32 = 1;

/// Longest length of a timer or an inner deadline, in hours or days.
const LONGEST: u32 = 10_000;

/// Who does a user task and how it may end.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskBinding {
    /// The role that an official needs: `clerk`, `specialist`, `leader`, …
    pub role: String,
    /// The name of the agency parameter, given a value when the process starts.
    pub agency: String,
    /// What the official may choose.
    pub outcomes: Vec<String>,
    /// The inner deadline (thời hạn xử lý của bước).
    pub within: Option<Deadline>,
}

/// What a service task calls.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceBinding {
    /// The registered name of the action, e.g. `dossiers.issue_result`.
    pub action: String,
    /// The arguments, as the action understands them.
    pub with: Value,
}

/// The whole file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Binding {
    /// The id of the process in the BPMN file.
    pub process: String,
    /// By id of the user task.
    pub tasks: BTreeMap<String, TaskBinding>,
    /// By id of the service task.
    pub services: BTreeMap<String, ServiceBinding>,
    /// By id of the timer event.
    pub timers: BTreeMap<String, Deadline>,
    /// Names that conditions may read beside `outcome` and `outcomes`.
    pub variables: Vec<String>,
}

/// Where the entries of the file stand.
#[derive(Debug, Clone, Default)]
pub(crate) struct BindingPlaces {
    pub process: Option<Position>,
    pub tasks: BTreeMap<String, Position>,
    pub services: BTreeMap<String, Position>,
    pub actions: BTreeMap<String, Position>,
    pub timers: BTreeMap<String, Position>,
}

/// Reads the file; problems of single entries are reported and the entries left out of the binding, but not of the places.
pub(crate) fn read(label: &str, yaml: &str, problems: &mut Problems) -> Option<(Binding, BindingPlaces)> {
    let root = Document::yaml(label, yaml, problems)?;
    let mut map = envelope(&root, FORMAT, problems)?.map;
    let mut binding = Binding::default();
    let mut places = BindingPlaces::default();
    if let Some(process) = map.required("process", problems) {
        places.process = Some(process.pos());
        binding.process = process.key(problems).unwrap_or_default();
    }
    section(&mut map, "tasks", problems, |id, name, node, problems| {
        places.tasks.insert(id.to_owned(), name.pos());
        if let Some(task) = task(node, problems) {
            binding.tasks.insert(id.to_owned(), task);
        }
    });
    section(&mut map, "services", problems, |id, name, node, problems| {
        places.services.insert(id.to_owned(), name.pos());
        if let Some((service, position)) = service(node, problems) {
            binding.services.insert(id.to_owned(), service);
            places.actions.insert(id.to_owned(), position);
        }
    });
    section(&mut map, "timers", problems, |id, name, node, problems| {
        places.timers.insert(id.to_owned(), name.pos());
        let Some(mut timer) = node.as_map(problems) else { return };
        let after = timer
            .required("after", problems)
            .and_then(|after| length(&after, problems));
        timer.finish(problems);
        if let Some(after) = after {
            binding.timers.insert(id.to_owned(), after);
        }
    });
    if let Some(variables) = map.optional("variables") {
        binding.variables = variables.keys(problems);
    }
    map.finish(problems);
    Some((binding, places))
}

fn section(
    map: &mut Map,
    key: &str,
    problems: &mut Problems,
    mut entry: impl FnMut(&str, &Node, &Node, &mut Problems),
) {
    let Some(node) = map.optional(key) else { return };
    let Some(mut entries) = node.as_map(problems) else {
        return;
    };
    for (name, value) in entries.entries() {
        if let Some(id) = name.key(problems) {
            entry(&id, &name, &value, problems);
        }
    }
}

fn task(node: &Node, problems: &mut Problems) -> Option<TaskBinding> {
    let mut map = node.as_map(problems)?;
    let role = map.required("role", problems).and_then(|role| role.key(problems));
    let agency = map.required("agency", problems).and_then(|agency| agency.key(problems));
    let outcomes = map.required("outcomes", problems).map(|outcomes| {
        let keys = outcomes.keys(problems);
        if keys.is_empty() && outcomes.is_list() {
            problems
                .at(&outcomes, "workflow.no_outcomes", "a task needs at least one outcome")
                .hint("outcomes: [done]");
        }
        keys
    });
    let within = map.optional("within").and_then(|within| length(&within, problems));
    map.finish(problems);
    Some(TaskBinding {
        role: role?,
        agency: agency?,
        outcomes: outcomes.filter(|keys| !keys.is_empty())?,
        within,
    })
}

fn service(node: &Node, problems: &mut Problems) -> Option<(ServiceBinding, Position)> {
    let mut map = node.as_map(problems)?;
    let action = map.required("action", problems);
    let with = map.optional("with");
    if let Some(with) = &with
        && !with.is_map()
    {
        problems.at(
            with,
            "schema.expected_mapping",
            format!("expected a mapping, found {}", with.described()),
        );
    }
    map.finish(problems);
    let action = action?;
    let name = action.non_empty_string(problems)?;
    let with = with.map_or_else(|| Value::Object(serde_json::Map::new()), |with| with.to_json());
    Some((ServiceBinding { action: name, with }, action.pos()))
}

/// Makes a length of time from a number of its unit.
type MakeLength = fn(u32) -> Deadline;

/// `{ working_hours: 8 }`, `{ working_days: 3 }` or `{ calendar_days: 30 }`; reports `workflow.bad_length`.
fn length(node: &Node, problems: &mut Problems) -> Option<Deadline> {
    let mut map = node.as_map(problems)?;
    let kinds: [(&str, MakeLength); 3] = [
        ("working_hours", Deadline::WorkingHours),
        ("working_days", Deadline::WorkingDays),
        ("calendar_days", Deadline::CalendarDays),
    ];
    let said: Vec<(Node, MakeLength)> = kinds
        .iter()
        .filter_map(|(key, make)| map.optional(key).map(|node| (node, *make)))
        .collect();
    map.finish(problems);
    let [(count, make)] = said.as_slice() else {
        problems
            .at(
                node,
                "workflow.bad_length",
                "a length has exactly one of working_hours, working_days and calendar_days",
            )
            .hint("such as { working_hours: 8 }");
        return None;
    };
    let number = count.count(problems)?;
    if !(1..=LONGEST).contains(&number) {
        problems.at(
            count,
            "workflow.bad_length",
            format!("{number} is not between 1 and {LONGEST}"),
        );
        return None;
    }
    Some(make(number))
}
