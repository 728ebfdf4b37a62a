//! The operation and where it comes from.

use std::{collections::VecDeque, sync::Arc};

use chrono::{DateTime, SubsecRound, Utc};
use kernel::{Actor, Clock, Fault, PersonId, Result};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sqlx::{PgConnection, PgPool, Postgres, Transaction, pool::PoolConnection};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    Decision, Entry, Event, NewJob, Permit, Policy, Reactions, Rights, audit,
    store::{self, EntryRow, EventRow},
    wall::{self, Holds},
};

/// Reactions that raise events that raise reactions … end here.
const MOST_EVENTS: usize = 1_000;

/// Opens operations. One a program; clones are cheap.
#[derive(Clone)]
pub struct Ops {
    pool: PgPool,
    reading: PgPool,
    clock: Arc<dyn Clock>,
    reactions: Arc<Reactions>,
    policy: Arc<Policy>,
    bell: Arc<Notify>,
}

impl Ops {
    /// Operations on this database, with this clock and these listeners, under these rights.
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>, reactions: Reactions, policy: Arc<Policy>) -> Self {
        Self {
            reading: db::reading(&pool),
            pool,
            clock,
            reactions: Arc::new(reactions),
            policy,
            bell: Arc::new(Notify::new()),
        }
    }

    /// Begins an operation of this actor, at this moment.
    pub async fn open(&self, actor: Actor) -> Result<Op> {
        self.open_for(actor, Uuid::now_v7()).await
    }

    /// Begins an operation that belongs to a numbered request.
    pub async fn open_for(&self, actor: Actor, request: Uuid) -> Result<Op> {
        let transaction = store::begin(
            &self.pool,
            wall::statements(self.policy.rights_of(&actor), Holds::Transaction),
        )
        .await?;
        Ok(self.op(Line::Transaction(transaction), actor, request))
    }

    /// Begins an operation that only looks at things. Each of its statements sees what is there at that moment; there is no
    /// transaction, and the database takes no change from it. What must be in the audit trail when it is read needs
    /// [`Self::open_for`].
    pub async fn look_for(&self, actor: Actor, request: Uuid) -> Result<Op> {
        let mut connection = self.reading.acquire().await.map_err(db::fault)?;
        store::build(
            &mut connection,
            wall::statements(self.policy.rights_of(&actor), Holds::Connection),
        )
        .await?;
        Ok(self.op(Line::Reading(connection), actor, request))
    }

    fn op(&self, line: Line, actor: Actor, request: Uuid) -> Op {
        Op {
            line,
            actor,
            now: self.now(),
            request,
            shown_at: None,
            pending: VecDeque::new(),
            raised: 0,
            events: Vec::new(),
            entries: Vec::new(),
            jobs: false,
            refused: false,
            ops: self.clone(),
        }
    }

    /// The moment, in UTC, to the microsecond that the database keeps.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }

    /// The declared rights.
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// The connections.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Tells the workers of this program that there may be something to do.
    pub fn wake(&self) {
        self.bell.notify_waiters();
    }

    pub(crate) fn bell(&self) -> &Notify {
        &self.bell
    }
}

/// How an operation speaks to the database.
enum Line {
    Transaction(Transaction<'static, Postgres>),
    Reading(PoolConnection<Postgres>),
}

impl Line {
    fn conn(&mut self) -> &mut PgConnection {
        match self {
            Self::Transaction(transaction) => transaction,
            Self::Reading(connection) => connection,
        }
    }
}

/// One operation: one actor, one moment, and one transaction unless it only looks. Dropping it undoes everything.
pub struct Op {
    line: Line,
    actor: Actor,
    now: DateTime<Utc>,
    request: Uuid,
    shown_at: Option<DateTime<Utc>>,
    pending: VecDeque<Event>,
    raised: usize,
    /// What goes into the outbox and into the audit trail, written in one statement at the commit.
    events: Vec<EventRow>,
    entries: Vec<EntryRow>,
    jobs: bool,
    /// Something was refused: what was done before is undone, and nothing may be committed.
    refused: bool,
    ops: Ops,
}

impl Op {
    pub(crate) fn bounds(&self) -> Option<Arc<dyn crate::Bounds>> {
        self.ops.reactions.bounds()
    }

    pub(crate) fn uniters(&self) -> crate::uniters::Uniters {
        self.ops.reactions.uniters()
    }

