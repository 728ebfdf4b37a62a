//! Rights (quyền): which role may do which action, and how far it reaches. A province declares them; they are decided here and nowhere else.

mod read;

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Actor, AgencyId, UnitId};
use serde::Serialize;

/// Whoever comes, signed in or not.
pub const VISITOR: &str = "visitor";
/// Whoever is signed in, from a position or not: what concerns their own account.
pub const ACCOUNT: &str = "account";
/// A person who acts for themself.
pub const CITIZEN: &str = "citizen";
/// An official in any position.
pub const OFFICIAL: &str = "official";
/// The roles that come from how somebody stands there. All others come from a position.
pub const STANDING: [&str; 4] = [VISITOR, ACCOUNT, CITIZEN, OFFICIAL];

/// How far a right reaches (phạm vi).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// What is one's own.
    Own,
    /// What lies with one's unit (đơn vị: phòng, bộ phận) inside the agency, and with no other unit of it.
    Unit,
    /// What one's agency, with all its units, holds or held.
    Agency,
    /// What one's agency, or one below it, holds or held.
    Below,
    /// Everything in the province.
    Province,
}

impl Scope {
    /// The word in declarations.
    pub fn word(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Unit => "unit",
            Self::Agency => "agency",
            Self::Below => "below",
            Self::Province => "province",
        }
    }
}

/// Something that can be done, as an engine declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// Engine and verb: `dossiers.take_in`.
    pub name: &'static str,
    /// Whether it shows or changes what is about a person.
    pub personal: bool,
}

impl Action {
    /// One that is about no person.
    pub const fn new(name: &'static str) -> Self {
        Self { name, personal: false }
    }

    /// One that shows or changes what is about a person.
    pub const fn personal(name: &'static str) -> Self {
        Self { name, personal: true }
    }
}

/// One action given to one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// How far it reaches.
    pub scope: Scope,
    /// The fields of work (lĩnh vực) to which it is limited; none: all.
    pub fields: Vec<String>,
}

impl Grant {
    fn covers(&self, actor: &Actor, place: &Place<'_>) -> bool {
        let in_field = self.fields.is_empty()
            || place
                .field
                .is_some_and(|field| self.fields.iter().any(|own| own == field));
        let in_reach = match self.scope {
            Scope::Own => place.own,
            Scope::Unit => actor.unit().is_some_and(|own| place.units.contains(&own)),
            Scope::Agency => actor.agency().is_some_and(|own| place.agencies.contains(&own)),
            Scope::Below => actor.official().is_some_and(|official| {
                place
                    .agencies
                    .iter()
                    .any(|one| *one == official.agency || official.below.contains(one))
            }),
            Scope::Province => true,
        };
        in_field && in_reach
    }
}

/// A role (vai trò) with what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its word in declarations: `clerk`.
    pub key: String,
    /// Its name, Vietnamese first.
    pub name: [String; 2],
    /// Whether whoever has it is to be watched more closely (tài khoản đặc quyền).
    pub privileged: bool,
    /// Whether it is taken for an emergency, for hours (quyền khẩn cấp); no position carries it.
    pub emergency: bool,
    /// Whether whoever plays it in a process decides (người quyết định): a step of it asks anew who is there.
    pub decides: bool,
    /// What it may do.
    pub grants: BTreeMap<String, Vec<Grant>>,
}

/// Two roles that one person does not play in one case (bất kiêm nhiệm).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Separation {
    /// The roles.
    pub roles: [String; 2],
    /// Why, with the source.
    pub basis: String,
}

impl Separation {
    fn other_than(&self, role: &str) -> Option<&str> {
        match &self.roles {
            [one, other] if one == role => Some(other),
            [other, one] if one == role => Some(other),
            _ => None,
        }
    }
}

/// Where a thing belongs, for a decision about it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place<'a> {
    /// The agencies that hold or held it.
    pub agencies: &'a [AgencyId],
    /// The units inside of them with which it lies now; none where it lies with the agency as a whole.
    pub units: &'a [UnitId],
    /// Its field of work.
    pub field: Option<&'a str>,
    /// Whether it is the actor's own.
    pub own: bool,
}

impl<'a> Place<'a> {
    /// What these agencies hold or held.
    pub fn of(agencies: &'a [AgencyId]) -> Self {
        Self {
            agencies,
            ..Self::default()
        }
    }

    /// With these units.
    #[must_use]
    pub fn in_units(mut self, units: &'a [UnitId]) -> Self {
        self.units = units;
        self
    }

    /// In this field of work.
    #[must_use]
    pub fn in_field(mut self, field: Option<&'a str>) -> Self {
        self.field = field;
        self
    }
}

