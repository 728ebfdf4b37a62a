//! Two accounts of one person become one (gộp tài khoản, R030, R032): a foreigner got a personal number, a passport was renewed, a number was cancelled and
//! set anew. One official proposes with the paper in hand, another one confirms; everything follows in one transaction, and every old number still says
//! whom it means.

use chrono::{DateTime, TimeDelta, Utc};
use db::{Page, PageRequest};
use kernel::{AccountId, FaultKind, PersonId, Result, text};
use op::{Entry, Event, NewJob, Op, Permit, Union, United, Whom};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::agencies::today;
use crate::model::{AccountState, HeldPosition, MergeRow, MergeSide, MergeState};
use crate::sign_in::actor;
use crate::store::merge::{Decided, Said, SideRow};
use crate::throttle::Limit;
use crate::{Identity, access, desk, error, jobs, store};

/// How long a proposal waits: whoever is told of it has time to come.
const WAITS: TimeDelta = TimeDelta::days(14);
/// When what requests of that moment have still written under the old account is brought along too: none of them takes as long.
const AFTERWARDS: TimeDelta = TimeDelta::minutes(15);
/// Fewest and most characters of what is said about the paper.
const PAPER: std::ops::RangeInclusive<usize> = 3..=500;
const ACTION: &str = "identity.merge_accounts";
/// The owners are told of a proposal.
const PROPOSED: &str = "identity.merge_proposed";

/// A merge as it is proposed.
#[derive(Clone, Debug)]
pub struct NewMerge {
    /// Personal number or passport of whoever remains, as typed.
    pub number: String,
    /// The paper that was seen.
    pub paper: String,
    /// It was seen that name or birth date differ.
    pub differs: bool,
    /// Why they differ.
    pub why: String,
}

/// The two side by side, and what would follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MergePreview {
    /// Whose account closes.
    pub from: MergeSide,
    /// Who remains.
    pub into: MergeSide,
    /// Name or birth date are not the same.
    pub differs: bool,
    /// What would follow, by engine.
    pub counts: Vec<United>,
    /// What the two have said against earlier proposals, the latest first.
    pub objections: Vec<Objection>,
}

/// An owner did not agree to an earlier proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Objection {
    /// When.
    pub at: DateTime<Utc>,
    /// Why, in the owner's words.
    pub reason: String,
}

/// A proposal as one of the two may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnMerge {
    /// The proposal.
    pub id: Uuid,
    /// How the number of the other one ends.
    pub other: String,
    /// When it was proposed.
    pub proposed_at: DateTime<Utc>,
    /// From when a second official may confirm it.
    pub confirmable_from: DateTime<Utc>,
    /// Until when it waits for a second official.
    pub expires_at: DateTime<Utc>,
}

/// What is left to be brought along when all requests of that moment are over.
#[derive(Serialize, Deserialize)]
struct Stragglers {
    from: PersonId,
    from_account: AccountId,
    into: PersonId,
    /// Who has confirmed; what ends afterwards because the two are one is ended by them too.
    #[serde(default)]
    by: Option<AccountId>,
}

/// What may be done to two who may become one.
type Two = (Permit, SideRow, SideRow);

impl Identity {
    /// The account and whoever a number means, side by side, with what would follow. Commits: both see that it was looked at, also where the two cannot be
    /// joined, and a number that means nobody is counted as a guess. Fails with `identity.merge_number` (nobody, or more than one),
    /// `identity.too_many_attempts`, `identity.merge_same`, `identity.merge_official`, `identity.merge_organisation`, `identity.merged`,
    /// `identity.account_not_found`, `identity.account_suspended`, `identity.account_closed`, `identity.not_allowed`.
    pub async fn merge_preview(&self, mut op: Op, account: AccountId, number: &str) -> Result<MergePreview> {
        let found = match self.two(&mut op, account, number).await? {
            Ok((permit, from, into)) => self.preview(&mut op, &permit, &from, &into).await,
            Err(fault) => Err(fault),
        };
        match found {
            Err(fault) if fault.kind == FaultKind::Internal => Err(fault),
            told => op.commit().await.and(told),
        }
    }

