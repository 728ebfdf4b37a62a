//! Acting for somebody else (đại diện, ủy quyền): who may, choosing it, a power of attorney given and taken back. Businesses and children
//! begin with a registration that an official approves: `registration`, `approve`.

use chrono::{NaiveDate, TimeDelta};
use db::{Page, PageRequest};
use kernel::{AccountId, Actor, ActsFor, PersonId, PersonalNumber, Result, SessionId, local_date, text};
use op::{Entry, Event, NewJob, Op};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::agencies::today;
use crate::model::{Question, Receipt, Representation, RepresentationKind, Represented};
use crate::sessions::Lent;
use crate::sign_in::Source;
use crate::store::representation::NewRepresentation;
use crate::throttle::{self, Limit};
use crate::{Identity, access, error, jobs, store};

/// No power of attorney lasts longer; then it is given anew. Without a term it would hold for a year (Bộ luật Dân sự 2015, Điều 563), so
/// here everybody names the last day.
const LONGEST: TimeDelta = TimeDelta::days(5 * 366);
/// Longest reason, in characters.
const LONGEST_REASON: usize = 500;
/// Most procedures that are named one by one.
const MOST_PROCEDURES: usize = 200;

/// A power of attorney to be given.
#[derive(Clone, Debug)]
pub struct NewAttorney {
    /// Personal number of whoever is to act, as typed.
    pub number: String,
    /// Their name, as typed: both must be those of one account.
    pub name: String,
    /// The codes of the procedures for which it holds; none: all.
    pub procedures: Vec<String>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day, included.
    pub to: NaiveDate,
    /// What for, in the giver's words.
    pub reason: String,
}

/// What a page about acting for others shows.
#[derive(Clone, Debug)]
pub struct Actings {
    /// For whom the actor acts, or has acted.
    pub received: Vec<Representation>,
    /// Who acts for the actor, or has acted.
    pub given: Vec<Representation>,
    /// What the actor has asked an authority for, with the name of whom it is about.
    pub asked: Vec<(Receipt, String)>,
    /// What others have asked for and the actor is asked about: to act for them, or beside them. The newest; the others by [`Identity::questions`].
    pub questions: Vec<Question>,
    /// Where the others begin, if there are more.
    pub more_questions: Option<String>,
    /// Of those who act for whom the actor acts, the ones to whom the actor has objected: the actor does not end these.
    pub objected_to: Vec<Uuid>,
}

/// Who hears of what was handed in under a representation.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Whether the representation counts today: then whoever has handed in hears of it too.
    pub stands: bool,
    /// The account of the represented, if they sign in themselves.
    pub owner: Option<AccountId>,
    /// The accounts of all who may act for the represented today in this procedure, and see whatever was handed in for them.
    pub house: Vec<AccountId>,
    /// The name of the represented.
    pub name: String,
}

impl From<Represented> for ActsFor {
    fn from(represented: Represented) -> Self {
        Self {
            representation: represented.representation,
            person: represented.person,
            name: represented.name,
            whole: represented.kind != RepresentationKind::Attorney,
            legal: represented.kind == RepresentationKind::Legal,
            procedures: represented.procedures,
        }
    }
}

