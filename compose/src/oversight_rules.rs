//! The province's declaration about watching over rights, checked when the program is put together.

use kernel::{Fault, Result};
use oversight::Declaration;
use schema::Problems;

use crate::province::tables;

const FILE: &str = "hau-giang/oversight.yaml";

/// What the province declares. Fails with `compose.table_broken`, which names every problem.
pub fn declaration() -> Result<Declaration> {
    let mut problems = Problems::new();
    let read = Declaration::read(FILE, &tables::content(FILE)?, &mut problems);
    read.ok_or_else(|| {
        Fault::internal("compose.table_broken")
            .with("file", FILE)
            .with("reason", problems.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provinces_rules_are_read_and_every_emergency_role_gives_something() {
        let declared = declaration().unwrap();
        assert!(declared.dormant_days > declared.notice_days);
        let policy = crate::rights::policy().unwrap();
        let roles = policy.emergency_roles();
        assert!(!roles.is_empty());
        for role in roles {
            let role = policy.role(&role).unwrap();
            assert!(role.privileged && !role.grants.is_empty(), "{}", role.key);
        }
    }
}
