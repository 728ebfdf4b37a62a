//! Putting the registers of all systems into force, with the records that lie beside them.
//!
//! What a new declaration would lose is refused by the engine: such a register stays with the declaration that it has, and the others go on.

use std::collections::{BTreeMap, BTreeSet};

use identity::Identity;
use kernel::{Actor, AgencyId, Fault, Result};
use op::{Op, Ops};
use registry::definition::{Kind, LinkTarget, RecordDefinition};
use registry::{Compared, Declared, Difference, Given, Left, Rehearsal, Taken};

use super::records::{Records, ordered};
use super::{App, Register, broken};
use crate::{Engines, province};

/// Who puts registers into force when the program starts.
const PUBLISHER: Actor = Actor::System("apps");
/// Registers that are put into force by one transaction.
const AT_ONCE: usize = 100;

/// What became of the registers of all systems.
#[derive(Debug, Default)]
pub struct Registers {
    /// Registers that are in force for the first time.
    pub new: usize,
    /// Registers with another declaration than before.
    pub changed: usize,
    /// Registers that are as they were.
    pub unchanged: usize,
    /// Registers that stay with the declaration that they have, or are not there at all; or whose records beside them could not be taken over.
    pub refused: Vec<Refused>,
    /// Registers that were in force and that no system declares any more. They stay, with their records.
    pub left: Vec<Left>,
    /// What became of records that lie beside declarations, where they have changed, by register.
    pub taken: BTreeMap<String, Taken>,
}

/// A register whose declaration was not put into force, or whose records were not taken over.
#[derive(Debug)]
pub struct Refused {
    /// The system.
    pub app: String,
    /// Its key.
    pub register: String,
    /// Why.
    pub fault: Fault,
}

/// What publishing would do to one register.
#[derive(Debug)]
pub struct Planned {
    /// The system.
    pub app: String,
    /// Its key.
    pub register: String,
    /// How it differs from what is in force.
    pub difference: Difference,
    /// The changes of its tables, and why they are refused; only where it has tables.
    pub rehearsal: Option<Rehearsal>,
    /// An organisation that it names and that is no agency in this database.
    pub no_agency: Option<String>,
    /// How many records beside it would be taken over.
    pub records: usize,
}

/// The registers of systems, in order of system and key.
fn registers(apps: &[App]) -> Vec<(&App, &Register)> {
    let each = apps
        .iter()
        .flat_map(|app| app.registers.values().map(move |register| (app, register)));
    each.collect()
}

fn declared<'a>(all: &[(&'a App, &'a Register)]) -> Vec<Declared<'a>> {
    let each = all.iter().map(|(app, register)| Declared {
        app: &app.key,
        definition: &register.definition,
    });
    each.collect()
}

/// The agencies that declarations name, by the codes of organisations.
async fn agencies(identity: &Identity, op: &mut Op, declared: &[Declared<'_>]) -> Result<BTreeMap<String, AgencyId>> {
    let named: BTreeSet<&str> = declared.iter().flat_map(|one| one.definition.agencies()).collect();
    province::agencies_in_charge(identity, op, &named).await
}

/// The first organisation that a declaration names and that is no agency here.
fn missing(definition: &RecordDefinition, agencies: &BTreeMap<String, AgencyId>) -> Option<String> {
    let named = definition.agencies();
    let missing = named.into_iter().find(|code| !agencies.contains_key(*code));
    missing.map(str::to_owned)
}

/// Puts the registers of the systems into force, and takes over the records beside them where these have changed. A start without changes asks a
/// few questions and writes nothing. A declaration that is refused keeps nobody from starting: it is among [`Registers::refused`].
pub async fn publish_registers(ops: &Ops, engines: &Engines, apps: &[App]) -> Result<Registers> {
    let all = registers(apps);
    let mut done = Registers::default();
    if all.is_empty() {
        return Ok(done);
    }
    let declared = declared(&all);
    let mut op = ops.open(PUBLISHER).await?;
    let agencies = agencies(&engines.identity, &mut op, &declared).await?;
    let compared = engines.registry.compare(&mut op, &declared, &agencies).await?;
    let keys: BTreeSet<&str> = declared.iter().map(|one| one.definition.record.as_str()).collect();
    done.left = engines.registry.left(&mut op, &PUBLISHER, &keys).await?;
    drop(op);
    let mut publishing = Publishing { ops, engines, done };
    for (one, compared) in declared.iter().zip(&compared) {
        if let Some(missing) = missing(one.definition, &agencies) {
            publishing.refuse(
                *one,
                Fault::not_found("compose.no_agency").with("organisation", missing),
            );
        } else if compared.difference == Difference::None {
            publishing.done.unchanged += 1;
        }
    }
    publishing.publish(&declared, &compared).await?;
    publishing.take_over(&all).await?;
    Ok(publishing.done)
}

struct Publishing<'a> {
    ops: &'a Ops,
    engines: &'a Engines,
    done: Registers,
}

