//! How one dossier goes: each call is one thing that somebody does, some working minutes after the one before.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use dossiers::model::SupplementKind;
use kernel::{Result, local_date};
use schema::feel::Scope;

use super::Stage;
use super::answers::Filled;
use super::cast::Someone;
use super::dice::Dice;
use super::facts::facts;
use super::words::{Missing, Reason};
use crate::apps::App;
use crate::scenarios::{Act, Ask, Submit, Supply, What};

/// What happens at a moment.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Happening {
    /// Somebody does something with the case.
    Done(Box<What>),
    /// The platform looks for late dossiers.
    LateSought,
}

/// What happens to a dossier, in order.
pub(super) type Told = Vec<(DateTime<Utc>, Happening)>;

/// The officials of a case, each by their number.
#[derive(Debug, Clone, Default)]
pub(super) struct Crew {
    pub(super) clerk: String,
    pub(super) specialist: String,
    pub(super) leader: String,
    /// Who confirms the place of a shop.
    pub(super) ward: String,
}

/// The pause before something is done, in working minutes from and to.
pub(super) type Pause = (i64, i64);

/// A dossier being told.
pub(super) struct Tale<'a> {
    pub(super) stage: &'a Stage<'a>,
    pub(super) dice: Dice,
    pub(super) app: &'a App,
    pub(super) who: &'a Someone,
    pub(super) crew: Crew,
    pub(super) online: bool,
    filled: Filled,
    now: DateTime<Utc>,
    due: Option<DateTime<Utc>>,
    waiting: Option<DateTime<Utc>>,
    events: Told,
}

impl<'a> Tale<'a> {
    pub(super) fn new(
        stage: &'a Stage<'a>,
        dice: Dice,
        app: &'a App,
        who: &'a Someone,
        crew: Crew,
        filled: Filled,
    ) -> Self {
        Self {
            stage,
            dice,
            app,
            who,
            crew,
            online: true,
            filled,
            now: stage.moments.until,
            due: None,
            waiting: None,
            events: Vec::new(),
        }
    }

    /// Everything told, in order; what would come after the end of the past has not happened yet.
    pub(super) fn end(self) -> Told {
        let until = self.stage.moments.until;
        self.events.into_iter().take_while(|(at, _)| *at <= until).collect()
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.now
    }

    pub(super) fn has_paper(&self, paper: &str) -> bool {
        self.filled.papers.contains_key(paper)
    }

    /// Working minutes until it is due.
    pub(super) fn left(&self) -> i64 {
        let calendar = &self.stage.moments.calendar;
        self.due
            .map_or(480, |due| calendar.working_minutes_between(self.now, due))
    }

    fn happens(&mut self, what: What) {
        self.events.push((self.now, Happening::Done(Box::new(what))));
    }

    fn pause(&mut self, pause: Pause) {
        self.now = self.stage.moments.office(&mut self.dice, self.now, pause);
    }

    fn act(&mut self, by: &str, task: &str, outcome: &str, act: Act) {
        self.happens(What::Act(Act {
            by: by.to_owned(),
            task: task.to_owned(),
            outcome: outcome.to_owned(),
            ..act
        }));
    }

    fn noted(note: &str) -> Act {
        Act {
            note: note.to_owned(),
            ..Act::default()
        }
    }

    /// The applicant online, or the clerk for somebody at the counter. `missing` is what is not there yet.
    pub(super) fn hand_in(&mut self, at: DateTime<Utc>, missing: Option<&str>) {
        self.now = at;
        let mut answers = self.filled.answers.clone();
        if let Some(missing) = missing.filter(|field| *field == "registered_year") {
            answers.remove(missing);
        }
        let fields: Vec<&str> = match self.app.form() {
            Ok(form) => form.fields().map(|field| field.field.as_str()).collect(),
            Err(_) => Vec::new(),
        };
        answers.retain(|field, _| fields.contains(&field.as_str()));
        let by = if self.online {
            self.who.key()
        } else {
            self.crew.clerk.clone()
        };
        let submit = Submit {
            by,
            answers,
            papers: self.filled.papers.clone(),
        };
        self.happens(if self.online {
            What::Submit(submit)
        } else {
            What::TakeIn(submit)
        });
    }

    pub(super) fn accept(&mut self, pause: Pause) -> Result<()> {
        self.pause(pause);
        let clerk = self.crew.clerk.clone();
        self.act(&clerk, "receive", "accept", Act::default());
        let length = self.app.procedure()?.deadline(&Scope::new(self.now))?;
        let due = self
            .stage
            .moments
            .calendar
            .due(self.now, length, &self.app.procedure()?.intake);
        self.due = Some(due.at);
        Ok(())
    }

    /// The clerk takes the money.
    pub(super) fn pay(&mut self, pause: Pause, fee: &str) {
        self.pause(pause);
        self.happens(What::Pay {
            by: self.crew.clerk.clone(),
            fee: fee.to_owned(),
            receipt: None,
        });
        self.wake();
    }

    /// The clock of the case stands from now.
    pub(super) fn wait(&mut self) {
        self.waiting = Some(self.now);
    }

    fn wake(&mut self) {
        let calendar = &self.stage.moments.calendar;
        if let (Some(since), Some(due)) = (self.waiting.take(), self.due) {
            let waited = calendar.working_minutes_between(since, self.now).max(0);
            self.due = Some(calendar.add_working_minutes(due, waited));
        }
    }