impl Identity {
    /// Gives a power of attorney to somebody with an account. Commits, because a wrong name or number is counted as a guess. Fails
    /// with `identity.attorney_unfit` (no such account, or oneself), `identity.days_reversed`, `identity.attorney_days`,
    /// `identity.malformed` {procedures}, `identity.too_many_attempts`, `identity.step_up_needed`; and with `identity.not_allowed` while
    /// one acts for somebody else or from a position: what was given is not passed on.
    pub async fn give_attorney(&self, mut op: Op, new: &NewAttorney, source: Source<'_>) -> Result<Uuid> {
        let account = op.actor().account().ok_or_else(error::sign_in_again)?;
        let subject = format!("account:{account}");
        let decision = access::give_attorney(op.actor());
        let permit = op.allow("identity.give_attorney", &subject, decision).await?;
        self.check_step_up(&op)?;
        self.check_stands(&mut op).await?;
        let day = today(&op);
        let reason = check(new, day)?;
        // A wrong name or number is a guess at who has an account here.
        let secret: [u8; 32] = Sha256::digest(format!("attorney:{account}")).into();
        let (place, network, now) = (format!("account:{account}"), throttle::network(source.ip), op.now());
        store::attempt::lock(op.conn(), &secret).await?;
        let counts = store::attempt::count(op.conn(), &secret, &place, &network, now).await?;
        if counts.from_source >= self.config.guessing.per_source {
            return Err(error::too_many_attempts(Limit::Source));
        }
        let attempt = store::attempt::insert(op.conn(), &secret, &place, &network, true, now).await?;
        let found = match PersonalNumber::parse(&new.number) {
            Ok(number) => {
                let name = text::fold(&text::clean_line(&new.name));
                store::representation::attorney(op.conn(), &self.vault, &number, &name).await?
            }
            Err(_) => None,
        };
        let giver = op.actor().person().ok_or_else(error::not_allowed)?;
        let Some((person, told, name)) = found.filter(|(person, ..)| *person != giver) else {
            op.commit().await?;
            return Err(error::attorney_unfit());
        };
        store::attempt::mark_right(op.conn(), attempt).await?;
        // Pressed twice it is given once.
        if let Some(id) = store::representation::same(op.conn(), giver, person, new).await? {
            op.commit().await?;
            return Ok(id);
        }
        let row = NewRepresentation {
            id: Uuid::now_v7(),
            kind: RepresentationKind::Attorney,
            represented: giver,
            representative: person,
            procedures: &new.procedures,
            from: new.from,
            to: Some(new.to),
            reason: &reason,
            registration: None,
            by: account,
            at: op.now(),
        };
        store::representation::insert(op.conn(), &permit, &self.vault, &row).await?;
        let id = row.id;
        let facts = json!({
            "representation": id, "representative": person, "procedures": new.procedures, "from": new.from, "to": new.to,
        });
        op.record(Entry::new("identity.attorney_given", format!("representation:{id}")).detail(facts))
            .await?;
        let told = json!({ "account": told, "name": op.actor().name(), "from": new.from, "to": new.to });
        op.emit(Event::new(
            "identity.attorney_given",
            format!("representation:{id}"),
            told,
        ));
        // Also to the giver: whoever has got into the session of another does not give themself a power of attorney unseen.
        let told = json!({ "account": account, "name": name, "from": new.from, "to": new.to });
        let subject = format!("representation:{id}");
        op.emit(Event::new("identity.attorney_confirmed", subject, told));
        op.commit().await?;
        Ok(id)
    }

    /// Ends a representation: the represented takes it back, the representative gives it back, the legal representative ends what a person of
    /// the organisation may do, and a legal representative who came later, unless an official has approved that one against the objection of whoever ends;
    /// administrators end any. From the next request on nothing of it works. The
    /// other side is told, of an organisation those who represent it. Fails with `identity.representation_not_found`.
    pub async fn end_representation(&self, op: &mut Op, id: Uuid) -> Result<()> {
        let day = today(op);
        let found = store::representation::get(op.conn(), &self.vault, id, day).await?;
        let subject = format!("representation:{id}");
        let acting = op.actor().acts_for().map(|acting| acting.representation);
        let acting = match acting {
            Some(own) => store::representation::get(op.conn(), &self.vault, own, day).await?,
            None => None,
        };
        let mut senior =
            matches!((&acting, &found), (Some(own), Some(found)) if own.in_force && own.given_at < found.given_at);
        if let (true, Some(account), Some(found)) = (senior, op.actor().account(), &found) {
            // What two officials have decided against their word they do not undo alone.
            let objected = store::voice::objected_to(op.conn(), account, found.represented).await?;
            senior = !objected.contains(&id);
        }
        let decision = access::end_representation(op.rights(), found.as_ref(), senior);
        let permit = op.allow("identity.end_representation", &subject, decision).await?;
        let found = found.ok_or_else(error::representation_not_found)?;
        let by = op.actor().account().ok_or_else(error::not_allowed)?;
        let now = op.now();
        if !store::representation::end(op.conn(), &permit, id, by, now).await? {
            return Err(error::representation_not_found());
        }
        let facts = json!({
            "representation": id, "kind": found.kind, "represented": found.represented, "representative": found.representative,
        });
        op.record(Entry::new("identity.representation_ended", &subject).detail(facts))
            .await?;
        for (person, name) in [
            (found.representative, &found.represented_name),
            (found.represented, &found.representative_name),
        ] {
            let account = store::representation::own_account(op.conn(), person).await?;
            if let Some(account) = account.filter(|account| *account != by) {
                let told = json!({ "account": account, "name": name });
                op.emit(Event::new("identity.representation_ended", &subject, told));
            }
        }
        // Those who represent the represented may be out of sight of whoever ends it: the platform tells them.
        if matches!(
            found.kind,
            RepresentationKind::Legal | RepresentationKind::Member | RepresentationKind::Child
        ) {
            op.enqueue(NewJob::new(jobs::TELL_HOUSE, json!({ "representation": id })))
                .await?;
        }
        Ok(())
    }

