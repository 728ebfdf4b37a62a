//! Who may do what: pure decisions.

use std::collections::BTreeSet;

use kernel::{Actor, AgencyId, PersonId};
use op::{Action, Decision, Rights};
use schema::field::Class;

use crate::definition::{Level, Readers, RecordDefinition};
use crate::error;

/// What can be done here.
pub const ACTIONS: &[Action] = &[
    Action::new("registry.list"),
    Action::personal("registry.read"),
    Action::personal("registry.open"),
    Action::personal("registry.enter"),
    Action::personal("registry.approve"),
    Action::new("registry.measure"),
    Action::personal("registry.merge"),
    Action::personal("registry.import"),
    Action::personal("registry.expire"),
    Action::personal("registry.export"),
    Action::new("registry.publish"),
    Action::new("registry.follow_agencies"),
    Action::new("registry.reseal"),
];

/// How whoever acts stands to a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Anybody.
    Stranger,
    /// An official of another agency.
    Official,
    /// An official of an agency that enters what lies in its area.
    Enters,
    /// An official of the agency that answers for it, or the platform.
    Owner,
}

/// Where an official stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Desk {
    /// The agency.
    pub agency: AgencyId,
    /// Its level.
    pub level: Level,
}

/// How an actor stands to a register: `owner` is the agency in charge today.
pub(crate) fn standing(
    rights: Rights<'_>,
    definition: &RecordDefinition,
    owner: AgencyId,
    desk: Option<Desk>,
) -> Standing {
    match rights.actor() {
        Actor::System(_) => Standing::Owner,
        Actor::Official(_) => standing_at(definition, owner, desk),
        Actor::Anonymous | Actor::Citizen(_) => Standing::Stranger,
    }
}

/// How whoever stands at a desk stands to a register, an official or an application; without one they are strangers.
pub(crate) fn standing_at(definition: &RecordDefinition, owner: AgencyId, desk: Option<Desk>) -> Standing {
    match desk {
        Some(desk) if desk.agency == owner => Standing::Owner,
        Some(desk) if definition.enters.contains(&desk.level) => Standing::Enters,
        Some(_) => Standing::Official,
        None => Standing::Stranger,
    }
}

/// What somebody sees of the records of a register.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sight {
    /// Fields that lists and records show.
    pub plain: BTreeSet<String>,
    /// Sealed fields that are opened for a purpose.
    pub sealed: BTreeSet<String>,
}

/// What an actor sees. `shares`: places in `definition.shared` that name the actor's agency.
pub(crate) fn sight(definition: &RecordDefinition, standing: Standing, shares: &[usize]) -> Sight {
    let mut sight = Sight::default();
    let whole = match definition.readers {
        Readers::Everybody => true,
        Readers::Officials => standing >= Standing::Official,
        Readers::Owner => standing >= Standing::Enters,
    };
    for field in &definition.fields {
        let shared = shares.iter().any(|place| {
            definition
                .shared
                .get(*place)
                .is_some_and(|share| share.fields.is_empty() || share.fields.contains(&field.field))
        });
        let inside = standing >= Standing::Enters;
        if field.is_sealed() {
            if inside || shared {
                sight.sealed.insert(field.field.clone());
            }
            continue;
        }
        // Whoever comes from outside sees what is public, and nothing else.
        let seen = match standing {
            Standing::Stranger => whole && field.class == Class::Public,
            _ => whole,
        };
        if seen || shared || inside {
            sight.plain.insert(field.field.clone());
        }
    }
    sight
}

/// Seeing that registers exist: for everybody; those of which nothing is to be seen are named all the same (R246).
pub(crate) fn list() -> Decision {
    Decision::Allow
}

/// Reading records: whoever sees anything of them. Else there is no such register.
pub(crate) fn read(register: &str, sight: &Sight) -> Decision {
    Decision::when(!sight.plain.is_empty(), || error::not_found(register))
}

/// Asking for records under the addresses of a norm, of a register of which something is seen: what was asked is not even looked at elsewhere.
pub(crate) fn ask(register: &str, sees: bool, writes: bool) -> Decision {
    Decision::when(sees, || match writes {
        true => error::not_allowed(),
        false => error::not_found(register),
    })
}

/// Reading how good a register is, where it fails and what is there twice: officials who see anything of it.
pub(crate) fn measured(register: &str, standing: Standing, sight: &Sight) -> Decision {
    let reads = standing >= Standing::Official && !sight.plain.is_empty();
    Decision::when(reads, || error::not_found(register))
}

/// Reading what is there twice: of those the ones who see all that is compared. A hint about a hidden field would tell what it holds.
pub(crate) fn compared(register: &str, definition: &RecordDefinition, standing: Standing, sight: &Sight) -> Decision {
    let sees = |field: &String| sight.plain.contains(field) || sight.sealed.contains(field);
    let ways = &definition.duplicates;
    match ways.iter().flat_map(|way| way.same.iter().chain(&way.alike)).all(sees) {
        true => measured(register, standing, sight),
        false => Decision::Deny(error::not_found(register)),
    }
}

/// Opening what is sealed, for a purpose.
pub(crate) fn open(rights: Rights<'_>, sight: &Sight) -> Decision {
    let reaches = rights.may("registry.open") && !sight.sealed.is_empty();
    Decision::when(reaches, error::not_allowed)
}