    /// An official asks for what is missing.
    pub(super) fn ask(&mut self, pause: Pause, task: &str, missing: &Missing) {
        self.pause(pause);
        let (kind, key) = match (&missing.paper, &missing.answer) {
            (Some(paper), _) => (SupplementKind::Paper, paper),
            (None, Some(answer)) => (SupplementKind::Answer, answer),
            (None, None) => return,
        };
        let by = if task == "receive" {
            self.crew.clerk.clone()
        } else {
            self.crew.specialist.clone()
        };
        let act = Act {
            unfit: missing.paper.iter().cloned().collect(),
            ask: vec![Ask {
                kind,
                key: key.clone(),
                what: missing.what.clone(),
            }],
            ..Act::default()
        };
        self.act(&by, task, "supplement", act);
        self.wait();
    }

    /// The applicant brings it, online or to the clerk.
    pub(super) fn supply(&mut self, at: DateTime<Utc>, missing: &Missing) {
        self.now = at.max(self.now + TimeDelta::minutes(3));
        let by = if self.online {
            self.who.key()
        } else {
            self.now = self.stage.moments.office(&mut self.dice, self.now, (1, 30));
            self.crew.clerk.clone()
        };
        let answer = missing.answer.iter().filter_map(|field| {
            let value = self.filled.answers.get(field)?;
            Some((field.clone(), value.clone()))
        });
        self.happens(What::Supply(Supply {
            by,
            answers: answer.collect(),
            papers: missing.paper.iter().map(|paper| (paper.clone(), 1)).collect(),
            note: missing.note.clone(),
        }));
        self.wake();
    }

    /// The specialist takes the step.
    pub(super) fn claim(&mut self, pause: Pause, task: &str) {
        self.pause(pause);
        self.happens(What::Claim {
            by: self.crew.specialist.clone(),
            task: task.to_owned(),
        });
    }

    /// The commune says whether the shop can be where it is meant to be.
    pub(super) fn confirm(&mut self, pause: Pause) {
        self.pause(pause);
        let ward = self.crew.ward.clone();
        self.act(&ward, "confirm_place", "confirmed", Act::default());
    }

    pub(super) fn propose(&mut self, pause: Pause, task: &str, note: &str) {
        self.pause(pause);
        let specialist = self.crew.specialist.clone();
        let day = local_date(self.now);
        let facts = facts(&self.app.key, &self.filled, self.who, &mut self.dice, day);
        let act = Act {
            facts,
            ..Self::noted(note)
        };
        self.act(&specialist, task, "propose", act);
    }

    pub(super) fn propose_refusal(&mut self, pause: Pause) {
        self.pause(pause);
        let specialist = self.crew.specialist.clone();
        let note = self.stage.words(self.app).propose_refusal.clone();
        self.act(&specialist, "check", "propose_refusal", Self::noted(&note));
    }

    pub(super) fn approve(&mut self, pause: Pause) {
        self.pause(pause);
        let leader = self.crew.leader.clone();
        self.act(&leader, "approve", "approve", Act::default());
    }

    pub(super) fn send_back(&mut self, pause: Pause) {
        self.pause(pause);
        let leader = self.crew.leader.clone();
        let note = self.stage.words(self.app).send_back.clone();
        self.act(&leader, "approve", "send_back", Self::noted(&note));
    }

    /// The leader refuses, or the clerk does at the door.
    pub(super) fn refuse(&mut self, pause: Pause, task: &str, why: &Reason) {
        self.pause(pause);
        let by = if task == "receive" {
            self.crew.clerk.clone()
        } else {
            self.crew.leader.clone()
        };
        let act = Act {
            note: why.note.clone(),
            refusal_reasons: vec![why.reason.clone()],
            ..Act::default()
        };
        self.act(&by, task, "refuse", act);
    }

    pub(super) fn hand_over(&mut self, pause: Pause) {
        self.pause(pause);
        let copies = self.filled.answers.get("copies").and_then(serde_json::Value::as_i64);
        if copies.is_some_and(|copies| copies > 0) {
            self.happens(What::Pay {
                by: self.crew.clerk.clone(),
                fee: "copy".to_owned(),
                receipt: None,
            });
        }
        let clerk = self.crew.clerk.clone();
        self.act(&clerk, "hand_over", "handed_over", Act::default());
    }

    pub(super) fn rate(&mut self) {
        let score = ["5", "4", "3", "2"][self.dice.weighted(&[62, 26, 9, 3])];
        self.rate_with(score);
    }

    pub(super) fn rate_with(&mut self, score: &str) {
        self.now += TimeDelta::minutes(self.dice.between(20, 2000));
        let comments: &BTreeMap<_, Vec<String>> = &self.stage.file.ratings;
        let comment = comments.get(score).map(|list| self.dice.pick(list).clone());
        self.happens(What::Rate {
            by: self.who.key(),
            score: score.parse().unwrap_or(5),
            comment: comment.unwrap_or_default(),
        });
    }

    pub(super) fn withdraw(&mut self, pause: Pause) {
        self.pause(pause);
        let reasons = self.stage.words(self.app).withdrawal.as_slice();
        let reason = self.dice.pick(reasons).clone();
        self.happens(What::Withdraw {
            by: self.who.key(),
            reason,
        });
    }

    /// The due passes, and the platform finds it.
    pub(super) fn becomes_late(&mut self) {
        if let Some(due) = self.due {
            self.now = self.stage.moments.found_late(due);
            self.events.push((self.now, Happening::LateSought));
        }
    }

    /// The leader apologises the next morning and names a day so many working days later.
    pub(super) fn apologise(&mut self, days: i64) {
        self.pause((10, 90));
        let new_day = self.stage.moments.calendar.add_working_days(local_date(self.now), days);
        let reason = self.dice.pick(&self.stage.file.apologies).clone();
        self.happens(What::Apologise {
            by: self.crew.leader.clone(),
            reason,
            new_day,
        });
        self.due = Some(self.stage.moments.calendar.closing(new_day));
    }
}