    /// Proposes that the account be joined to whoever the number means. Both are told. Pressed twice it is proposed once. Commits, as
    /// [`Identity::merge_preview`] does.
    ///
    /// Fails as [`Identity::merge_preview`] does, with `identity.paper_needed`, `identity.merge_differs`, `identity.required` {why},
    /// `identity.merge_waiting`, `identity.step_up_needed`.
    pub async fn propose_merge(&self, mut op: Op, account: AccountId, new: &NewMerge) -> Result<Uuid> {
        self.may_merge(&mut op, &format!("account:{account}"), &[]).await?;
        self.check_step_up(&op)?;
        let done = match self.two(&mut op, account, &new.number).await? {
            Ok(two) => self.propose(&mut op, two, new).await,
            Err(fault) => Err(fault),
        };
        match done {
            Err(fault) if fault.kind == FaultKind::Internal => Err(fault),
            // Refused before anything was written but that the two were looked at.
            told => op.commit().await.and(told),
        }
    }

    async fn propose(&self, op: &mut Op, two: Two, new: &NewMerge) -> Result<Uuid> {
        let (permit, from, into) = two;
        let by = op.actor().account().ok_or_else(error::not_allowed)?;
        let paper = text::clean_line(&new.paper);
        if !PAPER.contains(&paper.chars().count()) {
            return Err(error::paper_needed());
        }
        let differs = differ(&from, &into);
        let said = Said {
            paper,
            why: self.why_differs(differs, new)?,
            reason: String::new(),
        };
        let now = op.now();
        let row = store::merge::NewMerge {
            id: Uuid::now_v7(),
            union: union(&from, &into),
            follows: into.account.is_none(),
            differs,
            said: &said,
            by,
            at: now,
            until: now + WAITS,
        };
        // What has run out and was not swept away yet does not stand in the way.
        Self::expire_merges(op, Some(from.person)).await?;
        if !store::merge::insert(op.conn(), &permit, &self.vault, &row).await? {
            let there = store::merge::waiting_for(op.conn(), &self.vault, from.person, now).await?;
            let same = |one: &&MergeRow| {
                one.proposed_by == by && one.from_person == from.person && one.into_person == into.person
            };
            return there
                .iter()
                .find(same)
                .map(|one| one.id)
                .ok_or_else(error::merge_waiting);
        }
        for side in [&from, &into] {
            let facts = json!({ "merge": row.id, "from": from.person, "into": into.person, "differs": differs });
            let entry = Entry::new("identity.merge_proposed", format!("merge:{}", row.id)).detail(facts);
            op.record(entry.about(Some(side.person))).await?;
        }
        self.tell_two(op, PROPOSED, row.id, [&from, &into], "");
        Ok(row.id)
    }

    /// Merges that wait for a second official, the oldest first; or those that were decided, the newest first. Whose names are shown sees it, so **the
    /// caller commits**.
    pub async fn merges(&self, op: &mut Op, decided: bool, page: &PageRequest) -> Result<Page<MergeRow>> {
        self.may_merge(op, "merge:list", &[]).await?;
        let found = store::merge::list(op.conn(), &self.vault, decided, page).await?;
        for row in &found.items {
            for person in [row.from_person, row.into_person] {
                let entry = Entry::new("identity.account_found", format!("merge:{}", row.id));
                op.record(entry.about(Some(person))).await?;
            }
        }
        Ok(found)
    }

    /// One merge, and while it waits the two side by side with what would follow; the refusal in their place where it cannot be done as things stand now. Both
    /// see it, so **the caller commits**. Fails with `identity.merge_not_found`, `identity.not_allowed`.
    pub async fn merge(&self, op: &mut Op, id: Uuid) -> Result<(MergeRow, Option<Result<MergePreview>>)> {
        let found = store::merge::get(op.conn(), &self.vault, id).await?;
        let people = found
            .as_ref()
            .map_or(Vec::new(), |row| vec![row.from_person, row.into_person]);
        let permit = self.may_merge(op, &format!("merge:{id}"), &people).await?;
        let row = found.ok_or_else(error::merge_not_found)?;
        for person in people {
            let entry = Entry::new("identity.merge_read", format!("merge:{id}")).purpose("gộp tài khoản");
            op.record(entry.about(Some(person))).await?;
        }
        if row.state != MergeState::Proposed {
            return Ok((row, None));
        }
        let [from, into] = self.sides(op, [row.from_person, row.into_person]).await?;
        let preview = match self.check_as_proposed(op, &row, &from, &into).await {
            Ok(()) => self.preview(op, &permit, &from, &into).await,
            Err(fault) => Err(fault),
        };
        match preview {
            Err(fault) if fault.kind == FaultKind::Internal => Err(fault),
            told => Ok((row, Some(told))),
        }
    }