    /// The connection, for stores.
    pub fn conn(&mut self) -> &mut PgConnection {
        self.line.conn()
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// What whoever acts may do.
    pub fn rights(&self) -> Rights<'_> {
        self.ops.policy.rights_of(&self.actor)
    }

    /// When: the same moment throughout the operation.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Number of the request that this operation belongs to.
    pub fn request(&self) -> Uuid {
        self.request
    }

    /// The operation comes from a session, in which its owner has last shown at this moment who they are.
    #[must_use]
    pub fn shown(mut self, at: Option<DateTime<Utc>>) -> Self {
        self.shown_at = at;
        self
    }

    /// When whoever acts has last shown who they are; `None` where the operation comes from no session but from the program itself.
    pub fn shown_at(&self) -> Option<DateTime<Utc>> {
        self.shown_at
    }

    /// Asks whether the actor may do this: the declared rights must name the action for one of the actor's roles, and the decision must
    /// let it through. A refusal undoes this operation at once and goes to the audit trail by itself, on the
    /// same connection: with one of its own, as many refusals at a time as there are connections would wait for each other.
    pub async fn allow(&mut self, action: &'static str, subject: &str, decision: Decision) -> Result<Permit> {
        let fault = match decision {
            Decision::Allow | Decision::Follows if !self.ops.policy.knows(action) => {
                Fault::internal("op.action_unknown").with("action", action)
            }
            Decision::Follows => return Ok(Permit::new(action)),
            Decision::Allow if self.rights().may(action) => return Ok(Permit::new(action)),
            Decision::Allow => Fault::forbidden("op.no_right"),
            Decision::Deny(fault) => fault,
        };
        let entry =
            Entry::new("op.refused", subject).detail(serde_json::json!({ "action": action, "code": fault.code }));
        let row = self.entry_row(entry);
        tracing::info!(action, subject, actor = %row.actor, code = fault.code, "refused");
        self.refused = true;
        let wall = wall::statements(self.rights(), Holds::Transaction);
        let written = match &mut self.line {
            Line::Transaction(transaction) => store::insert_entry_alone(transaction, &row, wall).await,
            // Whoever writes never waits for a connection that reads.
            Line::Reading(_) => store::insert_entry_apart(&self.ops.pool, &row).await,
        };
        if let Err(error) = written {
            tracing::error!(action, subject, %error, "a refusal could not be written to the audit trail");
        }
        Err(fault)
    }

    /// Looks beyond the second wall from here to the end of this operation, for an action that is allowed although what it looks at is
    /// not in the actor's reach: whoever has the code of a paper may check it.
    pub async fn beyond_the_wall(&mut self, _: &Permit) -> Result<()> {
        match &mut self.line {
            Line::Transaction(transaction) => store::leave_role(transaction, true).await,
            Line::Reading(connection) => store::leave_role(connection, false).await,
        }
    }

    /// Raises an event: it goes into the outbox, and listeners act before the commit.
    pub fn emit(&mut self, event: Event) {
        self.pending.push_back(event);
    }

    /// Writes an audit entry in this transaction, with its commit.
    pub async fn record(&mut self, entry: Entry) -> Result<()> {
        let row = self.entry_row(entry);
        self.entries.push(row);
        Ok(())
    }

    /// Writes a job in this transaction.
    pub async fn enqueue(&mut self, job: NewJob) -> Result<()> {
        self.jobs = true;
        store::insert_job(self.line.conn(), &job, self.now).await
    }

    /// The outcome remembered under this key, if the same request was carried out before. A second request with the same key
    /// waits here until the first one is committed or undone.
    pub async fn replay<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>> {
        match store::outcome(self.line.conn(), key).await? {
            None => Ok(None),
            Some(value) => serde_json::from_value(value)
                .map(Some)
                .map_err(|error| Fault::conflict("op.key_in_use").with("key", key).caused_by(error)),
        }
    }

    /// What was done to this database under this key, and stays done (the digest of a table that was loaded). A second process
    /// that asks for the same key waits here until the first one has committed.
    pub async fn mark(&mut self, key: &str) -> Result<Option<String>> {
        store::mark(self.line.conn(), key).await
    }

    /// Writes what was done under a key, in place of what was done before.
    pub async fn set_mark(&mut self, key: &str, value: &str) -> Result<()> {
        store::set_mark(self.line.conn(), key, value, self.now).await
    }

    /// Keeps the outcome of this request under its key, for thirty days.
    pub async fn remember<T: Serialize>(&mut self, key: &str, outcome: &T) -> Result<()> {
        let value = serde_json::to_value(outcome).map_err(|error| Fault::internal("op.key_in_use").caused_by(error))?;
        store::insert_outcome(self.line.conn(), key, &value, self.now).await
    }

