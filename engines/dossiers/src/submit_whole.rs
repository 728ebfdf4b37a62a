//! Handing in at once (nộp hồ sơ một lần), for programs that draw their own pages: answers and papers in one request, no draft.

use std::collections::BTreeMap;
use std::sync::Arc;

use files::Received;
use forms::Raw;
use kernel::{DossierId, DraftId, Fault, FieldFault, Result};
use op::Op;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::catalogue::Channel;
use crate::definition::scope;
use crate::submit::{NewCase, Submitted, answer_fault};
use crate::{Dossiers, OnlineProcedure, access, store};

/// Shortest and longest key of a request, in characters.
const KEY_LENGTH: std::ops::RangeInclusive<usize> = 8..=100;

/// A whole dossier as a program hands it in.
#[derive(Debug)]
pub struct Whole {
    /// The identifier that the dossier will have; the holder of its files is named after it.
    pub id: DossierId,
    /// What makes this request one: 8 to 100 characters that the program chose. The same request a second time gives the same dossier.
    pub key: String,
    /// The procedure as it was declared when the request began, see [`Dossiers::online_now`]: it stays so to the end, as a draft
    /// keeps its version.
    pub online: Arc<OnlineProcedure>,
    /// Answers to all pages, as [`forms::raw_of_json`] gives them.
    pub answers: Raw,
    /// The declaration that all of it is true.
    pub confirmed: bool,
    /// The files, checked and waiting to be kept.
    pub papers: Vec<WholePaper>,
    /// What was wrong with files that are not among them.
    pub faults: Vec<FieldFault>,
}

/// A file for a paper.
#[derive(Debug)]
pub struct WholePaper {
    /// Key of the paper.
    pub paper: String,
    /// The file, received for the holder `dossier:<id>`.
    pub file: Received,
}

/// What is kept under the key of a request.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    id: DossierId,
    digest: String,
}

impl Dossiers {
    /// Hands a whole dossier in: the checks are those of a draft, all faults come at once, and one operation writes everything.
    ///
    /// Fails with `dossiers.citizens_only`, `dossiers.request_key`, `dossiers.not_confirmed`, `dossiers.channel` {channel},
    /// `dossiers.incomplete` (one field fault each, the field is `<page>.<field>` or `papers.<paper>`), `dossiers.no_agency`
    /// {ward}, `op.key_in_use` {key} where the key stands for another request.
    pub async fn submit_whole(&self, op: &mut Op, whole: Whole) -> Result<Submitted> {
        let online = whole.online.clone();
        let about = format!("procedure:{}", online.code);
        let permit = op.allow("dossiers.submit", &about, access::submit(op.actor())).await?;
        if !KEY_LENGTH.contains(&whole.key.chars().count()) {
            return Err(Fault::invalid("dossiers.request_key").field("key", "dossiers.request_key"));
        }
        let kept = Kept {
            id: whole.id,
            digest: digest(&whole),
        };
        let key = format!("dossiers.submit_whole:{}:{}", op.actor().key(), whole.key);
        if let Some(before) = op.claim(&key, &kept).await? {
            if before.digest != kept.digest {
                return Err(Fault::conflict("op.key_in_use").with("key", whole.key));
            }
            let row = store::dossier::get(op.conn(), self.vault(), before.id).await?;
            let row = row.ok_or_else(access::not_found)?;
            return Ok(Submitted {
                id: row.id,
                code: row.code,
            });
        }
        if !whole.confirmed {
            return Err(Fault::invalid("dossiers.not_confirmed").field("confirmed", "dossiers.not_confirmed"));
        }
        let channel = Channel::Online;
        if !online.procedure.channels.contains(&channel) {
            return Err(Fault::invalid("dossiers.channel").with("channel", channel.key()));
        }
        let (answers, faults) = self.parts.forms.read_whole(op, &online.form, &whole.answers).await?;
        let scope = scope(&online.form, &answers, op.now());
        // A file that was refused has its own fault: its paper is not missing beside that.
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for paper in &whole.papers {
            *counts.entry(paper.paper.clone()).or_default() += 1;
        }
        let missing = online.procedure.check_papers(&scope, &counts);
        let missing = missing
            .into_iter()
            .filter(|fault| !whole.faults.iter().any(|known| known.field == fault.field));
        let faults: Vec<FieldFault> = faults
            .iter()
            .map(answer_fault)
            .chain(missing)
            .chain(whole.faults.iter().cloned())
            .collect();
        if !faults.is_empty() {
            let fault = Fault::invalid("dossiers.incomplete");
            return Err(faults.into_iter().fold(fault, Fault::field_fault));
        }
        self.parts.identity.agencies_stand_still(op).await?;
        let seats = self.seats(op, &online.procedure, &answers).await?;
        let parties = self.citizen_parties(op, &online, &answers).await?;
        let mut files = Vec::with_capacity(whole.papers.len());
        for paper in whole.papers {
            files.push((paper.paper, self.parts.files.keep(op, paper.file).await?));
        }
        let new = NewCase {
            id: whole.id,
            draft: DraftId::new(),
            answers,
            files,
            online,
            seats,
            channel,
        };
        let row = self.enter(op, &permit, new, parties, "submitted").await?;
        self.announce(op, &row).await?;
        Ok(Submitted {
            id: row.id,
            code: row.code,
        })
    }
}

/// Tells one request from another: its procedure, its answers, the contents of its files.
fn digest(whole: &Whole) -> String {
    let papers = whole.papers.iter().map(|paper| (&paper.paper, paper.file.sha256()));
    let all = (&whole.online.code, &whole.answers, papers.collect::<Vec<_>>());
    hex::encode(Sha256::digest(serde_json::to_vec(&all).unwrap_or_default()))
}