    /// From when a proposal may be confirmed: until then it lies before the two owners.
    pub fn confirmable_from(&self, row: &MergeRow) -> DateTime<Utc> {
        row.proposed_at + self.config.merge_waits
    }

    /// The merge that waits longest for a person, if there is one: for whoever looks at an account. None for those who may not.
    pub async fn merge_of(&self, op: &mut Op, person: PersonId) -> Result<Option<MergeRow>> {
        if !access::merge(op.rights(), ACTION, &[], false).is_allowed() {
            return Ok(None);
        }
        let now = op.now();
        let waiting = store::merge::waiting_for(op.conn(), &self.vault, person, now).await?;
        Ok(waiting.into_iter().next())
    }

    /// Who remains of a person, where they were merged into somebody: for whoever looks at an account that is closed.
    pub async fn remaining_of(&self, op: &mut Op, person: PersonId) -> Result<Option<(PersonId, Option<AccountId>)>> {
        let remains = store::merge::remaining(op.conn(), person).await?;
        if remains == person {
            return Ok(None);
        }
        let account = store::account::of_person(op.conn(), remains).await?;
        Ok(Some((remains, account)))
    }

    /// Confirms: never whoever has proposed it, and not before the declared days in which the owners may object. Everything follows in this operation; the
    /// other account closes, and what opened it opens nothing. Pressed twice it is done once; of two officials one wins.
    ///
    /// Fails with `identity.merge_not_found`, `identity.merge_own` (whoever has proposed it), `identity.merge_decided`, `identity.merge_over`,
    /// `identity.merge_waits` {from}, `identity.merge_stale` (an account was opened since, whose owner was not told), `identity.merge_proposer` (who may
    /// propose no more), `identity.merge_differs` (they differ by now), `identity.step_up_needed`, and as [`Identity::merge_preview`] does.
    pub async fn confirm_merge(&self, op: &mut Op, id: Uuid) -> Result<()> {
        let Some((row, permit, by)) = self.merge_to_decide(op, id, MergeState::Done).await? else {
            return Ok(());
        };
        store::merge::lock_two(op.conn(), [row.from_person, row.into_person]).await?;
        let [from, into] = self.sides(op, [row.from_person, row.into_person]).await?;
        self.check_as_proposed(op, &row, &from, &into).await?;
        if differ(&from, &into) && !row.differs {
            return Err(error::merge_differs());
        }
        let union = union(&from, &into);
        // What is walled belongs to the two, who do not act here.
        op.beyond_the_wall(&permit).await?;
        op.count_united(&permit, &union).await?;
        let mut counts = self.bring_own(op, &permit, &union, by).await?;
        let (closed, remains) = self.close_or_hand_over(op, &permit, &from, &into).await?;
        let now = op.now();
        store::merge::complete(op.conn(), &permit, &self.vault, from.person, into.person).await?;
        store::merge::lead(op.conn(), &permit, from.person, into.person, now).await?;
        // Whoever has given something in sessions of the old account takes it back before it would follow.
        op.settle().await?;
        counts.extend(op.unite(&permit, &union).await?);
        let said = Said {
            paper: row.paper.clone(),
            why: row.why.clone(),
            reason: String::new(),
        };
        let decided = Decided {
            state: MergeState::Done,
            said: &said,
            by,
            at: now,
            counts: Some(&counts),
            accounts: (closed, Some(remains)),
        };
        store::merge::decide(op.conn(), &permit, &self.vault, id, &decided).await?;
        for account in [closed, remains] {
            let line = (
                account,
                if account == closed { "merged" } else { "merged_here" },
                row.paper.as_str(),
            );
            store::desk::line(op.conn(), &permit, line, Some(by), now).await?;
        }
        for person in [from.person, into.person] {
            let facts =
                json!({ "merge": id, "from": from.person, "into": into.person, "closed": closed, "counts": counts });
            let entry = Entry::new("identity.accounts_merged", format!("merge:{id}")).detail(facts);
            op.record(entry.about(Some(person))).await?;
        }
        self.tell_two(op, "identity.accounts_merged", id, [&from, &into], "");
        let later = Stragglers {
            from: from.person,
            from_account: union.from.account.unwrap_or(closed),
            into: into.person,
            by: Some(by),
        };
        let job = NewJob::new(jobs::BRING_ALONG, later).at(now + AFTERWARDS);
        op.enqueue(job).await
    }