    /// Tells whoever else represents the represented that a representation has ended.
    pub(crate) async fn tell_house(&self, op: &mut Op, id: Uuid) -> Result<()> {
        let subject = format!("representation:{id}");
        let decision = access::tell_concerned(op.actor());
        op.allow("identity.tell_concerned", &subject, decision).await?;
        let day = today(op);
        let Some(found) = store::representation::get(op.conn(), &self.vault, id, day).await? else {
            return Ok(());
        };
        let by = store::representation::ended_by(op.conn(), id).await?;
        let house = store::representation::decisive(op.conn(), &self.vault, found.represented, day).await?;
        let told = house.iter().filter(|one| one.person != found.representative);
        for account in told
            .filter_map(|one| one.account)
            .filter(|account| Some(*account) != by)
        {
            let told =
                json!({ "account": account, "name": found.representative_name, "title": found.represented_name });
            op.emit(Event::new("identity.house_left", &subject, told));
        }
        Ok(())
    }

    /// For whom the actor acts, who acts for them, and what they have asked for.
    pub async fn actings(&self, op: &mut Op) -> Result<Actings> {
        let (Some(person), Some(account)) = (op.actor().person(), op.actor().account()) else {
            return Err(error::sign_in_again());
        };
        // Whoever acts for an organisation sees who else does.
        let acting = op.actor().acts_for().map(|acting| acting.person);
        let day = today(op);
        let own = store::representation::of_person(op.conn(), &self.vault, person, day).await?;
        let (received, mut given): (Vec<_>, Vec<_>) = own.into_iter().partition(|one| one.representative == person);
        if let Some(represented) = acting.filter(|_| op.actor().acts_for().is_some_and(|acting| acting.whole)) {
            let theirs = store::representation::of_person(op.conn(), &self.vault, represented, day).await?;
            let others = theirs
                .into_iter()
                .filter(|one| one.represented == represented && one.representative != person);
            given = others.collect();
        }
        let asked = store::registration::of_account(op.conn(), &self.vault, account).await?;
        let now = op.now();
        let until = |told| self.answer_until(local_date(told));
        let questions = store::voice::questions(op.conn(), account, now, &PageRequest::first(), until).await?;
        let objected_to = match acting {
            Some(represented) => store::voice::objected_to(op.conn(), account, represented).await?,
            None => Vec::new(),
        };
        Ok(Actings {
            received,
            given,
            asked,
            questions: questions.items,
            more_questions: questions.next,
            objected_to,
        })
    }

    /// What others have asked for and the actor is asked about, the newest first.
    pub async fn questions(&self, op: &mut Op, page: &PageRequest) -> Result<Page<Question>> {
        let account = op.actor().account().ok_or_else(error::sign_in_again)?;
        let now = op.now();
        let until = |told| self.answer_until(local_date(told));
        store::voice::questions(op.conn(), account, now, page, until).await
    }