/// Entering, changing, correcting, ending: the owner; and whoever enters, in their own area.
pub(crate) fn enter(rights: Rights<'_>, standing: Standing, in_area: bool) -> Decision {
    let reaches = standing == Standing::Owner || in_area;
    Decision::when(may_enter(rights, standing) && reaches, error::not_allowed)
}

/// Whether whoever acts enters anything at all here.
pub(crate) fn may_enter(rights: Rights<'_>, standing: Standing) -> bool {
    let may = matches!(rights.actor(), Actor::System(_)) || rights.may("registry.enter");
    may && standing >= Standing::Enters
}

/// What the owner alone does: approving, merging, importing.
pub(crate) fn own(rights: Rights<'_>, action: &'static str, standing: Standing) -> Decision {
    let may = matches!(rights.actor(), Actor::System(_)) || rights.may(action);
    Decision::when(may && standing == Standing::Owner, error::not_allowed)
}

/// Deciding on what others propose, in whichever register: an official whose role does that.
pub(crate) fn decide_any(rights: Rights<'_>) -> Decision {
    let official = rights.actor().is_official();
    Decision::when(official && rights.may("registry.approve"), error::not_allowed)
}

/// Deciding on one proposal: the owner, and never whoever has proposed it. For whoever neither decides nor proposed there is none.
pub(crate) fn decide_proposal(rights: Rights<'_>, standing: Standing, proposed_by: PersonId) -> Decision {
    if rights.actor().person() == Some(proposed_by) {
        return Decision::Deny(error::own_proposal());
    }
    let decides = decide_any(rights).is_allowed() && standing == Standing::Owner;
    Decision::when(decides, error::proposal_not_found)
}

/// Seeing one proposal: whoever proposed it, and whoever decides on it.
pub(crate) fn see_proposal(rights: Rights<'_>, standing: Standing, proposed_by: PersonId) -> Decision {
    let own = rights.actor().is_official() && rights.actor().person() == Some(proposed_by);
    let decides = decide_any(rights).is_allowed() && standing == Standing::Owner;
    Decision::when(own || decides, error::proposal_not_found)
}

/// Deciding on a change of many records: as on a proposal.
pub(crate) fn decide_bulk(rights: Rights<'_>, standing: Standing, asked_by: PersonId) -> Decision {
    if rights.actor().person() == Some(asked_by) {
        return Decision::Deny(error::own_proposal());
    }
    let decides = decide_any(rights).is_allowed() && standing == Standing::Owner;
    Decision::when(decides, error::bulk_not_found)
}

/// Seeing a change of many records: whoever asked, and whoever decides on it.
pub(crate) fn see_bulk(rights: Rights<'_>, standing: Standing, asked_by: PersonId) -> Decision {
    let own = rights.actor().is_official() && rights.actor().person() == Some(asked_by);
    let decides = decide_any(rights).is_allowed() && standing == Standing::Owner;
    Decision::when(own || decides, error::bulk_not_found)
}

/// Deciding on a file that was brought in: as on a proposal.
pub(crate) fn decide_import(rights: Rights<'_>, standing: Standing, brought_by: PersonId) -> Decision {
    if rights.actor().person() == Some(brought_by) {
        return Decision::Deny(error::own_proposal());
    }
    let decides = decide_any(rights).is_allowed() && standing == Standing::Owner;
    Decision::when(decides, error::import_not_found)
}

/// Seeing what was decided on a file: whoever decides in that register.
pub(crate) fn see_import(rights: Rights<'_>, standing: Standing) -> Decision {
    let decides = decide_any(rights).is_allowed() && standing == Standing::Owner;
    Decision::when(decides, error::import_not_found)
}

/// Stopping what one has asked for follows from having asked.
pub(crate) fn own_bulk(actor: &Actor, asked_by: PersonId) -> Decision {
    match actor.is_official() && actor.person() == Some(asked_by) {
        true => Decision::Follows,
        false => Decision::Deny(error::bulk_not_found()),
    }
}

/// What becomes of one's own proposal: that it may be taken back follows from having proposed it.
pub(crate) fn own_proposal(actor: &Actor, proposed_by: PersonId) -> Decision {
    match actor.is_official() && actor.person() == Some(proposed_by) {
        true => Decision::Follows,
        false => Decision::Deny(error::proposal_not_found()),
    }
}

/// One's own proposals.
pub(crate) fn own_proposals(actor: &Actor) -> Decision {
    Decision::when(actor.is_official(), error::not_allowed)
}

/// What follows from an import that was allowed: it goes on, ends, is forgotten.
pub(crate) fn goes_on() -> Decision {
    Decision::Follows
}

/// Putting a register into force: the platform when it reads the apps, or an administrator.
pub(crate) fn publish(rights: Rights<'_>) -> Decision {
    Decision::when(rights.everywhere("registry.publish"), error::not_allowed)
}

/// Bringing registers along when agencies end: whoever reorganises the province.
pub(crate) fn follow_agencies(rights: Rights<'_>) -> Decision {
    Decision::when(rights.everywhere("registry.follow_agencies"), error::not_allowed)
}

/// What follows from a rule of time, or from the operator's word: the platform alone.
pub(crate) fn by_rule(actor: &Actor) -> Decision {
    Decision::when(matches!(actor, Actor::System(_)), error::not_allowed)
}