    /// Takes a key for this request and keeps its outcome under it from the beginning; `Some` is what an earlier request with the
    /// key kept, and then nothing may be done. One statement in place of the three of [`Op::replay`]
    /// and [`Op::remember`], where the outcome is known before the work. A second request with the same key waits here until the first one is committed or undone.
    pub async fn claim<T: Serialize + DeserializeOwned>(&mut self, key: &str, outcome: &T) -> Result<Option<T>> {
        let value = serde_json::to_value(outcome).map_err(|error| Fault::internal("op.key_in_use").caused_by(error))?;
        match store::claim_outcome(self.line.conn(), key, &value, self.now).await? {
            None => Ok(None),
            Some(before) => serde_json::from_value(before)
                .map(Some)
                .map_err(|error| Fault::conflict("op.key_in_use").with("key", key).caused_by(error)),
        }
    }

    /// Lets listeners act on the events raised so far, and on those that they raise.
    pub async fn settle(&mut self) -> Result<()> {
        while let Some(event) = self.pending.pop_front() {
            self.raised += 1;
            if self.raised > MOST_EVENTS {
                return Err(Fault::internal("op.reactions_without_end").with("event", event.kind));
            }
            self.events.push(EventRow::new(&event));
            for reaction in self.ops.reactions.of(event.kind) {
                reaction(self, &event).await?;
            }
        }
        Ok(())
    }

    /// Makes everything last. When this returns `Ok`, it survives the end of the program and of the machine. Fails with `op.undone`
    /// where something was refused in this operation.
    pub async fn commit(mut self) -> Result<()> {
        if self.refused {
            return Err(Fault::internal("op.undone"));
        }
        self.settle().await?;
        if !self.events.is_empty() || !self.entries.is_empty() {
            let actor = self.actor.key();
            store::insert_traces(
                self.line.conn(),
                &actor,
                self.request,
                self.now,
                &self.events,
                &self.entries,
            )
            .await?;
        }
        let Self { line, jobs, ops, .. } = self;
        if let Line::Transaction(transaction) = line {
            transaction.commit().await.map_err(db::fault)?;
        }
        if jobs {
            ops.wake();
        }
        Ok(())
    }

    /// People are told who has looked at their data, from which position: that is kept as it was then.
    fn told_by(&self, person: Option<PersonId>, mut detail: Value) -> Value {
        if let (Some(_), Some(official)) = (person, self.actor.official()) {
            if !detail.is_object() {
                detail = serde_json::json!({});
            }
            detail["by"] = serde_json::json!({
                "name": official.name, "position": official.position_title, "agency": official.agency_name,
            });
            if let Some(holder) = &official.stands_for {
                detail["by"]["stands_for"] = serde_json::json!(holder.name);
            }
        }
        detail
    }

    /// Whoever acts from the position of another is written down with the one who holds it, and whoever acts for a business, a child or
    /// somebody who has given a power of attorney with that one.
    fn acting_for(&self, mut detail: Value) -> Value {
        if let Some(acting) = self.actor.acts_for() {
            if !detail.is_object() {
                detail = serde_json::json!({});
            }
            detail["acts_for"] = serde_json::json!(acting.person);
            detail["representation"] = serde_json::json!(acting.representation);
        }
        if let Some(holder) = self.actor.official().and_then(|official| official.stands_for.as_ref()) {
            if !detail.is_object() {
                detail = serde_json::json!({});
            }
            detail["stands_for"] = serde_json::json!(holder.person);
        }
        // What is done under a right for an emergency bears its mark (quyền khẩn cấp).
        if let Some(role) = self.rights().emergency() {
            if !detail.is_object() {
                detail = serde_json::json!({});
            }
            detail["emergency"] = serde_json::json!(role);
        }
        detail
    }

    fn entry_row(&self, entry: Entry) -> EntryRow {
        let mut row = EntryRow {
            at: self.now,
            actor: self.actor.key(),
            action: entry.action.to_string(),
            subject: entry.subject,
            purpose: entry.purpose,
            request: self.request,
            person: entry.person.map(PersonId::uuid),
            detail: self.acting_for(self.told_by(entry.person, entry.detail)).to_string(),
            digest: Vec::new(),
        };
        row.digest = audit::digest(&row.content()).to_vec();
        row
    }
}
