//! Breaches (vi phạm quy định về bảo vệ dữ liệu cá nhân): opened, notified to the authority within the hours of the law, told to the people
//! concerned, closed.

use chrono::{DateTime, TimeDelta, Utc};
use db::{Page, PageRequest};
use kernel::{PersonalNumber, Result, local_date};
use notify::Message;
use op::{Entry, Event, Op, Permit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ask::written;
use crate::model::{Line, moment_words, words};
use crate::store::incident::IncidentLine;
use crate::{Privacy, access, error, store};

/// People who are told in one step.
pub const MOST_PEOPLE: usize = 500;
/// Longest title, in characters.
const LONGEST_TITLE: usize = 200;

words! {
    /// How far a breach is.
    IncidentState {
        /// The clock runs.
        Open = "open",
        /// The authority has its notice.
        Notified = "notified",
        /// Everything is done.
        Closed = "closed",
    }
}

/// What is known of a breach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// In a few words.
    pub title: String,
    /// What happened, how, where.
    pub what: String,
    /// Which data.
    pub data: String,
    /// Whose.
    pub whose: String,
    /// How many people.
    pub affected: u32,
    /// What was and will be done.
    pub measures: String,
}

/// A breach.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Incident {
    /// The breach.
    pub id: Uuid,
    /// What people quote.
    pub number: i64,
    /// What is known.
    pub facts: Facts,
    /// How far it is.
    pub state: IncidentState,
    /// By which law the clock runs.
    pub article: String,
    /// When it was noticed: the clock runs from here.
    pub noticed_at: DateTime<Utc>,
    /// Until when the authority is to be notified.
    pub notify_by: DateTime<Utc>,
    /// When it was written down.
    pub opened_at: DateTime<Utc>,
    /// When the authority was notified.
    pub notified_at: Option<DateTime<Utc>>,
    /// How and to whom.
    pub notified_how: Option<String>,
    /// Why that was late.
    pub late_reason: Option<String>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// How many numbers officials have handed in to be told.
    pub told: i64,
}

/// What a step of telling people says of itself: how many numbers it took, and nothing about them. Whether a number is known here, and whether its
/// owner has an account, is learned by nobody who types numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToldPeople {
    /// How many different numbers were handed in.
    pub numbers: u32,
}

impl Privacy {
    /// Writes a breach down; the law of the day of noticing says until when the authority is notified. The same once more gives the one
    /// that is open.
    ///
    /// # Errors
    /// `privacy.not_allowed`; `privacy.required`, `privacy.too_long` at the fields, `privacy.noticed_later` at `noticed_at`.
    pub async fn open_incident(&self, op: &mut Op, facts: Facts, noticed_at: DateTime<Utc>) -> Result<Uuid> {
        let permit = op
            .allow(
                "privacy.open_incident",
                "incident:new",
                access::desk(op.rights(), "privacy.open_incident"),
            )
            .await?;
        let facts = checked(facts)?;
        let now = op.now();
        if noticed_at > now {
            return Err(error::noticed_later());
        }
        let law = self
            .parts
            .declaration
            .law_on(local_date(noticed_at))
            .ok_or_else(error::no_law)?;
        let after = |hours: u32| noticed_at + TimeDelta::hours(i64::from(hours));
        let warn_at: Vec<DateTime<Utc>> = law.breach_warn.iter().map(|hours| after(*hours)).collect();
        store::incident::hold_opening(op.conn()).await?;
        if let Some(known) = store::incident::same(op.conn(), &facts, noticed_at).await? {
            return Ok(known);
        }
        let incident = Incident {
            id: Uuid::now_v7(),
            number: 0,
            facts,
            state: IncidentState::Open,
            article: law.breach_article.clone(),
            noticed_at,
            notify_by: after(law.breach_hours),
            opened_at: now,
            notified_at: None,
            notified_how: None,
            late_reason: None,
            closed_at: None,
            told: 0,
        };
        let warn_at: Vec<_> = warn_at.into_iter().chain([incident.notify_by]).collect();
        store::incident::insert(op.conn(), &permit, &incident, &warn_at).await?;
        self.note(op, &permit, &incident, "opened", json!({ "due": incident.notify_by }))
            .await?;
        let facts = json!({ "due": incident.notify_by });
        op.emit(Event::new("privacy.incident_opened", subject(incident.id), facts));
        Ok(incident.id)
    }

