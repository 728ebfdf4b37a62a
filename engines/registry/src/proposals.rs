//! Lists of proposals and one of them, for whoever proposed it and for whoever decides on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use db::{Page, PageRequest, cursor};
use kernel::{AgencyId, PersonId, Result};
use op::Op;
use serde_json::Value;
use uuid::Uuid;

use crate::definition::RecordDefinition;
use crate::enter::Command;
use crate::model::Record;
use crate::model::proposal::{self, FieldChange, ProposalState};
use crate::published::Seen;
use crate::store::proposal::{Of, Row, subject};
use crate::{Registry, access, error, store};

/// Which proposals are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProposalBox {
    /// Those that wait for one's agency, the oldest first.
    Waiting,
    /// Those on which one's agency has decided, the newest first.
    Decided,
    /// One's own, the newest first.
    Mine,
}

/// A line of a list.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The proposal.
    pub id: Uuid,
    /// The register that it is about.
    pub definition: Arc<RecordDefinition>,
    /// The record; of a new one once it is approved.
    pub record: Option<Uuid>,
    /// `add`, `change`, `correct` or `end`.
    pub kind: String,
    /// What the record is called.
    pub title: String,
    /// Why, in the words of whoever proposed.
    pub reason: String,
    /// The agency that proposes.
    pub agency: AgencyId,
    /// What it is called.
    pub agency_name: String,
    /// Whoever proposes.
    pub proposed_by: PersonId,
    /// Their name.
    pub proposed_name: String,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// The one in whose place it was made.
    pub follows: Option<Uuid>,
    /// How far it is.
    pub state: ProposalState,
    /// Name of whoever decided.
    pub decided_name: String,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was refused or handed back.
    pub note: String,
    /// The version of the record that came of it.
    pub written: Option<i64>,
}

/// One proposal with everything that is needed to decide on it.
#[derive(Debug, Clone)]
pub struct ProposalDetail {
    /// As in lists.
    pub proposal: Proposal,
    /// What is proposed.
    pub command: Command,
    /// The days of the period that it touches.
    pub days: Option<(NaiveDate, Option<NaiveDate>)>,
    /// What differs.
    pub changes: Vec<FieldChange>,
    /// Fields that the reader may not open: they may differ too.
    pub hidden: Vec<String>,
    /// The version that whoever proposed has seen; 0: none.
    pub seen: i64,
    /// The version of the record now; 0: none.
    pub version: i64,
    /// Whether the record has changed since, so that it cannot be approved.
    pub outdated: bool,
    /// Whether it is the reader's own.
    pub mine: bool,
    /// Whether the reader may decide on it.
    pub decides: bool,
    /// The proposal that was made in its place.
    pub next: Option<Uuid>,
}

impl Registry {
    /// A page of proposals; of the two boxes of one's agency one may narrow by register.
    ///
    /// # Errors
    /// `registry.not_allowed`, `db.bad_cursor`.
    pub async fn proposals(
        &self,
        op: &mut Op,
        which: ProposalBox,
        register: Option<&str>,
        request: &PageRequest,
    ) -> Result<Page<Proposal>> {
        let after: Option<Uuid> = request.after.as_deref().map(cursor::decode).transpose()?;
        let person = match which {
            ProposalBox::Mine => {
                op.allow("registry.read", "register_proposals", access::own_proposals(op.actor()))
                    .await?;
                op.actor().person()
            }
            ProposalBox::Waiting | ProposalBox::Decided => {
                op.allow(
                    "registry.approve",
                    "register_proposals",
                    access::decide_any(op.rights()),
                )
                .await?;
                None
            }
        };
        let registers = match which {
            ProposalBox::Mine => Vec::new(),
            _ => self.own_registers(op, register).await?,
        };
        let of = match (which, person) {
            (ProposalBox::Mine, Some(person)) => Of::Person(person),
            (ProposalBox::Decided, _) => Of::Decided(&registers),
            _ => Of::Waiting(&registers),
        };
        let rows = store::proposal::list(op.conn(), self.vault(), of, after, request.probe()).await?;
        let page = Page::cut(rows, request, |row| row.id);
        let mut items = Vec::with_capacity(page.items.len());
        for row in page.items {
            let definition = self.register(op, &row.register).await?.definition;
            items.push(line(row, definition));
        }
        Ok(Page { items, next: page.next })
    }

