//! What the verbs of a case have in common: holding the row, writing the state, writing the history.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use identity::{Agency, AgencyFilter, AgencyLevel};
use kernel::{AgencyId, DossierId, Fault, Result, local_date};
use op::{Op, Permit};
use schema::feel::Scope;
use serde_json::Value;

use crate::catalogue::Level;
use crate::definition::{AgencyRule, ProcedureDefinition, scope};
use crate::model::{State, Status};
use crate::read::unseen;
use crate::store::dossier::DossierRow;
use crate::store::history::NewHistory;
use crate::{Dossiers, OnlineProcedure, access, store};

/// A line of the history, as far as the verb knows it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line<'a> {
    pub(crate) action: &'a str,
    pub(crate) task: Option<&'a str>,
    pub(crate) outcome: Option<&'a str>,
    pub(crate) before: Option<Status>,
    /// The status after it, where that is not yet the one of the row.
    pub(crate) after: Option<Status>,
    pub(crate) note: Option<&'a str>,
    pub(crate) internal: bool,
    pub(crate) detail: Option<Value>,
}

/// The agencies that a case names.
pub(crate) struct Seats {
    pub(crate) receiving: Agency,
    pub(crate) handling: Agency,
    /// By the names that the process uses.
    pub(crate) named: BTreeMap<String, AgencyId>,
}

impl Seats {
    /// Each agency once, the receiving one first.
    pub(crate) fn all(&self) -> Vec<AgencyId> {
        let mut seen = BTreeSet::new();
        [self.receiving.id, self.handling.id]
            .into_iter()
            .chain(self.named.values().copied())
            .filter(|agency| seen.insert(*agency))
            .collect()
    }
}

impl Dossiers {
    /// The row of a dossier, held to the end of the operation. Whether the actor may see it is the next question.
    ///
    /// Its process is held first: whoever takes a step, and every timer, holds the process and then comes to the case, so that
    /// nobody waits for somebody who waits for them.
    pub(crate) async fn hold(&self, op: &mut Op, id: DossierId) -> Result<DossierRow> {
        let Some(instance) = store::dossier::instance(op.conn(), id).await? else {
            return Err(unseen(op, id, "dossiers.view").await);
        };
        self.parts.workflow.hold(op, instance).await?;
        store::dossier::lock(op.conn(), self.vault(), id)
            .await?
            .ok_or_else(access::not_found)
    }

    /// Writes a new state; what repeats it follows.
    pub(crate) async fn save(&self, op: &mut Op, permit: &Permit, row: &mut DossierRow, state: State) -> Result<()> {
        let now = op.now();
        store::dossier::update(op.conn(), permit, row.id, &state, now).await?;
        row.state = state;
        row.updated_at = now;
        store::work::follow(op.conn(), row).await
    }

    /// Adds a line to the history; the status after it is that of the row, unless the line says another.
    pub(crate) async fn write_line(
        &self,
        op: &mut Op,
        permit: &Permit,
        row: &DossierRow,
        line: Line<'_>,
    ) -> Result<()> {
        let actor = op.actor().clone();
        let new = NewHistory {
            dossier: row.id,
            at: op.now(),
            action: line.action,
            actor: &actor,
            task: line.task,
            outcome: line.outcome,
            before: line.before,
            after: line.after.unwrap_or(row.state.status),
            note: line.note.filter(|note| !note.is_empty()),
            internal: line.internal,
            detail: with_holder(
                &actor,
                line.detail.unwrap_or_else(|| Value::Object(serde_json::Map::new())),
            ),
        };
        store::history::insert(op.conn(), permit, &new).await
    }

    /// The declaration with which a dossier began, and its answers as expressions read them.
    pub(crate) async fn declared(&self, op: &mut Op, row: &DossierRow) -> Result<(Arc<OnlineProcedure>, Scope)> {
        let online = self.definition(op, row.definition).await?;
        let scope = scope(&online.form, &row.answers, op.now());
        Ok((online, scope))
    }