    /// Writes what is known now; what was known before stays in the history.
    ///
    /// # Errors
    /// As [`Privacy::open_incident`]; `privacy.incident_not_found`, `privacy.wrong_state` once it is closed.
    pub async fn change_incident(&self, op: &mut Op, id: Uuid, facts: Facts) -> Result<()> {
        let (permit, before) = self.held(op, id, "privacy.change_incident").await?;
        let facts = checked(facts)?;
        if before.state == IncidentState::Closed {
            return Err(error::wrong_state());
        }
        if before.facts == facts {
            return Ok(());
        }
        let detail = json!({ "before": before.facts });
        let incident = Incident { facts, ..before };
        store::incident::update(op.conn(), &permit, &incident).await?;
        self.note(op, &permit, &incident, "changed", detail).await
    }

    /// Writes down that the authority was notified, how and to whom. After the hours of the law a reason is needed.
    ///
    /// # Errors
    /// As [`Privacy::change_incident`]; `privacy.required` at `how`, and at `late_reason` where the time has passed.
    pub async fn notify_authority(&self, op: &mut Op, id: Uuid, how: &str, late_reason: &str) -> Result<()> {
        let (permit, before) = self.held(op, id, "privacy.notify_authority").await?;
        if before.state != IncidentState::Open {
            return Err(error::wrong_state());
        }
        let now = op.now();
        let how = written("how", how, true)?;
        let reason = written("late_reason", late_reason, now > before.notify_by)?;
        let incident = Incident {
            state: IncidentState::Notified,
            notified_at: Some(now),
            notified_how: Some(how),
            late_reason: Some(reason).filter(|reason| !reason.is_empty()),
            ..before
        };
        store::incident::update(op.conn(), &permit, &incident).await?;
        let late = now > incident.notify_by;
        self.note(op, &permit, &incident, "notified", json!({ "late": late }))
            .await
    }

    /// Tells the people with these personal numbers that their data was concerned: each once, by a message in their box; who has no account is
    /// counted, and told by post or telephone.
    ///
    /// # Errors
    /// As [`Privacy::change_incident`]; `privacy.people` {most} at `people` where there are none or too many.
    pub async fn tell_people(&self, op: &mut Op, id: Uuid, numbers: &[PersonalNumber]) -> Result<ToldPeople> {
        let (permit, incident) = self.held(op, id, "privacy.tell_people").await?;
        if incident.state == IncidentState::Closed {
            return Err(error::wrong_state());
        }
        if numbers.is_empty() || numbers.len() > MOST_PEOPLE {
            return Err(error::people(MOST_PEOPLE));
        }
        let found = self.parts.identity.accounts_by_numbers(op, numbers).await?;
        let mut all: Vec<&PersonalNumber> = numbers.iter().collect();
        all.sort_by_key(|number| number.as_str());
        all.dedup_by_key(|number| number.as_str());
        let told = ToldPeople {
            numbers: u32::try_from(all.len()).unwrap_or(u32::MAX),
        };
        let now = op.now();
        for (person, account) in found {
            if !store::incident::tell(op.conn(), &permit, id, person, account.is_some(), now).await? {
                continue;
            }
            let Some(account) = account else {
                continue;
            };
            let message = Message::new(account, "privacy_breach", "/tai-khoan/du-lieu")
                .with("data", &incident.facts.data)
                .with("measures", &incident.facts.measures)
                .once(subject(id));
            self.parts.notify.send(op, message).await?;
        }
        self.note(op, &permit, &incident, "people_told", json!(told)).await?;
        Ok(told)
    }

    /// Closes a breach of which the authority was notified. A second time nothing happens.
    ///
    /// # Errors
    /// As [`Privacy::change_incident`].
    pub async fn close_incident(&self, op: &mut Op, id: Uuid) -> Result<()> {
        let (permit, before) = self.held(op, id, "privacy.close_incident").await?;
        match before.state {
            IncidentState::Closed => return Ok(()),
            IncidentState::Open => return Err(error::wrong_state()),
            IncidentState::Notified => {}
        }
        let incident = Incident {
            state: IncidentState::Closed,
            closed_at: Some(op.now()),
            ..before
        };
        store::incident::update(op.conn(), &permit, &incident).await?;
        self.note(op, &permit, &incident, "closed", json!({})).await
    }

