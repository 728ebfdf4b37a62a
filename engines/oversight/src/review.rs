//! The review of all rights, one a quarter (rà soát quyền định kỳ, R035 to R037).

use db::{Page, PageRequest};
use kernel::{AgencyId, Result, local_date, text};
use notify::Message;
use op::{Decision, Entry, NewJob, Op, Permit, Rights};
use serde_json::json;
use uuid::Uuid;

use crate::model::{AgencyProgress, Answer, Campaign, Line, Verdict, day_of_quarter, moment_words, quarter};
use crate::store::review::Reach;
use crate::{Oversight, access, error, jobs, store};

/// Longest reason, in characters.
const LONGEST_REASON: usize = 500;
/// Answers in one form.
pub(crate) const MOST_ANSWERS: usize = 200;
/// Holdings written down at a time.
const BATCH: u32 = 1_000;

/// The page of the desk.
pub(crate) fn page_of(campaign: Uuid) -> String {
    format!("/can-bo/ra-soat-quyen/{campaign}")
}

impl Oversight {
    /// Begins the review of this quarter: by an administrator, or by the platform in the quarter's first days. Its lines are written down by a job that
    /// follows, and then heads of agencies are told. Fails with `oversight.already_open`, `oversight.not_allowed`, `identity.step_up_needed`.
    pub async fn open_campaign(&self, op: &mut Op) -> Result<Uuid> {
        let decision = access::open(op.rights());
        let permit = op.allow("oversight.open_campaign", "campaign:new", decision).await?;
        self.parts.identity.check_step_up(op)?;
        let (now, today) = (op.now(), local_date(op.now()));
        let quarter = quarter(today);
        let due = self.after_working_days(today, self.parts.declaration.review_days);
        let by = match op.rights().is_platform() {
            true => String::new(),
            false => op.actor().name().to_owned(),
        };
        let made = store::review::insert(op.conn(), &permit, (&quarter, &by), now, due).await?;
        let id = made.ok_or_else(|| error::already_open(&quarter))?;
        op.record(
            Entry::new("oversight.campaign_opened", subject(id)).detail(json!({ "quarter": quarter, "due": due })),
        )
        .await?;
        op.enqueue(NewJob::new(jobs::FILL, json!({ "campaign": id })).once(format!("oversight.fill:{id}")))
            .await?;
        Ok(id)
    }

    /// In the first days of a quarter the platform begins its review, where the province declares it.
    pub(crate) async fn open_by_itself(&self, op: &mut Op) -> Result<()> {
        let day = day_of_quarter(local_date(op.now()));
        if day > i64::from(self.parts.declaration.opens_within_days) {
            return Ok(());
        }
        match self.open_campaign(op).await {
            Err(fault) if fault.code == "oversight.already_open" => Ok(()),
            done => done.map(|_| ()),
        }
    }

    /// Writes down every role that anybody holds today, and tells heads of agencies.
    pub(crate) async fn fill(&self, op: &mut Op, id: Uuid) -> Result<()> {
        let permit = op
            .allow("oversight.keep_watch", &subject(id), access::by_rule(op.actor()))
            .await?;
        store::review::lock(op.conn(), id).await?;
        let Some(campaign) = store::review::campaign(op.conn(), &None, id).await? else {
            return Ok(());
        };
        if campaign.filled {
            return Ok(());
        }
        let privileged = self.parts.identity.privileged_roles();
        let mut after = None;
        loop {
            let roles = self.parts.identity.held_roles(op, after, BATCH).await?;
            let Some(last) = roles.last() else { break };
            after = Some((last.person, last.position));
            store::review::insert_lines(op.conn(), &permit, id, &roles, &privileged).await?;
        }
        let now = op.now();
        store::review::filled(op.conn(), &permit, id, now).await?;
        for agency in store::review::progress(op.conn(), &None, id).await? {
            let heads = self.heads(op, agency.agency.into(), "oversight.answer").await?;
            self.tell(op, heads, |account| {
                Message::new(account, "review_opened", page_of(id))
                    .with("quarter", &campaign.quarter)
                    .with("due", moment_words(campaign.due_at))
                    .with("count", agency.lines)
                    .once(format!("{}:{}", subject(id), agency.agency))
            })
            .await?;
        }
        Ok(())
    }

    /// The reviews, the newest first, counted in the reader's reach.
    pub async fn campaigns(&self, op: &mut Op, request: &PageRequest) -> Result<Page<Campaign>> {
        let reach = self.look(op, "campaign:all").await?;
        store::review::campaigns(op.conn(), &reach, request).await
    }

    /// One review and how far the agencies in reach are. Fails with `oversight.not_found`.
    pub async fn campaign(&self, op: &mut Op, id: Uuid) -> Result<(Campaign, Vec<AgencyProgress>)> {
        let reach = self.look(op, &subject(id)).await?;
        let found = store::review::campaign(op.conn(), &reach, id).await?;
        let campaign = found.ok_or_else(error::not_found)?;
        let agencies = store::review::progress(op.conn(), &reach, id).await?;
        Ok((campaign, agencies))
    }

