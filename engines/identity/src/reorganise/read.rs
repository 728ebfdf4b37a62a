//! The reader of a plan: reports everything that is wrong at once.

use std::collections::BTreeMap;

use kernel::{AgencyCode, text};
use schema::{Document, Map, Node, Position, Problems, envelope};

use super::plan::{AgencyChange, AgencyDraft, AgencyStep, AreaChange, AreaDraft, AreaStep, Plan, PositionChange};
use crate::agencies::{is_code, is_word};
use crate::model::{AgencyLevel, CodeOrigin};

/// The newest grammar that is read.
const FORMAT: u32 = 1;
const LEVELS: [(&str, AgencyLevel); 4] = [
    ("province", AgencyLevel::Province),
    ("department", AgencyLevel::Department),
    ("district", AgencyLevel::District),
    ("commune", AgencyLevel::Commune),
];
const STEPS: [&str; 6] = ["merge", "split", "rename", "move", "abolish", "new"];

impl Plan {
    /// Reads a plan; `None` if anything is wrong, and every problem is reported. Roles are those that a position may carry.
    pub fn read(label: &str, source: &str, roles: &[String], problems: &mut Problems) -> Option<Self> {
        let mut own = Problems::new();
        let read = Document::yaml(label, source, &mut own).and_then(|root| plan(&root, source, roles, &mut own));
        let sound = own.is_empty();
        problems.append(own);
        read.filter(|_| sound)
    }
}

fn plan(root: &Node, source: &str, roles: &[String], problems: &mut Problems) -> Option<Plan> {
    let mut map = envelope(root, FORMAT, problems)?.map;
    let key = map.required("key", problems).and_then(|node| node.key(problems));
    let title = line(&mut map, "title", problems);
    let basis = line(&mut map, "basis", problems);
    let on = map.required("date", problems).and_then(|node| node.date(problems));
    let levels = each(&mut map, "levels", problems, level);
    let areas = each(&mut map, "areas", problems, area_step);
    let agencies = each(&mut map, "agencies", problems, agency_step);
    let positions = positions(&mut map, roles, problems);
    if areas.is_empty() && agencies.is_empty() && problems.is_empty() {
        problems.at(root, "identity.plan_empty", "nothing happens in this plan");
    }
    map.finish(problems);
    Some(Plan {
        key: key?,
        title: title?,
        basis: basis?,
        on: on?,
        source: source.to_owned(),
        levels,
        areas,
        agencies,
        positions,
    })
}

fn each<T>(map: &mut Map, key: &str, problems: &mut Problems, read: fn(&Node, &mut Problems) -> Option<T>) -> Vec<T> {
    map.optional(key)
        .map_or_else(Vec::new, |node| node.each(problems, read))
}

fn line(map: &mut Map, key: &str, problems: &mut Problems) -> Option<String> {
    map.required(key, problems)
        .and_then(|node| node.non_empty_string(problems))
        .map(|text| text::clean_line(&text))
}

fn level(node: &Node, problems: &mut Problems) -> Option<(AgencyLevel, AgencyLevel, Position)> {
    let mut map = node.as_map(problems)?;
    let mut read = |key| {
        map.required(key, problems)
            .and_then(|node| node.choice(&LEVELS, problems))
    };
    let (vanishes, home) = (read("vanishes"), read("home"));
    map.finish(problems);
    let (vanishes, home) = (vanishes?, home?);
    if vanishes == home {
        problems.at(node, "identity.plan_level", "a level does not take its own place");
        return None;
    }
    Some((vanishes, home, node.pos()))
}

/// The one step that an entry names, and its value.
fn step<'k>(map: &mut Map, problems: &mut Problems) -> Option<(&'k str, Node)> {
    let named: Vec<&str> = STEPS.into_iter().filter(|key| map.has(key)).collect();
    let [key] = named.as_slice() else {
        problems
            .at(map.node(), "identity.plan_step", "an entry names exactly one step")
            .hint(format!("one of: {}", STEPS.join(", ")));
        return None;
    };
    map.optional(key).map(|node| (*key, node))
}

