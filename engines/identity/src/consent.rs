//! Whoever is concerned by a request to act for somebody: they are told of it, agree or object, and the official who decides knows (R032, R033, R037).
//!
//! Legal representatives of an organisation are asked before somebody else acts for it or becomes its legal representative; a child that can have an account of
//! its own, and whoever acts for it already, before somebody begins to act for the child.
//!
//! An official is not faster than they are: until each of them has answered, or was told three working days ago, nobody is approved. Where somebody cannot be
//! asked here, or objects, two officials see the paper.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use kernel::{AccountId, PersonId, Result, local_date};
use op::{Decision, Entry, Event, NewJob, Op, Permit};
use serde_json::json;
use uuid::Uuid;

use crate::agencies::today;
use crate::model::{Awaited, Concerned, Former, RegistrationDetail, RegistrationKind, RegistrationState};
use crate::registration::has_years;
use crate::{Identity, access, error, jobs, store};

/// From this age a child has an account of its own (Nghị định 69/2024/NĐ-CP, Điều 7) and hears of who acts for it.
const HEARS_FROM: i32 = 14;
/// Of so many who ask for somebody an account is told within a day; of the others later. Until then they are not approved.
const TOLD_A_DAY: i64 = 5;
/// When it is tried again to tell somebody who was told of too much.
const LATER: TimeDelta = TimeDelta::hours(6);
/// Whoever has given somebody a code, or has done something to their account, does not count for so long what is said there.
const FOUR_EYES: TimeDelta = TimeDelta::days(7);

/// What an official says when approving.
#[derive(Clone, Debug, Default)]
pub struct Approval {
    /// The paper that was seen.
    pub paper: String,
    /// The number of the receipt, for an account.
    pub check: String,
    /// For each legal representative whom the organisation has: whether that ends.
    pub former: BTreeMap<Uuid, Former>,
    /// The paper shows the will of the organisation though nobody who represents it has agreed here, or suffices though somebody objects.
    pub seen: bool,
}

impl Identity {
    /// The registration with whom it concerns and what they say.
    pub(crate) async fn with_concerned(&self, op: &mut Op, mut row: RegistrationDetail) -> Result<RegistrationDetail> {
        let (Some(known), Some(asker)) = (row.known, row.asked_by) else {
            return Ok(row);
        };
        let day = today(op);
        let mut concerned = store::representation::decisive(op.conn(), &self.vault, known, day).await?;
        if row.kind == RegistrationKind::Child
            && let Some(child) = store::person::get(op.conn(), &self.vault, known).await?
            && child
                .birth_date
                .or(row.birth_date)
                .is_some_and(|born| has_years(born, HEARS_FROM, day))
        {
            let account = store::representation::own_account(op.conn(), known).await?;
            if account.is_some() {
                concerned.push(Concerned {
                    representation: None,
                    person: known,
                    account,
                    name: child.full_name,
                    since: None,
                    told_at: None,
                    agrees: None,
                    said_at: None,
                });
            }
        }
        concerned.retain(|one| one.account != Some(asker));
        for voice in store::voice::of_registration(op.conn(), row.id).await? {
            if let Some(one) = concerned.iter_mut().find(|one| one.person == voice.person()) {
                (one.told_at, one.agrees, one.said_at) = (Some(voice.told_at), voice.agrees, voice.said_at);
            }
        }
        row.concerned = concerned;
        if row.state == RegistrationState::Waiting {
            row.takes_two = takes_two(&row);
            row.awaited = self.awaited(&row, day);
            // Whoever has seen the paper before somebody objected has not seen it against the objection.
            let objections = row.concerned.iter().filter(|one| one.agrees == Some(false));
            if objections.filter_map(|one| one.said_at).max() > row.seen_at {
                (row.seen_by, row.seen_by_name, row.seen_at) = (None, None, None);
                row.seen_paper.clear();
            }
        }
        Ok(row)
    }

    /// For whose answers a request waits on the day. One of the people of an organisation waits for nobody as soon as a legal representative has agreed.
    fn awaited(&self, row: &RegistrationDetail, day: NaiveDate) -> Option<Awaited> {
        if row.kind == RegistrationKind::Member && is_agreed(row) {
            return None;
        }
        let silent = row
            .concerned
            .iter()
            .filter(|one| one.account.is_some() && one.agrees.is_none());
        // Whoever was not told yet is told today at the earliest.
        let last = silent.map(|one| self.answer_until(one.told_at.map_or(day, local_date)));
        let open: Vec<NaiveDate> = last.filter(|last| day <= *last).collect();
        let until = open.iter().max().copied()?;
        Some(Awaited {
            people: open.len(),
            until,
        })
    }

    /// The last day on which nobody decides without the answer of somebody who was told on the day.
    pub(crate) fn answer_until(&self, told: NaiveDate) -> NaiveDate {
        let calendar = self.config.calendar.calendar();
        calendar.add_working_days(told, i64::from(self.config.concerned_days))
    }