    /// Refuses, and says why: whoever has proposed it may too, and so takes it back. Both are told. Fails with `identity.required` {reason}, and as
    /// [`Identity::confirm_merge`] does.
    pub async fn refuse_merge(&self, op: &mut Op, id: Uuid, reason: &str) -> Result<()> {
        let Some((row, permit, by)) = self.merge_to_decide(op, id, MergeState::Refused).await? else {
            return Ok(());
        };
        let reason = desk::reason_of(reason)?;
        self.end_merge(op, &permit, &row, by, reason.clone()).await?;
        let [from, into] = self.sides(op, [row.from_person, row.into_person]).await?;
        self.tell_two(op, "identity.merge_refused", id, [&from, &into], &reason);
        Ok(())
    }

    /// The proposals that wait for the actor, the oldest first, as an owner may know them: there may be one by which their account is to close, and others
    /// by which somebody is to be joined to theirs.
    pub async fn own_merges(&self, op: &mut Op) -> Result<Vec<OwnMerge>> {
        let person = op.actor().person().ok_or_else(error::sign_in_again)?;
        let now = op.now();
        let mut own = Vec::new();
        for row in store::merge::waiting_for(op.conn(), &self.vault, person, now).await? {
            let [from, into] = self.sides(op, [row.from_person, row.into_person]).await?;
            let other = if from.person == person { into } else { from };
            own.push(OwnMerge {
                id: row.id,
                other: tail(&other),
                proposed_at: row.proposed_at,
                confirmable_from: self.confirmable_from(&row),
                expires_at: row.expires_at,
            });
        }
        Ok(own)
    }

    /// One of the two does not agree (phản đối) to one proposal, or to all that wait for them: they are refused, both are told, and officials read why. A
    /// second time nothing waits. Fails with `identity.merge_not_found`, `identity.required` {reason}.
    pub async fn object_to_merge(&self, op: &mut Op, which: Option<Uuid>, reason: &str) -> Result<()> {
        let person = op.actor().person().ok_or_else(error::sign_in_again)?;
        let now = op.now();
        let seen = store::merge::waiting_for(op.conn(), &self.vault, person, now).await?;
        let mut meant: Vec<Uuid> = seen.iter().map(|row| row.id).collect();
        meant.retain(|id| which.is_none_or(|which| which == *id));
        // In one order; whoever confirms one of them at this moment was first.
        meant.sort_unstable();
        for id in &meant {
            store::merge::lock(op.conn(), *id).await?;
        }
        let mut found = store::merge::waiting_for(op.conn(), &self.vault, person, now).await?;
        found.retain(|row| meant.contains(&row.id));
        let people: Vec<[PersonId; 2]> = found.iter().map(|row| [row.from_person, row.into_person]).collect();
        let decision = access::object_to_merge(op.actor(), &people);
        let permit = op.allow("identity.object_to_merge", "merge:own", decision).await?;
        let by = op.actor().account().ok_or_else(error::sign_in_again)?;
        let reason = desk::reason_of(reason)?;
        for row in &found {
            self.end_merge(op, &permit, row, by, reason.clone()).await?;
            let [from, into] = self.sides(op, [row.from_person, row.into_person]).await?;
            self.tell_two(op, "identity.merge_objected", row.id, [&from, &into], "");
        }
        Ok(())
    }

    /// The one who remains of a person, held as they are to the end of the operation: themself, or whom they were joined to. For engines above, before they
    /// write something under a person whom somebody named a while ago.
    pub async fn hold_remaining(&self, op: &mut Op, person: PersonId) -> Result<PersonId> {
        let remains = store::merge::hold_remaining(op.conn(), person).await?;
        Ok(remains.unwrap_or(person))
    }

    /// Whether a person still is one of their own; held to the end of the operation. For engines above, before they take something in from somebody: whoever
    /// hands in while the accounts become one waits, and comes in anew. Fails with `identity.sign_in_again`.
    pub async fn check_stands(&self, op: &mut Op) -> Result<()> {
        let Some(person) = op.actor().person() else {
            return Ok(());
        };
        store::account::hold_of(op.conn(), person).await?;
        match store::merge::stands(op.conn(), person).await? {
            true => Ok(()),
            false => Err(error::sign_in_again()),
        }
    }

