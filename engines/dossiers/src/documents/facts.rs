//! What a paper says: values for its template, gathered from the case.

use chrono::{DateTime, Utc};
use forms::summary;
use identity::Agency;
use kernel::{AgencyId, Result, local, local_date};
use op::Op;
use render::{Params, qr};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{code, words::Words, words::soft};
use crate::definition::Collect;
use crate::enter::entered_summary;
use crate::model::{SupplementItem, SupplementKind};
use crate::store::dossier::DossierRow;
use crate::views::{DocumentKind, FeeView};
use crate::{Dossiers, store};

/// What the verb that issues a document knows beside the case. An [`crate::model::Act`] as JSON fits.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Extra {
    /// What is to be supplied.
    pub(super) items: Vec<SupplementItem>,
    /// Further words to the applicant.
    pub(super) note: String,
    /// Why there is a second round of supplements; why the result is late.
    pub(super) reason: String,
    /// Keys of the reasons for a refusal.
    pub(super) refusal_reasons: Vec<String>,
    /// What had been promised before an apology.
    pub(super) due_before: Option<DateTime<Utc>>,
    /// Name of the document of a result; that of the declaration if absent.
    pub(super) document: Option<String>,
}

/// Everything about a paper that is not about its kind alone.
pub(super) struct Paper<'a> {
    pub(super) kind: DocumentKind,
    pub(super) code: &'a str,
    pub(super) agency: &'a Agency,
    pub(super) extra: &'a Extra,
}

impl Dossiers {
    /// The agency in whose name a paper is issued: results by the one that decides, other papers by that of the official.
    pub(super) fn issuer(&self, op: &Op, row: &DossierRow, kind: DocumentKind) -> AgencyId {
        match kind {
            DocumentKind::Result => row.handling_agency,
            DocumentKind::Reception | DocumentKind::Answers => row.receiving_agency,
            DocumentKind::Supplement | DocumentKind::Refusal | DocumentKind::Apology => {
                op.actor().agency().unwrap_or(row.handling_agency)
            }
        }
    }

    /// The values for the template, all but the number and the texts in which it may stand.
    pub(super) async fn facts(&self, op: &mut Op, row: &DossierRow, words: &Words, paper: &Paper<'_>) -> Result<Value> {
        let online = self.definition(op, row.definition).await?;
        let pages = summary(&online.form, &row.answers);
        let files = store::paper::counts(op.conn(), row.id).await?;
        let fees = store::read::fees(op.conn(), row.id).await?;
        let scope = crate::definition::scope(&online.form, &row.answers, op.now());
        let papers = files
            .iter()
            .map(|(paper, count)| json!({ "name": words.app(&format!("papers.{paper}.name")), "count": count }));
        let item = |item: &SupplementItem| {
            let (name, sort) = match item.kind {
                SupplementKind::Paper => (words.app(&format!("papers.{}.name", item.key)), "sort_paper"),
                SupplementKind::Answer => {
                    let label = online.form.key(&format!("{}.label", item.key));
                    (words.app(&label), "sort_answer")
                }
            };
            let sort = words.plain(&format!("documents.supplement.{sort}"));
            json!({ "name": name, "sort": sort, "what": soft(&item.what) })
        };
        let reasons = paper.extra.refusal_reasons.iter();
        let mut reasons: Vec<String> = reasons
            .map(|key| words.app(&format!("refusal_reasons.{key}")))
            .collect();
        let mut note = soft(&paper.extra.note);
        if paper.kind == DocumentKind::Refusal && reasons.is_empty() && !note.is_empty() {
            // A reason in the official's own words is the reason.
            reasons.push(std::mem::take(&mut note));
        }
        let moment = |at: Option<DateTime<Utc>>| at.map(|at| words.moment(at));
        let letterhead = self.letterhead(op, words, paper).await?;
        let official = op.actor().official();
        let track = format!("{}/tra-cuu?ma={}", self.parts.public_address, row.code);
        Ok(json!({
            "date": local_date(op.now()).to_string(),
            "agency": letterhead,
            "dossier": {
                "code": row.code,
                "procedure_code": row.procedure_code,
                "procedure_name": words.app("name"),
                "title": soft(&row.title),
                "owner_name": soft(&row.owner_name),
                "owner_number": row.owner_number,
                "submitter_name": soft(&row.submitter_name),
                "phone": row.phone,
                "email": row.email.as_deref().map(soft),
                "receiving_name": row.receiving_name,
                "submitted_at": words.moment(row.submitted_at),
                "received_at": moment(row.state.received_at),
                "promised_at": moment(paper.extra.due_before.or(row.state.promised_at)),
                "due_at": moment(row.state.due_at),
                "length": words.length(online.procedure.deadline(&scope)?),
            },
            "summary": words.summary(&pages),
            "answers": row.answers,
            "shown": words.shown(&pages),
            // What officials entered, as it is printed, and as it is.
            "result": words.shown(&entered_summary(&online, &row.result_data)),
            "facts": row.result_data,
            "papers": papers.collect::<Vec<_>>(),
            "fees": fees.iter().map(|due| fee(words, due)).collect::<Vec<_>>(),
            "items": paper.extra.items.iter().map(item).collect::<Vec<_>>(),
            "reasons": reasons,
            "note": note,
            "reason": soft(&paper.extra.reason),
            "signer": {
                "name": official.map(|official| official.name.as_str()).unwrap_or_default(),
                "title": official.map(|official| official.position_title.as_str()).unwrap_or_default(),
            },
            "follow": { "address": track, "qr": qr::svg(&track).map_err(drawing)? },
            "verification": {
                "code": paper.code,
                "spelled": code::spelled(paper.code),
                "address": format!("{}/kiem-chung", self.parts.public_address),
            },
        }))
    }

