//! Proposals (đề nghị cập nhật): where the owner approves what is entered, it waits; whoever proposed may take it back, or bring it over what
//! somebody else has written meanwhile.

use kernel::{Actor, Official, Result};
use op::{Entry, Event, Op, Permit};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::access;
use crate::enter::{Command, ToWrite, Written, after_all, new_id};
use crate::model::proposal::{self, ProposalState};
use crate::model::timeline::{self, Change};
use crate::model::{Record, Values};
use crate::store::proposal::{Body, Decided, Row, subject};
use crate::{Registry, error, events, store};

/// What came of entering something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is written.
    Written(Written),
    /// It waits for the owner's approval, under this number.
    Proposed(Uuid),
}

impl Outcome {
    /// What was written, if it was.
    pub fn written(self) -> Option<Written> {
        match self {
            Self::Written(written) => Some(written),
            Self::Proposed(_) => None,
        }
    }
}

impl Registry {
    /// Does something to a record, or to a new one where `target` is none; where the owner approves what is entered, it is proposed instead. A
    /// proposal is judged at once, as if it were written now: every fault is told. The same once more gives the proposal that waits.
    ///
    /// # Errors
    /// Those of [`Self::add`] and [`Self::change`].
    pub async fn enter(
        &self,
        op: &mut Op,
        register: &str,
        target: Option<(Uuid, i64)>,
        command: Command,
        reason: &str,
    ) -> Result<Outcome> {
        let (entry, permit) = self.entry(op, register, target, command, reason).await?;
        match self.waits(op, &entry.definition) {
            false => self.write_entry(op, &permit, &entry).await.map(Outcome::Written),
            true => self.propose(op, &permit, &entry, None).await.map(Outcome::Proposed),
        }
    }

    /// Takes one's own proposal back while it waits.
    ///
    /// # Errors
    /// `registry.proposal_not_found`, `registry.proposal_decided` {state}.
    pub async fn withdraw_proposal(&self, op: &mut Op, id: Uuid) -> Result<()> {
        let (row, permit) = self.own_proposal(op, id).await?;
        if row.state != ProposalState::Waiting {
            return Err(error::proposal_decided(row.state));
        }
        self.withdrawn(op, &permit, &row).await
    }

    /// Proposes anew what waits or was handed back: what whoever proposed had changed is brought over the record as it is now, with `edits` on
    /// top. What waits is taken back for it.
    ///
    /// # Errors
    /// `registry.proposal_not_found`, `registry.proposal_decided` {state}; those of [`Self::enter`].
    pub async fn renew_proposal(&self, op: &mut Op, id: Uuid, edits: Map<String, Value>) -> Result<Outcome> {
        let (row, permit) = self.own_proposal(op, id).await?;
        if let Some(next) = store::proposal::followed_by(op.conn(), id).await? {
            // Pressed twice.
            return Ok(Outcome::Proposed(next));
        }
        if !matches!(row.state, ProposalState::Waiting | ProposalState::Returned) {
            return Err(error::proposal_decided(row.state));
        }
        let published = self.register(op, &row.register).await?;
        let version = match row.record {
            Some(record) if published.made => {
                let now =
                    store::record::periods(op.conn(), &published.definition, record, Some(self.vault()), true).await?;
                Some((record, now))
            }
            _ => None,
        };
        let mut command = row.body.command.clone();
        let mut target = None;
        if let Some((record, now)) = version {
            target = Some((record, now.iter().map(|period| period.version).max().unwrap_or(0)));
            let today = kernel::local_date(op.now());
            let own = proposal::touched(&command, &now, today).map(|own| own.values.clone());
            if let (Some(given), Some(own)) = (given_mut(&mut command), own) {
                *given = proposal::brought_over(&published.definition, &row.body.was, &row.body.values, &own);
            }
        }
        if let Some(given) = given_mut(&mut command) {
            given.extend(edits);
        }
        self.take_proposed_files(op, &row.register, id).await?;
        if row.state == ProposalState::Waiting {
            self.withdrawn(op, &permit, &row).await?;
        }
        let (entry, permit) = self.entry(op, &row.register, target, command, &row.body.reason).await?;
        match self.waits(op, &entry.definition) {
            false => self.write_entry(op, &permit, &entry).await.map(Outcome::Written),
            true => self.propose(op, &permit, &entry, Some(id)).await.map(Outcome::Proposed),
        }
    }

