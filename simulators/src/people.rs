//! Who can sign in. Nobody here exists: numbers begin with 999, which no place of registration has.

use anyhow::{Result, ensure};
use serde::Deserialize;

/// Somebody invented.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Human {
    /// Personal number, twelve digits that begin with 999.
    pub number: String,
    /// Full name.
    pub name: String,
    /// Day of birth, `2001-05-20`; empty where there is none.
    pub born: String,
    /// `1` for people (`LoaiTaiKhoan` of the national portal).
    pub kind: String,
    /// What the list says of them.
    #[serde(default)]
    pub note: String,
}

impl Human {
    /// The people of a list in JSON. Fails where one could be real.
    pub fn read(json: &str) -> Result<Vec<Self>> {
        let people: Vec<Self> = serde_json::from_str(json)?;
        for human in &people {
            let invented = human.number.len() == 12
                && human.number.starts_with("999")
                && human.number.bytes().all(|b| b.is_ascii_digit());
            ensure!(
                invented,
                "a personal number of a simulator has twelve digits and begins with 999"
            );
        }
        Ok(people)
    }

    /// The people that come with the program.
    pub fn embedded() -> Result<Vec<Self>> {
        Self::read(include_str!("../people.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those who have an account in the demonstration are the same there.
    #[test]
    fn the_people_are_those_of_the_demonstration() {
        let demonstration = include_str!("../../province/hau-giang/demo.yaml");
        let people = Human::embedded().unwrap();
        for human in people
            .iter()
            .filter(|human| human.note.contains("tài khoản ") && !human.note.contains("chưa"))
        {
            for fact in [&human.number, &human.name, &human.born] {
                assert!(demonstration.contains(fact.as_str()), "{fact}");
            }
        }
        assert_eq!(people.len(), 7);
    }

    #[test]
    fn nobody_real_is_taken() {
        let real = r#"[{ "number": "093192000017", "name": "A", "born": "", "kind": "1" }]"#;
        assert!(Human::read(real).is_err());
    }
}
