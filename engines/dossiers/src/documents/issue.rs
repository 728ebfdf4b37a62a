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
    /// The row of the number series is held from the end of the drawing until the operation ends: issue late. Fails with
    /// `render.document_failed`, or a fault of the file store.
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
        let verification_code = code::new()?;
        let address = format!("{}/kiem-chung/{verification_code}", self.parts.public_address);
        let paper = Paper {
            kind,
            code: &verification_code,
            agency: &agency,
            extra: &extra,
        };
        let sheet = Sheet {
            facts: self.facts(op, row, &words, &paper).await?,
            verification: qr::svg(&address).map_err(drawing)?,
            params: Params::from([
                ("year".to_owned(), year.clone()),
                ("code".to_owned(), row.code.clone()),
                ("owner".to_owned(), row.owner_name.clone()),
                ("agency".to_owned(), agency.name.clone()),
            ]),
            words,
            general,
            texts,
            template,
        };
        // Drawn with the number that comes next as a rule, so that nobody of the agency waits for the drawing; once more where
        // another paper has taken it meanwhile.
        let series = store::number::DOCUMENT;
        let expected = store::number::next(op.conn(), agency.id, series, &year).await?;
        let ahead = self.draw(&sheet, expected).await?;
        let given = store::number::draw(op.conn(), permit, agency.id, series, &year).await?;
        let Drawn { number, name, pdf } = if given == expected {
            ahead
        } else {
            self.draw(&sheet, given).await?
        };

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
    async fn draw(&self, sheet: &Sheet, number: u32) -> Result<Drawn> {
        let mut params = sheet.params.clone();
        // Below ten with a zero before it (NĐ 30/2020/NĐ-CP, annex I).
        params.insert("number".to_owned(), format!("{number:02}"));
        // A system may write its numbers and file names otherwise.
        let text = |key: &str| {
            sheet
                .words
                .find(&format!("{}.{key}", sheet.texts), &params)
                .unwrap_or_else(|| sheet.words.text(&format!("{}.{key}", sheet.general), &params))
        };
        let (number, name) = (text("number"), text("file"));
        params.insert("number".to_owned(), number.clone());
        let mut data = sheet.facts.clone();
        data["number"] = number.clone().into();
        data["texts"] = sheet.words.below(&sheet.texts, &params);
        data["words"] = sheet.words.below("documents.frame", &params);
        let documents = Arc::clone(&self.parts.documents);
        let (template, verification) = (sheet.template.clone(), sheet.verification.clone());
        let pdf = tokio::task::spawn_blocking(move || documents.pdf(&template, &data, Some(&verification)))
            .await
            .map_err(|error| Fault::internal("render.document_failed").caused_by(error))??;
        Ok(Drawn { number, name, pdf })
    }
}

/// A paper but for its number.
struct Sheet {
    facts: Value,
    verification: String,
    words: Words,
    /// Values for the places of texts.
    params: Params,
    /// Below which keys its texts stand: those of its kind, and its own.
    general: String,
    texts: String,
    template: String,
}

/// A paper with its number.
struct Drawn {
    number: String,
    name: String,
    pdf: Vec<u8>,
}
