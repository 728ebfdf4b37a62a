//! One case, whole.

use kernel::{AgencyId, DossierId, FaultKind, Result};
use op::Op;
use serde_json::json;

use super::note_reading;
use crate::enter::entered_summary;
use crate::model::Status;
use crate::store::dossier::DossierRow;
use crate::views::{AgencyRef, DossierView, FeeView, May, PaperView, RatingView, is_late};
use crate::{Dossiers, OnlineProcedure, access, store, subject};

impl Dossiers {
    /// A case as the actor may see it: its applicant, or an official of an agency that holds or held it. An official's reading is
    /// in the audit trail, so commit the operation. Fails with `dossiers.dossier_not_found`.
    pub async fn view(&self, op: &mut Op, id: DossierId) -> Result<DossierView> {
        let row = self.readable(op, id, "dossiers.view").await?;
        note_reading(op, "dossiers.read", &row, json!({ "page": "case" })).await?;
        let definition = self.definition(op, row.definition).await?;
        self.view_of(op, row, &definition).await
    }

    /// The view of a dossier to an actor who was let through.
    pub(super) async fn view_of(
        &self,
        op: &mut Op,
        row: DossierRow,
        definition: &OnlineProcedure,
    ) -> Result<DossierView> {
        let at_work = access::is_at_work(op.rights(), &row);
        let mut papers = store::read::papers(op.conn(), self.vault(), row.id).await?;
        let files = self.parts.files.by_holder(op, &subject(row.id)).await?;
        for paper in &mut papers {
            let file = files.iter().find(|file| file.id == paper.file);
            paper.warnings = file.map(|file| file.flags.clone()).unwrap_or_default();
        }
        in_declared_order(&mut papers, definition);
        let fees = store::read::fees(op.conn(), row.id).await?;
        let rating = store::read::rating(op.conn(), row.id).await?;
        let procedure_name = store::read::procedure_name(op.conn(), &row.procedure_code)
            .await?
            .unwrap_or_else(|| row.procedure_code.clone());
        let state = row.state;
        let use_restricted = match row.owner_person {
            Some(owner) if at_work => op.is_restricted(owner).await?,
            _ => false,
        };
        Ok(DossierView {
            use_restricted,
            may: may(op, &row, &fees, rating.as_ref()),
            supplements: store::read::supplements(op.conn(), row.id).await?,
            documents: store::read::documents(op.conn(), row.id).await?,
            history: store::read::history(op.conn(), row.id, at_work).await?,
            handling: self.handling(op, &row).await?,
            receiving: receiving(&row),
            summary: forms::summary(&definition.form, &row.answers),
            result: if at_work || matches!(state.status, Status::Finished | Status::Returned) {
                entered_summary(definition, &row.result_data)
            } else {
                Vec::new()
            },
            late: is_late(
                state.status,
                state.due_at,
                state.waiting_since,
                state.finished_at,
                op.now(),
            ),
            id: row.id,
            code: row.code,
            app: row.app,
            procedure_code: row.procedure_code,
            procedure_name,
            title: row.title,
            channel: row.channel,
            status: state.status,
            plain: state.status.plain(),
            version: row.version,
            owner_name: row.owner_name,
            owner_number: row.owner_number,
            phone: row.phone,
            email: row.email,
            submitter_name: row.submitter_name,
            submitted_at: row.submitted_at,
            received_at: state.received_at,
            promised_at: state.promised_at,
            due_at: state.due_at,
            apologised_at: state.apologised_at,
            finished_at: state.finished_at,
            returned_at: state.returned_at,
            waiting_since: state.waiting_since,
            supplied: state.supplied,
            papers,
            fees,
            rating,
        })
    }

    async fn handling(&self, op: &mut Op, row: &DossierRow) -> Result<AgencyRef> {
        if row.handling_agency == row.receiving_agency {
            return Ok(receiving(row));
        }
        self.agency_ref(op, row.handling_agency).await
    }

    /// An agency by its name of today. One that has ended since keeps its identifier only: old cases stay readable.
    async fn agency_ref(&self, op: &mut Op, id: AgencyId) -> Result<AgencyRef> {
        match self.parts.identity.agency(op, id).await {
            Ok(agency) => Ok(AgencyRef {
                id,
                code: agency.code.to_string(),
                name: agency.name,
            }),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(AgencyRef {
                id,
                code: String::new(),
                name: String::new(),
            }),
            Err(fault) => Err(fault),
        }
    }
}

fn receiving(row: &DossierRow) -> AgencyRef {
    AgencyRef {
        id: row.receiving_agency,
        code: row.receiving_code.clone(),
        name: row.receiving_name.clone(),
    }
}

/// As the procedure lists them; within one paper in the order in which they came.
fn in_declared_order(papers: &mut [PaperView], definition: &OnlineProcedure) {
    let place = |paper: &str| definition.procedure.papers.iter().position(|rule| rule.paper == paper);
    papers.sort_by_key(|view| place(&view.paper).unwrap_or(usize::MAX));
}

fn may(op: &Op, row: &DossierRow, fees: &[FeeView], rating: Option<&RatingView>) -> May {
    let rights = op.rights();
    let over = matches!(
        row.state.status,
        Status::NotReceived | Status::Withdrawn | Status::Stopped
    );
    May {
        withdraw: access::may_withdraw(rights, row),
        supply: access::may_supply(rights, row),
        rate: access::may_rate(rights, row) && rating.is_none(),
        apologise: access::may_apologise(rights, row),
        pay: !over && fees.iter().any(|fee| fee.paid_at.is_none()) && access::collect(rights, row).is_allowed(),
    }
}
