//! A merge is taken back (hoàn lại) while nothing has come after it.

use chrono::TimeDelta;
use kernel::Result;
use op::{Entry, Event, Op, Permit};
use serde_json::json;
use uuid::Uuid;

use super::lead::{Led, Reference};
use super::{LONGEST_REASON, UNDONE_WITHIN_DAYS};
use crate::definition::RecordDefinition;
use crate::duplicates::ordered;
use crate::enter::{after_all, subject};
use crate::model::Record;
use crate::store::twin::Said;
use crate::{Registry, TwinState, access, error, events, store};

/// References that are led back in one operation; more are no merge that is taken back by pressing a button.
const MOST_LED_BACK: i64 = 2_000;

impl Registry {
    /// Takes a merge back: both records are what they were, references lead back to where they led, and the two are remembered as two things. The
    /// owner, within [`UNDONE_WITHIN_DAYS`] days and as long as the record that remained was not changed.
    ///
    /// # Errors
    /// `registry.not_found` {register}, `registry.not_allowed`, `registry.needs_approval` {register}, `registry.merge_not_found`, `registry.reason_needed`,
    /// `registry.merge_too_old` {days}, `registry.merge_settled`, `registry.duplicate_key` where another record has taken the key meanwhile.
    pub async fn undo_merge(&self, op: &mut Op, register: &str, lost: Uuid, reason: &str) -> Result<()> {
        let seen = self.seen(op, register).await?;
        let definition = seen.published.definition.clone();
        let permit = op
            .allow(
                "registry.merge",
                &subject(register, lost),
                access::own(op.rights(), "registry.merge", seen.standing),
            )
            .await?;
        if self.waits(op, &definition) {
            return Err(error::needs_approval(register));
        }
        let reason: String = kernel::text::clean_line(reason).chars().take(LONGEST_REASON).collect();
        if reason.is_empty() {
            return Err(error::reason_needed());
        }
        // Rows of registers of others are led back as well.
        op.beyond_the_wall(&permit).await?;
        let merged = store::merge::get(op.conn(), register, lost)
            .await?
            .ok_or_else(error::merge_not_found)?;
        let (at, by, keep) = (op.now(), op.actor().person(), merged.into_record);
        if at > merged.at + TimeDelta::days(UNDONE_WITHIN_DAYS) {
            return Err(error::merge_too_old(UNDONE_WITHIN_DAYS));
        }
        let now = store::record::periods(op.conn(), &definition, keep, Some(self.vault()), true).await?;
        let at = after_all(&now, at);
        let version = now.iter().map(|record| record.version).max().unwrap_or(0);
        let led = store::merge::led_on(op.conn(), register, lost, MOST_LED_BACK + 1).await?;
        let too_many = i64::try_from(led.len()).unwrap_or(i64::MAX) > MOST_LED_BACK;
        if version != merged.into_version || too_many {
            return Err(error::merge_settled());
        }
        let then = (merged.at, merged.reason.as_str());
        if merged.changed {
            let was = store::merge::replaced(op.conn(), &definition, keep, then, self.vault()).await?;
            let written = now.iter().filter(|record| record.version == version);
            let days: Vec<_> = written.map(|record| record.valid_from).collect();
            store::record::supersede(op.conn(), &permit, &definition, keep, &days, (at, by, &reason)).await?;
            self.bring_back(op, &permit, &definition, &was, version + 1).await?;
            self.tell(op, &permit, register, keep, "corrected", &reason).await?;
        }
        let was = store::merge::replaced(op.conn(), &definition, lost, then, self.vault()).await?;
        let version = was.iter().map(|record| record.version).max().unwrap_or(0);
        self.bring_back(op, &permit, &definition, &was, version + 1).await?;
        self.still_in_force(op, &definition).await?;
        for record in &was {
            self.lead_files(op, &definition, (keep, lost), &record.values).await?;
        }
        store::merge::remove(op.conn(), &permit, register, lost).await?;
        let back = Led {
            register,
            from: keep,
            to: lost,
            reason: &reason,
            noted: false,
        };
        for one in led {
            let Some(from) = self.made_definition(op, &one.from_register).await? else {
                continue;
            };
            let reference = Reference {
                definition: &from,
                record: one.from_record,
                field: &one.field,
                period: Some(one.valid_from),
            };
            self.lead(op, &permit, &back, &reference).await?;
        }
        let name = op.actor().official().map(|official| official.name.clone());
        let said = Said {
            state: TwinState::Different,
            by,
            name: name.as_deref().unwrap_or_default(),
            at,
            note: &reason,
        };
        store::twin::say(op.conn(), &permit, register, ordered(keep, lost), &said).await?;
        self.tell(op, &permit, register, lost, "created", &reason).await?;
        op.emit(Event::new(
            events::MERGED,
            subject(register, lost),
            json!({ "register": register, "record": lost, "into": keep, "undone": true }),
        ));
        op.record(
            Entry::new("registry.merge_undone", subject(register, lost)).detail(json!({
                "into": keep,
                "reason": reason,
            })),
        )
        .await
    }

    /// Writes rows of the past as what is known now.
    async fn bring_back(
        &self,
        op: &mut Op,
        permit: &Permit,
        definition: &RecordDefinition,
        was: &[Record],
        version: i64,
    ) -> Result<()> {
        let (at, by) = (op.now(), op.actor().person());
        for record in was {
            let row = store::record::NewRow {
                definition,
                id: record.id,
                from: record.valid_from,
                to: record.valid_to,
                version,
                at,
                by,
            };
            store::record::insert(op.conn(), permit, self.vault(), &row, &record.values).await?;
        }
        Ok(())
    }
}
