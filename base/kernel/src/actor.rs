//! Who acts: the first argument of every verb and the first column of the audit trail.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AccountId, AgencyId, PersonId, PositionId, UnitId};

/// Who asks for something to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Actor {
    /// Nobody has signed in.
    Anonymous,
    /// A person who acts for themself or for an organisation (công dân).
    Citizen(Citizen),
    /// An official who acts from a position (cán bộ, công chức, viên chức).
    Official(Official),
    /// The platform itself: a timer, an import. The name says which part.
    #[serde(serialize_with = "system_name")]
    System(&'static str),
}

/// Writes `{"type":"system","name":"…"}`: an internally tagged enum needs a map inside.
fn system_name<S: serde::Serializer>(name: &&'static str, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeMap;
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry("name", name)?;
    map.end()
}

/// A signed-in person without an office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citizen {
    /// The account used.
    pub account: AccountId,
    /// The person behind the account.
    pub person: PersonId,
    /// Full name as on the identity card.
    pub name: String,
    /// For whom they act, where they act for somebody else (đại diện, ủy quyền).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acts_for: Option<Box<ActsFor>>,
}

/// For whom a person acts: a business, a child, somebody who has given a power of attorney (người được đại diện).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActsFor {
    /// The representation.
    pub representation: Uuid,
    /// Who is represented.
    pub person: PersonId,
    /// Full name of the represented.
    pub name: String,
    /// Whether everything handed in for the represented by anybody is in reach, and not this representative's work alone: so for a
    /// business and for a child.
    pub whole: bool,
    /// Whether as the legal representative of an organisation, who decides which others act for it.
    pub legal: bool,
    /// The codes of the procedures for which it holds; none: all.
    pub procedures: Vec<String>,
}

impl ActsFor {
    /// Whether it holds for a procedure.
    pub fn covers(&self, procedure: &str) -> bool {
        self.procedures.is_empty() || self.procedures.iter().any(|own| own == procedure)
    }
}

/// A signed-in official in the one position they act from now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Official {
    /// The account used.
    pub account: AccountId,
    /// The person behind the account.
    pub person: PersonId,
    /// Full name.
    pub name: String,
    /// The position (an official with two positions acts from one at a time).
    pub position: PositionId,
    /// The title of the position as printed on papers, e.g. "Chuyên viên".
    pub position_title: String,
    /// The agency of the position.
    pub agency: AgencyId,
    /// The identifier code of the agency in its canonical form, e.g. `H30.19`.
    pub agency_code: String,
    /// The name of the agency.
    pub agency_name: String,
    /// The unit inside the agency, if any.
    pub unit: Option<UnitId>,
    /// The roles that the position carries: `clerk`, `specialist`, `leader`, `admin` …
    pub roles: Vec<String>,
    /// The agencies below, of every depth, where a right of the position reaches that far; otherwise none.
    #[serde(default)]
    pub below: Vec<AgencyId>,
    /// Whose position it is, where a colleague acts from it for some days (ủy quyền, thay thế).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands_for: Option<Box<StandsFor>>,
}

/// Who holds a position from which somebody else acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandsFor {
    /// The holder.
    pub person: PersonId,
    /// Full name of the holder.
    pub name: String,
}

impl Actor {
    /// Whether it is about whoever acts, or about the one from whose position they act: what nobody does to themself, nobody does to the one they stand
    /// in for either.
    pub fn concerns(&self, person: PersonId) -> bool {
        let holder = self.official().and_then(|official| official.stands_for.as_ref());
        self.person() == Some(person) || holder.is_some_and(|holder| holder.person == person)
    }

