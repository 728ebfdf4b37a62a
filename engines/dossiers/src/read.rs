//! Reading: what each reader may see, and nothing else. Reading changes nothing but the audit trail: when an official reads a
//! case, an entry says so, and whoever opened the operation commits it.

mod desk;
mod inbox;
mod ledger;
mod ledger_csv;
mod mine;
mod paper_file;
mod search;
mod track;
mod view;

use std::collections::BTreeSet;

use kernel::{DossierId, Fault, Official, PersonId, Result};
use op::{Decision, Entry, Op, Scope};
use serde_json::Value;

use crate::store::dossier::DossierRow;
use crate::{Dossiers, access, store, subject};

impl Dossiers {
    /// The dossier, if the actor may see it. A refusal goes to the audit trail and looks like a dossier that is not there.
    pub(crate) async fn readable(&self, op: &mut Op, id: DossierId, action: &'static str) -> Result<DossierRow> {
        let Some(row) = store::dossier::get(op.conn(), self.vault(), id).await? else {
            return Err(unseen(op, id, action).await);
        };
        let decision = access::view(op.rights(), action, &row);
        op.allow(action, &subject(id), decision).await?;
        Ok(row)
    }
}

/// Why a case that is not in sight cannot be had: it looks like one that is not there. If there is one behind the second wall, the
/// attempt goes into the audit trail.
pub(crate) async fn unseen(op: &mut Op, id: DossierId, action: &'static str) -> Fault {
    let denied = match store::dossier::is_there(op.conn(), id).await {
        Ok(true) => op
            .allow(action, &subject(id), Decision::Deny(access::not_found()))
            .await
            .err(),
        Ok(false) => None,
        Err(fault) => Some(fault),
    };
    denied.unwrap_or_else(access::not_found)
}

/// An official has read personal data of a case: the entry says which and for what.
pub(crate) async fn note_reading(op: &mut Op, action: &'static str, row: &DossierRow, detail: Value) -> Result<()> {
    if !op.actor().is_official() {
        return Ok(());
    }
    // Whose case it is, and who handed it in for them: each can see who has looked.
    let people: BTreeSet<PersonId> = row.owner_person.into_iter().chain(row.submitter_person).collect();
    let entry = Entry::new(action, subject(row.id)).purpose(&row.code).detail(detail);
    for person in people.iter().skip(1) {
        op.record(entry.clone().about(Some(*person))).await?;
    }
    op.record(entry.about(people.first().copied())).await
}

/// The official who reads a list of an office, if a role of theirs may: by a right that reaches the agency and does not end at a unit of it.
async fn official(op: &mut Op, action: &'static str, list: &str) -> Result<Official> {
    let official = op.actor().official().cloned();
    let reaches = op.rights().widest(action) >= Some(Scope::Agency) || op.rights().is_platform();
    // Without any right it is the refusal of `op` that is told.
    let allowed = official.is_some() && (reaches || !op.rights().may(action));
    let decision = Decision::when(allowed, || Fault::forbidden("dossiers.not_allowed"));
    op.allow(action, list, decision).await?;
    official.ok_or_else(|| Fault::forbidden("dossiers.not_allowed"))
}
