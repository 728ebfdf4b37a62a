//! Putting a register into force: its tables are changed as far as nothing is lost; they are made with its first record.

use std::collections::BTreeMap;

use kernel::{AgencyId, Result};
use op::{Entry, Event, Op, Permit};
use serde_json::json;

use crate::definition::RecordDefinition;
use crate::model::notice;
use crate::model::plan::{self, Condition, Plan, Refusal, Step};
use crate::{Registry, access, error, events, store};

/// What publishing a declaration would do, or has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// SHA-256 of the declaration, as hex.
    pub digest: String,
    /// Whether it is in force already.
    pub in_force: bool,
    /// The changes of tables.
    pub plan: Plan,
    /// Why it is refused; none where it is not.
    pub refusals: Vec<Refusal>,
}

impl Registry {
    /// What publishing would do (chạy thử); nothing is changed.
    ///
    /// # Errors
    /// `registry.not_allowed`.
    pub async fn rehearse(&self, op: &mut Op, definition: &RecordDefinition) -> Result<Rehearsal> {
        let subject = format!("register:{}", definition.record);
        op.allow("registry.publish", &subject, access::publish(op.rights()))
            .await?;
        let digest = definition.digest();
        let standing = store::register::get(op.conn(), &definition.record).await?;
        let in_force = match &standing {
            Some(standing) => Some(self.definition(op, &definition.record, &standing.digest).await?),
            None => None,
        };
        // Without tables there is nothing to change: they are made with the first record, as they are declared then.
        let made = standing.as_ref().is_some_and(|standing| standing.made);
        let old = in_force.clone().filter(|_| made);
        let mut plan = plan::plan(old.as_deref(), definition)?;
        if made {
            let there = store::table::index_names(op.conn()).await?;
            plan::add_missing(&mut plan, definition, &there)?;
        }
        plan.notices = in_force.map_or_else(Vec::new, |old| notice::notices(&old, definition));
        let mut refusals = Vec::new();
        if let Some(old) = old.as_deref() {
            for condition in &plan.conditions {
                // What is asked of fields that are there is asked in the words of the old declaration; new keys are asked in those of the
                // new one, as far as their columns are there.
                let asked = match condition {
                    Condition::Distinct(fields) if fields.iter().any(|field| old.field(field).is_none()) => continue,
                    _ => old,
                };
                let records = store::table::against(op.conn(), asked, condition).await?;
                if records > 0 {
                    refusals.push(Refusal {
                        condition: condition.clone(),
                        records,
                    });
                }
            }
        }
        Ok(Rehearsal {
            in_force: standing.is_some_and(|standing| standing.digest == digest),
            digest,
            plan,
            refusals,
        })
    }

    /// Puts a declaration into force, whole or not at all. `agencies` are those that it names, by its codes. The same content again changes
    /// nothing but who they are.
    ///
    /// # Errors
    /// `registry.not_allowed`, `registry.owner_unknown` {register, owner}, `registry.plan_refused` {register, why}.
    pub async fn publish(
        &self,
        op: &mut Op,
        app: &str,
        definition: &RecordDefinition,
        agencies: &BTreeMap<String, AgencyId>,
    ) -> Result<Rehearsal> {
        let subject = format!("register:{}", definition.record);
        let permit = op
            .allow("registry.publish", &subject, access::publish(op.rights()))
            .await?;
        let own =
            own_agencies(definition, agencies).map_err(|missing| error::owner_unknown(&definition.record, &missing))?;
        let owner = own[&definition.owner];
        // Tables are made by their owner, which nobody is who acts.
        op.beyond_the_wall(&permit).await?;
        store::register::lock(op.conn(), &permit, &definition.record).await?;
        let mut rehearsal = self.rehearse(op, definition).await?;
        let standing = store::register::get(op.conn(), &definition.record).await?;
        if rehearsal.in_force
            && (rehearsal.plan.steps.is_empty() || rehearsal.plan.steps.contains(&Step::Make))
            && standing
                .is_some_and(|standing| standing.app == app && standing.agencies == own && standing.owner == owner)
        {
            return Ok(rehearsal);
        }
        if !rehearsal.plan.steps.is_empty() && !rehearsal.plan.steps.contains(&Step::Make) {
            // A large table takes longer than a statement of an operation may.
            db::take_time(op.conn()).await?;
            store::table::lock(op.conn(), &permit, definition, &rehearsal.plan).await?;
            // What holds of the records is asked again: somebody may have written while others were waited for.
            rehearsal = self.rehearse(op, definition).await?;
        }
        if let Some(refusal) = rehearsal.refusals.first() {
            let why = serde_json::to_string(&refusal.condition).unwrap_or_default();
            return Err(error::plan_refused(&definition.record, why).with("records", refusal.records));
        }
        if !rehearsal.plan.steps.contains(&Step::Make) {
            self.carry_out(op, &permit, definition, &rehearsal.plan).await?;
        }
        let now = op.now();
        let by = op.actor().key();
        let publication = store::register::Publication {
            app,
            definition,
            digest: &rehearsal.digest,
            owner,
            agencies: &own,
            by: &by,
            at: now,
        };
        store::register::put(op.conn(), &permit, &publication).await?;
        op.emit(Event::new(
            events::PUBLISHED,
            &subject,
            json!({ "register": definition.record, "version": rehearsal.digest }),
        ));
        op.record(Entry::new("registry.published", subject).detail(json!({
            "version": rehearsal.digest,
            "steps": rehearsal.plan.steps,
            "notices": rehearsal.plan.notices,
        })))
        .await?;
        Ok(rehearsal)
    }

