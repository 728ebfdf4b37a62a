//! Playing a scenario and telling the first thing that is otherwise than written.

use std::collections::{BTreeMap, BTreeSet};

use db::PageRequest;
use dossiers::{InboxBox, InboxFilter};
use kernel::{Actor, DossierId, FakeClock, Fault, Result, from_local, local};
use op::Jobs;

use super::{Expect, Player, Scenario, Step, What};
use crate::apps::App;

/// Plays a scenario of a system. The clock is that of the player's operations; it is set to the beginning and moved on by `wait`.
///
/// Fails with `compose.scenario_differs` {scenario, place, reason} at the first step that went otherwise than written.
pub async fn run(player: &Player, clock: &FakeClock, jobs: &Jobs, app: &App, scenario: &Scenario) -> Result<DossierId> {
    clock.set(from_local(scenario.begins));
    let steps = &scenario.steps;
    let played = run_part(player, clock, jobs, app, scenario, steps, None).await?;
    played.ok_or_else(|| Fault::conflict("compose.scenario_differs").with("reason", "nothing was handed in"))
}

/// Plays some of the steps, with the people as they are now, about the case of the steps before. Gives the case. Fails as [`run`] does.
pub async fn run_part(
    player: &Player,
    clock: &FakeClock,
    jobs: &Jobs,
    app: &App,
    scenario: &Scenario,
    steps: &[Step],
    dossier: Option<DossierId>,
) -> Result<Option<DossierId>> {
    let mut people = BTreeMap::new();
    for (name, sign_in) in &scenario.people {
        people.insert(
            name.clone(),
            player
                .actor_with(&crate::province::demo_number(sign_in)?, sign_in)
                .await?,
        );
    }
    let mut play = Play {
        player,
        clock,
        jobs,
        app,
        people,
        dossier,
    };
    for step in steps {
        let differs = |reason: String| {
            Fault::conflict("compose.scenario_differs")
                .with("scenario", format!("{}/{}", app.key, scenario.name))
                .with("place", &step.place)
                .with("reason", reason)
        };
        match (play.step(step).await, &step.fails) {
            (Ok(()), None) => {}
            (Err(fault), Some(code)) if fault.code == code => {}
            (Ok(()), Some(code)) => return Err(differs(format!("went well, {code} was written"))),
            (Err(fault), _) => {
                let fields: Vec<String> = fault
                    .fields
                    .iter()
                    .map(|at| format!("{}: {}", at.field, at.code))
                    .collect();
                return Err(differs(format!("{fault} {:?} {fields:?}", fault.params)));
            }
        }
    }
    Ok(play.dossier)
}

struct Play<'a> {
    player: &'a Player,
    clock: &'a FakeClock,
    jobs: &'a Jobs,
    app: &'a App,
    people: BTreeMap<String, Actor>,
    dossier: Option<DossierId>,
}

impl Play<'_> {
    fn who(&self, name: &str) -> Result<&Actor> {
        self.people
            .get(name)
            .ok_or_else(|| Fault::not_found("compose.person_unknown").with("name", name))
    }

    fn dossier(&self) -> Result<DossierId> {
        self.dossier
            .ok_or_else(|| Fault::conflict("compose.scenario_differs").with("reason", "nothing was handed in"))
    }

    async fn step(&mut self, step: &Step) -> Result<()> {
        match &step.what {
            What::Wait(until) => {
                self.clock.set(from_local(*until));
                op::drain(&self.player.ops, self.jobs).await?;
            }
            What::Expect(expect) => self.expect(expect).await?,
            deed => {
                let actor = self.who(deed.by().unwrap_or_default())?;
                let mut op = self.player.ops.open(actor.clone()).await?;
                self.dossier = Some(self.player.step(&mut op, self.app, self.dossier, deed).await?);
                op.commit().await?;
            }
        }
        Ok(())
    }

    async fn expect(&self, expect: &Expect) -> Result<()> {
        let id = self.dossier()?;
        let owner = self
            .people
            .values()
            .find(|actor| !actor.is_official())
            .or_else(|| self.people.values().next())
            .ok_or_else(|| Fault::not_found("compose.person_unknown").with("name", ""))?;
        let mut op = self.player.ops.open(owner.clone()).await?;
        let view = self.player.engines.dossiers.view(&mut op, id).await?;
        op.commit().await?;
        if let Some(status) = expect.status {
            same("status", &status, &view.status.number())?;
        }
        if let Some(plain) = &expect.plain {
            let word = serde_json::to_value(view.plain).unwrap_or_default();
            same("plain", plain, &word.as_str().unwrap_or_default().to_owned())?;
        }
        if let Some(due) = expect.due {
            same("due", &Some(due), &view.due_at.map(|at| local(at).naive_local()))?;
        }
        if let Some(late) = expect.late {
            same("late", &late, &view.late)?;
        }
        if let Some(documents) = &expect.documents {
            let kinds: BTreeSet<String> = view
                .documents
                .iter()
                .map(|document| document.kind.word().to_owned())
                .collect();
            same("documents", documents, &kinds)?;
        }
        for (name, steps) in &expect.inbox {
            let mut op = self.player.ops.open(self.who(name)?.clone()).await?;
            let filter = InboxFilter {
                list: InboxBox::All,
                ..InboxFilter::default()
            };
            let page = PageRequest::new(None, Some(PageRequest::MOST));
            let rows = self.player.engines.dossiers.inbox(&mut op, &filter, &page).await?;
            let role_steps = rows
                .items
                .into_iter()
                .filter(|row| row.dossier == id)
                .map(|row| row.node);
            same(&format!("inbox of {name}"), steps, &role_steps.collect())?;
        }
        for (name, kinds) in &expect.notices {
            let actor = self.who(name)?;
            let account = actor
                .account()
                .ok_or_else(|| Fault::forbidden("compose.person_unknown"))?;
            let mut op = self.player.ops.open(actor.clone()).await?;
            let page = PageRequest::new(None, Some(PageRequest::MOST));
            let messages = self.player.engines.notify.box_page(&mut op, account, page).await?;
            let found: BTreeSet<String> = messages.items.into_iter().map(|message| message.kind).collect();
            if !kinds.is_subset(&found) {
                same(&format!("notices of {name}"), kinds, &found)?;
            }
        }
        Ok(())
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, written: &T, found: &T) -> Result<()> {
    if written == found {
        return Ok(());
    }
    Err(Fault::conflict("compose.expectation")
        .with("what", what)
        .with("written", format!("{written:?}"))
        .with("found", format!("{found:?}")))
}