    /// Who stands at the head of a paper, and where. The counter speaks in the name of its agency; a people's committee has
    /// nobody above it there (NĐ 30/2020/NĐ-CP, annex I).
    async fn letterhead(&self, op: &mut Op, words: &Words, paper: &Paper<'_>) -> Result<Value> {
        let agency = paper.agency;
        let committee =
            agency.kind == agency.level.as_str() || matches!(agency.kind.as_str(), "committee" | "peoples_committee");
        let superior = match agency.parent {
            Some(parent) if !committee => self.parts.identity.agency(op, parent).await?.name,
            _ => String::new(),
        };
        let area = match &agency.area_code {
            Some(code) => match self.parts.identity.area(op, code, local_date(op.now())).await {
                Ok(area) => area.name,
                Err(fault) if fault.code == "identity.area_not_found" => String::new(),
                Err(fault) => return Err(fault),
            },
            None => String::new(),
        };
        let counter = matches!(
            paper.kind,
            DocumentKind::Reception | DocumentKind::Supplement | DocumentKind::Answers
        );
        let (superior, name) = if counter {
            (agency.name.clone(), words.plain("documents.frame.one_stop"))
        } else {
            (superior, agency.name.clone())
        };
        Ok(json!({ "superior": superior, "name": name, "place": words.place(&area) }))
    }
}

fn fee(words: &Words, fee: &FeeView) -> Value {
    let state = match (fee.paid_at, fee.receipt_number.as_deref(), fee.collect) {
        (Some(_), Some(receipt), _) if !receipt.is_empty() => {
            let params = Params::from([("receipt".to_owned(), receipt.to_owned())]);
            words.text("documents.frame.paid_receipt", &params)
        }
        (Some(_), ..) => words.plain("documents.frame.paid"),
        (None, _, Collect::AtIntake) => words.plain("documents.frame.due_at_intake"),
        (None, _, Collect::AtReturn) => words.plain("documents.frame.due_at_return"),
    };
    json!({ "name": words.app(&format!("fees.{}", fee.fee)), "amount": words.money(fee.amount), "state": state })
}

pub(super) fn drawing(fault: render::RenderFault) -> kernel::Fault {
    kernel::Fault::internal("render.document_failed").caused_by(fault)
}

/// The year of a series of numbers.
pub(super) fn year(now: DateTime<Utc>) -> String {
    local(now).format("%Y").to_string()
}
