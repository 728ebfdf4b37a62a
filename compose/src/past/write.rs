//! Playing the plan, each step once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use db::PageRequest;
use identity::{Identity, NewAccount};
use kernel::{AccountId, Actor, Clock, DossierId, FakeClock, Fault, Result, code::PersonalNumber};
use notify::Which;
use op::{Op, Ops};
use workflow::CalendarSource;

use super::plan::{Desk, Event, Plan, plan};
use super::tale::Happening;
use super::{Extent, Stage};
use crate::Engines;
use crate::apps::App;
use crate::scenarios::{Player, What};

const UNTIL: &str = "demo.past.until";
const ACCOUNTS: &str = "demo.past.accounts";
const WRITTEN: &str = "demo.past.written";
const DONE: &str = "done";

/// Whether the past was begun and is not all there.
pub(crate) async fn is_half_written(op: &mut Op) -> Result<bool> {
    Ok(op.mark(UNTIL).await?.is_some() && op.mark(WRITTEN).await?.is_none())
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// Whether everything is there now; false when it was told to stop.
    pub whole: bool,
    /// Cases that were left to somebody of today, or that the engines turned away: which, and why.
    pub left: Vec<String>,
}

/// Writes the past of a demonstration.
pub struct Past<'a> {
    player: Player,
    clock: Arc<FakeClock>,
    apps: &'a [App],
    extent: Extent,
}

/// Told after each step: how many are done, and how many there are. Gives whether to go on.
pub type Watch<'a> = &'a (dyn Fn(usize, usize) -> bool + Send + Sync);

impl<'a> Past<'a> {
    /// On the database of these operations, with a clock of its own. The engines must have no post: nobody gets an e-mail about
    /// what is over.
    pub fn new(ops: &Ops, engines: Engines, apps: &'a [App], extent: Extent) -> Self {
        let clock = Arc::new(FakeClock::at(ops.now()));
        let ops = Ops::new(
            ops.pool().clone(),
            clock.clone() as Arc<dyn Clock>,
            engines.reactions(),
            ops.policy().clone(),
        );
        Self {
            player: Player { ops, engines },
            clock,
            apps,
            extent,
        }
    }

    /// Writes what is not written yet; the past ends at the moment of the first call. To be called by one program at a time.
    pub async fn write(&self, now: DateTime<Utc>, watch: Watch<'_>) -> Result<Written> {
        if self.is_written().await? {
            return Ok(Written {
                whole: true,
                left: Vec::new(),
            });
        }
        let until = self.ends(now).await?;
        let calendar = self.player.engines.calendar.calendar();
        let stage = Stage::new(self.apps, calendar, until, self.extent.within_days)?;
        let plan = plan(&stage, self.extent.dossiers)?;
        self.open_accounts(&stage, &plan).await?;
        let mut written = Written::default();
        let (mut done, all) = (0, plan.events());
        let mut actors = BTreeMap::new();
        for desk in &plan.desks {
            let mut cases = Cases::default();
            for event in &desk.events {
                self.happen(desk, event, &mut cases, &mut actors).await?;
                done += 1;
                if !watch(done, all) {
                    written.left.append(&mut cases.left);
                    return Ok(written);
                }
            }
            written.left.append(&mut cases.left);
        }
        self.read_messages(&stage).await?;
        self.clock.set(until);
        let mut op = self.player.ops.open(Actor::System("compose")).await?;
        op.set_mark(WRITTEN, DONE).await?;
        op.commit().await?;
        written.whole = true;
        Ok(written)
    }

    /// Whether everything is there, or can be no more: after a reorganisation nobody of the past would find their agency.
    async fn is_written(&self) -> Result<bool> {
        let mut op = self.player.ops.open(Actor::System("compose")).await?;
        Ok(op.mark(WRITTEN).await?.is_some() || self.player.engines.identity.is_reorganised(&mut op).await?)
    }

    /// When the past ends: kept, so that whoever goes on makes the same plan.
    async fn ends(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
        let mut op = self.player.ops.open(Actor::System("compose")).await?;
        if let Some(before) = op.mark(UNTIL).await? {
            return before.parse().map_err(|error| {
                Fault::internal("compose.table_broken")
                    .with("reason", UNTIL)
                    .caused_by(error)
            });
        }
        op.set_mark(UNTIL, &now.to_rfc3339()).await?;
        op.commit().await?;
        Ok(now)
    }

    /// Officials, and citizens who hand in online, have accounts. Nobody can sign in with those of invented people.
    async fn open_accounts(&self, stage: &Stage<'_>, plan: &Plan) -> Result<()> {
        let first = stage.moments.first_day().pred_opt().unwrap_or_default();
        self.clock.set(stage.moments.calendar.opening(first));
        let mut op = self.player.ops.open(Actor::System("province")).await?;
        if op.mark(ACCOUNTS).await?.is_some() {
            return Ok(());
        }
        op.set_mark(ACCOUNTS, DONE).await?;
        let named: BTreeSet<String> = stage.cast.sign_ins().map(|(_, one)| one.key()).collect();
        let officials = stage.cast.officials().map(super::cast::Someone::key);
        let people: BTreeSet<String> = officials.chain(plan.people().into_iter().map(str::to_owned)).collect();
        for number in people.difference(&named) {
            open_account(&self.player.engines.identity, &mut op, number).await?;
        }
        op.commit().await
    }

