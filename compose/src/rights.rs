//! The declared rights of the province (`access.yaml`), bound to the actions of the engines, and the table of who can do what.

use std::fmt::Write as _;
use std::sync::Arc;

use kernel::{Fault, Result};
use op::rights::{Grant, Role};
use op::{Action, Policy};
use schema::Problems;

use crate::province::tables;

const FILE: &str = "hau-giang/access.yaml";

/// The rights of the shipped province. Fails with `compose.rights_broken` {problems} where the declaration cannot be read, or names
/// an action that no engine has.
pub fn policy() -> Result<Arc<Policy>> {
    let broken = |problems: String| Fault::internal("compose.rights_broken").with("problems", problems);
    let mut problems = Problems::new();
    let read = Policy::read(FILE, &tables::content(FILE)?, &mut problems);
    let Some(mut policy) = read else {
        return Err(broken(problems.to_string()));
    };
    let unknown = policy.bind(crate::actions());
    if unknown.is_empty() {
        Ok(Arc::new(policy))
    } else {
        Err(broken(format!("unknown actions: {}", unknown.join(", "))))
    }
}

/// Who can do what: a line an action, a column a role, in each cell how far it reaches. It stands in the repository as
/// `docs/rights.md`, and a test keeps it true.
pub fn table(policy: &Policy) -> String {
    let roles: Vec<&Role> = policy.roles().collect();
    let mut actions: Vec<&Action> = crate::actions().collect();
    actions.sort_by_key(|action| action.name);
    let mut text = String::from(HEAD);
    let _ = write!(text, "| action |");
    for role in &roles {
        let _ = write!(text, " {} |", role.key);
    }
    let _ = write!(text, "\n|---|{}\n", "---|".repeat(roles.len()));
    for action in actions {
        let mark = if action.personal { " ●" } else { "" };
        let _ = write!(text, "| `{}`{mark} |", action.name);
        for role in &roles {
            let grants = role.grants.get(action.name).map_or(&[][..], Vec::as_slice);
            let cell: Vec<String> = grants.iter().map(cell).collect();
            let _ = write!(text, " {} |", cell.join(", "));
        }
        text.push('\n');
    }
    text.push_str("\n## Duties that one person does not have in one case\n\n");
    for pair in policy.separations() {
        let _ = writeln!(text, "- {} and {}: {}", pair.roles[0], pair.roles[1], pair.basis);
    }
    text
}

fn cell(grant: &Grant) -> String {
    if grant.fields.is_empty() {
        grant.scope.word().to_owned()
    } else {
        format!("{} ({})", grant.scope.word(), grant.fields.join("; "))
    }
}

const HEAD: &str = "# Who can do what

Made from `province/hau-giang/access.yaml` and the actions of the engines; a test fails when it is not fresh (`BLESS=1 cargo nextest run
-p compose rights` writes it anew). A cell says how far the right reaches: *own* (what is one's own), *unit* (what lies with
one's unit inside the agency, and with no other), *agency* (what the agency, with all its units, holds or held), *below* (and the agencies below it), *province*. An empty line is done by the platform alone, or follows by a rule from
something that was allowed. ● shows or changes what is about a person. Whoever is signed in has `account` beside `citizen` or
`official`; everything else comes from a position. Within its reach an action may ask for more: a purpose, the role of the step, being
somebody else than the applicant, having shown once more who one is.

";