    /// Whether a number or passport means this person: their own, or one of those who were merged into them. For engines above, of a person whom the actor may
    /// read.
    pub async fn goes_by(&self, op: &mut Op, person: PersonId, number: &str) -> Result<bool> {
        let remains = store::merge::remaining(op.conn(), person).await? == person;
        Ok(remains && store::merge::has_number(op.conn(), &self.vault, person, number).await?)
    }

    /// A person with those who were merged into them: what stays written under these is theirs too.
    pub(crate) async fn whole(&self, op: &mut Op, whom: &Whom) -> Result<Vec<Whom>> {
        let former = store::merge::former(op.conn(), whom.person).await?;
        let former = former.into_iter().map(|(person, account)| Whom { person, account });
        Ok(std::iter::once(*whom).chain(former).collect())
    }

    /// What requests of that moment have still written under the old account. For the platform.
    pub(crate) async fn bring_stragglers(&self, op: &mut Op, payload: &serde_json::Value) -> Result<()> {
        let left: Stragglers = serde_json::from_value(payload.clone())
            .map_err(|error| kernel::Fault::internal("identity.row_broken").caused_by(error))?;
        let decision = access::change_keys(op.actor());
        let permit = op.allow(ACTION, "merge:afterwards", decision).await?;
        let into = store::merge::remaining(op.conn(), left.into).await?;
        let account = store::account::of_person(op.conn(), into).await?;
        let union = Union {
            from: Whom {
                person: left.from,
                account: Some(left.from_account),
            },
            into: Whom { person: into, account },
        };
        let mut counts = match left.by {
            Some(by) => self.bring_own(op, &permit, &union, by).await?,
            None => {
                store::merge::registrations(op.conn(), &permit, &union).await?;
                Vec::new()
            }
        };
        counts.extend(op.unite(&permit, &union).await?);
        if !counts.is_empty() {
            let facts = json!({ "from": left.from, "into": into, "counts": counts });
            let entry = Entry::new("identity.merge_completed", format!("person:{into}")).detail(facts);
            op.record(entry.about(Some(into))).await?;
        }
        Ok(())
    }

    /// Proposals about which nobody has decided in time run out: all, or those about the account of one person.
    pub(crate) async fn expire_merges(op: &mut Op, whose: Option<PersonId>) -> Result<u64> {
        let now = op.now();
        let over = store::merge::expire(op.conn(), whose, now).await?;
        for id in &over {
            op.record(Entry::new("identity.merge_expired", format!("merge:{id}")))
                .await?;
        }
        Ok(u64::try_from(over.len()).unwrap_or(0))
    }

    async fn end_merge(
        &self,
        op: &mut Op,
        permit: &Permit,
        row: &MergeRow,
        by: AccountId,
        reason: String,
    ) -> Result<()> {
        let said = Said {
            paper: row.paper.clone(),
            why: row.why.clone(),
            reason,
        };
        let decided = Decided {
            state: MergeState::Refused,
            said: &said,
            by,
            at: op.now(),
            counts: None,
            accounts: (row.from_account, row.into_account),
        };
        store::merge::decide(op.conn(), permit, &self.vault, row.id, &decided).await?;
        for person in [row.from_person, row.into_person] {
            let facts = json!({ "merge": row.id, "from": row.from_person, "into": row.into_person });
            let entry = Entry::new("identity.merge_refused", format!("merge:{}", row.id)).detail(facts);
            op.record(entry.about(Some(person))).await?;
        }
        Ok(())
    }

    async fn may_merge(&self, op: &mut Op, subject: &str, people: &[PersonId]) -> Result<Permit> {
        let bound = self.is_bound(op, people).await?;
        let decision = access::merge(op.rights(), ACTION, people, bound);
        op.allow(ACTION, subject, decision).await
    }

    /// Whether whoever acts, or the one they stand in for, acts for one of these people, or one of these for them, today or later: a child, somebody with a
    /// power of attorney. What nobody does to themself, nobody does to those either.
    async fn is_bound(&self, op: &mut Op, people: &[PersonId]) -> Result<bool> {
        let holder = op.actor().official().and_then(|one| one.stands_for.as_ref());
        let own: Vec<PersonId> = op
            .actor()
            .person()
            .into_iter()
            .chain(holder.map(|holder| holder.person))
            .collect();
        if own.is_empty() || people.is_empty() {
            return Ok(false);
        }
        let day = today(op);
        store::representation::between(op.conn(), &own, people, day).await
    }

