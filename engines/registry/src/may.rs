//! What whoever acts may do with a register: pages and programs offer only what works.

use std::collections::BTreeMap;

use identity::Agency;
use kernel::{Actor, Result};
use op::Op;
use serde::Serialize;

use crate::access::{self, Standing};
use crate::model::Record;
use crate::published::{Published, Seen};
use crate::{Registry, error};

/// What whoever acts may do with a register, or with one record of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct May {
    /// Reading lists and records.
    pub read: bool,
    /// Reading every plain field: words are found in all of them, so full text is for these readers only.
    pub words: bool,
    /// Opening what is sealed, for a purpose.
    pub open: bool,
    /// Entering, changing, correcting, ending.
    pub enter: bool,
    /// Deciding about what others have entered.
    pub approve: bool,
    /// Merging records of one thing.
    pub merge: bool,
    /// Taking many rows over.
    pub import: bool,
    /// Taking many rows out.
    pub export: bool,
    /// The register is answered for by their own agency.
    pub own: bool,
}

/// A register with how whoever acts stands to it.
#[derive(Debug, Clone)]
pub struct Overview {
    /// What is in force.
    pub published: Published,
    /// The agency that answers for it today.
    pub owner: Agency,
    /// What may be done with it.
    pub may: May,
}

impl Registry {
    /// What may be done with a register; with a record: with it, as far as areas bound who enters what.
    ///
    /// # Errors
    /// `registry.not_found` {register}.
    pub async fn may(&self, op: &mut Op, register: &str, record: Option<&Record>) -> Result<May> {
        let seen = self.seen(op, register).await?;
        let mut may = may(op, &seen);
        if let Some(record) = record
            && (may.enter || may.open)
            && seen.standing == Standing::Enters
        {
            let inside = self.in_area(op, &seen, std::slice::from_ref(record), None).await?;
            may.enter &= inside;
            may.open &= inside || seen.shared;
        }
        Ok(may)
    }

    /// All registers in force, in Vietnamese order, with what may be done with each.
    ///
    /// # Errors
    /// `op.no_right`.
    pub async fn overview(&self, op: &mut Op) -> Result<Vec<Overview>> {
        let desk = self.desk(op).await?;
        let mut homes = BTreeMap::new();
        let mut all = Vec::new();
        for published in self.registers(op).await? {
            let seen = self.seen_from(op, published, desk);
            all.push(Overview {
                owner: self.home(op, seen.published.owner, &mut homes).await?,
                may: may(op, &seen),
                published: seen.published,
            });
        }
        Ok(all)
    }

    /// How many records these registers have. That is told of all of them; the records are not. Nothing else is read in the same operation
    /// afterwards: the wall is down.
    ///
    /// # Errors
    /// `op.no_right`.
    pub async fn sizes(&self, op: &mut Op, registers: &[&Published]) -> Result<Vec<i64>> {
        let permit = op.allow("registry.list", "registers", access::list()).await?;
        op.beyond_the_wall(&permit).await?;
        let mut sizes = Vec::with_capacity(registers.len());
        for published in registers {
            sizes.push(self.size(op, published).await?);
        }
        Ok(sizes)
    }

    /// The fields that whoever acts sees: those that lists and records show, and those that are opened for a purpose; each in the order of the
    /// declaration.
    ///
    /// # Errors
    /// `registry.not_found` {register}, also where nothing is to be seen.
    pub async fn fields_seen(&self, op: &mut Op, register: &str) -> Result<(Vec<String>, Vec<String>)> {
        let seen = self.seen(op, register).await?;
        if seen.sight.plain.is_empty() {
            return Err(error::not_found(register));
        }
        let names = seen.published.definition.fields.iter().map(|field| &field.field);
        let plain = names.clone().filter(|name| seen.sight.plain.contains(*name));
        let sealed = names.clone().filter(|name| seen.sight.sealed.contains(*name));
        Ok((plain.cloned().collect(), sealed.cloned().collect()))
    }
}

fn may(op: &Op, seen: &Seen) -> May {
    let rights = op.rights();
    let platform = matches!(rights.actor(), Actor::System(_));
    let right = |action: &str| platform || rights.may(action);
    let own = seen.standing == Standing::Owner;
    let definition = &seen.published.definition;
    let read = rights.may("registry.read") && !seen.sight.plain.is_empty();
    May {
        read,
        words: read
            && definition
                .fields
                .iter()
                .filter(|field| field.is_words())
                .all(|field| seen.sight.plain.contains(&field.field)),
        open: read && right("registry.open") && !seen.sight.sealed.is_empty(),
        enter: access::may_enter(rights, seen.standing),
        approve: own && right("registry.approve"),
        merge: own && right("registry.merge"),
        import: own && right("registry.import"),
        export: read && right("registry.export"),
        own,
    }
}
