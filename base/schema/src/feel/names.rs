//! The names that an expression reads from outside.

use std::collections::BTreeSet;

use super::syntax::{Binding, Domain, Expr, Kind};

pub(super) fn free(root: &Expr) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(root, &mut Vec::new(), &mut names);
    names
}

fn collect<'e>(expr: &'e Expr, bound: &mut Vec<&'e str>, names: &mut BTreeSet<String>) {
    let outside = bound.len();
    match &expr.kind {
        Kind::Name(_) | Kind::Path(..) => match path(expr) {
            Some(parts) => {
                if parts.first().is_some_and(|first| !bound.contains(first)) {
                    names.insert(parts.join("."));
                }
            }
            None => expr.kind.each_part(&mut |part| collect(part, bound, names)),
        },
        Kind::Filter(base, filter) => {
            collect(base, bound, names);
            bound.push("item");
            collect(filter, bound, names);
        }
        Kind::Context(entries) => {
            for (key, value) in entries {
                collect(value, bound, names);
                bound.push(key);
            }
        }
        Kind::For(bindings, body) | Kind::Some(bindings, body) | Kind::Every(bindings, body) => {
            for binding in bindings {
                domain(binding, bound, names);
                bound.push(&binding.name);
            }
            collect(body, bound, names);
        }
        kind => kind.each_part(&mut |part| collect(part, bound, names)),
    }
    bound.truncate(outside);
}

fn domain<'e>(binding: &'e Binding, bound: &mut Vec<&'e str>, names: &mut BTreeSet<String>) {
    match &binding.domain {
        Domain::List(list) => collect(list, bound, names),
        Domain::Steps(first, last) => {
            collect(first, bound, names);
            collect(last, bound, names);
        }
    }
}

/// The parts of `a.b.c`, if the node is nothing but a path.
fn path(expr: &Expr) -> Option<Vec<&str>> {
    match &expr.kind {
        Kind::Name(name) => Some(vec![name]),
        Kind::Path(base, name) => {
            let mut parts = path(base)?;
            parts.push(name);
            Some(parts)
        }
        _ => None,
    }
}