    /// Whoever has given one of those whom it concerns a code that opens their account, or has suspended it, decides nothing with what is said there, or not
    /// said; nor does whoever has struck one of them out these days. Fails with `identity.concerned_code`, `identity.concerned_ended`.
    pub(crate) async fn check_hands(&self, op: &mut Op, row: &RegistrationDetail) -> Result<()> {
        let by = op.actor().account().ok_or_else(error::not_allowed)?;
        let since = op.now() - FOUR_EYES;
        let mut refused = None;
        if let Some(known) = row.known {
            let struck = store::representation::struck_out(op.conn(), known, by, since).await?;
            refused = struck.map(|name| error::concerned_ended(&name));
        }
        for one in &row.concerned {
            let Some(account) = one.account.filter(|_| refused.is_none()) else {
                continue;
            };
            let touched = store::counter_code::used_of(op.conn(), account, by, since).await?
                || store::desk::touched(op.conn(), account, by, since).await?;
            if touched {
                refused = Some(error::concerned_code(&one.name));
            }
        }
        if let Some(fault) = refused {
            let subject = format!("registration:{}", row.id);
            op.allow("identity.decide_registration", &subject, Decision::Deny(fault))
                .await?;
        }
        Ok(())
    }

    /// Has those told who were not: whoever began to represent the represented, or got an account, after it was asked.
    pub(crate) async fn tell_untold(&self, op: &mut Op, row: &RegistrationDetail) -> Result<()> {
        let untold = |one: &Concerned| one.account.is_some() && one.told_at.is_none();
        if row.state == RegistrationState::Waiting && row.concerned.iter().any(untold) {
            op.enqueue(telling(row.id).once(format!("{}:{}", jobs::TELL_CONCERNED, row.id)))
                .await?;
        }
        Ok(())
    }

    /// Tells whom it concerns, each once. Done by the platform: whoever asks sees nothing of who acts for whom.
    pub(crate) async fn tell_concerned(&self, op: &mut Op, id: Uuid) -> Result<()> {
        let subject = format!("registration:{id}");
        let decision = access::tell_concerned(op.actor());
        let permit = op.allow("identity.tell_concerned", &subject, decision).await?;
        let Some(row) = store::registration::get(op.conn(), &self.vault, id).await? else {
            return Ok(());
        };
        if row.state != RegistrationState::Waiting {
            return Ok(());
        }
        let row = self.with_concerned(op, row).await?;
        let (Some(represented), Some(asked_by)) = (row.known, row.asked_by) else {
            return Ok(());
        };
        let asker = store::account::person_of(op.conn(), asked_by).await?;
        let asker = asker.ok_or_else(error::account_not_found)?;
        let title = self.name_of(op, represented).await?;
        let (now, mut later) = (op.now(), false);
        let untold = row.concerned.iter().filter(|one| one.told_at.is_none());
        let mut accounts: Vec<AccountId> = untold.filter_map(|one| one.account).collect();
        accounts.sort_unstable();
        for account in accounts {
            store::voice::lock_told(op.conn(), account).await?;
            let asked = store::voice::Asked {
                registration: id,
                account,
                represented,
                asker,
            };
            // Whoever asks again and again is shown on the page, and told of once a day.
            let day_ago = now - TimeDelta::days(1);
            let lately = store::voice::told_since(op.conn(), asked, day_ago).await?;
            // Nobody is flooded until they read no more.
            if !lately && store::voice::told_of(op.conn(), account, day_ago).await? >= TOLD_A_DAY {
                later = true;
                continue;
            }
            if store::voice::insert(op.conn(), &permit, asked, now).await? && !lately {
                let until = self.answer_until(local_date(now));
                let told = json!({
                    "account": account, "name": row.asker_name, "title": title, "kind": row.kind, "to": until,
                });
                op.emit(Event::new("identity.standing_asked", &subject, told));
            }
        }
        if later {
            op.enqueue(telling(id).at(now + LATER)).await?;
        }
        Ok(())
    }

    /// Agrees that somebody acts for the actor, or beside them, or objects; the official who decides sees it. It can be said otherwise until then: of whoever
    /// answers and whoever decides at one moment one waits for the other. Fails with `identity.registration_not_found` (nobody has asked the actor),
    /// `identity.registration_decided`.
    pub async fn say_to_standing(&self, op: &mut Op, registration: Uuid, agrees: bool) -> Result<()> {
        let account = op.actor().account().ok_or_else(error::sign_in_again)?;
        let subject = format!("registration:{registration}");
        self.check_stands(op).await?;
        store::registration::lock_voices(op.conn(), registration).await?;
        let waiting = store::voice::waiting(op.conn(), registration, account).await?;
        let decision = access::say_to_standing(waiting.is_some());
        let permit = op.allow("identity.say_to_standing", &subject, decision).await?;
        let now = op.now();
        let waits =
            |(state, until): &(String, DateTime<Utc>)| state == RegistrationState::Waiting.as_str() && now < *until;
        if !waiting.as_ref().is_some_and(waits) {
            return Err(error::registration_decided());
        }
        if !store::voice::say(op.conn(), &permit, registration, account, agrees, now).await? {
            return Err(error::registration_not_found());
        }
        op.record(Entry::new("identity.standing_answered", subject).detail(json!({ "agrees": agrees })))
            .await
    }