    async fn happen(
        &self,
        desk: &Desk,
        event: &Event,
        cases: &mut Cases,
        actors: &mut BTreeMap<String, Actor>,
    ) -> Result<()> {
        if cases.gone.contains(&event.case) {
            return Ok(());
        }
        self.clock.set(event.at);
        let key = format!("demo.past.{}.{}.{}", desk.office, event.case, event.step);
        let played = match &event.happening {
            Happening::LateSought => self.seek_late(&key).await,
            Happening::Done(what) => self.play(desk, event, what, &key, cases, actors).await,
        };
        match played {
            Ok(()) => Ok(()),
            // Without a database there is nothing to go on with.
            Err(fault) if fault.kind.status() == 503 => Err(fault),
            Err(fault) => {
                cases.gone.insert(event.case);
                cases
                    .left
                    .push(format!("{key}: {fault} {:?} {:?}", fault.params, fault.fields));
                Ok(())
            }
        }
    }

    async fn seek_late(&self, key: &str) -> Result<()> {
        let mut op = self.player.ops.open(Actor::System("worker")).await?;
        if op.mark(key).await?.is_none() {
            op.set_mark(key, DONE).await?;
            self.player.engines.dossiers.find_late(&mut op).await?;
            op.commit().await?;
        }
        Ok(())
    }

    async fn play(
        &self,
        desk: &Desk,
        event: &Event,
        what: &What,
        key: &str,
        cases: &mut Cases,
        actors: &mut BTreeMap<String, Actor>,
    ) -> Result<()> {
        let by = what.by().unwrap_or_default();
        let actor = match actors.get(by) {
            Some(actor) => actor.clone(),
            None => {
                let number: PersonalNumber = by.parse()?;
                let actor = self.player.actor_with(&number, by).await?;
                actors.insert(by.to_owned(), actor.clone());
                actor
            }
        };
        let app = self.apps.iter().find(|app| app.key == desk.cases[event.case]);
        let app = app.ok_or_else(|| Fault::internal("compose.table_broken").with("reason", &desk.office))?;
        let mut op = self.player.ops.open(actor).await?;
        if let Some(before) = op.mark(key).await? {
            cases.dossiers.insert(event.case, before.parse()?);
            return Ok(());
        }
        let case = cases.dossiers.get(&event.case).copied();
        let dossier = self.player.step(&mut op, app, case, what).await?;
        op.set_mark(key, &dossier.to_string()).await?;
        op.commit().await?;
        cases.dossiers.insert(event.case, dossier);
        Ok(())
    }

    /// The people with names have read what is older than a day.
    async fn read_messages(&self, stage: &Stage<'_>) -> Result<()> {
        let new = stage.moments.calendar.opening(stage.moments.last_day);
        for (name, one) in stage.cast.sign_ins() {
            let actor = self.player.actor_with(&one.number, name).await?;
            let Some(account) = actor.account() else { continue };
            for (message, at) in self.unread(&actor, account, new).await? {
                self.clock.set(at);
                let mut op = self.player.ops.open(actor.clone()).await?;
                self.player.engines.notify.mark_read(&mut op, account, message).await?;
                op.commit().await?;
            }
        }
        Ok(())
    }

    /// Messages from before a moment that nobody has read, and when they would have been.
    async fn unread(
        &self,
        actor: &Actor,
        account: AccountId,
        before: DateTime<Utc>,
    ) -> Result<Vec<(Which, DateTime<Utc>)>> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let mut op = self.player.ops.open(actor.clone()).await?;
            let request = PageRequest::new(after, Some(PageRequest::MOST));
            let page = self.player.engines.notify.box_page(&mut op, account, request).await?;
            let old = page
                .items
                .iter()
                .filter(|message| message.read_at.is_none() && message.created_at < before);
            found.extend(old.map(|message| (Which::One(message.id), message.created_at + TimeDelta::hours(2))));
            after = page.next;
            if after.is_none() {
                return Ok(found);
            }
        }
    }
}

/// The cases of a desk while it is played.
#[derive(Default)]
struct Cases {
    dossiers: BTreeMap<usize, DossierId>,
    /// Those that nothing more is done with.
    gone: BTreeSet<usize>,
    left: Vec<String>,
}

async fn open_account(identity: &Identity, op: &mut Op, number: &str) -> Result<()> {
    let missing = || Fault::not_found("compose.person_unknown").with("name", number);
    let person = identity.person_by_number(op, &number.parse()?, "compose").await?;
    let person = person.ok_or_else(missing)?.id;
    if identity.account_of(op, person).await?.is_none() {
        let account = NewAccount {
            person,
            login: number.to_owned(),
            password: None,
        };
        let account = identity.create_account(op, &account).await?;
        identity
            .set_account_state(op, account, identity::AccountState::Active)
            .await?;
    }
    Ok(())
}