    /// Makes the tables of a register, if it has none yet: hundreds of registers are declared, and what nobody uses costs the database
    /// nothing. Whoever writes the first record was allowed to; the tables themselves belong to nobody who acts.
    pub(crate) async fn make(&self, op: &mut Op, permit: &Permit, register: &str) -> Result<()> {
        let made = |standing: &Option<store::register::Standing>| standing.as_ref().is_none_or(|own| own.made);
        if made(&store::register::get(op.conn(), register).await?) {
            return Ok(());
        }
        op.beyond_the_wall(permit).await?;
        store::register::lock(op.conn(), permit, register).await?;
        let Some(standing) = store::register::get(op.conn(), register).await?.filter(|own| !own.made) else {
            return Ok(());
        };
        let definition = self.definition(op, register, &standing.digest).await?;
        store::table::make(op.conn(), permit, &definition).await?;
        store::register::set_made(op.conn(), permit, register).await
    }

    /// Whether what was written by a declaration may stay: it was read before the table was held, and somebody may have published another one
    /// since. To be asked once what is written has been written.
    pub(crate) async fn still_in_force(&self, op: &mut Op, definition: &RecordDefinition) -> Result<()> {
        match *self.register(op, &definition.record).await?.definition == *definition {
            true => Ok(()),
            false => Err(error::declared_anew(&definition.record)),
        }
    }

    async fn carry_out(&self, op: &mut Op, permit: &Permit, new: &RecordDefinition, plan: &Plan) -> Result<()> {
        store::table::change(op.conn(), permit, new, plan).await?;
        if plan.steps.contains(&Step::Derive) {
            self.derive(op, permit, new).await?;
        }
        store::table::add_indexes(op.conn(), permit, new, plan).await
    }

    /// Computes anew what follows from the values of every record.
    async fn derive(&self, op: &mut Op, permit: &Permit, definition: &RecordDefinition) -> Result<()> {
        let now = op.now();
        let mut after = None;
        loop {
            let rows = store::record::batch(op.conn(), definition, after, self.vault()).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some((last.id, last.valid_from));
            for record in rows {
                let values = crate::model::reading::derived(definition, &record.values, now);
                store::record::rewrite(op.conn(), permit, self.vault(), definition, &record, &values).await?;
            }
        }
    }
}

/// The agencies that a declaration names, of all that are known by code; the code of the first that is not.
pub(crate) fn own_agencies(
    definition: &RecordDefinition,
    agencies: &BTreeMap<String, AgencyId>,
) -> std::result::Result<BTreeMap<String, AgencyId>, String> {
    let each = definition.agencies().into_iter().map(|code| match agencies.get(code) {
        Some(id) => Ok((code.to_owned(), *id)),
        None => Err(code.to_owned()),
    });
    each.collect()
}