    /// Whether it can still be done as it was proposed: the two may become one, they have the accounts whose owners were told, and whoever has proposed it
    /// may still do so.
    async fn check_as_proposed(&self, op: &mut Op, row: &MergeRow, from: &SideRow, into: &SideRow) -> Result<()> {
        self.check_two(op, from, into).await?;
        if from.account != Some(row.from_account) || into.account != row.into_account {
            return Err(error::merge_stale());
        }
        let day = today(op);
        let Some((person, name)) = store::session::owner(op.conn(), row.proposed_by).await? else {
            return Err(error::merge_proposer());
        };
        let mut positions = store::office::held(op.conn(), person, day).await?;
        positions.extend(self.lent(op.conn(), person, &positions, day).await?);
        let may = |position: &HeldPosition| {
            let as_that = actor(row.proposed_by, person, &name, Some(position));
            access::merge(self.config.policy.rights_of(&as_that), ACTION, &[], false).is_allowed()
        };
        match positions.iter().any(may) {
            true => Ok(()),
            false => Err(error::merge_proposer()),
        }
    }

    /// The account and whoever the number means. Inside: what is to be told of the two, or why not, once it was written down that it was looked for; **the
    /// caller commits** either way.
    async fn two(&self, op: &mut Op, account: AccountId, number: &str) -> Result<Result<Two>> {
        let subject = format!("account:{account}");
        self.may_merge(op, &subject, &[]).await?;
        let by = op.actor().account().ok_or_else(error::not_allowed)?;
        let from = store::account::person_of(op.conn(), account).await?;
        let from = from.ok_or_else(error::account_not_found)?;
        let number: String = number.chars().filter(|c| !c.is_whitespace()).collect();
        if number.is_empty() {
            return Err(error::required("number"));
        }
        // A number that means nobody is a guess at who has an account here.
        let secret: [u8; 32] = Sha256::digest(format!("merge:{by}")).into();
        let (place, now) = (format!("account:{by}"), op.now());
        store::attempt::lock(op.conn(), &secret).await?;
        let counts = store::attempt::count(op.conn(), &secret, &place, "", now).await?;
        if counts.from_source >= self.config.guessing.per_source {
            return Err(error::too_many_attempts(Limit::Source));
        }
        let found = store::merge::by_paper(op.conn(), &self.vault, &number.to_uppercase()).await?;
        let [into] = found[..] else {
            store::attempt::insert(op.conn(), &secret, &place, "", true, now).await?;
            op.record(Entry::new("identity.merge_missed", subject).about(Some(from)))
                .await?;
            return Ok(Err(error::merge_number()));
        };
        if into == from {
            return Err(error::merge_same());
        }
        let permit = self.may_merge(op, &subject, &[from, into]).await?;
        let [from, into] = self.sides(op, [from, into]).await?;
        for side in [&from, &into] {
            let entry = Entry::new("identity.account_read", self::subject(side)).purpose("gộp tài khoản");
            op.record(entry.about(Some(side.person))).await?;
        }
        match self.check_two(op, &from, &into).await {
            Err(fault) if fault.kind == FaultKind::Internal => Err(fault),
            told => Ok(told.map(|()| (permit, from, into))),
        }
    }

    async fn sides(&self, op: &mut Op, people: [PersonId; 2]) -> Result<[SideRow; 2]> {
        let [from, into] = people;
        let from = store::merge::side(op.conn(), &self.vault, from).await?;
        let into = store::merge::side(op.conn(), &self.vault, into).await?;
        match (from, into) {
            (Some(from), Some(into)) => Ok([from, into]),
            _ => Err(error::person_not_found()),
        }
    }

