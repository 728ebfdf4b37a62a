//! Where a case stands, for whoever has its code.

use kernel::{DossierCode, Result, local_date};
use op::{Decision, Op};

use crate::views::{PublicTrack, is_late};
use crate::{Dossiers, access, store};

impl Dossiers {
    /// Where the dossier with this code stands; the code in any case, spaces between its parts do not matter. Public: it tells
    /// neither names nor what the case is about.
    ///
    /// Fails with `kernel.dossier_code` where the text cannot be a code, `dossiers.dossier_not_found`.
    pub async fn track(&self, op: &mut Op, code: &str) -> Result<PublicTrack> {
        let typed: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let code = DossierCode::parse(&typed)?;
        let permit = op.allow("dossiers.track", "dossier:code", Decision::Allow).await?;
        op.beyond_the_wall(&permit).await?;
        let row = store::dossier::by_code(op.conn(), self.vault(), code.as_str())
            .await?
            .ok_or_else(access::not_found)?;
        let state = row.state;
        Ok(PublicTrack {
            steps: store::read::track_steps(op.conn(), row.id).await?,
            code: row.code,
            app: row.app,
            procedure_code: row.procedure_code,
            plain: state.status.plain(),
            status: state.status,
            receiving_name: row.receiving_name,
            submitted_on: local_date(row.submitted_at),
            received_on: state.received_at.map(local_date),
            due_on: state.due_at.map(local_date),
            late: is_late(
                state.status,
                state.due_at,
                state.waiting_since,
                state.finished_at,
                op.now(),
            ),
        })
    }
}