    /// How many proposals wait for whoever acts, by register; none for whoever decides on none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn waiting_proposals(&self, op: &mut Op) -> Result<BTreeMap<String, i64>> {
        if !access::decide_any(op.rights()).is_allowed() {
            return Ok(BTreeMap::new());
        }
        op.allow(
            "registry.approve",
            "register_proposals",
            access::decide_any(op.rights()),
        )
        .await?;
        let registers = self.own_registers(op, None).await?;
        let counts = store::proposal::waiting(op.conn(), &registers).await?;
        Ok(counts.into_iter().collect())
    }

    /// One proposal. Opening what is sealed of it is written down, with whose data it was.
    ///
    /// # Errors
    /// `registry.proposal_not_found`.
    pub async fn proposal(&self, op: &mut Op, id: Uuid) -> Result<ProposalDetail> {
        let row = store::proposal::get(op.conn(), self.vault(), id, false)
            .await?
            .ok_or_else(error::proposal_not_found)?;
        let seen = self.seen(op, &row.register).await?;
        let decision = access::see_proposal(op.rights(), seen.standing, row.proposed_by);
        op.allow("registry.read", &subject(id), decision).await?;
        let mine = op.actor().person() == Some(row.proposed_by);
        let decides = row.state == ProposalState::Waiting
            && access::decide_proposal(op.rights(), seen.standing, row.proposed_by).is_allowed();
        let now = match row.record {
            Some(record) if seen.published.made && row.state == ProposalState::Waiting => {
                let definition = &seen.published.definition;
                store::record::periods(op.conn(), definition, record, Some(self.vault()), false).await?
            }
            _ => Vec::new(),
        };
        let version = now.iter().map(|record| record.version).max().unwrap_or(0);
        let outdated = row.state == ProposalState::Waiting && row.record.is_some() && version != row.seen;
        let next = store::proposal::followed_by(op.conn(), id).await?;
        let (changes, hidden) = self.told(op, &seen, &row, mine, outdated.then_some(&now)).await?;
        Ok(ProposalDetail {
            command: row.body.command.clone(),
            days: row.body.days,
            changes,
            hidden,
            seen: row.seen,
            version,
            outdated,
            mine,
            decides,
            next,
            proposal: line(row, seen.published.definition),
        })
    }

    /// What a proposal changes, as far as the reader may see it: what they have typed themself, and what is theirs to open.
    async fn told(
        &self,
        op: &mut Op,
        seen: &Seen,
        row: &Row,
        mine: bool,
        now: Option<&Vec<Record>>,
    ) -> Result<(Vec<FieldChange>, Vec<String>)> {
        let definition = &seen.published.definition;
        let today = kernel::local_date(op.now());
        let now = now.map(|now| {
            proposal::touched(&row.body.command, now, today).map_or_else(Default::default, |own| own.values.clone())
        });
        let opens = access::open(op.rights(), &seen.sight).is_allowed();
        let (mut changes, mut hidden, mut opened) = (Vec::new(), Vec::new(), false);
        for mut change in proposal::differences(definition, &row.body.was, &row.body.values, now.as_ref()) {
            let sealed = definition.field(&change.field).is_none_or(|field| field.is_sealed());
            if sealed && !(opens && seen.sight.sealed.contains(&change.field)) {
                hidden.push(change.field.clone());
                if !mine {
                    continue;
                }
                // One's own words, nothing of what was there.
                change.was = Value::Null;
                change.now = Value::Null;
            } else if sealed {
                opened = true;
            }
            changes.push(change);
        }
        if opened {
            let purpose = match row.body.reason.is_empty() {
                true => definition.words.vi.clone(),
                false => format!("{}: {}", definition.words.vi, row.body.reason),
            };
            for values in [&row.body.was, &row.body.values] {
                let record = Record {
                    id: row.record.unwrap_or(row.id),
                    version: row.seen,
                    valid_from: today,
                    valid_to: None,
                    recorded_at: row.proposed_at,
                    recorded_by: Some(row.proposed_by),
                    values: values.clone(),
                };
                if definition.sealed().any(|field| values.contains_key(&field.field)) {
                    self.looked(op, definition, &record, &purpose).await?;
                }
            }
        }
        Ok((changes, hidden))
    }

    /// The registers for which the agency of whoever acts answers today.
    pub(crate) async fn own_registers(&self, op: &mut Op, register: Option<&str>) -> Result<Vec<String>> {
        let Some(agency) = op.actor().agency() else {
            return Ok(Vec::new());
        };
        let owners = store::register::owners(op.conn()).await?;
        let mut homes = BTreeMap::new();
        let mut own = Vec::new();
        for (key, owner) in owners {
            if register.is_some_and(|wanted| wanted != key) {
                continue;
            }
            let today = self.home(op, owner, &mut homes).await?.id;
            if today == agency {
                own.push(key);
            }
        }
        Ok(own)
    }
}

fn line(row: Row, definition: Arc<RecordDefinition>) -> Proposal {
    let titled = |values: &crate::model::Values| match values.get(&definition.title) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Null) | None => None,
        Some(other) => Some(other.to_string()),
    };
    Proposal {
        title: titled(&row.body.was)
            .or_else(|| titled(&row.body.values))
            .unwrap_or_default(),
        id: row.id,
        record: row.record,
        kind: row.kind,
        reason: row.body.reason,
        agency: row.agency,
        agency_name: row.agency_name,
        proposed_by: row.proposed_by,
        proposed_name: row.proposed_name,
        proposed_at: row.proposed_at,
        follows: row.follows,
        state: row.state,
        decided_name: row.decided_name,
        decided_at: row.decided_at,
        note: row.note,
        written: row.written,
        definition,
    }
}
