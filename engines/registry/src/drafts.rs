//! Making a register in the browser (tự lập cơ sở dữ liệu): drawings of one's own, rows that are only tried, and putting what is sound into force.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use kernel::{AgencyId, PersonId, Result};
use op::{Entry, Op, Permit};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::definition::{Drawn, Kind, LinkTarget, RecordDefinition};
use crate::enter::new_id;
use crate::model::Values;
use crate::{Registry, Rehearsal, access, error, store};

/// The system to which registers belong that were made in the browser.
pub const OWN_APP: &str = "tinh-tu-lap";
/// Drawings that are listed.
const MOST_LISTED: i64 = 200;
/// A drawing holds so many bytes at most.
const LARGEST: usize = 512 * 1024;

/// An organisation of the province by the code that declarations use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// The code of declarations.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// The code of the agency.
    pub agency: String,
}

/// A line of one's drawings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftLine {
    /// The drawing.
    pub id: Uuid,
    /// What the register is to be called.
    pub name: String,
    /// When it was changed.
    pub changed_at: DateTime<Utc>,
}

/// A drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Its number.
    pub id: Uuid,
    /// The declaration as far as it is drawn, in the shape of its file.
    pub tree: Value,
    /// What tells this state of it from others: whoever writes names the one that they saw.
    pub version: String,
    /// When it was changed.
    pub changed_at: DateTime<Utc>,
}

impl Draft {
    pub(crate) fn new(id: Uuid, tree: Value, changed_at: DateTime<Utc>) -> Self {
        let digest = hex::encode(Sha256::digest(tree.to_string()));
        let version = digest.chars().take(16).collect();
        Self {
            id,
            tree,
            version,
            changed_at,
        }
    }
}

impl Registry {
    /// One's own drawings, the latest first.
    ///
    /// # Errors
    /// `registry.not_allowed`.
    pub async fn drafts(&self, op: &mut Op) -> Result<Vec<DraftLine>> {
        let (person, _) = self.draws(op).await?;
        store::draft::of_person(op.conn(), person, MOST_LISTED).await
    }

    /// One of them.
    ///
    /// # Errors
    /// `registry.draft_not_found`, `registry.not_allowed`.
    pub async fn draft(&self, op: &mut Op, id: Uuid) -> Result<Draft> {
        let (person, _) = self.draws(op).await?;
        store::draft::get(op.conn(), person, id)
            .await?
            .ok_or_else(error::draft_not_found)
    }

    /// Keeps a drawing, be it sound or not; a new one where none is named. One that is there is named with the version that was seen: what
    /// another window has kept meanwhile is not written over.
    ///
    /// # Errors
    /// `registry.draft_not_found`, `registry.draft_changed`, `registry.draft_too_large`, `registry.not_allowed`.
    pub async fn save_draft(&self, op: &mut Op, seen: Option<(Uuid, &str)>, tree: Value) -> Result<Uuid> {
        let (person, permit) = self.draws(op).await?;
        if tree.to_string().len() > LARGEST || !tree.is_object() {
            return Err(error::draft_too_large());
        }
        if let Some((id, version)) = seen {
            self.seen_draft(op, person, id, version).await?;
        }
        let name = tree["vi"]
            .as_str()
            .unwrap_or_default()
            .chars()
            .take(300)
            .collect::<String>();
        let id = seen.map_or_else(|| new_id(op), |(id, _)| id);
        let draft = Draft::new(id, tree, op.now());
        match store::draft::put(op.conn(), &permit, person, &draft, &name).await? {
            true => Ok(draft.id),
            false => Err(error::draft_not_found()),
        }
    }

    /// Throws a drawing away.
    ///
    /// # Errors
    /// `registry.draft_not_found`, `registry.not_allowed`.
    pub async fn discard_draft(&self, op: &mut Op, id: Uuid) -> Result<()> {
        let (person, permit) = self.draws(op).await?;
        match store::draft::remove(op.conn(), &permit, person, id).await? {
            true => Ok(()),
            false => Err(error::draft_not_found()),
        }
    }

    /// A drawing of a register that is in force and was made in the browser, to add to it.
    ///
    /// # Errors
    /// `registry.not_found` {register}, `registry.not_own` {register}, `registry.not_allowed`.
    pub async fn draft_of(&self, op: &mut Op, register: &str) -> Result<Uuid> {
        self.draws(op).await?;
        let published = self.register(op, register).await?;
        if published.app != OWN_APP {
            return Err(error::not_own(register));
        }
        self.save_draft(op, None, published.definition.to_tree()).await
    }