    /// All breaches, the latest first.
    pub async fn incidents(&self, op: &mut Op, page: &PageRequest) -> Result<Page<Incident>> {
        op.allow(
            "privacy.incidents",
            "incident:list",
            access::desk(op.rights(), "privacy.incidents"),
        )
        .await?;
        let after: Option<(DateTime<Utc>, Uuid)> = page.after.as_deref().map(db::cursor::decode).transpose()?;
        let rows = store::incident::list(op.conn(), after, page.probe()).await?;
        Ok(Page::cut(rows, page, |row| (row.opened_at, row.id)))
    }

    /// One breach with its history.
    pub async fn incident(&self, op: &mut Op, id: Uuid) -> Result<(Incident, Vec<Line>)> {
        op.allow(
            "privacy.incident",
            &subject(id),
            access::desk(op.rights(), "privacy.incident"),
        )
        .await?;
        let incident = store::incident::get(op.conn(), id).await?;
        let incident = incident.ok_or_else(error::incident_not_found)?;
        let lines = store::incident::lines(op.conn(), id).await?;
        Ok((incident, lines))
    }

    /// Reminds officials of breaches whose clock runs: at the hours that are declared, and when the time has passed. Each once.
    pub(crate) async fn warn_of_incidents(&self, op: &mut Op) -> Result<()> {
        let permit = op
            .allow(
                "privacy.warn_of_incidents",
                "incident:late",
                access::by_rule(op.actor()),
            )
            .await?;
        let now = op.now();
        for (incident, due, step) in store::incident::to_warn(op.conn(), now).await? {
            store::incident::warned(op.conn(), &permit, incident.id, step).await?;
            let late = due >= incident.notify_by;
            self.note(op, &permit, &incident, "warned", json!({ "late": late }))
                .await?;
            let kind = if late {
                "privacy_breach_late"
            } else {
                "privacy_breach_runs"
            };
            let officials = self
                .parts
                .identity
                .officials_who_may(op, "privacy.notify_authority", 50)
                .await?;
            for official in officials {
                let Some(account) = official.account else { continue };
                let message = Message::new(account, kind, format!("/can-bo/su-co-du-lieu/{}", incident.id))
                    .with("number", incident.number)
                    .with("due", moment_words(incident.notify_by))
                    .once(format!("{}:{step}", subject(incident.id)));
                self.parts.notify.send(op, message).await?;
            }
        }
        Ok(())
    }

    async fn held(&self, op: &mut Op, id: Uuid, action: &'static str) -> Result<(Permit, Incident)> {
        let permit = op
            .allow(action, &subject(id), access::desk(op.rights(), action))
            .await?;
        let incident = store::incident::lock(op.conn(), id).await?;
        Ok((permit, incident.ok_or_else(error::incident_not_found)?))
    }

    /// The line of history and the audit entry.
    async fn note(
        &self,
        op: &mut Op,
        permit: &Permit,
        incident: &Incident,
        action: &'static str,
        detail: Value,
    ) -> Result<()> {
        let line = IncidentLine {
            incident: incident.id,
            at: op.now(),
            action,
            actor_name: op
                .actor()
                .official()
                .map(|one| format!("{}, {}", one.name, one.position_title)),
            detail: &detail,
        };
        store::incident::note(op.conn(), permit, &line).await?;
        let entry = match action {
            "opened" => "privacy.incident_opened",
            "changed" => "privacy.incident_changed",
            "notified" => "privacy.authority_notified",
            "people_told" => "privacy.people_told",
            "closed" => "privacy.incident_closed",
            _ => "privacy.incident_warned",
        };
        // What a breach was about stands in its history; the trail holds no words that people typed.
        let detail = if action == "changed" { Value::Null } else { detail };
        op.record(Entry::new(entry, subject(incident.id)).detail(detail)).await
    }
}

/// The subject of events and audit entries.
fn subject(id: Uuid) -> String {
    format!("incident:{id}")
}

fn checked(facts: Facts) -> Result<Facts> {
    let title = kernel::text::clean_line(&facts.title);
    if title.chars().count() > LONGEST_TITLE {
        return Err(error::too_long("title", LONGEST_TITLE));
    }
    Ok(Facts {
        title: written("title", &title, true)?,
        what: written("what", &facts.what, true)?,
        data: written("data", &facts.data, true)?,
        whose: written("whose", &facts.whose, true)?,
        affected: facts.affected,
        measures: written("measures", &facts.measures, false)?,
    })
}