    /// The account, if somebody has signed in.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Actor::Citizen(citizen) => Some(citizen.account),
            Actor::Official(official) => Some(official.account),
            Actor::Anonymous | Actor::System(_) => None,
        }
    }

    /// The person, if somebody has signed in.
    pub fn person(&self) -> Option<PersonId> {
        match self {
            Actor::Citizen(citizen) => Some(citizen.person),
            Actor::Official(official) => Some(official.person),
            Actor::Anonymous | Actor::System(_) => None,
        }
    }

    /// The full name of a person, the name of a part of the platform, or an empty text for nobody.
    pub fn name(&self) -> &str {
        match self {
            Actor::Anonymous => "",
            Actor::Citizen(citizen) => &citizen.name,
            Actor::Official(official) => &official.name,
            Actor::System(name) => name,
        }
    }

    /// Whether an official acts.
    pub fn is_official(&self) -> bool {
        matches!(self, Actor::Official(_))
    }

    /// The official, if one acts.
    pub fn official(&self) -> Option<&Official> {
        match self {
            Actor::Official(official) => Some(official),
            _ => None,
        }
    }

    /// The citizen, if one acts.
    pub fn citizen(&self) -> Option<&Citizen> {
        match self {
            Actor::Citizen(citizen) => Some(citizen),
            _ => None,
        }
    }

    /// For whom a citizen acts, where it is not for themself.
    pub fn acts_for(&self) -> Option<&ActsFor> {
        self.citizen().and_then(|citizen| citizen.acts_for.as_deref())
    }

    /// Whether the actor is an official whose position carries the role. Nobody else has roles,
    /// the platform itself neither.
    pub fn has_role(&self, role: &str) -> bool {
        self.official()
            .is_some_and(|official| official.roles.iter().any(|own| own == role))
    }

    /// The agency of an official.
    pub fn agency(&self) -> Option<AgencyId> {
        self.official().map(|official| official.agency)
    }

    /// The unit inside the agency from which an official acts, where the position is in one.
    pub fn unit(&self) -> Option<UnitId> {
        self.official().and_then(|official| official.unit)
    }

    /// A short stable text for logs, rate limits and the audit trail: `citizen:<account>`,
    /// `official:<account>`, `system:<name>` or `anonymous`. Holds no name of a person. Whoever acts for somebody else is
    /// `citizen:<account>:<representation>`: what they began for one is not found when they act for another.
    pub fn key(&self) -> String {
        match self {
            Actor::Anonymous => "anonymous".to_owned(),
            Actor::Citizen(citizen) => match &citizen.acts_for {
                None => format!("citizen:{}", citizen.account),
                Some(acting) => format!("citizen:{}:{}", citizen.account, acting.representation),
            },
            Actor::Official(official) => format!("official:{}", official.account),
            Actor::System(name) => format!("system:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn official() -> Actor {
        Actor::Official(Official {
            account: AccountId::new(),
            person: PersonId::new(),
            name: "Nguyễn Văn Mẫu".into(),
            position: PositionId::new(),
            position_title: "Chuyên viên".into(),
            agency: AgencyId::new(),
            agency_code: "H30.19".into(),
            agency_name: "Cơ quan mẫu".into(),
            unit: None,
            roles: vec!["clerk".into()],
            below: Vec::new(),
            stands_for: None,
        })
    }

    #[test]
    fn only_officials_have_roles() {
        assert!(official().has_role("clerk"));
        assert!(!official().has_role("leader"));
        assert!(!Actor::System("clerk").has_role("clerk"));
        assert!(!Actor::Anonymous.has_role("clerk"));
    }

    #[test]
    fn whoever_acts_for_another_is_told_apart_from_themself() {
        let account = AccountId::new();
        let mut citizen = Citizen {
            account,
            person: PersonId::new(),
            name: "Lê Thị Sen".into(),
            acts_for: None,
        };
        assert_eq!(Actor::Citizen(citizen.clone()).key(), format!("citizen:{account}"));
        let acting = ActsFor {
            representation: Uuid::from_u128(7),
            person: PersonId::new(),
            name: "Hợp tác xã mẫu".into(),
            whole: true,
            legal: true,
            procedures: vec!["2.000635".into()],
        };
        assert!(acting.covers("2.000635") && !acting.covers("1.004884"));
        citizen.acts_for = Some(Box::new(acting));
        let actor = Actor::Citizen(citizen);
        assert_eq!(
            actor.key(),
            format!("citizen:{account}:00000000-0000-0000-0000-000000000007")
        );
        assert_ne!(actor.person(), actor.acts_for().map(|acting| acting.person));
    }

    #[test]
    fn keys_and_json() {
        let actor = official();
        assert_eq!(actor.key(), format!("official:{}", actor.account().unwrap()));
        assert_eq!(Actor::System("timer").key(), "system:timer");
        assert_eq!(
            serde_json::to_string(&Actor::System("timer")).unwrap(),
            r#"{"type":"system","name":"timer"}"#
        );
        assert_eq!(
            serde_json::to_string(&Actor::Anonymous).unwrap(),
            r#"{"type":"anonymous"}"#
        );
        let json = serde_json::to_value(&actor).unwrap();
        assert_eq!(json["type"], "official");
        assert_eq!(json["agency_code"], "H30.19");
    }
}