impl Publishing<'_> {
    /// An operation during which agencies stay what they are, with those that these declarations name.
    async fn open(&self, declared: &[Declared<'_>]) -> Result<(Op, BTreeMap<String, AgencyId>)> {
        let mut op = self.ops.open(PUBLISHER).await?;
        self.engines.identity.agencies_stand_still(&mut op).await?;
        let agencies = agencies(&self.engines.identity, &mut op, declared).await?;
        Ok((op, agencies))
    }

    fn is_refused(&self, register: &RecordDefinition) -> bool {
        self.done.refused.iter().any(|one| one.register == register.record)
    }

    async fn publish(&mut self, declared: &[Declared<'_>], compared: &[Compared]) -> Result<()> {
        let (mut empty, mut kept) = (Vec::new(), Vec::new());
        for (one, compared) in declared.iter().zip(compared) {
            if self.is_refused(one.definition) {
                continue;
            }
            match compared.difference {
                Difference::None => {}
                Difference::Kept => kept.push(*one),
                Difference::New | Difference::Empty => empty.push((*one, compared.difference)),
            }
        }
        let registry = &self.engines.registry;
        for some in empty.chunks(AT_ONCE) {
            let declared: Vec<Declared<'_>> = some.iter().map(|(one, _)| *one).collect();
            let (mut op, agencies) = self.open(&declared).await?;
            let with_tables = registry.publish_many(&mut op, &declared, &agencies).await?;
            op.commit().await?;
            for (place, (one, difference)) in some.iter().enumerate() {
                match difference {
                    // Somebody has entered the first record meanwhile.
                    _ if with_tables.contains(&place) => kept.push(*one),
                    Difference::New => self.done.new += 1,
                    _ => self.done.changed += 1,
                }
            }
        }
        for one in kept {
            let (mut op, agencies) = self.open(&[one]).await?;
            match registry.publish(&mut op, one.app, one.definition, &agencies).await {
                Ok(_) => {
                    op.commit().await?;
                    self.done.changed += 1;
                }
                Err(fault) => self.refuse(one, fault),
            }
        }
        Ok(())
    }

    fn refuse(&mut self, one: Declared<'_>, fault: Fault) {
        self.done.refused.push(Refused {
            app: one.app.to_owned(),
            register: one.definition.record.clone(),
            fault,
        });
    }

    /// Takes over the records beside declarations that are in force, those first to which others lead. What cannot be taken over keeps nobody from
    /// starting.
    async fn take_over(&mut self, all: &[(&App, &Register)]) -> Result<()> {
        for (app, register, records) in in_order(all)? {
            if self.is_refused(register) {
                continue;
            }
            match self.take_over_one(register, records).await {
                Ok(None) => {}
                Ok(Some(taken)) => {
                    self.done.taken.insert(register.record.clone(), taken);
                }
                Err(fault) => {
                    let (app, definition) = (app.key.as_str(), register);
                    self.refuse(Declared { app, definition }, fault);
                }
            }
        }
        Ok(())
    }

    /// What became of the records of one register; none where they were taken over before.
    async fn take_over_one(&self, register: &RecordDefinition, records: &Records) -> Result<Option<Taken>> {
        let mut op = self.ops.open(PUBLISHER).await?;
        let mark = mark(register);
        if op.mark(&mark).await?.is_some_and(|digest| digest == records.digest) {
            return Ok(None);
        }
        let rows = given(&self.engines.identity, &mut op, register, records).await?;
        let taken = self
            .engines
            .registry
            .take_over(&mut op, &register.record, rows, registry::Keep::Sealed)
            .await?;
        // Bad rows are tried again: what they lack may be there at the next start.
        if taken.bad.is_empty() {
            op.set_mark(&mark, &records.digest).await?;
        }
        op.commit().await?;
        Ok(Some(taken))
    }
}

/// Under this name the digest of the records stands that were taken over last.
fn mark(register: &RecordDefinition) -> String {
    format!("apps.records.{}", register.record)
}

/// Systems, registers and the records beside them, those first to which others lead.
fn in_order<'a>(all: &[(&'a App, &'a Register)]) -> Result<Vec<(&'a App, &'a RecordDefinition, &'a Records)>> {
    let with_records: BTreeMap<&str, (&RecordDefinition, &Records)> = all
        .iter()
        .filter_map(|(_, register)| {
            let records = register.records.as_ref()?;
            Some((register.definition.record.as_str(), (&register.definition, records)))
        })
        .collect();
    let order = ordered(&with_records).map_err(|circle| broken("", circle.join(", ")))?;
    let app = |key: &str| all.iter().find(|(_, register)| register.definition.record == key);
    let each = order.into_iter().filter_map(|key| {
        let (definition, records) = with_records[key];
        app(key).map(|(app, _)| (*app, definition, records))
    });
    Ok(each.collect())
}