/// The declared rights of a province.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    roles: BTreeMap<String, Role>,
    separations: Vec<Separation>,
    /// The actions of all engines, and whether each is about people; empty where nobody has said which there are.
    known: BTreeMap<&'static str, bool>,
    /// The engines whose actions are given to anybody.
    engines: BTreeSet<String>,
}

impl Policy {
    /// Binds the declaration to the actions that there are: what nobody declares cannot be done, not even by the platform. Gives back
    /// the actions that the declaration names and nobody knows.
    pub fn bind<'a>(&mut self, actions: impl IntoIterator<Item = &'a Action>) -> Vec<String> {
        self.known = actions
            .into_iter()
            .map(|action| (action.name, action.personal))
            .collect();
        let named: BTreeSet<&String> = self.roles.values().flat_map(|role| role.grants.keys()).collect();
        let unknown = named.into_iter().filter(|name| !self.known.contains_key(name.as_str()));
        unknown.cloned().collect()
    }

    /// The engines whose actions are given to anybody.
    pub(crate) fn engines(&self) -> impl Iterator<Item = &str> {
        self.engines.iter().map(String::as_str)
    }

    /// Whether an action is about people; what nobody knows is.
    fn is_personal(&self, action: &str) -> bool {
        self.known.get(action).copied().unwrap_or(true)
    }

    /// Whether there is such an action.
    pub fn knows(&self, action: &str) -> bool {
        self.known.is_empty() || self.known.contains_key(action)
    }

    /// All roles by their words.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.values()
    }

    /// The words of the roles that a position may carry.
    pub fn position_roles(&self) -> Vec<String> {
        let given = self.roles.values().filter(|role| !role.emergency);
        let words = given.map(|role| role.key.clone());
        words.filter(|word| !STANDING.contains(&word.as_str())).collect()
    }

    /// The words of the roles that are taken for emergencies.
    pub fn emergency_roles(&self) -> Vec<String> {
        let taken = self.roles.values().filter(|role| role.emergency);
        taken.map(|role| role.key.clone()).collect()
    }

    /// A role by its word.
    pub fn role(&self, key: &str) -> Option<&Role> {
        self.roles.get(key)
    }

    /// Whether whoever has this role is to be watched more closely (tài khoản đặc quyền); a role that nobody declares is one.
    pub fn is_privileged(&self, role: &str) -> bool {
        self.roles.get(role).is_none_or(|role| role.privileged)
    }

    /// The roles of positions to which an action is given in the whole province: whoever has one can be told that there is something to do.
    pub fn roles_given(&self, action: &str) -> Vec<String> {
        let everywhere = |role: &&Role| {
            let grants = role.grants.get(action).map_or(&[][..], Vec::as_slice);
            grants.iter().any(|grant| grant.scope == Scope::Province)
        };
        let given = self.roles.values().filter(everywhere).map(|role| role.key.clone());
        given.filter(|role| !STANDING.contains(&role.as_str())).collect()
    }

    /// Which roles exclude each other in one case.
    pub fn separations(&self) -> &[Separation] {
        &self.separations
    }

    /// Whether one of these roles reaches below its own agency: only then the agencies below need to be known.
    pub fn reaches_below(&self, roles: &[String]) -> bool {
        let grants = roles
            .iter()
            .filter_map(|role| self.roles.get(role))
            .chain(self.roles.get(OFFICIAL));
        grants
            .flat_map(|role| role.grants.values().flatten())
            .any(|grant| grant.scope == Scope::Below)
    }

    /// What this actor may do.
    pub fn rights_of<'a>(&'a self, actor: &'a Actor) -> Rights<'a> {
        Rights { actor, policy: self }
    }
}

/// What one actor may do now.
#[derive(Debug, Clone, Copy)]
pub struct Rights<'a> {
    actor: &'a Actor,
    policy: &'a Policy,
}