    /// Reads what is drawn, and tells everything that is wrong with it, also what only the other registers can tell.
    ///
    /// # Errors
    /// `registry.not_allowed`.
    pub async fn check_drawn(&self, op: &mut Op, tree: &Value) -> Result<Drawn> {
        self.draws(op).await?;
        let mut drawn = Drawn::of(tree);
        let Some(definition) = drawn.definition.clone() else {
            return Ok(drawn);
        };
        if let Some(standing) = store::register::get(op.conn(), &definition.record).await?
            && standing.app != OWN_APP
        {
            let message = format!("there is a register \"{}\" of another system", definition.record);
            drawn.add("record", "registry.key_taken", message);
        }
        for code in definition.agencies() {
            if !self.organisations().iter().any(|own| own.code == code) {
                drawn.add(
                    "owner",
                    "registry.owner_unknown",
                    format!("no agency has the code \"{code}\""),
                );
            }
        }
        let wanted: Vec<String> = definition
            .fields
            .iter()
            .filter_map(|field| field.links_to().or(field.catalogue()).map(str::to_owned))
            .collect();
        let known: BTreeMap<String, bool> = store::draft::known(op.conn(), &wanted).await?.into_iter().collect();
        for (place, field) in definition.fields.iter().enumerate() {
            if let Kind::Link(LinkTarget::Register(register)) = &field.kind
                && !known.contains_key(register)
                && *register != definition.record
            {
                let message = format!("there is no register \"{register}\"");
                drawn.add(format!("fields.{place}.to"), "registry.link_unknown", message);
            }
            if let Some(catalogue) = field.catalogue()
                && known.get(catalogue) != Some(&true)
            {
                let message = format!("there is no catalogue \"{catalogue}\"");
                drawn.add(
                    format!("fields.{place}.catalogue"),
                    "registry.catalogue_unknown",
                    message,
                );
            }
        }
        Ok(drawn)
    }

    /// Reads a row as the register would that is drawn; nothing is kept.
    ///
    /// # Errors
    /// `registry.invalid` with a fault for each field, `registry.not_allowed`.
    pub async fn try_row(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        given: &Map<String, Value>,
    ) -> Result<Values> {
        self.draws(op).await?;
        let today = kernel::local_date(op.now());
        self.judged(op, definition, given, today, &[]).await
    }

    /// Puts a drawing into force that is sound, and throws it away. The register belongs to the system [`OWN_APP`]; what would lose data is refused.
    ///
    /// # Errors
    /// `registry.draft_not_found`, `registry.draft_changed`, `registry.draft_unsound` {problems}, `registry.plan_refused` {register, why},
    /// `registry.not_allowed`.
    pub async fn publish_draft(&self, op: &mut Op, id: Uuid, version: &str) -> Result<(String, Rehearsal)> {
        let (person, _) = self.draws(op).await?;
        let draft = self.seen_draft(op, person, id, version).await?;
        let drawn = self.check_drawn(op, &draft.tree).await?;
        let Some(definition) = drawn.definition else {
            return Err(error::draft_unsound(drawn.problems.len()));
        };
        let agencies = self.agencies_of(op, &definition).await?;
        let rehearsal = self.publish(op, OWN_APP, &definition, &agencies).await?;
        self.discard_draft(op, id).await?;
        let subject = format!("register:{}", definition.record);
        op.record(Entry::new("registry.drawn", subject).detail(json!({ "version": rehearsal.digest })))
            .await?;
        Ok((definition.record, rehearsal))
    }

    /// A drawing as it was seen; nobody else writes it until the operation is over.
    async fn seen_draft(&self, op: &mut Op, person: PersonId, id: Uuid, version: &str) -> Result<Draft> {
        let draft = store::draft::locked(op.conn(), person, id)
            .await?
            .ok_or_else(error::draft_not_found)?;
        match draft.version == version {
            true => Ok(draft),
            false => Err(error::draft_changed()),
        }
    }

    /// The agencies that a declaration names, as they do their work today.
    async fn agencies_of(&self, op: &mut Op, definition: &RecordDefinition) -> Result<BTreeMap<String, AgencyId>> {
        let codes: BTreeSet<&str> = definition.agencies();
        let mut agencies = BTreeMap::new();
        for own in self
            .organisations()
            .iter()
            .filter(|own| codes.contains(own.code.as_str()))
        {
            let agency = self.identity().agency_by_code(op, &own.agency).await?;
            let today = self.identity().agency_in_charge(op, agency.id).await?;
            agencies.insert(own.code.clone(), today.id);
        }
        Ok(agencies)
    }

    /// Whoever draws registers puts them into force as well.
    async fn draws(&self, op: &mut Op) -> Result<(PersonId, Permit)> {
        let permit = op
            .allow("registry.publish", "register_drafts", access::publish(op.rights()))
            .await?;
        let person = op.actor().person().ok_or_else(error::not_allowed)?;
        Ok((person, permit))
    }
}
