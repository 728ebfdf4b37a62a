//! Rights taken for an emergency (quyền khẩn cấp): told at once, reported, looked at by another one.

use chrono::{DateTime, Utc};
use db::{Page, PageRequest};
use identity::Emergency;
use kernel::{Result, local_date, text};
use notify::Message;
use op::{Decision, Entry, Op};
use serde_json::json;
use uuid::Uuid;

use crate::model::{EmergencySheet, Report, ReportState, moment_words};
use crate::{Oversight, access, error, store};

/// Shortest report, in characters.
const SHORTEST_REPORT: usize = 30;
const LONGEST_REPORT: usize = 5_000;
const SHORTEST_NOTE: usize = 5;
const LONGEST_NOTE: usize = 1_000;
fn page_of(emergency: Uuid) -> String {
    format!("/can-bo/khan-cap/{emergency}")
}

impl Oversight {
    /// Somebody has taken a right: the report is due from now on, and those who watch over it are told. In the operation of the taking, which fails with
    /// `oversight.report_owed` where another report is questioned or late, and with `oversight.nobody_watches` where nobody else could look at this one.
    pub(crate) async fn taken(&self, op: &mut Op, id: Uuid) -> Result<()> {
        let permit = op
            .allow("oversight.follow_emergency", &subject(id), Decision::Follows)
            .await?;
        let emergency = self.parts.identity.emergency(op, id).await?;
        let now = op.now();
        if store::report::owes(op.conn(), emergency.account, id, now).await? {
            return Err(error::report_owed());
        }
        let days = self.parts.declaration.report_days;
        let due = self.after_working_days(local_date(emergency.until), days);
        store::report::insert(op.conn(), &permit, id, emergency.account, due).await?;
        let mut watchers = self.watchers(op, "oversight.review_report").await?;
        watchers.remove(&emergency.account);
        if watchers.is_empty() {
            return Err(error::nobody_watches());
        }
        self.tell(op, watchers, |account| {
            Message::new(account, "emergency_taken", page_of(id))
                .with("name", &emergency.name)
                .with("title", &emergency.title)
                .with("agency", &emergency.agency_name)
                .with("until", moment_words(emergency.until))
        })
        .await?;
        let own = Message::new(emergency.account, "emergency_report_due", page_of(id))
            .with("until", moment_words(emergency.until))
            .with("due", moment_words(due));
        self.parts.notify.send(op, own).await.map(|_| ())
    }

    /// Rights that were taken, the newest first, with their reports: one's own, and all for those who watch over them. Whoever took one sees who has looked, so **the caller
    /// commits**.
    pub async fn emergencies(&self, op: &mut Op, request: &PageRequest) -> Result<Page<(Emergency, Report)>> {
        let page = self.parts.identity.emergencies(op, request).await?;
        let ids: Vec<Uuid> = page.items.iter().map(|one| one.id).collect();
        let mut reports = store::report::of(op.conn(), &ids).await?;
        let reader = op.actor().account();
        for one in page.items.iter().filter(|one| Some(one.account) != reader) {
            let entry = Entry::new("oversight.emergency_listed", subject(one.id));
            op.record(entry.about(Some(one.person))).await?;
        }
        let items = page.items.into_iter().filter_map(|one| {
            let report = reports.remove(&one.id)?;
            Some((one, report))
        });
        Ok(Page {
            items: items.collect(),
            next: page.next,
        })
    }

    /// One of them, with a page of what was done under it, the newest first. Whoever took it sees who has looked, so **the caller commits**. Fails with
    /// `identity.emergency_not_found`.
    pub async fn emergency(&self, op: &mut Op, id: Uuid, request: &PageRequest) -> Result<EmergencySheet> {
        let emergency = self.parts.identity.emergency(op, id).await?;
        let (_, report) = store::report::get(op.conn(), id).await?.ok_or_else(error::not_found)?;
        let key = format!("official:{}", emergency.account);
        // What was sent before the end and came in after it bears the mark too. One right at a time: until the next one all marks are of this one.
        let span = (
            emergency.taken_at,
            self.parts.identity.next_emergency(op, &emergency).await?,
        );
        let done = op::audit::under_emergency(op.conn(), &key, span, request).await?;
        let deeds = op::audit::count_under_emergency(op.conn(), &key, span).await?;
        let own = op.actor().account() == Some(emergency.account);
        if !own {
            let entry = Entry::new("oversight.emergency_read", subject(id));
            op.record(entry.about(Some(emergency.person))).await?;
        }
        let over = !emergency.counts(op.now());
        Ok(EmergencySheet {
            writes: own && over && report.state != ReportState::Accepted,
            reviews: !own && over && op.rights().everywhere("oversight.review_report"),
            emergency,
            report,
            done,
            deeds,
            own,
        })
    }

