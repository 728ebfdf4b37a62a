//! The second wall (R028): what an operation sees of walled tables is bounded in the database too, whatever a verb forgets.
//!
//! Every operation that is not the platform's own speaks to the database as the role [`db::WALLED`], which owns nothing, and says who acts
//! in settings of its transaction. The policies of walled tables compare with them. A connection outside of any operation is the
//! owner's and has no wall.

use std::fmt::Write as _;

use kernel::Actor;

use crate::{Rights, Scope};

/// How long a setting holds.
#[derive(Clone, Copy)]
pub(crate) enum Holds {
    /// Until the transaction ends.
    Transaction,
    /// Until the next one is set; where there is no transaction.
    Connection,
}

/// The statements that build the wall; `None` for the platform itself.
pub(crate) fn statements(rights: Rights<'_>, holds: Holds) -> Option<String> {
    if rights.is_platform() {
        return None;
    }
    let actor = rights.actor();
    let key = actor.key();
    let (role, local) = match holds {
        Holds::Transaction => ("SET LOCAL ROLE", true),
        Holds::Connection => ("SET ROLE", false),
    };
    let mut text = format!("{role} {}; SELECT ", db::WALLED);
    let mut set = |name: &str, value: &str| {
        let _ = write!(text, "set_config('ngabay.{name}', '{value}', {local}), ");
    };
    // Numbers and words of the platform only: nothing here was typed by anybody.
    set("person", &actor.person().map(|id| id.to_string()).unwrap_or_default());
    set("account", &actor.account().map(|id| id.to_string()).unwrap_or_default());
    set("official", if actor.is_official() { "on" } else { "off" });
    let acting = actor.acts_for();
    let represents = acting.filter(|acting| acting.whole).map(|acting| acting.person);
    set("represents", &represents.map(|id| id.to_string()).unwrap_or_default());
    set(
        "representation",
        &acting
            .map(|acting| acting.representation.to_string())
            .unwrap_or_default(),
    );
    set("holder", if *actor == Actor::Anonymous { "" } else { &key });
    for engine in rights.policy().engines() {
        let reach = rights.reach_in(engine);
        set(engine, &agencies(actor, reach));
        set(
            &format!("{engine}_everywhere"),
            if reach == Some(Scope::Province) { "on" } else { "off" },
        );
    }
    let end = text.trim_end_matches(", ").len();
    text.truncate(end);
    Some(text)
}

/// The agencies in reach, as the database writes an array. The wall stands around agencies: inside of one, units are told apart by the decision alone.
fn agencies(actor: &Actor, reach: Option<Scope>) -> String {
    let Some(official) = actor.official() else {
        return "{}".to_owned();
    };
    let below = official.below.iter().filter(|_| reach >= Some(Scope::Below));
    let own = Some(&official.agency).filter(|_| reach >= Some(Scope::Unit));
    let ids: Vec<String> = own.into_iter().chain(below).map(ToString::to_string).collect();
    format!("{{{}}}", ids.join(","))
}