    /// Whether two may become one: two human beings who are still their own, neither of whom holds a position or will, with accounts that are open.
    async fn check_two(&self, op: &mut Op, from: &SideRow, into: &SideRow) -> Result<()> {
        if from.merged_into.is_some() || into.merged_into.is_some() {
            return Err(error::merged());
        }
        if !from.is_human || !into.is_human {
            return Err(error::merge_organisation());
        }
        if from.account.is_none() {
            return Err(error::account_not_found());
        }
        for state in [from.state, into.state].into_iter().flatten() {
            match state {
                AccountState::Active => {}
                AccountState::Suspended => return Err(error::account_suspended()),
                AccountState::Closed => return Err(error::account_closed()),
            }
        }
        let day = today(op);
        for person in [from.person, into.person] {
            if !store::office::held_from(op.conn(), person, day).await?.is_empty() {
                return Err(error::merge_official());
            }
        }
        Ok(())
    }

    fn why_differs(&self, differs: bool, new: &NewMerge) -> Result<String> {
        if !differs {
            return Ok(String::new());
        }
        if !new.differs {
            return Err(error::merge_differs());
        }
        desk::reason_of(&new.why).map_err(|_| error::required("why"))
    }

    async fn preview(&self, op: &mut Op, permit: &Permit, from: &SideRow, into: &SideRow) -> Result<MergePreview> {
        let union = union(from, into);
        op.beyond_the_wall(permit).await?;
        let now = op.now();
        let [representations, registrations, sessions] = store::merge::count(op.conn(), &union, now).await?;
        let withheld = store::withheld::count(op.conn(), from.person).await?;
        let mut counts = own_counts(representations, registrations, withheld);
        counts.push(named(United::counted("sessions", sessions)));
        counts.retain(|one| one.count > 0);
        counts.extend(op.count_united(permit, &union).await?);
        let objections = store::merge::objections(op.conn(), &self.vault, [from.person, into.person]).await?;
        let objection = |(at, reason): (DateTime<Utc>, String)| Objection { at, reason };
        Ok(MergePreview {
            differs: differ(from, into),
            from: shown(from),
            into: shown(into),
            counts,
            objections: objections.into_iter().map(objection).collect(),
        })
    }

    /// The merge, locked, with the permit; `None` when the same official has decided the same before.
    async fn merge_to_decide(
        &self,
        op: &mut Op,
        id: Uuid,
        wanted: MergeState,
    ) -> Result<Option<(MergeRow, Permit, AccountId)>> {
        let subject = format!("merge:{id}");
        self.may_merge(op, &subject, &[]).await?;
        store::merge::lock(op.conn(), id).await?;
        let found = store::merge::get(op.conn(), &self.vault, id).await?;
        let row = found.ok_or_else(error::merge_not_found)?;
        let by = op.actor().account().ok_or_else(error::not_allowed)?;
        let people = [row.from_person, row.into_person];
        let bound = self.is_bound(op, &people).await?;
        let mut decision = access::merge(op.rights(), ACTION, &people, bound);
        if decision.is_allowed() && wanted == MergeState::Done && row.proposed_by == by {
            decision = op::Decision::Deny(error::merge_own());
        }
        let permit = op.allow(ACTION, &subject, decision).await?;
        self.check_step_up(op)?;
        let from = self.confirmable_from(&row);
        match row.state {
            MergeState::Proposed if wanted == MergeState::Done && op.now() < from => Err(error::merge_waits(from)),
            MergeState::Proposed if op.now() < row.expires_at => Ok(Some((row, permit, by))),
            MergeState::Proposed | MergeState::Expired => Err(error::merge_over()),
            state if state == wanted && row.decided_by == Some(by) => Ok(None),
            _ => Err(error::merge_decided()),
        }
    }

    /// What this engine keeps beside the accounts.
    async fn bring_own(&self, op: &mut Op, permit: &Permit, union: &Union, by: AccountId) -> Result<Vec<United>> {
        let now = op.now();
        let representations = store::merge::representations(op.conn(), permit, union, by, now).await?;
        let registrations = store::merge::registrations(op.conn(), permit, union).await?;
        // What was taken back is not shed by becoming another one.
        let withheld = store::withheld::bring(op.conn(), permit, union.from.person, union.into.person).await?;
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let mut counts = own_counts(count(representations), count(registrations), count(withheld));
        counts.retain(|one| one.count > 0);
        Ok(counts)
    }