/// The rows as the engine takes them: organisations that they name are agencies there.
async fn given(
    identity: &Identity,
    op: &mut Op,
    definition: &RecordDefinition,
    records: &Records,
) -> Result<Vec<Given>> {
    let links: Vec<&str> = definition
        .fields
        .iter()
        .filter(|field| matches!(field.kind, Kind::Link(LinkTarget::Agency)))
        .map(|field| field.field.as_str())
        .collect();
    let named: BTreeSet<&str> = records
        .rows
        .iter()
        .flat_map(|row| links.iter().filter_map(|link| row.fields.get(*link)?.as_str()))
        .collect();
    let agencies = province::agencies_in_charge(identity, op, &named).await?;
    let rows = records.rows.iter().map(|row| {
        let mut fields = row.fields.clone();
        for link in &links {
            let agency = fields.get(*link).and_then(|code| agencies.get(code.as_str()?));
            if let Some(agency) = agency {
                fields.insert((*link).to_owned(), agency.to_string().into());
            }
        }
        Given {
            number: row.line,
            fields,
            from: Some(row.from),
            to: row.to,
        }
    });
    Ok(rows.collect())
}

/// What publishing would do, register by register, without those that stay as they are; and what is in force without a declaration. Nothing is
/// changed.
pub async fn plan_registers(ops: &Ops, engines: &Engines, apps: &[App]) -> Result<(Vec<Planned>, Vec<Left>)> {
    let all = registers(apps);
    let declared = declared(&all);
    let mut op = ops.open(PUBLISHER).await?;
    let agencies = agencies(&engines.identity, &mut op, &declared).await?;
    let compared = engines.registry.compare(&mut op, &declared, &agencies).await?;
    let mut planned = Vec::new();
    for ((one, (_, register)), compared) in declared.iter().zip(&all).zip(compared) {
        let rehearsal = match compared.difference {
            Difference::Kept => Some(engines.registry.rehearse(&mut op, one.definition).await?),
            Difference::None | Difference::New | Difference::Empty => None,
        };
        let records = match &register.records {
            Some(records) if op.mark(&mark(one.definition)).await?.as_ref() != Some(&records.digest) => {
                records.rows.len()
            }
            _ => 0,
        };
        if compared.difference == Difference::None && records == 0 {
            continue;
        }
        planned.push(Planned {
            app: one.app.to_owned(),
            register: one.definition.record.clone(),
            difference: compared.difference,
            rehearsal,
            no_agency: missing(one.definition, &agencies),
            records,
        });
    }
    let keys: BTreeSet<&str> = declared.iter().map(|one| one.definition.record.as_str()).collect();
    let left = engines.registry.left(&mut op, &PUBLISHER, &keys).await?;
    Ok((planned, left))
}