fn area_step(node: &Node, problems: &mut Problems) -> Option<AreaStep> {
    let mut map = node.as_map(problems)?;
    let (key, of) = step(&mut map, problems)?;
    let what = match key {
        "merge" => {
            let of = of.each(problems, part);
            let into = map
                .required("into", problems)
                .and_then(|node| area_draft(&node, problems));
            into.map(|into| AreaChange::Merge { of, into })
        }
        "split" => {
            let of = area_code(&of, problems);
            let into = map
                .required("into", problems)
                .map(|node| node.each(problems, area_draft));
            of.zip(into).map(|(of, into)| AreaChange::Split { of, into })
        }
        "rename" => {
            let of = area_code(&of, problems);
            let code = map.optional("code").and_then(|node| area_code(&node, problems));
            let name = line(&mut map, "name", problems);
            of.zip(name).map(|(of, name)| AreaChange::Rename { of, code, name })
        }
        "move" => {
            let of = area_code(&of, problems);
            let parent = map
                .required("parent", problems)
                .and_then(|node| area_code(&node, problems));
            of.zip(parent).map(|(of, parent)| AreaChange::Move { of, parent })
        }
        "abolish" => {
            let to = map.optional("to").map_or_else(Vec::new, |node| {
                node.each(problems, |item, problems| {
                    area_code(item, problems).map(|code| (code, item.pos()))
                })
            });
            area_code(&of, problems).map(|of| AreaChange::Abolish { of, to })
        }
        _ => area_draft(&of, problems).map(AreaChange::New),
    };
    map.finish(problems);
    Some(AreaStep {
        at: node.pos(),
        what: what?,
    })
}

/// `"31318"`, or `{ part: "00016" }`.
fn part(node: &Node, problems: &mut Problems) -> Option<(String, bool, Position)> {
    if !node.is_map() {
        return area_code(node, problems).map(|code| (code, false, node.pos()));
    }
    let mut map = node.as_map(problems)?;
    let code = map
        .required("part", problems)
        .and_then(|node| area_code(&node, problems));
    map.finish(problems);
    Some((code?, true, node.pos()))
}

fn area_code(node: &Node, problems: &mut Problems) -> Option<String> {
    let code = node.non_empty_string(problems)?;
    let fits = matches!(code.len(), 2 | 3 | 5) && code.bytes().all(|byte| byte.is_ascii_digit());
    if !fits {
        problems
            .at(
                node,
                "identity.plan_area_code",
                format!("\"{code}\" is no code of an area"),
            )
            .hint("two digits for a province, three for a district, five for a ward, in quotes");
    }
    fits.then_some(code)
}

fn area_draft(node: &Node, problems: &mut Problems) -> Option<AreaDraft> {
    let mut map = node.as_map(problems)?;
    let code = map
        .required("code", problems)
        .and_then(|node| area_code(&node, problems));
    let name = line(&mut map, "name", problems);
    let parent = map.optional("parent").and_then(|node| area_code(&node, problems));
    map.finish(problems);
    let (code, name) = (code?, name?);
    let fits = matches!(
        (code.len(), parent.as_deref().map(str::len)),
        (2, None) | (3, Some(2)) | (5, Some(2 | 3))
    );
    if !fits {
        problems
            .at(
                node,
                "identity.plan_parent",
                format!("\"{code}\" does not stand under that area"),
            )
            .hint("a province has no parent, a district a province, a ward a district or a province");
    }
    Some(AreaDraft {
        code,
        parent,
        name,
        at: node.pos(),
    })
}

fn agency_step(node: &Node, problems: &mut Problems) -> Option<AgencyStep> {
    let mut map = node.as_map(problems)?;
    let (key, of) = step(&mut map, problems)?;
    let what = match key {
        "merge" => {
            let of = of.each(problems, placed);
            let into = map
                .required("into", problems)
                .and_then(|node| agency_draft(&node, problems));
            into.map(|into| AgencyChange::Merge { of, into })
        }
        "split" => {
            let of = agency_code(&of, problems);
            let into = map
                .required("into", problems)
                .map(|node| node.each(problems, agency_draft));
            let home = map
                .required("home", problems)
                .and_then(|node| agency_code(&node, problems));
            of.zip(into)
                .zip(home)
                .map(|((of, into), home)| AgencyChange::Split { of, into, home })
        }
        "rename" => {
            let of = agency_code(&of, problems);
            let code = map.optional("code").and_then(|node| agency_code(&node, problems));
            let name = line(&mut map, "name", problems);
            of.zip(name).map(|(of, name)| AgencyChange::Rename { of, code, name })
        }
        "move" => {
            let of = agency_code(&of, problems);
            let code = map.optional("code").and_then(|node| agency_code(&node, problems));
            let parent = map
                .required("parent", problems)
                .and_then(|node| agency_code(&node, problems));
            of.zip(parent)
                .map(|(of, parent)| AgencyChange::Move { of, code, parent })
        }
        "abolish" => {
            let of = agency_code(&of, problems);
            let home = map
                .required("home", problems)
                .and_then(|node| agency_code(&node, problems));
            let also = each(&mut map, "also", problems, placed);
            of.zip(home).map(|(of, home)| AgencyChange::Abolish { of, home, also })
        }
        _ => agency_draft(&of, problems).map(AgencyChange::New),
    };
    map.finish(problems);
    Some(AgencyStep {
        at: node.pos(),
        what: what?,
    })
}