    /// Ends what the official has said to end, and tells whom it concerns that somebody acts from now on.
    pub(crate) async fn settle_concerned(
        &self,
        op: &mut Op,
        permit: &Permit,
        row: &RegistrationDetail,
        approval: &Approval,
    ) -> Result<()> {
        let represented = match row.known {
            Some(known) => self.name_of(op, known).await?,
            None => row.full_name.clone(),
        };
        let (by, now) = (op.actor().account().ok_or_else(error::not_allowed)?, op.now());
        for one in &row.concerned {
            let ends = one.representation.filter(|id| {
                row.kind == RegistrationKind::Organisation && approval.former.get(id) == Some(&Former::Ends)
            });
            if let Some(id) = ends {
                let subject = format!("representation:{id}");
                if store::representation::end(op.conn(), permit, id, by, now).await? {
                    let facts = json!({ "representation": id, "representative": one.person, "registration": row.id });
                    op.record(Entry::new("identity.representation_ended", &subject).detail(facts))
                        .await?;
                }
            }
            let event = match (ends, one.representation) {
                (Some(_), _) => "identity.representation_replaced",
                (None, Some(_)) => "identity.standing_begun",
                (None, None) => "identity.acted_for",
            };
            if let Some(account) = one.account {
                self.tell_begun(op, row, account, event, &represented);
            }
        }
        // Whoever represents the organisation or the child from now on is asked about what waits.
        if matches!(row.kind, RegistrationKind::Organisation | RegistrationKind::Child) {
            for waiting in store::registration::waiting_for(op.conn(), &self.vault, row).await? {
                op.enqueue(telling(waiting)).await?;
            }
        }
        Ok(())
    }

    fn tell_begun(
        &self,
        op: &mut Op,
        row: &RegistrationDetail,
        account: AccountId,
        event: &'static str,
        represented: &str,
    ) {
        let told = json!({ "account": account, "name": row.asker_name, "title": represented, "kind": row.kind });
        op.emit(Event::new(event, format!("registration:{}", row.id), told));
    }

    async fn name_of(&self, op: &mut Op, person: PersonId) -> Result<String> {
        let found = store::person::get(op.conn(), &self.vault, person).await?;
        Ok(found.ok_or_else(error::person_not_found)?.full_name)
    }
}

/// The job that tells those whom a request concerns.
fn telling(registration: Uuid) -> NewJob {
    NewJob::new(jobs::TELL_CONCERNED, json!({ "registration": registration }))
}

fn is_agreed(row: &RegistrationDetail) -> bool {
    row.concerned.iter().any(|one| one.agrees == Some(true))
}

/// Whether one official is not enough: somebody whom it concerns cannot be asked here, or objects, and so the paper alone speaks.
fn takes_two(row: &RegistrationDetail) -> bool {
    let paper_alone = row
        .concerned
        .iter()
        .any(|one| one.account.is_none() || one.agrees == Some(false));
    paper_alone && !(row.kind == RegistrationKind::Member && is_agreed(row))
}

/// Whether the official may approve, with what those whom it concerns have said.
///
/// Nobody acts for an organisation as one of its people without the consent of a legal representative, or a paper of the organisation that the official has seen; and
/// not at all while a legal representative objects. Whether a former legal representative goes is said for each of them. Nobody is approved before those whom it
/// concerns have answered, or had the time to.
pub(crate) fn judge(row: &RegistrationDetail, approval: &Approval) -> Result<()> {
    let objector = row.concerned.iter().find(|one| one.agrees == Some(false));
    match (row.kind, objector) {
        (RegistrationKind::Citizen | RegistrationKind::Foreigner, _) => return Ok(()),
        (RegistrationKind::Member, Some(one)) => return Err(error::member_objected(&one.name)),
        (_, Some(one)) if !approval.seen => return Err(error::standing_objected(&one.name)),
        _ => {}
    }
    if row.kind == RegistrationKind::Member && !is_agreed(row) && !approval.seen {
        return Err(error::consent_needed());
    }
    if row.kind == RegistrationKind::Organisation {
        for one in &row.concerned {
            if let Some(id) = one.representation.filter(|id| !approval.former.contains_key(id)) {
                return Err(error::former_needed(id, &one.name));
            }
        }
    }
    match row.awaited {
        Some(awaited) => Err(error::concerned_waiting(awaited)),
        None => Ok(()),
    }
}
