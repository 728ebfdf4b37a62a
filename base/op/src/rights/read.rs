//! The reader of a declaration of rights: every problem at once.

use std::collections::BTreeMap;

use schema::{Document, Map, Node, Problems, envelope};

use super::{Grant, Policy, Role, STANDING, Scope, Separation};

/// The newest grammar that is read.
const FORMAT: u32 = 1;
const SCOPES: [(&str, Scope); 5] = [
    ("own", Scope::Own),
    ("unit", Scope::Unit),
    ("agency", Scope::Agency),
    ("below", Scope::Below),
    ("province", Scope::Province),
];

impl Policy {
    /// Reads a declaration; `None` if anything is wrong, and every problem is reported.
    pub fn read(label: &str, source: &str, problems: &mut Problems) -> Option<Self> {
        let mut own = Problems::new();
        let read = Document::yaml(label, source, &mut own).and_then(|root| policy(&root, &mut own));
        let sound = own.is_empty();
        problems.append(own);
        read.filter(|_| sound)
    }
}

fn policy(root: &Node, problems: &mut Problems) -> Option<Policy> {
    let mut map = envelope(root, FORMAT, problems)?.map;
    let mut roles = BTreeMap::new();
    if let Some(node) = map.required("roles", problems) {
        for item in node.list(problems) {
            let Some(role) = role(&item, problems) else { continue };
            let key = role.key.clone();
            if roles.insert(key.clone(), role).is_some() {
                problems.at(&item, "op.role_twice", format!("the role {key} is declared twice"));
            }
        }
        for standing in STANDING.into_iter().filter(|key| !roles.contains_key(*key)) {
            problems.at(&node, "op.role_missing", format!("the role {standing} is not declared"));
        }
    }
    let separations = map.optional("separated").map_or_else(Vec::new, |node| {
        node.each(problems, |item, problems| separation(item, &roles, problems))
    });
    map.finish(problems);
    let actions = roles.values().flat_map(|role: &Role| role.grants.keys());
    let engines = actions.filter_map(|action| action.split_once('.'));
    Some(Policy {
        engines: engines.map(|(engine, _)| engine.to_owned()).collect(),
        roles,
        separations,
        ..Policy::default()
    })
}

fn role(node: &Node, problems: &mut Problems) -> Option<Role> {
    let mut map = node.as_map(problems)?;
    let key = map.required("key", problems).and_then(|node| node.key(problems));
    let name_vi = text(&mut map, "name_vi", problems);
    let name_en = text(&mut map, "name_en", problems);
    let mut flag = |name: &str| map.optional(name).and_then(|node| node.boolean(problems));
    let [privileged, emergency, decides] = ["privileged", "emergency", "decides"].map(&mut flag);
    let mut grants: BTreeMap<String, Vec<Grant>> = BTreeMap::new();
    if let Some(node) = map.optional("grants") {
        for item in node.list(problems) {
            let Some((actions, grant)) = grant(&item, problems) else {
                continue;
            };
            for action in actions {
                let given = grants.entry(action.clone()).or_default();
                if given.contains(&grant) {
                    problems.at(&item, "op.grant_twice", format!("{action} is given twice in one scope"));
                } else {
                    given.push(grant.clone());
                }
            }
        }
    }
    map.finish(problems);
    Some(Role {
        key: key?,
        name: [name_vi?, name_en?],
        privileged: privileged.unwrap_or(false),
        emergency: emergency.unwrap_or(false),
        decides: decides.unwrap_or(false),
        grants,
    })
}

fn grant(node: &Node, problems: &mut Problems) -> Option<(Vec<String>, Grant)> {
    let mut map = node.as_map(problems)?;
    let scope = map
        .required("scope", problems)
        .and_then(|node| node.choice(&SCOPES, problems));
    let actions = map.required("actions", problems).map_or_else(Vec::new, |node| {
        node.each(problems, |item, problems| {
            let action = item.non_empty_string(problems)?;
            if !is_action(&action) {
                problems
                    .at(item, "op.action_malformed", format!("{action} is not an action"))
                    .hint("engine.verb, as in docs/rights.md");
                return None;
            }
            Some(action)
        })
    });
    let fields = map
        .optional("fields")
        .map_or_else(Vec::new, |node| node.strings(problems));
    map.finish(problems);
    Some((actions, Grant { scope: scope?, fields }))
}

fn separation(node: &Node, roles: &BTreeMap<String, Role>, problems: &mut Problems) -> Option<Separation> {
    let mut map = node.as_map(problems)?;
    let basis = text(&mut map, "basis", problems);
    let pair = map.required("roles", problems).map_or_else(Vec::new, |node| {
        node.each(problems, |item, problems| {
            let key = item.key(problems)?;
            if !roles.contains_key(&key) || STANDING.contains(&key.as_str()) {
                problems.at(item, "op.role_unknown", format!("no position carries the role {key}"));
                return None;
            }
            Some(key)
        })
    });
    map.finish(problems);
    let Ok(pair) = <[String; 2]>::try_from(pair) else {
        problems.at(node, "op.separation", "exactly two roles exclude each other");
        return None;
    };
    if pair[0] == pair[1] {
        problems.at(node, "op.separation", "a role does not exclude itself");
        return None;
    }
    Some(Separation {
        roles: pair,
        basis: basis?,
    })
}

fn text(map: &mut Map, key: &str, problems: &mut Problems) -> Option<String> {
    map.required(key, problems)
        .and_then(|node| node.non_empty_string(problems))
}

fn is_action(text: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    text.split_once('.')
        .is_some_and(|(engine, verb)| word(engine) && word(verb))
}
