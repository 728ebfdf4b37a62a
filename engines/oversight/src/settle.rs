//! What time brings to a review: those above are told, and what nobody answers is settled by the declared rule.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{Result, local_date};
use notify::Message;
use op::{Op, Permit};
use uuid::Uuid;

use crate::declaration::Unanswered;
use crate::model::{Campaign, Line, Verdict, moment_words};
use crate::review::{page_of, subject};
use crate::{Oversight, access, store};

/// Lines settled at a time.
const BATCH: i64 = 500;

impl Oversight {
    /// Looks after the reviews that run. By the platform, every hour.
    pub(crate) async fn keep_watch_over_reviews(&self, op: &mut Op) -> Result<()> {
        let permit = op
            .allow("oversight.keep_watch", "campaign:all", access::by_rule(op.actor()))
            .await?;
        let now = op.now();
        for id in store::review::running(op.conn()).await? {
            let Some(campaign) = store::review::campaign(op.conn(), &None, id).await? else {
                continue;
            };
            match (campaign.filled, campaign.open, campaign.final_at) {
                (false, _, _) => {}
                (true, 0, _) => store::review::close(op.conn(), &permit, id, now).await?,
                (true, _, None) if campaign.due_at <= now => self.escalate(op, &permit, &campaign).await?,
                (true, _, Some(last)) if last <= now => {
                    self.settle_rest(op, &permit, id).await?;
                    store::review::close(op.conn(), &permit, id, now).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Tells those above of what was not answered: who may answer beyond their own agency.
    async fn escalate(&self, op: &mut Op, permit: &Permit, campaign: &Campaign) -> Result<()> {
        let now = op.now();
        let last = self.after_working_days(local_date(now), self.parts.declaration.escalated_days);
        store::review::escalate(op.conn(), permit, campaign.id, now, last).await?;
        let mut above = self.watchers(op, "oversight.answer").await?;
        let mut told = BTreeSet::new();
        for agency in store::review::progress(op.conn(), &None, campaign.id).await? {
            if agency.open > 0
                && let Some(parent) = self.parts.identity.agency(op, agency.agency.into()).await?.parent
                && told.insert(parent)
            {
                for role in self.parts.identity.roles_with("oversight.answer", op::Scope::Below) {
                    let officials = self.parts.identity.officials(op, parent, Some(&role)).await?;
                    above.extend(officials.into_iter().filter_map(|official| official.account));
                }
            }
        }
        self.tell(op, above, |account| {
            Message::new(account, "review_escalated", page_of(campaign.id))
                .with("quarter", &campaign.quarter)
                .with("count", campaign.open)
                .with("due", moment_words(last))
                .once(format!("{}:escalated", subject(campaign.id)))
        })
        .await
    }

    async fn settle_rest(&self, op: &mut Op, permit: &Permit, campaign: Uuid) -> Result<()> {
        loop {
            let lines = store::review::all_lines(op.conn(), campaign, &None, None, BATCH, true).await?;
            if lines.is_empty() {
                return Ok(());
            }
            for line in &lines {
                let verdict = self.by_the_rule(op, line).await?;
                self.settle(op, permit, line, (verdict, "")).await?;
            }
        }
    }

    async fn by_the_rule(&self, op: &mut Op, line: &Line) -> Result<Verdict> {
        let ends = match self.parts.declaration.unanswered {
            Unanswered::Keep => false,
            Unanswered::EndPrivileged => line.privileged,
            Unanswered::End => true,
        };
        if !ends {
            return Ok(Verdict::Left);
        }
        let whose = (line.person, line.position);
        match self.parts.identity.withhold_role(op, whose, &line.role, "").await {
            Ok(true) => Ok(Verdict::Ended),
            Ok(false) => Ok(Verdict::Gone),
            // A province without an administrator cannot mend anything.
            Err(fault) if fault.code == "identity.last_of_role" => Ok(Verdict::Left),
            Err(fault) => Err(fault),
        }
    }

    /// The end of the working day that lies so many working days after this one.
    pub(crate) fn after_working_days(&self, day: NaiveDate, count: u16) -> DateTime<Utc> {
        let calendar = self.parts.calendar.calendar();
        calendar.closing(calendar.add_working_days(day, i64::from(count)))
    }
}