    /// Chooses for whom the session acts; `None`: for its owner. Gives the actor as it is from the next request on. Fails with
    /// `identity.representation_not_found` where it does not count today or is somebody else's.
    pub async fn act_for(&self, op: &mut Op, session: SessionId, representation: Option<Uuid>) -> Result<Actor> {
        let row = self.own_session(op, session).await?;
        let subject = format!("account:{}", row.account());
        if let Some(id) = representation {
            let day = today(op);
            if store::representation::in_force(op.conn(), &self.vault, id, row.person(), day)
                .await?
                .is_none()
            {
                return Err(error::representation_not_found());
            }
        }
        store::representation::choose(op.conn(), session.uuid(), representation).await?;
        let facts = json!({ "session": session, "representation": representation });
        op.record(Entry::new("identity.acting_chosen", subject).detail(facts))
            .await?;
        let row = store::session::living_by_id(op.conn(), session)
            .await?
            .ok_or_else(error::session_not_found)?;
        let now = op.now();
        self.present_actor(op.conn(), &row, Lent::Counts, now).await
    }

    /// Who is told of what was handed in under a representation, in this procedure; `None` where there is no such representation. For engines above.
    pub async fn heard(&self, op: &mut Op, representation: Uuid, procedure: &str) -> Result<Option<Heard>> {
        let day = today(op);
        let Some(found) = store::representation::get(op.conn(), &self.vault, representation, day).await? else {
            return Ok(None);
        };
        let house = store::representation::house(op.conn(), &self.vault, found.represented, procedure, day).await?;
        Ok(Some(Heard {
            stands: found.in_force,
            owner: store::representation::own_account(op.conn(), found.represented).await?,
            house,
            name: found.represented_name,
        }))
    }

    /// Whether a person acts for another today, by whatever representation: then they decide nothing about them. For engines above.
    pub async fn represents(&self, op: &mut Op, person: PersonId, other: PersonId) -> Result<bool> {
        let day = today(op);
        store::representation::represents(op.conn(), &self.vault, person, other, day).await
    }

    /// Whether a number is that of a person: their personal number, their passport, or one that was theirs before their two accounts were joined (R030).
    /// An organisation has none, whoever answers for it names theirs. Tells nothing but this, whoever asks. For engines above, about whom something is
    /// handed in for.
    pub async fn is_number_of(&self, op: &mut Op, person: PersonId, number: &str) -> Result<bool> {
        if store::representation::is_organisation(op.conn(), person).await? {
            return Ok(true);
        }
        store::merge::has_number(op.conn(), &self.vault, person, number).await
    }

    /// For whom a person acts or has acted, and who for them, the newest first. For engines above that tell the person what is kept about them: what was
    /// begun under a representation carries its number.
    pub async fn representations_of(&self, op: &mut Op, person: PersonId) -> Result<Vec<Representation>> {
        let day = today(op);
        store::representation::of_person(op.conn(), &self.vault, person, day).await
    }
}

/// The person, acting for whom the session says while that counts.
pub(crate) async fn acting(
    connection: &mut sqlx::PgConnection,
    vault: &vault::Vault,
    actor: Actor,
    represents: Option<Uuid>,
    day: NaiveDate,
) -> Result<Actor> {
    let (Some(id), Actor::Citizen(mut citizen)) = (represents, actor.clone()) else {
        return Ok(actor);
    };
    let found = store::representation::in_force(connection, vault, id, citizen.person, day).await?;
    citizen.acts_for = found.map(|found| Box::new(found.into()));
    Ok(Actor::Citizen(citizen))
}

/// The reason in one form.
fn check(new: &NewAttorney, day: NaiveDate) -> Result<String> {
    if new.name.trim().is_empty() {
        return Err(error::required("name"));
    }
    if new.number.trim().is_empty() {
        return Err(error::required("number"));
    }
    if new.to < new.from {
        return Err(error::attorney_reversed());
    }
    if new.from < day || new.to - new.from > LONGEST {
        return Err(error::attorney_days());
    }
    let is_code = |code: &String| {
        (1..=60).contains(&code.len())
            && code
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
    };
    if new.procedures.len() > MOST_PROCEDURES || !new.procedures.iter().all(is_code) {
        return Err(error::malformed("procedures"));
    }
    let reason = text::clean_line(&new.reason);
    if reason.chars().count() > LONGEST_REASON {
        return Err(error::malformed("reason"));
    }
    Ok(reason)
}