    /// Judges what is proposed and keeps it, sealed.
    async fn propose(&self, op: &mut Op, permit: &Permit, entry: &ToWrite, follows: Option<Uuid>) -> Result<Uuid> {
        let Actor::Official(official) = op.actor().clone() else {
            return Err(error::needs_approval(&entry.definition.record));
        };
        let record = entry.target.map(|(record, _)| record);
        store::proposal::lock_person(op.conn(), official.person).await?;
        let register = &entry.definition.record;
        let own = store::proposal::waiting_of(op.conn(), self.vault(), official.person, register, record).await?;
        // Its files are no longer theirs to name: the same is known by what was said.
        let same = own.iter().find(|own| {
            let seen = entry.target.map_or(own.seen, |(_, seen)| seen);
            (seen, own.seen) == (own.seen, entry.version())
                && (&own.body.command, &own.body.reason) == (&entry.command, &entry.reason)
        });
        if let Some(same) = same {
            return Ok(same.id);
        }
        let change = self.decided(op, entry).await?;
        self.tried(op, permit, entry, &change).await?;
        let body = body_of(entry, change, kernel::local_date(op.now()));
        let row = new_row(op, &official, entry, body, follows);
        store::proposal::insert(op.conn(), permit, self.vault(), &row).await?;
        self.propose_files(op, &entry.definition, row.id, &row.body.values)
            .await?;
        op.emit(Event::new(
            events::PROPOSED,
            subject(row.id),
            json!({ "register": register, "proposal": row.id, "record": record, "kind": row.kind }),
        ));
        op.record(Entry::new("registry.proposed", subject(row.id)).detail(json!({
            "register": register, "record": record, "kind": row.kind, "follows": follows,
        })))
        .await?;
        Ok(row.id)
    }

    /// Writes and undoes it: what the database alone refuses (a key that another record has) is told to whoever proposes, not to whoever approves.
    pub(crate) async fn tried(&self, op: &mut Op, permit: &Permit, entry: &ToWrite, change: &Change) -> Result<()> {
        if !self.register(op, &entry.definition.record).await?.made {
            return timeline::decide(&[], change).map(drop);
        }
        let written = Written {
            id: entry.target.map_or_else(|| new_id(op), |(record, _)| record),
            version: entry.version() + 1,
        };
        store::proposal::begin_trial(op.conn()).await?;
        let tried = self
            .put(
                op,
                permit,
                &entry.definition,
                written,
                (&entry.before, after_all(&entry.before, op.now())),
                change,
                &entry.reason,
            )
            .await;
        store::proposal::end_trial(op.conn()).await?;
        tried
    }

    async fn own_proposal(&self, op: &mut Op, id: Uuid) -> Result<(Row, Permit)> {
        let row = store::proposal::get(op.conn(), self.vault(), id, true)
            .await?
            .ok_or_else(error::proposal_not_found)?;
        let decision = access::own_proposal(op.actor(), row.proposed_by);
        let permit = op.allow("registry.enter", &subject(id), decision).await?;
        Ok((row, permit))
    }

    async fn withdrawn(&self, op: &mut Op, permit: &Permit, row: &Row) -> Result<()> {
        let decided = Decided {
            state: ProposalState::Withdrawn,
            by: row.proposed_by,
            name: &row.proposed_name,
            at: op.now(),
            note: "",
            written: None,
        };
        store::proposal::decide(op.conn(), permit, row.id, &decided).await?;
        self.tell_decided(op, row, ProposalState::Withdrawn, None).await
    }

    /// Tells what became of a proposal.
    pub(crate) async fn tell_decided(
        &self,
        op: &mut Op,
        row: &Row,
        state: ProposalState,
        written: Option<Written>,
    ) -> Result<()> {
        let record = written.map(|written| written.id).or(row.record);
        // What was handed back may come again with its files.
        if matches!(state, ProposalState::Refused | ProposalState::Withdrawn) {
            self.drop_proposed_files(op, row.id).await?;
        }
        op.emit(Event::new(
            events::PROPOSAL_DECIDED,
            subject(row.id),
            json!({ "register": row.register, "proposal": row.id, "record": record, "state": state, "person": row.proposed_by }),
        ));
        op.record(Entry::new("registry.proposal_decided", subject(row.id)).detail(json!({
            "register": row.register, "record": record, "state": state, "version": written.map(|written| written.version),
            "proposed_by": row.proposed_by,
        })))
        .await
    }
}

fn given_mut(command: &mut Command) -> Option<&mut Map<String, Value>> {
    match command {
        Command::Add { given, .. } | Command::Change { given, .. } | Command::Correct { given, .. } => Some(given),
        Command::End { .. } => None,
    }
}

fn body_of(entry: &ToWrite, change: Change, today: chrono::NaiveDate) -> Body {
    let touched: Option<&Record> = proposal::touched(&entry.command, &entry.before, today);
    let was = touched.map_or_else(Values::new, |record| record.values.clone());
    let values = match change {
        Change::Change { values, .. } | Change::Correct { values, .. } => values,
        // What ends stays what it was.
        Change::End { .. } => was.clone(),
    };
    Body {
        command: entry.command.clone(),
        reason: entry.reason.clone(),
        days: touched.map(|record| (record.valid_from, record.valid_to)),
        was,
        values,
    }
}

fn new_row(op: &Op, official: &Official, entry: &ToWrite, body: Body, follows: Option<Uuid>) -> Row {
    Row {
        id: new_id(op),
        register: entry.definition.record.clone(),
        record: entry.target.map(|(record, _)| record),
        kind: proposal::word(&entry.command).to_owned(),
        seen: entry.version(),
        agency: official.agency,
        agency_name: official.agency_name.clone(),
        proposed_by: official.person,
        proposed_name: official.name.clone(),
        proposed_at: op.now(),
        follows,
        state: ProposalState::Waiting,
        decided_name: String::new(),
        decided_at: None,
        note: String::new(),
        written: None,
        body,
    }
}