impl<'a> Rights<'a> {
    /// Who.
    pub fn actor(&self) -> &'a Actor {
        self.actor
    }

    /// Whether the program itself acts: no declaration limits it.
    pub fn is_platform(&self) -> bool {
        matches!(self.actor, Actor::System(_))
    }

    /// The declared roles of the actor: from how they stand there, then from the position.
    pub fn roles(&self) -> impl Iterator<Item = &'a Role> + use<'a> {
        let standing: &[&str] = match self.actor {
            Actor::Anonymous => &[VISITOR],
            Actor::Citizen(_) => &[VISITOR, ACCOUNT, CITIZEN],
            Actor::Official(_) => &[VISITOR, ACCOUNT, OFFICIAL],
            Actor::System(_) => &[],
        };
        let given = self.actor.official().map_or(&[][..], |official| &official.roles);
        let policy = self.policy;
        let words = standing.iter().copied().chain(given.iter().map(String::as_str));
        words.filter_map(|word| policy.roles.get(word))
    }

    /// The grants of an action, each with the role that it comes from.
    pub fn grants<'b>(&self, action: &'b str) -> impl Iterator<Item = (&'a Role, &'a Grant)> + use<'a, 'b> {
        self.roles().flat_map(move |role| {
            let grants = role.grants.get(action).map_or(&[][..], Vec::as_slice);
            grants.iter().map(move |grant| (role, grant))
        })
    }

    /// Whether the actor may do this at all, be it only to what is their own.
    pub fn may(&self, action: &str) -> bool {
        self.is_platform() || self.grants(action).next().is_some()
    }

    /// Whether the actor may do this to what belongs there.
    pub fn covers(&self, action: &str, place: &Place<'_>) -> bool {
        self.is_platform() || self.grants(action).any(|(_, grant)| grant.covers(self.actor, place))
    }

    /// The agencies to which an action reaches, for lists; `None` where it reaches everything. Grants limited to fields of work are passed over: what is
    /// listed by agency belongs to no field.
    pub fn agencies_in_reach(&self, action: &str) -> Option<Vec<AgencyId>> {
        if self.everywhere(action) {
            return None;
        }
        let grants = self.grants(action).map(|(_, grant)| grant);
        let widest = grants
            .filter(|grant| grant.fields.is_empty())
            .map(|grant| grant.scope)
            .max();
        let Some(official) = self.actor.official().filter(|_| widest >= Some(Scope::Agency)) else {
            return Some(Vec::new());
        };
        let below = official.below.iter().filter(|_| widest == Some(Scope::Below));
        Some([official.agency].iter().chain(below).copied().collect())
    }

    /// How far an action reaches at the most; `None` where it is not given.
    pub fn widest(&self, action: &str) -> Option<Scope> {
        self.grants(action).map(|(_, grant)| grant.scope).max()
    }

    /// The actor's own unit, where an action reaches it by a right of its own, for lists beside [`Rights::agencies_in_reach`].
    pub fn unit_in_reach(&self, action: &str) -> Option<UnitId> {
        let given = |grant: &Grant| grant.scope == Scope::Unit && grant.fields.is_empty();
        let reached = self.grants(action).any(|(_, grant)| given(grant));
        self.actor.unit().filter(|_| reached)
    }

    /// Whether the actor may do this to everything in the province, in every field.
    pub fn everywhere(&self, action: &str) -> bool {
        let whole = |grant: &Grant| grant.scope == Scope::Province && grant.fields.is_empty();
        self.is_platform() || self.grants(action).any(|(_, grant)| whole(grant))
    }

    /// Every grant of the actor: the action, the role that gives it, and how far it reaches.
    pub fn all(&self) -> impl Iterator<Item = (&'a str, &'a Role, &'a Grant)> + use<'a> {
        self.roles().flat_map(|role| {
            let grants = role.grants.iter();
            grants.flat_map(move |(action, given)| given.iter().map(move |grant| (action.as_str(), role, grant)))
        })
    }

    /// Every action that the actor may do somewhere.
    pub fn actions(&self) -> BTreeSet<&'a str> {
        self.roles()
            .flat_map(|role| role.grants.keys().map(String::as_str))
            .collect()
    }

    /// Whether a step of this role decides, so that it asks anew who is there.
    pub fn decides(&self, role: &str) -> bool {
        self.policy.roles.get(role).is_some_and(|role| role.decides)
    }

    /// The role that the actor has taken for an emergency, while it counts.
    pub fn emergency(&self) -> Option<&'a str> {
        let taken = self.roles().find(|role| role.emergency);
        taken.map(|role| role.key.as_str())
    }

    /// The roles that exclude this one in one case.
    pub fn separated_from(&self, role: &str) -> Vec<&'a str> {
        let pairs = self.policy.separations.iter();
        pairs.filter_map(|pair| pair.other_than(role)).collect()
    }

    /// As [`Policy::is_privileged`].
    pub fn is_privileged(&self, role: &str) -> bool {
        self.policy.is_privileged(role)
    }

    /// [`Policy::roles_given`].
    pub fn roles_given(&self, action: &str) -> Vec<String> {
        self.policy.roles_given(action)
    }

    /// The declared rights that this comes from.
    pub(crate) fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// The widest scope in which the actor may do anything in an engine that is about people. The second wall is as wide as this.
    pub fn reach_in(&self, engine: &str) -> Option<Scope> {
        let named = |action: &str| action.split_once('.').is_some_and(|(own, _)| own == engine);
        let grants = self.roles().flat_map(|role| &role.grants);
        grants
            .filter(|(action, _)| named(action) && self.policy.is_personal(action))
            .flat_map(|(_, grants)| grants)
            .map(|grant| grant.scope)
            .max()
    }
}

#[cfg(test)]
mod tests;