    /// Finds the agencies of a case from its answers. Fails with `dossiers.no_agency`.
    pub(crate) async fn seats(&self, op: &mut Op, procedure: &ProcedureDefinition, answers: &Value) -> Result<Seats> {
        let receiving = self.agency_by(op, &procedure.receiving, answers, None).await?;
        let handling = self
            .agency_by(op, &procedure.handling, answers, Some(&receiving))
            .await?;
        let mut named = BTreeMap::from([
            ("receiving".to_owned(), receiving.id),
            ("handling".to_owned(), handling.id),
        ]);
        for (name, rule) in &procedure.agencies {
            let agency = self.agency_by(op, rule, answers, Some(&receiving)).await?;
            named.insert(name.clone(), agency.id);
        }
        Ok(Seats {
            receiving,
            handling,
            named,
        })
    }

    async fn agency_by(
        &self,
        op: &mut Op,
        rule: &AgencyRule,
        answers: &Value,
        receiving: Option<&Agency>,
    ) -> Result<Agency> {
        match rule {
            AgencyRule::Fixed(code) => {
                // The declaration may be older than the agency that does its work today.
                let named = self.parts.identity.agency_by_code(op, code.as_str()).await?;
                self.parts.identity.agency_in_charge(op, named.id).await
            }
            AgencyRule::Receiving => receiving
                .cloned()
                .ok_or_else(|| Fault::internal("dossiers.broken_definition").with("what", "receiving")),
            AgencyRule::Area { field, level } => {
                let ward = answers
                    .get(field)
                    .and_then(|area| area.get("ward"))
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                self.agency_of_ward(op, ward, *level)
                    .await?
                    .ok_or_else(|| no_agency(field, ward))
            }
        }
    }

    /// The agency of a level for a ward: the ward's own, its district's, or that of the province. Where a level has vanished, the
    /// one that does its work.
    async fn agency_of_ward(&self, op: &mut Op, ward: &str, level: Level) -> Result<Option<Agency>> {
        let today = local_date(op.now());
        let wanted = match level {
            Level::Commune => AgencyLevel::Commune,
            Level::District => AgencyLevel::District,
            Level::Department => AgencyLevel::Department,
            Level::Province | Level::Ministry | Level::Other => AgencyLevel::Province,
        };
        let wanted = self.parts.identity.level_in_charge(op, wanted).await?;
        let path = match self.parts.identity.area_path(op, ward, today).await {
            Ok(path) => path,
            Err(fault) if fault.code == "identity.area_not_found" => return Ok(None),
            Err(fault) => return Err(fault),
        };
        for area in path {
            let filter = AgencyFilter {
                level: Some(wanted),
                area_code: Some(area.code),
                ..AgencyFilter::default()
            };
            let found = self.parts.identity.agencies(op, &filter).await?;
            // The people's committee comes before the offices beside it; its kind is called as its level.
            let committee = found
                .iter()
                .position(|agency| agency.kind == wanted.as_str() || agency.kind == "peoples_committee");
            if let Some(agency) = found.into_iter().nth(committee.unwrap_or_default()) {
                return Ok(Some(agency));
            }
        }
        Ok(None)
    }
}

fn no_agency(field: &str, ward: &str) -> Fault {
    Fault::invalid("dossiers.no_agency")
        .with("ward", ward)
        .field(field, "dossiers.no_agency")
}

/// Whoever acted from the position of another is written down with the one who holds it, and whoever acted for somebody with that one.
fn with_holder(actor: &kernel::Actor, mut detail: Value) -> Value {
    if let Some(acting) = actor.acts_for() {
        detail["stands_for"] = Value::String(acting.name.clone());
    }
    if let Some(holder) = actor.official().and_then(|official| official.stands_for.as_ref()) {
        detail["stands_for"] = Value::String(holder.name.clone());
    }
    detail
}
