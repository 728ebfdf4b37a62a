//! Putting all registers of a program into force: hundreds are compared by one question, and those without records are written by two
//! statements.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kernel::{Actor, AgencyId, Result};
use op::{Entry, Event, Op};
use serde_json::json;

use crate::definition::RecordDefinition;
use crate::model::notice;
use crate::model::plan::{self, Plan};
use crate::publish::own_agencies;
use crate::store::register::{Publication, Standing};
use crate::{Registry, access, error, events, store};

/// A declaration of a system that is to be in force.
#[derive(Debug, Clone, Copy)]
pub struct Declared<'a> {
    /// The system.
    pub app: &'a str,
    /// The register.
    pub definition: &'a RecordDefinition,
}

/// How a declaration differs from what is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Not at all.
    None,
    /// There is no such register yet.
    New,
    /// It says something else; the register has had no record, so that nothing can be lost.
    Empty,
    /// It says something else, and there are tables: [`Registry::rehearse`] tells what becomes of them.
    Kept,
}

/// One declaration beside what is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// SHA-256 of the declaration, as hex.
    pub digest: String,
    /// How it differs.
    pub difference: Difference,
}

/// A register that somebody has put into force and that is declared no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Its key.
    pub register: String,
    /// The system that declared it.
    pub app: String,
}

impl Registry {
    /// How declarations differ from what is in force, in their order; nothing is changed. `agencies`: those that they name, by code. One that is
    /// missing is a difference.
    ///
    /// # Errors
    /// `registry.not_allowed`.
    pub async fn compare(
        &self,
        op: &mut Op,
        declared: &[Declared<'_>],
        agencies: &BTreeMap<String, AgencyId>,
    ) -> Result<Vec<Compared>> {
        op.allow("registry.publish", "registers", access::publish(op.rights()))
            .await?;
        let standing: HashMap<String, Standing> = store::register::all(op.conn()).await?.into_iter().collect();
        let there = store::table::index_names(op.conn()).await?;
        let each = declared.iter().map(|one| {
            let digest = one.definition.digest();
            let own = own_agencies(one.definition, agencies).ok();
            let standing = standing.get(&one.definition.record);
            let mut difference = difference(one, &digest, own.as_ref(), standing);
            if difference == Difference::None && standing.is_some_and(|own| own.made) {
                let mut plan = Plan::default();
                plan::add_missing(&mut plan, one.definition, &there)?;
                if plan != Plan::default() {
                    difference = Difference::Kept;
                }
            }
            Ok(Compared { digest, difference })
        });
        each.collect()
    }

    /// Puts declarations into force whose registers have had no record, all of them or none. Those that have tables are left out: their places
    /// are handed back, and each is for [`Registry::publish`].
    ///
    /// # Errors
    /// `registry.not_allowed`, `registry.owner_unknown` {register, owner}.
    pub async fn publish_many(
        &self,
        op: &mut Op,
        declared: &[Declared<'_>],
        agencies: &BTreeMap<String, AgencyId>,
    ) -> Result<Vec<usize>> {
        let permit = op
            .allow("registry.publish", "registers", access::publish(op.rights()))
            .await?;
        op.beyond_the_wall(&permit).await?;
        let keys: Vec<&str> = declared.iter().map(|one| one.definition.record.as_str()).collect();
        store::register::lock_many(op.conn(), &permit, &keys).await?;
        let standing: HashMap<String, Standing> = store::register::all(op.conn()).await?.into_iter().collect();
        let (now, by) = (op.now(), op.actor().key());
        let digests: Vec<String> = declared.iter().map(|one| one.definition.digest()).collect();
        let mut named = Vec::with_capacity(declared.len());
        for one in declared {
            let own = own_agencies(one.definition, agencies);
            named.push(own.map_err(|missing| error::owner_unknown(&one.definition.record, &missing))?);
        }
        let (mut publications, mut with_tables) = (Vec::new(), Vec::new());
        for (place, one) in declared.iter().enumerate() {
            let (digest, own) = (digests[place].as_str(), &named[place]);
            match difference(one, digest, Some(own), standing.get(&one.definition.record)) {
                Difference::None => {}
                Difference::Kept => with_tables.push(place),
                Difference::New | Difference::Empty => publications.push(Publication {
                    app: one.app,
                    definition: one.definition,
                    digest,
                    owner: own[&one.definition.owner],
                    agencies: own,
                    by: &by,
                    at: now,
                }),
            }
        }
        if publications.is_empty() {
            return Ok(with_tables);
        }
        store::register::put_many(op.conn(), &permit, &publications).await?;
        for new in &publications {
            let subject = format!("register:{}", new.definition.record);
            let told = json!({ "register": new.definition.record, "version": new.digest });
            op.emit(Event::new(events::PUBLISHED, &subject, told));
            let notices = match standing.get(&new.definition.record) {
                Some(old) => {
                    let old = self.definition(op, &new.definition.record, &old.digest).await?;
                    notice::notices(&old, new.definition)
                }
                None => Vec::new(),
            };
            let detail = json!({ "version": new.digest, "steps": [], "notices": notices });
            op.record(Entry::new("registry.published", subject).detail(detail))
                .await?;
        }
        Ok(with_tables)
    }

    /// Registers that `by` has put into force as they stand and that are not among these keys any more. They stay, with their records.
    ///
    /// # Errors
    /// `registry.not_allowed`.
    pub async fn left(&self, op: &mut Op, by: &Actor, declared: &BTreeSet<&str>) -> Result<Vec<Left>> {
        op.allow("registry.publish", "registers", access::publish(op.rights()))
            .await?;
        let all = store::register::published_by(op.conn(), &by.key()).await?;
        let left = all
            .into_iter()
            .filter(|(register, _)| !declared.contains(register.as_str()))
            .map(|(register, app)| Left { register, app });
        Ok(left.collect())
    }
}

fn difference(
    one: &Declared<'_>,
    digest: &str,
    own: Option<&BTreeMap<String, AgencyId>>,
    standing: Option<&Standing>,
) -> Difference {
    let Some(standing) = standing else {
        return Difference::New;
    };
    let same = standing.digest == digest
        && standing.app == one.app
        && own.is_some_and(|own| standing.agencies == *own && own.get(&one.definition.owner) == Some(&standing.owner));
    match (same, standing.made) {
        (true, _) => Difference::None,
        (false, true) => Difference::Kept,
        (false, false) => Difference::Empty,
    }
}
