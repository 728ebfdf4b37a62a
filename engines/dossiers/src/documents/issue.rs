//! Issuing a paper: number, code, PDF, file, row.

use std::sync::Arc;

use kernel::{Fault, Result};
use op::{Entry, Op, Permit};
use render::{Params, qr};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::facts::{Extra, Paper, drawing, year};
use super::{code, words::Words};
use crate::store::document::NewDocument;
use crate::store::dossier::DossierRow;
use crate::views::{DocumentKind, DocumentView};
use crate::{Dossiers, store, subject};

impl Dossiers {
    /// Issues a paper of the case as `row` says it now, so write the new state first. `extra` is what the verb knows beside it:
    /// `items`, `note`, `reason`, `refusal_reasons` as in an [`crate::model::Act`] (which fits as it stands), `due_before` of an
    /// apology (RFC 3339), `document` of a result.
    ///
    /// The row of the number series is held until the operation ends, and drawing the PDF takes some tens of milliseconds: issue
    /// late. Fails with `render.document_failed`, or a fault of the file store.
    pub(crate) async fn issue_document(
        &self,
        op: &mut Op,
        permit: &Permit,
        row: &DossierRow,
        kind: DocumentKind,
        extra: Value,
    ) -> Result<DocumentView> {
        let extra: Extra = serde_json::from_value(extra).map_err(|error| {
            Fault::internal("dossiers.broken_row")
                .with("status", "document")
                .caused_by(error)
        })?;
        let words = Words::new(&self.parts.renderer, &row.app);
        let agency = self.parts.identity.agency(op, self.issuer(op, row, kind)).await?;
        let general = format!("documents.{}", kind.word());
        let (template, texts, result_type) = match kind {
            DocumentKind::Result => {
                let rule = &self.definition(op, row.definition).await?.procedure.result;
                let name = extra.document.as_ref().unwrap_or(&rule.document);
                (
                    format!("{}/{name}.typ", row.app),
                    format!("apps.{}.documents.{name}", row.app),
                    Some(rule.kind.to_string()),
                )
            }
            kind => (format!("dossiers/{}.typ", kind.word()), general.clone(), None),
        };
        let year = year(op.now());
        let drawn = store::number::draw(op.conn(), permit, agency.id, store::number::DOCUMENT, &year).await?;
        let mut params = Params::from([
            // Below ten with a zero before it (NĐ 30/2020/NĐ-CP, annex I).
            ("number".to_owned(), format!("{drawn:02}")),
            ("year".to_owned(), year),
            ("code".to_owned(), row.code.clone()),
            ("owner".to_owned(), row.owner_name.clone()),
            ("agency".to_owned(), agency.name.clone()),
        ]);
        // A system may write its numbers and file names otherwise.
        let text = |key: &str| {
            words
                .find(&format!("{texts}.{key}"), &params)
                .unwrap_or_else(|| words.text(&format!("{general}.{key}"), &params))
        };
        let (number, name) = (text("number"), text("file"));
        params.insert("number".to_owned(), number.clone());

        let verification_code = code::new()?;
        let paper = Paper {
            kind,
            number: &number,
            code: &verification_code,
            agency: &agency,
            extra: &extra,
            texts: &texts,
            params: &params,
        };
        let data = self.facts(op, row, &words, &paper).await?;
        let address = format!("{}/kiem-chung/{verification_code}", self.parts.public_address);
        let pdf = self.draw(template, data, qr::svg(&address).map_err(drawing)?).await?;

        let sha256 = hex::encode(Sha256::digest(&pdf));
        let file = self
            .parts
            .files
            .store_bytes(op, &name, "application/pdf", &subject(row.id), pdf)
            .await?;
        let view = DocumentView {
            id: Uuid::now_v7(),
            kind,
            number,
            verification_code,
            sha256,
            file: file.id,
            agency_name: agency.name,
            issued_at: op.now(),
            issued_by: op.actor().name().to_owned(),
        };
        let new = NewDocument {
            dossier: row.id,
            agency: agency.id,
            result_type: result_type.as_deref(),
            view: &view,
        };
        store::document::insert(op.conn(), permit, &new).await?;
        let detail = json!({ "document": view.id, "kind": kind, "number": view.number, "sha256": view.sha256 });
        op.record(Entry::new("dossiers.document_issued", subject(row.id)).detail(detail))
            .await?;
        Ok(view)
    }

    /// Compiling is work for the processor, not for the threads that answer.
    async fn draw(&self, template: String, data: Value, verification: String) -> Result<Vec<u8>> {
        let documents = Arc::clone(&self.parts.documents);
        tokio::task::spawn_blocking(move || documents.pdf(&template, &data, Some(&verification)))
            .await
            .map_err(|error| Fault::internal("render.document_failed").caused_by(error))?
            .map_err(Fault::from)
    }
}