    /// The lines of one agency in the order of names. Whose rights are looked at sees it, so **the caller commits**. Fails with `oversight.not_found`.
    pub async fn lines(
        &self,
        op: &mut Op,
        (campaign, agency): (Uuid, AgencyId),
        only_open: bool,
        request: &PageRequest,
    ) -> Result<Page<Line>> {
        let reach = self.look(op, &subject(campaign)).await?;
        if reach.is_some_and(|agencies| !agencies.contains(&agency)) {
            return Err(error::not_found());
        }
        let page = store::review::lines(op.conn(), (campaign, agency.uuid()), only_open, request).await?;
        let (quarter, reader) = (self.quarter_of(op, campaign).await?, op.actor().person());
        let mut seen = None;
        for line in page.items.iter().filter(|line| Some(line.person) != reader) {
            // Several roles of one person are one look.
            if seen.replace(line.person) == Some(line.person) {
                continue;
            }
            let entry = Entry::new("oversight.rights_reviewed", subject(campaign)).purpose(&quarter);
            op.record(entry.about(Some(line.person))).await?;
        }
        Ok(page)
    }

    /// Answers about some lines, all or none. A role that is taken back ends at once, with all sessions of its holder. The same answer twice is one.
    ///
    /// Fails with `oversight.nothing_chosen`, `oversight.not_found`, `oversight.own_line`, `oversight.not_open`, `oversight.already_answered`,
    /// `oversight.reason_needed` (at `reason.<line>`), `identity.account_privileged`, `identity.last_of_role`, `identity.step_up_needed`.
    pub async fn answer(&self, op: &mut Op, campaign: Uuid, answers: &[Answer]) -> Result<()> {
        if answers.is_empty() || answers.len() > MOST_ANSWERS {
            return Err(error::nothing_chosen());
        }
        // Keeping weighs as much as taking: it asks who is there too.
        self.parts.identity.check_step_up(op)?;
        // Nobody settles the rest meanwhile.
        store::review::lock(op.conn(), campaign).await?;
        let mut answers: Vec<&Answer> = answers.iter().collect();
        answers.sort_by_key(|answer| answer.line);
        for answer in answers {
            self.answer_one(op, campaign, answer).await?;
        }
        Ok(())
    }

    async fn answer_one(&self, op: &mut Op, campaign: Uuid, answer: &Answer) -> Result<()> {
        let about = format!("review_line:{}", answer.line);
        let found = store::review::lock_line(op.conn(), answer.line).await?;
        let found = found.filter(|line| line.campaign == campaign);
        let decision = match &found {
            None => Decision::Deny(error::not_found()),
            Some(line) => access::answer(op.rights(), line.agency, line.person),
        };
        let permit = op.allow("oversight.answer", &about, decision).await?;
        let line = found.ok_or_else(error::not_found)?;
        let whole = store::review::campaign(op.conn(), &None, campaign).await?;
        if whole.is_none_or(|campaign| campaign.closed_at.is_some()) {
            return Err(error::not_open());
        }
        let mut verdict = if answer.keep { Verdict::Kept } else { Verdict::TakenBack };
        match line.verdict {
            None => {}
            Some(before) if before == verdict => return Ok(()),
            Some(Verdict::Gone) if !answer.keep => return Ok(()),
            // Whoever kept a role may still take it back while the review runs; what ended is given back elsewhere.
            Some(Verdict::Kept) => {}
            Some(_) => return Err(error::already_answered(&line.answered_name)),
        }
        let reason = text::clean_line(&answer.reason);
        if reason.chars().count() > LONGEST_REASON || !answer.keep && reason.chars().count() < 5 {
            return Err(error::reason_needed(answer.line));
        }
        if !answer.keep {
            let whose = (line.person, line.position);
            let held = self
                .parts
                .identity
                .withhold_role(op, whose, &line.role, &reason)
                .await?;
            if !held {
                verdict = Verdict::Gone;
            }
        }
        self.settle(op, &permit, &line, (verdict, &reason)).await
    }

    pub(crate) async fn settle(
        &self,
        op: &mut Op,
        permit: &Permit,
        line: &Line,
        (verdict, reason): (Verdict, &str),
    ) -> Result<()> {
        let by = op.actor().person();
        let name = match by {
            Some(_) => op.actor().name().to_owned(),
            None => String::new(),
        };
        let now = op.now();
        store::review::answer(op.conn(), permit, line.id, (verdict, reason), (by, &name), now).await?;
        let facts = json!({ "line": line.id, "role": line.role, "position": line.position, "verdict": verdict });
        let entry = Entry::new("oversight.answered", subject(line.campaign)).detail(facts);
        op.record(entry.about(Some(line.person).filter(|person| Some(*person) != by)))
            .await
    }

    /// Asks whether the reader sees reviews, and how far.
    async fn look(&self, op: &mut Op, about: &str) -> Result<Reach> {
        let action = "oversight.campaigns";
        op.allow(action, about, access::some(op.rights(), action)).await?;
        Ok(reach(op.rights(), action))
    }

    pub(crate) async fn quarter_of(&self, op: &mut Op, campaign: Uuid) -> Result<String> {
        let found = store::review::campaign(op.conn(), &None, campaign).await?;
        Ok(found.ok_or_else(error::not_found)?.quarter)
    }
}

pub(crate) fn reach(rights: Rights<'_>, action: &str) -> Reach {
    rights.agencies_in_reach(action)
}

pub(crate) fn subject(campaign: Uuid) -> String {
    format!("campaign:{campaign}")
}