    /// Closes the account, with all that opened it; or, where the one who remains has none, makes it theirs. Gives the closed account and the one that remains.
    async fn close_or_hand_over(
        &self,
        op: &mut Op,
        permit: &Permit,
        from: &SideRow,
        into: &SideRow,
    ) -> Result<(AccountId, AccountId)> {
        let account = from.account.ok_or_else(error::account_not_found)?;
        if let Some(remains) = into.account {
            store::second_factor::remove(op.conn(), permit, account).await?;
            store::passkey::remove_all(op.conn(), permit, account).await?;
            self.turn_state(op, permit, account, AccountState::Closed).await?;
            return Ok((account, remains));
        }
        let number = into.number.as_deref().or(into.passport.as_deref());
        let number = number.ok_or_else(error::merge_number)?;
        let login = self.free_login(op, number).await?;
        let stays = AccountId::new();
        let old = from.login.as_deref().unwrap_or_default();
        let (accounts, people) = ((account, stays), (from.person, into.person));
        store::merge::hand_over(op.conn(), permit, &self.vault, accounts, people, (old, &login)).await?;
        self.start_anew(op, permit, account, None, "account_state").await?;
        Ok((stays, account))
    }

    /// Both owners hear of it: whoever has not asked for it can object.
    fn tell_two(&self, op: &mut Op, event: &'static str, id: Uuid, sides: [&SideRow; 2], reason: &str) {
        let [from, into] = sides;
        let day = kernel::local_date(op.now() + self.config.merge_waits);
        for (side, other) in [(from, into), (into, from)] {
            let subject = format!("merge:{id}");
            match (side.account, event) {
                (Some(account), _) => {
                    let facts = json!({ "account": account, "name": tail(other), "reason": reason, "from": day });
                    op.emit(Event::new(event, subject, facts));
                }
                // Whoever has no account has no box: they are written to, by the address that is kept.
                (None, PROPOSED) => {
                    let facts = json!({ "person": side.person, "name": tail(other), "from": day });
                    op.emit(Event::new("identity.merge_proposed_apart", subject, facts));
                }
                (None, _) => {
                    let facts = json!({ "person": side.person, "name": tail(other) });
                    op.emit(Event::new("identity.merge_ended_apart", subject, facts));
                }
            }
        }
    }
}

/// Where the closed account of an old number leads to, as it may be told to whoever has shown its password.
pub(crate) fn tail_of(login: &str) -> String {
    let letters: Vec<char> = login.chars().collect();
    letters[letters.len().saturating_sub(3)..].iter().collect()
}

fn tail(side: &SideRow) -> String {
    let known = side
        .number
        .as_deref()
        .or(side.passport.as_deref())
        .or(side.login.as_deref());
    tail_of(known.unwrap_or_default())
}

fn masked(word: &str) -> String {
    let hidden = word.chars().count().saturating_sub(3);
    word.chars()
        .enumerate()
        .map(|(at, letter)| if at < hidden { '•' } else { letter })
        .collect()
}

fn shown(side: &SideRow) -> MergeSide {
    let number = side.number.as_deref().or(side.passport.as_deref());
    MergeSide {
        person: side.person,
        account: side.account,
        name: side.name.clone(),
        birth_date: side.birth_date,
        number_masked: number.map(masked).unwrap_or_default(),
        nationality: side.nationality.clone(),
        login: side.login.as_deref().map(masked).unwrap_or_default(),
        state: side.state,
        told: side.account.is_some() || side.email.is_some(),
        created_at: side.created_at,
        last_sign_in_at: side.last_sign_in_at,
    }
}

fn own_counts(representations: i64, registrations: i64, withheld: i64) -> Vec<United> {
    vec![
        named(United::counted("representations", representations)),
        named(United::counted("registrations", registrations)),
        named(United::counted("withheld", withheld)),
    ]
}

fn named(one: United) -> United {
    United {
        engine: "identity".to_owned(),
        ..one
    }
}

/// By name, without marks and case, and by birth date; a date that is not known on one side says nothing.
fn differ(from: &SideRow, into: &SideRow) -> bool {
    let birth = match (from.birth_date, into.birth_date) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    };
    from.name_folded != into.name_folded || birth
}

fn subject(side: &SideRow) -> String {
    match side.account {
        Some(account) => format!("account:{account}"),
        None => format!("person:{}", side.person),
    }
}

/// The two for the engines. Where the one who remains has no account, the account itself follows, and what is kept for it stays with it.
fn union(from: &SideRow, into: &SideRow) -> Union {
    Union {
        from: Whom {
            person: from.person,
            account: from.account,
        },
        into: Whom {
            person: into.person,
            account: into.account.or(from.account),
        },
    }
}