fn placed(node: &Node, problems: &mut Problems) -> Option<(AgencyCode, Position)> {
    agency_code(node, problems).map(|code| (code, node.pos()))
}

fn agency_code(node: &Node, problems: &mut Problems) -> Option<AgencyCode> {
    let text = node.non_empty_string(problems)?;
    let code = AgencyCode::parse(&text).ok();
    if code.is_none() {
        problems
            .at(
                node,
                "identity.plan_agency_code",
                format!("\"{text}\" is no agency code"),
            )
            .hint("such as H30.32.01, or 000.01.32.H30 in the older form");
    }
    code
}

fn agency_draft(node: &Node, problems: &mut Problems) -> Option<AgencyDraft> {
    let mut map = node.as_map(problems)?;
    let code = map
        .required("code", problems)
        .and_then(|node| agency_code(&node, problems));
    let name = line(&mut map, "name", problems);
    let origins = [("local", CodeOrigin::Local), ("official", CodeOrigin::Official)];
    let origin = map.optional("origin").map(|node| node.choice(&origins, problems));
    let level = map.optional("level").and_then(|node| node.choice(&LEVELS, problems));
    let kind = map.optional("kind").and_then(|node| {
        let kind = node.non_empty_string(problems)?;
        if !is_word(&kind) {
            problems.at(&node, "identity.plan_kind", format!("\"{kind}\" is no kind of agency"));
        }
        Some(kind)
    });
    let parent = map.optional("parent").and_then(|node| agency_code(&node, problems));
    let area = map.optional("area").and_then(|node| area_code(&node, problems));
    map.finish(problems);
    Some(AgencyDraft {
        code: code?,
        name: name?,
        origin: origin.flatten().unwrap_or(CodeOrigin::Local),
        level,
        kind,
        parent,
        area,
        at: node.pos(),
    })
}

fn positions(map: &mut Map, roles: &[String], problems: &mut Problems) -> BTreeMap<String, PositionChange> {
    let mut changes = BTreeMap::new();
    let Some(mut entries) = map.optional("positions").and_then(|node| node.as_map(problems)) else {
        return changes;
    };
    for (name, node) in entries.entries() {
        let old = position_code(&name, problems);
        if let Some((old, change)) = old.zip(position(&node, roles, problems)) {
            changes.insert(old, change);
        }
    }
    changes
}

fn position(node: &Node, roles: &[String], problems: &mut Problems) -> Option<PositionChange> {
    if !node.is_map() {
        let code = position_code(node, problems)?;
        return Some(PositionChange { code, kind: None });
    }
    let mut map = node.as_map(problems)?;
    let code = map
        .required("code", problems)
        .and_then(|node| position_code(&node, problems));
    let title = line(&mut map, "title", problems);
    let carries = map.required("roles", problems).map(|node| {
        let mut carries = node.keys(problems);
        for role in carries.iter().filter(|role| !roles.contains(role)) {
            problems
                .at(&node, "identity.plan_role", format!("\"{role}\" is no role"))
                .hint(format!("one of: {}", roles.join(", ")));
        }
        carries.sort();
        carries
    });
    map.finish(problems);
    Some(PositionChange {
        code: code?,
        kind: Some((title?, carries?)),
    })
}

fn position_code(node: &Node, problems: &mut Problems) -> Option<String> {
    let code = node.non_empty_string(problems)?;
    if !is_code(&code) {
        problems.at(
            node,
            "identity.plan_position",
            format!("\"{code}\" is no code of a position"),
        );
        return None;
    }
    Some(code)
}
