//! One procedure with everything known about it.

use kernel::{Fault, Result};
use op::Op;

use super::{Catalogue, ProcedureView, store};

impl Catalogue {
    /// The procedure with this code. Fault `dossiers.procedure_not_found`.
    pub async fn procedure(&self, op: &mut Op, code: &str) -> Result<ProcedureView> {
        let mut view = store::procedure(op.conn(), code)
            .await?
            .ok_or_else(|| Fault::not_found("dossiers.procedure_not_found").with("code", code))?;
        view.papers = store::papers(op.conn(), code).await?;
        view.sections = store::sections(op.conn(), code).await?;
        Ok(view)
    }
}