    /// Writes the report, or writes it anew after it was questioned or before anybody has looked at it: whoever took the right, once it is over. Fails with
    /// `oversight.not_found`, `oversight.too_short`, `oversight.too_long`, `oversight.wrong_state`, `oversight.still_runs`.
    pub async fn write_report(&self, op: &mut Op, id: Uuid, typed: &str) -> Result<()> {
        let found = store::report::lock(op.conn(), id).await?;
        let decision = match &found {
            None => Decision::Deny(error::not_found()),
            Some((account, _)) => access::write_report(op.rights(), *account),
        };
        let permit = op.allow("oversight.write_report", &subject(id), decision).await?;
        let (_, report) = found.ok_or_else(error::not_found)?;
        let text = cleaned(typed, "text", SHORTEST_REPORT, LONGEST_REPORT)?;
        if report.state == ReportState::Accepted {
            return Err(error::wrong_state());
        }
        self.check_over(op, id).await?;
        if report.state == ReportState::Written && report.text == text {
            return Ok(());
        }
        let now = op.now();
        store::report::write(op.conn(), &permit, id, &text, now).await?;
        // Whoever writes anew replaces what stood there; the trail keeps every text.
        op.record(Entry::new("oversight.report_written", subject(id)).detail(json!({ "text": text })))
            .await?;
        let author = op.actor().account();
        let name = op.actor().name().to_owned();
        let watchers = self.watchers(op, "oversight.review_report").await?;
        let others = watchers.into_iter().filter(|account| Some(*account) != author);
        self.tell(op, others, |account| {
            Message::new(account, "emergency_reported", page_of(id)).with("name", &name)
        })
        .await
    }

    /// Looks at a report: accepted, or questioned with what is unclear; then it is owed anew, in as many working days. By somebody else than who took the right, of
    /// the text that they have seen (`seen`: when that was written). Fails with `oversight.own_report`, `oversight.not_allowed`, `oversight.wrong_state`,
    /// `oversight.still_runs`, `oversight.too_short`, `oversight.too_long`, `identity.step_up_needed`.
    pub async fn review_report(
        &self,
        op: &mut Op,
        (id, seen): (Uuid, Option<DateTime<Utc>>),
        accepted: bool,
        note: &str,
    ) -> Result<()> {
        let found = store::report::lock(op.conn(), id).await?;
        let decision = match &found {
            None => Decision::Deny(error::not_found()),
            Some((account, _)) => access::review_report(op.rights(), *account),
        };
        let permit = op.allow("oversight.review_report", &subject(id), decision).await?;
        let (account, report) = found.ok_or_else(error::not_found)?;
        let verdict = if accepted { "accepted" } else { "questioned" };
        if report.state != ReportState::Written || report.written_at != seen {
            return Err(error::wrong_state());
        }
        self.check_over(op, id).await?;
        let least = if accepted { 0 } else { SHORTEST_NOTE };
        let note = cleaned(note, "note", least, LONGEST_NOTE)?;
        self.parts.identity.check_step_up(op)?;
        let (by, now) = (op.actor().name().to_owned(), op.now());
        let days = self.parts.declaration.report_days;
        let due_anew = (!accepted).then(|| self.after_working_days(local_date(now), days));
        store::report::review(op.conn(), &permit, id, (verdict, &note), &by, (now, due_anew)).await?;
        let facts = json!({ "verdict": verdict, "note": note });
        op.record(Entry::new("oversight.report_reviewed", subject(id)).detail(facts))
            .await?;
        let kind = match accepted {
            true => "emergency_accepted",
            false => "emergency_questioned",
        };
        let message = Message::new(account, kind, page_of(id)).with("name", by);
        self.parts.notify.send(op, message).await.map(|_| ())
    }

    /// What is reported, and what is said of it, is about something that is over.
    async fn check_over(&self, op: &mut Op, id: Uuid) -> Result<()> {
        let emergency = self.parts.identity.emergency(op, id).await?;
        match emergency.counts(op.now()) {
            true => Err(error::still_runs()),
            false => Ok(()),
        }
    }

    /// Tells of reports that should be there and are not, each once. By the platform, every hour.
    pub(crate) async fn keep_watch_over_reports(&self, op: &mut Op) -> Result<()> {
        let permit = op
            .allow("oversight.keep_watch", "emergency:late", access::by_rule(op.actor()))
            .await?;
        let now: DateTime<Utc> = op.now();
        for (id, account) in store::report::late(op.conn(), &permit, now).await? {
            let mut told = self.watchers(op, "oversight.review_report").await?;
            told.insert(account);
            self.tell(op, told, |to| Message::new(to, "emergency_report_late", page_of(id)))
                .await?;
            op.record(Entry::new("oversight.report_late", subject(id))).await?;
        }
        Ok(())
    }
}

fn cleaned(typed: &str, field: &'static str, least: usize, most: usize) -> Result<String> {
    let text = text::clean_text(typed);
    match text.chars().count() {
        count if count < least => Err(error::too_short(field, least)),
        count if count > most => Err(error::too_long(field, most)),
        _ => Ok(text),
    }
}

fn subject(id: Uuid) -> String {
    format!("emergency:{id}")
}
