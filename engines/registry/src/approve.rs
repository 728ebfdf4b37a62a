//! What the owner's leader does with proposals (duyệt đề nghị cập nhật): approve, refuse, hand back. Nobody decides on their own.

use kernel::Result;
use op::{Op, Permit};
use uuid::Uuid;

use crate::enter::Written;
use crate::model::proposal::ProposalState;
use crate::store::proposal::{Decided, Row, subject};
use crate::{Published, Registry, access, error, store};

/// The longest note, in characters.
const LONGEST_NOTE: usize = 1_000;

impl Registry {
    /// Writes what was proposed, as of now, under the version that whoever proposed has seen.
    ///
    /// # Errors
    /// `registry.proposal_not_found`, `registry.own_proposal`, `registry.proposal_decided` {state}, `registry.changed_meanwhile` {version}, and
    /// what [`Self::change`] refuses: what was sound may break a rule by now.
    pub async fn approve(&self, op: &mut Op, id: Uuid) -> Result<Written> {
        let (row, published, permit) = self.decides(op, id).await?;
        // Whoever approves writes, with the files of whoever proposed.
        self.take_proposed_files(op, &row.register, row.id).await?;
        let target = row.record.map(|record| (record, row.seen));
        let entry = self
            .to_write(op, &published, target, row.body.command.clone(), &row.body.reason)
            .await?;
        let written = self.write_entry(op, &permit, &entry).await?;
        self.decided_so(op, &permit, &row, ProposalState::Approved, "", Some(written))
            .await?;
        Ok(written)
    }

    /// Refuses what was proposed, or hands it back (`anew`) to be proposed once more; the note tells why.
    ///
    /// # Errors
    /// `registry.proposal_not_found`, `registry.own_proposal`, `registry.proposal_decided` {state}, `registry.note_needed`.
    pub async fn refuse(&self, op: &mut Op, id: Uuid, note: &str, anew: bool) -> Result<()> {
        let (row, _, permit) = self.decides(op, id).await?;
        let note: String = kernel::text::clean_text(note).chars().take(LONGEST_NOTE).collect();
        if note.trim().is_empty() {
            return Err(error::note_needed());
        }
        let state = match anew {
            true => ProposalState::Returned,
            false => ProposalState::Refused,
        };
        self.decided_so(op, &permit, &row, state, note.trim(), None).await
    }

    /// A proposal that waits and that whoever acts decides on; locked until the operation ends.
    async fn decides(&self, op: &mut Op, id: Uuid) -> Result<(Row, Published, Permit)> {
        let row = store::proposal::get(op.conn(), self.vault(), id, true)
            .await?
            .ok_or_else(error::proposal_not_found)?;
        let seen = self.seen(op, &row.register).await?;
        let decision = access::decide_proposal(op.rights(), seen.standing, row.proposed_by);
        let permit = op.allow("registry.approve", &subject(id), decision).await?;
        match row.state {
            ProposalState::Waiting => Ok((row, seen.published, permit)),
            state => Err(error::proposal_decided(state)),
        }
    }

    async fn decided_so(
        &self,
        op: &mut Op,
        permit: &Permit,
        row: &Row,
        state: ProposalState,
        note: &str,
        written: Option<Written>,
    ) -> Result<()> {
        let actor = op.actor().clone();
        let by = actor.person().ok_or_else(error::not_allowed)?;
        let decided = Decided {
            state,
            by,
            name: actor.name(),
            at: op.now(),
            note,
            written: written.map(|written| (written.id, written.version)),
        };
        store::proposal::decide(op.conn(), permit, row.id, &decided).await?;
        self.tell_decided(op, row, state, written).await
    }
}
